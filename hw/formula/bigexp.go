package formula

import (
	"math"
	"math/big"
)

// Exp returns e^x to p bits.
func (m *bigMath) Exp(x *big.Float, p uint) *big.Float {
	switch {
	case x == nil:
		return nil
	case x.Sign() == 0:
		return float(p).SetInt64(1)
	case x.IsInf() && x.Signbit():
		return float(p)
	case x.IsInf():
		return float(p).SetInf(false)
	}
	size := exponent(x)
	if size > 40 { // beyond big.Float's exponents
		if x.Signbit() {
			return float(p)
		}
		return float(p).SetInf(false)
	}
	// x = k ln2 + r, e^r = (e^(r/2^h))^(2^h), and a Taylor series for the last.
	halvings := uint(math.Sqrt(float64(p))/2) + 2
	w := p + guard + halvings + above(size)
	ln2 := m.Ln2(w + above(size))
	k, _ := float(64).Quo(x, ln2).Int64()
	r := float(w).Mul(ln2, big.NewFloat(float64(k)))
	r.Sub(x, r)
	if r.Sign() == 0 {
		return float(p).SetMantExp(big.NewFloat(1), int(k))
	}
	r.SetMantExp(r, -int(halvings))
	sum, term, n := float(w).Add(big.NewFloat(1), r), round(r, w), float(64)
	for i := int64(2); term.Sign() != 0 && exponent(term) > -int(w); i++ {
		term.Mul(term, r)
		term.Quo(term, n.SetInt64(i))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return float(p).SetMantExp(sum, int(k))
}

// Log returns ln x to p bits.
func (m *bigMath) Log(x *big.Float, p uint) *big.Float {
	switch {
	case x == nil, x.Sign() < 0:
		return nil
	case x.Sign() == 0:
		return float(p).SetInf(true)
	case x.IsInf():
		return float(p).SetInf(false)
	}
	f := float(x.Prec())
	k := x.MantExp(f)
	if v, _ := f.Float64(); v < math.Sqrt2/2 {
		f.SetMantExp(f, 1)
		k--
	}
	// f = e^y·(1+u) with y its logarithm in float64, so u is below 2^-50 or so. Near f = 1 the result is small and its
	// relative precision needs more bits of f − 1.
	d := float(x.Prec()+2).Sub(f, big.NewFloat(1))
	w := p + guard
	if d.Sign() != 0 {
		w += above(-exponent(d))
	}
	v, _ := f.Float64()
	y := math.Log(v)
	u := float(w).Mul(f, m.Exp(big.NewFloat(-y), w))
	u.Sub(u, big.NewFloat(1))
	sum := float(w).Add(log1p(u, w), big.NewFloat(y))
	if k != 0 {
		sum.Add(sum, float(w).Mul(m.Ln2(w+8), big.NewFloat(float64(k))))
	}
	return round(sum, p)
}

// log1p returns ln(1+u) for small u by 2 artanh(u/(2+u)).
func log1p(u *big.Float, w uint) *big.Float {
	if u.Sign() == 0 {
		return float(w)
	}
	s := float(w).Add(u, big.NewFloat(2))
	s.Quo(u, s)
	s2 := float(w).Mul(s, s)
	sum, power, n, term := round(s, w), round(s, w), float(64), float(w)
	for i := int64(3); ; i += 2 {
		power.Mul(power, s2)
		term.Quo(power, n.SetInt64(i))
		if term.Sign() == 0 || exponent(term) < exponent(sum)-int(w) {
			break
		}
		sum.Add(sum, term)
	}
	return sum.SetMantExp(sum, 1)
}
