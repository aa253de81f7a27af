package formula

import (
	"math"
	"math/big"
)

// Sin returns sin x to p bits, for any x.
func (m *bigMath) Sin(x *big.Float, p uint) *big.Float {
	if x == nil || x.IsInf() {
		return nil
	}
	if x.Sign() == 0 {
		return round(x, p)
	}
	return m.quadrant(x, p, 0)
}

// Cos returns cos x to p bits, for any x.
func (m *bigMath) Cos(x *big.Float, p uint) *big.Float {
	if x == nil || x.IsInf() {
		return nil
	}
	if x.Sign() == 0 {
		return float(p).SetInt64(1)
	}
	return m.quadrant(x, p, 1)
}

// quadrant returns sin(x + shift·π/2).
func (m *bigMath) quadrant(x *big.Float, p uint, shift int64) *big.Float {
	halvings := uint(math.Sqrt(float64(p))/3) + 2
	w := p + guard + 2*halvings
	n, r := m.reduce(x, w)
	s, c := sincosSmall(r, w, halvings)
	switch n.Add(n, big.NewInt(shift)); n.And(n, big.NewInt(3)).Int64() {
	case 1:
		s = c
	case 2:
		s.Neg(s)
	case 3:
		s = c.Neg(c)
	}
	return round(s, p)
}

// reduce returns n and r with x = n·π/2 + r, |r| <= π/4, and r to w bits relative to itself.
func (m *bigMath) reduce(x *big.Float, w uint) (*big.Int, *big.Float) {
	for extra := above(exponent(x)) + 8; ; {
		half := round(m.Pi(w+extra), w+extra)
		half.SetMantExp(half, -1)
		n := nearest(float(w+extra).Quo(x, half))
		t := float(w + extra).SetInt(n)
		r := float(w+extra).Sub(x, t.Mul(t, half))
		if n.Sign() == 0 {
			return n, round(x, w)
		}
		lost := w + 8
		if r.Sign() != 0 {
			lost = above(-exponent(r))
		}
		if need := above(exponent(x)) + lost + 8; need > extra {
			extra = need
			continue
		}
		return n, r
	}
}

// nearest returns the integer nearest to x, ties to even.
func nearest(x *big.Float) *big.Int {
	n, _ := x.Int(nil)
	rest := float(x.Prec()+8).Sub(x, float(max(x.Prec(), uint(n.BitLen()))+8).SetInt(n))
	half := rest.Cmp(big.NewFloat(0.5))
	if rest.Signbit() {
		half = -rest.Cmp(big.NewFloat(-0.5))
	}
	if half > 0 || half == 0 && n.Bit(0) == 1 {
		n.Add(n, big.NewInt(int64(x.Sign())))
	}
	return n
}

// sincosSmall returns sin r and cos r for |r| <= π/4 by Taylor series of r/2^h and doubling.
func sincosSmall(r *big.Float, w, h uint) (s, c *big.Float) {
	one := big.NewFloat(1)
	if r.Sign() == 0 {
		return float(w), float(w).SetInt64(1)
	}
	y := float(w)
	y.SetMantExp(r, -int(h))
	y2 := float(w).Mul(y, y)
	s, c = round(y, w), float(w).SetInt64(1)
	ts, tc, n := round(y, w), float(w).SetInt64(1), float(64)
	for i := int64(1); ; i += 2 {
		tc.Quo(tc.Mul(tc, y2), n.SetInt64(i*(i+1)))
		tc.Neg(tc)
		ts.Quo(ts.Mul(ts, y2), n.SetInt64((i+1)*(i+2)))
		ts.Neg(ts)
		if tc.Sign() == 0 || exponent(tc) < -int(w) {
			break
		}
		c.Add(c, tc)
		s.Add(s, ts)
	}
	t := float(w)
	for range h {
		// sin 2y = 2 sin y cos y, cos 2y = 1 − 2 sin² y
		t.Mul(s, s)
		s.Mul(s, c)
		s.SetMantExp(s, 1)
		c.Sub(one, t.SetMantExp(t, 1))
	}
	return s, c
}
