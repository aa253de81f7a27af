package formula

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// randomOption draws sign, S, K, T, sigma, r, q as a desk has them.
func randomOption(rng *rand.Rand) (sign, s, k, tau, vol, r, q float64) {
	sign = math.Copysign(1, rng.Float64()-0.5)
	s = 50 + 100*rng.Float64()
	tau = 0.01 + 2*rng.Float64()
	vol = 0.05 + 0.75*rng.Float64()
	k = s * math.Exp(2*vol*math.Sqrt(tau)*rng.NormFloat64())
	return sign, s, k, tau, vol, 0.1*rng.Float64() - 0.02, 0.06 * rng.Float64()
}

// scaleOf is the size that a Greek's absolute error is judged against, since sums of large terms may cancel.
func scaleOf(name string, s, tau, vol float64) float64 {
	root := vol * math.Sqrt(tau)
	return map[string]float64{
		"price": s, "delta": 1, "gamma": 1 / (s * root), "vega": s * math.Sqrt(tau), "theta": s * (vol/math.Sqrt(tau) + 0.1), "rho": s * tau,
		"vanna": 1 / vol, "volga": s * math.Sqrt(tau) / vol, "charm": 1/tau + 1/root, "speed": 1 / (s * s * root * root),
		"zomma": 1 / (s * root * vol), "color": (1/tau + 1/root) / (s * root),
	}[name]
}

// Greeks by hand and by differentiation of the price agree, for every market.
func TestFastGreeksMatchDerivatives(t *testing.T) {
	type pair struct {
		fast, derived *Evaluator
		args          func(sign, s, k, tau, vol, r, q float64) (fast, derived []float64)
	}
	for name, p := range map[string]pair{
		"forward": {
			NewEvaluator(European{GivenForward, AllGreeks}.Fast()), NewEvaluator(Black76Greeks(AllGreeks)),
			func(sign, s, k, tau, vol, r, _ float64) (fast, derived []float64) {
				return []float64{sign, s, k, tau, vol, math.Exp(-r * tau), r}, []float64{sign, s, k, tau, vol, r}
			},
		},
		"spot": {
			NewEvaluator(European{GivenSpot, AllGreeks}.Fast()), NewEvaluator(BSMGreeks(AllGreeks)),
			func(sign, s, k, tau, vol, r, _ float64) (fast, derived []float64) {
				return []float64{sign, s, k, tau, vol, r}, []float64{sign, s, k, tau, vol, r, 0}
			},
		},
		"yield": {
			NewEvaluator(European{GivenSpotYield, AllGreeks}.Fast()), NewEvaluator(BSMGreeks(AllGreeks)),
			func(sign, s, k, tau, vol, r, q float64) (fast, derived []float64) {
				in := []float64{sign, s, k, tau, vol, r, q}
				return in, in
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(21, 22))
			got, want := make([]float64, len(greekNames)), make([]float64, len(greekNames))
			for range 2000 {
				sign, s, k, tau, vol, r, q := randomOption(rng)
				fast, derived := p.args(sign, s, k, tau, vol, r, q)
				p.fast.Eval(got, fast)
				p.derived.Eval(want, derived)
				for i, name := range greekNames {
					if math.Abs(got[i]-want[i]) > 2e-14*math.Abs(want[i])+3e-14*max(1, k/s)*scaleOf(name, s, tau, vol) {
						t.Errorf("%s at %v: %v by hand, %v by differentiation", name, fast, got[i], want[i])
					}
				}
			}
		})
	}
}

// The smaller sets give the same bits for what they have in common.
func TestGreekSetsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	for _, m := range []Market{GivenForward, GivenSpot, GivenSpotYield} {
		all := European{m, AllGreeks}.Fast()
		first := European{m, FirstOrder}.Fast()
		if got, want := list(first.OutputNames()), list(greekNames[:6]); got != want {
			t.Errorf("outputs %s, want %s", got, want)
		}
		for range 200 {
			sign, s, k, tau, vol, r, q := randomOption(rng)
			in := []float64{sign, s, k, tau, vol, r, q}
			if m == GivenForward {
				in = []float64{sign, s, k, tau, vol, math.Exp(-r * tau), r}
			}
			a, b := all.Eval(in[:len(all.inputs)]...), first.Eval(in[:len(first.inputs)]...)
			for i, v := range b {
				if !sameBits(v, a[i]) {
					t.Errorf("market %d: %s %v in the smaller set, %v in all", m, greekNames[i], v, a[i])
				}
			}
		}
	}
}

// Out of the money the price keeps its relative accuracy: measured against the definition at 200 bits.
func TestFastPriceAccuracy(t *testing.T) {
	g, exact := European{Market: GivenForward}.Fast(), NewBigEvaluator(Black76(), 200)
	for _, c := range []struct {
		sign, f, k, tau, vol float64
		rel                  float64
	}{
		{1, 100, 101, 0.5, 0.2, 2e-15},
		{1, 100, 150, 0.5, 0.2, 5e-15},
		{-1, 100, 60, 0.5, 0.2, 5e-15},
		{1, 100, 300, 0.25, 0.2, 1e-13}, // 11 standard deviations, price 1e-26
		{-1, 100, 20, 0.25, 0.2, 4e-14},
		{1, 100, 2000, 0.25, 0.2, 2e-13}, // 30 standard deviations, price 1e-193
		{1, 100, 20, 0.5, 0.2, 1e-15},
	} {
		got := g.Eval(c.sign, c.f, c.k, c.tau, c.vol, 1)[0]
		want, _ := exact.Eval(asBig([]float64{c.sign, c.f, c.k, c.tau, c.vol, 0})...)[0].Float64()
		if math.Abs(got/want-1) > c.rel {
			t.Errorf("%+v: %v, want %v, relative error %.2g", c, got, want, got/want-1)
		}
	}
}

