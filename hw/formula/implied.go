package formula

// Iteration is a root-finding step.
type Iteration int

// The iterations: each uses one more derivative than the next, and near the root multiplies the correct digits by four,
// three and two.
const (
	Householder Iteration = iota
	Halley
	Newton
)

// ImpliedVolStep is one step towards the implied volatility, in Jäckel's normalised form ("Let's be rational", Wilmott
// 2015). The zero value is a step of Householder's method on the price.
type ImpliedVolStep struct {
	Iteration Iteration
	// LogPrice makes the function ln b(s) − ln β instead of b(s) − β. It converges where the option is far out of the money
	// and b is nearly e^(−x²/2s²); the input is then ln β.
	LogPrice bool
}

// Graph returns the step as a formula. The inputs are x = ln(F/K) of the out-of-the-money call, not positive (for a put
// exchange F and K); beta = price/(D·√(FK)), or log_beta = its logarithm; and s > 0, the total volatility σ√T reached so
// far. The outputs are s_next, the next s; b, the normalised price at s; and b_s, its derivative.
//
//	b(x, s) = e^(x/2)·Φ(x/s + s/2) − e^(−x/2)·Φ(x/s − s/2)
//	b' = e^(−(x²/s² + s²/4)/2)/√(2π),  b''/b' = x²/s³ − s/4,  b'''/b' = (b''/b')² − 3x²/s⁴ − 1/4
//
// It is fully expanded. A step may leave the bracket that the caller knows: keep s_next within it.
func (m ImpliedVolStep) Graph() *Graph {
	b := New("impliedVolStep")
	x := b.Input("x")
	var target Expr
	if m.LogPrice {
		target = b.Input("log_beta")
	} else {
		target = b.Input("beta")
	}
	s := b.Input("s")
	inv := b.Const(1).Div(s)
	h, t := x.Mul(inv).Named("h"), s.Times(0.5).Named("t")
	d1 := h.Add(t).Named("d1")
	a1, a2 := b.Const(b.approx().farOut).Min(d1.Abs()), b.Const(b.approx().farOut).Min(h.Sub(t).Abs())
	g1, g2 := b.tails(a1, a2)
	bell := h.FMA(h, t.Square()).Times(-0.5).Exp().Named("bell")
	price := d1.Lt(b.Const(0)).Select(
		bell.Mul(g1.Sub(g2)),
		x.Times(0.5).Exp().Sub(bell.Mul(g1.Add(g2)))).Named("b")
	slope := bell.Mul(b.Symbol(SymInvSqrt2Pi)).Named("b_s")

	h2 := h.Square().Mul(inv) // x²/s³
	r2 := s.FMA(b.Const(-0.25), h2)
	r3 := r2.FMA(r2, h2.Mul(inv).FMA(b.Const(-3), b.Const(-0.25)))
	var newton Expr // −f/f'
	if m.LogPrice {
		q := slope.Div(price)
		newton = target.Sub(price.Log()).Mul(price).Div(slope)
		// f = ln b − ln β: f''/f' = r2 − q, f'''/f' = r3 − 3·q·r2 + 2q²
		r3 = q.FMA(q.Times(2).Sub(r2.Times(3)), r3)
		r2 = r2.Sub(q)
	} else {
		newton = target.Sub(price).Div(slope)
	}
	newton.Named("newton")
	step := newton
	half := r2.Mul(newton).Times(0.5)
	switch m.Iteration {
	case Halley:
		step = newton.Div(half.Plus(1))
	case Householder:
		// ν(1 + r2·ν/2)/(1 + r2·ν + r3·ν²/6)
		bottom := r3.Mul(newton).Mul(newton).FMA(b.Const(1.0/6), half.FMA(b.Const(2), b.Const(1)))
		step = newton.Mul(half.Plus(1)).Div(bottom)
	}
	b.Output("s_next", s.Add(step))
	b.Output("b", price)
	b.Output("b_s", slope)
	return Expand(b.MustGraph())
}
