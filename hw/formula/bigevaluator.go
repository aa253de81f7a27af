package formula

import (
	"fmt"
	"math/big"
)

// BigEvaluator evaluates a graph in math/big.Float: every operation is done to the precision asked for, transcendental
// ones included, with constants at their exact value. It is what float64 results and expansions are measured against.
//
// big.Float has no NaN, subnormals or float64's overflow: NaN is nil here, and exponents reach ±2^31. An [Expand]ed graph
// may be evaluated too, which shows the error of its polynomials without that of float64's rounding. It is safe for
// concurrent use.
type BigEvaluator struct {
	g    *Graph
	prec uint
	math bigMath
}

// NewBigEvaluator returns an evaluator of g with the precision in bits. A precision below 2 is taken as 2.
func NewBigEvaluator(g *Graph, prec uint) *BigEvaluator {
	return &BigEvaluator{g: g, prec: max(prec, 2)}
}

// EvalBig evaluates one point to the precision in bits. For many points make a [NewBigEvaluator], which keeps constants.
func (g *Graph) EvalBig(prec uint, in ...*big.Float) []*big.Float {
	return NewBigEvaluator(g, prec).Eval(in...)
}

// Eval evaluates one point: it takes the inputs and returns the outputs, in order, nil where a result is NaN. A nil input
// is NaN. It panics if the number of inputs is wrong.
func (e *BigEvaluator) Eval(in ...*big.Float) []*big.Float {
	g := e.g
	if len(in) != len(g.inputs) {
		panic(fmt.Sprintf("formula: Eval of %s: %d inputs, want %d", g.name, len(in), len(g.inputs)))
	}
	num := make([]*big.Float, len(g.nodes))
	is := make([]bool, len(g.nodes))
	for i, id := range g.inputs {
		num[id] = in[i]
	}
	var x [3]*big.Float
	for i := range g.nodes {
		n := &g.nodes[i]
		for k, a := range n.Args {
			x[k] = num[a]
		}
		switch n.Op {
		case OpInput:
		case OpConst:
			num[i] = e.constant(n)
		case OpLt, OpLe, OpEq:
			is[i] = compare(n.Op, x[0], x[1])
		case OpAnd:
			is[i] = is[n.Args[0]] && is[n.Args[1]]
		case OpOr:
			is[i] = is[n.Args[0]] || is[n.Args[1]]
		case OpNot:
			is[i] = !is[n.Args[0]]
		case OpSelect:
			if num[i] = x[2]; is[n.Args[0]] {
				num[i] = x[1]
			}
		case OpMin, OpMax:
			if n.Op == OpMin && compare(OpLt, x[0], x[1]) || n.Op == OpMax && compare(OpLt, x[1], x[0]) {
				num[i] = x[0]
			} else {
				num[i] = x[1]
			}
		default:
			num[i] = e.arithmetic(n.Op, x[0], x[1], x[2], len(n.Args))
		}
	}
	out := make([]*big.Float, len(g.outputs))
	for i, o := range g.outputs {
		if num[o.ID] != nil {
			out[i] = round(num[o.ID], e.prec)
		}
	}
	return out
}

func (e *BigEvaluator) constant(n *Node) *big.Float {
	switch {
	case n.Symbol != NoSymbol:
		return e.math.Symbol(n.Symbol, e.prec)
	case n.Value != n.Value:
		return nil
	}
	return big.NewFloat(n.Value)
}

func compare(op Op, x, y *big.Float) bool {
	if x == nil || y == nil {
		return false
	}
	c := x.Cmp(y)
	return op == OpLt && c < 0 || op == OpLe && c <= 0 || op == OpEq && c == 0
}

// arithmetic does an operation with a number as result. NaN operands give NaN.
func (e *BigEvaluator) arithmetic(op Op, x, y, z *big.Float, arity int) *big.Float {
	p := e.prec
	if x == nil || arity > 1 && y == nil || arity > 2 && z == nil {
		return nil
	}
	switch op {
	case OpAdd:
		return add(x, y, p)
	case OpSub:
		return add(x, float(y.Prec()).Neg(y), p)
	case OpMul:
		return mul(x, y, p)
	case OpFMA:
		xy := mul(x, y, x.Prec()+y.Prec())
		if xy == nil {
			return nil
		}
		return add(xy, z, p)
	case OpDiv:
		if x.Sign() == 0 && y.Sign() == 0 || x.IsInf() && y.IsInf() {
			return nil
		}
		return float(p).Quo(x, y)
	case OpSqrt:
		if x.Sign() < 0 {
			return nil
		}
		return float(p).Sqrt(x)
	case OpNeg:
		return float(x.Prec()).Neg(x)
	case OpAbs:
		return float(x.Prec()).Abs(x)
	case OpCopySign:
		if r := float(x.Prec()).Abs(x); y.Signbit() {
			return r.Neg(r)
		} else {
			return r
		}
	case OpExp:
		return e.math.Exp(x, p)
	case OpLog:
		return e.math.Log(x, p)
	case OpNormCDF:
		return e.math.NormCDF(x, p)
	case OpNormPDF:
		return e.math.NormPDF(x, p)
	case OpSin:
		return e.math.Sin(x, p)
	case OpCos:
		return e.math.Cos(x, p)
	}
	return e.parts(op, x, y)
}

// parts does the operations on exponents and integer parts.
func (e *BigEvaluator) parts(op Op, x, y *big.Float) *big.Float {
	if op == OpNearest {
		if x = mul(x, y, x.Prec()+y.Prec()); x == nil {
			return nil
		}
		op = OpRound
	}
	p := max(e.prec, x.Prec())
	special := x.IsInf() || x.Sign() == 0
	switch {
	case op == OpRound && !special:
		n := nearest(x)
		if r := float(p).SetInt(n); n.Sign() != 0 || !x.Signbit() {
			return r
		}
		return float(p).Neg(float(p))
	case op == OpFloor && !special:
		n, _ := x.Int(nil)
		r := float(p).SetInt(n)
		if r.Cmp(x) > 0 {
			r.Sub(r, big.NewFloat(1))
		}
		return r
	case op == OpRound, op == OpFloor:
		return x
	case op == OpScale:
		n, acc := y.Int64()
		if acc != big.Exact {
			return nil
		}
		return float(e.prec).SetMantExp(round(x, e.prec), int(n))
	case op == OpExponent && special:
		return float(p).SetInf(x.Sign() == 0)
	case op == OpExponent:
		return float(p).SetInt64(int64(exponent(x) - 1))
	case op == OpMantissa && special:
		return float(p).SetInt64(1)
	case op == OpMantissa:
		f := float(p)
		x.MantExp(f)
		return f.Abs(f).SetMantExp(f, 1)
	}
	panic("formula: no big.Float value for " + op.String())
}

// add returns x + y, or nil for a difference of infinities. A sum of exactly zero has IEEE 754's sign.
func add(x, y *big.Float, p uint) *big.Float {
	if x.IsInf() && y.IsInf() && x.Signbit() != y.Signbit() {
		return nil
	}
	return float(p).Add(x, y)
}

// mul returns x·y, or nil for zero times infinity.
func mul(x, y *big.Float, p uint) *big.Float {
	if x.IsInf() && y.Sign() == 0 || x.Sign() == 0 && y.IsInf() {
		return nil
	}
	return float(p).Mul(x, y)
}
