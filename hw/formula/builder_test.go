package formula

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// Every refusal names the graph and the node, and is an ErrGraph.
func TestBuilderRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(b *Builder, x, y Expr)
		want  string
	}{
		{"number for a truth value", func(b *Builder, x, y Expr) { b.Output("z", x.And(y)) },
			"formula: graph test: %2 = and %0 %1: operand 1 is %0 (input x) of type number, want bool"},
		{"truth value for a number", func(b *Builder, x, y Expr) { b.Output("z", y.Add(x.Lt(y))) },
			"formula: graph test: %3 = add %1 %2: operand 2 is %2 (lt) of type bool, want number"},
		{"labelled operand", func(b *Builder, x, y Expr) { b.Output("z", x.Lt(y).Named("below").Exp()) },
			"formula: graph test: %3 = exp %2: operand 1 is %2 (lt below) of type bool, want number"},
		{"selection by a number", func(b *Builder, x, y Expr) { b.Output("z", x.Select(x, y)) },
			"formula: graph test: %2 = select %0 %0 %1: operand 1 is %0 (input x) of type number, want bool"},
		{"selection of truth values", func(b *Builder, x, y Expr) { b.Output("z", x.Lt(y).Select(x, y.Eq(x))) },
			"formula: graph test: %4 = select %2 %0 %3: operand 3 is %3 (eq) of type bool, want number"},
		{"truth value as output", func(b *Builder, x, y Expr) { b.Output("z", x.Lt(y)) },
			"formula: graph test: output z: %2 (lt) is of type bool, want number"},
		{"zero expression", func(b *Builder, x, y Expr) { b.Output("z", x.Add(Expr{})) },
			"formula: graph test: %2 = add %0 ?: operand 2 is the zero Expr, want one made by this builder"},
		{"zero expression first", func(b *Builder, x, y Expr) { b.Output("z", Expr{}.FMA(x, y)) },
			"formula: graph test: %2 = fma ? %0 %1: operand 1 is the zero Expr, want one made by this builder"},
		{"zero expression as output", func(b *Builder, x, y Expr) { b.Output("z", Expr{}.Exp().Add(Expr{}).FMA(Expr{}, Expr{})) },
			"formula: graph test: output z: the expression is the zero Expr, want one made by this builder"},
		{"another builder's expression", func(b *Builder, x, y Expr) { b.Output("z", x.Add(New("other").Input("x"))) },
			"formula: graph test: %2 = add %0 %0: operand 2 belongs to graph other, want one made by this builder"},
		{"input twice", func(b *Builder, x, y Expr) { b.Output("z", b.Input("x")) },
			"formula: graph test: input x: the name is taken by %0"},
		{"input without a name", func(b *Builder, x, y Expr) { b.Output("z", b.Input("")) },
			`formula: graph test: input "": want an identifier: a letter, then letters, digits and _`},
		{"output not an identifier", func(b *Builder, x, y Expr) { b.Output("d/dS", x) },
			`formula: graph test: output "d/dS": want an identifier: a letter, then letters, digits and _`},
		{"output twice", func(b *Builder, x, y Expr) { b.Output("z", x.Add(y)); b.Output("z", y) },
			"formula: graph test: output z: the name is taken by %2 (add)"},
		{"no output", func(b *Builder, x, y Expr) {}, "formula: graph test: outputs: there are none, want at least one"},
		{"wrong number of operands", func(b *Builder, x, y Expr) { b.Output("z", b.Apply(OpFMA, x, y)) },
			"formula: graph test: %2 = fma %0 %1: 2 operands, want 3"},
		{"not an operation", func(b *Builder, x, y Expr) { b.Output("z", b.Apply(OpInput)) },
			"formula: graph test: %2 = input: not an operation on operands"},
		{"no such symbol", func(b *Builder, x, y Expr) { b.Output("z", b.Symbol(99)) }, "formula: graph test: symbol 99: no such symbol"},
		{"call with too few", func(b *Builder, x, y Expr) { b.Output("z", b.Call(GBMStep(), x, y)[0]) },
			"formula: graph test: call of gbmStep: 2 operands, want 5: S, mu, sigma, dt, z"},
		{"call with a truth value", func(b *Builder, x, y Expr) { b.Output("z", b.Call(StraddlePayoff.Graph(), x, x.Lt(y))[0]) },
			"formula: graph test: call of straddlePayoff: operand 2 is %2 (lt) of type bool, want number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := New("test")
			c.build(b, b.Input("x"), b.Input("y"))
			g, err := b.Graph()
			if g != nil || err == nil || err.Error() != c.want {
				t.Fatalf("error %q,\nwant  %q", fmt.Sprint(err), c.want)
			}
			var node *NodeError
			if !errors.Is(err, ErrGraph) || !errors.As(err, &node) || node.Graph != "test" {
				t.Errorf("error %#v is not a *NodeError of the graph", err)
			}
			if b.Err() != err {
				t.Errorf("Err is %v", b.Err())
			}
		})
	}
	if _, err := New("2x").Graph(); err == nil || !strings.Contains(err.Error(), `name "2x"`) {
		t.Errorf("name: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("MustGraph did not panic")
		}
	}()
	New("empty").MustGraph()
}

