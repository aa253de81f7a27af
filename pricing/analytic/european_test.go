package analytic

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

var ctx = context.Background()

func value(t *testing.T, in pricing.Instrument, m pricing.Model) pricing.Result {
	t.Helper()
	r, err := European{}.Price(ctx, in, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGoldenEuropean(t *testing.T) {
	golden.Run(t, "bsm", func(t *testing.T, c golden.Case) {
		right, err := pricing.ParseRight(c.Text(t, "type"))
		if err != nil {
			t.Fatal(err)
		}
		opt := pricing.Vanilla{Right: right, Strike: c.Float(t, "strike"), Expiry: c.Float(t, "t")}
		r := value(t, opt, model.BlackScholes{
			Spot:     c.Float(t, "spot"),
			Discount: curve.Flat(c.Float(t, "rate")),
			Carry:    curve.Flat(c.Float(t, "dividend_yield")),
			Vol:      model.FlatVol(c.Float(t, "vol")),
		})
		for name, got := range map[string]float64{
			"price": r.Value, "delta": r.Delta, "gamma": r.Gamma, "vega": r.Vega, "theta": r.Theta, "rho": r.Rho,
			"dividend_rho": r.YieldRho, "vanna": r.Vanna, "volga": r.Volga, "charm": r.Charm, "speed": r.Speed,
			"zomma": r.Zomma, "color": r.Color, "veta": r.Veta, "ultima": r.Ultima, "strike_sensitivity": r.DualDelta,
		} {
			c.Check(t, name, got)
		}
	})
}

// world is a market with everything in it: sloped curves would make theta a matter of convention, so they are flat where
// a test differentiates by time.
func world(spot, rate, yield, vol, later float64) model.BlackScholes {
	return model.BlackScholes{
		Spot: spot, Discount: curve.Flat(rate), Carry: curve.Flat(yield), Vol: model.FlatVol(vol),
		Dividends: []model.Dividend{
			{Time: 0.2 - later, Cash: 1.5}, {Time: 0.45 - later, Proportion: 0.02},
			{Time: 0.7 - later, Cash: 1, Proportion: 0.01}, {Time: 3, Cash: 50},
		},
	}
}

// Every Greek of the engine, with cash and proportional dividends, against a central difference of a lower derivative.
func TestGreeksAreDerivatives(t *testing.T) {
	for _, opt := range []pricing.Vanilla{
		{Right: pricing.Call, Strike: 105, Expiry: 0.9}, {Right: pricing.Put, Strike: 92, Expiry: 0.9},
		{Right: pricing.Put, Strike: 130, Expiry: 0.5}, {Right: pricing.Call, Strike: 99, Expiry: 0.1},
	} {
		checkGreeks(t, "Black-Scholes", European{}, opt, state{100, 0.04, 0.015, 0.25, 0}, func(s state) pricing.Model {
			return world(s.spot, s.rate, s.yield, s.vol, s.later)
		})
	}
}

// state is what a Greek differentiates by; later is calendar time.
type state struct{ spot, rate, yield, vol, later float64 }

// checkGreeks compares each Greek that the engine says it has with a difference quotient of a lower one, the error of
// which is of fourth order in the step.
func checkGreeks(t *testing.T, name string, e pricing.Engine, opt pricing.Vanilla, at state, model func(state) pricing.Model) {
	t.Helper()
	base := greeksOf(t, e, opt, model(at))
	type pick func(pricing.Result) float64
	val := func(r pricing.Result) float64 { return r.Value }
	delta := func(r pricing.Result) float64 { return r.Delta }
	gamma := func(r pricing.Result) float64 { return r.Gamma }
	vega := func(r pricing.Result) float64 { return r.Vega }
	volga := func(r pricing.Result) float64 { return r.Volga }
	dual := func(r pricing.Result) float64 { return r.DualDelta }
	bumped := func(change func(s *state, o *pricing.Vanilla, h float64)) func(h float64) pricing.Result {
		return func(h float64) pricing.Result {
			s, o := at, opt
			change(&s, &o, h)
			return greeksOf(t, e, o, model(s))
		}
	}
	spot := bumped(func(s *state, o *pricing.Vanilla, h float64) { s.spot *= 1 + h })
	vol := bumped(func(s *state, o *pricing.Vanilla, h float64) { s.vol *= 1 + h })
	rate := bumped(func(s *state, o *pricing.Vanilla, h float64) { s.rate += h })
	yield := bumped(func(s *state, o *pricing.Vanilla, h float64) { s.yield += h })
	later := bumped(func(s *state, o *pricing.Vanilla, h float64) { s.later += h; o.Expiry -= h })
	strike := bumped(func(s *state, o *pricing.Vanilla, h float64) { o.Strike *= 1 + h })
	for _, c := range []struct {
		name  string
		has   pricing.Mask
		got   float64
		bump  func(float64) pricing.Result
		of    pick
		scale float64
	}{
		{"delta", pricing.HasDelta, base.Delta, spot, val, at.spot}, {"gamma", pricing.HasGamma, base.Gamma, spot, delta, at.spot},
		{"speed", pricing.HasSpeed, base.Speed, spot, gamma, at.spot}, {"vega", pricing.HasVega, base.Vega, vol, val, at.vol},
		{"volga", pricing.HasVolga, base.Volga, vol, vega, at.vol}, {"vanna", pricing.HasVanna, base.Vanna, vol, delta, at.vol},
		{"zomma", pricing.HasZomma, base.Zomma, vol, gamma, at.vol}, {"ultima", pricing.HasUltima, base.Ultima, vol, volga, at.vol},
		{"rho", pricing.HasRho, base.Rho, rate, val, 1}, {"yield rho", pricing.HasYieldRho, base.YieldRho, yield, val, 1},
		{"theta", pricing.HasTheta, base.Theta, later, val, 1}, {"charm", pricing.HasCharm, base.Charm, later, delta, 1},
		{"color", pricing.HasColor, base.Color, later, gamma, 1}, {"veta", pricing.HasVeta, base.Veta, later, vega, 1},
		{"dual delta", pricing.HasDualDelta, base.DualDelta, strike, val, opt.Strike},
		{"dual gamma", pricing.HasDualGamma, base.DualGamma, strike, dual, opt.Strike},
	} {
		if base.Has&c.has == 0 {
			continue
		}
		diff := func(h float64) float64 { return (c.of(c.bump(h)) - c.of(c.bump(-h))) / (2 * h * c.scale) }
		const h = 1e-3
		want := (4*diff(h/2) - diff(h)) / 3
		// The quotient's rounding error is relative to what is differentiated.
		least := 1e-2 * math.Min(1, math.Abs(c.of(base))/(h*math.Abs(c.scale)))
		if !(math.Abs(c.got-want) <= 2e-7*(math.Abs(want)+least)) {
			t.Errorf("%s, %v K=%g T=%g: %s = %.10g, difference quotient %.10g", name, opt.Right, opt.Strike, opt.Expiry, c.name, c.got, want)
		}
	}
}

func greeksOf(t *testing.T, e pricing.Engine, opt pricing.Vanilla, m pricing.Model) pricing.Result {
	t.Helper()
	r, err := e.Price(ctx, opt, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParityWithDividends(t *testing.T) {
	m := world(100, 0.04, 0.015, 0.25, 0)
	for _, k := range []float64{60, 100, 170} {
		c := value(t, pricing.Vanilla{Right: pricing.Call, Strike: k, Expiry: 0.9}, m)
		p := value(t, pricing.Vanilla{Right: pricing.Put, Strike: k, Expiry: 0.9}, m)
		want := m.DiscountFactor(0.9) * (m.Forward(0.9) - k)
		if math.Abs(c.Value-p.Value-want) > 1e-12*100 {
			t.Errorf("K=%g: C-P = %.15g, D(F-K) = %.15g", k, c.Value-p.Value, want)
		}
	}
}

func TestForwardCurveMatchesCarry(t *testing.T) {
	carry := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Carry: curve.Flat(0.02), Vol: model.FlatVol(0.3)}
	given := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Forwards: carry, Vol: model.FlatVol(0.3)}
	opt := pricing.Vanilla{Right: pricing.Put, Strike: 110, Expiry: 2}
	a, b := value(t, opt, carry), value(t, opt, given)
	for name, pair := range map[string][2]float64{
		"value": {a.Value, b.Value}, "delta": {a.Delta, b.Delta}, "gamma": {a.Gamma, b.Gamma},
		"theta": {a.Theta, b.Theta}, "charm": {a.Charm, b.Charm}, "yield rho": {a.YieldRho, b.YieldRho},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-12*math.Max(1, math.Abs(pair[0])) {
			t.Errorf("%s: %.15g by carry, %.15g by forwards", name, pair[0], pair[1])
		}
	}
	if want := -2 * b.Value; math.Abs(b.Rho-want) > 1e-12*math.Abs(want) {
		t.Errorf("rho with forwards held = %g, want -T·V = %g", b.Rho, want)
	}
	up := given.WithSpot(101)
	if got, want := up.Forward(2), 1.01*given.Forward(2); math.Abs(got-want) > 1e-12*want {
		t.Errorf("forward after a spot move of 1%%: %g, want %g", got, want)
	}
}

func TestExpiryAndZeroVolAreValues(t *testing.T) {
	m := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.2)}
	if r := value(t, pricing.Vanilla{Right: pricing.Put, Strike: 110, Expiry: 0}, m); r.Value != 10 || r.Delta != -1 {
		t.Errorf("at expiry: value %g delta %g, want 10 and -1", r.Value, r.Delta)
	}
	r := value(t, pricing.Vanilla{Right: pricing.Call, Strike: 90, Expiry: 1}, m.WithVol(model.FlatVol(0)))
	if want := 100 - 90*math.Exp(-0.05); math.Abs(r.Value-want) > 1e-12 {
		t.Errorf("zero volatility: %g, want %g", r.Value, want)
	}
}

