package black

import (
	"math"

	"github.com/volgaquant/volga/internal/special"
)

// The kernel of the package, in Jäckel's normalised form ("Let's Be Rational", Wilmott, January 2015, eq. 2.2): with
// x = ln(F/K), s = σ√T and β = price/√(FK),
//
//	b(x,s) = e^(x/2)Φ(x/s+s/2) − e^(−x/2)Φ(x/s−s/2).
//
// Everything is done for the out-of-the-money option, x = −ξ <= 0, in the variables a = ξ/s and t = s/2. Then the vega of b
// is v = ∂b/∂s = e^(−(a²+t²)/2)/√(2π), and with the Mills ratio M(z) = Φ(−z)/φ(z)
//
//	b          = v·(M(a−t) − M(a+t))              = v·R(a,t)
//	e^(−ξ/2)−b = v·(M(t−a) + M(t+a))   for t >= a = v·C(a,t)
//
// where e^(−ξ/2) is the value at infinite volatility. Only v carries the large exponent; R is of the size of one and is computed without
// cancellation, so that b has full relative accuracy however far out of the money.

const (
	seriesT  = 0.5 // the series of R in t serves t <= seriesT and
	seriesAT = 0.3 // a·t <= seriesAT, that is ξ <= 0.6
	slopeGap = 0.5 // beyond a−t = slopeGap the difference is taken of the slopes 1−zM(z)
	deadA    = 54  // beyond a or t = deadA the density is below the smallest subnormal even in units of 1e308
	splitH   = 690 // beyond this exponent it is kept as a product of two
)

// inSeries says whether the series serves (a,t).
func inSeries(a, t float64) bool { return t <= seriesT && a*t <= seriesAT }

// ratioSeries returns R(a,t) = 2t·Σ c_k, c_k = −M⁽²ᵏ⁺¹⁾(a)t²ᵏ/(2k+1)!, where the odd derivatives of the Mills ratio follow from
// M⁽ⁿ⁺²⁾ = (a²+2n+1)M⁽ⁿ⁾ − n(n−1)M⁽ⁿ⁻²⁾. The rest is below 1e-17 relative where inSeries holds; the error is below 6ε.
func ratioSeries(a, t float64) float64 {
	g := special.MillsSlope(a)
	p := t * t
	e := a * t
	e *= e
	pp := p * p
	// c_(k+1) = ((e+(4k+3)p)·c_k − p²·c_(k−1))/((2k+2)(2k+3)), with one more term −p/6 in c_1.
	c1 := (1.0 / 6) * ((3*p+e)*g - p)
	c2 := (1.0/20)*(7*p+e)*c1 - (1.0/20)*pp*g
	c3 := (1.0/42)*(11*p+e)*c2 - (1.0/42)*pp*c1
	c4 := (1.0/72)*(15*p+e)*c3 - (1.0/72)*pp*c2
	c5 := (1.0/110)*(19*p+e)*c4 - (1.0/110)*pp*c3
	c6 := (1.0/156)*(23*p+e)*c5 - (1.0/156)*pp*c4
	c7 := (1.0/210)*(27*p+e)*c6 - (1.0/210)*pp*c5
	tail := (c2 + c3) + (c4 + c5) + (c6 + c7)
	if t > 0.25 {
		c8 := (1.0/272)*(31*p+e)*c7 - (1.0/272)*pp*c6
		c9 := (1.0/342)*(35*p+e)*c8 - (1.0/342)*pp*c7
		c10 := (1.0/420)*(39*p+e)*c9 - (1.0/420)*pp*c8
		tail += c8 + (c9 + c10)
	}
	return 2 * t * (g + (c1 + tail))
}

// ratioDifference returns R(a,t) for 0 <= t <= a where the series does not serve.
func ratioDifference(a, t float64) float64 {
	d, u := a-t, a+t
	if d >= slopeGap {
		// M = (1−G)/z: the difference of 1/z is 2t/(a²−t²) exactly, only that of the small G is rounded.
		g, h := special.MillsSlope(d), special.MillsSlope(u)
		return (2*t - (g-h)*a - (g+h)*t) / (d * u)
	}
	return special.Mills(d) - special.Mills(u)
}

