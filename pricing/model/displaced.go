package model

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// Displaced is the displaced diffusion of Rubinstein, "Displaced diffusion option pricing", Journal of Finance 38 (1983): the
// asset plus a displacement a, which grows at the cost of carry, is lognormal,
//
//	d(S + a·G(0,t)) = (r − q)(S + a·G(0,t)) dt + σ(t)(S + a·G(0,t)) dW,
//
// so that the forward plus Displacement(T) = a·G(0,T) has the Black volatility σ for every expiry T. An a of zero is Black's
// model; a > 0 gives a downward skew and prices down to −a·G(0,t); as a grows with σ·a fixed it becomes the normal model. For
// a forward, without a cost of carry, it is Black's formula with forward and strike shifted by a.
type Displaced struct {
	Market            // Spot > −Shift
	Shift  float64    // a: in the asset's currency, of any sign
	Vol    VolSurface // Black volatility of S + a·G, >= 0
}

var (
	_ Diffusion        = Displaced{}
	_ PartialDiffusion = Displaced{}
)

// Validate checks that spot and shift are finite and their sum positive, and that a volatility is given.
func (m Displaced) Validate() error {
	const fn = "model.Displaced"
	if err := fault.First(
		fault.Finite(fn, "Spot", m.Spot), fault.Finite(fn, "Shift", m.Shift), fault.Positive(fn, "Spot + Shift", m.Spot+m.Shift),
	); err != nil {
		return err
	}
	if err := checkVol(fn, m.Vol, "a volatility surface"); err != nil {
		return err
	}
	return nil
}

// Displacement returns a·G(0,t), what the forward for t must be raised by to be lognormal.
func (m Displaced) Displacement(t float64) float64 { return m.Shift * m.Growth(t) }

// DisplacedVol returns the Black volatility of the raised forward for an option with that strike and expiry.
func (m Displaced) DisplacedVol(strike, t float64) float64 { return m.Vol.Vol(strike, t) }

// HasDiffusion reports whether the volatility is a [TermVol].
func (m Displaced) HasDiffusion() bool {
	_, ok := m.Vol.(TermVol)
	return ok
}

// DiffusionTo writes σ·(s + a·G(0,t)) with the root mean square of the volatility over the step and the displacement at its
// middle. It is NaN for a smile and where the variance over the step is negative.
func (m Displaced) DiffusionTo(dst, s []float64, t0, t1 float64) {
	vol := math.NaN()
	if v, ok := m.Vol.(TermVol); ok {
		vol = stepVol(v, t0, t1)
	}
	a := m.Displacement(0.5 * (t0 + t1))
	for i, x := range s[:len(dst)] {
		dst[i] = vol * max(x+a, 0)
	}
}

// PriceFloor returns −a·G(0,t).
func (m Displaced) PriceFloor(t float64) float64 { return -m.Displacement(t) }

// WithSpot returns the model with another spot and the same displacement.
func (m Displaced) WithSpot(spot float64) Displaced { m.Spot = spot; return m }

// WithVol returns the model with another volatility surface.
func (m Displaced) WithVol(v VolSurface) Displaced { m.Vol = v; return m }
