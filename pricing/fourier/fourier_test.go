package fourier

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/volgaquant/volga/internal/race"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

var (
	mkt    = model.Market{Spot: 100, Discount: curve.Flat(0.03), Carry: curve.Flat(0.01)}
	jump   = model.Jumps{Lambda: 0.5, MuJ: -0.1, SigmaJ: 0.1}
	worlds = []model.Characteristic{
		model.BlackScholes{Spot: 100, Discount: curve.Flat(0.03), Vol: model.FlatVol(0.2)},
		benchHeston(),
		model.Heston{Market: mkt, V0: 0.04, Kappa: 0.5, Theta: 0.04, Sigma: 1, Rho: -0.9},
		model.Bates{Heston: benchHeston(), Jumps: jump},
		model.Merton{Market: mkt, Jumps: jump, Sigma: 0.2},
		model.Kou{Market: mkt, Sigma: 0.16, Lambda: 1, P: 0.4, Eta1: 10, Eta2: 5},
		model.VarianceGamma{Market: mkt, Sigma: 0.2, Nu: 0.05, Theta: -0.14},
		model.NIG{Market: mkt, Alpha: 15, Beta: -5, Delta: 0.5},
		model.CGMY{Market: mkt, C: 0.3, G: 4, M: 9, Y: 0.8},
	}
	engines = []pricing.StripEngine{COS{}, Lewis{}, CarrMadan{}, CONV{}}
)

// ladder is a strip of calls and puts with wide strikes and three expiries, not in order.
func ladder() []pricing.Instrument {
	var in []pricing.Instrument
	for _, t := range []float64{1, 0.25, 5} {
		for k := 30.0; k < 300; k *= 1.1 {
			in = append(in, pricing.Vanilla{Right: pricing.Call, Strike: k, Expiry: t}, pricing.Vanilla{Right: pricing.Put, Strike: k, Expiry: t})
		}
	}
	return in
}

// Every engine against the reference, at several accuracies: the error is what was asked for, and values keep parity,
// their bounds, and their order in the strike.
func TestEnginesKeepTheirTolerance(t *testing.T) {
	in := ladder()
	for _, w := range worlds {
		t.Run(fmt.Sprintf("%T", w), func(t *testing.T) {
			want := make([]pricing.Result, len(in))
			if err := (Lewis{}).PriceStrip(ctx, want, in, w); err != nil {
				t.Fatal(err)
			}
			for _, tol := range []float64{1e-3, 1e-6, 1e-8, 1e-11} {
				for _, e := range []pricing.StripEngine{COS{Tol: tol}, COS{Tol: tol, ValueOnly: true}, CarrMadan{Tol: tol}, Lewis{Tol: tol}, CONV{Tol: tol}} {
					got := make([]pricing.Result, len(in))
					if err := e.PriceStrip(ctx, got, in, w); err != nil && !errors.Is(err, ErrAccuracy) {
						t.Fatal(err)
					}
					for i, g := range got {
						if g.Has == 0 {
							continue // refused
						}
						opt := in[i].(pricing.Vanilla)
						f, d := w.ForwardAt(opt.Expiry).Value, w.DiscountFactor(opt.Expiry)
						if math.Abs(g.Value-want[i].Value) > d*f*(tol+2e-12) {
							t.Errorf("%T tol %g: %+v = %.12g, want %.12g", e, tol, opt, g.Value, want[i].Value)
						}
						if low := math.Max(d*opt.Right.Sign()*(f-opt.Strike), 0); g.Value < low-1e-12*f || g.Value > d*math.Max(f, opt.Strike) {
							t.Errorf("%T tol %g: %+v = %g is outside its bounds", e, tol, opt, g.Value)
						}
						if opt.Right == pricing.Put && got[i-1].Has != 0 {
							if gap := got[i-1].Value - g.Value - d*(f-opt.Strike); math.Abs(gap) > 1e-13*(f+opt.Strike) {
								t.Errorf("%T tol %g: %+v: parity is off by %g", e, tol, opt, gap)
							}
						}
					}
				}
			}
		})
	}
}

