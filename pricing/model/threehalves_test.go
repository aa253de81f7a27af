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

// Carr and Sun's formula by mpmath's 1F1 with 60 to several hundred digits.
func TestThreeHalvesByHypergeometricFunction(t *testing.T) {
	for _, c := range []struct {
		m       ThreeHalves
		expiry  float64
		u, want complex128
	}{
		{ThreeHalves{mkt, 0.06, 22.84, 0.218, 8.56, -0.99}, 1, complex(0.3, 0.0), complex(0.99575341044398609, -0.012199870105029138)},
		{ThreeHalves{mkt, 0.06, 22.84, 0.218, 8.56, -0.99}, 1, complex(2.0, -0.5), complex(0.85540512418457094, 0.028852871601213742)},
		{ThreeHalves{mkt, 0.06, 22.84, 0.218, 8.56, -0.99}, 1, complex(15.0, -0.5), complex(-0.032749603151674933, -0.0049019950264069388)},
		{ThreeHalves{mkt, 0.06, 22.84, 0.218, 8.56, -0.99}, 1, complex(80.0, -0.5), complex(-1.0193118863100032e-9, 2.6071912895534074e-11)},
		{ThreeHalves{mkt, 0.06, 22.84, 0.218, 8.56, -0.99}, 1, complex(400.0, 0.0), complex(4.913690163664133e-45, 5.5724983610815777e-46)},
		{ThreeHalves{mkt, 0.05, 2.0, 0.1, 3.0, -0.7}, 1, complex(0.3, 0.0), complex(0.99749562546741641, -0.0077061388984232111)},
		{ThreeHalves{mkt, 0.05, 2.0, 0.1, 3.0, -0.7}, 1, complex(2.0, -0.5), complex(0.900963211550109, 0.010015013906603206)},
		{ThreeHalves{mkt, 0.05, 2.0, 0.1, 3.0, -0.7}, 1, complex(15.0, -0.5), complex(-0.0019308056209460664, 0.022549604586784127)},
		{ThreeHalves{mkt, 0.05, 2.0, 0.1, 3.0, -0.7}, 1, complex(80.0, -0.5), complex(7.02459743226159e-21, 7.6938198290047378e-21)},
		{ThreeHalves{mkt, 0.05, 2.0, 0.1, 3.0, -0.7}, 1, complex(400.0, 0.0), complex(1.8958248872422385e-166, -2.7506606068369345e-165)},
		{ThreeHalves{mkt, 0.04, 20.0, 0.05, 12.0, -0.5}, 0.1, complex(0.3, 0.0), complex(0.99981842531039917, -0.00059545100449851535)},
		{ThreeHalves{mkt, 0.04, 20.0, 0.05, 12.0, -0.5}, 0.1, complex(2.0, -0.5), complex(0.99166407958479303, 0.00022346384004786724)},
		{ThreeHalves{mkt, 0.04, 20.0, 0.05, 12.0, -0.5}, 0.1, complex(15.0, -0.5), complex(0.66219105849109783, 0.044166528227556312)},
		{ThreeHalves{mkt, 0.04, 20.0, 0.05, 12.0, -0.5}, 0.1, complex(80.0, -0.5), complex(-0.00049806181248342646, 0.00019222175677551943)},
		{ThreeHalves{mkt, 0.04, 20.0, 0.05, 12.0, -0.5}, 0.1, complex(400.0, 0.0), complex(4.5119086435418984e-35, -3.1164493636581351e-35)},
		{ThreeHalves{mkt, 0.04, 10.0, 0.05, 8.0, -0.9}, 0.0027397260273972603, complex(0.3, 0.0), complex(0.99999506575101358, -1.6439919609825136e-5)},
		{ThreeHalves{mkt, 0.04, 10.0, 0.05, 8.0, -0.9}, 0.0027397260273972603, complex(2.0, -0.5), complex(0.99976716509236272, 1.8402245261533307e-7)},
		{ThreeHalves{mkt, 0.04, 10.0, 0.05, 8.0, -0.9}, 0.0027397260273972603, complex(15.0, -0.5), complex(0.98773489263463988, 7.2258894337844194e-5)},
		{ThreeHalves{mkt, 0.04, 10.0, 0.05, 8.0, -0.9}, 0.0027397260273972603, complex(80.0, -0.5), complex(0.70459782877479253, 0.0077825853578129094)},
		{ThreeHalves{mkt, 0.04, 10.0, 0.05, 8.0, -0.9}, 0.0027397260273972603, complex(400.0, 0.0), complex(6.8475159270883702e-5, 0.00020652136074012436)},
		{ThreeHalves{mkt, 0.04, 5.0, 0.04, 1.0, 0.3}, 10, complex(0.3, 0.0), complex(0.98167835610757298, -0.056889764637935248)},
		{ThreeHalves{mkt, 0.04, 5.0, 0.04, 1.0, 0.3}, 10, complex(2.0, -0.5), complex(0.4417615980336574, -0.023110050228452223)},
		{ThreeHalves{mkt, 0.04, 5.0, 0.04, 1.0, 0.3}, 10, complex(15.0, -0.5), complex(1.6681743707687039e-13, -7.3638841214162859e-14)},
		{ThreeHalves{mkt, 0.04, 5.0, 0.04, 1.0, 0.3}, 10, complex(80.0, -0.5), complex(4.4086017120557151e-136, 6.0367193046915834e-136)},
		{ThreeHalves{mkt, 0.04, 5.0, 0.04, 1.0, 0.3}, 10, complex(400.0, 0.0), complex(-1.1971565692169855e-971, -3.780497531693615e-971)},
		{ThreeHalves{mkt, 0.09, 0.0, 0, 2.0, -0.3}, 30, complex(0.3, 0.0), complex(0.92647753750985679, -0.14459960246754317)},
		{ThreeHalves{mkt, 0.09, 0.0, 0, 2.0, -0.3}, 30, complex(2.0, -0.5), complex(0.19843649731386212, 0.065751956149543787)},
		{ThreeHalves{mkt, 0.09, 0.0, 0, 2.0, -0.3}, 30, complex(15.0, -0.5), complex(1.3786866080430552e-13, 9.60762461666145e-13)},
		{ThreeHalves{mkt, 0.09, 0.0, 0, 2.0, -0.3}, 30, complex(80.0, -0.5), complex(3.8014745407921851e-95, 1.829898985678986e-95)},
	} {
		got := c.m.CharFunc(c.u, c.expiry)
		if !(cmplx.Abs(got-c.want) <= 1e-12*cmplx.Abs(c.want)+1e-300) {
			t.Errorf("%+v, %g years: φ(%v) = %v, want %v, off by %.2g of it", c.m, c.expiry, c.u, got, c.want, cmplx.Abs(got-c.want)/cmplx.Abs(c.want))
		}
	}
}

