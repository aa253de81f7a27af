package surface

import (
	"math"
)

// The fit of SVI smiles minimises a sum of losses over the quotes plus steep penalties for coming closer than a margin to
// arbitrage, by Levenberg and Marquardt's method: the penalties are squares, so that they have a Gauss-Newton model too. What
// comes out is looked at with the exact conditions; penalties are raised and points added where those find a fault.

// sviVars is a smile in the variables of the fit, (a, u, v, m, ln σ):
//
//	w = a + ½u(r + x) + ½v(r − x),  x = k − m,  r = √(x² + σ²),  u = b(1+ρ), v = b(1−ρ).
//
// It is linear in the first three, and that is all that is good about them: a smile that is nearly a parabola near the money
// hardly tells a from σ and b. Steps are taken in [local] variables.
type sviVars [5]float64

// local is a smile by its expansion at the money, (w, w', w”, p, n), with p = (r−m)/r² and n = (r+m)/r² at k = 0. There
//
//	a = w − 4w''/(p+n)² + 2w'(n−p)/(p+n)²,  u = w''/p + w',  v = w''/n − w',  m = 2(n−p)/(p+n)²,  σ = 4√(pn)/(p+n)²,
//
// and a parabola is the regular limit p, n → 0.
type local [5]float64

func (x *sviVars) local() local {
	m, s := x[3], math.Exp(x[4])
	r := math.Sqrt(m*m + s*s)
	b, tilt := 0.5*(x[1]+x[2]), 0.5*(x[1]-x[2])
	var p, n float64 // the smaller of r−m and r+m cancels
	if m > 0 {
		n = (r + m) / (r * r)
		p = s * s / ((r + m) * r * r)
	} else {
		p = (r - m) / (r * r)
		n = s * s / ((r - m) * r * r)
	}
	return local{x[0] - tilt*m + b*r, tilt - b*m/r, b * s * s / (r * r * r), p, n}
}

func (y *local) vars() sviVars {
	p, n := y[3], y[4]
	e := 0.5 * (p + n)
	c := 0.5 * (n - p)
	q := 1 / (e * e)
	return sviVars{y[0] - y[2]*q + y[1]*c*q, y[2]/p + y[1], y[2]/n - y[1], c * q, 0.5*math.Log(p*n) + math.Log(q)}
}

// matrix5 is a matrix of 5×5 by rows.
type matrix5 [25]float64

// jacobian returns the derivatives of the variables of the fit, by rows, by the local ones.
func (y *local) jacobian() matrix5 {
	p, n := y[3], y[4]
	e := 0.5 * (p + n)
	c := 0.5 * (n - p)
	q := 1 / (e * e)
	ac := y[1] * q                    // ∂a/∂c
	ae := 2 * (y[2] - y[1]*c) * q / e // ∂a/∂e
	mc, me := q, -2*c*q/e
	return matrix5{
		1, c * q, -q, 0.5 * (ae - ac), 0.5 * (ae + ac),
		0, 1, 1 / p, -y[2] / (p * p), 0,
		0, -1, 1 / n, 0, -y[2] / (n * n),
		0, 0, 0, 0.5 * (me - mc), 0.5 * (me + mc),
		0, 0, 0, 0.5/p - 1/e, 0.5/n - 1/e,
	}
}

// turn turns gradient and Hessian into those by the local variables, less one that is held, and returns the Jacobian.
func (y *local) turn(grad *sviVars, hess *lower5) (matrix5, int) {
	t := y.jacobian()
	held := y.held(&t, grad)
	t.reduce(y, held)
	t.toLocal(grad, hess)
	hess.pin(held)
	return t, held
}

// level raises wings that fall.
func (z *local) level() {
	z[2] = math.Max(z[2], math.Max(z[3]*(sviMinWing-z[1]), z[4]*(sviMinWing+z[1])))
}

// toLocal turns gradient and Hessian into those by the local variables.
func (t *matrix5) toLocal(grad *sviVars, hess *lower5) {
	var g sviVars
	var h matrix5 // H·T
	for i := range 5 {
		for j := range 5 {
			g[j] += t[5*i+j] * grad[i]
		}
	}
	at := func(i, j int) float64 {
		if i < j {
			i, j = j, i
		}
		return hess[i*(i+1)/2+j]
	}
	for i := range 5 {
		for k := range 5 {
			v := at(i, k)
			for j := range 5 {
				h[5*i+j] += v * t[5*k+j]
			}
		}
	}
	var out lower5
	for k := range 5 {
		p := 0
		for i := range 5 {
			v := t[5*k+i]
			for j := 0; j <= i; j++ {
				out[p] += v * h[5*k+j]
				p++
			}
		}
	}
	*grad, *hess = g, out
}