// Greeks against central differences of the value by the reference engine.
func TestGreeksAreDerivatives(t *testing.T) {
	for _, w := range worlds {
		for _, e := range []pricing.Engine{COS{Tol: 1e-11}, Lewis{}, CarrMadan{Tol: 1e-11}} {
			for _, opt := range []pricing.Vanilla{
				{Right: pricing.Call, Strike: 105, Expiry: 1}, {Right: pricing.Put, Strike: 80, Expiry: 1}, {Right: pricing.Put, Strike: 130, Expiry: 1},
			} {
				value := func(spot, rate, yield, strike float64) float64 {
					o := opt
					o.Strike = strike
					r, err := e.Price(ctx, o, moved(w, spot, rate, yield, 0))
					if err != nil {
						t.Fatal(err)
					}
					return r.Value
				}
				base, err := e.Price(ctx, opt, w)
				if err != nil {
					t.Fatal(err)
				}
				const h = 1e-3
				k := opt.Strike
				diff := func(f func(h float64) float64) float64 {
					d := func(h float64) float64 { return (f(h) - f(-h)) / (2 * h) }
					return (4*d(h) - d(2*h)) / 3
				}
				second := func(f func(h float64) float64) float64 {
					d := func(h float64) float64 { return (f(h) - 2*f(0) + f(-h)) / (h * h) }
					return (4*d(2*h) - d(4*h)) / 3
				}
				for _, c := range []struct {
					name      string
					has       pricing.Mask
					got, want float64
					tol       float64
				}{
					{"delta", pricing.HasDelta, base.Delta, diff(func(h float64) float64 { return value(100*(1+h), 0, 0, k) }) / 100, 1e-7},
					{"gamma", pricing.HasGamma, base.Gamma, second(func(h float64) float64 { return value(100*(1+h), 0, 0, k) }) / 1e4, 2e-5},
					{"dual delta", pricing.HasDualDelta, base.DualDelta, diff(func(h float64) float64 { return value(100, 0, 0, k*(1+h)) }) / k, 1e-7},
					{"dual gamma", pricing.HasDualGamma, base.DualGamma, second(func(h float64) float64 { return value(100, 0, 0, k*(1+h)) }) / (k * k), 2e-5},
					{"rho", pricing.HasRho, base.Rho, diff(func(h float64) float64 { return value(100, h, 0, k) }), 1e-5},
					{"yield rho", pricing.HasYieldRho, base.YieldRho, diff(func(h float64) float64 { return value(100, 0, h, k) }), 1e-5},
				} {
					if base.Has&c.has == 0 {
						t.Errorf("%T %T %+v: no %s", w, e, opt, c.name)
					} else if math.Abs(c.got-c.want) > c.tol {
						t.Errorf("%T %T %+v: %s = %.10g, difference quotient %.10g", w, e, opt, c.name, c.got, c.want)
					}
				}
				if base.Has&pricing.HasTheta == 0 {
					t.Errorf("%T %T %+v: no theta", w, e, opt)
				}
				if want := -diff(func(h float64) float64 {
					o := opt
					o.Expiry += h
					r, err := e.Price(ctx, o, w)
					if err != nil {
						t.Fatal(err)
					}
					return r.Value
				}); math.Abs(base.Theta-want) > 1e-5 {
					t.Errorf("%T %T %+v: theta = %.10g, difference quotient %.10g", w, e, opt, base.Theta, want)
				}
				if _, ok := w.(model.CharVega); ok && base.Has&pricing.HasVega == 0 {
					t.Errorf("%T %T %+v: no vega", w, e, opt)
				}
				if base.Has&pricing.HasVega != 0 {
					want := diff(func(h float64) float64 {
						r, err := e.Price(ctx, opt, moved(w, 100, 0, 0, h))
						if err != nil {
							t.Fatal(err)
						}
						return r.Value
					})
					if math.Abs(base.Vega-want) > 1e-5 {
						t.Errorf("%T %T %+v: vega = %.10g, difference quotient %.10g", w, e, opt, base.Vega, want)
					}
				}
			}
		}
	}
}

// moved returns the model with another spot, and rate, yield and volatility moved.
func moved(w model.Characteristic, spot, rate, yield, vol float64) model.Characteristic {
	m := model.Market{Spot: spot, Discount: curve.Flat(0.03 + rate), Carry: curve.Flat(0.01 + yield)}
	up := func(v0 float64) float64 { return math.Pow(math.Sqrt(v0)+vol, 2) }
	switch w := w.(type) {
	case model.BlackScholes:
		return model.BlackScholes{Spot: spot, Discount: curve.Flat(0.03 + rate), Carry: curve.Flat(yield), Vol: w.Vol.(model.FlatVol) + model.FlatVol(vol)}
	case model.Heston:
		w.Market, w.V0 = m, up(w.V0)
		return w
	case model.Bates:
		w.Market, w.V0 = m, up(w.V0)
		return w
	case model.Merton:
		w.Market, w.Sigma = m, w.Sigma+vol
		return w
	case model.Kou:
		w.Market, w.Sigma = m, w.Sigma+vol
		return w
	case model.VarianceGamma:
		w.Market = m
		return w
	case model.NIG:
		w.Market = m
		return w
	case model.CGMY:
		w.Market = m
		return w
	}
	panic("unknown model")
}

