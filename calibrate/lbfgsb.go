package calibrate

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
)

// LBFGSB minimises a smooth function within bounds by a quasi-Newton method of limited memory: Byrd, Lu, Nocedal and Zhu, "A
// limited memory algorithm for bound constrained optimization", SIAM J. Sci. Comput. 16 (1995), with the projected subspace step
// of Morales and Nocedal, "Remark on Algorithm 778", ACM TOMS 38 (2011), and the line search of Moré and Thuente (1994). The zero
// value is ready.
//
// A step goes from the first minimum of the quadratic model along the projected gradient, which says which bounds are active, to
// the minimum of the model over the parameters that are free there. No point outside the bounds is evaluated. Cost and memory of a
// step, besides one evaluation with gradient, are of order Memory times the number of parameters.
type LBFGSB struct {
	// Memory is the number of steps from which curvature is learnt; 0 means 10.
	Memory int
	// Tolerance ends the search when no parameter, moved by its own size or by one, whichever is larger, or up to its bound,
	// changes the function by more than this share of it to first order; 0 means 1e-9.
	Tolerance float64
	// MaxEvaluations bounds the evaluations of the function; 0 means 1000, and 50 more for each parameter.
	MaxEvaluations int
	// Progress, unless nil, is called after each step; Cost is the function.
	Progress func(Progress)
}

// Minimize solves the problem from x0, which is first moved into the bounds. The minimum holds the best point also where the
// error is not nil: an [ErrNotConverged], or that of ctx. A problem that makes no sense is a [fault.ArgError].
func (l LBFGSB) Minimize(ctx context.Context, o Objective, x0 []float64) (Minimum, error) {
	const fn = "calibrate.LBFGSB"
	b, err := o.validate(fn, x0)
	if err == nil {
		err = fault.NonNegative(fn, "Tolerance", l.Tolerance)
	}
	if err == nil && l.MaxEvaluations < 0 {
		err = fault.Arg(fn, "MaxEvaluations", l.MaxEvaluations, ">= 0")
	}
	if err == nil && l.Memory < 0 {
		err = fault.Arg(fn, "Memory", l.Memory, ">= 0")
	}
	if err != nil {
		return Minimum{}, err
	}
	if l.Memory == 0 {
		l.Memory = 10
	}
	if l.Tolerance == 0 {
		l.Tolerance = 1e-9
	}
	if l.MaxEvaluations == 0 {
		l.MaxEvaluations = 1000 + 50*len(x0)
	}
	q := newQuasiNewton(l.Memory, o, b, x0)
	f, err := o.Function(q.g, q.x)
	q.evaluations = 1
	if err != nil {
		return Minimum{}, fmt.Errorf("%s: at the start: %w", fn, err)
	}
	if err := fault.Finite(fn, "the function at the start", f); err != nil {
		return Minimum{}, err
	}
	for j, v := range q.g {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Minimum{}, fault.Arg(fn, "derivative by "+o.param(j)+" at the start", v, "finite")
		}
	}
	q.f, q.first = f, f
	status, err := q.run(ctx, l)
	m := Minimum{X: q.x, Value: q.f, Status: status, Iterations: q.iterations, Evaluations: q.evaluations, Gradients: q.evaluations,
		AtBound: b.sides(q.x)}
	if err == nil && status != Converged {
		err = fmt.Errorf("%s: %w (%v after %d evaluations): steepest is %s with a slope of %.3g", fn, ErrNotConverged, status,
			m.Evaluations, o.param(q.steepest()), q.g[q.steepest()])
	}
	return m, err
}

// quasiNewton is the state of a run. The model of the Hessian is θI − W·M·Wᵀ with W = [Y θS].
type quasiNewton struct {
	o    Objective
	b    box
	n, m int // parameters, and pairs that fit in memory

	x, g        []float64
	f, first    float64
	trialX      []float64
	trialG      []float64
	s, y        [][]float64 // steps and changes of the gradient, the oldest first
	ss, sy      []float64   // s_i·s_j and s_i·y_j, m×m
	theta       float64
	middle      lu // M⁻¹
	cauchy, d   []float64
	breaks      []float64 // where each parameter meets its bound along the projected gradient
	order, free []int
	c, p, w, v  []float64 // of length 2m
	mv          []float64
	reduced     lu
	compact     []float64   // over the free parameters
	columns     [][]float64 // of W, over the free parameters
	rows        []float64   // where they lie unless all are free

	iterations, evaluations int
}

