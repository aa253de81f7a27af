package model

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

// Normal is the capability that closed forms of the Bachelier kind ask for: at each expiry a forward, a discount factor
// and a normal volatility by strike.
type Normal interface {
	pricing.Model
	// ForwardAt returns the forward for delivery at t and how it moves with spot, rate, yield and calendar time.
	ForwardAt(t float64) Forward
	// DiscountFactor returns today's value of 1 paid at t.
	DiscountFactor(t float64) float64
	// NormalVol returns the volatility of the forward, in units of the forward per square root of a year, for an option with
	// that strike and expiry.
	NormalVol(strike, t float64) float64
}

// Bachelier is the normal world: at expiry T the asset is normal around its forward with standard deviation σ(T)·√T, so
// that prices may be negative (Bachelier, "Théorie de la spéculation", 1900). The spot may be negative too.
//
// With a volatility that is a [TermVol] the asset is one diffusion that gives these laws at every T,
//
//	dS = (r − q)·S dt + b(t) dW,   ∫₀ᵀ b(t)²/G(t)² dt = σ(T)²·T / G(T)²,
//
// where G is the growth at the cost of carry; without one b = σ. It asks that σ(T)²T/G(T)² does not fall: a constant σ
// and a cost of carry of b serve up to T = 1/(2b).
type Bachelier struct {
	Market            // Spot may be of any sign
	Vol    VolSurface // normal volatilities, in units of the asset per square root of a year, >= 0
}

var (
	_ Normal           = Bachelier{}
	_ Diffusion        = Bachelier{}
	_ PartialDiffusion = Bachelier{}
)

// Validate checks that the spot is finite and that a volatility is given.
func (m Bachelier) Validate() error {
	const fn = "model.Bachelier"
	if err := fault.Finite(fn, "Spot", m.Spot); err != nil {
		return err
	}
	if err := checkVol(fn, m.Vol, "a surface of normal volatilities"); err != nil {
		return err
	}
	return nil
}

// NormalVol returns the volatility of the forward.
func (m Bachelier) NormalVol(strike, t float64) float64 { return m.Vol.Vol(strike, t) }

// HasDiffusion reports whether the volatility is a [TermVol].
func (m Bachelier) HasDiffusion() bool {
	_, ok := m.Vol.(TermVol)
	return ok
}

// DiffusionTo writes the coefficient b, the same for all prices: the root mean square of b(t)/G(t) over the step, times G at its
// middle. It is NaN where that mean square is negative and for a smile.
func (m Bachelier) DiffusionTo(dst, s []float64, t0, t1 float64) {
	b := math.NaN()
	if v, ok := m.Vol.(TermVol); ok {
		w := func(t float64) float64 {
			if t == 0 {
				return 0
			}
			sd := v.TermVol(t) / m.Growth(t)
			return sd * sd * t
		}
		b = m.Growth(0.5*(t0+t1)) * math.Sqrt(stepVariance(w(t0), w(t1), t0, t1))
	}
	for i := range s[:len(dst)] {
		dst[i] = b
	}
}

// PriceFloor returns −Inf.
func (m Bachelier) PriceFloor(float64) float64 { return math.Inf(-1) }

// WithSpot returns the model with another spot and the same volatilities by strike.
func (m Bachelier) WithSpot(spot float64) Bachelier { m.Spot = spot; return m }

// WithVol returns the model with another volatility surface.
func (m Bachelier) WithVol(v VolSurface) Bachelier { m.Vol = v; return m }
