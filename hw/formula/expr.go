package formula

// Expr is a value in a graph under construction: a node of one [Builder]. The methods add nodes; they refuse operands of
// the wrong type or of another builder, with an error that names the node, kept by the builder.
type Expr struct {
	b  *Builder
	id ID
}

// op1, op2 and op3 apply an operation to x. The builder is that of the first operand that has one.
func op1(op Op, x Expr) Expr {
	if x.b == nil {
		return Expr{}
	}
	return x.b.apply(op, x)
}

func op2(op Op, x, y Expr) Expr {
	b := x.b
	if b == nil {
		b = y.b
	}
	if b == nil {
		return Expr{}
	}
	return b.apply(op, x, y)
}

func op3(op Op, x, y, z Expr) Expr {
	for _, e := range [3]Expr{x, y, z} {
		if e.b != nil {
			return e.b.apply(op, x, y, z)
		}
	}
	return Expr{}
}

// Apply returns op(args...), for a caller that chooses the operation at run time.
func (b *Builder) Apply(op Op, args ...Expr) Expr { return b.apply(op, args...) }

// Named labels x for the printed form and for emitted comments, and returns it. A node keeps its first label; inputs and
// constants keep none but their own.
func (x Expr) Named(label string) Expr {
	if x.b == nil || x.id == noID {
		return x
	}
	if n := &x.b.nodes[x.id]; n.name == "" && ops[n.op].class != leaf && identifier(label) {
		n.name = label
	}
	return x
}

// ID returns the node's place in the builder, which is not its place in the finished graph.
func (x Expr) ID() ID { return x.id }

// IsConst reports whether x is a constant of type Number, and gives its value.
func (x Expr) IsConst() (v float64, ok bool) {
	if x.b == nil || x.id == noID {
		return 0, false
	}
	n := x.b.nodes[x.id]
	return n.val, n.op == OpConst && n.typ == Number
}

// Add returns x + y.
func (x Expr) Add(y Expr) Expr { return op2(OpAdd, x, y) }

// Sub returns x − y.
func (x Expr) Sub(y Expr) Expr { return op2(OpSub, x, y) }

// Mul returns x·y.
func (x Expr) Mul(y Expr) Expr { return op2(OpMul, x, y) }

// FMA returns x·y + z, rounded once.
func (x Expr) FMA(y, z Expr) Expr { return op3(OpFMA, x, y, z) }

// Div returns x/y.
func (x Expr) Div(y Expr) Expr { return op2(OpDiv, x, y) }

// Square returns x·x.
func (x Expr) Square() Expr { return x.Mul(x) }

// Times returns x·v.
func (x Expr) Times(v float64) Expr { return x.Mul(x.lit(v)) }

// Plus returns x + v.
func (x Expr) Plus(v float64) Expr { return x.Add(x.lit(v)) }

// lit returns a constant of x's builder.
func (x Expr) lit(v float64) Expr {
	if x.b == nil {
		return Expr{}
	}
	return x.b.Const(v)
}

// Sqrt returns √x.
func (x Expr) Sqrt() Expr { return op1(OpSqrt, x) }

// Neg returns −x.
func (x Expr) Neg() Expr { return op1(OpNeg, x) }

// Abs returns |x|.
func (x Expr) Abs() Expr { return op1(OpAbs, x) }

// Min returns the lesser of x and y, as [OpMin] defines it: y where either is NaN.
func (x Expr) Min(y Expr) Expr { return op2(OpMin, x, y) }

// Max returns the greater of x and y, as [OpMax] defines it: y where either is NaN.
func (x Expr) Max(y Expr) Expr { return op2(OpMax, x, y) }

// CopySign returns |x| with the sign of y.
func (x Expr) CopySign(y Expr) Expr { return op2(OpCopySign, x, y) }

// Round returns the integer nearest to x, ties to even.
func (x Expr) Round() Expr { return op1(OpRound, x) }

// Nearest returns the integer nearest to x·y, as [OpNearest] defines it.
func (x Expr) Nearest(y Expr) Expr { return op2(OpNearest, x, y) }

// Floor returns ⌊x⌋.
func (x Expr) Floor() Expr { return op1(OpFloor, x) }

// Scale returns x·2^n for an integral n.
func (x Expr) Scale(n Expr) Expr { return op2(OpScale, x, n) }

// Exponent returns ⌊log2 |x|⌋.
func (x Expr) Exponent() Expr { return op1(OpExponent, x) }

// Mantissa returns |x|·2^−Exponent(x), in [1, 2).
func (x Expr) Mantissa() Expr { return op1(OpMantissa, x) }

// Lt returns x < y.
func (x Expr) Lt(y Expr) Expr { return op2(OpLt, x, y) }

// Le returns x <= y.
func (x Expr) Le(y Expr) Expr { return op2(OpLe, x, y) }

// Gt returns x > y, which is y < x.
func (x Expr) Gt(y Expr) Expr { return op2(OpLt, y, x) }

// Ge returns x >= y, which is y <= x.
func (x Expr) Ge(y Expr) Expr { return op2(OpLe, y, x) }

// Eq returns x == y.
func (x Expr) Eq(y Expr) Expr { return op2(OpEq, x, y) }

// And returns x and y, for truth values.
func (x Expr) And(y Expr) Expr { return op2(OpAnd, x, y) }

// Or returns x or y, for truth values.
func (x Expr) Or(y Expr) Expr { return op2(OpOr, x, y) }

// Not returns not x, for a truth value.
func (x Expr) Not() Expr { return op1(OpNot, x) }

// Select returns y where x, a truth value, holds, and z elsewhere.
func (x Expr) Select(y, z Expr) Expr { return op3(OpSelect, x, y, z) }

// Exp returns e^x.
func (x Expr) Exp() Expr { return op1(OpExp, x) }

// Log returns ln x.
func (x Expr) Log() Expr { return op1(OpLog, x) }

// NormCDF returns Φ(x), the standard normal distribution function.
func (x Expr) NormCDF() Expr { return op1(OpNormCDF, x) }

// NormPDF returns φ(x), the standard normal density.
func (x Expr) NormPDF() Expr { return op1(OpNormPDF, x) }

// Sin returns sin x.
func (x Expr) Sin() Expr { return op1(OpSin, x) }

// Cos returns cos x.
func (x Expr) Cos() Expr { return op1(OpCos, x) }
