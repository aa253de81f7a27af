package model

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"
	"strings"
	"testing"

	"github.com/volgaquant/volga/internal/race"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/rates/curve"
)

var mkt = Market{Spot: 100, Discount: curve.Flat(0.03), Carry: curve.Flat(0.01)}

// laws are models of every kind, with the corners of their parameters.
var laws = []struct {
	name string
	m    Characteristic
	t    float64
}{
	{"Black-Scholes", BlackScholes{Spot: 100, Vol: FlatVol(0.2)}, 1},
	{"Heston", Heston{mkt, 0.04, 1.5, 0.06, 0.5, -0.7}, 1},
	{"Heston, Feller violated, 30 years", Heston{mkt, 0.04, 0.5, 0.04, 1, -0.9}, 30},
	{"Heston, one hour", Heston{mkt, 0.0625, 2, 0.05, 0.8, -0.8}, 1. / 8760},
	{"Heston, rho -1", Heston{mkt, 0.04, 1, 0.04, 0.5, -1}, 1},
	{"Heston, rho 1", Heston{mkt, 0.04, 1, 0.04, 0.5, 1}, 0.5},
	{"Heston, no reversion", Heston{mkt, 0.05, 0, 0.03, 0.4, -0.6}, 2},
	{"Heston, slow reversion, rho > 0", Heston{mkt, 0.09, 0.1, 0.04, 3, 0.6}, 0.1},
	{"Heston, tiny vol of vol", Heston{mkt, 0.05, 1, 0.03, 1e-9, -0.5}, 1},
	{"Heston, no vol of vol", Heston{mkt, 0.05, 1, 0.03, 0, -0.5}, 1},
	{"Heston, no variance today", Heston{mkt, 0, 2, 0.04, 0.5, -0.7}, 0.25},
	{"Bates", Bates{Heston{mkt, 0.04, 2, 0.04, 0.3, -0.7}, Jumps{0.5, -0.1, 0.1}}, 0.5},
	{"Merton", Merton{mkt, Jumps{1, -0.1, 0.2}, 0.2}, 1},
	{"Kou", Kou{mkt, 0.16, 1, 0.4, 10, 5}, 0.5},
	{"variance gamma", VarianceGamma{mkt, 0.12, 0.2, -0.14}, 1},
	{"NIG", NIG{mkt, 15, -5, 0.5}, 1},
	{"CGMY, Y -0.5", CGMY{mkt, 1, 5, 8, -0.5}, 1},
	{"CGMY, Y 0", CGMY{mkt, 1, 5, 8, 0}, 1},
	{"CGMY, Y 0.5", CGMY{mkt, 1, 5, 8, 0.5}, 1},
	{"CGMY, Y 1", CGMY{mkt, 0.2, 5, 8, 1}, 1},
	{"CGMY, Y 1.5", CGMY{mkt, 0.1, 5, 8, 1.5}, 1},
	{"piecewise Heston", PiecewiseHeston{mkt, 0.04, threePeriods}, 1.2},
	{"piecewise Heston, 30 years", PiecewiseHeston{mkt, 0.04, threePeriods}, 30},
	{"piecewise Heston, one day", PiecewiseHeston{mkt, 0.04, threePeriods}, 1. / 365},
	{"piecewise Heston, extremes", PiecewiseHeston{mkt, 0.09, []HestonPeriod{
		{0.1, 0, 0.04, 3, 0.99}, {0.3, 2, 0.1, 0, 0}, {0.5, 30, 0.2, 1e-9, -1}, {1, 0.01, 0, 2, -0.99}}}, 2},
	{"double Heston", DoubleHeston{mkt, HestonFactor{0.02, 6, 0.03, 0.8, -0.9}, HestonFactor{0.03, 0.2, 0.05, 0.3, -0.4}}, 1},
	{"double Heston, one factor asleep", DoubleHeston{mkt, HestonFactor{}, HestonFactor{0.03, 0.2, 0.05, 0.3, -0.4}}, 10},
	{"Stein-Stein", SteinStein{mkt, 0.2, 4, 0.2, 0.1, -0.7}, 1},
	{"Stein-Stein, no mean", SteinStein{mkt, 0.15, 4, 0, 0.1, -0.5}, 0.5},
	{"Stein-Stein, 30 years", SteinStein{mkt, 0.2, 0.1, 0.25, 0.3, -0.99}, 30},
	{"Stein-Stein, one day", SteinStein{mkt, 0.2, 1, 0.25, 3, -0.9}, 1. / 365},
	{"Stein-Stein, no reversion", SteinStein{mkt, 0.2, 0, 0.25, 0.2, 0.5}, 2},
	{"Stein-Stein, tiny vol of vol", SteinStein{mkt, 0.2, 1, 0.25, 1e-9, 0.5}, 2},
	{"Stein-Stein, no vol of vol", SteinStein{mkt, 0.2, 1, 0.25, 0, 0.5}, 2},
	{"Stein-Stein, no volatility today, rho 0.99", SteinStein{mkt, 0, 1, 0.3, 0.5, 0.99}, 0.7},
	{"3/2", ThreeHalves{mkt, 0.06, 22.84, 0.218, 8.56, -0.99}, 1},
	{"3/2, one day", ThreeHalves{mkt, 0.04, 20, 0.05, 12, -0.5}, 1. / 365},
	{"3/2, 30 years", ThreeHalves{mkt, 0.04, 5, 0.04, 1, 0.3}, 30},
	{"3/2, no reversion", ThreeHalves{mkt, 0.09, 0, 0, 2, -1}, 1},
	{"3/2, small vol of vol", ThreeHalves{mkt, 0.09, 2, 0.05, 0.1, -0.7}, 1},
	{"3/2, huge vol of vol, rho 1", ThreeHalves{mkt, 0.09, 2, 0.05, 50, 1}, 1},
	{"Heston-Hull-White", rateWorld, 1},
	{"Heston-Hull-White, 30 years", rateWorld, 30},
	{"Heston-Hull-White, one day, no reversion of the rate", HestonHullWhite{mkt, 0.04, 1.5, 0.06, 0.5, -0.7, 0, 0.3}, 1. / 365},
	{"rough Heston", RoughHeston{Market: mkt, H: 0.12, V0: 0.04, Lambda: 0.1, Theta: 0.3, Nu: 0.33, Rho: -0.68}, 1},
	{"rough Heston, H 1/1000, one day", RoughHeston{Market: mkt, H: 0.001, V0: 0.04, Lambda: 1, Theta: 0.06, Nu: 0.3, Rho: -0.99}, 1. / 365},
	{"rough Heston, 30 years", RoughHeston{Market: mkt, H: 0.3, V0: 0.04, Lambda: 0.5, Theta: 0.06, Nu: 0.4, Rho: 0.5}, 30},
	{"rough Heston, no reversion", RoughHeston{Market: mkt, H: 0.05, V0: 0.025, Nu: 0.4, Rho: -0.65}, 1},
	{"rough Heston, tiny vol of vol", RoughHeston{Market: mkt, H: 0.1, V0: 0.04, Lambda: 1, Theta: 0.06, Nu: 1e-9, Rho: -0.7}, 1},
	{"rough Heston, no vol of vol", RoughHeston{Market: mkt, H: 0.1, V0: 0.04, Lambda: 1, Theta: 0.06, Rho: -0.7}, 1},
	{"rough Heston, huge vol of vol", RoughHeston{Market: mkt, H: 0.1, V0: 0.04, Lambda: 1, Theta: 0.06, Nu: 5, Rho: -0.7}, 1},
	{"rough Heston from a curve", RoughHeston{Market: mkt, H: 0.08, Lambda: 0.2, Nu: 0.35, Rho: -0.7, Curve: roughCurve}, 1},
}

