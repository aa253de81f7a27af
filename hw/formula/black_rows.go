package formula

import "math"

// Rows computes in the range that rows usually have: legs, discount factors and total volatilities in (RowsLow, RowsHigh).
// Within it nothing overflows on the way, and what has underflowed is not felt.
const (
	RowsLow  = 1e-100
	RowsHigh = 1e100
)

// Rows is the European formula for columns of options, with the Greeks wanted: [European.Fast] with less division and a
// narrower domain. The logarithm of the moneyness is 2·artanh((S−K)/(S+K)) of the mantissas, so that it has its relative
// accuracy at the money too, and its quotient shares one division with 1/(σ√T) and 1/S. In the money the option of
// the other side is added to the intrinsic value, so that put-call parity holds to the last place. The inputs and
// outputs are those of Fast. The graph is fully expanded.
//
// The price is NaN outside the domain of Fast and also where S, K, D, a leg or σ√T is not above [RowsLow], where the sum of
// the legs and σ√T is not below [RowsHigh], and so where there is no volatility or no time: a caller does those rows
// otherwise. The sign is taken as it is, and a NaN there makes the price NaN. Only the price says that a row is outside.
func (e European) Rows() *Graph {
	b := New(map[Market]string{GivenForward: "rowsBlack76", GivenSpot: "rowsBlackScholes", GivenSpotYield: "rowsBSM"}[e.Market])
	f, price := e.rows(b, e.inputs(b))
	out := []Expr{price}
	if e.Greeks > PriceOnly {
		out = append(out, e.first(f, price)...)
	}
	if e.Greeks > FirstOrder {
		out = append(out, f.second(out[1], out[2], out[3])...)
	}
	for i, name := range greekNames[:greekCount[e.Greeks]] {
		b.Output(name, out[i])
	}
	return Expand(b.MustGraph())
}

// rows builds the price and what it shares with the Greeks.
func (e European) rows(b *Builder, m market) (f fast, price Expr) {
	f = fast{market: m, asset: m.spot, rootT: m.tau.Sqrt()}
	s := m.vol.Mul(f.rootT).Named("s")
	discount := m.discount
	switch e.Market {
	case GivenForward:
		f.asset = m.spot.Mul(discount)
	case GivenSpotYield:
		f.asset = m.spot.Mul(m.yield.Neg().Mul(m.tau).Exp())
	}
	if e.Market != GivenForward {
		discount = m.rate.Neg().Mul(m.tau).Exp()
	}
	f.bond = m.strike.Mul(discount)

	num, den, k := b.ratio(m.spot, m.strike)
	scale := s.Mul(m.spot)
	q := b.Const(1).Div(den.Mul(scale)) // one division for num/den, 1/s and 1/S
	z := num.Mul(scale.Mul(q))
	q = q.Mul(den)
	f.invStdv, f.invS = m.spot.Mul(q), s.Mul(q)
	f.invVol = f.rootT.Mul(f.invStdv)
	x := joinRatio(z, k)
	switch e.Market {
	case GivenSpot:
		x = m.rate.FMA(m.tau, x)
	case GivenSpotYield:
		x = m.rate.Sub(m.yield).FMA(m.tau, x)
	}
	x.Named("x")

	half := s.Times(0.5)
	f.d1, f.d2 = x.FMA(f.invStdv, half).Named("d1"), x.FMA(f.invStdv, half.Neg()).Named("d2")
	far, zero := b.Const(farOut), b.Const(0)
	a1, a2 := far.Min(f.d1.Abs()), far.Min(f.d2.Abs())
	g1, g2 := b.tails(a1, a2)
	w, n := b.gauss(a1)
	bell := f.asset.FMA(w, f.asset).Scale(n).Named("E")
	f.density = bell.Mul(b.Symbol(SymInvSqrt2Pi))
	// sign·A·Φ(sign·d1) is sign·A, if that is the greater part, less E·G(|d1|) with the sign of d1.
	whole := func(worth, d Expr) Expr { return m.sign.Mul(d).Lt(zero).Select(zero, m.sign.Mul(worth)) }
	whole1, whole2 := whole(f.asset, f.d1), whole(f.bond, f.d2)
	g1, g2 = g1.CopySign(f.d1), g2.CopySign(f.d2)
	f.n1, f.n2 = bell.Neg().FMA(g1, whole1).Named("N1"), bell.Neg().FMA(g2, whole2).Named("N2")
	price = bell.FMA(g2.Sub(g1), whole1.Sub(whole2))

	least := m.spot.Min(m.strike).Min(discount)
	if e.Market != GivenForward { // discount factors are positive unless a rate is infinite or as good as that
		least = m.spot.Min(f.asset).Min(f.bond)
	}
	inside := least.Min(s).Gt(b.Const(RowsLow)).And(f.asset.Add(f.bond).Add(s).Lt(b.Const(RowsHigh)))
	price = inside.Select(price, b.Const(math.NaN()))
	if e.Greeks > FirstOrder {
		f.d1, f.d2 = a1.CopySign(f.d1), a2.CopySign(f.d2)
	}
	return f, price
}

