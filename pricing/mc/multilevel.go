package mc

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Multilevel prices by multilevel Monte Carlo what [Engine] prices by schemes that have an error in time: Giles, "Multilevel Monte Carlo
// path simulation", Operations Research 56 (2008). Paths with long steps give a value, and the differences to paths with steps
// half as long, of the same Brownian motion, correct it level by level; the longer the steps, the more paths. The zero value is
// ready.
//
// Levels are added until what they still change says that the error in time is below RMSE/√2, and paths until the standard error
// is: the root mean square error is RMSE. The cost, counted in steps, is then of the order of RMSE⁻² if differences fall faster
// than costs rise, as with Milstein's scheme, RMSE⁻²·(ln RMSE)² with Euler's, where one level costs RMSE⁻³.
//
// It takes terminal and path-dependent payoffs and barriers looked at at dates, and the schemes [Diffuse], [Diffuse2], [Heston] in
// the steps AndersenQE and FullTruncation, and those of models that are [model.Simulable] without uniforms. Without another wish
// that is FullTruncation for Heston's model and Milstein's for one asset. The same settings give the same bits for any number of
// workers. A cancelled simulation returns what it has, if all levels have begun, with the error of the context.
type Multilevel struct {
	RMSE     float64        // root mean square error; 0 means a thousandth of the value that the first paths find
	Seed     uint64         // of all randomness
	Scheme   Scheme         // nil means the one for the model that is stated above
	Steps    int            // of the coarsest level, over the life of the instrument; 0 means 2. Every date that it looks at ends one
	Levels   int            // at most; 0 means 12
	Pilot    int            // paths of each level to begin with; 0 means 2,048
	Workers  int            // 0 means GOMAXPROCS
	Progress func(Progress) // called when a level has got paths, by the goroutine of the caller; Total is a guess; nil means nobody is told
}

var _ pricing.Engine = Multilevel{}

// Level is what a [Multilevel] simulation found out about a level.
type Level struct {
	Steps    int     // of a path; of the coarser one of its pair, those of the level before
	Paths    int     // made
	Mean     float64 // of the payoff less that with the steps of the level before; of the payoff itself at the first level
	Variance float64 // of that
	Cost     float64 // steps of both paths of a pair
}

// MultilevelReport is what [Multilevel.Run] found out.
type MultilevelReport struct {
	pricing.Result
	Levels   []Level
	Bias     float64 // estimate of the error in time that is left, its absolute value
	Weak     float64 // order with which means of levels fall as steps are halved: Mean ~ 2^(−Weak·level); at least 1/2
	Variance float64 // the same for variances of levels: twice the strong order of the scheme, for a payoff without jumps
	Cost     float64 // steps of all paths
	RMSE     float64 // that was asked for
}

// LevelsError says that the levels that were allowed leave an error in time that is larger than what was asked for.
type LevelsError struct {
	Levels       int
	Bias, Wanted float64
}

// Error gives both errors.
func (e *LevelsError) Error() string {
	return fmt.Sprintf("mc: %d levels leave an error in time of about %.3g, want at most %.3g: more Levels or Steps", e.Levels, e.Bias, e.Wanted)
}

const (
	defaultLevels = 12
	defaultPilot  = 2048
	levelPass     = 16 // the pass of the random numbers of the first level
	orderFloor    = 0.5
)

// Price values one instrument.
func (e Multilevel) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	r, err := e.Run(ctx, in, m)
	return r.Result, err
}

