package mc

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing/model"
)

// simulateAssets prepares [Exact] paths of several assets.
func simulateAssets(m model.Assets, times []float64) (model.Simulation, error) {
	const fn = "mc.Exact"
	n := len(m.Each)
	steps, at := model.StepGrid(times, nil, 0)
	p := &basketPaths{assets: n, at: at, steps: steps, spot: make([]float64, n)}
	for a := range n {
		drift, dev := make([]float64, len(steps)), make([]float64, len(steps))
		p.spot[a] = m.Each[a].Spot
		last, variance, from := math.Log(p.spot[a]), 0.0, 0.0
		for k, t := range steps {
			f := m.Forward(a, t)
			if !(f > 0) || math.IsInf(f, 1) {
				return nil, fault.Arg(fn, fmt.Sprintf("forward of asset %d at %g years", a, t), f, "finite and > 0")
			}
			step, err := stepVariance(fn, m.Each[a].Vol, variance, from, t)
			if err != nil {
				return nil, fmt.Errorf("mc: asset %d: %w", a, err)
			}
			drift[k], dev[k] = math.Log(f)-last-0.5*step, math.Sqrt(step)
			last, variance, from = math.Log(f), variance+step, t
		}
		p.drift, p.dev = append(p.drift, drift), append(p.dev, dev)
	}
	if m.Correlation != nil {
		var err error
		if p.root, err = model.CorrelationRoot(m.Correlation); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// basketPaths are exact paths of correlated lognormal assets.
type basketPaths struct {
	assets     int
	spot       []float64
	steps      []float64
	at         []int
	drift, dev [][]float64 // of the logarithm of the price of each asset in each step
	root       [][]float64 // of the correlation matrix; nil if all are independent
}

func (p *basketPaths) Layout() model.Layout {
	return model.Layout{Assets: p.assets, Steps: p.steps, Factors: p.assets, Scratch: 1, Variance: true, Resumes: true}
}

func (p *basketPaths) PathsTo(b *model.PathBlock) {
	x := b.Scratch[0]
	first, until := b.Range(len(p.at))
	for a := range p.assets {
		clear(x)
		shift, k := math.Log(p.spot[a]), 0
		if first > 0 {
			vec.Log(x, b.Spot[(first-1)*p.assets+a])
			shift, k = 0, p.at[first-1]
		}
		for i := first; i < until; i++ {
			steps, variance := p.at[i], 0.0
			for ; k < steps; k++ {
				dev, z := p.dev[a][k], b.Normals[k*p.assets:]
				if p.root == nil {
					vec.AddScaled(x, dev, z[a], x)
				} else {
					for f, l := range p.root[a][:a+1] {
						if l != 0 {
							vec.AddScaled(x, dev*l, z[f], x)
						}
					}
				}
				shift += p.drift[a][k]
				variance += dev * dev
			}
			dst := b.Spot[i*p.assets+a]
			for j := range dst {
				dst[j] = x[j] + shift
			}
			vec.Exp(dst, dst)
			if b.Variance != nil {
				fill(b.Variance[i*p.assets+a], variance)
			}
		}
	}
}
