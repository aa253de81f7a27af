package formula

import (
	"math"
	"math/big"
	"testing"
)

// relative returns |got/want − 1| in float64; NaN and infinities aside.
func relative(got, want *big.Float) float64 {
	d := new(big.Float).SetPrec(512).Sub(got, want)
	if d.Sign() == 0 {
		return 0
	}
	f, _ := d.Quo(d, want).Float64()
	return math.Abs(f)
}

func TestBigFunctions(t *testing.T) {
	for _, c := range bigCases {
		want, _, err := big.ParseFloat(c.want, 10, 240, big.ToNearestEven)
		if err != nil {
			t.Fatal(err)
		}
		for _, prec := range []uint{24, 53, 113, 230} {
			got := Function(c.op).EvalBig(prec, big.NewFloat(c.x))[0]
			// Half a unit in the last place, and the last digit printed.
			if e := relative(got, want); e > math.Ldexp(1.001, -int(prec))+1e-69 { // 70 digits printed
				t.Errorf("%v(%v) to %d bits: %v, want %s (relative error %.3g)", c.op, c.x, prec, got, c.want, e)
			}
			if got.Prec() != prec {
				t.Errorf("%v(%v): %d bits, want %d", c.op, c.x, got.Prec(), prec)
			}
		}
	}
}

// At a thousand bits there is no table: the functions must agree with each other.
func TestBigIdentities(t *testing.T) {
	const prec = 1000
	b := New("identities")
	x := b.Input("x")
	b.Output("logexp", x.Exp().Log().Sub(x))
	b.Output("circle", x.Sin().Square().Add(x.Cos().Square()).Plus(-1))
	b.Output("tails", x.NormCDF().Add(x.Neg().NormCDF()).Plus(-1))
	b.Output("pi", b.Symbol(SymPi).Sin())
	b.Output("ln2", b.Symbol(SymLn2).Exp().Plus(-2))
	b.Output("density", b.Symbol(SymInvSqrt2Pi).Mul(b.Symbol(SymSqrt2Pi)).Plus(-1))
	g := b.MustGraph()
	for _, x := range []float64{0.3, -2.5, 7.25, -11, 19} {
		for i, r := range g.EvalBig(prec, big.NewFloat(x)) {
			name := g.OutputNames()[i]
			switch name {
			case "pi", "ln2", "density":
				// Folded with float64 constants: these hold to 53 bits only.
				if f, _ := r.Float64(); math.Abs(f) > 1e-9 {
					t.Errorf("x = %v: %s is %.3g", x, name, f)
				}
				continue
			}
			if r.Sign() != 0 && r.MantExp(nil) > -prec+12 {
				t.Errorf("x = %v: %s is %.3g", x, name, r)
			}
		}
	}
}

// The series and the continued fraction of the distribution function meet.
func TestBigNormCDFBranches(t *testing.T) {
	var m bigMath
	for _, a := range []float64{3.5, 4.5, 5.5, 6.5} {
		x := big.NewFloat(a)
		const w = 300
		cf := float(w).Mul(m.density(x, w), mills(x, w))
		s := float(w).Mul(m.density(x, w), series(x, w))
		s.Sub(big.NewFloat(0.5), s)
		if e := relative(s, cf); e > 1e-75 {
			t.Errorf("a = %v: the branches differ by %.3g", a, e)
		}
	}
}

func TestBigSpecialValues(t *testing.T) {
	inf, zero := new(big.Float).SetInf(false), new(big.Float)
	negInf, negZero := new(big.Float).SetInf(true), new(big.Float).Neg(new(big.Float))
	b := New("ops")
	x, y := b.Input("x"), b.Input("y")
	for _, op := range []Op{OpAdd, OpSub, OpMul, OpDiv, OpMin, OpMax, OpCopySign} {
		b.Output(op.String(), b.Apply(op, x, y))
	}
	for _, op := range []Op{
		OpSqrt, OpNeg, OpAbs, OpRound, OpFloor, OpExponent, OpMantissa, OpExp, OpLog, OpNormCDF, OpNormPDF, OpSin, OpCos,
	} {
		b.Output(op.String(), b.Apply(op, x))
	}
	b.Output("fma", x.FMA(y, x))
	b.Output("scale", x.Scale(b.Const(3)))
	b.Output("select", x.Lt(y).Or(x.Eq(y)).And(y.Lt(x).Not()).Select(x, y))
	g := b.MustGraph()
	ev := NewEvaluator(g)
	values := []*big.Float{
		inf, negInf, zero, negZero, nil, big.NewFloat(1), big.NewFloat(-2.5), big.NewFloat(0.5), big.NewFloat(3.5), big.NewFloat(-0.25),
	}
	asFloat := func(x *big.Float) float64 {
		if x == nil {
			return math.NaN()
		}
		f, _ := x.Float64()
		return f
	}
	out := make([]float64, len(g.outputs))
	for _, x := range values {
		for _, y := range values {
			ev.Eval(out, []float64{asFloat(x), asFloat(y)})
			for i, r := range g.EvalBig(53, x, y) {
				name := g.outputs[i].Name
				got := asFloat(r)
				if name == "copysign" && y == nil {
					continue // the sign is not defined
				}
				if math.Abs(got-out[i]) <= 1e-15*math.Abs(got) || sameBits(got, out[i]) {
					continue
				}
				t.Errorf("%s(%v, %v): %v in big.Float, %v in float64", name, asFloat(x), asFloat(y), got, out[i])
			}
		}
	}
}
