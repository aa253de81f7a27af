package surface

import "math"

// The fit minimises a sum of losses over the parameters of all slices at once, subject to the conditions of [ESSVI].
// Every condition couples a slice with the one before it at most, so a step of a primal-dual interior-point method costs
// one block-tridiagonal factorisation with blocks of three, which is nothing beside the passes over the quotes.
//
// The variables are the logarithms of θ, u and v: the rise of the wings and Lee's bounds are then linear, the butterfly
// conditions are concave, and all is free of scale. Every iterate satisfies every condition strictly, so a fit that is
// stopped early is as free of arbitrage as one that has converged.

// problem is the data of a fit: quotes by column, those of slice i in first[i]:first[i+1].
type problem struct {
	tau    []float64 // by slice
	first  []int     // by slice, and one more
	k, mid []float64
	inv    []float64 // one over the unit of the residual, in vol
	weight []float64
	loss   Loss
}

// at returns the loss ℓ(z) with ℓ(z) = z²/2 + O(z⁴), its slope, and its curvature, but at least the part floor of slope/z.
func (l Loss) at(z, floor float64) (f, slope, curvature float64) {
	switch l {
	case LeastSquares:
		return 0.5 * z * z, z, 1
	case Convex: // √(1+z²) − 1
		t := 1 + z*z
		w := 1 / math.Sqrt(t)
		return t*w - 1, z * w, w * max(w*w, floor)
	default:
		return robust(z, floor)
	}
}

// robust is 3((1+z²/1.5)^¼ − 1), the loss of Barron (2019) with α = ½.
func robust(z, floor float64) (f, slope, curvature float64) {
	t := 1 + z*z*(1/1.5)
	r := math.Sqrt(t)
	q := math.Sqrt(r)
	w := 1 / (q * r)
	c := 0.5 * (3 - t) * w * w * r
	if c < floor {
		c = floor
	}
	return 3*q - 3, z * w, w * c
}

// evaluate returns the objective at x and writes its gradient by the logarithms of x and the diagonal blocks of a
// positive approximation of its Hessian: that of Gauss and Newton with the curvature of the loss not below the part
// floor of slope/z. With 1 for it, the model of each loss lies above the loss.
func (p *problem) evaluate(x, grad []wings, hess [][6]float64, floor float64) float64 {
	var sum float64
	robustLoss := p.loss == Robust
	const chunk = 64
	var z, cv, jt, ju, jv [chunk]float64
	for i, y := range x {
		a := 0.5 * (y.u - y.v)
		uv := y.u * y.v
		perYear := 1 / p.tau[i]
		lo, hi := p.first[i], p.first[i+1]
		ks, mids, invs, weights := p.k[lo:hi], p.mid[lo:hi], p.inv[lo:hi], p.weight[lo:hi]
		mids, invs, weights = mids[:len(ks)], invs[:len(ks)], weights[:len(ks)]
		var g0, g1, g2, h00, h10, h11, h20, h21, h22 float64
		for len(ks) > 0 {
			// In chunks and three passes: long chains of roots and divisions run side by side, and the sums stay in registers.
			n := min(len(ks), chunk)
			for j, k := range ks[:n] {
				m := y.theta + a*k
				kk := k * k
				c := uv * kk
				r := math.Sqrt(m*m + c)
				w := 0.5 * (m + r)
				if m < 0 {
					w = 0.5 * c / (r - m)
				}
				vol := math.Sqrt(w * perYear)
				inv := invs[j]
				z[j] = (vol - mids[j]) * inv
				// ∂w by θ, u, v as in wings.gradient, times ∂z/∂w = inv/(2·vol·τ); one division serves both.
				s := perYear * inv * (0.5 / (vol * r))
				up := w * s
				q := 0.25 * kk * s
				ku := 0.5 * k * up
				jt[j], ju[j], jv[j] = up, ku+y.v*q, y.u*q-ku
			}
			if robustLoss {
				for j, x := range z[:n] {
					f, slope, curve := robust(x, floor)
					sum += weights[j] * f
					z[j], cv[j] = weights[j]*slope, weights[j]*curve
				}
			} else {
				for j, x := range z[:n] {
					f, slope, curve := p.loss.at(x, floor)
					sum += weights[j] * f
					z[j], cv[j] = weights[j]*slope, weights[j]*curve
				}
			}
			for j, slope := range z[:n] {
				j0, j1, j2, curve := jt[j], ju[j], jv[j], cv[j]
				g0 += slope * j0
				g1 += slope * j1
				g2 += slope * j2
				c0, c1, c2 := curve*j0, curve*j1, curve*j2
				h00 += c0 * j0
				h10 += c1 * j0
				h11 += c1 * j1
				h20 += c2 * j0
				h21 += c2 * j1
				h22 += c2 * j2
			}
			ks, mids, invs, weights = ks[n:], mids[n:], invs[n:], weights[n:]
		}
		g0, g1, g2 = g0*y.theta, g1*y.u, g2*y.v
		grad[i] = wings{g0, g1, g2}
		// The change to logarithms adds the gradient to the diagonal. Its positive part is kept: where a wing wants to
		// vanish it is all the curvature there is.
		hess[i] = [6]float64{
			h00*y.theta*y.theta + math.Max(0, g0),
			h10 * y.theta * y.u, h11*y.u*y.u + math.Max(0, g1),
			h20 * y.theta * y.v, h21 * y.u * y.v, h22*y.v*y.v + math.Max(0, g2),
		}
	}
	return sum
}

