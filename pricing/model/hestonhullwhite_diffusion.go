package model

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// HestonHullWhiteForward is [HestonHullWhite] reduced to two variables: the forward for delivery at Expiry and the variance, in the
// measure of the bond that matures then, in which the rate is no variable of its own (Grzelak and Oosterlee 2011, section 2.3):
//
//	dF/F = √v dW + ηB(T−t) dR,   dv = κ(θ − v) dt + σ√v dZ,   dW·dZ = ρ dt.
//
// Contracts must end at Expiry, and deltas are by the forward.
type HestonHullWhiteForward struct {
	Model  HestonHullWhite
	Expiry float64 // years, >= 0
}

var (
	_ Forwarded = HestonHullWhiteForward{}
	_ Crossed   = HestonHullWhiteForward{}
)

// Validate checks the parameters and the expiry.
func (m HestonHullWhiteForward) Validate() error {
	if err := m.Model.Validate(); err != nil {
		return err
	}
	return fault.NonNegative("model.HestonHullWhiteForward", "Expiry", m.Expiry)
}

// SpotPrice returns the forward for delivery at Expiry.
func (m HestonHullWhiteForward) SpotPrice() float64 { return m.Model.Forward(m.Expiry) }

// Delivery returns Expiry.
func (m HestonHullWhiteForward) Delivery() float64 { return m.Expiry }

// DiscountFactor returns today's value of 1 paid at Expiry, whatever t is: values are in units of that bond.
func (m HestonHullWhiteForward) DiscountFactor(float64) float64 {
	return m.Model.DiscountFactor(m.Expiry)
}

// Growth returns 1: the forward is a martingale.
func (m HestonHullWhiteForward) Growth(float64) float64 { return 1 }

// PriceFloor returns 0.
func (m HestonHullWhiteForward) PriceFloor(float64) float64 { return 0 }

// AssetTo writes the forward itself.
func (m HestonHullWhiteForward) AssetTo(dst, s []float64, _, _ float64) { copy(dst, s) }

// SecondTo writes κ(θ − v), σ√v and √(v + η²B²), with the mean of B² over the step.
func (m HestonHullWhiteForward) SecondTo(drift, vol, scale, v []float64, t0, t1 float64) {
	rate := math.Max(m.Model.RateVariance(m.Expiry-t0)-m.Model.RateVariance(m.Expiry-t1), 0) / (t1 - t0)
	for i, x := range v {
		x0 := math.Max(x, 0)
		drift[i], vol[i], scale[i] = m.Model.Kappa*(m.Model.Theta-x), m.Model.Sigma*math.Sqrt(x0), math.Sqrt(x0+rate)
	}
}

// CrossTo writes ρσv: the rate does not move with the variance.
func (m HestonHullWhiteForward) CrossTo(dst, v []float64, _, _ float64) {
	for i, x := range v {
		dst[i] = m.Model.Rho * m.Model.Sigma * math.Max(x, 0)
	}
}

// Correlation returns ρ, which that of forward and variance comes to where the rate is certain.
func (m HestonHullWhiteForward) Correlation(_, _ float64) float64 { return m.Model.Rho }

// Second returns the variance, which starts at V0 and is not negative.
func (m HestonHullWhiteForward) Second() Second {
	s := m.heston().Second()
	s.Steady = m.Model.Eta == 0
	return s
}

// SecondRange bounds the variance as that of [Heston].
func (m HestonHullWhiteForward) SecondRange(t, tail float64) (low, high float64) {
	return m.heston().SecondRange(t, tail)
}

func (m HestonHullWhiteForward) heston() Heston { return m.Model.heston() }
