package formula

import "math"

// scalar does one operation in float64; it is the definition of the operations in code. Truth values are 1 and 0.
// Transcendental operations are not here: they are what [Expand] makes of them.
func scalar(op Op, x, y, z float64) float64 {
	switch op {
	case OpAdd:
		return x + y
	case OpSub:
		return x - y
	case OpMul:
		return x * y
	case OpFMA:
		return math.FMA(x, y, z)
	case OpDiv:
		return x / y
	case OpSqrt:
		return math.Sqrt(x)
	case OpNeg:
		return -x
	case OpAbs:
		return math.Abs(x)
	case OpMin:
		if x < y {
			return x
		}
		return y
	case OpMax:
		if x > y {
			return x
		}
		return y
	case OpCopySign:
		return math.Copysign(x, y)
	case OpRound:
		return math.RoundToEven(x)
	case OpNearest:
		const m = 3 << 51
		return math.FMA(x, y, m) - m
	case OpFloor:
		return math.Floor(x)
	case OpScale:
		return scale(x, y)
	case OpExponent:
		return math.Logb(x)
	case OpMantissa:
		return mantissa(x)
	case OpLt:
		return truth(x < y)
	case OpLe:
		return truth(x <= y)
	case OpEq:
		return truth(x == y)
	case OpAnd:
		return x * y
	case OpOr:
		return max(x, y)
	case OpNot:
		return 1 - x
	case OpSelect:
		if x != 0 {
			return y
		}
		return z
	}
	panic("formula: scalar: no value for " + op.String())
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// scale is x·2^n rounded once, for n in the domain of OpScale.
func scale(x, n float64) float64 {
	if !Float64.scalable(n) {
		return math.NaN()
	}
	return math.Ldexp(x, int(n))
}

func mantissa(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case x == 0, math.IsInf(x, 0):
		return 1
	}
	f, _ := math.Frexp(math.Abs(x))
	return 2 * f
}