// φ solves the equation of Feynman and Kac, ∂φ/∂t = (κv(θ−v) + iuρσv²)·∂φ/∂v + ½σ²v³·∂²φ/∂v² − ½(u²+iu)v·φ, and starts at 1.
func TestThreeHalvesSolvesItsPDE(t *testing.T) {
	for _, m := range []ThreeHalves{
		{mkt, 0.06, 22.84, 0.218, 8.56, -0.99}, {mkt, 0.05, 2, 0.1, 3, -0.7}, {mkt, 0.09, 0, 0, 2, 0.3}, {mkt, 0.04, 10, 0.05, 8, 0.9},
	} {
		for _, u := range []complex128{0.5, 3 - 0.5i, 9 - 0.2i} {
			for _, expiry := range []float64{0.1, 1, 4} {
				// fourth order differences
				at := func(dv, dt float64) complex128 {
					n := m
					n.V0 += dv
					return n.CharFunc(u, expiry+dt)
				}
				diff := func(f func(x float64) complex128, h float64) complex128 {
					return (8*(f(h)-f(-h)) - (f(2*h) - f(-2*h))) / complex(12*h, 0)
				}
				hv, ht := 2e-3*m.V0, 2e-3*expiry
				f := at(0, 0)
				ft := diff(func(x float64) complex128 { return at(0, x) }, ht)
				fv := diff(func(x float64) complex128 { return at(x, 0) }, hv)
				fvv := (16*(at(hv, 0)+at(-hv, 0)) - at(2*hv, 0) - at(-2*hv, 0) - 30*f) / complex(12*hv*hv, 0)
				v := m.V0
				right := (complex(m.Kappa*v*(m.Theta-v), 0)+1i*u*complex(m.Rho*m.Sigma*v*v, 0))*fv +
					complex(0.5*m.Sigma*m.Sigma*v*v*v, 0)*fvv - 0.5*(u*u+1i*u)*complex(v, 0)*f
				if cmplx.Abs(ft-right) > 2e-7*cmplx.Abs(complex(v, 0)*(u*u+1i*u)) {
					t.Errorf("%+v, %g years, u = %v: ∂φ/∂t = %v, the right-hand side %v", m, expiry, u, ft, right)
				}
			}
			if f := m.CharFunc(u, 1e-7); cmplx.Abs(f-1) > 1e-6 {
				t.Errorf("%+v: φ(%v) = %v at once", m, u, f)
			}
		}
	}
}

// With little volatility of the variance it is Black-Scholes with the variance of dv = κv(θ−v) dt, v0·e^(κθt)/(1 + v0(e^(κθt)−1)/θ).
func TestThreeHalvesWithLittleNoise(t *testing.T) {
	m := ThreeHalves{mkt, 0.04, 10, 0.09, 0.01, -0.5}
	total := math.Log1p(m.V0/m.Theta*math.Expm1(m.Kappa*m.Theta*2)) / m.Kappa
	for _, u := range []complex128{0.5, 3 - 0.5i, 20 - 0.5i} {
		want := cmplx.Exp(-0.5 * (u*u + 1i*u) * complex(total, 0))
		if got := m.CharFunc(u, 2); !near(got, want, 1e-3) {
			t.Errorf("φ(%v) = %v, want about %v", u, got, want)
		}
	}
}

