// Package fourier prices options under every model that knows its characteristic function: European ones, and under models of
// independent increments also what is exercised, looked at or averaged on dates.
//
//	world := model.Heston{
//		Market: model.Market{Spot: 100, Discount: curve.Flat(0.03), Carry: curve.Flat(0.01)},
//		V0:     0.04, Kappa: 1.5, Theta: 0.06, Sigma: 0.5, Rho: -0.7,
//	}
//	call := pricing.Vanilla{Right: pricing.Call, Strike: 105, Expiry: 1}
//	r, err := fourier.COS{}.Price(ctx, call, world) // 6.418434
//
// [COS] is for strips: one evaluation of the characteristic function per term serves all strikes of an expiry. [Lewis] is
// the reference, accurate to 1e-12 also where the others give up, and the fastest for a single option. [CarrMadan]
// gives all strikes of an expiry from one fast Fourier transform, for comparison. [CONV] carries values on a grid, an
// independent check of early exercise.
//
// [COS] also steps from date to date: Bermudan and American options, barriers looked at on dates, options on geometric and
// arithmetic averages. That needs a [model.Additive], which stochastic volatility is not, for there the price of the asset
// alone does not say what comes next; and no cash dividends, for with them that price is not its forward times a martingale.
//
// Theta, where an engine gives it, is with the average rates to expiry and the volatility or variance of today held, as in
// package analytic.
//
// # Conventions
//
// Those of package pricing. Accuracy is stated, not the number of terms: the field Tol of an engine is the absolute error of the
// undiscounted value over the forward, so that with the default of 1e-8 an option on an asset at 100 is right to 1e-6. An
// accuracy that cannot be met is an [AccuracyError], never a worse number. Values are never below intrinsic, and put-call
// parity holds to the last places, because the option that is out of the money is computed and the other one follows.
//
// Engines need a [model.Characteristic]; any other model is a *pricing.UnsupportedError, and so is a BlackScholes model
// with a smile. Vega, where an engine gives it, is the derivative by σ, or by √v0 where the variance is stochastic.
//
// Workspaces are kept in pools, so that after the first calls nothing is allocated.
package fourier
