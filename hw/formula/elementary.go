package formula

import "math"

// Function is an operation on one number as a formula of its own, for a kernel over an array: the input is x, the output
// y. It panics if op takes more than one operand.
func Function(op Op) *Graph {
	b := New(op.String())
	b.Output("y", b.Apply(op, b.Input("x")))
	return b.MustGraph()
}

// SinCos gives both functions of one reduction. The input is x, the outputs are sin and cos.
func SinCos() *Graph {
	b := New("sincos")
	x := b.Input("x")
	b.Output("sin", x.Sin())
	b.Output("cos", x.Cos())
	return b.MustGraph()
}

// ComplexExp is e^(re + i·im). The inputs are re and im, the outputs exp_re and exp_im, each within 2.3 ulp for
// |im| <= TrigBound where e^re neither overflows nor underflows.
func ComplexExp() *Graph {
	b := New("cexp")
	re, im := b.Input("re"), b.Input("im")
	r := re.Exp()
	b.Output("exp_re", r.Mul(im.Cos()))
	b.Output("exp_im", r.Mul(im.Sin()))
	return b.MustGraph()
}

// Expm1 is e^x − 1 within 1.2 ulp (0.347 is the worst place), small x included; the sign of zero is kept. The input is x,
// the output y. It is fully expanded.
func Expm1() *Graph {
	b := New("expm1")
	x := b.Input("x")
	one := b.Const(1)
	// Below −60 the result is −1. e^x − 1 = 2^n·(1 − 2^−n + r + (e^r − 1 − r)), the first sum with its rounding error.
	c := b.Const(-60).Max(b.Const(b.approx().expHigh).Min(x))
	n := c.Nearest(b.Const(log2e))
	hi := n.FMA(b.Const(-ln2Hi), c)
	r := n.FMA(b.Const(-ln2Lo), hi)
	low := n.FMA(b.Const(-ln2Lo), hi.Sub(r))
	low = r.Square().FMA(horner(r, expPoly), low)
	base := one.Sub(one.Scale(n.Neg()))
	sum := base.Add(r)
	low = r.Sub(sum.Sub(base)).Add(low)
	b.Output("y", sum.Add(low).Scale(n).CopySign(x))
	return Expand(b.MustGraph())
}

// Log1p is ln(1+x) within 0.8 ulp, small x included; −Inf at −1, NaN below, and the sign of zero is kept. The input is x, the
// output y. It is fully expanded.
func Log1p() *Graph {
	b := New("log1p")
	x := b.Input("x")
	zero, one, inf := b.Const(0), b.Const(1), b.Const(math.Inf(1))
	// 1 + x = u + e exactly, u = m·2^k, and f + rest = m − 1 + e·2^−k exactly. With k = 0, f is x.
	u := one.Add(x)
	v := u.Sub(one)
	e := u.Lt(inf).Select(one.Sub(u.Sub(v)).Add(x.Sub(v)), zero)
	m, k := splitLog(u)
	e = e.Scale(b.Const(1100).Min(b.Const(-1100).Max(k)).Neg())
	m = m.Plus(-1)
	f := m.Add(e)
	rest := e.Sub(f.Sub(m))
	y := joinLog(f, k, rest)
	b.Output("y", u.Lt(zero).Select(b.Const(math.NaN()), y).CopySign(x))
	return Expand(b.MustGraph())
}
