package formula_test

import (
	"fmt"
	"math/big"

	"github.com/volgaquant/volga/hw/formula"
)

// A formula is built from its inputs, and simplified on the way: equal parts are one, constants are folded.
func Example() {
	b := formula.New("straddle")
	S, K := b.Input("S"), b.Input("K")
	call := b.Const(0).Max(S.Sub(K))
	put := b.Const(0).Max(K.Sub(S))
	b.Output("payoff", call.Add(put))
	b.Output("intrinsic", S.Sub(K).Times(1).Sub(b.Const(2).Plus(-2)))
	g, err := b.Graph()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(g)
	fmt.Println(g.Eval(90, 100))
	// Output:
	// graph straddle(S, K)
	// %2 = sub S K
	// %4 = max 0 %2
	// %5 = sub K S
	// %6 = max 0 %5
	// %7 = add %4 %6
	// return payoff = %7
	// return intrinsic = %2
	// [10 -10]
}

// An ill-typed formula is refused with the node at fault.
func ExampleBuilder_Graph() {
	b := formula.New("digital")
	S, K := b.Input("S"), b.Input("K")
	inside := S.Gt(K).Named("inside")
	b.Output("payoff", inside.Times(100)) // want inside.Select(100, 0)
	_, err := b.Graph()
	fmt.Println(err)
	// Output:
	// formula: graph digital: %4 = mul %2 %3: operand 1 is %2 (lt inside) of type bool, want number
}

// The Greeks come from the price: here all first derivatives in one reverse sweep.
func ExampleGradient() {
	g, err := formula.Gradient(formula.BSM(), "price", "S", "sigma", "r")
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := g.EvalMap(map[string]float64{"sign": 1, "S": 100, "K": 100, "T": 1, "sigma": 0.2, "r": 0.05, "q": 0})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range g.OutputNames() {
		fmt.Printf("%-12s %.4f\n", name, out[name])
	}
	// Output:
	// price        10.4506
	// price_S      0.6368
	// price_sigma  37.5240
	// price_r      53.2325
}

// The adjoint of a step of a path is a formula of its own: it takes the adjoint of what the step returned and gives those of
// what it was given.
func ExampleAdjoint() {
	g, err := formula.Adjoint(formula.GBMStep(), "S", "sigma")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(g.InputNames())
	fmt.Println(g.OutputNames())
	out := g.Eval(100, 0.05, 0.2, 0.25, 1, 1) // one step with z = 1, seeded with 1
	fmt.Printf("%.4f %.4f %.4f\n", out[0], out[1], out[2])
	// Output:
	// [S mu sigma dt z S_next_bar]
	// [S_next S_bar sigma_bar]
	// 111.3491 1.1135 50.1071
}

// The form that kernels are compiled from, and what it costs.
func ExampleEuropean_Rows() {
	g := formula.European{Market: formula.GivenSpot, Greeks: formula.FirstOrder}.Rows()
	s := g.Stats()
	fmt.Printf("%d operations, depth %d, %d divisions, %d root\n", s.Total, s.Depth, s.Count(formula.OpDiv), s.Count(formula.OpSqrt))
	out := g.Eval(1, 100, 100, 1, 0.2, 0.05) // sign, S, K, T, sigma, r
	for i, name := range g.OutputNames() {
		fmt.Printf("%s %.4f\n", name, out[i])
	}
	// Output:
	// 189 operations, depth 58, 2 divisions, 1 root
	// price 10.4506
	// delta 0.6368
	// gamma 0.0188
	// vega 37.5240
	// theta -6.4140
	// rho 53.2325
}

// Any formula at any precision: a price to 40 digits.
func ExampleGraph_EvalBig() {
	in := make([]*big.Float, 7)
	for i, s := range []string{"1", "100", "100", "1", "0.2", "0.05", "0"} { // sign, S, K, T, sigma, r, q
		in[i], _, _ = big.ParseFloat(s, 10, 200, big.ToNearestEven)
	}
	fmt.Println(formula.BSM().EvalBig(200, in...)[0].Text('g', 40))
	// Output:
	// 10.45058357218556678165123120967833527931
}

// Many points at once, by column.
func ExampleEvaluator_EvalTo() {
	ev := formula.NewEvaluator(formula.SVI())
	k := []float64{-0.2, 0, 0.2}
	a, b := []float64{0.04, 0.04, 0.04}, []float64{0.1, 0.1, 0.1}
	rho, m, sigma := []float64{-0.5, -0.5, -0.5}, make([]float64, 3), []float64{0.1, 0.1, 0.1}
	w := make([]float64, 3)
	ev.EvalTo([][]float64{w}, [][]float64{k, a, b, rho, m, sigma})
	fmt.Printf("%.6f\n", w)
	// Output:
	// [0.072361 0.050000 0.052361]
}

// The printed form is read back.
func ExampleParse() {
	g, err := formula.Parse(`
graph forward(S, r, q, T)
%carry = sub r q        # net carry
%growth = mul %carry T
%factor = exp %growth
%F = mul S %factor      # F
return forward = %F
`)
	fmt.Println(err)
	fmt.Printf("%.4f\n", g.Eval(100, 0.05, 0.01, 2)[0])
	// Output:
	// <nil>
	// 108.3287
}

// Smiles come with their derivatives and the test for butterfly arbitrage.
func ExampleDurrleman() {
	g, err := formula.Durrleman(formula.SSVI())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, k := range []float64{-0.5, 0, 0.5} {
		out := g.Eval(k, 0.04, -0.6, 2) // k, theta, rho, phi
		fmt.Printf("k = %4.1f: w = %.4f, g = %.3f\n", k, out[0], out[1])
	}
	// Output:
	// k = -0.5: w = 0.0678, g = 0.599
	// k =  0.0: w = 0.0400, g = 1.011
	// k =  0.5: w = 0.0259, g = 1.157
}

// Along one expiry the forward, the time and the discount are the same: what depends on them alone is done once.
func ExampleHoist() {
	once, each, err := formula.Hoist(formula.BSM(), "S", "T", "r", "q")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(once.InputNames(), "give", once.OutputNames())
	fmt.Println(each.InputNames(), "give", each.OutputNames())
	fmt.Println(formula.BSM().Stats().Total, "operations,", each.Stats().Total, "of them for each row")
	// Output:
	// [S T r q] give [S h0 h1 asset h2]
	// [sign K sigma S h0 h1 asset h2] give [price]
	// 27 operations, 17 of them for each row
}
