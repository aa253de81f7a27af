package calibrate

import (
	"context"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// LevenbergMarquardt minimises a sum of squares: Moré, "The Levenberg-Marquardt algorithm: implementation and theory" (1978),
// for the scaling of the parameters by the columns of the Jacobian, and Madsen, Nielsen and Tingleff, "Methods for non-linear
// least squares problems" (2004), eq. (3.17), for the damping. The zero value is ready.
//
// Each step solves the damped linear problem by orthogonal transformations, within the bounds and the linear constraints
// exactly: where the free step would leave them, the nearest step inside, in the metric of the problem, is taken (Lawson and
// Hanson, algorithm LDP). So bounds are kept by every point at which the residuals are evaluated, and parameters leave a bound
// as soon as that pays. A step after which a parameter would have lost all its effect is shortened a few times before it is taken.
//
// On the 27 nonlinear regressions of NIST, each from its two starts, it finds the parameters to ten of the eleven digits that are
// certified, but for MGH10 from the far start, where it says that it did not converge. The last digits take undamped steps where the
// cost itself no longer falls; a Tolerance of 1e-6 gives six digits there for a tenth fewer evaluations.
type LevenbergMarquardt struct {
	// Tolerance is the size of a last step relative to the parameters, in the units of the residuals, and the cosine between the
	// residuals and the columns of the Jacobian, at which the solver ends; 0 means 1e-10.
	Tolerance float64
	// MaxEvaluations bounds the evaluations of the residuals; 0 means 200 for each parameter.
	MaxEvaluations int
	// Damping is that of the first step, as a fraction of the squared columns of the Jacobian; 0 means 1e-3. A fit from a good
	// start ends sooner with 1e-8.
	Damping float64
	// Progress, unless nil, is called after each step that was taken.
	Progress func(Progress)
}

// Progress is where a solver stands.
type Progress struct {
	Iteration   int
	Evaluations int
	Cost        float64
	X           []float64 // the solver's own: copy it to keep it
}

// Status says why a solver ended.
type Status int8

// The reasons.
const (
	Converged   Status = iota + 1 // by its tolerance, or because rounding hides any further progress
	Exhausted                     // the evaluations, iterations or generations allowed were used up
	Stalled                       // no step, however short, made progress
	Interrupted                   // the context was cancelled
)

var statusNames = [...]string{"", "Converged", "Exhausted", "Stalled", "Interrupted"}

// String returns the name of the constant.
func (s Status) String() string {
	if s > 0 && int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("Status(%d)", int8(s))
}

// Solution is the best point that a least squares solver found, and what is known there.
type Solution struct {
	X         []float64
	Cost      float64   // ½·Σ s²ρ(r²/s²)
	Residuals []float64 // r(X), before any loss
	Status    Status

	Iterations  int // steps taken
	Evaluations int // of the residuals
	Jacobians   int // evaluations that asked for the Jacobian too

	// AtBound is −1 or +1 for parameters that end on their lower or upper bound, and 0 for those that are free.
	AtBound []int8

	jacobian []float64 // at X, reweighed by the loss
	problem  LeastSquares
}

// RMS returns the root of the mean square of the residuals.
func (s Solution) RMS() float64 {
	total := 0.0
	for _, r := range s.Residuals {
		total += r * r
	}
	return math.Sqrt(total / float64(len(s.Residuals)))
}

// worst returns the index of the largest residual.
func (s Solution) worst() int {
	at := 0
	for i, r := range s.Residuals {
		if math.Abs(r) > math.Abs(s.Residuals[at]) {
			at = i
		}
	}
	return at
}

// Minimize solves the problem from x0, which is first moved into the bounds. The solution holds the best point also where the
// error is not nil: an [ErrNotConverged] that names the worst residual by its label, or that of ctx. A problem that makes no
// sense is a [fault.ArgError], constraints that contradict each other an [ErrInfeasible]. Whoever calls may keep what the
// solution holds.
func (lm LevenbergMarquardt) Minimize(ctx context.Context, p LeastSquares, x0 []float64) (Solution, error) {
	const fn = "calibrate.LevenbergMarquardt"
	b, err := p.validate(fn, x0)
	if err == nil {
		err = fault.First(fault.NonNegative(fn, "Tolerance", lm.Tolerance), fault.NonNegative(fn, "Damping", lm.Damping))
	}
	if err == nil && lm.MaxEvaluations < 0 {
		err = fault.Arg(fn, "MaxEvaluations", lm.MaxEvaluations, ">= 0")
	}
	if err != nil {
		return Solution{}, err
	}
	s := newDescent(p, b, x0)
	if err := s.enter(); err != nil {
		return Solution{}, err
	}
	status, err := s.run(ctx, lm)
	sol := s.solution(status)
	switch {
	case err != nil:
		return sol, err
	case status != Converged:
		worst := sol.worst()
		return sol, fmt.Errorf("%s: %w (%v after %d evaluations): worst is %s with a residual of %.3g", fn, ErrNotConverged, status,
			sol.Evaluations, p.label(worst), sol.Residuals[worst])
	}
	return sol, nil
}

// descent is the state of a run.
type descent struct {
	p    LeastSquares
	b    box
	n, m int

	x, r, jac    []float64 // the best point
	weighted, wj []float64 // r and jac after the loss
	cost         float64
	trial, next  []float64 // a trial point and its residuals
	scale, norm  []float64 // D, the largest norm that each column of the Jacobian had, and the norm that it has
	nextJac      []float64
	q, qr        []float64 // the Jacobian by columns, and the residuals, both under the reflections that make it a triangle
	upper        []float64 // the triangle
	tri, rhs     []float64 // the triangle with the damping below it
	step, grad   []float64
	held         []bool // parameters on a bound that the gradient presses against, or whose bounds are equal

	iterations, evaluations, jacobians int

	refusals int // steps not taken because a parameter would have lost its effect
}

func newDescent(p LeastSquares, b box, x0 []float64) *descent {
	n, m := len(x0), p.Size
	buf := make([]float64, 8*n+4*m+4*m*n+3*n*n)
	cut := func(k int) []float64 { s := buf[:k:k]; buf = buf[k:]; return s }
	s := &descent{p: p, b: b, n: n, m: m,
		x: cut(n), trial: cut(n), scale: cut(n), norm: cut(n), step: cut(n), grad: cut(n), rhs: cut(2 * n),
		r: cut(m), next: cut(m), weighted: cut(m), qr: cut(m),
		jac: cut(m * n), nextJac: cut(m * n), wj: cut(m * n), q: cut(m * n), tri: cut(2 * n * n), upper: cut(n * n), held: make([]bool, n)}
	copy(s.x, x0)
	b.clamp(s.x)
	return s
}

// enter moves the start to where the linear constraints hold, and evaluates there.
func (s *descent) enter() error {
	const fn = "calibrate.LevenbergMarquardt"
	if s.violates(s.x) {
		for j := range s.n {
			s.step[j] = 0
		}
		if !s.nearest(s.step, nil, nil) {
			return fmt.Errorf("%s: %w", fn, ErrInfeasible)
		}
		for j := range s.n {
			s.x[j] += s.step[j]
		}
		s.b.clamp(s.x)
	}
	s.evaluations, s.jacobians = 1, 1
	if err := s.p.Residuals(s.r, s.jac, s.x); err != nil {
		return fmt.Errorf("%s: at the start: %w", fn, err)
	}
	s.cost = s.p.Loss.cost(s.r)
	for i, v := range s.r {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fault.Arg(fn, "residual "+s.p.label(i)+" at the start", v, "finite")
		}
	}
	return s.linearise()
}

