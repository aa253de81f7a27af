package goasm

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/volgaquant/volga/hw/formula"
)

// never is the place of the next use of a value that has none.
const never = math.MaxInt32

// allocator gives registers to a straight line of operations. The value whose next use is farthest loses its register
// (Belady's rule); it is stored once, and later read as a memory operand where the instruction allows one. Constants are
// never stored: they are memory operands with a broadcast, and come into a register only where an instruction needs them
// there or several instructions in a row use them.
type allocator struct {
	l       *lowered
	table   *consts
	order   []int
	unroll  int
	hoisted []int // constants that stay in registers
	masked  bool

	where  []int // the register of each value, -1 for none
	slot   []int // the stack slot of each value, -1 for none
	uses   [][]int
	holder [2][]int // the value in each register, by class: vectors, masks
	open   []int    // free slots
	// closing are slots that the present operation reads for the last time.
	closing []int
	slots   int
	first   int
	pos     int
	pinned  []int
	out     []Instr
	cost    int
	loads   map[int]int // explicit loads of constants
}

const (
	empty    = -1
	withheld = -2 // a register that is not to be used
)

func newAllocator(l *lowered, table *consts, home map[int]int, firstSlot int, order []int, unroll int, hoisted []int) *allocator {
	n := len(l.nodes) * unroll
	a := &allocator{
		l: l, table: table, order: order, unroll: unroll, hoisted: hoisted, slots: firstSlot, first: firstSlot,
		where: make([]int, n), slot: make([]int, n), uses: make([][]int, n), loads: map[int]int{},
	}
	for i := range n {
		a.where[i], a.slot[i] = -1, -1
	}
	for node, s := range home {
		a.slot[node*unroll] = s
	}
	a.holder[0] = make([]int, l.machine.vectors())
	a.holder[1] = make([]int, 8)
	for c := range a.holder {
		for r := range a.holder[c] {
			a.holder[c][r] = empty
		}
	}
	a.holder[1][0] = withheld // it cannot be a mask
	for i, node := range hoisted {
		r := l.machine.vectors() - 1 - i
		a.holder[0][r], a.where[node*unroll] = withheld, r
	}
	return a
}

// resident reports whether a node's value is in memory before the body starts.
func (a *allocator) resident(node int) bool {
	return a.l.nodes[node].inMemory() || a.l.nodes[node].invariant
}

// value returns the value that copy c of an operation sees in node.
func (a *allocator) value(node, c int) int {
	if a.resident(node) {
		c = 0
	}
	return node*a.unroll + c
}

func (a *allocator) node(v int) *mnode { return &a.l.nodes[v/a.unroll] }

func (a *allocator) class(v int) int {
	if a.node(v).mask {
		return 1
	}
	return 0
}

// run allocates and returns the instructions, and what the moves among them cost.
func (a *allocator) run(masked bool) ([]Instr, int) {
	a.masked = masked
	if masked {
		for v := range TailVectors {
			class := 1
			if a.l.machine == AVX2 {
				class = 0
			}
			a.holder[class][a.l.machine.tailMask(v)] = withheld
		}
	}
	type step struct{ node, copy int }
	var steps []step
	for _, i := range a.order {
		for c := range a.unroll {
			steps = append(steps, step{i, c})
		}
	}
	for p, s := range steps {
		for _, arg := range a.l.nodes[s.node].args {
			v := a.value(arg, s.copy)
			a.uses[v] = append(a.uses[v], p)
		}
	}
	for p, s := range steps {
		a.pos = p
		a.pinned = a.pinned[:0]
		a.open, a.closing = append(a.open, a.closing...), a.closing[:0]
		a.step(s.node, s.copy)
	}
	return a.out, a.cost
}

// next returns the place of the first use of v after the present operation.
func (a *allocator) next(v int) int {
	u := a.uses[v]
	for len(u) > 0 && u[0] <= a.pos {
		u = u[1:]
	}
	a.uses[v] = u
	if len(u) == 0 {
		return never
	}
	return u[0]
}

