package fd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// FokkerPlanck follows the law of the asset of a one-dimensional diffusion ([model.DiffusionOf]) forward in time, from the
// spot. One pass gives the law at every time and so the prices of European options of every strike and expiry; what Dupire's
// equation gives for a local volatility are its double sums. The zero value is ready.
//
// Each step is the transpose of the step that [OneAsset] takes backwards with TRBDF2 on the same nodes: it keeps the mass to
// rounding and the mean up to the order of the scheme, and gives every payoff the price that the backward step gives. Steps grow
// in proportion to the root of the time since now, for the law is a point at first.
//
// As an engine it values [pricing.Vanilla] options, from two grids by extrapolation as [OneAsset] does, and fills the value,
// DualDelta and DualGamma. A strip of any number of expiries costs one pass to the longest. Where the drift to the horizon is
// less than ten standard deviations, the error of the zero value is that of [OneAsset] for European options.
type FokkerPlanck struct {
	SpaceSteps int     // intervals of the grid; 0 means 400
	TimeSteps  int     // to the horizon; 0 means 100
	Width      float64 // how far the grid reaches, in standard deviations at the horizon; 0 means 6
}

var (
	_ pricing.Engine      = FokkerPlanck{}
	_ pricing.StripEngine = FokkerPlanck{}
)

// Law is the law of an asset at one time, as masses on the nodes of a grid.
type Law struct {
	Time float64
	Spot []float64 // the nodes, rising
	Mass []float64 // the probability about each
}

// Total returns the sum of the masses: 1 to rounding.
func (l *Law) Total() float64 { return sum(l.Mass) }

// Mean returns the mean of the asset.
func (l *Law) Mean() float64 { return l.Expect(func(s float64) float64 { return s }) }

// Expect returns the mean of a function of the asset.
func (l *Law) Expect(f func(spot float64) float64) float64 {
	total := 0.0
	for i, p := range l.Mass {
		total += p * f(l.Spot[i])
	}
	return total
}

// Density returns the density at a price: mass over the width of the node's cell, between nodes by a local polynomial, and 0
// outside the grid.
func (l *Law) Density(spot float64) float64 {
	n := len(l.Spot)
	if !(spot >= l.Spot[0] && spot <= l.Spot[n-1]) {
		return 0
	}
	from := min(max(below(l.Spot, spot)-2, 1), max(n-7, 1)) // the first cell may hold what has reached the floor
	var x, v [6]float64
	k := min(6, n-1-from)
	for i := range k {
		x[i] = l.Spot[from+i]
		v[i] = 2 * l.Mass[from+i] / (l.Spot[from+i+1] - l.Spot[from+i-1])
	}
	d, _, _ := local(x[:k], v[:k], spot)
	return math.Max(d, 0)
}

func (e FokkerPlanck) resolved() (OneAsset, error) {
	set, err := OneAsset{SpaceSteps: e.SpaceSteps, TimeSteps: e.TimeSteps, Width: e.Width, Scheme: TRBDF2}.resolved()
	if arg := (*pricing.ArgError)(nil); errors.As(err, &arg) {
		return set, fault.Arg("fd.FokkerPlanck", arg.Arg, arg.Value, arg.Want)
	}
	return set, err
}

// forwards is the scratch memory of a pass.
type forwards struct {
	solver
	levels [2]level // the fine grid and the coarse one
	stops  []float64
	order  []int
	put    []float64
}

// level is the law on one grid.
type level struct {
	grid              geometry
	mass, next, old   []float64
	b, before         []float64
	matrix, transpose Tridiagonal
	factors           Factors
	ready             bool
	rate, d           float64
}

var forwardStock = sync.Pool{New: func() any { return new(forwards) }}

