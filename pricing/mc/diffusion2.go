package mc

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Diffuse2 steps through every model that is a [model.Diffusion2], such as stochastic local volatility, by Euler's scheme with
// full truncation: the second variable may fall below its floor, but its coefficients are those at the floor (Lord, Koekkoek
// and van Dijk 2010). The asset moves in its logarithm if prices have a floor of zero. Both orders are Euler's: weak 1, strong
// 1/2.
type Diffuse2 struct{}

var _ Scheme = Diffuse2{}

// Without another wish, steps are no longer than this and than a sixty-fourth of the last time.
const diffuse2Step = 1.0 / 128

// Simulate prepares the prices at the given times.
func (e Diffuse2) Simulate(m pricing.Model, times []float64, maxStep float64) (model.Simulation, error) {
	const fn = "mc.Diffuse2"
	world, ok := m.(model.Diffusion2)
	if !ok {
		return nil, schemeError(e, m, "the model is not a diffusion in two variables")
	}
	if j, ok := m.(model.Jumping); ok && j.HasJumps() {
		return nil, schemeError(e, m, "it jumps")
	}
	last := times[len(times)-1]
	if maxStep == 0 {
		maxStep = min(diffuse2Step, last/64)
	}
	steps, at := model.StepGrid(times, nil, maxStep)
	p := &diffusing2{world: world, spot: world.SpotPrice(), second: world.Second(), steps: steps, at: at, log: true}
	growth, from := 1.0, 0.0
	for _, t := range steps {
		g, rho, floor := world.Growth(t), world.Correlation(from, t), world.PriceFloor(t)
		if !(g > 0) || math.IsInf(g, 1) {
			return nil, fault.Arg(fn, fmt.Sprintf("growth to %g years", t), g, "finite and > 0")
		}
		if err := fault.Between(fn, fmt.Sprintf("correlation at %g years", from), rho, -1, 1); err != nil {
			return nil, err
		}
		p.growth, p.rho, p.floor = append(p.growth, g/growth), append(p.rho, rho), append(p.floor, floor)
		p.log = p.log && floor == 0
		growth, from = g, t
	}
	p.log = p.log && p.spot > 0
	return p, nil
}

type diffusing2 struct {
	world  model.Diffusion2
	spot   float64
	second model.Second
	log    bool
	steps  []float64
	at     []int
	growth []float64
	rho    []float64
	floor  []float64
}

func (p *diffusing2) Layout() model.Layout {
	l := model.Layout{Assets: 1, Steps: p.steps, Factors: 2, Scratch: 9, Variance: true, States: 1, Resumes: true}
	if p.second.Asset {
		l.Assets = 2
		l.Variance, l.States = false, 0
	}
	return l
}

func (p *diffusing2) PathsTo(b *model.PathBlock) {
	s, y, x, g := b.Scratch[0], b.Scratch[1], b.Scratch[2], b.Scratch[3]
	drift, vol, scale, variance, seen := b.Scratch[4], b.Scratch[5], b.Scratch[6], b.Scratch[7], b.Scratch[8]
	fill(s, p.spot)
	fill(y, p.second.Start)
	if p.log {
		fill(x, math.Log(p.spot))
	}
	from, k := 0.0, 0
	first, until := b.Range(len(p.at))
	if first > 0 {
		if p.second.Asset {
			copy(s, b.Spot[2*first-2])
			copy(y, b.Spot[2*first-1])
		} else {
			copy(s, b.Spot[first-1])
			copy(y, b.State[first-1])
		}
		if p.log {
			vec.Log(x, s)
		}
		if k = p.at[first-1]; k > 0 {
			from = p.steps[k-1]
		}
	}
	for i := first; i < until; i++ {
		steps := p.at[i]
		clear(variance)
		for ; k < steps; k++ {
			if b.Stopped() {
				return
			}
			to := p.steps[k]
			dt := to - from
			root, rho, growth := math.Sqrt(dt), p.rho[k], p.growth[k]
			own, drifting := math.Sqrt(1-rho*rho), math.Log(p.growth[k])
			z, w := b.Normals[2*k], b.Normals[2*k+1]
			p.world.AssetTo(g, s, from, to)
			floor := p.second.Floor
			for j, v := range y {
				seen[j] = max(v, floor)
			}
			p.world.SecondTo(drift, vol, scale, seen, from, to)
			for j, c := range g {
				dw := root * (rho*w[j] + own*z[j])
				c *= scale[j]
				if p.log {
					if c != 0 {
						c /= s[j]
					}
					x[j] += drifting + c*dw - 0.5*c*c*dt
				} else {
					before := s[j]
					s[j] = max(before*growth+c*dw, p.floor[k])
					if c != 0 {
						c /= before
					}
				}
				variance[j] += c * c * dt
				y[j] += drift[j]*dt + vol[j]*root*w[j]
			}
			if p.log {
				vec.Exp(s, x)
			}
			from = to
		}
		n := 1
		if p.second.Asset {
			n = 2
			copy(b.Spot[i*n+1], y)
		}
		copy(b.Spot[i*n], s)
		if b.Variance != nil {
			copy(b.Variance[i], variance)
		}
		if b.State != nil {
			copy(b.State[i], y)
		}
	}
}
