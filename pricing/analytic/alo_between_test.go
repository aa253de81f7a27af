package analytic

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/tree"
)

// randomBetween draws a put that is exercised between two boundaries, also with rates next to zero and next to each other.
func randomBetween(rng *rand.Rand) (o put, spot float64) {
	for !o.between() {
		o = put{q: -0.05 * rng.Float64(), vol: 0.02 * math.Pow(100, rng.Float64()), tau: math.Pow(10*365, rng.Float64()) / 365}
		o.r = o.q * rng.Float64()
		switch rng.IntN(6) {
		case 0:
			o.r = o.q * math.Pow(10, -6*rng.Float64())
		case 1:
			o.r = o.q * (1 - math.Pow(10, -6*rng.Float64()))
		}
	}
	return o, math.Exp((2*rng.Float64() - 1) * 3 * o.vol * math.Sqrt(o.tau))
}

func TestALOBetweenRungsKeepTheirErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	top := len(aloLadder) - 1
	for range 150 {
		o, x := randomBetween(rng)
		c := contract{pricing.Put, x, 1, o.r, o.q, o.vol, o.tau}
		best, err := c.andersenLake(top)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range aloLadder[:top] {
			got, err := c.andersenLake(i)
			if err != nil {
				t.Fatalf("rung %d, %+v: %v", i, o, err)
			}
			if off := math.Abs(got.Value - best.Value); off > r.error*o.hardness() {
				t.Errorf("rung %d, %+v at %g: off by %.3g, stated %.3g", i, o, x, off, r.error*o.hardness())
			}
		}
	}
}

// solvedStrip solves both boundaries at a rung.
func solvedStrip(t *testing.T, o put, rung int) (strip, *aloScheme) {
	t.Helper()
	s := aloLadder[rung].scheme()
	b := strip{put: o, upper: newALOWork(s.aloTable), lower: newALOWork(s.aloTable)}
	if !b.solve(s) {
		t.Fatalf("%+v does not settle", o)
	}
	return b, s
}

// What the method rests on: above the upper boundary the integral over all that lies below it and the integral between the
// boundaries are the same; so they are below the lower one; and the value meets the payoff at both, though the equation solved
// is that of the slope. The boundaries come from one equation each, so that none of these holds by construction.
func TestALOBetweenIdentities(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	apart, meet, worst := 0, 0, 0.0
	for range 120 {
		o, _ := randomBetween(rng)
		b, s := solvedStrip(t, o, 4)
		if b.meet < o.tau {
			meet++
			continue
		}
		apart++
		low := o.mirrored()
		upper, lower := math.Exp(-b.upper.h[s.n-1]), math.Exp(b.lower.h[s.n-1])/low.top()
		if !(upper >= lower && lower >= o.r/o.q && upper <= 1) {
			t.Errorf("%+v: boundaries %g and %g", o, lower, upper)
		}
		check := func(what string, got, want float64) {
			worst = math.Max(worst, math.Abs(got-want))
			if math.Abs(got-want) > 1e-9*o.hardness() {
				t.Errorf("%+v: %s: %.15g, want %.15g", o, what, got, want)
			}
		}
		european := func(spot float64) float64 {
			return contract{pricing.Put, spot, 1, o.r, o.q, o.vol, o.tau}.european().Price()
		}
		for _, f := range []float64{1.001, 1.1} {
			one, _, _ := o.premium(s.aloTable, b.upper, upper*f)
			two, _, _ := b.premium(s, upper*f)
			check("above, by one boundary and by two", one, two)
			v, _, _ := low.premium(s.aloTable, b.lower, f/lower)
			spot := lower / f
			below := math.Exp(-o.r*o.tau) - spot*math.Exp(-o.q*o.tau) - spot*v
			two, _, _ = b.premium(s, spot)
			check("below, by one boundary and by two", below, european(spot)+two)
		}
		at, _, _ := o.premium(s.aloTable, b.upper, upper)
		check("value at the upper boundary", european(upper)+at, 1-upper)
		v, _, _ := low.premium(s.aloTable, b.lower, 1/lower)
		check("value at the lower boundary", math.Exp(-o.r*o.tau)-lower*(math.Exp(-o.q*o.tau)+v), 1-lower)
	}
	t.Logf("%d strips apart, %d that meet, worst difference %.2g", apart, meet, worst)
	if apart < 30 || meet < 30 {
		t.Errorf("%d strips apart and %d that meet are too few of a kind", apart, meet)
	}
}

