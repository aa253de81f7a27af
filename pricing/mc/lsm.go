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

// LongstaffSchwartz prices early exercise by simulation: of [pricing.EarlyExercise], such as American and Bermudan options, and of
// [pricing.PathExercise], such as options on the best of several assets, under every model that has a [Scheme]. The zero value is
// ready. Method: Longstaff and Schwartz, "Valuing American options by simulation: a simple least-squares approach", Review of
// Financial Studies 14 (2001).
//
// From the last exercise date backwards, what the holder gets by waiting is regressed on functions of the state: the price or
// the variables that the instrument names, and what else drives the model where its simulation tells, such as Heston's variance. The
// regressions make a rule for exercise; the value is the mean of what the rule earns on other paths, which the regressions have not
// seen. So the value is a lower bound of the true one but for the standard error, and [LongstaffSchwartz.Bounds] adds an upper one.
// Exercise at once, where it is allowed, is compared with the regressions' own value.
//
// Exercise at any time is replaced by exercise at Dates equally spaced ones (and now), which is worth less by about a constant over
// their number: 9e-3 for the puts of Longstaff and Schwartz with a volatility of 20% and 50 dates a year. With Richardson the value
// is extrapolated in the number of dates, V + (V − V'), V' being that with every other date; it is no bound then.
//
// The Greeks that Engine.Greeks asks for are those with the rule held, which to first order does not matter.
//
// The paths of the regressions are kept, those in the money at each date: some 20 bytes for each of one asset. More than 2 GB are
// refused. The paths of the value are made and forgotten block by block. Cancellation, progress, units and bits are those of [Engine].
type LongstaffSchwartz struct {
	// Engine makes the paths that give the value, with all its settings. The regressions run on Philox's numbers of another pass.
	Engine     Engine
	Fit        int // paths of the regressions; 0 means 32,768
	Dates      int // number of dates that stand for exercise at any time; 0 means 50
	Richardson bool

	Basis     Basis      // the zero value is Polynomial
	Degree    int        // total degree of the functions; 0 means 5 for one variable, 4 for two, 3 up to six, otherwise 2
	Payoff    PayoffTerm // whether what exercise pays is among the functions
	AllPaths  bool       // regress on all paths, not only on those on which exercise pays
	OwnStates bool       // leave out what the model says drives its prices, regress on the variables of the instrument alone

	Upper Upper // how Bounds finds the upper bound
}

var _ pricing.Engine = LongstaffSchwartz{}

// ExerciseReport is what [LongstaffSchwartz.Run] found out.
type ExerciseReport struct {
	Report
	InSample       float64 // value on the paths of the regressions, which have seen their own future; biased upwards for many functions
	InSampleStdErr float64
	FitPaths       int  // of the regressions
	AtOnce         bool // the best exercise is now: the value is what that pays
}

const (
	defaultFit   = 1 << 15
	defaultDates = 50
	mostFitBytes = 2 << 30
	fitPass      = 1 // the pass of the regressions' random numbers; the Engine's own is 0
)

// Price values one instrument.
func (e LongstaffSchwartz) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	r, err := e.Run(ctx, in, m)
	return r.Result, err
}

// Run values one instrument like [LongstaffSchwartz.Price], and tells more.
func (e LongstaffSchwartz) Run(ctx context.Context, in pricing.Instrument, m pricing.Model) (ExerciseReport, error) {
	var p *policy
	r, err := e.Engine.run(ctx, e, in, m, func() (claim, string, error) {
		var why string
		var err error
		if p, why, err = e.fit(ctx, in, m); err != nil || why != "" {
			return claim{}, why, err
		}
		return p.claim(), "", nil
	})
	out := ExerciseReport{Report: r}
	if p != nil {
		out.InSample, out.InSampleStdErr, out.FitPaths, out.AtOnce = p.inSample, p.inSampleError, p.paths, p.atOnce
	}
	return out, err
}

// exercise is what an instrument says about exercise, as the method sees it.
type exercise struct {
	assets   int
	times    []float64 // at which it looks at the assets
	dates    []int     // of exercise, among the times, rising
	anytime  bool
	now      bool // the first of the times is 0, an exercise date that is not among dates
	vars     int  // of the instrument
	pay      func(dst []float64, i int, p *pricing.Paths)
	statesOf func(dst [][]float64, i int, p *pricing.Paths) // nil if the price is the one state
}