// near compares with an error relative to the larger of 1 and want.
func near(got, want complex128, tol float64) bool {
	return cmplx.Abs(got-want) <= tol*math.Max(1, cmplx.Abs(want))
}

func TestCharFuncIsThatOfAMartingale(t *testing.T) {
	for _, l := range laws {
		t.Run(l.name, func(t *testing.T) {
			if err := l.m.Validate(); err != nil {
				t.Fatal(err)
			}
			if got := l.m.CharFunc(0, l.t); got != 1 {
				t.Errorf("φ(0) = %v", got)
			}
			if got := l.m.CharFunc(-1i, l.t); !near(got, 1, 1e-14) {
				t.Errorf("φ(−i) = %v", got)
			}
			if a, b := l.m.LogMoment(0, l.t), l.m.LogMoment(1, l.t); a != 0 || b != 0 {
				t.Errorf("ln M(0) = %g, ln M(1) = %g", a, b)
			}
			for _, u := range []float64{1e-6, 0.1, 1, 7, 40, 300, 5000} {
				f := l.m.CharFunc(complex(u, 0), l.t)
				if !(cmplx.Abs(f) <= 1+1e-14) {
					t.Errorf("|φ(%g)| = %g", u, cmplx.Abs(f))
				}
				z := complex(u, -0.4)
				if a, b := l.m.CharFunc(z, l.t), l.m.CharFunc(complex(-u, -0.4), l.t); !near(a, cmplx.Conj(b), 1e-14) {
					t.Errorf("φ(%v) = %v, φ(−ū) = %v", z, a, b)
				}
			}
			for _, p := range []float64{-0.5, 0.3, 0.5, 0.9, 1.01} {
				if lm := l.m.LogMoment(p, l.t); !math.IsInf(lm, 1) {
					if f := l.m.CharFunc(complex(0, -p), l.t); !near(complex(math.Exp(lm), 0), f, 1e-12) {
						t.Errorf("M(%g) = %g, φ(−ip) = %v", p, math.Exp(lm), f)
					}
				}
			}
			if f := l.m.CharFunc(3-0.5i, 0); !near(f, 1, 1e-15) {
				t.Errorf("at expiry φ = %v", f)
			}
		})
	}
}

