package mc

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Heston makes paths of [model.Heston], [model.PiecewiseHeston], [model.DoubleHeston] and [model.Bates]. The zero value is
// Andersen's quadratic-exponential scheme with martingale correction.
type Heston struct {
	Step HestonStep
	// NoMartingale leaves the correction of AndersenQE out, by which discounted prices are martingales step by step.
	NoMartingale bool
}

// HestonStep is how [Heston] goes through a time step.
type HestonStep int

const (
	// AndersenQE draws the variance from a law of the right mean and variance: Andersen, "Simple and efficient simulation of the
	// Heston stochastic volatility model", Journal of Computational Finance 11 (2008). Steps of 1/32 of a year are enough for
	// errors of a few 1e-4 of the asset with hard parameters.
	AndersenQE HestonStep = iota
	// FullTruncation is the least biased of Euler's schemes: Lord, Koekkoek and van Dijk, "A comparison of biased simulation
	// schemes for stochastic volatility models", Quantitative Finance 10 (2010).
	FullTruncation
	// ExactVariance draws the variance from its noncentral χ² law, and takes its integral over a step as the mean of the ends.
	ExactVariance
	// BroadieKaya is without error in time, for any steps: Broadie and Kaya, "Exact simulation of stochastic volatility and other
	// affine jump diffusion processes", Operations Research 54 (2006), with the integral of the variance by the gamma
	// expansion of Glasserman and Kim, "Gamma expansion of the Heston stochastic volatility model", Finance and Stochastics 15
	// (2011). A step takes some microseconds.
	BroadieKaya
)

var hestonStepNames = [...]string{"Andersen's QE", "full truncation", "exact variance", "Broadie-Kaya"}

// String returns the name of the step.
func (s HestonStep) String() string {
	if s < 0 || int(s) >= len(hestonStepNames) {
		return fmt.Sprintf("HestonStep(%d)", int(s))
	}
	return hestonStepNames[s]
}

var _ Scheme = Heston{}

// Longest steps without another wish, in years and as a fraction of the last time.
var hestonSteps = [...]struct{ years, share float64 }{
	AndersenQE:     {1.0 / 32, 1.0 / 16},
	FullTruncation: {1.0 / 256, 1.0 / 64},
	ExactVariance:  {1.0 / 32, 1.0 / 16},
	BroadieKaya:    {0, 0},
}

// squareRoot is what a step knows of the variance dv = κ(θ − v) dt + σ√v dZ and of the asset.
type squareRoot struct {
	dt, kappa, theta, sigma, rho float64

	decay         float64 // e^(−κ·dt)
	c1, c2        float64 // Var v' = c1·v + c2
	k0, k1, k2    float64 // Andersen (2008), eq. (33)
	k3, k4        float64
	a, bound      float64 // A of eq. (40): K2 + K4/2; K1 + K3/2
	chi           float64 // scale of the noncentral χ² law
	freedom       float64 // its degrees
	gamma         *gammaExpansion
	deterministic bool
}

func newSquareRoot(dt, kappa, theta, sigma, rho float64) squareRoot {
	q := squareRoot{dt: dt, kappa: kappa, theta: theta, sigma: sigma, rho: rho}
	// Below this the noise of the variance moves no price by 1e-9, and ρ/σ would lose digits.
	q.deterministic = sigma < 1e-7
	q.decay = math.Exp(-kappa * dt)
	f := dt // (1 − e^(−κ·dt))/κ
	if kappa*dt > 1e-12 {
		f = -math.Expm1(-kappa*dt) / kappa
	}
	q.c1 = sigma * sigma * q.decay * f
	q.c2 = 0.5 * theta * sigma * sigma * kappa * f * f
	q.chi = 0.25 * sigma * sigma * f
	q.freedom = 4 * kappa * theta / (sigma * sigma)
	if !q.deterministic {
		slope := kappa*rho/sigma - 0.5
		q.k0 = -rho * kappa * theta * dt / sigma
		q.k1 = 0.5*dt*slope - rho/sigma
		q.k2 = 0.5*dt*slope + rho/sigma
	}
	q.k3 = 0.5 * dt * (1 - rho*rho)
	q.k4 = q.k3
	q.a, q.bound = q.k2+0.5*q.k4, q.k1+0.5*q.k3
	return q
}

