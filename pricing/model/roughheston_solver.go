package model

import (
	"math"
	"math/cmplx"
	"sync"
)

// The fractional Riccati equation D^α h = F(h) = −a/2 + bh + ν²h²/2, α in (½, 1], h(0) = 0, is the integral equation
//
//	h(t) = 1/Γ(α)·∫(t−s)^(α−1)·F(h(s)) ds,  s from 0 to t.
//
// Near zero h is a power series in t^α (Callegaro, Grasselli and Pagès, "Fast hybrid schemes for fractional Riccati equations",
// Mathematics of Operations Research 46 (2021)), which is taken up to a time t1 well inside its radius of convergence. From
// there on the time is cut into panels that double, [t1, 2t1], [2t1, 4t1], ... up to the expiry, and F is a polynomial through
// the Gauss-Legendre points of each. The doubling panels resolve the layer at zero for every u, and because they are all
// alike the weights of the integrals, the only costly part, depend on α alone.

const (
	roughPoints = 12 // of each panel
	roughTerms  = 28 // of the power series
	roughLevels = 64 // panels at most: a layer of a 2^64th part of the expiry
	// seriesReach is the share of its radius of convergence up to which the series is used: its 28th power is 2e-15.
	seriesReach = 0.3
)

// roughSpace holds the weights for one α, and a solution.
type roughSpace struct {
	alpha float64
	built int // panels that there are weights for

	node, weight [roughPoints]float64              // Gauss-Legendre on [0, 1]
	bary         [roughPoints]float64              // barycentric weights of the nodes
	de           [deCount]deNode                   // double exponential rule on [0, 1]
	gain         [roughTerms]float64               // Γ(nα+1)/Γ((n+1)α+1)
	scale        [roughLevels + 1]float64          // 2^(kα)
	nodeUp       [roughPoints]float64              // (1+x)^α at the nodes
	own          [roughPoints][roughPoints]float64 // ∫ over a panel of length 1 from its start to a node
	// cross[k] is the integral over the panel [1, 2] at the nodes of the panel [2^k, 2^(k+1)].
	cross [roughLevels][roughPoints][roughPoints]float64
	// first[k] is the integral of s^(nα) over [0, 1] at those nodes.
	first [roughLevels][roughPoints][roughTerms]float64

	// The solution: the number of panels, the end of the series, and its terms at that end.
	panels             int
	start              float64
	hSeries, fSeries   [roughTerms]complex128
	h, f               [roughLevels][roughPoints]complex128
	fRe, fIm           [roughLevels * roughPoints]float64 // f times 2^(kα)
	jacobian           [roughPoints][roughPoints]complex128
	inverse            [roughPoints]complex128 // of the pivots
	pivot              [roughPoints]int
	history, step      [roughPoints]complex128
	approximation      rational
	curve              ForwardVariance
	curveTime          float64
	curveLevels        int
	curveWeight        [roughLevels][roughPoints]float64 // of the nodes of the panel that ends at 2^(−k) of the expiry
	curveFirst         [roughLevels + 1][roughTerms]float64
	curveFirstComputed [roughLevels + 1]bool
}

var roughSpaces = sync.Pool{New: func() any {
	sp := new(roughSpace)
	legendre(sp.node[:], sp.weight[:])
	for i, x := range sp.node {
		w := 1.0
		for j, y := range sp.node {
			if j != i {
				w *= 4 * (x - y)
			}
		}
		sp.bary[i] = 1 / w
	}
	for i := range sp.de {
		t := 4 * (2*float64(i)/(deCount-1) - 1)
		q := math.Exp(-math.Pi * math.Sinh(t))
		jacobian := math.Pi * math.Cosh(t) * q / ((1 + q) * (1 + q))
		sp.de[i] = deNode{at: 1 / (1 + q), rest: q / (1 + q), weight: 8. / (deCount - 1) * jacobian}
	}
	return sp
}}

const deCount = 101

// deNode is a point of the double exponential rule, its distance from 1 without loss of digits, and its weight.
type deNode struct{ at, rest, weight float64 }

