package model

import (
	"fmt"
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
)

// PiecewiseHeston is [Heston] with parameters that are constant by period: Mikhailov and Nögel, "Heston's stochastic volatility
// model: implementation, calibration and some extensions", Wilmott (July 2003); Elices, "Models with time-dependent parameters
// using transform methods: application to Heston's model" (2007). The variance is continuous across the ends of periods.
//
// The characteristic function is exact. It costs about that of [Heston] for each period up to the expiry.
type PiecewiseHeston struct {
	Market
	V0      float64        // v0: variance today, >= 0
	Periods []HestonPeriod // in rising order of Until; at least one. The caller must not change them
}

// HestonPeriod is the law of motion of [PiecewiseHeston] from the end of the period before it, or today, to Until.
type HestonPeriod struct {
	Until float64 // end of the period in years, > 0; the last period goes on beyond its end, which may be +Inf
	Kappa float64 // κ: speed of mean reversion per year, >= 0
	Theta float64 // θ: variance in the long run, >= 0
	Sigma float64 // σ: volatility of the variance, >= 0
	Rho   float64 // ρ: correlation of asset and variance, in [−1, 1]
}

var (
	_ Characteristic = PiecewiseHeston{}
	_ CharVega       = PiecewiseHeston{}
)

// Validate returns an error that names the first parameter outside its domain, those of a period as in "Periods[2].Rho".
func (m PiecewiseHeston) Validate() error {
	const fn = "model.PiecewiseHeston"
	if err := fault.First(m.Market.validate(fn), fault.NonNegative(fn, "V0", m.V0)); err != nil {
		return err
	}
	if len(m.Periods) == 0 {
		return fault.Arg(fn, "Periods", "empty", "at least one period")
	}
	last := 0.0
	for i := range m.Periods {
		p := &m.Periods[i]
		open := i == len(m.Periods)-1 && math.IsInf(p.Until, 1)
		if !(p.Until > last) || math.IsInf(p.Until, 1) && !open {
			return fault.Arg(fn, fmt.Sprintf("Periods[%d].Until", i), p.Until,
				fmt.Sprintf("after %g, and finite before the last period", last))
		}
		last = p.Until
		if err := p.check(fn); err != nil {
			bad := err.(*fault.ArgError)
			return fault.Arg(fn, fmt.Sprintf("Periods[%d].%s", i, bad.Arg), bad.Value, bad.Want)
		}
	}
	return nil
}

func (p *HestonPeriod) check(fn string) error {
	return fault.First(
		fault.NonNegative(fn, "Kappa", p.Kappa),
		fault.NonNegative(fn, "Theta", p.Theta),
		fault.NonNegative(fn, "Sigma", p.Sigma),
		fault.Between(fn, "Rho", p.Rho, -1, 1),
	)
}

// Feller returns 2κθ/σ² and whether it is at least 1, so that the variance does not reach zero in the period. Prices do not
// need it.
func (p HestonPeriod) Feller() (ratio float64, ok bool) {
	ratio = 2 * p.Kappa * p.Theta / (p.Sigma * p.Sigma)
	return ratio, ratio >= 1
}

// at returns the index of the period that holds t; a t at the end of a period belongs to that period.
func (m *PiecewiseHeston) at(t float64) int {
	for i := range m.Periods[:len(m.Periods)-1] {
		if t <= m.Periods[i].Until {
			return i
		}
	}
	return len(m.Periods) - 1
}

// length returns how long period i lasts up to t.
func (m *PiecewiseHeston) length(i int, t float64) float64 {
	end := t
	if i < len(m.Periods)-1 {
		end = math.Min(t, m.Periods[i].Until)
	}
	if i == 0 {
		return end
	}
	return end - m.Periods[i-1].Until
}

// riccatiStep is one step of the equation D' = −a/2 − ξD + σ²D²/2.
type riccatiStep struct {
	a, xi, root complex128 // root is √(ξ² + σ²a), Re >= 0
	s2          float64    // σ²
}

// riccati returns the equation of the period for ln φ = v·D + κθ·∫D.
func (p *HestonPeriod) riccati(u complex128) riccatiStep {
	s, s2 := p.Sigma, p.Sigma*p.Sigma
	return riccatiStep{
		a:  u * (u + 1i),
		xi: complex(p.Kappa, 0) - complex(p.Rho*s, 0)*timesI(u),
		root: cmplx.Sqrt(complex(p.Kappa*p.Kappa, 0) + timesI(u)*complex(s*(s-2*p.Kappa*p.Rho), 0) +
			complex(s2*(1-p.Rho)*(1+p.Rho), 0)*u*u),
		s2: s2,
	}
}