// bounds holds one number for each condition of a slice: the conditions themselves, as logarithms of ratios that are
// positive inside; or their multipliers.
type bounds [numConditions]float64

// conditions writes the conditions at x to c and reports whether all of them hold strictly. Those that a slice does not
// have are 1: the first has no neighbour, and Lee's bounds on the last imply those on the others.
func conditions(x []wings, c []bounds) bool {
	inside := true
	for i, y := range x {
		b := bounds{1, 1, 1, 0, 0, 1, 1}
		if i > 0 {
			p := x[i-1]
			b[RightWingRises] = math.Log(y.u / p.u)
			b[LeftWingRises] = math.Log(y.v / p.v)
			b[NoCrossing] = math.Log(y.theta / p.theta * (p.u + p.v) / (y.u + y.v - 2*math.Sqrt((y.u-p.u)*(y.v-p.v))))
		}
		t := 8 * y.theta / (y.u + y.v)
		b[RightButterfly] = math.Log(t / y.u)
		b[LeftButterfly] = math.Log(t / y.v)
		if i == len(x)-1 {
			b[RightLee] = math.Log(4 / y.u)
			b[LeftLee] = math.Log(4 / y.v)
		}
		c[i] = b
		for _, v := range b {
			if !(v > 0) {
				inside = false
			}
		}
	}
	return inside
}

// slopes are the gradients of the nonlinear conditions of a slice by the logarithms.
type slopes struct {
	before, after wings // NoCrossing, by the slice before and by the slice
	right, left   wings // RightButterfly, LeftButterfly
}

func (s *solver) differentiate() {
	for i, y := range s.x {
		d := slopes{}
		e := 1 / (y.u + y.v)
		d.right = wings{1, -1 - e*y.u, -e * y.v}
		d.left = wings{1, -e * y.u, -1 - e*y.v}
		if i > 0 {
			p := s.x[i-1]
			da, db := y.u-p.u, y.v-p.v
			r := math.Sqrt(db / da)
			e := 1 / (y.u + y.v - 2*math.Sqrt(da*db))
			e0 := 1 / (p.u + p.v)
			d.before = wings{-1, (e0 - r*e) * p.u, (e0 - e/r) * p.v}
			d.after = wings{1, (r - 1) * e * y.u, (1/r - 1) * e * y.v}
		}
		s.slope[i] = d
	}
}

func (a wings) dot(b wings) float64 { return a.theta*b.theta + a.u*b.u + a.v*b.v }

func (a *wings) add(s float64, b wings) {
	a.theta += s * b.theta
	a.u += s * b.u
	a.v += s * b.v
}

