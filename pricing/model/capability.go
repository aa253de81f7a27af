package model

import "github.com/volgaquant/volga/pricing"

// Lognormal is the capability that closed forms of the Black kind ask for: at each expiry a forward, a discount factor
// and a Black volatility by strike.
type Lognormal interface {
	pricing.Model
	// ForwardAt returns the forward for delivery at t and how it moves with spot, rate, yield and calendar time.
	ForwardAt(t float64) Forward
	// DiscountFactor returns today's value of 1 paid at t.
	DiscountFactor(t float64) float64
	// Volatility returns the Black volatility of an option on the forward with that strike and expiry.
	Volatility(strike, t float64) float64
}

// Forward is the forward price F of an asset for delivery in τ years, with the derivatives that turn Greeks by the
// forward into Greeks by the spot.
type Forward struct {
	Value  float64 // F
	DSpot  float64 // ∂F/∂S
	DRate  float64 // ∂F/∂r for a parallel move of the discount curve, spot held
	DYield float64 // ∂F/∂q for a parallel move of the carry curve, spot held
	Drift  float64 // the average cost of carry b over [0, τ]: ∂F/∂S grows as e^(bτ) between dividends
	DTime  float64 // ∂F/∂t as calendar time passes at fixed delivery date, spot held
}
