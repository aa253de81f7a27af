package mc

import (
	"fmt"
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

func heston(v0, kappa, theta, sigma, rho float64) model.Heston {
	return model.Heston{Market: model.Market{Spot: 100, Discount: curve.Flat(0.03), Carry: curve.Flat(0.01)},
		V0: v0, Kappa: kappa, Theta: theta, Sigma: sigma, Rho: rho}
}

// The three hard cases of Andersen (2008), table 1, whose Feller ratios are 0.04, 0.01 and 0.36, and a milder one.
var hestonCases = []struct {
	name   string
	m      model.Heston
	expiry float64
}{
	{"Andersen I", heston(0.04, 0.5, 0.04, 1, -0.9), 10},
	{"Andersen II", heston(0.04, 0.3, 0.04, 0.9, -0.5), 15},
	{"Andersen III", heston(0.09, 1, 0.09, 1, -0.3), 5},
	{"mild", heston(0.04, 1.5, 0.06, 0.5, -0.7), 1},
	{"positive correlation", heston(0.04, 2, 0.05, 0.8, 0.6), 0.5},
}

func TestHestonSchemes(t *testing.T) {
	for _, c := range hestonCases {
		for _, strike := range []float64{70, 100, 140} {
			in := pricing.Vanilla{Right: pricing.Call, Strike: strike, Expiry: c.expiry}
			if strike < 100 {
				in.Right = pricing.Put
			}
			want := exact(t, fourier.Lewis{}, in, c.m)
			for _, s := range []struct {
				step   HestonStep
				paths  int
				length float64
			}{{AndersenQE, 1 << 16, 0}, {ExactVariance, 1 << 14, 0}, {BroadieKaya, 1 << 14, 0}, {FullTruncation, 1 << 14, 1.0 / 64}} {
				r := run(t, Engine{Paths: s.paths, Scheme: Heston{Step: s.step}, MaxStep: s.length}, in, c.m)
				fmt.Printf("%s %g %v: %.4f ± %.4f, want %.4f: %.1f\n", c.name, strike, s.step, r.Value, r.StdErr, want, (r.Value-want)/r.StdErr)
			}
		}
	}
	_ = math.Pi
}

func BenchmarkHestonQE64(b *testing.B) {
	m := heston(0.04, 1.5, 0.06, 0.5, -0.7)
	in := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	e := Engine{Paths: 16384, MaxStep: 1.0 / 64, Workers: 1}
	for b.Loop() {
		run(b, e, in, m)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/price")
}
