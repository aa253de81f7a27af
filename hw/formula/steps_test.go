package formula

import (
	"math"
	"testing"
)

// quantiles are the midpoints of n equal slices of the standard normal distribution.
func quantiles(n int) []float64 {
	z := make([]float64, n)
	for i := range z {
		z[i] = math.Sqrt2 * math.Erfinv(2*(float64(i)+0.5)/float64(n)-1)
	}
	return z
}

// Both branches of Andersen's scheme match the conditional mean and variance of the exact law.
func TestHestonStepMoments(t *testing.T) {
	g := HestonStep()
	ev := NewEvaluator(g)
	const mu, theta, rho = 0.03, 0.04, -0.6
	for _, c := range []struct {
		name              string
		v, kappa, xi, dt  float64
		exponential       bool
		meanTol, variance float64
	}{
		{"quadratic", 0.05, 1.5, 0.3, 0.1, false, 1e-4, 2e-3},
		{"quadratic, large variance", 0.4, 1, 0.5, 0.25, false, 1e-4, 2e-3},
		{"exponential", 0.01, 0.5, 1, 0.5, true, 2e-4, 1e-2},
		{"exponential from zero", 0, 1, 0.8, 0.25, true, 2e-4, 1e-2},
	} {
		z := quantiles(20000)
		m1, m2, zeros, last := 0.0, 0.0, 0, -1.0
		out := make([]float64, 2)
		for _, zv := range z {
			ev.Eval(out, []float64{4.6, c.v, mu, c.kappa, theta, c.xi, rho, c.dt, zv, 0})
			v := out[1]
			if v < 0 || c.exponential && v < last {
				t.Fatalf("%s: V_next = %v after %v", c.name, v, last)
			}
			if v == 0 {
				zeros++
			}
			last = v
			m1 += v / float64(len(z))
			m2 += v * v / float64(len(z))
		}
		e := math.Exp(-c.kappa * c.dt)
		mean := theta + (c.v-theta)*e
		variance := c.v*c.xi*c.xi*e/c.kappa*(1-e) + theta*c.xi*c.xi/(2*c.kappa)*(1-e)*(1-e)
		psi := variance / (mean * mean)
		if (psi > qePsi) != c.exponential {
			t.Fatalf("%s: ψ = %v", c.name, psi)
		}
		if math.Abs(m1/mean-1) > c.meanTol || math.Abs((m2-m1*m1)/variance-1) > c.variance {
			t.Errorf("%s: mean %v, variance %v, want %v, %v", c.name, m1, m2-m1*m1, mean, variance)
		}
		mass := 0.0
		if c.exponential {
			mass = (psi - 1) / (psi + 1)
		}
		if math.Abs(float64(zeros)/float64(len(z))-mass) > 1e-4 {
			t.Errorf("%s: %d of %d at zero, want the fraction %v", c.name, zeros, len(z), mass)
		}
	}
}

// With ρ = 0 the asset has drift μ − (V+V')/4 and variance dt(V+V')/2.
func TestHestonStepAsset(t *testing.T) {
	at := func(zx float64) (x, v float64) {
		out := HestonStep().Eval(4, 0.04, 0.05, 1, 0.05, 0.3, 0, 0.25, 0.7, zx)
		return out[0], out[1]
	}
	x0, v := at(0)
	x1, _ := at(1)
	if want := 4 + 0.25*(0.05-(0.04+v)/4); math.Abs(x0-want) > 1e-15 {
		t.Errorf("drift to %v, want %v", x0, want)
	}
	if want := math.Sqrt(0.25 * (0.04 + v) / 2); math.Abs(x1-x0-want) > 1e-15 {
		t.Errorf("deviation %v, want %v", x1-x0, want)
	}
}

// The adjoint of a step is finite in both branches, also where the variance falls to zero.
func TestHestonStepAdjoint(t *testing.T) {
	g, err := Adjoint(HestonStep())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []float64{0, 0.001, 0.01, 0.04, 0.5} {
		for _, zv := range []float64{-5, -1, 0, 1, 5} {
			out := g.Eval(4, v, 0.05, 1, 0.05, 0.8, -0.5, 0.25, zv, 0.3, 1, 1)
			both := v == 0 && out[g.Output("V_next")] == 0 // the root in the asset's step has no derivative there
			for i, x := range out {
				if name := g.OutputNames()[i]; math.IsNaN(x) && !both {
					t.Errorf("V = %v, zv = %v: %s is %v", v, zv, name, x)
				}
			}
		}
	}
}