// Under Black-Scholes with dividends all Greeks that the engines give are those of the closed form.
func TestAgreesWithTheClosedForm(t *testing.T) {
	w := model.BlackScholes{
		Spot: 100, Discount: curve.Flat(0.04), Carry: curve.Flat(0.015), Vol: model.FlatVol(0.25),
		Dividends: []model.Dividend{{Time: 0.2, Cash: 1.5}, {Time: 0.45, Proportion: 0.02}},
	}
	for _, in := range ladder() {
		want, err := analytic.European{}.Price(ctx, in, w)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range []pricing.Engine{COS{Tol: 1e-12}, Lewis{}, CarrMadan{Tol: 1e-12}} {
			got, err := e.Price(ctx, in, w)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				name      string
				has       pricing.Mask
				got, want float64
				tol       float64
			}{
				{"value", pricing.HasValue, got.Value, want.Value, 1e-9}, {"delta", pricing.HasDelta, got.Delta, want.Delta, 1e-10},
				{"gamma", pricing.HasGamma, got.Gamma, want.Gamma, 1e-10}, {"vega", pricing.HasVega, got.Vega, want.Vega, 1e-6},
				{"theta", pricing.HasTheta, got.Theta, want.Theta, 1e-6}, {"rho", pricing.HasRho, got.Rho, want.Rho, 1e-7}, {"yield rho", pricing.HasYieldRho, got.YieldRho, want.YieldRho, 1e-7},
				{"dual delta", pricing.HasDualDelta, got.DualDelta, want.DualDelta, 1e-9}, {"dual gamma", pricing.HasDualGamma, got.DualGamma, want.DualGamma, 1e-9},
			} {
				if got.Has&c.has != 0 && math.Abs(c.got-c.want) > c.tol {
					t.Errorf("%T %+v: %s = %.14g, want %.14g", e, in, c.name, c.got, c.want)
				}
			}
		}
	}
}

// Jumps of exactly one size: |φ| falls below the tolerance and comes back. The value is Merton's series, a Poisson mixture
// of Black's formula.
func TestCharFuncThatComesBack(t *testing.T) {
	const lambda, size, sigma, expiry, forward = 12.0, -0.3, 0.03, 1.0, 100.0
	j := model.Jumps{Lambda: lambda, MuJ: size}
	for _, w := range []model.Characteristic{
		model.Merton{Market: model.Market{Spot: forward}, Jumps: j, Sigma: sigma},
		model.Bates{Heston: model.Heston{Market: model.Market{Spot: forward}, V0: sigma * sigma, Theta: sigma * sigma, Kappa: 1}, Jumps: j},
	} {
		for _, strike := range []float64{40, 100, 170} {
			want, weight := 0.0, math.Exp(-lambda*expiry)
			for n := range 100 {
				f := forward * math.Exp(float64(n)*size-lambda*expiry*math.Expm1(size))
				want += weight * black.Black76{Right: pricing.Call, Forward: f, Strike: strike, Vol: sigma, Tau: expiry, Discount: 1}.Price()
				weight *= lambda * expiry / float64(n+1)
			}
			opt := pricing.Vanilla{Right: pricing.Call, Strike: strike, Expiry: expiry}
			for _, e := range engines {
				r, err := e.Price(ctx, opt, w)
				if err != nil || math.Abs(r.Value-want) > 1e-8*forward {
					t.Errorf("%T %T strike %g: %.12g %v, want %.12g", w, e, strike, r.Value, err, want)
				}
			}
		}
	}
}

func TestStripAgreesWithSingle(t *testing.T) {
	in := ladder()
	for _, e := range engines {
		for _, w := range worlds[:4] {
			dst := make([]pricing.Result, len(in))
			if err := e.PriceStrip(ctx, dst, in, w); err != nil {
				t.Fatal(err)
			}
			for i := range in {
				r, err := e.Price(ctx, in[i], w)
				if err != nil {
					t.Fatal(err)
				}
				if math.Abs(r.Value-dst[i].Value) > 2e-8*100 {
					t.Errorf("%T %T %+v: %.14g in a strip, %.14g alone", e, w, in[i], dst[i].Value, r.Value)
				}
			}
		}
	}
}