func TestCharFuncToAgreesWithCharFunc(t *testing.T) {
	for _, l := range laws {
		for _, n := range []int{0, 1, 7, 64, 65, 200} {
			u, dst := make([]complex128, n), make([]complex128, n)
			for i := range u {
				x := 0.01 * float64(i*i)
				u[i] = complex(x, -0.5*float64(i%3))
			}
			l.m.CharFuncTo(dst, u, l.t)
			for i := range u {
				if want := l.m.CharFunc(u[i], l.t); !near(dst[i], want, 5e-14) {
					t.Fatalf("%s: φ(%v) = %v in a batch, %v alone", l.name, u[i], dst[i], want)
				}
			}
			l.m.CharFuncTo(u, u, l.t)
			for i := range u {
				if u[i] != dst[i] {
					t.Fatalf("%s: in place row %d is %v, else %v", l.name, i, u[i], dst[i])
				}
			}
		}
	}
}

func TestCharFuncToAllocatesNothing(t *testing.T) {
	u, dst := make([]complex128, 100), make([]complex128, 100)
	for _, l := range laws {
		if _, pooled := l.m.(RoughHeston); pooled && race.Enabled { // the race detector empties pools at random
			continue
		}
		if n := testing.AllocsPerRun(20, func() { l.m.CharFuncTo(dst, u, l.t) }); n != 0 {
			t.Errorf("%s: %g allocations", l.name, n)
		}
	}
}

