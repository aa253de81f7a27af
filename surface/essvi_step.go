package surface

import "math"

// solver is the working memory of a fit and its current point.
type solver struct {
	problem
	x, trial          []wings
	prior             []wings // where the wings go that the quotes leave undetermined
	grad, gradTrial   []wings
	barrier, modified []wings // gradient of the barrier function, and with corrections
	step, uncorrected []wings
	slope             []slopes
	c, cTrial         []bounds
	lambda, rise      []bounds // multipliers and their step
	hess, hessTrial   [][6]float64
	matrix            blockTri
	skews             []float64
	pools             []pool

	objective               float64
	iterations, evaluations int
}

func (s *solver) resize(n int) {
	for _, p := range []*[]wings{
		&s.x, &s.trial, &s.grad, &s.gradTrial, &s.barrier, &s.modified, &s.step, &s.uncorrected, &s.prior,
	} {
		*p = grow(*p, n)
	}
	s.slope = grow(s.slope, n)
	for _, p := range []*[]bounds{&s.c, &s.cTrial, &s.lambda, &s.rise} {
		*p = grow(*p, n)
	}
	s.hess, s.hessTrial = grow(s.hess, n), grow(s.hessTrial, n)
	s.matrix.resize(n)
}

const (
	floorNear    = 0.2   // floor of the curvature of the loss near the minimum
	barrierEnd   = 1e-9  // weight of the logarithmic barrier at the end: its bias of the objective is this per condition
	nearest      = 0.005 // a step keeps at least this part of each condition
	longest      = 2.0   // of a step, in any logarithm
	corrections  = 4     // second-order corrections of a step that the curvature of a condition cuts short
	dualDistance = 1e3   // how far λ may be from μ/c
)

// solve minimises from s.x, which is strictly inside. A near start begins with a weak barrier, a far one with a barrier
// in proportion to the objective. It reports whether the decrease that the next step promises fell below
// tol·(1+objective).
func (s *solver) solve(near bool, tol float64, maxIterations int) bool {
	conditions(s.x, s.c)
	s.objective = s.evaluate(s.x, s.grad, s.hess, 1) // far from the minimum, a model above the loss steps best
	s.evaluations++
	mu := 1e-7
	if !near {
		mu = max(1, 0.01*s.objective/float64(len(s.x)))
	}
	for i := range s.c {
		for j, v := range s.c[i] {
			s.lambda[i][j] = mu / v
		}
	}
	tol = max(tol, 1e-15)
	short, raised := 0, 0
	for range maxIterations {
		s.iterations++
		slope := s.direction(mu)
		if math.IsNaN(slope) {
			return false
		}
		if mu <= barrierEnd && -slope <= tol*(1+s.objective) {
			return true
		}
		alpha := s.search(mu, slope)
		switch {
		case alpha == 0 && mu <= barrierEnd:
			// No decrease can be measured: this is the minimum to rounding.
			return -slope <= 1e-6*(1+s.objective)
		case alpha == 0:
			mu = barrierEnd
		case alpha > 0.9:
			mu = max(barrierEnd, 0.1*mu)
		case alpha > 0.3:
			mu = max(barrierEnd, 0.4*mu)
		}
		// Several short steps: the point slides along a curved condition that it is too close to. A stronger barrier
		// carries it off.
		if short++; alpha > 0.1 {
			short = 0
		}
		if short >= 3 && raised < 10 {
			short = 0
			raised++
			mu = min(10*mu, 1e-3*(1+s.objective)/float64(len(s.x)))
		}
	}
	return false
}

// direction computes the primal-dual Newton step for a barrier of weight mu and returns the slope of the barrier function
// along it.
func (s *solver) direction(mu float64) float64 {
	s.differentiate()
	copy(s.barrier, s.grad)
	copy(s.matrix.diag, s.hess)
	for i := range s.x {
		s.stiffen(i)
		var b bounds
		for j, v := range s.c[i] {
			b[j] = -mu / v
		}
		s.pull(s.barrier, i, &b)
		du, dv := s.astray(s.x, i)
		s.barrier[i].u += (ridge + mu) * du
		s.barrier[i].v += (ridge + mu) * dv
		s.matrix.diag[i][2] += ridge + mu
		s.matrix.diag[i][5] += ridge + mu
	}
	for damp := 0.0; !s.matrix.factor(damp); damp = max(1e-8, 10*damp) {
		if damp > 1e8 {
			return math.NaN()
		}
	}
	s.matrix.solve(s.step, s.barrier)
	return s.descent()
}

// astray returns how far the wings of slice i are from the prior, in logarithm.
func (s *solver) astray(x []wings, i int) (du, dv float64) {
	return math.Log(x[i].u / s.prior[i].u), math.Log(x[i].v / s.prior[i].v)
}

