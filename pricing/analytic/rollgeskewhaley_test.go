package analytic

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/pricing/tree"
	"github.com/volgaquant/volga/rates/curve"
)

func dividendWorld(spot, rate, vol, cash, at float64) model.BlackScholes {
	return model.BlackScholes{
		Spot: spot, Discount: curve.Flat(rate), Vol: model.FlatVol(vol), Dividends: []model.Dividend{{Time: at, Cash: cash}},
	}
}

func TestRollGeskeWhaleyPublished(t *testing.T) {
	for _, c := range []struct {
		name                                      string
		spot, strike, cash, at, expiry, rate, vol float64
		want, tolerance                           float64
	}{
		{"Haug 2007 p.112", 80, 82, 4, 0.25, 1.0 / 3, 0.06, 0.30, 4.3860, 5e-5},
		{"QuantLib, escrowed model, 800 by 800 finite differences", 166.45, 139.34, 1.13, 406.0 / 365, 630.0 / 365, 0.0704, 0.1227,
			42.322097007576524, 5e-5},
	} {
		call := pricing.American{Right: pricing.Call, Strike: c.strike, Expiry: c.expiry}
		r := priced(t, RollGeskeWhaley{}, call, dividendWorld(c.spot, c.rate, c.vol, c.cash, c.at))
		if math.Abs(r.Value-c.want) > c.tolerance {
			t.Errorf("%s: %.6f, want %.4f", c.name, r.Value, c.want)
		}
	}
}

// whaleyByQuadrature integrates the better of exercise and the European call over the price at the dividend, piecewise, for the
// integrand turns where they meet; the place is found by bisection.
func whaleyByQuadrature(spot, strike, cash, at, expiry, rate, vol float64) float64 {
	ex := spot - cash*math.Exp(-rate*at)
	w := vol * math.Sqrt(at)
	price := func(z float64) float64 { return ex * math.Exp(rate*at-0.5*w*w+w*z) }
	held := func(s float64) float64 {
		return black.BSM{Right: pricing.Call, Spot: s, Strike: strike, Rate: rate, Vol: vol, Tau: expiry - at}.Price()
	}
	lo, hi := -12.0, 12.0
	for range 100 {
		if mid := (lo + hi) / 2; price(mid)+cash-strike > held(price(mid)) {
			hi = mid
		} else {
			lo = mid
		}
	}
	piece := func(a, b float64, f func(s float64) float64) float64 {
		const n = 8000 // Simpson
		sum, h := 0.0, (b-a)/n
		for i := range n + 1 {
			weight := 2.0 + 2*float64(i%2)
			if i == 0 || i == n {
				weight = 1
			}
			z := a + float64(i)*h
			sum += weight * special.NormPDF(z) * f(price(z))
		}
		return sum * h / 3
	}
	return math.Exp(-rate*at) * (piece(-12, lo, held) + piece(lo, 12+w, func(s float64) float64 { return s + cash - strike }))
}

// The lattice with escrowed dividends knows nothing of when to exercise.
func TestRollGeskeWhaleyAgainstLattice(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 9))
	for range 12 {
		call, m := randomDividendCall(rng)
		got, want := priced(t, RollGeskeWhaley{}, call, m), priced(t, tree.Lattice{Steps: 801}, call, m)
		if math.Abs(got.Value-want.Value) > 2e-4*m.Spot || math.Abs(got.Delta-want.Delta) > 5e-3 {
			t.Errorf("%+v under %+v: %.7g, %.5g; lattice %.7g, %.5g", call, m, got.Value, got.Delta, want.Value, want.Delta)
		}
	}
	testAllocatesNothing(t, RollGeskeWhaley{}, pricing.American{Right: pricing.Call, Strike: 82, Expiry: 1}, dividendWorld(80, 0.06, 0.3, 4, 0.25))
}

func randomDividendCall(rng *rand.Rand) (call pricing.American, m model.BlackScholes) {
	spot, vol := 60+80*rng.Float64(), 0.05+0.6*rng.Float64()
	expiry := 0.05 + 2*rng.Float64()
	at := expiry * (0.02 + 0.97*rng.Float64())
	m = dividendWorld(spot, 0.1*rng.Float64(), vol, 0.2+8*rng.Float64(), at)
	return pricing.American{Right: pricing.Call, Strike: 100, Expiry: expiry}, m
}

func TestRollGeskeWhaleyAgainstQuadrature(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	worst, early := 0.0, 0
	for range 300 {
		call, m := randomDividendCall(rng)
		r := priced(t, RollGeskeWhaley{}, call, m)
		d := m.Dividends[0]
		rate, _, _ := m.ConstantRates()
		want := whaleyByQuadrature(m.Spot, call.Strike, d.Cash, d.Time, call.Expiry, rate, m.Volatility(100, 1))
		worst = math.Max(worst, math.Abs(r.Value-want))
		european := priced(t, European{}, call.European(), m)
		if r.Value > european.Value+1e-9 {
			early++
		}
		if r.Value < european.Value-1e-12 {
			t.Errorf("%+v: %.15g is below the European %.15g", call, r.Value, european.Value)
		}
		if math.Abs(r.Value-want) > 1e-9 {
			t.Errorf("%+v under %+v: %.12g, by quadrature %.12g", call, m, r.Value, want)
		}
	}
	t.Logf("worst difference %.2g; early exercise adds value to %d of 300", worst, early)
	if early < 100 {
		t.Errorf("only %d of 300 options are exercised early", early)
	}
}

