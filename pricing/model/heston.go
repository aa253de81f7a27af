package model

import (
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/fault"
)

// Heston is stochastic volatility with a square root variance: Heston, "A closed-form solution for options with stochastic
// volatility", Review of Financial Studies 6 (1993).
//
//	dS/S = (r − q) dt + √v dW,   dv = κ(θ − v) dt + σ√v dZ,   dW·dZ = ρ dt
//
// A violated Feller condition is no error: see [Heston.Feller].
type Heston struct {
	Market
	V0    float64 // v0: variance today, >= 0
	Kappa float64 // κ: speed of mean reversion per year, >= 0
	Theta float64 // θ: variance in the long run, >= 0
	Sigma float64 // σ: volatility of the variance, >= 0; at 0 the model is Black-Scholes with a term structure
	Rho   float64 // ρ: correlation of asset and variance, in [−1, 1]
}

var (
	_ Characteristic = Heston{}
	_ CharVega       = Heston{}
)

// Validate returns an error that names the first parameter outside its domain.
func (m Heston) Validate() error { return m.validate("model.Heston") }

func (m Heston) validate(fn string) error {
	return fault.First(
		m.Market.validate(fn),
		fault.NonNegative(fn, "V0", m.V0),
		fault.NonNegative(fn, "Kappa", m.Kappa),
		fault.NonNegative(fn, "Theta", m.Theta),
		fault.NonNegative(fn, "Sigma", m.Sigma),
		fault.Between(fn, "Rho", m.Rho, -1, 1),
	)
}

// Feller returns 2κθ/σ² and whether it is at least 1, so that the variance never reaches zero. Prices do not need it.
func (m Heston) Feller() (ratio float64, ok bool) {
	ratio = 2 * m.Kappa * m.Theta / (m.Sigma * m.Sigma)
	return ratio, ratio >= 1
}

// tinySquare is where σ² is taken for zero: z/σ² would leave the range.
const tinySquare = 1e-290

// affine returns the functions of ln φ = v0·D + κθ·C.
//
// It is the form whose logarithm stays on its principal branch, the little trap of Albrecher, Mayer, Schoutens and
// Tistaert, "The little Heston trap", Wilmott (January 2007), eqs. (3) and (4), freed of cancellation. With
// a = u² + iu, ξ = κ − iρσu, d = √(ξ² + σ²a), Re d >= 0, E = e^(−dt), w = (1−E)/(2d), the ratio there is
//
//	R = (1 − gE)/(1 − g) = (1+E)/2 + ξw = 1 + (ξ−d)w,   D = −aw/R,   C = (ξ−d)t/σ² − 2·ln(R)/σ²,
//
// and (ξ−d)/σ² = −a/(ξ+d) needs no difference where ξ and d point the same way. So C is exact in the limits of σ, κ and
// t going to zero, and ξ² + σ²a = κ² + iσu(σ−2κρ) + σ²u²(1−ρ²) in that of |ρ| going to one.
func (m Heston) affine(u complex128, t float64) (c, d complex128) {
	a := u * (u + 1i)
	if a == 0 || t == 0 {
		return 0, 0
	}
	s, s2 := m.Sigma, m.Sigma*m.Sigma
	xi := complex(m.Kappa, 0) - complex(m.Rho*s, 0)*timesI(u)
	root := cmplx.Sqrt(complex(m.Kappa*m.Kappa, 0) + timesI(u)*complex(s*(s-2*m.Kappa*m.Rho), 0) +
		complex(s2*(1-m.Rho)*(1+m.Rho), 0)*u*u)
	w, e := complex(0.5*t, 0), complex(1, 0)
	if root != 0 {
		em1 := expm1(-root * complex(t, 0))
		w, e = -em1/(2*root), 1+em1
	}
	forward := real(xi)*real(root)+imag(xi)*imag(root) >= 0
	var slope, ratio, logRatio complex128 // (ξ−d)/σ², R, 2·ln(R)/σ²
	switch {
	case s2 < tinySquare: // ξ = d = κ
		slope = -a / (xi + root)
		if root == 0 { // no reversion, no noise: C does not matter, for κθ = 0
			slope = 0
		}
		ratio, logRatio = 1, 2*slope*w
	case forward:
		slope = -a / (xi + root)
		z := complex(s2, 0) * slope * w
		ratio, logRatio = 1+z, 2*log1p(z)/complex(s2, 0)
	default:
		slope = (xi - root) / complex(s2, 0)
		ratio = e - a/slope*w
		logRatio = 2 * cmplx.Log(ratio) / complex(s2, 0)
	}
	return slope*complex(t, 0) - logRatio, -a * w / ratio
}

func (m Heston) exponent(u complex128, t float64) complex128 {
	c, d := m.affine(u, t)
	return complex(m.V0, 0)*d + complex(m.Kappa*m.Theta, 0)*c
}

// CharFunc returns φ(u), defined on the strip of finite moments; see [Heston.MomentExplosion].
func (m Heston) CharFunc(u complex128, t float64) complex128 { return cmplx.Exp(m.exponent(u, t)) }

