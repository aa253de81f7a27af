package main

import (
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

// horner replaces acc by acc·x + c.
func (m *machine) horner(c Mem, x, acc reg.VecVirtual) {
	if m.wide() {
		VFMADD213PD_BCST(c, x, acc)
	} else {
		VFMADD213PD(m.fill(c), x, acc)
	}
}

// polynomial returns the polynomial with n coefficients at c, highest first.
func (m *machine) polynomial(c Mem, n int, x reg.VecVirtual) reg.VecVirtual {
	acc := m.fill(c)
	for i := 1; i < n; i++ {
		m.horner(c.Offset(8*i), x, acc)
	}
	return acc
}

// normalMiddle writes the quantiles as in the middle of the distribution; uniforms outside go to tails, packed, and their places to
// masks, a byte for each vector. It returns their number. It may write a whole vector past the end of the tails.
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
	half, magnitude, edge, centre := m.broadcast("Half"), m.broadcast("Magnitude"), m.broadcast("Edge"), m.broadcast("Centre")
	count := GP64()
	XORQ(count, count)
	var pack reg.Register
	if !m.wide() {
		pack = GP64()
		LEAQ(m.data["Pack"], pack)
	}
	TESTQ(groups, groups)
	JZ(LabelRef("done"))
	Label("loop")
	u, q, a, r := m.vec(), m.vec(), m.vec(), m.vec()
	m.load(x, u)
	VSUBPD(half, u, q)
	m.and(magnitude, q, a)
	m.move(centre, r)
	VFNMADD231PD(q, q, r)
	num := m.polynomial(c.Offset(atMiddle), 8, r)
	den := m.polynomial(c.Offset(atMiddle+64), 8, r)
	VMULPD(num, q, num)
	VDIVPD(den, num, num)
	m.store(num, x)
	bits := GP64()
	if m.wide() {
		k, t := K(), m.vec()
		VCMPPD(U8(greater), edge, a, k)
		VCOMPRESSPD_Z(u, k, t)
		m.store(t, tails)
		KMOVB(k, bits.As32())
	} else {
		VCMPPD(U8(greater), edge, a, a)
		VMOVMSKPD(a, bits.As32())
		order, at := YMM(), GP64()
		MOVQ(bits, at)
		SHLQ(U8(5), at)
		VMOVDQU(Mem{Base: pack, Index: at, Scale: 1}, order)
		VPERMD(u, order, u)
		m.store(u, tails)
	}
	MOVB(bits.As8(), masks)
	POPCNTQ(bits, bits)
	ADDQ(bits, count)
	LEAQ(Mem{Base: tails.Base, Index: bits, Scale: 8}, tails.Base)
	INCQ(masks.Base)
	ADDQ(U32(uint32(m.bytes())), x.Base)
	DECQ(groups)
	JNZ(LabelRef("loop"))
	Label("done")
	Store(count, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// greater is the ordered, quiet comparison of VCMPPD.
const greater = 0x1E

// ratio returns the ratio of the two polynomials at c.
func (m *machine) ratio(c Mem, x reg.VecVirtual) reg.VecVirtual {
	num, den := m.polynomial(c, 8, x), m.polynomial(c.Offset(64), 8, x)
	VDIVPD(den, num, num)
	return num
}

// normalTails writes the quantiles of uniforms in the tails.
func (m *machine) normalTails() {
	TEXT("normalTails"+m.name, NOSPLIT, "func(x *float64, groups int, c *[59]float64)")
	Pragma("noescape")
	Doc("normalTails" + m.name + " replaces uniforms in the tails by quantiles.")
	x := Mem{Base: Load(Param("x"), GP64())}
	groups := Load(Param("groups"), GP64())
	c := Mem{Base: Load(Param("c"), GP64())}
	half, one := m.broadcast("Half"), m.broadcast("One")
	TESTQ(groups, groups)
	JZ(LabelRef("done"))
	Label("loop")
	u, q, p := m.vec(), m.vec(), m.vec()
	m.load(x, u)
	VSUBPD(half, u, q)
	VSUBPD(u, one, p)
	VMINPD(u, p, p)
	// p = 2^e·f with f in [√½, √2)
	k, f, e := m.vec(), m.vec(), m.vec()
	VPSUBQ(m.broadcast("Base"), p, k)
	m.and(m.broadcast("Mantissa"), k, f)
	VPADDQ(m.broadcast("RootHalf"), f, f)
	VPSRLQ(U8(52), k, k)
	m.or(m.broadcast("Magic"), k, k)
	VSUBPD(k, m.broadcast("MagicExponent"), e)
	// −ln p = 2·artanh(s) − e·ln 2 with s = (1 − f)/(1 + f)
	s, w, t := m.vec(), m.vec(), m.vec()
	VSUBPD(f, one, s)
	VADDPD(f, one, f)
	VDIVPD(f, s, s)
	VMULPD(s, s, w)
	series := m.polynomial(c.Offset(atLog), logTerms, w)
	VMULPD(w, series, series)
	VADDPD(s, s, t)
	VFMADD213PD(t, t, series)
	m.horner2(c.Offset(atLn2Low), e, series)
	m.horner2(c.Offset(atLn2High), e, series)
	r, z := m.vec(), m.vec()
	VSQRTPD(series, r)
	VSUBPD(m.broadcast("Shift"), r, z)
	z = m.ratio(c.Offset(atTail), z)
	five := m.broadcast("Five")
	var far Op
	if m.wide() {
		far = K()
		VCMPPD(U8(greater), five, r, far)
		KORTESTB(far, far)
	} else {
		far = m.vec()
		VCMPPD(U8(greater), five, r, far)
		VPTEST(far, far)
	}
	JZ(LabelRef("near")) // but for one vector in a thousand million
	VSUBPD(five, r, r)
	y := m.ratio(c.Offset(atFar), r)
	if m.wide() {
		VBLENDMPD(y, z, far, z)
	} else {
		VBLENDVPD(far, y, z, z)
	}
	Label("near")
	m.and(m.broadcast("Sign"), q, q)
	m.or(q, z, z)
	m.store(z, x)
	ADDQ(U32(uint32(m.bytes())), x.Base)
	DECQ(groups)
	JNZ(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// horner2 replaces acc by x·c + acc.
func (m *machine) horner2(c Mem, x, acc reg.VecVirtual) {
	if m.wide() {
		VFMADD231PD_BCST(c, x, acc)
	} else {
		VFMADD231PD(m.fill(c), x, acc)
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

// normalConstants lays down what is not among the coefficients.
func (m *machine) normalConstants(words func(string, ...uint64), float func(string, float64)) {
	float("Half", 0.5)
	float("Edge", 0.425)
	float("Centre", 0.180625)
	float("Shift", 1.6)
	float("Five", 5)
	float("MagicExponent", 1<<52+64)
	words("Magic", 0x433<<52)
	words("Magnitude", 1<<63-1)
	words("Sign", 1<<63)
	words("Mantissa", 1<<52-1)
	rootHalf := math.Float64bits(math.Sqrt(0.5))
	words("RootHalf", rootHalf)
	words("Base", rootHalf-64<<52)
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
