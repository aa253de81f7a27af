package mc

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/internal/vec/rng"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Upper says how [LongstaffSchwartz.Bounds] finds the upper bound. For every martingale M that starts at zero, the mean of the largest
// of the discounted exercise values less M is one: Rogers, "Monte Carlo valuation of American options", Mathematical Finance 12
// (2002); Haugh and Kogan, "Pricing American options: a duality approach", Operations Research 52 (2004). The nearer M is to that
// of the value, the tighter.
type Upper struct {
	Dual  Dual
	Outer int // paths on which the largest is taken; 0 means 1,024
	// Inner is the number of paths that go on from a state of an outer one to find an expectation there, in pairs with opposite
	// normals; 0 means 512. Their noise raises the bound, by about its variance.
	Inner int
	// NoControl leaves the prices out as control variates of the inner paths. With them, coefficients that one half of the paths
	// finds serve the other half, so that the expectations stay without bias.
	NoControl bool
}

// Dual is where the martingale of an upper bound comes from.
type Dual int

const (
	// AndersenBroadie takes the martingale of the value of the rule: Andersen and Broadie, "Primal-dual simulation algorithm for
	// pricing multidimensional American options", Management Science 50 (2004). Inner paths go on until the rule ends them, from
	// the dates at which exercise pays alone: elsewhere the largest is not attained.
	AndersenBroadie Dual = iota
	// HaughKogan takes that of the larger of exercise and what the regressions say that waiting is worth. Inner paths last to the
	// next date alone, from every date. The regressions run on all paths. It is mostly the looser one.
	HaughKogan
)

var dualNames = [...]string{"Andersen-Broadie", "Haugh-Kogan"}

// String returns the names of the authors.
func (d Dual) String() string {
	if d < 0 || int(d) >= len(dualNames) {
		return fmt.Sprintf("Dual(%d)", int(d))
	}
	return dualNames[d]
}

// Bounds is a lower and an upper bound of a value.
type Bounds struct {
	Lower    ExerciseReport
	Upper    pricing.Result // value and standard error
	Interval [2]float64     // holds the true value with a probability of at least 95%, errors of the scheme in time aside
	Outer    int            // paths
	Nested   int            // inner paths that were made
}

const (
	defaultOuter = 1024
	defaultInner = 512
	outerPass    = 2
	innerPass    = 3
	quantile95   = 1.959963984540054
)

