package model

import (
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/fault"
)

// SteinStein is stochastic volatility with a volatility that is an Ornstein-Uhlenbeck process: Stein and Stein, "Stock price
// distributions with stochastic volatility: an analytic approach", Review of Financial Studies 4 (1991), with the correlation of
// Schöbel and Zhu, "Stochastic volatility with an Ornstein-Uhlenbeck process: an extension", European Finance Review 3 (1999).
//
//	dS/S = (r − q) dt + ν dW,   dν = κ(θ − ν) dt + σ dZ,   dW·dZ = ρ dt
//
// The volatility may turn negative: its sign is then that of the correlation, its square the variance.
type SteinStein struct {
	Market
	Vol0  float64 // ν0: volatility today, >= 0
	Kappa float64 // κ: speed of mean reversion per year, >= 0
	Theta float64 // θ: mean of the volatility in the long run, >= 0
	Sigma float64 // σ: volatility of the volatility, >= 0; at 0 the model is Black-Scholes with a term structure
	Rho   float64 // ρ: correlation of asset and volatility, in [−1, 1]
}

var (
	_ Characteristic = SteinStein{}
	_ CharVega       = SteinStein{}
)

// Validate returns an error that names the first parameter outside its domain.
func (m SteinStein) Validate() error {
	const fn = "model.SteinStein"
	return fault.First(
		m.Market.validate(fn),
		fault.NonNegative(fn, "Vol0", m.Vol0),
		fault.NonNegative(fn, "Kappa", m.Kappa),
		fault.NonNegative(fn, "Theta", m.Theta),
		fault.NonNegative(fn, "Sigma", m.Sigma),
		fault.Between(fn, "Rho", m.Rho, -1, 1),
	)
}

// affine returns the functions of ln φ = ½ν0²·D + ν0·B + C, those of Schöbel and Zhu (1999) in a form without cancellation and
// with a logarithm that stays on its branch. With a = u² + iu, ξ = κ − iρσu, d = √(ξ² + σ²a), Re d >= 0, x = dt and
// M = cosh x + ξ·sinh(x)/d they solve
//
//	D' = −a − 2ξD + σ²D²         D = −a·sinh(x)/(dM)
//	B' = κθD − (ξ − σ²D)B        B = −κθa(cosh x − 1)/(d²M)
//	C' = κθB + σ²(D + B²)/2      C = (ξt − ln M)/2 + ½κ²θ²a·t³(f1 + ξt·f2)/M
//
// with f1 = (sinh x − x·cosh x)/x³ and f2 = (2cosh x − 2 − x·sinh x)/x⁴. All are computed with the factor e^(−x), and ln M as
// x + ln R; R is that of [Heston.affine] with 2κ and 2σ.
func (m *SteinStein) affine(u complex128, t float64) (d, b, c complex128) {
	if u == 0 || u == -1i || t == 0 {
		return 0, 0, 0
	}
	// The equation for D/2 is that of a square root variance with twice the reversion and twice the volatility.
	period := HestonPeriod{Kappa: 2 * m.Kappa, Sigma: 2 * m.Sigma, Rho: m.Rho}
	eq := period.riccati(u)
	a, xi, root := eq.a, 0.5*eq.xi, 0.5*eq.root
	x := root * complex(t, 0)
	w, e, w2 := complex(t, 0), complex(1, 0), complex(0.5*t*t, 0) // e^(−x)·sinh(x)/d, e^(−x), e^(−x)(cosh x − 1)/d²
	if x != 0 {
		em1, em2 := expm1(-x), expm1(-2*x)
		e = 1 + em1
		half := em1 / root
		w, w2 = -0.5*em2/root, 0.5*half*half
	}
	e2 := e * e
	// ratio is R, drift (ξ−d)t.
	var ratio, l, drift complex128
	if eq.forward() {
		sum := xi + root
		gap := complex(0, 0) // ξ − d
		if sum != 0 {
			gap = -complex(m.Sigma*m.Sigma, 0) * a / sum
		}
		drift = gap * complex(t, 0)
		z := gap * w
		ratio, l = 1+z, log1p(z)
	} else {
		gap := xi - root
		drift = gap * complex(t, 0)
		ratio = e2 - complex(m.Sigma*m.Sigma, 0)*a/gap*w
		l = cmplx.Log(ratio)
	}
	if eq.s2 >= tinySquare && eq.turns(0) {
		l = complex(real(l), eq.unwind(0, eq.slope(), e2, t, imag(l)))
	}
	f1, f2 := ouFunctions(x, e)
	kt := complex(m.Kappa*m.Theta, 0)
	t3 := complex(t*t*t, 0)
	d = -a * w / ratio
	b = -kt * a * w2 / ratio
	c = 0.5*(drift-l) + 0.5*kt*kt*a*t3*(f1+xi*complex(t, 0)*f2)/ratio
	return d, b, c
}

