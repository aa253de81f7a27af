package analytic

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

func flatMarket(s state) model.Market {
	return model.Market{Spot: s.spot, Discount: curve.Flat(s.rate), Carry: curve.Flat(s.yield)}
}

// Undiscounted forwards with a discount factor beside them: the market of the reference cases.
func forwardMarket(forward, discount, t float64) model.Market {
	r := curve.Flat(-math.Log(discount) / t)
	return model.Market{Spot: forward, Discount: r, Carry: r}
}

func TestGoldenBachelierAndShiftedBlack(t *testing.T) {
	golden.Run(t, "black76_bachelier", func(t *testing.T, c golden.Case) {
		right, err := pricing.ParseRight(c.Text(t, "type"))
		if err != nil {
			t.Fatal(err)
		}
		if c.Float(t, "strike") <= 0 {
			t.Skip("a listed option's strike is positive")
		}
		opt := pricing.Vanilla{Right: right, Strike: c.Float(t, "strike"), Expiry: c.Float(t, "t")}
		market := forwardMarket(c.Float(t, "forward"), c.Float(t, "discount"), opt.Expiry)
		vol := model.FlatVol(c.Float(t, "vol"))
		var m pricing.Model = model.Bachelier{Market: market, Vol: vol}
		if c.Text(t, "model") == "black" {
			m = model.Displaced{Market: market, Shift: c.FloatOr(t, "shift", 0), Vol: vol}
		}
		c.Check(t, "price", value(t, opt, m).Value)
	})
}

func TestGoldenCEV(t *testing.T) {
	golden.Run(t, "papers/noncentral_chi2", func(t *testing.T, c golden.Case) {
		if !c.Has("beta") {
			t.Skip("a probability, checked in internal/special")
		}
		s := state{spot: c.Float(t, "spot"), rate: c.Float(t, "rate_cc"), yield: c.Float(t, "div_cc")}
		beta := c.Float(t, "beta")
		m := model.CEV{Market: flatMarket(s), Beta: beta, Sigma: c.Float(t, "sigma_lognormal_equiv") * math.Pow(s.spot, 1-beta)}
		opt := pricing.Vanilla{Right: pricing.Call, Strike: c.Float(t, "strike"), Expiry: c.Float(t, "T_years")}
		c.Check(t, "call", value(t, opt, m).Value)
		opt.Right = pricing.Put
		c.Check(t, "put", value(t, opt, m).Value)
	})
}

// Options out of the money on a forward of 1 against the Poisson mixture of incomplete gamma functions at 40 digits (mpmath).
func TestCEVToTheLastDigits(t *testing.T) {
	worst := 0.0
	for _, c := range []struct {
		beta, sigma, expiry, strike float64
		right                       pricing.Right
		want                        float64
	}{
		{1.866, 0.411, 2.5, 0.94, pricing.Put, 0.214734694369344059},
		{0.818, 0.362, 3.38, 3.286, pricing.Call, 0.00898456643092541836},
		{1.471, 0.567, 1.68, 0.433, pricing.Put, 0.0143113955016352994},
		{1.487, 0.501, 3.33, 0.334, pricing.Put, 0.00938883730453812215},
		{0.708, 0.564, 1.7, 1.672, pricing.Call, 0.111349825930184659},
		{0.656, 0.211, 1.02, 0.381, pricing.Put, 2.09150347326103227e-6},
		{0.653, 0.525, 2.38, 0.828, pricing.Put, 0.218288364663944636},
		{0.643, 0.568, 3.45, 1.548, pricing.Call, 0.246685678495019161},
		{0.735, 0.557, 2.36, 3.05, pricing.Call, 0.0347470894329812098},
		{2.697, 0.206, 2.03, 0.572, pricing.Put, 0.0000284751003861189936},
		{0.575, 0.218, 1.32, 0.807, pricing.Put, 0.0272915248828824846},
		{1.28, 0.32, 2.43, 1.874, pricing.Call, 0.0448403634479608707},
		{0.496, 0.289, 0.49, 3.308, pricing.Call, 7.82502729089145758e-18},
		{0.511, 0.269, 2.82, 0.606, pricing.Put, 0.0336294946669039892},
		{0.882, 0.32, 1.95, 2.591, pricing.Call, 0.00278938438911670958},
		{2.272, 0.588, 3.28, 0.385, pricing.Put, 0.00596149510226749581},
		{0.722, 0.266, 1.35, 0.861, pricing.Put, 0.0599250199474721815},
		{0.776, 0.427, 2.6, 0.316, pricing.Put, 0.0129623972711578045},
		{2.039, 0.424, 1.26, 2.723, pricing.Call, 0.0582820839873784611},
		{0.441, 0.263, 1.93, 3.04, pricing.Call, 1.22712777264430471e-6},
		{0.612, 0.53, 1.2, 1.858, pricing.Call, 0.0381321947286884134},
		{2.664, 0.209, 2.1, 1.554, pricing.Call, 0.0441068849845126451},
		{1.79, 0.464, 0.59, 0.856, pricing.Put, 0.064660247431694589},
		{0.617, 0.582, 0.5, 2.103, pricing.Call, 0.00340722832662299528},
	} {
		opt := pricing.Vanilla{Right: c.right, Strike: c.strike, Expiry: c.expiry}
		got := value(t, opt, model.CEV{Market: model.Market{Spot: 1}, Sigma: c.sigma, Beta: c.beta}).Value
		off := math.Abs(got-c.want) / c.want
		worst = math.Max(worst, off)
		if off > 1e-12 {
			t.Errorf("%+v: %.17g, off by %.2g", c, got, off)
		}
	}
	t.Logf("worst relative error %.2g", worst)
}

