package fd

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// FokkerPlanck2 follows the law of the asset and the second variable of a [model.Diffusion2] forward in time, from the point
// at which they are now. The zero value is ready.
//
// Each step is the transpose of the step that [ADI] takes backwards on the same grid, with the same scheme, so that the law
// gives to every payoff the price that the backward solver gives, to rounding, and keeps its mass to rounding. As any
// scheme of second order with a mixed derivative it leaves small negative masses where the law is thin; see
// [Law2.ConditionalTo].
type FokkerPlanck2 struct {
	Scheme      ADIScheme
	TimeSteps   int  // to the horizon; 0 means 100
	SpotSteps   int  // 0 means 200
	SecondSteps int  // 0 means 60
	Sharp       bool // takes the first two steps as all others, and not in four parts each by the scheme that smooths
}

// Law2 is the joint law of an asset and a second variable at one time, as masses on the nodes of a grid.
type Law2 struct {
	Time   float64
	Spot   []float64 // the prices of the rows, rising; they move with the forward
	Second []float64 // the values of the columns, rising
	Mass   []float64 // Mass[i·len(Second)+j] is the probability about Spot[i] and Second[j]
}

// Total returns the sum of the masses: 1 to rounding.
func (l *Law2) Total() float64 { return sum(l.Mass) }

// Negative returns the sum of the masses below zero, a measure of what the grid does not resolve.
func (l *Law2) Negative() float64 {
	total := 0.0
	for _, m := range l.Mass {
		total += math.Min(m, 0)
	}
	return total
}

// MarginalTo writes the mass of each price to dst, which must be as long as Spot.
func (l *Law2) MarginalTo(dst []float64) {
	m := len(l.Second)
	for i := range dst[:len(l.Spot)] {
		dst[i] = sum(l.Mass[i*m : (i+1)*m])
	}
}

// ConditionalTo writes E[f | S] for each price to dst, where f is given at the values of Second. Negative masses are taken
// for zero; at a price with less than least in positive mass the value is that of the nearest price with more.
func (l *Law2) ConditionalTo(dst, f []float64, least float64) {
	m := len(l.Second)
	known := -1
	for i := range dst[:len(l.Spot)] {
		mass, total := 0.0, 0.0
		for j, p := range l.Mass[i*m : (i+1)*m] {
			if p > 0 {
				mass += p
				total += p * f[j]
			}
		}
		if mass > least {
			dst[i] = total / mass
			if known < 0 {
				fill(dst[:i], dst[i])
			}
			known = i
		} else if known >= 0 {
			dst[i] = dst[known]
		}
	}
	if known < 0 {
		fill(dst, math.NaN())
	}
}

// Expect returns Σ Mass·f over prices and second variables.
func (l *Law2) Expect(f func(spot, second float64) float64) float64 {
	total := 0.0
	for i, s := range l.Spot {
		for j, y := range l.Second {
			if p := l.Mass[i*len(l.Second)+j]; p != 0 {
				total += p * f(s, y)
			}
		}
	}
	return total
}

func sum(x []float64) float64 {
	total := 0.0
	for _, v := range x {
		total += v
	}
	return total
}

