package formula

import "math"

// TrigBound is the greatest |x| of which the expansions of sin and cos give a value; beyond it they give NaN.
//
// The argument is reduced by Cody and Waite's method with π/2 in three parts of 53 bits. With a fused multiply-add the
// first step is exact for every x (x and n·P1 are multiples of 2^-52 or of ulp(x), and cancel), so the bound comes from
// the quotient n alone: at 2^40 the reduced argument exceeds π/4 by at most 2^-11, and the three parts leave an error of
// 2^-120, far below the 2^-58 to which a float64 of this size can come near a multiple of π/2. Payne and Hanek's method
// would reach all x, but it needs a table of 1200 bits of 2/π indexed by the exponent, which a straight-line graph has
// not; no formula of this library comes near the bound.
const TrigBound = 1 << 40

// TrigBound32 is [TrigBound] in [Float32].
const TrigBound32 = 1 << 12

const twoOverPi = 0x1.45f306dc9c883p-1

// fdlibm's k_sin.c and k_cos.c: sin r = r + r³(S1 + r²(S2 + ...)), cos r = 1 − r²/2 + r⁴(C1 + r²(C2 + ...)), |r| <= π/4.
var (
	sinFirst = -1.66666666666666324348e-01
	sinPoly  = []float64{
		8.33333333332248946124e-03, -1.98412698298579493134e-04, 2.75573137070700676789e-06,
		-2.50507602534068634195e-08, 1.58969099521155010221e-10,
	}
	cosPoly = []float64{
		4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05,
		-2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11,
	}
)

// reduced holds |x| = n·π/2 + hi + lo with |hi| <= π/4 and a little, |lo| <= ulp(hi)/2, and j, which is n modulo 4
// in −2 ... 2.
type reduced struct{ hi, lo, j Expr }

func (b *Builder) reduceTrig(x Expr) reduced {
	p := b.approx()
	a := x.Abs()
	a = a.Le(b.Const(p.trigBound)).Select(a, b.Const(math.NaN()))
	n := a.Nearest(b.Const(twoOverPi))
	r0 := n.FMA(b.Const(-p.pio2A), a)
	th := n.Times(p.pio2B)
	tl := n.FMA(b.Const(p.pio2B), th.Neg())
	r := r0.Sub(th) // and its error, by Knuth's two-sum: either operand may be the greater
	v := r.Sub(r0)
	e := r0.Sub(r.Sub(v)).Sub(th.Add(v))
	l := n.FMA(b.Const(-p.pio2C), e.Sub(tl))
	hi := r.Add(l)
	lo := r.Sub(hi).Add(l)
	j := n.Nearest(b.Const(0.25)).FMA(b.Const(-4), n)
	return reduced{hi: hi, lo: lo, j: j}
}

// sin returns sin(hi + lo).
func (r reduced) sin() Expr {
	p := r.hi.b.approx()
	z := r.hi.Square()
	v := z.Mul(r.hi)
	u := v.Neg().FMA(horner(z, p.sinPoly), r.lo.Times(0.5))
	u = z.FMA(u, r.lo.Neg())
	return r.hi.Sub(v.FMA(r.hi.lit(-p.sinFirst), u))
}

// cos returns cos(hi + lo).
func (r reduced) cos() Expr {
	z := r.hi.Square()
	h := z.Times(0.5)
	w := r.hi.lit(1).Sub(h)
	err := r.hi.lit(1).Sub(w).Sub(h) // 1 − h is w + err exactly
	t := z.Mul(horner(z, r.hi.b.approx().cosPoly)).FMA(z, r.hi.Mul(r.lo).Neg())
	return w.Add(err.Add(t))
}

// odd reports whether n is odd, so that sin and cos change places.
func (r reduced) odd() Expr { return r.j.Abs().Eq(r.j.lit(1)) }

// expandSin is sin x. The sign of x is put back by a product with ±1, so that sin −0 is −0.
func (b *Builder) expandSin(x Expr) Expr {
	r := b.reduceTrig(x)
	y := r.odd().Select(r.cos(), r.sin())
	minus := r.j.Lt(b.Const(-0.5)).Or(r.j.Gt(b.Const(1.5)))
	sign := b.Const(1).CopySign(x)
	return y.Mul(minus.Select(sign.Neg(), sign))
}

// expandCos is cos x.
func (b *Builder) expandCos(x Expr) Expr {
	r := b.reduceTrig(x)
	y := r.odd().Select(r.sin(), r.cos())
	minus := r.j.Gt(b.Const(0.5)).Or(r.j.Lt(b.Const(-1.5)))
	return minus.Select(y.Neg(), y)
}
