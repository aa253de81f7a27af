// Package pricing is the contract of the library: instruments, models, engines, results, Greeks and errors.
//
// An [Instrument] says what is paid. A [Model] says how the world moves. An [Engine] is a numerical method. Any engine
// prices any instrument under any model whose capabilities it needs; a pair that it cannot price is an
// [UnsupportedError], never a wrong number.
//
//	world := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.20)}
//	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
//	r, err := analytic.European{}.Price(context.Background(), call, world)
//
// # Conventions
//
// Time is in years from the valuation instant. Rates are continuously compounded, volatilities annualised decimals,
// money per unit of the underlying. Greeks are raw partial derivatives (theta per year, vega per 1.00 of volatility);
// the methods of [Greeks] give the units that a desk reads. Total variance is w = σ²T and log-moneyness k = ln(K/F).
package pricing
