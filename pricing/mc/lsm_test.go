package mc

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

func runEarly(t testing.TB, e LongstaffSchwartz, in pricing.Instrument, m pricing.Model) ExerciseReport {
	t.Helper()
	r, err := e.Run(ctx, in, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// below fails the test if the value is above what it is a lower bound of by more than chance allows, or below by more than slack, a
// fraction, and chance.
func below(t testing.TB, name string, r pricing.Result, want, slack float64) {
	t.Helper()
	const errors = 3.5
	if over := r.Value - want; over > errors*r.StdErr || -over > slack*want+errors*r.StdErr || !(r.StdErr >= 0) {
		t.Errorf("%s: %.8g ± %.2g, want %.8g, or less by at most %.2g of it", name, r.Value, r.StdErr, want, slack)
	}
}

func TestGoldenBermudanPut(t *testing.T) {
	golden.Run(t, "papers/bermudan_put_bsm", func(t *testing.T, c golden.Case) {
		m := flatWorld(c.Float(t, "spot"), c.Float(t, "rate_cc"), c.Float(t, "div_cc"), c.Float(t, "vol"))
		in := pricing.Bermudan{Right: pricing.Put, Strike: c.Float(t, "strike"), Dates: weekly(int(c.Float(t, "exercise_dates")), c.Float(t, "T_years"))}
		var want float64
		c.Expected(t, "price", &want)
		european := Control{Instrument: pricing.Vanilla{Right: in.Right, Strike: in.Strike, Expiry: in.Expiry()}, Engine: analytic.European{}}
		r := runEarly(t, LongstaffSchwartz{Engine: Engine{Paths: 1 << 15, Source: Antithetic{}, Controls: []Control{european}}, Fit: 1 << 14}, in, m)
		below(t, c.ID, r.Result, want, 3e-3)
		if r.StdErr > 6e-3*want {
			t.Errorf("standard error %g", r.StdErr)
		}
	})
}

// Table 1 of Longstaff and Schwartz (2001): puts struck at 40, rate 6%, exercise 50 times a year. Their finite differences have three
// digits and agree with the exact values with 50 dates to 6e-3.
func TestLongstaffSchwartzTable1(t *testing.T) {
	table := map[float64][4]float64{ // by spot: volatility 20% for one and two years, then 40%
		36: {4.478, 4.840, 7.101, 8.508}, 38: {3.250, 3.745, 6.148, 7.670}, 40: {2.314, 2.885, 5.312, 6.920},
		42: {1.617, 2.212, 4.582, 6.248}, 44: {1.110, 1.690, 3.948, 5.647},
	}
	for spot, row := range table {
		for i, published := range row {
			vol, years := 0.2*float64(1+i/2), float64(1+i%2)
			m := flatWorld(spot, 0.06, 0, vol)
			in := pricing.Bermudan{Right: pricing.Put, Strike: 40, Dates: weekly(50*int(years), years)}
			want := exact(t, fourier.COS{}, in, m)
			name := fmt.Sprintf("spot %g, volatility %g, %g years", spot, vol, years)
			if math.Abs(want-published) > 6e-3 {
				t.Errorf("%s: cosine series give %g, Longstaff and Schwartz %g", name, want, published)
			}
			european := Control{Instrument: pricing.Vanilla{Right: pricing.Put, Strike: 40, Expiry: years}, Engine: analytic.European{}}
			e := LongstaffSchwartz{Engine: Engine{Paths: 1 << 13, Controls: []Control{european}}, Fit: 1 << 13, Basis: Laguerre}
			below(t, name, runEarly(t, e, in, m).Result, want, 6e-3)
		}
	}
}

// All bases of one variable but Laguerre's span the same functions, and a payoff that is among them changes nothing.
func TestBasesAgree(t *testing.T) {
	m := flatWorld(40, 0.06, 0, 0.2)
	in := pricing.Bermudan{Right: pricing.Put, Strike: 40, Dates: weekly(12, 1)}
	want := exact(t, fourier.COS{}, in, m)
	var first float64
	for i, b := range []Basis{Polynomial, Hermite, Chebyshev, Laguerre} {
		for j, p := range []PayoffTerm{PayoffAdded, PayoffLeftOut, PayoffCrossed} {
			r := runEarly(t, LongstaffSchwartz{Engine: Engine{Paths: 1 << 13, Source: Antithetic{}}, Fit: 1 << 13, Basis: b, Payoff: p, Degree: 4}, in, m)
			below(t, fmt.Sprint(b, ", payoff ", p), r.Result, want, 6e-3)
			if i == 0 && j == 0 {
				first = r.Value
			}
			if b != Laguerre && math.Abs(r.Value-first) > 1e-6 {
				t.Errorf("%v, payoff %v: %.9g, other bases %.9g", b, p, r.Value, first)
			}
		}
	}
	all := runEarly(t, LongstaffSchwartz{Engine: Engine{Paths: 1 << 13, Source: Antithetic{}}, Fit: 1 << 13, AllPaths: true}, in, m)
	below(t, "all paths", all.Result, want, 1.5e-2)
}

// Bermudan options under jumps against cosine series.
func TestBermudanUnderJumps(t *testing.T) {
	market := model.Market{Spot: 100, Discount: curve.Flat(0.08)}
	in := pricing.Bermudan{Right: pricing.Put, Strike: 105, Dates: weekly(4, 1)}
	for _, m := range []pricing.Model{
		model.Merton{Market: market, Sigma: 0.2, Jumps: model.Jumps{Lambda: 0.8, MuJ: -0.1, SigmaJ: 0.2}},
		model.VarianceGamma{Market: market, Sigma: 0.2, Nu: 0.1, Theta: -0.2},
		model.NIG{Market: market, Alpha: 10, Beta: -3, Delta: 0.4},
	} {
		want := exact(t, fourier.COS{}, in, m)
		r := runEarly(t, LongstaffSchwartz{Engine: Engine{Paths: 1 << 15, Source: Antithetic{}}, Fit: 1 << 14}, in, m)
		below(t, fmt.Sprintf("%T", m), r.Result, want, 4e-3)
	}
}

// Exercise at any time, by extrapolation in the number of dates.
func TestAmericanExtrapolated(t *testing.T) {
	for _, in := range []pricing.American{
		{Right: pricing.Put, Strike: 100, Expiry: 1}, {Right: pricing.Put, Strike: 110, Expiry: 0.5}, {Right: pricing.Call, Strike: 95, Expiry: 2},
	} {
		m := flatWorld(100, 0.06, 0.04, 0.25)
		want := exact(t, analytic.AndersenLake{}, in, m)
		european := Control{Instrument: in.European(), Engine: analytic.European{}}
		e := LongstaffSchwartz{Engine: Engine{Paths: 1 << 14, Source: Antithetic{}, Controls: []Control{european}, Greeks: pricing.HasDelta}, Fit: 1 << 14, Dates: 32, Richardson: true}
		r := runEarly(t, e, in, m)
		below(t, fmt.Sprintf("%+v", in), r.Result, want, 4e-3)
		bump := 0.5
		up, down := exact(t, analytic.AndersenLake{}, in, flatWorld(100+bump, 0.06, 0.04, 0.25)), exact(t, analytic.AndersenLake{}, in, flatWorld(100-bump, 0.06, 0.04, 0.25))
		if delta := (up - down) / (2 * bump); math.Abs(r.Delta-delta) > 3*r.Errors.Delta+0.02 || r.Has&pricing.HasDelta == 0 {
			t.Errorf("%+v: delta %g ± %g, want %g", in, r.Delta, r.Errors.Delta, delta)
		}
	}
}

func TestGoldenHestonAmerican(t *testing.T) {
	golden.Run(t, "papers/heston_american_barrier", func(t *testing.T, c golden.Case) {
		if c.Text(t, "exercise") != "American" {
			return
		}
		m := model.Heston{
			Market: model.Market{Spot: c.Float(t, "spot"), Discount: curve.Flat(c.Float(t, "rate_cc")), Carry: curve.Flat(c.Float(t, "div_cc"))},
			V0:     c.Float(t, "v0"), Kappa: c.Float(t, "kappa"), Theta: c.Float(t, "theta"), Sigma: c.Float(t, "vol_of_vol"), Rho: c.Float(t, "rho"),
		}
		in := pricing.American{Right: pricing.Put, Strike: c.Float(t, "strike"), Expiry: c.Float(t, "T_years")}
		var want float64
		c.Expected(t, "price", &want)
		european := Control{Instrument: in.European(), Engine: fourier.COS{}}
		e := LongstaffSchwartz{Engine: Engine{Paths: 1 << 13, Controls: []Control{european}}, Fit: 1 << 13, Dates: 16, Richardson: true}
		below(t, c.ID, runEarly(t, e, in, m).Result, want, 6e-3)
	})
}

func TestEarlyWorkersGiveTheSameBits(t *testing.T) {
	m := model.Heston{Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)}, V0: 0.04, Kappa: 2, Theta: 0.04, Sigma: 0.5, Rho: -0.7}
	in := pricing.American{Right: pricing.Put, Strike: 105, Expiry: 0.5}
	var first ExerciseReport
	for i, n := range []int{1, 2, 3, 16} {
		e := LongstaffSchwartz{Engine: Engine{Paths: 5000, Workers: n, Seed: 7}, Fit: 5000, Dates: 8, Richardson: true}
		r := runEarly(t, e, in, m)
		if i == 0 {
			first = r
		}
		if r.Value != first.Value || r.StdErr != first.StdErr || r.InSample != first.InSample {
			t.Errorf("%d workers: %v ± %v in sample %v, one worker %v ± %v in sample %v", n, r.Value, r.StdErr, r.InSample, first.Value, first.StdErr, first.InSample)
		}
	}
}

