package fd

import (
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

func hestonWorld(r, q, v0, kappa, theta, sigma, rho float64) model.Heston {
	return model.Heston{Market: model.Market{Spot: 100, Discount: curve.Flat(r), Carry: curve.Flat(q)},
		V0: v0, Kappa: kappa, Theta: theta, Sigma: sigma, Rho: rho}
}

// foulon are the four cases of in 't Hout and Foulon (2010), table 1, with v0 = θ.
var foulon = []struct {
	world  model.Heston
	expiry float64
}{
	{hestonWorld(0.025, 0, 0.04, 1.5, 0.04, 0.3, -0.9), 1},
	{hestonWorld(0.01, 0.04, 0.12, 3, 0.12, 0.04, 0.6), 1},
	{hestonWorld(0.03, 0, 0.0707, 0.6067, 0.0707, 0.2928, -0.7571), 3},
	{hestonWorld(0.0507, 0.0469, 0.06, 2.5, 0.06, 0.5, -0.1), 0.25},
}

// ruledOut is a knock-out or knock-in option for tests.
type ruledOut struct {
	pricing.Vanilla
	barriers []pricing.Barrier
}

func (r ruledOut) Barriers() []pricing.Barrier { return r.barriers }

func goldenHeston(t *testing.T, c golden.Case) model.Heston {
	return model.Heston{
		Market: model.Market{Spot: c.Float(t, "spot"), Discount: curve.Flat(c.Float(t, "rate_cc")), Carry: curve.Flat(c.Float(t, "div_cc"))},
		V0:     c.Float(t, "v0"), Kappa: c.Float(t, "kappa"), Theta: c.Float(t, "theta"), Sigma: c.Float(t, "vol_of_vol"), Rho: c.Float(t, "rho"),
	}
}

func TestGoldenHestonAmericanBarrier(t *testing.T) {
	e := ADI{TimeSteps: 200, SpotSteps: 280, SecondSteps: 80}
	worst := 0.0
	golden.Run(t, "papers/heston_american_barrier", func(t *testing.T, c golden.Case) {
		right, err := pricing.ParseRight(c.Text(t, "type"))
		if err != nil {
			t.Fatal(err)
		}
		opt := pricing.Vanilla{Right: right, Strike: c.Float(t, "strike"), Expiry: c.Float(t, "T_years")}
		var in pricing.Instrument = pricing.American(opt)
		if c.Has("down_and_out_barrier") {
			in = ruledOut{opt, []pricing.Barrier{{Level: c.Float(t, "down_and_out_barrier")}}}
		}
		r := priced2(t, e, in, goldenHeston(t, c))
		c.Check(t, "price", r.Value)
		var want float64
		c.Expected(t, "price", &want)
		worst = math.Max(worst, math.Abs(r.Value-want)/opt.Strike)
	})
	t.Logf("worst error %.2g of the strike", worst)
}

func priced2(t testing.TB, e pricing.Engine, in pricing.Instrument, m pricing.Model) pricing.Result {
	t.Helper()
	r, err := e.Price(t.Context(), in, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// European prices, those of extreme worlds too, to the accuracy that the engine claims. One world is out of reach, a hundred
// volatility points for twenty years, and said to be.
func TestGoldenHestonGrid(t *testing.T) {
	total, n := 0.0, 0.0
	golden.Run(t, "heston", func(t *testing.T, c golden.Case) {
		m := model.Heston{Market: model.Market{Spot: c.Float(t, "spot"), Discount: curve.Flat(c.Float(t, "rate")), Carry: curve.Flat(c.Float(t, "dividend_yield"))},
			V0: c.Float(t, "v0"), Kappa: c.Float(t, "kappa"), Theta: c.Float(t, "theta"), Sigma: c.Float(t, "sigma"), Rho: c.Float(t, "rho")}
		right, err := pricing.ParseRight(c.Text(t, "type"))
		if err != nil {
			t.Fatal(err)
		}
		opt := pricing.Vanilla{Right: right, Strike: c.Float(t, "strike"), Expiry: c.Float(t, "t")}
		r, err := ADI{}.Price(t.Context(), opt, m)
		if errors.Is(err, ErrAccuracy) {
			t.Log(err)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		var want float64
		c.Expected(t, "price", &want)
		off := math.Abs(r.Value-want) / m.Spot
		total += math.Log10(off + 1e-10)
		n++
		claim := 2e-4
		if ratio, _ := m.Feller(); ratio > 0.3 && opt.Expiry < 10 {
			claim = 1e-5
		}
		if off > claim {
			t.Errorf("%.6f, want %.6f: off by %.1e of the spot, claimed %.0e", r.Value, want, off, claim)
		}
	})
	if mean := math.Pow(10, total/n); !(mean < 1e-6) || n < 55 {
		t.Errorf("%g prices, geometric mean of errors %.1e of the spot", n, mean)
	} else {
		t.Logf("%g prices, geometric mean of errors %.1e of the spot", n, mean)
	}
}

// Prices as the papers print them.
func TestGoldenPublishedHeston(t *testing.T) {
	golden.Run(t, "papers/published_heston", func(t *testing.T, c golden.Case) {
		m := goldenHeston(t, c)
		var strikes, values []float64
		c.Input(t, "strikes", &strikes)
		c.Expected(t, "values", &values)
		rights := make([]float64, len(strikes))
		for i := range rights {
			rights[i] = 1
		}
		if c.Has("cp") {
			c.Input(t, "cp", &rights)
		}
		for i, k := range strikes {
			opt := pricing.Vanilla{Right: pricing.Right(rights[i]), Strike: k, Expiry: c.Float(t, "T_years")}
			got := priced2(t, ADI{}, opt, m).Value
			if math.Abs(got-values[i]) > 1e-4*m.Spot+5e-4 { // three decimals, and worlds of long maturities and violent variances
				t.Errorf("strike %g: %.6f, want %.6f", k, got, values[i])
			}
		}
	})
}

// The value and every Greek on the cases of the paper against the transform.
func TestHestonEuropean(t *testing.T) {
	for i, f := range foulon {
		for _, strike := range []float64{80, 100, 120} {
			opt := pricing.Vanilla{Right: pricing.Put, Strike: strike, Expiry: f.expiry}
			want := priced2(t, fourier.Lewis{}, opt, f.world)
			got := priced2(t, ADI{}, opt, f.world)
			if math.Abs(got.Value-want.Value) > 5e-4 || math.Abs(got.Delta-want.Delta) > 1e-4 || math.Abs(got.Gamma-want.Gamma) > 2e-3*want.Gamma {
				t.Errorf("case %d, strike %g: %.6f %.5f %.6f, want %.6f %.5f %.6f", i+1, strike, got.Value, got.Delta, got.Gamma,
					want.Value, want.Delta, want.Gamma)
			}
			at := func(w model.Heston) float64 { return priced2(t, fourier.Lewis{}, opt, w).Value }
			up, down := f.world, f.world
			const h = 1e-4
			root := math.Sqrt(f.world.V0)
			up.V0, down.V0 = (root+h)*(root+h), (root-h)*(root-h)
			if vega := (at(up) - at(down)) / (2 * h); math.Abs(got.Vega-vega) > 1e-3*vega {
				t.Errorf("case %d, strike %g: vega %.5f, want %.5f", i+1, strike, got.Vega, vega)
			}
			later, sooner := opt, opt
			later.Expiry, sooner.Expiry = opt.Expiry+h, opt.Expiry-h
			theta := (priced2(t, fourier.Lewis{}, sooner, f.world).Value - priced2(t, fourier.Lewis{}, later, f.world).Value) / (2 * h)
			if math.Abs(got.Theta-theta) > 1e-3+1e-3*math.Abs(theta) {
				t.Errorf("case %d, strike %g: theta %.5f, want %.5f", i+1, strike, got.Theta, theta)
			}
		}
	}
}

// An American call is the American put of the world in which the asset is money: spot and strike, rate and yield change
// places, and the variance takes the law that it has with the asset as numeraire.
func TestAmericanPutCallSymmetry(t *testing.T) {
	for i, f := range foulon {
		m := f.world
		rate, yield := m.Discount.(curve.Flat), m.Carry.(curve.Flat)
		kappa := m.Kappa - m.Rho*m.Sigma
		mirror := m
		mirror.Discount, mirror.Carry = yield, rate
		mirror.Kappa, mirror.Theta, mirror.Rho = kappa, m.Kappa*m.Theta/kappa, -m.Rho
		for _, strike := range []float64{90, 115} {
			call := priced2(t, ADI{TimeSteps: 100, SecondSteps: 80}, pricing.American{Right: pricing.Call, Strike: strike, Expiry: f.expiry}, m)
			put := priced2(t, ADI{TimeSteps: 100, SecondSteps: 80}, pricing.American{Right: pricing.Put, Strike: 100, Expiry: f.expiry}, mirror.WithSpot(strike))
			if math.Abs(call.Value-put.Value) > 1e-3 || math.Abs(call.Vega-put.Vega) > 2e-2 {
				t.Errorf("case %d, strike %g: call %.6f, vega %.5f, mirrored put %.6f, vega %.5f", i+1, strike, call.Value, call.Vega, put.Value, put.Vega)
			}
		}
	}
}