// A wing that falls would need w'' < −w'p or w'' < w'n. Where the smile stands on that bound and would go on it is held there:
// w'' is a function of the others, and its place in gradient and Hessian is that of the identity.

// held reports which wing stands on its bound, +1 for the right, −1 for the left, and 0 for none or if the gradient leads off.
func (y *local) held(t *matrix5, grad *sviVars) int {
	const near = 1 + 1e-6
	var slope float64 // by w''
	for i, g := range grad {
		slope += g * t[5*i+2]
	}
	switch {
	case !(slope > 0):
		return 0
	case y[2]/y[3]+y[1] <= sviMinWing*near:
		return 1
	case y[2]/y[4]-y[1] <= sviMinWing*near:
		return -1
	}
	return 0
}

// reduce takes w” out of the Jacobian where a wing is held.
func (t *matrix5) reduce(y *local, held int) {
	if held == 0 {
		return
	}
	by1, at, by := -y[3], 3, sviMinWing-y[1] // w'' = p(u − w')
	if held < 0 {
		by1, at, by = y[4], 4, sviMinWing+y[1] // w'' = n(v + w')
	}
	for i := 0; i < 25; i += 5 {
		t[i+1] += by1 * t[i+2]
		t[i+at] += by * t[i+2]
		t[i+2] = 0
	}
}

// pin gives a variable that is held a row of the identity.
func (h *lower5) pin(held int) {
	if held != 0 {
		h[diagonal5[2]] = 1
	}
}

// advance writes to z the point at the step back from y, as far as the last three stay positive and do not change by more
// than a factor, and as far as no wing falls that was not held. It reports which part of the step that is.
func (y *local) advance(z *local, step *sviVars, held int) float64 {
	const most, part = 5.0, 0.8
	alpha := 1.0
	for i := 2; i < 5; i++ {
		if step[i] > part*y[i] {
			alpha = math.Min(alpha, part*y[i]/step[i])
		} else if -step[i] > most*y[i] {
			alpha = math.Min(alpha, -most*y[i]/step[i])
		}
	}
	if held == 0 { // w'' + p(w' − u) and w'' + n(−w' − v) are parabolas along the step
		alpha = firstRoot(alpha, y[2]+y[3]*(y[1]-sviMinWing), -step[2]-step[3]*(y[1]-sviMinWing)-y[3]*step[1], step[3]*step[1])
		alpha = firstRoot(alpha, y[2]-y[4]*(y[1]+sviMinWing), -step[2]+step[4]*(y[1]+sviMinWing)+y[4]*step[1], -step[4]*step[1])
	}
	for i := range z {
		z[i] = y[i] - alpha*step[i]
	}
	z.level()
	return alpha
}

// firstRoot returns the least positive root of c + bx + ax² for c >= 0, if that is below the limit, and else the limit.
func firstRoot(limit, c, b, a float64) float64 {
	if c+limit*(b+limit*a) >= 0 {
		return limit
	}
	root := math.Sqrt(math.Max(b*b-4*a*c, 0))
	// 2c/(−b ± √…): the smaller positive root is that with the larger positive denominator.
	if x := 2 * c / (root - b); x > 0 && x < limit {
		return x
	}
	return limit
}

func (s SVI) vars() sviVars {
	return sviVars{s.A, s.B * (1 + s.Rho), s.B * (1 - s.Rho), s.M, math.Log(s.Sigma)}
}

func (x sviVars) svi() SVI {
	u, v := math.Min(math.Max(x[1], sviMinWing), sviMaxWing), math.Min(math.Max(x[2], sviMinWing), sviMaxWing)
	return SVI{A: x[0], B: 0.5 * (u + v), Rho: (u - v) / (u + v), M: x[3], Sigma: math.Exp(x[4])}
}

// lower5 is the lower triangle of a symmetric matrix of 5×5, by rows.
type lower5 [15]float64

func (h *lower5) rankOne(s float64, a *sviVars) {
	p := 0
	for i := range a {
		t := s * a[i]
		for j := 0; j <= i; j++ {
			h[p] += t * a[j]
			p++
		}
	}
}

// diagonal5 are the places of the diagonal in a lower5.
var diagonal5 = [5]int{0, 2, 5, 9, 14}

