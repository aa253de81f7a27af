package rng

import (
	"math"
	"testing"
)

// eachVariant runs the test under every variant of the kernels that the machine can run.
func eachVariant(t *testing.T, test func(t *testing.T)) {
	defer func(v variant) { active = v }(active)
	for v := portable; v <= best; v++ {
		active = v
		t.Run(v.String(), test)
	}
}

// checkFloats compares what fill writes into a slice of length n, offset words into an array of guards, with want, bit
// for bit, and checks that the guards stand.
func checkFloats(t *testing.T, what string, n, offset int, fill func(dst []float64), want func(i int) float64) {
	t.Helper()
	const guard = 0x7FF8DEADBEEF0001 // a NaN
	s := make([]float64, offset+n+17)
	for i := range s {
		s[i] = math.Float64frombits(guard)
	}
	fill(s[offset:][:n:n])
	for i, x := range s {
		k := i - offset
		switch got := math.Float64bits(x); {
		case k < 0 || k >= n:
			if got != guard {
				t.Fatalf("%s: wrote outside, at index %d", what, k)
			}
		case got != math.Float64bits(want(k)):
			t.Fatalf("%s: index %d is %v (%x), want %v (%x)", what, k, x, got, want(k), math.Float64bits(want(k)))
		}
	}
}

// eachVariantQuiet runs f under every variant, without a subtest.
func eachVariantQuiet(f func(v variant)) {
	defer func(v variant) { active = v }(active)
	for v := portable; v <= best; v++ {
		active = v
		f(v)
	}
}
