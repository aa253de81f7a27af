package formula

import "errors"

// ErrGraph is what every [NodeError] unwraps to.
var ErrGraph = errors.New("formula: ill-formed graph")

// NodeError says which node of which graph was refused, and why. It is an [ErrGraph].
type NodeError struct {
	Graph   string // the graph's name
	Node    string // the node as it would be printed: "%4 = add %1 %3", or the output or input: "output price"
	Problem string // what is wrong and what was expected: "operand 2 is %3 (lt) of type bool, want number"
}

// Error gives the graph, the node and the problem.
func (e *NodeError) Error() string {
	return "formula: graph " + e.Graph + ": " + e.Node + ": " + e.Problem
}

// Unwrap makes errors.Is(err, ErrGraph) true.
func (e *NodeError) Unwrap() error { return ErrGraph }
