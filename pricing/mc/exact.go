package mc

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Exact draws geometric Brownian motion from its own law at any times: no error in time. It serves [model.BlackScholes] with a
// volatility that is the same for all strikes. Discrete dividends follow the spot model, as in package tree: the price is
// lognormal between ex-dates and falls by the cash amount, not below zero, and then by the proportion.
type Exact struct{}

var _ Scheme = Exact{}

// Simulate prepares the prices at the given times.
func (e Exact) Simulate(m pricing.Model, times []float64, _ float64) (model.Simulation, error) {
	const fn = "mc.Exact"
	world, ok := m.(model.BlackScholes)
	if !ok {
		return nil, schemeError(e, m, "")
	}
	vol, ok := world.Vol.(model.TermVol)
	if !ok {
		return nil, schemeError(e, m, "its volatility depends on the strike: use a local volatility")
	}
	var stops []float64
	for _, d := range world.Dividends {
		stops = append(stops, d.Time)
	}
	steps, at := model.StepGrid(times, stops, 0)
	g := &lognormalPaths{spot: world.Spot, at: at, steps: steps}
	g.drift, g.dev = make([]float64, len(steps)), make([]float64, len(steps))
	g.falls = make([]model.Dividend, len(steps))
	growth, variance, next, from := 1.0, 0.0, 0, 0.0
	for k, t := range steps {
		v := vol.TermVol(t)
		if !(v >= 0) || math.IsInf(v, 1) {
			return nil, fault.Arg(fn, fmt.Sprintf("volatility at %g years", t), v, "finite and >= 0")
		}
		total := v * v * t
		step := total - variance
		if step < 0 {
			if step < -1e-12*total {
				return nil, fault.Arg(fn, fmt.Sprintf("variance from %g to %g years", from, t), step, ">= 0: volatilities by expiry without arbitrage")
			}
			step = 0
		}
		to := world.Growth(t)
		if !(to > 0) || math.IsInf(to, 1) {
			return nil, fault.Arg(fn, fmt.Sprintf("growth to %g years", t), to, "finite and > 0")
		}
		g.drift[k] = math.Log(to/growth) - 0.5*step
		g.dev[k] = math.Sqrt(step)
		growth, variance, from = to, total, t
		keep, cash := 1.0, 0.0
		for ; next < len(world.Dividends) && world.Dividends[next].Time <= t; next++ {
			d := world.Dividends[next]
			cash += d.Cash / keep // all of a day at once: (s − c1)(1−p1) − c2 = (s − c1 − c2/(1−p1))(1−p1)
			keep *= 1 - d.Proportion
		}
		g.falls[k] = model.Dividend{Time: t, Cash: cash, Proportion: 1 - keep}
		g.paying = g.paying || cash > 0 || keep < 1
	}
	return g, nil
}

// lognormalPaths are exact paths of one asset.
type lognormalPaths struct {
	spot       float64
	steps      []float64
	at         []int
	drift, dev []float64        // of the logarithm of the price in each step
	falls      []model.Dividend // at the end of each step
	paying     bool
}

func (g *lognormalPaths) Layout() model.Layout {
	return model.Layout{Assets: 1, Steps: g.steps, Factors: 1, Scratch: 1, Variance: !g.paying}
}

func (g *lognormalPaths) PathsTo(b *model.PathBlock) {
	x := b.Scratch[0] // ln S
	start := math.Log(g.spot)
	drift, variance, k, fresh := 0.0, 0.0, 0, true
	for i, steps := range g.at {
		dst := b.Spot[i]
		if steps == 0 {
			fill(dst, g.spot)
			if b.Variance != nil {
				clear(b.Variance[i])
			}
			continue
		}
		variance = 0
		for ; k < steps; k++ {
			// The drift goes into the exponential with the sum of all drifts, and costs nothing before it.
			z, dev := b.Normals[k], g.dev[k]
			if fresh {
				for j := range x {
					x[j] = dev * z[j]
				}
				fresh = false
			} else {
				vec.AddScaled(x, dev, z, x)
			}
			drift += g.drift[k]
			variance += dev * dev
			if fall := g.falls[k]; fall.Cash > 0 || fall.Proportion > 0 {
				keep := 1 - fall.Proportion
				shift := drift + start
				for j := range x {
					x[j] = x[j] + shift
				}
				vec.Exp(x, x)
				for j := range x {
					x[j] = max(x[j]-fall.Cash, 0) * keep
				}
				vec.Log(x, x)
				drift, start = 0, 0
			}
		}
		shift := drift + start
		for j := range dst {
			dst[j] = x[j] + shift
		}
		vec.Exp(dst, dst)
		if b.Variance != nil {
			fill(b.Variance[i], variance)
		}
	}
}

func fill(dst []float64, v float64) {
	for j := range dst {
		dst[j] = v
	}
}
