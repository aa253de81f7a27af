package kernels

import (
	"math"

	"github.com/volgaquant/volga/hw/formula"
)

// The quantile function has two forms. Near the middle, with q = p - 1/2, t = q² and r = 0.425² - t,
//
//	x = q·√(2π) + q·t·N(r)/Q(r),    |q| <= 0.425,
//
// and in the tails, with R = √(-2 ln min(p, 1-p)),
//
//	|x| = R - 857/1024 + N(R-2.275)/(R·Q(R-2.275)),    down to the least subnormal p.
//
// The rational functions are minimax for the relative error of x, 6.6e-18 and 5.0e-18, with all coefficients positive.
// Each form is a leading term plus a correction, and the rounding errors of the correction count by the share that it has
// in x: at most a quarter in the middle and a twelfth in the tails.
const (
	quantileCore = 0.425
	quantileGap  = 857. / 1024 // R - |x| where the forms meet; the difference from R is exact
	quantileFrom = 2.275       // below the least R of the tails, 2.2761
	sqrt2PiHigh  = 0x1.40d931ff62706p+1
	sqrt2PiLow   = -0x1.a6a0d6f814637p-53
	ln2Hi        = 6.93147180369123816490e-01 // 32 trailing zero bits
	ln2Lo        = 1.90821492927058770002e-10
)

var (
	quantileTailN = []float64{
		0x1.58f493b8e4dd5p-12, 0x1.e0b0d9e0e0955p-2, 0x1.8972047934271p-1, 0x1.0a5e393fe6038p-1, 0x1.848b1d523cf96p-3,
		0x1.4cbda93a63b79p-5, 0x1.5451e6c75290ep-8, 0x1.92d75de92e115p-12, 0x1.00dea91ac52cep-16, 0x1.3b51d3afa51fap-22,
		0x1.355453013b664p-29, 0x1.43be437ca2996p-38,
	}
	quantileTailQ = []float64{
		0x1.0000000000000p+0, 0x1.7e6120eadf3ffp+0, 0x1.dba6845a97d14p-1, 0x1.411fc68910b38p-2, 0x1.00383d8b16fa4p-4,
		0x1.ead4e53a98e9fp-8, 0x1.11c18e3f005b4p-11, 0x1.4c1901b555519p-16, 0x1.886a5c0886e7cp-22, 0x1.772fa1e8e724ap-29,
		0x1.83356aed5f7cap-38,
	}
	quantileCoreN = []float64{
		0x1.37fc2a497deaap+2, 0x1.7c43184afdc86p+7, 0x1.5c3d636182933p+11, 0x1.2a65cc4ed558cp+14, 0x1.e5856b63f5319p+15,
		0x1.503c2cdd9063bp+16, 0x1.1e26b870db7b1p+15, 0x1.1d43237dd03b3p+9,
	}
	quantileCoreQ = []float64{
		0x1.0000000000000p+0, 0x1.68382d6ba0a7ep+5, 0x1.8ba0eb9732711p+9, 0x1.ae19e06d98c8ep+12, 0x1.e5295b41f37d2p+14,
		0x1.104958a2bb111p+16, 0x1.08b15a7fbbffdp+16, 0x1.36d8c7c91d1dap+14,
	}
	// quantileSlope is dx/dq within 5 % for 1/4 < |q| <= 0.425, as a polynomial in t.
	quantileSlope = []float64{3.82, -25.9, 243}
	// logPoly holds Lg1 ... Lg7 of fdlibm's e_log.c, as in formula's logarithm.
	logPoly = []float64{
		6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
		1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
	}
)

// invNormCDF is the x with Φ(x) = p: -Inf at 0, +Inf at 1, NaN outside. One logarithm, one root, and one division for
// both forms. The error of the root is known from its square, and that of the logarithm from its last sum; half of both
// together, over R, moves R to where it should be and joins the numerator.
func invNormCDF() *formula.Graph {
	b := formula.New("invNormCDF")
	p := b.Input("p")
	zero, inf := b.Const(0), b.Const(math.Inf(1))
	q := p.Plus(-0.5)
	a := q.Abs()
	tail := a.Gt(b.Const(quantileCore))
	least := p.Min(b.Const(1).Sub(p)) // exact where it counts: p, or 1 - p for p >= 1/2

	hi, lo := logPair(b, least)
	y := hi.Times(-2)
	r := y.Sqrt()
	half := r.Neg().FMA(r, y).FMA(b.Const(0.5), lo.Neg())
	u := r.Plus(-quantileFrom)
	tailN, tailQ := horner(b, u, quantileTailN), horner(b, u, quantileTailQ)

	t := q.Square()
	s := b.Const(quantileCore * quantileCore).Sub(t)
	coreN, coreQ := horner(b, s, quantileCoreN), horner(b, s, quantileCoreQ)
	lead := a.Times(sqrt2PiHigh)
	rest := a.FMA(b.Const(sqrt2PiLow), a.FMA(b.Const(sqrt2PiHigh), lead.Neg()))
	lost := p.Sub(q.Plus(0.5)) // of q to rounding, where p < 1/4
	rest = lost.Neg().FMA(horner(b, t, quantileSlope), rest)

	num := tail.Select(half.FMA(tailQ, tailN), a.Mul(t).Mul(coreN))
	den := tail.Select(r.Mul(tailQ), coreQ)
	x := tail.Select(r.Plus(-quantileGap), lead).Add(tail.Select(zero, rest).Add(num.Div(den)))
	edge := zero.Le(least).Select(inf, b.Const(math.NaN()))
	b.Output("x", zero.Lt(least).Select(x, edge).CopySign(q))
	return b.MustGraph()
}

// logPair returns ln x for 0 < x < 1/√2 and its rounding error, in fdlibm's form.
func logPair(b *formula.Builder, x formula.Expr) (hi, lo formula.Expr) {
	m, k := x.Mantissa(), x.Exponent()
	high := m.Gt(b.Const(math.Sqrt2))
	m = high.Select(m.Times(0.5), m)
	k = high.Select(k.Plus(1), k)
	f := m.Plus(-1)
	s := f.Div(f.Plus(2))
	z := s.Square()
	square := f.Times(0.5).Mul(f)
	t := s.FMA(square.Add(horner(b, z, logPoly).Mul(z)), k.Times(ln2Lo))
	f = f.Sub(square.Sub(t))
	whole := k.Times(ln2Hi) // exact
	hi = whole.Add(f)
	return hi, f.Sub(hi.Sub(whole))
}

// horner returns c[0] + x(c[1] + x(c[2] + ...)).
func horner(b *formula.Builder, x formula.Expr, c []float64) formula.Expr {
	p := b.Const(c[len(c)-1])
	for i := len(c) - 2; i >= 0; i-- {
		p = p.FMA(x, b.Const(c[i]))
	}
	return p
}
