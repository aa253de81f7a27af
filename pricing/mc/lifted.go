package mc

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Lifted makes paths of [model.RoughHeston] by the lifted Heston model: Abi Jaber, "Lifting the Heston model", Quantitative
// Finance 19 (2019). The fractional kernel is a sum of exponentials, so that the variance is a sum of factors that revert at
// speeds from slow to very fast and share one Brownian motion,
//
//	V = V0 + Σ c_i·U_i,   dU_i = (−x_i·U_i + λ(θ − V)) dt + ν√V dZ,
//
// and goes by Euler's scheme with full truncation, implicit in the speeds. The truncation leaves a bias upwards, the larger
// the rougher: with the defaults, implied volatilities at expiries from a month to two years were too high by at most 5e-4 for
// H of 0.3 and more, 5e-3 for H of 0.1 and 1.2e-2 for H of 0.05. Fourier inversion is exact for European options.
type Lifted struct {
	Factors int // 0 means 20
}

var _ Scheme = Lifted{}

const (
	liftedFactors = 20
	liftedStep    = 1.0 / 256
)

// Simulate prepares the prices at the given times.
func (e Lifted) Simulate(m pricing.Model, times []float64, maxStep float64) (model.Simulation, error) {
	const fn = "mc.Lifted"
	world, ok := m.(model.RoughHeston)
	if !ok {
		return nil, schemeError(e, m, "")
	}
	n := e.Factors
	if n == 0 {
		n = liftedFactors
	}
	if n < 1 || n > 1000 {
		return nil, fault.Arg(fn, "Factors", e.Factors, "0 or from 1 to 1000")
	}
	last := times[len(times)-1]
	if maxStep == 0 {
		maxStep = min(liftedStep, last/128)
	}
	steps, at := model.StepGrid(times, nil, maxStep)
	p := &liftedPaths{world: world, steps: steps, at: at}
	if len(steps) > 0 {
		p.weight, p.speed = liftedKernel(world.H, n, maxStep, last)
	}
	var err error
	if p.drift, err = drifts(fn, world.Market, steps); err != nil {
		return nil, err
	}
	for _, t := range append([]float64{0}, steps...) {
		mean, base := world.Theta, world.V0
		if len(world.Curve.Level) > 0 {
			mean = world.Curve.At(t)
			base = mean
		}
		if err := fault.NonNegative(fn, fmt.Sprintf("forward variance at %g years", t), base); err != nil {
			return nil, err
		}
		p.base, p.mean = append(p.base, base), append(p.mean, mean)
	}
	return p, nil
}

// liftedKernel returns weights and speeds of n factors that make the fractional kernel between a step and the last time. Its
// measure x^(−α)/(Γ(α)Γ(1−α)) dx is cut geometrically, as in Abi Jaber (2019), section 3.2, from a tenth of the reversal of
// the last time to four times that of the step; each piece is a factor of its mass and its mean, and so is what lies below the
// first.
func liftedKernel(h float64, n int, step, last float64) (weight, speed []float64) {
	if h == 0.5 {
		return []float64{1}, []float64{0}
	}
	alpha := h + 0.5
	mass := func(x float64) float64 { return math.Pow(x, 1-alpha) / (math.Gamma(alpha) * math.Gamma(2-alpha)) }
	moment := func(x float64) float64 {
		return (1 - alpha) / (2 - alpha) * math.Pow(x, 2-alpha) / (math.Gamma(alpha) * math.Gamma(2-alpha))
	}
	low, high := 0.1/last, 4/step
	before := 0.0
	for i := range n {
		x := low * math.Pow(high/low, float64(i)/float64(max(n-1, 1)))
		c := mass(x) - mass(before)
		weight = append(weight, c)
		speed = append(speed, (moment(x)-moment(before))/c)
		before = x
	}
	return weight, speed
}

type liftedPaths struct {
	world         model.RoughHeston
	steps         []float64
	at            []int
	drift         []float64
	weight, speed []float64
	base, mean    []float64 // V without its factors, and what it reverts to, at the beginning of each step and at the end
}

func (p *liftedPaths) Layout() model.Layout {
	return model.Layout{Assets: 1, Steps: p.steps, Factors: 2, Scratch: 4 + len(p.weight), Variance: true, States: 1}
}

func (p *liftedPaths) PathsTo(b *model.PathBlock) {
	x, v, shock, total, factors := b.Scratch[0], b.Scratch[1], b.Scratch[2], b.Scratch[3], b.Scratch[4:]
	clear(x)
	fill(v, p.base[0])
	for i := range p.weight {
		clear(factors[i])
	}
	rho, own := p.world.Rho, math.Sqrt(1-p.world.Rho*p.world.Rho)
	shift, from, k := math.Log(p.world.Spot), 0.0, 0
	for i, steps := range p.at {
		clear(total)
		for ; k < steps; k++ {
			if b.Stopped() {
				return
			}
			to := p.steps[k]
			dt := to - from
			root := math.Sqrt(dt)
			z, zv := b.Normals[2*k], b.Normals[2*k+1]
			for j, w := range v {
				plus := max(w, 0)
				dev := math.Sqrt(plus) * root
				x[j] += dev*(rho*zv[j]+own*z[j]) - 0.5*plus*dt
				total[j] += plus * dt
				shock[j] = p.world.Lambda*(p.mean[k]-plus)*dt + p.world.Nu*dev*zv[j]
			}
			fill(v, p.base[k+1])
			for f, c := range p.weight {
				u, decay := factors[f], 1/(1+p.speed[f]*dt)
				for j, s := range shock {
					u[j] = (u[j] + s) * decay
				}
				vec.AddScaled(v, c, u, v)
			}
			shift += p.drift[k]
			from = to
		}
		dst := b.Spot[i]
		for j := range dst {
			dst[j] = x[j] + shift
		}
		vec.Exp(dst, dst)
		if b.Variance != nil {
			copy(b.Variance[i], total)
		}
		if b.State != nil {
			copy(b.State[i], v)
		}
	}
}