// single holds the mnemonics in Float32 that do not just end in PS where those in Float64 end in PD.
var single = map[string]string{
	"VPSLLQ": "VPSLLD", "VPADDQ": "VPADDD", "VPSUBQ": "VPSUBD", "VPSRLQ": "VPSRLD", "VPTERNLOGQ": "VPTERNLOGD", "VBROADCASTSD": "VBROADCASTSS", "KMOVB": "KMOVW", "KANDB": "KANDW",
	"KORB": "KORW", "KNOTB": "KNOTW",
}

// mnemonic returns an instruction in the format.
func (l *lowered) mnemonic(op string) string {
	if l.format == formula.Float64 {
		return op
	}
	if s, ok := single[op]; ok {
		return s
	}
	if s, ok := strings.CutSuffix(op, "PD"); ok {
		return s + "PS"
	}
	panic("goasm: no instruction in Float32 for " + op)
}

func (a *allocator) emit(op, suffix string, node *mnode, args ...Operand) {
	a.out = append(a.out, Instr{a.l.mnemonic(op), suffix, args, node})
}

// reg returns the operand for a value that is in a register.
func (a *allocator) reg(v int) Operand {
	if a.where[v] < 0 {
		panic(fmt.Sprintf("goasm: value %d is in no register", v))
	}
	return Operand{Kind: OperandKind(a.class(v)), N: a.where[v]}
}

// memory returns the operand for a value that is in memory, and the suffix it needs.
func (a *allocator) memory(v int) (Operand, string) {
	switch n := a.node(v); {
	case n.form == formConst && a.l.machine == AVX512:
		return Operand{Kind: Const, N: a.table.at(n.bits)}, "BCST"
	case n.form == formConst:
		return Operand{Kind: Const, N: a.table.at(n.bits)}, ""
	}
	return Operand{Kind: Slot, N: a.slot[v]}, ""
}

// take returns a free register of the class, evicting a value if there is none.
func (a *allocator) take(class int) int {
	best, far := -1, -1
	for r, v := range a.holder[class] {
		if v == withheld || v >= 0 && slices.Contains(a.pinned, v) {
			continue
		}
		if v == empty {
			return r
		}
		d := a.next(v) - a.pos
		if a.slot[v] >= 0 || a.node(v).form == formConst {
			d *= 2 // nothing to store
		}
		if d > far {
			best, far = r, d
		}
	}
	if best < 0 {
		panic("goasm: no register left")
	}
	v := a.holder[class][best]
	if a.slot[v] < 0 && a.node(v).form != formConst && a.next(v) != never {
		s := a.slots
		if n := len(a.open); n > 0 {
			s, a.open = a.open[n-1], a.open[:n-1]
		} else {
			a.slots++
		}
		a.slot[v] = s
		a.emit(a.move(class), "", nil, a.reg(v), Operand{Kind: Slot, N: s})
		a.cost += 2
	}
	a.where[v], a.holder[class][best] = -1, empty
	return best
}

// spare reports whether a vector register can be had for nothing: it is free, or holds what is in memory anyway and is
// not needed within the next horizon operations.
func (a *allocator) spare(horizon int) bool {
	for _, v := range a.holder[0] {
		if v == empty || v >= 0 && (a.node(v).form == formConst || a.slot[v] >= 0) && a.next(v)-a.pos > horizon && !slices.Contains(a.pinned, v) {
			return true
		}
	}
	return false
}

func (a *allocator) move(class int) string {
	if class == 1 {
		return "KMOVB"
	}
	return "VMOVUPD"
}

// load brings a value that is in memory into a register.
func (a *allocator) load(v int) {
	class := a.class(v)
	r := a.take(class)
	a.loadInto(v, r)
	a.where[v], a.holder[class][r] = r, v
}

func (a *allocator) loadInto(v, r int) {
	class := a.class(v)
	m, suffix := a.memory(v)
	op := a.move(class)
	if suffix == "BCST" {
		op = "VBROADCASTSD"
	}
	if m.Kind == Slot && m.N < 0 {
		panic(fmt.Sprintf("goasm: value %d is nowhere", v))
	}
	if a.node(v).form == formConst {
		a.loads[v/a.unroll]++
	}
	a.cost++
	a.emit(op, "", nil, m, Operand{Kind: OperandKind(class), N: r})
}

