package fourier

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/pricing/tree"
	"github.com/volgaquant/volga/rates/curve"
)

// knockOption is a call or put with barriers.
type knockOption struct {
	pricing.Vanilla
	barriers []pricing.Barrier
}

func (o knockOption) Barriers() []pricing.Barrier { return o.barriers }

// evenly returns T/n, 2T/n, ..., T.
func evenly(expiry float64, n int) []float64 {
	dates := make([]float64, n)
	for i := range dates {
		dates[i] = expiry * float64(i+1) / float64(n)
	}
	return dates
}

func flatWorld(mk model.Market, vol float64) model.BlackScholes {
	return model.BlackScholes{Spot: mk.Spot, Discount: mk.Discount, Carry: mk.Carry, Vol: model.FlatVol(vol)}
}

func rightOf(t *testing.T, c golden.Case) pricing.Right {
	t.Helper()
	right, err := pricing.ParseRight(c.Text(t, "type"))
	if err != nil {
		t.Fatal(err)
	}
	return right
}

func TestGoldenBermudan(t *testing.T) {
	golden.Run(t, "papers/bermudan_put_bsm", func(t *testing.T, c golden.Case) {
		mk, expiry := goldenMarket(t, c)
		opt := pricing.Bermudan{Right: rightOf(t, c), Strike: c.Float(t, "strike"), Dates: evenly(expiry, int(c.Float(t, "exercise_dates")))}
		for _, e := range []pricing.Engine{COS{Tol: 1e-11}, CONV{Tol: 1e-11}} {
			r, err := e.Price(ctx, opt, flatWorld(mk, c.Float(t, "vol")))
			if err != nil {
				t.Fatal(err)
			}
			c.Check(t, "price", r.Value)
		}
	})
}

func TestGoldenDiscreteBarrier(t *testing.T) {
	golden.Run(t, "papers/barrier_discrete", func(t *testing.T, c golden.Case) {
		mk, expiry := goldenMarket(t, c)
		kind := c.Text(t, "barrier_type")
		opt := knockOption{
			pricing.Vanilla{Right: rightOf(t, c), Strike: c.Float(t, "strike"), Expiry: expiry},
			[]pricing.Barrier{{
				Level: c.Float(t, "barrier"), Up: strings.HasPrefix(kind, "up"), In: strings.HasSuffix(kind, "in"),
				Dates: evenly(expiry, int(c.Float(t, "monitoring_dates"))),
			}},
		}
		r, err := COS{Tol: 1e-11}.Price(ctx, opt, flatWorld(mk, c.Float(t, "vol")))
		if err != nil {
			t.Fatal(err)
		}
		c.Check(t, "discrete", r.Value)
	})
}

// asianOption is an option on an average.
type asianOption struct{ terms pricing.Average }

func (asianOption) Validate() error            { return nil }
func (o asianOption) Average() pricing.Average { return o.terms }

// The cases of Turnbull and Wakeman are that approximation; those of a floating strike are not the value of the contract, as
// [TestFloatingGeometricAsian] shows.
func TestGoldenAsian(t *testing.T) {
	golden.Run(t, "asian", func(t *testing.T, c golden.Case) {
		kind := c.Text(t, "kind")
		if kind != "geometric_discrete" && kind != "arithmetic_discrete" {
			t.Skip(kind)
		}
		a := pricing.Average{Right: rightOf(t, c), Strike: c.Float(t, "strike"), Geometric: kind == "geometric_discrete"}
		c.Input(t, "fixing_t", &a.Dates)
		mk, _ := goldenMarket(t, c)
		r, err := COS{Tol: 1e-12}.Price(ctx, asianOption{a}, flatWorld(mk, c.Float(t, "vol")))
		if err != nil {
			t.Fatal(err)
		}
		c.Check(t, "price", r.Value)
	})
}

