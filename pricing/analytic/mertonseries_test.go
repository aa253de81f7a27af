package analytic

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

func TestGoldenMertonSeries(t *testing.T) {
	golden.Run(t, "merton_jump", func(t *testing.T, c golden.Case) {
		right, err := pricing.ParseRight(c.Text(t, "type"))
		if err != nil {
			t.Fatal(err)
		}
		m := model.Merton{
			Market: flatMarket(state{spot: c.Float(t, "spot"), rate: c.Float(t, "rate"), yield: c.Float(t, "dividend_yield")}),
			Sigma:  c.Float(t, "vol"),
			Jumps:  model.Jumps{Lambda: c.Float(t, "jump_intensity"), MuJ: c.Float(t, "jump_mean"), SigmaJ: c.Float(t, "jump_std")},
		}
		r := greeksOf(t, MertonSeries{}, pricing.Vanilla{Right: right, Strike: c.Float(t, "strike"), Expiry: c.Float(t, "t")}, m)
		c.Check(t, "price", r.Value)
		var want float64
		if c.Expected(t, "price", &want); math.Abs(r.Value-want) > 1e-13*want+1e-12 {
			t.Errorf("%.16g, want %.16g, which has fourteen digits", r.Value, want)
		}
	})
	golden.Run(t, "papers/merton_jump", func(t *testing.T, c golden.Case) {
		m := model.Merton{
			Market: flatMarket(state{spot: c.Float(t, "spot"), rate: c.Float(t, "rate_cc"), yield: c.Float(t, "div_cc")}),
			Sigma:  c.Float(t, "sigma"),
			Jumps:  model.Jumps{Lambda: c.Float(t, "lambda"), MuJ: c.Float(t, "mu_j"), SigmaJ: c.Float(t, "sigma_j")},
		}
		for name, right := range map[string]pricing.Right{"call": pricing.Call, "put": pricing.Put} {
			opt := pricing.Vanilla{Right: right, Strike: c.Float(t, "strike"), Expiry: c.Float(t, "T_years")}
			r := greeksOf(t, MertonSeries{}, opt, m)
			c.Check(t, name, r.Value)
			var want float64
			if c.Expected(t, name, &want); math.Abs(r.Value-want) > 2e-13*want {
				t.Errorf("%s %.16g, want %.16g", name, r.Value, want)
			}
		}
	})
}

func merton(s state) model.Merton {
	return model.Merton{Market: flatMarket(s), Sigma: s.vol, Jumps: model.Jumps{Lambda: 1.5, MuJ: -0.15, SigmaJ: 0.12}}
}

func TestMertonSeriesGreeks(t *testing.T) {
	for _, opt := range []pricing.Vanilla{
		{Right: pricing.Call, Strike: 105, Expiry: 0.9}, {Right: pricing.Put, Strike: 92, Expiry: 0.9},
		{Right: pricing.Put, Strike: 130, Expiry: 2}, {Right: pricing.Call, Strike: 70, Expiry: 0.5},
	} {
		checkGreeks(t, "Merton", MertonSeries{}, opt, state{100, 0.04, 0.015, 0.18, 0}, func(s state) pricing.Model { return merton(s) })
		checkGreeks(t, "Merton with jumps up of one size", MertonSeries{}, opt, state{100, 0.04, 0.015, 0.18, 0}, func(s state) pricing.Model {
			m := merton(s)
			m.MuJ, m.SigmaJ, m.Lambda = 0.2, 0, 20
			return m
		})
	}
}