// Run follows the law to the horizon and returns it. visit, if not nil, is shown the law now and after each step, the last
// one included, and may stop the run by an error; it must not keep what it is shown. The coefficients of a step are asked for
// after visit has seen the law at its start, so that a model may depend on it.
func (e FokkerPlanck2) Run(ctx context.Context, m pricing.Model, horizon float64, visit func(*Law2) error) (*Law2, error) {
	const fn = "fd.FokkerPlanck2"
	world, ok := m.(model.Diffusion2)
	if paired, several := m.(model.Paired); several && !ok {
		if err := m.Validate(); err != nil {
			return nil, err
		}
		world, ok = paired.Pair()
	}
	if !ok {
		return nil, fault.Arg(fn, "model", fmt.Sprintf("%T", m), "a model.Diffusion2")
	}
	if j, may := m.(model.Jumping); may && j.HasJumps() {
		return nil, fault.Arg(fn, "model", fmt.Sprintf("%T", m), "without jumps")
	}
	settings := ADI{Scheme: e.Scheme, TimeSteps: e.TimeSteps, SpotSteps: e.SpotSteps, SecondSteps: e.SecondSteps}
	if err := fault.First(ctx.Err(), m.Validate(), settings.validate(), fault.Positive(fn, "horizon", horizon)); err != nil {
		return nil, err
	}
	c := &claim2{world: world, second: world.Second(), spot: world.SpotPrice(), expiry: horizon, law: true}
	if err := c.check(); err != nil {
		return nil, err
	}
	nt, n, k := e.TimeSteps, e.SpotSteps, e.SecondSteps
	if nt == 0 {
		nt = 2 * defaultADITime
	}
	if n == 0 {
		n = defaultADISpot
	}
	if k == 0 {
		k = defaultADISecond
	}
	w := adiSpaces.Get().(*adiSpace)
	defer adiSpaces.Put(w)
	if err := w.grid(c, n, k); err != nil {
		return nil, err
	}
	f := newForward(w)
	law := &Law2{Spot: make([]float64, w.n), Second: slices.Clone(w.y), Mass: make([]float64, w.n*w.m)}
	row, _ := slices.BinarySearch(w.x, c.spot/c.scale(0))
	spread(law.Mass[row*w.m:(row+1)*w.m], w.y, c.second.Start)
	show := func(t float64) error {
		law.Time = t
		scale := c.scale(t)
		for i, x := range w.x {
			law.Spot[i] = x * scale
		}
		if visit == nil {
			return nil
		}
		return visit(law)
	}
	if err := show(0); err != nil {
		return nil, err
	}
	weights := e.Scheme.weights(w.convective(c))
	length := horizon / float64(nt)
	for i := range nt {
		t0, t1 := length*float64(i), length*float64(i+1)
		if i == nt-1 {
			t1 = horizon
		}
		wt, parts := &weights, 1
		if i < roughSteps && !e.Sharp {
			wt, parts = &damping, roughParts
		}
		for h := range parts {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			dt := length / float64(parts)
			a0, a1 := t0+dt*float64(h), t0+dt*float64(h+1)
			if h == parts-1 {
				a1 = t1
			}
			stale := !w.set.ok || w.set.theta != wt.theta || w.set.dt != dt
			if err := w.prepare(c, a0, a1, dt, wt.theta); err != nil {
				return nil, err
			}
			if stale || !c.second.Steady {
				f.factor(wt.theta)
			}
			f.step(law.Mass, wt)
		}
		if err := show(t1); err != nil {
			return nil, err
		}
	}
	if total := law.Total(); !(math.Abs(total-1) < 1e-6) {
		return nil, fault.Arg(fn, "total mass", total, "1: the grid does not hold the law, more steps may")
	}
	return law, nil
}

// The first steps are taken in parts, by a scheme that smooths: a point is rougher than any payoff.
const (
	roughSteps = 2
	roughParts = 4
)

// spread puts the mass of a point on the one or two nodes about it.
func spread(mass, y []float64, at float64) {
	j, exact := slices.BinarySearch(y, at)
	if exact {
		mass[j] = 1
		return
	}
	j = min(max(j, 1), len(y)-1)
	z := (at - y[j-1]) / (y[j] - y[j-1])
	mass[j-1], mass[j] = 1-z, z
}

// forward is the transposed solver on the operators of a space.
type forward struct {
	w                     *adiSpace
	near, inverse, far    []float64 // of the asset, n·m
	yNear, yInverse, yFar []float64
	yBeyond               float64
	a, b, c, mixed        []float64
}

func newForward(w *adiSpace) *forward {
	size := w.n * w.m
	f := &forward{w: w}
	for _, p := range []*[]float64{&f.near, &f.inverse, &f.far, &f.a, &f.b, &f.c, &f.mixed} {
		*p = make([]float64, size)
	}
	for _, p := range []*[]float64{&f.yNear, &f.yInverse, &f.yFar} {
		*p = make([]float64, w.m)
	}
	return f
}

// below and above are what multiplies the value of the row below and of the row above in the operator at node (i, j).
func (f *forward) below(i, j int) float64 { return f.w.lower[i]*f.w.square[j] + f.w.driftLower[i] }
func (f *forward) above(i, j int) float64 { return f.w.upper[i]*f.w.square[j] + f.w.driftUpper[i] }

