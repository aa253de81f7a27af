package formula

// cdfPoly: the lower tail is written Φ(−a) = e^(−a²/2)·G(a), with G(a) = f/(1 + c·a) and f = 1/2 + u·Q(2u−1), u = a/(a+k), c = 1.5, k = 5.5. Q is
// the polynomial of degree 21 that is minimax for the relative error of f on 0 <= a <= 38.7: 3.8e-18, and 1.6e-17 with
// the coefficients rounded. Taking 1/2, which is exact, and u, which is small where Q changes fast, out of the polynomial
// keeps the rounding of u and t from being felt.
var cdfPoly = []float64{
	0x1.34926e4def17dp-2, -0x1.bc22549fbe12fp-2, 0x1.b9a7d5690ca89p-2, -0x1.5ed2acb37558cp-2, 0x1.cd2dc44dda90cp-3,
	-0x1.f5b83385c94d7p-4, 0x1.b82298736da76p-5, -0x1.21f46d4ac3c0ep-6, 0x1.c48252d50b83fp-9, 0x1.d0345de443c62p-13,
	-0x1.afc08c11736a4p-12, 0x1.b488c4e1b97b5p-14, 0x1.25b780504b8a6p-16, -0x1.12becf291cb5cp-16, 0x1.3559d7eab42efp-20,
	0x1.034ec9ff77461p-19, -0x1.ca94833eab172p-22, -0x1.e40fe135477fbp-23, 0x1.47abbfe1349dcp-24, 0x1.f7f7aa6513d12p-26,
	-0x1.277bd7e608931p-27, -0x1.e25325154ed2cp-29,
}

// clampTail returns min(|x|, cdfClamp), NaN for NaN.
func (b *Builder) clampTail(x Expr) Expr { return b.Const(b.approx().cdfClamp).Min(x.Abs()) }

// gauss returns w and n with e^(−a²/2) = (1 + w)·2^n. The square is never rounded: n·ln2Hi is exact, and h·a − n·ln2Hi is
// one fused operation. A rounded square would cost up to 2^-44 of the result far out.
func (b *Builder) gauss(a Expr) (w, n Expr) {
	p := b.approx()
	h := a.Times(-0.5)
	n = h.Mul(a).Times(log2e).Round()
	r := h.FMA(a, n.Times(-p.ln2Hi))
	r = n.FMA(b.Const(-p.ln2Lo), r)
	return b.expm1Poly(r), n
}

// tailDenominators returns p = 1 + c·a and s = a + k. One quotient, of p·s, gives both u and 1/p.
func (b *Builder) tailDenominators(a Expr) (p, s Expr) {
	t := b.approx()
	return a.FMA(b.Const(t.cdfC), b.Const(1)), a.Plus(t.cdfK)
}

// tailPoly returns u and Q(2u−1) with f = 1/2 + u·Q, given rs ≈ 1/s.
func (b *Builder) tailPoly(a, rs Expr) (u, q Expr) {
	u = a.Mul(rs)
	return u, horner(u.FMA(b.Const(2), b.Const(-1)), b.approx().cdfPoly)
}

// expandNormCDF is Φ(x), with one division. The numerator f·(1+w) is 1/2 + m with m small, and is kept with its rounding
// error; the quotient by p, which is also known with its error, is corrected once by its residual. So all that is rounded
// is m and the result.
func (b *Builder) expandNormCDF(x Expr) Expr {
	a := b.clampTail(x)
	p, s := b.tailDenominators(a)
	pLow := a.FMA(b.Const(b.approx().cdfC), b.Const(1).Sub(p))
	q := b.Const(1).Div(p.Mul(s))
	u, poly := b.tailPoly(a, p.Mul(q))
	w, n := b.gauss(a)
	v := poly.Mul(u)
	m := v.FMA(w, w.FMA(b.Const(0.5), v)) // v + w/2 + v·w
	num := m.Plus(0.5)
	numLow := m.Sub(num.Plus(-0.5))
	r := s.Mul(q)
	y := num.Mul(r)
	residual := pLow.Neg().FMA(y, p.Neg().FMA(y, num).Add(numLow))
	lower := residual.FMA(r, y).Scale(n)
	return x.Lt(b.Const(0)).Select(lower, b.Const(1).Sub(lower))
}

// expandNormPDF is φ(x).
func (b *Builder) expandNormPDF(x Expr) Expr {
	w, n := b.gauss(b.clampTail(x))
	c := b.Symbol(SymInvSqrt2Pi)
	return w.FMA(c, c).Scale(n)
}

// tails returns G(a1) and G(a2), Φ(−a) = e^(−a²/2)·G(a), with one division for both. The quotients are not corrected as
// in expandNormCDF: each G is within 3 ulp.
func (b *Builder) tails(a1, a2 Expr) (g1, g2 Expr) {
	p1, s1 := b.tailDenominators(a1)
	p2, s2 := b.tailDenominators(a2)
	m1, m2 := p1.Mul(s1), p2.Mul(s2)
	q := b.Const(1).Div(m1.Mul(m2))
	one := func(a, p, s, q Expr) Expr {
		u, poly := b.tailPoly(a, p.Mul(q))
		return poly.FMA(u, b.Const(0.5)).Mul(s.Mul(q))
	}
	return one(a1, p1, s1, m2.Mul(q)), one(a2, p2, s2, m1.Mul(q))
}

// tailAlone returns G(a) for one a, with the quotient corrected by its residual.
func (b *Builder) tailAlone(a Expr) Expr {
	p, s := b.tailDenominators(a)
	q := b.Const(1).Div(p.Mul(s))
	u, poly := b.tailPoly(a, p.Mul(q))
	f := poly.FMA(u, b.Const(0.5))
	r := s.Mul(q)
	g := f.Mul(r)
	return p.Neg().FMA(g, f).FMA(r, g)
}
