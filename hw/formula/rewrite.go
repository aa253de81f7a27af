package formula

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// like returns a builder with the format of g.
func like(g *Graph, name string) *Builder { return NewFormat(name, g.format) }

// rewriter makes the node that stands for node id, given the operands' new nodes and those of all nodes before it.
type rewriter func(b *Builder, id ID, args, at []Expr) Expr

// rewrite builds g anew through f. Labels are kept.
func rewrite(g *Graph, f rewriter) *Graph {
	b := like(g, g.name)
	at := b.replay(g, nil, f)
	for _, o := range g.outputs {
		b.Output(o.Name, at[o.ID])
	}
	return b.MustGraph()
}

// same is the rewriting that changes nothing.
func same(g *Graph) rewriter {
	return func(b *Builder, id ID, args, _ []Expr) Expr {
		return b.apply(g.nodes[id].Op, args...)
	}
}

// replay adds the nodes of g to b and returns what each became. Inputs become in, or new inputs of b if in is nil.
func (b *Builder) replay(g *Graph, in []Expr, f rewriter) []Expr {
	at := make([]Expr, len(g.nodes))
	var args [3]Expr
	next := 0
	for i := range g.nodes {
		n := &g.nodes[i]
		switch {
		case n.Op == OpInput && in == nil:
			at[i] = b.Input(n.Name)
		case n.Op == OpInput:
			at[i] = in[next]
			next++
		case n.Op == OpConst:
			at[i] = b.literal(n)
		default:
			for k, a := range n.Args {
				args[k] = at[a]
			}
			at[i] = f(b, ID(i), args[:len(n.Args)], at).Named(n.Name)
		}
	}
	return at
}

// Call adds the formula g to b, its inputs bound to args in order, and returns its outputs. So larger formulas are put
// together from smaller ones; what they share is computed once. The operations of g become those of b's format.
func (b *Builder) Call(g *Graph, args ...Expr) []Expr {
	out := make([]Expr, len(g.outputs))
	for i := range out {
		out[i] = Expr{b, noID}
	}
	where := "call of " + g.name
	if len(args) != len(g.inputs) {
		b.fail(where, fmt.Sprintf("%d operands, want %d: %s", len(args), len(g.inputs), list(g.InputNames())))
	}
	for i, a := range args {
		if b.owns(where, i+1, a) && b.nodes[a.id].typ != Number {
			b.fail(where, fmt.Sprintf("operand %d is %s of type %v, want number", i+1, b.ref(a.id), b.nodes[a.id].typ))
		}
	}
	if b.err != nil {
		return out
	}
	if args == nil {
		args = []Expr{}
	}
	at := b.replay(g, args, same(g))
	for i, o := range g.outputs {
		out[i] = at[o.ID]
	}
	return out
}

// Pick returns g with the outputs chosen, in the order given; "new=old" renames one. What they do not need is removed, but
// inputs stay. An unknown name is a [*NodeError].
func Pick(g *Graph, outputs ...string) (*Graph, error) {
	b := like(g, g.name)
	at := b.replay(g, nil, same(g))
	for _, o := range outputs {
		name, old, renamed := strings.Cut(o, "=")
		if !renamed {
			old = name
		}
		i := g.Output(old)
		if i < 0 {
			b.fail("output "+old, "no such output, want one of "+list(g.OutputNames()))
			break
		}
		b.Output(name, at[g.outputs[i].ID])
	}
	return b.Graph()
}

// Rename returns g under another name.
func Rename(g *Graph, name string) (*Graph, error) {
	b := like(g, name)
	if b.err != nil {
		return nil, b.err
	}
	return &Graph{name: name, format: g.format, nodes: g.nodes, inputs: g.inputs, outputs: g.outputs}, nil
}

// Bind returns g with some inputs fixed at numbers, which the simplifications then use: a strip kernel with the rate at
// zero, a call without its sign. An unknown name is a [*NodeError].
func Bind(g *Graph, values map[string]float64) (*Graph, error) {
	b := like(g, g.name)
	in := make([]Expr, len(g.inputs))
	for i, name := range g.InputNames() {
		if v, ok := values[name]; ok {
			in[i] = b.Const(v)
		} else {
			in[i] = b.Input(name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if g.Input(name) < 0 {
			b.fail("input "+name, "no such input, want one of "+list(g.InputNames()))
		}
	}
	if b.err != nil {
		return nil, b.err
	}
	at := b.replay(g, in, same(g))
	for _, o := range g.outputs {
		b.Output(o.Name, at[o.ID])
	}
	return b.Graph()
}

// list joins names for messages.
func list(names []string) string { return strings.Join(names, ", ") }
