package formula

import "math"

const (
	// smallVol stands for a total volatility of zero: below it an option is its intrinsic value, and its square has a
	// reciprocal that is finite.
	smallVol = 1e-150
	// farOut bounds d1 and d2. e^(−d²/2) is zero there, so that nothing that is multiplied by it may overflow.
	farOut = 40
)

// fast holds what the price and the Greeks of the fast form share.
type fast struct {
	market
	asset, bond     Expr // A = S·e^(−qT) and B = K·e^(−rT)
	n1, n2          Expr // sign·A·Φ(sign·d1) and sign·B·Φ(sign·d2)
	density         Expr // A·φ(d1) = B·φ(d2)
	d1, d2          Expr
	rootT, invS     Expr // √T and 1/S
	invVol, invStdv Expr // 1/σ and 1/(σ√T)
}

// Fast is the European formula in the form made for speed, with the Greeks wanted. Because A·φ(d1) = B·φ(d2) one
// exponential serves both tails, and both tails share one division:
//
//	A·Φ(u) = E·G(|u|) for u < 0, A − E·G(|u|) else, E = A·e^(−d1²/2), and likewise B with the same E
//
// so that a price has, beside the discount factors, one exponential, one logarithm, one square root and three divisions.
// Out of the money it keeps its relative accuracy, up to what the difference of two tails leaves. Against the definition at
// 160 bits the price is within 5e-16 of the greater of spot and strike, and a Greek within 1e-14 of its greatest size. The
// graph is fully expanded.
//
// A row outside the domain (sign not ±1, F, S, K or D not positive, T or sigma negative, anything infinite or NaN) has NaN
// in every output; only r of GivenForward is not looked at, which theta alone uses. No volatility and no time give the
// intrinsic value and its Greeks; at the money, where a Greek is infinite, it is huge. Fast panics for a market or a set of
// Greeks that is not one of the constants.
func (e European) Fast() *Graph {
	b := New([...]string{GivenForward: "fastBlack76", GivenSpot: "fastBlackScholes", GivenSpotYield: "fastBSM"}[e.Market])
	f := e.core(b, e.inputs(b))
	price := f.n1.Sub(f.n2)
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

// core builds the price's legs.
func (e European) core(b *Builder, m market) fast {
	f := fast{market: m, asset: m.spot, rootT: m.tau.Sqrt()}
	zero, inf := b.Const(0), b.Const(math.Inf(1))
	x := m.spot.Div(m.strike).Log()
	valid := m.strike.Gt(zero).And(m.vol.Ge(zero)).And(m.sign.Abs().Eq(b.Const(1)))
	discount := m.discount
	switch e.Market {
	case GivenForward:
		valid = valid.And(discount.Gt(zero))
		f.asset = m.spot.Mul(discount)
	case GivenSpot:
		x = m.rate.FMA(m.tau, x)
	case GivenSpotYield:
		x = m.rate.Sub(m.yield).FMA(m.tau, x)
		f.asset = m.spot.Mul(m.yield.Neg().Mul(m.tau).Exp())
	}
	if e.Market != GivenForward {
		discount = m.rate.Neg().Mul(m.tau).Exp()
	}
	f.bond = m.strike.Mul(discount)
	x.Named("x")
	s := m.vol.Mul(f.rootT)
	size := x.Abs().Add(s)
	if e.Market == GivenForward {
		size = size.Add(discount)
	}
	valid = valid.And(size.Lt(inf))
	s = valid.Select(b.Const(smallVol).Max(s), b.Const(math.NaN())).Named("s")
	if e.Greeks > PriceOnly { // one division for 1/s and 1/S
		q := b.Const(1).Div(s.Mul(m.spot))
		f.invStdv, f.invS = m.spot.Mul(q), s.Mul(q)
		f.invVol = f.rootT.Mul(f.invStdv)
	} else {
		f.invStdv = b.Const(1).Div(s)
	}
	half := s.Times(0.5)
	f.d1, f.d2 = x.FMA(f.invStdv, half), x.FMA(f.invStdv, half.Neg())
	far := b.Const(farOut)
	var a1, a2 Expr
	if e.Greeks > FirstOrder { // the distances themselves are needed
		f.d1, f.d2 = far.Neg().Max(far.Min(f.d1)), far.Neg().Max(far.Min(f.d2))
		a1, a2 = f.d1.Abs(), f.d2.Abs()
	} else {
		a1, a2 = far.Min(f.d1.Abs()), far.Min(f.d2.Abs())
	}
	f.d1.Named("d1")
	f.d2.Named("d2")
	g1, g2 := b.tails(a1, a2)
	w, n := b.gauss(a1)
	bell := f.asset.FMA(w, f.asset).Scale(n).Named("E")
	f.density = bell.Mul(b.Symbol(SymInvSqrt2Pi))
	leg := func(worth, d, g Expr) Expr {
		in := m.sign.Mul(d).Ge(zero)
		return m.sign.Mul(in.Select(bell.Neg().FMA(g, worth), bell.Mul(g)))
	}
	f.n1, f.n2 = leg(f.asset, f.d1, g1).Named("N1"), leg(f.bond, f.d2, g2).Named("N2")
	return f
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

// first returns delta, gamma, vega, theta and rho. Everything is a product with what the price has computed.
func (e European) first(f fast, price Expr) []Expr {
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
func (f fast) second(delta, gamma, vega Expr) []Expr {
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
