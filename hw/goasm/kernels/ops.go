package kernels

import (
	"github.com/volgaquant/volga/hw/formula"
	"github.com/volgaquant/volga/hw/goasm"
)

// Ops returns the kernels of hw/goasm/internal/ops, which test the emitter: every operation is an output of its own, so
// that there are more columns than pointer registers and more values than vector registers.
func Ops() goasm.Package {
	return goasm.Package{
		Dir: "hw/goasm/internal/ops", Name: "ops",
		Active: "vec.Active()", Import: "github.com/volgaquant/volga/internal/vec", Prefix: "vec.",
		Kernels: []goasm.Kernel{
			{Name: "all", Doc: "is every operation of the expression language.", Graph: everyOperation(formula.Float64)},
			{Name: "allUniform", Doc: "is every operation where one operand is the same in all rows.", Graph: everyOperation(formula.Float64), Uniform: []string{"y"}},
			{Name: "one", Doc: "is all of them in one number.", Graph: oneNumber(formula.Float64), Uniform: []string{"z"}},
			{Name: "all32", Doc: "is every operation of the expression language.", Graph: everyOperation(formula.Float32)},
			{Name: "allUniform32", Doc: "is every operation where one operand is the same in all rows.", Graph: everyOperation(formula.Float32), Uniform: []string{"y"}},
			{Name: "one32", Doc: "is all of them in one number.", Graph: oneNumber(formula.Float32), Uniform: []string{"z"}},
		},
	}
}

// operations applies every operation to x, y and z.
func operations(b *formula.Builder, format formula.Format, x, y, z formula.Expr) []formula.Expr {
	least, greatest := b.Const(-2044), b.Const(2046)
	if format == formula.Float32 {
		least, greatest = b.Const(-252), b.Const(254)
	}
	one, zero := b.Const(1), b.Const(0)
	truth := func(c formula.Expr) formula.Expr { return c.Select(one, zero) }
	n := y.Round().Max(least).Min(greatest) // an integer in the domain of Scale, not NaN
	return []formula.Expr{
		x.Add(y), x.Sub(y), b.Const(0.3).Sub(x), x.Mul(y), x.Div(y), b.Const(2).Div(x), x.Sqrt(),
		x.FMA(y, z), x.Neg().FMA(y, z), x.FMA(y, z.Neg()), x.Neg().FMA(y, z.Neg()),
		x.FMA(b.Const(3), b.Const(0.1)), x.FMA(x, x), x.FMA(y, x), y.FMA(x, b.Const(7)), x.FMA(b.Const(1.1), y),
		x.Neg(), x.Abs(), x.Min(y), x.Max(y), b.Const(1).Min(x), x.Max(b.Const(-1)), x.CopySign(y), b.Const(2).CopySign(x),
		x.Round(), x.Nearest(y), x.Nearest(b.Const(0.7)), x.Floor(), x.Scale(n), y.Eq(y).Select(x, z).Scale(n), x.Exponent(), x.Mantissa(),
		truth(x.Lt(y)), truth(x.Le(y)), truth(x.Eq(y)), truth(x.Lt(y).And(y.Lt(z))), truth(x.Le(y).Or(z.Eq(x))),
		truth(x.Lt(zero).And(y.Lt(z).Not())), x.Lt(y).Or(y.Eq(z)).Select(x.Mul(z), y), x.Gt(z).Select(y, x.Add(z)),
	}
}

func everyOperation(format formula.Format) *formula.Graph {
	b := formula.NewFormat("all", format)
	x, y, z := b.Input("x"), b.Input("y"), b.Input("z")
	for i, e := range operations(b, format, x, y, z) {
		b.Output("o"+string(rune('a'+i/10))+string(rune('0'+i%10)), e)
	}
	return b.MustGraph()
}

// oneNumber selects among the operations by the size of w, which keeps them all alive to the end.
func oneNumber(format formula.Format) *formula.Graph {
	b := formula.NewFormat("one", format)
	w, x, y, z := b.Input("w"), b.Input("x"), b.Input("y"), b.Input("z")
	list := operations(b, format, x, y, z)
	r := list[0]
	for i, e := range list[1:] {
		r = w.Gt(b.Const(float64(i))).Select(e, r)
	}
	b.Output("r", r)
	return b.MustGraph()
}
