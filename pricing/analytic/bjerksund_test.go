package analytic

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
)

// Haug, The Complete Guide to Option Pricing Formulas (2007), table 3-2: calls on a future, strike 100, rate 10%, four decimals.
func TestBjerksundStenslandAgainstHaug(t *testing.T) {
	for _, c := range []struct{ spot, expiry, vol, want float64 }{
		{90, 0.1, 0.15, 0.0205}, {100, 0.1, 0.15, 1.8757}, {110, 0.1, 0.15, 10.0000},
		{90, 0.1, 0.25, 0.3151}, {100, 0.1, 0.25, 3.1256}, {110, 0.1, 0.25, 10.3725},
		{90, 0.1, 0.35, 0.9479}, {100, 0.1, 0.35, 4.3746}, {110, 0.1, 0.35, 11.1578},
		{90, 0.5, 0.15, 0.8099}, {100, 0.5, 0.15, 4.0628}, {110, 0.5, 0.15, 10.7898},
		{90, 0.5, 0.25, 2.7180}, {100, 0.5, 0.25, 6.7661}, {110, 0.5, 0.25, 12.9814},
		{90, 0.5, 0.35, 4.9665}, {100, 0.5, 0.35, 9.4608}, {110, 0.5, 0.35, 15.5137},
	} {
		call := pricing.American{Right: pricing.Call, Strike: 100, Expiry: c.expiry}
		r := priced(t, BjerksundStensland{}, call, flatWorld(c.spot, 0.1, 0.1, c.vol))
		if math.Abs(r.Value-c.want) > 5e-5 {
			t.Errorf("spot %g, expiry %g, vol %g: %.6f, want %.4f", c.spot, c.expiry, c.vol, r.Value, c.want)
		}
	}
}

// The golden options against the approximation: it claims to be short by at most 0.1% or 0.5% of the strike and never above,
// the latter within the tolerance of the reference.
func TestGoldenAmericanBjerksundStensland(t *testing.T) {
	worst, n := 0.0, 0
	for _, topic := range []string{"american", "papers/american_bsm"} {
		golden.Run(t, topic, func(t *testing.T, c golden.Case) {
			opt, m := american(t, c)
			r := priced(t, BjerksundStensland{}, opt, m)
			exact := priced(t, AndersenLake{Tolerance: 1e-9}, opt, m)
			n++
			short := (exact.Value - r.Value) / opt.Strike
			worst = math.Max(worst, short)
			claim := 0.001
			if c.Float(t, "vol")*math.Sqrt(opt.Expiry) > 0.5 {
				claim = 0.005
			}
			if !(short < claim && short > -1e-9) {
				t.Errorf("%.9g, exact %.9g: short by %.3g of the strike", r.Value, exact.Value, short)
			}
		})
	}
	t.Logf("%d options, short by at most %.2g of the strike", n, worst)
}

// Two triggers that are the same are one: the bivariate terms come down to the formula of a single trigger.
func TestBjerksundStenslandEqualTriggers(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		k := newTrigger(math.Exp(0.4*rng.Float64()-0.3), 0.1*rng.Float64(), 0.01+0.1*rng.Float64(), 0.1+0.4*rng.Float64(), 0.1+2*rng.Float64())
		if k.s >= k.first {
			continue
		}
		k.then = k.first
		w := new(triggerWork)
		two := k.twoStep(w)
		// One trigger, to expiry: the paper's eq. 4.
		one := k
		one.t, one.sigmaFirst = one.tau, one.sigmaT
		x := math.Expm1(one.first)
		w.one.n = 0
		one.flat(w, -x, -one.beta*one.first, one.beta, one.first)
		one.flat(w, 1, 0, 1, one.first)
		one.flat(w, -1, 0, 1, 0)
		one.flat(w, -1, 0, 0, one.first)
		one.flat(w, 1, 0, 0, 0)
		var sum jet
		sum.add(1, one.beta, jet{x * math.Exp(one.beta*(one.s-one.first)), 0, 0})
		w.normals(&sum)
		if math.Abs(two.value-sum.value) > 1e-13 || math.Abs(two.slope-sum.slope) > 1e-12 || math.Abs(two.bend-sum.bend) > 1e-11 {
			t.Errorf("%+v: two equal triggers %+v, one %+v", k, two, sum)
		}
	}
}

// The bivariate terms all at once against the general distribution, one by one.
func TestBjerksundStenslandBivariateTerms(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 5))
	w := new(triggerWork)
	for range 500 {
		w.two.n = 0
		tm := term{1, rng.NormFloat64(), 0, 2 * rng.NormFloat64(), 0, 2 * rng.NormFloat64(), 0, rootGolden}
		if rng.IntN(2) == 0 {
			tm.rho = -rootGolden
		}
		w.two.add(tm)
		var sum jet
		w.bivariates(&sum)
		want := math.Exp(tm.shift) * special.BivariateNormCDF(tm.u, tm.v, tm.rho)
		if math.Abs(sum.value-want) > 1e-15*math.Exp(tm.shift) {
			t.Errorf("%+v: %.17g, want %.17g", tm, sum.value, want)
		}
	}
}

func TestBjerksundStenslandGreeksAreDerivatives(t *testing.T) {
	testShapes(t, BjerksundStensland{})
}