// Price and Greeks on realistic rows against the derivatives of the definition at 160 bits: what float64 leaves.
func TestFastErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	fast, exact := NewEvaluator(European{GivenSpotYield, AllGreeks}.Fast()), NewBigEvaluator(BSMGreeks(AllGreeks), 160)
	out, worst := make([]float64, len(greekNames)), make([]float64, len(greekNames))
	for range points(t, 1000) {
		sign, s, k, tau, vol, r, q := randomOption(rng)
		in := []float64{sign, s, k, tau, vol, r, q}
		fast.Eval(out, in)
		for i, want := range exact.Eval(asBig(in)...) {
			w, _ := want.Float64()
			worst[i] = max(worst[i], math.Abs(out[i]-w)/(max(1, k/s)*scaleOf(greekNames[i], s, tau, vol)))
		}
	}
	for i, name := range greekNames {
		t.Logf("%s: %.2g", name, worst[i])
		if worst[i] > 1e-14 {
			t.Errorf("%s: error %.2g of its size, want at most 1e-14", name, worst[i])
		}
	}
}

func TestFastDegenerateOptions(t *testing.T) {
	g := European{GivenSpotYield, AllGreeks}.Fast()
	for _, c := range []struct {
		name                     string
		sign, s, k, tau, vol     float64
		price, delta, vega, gama float64
	}{
		{"expired in the money", 1, 110, 100, 0, 0.2, 10, 1, 0, 0},
		{"expired out of the money", 1, 90, 100, 0, 0.2, 0, 0, 0, 0},
		{"expired put", -1, 90, 100, 0, 0.2, 10, -1, 0, 0},
		{"no volatility", 1, 110, 100, 1, 0, 10, 1, 0, 0},
		{"no volatility, put", -1, 110, 100, 1, 0, 0, 0, 0, 0},
		{"far out", 1, 1, 1e12, 0.1, 0.1, 0, 0, 0, 0},
		{"far in", -1, 1, 1e12, 0.1, 0.1, 1e12 - 1, -1, 0, 0},
		{"expired and at the money", 1, 100, 100, 0, 0.2, 0, 0.5, 0, math.Inf(1)},
	} {
		out := g.Eval(c.sign, c.s, c.k, c.tau, c.vol, 0, 0)
		for i, v := range out {
			if math.IsNaN(v) && c.gama == 0 {
				t.Errorf("%s: %s is NaN", c.name, greekNames[i])
			}
		}
		if math.Abs(out[0]-c.price) > 1e-14*c.k || math.Abs(out[1]-c.delta) > 1e-15 || math.Abs(out[3]-c.vega) > 1e-13 {
			t.Errorf("%s: price %v, delta %v, vega %v, want %v, %v, %v", c.name, out[0], out[1], out[3], c.price, c.delta, c.vega)
		}
		if c.gama == 0 && out[2] != 0 || c.gama != 0 && out[2] < 1e100 {
			t.Errorf("%s: gamma %v, want %v", c.name, out[2], c.gama)
		}
	}
}

// A row outside the domain is NaN in every output.
func TestFastBadRows(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, m := range []Market{GivenForward, GivenSpot, GivenSpotYield} {
		for _, set := range []Greeks{PriceOnly, FirstOrder, AllGreeks} {
			g := European{m, set}.Fast()
			good := map[string]float64{"sign": 1, "F": 100, "S": 100, "K": 95, "T": 0.5, "sigma": 0.2, "D": 0.98, "r": 0.04, "q": 0.01}
			for i, name := range g.InputNames() {
				bad := []float64{nan, inf, -inf, -1}
				switch name {
				case "sign":
					bad = []float64{nan, inf, -inf, 0, 0.5, 2}
				case "S", "F", "K", "D":
					bad = append(bad, 0)
				case "r", "q":
					bad = bad[:3]
				}
				if name == "r" && m == GivenForward {
					bad = nil // used by theta alone
				}
				for _, x := range bad {
					in := make([]float64, len(g.inputs))
					for k, n := range g.InputNames() {
						in[k] = good[n]
					}
					in[i] = x
					for k, y := range g.Eval(in...) {
						if !math.IsNaN(y) {
							t.Errorf("market %d, %s = %v: %s is %v, want NaN", m, name, x, greekNames[k], y)
						}
					}
				}
			}
		}
	}
}

// What the formulas cost: a change here is a change of speed on every machine.
func TestFormulaCosts(t *testing.T) {
	for _, c := range []struct {
		name string
		g    *Graph
		want string
	}{
		{"price, forward", European{GivenForward, PriceOnly}.Fast(), "155 operations, depth 67"},
		{"price and five Greeks, forward", European{GivenForward, FirstOrder}.Fast(), "171 operations, depth 70"},
		{"price, spot", European{GivenSpot, PriceOnly}.Fast(), "172 operations, depth 67"},
		{"price and five Greeks, spot", European{GivenSpot, FirstOrder}.Fast(), "188 operations, depth 68"},
		{"all, spot and yield", European{GivenSpotYield, AllGreeks}.Fast(), "241 operations, depth 70"},
	} {
		s := c.g.Stats()
		if got := fmt.Sprintf("%d operations, depth %d", s.Total, s.Depth); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if s.Count(OpDiv) != 4 || s.Count(OpSqrt) != 1 {
			t.Errorf("%s: %d divisions and %d roots, want 4 and 1", c.name, s.Count(OpDiv), s.Count(OpSqrt))
		}
	}
}
