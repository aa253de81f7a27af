package formula

import "math"

// Where ImpliedVolRows gives a volatility: for a log-moneyness up to impliedXi and where the guess y is below impliedY, for
// which it is good, and down to prices of impliedFar = −ln(price/|F−K|). The series serves t up to seriesT, a·t up to seriesAT.
const (
	impliedXi  = 2
	impliedY   = 1.25
	impliedFar = 36
	seriesT    = 0.5
	seriesAT   = 0.3
	lastStep   = 1e-4 // a smaller step, relative to s/(1+ξ), is the last: the next would be of its fourth power
	lnSqrt2Pi  = 0.918938533204672741780329736405617639861397473637783412817
)

// The Bachelier volatility of an option worth u that is m out of the money, relative error below 1e-6: numerators and
// denominators of rational functions of (m/2c)², for half the straddle c = u + m/2 where u >= m/8; of ln(m/u) where that
// is below 9; and of its square root beyond.
var (
	normalNear = [2][]float64{
		{2.5066282697036235, -4.495307470442576, 2.3702257425619564, -0.3321212602648447},
		{1, -1.4750586242987402, 0.5604987752341686, -0.034609876633882534},
	}
	normalMid = [2][]float64{
		{1, 0.20763913696183744, 0.08575011348466485, 0.003952768168751308},
		{0.2730545814174773, 0.26401808936352344, 0.10387074805423929, 0.03401333246907679, 0.000355708637397832},
	}
	normalFar = [2][]float64{
		{1, -0.417117884663246, 0.7539411617973747, 0.0004575281611257927},
		{1.7986441045939563, -0.8016871447698395, -1.0122795309331238, 1.0892590052738209},
	}
)

// ImpliedVolRows is the Black volatility of columns of prices. The inputs are sign, P, the discounted price, F, K, T and D;
// the output is vol. It is for what a market has, a log-moneyness ξ = |ln(F/K)| up to 2, s = σ√T up to 1 or, far from the money,
// up to √(2ξ), and an option worth 1e-15 of |F−K|; there one step of Householder's method on the logarithm of the price is
// enough from a Bachelier volatility mapped to a lognormal one, and the step's size is checked. Everywhere else vol is NaN and the caller does the row otherwise. The graph is fully expanded.
//
// With a = ξ/s, t = s/2 and the Mills ratio M, the price in units of √(FK) is φ(a)e^(−t²/2)·R, R = M(a−t) − M(a+t), by
// its series in t or as it stands. The relative error that s gets from R is its error divided by s: so 1 − a·M(a), from
// which the series starts, need only be exact to ε, and the difference may cancel where s is not small.
func ImpliedVolRows() *Graph {
	b := New("rowsImpliedVol")
	sign, quote, forward, strike := b.Input("sign"), b.Input("P"), b.Input("F"), b.Input("K")
	tau, discount := b.Input("T"), b.Input("D")
	one := b.Const(1)

	u, m := b.outOfTheMoney(sign, quote.Div(discount), forward, strike)
	num, den, k := b.ratio(forward, strike)
	xi := joinRatio(num.Div(den), k).Abs().Named("xi")
	scale := forward.Mul(strike).Sqrt()

	s := b.impliedGuess(u, m, xi, scale)
	inside := u.Gt(b.Const(0)).And(xi.Le(b.Const(impliedXi))).And(sign.Square().Eq(one))
	inside = inside.And(forward.Min(strike).Min(discount).Min(tau).Gt(b.Const(RowsLow)))
	inside = inside.And(forward.Add(strike).Add(discount).Add(tau).Lt(b.Const(RowsHigh)))

	inv := one.Div(s)
	a := xi.Mul(inv)
	a = a.Neg().FMA(s, xi).FMA(inv, a).Named("a") // ξ/s, the last bit put right
	t := s.Times(0.5)
	aa, p := a.Square(), t.Square()
	q, good := b.millsDifference(a, t, p)
	inside = inside.And(good)
	g := q.Mul(inv)
	fn, fd, fk := b.ratio(q.Mul(scale), u)
	f := joinRatio(fn.Div(fd), fk).Plus(-lnSqrt2Pi).Sub(aa.Add(p).Times(0.5)).Named("f")
	step := householder(f, g, aa, p)
	inside = inside.And(step.Abs().Mul(xi.Add(one)).Lt(b.Const(lastStep)))
	vol := s.FMA(step, s).Div(tau.Sqrt())
	b.Output("vol", inside.Select(vol, b.Const(math.NaN())))
	return Expand(b.MustGraph())
}

