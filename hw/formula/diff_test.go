package formula

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

// smoothRange is the range of the inputs, by name, in which a formula of the library is smooth; the step of a difference
// quotient must not leave it.
var smoothRange = map[string][2]float64{
	"sign": {1, 1}, "S": {80, 120}, "F": {80, 120}, "K": {85, 115}, "T": {0.1, 2}, "sigma": {0.1, 0.5}, "r": {-0.02, 0.06},
	"q": {-0.01, 0.05}, "D": {0.9, 1}, "k": {-0.5, 0.5}, "a": {0.01, 0.05}, "b": {0.05, 0.3}, "rho": {-0.7, 0.3}, "m": {-0.1, 0.1},
	"theta": {0.02, 0.08}, "phi": {0.5, 2}, "eta": {0.5, 1.5}, "gamma": {0.3, 0.6}, "psi": {0.05, 0.2}, "mu": {-0.05, 0.05},
	"dt": {0.05, 0.5}, "Z": {-2, 2}, "z": {-2, 2}, "zv": {-1.5, 1.5}, "zx": {-2, 2}, "X": {4, 5}, "V": {0.01, 0.09}, "kappa": {0.5, 3},
	"xi": {0.2, 0.9}, "up": {8, 12}, "down": {3, 7}, "p": {0.4, 0.6}, "exercise": {1, 12}, "H": {120, 130}, "w": {100, 200},
	"x": {-0.4, -0.05}, "s": {0.2, 0.6}, "y": {0.3, 2},
}

func smoothPoint(t *testing.T, rng *rand.Rand, g *Graph) []float64 {
	t.Helper()
	in := make([]float64, len(g.inputs))
	for i, name := range g.InputNames() {
		r, ok := smoothRange[name]
		if !ok {
			t.Fatalf("no range for input %s of %s", name, g.Name())
		}
		in[i] = r[0] + (r[1]-r[0])*rng.Float64()
	}
	return in
}

// everyOperation is a formula in which each operation with a derivative stands, away from its kinks.
func everyOperation() *Graph {
	b := New("every")
	x, y, s := b.Input("x"), b.Input("y"), b.Input("s")
	b.Output("sum", x.Add(y).Sub(s).Mul(x).FMA(y, s.Neg()))
	b.Output("quotient", x.Plus(2).Div(y.Square().Plus(1)).Div(b.Const(4))) // 1/3 would be folded to a float64
	b.Output("inverse", b.Const(2).Div(y.Mul(s)))
	b.Output("roots", y.Sqrt().Mul(x.Abs()).Add(x.CopySign(y.Neg())))
	b.Output("chosen", x.Lt(y).Select(x.Mul(s), y).Add(y.Lt(x).Select(y.Square(), x.Square().Mul(y))))
	b.Output("extremes", x.Min(y).Mul(y.Max(x)).Add(s.Max(y.Plus(5))).Add(s.Min(x.Plus(-4))))
	b.Output("functions", x.Exp().Mul(y.Log()).Add(x.NormCDF().Mul(s)).Sub(y.NormPDF()))
	b.Output("waves", x.Mul(y).Sin().Add(s.Cos().Square()))
	b.Output("parts", y.Scale(b.Const(3)).Mul(s.Scale(y.Floor())).Add(y.Mantissa()).Add(x.Neg().Mantissa()).Add(y.Exponent()).Add(s.Round()))
	return b.MustGraph()
}

// library is every formula that has derivatives, by name.
func library() []*Graph {
	list := []*Graph{
		everyOperation(), Black76(), BSM(), Bachelier(), SVI(), SSVI(), SSVIPower(), ESSVI(), GBMStep(), HestonStep(), BinomialStep(),
		BinomialTree(),
	}
	for _, p := range []Payoff{VanillaPayoff, AssetPayoff, StraddlePayoff, SpreadPayoff, SmoothDigitalPayoff} {
		list = append(list, p.Graph())
	}
	return list
}