// Bounds returns a lower and an upper bound. Exercise at any time is that at Dates dates, also with Richardson. The scheme of the model
// must be able to go on from a later time, as all of this package can but that of rough Heston.
func (e LongstaffSchwartz) Bounds(ctx context.Context, in pricing.Instrument, m pricing.Model) (Bounds, error) {
	const fn = "mc.LongstaffSchwartz"
	outer, inner := e.Upper.Outer, e.Upper.Inner
	if outer == 0 {
		outer = defaultOuter
	}
	if inner == 0 {
		inner = defaultInner
	}
	switch {
	case e.Upper.Dual != AndersenBroadie && e.Upper.Dual != HaughKogan:
		return Bounds{}, fault.Arg(fn, "Upper.Dual", int(e.Upper.Dual), "one of the package")
	case outer < 2 || outer > 1<<24:
		return Bounds{}, fault.Arg(fn, "Upper.Outer", e.Upper.Outer, "0 or from 2 to 2²⁴")
	case inner < 4 || inner > 1<<24:
		return Bounds{}, fault.Arg(fn, "Upper.Inner", e.Upper.Inner, "0 or from 4 to 2²⁴")
	}
	inner += inner & 1
	e.Richardson = false
	if e.Upper.Dual == HaughKogan {
		e.AllPaths = true
	}
	unsupported := func(why string) (Bounds, error) {
		return Bounds{}, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m, Reason: why}
	}
	var p *policy
	report, err := e.Engine.run(ctx, e, in, m, func() (claim, string, error) {
		var why string
		var err error
		if p, why, err = e.fit(ctx, in, m); err != nil || why != "" {
			return claim{}, why, err
		}
		waiting := *p // its value is needed even if exercise at once is better
		waiting.atOnce = false
		return waiting.claim(), "", nil
	})
	if err != nil {
		return Bounds{Lower: ExerciseReport{Report: report}}, err
	}
	d := &dual{policy: p, method: e.Upper.Dual, inner: inner, plain: e.Upper.NoControl, waiting: report.Value}
	maker := e.Engine
	maker.Source, maker.Construction, maker.Paths = nil, Incremental, outer
	if d.outside, err = maker.generator(m, p.times, outerPass, false); err == nil {
		maker.Paths = 1 << 40 // as many as are asked for
		d.inside, err = maker.generator(m, p.times, innerPass, false)
	}
	if errors.Is(err, ErrScheme) {
		return unsupported(err.Error())
	}
	if err != nil {
		return Bounds{}, err
	}
	if !d.inside.layout.Resumes {
		return unsupported("the simulation of the model cannot go on from a later time")
	}
	d.pieces = (inner + d.inside.shape.Block - 1) / d.inside.shape.Block
	if float64(outer)*float64(len(p.dates)+1)*float64(d.pieces) > 1<<30 {
		return Bounds{}, fault.Arg(fn, "Upper.Outer", outer, "fewer outer or inner paths")
	}
	d.outside.state, d.inside.state = d.outside.layout.States > 0, d.inside.layout.States > 0
	d.forwards(m)
	b := Bounds{Outer: outer}
	b.Lower = ExerciseReport{Report: report, InSample: p.inSample, InSampleStdErr: p.inSampleError, FitPaths: p.paths, AtOnce: p.atOnce}
	if p.atOnce {
		b.Lower.Value, b.Lower.StdErr = p.payNow, 0
	}
	b.Upper, b.Nested, err = d.bound(ctx, workers(e.Engine.Workers), report.Result)
	if err != nil {
		return b, err
	}
	b.Interval = [2]float64{b.Lower.Value - quantile95*b.Lower.StdErr, b.Upper.Value + quantile95*b.Upper.StdErr}
	return b, nil
}

// dual is an upper bound under way.
type dual struct {
	policy          *policy
	method          Dual
	inner           int
	plain           bool
	waiting         float64 // value of the rule from now on
	outside, inside *Generator
	pieces          int         // blocks that the inner paths of a state take
	forward         [][]float64 // of each asset to each time: prices over them are martingales. nil if they are not known
	steps           []int       // of a path until each of the times
}

// forwards finds the forwards, which make prices control variates.
func (d *dual) forwards(m pricing.Model) {
	p := d.policy
	for _, t := range p.times {
		n, _ := slices.BinarySearch(d.inside.layout.Steps, t*(1+1e-14))
		d.steps = append(d.steps, n)
	}
	if d.plain {
		return
	}
	if paying, ok := m.(interface{ DiscreteDividends() []model.Dividend }); ok {
		for _, v := range paying.DiscreteDividends() {
			if v.Cash > 0 {
				return // then prices over forwards are no martingales
			}
		}
	}
	type (
		one  interface{ Forward(t float64) float64 }
		many interface {
			Forward(i int, t float64) float64
		}
	)
	for a := range p.assets {
		row := make([]float64, len(p.times))
		for i, t := range p.times {
			switch w := m.(type) {
			case many:
				row[i] = w.Forward(a, t)
			case one:
				row[i] = w.Forward(t)
			}
			if !(row[i] > 0) {
				d.forward = nil
				return
			}
		}
		d.forward = append(d.forward, row)
	}
}

// nest is a worker's memory.
type nest struct {
	outer, inner  *Block
	at            int // index of the block that outer holds; −1 is none
	own, follower *policyMemory
	pays          []float64
	numbers       []float64
	y             []float64   // of pairs
	x             [][]float64 // controls of pairs
	nested        int
}

func (d *dual) newNest() *nest {
	n, most := d.inside.shape.Block, max(d.inner, startPaths)
	w := &nest{outer: d.outside.NewBlock(), inner: d.inside.NewBlock(), at: -1, own: d.policy.newMemory(d.outside.shape.Block),
		follower: d.policy.newMemory(n),
		pays:     make([]float64, n), y: make([]float64, most/2)}
	s := d.inside.shape
	w.numbers = make([]float64, (n+1)/2*s.Steps*max(s.Factors, s.Uniforms))
	for range d.forward {
		w.x = append(w.x, make([]float64, most/2))
	}
	return w
}

