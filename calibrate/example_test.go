package calibrate_test

import (
	"context"
	"fmt"
	"math"

	"github.com/volgaquant/volga/calibrate"
)

// The velocity of a reaction against the concentration of its substrate, y = θ₁x/(θ₂+x): Bates and Watts, "Nonlinear Regression Analysis and its
// Applications" (1988), puromycin data, treated cells. The book gives 212.7 ± 6.95 and 0.0641 ± 0.0083.
func ExampleLevenbergMarquardt() {
	x := []float64{0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.10, 1.10}
	y := []float64{76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200}
	fit := calibrate.LeastSquares{
		Size: len(x),
		Residuals: func(r, jac, p []float64) error {
			for i := range x {
				r[i] = p[0]*x[i]/(p[1]+x[i]) - y[i]
				if jac != nil {
					jac[2*i], jac[2*i+1] = x[i]/(p[1]+x[i]), -p[0]*x[i]/((p[1]+x[i])*(p[1]+x[i]))
				}
			}
			return nil
		},
		Lower:  []float64{0, 0},
		Params: []string{"velocity", "half"},
	}
	sol, err := calibrate.LevenbergMarquardt{}.Minimize(context.Background(), fit, []float64{205, 0.08})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := sol.Diagnostics()
	fmt.Printf("%.1f ± %.2f, %.4f ± %.4f, %v\n", sol.X[0], d.StdErr[0], sol.X[1], d.StdErr[1], err)
	// Output: 212.7 ± 6.95, 0.0641 ± 0.0083, <nil>
}

// Problem 5 of Hock and Schittkowski: the least value is −√3/2 − π/3.
func ExampleLBFGSB() {
	valley := calibrate.Objective{
		Function: func(grad, x []float64) (float64, error) {
			c, d := math.Cos(x[0]+x[1]), x[0]-x[1]
			if grad != nil {
				grad[0], grad[1] = c+2*d-1.5, c-2*d+2.5
			}
			return math.Sin(x[0]+x[1]) + d*d - 1.5*x[0] + 2.5*x[1] + 1, nil
		},
		Lower: []float64{-1.5, -3}, Upper: []float64{4, 3},
	}
	m, err := calibrate.LBFGSB{}.Minimize(context.Background(), valley, []float64{0, 0})
	fmt.Printf("%.4f %.6f %v\n", m.X, m.Value, err)
	// Output: [-0.5472 -1.5472] -1.913223 <nil>
}

// rastrigin has a minimum near each point of whole numbers; the least, 0, is at the origin.
func rastrigin(_, x []float64) (float64, error) {
	s := 0.0
	for _, v := range x {
		s += v*v - 10*math.Cos(2*math.Pi*v) + 10
	}
	return s, nil
}

func ExampleDifferentialEvolution() {
	o := calibrate.Objective{Function: rastrigin, Lower: []float64{-4, -3, -5}, Upper: []float64{5, 6, 4}}
	m, err := calibrate.DifferentialEvolution{Seed: 1}.Minimize(context.Background(), o, nil)
	fmt.Println(m.Value < 1e-12, m.Status, err)
	// Output: true Converged <nil>
}

// A search that says how often it must find the best value again before it is believed.
func ExampleCMAES() {
	o := calibrate.Objective{Function: rastrigin, Lower: []float64{-4, -3}, Upper: []float64{5, 6}}
	m, err := calibrate.CMAES{Seed: 1, Confirm: 2, MaxEvaluations: 20000}.Minimize(context.Background(), o, nil)
	fmt.Println(m.Value < 1e-12, m.Status, err)
	// Output: true Converged <nil>
}

// The camel with six humps has two global minima, of −1.031628, among six.
func ExampleGlobal() {
	camel := calibrate.Objective{
		Function: func(grad, x []float64) (float64, error) {
			a, b := x[0]*x[0], x[1]*x[1]
			if grad != nil {
				grad[0], grad[1] = x[0]*(8-8.4*a+2*a*a)+x[1], x[0]+x[1]*(16*b-8)
			}
			return (4-2.1*a+a*a/3)*a + x[0]*x[1] + 4*(b-1)*b, nil
		},
		Lower: []float64{-3, -2}, Upper: []float64{3, 2},
	}
	m, starts, err := calibrate.Global{Seed: 1}.Minimize(context.Background(), camel, nil)
	fmt.Printf("%.6f from more than a third of %d starts: %v, %v\n", m.Value, len(starts), starts.Share() > 1./3, err)
	// Output: -1.031628 from more than a third of 32 starts: true, <nil>
}

// An outlier pulls a straight line through 0, 1, 2, 3 and 40 far off, but not if it counts for less than its square.
func ExampleLoss() {
	y := []float64{0, 1, 2, 3, 40}
	line := calibrate.LeastSquares{Size: len(y), Residuals: func(r, jac, p []float64) error {
		for i := range y {
			r[i] = p[0] + p[1]*float64(i) - y[i]
			if jac != nil {
				jac[2*i], jac[2*i+1] = 1, float64(i)
			}
		}
		return nil
	}}
	for _, kind := range []calibrate.LossKind{calibrate.Squares, calibrate.Cauchy} {
		line.Loss = calibrate.Loss{Kind: kind, Scale: 0.1}
		sol, err := calibrate.LevenbergMarquardt{}.Minimize(context.Background(), line, []float64{0, 0})
		fmt.Printf("%v: slope %.2f, %v\n", kind, sol.X[1], err)
	}
	// Output:
	// Squares: slope 8.20, <nil>
	// Cauchy: slope 1.00, <nil>
}
