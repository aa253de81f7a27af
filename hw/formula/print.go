package formula

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// String returns the printed form, which [Parse] reads back:
//
//	graph call(S, K)
//	%2 = sub S K  # intrinsic
//	%3 = max %2 0
//	return payoff = %3
//
// A graph in [Float32] has f32 after its inputs. Nodes are numbered by their place; inputs stand by their names, constants by their shortest decimal, and what follows
// # is a node's label.
func (g *Graph) String() string {
	var s strings.Builder
	g.WriteTo(&s)
	return s.String()
}

// WriteTo writes the printed form.
func (g *Graph) WriteTo(w io.Writer) (int64, error) {
	var s strings.Builder
	fmt.Fprintf(&s, "graph %s(%s)", g.name, list(g.InputNames()))
	if g.format != Float64 {
		fmt.Fprintf(&s, " %v", g.format)
	}
	s.WriteByte('\n')
	for i := range g.nodes {
		n := &g.nodes[i]
		if ops[n.Op].class == leaf {
			continue
		}
		fmt.Fprintf(&s, "%%%d = %v", i, n.Op)
		for _, a := range n.Args {
			s.WriteString(" " + g.operand(a))
		}
		if n.Name != "" {
			s.WriteString("  # " + n.Name)
		}
		s.WriteByte('\n')
	}
	for _, o := range g.outputs {
		fmt.Fprintf(&s, "return %s = %s\n", o.Name, g.operand(o.ID))
	}
	n, err := io.WriteString(w, s.String())
	return int64(n), err
}

// operand returns a node as it is printed where it is used.
func (g *Graph) operand(id ID) string {
	switch n := &g.nodes[id]; {
	case n.Op == OpInput:
		return n.Name
	case n.Op == OpConst && n.Symbol != NoSymbol:
		return n.Symbol.String()
	case n.Op == OpConst:
		return number(n.Value)
	}
	return fmt.Sprintf("%%%d", id)
}

// symbolNaN is how the constant NaN is printed: an input may be called nan.
const symbolNaN = "$nan"

// number prints a constant so that it reads back the same, the sign of zero included.
func number(v float64) string {
	if math.IsNaN(v) {
		return symbolNaN
	}
	return strings.ToLower(strconv.FormatFloat(v, 'g', -1, 64))
}

// Describe returns one line on a node for messages and comments: "%3 = max %2 0".
func (g *Graph) Describe(id ID) string {
	n := &g.nodes[id]
	if ops[n.Op].class == leaf {
		return fmt.Sprintf("%%%d = %v %s", id, n.Op, g.operand(id))
	}
	s := fmt.Sprintf("%%%d = %v", id, n.Op)
	for _, a := range n.Args {
		s += " " + g.operand(a)
	}
	return s
}