func TestGoldenAmerican(t *testing.T) {
	for _, topic := range []string{"papers/american_bsm", "american"} {
		count, priced, refused := 0, 0, 0
		golden.Run(t, topic, func(t *testing.T, c golden.Case) {
			if count++; count%8 != 0 && os.Getenv("VOLGA_SLOW") == "" {
				t.Skip("VOLGA_SLOW is not set")
			}
			mk, expiry := goldenMarket(t, c)
			var want float64
			name := "price"
			if c.Wants("american") {
				name = "american"
			}
			c.Expected(t, name, &want)
			w := flatWorld(mk, c.Float(t, "vol"))
			opt := pricing.American{Right: rightOf(t, c), Strike: c.Float(t, "strike"), Expiry: expiry}
			if c.Wants("european") {
				var european float64
				c.Expected(t, "european", &european)
				if european > want {
					t.Skip("the reference is below the European value")
				}
			}
			r, err := COS{}.Price(ctx, opt, w)
			// Next to the boundary the extrapolation may not settle: then the engine must say so, as it may only there.
			if errors.Is(err, ErrAccuracy) && want < 1.01*opt.Payoff(mk.Spot) {
				refused++
				return
			}
			priced++
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(r.Value-want) > earlyTol*w.DiscountFactor(expiry)*w.Forward(expiry)+1e-6 {
				t.Errorf("%.10g, want %.10g", r.Value, want)
			}
			if c.Wants("delta") && r.Has&pricing.HasDelta != 0 {
				c.Check(t, "delta", r.Delta)
			}
		})
		if priced == 0 || refused > 1+priced/20 {
			t.Errorf("%s: %d cases priced and %d refused", topic, priced, refused)
		}
	}
}

// jumpWorlds are models of independent increments whose steps have smooth densities.
var jumpWorlds = []model.Characteristic{
	model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Carry: curve.Flat(0.02), Vol: model.FlatVol(0.25)},
	model.Merton{Market: mkt, Jumps: jump, Sigma: 0.2},
	model.Kou{Market: mkt, Sigma: 0.16, Lambda: 1, P: 0.4, Eta1: 10, Eta2: 5},
	model.NIG{Market: mkt, Alpha: 15, Beta: -5, Delta: 0.5},
	model.CGMY{Market: mkt, C: 0.3, G: 4, M: 9, Y: 1.2},
}

// American options under jumps, by finite differences for the integro-differential equation.
func TestAmericanUnderJumps(t *testing.T) {
	for _, c := range []struct {
		name         string
		w            model.Characteristic
		strike, want float64
		expiry, tol  float64
	}{
		{"Wang, Wan and Forsyth (2007)", model.Merton{
			Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)}, Sigma: 0.15, Jumps: model.Jumps{Lambda: 0.1, MuJ: -0.9, SigmaJ: 0.45},
		}, 100, 3.2412435, 0.25, 5e-5},
		{"Wang, Wan and Forsyth (2007), CGMY", model.CGMY{
			Market: model.Market{Spot: 90, Discount: curve.Flat(0.06)}, C: 0.42, G: 4.37, M: 191.2, Y: 1.0102,
		}, 98, 9.2254803, 0.25, 5e-5},
	} {
		if _, slow := c.w.(model.CGMY); slow && os.Getenv("VOLGA_SLOW") == "" {
			continue
		}
		r, err := COS{Tol: 1e-5}.Price(ctx, pricing.American{Right: pricing.Put, Strike: c.strike, Expiry: c.expiry}, c.w)
		if err != nil || math.Abs(r.Value-c.want) > c.tol {
			t.Errorf("%s: %.8g %v, want %.8g", c.name, r.Value, err, c.want)
		}
	}
}

// One date is the European option, more are worth more, and a call on what pays nothing is not exercised early.
func TestBermudanLimits(t *testing.T) {
	for _, w := range jumpWorlds {
		for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
			for _, strike := range []float64{80, 105} {
				european, err := Lewis{}.Price(ctx, pricing.Vanilla{Right: right, Strike: strike, Expiry: 0.7}, w)
				if err != nil {
					t.Fatal(err)
				}
				one, err := COS{Tol: 1e-10}.Price(ctx, pricing.Bermudan{Right: right, Strike: strike, Dates: []float64{0.7}}, w)
				if err != nil || math.Abs(one.Value-european.Value) > 1e-8 || math.Abs(one.Delta-european.Delta) > 1e-8 ||
					math.Abs(one.Gamma-european.Gamma) > 1e-7 || math.Abs(one.DualDelta-european.DualDelta) > 1e-8 {
					t.Errorf("%T %v %g: %+v %v, European %+v", w, right, strike, one, err, european)
				}
				last := one.Value
				for _, dates := range [][]float64{{0.3, 0.7}, {0.1, 0.3, 0.7}, {0.1, 0.3, 0.35, 0.6, 0.7}} {
					r, err := COS{}.Price(ctx, pricing.Bermudan{Right: right, Strike: strike, Dates: dates}, w)
					if err != nil || r.Value < last-1e-6 {
						t.Errorf("%T %v %g: %g with dates %v after %g: %v", w, right, strike, r.Value, dates, last, err)
					}
					last = r.Value
				}
			}
		}
	}
	w := model.Merton{Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)}, Jumps: jump, Sigma: 0.2}
	european, err := Lewis{}.Price(ctx, pricing.Vanilla{Right: pricing.Call, Strike: 95, Expiry: 1}, w)
	if err != nil {
		t.Fatal(err)
	}
	r, err := COS{}.Price(ctx, pricing.Bermudan{Right: pricing.Call, Strike: 95, Dates: evenly(1, 12)}, w)
	if err != nil || math.Abs(r.Value-european.Value) > 1e-6 {
		t.Errorf("call without yield: %g %v, European %g", r.Value, err, european.Value)
	}
}