func TestExerciseAtOnce(t *testing.T) {
	m := flatWorld(50, 0.10, 0, 0.1)
	in := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	r := runEarly(t, LongstaffSchwartz{Engine: Engine{Paths: 1000, Greeks: pricing.HasDelta}, Fit: 1000}, in, m)
	if !r.AtOnce || math.Abs(r.Value-50) > 1e-12 || r.StdErr > 1e-12 || math.Abs(r.Delta+1) > 1e-9 {
		t.Errorf("%+v", r)
	}
	in.Expiry = 0
	if r := runEarly(t, LongstaffSchwartz{Engine: Engine{Paths: 1000}, Fit: 1000}, in, m); math.Abs(r.Value-50) > 1e-12 {
		t.Errorf("at expiry: %+v", r)
	}
}

// Without volatility all states are equal, and the regressions have one function that is not explained by the constant.
func TestNoVolatility(t *testing.T) {
	m := flatWorld(100, 0.02, 0.08, 0)
	in := pricing.Bermudan{Right: pricing.Put, Strike: 110, Dates: []float64{0.5, 1, 1.5}}
	want := 0.0
	for _, d := range in.Dates {
		want = math.Max(want, math.Exp(-0.02*d)*110-100*math.Exp(-0.08*d))
	}
	for _, b := range []Basis{Polynomial, Laguerre, Hermite, Chebyshev} {
		r := runEarly(t, LongstaffSchwartz{Engine: Engine{Paths: 1000}, Fit: 1000, Basis: b}, in, m)
		if math.Abs(r.Value-want) > 1e-9 {
			t.Errorf("%v: %g, want %g", b, r.Value, want)
		}
	}
}

