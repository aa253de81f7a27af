package calibrate

import (
	"fmt"
	"math"
	"sync"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing/model"
)

// SABRSmile is the volatilities of one expiry by strike, as the expansion of the model quotes them: Black volatilities of the
// raised forward and strike, or normal ones under [model.HaganNormal].
type SABRSmile struct {
	Expiry float64   // years, > 0
	Strike []float64 // above −Shift; in any order
	Vol    []float64 // > 0
	Weight []float64 // multiplies residuals, > 0; nil means 1
	// AtTheMoney is the volatility at the forward, which the fit passes through. 0 means that of a quote whose strike is the
	// forward, and if there is none that α is fitted as ν and ρ are.
	AtTheMoney float64
}

// SABRSettings say how [SABR] fits. The zero value is ready.
type SABRSettings struct {
	Tolerance     float64 // the last step of ρ and of ν, relative to the larger of ν and 0.01; 0 means 1e-7
	MaxIterations int     // 0 means 100
}

// SABRReport is what is known at the end of a fit.
type SABRReport struct {
	RMS        float64 // root of the mean squared weighted residual
	Worst      int     // the quote that is missed by most
	WorstError float64 // by what, model less quote
	Iterations int
	Status     Status
	// Standard errors, if the quotes err independently with one variance: NaN if there are no more quotes than parameters fitted.
	StdErrAlpha, StdErrNu, StdErrRho float64
}

// SABR fits α, ν and ρ to a smile by least squares; β, the shift, the expansion and the market are those of start. With a
// volatility at the money α is the root of the cubic that the expansion is there, so that the smile passes through it for every
// ν and ρ: West, "Calibration of the SABR model in illiquid markets", Applied Mathematical Finance 12 (2005), eq. (5). Steps are
// Levenberg and Marquardt's, with the analytic Jacobian. It allocates nothing.
//
// If start has neither ν nor ρ, they are guessed from slope and curvature of the quotes by the expansion for small
// log-moneyness, Hagan et al. (2002) eq. (3.1a).
//
// The model is the best that was found also where the error is an [ErrNotConverged]. Quotes that make no sense are a
// [fault.ArgError] that names them.
func SABR(smile SABRSmile, start model.SABR, s SABRSettings) (model.SABR, SABRReport, error) {
	f := sabrFits.Get().(*sabrFit)
	defer sabrFits.Put(f)
	if err := f.prepare(&smile, &start, s); err != nil {
		return start, SABRReport{}, err
	}
	report := f.run()
	start.Alpha, start.Rho, start.Nu = f.alpha, f.x[0], f.x[1]
	if report.Status != Converged {
		return start, report, fmt.Errorf("%s: expiry %g: %w (%v after %d iterations): worst is strike %g, missed by %.3g", sabrName, smile.Expiry,
			ErrNotConverged, report.Status, report.Iterations, smile.Strike[report.Worst], report.WorstError)
	}
	return start, report, nil
}

const sabrName = "calibrate.SABR"

// sabrFit is the workspace of a fit. The parameters x are ρ, ν and, if it is not a function of those, α.
type sabrFit struct {
	beta, years, tol float64
	most             int
	normal           bool
	exact            bool    // α follows from the volatility at the money
	atTheMoney, unit float64 // that volatility, in units in which the cubic begins with α/unit; unit = (F+b)^(1−β)
	x                [3]float64
	free             int
	alpha            float64
	byRho, byNu      float64 // of α

	// By quote: the volatility is α·lead·g(z)·(1+ht) with z = ν/α·reach, inv = (fk)^(−(1−β)/2).
	lead, reach, inv, vol, weight []float64
	z, root, side, logs           []float64
	r, jac                        [2][]float64 // at the best point and at a trial; Jacobians by column
	buf                           []float64
}

var sabrFits = sync.Pool{New: func() any { return new(sabrFit) }}

