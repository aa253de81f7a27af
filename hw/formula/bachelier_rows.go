package formula

import "math"

// BachelierRows is the rows form of [Bachelier], with the set of Greeks, in a format: with d = (F−K)/(σ√T) and G as for
// [European.Rows],
//
//	V = D·(max(sign·(F−K), 0) + σ√T·e^(−d²/2)·(1/√(2π) − |d|·G(|d|)))
//
// so one exponential, one root and two divisions. The inputs are sign, F, K, T, sigma, D and, for the Greeks, r = −ln(D)/T;
// sigma is in units of the forward, which may be negative, as may the strike. The graph is fully expanded.
//
// The price is within 1e-15 of the greater of σ√T and |F−K|. Out of the money its relative accuracy falls by about d², since
// the bracket is a difference: 1e-14 ten standard deviations out. It is NaN where T, D or σ√T is not above [RowsLow], or where
// |F|, |K|, D or σ√T is not below [RowsHigh]; the sign is taken as it is.
func BachelierRows(set Greeks, format Format) *Graph {
	b := NewFormat("rowsBachelier", format)
	sign, spot, strike := b.Input("sign"), b.Input("F"), b.Input("K")
	tau, vol, discount := b.Input("T"), b.Input("sigma"), b.Input("D")
	rootT := tau.Sqrt()
	s := vol.Mul(rootT).Named("s")
	inv := b.Const(1).Div(s)
	m := spot.Sub(strike).Named("m")
	d := m.Mul(inv).Named("d")
	a := b.Const(b.approx().farOut).Min(d.Abs())
	p, q := b.tailDenominators(a)
	r := b.Const(1).Div(p.Mul(q))
	u, poly := b.tailPoly(a, p.Mul(r))
	g := poly.FMA(u, b.Const(1)).Mul(q.Mul(r)) // Φ(−a) = e^(−a²/2)·G
	w, n := b.gauss(a)
	bell := discount.Mul(w.Plus(1).Scale(n)).Named("E")
	density := bell.Mul(b.Symbol(SymInvSqrt2Pi))
	zero := b.Const(0)
	gain := sign.Mul(m)
	intrinsic := gain.Lt(zero).Select(zero, discount.Mul(gain))
	slope := a.Neg().FMA(g, b.Symbol(SymInvSqrt2Pi))
	price := bell.Mul(s).FMA(slope, intrinsic)
	size := spot.Abs().Add(strike.Abs()).Add(discount).Add(s)
	inside := b.within(discount.Min(tau).Min(s), size, tau)
	out := []Expr{inside.Select(price, b.Const(math.NaN()))}
	if set > PriceOnly {
		rate := b.Input("r")
		price = out[0]
		worthless := b.Const(1).CopySign(m).Eq(sign.Neg()) // by the sign that m has also where it is zero
		delta := bell.Neg().FMA(g.CopySign(m), worthless.Select(zero, sign.Mul(discount)))
		gamma, vega := density.Mul(inv), density.Mul(rootT)
		decay := density.Mul(vol.Mul(vol).Mul(inv)).Times(-0.5)
		out = append(out, delta, gamma, vega, rate.FMA(price, decay), tau.Neg().Mul(price))
		if set > FirstOrder {
			d = a.CopySign(m)
			dd, invVol := d.Square(), rootT.Mul(inv)
			h := vol.Mul(inv).Square().Times(0.5) // 1/(2T)
			one := b.Const(1)
			out = append(out, density.Mul(d.Mul(invVol)).Neg(), vega.Mul(dd.Mul(invVol)), rate.FMA(delta, density.Mul(d.Mul(h))),
				gamma.Mul(d.Mul(inv)).Neg(), gamma.Mul(dd.Sub(one).Mul(invVol)), gamma.Mul(h.FMA(one.Sub(dd), rate)))
		}
	}
	for i, name := range greekNames[:greekCount[set]] {
		b.Output(name, out[i])
	}
	return Expand(b.MustGraph())
}
