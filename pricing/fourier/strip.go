package fourier

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// leastTol is the smallest accuracy that sums of a few hundred terms of the size of one can promise in double precision.
const leastTol = 1e-14

// item is one option of a strip.
type item struct {
	index  int
	right  pricing.Right
	strike float64
	expiry float64
	k      float64 // ln(K/F)
}

// market is what all options of one expiry share. It is part of a workspace, so that nothing is allocated.
type market struct {
	name     string
	world    model.Characteristic
	expiry   float64
	tol      float64
	fwd      model.Forward
	discount float64
}

// pricer prices the options of one expiry, all with strikes that matter.
type pricer func(ctx context.Context, mk *market, items []item, out []pricing.Result) error

// settings are what the engines of the package have in common.
type settings[E pricing.Engine] struct {
	name   string
	engine E // made an interface only for errors, so that nothing is allocated
	tol    float64
}

// world returns the model with the capability of the package.
func (s settings[E]) world(in pricing.Instrument, m pricing.Model) (model.Characteristic, error) {
	w, ok := m.(model.Characteristic)
	if !ok {
		return nil, &pricing.UnsupportedError{Engine: s.engine, Instrument: in, Model: m, Reason: "the model has no characteristic function"}
	}
	if p, ok := m.(model.Partial); ok && !p.HasCharFunc() {
		if err := m.Validate(); err != nil {
			return nil, err
		}
		return nil, &pricing.UnsupportedError{Engine: s.engine, Instrument: in, Model: m, Reason: "the volatility depends on the strike, or cash dividends are not escrowed"}
	}
	return w, m.Validate()
}

func (s settings[E]) check(expiry float64) error {
	if err := fault.Positive(s.name, "Tol", s.tol); err != nil {
		return err
	}
	if s.tol < leastTol {
		return &AccuracyError{Engine: s.name, Expiry: expiry, Tol: s.tol, Reached: leastTol, Reason: "that is below the rounding error"}
	}
	return nil
}

// single prices one option.
func (s settings[E]) single(ctx context.Context, in pricing.Instrument, m pricing.Model, mk *market, items []item, out []pricing.Result, p pricer) (pricing.Result, error) {
	opt, ok := in.(pricing.Vanilla)
	if !ok {
		return pricing.Result{}, &pricing.UnsupportedError{Engine: s.engine, Instrument: in, Model: m}
	}
	w, err := s.world(in, m)
	if err == nil {
		err = fault.First(ctx.Err(), opt.Validate(), s.check(opt.Expiry))
	}
	if err != nil {
		return pricing.Result{}, err
	}
	items[0] = item{right: opt.Right, strike: opt.Strike, expiry: opt.Expiry}
	out[0] = pricing.Result{}
	err = s.group(ctx, mk, w, items[:1], out[:1], p)
	return out[0], err
}

// strip prices many options, those of one expiry together. items has room for all of them and is overwritten.
func (s settings[E]) strip(ctx context.Context, dst []pricing.Result, in []pricing.Instrument, m pricing.Model, mk *market, items []item, p pricer) error {
	if len(dst) != len(in) {
		panic(fmt.Sprintf("%s: PriceStrip: dst has %d elements, in has %d", s.name, len(dst), len(in)))
	}
	var first pricing.Instrument
	if len(in) > 0 {
		first = in[0]
	}
	w, err := s.world(first, m)
	if err == nil {
		err = fault.First(ctx.Err(), s.check(math.NaN()))
	}
	if err != nil {
		return err
	}
	var errs []error
	items = items[:0]
	sorted := true
	for i := range in {
		dst[i] = pricing.Result{}
		opt, ok := in[i].(pricing.Vanilla)
		if !ok {
			var err error
			if dst[i], err = s.engine.Price(ctx, in[i], m); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				errs = append(errs, fmt.Errorf("instrument %d: %w", i, err))
			}
			continue
		}
		if err := opt.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("instrument %d: %w", i, err))
			continue
		}
		sorted = sorted && (len(items) == 0 || items[len(items)-1].expiry <= opt.Expiry)
		items = append(items, item{index: i, right: opt.Right, strike: opt.Strike, expiry: opt.Expiry})
	}
	if !sorted {
		slices.SortStableFunc(items, func(a, b item) int {
			switch {
			case a.expiry < b.expiry:
				return -1
			case a.expiry > b.expiry:
				return 1
			}
			return 0
		})
	}
	for len(items) > 0 {
		n := 1
		for n < len(items) && items[n].expiry == items[0].expiry {
			n++
		}
		if err := s.group(ctx, mk, w, items[:n], dst, p); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			for _, it := range items[:n] {
				dst[it.index] = pricing.Result{}
				errs = append(errs, fmt.Errorf("instrument %d: %w", it.index, err))
			}
		}
		items = items[n:]
	}
	return errors.Join(errs...)
}