func newQuasiNewton(memory int, o Objective, b box, x0 []float64) *quasiNewton {
	n, m := len(x0), memory
	q := &quasiNewton{o: o, b: b, n: n, m: m, theta: 1, x: slices.Clone(x0), g: make([]float64, n), trialX: make([]float64, n),
		trialG: make([]float64, n), ss: make([]float64, m*m), sy: make([]float64, m*m), cauchy: make([]float64, n),
		d: make([]float64, n), breaks: make([]float64, n), c: make([]float64, 2*m), p: make([]float64, 2*m), w: make([]float64, 2*m),
		v: make([]float64, 2*m), mv: make([]float64, 2*m), compact: make([]float64, n)}
	b.clamp(q.x)
	return q
}

// pull returns how far parameter j would go along the negative gradient, at most to its bound.
func (q *quasiNewton) pull(j int) float64 {
	return math.Min(math.Max(q.x[j]-q.g[j], q.b.lower[j]), q.b.upper[j]) - q.x[j]
}

func (q *quasiNewton) steepest() int {
	best := 0
	for j := range q.n {
		if math.Abs(q.pull(j)) > math.Abs(q.pull(best)) {
			best = j
		}
	}
	return best
}

// flat reports whether no parameter changes the function by more than tol of it to first order.
func (q *quasiNewton) flat(tol float64) bool {
	const floor = 1e-12 // of what was gained since the start: what is left of a minimum of zero
	size := math.Max(math.Abs(q.f), floor*(q.first-q.f))
	for j, g := range q.g {
		reach := math.Max(math.Abs(q.x[j]), 1)
		if g > 0 {
			reach = math.Min(reach, q.x[j]-q.b.lower[j])
		} else {
			reach = math.Min(reach, q.b.upper[j]-q.x[j])
		}
		if reach > 0 && math.Abs(g)*reach > tol*size {
			return false
		}
	}
	return true
}

func (q *quasiNewton) run(ctx context.Context, l LBFGSB) (Status, error) {
	search := lineSearch{decrease: 1e-3, curvature: 0.9, width: 0.1, evaluations: 20}
	idle := 0
	for {
		if q.flat(l.Tolerance) {
			return Converged, nil
		}
		if err := ctx.Err(); err != nil {
			return Interrupted, err
		}
		if q.evaluations >= l.MaxEvaluations {
			return Exhausted, nil
		}
		if !q.direction() {
			q.forget()
			continue
		}
		slope, length, most := 0.0, 0.0, math.Inf(1)
		for j, d := range q.d {
			slope += q.g[j] * d
			length += d * d
			switch {
			case d > 0:
				most = math.Min(most, (q.b.upper[j]-q.x[j])/d)
			case d < 0:
				most = math.Min(most, (q.b.lower[j]-q.x[j])/d)
			}
		}
		if -slope <= 8*epsilon*math.Abs(q.f) && q.flat(math.Sqrt(l.Tolerance)) {
			return Converged, nil // what the step would gain is below rounding
		}
		step := 1.0
		if len(q.s) == 0 && math.IsInf(most, 1) {
			step = math.Min(1, 1/math.Sqrt(length))
		}
		most = math.Min(math.Max(most, 1), 1e10)
		if len(q.s) == 0 {
			most = math.Max(step, math.Min(most, 1))
		}
		var taken trial
		ok := slope < 0
		if ok {
			search.evaluations = min(20, l.MaxEvaluations-q.evaluations+1)
			taken, ok = search.along(q.along, q.f, slope, step, most)
		}
		if !ok || !(taken.f < q.f) {
			if len(q.s) > 0 {
				q.forget()
				continue
			}
			// Not even the gradient leads down: it is rounding, or it is wrong.
			if q.flat(math.Sqrt(l.Tolerance)) {
				return Converged, nil
			}
			return Stalled, nil
		}
		gained := q.f - taken.f
		q.remember()
		q.f = taken.f
		q.iterations++
		if l.Progress != nil {
			l.Progress(Progress{q.iterations, q.evaluations, q.f, q.x})
		}
		if gained <= 4*epsilon*math.Abs(q.f) {
			if idle++; idle == 3 {
				if q.flat(math.Sqrt(l.Tolerance)) {
					return Converged, nil
				}
				return Stalled, nil
			}
		} else {
			idle = 0
		}
	}
}