// sviProblem is the data of the fit of one smile.
type sviProblem struct {
	tau                 float64
	k, mid, inv, weight []float64 // quotes; inv is one over the unit of the residual
	points              []float64 // where g is kept positive
	scale               float64   // of total variance, for relative conditions
	lower, upper, bound sviVars   // bounds of the variables, and weights of the penalty beyond
	prior, pull         sviVars   // a pull of ½·pull·(x−prior)² where quotes say nothing
	butterfly           float64   // weight of the penalty on g
	loss                Loss
	ahead               []float64 // where the smile must not lie below the one before
	calendar            float64   // weight of the penalty on crossing
	shift               []float64 // multipliers of the wings and of ahead, over that weight
	marginG, marginCal  float64
}

const (
	sviMarginG   = 2e-3 // g is kept above this at the points of the penalty,
	sviMarginCal = 1e-4 // and the rise of w, relative, above this,
	sviFirst     = 1e5  // by penalties that begin with these weights
	sviFirstCal  = 1e5
	sviMaxWing   = 2 - 1e-6
	sviMinWing   = 1e-7
	leastRatio   = 0.01 // of the least variance to that at the money
)

// evaluate returns the objective of the smile at x and writes its gradient and a positive approximation of its Hessian, see
// [problem.evaluate]. It returns +Inf outside the domain.
func (s *sviProblem) evaluate(x *sviVars, grad *sviVars, hess *lower5, floor float64) float64 {
	a, u, v, m := x[0], x[1], x[2], x[3]
	sigma := math.Exp(x[4])
	b, tilt := 0.5*(u+v), 0.5*(u-v)
	ss := sigma * sigma
	if !(a+sigma*math.Sqrt(math.Max(u, 0)*math.Max(v, 0)) > 0) {
		return math.Inf(1)
	}
	perYear := 1 / s.tau
	robustLoss := s.loss == Robust
	ks := s.k
	mids, invs, weights := s.mid[:len(ks)], s.inv[:len(ks)], s.weight[:len(ks)]
	var sum float64
	var g0, g1, g2, g3, g4 float64
	var h00, h10, h11, h20, h21, h22, h30, h31, h32, h33, h40, h41, h42, h43, h44 float64
	for j, k := range ks {
		y := k - m
		r := math.Sqrt(y*y + ss)
		w := a + tilt*y + b*r
		vol := math.Sqrt(w * perYear)
		inv := invs[j]
		z := (vol - mids[j]) * inv
		q := 1 / (vol * r)
		dz := 0.5 * perYear * inv * r * q // ∂z/∂w
		rr := vol * q                     // 1/r
		var f, slope, curve float64
		if robustLoss {
			f, slope, curve = robust(z, floor)
		} else {
			f, slope, curve = s.loss.at(z, floor)
		}
		wt := weights[j]
		sum += wt * f
		slope *= wt
		curve *= wt
		j0 := dz
		j1 := 0.5 * dz * (r + y)
		j2 := 0.5 * dz * (r - y)
		j3 := -dz * (tilt + b*y*rr)
		j4 := dz * b * ss * rr
		g0 += slope * j0
		g1 += slope * j1
		g2 += slope * j2
		g3 += slope * j3
		g4 += slope * j4
		c0, c1, c2, c3, c4 := curve*j0, curve*j1, curve*j2, curve*j3, curve*j4
		h00 += c0 * j0
		h10 += c1 * j0
		h11 += c1 * j1
		h20 += c2 * j0
		h21 += c2 * j1
		h22 += c2 * j2
		h30 += c3 * j0
		h31 += c3 * j1
		h32 += c3 * j2
		h33 += c3 * j3
		h40 += c4 * j0
		h41 += c4 * j1
		h42 += c4 * j2
		h43 += c4 * j3
		h44 += c4 * j4
	}
	*grad = sviVars{g0, g1, g2, g3, g4}
	*hess = lower5{h00, h10, h11, h20, h21, h22, h30, h31, h32, h33, h40, h41, h42, h43, h44}
	for i, p := range s.pull {
		if p > 0 {
			d := x[i] - s.prior[i]
			sum += 0.5 * p * d * d
			grad[i] += p * d
			hess[diagonal5[i]] += p
		}
	}
	for i, v := range x {
		d := v - s.lower[i]
		if d >= 0 {
			if d = v - s.upper[i]; d <= 0 {
				continue
			}
		}
		c := s.bound[i]
		sum += 0.5 * c * d * d
		grad[i] += c * d
		hess[diagonal5[i]] += c
	}
	if s.butterfly > 0 {
		sum += s.penaliseLow(x, sigma, grad, hess)
		sum += s.penaliseButterfly(x, sigma, grad, hess)
	}
	return sum
}

