package surface

import (
	"fmt"
	"math"
	"slices"
)

// SVISettings are the settings of [FitSVISurface] and [FitSVI]. The zero value is recommended.

type SVISettings struct {
	// Start is a surface to begin from, such as the one of a moment ago; nil means a start from the quotes alone. It need
	// not have the same expiries.
	Start *SVISurface

	Loss      Loss
	Weighting Weighting

	// Scale, MinHalfSpread and Tolerance are those of [FitSettings].
	Scale, MinHalfSpread, Tolerance float64
	// MinQuotes is the least number of quotes of a smile. 0 means 5, the number of parameters. Smiles of a surface may have
	// fewer, from 1: what they do not determine stays near the start.
	MinQuotes int
	// MaxIterations bounds the steps of the solver in each of its phases; 0 means 60.
	MaxIterations int
}

func (c SVISettings) base() FitSettings {
	least := c.MinQuotes
	if least == 0 {
		least = 5
	}
	return FitSettings{
		Loss: c.Loss, Weighting: c.Weighting, Scale: c.Scale, MinHalfSpread: c.MinHalfSpread, Tolerance: c.Tolerance,
		MinQuotes: least, MaxIterations: c.MaxIterations,
	}
}

// SVIReport says how a fit went.
type SVIReport struct {
	Converged  bool
	Iterations int     // steps of the solver, those of each smile alone and those of all together
	Objective  float64 // sum of weighted losses, without penalties
	Slices     []SliceFit
	Touching   []int // smiles that touch the one before, so that they would cross without the conditions
	Repaired   []int // smiles that were moved by a hair at the end, off a condition that was missed by rounding
	Lost       []int // smiles for which nothing within the conditions was found near the quotes: that of the expiry before stands in
	Fallback   bool  // no SVI surface within the conditions was found: the result is the eSSVI surface of the quotes
}

// SVIFitter fits SVI smiles and surfaces one after another and keeps its working memory between fits. It is not safe for
// concurrent use. The zero value is ready.
type SVIFitter struct {
	load                      Fitter
	p                         []sviProblem
	x                         []sviVars
	at                        []sviVars
	y                         []local
	trial                     []local
	jac                       []matrix5
	held, heldNow             []int
	grad                      []sviVars
	grad2                     []sviVars
	value, valueNext, damping []float64
	step                      []sviVars
	hess                      []lower5
	ahead                     []lower5
	cross                     []matrix5
	calm                      []matrix5 // cross at the trial point
	sub                       []matrix5
	low                       []lower5
	fits                      []SliceFit
	list                      []int
	fixed, lost               []int
	tau                       []float64
	same                      bool // the last fit was of the same expiries
	one                       [1]Smile
	single                    [1]SVI
}

// FitSVISurface fits a raw SVI smile to each expiry such that no smile has butterfly arbitrage and none crosses another. The
// smiles must be in rising order of Tau. The result satisfies the conditions of [SVISurface], whatever the quotes; a quote
// without bid (NaN) counts by its mid and ask.
//
// It minimises what [FitESSVI] minimises, over five parameters for each expiry, by Levenberg and Marquardt's method over all
// smiles at once with penalties for arbitrage, and then holds the result against the exact conditions.
//
// A bad smile is a pricing.ArgError naming it, one with too few quotes an [ErrTooFewQuotes]. If the iterations run out, or no
// smiles within the conditions are found, the best surface free of arbitrage comes with an [ErrNotConverged] that names the
// smile fitted worst.
func FitSVISurface(smiles []Smile, cfg SVISettings) (*SVISurface, SVIReport, error) {
	var f SVIFitter
	return f.Fit(smiles, cfg)
}

