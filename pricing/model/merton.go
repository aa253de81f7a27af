package model

import (
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/fault"
)

// Merton is geometric Brownian motion with lognormal jumps: Merton, "Option pricing when underlying stock returns are
// discontinuous", Journal of Financial Economics 3 (1976).
//
//	dS/S = (r − q − λE[e^J−1]) dt + σ dW + (e^J − 1) dN
type Merton struct {
	Market
	Jumps
	Sigma float64 // σ: volatility between jumps, annualised decimal, >= 0
}

var (
	_ Characteristic = Merton{}
	_ CharVega       = Merton{}
	_ Enveloped      = Merton{}
)

// Validate returns an error that names the first parameter outside its domain.
func (m Merton) Validate() error {
	const fn = "model.Merton"
	return fault.First(m.Market.validate(fn), fault.NonNegative(fn, "Sigma", m.Sigma), m.Jumps.validate(fn))
}

func (m Merton) exponent(u complex128, t float64) complex128 {
	return complex(t, 0) * (brownian(m.Sigma*m.Sigma, u) + m.Jumps.exponent(u))
}

// brownian is the exponent per year of a martingale with that variance: −v(u² + iu)/2.
func brownian(v float64, u complex128) complex128 { return complex(-0.5*v, 0) * (u * (u + 1i)) }

// CharFunc returns φ(u), defined for every u.
func (m Merton) CharFunc(u complex128, t float64) complex128 { return cmplx.Exp(m.exponent(u, t)) }

// CharFuncTo writes φ(u) to dst.
func (m Merton) CharFuncTo(dst, u []complex128, t float64) {
	exponentTo(dst, u, func(u complex128) complex128 { return m.exponent(u, t) })
}

// CharVegaTo writes φ(u) to dst and ∂φ/∂Sigma to vega.
func (m Merton) CharVegaTo(dst, vega, u []complex128, t float64) {
	brownianVega(vega, u, m.Sigma, t)
	m.CharFuncTo(dst, u, t)
	for i, f := range dst {
		vega[i] *= f
	}
}

// brownianVega writes ∂lnφ/∂σ = −σt(u² + iu) to vega.
func brownianVega(vega, u []complex128, sigma, t float64) {
	for i, ui := range u {
		vega[i] = complex(-sigma*t, 0) * (ui * (ui + 1i))
	}
}

// CharEnvelope returns a bound on |φ| from u on to the right.
func (m Merton) CharEnvelope(u complex128, t float64) float64 {
	return math.Exp(t * (real(brownian(m.Sigma*m.Sigma, u)) + m.Jumps.envelope(u)))
}

// LogMoment returns ln E[(S_T/F_T)^p], finite for every p.
func (m Merton) LogMoment(p, t float64) float64 {
	return logMoment(p, math.Inf(-1), math.Inf(1), func(u complex128) complex128 { return m.exponent(u, t) })
}

// Cumulants returns the cumulants of ln(S_T/F_T).
func (m Merton) Cumulants(t float64) Cumulants {
	v := m.Sigma * m.Sigma * t
	return m.Jumps.addCumulants(Cumulants{C1: -0.5 * v, C2: v}, t)
}

// WithSpot returns the model with another spot.
func (m Merton) WithSpot(spot float64) Merton { m.Spot = spot; return m }