func (f *sabrFit) prepare(q *SABRSmile, m *model.SABR, s SABRSettings) error {
	const fn = sabrName
	n := len(q.Strike)
	at := func(name string, i int) string { return fmt.Sprintf("%s[%d] at expiry %g", name, i, q.Expiry) }
	forward := m.Forward(q.Expiry) + m.Shift
	switch {
	case !(q.Expiry > 0) || math.IsInf(q.Expiry, 1):
		return fault.Arg(fn, "Expiry", q.Expiry, "finite and > 0")
	case !(forward > 0) || math.IsInf(forward, 1):
		return fault.Arg(fn, fmt.Sprintf("forward plus Shift at expiry %g", q.Expiry), forward, "finite and > 0")
	case !(m.Beta >= 0 && m.Beta <= 1):
		return fault.Arg(fn, "Beta", m.Beta, "in [0, 1]")
	case m.Expansion < model.HaganLognormal || m.Expansion > model.HaganNormal:
		return fault.Arg(fn, "Expansion", int8(m.Expansion), "an expansion of the model")
	case !(s.Tolerance >= 0) || s.MaxIterations < 0:
		return fault.Arg(fn, "settings", s, "not negative")
	case len(q.Vol) != n:
		return fault.Arg(fn, fmt.Sprintf("length of Vol at expiry %g", q.Expiry), len(q.Vol), fmt.Sprintf("%d, as many as strikes", n))
	case q.Weight != nil && len(q.Weight) != n:
		return fault.Arg(fn, fmt.Sprintf("length of Weight at expiry %g", q.Expiry), len(q.Weight), fmt.Sprintf("%d, as many as strikes", n))
	case !(q.AtTheMoney >= 0) || math.IsInf(q.AtTheMoney, 1):
		return fault.Arg(fn, fmt.Sprintf("AtTheMoney at expiry %g", q.Expiry), q.AtTheMoney, "finite, > 0, or 0 for none")
	}
	f.grow(n)
	f.beta, f.years, f.normal = m.Beta, q.Expiry, m.Expansion == model.HaganNormal
	f.tol, f.most = s.Tolerance, s.MaxIterations
	if f.tol == 0 {
		f.tol = 1e-7
	}
	if f.most == 0 {
		f.most = 100
	}
	f.atTheMoney = q.AtTheMoney
	apart, others := false, 0 // quotes at two strikes; quotes that are not at the forward
	for i, k := range q.Strike {
		raised := k + m.Shift
		if !(raised > 0) || math.IsInf(raised, 1) {
			return fault.Arg(fn, at("Strike", i), k, "finite and above −Shift")
		}
		if v := q.Vol[i]; !(v > 0) || math.IsInf(v, 1) {
			return fault.Arg(fn, at("Vol", i), v, "finite and > 0")
		}
		f.weight[i] = 1
		if q.Weight != nil {
			if f.weight[i] = q.Weight[i]; !(f.weight[i] > 0) || math.IsInf(f.weight[i], 1) {
				return fault.Arg(fn, at("Weight", i), f.weight[i], "finite and > 0")
			}
		}
		apart = apart || k != q.Strike[0]
		if math.Abs(raised-forward) > 1e-12*forward {
			others++
		} else if f.atTheMoney == 0 {
			f.atTheMoney = q.Vol[i]
		}
		f.logs[i] = raised
	}
	f.exact = f.atTheMoney > 0
	f.free = 3
	if f.exact {
		f.free = 2
	}
	if n > 0 && !apart && !f.exact || n > 1 && !apart {
		return fault.Arg(fn, fmt.Sprintf("Strike at expiry %g", q.Expiry), q.Strike[0], "not the same for all quotes")
	}
	if others < f.free {
		return fault.Arg(fn, fmt.Sprintf("quotes away from the forward at expiry %g", q.Expiry), others, fmt.Sprintf("at least %d", f.free))
	}
	copy(f.vol, q.Vol)
	f.shape(forward, m.Expansion)
	f.x = [3]float64{m.Rho, m.Nu, m.Alpha}
	if m.Rho == 0 && m.Nu == 0 {
		f.guess(forward)
	}
	f.x[0], f.x[1] = math.Min(math.Max(f.x[0], -mostRho), mostRho), math.Min(math.Max(f.x[1], 0), mostNu)
	if !(f.x[2] > 0) {
		f.x[2] = f.middle() * f.unit
		if f.normal {
			f.x[2] /= forward
		}
	}
	if math.IsNaN(f.x[0] + f.x[1]) {
		return fault.Arg(fn, "Rho and Nu of the start", [2]float64{m.Rho, m.Nu}, "numbers")
	}
	return nil
}

