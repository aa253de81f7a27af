package goasm

import (
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/hw/formula"
)

// lowered is a graph in machine operations, in an order in which operands stand before their uses.
type lowered struct {
	machine Machine
	format  formula.Format
	nodes   []mnode
	stores  []int
	bounds  []interval // of the graph's nodes
	index   map[string]int
}

// lower turns a kernel's graph into operations of the machine. Equal operations are made once.
func lower(k Kernel, m Machine) *lowered {
	g := k.expanded()
	l := &lowered{machine: m, format: g.Format(), index: map[string]int{}}
	columns, uniforms := k.inputs(), k.Uniforms()
	l.bounds = intervals(g)
	at := make([]int, g.Len())
	uses := g.Uses()
	for id, n := range g.Nodes() {
		if n.Op == formula.OpInput {
			if i := slices.Index(uniforms, n.Name); i >= 0 {
				at[id] = l.add(mnode{form: formUniform, col: i})
			} else if uses[id] > 0 {
				at[id] = l.add(mnode{form: formLoad, name: "VMOVUPD", col: slices.Index(columns, n.Name)})
			}
			continue
		}
		at[id] = l.operation(g, n, at, uses)
	}
	for i, o := range g.Outputs() {
		l.stores = append(l.stores, l.add(mnode{form: formStore, name: "VMOVUPD", col: i, args: []int{at[o.ID]}}))
	}
	l.mergeSelections()
	l.sweep()
	return l
}

// add returns the operation equal to n, making it if there is none.
func (l *lowered) add(n mnode) int {
	if n.imm == 0 && n.form != formCompare && n.name != "VROUNDPD" && n.name != "VRNDSCALEPD" {
		n.imm = -1
	}
	key := fmt.Sprint(n.form, n.name, n.imm, n.bits, n.col, n.args)
	if i, ok := l.index[key]; ok {
		return i
	}
	switch n.form {
	case formLoad, formStore, formConst:
	case formUniform:
		n.invariant = true
	default:
		n.invariant = true
		for _, a := range n.args {
			n.invariant = n.invariant && (l.nodes[a].form == formConst || l.nodes[a].invariant)
		}
	}
	l.nodes = append(l.nodes, n)
	l.index[key] = len(l.nodes) - 1
	return len(l.nodes) - 1
}

// bits returns the constant of these bits, of which a format takes as many as it has.
func (l *lowered) bits(b uint64) int {
	if l.format == formula.Float32 {
		b &= math.MaxUint32
	}
	return l.add(mnode{form: formConst, bits: b})
}

func (l *lowered) constant(v float64) int {
	if l.format == formula.Float32 {
		return l.bits(uint64(math.Float32bits(float32(v))))
	}
	return l.bits(math.Float64bits(v))
}

// layout is where a format has its exponent: above frac bits of fraction, and bias more than it stands for.
type layout struct {
	frac, bias int
	sign       uint64
}

func (l *lowered) layout() layout {
	if l.format == formula.Float32 {
		return layout{frac: 23, bias: 127, sign: 1 << 31}
	}
	return layout{frac: 52, bias: 1023, sign: 1 << 63}
}

// power2 is 2^e.
func power2(e int) float64 { return math.Ldexp(1, e) }

func (l *lowered) unary(name string, imm, a int) int {
	return l.add(mnode{form: formUnary, name: name, imm: imm, args: []int{a}})
}

func (l *lowered) binary(name string, a, b int) int {
	return l.add(mnode{form: formBinary, name: name, args: []int{a, b}})
}

func (l *lowered) commute(name string, a, b int) int {
	if a > b {
		a, b = b, a
	}
	return l.add(mnode{form: formCommute, name: name, args: []int{a, b}})
}

func (l *lowered) shift(name string, imm, a int) int {
	return l.add(mnode{form: formRegs, name: name, imm: imm, args: []int{a}})
}