// The first mistake is the one that is reported, however far the building went on.
func TestBuilderKeepsFirstMistake(t *testing.T) {
	b := New("test")
	x := b.Input("x")
	y := x.Lt(b.Const(1)).Exp()
	z := y.Add(x).Select(x, x).Named("late")
	b.Output("z", z)
	b.Input("x")
	b.Const(1).Add(b.Symbol(SymPi))
	if _, err := b.Graph(); err == nil || !strings.Contains(err.Error(), "= exp %") {
		t.Errorf("error %v", err)
	}
	if _, ok := z.IsConst(); ok {
		t.Error("a refused expression is a constant")
	}
}

// What the simplifications do, by what is left of a formula.
func TestSimplifications(t *testing.T) {
	negZero := math.Copysign(0, -1)
	for _, c := range []struct {
		want  string
		build func(b *Builder, x, y Expr) Expr
	}{
		{"x", func(b *Builder, x, y Expr) Expr {
			return x.Times(1).Div(b.Const(1)).Sub(b.Const(0)).Add(b.Const(negZero))
		}},
		{"add x 0", func(b *Builder, x, y Expr) Expr { return x.Plus(0) }}, // −0 + 0 is 0
		{"sub x x", func(b *Builder, x, y Expr) Expr { return x.Sub(x) }},  // NaN for infinities
		{"mul x 0", func(b *Builder, x, y Expr) Expr { return x.Times(0) }},
		{"neg x", func(b *Builder, x, y Expr) Expr { return x.Times(-1) }},
		{"neg x", func(b *Builder, x, y Expr) Expr { return b.Const(negZero).Sub(x) }},
		{"x", func(b *Builder, x, y Expr) Expr { return x.Neg().Neg() }},
		{"mul x 0.25", func(b *Builder, x, y Expr) Expr { return x.Div(b.Const(4)) }},
		{"div x 3", func(b *Builder, x, y Expr) Expr { return x.Div(b.Const(3)) }},
		{"div x " + number(0x1p-1074), func(b *Builder, x, y Expr) Expr { return x.Div(b.Const(0x1p-1074)) }},
		{"mul x -3", func(b *Builder, x, y Expr) Expr { return x.Neg().Times(3) }},
		{"mul x y", func(b *Builder, x, y Expr) Expr { return y.Neg().Mul(x.Neg()) }},
		{"sub x y", func(b *Builder, x, y Expr) Expr { return x.Add(y.Neg()) }},
		{"add x y", func(b *Builder, x, y Expr) Expr { return y.Sub(x.Neg()) }},
		{"sub y x", func(b *Builder, x, y Expr) Expr { return x.FMA(b.Const(-1), y) }},
		{"mul x y", func(b *Builder, x, y Expr) Expr { return x.FMA(y, b.Const(negZero)) }},
		{"abs x", func(b *Builder, x, y Expr) Expr { return x.CopySign(y).Abs().Abs() }},
		{"abs x", func(b *Builder, x, y Expr) Expr { return x.CopySign(b.Const(2)) }},
		{"cos x", func(b *Builder, x, y Expr) Expr { return x.Neg().Cos() }},
		{"normpdf x", func(b *Builder, x, y Expr) Expr { return x.Abs().NormPDF() }},
		{"floor x", func(b *Builder, x, y Expr) Expr { return x.Floor().Round() }},
		{"mul x 8", func(b *Builder, x, y Expr) Expr { return x.Scale(b.Const(3)) }},
		{"x", func(b *Builder, x, y Expr) Expr { return x.Min(x).Max(x) }},
		{"x", func(b *Builder, x, y Expr) Expr { return x.Lt(x).Select(y, x) }},
		{"x", func(b *Builder, x, y Expr) Expr { return x.Lt(y).Select(x, x) }},
		{"x", func(b *Builder, x, y Expr) Expr { return b.Const(1).Lt(b.Const(2)).Or(x.Lt(y)).Select(x, y) }},
		{"y", func(b *Builder, x, y Expr) Expr { return b.Const(2).Lt(b.Const(1)).And(x.Lt(y)).Select(x, y) }},
		{"2.5", func(b *Builder, x, y Expr) Expr { return b.Const(2).Plus(0.5) }},
		{"$nan", func(b *Builder, x, y Expr) Expr { return b.Const(math.Inf(1)).Times(0) }},
		{"+inf", func(b *Builder, x, y Expr) Expr { return b.Const(800).Exp() }},
		{"0.5", func(b *Builder, x, y Expr) Expr { return b.Const(0).NormCDF() }},
		{"$pi", func(b *Builder, x, y Expr) Expr { return b.Symbol(SymPi) }},
	} {
		b := New("test")
		x, y := b.Input("x"), b.Input("y")
		b.Output("z", c.build(b, x, y))
		g := b.MustGraph()
		_, got, _ := strings.Cut(g.Describe(g.Outputs()[0].ID), "= ")
		got = strings.TrimPrefix(strings.TrimPrefix(got, "input "), "const ")
		if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// Equal nodes are one, whichever way round their operands stand, and what no output needs is gone.
func TestSharing(t *testing.T) {
	b := New("test")
	x, y := b.Input("x"), b.Input("y")
	x.Mul(y).Exp().Log() // not needed
	b.Output("a", x.Mul(y).Add(y.Mul(x)))
	b.Output("c", y.FMA(x, x).Mul(x.FMA(y, x)))
	if got := b.MustGraph().String(); got != `graph test(x, y)
%2 = mul x y
%3 = add %2 %2
%4 = fma x y x
%5 = mul %4 %4
return a = %3
return c = %5
` {
		t.Error(got)
	}
}

func TestPickRenameBindCall(t *testing.T) {
	g := BSMGreeks(FirstOrder)
	p, err := Pick(g, "delta", "value=price")
	if err != nil {
		t.Fatal(err)
	}
	in := []float64{-1, 100, 95, 0.5, 0.2, 0.03, 0.01}
	want, got := g.Eval(in...), p.Eval(in...)
	if list(p.OutputNames()) != "delta, value" || got[0] != want[1] || got[1] != want[0] || len(p.inputs) != len(g.inputs) {
		t.Errorf("Pick: %v = %v", p.OutputNames(), got)
	}
	if _, err := Pick(g, "gamma", "nu"); err == nil || !strings.Contains(err.Error(), "output nu: no such output") {
		t.Errorf("Pick: %v", err)
	}
	bound, err := Bind(g, map[string]float64{"sign": -1, "q": 0.01})
	if err != nil {
		t.Fatal(err)
	}
	if list(bound.InputNames()) != "S, K, T, sigma, r" || bound.Stats().Total >= g.Stats().Total {
		t.Errorf("Bind: inputs %v, %v", bound.InputNames(), bound.Stats())
	}
	for i, v := range bound.Eval(in[1:6]...) {
		if !sameBits(v, want[i]) {
			t.Errorf("Bind: %s is %v, want %v", greekNames[i], v, want[i])
		}
	}
	if _, err := Bind(g, map[string]float64{"vol": 1}); err == nil || !strings.Contains(err.Error(), "input vol: no such input") {
		t.Errorf("Bind: %v", err)
	}
	r, err := Rename(g, "kernel")
	if err != nil || r.Name() != "kernel" || r.Eval(in...)[0] != want[0] {
		t.Errorf("Rename: %v, %v", r, err)
	}
	if _, err := Rename(g, "a-b"); err == nil {
		t.Error("Rename took a-b")
	}

	b := New("forward")
	s, k := b.Input("S"), b.Input("K")
	call := b.Call(BSM(), b.Const(1), s, k, b.Const(1), b.Const(0.2), b.Const(0.05), b.Const(0))
	put := b.Call(BSM(), b.Const(-1), s, k, b.Const(1), b.Const(0.2), b.Const(0.05), b.Const(0))
	b.Output("parity", call[0].Sub(put[0]))
	if got, want := b.MustGraph().Eval(100, 90)[0], 100-90*math.Exp(-0.05); math.Abs(got-want) > 1e-13 {
		t.Errorf("Call: parity %v, want %v", got, want)
	}
}

func TestEvalMap(t *testing.T) {
	g := StraddlePayoff.Graph()
	out, err := g.EvalMap(map[string]float64{"S": 90, "K": 100})
	if err != nil || out["payoff"] != 10 {
		t.Errorf("%v, %v", out, err)
	}
	if _, err := g.EvalMap(map[string]float64{"S": 90}); err == nil || !strings.Contains(err.Error(), "input K: no value given") {
		t.Errorf("missing: %v", err)
	}
	if _, err := g.EvalMap(map[string]float64{"S": 90, "K": 1, "Z": 1, "A": 1}); err == nil || !strings.Contains(err.Error(), "input A: no such input") {
		t.Errorf("unknown: %v", err)
	}
}
