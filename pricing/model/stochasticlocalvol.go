package model

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

// StochasticLocalVol is [Heston]'s stochastic variance under a leverage L by price and time, which makes it repay a surface
// of implied volatilities: Ren, Madan and Qian, "Calibrating and pricing with embedded local volatility models", Risk 20 (2007).
//
//	dS/S = (r − q) dt + L(ln(S/F(t)), t)·√v dW,   dv = κ(θ − v) dt + σ√v dZ,   dW·dZ = ρ dt
//
// It repays the local volatility σ_LV if L² = σ_LV²/E[v | S]. With a leverage of one it is Heston's model; with σ = 0 and
// v = 1 the leverage is the local volatility itself.
type StochasticLocalVol struct {
	Variance Heston        // spot, curves and the law of the variance
	Leverage LocalVariance // L², the square of the leverage, by ln(S/F(t)) and time
	Anchor   float64       // the spot for which Leverage was made; 0 means that of Variance
}

var _ Diffusion2 = StochasticLocalVol{}

// Validate checks the parameters of the variance and that a leverage is given.
func (m StochasticLocalVol) Validate() error {
	const fn = "model.StochasticLocalVol"
	if err := m.Variance.validate(fn); err != nil {
		return err
	}
	if m.Leverage == nil {
		return fault.Arg(fn, "Leverage", nil, "a surface of squared leverage")
	}
	return fault.NonNegative(fn, "Anchor", m.Anchor)
}

// SpotPrice returns the price of the asset now.
func (m StochasticLocalVol) SpotPrice() float64 { return m.Variance.Spot }

// DiscountFactor returns today's value of 1 paid at t.
func (m StochasticLocalVol) DiscountFactor(t float64) float64 { return m.Variance.DiscountFactor(t) }

// Growth returns the forward for delivery at t as a multiple of the spot.
func (m StochasticLocalVol) Growth(t float64) float64 { return m.Variance.Growth(t) }

// PriceFloor returns 0.
func (m StochasticLocalVol) PriceFloor(float64) float64 { return 0 }

// AssetTo writes L·S with the leverage of the middle of the step, 0 for a price of zero, and NaN where its square is negative
// or NaN.
func (m StochasticLocalVol) AssetTo(dst, s []float64, t0, t1 float64) {
	t := 0.5 * (t0 + t1)
	f := m.anchor() * m.Growth(t)
	for i, x := range s[:len(dst)] {
		if x <= 0 {
			dst[i] = 0
			continue
		}
		dst[i] = x * math.Sqrt(m.Leverage.LocalVariance(math.Log(x/f), t))
	}
}

// SecondTo writes κ(θ − v), σ√v and √v.
func (m StochasticLocalVol) SecondTo(drift, vol, scale, v []float64, t0, t1 float64) {
	m.Variance.SecondTo(drift, vol, scale, v, t0, t1)
}

// Correlation returns ρ.
func (m StochasticLocalVol) Correlation(_, _ float64) float64 { return m.Variance.Rho }

// Second returns the variance, which starts at V0 and is not negative.
func (m StochasticLocalVol) Second() Second {
	s := m.Variance.Second()
	s.Steady = false
	return s
}

// SecondRange bounds the variance as that of [Heston], for leverages of the order of one.
func (m StochasticLocalVol) SecondRange(t, tail float64) (low, high float64) {
	return m.Variance.SecondRange(t, tail)
}

// WithSpot returns the model with another spot and the same leverage at each price.
func (m StochasticLocalVol) WithSpot(spot float64) StochasticLocalVol {
	m.Anchor, m.Variance.Spot = m.anchor(), spot
	return m
}

func (m StochasticLocalVol) anchor() float64 {
	if m.Anchor == 0 {
		return m.Variance.Spot
	}
	return m.Anchor
}

var _ pricing.Model = StochasticLocalVol{}