// read reads an instrument. why says what is missing if it cannot.
func (e LongstaffSchwartz) read(in pricing.Instrument) (x exercise, why string, err error) {
	const fn = "mc.LongstaffSchwartz"
	var dates []float64
	switch o := in.(type) {
	case pricing.PathExercise:
		if x.assets = o.Assets(); x.assets < 1 {
			return x, "", fault.Arg(fn, "Assets", x.assets, ">= 1")
		}
		if x.vars = o.States(); x.vars < 1 {
			return x, "", fault.Arg(fn, "States", x.vars, ">= 1")
		}
		x.times, dates = o.Observations(), o.ExerciseDates()
		if err := model.CheckTimes(fn, "Observations", x.times); err != nil {
			return x, "", err
		}
		x.pay, x.statesOf = o.ExerciseTo, o.StatesTo
	case pricing.EarlyExercise:
		if b, ok := in.(pricing.Barriered); ok && len(b.Barriers()) > 0 {
			return x, "it has barriers beside early exercise", nil
		}
		x.assets, x.vars = 1, 1
		x.times, dates = []float64{o.Maturity()}, o.ExerciseDates()
		if dates != nil {
			x.times = dates
		}
		if err := model.CheckTimes(fn, "Maturity", []float64{o.Maturity()}); err != nil {
			return x, "", err
		}
		x.pay = func(dst []float64, i int, p *pricing.Paths) { o.PayoffTo(dst, p.At(i, 0)) }
	default:
		return x, "it does not state early exercise", nil
	}
	if dates == nil {
		n := e.Dates
		if n == 0 {
			n = defaultDates
		}
		if n < 1 || n > 100_000 {
			return x, "", fault.Arg(fn, "Dates", e.Dates, "0 or from 1 to 100000")
		}
		if e.Richardson && n%2 != 0 {
			return x, "", fault.Arg(fn, "Dates", n, "even, for Richardson leaves every other out")
		}
		x.anytime = true
		last := x.times[len(x.times)-1]
		dates = []float64{0}
		for k := 1; k <= n && last > 0; k++ {
			dates = append(dates, last*float64(k)/float64(n))
		}
		x.times = dates
	}
	if err := model.CheckTimes(fn, "ExerciseDates", dates); err != nil {
		return x, "", err
	}
	for i, t := range dates {
		at, ok := slices.BinarySearch(x.times, t)
		if !ok {
			return x, "", fault.Arg(fn, fmt.Sprintf("ExerciseDates[%d]", i), t, "one of the observations")
		}
		if t == 0 && len(dates) > 1 {
			x.now = true
			continue
		}
		x.dates = append(x.dates, at)
	}
	if last := x.dates[len(x.dates)-1]; last != len(x.times)-1 {
		return x, "", fault.Arg(fn, "ExerciseDates", x.times[last], fmt.Sprintf("the last one %g, as the observations", x.times[len(x.times)-1]))
	}
	return x, "", nil
}

// policy is a rule for exercise: where what exercise pays is at least what the regression says that waiting is worth.
type policy struct {
	exercise
	basis         *basis
	states        int // of the model, after the variables of the instrument
	rules         []rule
	half          []rule // those with every other date, for Richardson; nil without
	pool          chan *policyMemory
	all           bool // regressed on all paths: rules hold where exercise pays nothing, too
	extra         int  // variables after those of instrument and model: the payoff, if crossed
	atOnce        bool
	payNow        float64
	paths         int
	inSample      float64
	inSampleError float64
}

// rule is the regression at one date.
type rule struct {
	date         int // among the exercise dates
	functions    int // 0 means that there were too few paths, and that the holder waits
	degree       int
	shift, scale []float64
	beta         []float64
	last         bool // what exercise pays is taken
}

// policyMemory is what a rule needs of memory to look at a block.
type policyMemory struct {
	pay, wait, first []float64
	states           [][]float64 // of all paths
	row              []int32
	rowPay           []float64
	rows             [][]float64 // states of the chosen rows
	columns          *basisColumns
	alive            []float64 // 1 where the rule has not ended the path, otherwise 0
	when             []int32   // the time at which the path ended
}

func (p *policy) vars() int { return p.exercise.vars + p.states + p.extra }

func (p *policy) newMemory(n int) *policyMemory {
	m := &policyMemory{pay: make([]float64, n), wait: make([]float64, n), first: make([]float64, n),
		row: make([]int32, 0, n), rowPay: make([]float64, n),
		columns: p.basis.newColumns(n), alive: make([]float64, n), when: make([]int32, n)}
	for range p.vars() {
		m.states = append(m.states, make([]float64, n))
		m.rows = append(m.rows, make([]float64, n))
	}
	return m
}