// riccati integrates the equations of ln φ = v0·D + κθ·∫D by Runge-Kutta: D' = −(u²+iu)/2 − (κ−iρσu)D + σ²D²/2.
func riccati(m Heston, u complex128, t float64, steps int) complex128 {
	f := func(d complex128) complex128 {
		xi := complex(m.Kappa, 0) - complex(m.Rho*m.Sigma, 0)*1i*u
		return -0.5*(u*u+1i*u) - xi*d + complex(0.5*m.Sigma*m.Sigma, 0)*d*d
	}
	h := complex(t/float64(steps), 0)
	var d, c complex128
	for range steps {
		k1 := f(d)
		d2 := d + h/2*k1
		k2 := f(d2)
		d3 := d + h/2*k2
		k3 := f(d3)
		d4 := d + h*k3
		k4 := f(d4)
		c += h / 6 * (d + 2*d2 + 2*d3 + d4)
		d += h / 6 * (k1 + 2*k2 + 2*k3 + k4)
	}
	return cmplx.Exp(complex(m.V0, 0)*d + complex(m.Kappa*m.Theta, 0)*c)
}

func TestHestonSolvesItsRiccatiEquation(t *testing.T) {
	for _, l := range laws {
		m, ok := l.m.(Heston)
		if !ok {
			continue
		}
		for _, u := range []complex128{0.2, 1 - 0.5i, 3, 5 - 0.5i, 9 - 0.9i} {
			want := riccati(m, u, l.t, 20000)
			if got := m.CharFunc(u, l.t); !near(got, want, 1e-9) {
				t.Errorf("%s: φ(%v) = %v, by integration %v", l.name, u, got, want)
			}
		}
	}
}

func TestMomentExplosion(t *testing.T) {
	for _, c := range []struct {
		m Heston
		p float64
	}{
		{Heston{mkt, 0.04, 0.5, 0.04, 1, -0.9}, -3}, {Heston{mkt, 0.04, 0.5, 0.04, 1, 0.9}, 2},
		{Heston{mkt, 0.09, 0.1, 0.04, 3, 0.6}, 1.2}, {Heston{mkt, 0.04, 1.5, 0.06, 0.5, -0.7}, 40},
		{Heston{mkt, 0.04, 1, 0.06, 0.5, 1}, 12}, {Heston{mkt, 0.04, 0.2, 0.06, 2, 0.99}, 1.5},
	} {
		at := c.m.MomentExplosion(c.p)
		if math.IsInf(at, 1) {
			t.Errorf("%+v: moment %g never explodes", c.m, c.p)
			continue
		}
		// D grows without bound as 2/(σ²(T*−t)) before the explosion.
		gap := 1e-3 * at
		m := c.m
		m.V0, m.Theta = 1, 0
		d := m.LogMoment(c.p, at-gap)
		if want := 2 / (m.Sigma * m.Sigma * gap); math.Abs(d/want-1) > 0.02 {
			t.Errorf("%+v: just before %g moment %g has D = %g, want about %g", c.m, at, c.p, d, want)
		}
		if v := c.m.LogMoment(c.p, at*1.0001); !math.IsInf(v, 1) {
			t.Errorf("%+v: after the explosion ln M = %g", c.m, v)
		}
	}
}

// Cumulants against a Cauchy integral of ln φ on another circle than the one in use.
func TestCumulants(t *testing.T) {
	for _, l := range laws {
		c := l.m.Cumulants(l.t)
		if !(c.C2 > 0) {
			t.Errorf("%s: %+v", l.name, c)
			continue
		}
		r := 0.7 / math.Sqrt(c.C2)
		for math.IsInf(l.m.LogMoment(1.5*r, l.t), 1) || math.IsInf(l.m.LogMoment(-1.5*r, l.t), 1) {
			r *= 0.8
		}
		const n = 256
		var k1, k2, k4 float64
		for j := range n {
			z := cmplx.Rect(r, 2*math.Pi*float64(j)/n)
			// ln φ along the circle has no jump: it is small there
			v := cmplx.Log(l.m.CharFunc(-1i*z, l.t))
			k1 += real(v/z) / n
			k2 += 2 * real(v/(z*z)) / n
			k4 += 24 * real(v/(z*z*z*z)) / n
		}
		scale := math.Sqrt(c.C2)
		if math.Abs(c.C1-k1) > 1e-10*scale || math.Abs(c.C2-k2) > 1e-10*c.C2 ||
			math.Abs(c.C4-k4) > 1e-7*(math.Abs(c.C4)+c.C2*c.C2) {
			t.Errorf("%s: %+v, from the characteristic function %.12g %.12g %.12g", l.name, c, k1, k2, k4)
		}
	}
}