// A call on S struck at K under rates r and q is a put on K struck at S under q and r; with q < 0 < −r there are two
// boundaries, which a fine lattice finds as well.
func TestBermudanAgainstLattice(t *testing.T) {
	for _, c := range []struct {
		right            pricing.Right
		rate, yield, vol float64
	}{
		{pricing.Put, 0.06, 0.02, 0.3}, {pricing.Call, 0.02, 0.06, 0.3}, {pricing.Put, -0.01, -0.04, 0.1}, {pricing.Call, -0.04, -0.01, 0.1},
	} {
		w := model.BlackScholes{Spot: 100, Discount: curve.Flat(c.rate), Carry: curve.Flat(c.yield), Vol: model.FlatVol(c.vol)}
		for _, strike := range []float64{90, 100, 115} {
			opt := pricing.American{Right: c.right, Strike: strike, Expiry: 2}
			want, err := tree.Lattice{Steps: 2000, Scheme: tree.LeisenReimer}.Price(ctx, opt, w)
			if err != nil {
				t.Fatal(err)
			}
			got, err := COS{Tol: 1e-5}.Price(ctx, opt, w)
			if err != nil || math.Abs(got.Value-want.Value) > 3e-3 || math.Abs(got.Delta-want.Delta) > 2e-3 {
				t.Errorf("%+v strike %g: %.8g delta %.5g %v, lattice %.8g %.5g", c, strike, got.Value, got.Delta, err, want.Value, want.Delta)
			}
		}
	}
}

// Random models, schedules, strikes and accuracies: the series and the convolution are within what was asked for of each other,
// or refuse.
func TestRandomBermudans(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 11))
	between := func(lo, hi float64) float64 { return lo * math.Exp(rng.Float64()*math.Log(hi/lo)) }
	draws, refused := 40, 0
	if os.Getenv("VOLGA_SLOW") != "" {
		draws = 1000
	}
	for range draws {
		mk := model.Market{Spot: 100, Discount: curve.Flat(0.1 * (rng.Float64() - 0.2)), Carry: curve.Flat(0.1 * (rng.Float64() - 0.2))}
		sigma := between(0.05, 0.8)
		j := model.Jumps{Lambda: between(0.01, 5), MuJ: rng.NormFloat64() * 0.2, SigmaJ: between(0.01, 0.4)}
		w := []model.Characteristic{
			flatWorld(mk, sigma), model.Merton{Market: mk, Jumps: j, Sigma: sigma},
			model.Kou{Market: mk, Sigma: sigma, Lambda: j.Lambda, P: rng.Float64(), Eta1: between(2, 50), Eta2: between(1, 50)},
			model.NIG{Market: mk, Alpha: between(4, 50), Beta: rng.Float64()*3 - 1.5, Delta: between(0.2, 3)},
			model.CGMY{Market: mk, C: between(0.1, 2), G: between(1, 30), M: between(2, 30), Y: 1 + 0.8*rng.Float64()},
		}[rng.IntN(5)]
		dates := []float64{between(0.01, 1)}
		for range rng.IntN(12) {
			dates = append(dates, dates[len(dates)-1]+between(0.02, 0.5))
		}
		in := pricing.Bermudan{Right: []pricing.Right{pricing.Call, pricing.Put}[rng.IntN(2)], Strike: between(50, 200), Dates: dates}
		tol := math.Pow(10, -3-6*rng.Float64())
		a, err1 := COS{Tol: tol}.Price(ctx, in, w)
		b, err2 := CONV{Tol: tol}.Price(ctx, in, w)
		if errors.Is(err1, ErrAccuracy) || errors.Is(err2, ErrAccuracy) {
			refused++
			continue
		}
		last := in.Expiry()
		if err1 != nil || err2 != nil || math.Abs(a.Value-b.Value) > 2*tol*w.DiscountFactor(last)*w.ForwardAt(last).Value {
			t.Errorf("%+v %+v tol %g: %.10g %v, %.10g %v", w, in, tol, a.Value, err1, b.Value, err2)
		}
	}
	t.Logf("%d of %d refused", refused, draws)
}

