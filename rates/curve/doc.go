// Package curve holds discount and forward curves.
//
//	r := curve.Flat(0.05)
//	df := r.DiscountFactor(0.25)
//
// # Conventions
//
// Time is in years from the valuation instant; rates are continuously compounded decimals per year. Curves are immutable
// and safe for concurrent use. At t = 0 a discount factor is exactly 1; a negative time or NaN gives NaN.
package curve