// penaliseLow keeps the least variance off zero, where g has features too narrow for any points.
func (s *sviProblem) penaliseLow(x *sviVars, sigma float64, grad *sviVars, hess *lower5) float64 {
	a, u, v := x[0], math.Max(x[1], 0), math.Max(x[2], 0)
	d := leastRatio*s.scale - a - sigma*math.Sqrt(u*v)
	if !(d > 0) {
		return 0
	}
	// Where the minimum is, within reason: its place does not change the minimum in first order.
	y := 0.5 * sigma * (v - u) / math.Sqrt(math.Max(u*v, 1e-12))
	k := math.Min(math.Max(x[3]+y, s.lower[3]), s.upper[3])
	y = k - x[3]
	r := math.Sqrt(y*y + sigma*sigma)
	c := 1e6 / (s.scale * s.scale)
	j := sviVars{1, 0.5 * (r + y), 0.5 * (r - y), 0, 0.5 * (u + v) * sigma * sigma / r}
	for i := range j {
		grad[i] -= c * d * j[i]
	}
	hess.rankOne(c, &j)
	return 0.5 * c * d * d
}

// penaliseButterfly adds ½·weight·(margin − g)² wherever g is below the margin.
func (s *sviProblem) penaliseButterfly(x *sviVars, sigma float64, grad *sviVars, hess *lower5) float64 {
	a, u, v, m := x[0], x[1], x[2], x[3]
	b, tilt := 0.5*(u+v), 0.5*(u-v)
	ss := sigma * sigma
	var sum float64
	for _, k := range s.points {
		y := k - m
		r := math.Sqrt(y*y + ss)
		q := 1 / r
		w := a + tilt*y + b*r
		w1 := tilt + b*y*q
		h := ss * q * q * q
		w2 := b * h
		e := 1 / w
		f := 1 - 0.5*k*w1*e
		d := s.marginG - (f*f - 0.25*w1*w1*(e+0.25) + 0.5*w2)
		if !(d > 0) {
			continue
		}
		sum += 0.5 * s.butterfly * d * d
		gw := (f*k + 0.25*w1) * w1 * e * e
		g1 := -f*k*e - 0.5*w1*(e+0.25)
		up, down := 0.5*(y*q+1), 0.5*(y*q-1)
		bend := 0.25 * h // ½·∂w''/∂u
		j := sviVars{
			gw,
			gw*0.5*(r+y) + g1*up + bend,
			gw*0.5*(r-y) + g1*down + bend,
			-gw*w1 - g1*w2 + 1.5*w2*y*q*q,
			gw*b*ss*q - g1*w2*y + 0.5*w2*(2-3*ss*q*q),
		}
		for i := range j {
			grad[i] -= s.butterfly * d * j[i]
		}
		hess.rankOne(s.butterfly, &j)
	}
	return sum
}

// penaliseCrossing adds the penalty for w rising by less than the margin from the smile x to y, the owner of the points, and
// for wings that fall. cross is the block of rows of y and columns of x.
func (s *sviProblem) penaliseCrossing(x, y, gx, gy *sviVars, hx, hy *lower5, cross *matrix5) float64 {
	var sum float64
	c := 10 * s.calendar
	for i := 1; i <= 2; i++ { // the wings must not fall
		d := x[i] - y[i] + 0.1*s.marginCal + s.shift[i-1]
		if !(d > 0) {
			continue
		}
		sum += 0.5 * c * d * d
		gx[i] += c * d
		gy[i] -= c * d
		hx[diagonal5[i]] += c
		hy[diagonal5[i]] += c
		cross[6*i] -= c
	}
	c = s.calendar
	sx, sy := math.Exp(x[4]), math.Exp(y[4])
	bx, tx, by, ty := 0.5*(x[1]+x[2]), 0.5*(x[1]-x[2]), 0.5*(y[1]+y[2]), 0.5*(y[1]-y[2])
	for p, k := range s.ahead {
		zx, zy := k-x[3], k-y[3]
		rx, ry := math.Sqrt(zx*zx+sx*sx), math.Sqrt(zy*zy+sy*sy)
		wx, wy := x[0]+tx*zx+bx*rx, y[0]+ty*zy+by*ry
		unit := 1 / (s.scale + 0.1*math.Abs(k))
		d := (wx-wy)*unit + s.marginCal + s.shift[p+2]
		if !(d > 0) {
			continue
		}
		sum += 0.5 * c * d * d
		jx := sviVars{unit, 0.5 * unit * (rx + zx), 0.5 * unit * (rx - zx), -unit * (tx + bx*zx/rx), unit * bx * sx * sx / rx}
		jy := sviVars{unit, 0.5 * unit * (ry + zy), 0.5 * unit * (ry - zy), -unit * (ty + by*zy/ry), unit * by * sy * sy / ry}
		for i := range jx {
			gx[i] += c * d * jx[i]
			gy[i] -= c * d * jy[i]
		}
		hx.rankOne(c, &jx)
		hy.rankOne(c, &jy)
		for i := range jy {
			t := c * jy[i]
			for j := range jx {
				cross[5*i+j] -= t * jx[j]
			}
		}
	}
	return sum
}

