package mc

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
)

// Importance wraps a source so that the normals of a path have another mean, a drift, for which the ratio of densities makes up.
// It serves payoffs that few paths earn: options far out of the money, barriers hardly ever reached.
//
// As the outermost source of an [Engine] it finds its own drift, that of [Engine.OptimalDrift]; then it has the same number of
// dimensions for the pilot and the pricing.
type Importance struct {
	Of    Source    // nil means Philox{}
	Drift []float64 // one number for each normal of a path, in the order of the construction; nil means the optimal one
}

var _ Source = Importance{}

// Open returns the numbers.
func (p Importance) Open(s Shape) (Stream, error) {
	const fn = "mc.Importance"
	of, err := open(p.Of, s, fn)
	if err != nil {
		return nil, err
	}
	if p.Drift == nil && s.Normals() > 0 {
		return nil, fault.Arg(fn, "Drift", nil, "a drift, or Importance as the outermost source of an Engine, which then finds it")
	}
	if len(p.Drift) != s.Normals() {
		return nil, fault.Arg(fn, "Drift", fmt.Sprintf("of %d numbers", len(p.Drift)),
			fmt.Sprintf("one for each of %d normals", s.Normals()))
	}
	square := 0.0
	for _, v := range p.Drift {
		square += v * v
	}
	if err := fault.Finite(fn, "square of Drift", square); err != nil {
		return nil, err
	}
	return &importanceStream{of: of, shape: s, drift: p.Drift, half: 0.5 * square, tilt: make([]float64, s.Block)}, nil
}

func (p Importance) inside() Source { return p.Of }

type importanceStream struct {
	of    Stream
	shape Shape
	drift []float64
	half  float64
	tilt  []float64
}

func (p *importanceStream) Clone() Stream {
	return &importanceStream{p.of.Clone(), p.shape, p.drift, p.half, make([]float64, len(p.tilt))}
}
func (p *importanceStream) Unit() Unit        { return p.of.Unit() }
func (p *importanceStream) Replications() int { return p.of.Replications() }
func (p *importanceStream) paired() bool      { return p.shape.paired(p.of) }
func (p *importanceStream) ordered() bool     { return isOrdered(p.of) }

func (p *importanceStream) Fill(d *Draws) {
	p.of.Fill(d)
	tilt := p.tilt[:d.Paths]
	fill(tilt, -p.half)
	for i, v := range p.drift {
		if v == 0 {
			continue
		}
		z := d.Column(i)
		vec.AddScaled(tilt, -v, z, tilt) // of the numbers before the shift: −θ·z − θ²/2
		for j := range z {
			z[j] += v
		}
	}
	vec.Exp(tilt, tilt)
	for j, w := range tilt {
		d.Weight[j] *= w
	}
}

// The pilot that begins the search for a drift, and the search.
const (
	pilotPaths  = 8192
	searchSteps = 50
)

// OptimalDrift returns the drift that Glasserman, Heidelberger and Shahabuddin (1999) show to be asymptotically optimal: the
// most likely path among those that pay, weighted by what they pay. It maximises ln G(z) − |z|²/2, where G(z) is the payoff,
// all uniforms being one half, from the mean path of a pilot weighted by its payoffs. The payoff must not be negative.
func (e Engine) OptimalDrift(ctx context.Context, in pricing.Instrument, m pricing.Model) ([]float64, error) {
	if p, ok := e.Source.(Importance); ok {
		e.Source = p.Of
	}
	e.Controls, e.StdErr, e.Progress, e.Paths = nil, 0, nil, pilotPaths
	if in == nil || m == nil {
		return nil, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m}
	}
	if err := fault.First(ctx.Err(), in.Validate(), m.Validate()); err != nil {
		return nil, err
	}
	c, why, err := e.claimOf(in, m)
	if err != nil {
		return nil, err
	}
	if why != "" {
		return nil, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m, Reason: why}
	}
	return e.optimalDrift(ctx, c, m)
}