// Simulate prepares the prices at the given times.
func (e Heston) Simulate(m pricing.Model, times []float64, maxStep float64) (model.Simulation, error) {
	const fn = "mc.Heston"
	if e.Step < AndersenQE || e.Step > BroadieKaya {
		return nil, fault.Arg(fn, "Step", int(e.Step), "one of the package")
	}
	var (
		market  model.Market
		jumps   *model.Jumps
		v0      []float64              // of each variance
		periods [][]model.HestonPeriod // of each variance
	)
	add := func(f model.HestonFactor) {
		v0 = append(v0, f.V0)
		periods = append(periods, []model.HestonPeriod{{Until: math.Inf(1), Kappa: f.Kappa, Theta: f.Theta, Sigma: f.Sigma, Rho: f.Rho}})
	}
	one := func(h model.Heston) {
		market = h.Market
		add(model.HestonFactor{V0: h.V0, Kappa: h.Kappa, Theta: h.Theta, Sigma: h.Sigma, Rho: h.Rho})
	}
	switch h := m.(type) {
	case model.Heston:
		one(h)
	case model.Bates:
		one(h.Heston)
		if h.Lambda > 0 {
			jumps = &h.Jumps
		}
	case model.PiecewiseHeston:
		market, v0, periods = h.Market, []float64{h.V0}, [][]model.HestonPeriod{h.Periods}
	case model.DoubleHeston:
		market = h.Market
		add(h.First)
		add(h.Second)
	default:
		return nil, schemeError(e, m, "")
	}
	last := times[len(times)-1]
	if maxStep == 0 {
		maxStep = min(hestonSteps[e.Step].years, last*hestonSteps[e.Step].share)
	}
	var stops []float64
	for _, p := range periods[0] {
		stops = append(stops, p.Until)
	}
	steps, at := model.StepGrid(times, stops, maxStep)
	h := &hestonPaths{kind: e.Step, plain: e.NoMartingale, spot: market.Spot, v0: v0, steps: steps, at: at}
	var err error
	if h.drift, err = drifts(fn, market, steps); err != nil {
		return nil, err
	}
	for _, p := range periods {
		roots, err := e.squareRoots(steps, p)
		if err != nil {
			return nil, err
		}
		h.roots = append(h.roots, roots)
	}
	if jumps != nil {
		h.jumps = newJumpSteps(lognormalJumps{*jumps}, steps)
	}
	return h, nil
}

// squareRoots returns what each step knows of a variance.
func (e Heston) squareRoots(steps []float64, periods []model.HestonPeriod) ([]squareRoot, error) {
	roots := make([]squareRoot, 0, len(steps))
	from := 0.0
	for n, t := range steps {
		i := 0
		for i < len(periods)-1 && periods[i].Until <= from {
			i++
		}
		p := periods[i]
		q := newSquareRoot(t-from, p.Kappa, p.Theta, p.Sigma, p.Rho)
		if n > 0 && math.Abs(q.dt-roots[n-1].dt) < 1e-9*q.dt {
			if old := roots[n-1]; old.kappa == q.kappa && old.theta == q.theta && old.sigma == q.sigma && old.rho == q.rho {
				q = old // steps that are equal but for rounding are the same
			}
		}
		if e.Step == BroadieKaya && q.gamma == nil && !q.deterministic {
			if !(p.Kappa*p.Theta > 0) {
				return nil, fault.Arg("mc.Heston", "κθ", p.Kappa*p.Theta, "> 0 for the gamma expansion")
			}
			q.gamma = newGammaExpansion(&q)
		}
		roots = append(roots, q)
		from = t
	}
	return roots, nil
}

// drifts returns the growth of the logarithm of the forward in each step.
func drifts(fn string, market interface{ Forward(t float64) float64 }, steps []float64) ([]float64, error) {
	d := make([]float64, len(steps))
	last := math.Log(market.Forward(0))
	for k, t := range steps {
		f := market.Forward(t)
		if !(f > 0) || math.IsInf(f, 1) {
			return nil, fault.Arg(fn, fmt.Sprintf("forward at %g years", t), f, "finite and > 0")
		}
		f = math.Log(f)
		d[k], last = f-last, f
	}
	return d, nil
}

type hestonPaths struct {
	kind   HestonStep
	mixing bool // the asset's own Brownian motions are left out: see Mixing
	plain  bool
	spot   float64
	v0     []float64 // of each variance
	steps  []float64
	at     []int
	drift  []float64
	roots  [][]squareRoot // of each variance and step
	jumps  *jumpSteps
}

func (h *hestonPaths) Layout() model.Layout {
	n := len(h.v0)
	l := model.Layout{Assets: 1, Steps: h.steps, Factors: 2 * n, Scratch: 9 + 2*n, Variance: h.mixing || h.jumps == nil, States: n, Resumes: !h.mixing}
	if h.kind >= ExactVariance {
		l.Factors -= n
	}
	if h.mixing {
		l.Factors -= n
	}
	if h.jumps != nil {
		l.Uniforms = 1
	}
	return l
}