// The box of the parameters.
const (
	mostRho = 0.99999
	mostNu  = 1e3
)

func (f *sabrFit) grow(n int) {
	if cap(f.buf) < 17*n {
		f.buf = make([]float64, 17*n)
	}
	buf := f.buf
	for _, s := range []*[]float64{&f.lead, &f.reach, &f.inv, &f.vol, &f.weight, &f.z, &f.root, &f.side, &f.logs, &f.r[0], &f.r[1]} {
		*s, buf = buf[:n:n], buf[n:]
	}
	f.jac[0], f.jac[1] = buf[:3*n:3*n], buf[3*n:6*n]
}

// shape computes what does not depend on the parameters fitted. On entry logs has the raised strikes.
func (f *sabrFit) shape(forward float64, expansion model.SABRExpansion) {
	e := 1 - f.beta
	logF := math.Log(forward)
	f.unit = math.Exp(e * logF)
	if f.normal {
		for i, k := range f.logs {
			f.side[i] = math.Sqrt(k * forward)
		}
		f.atTheMoney /= forward
	}
	vec.Log(f.logs, f.logs)
	for i, lk := range f.logs {
		f.inv[i] = -0.5 * e * (logF + lk)
	}
	vec.Exp(f.inv, f.inv)
	for i, lk := range f.logs {
		l, inv := logF-lk, f.inv[i]
		el := e * l
		f.lead[i], f.reach[i] = inv/wings(el), l/inv
		switch expansion {
		case model.Obloj:
			arc := 1.0 // (f^(1−β) − k^(1−β))/((1−β)L)
			if el != 0 {
				arc = math.Expm1(el) / el
			}
			arc *= f.unit * math.Exp(-el)
			f.lead[i], f.reach[i] = 1/arc, arc*l
		case model.HaganNormal:
			f.lead[i] *= f.side[i] * wings(l)
		}
	}
}

// wings is 1 + x²/24 + x⁴/1920.
func wings(x float64) float64 { x *= x; return 1 + x*(1.0/24+x/1920) }

// middle is the volatility at the money, or the nearest to it.
func (f *sabrFit) middle() float64 {
	if f.exact {
		return f.atTheMoney
	}
	best := 0
	for i := range f.reach {
		if math.Abs(f.reach[i]*f.inv[i]) < math.Abs(f.reach[best]*f.inv[best]) {
			best = i
		}
	}
	return f.vol[best]
}

// guess fits 1 + b₁L + b₂L², L = ln(K/F), to the volatilities over that at the money.
func (f *sabrFit) guess(forward float64) {
	e, middle := 1-f.beta, f.middle()
	var s [5]float64
	var t [3]float64
	for i, reach := range f.reach {
		l, y := -reach*f.inv[i], f.vol[i]/middle
		if f.normal { // lognormal, nearly
			y = f.vol[i] / (middle * forward) * math.Exp(-0.5*l)
			if !f.exact {
				y = f.vol[i] / middle * math.Exp(-0.5*l)
			}
		}
		p, w := 1.0, f.weight[i]*f.weight[i]/(1+4*l*l)
		for j := range s {
			s[j] += w * p
			if j < 3 {
				t[j] += w * p * y
			}
			p *= l
		}
	}
	b0, b1, b2 := 1.0, 0.0, 0.0
	d0, d1, d2 := s[2]*s[4]-s[3]*s[3], s[1]*s[4]-s[2]*s[3], s[1]*s[3]-s[2]*s[2]
	det := s[0]*d0 - s[1]*d1 + s[2]*d2
	if det > 1e-12*s[0]*s[2]*s[4] {
		b0 = (t[0]*d0 - s[1]*(t[1]*s[4]-t[2]*s[3]) + s[2]*(t[1]*s[3]-t[2]*s[2])) / det
		b1 = (s[0]*(t[1]*s[4]-t[2]*s[3]) - t[0]*d1 + s[2]*(s[1]*t[2]-s[2]*t[1])) / det
		b2 = (s[0]*(s[2]*t[2]-s[3]*t[1]) - s[1]*(s[1]*t[2]-s[2]*t[1]) + t[0]*d2) / det
		if b0 > 0 {
			b1, b2 = b1/b0, b2/b0
		}
	}
	// With λ = ν(F+b)^(1−β)/α: b₁ = −(e − ρλ)/2 and b₂ = (e² + (2−3ρ²)λ²)/12.
	skew := 2*b1 + e
	lambda := math.Sqrt(math.Max(0.5*(12*b2-e*e+3*skew*skew), 0.04))
	rho := math.Min(math.Max(skew/lambda, -0.9), 0.9)
	f.x[0], f.x[1] = rho, math.Min(lambda*middle, 3/math.Sqrt(f.years))
	if f.normal && !f.exact {
		f.x[1] = math.Min(lambda*middle/forward, 3/math.Sqrt(f.years))
	}
}