// open lays the grids and puts the law on the spot. The shortest time that matters decides how dense the grid is there.
func (f *forwards) open(fn string, m pricing.Model, set OneAsset, horizon, shortest float64, levels int) error {
	if err := m.Validate(); err != nil {
		return err
	}
	world, reason := model.DiffusionOf(m, horizon)
	if world == nil {
		return fault.Arg(fn, "model", fmt.Sprintf("%T", m), "a one-dimensional diffusion: "+reason)
	}
	f.OneAsset, f.world, f.spot = set, world, world.SpotPrice()
	f.contract = contract{expiry: horizon}
	f.Single = levels == 1
	f.moments = f.momentsOf(f.moments, world.DiscreteDividends())
	if b := f.coefficient(f.spot, 0, horizon); !(b > 0) || math.IsInf(b, 1) {
		return fault.Arg(fn, fmt.Sprintf("diffusion coefficient at the spot, %g", f.spot), b, "finite and > 0")
	}
	f.point = 0.15 * math.Max(math.Min(1, 3*math.Sqrt(shortest/horizon)), 0.02)
	if err := f.layout(); err != nil {
		return err
	}
	for k := range levels {
		l := &f.levels[k]
		x := f.fine
		if k == 1 {
			f.coarse = grown(f.coarse, len(x)/2+1)
			for i := range f.coarse {
				f.coarse[i] = x[2*i]
			}
			x = f.coarse
		}
		n := len(x)
		l.grid.of(x, horizon)
		l.mass, l.next, l.old = grown(l.mass, n), grown(l.next, n), grown(l.old, n)
		l.b, l.before = grown(l.b, n), grown(l.before, n)
		for _, m := range []*Tridiagonal{&l.matrix, &l.transpose} {
			m.Lower, m.Diag, m.Upper = grown(m.Lower, n), grown(m.Diag, n), grown(m.Upper, n)
		}
		l.ready = false
		clear(l.mass)
		l.mass[f.nodeIn(x)] = 1
	}
	return nil
}

func (f *forwards) nodeIn(x []float64) int {
	i := below(x, f.spot)
	if f.spot-x[i] > x[i+1]-f.spot {
		i++
	}
	return i
}

// step takes a level from t0 to t1.
func (f *forwards) step(l *level, t0, t1 float64) error {
	dt := t1 - t0
	drift := math.Log(f.world.Growth(t1)/f.world.Growth(t0)) / dt
	l.b, l.before = l.before, l.b
	f.world.DiffusionTo(l.b, l.grid.x, t0, t1)
	d := 0.5 * trGamma * dt
	if !l.ready || !near(d, l.d) || math.Abs(drift-l.rate)*d > 1e-14 || !sameColumn(l.b, l.before) {
		n := len(l.mass)
		l.ready, l.d, l.rate = true, d, drift
		l.grid.implicit(l.matrix, 0, n-1, l.b, drift, 0, d, false, false)
		copy(l.transpose.Diag, l.matrix.Diag)
		copy(l.transpose.Lower[1:], l.matrix.Upper[:n-1])
		copy(l.transpose.Upper[:n-1], l.matrix.Lower[1:])
		if !l.factors.Factor(l.transpose) {
			return &IterationError{Method: "elimination", Time: t0, Residual: math.NaN()}
		}
	} else {
		l.b, l.before = l.before, l.b
	}
	// The transpose of a product of functions of one matrix is the product of the transposes in any order.
	const ahead = 1 / (trGamma * (2 - trGamma))
	const behind = (1 - trGamma) * (1 - trGamma) * ahead
	l.factors.reflectTo(l.next, l.mass)
	for i, p := range l.mass {
		l.next[i] = ahead*l.next[i] - behind*p
	}
	l.factors.SolveTo(l.mass, l.next)
	return nil
}

// fall moves the masses as the dividends of a moment are paid: the transpose of the interpolation that goes backwards.
func (f *forwards) fall(l *level, m *moment) {
	x := l.grid.x
	floor := f.world.PriceFloor(m.t)
	n := len(x)
	clear(l.next)
	for i, p := range l.mass {
		s := m.after(x[i], floor)
		k := below(x, s)
		if s < x[0] || s > x[n-1] {
			t := (s - x[k]) / (x[k+1] - x[k])
			l.next[k] += (1 - t) * p
			l.next[k+1] += t * p
			continue
		}
		at := min(max(k-1, 0), n-4)
		w := cubicWeights((*[4]float64)(x[at:at+4]), s)
		for j, wj := range w {
			l.next[at+j] += wj * p
		}
	}
	l.mass, l.next = l.next, l.mass
}

