package rng

import (
	"math"
	"math/big"
	"testing"
)

// digits is the precision, in bits, of the witness below.
const digits = 320

func bigFloat(x float64) *big.Float { return new(big.Float).SetPrec(digits).SetFloat64(x) }

func newBig() *big.Float { return new(big.Float).SetPrec(digits) }

// bigExp returns e^-t for t >= 0, by Taylor's series at t/1024, squared ten times.
func bigExp(t *big.Float) *big.Float {
	s := newBig().Neg(t)
	s.SetMantExp(s, -10)
	sum, term := bigFloat(1), bigFloat(1)
	for n := 1; n < 60; n++ {
		term.Mul(term, s)
		term.Quo(term, bigFloat(float64(n)))
		sum.Add(sum, term)
	}
	for range 10 {
		sum.Mul(sum, sum)
	}
	return sum
}

// quantileError returns the error of x as the normal quantile of u, relative to x: (Φ(x) − u)/(x·φ(x)), by the series
// Φ(z) = ½ + φ(z)·(z + z³/3 + z⁵/15 + ...), all of one sign, in 320 bits.
func quantileError(u, x float64) float64 {
	twoPi, _ := newBig().SetString("6.283185307179586476925286766559005768394338798750211641949889184615632812572417997256069650684234135964")
	z := bigFloat(x)
	square := newBig().Mul(z, z)
	half := newBig().SetMantExp(square, -1)
	density := newBig().Quo(bigExp(half), newBig().Sqrt(twoPi))
	sum, term := newBig().Set(z), newBig().Set(z)
	for n := 3; n < 900; n += 2 {
		term.Mul(term, square)
		term.Quo(term, bigFloat(float64(n)))
		sum.Add(sum, term)
		if term.Sign() == 0 || term.MantExp(nil) < sum.MantExp(nil)-digits {
			break
		}
	}
	e := newBig().Mul(density, sum)
	e.Add(e, bigFloat(0.5))
	e.Sub(e, bigFloat(u))
	e.Quo(e, density)
	e.Quo(e, z)
	f, _ := e.Float64()
	return f
}

// The error that the comment of quantileGeneric states, against the distribution function in 320 bits.
func TestNormalsExactError(t *testing.T) {
	const tolerance = 7e-16
	n := 4000
	if testing.Short() {
		n = 1000
	}
	u := uniformsForTest(n)
	x := append([]float64(nil), u...)
	quantile(x)
	worst, at := 0.0, 0.0
	for i, p := range u {
		if p == 0.5 {
			continue
		}
		if e := math.Abs(quantileError(p, x[i])); e > worst {
			worst, at = e, p
		}
	}
	t.Logf("largest relative error %.2e, at %v", worst, at)
	if !(worst < tolerance) {
		t.Errorf("relative error %.2e at %v", worst, at)
	}
	if e := quantileError(0.975, 1.959963984540054); !(math.Abs(e) < 2e-16) { // the witness, at a value from tables
		t.Errorf("witness: error %.2e", e)
	}
}
