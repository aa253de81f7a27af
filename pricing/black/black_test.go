package black

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/pricing"
)

// option is what the three kinds share.
type option interface {
	Validate() error
	Price() float64
	Greeks() (float64, pricing.Greeks)
}

var inf, nan = math.Inf(1), math.NaN()

func near(got, want, rel, abs float64) bool {
	return got == want || math.Abs(got-want) <= rel*math.Abs(want)+abs
}

// each calls f for every Greek of two sets.
func each(a, b pricing.Greeks, f func(name string, x, y float64)) {
	x, y := list(a), list(b)
	for i, n := range greekNames {
		f(n, x[i], y[i])
	}
}

var greekNames = [...]string{
	"Delta", "Gamma", "Vega", "Theta", "Rho", "YieldRho", "Vanna", "Volga", "Charm", "Speed", "Color", "Zomma", "Veta", "Ultima",
	"DualDelta", "DualGamma",
}

func list(g pricing.Greeks) [16]float64 {
	return [16]float64{
		g.Delta, g.Gamma, g.Vega, g.Theta, g.Rho, g.YieldRho, g.Vanna, g.Volga, g.Charm, g.Speed, g.Color, g.Zomma, g.Veta, g.Ultima,
		g.DualDelta, g.DualGamma,
	}
}

func TestPutCallParity(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 1))
	for i := range 3000 {
		o := randomBSM(rng, i)
		call, put := o, o
		call.Right, put.Right = pricing.Call, pricing.Put
		cv, cg := call.Greeks()
		pv, pg := put.Greeks()
		sq, kr := o.Spot*math.Exp(-o.Yield*o.Tau), o.Strike*math.Exp(-o.Rate*o.Tau)
		if !near(cv-pv, sq-kr, 0, 8*eps*(sq+kr+cv+pv)) {
			t.Errorf("%+v: C−P = %v, want %v", o, cv-pv, sq-kr)
		}
		want := pricing.Greeks{ // of the forward contract
			Delta: sq / o.Spot, Theta: o.Yield*sq - o.Rate*kr, Rho: o.Tau * kr, YieldRho: -o.Tau * sq, Charm: o.Yield * sq / o.Spot,
			DualDelta: -kr / o.Strike,
		}
		x, y, z := list(cg), list(pg), list(want)
		for j, name := range greekNames {
			if !near(x[j]-y[j], z[j], 0, 40*eps*(math.Abs(x[j])+math.Abs(y[j])+math.Abs(z[j]))) {
				t.Errorf("%+v: %s: call %v, put %v, difference want %v", o, name, x[j], y[j], z[j])
			}
		}
	}
}

func TestHomogeneity(t *testing.T) {
	rng := rand.New(rand.NewPCG(22, 1))
	for i := range 2000 {
		o := randomBSM(rng, i)
		v, g := o.Greeks()
		up := o
		up.Spot, up.Strike = o.Spot*4096, o.Strike*4096
		if got := up.Price(); got != 4096*v {
			t.Errorf("%+v: price %v of 4096 times the option, want %v", o, got, 4096*v)
		}
		// Euler: V = S·Δ + K·∂V/∂K, and the Black-Scholes equation.
		if e := o.Spot*g.Delta + o.Strike*g.DualDelta; !near(e, v, 0, 20*eps*(o.Spot*math.Abs(g.Delta)+o.Strike*math.Abs(g.DualDelta))) {
			t.Errorf("%+v: S·delta + K·dual delta = %v, want %v", o, e, v)
		}
		diffusion := 0.5 * o.Vol * o.Vol * o.Spot * o.Spot * g.Gamma
		carry := (o.Rate - o.Yield) * o.Spot * g.Delta
		if e := g.Theta + diffusion + carry; !near(e, o.Rate*v, 0, 60*eps*(math.Abs(g.Theta)+diffusion+math.Abs(carry)+math.Abs(o.Rate*v)+o.Spot*math.Abs(o.Yield*g.Delta))) {
			t.Errorf("%+v: the Black-Scholes equation leaves %v", o, e-o.Rate*v)
		}
	}
}

