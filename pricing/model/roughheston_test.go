package model

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/rates/curve"
)

var roughCurve = ForwardVariance{Until: []float64{0.1, 0.5, 2}, Level: []float64{0.06, 0.03, 0.045}}

func TestRoughHestonAtOneHalfIsHeston(t *testing.T) {
	for _, h := range []Heston{
		{mkt, 0.04, 1.5, 0.06, 0.5, -0.7}, {mkt, 0.04, 0.5, 0.04, 1, -0.9}, {mkt, 0.09, 0.1, 0.04, 3, 0.6},
		{mkt, 0.04, 1, 0.06, 0.4, 0}, {mkt, 0.04, 1, 0.04, 0.5, -0.99}, {mkt, 0.05, 0, 0.03, 0.4, -0.6},
	} {
		m := RoughHeston{Market: mkt, H: 0.5, V0: h.V0, Lambda: h.Kappa, Theta: h.Theta, Nu: h.Sigma, Rho: h.Rho}
		for _, expiry := range []float64{1. / 365, 0.3, 2, 30} {
			for x := 0.01; x < 3000; x *= 1.7 {
				for _, y := range []float64{0, -0.5, -0.9} {
					u := complex(x, y)
					if a, b := m.CharFunc(u, expiry), h.CharFunc(u, expiry); cmplx.Abs(a-b) > 1e-12 {
						t.Errorf("%+v, %g years: φ(%v) = %v, Heston's %v", h, expiry, u, a, b)
					}
				}
			}
			for _, p := range []float64{-40, -7, -2, -0.5, 0.5, 1.3, 3, 9, 40} {
				a, b, at := m.LogMoment(p, expiry), h.LogMoment(p, expiry), h.MomentExplosion(p)
				switch {
				case expiry >= at:
					if !math.IsInf(a, 1) {
						t.Errorf("%+v: ln M(%g) at %g years = %g after the explosion at %g", h, p, expiry, a, at)
					}
				case expiry < 0.8*at:
					if !(math.Abs(a-b) <= 1e-5*(1+math.Abs(b))) {
						t.Errorf("%+v: ln M(%g) at %g years = %.12g, Heston's %.12g, explosion at %g", h, p, expiry, a, b, at)
					}
				}
			}
		}
	}
}

// adams solves the fractional Riccati equation by the predictor and corrector of Diethelm, Ford and Freed, "Detailed error analysis
// for a fractional Adams method", Numerical Algorithms 36 (2004), and returns ln φ for a model without a curve.
func adams(m RoughHeston, u complex128, t float64, n int) complex128 {
	alpha := m.H + 0.5
	q := m.equation(u)
	dt := t / float64(n)
	f := make([]complex128, n+1)
	h := make([]complex128, n+1)
	f[0] = q.value(0)
	c1, c2 := math.Pow(dt, alpha)/math.Gamma(alpha+1), math.Pow(dt, alpha)/math.Gamma(alpha+2)
	up, up1 := make([]float64, n+2), make([]float64, n+2)
	for k := range up {
		up[k], up1[k] = math.Pow(float64(k), alpha), math.Pow(float64(k), alpha+1)
	}
	for k := range n {
		var predictor, corrector complex128
		for j := 0; j <= k; j++ {
			r := k - j
			predictor += complex(c1*(up[r+1]-up[r]), 0) * f[j]
			w := up1[r+2] + up1[r] - 2*up1[r+1]
			if j == 0 {
				w = up1[k] - (float64(k)-alpha)*up[k+1]
			}
			corrector += complex(c2*w, 0) * f[j]
		}
		h[k+1] = corrector + complex(c2, 0)*q.value(predictor)
		f[k+1] = q.value(h[k+1])
	}
	// ∫F is the fractional integral of order 1−α of h; by the trapezoidal rule on F, that is wrong only near zero
	var sum complex128
	for k := range n {
		sum += complex(0.5*dt, 0) * (complex(m.V0, 0)*(f[k]+f[k+1]) + complex(m.Lambda*m.Theta, 0)*(h[k]+h[k+1]))
	}
	return sum
}

