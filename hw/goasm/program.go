package goasm

// OperandKind says what an [Operand] is.
type OperandKind uint8

// The kinds of operands.
const (
	Vec   OperandKind = iota // vector register N
	Mask                     // mask register N
	Imm                      // the number N
	Const                    // entry N of the table of constants
	Slot                     // vector N of the stack frame
	In                       // vector V of input column N
	Out                      // vector V of output column N
	Param                    // uniform parameter N
)

// Operand is an operand of an instruction, with nothing left to choose.
type Operand struct {
	Kind OperandKind
	N, V int
}

// Instr is a machine instruction: its mnemonic, a suffix ("BCST", "Z" or none) and the operands in the order of Go
// assembly, the destination last.
type Instr struct {
	Op, Suffix string
	Args       []Operand
	node       *mnode // what it computes; nil for moves
}

// Program is a kernel compiled for a machine. The emitter puts Prologue before the loop, runs Body over Unroll vectors at
// a time while as many rows are left, and Tail over TailVectors vectors, with loads and stores under the masks of the rows
// that are left, until none is.
type Program struct {
	Kernel  Kernel
	Machine Machine
	Unroll  int
	Slots   int      // vectors of stack
	Consts  []uint64 // the table of constants
	// Prologue computes what does not change from row to row; Hoist loads the constants that stay in registers in Body.
	Prologue, Hoist, Body, Tail []Instr
	// Cycles is the modelled time of one vector.
	Cycles float64
}

// Lanes returns how many rows a vector holds, and Size the bytes in a number.
func (p *Program) Lanes() int { return p.Machine.Lanes(p.Kernel.Graph.Format()) }
func (p *Program) Size() int  { return size(p.Kernel.Graph.Format()) }

// Inputs returns the names of the input columns, Outputs those of the output columns, Uniforms those of the uniform
// parameters.
func (p *Program) Inputs() []string   { return p.Kernel.inputs() }
func (p *Program) Outputs() []string  { return p.Kernel.Graph.OutputNames() }
func (p *Program) Uniforms() []string { return p.Kernel.Uniforms() }

// Spills returns how many vector stores and loads of the stack Body has.
func (p *Program) Spills() (stores, loads int) {
	for _, in := range p.Body {
		for i, a := range in.Args {
			if a.Kind != Slot {
				continue
			}
			if i == len(in.Args)-1 {
				stores++
			} else {
				loads++
			}
		}
	}
	return stores, loads
}

// consts is the table of constants under construction, shared by the parts of a program.
type consts struct {
	bits  []uint64
	index map[uint64]int
}

func (c *consts) at(bits uint64) int {
	if i, ok := c.index[bits]; ok {
		return i
	}
	if c.index == nil {
		c.index = map[uint64]int{}
	}
	c.index[bits] = len(c.bits)
	c.bits = append(c.bits, bits)
	return len(c.bits) - 1
}

// unrolls are the numbers of vectors that Compile tries in one body.
var unrolls = []int{1, 2, 3, 4, 6, 8}

// longest is how many operations a body may have if the model chooses how many vectors it takes.
const longest = 1200

// pressures are the numbers of live vector values at which the scheduler starts to prefer the operation that frees one.
var pressures = []int{1, 8, 11, 14, 18, 22, 26, 30, 36, 44, 60}

// Compile compiles a kernel for a machine. It tries several numbers of interleaved vectors and several orders of the
// operations, allocates registers for each and keeps the one that a model of a wide out-of-order core finds fastest.
func Compile(k Kernel, m Machine) *Program {
	l := lower(k, m)
	tuning := k.Wide
	if m == AVX2 {
		tuning = k.Narrow
	}
	counts, limits := unrolls, pressures
	if tuning.Unroll != 0 {
		counts = []int{tuning.Unroll}
	}
	if tuning.Pressure != 0 {
		limits = []int{tuning.Pressure}
	}
	var best *candidate
	for _, u := range counts {
		if len(counts) > 1 && u > 1 && u*len(l.nodes) > longest {
			continue
		}
		for _, limit := range limits {
			c := l.compile(k, u, limit)
			// A shorter body wins unless a longer one is clearly faster.
			if best == nil || c.program.Cycles < best.program.Cycles*0.98 {
				best = c
			}
		}
	}
	l.tail(best)
	best.program.Consts = best.table.bits
	return best.program
}

// candidate is a program that lacks its tail, and what the tail has to share with it.
type candidate struct {
	program *Program
	table   consts
	home    map[int]int // slots of invariant values
	first   int         // first slot after those
}

// compile makes one candidate.
func (l *lowered) compile(k Kernel, unroll, limit int) *candidate {
	p := &Program{Kernel: k, Machine: l.machine, Unroll: unroll}
	home := map[int]int{}
	one := &candidate{program: p, home: home}
	table := &one.table
	p.Prologue, p.Slots = l.prologue(table, home)
	order := l.schedule(unroll, limit)
	one.first = p.Slots

	a := newAllocator(l, table, home, one.first, order, unroll, nil)
	body, cost := a.run(false)
	for _, h := range a.worthHoisting() {
		// Taking registers from the body may cost more than the loads it saves: stop at the first that does.
		b := newAllocator(l, table, home, one.first, order, unroll, h)
		trial, c := b.run(false)
		if c > cost {
			break
		}
		a, body, cost = b, trial, c
	}
	p.Body, p.Hoist, p.Slots = body, a.hoistLoads(), max(p.Slots, a.slots)

	p.Cycles, _ = simulate(p.Body, l.machine, l.format)
	p.Cycles /= float64(unroll)
	return one
}

// tail compiles the last rows: TailVectors vectors under masks, in the order that is done first when nothing else runs.
func (l *lowered) tail(c *candidate) {
	least, slots := 0.0, 0
	for _, limit := range []int{8, 14, 20, 26} {
		a := newAllocator(l, &c.table, c.home, c.first, l.schedule(TailVectors, limit), TailVectors, nil)
		code, _ := a.run(true)
		if _, once := simulate(code, l.machine, l.format); c.program.Tail == nil || once < least {
			c.program.Tail, least, slots = code, once, a.slots
		}
	}
	c.program.Slots = max(c.program.Slots, slots)
}
