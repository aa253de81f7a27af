package model

import (
	"math/cmplx"

	"github.com/volgaquant/volga/internal/fault"
)

// HestonHullWhite is [Heston] with a stochastic short rate of Hull and White that is independent of the asset and its variance:
// Grzelak and Oosterlee, "On the Heston model with stochastic interest rates", SIAM Journal on Financial Mathematics 2 (2011),
// with ρ_xr = ρ_vr = 0.
//
//	dS/S = (r_t − q) dt + √v dW,   dv = κ(θ_v − v) dt + σ√v dZ,   dW·dZ = ρ dt,   dr = λ(θ(t) − r) dt + η dR
//
// The function θ(t) is the one that gives the discount curve of the [Market], so that it never has to be computed: options see the
// rate only through the bond P(t,T). Under the measure of that bond the forward S·Q/P(t,T) is a martingale,
//
//	dF/F = √v dW + ηB(T−t) dR,   B(τ) = (1 − e^(−λτ))/λ,
//
// and v keeps its law, for R is independent of Z. So X = ln(S_T/F_T), in the measure of expiry T, is that of Heston plus an
// independent normal with variance V = η²∫B² and mean −V/2, and ln φ = ln φ_Heston − (u² + iu)V/2, exactly.
//
// This is the only affine case: with dW·dR ≠ 0 the variance of F has a term in √v, with dZ·dR ≠ 0 the drift of v has one.
type HestonHullWhite struct {
	Market
	V0     float64 // v0: variance today, >= 0
	Kappa  float64 // κ: speed of mean reversion of the variance per year, >= 0
	Theta  float64 // θ_v: variance in the long run, >= 0
	Sigma  float64 // σ: volatility of the variance, >= 0
	Rho    float64 // ρ: correlation of asset and variance, in [−1, 1]
	Lambda float64 // λ: speed of mean reversion of the short rate per year, >= 0
	Eta    float64 // η: volatility of the short rate per year, >= 0
}

var (
	_ Characteristic = HestonHullWhite{}
	_ CharVega       = HestonHullWhite{}
)

// heston returns the model without the noise of the rate. It is no embedded field: what else [Heston] can do is not true of this
// model.
func (m *HestonHullWhite) heston() Heston {
	return Heston{Market: m.Market, V0: m.V0, Kappa: m.Kappa, Theta: m.Theta, Sigma: m.Sigma, Rho: m.Rho}
}

// Feller returns 2κθ/σ² and whether it is at least 1, so that the variance never reaches zero. Prices do not need it.
func (m HestonHullWhite) Feller() (ratio float64, ok bool) { return m.heston().Feller() }

// MomentExplosion returns the time at which E[S^p] becomes infinite, +Inf if it never does.
func (m HestonHullWhite) MomentExplosion(p float64) float64 { return m.heston().MomentExplosion(p) }

// Validate returns an error that names the first parameter outside its domain.
func (m HestonHullWhite) Validate() error {
	const fn = "model.HestonHullWhite"
	return fault.First(
		m.heston().validate(fn),
		fault.NonNegative(fn, "Lambda", m.Lambda),
		fault.NonNegative(fn, "Eta", m.Eta),
	)
}

// RateVariance returns V, the variance that the short rate adds to the logarithm of the forward for delivery at t.
func (m HestonHullWhite) RateVariance(t float64) float64 {
	_, _, _, g, _ := reversion(m.Lambda * t)
	return m.Eta * m.Eta * t * t * t * g
}

func (m HestonHullWhite) exponent(u complex128, t float64) complex128 {
	return m.heston().exponent(u, t) - complex(0.5*m.RateVariance(t), 0)*u*(u+1i)
}

// CharFunc returns φ(u), defined where Heston's is.
func (m HestonHullWhite) CharFunc(u complex128, t float64) complex128 {
	return cmplx.Exp(m.exponent(u, t))
}

// CharFuncTo writes φ(u) to dst.
func (m HestonHullWhite) CharFuncTo(dst, u []complex128, t float64) { m.batch(dst, nil, u, t) }

// CharVegaTo writes φ(u) to dst and ∂φ/∂√V0 to vega.
func (m HestonHullWhite) CharVegaTo(dst, vega, u []complex128, t float64) {
	if len(vega) != len(u) {
		panic("model: CharVegaTo: vega and u differ in length")
	}
	m.batch(dst, vega, u, t)
}

func (m *HestonHullWhite) batch(dst, vega, u []complex128, t float64) {
	if len(dst) != len(u) {
		panic("model: CharFuncTo: dst and u differ in length")
	}
	half, h := complex(0.5*m.RateVariance(t), 0), m.heston()
	var own [chunk]complex128 // dst may be u
	for len(u) > 0 {
		n := min(chunk, len(u))
		var v []complex128
		if vega != nil {
			v, vega = vega[:n], vega[n:]
		}
		hestonTo(&h, nil, own[:n], v, u[:n], t)
		for i, x := range u[:n] {
			rate := cmplx.Exp(-half * x * (x + 1i))
			dst[i] = own[i] * rate
			if v != nil {
				v[i] *= rate
			}
		}
		dst, u = dst[n:], u[n:]
	}
}

// LogMoment returns ln E[(S_T/F_T)^p] in the measure of expiry T, +Inf where Heston's is.
func (m HestonHullWhite) LogMoment(p, t float64) float64 {
	return m.heston().LogMoment(p, t) + 0.5*p*(p-1)*m.RateVariance(t)
}

// Cumulants returns the cumulants of ln(S_T/F_T).
func (m HestonHullWhite) Cumulants(t float64) Cumulants {
	c, v := m.heston().Cumulants(t), m.RateVariance(t)
	c.C1 -= 0.5 * v
	c.C2 += v
	return c
}

// WithSpot returns the model with another spot.
func (m HestonHullWhite) WithSpot(spot float64) HestonHullWhite { m.Spot = spot; return m }