// A dividend at expiry itself: the call is exercised just before it as soon as S > K.
func TestRollGeskeWhaleyLimits(t *testing.T) {
	call := pricing.American{Right: pricing.Call, Strike: 100, Expiry: 1}
	m := dividendWorld(104, 0.05, 0.2, 5, 1)
	ex := m.Spot - 5*math.Exp(-0.05)
	want := black.BSM{Right: pricing.Call, Spot: ex, Strike: 95, Rate: 0.05, Vol: 0.2, Tau: 1}.Price()
	if r := priced(t, RollGeskeWhaley{}, call, m); math.Abs(r.Value-want) > 1e-12 || math.IsNaN(r.Gamma+r.Vega+r.DualGamma) {
		t.Errorf("dividend at expiry: %+v, want %.15g", r, want)
	}
	near := m
	near.Dividends = []model.Dividend{{Time: 1 - 1e-9, Cash: 5}}
	if r := priced(t, RollGeskeWhaley{}, call, near); math.Abs(r.Value-want) > 1e-6 {
		t.Errorf("dividend next to expiry: %.12g, want %.12g", r.Value, want)
	}
	// Dividend worth less than the interest on the strike: never exercised.
	small := dividendWorld(104, 0.05, 0.2, 1, 0.5)
	if a, b := priced(t, RollGeskeWhaley{}, call, small), priced(t, European{}, call.European(), small); a != b {
		t.Errorf("small dividend: %+v, European %+v", a, b)
	}
	// On both sides of where exercise begins to pay.
	edge := -100 * math.Expm1(-0.05*0.5)
	for _, cash := range []float64{edge, edge * (1 + 1e-14), edge + 1e-9, edge + 1e-4} {
		w := dividendWorld(104, 0.05, 0.2, cash, 0.5)
		a, b := priced(t, RollGeskeWhaley{}, call, w), priced(t, European{}, call.European(), w)
		if math.Abs(a.Value-b.Value) > 1e-6 || math.Abs(a.Delta-b.Delta) > 1e-6 || math.IsNaN(a.Gamma+a.Theta+a.DualGamma) {
			t.Errorf("dividend %g: %+v, European %+v", cash, a, b)
		}
	}
	// More than the strike: always exercised.
	cheap := pricing.American{Right: pricing.Call, Strike: 4, Expiry: 1}
	w := dividendWorld(104, 0.05, 0.2, 5, 0.5)
	if r := priced(t, RollGeskeWhaley{}, cheap, w); math.Abs(r.Value-(104-4*math.Exp(-0.025))) > 1e-12 {
		t.Errorf("strike below the dividend: %.15g", r.Value)
	}
	late := dividendWorld(104, 0.05, 0.2, 5, 1.5)
	if a, b := priced(t, RollGeskeWhaley{}, call, late), priced(t, European{}, call.European(), late); a != b {
		t.Errorf("dividend after expiry: %+v, European %+v", a, b)
	}
	still := dividendWorld(110, 0.05, 0, 5, 0.5)
	if r := priced(t, RollGeskeWhaley{}, call, still); math.Abs(r.Value-(110-100*math.Exp(-0.025))) > 1e-12 {
		t.Errorf("no volatility: %.15g", r.Value)
	}
}

func TestRollGeskeWhaleyGreeksAreDerivatives(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 9))
	for range 40 {
		call, m := randomDividendCall(rng)
		base := priced(t, RollGeskeWhaley{}, call, m)
		d := m.Dividends[0]
		rate, _, _ := m.ConstantRates()
		vol := m.Volatility(100, 1)
		at := func(ds, dr, dv, dt, dk float64) pricing.Result {
			o := call
			o.Strike += dk
			o.Expiry -= dt
			return priced(t, RollGeskeWhaley{}, o, dividendWorld(m.Spot+ds, rate+dr, vol+dv, d.Cash, d.Time-dt))
		}
		if base.Has&pricing.HasYieldRho != 0 {
			continue // the European Greeks, checked with that engine
		}
		slope := func(h float64, of func(h float64) float64) float64 { // Richardson
			one := func(h float64) float64 { return (of(h) - of(-h)) / (2 * h) }
			return (4*one(h/2) - one(h)) / 3
		}
		for _, c := range []struct {
			name      string
			got, want float64
		}{
			{"delta", base.Delta, slope(0.02, func(h float64) float64 { return at(h, 0, 0, 0, 0).Value })},
			{"gamma", base.Gamma, slope(0.02, func(h float64) float64 { return at(h, 0, 0, 0, 0).Delta })},
			{"theta", base.Theta, slope(1e-4, func(h float64) float64 { return at(0, 0, 0, h, 0).Value })},
			{"vega", base.Vega, slope(1e-4, func(h float64) float64 { return at(0, 0, h, 0, 0).Value })},
			{"rho", base.Rho, slope(1e-5, func(h float64) float64 { return at(0, h, 0, 0, 0).Value })},
			{"dual delta", base.DualDelta, slope(0.02, func(h float64) float64 { return at(0, 0, 0, 0, h).Value })},
			{"dual gamma", base.DualGamma, slope(0.02, func(h float64) float64 { return at(0, 0, 0, 0, h).DualDelta })},
		} {
			if math.Abs(c.got-c.want) > 2e-6*(math.Abs(c.want)+0.1) {
				t.Errorf("%+v under %+v: %s = %.9g, difference quotient %.9g", call, m, c.name, c.got, c.want)
			}
		}
	}
}

