package kernels_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/volgaquant/volga/hw/formula"
	"github.com/volgaquant/volga/hw/goasm"
	"github.com/volgaquant/volga/hw/goasm/kernels"
	"github.com/volgaquant/volga/internal/vec"
)

// functions runs the compiled kernels of package vec by their names; the columns are the graph's.
var functions = map[string]func(dst, src [][]float64){
	"exp":        func(d, s [][]float64) { vec.Exp(d[0], s[0]) },
	"expm1":      func(d, s [][]float64) { vec.Expm1(d[0], s[0]) },
	"log":        func(d, s [][]float64) { vec.Log(d[0], s[0]) },
	"log1p":      func(d, s [][]float64) { vec.Log1p(d[0], s[0]) },
	"sqrt":       func(d, s [][]float64) { vec.Sqrt(d[0], s[0]) },
	"normCDF":    func(d, s [][]float64) { vec.NormCDF(d[0], s[0]) },
	"invNormCDF": func(d, s [][]float64) { vec.InvNormCDF(d[0], s[0]) },
	"normPDF":    func(d, s [][]float64) { vec.NormPDF(d[0], s[0]) },
	"sincos":     func(d, s [][]float64) { vec.Sincos(d[0], d[1], s[0]) },
	"cexp":       func(d, s [][]float64) { vec.CExp(d[0], d[1], s[0], s[1]) },
	"mulAdd":     func(d, s [][]float64) { vec.MulAdd(d[0], s[0], s[1], s[2]) },
	"addScaled":  func(d, s [][]float64) { vec.AddScaled(d[0], s[0][0], s[1], s[2]) },
}

// corners are arguments at and beyond the edges of the kernels.
var corners = func() []float64 {
	c := []float64{
		0, math.SmallestNonzeroFloat64, 3e-320, 0x1p-1022, 0x1.fffffffffffffp-1023, 1e-300, 1e-17, 0x1p-54, 0.075, 0.25, 0.5, 0.925, math.Sqrt2 / 2, math.Ln2,
		1, 1 + 0x1p-52, 1 - 0x1p-53, math.Sqrt2, 1.5, 2, 3, math.Pi / 2, math.Pi, 5.5, 37.5, 38.4, 38.6, 40, 708.4, 709.78, 709.79, 710, 744.4, 745.2, 746,
		1e6, 0x1p40, 0x1.0000000000001p40, 1e15, 0x1p52, 0x1p53, 1e100, math.MaxFloat64, math.Inf(1), math.NaN(),
	}
	for _, v := range c {
		c = append(c, -v)
	}
	return c
}()

// draw fills the columns with a mixture: uniform on (-40, 40), on (0, 1), any bits, corners.
func draw(rng *rand.Rand, columns, n int) [][]float64 {
	src := make([][]float64, columns)
	for j := range src {
		src[j] = make([]float64, n)
		for i := range src[j] {
			switch rng.IntN(4) {
			case 0:
				src[j][i] = 80*rng.Float64() - 40
			case 1:
				src[j][i] = rng.Float64()
			case 2:
				src[j][i] = math.Float64frombits(rng.Uint64())
			default:
				src[j][i] = corners[rng.IntN(len(corners))]
			}
		}
	}
	return src
}

func sameBits(x, y float64) bool {
	return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
}

// points is how many rows each kernel is tried on: ten million if VOLGA_SLOW is set.
func points() int {
	if os.Getenv("VOLGA_SLOW") != "" {
		return 10_000_000
	}
	return 100_000
}

// TestVariantsAreTheFormula holds every variant of every kernel of package vec to the evaluation of its graph, bit for bit.
func TestVariantsAreTheFormula(t *testing.T) {
	for _, k := range kernels.Vec().Kernels {
		t.Run(k.Name, func(t *testing.T) {
			f := functions[k.Name]
			if f == nil {
				t.Fatal("the test does not know how to run it")
			}
			rng := rand.New(rand.NewPCG(7, 8))
			eval := formula.NewEvaluator(k.Graph)
			const chunk = 5000
			outs := len(k.Graph.OutputNames())
			want, got := make([][]float64, outs), make([][]float64, outs)
			for j := range want {
				want[j], got[j] = make([]float64, chunk), make([]float64, chunk)
			}
			for done := 0; done < points(); done += chunk {
				src := draw(rng, len(k.Graph.InputNames()), chunk)
				if len(k.Uniform) > 0 { // the first input of addScaled
					for i := range src[0] {
						src[0][i] = src[0][0]
					}
				}
				eval.EvalTo(want, src)
				for _, v := range vec.Available() {
					restore := vec.Force(v)
					f(got, src)
					restore()
					for j := range got {
						for i := range got[j] {
							if !sameBits(got[j][i], want[j][i]) {
								t.Fatalf("%v: %s, output %d of row %d is %v (%#x), the formula gives %v (%#x); first input %v", v, k.Name, j, i,
									got[j][i], math.Float64bits(got[j][i]), want[j][i], math.Float64bits(want[j][i]), src[0][i])
							}
						}
					}
				}
			}
		})
	}
}