// The switch of [reversion] at y = 1/2, and its limit.
func TestReversionSwitch(t *testing.T) {
	a1, a2, a3, a4, a5 := reversion(0.5)
	b1, b2, b3, b4, b5 := reversion(math.Nextafter(0.5, 1))
	for i, d := range []float64{a1 - b1, a2 - b2, a3 - b3, a4 - b4, a5 - b5} {
		if math.Abs(d) > 1e-14 {
			t.Errorf("function %d jumps by %g", i, d)
		}
	}
	if f, g1, g2, g3, g4 := reversion(0); f != 1 || g1 != 0.5 || g2 != 0.5 || math.Abs(g3-1./3) > 1e-15 || math.Abs(g4-1./3) > 1e-15 {
		t.Errorf("at zero: %g %g %g %g %g", f, g1, g2, g3, g4)
	}
}

func TestLimits(t *testing.T) {
	bs := BlackScholes{Spot: 100, Vol: FlatVol(0.2)}
	h := Heston{mkt, 0.04, 1.5, 0.06, 0.5, -0.7}
	diffusion := Merton{Market: mkt, Sigma: 0.2}
	for _, c := range []struct {
		name string
		a, b Characteristic
		tol  float64
	}{
		{"Heston with no vol of vol", Heston{mkt, 0.04, 1, 0.04, 0, 0.3}, bs, 1e-14},
		{"Heston with vol of vol 1e-8", Heston{mkt, 0.04, 1, 0.04, 1e-8, 0.3}, bs, 1e-8},
		{"Heston, κ 1e-12 and κ 0", Heston{mkt, 0.04, 1e-12, 0.06, 0.5, -0.7}, Heston{mkt, 0.04, 0, 0.06, 0.5, -0.7}, 1e-11},
		{"Heston, ρ near 1", Heston{mkt, 0.04, 1, 0.06, 0.5, 1 - 1e-12}, Heston{mkt, 0.04, 1, 0.06, 0.5, 1}, 1e-10},
		{"Heston, v0 1e-14", Heston{mkt, 1e-14, 1, 0.06, 0.5, 0}, Heston{mkt, 0, 1, 0.06, 0.5, 0}, 1e-11},
		{"Bates without jumps", Bates{h, Jumps{0, -0.1, 0.1}}, h, 1e-15},
		{"Bates with jumps of zero", Bates{h, Jumps{3, 0, 0}}, h, 1e-14},
		{"Merton without jumps", diffusion, bs, 1e-14},
		{"Kou without jumps", Kou{mkt, 0.2, 0, 0.4, 10, 5}, bs, 1e-14},
		{"variance gamma, ν 0", VarianceGamma{mkt, 0.2, 0, -0.1}, bs, 1e-14},
		{"variance gamma, ν 1e-10", VarianceGamma{mkt, 0.2, 1e-10, -0.1}, bs, 1e-6},
		{"NIG, large α", NIG{mkt, 1e9, 0, 0.04e9}, bs, 1e-6},
		{"CGMY, Y 0 is variance gamma", CGMY{mkt, 1 / 0.2, 9, 11, 0},
			VarianceGamma{mkt, math.Sqrt(2 / (0.2 * 9 * 11)), 0.2, (1./11 - 1./9) / 0.2}, 1e-13},
		{"CGMY, Y 1e-9", CGMY{mkt, 1, 5, 8, 1e-9}, CGMY{mkt, 1, 5, 8, 0}, 1e-7},
		{"CGMY, Y below 1", CGMY{mkt, 0.2, 5, 8, 1 - 1e-9}, CGMY{mkt, 0.2, 5, 8, 1}, 1e-7},
		{"CGMY, Y above 1", CGMY{mkt, 0.2, 5, 8, 1 + 1e-9}, CGMY{mkt, 0.2, 5, 8, 1}, 1e-7},
		{"CGMY, both forms at Y 1/2", CGMY{mkt, 1, 5, 8, 0.5}, CGMY{mkt, 1, 5, 8, math.Nextafter(0.5, 1)}, 1e-14},
	} {
		for _, u := range []complex128{0.3, 2, 10 - 0.5i, 30 - 0.5i, -7 - 0.2i} {
			if a, b := c.a.CharFunc(u, 0.7), c.b.CharFunc(u, 0.7); !near(a, b, c.tol) {
				t.Errorf("%s: φ(%v) = %v, in the limit %v", c.name, u, a, b)
			}
		}
		x, y := c.a.Cumulants(0.7), c.b.Cumulants(0.7)
		if math.Abs(x.C1-y.C1) > 10*c.tol || math.Abs(x.C2-y.C2) > 10*c.tol || math.Abs(x.C4-y.C4) > 10*c.tol {
			t.Errorf("%s: cumulants %+v, in the limit %+v", c.name, x, y)
		}
	}
}

