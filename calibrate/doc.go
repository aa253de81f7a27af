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
//	sol, starts, err := calibrate.Global{}.Fit(ctx, fit, nil) // from everywhere; starts.Share() is how often it ended there
//
// Models are fitted by [Heston], [Transform] for whatever has a differentiable characteristic function (Bates, Merton, Kou, variance
// gamma, NIG, CGMY), and [SABR], a smile at a time:
//
//	fit, sol, err := calibrate.Heston(ctx, quotes, model.Heston{Market: market}, calibrate.TransformSettings{})
//
// # Which solver
//
//   - A sum of squares from a good start: [LevenbergMarquardt], within bounds and linear constraints, with robust losses. It needs a
//     Jacobian, if only by [Differences].
//   - Any other smooth function with a gradient, or one of many parameters: [LBFGSB], within bounds.
//   - No good start: [Global], local fits from points all over a box, or polish after a search.
//   - A rough, noisy or discontinuous function of up to some tens of parameters: [CMAES] where parameters act together or evaluations
//     are dear, [DifferentialEvolution] where many of them act apart.
//   - Neither gradient nor bounds, and a handful of parameters: gonum's optimize.NelderMead with a function of
//     [LeastSquares.Objective] serves; CMAES with [OneShot] finds more minima and keeps bounds.
//
// # Conventions
//
// Solvers are plain structs whose zero value works. They return the best point that they found also when they stop early: then the
// error is an [ErrNotConverged], and that of a least squares solver names the worst residual by its label. A residual or a function
// that is NaN, or an error from it, means that a point lies outside its domain, and the solver stays away. Bounds are kept by every
// point that a solver evaluates. A [Status] says why a solver ended; a context ends it soon after it is cancelled, and Progress tells
// where it stands. The same problem gives the same result bit for bit; where random numbers serve, for the same seed, whatever the
// number of workers.
package calibrate
