package model

import (
	"math"
	"math/cmplx"
)

// log1p returns ln(1+z), the principal branch, without loss of digits for small z.
func log1p(z complex128) complex128 {
	x, y := real(z), imag(z)
	if math.Abs(x)+math.Abs(y) > 0.5 {
		return cmplx.Log(1 + z)
	}
	return complex(0.5*math.Log1p(x*(2+x)+y*y), math.Atan2(y, 1+x))
}

// expm1 returns e^z − 1 without loss of digits for small z.
func expm1(z complex128) complex128 {
	x, y := real(z), imag(z)
	if y == 0 {
		return complex(math.Expm1(x), 0)
	}
	em1 := math.Expm1(x)
	sin, cos := math.Sincos(y)
	half := math.Sin(0.5 * y)
	return complex(em1*cos-2*half*half, (1+em1)*sin)
}

// exponentTo writes e^exponent(u) to dst: the plain way from an exponent to [Characteristic.CharFuncTo].
func exponentTo(dst, u []complex128, exponent func(complex128) complex128) {
	if len(dst) != len(u) {
		panic("model: CharFuncTo: dst and u differ in length")
	}
	for i, ui := range u {
		dst[i] = cmplx.Exp(exponent(ui))
	}
}

// timesI returns iu.
func timesI(u complex128) complex128 { return complex(-imag(u), real(u)) }

// logMoment is [Characteristic.LogMoment] from an exponent that is defined for lo < p < hi.
func logMoment(p, lo, hi float64, exponent func(complex128) complex128) float64 {
	switch {
	case math.IsNaN(p):
		return p
	case p == 0 || p == 1:
		return 0
	case !(p > lo && p < hi):
		return math.Inf(1)
	}
	return real(exponent(complex(0, -p)))
}