// memory returns memory for blocks of n paths, and release takes it back.
func (p *policy) memory(n int) *policyMemory {
	select {
	case m := <-p.pool:
		if len(m.pay) >= n {
			return m
		}
	default:
	}
	return p.newMemory(n)
}

func (p *policy) release(m *policyMemory) {
	select {
	case p.pool <- m:
	default:
	}
}

// look fills m.pay with what exercise at the i-th time pays on all paths.
func (p *policy) look(m *policyMemory, i int, paths *pricing.Paths) []float64 {
	pay := m.pay[:paths.Len()]
	p.exercise.pay(pay, i, paths)
	return pay
}

// gather fills m.row and, for these rows, m.rowPay and m.rows with the states at the i-th time, of the paths on which exercise pays,
// or all. at is the index of the time in b.
func (p *policy) gather(m *policyMemory, pay []float64, i, at int, paths *pricing.Paths, b *Block, all bool) {
	n, chosen := len(pay), 0
	row := m.row[:n]
	for j, v := range pay { // without branches, which nobody could predict
		row[chosen] = int32(j)
		one := 0
		if v > 0 {
			one = 1
		}
		chosen += one
	}
	if all {
		for j := range row {
			row[j] = int32(j)
		}
		chosen = n
	}
	m.row = row[:chosen]
	own := p.exercise.vars
	for v := range m.states[:own] {
		m.states[v] = m.states[v][:n]
	}
	if p.statesOf != nil {
		p.statesOf(m.states[:own], i, paths)
	}
	for v := range own + p.states {
		src := m.states[v]
		switch {
		case v == 0 && p.statesOf == nil:
			src = paths.At(i, 0)
		case v >= own:
			src = b.State[at*p.states+v-own]
		}
		m.rows[v] = m.rows[v][:len(m.row)]
		dst := m.rows[v]
		for r, j := range m.row {
			dst[r] = src[j]
		}
	}
	m.rowPay = m.rowPay[:len(m.row)]
	for r, j := range m.row {
		m.rowPay[r] = pay[j]
	}
	if p.extra > 0 {
		last := len(m.rows) - 1
		m.rows[last] = m.rows[last][:len(m.row)]
		copy(m.rows[last], m.rowPay)
	}
}

// waiting fills m.wait with what waiting is worth by a rule, for the rows that are gathered.
func (p *policy) waiting(m *policyMemory, r *rule) []float64 {
	n := len(m.row)
	wait := m.wait[:n]
	p.continuation(wait, m.columns, r, m.rows, m.rowPay)
	return wait
}

func (p *policy) continuation(wait []float64, c *basisColumns, r *rule, rows [][]float64, pay []float64) {
	if r.functions == 0 {
		fill(wait, math.Inf(1))
		return
	}
	p.basis.evaluate(c, r.degree, rows, pay, r.shift, r.scale)
	fill(wait, r.beta[0]) // that of the constant
	for f, a := range r.beta {
		if f > 0 && a != 0 {
			vec.AddScaled(wait, a, c.term[f], wait)
		}
	}
}

// claim returns what the rule earns as a claim.
func (p *policy) claim() claim {
	return claim{assets: p.assets, times: p.times, state: p.states > 0, value: p.valueTo}
}

// valueTo writes what the rule earns along each path to dst.
func (p *policy) valueTo(dst []float64, paths *pricing.Paths, b *Block) {
	if p.atOnce {
		p.exercise.pay(dst, 0, paths) // now, in the world of these paths
		return
	}
	m := p.memory(cap(b.Weight))
	defer p.release(m)
	p.follow(dst, p.rules, m, paths, b)
	if p.half != nil {
		first := m.first[:len(dst)]
		copy(first, dst)
		p.follow(dst, p.half, m, paths, b)
		for j, v := range dst {
			dst[j] = 2*first[j] - v
		}
	}
}

