package formula

// Payoff names a payment at expiry. The inputs are S and then those named; the output is payoff. Where sign is an input it
// is +1 for a call and −1 for a put. A NaN pays NaN.
type Payoff int

// The payoffs.
const (
	// VanillaPayoff is max(sign·(S−K), 0). Inputs S, K, sign.
	VanillaPayoff Payoff = iota
	// DigitalPayoff is 1 if sign·(S−K) > 0, else 0. Inputs S, K, sign.
	DigitalPayoff
	// AssetPayoff is S if sign·(S−K) > 0, else 0. Inputs S, K, sign.
	AssetPayoff
	// StraddlePayoff is |S−K|. Inputs S, K.
	StraddlePayoff
	// SpreadPayoff is min(max(S−K, 0), H−K) for K < H. Inputs S, K, H.
	SpreadPayoff
	// SmoothDigitalPayoff is the digital rising linearly from 0 at K−w/2 to 1 at K+w/2, which has a derivative for
	// pathwise Greeks. Inputs S, K, w.
	SmoothDigitalPayoff
)

// String returns the name of the graph.
func (p Payoff) String() string {
	names := [...]string{"vanilla", "digital", "asset", "straddle", "spread", "smoothDigital"}
	if p < 0 || int(p) >= len(names) {
		return "payoff?"
	}
	return names[p] + "Payoff"
}

// Graph returns the payoff as a formula. It panics for a payoff that is not one of the constants.
func (p Payoff) Graph() *Graph {
	b := New(p.String())
	s, k, zero, one := b.Input("S"), b.Input("K"), b.Const(0), b.Const(1)
	gain := s.Sub(k)
	var y Expr
	switch p {
	case VanillaPayoff:
		y = zero.Max(b.Input("sign").Mul(gain))
	case DigitalPayoff:
		y = paysAbove(b.Input("sign").Mul(gain), one)
	case AssetPayoff:
		y = paysAbove(b.Input("sign").Mul(gain), s)
	case StraddlePayoff:
		y = gain.Abs()
	case SpreadPayoff:
		y = b.Input("H").Sub(k).Min(zero.Max(gain))
	case SmoothDigitalPayoff:
		y = one.Min(zero.Max(gain.Div(b.Input("w")).Plus(0.5)))
	}
	b.Output("payoff", y)
	return b.MustGraph()
}

// paysAbove is y where x > 0, 0 where x <= 0, and NaN where x is.
func paysAbove(x, y Expr) Expr {
	zero := x.lit(0)
	return x.Gt(zero).Select(y, x.Le(zero).Select(zero, x))
}