func TestRoughHestonByAdams(t *testing.T) {
	for _, m := range []RoughHeston{
		{Market: mkt, H: 0.12, V0: 0.04, Lambda: 0.1, Theta: 0.3, Nu: 0.33, Rho: -0.68},
		{Market: mkt, H: 0.3, V0: 0.04, Lambda: 2, Theta: 0.06, Nu: 0.5, Rho: 0.5},
		{Market: mkt, H: 0.05, V0: 0.04, Nu: 0.3, Rho: -0.9},
	} {
		for _, u := range []complex128{0.5, 3 - 0.5i, 12 - 0.5i} {
			got := m.exponent(u, 0.7)
			coarse, fine := adams(m, u, 0.7, 400), adams(m, u, 0.7, 1600)
			if e, e4 := cmplx.Abs(coarse-got), cmplx.Abs(fine-got); e4 > 5e-4*(1+cmplx.Abs(got)) || e4 > 0.5*e {
				t.Errorf("H = %g: ln φ(%v) = %v; by 400 steps of Adams %v, by 1600 %v", m.H, u, got, coarse, fine)
			}
		}
	}
}

// Without reversion, ln φ is linear in the curve of variances, and a variance that is zero up to a time gives the model of the rest.
// The panels of the solution over the whole time lie elsewhere than those over the rest.
func TestRoughHestonDoesNotDependOnItsPanels(t *testing.T) {
	const expiry = 0.8
	for _, m := range []RoughHeston{
		{Market: mkt, H: 0.001, Nu: 0.5, Rho: -0.99}, {Market: mkt, H: 0.12, Nu: 0.4, Rho: 0.9}, {Market: mkt, H: 0.4, Nu: 1, Rho: -0.7},
	} {
		from := func(early, late, change float64) RoughHeston {
			n := m
			n.Curve = ForwardVariance{Until: []float64{change, 100}, Level: []float64{early, late}}
			return n
		}
		for _, u := range []complex128{2 - 0.5i, 10 - 0.5i, 60 - 0.5i, 400} {
			short := from(0.04, 0.04, 1).exponent(u, expiry)
			for _, longer := range []float64{1.1, 1.37, 1.9} {
				change := longer*expiry - expiry
				late := from(0, 0.04, change).exponent(u, longer*expiry)
				if cmplx.Abs(cmplx.Exp(late)-cmplx.Exp(short)) > 1e-10 {
					t.Errorf("H = %g: ln φ(%v) = %v over the time itself, %v as the end of %g of it", m.H, u, short, late, longer)
				}
				whole := from(0.04, 0.04, change).exponent(u, longer*expiry)
				if sum := late + from(0.04, 0, change).exponent(u, longer*expiry); cmplx.Abs(whole-sum) > 1e-11*(1+cmplx.Abs(whole)) {
					t.Errorf("H = %g: ln φ(%v) = %v, in two parts %v", m.H, u, whole, sum)
				}
			}
		}
	}
}

// A variance that starts at its mean is expected to stay there.
func TestRoughHestonFromAFlatCurve(t *testing.T) {
	m := RoughHeston{Market: mkt, H: 0.1, V0: 0.05, Lambda: 1.2, Theta: 0.05, Nu: 0.4, Rho: -0.7}
	c := m
	c.V0, c.Theta, c.Curve = 0, 0, FlatVariance(0.05)
	split := c
	split.Curve = ForwardVariance{Until: []float64{0.01, 0.4, 0.41, 0.6}, Level: []float64{0.05, 0.05, 0.05, 0.05}}
	for _, u := range []complex128{0.3, 5 - 0.5i, 40 - 0.5i, 200 - 0.5i} {
		want := m.exponent(u, 0.7)
		for _, x := range []RoughHeston{c, split} {
			if got := x.exponent(u, 0.7); cmplx.Abs(got-want) > 1e-11*(1+cmplx.Abs(want)) {
				t.Errorf("ln φ(%v) = %v from the curve, %v", u, got, want)
			}
		}
	}
	k := RoughHeston{Market: mkt, H: 0.08, Lambda: 0.2, Nu: 0.35, Rho: -0.7, Curve: roughCurve}
	if got, want := k.Cumulants(1).C1, -0.5*roughCurve.Total(1); math.Abs(got-want) > 1e-12 {
		t.Errorf("mean %.15g, half of the variance of the curve %.15g", got, want)
	}
}

