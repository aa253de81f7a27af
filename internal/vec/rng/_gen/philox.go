package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// philoxState is the four words of as many blocks as a vector has lanes: each in the low half of its lane. What the
// multiplications leave in the high halves is not looked at until the end.
type philoxState [4]reg.VecVirtual

// philox writes groups of as many blocks as there are lanes. Most of them go through the rounds several side by side,
// so that one waits for its products while another computes; what is left goes alone.
func (m *machine) philox(kind string, uniforms bool) {
	elem := "uint64"
	if uniforms {
		elem = "float64"
	}
	TEXT("philox"+kind+m.name, NOSPLIT, "func(dst *"+elem+", groups int, block uint64, sched *[22]uint64)")
	Pragma("noescape")
	Doc(fmt.Sprintf("philox%s%s writes groups of %d blocks from block on. The schedule is the keys of the rounds, two each,",
		kind, m.name, m.lanes), "then the words of the stream, each in a lane of its own.")
	dst := Mem{Base: Load(Param("dst"), GP64())}
	groups := Load(Param("groups"), GP64())
	block := Load(Param("block"), GP64())
	sched := Mem{Base: Load(Param("sched"), GP64())}

	m0, m1 := m.broadcast("M0"), m.broadcast("M1")
	counter := m.spread(block)
	VPADDQ(m.data["Order"], counter, counter)
	advance := m.broadcast("Lanes")

	body := func(sets int) {
		x := make([]philoxState, sets)
		for i := range x {
			x[i] = philoxState{m.vec(), m.vec(), m.vec(), m.vec()}
			m.load(counter, x[i][0])
			VPSRLQ(U8(32), counter, x[i][1])
			VPBROADCASTQ(sched.Offset(16*10), x[i][2])
			VPBROADCASTQ(sched.Offset(16*10+8), x[i][3])
			VPADDQ(advance, counter, counter)
		}
		for r := range 10 {
			for i := range x {
				x[i] = m.philoxRound(x[i], m0, m1, sched.Offset(16*r), sched.Offset(16*r+8))
			}
		}
		for i := range x {
			a, b := m.philoxJoin(x[i][0], x[i][1], uniforms), m.philoxJoin(x[i][2], x[i][3], uniforms)
			u := m.vec()
			VPUNPCKLQDQ(b, a, u)
			VPUNPCKHQDQ(b, a, b)
			m.store(u, dst.Offset(2*i*m.bytes()))
			m.store(b, dst.Offset((2*i+1)*m.bytes()))
		}
		ADDQ(U32(uint32(2*sets*m.bytes())), dst.Base)
	}
	loop("several", groups, m.lanes/2, body) // two in the registers of AVX2, four in those of AVX-512
	loop("one", groups, 1, body)
	VZEROUPPER()
	RET()
}

// philoxRound returns the state after a round with the keys at k0 and k1.
func (m *machine) philoxRound(x philoxState, m0, m1 reg.VecVirtual, k0, k1 Mem) philoxState {
	p0, p1 := m.vec(), m.vec()
	VPMULUDQ(m0, x[0], p0)
	VPMULUDQ(m1, x[2], p1)
	if m.wide() {
		// The shuffle moves high halves down like a shift, but leaves the multiplier's port free.
		y0, y2 := m.vec(), m.vec()
		VPSHUFD(U8(0xF5), p1, y0)
		VPTERNLOGQ_BCST(U8(0x96), k0, x[1], y0)
		VPSHUFD(U8(0xF5), p0, y2)
		VPTERNLOGQ_BCST(U8(0x96), k1, x[3], y2)
		return philoxState{y0, p1, y2, p0}
	}
	k, t := m.vec(), m.vec()
	VPBROADCASTQ(k0, k)
	VPXOR(k, x[1], x[1])
	VPSRLQ(U8(32), p1, t)
	VPXOR(t, x[1], x[1])
	VPBROADCASTQ(k1, k)
	VPXOR(k, x[3], x[3])
	VPSRLQ(U8(32), p0, t)
	VPXOR(t, x[3], x[3])
	return philoxState{x[1], p1, x[3], p0}
}

// philoxJoin returns the 64-bit numbers of low and high words, or their uniforms.
func (m *machine) philoxJoin(lo, hi reg.VecVirtual, uniforms bool) reg.VecVirtual {
	w := m.vec()
	VPSLLQ(U8(32), hi, w)
	if m.wide() {
		VPTERNLOGQ_BCST(U8(0xF8), m.data["Low"], lo, w) // w | lo & low
	} else {
		VPAND(m.data["Low"], lo, lo)
		VPOR(lo, w, w)
	}
	if !uniforms {
		return w
	}
	VPSRLQ(U8(12), w, w) // the upper 52 bits as 1 + k·2⁻⁵², less 1 − 2⁻⁵³
	if m.wide() {
		VPORQ_BCST(m.data["One"], w, w)
		VSUBPD_BCST(m.data["BelowOne"], w, w)
	} else {
		VPOR(m.data["One"], w, w)
		VSUBPD(m.data["BelowOne"], w, w)
	}
	return w
}
