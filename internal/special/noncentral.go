package special

import (
	"math"
	"math/cmplx"
)

// NoncentralChi2 returns the distribution function P(X <= x) and the survival function P(X > x) of the noncentral χ² law with df > 0
// degrees of freedom, df need not be whole, and noncentrality nc >= 0. The smaller tail is computed and the other one is one
// less it, so that both keep their digits: the relative error is below 4e-12 for df, nc and x up to 1e8 and tails down to 1e-287,
// and below 1e-13 where all three are below 1000 and the tail above 1e-12. Arguments outside the domain give NaN.
//
// The tail is an integral of the moment generating function, P(X > x) = (1/2πi)∫e^(−sx)·M(s)/s ds over a line that crosses the real
// axis at s > 0, and P(X <= x) its negative for s < 0. The line is bent to the path of steepest descent of e^(−sx)·M(s) (Gil,
// Segura and Temme, "Algorithm 939", ACM TOMS 40, 2014, section 2.4), scaled so that it crosses where also the pole at
// zero is paid attention to. There the trapezoidal rule converges geometrically, its step being halved until it has.
func NoncentralChi2(x, df, nc float64) (cdf, sf float64) { return NoncentralChi2Near(x-nc, x, df, nc) }

// NoncentralChi2Near is [NoncentralChi2] for a caller who knows gap = x − nc better than the difference of the two does, which
// matters where df and nc are so large that the law is narrow beside them.
func NoncentralChi2Near(gap, x, df, nc float64) (cdf, sf float64) {
	switch {
	case !(df > 0) || !(nc >= 0) || math.IsNaN(x+gap) || math.IsInf(df, 1) || math.IsInf(nc, 1):
		return math.NaN(), math.NaN()
	case x <= 0:
		return 0, 1
	case math.IsInf(x, 1):
		return 1, 0
	}
	upper := gap > df
	path := newChi2Path(gap, x, df, nc, upper)
	tail := min(path.integral(), 1)
	if upper {
		return 1 - tail, tail
	}
	return tail, 1 - tail
}

// chi2Path is the path of integration p = ½ − s = ρ(θ)·e^(iθ), ρ(θ) = γ·(μΘ + √(μ²Θ² + λx))/(2x) with Θ = θ/sin θ and μ = df/2.
type chi2Path struct {
	x, mu, nc  float64
	gap        float64 // x − nc
	s, p       float64 // where it crosses the real axis, θ = 0
	gamma      float64
	sign       float64 // of s
	width      float64 // of the integrand, in θ
	log2p      float64 // ln 2p
	rootCentre float64 // √(μ² + λx)
}

func newChi2Path(gap, x, df, nc float64, upper bool) chi2Path {
	c := chi2Path{x: x, gap: gap, mu: 0.5 * df, nc: nc, sign: -1}
	if upper {
		c.sign = 1
	}
	// The saddle of e^(−sx)·M(s)/|s|: with u = 1 − 2s, λ/u² + df/u − 2/(1−u) = x, which falls in u on either side of 1. A few
	// digits do. v is the distance |s| times two.
	slope := func(v float64) (f, d float64) {
		u := 1 - c.sign*v
		f = nc/(u*u) - x
		if v < 0.5 { // where the two all but cancel
			f = nc*c.sign*v*(1+u)/(u*u) - gap
		}
		f += df/u - c.sign*2/v
		d = -c.sign * (-2*nc/(u*u*u) - df/(u*u) - 2/(v*v))
		return f, d // both rise in sign·v
	}
	variance := 2*df + 4*nc
	delta := c.sign * (gap - df)
	v := (delta + math.Sqrt(delta*delta+4*variance)) / variance
	low, high := 0.0, math.Inf(1)
	if upper {
		high = 1
		v = min(v, 0.999)
	}
	for range 200 {
		f, d := slope(v)
		if c.sign*f > 0 {
			high = v
		} else {
			low = v
		}
		next := v - f/d
		if !(next > low && next < high) {
			if next = 0.5 * (low + high); math.IsInf(high, 1) {
				next = 2 * v
			}
		}
		done := math.Abs(next-v) < 1e-3*min(v, math.Abs(1-c.sign*v))
		v = next
		if done {
			break
		}
	}
	c.s = 0.5 * c.sign * v
	c.p = 0.5 - c.s
	u := 2 * c.p
	curvature := 4*nc/(u*u*u) + 2*df/(u*u) + 1/(c.s*c.s)
	c.width = 1 / (math.Sqrt(curvature) * c.p)
	c.rootCentre = math.Sqrt(c.mu*c.mu + nc*x)
	c.gamma = 2 * x * c.p / (c.mu + c.rootCentre)
	c.log2p = math.Log1p(-2 * c.s)
	return c
}