// Without jumps, or with jumps of no size, it is Black's formula; many small jumps are a volatility.
func TestMertonSeriesLimits(t *testing.T) {
	at := state{100, 0.04, 0.015, 0.25, 0}
	black := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.04), Carry: curve.Flat(0.015), Vol: model.FlatVol(0.25)}
	for _, opt := range []pricing.Vanilla{{Right: pricing.Call, Strike: 120, Expiry: 1}, {Right: pricing.Put, Strike: 110, Expiry: 1}} {
		want := value(t, opt, black)
		for _, j := range []model.Jumps{{}, {Lambda: 3}, {MuJ: 1, SigmaJ: 1}, {Lambda: 5000}} {
			m := merton(at)
			m.Jumps = j
			got := greeksOf(t, MertonSeries{}, opt, m)
			if math.Abs(got.Value-want.Value) > 1e-13*want.Value || math.Abs(got.Color-want.Color) > 1e-10*math.Abs(want.Color) || math.Abs(got.Ultima-want.Ultima) > 1e-10*math.Abs(want.Ultima) {
				t.Errorf("%+v: %+v, want %+v", j, got, want)
			}
		}
		m := merton(at)
		m.Sigma, m.Jumps = 0, model.Jumps{Lambda: 5e5, SigmaJ: 0.25 / math.Sqrt(5e5)}
		if got := greeksOf(t, MertonSeries{}, opt, m); math.Abs(got.Value-want.Value) > 1e-5*want.Value {
			t.Errorf("half a million jumps: %.12g, Black %.12g", got.Value, want.Value)
		}
	}
	// The far tail keeps its relative accuracy: parts of the series that do not count there are left out by their bound alone.
	far := pricing.Vanilla{Right: pricing.Put, Strike: 8, Expiry: 0.1}
	full, rough := greeksOf(t, MertonSeries{Tol: 1e-16}, far, merton(at)), greeksOf(t, MertonSeries{Tol: 1e-6}, far, merton(at))
	if !(full.Value > 0 && full.Value < 1e-12) || math.Abs(rough.Value-full.Value) > 1e-6*full.Value {
		t.Errorf("%.15g to 1e-16, %.15g to 1e-6", full.Value, rough.Value)
	}
	expired := greeksOf(t, MertonSeries{}, pricing.Vanilla{Right: pricing.Put, Strike: 110}, merton(at))
	if expired.Value != 10 || expired.Delta != -1 {
		t.Errorf("at expiry: %+v", expired)
	}
}

func TestMertonSeriesRefuses(t *testing.T) {
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	good := merton(state{100, 0.04, 0.015, 0.25, 0})
	busy, wild, none := good, good, good
	busy.Lambda, wild.MuJ, none.Sigma = 1e7, 30, math.NaN()
	for _, c := range []struct {
		name string
		e    MertonSeries
		in   pricing.Instrument
		m    pricing.Model
		want error
	}{
		{"too many jumps", MertonSeries{}, call, busy, pricing.ErrDomain},
		{"jumps too large", MertonSeries{}, call, wild, pricing.ErrDomain},
		{"σ NaN", MertonSeries{}, call, none, pricing.ErrDomain},
		{"tolerance", MertonSeries{Tol: -1}, call, good, pricing.ErrDomain},
		{"tolerance NaN", MertonSeries{Tol: math.NaN()}, call, good, pricing.ErrDomain},
		{"strike", MertonSeries{}, pricing.Vanilla{Right: pricing.Call}, good, pricing.ErrDomain},
		{"instrument", MertonSeries{}, pricing.American{Right: pricing.Put, Strike: 1}, good, pricing.ErrUnsupported},
		{"model", MertonSeries{}, call, model.Heston{}, pricing.ErrUnsupported},
	} {
		if _, err := c.e.Price(ctx, c.in, c.m); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		dst := make([]pricing.Result, 1)
		if err := c.e.PriceStrip(ctx, dst, []pricing.Instrument{c.in}, c.m); !errors.Is(err, c.want) || dst[0].Has != 0 {
			t.Errorf("%s, in a strip: %v, want %v", c.name, err, c.want)
		}
	}
	in, dst := []pricing.Instrument{call, pricing.Vanilla{Right: pricing.Put, Strike: 80, Expiry: 2}}, make([]pricing.Result, 2)
	var e pricing.StripEngine = MertonSeries{}
	var m pricing.Model = good
	if n := testing.AllocsPerRun(20, func() { _ = e.PriceStrip(ctx, dst, in, m) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
	if one := greeksOf(t, MertonSeries{}, call, good); one != dst[0] {
		t.Errorf("alone %+v, in the strip %+v", one, dst[0])
	}
}

func ExampleMertonSeries() {
	world := model.Merton{
		Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)},
		Sigma:  0.2,
		Jumps:  model.Jumps{Lambda: 1, MuJ: -0.1, SigmaJ: 0.2},
	}
	put := pricing.Vanilla{Right: pricing.Put, Strike: 100, Expiry: 1}
	r, err := MertonSeries{}.Price(context.Background(), put, world)
	fmt.Printf("%.12f %v\n", r.Value, err)
	// Output: 8.811623711373 <nil>
}

func BenchmarkMertonSeries(b *testing.B) {
	var in pricing.Instrument = pricing.Vanilla{Right: pricing.Put, Strike: 90, Expiry: 1}
	var m pricing.Model = merton(state{100, 0.04, 0.015, 0.18, 0})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (MertonSeries{}).Price(ctx, in, m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/option")
}