// need makes sure that v is in a register and stays there during this operation.
func (a *allocator) need(v int) {
	if a.where[v] < 0 {
		a.load(v)
	}
	a.pinned = append(a.pinned, v)
}

// choose returns which of the operands at the given places is to be read from memory, or -1. An operand that is needed
// again soon goes into a register if one is to be had for nothing.
func (a *allocator) choose(args []int, places ...int) int {
	best, far := -1, -1
	for _, i := range places {
		v := args[i]
		if a.where[v] >= 0 || a.class(v) != 0 {
			continue
		}
		twice := false
		for j, w := range args {
			twice = twice || j != i && w == v
		}
		if twice {
			continue
		}
		if d := a.next(v); d > far {
			best, far = i, d
		}
	}
	if best >= 0 && far-a.pos <= 2*a.unroll && a.spare(4*a.unroll) {
		return -1
	}
	return best
}

// release frees the registers and slots of values that are used here for the last time.
func (a *allocator) release(args []int) {
	for _, v := range args {
		if a.next(v) != never {
			continue
		}
		if r := a.where[v]; r >= 0 && a.holder[a.class(v)][r] == v {
			a.holder[a.class(v)][r] = empty
			a.where[v] = -1
		}
		if s := a.slot[v]; s >= a.first && !a.resident(v/a.unroll) {
			a.closing = append(a.closing, s)
			a.slot[v] = -1
		}
	}
}

// define gives the result of the operation a register.
func (a *allocator) define(v int) Operand {
	class := a.class(v)
	r := a.take(class)
	a.place(v, r)
	return a.reg(v)
}

func (a *allocator) place(v, r int) {
	if a.next(v) == never { // a result that nothing uses still needs a place to go
		a.where[v] = r
		return
	}
	a.where[v], a.holder[a.class(v)][r] = r, v
}

// step emits one operation.
func (a *allocator) step(node, c int) {
	n := &a.l.nodes[node]
	args := make([]int, len(n.args))
	for i, arg := range n.args {
		args[i] = a.value(arg, c)
	}
	v := node*a.unroll + c
	tail := Operand{Kind: Mask, N: a.l.machine.tailMask(c)}
	if a.l.machine == AVX2 {
		tail.Kind = Vec
	}
	switch n.form {
	case formLoad:
		m := Operand{Kind: In, N: n.col, V: c}
		switch {
		case a.masked && a.l.machine == AVX2:
			a.emit("VMASKMOVPD", "", n, m, tail, a.define(v))
		case a.masked:
			a.emit("VMOVUPD", "Z", n, m, tail, a.define(v))
		default:
			a.emit("VMOVUPD", "", n, m, a.define(v))
		}
	case formStore:
		a.need(args[0])
		m := Operand{Kind: Out, N: n.col, V: c}
		switch {
		case a.masked && a.l.machine == AVX2:
			a.emit("VMASKMOVPD", "", n, a.reg(args[0]), tail, m)
		case a.masked:
			a.emit("VMOVUPD", "", n, a.reg(args[0]), tail, m)
		default:
			a.emit("VMOVUPD", "", n, a.reg(args[0]), m)
		}
		a.release(args)
	case formUniform:
		a.emit("VBROADCASTSD", "", nil, Operand{Kind: Param, N: n.col}, a.define(v))
	case formFMA:
		a.fma(n, v, args)
	case formTernary:
		a.over(n, v, args, 0, 2)
	case formMerge:
		a.over(n, v, args, 3, 2)
	default:
		a.plain(n, v, args)
	}
}

// plain emits an operation that has a destination of its own.
func (a *allocator) plain(n *mnode, v int, args []int) {
	mem := -1
	switch n.form {
	case formUnary:
		mem = a.choose(args, 0)
	case formBinary, formCompare, formBlend:
		mem = a.choose(args, 1)
	case formCommute:
		if mem = a.choose(args, 1, 0); mem == 0 {
			args[0], args[1] = args[1], args[0]
			mem = 1
		}
	}
	in, suffix := a.operands(args, mem)
	a.release(args)
	d := a.define(v)
	var list []Operand
	if n.imm >= 0 {
		list = append(list, Operand{Kind: Imm, N: n.imm})
	}
	switch {
	case n.form == formBlend && n.name == "VBLENDMPD": // y, z, mask
		list = append(list, in[1], in[2], in[0], d)
	default:
		if n.form == formBlend { // mask, y, z
			in[0], in[2] = in[2], in[0]
		}
		for i := len(in) - 1; i >= 0; i-- {
			list = append(list, in[i])
		}
		list = append(list, d)
	}
	a.emit(n.name, suffix, n, list...)
}

