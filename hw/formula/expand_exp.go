package formula

import "math"

// Constants of the exponential. ln2Hi has 32 trailing zero bits, so n·ln2Hi is exact.
const (
	log2e = 0x1.71547652b82fep+0
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
)

// expPoly holds c2, c3 ... c11 of e^r ≈ 1 + r + Σ c_i r^i on |r| <= ln2/2, minimax with relative error 4.1e-18.
var expPoly = []float64{
	0.50000000000000122, 0.16666666666666477, 0.041666666666519754, 0.0083333333334550431, 0.0013888888945916382,
	0.00019841269589115522, 2.4801491039095041e-05, 2.7557514545825323e-06, 2.763090349011265e-07, 2.5022322567635338e-08,
}

// expandExp is e^x: clamp, reduce, 1 + r(1 + r·poly(r)), scale. The clamp keeps n within OpScale's domain; its operands are
// in the order that lets NaN through.
func (b *Builder) expandExp(x Expr) Expr {
	p := b.approx()
	x = b.Const(p.expLow).Max(b.Const(p.expHigh).Min(x))
	n := x.Nearest(b.Const(log2e))
	r := n.FMA(b.Const(-p.ln2Hi), x)
	r = n.FMA(b.Const(-p.ln2Lo), r)
	one := b.Const(1)
	return horner(r, p.expPoly).FMA(r, one).FMA(r, one).Scale(n)
}

// logPoly holds Lg1 ... Lg7 of fdlibm's e_log.c: log(1+f) = 2s + s·R, s = f/(2+f), R ≈ Σ Lg_i s^(2i), error 2^-58.45.
var logPoly = []float64{
	6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
	1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
}

// expandLog is ln x in fdlibm's form: x = (1+f)·2^k with 1+f in (√½, √2], and k·ln2 + f − (f²/2 − s(f²/2 + R)). At 0 and
// +Inf the exponent is infinite and carries through; only x < 0 needs a choice of its own.
func (b *Builder) expandLog(x Expr) Expr {
	m, k := splitLog(x)
	y := joinLog(m.Plus(-1), k, Expr{})
	return x.Lt(b.Const(0)).Select(b.Const(math.NaN()), y)
}

// splitLog returns m in (√½, √2] and an integer k with |x| = m·2^k.
func splitLog(x Expr) (m, k Expr) {
	m, k = x.Mantissa(), x.Exponent()
	high := m.Gt(x.lit(math.Sqrt2))
	return high.Select(m.Times(0.5), m), high.Select(k.Plus(1), k)
}

// joinLog returns k·ln2 + ln(1+f) + rest. rest, tiny, may be the zero Expr for none.
func joinLog(f, k, rest Expr) Expr {
	s := f.Div(f.Plus(2))
	z := s.Square()
	p := f.b.approx()
	r := horner(z, p.logPoly).Mul(z)
	half := f.Times(0.5).Mul(f)
	low := k.Times(p.ln2Lo)
	if rest.b != nil {
		low = low.Add(rest)
	}
	return k.FMA(f.lit(p.ln2Hi), f.Sub(half.Sub(s.FMA(half.Add(r), low))))
}
