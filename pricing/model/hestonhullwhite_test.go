package model

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/vec/rng"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/rates/curve"
)

var rateWorld = HestonHullWhite{mkt, 0.04, 1.5, 0.06, 0.5, -0.7, 0.1, 0.015}

func TestRateVariance(t *testing.T) {
	m := rateWorld
	for _, expiry := range []float64{1e-3, 1, 4.9, 5.1, 30} {
		sum := 0.0
		const n = 20000
		for i := range n {
			b := -math.Expm1(-m.Lambda*expiry*(float64(i)+0.5)/n) / m.Lambda
			sum += m.Eta * m.Eta * b * b * expiry / n
		}
		if got := m.RateVariance(expiry); math.Abs(got/sum-1) > 1e-7 {
			t.Errorf("%g years: %g, by quadrature %g", expiry, got, sum)
		}
	}
	m.Lambda = 0
	if got, want := m.RateVariance(10), 0.015*0.015*1000/3; math.Abs(got/want-1) > 1e-14 {
		t.Errorf("Ho and Lee: %g, want %g", got, want)
	}
}

// Without volatility of variance it is Merton's option under stochastic rates ("Theory of rational option pricing", 1973, section
// 8): Black-Scholes with the variance of the forward.
func TestHestonHullWhiteLimits(t *testing.T) {
	m := HestonHullWhite{mkt, 0.04, 1, 0.04, 0, 0, 0.1, 0.02}
	flat := m
	flat.Eta = 0
	for _, expiry := range []float64{0.1, 1, 10} {
		bs := BlackScholes{Spot: 100, Vol: FlatVol(math.Sqrt(0.04 + m.RateVariance(expiry)/expiry))}
		for _, u := range []complex128{0.3, 2 - 0.5i, 9 - 0.2i} {
			if a, b := m.CharFunc(u, expiry), bs.CharFunc(u, expiry); !near(a, b, 1e-14) {
				t.Errorf("%g years: φ(%v) = %v, want %v", expiry, u, a, b)
			}
			if a, b := flat.CharFunc(u, expiry), m.heston().CharFunc(u, expiry); a != b {
				t.Errorf("%g years: φ(%v) = %v without rate volatility, Heston %v", expiry, u, a, b)
			}
		}
	}
}

// The law under the bond's measure, against a simulation under the bank account's: the discounted payoff min(S, K), whose price is
// the integral of Lewis over φ.
func TestHestonHullWhiteBySimulation(t *testing.T) {
	m := HestonHullWhite{Market{Spot: 100, Discount: curve.Flat(0.03)}, 0.04, 1.5, 0.04, 0.3, -0.7, 0.2, 0.05}
	const expiry, steps, paths = 4.0, 100, 8000
	const dt = expiry / steps
	g := rng.NewPhilox(7, 0)
	z := make([]float64, 4*steps)
	var sum, sum2 [3]float64
	strikes := [3]float64{90, 112, 140}
	// r = x + a deterministic part; x and its integral over a step are jointly normal.
	decay := math.Exp(-m.Lambda * dt)
	b := -math.Expm1(-m.Lambda*dt) / m.Lambda
	sx := m.Eta * math.Sqrt(-math.Expm1(-2*m.Lambda*dt)/(2*m.Lambda))
	varI := m.Eta * m.Eta / (m.Lambda * m.Lambda) * (dt - 2*b - math.Expm1(-2*m.Lambda*dt)/(2*m.Lambda))
	cov := 0.5 * m.Eta * m.Eta * b * b
	rest := math.Sqrt(varI - cov*cov/(sx*sx))
	for range paths {
		g.Normals(z)
		for _, sign := range []float64{1, -1} {
			x, integral, v, logS := 0.0, 0.0, m.V0, 0.0
			for i := range steps {
				z1, z2, z3, z4 := sign*z[4*i], sign*z[4*i+1], sign*z[4*i+2], sign*z[4*i+3]
				integral += b*x + cov/sx*z3 + rest*z4
				x = decay*x + sx*z3
				root := math.Sqrt(math.Max(v, 0) * dt)
				logS += -0.5*root*root + root*z1
				v += m.Kappa*(m.Theta-math.Max(v, 0))*dt + m.Sigma*root*(m.Rho*z1+math.Sqrt(1-m.Rho*m.Rho)*z2)
			}
			// E[e^(−∫x)] = e^(V/2), which the fitted part takes out.
			integral += 0.5*m.RateVariance(expiry) + 0.03*expiry
			s := 100 * math.Exp(logS+integral)
			for j, k := range strikes {
				y := math.Exp(-integral) * math.Min(s, k)
				sum[j] += y
				sum2[j] += y * y
			}
		}
	}
	for j, k := range strikes {
		mean := sum[j] / (2 * paths)
		err := math.Sqrt((sum2[j]/(2*paths) - mean*mean) / (2 * paths))
		f := m.ForwardAt(expiry).Value
		lk := math.Log(k / f)
		integral := 0.0
		const du = 0.01
		for n := range 10000 {
			u := (float64(n) + 0.5) * du
			e := m.CharFunc(complex(u, -0.5), expiry)
			sin, cos := math.Sincos(u * lk)
			integral += du * (real(e)*cos + imag(e)*sin) / (u*u + 0.25)
		}
		want := m.DiscountFactor(expiry) * math.Sqrt(f*k) / math.Pi * integral
		if math.Abs(mean-want) > 4*err+0.02 { // the step has a bias of about a hundredth
			t.Errorf("K = %g: simulated %.4f ± %.4f, by transform %.4f", k, mean, err, want)
		}
	}
}

func TestHestonHullWhiteRefusals(t *testing.T) {
	for want, f := range map[string]func(*HestonHullWhite){
		"Lambda": func(m *HestonHullWhite) { m.Lambda = -1 }, "Eta": func(m *HestonHullWhite) { m.Eta = math.NaN() },
		"Kappa": func(m *HestonHullWhite) { m.Kappa = -1 }, "Spot": func(m *HestonHullWhite) { m.Spot = 0 },
	} {
		m := rateWorld
		f(&m)
		var arg *pricing.ArgError
		if err := m.Validate(); !errors.As(err, &arg) || arg.Arg != want || arg.Func != "model.HestonHullWhite" {
			t.Errorf("%v, want an error naming %s", err, want)
		}
	}
}

func ExampleHestonHullWhite() {
	world := HestonHullWhite{
		Market: Market{Spot: 100, Discount: curve.Flat(0.03)},
		V0:     0.04, Kappa: 1.5, Theta: 0.04, Sigma: 0.5, Rho: -0.7,
		Lambda: 0.05, Eta: 0.01,
	}
	for _, t := range []float64{1, 10} {
		c := world.Cumulants(t)
		fmt.Printf("%2.0f years: %.2f%% of the variance is that of the rate\n", t, 100*world.RateVariance(t)/c.C2)
	}
	// Output:
	//  1 years: 0.07% of the variance is that of the rate
	// 10 years: 4.48% of the variance is that of the rate
}
