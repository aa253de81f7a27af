package fd

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing/model"
)

// jumps is the integral term of a jump-diffusion, I(S) = E[V(S·e^J)], on a grid even in ln S that reaches beyond the nodes by
// as far as the asset may jump. Values go to that grid and back by local cubics, and the sum over the law of J is a
// convolution by the fast Fourier transform (d'Halluin, Forsyth and Vetzal, IMA Journal of Numerical Analysis 25, 2005). The
// weights are the means of hat functions, so that the law may have atoms and kinks.
type jumps struct {
	law       model.JumpDiffusion
	intensity float64 // λ; 0 means no jumps
	mean      float64 // E[e^J − 1] of the weights, so that the discrete asset is a martingale
	square    float64 // E[J²] of the weights

	from, step  float64 // ln S of the first point, and between points
	fine        int     // points of the fine grid
	cells       float64 // spacing of the fine grid
	low         float64 // below this price the integral is a straight line in the price
	transform   *fourier.FFT
	spectrum    []complex128 // of the weights
	work        []complex128
	z           []float64 // values on the even grid, and the integral
	weights     []float64
	upMost, dip float64 // how far a jump reaches
}

// resampling gives each point of a grid by four weights on neighbouring points of another.
type resampling struct {
	at     []int32
	weight [][4]float64
}

func (s *resampling) resize(n int) {
	if cap(s.at) < n {
		s.at, s.weight = make([]int32, n, n+n/4), make([][4]float64, n, n+n/4)
	}
	s.at, s.weight = s.at[:n], s.weight[:n]
}

// apply writes the values at the points of the resampling to dst. offset is the index of v's first point.
func (s *resampling) apply(dst, v []float64) {
	at := s.at[:len(dst)]
	weight := s.weight[:len(dst)]
	for i := range dst {
		w, p := &weight[i], v[at[i]:at[i]+4]
		dst[i] = w[0]*p[0] + w[1]*p[1] + w[2]*p[2] + w[3]*p[3]
	}
}

const (
	jumpTail   = 1e-8 // of the law of J, weighted by e^J above, that is left out
	jumpFar    = 12.  // largest |J| that is looked at
	maxPoints  = 1 << 15
	leastPoint = 64
	margin     = 14 // points beyond what a jump reaches: the coarse grid's last weights and the cubics, before the circle closes
)

// read takes the law of the jumps and finds how far they reach.
func (j *jumps) read(fn string, law model.JumpDiffusion) error {
	j.law, j.intensity = law, law.JumpIntensity()
	const part = 1. / 16
	below := func(y float64) float64 { return (law.JumpExcess(y+part) - law.JumpExcess(y)) / part } // P(J < y..y+part)
	j.upMost, j.dip = part, part
	for ; j.upMost < jumpFar && (1-below(j.upMost))*math.Exp(j.upMost) > jumpTail; j.upMost += part {
	}
	for ; j.dip < jumpFar && below(-j.dip-part) > jumpTail; j.dip += part {
	}
	j.square = 0
	for y := -j.dip; y <= j.upMost; y += part {
		j.square += y * y * (law.JumpExcess(y+part) - 2*law.JumpExcess(y) + law.JumpExcess(y-part)) / part
	}
	if !(j.square >= 0) || math.IsInf(j.square, 1) {
		return fault.Arg(fn, "jumps", j.square, "a finite mean of the squared jump")
	}
	return nil
}

// lay makes the even grid for the fine nodes x, a third as dense as they are at the spot or a kink, with a point of the
// coarse grid at the anchor, where the value may have a kink.
func (j *jumps) lay(x, kinks []float64, spot, low, anchor float64) {
	cell := math.Inf(1)
	for _, p := range append(kinks[:len(kinks):len(kinks)], spot) {
		if p > x[0] && p < x[len(x)-1] {
			i := below(x, p)
			cell = math.Min(cell, 3*(x[i+1]-x[i])/p) // the integral smooths
		}
	}
	j.low = math.Max(low, x[0])
	span := math.Log(x[len(x)-1]/j.low) + j.upMost + j.dip + 2*margin*cell
	n := leastPoint
	for n < maxPoints && float64(n)*cell < span {
		if n *= 2; float64(n/4*3)*cell >= span {
			n = n / 4 * 3
		}
	}
	j.fine, j.cells = n, math.Max(cell, span/float64(n))
	j.from = math.Log(j.low) - j.dip - margin*j.cells
	if anchor > 0 {
		_, part := math.Modf((math.Log(anchor) - j.from) / (2 * j.cells))
		j.from -= (1 - part) * 2 * j.cells
	}
}

