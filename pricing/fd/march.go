package fd

import (
	"context"
	"math"

	"github.com/volgaquant/volga/pricing"
)

// geometry holds, for each inner node of a grid, what its equation needs of the spacings.
type geometry struct {
	x           []float64
	horizon     float64   // of the problem, in years
	left, right []float64 // spacings
	near, far   []float64 // 1/(left·(left+right)), 1/(right·(left+right))
}

func (g *geometry) of(x []float64, horizon float64) {
	n := len(x)
	g.x, g.horizon = x, horizon
	g.left, g.right, g.near, g.far = grown(g.left, n), grown(g.right, n), grown(g.near, n), grown(g.far, n)
	for i := 1; i < n-1; i++ {
		l, r := x[i]-x[i-1], x[i+1]-x[i]
		g.left[i], g.right[i] = l, r
		g.near[i], g.far[i] = 1/(l*(l+r)), 1/(r*(l+r))
	}
}

// The ratio of the drift over a spacing to the variance, c·h/b², up to which differences stay central is 1, where a coefficient
// becomes negative, and peclet where a standard deviation to the horizon spans fineNodes spacings: values that the grid resolves
// so well stay smooth up to several times that.
const peclet, fineNodes = 3, 4

// implicit writes I − d·L to m for the nodes from..to, L the generator ½b²∂² + drift·x∂ − rate with central differences. Where
// convection dominates, b² is raised until it does not, which turns the difference upwind. At the ends the value is given, or
// a straight line.
func (g *geometry) implicit(m Tridiagonal, from, to int, b []float64, drift, rate, d float64, fixLow, fixHigh bool) {
	n := to - from + 1
	lower, diag, upper := m.Lower[:n], m.Diag[:n], m.Upper[:n]
	x, left, right, near, far := g.x[from:to+1], g.left[from:to+1], g.right[from:to+1], g.near[from:to+1], g.far[from:to+1]
	b = b[from : to+1]
	left, right, near, far, x, b = left[:n], right[:n], near[:n], far[:n], x[:n], b[:n]
	one := 1 + d*rate
	for i := 1; i < n-1; i++ {
		c := drift * x[i]
		q := b[i] * b[i]
		if least := max(c*right[i], -c*left[i]); least > q {
			if h := left[i] + right[i]; 0.25*fineNodes*fineNodes*h*h < q*g.horizon {
				least /= peclet
			}
			q = max(q, least)
		}
		lo, up := d*near[i]*(q-c*right[i]), d*far[i]*(q+c*left[i])
		lower[i], upper[i], diag[i] = -lo, -up, one+lo+up
	}
	lower[0], upper[n-1] = 0, 0
	if fixLow {
		diag[0], upper[0] = 1, 0
	} else {
		k := d * drift * x[0] / (x[1] - x[0])
		k = math.Max(k, -0.5)
		diag[0], upper[0] = one+k, -k
	}
	if fixHigh {
		diag[n-1], lower[n-1] = 1, 0
	} else {
		k := d * drift * x[n-1] / (x[n-1] - x[n-2])
		k = math.Min(k, 0.5)
		diag[n-1], lower[n-1] = one-k, k
	}
}

// march goes from maturity to now.
func (s *solver) march(ctx context.Context) error {
	last := len(s.moments) - 1
	T := s.expiry
	graded := s.early && s.dates == nil // steps that grow in proportion to the root of the time since, as the exercise boundary moves
	main := s.Scheme
	if main == Recommended {
		if main = CrankNicolson; graded {
			main = TRBDF2
		}
	}
	if err := s.happens(last); err != nil {
		return err
	}
	s.tLast, s.dLast, s.gLast = T, s.world.DiscountFactor(T), s.world.Growth(T)
	since := 0
	for k := last; k > 0; k-- {
		t0, t1 := s.moments[k-1].t, s.moments[k].t
		length := t1 - t0
		watched := s.moments[k].watchLow || s.moments[k].watchHigh
		least := 4
		if watched {
			least = 8
		}
		steps := s.stepsOf(length/T, least)
		damped, start := 2, damp
		if k < last {
			start = TRBDF2 // which does not lower the order if dates are many
			if !s.early && !s.moments[k].watchLow && !s.moments[k].watchHigh {
				damped = 0 // a dividend leaves a smooth value smooth
			}
		}
		at := t1
		for i := 1; i <= steps; i++ {
			u := float64(i) / float64(steps)
			if graded || watched {
				u *= u
			}
			next := t1 - length*u
			if i == steps {
				next = t0
			}
			scheme := main
			if watched && scheme == CrankNicolson {
				scheme = TRBDF2
			}
			if scheme == CrankNicolson && i <= damped {
				scheme = start
			}
			if err := s.step(next, at, scheme); err != nil {
				if it, ok := err.(*IterationError); ok {
					it.Time = next
				}
				return err
			}
			at = next
			if since += len(s.x); since > nodesPerCheck {
				if since = 0; ctx.Err() != nil {
					return ctx.Err()
				}
			}
		}
		if err := s.happens(k - 1); err != nil {
			return err
		}
	}
	s.tLast = s.moments[1].t
	return nil
}