// shiftBy moves the multipliers of the conditions between x and y by what those miss (the method of multipliers).
func (s *sviProblem) shiftBy(x, y *sviVars) {
	for i := 1; i <= 2; i++ {
		s.shift[i-1] = math.Max(0, s.shift[i-1]+x[i]-y[i]+0.1*s.marginCal)
	}
	before, after := x.svi(), y.svi()
	for j, k := range s.ahead {
		d := (before.TotalVariance(k) - after.TotalVariance(k)) / (s.scale + 0.1*math.Abs(k))
		s.shift[j+2] = math.Max(0, s.shift[j+2]+d+s.marginCal)
	}
}

// factor overwrites h by its Cholesky factor and reports whether it is positive definite.
func (h *lower5) factor() bool {
	p := 0
	for i := range 5 {
		row := p
		for j := 0; j <= i; j++ {
			s := h[p]
			other := j * (j + 1) / 2
			for l := range j {
				s -= h[row+l] * h[other+l]
			}
			if j < i {
				h[p] = s / h[other+j]
			} else {
				if !(s > 1e-15*math.Abs(h[p])) {
					return false
				}
				h[p] = math.Sqrt(s)
			}
			p++
		}
	}
	return true
}

// forward solves L·y = y in place, backward Lᵀ·y = y.
func (h *lower5) forward(y *sviVars) {
	p := 0
	for i := range 5 {
		s := y[i]
		for j := range i {
			s -= h[p+j] * y[j]
		}
		p += i
		y[i] = s / h[p]
		p++
	}
}

func (h *lower5) backward(y *sviVars) {
	for i := 4; i >= 0; i-- {
		s := y[i]
		for l := i + 1; l < 5; l++ {
			s -= h[l*(l+1)/2+i] * y[l]
		}
		y[i] = s / h[diagonal5[i]]
	}
}

// minimise runs Levenberg and Marquardt's method on the smile alone from x, which it moves to the minimum. It returns the
// objective and whether the last step promised a relative decrease below tol.
func (s *sviProblem) minimise(x *sviVars, damping, tol float64, limit int, steps *int) (f float64, converged bool) {
	var grad, gradNew, step, moved sviVars
	var hess, hessNew, m lower5
	f = s.evaluate(x, &grad, &hess, 1)
	if math.IsInf(f, 1) {
		return f, false
	}
	y := x.local()
	y.level()
	var trial local
	_, held := y.turn(&grad, &hess)
	up := 2.0
	for i := range limit {
		*steps++
		floor := floorNear
		if i < 6 { // a model above the loss, while far
			floor = 1
		}
		m, step = hess, grad
		m.damp(damping)
		if !m.factor() {
			damping = math.Max(10*damping, 1e-10)
			continue
		}
		slope := 0.0
		m.forward(&step)
		for _, v := range step {
			slope += v * v
		}
		m.backward(&step)
		if slope <= tol*(1+f) { // twice the decrease that the model promises
			return f, true
		}
		alpha := y.advance(&trial, &step, held)
		moved = trial.vars()
		next := s.evaluate(&moved, &gradNew, &hessNew, floor)
		gain := (f - next) / (alpha * (1 - 0.5*alpha) * slope)
		if !(gain > 1e-3) {
			damping = math.Max(damping*up, 1e-6)
			up *= 2
			if damping > 1e10 {
				return f, true // no decrease can be measured
			}
			continue
		}
		*x, y, f, grad, hess = moved, trial, next, gradNew, hessNew
		_, held = y.turn(&grad, &hess)
		c := 2*gain - 1
		damping *= math.Max(1.0/10, 1-c*c*c)
		up = 2
	}
	return f, false
}

// damp raises the diagonal by a relative amount.
func (h *lower5) damp(damping float64) {
	for _, d := range diagonal5 {
		h[d] += damping*h[d] + 1e-300
	}
}