func TestGreeksOfTheLaws(t *testing.T) {
	for _, opt := range []pricing.Vanilla{
		{Right: pricing.Call, Strike: 105, Expiry: 0.9}, {Right: pricing.Put, Strike: 92, Expiry: 0.9}, {Right: pricing.Put, Strike: 115, Expiry: 2},
	} {
		checkGreeks(t, "Bachelier", European{}, opt, state{100, 0.04, 0.015, 21, 0}, func(s state) pricing.Model {
			return model.Bachelier{Market: flatMarket(s), Vol: model.FlatVol(s.vol)}
		})
		checkGreeks(t, "Bachelier below zero", European{}, opt, state{-10, 0.04, 0.015, 90, 0}, func(s state) pricing.Model {
			return model.Bachelier{Market: flatMarket(s), Vol: model.FlatVol(s.vol)}
		})
		for _, shift := range []float64{0, 40, -30} {
			checkGreeks(t, fmt.Sprintf("displaced by %g", shift), European{}, opt, state{100, 0.04, 0.015, 0.25, 0}, func(s state) pricing.Model {
				m := model.Displaced{Market: flatMarket(s), Vol: model.FlatVol(s.vol)}
				m.Shift = shift * math.Exp((s.rate-s.yield)*s.later) // the displacement grows as time passes
				return m
			})
		}
		for _, beta := range []float64{0, 0.3, 0.5, 0.9, 0.999, 1, 1.2, 2.5} {
			checkGreeks(t, fmt.Sprintf("CEV with β = %g", beta), European{}, opt, state{100, 0.04, 0.015, 0.25 * math.Pow(100, 1-beta), 0}, func(s state) pricing.Model {
				return model.CEV{Market: flatMarket(s), Sigma: s.vol, Beta: beta}
			})
		}
	}
}

// SABR's Greeks move the volatility with the forward; vega is by α.
func TestGreeksOfSABR(t *testing.T) {
	for _, opt := range []pricing.Vanilla{
		{Right: pricing.Call, Strike: 105, Expiry: 0.9}, {Right: pricing.Put, Strike: 80, Expiry: 0.9},
		{Right: pricing.Put, Strike: 100, Expiry: 2}, {Right: pricing.Call, Strike: 150, Expiry: 0.5},
	} {
		for _, e := range []model.SABRExpansion{model.HaganLognormal, model.Obloj, model.HaganNormal} {
			for _, c := range [][4]float64{{0.5, 0.6, -0.4, 0}, {1, 0.8, -0.7, 0}, {0, 0.3, 0.2, 10}, {0.7, 0, 0, 0}} {
				beta := c[0]
				checkGreeks(t, fmt.Sprintf("%v %v", e, c), European{}, opt, state{100, 0.04, 0.015, 0.25 * math.Pow(100, 1-beta), 0}, func(s state) pricing.Model {
					return model.SABR{Market: flatMarket(s), Alpha: s.vol, Beta: beta, Nu: c[1], Rho: c[2], Shift: c[3], Expansion: e}
				})
			}
		}
	}
}

