package calibrate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
)

// On the boundary of a box the minimum of a quadratic is known by hand, and no point outside is ever evaluated.
func TestBoundsAndLinearConstraints(t *testing.T) {
	inside := func(p LeastSquares) func(x []float64) bool {
		return func(x []float64) bool {
			for j, v := range x {
				if p.Lower != nil && v < p.Lower[j] || p.Upper != nil && v > p.Upper[j] {
					return false
				}
			}
			for _, l := range p.Linear {
				s := -l.Bound
				for j, c := range l.Coef {
					s += c * x[j]
				}
				if s > 1e-12 {
					return false
				}
			}
			return true
		}
	}
	rosenbrock := func(r, x []float64) error { r[0], r[1] = 10*(x[1]-x[0]*x[0]), 1-x[0]; return nil }
	distance := func(a ...float64) func(r, x []float64) error {
		return func(r, x []float64) error {
			for j := range r {
				r[j] = x[j] - a[j]
			}
			return nil
		}
	}
	for _, c := range []struct {
		name     string
		p        LeastSquares
		f        func(r, x []float64) error
		x0, want []float64
	}{
		{"Rosenbrock with x <= 0.5", LeastSquares{Size: 2, Upper: []float64{0.5, 10}}, rosenbrock, []float64{-1.2, 1}, []float64{0.5, 0.25}},
		{"Rosenbrock from a corner it must leave", LeastSquares{Size: 2, Lower: []float64{-1.2, -3}, Upper: []float64{3, 1}}, rosenbrock, []float64{-1.2, 1}, []float64{1, 1}},
		{"start outside", LeastSquares{Size: 2, Lower: []float64{2, -9}, Upper: []float64{9, 9}}, rosenbrock, []float64{-5, 0}, []float64{2, 4}},
		{"one parameter held", LeastSquares{Size: 2, Lower: []float64{-1, -9}, Upper: []float64{-1, 9}}, rosenbrock, []float64{-1, 0}, []float64{-1, 1}},
		{"nearest point of a half plane", LeastSquares{Size: 2, Linear: []Linear{{[]float64{1, 1}, 1}}}, distance(2, 1), []float64{0, 0}, []float64{1, 0}},
		{"nearest point of a simplex", LeastSquares{Size: 3, Lower: []float64{0, 0, 0}, Linear: []Linear{{[]float64{1, 1, 1}, 1}}}, distance(3, -1, 2.5), []float64{0.1, 0.1, 0.1}, []float64{0.75, 0, 0.25}},
		{"Rosenbrock under a line", LeastSquares{Size: 2, Linear: []Linear{{[]float64{1, 2}, 1}}}, rosenbrock, []float64{5, 5}, []float64{0.50220272, 0.24889864}},
	} {
		ok := inside(c.p)
		outside := 0
		f := c.f
		c.p.Residuals = Differences(func(r, x []float64) error { return f(r, x) }, nil)
		inner := c.p.Residuals
		c.p.Residuals = func(r, jac, x []float64) error {
			if !ok(x) {
				outside++
			}
			return inner(r, jac, x)
		}
		sol, err := LevenbergMarquardt{}.Minimize(context.Background(), c.p, c.x0)
		if err != nil || outside > 0 {
			t.Errorf("%s: %v, %d points outside", c.name, err, outside)
		}
		for j, want := range c.want {
			if math.Abs(sol.X[j]-want) > 1e-5 {
				t.Errorf("%s: %g, want %g", c.name, sol.X, c.want)
				break
			}
		}
	}
	_, err := LevenbergMarquardt{}.Minimize(context.Background(), LeastSquares{Size: 2, Residuals: Differences(rosenbrock, nil),
		Lower: []float64{1, 1}, Linear: []Linear{{[]float64{1, 1}, 1}}}, []float64{0, 0})
	if !errors.Is(err, ErrInfeasible) {
		t.Errorf("constraints that contradict each other: %v", err)
	}
}

func TestLevenbergMarquardtRefusesAndStops(t *testing.T) {
	ctx := context.Background()
	d := readNIST(t, "Thurber")
	p := d.problem()
	var arg *fault.ArgError
	for name, call := range map[string]func() error{
		"no start": func() error { _, err := LevenbergMarquardt{}.Minimize(ctx, p, nil); return err },
		"no size": func() error {
			_, err := LevenbergMarquardt{}.Minimize(ctx, LeastSquares{Residuals: p.Residuals}, d.want)
			return err
		},
		"tolerance": func() error { _, err := LevenbergMarquardt{Tolerance: -1}.Minimize(ctx, p, d.want); return err },
		"damping":   func() error { _, err := LevenbergMarquardt{Damping: math.NaN()}.Minimize(ctx, p, d.want); return err },
		"derivative": func() error {
			_, err := LevenbergMarquardt{}.Minimize(ctx, LeastSquares{Size: 1, Residuals: func(r, jac, x []float64) error {
				r[0] = 1
				if jac != nil {
					jac[0] = math.NaN()
				}
				return nil
			}}, []float64{1})
			return err
		},
	} {
		if err := call(); !errors.As(err, &arg) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.Labels = make([]string, p.Size)
	for i := range p.Labels {
		p.Labels[i] = fmt.Sprintf("quote %d", i)
	}
	sol, err := LevenbergMarquardt{MaxEvaluations: 6}.Minimize(ctx, p, d.start[0])
	worst := p.Labels[sol.worst()]
	if !errors.Is(err, ErrNotConverged) || sol.Status != Exhausted || sol.Evaluations > 7 || !strings.Contains(err.Error(), worst) {
		t.Errorf("six evaluations: %v after %d, %v; worst is %s", sol.Status, sol.Evaluations, err, worst)
	}
	cancelled, cancel := context.WithCancel(ctx)
	last := math.Inf(1)
	sol, err = LevenbergMarquardt{Progress: func(p Progress) {
		if p.Cost > last {
			t.Errorf("the cost rose from %g to %g", last, p.Cost)
		}
		if last = p.Cost; p.Iteration == 3 {
			cancel()
		}
	}}.Minimize(cancelled, p, d.start[0])
	if !errors.Is(err, context.Canceled) || sol.Status != Interrupted || sol.Iterations != 3 || sol.Cost != last {
		t.Errorf("cancelled: %v after %d steps, %v", sol.Status, sol.Iterations, err)
	}
	// A point outside the domain makes the solver step back.
	root := LeastSquares{Size: 1, Residuals: func(r, jac, x []float64) error {
		if x[0] <= 0 {
			return errors.New("outside")
		}
		r[0] = math.Log(x[0])
		if jac != nil {
			jac[0] = 1 / x[0]
		}
		return nil
	}}
	if sol, err := (LevenbergMarquardt{}).Minimize(ctx, root, []float64{20}); err != nil || math.Abs(sol.X[0]-1) > 1e-10 {
		t.Errorf("a logarithm from 20: %v, %v", sol.X, err)
	}
}