func TestBoundsAndMonotoneInVol(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 1))
	for range 300 {
		f := math.Exp(4 * rng.NormFloat64())
		k := f * math.Exp(2*rng.NormFloat64())
		for _, r := range []pricing.Right{pricing.Call, pricing.Put} {
			last, lastN := -1.0, -1.0
			for i := range 160 {
				vol := math.Exp(float64(i)*0.1 - 12)
				v := Black76{Right: r, Forward: f, Strike: k, Vol: vol, Tau: 1, Discount: 1}.Price()
				most := f
				if r == pricing.Put {
					most = k
				}
				if !(v >= r.Payoff(f, k)*(1-2*eps) && v <= most*(1+2*eps)) {
					t.Errorf("%v f=%v k=%v vol=%v: price %v outside [%v, %v]", r, f, k, vol, v, r.Payoff(f, k), most)
				}
				if !(v >= last*(1-8*eps)) {
					t.Errorf("%v f=%v k=%v vol=%v: price fell from %v to %v", r, f, k, vol, last, v)
				}
				last = v
				n := Bachelier{Right: r, Forward: f, Strike: k, Vol: vol * f, Tau: 1, Discount: 1}.Price()
				if !(n >= lastN*(1-8*eps) && n >= r.Payoff(f, k)) {
					t.Errorf("%v f=%v k=%v vol=%v: Bachelier price %v after %v", r, f, k, vol, n, lastN)
				}
				lastN = n
			}
		}
	}
}

func TestBlackAndBSMAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(24, 1))
	for i := range 500 {
		o := randomBSM(rng, i)
		o.Rate, o.Yield = 0, 0
		b := Black76{Right: o.Right, Forward: o.Spot, Strike: o.Strike, Vol: o.Vol, Tau: o.Tau, Discount: 1}
		v, g := o.Greeks()
		w, h := b.Greeks()
		if v != w {
			t.Errorf("%+v: %v, Black %v", o, v, w)
		}
		each(g, h, func(name string, x, y float64) {
			if name != "Rho" && name != "YieldRho" && x != y {
				t.Errorf("%+v: %s %v, Black %v", o, name, x, y)
			}
		})
	}
}