// The price is that of Black's formula with the model's volatilities, the greeks at β = 1 without volatility of volatility are
// Black's, and published prices are met to what an expansion can do.
func TestSABRPrices(t *testing.T) {
	at := state{spot: 100, rate: 0.03, yield: 0.01}
	flat := model.SABR{Market: flatMarket(at), Alpha: 0.2, Beta: 1}
	world := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.03), Carry: curve.Flat(0.01), Vol: model.FlatVol(0.2)}
	for _, opt := range []pricing.Vanilla{{Right: pricing.Call, Strike: 120, Expiry: 1.5}, {Right: pricing.Put, Strike: 100, Expiry: 0.5}} {
		a, b := value(t, opt, flat), value(t, opt, world)
		for name, pair := range map[string][2]float64{
			"value": {a.Value, b.Value}, "speed": {a.Speed, b.Speed}, "ultima": {a.Ultima, b.Ultima}, "zomma": {a.Zomma, b.Zomma},
			"color": {a.Color, b.Color}, "veta": {a.Veta, b.Veta}, "charm": {a.Charm, b.Charm}, "rho": {a.Rho, b.Rho},
			"dual gamma": {a.DualGamma, b.DualGamma},
		} {
			if math.Abs(pair[0]-pair[1]) > 1e-9*math.Abs(pair[1]) {
				t.Errorf("%s: %.14g, Black %.14g", name, pair[0], pair[1])
			}
		}
		smile := model.SABR{Market: flatMarket(at), Alpha: 2, Beta: 0.5, Nu: 0.5, Rho: -0.3, Shift: 20}
		for _, e := range []model.SABRExpansion{model.HaganLognormal, model.Obloj, model.HaganNormal} {
			smile.Expansion = e
			got := value(t, opt, smile)
			asBlack := value(t, opt, world.WithVol(model.VolFunc(smile.Volatility)))
			asNormal := value(t, opt, model.Bachelier{Market: smile.Market, Vol: model.VolFunc(smile.NormalVol)})
			if math.Abs(got.Value-asBlack.Value) > 1e-13*100 || math.Abs(got.Value-asNormal.Value) > 1e-13*100 {
				t.Errorf("%v: %.15g, %.15g by its Black and %.15g by its normal volatility", e, got.Value, asBlack.Value, asNormal.Value)
			}
		}
	}
	// Hagan et al. (2002): an expiry of zero is the payoff; a volatility that the expansion does not have is an error.
	smile := model.SABR{Market: flatMarket(at), Alpha: 2, Beta: 0.5, Nu: 0.5, Rho: -0.3}
	if r := value(t, pricing.Vanilla{Right: pricing.Put, Strike: 110}, smile); r.Value != 10 || r.Delta != -1 {
		t.Errorf("at expiry: %+v", r)
	}
	smile.Expansion, smile.Alpha = model.HaganNormal, 60
	if _, err := (European{}).Price(ctx, pricing.Vanilla{Right: pricing.Put, Strike: 110, Expiry: 30}, smile); !errors.Is(err, pricing.ErrDomain) {
		t.Errorf("an expansion below zero: %v", err)
	}
}

