// Package model holds the models: states of the world and laws of motion, as plain values.
//
//	world := model.BlackScholes{
//		Spot:      100,
//		Discount:  curve.Flat(0.05),
//		Dividends: []model.Dividend{{Time: 0.25, Cash: 1.50}},
//		Vol:       model.FlatVol(0.20),
//	}
//
// A model never changes once made. A scenario is a copy with one field replaced: world.Spot *= 1.01 on a copy, or
// [BlackScholes.WithSpot]. What an engine needs of a model it asks for through a capability, a small interface of this
// package such as [Lognormal]; a model has a capability by having its methods.
//
// [Heston], [PiecewiseHeston], [DoubleHeston], [SteinStein], [RoughHeston], [HestonHullWhite], [ThreeHalves], [Bates], [Merton],
// [Kou], [VarianceGamma], [NIG] and [CGMY] share the [Market] part, spot and curves, and are [Characteristic]: transform methods
// price under them. So is [BlackScholes] if its volatility does not depend on the strike. Their parameters have the letters of
// the papers that the types name.
//
// [BlackScholes], [Bachelier], [Displaced], [CEV] and [LocalVol] are one-dimensional diffusions, which finite differences and
// simulation follow: [DiffusionOf] says whether a model is one and for which fields it is not. How cash dividends act
// under [BlackScholes] its [DividendModel] says. [SABR] is a smile, by an asymptotic expansion.
//
// [Assets] is a basket of correlated lognormal assets, for payoffs on several of them.
//
// [RoughBergomi] has no characteristic function: it is [Simulable], and makes its paths by a [Volterra].
//
// # Conventions
//
// Time is in years from the valuation instant; rates are continuously compounded; volatilities are annualised decimals
// of the forward's logarithm (Black volatilities), unless a model says that they are normal ones.
package model
