package analytic

import (
	"math"

	"github.com/volgaquant/volga/internal/vec"
)

// put is an American put on a strike of 1 in the Black-Scholes-Merton world.
type put struct {
	r, q, vol, tau float64
	// inner marks the lower of two boundaries, see inner. What is paid at expiry is then 1−S on either side of the strike.
	inner bool
}

// top is the boundary just before expiry, as a fraction of the strike.
func (o put) top() float64 {
	if o.q > o.r {
		return o.r / o.q
	}
	return 1
}

// exponent is the root β <= 0 of ½σ²β(β−1) + (r−q)β = r, for a rate that is not negative.
func (o put) exponent() float64 {
	v := o.vol * o.vol
	m := o.r - o.q - 0.5*v
	root := math.Sqrt(m*m + 2*o.r*v)
	if m > 0 {
		return -(m + root) / v
	}
	if root == 0 {
		return 0
	}
	return -2 * o.r / (root - m) // the same in the form that does not cancel
}

// perpetual is the boundary of the put without expiry, for a rate that is not negative.
func (o put) perpetual() float64 {
	beta := o.exponent()
	return beta / (beta - 1)
}

// start writes a first boundary. If q > r by more than next to nothing, it is the limit for short times, h ~ 0.64σ√τ (Lamberton
// and Villeneuve, "Critical price near maturity for an American option on a dividend-paying stock", Annals of Applied
// Probability 13, 2003), bent to the boundary without expiry. Else it is Bjerksund and Stensland's (2002) exponential between
// its ends or the limit for short times where that lies further from the strike: h² ~ σ²τ·ln(σ²/(8πτ(r−q)²)), and
// 2σ²τ·ln(1/(4√π·rτ)) if r = q (Andersen, Lake and Offengenden 2016, section 3).
func (o put) start(t *aloTable, w *aloWork) {
	x0 := 1 / o.top()
	rise := 1e8
	if p := o.perpetual(); p > 1e-8 || o.q > o.r && p > 0 {
		rise = 1/p - x0
	}
	rootT := math.Sqrt(o.tau)
	h, least := w.h, w.g
	even, apart := 16*math.Pi*o.r*o.r, 8*math.Pi*(o.r-o.q)*(o.r-o.q)/(o.vol*o.vol)
	if o.q > o.r && apart > even*o.tau {
		far := math.Log1p(rise / x0)
		for i, x := range t.x {
			h[i] = -aloShortTime * o.vol * rootT * x / far
		}
		vec.Expm1(h, h)
		for i, v := range h {
			h[i] = -far * v
		}
		return
	}
	for i, x := range t.x {
		s := x * rootT
		h[i] = -max((o.q-o.r)*s*s+2*o.vol*s, 0.5*o.vol*s) / (rise * x0)
	}
	vec.Expm1(h, h)
	for i, v := range h {
		h[i] = -rise * v / x0
	}
	vec.Log1p(h, h)
	for i, x := range t.x {
		s := x * x * o.tau
		least[i] = min(max(even*s, apart)*s, 1)
	}
	vec.Log(least, least)
	for i, x := range t.x {
		h[i] = max(h[i], o.vol*rootT*x*math.Sqrt(-least[i]))
	}
}

// aloShortTime is h/(σ√τ) as τ falls to zero where the boundary leaves from rK/q and not from the strike.
const aloShortTime = 0.64

// solve finds the boundary B(τ) = X·e^(−h(√τ)) at the collocation times, X the boundary just before expiry. Like Andersen,
// Lake and Offengenden (2016, section 5) it interpolates H = h² by Chebyshev polynomials in √τ. Their equation FP-A is
// smooth pasting ∂V/∂S = −1 at the boundary; written as
//
//	∫ e^(−qs)·φ(d₊)·(rK/B(u) − q)/(σ√s) ds − q∫ e^(−qs)·Φ(d₊) ds − e^(−qτ)·Φ(d₊(τ, B/K)) = 0,   d₊ = d₊(s, B(τ)/B(u)), u = τ−s,
//
// it needs one density and one distribution function at each point. It is solved at all collocation times at once by
// Newton's method with the whole Jacobian, which is kept while the steps shrink fast. The result is the number of
// iterations, or 0 if they did not settle.
func (o put) solve(t *aloScheme, w *aloWork) int {
	o.start(t.aloTable, w)
	n := o.iterate(t, w)
	if n > 0 || o.q >= 0 {
		return n
	}
	// A negative yield and next to no rate: the boundary falls far, and is followed there from that of a larger rate. A rate of
	// zero is as good as one of 1e-12, which moves the value by less than 1e-12 of the strike and year.
	target := max(o.r, 1e-12)
	easy := o
	easy.r = max(0.02, target)
	easy.start(t.aloTable, w)
	for n = easy.iterate(t, w); n > 0 && easy.r > target; n = easy.iterate(t, w) {
		easy.r = max(0.4*easy.r, target)
	}
	return n
}

