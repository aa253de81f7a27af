package calibrate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec/rng"
)

// bounded is a problem with bounds and its minimum.
type bounded struct {
	name                string
	f                   func(grad, x []float64) float64
	lower, upper, start []float64
	min                 float64
	at                  []float64 // nil if the source does not say, or says more than one
	active              []int8    // nil likewise
}

func (p bounded) objective() Objective {
	return Objective{Lower: p.lower, Upper: p.upper, Function: func(grad, x []float64) (float64, error) {
		if grad == nil {
			grad = make([]float64, len(x))
		}
		return p.f(grad, x), nil
	}}
}

// hockSchittkowski are the problems with bounds alone of Hock and Schittkowski, "Test Examples for Nonlinear Programming Codes"
// (1981), by number there.
func hockSchittkowski() []bounded {
	inf := math.Inf(1)
	rosenbrock := func(grad, x []float64) float64 {
		a, b := x[1]-x[0]*x[0], 1-x[0]
		grad[0], grad[1] = -400*x[0]*a-2*b, 200*a
		return 100*a*a + b*b
	}
	edge := math.Sqrt(598. / 1200)
	corner := 2 * edge * math.Cos(math.Acos(1/(400*edge*edge*edge))/3)
	behind := 2 * edge * math.Cos(math.Acos(1/(400*edge*edge*edge))/3+2*math.Pi/3) // another stationary point on the same bound
	return []bounded{
		{"HS1", rosenbrock, []float64{-inf, -1.5}, nil, []float64{-2, 1}, 0, []float64{1, 1}, []int8{0, 0}},
		{"HS2", rosenbrock, []float64{-inf, 1.5}, nil, []float64{-2, 1}, 100*sq(1.5-behind*behind) + sq(1-behind), []float64{behind, 1.5}, []int8{0, -1}},
		{"HS2 from the other side", rosenbrock, []float64{-inf, 1.5}, nil, []float64{2, 1}, 100*sq(1.5-corner*corner) + sq(1-corner), []float64{corner, 1.5}, []int8{0, -1}},
		{"HS3", func(grad, x []float64) float64 {
			d := x[1] - x[0]
			grad[0], grad[1] = -2e-5*d, 1+2e-5*d
			return x[1] + 1e-5*d*d
		}, []float64{-inf, 0}, nil, []float64{10, 1}, 0, []float64{0, 0}, []int8{0, -1}},
		{"HS4", func(grad, x []float64) float64 {
			grad[0], grad[1] = sq(x[0]+1), 1
			return math.Pow(x[0]+1, 3)/3 + x[1]
		}, []float64{1, 0}, nil, []float64{1.125, 0.125}, 8. / 3, []float64{1, 0}, []int8{-1, -1}},
		{"HS5", func(grad, x []float64) float64 {
			c, d := math.Cos(x[0]+x[1]), x[0]-x[1]
			grad[0], grad[1] = c+2*d-1.5, c-2*d+2.5
			return math.Sin(x[0]+x[1]) + d*d - 1.5*x[0] + 2.5*x[1] + 1
		}, []float64{-1.5, -3}, []float64{4, 3}, []float64{0, 0}, -math.Sqrt(3)/2 - math.Pi/3,
			[]float64{0.5 - math.Pi/3, -0.5 - math.Pi/3}, []int8{0, 0}},
		{"HS38", func(grad, x []float64) float64 {
			a, b, c, d := x[1]-x[0]*x[0], 1-x[0], x[3]-x[2]*x[2], 1-x[2]
			e, f := x[1]-1, x[3]-1
			grad[0], grad[1] = -400*x[0]*a-2*b, 200*a+20.2*e+19.8*f
			grad[2], grad[3] = -360*x[2]*c-2*d, 180*c+20.2*f+19.8*e
			return 100*a*a + b*b + 90*c*c + d*d + 10.1*(e*e+f*f) + 19.8*e*f
		}, repeat(4, -10), repeat(4, 10), []float64{-3, -1, -3, -1}, 0, repeat(4, 1), []int8{0, 0, 0, 0}},
		{"HS45", func(grad, x []float64) float64 {
			product := 1.0
			for _, v := range x {
				product *= v
			}
			for j := range x {
				grad[j] = -1. / 120
				for i, v := range x {
					if i != j {
						grad[j] *= v
					}
				}
			}
			return 2 - product/120
		}, repeat(5, 0), ramp(5, 1), []float64{1, 1, 1, 1, 1}, 1, ramp(5, 1), []int8{1, 1, 1, 1, 1}},
		{"HS110", func(grad, x []float64) float64 {
			f, product := 0.0, 1.0
			for _, v := range x {
				f += sq(math.Log(v-2)) + sq(math.Log(10-v))
				product *= v
			}
			p := math.Pow(product, 0.2)
			for j, v := range x {
				grad[j] = 2*math.Log(v-2)/(v-2) - 2*math.Log(10-v)/(10-v) - 0.2*p/v
			}
			return f - p
		}, repeat(10, 2.001), repeat(10, 9.999), repeat(10, 9), -45.77846971, repeat(10, 9.35026583), make([]int8, 10)},
	}
}