// broken is a Bermudan option on the best of some assets, with one thing wrong.
type broken struct {
	dates, times []float64
	assets, vars int
	pays         float64 // NaN breaks the payoff
}

func (o broken) Validate() error          { return nil }
func (o broken) Assets() int              { return o.assets }
func (o broken) Observations() []float64  { return o.times }
func (o broken) ExerciseDates() []float64 { return o.dates }
func (o broken) States() int              { return o.vars }
func (o broken) ExerciseTo(dst []float64, i int, p *pricing.Paths) {
	pricing.Put.PayoffTo(dst, p.At(i, 0), 100)
	dst[0] += o.pays
}
func (o broken) StatesTo(dst [][]float64, i int, p *pricing.Paths) {
	for v := range dst {
		copy(dst[v], p.At(i, 0))
	}
}

func TestEarlyRefuses(t *testing.T) {
	m := flatWorld(100, 0.05, 0, 0.2)
	put := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	good := broken{dates: []float64{1, 2}, times: []float64{1, 2}, assets: 1, vars: 1}
	with := func(change func(*broken)) broken { b := good; change(&b); return b }
	small := LongstaffSchwartz{Engine: Engine{Paths: 500}, Fit: 500}
	runEarly(t, small, good, m)
	for _, c := range []struct {
		field string
		e     LongstaffSchwartz
		in    pricing.Instrument
	}{
		{"Fit", LongstaffSchwartz{Fit: -1}, put},
		{"Fit", LongstaffSchwartz{Fit: 100_000_000}, put},
		{"Paths", LongstaffSchwartz{Fit: 100, Engine: Engine{Paths: -1}}, put},
		{"Dates", LongstaffSchwartz{Dates: -1}, put},
		{"Dates", LongstaffSchwartz{Dates: 5, Richardson: true}, put},
		{"Degree", LongstaffSchwartz{Degree: -1}, put},
		{"Degree", LongstaffSchwartz{Degree: 21}, put},
		{"Degree", LongstaffSchwartz{Degree: 5}, with(func(b *broken) { b.vars = 10 })},
		{"Basis", LongstaffSchwartz{Basis: 9}, put},
		{"Payoff", LongstaffSchwartz{Payoff: -1}, put},
		{"Dates[1]", small, pricing.Bermudan{Right: pricing.Put, Strike: 100, Dates: []float64{1, 0.5}}},
		{"ExerciseDates[1]", small, with(func(b *broken) { b.dates = []float64{2, 1} })},
		{"ExerciseDates[0]", small, with(func(b *broken) { b.dates = []float64{1.5, 2} })},
		{"ExerciseDates", small, with(func(b *broken) { b.dates = []float64{1} })},
		{"Observations[1]", small, with(func(b *broken) { b.times = []float64{2, 1} })},
		{"Assets", small, with(func(b *broken) { b.assets = 0 })},
		{"States", small, with(func(b *broken) { b.vars = 0 })},
	} {
		_, err := c.e.Price(ctx, c.in, m)
		var arg *pricing.ArgError
		if !errors.As(err, &arg) || arg.Arg != c.field {
			t.Errorf("%s: %v", c.field, err)
		}
	}
	for _, in := range []pricing.Instrument{pricing.Vanilla{Right: pricing.Put, Strike: 100, Expiry: 1}, with(func(b *broken) { b.assets = 2 })} {
		if _, err := small.Price(ctx, in, m); !errors.Is(err, pricing.ErrUnsupported) {
			t.Errorf("%T: %v", in, err)
		}
	}
	if _, err := (Engine{}).Price(ctx, good, m); !errors.Is(err, pricing.ErrUnsupported) {
		t.Error(err)
	}
	var bad *PathError
	if _, err := small.Price(ctx, with(func(b *broken) { b.pays = math.NaN() }), m); !errors.As(err, &bad) || bad.Path != 0 {
		t.Error(err)
	}
}

