package formula

import (
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// points is how many random arguments a test of an expansion takes in each range: few by default, and as many as the
// environment variable VOLGA_POINTS says for the figures in the comment of Expand.
func points(t testing.TB, def int) int {
	n, err := strconv.Atoi(os.Getenv("VOLGA_POINTS"))
	if err != nil {
		return def
	}
	t.Logf("VOLGA_POINTS=%d", n)
	return n
}

func TestExpansionErrors(t *testing.T) {
	uniform := func(lo, hi float64) func(*rand.Rand) float64 {
		return func(rng *rand.Rand) float64 { return lo + (hi-lo)*rng.Float64() }
	}
	// binades draws a number with exponent from lo to hi and any mantissa and sign.
	binades := func(lo, hi int) func(*rand.Rand) float64 {
		return func(rng *rand.Rand) float64 {
			x := math.Ldexp(1+rng.Float64(), lo+rng.IntN(hi-lo))
			if rng.IntN(2) == 0 {
				x = -x
			}
			return x
		}
	}
	positive := func(f func(*rand.Rand) float64) func(*rand.Rand) float64 {
		return func(rng *rand.Rand) float64 { return math.Abs(f(rng)) }
	}
	// nearQuarters draws float64s next to multiples of π/2, where the reduced argument is small.
	nearQuarters := func(rng *rand.Rand) float64 {
		k := math.Floor(math.Exp2(40 * rng.Float64()))
		x := k * math.Pi / 2
		for range rng.IntN(3) {
			x = math.Nextafter(x, 0)
		}
		return min(x, TrigBound)
	}
	for _, c := range []struct {
		op    Op
		where string
		draw  func(*rand.Rand) float64
		bound float64 // in ulp
	}{
		{OpExp, "|x| < 1", uniform(-1, 1), 0.9},
		{OpExp, "normal results", uniform(-708.3, 709.78), 0.9},
		{OpExp, "subnormal results", uniform(-745.2, -708.4), 0.95},
		{OpExp, "small x", binades(-1074, 0), 0.9},
		{OpLog, "x near 1", uniform(0.5, 2), 0.85},
		{OpLog, "all x > 0", positive(binades(-1074, 1024)), 0.85},
		{OpNormCDF, "[−1, 0]", uniform(-1, 0), 1.85},
		{OpNormCDF, "[−6, −1]", uniform(-6, -1), 1.85},
		{OpNormCDF, "[−37.5, −6]", uniform(-37.5, -6), 1.85},
		{OpNormCDF, "subnormal results", uniform(-38.6, -37.5), 1.85},
		{OpNormCDF, "[0, 9]", uniform(0, 9), 1.05},
		{OpNormCDF, "small x", binades(-1074, -1), 1},
		{OpNormPDF, "|x| < 6", uniform(-6, 6), 1.5},
		{OpNormPDF, "|x| < 37.6", uniform(-37.6, 37.6), 1.5},
		{OpNormPDF, "subnormal results", uniform(37.6, 38.7), 1.5},
		{OpSin, "|x| < 2π", uniform(-6.3, 6.3), 0.8},
		{OpSin, "to the bound", binades(-1074, 40), 0.8},
		{OpSin, "near multiples of π/2", nearQuarters, 0.8},
		{OpCos, "|x| < 2π", uniform(-6.3, 6.3), 0.8},
		{OpCos, "to the bound", binades(-30, 40), 0.8},
		{OpCos, "near multiples of π/2", nearQuarters, 0.8},
	} {
		t.Run(c.op.String()+" "+c.where, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(c.op), uint64(len(c.where))))
			g := Function(c.op)
			ev, exact := NewEvaluator(g), NewBigEvaluator(g, 120)
			y := make([]float64, 1)
			worst, at := 0.0, 0.0
			for range points(t, 1000) {
				x := c.draw(rng)
				ev.Eval(y, []float64{x})
				if u := ulpError(y[0], exact.Eval(big.NewFloat(x))[0]); u > worst {
					worst, at = u, x
				}
			}
			t.Logf("%.3f ulp at %v", worst, at)
			if worst > c.bound {
				t.Errorf("%.3f ulp at x = %v, want at most %v", worst, at, c.bound)
			}
		})
	}
}