// slope returns the root (ξ−d)/σ² of the right-hand side, to which D tends.
func (r *riccatiStep) slope() complex128 {
	switch {
	case !r.forward():
		return (r.xi - r.root) / complex(r.s2, 0)
	case r.a == 0:
		return 0
	}
	return -r.a / (r.xi + r.root)
}

// forward reports whether ξ and d point the same way, so that their sum loses no digits.
func (r *riccatiStep) forward() bool {
	return real(r.xi)*real(r.root)+imag(r.xi)*imag(r.root) >= 0
}

// step returns D after a time t from the value d0, and the integral of D over that time.
//
// It is [Heston.affine] from another start: with s = (ξ−d)/σ², E = e^(−dt) and w = (1−E)/(2d)
//
//	R = 1 + σ²w(s−D0),   D = (D0(E−σ²sw) − aw)/R,   ∫D = st − 2·ln(R)/σ².
func (r *riccatiStep) step(d0 complex128, t float64) (d, integral complex128) {
	w, e := r.decay(t)
	if r.s2 < tinySquare { // linear: ξ = d = κ
		d = d0*e - r.a*w
		if r.root == 0 { // no reversion, no noise: the integral does not matter, for κθ = 0
			return d, 0
		}
		return d, 2*d0*w - r.a*(complex(t, 0)-2*w)/(2*r.root)
	}
	s2, s := complex(r.s2, 0), r.slope()
	var ratio, l complex128
	if r.forward() {
		z := s2 * w * (s - d0)
		ratio, l = 1+z, log1p(z)
	} else { // the same by the other root, −a/(ξ−d), which is near to −d/σ²
		ratio = e - w*(r.a/s+s2*d0)
		l = cmplx.Log(ratio)
	}
	if r.turns(d0) {
		l = complex(real(l), r.unwind(d0, s, e, t, imag(l)))
	}
	return (d0*(e-s2*s*w) - r.a*w) / ratio, s*complex(t, 0) - 2*l/s2
}

// decay returns w = (1−E)/(2d) and E = e^(−dt).
func (r *riccatiStep) decay(t float64) (w, e complex128) {
	if r.root == 0 {
		return complex(0.5*t, 0), 1
	}
	em1 := expm1(-r.root * complex(t, 0))
	return -em1 / (2 * r.root), 1 + em1
}

// turns reports whether R may go around zero as time passes. With g = (D0−s)/(D0−s−2d/σ²) it is R = (1−gE)/(1−g): for |g| <= 1,
// where D0 is nearer to s than to the other root, both stay in the right half plane, and the principal logarithm of R is the
// continuous one.
func (r *riccatiStep) turns(d0 complex128) bool {
	x := complex(r.s2, 0)*d0 - r.xi
	return real(x)*real(r.root)+imag(x)*imag(r.root) > 0
}

// unwind returns the continuous argument of R for |g| > 1, given the principal one. Up to the time at which |gE| = 1 it is that of
// E·(1−1/(gE))/(1−1/g), beyond that time that of 1−gE relative to its value there.
func (r *riccatiStep) unwind(d0, s, e complex128, t, principal float64) float64 {
	y := d0 - s
	b := (y - 2*r.root/complex(r.s2, 0)) / y // 1/g
	arg := -cmplx.Phase(1 - b)
	if size := cmplx.Abs(b); size <= cmplx.Abs(e) {
		arg += cmplx.Phase(1-b/e) - imag(r.root)*t
	} else {
		at := -math.Log(size) / real(r.root)
		q := b * cmplx.Exp(r.root*complex(at, 0))
		arg += cmplx.Phase(1-q) - cmplx.Phase(1-1/q) + cmplx.Phase(1-e/b) - imag(r.root)*at
	}
	if math.IsNaN(arg) {
		return principal
	}
	return principal + 2*math.Pi*math.Round((arg-principal)/(2*math.Pi))
}

// affine returns D and the sum of κθ·∫D over the periods, from the last back to today.
func (m *PiecewiseHeston) affine(u complex128, t float64) (d, sum complex128) {
	if u == 0 || u == -1i || t == 0 {
		return 0, 0
	}
	for i := m.at(t); i >= 0; i-- {
		p := &m.Periods[i]
		eq := p.riccati(u)
		var c complex128
		d, c = eq.step(d, m.length(i, t))
		sum += complex(p.Kappa*p.Theta, 0) * c
	}
	return d, sum
}