// quotient is the central difference quotient of every output by input i at 300 bits, good to some 40 digits.
func quotient(g *Graph, in []float64, i int) []*big.Float {
	const prec = 300
	h := new(big.Float).SetMantExp(big.NewFloat(1), -70)
	at := func(sign float64) []*big.Float {
		x := make([]*big.Float, len(in))
		for k, v := range in {
			x[k] = new(big.Float).SetPrec(prec).SetFloat64(v)
		}
		x[i].Add(x[i], new(big.Float).Mul(h, big.NewFloat(sign)))
		return g.EvalBig(prec, x...)
	}
	up, down := at(1), at(-1)
	for k := range up {
		up[k].Sub(up[k], down[k])
		up[k].Quo(up[k], h)
		up[k].Quo(up[k], big.NewFloat(2))
	}
	return up
}

// asBig converts a point.
func asBig(in []float64) []*big.Float {
	x := make([]*big.Float, len(in))
	for i, v := range in {
		x[i] = big.NewFloat(v)
	}
	return x
}

// Every derivative, forward and reverse, against the difference quotient in big.Float.
func TestDerivatives(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, g := range library() {
		t.Run(g.Name(), func(t *testing.T) {
			for range 3 {
				in := smoothPoint(t, rng, g)
				for i, x := range g.InputNames() {
					want := quotient(g, in, i)
					forward, err := Derivative(g, x)
					if err != nil {
						t.Fatal(err)
					}
					got := forward.EvalBig(200, asBig(in)...)[len(g.outputs):]
					for k, y := range g.OutputNames() {
						reverse, err := Gradient(g, y, x)
						if err != nil {
							t.Fatal(err)
						}
						back := reverse.EvalBig(200, asBig(in)...)[len(g.outputs)]
						for mode, v := range map[string]*big.Float{"forward": got[k], "reverse": back} {
							if !nearBig(v, want[k], 1e-32) {
								t.Errorf("%s: d%s/d%s at %v is %.20g, want %.20g", mode, y, x, in, v, want[k])
							}
						}
					}
				}
			}
		})
	}
}

// nearBig compares relatively above 1, absolutely below.
func nearBig(got, want *big.Float, tol float64) bool {
	if got == nil || want == nil {
		return false
	}
	d, _ := new(big.Float).SetPrec(300).Sub(got, want).Float64()
	w, _ := want.Float64()
	return math.Abs(d) <= tol*max(1, math.Abs(w))
}

// The adjoint is the transpose of the tangent: ȳ·(J ẋ) = (Jᵀ ȳ)·ẋ, in float64 and through the expansions.
func TestAdjointIsTransposedTangent(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	for _, g := range library() {
		tangent, err := Tangent(g)
		if err != nil {
			t.Fatal(err)
		}
		adjoint, err := Adjoint(g)
		if err != nil {
			t.Fatal(err)
		}
		ni, no := len(g.inputs), len(g.outputs)
		for range 20 {
			in := smoothPoint(t, rng, g)
			dot, bar := make([]float64, ni), make([]float64, no)
			for i := range dot {
				dot[i] = rng.NormFloat64()
			}
			for i := range bar {
				bar[i] = rng.NormFloat64()
			}
			ydot := tangent.Eval(append(append([]float64{}, in...), dot...)...)
			xbar := adjoint.Eval(append(append([]float64{}, in...), bar...)...)
			left, right, size := 0.0, 0.0, 0.0
			for i := range bar {
				left += bar[i] * ydot[no+i]
				size += math.Abs(bar[i] * ydot[no+i])
			}
			for i := range dot {
				right += dot[i] * xbar[no+i]
				size += math.Abs(dot[i] * xbar[no+i])
			}
			if math.Abs(left-right) > 1e-12*size {
				t.Errorf("%s at %v: %v and %v", g.Name(), in, left, right)
			}
		}
	}
}

// Second derivatives by reverse over reverse, forward over reverse and forward over forward agree.
func TestSecondDerivatives(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 11))
	must := func(g *Graph, err error) *Graph {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	g := BSM()
	ff := must(Derivative(must(Derivative(g, "S")), "sigma", "price_S"))
	fr := must(Derivative(must(Gradient(g, "price", "S")), "sigma", "price_S"))
	rr := must(Gradient(must(Gradient(g, "price", "S")), "price_S", "sigma"))
	for range 20 {
		in := smoothPoint(t, rng, g)
		a, b, c := last(ff.Eval(in...)), last(fr.Eval(in...)), last(rr.Eval(in...))
		if math.Abs(a-b) > 1e-12*math.Abs(a)+1e-13 || math.Abs(a-c) > 1e-12*math.Abs(a)+1e-13 {
			t.Errorf("vanna at %v: %v, %v, %v", in, a, b, c)
		}
	}
}