// Fit is [FitSVISurface] in the memory of the fitter. The lists of the report are overwritten by the next fit; the surface
// is not.
func (f *SVIFitter) Fit(smiles []Smile, cfg SVISettings) (*SVISurface, SVIReport, error) {
	base := cfg.base()
	if cfg.MinQuotes == 0 {
		base.MinQuotes = 1
	}
	if err := f.prepare(smiles, base); err != nil {
		return nil, SVIReport{}, err
	}
	limit := cfg.MaxIterations
	if limit == 0 {
		limit = 60
	}
	tol := orDefault(cfg.Tolerance, 1e-5)
	var r SVIReport
	var s *SVISurface
	value := math.Inf(1)
	if cfg.Start != nil {
		f.begin(cfg.Start)
		limitOf := f.objective(f.x) // of the start itself, which is free of arbitrage if its expiries are these
		if s = f.attempt(tol, limit, false, &r); s != nil {
			if value = f.objectiveOf(s); value > limitOf*(1+1e-6) && f.same {
				s = nil
			}
		}
	}
	if s == nil {
		// Of the ways to begin the first that ends better than the eSSVI surface it began with.
		var rough float64
		best := SVIReport{}
		for _, alone := range [...]bool{true, false} {
			f.begin(nil)
			rough = f.objective(f.x)
			x := f.attempt(tol, limit, alone, &r)
			if x == nil {
				continue
			}
			if v := f.objectiveOf(x); s == nil || v < value {
				s, value, best = x, v, r
				best.Repaired, best.Lost = slices.Clone(r.Repaired), slices.Clone(r.Lost)
			}
			if value <= rough*(1+1e-6) && best.Converged {
				break
			}
		}
		best.Iterations = r.Iterations
		r = best
		if s == nil || value > rough*(1+1e-6) {
			f.begin(nil)
			if x := f.stand(); x != nil {
				s, r.Fallback, r.Converged = x, true, false
			}
		}
	}
	if s == nil {
		return nil, r, fmt.Errorf("surface: %w: no surface within the conditions was found", ErrNotConverged)
	}
	f.report(s, smiles, cfg, &r)
	if r.Converged {
		return s, r, nil
	}
	worst := 0
	for i, x := range r.Slices {
		if x.RMSSpread > r.Slices[worst].RMSSpread {
			worst = i
		}
	}
	w := r.Slices[worst]
	return s, r, fmt.Errorf("surface: %w in %d iterations: %s is off by %.2g half-spreads, rms", ErrNotConverged, r.Iterations,
		name(w.Label, worst), w.RMSSpread)
}

// attempt fits from the smiles that f.x begins with.
func (f *SVIFitter) attempt(tol float64, limit int, alone bool, r *SVIReport) *SVISurface {
	if alone {
		for i := range f.p {
			f.alone(i, tol, 12, &r.Iterations)
		}
	}
	r.Converged = f.together(tol, limit, &r.Iterations)
	return f.settle(tol, limit, r)
}

// stand returns the smiles that f.x begins with, without a fit.
func (f *SVIFitter) stand() *SVISurface {
	s := &SVISurface{tau: append([]float64(nil), f.load.tau...), x: make([]SVI, len(f.x))}
	for i := range s.x {
		s.x[i] = f.load.x[i].slice(s.tau[i]).SVI()
	}
	for i := range s.x {
		if _, ok := s.mend(i); !ok {
			return nil
		}
	}
	s.extrapolate()
	if s.check() != nil {
		return nil
	}
	return s
}

// objective returns the losses of the smiles at the quotes.
func (f *SVIFitter) objective(x []sviVars) float64 {
	var sum float64
	for i := range x {
		sum += f.p[i].losses(x[i].svi())
	}
	return sum
}

func (f *SVIFitter) objectiveOf(s *SVISurface) float64 {
	var sum float64
	for i, x := range s.x {
		sum += f.p[i].losses(x)
	}
	return sum
}

func (p *sviProblem) losses(x SVI) float64 {
	var sum float64
	for j, k := range p.k {
		v, _, _ := p.loss.at((x.Vol(k, p.tau)-p.mid[j])*p.inv[j], 1)
		sum += p.weight[j] * v
	}
	return sum
}