// advance goes through the stops, in rising order, the last one the horizon, on so many levels. seen, if not nil, is told of
// each step, and at each stop.
func (f *forwards) advance(ctx context.Context, levels int, seen func(t float64) error, at func(stop int) error) error {
	horizon := f.expiry
	next := 1 // of the moments
	t, stop, since := 0.0, 0, 0
	for stop < len(f.stops) {
		end := f.stops[stop]
		for next < len(f.moments) && len(f.moments[next].dividends) == 0 {
			next++
		}
		pays := next < len(f.moments) && f.moments[next].t <= end*(1+1e-12)
		if pays {
			end = math.Min(end, f.moments[next].t)
		}
		if end > t {
			a, b := math.Sqrt(t), math.Sqrt(end)
			n := max(int(math.Ceil(float64(f.TimeSteps)/2*(b-a)/math.Sqrt(horizon)-1e-9)), 2) * 2
			for k := range levels {
				steps := n >> k
				from := t
				for i := 1; i <= steps; i++ {
					u := a + (b-a)*float64(i)/float64(steps)
					to := u * u
					if i == steps {
						to = end
					}
					if err := f.step(&f.levels[k], from, to); err != nil {
						return err
					}
					from = to
					if since += len(f.fine); since > nodesPerCheck {
						if since = 0; ctx.Err() != nil {
							return ctx.Err()
						}
					}
					if seen != nil {
						if err := seen(to); err != nil {
							return err
						}
					}
				}
			}
			t = end
		}
		if pays {
			for k := range levels {
				f.fall(&f.levels[k], &f.moments[next])
			}
			next++
			continue
		}
		if at != nil {
			if err := at(stop); err != nil {
				return err
			}
		}
		stop++
	}
	return nil
}

// Run follows the law to the horizon and returns it. visit, if not nil, is shown the law now and after each step, and may
// stop the run by an error; it must not keep what it is shown.
func (e FokkerPlanck) Run(ctx context.Context, m pricing.Model, horizon float64, visit func(*Law) error) (*Law, error) {
	const fn = "fd.FokkerPlanck"
	set, err := e.resolved()
	if err = fault.First(ctx.Err(), err, fault.Positive(fn, "horizon", horizon)); err != nil {
		return nil, err
	}
	f := forwardStock.Get().(*forwards)
	defer func() { f.forget(); forwardStock.Put(f) }()
	if err := f.open(fn, m, set, horizon, horizon, 1); err != nil {
		return nil, err
	}
	law := &Law{Spot: slices.Clone(f.fine), Mass: make([]float64, len(f.fine))}
	show := func(t float64) error {
		law.Time = t
		copy(law.Mass, f.levels[0].mass)
		if visit == nil {
			return nil
		}
		return visit(law)
	}
	if err := show(0); err != nil {
		return nil, err
	}
	f.stops = append(f.stops[:0], horizon)
	if err := f.advance(ctx, 1, show, nil); err != nil {
		return nil, err
	}
	law.Time = horizon
	copy(law.Mass, f.levels[0].mass)
	if total := law.Total(); !(math.Abs(total-1) < 1e-9) {
		return nil, fault.Arg(fn, "total mass", total, "1: the model gave coefficients that are not finite")
	}
	return law, nil
}

// Price values one option.
func (e FokkerPlanck) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	v, ok := in.(pricing.Vanilla)
	if !ok {
		return pricing.Result{}, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m, Reason: "only European options"}
	}
	if err := v.Validate(); err != nil {
		return pricing.Result{}, err
	}
	var dst [1]pricing.Result
	err := e.strip(ctx, dst[:], []pricing.Vanilla{v}, m)
	return dst[0], err
}

// PriceStrip values many options under one model in one pass. dst must be as long as in.
func (e FokkerPlanck) PriceStrip(ctx context.Context, dst []pricing.Result, in []pricing.Instrument, m pricing.Model) error {
	if len(dst) != len(in) {
		panic(fmt.Sprintf("fd.FokkerPlanck: PriceStrip: dst has %d elements, in has %d", len(dst), len(in)))
	}
	var errs []error
	options, index := make([]pricing.Vanilla, 0, len(in)), make([]int, 0, len(in))
	for i := range in {
		dst[i] = pricing.Result{}
		v, ok := in[i].(pricing.Vanilla)
		var err error
		if !ok {
			err = &pricing.UnsupportedError{Engine: e, Instrument: in[i], Model: m, Reason: "only European options"}
		} else {
			err = v.Validate()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("instrument %d: %w", i, err))
			continue
		}
		options, index = append(options, v), append(index, i)
	}
	if len(options) > 0 {
		got := make([]pricing.Result, len(options))
		if err := e.strip(ctx, got, options, m); err != nil {
			return err
		}
		for k, i := range index {
			dst[i] = got[k]
		}
	}
	return errors.Join(errs...)
}

