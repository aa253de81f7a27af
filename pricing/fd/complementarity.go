package fd

import (
	"errors"
	"fmt"
	"math"
)

// ErrNoConvergence is what every [IterationError] unwraps to.
var ErrNoConvergence = errors.New("the iteration did not converge")

// IterationError says that an iteration of the engine did not come to an end.
type IterationError struct {
	Method     string  // what was iterated
	Time       float64 // of the step, in years from the valuation instant
	Iterations int
	Residual   float64 // the last change, in units of the value
}

// Error names the method, the step and the last change.
func (e *IterationError) Error() string {
	return fmt.Sprintf("fd: %s did not converge in %d iterations at %g years: last change %g",
		e.Method, e.Iterations, e.Time, e.Residual)
}

// Unwrap makes errors.Is(err, ErrNoConvergence) true.
func (e *IterationError) Unwrap() error { return ErrNoConvergence }

// errShape is reported if Brennan and Schwartz's method meets an exercise region for which it is not made.
var errShape = errors.New("the exercise region is not one interval at an end of the grid: take PolicyIteration")

// complementarity solves min(A·x − rhs, x − floor) = 0 row by row for the tridiagonal A of an implicit step.
type complementarity struct {
	active  []bool // the rows at their floor in the last solution: the next first guess
	upper   []float64
	sweep   []float64
	omega   float64
	started bool
}

func (c *complementarity) reset(n int) {
	if cap(c.active) < n {
		c.active = make([]bool, n, n+n/4)
	}
	c.active = c.active[:n]
	clear(c.active)
	c.upper, c.sweep = grown(c.upper, n), grown(c.sweep, n)
	c.omega, c.started = 1.2, false
}

const (
	maxPolicies = 200
	maxSweeps   = 5000
	penalty     = 1e8
)

// solve writes the solution to x. size is the scale of the values, for tolerances.
func (c *complementarity) solve(method Exercise, a Tridiagonal, x, rhs, floor []float64, size float64) error {
	switch method {
	case BrennanSchwartz:
		return c.brennanSchwartz(a, x, rhs, floor, size)
	case PSOR:
		return c.overRelax(a, x, rhs, floor, size)
	case Penalty:
		return c.policies(a, x, rhs, floor, size, penalty)
	}
	return c.policies(a, x, rhs, floor, size, math.Inf(1))
}

// policies iterates on the set of rows at their floor. With a finite weight a row in the set gets weight·(floor − x) added to
// its equation and leaves it as soon as x > floor; with an infinite one it is x = floor and leaves as soon as the equation
// would lift it.
func (c *complementarity) policies(a Tridiagonal, x, rhs, floor []float64, size, weight float64) error {
	n := len(x)
	lower, diag, upper := a.Lower[:n], a.Diag[:n], a.Upper[:n]
	rhs, floor, active, u := rhs[:n], floor[:n], c.active[:n], c.upper[:n]
	exact := math.IsInf(weight, 1)
	tiny := 1e-14 * size
	for range maxPolicies {
		var above, y float64
		for i := range n {
			switch {
			case !active[i]:
				inv := 1 / (diag[i] - lower[i]*above)
				above = upper[i] * inv
				y = (rhs[i] - lower[i]*y) * inv
			case exact:
				above, y = 0, floor[i]
			default:
				inv := 1 / (diag[i] + weight - lower[i]*above)
				above = upper[i] * inv
				y = (rhs[i] + weight*floor[i] - lower[i]*y) * inv
			}
			u[i], x[i] = above, y
		}
		for i := n - 2; i >= 0; i-- {
			y = x[i] - u[i]*y
			x[i] = y
		}
		same := true
		for i := range n {
			now := active[i]
			switch {
			case !now:
				now = x[i] < floor[i]-tiny
			case exact:
				r := diag[i]*x[i] - rhs[i]
				if i > 0 {
					r += lower[i] * x[i-1]
				}
				if i < n-1 {
					r += upper[i] * x[i+1]
				}
				now = r >= -tiny*diag[i]
			default:
				now = x[i] <= floor[i]
			}
			if now != active[i] {
				active[i], same = now, false
			}
		}
		if same {
			for i, f := range floor { // rounding, and the little that a penalty allows, stay below
				if exact && x[i] < f {
					x[i] = f
				}
			}
			return nil
		}
	}
	return &IterationError{Method: "policy iteration", Iterations: maxPolicies, Residual: math.NaN()}
}