// alone fits smile i by itself. Where that ends far from the quotes it looks for a better start.
func (f *SVIFitter) alone(i int, tol float64, limit int, steps *int) {
	const poor = 0.5 // of the objective, for each quote
	p := &f.p[i]
	value, _ := p.minimise(&f.x[i], 1e-3, tol, limit, steps)
	if value < poor*float64(len(p.k)) || len(p.k) < 5 {
		return
	}
	q, _, ok := p.quasiExplicit()
	if !ok {
		return
	}
	x := q.vars()
	if other, _ := p.minimise(&x, 1e-3, tol, limit, steps); other < value {
		f.x[i] = x
	}
}

// prepare checks the smiles and lays out the problems.
func (f *SVIFitter) prepare(smiles []Smile, cfg FitSettings) error {
	if err := cfg.validate(); err != nil {
		return err
	}
	if err := f.load.load(smiles, cfg); err != nil {
		return err
	}
	n := len(smiles)
	f.same = slices.Equal(f.tau, f.load.tau) && len(f.p) == n
	f.tau = append(f.tau[:0], f.load.tau...)
	f.p = grow(f.p, n)
	f.value, f.valueNext, f.damping = grow(f.value, n), grow(f.valueNext, n), grow(f.damping, n)
	f.held, f.heldNow = grow(f.held, n), grow(f.heldNow, n)
	f.y, f.trial, f.jac = grow(f.y, n), grow(f.trial, n), grow(f.jac, n)
	for _, v := range []*[]sviVars{&f.x, &f.at, &f.grad, &f.grad2, &f.step} {
		*v = grow(*v, n)
	}
	f.hess, f.ahead, f.low = grow(f.hess, n), grow(f.ahead, n), grow(f.low, n)
	f.cross, f.calm, f.sub = grow(f.cross, n), grow(f.calm, n), grow(f.sub, n)
	l := &f.load
	for i := range f.p {
		p := &f.p[i]
		lo, hi := l.first[i], l.first[i+1]
		old := *p
		*p = sviProblem{
			tau: l.tau[i], k: l.k[lo:hi], mid: l.mid[lo:hi], inv: l.inv[lo:hi], weight: l.weight[lo:hi], loss: l.loss,
			butterfly: sviFirst, calendar: sviFirstCal, marginG: sviMarginG, marginCal: sviMarginCal,
			points: old.points, ahead: old.ahead, shift: old.shift, scale: old.scale,
			lower: old.lower, upper: old.upper, bound: old.bound, pull: old.pull,
		}
	}
	return nil
}

// sviGrid are the points of the penalties in units of the root of the total variance at the money, dense about the money and
// out to where all smiles are straight.
var sviGrid = func() (z [49]float64) {
	for i := range z {
		z[i] = 0.5 * math.Sinh(6.4*float64(i-24)/24)
	}
	return
}()

// layOut sets what the problem of a smile needs besides its quotes, from a start.
func (p *sviProblem) layOut(x sviVars) {
	s := x.svi()
	p.scale = s.TotalVariance(0)
	root := math.Sqrt(p.scale)
	lo, hi := p.k[0], p.k[len(p.k)-1]
	p.points, p.ahead = p.points[:0], p.ahead[:0]
	for _, z := range sviGrid {
		p.points = append(p.points, root*z)
	}
	for j := 0; j < len(sviGrid); j += 2 {
		p.ahead = append(p.ahead, root*sviGrid[j])
	}
	p.shift = append(p.shift[:0], make([]float64, len(p.ahead)+2)...)
	width := math.Max(hi-lo, 4*root)
	p.lower = sviVars{-20 * p.scale, sviMinWing, sviMinWing, math.Min(lo, 0) - width, math.Log(0.02 * root)}
	p.upper = sviVars{20 * p.scale, sviMaxWing, sviMaxWing, math.Max(hi, 0) + width, math.Log(10 * math.Max(width, root))}
	for i := range x {
		x[i] = math.Min(math.Max(x[i], p.lower[i]), p.upper[i])
	}
	p.bound = sviVars{1 / (p.scale * p.scale), 1e4, 1e4, 100 / (width * width), 100}
	p.prior = x
	// One quote at the money off by its scale weighs about 1 in the objective; this weighs 1e-4 of it for a change of the
	// smile by its own size, and more where there are not enough quotes for all parameters.
	c := 1e-4
	if len(p.k) < 8 {
		c = 0.1
	}
	p.pull = sviVars{0, c / (root * root), c / (root * root), c / p.scale, c}
}