// Barriers: published and computed values, parity of in and out, rebates.
func TestDiscreteBarriers(t *testing.T) {
	bgk := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.1), Vol: model.FlatVol(0.3)}
	price := func(w pricing.Model, strike, expiry float64, right pricing.Right, barriers ...pricing.Barrier) pricing.Result {
		t.Helper()
		r, err := COS{Tol: 1e-10}.Price(ctx, knockOption{pricing.Vanilla{Right: right, Strike: strike, Expiry: expiry}, barriers}, w)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, c := range []struct {
		name        string
		level, want float64
		dates       int
		tol         float64
	}{
		{"Broadie, Glasserman and Kou (1997), Table 1", 85, 6.322, 50, 5e-4},
		{"Broadie, Glasserman and Kou (1997), Table 1", 95, 4.907, 50, 5e-4},
		{"Broadie, Glasserman and Kou (1997), Table 1", 99, 2.337, 50, 7e-4},
		{"recursive Gauss-Legendre quadrature", 85, 6.3222401405, 50, 1e-7},
		{"recursive Gauss-Legendre quadrature", 99, 2.3363868958, 50, 1e-7},
		{"recursive Gauss-Legendre quadrature", 95, 5.6711051343, 5, 1e-7},
		{"recursive Gauss-Legendre quadrature", 95, 4.6406575558, 250, 1e-7},
	} {
		r := price(bgk, 100, 0.2, pricing.Call, pricing.Barrier{Level: c.level, Dates: evenly(0.2, c.dates)})
		if math.Abs(r.Value-c.want) > c.tol {
			t.Errorf("%s: level %g, %d dates: %.10g, want %.10g", c.name, c.level, c.dates, r.Value, c.want)
		}
	}
	dates := []float64{0.1, 0.25, 0.4, 0.65} // the last one before expiry
	for _, w := range jumpWorlds {
		vanilla := func(right pricing.Right) float64 {
			r, err := Lewis{}.Price(ctx, pricing.Vanilla{Right: right, Strike: 100, Expiry: 0.8}, w)
			if err != nil {
				t.Fatal(err)
			}
			return r.Value
		}
		for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
			for _, b := range [][]pricing.Barrier{
				{{Level: 85, Dates: dates}}, {{Level: 120, Up: true, Dates: dates}}, {{Level: 85, Dates: dates}, {Level: 120, Up: true, Dates: dates[:2]}},
			} {
				in := slices.Clone(b)
				for i := range in {
					in[i].In = true
				}
				o, i := price(w, 100, 0.8, right, b...), price(w, 100, 0.8, right, in...)
				if gap := o.Value + i.Value - vanilla(right); math.Abs(gap) > 1e-8 {
					t.Errorf("%T %v %+v: in and out miss the vanilla by %g", w, right, b, gap)
				}
				if o.Value < 0 || i.Value < 0 {
					t.Errorf("%T %v %+v: out %g, in %g", w, right, b, o.Value, i.Value)
				}
			}
		}
		// A rebate of one unit at expiry, if hit and if not, makes a bond.
		out := price(w, 1e-6, 0.8, pricing.Put, pricing.Barrier{Level: 85, Dates: dates, Rebate: 1, Late: true})
		in := price(w, 1e-6, 0.8, pricing.Put, pricing.Barrier{Level: 85, Dates: dates, Rebate: 1, In: true})
		if bond := w.DiscountFactor(0.8); math.Abs(out.Value+in.Value-bond) > 1e-7 {
			t.Errorf("%T: rebates add up to %g, a bond is %g", w, out.Value+in.Value, bond)
		}
		early := price(w, 1e-6, 0.8, pricing.Put, pricing.Barrier{Level: 85, Dates: dates, Rebate: 1})
		if !(early.Value > out.Value && early.Value < out.Value/w.DiscountFactor(0.8)) {
			t.Errorf("%T: rebate at the hit %g, at expiry %g", w, early.Value, out.Value)
		}
	}
	// Looked at today only.
	now := []float64{0}
	if r := price(bgk, 100, 0.2, pricing.Call, pricing.Barrier{Level: 105, Dates: now, Rebate: 2}); r.Value != 2 {
		t.Errorf("out already: %g", r.Value)
	}
	if r := price(bgk, 100, 0.2, pricing.Call, pricing.Barrier{Level: 95, In: true, Dates: now, Rebate: 2}); math.Abs(r.Value-2*math.Exp(-0.02)) > 1e-14 {
		t.Errorf("never in: %g", r.Value)
	}
}

