package fd

import (
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

func readMerton(t *testing.T, c golden.Case) (float64, float64, model.Merton) {
	t.Helper()
	if c.Has("T_years") {
		return c.Float(t, "strike"), c.Float(t, "T_years"), model.Merton{
			Market: model.Market{Spot: c.Float(t, "spot"), Discount: curve.Flat(c.Float(t, "rate_cc")), Carry: curve.Flat(c.FloatOr(t, "div_cc", 0))},
			Jumps:  model.Jumps{Lambda: c.Float(t, "lambda"), MuJ: c.Float(t, "mu_j"), SigmaJ: c.Float(t, "sigma_j")}, Sigma: c.Float(t, "sigma")}
	}
	return c.Float(t, "strike"), c.Float(t, "t"), model.Merton{
		Market: model.Market{Spot: c.Float(t, "spot"), Discount: curve.Flat(c.Float(t, "rate")), Carry: curve.Flat(c.Float(t, "dividend_yield"))},
		Jumps:  model.Jumps{Lambda: c.Float(t, "jump_intensity"), MuJ: c.Float(t, "jump_mean"), SigmaJ: c.Float(t, "jump_std")}, Sigma: c.Float(t, "vol")}
}

func TestGoldenMerton(t *testing.T) {
	referenced(t, "merton_jump", "price", OneAsset{}, 2e-6, func(t *testing.T, c golden.Case) (pricing.Instrument, pricing.Model) {
		strike, expiry, m := readMerton(t, c)
		right, err := pricing.ParseRight(c.Text(t, "type"))
		if err != nil {
			t.Fatal(err)
		}
		return pricing.Vanilla{Right: right, Strike: strike, Expiry: expiry}, m
	})
	for _, side := range []struct {
		name  string
		right pricing.Right
	}{{"call", pricing.Call}, {"put", pricing.Put}} {
		referenced(t, "papers/merton_jump", side.name, OneAsset{}, 2e-6, func(t *testing.T, c golden.Case) (pricing.Instrument, pricing.Model) {
			strike, expiry, m := readMerton(t, c)
			return pricing.Vanilla{Right: side.right, Strike: strike, Expiry: expiry}, m
		})
		referenced(t, "papers/kou_jump", side.name, OneAsset{}, 2e-6, func(t *testing.T, c golden.Case) (pricing.Instrument, pricing.Model) {
			m := model.Kou{
				Market: model.Market{Spot: c.Float(t, "spot"), Discount: curve.Flat(c.Float(t, "rate_cc")), Carry: curve.Flat(c.FloatOr(t, "div_cc", 0))},
				Sigma:  c.Float(t, "sigma"), Lambda: c.Float(t, "lambda"), P: c.Float(t, "p"), Eta1: c.Float(t, "eta1"), Eta2: c.Float(t, "eta2")}
			return pricing.Vanilla{Right: side.right, Strike: c.Float(t, "strike"), Expiry: c.Float(t, "T_years")}, m
		})
	}
}

var kou = model.Kou{Market: model.Market{Spot: 100, Discount: curve.Flat(0.05), Carry: curve.Flat(0.01)},
	Sigma: 0.16, Lambda: 1, P: 0.4, Eta1: 10, Eta2: 5}

// Order two in space and in time, and Greeks against the cosine series.
func TestJumpOrders(t *testing.T) {
	in := pricing.Vanilla{Right: pricing.Put, Strike: 98, Expiry: 0.5}
	want := priced(t, fourier.COS{Tol: 1e-11}, in, kou)
	got := priced(t, OneAsset{}, in, kou)
	if math.Abs(got.Value-want.Value) > 1e-5 || math.Abs(got.Delta-want.Delta) > 1e-6 || math.Abs(got.Gamma-want.Gamma) > 1e-6 {
		t.Errorf("%.8f %.8f %.8f, want %.8f %.8f %.8f", got.Value, got.Delta, got.Gamma, want.Value, want.Delta, want.Gamma)
	}
	soon := in
	soon.Expiry -= 1e-4
	exact := fourier.COS{Tol: 1e-13}
	if theta := (priced(t, exact, soon, kou).Value - priced(t, exact, in, kou).Value) / 1e-4; math.Abs(got.Theta-theta) > 1e-2 {
		t.Errorf("theta %.6f, want %.6f", got.Theta, theta)
	}
	for _, scheme := range []Scheme{CrankNicolson, TRBDF2} {
		for _, space := range []bool{true, false} {
			var off []float64
			for n := 50; n <= 200; n *= 2 {
				e := OneAsset{SpaceSteps: n, TimeSteps: 200, Single: true, Scheme: scheme}
				reference := want.Value
				if space { // without the error in time
					fine := e
					fine.SpaceSteps = 800
					reference = priced(t, fine, in, kou).Value
				}
				if !space {
					e.SpaceSteps, e.TimeSteps = 100, n/5
					fine := e
					fine.TimeSteps = 640
					reference = priced(t, fine, in, kou).Value
				}
				off = append(off, priced(t, e, in, kou).Value-reference)
			}
			order := math.Log2(math.Abs(off[1] / off[2]))
			t.Logf("%v, space %v: order %.3f, errors %.3g", scheme, space, order, off)
			if order < 1.7 || order > 2.5 {
				t.Errorf("%v, space %v: order %.3f, errors %.3g, want 2", scheme, space, order, off)
			}
		}
	}
}

// Without jumps the model is Black and Scholes's; American options under jumps are worth no less than European ones, and
// barriers in and out add up although jumps pass them.
func TestJumpIdentities(t *testing.T) {
	still := kou
	still.Lambda = 0
	put := pricing.Vanilla{Right: pricing.Put, Strike: 105, Expiry: 1}
	if a, b := priced(t, OneAsset{}, put, still), priced(t, OneAsset{}, put, flatWorld(100, 0.05, 0.01, 0.16)); math.Abs(a.Value-b.Value) > 1e-10 {
		t.Errorf("no jumps: %.10g, want %.10g", a.Value, b.Value)
	}
	european, american := priced(t, OneAsset{}, put, kou).Value, priced(t, OneAsset{}, pricing.American(put), kou).Value
	many := priced(t, OneAsset{}, pricing.Bermudan{Right: put.Right, Strike: put.Strike, Dates: even(200, 1)}, kou).Value
	if !(american > european+0.1 && math.Abs(american-many) < 5e-3 && many < american) {
		t.Errorf("European %.6f, 200 dates %.6f, American %.6f", european, many, american)
	}
	for _, dates := range [][]float64{nil, even(6, 1)} {
		for _, list := range [][]pricing.Barrier{{{Level: 85, Dates: dates}}, {{Level: 120, Up: true, Dates: dates}}} {
			in := []pricing.Barrier{list[0]}
			in[0].In = true
			a, b := priced(t, OneAsset{}, knock{put, list}, kou).Value, priced(t, OneAsset{}, knock{put, in}, kou).Value
			if math.Abs(a+b-european) > 2e-5 {
				t.Errorf("barrier at %g, %d dates: %.8g out and %.8g in, want %.8g", list[0].Level, len(dates), a, b, european)
			}
		}
	}
	if _, err := (OneAsset{}).Price(ctx, put, model.Kou{Market: kou.Market, Lambda: 1, P: 0.5, Eta1: 3, Eta2: 3}); err == nil {
		t.Error("a pure jump process was priced")
	}
}

func BenchmarkKou(b *testing.B) {
	bench(b, OneAsset{}, pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}, kou)
}
