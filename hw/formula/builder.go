package formula

import (
	"fmt"
	"math"
	"strings"
)

// Builder makes a [Graph]. Inputs and constants come from it; everything else from the methods of [Expr]. The first
// mistake is kept, later calls do nothing, and [Builder.Graph] returns it. A builder is not safe for concurrent use.
//
// Nodes are simplified as they are made. Equal nodes are one node (operands of commutative operations are put in order
// first), operations on constants are done, and identities that hold bit for bit are used: x·1, x/2^n, x − (−y),
// (−x)·y, the absolute value of an absolute value. What is merely true of real numbers (x + 0, x − x, reassociation) is
// left alone, so a graph evaluates to the bits of the formula as it was written.
type Builder struct {
	name    string
	format  Format
	nodes   []node
	index   map[key]ID
	inputs  []ID
	outputs []Output
	err     error
}

// node is a node under construction.
type node struct {
	op   Op
	args [3]ID
	val  float64 // of a constant; 1 and 0 for the Booleans
	sym  Symbol
	name string
	typ  Type
}

// key is what makes two nodes equal.
type key struct {
	op   Op
	typ  Type
	sym  Symbol
	args [3]ID
	bits uint64
}

// noID is the place of an expression that was refused.
const noID ID = -1

// New returns a builder of a graph in [Float64]. The name should be an identifier: emitters make function names of it.
func New(name string) *Builder { return NewFormat(name, Float64) }

// NewFormat returns a builder of a graph in another format.
func NewFormat(name string, format Format) *Builder {
	b := &Builder{name: name, format: format, index: make(map[key]ID)}
	if format > Float32 {
		b.fail(fmt.Sprintf("format %d", format), "want Float64 or Float32")
	}
	if !identifier(name) {
		b.fail("name "+fmt.Sprintf("%q", name), "want an identifier: a letter, then letters, digits and _")
	}
	return b
}

// Input adds an argument of type Number. Arguments are in the order of these calls. The name must be an identifier that no
// other input has.
func (b *Builder) Input(name string) Expr {
	switch {
	case b.err != nil:
		return Expr{b, noID}
	case !identifier(name):
		b.fail(fmt.Sprintf("input %q", name), "want an identifier: a letter, then letters, digits and _")
		return Expr{b, noID}
	}
	for _, id := range b.inputs {
		if b.nodes[id].name == name {
			b.fail("input "+name, fmt.Sprintf("the name is taken by %%%d", id))
			return Expr{b, noID}
		}
	}
	id := ID(len(b.nodes))
	b.nodes = append(b.nodes, node{op: OpInput, name: name})
	b.inputs = append(b.inputs, id)
	return Expr{b, id}
}

// Const returns the constant v, rounded to the graph's format. Every NaN is the same constant.
func (b *Builder) Const(v float64) Expr {
	if b.err != nil {
		return Expr{b, noID}
	}
	return Expr{b, b.constant(v)}
}

// Symbol returns a constant that float64 cannot hold exactly: it is its nearest float64 there, and exact in [BigEvaluator].
// An operation on constants alone is done in float64 and so loses the further digits.
func (b *Builder) Symbol(s Symbol) Expr {
	if b.err != nil {
		return Expr{b, noID}
	}
	if s == NoSymbol || s >= numSymbols {
		b.fail(fmt.Sprintf("symbol %d", s), "no such symbol")
		return Expr{b, noID}
	}
	return Expr{b, b.intern(node{op: OpConst, val: b.format.Round(s.Float64()), sym: s})}
}

// Output names a result. The name must be an identifier that no other output has. Outputs are numbers: to give a truth
// value away, select between 1 and 0.
func (b *Builder) Output(name string, x Expr) {
	where := "output " + name
	if !identifier(name) {
		b.fail(fmt.Sprintf("output %q", name), "want an identifier: a letter, then letters, digits and _")
	}
	for _, o := range b.outputs {
		if o.Name == name {
			b.fail(where, fmt.Sprintf("the name is taken by %s", b.ref(o.ID)))
		}
	}
	if !b.owns(where, 0, x) {
		return
	}
	if n := b.nodes[x.id]; n.typ != Number {
		b.fail(where, fmt.Sprintf("%s is of type %v, want number", b.ref(x.id), n.typ))
		return
	}
	b.outputs = append(b.outputs, Output{Name: name, ID: x.id})
}

// Err returns the first mistake, a [*NodeError], or nil.
func (b *Builder) Err() error { return b.err }

// Graph returns what was built, without the nodes that no output needs, or the first mistake. The builder may be used on.
func (b *Builder) Graph() (*Graph, error) {
	if len(b.outputs) == 0 {
		b.fail("outputs", "there are none, want at least one")
	}
	if b.err != nil {
		return nil, b.err
	}
	live, count, slots := b.live()
	g := &Graph{name: b.name, format: b.format, nodes: make([]Node, 0, count)}
	place, store := make([]ID, len(b.nodes)), make([]ID, 0, slots)
	put := func(id ID) ID {
		n := &b.nodes[id]
		if place[id] == 0 {
			from := len(store)
			for _, a := range b.operands(id) {
				store = append(store, place[a]-1)
			}
			m := Node{Op: n.op, Type: n.typ, Value: n.val, Symbol: n.sym, Name: n.name}
			if len(store) > from {
				m.Args = store[from:len(store):len(store)]
			}
			g.nodes = append(g.nodes, m)
			place[id] = ID(len(g.nodes)) // one more than the place, so that 0 is none
		}
		return place[id] - 1
	}
	for _, id := range b.inputs {
		g.inputs = append(g.inputs, put(id))
	}
	for i := range b.nodes {
		if !live[i] || b.nodes[i].op == OpConst {
			continue
		}
		for _, a := range b.operands(ID(i)) {
			put(a) // a constant at its first use; everything else has its place
		}
		put(ID(i))
	}
	for _, o := range b.outputs {
		g.outputs = append(g.outputs, Output{Name: o.Name, ID: put(o.ID)})
	}
	return g, nil
}