// Run values one instrument like [Multilevel.Price], and tells more.
func (e Multilevel) Run(ctx context.Context, in pricing.Instrument, m pricing.Model) (MultilevelReport, error) {
	const fn = "mc.Multilevel"
	unsupported := func(why string) (MultilevelReport, error) {
		return MultilevelReport{}, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m, Reason: why}
	}
	if in == nil || m == nil {
		return unsupported("")
	}
	if err := fault.First(ctx.Err(), in.Validate(), m.Validate(), fault.NonNegative(fn, "RMSE", e.RMSE)); err != nil {
		return MultilevelReport{}, err
	}
	set := func(v *int, name string, otherwise, least, most int) error {
		if *v == 0 {
			*v = otherwise
		}
		if *v < least || *v > most {
			return fault.Arg(fn, name, *v, fmt.Sprintf("0 or from %d to %d", least, most))
		}
		return nil
	}
	err := fault.First(set(&e.Steps, "Steps", 2, 1, 1<<16), set(&e.Levels, "Levels", defaultLevels, 2, 24),
		set(&e.Pilot, "Pilot", defaultPilot, 64, 1<<30))
	if err != nil {
		return MultilevelReport{}, err
	}
	maker := Engine{Seed: e.Seed, Construction: Incremental, Paths: 1 << 40}
	var why string
	if maker.Scheme, why = e.scheme(m); why != "" {
		return unsupported(why)
	}
	c, why, err := maker.claimOf(in, m)
	if err != nil {
		return MultilevelReport{}, err
	}
	if why == "" && c.variance {
		why = "the barrier is looked at at all times"
	}
	if why != "" {
		return unsupported(why)
	}
	run := &multilevel{engine: e, maker: maker, claim: c, model: m, wanted: e.RMSE}
	r, err := run.do(ctx)
	if errors.Is(err, ErrScheme) {
		return unsupported(err.Error())
	}
	return r, err
}

// scheme returns the scheme, or why it does not serve.
func (e Multilevel) scheme(m pricing.Model) (Scheme, string) {
	s := e.Scheme
	if s == nil {
		switch m.(type) {
		case model.Simulable:
			s = own{}
		case model.Heston, model.PiecewiseHeston, model.DoubleHeston:
			s = Heston{Step: FullTruncation}
		default:
			if s = defaultScheme(m); s == nil {
				return nil, "there is no scheme for the model"
			}
			if _, ok := s.(Diffuse); ok {
				s = Diffuse{Order: Milstein}
			}
		}
	}
	switch t := s.(type) {
	case Heston:
		if t.Step != AndersenQE && t.Step != FullTruncation {
			return nil, fmt.Sprintf("steps of %v cannot follow those of another path", t.Step)
		}
	case Diffuse, Diffuse2, Exact, own:
	case Subordinated, JumpDiffusion, Lifted:
		return nil, fmt.Sprintf("steps of %T cannot follow those of another path", s)
	}
	return s, ""
}

// multilevel is one valuation under way.
type multilevel struct {
	engine Multilevel
	maker  Engine
	claim  claim
	model  pricing.Model
	wanted float64
	levels []*level
}

// level is one of its levels.
type level struct {
	fine, coarse *Generator // coarse is nil at the first level
	claims       [2]claim   // on their times
	parent       []int      // the coarse step that each fine one belongs to
	root         []float64  // square root of the share of the coarse step
	cost         float64
	all          moments
	blocks       int // made
	workers      []*levelWorker
}

type levelWorker struct {
	blocks [2]*Block
	views  [2]*pricing.Paths
	pays   [2][]float64
}

// grid returns the times of a level.
func (r *multilevel) grid(l int) []float64 {
	var grid []float64
	last := r.claim.times[len(r.claim.times)-1]
	from := 0.0
	for _, t := range r.claim.times {
		if t > from {
			n := math.Ceil((t - from) / last * float64(r.engine.Steps) * (1 - 1e-12))
			n *= math.Exp2(float64(l))
			for k := 1.0; k < n; k++ {
				grid = append(grid, from+(t-from)*k/n)
			}
		}
		grid = append(grid, t)
		from = t
	}
	return grid
}