func TestForwardVariance(t *testing.T) {
	c := roughCurve
	for _, x := range []struct{ t, at, total float64 }{
		{0, 0.06, 0}, {0.1, 0.06, 0.006}, {0.2, 0.03, 0.009}, {1, 0.045, 0.006 + 0.012 + 0.0225}, {3, 0.045, 0.006 + 0.012 + 0.1125},
	} {
		if got := c.At(x.t); got != x.at {
			t.Errorf("ξ(%g) = %g, want %g", x.t, got, x.at)
		}
		if got := c.Total(x.t); math.Abs(got-x.total) > 1e-15 {
			t.Errorf("∫ξ to %g = %g, want %g", x.t, got, x.total)
		}
	}
}

// A moment that is infinite stays so; before, it grows with time; and where F has a zero it never is.
func TestRoughHestonMoments(t *testing.T) {
	m := RoughHeston{Market: mkt, H: 0.1, V0: 0.04, Lambda: 0.5, Theta: 0.06, Nu: 0.5, Rho: -0.7}
	for _, p := range []float64{-40, -10, -3, 1.5, 2, 5, 20, 100} {
		last := 0.0
		for x := 1e-4; x < 100; x *= 1.3 {
			v := m.LogMoment(p, x)
			if math.IsNaN(v) || !(v >= last) {
				t.Errorf("ln M(%g) at %g years = %g, before %g", p, x, v, last)
			}
			last = v
		}
		xi := m.Lambda - m.Rho*m.Nu*p
		finite := xi > 0 && xi*xi+m.Nu*m.Nu*p*(1-p) >= 0
		if finite == math.IsInf(last, 1) {
			t.Errorf("ln M(%g) at 100 years = %g; F has a zero: %v", p, last, finite)
		}
	}
}

func TestRoughHestonRational(t *testing.T) {
	for _, c := range []struct{ h, tol float64 }{{0.02, 0.02}, {0.1, 0.005}, {0.15, 0.005}, {0.25, 0.005}, {0.4, 0.006}, {0.5, 0.02}} {
		m := RoughHeston{Market: mkt, H: c.h, V0: 0.04, Theta: 0.06, Nu: 0.4, Rho: -0.7}
		for _, lambda := range []float64{0, 0.3, 2} {
			m.Lambda = lambda
			q := m
			q.Solver = Rational
			for _, expiry := range []float64{1. / 365, 0.25, 1, 5} {
				for x := 0.1; x < 1000; x *= 1.3 {
					u := complex(x, -0.5)
					if a, b := m.CharFunc(u, expiry), q.CharFunc(u, expiry); cmplx.Abs(a-b) > c.tol {
						t.Errorf("H = %g, λ = %g, %g years: φ(%v) = %v, approximately %v", c.h, lambda, expiry, u, a, b)
					}
				}
			}
		}
	}
	if s := fmt.Sprint(Collocation, Rational, RoughSolver(7)); s != "Collocation Rational RoughSolver(7)" {
		t.Error(s)
	}
	if text, err := Rational.MarshalText(); string(text) != "Rational" || err != nil {
		t.Error(string(text), err)
	}
}

func TestRoughHestonOfRandomParameters(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 15))
	between := func(lo, hi float64) float64 { return lo * math.Exp(rng.Float64()*math.Log(hi/lo)) }
	u, f := make([]complex128, 12), make([]complex128, 12)
	for range 300 {
		m := RoughHeston{Market: mkt, H: 0.001 + 0.499*rng.Float64(), V0: between(1e-5, 1), Lambda: between(1e-4, 10),
			Theta: between(1e-5, 1), Nu: between(1e-4, 5), Rho: math.Sin(math.Pi * (rng.Float64() - 0.5))}
		expiry := between(1./365, 30)
		for i := range u {
			u[i] = complex(1e-3*math.Pow(4, float64(i)), -0.5)
		}
		middle := math.Exp(m.LogMoment(0.5, expiry))
		m.CharFuncTo(f, u, expiry)
		for i, x := range f {
			if !(cmplx.Abs(x) <= middle*(1+1e-9)+1e-12) || !(middle <= 1+1e-12) {
				t.Errorf("%+v, %g years: φ(%v) = %v, φ(−i/2) = %g", m, expiry, u[i], x, middle)
			}
		}
	}
}