// legendre writes the points and weights of the Gauss-Legendre rule on [0, 1].
func legendre(x, w []float64) {
	n := len(x)
	for i := range n {
		z := -math.Cos(math.Pi * (float64(i) + 0.75) / (float64(n) + 0.5))
		slope := 0.0
		for range 10 {
			p0, p1 := 1.0, z
			for k := 2; k <= n; k++ {
				p0, p1 = p1, (float64(2*k-1)*z*p1-float64(k-1)*p0)/float64(k)
			}
			slope = float64(n) * (p0 - z*p1) / (1 - z*z)
			z -= p1 / slope
		}
		x[i] = 0.5 * (1 + z)
		w[i] = 1 / ((1 - z*z) * slope * slope)
	}
}

// lagrange writes the values at x of the polynomials that are 1 at one node of the panel [0, 1] and 0 at the others.
func (sp *roughSpace) lagrange(x float64, value *[roughPoints]float64) {
	sum := 0.0
	for j, y := range sp.node {
		if x == y {
			*value = [roughPoints]float64{}
			value[j] = 1
			return
		}
		value[j] = sp.bary[j] / (x - y)
		sum += value[j]
	}
	for j := range value {
		value[j] /= sum
	}
}

// prepare makes the weights for α.
func (sp *roughSpace) prepare(alpha float64) {
	if sp.alpha == alpha {
		return
	}
	sp.alpha, sp.built, sp.curveTime = alpha, 0, -1
	last := 1.0
	for n := range sp.gain {
		next := math.Gamma(float64(n+1)*alpha + 1)
		sp.gain[n] = last / next
		last = next
	}
	for k := range sp.scale {
		sp.scale[k] = math.Pow(2, float64(k)*alpha)
	}
	sp.own = [roughPoints][roughPoints]float64{}
	over := 1 / math.Gamma(alpha)
	var value [roughPoints]float64
	for _, d := range sp.de {
		w := over * d.weight * math.Pow(d.rest, alpha-1)
		for i, x := range sp.node {
			sp.lagrange(x*d.at, &value)
			for j, v := range value {
				sp.own[i][j] += w * v
			}
		}
	}
	for i, x := range sp.node {
		sp.nodeUp[i] = math.Pow(1+x, alpha)
		up := math.Pow(x, alpha)
		for j := range sp.own[i] {
			sp.own[i][j] *= up
		}
	}
}

// build makes the weights for that many panels.
func (sp *roughSpace) build(panels int) {
	alpha := sp.alpha
	over := 1 / math.Gamma(alpha)
	var value [roughPoints]float64
	for k := sp.built; k < panels; k++ {
		sp.cross[k] = [roughPoints][roughPoints]float64{}
		sp.first[k] = [roughPoints][roughTerms]float64{}
		begin := math.Ldexp(1, k)
		if k == 1 || k == 2 {
			for _, d := range sp.de {
				sp.lagrange(d.at, &value)
				for i, x := range sp.node {
					w := over * d.weight * math.Pow((begin-2)+begin*x+d.rest, alpha-1)
					for j, v := range value {
						sp.cross[k][i][j] += w * v
					}
				}
			}
		} else if k > 2 { // the kernel is smooth there
			for i, x := range sp.node {
				for j, y := range sp.node {
					sp.cross[k][i][j] = over * sp.weight[j] * math.Pow(begin*(1+x)-1-y, alpha-1)
				}
			}
		}
		for i, x := range sp.node {
			first := &sp.first[k][i]
			if k == 0 {
				for _, d := range sp.de {
					w := over * d.weight * math.Pow(x+d.rest, alpha-1)
					up := math.Pow(d.at, alpha)
					for n := range first {
						first[n] += w
						w *= up
					}
				}
				continue
			}
			// (τ−s)^(α−1) = τ^(α−1)·Σ (1−α)...(m−α)/m!·(s/τ)^m
			tau := begin * (1 + x)
			c := over * math.Pow(tau, alpha-1)
			for m := 0.0; c > 1e-17*over; m++ {
				for n := range first {
					first[n] += c / (float64(n)*alpha + m + 1)
				}
				c *= (m + 1 - alpha) / ((m + 1) * tau)
				if m > 400 {
					break
				}
			}
		}
	}
	sp.built = max(sp.built, panels)
}