func sq(x float64) float64 { return x * x }

// The derivatives of the test problems are those of the functions.
func checkGradient(t *testing.T, name string, f func(grad, x []float64) float64, x []float64) {
	t.Helper()
	g, scratch := make([]float64, len(x)), make([]float64, len(x))
	f(g, x)
	for j := range x {
		h := 1e-5 * math.Max(1, math.Abs(x[j]))
		moved := slices.Clone(x)
		moved[j] += h
		up := f(scratch, moved)
		moved[j] -= 2 * h
		d := (up - f(scratch, moved)) / (2 * h)
		if math.Abs(d-g[j]) > 1e-5*(1+math.Abs(d)) {
			t.Errorf("%s: derivative %d at %g is %g, by differences %g", name, j, x, g[j], d)
		}
	}
}

func TestLBFGSBOnHockSchittkowski(t *testing.T) {
	for _, p := range hockSchittkowski() {
		inner := slices.Clone(p.start)
		checkGradient(t, p.name, p.f, inner)
		sol, err := LBFGSB{}.Minimize(context.Background(), p.objective(), p.start)
		if err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		t.Logf("%-5s %3d evaluations, value off by %.1e", p.name, sol.Evaluations, sol.Value-p.min)
		if math.Abs(sol.Value-p.min) > 1e-9*math.Max(1, math.Abs(p.min)) {
			t.Errorf("%s: %.12g, want %.12g", p.name, sol.Value, p.min)
		}
		for j, want := range p.at {
			if math.Abs(sol.X[j]-want) > 2e-5*math.Max(1, math.Abs(want)) {
				t.Errorf("%s: at %g, want %g", p.name, sol.X, p.at)
				break
			}
		}
		if !slices.Equal(sol.AtBound, p.active) {
			t.Errorf("%s: active set %d, want %d", p.name, sol.AtBound, p.active)
		}
	}
}

