package vec

import (
	"fmt"
	"math"
)

// A sum runs in lanes: element i belongs to lane i mod 32, or 16 where each lane carries two numbers, and the lanes meet
// in a fixed order. So the result depends on the numbers and their order alone, not on the variant.
const (
	sumLanes  = 32
	pairLanes = 16
)

// Sum returns Σ x[i]. Its error is at most (n/32 + 5)·2^-53 of Σ |x[i]|, a thirtieth of that of a plain loop.
func Sum(x []float64) float64 {
	var acc [sumLanes]float64
	whole := len(x) &^ (sumLanes - 1)
	sum(&acc, x[:whole])
	for i, v := range x[whole:] {
		acc[i] += v
	}
	return fold(&acc)
}

// Dot returns Σ x[i]·y[i], the products fused with the sums. It panics if the lengths differ.
func Dot(x, y []float64) float64 {
	sameLength("Dot", x, y)
	var acc [sumLanes]float64
	whole := len(x) &^ (sumLanes - 1)
	dot(&acc, x[:whole], y[:whole])
	for i, v := range x[whole:] {
		acc[i] = math.FMA(v, y[whole+i], acc[i])
	}
	return fold(&acc)
}

// SumCompensated returns Σ x[i] as if it were summed with twice the digits and rounded once: the error is at most
// 2^-53 of the result and n²·2^-106 of Σ |x[i]|. A sum that is not finite is that of plain addition.
//
// Method: Ogita, Rump, Oishi, Accurate sum and dot product, SIAM J. Sci. Comput. 26 (2005), algorithms 4.4 and 5.3.
func SumCompensated(x []float64) float64 {
	var acc, low [pairLanes]float64
	whole := len(x) &^ (pairLanes - 1)
	sumPair(&acc, &low, x[:whole])
	for i, v := range x[whole:] {
		s, e := twoSum(acc[i], v)
		acc[i], low[i] = s, low[i]+e
	}
	return foldPair(&acc, &low)
}

// DotCompensated returns Σ x[i]·y[i] with the accuracy of [SumCompensated], provided that no product underflows. It
// panics if the lengths differ.
func DotCompensated(x, y []float64) float64 {
	sameLength("DotCompensated", x, y)
	var acc, low [pairLanes]float64
	whole := len(x) &^ (pairLanes - 1)
	dotPair(&acc, &low, x[:whole], y[:whole])
	for i, v := range x[whole:] {
		p, rest := twoProduct(v, y[whole+i])
		s, e := twoSum(acc[i], p)
		acc[i], low[i] = s, low[i]+(e+rest)
	}
	return foldPair(&acc, &low)
}

func sameLength(fn string, x, y []float64) {
	if len(x) != len(y) {
		panic(fmt.Sprintf("vec: %s: x has length %d, y has length %d", fn, len(x), len(y)))
	}
}

// twoSum returns a + b rounded, and the rounding error (Knuth).
func twoSum(a, b float64) (sum, err float64) {
	sum = a + b
	t := sum - a
	return sum, (a - (sum - t)) + (b - t)
}

// twoProduct returns a·b rounded, and the rounding error.
func twoProduct(a, b float64) (product, err float64) {
	product = float64(a * b)
	return product, math.FMA(a, b, -product)
}

// fold adds the lanes in halves.
func fold(acc *[sumLanes]float64) float64 {
	for half := sumLanes / 2; half > 0; half /= 2 {
		for i := range half {
			acc[i] += acc[i+half]
		}
	}
	return acc[0]
}

// foldPair adds the lanes, keeping the errors, and rounds.
func foldPair(acc, low *[pairLanes]float64) float64 {
	s, c := acc[0], low[0]
	for i := 1; i < pairLanes; i++ {
		var e float64
		s, e = twoSum(s, acc[i])
		c += low[i] + e
	}
	if s-s != 0 { // infinite or NaN, and c with it
		return s
	}
	return s + c
}

// The loops over whole rounds of lanes; the assembly does the same.

func sumGeneric(acc *[sumLanes]float64, x []float64) {
	for ; len(x) >= sumLanes; x = x[sumLanes:] {
		for i, v := range x[:sumLanes] {
			acc[i] += v
		}
	}
}

func dotGeneric(acc *[sumLanes]float64, x, y []float64) {
	for ; len(x) >= sumLanes; x, y = x[sumLanes:], y[sumLanes:] {
		for i, v := range x[:sumLanes] {
			acc[i] = math.FMA(v, y[i], acc[i])
		}
	}
}

func sumPairGeneric(acc, low *[pairLanes]float64, x []float64) {
	for ; len(x) >= pairLanes; x = x[pairLanes:] {
		for i, v := range x[:pairLanes] {
			s, e := twoSum(acc[i], v)
			acc[i], low[i] = s, low[i]+e
		}
	}
}

func dotPairGeneric(acc, low *[pairLanes]float64, x, y []float64) {
	for ; len(x) >= pairLanes; x, y = x[pairLanes:], y[pairLanes:] {
		for i, v := range x[:pairLanes] {
			p, rest := twoProduct(v, y[i])
			s, e := twoSum(acc[i], p)
			acc[i], low[i] = s, low[i]+(e+rest)
		}
	}
}