// add makes the next level.
func (r *multilevel) add() error {
	l := len(r.levels)
	out := &level{all: newMoments(1)}
	prepare := func(side, at int) (*Generator, error) {
		times := r.grid(at)
		maker := r.maker
		maker.MaxStep = max(times[len(times)-1], math.SmallestNonzeroFloat64) // no steps but these
		g, err := maker.generator(r.model, times, uint64(levelPass+l), false)
		if err != nil {
			return nil, err
		}
		if g.layout.Uniforms > 0 {
			return nil, fmt.Errorf("mc: %T draws uniforms, which cannot follow those of another path: %w", r.maker.Scheme, ErrScheme)
		}
		if g.layout.Assets != r.claim.assets {
			return nil, fmt.Errorf("mc: the instrument looks at %d assets, the model has %d: %w", r.claim.assets, g.layout.Assets, ErrScheme)
		}
		c := r.claim
		c.lookAt(times)
		out.claims[side] = c
		return g, nil
	}
	var err error
	if out.fine, err = prepare(0, l); err != nil {
		return err
	}
	fine := out.fine.layout.Steps
	out.cost = float64(len(fine))
	if l > 0 {
		if out.coarse, err = prepare(1, l-1); err != nil {
			return err
		}
		coarse := out.coarse.layout.Steps
		out.cost += float64(len(coarse))
		if len(coarse) > 0 && (out.coarse.shape.Block < out.fine.shape.Block || out.coarse.layout.Factors != out.fine.layout.Factors) {
			return fmt.Errorf("mc: paths of %T with longer steps take other numbers: %w", r.maker.Scheme, ErrScheme)
		}
		from, k := 0.0, 0
		for p, end := range coarse {
			begin := from
			for ; k < len(fine) && fine[k] <= end; k++ {
				out.parent = append(out.parent, p)
				out.root = append(out.root, math.Sqrt((fine[k]-from)/(end-begin)))
				from = fine[k]
			}
			if from != end {
				return fmt.Errorf("mc: steps of %T are not parts of longer ones: %w", r.maker.Scheme, ErrScheme)
			}
		}
	}
	for range workers(r.engine.Workers) {
		w := &levelWorker{}
		for side, g := range []*Generator{out.fine, out.coarse} {
			if g != nil {
				w.blocks[side], w.views[side] = g.NewBlock(), out.claims[side].view()
				w.pays[side] = append(w.pays[side], slices.Repeat([]float64{0}, g.shape.Block)...)
			}
		}
		out.workers = append(out.workers, w)
	}
	r.levels = append(r.levels, out)
	return nil
}

// sample makes so many paths of a level in all.
func (r *multilevel) sample(ctx context.Context, l *level, paths float64) error {
	size := l.fine.shape.Block
	most := float64(l.fine.Blocks())
	until := int(min(math.Ceil(paths/float64(size)), most, 1<<31-1))
	for l.blocks < until {
		wave := min(until-l.blocks, mostWave)
		parts := make([]moments, wave)
		err := parallel(ctx, l.workers, l.blocks, l.blocks+wave, func(w *levelWorker, index int) error {
			p, err := l.block(ctx, w, index)
			parts[index-l.blocks] = p
			return err
		})
		if err != nil {
			return err
		}
		for _, p := range parts {
			l.all.merge(p)
		}
		l.blocks += wave
	}
	return nil
}

// block makes a block of pairs of paths.
func (l *level) block(ctx context.Context, w *levelWorker, index int) (moments, error) {
	out := newMoments(1)
	b := w.blocks[0]
	b.work.Done = ctx.Done()
	l.fine.Make(b, index)
	n := b.Len()
	pays := w.pays[0][:n]
	l.claims[0].valueTo(pays, b, w.views[0])
	if c := w.blocks[1]; c != nil {
		l.coarse.prepare(c, index, n)
		c.work.Done = ctx.Done()
		for _, z := range c.work.Normals {
			clear(z)
		}
		f := l.fine.layout.Factors
		for k, p := range l.parent {
			for i := range f {
				z := c.work.Normals[p*f+i]
				vec.AddScaled(z, l.root[k], b.work.Normals[k*f+i], z)
			}
		}
		l.coarse.sim.PathsTo(&c.work)
		less := w.pays[1][:n]
		l.claims[1].valueTo(less, c, w.views[1])
		for j, v := range less {
			pays[j] -= v
		}
	}
	if b.work.Stopped() {
		return out, ctx.Err()
	}
	if s := vec.Sum(pays); math.IsNaN(s) || math.IsInf(s, 0) {
		for j, v := range pays {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return out, &PathError{Seed: l.fine.shape.Seed, Block: index, Path: index*l.fine.shape.Block + j, Value: v,
					What: "the payoff, on one of the levels,"}
			}
		}
	}
	out.observe([][]float64{pays})
	return out, nil
}

func (l *level) variance() float64 { return l.all.covariance(0, 0) / max(l.all.n-1, 1) }