// ouFunctions returns e^(−x)·f1 and e^(−x)·f2 of [SteinStein.affine], given e = e^(−x), by the Taylor series near zero.
func ouFunctions(x, e complex128) (f1, f2 complex128) {
	x2 := x * x
	if real(x2)*real(x2)+imag(x2)*imag(x2) > 5 {
		e2 := e * e
		sinh, cosh := 0.5*(1-e2), 0.5*(1+e2)
		return (sinh - x*cosh) / (x2 * x), (2*(cosh-e) - x*sinh) / (x2 * x2)
	}
	term1, term2 := complex(1./6, 0), complex(1./24, 0) // x^(2k−2)/(2k+1)!, and x^(2k−2)/(2k+2)!
	for k := 1.0; k < 14; k++ {
		f1 -= complex(2*k, 0) * term1
		f2 -= complex(2*k, 0) * term2
		term1 *= x2 / complex((2*k+2)*(2*k+3), 0)
		term2 *= x2 / complex((2*k+3)*(2*k+4), 0)
	}
	return f1 * e, f2 * e
}

func (m SteinStein) exponent(u complex128, t float64) complex128 {
	d, b, c := m.affine(u, t)
	v := complex(m.Vol0, 0)
	return (0.5*v*d+b)*v + c
}

// CharFunc returns φ(u), defined on the strip of finite moments; see [SteinStein.MomentExplosion].
func (m SteinStein) CharFunc(u complex128, t float64) complex128 { return cmplx.Exp(m.exponent(u, t)) }

// CharFuncTo writes φ(u) to dst.
func (m SteinStein) CharFuncTo(dst, u []complex128, t float64) {
	if len(dst) != len(u) {
		panic("model: CharFuncTo: dst and u differ in length")
	}
	for i, ui := range u {
		dst[i] = cmplx.Exp(m.exponent(ui, t))
	}
}

// CharVegaTo writes φ(u) to dst and ∂φ/∂Vol0 to vega.
func (m SteinStein) CharVegaTo(dst, vega, u []complex128, t float64) {
	if len(dst) != len(u) || len(vega) != len(u) {
		panic("model: CharVegaTo: dst, vega and u differ in length")
	}
	v := complex(m.Vol0, 0)
	for i, ui := range u {
		d, b, c := m.affine(ui, t)
		f := cmplx.Exp((0.5*v*d+b)*v + c)
		dst[i], vega[i] = f, (v*d+b)*f
	}
}

// MomentExplosion returns the time at which E[S^p] becomes infinite, +Inf if it never does: that of a [Heston] model with twice
// the reversion and twice the volatility, whose equation D solves.
func (m SteinStein) MomentExplosion(p float64) float64 {
	return Heston{V0: 1, Kappa: 2 * m.Kappa, Sigma: 2 * m.Sigma, Rho: m.Rho}.MomentExplosion(p)
}

// LogMoment returns ln E[(S_T/F_T)^p], +Inf from [SteinStein.MomentExplosion] on.
func (m SteinStein) LogMoment(p, t float64) float64 {
	switch {
	case math.IsNaN(p):
		return p
	case p == 0 || p == 1 || t == 0:
		return 0
	case !(t < m.MomentExplosion(p)):
		return math.Inf(1)
	}
	return real(m.exponent(complex(0, -p), t))
}

// Cumulants returns the cumulants of ln(S_T/F_T). The mean is −E[∫ν²]/2 in closed form; the others are Cauchy integrals of ln φ
// around zero, to about ten digits.
func (m SteinStein) Cumulants(t float64) Cumulants {
	c := cauchyCumulants(m, t)
	y := m.Kappa * t
	f1, _, _, _, _ := reversion(y)
	f2, g2, _, _, _ := reversion(2 * y)
	over := m.Vol0 - m.Theta
	// E[ν²] = (θ + (ν0−θ)e^(−κs))² + σ²(1−e^(−2κs))/(2κ)
	c.C1 = -0.5 * t * (m.Theta*m.Theta + 2*m.Theta*over*f1 + over*over*f2 + m.Sigma*m.Sigma*t*g2)
	return c
}

// WithSpot returns the model with another spot.
func (m SteinStein) WithSpot(spot float64) SteinStein { m.Spot = spot; return m }
