package formula

import "math"

// The rows forms compute in the range that rows usually have: legs, discount factors and total volatilities in (RowsLow,
// RowsHigh), in [Float32] in (RowsLow32, RowsHigh32), where the time must be in it too. Within it nothing overflows on the
// way, and what has underflowed is not felt.
const (
	RowsLow    = 1e-100
	RowsHigh   = 1e100
	RowsLow32  = 1e-9
	RowsHigh32 = 1e9
)

// Rows is the rows form of [Black76] and [BSM], with the Greeks wanted: what array kernels are compiled from. Because
// A·φ(d1) = B·φ(d2) for the legs A = S·e^(−qT) and B = K·e^(−rT), one exponential serves both tails, and both tails share one
// division:
//
//	A·Φ(u) = E·G(|u|) for u < 0, A − E·G(|u|) else, E = A·e^(−d1²/2), and likewise B with the same E
//
// The logarithm of the moneyness is 2·artanh((S−K)/(S+K)) of the mantissas, so that it has its relative accuracy at the money
// too, and its quotient shares one division with 1/(σ√T) and 1/S. So a price has, beside the discount factors, one
// exponential, one root, two divisions and the polynomial of a logarithm. In the money the option of the other side is added to the
// intrinsic value, so that put-call parity holds to the last place. The Greeks are products with what the price has
// computed. The graph is fully expanded.
//
// Against the definition at 160 bits the price is within 5e-16 of the greater of spot and strike, and a Greek within 1e-14
// of its greatest size; in [Float32] within 3e-7 and 3e-6. Out of the money the price keeps its relative accuracy, up to what the
// difference of two tails leaves.
//
// The price is NaN where the definition has none, where S, K, D, a leg or σ√T is not above [RowsLow], and where the sum of
// the legs and σ√T is not below [RowsHigh]; so also where there is no volatility or no time: a caller does those rows
// otherwise. The sign is taken as it is, and a NaN there makes the price NaN. Only the price says that a row is outside.
func (e European) Rows() *Graph {
	b := NewFormat([...]string{GivenForward: "rowsBlack76", GivenSpot: "rowsBlackScholes", GivenSpotYield: "rowsBSM"}[e.Market], e.Format)
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
func (e European) rows(b *Builder, m market) (f legs, price Expr) {
	f = legs{market: m, asset: m.spot, rootT: m.tau.Sqrt()}
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
	far, zero := b.Const(b.approx().farOut), b.Const(0)
	a1, a2 := far.Min(f.d1.Abs()), far.Min(f.d2.Abs())
	g1, g2 := b.tails(a1, a2)
	w, n := b.gauss(a1)
	bell := f.asset.Mul(w.Plus(1).Scale(n)).Named("E") // a scaling of what is known to be small is the cheaper one
	f.density = bell.Mul(b.Symbol(SymInvSqrt2Pi))
	// sign·A·Φ(sign·d1) is sign·A, if that is the greater part, less E·G(|d1|) with the sign of d1. That sign decides also where d1
	// is zero, of which a comparison with zero would not see the sign.
	other := m.sign.Neg()
	whole := func(worth, d Expr) Expr { return b.Const(1).CopySign(d).Eq(other).Select(zero, m.sign.Mul(worth)) }
	whole1, whole2 := whole(f.asset, f.d1), whole(f.bond, f.d2)
	g1, g2 = g1.CopySign(f.d1), g2.CopySign(f.d2)
	f.n1, f.n2 = bell.Neg().FMA(g1, whole1).Named("N1"), bell.Neg().FMA(g2, whole2).Named("N2")
	price = bell.FMA(g2.Sub(g1), whole1.Sub(whole2))

	least := m.spot.Min(m.strike).Min(discount)
	if e.Market != GivenForward { // discount factors are positive unless a rate is infinite or as good as that
		least = m.spot.Min(f.asset).Min(f.bond)
	}
	inside := b.within(least.Min(s), f.asset.Add(f.bond).Add(s), m.tau)
	price = inside.Select(price, b.Const(math.NaN()))
	if e.Greeks > FirstOrder {
		f.d1, f.d2 = a1.CopySign(f.d1), a2.CopySign(f.d2)
	}
	return f, price
}

// within reports whether the least and the greatest of a row are within the range of rows, in Float32 its time as well.
func (b *Builder) within(least, greatest, tau Expr) Expr {
	p := b.approx()
	if b.format == Float32 {
		least, greatest = least.Min(tau), greatest.Add(tau)
	}
	return least.Gt(b.Const(p.rowsLow)).And(greatest.Lt(b.Const(p.rowsHigh)))
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
	p := z.b.approx()
	zz := z.Square()
	r := z.FMA(horner(zz, p.logPoly).Mul(zz), k.Times(p.ln2Lo))
	return k.FMA(z.lit(p.ln2Hi), z.FMA(z.lit(2), r))
}

// legs holds what the price and the Greeks share.
type legs struct {
	market
	asset, bond     Expr // A = S·e^(−qT) and B = K·e^(−rT)
	n1, n2          Expr // sign·A·Φ(sign·d1) and sign·B·Φ(sign·d2)
	density         Expr // A·φ(d1) = B·φ(d2)
	d1, d2          Expr
	rootT, invS     Expr // √T and 1/S
	invVol, invStdv Expr // 1/σ and 1/(σ√T)
}

// first returns delta, gamma, vega, theta and rho. Everything is a product with what the price has computed.
func (e European) first(f legs, price Expr) []Expr {
	delta := f.n1.Mul(f.invS)
	gamma := f.density.Mul(f.invS).Mul(f.invS.Mul(f.invStdv))
	vega := f.density.Mul(f.rootT)
	decay := f.density.Mul(f.vol.Mul(f.vol).Mul(f.invStdv)).Times(-0.5) // −A·φ(d1)·σ/(2√T)
	var theta, rho Expr
	switch e.Market {
	case GivenForward:
		theta = f.rate.FMA(price, decay)
		rho = f.tau.Neg().Mul(price)
	case GivenSpot:
		theta = f.rate.Neg().FMA(f.n2, decay)
		rho = f.tau.Mul(f.n2)
	default:
		theta = f.rate.Neg().FMA(f.n2, f.yield.FMA(f.n1, decay))
		rho = f.tau.Mul(f.n2)
	}
	return []Expr{delta, gamma, vega, theta, rho}
}

// second returns vanna, volga, charm, speed, zomma and color (Haug, The Complete Guide to Option Pricing Formulas, 2nd
// ed. 2007, chapter 2).
func (f legs) second(delta, gamma, vega Expr) []Expr {
	one := f.d1.lit(1)
	dd := f.d1.Mul(f.d2)
	perS := f.density.Mul(f.invS)
	vanna := perS.Mul(f.d2.Mul(f.invVol)).Neg()
	volga := vega.Mul(dd.Mul(f.invVol))
	speed := gamma.Mul(f.invS).Mul(f.d1.FMA(f.invStdv, one)).Neg()
	zomma := gamma.Mul(dd.Sub(one).Mul(f.invVol))

	h := f.vol.Mul(f.invStdv).Square().Times(0.5) // 1/(2T)
	move := h.Neg().Mul(f.d2)                     // (r−q)/(σ√T) − d2/(2T)
	tilt := h.Mul(one.Sub(dd))                    // q + d1·(r−q)/(σ√T) + (1 − d1·d2)/(2T), q being r for a forward
	growth := Expr{}
	own := f.rate
	switch {
	case f.discount.b != nil:
	case f.yield.b != nil:
		own, growth = f.yield, f.rate.Sub(f.yield)
	default:
		own, growth = Expr{}, f.rate
	}
	if growth.b != nil {
		drift := growth.Mul(f.invStdv)
		move = move.Add(drift)
		tilt = drift.FMA(f.d1, tilt)
	}
	charm := perS.Mul(move).Neg()
	if own.b != nil {
		tilt = tilt.Add(own)
		charm = own.FMA(delta, charm)
	}
	return []Expr{vanna, volga, charm, speed, zomma, gamma.Mul(tilt)}
}