// at is the integrand at θ in (0, π), divided by its exponential at 0.
func (c *chi2Path) at(theta float64) moments {
	sin, cos := math.Sincos(theta)
	half := math.Sin(0.5 * theta)
	excess, slope := sincExcess(theta, sin, cos)
	big := 1 + excess // Θ
	root := math.Sqrt(c.mu*c.mu*big*big + c.nc*c.x)
	scale := c.gamma / (2 * c.x)
	wider := scale * (c.mu*excess + c.mu*c.mu*excess*(big+1)/(root+c.rootCentre)) // ρ(θ) − ρ(0)
	rho := c.p + wider
	drho := scale * slope * (c.mu + c.mu*c.mu*big/root)
	move := complex(wider*cos-2*c.p*half*half, rho*sin) // p(θ) − p(0)
	s := complex(c.s, 0) - move
	p := complex(rho*cos, rho*sin)
	turn := complex(math.Log1p(wider/c.p), theta)
	// The exponent −sx + λ/(4p) − μ·ln 2p less its value at 0. Near the pole x and λ/(4p²) all but cancel.
	quarter := p * complex(4*c.p, 0)
	e := complex(c.x, 0) - complex(c.nc, 0)/quarter
	if math.Abs(c.s) < 0.25 {
		e = complex(c.gap, 0) + complex(c.nc, 0)*(s*complex(4*c.s-2, 0)-complex(2*c.s, 0))/quarter
	}
	e = move*e - complex(c.mu, 0)*turn
	if real(e) < -750 {
		return moments{}
	}
	return moments{real(cmplx.Exp(e) / s * complex(cos, sin) * complex(rho, -drho))}
}

// sincExcess returns θ/sin θ − 1 and the derivative of θ/sin θ.
func sincExcess(theta, sin, cos float64) (excess, slope float64) {
	if theta < 0.25 {
		t := theta * theta
		excess = t * (1.0/6 + t*(7.0/360+t*(31.0/15120+t*(127.0/604800+t*(73.0/3421440+t*(1414477.0/653837184000))))))
		slope = theta * (1.0/3 + t*(7.0/90+t*(31.0/2520+t*(127.0/75600+t*(73.0/342144+t*(1414477.0/54486432000))))))
		return excess, slope
	}
	return (theta - sin) / sin, (sin - theta*cos) / (sin * sin)
}

func (c *chi2Path) integral() float64 {
	exponent := -c.s*(c.x-0.5*c.nc/c.p) - c.mu*c.log2p
	if math.Abs(c.s) < 0.25 {
		exponent = -c.s*c.gap + c.nc*c.s*c.s/c.p - c.mu*c.log2p
	}
	if exponent < -800 || !(c.p > 0) {
		return 0
	}
	centre := c.p / c.s
	sum := trapezoid(c.width, moments{0.5 * centre}, c.at)
	return c.sign * sum[0] * ExpSum(exponent, 0) / math.Pi
}

// moments are integrals, or their integrands, over one path.
type moments [3]float64

func (m *moments) add(o moments) {
	for i := range m {
		m[i] += o[i]
	}
}

// apart is the largest relative difference of one of m and o.
func (m *moments) apart(o moments) float64 {
	worst := 0.0
	for i := range m {
		if d := math.Abs(m[i] - o[i]); d > 0 || math.IsNaN(d) {
			worst = math.Max(worst, d/math.Abs(m[i]))
		}
	}
	return worst
}

// trapezoid integrates over [0, π) functions that are even, about as wide as width, and fall to zero with all their derivatives
// at π. first is half of their values at zero. The step is halved until the result does not move.
func trapezoid(width float64, first moments, f func(theta float64) moments) moments {
	if !(width > 1e-14) {
		return moments{math.NaN()}
	}
	n := int(math.Ceil(math.Pi / min(0.5*width, math.Pi/8)))
	sum := first
	sum.add(partSum(n, 1, math.Abs(first[0]), f))
	const most = 12 // halvings
	for range most {
		coarse := sum
		n *= 2
		sum.add(partSum(n, 2, math.Abs(first[0]), f))
		half := sum
		for i := range half {
			half[i] *= 0.5
		}
		if off := half.apart(coarse); off <= 1e-11 {
			// The rule converges geometrically: one more halving squares the error.
			if off > 1e-14 {
				n *= 2
				sum.add(partSum(n, 2, math.Abs(first[0]), f))
			}
			for i := range sum {
				sum[i] *= math.Pi / float64(n)
			}
			return sum
		}
	}
	return moments{math.NaN()}
}

