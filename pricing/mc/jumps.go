package mc

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// JumpDiffusion draws [model.Merton] and [model.Kou] from their own laws at any times: no error in time. The number of jumps
// of a step is found from one uniform by inversion, and their sizes from what of the uniform that leaves.
type JumpDiffusion struct{}

var _ Scheme = JumpDiffusion{}

// Simulate prepares the prices at the given times.
func (e JumpDiffusion) Simulate(m pricing.Model, times []float64, _ float64) (model.Simulation, error) {
	const fn = "mc.JumpDiffusion"
	var (
		market model.Market
		sigma  float64
		law    jumpLaw
	)
	switch w := m.(type) {
	case model.Merton:
		market, sigma, law = w.Market, w.Sigma, lognormalJumps{w.Jumps}
	case model.Kou:
		market, sigma, law = w.Market, w.Sigma, exponentialJumps{w}
	default:
		return nil, schemeError(e, m, "")
	}
	steps, at := model.StepGrid(times, nil, 0)
	p := &jumpPaths{spot: market.Spot, at: at, steps: steps, jumps: newJumpSteps(law, steps)}
	var err error
	if p.drift, err = drifts(fn, market, steps); err != nil {
		return nil, err
	}
	from := 0.0
	for k, t := range steps {
		v := sigma * sigma * (t - from)
		p.drift[k] -= 0.5 * v
		p.dev = append(p.dev, math.Sqrt(v))
		from = t
	}
	if err := fault.Finite(fn, "intensity", law.intensity()); err != nil {
		return nil, err
	}
	return p, nil
}

type jumpPaths struct {
	spot       float64
	steps      []float64
	at         []int
	drift, dev []float64
	jumps      *jumpSteps
}

func (p *jumpPaths) Layout() model.Layout {
	return model.Layout{Assets: 1, Steps: p.steps, Factors: 1, Uniforms: 1, Scratch: 1, Resumes: true}
}

func (p *jumpPaths) PathsTo(b *model.PathBlock) {
	x := b.Scratch[0]
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
			vec.AddScaled(x, p.dev[k], b.Normals[k], x)
			shift += p.drift[k] + p.jumps.addTo(x, b.Uniforms[k], b.Key, k)
		}
		dst := b.Spot[i]
		for j := range dst {
			dst[j] = x[j] + shift
		}
		vec.Exp(dst, dst)
	}
}

// jumpLaw is the law of the logarithm of a jump.
type jumpLaw interface {
	intensity() float64    // jumps per year
	compensation() float64 // E[e^J] − 1
	// sum returns the sum of n >= 1 jumps, of a uniform and, if that does not suffice, of more random numbers.
	sum(n int, u float64, g lane) float64
}

// jumpSteps adds jumps to logarithms of prices, step by step, with their compensation.
type jumpSteps struct {
	law    jumpLaw
	means  []float64 // of the number of jumps in each step
	none   []float64 // probability of no jump
	offset []float64 // compensation of the drift
}

func newJumpSteps(law jumpLaw, steps []float64) *jumpSteps {
	j := &jumpSteps{law: law}
	from := 0.0
	for _, t := range steps {
		mean := law.intensity() * (t - from)
		j.means = append(j.means, mean)
		j.none = append(j.none, math.Exp(-mean))
		j.offset = append(j.offset, -mean*law.compensation())
		from = t
	}
	return j
}

// jumpDraws is where the numbers of jumps begin in a lane, after those of a variance in the same step.
const jumpDraws = 1 << 31

// addTo adds the jumps of step k to x, and returns what the compensation adds to all.
func (s *jumpSteps) addTo(x, u []float64, key [2]uint64, k int) float64 {
	none, mean := s.none[k], s.means[k]
	for j, v := range u {
		if v <= none {
			continue
		}
		n, p := 0, none
		rest := v
		for rest > p && n < 10_000 {
			rest -= p
			n++
			p *= mean / float64(n)
			if p < 1e-300 && float64(n) > mean {
				break
			}
		}
		// What is left of the uniform is uniform on (0, p).
		r := min(max(rest/p, 0x1p-53), 1-0x1p-53)
		g := lane{key: key, path: uint32(j), step: uint32(k), draws: jumpDraws}
		x[j] += s.law.sum(n, r, g)
	}
	return s.offset[k]
}

// lognormalJumps are those of Merton (1976) and Bates (1996).
type lognormalJumps struct{ model.Jumps }

func (l lognormalJumps) intensity() float64 { return l.Lambda }
func (l lognormalJumps) compensation() float64 {
	return math.Expm1(l.MuJ + 0.5*l.SigmaJ*l.SigmaJ)
}

func (l lognormalJumps) sum(n int, u float64, _ lane) float64 {
	f := float64(n)
	return f*l.MuJ + math.Sqrt(f)*l.SigmaJ*special.InvNormCDF(u)
}

// exponentialJumps are those of Kou (2002).
type exponentialJumps struct{ model.Kou }

func (k exponentialJumps) intensity() float64 { return k.Lambda }
func (k exponentialJumps) compensation() float64 {
	return k.P/(k.Eta1-1) - (1-k.P)/(k.Eta2+1)
}

func (k exponentialJumps) sum(n int, u float64, g lane) float64 {
	sum := k.jump(u)
	for range n - 1 {
		sum += k.jump(g.uniform())
	}
	return sum
}

// jump is the quantile of one jump, down at small u.
func (k exponentialJumps) jump(u float64) float64 {
	if down := 1 - k.P; u < down {
		return math.Log(u/down) / k.Eta2
	}
	return -math.Log((1-u)/k.P) / k.Eta1
}