func (p *policy) follow(dst []float64, rules []rule, m *policyMemory, paths *pricing.Paths, b *Block) {
	clear(dst)
	alive := m.alive[:len(dst)]
	fill(alive, 1)
	left := len(dst)
	for k := range rules {
		if left == 0 {
			return
		}
		r := &rules[k]
		i := p.dates[r.date]
		pay := p.look(m, i, paths)
		if s := vec.Sum(pay); math.IsNaN(s) || math.IsInf(s, 0) {
			for j, v := range pay {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					if pay[j] = 0; alive[j] != 0 {
						dst[j], alive[j] = v, 0
						left--
					}
				}
			}
		}
		if r.last {
			paths.DiscountTo(pay, i)
			for j, v := range pay {
				dst[j] += v * alive[j]
				if alive[j] != 0 {
					m.when[j] = int32(i)
				}
			}
			return
		}
		if r.functions == 0 {
			continue
		}
		at := i
		if len(b.Times) != len(p.times) {
			at, _ = slices.BinarySearch(b.Times, p.times[i])
		}
		for j, v := range alive {
			pay[j] *= v
		}
		p.gather(m, pay, i, at, paths, b, false)
		wait := p.waiting(m, r)
		for r, j := range m.row {
			if m.rowPay[r] >= wait[r] {
				dst[j] = m.rowPay[r] * discount(paths, i, int(j))
				alive[j] = 0
				m.when[j] = int32(i)
				left--
			}
		}
	}
}

func discount(p *pricing.Paths, i, j int) float64 {
	if p.PathDiscount != nil {
		return p.PathDiscount[i][j]
	}
	return p.Discount[i]
}

// training is what is kept of the paths of the regressions, block by block.
type training struct {
	policy *policy
	factor []float64 // discount factor over the time from each exercise date to the next, if it is the same for all paths
	blocks []trainingBlock
	first  int // the first of the exercise dates that was used
}

// trainingBlock is what is kept of one block.
type trainingBlock struct {
	paths int
	dates []trainingDate
	cash  []float64   // what the rule earns, in money of the date that was looked at last
	sums  sums        // of the date
	rates [][]float64 // discount factor from each exercise date, if it differs between paths
}

// trainingDate is what is kept of the paths on which exercise pays at one date, or of all.
type trainingDate struct {
	rows   int
	row    []int32
	pay    []float64
	states [][]float64
	spread []spread
}

// fitter is the memory of a worker.
type fitter struct {
	block   *Block
	memory  *policyMemory
	columns *basisColumns
	wait, y []float64
	row     []int32   // of all dates of a block
	data    []float64 // the same
}

// fit makes the rule.
func (e LongstaffSchwartz) fit(ctx context.Context, in pricing.Instrument, m pricing.Model) (*policy, string, error) {
	const fn = "mc.LongstaffSchwartz"
	x, why, err := e.read(in)
	if err != nil || why != "" {
		return nil, why, err
	}
	if e.Fit < 0 {
		return nil, "", fault.Arg(fn, "Fit", e.Fit, ">= 0")
	}
	paths := e.Fit
	if paths == 0 {
		paths = defaultFit
	}
	maker := e.Engine
	maker.Paths, maker.Source = paths, nil
	g, err := maker.generator(m, x.times, fitPass, false)
	if errors.Is(err, ErrScheme) {
		return nil, err.Error(), nil
	}
	if err != nil {
		return nil, "", err
	}
	if g.layout.Assets != x.assets {
		return nil, fmt.Sprintf("the instrument looks at %d assets, the model has %d", x.assets, g.layout.Assets), nil
	}
	p := &policy{exercise: x, all: e.AllPaths, pool: make(chan *policyMemory, 64)}
	if !e.OwnStates {
		p.states = g.layout.States
	}
	g.state = p.states > 0
	if p.basis, err = newBasis(e.Basis, e.Degree, x.vars+p.states, e.Payoff); err != nil {
		return nil, "", err
	}
	p.extra = p.basis.vars - x.vars - p.states
	if bytes := float64(g.Paths()) * (12 + 8*float64(p.vars())) * float64(len(x.dates)); bytes > mostFitBytes {
		const want = "fewer: %d dates and %d variables may take %.1f GB, at most 2 GB are kept"
		return nil, "", fault.Arg(fn, "Fit", paths, fmt.Sprintf(want, len(x.dates), p.vars(), bytes/(1<<30)))
	}
	t, err := e.train(ctx, g, p)
	if err != nil {
		return nil, "", err
	}
	states := make([]*fitter, min(workers(e.Engine.Workers), len(t.blocks)))
	for i := range states {
		n := g.shape.Block
		states[i] = &fitter{columns: p.basis.newColumns(n), wait: make([]float64, n), y: make([]float64, n)}
	}
	if p.rules, err = t.backward(ctx, states, 1); err != nil {
		return nil, "", err
	}
	full, square := t.inSample(g)
	p.paths, p.inSample, p.inSampleError = g.Paths(), full, square
	if e.Richardson && x.anytime && len(x.dates) > 1 {
		if p.half, err = t.backward(ctx, states, 2); err != nil {
			return nil, "", err
		}
		half, _ := t.inSample(g)
		p.inSample = 2*full - half
	}
	if x.now {
		b := g.NewBlock()
		g.Make(b, 0)
		p.payNow = p.look(p.newMemory(g.shape.Block), 0, &b.Paths)[0]
		if p.payNow > 0 && p.payNow >= p.inSample {
			p.atOnce = true
		}
	}
	return p, "", nil
}

