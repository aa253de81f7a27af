package formula

// Op is the operation of a node. Its comment here is its whole meaning: a machine that runs a graph gives these bits.
//
// Arithmetic is IEEE 754 in the graph's [Format], rounded to nearest, ties to even, with gradual underflow; nothing is fused
// unless the graph says [OpFMA]. Which NaN results, its sign and payload, is not defined: any NaN is the same NaN. Everything else,
// the sign of zero included, is defined.
type Op uint8

// The operations. x, y, z are the operands in order.
const (
	opInvalid Op = iota

	// OpInput is an argument of the formula. It has no operands and a name.
	OpInput
	// OpConst is a number fixed when the graph was built. It has no operands and a value.
	OpConst

	// OpAdd is x + y, rounded once.
	OpAdd
	// OpSub is x − y, rounded once.
	OpSub
	// OpMul is x·y, rounded once.
	OpMul
	// OpFMA is x·y + z, rounded once.
	OpFMA
	// OpDiv is x/y, correctly rounded.
	OpDiv
	// OpSqrt is the square root of x, correctly rounded; √−0 is −0, and √x is NaN below zero.
	OpSqrt
	// OpNeg is x with its sign flipped, zeros included. An emitter may fold it into the sum or product that uses it.
	OpNeg
	// OpAbs is x with its sign cleared.
	OpAbs
	// OpMin is x if x < y, else y: y if either is NaN, and y if both are zeros. (The MINPD instruction.)
	OpMin
	// OpMax is x if x > y, else y: y if either is NaN, and y if both are zeros. (The MAXPD instruction.)
	OpMax
	// OpCopySign is the magnitude of x with the sign of y. If y is NaN the sign is not defined.
	OpCopySign

	// OpRound is the integer nearest to x, ties to even, with the sign of x also where it is zero.
	OpRound
	// OpNearest is the integer nearest to x·y, the product not rounded before, ties to even, for |x·y| < 2^51, in [Float32] 2^21: the
	// fused x·y + m, less m, with m = 1.5·2^52, or 1.5·2^23, which beyond that defines it too. (Two instructions, and the
	// integer stands in the last bits of the sum.)
	OpNearest
	// OpFloor is the greatest integer not above x; ±0, ±Inf and NaN give themselves.
	OpFloor
	// OpScale is x·2^y, rounded once, for integral y in [−2044, 2046], in [Float32] in [−252, 254], and NaN if x is NaN. For any
	// other y it is not defined; the evaluators give NaN there. (The VSCALEFPD instruction. Without it: h = y clamped to
	// [−1022, 1023], or [−126, 127], and (x·2^(y−h))·2^h, the powers built in the exponent field, has the same bits for every x.)
	OpScale
	// OpExponent is ⌊log2 |x|⌋, subnormal x included; −Inf for zeros, +Inf for infinities. (VGETEXPPD.)
	OpExponent
	// OpMantissa is |x|·2^−OpExponent(x), in [1, 2); 1 for zeros and infinities. (VGETMANTPD, interval [1,2), sign 0.)
	OpMantissa

	// OpLt is x < y; false if either is NaN.
	OpLt
	// OpLe is x <= y; false if either is NaN.
	OpLe
	// OpEq is x == y; false if either is NaN, true for zeros of either sign.
	OpEq
	// OpAnd, OpOr and OpNot are the logical operations.
	OpAnd
	OpOr
	OpNot
	// OpSelect is y if x, else z, bit for bit; x is a Bool. Both y and z are computed, and a NaN in the one that is not
	// chosen has no effect.
	OpSelect

	// The transcendental functions. In each format each one is, by definition, the sequence of operations above that
	// [Expand] puts in its place; its comment states the errors.

	// OpExp is e^x.
	OpExp
	// OpLog is the natural logarithm of x: −Inf at zeros, NaN below.
	OpLog
	// OpNormCDF is the standard normal distribution function Φ(x).
	OpNormCDF
	// OpNormPDF is the standard normal density φ(x) = e^(−x²/2)/√(2π).
	OpNormPDF
	// OpSin is the sine of x radians, for |x| <= [TrigBound], in [Float32] [TrigBound32]; NaN beyond.
	OpSin
	// OpCos is the cosine of x radians, for the same x as OpSin.
	OpCos

	numOps
)

// NumOps is one more than the greatest [Op]: the length of a table indexed by operation.
const NumOps = int(numOps)

// Type is the type of a node's value.
type Type uint8

// The types.
const (
	// Number is a number of the graph's [Format]. Inputs, constants and outputs are of this type.
	Number Type = iota
	// Bool is a truth value: what comparisons give and selections take.
	Bool
)

// String returns "number" or "bool".
func (t Type) String() string {
	switch t {
	case Number:
		return "number"
	case Bool:
		return "bool"
	}
	return "type?"
}

