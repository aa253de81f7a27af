package kernels

import (
	"math"

	"github.com/volgaquant/volga/hw/formula"
	"github.com/volgaquant/volga/hw/goasm"
)

// Vec returns the kernels of internal/vec.
func Vec() goasm.Package {
	return goasm.Package{
		Dir: "internal/vec", Name: "vec", Active: "active",
		Kernels: []goasm.Kernel{
			{Name: "exp", Doc: "is e^x.", Graph: unary("exp", operation(formula.OpExp)), Wide: tune(8, 22), Narrow: tune(8, 8)},
			{Name: "expm1", Doc: "is e^x - 1.", Graph: unary("expm1", expm1), Wide: tune(8, 44), Narrow: tune(4, 30)},
			{Name: "log", Doc: "is ln x.", Graph: unary("log", operation(formula.OpLog)), Wide: tune(2, 14), Narrow: tune(4, 30)},
			{Name: "log1p", Doc: "is ln(1 + x).", Graph: unary("log1p", log1p), Wide: tune(4, 30), Narrow: tune(6, 6)},
			{Name: "sqrt", Doc: "is the square root of x.", Graph: unary("sqrt", operation(formula.OpSqrt))},
			{Name: "normCDF", Doc: "is the standard normal distribution function.", Graph: unary("normCDF", operation(formula.OpNormCDF)), Wide: tune(8, 60), Narrow: tune(6, 10)},
			{Name: "normPDF", Doc: "is the standard normal density.", Graph: unary("normPDF", operation(formula.OpNormPDF)), Wide: tune(8, 14), Narrow: tune(8, 16)},
			{Name: "sincos", Doc: "is sin x and cos x.", Graph: sincos(), Wide: tune(4, 36), Narrow: tune(3, 30)},
			{Name: "cexp", Doc: "is e^(x + iy) = u + iv.", Graph: cexp(), Wide: tune(3, 36), Narrow: tune(3, 20)},
			{Name: "mulAdd", Doc: "is x*y + z, rounded once.", Graph: mulAdd()},
			{Name: "addScaled", Doc: "is a*x + y, rounded once.", Graph: addScaled(), Uniform: []string{"a"}},
		},
	}
}

// tune returns the number of interleaved vectors and the pressure that measured fastest on a Xeon of the Cascade Lake
// generation; what the emitter's model would choose is at most a third slower.
func tune(unroll, pressure int) goasm.Tuning {
	return goasm.Tuning{Unroll: unroll, Pressure: pressure}
}

// unary returns the graph of y = f(x).
func unary(name string, f func(*formula.Builder, formula.Expr) formula.Expr) *formula.Graph {
	b := formula.New(name)
	b.Output("y", f(b, b.Input("x")))
	return b.MustGraph()
}

// operation is one operation as a function for [unary].
func operation(op formula.Op) func(*formula.Builder, formula.Expr) formula.Expr {
	return func(b *formula.Builder, x formula.Expr) formula.Expr { return b.Apply(op, x) }
}

func sincos() *formula.Graph {
	b := formula.New("sincos")
	x := b.Input("x")
	b.Output("s", x.Sin())
	b.Output("c", x.Cos())
	return b.MustGraph()
}

// cexp is e^(x+iy) = e^x cos y + i e^x sin y. A real argument gives a real result: e^x·0 is 0 also where e^x is infinite.
func cexp() *formula.Graph {
	b := formula.New("cexp")
	x, y := b.Input("x"), b.Input("y")
	r := x.Exp()
	b.Output("u", r.Mul(y.Cos()))
	b.Output("v", y.Eq(b.Const(0)).Select(y, r.Mul(y.Sin())))
	return b.MustGraph()
}

func mulAdd() *formula.Graph {
	b := formula.New("mulAdd")
	x, y, z := b.Input("x"), b.Input("y"), b.Input("z")
	b.Output("r", x.FMA(y, z))
	return b.MustGraph()
}

