package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// philox writes groups of as many blocks as there are lanes. A lane holds the four words of one block, each in the low
// half of its register; what the multiplications leave in the high halves is never looked at until the end.
func (m *machine) philox(kind string, uniforms bool) {
	elem := "uint64"
	if uniforms {
		elem = "float64"
	}
	TEXT("philox"+kind+m.name, NOSPLIT, "func(dst *"+elem+", groups int, block, stream uint64, keys *[20]uint64)")
	Pragma("noescape")
	Doc("philox" + kind + m.name + " writes groups of " + map[int]string{4: "four", 8: "eight"}[m.lanes] +
		" blocks from block on.")
	dst := Mem{Base: Load(Param("dst"), GP64())}
	groups := Load(Param("groups"), GP64())
	block := Load(Param("block"), GP64())
	stream := Load(Param("stream"), GP64())
	keys := Mem{Base: Load(Param("keys"), GP64())}

	m0, m1, low := m.broadcast("M0"), m.broadcast("M1"), m.broadcast("Low")
	var one, belowOne reg.VecVirtual
	if uniforms {
		one, belowOne = m.broadcast("One"), m.broadcast("BelowOne")
	}
	counter := m.spread(block)
	VPADDQ(m.data["Order"], counter, counter)
	s2, s3 := m.spread(stream), m.vec()
	VPSRLQ(U8(32), s2, s3)
	step := GP64()
	MOVQ(U32(uint32(m.lanes)), step)
	advance := m.spread(step)

	loop, done := "loop", "done"
	TESTQ(groups, groups)
	JZ(LabelRef(done))
	Label(loop)
	x0, x1, x2, x3 := counter, m.vec(), s2, s3
	VPSRLQ(U8(32), counter, x1)
	for r := range 10 {
		p0, p1 := m.vec(), m.vec()
		VPMULUDQ(m0, x0, p0)
		VPMULUDQ(m1, x2, p1)
		y0, y2 := m.vec(), m.vec()
		if m.wide() {
			VPSRLQ(U8(32), p1, y0)
			VPTERNLOGQ_BCST(U8(0x96), keys.Offset(16*r), x1, y0)
			VPSRLQ(U8(32), p0, y2)
			VPTERNLOGQ_BCST(U8(0x96), keys.Offset(16*r+8), x3, y2)
		} else {
			k0, k1 := m.vec(), m.vec()
			VPBROADCASTQ(keys.Offset(16*r), k0)
			VPXOR(k0, x1, k0)
			VPSRLQ(U8(32), p1, y0)
			VPXOR(k0, y0, y0)
			VPBROADCASTQ(keys.Offset(16*r+8), k1)
			VPXOR(k1, x3, k1)
			VPSRLQ(U8(32), p0, y2)
			VPXOR(k1, y2, y2)
		}
		x0, x1, x2, x3 = y0, p1, y2, p0
	}
	join := func(lo, hi reg.VecVirtual) reg.VecVirtual {
		w := m.vec()
		VPSLLQ(U8(32), hi, w)
		if m.wide() {
			VPTERNLOGQ(U8(0xF8), low, lo, w) // w | lo & low
		} else {
			VPAND(low, lo, lo)
			VPOR(lo, w, w)
		}
		if uniforms { // the upper 52 bits as 1 + k·2⁻⁵², less 1 − 2⁻⁵³
			VPSRLQ(U8(12), w, w)
			m.or(one, w, w)
			VSUBPD(belowOne, w, w)
		}
		return w
	}
	a, b := join(x0, x1), join(x2, x3)
	u, v := m.vec(), m.vec()
	VPUNPCKLQDQ(b, a, u)
	VPUNPCKHQDQ(b, a, v)
	m.store(u, dst)
	m.store(v, dst.Offset(m.bytes()))
	VPADDQ(advance, counter, counter)
	ADDQ(U32(uint32(2*m.bytes())), dst.Base)
	DECQ(groups)
	JNZ(LabelRef(loop))
	Label(done)
	VZEROUPPER()
	RET()
}
