package formula

import "math"

// simplify returns a node that has the bits of op(args) for every value of the operands: an older equal node, a constant,
// a cheaper form, or the new node. Each rule here must hold for zeros of both signs, subnormals, infinities and NaN.
func (b *Builder) simplify(op Op, a [3]ID) ID {
	if op.Commutative() && b.after(a[0], a[1]) {
		a[0], a[1] = a[1], a[0]
	}
	if id, ok := b.fold(op, a); ok {
		return id
	}
	if id, ok := b.reduce(op, a); ok {
		return id
	}
	return b.intern(node{op: op, args: a, typ: op.Type()})
}

// after reports whether x stands after y in the order that commutative operations have their operands in: inputs, other
// nodes by age, constants by their bits.
func (b *Builder) after(x, y ID) bool {
	rank := func(id ID) (class int, place uint64) {
		switch n := &b.nodes[id]; n.op {
		case OpInput:
			return 0, uint64(id)
		case OpConst:
			return 2, math.Float64bits(n.val)
		}
		return 1, uint64(id)
	}
	cx, px := rank(x)
	cy, py := rank(y)
	return cx > cy || cx == cy && px > py
}

// mk is simplify for up to three operands.
func (b *Builder) mk(op Op, args ...ID) ID {
	var a [3]ID
	copy(a[:], args)
	return b.simplify(op, a)
}

func (b *Builder) isConst(id ID) bool { return b.nodes[id].op == OpConst }

// is reports whether id is the constant v, bit for bit.
func (b *Builder) is(id ID, v float64) bool {
	n := &b.nodes[id]
	return n.op == OpConst && n.typ == Number && math.Float64bits(n.val) == math.Float64bits(v)
}

// negated returns y if id is −y.
func (b *Builder) negated(id ID) (ID, bool) {
	n := &b.nodes[id]
	return n.args[0], n.op == OpNeg
}

// fold does an operation on constants.
func (b *Builder) fold(op Op, a [3]ID) (ID, bool) {
	var v [3]float64
	for i := range op.Arity() {
		if !b.isConst(a[i]) {
			return 0, false
		}
		v[i] = b.nodes[a[i]].val
	}
	switch {
	case op.Transcendental():
		return b.expansion(op, a[0]), true // an operation on constants at every step
	case op == OpSelect:
		if v[0] != 0 {
			return a[1], true
		}
		return a[2], true
	case op.Type() == Bool:
		return b.truth(b.format.scalar(op, v[0], v[1], v[2]) != 0), true
	}
	return b.constant(b.format.scalar(op, v[0], v[1], v[2])), true
}

// reduce replaces an operation by a cheaper one with the same bits.
func (b *Builder) reduce(op Op, a [3]ID) (ID, bool) {
	switch op {
	case OpAdd, OpSub:
		return b.reduceSum(op, a)
	case OpMul, OpDiv, OpFMA:
		return b.reduceProduct(op, a)
	case OpLt, OpLe, OpEq, OpAnd, OpOr, OpNot, OpSelect:
		return b.reduceLogic(op, a)
	case OpMin, OpMax:
		return a[0], a[0] == a[1]
	case OpNeg:
		return b.negated(a[0])
	case OpScale:
		least, greatest := b.format.exponents()
		if n := b.nodes[a[1]]; n.op == OpConst && n.val == math.Trunc(n.val) && n.val >= least && n.val <= greatest {
			return b.mk(OpMul, a[0], b.constant(math.Ldexp(1, int(n.val)))), true
		}
	}
	return b.reduceSign(op, a)
}

func (b *Builder) reduceSum(op Op, a [3]ID) (ID, bool) {
	x, y := a[0], a[1]
	nx, negX := b.negated(x)
	ny, negY := b.negated(y)
	negZero := math.Copysign(0, -1)
	switch {
	case op == OpAdd && b.is(y, negZero), op == OpSub && b.is(y, 0):
		return x, true
	case op == OpAdd && negY:
		return b.mk(OpSub, x, ny), true
	case op == OpAdd && negX:
		return b.mk(OpSub, y, nx), true
	case op == OpSub && negY:
		return b.mk(OpAdd, x, ny), true
	case op == OpSub && b.is(x, negZero):
		return b.mk(OpNeg, y), true
	}
	return 0, false
}

