package kernels

import (
	"github.com/volgaquant/volga/hw/formula"
	"github.com/volgaquant/volga/hw/goasm"
)

// Vec returns the kernels of internal/vec.
func Vec() goasm.Package {
	return goasm.Package{
		Dir: "internal/vec", Name: "vec", Active: "active",
		Kernels: []goasm.Kernel{
			{Name: "exp", Doc: "is e^x.", Graph: formula.Function(formula.OpExp), Wide: tune(4, 36), Narrow: tune(4, 12)},
			{Name: "expm1", Doc: "is e^x - 1.", Graph: formula.Expm1(), Wide: tune(4, 20), Narrow: tune(4, 26)},
			{Name: "log", Doc: "is ln x.", Graph: formula.Function(formula.OpLog), Wide: tune(2, 14), Narrow: tune(2, 44)},
			{Name: "log1p", Doc: "is ln(1 + x).", Graph: formula.Log1p(), Wide: tune(4, 30), Narrow: tune(6, 6)},
			{Name: "sqrt", Doc: "is the square root of x.", Graph: formula.Function(formula.OpSqrt)},
			{Name: "normCDF", Doc: "is the standard normal distribution function.", Graph: formula.Function(formula.OpNormCDF), Wide: tune(4, 36), Narrow: tune(4, 4)},
			{Name: "normPDF", Doc: "is the standard normal density.", Graph: formula.Function(formula.OpNormPDF), Wide: tune(6, 12), Narrow: tune(4, 12)},
			{Name: "invNormCDF", Doc: "is the quantile function of the standard normal law.", Graph: invNormCDF(), Wide: tune(4, 44), Narrow: tune(4, 30)},
			{Name: "sincos", Doc: "is sin x and cos x.", Graph: formula.SinCos(), Wide: tune(4, 36), Narrow: tune(3, 4)},
			{Name: "cexp", Doc: "is e^(x + iy) = u + iv.", Graph: cexp(), Wide: tune(3, 36), Narrow: tune(2, 20)},
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
