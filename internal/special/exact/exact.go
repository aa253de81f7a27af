// Package exact computes the functions of package special, and those that are built on them, with 320 bits from series that
// share nothing with the code under test. It is for tests only.
package exact

import (
	"math"
	"math/big"
)

// Prec is the precision of every result in bits.
const Prec = 320

const prec = Prec

// Of is a double as a big number.
func Of(x float64) *big.Float { return new(big.Float).SetPrec(prec).SetFloat64(x) }

// Add returns a + b.
func Add(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Add(a, b) }

// Sub returns a − b.
func Sub(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Sub(a, b) }

// Mul returns a·b.
func Mul(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Mul(a, b) }

// Quo returns a/b.
func Quo(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Quo(a, b) }

// Sqrt returns √x.
func Sqrt(x *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Sqrt(x) }

// Pi is π.
var Pi, _ = new(big.Float).SetPrec(prec).SetString(
	"3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651")

// Exp sums the exponential series of x/2³⁰ and squares 30 times.
func Exp(x *big.Float) *big.Float {
	r := new(big.Float).SetPrec(prec).SetMantExp(x, -30)
	s, t := Of(1), Of(1)
	for n := 1; n < 19; n++ {
		t = Quo(Mul(t, r), Of(float64(n)))
		s = Add(s, t)
	}
	for range 30 {
		s = Mul(s, s)
	}
	return s
}

// Log is Newton's method of order three on Exp.
func Log(x *big.Float) *big.Float {
	mant := new(big.Float)
	e := x.MantExp(mant)
	f, _ := mant.Float64()
	y := Of(math.Log(f) + float64(e)*math.Ln2)
	for range 3 {
		d := Sub(Quo(x, Exp(y)), Of(1)) // ln(1+d) = d − d²/2 + ...
		y = Add(y, Sub(d, Mul(Of(0.5), Mul(d, d))))
	}
	return y
}

// Mills is the Mills ratio of any x: √(π/2)e^(x²/2) − Σ x^(2k+1)/(2k+1)!! below 12 and Laplace's continued fraction above.
func Mills(x *big.Float) *big.Float {
	if x.Cmp(Of(12)) > 0 {
		t := x
		for k := 900; k > 0; k-- {
			t = Add(x, Quo(Of(float64(k)), t))
		}
		return Quo(Of(1), t)
	}
	x2 := Mul(x, x)
	s, t := x, x
	for k := 1; k < 5000; k++ {
		t = Quo(Mul(t, x2), Of(float64(2*k+1)))
		s = Add(s, t)
		if t.Sign() == 0 || t.MantExp(nil) < s.MantExp(nil)-prec && t.MantExp(nil) < -prec {
			break
		}
	}
	return Sub(Mul(Sqrt(Mul(Of(0.5), Pi)), Exp(Mul(Of(0.5), x2))), s)
}

// Erfcx is √(2/π)·M(√2·x).
func Erfcx(x *big.Float) *big.Float { return Mul(Sqrt(Quo(Of(2), Pi)), Mills(Mul(Sqrt(Of(2)), x))) }

// PDF is the standard normal density.
func PDF(x *big.Float) *big.Float {
	return Quo(Exp(Mul(Of(-0.5), Mul(x, x))), Sqrt(Mul(Of(2), Pi)))
}

// CDF is the standard normal distribution function.
func CDF(x *big.Float) *big.Float {
	if x.Sign() > 0 {
		return Sub(Of(1), Mul(PDF(x), Mills(x)))
	}
	return Mul(PDF(x), Mills(new(big.Float).Neg(x)))
}

// Err returns |got/want − 1|, or |got| if want is zero.
func Err(got float64, want *big.Float) float64 {
	if want.Sign() == 0 {
		return math.Abs(got)
	}
	d, _ := Quo(Sub(Of(got), want), want).Float64()
	return math.Abs(d)
}