// stepsOf is the number of steps in a part of the time to maturity, at least so many if there are several parts. The coarse
// grid has an exact fraction of the fine one's.
func (s *solver) stepsOf(part float64, least int) int {
	ratio := 2
	switch {
	case s.Single:
		ratio = 1
	case s.Scheme == Implicit:
		ratio = 4 // of first order, so that the errors in time and space both grow by four
	}
	n := int(math.Ceil(float64(s.TimeSteps/ratio)*part - 1e-9))
	if len(s.moments) > 2 {
		n = max(n, least/ratio)
	}
	if !s.onCoarse {
		n *= ratio
	}
	return n
}

// nodesPerCheck is the work between two looks at the context: some milliseconds.
const nodesPerCheck = 20_000

// damp is the scheme of two implicit half steps.
const damp Scheme = -1

// step goes from t1 back to t0.
func (s *solver) step(t0, t1 float64, scheme Scheme) error {
	dt := t1 - t0
	d0, g0 := s.world.DiscountFactor(t0), s.world.Growth(t0)
	s.rate = math.Log(d0/s.dLast) / dt
	s.drift = math.Log(s.gLast/g0) / dt
	s.dLast, s.gLast = d0, g0
	s.b, s.bBefore = s.bBefore, s.b
	s.world.DiffusionTo(s.b, s.x, t0, t1)
	if s.jumps.intensity > 0 {
		return s.jumpStep(t0, t1, scheme)
	}
	switch scheme {
	case TRBDF2:
		s.assemble(0.5 * trGamma * dt)
		_ = s.each(func(c *column) error { copy(c.old, c.v); return nil })
		if err := s.stage(true, t1-trGamma*dt); err != nil {
			return err
		}
		_ = s.each(func(c *column) error { c.backward(); return nil })
		return s.stage(false, t0)
	case Implicit:
		s.assemble(dt)
		return s.stage(false, t0)
	case damp:
		s.assemble(0.5 * dt)
		if err := s.stage(false, 0.5*(t0+t1)); err != nil {
			return err
		}
		return s.stage(false, t0)
	}
	s.assemble(0.5 * dt)
	return s.stage(true, t0)
}

// trGamma is the part of a step of TRBDF2 that its trapezoidal stage takes: then both stages have the same matrix.
const trGamma = 2 - math.Sqrt2

// backward combines the values after the trapezoidal stage with those before it, in old, to the right-hand side of the
// difference.
func (c *column) backward() {
	const ahead = 1 / (trGamma * (2 - trGamma))
	const behind = (1 - trGamma) * (1 - trGamma) * ahead
	old := c.old[:len(c.v)]
	for i, v := range c.v {
		c.v[i] = ahead*v - behind*old[i]
	}
}

// stage solves every column.
func (s *solver) stage(reflected bool, t float64) error {
	return s.each(func(c *column) error { return s.solve(c, reflected, t) })
}

func (s *solver) each(do func(*column) error) error {
	if err := do(&s.main); err != nil || !s.waits {
		return err
	}
	return do(&s.inner)
}

