package formula

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
)

// lanes is how many rows a block evaluation takes through the graph at once: few enough that all values stay in the
// first-level cache, enough that choosing the operation costs little.
const lanes = 64

// Evaluator evaluates a graph in its format, one point or many at a time. It gives the bits that every machine gives for the
// expanded graph; it is their reference and not itself made for speed. Numbers of [Float32] pass in and out as the float64
// that are equal to them; an input that is none is rounded first. It is safe for concurrent use, and after the first
// calls it allocates nothing.
type Evaluator struct {
	name          string
	format        Format
	inputs, width int
	steps         []step
	consts        []slotValue
	inputSlots    []int32
	outputSlots   []int32
	scratch       sync.Pool // *[]float64, width columns of lanes numbers, constants filled in
}

// step is one operation on columns.
type step struct {
	op           Op
	dst, x, y, z int32
}

type slotValue struct {
	slot  int32
	value float64
}

// NewEvaluator compiles g, expanding it first if it has transcendental nodes.
func NewEvaluator(g *Graph) *Evaluator {
	if !g.Expanded() {
		g = Expand(g)
	}
	e := &Evaluator{name: g.name, format: g.format, inputs: len(g.inputs)}
	last := make([]int, len(g.nodes)) // the last node that uses each node
	for i := range g.nodes {
		last[i] = i
		for _, a := range g.nodes[i].Args {
			last[a] = i
		}
	}
	for _, o := range g.outputs {
		last[o.ID] = len(g.nodes)
	}
	slot := make([]int32, len(g.nodes))
	var free []int32
	take := func() int32 {
		if n := len(free); n > 0 {
			s := free[n-1]
			free = free[:n-1]
			return s
		}
		e.width++
		return int32(e.width - 1)
	}
	for i := range g.nodes { // constants and inputs keep their columns
		switch n := &g.nodes[i]; n.Op {
		case OpConst:
			slot[i] = take()
			e.consts = append(e.consts, slotValue{slot[i], n.Value})
		case OpInput:
			slot[i] = take()
		}
	}
	for _, id := range g.inputs {
		e.inputSlots = append(e.inputSlots, slot[id])
	}
	for i := range g.nodes {
		n := &g.nodes[i]
		if ops[n.Op].class == leaf {
			continue
		}
		s := step{op: n.Op}
		for k, a := range n.Args {
			*[3]*int32{&s.x, &s.y, &s.z}[k] = slot[a]
			if last[a] == i && ops[g.nodes[a].Op].class != leaf {
				free = append(free, slot[a])
				last[a] = -1 // an operand used twice is freed once
			}
		}
		s.dst = take() // it may be an operand's: every lane is read before it is written
		slot[i] = s.dst
		e.steps = append(e.steps, s)
	}
	for _, o := range g.outputs {
		e.outputSlots = append(e.outputSlots, slot[o.ID])
	}
	e.scratch.New = func() any {
		buf := make([]float64, e.width*lanes)
		for _, c := range e.consts {
			col := buf[int(c.slot)*lanes:][:lanes]
			for i := range col {
				col[i] = c.value
			}
		}
		return &buf
	}
	return e
}

// Eval evaluates one point: in holds the inputs, dst gets the outputs, both in the graph's order. It panics if a length
// is wrong. dst may be in.
func (e *Evaluator) Eval(dst, in []float64) {
	if len(in) != e.inputs || len(dst) != len(e.outputSlots) {
		panic(fmt.Sprintf("formula: Eval of %s: %d inputs and %d outputs, want %d and %d",
			e.name, len(in), len(dst), e.inputs, len(e.outputSlots)))
	}
	buf := e.scratch.Get().(*[]float64)
	r := *buf
	for i, s := range e.inputSlots {
		r[int(s)*lanes] = e.format.Round(in[i])
	}
	for _, s := range e.steps {
		r[int(s.dst)*lanes] = e.format.scalar(s.op, r[int(s.x)*lanes], r[int(s.y)*lanes], r[int(s.z)*lanes])
	}
	for i, s := range e.outputSlots {
		dst[i] = r[int(s)*lanes]
	}
	e.scratch.Put(buf)
}