func (b *Builder) reduceProduct(op Op, a [3]ID) (ID, bool) {
	x, y, z := a[0], a[1], a[2]
	nx, negX := b.negated(x)
	ny, negY := b.negated(y)
	ones := func(id ID) (minus, ok bool) { return b.is(id, -1), b.is(id, 1) || b.is(id, -1) }
	if op == OpFMA {
		minus, ok := ones(y)
		switch {
		case ok && minus:
			return b.mk(OpSub, z, x), true
		case ok:
			return b.mk(OpAdd, x, z), true
		case b.is(z, math.Copysign(0, -1)):
			return b.mk(OpMul, x, y), true
		case negX && negY:
			return b.mk(OpFMA, nx, ny, z), true
		case negX && b.isConst(y):
			return b.mk(OpFMA, nx, b.mk(OpNeg, y), z), true
		}
		return 0, false
	}
	minus, ok := ones(y)
	switch {
	case ok && minus:
		return b.mk(OpNeg, x), true
	case ok:
		return x, true
	case negX && negY:
		return b.mk(op, nx, ny), true
	case negX && b.isConst(y):
		return b.mk(op, nx, b.mk(OpNeg, y)), true
	case negX:
		return b.mk(OpNeg, b.mk(op, nx, y)), true
	case negY && b.isConst(x):
		return b.mk(op, b.mk(OpNeg, x), ny), true
	case negY:
		return b.mk(OpNeg, b.mk(op, x, ny)), true
	case op == OpDiv && b.isConst(y) && b.nodes[y].sym == NoSymbol:
		// A power of two whose reciprocal is a normal number: both forms round the same real number.
		least, greatest := b.format.exponents()
		if f, e := math.Frexp(b.nodes[y].val); math.Abs(f) == 0.5 && float64(e) > least && float64(e) < greatest {
			return b.mk(OpMul, x, b.constant(1/b.nodes[y].val)), true
		}
	}
	return 0, false
}

// reduceSign uses that magnitudes ignore signs and that even functions do.
func (b *Builder) reduceSign(op Op, a [3]ID) (ID, bool) {
	x := b.nodes[a[0]]
	switch op {
	case OpAbs, OpCopySign, OpExponent, OpMantissa, OpCos, OpNormPDF:
		switch {
		case x.op == OpNeg, x.op == OpCopySign, x.op == OpAbs && op != OpAbs:
			return b.mk(op, x.args[0], a[1]), true
		case x.op == OpAbs:
			return a[0], true
		}
	case OpSin:
		if x.op == OpNeg {
			return b.mk(OpNeg, b.mk(OpSin, x.args[0])), true
		}
	case OpRound, OpFloor:
		if x.op == OpRound || x.op == OpFloor {
			return a[0], true
		}
	}
	if y := b.nodes[a[1]]; op == OpCopySign && y.op == OpConst && !math.IsNaN(y.val) {
		if x := b.mk(OpAbs, a[0]); math.Signbit(y.val) {
			return b.mk(OpNeg, x), true
		} else {
			return x, true
		}
	}
	return 0, false
}

func (b *Builder) reduceLogic(op Op, a [3]ID) (ID, bool) {
	x, y := b.nodes[a[0]], a[1]
	switch op {
	case OpLt:
		if a[0] == y {
			return b.truth(false), true
		}
	case OpAnd, OpOr:
		// A constant stands second.
		if c := b.nodes[y]; c.op == OpConst {
			if (c.val != 0) == (op == OpAnd) {
				return a[0], true
			}
			return y, true
		}
		return a[0], a[0] == y
	case OpNot:
		return x.args[0], x.op == OpNot
	case OpSelect:
		switch {
		case x.op == OpConst && x.val != 0:
			return y, true
		case x.op == OpConst:
			return a[2], true
		case y == a[2]:
			return y, true
		case x.op == OpNot:
			return b.mk(OpSelect, x.args[0], a[2], y), true
		}
	}
	return 0, false
}