// merit returns the barrier function at x: the objective f, the logarithms of the conditions c, and a ridge. The ridge is
// there because the conditions leave the wings free to vanish: it keeps them near the prior where neither quotes nor
// conditions speak, and as long as the barrier is strong it is too.
func (s *solver) merit(mu, f float64, x []wings, c []bounds) float64 {
	var sum float64
	for i := range x {
		du, dv := s.astray(x, i)
		sum += du*du + dv*dv
	}
	return f + 0.5*(ridge+mu)*sum - mu*logSum(c)
}

func (s *solver) descent() float64 {
	var sum float64
	for i, d := range s.step {
		sum += d.dot(s.barrier[i])
	}
	return sum
}

// stretch returns the part of the step that keeps every logarithm within the longest.
func (s *solver) stretch() float64 {
	var most float64
	for _, d := range s.step {
		most = max(most, math.Abs(d.theta), math.Abs(d.u), math.Abs(d.v))
	}
	if most > longest {
		return longest / most
	}
	return 1
}

func (s *solver) move(alpha float64) {
	for i, d := range s.step {
		y := s.x[i]
		s.trial[i] = wings{y.theta * math.Exp(alpha*d.theta), y.u * math.Exp(alpha*d.u), y.v * math.Exp(alpha*d.v)}
	}
}

// reach returns the longest of a row of ever shorter steps that stays well inside the conditions, and moves there.
func (s *solver) reach() float64 {
	alpha := s.stretch()
	for ; alpha > 1e-10; alpha *= 0.7 {
		s.move(alpha)
		if conditions(s.trial, s.cTrial) && s.clear() {
			return alpha
		}
	}
	return 0
}

func (s *solver) clear() bool {
	for i := range s.c {
		for j, v := range s.cTrial[i] {
			if v < nearest*s.c[i][j] {
				return false
			}
		}
	}
	return true
}

// bend replaces the step by one that allows for the curvature that the conditions showed at the end of it: the linear
// model of a condition is shifted by its error there (Mehrotra's corrector). It reports whether that is a descent.
func (s *solver) bend() bool {
	s.move(s.stretch())
	conditions(s.trial, s.cTrial)
	copy(s.modified, s.barrier)
	for i := range s.x {
		rate := s.along(i)
		var b bounds
		for _, j := range [...]Condition{NoCrossing, RightButterfly, LeftButterfly} {
			if e := s.cTrial[i][j] - s.c[i][j] - rate[j]; e < 0 {
				b[j] = s.lambda[i][j] / s.c[i][j] * e
			}
		}
		s.pull(s.modified, i, &b)
	}
	copy(s.uncorrected, s.step)
	s.matrix.solve(s.step, s.modified)
	return s.descent() < 0
}

// search goes along the step as far as the conditions and a sufficient decrease of the barrier function allow, and updates
// the point and the multipliers. It returns the part of the step taken, 0 if there was none to take.
func (s *solver) search(mu, slope float64) float64 {
	alpha := s.reach()
	for range corrections {
		if alpha > 0.9 {
			break
		}
		if s.bend() {
			if a := s.reach(); a > alpha {
				alpha, slope = a, s.descent()
				continue
			}
		}
		copy(s.step, s.uncorrected)
		break
	}
	merit := s.merit(mu, s.objective, s.x, s.c)
	for ; alpha > 1e-10; alpha *= 0.5 {
		s.move(alpha)
		if !conditions(s.trial, s.cTrial) {
			continue
		}
		s.evaluations++
		f := s.evaluate(s.trial, s.gradTrial, s.hessTrial, floorNear)
		if s.merit(mu, f, s.trial, s.cTrial) <= merit+1e-4*alpha*slope+1e-14*(1+math.Abs(merit)) {
			s.dual(mu)
			s.x, s.trial = s.trial, s.x
			s.c, s.cTrial = s.cTrial, s.c
			s.grad, s.gradTrial = s.gradTrial, s.grad
			s.hess, s.hessTrial = s.hessTrial, s.hess
			s.objective = f
			return alpha
		}
	}
	return 0
}

// dual moves the multipliers by their own Newton step, kept positive and within dualDistance of the central path at the
// trial point.
func (s *solver) dual(mu float64) {
	alpha := 1.0
	for i := range s.x {
		rate := s.along(i)
		for j, v := range s.c[i] {
			l := s.lambda[i][j]
			d := mu/v - l - l/v*rate[j]
			s.rise[i][j] = d
			if d < 0 {
				alpha = math.Min(alpha, -0.995*l/d)
			}
		}
	}
	for i := range s.x {
		for j, v := range s.cTrial[i] {
			l := s.lambda[i][j] + alpha*s.rise[i][j]
			s.lambda[i][j] = math.Min(math.Max(l, mu/(dualDistance*v)), dualDistance*mu/v)
		}
	}
}

// logSum returns the sum of the logarithms of all numbers, few logarithms at a time.
func logSum(c []bounds) float64 {
	var sum float64
	for i := range c {
		p := 1.0
		for _, v := range c[i] {
			p *= v
		}
		sum += math.Log(p)
	}
	return sum
}