// The classic sums of squares with the bounds and minima of Gay, "A trust-region approach to linearly constrained optimization"
// (1984), which are of sums of squares to six digits or eight. In the variables of Powell's problem the curvatures differ by
// 1e16, more than L-BFGS-B can bridge without a Jacobian: it must say so.
func TestBoundedClassics(t *testing.T) {
	byName := map[string]classic{}
	for _, c := range classics() {
		byName[c.name] = c
	}
	for _, b := range []struct {
		name         string
		size         int
		lower, upper []float64
		min          float64
		accuracy     float64
	}{
		{"3 Powell badly scaled", 2, []float64{0, 1}, []float64{1, 9}, 0.15125900e-9, 3e-6},
		{"4 Brown badly scaled", 3, []float64{0, 3e-5}, []float64{1e6, 100}, 0.784e3, 1e-9},
		{"5 Beale", 3, []float64{0.6, 0.5}, []float64{10, 100}, 0, 0},
		{"7 helical valley", 3, []float64{-100, -1, -1}, []float64{0.8, 1, 1}, 0.99042212, 1e-8},
		{"9 Gaussian", 15, []float64{0.398, 1, -0.5}, []float64{4.2, 2, 0.1}, 0.11279300e-7, 3e-6},
		{"12 Box", 3, []float64{0, 5, 0}, []float64{2, 9.5, 20}, 0.30998153e-5, 2e-8},
		{"14 Wood", 6, repeat(4, -100), []float64{0, 10, 100, 100}, 0.15567008e1, 1e-8},
		{"16 Brown and Dennis", 20, []float64{-10, 0, -100, -20}, []float64{100, 15, 0, 0.2}, 0.88860479e5, 1e-8},
		{"18 Biggs EXP6", 13, []float64{0, 0, 0, 1, 0, 0}, []float64{2, 8, 1, 7, 5, 5}, 0.53209865e-3, 2e-8},
	} {
		c, ok := byName[b.name]
		if !ok {
			t.Fatal(b.name)
		}
		p := LeastSquares{Size: b.size, Residuals: central(c.f, b.size), Lower: b.lower, Upper: b.upper}
		lm, err := LevenbergMarquardt{}.Minimize(context.Background(), p, c.start)
		if !(math.Abs(2*lm.Cost-b.min) <= b.accuracy*b.min+1e-18) || err != nil {
			t.Errorf("%s by Levenberg-Marquardt: %.9g, want %.9g (%v)", b.name, 2*lm.Cost, b.min, err)
		}
		q, err := LBFGSB{MaxEvaluations: 5000}.Minimize(context.Background(), p.Objective(), c.start)
		t.Logf("%-22s %4d evaluations by Levenberg-Marquardt, %4d by L-BFGS-B", b.name, lm.Evaluations, q.Evaluations)
		if b.min < 1e-9 && b.min > 0 {
			if !errors.Is(err, ErrNotConverged) {
				t.Errorf("%s by L-BFGS-B: %.9g, %v", b.name, 2*q.Value, err)
			}
			continue
		}
		if !(math.Abs(2*q.Value-b.min) <= (b.accuracy+1e-7)*b.min+1e-12) {
			t.Errorf("%s by L-BFGS-B: %.9g, want %.9g (%v)", b.name, 2*q.Value, b.min, err)
		}
		if b.min > 1e-8 && !slices.Equal(q.AtBound, lm.AtBound) {
			t.Errorf("%s: active set %d by one solver, %d by the other", b.name, q.AtBound, lm.AtBound)
		}
	}
}

// central makes residuals with a Jacobian by central differences.
func central(f func(r, x []float64) error, m int) func(r, jac, x []float64) error {
	return func(r, jac, x []float64) error {
		if err := f(r, x); err != nil || jac == nil {
			return err
		}
		n := len(x)
		up, down := make([]float64, m), make([]float64, m)
		for j := range n {
			h := 6e-6 * math.Max(math.Abs(x[j]), 1e-3)
			moved := slices.Clone(x)
			moved[j] = x[j] + h
			if err := f(up, moved); err != nil {
				return err
			}
			moved[j] = x[j] - h
			if err := f(down, moved); err != nil {
				return err
			}
			for i := range r {
				jac[i*n+j] = (up[i] - down[i]) / (2 * h)
			}
		}
		return nil
	}
}

