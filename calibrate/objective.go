package calibrate

import (
	"fmt"
	"math"
	"sync"

	"github.com/volgaquant/volga/internal/fault"
)

// Objective is the problem to find the x within its bounds at which a function is least.
type Objective struct {
	// Function returns f(x), and writes ∂f/∂x to grad unless grad is nil. It may return an error, or NaN, to say that x lies
	// outside its domain. Solvers with more than one worker call it from several goroutines at a time.
	Function func(grad, x []float64) (float64, error)
	// Lower and Upper bound x; nil means no bound. A parameter whose bounds are equal is held.
	Lower, Upper []float64
	// Params name the parameters in errors; nil means x0, x1, ...
	Params []string
}

// Minimum is the best point that a solver found, and how it came there.
type Minimum struct {
	X      []float64
	Value  float64
	Status Status

	Iterations  int // steps, or generations
	Evaluations int // of the function, those that asked for the gradient among them
	Gradients   int // evaluations that asked for the gradient

	// AtBound is −1 or +1 for parameters that end on their lower or upper bound, and 0 for those that are free.
	AtBound []int8
}

// Objective returns the cost of a sum of squares as an objective, with the gradient Jᵀr of the same loss. Points that break a
// linear constraint lie outside its domain. It may be called by several goroutines at a time if Residuals may.
func (p LeastSquares) Objective() Objective {
	var pool sync.Pool
	type buffers struct{ r, jac []float64 }
	return Objective{Lower: p.Lower, Upper: p.Upper, Params: p.Params, Function: func(grad, x []float64) (float64, error) {
		for _, l := range p.Linear {
			if !l.holds(x) {
				return math.NaN(), nil
			}
		}
		b, _ := pool.Get().(*buffers)
		if b == nil {
			b = &buffers{r: make([]float64, p.Size)}
		}
		defer pool.Put(b)
		if grad == nil {
			if err := p.Residuals(b.r, nil, x); err != nil {
				return math.NaN(), err
			}
			return p.Loss.cost(b.r), nil
		}
		n := len(x)
		if len(b.jac) != n*p.Size {
			b.jac = make([]float64, n*p.Size)
		}
		if err := p.Residuals(b.r, b.jac, x); err != nil {
			return math.NaN(), err
		}
		cost := p.Loss.cost(b.r)
		p.Loss.reweigh(b.r, b.jac)
		clear(grad)
		for i, v := range b.r {
			for j := range n {
				grad[j] += b.jac[i*n+j] * v
			}
		}
		return cost, nil
	}}
}

// holds reports whether x keeps the constraint, up to rounding.
func (l Linear) holds(x []float64) bool {
	total, size := -l.Bound, math.Abs(l.Bound)
	for j, c := range l.Coef {
		total += c * x[j]
		size += math.Abs(c * x[j])
	}
	return !(total > 8*epsilon*size)
}

// validate checks the problem and returns bounds of full length.
func (o Objective) validate(fn string, x0 []float64) (box, error) {
	n := len(x0)
	switch {
	case n == 0:
		return box{}, fault.Arg(fn, "x0", "empty", "one start value for each parameter")
	case o.Function == nil:
		return box{}, fault.Arg(fn, "Function", "nil", "a function")
	case o.Params != nil && len(o.Params) != n:
		return box{}, fault.Arg(fn, "Params", len(o.Params), fmt.Sprintf("%d names", n))
	}
	return newBox(fn, o.Lower, o.Upper, x0, o.param)
}

// validateBox checks a problem for a search that begins anywhere within its bounds, which must all be finite.
func (o Objective) validateBox(fn string) (box, error) {
	if len(o.Lower) == 0 {
		return box{}, fault.Arg(fn, "Lower", "empty", "a bound for each parameter")
	}
	b, err := o.validate(fn, make([]float64, len(o.Lower)))
	if err != nil {
		return b, err
	}
	for j := range b.lower {
		if math.IsInf(b.lower[j], 0) || math.IsInf(b.upper[j], 0) || math.IsInf(b.upper[j]-b.lower[j], 0) {
			return b, fault.Arg(fn, "bounds of "+o.param(j), fmt.Sprintf("[%g, %g]", b.lower[j], b.upper[j]), "finite")
		}
	}
	return b, nil
}

func (o Objective) param(j int) string {
	if o.Params != nil {
		return o.Params[j]
	}
	return fmt.Sprintf("x%d", j)
}

// value is the function alone, +Inf outside its domain.
func (o Objective) value(x []float64) float64 {
	f, err := o.Function(nil, x)
	if err != nil || math.IsNaN(f) {
		return math.Inf(1)
	}
	return f
}

// sides returns AtBound for x.
func (b box) sides(x []float64) []int8 {
	at := make([]int8, len(x))
	for j, v := range x {
		switch {
		case v <= b.lower[j]:
			at[j] = -1
		case v >= b.upper[j]:
			at[j] = 1
		}
	}
	return at
}