// begin puts a start into f.x: from the surface if there is one, and from the quotes.
func (f *SVIFitter) begin(start *SVISurface) {
	if start == nil {
		f.load.start()
		copy(f.load.prior, f.load.x)
		f.load.solve(false, 1e-3, 30)
		for i, w := range f.load.x {
			f.x[i] = w.slice(f.load.tau[i]).SVI().vars()
		}
	} else {
		for i, t := range f.load.tau {
			f.x[i] = start.near(t).vars()
		}
	}
	for i := range f.p {
		// From a start at the same expiries the points and multipliers of the last fit are as good a guess as the smiles.
		if start != nil && f.same {
			f.p[i].prior = f.x[i]
			continue
		}
		f.p[i].layOut(f.x[i])
		f.x[i] = f.p[i].prior
	}
}

// near returns a raw smile like that of expiry t: that of the pillar if there is one, and its neighbour's scaled otherwise.
func (s *SVISurface) near(t float64) SVI {
	best := 0
	for i, u := range s.tau {
		if math.Abs(u-t) < math.Abs(s.tau[best]-t) {
			best = i
		}
	}
	x := s.x[best]
	if f := s.TotalVariance(0, t) / x.TotalVariance(0); f != 1 && f > 0 {
		root := math.Sqrt(f)
		x.A, x.B, x.M, x.Sigma = f*x.A, root*x.B, root*x.M, root*x.Sigma
		x.B = math.Min(x.B, 2/(1+math.Abs(x.Rho)))
	}
	return x
}

// evaluate returns the objective of all smiles at y, with the penalties between neighbours, and its derivatives by y. It
// writes the part of each smile, with half of what it shares with a neighbour, to value.
func (f *SVIFitter) evaluate(y []local, value []float64, grad []sviVars, hess []lower5, cross []matrix5) float64 {
	var sum float64
	for i := range y {
		f.at[i] = y[i].vars()
		value[i] = f.p[i].evaluate(&f.at[i], &grad[i], &hess[i], floorNear)
		cross[i] = matrix5{}
		if i > 0 && !math.IsInf(value[i]+value[i-1], 1) {
			c := f.p[i].penaliseCrossing(&f.at[i-1], &f.at[i], &grad[i-1], &grad[i], &hess[i-1], &hess[i], &cross[i])
			value[i] += 0.5 * c
			value[i-1] += 0.5 * c
			sum += 0.5 * c
		}
		sum += value[i]
	}
	if math.IsInf(sum, 1) {
		return sum
	}
	for i := range y {
		f.jac[i], f.held[i] = y[i].turn(&grad[i], &hess[i])
		if i > 0 {
			cross[i] = cross[i].between(&f.jac[i], &f.jac[i-1])
		}
	}
	return sum
}

// between returns tᵀ·c·s.
func (c *matrix5) between(t, s *matrix5) (out matrix5) {
	if *c == (matrix5{}) {
		return
	}
	var cs matrix5
	for i := range 5 {
		for k := range 5 {
			v := c[5*i+k]
			for j := range 5 {
				cs[5*i+j] += v * s[5*k+j]
			}
		}
	}
	for k := range 5 {
		for i := range 5 {
			v := t[5*k+i]
			for j := range 5 {
				out[5*i+j] += v * cs[5*k+j]
			}
		}
	}
	return
}