// solveAlpha finds α from the volatility at the money, with its derivatives: a = α/unit is the least positive root of
//
//	A·a³ + B·a² + C·a = σ,   A = hT, B = ρβνT/4, C = 1 + (2−3ρ²)ν²T/24,
//
// to which Newton's steps from σ/C go without overshooting where the cubic is monotone. It reports false if there is none.
func (f *sabrFit) solveAlpha(rho, nu float64) bool {
	t, sigma := f.years, f.atTheMoney
	a3 := f.curve() * t
	a2 := 0.25 * rho * f.beta * nu * t
	a1 := 1 + (2-3*rho*rho)/24*nu*nu*t
	a := sigma / a1
	if !(a1 > 0) {
		a = sigma
	}
	slope := 0.0
	for range 60 {
		slope = a1 + a*(2*a2+3*a3*a)
		step := (a*(a1+a*(a2+a3*a)) - sigma) / slope
		a -= step
		if math.Abs(step) <= 1e-9*a { // the error is squared once more
			slope = a1 + a*(2*a2+3*a3*a)
			if !(slope > 0) {
				return false
			}
			f.alpha = a * f.unit
			f.byRho = -f.unit * a * (a*0.25*f.beta*nu*t - 0.25*rho*nu*nu*t) / slope
			f.byNu = -f.unit * a * (a*0.25*rho*f.beta*t + (2-3*rho*rho)/12*nu*t) / slope
			return true
		}
		if !(a > 0) {
			return false
		}
	}
	return false
}

// curve is the coefficient of (α·inv)² in h.
func (f *sabrFit) curve() float64 {
	if f.normal {
		return -f.beta * (2 - f.beta) / 24
	}
	return (1 - f.beta) * (1 - f.beta) / 24
}

