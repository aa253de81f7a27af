package formula

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestStats(t *testing.T) {
	for _, c := range []struct {
		g    *Graph
		want string
	}{
		{SVI(), "6 operations, depth 5, 6 live: sub 1, mul 1, fma 3, sqrt 1"},
		{VanillaPayoff.Graph(), "3 operations, depth 3, 3 live: sub 1, mul 1, max 1"},
		{GBMStep(), "8 operations, depth 6, 6 live: mul 4, fma 2, sqrt 1, exp 1"},
	} {
		if got := c.g.Stats().String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.g.Name(), got, c.want)
		}
	}
	s := SVI().Stats()
	if s.Count(OpFMA, OpSqrt, OpExp) != 4 {
		t.Errorf("Count: %d", s.Count(OpFMA, OpSqrt, OpExp))
	}
	// Latencies of a machine: sub 4, fma 4, root 20, fma 4, fma 4.
	if d := SVI().DepthFunc(func(op Op) int {
		if op == OpSqrt {
			return 20
		}
		return 4
	}); d != 36 {
		t.Errorf("DepthFunc: %d, want 36", d)
	}
}

// Contract fuses what it should, saves operations and moves values by roundings only.
func TestContract(t *testing.T) {
	b := New("test")
	x, y, z := b.Input("x"), b.Input("y"), b.Input("z")
	b.Output("a", x.Mul(y).Add(z))
	b.Output("c", z.Sub(x.Mul(z)))
	b.Output("d", y.Mul(z).Sub(x))
	shared := x.Mul(x)
	b.Output("e", shared.Add(shared.Exp()))
	if got := Contract(b.MustGraph()).String(); got != `graph test(x, y, z)
%3 = fma x y z
%4 = neg x
%5 = fma z %4 z
%6 = fma y z %4
%7 = mul x x
%8 = exp %7
%9 = add %7 %8
return a = %3
return c = %5
return d = %6
return e = %9
` {
		t.Error(got)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, g := range []*Graph{BSMGreeks(AllGreeks), Bachelier(), Black76()} {
		c := Contract(g)
		if c.Stats().Total >= g.Stats().Total {
			t.Errorf("%s: %v, before %v", g.Name(), c.Stats(), g.Stats())
		}
		in := smoothPoint(t, rng, g)
		want, got := g.Eval(in...), c.Eval(in...)
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-11*max(1, math.Abs(want[i])) {
				t.Errorf("%s: %s is %v, before %v", g.Name(), g.outputs[i].Name, got[i], want[i])
			}
		}
	}
}

func TestOpTable(t *testing.T) {
	for op := OpInput; op < numOps; op++ {
		if op.String() == "" || op.String() == "invalid" {
			t.Errorf("operation %d has no name", op)
		}
		if back := opNamed[op.String()]; ops[op].class != leaf && back != op {
			t.Errorf("%v reads back as %v", op, back)
		}
		if op.Transcendental() && (op.Arity() != 1 || op.Type() != Number) {
			t.Errorf("%v is not a function of one number", op)
		}
		if op.Commutative() && op.ArgType(0) != op.ArgType(1) {
			t.Errorf("%v cannot be commutative", op)
		}
	}
	for s := SymPi; s < numSymbols; s++ {
		v, _ := new(bigMath).Symbol(s, 53).Float64()
		if v != s.Float64() {
			t.Errorf("%v is %v, want %v", s, s.Float64(), v)
		}
	}
	if Op(200).String() != "invalid" || Type(9).String() != "type?" || Bool.String() != "bool" || Symbol(9).String() != "$?" {
		t.Error("names of what does not exist")
	}
}

