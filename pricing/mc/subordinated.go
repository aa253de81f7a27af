package mc

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Subordinated draws [model.VarianceGamma] and [model.NIG] at any times: a Brownian motion with drift on a clock whose increments
// are drawn from their own law, without error in time. Those of the gamma clock are the quantile function at a normal
// number, tabulated to about 1e-8; those of the inverse Gaussian clock follow Michael, Schucany and Haas, "Generating random
// variates using transformations with multiple roots", American Statistician 30 (1976).
type Subordinated struct{}

var _ Scheme = Subordinated{}

// Simulate prepares the prices at the given times.
func (e Subordinated) Simulate(m pricing.Model, times []float64, _ float64) (model.Simulation, error) {
	const fn = "mc.Subordinated"
	steps, at := model.StepGrid(times, nil, 0)
	p := &clockPaths{at: at, steps: steps}
	var market model.Market
	var perYear float64 // drift of the logarithm that makes the asset over its forward a martingale
	switch w := m.(type) {
	case model.VarianceGamma:
		market = w.Market
		p.theta, p.sigma = w.Theta, w.Sigma
		perYear = -(w.Theta + 0.5*w.Sigma*w.Sigma)
		if w.Nu > 0 {
			perYear = math.Log1p(w.Nu*perYear) / w.Nu
		}
		from := 0.0
		for _, t := range steps {
			p.clocks = append(p.clocks, p.gammaClock(t-from, w.Nu))
			from = t
		}
	case model.NIG:
		market = w.Market
		p.theta, p.sigma, p.inverse = w.Beta, 1, true
		g := math.Sqrt((w.Alpha - w.Beta) * (w.Alpha + w.Beta))
		g1 := math.Sqrt((w.Alpha - w.Beta - 1) * (w.Alpha + w.Beta + 1))
		perYear = -w.Delta * (2*w.Beta + 1) / (g + g1)
		from := 0.0
		for _, t := range steps {
			d := w.Delta * (t - from)
			p.clocks = append(p.clocks, &clock{mean: d / g, shape: d * d, dt: t - from})
			from = t
		}
	default:
		return nil, schemeError(e, m, "")
	}
	p.spot = market.Spot
	var err error
	if p.drift, err = drifts(fn, market, steps); err != nil {
		return nil, err
	}
	for k, c := range p.clocks {
		if c.table != nil {
			for i, v := range c.table {
				if math.IsNaN(v) {
					return nil, fault.Arg(fn, fmt.Sprintf("quantile of the clock, node %d of step %d", i, k), v, "a number")
				}
			}
		}
		p.drift[k] += perYear * c.dt
	}
	return p, nil
}

type clockPaths struct {
	spot         float64
	theta, sigma float64 // drift and volatility of the Brownian motion
	inverse      bool    // the clock is inverse Gaussian, otherwise gamma
	steps        []float64
	at           []int
	drift        []float64
	clocks       []*clock
}

// clock is the law of the increments of a clock over a step.
type clock struct {
	dt          float64
	mean, shape float64   // of the inverse Gaussian law
	scale       float64   // of the gamma law: ν; 0 for a clock that runs evenly
	table       []float64 // its logarithm's quantile and slope by the normal number, at equal intervals, one after the other
}

const (
	clockEdge  = 8.3 // normals of package rng stay within ±8.21
	clockSteps = 830
)

// gammaClock returns the clock of a step, the last one again if it is as long.
func (p *clockPaths) gammaClock(dt, nu float64) *clock {
	if n := len(p.clocks); n > 0 && math.Abs(p.clocks[n-1].dt-dt) < 1e-9*dt {
		return p.clocks[n-1]
	}
	c := &clock{dt: dt, scale: nu}
	if nu == 0 {
		return c
	}
	shape := dt / nu
	if shape > 1e8 { // the clock's noise is below 1e-4 of the step, and its skewness below rounding
		return &clock{dt: dt}
	}
	c.table = make([]float64, 2*(clockSteps+1))
	const h = 2 * clockEdge / clockSteps
	middle := clockSteps / 2
	start := math.Log(shape)
	y, slope := logGammaQuantile(shape, 0, start)
	c.table[2*middle], c.table[2*middle+1] = y, slope
	for _, way := range []int{1, -1} {
		y, slope := y, slope
		for i := middle + way; i >= 0 && i <= clockSteps; i += way {
			x := -clockEdge + h*float64(i)
			y, slope = logGammaQuantile(shape, x, y+float64(way)*h*slope)
			c.table[2*i], c.table[2*i+1] = y, slope
		}
	}
	return c
}

