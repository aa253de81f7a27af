package formula

import (
	"iter"
	"sync"
)

// ID is a node's place in its graph: 0 for the first.
type ID int32

// Node is one operation of a graph. Its fields must not be changed.
type Node struct {
	Op     Op
	Type   Type
	Args   []ID    // the operands, all before the node itself; nil for inputs and constants
	Value  float64 // of a constant, a number of the graph's format
	Symbol Symbol  // of a constant that stands for more digits than Value has
	Name   string  // of an input; otherwise a label that explains the node, or ""
}

// Output is a named result.
type Output struct {
	Name string
	ID   ID
}

// Graph is a formula: nodes in an order in which every operand stands before its use, the inputs in the order of the
// arguments, and the named outputs. The inputs are the first nodes; a constant stands just before its first use. A graph
// never changes once built and is safe for concurrent use.
//
// There are no two equal nodes in a graph, no node that no output needs other than inputs, no operation on constants
// alone, and no constant of type Bool.
type Graph struct {
	name    string
	format  Format
	nodes   []Node
	inputs  []ID
	outputs []Output

	once     sync.Once
	compiled *Evaluator
}

// Name returns the name given to [New].
func (g *Graph) Name() string { return g.name }

// Format returns the number format that all of g is in.
func (g *Graph) Format() Format { return g.format }

// Len returns the number of nodes. IDs run from 0 to Len()-1.
func (g *Graph) Len() int { return len(g.nodes) }

// Node returns a node.
func (g *Graph) Node(id ID) Node { return g.nodes[id] }

// Nodes yields the nodes in order: operands before uses.
func (g *Graph) Nodes() iter.Seq2[ID, Node] {
	return func(yield func(ID, Node) bool) {
		for i := range g.nodes {
			if !yield(ID(i), g.nodes[i]) {
				return
			}
		}
	}
}

// Inputs returns the inputs in the order of the arguments, those that no output needs included.
func (g *Graph) Inputs() []ID { return append([]ID(nil), g.inputs...) }

// InputNames returns the names of the inputs in order.
func (g *Graph) InputNames() []string {
	names := make([]string, len(g.inputs))
	for i, id := range g.inputs {
		names[i] = g.nodes[id].Name
	}
	return names
}

// Outputs returns the outputs in order. Two outputs may be the same node, and an output may be an input or a constant.
func (g *Graph) Outputs() []Output { return append([]Output(nil), g.outputs...) }

// OutputNames returns the names of the outputs in order.
func (g *Graph) OutputNames() []string {
	names := make([]string, len(g.outputs))
	for i, o := range g.outputs {
		names[i] = o.Name
	}
	return names
}

// Input returns the position of the named input among the arguments, or -1.
func (g *Graph) Input(name string) int {
	for i, id := range g.inputs {
		if g.nodes[id].Name == name {
			return i
		}
	}
	return -1
}

// Output returns the position of the named output, or -1.
func (g *Graph) Output(name string) int {
	for i, o := range g.outputs {
		if o.Name == name {
			return i
		}
	}
	return -1
}

// Uses returns for each node how often it is an operand or an output.
func (g *Graph) Uses() []int {
	uses := make([]int, len(g.nodes))
	for i := range g.nodes {
		for _, a := range g.nodes[i].Args {
			uses[a]++
		}
	}
	for _, o := range g.outputs {
		uses[o.ID]++
	}
	return uses
}

// Expanded reports whether the graph is free of transcendental nodes, so that an emitter may take it.
func (g *Graph) Expanded() bool {
	for i := range g.nodes {
		if g.nodes[i].Op.Transcendental() {
			return false
		}
	}
	return true
}
