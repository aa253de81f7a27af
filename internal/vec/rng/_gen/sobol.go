package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// wideVectors is the number of vectors of dimensions that the wide kernel keeps in registers.
const wideVectors = 8

// fraction makes uniforms of words 1 + f: f, and 2⁻⁵³ for 0.
func (m *machine) fraction(w, one, half, out reg.VecVirtual) {
	VSUBPD(one, w, out)
	VMAXPD(half, out, out)
}

// flipRow returns the row of the table that changes point index into the next, and increments index.
func flipRow(index reg.Register, flip, flipStep reg.Register) Mem {
	row := GP64()
	INCQ(index)
	TZCNTQ(index, row)
	IMULQ(flipStep, row)
	ADDQ(flip, row)
	return Mem{Base: row}
}

// sobolWide writes n points for a stretch of dimensions as wide as eight vectors.
func (m *machine) sobolWide() {
	TEXT("sobolWide"+m.name, NOSPLIT,
		"func(dst *float64, dstStep int, n int, state, flip *uint64, flipStep int, index uint64)")
	Pragma("noescape")
	Doc("sobolWide" + m.name + " writes n points for the dimensions of eight vectors. Steps are in bytes.")
	dst := Mem{Base: Load(Param("dst"), GP64())}
	dstStep := Load(Param("dstStep"), GP64())
	n := Load(Param("n"), GP64())
	state := Mem{Base: Load(Param("state"), GP64())}
	flip := Load(Param("flip"), GP64())
	flipStep := Load(Param("flipStep"), GP64())
	index := Load(Param("index"), GP64())
	one, half := m.broadcast("One"), m.broadcast("HalfStep")
	var s [wideVectors]reg.VecVirtual
	for i := range s {
		s[i] = m.vec()
		m.load(state.Offset(i*m.bytes()), s[i])
	}
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("loop")
	row := flipRow(index, flip, flipStep)
	for i := range s {
		out := m.vec()
		m.fraction(s[i], one, half, out)
		m.store(out, dst.Offset(i*m.bytes()))
		m.xor(row.Offset(i*m.bytes()), s[i], s[i])
	}
	ADDQ(dstStep, dst.Base)
	DECQ(n)
	JNZ(LabelRef("loop"))
	Label("done")
	for i := range s {
		m.store(s[i], state.Offset(i*m.bytes()))
	}
	VZEROUPPER()
	RET()
}

// nested holds the constants of the nested scramble.
type nested struct {
	h1, h2, h3, h4, low, high, seed, factor reg.VecVirtual
	nibble, order                           Op
}

// newNested loads the constants; seed holds the seeds of the lanes.
func (m *machine) newNested(seed reg.VecVirtual) *nested {
	c := &nested{
		h1: m.broadcast("Hash1"), h2: m.broadcast("Hash2"), h3: m.broadcast("Hash3"), h4: m.broadcast("Hash4"),
		nibble: m.operand("Nibble"), order: m.operand("ByteOrder"),
		low: m.table("ReverseLow"), high: m.table("ReverseHigh"), seed: seed, factor: m.vec(),
	}
	VPSRLQ(U8(16), seed, c.factor)
	bit := GP64()
	MOVQ(U32(1), bit)
	m.or(m.spread(bit), c.factor, c.factor)
	return c
}

// scramble returns the words 1 + f of the codes s: function nestedScramble of the package, lane by lane. Only low
// halves of n count; multiplications leave other things above.
func (m *machine) scramble(s, one reg.VecVirtual, c *nested) reg.VecVirtual {
	n, p := m.vec(), m.vec()
	VPMULUDQ(c.h1, s, p)
	m.xor(p, s, n)
	VPADDQ(c.seed, n, n)
	VPMULUDQ(c.factor, n, n)
	VPMULUDQ(c.h2, n, p)
	m.xor(p, n, n)
	VPMULUDQ(c.h3, n, p)
	m.xor(p, n, n)
	VPMULUDQ(c.h4, n, p)
	VPSRLQ(U8(44), p, p)
	q := m.vec()
	VPSRLQ(U8(32), s, q)
	m.xor(q, p, p)
	// Reverse the 32 bits by bytes, then by nibbles; byteOrder has left them 16 places up, four more follow.
	VPSHUFB(c.order, n, n)
	m.and(c.nibble, n, q)
	VPSRLQ(U8(4), n, n)
	m.and(c.nibble, n, n)
	VPSHUFB(q, c.low, q)
	VPSHUFB(n, c.high, n)
	m.or(q, n, n)
	VPSLLQ(U8(4), n, n)
	m.xor3(p, one, n)
	return n
}