// together runs Levenberg and Marquardt's method on all smiles at once, from f.x.
func (f *SVIFitter) together(tol float64, limit int, steps *int) bool {
	for i := range f.x {
		f.y[i] = f.x[i].local()
		f.y[i].level()
	}
	value := f.evaluate(f.y, f.value, f.grad, f.hess, f.cross)
	if math.IsInf(value, 1) {
		return false
	}
	copy(f.heldNow, f.held)
	for i := range f.damping {
		f.damping[i] = 1e-5
	}
	converged := false
	for range limit {
		*steps++
		slope, ok := f.direction()
		if !ok {
			f.dampAll(10)
			continue
		}
		if slope <= tol*(1+value) {
			converged = true
			break
		}
		alpha := 1.0
		for i := range f.y {
			alpha = math.Min(alpha, f.y[i].advance(&f.trial[i], &f.step[i], f.heldNow[i]))
		}
		next := f.evaluate(f.trial, f.valueNext, f.grad2, f.ahead, f.calm)
		gain := (value - next) / (alpha * (1 - 0.5*alpha) * slope)
		if !(gain > 1e-3) {
			// The smiles that a step does no good take a shorter one; the others need not.
			excess := 0.1 * (next - value) / float64(len(f.y))
			any := false
			for i := range f.damping {
				if d := f.valueNext[i] - f.value[i]; !(d <= math.Max(excess, 0)) {
					f.damping[i] = math.Max(8*f.damping[i], 1e-5)
					any = true
				}
			}
			if !any || math.IsInf(next, 1) {
				f.dampAll(8)
			}
			if slices.Max(f.damping) > 1e12 {
				converged = slope <= 1e-3*(1+value)
				break
			}
			continue
		}
		for i := range f.damping {
			if f.valueNext[i] > f.value[i]+0.25*slope/float64(len(f.y)) {
				f.damping[i] *= 2
			} else {
				f.damping[i] = math.Max(0.2*f.damping[i], 1e-8)
			}
		}
		f.y, f.trial = f.trial, f.y
		copy(f.heldNow, f.held)
		f.grad, f.grad2 = f.grad2, f.grad
		f.hess, f.ahead = f.ahead, f.hess
		f.cross, f.calm = f.calm, f.cross
		f.value, f.valueNext = f.valueNext, f.value
		value = next
	}
	for i := range f.x {
		f.x[i] = f.y[i].vars()
	}
	return converged
}

func (f *SVIFitter) dampAll(by float64) {
	for i, d := range f.damping {
		f.damping[i] = math.Max(by*d, 1e-8)
	}
}

// direction computes the damped Gauss-Newton step, to be subtracted, and twice the decrease that it promises.
func (f *SVIFitter) direction() (slope float64, ok bool) {
	for i := range f.y {
		m, g := f.hess[i], f.grad[i]
		m.damp(f.damping[i])
		if i > 0 {
			// sub = off·L⁻ᵀ of the block before
			o, l, s := &f.cross[i], &f.low[i-1], &f.sub[i]
			for r := range 5 {
				row := sviVars(o[5*r : 5*r+5])
				l.forward(&row)
				copy(s[5*r:], row[:])
			}
			p := 0
			for r := range 5 {
				for c := 0; c <= r; c++ {
					t := 0.0
					for q := range 5 {
						t += s[5*r+q] * s[5*c+q]
					}
					m[p] -= t
					p++
				}
			}
			for r := range 5 {
				for c := range 5 {
					g[r] -= s[5*r+c] * f.step[i-1][c]
				}
			}
		}
		if !m.factor() {
			return 0, false
		}
		m.forward(&g)
		for _, y := range g {
			slope += y * y
		}
		f.low[i], f.step[i] = m, g
	}
	for i := len(f.y) - 1; i >= 0; i-- {
		g := f.step[i]
		if i+1 < len(f.y) {
			s := &f.sub[i+1]
			for r := range 5 {
				for c := range 5 {
					g[c] -= s[5*r+c] * f.step[i+1][r]
				}
			}
		}
		f.low[i].backward(&g)
		f.step[i] = g
	}
	return slope, true
}