func (e FokkerPlanck) strip(ctx context.Context, dst []pricing.Result, in []pricing.Vanilla, m pricing.Model) error {
	const fn = "fd.FokkerPlanck"
	set, err := e.resolved()
	if err = fault.First(ctx.Err(), err, m.Validate()); err != nil {
		return err
	}
	f := forwardStock.Get().(*forwards)
	defer func() { f.forget(); forwardStock.Put(f) }()
	f.order = f.order[:0]
	for i := range in {
		f.order = append(f.order, i)
	}
	slices.SortStableFunc(f.order, func(a, b int) int { return cmp.Compare(in[a].Expiry, in[b].Expiry) })
	horizon, shortest := in[f.order[len(f.order)-1]].Expiry, 0.0
	f.stops = f.stops[:0]
	for _, i := range f.order {
		t := in[i].Expiry
		if t > 0 && shortest == 0 {
			shortest = t
		}
		if n := len(f.stops); t > 0 && (n == 0 || t > f.stops[n-1]) {
			f.stops = append(f.stops, t)
		}
	}
	at := 0
	for ; at < len(f.order) && in[f.order[at]].Expiry == 0; at++ {
		world, reason := model.DiffusionOf(m, 0)
		if world == nil {
			return fault.Arg(fn, "model", fmt.Sprintf("%T", m), "a one-dimensional diffusion: "+reason)
		}
		i := f.order[at]
		dst[i] = pricing.Result{Value: in[i].Payoff(world.SpotPrice()), Has: pricing.HasValue}
	}
	if horizon == 0 {
		return nil
	}
	if err := f.open(fn, m, set, horizon, shortest, 2); err != nil {
		return err
	}
	return f.advance(ctx, 2, nil, func(stop int) error {
		t := f.stops[stop]
		df := f.world.DiscountFactor(t)
		first := at
		for k := range 2 {
			l := &f.levels[k]
			x := l.grid.x
			n := len(x)
			// The put at each node as a strike: sums of sums of the masses below.
			f.put = grown(f.put, n)
			below, sum, mean := 0.0, 0.0, 0.0
			f.put[0] = 0
			for i := 1; i < n; i++ {
				below += l.mass[i-1]
				sum += below * (x[i] - x[i-1])
				f.put[i] = sum
			}
			for i, p := range l.mass {
				mean += p * x[i]
			}
			if total := below + l.mass[n-1]; !(math.Abs(total-1) < 1e-9) {
				return fault.Arg(fn, fmt.Sprintf("total mass at %g years", t), total,
					"1: the model gave coefficients that are not finite")
			}
			at = first
			for ; at < len(f.order) && in[f.order[at]].Expiry == t; at++ {
				o := &in[f.order[at]]
				r := &dst[f.order[at]]
				var value, slope, curvature float64
				switch {
				case o.Strike <= x[0]:
				case o.Strike >= x[n-1]:
					value, slope = o.Strike-mean, 1
				default:
					value, slope, curvature = local(x, f.put[:n], o.Strike)
				}
				if o.Right == pricing.Call {
					value, slope = value+mean-o.Strike, slope-1
				}
				if k == 0 {
					r.Value, r.DualDelta, r.DualGamma = df*value, df*slope, df*curvature
					r.Has = pricing.HasValue | pricing.HasDualDelta | pricing.HasDualGamma
					continue
				}
				r.Value += (r.Value - df*value) / 3
				r.DualDelta += (r.DualDelta - df*slope) / 3
				r.DualGamma += (r.DualGamma - df*curvature) / 3
				r.Value = math.Max(r.Value, 0)
			}
		}
		return nil
	})
}