// roughEquation is D^α h = −a/2 + bh + ν²h²/2.
type roughEquation struct {
	a, b complex128
	nu2  float64
}

func (q *roughEquation) value(h complex128) complex128 {
	return -0.5*q.a + (q.b+complex(0.5*q.nu2, 0)*h)*h
}

// solve solves the equation up to t. It reports false if it found no solution: there is none that is finite, or it cannot be told.
func (sp *roughSpace) solve(q *roughEquation, t float64, method RoughSolver, monotone bool) bool {
	alpha := sp.alpha
	// The series in y = c·t^α, with c the size of the coefficients, so that nothing overflows.
	c := cmplx.Abs(q.b) + math.Sqrt(q.nu2*cmplx.Abs(q.a))
	if !(c <= math.MaxFloat64) {
		return false
	}
	if c == 0 {
		c = 1 / math.Pow(t, alpha)
	}
	half := complex(0.5*q.nu2, 0)
	h, f := &sp.hSeries, &sp.fSeries
	h[0] = 0
	f[0] = -0.5 * q.a
	unit := cmplx.Abs(q.a)
	radius := math.Inf(1)
	for n := 1; n < roughTerms; n++ {
		h[n] = f[n-1] * complex(sp.gain[n-1]/c, 0)
		var square complex128
		for j := 1; j < n-j; j++ {
			square += h[j] * h[n-j]
		}
		square *= 2
		if n%2 == 0 {
			square += h[n/2] * h[n/2]
		}
		f[n] = q.b*h[n] + half*square
		if n >= roughTerms/2 {
			if size := cmplx.Abs(f[n]) / unit; size > 0 {
				radius = math.Min(radius, math.Pow(size, -1/float64(n)))
			}
		}
	}
	reach := c * math.Pow(t, alpha) / (seriesReach * radius)
	sp.panels = 0
	if reach > 1 {
		panels := math.Ceil(math.Log2(reach) / alpha)
		if panels > roughLevels {
			return false
		}
		sp.panels = int(panels)
	}
	sp.start = math.Ldexp(t, -sp.panels)
	quick := method == Rational && sp.panels > 0 && sp.approximation.fit(q, h, c, alpha)
	up := complex(c*math.Pow(sp.start, alpha), 0)
	power := up
	for n := 1; n < roughTerms; n++ {
		h[n] *= power
		f[n] *= power
		power *= up
	}
	if quick {
		sp.approximate(q, real(up))
		return true
	}
	if sp.panels > sp.built {
		sp.build(sp.panels)
	}
	floor := 0.0
	for k := range sp.panels {
		if !sp.panel(q, k) {
			return false
		}
		if monotone {
			for _, x := range sp.h[k] {
				if !(real(x) >= floor*(1-1e-9)) {
					return false
				}
				floor = real(x)
			}
			if !sp.resolved(k) {
				return false
			}
		}
	}
	return true
}

// approximate fills the panels from the rational approximation, given y at the end of the series.
func (sp *roughSpace) approximate(q *roughEquation, y float64) {
	for k := range sp.panels {
		for j, up := range sp.nodeUp {
			h := sp.approximation.at(y * sp.scale[k] * up)
			sp.h[k][j], sp.f[k][j] = h, q.value(h)
		}
	}
}