// do adds levels and paths until the errors are small enough.
func (r *multilevel) do(ctx context.Context) (MultilevelReport, error) {
	const first = 3 // levels to begin with
	stop := func(err error) (MultilevelReport, error) {
		if ctx.Err() == nil {
			return MultilevelReport{}, err
		}
		for _, l := range r.levels {
			if l.all.n == 0 {
				return MultilevelReport{}, err
			}
		}
		return r.report(), err
	}
	for len(r.levels) < min(first, r.engine.Levels) {
		if err := r.add(); err != nil {
			return MultilevelReport{}, err
		}
	}
	for {
		for _, l := range r.levels {
			if err := r.sample(ctx, l, float64(r.engine.Pilot)); err != nil {
				return stop(err)
			}
		}
		if r.wanted == 0 {
			if r.wanted = 1e-3 * math.Abs(r.report().Value); r.wanted == 0 {
				r.wanted = math.SmallestNonzeroFloat64 // nothing paid: whatever is made is enough
				return r.report(), nil
			}
		}
		// Paths until the variance is half of the square of the error. The variances move as paths are added, so look again.
		for range 20 {
			again := false
			variances, sum := r.variances(), 0.0
			for i, l := range r.levels {
				sum += math.Sqrt(variances[i] * l.cost)
			}
			for i, l := range r.levels {
				if l.cost == 0 {
					continue
				}
				need := 2 / (r.wanted * r.wanted) * math.Sqrt(variances[i]/l.cost) * sum
				if need > l.all.n*1.01 {
					again = true
					if err := r.sample(ctx, l, need); err != nil {
						return stop(err)
					}
					if r.engine.Progress != nil {
						now := r.report()
						r.engine.Progress(Progress{Paths: r.paths(), Total: r.paths(), Value: now.Value, StdErr: now.StdErr})
					}
				}
			}
			if !again {
				break
			}
		}
		now := r.report()
		if now.Bias <= r.wanted/math.Sqrt2 {
			return now, nil
		}
		if len(r.levels) == r.engine.Levels {
			return now, &LevelsError{Levels: len(r.levels), Bias: now.Bias, Wanted: r.wanted / math.Sqrt2}
		}
		if err := r.add(); err != nil {
			return stop(err)
		}
	}
}

func (r *multilevel) paths() int {
	n := 0.0
	for _, l := range r.levels {
		n += l.all.n
	}
	return int(n)
}

// variances returns those of the levels. A level whose few paths have seen less than half of what the level before lets expect, is
// given that half.
func (r *multilevel) variances() []float64 {
	order := max(r.order(func(l *level) float64 { return l.variance() }), orderFloor)
	v := make([]float64, len(r.levels))
	for i, l := range r.levels {
		v[i] = l.variance()
		if i > 1 {
			v[i] = max(v[i], 0.5*v[i-1]*math.Exp2(-order))
		}
	}
	return v
}

// order returns the slope of the binary logarithm of a quantity of the levels after the first, reversed; NaN if there are not two.
func (r *multilevel) order(of func(l *level) float64) float64 {
	var n, x, y, xx, xy float64
	for i, l := range r.levels[1:] {
		v := of(l)
		if !(v > 0) {
			continue
		}
		a, b := float64(i), math.Log2(v)
		n++
		x += a
		y += b
		xx += a * a
		xy += a * b
	}
	return -(n*xy - x*y) / (n*xx - x*x)
}

// report says what is known so far.
func (r *multilevel) report() MultilevelReport {
	var out MultilevelReport
	variance := 0.0
	for _, l := range r.levels {
		out.Levels = append(out.Levels, Level{Steps: len(l.fine.layout.Steps), Paths: int(l.all.n),
			Mean: l.all.mean[0], Variance: l.variance(), Cost: l.cost})
		out.Value += l.all.mean[0]
		variance += l.variance() / l.all.n
		out.Cost += l.cost * l.all.n
	}
	out.StdErr = math.Sqrt(variance)
	out.Has = pricing.HasValue | pricing.HasStdErr
	out.RMSE = r.wanted
	out.Variance = r.order(func(l *level) float64 { return l.variance() })
	out.Weak = r.order(func(l *level) float64 { return math.Abs(l.all.mean[0]) })
	if !(out.Weak > orderFloor) { // also if it is not a number
		out.Weak = orderFloor
	}
	// What comes after the last level is the geometric series of what the last three let expect.
	last := len(r.levels) - 1
	for k := 0; k < 3 && last-k >= 1; k++ {
		out.Bias = max(out.Bias, math.Abs(r.levels[last-k].all.mean[0])*math.Exp2(-out.Weak*float64(k))/(math.Exp2(out.Weak)-1))
	}
	return out
}