// live marks the nodes that an output needs, and the inputs, and counts them and their operands.
func (b *Builder) live() (live []bool, count, slots int) {
	live = make([]bool, len(b.nodes))
	for _, id := range b.inputs {
		live[id] = true
	}
	for _, o := range b.outputs {
		live[o.ID] = true
	}
	for i := len(b.nodes) - 1; i >= 0; i-- {
		if !live[i] {
			continue
		}
		count++
		for _, a := range b.operands(ID(i)) {
			live[a] = true
			slots++
		}
	}
	return live, count, slots
}

// MustGraph is [Builder.Graph] for formulas that are fixed in the source: it panics with the mistake.
func (b *Builder) MustGraph() *Graph {
	g, err := b.Graph()
	if err != nil {
		panic(err)
	}
	return g
}

// operands returns the operands of a node.
func (b *Builder) operands(id ID) []ID {
	n := &b.nodes[id]
	return n.args[:n.op.Arity()]
}

// fail keeps the first mistake.
func (b *Builder) fail(where, problem string) {
	if b.err == nil {
		b.err = &NodeError{Graph: b.name, Node: where, Problem: problem}
	}
}

// owns reports whether x is an expression of this builder, and otherwise fails. arg is the operand's number from 1, or 0.
func (b *Builder) owns(where string, arg int, x Expr) bool {
	what := "the expression"
	if arg > 0 {
		what = fmt.Sprintf("operand %d", arg)
	}
	switch {
	case b.err != nil:
	case x.b == nil:
		b.fail(where, what+" is the zero Expr, want one made by this builder")
	case x.b != b:
		if x.b.err != nil {
			b.err = x.b.err
			break
		}
		b.fail(where, fmt.Sprintf("%s belongs to graph %s, want one made by this builder", what, x.b.name))
	case x.id == noID:
		b.fail(where, what+" was refused before")
	default:
		return true
	}
	return false
}

// ref names a node for messages: "%3 (lt)".
func (b *Builder) ref(id ID) string {
	n := &b.nodes[id]
	what := n.op.String()
	if n.name != "" {
		what += " " + n.name
	}
	return fmt.Sprintf("%%%d (%s)", id, what)
}

// apply makes the node op(args), or fails with its name.
func (b *Builder) apply(op Op, args ...Expr) Expr {
	if b.err != nil {
		return Expr{b, noID}
	}
	describe := func() string {
		var s strings.Builder
		fmt.Fprintf(&s, "%%%d = %v", len(b.nodes), op)
		for _, a := range args {
			if a.b == nil || a.id == noID {
				s.WriteString(" ?")
			} else {
				fmt.Fprintf(&s, " %%%d", a.id)
			}
		}
		return s.String()
	}
	if op == opInvalid || op >= numOps || ops[op].class == leaf {
		b.fail(describe(), "not an operation on operands")
		return Expr{b, noID}
	}
	if len(args) != op.Arity() {
		b.fail(describe(), fmt.Sprintf("%d operands, want %d", len(args), op.Arity()))
		return Expr{b, noID}
	}
	var ids [3]ID
	for i, a := range args {
		// The name is made only for an expression that will be refused.
		if a.b != b || a.id == noID {
			b.owns(describe(), i+1, a)
			return Expr{b, noID}
		}
		if got, want := b.nodes[a.id].typ, op.ArgType(i); got != want {
			b.fail(describe(), fmt.Sprintf("operand %d is %s of type %v, want %v", i+1, b.ref(a.id), got, want))
			return Expr{b, noID}
		}
		ids[i] = a.id
	}
	return Expr{b, b.simplify(op, ids)}
}

// constant returns the constant v.
func (b *Builder) constant(v float64) ID {
	v = b.format.Round(v)
	if math.IsNaN(v) {
		v = math.NaN()
	}
	return b.intern(node{op: OpConst, val: v})
}

// truth returns the constant v. It never outlives simplification, because every use of it is simplified away.
func (b *Builder) truth(v bool) ID {
	n := node{op: OpConst, typ: Bool}
	if v {
		n.val = 1
	}
	return b.intern(n)
}

// intern returns the node equal to n, making it if there is none.
func (b *Builder) intern(n node) ID {
	k := key{op: n.op, typ: n.typ, sym: n.sym, args: n.args, bits: math.Float64bits(n.val)}
	if id, ok := b.index[k]; ok {
		return id
	}
	id := ID(len(b.nodes))
	b.nodes = append(b.nodes, n)
	b.index[k] = id
	return id
}

// identifier reports whether s is a letter followed by letters, digits and underscores, all ASCII.
func identifier(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}