// settle holds the smiles against the exact conditions. Where they are missed it adds points to the penalties, makes them
// stronger, and fits on; and what is then missed by a hair it repairs. A smile for which that is not enough is begun again
// from its neighbour, and in the end given up. It returns nil if that too fails.
func (f *SVIFitter) settle(tol float64, limit int, r *SVIReport) *SVISurface {
	s := &SVISurface{tau: append([]float64(nil), f.load.tau...), x: make([]SVI, len(f.x))}
	const attempts = 4
	for attempt := range attempts {
		for range 12 {
			if !f.tighten() {
				break
			}
			r.Converged = f.together(tol, limit, &r.Iterations)
		}
		for i := range f.x {
			s.x[i] = f.x[i].svi()
		}
		f.fixed, f.lost = f.fixed[:0], f.lost[:0]
		for i := range s.x {
			moved, ok := s.mend(i)
			if !ok { // that of the expiry before, or one of SSVI, will do
				f.lost = append(f.lost, i)
				if i > 0 {
					s.x[i] = s.x[i-1]
				} else {
					f.load.start()
					s.x[0] = f.load.x[0].slice(s.tau[0]).SVI()
				}
				if moved, ok = s.mend(i); !ok {
					return nil
				}
			}
			if moved {
				f.fixed = append(f.fixed, i)
			}
		}
		if len(f.lost) == 0 || attempt == attempts-1 {
			break
		}
		for _, i := range f.lost {
			from := max(i-1, 0)
			if attempt%2 == 1 || i == 0 {
				from = min(i+1, len(f.x)-1)
			}
			f.x[i] = f.x[from]
			f.p[i].reset(f.x[i])
			f.x[i] = f.p[i].prior
		}
		r.Converged = f.together(tol, limit, &r.Iterations)
	}
	if len(f.lost) > 0 {
		r.Converged = false
	}
	r.Repaired, r.Lost = f.fixed, f.lost
	s.extrapolate()
	if s.check() != nil {
		return nil
	}
	return s
}

// reset lays a problem out anew.
func (p *sviProblem) reset(x sviVars) {
	p.butterfly, p.calendar, p.marginG, p.marginCal = sviFirst, sviFirstCal, sviMarginG, sviMarginCal
	p.layOut(x)
}

// tighten reports whether any condition is missed, having made its penalties stronger.
func (f *SVIFitter) tighten() bool {
	missed := false
	for i := range f.x {
		p := &f.p[i]
		s := f.x[i].svi()
		var ks [scanPoints]float64
		s.scan(&ks)
		if k, g := extremum(ks[:], s.Durrleman, 0.05); g < 0 {
			missed = true
			p.points = append(p.points, k)
			p.butterfly *= 10
		}
		if i == 0 {
			continue
		}
		p.shiftBy(&f.x[i-1], &f.x[i])
		before := f.x[i-1].svi()
		k, rise := s.leastRise(before)
		slack := roundoff * (s.B + before.B)
		wing := s.B*(1+s.Rho) < before.B*(1+before.Rho)-slack || s.B*(1-s.Rho) < before.B*(1-before.Rho)-slack
		if rise < 0 || wing {
			missed = true
			if rise < 0 {
				p.ahead = append(p.ahead, k)
				p.shift = append(p.shift, 0)
			}
		}
		if k, g := leastMixed(before, s); g < 0 {
			missed = true
			p.points = append(p.points, k)
			f.p[i-1].points = append(f.p[i-1].points, k)
			p.marginG = math.Max(2*p.marginG, p.marginG-g)
			f.p[i-1].marginG = math.Max(2*f.p[i-1].marginG, f.p[i-1].marginG-g)
		}
	}
	return missed
}