// EvalTo evaluates many points: src holds a column for each input, dst gets a column for each output, and row i of dst
// has the bits that Eval gives for row i of src. It panics if the number of columns is wrong or their lengths differ.
// A column of dst may be a column of src; they must not overlap otherwise.
func (e *Evaluator) EvalTo(dst, src [][]float64) {
	n := e.rows(dst, src)
	buf := e.scratch.Get().(*[]float64)
	r := *buf
	for lo := 0; lo < n; lo += lanes {
		m := min(lanes, n-lo)
		for i, s := range e.inputSlots {
			col := r[int(s)*lanes:][:m]
			copy(col, src[i][lo:])
			if e.format == Float32 {
				for j, v := range col {
					col[j] = Float32.Round(v)
				}
			}
		}
		for _, s := range e.steps {
			e.column(s.op, r[int(s.dst)*lanes:][:m], r[int(s.x)*lanes:][:m], r[int(s.y)*lanes:][:m], r[int(s.z)*lanes:][:m])
		}
		for i, s := range e.outputSlots {
			copy(dst[i][lo:lo+m], r[int(s)*lanes:])
		}
	}
	e.scratch.Put(buf)
}

// rows checks the columns and returns their length.
func (e *Evaluator) rows(dst, src [][]float64) int {
	if len(src) != e.inputs || len(dst) != len(e.outputSlots) {
		panic(fmt.Sprintf("formula: EvalTo of %s: %d input and %d output columns, want %d and %d",
			e.name, len(src), len(dst), e.inputs, len(e.outputSlots)))
	}
	n := len(dst[0])
	for i, c := range dst {
		if len(c) != n {
			panic(fmt.Sprintf("formula: EvalTo of %s: output column %d has length %d, output column 0 has %d", e.name, i, len(c), n))
		}
	}
	for i, c := range src {
		if len(c) != n {
			panic(fmt.Sprintf("formula: EvalTo of %s: input column %d has length %d, output column 0 has %d", e.name, i, len(c), n))
		}
	}
	return n
}

// column does one operation on columns of one length.
func (e *Evaluator) column(op Op, d, x, y, z []float64) {
	n := len(d)
	x, y, z = x[:n], y[:n], z[:n]
	if e.format != Float64 {
		for i := range d {
			d[i] = e.format.scalar(op, x[i], y[i], z[i])
		}
		return
	}
	switch op { // the common operations have loops of their own
	case OpAdd:
		for i := range d {
			d[i] = x[i] + y[i]
		}
	case OpSub:
		for i := range d {
			d[i] = x[i] - y[i]
		}
	case OpMul:
		for i := range d {
			d[i] = x[i] * y[i]
		}
	case OpDiv:
		for i := range d {
			d[i] = x[i] / y[i]
		}
	case OpFMA:
		for i := range d {
			d[i] = math.FMA(x[i], y[i], z[i])
		}
	case OpSelect:
		for i := range d {
			v := z[i]
			if x[i] != 0 {
				v = y[i]
			}
			d[i] = v
		}
	default:
		for i := range d {
			d[i] = scalar(op, x[i], y[i], z[i])
		}
	}
}

// evaluator returns the graph's evaluator, compiled once.
func (g *Graph) evaluator() *Evaluator {
	g.once.Do(func() { g.compiled = NewEvaluator(g) })
	return g.compiled
}

// Eval evaluates one point: it takes the inputs and returns the outputs, in order. It panics if the number of inputs is
// wrong. For many points make a [NewEvaluator].
func (g *Graph) Eval(in ...float64) []float64 {
	dst := make([]float64, len(g.outputs))
	g.evaluator().Eval(dst, in)
	return dst
}

// EvalMap evaluates one point given by name. Every input must be there and no other: a [*NodeError] names the first that
// is missing or unknown.
func (g *Graph) EvalMap(in map[string]float64) (map[string]float64, error) {
	row := make([]float64, len(g.inputs))
	for i, id := range g.inputs {
		name := g.nodes[id].Name
		v, ok := in[name]
		if !ok {
			return nil, &NodeError{Graph: g.name, Node: "input " + name, Problem: "no value given"}
		}
		row[i] = v
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if g.Input(name) < 0 {
			return nil, &NodeError{Graph: g.name, Node: "input " + name, Problem: "no such input, want one of " + list(g.InputNames())}
		}
	}
	out := make(map[string]float64, len(g.outputs))
	for i, v := range g.Eval(row...) {
		out[g.outputs[i].Name] = v
	}
	return out, nil
}
