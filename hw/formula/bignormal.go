package formula

import "math/big"

// NormPDF returns φ(x) to p bits.
func (m *bigMath) NormPDF(x *big.Float, p uint) *big.Float {
	if x == nil {
		return nil
	}
	return round(m.density(x, p+guard), p)
}

// density returns φ(x) to about w bits.
func (m *bigMath) density(x *big.Float, w uint) *big.Float {
	if x.IsInf() {
		return float(w)
	}
	if x.Sign() == 0 {
		return m.Symbol(SymInvSqrt2Pi, w)
	}
	h := float(w+2*above(exponent(x))).Mul(x, x)
	h.SetMantExp(h, -1)
	return float(w).Mul(m.Exp(h.Neg(h), w), m.Symbol(SymInvSqrt2Pi, w))
}

// NormCDF returns Φ(x) to p bits, relative to Φ(x) also far in the lower tail.
func (m *bigMath) NormCDF(x *big.Float, p uint) *big.Float {
	switch {
	case x == nil:
		return nil
	case x.IsInf() && x.Signbit():
		return float(p)
	case x.IsInf():
		return float(p).SetInt64(1)
	case x.Sign() == 0:
		return float(p).SetFloat64(0.5)
	}
	a := float(x.Prec()).Abs(x)
	w := p + guard
	size, _ := a.Float64()
	var lower *big.Float
	if size*size > float64(w)/8 {
		lower = float(w).Mul(m.density(a, w), mills(a, w))
	} else {
		// Φ(−a) = 1/2 − φ(a)(a + a³/3 + a⁵/15 + ...), which loses log2 of 1/Φ(−a) bits.
		w += uint(0.75*size*size) + 8
		lower = float(w).Mul(m.density(a, w), series(a, w))
		lower.Sub(big.NewFloat(0.5), lower)
	}
	if x.Signbit() {
		return round(lower, p)
	}
	return float(p).Sub(big.NewFloat(1), lower)
}

// series returns a + a³/3 + a⁵/(3·5) + ...
func series(a *big.Float, w uint) *big.Float {
	sum, term, a2, n := round(a, w), round(a, w), float(w).Mul(a, a), float(64)
	for i := int64(3); ; i += 2 {
		term.Mul(term, a2)
		term.Quo(term, n.SetInt64(i))
		if term.Sign() == 0 || exponent(term) < exponent(sum)-int(w) {
			return sum
		}
		sum.Add(sum, term)
	}
}

// mills returns Mills' ratio Φ(−a)/φ(a) by Laplace's continued fraction 1/(a + 1/(a + 2/(a + ...))). Its convergents lie
// on either side of the value in turn, so it stops when two of them agree.
func mills(a *big.Float, w uint) *big.Float {
	p0, p1 := float(w), float(w).SetInt64(1)
	q0, q1 := float(w).SetInt64(1), round(a, w)
	t, n := float(w), float(64)
	next := func(older, old *big.Float, i int64) (*big.Float, *big.Float) {
		older.Mul(older, n.SetInt64(i))
		older.Add(older, t.Mul(a, old))
		return old, older
	}
	for i := int64(1); ; i++ {
		p0, p1 = next(p0, p1, i)
		q0, q1 = next(q0, q1, i)
		if i%8 != 0 {
			continue
		}
		x, y := float(w).Quo(p0, q0), float(w).Quo(p1, q1)
		if d := float(w).Sub(x, y); d.Sign() == 0 || exponent(d) < exponent(x)-int(w)+8 {
			return y
		}
	}
}