// along evaluates at x + t·d, which it leaves in trialX with the gradient in trialG.
func (q *quasiNewton) along(t float64) (f, g float64) {
	for j, d := range q.d {
		q.trialX[j] = q.x[j] + t*d
	}
	if t == 1 {
		for j, d := range q.d { // a bound that the step aims at is met exactly
			if d != 0 && (q.cauchy[j] == q.b.lower[j] || q.cauchy[j] == q.b.upper[j]) {
				q.trialX[j] = q.cauchy[j]
			}
		}
	}
	q.b.clamp(q.trialX)
	q.evaluations++
	f, err := q.o.Function(q.trialG, q.trialX)
	if err != nil {
		return math.NaN(), math.NaN()
	}
	return f, inner(q.trialG, q.d)
}

// remember moves to the trial point and learns from the step.
func (q *quasiNewton) remember() {
	var s, y []float64
	if len(q.s) == q.m {
		s, y = q.s[0], q.y[0]
	} else {
		s, y = make([]float64, q.n), make([]float64, q.n)
	}
	for j := range q.n {
		s[j], y[j] = q.trialX[j]-q.x[j], q.trialG[j]-q.g[j]
	}
	q.x, q.trialX = q.trialX, q.x
	q.g, q.trialG = q.trialG, q.g
	sy, yy := inner(s, y), inner(y, y)
	if !(sy > epsilon*yy) {
		if len(q.s) == q.m { // s and y were taken from the oldest pair
			q.drop()
		}
		return
	}
	if len(q.s) == q.m {
		q.drop()
	}
	q.s, q.y = append(q.s, s), append(q.y, y)
	k := len(q.s)
	for i := range k {
		a := inner(q.s[i], s)
		q.ss[i*q.m+k-1], q.ss[(k-1)*q.m+i] = a, a
		q.sy[i*q.m+k-1] = inner(q.s[i], y)
		q.sy[(k-1)*q.m+i] = inner(s, q.y[i])
	}
	q.theta = yy / sy
	if !q.factorise() {
		q.forget()
	}
}

// drop forgets the oldest pair.
func (q *quasiNewton) drop() {
	k := len(q.s)
	copy(q.s, q.s[1:])
	copy(q.y, q.y[1:])
	q.s, q.y = q.s[:k-1], q.y[:k-1]
	for i := range k - 1 {
		for j := range k - 1 {
			q.ss[i*q.m+j], q.sy[i*q.m+j] = q.ss[(i+1)*q.m+j+1], q.sy[(i+1)*q.m+j+1]
		}
	}
}

// forget returns to steepest descent.
func (q *quasiNewton) forget() {
	q.s, q.y, q.theta = q.s[:0], q.y[:0], 1
}

// factorise prepares M: its inverse is [−D Lᵀ; L θSᵀS], eq. (3.4) of Byrd et al.
func (q *quasiNewton) factorise() bool {
	k := len(q.s)
	q.middle.resize(2 * k)
	a := q.middle.a
	for i := range k {
		a[i*2*k+i] = -q.sy[i*q.m+i]
		for j := range k {
			a[(k+i)*2*k+k+j] = q.theta * q.ss[i*q.m+j]
			if i > j {
				a[(k+i)*2*k+j] = q.sy[i*q.m+j]
				a[j*2*k+k+i] = q.sy[i*q.m+j]
			}
		}
	}
	return q.middle.factorise()
}

// row writes row j of W to w.
func (q *quasiNewton) row(w []float64, j int) {
	k := len(q.s)
	for i := range k {
		w[i], w[k+i] = q.y[i][j], q.theta*q.s[i][j]
	}
}

// bend returns a·M·b.
func (q *quasiNewton) bend(a, b []float64) float64 {
	if len(q.s) == 0 {
		return 0
	}
	mv := q.mv[:len(b)]
	copy(mv, b)
	q.middle.solve(mv)
	return inner(a, mv)
}

