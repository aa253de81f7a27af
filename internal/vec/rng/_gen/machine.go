package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// machine is a vector instruction set: the kernels are written once over its operations.
type machine struct {
	name  string
	lanes int // 64-bit lanes of a vector
	data  map[string]Mem
}

func (m *machine) wide() bool { return m.lanes == 8 }

// bytes is the size of a vector.
func (m *machine) bytes() int { return 8 * m.lanes }

func (m *machine) vec() reg.VecVirtual {
	if m.wide() {
		return ZMM()
	}
	return YMM()
}

// constants lays down the tables in memory that the family of kernels needs.
func (m *machine) constants(family string) {
	m.data = map[string]Mem{}
	words := func(name string, w ...uint64) {
		m.data[name] = GLOBL(fmt.Sprintf("%s%s%s", family, name, m.name), attr.RODATA|attr.NOPTR)
		for i, v := range w {
			DATA(8*i, U64(v))
		}
	}
	repeat := func(name string, w ...uint64) { // a pattern of 16 bytes, in every part of 128 bits
		var all []uint64
		for range m.lanes / 2 {
			all = append(all, w...)
		}
		words(name, all...)
	}
	float := func(name string, x float64) { repeat(name, math.Float64bits(x), math.Float64bits(x)) }
	switch family {
	case "middle":
		m.middleConstants(words, float)
		return
	case "tails":
		tailConstants(float)
		return
	case "words", "uniforms":
		// The blocks of the lanes: in this order unpacking pairs of words gives blocks in turn.
		if m.wide() {
			words("Order", 0, 4, 1, 5, 2, 6, 3, 7)
		} else {
			words("Order", 0, 2, 1, 3)
		}
		words("M0", 0xD2511F53)
		words("M1", 0xCD9E8D57)
		words("Lanes", uint64(m.lanes))
		repeat("Low", 0xFFFFFFFF, 0xFFFFFFFF)
		float("One", 1)
		float("BelowOne", 1-0x1p-53)
		return
	}
	if !m.wide() {
		words("Mask", ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), 0, 0, 0, 0)
	}
	float("One", 1)
	float("HalfStep", 0x1p-53)
	words("Hash1", 0x3D20ADEA)
	words("Hash2", 0x05526C56)
	words("Hash3", 0x53A22864)
	words("Hash4", 0x9E3779B1)
	repeat("Nibble", 0x0F0F0F0F0F0F0F0F, 0x0F0F0F0F0F0F0F0F)
	// Bytes 3, 2, 1, 0 of a word go to places 2 to 5, the others become zero.
	repeat("ByteOrder", 0x8080000102038080, 0x808008090A0B8080)
	repeat("ReverseLow", 0xE060A020C0408000, 0xF070B030D0509010)  // rev4(i) << 4
	repeat("ReverseHigh", 0x0E060A020C040800, 0x0F070B030D050901) // rev4(i)
}

// broadcast returns a register with the constant in every lane.
func (m *machine) broadcast(name string) reg.VecVirtual {
	v := m.vec()
	VPBROADCASTQ(m.data[name], v)
	return v
}

// table returns a register with a whole vector of constants.
func (m *machine) table(name string) reg.VecVirtual {
	v := m.vec()
	m.load(m.data[name], v)
	return v
}

// operand is a whole vector of constants where registers are few: a place in memory, else a register.
func (m *machine) operand(name string) Op {
	if m.wide() {
		return m.table(name)
	}
	return m.data[name]
}

// spread returns a register with a general register in every lane.
func (m *machine) spread(r reg.Register) reg.VecVirtual {
	v := m.vec()
	if m.wide() {
		VPBROADCASTQ(r, v)
		return v
	}
	x := XMM()
	MOVQ(r, x)
	VPBROADCASTQ(x, v)
	return v
}

// load copies between registers and memory, which need not be aligned.
func (m *machine) load(from Op, to Op) {
	if m.wide() {
		VMOVDQU64(from, to)
	} else {
		VMOVDQU(from, to)
	}
}

func (m *machine) store(from, to Op) { m.load(from, to) }

func (m *machine) xor(a, b, dst Op) {
	if m.wide() {
		VPXORQ(a, b, dst)
	} else {
		VPXOR(a, b, dst)
	}
}

func (m *machine) and(a, b, dst Op) {
	if m.wide() {
		VPANDQ(a, b, dst)
	} else {
		VPAND(a, b, dst)
	}
}

func (m *machine) or(a, b, dst Op) {
	if m.wide() {
		VPORQ(a, b, dst)
	} else {
		VPOR(a, b, dst)
	}
}

// xor3 adds a and b to dst, digit by digit.
func (m *machine) xor3(a, b, dst Op) {
	if m.wide() {
		VPTERNLOGQ(U8(0x96), a, b, dst)
	} else {
		VPXOR(a, b, a)
		VPXOR(a, dst, dst)
	}
}