// linearise prepares the linear problem at x.
func (s *descent) linearise() error {
	copy(s.weighted, s.r)
	copy(s.wj, s.jac)
	s.p.Loss.reweigh(s.weighted, s.wj)
	for i := range s.m {
		for j, v := range s.wj[i*s.n : (i+1)*s.n] {
			s.q[j*s.m+i] = v
		}
	}
	for j := range s.n {
		column := s.q[j*s.m : (j+1)*s.m]
		norm, g := inner(column, column), inner(column, s.weighted)
		if math.IsNaN(norm) || math.IsInf(norm, 1) {
			return fault.Arg("calibrate.LevenbergMarquardt", "derivatives by "+s.p.param(j), norm, "finite")
		}
		s.norm[j], s.grad[j] = math.Sqrt(norm), g
		s.scale[j] = math.Max(s.scale[j], s.norm[j])
	}
	copy(s.qr, s.weighted)
	triangulariseColumns(s.upper, s.q, s.qr, s.m, s.n)
	for j := range s.n {
		// A linear constraint may pull a parameter off its bound against the gradient: then the step's own problem decides.
		pressed := (s.x[j] <= s.b.lower[j] && s.grad[j] > 0) || (s.x[j] >= s.b.upper[j] && s.grad[j] < 0)
		s.held[j] = s.b.lower[j] == s.b.upper[j] || (pressed && len(s.p.Linear) == 0)
	}
	return nil
}