func TestStripAllocatesNothing(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector empties pools at random")
	}
	in := ladder()
	dst := make([]pricing.Result, len(in))
	var m pricing.Model = benchHeston()
	for _, e := range []pricing.StripEngine{COS{}, COS{ValueOnly: true}, Lewis{Tol: 1e-8}} {
		run := func() {
			if err := e.PriceStrip(ctx, dst, in, m); err != nil {
				t.Fatal(err)
			}
		}
		run()
		// The pool may be emptied by the garbage collector in between, at most once.
		if n := testing.AllocsPerRun(50, run); n >= 1 {
			t.Errorf("%T: %g allocations", e, n)
		}
		if n := testing.AllocsPerRun(50, func() { _, _ = e.Price(ctx, in[0], m) }); n >= 1 {
			t.Errorf("%T: %g allocations for one option", e, n)
		}
	}
}

func TestEdgesAreValues(t *testing.T) {
	still := model.Heston{Market: mkt, Kappa: 1, Rho: -0.5} // no variance now or ever
	for _, e := range engines {
		r, err := e.Price(ctx, pricing.Vanilla{Right: pricing.Put, Strike: 110, Expiry: 0}, benchHeston())
		if err != nil || r.Value != 10 {
			t.Errorf("%T at expiry: %v %v", e, r.Value, err)
		}
		r, err = e.Price(ctx, pricing.Vanilla{Right: pricing.Call, Strike: 90, Expiry: 1}, still)
		if want := 100*math.Exp(-0.01) - 90*math.Exp(-0.03); err != nil || math.Abs(r.Value-want) > 1e-12 {
			t.Errorf("%T without variance: %v %v, want %v", e, r.Value, err, want)
		}
		for _, k := range []float64{1e-300, 1e-9, 1e9, 1e300} {
			c, err1 := e.Price(ctx, pricing.Vanilla{Right: pricing.Call, Strike: k, Expiry: 1}, benchHeston())
			p, err2 := e.Price(ctx, pricing.Vanilla{Right: pricing.Put, Strike: k, Expiry: 1}, benchHeston())
			if err1 != nil || err2 != nil {
				if !errors.Is(err1, ErrAccuracy) && !errors.Is(err2, ErrAccuracy) {
					t.Errorf("%T strike %g: %v, %v", e, k, err1, err2)
				}
				continue
			}
			if want := math.Exp(-0.03) * (100*math.Exp(0.02) - k); math.Abs(c.Value-p.Value-want) > 1e-12*(100+k) || c.Value < 0 || p.Value < 0 {
				t.Errorf("%T strike %g: call %g put %g", e, k, c.Value, p.Value)
			}
		}
	}
}

type noModel struct{}

func (noModel) Validate() error { return nil }

type noOption struct{}

func (noOption) Validate() error { return nil }

// nanModel validates, but has no law.
type nanModel struct{ model.Heston }

func (nanModel) LogMoment(_, _ float64) float64 { return math.NaN() }

// unbent hides that the line of integration may be bent.
type unbent struct{ model.Characteristic }