// Predicates of VCMPPD: ordered and quiet, but for the last.
const (
	cmpEq    = 0x00
	cmpUnord = 0x03
	cmpLt    = 0x11
	cmpLe    = 0x12
)

func (l *lowered) compare(predicate, a, b int) int {
	return l.add(mnode{form: formCompare, name: "VCMPPD", imm: predicate, args: []int{a, b}, mask: l.machine == AVX512})
}

// blend returns mask ? y : z.
func (l *lowered) blend(mask, y, z int) int {
	name := "VBLENDMPD"
	if l.machine == AVX2 {
		name = "VBLENDVPD"
	}
	return l.add(mnode{form: formBlend, name: name, args: []int{mask, y, z}})
}

// operation lowers one node of the graph.
func (l *lowered) operation(g *formula.Graph, n formula.Node, at, uses []int) int {
	var a [3]int
	for i, id := range n.Args {
		a[i] = at[id]
	}
	wide, signBit := l.machine == AVX512, l.layout().sign
	switch n.Op {
	case formula.OpConst:
		return l.constant(n.Value)
	case formula.OpAdd:
		return l.commute("VADDPD", a[0], a[1])
	case formula.OpSub:
		return l.binary("VSUBPD", a[0], a[1])
	case formula.OpMul:
		return l.commute("VMULPD", a[0], a[1])
	case formula.OpFMA:
		return l.fma(g, n, at)
	case formula.OpDiv:
		return l.binary("VDIVPD", a[0], a[1])
	case formula.OpSqrt:
		return l.unary("VSQRTPD", -1, a[0])
	case formula.OpNeg:
		return l.commute("VXORPD", a[0], l.bits(signBit))
	case formula.OpAbs:
		return l.commute("VANDPD", a[0], l.bits(^signBit))
	case formula.OpMin:
		return l.binary("VMINPD", a[0], a[1])
	case formula.OpMax:
		return l.binary("VMAXPD", a[0], a[1])
	case formula.OpCopySign:
		if wide { // mask ? x : y, bit by bit
			return l.add(mnode{form: formTernary, name: "VPTERNLOGQ", imm: 0xe4, args: []int{a[0], a[1], l.bits(^signBit)}})
		}
		return l.commute("VORPD", l.commute("VANDPD", a[0], l.bits(^signBit)), l.commute("VANDPD", a[1], l.bits(signBit)))
	case formula.OpRound:
		if wide {
			return l.unary("VRNDSCALEPD", 8, a[0])
		}
		return l.unary("VROUNDPD", 8, a[0])
	case formula.OpNearest:
		t, m := l.nearestSum(a[0], a[1])
		return l.binary("VSUBPD", t, m)
	case formula.OpFloor:
		if wide {
			return l.unary("VRNDSCALEPD", 9, a[0])
		}
		return l.unary("VROUNDPD", 9, a[0])
	case formula.OpScale:
		if wide {
			return l.binary("VSCALEFPD", a[0], a[1])
		}
		if y, ok := l.scaleNearest(g, n, at); ok {
			return y
		}
		return l.scale(a[0], a[1])
	case formula.OpExponent:
		if wide {
			return l.unary("VGETEXPPD", -1, a[0])
		}
		return l.exponent(a[0])
	case formula.OpMantissa:
		if wide {
			return l.unary("VGETMANTPD", 4, a[0])
		}
		return l.mantissa(a[0])
	case formula.OpLt:
		return l.compare(cmpLt, a[0], a[1])
	case formula.OpLe:
		return l.compare(cmpLe, a[0], a[1])
	case formula.OpEq:
		return l.compare(cmpEq, a[0], a[1])
	case formula.OpAnd:
		return l.logic("KANDB", "VANDPD", a[0], a[1])
	case formula.OpOr:
		return l.logic("KORB", "VORPD", a[0], a[1])
	case formula.OpNot:
		if wide {
			return l.add(mnode{form: formMask1, name: "KNOTB", args: []int{a[0]}, mask: true})
		}
		return l.commute("VXORPD", a[0], l.bits(^uint64(0)))
	case formula.OpSelect:
		return l.blend(a[0], a[1], a[2])
	}
	panic("goasm: no machine operation for " + n.Op.String())
}

