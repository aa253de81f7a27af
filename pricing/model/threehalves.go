package model

import (
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
)

// ThreeHalves is the 3/2 model of stochastic volatility: Lewis, "Option valuation under stochastic volatility" (2000); Carr and
// Sun, "A new approach for option pricing under stochastic volatility", Review of Derivatives Research 10 (2007).
//
//	dS/S = (r − q) dt + √v dW,   dv = κv(θ − v) dt + σ·v^(3/2) dZ,   dW·dZ = ρ dt
//
// The speed of reversion κv and the volatility of the variance grow with the variance, so that κ and σ are larger numbers than those
// of [Heston]: κ = 22 and σ = 10 at v = 0.05 are 1.1 per year and 0.5 there. The variance reaches neither zero nor infinity.
//
// The characteristic function is that of Carr and Sun (2007), a confluent hypergeometric function, taken from an integral along
// a path of steepest descent, in about ten microseconds for each u; see [ThreeHalves.CharFunc] for its accuracy.
type ThreeHalves struct {
	Market
	V0    float64 // v0: variance today, > 0
	Kappa float64 // κ: speed of mean reversion per year and unit of variance, >= 0
	Theta float64 // θ: the level that the variance reverts to, >= 0
	Sigma float64 // σ: volatility of the variance, > 0
	Rho   float64 // ρ: correlation of asset and variance, in [−1, 1] and at most κ/σ + σ/2, so that S/F is a martingale
}

var (
	_ Characteristic = ThreeHalves{}
	_ CharVega       = ThreeHalves{}
)

// Validate returns an error that names the first parameter outside its domain.
func (m ThreeHalves) Validate() error {
	const fn = "model.ThreeHalves"
	if err := fault.First(
		m.Market.validate(fn),
		fault.Positive(fn, "V0", m.V0),
		fault.NonNegative(fn, "Kappa", m.Kappa),
		fault.NonNegative(fn, "Theta", m.Theta),
		fault.Positive(fn, "Sigma", m.Sigma),
		fault.Between(fn, "Rho", m.Rho, -1, 1),
	); err != nil {
		return err
	}
	if !(m.Rho <= m.Kappa/m.Sigma+0.5*m.Sigma) {
		return fault.Arg(fn, "Rho", m.Rho, "at most Kappa/Sigma + Sigma/2, or the forward is no martingale")
	}
	return nil
}

// scale returns z = 2/(σ²y) and its logarithm, y = v0·(e^(κθt) − 1)/(κθ).
func (m *ThreeHalves) scale(t float64) (z, logZ float64) {
	x := m.Kappa * m.Theta * t
	logZ = math.Log(2 / (m.Sigma * m.Sigma * m.V0 * t))
	switch {
	case x > 1:
		logZ += math.Log(x) - x - math.Log1p(-math.Exp(-x))
	case x > 0:
		logZ -= math.Log(math.Expm1(x) / x)
	}
	return math.Exp(logZ), logZ
}