// Healy prints 22.372978113275483 for this put with a coarse scheme (AQFED.jl, README of the module american), which is off by
// 2.5e-5: a lattice of 6401 steps has 22.3729565, and all rungs agree to 1e-9.
func TestALOBetweenAgainstHealy(t *testing.T) {
	opt, m := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 0.75}, flatWorld(80, -0.005, -0.01, 0.3)
	r := priced(t, AndersenLake{}, opt, m)
	if math.Abs(r.Value-22.372978113275483) > 5e-5 {
		t.Errorf("%.12g is not Healy's value", r.Value)
	}
	if math.Abs(r.Value-22.372952775) > 2e-8 {
		t.Errorf("%.12g", r.Value)
	}
}

// Lattices know nothing of boundaries: each regime against one, value, delta and gamma.
func TestALOBetweenAgainstLattice(t *testing.T) {
	lattice := tree.Lattice{Steps: 801, Smooth: true, Richardson: true}
	for _, o := range []put{
		{r: -0.005, q: -0.01, vol: 0.3, tau: 0.75}, // they meet before
		{r: -0.01, q: -0.02, vol: 0.05, tau: 1},    // they never meet
		{r: -0.01, q: -0.05, vol: 0.1, tau: 10},
		{r: -0.02, q: -0.03, vol: 0.2, tau: 1},
		{r: -0.001, q: -0.05, vol: 0.4, tau: 10}, // they would meet later
		{r: -0.012, q: -0.02, vol: 0.1, tau: 10},
	} {
		for _, spot := range []float64{3, 20, 50, 65, 80, 95, 100, 120, 200} {
			m := flatWorld(spot, o.r, o.q, o.vol)
			put := pricing.American{Right: pricing.Put, Strike: 100, Expiry: o.tau}
			got, want := priced(t, AndersenLake{}, put, m), priced(t, lattice, put, m)
			if math.Abs(got.Value-want.Value) > 1e-4*spot || math.Abs(got.Delta-want.Delta) > 1e-3 || math.Abs(got.Gamma-want.Gamma) > 1e-3 {
				t.Errorf("%+v, spot %g: %.7g %.5g %.5g, lattice %.7g %.5g %.5g",
					o, spot, got.Value, got.Delta, got.Gamma, want.Value, want.Delta, want.Gamma)
			}
			// The call with spot and strike, rate and yield exchanged is the same number.
			call := pricing.American{Right: pricing.Call, Strike: spot, Expiry: o.tau}
			if c := priced(t, AndersenLake{}, call, flatWorld(100, o.q, o.r, o.vol)); math.Abs(c.Value-got.Value) > 1e-12*(1+got.Value) {
				t.Errorf("%+v, spot %g: put %.15g, call %.15g", o, spot, got.Value, c.Value)
			}
		}
	}
}

func TestALOBetweenGreeksAreDerivatives(t *testing.T) {
	for _, c := range []struct {
		o    put
		spot float64
	}{
		{put{r: -0.005, q: -0.01, vol: 0.3, tau: 0.75}, 80}, {put{r: -0.02, q: -0.03, vol: 0.2, tau: 1}, 65},
		{put{r: -0.01, q: -0.05, vol: 0.1, tau: 2}, 93}, {put{r: -0.01, q: -0.05, vol: 0.1, tau: 2}, 20},
		{put{r: -0.012, q: -0.02, vol: 0.1, tau: 4}, 100},
	} {
		for _, right := range []pricing.Right{pricing.Put, pricing.Call} {
			at := func(ds, dt, dk, dv, dr, dq float64) pricing.Result {
				e := AndersenLake{Tolerance: 5e-9, Rates: dv == 0 && dr == 0 && dq == 0 && ds == 0 && dt == 0 && dk == 0}
				opt := pricing.American{Right: pricing.Put, Strike: 100 + dk, Expiry: c.o.tau - dt}
				m := flatWorld(c.spot+ds, c.o.r+dr, c.o.q+dq, c.o.vol+dv)
				if right == pricing.Call {
					opt = pricing.American{Right: pricing.Call, Strike: c.spot + dk, Expiry: c.o.tau - dt}
					m = flatWorld(100+ds, c.o.q+dr, c.o.r+dq, c.o.vol+dv)
				}
				return priced(t, e, opt, m)
			}
			slope := func(h float64, of func(h float64) float64) float64 { // Richardson
				one := func(h float64) float64 { return (of(h) - of(-h)) / (2 * h) }
				return (4*one(h/2) - one(h)) / 3
			}
			base := at(0, 0, 0, 0, 0, 0)
			for _, g := range []struct {
				name      string
				got, want float64
			}{
				{"delta", base.Delta, slope(0.05, func(h float64) float64 { return at(h, 0, 0, 0, 0, 0).Value })},
				{"gamma", base.Gamma, slope(0.05, func(h float64) float64 { return at(h, 0, 0, 0, 0, 0).Delta })},
				{"theta", base.Theta, slope(1e-3, func(h float64) float64 { return at(0, h, 0, 0, 0, 0).Value })},
				{"dual delta", base.DualDelta, slope(0.05, func(h float64) float64 { return at(0, 0, h, 0, 0, 0).Value })},
				{"dual gamma", base.DualGamma, slope(0.05, func(h float64) float64 { return at(0, 0, h, 0, 0, 0).DualDelta })},
				{"vega", base.Vega, slope(1e-3, func(h float64) float64 { return at(0, 0, 0, h, 0, 0).Value })},
				{"rho", base.Rho, slope(1e-4, func(h float64) float64 { return at(0, 0, 0, 0, h, 0).Value })},
				{"yield rho", base.YieldRho, slope(1e-4, func(h float64) float64 { return at(0, 0, 0, 0, 0, h).Value })},
			} {
				if math.Abs(g.got-g.want) > 2e-5*(math.Abs(g.want)+0.1) {
					t.Errorf("%v %+v at %g: %s = %.9g, difference quotient %.9g", right, c.o, c.spot, g.name, g.got, g.want)
				}
			}
		}
	}
}