func (l *lowered) logic(mask, vector string, a, b int) int {
	if l.machine == AVX512 {
		return l.add(mnode{form: formMask2, name: mask, args: []int{a, b}, mask: true})
	}
	return l.commute(vector, a, b)
}

// fma lowers a fused multiply-add, the signs of its operands folded in.
func (l *lowered) fma(g *formula.Graph, n formula.Node, at []int) int {
	operand := func(i int) (int, bool) {
		if m := g.Node(n.Args[i]); m.Op == formula.OpNeg {
			return at[m.Args[0]], true
		}
		return at[n.Args[i]], false
	}
	x, nx := operand(0)
	y, ny := operand(1)
	z, nz := operand(2)
	name := "VFMADD"
	switch minus := nx != ny; {
	case minus && nz:
		name = "VFNMSUB"
	case minus:
		name = "VFNMADD"
	case nz:
		name = "VFMSUB"
	}
	return l.add(mnode{form: formFMA, name: name, args: []int{x, y, z}})
}

// scale is x·2^n in two products, as [formula.OpScale] describes: 2^h is built by adding h to a number whose lowest bits
// are the exponent's bias, and shifting them into the exponent.
func (l *lowered) scale(x, n int) int {
	f := l.layout()
	magic := 1.5*power2(f.frac) + float64(f.bias)
	power := func(h int) int { return l.shift("VPSLLQ", f.frac, l.commute("VADDPD", h, l.constant(magic))) }
	h := l.binary("VMAXPD", l.binary("VMINPD", n, l.constant(float64(f.bias))), l.constant(float64(1-f.bias)))
	low := l.binary("VSUBPD", n, h)
	return l.commute("VMULPD", l.commute("VMULPD", x, power(low)), power(h))
}

// nearestSum returns x·y + m, in whose last bits the integer nearest to x·y stands, and m.
func (l *lowered) nearestSum(x, y int) (t, m int) {
	m = l.constant(1.5 * power2(l.layout().frac))
	return l.add(mnode{form: formFMA, name: "VFMADD", args: []int{x, y, m}}), m
}

// scaleNearest is x·2^n for an n that is a nearest integer, and so is in the last bits of a number already, where the bounds of
// x and n allow a shorter way than that of scale.
func (l *lowered) scaleNearest(g *formula.Graph, n formula.Node, at []int) (int, bool) {
	e := g.Node(n.Args[1])
	if e.Op != formula.OpNearest {
		return 0, false
	}
	f, x, by := l.layout(), l.bounds[n.Args[0]], l.bounds[n.Args[1]]
	t, _ := l.nearestSum(at[e.Args[0]], at[e.Args[1]])
	value := at[n.Args[0]]
	plus := func(v int) int { return l.commute("VPADDQ", t, l.bits(uint64(v))) }
	// Down only: up by so much first that the power is a normal number, then down again. What was subnormal between is
	// zero in the end, so that only the second product rounds.
	up := max(f.frac+2, 1-f.bias-int(math.Max(by.low, -1e4)))
	if by.high <= 0 && up < f.bias && by.low+float64(up) >= float64(1-f.bias) && x.abs() < power2(f.bias-up) {
		power := l.shift("VPSLLQ", f.frac, plus(f.bias+up))
		return l.commute("VMULPD", l.commute("VMULPD", value, power), l.constant(power2(-up))), true
	}
	// In two halves, if x is such that the first product is exact.
	half := math.Ceil(by.abs() / 2)
	if half < float64(f.bias-1) && x.low > power2(1-f.bias+int(half)) && x.high < power2(f.bias-int(half)) {
		both := plus(2 * f.bias)
		one := l.shift("VPSRLQ", 1, both)
		two := l.binary("VPSUBQ", both, one)
		y := l.commute("VMULPD", value, l.shift("VPSLLQ", f.frac, one))
		return l.commute("VMULPD", y, l.shift("VPSLLQ", f.frac, two)), true
	}
	return 0, false
}

