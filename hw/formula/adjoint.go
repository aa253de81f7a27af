package formula

// Adjoint returns the derivative of g by reverse mode, as a formula of its own: to the inputs of g it adds one called
// y_bar for every output y, and its outputs are, for every input x in wrt (every input if wrt is empty), x_bar =
// Σ y_bar·∂y/∂x, after the outputs of g. One evaluation costs a small multiple of g whatever the number of inputs, and
// shares g's intermediate values. So the adjoint of one step of a path is a kernel that a backward sweep calls.
//
// A selection passes its adjoint to the branch that is chosen and zero to the other; if the other branch has an infinite
// or undefined derivative there, zero times it is NaN. Keep such a branch finite by selecting its argument as well.
// [Tangent] has no such condition.
func Adjoint(g *Graph, wrt ...string) (*Graph, error) {
	b, at, chosen := differentiable(g, wrt)
	if b.err != nil {
		return nil, b.err
	}
	seed := make(map[ID]Expr)
	for _, o := range g.outputs {
		bar := b.Input(o.Name + "_bar")
		if s, ok := seed[o.ID]; ok { // two outputs may be one node
			bar = s.Add(bar)
		}
		seed[o.ID] = bar
	}
	bar := adjoints(b, g, at, seed, chosen)
	for _, id := range chosen {
		b.Output(g.nodes[id].Name+"_bar", orZero(b, bar[id]))
	}
	return b.Graph()
}

// Gradient returns g with outputs added for the derivatives of the output of by the inputs wrt (every input if wrt is
// empty), by reverse mode: one sweep for all. The derivative of y by x is called y_x.
func Gradient(g *Graph, of string, wrt ...string) (*Graph, error) {
	b, at, chosen := differentiable(g, wrt)
	if b.err != nil {
		return nil, b.err
	}
	y, ok := outputOf(b, g, of)
	if !ok {
		return nil, b.err
	}
	bar := adjoints(b, g, at, map[ID]Expr{y: b.Const(1)}, chosen)
	for _, id := range chosen {
		b.Output(of+"_"+g.nodes[id].Name, orZero(b, bar[id]))
	}
	return b.Graph()
}

// adjoints returns for each node of g its adjoint, given those of the outputs; the zero Expr where it is zero everywhere
// or where no input in chosen is reached.
func adjoints(b *Builder, g *Graph, at []Expr, seed map[ID]Expr, chosen []ID) []Expr {
	active := make([]bool, len(g.nodes)) // depends on a chosen input
	for _, id := range chosen {
		active[id] = true
	}
	for i := range g.nodes {
		for _, a := range g.nodes[i].Args {
			active[i] = active[i] || active[a]
		}
	}
	bar := make([]Expr, len(g.nodes))
	for id, s := range seed {
		bar[id] = s
	}
	for i := len(g.nodes) - 1; i >= 0; i-- {
		n := &g.nodes[i]
		if bar[i].b == nil || !active[i] || n.Type == Bool {
			continue
		}
		args := operands(n, at)
		if n.Op == OpDiv { // x̄ = ȳ/d and d̄ = −y·x̄: one division
			q := bar[i].Div(args[1])
			accumulate(bar, active, n.Args[0], partial{plus: true}, q)
			accumulate(bar, active, n.Args[1], partial{factor: at[i].Neg()}, q)
			continue
		}
		for k, a := range n.Args {
			if active[a] && g.nodes[a].Type != Bool {
				accumulate(bar, active, a, partialOf(b, n.Op, k, at[i], args), bar[i])
			}
		}
	}
	return bar
}

// accumulate adds the derivative p times v to the adjoint of node a.
func accumulate(bar []Expr, active []bool, a ID, p partial, v Expr) {
	if active[a] && !p.zero() {
		bar[a] = p.times(v, bar[a])
	}
}