func TestEarlyCancels(t *testing.T) {
	m := model.Heston{Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)}, V0: 0.04, Kappa: 2, Theta: 0.04, Sigma: 0.5, Rho: -0.7}
	in := pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := LongstaffSchwartz{Engine: Engine{Paths: 1 << 24}, Fit: 1 << 18}.Price(ctx, in, m)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	tell := 0
	e := LongstaffSchwartz{Engine: Engine{Paths: 4096, Progress: func(p Progress) { tell = p.Paths }}, Fit: 512, Dates: 4}
	if runEarly(t, e, in, m); tell != 4096 {
		t.Errorf("told of %d paths", tell)
	}
}

// Paths that go on from a later time are those that went there from now.
func TestPathsResume(t *testing.T) {
	market := model.Market{Spot: 100, Discount: curve.Flat(0.05), Carry: curve.Flat(0.02)}
	heston := model.Heston{Market: market, V0: 0.04, Kappa: 2, Theta: 0.05, Sigma: 0.4, Rho: -0.6}
	asset := model.Asset{Spot: 100, Vol: model.FlatVol(0.3)}
	jumps := model.Jumps{Lambda: 0.5, MuJ: -0.1, SigmaJ: 0.1}
	cev := model.CEV{Market: market, Sigma: 0.8, Beta: 0.7}
	for _, c := range []struct {
		name string
		e    Engine
		m    pricing.Model
	}{
		{"Black-Scholes", Engine{}, model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.2),
			Dividends: []model.Dividend{{Time: 0.3, Cash: 2}, {Time: 0.8, Proportion: 0.02}}}},
		{"assets", Engine{}, model.Assets{Each: []model.Asset{asset, asset}, Correlation: [][]float64{{1, 0.5}, {0.5, 1}}}},
		{"Heston", Engine{}, heston},
		{"full truncation", Engine{Scheme: Heston{Step: FullTruncation}}, heston},
		{"Broadie-Kaya", Engine{Scheme: Heston{Step: BroadieKaya}}, heston},
		{"Bates", Engine{}, model.Bates{Heston: heston, Jumps: jumps}},
		{"double Heston", Engine{}, model.DoubleHeston{Market: market, First: model.HestonFactor{V0: 0.02, Kappa: 1, Theta: 0.03, Sigma: 0.3, Rho: -0.5},
			Second: model.HestonFactor{V0: 0.02, Kappa: 5, Theta: 0.02, Sigma: 0.6, Rho: -0.3}}},
		{"Euler in two variables", Engine{Scheme: Diffuse2{}}, heston},
		{"Merton", Engine{}, model.Merton{Market: market, Sigma: 0.2, Jumps: jumps}},
		{"variance gamma", Engine{}, model.VarianceGamma{Market: market, Sigma: 0.2, Nu: 0.3, Theta: -0.2}},
		{"logarithm", Engine{Scheme: Diffuse{Scale: LogPrice}}, flatWorld(100, 0.05, 0.02, 0.2)},
		{"price", Engine{Scheme: Diffuse{Scale: Price}}, cev},
	} {
		g, err := c.e.Generator(c.m, []float64{0.25, 0.5, 1, 1.5}, 0)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if !g.layout.Resumes {
			t.Errorf("%s does not resume", c.name)
			continue
		}
		g.state = true
		whole, part := g.NewBlock(), g.NewBlock()
		g.Make(whole, 3)
		for from := 1; from < 4; from++ {
			g.Draw(part, 3)
			for i := range part.Spot {
				fill(part.Spot[i], math.NaN())
			}
			a, s := g.layout.Assets, g.layout.States
			for i := range a {
				copy(part.Spot[(from-1)*a+i], whole.Spot[(from-1)*a+i])
			}
			for i := range s {
				copy(part.State[(from-1)*s+i], whole.State[(from-1)*s+i])
			}
			part.work.From, part.work.Until = from, 3
			g.sim.PathsTo(&part.work)
			for i := from; i < 4; i++ {
				for k := range a {
					for j, v := range part.At(i, k) {
						if want := whole.At(i, k)[j]; i < 3 && !(math.Abs(v-want) <= 1e-11*math.Abs(want)) || i == 3 && !math.IsNaN(v) {
							t.Fatalf("%s from %d: asset %d at %d on path %d is %g, want %g", c.name, from, k, i, j, v, want)
						}
					}
				}
			}
		}
	}
}

