package fourier

import (
	"context"
	"math"
	"sync"

	fft "gonum.org/v1/gonum/dsp/fourier"

	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
)

// CONV prices European, Bermudan and American calls and puts by convolution on a grid: Lord, Fang, Bervoets and Oosterlee,
// "A fast and accurate FFT-based method for pricing early-exercise options under Lévy processes", SIAM Journal on Scientific
// Computing 30 (2008). It asks for a [model.Characteristic], and for a [model.Additive] if there is a date before expiry. The
// zero value is ready.
//
// The value at a date is held at equally spaced points, transformed, multiplied by the characteristic function of the step,
// and transformed back. In the place of a damping factor calls are valued under the measure of the asset, where they are
// bounded. The grid is moved at each date so that the boundary of exercise, and at expiry the strike, is one of its points;
// there the trapezoidal rule is corrected on both sides by Gregory's weights with differences up to the sixth, so that
// the error falls like the eighth power of the spacing and not the second.
//
// The number of points is doubled until the value changes by less than Tol. An American option is extrapolated from
// Bermudan ones as by [COS]. It fills the value, delta, gamma, dual delta and dual gamma, and of a European option rho and
// yield rho.
//
// [COS] is several times faster where its series converges fast; this engine is an independent check of it.
type CONV struct {
	Tol       float64 // absolute error of the undiscounted value over the forward; 0 means 1e-8, and 1e-6 for an American option
	MaxPoints int     // of the grid; 0 means 65536
	ValueOnly bool    // leaves out the Greeks
}

var (
	_ pricing.Engine      = CONV{}
	_ pricing.StripEngine = CONV{}
)

func (e CONV) settings() settings[CONV] {
	s := settings[CONV]{name: "fourier.CONV", engine: e, tol: e.Tol}
	if s.tol == 0 {
		s.tol = 1e-8
	}
	return s
}

// Price values a [pricing.Vanilla], or a [pricing.EarlyExercise] call or put. An expiry of zero gives the payoff.
func (e CONV) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	early, ok := in.(pricing.EarlyExercise)
	if !ok {
		var mk market
		var items [1]item
		var out [1]pricing.Result
		return e.settings().single(ctx, in, m, &mk, items[:], out[:], e.european)
	}
	return exerciser[CONV]{e.settings(), e.Tol, e.ValueOnly, func(s *steps, o option) bermudan {
		return func(ctx context.Context, dates []float64, tol float64) (jet, error) {
			return e.refine(ctx, s, o, dates, tol)
		}
	}}.price(ctx, early, m)
}

// PriceStrip values one option after the other. dst must be as long as in.
func (e CONV) PriceStrip(ctx context.Context, dst []pricing.Result, in []pricing.Instrument, m pricing.Model) error {
	var mk market
	return e.settings().strip(ctx, dst, in, m, &mk, make([]item, 0, len(in)), e.european)
}

// european prices the options of one expiry, the one that is out of the money and the other by parity.
func (e CONV) european(ctx context.Context, mk *market, items []item, out []pricing.Result) error {
	s := stepSpaces.Get().(*steps)
	defer stepSpaces.Put(s)
	has := pricing.HasValue
	if !e.ValueOnly {
		has |= pricing.HasDelta | pricing.HasGamma
	}
	for _, it := range items {
		o := option{right: pricing.Call, strike: it.strike}
		if it.k < 0 {
			o.right = pricing.Put
		}
		s.reset(mk.name, mk.world, nil, o.right)
		v, err := e.refine(ctx, s, o, []float64{mk.expiry}, mk.tol)
		if err != nil {
			return err
		}
		inv := 1 / s.scale()
		p := point{otm: inv * v.value, delta: inv * v.first, gamma: inv * (v.second - v.first)}
		if o.right == pricing.Put {
			p.delta++
		}
		p.delta, p.gamma = math.Min(math.Max(p.delta, 0), 1), math.Max(p.gamma, 0)
		out[it.index] = mk.result(it, p, has)
	}
	return nil
}

// convGrid is what the engine needs in memory beside the steps.
type convGrid struct {
	n            int
	origin       float64
	seq          []float64
	coef, phi, u []complex128
	turned       []complex128
	angle        []float64
	sin, cos     []float64
	plans        map[int]*fft.FFT
	from, to     float64
}

var convGrids = sync.Pool{New: func() any { return &convGrid{plans: map[int]*fft.FFT{}} }}

