// Package calibrate finds the parameters that make a model agree with its quotes.
//
//	fit := calibrate.LeastSquares{
//		Size: len(quotes),
//		Residuals: calibrate.Differences(func(r, x []float64) error { ... }, nil),
//		Lower: []float64{0, -1}, Upper: []float64{5, 1},
//		Params: []string{"nu", "rho"},
//	}
//	sol, err := calibrate.LevenbergMarquardt{}.Minimize(ctx, fit, []float64{0.5, 0})
//	d, err := sol.Diagnostics() // standard errors, condition, which quote drives which parameter
//
// [LevenbergMarquardt] is for sums of squares, within bounds and linear constraints.
//
// # Conventions
//
// Solvers are plain structs whose zero value works. They return the best point that they found also when they stop early; the
// error then names the worst residual by its label. A residual that is NaN, or an error from the function, means that a point
// lies outside its domain, and the solver retreats. The same problem gives the same result bit for bit.
package calibrate
