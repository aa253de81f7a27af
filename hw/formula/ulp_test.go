package formula

import (
	"math"
	"math/big"
)

// ulpError returns |got − want| in units in the last place of the float64 nearest to want; 0 if both round alike
// beyond the range, and +Inf where one is NaN or infinite and the other is not.
func ulpError(got float64, want *big.Float) float64 {
	if want == nil || math.IsNaN(got) {
		if want == nil && math.IsNaN(got) {
			return 0
		}
		return math.Inf(1)
	}
	near, _ := want.Float64()
	if math.IsInf(near, 0) || math.IsInf(got, 0) {
		if near == got {
			return 0
		}
		return math.Inf(1)
	}
	// The spacing of float64 at the exact value.
	ulp := math.SmallestNonzeroFloat64
	if want.Sign() != 0 {
		ulp = math.Ldexp(1, max(want.MantExp(nil)-53, -1074))
	}
	d := new(big.Float).SetPrec(200).SetFloat64(got)
	d.Sub(d, want)
	d.Quo(d, big.NewFloat(ulp))
	f, _ := d.Float64()
	return math.Abs(f)
}

// sameBits reports whether x and y are the same number, zeros by sign, or both NaN.
func sameBits(x, y float64) bool {
	return math.Float64bits(x) == math.Float64bits(y) || math.IsNaN(x) && math.IsNaN(y)
}
