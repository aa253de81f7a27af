package formula

// Tangent returns the derivative of g along a direction, by forward mode: to the inputs of g it adds one called x_dot for
// every input x in wrt (every input if wrt is empty), and to the outputs one called y_dot for every output y, which is
// Σ ∂y/∂x·x_dot. The original outputs stay, and their intermediate values are shared.
//
// A selection is differentiated branch by branch, and only the branch that is chosen has an effect: a NaN in the other
// stays there. See [Adjoint] for the many-inputs way, and the comment of the package for operations without a derivative.
func Tangent(g *Graph, wrt ...string) (*Graph, error) {
	b, at, chosen := differentiable(g, wrt)
	if b.err != nil {
		return nil, b.err
	}
	seed := make(map[ID]Expr)
	for _, id := range chosen {
		seed[id] = b.Input(g.nodes[id].Name + "_dot")
	}
	dot := tangents(b, g, at, seed)
	for _, o := range g.outputs {
		b.Output(o.Name+"_dot", orZero(b, dot[o.ID]))
	}
	return b.Graph()
}

// Derivative returns g with outputs added for the derivatives of the outputs named in of (all, if of is empty) by the
// input wrt, by forward mode. The derivative of y by x is called y_x. Repeated, it gives higher derivatives: y_x_x.
func Derivative(g *Graph, wrt string, of ...string) (*Graph, error) {
	b, at, chosen := differentiable(g, []string{wrt})
	if b.err != nil {
		return nil, b.err
	}
	dot := tangents(b, g, at, map[ID]Expr{chosen[0]: b.Const(1)})
	if len(of) == 0 {
		of = g.OutputNames()
	}
	for _, name := range of {
		id, ok := outputOf(b, g, name)
		if !ok {
			return nil, b.err
		}
		b.Output(name+"_"+wrt, orZero(b, dot[id]))
	}
	return b.Graph()
}

// tangents returns for each node of g its derivative along the seeds, the zero Expr where it is zero everywhere.
func tangents(b *Builder, g *Graph, at []Expr, seed map[ID]Expr) []Expr {
	dot := make([]Expr, len(g.nodes))
	for i := range g.nodes {
		n := &g.nodes[i]
		if ops[n.Op].class == leaf {
			dot[i] = seed[ID(i)]
			continue
		}
		if n.Type == Bool {
			continue
		}
		if n.Op == OpSelect || n.Op == OpMin || n.Op == OpMax {
			dot[i] = chosenTangent(b, n, at, dot)
			continue
		}
		if n.Op == OpDiv {
			dot[i] = quotientTangent(n, at, at[i], dot)
			continue
		}
		args := operands(n, at)
		var sum Expr
		for k, a := range n.Args {
			if dot[a].b == nil {
				continue
			}
			if p := partialOf(b, n.Op, k, at[i], args); !p.zero() {
				sum = p.times(dot[a], sum)
			}
		}
		dot[i] = sum
	}
	return dot
}

// quotientTangent is the tangent of y = x/d: (x' − y·d')/d.
func quotientTangent(n *Node, at []Expr, y Expr, dot []Expr) Expr {
	x, d := dot[n.Args[0]], dot[n.Args[1]]
	switch {
	case x.b == nil && d.b == nil:
		return Expr{}
	case d.b == nil:
		return x.Div(at[n.Args[1]])
	case x.b == nil:
		return y.Mul(d).Neg().Div(at[n.Args[1]])
	}
	return y.Neg().FMA(d, x).Div(at[n.Args[1]])
}

// chosenTangent is the tangent of an operation that returns one of two operands: that operand's tangent.
func chosenTangent(b *Builder, n *Node, at, dot []Expr) Expr {
	yes, no := n.Args[0], n.Args[len(n.Args)-1]
	var cond Expr
	switch n.Op {
	case OpSelect:
		cond, yes = at[n.Args[0]], n.Args[1]
	case OpMin:
		cond = at[yes].Lt(at[no])
	case OpMax:
		cond = at[yes].Gt(at[no])
	}
	if dot[yes].b == nil && dot[no].b == nil {
		return Expr{}
	}
	return cond.Select(orZero(b, dot[yes]), orZero(b, dot[no]))
}

// operands returns the expressions of a node's operands.
func operands(n *Node, at []Expr) []Expr {
	args := make([]Expr, len(n.Args))
	for k, a := range n.Args {
		args[k] = at[a]
	}
	return args
}

// differentiable replays g with its outputs into a new builder and finds the inputs named in wrt, all if it is empty.
func differentiable(g *Graph, wrt []string) (b *Builder, at []Expr, chosen []ID) {
	b = like(g, g.name)
	at = b.replay(g, nil, same(g))
	for _, o := range g.outputs {
		b.Output(o.Name, at[o.ID])
	}
	if len(wrt) == 0 {
		return b, at, g.inputs
	}
	for _, name := range wrt {
		i := g.Input(name)
		if i < 0 {
			b.fail("input "+name, "no such input, want one of "+list(g.InputNames()))
			break
		}
		chosen = append(chosen, g.inputs[i])
	}
	return b, at, chosen
}

// outputOf finds an output by name, or fails.
func outputOf(b *Builder, g *Graph, name string) (ID, bool) {
	i := g.Output(name)
	if i < 0 {
		b.fail("output "+name, "no such output, want one of "+list(g.OutputNames()))
		return 0, false
	}
	return g.outputs[i].ID, true
}

// orZero returns x, or the constant 0 for the zero Expr.
func orZero(b *Builder, x Expr) Expr {
	if x.b == nil {
		return b.Const(0)
	}
	return x
}
