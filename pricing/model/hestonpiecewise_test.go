package model

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/rates/curve"
)

var threePeriods = []HestonPeriod{
	{0.25, 3, 0.05, 0.9, -0.8},
	{1, 1.5, 0.06, 0.5, -0.6},
	{math.Inf(1), 0.5, 0.08, 0.3, 0.2},
}

// periodRiccati integrates the equations of a piecewise Heston model by Runge-Kutta.
func periodRiccati(m PiecewiseHeston, u complex128, t float64, steps int) complex128 {
	var d, sum complex128
	for i := m.at(t); i >= 0; i-- {
		p := m.Periods[i]
		f := func(d complex128) complex128 {
			xi := complex(p.Kappa, 0) - complex(p.Rho*p.Sigma, 0)*1i*u
			return -0.5*(u*u+1i*u) - xi*d + complex(0.5*p.Sigma*p.Sigma, 0)*d*d
		}
		h := complex(m.length(i, t)/float64(steps), 0)
		for range steps {
			k1 := f(d)
			d2 := d + h/2*k1
			k2 := f(d2)
			d3 := d + h/2*k2
			k3 := f(d3)
			d4 := d + h*k3
			k4 := f(d4)
			sum += complex(p.Kappa*p.Theta, 0) * h / 6 * (d + 2*d2 + 2*d3 + d4)
			d += h / 6 * (k1 + 2*k2 + 2*k3 + k4)
		}
	}
	return cmplx.Exp(complex(m.V0, 0)*d + sum)
}

func TestPiecewiseHestonSolvesItsRiccatiEquation(t *testing.T) {
	for _, c := range []struct {
		m PiecewiseHeston
		t float64
	}{
		{PiecewiseHeston{mkt, 0.04, threePeriods}, 0.2},
		{PiecewiseHeston{mkt, 0.04, threePeriods}, 0.25},
		{PiecewiseHeston{mkt, 0.04, threePeriods}, 2.5},
		// A start far from the stable root and a vol of vol that jumps: the principal logarithm is left.
		{PiecewiseHeston{mkt, 0.04, []HestonPeriod{{2, 0.1, 0.3, 3, 0.95}, {4, 0.1, 0.1, 0.2, -0.5}, {6, 0.2, 0.4, 4, 0.9}}}, 6},
	} {
		for _, u := range []complex128{0.2, 1 - 0.5i, 3, 5 - 0.5i, 9 - 0.9i, 40 - 0.5i} {
			want := periodRiccati(c.m, u, c.t, 30000)
			if got := c.m.CharFunc(u, c.t); !near(got, want, 1e-9) {
				t.Errorf("%+v: φ(%v) = %v, by integration %v", c, u, got, want)
			}
		}
	}
}