// partSum is the sum of f at every by-th multiple of π/n from the first on, until it has vanished.
func partSum(n, by int, scale float64, f func(theta float64) moments) (sum moments) {
	small := 0
	for i := 1; i < n; i += by {
		v := f(math.Pi * float64(i) / float64(n))
		sum.add(v)
		scale = max(scale, math.Abs(v[0]))
		if math.Abs(v[0]) < 1e-21*scale {
			if small++; small > 3 {
				break
			}
		} else {
			small = 0
		}
	}
	return sum
}

// LogBesselI returns ln(e^(−z)·I_ν(z)) of the modified Bessel function of the first kind for ν >= 0 and z > 0, and its first
// and second derivative by z. The error of the first is below 1e-14·(1+|it|), the relative one of the derivatives below
// 1e-11. Arguments outside the domain give NaN, as do ν and z above 1e27.
//
// On the path of steepest descent of Schläfli's integral, w = ρ(θ)e^(iθ) with sinh ln ρ = (ν/z)·θ/sin θ, the integrand is real and
// positive (DLMF 10.32; Gil, Segura and Temme), and the derivatives are moments of (w + 1/w)/2 − 1 under it.
func LogBesselI(nu, z float64) (log, slope, curvature float64) {
	if !(nu >= 0) || !(z > 0) || math.IsInf(nu+z, 1) {
		return math.NaN(), math.NaN(), math.NaN()
	}
	if nu < 1 && z < 20 {
		return besselSeries(nu, z)
	}
	b := besselPath{nu: nu, z: z, q: nu / z}
	b.top = b.exponent(b.q, 1, 0)
	at := b.q * b.q / (1 + math.Sqrt(1+b.q*b.q)) // (w + 1/w)/2 − 1 at θ = 0
	width := 1 / math.Sqrt(math.Hypot(nu, z))
	m := trapezoid(width, moments{0.5, 0.5 * at, 0.5 * at * at}, b.at)
	slope = m[1] / m[0]
	return b.top + math.Log(m[0]/math.Pi), slope, m[2]/m[0] - slope*slope
}

type besselPath struct{ nu, z, q, top float64 }

// exponent is that of the integrand, less z, where sinh ln ρ = q.
func (b *besselPath) exponent(q, cos, half float64) float64 {
	return b.z*(q*q/(1+math.Sqrt(1+q*q))*cos-2*half*half) - b.nu*math.Asinh(q)
}

// at is the real part of the integrand at θ times 1, c and c², c = (w + 1/w)/2 − 1.
func (b *besselPath) at(theta float64) moments {
	sin, cos := math.Sincos(theta)
	half := math.Sin(0.5 * theta)
	excess, slope := sincExcess(theta, sin, cos)
	q := b.q * (1 + excess)
	e := b.exponent(q, cos, half) - b.top
	if e < -750 {
		return moments{}
	}
	v := math.Exp(e)
	root := math.Sqrt(1 + q*q)
	tilt := b.q * slope / root // ρ′/ρ
	re, im := q*q/(1+root)*cos-2*half*half, q*sin
	return moments{v, v * (re + tilt*im), v * (re*re - im*im + tilt*2*re*im)}
}

// besselSeries is LogBesselI by the power series, whose terms are positive (DLMF 10.25.2), and the second derivative by the
// differential equation.
func besselSeries(nu, z float64) (log, slope, curvature float64) {
	h := 0.25 * z * z
	term, sum, moment := 1.0, 1.0, 0.0
	for k := 1.0; k < 200; k++ {
		term *= h / (k * (k + nu))
		sum += term
		moment += 2 * k * term
		if 2*k*term < 1e-18*sum {
			break
		}
	}
	g, _ := math.Lgamma(nu + 1)
	l := (nu + moment/sum) / z
	return math.Log(sum) - z + nu*math.Log(0.5*z) - g, l - 1, 1 + (nu/z)*(nu/z) - l/z - l*l
}