// flat reports whether no free parameter lowers the cost to first order: the cosine between the residuals and each free
// column of the Jacobian is within tol.
func (s *descent) flat(tol float64) bool {
	if s.cost == 0 {
		return true
	}
	size := 0.0
	for _, v := range s.weighted {
		size += v * v
	}
	size = math.Sqrt(size)
	for j := range s.n {
		if s.held[j] {
			continue
		}
		if math.Abs(s.grad[j]) > tol*s.norm[j]*size {
			return false
		}
	}
	return true
}

func (s *descent) run(ctx context.Context, lm LevenbergMarquardt) (Status, error) {
	tol, most, mu := lm.Tolerance, lm.MaxEvaluations, lm.Damping
	if tol == 0 {
		tol = 1e-10
	}
	if most == 0 {
		most = 200 * s.n
	}
	if mu == 0 {
		mu = 1e-3
	}
	grow := 2.0
	for {
		if s.flat(tol) && len(s.p.Linear) == 0 {
			_, err := s.settle(tol, most)
			return Converged, err
		}
		if err := ctx.Err(); err != nil {
			return Interrupted, err
		}
		predicted, ok := s.solve(mu)
		length, size := s.advance()
		if ok && predicted <= 4*epsilon*s.cost {
			return s.settle(tol, most) // whatever is left of the cost is below rounding
		}
		gain, cost := -1.0, math.NaN()
		var jac []float64
		if ok && !math.IsInf(length, 1) {
			if s.evaluations >= most {
				return Exhausted, nil
			}
			s.evaluations++
			// After a step that was taken the next one is likely to be: its derivatives are asked for at once.
			jac = s.nextJac
			if grow > 2 {
				jac = nil
			} else {
				s.jacobians++
			}
			if err := s.p.Residuals(s.next, jac, s.trial); err == nil {
				cost = s.p.Loss.cost(s.next)
				gain = (s.cost - cost) / predicted
			}
		}
		if gain > 1e-4 {
			if jac == nil {
				s.evaluations++
				s.jacobians++
				if err := s.p.Residuals(s.next, s.nextJac, s.trial); err != nil {
					return Stalled, fmt.Errorf("calibrate.LevenbergMarquardt: derivatives: %w", err)
				}
			}
			if s.vanishes() {
				gain = -1
			}
		}
		if !(gain > 1e-4) { // NaN too: no step
			// Damped to nothing, and still uphill.
			if length <= epsilon*size || mu > 1e30 {
				return s.settle(tol, most)
			}
			mu *= grow
			grow *= 2
			continue
		}
		s.iterations++
		s.x, s.trial = s.trial, s.x
		s.r, s.next = s.next, s.r
		s.jac, s.nextJac = s.nextJac, s.jac
		before := s.cost
		s.cost = cost
		if err := s.linearise(); err != nil {
			return Stalled, err
		}
		if lm.Progress != nil {
			lm.Progress(Progress{s.iterations, s.evaluations, s.cost, s.x})
		}
		undamped := mu <= 1e-2
		if undamped && length <= tol*size {
			if status, err := s.settle(tol, most); status == Converged || err != nil {
				return status, err
			}
		}
		if undamped && gain < 2 && predicted <= epsilon*before {
			return s.settle(tol, most)
		}
		g := 2*gain - 1
		mu *= math.Max(0.1, 1-g*g*g)
		grow = 2
	}
}