// class groups operations by what they cost and where they may stand.
type class uint8

const (
	leaf class = iota
	basic
	logic
	transcendental
)

type opInfo struct {
	name        string
	args        []Type
	result      Type
	class       class
	commutative bool // in its first two operands
}

var (
	one   = []Type{Number}
	two   = []Type{Number, Number}
	three = []Type{Number, Number, Number}
)

var ops = [numOps]opInfo{
	opInvalid:  {name: "invalid"},
	OpInput:    {name: "input"},
	OpConst:    {name: "const"},
	OpAdd:      {name: "add", args: two, class: basic, commutative: true},
	OpSub:      {name: "sub", args: two, class: basic},
	OpMul:      {name: "mul", args: two, class: basic, commutative: true},
	OpFMA:      {name: "fma", args: three, class: basic, commutative: true},
	OpDiv:      {name: "div", args: two, class: basic},
	OpSqrt:     {name: "sqrt", args: one, class: basic},
	OpNeg:      {name: "neg", args: one, class: basic},
	OpAbs:      {name: "abs", args: one, class: basic},
	OpMin:      {name: "min", args: two, class: basic},
	OpMax:      {name: "max", args: two, class: basic},
	OpCopySign: {name: "copysign", args: two, class: basic},
	OpRound:    {name: "round", args: one, class: basic},
	OpNearest:  {name: "nearest", args: two, class: basic, commutative: true},
	OpFloor:    {name: "floor", args: one, class: basic},
	OpScale:    {name: "scale", args: two, class: basic},
	OpExponent: {name: "exponent", args: one, class: basic},
	OpMantissa: {name: "mantissa", args: one, class: basic},
	OpLt:       {name: "lt", args: two, result: Bool, class: logic},
	OpLe:       {name: "le", args: two, result: Bool, class: logic},
	OpEq:       {name: "eq", args: two, result: Bool, class: logic, commutative: true},
	OpAnd:      {name: "and", args: []Type{Bool, Bool}, result: Bool, class: logic, commutative: true},
	OpOr:       {name: "or", args: []Type{Bool, Bool}, result: Bool, class: logic, commutative: true},
	OpNot:      {name: "not", args: []Type{Bool}, result: Bool, class: logic},
	OpSelect:   {name: "select", args: []Type{Bool, Number, Number}, class: basic},
	OpExp:      {name: "exp", args: one, class: transcendental},
	OpLog:      {name: "log", args: one, class: transcendental},
	OpNormCDF:  {name: "normcdf", args: one, class: transcendental},
	OpNormPDF:  {name: "normpdf", args: one, class: transcendental},
	OpSin:      {name: "sin", args: one, class: transcendental},
	OpCos:      {name: "cos", args: one, class: transcendental},
}

// String returns the name under which the operation is printed: "add".
func (o Op) String() string {
	if o >= numOps {
		return "invalid"
	}
	return ops[o].name
}

// Arity returns the number of operands.
func (o Op) Arity() int { return len(ops[o].args) }

// ArgType returns the type of operand i.
func (o Op) ArgType(i int) Type { return ops[o].args[i] }

// Type returns the type of the result.
func (o Op) Type() Type { return ops[o].result }

// Transcendental reports whether [Expand] replaces the operation.
func (o Op) Transcendental() bool { return ops[o].class == transcendental }

// Commutative reports whether the first two operands may be exchanged without a change in the result.
func (o Op) Commutative() bool { return ops[o].commutative }

// Symbol names a constant that is not a float64, so that [BigEvaluator] can use all its digits.
type Symbol uint8

// The symbols.
const (
	// NoSymbol marks a constant that is exactly its float64 value.
	NoSymbol Symbol = iota
	// SymPi is π.
	SymPi
	// SymLn2 is ln 2.
	SymLn2
	// SymSqrt2Pi is √(2π).
	SymSqrt2Pi
	// SymInvSqrt2Pi is 1/√(2π).
	SymInvSqrt2Pi

	numSymbols
)

// symbols holds each symbol's name in the printed form and its nearest float64.
var symbols = [numSymbols]struct {
	name  string
	value float64
}{
	SymPi:         {"$pi", 0x1.921fb54442d18p+1},
	SymLn2:        {"$ln2", 0x1.62e42fefa39efp-1},
	SymSqrt2Pi:    {"$sqrt2pi", 0x1.40d931ff62706p+1},
	SymInvSqrt2Pi: {"$invsqrt2pi", 0x1.9884533d43651p-2},
}

// String returns the symbol as printed: "$pi".
func (s Symbol) String() string {
	if s >= numSymbols {
		return "$?"
	}
	return symbols[s].name
}

// Float64 returns the float64 nearest to the constant.
func (s Symbol) Float64() float64 { return symbols[s].value }