func (e Engine) optimalDrift(ctx context.Context, c claim, m pricing.Model) ([]float64, error) {
	const pilotPass = 1<<22 - 1 // far from the passes that methods ask for
	g, err := e.generator(m, c.times, pilotPass, c.variance)
	if err != nil {
		return nil, err
	}
	g.state = c.state
	n := g.shape.Normals()
	theta := make([]float64, n)
	if n == 0 {
		return theta, nil
	}
	b, pays := g.NewBlock(), make([]float64, g.shape.Block)
	view := c.view()
	sum := 0.0
	var raw []float64
	for i := range g.Blocks() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		raw = g.raw(raw, b, i)
		w := pays[:len(b.Weight)]
		weight := append([]float64(nil), b.Weight...)
		g.makeFrom(b, i, len(w), raw)
		c.valueTo(w, b, view)
		for j, v := range w {
			if !(v >= 0) || math.IsInf(v, 1) {
				return nil, fault.Arg("mc.Importance", "payoff", v, "finite and >= 0: a drift must be given")
			}
			w[j] = v * weight[j]
			sum += w[j]
		}
		for k := range theta {
			theta[k] += vec.Dot(w, raw[k*len(w):(k+1)*len(w)])
		}
	}
	if sum == 0 {
		return nil, fmt.Errorf("mc: no path of %d pays anything: a drift must be given: %w", pilotPaths, errNoPay)
	}
	for k := range theta {
		theta[k] /= sum
	}
	s := &search{g: g, c: c, b: b, view: view, pays: pays}
	return s.climb(ctx, theta)
}

var errNoPay = errors.New("the pilot found no payoff")

// search looks for the maximum of ln G − |θ|²/2.
type search struct {
	g    *Generator
	c    claim
	b    *Block
	view *pricing.Paths
	pays []float64
	raw  []float64
}

// logPay writes ln G(θ) and ln G(θ + h·e_i) for i from lo to hi−1.
func (s *search) logPay(theta []float64, h float64, lo, hi int, dst []float64) float64 {
	n := hi - lo + 1
	size := s.g.shape.Steps * (s.g.shape.Factors + s.g.shape.Uniforms)
	if len(s.raw) < size*s.g.shape.Block {
		s.raw = make([]float64, size*s.g.shape.Block)
	}
	raw := s.raw[:size*n]
	for k, v := range theta {
		fill(raw[k*n:(k+1)*n], v)
	}
	fill(raw[len(theta)*n:], 0.5)
	for i := lo; i < hi; i++ {
		raw[i*n+1+i-lo] += h
	}
	s.g.makeFrom(s.b, 0, n, raw)
	pays := s.pays[:n]
	s.c.valueTo(pays, s.b, s.view)
	for i := lo; i < hi; i++ {
		dst[i] = math.Log(pays[1+i-lo])
	}
	return math.Log(pays[0])
}

// climb goes up by the fixed point θ = ∇ln G(θ), with steps halved until they gain.
func (s *search) climb(ctx context.Context, theta []float64) ([]float64, error) {
	const h = 1e-5
	n := len(theta)
	up, next := make([]float64, n), make([]float64, n)
	square := func(x []float64) float64 {
		v := 0.0
		for _, t := range x {
			v += t * t
		}
		return v
	}
	most := s.g.shape.Block - 1
	for step := 0; step < searchSteps; step++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var base float64
		for lo := 0; lo < n; lo += most {
			base = s.logPay(theta, h, lo, min(lo+most, n), up)
		}
		value := base - 0.5*square(theta)
		if math.IsInf(value, -1) || math.IsNaN(value) {
			return theta, nil // the mean of the pilot pays nothing itself, but is a drift to the region that does
		}
		for i := range up {
			up[i] = (up[i]-base)/h - theta[i]
			if math.IsNaN(up[i]) || math.IsInf(up[i], 0) {
				up[i] = 0
			}
		}
		size := math.Sqrt(square(up))
		if size < 1e-3*(1+math.Sqrt(square(theta))) {
			break
		}
		gained := false
		for a := 1.0; a > 1e-3; a *= 0.5 {
			for i := range next {
				next[i] = theta[i] + a*up[i]
			}
			if v := s.logPay(next, 0, 0, 0, nil) - 0.5*square(next); v > value {
				theta, next, gained = next, theta, true
				break
			}
		}
		if !gained {
			break
		}
	}
	return theta, nil
}
