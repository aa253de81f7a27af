package calibrate

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// factors is a discount curve known at single dates.
type factors struct{ t, p []float64 }

func (f factors) DiscountFactor(t float64) float64 {
	for i, x := range f.t {
		if math.Abs(x-t) < 1e-12 {
			return f.p[i]
		}
	}
	return math.NaN()
}

// daxQuotes is the surface of volatilities, and its market.
func daxQuotes() (OptionQuotes, model.Market) {
	var q OptionQuotes
	var f factors
	for j, days := range daxDays {
		f.t, f.p = append(f.t, days/365), append(f.p, daxDiscounts[j])
	}
	for i, strike := range daxStrikes {
		for j := range daxDays {
			q.Strike, q.Expiry, q.Vol = append(q.Strike, strike), append(q.Expiry, f.t[j]), append(q.Vol, daxVols[i][j])
		}
	}
	return q, model.Market{Spot: 4468.17, Discount: f}
}

// cuiQuotes is the calls at the parameters of the paper.
func cuiQuotes(tb testing.TB) (OptionQuotes, model.Heston) {
	world := model.Heston{Market: model.Market{Spot: 1, Discount: curve.Flat(0.02)}, V0: 0.08, Kappa: 3, Theta: 0.1, Sigma: 0.25, Rho: -0.8}
	var q OptionQuotes
	for _, row := range cuiStrikes {
		for j, strike := range row {
			q.Strike, q.Expiry = append(q.Strike, strike), append(q.Expiry, cuiExpiries[j])
		}
	}
	q.Price = modelPrices(tb, q, world)
	return q, world
}

// modelPrices are calls by Lewis's engine.
func modelPrices(tb testing.TB, q OptionQuotes, m pricing.Model) []float64 {
	tb.Helper()
	in, out, prices := make([]pricing.Instrument, len(q.Strike)), make([]pricing.Result, len(q.Strike)), make([]float64, len(q.Strike))
	for i, k := range q.Strike {
		in[i] = pricing.Vanilla{Right: pricing.Call, Strike: k, Expiry: q.Expiry[i]}
	}
	if err := (fourier.Lewis{}).PriceStrip(context.Background(), out, in, m); err != nil {
		tb.Fatal(err)
	}
	for i, r := range out {
		prices[i] = r.Value
	}
	return prices
}

// syntheticQuotes are calls of 8 expiries and 13 strikes within 2.5 standard deviations.
func syntheticQuotes(tb testing.TB, m model.CharGradient) OptionQuotes {
	var q OptionQuotes
	for _, t := range []float64{1.0 / 12, 0.25, 0.5, 0.75, 1, 1.5, 2, 3} {
		sd := math.Sqrt(m.Cumulants(t).C2)
		for i := range 13 {
			q.Expiry = append(q.Expiry, t)
			q.Strike = append(q.Strike, m.ForwardAt(t).Value*math.Exp(sd*2.5*(float64(i)-6)/6))
		}
	}
	q.Price = modelPrices(tb, q, m)
	return q
}

func checkParameters(t *testing.T, got, want model.CharGradient, tol float64) {
	t.Helper()
	x, y := got.ParameterValues(), want.ParameterValues()
	for j, p := range got.Parameters() {
		if e := math.Abs(x[j] - y[j]); !(e <= tol*math.Max(1, math.Abs(y[j]))) {
			t.Errorf("%s is %.10g, want %.10g", p, x[j], y[j])
		}
	}
}

var hestonWorlds = []model.Heston{
	{Market: model.Market{Spot: 100, Discount: curve.Flat(0.03), Carry: curve.Flat(0.01)}, V0: 0.04, Kappa: 1.5, Theta: 0.06, Sigma: 0.5, Rho: -0.7},
	{Market: model.Market{Spot: 100}, V0: 0.0308, Kappa: 1.007, Theta: 0.0511, Sigma: 0.416, Rho: -0.609},
	{Market: model.Market{Spot: 100}, V0: 0.0998, Kappa: 2.721, Theta: 0.1044, Sigma: 0.213, Rho: -0.191},
	{Market: model.Market{Spot: 100}, V0: 0.139, Kappa: 1.684, Theta: 0.1011, Sigma: 0.75, Rho: -0.404},
	{Market: model.Market{Spot: 100}, V0: 0.01, Kappa: 4, Theta: 0.04, Sigma: 1.1, Rho: 0.3},
}

// perturbed has every parameter off by about a third.
func perturbed(m model.Heston) model.Heston {
	m.V0, m.Kappa, m.Theta, m.Sigma, m.Rho = 1.3*m.V0, 0.7*m.Kappa, 0.75*m.Theta, 1.35*m.Sigma, 0.7*m.Rho
	return m
}