func addScaled() *formula.Graph {
	b := formula.New("addScaled")
	a, x, y := b.Input("a"), b.Input("x"), b.Input("y")
	b.Output("r", a.FMA(x, y))
	return b.MustGraph()
}

// The parts of ln 2 and the polynomials below are those of formula's exponential and logarithm.
const (
	log2e = 0x1.71547652b82fep+0
	ln2Hi = 6.93147180369123816490e-01 // 32 trailing zero bits
	ln2Lo = 1.90821492927058770002e-10
)

var (
	expPoly = []float64{
		0.50000000000000122, 0.16666666666666477, 0.041666666666519754, 0.0083333333334550431, 0.0013888888945916382,
		0.00019841269589115522, 2.4801491039095041e-05, 2.7557514545825323e-06, 2.763090349011265e-07, 2.5022322567635338e-08,
	}
	logPoly = []float64{
		6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
		1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
	}
)

// horner returns c[0] + x(c[1] + x(c[2] + ...)).
func horner(b *formula.Builder, x formula.Expr, c []float64) formula.Expr {
	p := b.Const(c[len(c)-1])
	for i := len(c) - 2; i >= 0; i-- {
		p = p.FMA(x, b.Const(c[i]))
	}
	return p
}

// fastTwoSum returns a + b rounded, and the rounding error, for |a| >= |b| or a = 0.
func fastTwoSum(a, b formula.Expr) (sum, err formula.Expr) {
	sum = a.Add(b)
	return sum, b.Sub(sum.Sub(a))
}

// expm1 is 2^n·((1 − 2^−n) + (e^r − 1)), where x = n·ln 2 + r. The reduced argument and the sums keep their rounding
// errors to the end. The sign is that of x, zeros included; beyond −40 the result is −1 and beyond 710 infinite.
func expm1(b *formula.Builder, x formula.Expr) formula.Expr {
	c := b.Const(-40).Max(b.Const(710).Min(x))
	n := c.Times(log2e).Round()
	t := n.FMA(b.Const(-ln2Hi), c) // exact
	r := n.FMA(b.Const(-ln2Lo), t)
	rLow := n.FMA(b.Const(-ln2Lo), t.Sub(r))
	p, pLow := fastTwoSum(r, r.Square().Mul(horner(b, r, expPoly)))
	power := b.Const(1).Scale(n.Neg())
	s, sLow := fastTwoSum(b.Const(1).Sub(power), p)
	return s.Add(sLow.Add(pLow.Add(rLow))).Scale(n).CopySign(x)
}

// log1p is the logarithm of u = 1 + x in fdlibm's form, with the rounding error of the sum carried into the reduced
// argument f and, by ln(1 + f + e) ≈ ln(1 + f) + e(1 − f + f²), beyond it. The sign is that of x, zeros included.
func log1p(b *formula.Builder, x formula.Expr) formula.Expr {
	one := b.Const(1)
	u := x.Add(one)
	v := u.Sub(x)
	low := x.Sub(u.Sub(v)).Add(one.Sub(v)) // Knuth's two-sum: u + low = 1 + x
	m, k := u.Mantissa(), u.Exponent()
	high := m.Gt(b.Const(math.Sqrt2))
	m = high.Select(m.Times(0.5), m)
	k = high.Select(k.Plus(1), k)
	f, e := fastTwoSum(m.Plus(-1), low.Scale(b.Const(1024).Min(b.Const(-1100).Max(k)).Neg()))
	e = e.Mul(f.FMA(f.Plus(-1), one))
	s := f.Div(f.Plus(2))
	z := s.Square()
	half := f.Times(0.5).Mul(f)
	t := s.FMA(half.Add(horner(b, z, logPoly).Mul(z)), k.FMA(b.Const(ln2Lo), e))
	y := k.FMA(b.Const(ln2Hi), f.Sub(half.Sub(t)))
	y = x.Lt(b.Const(math.Inf(1))).Select(y, x)
	return u.Lt(b.Const(0)).Select(b.Const(math.NaN()), y.CopySign(x))
}