// refine doubles the number of points until the value settles.
func (e CONV) refine(ctx context.Context, s *steps, o option, dates []float64, tol float64) (jet, error) {
	if err := s.schedule(dates); err != nil {
		return jet{}, err
	}
	s.tol = tol * s.scale()
	if motionless(s.world, dates[len(dates)-1]) {
		return o.still(s), nil
	}
	if err := s.truncate(s.most(o.right, o.strike)); err != nil {
		return jet{}, err
	}
	most := e.MaxPoints
	if most == 0 {
		most = 1 << 16
	}
	g := convGrids.Get().(*convGrid)
	defer convGrids.Put(g)
	n := 64
	for ; n < most && s.rest(n, 0, dates[0], s.most(o.right, o.strike), 1) > math.Sqrt(s.tol*s.scale()); n *= 2 {
	}
	last, change := jet{value: math.Inf(1)}, math.Inf(1)
	for ; n <= most; n *= 2 {
		v, err := g.carry(ctx, s, o, n)
		if err != nil {
			return jet{}, err
		}
		if math.IsNaN(v.value) {
			return jet{}, s.refuse(math.Inf(1), "the characteristic function is not a number")
		}
		change = math.Abs(v.value - last.value)
		if change <= 0.5*s.tol {
			return v, nil
		}
		last = v
	}
	return jet{}, s.refuse(change, "the value does not settle as the grid is refined")
}

// gregory are the weights of the trapezoidal rule at the end of a smooth piece, with forward differences up to the sixth, less
// those of the plain sum.
var gregory = func() (w [7]float64) {
	w[0] = -0.5
	row := []float64{1}
	for _, c := range [...]float64{1. / 12, -1. / 24, 19. / 720, -3. / 160, 863. / 60480, -275. / 24192} {
		next := make([]float64, len(row)+1) // the next difference
		for i, x := range row {
			next[i] -= x
			next[i+1] += x
		}
		row = next
		for i, x := range row {
			w[i] += c * x
		}
	}
	return w
}()

// carry brings the payoff back to today on n points.
func (g *convGrid) carry(ctx context.Context, s *steps, o option, n int) (jet, error) {
	g.n = n
	half := n/2 + 1
	g.seq = grow(g.seq, n)
	g.coef, g.phi, g.u, g.turned = grow(g.coef, half), grow(g.phi, half), grow(g.u, half), grow(g.turned, half)
	g.angle, g.sin, g.cos = grow(g.angle, half), grow(g.sin, half), grow(g.cos, half)
	if g.plans[n] == nil {
		g.plans[n] = fft.NewFFT(n)
	}
	plan := g.plans[n]
	for k := range g.u {
		g.u[k] = complex(2*math.Pi*float64(k)/s.width, -s.theta)
	}
	g.from, g.to = 0, 0
	sign, last := o.right.Sign(), len(s.times)-1
	spacing := s.width / float64(n)

	clear(g.seq)
	g.lay(s, math.Log(o.strike/s.forward[last]), spacing)
	g.pay(s, last, sign, o.strike)
	g.correct(s, math.Log(o.strike/s.forward[last]), spacing)
	for i := last - 1; i >= 0; i-- {
		if err := ctx.Err(); err != nil {
			return jet{}, err
		}
		g.transform(s, plan, s.times[i], s.times[i+1])
		plan.Sequence(g.seq, g.coef)
		kink, found := g.boundary(s, i, sign, o.strike, spacing)
		if found {
			old := g.origin
			g.lay(s, kink, spacing)
			for k, x := range g.u {
				g.angle[k] = real(x) * (g.origin - old)
			}
			vec.Sincos(g.sin, g.cos, g.angle)
			for k := range g.coef {
				g.turned[k] = g.coef[k] * complex(g.cos[k], g.sin[k])
			}
			plan.Sequence(g.seq, g.turned)
		}
		inv := 1 / float64(n)
		for j := range g.seq {
			g.seq[j] *= inv
		}
		g.pay(s, i, sign, o.strike)
		if found {
			g.correct(s, kink, spacing)
		}
	}
	g.transform(s, plan, 0, s.times[0])
	f, f1, f2 := g.at(0)
	if s.theta == 1 {
		return jet{value: f, first: f + f1, second: f + 2*f1 + f2}, nil
	}
	return jet{value: f, first: f1, second: f2}, nil
}

