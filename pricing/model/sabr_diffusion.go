package model

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// SABRDiffusion is the law that [SABR] expands: that of the forward for delivery at Expiry, in the measure in which it is a
// martingale,
//
//	dF = a·(F + b)^β dW,   da = ν·a dZ,   dW·dZ = ρ dt,   a(0) = α,
//
// absorbed at −b if β < 1. Its asset is the forward itself, so that contracts must end at Expiry, where forward and spot meet,
// and deltas are by the forward.
type SABRDiffusion struct {
	SABR   SABR
	Expiry float64 // years, >= 0
}

var _ Forwarded = SABRDiffusion{}

// Validate checks the parameters and the expiry.
func (m SABRDiffusion) Validate() error {
	if err := m.SABR.Validate(); err != nil {
		return err
	}
	const fn = "model.SABRDiffusion"
	if err := fault.NonNegative(fn, "Expiry", m.Expiry); err != nil {
		return err
	}
	return fault.Positive(fn, "forward + Shift", m.SpotPrice()+m.SABR.Shift)
}

// SpotPrice returns the forward for delivery at Expiry.
func (m SABRDiffusion) SpotPrice() float64 { return m.SABR.Forward(m.Expiry) }

// Delivery returns Expiry.
func (m SABRDiffusion) Delivery() float64 { return m.Expiry }

// DiscountFactor returns today's value of 1 paid at t.
func (m SABRDiffusion) DiscountFactor(t float64) float64 { return m.SABR.DiscountFactor(t) }

// Growth returns 1: the forward is a martingale.
func (m SABRDiffusion) Growth(float64) float64 { return 1 }

// PriceFloor returns −Shift.
func (m SABRDiffusion) PriceFloor(float64) float64 { return -m.SABR.Shift }

// AssetTo writes (F + b)^β, and 0 at the floor.
func (m SABRDiffusion) AssetTo(dst, s []float64, _, _ float64) {
	for i, f := range s[:len(dst)] {
		if f += m.SABR.Shift; f <= 0 {
			dst[i] = 0
			continue
		}
		dst[i] = math.Pow(f, m.SABR.Beta)
	}
}

// SecondTo writes 0, νa and a.
func (m SABRDiffusion) SecondTo(drift, vol, scale, a []float64, _, _ float64) {
	for i, x := range a {
		drift[i], vol[i], scale[i] = 0, m.SABR.Nu*x, x
	}
}

// Correlation returns ρ.
func (m SABRDiffusion) Correlation(_, _ float64) float64 { return m.SABR.Rho }

// Second returns the volatility, which starts at α.
func (m SABRDiffusion) Second() Second { return Second{Start: m.SABR.Alpha, PerVol: 1, Steady: true} }

// SecondRange uses P(Z > z) <= e^(−z²/2) for a standard normal Z.
func (m SABRDiffusion) SecondRange(t, tail float64) (low, high float64) {
	sd := m.SABR.Nu * math.Sqrt(t)
	out := sd * math.Sqrt(-2*math.Log(tail))
	return m.SABR.Alpha * math.Exp(-out-0.5*sd*sd), m.SABR.Alpha * math.Exp(out)
}
