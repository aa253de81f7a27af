// Package analytic holds the engines that are closed formulas, integrals along an exercise boundary, and approximations:
// [European], under every law that has a closed form; [MertonSeries], lognormal jumps; for American options [AndersenLake], exact to a tolerance, [BjerksundStensland] and [BaroneAdesiWhaley], approximations,
// [RollGeskeWhaley] for a call with one cash dividend, and [Perpetual].
//
//	world := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.20)}
//	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
//	r, err := analytic.European{}.Price(context.Background(), call, world)
//	// r.Value is 10.4506, r.Delta 0.6368, r.Vega 37.52
//
// # Conventions
//
// Those of package pricing. An engine states in its comment which capability of package model it asks for.
package analytic