// logGammaQuantile returns y = ln G, where G is the quantile of the gamma law of that shape and of scale one at Φ(x), and dy/dx.
// Newton's method from y on ln P(a, e^y), which rises and is concave, or on ln Q, which falls and is concave.
func logGammaQuantile(a, x, y float64) (float64, float64) {
	lg, _ := math.Lgamma(a)
	lg1, _ := math.Lgamma(a + 1)
	target := special.LogNormCDF(-math.Abs(x))
	for range 100 {
		var step float64
		g := math.Exp(y)
		density := a*y - g - lg // ln of the density of y
		switch {
		case x <= 0 && g < 1e-16*(a+1):
			step = (target+lg1)/a - y // P = G^a/Γ(a+1)
		case x <= 0:
			p := mathext.GammaIncReg(a, g)
			step = (target - math.Log(p)) * p * math.Exp(-density)
		default:
			q := mathext.GammaIncRegComp(a, g)
			step = (math.Log(q) - target) * q * math.Exp(-density)
		}
		// Not further at once than where the other side's curvature is felt.
		step = min(max(step, -4-math.Abs(y)), 4)
		if !(g > 0) && x <= 0 {
			step = (target+lg1)/a - y
		}
		y += step
		if math.Abs(step) <= 1e-12*max(1, math.Abs(y)) {
			break
		}
	}
	const logRoot2Pi = 0.91893853320467274178
	slope := math.Exp(-0.5*x*x - logRoot2Pi - (a*y - math.Exp(y) - lg))
	return y, slope
}

func (p *clockPaths) Layout() model.Layout {
	l := model.Layout{Assets: 1, Steps: p.steps, Factors: 2, Scratch: 2, Resumes: true}
	if p.inverse {
		l.Uniforms = 1
	}
	return l
}

func (p *clockPaths) PathsTo(b *model.PathBlock) {
	x, g := b.Scratch[0], b.Scratch[1]
	clear(x)
	shift, k := math.Log(p.spot), 0
	first, until := b.Range(len(p.at))
	if first > 0 {
		vec.Log(x, b.Spot[first-1])
		shift, k = 0, p.at[first-1]
	}
	for i := first; i < until; i++ {
		steps := p.at[i]
		for ; k < steps; k++ {
			c := p.clocks[k]
			z, w := b.Normals[2*k], b.Normals[2*k+1]
			switch {
			case p.inverse:
				c.inverseGaussianTo(g, w, b.Uniforms[k])
			case c.table == nil:
				fill(g, c.dt)
			default:
				c.gammaTo(g, w)
			}
			theta, sigma := p.theta, p.sigma
			for j, t := range g {
				x[j] += theta*t + sigma*math.Sqrt(t)*z[j]
			}
			shift += p.drift[k]
		}
		dst := b.Spot[i]
		for j := range dst {
			dst[j] = x[j] + shift
		}
		vec.Exp(dst, dst)
	}
}

// gammaTo writes the increments of a gamma clock at the normals z to dst, by Hermite's cubic for their logarithm.
func (c *clock) gammaTo(dst, z []float64) {
	const inverse = clockSteps / (2 * clockEdge)
	const h = 1 / inverse
	for j, v := range z {
		u := (v + clockEdge) * inverse
		u = min(max(u, 0), clockSteps-1e-9)
		i := int(u)
		f := u - float64(i)
		t := c.table[2*i : 2*i+4 : 2*i+4]
		d := t[2] - t[0]
		m0, m1 := h*t[1], h*t[3]
		dst[j] = t[0] + f*(m0+f*((3*d-2*m0-m1)+f*(m0+m1-2*d)))
	}
	vec.Exp(dst, dst)
	for j := range dst {
		dst[j] *= c.scale
	}
}

// inverseGaussianTo writes the increments of an inverse Gaussian clock to dst. The smaller root is written so that it does not
// cancel.
func (c *clock) inverseGaussianTo(dst, z, u []float64) {
	half := 0.5 * c.mean / c.shape
	for j, v := range z {
		t := half * v * v
		r := 1 / (1 + t + math.Sqrt(t*(t+2))) // of the mean
		if u[j]*(1+r) > 1 {
			r = 1 / r
		}
		dst[j] = c.mean * r
	}
}