// A period cut into many is the same model: also where one step of the equation starts from the end of another, over decades.
func TestPiecewiseHestonOfEqualPeriodsIsHeston(t *testing.T) {
	for _, h := range []Heston{
		{mkt, 0.04, 1.5, 0.06, 0.5, -0.7}, {mkt, 0.04, 0.5, 0.04, 1, -0.9}, {mkt, 0.09, 0.1, 0.04, 3, 0.6},
		{mkt, 0.04, 1, 0.04, 0.5, 1}, {mkt, 0.05, 1, 0.03, 1e-9, -0.5}, {mkt, 0.05, 1, 0.03, 0, -0.5}, {mkt, 0.05, 0, 0.03, 0.4, -0.6},
		{mkt, 0, 2, 0.04, 0.5, 0.99}, {mkt, 0.04, 0.01, 0.1, 4, 0.99},
	} {
		for _, expiry := range []float64{1. / 365, 0.3, 5, 40} {
			m := PiecewiseHeston{h.Market, h.V0, nil}
			for _, share := range []float64{0.07, 0.2, 0.21, 0.6, 0.9} {
				m.Periods = append(m.Periods, HestonPeriod{share * expiry, h.Kappa, h.Theta, h.Sigma, h.Rho})
			}
			u := make([]complex128, 160)
			for i := range u {
				x := 1e-3 * math.Pow(1.1, float64(i))
				u[i] = complex(x, -0.5*float64(i%3))
			}
			got := make([]complex128, len(u))
			m.CharFuncTo(got, u, expiry)
			for i, ui := range u {
				want := h.CharFunc(ui, expiry)
				// The logarithm has an error of a few roundings of its parts, which grow with κθut/σ.
				tol := 1e-13 * (1 + cmplx.Abs(want)*math.Abs(real(h.exponent(ui, expiry))))
				if h.Sigma == 1e-9 {
					tol = 1e-8
				}
				if one := m.CharFunc(ui, expiry); !near(one, want, 20*tol) || !near(got[i], want, 20*tol) {
					t.Errorf("%+v, %g years: φ(%v) = %v and %v, Heston %v", h, expiry, ui, one, got[i], want)
				}
			}
			a, b := m.Cumulants(expiry), h.Cumulants(expiry)
			s := math.Sqrt(b.C2)
			if math.Abs(a.C1-b.C1) > 1e-12*s || math.Abs(a.C2-b.C2) > 1e-9*b.C2 || math.Abs(a.C4-b.C4) > 1e-7*(b.C4+b.C2*b.C2) {
				t.Errorf("%+v, %g years: cumulants %+v, Heston %+v", h, expiry, a, b)
			}
			for _, p := range []float64{-20, -3, -0.5, 0.4, 0.9, 1.2, 2, 7, 40} {
				x, y := m.LogMoment(p, expiry), h.LogMoment(p, expiry)
				if at := h.MomentExplosion(p); math.Abs(at/expiry-1) < 1e-6 {
					continue
				}
				if x != y && !(math.Abs(x-y) <= 1e-9*(1+math.Abs(y))) {
					t.Errorf("%+v, %g years: ln M(%g) = %.15g, Heston %.15g", h, expiry, p, x, y)
				}
			}
		}
	}
}

// The logarithm of φ is continuous in the expiry, whatever the periods.
func TestPiecewiseHestonLogarithmIsContinuous(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 3))
	for range 60 {
		m := PiecewiseHeston{mkt, 0.1 * rng.Float64(), nil}
		for i := range 4 {
			m.Periods = append(m.Periods, HestonPeriod{
				3 * float64(i+1), 2 * rng.Float64(), 0.3 * rng.Float64(), 0.05 + 3*rng.Float64(), 1.98*rng.Float64() - 0.99})
		}
		// The equation runs from the expiry back, so that a path of continuous D has its periods counted from there.
		u := complex(math.Exp(4*rng.Float64()), -rng.Float64())
		var d, before complex128
		for i := 3; i >= 0; i-- {
			eq := m.Periods[i].riccati(u)
			_, jump := eq.step(d, 0)
			if cmplx.Abs(jump) > 1e-14 {
				t.Fatalf("an integral over no time is %v", jump)
			}
			before = 0
			var end complex128
			for n := 1; n <= 3000; n++ {
				x, c := eq.step(d, 0.001*float64(n))
				// ∫D grows by D·dt; a turn of the logarithm would be 4π/σ².
				if cmplx.Abs(c-before) > 0.01*cmplx.Abs(x)+0.1*math.Pi/eq.s2 {
					t.Fatalf("%+v: at %g of period %d the integral jumps from %v to %v", m, 0.001*float64(n), i, before, c)
				}
				before, end = c, x
			}
			d = end
		}
	}
}

