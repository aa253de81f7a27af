package model

import "github.com/volgaquant/volga/rates/curve"

// Constant is the capability of methods that need one rate and one yield for all times, as the formulas for American
// options do.
type Constant interface {
	Lognormal
	// ConstantUntil returns the spot, rate and yield, and false if rate or yield change before t or a discrete dividend is
	// paid by then.
	ConstantUntil(t float64) (spot, rate, yield float64, ok bool)
}

// Spot is the capability of methods that follow the asset's price itself from now to expiry, as lattices do.
type Spot interface {
	Lognormal
	// SpotPrice returns the price of the asset now.
	SpotPrice() float64
	// Growth returns the forward for delivery at t, as a multiple of the spot, of the asset without its discrete dividends.
	Growth(t float64) float64
	// DiscreteDividends returns the dividends in rising order of time. The caller must not change them.
	DiscreteDividends() []Dividend
	// EscrowedCash returns what the model, at t, sets aside of the asset for the cash dividends after t and up to the
	// horizon, so that only the rest is lognormal. It is 0 if the asset itself is lognormal between its dividends.
	EscrowedCash(t, horizon float64) float64
}

// Rates is the capability to say that rate and yield are the same at all times, which saves a lattice to ask for each step.
type Rates interface {
	ConstantRates() (rate, yield float64, ok bool)
}

var (
	_ Rates    = BlackScholes{}
	_ Constant = BlackScholes{}
	_ Spot     = BlackScholes{}
)

// ConstantUntil returns the spot and the two rates if the curves are [curve.Flat] or absent and no discrete dividend is paid by t.
func (m BlackScholes) ConstantUntil(t float64) (spot, rate, yield float64, ok bool) {
	if len(m.Dividends) > 0 && m.Dividends[0].Time <= t {
		return 0, 0, 0, false
	}
	rate, yield, ok = m.ConstantRates()
	return m.Spot, rate, yield, ok
}

// ConstantRates returns the two rates if the curves are [curve.Flat] or absent.
func (m BlackScholes) ConstantRates() (rate, yield float64, ok bool) {
	rate, okRate := flat(m.Discount)
	yield, okYield := flat(m.Carry)
	return rate, yield, okRate && okYield && m.Forwards == nil
}

func flat(c curve.Discount) (rate float64, ok bool) {
	if c == nil {
		return 0, true
	}
	r, ok := c.(curve.Flat)
	return float64(r), ok
}

// SpotPrice returns the spot.
func (m BlackScholes) SpotPrice() float64 { return m.Spot }

// Growth returns Q(t)/P(t), or the forward over the spot if forwards are given.
func (m BlackScholes) Growth(t float64) float64 {
	if m.Forwards != nil {
		return m.Forwards.Forward(t) / m.Spot
	}
	return factor(m.Carry, t) / factor(m.Discount, t)
}

// DiscreteDividends returns the dividends.
func (m BlackScholes) DiscreteDividends() []Dividend { return m.Dividends }
