package vec

// Variant is a way to compute the kernels.
type Variant uint8

// The variants. All give the same bits.
const (
	// Generic is portable Go, the definition of the others.
	Generic Variant = iota
	// AVX2 is assembly for amd64 processors with AVX2 and FMA.
	AVX2
	// AVX512 is assembly for amd64 processors with AVX-512 F, DQ and VL.
	AVX512
)

// String returns "generic", "avx2" or "avx512".
func (v Variant) String() string {
	switch v {
	case AVX2:
		return "avx2"
	case AVX512:
		return "avx512"
	}
	return "generic"
}

// active is the variant in use. It is written when the program starts and by [Force] only.
var active = best()

// Active returns the variant in use: the fastest that the processor has, read once when the program starts.
func Active() Variant { return active }

// Available lists the variants that the processor can run, the fastest last.
func Available() []Variant {
	var list []Variant
	for v := Generic; v <= best(); v++ {
		list = append(list, v)
	}
	return list
}

// Force makes v the variant in use and returns a function that undoes it. It is for tests and benchmarks: it must not be
// called while kernels run elsewhere. It panics if the processor does not have v.
func Force(v Variant) (restore func()) {
	if v > best() {
		panic("vec: Force: this processor does not have " + v.String())
	}
	old := active
	active = v
	return func() { active = old }
}