// testShapes checks the Greeks by spot and strike of an approximation against Richardson differences of its own value.
func testShapes(t *testing.T, e pricing.Engine) {
	t.Helper()
	rng := rand.New(rand.NewPCG(6, 5))
	checked := 0
	for range 60 {
		right := pricing.Call
		if rng.IntN(2) == 0 {
			right = pricing.Put
		}
		opt := pricing.American{Right: right, Strike: 80 + 40*rng.Float64(), Expiry: 0.1 + 2*rng.Float64()}
		r0, q0, v0 := 0.08*rng.Float64(), 0.08*rng.Float64(), 0.1+0.4*rng.Float64()
		at := func(ds, dk float64) pricing.Result {
			o := opt
			o.Strike += dk
			return priced(t, e, o, flatWorld(100+ds, r0, q0, v0))
		}
		base := at(0, 0)
		if base.Gamma == 0 {
			continue // exercised
		}
		slope := func(of func(h float64) float64) float64 { // Richardson
			const h = 0.02
			one := func(h float64) float64 { return (of(h) - of(-h)) / (2 * h) }
			return (4*one(h/2) - one(h)) / 3
		}
		checked++
		for _, c := range []struct {
			name      string
			got, want float64
		}{
			{"delta", base.Delta, slope(func(h float64) float64 { return at(h, 0).Value })},
			{"gamma", base.Gamma, slope(func(h float64) float64 { return at(h, 0).Delta })},
			{"dual delta", base.DualDelta, slope(func(h float64) float64 { return at(0, h).Value })},
			{"dual gamma", base.DualGamma, slope(func(h float64) float64 { return at(0, h).DualDelta })},
		} {
			if math.Abs(c.got-c.want) > 1e-8 {
				t.Errorf("%+v, r %g, q %g, vol %g: %s = %.12g, difference quotient %.12g", opt, r0, q0, v0, c.name, c.got, c.want)
			}
		}
	}
	if checked < 40 {
		t.Errorf("only %d options are alive", checked)
	}
}

func TestBjerksundStenslandLimits(t *testing.T) {
	put := pricing.American{Right: pricing.Put, Strike: 110, Expiry: 1}
	call := pricing.American{Right: pricing.Call, Strike: 100, Expiry: 2}
	for _, c := range []struct {
		name string
		opt  pricing.American
		m    pricing.Model
		want float64
	}{
		{"expired", pricing.American{Right: pricing.Put, Strike: 110}, flatWorld(100, 0.05, 0, 0.2), 10},
		{"no volatility", put, flatWorld(100, 0.05, 0, 0), 10},
		{"beyond the trigger", put, flatWorld(20, 0.05, 0, 0.2), 90},
		{"never exercised", call, flatWorld(100, 0.05, 0, 0.2), priced(t, European{}, call.European(), flatWorld(100, 0.05, 0, 0.2)).Value},
	} {
		if r := priced(t, BjerksundStensland{}, c.opt, c.m); math.Abs(r.Value-c.want) > 1e-13*c.want {
			t.Errorf("%s: %.15g, want %.15g", c.name, r.Value, c.want)
		}
	}
	// Both sides of rate zero, of yield zero, and of rate equal to yield.
	for _, near := range [][4]float64{{1e-9, -0.03, 0, -0.03}, {1e-9, -0.01, 0, -0.01}, {1e-9, 1e-9, 1e-9, 0}, {0.05, 0.05 + 1e-9, 0.05, 0.05}, {0.05, 0.05 - 1e-9, 0.05, 0.05}} {
		a := priced(t, BjerksundStensland{}, put, flatWorld(100, near[0], near[1], 0.2))
		b := priced(t, BjerksundStensland{}, put, flatWorld(100, near[2], near[3], 0.2))
		if math.Abs(a.Value-b.Value) > 1e-6 {
			t.Errorf("rate, yield %g, %g: %.12g; %g, %g: %.12g", near[0], near[1], a.Value, near[2], near[3], b.Value)
		}
	}
	for name, c := range map[string]struct {
		in   pricing.Instrument
		m    pricing.Model
		want error
	}{
		"two boundaries": {put, flatWorld(100, -0.01, -0.03, 0.2), pricing.ErrUnsupported},
		"European":       {put.European(), flatWorld(100, 0.01, 0, 0.2), pricing.ErrUnsupported},
		"volatility":     {put, flatWorld(100, 0.01, 0, math.NaN()), pricing.ErrDomain},
	} {
		if _, err := (BjerksundStensland{}).Price(ctx, c.in, c.m); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func ExampleBjerksundStensland() {
	call := pricing.American{Right: pricing.Call, Strike: 100, Expiry: 0.5}
	r, err := BjerksundStensland{}.Price(context.Background(), call, flatWorld(100, 0.10, 0.10, 0.25))
	fmt.Printf("%.4f %v\n", r.Value, err)
	// Output: 6.7661 <nil>
}

func BenchmarkBjerksundStensland(b *testing.B) {
	var in pricing.Instrument = pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
	var m pricing.Model = flatWorld(100, 0.05, 0.02, 0.2)
	var e pricing.Engine = BjerksundStensland{}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Price(ctx, in, m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/option")
}