// Without a displacement it is Black's model; a large one with the same volatility in money is Bachelier's.
func TestDisplacedBetweenBlackAndBachelier(t *testing.T) {
	market := flatMarket(state{spot: 100, rate: 0.05, yield: 0.01})
	for _, opt := range []pricing.Vanilla{{Right: pricing.Call, Strike: 120, Expiry: 1.5}, {Right: pricing.Put, Strike: 70, Expiry: 0.5}} {
		black := value(t, opt, model.BlackScholes{Spot: 100, Discount: market.Discount, Carry: market.Carry, Vol: model.FlatVol(0.3)})
		none := value(t, opt, model.Displaced{Market: market, Vol: model.FlatVol(0.3)})
		if math.Abs(black.Value-none.Value) > 1e-14*black.Value || math.Abs(black.Rho-none.Rho) > 1e-13*math.Abs(black.Rho) || black.Color != none.Color {
			t.Errorf("no displacement: %+v, Black %+v", none, black)
		}
		growth := market.Growth(opt.Expiry)
		normal := value(t, opt, model.Bachelier{Market: market, Vol: model.FlatVol(30 * growth)})
		last := math.Inf(1)
		for _, shift := range []float64{1e3, 1e5, 1e7} {
			far := value(t, opt, model.Displaced{Market: market, Shift: shift, Vol: model.FlatVol(30 / (shift + 100))})
			off := math.Abs(far.Value - normal.Value)
			if off > 20*normal.Value*100/shift || off > last/50 {
				t.Errorf("shift %g: %.12g, normal %.12g", shift, far.Value, normal.Value)
			}
			last = off
		}
	}
	// A strike that the price cannot fall to.
	low := model.Displaced{Market: market, Shift: -50, Vol: model.FlatVol(0.4)}
	call := value(t, pricing.Vanilla{Right: pricing.Call, Strike: 30, Expiry: 1}, low)
	if want := low.DiscountFactor(1) * (low.Forward(1) - 30); math.Abs(call.Value-want) > 1e-13*want {
		t.Errorf("a call that is surely exercised: %.15g, want %.15g", call.Value, want)
	}
	if put := value(t, pricing.Vanilla{Right: pricing.Put, Strike: 30, Expiry: 1}, low); put.Value != 0 {
		t.Errorf("a put that never is: %g", put.Value)
	}
}

// As β goes to one from either side prices go to Black's, smoothly over the switch; the middle of two at equal distance
// differs by the second order.
func TestCEVAroundOne(t *testing.T) {
	market := flatMarket(state{spot: 100, rate: 0.05, yield: 0.01})
	opt := pricing.Vanilla{Right: pricing.Call, Strike: 130, Expiry: 1}
	at := func(e float64) pricing.Result {
		return value(t, opt, model.CEV{Market: market, Beta: 1 - e, Sigma: 0.25 * math.Pow(100, e)})
	}
	black := value(t, opt, model.BlackScholes{Spot: 100, Discount: market.Discount, Carry: market.Carry, Vol: model.FlatVol(0.25)})
	for _, e := range []float64{1e-2, 1e-3, 1e-4, 1e-6, 1e-7, 2e-8, 0.9e-8, 1e-9, 0} {
		up, down := at(e), at(-e)
		mid := 0.5 * (up.Value + down.Value)
		if math.Abs(mid-black.Value) > (50*e*e+1e-11)*black.Value || math.Abs(up.Value-black.Value) > 20*e*black.Value+1e-12 {
			t.Errorf("β = 1 ∓ %g: %.14g and %.14g, Black %.14g", e, up.Value, down.Value, black.Value)
		}
		if math.Abs(up.Gamma-black.Gamma) > (20*e+1e-9)*black.Gamma {
			t.Errorf("β = 1 − %g: gamma %.12g, Black %.12g", e, up.Gamma, black.Gamma)
		}
	}
}