// complement returns C(a,t) for t >= a >= 0.
func complement(a, t float64) float64 { return special.Mills(t-a) + special.Mills(t+a) }

// otm is the out-of-the-money option in units of √(FK), taken apart.
type otm struct {
	a, t float64
	v, w float64 // v·w = e^(−(a²+t²)/2)/√(2π)
}

// split returns a, t and v for ξ = xh+xl >= 0 and s = sh+sl > 0. The exponent is kept with its rounding error, and so are
// those of ξ and s: a relative error ε of either would be one of a²ε in v.
func split(xh, xl, sh, sl float64) otm {
	a, t := xh/sh, 0.5*sh
	if !(a < deadA && t < deadA) {
		return otm{a: a, t: t}
	}
	al := (math.FMA(-a, sh, xh) + (xl - a*sl)) / sh
	h1, l1 := special.HalfSquare(a)
	h2, l2 := special.HalfSquare(t)
	h := h1 + h2
	bb := h - h1
	l := (h1 - (h - bb)) + (h2 - bb) + l1 + l2 + a*al + 0.5*t*sl
	v, w := gauss(h, l)
	return otm{a: a, t: t, v: v, w: w}
}

// gauss returns e^(−h−l)/√(2π) as a product v·w: w is one unless the exponent alone would underflow, for a large price scale may still
// bring the whole back into the range.
func gauss(h, l float64) (v, w float64) {
	if h < splitH {
		return special.InvSqrt2Pi * special.ExpSum(-h, -l), 1
	}
	w = special.ExpSum(-0.5*h, -0.5*l)
	return special.InvSqrt2Pi * w, w
}

// density is v in units of 1/scale.
func (o *otm) density(scale float64) float64 { return scale * o.v * o.w }

// price returns the price of the option for scale = √(FK) and most = min(F,K), its value at infinite volatility.
func (o otm) price(scale, most float64) float64 {
	switch {
	case o.v == 0:
		if o.t > o.a {
			return most
		}
		return 0
	case inSeries(o.a, o.t):
		return scale * o.v * ratioSeries(o.a, o.t) * o.w
	case o.t < o.a:
		return scale * o.v * ratioDifference(o.a, o.t) * o.w
	}
	return most - scale*o.v*complement(o.a, o.t)*o.w
}

// NormalisedPrice returns the normalised Black price b(x,s) = e^(x/2)Φ(x/s+s/2) − e^(−x/2)Φ(x/s−s/2) of a call of log-moneyness
// x = ln(F/K) and total volatility s = σ√T: the undiscounted call is √(FK)·b(x,s), the put √(FK)·b(−x,s). For x <= 0 the relative error
// is below 2e-15 wherever b is a normal double. b(x,0) is the intrinsic value max(2·sinh(x/2), 0) and b(x,+Inf) is e^(x/2). A
// negative s or a NaN gives NaN.
//
// Source: Jäckel, "Let's Be Rational", 2015, eq. (2.2).
func NormalisedPrice(x, s float64) float64 {
	if !(s >= 0) || math.IsNaN(x) {
		return math.NaN()
	}
	xi := math.Abs(x)
	most := special.ExpSum(-0.5*xi, 0)
	u := 0.0
	switch {
	case math.IsInf(s, 1):
		u = most
	case s > 0 && !math.IsInf(x, 0):
		u = split(xi, 0, s, 0).price(1, most)
	}
	if x > 0 {
		u += 2 * math.Sinh(0.5*x)
	}
	return u
}

// geometric returns √(ab) without leaving the range on the way.
func geometric(a, b float64) float64 {
	if p := a * b; p > 1e-290 && p < math.MaxFloat64 {
		return math.Sqrt(p)
	}
	return math.Sqrt(a) * math.Sqrt(b)
}

// totalVol returns σ√T and its rounding error.
func totalVol(vol, tau float64) (hi, lo float64) {
	if tau == 0 || vol == 0 {
		return 0, 0
	}
	r := math.Sqrt(tau)
	s := vol * r
	if !(s > 1e-290 && s < 1e290) {
		return s, 0
	}
	return s, math.FMA(vol, r, -s) + vol*math.FMA(-r, r, tau)/(2*r)
}