// evaluate computes residuals and derivatives at x into set, and half the sum of squares: +Inf outside the domain.
func (f *sabrFit) evaluate(x [3]float64, set int) float64 {
	rho, nu, t := x[0], x[1], f.years
	f.alpha = x[2]
	if f.exact && !f.solveAlpha(rho, nu) {
		return math.Inf(1)
	}
	alpha := f.alpha
	n := len(f.vol)
	speed := nu / alpha
	// x(z) is odd under a change of sign of z and ρ: |z| and ρ' = ±ρ leave nothing to cancel.
	z, root, side, logs := f.z[:n], f.root[:n], f.side[:n], f.logs[:n]
	for i, reach := range f.reach[:n] {
		v, p := speed*reach, rho
		side[i] = 1
		if v < 0 {
			v, p, side[i] = -v, -rho, -1
		}
		r := math.Sqrt(1 + v*(v-2*p))
		z[i], root[i] = v, r
		logs[i] = v * (v - 2*p + r + 1) / ((r + 1) * (1 - p))
	}
	vec.Log1p(logs, logs)
	r := f.r[set][:n]
	byRho, byNu, byAlpha := f.jac[set][:n], f.jac[set][n:2*n], f.jac[set][2*n:3*n]
	constant := (2 - 3*rho*rho) / 24 * nu * nu
	curve, cross := f.curve(), 0.25*rho*f.beta*nu
	cost := 0.0
	for i, v := range z {
		p, rt := side[i]*rho, root[i]
		var g, gz, gp float64
		if v < 1e-5 {
			c := (2 - 3*p*p) / 6
			g, gz, gp = 1+v*(-0.5*p+0.5*c*v), -0.5*p+c*v, -0.5*v*(1+p*v)
		} else {
			inv := 1 / logs[i]
			g = v * inv
			gz = (1 - g/rt) * inv
			xp := v * ((v-2*p)/(rt+1) + 1 - (1-p)/rt) / ((1 - p) * (rt + v - p))
			gp = -g * xp * inv
		}
		gz, gp = side[i]*gz, side[i]*gp
		unit := alpha * f.inv[i]
		h := 1 + t*(unit*(curve*unit+cross)+constant)
		lead, w := f.lead[i], f.weight[i]
		al := alpha * lead
		r[i] = w * (al*g*h - f.vol[i])
		cost += r[i] * r[i]
		zs := side[i] * v
		dRho := al * (gp*h + g*t*(0.25*f.beta*nu*unit-0.25*rho*nu*nu))
		dNu := al * (gz*f.reach[i]/alpha*h + g*t*(0.25*rho*f.beta*unit+(2-3*rho*rho)/12*nu))
		dAlpha := lead * (g*h - gz*zs*h + g*t*unit*(2*curve*unit+cross))
		if f.exact {
			dRho += dAlpha * f.byRho
			dNu += dAlpha * f.byNu
		}
		byRho[i], byNu[i], byAlpha[i] = w*dRho, w*dNu, w*dAlpha
	}
	if !(cost <= math.MaxFloat64) {
		return math.Inf(1)
	}
	return 0.5 * cost
}

// normal3 is a symmetric system of up to three equations.
type normal3 struct {
	a [3][3]float64
	g [3]float64
}

// normalEquations returns JᵀJ and Jᵀr.
func (f *sabrFit) normalEquations(set int) (e normal3) {
	n := len(f.vol)
	r := f.r[set][:n]
	for j := range f.free {
		cj := f.jac[set][j*n : (j+1)*n]
		for i, v := range cj {
			e.g[j] += v * r[i]
		}
		for k := range j + 1 {
			sum := 0.0
			for i, v := range f.jac[set][k*n : (k+1)*n] {
				sum += v * cj[i]
			}
			e.a[j][k], e.a[k][j] = sum, sum
		}
	}
	return e
}

// solve solves (A + μ·diag A)·p = −g for the parameters that are not held, by Cholesky's method.
func (e *normal3) solve(mu float64, n int, held [3]bool) (p [3]float64, ok bool) {
	a, b := e.a, e.g
	for j := range n {
		if held[j] {
			for k := range n {
				a[j][k], a[k][j] = 0, 0
			}
			a[j][j], b[j] = 1, 0
			continue
		}
		a[j][j] *= 1 + mu
	}
	for j := range n {
		for k := range j {
			a[j][j] -= a[j][k] * a[j][k]
		}
		if !(a[j][j] > 0) {
			return p, false
		}
		a[j][j] = math.Sqrt(a[j][j])
		for i := j + 1; i < n; i++ {
			for k := range j {
				a[i][j] -= a[i][k] * a[j][k]
			}
			a[i][j] /= a[j][j]
		}
	}
	for j := range n {
		p[j] = -b[j]
		for k := range j {
			p[j] -= a[j][k] * p[k]
		}
		p[j] /= a[j][j]
	}
	for j := n - 1; j >= 0; j-- {
		for k := j + 1; k < n; k++ {
			p[j] -= a[k][j] * p[k]
		}
		p[j] /= a[j][j]
	}
	return p, true
}

