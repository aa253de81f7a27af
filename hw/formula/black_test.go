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
func TestRowsGreeksMatchDerivatives(t *testing.T) {
	type pair struct {
		rows, derived *Evaluator
		args          func(sign, s, k, tau, vol, r, q float64) (rows, derived []float64)
	}
	for name, p := range map[string]pair{
		"forward": {
			NewEvaluator(European{Market: GivenForward, Greeks: AllGreeks}.Rows()), NewEvaluator(Black76Greeks(AllGreeks)),
			func(sign, s, k, tau, vol, r, _ float64) (rows, derived []float64) {
				return []float64{sign, s, k, tau, vol, math.Exp(-r * tau), r}, []float64{sign, s, k, tau, vol, r}
			},
		},
		"spot": {
			NewEvaluator(European{Market: GivenSpot, Greeks: AllGreeks}.Rows()), NewEvaluator(BSMGreeks(AllGreeks)),
			func(sign, s, k, tau, vol, r, _ float64) (rows, derived []float64) {
				return []float64{sign, s, k, tau, vol, r}, []float64{sign, s, k, tau, vol, r, 0}
			},
		},
		"yield": {
			NewEvaluator(European{Market: GivenSpotYield, Greeks: AllGreeks}.Rows()), NewEvaluator(BSMGreeks(AllGreeks)),
			func(sign, s, k, tau, vol, r, q float64) (rows, derived []float64) {
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
				rows, derived := p.args(sign, s, k, tau, vol, r, q)
				p.rows.Eval(got, rows)
				p.derived.Eval(want, derived)
				for i, name := range greekNames {
					if math.Abs(got[i]-want[i]) > 2e-14*math.Abs(want[i])+3e-14*max(1, k/s)*scaleOf(name, s, tau, vol) {
						t.Errorf("%s at %v: %v by hand, %v by differentiation", name, rows, got[i], want[i])
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
		all := European{Market: m, Greeks: AllGreeks}.Rows()
		first := European{Market: m, Greeks: FirstOrder}.Rows()
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
func TestRowsPriceAccuracy(t *testing.T) {
	g, exact := European{Market: GivenForward}.Rows(), NewBigEvaluator(Black76(), 200)
	for _, c := range []struct {
		sign, f, k, tau, vol float64
		rel                  float64
	}{
		{1, 100, 101, 0.5, 0.2, 2e-15},
		{1, 100, 150, 0.5, 0.2, 7e-15},
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
func TestRowsErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	rows, exact := NewEvaluator(European{Market: GivenSpotYield, Greeks: AllGreeks}.Rows()), NewBigEvaluator(BSMGreeks(AllGreeks), 160)
	out, worst := make([]float64, len(greekNames)), make([]float64, len(greekNames))
	for range points(t, 1000) {
		sign, s, k, tau, vol, r, q := randomOption(rng)
		in := []float64{sign, s, k, tau, vol, r, q}
		rows.Eval(out, in)
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

// What the formulas cost: a change here is a change of speed on every machine.
func TestFormulaCosts(t *testing.T) {
	for _, c := range []struct {
		name string
		g    *Graph
		want string
	}{
		{"price, forward", European{Market: GivenForward, Greeks: PriceOnly}.Rows(), "154 operations, depth 57"},
		{"price and five Greeks, forward", European{Market: GivenForward, Greeks: FirstOrder}.Rows(), "170 operations, depth 59"},
		{"price, spot", European{Market: GivenSpot, Greeks: PriceOnly}.Rows(), "172 operations, depth 58"},
		{"price and five Greeks, spot", European{Market: GivenSpot, Greeks: FirstOrder}.Rows(), "189 operations, depth 58"},
		{"all, spot and yield", European{Market: GivenSpotYield, Greeks: AllGreeks}.Rows(), "242 operations, depth 58"},
	} {
		s := c.g.Stats()
		if got := fmt.Sprintf("%d operations, depth %d", s.Total, s.Depth); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if s.Count(OpDiv) != 2 || s.Count(OpSqrt) != 1 {
			t.Errorf("%s: %d divisions and %d roots, want 2 and 1", c.name, s.Count(OpDiv), s.Count(OpSqrt))
		}
	}
}