// direction writes to d the step from x to the minimum of the model over the parameters that are free at the Cauchy point,
// within the bounds.
func (q *quasiNewton) direction() bool {
	q.cauchyPoint()
	k := 2 * len(q.s)
	x, g := q.x, q.g
	copy(q.d, q.cauchy)
	if k > 0 && len(q.free) > 0 && !q.subspace() {
		return false
	}
	// d is now the target: project it, unless that is no way down.
	slope := 0.0
	for j, target := range q.d {
		inside := math.Min(math.Max(target, q.b.lower[j]), q.b.upper[j])
		slope += g[j] * (inside - x[j])
	}
	if slope < 0 {
		for j, target := range q.d {
			inside := math.Min(math.Max(target, q.b.lower[j]), q.b.upper[j])
			q.cauchy[j] = inside
			q.d[j] = inside - x[j]
		}
		return true
	}
	part := 1.0
	for _, j := range q.free {
		switch move := q.d[j] - q.cauchy[j]; {
		case move > 0:
			part = math.Min(part, (q.b.upper[j]-q.cauchy[j])/move)
		case move < 0:
			part = math.Min(part, (q.b.lower[j]-q.cauchy[j])/move)
		}
	}
	for j := range q.d {
		q.d[j] = q.cauchy[j] + part*(q.d[j]-q.cauchy[j]) - x[j]
		q.cauchy[j] = x[j] + q.d[j]
	}
	return true
}

// cauchyPoint finds the first local minimum of the model along the projected gradient: algorithm CP of Byrd et al.
func (q *quasiNewton) cauchyPoint() {
	k := 2 * len(q.s)
	c, p, w := q.c[:k], q.p[:k], q.w[:k]
	clear(c)
	q.order = q.order[:0]
	slope := 0.0
	d := q.d
	copy(q.cauchy, q.x)
	for j, g := range q.g {
		t := math.Inf(1)
		switch {
		case g < 0:
			t = (q.x[j] - q.b.upper[j]) / g
		case g > 0:
			t = (q.x[j] - q.b.lower[j]) / g
		}
		q.breaks[j], d[j] = t, 0
		if t > 0 {
			d[j] = -g
			slope -= g * g
			if !math.IsInf(t, 1) {
				q.order = append(q.order, j)
			}
		}
	}
	for i := range k / 2 {
		p[i], p[k/2+i] = inner(q.y[i], d), q.theta*inner(q.s[i], d)
	}
	curvature := -q.theta*slope - q.bend(p, p)
	least := epsilon * -q.theta * slope
	best := -slope / math.Max(curvature, least)
	slices.SortFunc(q.order, func(a, b int) int {
		switch {
		case q.breaks[a] < q.breaks[b]:
			return -1
		case q.breaks[a] > q.breaks[b]:
			return 1
		}
		return a - b
	})
	last, next := 0.0, 0
	for ; next < len(q.order); next++ {
		j := q.order[next]
		dt := q.breaks[j] - last
		if !(best >= dt) {
			break
		}
		q.cauchy[j] = q.b.lower[j]
		if d[j] > 0 {
			q.cauchy[j] = q.b.upper[j]
		}
		z, g := q.cauchy[j]-q.x[j], q.g[j]
		for i := range c {
			c[i] += dt * p[i]
		}
		q.row(w, j)
		slope += dt*curvature + g*g + q.theta*g*z - g*q.bend(w, c)
		curvature -= q.theta*g*g + 2*g*q.bend(w, p) + g*g*q.bend(w, w)
		for i := range p {
			p[i] += g * w[i]
		}
		d[j] = 0
		best = -slope / math.Max(curvature, least)
		last = q.breaks[j]
		if !(slope < 0) {
			best = 0
		}
	}
	best = math.Max(best, 0)
	for i := range c {
		c[i] += best * p[i]
	}
	q.free = q.free[:0]
	for j, v := range d {
		if v == 0 && (q.breaks[j] <= last || q.g[j] != 0) {
			continue
		}
		q.cauchy[j] = math.Min(math.Max(q.x[j]+(last+best)*v, q.b.lower[j]), q.b.upper[j])
		if q.cauchy[j] > q.b.lower[j] && q.cauchy[j] < q.b.upper[j] {
			q.free = append(q.free, j)
		}
	}
}