// factor eliminates the transposes of the implicit operators.
func (f *forward) factor(theta float64) {
	w := f.w
	n, m := w.n, w.m
	for i := range n {
		for j := range m {
			k := i*m + j
			pivot := 1 + theta*(f.below(i, j)+f.above(i, j))
			f.near[k] = 0
			if i > 0 {
				up := theta * f.above(i-1, j)
				pivot -= up * f.far[k-m]
				f.near[k] = up * f.inverse[k-m]
			}
			inverse := 1 / pivot
			f.inverse[k], f.far[k] = inverse, 0
			if i < n-1 {
				f.far[k] = theta * f.below(i+1, j) * inverse
			}
		}
	}
	// From the last column to the first. The entry by which the second column beyond the first feels the first one moves to the
	// column between them.
	for j := m - 1; j >= 0; j-- {
		pivot := 1 + theta*(w.left[j]+w.right[j])
		if j == 0 {
			pivot += theta * w.beyond
		}
		f.yNear[j], f.yFar[j] = 0, 0
		if j < m-1 {
			down := theta * w.left[j+1]
			pivot -= down * f.yFar[j+1]
			f.yNear[j] = down * f.yInverse[j+1]
		}
		f.yInverse[j] = 1 / pivot
		if j > 0 {
			up := theta * w.right[j-1]
			if j == 1 && m > 2 {
				up += f.yNear[1] * theta * w.beyond
			}
			f.yFar[j] = up / pivot
		}
	}
	f.yBeyond = 0
	if m > 2 {
		f.yBeyond = theta * w.beyond * f.yInverse[2]
	}
}

// solveAsset solves in place by the transpose of I − θF₁.
func (f *forward) solveAsset(p []float64) {
	n, m := f.w.n, f.w.m
	for i := 1; i < n; i++ {
		here := p[i*m : (i+1)*m]
		vec.MulAdd(here, f.near[i*m:(i+1)*m], p[(i-1)*m:i*m], here)
	}
	last := p[(n-1)*m:]
	for j, v := range f.inverse[(n-1)*m:] {
		last[j] *= v
	}
	for i := n - 2; i >= 0; i-- {
		here := p[i*m : (i+1)*m]
		adiBack(here, f.mixed[:m], here, f.inverse[i*m:(i+1)*m], f.far[i*m:(i+1)*m], p[(i+1)*m:(i+2)*m], f.w.zeros)
	}
}

// solveSecond solves in place by the transpose of I − θF₂, four rows at a time so that their chains of operations overlap.
func (f *forward) solveSecond(p []float64) {
	n, m := f.w.n, f.w.m
	near, inverse, far := f.yNear[:m], f.yInverse[:m], f.yFar[:m]
	i := 0
	for ; i+4 <= n; i += 4 {
		a, b, c, d := p[i*m:(i+1)*m], p[(i+1)*m:(i+2)*m], p[(i+2)*m:(i+3)*m], p[(i+3)*m:(i+4)*m]
		a, b, c, d = a[:m], b[:m], c[:m], d[:m]
		xa, xb, xc, xd := a[m-1], b[m-1], c[m-1], d[m-1]
		for j := m - 2; j >= 0; j-- {
			k := near[j]
			xa, xb, xc, xd = a[j]+k*xa, b[j]+k*xb, c[j]+k*xc, d[j]+k*xd
			a[j], b[j], c[j], d[j] = xa, xb, xc, xd
		}
		xa, xb, xc, xd = 0, 0, 0, 0
		for j := range m {
			k, l := inverse[j], far[j]
			xa, xb, xc, xd = a[j]*k+l*xa, b[j]*k+l*xb, c[j]*k+l*xc, d[j]*k+l*xd
			if j == 2 {
				xa, xb, xc, xd = xa+f.yBeyond*a[0], xb+f.yBeyond*b[0], xc+f.yBeyond*c[0], xd+f.yBeyond*d[0]
			}
			a[j], b[j], c[j], d[j] = xa, xb, xc, xd
		}
	}
	for ; i < n; i++ {
		a := p[i*m : (i+1)*m]
		for j := m - 2; j >= 0; j-- {
			a[j] += near[j] * a[j+1]
		}
		x := 0.0
		for j := range a {
			x = a[j]*inverse[j] + far[j]*x
			if j == 2 {
				x += f.yBeyond * a[0]
			}
			a[j] = x
		}
	}
}