// Moré and Toraldo, "Algorithms for bound constrained quadratic programming problems" (1989), section 5: convex quadratics made
// so that minimum, active set and multipliers are known, some of these near zero.
func TestLBFGSBOnQuadratics(t *testing.T) {
	g := rng.NewPhilox(5, 0)
	for _, c := range []struct {
		n                 int
		active, condition float64
	}{{20, 0.5, 1e2}, {50, 0.1, 1e3}, {100, 0.5, 1e3}, {100, 0.9, 1e4}, {300, 0.3, 1e2}} {
		n := c.n
		// A = P·D·P with P = I − 2vvᵀ, D from 1 to the condition.
		v, u := make([]float64, n), make([]float64, 4*n)
		g.Normals(v)
		g.Uniforms(u)
		norm := math.Sqrt(inner(v, v))
		for j := range v {
			v[j] /= norm
		}
		apply := func(dst, x []float64) {
			s := 2 * inner(v, x)
			for j := range dst {
				dst[j] = math.Pow(c.condition, float64(j)/float64(n-1)) * (x[j] - s*v[j])
			}
			s = 2 * inner(v, dst)
			for j := range dst {
				dst[j] -= s * v[j]
			}
		}
		best, lower, upper, active := make([]float64, n), make([]float64, n), make([]float64, n), make([]int8, n)
		linear := make([]float64, n)
		for j := range best {
			best[j] = 2*u[j] - 1
			lower[j], upper[j] = best[j]-1, best[j]+1
		}
		apply(linear, best)
		for j := range best {
			if u[n+j] < c.active {
				slope := math.Pow(10, -3*u[2*n+j])
				if u[3*n+j] < 0.5 {
					lower[j], active[j] = best[j], -1
					linear[j] -= slope // so that the gradient at best is +slope
				} else {
					upper[j], active[j] = best[j], 1
					linear[j] += slope
				}
			}
		}
		f := func(grad, x []float64) float64 {
			apply(grad, x)
			value := 0.0
			for j := range x {
				value += x[j] * (grad[j]/2 - linear[j])
				grad[j] -= linear[j]
			}
			return value
		}
		p := bounded{f: f, lower: lower, upper: upper}
		start := make([]float64, n)
		sol, err := LBFGSB{Tolerance: 1e-12}.Minimize(context.Background(), p.objective(), start)
		if err != nil {
			t.Errorf("n=%d: %v", n, err)
		}
		value := f(make([]float64, n), best)
		if math.Abs(sol.Value-value) > 1e-12*math.Abs(value) {
			t.Errorf("n=%d: %.16g, want %.16g", n, sol.Value, value)
		}
		worst := 0.0
		for j := range best {
			worst = math.Max(worst, math.Abs(sol.X[j]-best[j]))
		}
		t.Logf("n=%d, condition %g, %g active: %d evaluations, x off by %.1e", n, c.condition, c.active, sol.Evaluations, worst)
		if worst > 3e-5 || !slices.Equal(sol.AtBound, active) {
			t.Errorf("n=%d: x off by %g; active set right: %v", n, worst, slices.Equal(sol.AtBound, active))
		}
	}
}

// Of extended Rosenbrock in a thousand dimensions, with half of the parameters held below one, the minimum is known by pairs.
func TestLBFGSBInManyDimensions(t *testing.T) {
	const n = 1000
	f := func(grad, x []float64) float64 {
		s := 0.0
		for j := 0; j < n; j += 2 {
			a, b := x[j+1]-x[j]*x[j], 1-x[j]
			grad[j], grad[j+1] = -400*x[j]*a-2*b, 200*a
			s += 100*a*a + b*b
		}
		return s
	}
	upper := make([]float64, n)
	for j := range upper {
		upper[j] = math.Inf(1)
		if j%4 == 0 {
			upper[j] = 0.5
		}
	}
	p := bounded{f: f, upper: upper}
	sol, err := LBFGSB{}.Minimize(context.Background(), p.objective(), repeat(n/2, -1.2, 1))
	if err != nil || math.Abs(sol.Value-n/4*0.25) > 1e-7 {
		t.Errorf("%.12g, want %g: %v", sol.Value, n/4*0.25, err)
	}
	for j, v := range sol.X {
		want := [...]float64{0.5, 0.25, 1, 1}[j%4]
		if math.Abs(v-want) > 1e-5 {
			t.Fatalf("x%d = %g, want %g", j, v, want)
		}
	}
}