func TestCharVegaIsADerivative(t *testing.T) {
	const h = 1e-4
	h0 := Heston{mkt, 0.04, 1.5, 0.06, 0.5, -0.7}
	j := Jumps{0.5, -0.1, 0.1}
	for _, c := range []struct {
		name string
		at   func(vol float64) CharVega
	}{
		{"Black-Scholes", func(v float64) CharVega { return BlackScholes{Spot: 100, Vol: FlatVol(v)} }},
		{"Heston", func(v float64) CharVega { m := h0; m.V0 = v * v; return m }},
		{"Heston, no vol of vol", func(v float64) CharVega { m := h0; m.V0, m.Sigma = v*v, 0; return m }},
		{"Bates", func(v float64) CharVega { m := Bates{h0, j}; m.V0 = v * v; return m }},
		{"Merton", func(v float64) CharVega { return Merton{mkt, j, v} }},
		{"piecewise Heston", func(v float64) CharVega { return PiecewiseHeston{mkt, v * v, threePeriods} }},
		{"double Heston", func(v float64) CharVega {
			return DoubleHeston{mkt, HestonFactor{0.3 * v * v, 6, 0.03, 0.8, -0.9}, HestonFactor{0.7 * v * v, 0.2, 0.05, 0.3, -0.4}}
		}},
		{"3/2", func(v float64) CharVega { return ThreeHalves{mkt, v * v, 22.84, 0.218, 8.56, -0.9} }},
		{"3/2, large z", func(v float64) CharVega { return ThreeHalves{mkt, v * v, 2, 0.05, 0.5, -0.7} }},
		{"Heston-Hull-White", func(v float64) CharVega { m := rateWorld; m.V0 = v * v; return m }},
		{"Stein-Stein", func(v float64) CharVega { return SteinStein{mkt, v, 4, 0.2, 0.1, -0.7} }},
		{"rough Heston", func(v float64) CharVega {
			return RoughHeston{Market: mkt, H: 0.12, V0: v * v, Lambda: 0.1, Theta: 0.3, Nu: 0.33, Rho: -0.68}
		}},
		{"rough Heston from a curve", func(v float64) CharVega {
			return RoughHeston{Market: mkt, H: 0.12, Lambda: 0.1, Nu: 0.33, Rho: -0.68,
				Curve: ForwardVariance{[]float64{0.3, 1}, []float64{v * v, 1.5 * v * v}}}
		}},
		{"Kou", func(v float64) CharVega { return Kou{mkt, v, 1, 0.4, 10, 5} }},
	} {
		u := []complex128{0.5, 3 - 0.5i, 12 - 0.5i}
		f, vega := make([]complex128, len(u)), make([]complex128, len(u))
		c.at(0.2).CharVegaTo(f, vega, u, 0.8)
		up, down := c.at(0.2+h), c.at(0.2-h)
		for i := range u {
			want := (up.CharFunc(u[i], 0.8) - down.CharFunc(u[i], 0.8)) / (2 * h)
			if !near(vega[i], want, 1e-5) || !near(f[i], c.at(0.2).CharFunc(u[i], 0.8), 1e-14) {
				t.Errorf("%s: vega of φ(%v) = %v, difference quotient %v", c.name, u[i], vega[i], want)
			}
		}
	}
}