// integral returns ln φ(u), and ∂φ/∂ln z over φ.
//
// With h = ½ + κ/σ² − iρu/σ, δ = √(h² + (u²+iu)/σ²), α = δ − h and c = δ + h, Carr and Sun's formula is
//
//	φ = Γ(c+1)/Γ(1+2δ)·z^α·1F1(α; 1+2δ; −z) = 1/Γ(α)·∫ x^(α−1)·g(x) dx,   g(x) = e^(−x)·(1−x/z)^c,  x from 0 to z,
//
// by Kummer's integral. After n integrations by parts it is 1/Γ(α+n)·∫x^(α+n−1)·(−1)^n·g⁽ⁿ⁾(x) dx, which has no pole at α = 0 and is
// defined for Re α > −n. In the variable w = ln(x/(z−x)) the integrand is analytic for |Im w| < π and dies out on both sides, so that
// the trapezoidal rule converges exponentially, along the line through the saddle point of x^(α+n)·g without
// cancellation: the integrand has its size there.
func (m *ThreeHalves) integral(u complex128, z, logZ float64) (ln, slope complex128) {
	if u == 0 || u == -1i {
		return 0, 0
	}
	s := m.Sigma
	h := complex(0.5+m.Kappa/(s*s), 0) - timesI(u)*complex(m.Rho/s, 0)
	over := u * (u + 1i) / complex(s*s, 0)
	delta := cmplx.Sqrt(h*h + over)
	c := delta + h
	alpha := delta - h
	if real(h)*real(delta)+imag(h)*imag(delta) > 0 {
		alpha = over / c
	} else {
		c = over / alpha
	}
	if cmplx.IsNaN(delta) {
		return cmplx.NaN(), cmplx.NaN()
	}
	if z < 1e-17 { // the hypergeometric function is 1
		lz := complex(logZ, 0)
		return alpha*lz + special.LogGamma(c+1) - special.LogGamma(1+2*delta), alpha
	}
	// The integrand falls as e^(Re(α+n)·w) on the left and, besides e^(−x), as e^(−Re(c+1−n)·w) on the right.
	n := max(1, int(math.Ceil(4-math.Max(real(alpha), -100))))
	left, right := real(alpha)+float64(n), real(c)+1-float64(n)
	for n > 1 && (right < 0.25 || z < 50 && right+1 <= left) {
		n, left, right = n-1, left-1, right+1
	}
	if !(math.Min(left, right) > 0.02) {
		return cmplx.NaN(), cmplx.NaN()
	}
	a := alpha + complex(float64(n), 0)

	// The saddle: a(1−p) − cp − zp(1−p) = 0 for p = x/z.
	zc := complex(z, 0)
	sum := a + c + zc
	root := cmplx.Sqrt(sum*sum - 4*zc*a)
	if real(sum)*real(root)+imag(sum)*imag(root) < 0 {
		root = -root
	}
	p := 2 * a / (sum + root)
	q := 1 - p
	ws := cmplx.Log(p / q)
	// The exponent falls from there as curvature·r²/2, a + c + z(1−2p) being the root. The path leaves in the direction of steepest
	// descent, and bends back so that it stays in the strip and, where x is large, near the real axis:
	//
	//	w = ws + r − far·(e^(−r) − 1) − i·tilt·bend·tanh(r/bend),
	//
	// the exponential making short work of the tail e^(aw) on the left.
	curvature := p * q * root
	tilt := math.Tan(0.5 * cmplx.Phase(curvature))
	bend := 1.2
	if tilt != 0 {
		bend = math.Min(bend, math.Max(0.85*math.Pi-math.Abs(imag(ws)), 0.1)/math.Abs(tilt))
	}
	far := 0.2 / (1 + cmplx.Abs(a))
	step := math.Min(0.17, 0.45/math.Sqrt(cmplx.Abs(curvature)*(1+tilt*tilt)))

	// term adds the integrand over its size at the saddle, and returns its own.
	var value, other complex128
	top := a*(complex(logZ, 0)+cmplx.Log(p)) + c*cmplx.Log(q) - zc*p
	term := func(r float64) float64 {
		tanh := math.Tanh(r / bend)
		fall := far * math.Exp(-r)
		w := ws + complex(r-fall+far, -tilt*bend*tanh)
		// e^(−w), p = 1/(1+e^(−w)) and l = −ln p
		size := math.Exp(-real(w))
		sin, cos := math.Sincos(imag(w))
		er, ei := size*cos, -size*sin
		square := er*(2+er) + ei*ei // |1+e|²−1
		l := complex(0.5*math.Log1p(square), math.Atan2(ei, 1+er))
		over := 1 / (1 + square)
		pr, pi := (1+er)*over, -ei*over
		rest := complex(er*pr-ei*pi, er*pi+ei*pr)
		x := a*(complex(logZ, 0)-l) - c*(w+l) - complex(z*pr, z*pi) - top
		size = math.Exp(real(x))
		sin, cos = math.Sincos(imag(x))
		f := complex(size*cos, size*sin) * complex(1+fall, -tilt*(1-tanh*tanh))
		ir, ii := quotient(1/z, 0, real(rest), imag(rest))
		inv := complex(ir, ii)
		g := f * rest * parts(n, c, inv)
		value += g
		other += f * parts(n-1, c-1, inv)
		return math.Abs(real(g)) + math.Abs(imag(g))
	}
	term(0)
	const tiny, most = 1e-18, 20000
	for _, dir := range []float64{step, -step} {
		for k := 1; k < most; k++ {
			if term(dir*float64(k)) < tiny*(1+cmplx.Abs(value)) {
				break
			}
		}
	}
	scale := complex(step, 0)
	ln = top - special.LogGamma(a) + cmplx.Log(scale*value)
	// z·∂φ/∂z = αc/z·1/Γ(α+1)·∫x^α·e^(−x)·(1−x/z)^(c−1) dx, by n−1 integrations by parts
	return ln, over / zc * other / value
}

