package mc

import (
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

var slow = os.Getenv("VOLGA_SLOW") != ""

func heston(v0, kappa, theta, sigma, rho float64) model.Heston {
	return model.Heston{Market: model.Market{Spot: 100, Discount: curve.Flat(0.03), Carry: curve.Flat(0.01)},
		V0: v0, Kappa: kappa, Theta: theta, Sigma: sigma, Rho: rho}
}

// assetControl is the asset itself, paid at expiry.
func assetControl(m interface {
	Forward(t float64) float64
	DiscountFactor(t float64) float64
}, t float64) Control {
	return Control{Instrument: onLast{pricing.Vanilla{Right: pricing.Call, Strike: 1e-12, Expiry: t}, []float64{t}},
		Value: m.Forward(t) * m.DiscountFactor(t)}
}

// The three hard cases of Andersen (2008), table 1, whose Feller ratios are 0.04, 0.03 and 0.18, and milder ones.
func TestHestonSchemes(t *testing.T) {
	statistical(t)
	for _, c := range []struct {
		name   string
		m      model.Heston
		expiry float64
		long   bool
	}{
		{"Andersen I", heston(0.04, 0.5, 0.04, 1, -0.9), 10, true},
		{"Andersen II", heston(0.04, 0.3, 0.04, 0.9, -0.5), 15, true},
		{"Andersen III", heston(0.09, 1, 0.09, 1, -0.3), 5, true},
		{"mild", heston(0.04, 1.5, 0.06, 0.5, -0.7), 1, false},
		{"positive correlation", heston(0.04, 2, 0.05, 0.8, 0.6), 0.5, false},
		{"no noise", heston(0.04, 2, 0.09, 0, 0.6), 0.5, false},
		{"no reversion", heston(0.04, 0, 0.09, 0.4, -0.6), 0.5, false},
		{"nearly no noise", heston(0.04, 2, 0.09, 1e-3, -0.6), 0.5, false},
		{"dead variance", heston(0, 1, 0.04, 0.5, -0.6), 0.5, false},
	} {
		for _, strike := range []float64{80, 100, 125} {
			if c.long && strike != 100 && !slow {
				continue
			}
			in := pricing.Vanilla{Right: pricing.Call, Strike: strike, Expiry: c.expiry}
			want := exact(t, fourier.Lewis{}, in, c.m)
			e := Engine{Paths: 1 << 14, Controls: []Control{assetControl(c.m, c.expiry)}}
			check := func(step HestonStep, length, most float64) {
				e.Scheme, e.MaxStep = Heston{Step: step}, length
				r := run(t, e, in, c.m)
				t.Logf("%s %g %v: %.4f ± %.4f, want %.4f", c.name, strike, step, r.Value, r.StdErr, want)
				within(t, fmt.Sprintf("%s %g %v", c.name, strike, step), r.Result, want, 3.5, most)
			}
			if slow {
				e.Paths = 1 << 18
			}
			check(AndersenQE, 0, 0.2)
			if c.m.Kappa*c.m.Theta > 0 && (c.m.Sigma == 0 || c.m.Sigma > 0.01) {
				check(BroadieKaya, 0, 0.2)
			}
			if c.long {
				continue
			}
			check(ExactVariance, 0, 0.12)
			if !slow { // so many paths see its bias
				check(FullTruncation, 1.0/64, 0.12)
			}
		}
	}
}

// The exact scheme has no error in time: one step and eight give the same prices, also of what depends on the path.
func TestBroadieKayaNeedsNoSteps(t *testing.T) {
	m := heston(0.04, 1.5, 0.06, 0.8, -0.7)
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	want := exact(t, fourier.Lewis{}, call, m)
	for _, n := range []int{1, 2, 8} {
		e := Engine{Paths: 1 << 14, Seed: uint64(n), Scheme: Heston{Step: BroadieKaya}, Controls: []Control{assetControl(m, 1)}}
		within(t, fmt.Sprintf("%d steps", n), run(t, e, onLast{call, weekly(n, 1)}, m).Result, want, 3.5, 0.06)
	}
}

// Coarse steps leave QE's errors small, and discounted prices martingales.
func TestQuadraticExponentialSteps(t *testing.T) {
	m := heston(0.04, 0.5, 0.04, 1, -0.9)
	asset := assetControl(m, 5)
	for _, length := range []float64{1, 0.25} {
		r := run(t, Engine{Paths: 1 << 16, MaxStep: length}, asset.Instrument, m)
		within(t, "martingale", r.Result, asset.Value, 3.5, 0.3)
	}
	plain := run(t, Engine{Paths: 1 << 19, MaxStep: 1, Scheme: Heston{NoMartingale: true}}, asset.Instrument, m)
	if math.Abs(plain.Value-asset.Value) < 4*plain.StdErr {
		t.Errorf("without the correction: %g ± %g, want an error against %g at steps of a year", plain.Value, plain.StdErr, asset.Value)
	}
}

func TestPiecewiseHeston(t *testing.T) {
	m := model.PiecewiseHeston{Market: model.Market{Spot: 100, Discount: curve.Flat(0.03)}, V0: 0.04, Periods: []model.HestonPeriod{
		{Until: 0.3, Kappa: 1, Theta: 0.09, Sigma: 0.4, Rho: -0.8}, {Until: 1, Kappa: 3, Theta: 0.04, Sigma: 0.8, Rho: -0.3},
	}}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 105, Expiry: 1}
	want := exact(t, fourier.Lewis{}, call, m)
	for _, step := range []HestonStep{AndersenQE, BroadieKaya} {
		e := Engine{Paths: 1 << 15, Scheme: Heston{Step: step}, Controls: []Control{assetControl(m, 1)}}
		within(t, step.String(), run(t, e, call, m).Result, want, 3.5, 0.06)
	}
}

func TestDoubleHeston(t *testing.T) {
	m := model.DoubleHeston{Market: model.Market{Spot: 100, Discount: curve.Flat(0.03)},
		First:  model.HestonFactor{V0: 0.03, Kappa: 4, Theta: 0.02, Sigma: 0.6, Rho: -0.8},
		Second: model.HestonFactor{V0: 0.02, Kappa: 0.5, Theta: 0.03, Sigma: 0.2, Rho: -0.3}}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 105, Expiry: 1}
	want := exact(t, fourier.Lewis{}, call, m)
	for step := AndersenQE; step <= BroadieKaya; step++ {
		e := Engine{Paths: 1 << 13, Scheme: Heston{Step: step}}
		if step == FullTruncation {
			e.MaxStep = 1.0 / 64
		}
		x, err := Mixing{e}.Run(ctx, call, m)
		if err != nil {
			t.Fatal(err)
		}
		if off := math.Abs(x.Value - want); !(off < 3.5*x.StdErr+0.01) || x.StdErr > 0.04 {
			t.Errorf("%v: %g ± %g by conditioning, want %g", step, x.Value, x.StdErr, want)
		}
		e.Controls = []Control{assetControl(m, 1)}
		within(t, step.String(), run(t, e, call, m).Result, want, 3.5, 0.1)
	}
}

func BenchmarkHestonQE64(b *testing.B) {
	m := heston(0.04, 1.5, 0.06, 0.5, -0.7)
	in := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	e := Engine{Paths: 16384, MaxStep: 1.0 / 64, Workers: 1}
	for b.Loop() {
		run(b, e, in, m)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/price")
	b.ReportMetric(16384*64*float64(b.N)/b.Elapsed().Seconds(), "path-steps/s")
}