func TestPiecewiseHestonRefusals(t *testing.T) {
	good := PiecewiseHeston{mkt, 0.04, threePeriods}
	edit := func(i int, f func(*HestonPeriod)) PiecewiseHeston {
		m := good
		m.Periods = append([]HestonPeriod(nil), threePeriods...)
		f(&m.Periods[i])
		return m
	}
	for _, c := range []struct {
		m    pricing.Model
		want string
	}{
		{PiecewiseHeston{mkt, 0.04, nil}, "Periods"}, {PiecewiseHeston{mkt, math.NaN(), threePeriods}, "V0"},
		{edit(0, func(p *HestonPeriod) { p.Until = 0 }), "Periods[0].Until"},
		{edit(1, func(p *HestonPeriod) { p.Until = 0.25 }), "Periods[1].Until"},
		{edit(1, func(p *HestonPeriod) { p.Until = math.Inf(1) }), "Periods[1].Until"},
		{edit(2, func(p *HestonPeriod) { p.Until = math.NaN() }), "Periods[2].Until"},
		{edit(2, func(p *HestonPeriod) { p.Rho = -1.5 }), "Periods[2].Rho"},
		{edit(1, func(p *HestonPeriod) { p.Sigma = math.Inf(1) }), "Periods[1].Sigma"},
		{DoubleHeston{mkt, HestonFactor{}, HestonFactor{Rho: 2}}, "Second.Rho"},
		{DoubleHeston{mkt, HestonFactor{V0: -1}, HestonFactor{}}, "First.V0"},
		{SteinStein{mkt, -0.1, 1, 1, 1, 0}, "Vol0"}, {SteinStein{mkt, 0.1, 1, math.NaN(), 1, 0}, "Theta"},
		{SteinStein{mkt, 0.1, 1, 1, 1, 1.1}, "Rho"}, {SteinStein{Market{}, 0.1, 1, 1, 1, 0}, "Spot"},
	} {
		var arg *pricing.ArgError
		if err := c.m.Validate(); !errors.As(err, &arg) || arg.Arg != c.want {
			t.Errorf("%T: %v, want an error naming %s", c.m, err, c.want)
		}
	}
	if r, ok := threePeriods[0].Feller(); ok || math.Abs(r-0.3/0.81) > 1e-15 {
		t.Errorf("2κθ/σ² = %g, %v", r, ok)
	}
	if r, ok := (HestonFactor{Kappa: 2, Theta: 0.04, Sigma: 0.2}).Feller(); !ok || math.Abs(r-4) > 1e-12 {
		t.Errorf("2κθ/σ² = %g, %v", r, ok)
	}
}

func TestDoubleHestonIsASum(t *testing.T) {
	f, g := HestonFactor{0.02, 6, 0.03, 0.8, -0.9}, HestonFactor{0.03, 0.2, 0.05, 0.3, -0.4}
	for _, u := range []complex128{0.3, 5 - 0.5i, 60 - 0.5i} {
		if a, b := (DoubleHeston{mkt, f, g}).CharFunc(u, 1), (DoubleHeston{mkt, g, f}).CharFunc(u, 1); !near(a, b, 1e-15) {
			t.Errorf("φ(%v) = %v, with the factors exchanged %v", u, a, b)
		}
		one := Heston{mkt, f.V0, f.Kappa, f.Theta, f.Sigma, f.Rho}
		if a, b := (DoubleHeston{mkt, f, HestonFactor{}}).CharFunc(u, 1), one.CharFunc(u, 1); !near(a, b, 1e-15) {
			t.Errorf("φ(%v) = %v, Heston's %v", u, a, b)
		}
		// Two halves of one variance, with the volatility of the variance scaled, are the whole.
		half := HestonFactor{0.5 * f.V0, f.Kappa, 0.5 * f.Theta, f.Sigma, f.Rho}
		if a, b := (DoubleHeston{mkt, half, half}).CharFunc(u, 1), one.CharFunc(u, 1); !near(a, b, 1e-14) {
			t.Errorf("two halves: φ(%v) = %v, Heston's %v", u, a, b)
		}
	}
	if a, b := (DoubleHeston{mkt, f, g}).MomentExplosion(40), one(f).MomentExplosion(40); a > b {
		t.Errorf("explosion at %g, of one factor at %g", a, b)
	}
}

func one(f HestonFactor) Heston { return f.heston() }

// ouRiccati integrates the equations of [SteinStein.affine] by Runge-Kutta.
func ouRiccati(m SteinStein, u complex128, t float64, steps int) complex128 {
	a, s2 := u*u+1i*u, complex(m.Sigma*m.Sigma, 0)
	xi := complex(m.Kappa, 0) - complex(m.Rho*m.Sigma, 0)*1i*u
	kt := complex(m.Kappa*m.Theta, 0)
	type state [3]complex128
	f := func(y state) state {
		d, b := y[0], y[1]
		return state{-a - 2*xi*d + s2*d*d, kt*d - (xi-s2*d)*b, kt*b + 0.5*s2*(d+b*b)}
	}
	add := func(y, k state, h complex128) state {
		return state{y[0] + h*k[0], y[1] + h*k[1], y[2] + h*k[2]}
	}
	h := complex(t/float64(steps), 0)
	var y state
	for range steps {
		k1 := f(y)
		k2 := f(add(y, k1, h/2))
		k3 := f(add(y, k2, h/2))
		k4 := f(add(y, k3, h))
		y = add(add(add(add(y, k1, h/6), k2, h/3), k3, h/3), k4, h/6)
	}
	v := complex(m.Vol0, 0)
	return cmplx.Exp((0.5*v*y[0]+y[1])*v + y[2])
}