func (m PiecewiseHeston) exponent(u complex128, t float64) complex128 {
	d, sum := m.affine(u, t)
	return complex(m.V0, 0)*d + sum
}

// CharFunc returns φ(u), defined on the strip of finite moments.
func (m PiecewiseHeston) CharFunc(u complex128, t float64) complex128 {
	return cmplx.Exp(m.exponent(u, t))
}

// CharFuncTo writes φ(u) to dst, by column as [Heston.CharFuncTo] does.
func (m PiecewiseHeston) CharFuncTo(dst, u []complex128, t float64) { m.batch(dst, nil, u, t) }

// CharVegaTo writes φ(u) to dst and ∂φ/∂√V0 to vega.
func (m PiecewiseHeston) CharVegaTo(dst, vega, u []complex128, t float64) {
	if len(vega) != len(u) {
		panic("model: CharVegaTo: vega and u differ in length")
	}
	m.batch(dst, vega, u, t)
}

func (m *PiecewiseHeston) batch(dst, vega, u []complex128, t float64) {
	if len(dst) != len(u) {
		panic("model: CharFuncTo: dst and u differ in length")
	}
	var sum, d columns
	for len(u) > 0 {
		n := min(chunk, len(u))
		clear(sum.re[:n])
		clear(sum.im[:n])
		clear(d.re[:n])
		clear(d.im[:n])
		if t > 0 {
			for i := m.at(t); i >= 0; i-- {
				m.Periods[i].stepColumns(&d, &sum, u[:n], m.length(i, t))
			}
		}
		vec.AddScaled(sum.re[:n], m.V0, d.re[:n], sum.re[:n])
		vec.AddScaled(sum.im[:n], m.V0, d.im[:n], sum.im[:n])
		vec.CExp(sum.re[:n], sum.im[:n], sum.re[:n], sum.im[:n])
		scale := 2 * math.Sqrt(m.V0)
		for i := range n {
			dst[i] = complex(sum.re[i], sum.im[i])
			if vega != nil {
				vega[i] = complex(scale, 0) * complex(d.re[i], d.im[i]) * dst[i]
			}
		}
		dst, u = dst[n:], u[n:]
		if vega != nil {
			vega = vega[n:]
		}
	}
}

// stepColumns is [riccatiStep.step] by column: it moves d through the period and adds κθ·∫D to sum.
func (p *HestonPeriod) stepColumns(d, sum *columns, u []complex128, t float64) {
	n := len(u)
	s, s2 := p.Sigma, p.Sigma*p.Sigma
	kt := p.Kappa * p.Theta
	one := func(i int) {
		if u[i] == 0 || u[i] == -1i {
			return
		}
		eq := p.riccati(u[i])
		x, c := eq.step(complex(d.re[i], d.im[i]), t)
		d.re[i], d.im[i] = real(x), imag(x)
		sum.re[i] += kt * real(c)
		sum.im[i] += kt * imag(c)
	}
	if s2 < tinySquare {
		for i := range n {
			one(i)
		}
		return
	}
	kk, mix, cross := p.Kappa*p.Kappa, s*(s-2*p.Kappa*p.Rho), s2*(1-p.Rho)*(1+p.Rho)
	rs, inv2 := p.Rho*s, 2/s2
	var root, e, ratio columns
	var logs, weight [chunk]float64
	for i, ui := range u {
		x, y := real(ui), imag(ui)
		root.re[i], root.im[i] = sqrt(kk-y*mix+(x-y)*(x+y)*cross, x*mix+2*x*y*cross)
		e.re[i], e.im[i] = -root.re[i]*t, -root.im[i]*t
	}
	vec.CExp(e.re[:n], e.im[:n], e.re[:n], e.im[:n])
	for i, ui := range u {
		x, y := real(ui), imag(ui)
		dr, di := root.re[i], root.im[i]
		er, ei := e.re[i], e.im[i]
		ar, ai := x*x-y*y-y, 2*x*y+x
		xr, xj := p.Kappa+rs*y, -rs*x
		d0r, d0i := d.re[i], d.im[i]
		norm := dr*dr + di*di
		ratio.re[i], ratio.im[i], logs[i], weight[i] = 1, 0, 0, 0
		if norm*t*t < smallRoot || xr*dr+xj*di < 0 || (s2*d0r-xr)*dr+(s2*d0i-xj)*di > 0 {
			one(i) // rare: a difference to be taken with care, or an argument that may turn
			continue
		}
		if ar == 0 && ai == 0 {
			continue
		}
		wr, wi := quotient(0.5-0.5*er, -0.5*ei, dr, di)
		sr, si := quotient(-ar, -ai, xr+dr, xj+di)
		qr, qi := s2*wr, s2*wi // σ²w
		yr, yi := sr-d0r, si-d0i
		zr, zi := qr*yr-qi*yi, qr*yi+qi*yr
		fr, fi := er-(qr*sr-qi*si), ei-(qr*si+qi*sr)
		nr, ni := d0r*fr-d0i*fi-(ar*wr-ai*wi), d0r*fi+d0i*fr-(ar*wi+ai*wr)
		d.re[i], d.im[i] = quotient(nr, ni, 1+zr, zi)
		sum.re[i] += kt * sr * t
		sum.im[i] += kt * si * t
		ratio.re[i], ratio.im[i] = 1+zr, zi
		logs[i] = zr*(2+zr) + zi*zi
		weight[i] = kt * inv2
	}
	arguments(&root, &ratio, logs[:n])
	vec.Log1p(logs[:n], logs[:n])
	for i, w := range weight[:n] {
		sum.re[i] -= 0.5 * w * logs[i]
		sum.im[i] -= w * root.re[i]
	}
}