// iterate is Newton's method from the boundary in w.h.
func (o put) iterate(t *aloScheme, w *aloWork) int {
	o.prepare(t.aloTable, w)
	fresh, last := true, 0.3
	for it := 1; it <= aloIterations; it++ {
		o.residual(t.aloTable, w, fresh)
		if fresh && !decompose(w.jac, t.n, w.pivot) {
			return 0
		}
		substitute(w.jac, t.n, w.pivot, w.g)
		size := 0.0
		for i, step := range w.g {
			h := w.h[i]
			next := min(max(h-step, 0.25*h), 4*h)
			w.h[i] = next
			size = max(size, math.Abs(next-h))
		}
		stop := t.stop * min(1, 4*w.h[t.n-1])
		if size*min(1, size/last) < stop || size < 1e3*stop && size > 0.5*last { // or down to rounding, where the equation is flat
			return it
		}
		if !(size <= math.MaxFloat64) {
			return 0
		}
		fresh = size > 0.1*last
		last = size
	}
	return 0
}

// aloIterations bounds the Newton steps; three to six are usual.
const aloIterations = 30

// prepare writes what does not change from step to step: the discount factors e^(−qs).
func (o put) prepare(t *aloTable, w *aloWork) {
	for i, x := range t.x {
		w.e[i] = -o.q * o.tau * x * x
	}
	vec.Exp(w.e, w.e)
	eq := w.eq[:t.n*t.l]
	for i, s := range t.root {
		eq[i] = -o.q * o.tau * s * s
	}
	vec.Exp(eq, eq)
}

// residual writes the equation's left side at each node to w.g and, if jacobian, its derivatives by the values of h at the nodes
// to w.jac.
func (o put) residual(t *aloTable, w *aloWork, jacobian bool) {
	n, l := t.n, t.l
	m := n * l
	rootT := math.Sqrt(o.tau)
	inv := 1 / (o.vol * rootT)
	drift := (o.r - o.q + 0.5*o.vol*o.vol) * rootT / o.vol
	scale := rootT / o.vol
	rho := o.r / o.top() * scale
	qs := o.q * scale
	qt := o.q * o.tau
	toStrike := -math.Log(o.top())
	hu, d, pdf, cdf, grow, slope, eq := w.hu[:m], w.d[:m], w.p[:m], w.c[:m], w.f[:m], w.slope[:m], w.eq[:m]
	all, pdfs, cdfs := w.d[:m+n], w.p[:m+n], w.c[:m+n] // the points of the integrals and one for the strike at each node
	toKs, pdfK, cdfK := w.d[m:m+n], w.p[m:m+n], w.c[m:m+n]
	combine(hu, t.col, squares(w.big, w.h))
	vec.Exp(grow, hu)
	for i, h := range w.h {
		at := i * l
		us, ds, rs, is := hu[at:at+l], d[at:at+l], t.root[at:at+l], t.inverse[at:at+l]
		for k, u := range us {
			ds[k] = (u-h)*inv*is[k] + drift*rs[k]
		}
		toKs[i] = (-h-toStrike)*inv/t.x[i] + drift*t.x[i]
		if o.inner {
			toKs[i] = math.Inf(-1)
		}
	}
	vec.NormPDF(pdfs, all)
	if o.q != 0 {
		vec.NormCDF(cdfs, all)
	} else {
		clear(cdf)
		vec.NormCDF(cdfK, toKs)
	}
	for i := range n {
		var gain, tail float64
		at := i * l
		es, ps, cs, gs, ws, vs := eq[at:at+l], pdf[at:at+l], cdf[at:at+l], grow[at:at+l], t.dr[at:at+l], t.ds[at:at+l]
		for k, e := range es {
			f := e * ps[k] * ws[k]
			ps[k] = f
			gain += f * (rho*gs[k] - qs)
			tail += e * cs[k] * vs[k]
		}
		loss := qt*tail + w.e[i]*cdfK[i]
		ratio := gain / loss
		if !(ratio > 0) {
			ratio = 1e-3 // away from the solution if q < 0: a push towards expiry
			loss = gain * 1e3
		}
		w.g[i] = ratio
		if !jacobian {
			continue
		}
		ds, is, us, cut := d[at:at+l], t.inverse[at:at+l], hu[at:at+l], slope[at:at+l]
		invGain, invLoss := 1/gain, 1/loss
		var ownGain, ownLoss float64
		for k, f := range ps {
			up := f * rho * gs[k]
			down := f * qs
			turn := (up - down) * ds[k] * inv * is[k]
			ownGain -= turn
			ownLoss += down
			cut[k] = 0
			if us[k] > aloFloor {
				cut[k] = ((up-turn)*invGain - down*invLoss) / us[k]
			}
		}
		ownLoss += w.e[i] * pdfK[i] * inv / t.x[i]
		row := w.jac[i*n : (i+1)*n]
		for j := range row {
			row[j] = w.h[j] * dot(cut, t.col[j][at:at+l])
		}
		row[i] -= ownGain*invGain - ownLoss*invLoss
	}
	vec.Log(w.g, w.g)
}

// aloFloor stands for √H where the interpolant is not positive, as it may be between nodes next to zero.
const aloFloor = 1e-150