func TestCharEnvelopeBounds(t *testing.T) {
	for _, m := range []Enveloped{
		Merton{mkt, Jumps{12, -0.3, 0}, 0.03}, Merton{mkt, Jumps{1, -0.1, 0.2}, 0.2},
		Bates{Heston{mkt, 0.04, 1.5, 0.06, 0.5, -0.7}, Jumps{5, 0.2, 0.01}},
	} {
		for _, im := range []float64{0, -0.5, -2.5} {
			last := math.Inf(1)
			for u := 0.0; u < 200; u += 0.37 {
				bound := m.CharEnvelope(complex(u, im), 0.8)
				if f := cmplx.Abs(m.CharFunc(complex(u, im), 0.8)); f > bound*(1+1e-12) || bound > last*(1+1e-12) {
					t.Errorf("%T at %g%+gi: |φ| = %g, bound %g, to the left %g", m, u, im, f, bound, last)
				}
				last = bound
			}
		}
	}
}

func ExampleHeston() {
	world := Heston{
		Market: Market{Spot: 100, Discount: curve.Flat(0.03)},
		V0:     0.04, Kappa: 1.5, Theta: 0.06, Sigma: 0.5, Rho: -0.7,
	}
	_, never := world.Feller()
	c := world.Cumulants(1)
	fmt.Printf("Feller %v, mean %.5f, variance %.5f\n", never, c.C1, c.C2)
	fmt.Printf("φ(−i) = %.3f, E[S^20] is infinite after %.2f years\n", real(world.CharFunc(-1i, 1)), world.MomentExplosion(20))
	// Output:
	// Feller false, mean -0.02482, variance 0.05538
	// φ(−i) = 1.000, E[S^20] is infinite after 1.10 years
}

func TestFeller(t *testing.T) {
	if r, ok := (Heston{mkt, 0.04, 2, 0.04, 0.2, 0}).Feller(); !ok || math.Abs(r-4) > 1e-12 {
		t.Errorf("2κθ/σ² = %g, %v; want 4, true", r, ok)
	}
	m := Heston{mkt, 0.04, 0.5, 0.04, 1, -0.9}
	if r, ok := m.Feller(); ok || math.Abs(r-0.04) > 1e-12 || m.Validate() != nil {
		t.Errorf("2κθ/σ² = %g, %v, %v; want 0.04, false and no error", r, ok, m.Validate())
	}
}