// along writes the rates of change of the conditions of slice i along the step.
func (s *solver) along(i int) bounds {
	d, g := s.step[i], &s.slope[i]
	b := bounds{RightButterfly: g.right.dot(d), LeftButterfly: g.left.dot(d)}
	if i > 0 {
		p := s.step[i-1]
		b[RightWingRises], b[LeftWingRises] = d.u-p.u, d.v-p.v
		b[NoCrossing] = g.after.dot(d) + g.before.dot(p)
	}
	if i == len(s.step)-1 {
		b[RightLee], b[LeftLee] = -d.u, -d.v
	}
	return b
}

// pull adds to g the gradients of the conditions of slice i, each times its number in b.
func (s *solver) pull(g []wings, i int, b *bounds) {
	d := &s.slope[i]
	g[i].add(b[RightButterfly], d.right)
	g[i].add(b[LeftButterfly], d.left)
	if i > 0 {
		g[i].add(b[NoCrossing], d.after)
		g[i-1].add(b[NoCrossing], d.before)
		g[i].u += b[RightWingRises]
		g[i].v += b[LeftWingRises]
		g[i-1].u -= b[RightWingRises]
		g[i-1].v -= b[LeftWingRises]
	}
	if i == len(g)-1 {
		g[i].u -= b[RightLee]
		g[i].v -= b[LeftLee]
	}
}

func rankOne(h *[6]float64, s float64, a wings) {
	t, u, v := s*a.theta, s*a.u, s*a.v
	h[0] += t * a.theta
	h[1] += u * a.theta
	h[2] += u * a.u
	h[3] += v * a.theta
	h[4] += v * a.u
	h[5] += v * a.v
}

// stiffen adds the conditions of slice i to the Hessian: (λ/c)∇c∇cᵀ, and of −λ∇²c the part that is positive.
func (s *solver) stiffen(i int) {
	h, c, l := &s.matrix.diag[i], &s.c[i], &s.lambda[i]
	d := &s.slope[i]
	rankOne(h, l[RightButterfly]/c[RightButterfly], d.right)
	rankOne(h, l[LeftButterfly]/c[LeftButterfly], d.left)
	y := s.x[i]
	e := y.u + y.v
	bend := (l[RightButterfly] + l[LeftButterfly]) * (y.u / e) * (y.v / e)
	h[2] += bend
	h[4] -= bend
	h[5] += bend
	if i == len(s.x)-1 {
		h[2] += l[RightLee] / c[RightLee]
		h[5] += l[LeftLee] / c[LeftLee]
	}
	o := &s.matrix.off[i]
	*o = [9]float64{}
	if i == 0 {
		return
	}
	hp := &s.matrix.diag[i-1]
	w := l[NoCrossing] / c[NoCrossing]
	rankOne(h, w, d.after)
	rankOne(hp, w, d.before)
	a, b := d.after, d.before
	*o = [9]float64{
		w * a.theta * b.theta, w * a.theta * b.u, w * a.theta * b.v,
		w * a.u * b.theta, w * a.u * b.u, w * a.u * b.v,
		w * a.v * b.theta, w * a.v * b.u, w * a.v * b.v,
	}
	for j, w := range [2]float64{l[RightWingRises] / c[RightWingRises], l[LeftWingRises] / c[LeftWingRises]} {
		q := 2 + 3*j // the place of u, and then of v, on the diagonal
		h[q] += w
		hp[q] += w
		o[4+4*j] -= w
	}
	// −√(ΔuΔv) is convex in the wings.
	p := s.x[i-1]
	da, db := y.u-p.u, y.v-p.v
	r := math.Sqrt(db / da)
	f := l[NoCrossing] / (y.u + y.v - 2*math.Sqrt(da*db))
	uu, uv, vv := 0.5*f*r/da, -0.5*f/math.Sqrt(da*db), 0.5*f/(r*db)
	h[2] += uu * y.u * y.u
	h[4] += uv * y.u * y.v
	h[5] += vv * y.v * y.v
	hp[2] += uu * p.u * p.u
	hp[4] += uv * p.u * p.v
	hp[5] += vv * p.v * p.v
	o[4] -= uu * y.u * p.u
	o[5] -= uv * y.u * p.v
	o[7] -= uv * y.v * p.u
	o[8] -= vv * y.v * p.v
}
