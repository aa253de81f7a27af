package calibrate

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
)

// A straight line through points has standard errors, leverages and influences that any textbook gives.
func TestDiagnosticsOfALine(t *testing.T) {
	xs, ys := []float64{0, 1, 2, 3, 4}, []float64{1.1, 2.9, 5.2, 6.8, 9.1}
	line := func(r, jac, p []float64) error {
		for i, x := range xs {
			r[i] = p[0] + p[1]*x - ys[i]
			if jac != nil {
				jac[2*i], jac[2*i+1] = 1, x
			}
		}
		return nil
	}
	sol, err := LevenbergMarquardt{}.Minimize(context.Background(), LeastSquares{Size: 5, Residuals: line, Params: []string{"a", "b"}}, []float64{0, 0})
	if err != nil {
		t.Fatal(err)
	}
	d, err := sol.Diagnostics()
	if err != nil {
		t.Fatal(err)
	}
	// Σ(x−2)² = 10; b = Σ(x−2)y/10, a = ȳ − 2b.
	b := (-2*1.1 - 2.9 + 6.8 + 2*9.1) / 10
	a := (1.1+2.9+5.2+6.8+9.1)/5 - 2*b
	variance := 0.0
	for i, x := range xs {
		variance += math.Pow(a+b*x-ys[i], 2) / 3
	}
	near := func(what string, got, want float64) {
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %.12g, want %.12g", what, got, want)
		}
	}
	near("a", sol.X[0], a)
	near("b", sol.X[1], b)
	near("error of a", d.StdErr[0], math.Sqrt(variance*(1./5+4./10)))
	near("error of b", d.StdErr[1], math.Sqrt(variance/10))
	near("correlation", d.Correlation[1], -2/math.Sqrt(6))
	total := 0.0
	for i, x := range xs {
		near("leverage", d.Leverage[i], 0.2+(x-2)*(x-2)/10)
		near("influence on b", d.Influence[2*i+1], -(x-2)/10)
		total += d.Leverage[i]
	}
	near("sum of leverages", total, 2)
	if i := d.Driver(1); i != 0 && i != 4 {
		t.Errorf("point %d drives the slope, want an end", i)
	}

	held := LeastSquares{Size: 5, Residuals: line, Upper: []float64{math.Inf(1), 1}}
	if sol, err = (LevenbergMarquardt{}).Minimize(context.Background(), held, []float64{0, 0}); err != nil {
		t.Fatal(err)
	}
	if d, err = sol.Diagnostics(); err != nil || sol.AtBound[1] != 1 || d.StdErr[1] != 0 || d.Condition != 1 {
		t.Errorf("slope on its bound: %v, %+v", err, d)
	}
}

func TestDiagnosticsRefuse(t *testing.T) {
	var arg *fault.ArgError
	if _, err := (Solution{}).Diagnostics(); !errors.As(err, &arg) {
		t.Errorf("an empty solution: %v", err)
	}
	same := func(r, jac, p []float64) error {
		for i := range r {
			r[i] = p[0] + p[1] - float64(i)
			if jac != nil {
				jac[2*i], jac[2*i+1] = 1, 1
			}
		}
		return nil
	}
	sol, err := LevenbergMarquardt{}.Minimize(context.Background(), LeastSquares{Size: 3, Residuals: same}, []float64{0, 0})
	if err != nil || math.Abs(sol.X[0]+sol.X[1]-1) > 1e-9 {
		t.Fatalf("%v, %v", sol.X, err)
	}
	if _, err := sol.Diagnostics(); !errors.As(err, &arg) {
		t.Errorf("two parameters that act as one: %v", err)
	}
}