// begin takes the fine grid or the coarse one, of every other point, and transforms the weights.
func (j *jumps) begin(coarse bool) {
	n := j.fine
	j.step = j.cells
	if coarse {
		n, j.step = n/2, 2*j.step
	}
	if j.transform == nil {
		j.transform = fourier.NewFFT(n)
	} else if j.transform.Len() != n {
		j.transform.Reset(n)
	}
	j.z, j.weights = grown(j.z, n), grown(j.weights, n)
	if cap(j.work) < n/2+1 {
		j.work, j.spectrum = make([]complex128, n/2+1), make([]complex128, n/2+1)
	}
	j.work, j.spectrum = j.work[:n/2+1], j.spectrum[:n/2+1]
	clear(j.weights)
	up, down := int(j.upMost/j.step)+1, int(j.dip/j.step)+1
	law, h := j.law, j.step
	hat := func(m int) float64 { // the mean of the hat function about point m
		y := float64(m) * h
		return (law.JumpExcess(y+h) - 2*law.JumpExcess(y) + law.JumpExcess(y-h)) / h
	}
	// Linear interpolation between points adds h²/6 to the variance of a jump. A twelfth of the second difference takes it
	// away again.
	total, mean := 0.0, 0.0
	left, here := hat(-down-1), hat(-down)
	for m := -down; m <= up; m++ {
		right := hat(m + 1)
		w := here - (right-2*here+left)/12
		j.weights[(m+n)%n] = w
		total += w
		mean += w * math.Expm1(float64(m)*h)
		left, here = here, right
	}
	for i := range j.weights {
		j.weights[i] /= total * float64(n) // and the factor of the inverse transform
	}
	j.mean = mean / total
	j.transform.Coefficients(j.spectrum, j.weights)
}

// convolve replaces the values on the even grid by their means after a jump. Those within reach of the ends are of no use.
func (j *jumps) convolve() {
	w := j.transform.Coefficients(j.work, j.z)
	for i, s := range j.spectrum {
		w[i] *= complex(real(s), -imag(s))
	}
	j.transform.Sequence(j.z, w)
}

// integral is what a column needs for its integral term.
type integral struct {
	to, back      resampling // from nodes to points, and from points to nodes
	first, last   int        // the points between the column's nodes
	points        []float64
	now, before   []float64 // I at the time of the column's values, and one step later in calendar time
	source, saved []float64
	later         float64 // the time of before; NaN if there is none
}

// prepare makes the stencils of a column.
func (j *jumps) prepare(c *column, all []float64) {
	x := all[c.from : c.to+1]
	n := len(j.z)
	g := &c.integral
	g.points = grown(g.points, n)
	g.to.resize(n)
	g.first, g.last = n, -1
	top := all[len(all)-1] * math.Exp(j.upMost+margin*j.cells)
	k := 0
	for i := range n {
		p := math.Exp(j.from + float64(i)*j.step)
		for k < len(x)-2 && x[k+1] <= p {
			k++
		}
		w := [4]float64{}
		at := min(max(k-1, 0), len(x)-4)
		switch {
		case p > top: // no jump comes here, and large values would leave their rounding on small ones
			at = 0
		case p < x[0] && c.fixLow: // knocked: the value at the barrier, or that of the other column
			at, w[0] = 0, 1
		case p > x[len(x)-1] && c.fixHigh:
			at, w[3] = len(x)-4, 1
		case p < x[0] || p > x[len(x)-1]:
			t := (p - x[k]) / (x[k+1] - x[k])
			w[k-at], w[k-at+1] = 1-t, t
		default:
			g.first, g.last = min(g.first, i), i
			w = cubicWeights((*[4]float64)(x[at:at+4]), p)
		}
		g.to.at[i], g.to.weight[i] = int32(at), w
	}
	g.back.resize(len(x))
	for i, p := range x {
		if p < j.low {
			p = j.low // overwritten by the caller: a straight line from here to the first node
		}
		u := (math.Log(p) - j.from) / j.step
		at := min(max(int(u)-1, 0), n-4)
		var near [4]float64
		for k := range near {
			near[k] = math.Exp(j.from + float64(at+k)*j.step)
		}
		// In the price and not its logarithm, so that straight lines come back as such.
		g.back.at[i], g.back.weight[i] = int32(at), cubicWeights(&near, p)
	}
	m := len(x)
	g.now, g.before, g.source, g.saved = grown(g.now, m), grown(g.before, m), grown(g.source, m), grown(g.saved, m)
	g.later = math.NaN()
}