// The value of a put is the integral of its payoff over the density, which DualGamma is, and for β < 1 over the probability
// of zero, for β on both sides of one; and rates that are no flat curve are integrated.
func TestCEVIsTheIntegralOfItsDensity(t *testing.T) {
	for _, beta := range []float64{0.25, 0.75, 1.5, 3} {
		m := model.CEV{Market: model.Market{Spot: 1}, Beta: beta, Sigma: 0.4}
		const strike, n = 1.2, 500
		opt := pricing.Vanilla{Right: pricing.Put, Strike: strike, Expiry: 2}
		sum, mass := 0.0, 0.0
		for i := range n { // the midpoint rule in x = strike·u³, which resolves what the density does near zero
			u := (float64(i) + 0.5) / n
			o := opt
			o.Strike = strike * u * u * u
			q := value(t, o, m).DualGamma * strike * 3 * u * u / n
			sum += q * (strike - o.Strike)
			mass += q
		}
		r := value(t, opt, m)
		zero := r.DualDelta - mass
		absorbed := 0.0
		if e := 1 - beta; e > 0 {
			_, absorbed = special.NoncentralChi2(1/(e*e*0.32), 1/e, 0)
		}
		if math.Abs(r.Value-sum-zero*strike) > 2e-5 {
			t.Errorf("β = %g: put %.10g, integral %.10g with %g at zero", beta, r.Value, sum+zero*strike, zero)
		}
		if math.Abs(zero-absorbed) > 2e-5 {
			t.Errorf("β = %g: a probability of %g at zero, want %g", beta, zero, absorbed)
		}
	}
}

func TestCEVUnderCurves(t *testing.T) {
	zero, err := curve.NewZeroCurve([]float64{0.25, 1, 2}, []float64{0.05, 0.05, 0.05}, curve.LogLinearDiscount)
	if err != nil {
		t.Fatal(err)
	}
	flat := model.CEV{Market: flatMarket(state{spot: 100, rate: 0.05, yield: 0.01}), Sigma: 3, Beta: 0.4}
	curved := flat
	curved.Discount = zero
	opt := pricing.Vanilla{Right: pricing.Call, Strike: 110, Expiry: 1.7}
	a, b := value(t, opt, flat), value(t, opt, curved)
	if math.Abs(a.Value-b.Value) > 1e-12*a.Value || math.Abs(a.Rho-b.Rho) > 1e-11*a.Rho || math.Abs(a.Theta-b.Theta) > 1e-11*math.Abs(a.Theta) {
		t.Errorf("flat %+v, the same rate as a curve %+v", a, b)
	}
	steep, err := curve.NewZeroCurve([]float64{0.5, 2}, []float64{-0.02, 0.08}, curve.LogLinearDiscount)
	if err != nil {
		t.Fatal(err)
	}
	curved.Discount = steep
	sum := 0.0
	const n = 200_000
	for i := range n { // the jump of the rate at 0.5 falls between two steps
		u := 1.5 * (float64(i) + 0.5) / n
		sum += 9 * math.Pow(curved.Growth(u), -1.2) * 1.5 / n
	}
	if tau, _ := curved.TotalVariance(1.5); math.Abs(tau-sum) > 1e-10*sum {
		t.Errorf("variance %.14g, sum %.14g", tau, sum)
	}
}

func TestLawsRefuse(t *testing.T) {
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	market := model.Market{Spot: 100}
	vol := model.FlatVol(0.2)
	for _, c := range []struct {
		name string
		m    pricing.Model
		want error
	}{
		{"Bachelier without a volatility", model.Bachelier{Market: market}, pricing.ErrDomain},
		{"Bachelier with a NaN", model.Bachelier{Market: market, Vol: model.FlatVol(math.NaN())}, pricing.ErrDomain},
		{"spot NaN", model.Bachelier{Market: model.Market{Spot: math.NaN()}, Vol: vol}, pricing.ErrDomain},
		{"displaced below zero", model.Displaced{Market: market, Shift: -100, Vol: vol}, pricing.ErrDomain},
		{"displaced volatility NaN", model.Displaced{Market: market, Shift: -99, Vol: model.FlatVol(math.NaN())}, pricing.ErrDomain},
		{"CEV with a negative β", model.CEV{Market: market, Sigma: 1, Beta: -1}, pricing.ErrDomain},
		{"CEV with σ NaN", model.CEV{Market: market, Sigma: math.NaN(), Beta: 0.5}, pricing.ErrDomain},
		{"CEV without a spot", model.CEV{Sigma: 1, Beta: 0.5}, pricing.ErrDomain},
		{"local volatility", model.LocalVol{Market: market, Variance: model.LocalVarianceFunc(func(k, t float64) float64 { return 0.04 })}, pricing.ErrUnsupported},
	} {
		if _, err := (European{}).Price(ctx, call, c.m); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		dst := make([]pricing.Result, 1)
		if err := (European{}).PriceStrip(ctx, dst, []pricing.Instrument{call}, c.m); !errors.Is(err, c.want) || dst[0].Has != 0 {
			t.Errorf("%s, in a strip: %v, want %v", c.name, err, c.want)
		}
	}
	for _, m := range []pricing.Model{model.CEV{Market: market, Sigma: 0, Beta: 0.5}, model.Bachelier{Market: market, Vol: model.FlatVol(0)}, model.Displaced{Market: market, Vol: model.FlatVol(0)}} {
		if r := value(t, pricing.Vanilla{Right: pricing.Put, Strike: 110, Expiry: 1}, m); r.Value != 10 {
			t.Errorf("%T without volatility: %g, want 10", m, r.Value)
		}
		if r := value(t, pricing.Vanilla{Right: pricing.Put, Strike: 110}, m); r.Value != 10 {
			t.Errorf("%T at expiry: %g, want 10", m, r.Value)
		}
	}
}