// parts returns (−1)^n·g⁽ⁿ⁾(x)/g(x) = Σ_k C(n,k)·c(c−1)...(c−k+1)/(z−x)^k, given 1/(z−x).
func parts(n int, c, inv complex128) complex128 {
	sum, t := complex(1, 0), complex(1, 0)
	for k := range n {
		f := float64(k)
		t *= complex((float64(n)-f)/(f+1), 0) * (c - complex(f, 0)) * inv
		sum += t
	}
	return sum
}

func (m ThreeHalves) exponent(u complex128, t float64) complex128 {
	if t == 0 {
		return 0
	}
	z, logZ := m.scale(t)
	ln, _ := m.integral(u, z, logZ)
	return ln
}

// CharFunc returns φ(u), defined on the strip of finite moments. For |ρ| <= 0.99 its error is below 1e-13, and below 1e-11 of |φ|
// however small that is, at any expiry.
func (m ThreeHalves) CharFunc(u complex128, t float64) complex128 { return cmplx.Exp(m.exponent(u, t)) }

// CharFuncTo writes φ(u) to dst.
func (m ThreeHalves) CharFuncTo(dst, u []complex128, t float64) {
	if len(dst) != len(u) {
		panic("model: CharFuncTo: dst and u differ in length")
	}
	z, logZ := m.scale(t)
	for i, ui := range u {
		if t == 0 {
			dst[i] = 1
			continue
		}
		ln, _ := m.integral(ui, z, logZ)
		dst[i] = cmplx.Exp(ln)
	}
}

// CharVegaTo writes φ(u) to dst and ∂φ/∂√V0 to vega, for 0 >= Im u >= −1.
func (m ThreeHalves) CharVegaTo(dst, vega, u []complex128, t float64) {
	if len(dst) != len(u) || len(vega) != len(u) {
		panic("model: CharVegaTo: dst, vega and u differ in length")
	}
	z, logZ := m.scale(t)
	for i, ui := range u {
		if t == 0 {
			dst[i], vega[i] = 1, 0
			continue
		}
		ln, slope := m.integral(ui, z, logZ)
		f := cmplx.Exp(ln)
		dst[i], vega[i] = f, complex(-2/math.Sqrt(m.V0), 0)*slope*f
	}
}

// LogMoment returns ln E[(S_T/F_T)^p], and +Inf where that moment is infinite: then it is so at every expiry.
func (m ThreeHalves) LogMoment(p, t float64) float64 {
	switch {
	case math.IsNaN(p):
		return p
	case p == 0 || p == 1 || t == 0:
		return 0
	}
	s := m.Sigma
	h := 0.5 + m.Kappa/(s*s) - m.Rho*p/s
	if over := p * (1 - p) / (s * s); over < 0 && !(h > 0 && h*h+over >= 0) {
		return math.Inf(1)
	}
	z, logZ := m.scale(t)
	ln, _ := m.integral(complex(0, -p), z, logZ)
	if cmplx.IsNaN(ln) {
		return math.Inf(1)
	}
	return real(ln)
}

// Cumulants returns the cumulants of ln(S_T/F_T), Cauchy integrals of ln φ around zero, to about ten digits.
func (m ThreeHalves) Cumulants(t float64) Cumulants { return cauchyCumulants(m, t) }

// WithSpot returns the model with another spot.
func (m ThreeHalves) WithSpot(spot float64) ThreeHalves { m.Spot = spot; return m }
