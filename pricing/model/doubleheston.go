package model

import (
	"fmt"
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/fault"
)

// DoubleHeston is stochastic volatility with two independent square root variances, such as a fast and a slow one: Christoffersen,
// Heston and Jacobs, "The shape and term structure of the index option smirk: why multifactor stochastic volatility models work
// so well", Management Science 55 (2009).
//
//	dS/S = (r − q) dt + √v1 dW1 + √v2 dW2,   dv_i = κ_i(θ_i − v_i) dt + σ_i√v_i dZ_i,   dW_i·dZ_i = ρ_i dt
//
// The logarithm of its characteristic function is the sum of those of two [Heston] models.
type DoubleHeston struct {
	Market
	First, Second HestonFactor
}

// HestonFactor is one variance of [DoubleHeston].
type HestonFactor struct {
	V0    float64 // v0: variance today, >= 0
	Kappa float64 // κ: speed of mean reversion per year, >= 0
	Theta float64 // θ: variance in the long run, >= 0
	Sigma float64 // σ: volatility of the variance, >= 0
	Rho   float64 // ρ: correlation of the variance and its part of the asset's noise, in [−1, 1]
}

var (
	_ Characteristic = DoubleHeston{}
	_ CharVega       = DoubleHeston{}
)

func (f HestonFactor) heston() Heston {
	return Heston{V0: f.V0, Kappa: f.Kappa, Theta: f.Theta, Sigma: f.Sigma, Rho: f.Rho}
}

func (f HestonFactor) validate(fn, name string) error {
	p := HestonPeriod{Kappa: f.Kappa, Theta: f.Theta, Sigma: f.Sigma, Rho: f.Rho}
	if err := fault.First(fault.NonNegative(fn, "V0", f.V0), p.check(fn)); err != nil {
		bad := err.(*fault.ArgError)
		return fault.Arg(fn, fmt.Sprintf("%s.%s", name, bad.Arg), bad.Value, bad.Want)
	}
	return nil
}

// Feller returns 2κθ/σ² and whether it is at least 1, so that the variance never reaches zero. Prices do not need it.
func (f HestonFactor) Feller() (ratio float64, ok bool) { return f.heston().Feller() }

// Validate returns an error that names the first parameter outside its domain, as in "Second.Rho".
func (m DoubleHeston) Validate() error {
	const fn = "model.DoubleHeston"
	return fault.First(m.Market.validate(fn), m.First.validate(fn, "First"), m.Second.validate(fn, "Second"))
}

// CharFunc returns φ(u), defined on the strip of finite moments; see [DoubleHeston.MomentExplosion].
func (m DoubleHeston) CharFunc(u complex128, t float64) complex128 {
	return cmplx.Exp(m.First.heston().exponent(u, t) + m.Second.heston().exponent(u, t))
}

// CharFuncTo writes φ(u) to dst.
func (m DoubleHeston) CharFuncTo(dst, u []complex128, t float64) {
	if len(dst) != len(u) {
		panic("model: CharFuncTo: dst and u differ in length")
	}
	first, second := m.First.heston(), m.Second.heston()
	var work [chunk]complex128
	for len(u) > 0 {
		n := min(chunk, len(u))
		hestonTo(&first, nil, work[:n], nil, u[:n], t)
		hestonTo(&second, nil, dst[:n], nil, u[:n], t)
		for i, f := range work[:n] {
			dst[i] *= f
		}
		dst, u = dst[n:], u[n:]
	}
}

// CharVegaTo writes φ(u) to dst, and to vega its derivative by the volatility of today, √(v1+v2), with the shares of the two
// variances held: that is 2(v1·D1 + v2·D2)φ/√(v1+v2).
func (m DoubleHeston) CharVegaTo(dst, vega, u []complex128, t float64) {
	if len(dst) != len(u) || len(vega) != len(u) {
		panic("model: CharVegaTo: dst, vega and u differ in length")
	}
	first, second := m.First.heston(), m.Second.heston()
	v1, v2 := math.Sqrt(first.V0), math.Sqrt(second.V0)
	c1, c2 := 0.0, 0.0
	if vol := math.Hypot(v1, v2); vol > 0 {
		c1, c2 = v1/vol, v2/vol
	}
	var f1, d1 [chunk]complex128
	for len(u) > 0 {
		n := min(chunk, len(u))
		hestonTo(&first, nil, f1[:n], d1[:n], u[:n], t)
		hestonTo(&second, nil, dst[:n], vega[:n], u[:n], t)
		for i := range n {
			vega[i] = complex(c1, 0)*d1[i]*dst[i] + complex(c2, 0)*vega[i]*f1[i]
			dst[i] *= f1[i]
		}
		dst, vega, u = dst[n:], vega[n:], u[n:]
	}
}

// MomentExplosion returns the time at which E[S^p] becomes infinite, +Inf if it never does.
func (m DoubleHeston) MomentExplosion(p float64) float64 {
	return math.Min(m.First.heston().MomentExplosion(p), m.Second.heston().MomentExplosion(p))
}

// LogMoment returns ln E[(S_T/F_T)^p], +Inf from [DoubleHeston.MomentExplosion] on.
func (m DoubleHeston) LogMoment(p, t float64) float64 {
	return m.First.heston().LogMoment(p, t) + m.Second.heston().LogMoment(p, t)
}

// Cumulants returns the cumulants of ln(S_T/F_T), the sums of those of the two factors.
func (m DoubleHeston) Cumulants(t float64) Cumulants {
	a, b := m.First.heston().Cumulants(t), m.Second.heston().Cumulants(t)
	return Cumulants{a.C1 + b.C1, a.C2 + b.C2, a.C4 + b.C4}
}

// WithSpot returns the model with another spot.
func (m DoubleHeston) WithSpot(spot float64) DoubleHeston { m.Spot = spot; return m }