// mend moves smile i by as little as it takes to satisfy the exact conditions, and those against the smile before, if that
// is little. It reports whether it moved the smile, and whether all conditions hold.
func (s *SVISurface) mend(i int) (moved, ok bool) {
	for range 8 {
		x := &s.x[i]
		b, err := x.Butterfly()
		if err != nil {
			return moved, false
		}
		clean := true
		if e := b.err(); e != nil {
			if !(b.LeastSigma < 1.2*b.Sigma) {
				return moved, false
			}
			grow := b.LeastSigma / b.Sigma * (1 + 1e-9)
			x.A, x.M, x.Sigma = x.A*grow, x.M*grow, x.Sigma*grow
			clean = false
		}
		if i > 0 {
			p := s.x[i-1]
			up, uq := x.B*(1+x.Rho), p.B*(1+p.Rho)
			vp, vq := x.B*(1-x.Rho), p.B*(1-p.Rho)
			if slack := roundoff * (x.B + p.B); up < uq-slack || vp < vq-slack {
				v := x.vars()
				w := v
				v[1], v[2] = math.Max(up, uq), math.Max(vp, vq)
				v[0] += math.Exp(v[4]) * (math.Sqrt(w[1]*w[2]) - math.Sqrt(v[1]*v[2])) // the least variance stays
				*x = v.svi()
				clean = false
			}
			if _, rise := x.leastRise(p); rise < 0 {
				x.A += x.shortfall(p) * (1 + 1e-9)
				clean = false
			}
		}
		if clean {
			return moved, true
		}
		moved = true
	}
	return moved, false
}

// shortfall returns the most by which s lies below x, and a hair more.
func (s SVI) shortfall(x SVI) float64 {
	var ks [2 * scanPoints]float64
	scanBoth(&ks, x, s)
	k, d := extremum(ks[:], func(k float64) float64 { return s.TotalVariance(k) - x.TotalVariance(k) }, 0)
	return math.Max(0, -d) + 4*roundoff*x.TotalVariance(k)
}

// report measures the surface against the quotes.
func (f *SVIFitter) report(s *SVISurface, smiles []Smile, cfg SVISettings, r *SVIReport) {
	scale := orDefault(cfg.Scale, 0.5)
	f.fits, f.list = f.fits[:0], f.list[:0]
	l := &f.load
	for i := range smiles {
		lo, hi := l.first[i], l.first[i+1]
		fit, sum := measureSlice(&smiles[i], s.x[i], l.inv[lo:hi], l.weight[lo:hi], scale, l.loss)
		r.Objective += sum
		f.fits = append(f.fits, fit)
		if i > 0 {
			if k, rise := s.x[i].leastRise(s.x[i-1]); rise < 10*sviMarginCal*s.x[i].TotalVariance(k) {
				f.list = append(f.list, i)
			}
		}
	}
	r.Slices, r.Touching = f.fits, f.list
}

// measureSlice compares a smile with its quotes.
func measureSlice(s *Smile, x SVI, inv, weight []float64, scale float64, loss Loss) (r SliceFit, objective float64) {
	r = SliceFit{Label: s.Label, Tau: s.Tau, Quotes: len(s.K)}
	var sum, sumSpread float64
	inside := 0
	for j, k := range s.K {
		vol := x.Vol(k, s.Tau)
		e := vol - s.Mid[j]
		z := e * inv[j]
		v, _, _ := loss.at(z, 1)
		objective += weight[j] * v
		sum += e * e
		sumSpread += z * z
		if vol <= s.Ask[j] && !(vol < s.Bid[j]) {
			inside++
		}
		if math.Abs(e) > math.Abs(r.MaxError) || j == 0 {
			r.MaxError, r.MaxK = e, k
		}
	}
	n := float64(len(s.K))
	r.Inside, r.RMS, r.RMSSpread = float64(inside)/n, math.Sqrt(sum/n), scale*math.Sqrt(sumSpread/n)
	return r, objective
}
