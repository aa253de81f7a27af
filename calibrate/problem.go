package calibrate

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/volgaquant/volga/internal/fault"
)

// LeastSquares is the problem to find the x within its constraints that minimises
//
//	½·Σ s²·ρ(r_i(x)²/s²),
//
// with ρ the identity unless a robust [Loss] is chosen. A weight is part of the residual: r_i = w_i·(model_i(x) − quote_i).
type LeastSquares struct {
	// Size is the number of residuals.
	Size int
	// Residuals writes r(x) to r, and, unless jac is nil, ∂r_i/∂x_j to jac[i*len(x)+j]. It may return an error, or NaN in r,
	// to say that x lies outside its domain: a solver then takes a shorter step. [Differences] makes one from residuals
	// alone.
	Residuals func(r, jac, x []float64) error
	// Lower and Upper bound x; nil means no bound. A parameter whose bounds are equal is held.
	Lower, Upper []float64
	// Linear are constraints besides the bounds.
	Linear []Linear
	// Loss makes single residuals count for less than their square.
	Loss Loss
	// Params and Labels name the parameters and the residuals in reports and errors; nil means x0, x1, ... and r0, r1, ...
	Params, Labels []string
}

// Linear is the constraint Σ Coef_j·x_j <= Bound.
type Linear struct {
	Coef  []float64
	Bound float64
}

// Errors of solvers, besides [fault.ErrDomain] for what is wrong with the problem as stated.
var (
	ErrNotConverged = errors.New("the solver stopped before it converged")
	ErrInfeasible   = errors.New("no point satisfies the constraints")
)

// validate checks the problem and returns bounds of full length.
func (p LeastSquares) validate(fn string, x0 []float64) (b box, err error) {
	n := len(x0)
	switch {
	case n == 0:
		return b, fault.Arg(fn, "x0", "empty", "one start value for each parameter")
	case p.Residuals == nil:
		return b, fault.Arg(fn, "Residuals", "nil", "a function")
	case p.Size < 1:
		return b, fault.Arg(fn, "Size", p.Size, "at least one residual")
	case p.Params != nil && len(p.Params) != n:
		return b, fault.Arg(fn, "Params", len(p.Params), fmt.Sprintf("%d names", n))
	case p.Labels != nil && len(p.Labels) != p.Size:
		return b, fault.Arg(fn, "Labels", len(p.Labels), fmt.Sprintf("%d names", p.Size))
	}
	if err := p.Loss.validate(fn); err != nil {
		return b, err
	}
	if b, err = newBox(fn, p.Lower, p.Upper, x0, p.param); err != nil {
		return b, err
	}
	for i, l := range p.Linear {
		if len(l.Coef) != n {
			return b, fault.Arg(fn, fmt.Sprintf("Linear[%d].Coef", i), len(l.Coef), fmt.Sprintf("%d coefficients", n))
		}
		norm := 0.0
		for _, c := range l.Coef {
			norm += c * c
		}
		if !(norm > 0) || math.IsInf(norm, 1) {
			return b, fault.Arg(fn, fmt.Sprintf("Linear[%d].Coef", i), l.Coef, "finite coefficients that are not all zero")
		}
		if math.IsNaN(l.Bound) {
			return b, fault.Arg(fn, fmt.Sprintf("Linear[%d].Bound", i), l.Bound, "a number")
		}
	}
	return b, nil
}

func (p LeastSquares) param(j int) string {
	if p.Params != nil {
		return p.Params[j]
	}
	return fmt.Sprintf("x%d", j)
}

func (p LeastSquares) label(i int) string {
	if p.Labels != nil {
		return p.Labels[i]
	}
	return fmt.Sprintf("r%d", i)
}

// box is a pair of bounds for each parameter.
type box struct{ lower, upper []float64 }

func newBox(fn string, lower, upper, x0 []float64, name func(int) string) (box, error) {
	n := len(x0)
	for i, b := range [][]float64{lower, upper} {
		if b != nil && len(b) != n {
			return box{}, fault.Arg(fn, [2]string{"Lower", "Upper"}[i], len(b), fmt.Sprintf("%d bounds", n))
		}
	}
	b := box{make([]float64, n), make([]float64, n)}
	for j := range n {
		b.lower[j], b.upper[j] = math.Inf(-1), math.Inf(1)
		if lower != nil {
			b.lower[j] = lower[j]
		}
		if upper != nil {
			b.upper[j] = upper[j]
		}
		if !(b.lower[j] <= b.upper[j]) || math.IsInf(b.lower[j], 1) || math.IsInf(b.upper[j], -1) {
			return box{}, fault.Arg(fn, "bounds of "+name(j), fmt.Sprintf("[%g, %g]", b.lower[j], b.upper[j]), "a lower bound not above the upper one")
		}
		if math.IsNaN(x0[j]) || math.IsInf(x0[j], 0) {
			return box{}, fault.Arg(fn, "start of "+name(j), x0[j], "finite")
		}
	}
	return b, nil
}

// clamp moves x into the box.
func (b box) clamp(x []float64) {
	for j := range x {
		x[j] = min(max(x[j], b.lower[j]), b.upper[j])
	}
}

// Differences returns residuals with a Jacobian by differences, for a function that has none. The differences are forward
// with steps of about 1e-8 of the scale of each parameter, max(|x|, scale) with scale[j] (1 if scale is nil), or backward
// where forward leaves the function's domain, so that they may step over a bound by that much; the Jacobian has about half the
// digits of the residuals, and costs one evaluation for each parameter. The function returned may be
// called by several goroutines at a time if residuals may.
func Differences(residuals func(r, x []float64) error, scale []float64) func(r, jac, x []float64) error {
	type buffers struct{ moved, at []float64 }
	var pool sync.Pool
	return func(r, jac, x []float64) error {
		if err := residuals(r, x); err != nil || jac == nil {
			return err
		}
		n := len(x)
		b, _ := pool.Get().(*buffers)
		if b == nil {
			b = new(buffers)
		}
		defer pool.Put(b)
		b.moved, b.at = append(b.moved[:0], r...), append(b.at[:0], x...)
		moved, at := b.moved, b.at
		for j := range n {
			size := 1.0
			if scale != nil {
				size = scale[j]
			}
			h := 0x1p-26 * math.Max(math.Abs(x[j]), size) // √ε
			if h == 0 {
				h = 0x1p-26
			}
			at[j] = x[j] + h
			err := residuals(moved, at)
			if err != nil || math.IsNaN(sum(moved)) {
				at[j] = x[j] - h
				if err = residuals(moved, at); err != nil {
					return err
				}
			}
			h = at[j] - x[j] // as it was represented
			for i := range r {
				jac[i*n+j] = (moved[i] - r[i]) / h
			}
			at[j] = x[j]
		}
		return nil
	}
}

func sum(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s
}
