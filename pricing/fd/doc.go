// Package fd prices by finite differences: one asset by theta schemes, two variables by alternating directions, with early
// exercise, barriers, dividends and jumps, backwards for values and forwards for laws.
//
//	world := model.BlackScholes{
//		Spot:          100,
//		Discount:      curve.Flat(0.05),
//		Dividends:     []model.Dividend{{Time: 0.25, Cash: 1.50}},
//		DividendModel: model.PiecewiseLognormal,
//		Vol:           model.FlatVol(0.20),
//	}
//	put := pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
//	r, err := fd.OneAsset{}.Price(context.Background(), put, world)
//	fmt.Println(r.Value, r.Delta, r.Gamma, r.Theta, err)
//
// [OneAsset] values any contract on one asset that says what it pays, [ADI] those under two-dimensional diffusions.
// [FokkerPlanck] and [FokkerPlanck2] follow the law of the model forward, which prices every strike and expiry in one pass.
// [Axis], [Tridiagonal], [Factors] and [Lines] are what they are built of.
//
// # Conventions
//
// Those of package pricing. A grid is a rising slice of prices; a column of values stands on its nodes. Backward steps go
// from maturity to now.
//
// What happens at one time happens in this order: an option that may be exercised at any time may be exercised before a
// dividend of that time; then the asset falls; then a barrier with dates is looked at; then an option with dates of exercise,
// or at any time, may be exercised; then, at maturity, the payoff is due. To stand at a barrier is to have reached it.
// Dividends are never anticipated by the volatility: which part of the price is random is the model's, see
// [model.DividendModel].
package fd