func last(x []float64) float64 { return x[len(x)-1] }

// The chain rule through an adjoint kernel: a backward sweep over a path of steps gives the derivative of the whole path.
func TestAdjointOfPath(t *testing.T) {
	step := GBMStep()
	adjoint, err := Adjoint(step, "S", "sigma")
	if err != nil {
		t.Fatal(err)
	}
	if got := list(adjoint.InputNames()); got != "S, mu, sigma, dt, z, S_next_bar" {
		t.Fatalf("inputs of the adjoint: %s", got)
	}
	const n, mu, sigma, dt = 12, 0.03, 0.25, 1.0 / 12
	rng := rand.New(rand.NewPCG(1, 1))
	path, z := []float64{100}, make([]float64, n)
	for i := range z {
		z[i] = rng.NormFloat64()
		path = append(path, step.Eval(path[i], mu, sigma, dt, z[i])[0])
	}
	bar, vega := 1.0, 0.0
	for i := n - 1; i >= 0; i-- {
		out := adjoint.Eval(path[i], mu, sigma, dt, z[i], bar)
		bar = out[adjoint.Output("S_bar")]
		vega += out[adjoint.Output("sigma_bar")]
	}
	w := 0.0
	for i := range z {
		w += z[i]*math.Sqrt(dt) - sigma*dt
	}
	if want := path[n] / path[0]; math.Abs(bar/want-1) > 1e-14 {
		t.Errorf("delta of the path %v, want %v", bar, want)
	}
	if want := path[n] * w; math.Abs(vega/want-1) > 1e-13 {
		t.Errorf("vega of the path %v, want %v", vega, want)
	}
}

// The reverse graph shares the forward graph's values: all first derivatives cost less than three prices.
func TestGradientCost(t *testing.T) {
	price := Expand(BSM()).Stats().Total
	g, err := Gradient(BSM(), "price")
	if err != nil {
		t.Fatal(err)
	}
	if all := Expand(g).Stats().Total; all > 2*price {
		t.Errorf("price and 7 derivatives take %d operations, the price %d", all, price)
	}
}

// Forward mode keeps a NaN of the branch that is not chosen away.
func TestTangentOfUnchosenBranch(t *testing.T) {
	b := New("guarded")
	x := b.Input("x")
	b.Output("y", x.Gt(b.Const(0)).Select(x.Sqrt(), b.Const(0)))
	g, err := Derivative(b.MustGraph(), "x")
	if err != nil {
		t.Fatal(err)
	}
	for x, want := range map[float64]float64{4: 0.25, 0: 0, -3: 0} {
		if got := g.Eval(x)[1]; got != want {
			t.Errorf("derivative at %v: %v, want %v", x, got, want)
		}
	}
}

func TestDifferentiationErrors(t *testing.T) {
	g := BSM()
	for name, f := range map[string]func() (*Graph, error){
		"input X: no such input, want one of sign, S, K, T, sigma, r, q": func() (*Graph, error) { return Gradient(g, "price", "X") },
		"output value: no such output, want one of price":                func() (*Graph, error) { return Gradient(g, "value") },
		"output vega: no such output, want one of price":                 func() (*Graph, error) { return Derivative(g, "S", "vega") },
		"input Y: no such input, want one of sign, S, K, T, sigma, r, q": func() (*Graph, error) { return Adjoint(g, "Y") },
		"output price_S: the name is taken by %": func() (*Graph, error) {
			d, err := Derivative(g, "S")
			if err != nil {
				return nil, err
			}
			return Gradient(d, "price", "S")
		},
	} {
		_, err := f()
		if err == nil || !strings.Contains(fmt.Sprint(err), name) {
			t.Errorf("error %q, want %q", fmt.Sprint(err), name)
		}
	}
}