// ulps returns |got - want| in units in the last place at want.
func ulps(got float64, want *big.Float) float64 {
	near, _ := want.Float64()
	if math.IsInf(near, 0) || math.IsInf(got, 0) || got != got {
		if near == got {
			return 0
		}
		return math.Inf(1)
	}
	ulp := math.SmallestNonzeroFloat64
	if want.Sign() != 0 {
		ulp = math.Ldexp(1, max(want.MantExp(nil)-53, -1074))
	}
	d := new(big.Float).SetPrec(300).SetFloat64(got)
	d.Sub(d, want).Quo(d, big.NewFloat(ulp))
	u, _ := d.Float64()
	return math.Abs(u)
}

// exactly is a graph whose evaluation in big.Float is the function that a kernel approximates.
func exactly(f func(b *formula.Builder, x formula.Expr) formula.Expr) *formula.Graph {
	b := formula.New("exact")
	b.Output("y", f(b, b.Input("x")))
	return b.MustGraph()
}

// TestErrors measures the errors that the comments of package vec state.
func TestErrors(t *testing.T) {
	linear := func(lo, hi float64) func(*rand.Rand) float64 {
		return func(r *rand.Rand) float64 { return lo + (hi-lo)*r.Float64() }
	}
	exponents := func(lo, hi float64, sign bool) func(*rand.Rand) float64 {
		return func(r *rand.Rand) float64 {
			x := math.Exp2(lo+(hi-lo)*r.Float64()) * (1 + r.Float64())
			if sign && r.IntN(2) == 0 {
				x = -x
			}
			return x
		}
	}
	op := func(o formula.Op) *formula.Graph { return formula.Function(o) }
	expm1 := exactly(func(b *formula.Builder, x formula.Expr) formula.Expr { return x.Exp().Plus(-1) })
	log1p := exactly(func(b *formula.Builder, x formula.Expr) formula.Expr { return x.Plus(1).Log() })
	sin, cos := op(formula.OpSin), op(formula.OpCos)
	for _, c := range []struct {
		kernel string
		exact  *formula.Graph
		prec   uint
		output int
		bound  float64
		draw   func(*rand.Rand) float64
	}{
		{"exp", op(formula.OpExp), 130, 0, 0.87, linear(-708, 709.7)},
		{"exp", op(formula.OpExp), 130, 0, 0.87, linear(-1, 1)},
		{"exp", op(formula.OpExp), 130, 0, 1.01, linear(-745, -708)},
		{"expm1", expm1, 300, 0, 1.2, linear(-40, 709)},
		{"expm1", expm1, 300, 0, 1.2, linear(-2, 2)},
		{"expm1", expm1, 1300, 0, 1.2, exponents(-1000, 2, true)},
		{"log", op(formula.OpLog), 130, 0, 0.85, linear(0.5, 2)},
		{"log", op(formula.OpLog), 130, 0, 0.85, exponents(-1074, 1023, false)},
		{"log1p", log1p, 300, 0, 0.85, linear(-0.999, 5)},
		{"log1p", log1p, 1300, 0, 0.85, exponents(-1000, 1000, false)},
		{"log1p", log1p, 1300, 0, 0.85, exponents(-1000, -1, true)},
		{"normCDF", op(formula.OpNormCDF), 130, 0, 1.8, linear(-37.5, -1)},
		{"normCDF", op(formula.OpNormCDF), 130, 0, 1.8, linear(-3, 9)},
		{"normPDF", op(formula.OpNormPDF), 130, 0, 1.5, linear(-37.5, 37.5)},
		{"sincos", sin, 200, 0, 0.85, linear(-10, 10)},
		{"sincos", sin, 200, 0, 0.85, exponents(-60, 39, true)},
		{"sincos", cos, 200, 1, 0.85, linear(-10, 10)},
		{"sincos", cos, 200, 1, 0.85, exponents(-60, 39, true)},
	} {
		n := 2000
		if os.Getenv("VOLGA_SLOW") != "" {
			n = 200_000
		}
		rng := rand.New(rand.NewPCG(9, 10))
		exact := formula.NewBigEvaluator(c.exact, c.prec)
		x, y, z := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = c.draw(rng)
		}
		functions[c.kernel]([][]float64{y, z}, [][]float64{x})
		if c.output == 1 {
			y = z
		}
		worst, at := 0.0, 0.0
		for i := range x {
			if u := ulps(y[i], exact.Eval(big.NewFloat(x[i]))[0]); u > worst {
				worst, at = u, x[i]
			}
		}
		t.Logf("%s: %.3f ulp at %v", c.kernel, worst, at)
		if worst > c.bound {
			t.Errorf("%s: %.3f ulp at %v, stated is %v", c.kernel, worst, at, c.bound)
		}
	}
}