// digital pays one above the strike, and spread the part of the price between two strikes: payoffs of straight lines.
type digital struct{ strike, expiry float64 }

func (digital) Validate() error     { return nil }
func (d digital) Maturity() float64 { return d.expiry }
func (d digital) Kinks() []float64  { return []float64{d.strike} }
func (d digital) PayoffTo(dst, s []float64) {
	for i, x := range s {
		dst[i] = 0
		if x > d.strike {
			dst[i] = 1
		}
	}
}

type straddle struct{ strike, expiry float64 }

func (straddle) Validate() error     { return nil }
func (d straddle) Maturity() float64 { return d.expiry }
func (d straddle) Kinks() []float64  { return []float64{d.strike} }
func (d straddle) PayoffTo(dst, s []float64) {
	for i, x := range s {
		dst[i] = math.Abs(x - d.strike)
	}
}

type squared struct{ straddle }

func (d squared) PayoffTo(dst, s []float64) {
	for i, x := range s {
		dst[i] = x * x
	}
}

func TestTerminalPayoffs(t *testing.T) {
	for _, w := range worlds[:6] {
		call, err := Lewis{}.Price(ctx, pricing.Vanilla{Right: pricing.Call, Strike: 95, Expiry: 1.5}, w)
		if err != nil {
			t.Fatal(err)
		}
		put, err := Lewis{}.Price(ctx, pricing.Vanilla{Right: pricing.Put, Strike: 95, Expiry: 1.5}, w)
		if err != nil {
			t.Fatal(err)
		}
		r, err := COS{Tol: 1e-10}.Price(ctx, digital{95, 1.5}, w)
		if err != nil || math.Abs(r.Value+call.DualDelta) > 1e-8 {
			t.Errorf("%T digital: %.10g %v, want %.10g", w, r.Value, err, -call.DualDelta)
		}
		r, err = COS{Tol: 1e-10}.Price(ctx, straddle{95, 1.5}, w)
		if err != nil || math.Abs(r.Value-call.Value-put.Value) > 2e-8 || math.Abs(r.Delta-call.Delta-put.Delta) > 1e-8 || math.Abs(r.Gamma-2*call.Gamma) > 1e-7 {
			t.Errorf("%T straddle: %+v %v, want %+v + %+v", w, r, err, call, put)
		}
	}
	if _, err := (COS{}).Price(ctx, squared{straddle{1, 1}}, benchHeston()); !errors.Is(err, pricing.ErrUnsupported) {
		t.Errorf("squared: %v", err)
	}
}

// The last price and the geometric average are jointly lognormal, so that Margrabe's formula is exact.
func TestFloatingGeometricAsian(t *testing.T) {
	const spot, rate, yield, vol = 110.0, 0.07, 0.02, 0.35
	w := model.BlackScholes{Spot: spot, Discount: curve.Flat(rate), Carry: curve.Flat(yield), Vol: model.FlatVol(vol)}
	for _, dates := range [][]float64{{0.3, 0.9}, {0, 0.2, 0.5, 1}, {1}, evenly(2, 30)} {
		n, last := float64(len(dates)), dates[len(dates)-1]
		mean, variance, cov := 0.0, 0.0, 0.0
		for _, a := range dates {
			mean += a / n
			cov += vol * vol * a / n
			for _, b := range dates {
				variance += vol * vol * math.Min(a, b) / (n * n)
			}
		}
		geo := spot * math.Exp((rate-yield-0.5*vol*vol)*mean+0.5*variance)
		s := math.Sqrt(math.Max(variance+vol*vol*last-2*cov, 0))
		for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
			want := black.Black76{
				Right: right, Forward: spot * math.Exp((rate-yield)*last), Strike: geo, Vol: s, Tau: 1, Discount: math.Exp(-rate * last),
			}.Price()
			r, err := COS{Tol: 1e-11}.Price(ctx, asianOption{pricing.Average{Right: right, Geometric: true, Floating: true, Dates: dates}}, w)
			if err != nil || math.Abs(r.Value-want) > 1e-8 {
				t.Errorf("%v %v: %.12g %v, want %.12g", dates, right, r.Value, err, want)
			}
		}
	}
}

