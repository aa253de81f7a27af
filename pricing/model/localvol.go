package model

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// LocalVariance is a surface of local variance: the square of the volatility that the asset has at time t in years if its
// price is then S, by the log-moneyness k = ln(S/F(t)) along the forward. Implementations are safe for concurrent use and
// return NaN where they have no answer.
type LocalVariance interface {
	LocalVariance(k, t float64) float64
}

// LocalVarianceFunc is any function of log-moneyness and time as a [LocalVariance].
type LocalVarianceFunc func(k, t float64) float64

// LocalVariance calls the function.
func (f LocalVarianceFunc) LocalVariance(k, t float64) float64 { return f(k, t) }

// LocalVol is a diffusion whose volatility is a function of price and time: Dupire, "Pricing with a smile", Risk 7 (1994).
//
//	dS = (r − q)·S dt + σ(ln(S/F(t)), t)·S dW
//
// F(t) are the forwards of the spot for which the surface was made, so that the volatility at a price does not move with
// today's spot: a delta is that of this law of motion and not of another surface.
//
// Dupire's surface for implied volatilities v, with the forwards that v was fitted with given by Discount and Carry, is
//
//	model.LocalVarianceFunc(func(k, t float64) float64 { return surface.LocalVariance(v, k, t) })
type LocalVol struct {
	Market
	Variance LocalVariance // σ²
	Anchor   float64       // the spot for which Variance was made; 0 means Spot
}

var _ Diffusion = LocalVol{}

// Validate checks the spot and that a variance is given.
func (m LocalVol) Validate() error {
	const fn = "model.LocalVol"
	if err := m.Market.validate(fn); err != nil {
		return err
	}
	if m.Variance == nil {
		return fault.Arg(fn, "Variance", nil, "a surface of local variance")
	}
	return fault.NonNegative(fn, "Anchor", m.Anchor)
}

// DiffusionTo writes σ·s with the volatility of the middle of the step, 0 for a price of zero, and NaN where the variance is
// negative or NaN.
func (m LocalVol) DiffusionTo(dst, s []float64, t0, t1 float64) {
	t := 0.5 * (t0 + t1)
	f := m.anchor() * m.Growth(t)
	for i, x := range s[:len(dst)] {
		if x <= 0 {
			dst[i] = 0
			continue
		}
		dst[i] = x * math.Sqrt(m.Variance.LocalVariance(math.Log(x/f), t))
	}
}

// PriceFloor returns 0.
func (m LocalVol) PriceFloor(float64) float64 { return 0 }

func (m LocalVol) anchor() float64 {
	if m.Anchor == 0 {
		return m.Spot
	}
	return m.Anchor
}

// WithSpot returns the model with another spot and the same volatility at each price. For a surface that moves with the
// spot, set Spot and leave Anchor at 0.
func (m LocalVol) WithSpot(spot float64) LocalVol {
	m.Anchor, m.Spot = m.anchor(), spot
	return m
}
