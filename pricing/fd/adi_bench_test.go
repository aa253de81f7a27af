package fd

import (
	"fmt"
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// peerHeston is the world of the peer's benchmark.
func peerHeston() model.Heston {
	return hestonWorld(0.03, 0.01, 0.04, 1.5, 0.06, 0.5, -0.7)
}

func perPrice(b *testing.B, prices int) {
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N)/float64(prices), "ms/price")
}

// An American put under Heston on the peer's grid: 100 steps in time, 200 in the asset, 100 in the variance.
func BenchmarkHestonAmericanHV100x200x100(b *testing.B) {
	world := peerHeston()
	put := pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
	exact := priced2(b, ADI{TimeSteps: 400, SpotSteps: 800, SecondSteps: 200}, put, world).Value
	for _, c := range []struct {
		name string
		e    ADI
	}{
		{"single", ADI{TimeSteps: 100, SpotSteps: 200, SecondSteps: 100, Single: true}},
		{"extrapolated", ADI{TimeSteps: 100, SpotSteps: 200, SecondSteps: 100}},
		{"workers=2", ADI{TimeSteps: 100, SpotSteps: 200, SecondSteps: 100, Single: true, Workers: 2}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var v float64
			b.ReportAllocs()
			for b.Loop() {
				v = priced2(b, c.e, put, world).Value
			}
			perPrice(b, 1)
			b.ReportMetric(math.Abs(v-exact), "error")
		})
	}
}

// European puts at the money on in 't Hout and Foulon's four cases, to 1e-4.
func BenchmarkHestonADI1e_4(b *testing.B) {
	for i, f := range foulon {
		put := pricing.Vanilla{Right: pricing.Put, Strike: 100, Expiry: f.expiry}
		exact := priced2(b, fourier.Lewis{}, put, f.world).Value
		b.Run(fmt.Sprintf("case=%d", i+1), func(b *testing.B) {
			var v float64
			b.ReportAllocs()
			for b.Loop() {
				v = priced2(b, ADI{}, put, f.world).Value
			}
			perPrice(b, 1)
			if off := math.Abs(v - exact); off > 1e-4 {
				b.Errorf("error %.2g", off)
			} else {
				b.ReportMetric(off, "error")
			}
		})
	}
}

// Where coefficients depend on time the implicit operators are factored anew at each step.
func BenchmarkStochasticLocalVol(b *testing.B) {
	world := model.StochasticLocalVol{Variance: peerHeston(),
		Leverage: model.LocalVarianceFunc(func(k, t float64) float64 { return 1 + 0.1*k*k/(1+t) })}
	put := pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
	for b.Loop() {
		priced2(b, ADI{TimeSteps: 100, SpotSteps: 200, SecondSteps: 100, Single: true}, put, world)
	}
	perPrice(b, 1)
}

func BenchmarkTwoAssetExchange(b *testing.B) {
	world := model.Assets{Discount: curve.Flat(0.05), Each: []model.Asset{{Spot: 100, Vol: model.FlatVol(0.2)}, {Spot: 95, Vol: model.FlatVol(0.3)}},
		Correlation: [][]float64{{1, 0.4}, {0.4, 1}}}
	exchange := onPair{expiry: 1, pays: func(a, b float64) float64 { return math.Max(a-b, 0) }}
	for b.Loop() {
		priced2(b, ADI{}, exchange, world)
	}
	perPrice(b, 1)
}

func BenchmarkForwardLaw(b *testing.B) {
	f := foulon[0]
	for b.Loop() {
		if _, err := (FokkerPlanck2{}).Run(b.Context(), f.world, f.expiry, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/law")
}
