// Package mc prices by Monte Carlo simulation every instrument that states what it pays, under every model that can be followed
// through time.
//
//	world := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.2)}
//	barrier := exotics.Barrier{
//		Vanilla: pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1},
//		Barrier: pricing.Barrier{Level: 90},
//	}
//	engine := mc.Engine{Paths: 1 << 16, Source: mc.Sobol{}}
//	r, err := engine.Price(ctx, barrier, world)
//	fmt.Println(r.Value, "±", r.StdErr)
//
// [Engine] takes a [pricing.Terminal] payoff, with barriers if it is [pricing.Barriered], or a [pricing.PathDependent] one,
// which sees blocks of paths by column. [Engine.Run] tells more than Price. [Engine.Generator] gives the blocks of paths themselves,
// for methods of one's own.
//
// [LongstaffSchwartz] takes early exercise, a [pricing.EarlyExercise] or a [pricing.PathExercise], and bounds its value from both sides.
// [Multilevel] takes what Engine does and spends fewer steps where schemes have an error in time. [Mixing] is conditional Monte
// Carlo for European options under stochastic volatility.
//
// # Random numbers
//
// A [Source] makes them: [Philox], pseudorandom and keyed by block, or [Sobol], randomised quasi-random points. Techniques of
// variance reduction wrap a source and compose: [Antithetic], [MomentMatching], [Stratified], [Importance]. Control variates
// are the Controls of an Engine. A [Construction] builds Brownian motions from the numbers: step by step, by a bridge, or by
// principal components.
//
// # Schemes
//
// A [Scheme] makes paths of a model. Without another wish they are
//
//	model.BlackScholes, Assets                Exact: no error in time
//	model.Heston, Bates, Double-, Piecewise-  Heston: Andersen's quadratic-exponential scheme, steps of 1/32 of a year
//	model.Merton, Kou                         JumpDiffusion: no error in time
//	model.VarianceGamma, NIG                  Subordinated: no error in time
//	model.RoughHeston                         Lifted: twenty factors, steps of 1/256 of a year
//	any other model.Diffusion                 Diffuse: Platen's scheme of weak order two, steps of 1/32 of a year
//	any other model.Diffusion2                Diffuse2: full truncation Euler, steps of 1/128 of a year
//	model.Simulable, such as RoughBergomi     the model's own
//
// and Engine.MaxStep bounds the steps of those that have an error in time. A model from elsewhere joins by being a
// [model.Diffusion] or [model.Simulable].
//
// # Conventions
//
// Those of package pricing. Paths are made in blocks of 64 to 1024, which stay in the second-level cache; the numbers of a block
// depend on the seed and on the index of the block alone, and blocks are added up in their order, so that a seed gives the same
// bits for any number of workers, and memory does not grow with the number of paths.
//
// Every estimate comes with its standard error: that of the mean of independent units, which are paths, antithetic pairs,
// blocks or randomisations, as the [Unit] of the source says. It does not know of errors in time. A payoff that is no number
// is a [PathError], never averaged in. A cancelled simulation returns what it has with its error bar, and the error of the
// context.
package mc