// group prices the options of one expiry into out at their indices.
func (s settings[E]) group(ctx context.Context, mk *market, w model.Characteristic, items []item, out []pricing.Result, p pricer) error {
	t := items[0].expiry
	*mk = market{name: s.name, world: w, expiry: t, tol: s.tol, fwd: w.ForwardAt(t), discount: w.DiscountFactor(t)}
	if f := mk.fwd.Value; !(f > 0) || math.IsInf(f, 1) {
		return fault.Arg(s.name, fmt.Sprintf("forward at %g years", t), f, "finite and > 0")
	}
	if d := mk.discount; !(d > 0) || math.IsInf(d, 1) {
		return fault.Arg(s.name, fmt.Sprintf("discount factor at %g years", t), d, "finite and > 0")
	}
	for i := range items {
		items[i].k = math.Log(items[i].strike / mk.fwd.Value)
	}
	if t == 0 {
		for _, it := range items {
			out[it.index] = mk.intrinsic(it)
		}
		return nil
	}
	half := w.LogMoment(0.5, t)
	if !(half <= 0) {
		return fault.Arg(s.name, fmt.Sprintf("E[√(S/F)] at %g years", t), math.Exp(half), "at most 1: the model's parameters give no law")
	}
	// ½E|S/F − 1|, the most that an option can be worth above its intrinsic value over the forward, is at most
	// √(1 − E[√(S/F)]²).
	if -math.Expm1(2*half) <= s.tol*s.tol {
		for _, it := range items {
			out[it.index] = mk.intrinsic(it)
		}
		return nil
	}
	return p(ctx, mk, items, out)
}

// intrinsic is the value of an option whose time value is below the tolerance.
func (mk *market) intrinsic(it item) pricing.Result {
	r := point{}
	if it.k < 0 {
		r.delta = 1
	}
	return mk.result(it, r, pricing.HasValue|pricing.HasDelta)
}

// point is what a transform finds for one strike, undiscounted and per unit of forward: the value of the option that is
// out of the money, and the derivatives of the call by the forward, the volatility and the calendar time, the latter with the
// forward held.
type point struct{ otm, delta, gamma, vega, theta float64 }

// result turns a point into a result. Prices are homogeneous in forward and strike, so that delta and gamma give the
// derivatives by the strike, and by the rates through the forward.
func (mk *market) result(it item, p point, has pricing.Mask) pricing.Result {
	f, d, t := mk.fwd.Value, mk.discount, mk.expiry
	delta := p.delta
	if it.right == pricing.Put {
		delta--
	}
	value := f*math.Max(p.otm, 0) + it.right.Payoff(f, it.strike)
	r := pricing.Result{Value: d * value, Has: has}
	if has&pricing.HasDelta != 0 {
		r.Delta = d * mk.fwd.DSpot * delta
		r.DualDelta = d * (value - f*delta) / it.strike
		r.Rho = -t*r.Value + d*delta*mk.fwd.DRate
		r.YieldRho = d * delta * mk.fwd.DYield
		r.Has |= pricing.HasDualDelta | pricing.HasRho | pricing.HasYieldRho
	}
	if has&pricing.HasGamma != 0 {
		r.Gamma = d * mk.fwd.DSpot * mk.fwd.DSpot * p.gamma / f
		r.DualGamma = d * f * p.gamma / (it.strike * it.strike)
		r.Has |= pricing.HasDualGamma
	}
	if has&pricing.HasVega != 0 {
		r.Vega = d * f * p.vega
	}
	if has&pricing.HasTheta != 0 {
		r.Theta = -math.Log(d)/t*r.Value + d*(f*p.theta+delta*mk.fwd.DTime)
	}
	return r
}

// bound is Chernoff's: it returns the least x >= 0 over a grid of exponents q >= 0 such that x·(slope+q) >= need + ln M(q),
// with M(q) the moment of order at + sign·q. M(0) must be 1 if slope > 0.
func (mk *market) bound(at, sign, slope, need, spread float64) float64 {
	best := math.Inf(1)
	if slope > 0 {
		best = need / slope
	}
	improved := false
	for q := 1.5 * math.Sqrt(2*need) / spread; q > 0.02; q *= 0.75 {
		x := (need + mk.world.LogMoment(at+sign*q, mk.expiry)) / (slope + q)
		if x < best {
			best, improved = x, true
		} else if improved {
			break
		}
	}
	return math.Max(best, 0)
}