func TestSteinSteinSolvesItsRiccatiEquation(t *testing.T) {
	for _, l := range laws {
		m, ok := l.m.(SteinStein)
		if !ok {
			continue
		}
		for _, u := range []complex128{0.2, 1 - 0.5i, 3, 5 - 0.5i, 9 - 0.9i} {
			want := ouRiccati(m, u, l.t, 30000)
			if got := m.CharFunc(u, l.t); !near(got, want, 1e-9) {
				t.Errorf("%s: φ(%v) = %v, by integration %v", l.name, u, got, want)
			}
		}
	}
}

// With θ = 0 the square of the volatility is a square root process: Heston with 2κ, σ²/(2κ), 2σ.
func TestSteinSteinWithoutMeanIsHeston(t *testing.T) {
	for _, expiry := range []float64{0.01, 1, 30} {
		m := SteinStein{mkt, 0.15, 0.7, 0, 0.4, -0.6}
		h := Heston{mkt, 0.15 * 0.15, 1.4, 0.4 * 0.4 / 1.4, 0.8, -0.6}
		for _, u := range []complex128{0.2, 1 - 0.5i, 30, 500 - 0.5i, 4000 - 0.1i} {
			if a, b := m.CharFunc(u, expiry), h.CharFunc(u, expiry); !near(a, b, 1e-13) {
				t.Errorf("%g years: φ(%v) = %v, Heston's %v", expiry, u, a, b)
			}
		}
		for _, p := range []float64{-30, -2, 0.3, 1.5, 4, 30} {
			a, b := m.LogMoment(p, expiry), h.LogMoment(p, expiry)
			if a != b && !(math.Abs(a-b) <= 1e-10*(1+math.Abs(b))) {
				t.Errorf("%g years: ln M(%g) = %g, Heston's %g", expiry, p, a, b)
			}
		}
	}
}

// The switch of [ouFunctions] from the series to the functions themselves.
func TestOUFunctionsSwitch(t *testing.T) {
	for _, dir := range []complex128{1, 1i, cmplx.Rect(1, 0.7), cmplx.Rect(1, -1.2)} {
		in, out := complex(math.Sqrt(math.Sqrt(5))-1e-9, 0)*dir, complex(math.Sqrt(math.Sqrt(5))+1e-9, 0)*dir
		a1, a2 := ouFunctions(in, cmplx.Exp(-in))
		b1, b2 := ouFunctions(out, cmplx.Exp(-out))
		if !near(a1, b1, 1e-8) || cmplx.Abs(a1-b1) > 3e-9 || cmplx.Abs(a2-b2) > 3e-9 {
			t.Errorf("%v: %v and %v, %v and %v", dir, a1, b1, a2, b2)
		}
	}
}