const epsilon = 0x1p-52

// vanishes reports whether a parameter that had an effect loses it in the Jacobian at the trial point: it ran off to where
// the model is flat, and would never come back. The step is refused a few times in a run; after that the parameter may go.
func (s *descent) vanishes() bool {
	const faint, most = 1e-10, 16
	if s.refusals >= most {
		return false
	}
	for j := range s.n {
		if s.held[j] || s.scale[j] == 0 {
			continue
		}
		norm := 0.0
		for i := range s.m {
			norm += s.nextJac[i*s.n+j] * s.nextJac[i*s.n+j]
		}
		if math.Sqrt(norm) <= faint*s.scale[j] {
			s.refusals++
			return true
		}
	}
	return false
}

// settle ends a run where the cost no longer tells a better point from a worse one. It takes undamped steps as long as they
// shrink quickly, to give the parameters the digits that the derivatives have, and says whether the point is a minimum at all.
func (s *descent) settle(tol float64, most int) (Status, error) {
	const (
		rounds  = 20
		shrink  = 0.75
		settled = 1e-6 // of the parameters: an undamped step that is longer leads elsewhere
		spare   = 0.01 // of the tolerance, which is of all parameters together: small ones need their digits too
	)
	last := math.Inf(1)
	near := false
	for range rounds {
		_, ok := s.solve(0)
		length, size := s.advance()
		near = ok && length <= settled*size
		if !ok || !(length < shrink*last) || length <= spare*tol*size || s.evaluations >= most {
			break
		}
		s.evaluations++
		s.jacobians++
		if s.p.Residuals(s.next, s.nextJac, s.trial) != nil {
			break
		}
		cost := s.p.Loss.cost(s.next)
		// The residuals are rounded as the model is, whose size J·x has.
		if !(cost <= s.cost*(1+64*epsilon)+8*epsilon*size*math.Sqrt(2*s.cost)) || math.IsNaN(sum(s.nextJac)) {
			break
		}
		s.iterations++
		s.x, s.trial = s.trial, s.x
		s.r, s.next = s.next, s.r
		s.jac, s.nextJac = s.nextJac, s.jac
		s.cost, last = cost, length
		if err := s.linearise(); err != nil {
			return Stalled, err
		}
	}
	if near || s.flat(settled) {
		return Converged, nil
	}
	return Stalled, nil
}

// scaleOf returns D_j; a parameter that nothing depends on has none of its own.
func (s *descent) scaleOf(j int) float64 {
	if s.scale[j] > 0 {
		return s.scale[j]
	}
	return 1
}

// advance moves the trial point by the step, and returns the lengths of the step and of x in the units of the residuals.
func (s *descent) advance() (length, size float64) {
	for j, d := range s.norm {
		length += d * s.step[j] * d * s.step[j]
		size += d * s.x[j] * d * s.x[j]
		s.trial[j] = s.x[j] + s.step[j]
	}
	s.b.clamp(s.trial)
	return math.Sqrt(length), math.Sqrt(size)
}

