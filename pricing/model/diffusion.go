package model

import "github.com/volgaquant/volga/pricing"

// Diffusion is the capability that finite differences and simulation ask for: one asset whose price between its discrete
// dividends follows
//
//	dS = (r(t) − q(t))·S dt + b(S, t) dW.
type Diffusion interface {
	pricing.Model
	// SpotPrice returns the price of the asset now.
	SpotPrice() float64
	// DiscountFactor returns today's value of 1 paid at t.
	DiscountFactor(t float64) float64
	// Growth returns the forward for delivery at t, as a multiple of the spot, of the asset without its discrete dividends.
	Growth(t float64) float64
	// DiscreteDividends returns the dividends in rising order of time. The caller must not change them.
	DiscreteDividends() []Dividend
	// DiffusionTo writes to dst, for each price of s, the coefficient b that serves a step from t0 to t1 > t0: where b
	// separates into a function of price and one of time, its root mean square over the step, so that the step has the
	// variance of the model. dst must be as long as s and may be s itself. It allocates nothing.
	DiffusionTo(dst, s []float64, t0, t1 float64)
	// PriceFloor returns the lowest price that the asset can have at time t: 0 for most models, −Inf for a normal one.
	PriceFloor(t float64) float64
}