// TestComplexErrors measures both parts of the complex exponential.
func TestComplexErrors(t *testing.T) {
	const bound = 2.3
	n := 2000
	if os.Getenv("VOLGA_SLOW") != "" {
		n = 100_000
	}
	exact := formula.NewBigEvaluator(formula.ComplexExp(), 200)
	rng := rand.New(rand.NewPCG(17, 18))
	x, y, u, v := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range x {
		x[i], y[i] = 1400*rng.Float64()-700, 200*rng.Float64()-100
	}
	vec.CExp(u, v, x, y)
	worst := 0.0
	for i := range x {
		w := exact.Eval(big.NewFloat(x[i]), big.NewFloat(y[i]))
		worst = max(worst, ulps(u[i], w[0]), ulps(v[i], w[1]))
	}
	t.Logf("%.3f ulp", worst)
	if worst > bound {
		t.Errorf("%.3f ulp, stated is %v", worst, bound)
	}
}

// TestQuantileErrors measures the error of the quantile x of p by (Φ(x) - p)/φ(x), which it is to 16 digits.
func TestQuantileErrors(t *testing.T) {
	const bound = 2
	n := 1000
	if os.Getenv("VOLGA_SLOW") != "" {
		n = 50_000
	}
	cdf := formula.NewBigEvaluator(formula.Function(formula.OpNormCDF), 200)
	pdf := formula.NewBigEvaluator(formula.Function(formula.OpNormPDF), 200)
	for _, c := range []struct {
		name string
		draw func(*rand.Rand) float64
	}{
		{"uniform", (*rand.Rand).Float64},
		{"lower tail", func(r *rand.Rand) float64 { return math.Exp2(-1074 * r.Float64()) }},
		{"to 1e-300", func(r *rand.Rand) float64 { return math.Pow(10, -300*r.Float64()) }},
		{"around the joint", func(r *rand.Rand) float64 { return 0.07 + 0.01*r.Float64() }},
		{"upper tail", func(r *rand.Rand) float64 { return 1 - math.Exp2(-52*r.Float64()) }},
		{"around 1/2", func(r *rand.Rand) float64 { return 0.5 + math.Exp2(-50*r.Float64())*(r.Float64()-0.5) }},
	} {
		rng := rand.New(rand.NewPCG(15, 16))
		p, x := make([]float64, n), make([]float64, n)
		for i := range p {
			p[i] = c.draw(rng)
		}
		vec.InvNormCDF(x, p)
		worst, at := 0.0, 0.0
		for i := range p {
			if p[i] == 0 || p[i] == 1 || p[i] == 0.5 {
				continue
			}
			arg := big.NewFloat(x[i])
			d := cdf.Eval(arg)[0]
			d.Sub(d, big.NewFloat(p[i])).Quo(d, pdf.Eval(arg)[0])
			e, _ := d.Float64()
			_, exp := math.Frexp(x[i])
			if u := math.Abs(e) / math.Ldexp(1, exp-53); !(u <= worst) {
				worst, at = u, p[i]
			}
		}
		t.Logf("%s: %.3f ulp at %v", c.name, worst, at)
		if !(worst <= bound) {
			t.Errorf("%s: %.3f ulp at %v, stated is %v", c.name, worst, at, float64(bound))
		}
	}
}

func TestListsAreValid(t *testing.T) {
	for _, p := range kernels.Packages() {
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// The model's choice and the measured one give the same numbers; this is what a kernel's list looks like.
func ExampleVec() {
	for _, k := range kernels.Vec().Kernels[:2] {
		p := goasm.Compile(k, goasm.AVX512)
		fmt.Printf("func %s%v(%s): %d vectors of %d numbers at once\n", k.Name, p.Machine, k.Signature(), p.Unroll, p.Lanes())
	}
	// Output:
	// func expAVX512(y, x []float64): 4 vectors of 8 numbers at once
	// func expm1AVX512(y, x []float64): 4 vectors of 8 numbers at once
}