// brennanSchwartz eliminates from the end without exercise and substitutes from the other, taking the floor where it is higher.
func (c *complementarity) brennanSchwartz(a Tridiagonal, x, rhs, floor []float64, size float64) error {
	n := len(x)
	lower, diag, upper := a.Lower[:n], a.Diag[:n], a.Upper[:n]
	p := c.upper[:n]
	// The payoff is positive towards the end where exercise happens.
	first, last := 0, n-1
	if math.IsInf(floor[0], -1) {
		first = 1
	}
	if math.IsInf(floor[n-1], -1) {
		last = n - 2
	}
	y := c.sweep[:n]
	if floor[first] >= floor[last] {
		p[n-1], y[n-1] = 1/diag[n-1], rhs[n-1]
		for i := n - 2; i >= 0; i-- {
			k := upper[i] * p[i+1]
			p[i] = 1 / (diag[i] - k*lower[i+1])
			y[i] = rhs[i] - k*y[i+1]
		}
		x[0] = math.Max(y[0]*p[0], floor[0])
		for i := 1; i < n; i++ {
			x[i] = math.Max((y[i]-lower[i]*x[i-1])*p[i], floor[i])
		}
	} else {
		p[0], y[0] = 1/diag[0], rhs[0]
		for i := 1; i < n; i++ {
			k := lower[i] * p[i-1]
			p[i] = 1 / (diag[i] - k*upper[i-1])
			y[i] = rhs[i] - k*y[i-1]
		}
		x[n-1] = math.Max(y[n-1]*p[n-1], floor[n-1])
		for i := n - 2; i >= 0; i-- {
			x[i] = math.Max((y[i]-upper[i]*x[i+1])*p[i], floor[i])
		}
	}
	tiny := 1e-9 * size
	for i := 1; i < n-1; i++ {
		r := lower[i]*x[i-1] + diag[i]*x[i] + upper[i]*x[i+1] - rhs[i]
		if r < -tiny*diag[i] || r > tiny*diag[i] && x[i] > floor[i]+tiny {
			return errShape
		}
	}
	return nil
}

// overRelax sweeps until nothing moves; the factor follows the number of sweeps that the last steps took.
func (c *complementarity) overRelax(a Tridiagonal, x, rhs, floor []float64, size float64) error {
	n := len(x)
	lower, diag, upper := a.Lower[:n], a.Diag[:n], a.Upper[:n]
	inv := c.upper[:n]
	if !c.started {
		// Young's factor from a bound on the spectral radius of Jacobi's iteration.
		rho := 0.0
		for i := 1; i < n-1; i++ {
			rho = math.Max(rho, 2*math.Sqrt(math.Abs(lower[i]*upper[i-1]))/math.Sqrt(diag[i]*diag[i-1]))
		}
		rho = math.Min(rho, 0.999999)
		c.omega, c.started = 2/(1+math.Sqrt(1-rho*rho)), true
	}
	for i, d := range diag {
		inv[i] = c.omega / d
	}
	tol := 1e-11 * size
	worst := 0.0
	for range maxSweeps {
		worst = 0
		left := 0.0
		for i := range n {
			r := rhs[i] - diag[i]*x[i] - lower[i]*left
			if i < n-1 {
				r -= upper[i] * x[i+1]
			}
			v := math.Max(x[i]+r*inv[i], floor[i])
			worst = math.Max(worst, math.Abs(v-x[i]))
			x[i], left = v, v
		}
		if worst <= tol {
			return nil
		}
	}
	return &IterationError{Method: "PSOR", Iterations: maxSweeps, Residual: worst}
}