// subspace moves the free parameters of d from the Cauchy point to the minimum of the model: the direct primal method, section
// 5.1 of Byrd et al.
func (q *quasiNewton) subspace() bool {
	k, free := len(q.s), len(q.free)
	mc, v := q.c[:2*k], q.v[:2*k]
	q.middle.solve(mc)
	w := q.gather()
	r := q.compact[:free]
	for i, j := range q.free {
		r[i] = q.g[j] + q.theta*(q.cauchy[j]-q.x[j])
	}
	for i, column := range w {
		addScaled(r, -mc[i]*q.unit(i), column)
	}
	q.reduced.resize(2 * k)
	a := q.reduced.a
	for i := range 2 * k { // (I − M·WᵀZZᵀW/θ)·v = M·WᵀZr, multiplied by M⁻¹
		v[i] = q.unit(i) * inner(w[i], r)
		for e := range i + 1 {
			n := q.middle.original[i*2*k+e] - q.unit(i)*q.unit(e)*inner(w[i], w[e])/q.theta
			a[i*2*k+e], a[e*2*k+i] = n, n
		}
	}
	if !q.reduced.factorise() {
		return false
	}
	q.reduced.solve(v)
	for i, column := range w { // θr + W·v
		addScaled(r, v[i]*q.unit(i)/q.theta, column)
	}
	for i, j := range q.free {
		q.d[j] = q.cauchy[j] - r[i]/q.theta
	}
	return true
}

// unit is what column i of W is to the row of Y or S that it comes from.
func (q *quasiNewton) unit(i int) float64 {
	if i < len(q.s) {
		return 1
	}
	return q.theta
}

// gather returns the columns of W over the free parameters, those of S without their factor θ.
func (q *quasiNewton) gather() [][]float64 {
	k, free := len(q.s), len(q.free)
	q.columns = append(append(q.columns[:0], q.y...), q.s...)
	if free == q.n {
		return q.columns
	}
	if cap(q.rows) < 2*k*free {
		q.rows = make([]float64, 2*q.m*q.n)
	}
	for i, full := range q.columns {
		part := q.rows[i*free : (i+1)*free]
		for e, j := range q.free {
			part[e] = full[j]
		}
		q.columns[i] = part
	}
	return q.columns
}

// lu is a small square matrix, by rows, and its triangular factors with partial pivoting.
type lu struct {
	n           int
	a, original []float64
	pivot       []int
}

// resize makes the matrix n×n and zero.
func (m *lu) resize(n int) {
	if cap(m.a) < n*n {
		m.a, m.original, m.pivot = make([]float64, n*n), make([]float64, n*n), make([]int, n)
	}
	m.n, m.a, m.original, m.pivot = n, m.a[:n*n], m.original[:n*n], m.pivot[:n]
	clear(m.a)
}

// factorise reports false if the matrix is singular.
func (m *lu) factorise() bool {
	n, a := m.n, m.a
	copy(m.original, a)
	for c := range n {
		best := c
		for i := c + 1; i < n; i++ {
			if math.Abs(a[i*n+c]) > math.Abs(a[best*n+c]) {
				best = i
			}
		}
		m.pivot[c] = best
		if best != c {
			for j := range n {
				a[c*n+j], a[best*n+j] = a[best*n+j], a[c*n+j]
			}
		}
		d := a[c*n+c]
		if !(math.Abs(d) > 0) || math.IsInf(d, 0) {
			return false
		}
		for i := c + 1; i < n; i++ {
			f := a[i*n+c] / d
			a[i*n+c] = f
			for j := c + 1; j < n; j++ {
				a[i*n+j] -= f * a[c*n+j]
			}
		}
	}
	return true
}

// solve replaces b by the solution.
func (m *lu) solve(b []float64) {
	n, a := m.n, m.a
	for c := range n {
		b[c], b[m.pivot[c]] = b[m.pivot[c]], b[c]
	}
	for i := 1; i < n; i++ {
		b[i] -= inner(a[i*n:i*n+i], b[:i])
	}
	for i := n - 1; i >= 0; i-- {
		b[i] = (b[i] - inner(a[i*n+i+1:(i+1)*n], b[i+1:])) / a[i*n+i]
	}
}
