package formula

import (
	"fmt"
	"strings"
)

// Stats counts what a graph costs. Inputs and constants are free.
type Stats struct {
	Ops   [NumOps]int // how often each operation occurs
	Total int         // all operations
	Depth int         // operations on the longest path from an input to an output
	// Live is the greatest number of values that are needed at one place in the order of the nodes, inputs included from
	// the start and constants left out: the registers that an emitter needs, without spilling, if a result may take the
	// place of an operand that is not needed any more.
	Live int
}

// Stats counts the operations of g as it stands: expand it first for the cost in arithmetic.
func (g *Graph) Stats() Stats {
	var s Stats
	for i := range g.nodes {
		if op := g.nodes[i].Op; ops[op].class != leaf {
			s.Ops[op]++
			s.Total++
		}
	}
	s.Depth = g.DepthFunc(func(Op) int { return 1 })
	s.Live = g.live()
	return s
}

// DepthFunc returns the length of the longest path from an input to an output when an operation takes latency(op), for
// instance in clock cycles. Inputs and constants take none.
func (g *Graph) DepthFunc(latency func(Op) int) int {
	at := make([]int, len(g.nodes))
	for i := range g.nodes {
		n := &g.nodes[i]
		if ops[n.Op].class == leaf {
			continue
		}
		for _, a := range n.Args {
			at[i] = max(at[i], at[a])
		}
		at[i] += latency(n.Op)
	}
	depth := 0
	for _, o := range g.outputs {
		depth = max(depth, at[o.ID])
	}
	return depth
}

// live returns the greatest number of values needed at once.
func (g *Graph) live() int {
	last := make([]int, len(g.nodes))
	for i := range g.nodes {
		for _, a := range g.nodes[i].Args {
			last[a] = i
		}
	}
	for _, o := range g.outputs {
		last[o.ID] = len(g.nodes)
	}
	now := len(g.inputs)
	most := now
	for i := range g.nodes {
		n := &g.nodes[i]
		if ops[n.Op].class == leaf {
			continue
		}
		for k, a := range n.Args {
			again := k > 0 && n.Args[0] == a || k > 1 && n.Args[1] == a
			if last[a] == i && g.nodes[a].Op != OpConst && !again {
				now--
			}
		}
		now++ // the result may take an operand's register
		most = max(most, now)
	}
	return most
}

// Count returns how often the operations occur together.
func (s Stats) Count(list ...Op) int {
	n := 0
	for _, op := range list {
		n += s.Ops[op]
	}
	return n
}

// String lists the counts: "12 operations, depth 7, 5 live: add 3, mul 9".
func (s Stats) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d operations, depth %d, %d live", s.Total, s.Depth, s.Live)
	sep := ": "
	for op, n := range s.Ops {
		if n > 0 {
			fmt.Fprintf(&b, "%s%v %d", sep, Op(op), n)
			sep = ", "
		}
	}
	return b.String()
}