func TestHestonRecoversParameters(t *testing.T) {
	for _, world := range hestonWorlds {
		q := syntheticQuotes(t, world)
		for _, target := range []Target{Volatilities, Prices} {
			got, _, err := Heston(context.Background(), q, perturbed(world), TransformSettings{Target: target})
			if err != nil {
				t.Fatal(err)
			}
			checkParameters(t, got, world, 1e-6)
		}
		guessed, _, err := Heston(context.Background(), q, model.Heston{Market: world.Market}, TransformSettings{})
		if err != nil {
			t.Fatal(err)
		}
		checkParameters(t, guessed, world, 1e-6)
	}
}

func sumOfSquares(sol Solution) float64 { return 2e4 * sol.Cost }

func TestHestonDAX(t *testing.T) {
	q, market := daxQuotes()
	for _, start := range []model.Heston{{Market: market, V0: 0.1, Kappa: 1, Theta: 0.1, Sigma: 0.5, Rho: -0.5}, {Market: market}} {
		_, sol, err := Heston(context.Background(), q, start, TransformSettings{})
		if err != nil {
			t.Fatal(err)
		}
		// QuantLib 1.29 finds 177.2333 square points of volatility.
		if sse := sumOfSquares(sol); !(sse <= 177.2334) {
			t.Errorf("the sum of squares is %.6f, want at most 177.2334", sse)
		}
	}
}

func TestHestonCui(t *testing.T) {
	q, world := cuiQuotes(t)
	start := world
	start.V0, start.Kappa, start.Theta, start.Sigma, start.Rho = 0.2, 1.2, 0.2, 0.3, -0.6
	for _, target := range []Target{Prices, Volatilities} {
		got, _, err := Heston(context.Background(), q, start, TransformSettings{Target: target})
		if err != nil {
			t.Fatal(err)
		}
		checkParameters(t, got, world, 1e-6)
	}
}

// From every start in the box of the paper, table 4.
func TestHestonCuiFromRandomStarts(t *testing.T) {
	q, world := cuiQuotes(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, target := range []Target{Prices, Volatilities} {
		starts := map[Target]int{Prices: 1000, Volatilities: 300}[target]
		if os.Getenv("VOLGA_SLOW") != "" {
			starts *= 10
		}
		found, evaluations := 0, 0
		for range starts {
			start := world
			start.Kappa, start.Theta, start.Sigma = 0.5+4.5*rng.Float64(), 0.05+0.9*rng.Float64(), 0.05+0.9*rng.Float64()
			start.Rho, start.V0 = -0.9+0.8*rng.Float64(), 0.05+0.9*rng.Float64()
			got, sol, err := Heston(context.Background(), q, start, TransformSettings{Target: target})
			evaluations += sol.Evaluations
			if err == nil && math.Abs(got.Kappa-world.Kappa) < 1e-5 && math.Abs(got.Rho-world.Rho) < 1e-5 {
				found++
			}
		}
		t.Logf("%v: %d of %d starts, %.1f evaluations each", target, found, starts, float64(evaluations)/float64(starts))
		if float64(found) < 0.995*float64(starts) {
			t.Errorf("%v: %d of %d random starts found the parameters", target, found, starts)
		}
	}
}

// Surfaces of random parameters, most of them far from Feller's condition, from no start at all.
func TestHestonRandomSurfaces(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	surfaces := 150
	if os.Getenv("VOLGA_SLOW") != "" {
		surfaces = 3000
	}
	between := func(a, b float64) float64 { return a * math.Pow(b/a, rng.Float64()) }
	found := 0
	for range surfaces {
		world := model.Heston{Market: model.Market{Spot: 100}, V0: between(0.003, 0.6), Kappa: between(0.3, 15), Theta: between(0.01, 0.5),
			Sigma: between(0.1, 3), Rho: -0.95 + 1.5*rng.Float64()}
		var q OptionQuotes
		for _, years := range []float64{1.0 / 52, 1.0 / 12, 0.25, 0.75, 2} {
			sd := math.Sqrt(-2 * world.Cumulants(years).C1)
			for i := range 9 {
				q.Expiry, q.Strike = append(q.Expiry, years), append(q.Strike, 100*math.Exp(0.4*(float64(i)-4)*sd))
			}
		}
		q.Price = modelPrices(t, q, world)
		got, sol, err := Heston(context.Background(), q, model.Heston{Market: world.Market}, TransformSettings{})
		if err != nil {
			t.Logf("%v: %v", world.ParameterValues(), err)
			continue
		}
		found++
		if !(sol.RMS() < 1e-7 && math.Abs(got.Kappa-world.Kappa) < 1e-4*world.Kappa) {
			t.Errorf("%v: %v with an RMS of %g", world.ParameterValues(), got.ParameterValues(), sol.RMS())
		}
	}
	if float64(found) < 0.99*float64(surfaces) {
		t.Errorf("%d of %d surfaces", found, surfaces)
	}
}

func TestGoldenHestonCalibration(t *testing.T) {
	cases, err := golden.Load("heston_calibration")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no heston_calibration.json")
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			var quotes []struct {
				Strike, T, Discount float64
				Vol                 float64 `json:"black_vol"`
			}
			c.Input(t, "quotes", &quotes)
			var at struct{ V0, Kappa, Theta, Sigma, Rho float64 }
			c.Input(t, "start", &at)
			var q OptionQuotes
			var f factors
			for _, o := range quotes {
				q.Strike, q.Expiry, q.Vol = append(q.Strike, o.Strike), append(q.Expiry, o.T), append(q.Vol, o.Vol)
				if o.Discount == 0 {
					o.Discount = math.Exp(-c.Float(t, "rate") * o.T)
				}
				f.t, f.p = append(f.t, o.T), append(f.p, o.Discount)
			}
			start := model.Heston{Market: model.Market{Spot: c.Float(t, "spot"), Discount: f, Carry: curve.Flat(c.Float(t, "dividend_yield"))},
				V0: at.V0, Kappa: at.Kappa, Theta: at.Theta, Sigma: at.Sigma, Rho: at.Rho}
			got, sol, err := Heston(context.Background(), q, start, TransformSettings{})
			if err != nil {
				t.Fatal(err)
			}
			c.Check(t, "sse_vol_points", sumOfSquares(sol))
			c.Check(t, "v0", got.V0)
			c.Check(t, "kappa", got.Kappa)
			c.Check(t, "theta", got.Theta)
			c.Check(t, "sigma", got.Sigma)
			c.Check(t, "rho", got.Rho)
		})
	}
}