func TestLBFGSBRefusesAndStops(t *testing.T) {
	ctx := context.Background()
	square := func(grad, x []float64) (float64, error) {
		s := 0.0
		for j, v := range x {
			s += v * v
			if grad != nil {
				grad[j] = 2 * v
			}
		}
		return s, nil
	}
	var arg *fault.ArgError
	for name, call := range map[string]func() error{
		"no start":    func() error { _, err := LBFGSB{}.Minimize(ctx, Objective{Function: square}, nil); return err },
		"no function": func() error { _, err := LBFGSB{}.Minimize(ctx, Objective{}, []float64{1}); return err },
		"NaN start": func() error {
			_, err := LBFGSB{}.Minimize(ctx, Objective{Function: square}, []float64{math.NaN()})
			return err
		},
		"bounds crossed": func() error {
			_, err := LBFGSB{}.Minimize(ctx, Objective{Function: square, Lower: []float64{1}, Upper: []float64{0}}, []float64{1})
			return err
		},
		"bounds of length 2": func() error {
			_, err := LBFGSB{}.Minimize(ctx, Objective{Function: square, Lower: []float64{1, 2}}, []float64{1})
			return err
		},
		"negative memory": func() error {
			_, err := LBFGSB{Memory: -1}.Minimize(ctx, Objective{Function: square}, []float64{1})
			return err
		},
		"negative tolerance": func() error {
			_, err := LBFGSB{Tolerance: -1}.Minimize(ctx, Objective{Function: square}, []float64{1})
			return err
		},
		"names of length two": func() error {
			_, err := LBFGSB{}.Minimize(ctx, Objective{Function: square, Params: []string{"a", "b"}}, []float64{1})
			return err
		},
		"NaN at the start": func() error {
			_, err := LBFGSB{}.Minimize(ctx, Objective{Function: func(_, _ []float64) (float64, error) { return math.NaN(), nil }}, []float64{1})
			return err
		},
	} {
		if err := call(); !errors.As(err, &arg) {
			t.Errorf("%s: %v", name, err)
		}
	}
	outside := fmt.Errorf("outside")
	logarithm := func(grad, x []float64) (float64, error) { // 1/x + ln x has its minimum at 1, and ends at zero
		if x[0] <= 0 {
			return 0, outside
		}
		if grad != nil {
			grad[0] = 1/x[0] - 1/(x[0]*x[0])
		}
		return math.Log(x[0]) + 1/x[0], nil
	}
	sol, err := LBFGSB{}.Minimize(ctx, Objective{Function: logarithm}, []float64{3})
	if err != nil || math.Abs(sol.X[0]-1) > 1e-6 {
		t.Errorf("within a domain that ends: %v, %v", sol.X, err)
	}
	if _, err := (LBFGSB{}).Minimize(ctx, Objective{Function: logarithm}, []float64{-1}); !errors.Is(err, outside) {
		t.Errorf("start outside: %v", err)
	}
	wrong := func(grad, x []float64) (float64, error) { grad[0] = -1; return x[0] * x[0], nil }
	if sol, err := (LBFGSB{}).Minimize(ctx, Objective{Function: wrong}, []float64{3}); !errors.Is(err, ErrNotConverged) || sol.Status != Stalled {
		t.Errorf("a wrong gradient: %v, %v", sol.Status, err)
	}
	rosenbrock := hockSchittkowski()[0]
	if sol, err := (LBFGSB{MaxEvaluations: 5}).Minimize(ctx, rosenbrock.objective(), rosenbrock.start); !errors.Is(err, ErrNotConverged) || sol.Status != Exhausted {
		t.Errorf("five evaluations: %v, %v", sol.Status, err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	steps := 0
	sol, err = LBFGSB{Progress: func(Progress) {
		if steps++; steps == 3 {
			cancel()
		}
	}}.Minimize(cancelled, rosenbrock.objective(), rosenbrock.start)
	if !errors.Is(err, context.Canceled) || sol.Status != Interrupted || sol.Iterations != 3 {
		t.Errorf("cancelled: %v after %d steps, %v", sol.Status, sol.Iterations, err)
	}
	held := Objective{Function: square, Lower: []float64{2, -5}, Upper: []float64{2, 5}}
	if sol, err := (LBFGSB{}).Minimize(ctx, held, []float64{0, 3}); err != nil || sol.X[0] != 2 || math.Abs(sol.X[1]) > 1e-4 {
		t.Errorf("one parameter held: %v, %v", sol.X, err)
	}
}