// Two dates: the second price given the first is a European option, and the first is integrated over.
func TestArithmeticAsianOfTwoDates(t *testing.T) {
	const spot, rate, yield, vol = 100.0, 0.05, 0.02, 0.3
	w := model.BlackScholes{Spot: spot, Discount: curve.Flat(rate), Carry: curve.Flat(yield), Vol: model.FlatVol(vol)}
	const t1, t2 = 0.4, 1.0
	for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
		for _, floating := range []bool{false, true} {
			for _, strike := range []float64{70, 100, 130} {
				want := 0.0
				const h = 0.005
				for z := -9.0; z <= 9; z += h {
					s1 := spot * math.Exp((rate-yield-0.5*vol*vol)*t1+vol*math.Sqrt(t1)*z)
					f := s1 * math.Exp((rate-yield)*(t2-t1))
					k := 2*strike - s1 // (s1+s2)/2 − K
					if floating {
						k = s1 // s2 − (s1+s2)/2
					}
					v := 0.5 * math.Max(right.Sign()*(f-k), 0)
					if k > 0 {
						v = 0.5 * black.Black76{Right: right, Forward: f, Strike: k, Vol: vol, Tau: t2 - t1, Discount: 1}.Price()
					}
					want += h * math.Exp(-0.5*z*z-rate*t2) / math.Sqrt(2*math.Pi) * v
				}
				a := pricing.Average{Right: right, Strike: strike, Floating: floating, Dates: []float64{t1, t2}}
				r, err := COS{Tol: 1e-10}.Price(ctx, asianOption{a}, w)
				if err != nil || math.Abs(r.Value-want) > 2e-7 {
					t.Errorf("%+v: %.10g %v, want %.10g", a, r.Value, err, want)
				}
			}
		}
	}
}

// Deltas and gammas of what steps from date to date, against differences.
func TestStepGreeks(t *testing.T) {
	const h = 0.01
	for _, w := range jumpWorlds {
		for _, in := range []pricing.Instrument{
			pricing.Bermudan{Right: pricing.Put, Strike: 105, Dates: evenly(1, 6)},
			pricing.Bermudan{Right: pricing.Call, Strike: 95, Dates: evenly(1, 6)},
			knockOption{pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}, []pricing.Barrier{{Level: 90, Dates: evenly(1, 6), Rebate: 3}}},
			asianOption{pricing.Average{Right: pricing.Call, Strike: 100, Dates: []float64{0, 0.25, 0.5, 1}}},
			asianOption{pricing.Average{Right: pricing.Put, Strike: 100, Geometric: true, Dates: []float64{0, 0.25, 0.5, 1}}},
			asianOption{pricing.Average{Right: pricing.Call, Floating: true, Dates: []float64{0, 0.25, 0.5, 1}}},
		} {
			at := func(spot float64) pricing.Result {
				m := moved(w, spot, 0, 0, 0)
				r, err := COS{Tol: 1e-11}.Price(ctx, in, m)
				if err != nil {
					t.Fatalf("%T %T: %v", w, in, err)
				}
				return r
			}
			r, up, down := at(100), at(100+h), at(100-h)
			if want := (up.Value - down.Value) / (2 * h); math.Abs(r.Delta-want) > 1e-6 {
				t.Errorf("%T %+v: delta %.10g, difference %.10g", w, in, r.Delta, want)
			}
			if want := (up.Delta - down.Delta) / (2 * h); math.Abs(r.Gamma-want) > 2e-6 {
				t.Errorf("%T %+v: gamma %.10g, difference %.10g", w, in, r.Gamma, want)
			}
		}
	}
}

type additiveTerm struct{ v0, v1 float64 } // variance per year before and after half a year

func (a additiveTerm) Vol(_, t float64) float64 { return a.TermVol(t) }
func (a additiveTerm) TermVol(t float64) float64 {
	if t <= 0.5 {
		return math.Sqrt(a.v0)
	}
	return math.Sqrt((a.v0*0.5 + a.v1*(t-0.5)) / t)
}

// A term structure of volatility is a change of time: dates at which the variances are the same give the same value
// without rates.
func TestTermStructureSteps(t *testing.T) {
	a := model.BlackScholes{Spot: 100, Vol: additiveTerm{0.09, 0.03}}
	b := model.BlackScholes{Spot: 100, Vol: model.FlatVol(0.3)}
	clock := func(t float64) float64 {
		if t <= 0.5 {
			return t
		}
		return 0.5 + (t-0.5)/3
	}
	dates := []float64{0.2, 0.5, 0.7, 1}
	turned := make([]float64, len(dates))
	for i, x := range dates {
		turned[i] = clock(x)
	}
	x, err1 := COS{}.Price(ctx, knockOption{pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}, []pricing.Barrier{{Level: 90, Dates: dates}}}, a)
	y, err2 := COS{}.Price(ctx, knockOption{pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: turned[3]}, []pricing.Barrier{{Level: 90, Dates: turned}}}, b)
	if err1 != nil || err2 != nil || math.Abs(x.Value-y.Value) > 2e-6 {
		t.Errorf("%.10g %v, %.10g %v", x.Value, err1, y.Value, err2)
	}
	falling := model.BlackScholes{Spot: 100, Vol: additiveTerm{0.09, -0.05}}
	if _, err := (COS{}).Price(ctx, pricing.Bermudan{Right: pricing.Put, Strike: 100, Dates: dates}, falling); !errors.Is(err, pricing.ErrDomain) {
		t.Errorf("variance that falls: %v", err)
	}
}

