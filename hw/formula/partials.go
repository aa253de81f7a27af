package formula

// partial is the derivative of an operation by one operand, as forward and reverse mode use it: a factor, or the choice
// that a selection makes. The zero partial is a derivative that is zero everywhere.
type partial struct {
	factor Expr // ∂y/∂x
	minus  bool // the derivative is −1, and factor is not set
	plus   bool // the derivative is +1
	choose Expr // the derivative is 1 where this Bool holds, 0 elsewhere
	unless bool // the other way round
	scale  Expr // the derivative is 2^scale
}

// partialOf returns the derivative of y = op(x...) by operand i, for every operation but OpDiv. It uses y and the operands,
// so a derivative costs little beyond the formula.
//
// Where an operation has no derivative it gets the one on the side of the branch that the operation takes: |x| has the
// sign of zero at zero, Min and Max follow the operand they return, Select the operand it chooses. The functions that are
// constant between jumps, OpRound, OpNearest, OpFloor, OpExponent and the comparisons, have derivative zero, as have OpCopySign by
// its second operand and OpScale by its exponent.
func partialOf(b *Builder, op Op, i int, y Expr, x []Expr) partial {
	switch op {
	case OpAdd:
		return partial{plus: true}
	case OpSub:
		return partial{plus: i == 0, minus: i == 1}
	case OpMul:
		return partial{factor: x[1-i]}
	case OpFMA:
		if i == 2 {
			return partial{plus: true}
		}
		return partial{factor: x[1-i]}
	case OpSqrt:
		return partial{factor: b.Const(0.5).Div(y)}
	case OpNeg:
		return partial{minus: true}
	case OpAbs:
		return partial{factor: b.Const(1).CopySign(x[0])}
	case OpMin:
		return partial{choose: x[0].Lt(x[1]), unless: i == 1}
	case OpMax:
		return partial{choose: x[0].Gt(x[1]), unless: i == 1}
	case OpCopySign:
		if i == 0 {
			return partial{factor: b.Const(1).CopySign(x[0]).Mul(b.Const(1).CopySign(x[1]))}
		}
	case OpScale:
		if i == 0 {
			return partial{scale: x[1]}
		}
	case OpMantissa: // |x|·2^−e
		if i == 0 {
			return partial{factor: b.Const(1).CopySign(x[0]).Scale(x[0].Exponent().Neg())}
		}
	case OpSelect:
		if i > 0 {
			return partial{choose: x[0], unless: i == 2}
		}
	case OpExp:
		return partial{factor: y}
	case OpLog:
		return partial{factor: b.Const(1).Div(x[0])}
	case OpNormCDF:
		return partial{factor: x[0].NormPDF()}
	case OpNormPDF:
		return partial{factor: x[0].Mul(y).Neg()}
	case OpSin:
		return partial{factor: x[0].Cos()}
	case OpCos:
		return partial{factor: x[0].Sin().Neg()}
	}
	return partial{}
}

// zero reports whether the derivative is zero everywhere.
func (p partial) zero() bool {
	return p == partial{}
}

// times returns the derivative times v, plus sum if sum is set. The product and the sum are fused.
func (p partial) times(v, sum Expr) Expr {
	add := func(x Expr) Expr {
		if sum.b == nil {
			return x
		}
		return sum.Add(x)
	}
	switch {
	case p.plus:
		return add(v)
	case p.minus && sum.b == nil:
		return v.Neg()
	case p.minus:
		return sum.Sub(v)
	case p.choose.b != nil && p.unless:
		return add(p.choose.Select(v.lit(0), v))
	case p.choose.b != nil:
		return add(p.choose.Select(v, v.lit(0)))
	case p.scale.b != nil:
		return add(v.Scale(p.scale))
	case sum.b == nil:
		return v.Mul(p.factor)
	}
	return v.FMA(p.factor, sum)
}
