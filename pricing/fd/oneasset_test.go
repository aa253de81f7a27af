package fd

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/internal/race"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

var ctx = context.Background()

func flatWorld(spot, rate, yield, vol float64) model.BlackScholes {
	return model.BlackScholes{Spot: spot, Discount: curve.Flat(rate), Carry: curve.Flat(yield), Vol: model.FlatVol(vol),
		DividendModel: model.PiecewiseLognormal}
}

func priced(t testing.TB, e pricing.Engine, in pricing.Instrument, m pricing.Model) pricing.Result {
	t.Helper()
	r, err := e.Price(ctx, in, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readCase(t *testing.T, c golden.Case) (v pricing.Vanilla, m model.BlackScholes) {
	t.Helper()
	right, err := pricing.ParseRight(c.Text(t, "type"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Has("T_years") {
		m = flatWorld(c.Float(t, "spot"), c.Float(t, "rate_cc"), c.FloatOr(t, "div_cc", 0), c.Float(t, "vol"))
		return pricing.Vanilla{Right: right, Strike: c.Float(t, "strike"), Expiry: c.Float(t, "T_years")}, m
	}
	m = flatWorld(c.Float(t, "spot"), c.Float(t, "rate"), c.FloatOr(t, "dividend_yield", 0), c.Float(t, "vol"))
	return pricing.Vanilla{Right: right, Strike: c.Float(t, "strike"), Expiry: c.Float(t, "t")}, m
}

// knock is a European option with barriers.
type knock struct {
	pricing.Vanilla
	barriers []pricing.Barrier
}

func (k knock) Barriers() []pricing.Barrier { return k.barriers }

// knockAmerican is one that may be exercised at any time, while it lives.
type knockAmerican struct {
	pricing.American
	barriers []pricing.Barrier
}

func (k knockAmerican) Barriers() []pricing.Barrier { return k.barriers }

// paid is any payoff of one price.
type paid struct {
	expiry float64
	kinks  []float64
	f      func(s float64) float64
}

func (p paid) Validate() error   { return fault.NonNegative("paid", "expiry", p.expiry) }
func (p paid) Maturity() float64 { return p.expiry }
func (p paid) Kinks() []float64  { return p.kinks }
func (p paid) PayoffTo(dst, spot []float64) {
	for i, s := range spot {
		dst[i] = p.f(s)
	}
}

// paidEarly is one that may be exercised at any time.
type paidEarly struct{ paid }

func (p paidEarly) ExerciseDates() []float64 { return nil }

var (
	_ pricing.Barriered     = knock{}
	_ pricing.Barriered     = knockAmerican{}
	_ pricing.EarlyExercise = knockAmerican{}
	_ pricing.EarlyExercise = paidEarly{}
)

func even(n int, last float64) []float64 {
	dates := make([]float64, n)
	for i := range dates {
		dates[i] = last * float64(i+1) / float64(n)
	}
	dates[n-1] = last
	return dates
}

// referenced holds an engine against a topic: the error over the scale, the larger of spot and strike, must stay below the claim.
func referenced(t *testing.T, topic, name string, e pricing.Engine, claim float64,
	read func(*testing.T, golden.Case) (pricing.Instrument, pricing.Model)) {
	t.Helper()
	worst, at := 0.0, ""
	golden.Run(t, topic, func(t *testing.T, c golden.Case) {
		in, m := read(t, c)
		r := priced(t, e, in, m)
		var want float64
		c.Expected(t, name, &want)
		scale := math.Max(m.(interface{ SpotPrice() float64 }).SpotPrice(), in.(pricing.Terminal).Kinks()[0])
		off := math.Abs(r.Value-want) / scale
		if off > worst {
			worst, at = off, c.ID
		}
		if !(off <= claim) {
			t.Errorf("%.9g, want %.9g: off by %.2g of %g, allowed %.2g", r.Value, want, off, scale, claim)
		}
	})
	t.Logf("%s: worst error %.2g of the scale (%s)", topic, worst, at)
}

// The zero value, against references. The volatilities of bsm reach 1.25 over nine years.
func TestGoldenEuropean(t *testing.T) {
	referenced(t, "bsm", "price", OneAsset{}, 1e-6, func(t *testing.T, c golden.Case) (pricing.Instrument, pricing.Model) {
		v, m := readCase(t, c)
		return v, m
	})
}

func TestGoldenAmerican(t *testing.T) {
	for _, topic := range []struct{ file, name string }{{"american", "price"}, {"papers/american_bsm", "american"}} {
		referenced(t, topic.file, topic.name, OneAsset{}, 5e-6, func(t *testing.T, c golden.Case) (pricing.Instrument, pricing.Model) {
			v, m := readCase(t, c)
			if c.Wants("european") {
				var european, american float64
				c.Expected(t, "european", &european)
				if c.Expected(t, topic.name, &american); american < european {
					t.Skip("the reference is below its own European value")
				}
			}
			return pricing.American(v), m
		})
	}
}

func TestGoldenAmericanDelta(t *testing.T) {
	golden.Run(t, "american", func(t *testing.T, c golden.Case) {
		if !c.Wants("delta") {
			return
		}
		v, m := readCase(t, c)
		c.Check(t, "delta", priced(t, OneAsset{}, pricing.American(v), m).Delta)
	})
}

// The references are good to 2e-4 and more in price.
func TestGoldenDiscreteDividends(t *testing.T) {
	golden.Run(t, "american_discrete_dividends", func(t *testing.T, c golden.Case) {
		v, m := readCase(t, c)
		var dividends []struct{ T, Amount float64 }
		c.Input(t, "dividends", &dividends)
		for _, d := range dividends {
			m.Dividends = append(m.Dividends, model.Dividend{Time: d.T, Cash: d.Amount})
		}
		var in pricing.Instrument = pricing.American(v)
		if c.Text(t, "exercise") == "european" {
			in = v
		}
		c.Check(t, "price", priced(t, OneAsset{}, in, m).Value)
	})
}

func readBarrier(t *testing.T, c golden.Case) (pricing.Instrument, pricing.Model) {
	v, m := readCase(t, c)
	kind := c.Text(t, "barrier_type")
	return knock{v, []pricing.Barrier{{Level: c.Float(t, "barrier"), Up: strings.HasPrefix(kind, "up"), In: strings.HasSuffix(kind, "in"),
		Rebate: c.FloatOr(t, "rebate", 0)}}}, m
}

func TestGoldenBarrier(t *testing.T) {
	referenced(t, "barrier", "price", OneAsset{}, 5e-7, readBarrier)
	referenced(t, "papers/barrier_continuous", "price", OneAsset{}, 5e-7, readBarrier)
	referenced(t, "double_barrier", "price", OneAsset{}, 5e-7, func(t *testing.T, c golden.Case) (pricing.Instrument, pricing.Model) {
		v, m := readCase(t, c)
		in := c.Text(t, "barrier_type") == "knock_in"
		return knock{v, []pricing.Barrier{{Level: c.Float(t, "barrier_low"), In: in}, {Level: c.Float(t, "barrier_high"), Up: true, In: in}}}, m
	})
}

func TestGoldenBarrierOnDates(t *testing.T) {
	referenced(t, "papers/barrier_discrete", "discrete", OneAsset{}, 1e-6, func(t *testing.T, c golden.Case) (pricing.Instrument, pricing.Model) {
		in, m := readBarrier(t, c)
		k := in.(knock)
		k.barriers[0].Dates = even(int(c.Float(t, "monitoring_dates")), k.Expiry)
		return k, m
	})
}

func TestGoldenBermudan(t *testing.T) {
	referenced(t, "papers/bermudan_put_bsm", "price", OneAsset{}, 2e-6, func(t *testing.T, c golden.Case) (pricing.Instrument, pricing.Model) {
		v, m := readCase(t, c)
		return pricing.Bermudan{Right: v.Right, Strike: v.Strike, Dates: even(int(c.Float(t, "exercise_dates")), v.Expiry)}, m
	})
}

// Delta, gamma and theta, of European options by Black's formula and of American ones by the exercise boundary's integral
// equation.
func TestGreeks(t *testing.T) {
	for _, m := range []model.BlackScholes{flatWorld(100, 0.05, 0.02, 0.2), flatWorld(100, -0.01, 0.03, 0.5)} {
		for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
			for _, strike := range []float64{70, 95, 100, 103, 140} {
				v := pricing.Vanilla{Right: right, Strike: strike, Expiry: 0.75}
				for _, pair := range [][2]pricing.Result{
					{priced(t, OneAsset{}, v, m), priced(t, analytic.European{}, v, m)},
					{priced(t, OneAsset{}, pricing.American(v), m), priced(t, analytic.AndersenLake{}, pricing.American(v), m)},
				} {
					got, want := pair[0], pair[1]
					if got.Has != pricing.HasValue|pricing.HasDelta|pricing.HasGamma|pricing.HasTheta {
						t.Errorf("the mask is %v", got.Has)
					}
					if math.Abs(got.Value-want.Value) > 1e-4 || math.Abs(got.Delta-want.Delta) > 1e-5 || math.Abs(got.Gamma-want.Gamma) > 5e-6 ||
						math.Abs(got.Theta-want.Theta) > 2e-3 {
						t.Errorf("%v %g: %.8f %.7f %.7f %.5f, want %.8f %.7f %.7f %.5f", right, strike, got.Value, got.Delta, got.Gamma, got.Theta,
							want.Value, want.Delta, want.Gamma, want.Theta)
					}
				}
			}
		}
	}
}

// Gamma as a function of the spot, from near the exercise boundary on, has no ripples: its third differences are those of the
// exact one.
func TestGammaIsSmooth(t *testing.T) {
	const n = 60
	var got, want [n]float64
	for i := range n {
		m := flatWorld(84+0.5*float64(i), 0.05, 0.02, 0.25)
		in := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 0.5}
		got[i] = priced(t, OneAsset{}, in, m).Gamma
		want[i] = priced(t, analytic.AndersenLake{}, in, m).Gamma
	}
	for i := 3; i < n; i++ {
		a := got[i] - 3*got[i-1] + 3*got[i-2] - got[i-3]
		b := want[i] - 3*want[i-1] + 3*want[i-2] - want[i-3]
		if want[i-3] > 0 && math.Abs(a-b) > 2e-5 {
			t.Errorf("spot %g: third difference of gamma %.3g, want %.3g", 84+0.5*float64(i), a, b)
		}
	}
}

// Curves, a volatility by term and proportional dividends, against Black's formula on the forward.
func TestTermStructures(t *testing.T) {
	zero, err := curve.NewZeroCurve([]float64{0.25, 1, 2}, []float64{0.01, 0.04, 0.06}, curve.LogLinearDiscount)
	if err != nil {
		t.Fatal(err)
	}
	m := model.BlackScholes{Spot: 100, Discount: zero, Carry: curve.Flat(-0.01), Vol: term{}, DividendModel: model.PiecewiseLognormal}
	paying := m
	paying.Dividends = []model.Dividend{{Time: 0.3, Proportion: 0.03}, {Time: 0.8, Proportion: 0.02}, {Time: 1.5, Proportion: 0.02}}
	escrowed := m
	escrowed.DividendModel = model.Escrowed
	escrowed.Dividends = []model.Dividend{{Time: 0.3, Cash: 3}, {Time: 0.8, Cash: 2, Proportion: 0.01}, {Time: 1.5, Cash: 1}}
	for i, m := range []model.BlackScholes{m, paying, escrowed} {
		for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
			opt := pricing.Vanilla{Right: right, Strike: 95, Expiry: 1.5}
			want, got := priced(t, analytic.European{}, opt, m), priced(t, OneAsset{}, opt, m)
			if math.Abs(got.Value-want.Value) > 1e-4 || math.Abs(got.Delta-want.Delta) > 1e-5 || math.Abs(got.Gamma-want.Gamma) > 1e-6 {
				t.Errorf("%d %v: %.6f %.6f %.7f, want %.6f %.6f %.7f", i, right, got.Value, got.Delta, got.Gamma, want.Value, want.Delta, want.Gamma)
			}
		}
	}
}

// term is a volatility that falls from 40% to 20%.
type term struct{}

func (term) TermVol(t float64) float64 {
	if t == 0 {
		return 0.4
	}
	return math.Sqrt(0.04 + 0.12*(-math.Expm1(-t))/t)
}
func (v term) Vol(_, t float64) float64 { return v.TermVol(t) }

func TestEngineRefuses(t *testing.T) {
	world := flatWorld(100, 0.05, 0, 0.2)
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	down := func(b pricing.Barrier) knock { return knock{call, []pricing.Barrier{b}} }
	for _, c := range []struct {
		name  string
		e     OneAsset
		in    pricing.Instrument
		m     pricing.Model
		field string
	}{
		{"few nodes", OneAsset{SpaceSteps: 2}, call, world, "SpaceSteps"},
		{"negative steps", OneAsset{TimeSteps: -1}, call, world, "TimeSteps"},
		{"scheme", OneAsset{Scheme: 9}, call, world, "Scheme"},
		{"exercise", OneAsset{Exercise: 9}, call, world, "Exercise"},
		{"width", OneAsset{Width: 1}, call, world, "Width"},
		{"width NaN", OneAsset{Width: math.NaN()}, call, world, "Width"},
		{"bounds", OneAsset{Low: 50, High: 40}, call, world, "High"},
		{"spot outside", OneAsset{Low: 101, High: 400}, call, world, "Low, High"},
		{"strike outside", OneAsset{Low: 80, High: 120}, pricing.Vanilla{Right: pricing.Call, Strike: 130, Expiry: 1}, world, "Low, High"},
		{"barrier outside", OneAsset{Low: 50, High: 200}, down(pricing.Barrier{Level: 40}), world, "Low, High"},
		{"breached below", OneAsset{}, down(pricing.Barrier{Level: 110}), world, "barrier"},
		{"breached above", OneAsset{}, down(pricing.Barrier{Level: 90, Up: true, In: true}), world, "barrier"},
		{"barrier zero", OneAsset{}, down(pricing.Barrier{}), world, "Barriers[0].Level"},
		{"rebate", OneAsset{}, down(pricing.Barrier{Level: 90, Rebate: -1}), world, "Barriers[0].Rebate"},
		{"dates", OneAsset{}, down(pricing.Barrier{Level: 90, Dates: []float64{0.5, 0.2}}), world, "Barriers[0].Dates[1]"},
		{"late dates", OneAsset{}, down(pricing.Barrier{Level: 90, Dates: []float64{0.5, 1.2}}), world, "Barriers[0].Dates[1]"},
		{"two lower", OneAsset{}, knock{call, []pricing.Barrier{{Level: 90}, {Level: 80}}}, world, "Barriers[1].Up"},
		{"crossed", OneAsset{}, knock{call, []pricing.Barrier{{Level: 120}, {Level: 80, Up: true}}}, world, "Barriers[1].Level"},
		{"in and out", OneAsset{}, knock{call, []pricing.Barrier{{Level: 80, In: true}, {Level: 120, Up: true}}}, world, "Barriers[1].In"},
		{"Bermudan out of order", OneAsset{}, bermudanOf{call, []float64{0.5, 0.3, 1}}, world, "ExerciseDates[1]"},
		{"Bermudan short", OneAsset{}, bermudanOf{call, []float64{0.5}}, world, "ExerciseDates"},
		{"model", OneAsset{}, call, flatWorld(-1, 0, 0, 0.2), "Spot"},
		{"vol NaN", OneAsset{}, call, flatWorld(100, 0, 0, math.NaN()), "Vol"},
		{"vol huge", OneAsset{}, call, flatWorld(100, 0, 0, 20), "standard deviation to maturity over the spot"},
		{"vol huge for few nodes", OneAsset{SpaceSteps: 10, TimeSteps: 4}, call, flatWorld(100, 0, 0, 9), "SpaceSteps, TimeSteps"},
		{"payoff NaN", OneAsset{}, paid{1, nil, func(s float64) float64 { return math.Sqrt(50 - s) }}, world, ""},
	} {
		_, err := c.e.Price(ctx, c.in, c.m)
		var arg *pricing.ArgError
		if !errors.As(err, &arg) || c.field != "" && arg.Arg != c.field {
			t.Errorf("%s: %v, want an ArgError on %s", c.name, err, c.field)
		}
	}
	for _, m := range []pricing.Model{model.Heston{}, world.WithVol(model.VolFunc(func(k, t float64) float64 { return 0.2 }))} {
		if _, err := (OneAsset{}).Price(ctx, call, m); err == nil {
			t.Errorf("%T was taken for a diffusion", m)
		}
	}
	dead, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := (OneAsset{}).Price(dead, call, world); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

type bermudanOf struct {
	pricing.Vanilla
	dates []float64
}

func (b bermudanOf) ExerciseDates() []float64 { return b.dates }

// A long valuation stops soon after its context is cancelled.
func TestCancellation(t *testing.T) {
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	put := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	_, err := OneAsset{SpaceSteps: 20000, TimeSteps: 20000}.Price(short, put, flatWorld(100, 0.05, 0, 0.2))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestLimits(t *testing.T) {
	call := pricing.Vanilla{Right: pricing.Call, Strike: 90, Expiry: 1}
	put := pricing.American{Right: pricing.Put, Strike: 110, Expiry: 1}
	for _, c := range []struct {
		name string
		in   pricing.Instrument
		m    model.BlackScholes
		want float64
	}{
		{"expired", pricing.Vanilla{Right: pricing.Call, Strike: 90}, flatWorld(100, 0.05, 0, 0.2), 10},
		{"no volatility", call, flatWorld(100, 0.05, 0, 0), 100 - 90*math.Exp(-0.05)},
		{"no volatility, American", put, flatWorld(100, 0.05, 0, 0), 10},
		{"no volatility, knocked out", knock{call, []pricing.Barrier{{Level: 104, Up: true, Rebate: 1}}}, flatWorld(100, 0.05, 0, 0), 100. / 104},
		{"at the barrier", knock{call, []pricing.Barrier{{Level: 100, Rebate: 3}}}, flatWorld(100, 0.05, 0, 0.2), 3},
		{"at the barrier, paid late", knock{call, []pricing.Barrier{{Level: 100, Rebate: 3, Late: true}}}, flatWorld(100, 0.05, 0, 0.2), 3 * math.Exp(-0.05)},
		{"Bermudan that is exercised now", pricing.Bermudan{Right: pricing.Put, Strike: 200, Dates: []float64{0, 0.5, 1}}, flatWorld(100, 0.05, 0, 0.2), 100},
		{"deep in the money, American", pricing.American{Right: pricing.Put, Strike: 200, Expiry: 1}, flatWorld(100, 0.05, 0, 0.2), 100},
	} {
		if got := priced(t, OneAsset{}, c.in, c.m).Value; math.Abs(got-c.want) > 1e-3*math.Abs(c.want) {
			t.Errorf("%s: %g, want %g", c.name, got, c.want)
		}
	}
	// A little volatility is close to none: the kink is carried by the drift, with upwind differences.
	small := priced(t, OneAsset{}, call, flatWorld(100, 0.05, 0, 1e-4)).Value
	if want := 100 - 90*math.Exp(-0.05); math.Abs(small-want) > 1e-8 {
		t.Errorf("volatility 1e-4: %.10g, want %.10g", small, want)
	}
}

// After the first, a valuation allocates only what the instrument's capabilities do.
func TestAllocations(t *testing.T) {
	if race.Enabled {
		t.Skip("a pool drops what it is given under the race detector")
	}
	var m pricing.Model = flatWorld(100, 0.05, 0.02, 0.2)
	for _, in := range []pricing.Instrument{
		pricing.Vanilla{Right: pricing.Put, Strike: 100, Expiry: 1}, pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1},
	} {
		var e pricing.Engine = OneAsset{}
		if n := testing.AllocsPerRun(20, func() { _, _ = e.Price(ctx, in, m) }); n > 2 { // the kinks, and the model as a diffusion
			t.Errorf("%T: %g allocations", in, n)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	in := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	want := priced(t, OneAsset{SpaceSteps: 100}, in, flatWorld(100, 0.05, 0.02, 0.2))
	done := make(chan bool)
	for range 4 {
		go func() {
			same := true
			for range 10 {
				r, err := OneAsset{SpaceSteps: 100}.Price(ctx, in, flatWorld(100, 0.05, 0.02, 0.2))
				same = same && err == nil && r == want
			}
			done <- same
		}()
	}
	for range 4 {
		if !<-done {
			t.Error("concurrent valuations differ")
		}
	}
}

func bench(b *testing.B, e OneAsset, in pricing.Instrument, m pricing.Model) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Price(ctx, in, m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ms/price")
}

// The put of the peer's table: 200 nodes and 100 steps err by 5e-7, the zero value by 2e-6 and less at any spot.
func BenchmarkAmericanPDE(b *testing.B) {
	var in pricing.Instrument = pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
	var m pricing.Model = flatWorld(100, 0.05, 0.02, 0.2)
	want := priced(b, analytic.AndersenLake{}, in, m).Value
	for _, c := range []struct {
		name string
		e    OneAsset
	}{{"200x100", OneAsset{SpaceSteps: 200, TimeSteps: 100}}, {"zero", OneAsset{}}} {
		b.Run(c.name, func(b *testing.B) {
			bench(b, c.e, in, m)
			b.ReportMetric(math.Abs(priced(b, c.e, in, m).Value-want), "error")
		})
	}
}

// The barrier of the peer's table, on one grid of the peer's size.
func BenchmarkBarrier400x400(b *testing.B) {
	var in pricing.Instrument = knock{pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}, []pricing.Barrier{{Level: 85, Rebate: 1}}}
	var m pricing.Model = flatWorld(100, 0.05, 0.02, 0.2)
	e := OneAsset{SpaceSteps: 400, TimeSteps: 400, Single: true}
	bench(b, e, in, m)
	b.ReportMetric(math.Abs(priced(b, e, in, m).Value-priced(b, OneAsset{SpaceSteps: 1600, TimeSteps: 800}, in, m).Value), "error")
}

func BenchmarkEuropean(b *testing.B) {
	bench(b, OneAsset{}, pricing.Vanilla{Right: pricing.Put, Strike: 105, Expiry: 1}, flatWorld(100, 0.05, 0.02, 0.2))
}