func TestExpansionSpecialValues(t *testing.T) {
	inf, nan, negZero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	tiny := math.SmallestNonzeroFloat64
	for _, c := range []struct {
		op   Op
		x, y float64
	}{
		{OpExp, 0, 1}, {OpExp, negZero, 1}, {OpExp, inf, inf}, {OpExp, -inf, 0}, {OpExp, nan, nan}, {OpExp, tiny, 1},
		{OpExp, 709.782712893384, 1.7976931348622732e+308}, {OpExp, 709.7827128933841, inf}, {OpExp, 1e300, inf},
		{OpExp, -745.1332191019411, tiny}, {OpExp, -745.1332191019412, 0}, {OpExp, -1e300, 0},
		{OpLog, 1, 0}, {OpLog, 0, -inf}, {OpLog, negZero, -inf}, {OpLog, inf, inf}, {OpLog, -inf, nan}, {OpLog, -1, nan},
		{OpLog, -tiny, nan}, {OpLog, nan, nan}, {OpLog, tiny, -744.4400719213812}, {OpLog, math.MaxFloat64, 709.782712893384},
		{OpLog, 0x1p-1022, -708.3964185322641}, {OpLog, math.E, 1},
		{OpNormCDF, 0, 0.5}, {OpNormCDF, negZero, 0.5}, {OpNormCDF, inf, 1}, {OpNormCDF, -inf, 0}, {OpNormCDF, nan, nan},
		{OpNormCDF, -38.6, 0}, {OpNormCDF, -1e300, 0}, {OpNormCDF, 8.3, 1}, {OpNormCDF, 1e300, 1}, {OpNormCDF, tiny, 0.5},
		{OpNormPDF, 0, SymInvSqrt2Pi.Float64()}, {OpNormPDF, negZero, SymInvSqrt2Pi.Float64()}, {OpNormPDF, inf, 0},
		{OpNormPDF, -inf, 0}, {OpNormPDF, nan, nan}, {OpNormPDF, 38.6, 0},
		{OpSin, 0, 0}, {OpSin, negZero, negZero}, {OpSin, inf, nan}, {OpSin, -inf, nan}, {OpSin, nan, nan}, {OpSin, tiny, tiny},
		{OpSin, -tiny, -tiny}, {OpSin, TrigBound, -0.40570501153282873}, {OpSin, TrigBound + 0.001, nan}, {OpSin, math.Pi, 1.2246467991473532e-16},
		{OpCos, 0, 1}, {OpCos, negZero, 1}, {OpCos, inf, nan}, {OpCos, -inf, nan}, {OpCos, nan, nan}, {OpCos, tiny, 1},
		{OpCos, math.Pi, -1}, {OpCos, -TrigBound, -0.914004071991557}, {OpCos, -TrigBound * 2, nan}, {OpCos, math.Pi / 2, 6.123233995736766e-17},
	} {
		if got := Function(c.op).Eval(c.x)[0]; !sameBits(got, c.y) {
			t.Errorf("%v(%v) = %v, want %v", c.op, c.x, got, c.y)
		}
	}
}

// Even and odd functions are so to the bit, which the simplifications rely on.
func TestExpansionSymmetry(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		x := math.Ldexp(rng.NormFloat64(), rng.IntN(60)-20)
		for op, sign := range map[Op]float64{OpSin: -1, OpCos: 1, OpNormPDF: 1} {
			plus, minus := []float64{x}, []float64{-x}
			unaryEvaluators[op].Eval(plus, plus)
			unaryEvaluators[op].Eval(minus, minus)
			if !sameBits(minus[0], sign*plus[0]) {
				t.Errorf("%v(%v) = %v, %v(%v) = %v", op, x, plus[0], op, -x, minus[0])
			}
		}
	}
}

// The polynomials alone, evaluated without float64's rounding, leave an error far below half an ulp.
func TestPolynomialErrors(t *testing.T) {
	const prec = 160
	for _, c := range []struct {
		op     Op
		lo, hi float64
		bound  float64
	}{
		{OpExp, -0.3465, 0.3465, 5e-18},
		{OpLog, 0.7072, 1.4142, 3e-18},
		{OpNormCDF, -0.8, -0.01, 2.2e-17},
		{OpSin, 0.01, 0.785, 4e-18},
		{OpCos, 0.01, 0.785, 3e-18},
	} {
		g := Function(c.op)
		exact, poly := NewBigEvaluator(g, prec), NewBigEvaluator(Expand(g), prec)
		worst := 0.0
		for i := range 400 {
			x := big.NewFloat(c.lo + (c.hi-c.lo)*float64(i)/399)
			worst = max(worst, relative(poly.Eval(x)[0], exact.Eval(x)[0]))
		}
		t.Logf("%v: %.3g", c.op, worst)
		if worst > c.bound {
			t.Errorf("%v on [%v, %v]: relative error %.3g, want at most %.3g", c.op, c.lo, c.hi, worst, c.bound)
		}
	}
}

// What expansions have in common is computed once.
func TestExpansionSharing(t *testing.T) {
	b := New("pair")
	x := b.Input("x")
	b.Output("lower", x.NormCDF())
	b.Output("upper", x.Neg().NormCDF())
	b.Output("density", x.NormPDF())
	g := Expand(b.MustGraph())
	alone := Expand(Function(OpNormCDF)).Stats()
	if s := g.Stats(); s.Count(OpDiv) != 1 || s.Count(OpNearest) != 1 || s.Total > alone.Total+8 {
		t.Errorf("Φ(x), Φ(−x) and φ(x) take %v; Φ(x) alone %v", s, alone)
	}
	b = New("sincos")
	x = b.Input("x")
	b.Output("sin", x.Sin())
	b.Output("cos", x.Cos())
	both, sin := Expand(b.MustGraph()).Stats(), Expand(Function(OpSin)).Stats()
	if both.Total > sin.Total+8 {
		t.Errorf("sin and cos take %v, sin alone %v", both, sin)
	}
}
