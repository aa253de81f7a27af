package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Places in the package's table of coefficients, in bytes: three ratios of polynomials with eight coefficients
// each, highest first, then the series of the logarithm and ln 2 in two parts.
const (
	atMiddle  = 0
	atTail    = 16 * 8
	atFar     = 32 * 8
	atLog     = 48 * 8
	logTerms  = 9
	atLn2High = atLog + logTerms*8
	atLn2Low  = atLn2High + 8
)

// fill returns a register with the number at from in every lane.
func (m *machine) fill(from Mem) reg.VecVirtual {
	v := m.vec()
	VBROADCASTSD(from, v)
	return v
}

// horner replaces each acc by acc·x + c.
func (m *machine) horner(c Mem, x, acc []reg.VecVirtual) {
	if m.wide() {
		for i := range x {
			VFMADD213PD_BCST(c, x[i], acc[i])
		}
		return
	}
	v := m.fill(c)
	for i := range x {
		VFMADD213PD(v, x[i], acc[i])
	}
}

// polynomial returns the values at every x, side by side, of the polynomial with n coefficients at c, highest first.
func (m *machine) polynomial(c Mem, n int, x []reg.VecVirtual) []reg.VecVirtual {
	acc := make([]reg.VecVirtual, len(x))
	for i := range acc {
		acc[i] = m.fill(c)
	}
	for i := 1; i < n; i++ {
		m.horner(c.Offset(8*i), x, acc)
	}
	return acc
}

// ratio returns numerators and denominators at every x, side by side.
func (m *machine) ratio(c Mem, x []reg.VecVirtual) (num, den []reg.VecVirtual) {
	num, den = make([]reg.VecVirtual, len(x)), make([]reg.VecVirtual, len(x))
	for i := range x {
		num[i], den[i] = m.fill(c), m.fill(c.Offset(64))
	}
	for i := 1; i < 8; i++ {
		m.horner(c.Offset(8*i), x, num)
		m.horner(c.Offset(64+8*i), x, den)
	}
	return num, den
}

// vectors returns n registers.
func (m *machine) vectors(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = m.vec()
	}
	return v
}

// loop writes a loop that takes so many vectors at a time while there are as many, and counts them off groups.
func loop(name string, groups reg.Register, sets int, body func(sets int)) {
	Label(name)
	CMPQ(groups, U8(sets))
	JLT(LabelRef(name + "Done"))
	body(sets)
	SUBQ(U8(sets), groups)
	JMP(LabelRef(name))
	Label(name + "Done")
}