// panel solves the equations of panel k by Newton's method.
func (sp *roughSpace) panel(q *roughEquation, k int) bool {
	unit := math.Pow(sp.start, sp.alpha)
	h := &sp.h[k]
	n := k * roughPoints
	for i := range roughPoints {
		var re, im float64
		for p := range k {
			row := &sp.cross[k-p][i]
			fr, fi := sp.fRe[p*roughPoints:][:roughPoints], sp.fIm[p*roughPoints:][:roughPoints]
			for j, w := range row {
				re += w * fr[j]
				im += w * fi[j]
			}
		}
		for m, w := range sp.first[k][i] {
			f := sp.fSeries[m]
			re += w * real(f)
			im += w * imag(f)
		}
		sp.history[i] = complex(unit*re, unit*im)
	}
	// Where to start: the series, which still converges on the first panel, then the plateau.
	if k == 0 {
		for i := range sp.node {
			up := complex(sp.nodeUp[i], 0)
			var sum complex128
			for m := roughTerms - 1; m > 0; m-- {
				sum = sum*up + sp.hSeries[m]
			}
			h[i] = sum * up
		}
	} else {
		for i := range h {
			h[i] = sp.h[k-1][roughPoints-1]
		}
	}
	own := unit * sp.scale[k]
	fresh := false
	for iteration := range 30 {
		size := 0.0
		for j, x := range h {
			sp.f[k][j] = q.value(x)
			size = math.Max(size, math.Abs(real(x))+math.Abs(imag(x)))
		}
		if !fresh {
			for i := range h {
				for j, x := range h {
					sp.jacobian[i][j] = complex(-own*sp.own[i][j], 0) * (q.b + complex(q.nu2, 0)*x)
				}
				sp.jacobian[i][i]++
			}
			if !sp.factor() {
				return false
			}
		}
		for i, x := range h {
			var re, im float64
			for j, w := range sp.own[i] {
				re += w * real(sp.f[k][j])
				im += w * imag(sp.f[k][j])
			}
			sp.step[i] = sp.history[i] + complex(own*re, own*im) - x
		}
		sp.back()
		change := 0.0
		for i, d := range sp.step {
			h[i] += d
			change = math.Max(change, math.Abs(real(d))+math.Abs(imag(d)))
		}
		if !(change <= math.MaxFloat64) {
			return false
		}
		if change <= 1e-14*size || change == 0 {
			break
		}
		if change <= 1e-7*size && !fresh { // quadratic convergence: the next change is below rounding
			break
		}
		fresh = change <= 3e-3*size
		if iteration == 29 {
			return false
		}
	}
	for j, x := range h {
		f := q.value(x)
		sp.f[k][j] = f
		sp.fRe[n+j], sp.fIm[n+j] = sp.scale[k]*real(f), sp.scale[k]*imag(f)
	}
	return true
}

// factor writes the LU factors of the Jacobian over it.
func (sp *roughSpace) factor() bool {
	a := &sp.jacobian
	for c := range roughPoints {
		best, size := c, 0.0
		for r := c; r < roughPoints; r++ {
			x := a[r][c]
			if s := real(x)*real(x) + imag(x)*imag(x); s > size {
				best, size = r, s
			}
		}
		if !(size > 0) || math.IsInf(size, 1) {
			return false
		}
		sp.pivot[c] = best
		a[c], a[best] = a[best], a[c]
		x := a[c][c]
		inv := complex(real(x)/size, -imag(x)/size)
		sp.inverse[c] = inv
		for r := c + 1; r < roughPoints; r++ {
			m := a[r][c] * inv
			a[r][c] = m
			mr, mi := real(m), imag(m)
			for j := c + 1; j < roughPoints; j++ {
				p := a[c][j]
				a[r][j] -= complex(mr*real(p)-mi*imag(p), mr*imag(p)+mi*real(p))
			}
		}
	}
	return true
}

// back solves for the step.
func (sp *roughSpace) back() {
	a, x := &sp.jacobian, &sp.step
	for c, p := range sp.pivot {
		x[c], x[p] = x[p], x[c]
	}
	for r := 1; r < roughPoints; r++ {
		for c := range r {
			x[r] -= a[r][c] * x[c]
		}
	}
	for r := roughPoints - 1; r >= 0; r-- {
		for c := r + 1; c < roughPoints; c++ {
			x[r] -= a[r][c] * x[c]
		}
		x[r] *= sp.inverse[r]
	}
}

// resolved reports whether the polynomial of h on panel k has died out at its highest degree, as it has not near a pole: the
// divided difference of all points over the size of h.
func (sp *roughSpace) resolved(k int) bool {
	top, size := 0.0, 0.0
	scale := 0.0
	for j, x := range sp.h[k] {
		top += sp.bary[j] * real(x)
		scale = math.Max(scale, math.Abs(sp.bary[j]))
		size = math.Max(size, math.Abs(real(x)))
	}
	return math.Abs(top) <= 1e-4*scale*size
}