// operands returns the operands in order, operand mem in memory and the others in registers.
func (a *allocator) operands(args []int, mem int) ([]Operand, string) {
	in, suffix := make([]Operand, len(args)), ""
	for i, v := range args {
		if i != mem {
			if a.where[v] >= 0 {
				a.pinned = append(a.pinned, v)
			}
		}
	}
	for i, v := range args {
		if i != mem {
			a.need(v)
		}
	}
	for i, v := range args {
		if i == mem {
			in[i], suffix = a.memory(v)
		} else {
			in[i] = a.reg(v)
		}
	}
	return in, suffix
}

// dies reports whether the register of v may be overwritten by the present operation.
func (a *allocator) dies(v int) bool {
	r := a.where[v]
	return r >= 0 && a.next(v) == never && a.holder[a.class(v)][r] == v
}

// copyOf returns a fresh register with the contents of v, for an operation that overwrites its operand.
func (a *allocator) copyOf(v int) int {
	r := a.take(0)
	if a.where[v] < 0 {
		a.loadInto(v, r)
		return r
	}
	a.emit("VMOVAPD", "", nil, a.reg(v), Operand{Kind: Vec, N: r})
	a.cost++
	return r
}

// over emits an operation that overwrites the operand at place tied.
func (a *allocator) over(n *mnode, v int, args []int, tied, memPlace int) {
	mem := a.choose(args, memPlace)
	inReg := append([]int(nil), args...)
	fresh := a.where[args[tied]] < 0 && !a.othersUse(args, tied)
	if fresh { // load it straight into the destination
		inReg = append(inReg[:tied], inReg[tied+1:]...)
		if mem > tied {
			mem--
		}
	}
	in, suffix := a.operands(inReg, mem)
	var d Operand
	switch {
	case !fresh && a.dies(args[tied]) && !a.othersUse(args, tied):
		d = a.reg(args[tied])
		a.release(args)
	default:
		d = Operand{Kind: Vec, N: a.copyOf(args[tied])}
		hold := a.holder[0][d.N]
		a.holder[0][d.N] = withheld
		a.release(args)
		a.holder[0][d.N] = hold
	}
	a.place(v, d.N)
	if fresh {
		in = slices.Insert(in, tied, d)
	}
	var list []Operand
	if n.imm >= 0 {
		list = append(list, Operand{Kind: Imm, N: n.imm})
	}
	if n.form == formMerge { // mask, b, c, d
		list = append(list, in[2], in[1], in[0], d)
	} else {
		list = append(list, in[2], in[1], d)
	}
	a.emit(n.name, suffix, n, list...)
}

// othersUse reports whether the operand at place i stands at another place too.
func (a *allocator) othersUse(args []int, i int) bool {
	for j, w := range args {
		if j != i && w == args[i] {
			return true
		}
	}
	return false
}