// normalMiddle writes the quantiles as in the middle of the distribution; uniforms outside go to tails, packed, and
// their places to masks, a byte for each vector. It returns their number. It may write a whole vector past the end of
// the tails.
func (m *machine) normalMiddle() {
	TEXT("normalMiddle"+m.name, NOSPLIT,
		"func(x *float64, groups int, c *[59]float64, tails *float64, masks *uint8) (count int)")
	Pragma("noescape")
	Doc("normalMiddle" + m.name + " replaces uniforms in the middle by quantiles, packs the others and counts them.")
	x := Mem{Base: Load(Param("x"), GP64())}
	groups := Load(Param("groups"), GP64())
	c := Mem{Base: Load(Param("c"), GP64())}
	tails := Mem{Base: Load(Param("tails"), GP64())}
	masks := Mem{Base: Load(Param("masks"), GP64())}
	count := GP64()
	XORQ(count, count)
	var pack reg.Register
	if !m.wide() {
		pack = GP64()
		LEAQ(m.data["Pack"], pack)
	}
	half, magnitude, edge, centre := m.operand("Half"), m.operand("Magnitude"), m.operand("Edge"), m.operand("Centre")
	body := func(sets int) {
		q, r := m.vectors(sets), m.vectors(sets)
		for i := range q {
			m.load(x.Offset(i*m.bytes()), q[i])
			VSUBPD(half, q[i], q[i])
			m.load(centre, r[i])
			VFNMADD231PD(q[i], q[i], r[i])
		}
		num, den := m.ratio(c.Offset(atMiddle), r)
		for i := range q {
			VMULPD(num[i], q[i], num[i])
			VDIVPD(den[i], num[i], num[i])
		}
		for i := range q {
			u, bits := m.vec(), GP64()
			m.load(x.Offset(i*m.bytes()), u)
			m.and(magnitude, q[i], q[i])
			if m.wide() {
				k, t := K(), m.vec()
				VCMPPD(U8(greater), edge, q[i], k)
				VCOMPRESSPD_Z(u, k, t)
				m.store(t, tails)
				KMOVB(k, bits.As32())
			} else {
				VCMPPD(U8(greater), edge, q[i], q[i])
				VMOVMSKPD(q[i], bits.As32())
				order, at := YMM(), GP64()
				MOVQ(bits, at)
				SHLQ(U8(5), at)
				VMOVDQU(Mem{Base: pack, Index: at, Scale: 1}, order)
				VPERMD(u, order, u)
				m.store(u, tails)
			}
			MOVB(bits.As8(), masks.Offset(i))
			POPCNTQ(bits, bits)
			ADDQ(bits, count)
			LEAQ(Mem{Base: tails.Base, Index: bits, Scale: 8}, tails.Base)
			m.store(num[i], x.Offset(i*m.bytes()))
		}
		ADDQ(U8(sets), masks.Base)
		ADDQ(U32(uint32(sets*m.bytes())), x.Base)
	}
	loop("several", groups, 2, body)
	loop("one", groups, 1, body)
	Store(count, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// greater is the ordered, quiet comparison of VCMPPD.
const greater = 0x1E

// normalTails writes the quantiles of uniforms in the tails.
func (m *machine) normalTails() {
	TEXT("normalTails"+m.name, NOSPLIT, "func(x *float64, groups int, c *[59]float64)")
	Pragma("noescape")
	Doc("normalTails" + m.name + " replaces uniforms in the tails by quantiles.")
	x := Mem{Base: Load(Param("x"), GP64())}
	groups := Load(Param("groups"), GP64())
	c := Mem{Base: Load(Param("c"), GP64())}
	k := &tailOperands{
		one: m.operand("One"), base: m.operand("Base"), mantissa: m.operand("Mantissa"), rootHalf: m.operand("RootHalf"),
		magic: m.operand("Magic"), magicExponent: m.operand("MagicExponent"), shift: m.operand("Shift"),
		five: m.operand("Five"), half: m.operand("Half"), sign: m.operand("Sign"),
	}
	loop("several", groups, 2, func(sets int) { m.tails(x, c, k, "several", sets) })
	loop("one", groups, 1, func(sets int) { m.tails(x, c, k, "one", sets) })
	VZEROUPPER()
	RET()
}

// tailOperands are registers or places in memory.
type tailOperands struct {
	one, base, mantissa, rootHalf, magic, magicExponent, shift, five, half, sign Op
}

// tails writes the quantiles of so many vectors at x and moves x past them.
func (m *machine) tails(x, c Mem, v *tailOperands, name string, sets int) {
	q, p, e, s, w := m.vectors(sets), m.vectors(sets), m.vectors(sets), m.vectors(sets), m.vectors(sets)
	for i := range q {
		u, k, f := q[i], p[i], w[i]
		m.load(x.Offset(i*m.bytes()), u)
		m.load(v.one, k)
		VSUBPD(u, k, k)
		VMINPD(u, k, k)
		// p = 2^-e·f with f in [√½, √2)
		VPSUBQ(v.base, k, k)
		m.and(v.mantissa, k, f)
		VPADDQ(v.rootHalf, f, f)
		VPSRLQ(U8(52), k, k)
		m.or(v.magic, k, k)
		m.load(v.magicExponent, e[i])
		VSUBPD(k, e[i], e[i])
		// −ln p = 2·artanh(s) + e·ln 2 with s = (1 − f)/(1 + f)
		m.load(v.one, s[i])
		VSUBPD(f, s[i], s[i])
		VADDPD(v.one, f, f)
		VDIVPD(f, s[i], s[i])
		VMULPD(s[i], s[i], w[i])
	}
	lnp := m.polynomial(c.Offset(atLog), logTerms, w)
	for i := range q {
		VMULPD(w[i], lnp[i], lnp[i])
		VADDPD(s[i], s[i], s[i])
		VFMADD213PD(s[i], s[i], lnp[i])
	}
	m.addScaled(c.Offset(atLn2Low), e, lnp)
	m.addScaled(c.Offset(atLn2High), e, lnp)
	r, t := lnp, m.vectors(sets)
	for i := range q {
		VSQRTPD(lnp[i], r[i])
		VSUBPD(v.shift, r[i], t[i])
	}
	z, den := m.ratio(c.Offset(atTail), t)
	for i := range q {
		VDIVPD(den[i], z[i], z[i])
		near := fmt.Sprintf("%sNear%d", name, i)
		var far Op
		if m.wide() {
			far = K()
			VCMPPD(U8(greater), v.five, r[i], far)
			KORTESTB(far, far)
		} else {
			far = m.vec()
			VCMPPD(U8(greater), v.five, r[i], far)
			VPTEST(far, far)
		}
		JZ(LabelRef(near)) // but for one vector in a thousand million
		VSUBPD(v.five, r[i], r[i])
		y, d := m.ratio(c.Offset(atFar), r[i:i+1])
		VDIVPD(d[0], y[0], y[0])
		if m.wide() {
			VBLENDMPD(y[0], z[i], far, z[i])
		} else {
			VBLENDVPD(far, y[0], z[i], z[i])
		}
		Label(near)
		m.load(x.Offset(i*m.bytes()), q[i])
		VSUBPD(v.half, q[i], q[i])
		m.and(v.sign, q[i], q[i])
		m.or(q[i], z[i], z[i])
		m.store(z[i], x.Offset(i*m.bytes()))
	}
	ADDQ(U32(uint32(sets*m.bytes())), x.Base)
}

// addScaled replaces each acc by x·c + acc.
func (m *machine) addScaled(c Mem, x, acc []reg.VecVirtual) {
	v := m.fill(c)
	for i := range x {
		VFMADD231PD(v, x[i], acc[i])
	}
}

// normalScatter puts the quantiles of the tails back into their places.
func (m *machine) normalScatter() {
	TEXT("normalScatter"+m.name, NOSPLIT, "func(x *float64, groups int, tails *float64, masks *uint8)")
	Pragma("noescape")
	Doc("normalScatter" + m.name + " puts packed numbers back into the places that the masks tell.")
	x := Mem{Base: Load(Param("x"), GP64())}
	groups := Load(Param("groups"), GP64())
	tails := Mem{Base: Load(Param("tails"), GP64())}
	masks := Mem{Base: Load(Param("masks"), GP64())}
	var unpack, blend reg.Register
	if !m.wide() {
		unpack, blend = GP64(), GP64()
		LEAQ(m.data["Unpack"], unpack)
		LEAQ(m.data["Blend"], blend)
	}
	TESTQ(groups, groups)
	JZ(LabelRef("done"))
	Label("loop")
	bits, t := GP64(), m.vec()
	MOVBQZX(masks, bits)
	if m.wide() {
		k := K()
		KMOVB(bits.As32(), k)
		VEXPANDPD_Z(tails, k, t)
		VMOVUPD(t, k, x)
	} else {
		order, at, old := YMM(), GP64(), YMM()
		MOVQ(bits, at)
		SHLQ(U8(5), at)
		VMOVDQU(Mem{Base: unpack, Index: at, Scale: 1}, order)
		VPERMD(tails, order, t)
		VMOVDQU(Mem{Base: blend, Index: at, Scale: 1}, order)
		VMOVUPD(x, old)
		VBLENDVPD(order, t, old, old)
		m.store(old, x)
	}
	POPCNTQ(bits, bits)
	LEAQ(Mem{Base: tails.Base, Index: bits, Scale: 8}, tails.Base)
	INCQ(masks.Base)
	ADDQ(U32(uint32(m.bytes())), x.Base)
	DECQ(groups)
	JNZ(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// middleConstants lays down what the middle needs and the orders of packing.
func (m *machine) middleConstants(words func(string, ...uint64), float func(string, float64)) {
	float("Half", 0.5)
	float("Edge", 0.425)
	float("Centre", 0.180625)
	float("Magnitude", math.Float64frombits(1<<63-1))
	if m.wide() {
		return
	}
	// For each mask of four lanes: the halves of the chosen lanes first; lane by lane the place of its halves among the
	// packed; all ones in the chosen lanes.
	var pack, unpack, blend []uint64
	for mask := range 16 {
		var chosen, places, ones [4]uint64
		n := uint64(0)
		for lane := range uint64(4) {
			if mask>>lane&1 != 0 {
				chosen[n] = 2*lane | (2*lane+1)<<32
				places[lane] = 2*n | (2*n+1)<<32
				ones[lane] = ^uint64(0)
				n++
			}
		}
		pack, unpack, blend = append(pack, chosen[:]...), append(unpack, places[:]...), append(blend, ones[:]...)
	}
	words("Pack", pack...)
	words("Unpack", unpack...)
	words("Blend", blend...)
}

// tailConstants lays down what the tails need and is not among the coefficients.
func tailConstants(float func(string, float64)) {
	word := func(name string, w uint64) { float(name, math.Float64frombits(w)) }
	float("Half", 0.5)
	float("One", 1)
	float("Shift", 1.6)
	float("Five", 5)
	float("MagicExponent", 1<<52+64)
	word("Magic", 0x433<<52)
	word("Sign", 1<<63)
	word("Mantissa", 1<<52-1)
	rootHalf := math.Float64bits(math.Sqrt(0.5))
	word("RootHalf", rootHalf)
	word("Base", rootHalf-64<<52)
}