// integrals returns ∫F and ∫h over the solution.
func (sp *roughSpace) integrals() (f, h complex128) {
	for n := range roughTerms {
		w := complex(1/(float64(n)*sp.alpha+1), 0)
		f += w * sp.fSeries[n]
		h += w * sp.hSeries[n]
	}
	length := sp.start
	f *= complex(length, 0)
	h *= complex(length, 0)
	for k := range sp.panels {
		var fr, fi, hr, hi float64
		for j, w := range sp.weight {
			fr += w * real(sp.f[k][j])
			fi += w * imag(sp.f[k][j])
			hr += w * real(sp.h[k][j])
			hi += w * imag(sp.h[k][j])
		}
		f += complex(length*fr, length*fi)
		h += complex(length*hr, length*hi)
		length *= 2
	}
	return f, h
}

// at returns F and h at a time within the solution.
func (sp *roughSpace) at(s float64) (f, h complex128) {
	if s <= sp.start {
		up := math.Pow(s/sp.start, sp.alpha)
		power := 1.0
		for n, x := range sp.fSeries {
			f += complex(power, 0) * x
			h += complex(power, 0) * sp.hSeries[n]
			power *= up
		}
		return f, h
	}
	begin, k := sp.start, 0
	for ; k < sp.panels-1 && s > 2*begin; k++ {
		begin *= 2
	}
	var value [roughPoints]float64
	sp.lagrange(s/begin-1, &value)
	for j, v := range value {
		f += complex(v, 0) * sp.f[k][j]
		h += complex(v, 0) * sp.h[k][j]
	}
	return f, h
}

// useCurve makes the weights of ∫ξ0(t−s)·g(s) ds.
func (sp *roughSpace) useCurve(c ForwardVariance, t float64) {
	sp.curve, sp.curveTime, sp.curveLevels = c, t, 0
	sp.curveFirstComputed = [roughLevels + 1]bool{}
}

// curveIntegral returns ∫ξ0(t−s)·(F + λh)(s) ds over the solution.
func (sp *roughSpace) curveIntegral(lambda float64) complex128 {
	t := sp.curveTime
	l := complex(lambda, 0)
	for ; sp.curveLevels < sp.panels; sp.curveLevels++ {
		k := sp.curveLevels
		end := math.Ldexp(t, -k)
		sp.curveWeight[k] = [roughPoints]float64{}
		var value [roughPoints]float64
		sp.pieces(0.5*end, end, func(from, to, level float64) {
			for i, x := range sp.node {
				sp.lagrange(2*(from+(to-from)*x)/end-1, &value)
				for j, v := range value {
					sp.curveWeight[k][j] += level * (to - from) * sp.weight[i] * v
				}
			}
		})
	}
	if !sp.curveFirstComputed[sp.panels] {
		sp.curveFirstComputed[sp.panels] = true
		first := &sp.curveFirst[sp.panels]
		*first = [roughTerms]float64{}
		sp.pieces(0, sp.start, func(from, to, level float64) {
			lo, hi := math.Pow(from/sp.start, sp.alpha), math.Pow(to/sp.start, sp.alpha)
			a, b := from, to
			for n := range first {
				first[n] += level * (b - a) / (float64(n)*sp.alpha + 1)
				a *= lo
				b *= hi
			}
		})
	}
	var sum complex128
	for n, w := range sp.curveFirst[sp.panels] {
		sum += complex(w, 0) * (sp.fSeries[n] + l*sp.hSeries[n])
	}
	for k := range sp.panels {
		for j, w := range sp.curveWeight[sp.panels-1-k] {
			sum += complex(w, 0) * (sp.f[k][j] + l*sp.h[k][j])
		}
	}
	return sum
}

// pieces calls f for the parts of [from, to] on which ξ0(t−s) is constant.
func (sp *roughSpace) pieces(from, to float64, f func(from, to, level float64)) {
	c, t := sp.curve, sp.curveTime
	for i := len(c.Level) - 1; i >= 0; i-- {
		lo, hi := from, to
		if i < len(c.Level)-1 {
			lo = math.Max(lo, t-c.Until[i])
		}
		if i > 0 {
			hi = math.Min(hi, t-c.Until[i-1])
		}
		if hi > lo {
			f(lo, hi, c.Level[i])
		}
	}
}