func TestThreeHalvesMoments(t *testing.T) {
	m := ThreeHalves{mkt, 0.05, 22, 0.06, 8, -0.6}
	h := func(p float64) float64 { return 0.5 + m.Kappa/64 - m.Rho*p/8 }
	for p := -4.0; p < 5; p += 0.13 {
		disc := h(p)*h(p) + p*(1-p)/64
		want := disc >= 0 && h(p) > 0
		for _, x := range []float64{0.01, 1, 10} {
			v := m.LogMoment(p, x)
			if math.IsInf(v, 1) == want && disc > 1e-3 || math.IsNaN(v) {
				t.Errorf("ln M(%g) at %g years = %g; finite: %v", p, x, v, want)
			}
			if (p < 0 || p > 1) != (v > 0) {
				t.Errorf("ln M(%g) at %g years = %g", p, x, v)
			}
		}
	}
}

func TestThreeHalvesOfRandomParameters(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 4))
	between := func(lo, hi float64) float64 { return lo * math.Exp(rng.Float64()*math.Log(hi/lo)) }
	u, f := make([]complex128, 16), make([]complex128, 16)
	tried := 0
	for range 400 {
		m := ThreeHalves{mkt, between(1e-3, 1), between(1e-2, 100), between(1e-3, 1), between(0.1, 30), 2*rng.Float64() - 1}
		if m.Validate() != nil {
			continue
		}
		tried++
		expiry := between(1./365, 30)
		for i := range u {
			u[i] = complex(1e-3*math.Pow(3, float64(i)), -0.5)
		}
		middle := math.Exp(m.LogMoment(0.5, expiry))
		m.CharFuncTo(f, u, expiry)
		for i, x := range f {
			if !(cmplx.Abs(x) <= middle*(1+1e-9)+1e-12) || !(middle <= 1+1e-12) {
				t.Errorf("%+v, %g years: φ(%v) = %v, φ(−i/2) = %g", m, expiry, u[i], x, middle)
			}
		}
	}
	if tried < 200 {
		t.Errorf("only %d sets of parameters", tried)
	}
}

// The switch to the limit of small z, and what lies far beyond it.
func TestThreeHalvesOverDecades(t *testing.T) {
	m := ThreeHalves{mkt, 0.05, 20, 0.2, 3, -0.5}
	for _, u := range []complex128{0.1, 1 - 0.5i, 4 - 0.5i} {
		var last complex128
		for expiry := 8.5; expiry < 11; expiry += 0.01 {
			x := m.exponent(u, expiry)
			if last != 0 && cmplx.Abs(x-last) > 0.02*cmplx.Abs(last) {
				t.Errorf("ln φ(%v) jumps from %v to %v at %g years", u, last, x, expiry)
			}
			last = x
		}
		if f := m.CharFunc(u, 1000); cmplx.IsNaN(f) || cmplx.Abs(f) > cmplx.Abs(m.CharFunc(u, 100)) {
			t.Errorf("φ(%v) = %v at a thousand years", u, f)
		}
	}
}

func TestThreeHalvesRefusals(t *testing.T) {
	good := ThreeHalves{mkt, 0.05, 22, 0.06, 8, -0.6}
	edit := func(f func(*ThreeHalves)) ThreeHalves { m := good; f(&m); return m }
	for _, c := range []struct {
		m    ThreeHalves
		want string
	}{
		{edit(func(m *ThreeHalves) { m.V0 = 0 }), "V0"}, {edit(func(m *ThreeHalves) { m.Sigma = 0 }), "Sigma"},
		{edit(func(m *ThreeHalves) { m.Kappa = -1 }), "Kappa"}, {edit(func(m *ThreeHalves) { m.Theta = math.NaN() }), "Theta"},
		{edit(func(m *ThreeHalves) { m.Rho = 1.1 }), "Rho"}, {edit(func(m *ThreeHalves) { m.Spot = -1 }), "Spot"},
		{ThreeHalves{mkt, 0.05, 0.1, 0.06, 0.5, 0.9}, "Rho"}, // 0.9 > 0.2 + 0.25: S is a strict local martingale
	} {
		var arg *pricing.ArgError
		if err := c.m.Validate(); !errors.As(err, &arg) || arg.Arg != c.want {
			t.Errorf("%v, want an error naming %s", err, c.want)
		}
	}
}

func ExampleThreeHalves() {
	world := ThreeHalves{
		Market: Market{Spot: 100, Discount: curve.Flat(0.03)},
		V0:     0.06, Kappa: 22.84, Theta: 0.218, Sigma: 8.56, Rho: -0.99,
	}
	c := world.Cumulants(0.5)
	fmt.Printf("mean %.5f, variance %.5f, φ(−i) = %.3f\n", c.C1, c.C2, real(world.CharFunc(-1i, 0.5)))
	fmt.Printf("E[S^2] is finite: %v\n", !math.IsInf(world.LogMoment(2, 0.5), 1))
	// Output:
	// mean -0.02037, variance 0.04498, φ(−i) = 1.000
	// E[S^2] is finite: true
}