// Whatever the parameters, on the line Im u = −1/2 there is no NaN, and |φ| is no larger than at its middle.
func TestStochasticVolatilityOfRandomParameters(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 17))
	between := func(lo, hi float64) float64 { return lo * math.Exp(rng.Float64()*math.Log(hi/lo)) }
	u, f := make([]complex128, 70), make([]complex128, 70)
	for range 2000 {
		rho := math.Sin(math.Pi * (rng.Float64() - 0.5))
		factor := func() HestonFactor {
			return HestonFactor{between(1e-6, 2), between(1e-4, 30), between(1e-6, 1), between(1e-4, 10), math.Sin(math.Pi * (rng.Float64() - 0.5))}
		}
		p := PiecewiseHeston{Market: mkt, V0: between(1e-6, 2)}
		for i := range 1 + rng.IntN(4) {
			h := factor()
			p.Periods = append(p.Periods, HestonPeriod{between(0.3, 1) * float64(i+1) * (1 + float64(i)), h.Kappa, h.Theta, h.Sigma, h.Rho})
		}
		for i := 1; i < len(p.Periods); i++ {
			p.Periods[i].Until = math.Max(p.Periods[i].Until, p.Periods[i-1].Until+0.1)
		}
		expiry := between(1./365, 30)
		for _, m := range []Characteristic{
			p, DoubleHeston{mkt, factor(), factor()},
			SteinStein{mkt, between(1e-3, 1), between(1e-4, 20), between(1e-3, 1), between(1e-4, 5), rho},
		} {
			if err := m.Validate(); err != nil {
				t.Fatal(err)
			}
			for i := range u {
				u[i] = complex(1e-4*math.Pow(1.3, float64(i)), -0.5)
			}
			middle := math.Exp(m.LogMoment(0.5, expiry))
			m.CharFuncTo(f, u, expiry)
			for i, x := range f {
				if !(cmplx.Abs(x) <= middle*(1+1e-9)+1e-12) || !(middle <= 1+1e-12) {
					t.Fatalf("%+v, %g years: φ(%v) = %v, φ(−i/2) = %g", m, expiry, u[i], x, middle)
				}
				if one := m.CharFunc(u[i], expiry); !near(one, x, 1e-9) {
					t.Fatalf("%+v, %g years: φ(%v) = %v in a batch, %v alone", m, expiry, u[i], x, one)
				}
			}
		}
	}
}

func ExamplePiecewiseHeston() {
	world := PiecewiseHeston{
		Market: Market{Spot: 100, Discount: curve.Flat(0.03)},
		V0:     0.04,
		Periods: []HestonPeriod{
			{Until: 0.5, Kappa: 3, Theta: 0.05, Sigma: 0.8, Rho: -0.8},
			{Until: 2, Kappa: 1, Theta: 0.06, Sigma: 0.4, Rho: -0.6},
		},
	}
	c := world.Cumulants(1)
	fmt.Printf("mean %.5f, variance %.5f, φ(−i) = %.3f\n", c.C1, c.C2, real(world.CharFunc(-1i, 1)))
	// Output:
	// mean -0.02380, variance 0.05464, φ(−i) = 1.000
}

func ExampleDoubleHeston() {
	world := DoubleHeston{
		Market: Market{Spot: 100},
		First:  HestonFactor{V0: 0.02, Kappa: 6, Theta: 0.02, Sigma: 0.6, Rho: -0.9},   // fast
		Second: HestonFactor{V0: 0.03, Kappa: 0.2, Theta: 0.03, Sigma: 0.2, Rho: -0.5}, // slow
	}
	c := world.Cumulants(1)
	fmt.Printf("mean %.4f, variance %.5f\n", c.C1, c.C2)
	// Output:
	// mean -0.0250, variance 0.05303
}

func ExampleSteinStein() {
	world := SteinStein{Market: Market{Spot: 100}, Vol0: 0.2, Kappa: 4, Theta: 0.2, Sigma: 0.1, Rho: -0.7}
	c := world.Cumulants(1)
	fmt.Printf("E[∫ν²] = %.5f, φ(−i) = %.3f\n", -2*c.C1, real(world.CharFunc(-1i, 1)))
	// Output:
	// E[∫ν²] = 0.04109, φ(−i) = 1.000
}

func BenchmarkStochasticVolatility(b *testing.B) {
	const n = 256
	u, dst := make([]complex128, n), make([]complex128, n)
	for i := range u {
		u[i] = complex(0.7*float64(i), -0.5)
	}
	for _, l := range []struct {
		name string
		m    Characteristic
	}{
		{"Heston", Heston{mkt, 0.04, 1.5, 0.06, 0.5, -0.7}},
		{"PiecewiseHeston, 3 periods", PiecewiseHeston{mkt, 0.04, threePeriods}},
		{"DoubleHeston", DoubleHeston{mkt, HestonFactor{0.02, 6, 0.03, 0.8, -0.9}, HestonFactor{0.03, 0.2, 0.05, 0.3, -0.4}}},
		{"SteinStein", SteinStein{mkt, 0.2, 4, 0.2, 0.1, -0.7}},
		{"HestonHullWhite", rateWorld},
		{"ThreeHalves", ThreeHalves{mkt, 0.06, 22.84, 0.218, 8.56, -0.7}},
	} {
		b.Run(l.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.m.CharFuncTo(dst, u, 1.2)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/u")
		})
	}
}