func TestStripsOfTheLawsAllocateNothing(t *testing.T) {
	in, dst := make([]pricing.Instrument, 8), make([]pricing.Result, 8)
	for i := range in {
		in[i] = pricing.Vanilla{Right: pricing.Call, Strike: 80 + 5*float64(i), Expiry: 1}
	}
	market := flatMarket(state{spot: 100, rate: 0.05, yield: 0.01})
	var e pricing.StripEngine = European{}
	for _, m := range []pricing.Model{
		model.Bachelier{Market: market, Vol: model.FlatVol(20)}, model.Displaced{Market: market, Shift: 20, Vol: model.FlatVol(0.2)},
		model.CEV{Market: market, Sigma: 2, Beta: 0.5}, model.SABR{Market: market, Alpha: 2, Beta: 0.5, Nu: 0.4, Rho: -0.3},
		model.SABR{Market: market, Alpha: 2, Beta: 0.5, Nu: 0.4, Rho: -0.3, Expansion: model.HaganNormal},
	} {
		if n := testing.AllocsPerRun(20, func() { _ = e.PriceStrip(ctx, dst, in, m) }); n != 0 {
			t.Errorf("%T: %g allocations", m, n)
		}
		for i := range in {
			if one := value(t, in[i].(pricing.Vanilla), m); one != dst[i] {
				t.Errorf("%T: alone %+v, in the strip %+v", m, one, dst[i])
			}
		}
	}
}

func ExampleEuropean_cev() {
	world := model.CEV{
		Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)},
		Sigma:  2, // a volatility of 2·100^(−1/2) = 20% at 100, more below
		Beta:   0.5,
	}
	put := pricing.Vanilla{Right: pricing.Put, Strike: 90, Expiry: 1}
	r, err := European{}.Price(context.Background(), put, world)
	fmt.Printf("%.4f delta %.4f %v\n", r.Value, r.Delta, err)
	// Output: 2.4576 delta -0.2095 <nil>
}

func ExampleEuropean_sabr() {
	world := model.SABR{Market: model.Market{Spot: 100}, Alpha: 2, Beta: 0.5, Nu: 0.4, Rho: -0.3}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 110, Expiry: 1}
	r, err := European{}.Price(context.Background(), call, world)
	fmt.Printf("%.4f delta %.4f %v\n", r.Value, r.Delta, err)
	// Output: 4.0114 delta 0.3402 <nil>
}

func BenchmarkEuropeanSABR(b *testing.B) {
	var in pricing.Instrument = pricing.Vanilla{Right: pricing.Put, Strike: 90, Expiry: 1}
	var m pricing.Model = model.SABR{Market: model.Market{Spot: 100}, Alpha: 2, Beta: 0.5, Nu: 0.4, Rho: -0.3}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (European{}).Price(ctx, in, m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/option")
}

func BenchmarkCEV(b *testing.B) {
	var in pricing.Instrument = pricing.Vanilla{Right: pricing.Put, Strike: 90, Expiry: 1}
	var m pricing.Model = model.CEV{Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)}, Sigma: 2, Beta: 0.5}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (European{}).Price(ctx, in, m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/option")
}