// train makes the paths of the regressions and keeps what they need.
func (e LongstaffSchwartz) train(ctx context.Context, g *Generator, p *policy) (*training, error) {
	t := &training{policy: p, blocks: make([]trainingBlock, g.Blocks())}
	if g.discount != nil {
		for k, i := range p.dates {
			next := p.dates[min(k+1, len(p.dates)-1)]
			t.factor = append(t.factor, g.discount[next]/g.discount[i])
		}
	}
	states := make([]*fitter, min(workers(e.Engine.Workers), len(t.blocks)))
	for i := range states {
		states[i] = &fitter{block: g.NewBlock(), memory: p.newMemory(g.shape.Block)}
	}
	err := parallel(ctx, states, 0, len(t.blocks), func(w *fitter, index int) error {
		b, m := w.block, w.memory
		b.work.Done = ctx.Done()
		g.Make(b, index)
		if b.work.Stopped() {
			return ctx.Err()
		}
		n := b.Len()
		kept := &t.blocks[index]
		kept.paths, kept.dates = n, make([]trainingDate, len(p.dates))
		kept.cash, kept.sums = make([]float64, n), newSums(len(p.basis.terms))
		vars := p.vars()
		spreads := make([]spread, len(p.dates)*vars)
		w.row, w.data = w.row[:0], w.data[:0]
		for k, i := range p.dates {
			pay := p.look(m, i, &b.Paths)
			if s := vec.Sum(pay); math.IsNaN(s) || math.IsInf(s, 0) {
				for j, v := range pay {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						return &PathError{Seed: g.shape.Seed, Block: index, Path: index*g.shape.Block + j, Value: v,
							What: "the value of exercise, in the regressions,"}
					}
				}
			}
			p.gather(m, pay, i, i, &b.Paths, b, p.all)
			d := &kept.dates[k]
			w.row = append(w.row, m.row...)
			w.data = append(w.data, m.rowPay...)
			d.spread = spreads[k*vars : (k+1)*vars]
			for v, column := range m.rows {
				w.data = append(w.data, column...)
				s := newSpread()
				s.observe(column, p.basis.kind)
				d.spread[v] = s
				if math.IsNaN(s.sum) || math.IsInf(s.sum, 0) {
					for r, v := range column {
						if math.IsNaN(v) || math.IsInf(v, 0) {
							return &PathError{Seed: g.shape.Seed, Block: index, Path: index*g.shape.Block + int(m.row[r]), Value: v,
								What: "a state variable, in the regressions,"}
						}
					}
				}
			}
			d.rows = len(m.row)
			if b.PathDiscount != nil {
				kept.rates = append(kept.rates, append([]float64(nil), b.PathDiscount[i]...))
			}
		}
		row, data, states := slices.Clone(w.row), slices.Clone(w.data), make([][]float64, len(p.dates)*vars)
		for k := range kept.dates {
			d := &kept.dates[k]
			n := d.rows
			d.row, row = row[:n:n], row[n:]
			d.pay, data = data[:n:n], data[n:]
			d.states, states = states[:vars], states[vars:]
			for v := range d.states {
				d.states[v], data = data[:n:n], data[n:]
			}
		}
		return nil
	})
	return t, err
}