// The value does not jump where regimes meet: at τ*, as the rate passes through zero, as rate and yield become equal.
func TestALOBetweenLimits(t *testing.T) {
	price := func(o put, spot float64) float64 {
		m := flatWorld(100*spot, o.r, o.q, o.vol)
		return priced(t, AndersenLake{Tolerance: 5e-11}, pricing.American{Right: pricing.Put, Strike: 100, Expiry: o.tau}, m).Value
	}
	o := put{r: -0.005, q: -0.01, vol: 0.3, tau: 0.75}
	b, _ := solvedStrip(t, o, 5)
	for _, spot := range []float64{0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 1} {
		before, after := o, o
		before.tau, after.tau = b.meet*(1-1e-9), b.meet*(1+1e-9)
		if x, y := price(before, spot), price(after, spot); math.Abs(x-y) > 2e-8 {
			t.Errorf("at τ* = %g, spot %g: %.12g and %.12g", b.meet, spot, x, y)
		}
	}
	for _, spot := range []float64{0.3, 0.7, 0.9, 1, 1.2} {
		below, above := put{r: -1e-9, q: -0.03, vol: 0.2, tau: 3}, put{r: 1e-9, q: -0.03, vol: 0.2, tau: 3}
		if x, y := price(below, spot), price(above, spot); math.Abs(x-y) > 2e-6 {
			t.Errorf("rate through zero, spot %g: %.12g and %.12g", spot, x, y)
		}
		held := put{r: -0.02, q: -0.02, vol: 0.2, tau: 3}
		for _, gap := range []float64{1e-3, 1e-5, 1e-7, 1e-9} {
			near := held
			near.q -= gap
			x, y := price(near, spot), 100*contract{pricing.Put, spot, 1, near.r, near.q, near.vol, near.tau}.european().Price()
			if x < y-1e-10 || x > y+300*gap {
				t.Errorf("rate over yield by %g, spot %g: %.12g, European %.12g", gap, spot, x, y)
			}
		}
	}
}

func TestALOBetweenAllocatesNothing(t *testing.T) {
	testAllocatesNothing(t, AndersenLake{}, pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}, flatWorld(80, -0.005, -0.01, 0.3))
}

func BenchmarkAmericanALOTwoBoundaries(b *testing.B) {
	var in pricing.Instrument = pricing.American{Right: pricing.Put, Strike: 100, Expiry: 0.75}
	for _, s := range aloSettings {
		for name, m := range map[string]pricing.Model{"apart": flatWorld(98, -0.01, -0.03, 0.1), "meet": flatWorld(80, -0.005, -0.01, 0.3)} {
			b.Run("tol="+s.name+"/"+name, func(b *testing.B) {
				var e pricing.Engine = AndersenLake{Tolerance: s.tolerance}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := e.Price(ctx, in, m); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/option")
			})
		}
	}
}
