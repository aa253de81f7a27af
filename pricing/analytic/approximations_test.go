package analytic

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
)

func TestGoldenPerpetual(t *testing.T) {
	golden.Run(t, "papers/american_perpetual", func(t *testing.T, c golden.Case) {
		for _, right := range []pricing.Right{pricing.Put, pricing.Call} {
			if !c.Wants(right.String()) {
				continue
			}
			p := Perpetual{
				Right: right, Spot: c.Float(t, "spot"), Strike: c.Float(t, "strike"),
				Rate: c.Float(t, "rate_cc"), Yield: c.Float(t, "div_cc"), Vol: c.Float(t, "vol"),
			}
			v, b, err := p.Price()
			if err != nil {
				t.Fatal(err)
			}
			c.Check(t, right.String(), v)
			c.Check(t, right.String()+"_boundary", b)
		}
	})
}

func TestPerpetualEdges(t *testing.T) {
	put := Perpetual{Right: pricing.Put, Spot: 60, Strike: 100, Rate: 0.05, Vol: 0.2}
	if v, b, err := put.Price(); v != 40 || !(b > 60) || err != nil {
		t.Errorf("below the boundary %g: %g, %v", b, v, err)
	}
	for name, p := range map[string]Perpetual{
		"right":  {Spot: 60, Strike: 100, Rate: 0.05, Vol: 0.2},
		"spot":   {Right: pricing.Put, Strike: 100, Rate: 0.05, Vol: 0.2},
		"rate":   {Right: pricing.Put, Spot: 60, Strike: 100, Vol: 0.2},
		"yield":  {Right: pricing.Call, Spot: 60, Strike: 100, Rate: 0.05, Vol: 0.2},
		"vol":    {Right: pricing.Put, Spot: 60, Strike: 100, Rate: 0.05, Vol: math.NaN()},
		"strike": {Right: pricing.Put, Spot: 60, Strike: math.Inf(1), Rate: 0.05, Vol: 0.2},
	} {
		if _, _, err := p.Price(); !errors.Is(err, pricing.ErrDomain) {
			t.Errorf("%s: %v, want a domain error", name, err)
		}
	}
	// An American option of very long life nears it.
	american := priced(t, AndersenLake{Tolerance: 1e-6}, pricing.American{Right: pricing.Put, Strike: 100, Expiry: 200}, flatWorld(100, 0.05, 0.01, 0.2))
	v, _, err := Perpetual{Right: pricing.Put, Spot: 100, Strike: 100, Rate: 0.05, Yield: 0.01, Vol: 0.2}.Price()
	if err != nil || math.Abs(american.Value-v) > 1e-4 {
		t.Errorf("200 years: %.8g, perpetual %.8g, %v", american.Value, v, err)
	}
}

// Haug, The Complete Guide to Option Pricing Formulas, table 3-1: calls on a future, strike 100, rate 10%. The book stops the
// search for the critical price early, which shows in the third decimal next to it; the last row is QuantLib's
// BaroneAdesiWhaley engine.
func TestBAWAgainstHaug(t *testing.T) {
	for _, c := range []struct{ spot, expiry, vol, want float64 }{
		{90, 0.1, 0.15, 0.0206}, {100, 0.1, 0.15, 1.8771}, {110, 0.1, 0.15, 10.0089},
		{90, 0.1, 0.25, 0.3159}, {100, 0.1, 0.25, 3.1280}, {110, 0.1, 0.25, 10.3919},
		{90, 0.1, 0.35, 0.9495}, {100, 0.1, 0.35, 4.3777}, {110, 0.1, 0.35, 11.1679},
		{90, 0.5, 0.15, 0.8208}, {100, 0.5, 0.15, 4.0842}, {110, 0.5, 0.15, 10.8087},
		{90, 0.5, 0.25, 2.7437}, {100, 0.5, 0.25, 6.8015}, {110, 0.5, 0.25, 13.0170},
		{90, 0.5, 0.35, 5.0063}, {100, 0.5, 0.35, 9.5106}, {110, 0.5, 0.35, 15.5689},
	} {
		call := pricing.American{Right: pricing.Call, Strike: 100, Expiry: c.expiry}
		r := priced(t, BaroneAdesiWhaley{}, call, flatWorld(c.spot, 0.1, 0.1, c.vol))
		if math.Abs(r.Value-c.want) > 3e-3 {
			t.Errorf("spot %g, expiry %g, vol %g: %.6f, want %.4f", c.spot, c.expiry, c.vol, r.Value, c.want)
		}
	}
	put := pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
	if r := priced(t, BaroneAdesiWhaley{}, put, flatWorld(100, 0.05, 0.02, 0.2)); math.Abs(r.Value-9.3619447848) > 1e-5 {
		t.Errorf("%.10f, QuantLib has 9.3619447848", r.Value)
	}
}