func TestStepRefusals(t *testing.T) {
	put := pricing.Bermudan{Right: pricing.Put, Strike: 100, Dates: evenly(1, 4)}
	cash := model.BlackScholes{Spot: 100, Vol: model.FlatVol(0.2), Dividends: []model.Dividend{{Time: 0.4, Cash: 2}}}
	flat := model.BlackScholes{Spot: 100, Vol: model.FlatVol(0.2)}
	vanilla := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	vg := model.VarianceGamma{Market: mkt, Sigma: 0.2, Nu: 0.5, Theta: -0.2}
	for _, c := range []struct {
		name string
		in   pricing.Instrument
		m    pricing.Model
		want error
		text string
	}{
		{"stochastic volatility", put, benchHeston(), pricing.ErrUnsupported, "not independent"},
		{"cash dividend", put, cash, pricing.ErrUnsupported, "cash dividends"},
		{"asian, cash dividend", asianOption{pricing.Average{Right: pricing.Call, Strike: 1, Dates: []float64{1}}}, cash, pricing.ErrUnsupported, "cash dividends"},
		{"at all times", knockOption{vanilla, []pricing.Barrier{{Level: 90}}}, flat, pricing.ErrUnsupported, "at all times"},
		{"in and out", knockOption{vanilla, []pricing.Barrier{{Level: 90, Dates: put.Dates}, {Level: 120, Up: true, In: true, Dates: put.Dates}}}, flat, pricing.ErrUnsupported, "in and out"},
		{"level", knockOption{vanilla, []pricing.Barrier{{Level: math.NaN(), Dates: put.Dates}}}, flat, pricing.ErrDomain, "Level"},
		{"dates", knockOption{vanilla, []pricing.Barrier{{Level: 90, Dates: []float64{0.5, 2}}}}, flat, pricing.ErrDomain, "Dates[1]"},
		{"no dates", pricing.Bermudan{Right: pricing.Put, Strike: 100}, flat, pricing.ErrDomain, "Dates"},
		{"strike of zero", pricing.American{Right: pricing.Put, Expiry: 1}, flat, pricing.ErrDomain, "Strike"},
		{"no fixing", asianOption{pricing.Average{Right: pricing.Call, Strike: 1}}, flat, pricing.ErrDomain, "Dates"},
		{"variance gamma of many dates", pricing.Bermudan{Right: pricing.Put, Strike: 100, Dates: evenly(0.1, 50)}, vg, ErrAccuracy, "too slowly"},
		{"variance gamma of many fixings", asianOption{pricing.Average{Right: pricing.Call, Strike: 100, Dates: evenly(0.1, 10)}}, vg, ErrAccuracy, "too slowly"},
	} {
		r, err := COS{}.Price(ctx, c.in, c.m)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || r.Has != 0 {
			t.Errorf("%s: %v with %v", c.name, err, r.Has)
		}
	}
	if _, err := (COS{Tol: 1e-11}).Price(ctx, pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}, jumpWorlds[0]); !errors.Is(err, ErrAccuracy) {
		t.Errorf("American to 1e-13: %v", err)
	}
	r, err := COS{}.Price(ctx, pricing.American{Right: pricing.Put, Strike: 130, Expiry: 0}, flat)
	if err != nil || r.Value != 30 {
		t.Errorf("American at expiry: %v %v", r.Value, err)
	}
	r, err = COS{}.Price(ctx, pricing.American{Right: pricing.Put, Strike: 200, Expiry: 1}, jumpWorlds[0])
	if err != nil || r.Value != 100 || math.Abs(r.Delta+1) > 1e-14 || r.Gamma != 0 {
		t.Errorf("American deep in the money: %+v %v", r, err)
	}
}

