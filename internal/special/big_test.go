package special

import (
	"math"
	"math/big"
)

// Independent values of 240 bits, from series that share nothing with the tables under test.

const prec = 240

func bf(x float64) *big.Float        { return new(big.Float).SetPrec(prec).SetFloat64(x) }
func add(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Add(a, b) }
func sub(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Sub(a, b) }
func mul(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Mul(a, b) }
func quo(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Quo(a, b) }

var bigPi, _ = new(big.Float).SetPrec(prec).SetString(
	"3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651")

// bigExp sums the exponential series of x/2³⁰ and squares 30 times.
func bigExp(x *big.Float) *big.Float {
	r := new(big.Float).SetPrec(prec).SetMantExp(x, -30)
	s, t := bf(1), bf(1)
	for n := 1; n < 14; n++ {
		t = quo(mul(t, r), bf(float64(n)))
		s = add(s, t)
	}
	for range 30 {
		s = mul(s, s)
	}
	return s
}

// bigLog is Newton's method on bigExp.
func bigLog(x *big.Float) *big.Float {
	f, _ := x.Float64()
	y := bf(Log(f)) // only a start
	for range 2 {
		d := sub(quo(x, bigExp(y)), bf(1)) // ln(1+d) = d − d²/2
		y = add(y, sub(d, mul(bf(0.5), mul(d, d))))
	}
	return y
}

// bigMills is √(π/2)e^(z²/2) − Σ z^(2k+1)/(2k+1)!! below 10 and Laplace's continued fraction above.
func bigMills(z float64) *big.Float { return bigMillsAt(bf(z)) }

// bigErfcx is √(2/π)·M(√2·x).
func bigErfcx(x float64) *big.Float {
	root := func(v *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Sqrt(v) }
	return mul(root(quo(bf(2), bigPi)), bigMillsAt(mul(root(bf(2)), bf(x))))
}

func bigMillsAt(x *big.Float) *big.Float {
	if x.Cmp(bf(10)) > 0 {
		t := x
		for k := 500; k > 0; k-- {
			t = add(x, quo(bf(float64(k)), t))
		}
		return quo(bf(1), t)
	}
	x2 := mul(x, x)
	t := x
	s := x
	for k := 1; k < 600; k++ {
		t = quo(mul(t, x2), bf(float64(2*k+1)))
		s = add(s, t)
		if t.MantExp(nil) < -prec {
			break
		}
	}
	root := new(big.Float).SetPrec(prec).Sqrt(mul(bf(0.5), bigPi))
	return sub(mul(root, bigExp(mul(bf(0.5), x2))), s)
}

func bigPDF(x float64) *big.Float {
	e := bigExp(mul(bf(-0.5), mul(bf(x), bf(x))))
	return quo(e, new(big.Float).SetPrec(prec).Sqrt(mul(bf(2), bigPi)))
}

// bigErr is |got/want − 1|.
func bigErr(got float64, want *big.Float) float64 {
	d, _ := quo(sub(bf(got), want), want).Float64()
	return math.Abs(d)
}