func BenchmarkLSM50(b *testing.B) {
	m := flatWorld(36, 0.06, 0, 0.2)
	in := pricing.American{Right: pricing.Put, Strike: 40, Expiry: 1}
	for _, n := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", n), func(b *testing.B) {
			e := LongstaffSchwartz{Engine: Engine{Paths: 16384, Workers: n}, Fit: 16384, Dates: 50}
			var r ExerciseReport
			b.ReportAllocs()
			for b.Loop() {
				r = runEarly(b, e, in, m)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/price")
			b.ReportMetric(r.StdErr, "stderr")
		})
	}
}

// Techniques of variance reduction change the error, not the value, also where the model has a state of its own.
func TestEarlySources(t *testing.T) {
	m := model.Heston{Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)}, V0: 0.04, Kappa: 2, Theta: 0.04, Sigma: 0.5, Rho: -0.7}
	in := pricing.American{Right: pricing.Put, Strike: 80, Expiry: 1}
	plain := runEarly(t, LongstaffSchwartz{Engine: Engine{Paths: 1 << 17, Source: Sobol{}}, Dates: 8}, in, m)
	for _, s := range []Source{Philox{}, Antithetic{}, MomentMatching{}, Stratified{}, Importance{}, Importance{Of: Antithetic{}}} {
		r := runEarly(t, LongstaffSchwartz{Engine: Engine{Paths: 1 << 13, Source: s}, Dates: 8}, in, m)
		if off := math.Abs(r.Value - plain.Value); off > 4*math.Hypot(r.StdErr, plain.StdErr) {
			t.Errorf("%T: %.5g ± %.2g, by Sobol's points %.5g ± %.2g", s, r.Value, r.StdErr, plain.Value, plain.StdErr)
		}
	}
}