// solve finds the step that minimises ½|J·p + r|² + ½μ|D·p|² within the constraints, and by how much it lowers the linear
// model of the cost.
func (s *descent) solve(mu float64) (predicted float64, ok bool) {
	n := s.n
	root := math.Sqrt(mu)
	rows := min(n, s.m)
	clear(s.tri)
	clear(s.rhs)
	for i := range rows {
		copy(s.tri[i*n+i:(i+1)*n], s.upper[i*n+i:(i+1)*n])
		s.rhs[i] = -s.qr[i]
	}
	for j := range n {
		s.tri[(n+j)*n+j] = root * s.scaleOf(j)
	}
	// Held parameters stay where they are: their columns become those of the identity.
	for j := range n {
		if s.held[j] {
			for i := range 2 * n {
				s.tri[i*n+j] = 0
			}
			s.tri[(n+j)*n+j] = 1
		}
	}
	triangularise(s.tri, s.rhs, 2*n, n)
	if !backSubstitute(s.step, s.tri, s.rhs, n, 1e-15) {
		return 0, false
	}
	for j := range n {
		if s.held[j] {
			s.step[j] = 0
		}
		s.trial[j] = s.x[j] + s.step[j]
	}
	if s.violates(s.trial) && !s.nearest(s.step, s.tri, s.step) {
		return 0, false
	}
	before, after := 0.0, 0.0
	for i := range rows {
		v := s.qr[i]
		before += v * v
		for j := i; j < n; j++ {
			v += s.upper[i*n+j] * s.step[j]
		}
		after += v * v
	}
	return 0.5 * (before - after), true
}

// violates reports whether a point breaks a constraint by more than rounding.
func (s *descent) violates(x []float64) bool {
	for j, v := range x {
		if v < s.b.lower[j] || v > s.b.upper[j] {
			return true
		}
	}
	for _, l := range s.p.Linear {
		if !l.holds(x) {
			return true
		}
	}
	return false
}

// nearest writes to step the step from x inside the constraints that is nearest to free in the metric |R·(p − free)|, R upper
// triangular. Without R it is the nearest to zero in the plain metric.
func (s *descent) nearest(step, tri, free []float64) bool {
	n := s.n
	// With y = R·(p − free) the constraint a·(x+p) >= c reads (R⁻ᵀa)·y >= c − a·(x+free).
	var g, h []float64
	row := make([]float64, n)
	add := func(a []float64, c float64) {
		for j := range n {
			c -= a[j] * s.x[j]
			if free != nil {
				c -= a[j] * free[j]
			}
		}
		g = append(g, a...)
		h = append(h, c)
		if tri == nil {
			return
		}
		y := g[len(g)-n:]
		for j := range n { // Rᵀy = a
			v := y[j]
			for i := range j {
				v -= tri[i*n+j] * y[i]
			}
			y[j] = v / tri[j*n+j]
		}
	}
	for j := range n {
		clear(row)
		if b := s.b.lower[j]; !math.IsInf(b, -1) {
			row[j] = 1
			add(row, b)
		}
		if b := s.b.upper[j]; !math.IsInf(b, 1) {
			row[j] = -1
			add(row, -b)
		}
	}
	for _, l := range s.p.Linear {
		if math.IsInf(l.Bound, 1) {
			continue
		}
		for j, c := range l.Coef {
			row[j] = -c
		}
		add(row, -l.Bound)
	}
	y := make([]float64, n)
	if !leastDistance(y, g, h) {
		return false
	}
	if tri == nil {
		copy(step, y)
		return true
	}
	back := make([]float64, n)
	if !backSubstitute(back, tri, y, n, 0) {
		return false
	}
	for j := range n {
		step[j] = free[j] + back[j]
	}
	return true
}

func (s *descent) solution(status Status) Solution {
	return Solution{X: s.x, Cost: s.cost, Residuals: s.r, Status: status, Iterations: s.iterations, Evaluations: s.evaluations,
		Jacobians: s.jacobians, AtBound: s.b.sides(s.x), jacobian: s.wj, problem: s.p}
}