func (h *hestonPaths) PathsTo(b *model.PathBlock) {
	x, total, work, none, left := b.Scratch[0], b.Scratch[1], b.Scratch[2:7], b.Scratch[7], b.Scratch[8]
	variances := b.Scratch[9:] // of each factor, now and at the end of the step
	clear(x)
	clear(left)
	clear(none)
	for f, v := range h.v0 {
		fill(variances[2*f], v)
	}
	at := 0 // among the normals
	normal := func() []float64 {
		at++
		return b.Normals[at-1]
	}
	shift, k := math.Log(h.spot), 0
	now, then := 0, 1
	first, until := b.Range(len(h.at))
	if first > 0 {
		vec.Log(x, b.Spot[first-1])
		for f := range h.v0 {
			copy(variances[2*f], b.State[(first-1)*len(h.v0)+f])
		}
		shift, k = 0, h.at[first-1]
		at = k * h.Layout().Factors
	}
	for i := first; i < until; i++ {
		steps := h.at[i]
		clear(total)
		for ; k < steps; k++ {
			if b.Stopped() {
				return
			}
			for f := range h.v0 {
				q, v, next := &h.roots[f][k], variances[2*f+now], variances[2*f+then]
				z, zv := none, none
				if !h.mixing {
					z = normal()
				}
				if h.kind < ExactVariance {
					zv = normal()
				}
				switch {
				case q.deterministic:
					h.certain(q, x, v, next, total, z)
				case h.kind == AndersenQE:
					h.quadraticExponential(q, x, v, next, z, zv, work)
				case h.kind == FullTruncation:
					h.truncated(q, x, v, next, z, zv)
				default:
					g := lane{key: b.Key, step: uint32(k), draws: uint32(f) * factorDraws}
					h.exact(q, x, v, next, z, g, work[0])
				}
				switch {
				case h.mixing:
					h.leave(q, left, v, next, total, work[0])
				case b.Variance != nil && !q.deterministic:
					for j := range total {
						total[j] += 0.5 * q.dt * (max(v[j], 0) + max(next[j], 0))
					}
				}
			}
			now, then = then, now
			shift += h.drift[k]
			if h.jumps != nil {
				shift += h.jumps.addTo(x, b.Uniforms[k], b.Key, k)
			}
		}
		dst := b.Spot[i]
		for j := range dst {
			dst[j] = x[j] + shift
		}
		if h.mixing {
			vec.AddScaled(dst, 0.5, left, dst)
		}
		vec.Exp(dst, dst)
		switch {
		case h.mixing && b.Variance != nil:
			copy(b.Variance[i], left)
		case b.Variance != nil:
			copy(b.Variance[i], total)
		}
		if b.State != nil {
			for f := range h.v0 {
				copy(b.State[i*len(h.v0)+f], variances[2*f+now])
			}
		}
	}
}

// factorDraws is where the numbers of the second variance begin in a lane.
const factorDraws = 1 << 30

// leave adds to left the variance of a step that the asset's own Brownian motion would have brought.
func (h *hestonPaths) leave(q *squareRoot, left, v, next, total, integral []float64) {
	own := 1 - q.rho*q.rho
	switch {
	case q.deterministic:
		for j, t := range total {
			left[j] += t
		}
		clear(total)
	case h.kind == AndersenQE:
		for j := range left {
			left[j] += q.k3*v[j] + q.k4*next[j]
		}
	case h.kind == FullTruncation:
		for j, w := range v {
			left[j] += own * max(w, 0) * q.dt
		}
	default:
		vec.AddScaled(left, own, integral, left)
	}
}

// certain is a step without noise in the variance.
func (h *hestonPaths) certain(q *squareRoot, x, v, next, total, z []float64) {
	f := q.dt
	if q.kappa*q.dt > 1e-12 {
		f = -math.Expm1(-q.kappa*q.dt) / q.kappa
	}
	for j, w := range v {
		integral := q.theta*q.dt + (w-q.theta)*f
		next[j] = q.theta + (w-q.theta)*q.decay
		x[j] += math.Sqrt(integral)*z[j] - 0.5*integral
		total[j] += integral
	}
}

// psiCritical is where Andersen's scheme changes from the one law to the other; any value in [1, 2] serves.
const psiCritical = 1.5

