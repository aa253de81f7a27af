package model

import (
	"math"
	"math/cmplx"
)

// TermVol is a [VolSurface] that is the same for all strikes.
type TermVol interface {
	VolSurface
	// TermVol returns the volatility for expiry t.
	TermVol(t float64) float64
}

// TermVol returns the volatility.
func (v FlatVol) TermVol(float64) float64 { return float64(v) }

var (
	_ Characteristic = BlackScholes{}
	_ CharVega       = BlackScholes{}
	_ Partial        = BlackScholes{}
)

// HasCharFunc reports whether the volatility is a [TermVol] and no cash dividend is [PiecewiseLognormal]: a smile has no
// characteristic function of this form, nor a price that falls by an amount.
func (m BlackScholes) HasCharFunc() bool {
	_, ok := m.Vol.(TermVol)
	return ok && m.IsLognormal(math.Inf(1))
}

// term returns the volatility for expiry t, NaN for a smile.
func (m BlackScholes) term(t float64) float64 {
	if v, ok := m.Vol.(TermVol); ok {
		return v.TermVol(t)
	}
	return math.NaN()
}

func (m BlackScholes) exponent(u complex128, t float64) complex128 {
	v := m.term(t)
	return brownian(v*v*t, u)
}

// CharFunc returns φ(u) = e^(−σ²t(u²+iu)/2), defined for every u. It is NaN unless [BlackScholes.HasCharFunc].
func (m BlackScholes) CharFunc(u complex128, t float64) complex128 {
	return cmplx.Exp(m.exponent(u, t))
}

// CharFuncTo writes φ(u) to dst.
func (m BlackScholes) CharFuncTo(dst, u []complex128, t float64) {
	v := m.term(t)
	v *= v * t
	exponentTo(dst, u, func(u complex128) complex128 { return brownian(v, u) })
}

// CharVegaTo writes φ(u) to dst and ∂φ/∂σ to vega.
func (m BlackScholes) CharVegaTo(dst, vega, u []complex128, t float64) {
	brownianVega(vega, u, m.term(t), t)
	m.CharFuncTo(dst, u, t)
	for i, f := range dst {
		vega[i] *= f
	}
}

// LogMoment returns ln E[(S_T/F_T)^p] = σ²t·p(p−1)/2.
func (m BlackScholes) LogMoment(p, t float64) float64 {
	v := m.term(t)
	return 0.5 * v * v * t * p * (p - 1)
}

// Cumulants returns the cumulants of ln(S_T/F_T).
func (m BlackScholes) Cumulants(t float64) Cumulants {
	v := m.term(t)
	v *= v * t
	return Cumulants{C1: -0.5 * v, C2: v}
}
