package formula

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// Expm1 and Log1p against big.Float with enough bits for the cancellation.
func TestElementaryErrors(t *testing.T) {
	var m bigMath
	const prec = 1300
	one := big.NewFloat(1)
	expm1 := func(x float64) *big.Float {
		return float(prec).Sub(m.Exp(big.NewFloat(x), prec), one)
	}
	log1p := func(x float64) *big.Float {
		return m.Log(float(prec).Add(big.NewFloat(x), one), 200)
	}
	magnitude := func(lo, hi int) func(*rand.Rand) float64 {
		return func(rng *rand.Rand) float64 {
			return math.Copysign(math.Ldexp(1+rng.Float64(), lo+rng.IntN(hi-lo)), rng.Float64()-0.5)
		}
	}
	between := func(lo, hi float64) func(*rand.Rand) float64 {
		return func(rng *rand.Rand) float64 { return lo + (hi-lo)*rng.Float64() }
	}
	for _, c := range []struct {
		g     *Graph
		exact func(float64) *big.Float
		draw  func(*rand.Rand) float64
		bound float64
	}{
		{Expm1(), expm1, between(-2, 2), 1.2},
		{Expm1(), expm1, between(-60, 709.7), 1.2},
		{Expm1(), expm1, magnitude(-1000, 2), 1.2},
		{Log1p(), log1p, between(-1, 3), 0.8},
		{Log1p(), log1p, magnitude(-900, -1), 0.8},
		{Log1p(), log1p, func(rng *rand.Rand) float64 { return math.Ldexp(1+rng.Float64(), rng.IntN(1020)) }, 0.8},
	} {
		rng := rand.New(rand.NewPCG(61, 62))
		worst, at := 0.0, 0.0
		for range points(t, 300) {
			x := c.draw(rng)
			if u := ulpError(c.g.Eval(x)[0], c.exact(x)); u > worst {
				worst, at = u, x
			}
		}
		t.Logf("%s: %.3f ulp at %v", c.g.Name(), worst, at)
		if worst > c.bound {
			t.Errorf("%s: %.3f ulp at %v, want at most %v", c.g.Name(), worst, at, c.bound)
		}
	}
}

func TestElementarySpecialValues(t *testing.T) {
	inf, nan, negZero, tiny := math.Inf(1), math.NaN(), math.Copysign(0, -1), math.SmallestNonzeroFloat64
	for _, c := range []struct {
		g    *Graph
		x, y float64
	}{
		{Expm1(), 0, 0}, {Expm1(), negZero, negZero}, {Expm1(), inf, inf}, {Expm1(), -inf, -1}, {Expm1(), nan, nan}, {Expm1(), tiny, tiny},
		{Expm1(), -tiny, -tiny}, {Expm1(), -61, -1}, {Expm1(), -1e300, -1}, {Expm1(), 800, inf}, {Expm1(), 1, math.E - 1},
		{Log1p(), 0, 0}, {Log1p(), negZero, negZero}, {Log1p(), inf, inf}, {Log1p(), -inf, nan}, {Log1p(), nan, nan}, {Log1p(), tiny, tiny},
		{Log1p(), -tiny, -tiny}, {Log1p(), -1, -inf}, {Log1p(), -1.5, nan}, {Log1p(), math.MaxFloat64, 709.782712893384}, {Log1p(), 1, math.Ln2},
	} {
		if got := c.g.Eval(c.x)[0]; !sameBits(got, c.y) {
			t.Errorf("%s(%v) = %v, want %v", c.g.Name(), c.x, got, c.y)
		}
	}
}

func TestComplexExp(t *testing.T) {
	g, sc := ComplexExp(), SinCos()
	for _, z := range []complex128{0, 1i, -2 + 3i, 100 - 50i, -700 + 1i} {
		out, pair := g.Eval(real(z), imag(z)), sc.Eval(imag(z))
		r := Function(OpExp).Eval(real(z))[0]
		if !sameBits(out[0], r*pair[1]) || !sameBits(out[1], r*pair[0]) {
			t.Errorf("exp(%v) = %v, want %v times %v", z, out, r, pair)
		}
	}
	if s := Expand(SinCos()).Stats(); s.Total > Expand(Function(OpSin)).Stats().Total+8 {
		t.Errorf("sin and cos take %v", s)
	}
	defer func() {
		if recover() == nil {
			t.Error("Function took an operation on two numbers")
		}
	}()
	Function(OpAdd)
}