// Min and Max return the second operand where either is NaN and where both are zero; Select ignores a NaN it does not choose.
func TestOperationCorners(t *testing.T) {
	nan, inf, negZero := math.NaN(), math.Inf(1), math.Copysign(0, -1)
	for _, c := range []struct {
		op            Op
		x, y, z, want float64
	}{
		{OpMin, nan, 1, 0, 1}, {OpMin, 1, nan, 0, nan}, {OpMin, 0, negZero, 0, negZero}, {OpMin, negZero, 0, 0, 0},
		{OpMax, nan, 1, 0, 1}, {OpMax, 1, nan, 0, nan}, {OpMax, 0, negZero, 0, negZero}, {OpMax, negZero, 0, 0, 0},
		{OpMin, -inf, 1, 0, -inf}, {OpMax, inf, 1, 0, inf},
		{OpSelect, 1, 2, nan, 2}, {OpSelect, 0, nan, negZero, negZero},
		{OpLt, nan, 1, 0, 0}, {OpLe, nan, nan, 0, 0}, {OpEq, nan, nan, 0, 0}, {OpEq, 0, negZero, 0, 1}, {OpLt, negZero, 0, 0, 0},
		{OpAnd, 1, 0, 0, 0}, {OpOr, 1, 0, 0, 1}, {OpOr, 0, 0, 0, 0}, {OpNot, 1, 0, 0, 0}, {OpNot, 0, 0, 0, 1},
		{OpRound, 2.5, 0, 0, 2}, {OpRound, -0.5, 0, 0, negZero}, {OpRound, 3.5, 0, 0, 4}, {OpFloor, -0.5, 0, 0, -1}, {OpNearest, 2.5, 1, 0, 2}, {OpNearest, 0x1.8000000000001p0, 1, 0, 2},
		{OpNearest, 1 + 0x1p-52, 0.5 - 0x1p-54, 0, 1}, {OpNearest, -0.25, 1, 0, 0}, {OpNearest, -1.5, 1, 0, -2},
		{OpExponent, 0, 0, 0, -inf}, {OpExponent, -inf, 0, 0, inf}, {OpExponent, 5e-324, 0, 0, -1074}, {OpExponent, -8, 0, 0, 3},
		{OpMantissa, 0, 0, 0, 1}, {OpMantissa, -inf, 0, 0, 1}, {OpMantissa, 5e-324, 0, 0, 1}, {OpMantissa, -12, 0, 0, 1.5}, {OpMantissa, nan, 0, 0, nan},
		{OpScale, 3, 1e9, 0, nan}, {OpScale, 3, 0.5, 0, nan}, {OpScale, 3, nan, 0, nan}, {OpScale, nan, 1, 0, nan},
		{OpScale, 5e-324, 1074, 0, 1}, {OpScale, 0x1p1023, -2044, 0, 0x1p-1021}, {OpScale, 5e-324, 2046, 0, 0x1p972},
		{OpScale, 1 + 0x1p-52, -1074, 0, 5e-324}, {OpScale, 1.5, -1074, 0, 1e-323}, {OpScale, 0.5, -1074, 0, 0}, {OpScale, inf, -5, 0, inf},
		{OpCopySign, 3, negZero, 0, -3}, {OpSqrt, negZero, 0, 0, negZero}, {OpSqrt, -1, 0, 0, nan}, {OpFMA, inf, 0, 1, nan},
	} {
		if got := scalar(c.op, c.x, c.y, c.z); !sameBits(got, c.want) {
			t.Errorf("%v(%v, %v, %v) = %v, want %v", c.op, c.x, c.y, c.z, got, c.want)
		}
	}
}

// The two products that an emitter without a scaling instruction uses have the bits of OpScale over its whole domain.
func TestScaleByTwoProducts(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	power := func(n float64) float64 { return math.Float64frombits(uint64(n+1023) << 52) } // n in −1022 ... 1023
	for range 200000 {
		x := math.Float64frombits(rng.Uint64())
		n := float64(rng.IntN(4091) - 2044)
		if rng.IntN(2) == 0 { // results around the subnormal range
			n = max(-2044, min(2046, -1060-math.Logb(x)+float64(rng.IntN(60)-30)))
		}
		if math.IsNaN(n) {
			continue
		}
		h := max(-1022, min(1023, n))
		l := n - h
		if l < -1022 || l > 1023 {
			t.Fatalf("n = %v: second exponent %v", n, l)
		}
		if got, want := x*power(l)*power(h), scale(x, n); !sameBits(got, want) {
			t.Fatalf("%v·2^%v: %v by two products, %v in one rounding", x, n, got, want)
		}
	}
}