func TestParameterRefusals(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	h := Heston{mkt, 0.04, 1.5, 0.06, 0.5, -0.7}
	bad := func(f func(*Heston)) Heston { m := h; f(&m); return m }
	for _, c := range []struct {
		m    pricing.Model
		want string
	}{
		{bad(func(m *Heston) { m.Spot = 0 }), "Spot"}, {bad(func(m *Heston) { m.V0 = -1 }), "V0"},
		{bad(func(m *Heston) { m.Kappa = nan }), "Kappa"}, {bad(func(m *Heston) { m.Theta = inf }), "Theta"},
		{bad(func(m *Heston) { m.Sigma = -0.1 }), "Sigma"}, {bad(func(m *Heston) { m.Rho = 1.001 }), "Rho"},
		{bad(func(m *Heston) { m.Rho = nan }), "Rho"},
		{Bates{h, Jumps{-1, 0, 0}}, "Lambda"}, {Bates{bad(func(m *Heston) { m.V0 = nan }), Jumps{}}, "V0"},
		{Merton{mkt, Jumps{1, nan, 0.1}, 0.2}, "MuJ"}, {Merton{mkt, Jumps{1, 0, -0.1}, 0.2}, "SigmaJ"}, {Merton{mkt, Jumps{}, nan}, "Sigma"},
		{Kou{mkt, 0.2, 1, 1.1, 10, 5}, "P"}, {Kou{mkt, 0.2, 1, 0.5, 1, 5}, "Eta1"}, {Kou{mkt, 0.2, 1, 0.5, 10, 0}, "Eta2"}, {Kou{mkt, 0.2, 1, 0.5, nan, 1}, "Eta1"},
		{VarianceGamma{mkt, 0, 0.2, 0}, "Sigma"}, {VarianceGamma{mkt, 0.2, -1, 0}, "Nu"}, {VarianceGamma{mkt, 0.2, 1, 1}, "Theta"}, {VarianceGamma{mkt, 0.2, nan, 0}, "Nu"},
		{NIG{mkt, 0, 0, 1}, "Alpha"}, {NIG{mkt, 5, -5, 1}, "Beta"}, {NIG{mkt, 5, 4.5, 1}, "Beta"}, {NIG{mkt, 5, 0, 0}, "Delta"}, {NIG{mkt, 5, nan, 1}, "Beta"},
		{CGMY{mkt, 0, 5, 5, 0.5}, "C"}, {CGMY{mkt, 1, 0, 5, 0.5}, "G"}, {CGMY{mkt, 1, 5, 1, 0.5}, "M"}, {CGMY{mkt, 1, 5, 5, 2}, "Y"}, {CGMY{mkt, 1, 5, 5, nan}, "Y"},
	} {
		err := c.m.Validate()
		var arg *pricing.ArgError
		if !errors.As(err, &arg) || arg.Arg != c.want {
			t.Errorf("%T: %v, want an error naming %s", c.m, err, c.want)
		}
	}
	if (BlackScholes{Spot: 1, Vol: VolFunc(func(k, _ float64) float64 { return k })}).HasCharFunc() {
		t.Error("a smile has a characteristic function")
	}
	if !strings.Contains(fmt.Sprint(CGMY{mkt, 1, 5, 5, 3}.Validate()), "Y is 3, want < 2") {
		t.Error(CGMY{mkt, 1, 5, 5, 3}.Validate())
	}
}

// Whatever the parameters, a model that validates gives a characteristic function on the line Im u = −1/2: no NaN, and
// no larger than at its middle.
func FuzzHeston(f *testing.F) {
	f.Add(0.04, 1.5, 0.06, 0.5, -0.7, 1.0, 3.0)
	f.Add(0.04, 0.0, 0.0, 1e-9, 1.0, 30.0, 1e-9)
	f.Add(1e-300, 1e-300, 1e300, 1e-160, -1.0, 1e-9, 1e5)
	f.Add(0.0, 50.0, 0.1, 3.0, 0.99, 1.0/365, 100.0)
	f.Fuzz(func(t *testing.T, v0, kappa, theta, sigma, rho, tau, x float64) {
		m := Heston{mkt, v0, kappa, theta, sigma, rho}
		if m.Validate() != nil || !(tau >= 0 && tau <= 100) || math.Max(math.Max(v0, kappa), math.Max(theta, sigma)) > 100 {
			t.Skip()
		}
		if !(math.Abs(x) < 1e6) || math.Abs(x) < 1e-6 {
			t.Skip()
		}
		u := []complex128{complex(x, -0.5)}
		one, middle := m.CharFunc(u[0], tau), math.Exp(m.LogMoment(0.5, tau))
		m.CharFuncTo(u, u, tau)
		if !(cmplx.Abs(one) <= middle*(1+1e-9)+1e-12) || !(middle <= 1+1e-12) || !near(u[0], one, 1e-9) {
			t.Errorf("%+v: φ(%g−i/2) = %v and %v, φ(−i/2) = %g", m, x, one, u[0], middle)
		}
	})
}