// sobolNarrow writes n points for the dimensions of one vector or less.
func (m *machine) sobolNarrow(scrambled bool) {
	name, more := "sobolNarrow", ""
	if scrambled {
		name, more = "sobolNested", ", seed *uint64"
	}
	TEXT(name+m.name, NOSPLIT,
		"func(dst *float64, dstStep int, n int, state, flip *uint64, flipStep int, index uint64, lanes int"+more+")")
	Pragma("noescape")
	Doc(name + m.name + " writes n points for the dimensions of the first lanes of one vector. Steps are in bytes.")
	dst := Mem{Base: Load(Param("dst"), GP64())}
	dstStep := Load(Param("dstStep"), GP64())
	n := Load(Param("n"), GP64())
	state := Mem{Base: Load(Param("state"), GP64())}
	flip := Load(Param("flip"), GP64())
	flipStep := Load(Param("flipStep"), GP64())
	index := Load(Param("index"), GP64())
	lanes := Load(Param("lanes"), reg.RCX)
	var c *nested
	if scrambled {
		seed := m.vec()
		m.load(Mem{Base: Load(Param("seed"), GP64())}, seed)
		c = m.newNested(seed)
	}
	one, half := m.broadcast("One"), m.broadcast("HalfStep")
	var mask Op
	if m.wide() {
		bits := GP64()
		MOVQ(U32(1), bits)
		SHLQ(reg.CL, bits)
		DECQ(bits)
		mask = K()
		KMOVW(bits.As32(), mask)
	} else {
		at := GP64()
		LEAQ(m.data["Mask"], at)
		NEGQ(lanes)
		mask = YMM()
		VMOVDQU(Mem{Base: at, Index: lanes, Scale: 8, Disp: 32}, mask)
	}
	s := m.vec()
	m.load(state, s)
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("loop")
	row := flipRow(index, flip, flipStep)
	w, out := s, m.vec()
	if scrambled {
		w = m.scramble(s, one, c)
	}
	m.fraction(w, one, half, out)
	if m.wide() {
		VMOVUPD(out, mask, dst)
	} else {
		VMASKMOVPD(out, mask, dst)
	}
	m.xor(row, s, s)
	ADDQ(dstStep, dst.Base)
	DECQ(n)
	JNZ(LabelRef("loop"))
	Label("done")
	m.store(s, state)
	VZEROUPPER()
	RET()
}

// sobolColumn writes groups of consecutive points of one dimension, as many in a group as there are lanes, from an
// index that is a multiple of that. All lanes change alike from group to group: by delta[c], where the index of the
// next group ends in c zero bits.
func (m *machine) sobolColumn(scrambled bool) {
	name, more := "sobolColumn", ""
	if scrambled {
		name, more = "sobolNestedColumn", ", seed uint64"
	}
	TEXT(name+m.name, NOSPLIT,
		"func(dst *float64, groups int, lanes *[8]uint64, delta *[53]uint64, index uint64"+more+")")
	Pragma("noescape")
	Doc(name + m.name + " writes groups of points of one dimension.")
	dst := Mem{Base: Load(Param("dst"), GP64())}
	groups := Load(Param("groups"), GP64())
	lanes := Mem{Base: Load(Param("lanes"), GP64())}
	delta := Load(Param("delta"), GP64())
	index := Load(Param("index"), GP64())
	var c *nested
	if scrambled {
		c = m.newNested(m.spread(Load(Param("seed"), GP64())))
	}
	one, half := m.broadcast("One"), m.broadcast("HalfStep")
	s := m.vec()
	m.load(lanes, s)
	TESTQ(groups, groups)
	JZ(LabelRef("done"))
	Label("loop")
	w, out := s, m.vec()
	if scrambled {
		w = m.scramble(s, one, c)
	}
	m.fraction(w, one, half, out)
	m.store(out, dst)
	zeros := GP64()
	ADDQ(U32(uint32(m.lanes)), index)
	TZCNTQ(index, zeros)
	change := Mem{Base: delta, Index: zeros, Scale: 8}
	if m.wide() {
		VPXORQ_BCST(change, s, s)
	} else {
		d := m.vec()
		VPBROADCASTQ(change, d)
		VPXOR(d, s, s)
	}
	ADDQ(U32(uint32(m.bytes())), dst.Base)
	DECQ(groups)
	JNZ(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}
