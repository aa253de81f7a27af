package formula

// cdfPoly: the lower tail is written Φ(−a) = e^(−a²/2)·G(a), with G(a) = f/(1 + c·a) and f = 1/2 + u·Q(2u−1), u = a/(a+k),
// c = 1.25 and k = 5.75, which make f nearly 1/2 at both ends. Q is the polynomial of degree 20 that is minimax for the relative error of f on 0 <= a <= 38.7: 1.3e-17, and 2.2e-17 with
// the coefficients rounded. Taking 1/2, which is exact, and u, which is small where Q changes fast, out of the polynomial
// keeps the rounding of u and t from being felt.
var cdfPoly = []float64{
	0x1.abf470bc40607p-4, -0x1.077e1c5642a81p-2, 0x1.31b13059845d5p-2, -0x1.0ac9c06c291cfp-2, 0x1.7ce8b1b938d89p-3,
	-0x1.c587e4e8904c3p-4, 0x1.be6e778f4145dp-5, -0x1.5e04fbae7029bp-6, 0x1.8af7a122fa11ep-8, -0x1.9d3d3a3218a6cp-11,
	-0x1.03c77d56a94bep-12, 0x1.56bc7962f9ceap-13, -0x1.9a70a60d609b4p-16, -0x1.81dd74dfb5ff6p-17, 0x1.7b68052fca57dp-18,
	0x1.f0588d5134af5p-23, -0x1.9c98d68230094p-21, 0x1.4cef58dc442e5p-24, 0x1.9151d5fe69bf0p-24, -0x1.c10df9fd0b5a0p-27,
	-0x1.3cfd9440c758bp-27,
}

// clampTail returns min(|x|, cdfClamp), NaN for NaN.
func (b *Builder) clampTail(x Expr) Expr { return b.Const(b.approx().cdfClamp).Min(x.Abs()) }

// gauss returns w and n with e^(−a²/2) = (1 + w)·2^n. The square is never rounded: n·2·ln2Hi is exact, and a·a + n·2·ln2Hi is
// one fused operation. A rounded square would cost up to 2^-44 of the result far out.
func (b *Builder) gauss(a Expr) (w, n Expr) {
	p := b.approx()
	n = a.Square().Nearest(b.Const(-0.5 * log2e))
	y := a.FMA(a, n.Times(2*p.ln2Hi))
	y = n.FMA(b.Const(2*p.ln2Lo), y)
	return y.Mul(horner(y, p.bellPoly)), n
}

// tailDenominators returns p = 2 + 2c·a and s = a + k. One quotient, of p·s, gives both u and 1/p.
func (b *Builder) tailDenominators(a Expr) (p, s Expr) {
	t := b.approx()
	return a.FMA(b.Const(2*t.cdfC), b.Const(2)), a.Plus(t.cdfK)
}

// tailPoly returns u and 2Q(2u−1) with 2f = 1 + u·2Q, given rs ≈ 1/s.
func (b *Builder) tailPoly(a, rs Expr) (u, q Expr) {
	u = a.Mul(rs)
	c := make([]float64, len(b.approx().cdfPoly))
	for i, v := range b.approx().cdfPoly {
		c[i] = 2 * v
	}
	return u, horner(u.FMA(b.Const(2), b.Const(-1)), c)
}

// expandNormCDF is Φ(x), with one division. Φ(−a) = 2f(1+w)/p with p = 2 + 2c·a, and 2f(1+w) is 1 + m with m small; the
// quotient is r(1 + m) with r ≈ 1/p, whose error e is known: p is with the error of its own rounding. So all that is rounded is
// m, to a part of a unit, and the result.
func (b *Builder) expandNormCDF(x Expr) Expr {
	one := b.Const(1)
	a := b.clampTail(x)
	p, s := b.tailDenominators(a)
	pLow := a.FMA(b.Const(2*b.approx().cdfC), b.Const(2).Sub(p))
	q := one.Div(p.Mul(s))
	u, poly := b.tailPoly(a, p.Mul(q))
	w, n := b.gauss(a)
	v := poly.Mul(u)
	m := v.FMA(w, v.Add(w)) // (1 + v)(1 + w) − 1
	r := s.Mul(q)
	e := pLow.Neg().FMA(r, p.Neg().FMA(r, one))
	lower := e.FMA(m.Add(one), m).FMA(r, r).Scale(n)
	return x.Lt(b.Const(0)).Select(lower, one.Sub(lower))
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
		return poly.FMA(u, b.Const(1)).Mul(s.Mul(q))
	}
	return one(a1, p1, s1, m2.Mul(q)), one(a2, p2, s2, m1.Mul(q))
}

// tailAlone returns G(a) for one a, with the quotient corrected by its residual.
func (b *Builder) tailAlone(a Expr) Expr {
	p, s := b.tailDenominators(a)
	q := b.Const(1).Div(p.Mul(s))
	u, poly := b.tailPoly(a, p.Mul(q))
	f := poly.FMA(u, b.Const(1))
	r := s.Mul(q)
	g := f.Mul(r)
	return p.Neg().FMA(g, f).FMA(r, g)
}
