package formula

import "math"

// Format is the number format of a graph: every number in it, inputs and constants included, is of that one.
type Format uint8

// The formats.
const (
	// Float64 is IEEE 754 binary64.
	Float64 Format = iota
	// Float32 is IEEE 754 binary32: half the digits, a range of 1e-38 to 3e38, and twice the lanes in a vector.
	Float32
)

// String returns "f64" or "f32".
func (f Format) String() string {
	if f == Float32 {
		return "f32"
	}
	return "f64"
}

// Round returns the number of the format nearest to v. A float64 holds every number of every format.
func (f Format) Round(v float64) float64 {
	if f == Float32 {
		return float64(float32(v))
	}
	return v
}

// exponents returns the least and the greatest e such that 2^e is a normal number.
func (f Format) exponents() (least, greatest float64) {
	if f == Float32 {
		return -126, 127
	}
	return -1022, 1023
}

// scalable reports whether n is in the domain of OpScale.
func (f Format) scalable(n float64) bool {
	least, greatest := f.exponents()
	return n == math.Trunc(n) && n >= 2*least && n <= 2*greatest
}

// scalar does one operation on numbers of the format. Truth values are 1 and 0.
func (f Format) scalar(op Op, x, y, z float64) float64 {
	if f == Float32 {
		return scalar32(op, float32(x), float32(y), float32(z))
	}
	return scalar(op, x, y, z)
}

// scalar32 is [scalar] on binary32. What gives an exact result, or chooses one of its operands, is done in float64.
func scalar32(op Op, x, y, z float32) float64 {
	switch op {
	case OpAdd:
		return float64(x + y)
	case OpSub:
		return float64(x - y)
	case OpMul:
		return float64(x * y)
	case OpFMA:
		return float64(FMA32(x, y, z))
	case OpDiv:
		return float64(x / y)
	case OpSqrt:
		return float64(float32(math.Sqrt(float64(x))))
	case OpNearest:
		const m = 3 << 22
		return float64(FMA32(x, y, m) - m)
	case OpScale:
		if !Float32.scalable(float64(y)) {
			return math.NaN()
		}
		return float64(float32(math.Ldexp(float64(x), int(y)))) // exact before it is rounded
	}
	return scalar(op, float64(x), float64(y), float64(z))
}

// FMA32 returns x·y + z, rounded once to float32. That is [OpFMA] in [Float32], and what the instruction VFMADD213SS does.
//
// The product is exact in float64. Their sum rounded to float64 and then to float32 would be rounded twice, which matters
// where the first rounding gives a number halfway between two float32 numbers: its 28 last bits are zero then. Such a sum
// is moved by one unit towards its own rounding error, which no rounding to float32 that was right can feel (Boldo and
// Melquiond, "Emulation of FMA and correctly rounded sums", IEEE Transactions on Computers 57, 2008).
func FMA32(x, y, z float32) float32 {
	p := float64(x) * float64(y)
	s := p + float64(z)
	if bits := math.Float64bits(s); bits&(1<<28-1) == 0 {
		b := s - p
		e := (p - (s - b)) + (float64(z) - b) // p + z = s + e
		switch {
		case e > 0 && s > 0, e < 0 && s < 0:
			bits++
		case e > 0, e < 0:
			bits--
		}
		s = math.Float64frombits(bits)
	}
	return float32(s)
}

// Narrow returns g in [Float32]: constants are rounded, and transcendental functions become the arithmetic that [Expand]
// puts in their place there, with polynomials of their own. It is for formulas as they are written; the digits of a graph
// that was expanded in [Float64] are spent already. [Symbol] constants stay what they are to [BigEvaluator].
func Narrow(g *Graph) *Graph {
	b := NewFormat(g.name, Float32)
	at := b.replay(g, nil, same(g))
	for _, o := range g.outputs {
		b.Output(o.Name, at[o.ID])
	}
	return Expand(b.MustGraph())
}