func TestGoldenHestonCalibrationCui(t *testing.T) {
	cases, err := golden.Load("papers/heston_calibration_cui")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no heston_calibration_cui.json")
	}
	if err != nil {
		t.Fatal(err)
	}
	type parameters struct {
		V0, Kappa, Theta, Rho float64
		Sigma                 float64 `json:"vol_of_vol"`
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			var q OptionQuotes
			var start, want parameters
			c.Input(t, "strikes", &q.Strike)
			c.Input(t, "T_years", &q.Expiry)
			c.Expected(t, "calls", &q.Price)
			c.Input(t, "start", &start)
			c.Expected(t, "optimum", &want)
			market := model.Market{Spot: c.Float(t, "spot"), Discount: curve.Flat(c.Float(t, "rate_cc")), Carry: curve.Flat(c.Float(t, "div_cc"))}
			from := model.Heston{Market: market}.WithParameters([]float64{start.V0, start.Kappa, start.Theta, start.Sigma, start.Rho})
			for _, target := range []Target{Prices, Volatilities} {
				got, _, err := Heston(context.Background(), q, from, TransformSettings{Target: target})
				if err != nil {
					t.Fatal(err)
				}
				checkParameters(t, got, model.Heston{Market: market}.WithParameters([]float64{want.V0, want.Kappa, want.Theta, want.Sigma, want.Rho}), 1e-6)
			}
		})
	}
}

func BenchmarkHestonCalibration(b *testing.B) {
	run := func(name string, q OptionQuotes, start model.Heston, target Target) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			evaluations := 0
			for b.Loop() {
				_, sol, err := Heston(context.Background(), q, start, TransformSettings{Target: target})
				if err != nil {
					b.Fatal(err)
				}
				evaluations = sol.Evaluations
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/fit")
			b.ReportMetric(float64(evaluations), "evaluations")
		})
	}
	run("synthetic", syntheticQuotes(b, hestonWorlds[0]), perturbed(hestonWorlds[0]), Volatilities)
	q, market := daxQuotes()
	run("dax", q, model.Heston{Market: market, V0: 0.1, Kappa: 1, Theta: 0.1, Sigma: 0.5, Rho: -0.5}, Volatilities)
	run("dax_no_start", q, model.Heston{Market: market}, Volatilities)
	fitted, _, err := Heston(context.Background(), q, model.Heston{Market: market}, TransformSettings{})
	if err != nil {
		b.Fatal(err)
	}
	moved := q
	moved.Vol = slices.Clone(q.Vol)
	for i := range moved.Vol {
		moved.Vol[i] += 0.003 + 0.002*math.Sin(float64(i))
	}
	run("dax_refit", moved, fitted, Volatilities)
	q, world := cuiQuotes(b)
	world.V0, world.Kappa, world.Theta, world.Sigma, world.Rho = 0.2, 1.2, 0.2, 0.3, -0.6
	run("cui", q, world, Prices)
}