// The golden options against the approximation: it claims 0.4% or 1.2% of the strike, not the files' tolerance.
func TestGoldenAmericanBAW(t *testing.T) {
	worst, n := 0.0, 0
	for _, topic := range []string{"american", "papers/american_bsm"} {
		golden.Run(t, topic, func(t *testing.T, c golden.Case) {
			opt, m := american(t, c)
			r := priced(t, BaroneAdesiWhaley{}, opt, m)
			exact := priced(t, AndersenLake{Tolerance: 1e-9}, opt, m)
			n++
			worst = math.Max(worst, math.Abs(r.Value-exact.Value)/opt.Strike)
			claim := 0.004
			if c.Float(t, "vol")*math.Sqrt(opt.Expiry) > 0.5 {
				claim = 0.012
			}
			if off := math.Abs(r.Value - exact.Value); off > claim*opt.Strike {
				t.Errorf("%.6g, want %.6g: off by %.3g of the strike", r.Value, exact.Value, off/opt.Strike)
			}
		})
	}
	t.Logf("%d options, worst error %.2g of the strike", n, worst)
}

// The deltas of the approximations against the exact one, over all golden options: they are derivatives of another function, and
// near it.
func TestGoldenAmericanDeltas(t *testing.T) {
	worst := map[string]float64{}
	for _, topic := range []string{"american", "papers/american_bsm"} {
		golden.Run(t, topic, func(t *testing.T, c golden.Case) {
			opt, m := american(t, c)
			exact := priced(t, AndersenLake{Tolerance: 1e-8}, opt, m)
			for name, e := range map[string]pricing.Engine{"BAW": BaroneAdesiWhaley{}, "Bjerksund-Stensland": BjerksundStensland{}} {
				off := math.Abs(priced(t, e, opt, m).Delta - exact.Delta)
				worst[name] = math.Max(worst[name], off)
				if off > 0.02 {
					t.Errorf("%s: delta is off by %.3g", name, off)
				}
			}
		})
	}
	t.Logf("worst differences of a delta %v", worst)
}

func TestBAWGreeksAreDerivatives(t *testing.T) { testShapes(t, BaroneAdesiWhaley{}) }

func TestApproximationsRefuse(t *testing.T) {
	put := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	if _, err := (BaroneAdesiWhaley{}).Price(ctx, put, flatWorld(100, -0.01, -0.03, 0.2)); !errors.Is(err, pricing.ErrUnsupported) {
		t.Errorf("two boundaries: %v", err)
	}
	if _, err := (BaroneAdesiWhaley{}).Price(ctx, put.European(), flatWorld(100, 0.01, 0, 0.2)); !errors.Is(err, pricing.ErrUnsupported) {
		t.Errorf("a European option: %v", err)
	}
	put.Strike = math.NaN()
	if _, err := (BaroneAdesiWhaley{}).Price(ctx, put, flatWorld(100, 0.01, 0, 0.2)); !errors.Is(err, pricing.ErrDomain) {
		t.Errorf("strike NaN: %v", err)
	}
}

func ExampleBaroneAdesiWhaley() {
	call := pricing.American{Right: pricing.Call, Strike: 100, Expiry: 0.5}
	r, err := BaroneAdesiWhaley{}.Price(context.Background(), call, flatWorld(100, 0.10, 0.10, 0.25))
	fmt.Printf("%.4f %v\n", r.Value, err)
	// Output: 6.8013 <nil>
}

func ExamplePerpetual() {
	v, boundary, err := Perpetual{Right: pricing.Put, Spot: 100, Strike: 100, Rate: 0.05, Vol: 0.2}.Price()
	fmt.Printf("%.4f, exercised at %.4f %v\n", v, boundary, err)
	// Output: 12.3200, exercised at 71.4286 <nil>
}

func BenchmarkBAW(b *testing.B) {
	var in pricing.Instrument = pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
	var m pricing.Model = flatWorld(100, 0.05, 0.02, 0.2)
	var e pricing.Engine = BaroneAdesiWhaley{}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Price(ctx, in, m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/option")
}