func TestRollGeskeWhaleyRefuses(t *testing.T) {
	call := pricing.American{Right: pricing.Call, Strike: 100, Expiry: 1}
	put := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	good := dividendWorld(100, 0.05, 0.2, 4, 0.5)
	with := func(change func(m *model.BlackScholes)) model.BlackScholes {
		m := good
		change(&m)
		return m
	}
	sloped, err := curve.NewZeroCurve([]float64{0.5, 2}, []float64{0.01, 0.05}, curve.LogLinearDiscount)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		in   pricing.Instrument
		m    pricing.Model
		want error
	}{
		{"put", put, good, pricing.ErrUnsupported},
		{"European", call.European(), good, pricing.ErrUnsupported},
		{"Heston", call, model.Heston{}, pricing.ErrUnsupported},
		{"two dividends", call, with(func(m *model.BlackScholes) {
			m.Dividends = []model.Dividend{{Time: 0.3, Cash: 1}, {Time: 0.6, Cash: 1}}
		}), pricing.ErrUnsupported},
		{"proportion", call, with(func(m *model.BlackScholes) { m.Dividends = []model.Dividend{{Time: 0.3, Proportion: 0.01}} }), pricing.ErrUnsupported},
		{"spot model", call, with(func(m *model.BlackScholes) { m.DividendModel = model.PiecewiseLognormal }), pricing.ErrUnsupported},
		{"yield", call, with(func(m *model.BlackScholes) { m.Carry = curve.Flat(0.01) }), pricing.ErrUnsupported},
		{"negative rate", call, with(func(m *model.BlackScholes) { m.Discount = curve.Flat(-0.01) }), pricing.ErrUnsupported},
		{"curve", call, with(func(m *model.BlackScholes) { m.Discount = sloped }), pricing.ErrUnsupported},
		{"dividend above the spot", call, with(func(m *model.BlackScholes) { m.Dividends = []model.Dividend{{Time: 0.3, Cash: 150}} }), pricing.ErrDomain},
		{"volatility", call, with(func(m *model.BlackScholes) { m.Vol = model.FlatVol(math.NaN()) }), pricing.ErrDomain},
		{"strike", pricing.American{Right: pricing.Call, Strike: -1, Expiry: 1}, good, pricing.ErrDomain},
	} {
		if _, err := (RollGeskeWhaley{}).Price(ctx, c.in, c.m); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	// Two dividends of which one falls after expiry are one.
	after := with(func(m *model.BlackScholes) { m.Dividends = append(m.Dividends, model.Dividend{Time: 1.5, Cash: 4}) })
	if a, b := priced(t, RollGeskeWhaley{}, call, after), priced(t, RollGeskeWhaley{}, call, good); a != b {
		t.Errorf("a dividend after expiry changes %+v to %+v", b, a)
	}
}

func ExampleRollGeskeWhaley() {
	world := model.BlackScholes{
		Spot: 80, Discount: curve.Flat(0.06), Vol: model.FlatVol(0.30), Dividends: []model.Dividend{{Time: 0.25, Cash: 4}},
	}
	call := pricing.American{Right: pricing.Call, Strike: 82, Expiry: 1.0 / 3}
	r, err := RollGeskeWhaley{}.Price(context.Background(), call, world)
	e, _ := European{}.Price(context.Background(), call.European(), world)
	fmt.Printf("%.4f, European %.4f %v\n", r.Value, e.Value, err)
	// Output: 4.3860, European 3.5107 <nil>
}

func BenchmarkRollGeskeWhaley(b *testing.B) {
	var in pricing.Instrument = pricing.American{Right: pricing.Call, Strike: 82, Expiry: 0.3333}
	var m pricing.Model = dividendWorld(80, 0.06, 0.3, 4, 0.25)
	var e pricing.Engine = RollGeskeWhaley{}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Price(ctx, in, m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/option")
}