// bound returns the upper bound and the number of inner paths.
func (d *dual) bound(ctx context.Context, workers int, lower pricing.Result) (pricing.Result, int, error) {
	total := d.outside.Paths()
	largest := make([]float64, total)
	states := make([]*nest, min(workers, total))
	for i := range states {
		states[i] = d.newNest()
	}
	err := parallel(ctx, states, 0, total, func(w *nest, index int) error {
		block, path := index/d.outside.shape.Block, index%d.outside.shape.Block
		if block != w.at {
			w.outer.work.Done = ctx.Done()
			d.outside.Make(w.outer, block)
			if w.outer.work.Stopped() {
				return ctx.Err()
			}
			w.at = block
		}
		w.inner.work.Done = ctx.Done()
		if d.method == HaughKogan {
			largest[index] = d.approximate(w, index, path)
		} else {
			largest[index] = d.follow(w, index, path)
		}
		if w.inner.work.Stopped() {
			return ctx.Err()
		}
		if v := largest[index]; math.IsNaN(v) || math.IsInf(v, 0) {
			return &PathError{Seed: d.outside.shape.Seed, Block: block, Path: index, Value: v, What: "the upper bound"}
		}
		return nil
	})
	nested := 0
	for _, w := range states {
		nested += w.nested
	}
	if err != nil {
		return pricing.Result{}, nested, err
	}
	// The martingale starts where the expectation is now: the rule's value, or the mean of the value at the first date.
	start, spread := d.waiting, lower.StdErr
	if d.method == HaughKogan {
		if start, spread = d.start(states[0]); states[0].inner.work.Stopped() {
			return pricing.Result{}, nested, ctx.Err()
		}
	}
	for j, v := range largest {
		if d.policy.now {
			v = max(v, d.policy.payNow-start)
		}
		largest[j] = v + start
	}
	all := newMoments(1)
	all.observe([][]float64{largest})
	se := math.Sqrt(all.covariance(0, 0) / max(all.n-1, 1) / all.n)
	return pricing.Result{Value: all.mean[0], StdErr: math.Hypot(se, spread), Has: pricing.HasValue | pricing.HasStdErr}, nested, nil
}

// follow returns the largest of what exercise pays less the martingale of the rule's value, less that value now. Between two dates at
// which the rule exercises, the martingale is the rule's value but for a constant, so that it is asked for only where it may
// matter: what exercise pays less the value of a rule that waits, and the loss of a rule that exercised and goes on.
func (d *dual) follow(w *nest, index, path int) float64 {
	p := d.policy
	most, shift := math.Inf(-1), 0.0
	for k := range p.rules {
		r := &p.rules[k]
		i := p.dates[r.date]
		pay, wait := d.look(w, r, i, path)
		if r.last {
			return max(most, shift)
		}
		if !(pay > 0) {
			continue
		}
		pay *= discount(&w.outer.Paths, i, path)
		value := d.expect(w, index, path, k, i, p.rules[k+1:])
		if wait {
			most = max(most, pay-value+shift)
		} else {
			most = max(most, shift)
			shift -= pay - value
		}
	}
	return most
}

// look returns what exercise pays on a path of the outer block, and whether the rule waits.
func (d *dual) look(w *nest, r *rule, i, path int) (pay float64, wait bool) {
	p, b, m := d.policy, w.outer, w.own
	pay = p.look(m, i, &b.Paths)[path]
	if r.last || r.functions == 0 || !(pay > 0) {
		return pay, !r.last
	}
	return pay, pay < d.regressed(w, r, i, path, pay)
}