// outOfTheMoney returns the undiscounted price u of the out-of-the-money option of the pair, the intrinsic value having been
// taken off to its last bit, and m = |F−K|.
func (b *Builder) outOfTheMoney(sign, price, forward, strike Expr) (u, m Expr) {
	gap := forward.Sub(strike)
	back := gap.Sub(forward)
	rest := forward.Sub(gap.Sub(back)).Sub(strike.Add(back)) // forward − strike = gap + rest
	gain := sign.Mul(gap)
	u = gain.Gt(b.Const(0)).Select(price.Sub(gain).Sub(sign.Mul(rest)), price)
	return u.Named("u"), gap.Abs()
}

// householder returns the relative step of Householder's method of order four, n(1 + h2·n/2)/(1 + n(h2 + h3·n/6)) with
// n = −f·g, l = a² − t², h2 = l − 1/g and h3 = l² − 3a² − t² + (2/g − 3l)/g, the divisions by g multiplied out.
func householder(f, g, aa, tt Expr) Expr {
	one := f.lit(1)
	l := aa.Sub(tt)
	lg := l.Mul(g)
	h2 := f.Mul(one.Sub(lg))
	h3 := f.Square().Mul(g.Square().FMA(l.FMA(l, aa.FMA(f.lit(-3), tt.Neg())), lg.FMA(f.lit(-3), f.lit(2))))
	return f.Mul(g).Neg().Mul(h2.FMA(f.lit(0.5), one)).Div(h3.FMA(f.lit(1.0/6), h2.Add(one))).Named("step")
}

// bachelierGuess returns the normal volatility of an option worth u that is m out of the money as a quotient, relative error
// below 1e-6, and where u is large enough for it.
func (b *Builder) bachelierGuess(u, m Expr) (top, bottom, good Expr) {
	straddle := m.FMA(b.Const(0.5), u)
	near := m.Times(0.125).Le(u)
	num, den, k := b.ratio(m, u)
	z := near.Select(m.Times(0.5), num).Div(near.Select(straddle, den)) // m/2c, or that of ln(m/u)
	zz := z.Square()
	log := k.FMA(b.Const(math.Ln2), z.Mul(horner(zz, []float64{2, 2.0 / 3, 2.0 / 5, 2.0 / 7})))
	root := log.Sqrt()
	mid := log.Lt(b.Const(9))
	pick := func(i int) Expr {
		return near.Select(horner(zz, normalNear[i]), mid.Select(horner(log, normalMid[i]), horner(root, normalFar[i])))
	}
	return pick(0).Mul(near.Select(straddle, m)), pick(1), near.Or(log.Lt(b.Const(impliedFar)))
}

// impliedGuess returns a total volatility, relative error below 1e-4 or so near the money, and NaN where the price is too
// small or too large for it.
func (b *Builder) impliedGuess(u, m, xi, scale Expr) Expr {
	top, bottom, good := b.bachelierGuess(u, m)
	// The normal volatility times ξ/m, or its limit 1/√(FK), in one quotient.
	apart := m.Gt(b.Const(0))
	y := top.Mul(apart.Select(xi, b.Const(1))).Div(bottom.Mul(apart.Select(m, scale)))
	// The inverse of the error function in y, and the first term in ξ.
	y2 := y.Square()
	c := y2.FMA(y2.FMA(b.Const(0.00945), b.Const(0.0875)), xi.Square().FMA(b.Const(-0.008), b.Const(1)))
	s := y.FMA(y2.Mul(c).Times(1.0/24), y)
	return y.Lt(b.Const(impliedY)).And(good).Select(s, b.Const(math.NaN()))
}

