package mc

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Exact draws geometric Brownian motion from its own law at any times: no error in time. It serves [model.Assets], whose
// correlations come in by Cholesky's decomposition in the order of the assets, and [model.BlackScholes] with a
// volatility that is the same for all strikes, with discrete dividends of either [model.DividendModel]; the horizon of escrowed
// ones is the last time that the instrument looks at the asset.
type Exact struct{}

var _ Scheme = Exact{}

// Simulate prepares the prices at the given times.
func (e Exact) Simulate(m pricing.Model, times []float64, _ float64) (model.Simulation, error) {
	const fn = "mc.Exact"
	if basket, ok := m.(model.Assets); ok {
		return simulateAssets(basket, times)
	}
	world, ok := m.(model.BlackScholes)
	if !ok {
		return nil, schemeError(e, m, "")
	}
	vol, ok := world.Vol.(model.TermVol)
	if !ok {
		return nil, schemeError(e, m, "its volatility depends on the strike: use a local volatility")
	}
	last := times[len(times)-1]
	var stops []float64
	for _, d := range world.Dividends {
		stops = append(stops, d.Time)
	}
	steps, at := model.StepGrid(times, stops, 0)
	g := &lognormalPaths{at: at, steps: steps, owed: make([]float64, len(times))}
	g.spot = world.Spot - world.EscrowedCash(0, last)
	if err := fault.Positive(fn, "spot less the dividends until the last date", g.spot); err != nil {
		return nil, err
	}
	for i, t := range times {
		g.owed[i] = world.EscrowedCash(t, last)
		g.paying = g.paying || g.owed[i] > 0
	}
	n := len(steps)
	g.drift, g.dev, g.cash, g.kept = make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	growth, variance, next, from := 1.0, 0.0, 0, 0.0
	for k, t := range steps {
		step, err := stepVariance(fn, vol, variance, from, t)
		if err != nil {
			return nil, err
		}
		to := world.Growth(t)
		if !(to > 0) || math.IsInf(to, 1) {
			return nil, fault.Arg(fn, fmt.Sprintf("growth to %g years", t), to, "finite and > 0")
		}
		g.drift[k] = math.Log(to/growth) - 0.5*step
		g.dev[k] = math.Sqrt(step)
		growth, variance, from = to, variance+step, t
		cash, kept := 0.0, 1.0
		for ; next < len(world.Dividends) && world.Dividends[next].Time <= t; next++ {
			d := world.Dividends[next]
			if world.DividendModel == model.PiecewiseLognormal {
				cash += d.Cash / kept // all of a day at once: (s − c1)(1−p1) − c2 = (s − c1 − c2/(1−p1))(1−p1)
			}
			kept *= 1 - d.Proportion
			g.paying = true
		}
		g.cash[k], g.kept[k] = cash, math.Log(kept)
	}
	return g, nil
}

// stepVariance returns the variance of a step to t if that up to from, its beginning, is known.
func stepVariance(fn string, vol model.TermVol, variance, from, t float64) (float64, error) {
	v := vol.TermVol(t)
	if !(v >= 0) || math.IsInf(v, 1) {
		return 0, fault.Arg(fn, fmt.Sprintf("volatility at %g years", t), v, "finite and >= 0")
	}
	step := v*v*t - variance
	if step < -1e-12*variance {
		return 0, fault.Arg(fn, fmt.Sprintf("variance from %g to %g years", from, t), step,
			">= 0: volatilities by expiry without arbitrage")
	}
	return max(step, 0), nil
}

// lognormalPaths are exact paths of one asset.
type lognormalPaths struct {
	spot       float64
	steps      []float64
	at         []int
	drift, dev []float64 // of the logarithm of the price in each step
	cash, kept []float64 // by which the price falls at the end of each step, the second as the logarithm of a factor
	owed       []float64 // to be added at each of the times
	paying     bool
}

func (g *lognormalPaths) Layout() model.Layout {
	return model.Layout{Assets: 1, Steps: g.steps, Factors: 1, Scratch: 1, Variance: !g.paying, Resumes: true}
}

func (g *lognormalPaths) PathsTo(b *model.PathBlock) {
	x := b.Scratch[0] // ln S
	start := math.Log(g.spot)
	drift, variance, k, fresh := 0.0, 0.0, 0, true
	first, until := b.Range(len(g.at))
	if first > 0 {
		k, start, fresh = g.at[first-1], 0, false
		for j, s := range b.Spot[first-1] {
			x[j] = s - g.owed[first-1]
		}
		vec.Log(x, x)
	}
	for i := first; i < until; i++ {
		steps, dst := g.at[i], b.Spot[i]
		if steps == 0 {
			fill(dst, g.spot+g.owed[i])
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
			if cash := g.cash[k]; cash > 0 {
				shift := drift + start
				for j := range x {
					x[j] += shift
				}
				vec.Exp(x, x)
				for j := range x {
					x[j] = max(x[j]-cash, 0)
				}
				vec.Log(x, x)
				drift, start = 0, 0
			}
			drift += g.kept[k]
		}
		shift := drift + start
		for j := range dst {
			dst[j] = x[j] + shift
		}
		vec.Exp(dst, dst)
		if owed := g.owed[i]; owed > 0 {
			for j := range dst {
				dst[j] += owed
			}
		}
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