// LogMoment returns ln E[(S_T/F_T)^p], and +Inf where that moment is infinite: where D reaches infinity within a period.
func (m PiecewiseHeston) LogMoment(p, t float64) float64 {
	switch {
	case math.IsNaN(p):
		return p
	case p == 0 || p == 1 || t == 0:
		return 0
	}
	d, sum := 0.0, 0.0
	for i := m.at(t); i >= 0; i-- {
		h := &m.Periods[i]
		var c float64
		d, c = h.realStep(p, d, m.length(i, t))
		if kt := h.Kappa * h.Theta; kt > 0 {
			sum += kt * c
		}
		if math.IsInf(d, 1) {
			if m.V0 == 0 && sum == 0 { // no variance: what explodes is multiplied by zero
				return 0
			}
			return d
		}
	}
	return m.V0*d + sum
}

// realStep is [riccatiStep.step] for a moment, u = −ip, and +Inf from the explosion on: where M = e^(dt/2)·R, a cosine and a sine of
// the time if d is imaginary, has its first zero.
func (h *HestonPeriod) realStep(p, d0, t float64) (d, integral float64) {
	a, s2 := p*(1-p), h.Sigma*h.Sigma
	xi := h.Kappa - h.Rho*h.Sigma*p
	disc := xi*xi + s2*a
	g := math.Sqrt(math.Abs(disc))
	lift := xi - s2*d0
	inf := math.Inf(1)
	if disc < 0 && g*t > 1e-8 {
		if 0.5*g*t >= math.Atan2(g, -lift) {
			return inf, inf
		}
		sin, cos := math.Sincos(0.5 * g * t)
		w := sin / g
		r := cos + lift*w
		return (d0*(cos-xi*w) - a*w) / r, (xi*t - 2*math.Log(r)) / s2
	}
	eq := riccatiStep{a: complex(a, 0), xi: complex(xi, 0), s2: s2}
	if disc > 0 {
		eq.root = complex(g, 0)
	}
	w := 0.5 * t
	if g*t > 1e-8 {
		w = -math.Expm1(-g*t) / (2 * g)
	}
	if s2 >= tinySquare && 1+s2*w*(real(eq.slope())-d0) <= 0 {
		return inf, inf
	}
	x, c := eq.step(complex(d0, 0), t)
	return real(x), real(c)
}

// Cumulants returns the cumulants of ln(S_T/F_T). The mean is −E[∫v]/2 in closed form; the others are Cauchy integrals of ln φ
// around zero, to about ten digits.
func (m PiecewiseHeston) Cumulants(t float64) Cumulants {
	c := cauchyCumulants(m, t)
	v, total := m.V0, 0.0
	for i := range m.at(t) + 1 {
		p, dt := &m.Periods[i], m.length(i, t)
		f, _, _, _, _ := reversion(p.Kappa * dt)
		total += dt * (p.Theta + (v-p.Theta)*f)
		v = p.Theta + (v-p.Theta)*math.Exp(-p.Kappa*dt)
	}
	c.C1 = -0.5 * total
	return c
}

// WithSpot returns the model with another spot.
func (m PiecewiseHeston) WithSpot(spot float64) PiecewiseHeston { m.Spot = spot; return m }