// add adds a₀F₀ᵀp + a₁F₁ᵀp + a₂F₂ᵀp to dst, which must not be p.
func (f *forward) add(dst, p []float64, a0, a1, a2 float64) {
	w := f.w
	n, m := w.n, w.m
	if a0 != 0 {
		// The transposed derivative by the second variable of coupling·p, row by row.
		for i := range n {
			q, row := f.mixed[i*m:(i+1)*m], p[i*m:(i+1)*m]
			if w.coupling[i] == 0 {
				clear(q)
				continue
			}
			c := a0 * w.coupling[i]
			low, high := w.mixedLow[:m], w.mixedHigh[:m]
			q[0] = c * (low[1]*row[1] - (low[0]+high[0])*row[0])
			for j := 1; j < m-1; j++ {
				q[j] = c * (high[j-1]*row[j-1] - (low[j]+high[j])*row[j] + low[j+1]*row[j+1])
			}
			q[m-1] = c * (high[m-2]*row[m-2] - (low[m-1]+high[m-1])*row[m-1])
		}
	}
	square, left, right := w.square[:m], w.left[:m], w.right[:m]
	for i := range n {
		out, row := dst[i*m:(i+1)*m], p[i*m:(i+1)*m]
		if a1 != 0 {
			here, move := -a1*(w.lower[i]+w.upper[i]), -a1*(w.driftLower[i]+w.driftUpper[i])
			for j, v := range row {
				out[j] += (here*square[j] + move) * v
			}
			if i > 0 {
				here, move := a1*w.upper[i-1], a1*w.driftUpper[i-1]
				for j, v := range p[(i-1)*m : i*m] {
					out[j] += (here*square[j] + move) * v
				}
			}
			if i < n-1 {
				here, move := a1*w.lower[i+1], a1*w.driftLower[i+1]
				for j, v := range p[(i+1)*m : (i+2)*m] {
					out[j] += (here*square[j] + move) * v
				}
			}
		}
		out[0] += a2 * (left[1]*row[1] - (left[0]+right[0])*row[0])
		for j := 1; j < m-1; j++ {
			out[j] += a2 * (right[j-1]*row[j-1] - (left[j]+right[j])*row[j] + left[j+1]*row[j+1])
		}
		out[m-1] += a2 * (right[m-2]*row[m-2] - (left[m-1]+right[m-1])*row[m-1])
		if m > 2 && w.beyond != 0 {
			out[0] -= a2 * w.beyond * row[0]
			out[2] += a2 * w.beyond * row[0]
		}
		if a0 == 0 {
			continue
		}
		q := f.mixed[i*m : (i+1)*m]
		vec.AddScaled(out, -(w.xDown[i] + w.xUp[i]), q, out)
		if i > 0 {
			vec.AddScaled(out, w.xUp[i-1], f.mixed[(i-1)*m:i*m], out)
		}
		if i < n-1 {
			vec.AddScaled(out, w.xDown[i+1], f.mixed[(i+1)*m:(i+2)*m], out)
		}
	}
}

// step moves the masses on by the transpose of the step of adiSpace.
func (f *forward) step(p []float64, wt *adiWeights) {
	// Second stage, from its end: a is felt by what is taken off before the last solve, b by its right-hand side.
	a, b, c := f.a, f.b, f.c
	theta := wt.theta
	if wt.once {
		copy(a, p)
		f.solveSecond(a)
		copy(b, a)
		f.solveAsset(b)
		copy(p, b)
		f.add(p, b, 1, 1-theta, 1)
		f.add(p, a, 0, 0, -theta)
		return
	}
	copy(a, p)
	f.solveSecond(a)
	copy(b, a)
	f.solveAsset(b)
	copy(p, b)
	f.add(p, b, wt.e0, wt.e1, wt.e2)
	clear(c)
	f.add(c, b, wt.w0, wt.w1, wt.w2)
	if wt.keep {
		f.add(p, a, 0, 0, -theta)
	} else {
		f.add(c, a, 0, 0, -theta)
	}
	// The first stage, felt through its result.
	f.solveSecond(c)
	f.add(p, c, 0, 0, -theta)
	f.solveAsset(c)
	for k, v := range c {
		p[k] += v
	}
	f.add(p, c, 1, 1-theta, 1)
}
