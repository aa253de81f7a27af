package fourier

import (
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// benchHeston is the market of the benchmarks, the same as in the comparison with QuantLib.
func benchHeston() model.Heston {
	return model.Heston{
		Market: model.Market{Spot: 100, Discount: curve.Flat(0.03), Carry: curve.Flat(0.01)},
		V0:     0.04, Kappa: 1.5, Theta: 0.06, Sigma: 0.5, Rho: -0.7,
	}
}

func BenchmarkHestonStrip(b *testing.B) {
	const n = 50
	in, dst := make([]pricing.Instrument, n), make([]pricing.Result, n)
	for i := range in {
		right := pricing.Call
		if i%2 == 1 {
			right = pricing.Put
		}
		in[i] = pricing.Vanilla{Right: right, Strike: 60 + 2*float64(i), Expiry: 1}
	}
	for _, c := range []struct {
		name   string
		engine pricing.StripEngine
	}{
		{"COS/value", COS{ValueOnly: true}}, {"COS/greeks", COS{}},
		{"Lewis/tol=1e-8/value", Lewis{Tol: 1e-8, ValueOnly: true}}, {"Lewis/tol=1e-8/greeks", Lewis{Tol: 1e-8}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var m pricing.Model = benchHeston()
			b.ReportAllocs()
			for b.Loop() {
				if err := c.engine.PriceStrip(ctx, dst, in, m); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/n, "ns/option")
		})
	}
}

func BenchmarkHestonSingle(b *testing.B) {
	for _, c := range []struct {
		name   string
		engine pricing.Engine
	}{
		{"COS/value", COS{ValueOnly: true}}, {"COS/greeks", COS{}},
		{"Lewis/tol=1e-8/value", Lewis{Tol: 1e-8, ValueOnly: true}}, {"Lewis/tol=1e-8/greeks", Lewis{Tol: 1e-8}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var m pricing.Model = benchHeston()
			var call pricing.Instrument = pricing.Vanilla{Right: pricing.Call, Strike: 105, Expiry: 1}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.engine.Price(ctx, call, m); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N), "ns/option")
		})
	}
}

// BenchmarkSteps times what goes from date to date, at the accuracy of the zero value.
func BenchmarkSteps(b *testing.B) {
	var world pricing.Model = model.Merton{Market: mkt, Jumps: jump, Sigma: 0.2}
	for _, c := range []struct {
		name   string
		engine pricing.Engine
		in     pricing.Instrument
	}{
		{"Bermudan/dates=12/COS", COS{}, pricing.Bermudan{Right: pricing.Put, Strike: 100, Dates: evenly(1, 12)}},
		{"Bermudan/dates=12/CONV", CONV{}, pricing.Bermudan{Right: pricing.Put, Strike: 100, Dates: evenly(1, 12)}},
		{"Bermudan/dates=252/COS", COS{}, pricing.Bermudan{Right: pricing.Put, Strike: 100, Dates: evenly(1, 252)}},
		{"American/tol=1e-6/COS", COS{}, pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}},
		{"American/tol=1e-6/CONV", CONV{}, pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}},
		{"barrier/dates=252/COS", COS{}, knockOption{
			pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}, []pricing.Barrier{{Level: 85, Dates: evenly(1, 252)}},
		}},
		{"arithmetic/dates=12/COS", COS{}, asianOption{pricing.Average{Right: pricing.Call, Strike: 100, Dates: evenly(1, 12)}}},
		{"geometric/dates=12/COS", COS{}, asianOption{pricing.Average{Right: pricing.Call, Strike: 100, Dates: evenly(1, 12), Geometric: true}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.engine.Price(ctx, c.in, world); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N), "µs/option")
		})
	}
}
