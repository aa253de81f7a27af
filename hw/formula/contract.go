package formula

// Contract fuses products with the sums that alone use them: x·y + z, x·y − z and z − x·y become fused multiply-adds. Of
// two products under one sum the second is fused. Every emitter then fuses the same pairs, but values change, by one
// rounding less in each place; nothing else here does that, so it is a pass of its own and not part of [Builder].
func Contract(g *Graph) *Graph {
	uses := g.Uses()
	alone := func(id ID) bool { return g.nodes[id].Op == OpMul && uses[id] == 1 }
	return rewrite(g, func(b *Builder, id ID, args, at []Expr) Expr {
		n := &g.nodes[id]
		if n.Op != OpAdd && n.Op != OpSub {
			return b.apply(n.Op, args...)
		}
		factors := func(k int) (p, q Expr) {
			m := g.nodes[n.Args[k]].Args
			return at[m[0]], at[m[1]]
		}
		switch {
		case alone(n.Args[1]):
			p, q := factors(1)
			if n.Op == OpSub {
				p = p.Neg()
			}
			return p.FMA(q, args[0])
		case alone(n.Args[0]):
			z := args[1]
			if n.Op == OpSub {
				z = z.Neg()
			}
			p, q := factors(0)
			return p.FMA(q, z)
		}
		return b.apply(n.Op, args...)
	})
}
