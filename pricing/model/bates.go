package model

import (
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/fault"
)

// Bates is [Heston] with lognormal jumps in the asset: Bates, "Jumps and stochastic volatility: exchange rate processes
// implicit in Deutsche Mark options", Review of Financial Studies 9 (1996).
type Bates struct {
	Heston
	Jumps
}

var (
	_ Characteristic = Bates{}
	_ CharVega       = Bates{}
	_ Enveloped      = Bates{}
)

// Validate returns an error that names the first parameter outside its domain.
func (m Bates) Validate() error {
	const fn = "model.Bates"
	return fault.First(m.Heston.validate(fn), m.Jumps.validate(fn))
}

func (m Bates) exponent(u complex128, t float64) complex128 {
	return m.Heston.exponent(u, t) + complex(t, 0)*m.Jumps.exponent(u)
}

// CharFunc returns φ(u), defined where Heston's is.
func (m Bates) CharFunc(u complex128, t float64) complex128 { return cmplx.Exp(m.exponent(u, t)) }

// CharFuncTo writes φ(u) to dst.
func (m Bates) CharFuncTo(dst, u []complex128, t float64) {
	hestonTo(&m.Heston, &m.Jumps, dst, nil, u, t)
}

// CharVegaTo writes φ(u) to dst and ∂φ/∂√V0 to vega.
func (m Bates) CharVegaTo(dst, vega, u []complex128, t float64) {
	if len(vega) != len(u) {
		panic("model: CharVegaTo: vega and u differ in length")
	}
	hestonTo(&m.Heston, &m.Jumps, dst, vega, u, t)
}

// CharEnvelope returns a bound on |φ| from u on to the right, Heston's part falling by itself.
func (m Bates) CharEnvelope(u complex128, t float64) float64 {
	return math.Exp(real(m.Heston.exponent(u, t)) + t*m.Jumps.envelope(u))
}

// LogMoment returns ln E[(S_T/F_T)^p], +Inf where Heston's is.
func (m Bates) LogMoment(p, t float64) float64 {
	if p == 0 || p == 1 {
		return 0
	}
	return m.Heston.LogMoment(p, t) + t*real(m.Jumps.exponent(complex(0, -p)))
}

// Cumulants returns the cumulants of ln(S_T/F_T).
func (m Bates) Cumulants(t float64) Cumulants {
	return m.Jumps.addCumulants(m.Heston.Cumulants(t), t)
}

// WithSpot returns the model with another spot.
func (m Bates) WithSpot(spot float64) Bates { m.Spot = spot; return m }