// countdown is cancelled when it has been asked a number of times, which does not depend on the clock.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// Each step asks once whether it is to stop, and nothing else is given back then.
func TestSteppingStopsWhenCancelled(t *testing.T) {
	for name, in := range map[string]pricing.Instrument{
		"Bermudan": pricing.Bermudan{Right: pricing.Put, Strike: 100, Dates: evenly(1, 200)},
		"American": pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1},
		"Asian":    asianOption{pricing.Average{Right: pricing.Call, Strike: 100, Dates: evenly(1, 200)}},
		"barrier":  knockOption{pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}, []pricing.Barrier{{Level: 90, Dates: evenly(1, 200)}}},
	} {
		for _, after := range []int{0, 1, 20, 60} {
			stop := &countdown{ctx, after}
			r, err := COS{}.Price(stop, in, jumpWorlds[0])
			if !errors.Is(err, context.Canceled) || r.Has != 0 || stop.left < -4 {
				t.Errorf("%s cancelled after %d questions: %v with %v, %d more were asked", name, after, err, r.Has, -1-stop.left)
			}
		}
	}
}

func TestConcurrentSteps(t *testing.T) {
	in := []pricing.Instrument{
		pricing.Bermudan{Right: pricing.Put, Strike: 105, Dates: evenly(1, 6)},
		knockOption{pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}, []pricing.Barrier{{Level: 90, Dates: evenly(1, 6), Rebate: 3}}},
		asianOption{pricing.Average{Right: pricing.Call, Strike: 100, Dates: evenly(1, 4)}},
	}
	for _, e := range []pricing.StripEngine{COS{}, CONV{}} {
		if (e == CONV{}) {
			in = in[:1]
		}
		want := make([]pricing.Result, len(in))
		if err := e.PriceStrip(ctx, want, in, jumpWorlds[1]); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				dst := make([]pricing.Result, len(in))
				for range 3 {
					if err := e.PriceStrip(ctx, dst, in, jumpWorlds[1]); err != nil || !slices.Equal(dst, want) {
						t.Errorf("%T: %+v %v, want %+v", e, dst, err, want)
						return
					}
				}
			})
		}
		wg.Wait()
	}
}

// An asset that hardly moves, or not at all, follows its forwards.
func TestStepsWithoutVariance(t *testing.T) {
	const rate = 0.05
	put := pricing.Vanilla{Right: pricing.Put, Strike: 110, Expiry: 1}
	for _, vol := range []float64{0, 1e-9, 1e-6, 1e-4} {
		w := model.BlackScholes{Spot: 100, Discount: curve.Flat(rate), Vol: model.FlatVol(vol)}
		at := func(t float64) float64 { return 100 * math.Exp(rate*t) }
		d := math.Exp(-rate)
		for _, c := range []struct {
			name string
			e    pricing.Engine
			in   pricing.Instrument
			want float64
		}{
			{"Bermudan", COS{}, pricing.Bermudan{Right: pricing.Put, Strike: 110, Dates: []float64{0.25, 1}}, 110*math.Exp(-rate/4) - 100},
			{"Bermudan by CONV", CONV{}, pricing.Bermudan{Right: pricing.Put, Strike: 110, Dates: []float64{0.25, 1}}, 110*math.Exp(-rate/4) - 100},
			{"American", COS{}, pricing.American{Right: pricing.Put, Strike: 110, Expiry: 1}, 10},
			{"out", COS{}, knockOption{put, []pricing.Barrier{{Level: 104, Up: true, Rebate: 2, Dates: []float64{0.5, 1}}}}, 2 * d},
			{"still alive", COS{}, knockOption{put, []pricing.Barrier{{Level: 107, Up: true, Rebate: 2, Dates: []float64{0.5, 1}}}}, d * (110 - at(1))},
			{"in", COS{}, knockOption{put, []pricing.Barrier{{Level: 104, Up: true, In: true, Dates: []float64{0.5, 1}}}}, d * (110 - at(1))},
			{"arithmetic", COS{}, asianOption{pricing.Average{Right: pricing.Put, Strike: 110, Dates: []float64{0.5, 1}}}, d * (110 - 0.5*(at(0.5)+at(1)))},
			{"geometric", COS{}, asianOption{pricing.Average{Right: pricing.Put, Strike: 110, Geometric: true, Dates: []float64{0.5, 1}}}, d * (110 - at(0.75))},
			{"floating", COS{}, asianOption{pricing.Average{Right: pricing.Call, Floating: true, Dates: []float64{0.5, 1}}}, d * 0.5 * (at(1) - at(0.5))},
		} {
			r, err := c.e.Price(ctx, c.in, w)
			if err != nil || math.Abs(r.Value-c.want) > 2e-6 {
				t.Errorf("%s, volatility %g: %.10g %v, want %.10g", c.name, vol, r.Value, err, c.want)
			}
		}
	}
}
