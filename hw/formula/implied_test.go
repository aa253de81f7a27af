package formula

import (
	"math"
	"testing"
)

// normalised returns Jäckel's b(x, s) at 200 bits, rounded.
func normalised(t *testing.T, x, s float64) float64 {
	t.Helper()
	b := New("b")
	xe, se := b.Input("x"), b.Input("s")
	h, half := xe.Div(se), se.Times(0.5)
	up, down := xe.Times(0.5).Exp(), xe.Times(-0.5).Exp()
	b.Output("b", up.Mul(h.Add(half).NormCDF()).Sub(down.Mul(h.Sub(half).NormCDF())))
	v, _ := b.MustGraph().EvalBig(200, asBig([]float64{x, s})...)[0].Float64()
	return v
}

// The steps converge to the volatility with the order that each is known for, and their slopes are right.
func TestImpliedVolSteps(t *testing.T) {
	for _, c := range []struct {
		step     ImpliedVolStep
		x, s, s0 float64
		steps    int
	}{
		{ImpliedVolStep{}, -0.1, 0.2, 0.3, 4},
		{ImpliedVolStep{}, 0, 0.2, 1, 4},
		{ImpliedVolStep{Iteration: Halley}, -0.1, 0.2, 0.3, 5},
		{ImpliedVolStep{Iteration: Newton}, -0.1, 0.2, 0.3, 7},
		{ImpliedVolStep{LogPrice: true}, -1, 0.12, 0.16, 4}, // price 3e-19
		{ImpliedVolStep{Iteration: Halley, LogPrice: true}, -1, 0.12, 0.16, 5},
		{ImpliedVolStep{Iteration: Newton, LogPrice: true}, -1, 0.12, 0.16, 8},
		{ImpliedVolStep{}, -0.5, 2.5, 2, 4},
	} {
		g := c.step.Graph()
		target := normalised(t, c.x, c.s)
		if c.step.LogPrice {
			target = math.Log(target)
		}
		s := c.s0
		for range c.steps {
			s = g.Eval(c.x, target, s)[0]
		}
		if math.Abs(s/c.s-1) > 1e-13 {
			t.Errorf("%+v: %v after %d steps from %v, want %v", c.step, s, c.steps, c.s0, c.s)
		}
		out := g.Eval(c.x, target, c.s)
		if want := normalised(t, c.x, c.s); math.Abs(out[1]/want-1) > 5e-14 {
			t.Errorf("%+v: b = %v, want %v", c.step, out[1], want)
		}
		const h = 1e-5
		if want := (normalised(t, c.x, c.s+h) - normalised(t, c.x, c.s-h)) / (2 * h); math.Abs(out[2]/want-1) > 1e-5 {
			t.Errorf("%+v: b' = %v, want %v", c.step, out[2], want)
		}
	}
}

// One step multiplies the correct digits by the order of the method.
func TestImpliedVolOrder(t *testing.T) {
	const x, s = -0.2, 0.3
	beta := normalised(t, x, s)
	for _, c := range []struct {
		method Iteration
		order  float64
	}{{Newton, 2}, {Halley, 3}, {Householder, 4}} {
		g := ImpliedVolStep{Iteration: c.method}.Graph()
		e1 := math.Abs(g.Eval(x, beta, s+0.04)[0] - s)
		e2 := math.Abs(g.Eval(x, beta, s+0.02)[0] - s)
		if got := math.Log2(e1 / e2); math.Abs(got-c.order) > 0.4 {
			t.Errorf("method %d: order %.2f, want %v", c.method, got, c.order)
		}
	}
}
