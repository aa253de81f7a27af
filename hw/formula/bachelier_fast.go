package formula

import "math"

// FastBachelier is the normal formula in the form made for speed, with the Greeks wanted: with d = (F−K)/(σ√T) and G as for
// [European.Fast],
//
//	V = D·(max(sign·(F−K), 0) + σ√T·e^(−d²/2)·(1/√(2π) − |d|·G(|d|)))
//
// so one exponential, one square root and two divisions. The inputs are sign, F, K, T, sigma, D, and r = −ln(D)/T where
// there are Greeks; sigma is in units of the forward, which may be negative, as may the strike. It is fully expanded.
//
// The price is within 1e-15 of the greater of σ√T and |F−K|. Out of the money its relative accuracy falls by about d², since the
// bracket is a difference: 1e-14 ten standard deviations out. Bad rows and options without volatility or time are as for
// [European.Fast].
func FastBachelier(set Greeks) *Graph {
	b := New("fastBachelier")
	sign, forward, strike := b.Input("sign"), b.Input("F"), b.Input("K")
	tau, vol, discount := b.Input("T"), b.Input("sigma"), b.Input("D")
	var rate Expr
	if set > PriceOnly {
		rate = b.Input("r")
	}
	zero, one := b.Const(0), b.Const(1)
	m := forward.Sub(strike).Named("m")
	rootT := tau.Sqrt()
	s := vol.Mul(rootT)
	valid := vol.Ge(zero).And(discount.Gt(zero)).And(sign.Abs().Eq(one)).And(m.Abs().Add(s).Add(discount).Lt(b.Const(math.Inf(1))))
	s = valid.Select(b.Const(smallVol).Max(s), b.Const(math.NaN())).Named("s")
	inv := one.Div(s)
	far := b.Const(farOut)
	d := far.Neg().Max(far.Min(m.Mul(inv))).Named("d")
	a := d.Abs()
	g := b.tailAlone(a)
	w, n := b.gauss(a)
	bell := discount.FMA(w, discount).Scale(n).Named("E") // D·e^(−d²/2)
	c := b.Symbol(SymInvSqrt2Pi)
	value := zero.Max(sign.Mul(m)).Mul(discount)
	price := bell.Mul(s).FMA(a.Neg().FMA(g, c), value)
	b.Output("price", price)
	if set > PriceOnly {
		density := bell.Mul(c) // D·φ(d)
		in := sign.Mul(d).Ge(zero)
		delta := sign.Mul(in.Select(bell.Neg().FMA(g, discount), bell.Mul(g)))
		gamma := density.Mul(inv)
		vega := density.Mul(rootT)
		fall := vol.Mul(inv)
		b.Output("delta", delta)
		b.Output("gamma", gamma)
		b.Output("vega", vega)
		b.Output("theta", rate.FMA(price, density.Mul(vol).Mul(fall).Times(-0.5)))
		b.Output("rho", tau.Neg().Mul(price))
		if set > FirstOrder {
			invVol := rootT.Mul(inv)
			h := fall.Square().Times(0.5) // 1/(2T)
			d2 := d.Square()
			b.Output("vanna", density.Mul(d.Mul(invVol)).Neg())
			b.Output("volga", vega.Mul(d2.Mul(invVol)))
			b.Output("charm", rate.FMA(delta, density.Mul(d.Mul(h))))
			b.Output("speed", gamma.Mul(d.Mul(inv)).Neg())
			b.Output("zomma", gamma.Mul(d2.Sub(one).Mul(invVol)))
			b.Output("color", gamma.Mul(one.Sub(d2).FMA(h, rate)))
		}
	}
	return Expand(b.MustGraph())
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
