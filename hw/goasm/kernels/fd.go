package kernels

import (
	"github.com/volgaquant/volga/hw/formula"
	"github.com/volgaquant/volga/hw/goasm"
)

// FiniteDifferences returns the kernels of pricing/fd: sweeps of the alternating direction schemes over one row of the grid,
// whose columns are the nodes of the second variable.
func FiniteDifferences() goasm.Package {
	return goasm.Package{
		Dir: "pricing/fd", Name: "fd", Active: "vec.Active()", Import: "github.com/volgaquant/volga/internal/vec", Prefix: "vec.",
		Kernels: []goasm.Kernel{
			{Name: "adiEliminate", Doc: "is one row of the elimination of the implicit operator in the asset.",
				Graph: adiEliminate(), Uniform: []string{"lower", "upper", "driftLower", "driftUpper"}},
			{Name: "adiAsset", Doc: "is the derivative by the asset and the operator in the asset.",
				Graph: adiAsset(), Uniform: []string{"down", "up", "lower", "upper", "driftLower", "driftUpper"}},
			{Name: "adiFirst", Doc: "is the right-hand side of the first stage, what the solve in the factor takes off it, and what the second stage starts from.",
				Graph: adiFirst(), Uniform: []string{"coupling", "one", "theta", "e0", "e1", "e2"}},
			{Name: "adiSecond", Doc: "is the right-hand side of the second stage, and what the solve in the factor takes off it.",
				Graph: adiSecond(true), Uniform: []string{"coupling", "w0", "w1", "w2", "theta"}},
			{Name: "adiSecondKeep", Doc: "is the right-hand side of the second stage.",
				Graph: adiSecond(false), Uniform: []string{"coupling", "w0", "w1", "w2"}},
			{Name: "adiBack", Doc: "is one row of the substitution, and the right-hand side for the factor.", Graph: adiBack()},
			{Name: "adiProject", Doc: "is the value on or above the payoff, with the multiplier of Ikonen and Toivanen.",
				Graph: adiProject(), Uniform: []string{"floor"}},
			{Name: "adiProjectEach", Doc: "is adiProject where the payoff depends on the column too.", Graph: adiProject()},
		},
	}
}

// adiRow is the row of the operator in the asset: the diffusion is a function of the asset times the square of one of the
// factor.
func adiRow(g *formula.Builder) (lower, upper formula.Expr) {
	square := g.Input("square")
	return g.Input("lower").FMA(square, g.Input("driftLower")), g.Input("upper").FMA(square, g.Input("driftUpper"))
}

// adiEliminate factors the row −l, 1 + l + u, −u after the row before it, which stands on the side of l.
func adiEliminate() *formula.Graph {
	g := formula.New("adiEliminate")
	lower, upper := adiRow(g)
	inverseBefore, farBefore := g.Input("inverseBefore"), g.Input("farBefore")
	inverse := g.Const(1).Div(lower.Add(upper).Plus(1).Sub(lower.Mul(farBefore)))
	g.Output("near", lower.Mul(inverseBefore))
	g.Output("inverse", inverse)
	g.Output("far", upper.Mul(inverse))
	return g.MustGraph()
}

func adiAsset() *formula.Graph {
	g := formula.New("adiAsset")
	below, here, above := g.Input("below"), g.Input("here"), g.Input("above")
	lower, upper := adiRow(g)
	l, u := below.Sub(here), above.Sub(here)
	g.Output("slope", g.Input("down").FMA(l, g.Input("up").Mul(u)))
	g.Output("asset", lower.FMA(l, upper.Mul(u)))
	return g.MustGraph()
}

// adiSplit returns the three parts of the operator: mixed, asset and factor.
func adiSplit(g *formula.Builder) (f0, f1, f2 formula.Expr) {
	left, here, right := g.Input("left"), g.Input("here"), g.Input("right")
	slopeLeft, slope, slopeRight := g.Input("slopeLeft"), g.Input("slope"), g.Input("slopeRight")
	f1 = g.Input("asset")
	mixedLow, mixedHigh := g.Input("mixedLow"), g.Input("mixedHigh")
	lower, upper := g.Input("lower"), g.Input("upper")
	f0 = g.Input("coupling").Mul(mixedLow.FMA(slopeLeft.Sub(slope), mixedHigh.Mul(slopeRight.Sub(slope))))
	f2 = lower.FMA(left.Sub(here), upper.Mul(right.Sub(here)))
	return f0, f1, f2
}

func adiFirst() *formula.Graph {
	g := formula.New("adiFirst")
	base := g.Input("base")
	f0, f1, f2 := adiSplit(g)
	one, theta := g.Input("one"), g.Input("theta")
	e0, e1, e2 := g.Input("e0"), g.Input("e1"), g.Input("e2")
	g.Output("r", one.FMA(f1, base.Add(f0).Add(f2)))
	g.Output("off", theta.Mul(f2))
	g.Output("e", e0.FMA(f0, e1.FMA(f1, e2.FMA(f2, base))))
	return g.MustGraph()
}

func adiSecond(take bool) *formula.Graph {
	name := "adiSecondKeep"
	if take {
		name = "adiSecond"
	}
	g := formula.New(name)
	base := g.Input("base")
	f0, f1, f2 := adiSplit(g)
	w0, w1, w2 := g.Input("w0"), g.Input("w1"), g.Input("w2")
	g.Output("r", w0.FMA(f0, w1.FMA(f1, w2.FMA(f2, base))))
	if take {
		g.Output("off", g.Input("theta").Mul(f2))
	}
	return g.MustGraph()
}

func adiBack() *formula.Graph {
	g := formula.New("adiBack")
	r, inverse, far, next, off := g.Input("r"), g.Input("inverse"), g.Input("far"), g.Input("next"), g.Input("off")
	x := far.FMA(next, inverse.Mul(r))
	g.Output("x", x)
	g.Output("h", x.Sub(off))
	return g.MustGraph()
}

func adiProject() *formula.Graph {
	g := formula.New("adiProject")
	u, multiplier := g.Input("u"), g.Input("multiplier")
	z := u.Sub(multiplier)
	next := g.Input("floor").Sub(z).Max(g.Const(0))
	g.Output("v", z.Add(next))
	g.Output("next", next)
	return g.MustGraph()
}
