package curve

import "math"

// Discount is a curve of discount factors: today's value of 1 paid at t, in years from the valuation instant.
// Implementations are safe for concurrent use, are exactly 1 at t = 0, and return NaN for a negative t or NaN.
type Discount interface {
	DiscountFactor(t float64) float64
}

// Forward is a curve of forward prices of an asset for delivery at t, in years from the valuation instant.
// Implementations are safe for concurrent use and return NaN for a negative t or NaN.
type Forward interface {
	Forward(t float64) float64
}

// Flat is one continuously compounded rate for all maturities. The zero value discounts nothing.
type Flat float64

var _ Discount = Flat(0)

// DiscountFactor returns e^(−rt), or NaN if t is negative.
func (r Flat) DiscountFactor(t float64) float64 {
	if !(t >= 0) {
		return math.NaN()
	}
	if t == 0 {
		return 1 // also for an infinite rate
	}
	return math.Exp(-float64(r) * t)
}

// ZeroRate returns the rate, or NaN if t is negative.
func (r Flat) ZeroRate(t float64) float64 {
	if !(t >= 0) {
		return math.NaN()
	}
	return float64(r)
}