// assemble makes the matrices of the step, unless they are those of the step before.
func (s *solver) assemble(d float64) {
	if s.assembled && near(d, s.d0) && math.Abs(s.rate-s.rate0)*d < 1e-14 && math.Abs(s.drift-s.drift0)*d < 1e-14 &&
		sameColumn(s.b, s.bBefore) {
		s.b, s.bBefore = s.bBefore, s.b // so that small changes do not add up unseen
		return
	}
	s.assembled, s.d0, s.rate0, s.drift0 = true, d, s.rate, s.drift
	for _, c := range [2]*column{&s.main, &s.inner} {
		if c == &s.inner && !s.waits {
			break
		}
		j := &s.jumps // with an intensity of zero, nothing
		s.grid.implicit(c.matrix, c.from, c.to, s.b, s.drift-j.intensity*j.mean, s.rate+j.intensity, d, c.fixLow, c.fixHigh)
		c.factored = false
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Abs(b) }

func sameColumn(a, b []float64) bool {
	b = b[:len(a)]
	for i, v := range a {
		if math.Abs(v-b[i]) > 1e-13*v {
			return false
		}
	}
	return true
}

// solve takes a column to time t: by (I − dL)v' = v, or if reflected on to 2v' − v, which is a step of Crank and Nicolson
// over 2d.
func (s *solver) solve(c *column, reflected bool, t float64) error {
	n := len(c.v)
	rhs := c.v
	if s.jumps.intensity > 0 {
		rhs = c.integral.source[:n]
		k := s.d0 * s.jumps.intensity
		for i, v := range c.v {
			rhs[i] = v + k*rhs[i]
		}
	}
	var lowEdge, highEdge float64
	if c.fixLow {
		lowEdge = s.edge(c, c.low, c.from, t)
		if reflected {
			c.v[0] = 0.5 * (c.v[0] + lowEdge)
		} else {
			c.v[0] = lowEdge
		}
		rhs[0] = c.v[0]
	}
	if c.fixHigh {
		highEdge = s.edge(c, c.high, c.to, t)
		if reflected {
			c.v[n-1] = 0.5 * (c.v[n-1] + highEdge)
		} else {
			c.v[n-1] = highEdge
		}
		rhs[n-1] = c.v[n-1]
	}
	if s.early && s.dates == nil && c == &s.main {
		bound := c.floor
		if reflected {
			bound = c.bound[:n]
			for i, f := range c.floor {
				bound[i] = 0.5 * (f + c.v[i])
			}
		}
		if c.fixLow || c.fixHigh {
			if !reflected {
				copy(c.bound, bound)
				bound = c.bound[:n]
			}
			if c.fixLow {
				bound[0] = math.Inf(-1)
			}
			if c.fixHigh {
				bound[n-1] = math.Inf(-1)
			}
		}
		copy(c.next, c.v)
		if err := c.complementarity.solve(s.Exercise, c.matrix, c.next, rhs, bound, s.size); err != nil {
			return err
		}
		if reflected {
			for i, v := range c.v {
				c.next[i] = 2*c.next[i] - v
			}
		}
	} else {
		if !c.factored {
			if !c.factors.Factor(c.matrix) {
				return &IterationError{Method: "elimination", Residual: math.NaN()}
			}
			c.factored = true
		}
		switch {
		case !reflected:
			c.factors.SolveTo(c.next, rhs)
		case s.jumps.intensity > 0:
			c.factors.SolveTo(c.next, rhs)
			for i, v := range c.v {
				c.next[i] = 2*c.next[i] - v
			}
		default:
			c.factors.reflectTo(c.next, rhs)
		}
	}
	if c.fixLow {
		c.next[0] = lowEdge
	}
	if c.fixHigh {
		c.next[n-1] = highEdge
	}
	c.v, c.next = c.next, c.v
	return nil
}

// edge is the value at a barrier that is looked at at all times: the rebate, or what the contract that comes to life is worth
// there.
func (s *solver) edge(c *column, b *pricing.Barrier, node int, t float64) float64 {
	if c == &s.inner {
		return s.main.v[node]
	}
	return s.rebate(b, t)
}

// rebate is the value at t of the rebate of a knock-out that is hit then.
func (s *solver) rebate(b *pricing.Barrier, t float64) float64 {
	if b.Late {
		return b.Rebate * s.world.DiscountFactor(s.expiry) / s.world.DiscountFactor(t)
	}
	return b.Rebate
}

// happens takes the columns from just after a moment to just before it. A barrier is looked at after the dividends of the
// date, and so is exercise on given dates; an option that may be exercised at any time may be so before them too.
func (s *solver) happens(k int) error {
	s.forgetful()
	m := &s.moments[k]
	exercise := s.early && (s.dates == nil || m.exercise)
	if exercise && k < len(s.moments)-1 {
		s.exercise()
	}
	if len(m.dividends) > 0 {
		s.pays(m)
	}
	for _, b := range [2]*pricing.Barrier{s.lower, s.upper} {
		if b != nil && (m.watchLow && !b.Up || m.watchHigh && b.Up) {
			s.watch(b, m)
		}
	}
	if len(m.dividends) > 0 && s.early && s.dates == nil {
		s.exercise()
	}
	return nil
}

func (s *solver) exercise() {
	c := &s.main
	from, to := 0, len(c.v)
	if c.fixLow {
		from++
	}
	if c.fixHigh {
		to--
	}
	for i := from; i < to; i++ {
		c.v[i] = max(c.v[i], c.floor[i])
	}
}

// watch looks at a barrier on one of its dates. The level is that before the dividends of the date, which may lie between
// nodes: the value jumps there, and the node whose cell it crosses takes the mean over the cell.
func (s *solver) watch(b *pricing.Barrier, m *moment) {
	c, other := &s.main, []float64(nil)
	if s.waits {
		c, other = &s.inner, s.main.v
	}
	dead := s.rebate(b, m.t)
	beyond := func(i int) float64 { // of what the contract becomes
		if other != nil {
			return other[i]
		}
		return dead
	}
	alive := func(i int) float64 { return c.v[i-c.from] }
	level := m.before(b.Level)
	x := s.x
	crossed, mean := -1, 0.0
	for i := c.from + 1; i < c.to; i++ {
		left, right := 0.5*(x[i-1]+x[i]), 0.5*(x[i]+x[i+1])
		if level <= left || level > right {
			continue
		}
		at := func(p float64, value func(int) float64) float64 {
			j := i + 1
			if p < x[i] {
				j = i - 1
			}
			return value(i) + (value(j)-value(i))*(p-x[i])/(x[j]-x[i])
		}
		low, high := beyond, alive
		if b.Up {
			low, high = alive, beyond
		}
		crossed = i
		mean = ((level-left)*at(0.5*(left+level), low) + (right-level)*at(0.5*(right+level), high)) / (right - left)
		break
	}
	for i := c.from; i <= c.to; i++ {
		if x[i] != level && x[i] < level != b.Up || x[i] == level && crossed < 0 {
			c.v[i-c.from] = beyond(i)
		}
	}
	if crossed >= 0 {
		c.v[crossed-c.from] = mean
	}
}

// pays takes the values from after dividends to before.
func (s *solver) pays(m *moment) {
	floor := s.world.PriceFloor(m.t)
	n := len(s.x)
	s.at = grown(s.at, n)
	for i, p := range s.x {
		s.at[i] = m.after(p, floor)
	}
	if s.waits {
		c := &s.inner
		at := s.at[c.from : c.to+1]
		shiftedTo(c.next, at, s.x[c.from:c.to+1], c.v)
		if b := c.low; b != nil && at[0] < b.Level { // the fall brings it to life
			shiftedTo(c.old, at, s.x, s.main.v)
			for i, p := range at {
				if p <= b.Level {
					c.next[i] = c.old[i]
				}
			}
		}
		c.v, c.next = c.next, c.v
	}
	c := &s.main
	shiftedTo(c.next, s.at, s.x, c.v)
	if b := c.low; b != nil {
		for i, p := range s.at {
			if p <= b.Level {
				c.next[i] = s.rebate(b, m.t)
			}
		}
	}
	c.v, c.next = c.next, c.v
	if c.fixHigh {
		c.v[n-1] = s.rebate(c.high, m.t)
	}
	if s.waits {
		if c := &s.inner; c.fixHigh {
			c.v[len(c.v)-1] = s.main.v[c.to]
		}
	}
}