// regressed returns what the regression says that waiting is worth on a path of the outer block.
func (d *dual) regressed(w *nest, r *rule, i, path int, pay float64) float64 {
	p, b, m := d.policy, w.outer, w.own
	n := b.Len()
	own := p.exercise.vars
	for v := range m.states[:own] {
		m.states[v] = m.states[v][:n]
	}
	if p.statesOf != nil {
		p.statesOf(m.states[:own], i, &b.Paths)
	}
	for v := range own + p.states {
		src := m.states[v]
		switch {
		case v == 0 && p.statesOf == nil:
			src = b.At(i, 0)
		case v >= own:
			src = b.State[i*p.states+v-own]
		}
		m.rows[v] = append(m.rows[v][:0], src[path])
	}
	if p.extra > 0 {
		last := len(m.rows) - 1
		m.rows[last] = append(m.rows[last][:0], pay)
	}
	var one [1]float64
	m.rowPay = append(m.rowPay[:0], pay)
	p.continuation(one[:], m.columns, r, m.rows, m.rowPay)
	return one[0]
}

// goOn fills the inner block with a piece of n paths that go on from the i-th time of a path of the outer one, until before a time.
func (d *dual) goOn(w *nest, node, path, i, until, n int) {
	g, b, o := d.inside, w.inner, w.outer
	g.prepare(b, node, n)
	a, s, from := g.layout.Assets, g.layout.States, 0
	if i >= 0 {
		from = d.steps[i]
	}
	stream := rng.NewPhilox(g.shape.Seed, g.shape.Pass<<40|uint64(node))
	half := n / 2
	to := g.shape.Steps
	if until < len(d.steps) {
		to = d.steps[until-1]
	}
	draw := func(columns [][]float64, fillUp func([]float64), opposite float64) {
		numbers := w.numbers[:len(columns)*half]
		fillUp(numbers)
		for c, column := range columns {
			z := numbers[c*half:][:half]
			copy(column, z)
			for j, v := range z {
				column[half+j] = opposite - v
			}
		}
	}
	if f := g.shape.Factors; f > 0 && to > from {
		draw(b.work.Normals[from*f:to*f], stream.Normals, 0)
	}
	if u := g.shape.Uniforms; u > 0 && to > from {
		draw(b.work.Uniforms[from*u:to*u], stream.Uniforms, 1)
	}
	for m := 0; m <= i; m++ {
		for k := range a {
			fill(b.Spot[m*a+k], o.Spot[m*a+k][path])
		}
	}
	if i >= 0 {
		for k := range s {
			fill(b.State[i*s+k], o.State[i*s+k][path])
		}
	}
	for m := 0; m <= i && b.PathDiscount != nil; m++ {
		fill(b.PathDiscount[m], o.PathDiscount[m][path])
	}
	b.work.From, b.work.Until = i+1, until
	g.sim.PathsTo(&b.work)
	w.nested += n
}

// expect returns the expectation, in today's money, of what the rules earn that come after a date, from the state of an outer path there.
func (d *dual) expect(w *nest, index, path, k, i int, rules []rule) float64 {
	p, b := d.policy, w.inner
	node := (index*len(p.rules) + k) * d.pieces
	return d.mean(w, d.inner, node, path, i, len(p.times), func(pays []float64) {
		p.follow(pays, rules, w.follower, &b.Paths, b)
	})
}

// mean returns the mean of what evaluate finds on inner paths, with the prices at the end as control variates.
func (d *dual) mean(w *nest, paths, node, path, i, until int, evaluate func(pays []float64)) float64 {
	b := w.inner
	at := 0
	left := paths
	for piece := 0; left > 0; piece++ {
		if b.work.Stopped() {
			return math.NaN() // which nobody looks at
		}
		n := min(left, d.inside.shape.Block)
		d.goOn(w, node+piece, path, i, until, n)
		left -= n
		pays := w.pays[:n]
		evaluate(pays)
		half := n / 2
		for j := range half {
			w.y[at+j] = 0.5 * (pays[j] + pays[half+j])
		}
		for a, forward := range d.forward {
			now, before := 1.0, 1.0 // today a price is its forward
			if i >= 0 {
				now, before = w.outer.Spot[i*len(d.forward)+a][path], forward[i]
			}
			if !(now > 0) {
				clear(w.x[a][at : at+half])
				continue
			}
			x := w.x[a][at:]
			value := func(j int) float64 {
				t := until - 1
				if d.method == AndersenBroadie {
					t = int(w.follower.when[j])
				}
				return b.Spot[t*len(d.forward)+a][j] * (before / (forward[t] * now))
			}
			for j := range half {
				x[j] = 0.5*(value(j)+value(half+j)) - 1
			}
		}
		at += half
	}
	x := make([][]float64, len(w.x))
	for a := range x {
		x[a] = w.x[a][:at]
	}
	return crossFitted(w.y[:at], x)
}