func TestGBMStep(t *testing.T) {
	got := GBMStep().Eval(100, 0.05, 0.2, 0.25, 0.5)[0]
	if want := 100 * math.Exp((0.05-0.02)*0.25+0.2*0.5*0.5); math.Abs(got/want-1) > 1e-15 {
		t.Errorf("%v, want %v", got, want)
	}
}

// A tree put together from the two formulas converges to the closed form, and an American put is worth more than the European.
func TestBinomialTree(t *testing.T) {
	const n, spot, strike, r, q, sigma, tau = 400, 100.0, 105.0, 0.05, 0.02, 0.25, 1.0
	p := BinomialTree().Eval(sigma, r, q, tau/n)
	up, down, prob, discount := p[0], p[1], p[2], p[3]
	step := NewEvaluator(BinomialStep())
	price := func(american bool) float64 {
		v := make([]float64, n+1)
		at := func(i, level int) float64 { return spot * math.Pow(up, float64(i)) * math.Pow(down, float64(level-i)) }
		for i := range v {
			v[i] = math.Max(strike-at(i, n), 0)
		}
		out := make([]float64, 1)
		for level := n - 1; level >= 0; level-- {
			for i := range level + 1 {
				exercise := math.Inf(-1)
				if american {
					exercise = strike - at(i, level)
				}
				step.Eval(out, []float64{v[i+1], v[i], prob, discount, exercise})
				v[i] = out[0]
			}
		}
		return v[0]
	}
	european := BSM().Eval(-1, spot, strike, tau, sigma, r, q)[0]
	if got := price(false); math.Abs(got-european) > 0.02 {
		t.Errorf("European put %v, closed form %v", got, european)
	}
	if got := price(true); got < european+0.2 || got > european+1 {
		t.Errorf("American put %v, European %v", got, european)
	}
}

func TestPayoffs(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		p    Payoff
		in   []float64
		want float64
	}{
		{VanillaPayoff, []float64{110, 100, 1}, 10}, {VanillaPayoff, []float64{110, 100, -1}, 0}, {VanillaPayoff, []float64{90, 100, -1}, 10},
		{VanillaPayoff, []float64{nan, 100, 1}, nan}, {VanillaPayoff, []float64{100, nan, -1}, nan},
		{DigitalPayoff, []float64{110, 100, 1}, 1}, {DigitalPayoff, []float64{100, 100, 1}, 0}, {DigitalPayoff, []float64{90, 100, -1}, 1},
		{DigitalPayoff, []float64{nan, 100, 1}, nan},
		{AssetPayoff, []float64{110, 100, 1}, 110}, {AssetPayoff, []float64{90, 100, 1}, 0}, {AssetPayoff, []float64{90, 100, -1}, 90},
		{StraddlePayoff, []float64{90, 100}, 10}, {StraddlePayoff, []float64{110, 100}, 10}, {StraddlePayoff, []float64{nan, 100}, nan},
		{SpreadPayoff, []float64{90, 100, 120}, 0}, {SpreadPayoff, []float64{110, 100, 120}, 10}, {SpreadPayoff, []float64{150, 100, 120}, 20},
		{SpreadPayoff, []float64{nan, 100, 120}, nan},
		{SmoothDigitalPayoff, []float64{100, 100, 2}, 0.5}, {SmoothDigitalPayoff, []float64{98, 100, 2}, 0}, {SmoothDigitalPayoff, []float64{100.5, 100, 2}, 0.75},
		{SmoothDigitalPayoff, []float64{103, 100, 2}, 1}, {SmoothDigitalPayoff, []float64{nan, 100, 2}, nan},
	} {
		if got := c.p.Graph().Eval(c.in...)[0]; got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%v%v = %v, want %v", c.p, c.in, got, c.want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic for a payoff that does not exist")
		}
	}()
	Payoff(99).Graph()
}
