package goasm

import (
	"math"

	"github.com/volgaquant/volga/hw/formula"
)

// interval is a range that holds every value of a node but NaN. It is empty, low above high, where there is no other.
type interval struct{ low, high float64 }

var everything = interval{math.Inf(-1), math.Inf(1)}

// slack widens intervals by more than the rounding of an operation in any format.
const slack = 1e-6

// abs returns the greatest magnitude.
func (v interval) abs() float64 { return math.Max(math.Abs(v.low), math.Abs(v.high)) }

func (v interval) union(w interval) interval {
	return interval{math.Min(v.low, w.low), math.Max(v.high, w.high)}
}

// wider returns v for results that were rounded; what is unknown is everything.
func (v interval) wider() interval {
	v.low, v.high = v.low-slack*math.Abs(v.low), v.high+slack*math.Abs(v.high)
	if v.low != v.low || v.high != v.high {
		return everything
	}
	return v
}

func (v interval) plus(w interval) interval { return interval{v.low + w.low, v.high + w.high} }
func (v interval) minus() interval          { return interval{-v.high, -v.low} }

func (v interval) times(w interval) interval {
	r := interval{math.Inf(1), math.Inf(-1)}
	for _, x := range [2]float64{v.low, v.high} {
		for _, y := range [2]float64{w.low, w.high} {
			p := x * y
			if x == 0 || y == 0 { // zero times infinity is NaN, and what comes near it is between the others
				p = 0
			}
			r = r.union(interval{p, p})
		}
	}
	return r
}

// intervals bounds every node of g by those before it. Beside the bounds of single operations it knows the reduction of an
// argument, in which a multiple is subtracted that was made to be the nearest.
func intervals(g *formula.Graph) []interval {
	at := make([]interval, g.Len())
	for id, n := range g.Nodes() {
		var a [3]interval
		for i, k := range n.Args {
			a[i] = at[k]
		}
		at[id] = bound(g, n, a, at)
	}
	return at
}

func bound(g *formula.Graph, n formula.Node, a [3]interval, at []interval) interval {
	fixed := func(i int) bool { return g.Node(n.Args[i]).Op == formula.OpConst }
	for _, v := range a[:len(n.Args)] {
		if n.Type == formula.Number && v.low > v.high && n.Op != formula.OpSelect {
			return everything
		}
	}
	switch n.Op {
	case formula.OpConst:
		if n.Value != n.Value {
			return interval{math.Inf(1), math.Inf(-1)}
		}
		return interval{n.Value, n.Value}
	case formula.OpAdd:
		return a[0].plus(a[1]).wider()
	case formula.OpSub:
		return a[0].plus(a[1].minus()).wider()
	case formula.OpMul:
		return a[0].times(a[1]).wider()
	case formula.OpFMA:
		if r, ok := reduced(g, n, at); ok {
			return r
		}
		return a[0].times(a[1]).plus(a[2]).wider()
	case formula.OpDiv:
		if a[1].low > 0 || a[1].high < 0 {
			return a[0].times(interval{1 / a[1].high, 1 / a[1].low}).wider()
		}
	case formula.OpSqrt:
		return interval{0, math.Sqrt(math.Max(a[0].high, 0))}.wider()
	case formula.OpNeg:
		return a[0].minus()
	case formula.OpAbs:
		return interval{0, a[0].abs()}
	case formula.OpCopySign:
		return interval{-a[0].abs(), a[0].abs()}
	case formula.OpMin: // the second operand if the first is NaN, which a constant is not
		r := interval{math.Min(a[0].low, a[1].low), a[1].high}
		if fixed(0) {
			r.high = math.Min(a[0].high, a[1].high)
		}
		return r
	case formula.OpMax:
		r := interval{a[1].low, math.Max(a[0].high, a[1].high)}
		if fixed(0) {
			r.low = math.Max(a[0].low, a[1].low)
		}
		return r
	case formula.OpNearest:
		if p := a[0].times(a[1]).wider(); p.abs() < 1<<20 {
			return interval{math.Floor(p.low), math.Ceil(p.high)}
		}
	case formula.OpMantissa:
		return interval{1, 2}
	case formula.OpSelect:
		return a[1].union(a[2])
	}
	return everything
}

// reduced bounds x + C·n where n is the integer nearest to x·k, and C nearly −1/k: the rest after the nearest multiple was taken
// away. x is a value, or the square of one, in which case the product C·n stands by itself.
func reduced(g *formula.Graph, n formula.Node, at []interval) (interval, bool) {
	constant := func(id formula.ID) (float64, bool) { m := g.Node(id); return m.Value, m.Op == formula.OpConst }
	rest := func(multiple, factor formula.ID, ofX func(x formula.ID) bool) (interval, bool) {
		c, ok := constant(factor)
		m := g.Node(multiple)
		if !ok || m.Op != formula.OpNearest {
			return interval{}, false
		}
		k, ok := constant(m.Args[1])
		if !ok || !ofX(m.Args[0]) || math.IsInf(at[m.Args[0]].abs(), 0) {
			return interval{}, false
		}
		r := math.Abs(c)*0.5 + at[m.Args[0]].abs()*(math.Abs(1+c*k)+slack)
		return interval{-r, r}.wider(), true
	}
	if r, ok := rest(n.Args[0], n.Args[1], func(x formula.ID) bool { return x == n.Args[2] }); ok {
		return r, true
	}
	if p := g.Node(n.Args[2]); p.Op == formula.OpMul && n.Args[0] == n.Args[1] {
		return rest(p.Args[0], p.Args[1], func(x formula.ID) bool {
			s := g.Node(x)
			return s.Op == formula.OpMul && s.Args[0] == n.Args[0] && s.Args[1] == n.Args[0]
		})
	}
	return interval{}, false
}