// fma emits a fused multiply-add, in the one of its three forms that overwrites an operand not needed any more and has
// the operand in memory, if any, at its place.
func (a *allocator) fma(n *mnode, v int, args []int) {
	mem := a.choose(args, 0, 1, 2)
	// An operand in no register can be loaded straight into the destination; the addend is the best.
	load := -1
	if !a.dies(args[0]) && !a.dies(args[1]) && !a.dies(args[2]) {
		for _, i := range []int{2, 1, 0} {
			if a.where[args[i]] < 0 && !a.othersUse(args, i) && (i != mem || a.missing(args) == 1) {
				load = i
				if i == mem {
					mem = -1
				}
				break
			}
		}
	}
	in := make([]Operand, 3)
	suffix := ""
	for i, w := range args {
		if i != mem && i != load && a.where[w] >= 0 {
			a.pinned = append(a.pinned, w)
		}
	}
	for i, w := range args {
		if i != mem && i != load {
			a.need(w)
		}
	}
	tied := load
	if tied < 0 {
		for _, i := range []int{2, 0, 1} {
			if i != mem && a.dies(args[i]) && (i != 2 || !a.othersUse(args, 2)) {
				tied = i
				break
			}
		}
	}
	var d Operand
	if load < 0 && tied >= 0 {
		d = a.reg(args[tied])
	}
	for i, w := range args {
		switch {
		case i == mem:
			in[i], suffix = a.memory(w)
		case i != load:
			in[i] = a.reg(w)
		}
	}
	switch {
	case load >= 0:
		d = Operand{Kind: Vec, N: a.copyOf(args[load])}
		in[load] = d
	case tied < 0:
		tied = 2
		if mem == 2 {
			tied = 0
		}
		d = Operand{Kind: Vec, N: a.copyOf(args[tied])}
		in[tied] = d
	}
	a.holder[0][d.N] = withheld
	if load < 0 && a.where[args[tied]] == d.N {
		a.where[args[tied]] = -1
	}
	a.release(args)
	a.holder[0][d.N] = empty
	a.place(v, d.N)
	x, y, z := in[0], in[1], in[2]
	switch {
	case tied == 2: // z = x·y + z
		if mem == 0 {
			x, y = y, x
		}
		a.emit(n.name+"231PD", suffix, n, y, x, d)
	case mem == 2 || mem < 0: // x = y·x + z
		if tied == 1 {
			x, y = y, x
		}
		a.emit(n.name+"213PD", suffix, n, z, y, d)
	default: // x = x·y + z with y in memory
		if tied == 1 {
			x, y = y, x
		}
		a.emit(n.name+"132PD", suffix, n, y, z, d)
	}
}

// missing counts the operands that are in no register.
func (a *allocator) missing(args []int) int {
	n := 0
	for _, v := range args {
		if a.where[v] < 0 {
			n++
		}
	}
	return n
}

// worthHoisting returns the lists of constants to try to keep in registers, each one longer than the last: first those
// that the body loads most often.
func (a *allocator) worthHoisting() [][]int {
	var nodes []int
	for n := range a.loads {
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(x, y int) int {
		if d := a.loads[y] - a.loads[x]; d != 0 {
			return d
		}
		return x - y
	})
	var lists [][]int
	for i := 1; i <= min(len(nodes), a.l.machine.vectors()/2); i++ {
		lists = append(lists, nodes[:i])
	}
	return lists
}

// hoistLoads returns the instructions that load the constants which stay in registers.
func (a *allocator) hoistLoads() []Instr {
	b := &allocator{l: a.l, table: a.table, unroll: a.unroll, loads: map[int]int{}}
	for _, node := range a.hoisted {
		b.loadInto(node*a.unroll, a.where[node*a.unroll])
	}
	return b.out
}

// prologue computes the invariant values and stores them on the stack; home gets their slots.
func (l *lowered) prologue(table *consts, home map[int]int) ([]Instr, int) {
	needed := make([]bool, len(l.nodes))
	var order []int
	for i := range l.nodes {
		if l.nodes[i].invariant {
			order = append(order, i)
			continue
		}
		for _, arg := range l.nodes[i].args {
			needed[arg] = needed[arg] || l.nodes[arg].invariant
		}
	}
	if len(order) == 0 {
		return nil, 0
	}
	slots := 0
	a := newAllocator(l, table, nil, 0, order, 1, nil)
	// A use beyond the end keeps the values that the body needs.
	for p, i := range order {
		for _, arg := range l.nodes[i].args {
			a.uses[arg] = append(a.uses[arg], p)
		}
	}
	for i := range needed {
		if needed[i] {
			a.uses[i] = append(a.uses[i], never-1)
		}
	}
	for p, i := range order {
		a.pos = p
		a.pinned = a.pinned[:0]
		a.step(i, 0)
	}
	out := a.out
	slots = a.slots
	for i := range needed {
		if !needed[i] {
			continue
		}
		if a.slot[i] < 0 {
			a.slot[i] = slots
			slots++
			out = append(out, Instr{Op: l.mnemonic(a.move(a.class(i))), Args: []Operand{a.reg(i), {Kind: Slot, N: a.slot[i]}}})
		}
		home[i] = a.slot[i]
	}
	return out, slots
}
