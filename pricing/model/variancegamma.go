package model

import (
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/fault"
)

// VarianceGamma is Brownian motion with drift, run on a gamma clock: Madan, Carr and Chang, "The variance gamma process
// and option pricing", European Finance Review 2 (1998). It has no diffusion: its characteristic function decays only like
// |u|^(−2t/ν), which makes short expiries hard for transform methods.
type VarianceGamma struct {
	Market
	Sigma float64 // σ: volatility of the Brownian motion, > 0
	Nu    float64 // ν: variance of the clock per year, >= 0; at 0 the model is Black-Scholes
	Theta float64 // θ: drift of the Brownian motion, negative for a skew to the downside; 1 − θν − σ²ν/2 must be > 0
}

var (
	_ Characteristic = VarianceGamma{}
	_ Conic          = VarianceGamma{}
)

// Validate returns an error that names the first parameter outside its domain.
func (m VarianceGamma) Validate() error {
	const fn = "model.VarianceGamma"
	if err := fault.First(
		m.Market.validate(fn),
		fault.Positive(fn, "Sigma", m.Sigma),
		fault.NonNegative(fn, "Nu", m.Nu),
		fault.Finite(fn, "Theta", m.Theta),
	); err != nil {
		return err
	}
	if !(m.Nu*(m.Theta+0.5*m.Sigma*m.Sigma) < 1) {
		return fault.Arg(fn, "Theta", m.Theta, "small enough for the asset to have a mean: 1 − θν − σ²ν/2 > 0")
	}
	return nil
}

// clock is −ln(1−νx)/ν, the exponent of the gamma clock per year at that of the Brownian motion.
func (m VarianceGamma) clock(x complex128) complex128 {
	if m.Nu == 0 {
		return x
	}
	return -log1p(complex(-m.Nu, 0)*x) / complex(m.Nu, 0)
}

// drift is the ω of Madan, Carr and Chang (1998), eq. (22): it makes the asset over its forward a martingale.
func (m VarianceGamma) drift() float64 {
	return -real(m.clock(complex(m.Theta+0.5*m.Sigma*m.Sigma, 0)))
}

func (m VarianceGamma) exponent(u complex128, drift, t float64) complex128 {
	iu := timesI(u)
	return complex(t, 0) * (iu*complex(drift, 0) + m.clock(iu*(complex(m.Theta, 0)+complex(0.5*m.Sigma*m.Sigma, 0)*iu)))
}

// CharFunc returns φ(u), defined on its strip and continued to the plane without the imaginary axis.
func (m VarianceGamma) CharFunc(u complex128, t float64) complex128 {
	return cmplx.Exp(m.exponent(u, m.drift(), t))
}

// CharFuncTo writes φ(u) to dst.
func (m VarianceGamma) CharFuncTo(dst, u []complex128, t float64) {
	drift := m.drift()
	exponentTo(dst, u, func(u complex128) complex128 { return m.exponent(u, drift, t) })
}

// LogMoment returns ln E[(S_T/F_T)^p], finite where 1 − νθp − νσ²p²/2 > 0.
func (m VarianceGamma) LogMoment(p, t float64) float64 {
	lo, hi := math.Inf(-1), math.Inf(1)
	if !(1-m.Nu*p*(m.Theta+0.5*m.Sigma*m.Sigma*p) > 0) {
		hi = lo
	}
	return logMoment(p, lo, hi, func(u complex128) complex128 { return m.exponent(u, m.drift(), t) })
}

// Cumulants returns the cumulants of ln(S_T/F_T).
func (m VarianceGamma) Cumulants(t float64) Cumulants {
	s2, h2, nu := m.Sigma*m.Sigma, m.Theta*m.Theta, m.Nu
	return Cumulants{
		C1: t * (m.Theta + m.drift()),
		C2: t * (s2 + nu*h2),
		C4: 3 * t * nu * (s2*s2 + 2*h2*h2*nu*nu + 4*s2*h2*nu),
	}
}

// Cone is all of the half planes on both sides of the imaginary axis, if the clock has a variance.
func (m VarianceGamma) Cone(t float64) (angle, drift float64) {
	if m.Nu == 0 {
		return math.Pi / 4, m.drift() * t
	}
	return math.Pi / 2, m.drift() * t
}

// WithSpot returns the model with another spot.
func (m VarianceGamma) WithSpot(spot float64) VarianceGamma { m.Spot = spot; return m }