func TestNoVolatilityOrTime(t *testing.T) {
	const d = 0.9
	r := -math.Log(d) / 2
	for _, c := range []struct {
		name  string
		o     option
		value float64
		g     pricing.Greeks
	}{
		{"black call above, no vol", Black76{Right: pricing.Call, Forward: 110, Strike: 100, Tau: 2, Discount: d}, 9,
			pricing.Greeks{Delta: d, DualDelta: -d, Theta: r * 9, Rho: -18, Charm: r * d}},
		{"black put above, no vol", Black76{Right: pricing.Put, Forward: 110, Strike: 100, Tau: 2, Discount: d}, 0, pricing.Greeks{}},
		{"black put below, no time", Black76{Right: pricing.Put, Forward: 90, Strike: 100, Vol: 0.2, Discount: d}, 9,
			pricing.Greeks{Delta: -d, DualDelta: d}},
		{"black call at the strike, no time", Black76{Right: pricing.Call, Forward: 100, Strike: 100, Vol: 0.2, Discount: 1}, 0,
			pricing.Greeks{Delta: 0.5, DualDelta: -0.5, Gamma: inf, DualGamma: inf, Speed: -inf, Zomma: -inf, Color: inf, Theta: -inf, Charm: -inf, Veta: -inf}},
		{"black put at the strike, no vol", Black76{Right: pricing.Put, Forward: 100, Strike: 100, Tau: 4, Discount: 1}, 0,
			pricing.Greeks{Delta: -0.5, DualDelta: 0.5, Gamma: inf, DualGamma: inf, Speed: -inf, Zomma: -inf, Color: inf,
				Vega: 200 / math.Sqrt(2*math.Pi), Vanna: 1 / math.Sqrt(2*math.Pi), Ultima: -200 / math.Sqrt(2*math.Pi), Veta: -25 / math.Sqrt(2*math.Pi)}},
		{"black call, strike 0", Black76{Right: pricing.Call, Forward: 100, Vol: 0.2, Tau: 2, Discount: d}, 90,
			pricing.Greeks{Delta: d, DualDelta: -d, Theta: r * 90, Rho: -180, Charm: r * d}},
		{"black put, strike 0", Black76{Right: pricing.Put, Forward: 100, Vol: 0.2, Tau: 2, Discount: d}, 0, pricing.Greeks{}},
		{"bsm call above, no vol", BSM{Right: pricing.Call, Spot: 100, Strike: 90, Rate: 0.05, Yield: 0.02, Tau: 1},
			100*math.Exp(-0.02) - 90*math.Exp(-0.05),
			pricing.Greeks{
				Delta: math.Exp(-0.02), DualDelta: -math.Exp(-0.05), Theta: 2*math.Exp(-0.02) - 4.5*math.Exp(-0.05), Rho: 90 * math.Exp(-0.05),
				YieldRho: -100 * math.Exp(-0.02), Charm: 0.02 * math.Exp(-0.02),
			}},
		{"bsm put, no time", BSM{Right: pricing.Put, Spot: 90, Strike: 100, Rate: 0.05, Yield: 0.02, Vol: 0.3}, 10,
			pricing.Greeks{Delta: -1, DualDelta: 1, Theta: 0.02*-90 + 0.05*100, Charm: -0.02}},
		{"bsm call at the money, no time", BSM{Right: pricing.Call, Spot: 100, Strike: 100, Rate: 0.05, Yield: 0.02, Vol: 0.3}, 0,
			pricing.Greeks{Delta: 0.5, DualDelta: -0.5, Gamma: inf, DualGamma: inf, Speed: -inf, Zomma: -inf, Color: inf, Theta: -inf, Charm: -inf, Veta: -inf}},
		{"bsm nothing at all", BSM{Right: pricing.Call, Spot: 100, Strike: 100, Rate: 0.05, Yield: 0.02}, 0,
			pricing.Greeks{Delta: 0.5, DualDelta: -0.5, Gamma: inf, DualGamma: inf, Speed: -inf, Zomma: -inf, Color: inf, Theta: -1.5, Charm: 0.01, Veta: -inf}},
		{"bachelier call above, no vol", Bachelier{Right: pricing.Call, Forward: 10, Strike: -5, Tau: 2, Discount: d}, 13.5,
			pricing.Greeks{Delta: d, DualDelta: -d, Theta: r * 13.5, Rho: -27, Charm: r * d}},
		{"bachelier put above, no time", Bachelier{Right: pricing.Put, Forward: 10, Strike: -5, Vol: 3, Discount: d}, 0, pricing.Greeks{}},
		{"bachelier call at the strike, no time", Bachelier{Right: pricing.Call, Forward: -2, Strike: -2, Vol: 3, Discount: 1}, 0,
			pricing.Greeks{Delta: 0.5, DualDelta: -0.5, Gamma: inf, DualGamma: inf, Zomma: -inf, Color: inf, Theta: -inf, Veta: -inf}},
		{"bachelier put at the strike, no vol", Bachelier{Right: pricing.Put, Forward: 2, Strike: 2, Tau: 4, Discount: 1}, 0,
			pricing.Greeks{Delta: -0.5, DualDelta: 0.5, Gamma: inf, DualGamma: inf, Zomma: -inf, Color: inf,
				Vega: 2 / math.Sqrt(2*math.Pi), Veta: -0.25 / math.Sqrt(2*math.Pi)}},
	} {
		v, g := c.o.Greeks()
		if p := c.o.Price(); p != v || !near(v, c.value, 4*eps, 1e-14) {
			t.Errorf("%s: price %v, value %v, want %v", c.name, p, v, c.value)
		}
		each(g, c.g, func(name string, x, y float64) {
			if !near(x, y, 8*eps, 1e-14) {
				t.Errorf("%s: %s = %v, want %v", c.name, name, x, y)
			}
		})
		if err := c.o.Validate(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// The values at zero are the limits: a volatility or a time of next to nothing gives nearly the same.
func TestLimitsAreContinuous(t *testing.T) {
	for _, k := range []float64{80, 99.9, 100, 100.1, 120} {
		for _, r := range []pricing.Right{pricing.Call, pricing.Put} {
			zero := Black76{Right: r, Forward: 100, Strike: k, Tau: 0.5, Discount: 0.97}
			tiny := zero
			tiny.Vol = 1e-12
			_, a := zero.Greeks()
			_, b := tiny.Greeks()
			each(a, b, func(name string, x, y float64) {
				if math.IsInf(x, 0) {
					if !(math.Abs(y) > 1e7 && x*y > 0) {
						t.Errorf("%v %v: %s is %v at no volatility and %v near", r, k, name, x, y)
					}
				} else if !near(y, x, 1e-9, 1e-9) {
					t.Errorf("%v %v: %s is %v at no volatility and %v near", r, k, name, x, y)
				}
			})
		}
	}
	for _, x := range []float64{-1, 0, 0.3} {
		if a, b := NormalisedPrice(x, 0), math.Max(2*math.Sinh(x/2), 0); !near(a, b, 2*eps, 0) {
			t.Errorf("NormalisedPrice(%v, 0) = %v, want %v", x, a, b)
		}
		if a, b := NormalisedPrice(x, inf), math.Exp(x/2); !near(a, b, 4*eps, 0) {
			t.Errorf("NormalisedPrice(%v, +Inf) = %v, want %v", x, a, b)
		}
	}
	if !math.IsNaN(NormalisedPrice(nan, 1)) || !math.IsNaN(NormalisedPrice(0, nan)) || !math.IsNaN(NormalisedPrice(0, -1)) {
		t.Error("NormalisedPrice made a number of NaN")
	}
}

func TestExtremesStayFinite(t *testing.T) {
	grid := []float64{5e-324, 1e-310, 1e-200, 1e-20, 1e-3, 1, 100, 1e20, 1e200, 1e300}
	vols := []float64{0, 5e-324, 1e-200, 1e-8, 0.2, 5, 100, 1e10, 1e200}
	for _, f := range grid {
		for _, k := range grid {
			for _, vol := range vols {
				for _, tau := range []float64{0, 1e-300, 1e-6, 1, 1e4, 1e200} {
					for _, r := range []pricing.Right{pricing.Call, pricing.Put} {
						o := Black76{Right: r, Forward: f, Strike: k, Vol: vol, Tau: tau, Discount: 1}
						most := f
						if r == pricing.Put {
							most = k
						}
						p := o.Price()
						if !(p >= r.Payoff(f, k)*(1-4*eps) && p <= most*(1+4*eps)+5e-324) {
							t.Errorf("%+v: price %v outside [%v, %v]", o, p, r.Payoff(f, k), most)
						}
						if v, g := o.Greeks(); v != p || !(math.Abs(g.Delta) <= 1+4*eps) || !(math.Abs(g.DualDelta) <= 1+4*eps) || math.IsNaN(g.Vega) {
							t.Errorf("%+v: value %v, Greeks %+v", o, v, g)
						}
						n := Bachelier{Right: r, Forward: f, Strike: -k, Vol: vol, Tau: tau, Discount: 1}
						if p := n.Price(); !(p >= r.Payoff(f, -k)) {
							t.Errorf("%+v: price %v", n, p)
						}
					}
				}
			}
		}
	}
}

func TestOutsideTheDomain(t *testing.T) {
	b := Black76{Right: pricing.Call, Forward: 100, Strike: 100, Vol: 0.2, Tau: 1, Discount: 1}
	m := BSM{Right: pricing.Call, Spot: 100, Strike: 100, Vol: 0.2, Tau: 1}
	n := Bachelier{Right: pricing.Call, Forward: -1, Strike: 0, Vol: 0.2, Tau: 1, Discount: 1}
	type bad struct {
		field string
		o     option
	}
	var cases []bad
	for _, v := range []float64{nan, inf, -inf, -1} {
		x := b
		x.Forward = v
		cases = append(cases, bad{"Forward", x})
		x = b
		x.Strike = v
		cases = append(cases, bad{"Strike", x})
		x = b
		x.Vol = v
		cases = append(cases, bad{"Vol", x})
		x = b
		x.Tau = v
		cases = append(cases, bad{"Tau", x})
		x = b
		x.Discount = v
		cases = append(cases, bad{"Discount", x})
		y := m
		y.Spot = v
		cases = append(cases, bad{"Spot", y})
		y = m
		y.Strike = v
		cases = append(cases, bad{"Strike", y})
		y = m
		y.Vol = v
		cases = append(cases, bad{"Vol", y})
		y = m
		y.Tau = v
		cases = append(cases, bad{"Tau", y})
		z := n
		z.Vol = v
		cases = append(cases, bad{"Vol", z})
		z = n
		z.Tau = v
		cases = append(cases, bad{"Tau", z})
		z = n
		z.Discount = v
		cases = append(cases, bad{"Discount", z})
		if v != -1 {
			y = m
			y.Rate = v
			cases = append(cases, bad{"Rate", y})
			y = m
			y.Yield = v
			cases = append(cases, bad{"Yield", y})
			z = n
			z.Forward = v
			cases = append(cases, bad{"Forward", z})
			z = n
			z.Strike = v
			cases = append(cases, bad{"Strike", z})
		}
	}
	b.Right, m.Right, n.Right = 0, 2, -3
	cases = append(cases, bad{"Right", b}, bad{"Right", m}, bad{"Right", n})
	for _, c := range cases {
		var arg *pricing.ArgError
		if err := c.o.Validate(); !errors.As(err, &arg) || arg.Arg != c.field || !errors.Is(err, pricing.ErrDomain) {
			t.Errorf("%+v: error %v, want one naming %s", c.o, err, c.field)
		}
		v, g := c.o.Greeks()
		if p := c.o.Price(); !math.IsNaN(p) || !math.IsNaN(v) {
			t.Errorf("%+v: price %v, value %v, want NaN", c.o, p, v)
		}
		for i, x := range list(g) {
			if !math.IsNaN(x) {
				t.Errorf("%+v: %s = %v, want NaN", c.o, greekNames[i], x)
			}
		}
	}
}

func TestNoAllocation(t *testing.T) {
	b := Black76{Right: pricing.Call, Forward: 100, Strike: 110, Vol: 0.2, Tau: 1, Discount: 0.95}
	m := BSM{Right: pricing.Put, Spot: 100, Strike: 90, Rate: 0.03, Yield: 0.01, Vol: 0.2, Tau: 1}
	n := Bachelier{Right: pricing.Call, Forward: 0.02, Strike: 0.03, Vol: 0.01, Tau: 1, Discount: 0.95}
	q := Quote{Right: b.Right, Price: b.Price(), Forward: 100, Strike: 110, Tau: 1, Discount: 0.95}
	w := Quote{Right: n.Right, Price: n.Price(), Forward: 0.02, Strike: 0.03, Tau: 1, Discount: 0.95}
	if got := testing.AllocsPerRun(100, func() {
		sink += b.Price() + m.Price() + n.Price()
		v, g := b.Greeks()
		sink += v + g.Delta
		v, g = m.Greeks()
		sink += v + g.Delta
		v, g = n.Greeks()
		sink += v + g.Delta
		sink += ImpliedTotalVol(pricing.Put, 2, 100, 95)
		v, _ = ImpliedVol(q)
		sink += v
		v, _ = BachelierImpliedVol(w)
		sink += v
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

var sink float64

func randomOptions(n int) []Black76 {
	rng := rand.New(rand.NewPCG(1, 2))
	o := make([]Black76, n)
	for i := range o {
		tau, vol := math.Exp(rng.Float64()*5-4), 0.1+0.5*rng.Float64()
		o[i] = Black76{Right: pricing.Call, Forward: 100, Vol: vol, Tau: tau, Discount: 0.97}
		o[i].Strike = 100 * math.Exp(1.4*vol*math.Sqrt(tau)*rng.NormFloat64())
		if o[i].Strike < 100 {
			o[i].Right = pricing.Put
		}
	}
	return o
}

func perOption(b *testing.B) {
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N), "ns/option")
	b.ReportAllocs()
}

func BenchmarkPriceScalar(b *testing.B) {
	o := randomOptions(4096)
	for i := 0; b.Loop(); i++ {
		sink += o[i&4095].Price()
	}
	perOption(b)
}

func BenchmarkGreeksScalar(b *testing.B) {
	o := randomOptions(4096)
	for i := 0; b.Loop(); i++ {
		v, g := o[i&4095].Greeks()
		sink += v + g.Ultima
	}
	perOption(b)
}

func ExampleBSM() {
	o := BSM{Right: pricing.Call, Spot: 100, Strike: 100, Rate: 0.05, Vol: 0.20, Tau: 1}
	v, g := o.Greeks()
	fmt.Printf("%.4f delta %.4f gamma %.5f vega/pt %.4f theta/day %.4f\n", v, g.Delta, g.Gamma, g.VegaPoint(), g.ThetaDay())
	// Output: 10.4506 delta 0.6368 gamma 0.01876 vega/pt 0.3752 theta/day -0.0176
}

func ExampleBlack76() {
	// Haug 2007, page 5: an option on futures.
	o := Black76{Right: pricing.Call, Forward: 19, Strike: 19, Vol: 0.28, Tau: 0.75, Discount: math.Exp(-0.10 * 0.75)}
	fmt.Printf("%.4f\n", o.Price())
	// Output: 1.7011
}

func ExampleBachelier() {
	o := Bachelier{Right: pricing.Put, Forward: -0.002, Strike: 0.001, Vol: 0.0065, Tau: 2, Discount: 0.99}
	fmt.Printf("%.6f\n", o.Price())
	// Output: 0.005307
}

func ExampleBlack76_Validate() {
	fmt.Println(Black76{Right: pricing.Call, Forward: -1, Strike: 100, Vol: 0.2, Tau: 1, Discount: 1}.Validate())
	// Output: black.Black76: Forward is -1, want finite and > 0
}

func ExampleNormalisedPrice() {
	f, k, s := 100.0, 120.0, 0.25
	fmt.Printf("%.6f\n", math.Sqrt(f*k)*NormalisedPrice(math.Log(f/k), s))
	// Output: 3.705883
}