// normal returns |x|, times 2^(frac+2) where it is subnormal, and the mask of the lanes where it is.
func (l *lowered) normal(x int) (a, y, small int) {
	f := l.layout()
	a = l.commute("VANDPD", x, l.bits(^f.sign))
	small = l.compare(cmpLt, a, l.constant(power2(1-f.bias)))
	return a, l.blend(small, l.commute("VMULPD", a, l.constant(power2(f.frac+2))), a), small
}

// exponent is ⌊log2 |x|⌋ by the exponent field, made a number by the bits of 2^frac. Zeros, infinities and NaN are
// put right last.
func (l *lowered) exponent(x int) int {
	f := l.layout()
	a, y, small := l.normal(x)
	e := l.commute("VORPD", l.shift("VPSRLQ", f.frac, y), l.constant(power2(f.frac)))
	e = l.binary("VSUBPD", e, l.constant(power2(f.frac)+float64(f.bias)))
	e = l.binary("VSUBPD", e, l.commute("VANDPD", small, l.constant(float64(f.frac+2))))
	e = l.blend(l.compare(cmpEq, a, l.constant(0)), l.constant(math.Inf(-1)), e)
	finite := l.compare(cmpLt, a, l.constant(math.Inf(1)))
	return l.blend(finite, e, a)
}

// mantissa is the fraction of |x| under the exponent of 1. All bits are set where x is NaN, which makes one.
func (l *lowered) mantissa(x int) int {
	a, y, _ := l.normal(x)
	f := l.commute("VORPD", l.commute("VANDPD", y, l.bits(1<<l.layout().frac-1)), l.constant(1))
	return l.commute("VORPD", f, l.compare(cmpUnord, a, a))
}

// uses returns how often each node is an operand.
func (l *lowered) uses() []int {
	u := make([]int, len(l.nodes))
	for i := range l.nodes {
		for _, a := range l.nodes[i].args {
			u[a]++
		}
	}
	return u
}

// mergeSelections turns mask ? op(b, c) : d into one masked operation where op is used for nothing else.
func (l *lowered) mergeSelections() {
	if l.machine != AVX512 {
		return
	}
	uses := l.uses()
	for i := range l.nodes {
		n := &l.nodes[i]
		if n.form != formBlend || l.nodes[n.args[2]].inMemory() {
			continue
		}
		y := &l.nodes[n.args[1]]
		if uses[n.args[1]] != 1 || y.form != formBinary && y.form != formCommute || y.name == "VSCALEFPD" {
			continue
		}
		b, c := y.args[0], y.args[1]
		if y.form == formCommute && l.nodes[b].inMemory() {
			b, c = c, b
		}
		*n = mnode{form: formMerge, name: y.name, imm: -1, args: []int{n.args[0], b, c, n.args[2]}, invariant: n.invariant}
	}
}

// sweep removes the nodes that no store needs.
func (l *lowered) sweep() {
	live := make([]bool, len(l.nodes))
	for _, s := range l.stores {
		live[s] = true
	}
	for i := len(l.nodes) - 1; i >= 0; i-- {
		if live[i] {
			for _, a := range l.nodes[i].args {
				live[a] = true
			}
		}
	}
	place := make([]int, len(l.nodes))
	var kept []mnode
	for i, n := range l.nodes {
		if !live[i] {
			continue
		}
		for j, a := range n.args {
			n.args[j] = place[a]
		}
		place[i] = len(kept)
		kept = append(kept, n)
	}
	for i, s := range l.stores {
		l.stores[i] = place[s]
	}
	l.nodes, l.index = kept, nil
}
