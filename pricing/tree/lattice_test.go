package tree

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/internal/race"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

var ctx = context.Background()

func flatWorld(spot, rate, yield, vol float64) model.BlackScholes {
	return model.BlackScholes{Spot: spot, Discount: curve.Flat(rate), Carry: curve.Flat(yield), Vol: model.FlatVol(vol)}
}

func priced(t *testing.T, e pricing.Engine, in pricing.Instrument, m pricing.Model) pricing.Result {
	t.Helper()
	r, err := e.Price(ctx, in, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readCase(t *testing.T, c golden.Case) (right pricing.Right, strike, expiry float64, m model.BlackScholes) {
	t.Helper()
	right, err := pricing.ParseRight(c.Text(t, "type"))
	if err != nil {
		t.Fatal(err)
	}
	m = flatWorld(c.Float(t, "spot"), c.Float(t, "rate"), c.FloatOr(t, "dividend_yield", 0), c.Float(t, "vol"))
	return right, c.Float(t, "strike"), c.Float(t, "t"), m
}

// Each scheme at the accuracy that it claims, as a fraction of the strike.
func TestGoldenAmericanLattice(t *testing.T) {
	for _, c := range []struct {
		e     Lattice
		claim float64
	}{
		{Lattice{}, 1e-4}, {Lattice{Scheme: JarrowRudd}, 3e-4}, {Lattice{Scheme: Tian}, 2e-4}, {Lattice{Scheme: Trinomial}, 1e-4},
		{Lattice{Scheme: LeisenReimer}, 1e-4},
		{Lattice{Smooth: true, Richardson: true}, 1e-5}, {Lattice{Scheme: LeisenReimer, Richardson: true}, 3e-5},
		{Lattice{Scheme: Trinomial, Smooth: true, Richardson: true}, 1e-5},
	} {
		worst := 0.0
		golden.Run(t, "american", func(t *testing.T, g golden.Case) {
			right, strike, expiry, m := readCase(t, g)
			r := priced(t, c.e, pricing.American{Right: right, Strike: strike, Expiry: expiry}, m)
			var want float64
			g.Expected(t, "price", &want)
			off := math.Abs(r.Value-want) / strike
			worst = math.Max(worst, off)
			if off > c.claim {
				t.Errorf("%+v: %.8g, want %.8g", c.e, r.Value, want)
			}
		})
		t.Logf("%+v: worst error %.2g of the strike", c.e, worst)
	}
}

func TestGoldenDiscreteDividends(t *testing.T) {
	worst := 0.0
	golden.Run(t, "american_discrete_dividends", func(t *testing.T, c golden.Case) {
		right, strike, expiry, m := readCase(t, c)
		var paid []struct{ T, Amount float64 }
		c.Input(t, "dividends", &paid)
		for _, d := range paid {
			m.Dividends = append(m.Dividends, model.Dividend{Time: d.T, Cash: d.Amount})
			m.DividendModel = model.PiecewiseLognormal
		}
		var opt pricing.Instrument = pricing.American{Right: right, Strike: strike, Expiry: expiry}
		if c.Text(t, "exercise") == "european" {
			opt = pricing.Vanilla{Right: right, Strike: strike, Expiry: expiry}
		}
		r := priced(t, Lattice{Steps: 1600, Smooth: true, Richardson: true}, opt, m)
		c.Check(t, "price", r.Value)
		var want float64
		c.Expected(t, "price", &want)
		worst = math.Max(worst, math.Abs(r.Value-want))
	})
	t.Logf("worst error %.2g", worst)
}

func BenchmarkCRR801(b *testing.B) {
	var in pricing.Instrument = pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
	var m pricing.Model = flatWorld(100, 0.05, 0.02, 0.2)
	var e pricing.Engine = Lattice{}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Price(ctx, in, m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/option")
}

// Bermudan puts at the accuracy that the lattice claims for dates that fall on layers, 5e-5 of the strike.
func TestGoldenBermudanLattice(t *testing.T) {
	worst := 0.0
	golden.Run(t, "papers/bermudan_put_bsm", func(t *testing.T, c golden.Case) {
		right, err := pricing.ParseRight(c.Text(t, "type"))
		if err != nil {
			t.Fatal(err)
		}
		n := int(c.Float(t, "exercise_dates"))
		dates := make([]float64, n)
		for i := range dates {
			dates[i] = c.Float(t, "T_years") * float64(i+1) / float64(n)
		}
		m := flatWorld(c.Float(t, "spot"), c.Float(t, "rate_cc"), c.Float(t, "div_cc"), c.Float(t, "vol"))
		e := Lattice{Steps: 2 * n * (1 + 800/(2*n)), Smooth: true, Richardson: true}
		r := priced(t, e, pricing.Bermudan{Right: right, Strike: c.Float(t, "strike"), Dates: dates}, m)
		var want float64
		c.Expected(t, "price", &want)
		off := math.Abs(r.Value-want) / c.Float(t, "strike")
		worst = math.Max(worst, off)
		if off > 5e-5 {
			t.Errorf("%.8g, want %.8g", r.Value, want)
		}
	})
	t.Logf("worst error %.2g of the strike", worst)
}

// European options under curves and dividends against Black's formula. Proportional dividends keep the price lognormal, so
// that both mean the same.
func TestEuropeanUnderCurves(t *testing.T) {
	zero, err := curve.NewZeroCurve([]float64{0.25, 1, 2}, []float64{0.01, 0.04, 0.06}, curve.LogLinearDiscount)
	if err != nil {
		t.Fatal(err)
	}
	m := model.BlackScholes{Spot: 100, Discount: zero, Carry: curve.Flat(-0.01), Vol: model.FlatVol(0.3)}
	paying := m
	paying.Dividends = []model.Dividend{{Time: 0.3, Proportion: 0.03}, {Time: 0.8, Proportion: 0.02}, {Time: 1.5, Proportion: 0.02}}
	for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
		for _, m := range []model.BlackScholes{m, paying} {
			for s := CRR; s <= Trinomial; s++ {
				if s == LeisenReimer && len(m.Dividends) > 0 {
					continue
				}
				opt := pricing.Vanilla{Right: right, Strike: 95, Expiry: 1.5}
				want := priced(t, analytic.European{}, opt, m)
				got := priced(t, Lattice{Scheme: s, Smooth: s != LeisenReimer, Richardson: true}, opt, m)
				if math.Abs(got.Value-want.Value) > 1e-3 || math.Abs(got.Delta-want.Delta) > 2e-3 || math.Abs(got.Gamma-want.Gamma) > 5e-5 {
					t.Errorf("%v, %v, %d dividends: %.6f %.5f %.6f, want %.6f %.5f %.6f", right, s, len(m.Dividends),
						got.Value, got.Delta, got.Gamma, want.Value, want.Delta, want.Gamma)
				}
			}
		}
	}
}

// The escrowed model is Black's formula on the forward for European options, whatever the scheme, the curves and the dividends,
// one at expiry and one after it among them; and the spot model is dearer, its asset having more variance.
func TestEscrowedDividendsAreBlack(t *testing.T) {
	zero, err := curve.NewZeroCurve([]float64{0.25, 1, 2}, []float64{0.01, 0.04, 0.06}, curve.LogLinearDiscount)
	if err != nil {
		t.Fatal(err)
	}
	m := model.BlackScholes{Spot: 100, Discount: zero, Carry: curve.Flat(0.01), Vol: model.FlatVol(0.3)}
	m.Dividends = []model.Dividend{{Time: 0.3, Cash: 4}, {Time: 0.3, Cash: 1, Proportion: 0.02}, {Time: 0.8, Proportion: 0.02},
		{Time: 1.1, Cash: 5, Proportion: 0.01}, {Time: 1.5, Cash: 3}, {Time: 1.7, Cash: 50}}
	spotModel := m
	spotModel.DividendModel = model.PiecewiseLognormal
	for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
		for _, expiry := range []float64{0.2, 1.2, 1.5} {
			for _, s := range []Scheme{CRR, JarrowRudd, Tian, Trinomial} {
				opt := pricing.Vanilla{Right: right, Strike: 92, Expiry: expiry}
				e := Lattice{Scheme: s, Smooth: true, Richardson: true}
				want := priced(t, analytic.European{}, opt, m)
				got := priced(t, e, opt, m)
				if math.Abs(got.Value-want.Value) > 1e-3 || math.Abs(got.Delta-want.Delta) > 2e-3 || math.Abs(got.Gamma-want.Gamma) > 5e-5 {
					t.Errorf("%v, %v, %g years: %.6f %.5f %.6f, want %.6f %.5f %.6f", right, s, expiry,
						got.Value, got.Delta, got.Gamma, want.Value, want.Delta, want.Gamma)
				}
				if other := priced(t, e, opt, spotModel); expiry > 0.3 && other.Value < want.Value+0.1 {
					t.Errorf("%v, %v, %g years: %.6f in the spot model, %.6f in the escrowed one", right, s, expiry, other.Value, want.Value)
				}
			}
		}
	}
}

// The reference cases carry, for information, what QuantLib's finite differences give in the escrowed model on a grid of 800 by 800.
func TestEscrowedAgainstQuantLib(t *testing.T) {
	const gridError = 2e-3
	data, err := os.ReadFile(filepath.Join("..", "..", "internal", "golden", "cases", "american_discrete_dividends.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			ID       string  `json:"id"`
			Escrowed float64 `json:"quantlib_escrowed_model"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{}
	for _, c := range file.Cases {
		want[c.ID] = c.Escrowed
	}
	worst := 0.0
	golden.Run(t, "american_discrete_dividends", func(t *testing.T, c golden.Case) {
		escrowed, ok := want[c.ID]
		if !ok {
			t.Skip("a case that is not carried")
		}
		right, strike, expiry, m := readCase(t, c)
		var paid []struct{ T, Amount float64 }
		c.Input(t, "dividends", &paid)
		for _, d := range paid {
			m.Dividends = append(m.Dividends, model.Dividend{Time: d.T, Cash: d.Amount})
		}
		var opt pricing.Instrument = pricing.American{Right: right, Strike: strike, Expiry: expiry}
		if c.Text(t, "exercise") == "european" {
			opt = pricing.Vanilla{Right: right, Strike: strike, Expiry: expiry}
		}
		off := math.Abs(priced(t, Lattice{Smooth: true, Richardson: true}, opt, m).Value - escrowed)
		worst = math.Max(worst, off)
		if off > gridError {
			t.Errorf("off by %.2g from %.8g", off, escrowed)
		}
	})
	t.Logf("worst difference %.2g", worst)
}

// American options with escrowed dividends against a lattice that checks exercise node by node on the whole price.
func TestEscrowedAmericanAgainstAPlainLattice(t *testing.T) {
	for _, c := range []struct {
		right                    pricing.Right
		rate, yield, vol, strike float64
		dividends                []model.Dividend
	}{
		{pricing.Put, 0.05, 0, 0.25, 105, []model.Dividend{{Time: 0.25, Cash: 3}, {Time: 0.75, Cash: 3}}},
		{pricing.Call, 0.05, 0, 0.25, 85, []model.Dividend{{Time: 0.25, Cash: 3}, {Time: 0.75, Cash: 6}}},
		{pricing.Call, 0.02, 0.06, 0.2, 95, []model.Dividend{{Time: 0.5, Cash: 3}}},
		{pricing.Put, -0.01, 0.03, 0.3, 100, []model.Dividend{{Time: 0.5, Cash: 8}}},
		{pricing.Put, 0.08, 0, 0.2, 150, []model.Dividend{{Time: 0.5, Cash: 8}}},
		{pricing.Put, 0.05, 0, 0.4, 4, []model.Dividend{{Time: 0.5, Cash: 60}}},
		{pricing.Call, 0.05, 0, 0.4, 4, []model.Dividend{{Time: 0.5, Cash: 60}}},
	} {
		m := flatWorld(100, c.rate, c.yield, c.vol)
		m.Dividends = c.dividends
		const n, expiry = 800, 1.0
		dt := expiry / n
		u, g, df := math.Exp(c.vol*math.Sqrt(dt)), math.Exp((c.rate-c.yield)*dt), math.Exp(-c.rate*dt)
		p := (g - 1/u) / (u - 1/u)
		root := m.Spot - m.EscrowedCash(0, expiry)
		v := make([]float64, n+1)
		for i := n; i >= 0; i-- {
			at := float64(i) * dt
			for j := 0; j <= i; j++ {
				s := root * math.Pow(u, float64(2*j-i))
				x := c.right.Payoff(s+m.EscrowedCash(at+1e-9, expiry), c.strike)
				x = math.Max(x, c.right.Payoff(s+m.EscrowedCash(at-1e-9, expiry), c.strike)) // just before a dividend
				if i < n {
					x = math.Max(x, df*(p*v[j+1]+(1-p)*v[j]))
				}
				v[j] = x
			}
		}
		got := priced(t, Lattice{Steps: 1600, Smooth: true, Richardson: true}, pricing.American{Right: c.right, Strike: c.strike, Expiry: expiry}, m)
		if math.Abs(got.Value-v[0]) > 5e-3 {
			t.Errorf("%v %+v: %.6f, plain lattice %.6f", c.right, c, got.Value, v[0])
		}
	}
}

func TestAmericanGreeks(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	for _, opt := range []pricing.American{
		{Right: pricing.Put, Strike: 105, Expiry: 1}, {Right: pricing.Call, Strike: 100, Expiry: 2}, {Right: pricing.Put, Strike: 160, Expiry: 1},
	} {
		want := priced(t, analytic.AndersenLake{}, opt, m)
		got := priced(t, Lattice{Smooth: true, Richardson: true}, opt, m)
		if math.Abs(got.Delta-want.Delta) > 1e-3 || math.Abs(got.Gamma-want.Gamma) > 1e-4 || math.Abs(got.Theta-want.Theta) > 0.02 {
			t.Errorf("%v %g: delta %.5f gamma %.6f theta %.4f, want %.5f %.6f %.4f", opt.Right, opt.Strike,
				got.Delta, got.Gamma, got.Theta, want.Delta, want.Gamma, want.Theta)
		}
	}
}

// Between two boundaries, which happens if r < 0 and q < r, the lattice needs no special care, and so shows that nothing is
// passed over wrongly: exercise is checked at each node of a plain lattice beside it.
func TestNothingIsPassedOver(t *testing.T) {
	for _, c := range [][4]float64{{-0.02, -0.05, 0.1, 5}, {-0.01, -0.04, 0.15, 10}, {0.05, 0.02, 0.3, 1}, {0.1, -0.05, 0.05, 3}, {0.001, 0.08, 0.4, 2}, {0, -0.03, 0.2, 4}} {
		for _, right := range []pricing.Right{pricing.Put, pricing.Call} {
			rate, yield, vol, expiry := c[0], c[1], c[2], c[3]
			const n, strike = 300, 100.0
			for _, spot := range []float64{60, 95, 130} {
				dt := expiry / n
				u, g, df := math.Exp(vol*math.Sqrt(dt)), math.Exp((rate-yield)*dt), math.Exp(-rate*dt)
				p := (g - 1/u) / (u - 1/u)
				v := make([]float64, n+1)
				for i := n; i >= 0; i-- {
					for j := 0; j <= i; j++ {
						x := right.Payoff(spot*math.Pow(u, float64(2*j-i)), strike)
						if i < n {
							x = math.Max(x, df*(p*v[j+1]+(1-p)*v[j]))
						}
						v[j] = x
					}
				}
				got := priced(t, Lattice{Steps: n}, pricing.American{Right: right, Strike: strike, Expiry: expiry}, flatWorld(spot, rate, yield, vol))
				if math.Abs(got.Value-v[0]) > 1e-10*strike {
					t.Errorf("%v %v spot %g: %.12g, plain lattice %.12g", right, c, spot, got.Value, v[0])
				}
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	put := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	good := flatWorld(100, 0.05, 0.02, 0.2)
	paying := good
	paying.Dividends = []model.Dividend{{Time: 0.5, Cash: 1}}
	ruined := good
	ruined.Dividends = []model.Dividend{{Time: 0.5, Cash: 200}}
	for _, c := range []struct {
		name string
		e    Lattice
		in   pricing.Instrument
		m    pricing.Model
		want error
	}{
		{"two steps", Lattice{Steps: 2}, put, good, pricing.ErrDomain},
		{"too many steps", Lattice{Steps: 1e6}, put, good, pricing.ErrDomain},
		{"scheme", Lattice{Scheme: 9}, put, good, pricing.ErrDomain},
		{"drift beyond the moves", Lattice{Steps: 10}, put, flatWorld(100, 0.5, 0, 0.02), pricing.ErrDomain},
		{"strike", Lattice{}, pricing.American{Right: pricing.Put, Expiry: 1}, good, pricing.ErrDomain},
		{"vol NaN", Lattice{}, put, good.WithVol(model.FlatVol(math.NaN())), pricing.ErrDomain},
		{"dividend above spot", Lattice{}, put, ruined, pricing.ErrDomain},
		{"no dates", Lattice{}, pricing.Bermudan{Right: pricing.Put, Strike: 1}, good, pricing.ErrDomain},
		{"Leisen-Reimer with dividends", Lattice{Scheme: LeisenReimer}, put, paying, pricing.ErrUnsupported},
		{"instrument", Lattice{}, other{}, good, pricing.ErrUnsupported},
		{"model", Lattice{}, put, other{}, pricing.ErrUnsupported},
	} {
		if _, err := c.e.Price(ctx, c.in, c.m); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := Lattice{Steps: 50_000, Smooth: true}.Price(short, put, paying)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > time.Second {
		t.Errorf("cancelled: %v after %v", err, time.Since(start))
	}
}

type other struct{}

func (other) Validate() error { return nil }

func TestCertainty(t *testing.T) {
	put := pricing.American{Right: pricing.Put, Strike: 110, Expiry: 1}
	if r := priced(t, Lattice{}, put, flatWorld(100, 0.05, 0, 0)); r.Value != 10 {
		t.Errorf("no volatility: %g, want 10", r.Value)
	}
	put.Expiry = 0
	if r := priced(t, Lattice{}, put, flatWorld(100, 0.05, 0, 0.2)); r.Value != 10 {
		t.Errorf("no time: %g, want 10", r.Value)
	}
	m := flatWorld(100, 0, 0, 0)
	m.Dividends = []model.Dividend{{Time: 0.5, Cash: 5}}
	call := pricing.American{Right: pricing.Call, Strike: 90, Expiry: 1}
	if r := priced(t, Lattice{}, call, m); math.Abs(r.Value-10) > 1e-12 {
		t.Errorf("a call exercised before the dividend: %g, want 10", r.Value)
	}
}

// A dividend on the day of expiry is not received by a European call, and an American one is exercised before it.
func TestDividendAtExpiry(t *testing.T) {
	m := flatWorld(100, 0.03, 0, 0.2)
	m.Dividends, m.DividendModel = []model.Dividend{{Time: 1, Cash: 4}}, model.PiecewiseLognormal
	e := Lattice{Smooth: true, Richardson: true, Steps: 1600}
	plain := flatWorld(100, 0.03, 0, 0.2)
	american := priced(t, e, pricing.American{Right: pricing.Call, Strike: 100, Expiry: 1}, m)
	want := priced(t, analytic.European{}, pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}, plain)
	if math.Abs(american.Value-want.Value) > 5e-3 {
		t.Errorf("American %.6f, want the European without dividend %.6f", american.Value, want.Value)
	}
	european := priced(t, e, pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}, m)
	shifted := priced(t, analytic.European{}, pricing.Vanilla{Right: pricing.Call, Strike: 104, Expiry: 1}, plain)
	if math.Abs(european.Value-shifted.Value) > 5e-3 {
		t.Errorf("European %.6f, want that on a strike of 104 %.6f", european.Value, shifted.Value)
	}
}

func TestSchemeText(t *testing.T) {
	if text, err := Tian.MarshalText(); string(text) != "Tian" || err != nil {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := Scheme(77).MarshalText(); !errors.Is(err, pricing.ErrDomain) || Scheme(77).String() != "Scheme(77)" {
		t.Errorf("an unknown scheme: %v, %v", Scheme(77), err)
	}
}

func TestAllocatesNothing(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector empties pools at random")
	}
	var m pricing.Model = flatWorld(100, 0.05, 0.02, 0.2)
	var in pricing.Instrument = pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	var e pricing.Engine = Lattice{Smooth: true, Richardson: true}
	if n := testing.AllocsPerRun(20, func() { _, _ = e.Price(ctx, in, m) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func ExampleLattice() {
	world := model.BlackScholes{
		Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.20),
		Dividends:     []model.Dividend{{Time: 0.25, Cash: 1.5}, {Time: 0.75, Cash: 1.5}},
		DividendModel: model.PiecewiseLognormal,
	}
	call := pricing.American{Right: pricing.Call, Strike: 100, Expiry: 1}
	r, err := Lattice{Smooth: true, Richardson: true}.Price(context.Background(), call, world)
	fmt.Printf("%.2f delta %.2f %v\n", r.Value, r.Delta, err)
	// Output: 8.82 delta 0.58 <nil>
}

// At volatilities of 200% and expiries of ten years prices spread over fifty powers of ten, and each scheme must still give the
// European value: what a layer leaves out must not come back from another layer.
func TestHighVolatility(t *testing.T) {
	g := rand.New(rand.NewPCG(41, 3))
	worst := map[Scheme]float64{}
	for range 300 {
		rate, yield, vol, expiry := -0.05+0.15*g.Float64(), -0.05+0.15*g.Float64(), 0.05+1.95*g.Float64(), 10*g.Float64()
		world := model.BlackScholes{Spot: 100, Discount: curve.Flat(rate), Carry: curve.Flat(yield), Vol: model.FlatVol(vol)}
		for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
			o := pricing.Vanilla{Right: right, Strike: 50 + 100*g.Float64(), Expiry: expiry}
			want, err := analytic.European{}.Price(context.Background(), o, world)
			if err != nil {
				t.Fatal(err)
			}
			for s := range schemeNames {
				scheme := Scheme(s)
				r, err := Lattice{Scheme: scheme, Steps: 401}.Price(context.Background(), o, world)
				if err != nil {
					if !errors.Is(err, pricing.ErrDomain) {
						t.Errorf("%v: %+v under %g: %v", scheme, o, vol, err)
					}
					continue
				}
				worst[scheme] = max(worst[scheme], math.Abs(r.Value-want.Value)/o.Strike)
			}
		}
	}
	for s, e := range worst {
		if !(e < 1e-2) {
			t.Errorf("%v errs by %g of the strike", s, e)
		}
	}
}