func cubicWeights(x *[4]float64, p float64) (w [4]float64) {
	for i := range w {
		w[i] = 1
		for k := range x {
			if k != i {
				w[i] *= (p - x[k]) / (x[i] - x[k])
			}
		}
	}
	return w
}

// integrate writes the integral of the values of each column to now.
func (s *solver) integrate() {
	j := &s.jumps
	_ = s.each(func(c *column) error {
		g := &c.integral
		g.to.apply(g.points, c.v)
		if c == &s.inner { // beyond the barrier it has become the other
			other := s.main.integral.points
			if c.fixLow {
				copy(g.points[:min(g.first, len(other))], other)
			}
			if c.fixHigh && g.last+1 < len(other) {
				copy(g.points[g.last+1:], other[g.last+1:])
			}
		}
		copy(j.z, g.points)
		j.convolve()
		g.back.apply(g.now, j.z)
		x := s.x[c.from : c.to+1]
		if x[0] < j.low && x[0] == 0 {
			g.now[0] = c.v[0] // a price of zero stays there
			at := 1
			for at < len(x) && x[at] < j.low {
				at++
			}
			if at < len(x) {
				for i := 1; i < at; i++ {
					g.now[i] = g.now[0] + (g.now[at]-g.now[0])*x[i]/x[at]
				}
			}
		}
		return nil
	})
}

// ahead writes to source the integral at time t: by the line through those at now and at the time after, or, if there is
// none, the one now.
func (s *solver) ahead(now, t float64) (known bool) {
	known = true
	_ = s.each(func(c *column) error {
		g := &c.integral
		if math.IsNaN(g.later) {
			known = false
			copy(g.source, g.now)
			return nil
		}
		r := (now - t) / (g.later - now)
		for i, v := range g.now {
			g.source[i] = v + r*(v-g.before[i])
		}
		return nil
	})
	return known
}

// remember makes the integral now the one of the time after, for the next step.
func (s *solver) remember(now float64) {
	_ = s.each(func(c *column) error {
		g := &c.integral
		g.now, g.before, g.later = g.before, g.now, now
		return nil
	})
}

// forgetful drops the history, after an event.
func (s *solver) forgetful() {
	s.main.integral.later, s.inner.integral.later = math.NaN(), math.NaN()
}

// jumpStep is a step with the integral term taken explicitly, at the middle of a trapezoidal stage by extrapolation from the
// two times before it; where there is only one, by predicting the end of the stage.
func (s *solver) jumpStep(t0, t1 float64, scheme Scheme) error {
	dt := t1 - t0
	trapezoid := func(to float64) error { // leaves the integral at t1 in now
		s.integrate()
		if s.ahead(t1, 0.5*(t1+to)) {
			return s.stage(true, to)
		}
		_ = s.each(func(c *column) error { copy(c.integral.saved, c.v); return nil })
		if err := s.stage(true, to); err != nil {
			return err
		}
		_ = s.each(func(c *column) error { copy(c.integral.source, c.integral.now); return nil })
		s.integrate() // at the predicted end
		_ = s.each(func(c *column) error {
			g := &c.integral
			for i, end := range g.now {
				start := g.source[i]
				g.now[i], g.source[i] = start, 0.5*(start+end)
			}
			copy(c.v, g.saved)
			return nil
		})
		return s.stage(true, to)
	}
	explicit := func(to float64) error {
		s.integrate()
		_ = s.each(func(c *column) error { copy(c.integral.source, c.integral.now); return nil })
		return s.stage(false, to)
	}
	switch scheme {
	case TRBDF2:
		d := 0.5 * trGamma * dt
		s.assemble(d)
		mid := t1 - trGamma*dt
		_ = s.each(func(c *column) error { copy(c.old, c.v); return nil })
		if err := trapezoid(mid); err != nil {
			return err
		}
		s.remember(t1)
		s.integrate()
		s.ahead(mid, t0)
		_ = s.each(func(c *column) error { c.backward(); return nil })
		if err := s.stage(false, t0); err != nil {
			return err
		}
		return nil
	case Implicit:
		s.assemble(dt)
		return explicit(t0)
	case damp:
		s.assemble(0.5 * dt)
		if err := explicit(0.5 * (t0 + t1)); err != nil {
			return err
		}
		return explicit(t0)
	}
	s.assemble(0.5 * dt)
	if err := trapezoid(t0); err != nil {
		return err
	}
	s.remember(t1)
	return nil
}