// MomentExplosion returns the time at which E[S^p] becomes infinite, +Inf if it never does: Andersen and Piterbarg,
// "Moment explosions in stochastic volatility models", Finance and Stochastics 11 (2007), proposition 3.1. With σ = 0 it
// is always +Inf.
func (m Heston) MomentExplosion(p float64) float64 {
	s := m.Sigma
	over := s * s * p * (p - 1)
	if over <= 0 || m.V0 == 0 && m.Kappa*m.Theta == 0 {
		return math.Inf(1)
	}
	xi := m.Kappa - m.Rho*s*p
	disc := xi*xi - over
	g := math.Sqrt(math.Abs(disc))
	switch {
	case disc < 0:
		return 2 * math.Atan2(g, -xi) / g
	case xi >= 0:
		return math.Inf(1)
	case g == 0:
		return -2 / xi
	}
	// ln((−ξ+g)/(−ξ−g))/g, and (−ξ−g)(−ξ+g) = over
	top := g - xi
	return math.Log(top*top/over) / g
}

// LogMoment returns ln E[(S_T/F_T)^p], +Inf from [Heston.MomentExplosion] on.
func (m Heston) LogMoment(p, t float64) float64 {
	switch {
	case math.IsNaN(p):
		return p
	case p == 0 || p == 1 || t == 0:
		return 0
	case !(t < m.MomentExplosion(p)):
		return math.Inf(1)
	}
	s, s2 := m.Sigma, m.Sigma*m.Sigma
	a := p * (1 - p) // u² + iu at u = −ip
	xi := m.Kappa - m.Rho*s*p
	disc := xi*xi + s2*a
	g := math.Sqrt(math.Abs(disc))
	var ratioD, c float64 // D and C of [Heston.affine], all real
	switch {
	case disc < 0 && g*t > 1e-8:
		// d = ig: cosine and sine in the place of the exponential, R·e^(dt/2) in that of R
		sin, cos := math.Sincos(0.5 * g * t)
		w := sin / g
		r := cos + xi*w
		ratioD, c = -a*w/r, (xi*t-2*math.Log(r))/s2
	case xi > 0:
		em1 := math.Expm1(-g * t)
		w := 0.5 * t
		if g > 0 && em1 != 0 {
			w = -em1 / (2 * g)
		}
		slope := -a / (xi + g)
		z := s2 * slope * w
		ratioD = -a * w / (1 + z)
		if s2 < tinySquare {
			c = slope * (t - 2*w)
		} else {
			c = slope*t - 2*math.Log1p(z)/s2
		}
	default:
		cc, d := m.affine(complex(0, -p), t)
		ratioD, c = real(d), real(cc)
	}
	return m.V0*ratioD + m.Kappa*m.Theta*c
}

// Cumulants returns the cumulants of ln(S_T/F_T). With I = ∫v dt and Z the noise of the variance, X = −I/2 + ∫√v dW
// has mean −E[I]/2 and variance E[I] + Var(I)/4 − ρ·Cov(∫√v dZ, I), which are closed; the fourth is a Cauchy integral
// of ln φ around zero, to about ten digits.
func (m Heston) Cumulants(t float64) Cumulants {
	y := m.Kappa * t
	f1, g1, g2, g3, g4 := reversion(y)
	over := m.V0 - m.Theta
	mean := t * (m.Theta + over*f1)
	cov := m.Sigma * t * t * (m.Theta*g1 + over*g2)
	variance := m.Sigma * m.Sigma * t * t * t * (m.Theta*g3 + over*g4)
	c := Cumulants{C1: -0.5 * mean, C2: mean + 0.25*variance - m.Rho*cov}
	c.C4 = cauchyCumulant4(m, c.C2, t)
	return c
}

// reversion returns, for y = κt, the averages over the time of factors of mean reversion: f1 of e^(−κs), and with
// h(τ) = (1−e^(−κτ))/κ, g1 and g2 of h and e^(−κs)h(t−s) over t, g3 and g4 of h² and e^(−κs)h(t−s)² over t².
func reversion(y float64) (f1, g1, g2, g3, g4 float64) {
	if y > 0.5 {
		e := math.Exp(-y)
		f1 = -math.Expm1(-y) / y
		double := -math.Expm1(-2*y) / (2 * y)
		return f1, (1 - f1) / y, (f1 - e) / y, (1 - 2*f1 + double) / (y * y), (f1 - 2*e + e*f1) / (y * y)
	}
	// The Taylor series of the same.
	term, two := 1.0, 8.0 // (−y)^n/(n+1)!, 2^(n+3)
	for n := 0.0; n < 24; n++ {
		f1 += term
		a := term / (n + 2)
		b := a / (n + 3)
		g1 += a
		g2 += a * (n + 1)
		g3 += b * (0.5*two - 2)
		g4 += b * (two - 2*(n+3))
		term *= -y / (n + 2)
		two *= 2
	}
	return f1, g1, g2, g3, g4
}

// cauchyCumulant4 is 4!/(2πi)·∮ln φ(−iz)/z⁵ dz by the trapezoidal rule on a circle inside the strip of moments.
func cauchyCumulant4(m interface {
	LogMoment(p, t float64) float64
	exponent(u complex128, t float64) complex128
}, c2, t float64) float64 {
	if !(c2 > 0) {
		return 0
	}
	r := 1 / math.Sqrt(c2)
	for range 60 {
		if !math.IsInf(m.LogMoment(2*r, t), 1) && !math.IsInf(m.LogMoment(-2*r, t), 1) {
			break
		}
		r *= 0.7
	}
	const n = 32
	sum := 0.0
	for j := range n {
		z := cmplx.Rect(r, 2*math.Pi*(float64(j)+0.5)/n)
		z4 := z * z * z * z
		sum += real(m.exponent(complex(imag(z), -real(z)), t) / z4)
	}
	return 24 * sum / n
}

// WithSpot returns the model with another spot.
func (m Heston) WithSpot(spot float64) Heston { m.Spot = spot; return m }
