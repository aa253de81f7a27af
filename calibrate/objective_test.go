package calibrate

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
)

// The objective of a sum of squares has its cost and its gradient, under every loss, and no value where a linear constraint breaks.
func TestObjectiveOfSquares(t *testing.T) {
	d := readNIST(t, "Rat43")
	for kind := range LossKind(len(lossNames)) {
		p := d.problem()
		p.Loss = Loss{Kind: kind, Scale: 20}
		p.Linear = []Linear{{[]float64{1, 0, 0, 0}, 1000}}
		o := p.Objective()
		x := []float64{700, 5, 0.75, 1.3}
		checkGradient(t, kind.String(), func(grad, x []float64) float64 {
			f, err := o.Function(grad, x)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}, x)
		r := make([]float64, p.Size)
		if err := p.Residuals(r, nil, x); err != nil {
			t.Fatal(err)
		}
		if f, err := o.Function(nil, x); err != nil || f != p.Loss.cost(r) {
			t.Errorf("%v: %g, want the cost %g (%v)", kind, f, p.Loss.cost(r), err)
		}
		if f, _ := o.Function(nil, []float64{1001, 5, 0.75, 1.3}); !math.IsNaN(f) {
			t.Errorf("%v beyond the constraint: %g", kind, f)
		}
		// Both solvers find one minimum.
		q := d.problem()
		q.Loss = p.Loss
		lm, err := LevenbergMarquardt{}.Minimize(context.Background(), q, x)
		if err != nil {
			t.Errorf("%v: %v", kind, err)
		}
		// In units in which the parameters are alike.
		unit := []float64{700, 5, 0.75, 1.3}
		scaled := Objective{Function: func(grad, u []float64) (float64, error) {
			x := make([]float64, len(u))
			for j := range x {
				x[j] = u[j] * unit[j]
			}
			f, err := q.Objective().Function(grad, x)
			for j := range grad {
				grad[j] *= unit[j]
			}
			return f, err
		}}
		m, err := LBFGSB{}.Minimize(context.Background(), scaled, repeat(4, 1))
		if err != nil || math.Abs(m.Value-lm.Cost) > 1e-8*lm.Cost {
			t.Errorf("%v: %.12g by L-BFGS-B, %.12g by Levenberg-Marquardt, %v", kind, m.Value, lm.Cost, err)
		}
	}
	broken := errors.New("broken")
	p := LeastSquares{Size: 1, Residuals: func(_, _, _ []float64) error { return broken }}
	for _, grad := range [][]float64{nil, {0}} {
		if f, err := p.Objective().Function(grad, []float64{1}); !math.IsNaN(f) || !errors.Is(err, broken) {
			t.Errorf("residuals that fail: %g, %v", f, err)
		}
	}
}

// Differences may be asked by many goroutines at a time, and go backwards where forward is not possible.
func TestDifferences(t *testing.T) {
	f := Differences(func(r, x []float64) error {
		if x[0] > 2 {
			return errors.New("outside")
		}
		r[0], r[1] = x[0]*x[0]*x[1], math.Sin(x[1])
		return nil
	}, []float64{0, 1})
	want := []float64{2, 4, 0, math.Cos(0.5)}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r, jac := make([]float64, 2), make([]float64, 4)
			for range 200 {
				err := f(r, jac, []float64{2, 0.5})
				for i := range want {
					if err != nil || math.Abs(jac[i]-want[i]) > 1e-6 {
						t.Errorf("derivatives %g, want %g: %v", jac, want, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	r, jac := make([]float64, 2), make([]float64, 4)
	if err := f(r, jac, []float64{0, 0.5}); err != nil || math.IsNaN(jac[0]) { // scale 0 and value 0
		t.Errorf("at zero with a scale of zero: %g, %v", jac, err)
	}
}