// run takes steps until they are small, and leaves the parameters in x and alpha.
func (f *sabrFit) run() (report SABRReport) {
	lower, upper := [3]float64{-mostRho, 0, 0}, [3]float64{mostRho, mostNu, math.Inf(1)}
	at := 0
	cost := f.evaluate(f.x, at)
	for math.IsInf(cost, 1) && f.x[1] > 1e-6 { // a start that the volatility at the money has no root for
		f.x[1] *= 0.5
		cost = f.evaluate(f.x, at)
	}
	report.Status = Exhausted
	mu, grow := 1e-6, 4.0
	e := f.normalEquations(at)
	for report.Iterations < f.most {
		report.Iterations++
		var held [3]bool
		for j := range f.free {
			held[j] = f.x[j] <= lower[j] && e.g[j] > 0 || f.x[j] >= upper[j] && e.g[j] < 0 || !(e.a[j][j] > 0)
		}
		p, ok := e.solve(mu, f.free, held)
		next := f.x
		size, predicted := 0.0, 0.0
		for j := range f.free {
			next[j] = math.Min(math.Max(f.x[j]+p[j], lower[j]), upper[j])
			if j == 2 {
				next[j] = math.Max(next[j], 0.1*f.x[j])
			}
			p[j] = next[j] - f.x[j]
			scale := 1.0
			if j > 0 {
				scale = math.Max(math.Abs(f.x[j]), 0.01)
			}
			if j == 2 {
				scale = f.x[j]
			}
			size = math.Max(size, math.Abs(p[j])/scale)
			predicted -= p[j] * e.g[j]
		}
		for j := range f.free {
			for k := range f.free {
				predicted -= 0.5 * p[j] * e.a[j][k] * p[k]
			}
		}
		if ok && (size <= f.tol && mu < 1 || predicted <= 4*epsilon*cost) {
			report.Status = Converged
			if ok { // the last step is taken without another evaluation
				f.x = next
				n := len(f.vol)
				for i := range n {
					for j := range f.free {
						f.r[at][i] += f.jac[at][j*n+i] * p[j]
					}
				}
				cost -= predicted
			}
			break
		}
		trial := f.evaluate(next, 1-at)
		gain := (cost - trial) / predicted
		if !ok || !(gain > 1e-4) {
			if mu > 1e20 {
				report.Status = Stalled
				if math.Abs(cost-trial) <= 1e-12*cost {
					report.Status = Converged
				}
				break
			}
			mu = math.Max(mu, 1e-3) * grow
			grow *= 2
			continue
		}
		f.x, cost, at = next, trial, 1-at
		e = f.normalEquations(at)
		mu, grow = mu*0.1, 4
	}
	f.finish(&report, at, cost, e)
	return report
}

// finish recovers α at the best point and fills the report.
func (f *sabrFit) finish(report *SABRReport, at int, cost float64, e normal3) {
	n := len(f.vol)
	f.alpha = f.x[2]
	if f.exact && !f.solveAlpha(f.x[0], f.x[1]) {
		report.Status = Stalled
	}
	report.RMS = math.Sqrt(2 * math.Max(cost, 0) / float64(n))
	for i, v := range f.r[at][:n] {
		if math.Abs(v) > math.Abs(f.r[at][report.Worst]) {
			report.Worst = i
		}
	}
	report.WorstError = f.r[at][report.Worst] / f.weight[report.Worst]
	variance := 2 * math.Max(cost, 0) / float64(n-f.free)
	if n <= f.free {
		variance = math.NaN()
	}
	// Column j of the inverse solves for −e_j.
	var inverse [3][3]float64
	for j := range f.free {
		unit := e
		unit.g = [3]float64{}
		unit.g[j] = -1
		column, ok := unit.solve(0, f.free, [3]bool{})
		if !ok {
			variance = math.NaN()
		}
		inverse[j] = column
	}
	report.StdErrRho, report.StdErrNu = math.Sqrt(variance*inverse[0][0]), math.Sqrt(variance*inverse[1][1])
	report.StdErrAlpha = math.Sqrt(variance * inverse[2][2])
	if f.exact {
		v := f.byRho*f.byRho*inverse[0][0] + 2*f.byRho*f.byNu*inverse[0][1] + f.byNu*f.byNu*inverse[1][1]
		report.StdErrAlpha = math.Sqrt(variance * v)
	}
}