// crossFitted returns the mean of y less the multiples of the controls x, whose means are zero, that make the variance least. The
// coefficients for each half come from the other, so that there is no bias.
func crossFitted(y []float64, x [][]float64) float64 {
	n := len(y)
	half := n / 2
	if len(x) == 0 || half < 8*len(x) {
		return vec.Sum(y) / float64(n)
	}
	k := 1 + len(x)
	sum := 0.0
	columns := make([][]float64, k)
	for part := range 2 {
		lo, hi := 0, half // those that find the coefficients
		if part == 1 {
			lo, hi = half, n
		}
		m := newMoments(k)
		columns[0] = append([]float64(nil), y[lo:hi]...)
		for a := range x {
			columns[1+a] = append([]float64(nil), x[a][lo:hi]...)
		}
		m.observe(columns)
		beta, _ := m.regress(0, 1, len(x))
		lo, hi = half, n
		if part == 1 {
			lo, hi = 0, half
		}
		sum += vec.Sum(y[lo:hi])
		for a, c := range beta {
			sum -= c * vec.Sum(x[a][lo:hi])
		}
	}
	return sum / float64(n)
}

// approximate returns the largest of what exercise pays less the martingale of the regressions' value, the martingale being one that
// starts at the expectation of that value.
func (d *dual) approximate(w *nest, index, path int) float64 {
	p, b := d.policy, w.outer
	most, martingale := math.Inf(-1), 0.0
	for k := range p.rules {
		r := &p.rules[k]
		i := p.dates[r.date]
		pay := max(p.look(w.own, i, &b.Paths)[path], 0)
		value := pay
		if !r.last && r.functions > 0 {
			value = max(value, d.regressed(w, r, i, path, pay))
		}
		factor := discount(&b.Paths, i, path)
		martingale += value * factor
		most = max(most, pay*factor-martingale)
		if !r.last {
			node := (index*len(p.rules) + k) * d.pieces
			martingale -= d.step(w, d.inner, node, path, i, &p.rules[k+1])
		}
	}
	return most
}

// Groups of paths that find the expectation of the regressions' value at the first date.
const (
	startGroups = 32
	startPaths  = 2048 // of a group
)

// start returns the expectation of the regressions' value at the first date and its standard error.
func (d *dual) start(w *nest) (mean, stdErr float64) {
	all := newMoments(1)
	values := make([]float64, startGroups)
	pieces := (startPaths + d.inside.shape.Block - 1) / d.inside.shape.Block
	for i := range values {
		node := d.outside.Paths()*len(d.policy.rules)*d.pieces + i*pieces
		values[i] = d.step(w, startPaths, node, 0, -1, &d.policy.rules[0])
		if w.inner.work.Stopped() {
			return math.NaN(), math.NaN()
		}
	}
	all.observe([][]float64{values})
	return all.mean[0], math.Sqrt(all.covariance(0, 0) / (startGroups - 1) / startGroups)
}

// step returns the expectation of the regressions' value at the next date, in today's money.
func (d *dual) step(w *nest, paths, node, path, i int, next *rule) float64 {
	p, b, m := d.policy, w.inner, w.follower
	to := p.dates[next.date]
	return d.mean(w, paths, node, path, i, to+1, func(pays []float64) {
		pay := p.look(m, to, &b.Paths)
		for j, v := range pay {
			pays[j] = max(v, 0)
		}
		if !next.last && next.functions > 0 {
			p.gather(m, pay, to, to, &b.Paths, b, true)
			for j, v := range p.waiting(m, next) {
				pays[j] = max(pays[j], v)
			}
		}
		for j := range pays {
			pays[j] *= discount(&b.Paths, to, j)
		}
	})
}
