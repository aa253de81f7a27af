package goasm

import "github.com/volgaquant/volga/hw/formula"

// Machine is a vector instruction set.
type Machine uint8

// The machines.
const (
	// AVX512 is AVX-512 F, DQ and VL: 32 registers of 8 numbers, or 16 of [formula.Float32], mask registers, broadcast operands.
	AVX512 Machine = iota
	// AVX2 is AVX2 and FMA: 16 registers of 4 numbers, or 8; truth values are vectors of zeros and ones.
	AVX2
)

// String returns the suffix of the machine's functions.
func (m Machine) String() string {
	if m == AVX2 {
		return "AVX2"
	}
	return "AVX512"
}

// Width returns the bytes in a register.
func (m Machine) Width() int {
	if m == AVX2 {
		return 32
	}
	return 64
}

// Lanes returns how many numbers of a format a register holds.
func (m Machine) Lanes(f formula.Format) int { return m.Width() / size(f) }

// size returns the bytes in a number.
func size(f formula.Format) int {
	if f == formula.Float32 {
		return 4
	}
	return 8
}

// vectors returns the number of vector registers.
func (m Machine) vectors() int {
	if m == AVX2 {
		return 16
	}
	return 32
}

// TailVectors is how many vectors the tail takes at once, so that short columns, too, have two chains to interleave.
const TailVectors = 2

// tailMask is the register that holds the mask of vector v of the tail: K7 and K6, or Y15 and Y14.
func (m Machine) tailMask(v int) int {
	if m == AVX2 {
		return 15 - v
	}
	return 7 - v
}

// form is the shape of a machine operation: which operands it has and which may be memory.
type form uint8

const (
	// formConst is a constant; formUniform a number that the caller passed or the prologue computed. Both live in memory.
	formConst form = iota
	formUniform
	// formLoad reads a column, formStore writes one.
	formLoad
	formStore
	formUnary   // op(a); a may be memory
	formRegs    // op(a); registers only
	formBinary  // op(a, b); b may be memory
	formCommute // op(a, b); either may be memory
	formFMA     // ±a·b ± c over one of its operands; one may be memory
	formCompare // a mask; b may be memory
	formBlend   // a ? b : c; b may be memory
	formTernary // over a; c may be memory
	formMerge   // mask ? op(b, c) : d, over d; c may be memory
	formMask1   // mask registers
	formMask2
)

// mnode is a machine operation on values that are not yet in registers.
type mnode struct {
	form form
	name string // mnemonic in Float64; for formFMA without the order of the operands: "VFMADD"
	imm  int    // immediate operand, -1 for none
	bits uint64 // of a constant
	col  int    // of a load, a store or a uniform
	args []int
	mask bool // the result is a mask register

	// invariant marks what depends on constants and uniform inputs only.
	invariant bool
}

// inMemory reports whether the value is at home in memory and needs no register of its own.
func (n *mnode) inMemory() bool { return n.form == formConst || n.form == formUniform }

// latency is a model of the cycles until the result is there.
func (n *mnode) latency() int {
	switch n.form {
	case formConst, formUniform, formStore:
		return 0
	case formLoad:
		return 7
	case formBlend:
		return 2
	case formCompare, formMask1, formMask2:
		return 3
	}
	switch n.name {
	case "VANDPD", "VORPD", "VXORPD", "VANDNPD", "VPTERNLOGQ", "VPSLLQ", "VPSRLQ", "VPADDQ", "VPSUBQ":
		return 1
	case "VDIVPD", "VSQRTPD":
		return 24
	case "VRNDSCALEPD", "VROUNDPD", "VSCALEFPD":
		return 8
	}
	return 4
}

// uops is a model of the work on the vector ports.
func (n *mnode) uops() int {
	switch n.form {
	case formConst, formUniform, formStore, formLoad:
		return 0
	}
	switch n.name {
	case "VRNDSCALEPD", "VROUNDPD", "VSCALEFPD", "VBLENDVPD":
		return 2
	case "VDIVPD", "VSQRTPD":
		return 3
	}
	return 1
}