// ratio returns num, den and k with x/y = 2^k·(den+num)/(den−num) for positive normal x and y, the fraction between √½ and
// √2. num is exact.
func (b *Builder) ratio(x, y Expr) (num, den, k Expr) {
	p, q := x.Mantissa(), y.Mantissa()
	k = x.Exponent().Sub(y.Exponent())
	high, low := p.Gt(q.Times(math.Sqrt2)), q.Gt(p.Times(math.Sqrt2))
	k = high.Select(k.Plus(1), low.Select(k.Plus(-1), k))
	p, q = low.Select(p.Add(p), p), high.Select(q.Add(q), q)
	return p.Sub(q), p.Add(q), k
}

// joinRatio returns k·ln2 + 2·artanh(z), the logarithm of what ratio has split, z being num/den.
func joinRatio(z, k Expr) Expr {
	zz := z.Square()
	r := z.FMA(horner(zz, logPoly).Mul(zz), k.Times(ln2Lo))
	return k.FMA(z.lit(ln2Hi), z.FMA(z.lit(2), r))
}

// BachelierRows is [Bachelier] for columns of options, with the set of Greeks, in the form for speed: by
// s·φ(d)·(1 − |d|·M(|d|)), M being the Mills ratio, to which in the money the intrinsic value is added. The inputs are
// sign, F, K, T, sigma, D and, for the Greeks, r = −ln(D)/T. The graph is fully expanded.
//
// The price is NaN where T, D or σ√T is not above [RowsLow], or where |F|, |K|, D or σ√T is not below [RowsHigh]; the
// sign is taken as it is.
func BachelierRows(set Greeks) *Graph {
	b := New("rowsBachelier")
	sign, spot, strike := b.Input("sign"), b.Input("F"), b.Input("K")
	tau, vol, discount := b.Input("T"), b.Input("sigma"), b.Input("D")
	rootT := tau.Sqrt()
	s := vol.Mul(rootT).Named("s")
	inv := b.Const(1).Div(s)
	m := spot.Sub(strike).Named("m")
	d := m.Mul(inv).Named("d")
	a := b.Const(farOut).Min(d.Abs())
	p, q := b.tailDenominators(a)
	r := b.Const(1).Div(p.Mul(q))
	u, poly := b.tailPoly(a, p.Mul(r))
	g := poly.FMA(u, b.Const(0.5)).Mul(q.Mul(r)) // Φ(−a) = e^(−a²/2)·G
	w, n := b.gauss(a)
	bell := discount.FMA(w, discount).Scale(n).Named("E")
	density := bell.Mul(b.Symbol(SymInvSqrt2Pi))
	zero := b.Const(0)
	gain := sign.Mul(m)
	worthless := gain.Lt(zero)
	intrinsic := worthless.Select(zero, discount.Mul(gain))
	slope := a.Neg().FMA(g, b.Symbol(SymInvSqrt2Pi))
	price := bell.Mul(s).FMA(slope, intrinsic)
	size := spot.Abs().Add(strike.Abs()).Add(discount).Add(s)
	inside := discount.Min(tau).Min(s).Gt(b.Const(RowsLow)).And(size.Lt(b.Const(RowsHigh)))
	out := []Expr{inside.Select(price, b.Const(math.NaN()))}
	if set > PriceOnly {
		rate := b.Input("r")
		price = out[0]
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