// BachelierImpliedVolRows is the normal volatility of columns of prices, with the inputs and the output of [ImpliedVolRows].
// The guess is good enough for one step everywhere but for options worth less than 1e-15 of |F−K|; there, and for bad
// inputs and those beyond [RowsLow] and [RowsHigh], vol is NaN. The graph is fully expanded.
func BachelierImpliedVolRows() *Graph {
	b := New("rowsBachelierImpliedVol")
	sign, quote, forward, strike := b.Input("sign"), b.Input("P"), b.Input("F"), b.Input("K")
	tau, discount := b.Input("T"), b.Input("D")
	low, high := b.Const(RowsLow), b.Const(RowsHigh)
	u, m := b.outOfTheMoney(sign, quote.Div(discount), forward, strike)
	top, bottom, good := b.bachelierGuess(u, m)
	inside := good.And(u.Min(discount).Min(tau).Gt(low)).And(m.Gt(low).Or(m.Eq(b.Const(0)))).And(sign.Square().Eq(b.Const(1)))
	inside = inside.And(forward.Abs().Add(strike.Abs()).Add(u).Add(discount).Add(tau).Lt(high))

	s := top.Div(bottom)
	inv := b.Const(1).Div(s)
	a := m.Mul(inv)
	a = a.Neg().FMA(s, m).FMA(inv, a).Named("a") // m/s, the last bit put right
	aa := a.Square()
	g := a.Neg().FMA(b.tailAlone(b.Const(b.approx().farOut).Min(a)).Times(math.Sqrt(2*math.Pi)), b.Const(1)).Named("slope")
	num, den, k := b.ratio(s.Mul(g), u)
	f := joinRatio(num.Div(den), k).Plus(-lnSqrt2Pi).Sub(aa.Times(0.5)).Named("f")
	vol := s.FMA(householder(f, g, aa, b.Const(0)), s).Div(tau.Sqrt())
	b.Output("vol", inside.Select(vol, b.Const(math.NaN())))
	return Expand(b.MustGraph())
}

// millsDifference returns R(a,t) = M(a−t) − M(a+t), and where it is good: for t up to a, by the difference, and by its series
// in t for t and a·t that are small; p is t². The series is 2t·Σ c_k with c_0 = 1 − a·M(a) and
// c_(k+1) = ((e + (4k+3)p)·c_k − p²·c_(k−1))/((2k+2)(2k+3)), e = (at)², with −p/6 in c_1.
func (b *Builder) millsDifference(a, t, p Expr) (r, good Expr) {
	at := a.Mul(t)
	series := t.Le(b.Const(seriesT)).And(at.Le(b.Const(seriesAT)))
	low, high := series.Select(a, a.Sub(t)), a.Add(t)
	far := b.Const(b.approx().farOut)
	g1, g2 := b.tails(far.Min(low), far.Min(high))
	root := b.Const(math.Sqrt(2 * math.Pi))
	m1 := g1.Mul(root)
	slope := a.Neg().FMA(m1, b.Const(1)).Named("slope")

	e, pp := at.Square(), p.Square()
	before, last := slope, slope
	terms := []Expr{slope}
	for k := range 10 {
		i := float64(k)
		back := p
		if k > 0 {
			back = pp.Mul(before)
		}
		next := p.FMA(b.Const(4*i+3), e).FMA(last, back.Neg()).Times(1 / ((2*i + 2) * (2*i + 3)))
		terms = append(terms, next)
		before, last = last, next
	}
	sum := terms[10]
	for k := 9; k >= 0; k-- {
		sum = terms[k].Add(sum)
	}
	r = series.Select(t.Add(t).Mul(sum), g2.Neg().FMA(root, m1))
	return r, series.Or(t.Le(a))
}
