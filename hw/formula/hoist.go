package formula

import "fmt"

// Hoist splits g for a kernel in which some inputs are the same in every row, as forward, time and discount are along one
// expiry: once computes what depends on those alone, each the rest, row by row.
//
// The inputs of once are the uniform ones, in the order of g. The inputs of each are the other inputs of g, in order, and
// then the outputs of once, under the same names: a node's label if it has one, an input's own name, else h0, h1 and so
// on. Every bit of the results is that of g. If nothing can be computed beforehand, each takes the uniform inputs that it
// needs. An unknown name is a [*NodeError].
func Hoist(g *Graph, uniform ...string) (once, each *Graph, err error) {
	p := like(g, g.name+"Once")
	isUniform := make([]bool, len(g.nodes))
	for _, name := range uniform {
		i := g.Input(name)
		if i < 0 {
			p.fail("input "+name, "no such input, want one of "+list(g.InputNames()))
			return nil, nil, p.err
		}
		isUniform[g.inputs[i]] = true
	}
	before, wanted := hoistable(g, isUniform)

	b := like(g, g.name+"Each")
	once0, each0 := make([]Expr, len(g.nodes)), make([]Expr, len(g.nodes))
	for _, id := range g.inputs {
		if name := g.nodes[id].Name; isUniform[id] {
			once0[id] = p.Input(name)
		} else {
			each0[id] = b.Input(name)
		}
	}
	names := hoistedNames(g, wanted)
	for i := range g.nodes {
		if wanted[i] {
			each0[i] = b.Input(names[i])
		}
	}
	for i := range g.nodes {
		n := &g.nodes[i]
		at, builder := each0, b
		if before[i] {
			at, builder = once0, p
		}
		switch {
		case n.Op == OpInput:
		case n.Op == OpConst: // in both: it costs nothing where it is not used
			once0[i], each0[i] = p.literal(n), b.literal(n)
		default:
			at[i] = builder.apply(n.Op, operands(n, at)...).Named(n.Name)
		}
		if wanted[i] {
			p.Output(names[i], once0[i])
		}
	}
	for _, o := range g.outputs {
		b.Output(o.Name, each0[o.ID])
	}
	if len(p.outputs) == 0 {
		p.Output("none", p.Const(0))
	}
	if once, err = p.Graph(); err != nil {
		return nil, nil, err
	}
	each, err = b.Graph()
	return once, each, err
}

// hoistable says which nodes are computed once, and which of those the rest needs. A truth value cannot be handed over,
// so where the rest needs one it is computed there, from what it is made of.
func hoistable(g *Graph, isUniform []bool) (before, wanted []bool) {
	before, wanted = append([]bool(nil), isUniform...), make([]bool, len(g.nodes))
	for i := range g.nodes {
		n := &g.nodes[i]
		if ops[n.Op].class == leaf {
			continue
		}
		before[i] = true
		for _, a := range n.Args {
			before[i] = before[i] && (before[a] || g.nodes[a].Op == OpConst)
		}
	}
	for _, o := range g.outputs {
		wanted[o.ID] = before[o.ID]
	}
	for i := len(g.nodes) - 1; i >= 0; i-- {
		if g.nodes[i].Type == Bool && wanted[i] {
			before[i], wanted[i] = false, false
		}
		if before[i] {
			continue
		}
		for _, a := range g.nodes[i].Args {
			wanted[a] = wanted[a] || before[a]
		}
	}
	return before, wanted
}

// hoistedNames gives the nodes that are handed over names that differ from each other, from the inputs and the outputs.
func hoistedNames(g *Graph, wanted []bool) []string {
	taken := make(map[string]bool)
	for _, name := range append(g.InputNames(), g.OutputNames()...) {
		taken[name] = true
	}
	names, next := make([]string, len(g.nodes)), 0
	for i := range g.nodes {
		if !wanted[i] {
			continue
		}
		name := g.nodes[i].Name
		if g.nodes[i].Op != OpInput {
			for name == "" || taken[name] {
				name = fmt.Sprintf("h%d", next)
				next++
			}
			taken[name] = true
		}
		names[i] = name
	}
	return names
}

// literal returns the constant n.
func (b *Builder) literal(n *Node) Expr {
	if n.Symbol != NoSymbol {
		return b.Symbol(n.Symbol)
	}
	return b.Const(n.Value)
}
