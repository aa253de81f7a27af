package formula

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// The two halves have the bits of the whole, and the second costs less.
func TestHoist(t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 52))
	for _, c := range []struct {
		g       *Graph
		uniform []string
		names   string // the inputs of each
	}{
		{European{Market: GivenSpotYield, Greeks: AllGreeks}.Rows(), []string{"S", "T", "r", "q"}, ""},
		{European{Market: GivenForward, Greeks: FirstOrder}.Rows(), []string{"F", "T", "D", "r"}, ""},
		{BSM(), []string{"S", "T", "r", "q"}, "sign, K, sigma, S, h0, h1, asset, h2"},
		{HestonStep(), []string{"mu", "kappa", "theta", "xi", "rho", "dt"}, ""},
		{SVI(), []string{"a", "b", "rho", "m", "sigma"}, "k, a, b, rho, m, h0"},
		{SVI(), nil, "k, a, b, rho, m, sigma"},
		{StraddlePayoff.Graph(), []string{"K"}, "S, K"},
		{StraddlePayoff.Graph(), []string{"K", "S"}, "h0"},
	} {
		once, each, err := Hoist(c.g, c.uniform...)
		if err != nil {
			t.Fatal(err)
		}
		if got := list(each.InputNames()); c.names != "" && got != c.names {
			t.Errorf("%s: the inputs of each are %s, want %s", c.g.Name(), got, c.names)
		}
		if saved := c.g.Stats().Total - each.Stats().Total; saved < 0 || len(c.uniform) > 3 && saved == 0 {
			t.Errorf("%s: each takes %v, the whole %v", c.g.Name(), each.Stats(), c.g.Stats())
		}
		for range 30 {
			in := smoothPoint(t, rng, c.g)
			value := make(map[string]float64)
			for i, name := range c.g.InputNames() {
				value[name] = in[i]
			}
			pick := func(g *Graph) []float64 {
				row := make([]float64, len(g.inputs))
				for i, name := range g.InputNames() {
					v, ok := value[name]
					if !ok {
						t.Fatalf("%s: no value of %s", g.Name(), name)
					}
					row[i] = v
				}
				return row
			}
			for i, v := range once.Eval(pick(once)...) {
				value[once.outputs[i].Name] = v
			}
			want, got := c.g.Eval(in...), each.Eval(pick(each)...)
			for i := range want {
				if !sameBits(got[i], want[i]) {
					t.Errorf("%s: %s is %v, want %v", c.g.Name(), c.g.outputs[i].Name, got[i], want[i])
				}
			}
		}
	}
	if _, _, err := Hoist(SVI(), "x"); err == nil || !strings.Contains(err.Error(), "input x: no such input") {
		t.Errorf("error %v", err)
	}
}

// A truth value of uniform inputs is made again where it is needed.
func TestHoistTruth(t *testing.T) {
	b := New("gated")
	x, u, v := b.Input("x"), b.Input("u"), b.Input("v")
	low := u.Mul(v).Lt(b.Const(1)).And(u.Gt(v).Not())
	b.Output("y", low.Select(x, x.Neg()))
	once, each, err := Hoist(b.MustGraph(), "u", "v")
	if err != nil {
		t.Fatal(err)
	}
	if got := list(once.OutputNames()); got != "u, v, h0" {
		t.Errorf("once gives %s:\n%s%s", got, once, each)
	}
	for u := 0.0; u < 2; u += 0.25 {
		o := once.Eval(u, 0.75)
		want := 3.0
		if !(u*0.75 < 1 && !(u > 0.75)) {
			want = -3
		}
		if got := each.Eval(append([]float64{3}, o...)...)[0]; got != want {
			t.Errorf("u = %v: %v, want %v", u, got, want)
		}
	}
}