func TestRefusals(t *testing.T) {
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	smile := model.BlackScholes{Spot: 100, Vol: model.VolFunc(func(k, _ float64) float64 { return 0.2 + 0*k })}
	noVol := model.BlackScholes{Spot: 100}
	vg := model.VarianceGamma{Market: mkt, Sigma: 0.2, Nu: 0.5, Theta: -0.2}
	for _, e := range engines {
		for _, c := range []struct {
			name string
			in   pricing.Instrument
			m    pricing.Model
			want error
			text string
		}{
			{"instrument", noOption{}, benchHeston(), pricing.ErrUnsupported, "noOption"},
			{"model", call, noModel{}, pricing.ErrUnsupported, "no characteristic function"},
			{"smile", call, smile, pricing.ErrUnsupported, "depends on the strike"},
			{"no vol", call, noVol, pricing.ErrDomain, "Vol"},
			{"negative vol of vol", call, model.Heston{Market: mkt, V0: 0.04, Sigma: -1}, pricing.ErrDomain, "Sigma"},
			{"strike zero", pricing.Vanilla{Right: pricing.Call, Expiry: 1}, benchHeston(), pricing.ErrDomain, "Strike"},
			{"expiry NaN", pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: math.NaN()}, benchHeston(), pricing.ErrDomain, "Expiry"},
			{"no right", pricing.Vanilla{Strike: 100, Expiry: 1}, benchHeston(), pricing.ErrDomain, "Right"},
			{"no law", call, nanModel{benchHeston()}, pricing.ErrDomain, "no law"},
		} {
			r, err := e.Price(ctx, c.in, c.m)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || r.Has != 0 {
				t.Errorf("%T: %s: %v with %v", e, c.name, err, r.Has)
			}
			dst := make([]pricing.Result, 1)
			if err := e.PriceStrip(ctx, dst, []pricing.Instrument{c.in}, c.m); !errors.Is(err, c.want) || dst[0].Has != 0 {
				t.Errorf("%T: %s in a strip: %v", e, c.name, err)
			}
		}
		done, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := e.Price(done, call, benchHeston()); !errors.Is(err, context.Canceled) {
			t.Errorf("%T cancelled: %v", e, err)
		}
	}
	short := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1. / 52}
	var acc *AccuracyError
	for _, c := range []struct {
		e pricing.Engine
		w pricing.Model
	}{{COS{}, unbent{vg}}, {CarrMadan{}, vg}} {
		if r, err := c.e.Price(ctx, short, c.w); !errors.As(err, &acc) || r.Has != 0 || acc.Reached <= acc.Tol {
			t.Errorf("short variance gamma by %T: %v %v", c.e, r, err)
		}
	}
	for _, e := range []pricing.Engine{COS{Tol: 1e-16}, Lewis{Tol: 1e-16}, CarrMadan{Tol: 1e-16}, CONV{Tol: 1e-16}} {
		if _, err := e.Price(ctx, call, benchHeston()); !errors.Is(err, ErrAccuracy) {
			t.Errorf("%T with a tolerance of 1e-16: %v", e, err)
		}
	}
	for _, e := range []pricing.Engine{COS{Tol: -1}, Lewis{Tol: math.NaN()}, CarrMadan{Tol: math.Inf(1)}, CONV{Tol: -1}} {
		if _, err := e.Price(ctx, call, benchHeston()); !errors.Is(err, pricing.ErrDomain) || !strings.Contains(err.Error(), "Tol") {
			t.Errorf("%+v: %v", e, err)
		}
	}
	// Bad rows of a strip are named and leave the others alone.
	in := []pricing.Instrument{call, noOption{}, pricing.Vanilla{Right: pricing.Put, Strike: -1, Expiry: 1}, call}
	dst := make([]pricing.Result, len(in))
	err := COS{}.PriceStrip(ctx, dst, in, benchHeston())
	if !errors.Is(err, pricing.ErrUnsupported) || !errors.Is(err, pricing.ErrDomain) || !strings.Contains(err.Error(), "instrument 1") || !strings.Contains(err.Error(), "instrument 2") {
		t.Error(err)
	}
	if dst[0].Has == 0 || dst[0] != dst[3] || dst[1].Has != 0 || dst[2].Has != 0 {
		t.Errorf("%+v", dst)
	}
}

// A series that would run for long stops when it is cancelled.
func TestCancelledWhileRunning(t *testing.T) {
	vg := model.VarianceGamma{Market: mkt, Sigma: 0.2, Nu: 0.5, Theta: -0.2}
	in := make([]pricing.Instrument, 200)
	for i := range in {
		in[i] = pricing.Vanilla{Right: pricing.Call, Strike: 90 + 0.1*float64(i), Expiry: 1. / 52}
	}
	stop, cancel := context.WithCancel(ctx)
	var once sync.Once
	var at time.Time
	time.AfterFunc(20*time.Millisecond, func() { once.Do(func() { at = time.Now(); cancel() }) })
	err := COS{MaxTerms: 1 << 30}.PriceStrip(stop, make([]pricing.Result, len(in)), in, unbent{vg})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if late := time.Since(at); late > 50*time.Millisecond {
		t.Errorf("stopped %v after it was cancelled", late)
	}
}

func TestConcurrentUse(t *testing.T) {
	in := ladder()
	want := make([]pricing.Result, len(in))
	if err := (COS{}).PriceStrip(ctx, want, in, benchHeston()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			dst := make([]pricing.Result, len(in))
			for range 5 {
				if err := (COS{}).PriceStrip(ctx, dst, in, benchHeston()); err != nil {
					t.Error(err)
				}
				for i := range dst {
					if dst[i] != want[i] {
						t.Errorf("instrument %d differs", i)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}