// quadraticExponential is the algorithm of section 3.2.4 of Andersen (2008) with the correction of propositions 7 and 9. The
// logarithms are taken by column: of what is one where there is none to take.
func (h *hestonPaths) quadraticExponential(q *squareRoot, x, v, next, z, zv []float64, scratch [][]float64) {
	upper, inverse, logV, logK, line := scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
	for j, w := range zv {
		upper[j] = -w
	}
	vec.NormCDF(upper, upper) // 1 − U
	decay, mean, c1, c2, a := q.decay, q.theta*(1-q.decay), q.c1, q.c2, q.a
	for j, w := range v {
		m := mean + w*decay
		s := c1*w + c2
		m2 := m * m
		switch {
		case !(m > 0):
			next[j], inverse[j], logV[j], logK[j], line[j] = 0, 0, 1, 1, 0
		case s <= psiCritical*m2:
			r := 2 * m2 // 2/ψ as a fraction
			if s < 1e-14*m2 {
				next[j], inverse[j], logV[j], logK[j], line[j] = m, 0, 1, 1, -a*m
				break
			}
			r /= s
			b2 := r - 1 + math.Sqrt(r*(r-1))
			c := m / (1 + b2)
			y := math.Sqrt(b2) + zv[j]
			next[j], inverse[j], logV[j] = c*y*y, 0, 1
			if d := 1 - 2*a*c; d > 0 {
				logK[j], line[j] = d, -a*b2*c/d
			} else {
				logK[j], line[j] = 1, math.NaN()
			}
		default:
			sum := 1 / (s + m2)
			p := (s - m2) * sum
			keep := 2 * m2 * sum // 1 − p
			beta := 2 * m * sum
			next[j], inverse[j], logV[j], line[j] = 0, 0, 1, 0
			if u := upper[j]; u < keep {
				inverse[j], logV[j] = 1/beta, keep/u
			}
			if d := beta - a; d > 0 {
				e := d / (p*d + beta*keep)
				logK[j] = e * e
			} else {
				logK[j], line[j] = 1, math.NaN()
			}
		}
	}
	vec.Log(logV, logV)
	vec.Log(logK, logK)
	k0, k1, k2, k3, k4, bound, plain := q.k0, q.k1, q.k2, q.k3, q.k4, q.bound, h.plain
	for j, w := range v {
		n := next[j] + logV[j]*inverse[j]
		next[j] = n
		k := line[j] + 0.5*logK[j] - bound*w
		if plain || k != k { // where the correction's expectation is infinite there is none
			k = k0
		}
		x[j] += k + k1*w + k2*n + math.Sqrt(k3*w+k4*n)*z[j]
	}
}

// truncated is the full truncation of Lord, Koekkoek and van Dijk (2010).
func (h *hestonPaths) truncated(q *squareRoot, x, v, next, z, zv []float64) {
	root, own := math.Sqrt(q.dt), math.Sqrt(1-q.rho*q.rho)
	for j, w := range v {
		plus := max(w, 0)
		dev := math.Sqrt(plus) * root
		next[j] = w + q.kappa*(q.theta-plus)*q.dt + q.sigma*dev*zv[j]
		x[j] += dev*(q.rho*zv[j]+own*z[j]) - 0.5*plus*q.dt
	}
}

// exact draws the variance at the end of a step, and takes or draws its integral.
func (h *hestonPaths) exact(q *squareRoot, x, v, next, z []float64, first lane, integral []float64) {
	slope := q.rho / q.sigma
	own := 1 - q.rho*q.rho
	for j, w := range v {
		g := first
		g.path = uint32(j)
		n := q.draw(&g, w)
		next[j] = n
		if h.kind == BroadieKaya {
			integral[j] = q.gamma.draw(&g, w, n)
		} else {
			integral[j] = 0.5 * q.dt * (w + n)
		}
	}
	for j, in := range integral {
		x[j] += slope*(next[j]-v[j]-q.kappa*(q.theta*q.dt-in)) - 0.5*in + math.Sqrt(own*in)*z[j]
	}
}

// draw returns the variance at the end of a step that begins at v: a noncentral χ² number (Cox, Ingersoll and Ross 1985).
func (q *squareRoot) draw(g *lane, v float64) float64 {
	lambda := v * q.decay / q.chi
	if q.freedom > 1 {
		z := g.normal() + math.Sqrt(lambda)
		return q.chi * (z*z + 2*g.gamma(0.5*(q.freedom-1)))
	}
	return 2 * q.chi * g.gamma(0.5*q.freedom+g.poisson(0.5*lambda))
}