// backward goes from the last exercise date back by every stride-th one and returns the rules in the order of time.
func (t *training) backward(ctx context.Context, states []*fitter, stride int) ([]rule, error) {
	p := t.policy
	last := len(p.dates) - 1
	rules := []rule{{date: last, last: true}}
	for i := range t.blocks {
		b := &t.blocks[i]
		clear(b.cash)
		d := &b.dates[last]
		for r, j := range d.row {
			b.cash[j] = d.pay[r]
		}
	}
	total := newSums(len(p.basis.terms))
	var before *rule // made, but not yet applied to the cash
	for k := last - stride; ; k -= stride {
		var next rule
		if k >= 0 {
			next = t.scale(k)
		}
		err := parallel(ctx, states, 0, len(t.blocks), func(w *fitter, index int) error {
			b := &t.blocks[index]
			if before != nil {
				t.apply(w, b, before)
			}
			if k < 0 {
				t.discount(b, before, last, -1)
				return nil
			}
			t.discount(b, before, last, k)
			if next.functions > 0 {
				t.sum(w, b, &next)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if k < 0 {
			break
		}
		if next.functions > 0 {
			clear(total.gram)
			clear(total.rhs)
			for i := range t.blocks {
				total.merge(t.blocks[i].sums, next.functions)
			}
			next.beta = total.solve(next.functions)
			for _, a := range next.beta {
				if math.IsNaN(a) || math.IsInf(a, 0) {
					return nil, fault.Arg("mc.LongstaffSchwartz", fmt.Sprintf("coefficient of the regression at %g years", p.times[p.dates[k]]), a,
						"finite: a lower Degree, or another Basis")
				}
			}
		}
		rules = append(rules, next)
		before = &rules[len(rules)-1]
	}
	slices.Reverse(rules)
	t.first = rules[0].date
	return rules, nil
}

// scale prepares the regression at exercise date k: its scales, and the functions that so many paths can bear.
func (t *training) scale(k int) rule {
	const paths = 8 // for each function, at least
	p := t.policy
	r := rule{date: k}
	for v := range p.vars() {
		s := newSpread()
		for i := range t.blocks {
			s.merge(t.blocks[i].dates[k].spread[v])
		}
		shift, scale := p.basis.scaling(s)
		r.shift, r.scale = append(r.shift, shift), append(r.scale, scale)
		for d, n := range p.basis.through {
			if s.n >= float64(paths*n) {
				r.degree, r.functions = d, n
			}
		}
	}
	return r
}

// discount brings the cash of a block from the date of the rule before, or the last, to date k; −1 is now.
func (t *training) discount(b *trainingBlock, before *rule, last, k int) {
	from := last
	if before != nil {
		from = before.date
	}
	if b.rates != nil {
		for j := range b.cash {
			f := b.rates[from][j]
			if k >= 0 {
				f /= b.rates[k][j]
			}
			b.cash[j] *= f
		}
		return
	}
	f := 1.0
	if k < 0 {
		return // the discount factor to the first date is applied to the mean
	}
	for i := k; i < from; i++ {
		f *= t.factor[i]
	}
	for j := range b.cash {
		b.cash[j] *= f
	}
}

// sum adds up the regression of a block.
func (t *training) sum(w *fitter, b *trainingBlock, r *rule) {
	d := &b.dates[r.date]
	n := len(d.row)
	y := w.y[:n]
	for i, j := range d.row {
		y[i] = b.cash[j]
	}
	t.policy.basis.evaluate(w.columns, r.degree, d.states, d.pay, r.shift, r.scale)
	b.sums.observe(w.columns, r.functions, y)
}

// apply exercises on the paths of a block where the rule says so.
func (t *training) apply(w *fitter, b *trainingBlock, r *rule) {
	d := &b.dates[r.date]
	wait := w.wait[:len(d.row)]
	t.policy.continuation(wait, w.columns, r, d.states, d.pay)
	if p := t.policy; p.all {
		for i, v := range d.pay {
			if !(v > 0) {
				wait[i] = math.Inf(1)
			}
		}
	}
	for i, j := range d.row {
		v, after := d.pay[i], math.Float64bits(b.cash[j])
		now := math.Float64bits(v)
		if v >= wait[i] { // by bits, for nobody could predict the branch
			after = now
		}
		b.cash[j] = math.Float64frombits(after)
	}
}

// inSample returns the mean of what the rule earned on the paths of the regressions, and its standard error.
func (t *training) inSample(g *Generator) (mean, stdErr float64) {
	all := newMoments(1)
	for i := range t.blocks {
		part := newMoments(1)
		part.observe([][]float64{t.blocks[i].cash})
		all.merge(part)
	}
	f := 1.0
	if g.discount != nil {
		p := t.policy
		f = g.discount[p.dates[t.first]]
	}
	return f * all.mean[0], f * math.Sqrt(all.covariance(0, 0)/max(all.n-1, 1)/all.n)
}