func TestRefusals(t *testing.T) {
	good := model.BlackScholes{Spot: 100, Vol: model.FlatVol(0.2)}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	nan := math.NaN()
	cases := []struct {
		name string
		opt  pricing.Vanilla
		m    model.BlackScholes
		want string
	}{
		{"no spot", call, model.BlackScholes{Vol: model.FlatVol(0.2)}, "Spot"},
		{"no vol", call, model.BlackScholes{Spot: 100}, "Vol"},
		{"vol NaN", call, good.WithVol(model.FlatVol(nan)), "Vol"},
		{"vol negative", call, good.WithVol(model.FlatVol(-0.1)), "Vol"},
		{"strike negative", pricing.Vanilla{Right: pricing.Call, Strike: -1, Expiry: 1}, good, "Strike"},
		{"dividend above spot", call, model.BlackScholes{Spot: 10, Vol: model.FlatVol(0.2), Dividends: []model.Dividend{{Time: 0.5, Cash: 11}}}, "forward at 1 years"},
		{"dividend unsorted", call, model.BlackScholes{Spot: 10, Vol: model.FlatVol(0.2), Dividends: []model.Dividend{{Time: 0.5}, {Time: 0.4}}}, "Dividends[1].Time"},
		{"dividend of everything", call, model.BlackScholes{Spot: 10, Vol: model.FlatVol(0.2), Dividends: []model.Dividend{{Time: 0.5, Proportion: 1}}}, "Dividends[0].Proportion"},
		{"dividend NaN", call, model.BlackScholes{Spot: 10, Vol: model.FlatVol(0.2), Dividends: []model.Dividend{{Time: 0.5, Cash: nan}}}, "Dividends[0].Cash"},
		{"forwards and carry", call, model.BlackScholes{Spot: 10, Vol: model.FlatVol(0.2), Carry: curve.Flat(0), Forwards: good}, "Forwards"},
		{"spot NaN", call, good.WithSpot(nan), "Spot"},
	}
	for _, c := range cases {
		_, err := European{}.Price(ctx, c.opt, c.m)
		if !errors.Is(err, pricing.ErrDomain) || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: %v, want a domain error naming %s", c.name, err, c.want)
		}
	}
	var unsupported *pricing.UnsupportedError
	if _, err := (European{}).Price(ctx, barrier{}, good); !errors.As(err, &unsupported) {
		t.Errorf("an instrument it does not know: %v", err)
	}
	if _, err := (European{}).Price(ctx, call, noModel{}); !errors.As(err, &unsupported) {
		t.Errorf("a model it does not know: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := (European{}).Price(cancelled, call, good); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

type barrier struct{}

func (barrier) Validate() error { return nil }

type noModel struct{}

func (noModel) Validate() error { return nil }

func TestStrip(t *testing.T) {
	m := world(100, 0.04, 0.015, 0.25, 0)
	in := []pricing.Instrument{
		pricing.Vanilla{Right: pricing.Call, Strike: 90, Expiry: 1},
		pricing.Vanilla{Right: pricing.Call, Strike: -90, Expiry: 1},
		barrier{},
		pricing.Vanilla{Right: pricing.Put, Strike: 110, Expiry: 1},
	}
	dst := make([]pricing.Result, len(in))
	err := European{}.PriceStrip(ctx, dst, in, m)
	if !errors.Is(err, pricing.ErrDomain) || !errors.Is(err, pricing.ErrUnsupported) ||
		!strings.Contains(err.Error(), "instrument 1") || !strings.Contains(err.Error(), "instrument 2") {
		t.Errorf("the strip's error is %v", err)
	}
	for i, in := range in {
		if i == 1 || i == 2 {
			if dst[i].Has != 0 {
				t.Errorf("instrument %d has %v", i, dst[i].Has)
			}
		} else if dst[i] != value(t, in, m) {
			t.Errorf("instrument %d differs from the single price", i)
		}
	}
}

func TestStripAllocatesNothing(t *testing.T) {
	m := world(100, 0.04, 0.015, 0.25, 0)
	in := []pricing.Instrument{pricing.Vanilla{Right: pricing.Call, Strike: 90, Expiry: 1}, pricing.Vanilla{Right: pricing.Put, Strike: 90, Expiry: 1}}
	dst := make([]pricing.Result, len(in))
	var asModel pricing.Model = m
	if n := testing.AllocsPerRun(100, func() { _ = European{}.PriceStrip(ctx, dst, in, asModel) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func ExampleEuropean() {
	world := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.20)}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	r, err := European{}.Price(context.Background(), call, world)
	fmt.Printf("%.4f delta %.4f vega %.2f %v\n", r.Value, r.Delta, r.Vega, err)
	// Output: 10.4506 delta 0.6368 vega 37.52 <nil>
}

func ExampleEuropean_dividends() {
	world := model.BlackScholes{
		Spot:      100,
		Discount:  curve.Flat(0.05),
		Dividends: []model.Dividend{{Time: 0.25, Cash: 1}, {Time: 0.75, Proportion: 0.01}},
		Vol:       model.FlatVol(0.20),
	}
	put := pricing.Vanilla{Right: pricing.Put, Strike: 100, Expiry: 1}
	r, err := European{}.Price(context.Background(), put, world)
	fmt.Printf("forward %.4f put %.4f %v\n", world.Forward(1), r.Value, err)
	// Output: forward 103.0480 put 6.3291 <nil>
}

func BenchmarkEuropeanStrip(b *testing.B) {
	m := world(100, 0.04, 0.015, 0.25, 0)
	in := make([]pricing.Instrument, 150)
	for i := range in {
		in[i] = pricing.Vanilla{Right: pricing.Call, Strike: 50 + float64(i), Expiry: 0.9}
	}
	dst := make([]pricing.Result, len(in))
	var asModel pricing.Model = m
	b.ReportAllocs()
	for b.Loop() {
		if err := (European{}).PriceStrip(ctx, dst, in, asModel); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(in))*float64(b.N)/b.Elapsed().Seconds(), "options/s")
}

// Cash dividends that fall off a lognormal price have no closed form: refused from the ex-date on, alone and in a strip.
func TestPiecewiseLognormalDividendsAreRefused(t *testing.T) {
	m := world(100, 0.04, 0.015, 0.25, 0)
	m.DividendModel = model.PiecewiseLognormal
	before := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 0.19}
	after := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 0.2}
	if r := value(t, before, m); r.Value != value(t, before, world(100, 0.04, 0.015, 0.25, 0)).Value {
		t.Error("before a dividend the two models differ")
	}
	if _, err := (European{}).Price(ctx, after, m); !errors.Is(err, pricing.ErrUnsupported) || !strings.Contains(err.Error(), "cash dividends") {
		t.Errorf("at the dividend: %v", err)
	}
	dst := make([]pricing.Result, 2)
	err := European{}.PriceStrip(ctx, dst, []pricing.Instrument{before, after}, m)
	if !errors.Is(err, pricing.ErrUnsupported) || dst[0].Has == 0 || dst[1].Has != 0 {
		t.Errorf("in a strip: %v, %v", err, dst)
	}
	m.Dividends = []model.Dividend{{Time: 0.1, Proportion: 0.03}}
	if r := value(t, after, m); r.Has&pricing.HasValue == 0 {
		t.Error("proportional dividends keep the price lognormal")
	}
}