// Models of different H share the memory of the solver.
func TestRoughHestonIsSafeForConcurrentUse(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		m := RoughHeston{Market: mkt, H: 0.05 + 0.05*float64(i%4), V0: 0.04, Lambda: 0.5, Theta: 0.06, Nu: 0.5, Rho: -0.7}
		want := m.CharFunc(7-0.5i, 0.5)
		wg.Go(func() {
			for range 20 {
				if got := m.CharFunc(7-0.5i, 0.5); got != want {
					t.Errorf("H = %g: %v, alone %v", m.H, got, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestRoughHestonRefusals(t *testing.T) {
	good := RoughHeston{Market: mkt, H: 0.1, V0: 0.04, Lambda: 0.5, Theta: 0.06, Nu: 0.5, Rho: -0.7}
	edit := func(f func(*RoughHeston)) RoughHeston { m := good; f(&m); return m }
	for _, c := range []struct {
		m    RoughHeston
		want string
	}{
		{edit(func(m *RoughHeston) { m.H = 0 }), "H"}, {edit(func(m *RoughHeston) { m.H = 0.51 }), "H"},
		{edit(func(m *RoughHeston) { m.H = math.NaN() }), "H"}, {edit(func(m *RoughHeston) { m.Nu = -1 }), "Nu"},
		{edit(func(m *RoughHeston) { m.Lambda = math.NaN() }), "Lambda"}, {edit(func(m *RoughHeston) { m.Rho = 2 }), "Rho"},
		{edit(func(m *RoughHeston) { m.Solver = 7 }), "Solver"}, {edit(func(m *RoughHeston) { m.Spot = 0 }), "Spot"},
		{edit(func(m *RoughHeston) { m.Curve.Until = []float64{1} }), "Curve.Level"},
		{edit(func(m *RoughHeston) { m.Curve = ForwardVariance{[]float64{1, 1}, []float64{1, 1}} }), "Curve.Until[1]"},
		{edit(func(m *RoughHeston) { m.Curve = ForwardVariance{[]float64{1, 2}, []float64{1, -1}} }), "Curve.Level[1]"},
	} {
		var arg *pricing.ArgError
		if err := c.m.Validate(); !errors.As(err, &arg) || arg.Arg != c.want {
			t.Errorf("%v, want an error naming %s", err, c.want)
		}
	}
}

func ExampleRoughHeston() {
	world := RoughHeston{
		Market: Market{Spot: 100, Discount: curve.Flat(0.03)},
		H:      0.1, V0: 0.04, Lambda: 0.3, Theta: 0.06, Nu: 0.4, Rho: -0.7,
	}
	smooth := Heston{Market: world.Market, V0: 0.04, Kappa: 0.3, Theta: 0.06, Sigma: 0.4, Rho: -0.7}
	// The tails of a rough variance do not die out at short expiries.
	for _, t := range []float64{1. / 52, 1} {
		a, b := world.Cumulants(t), smooth.Cumulants(t)
		fmt.Printf("t = %.3f: excess kurtosis %.2f, of a smooth variance %.2f\n", t, a.C4/(a.C2*a.C2), b.C4/(b.C2*b.C2))
	}
	// Output:
	// t = 0.019: excess kurtosis 7.25, of a smooth variance 0.15
	// t = 1.000: excess kurtosis 11.81, of a smooth variance 6.21
}

func BenchmarkRoughHeston(b *testing.B) {
	const n = 64
	u, dst := make([]complex128, n), make([]complex128, n)
	for i := range u {
		u[i] = complex(0.7*float64(i), -0.5)
	}
	for _, h := range []float64{0.05, 0.12, 0.3, 0.5} {
		for _, s := range []RoughSolver{Collocation, Rational} {
			m := RoughHeston{Market: mkt, H: h, V0: 0.04, Lambda: 0.3, Theta: 0.06, Nu: 0.4, Rho: -0.7, Solver: s}
			b.Run(fmt.Sprintf("H=%g/%v", h, s), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					m.CharFuncTo(dst, u, 1)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/u")
			})
		}
	}
}