// lay puts the origin of the grid so that x is one of its points.
func (g *convGrid) lay(s *steps, x, spacing float64) {
	shift := (x - s.a) / spacing
	g.origin = s.a + (shift-math.Floor(shift))*spacing
}

// pay makes each value of the grid at least what exercise at the i-th date pays.
func (g *convGrid) pay(s *steps, i int, sign, strike float64) {
	k, f := sign*s.discount[i]*strike, sign*s.discount[i]*s.forward[i]
	spacing := s.width / float64(g.n)
	if s.theta == 1 {
		e, up := math.Exp(-g.origin), math.Exp(-spacing)
		for j := range g.seq {
			g.seq[j] = math.Max(g.seq[j], f-k*e)
			e *= up
		}
		return
	}
	e, up := math.Exp(g.origin), math.Exp(spacing)
	for j := range g.seq {
		g.seq[j] = math.Max(g.seq[j], f*e-k)
		e *= up
	}
}

// correct multiplies what is near the kink, which is on the grid, by the weights of two pieces that end there.
func (g *convGrid) correct(s *steps, kink, spacing float64) {
	at := int(math.Round((kink - g.origin) / spacing))
	if at < len(gregory) || at >= g.n-len(gregory) {
		return
	}
	g.seq[at] *= 1 + 2*gregory[0] + 1
	for j := 1; j < len(gregory); j++ {
		g.seq[at-j] *= 1 + gregory[j]
		g.seq[at+j] *= 1 + gregory[j]
	}
}

// transform makes coef the transform of the expectation at t0 of the values at t1.
func (g *convGrid) transform(s *steps, plan *fft.FFT, t0, t1 float64) {
	stationary := s.additive != nil && s.additive.Stationary()
	if !(g.to > 0 && (t0 == g.from && t1 == g.to || stationary && s.alike(t1-t0, g.to-g.from))) {
		s.increment(g.phi, g.u, t0, t1)
		g.from, g.to = t0, t1
	}
	plan.Coefficients(g.coef, g.seq)
	for k, f := range g.phi {
		g.coef[k] *= f
	}
}

// at returns the expectation and its two derivatives at any point.
func (g *convGrid) at(x float64) (f, f1, f2 float64) {
	for k, u := range g.u {
		g.angle[k] = real(u) * (x - g.origin)
	}
	vec.Sincos(g.sin, g.cos, g.angle)
	for k, w := range g.coef {
		u := real(g.u[k])
		c := real(w)*g.cos[k] - imag(w)*g.sin[k]
		d := real(w)*g.sin[k] + imag(w)*g.cos[k]
		if k == 0 || 2*k == g.n {
			c, d = 0.5*c, 0.5*d
		}
		f += c
		f1 -= u * d
		f2 -= u * u * c
	}
	scale := 2 / float64(g.n)
	return scale * f, scale * f1, scale * f2
}

// boundary returns the first point where exercise and holding change places; seq is the expectation times n.
func (g *convGrid) boundary(s *steps, i int, sign, strike, spacing float64) (float64, bool) {
	k, f := s.discount[i]*strike, s.discount[i]*s.forward[i]
	gain := func(x float64) (float64, float64) {
		if s.theta == 1 {
			e := math.Exp(-x)
			return sign * (f - k*e), sign * k * e
		}
		e := math.Exp(x)
		return sign * (f*e - k), sign * f * e
	}
	inv, noise := 1/float64(g.n), 1e-3*s.tol/float64(len(s.times))
	// The ends of the grid are left out: what lies beyond one end comes from the other.
	edge := g.n / 64
	stop := false
	for j := edge; j < g.n-edge; j++ {
		x := g.origin + float64(j)*spacing
		pays, _ := gain(x)
		now := pays > 0 && pays-inv*g.seq[j] > noise
		if j > edge && now != stop {
			low, high := x-spacing, x
			y := 0.5 * (low + high)
			for range 60 {
				c, c1, _ := g.at(y)
				v, v1 := gain(y)
				if (v-c > 0) == stop {
					low = y
				} else {
					high = y
				}
				next := y - (v-c)/(v1-c1)
				if !(next > low && next < high) {
					next = 0.5 * (low + high)
				}
				if math.Abs(next-y) <= 1e-6*spacing {
					return next, true
				}
				y = next
			}
			return y, true
		}
		stop = now
	}
	return 0, false
}