// aloShort is the length of a column from which the kernel of vec is faster than a loop over three columns at once.
const aloShort = 64

func squares(dst, h []float64) []float64 {
	for j, v := range h {
		dst[j] = v * v
	}
	return dst
}

// combine writes √H, H being the interpolant whose values at the nodes are given.
func combine(dst []float64, col [][]float64, values []float64) {
	clear(dst)
	if len(dst) < aloShort { // too short for the call of a kernel
		j := 0
		for ; j+2 < len(values); j += 3 {
			a, b, c := values[j], values[j+1], values[j+2]
			x, y, z := col[j][:len(dst)], col[j+1][:len(dst)], col[j+2][:len(dst)]
			for i, v := range dst {
				dst[i] = v + (a*x[i] + (b*y[i] + c*z[i]))
			}
		}
		for ; j < len(values); j++ {
			a, x := values[j], col[j][:len(dst)]
			for i, v := range dst {
				dst[i] = v + a*x[i]
			}
		}
	} else {
		for j, v := range values {
			vec.AddScaled(dst, v, col[j], dst)
		}
	}
	for i, v := range dst {
		dst[i] = max(v, aloFloor*aloFloor)
	}
	vec.Sqrt(dst, dst)
}

func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + (s2 + s3)
}

// premium is the value of early exercise: the interest on the strike less the dividends forgone, over the paths below the
// boundary (Kim 1990; Andersen, Lake and Offengenden 2016, eq. 8), with its first two derivatives by the spot. It must
// follow solve.
func (o put) premium(t *aloTable, w *aloWork, spot float64) (value, delta, gamma float64) {
	p := t.p
	hu, dp, dm, er, eq, cdf := w.hu[:p], w.d[:p], w.p[:p], w.c[:p], w.f[:p], w.slope[:p]
	combine(hu, t.pcol, squares(w.big, w.h))
	rootT := math.Sqrt(o.tau)
	total := o.vol * rootT
	inv := 1 / total
	drift := (o.r-o.q+0.5*o.vol*o.vol)*rootT/o.vol - total
	x := math.Log(spot / o.top())
	for k, s := range t.proot {
		d := -((x+hu[k])*inv/s + drift*s)
		dm[k] = d
		dp[k] = d - total*s
		er[k] = -o.r * o.tau * s * s
		eq[k] = -o.q * o.tau * s * s
	}
	vec.Exp(er, er)
	vec.Exp(eq, eq)
	vec.NormCDF(cdf, dm)
	for k, c := range cdf {
		value += er[k] * c * t.pds[k]
	}
	value *= o.r
	if o.q != 0 {
		vec.NormCDF(cdf, dp)
		carry := 0.0
		for k, c := range cdf {
			carry += eq[k] * c * t.pds[k]
		}
		value -= o.q * spot * carry
		delta = -o.q * carry
	}
	// K·e^(−rs)·φ(d₋) = (K/B)·S·e^(−qs)·φ(d₊) leaves one density in the derivatives.
	pdf := dm
	vec.NormPDF(pdf, dp)
	vec.Exp(hu, hu)
	rho := o.r / o.top()
	for k, s := range t.proot {
		f := eq[k] * pdf[k] * t.pds[k] * inv / s
		flow := f * (rho*hu[k] - o.q)
		delta -= flow
		gamma += (o.q*f - flow*dp[k]*inv/s) / spot
	}
	return value * o.tau, delta * o.tau, gamma * o.tau
}

// decompose overwrites the n×n matrix a, by rows, with its LU factors under partial pivoting, the diagonal of U inverted; false
// if it is singular.
func decompose(a []float64, n int, pivot []int) bool {
	for c := range n {
		best := c
		for r := c + 1; r < n; r++ {
			if math.Abs(a[r*n+c]) > math.Abs(a[best*n+c]) {
				best = r
			}
		}
		pivot[c] = best
		top := a[c*n : (c+1)*n]
		if best != c {
			other := a[best*n : (best+1)*n]
			for j := range top {
				top[j], other[j] = other[j], top[j]
			}
		}
		if !(math.Abs(top[c]) > 0) {
			return false
		}
		inv := 1 / top[c]
		top[c] = inv
		rest := top[c+1:]
		for r := c + 1; r < n; r++ {
			low := a[r*n+c : (r+1)*n]
			f := low[0] * inv
			low[0] = f
			low = low[1:][:len(rest)]
			for j, v := range rest {
				low[j] -= f * v
			}
		}
	}
	return true
}

// substitute solves for b, in place, with the factors of decompose.
func substitute(a []float64, n int, pivot []int, b []float64) {
	for c, p := range pivot {
		b[c], b[p] = b[p], b[c]
	}
	b = b[:n]
	for r := 1; r < n; r++ {
		sum := b[r]
		for j, v := range a[r*n : r*n+r] {
			sum -= v * b[j]
		}
		b[r] = sum
	}
	for r := n - 1; r >= 0; r-- {
		sum, rest := b[r], b[r+1:]
		for j, v := range a[r*n+r+1 : (r+1)*n] {
			sum -= v * rest[j]
		}
		b[r] = sum * a[r*n+r]
	}
}
