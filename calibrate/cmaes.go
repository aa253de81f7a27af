package calibrate

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
)

// CMAES searches a box for the global minimum of a function by covariance matrix adaptation: Hansen, "The CMA evolution strategy:
// a tutorial" (arXiv 1604.00772, 2016), with its default parameters, the full matrix and negative weights ("active" CMA), restarted
// with other populations. It is the best choice where parameters act together, the function is rugged or noisy, and evaluations are
// dear; it does not mind how parameters are scaled or mixed. The zero value is ready.
//
// Every bound must be finite. The search runs in a unit box; no point outside the bounds is evaluated: a point outside counts as the
// nearest one inside, with the adaptive penalty of Hansen, Niederberger, Guzzella and Koumoutsakos, "A method for handling uncertainty
// in evolutionary optimization" (2009), section IV-B. Random numbers belong to the run, the generation and the individual, so that a
// seed gives the same bits whatever the number of workers.
type CMAES struct {
	// Restarts says how the search goes on when a run has converged; the zero value is IPOP.
	Restarts Restarts
	// Population of the first run; 0 means 4 + 3·ln n.
	Population int
	// Sigma is the standard deviation of the first run as a share of the box; 0 means 0.3.
	Sigma float64
	// Runs bounds the runs; 0 means 20.
	Runs int
	// Confirm ends the search when so many runs led to the best value, to eight digits or at the same place; 0 means 3.
	Confirm int
	// Tolerance ends a run when every standard deviation is below this share of the box, or when the values that it finds no longer
	// differ by more than this share of them; 0 means 1e-11.
	Tolerance float64
	// MaxEvaluations bounds the evaluations of the function; 0 means 3000 for each parameter.
	MaxEvaluations int
	// Seed chooses the random numbers.
	Seed uint64
	// Workers is the number of goroutines that evaluate; 0 means one for each processor.
	Workers int
	// Progress, unless nil, is called after each generation; Cost is the least value so far.
	Progress func(Progress)
}

// Restarts is a scheme of restarts.
type Restarts int8

// The schemes.
const (
	IPOP     Restarts = iota // populations that double: Auger and Hansen (CEC 2005)
	BIPOP                    // these, and as much work in small populations with short steps: Hansen (GECCO 2009)
	OneShot                  // none
	restarts = iota
)

var restartNames = [...]string{"IPOP", "BIPOP", "OneShot"}

// String returns the name of the constant.
func (r Restarts) String() string {
	if r >= 0 && int(r) < len(restartNames) {
		return restartNames[r]
	}
	return fmt.Sprintf("Restarts(%d)", int8(r))
}

// MarshalText writes the name of the constant.
func (r Restarts) MarshalText() ([]byte, error) {
	if r < 0 || int(r) >= restarts {
		return nil, fault.Arg("calibrate.Restarts", "restarts", int8(r), "a scheme of the package")
	}
	return []byte(r.String()), nil
}

func (c CMAES) validate(fn string) error {
	if c.Restarts < 0 || int(c.Restarts) >= restarts {
		return fault.Arg(fn, "Restarts", int8(c.Restarts), "a scheme of the package")
	}
	if c.Population != 0 && c.Population < 4 || c.Population > 1<<15 {
		return fault.Arg(fn, "Population", c.Population, "0, or 4 to 32768")
	}
	for _, f := range []struct {
		name  string
		value int
	}{{"Runs", c.Runs}, {"Confirm", c.Confirm}, {"MaxEvaluations", c.MaxEvaluations}} {
		if f.value < 0 {
			return fault.Arg(fn, f.name, f.value, ">= 0")
		}
	}
	return fault.First(fault.Between(fn, "Sigma", c.Sigma, 0, 10), fault.NonNegative(fn, "Tolerance", c.Tolerance))
}

// Minimize searches the bounds of the problem. The first run begins at x0, moved into the bounds, unless that is nil; the others
// anywhere. The minimum holds the best point also where the error is not nil: an [ErrNotConverged] if the evaluations were used up
// before the best value was confirmed, or before a single run had converged; an [ErrInfeasible] if the function was finite nowhere;
// or that of ctx.
func (c CMAES) Minimize(ctx context.Context, o Objective, x0 []float64) (Minimum, error) {
	const fn = "calibrate.CMAES"
	b, err := o.validateBox(fn)
	if err == nil {
		err = c.validate(fn)
	}
	if err == nil && x0 != nil {
		if len(x0) != len(b.lower) {
			err = fault.Arg(fn, "x0", len(x0), fmt.Sprintf("%d values", len(b.lower)))
		} else {
			_, err = newBox(fn, o.Lower, o.Upper, x0, o.param)
		}
	}
	if err != nil {
		return Minimum{}, err
	}
	n := 0
	for j := range b.lower {
		if b.lower[j] < b.upper[j] {
			n++
		}
	}
	if c.Population == 0 {
		c.Population = 4 + int(3*math.Log(math.Max(1, float64(n))))
	}
	if c.Sigma == 0 {
		c.Sigma = 0.3
	}
	if c.Runs == 0 {
		c.Runs = 20
	}
	if c.Restarts == OneShot {
		c.Runs, c.Confirm = 1, 1
	}
	if c.Confirm == 0 {
		c.Confirm = 3
	}
	if c.Tolerance == 0 {
		c.Tolerance = 1e-11
	}
	if c.MaxEvaluations == 0 {
		c.MaxEvaluations = 3000 * len(b.lower)
	}
	s := &strategySearch{CMAES: c, o: o, b: b, best: math.Inf(1)}
	for j := range b.lower {
		if b.lower[j] < b.upper[j] {
			s.free = append(s.free, j)
		}
	}
	status, err := s.run(ctx, x0)
	m := Minimum{X: s.bestX, Value: s.best, Status: status, Iterations: s.generations, Evaluations: s.evaluations}
	if s.bestX != nil {
		m.AtBound = b.sides(m.X)
	}
	switch {
	case err != nil:
	case math.IsInf(s.best, 1):
		err = fmt.Errorf("%s: the function is finite at none of %d points: %w", fn, s.evaluations, ErrInfeasible)
	case status != Converged:
		err = fmt.Errorf("%s: %w (%v after %d evaluations, %d runs, of which %d led to the best value)", fn, ErrNotConverged, status,
			s.evaluations, s.runs, s.confirmed())
	}
	return m, err
}

// strategySearch is the state of a search over its runs.
type strategySearch struct {
	CMAES
	o    Objective
	b    box
	free []int // parameters whose bounds differ

	best  float64
	bestX []float64
	ends  []ending // of the runs that converged

	runs, generations, evaluations int
}

// ending is the best point of a run.
type ending struct {
	x     []float64
	value float64
}

// confirmed returns how many runs led to the best value: to within its digits, or at its place.
func (s *strategySearch) confirmed() int {
	const digits, place = 1e-8, 1e-6
	count := 0
	for _, e := range s.ends {
		same := e.value-s.best <= digits*math.Abs(s.best)
		if !same {
			same = true
			for _, j := range s.free {
				same = same && math.Abs(e.x[j]-s.bestX[j]) <= place*(s.b.upper[j]-s.b.lower[j])
			}
		}
		if same {
			count++
		}
	}
	return count
}

func (s *strategySearch) run(ctx context.Context, x0 []float64) (Status, error) {
	if len(s.free) == 0 {
		s.bestX = slices.Clone(s.b.lower)
		s.best, s.evaluations = s.o.value(s.bestX), 1
		return Converged, nil
	}
	large, spent := 1, [2]int{} // the population of the large regime, in units of the first, and what both regimes have used
	small := false
	for s.runs < s.Runs {
		d := newDraw(s.Seed, 2*s.runs+1, 0, 0)
		mean := make([]float64, len(s.free))
		d.g.Uniforms(mean)
		if s.runs == 0 && x0 != nil {
			for i, j := range s.free {
				mean[i] = math.Min(1, math.Max(0, (x0[j]-s.b.lower[j])/(s.b.upper[j]-s.b.lower[j])))
			}
		}
		population, sigma, budget := s.Population, s.Sigma, s.MaxEvaluations-s.evaluations
		if s.runs > 0 {
			small = s.Restarts == BIPOP && s.runs > 1 && spent[1] < spent[0]
			if small {
				u := d.uniform()
				population = max(s.Population, int(float64(s.Population)*math.Pow(float64(large)/2, u*u)))
				sigma *= math.Pow(10, -2*d.uniform())
				budget = min(budget, max(spent[0]/2, 10*population))
			} else {
				large *= 2
				population = min(s.Population*large, 1<<15)
			}
		}
		before := s.evaluations
		end, converged, err := s.descend(ctx, mean, sigma, population, budget)
		s.runs++
		if small {
			spent[1] += s.evaluations - before
		} else if s.runs > 1 {
			spent[0] += s.evaluations - before
		}
		if err != nil {
			return Interrupted, err
		}
		if converged {
			s.ends = append(s.ends, end)
			if s.confirmed() >= s.Confirm {
				return Converged, nil
			}
		}
		if s.evaluations >= s.MaxEvaluations {
			return Exhausted, nil
		}
	}
	return Exhausted, nil
}

// descend is one run: sections 2 to 4 of the tutorial, by its letters. It returns the best point that it found, and whether it
// ended by itself.
func (s *strategySearch) descend(ctx context.Context, mean []float64, sigma float64, lambda, budget int) (end ending, converged bool, err error) {
	n := len(mean)
	dim := float64(n)
	mu := lambda / 2
	w := make([]float64, lambda)
	plus, minus, plus2, minus2 := 0.0, 0.0, 0.0, 0.0
	for i := range w {
		w[i] = math.Log(float64(lambda+1)/2) - math.Log(float64(i+1))
		if i < mu {
			plus, plus2 = plus+w[i], plus2+w[i]*w[i]
		} else {
			minus, minus2 = minus-w[i], minus2+w[i]*w[i]
		}
	}
	muEff, muEffMinus := plus*plus/plus2, minus*minus/minus2
	cSigma := (muEff + 2) / (dim + muEff + 5)
	dSigma := 1 + 2*math.Max(0, math.Sqrt((muEff-1)/(dim+1))-1) + cSigma
	cc := (4 + muEff/dim) / (dim + 4 + 2*muEff/dim)
	c1 := 2 / (square(dim+1.3) + muEff)
	cMu := math.Min(1-c1, 2*(0.25+muEff+1/muEff-2)/(square(dim+2)+muEff))
	negative := math.Min(1+c1/cMu, math.Min(1+2*muEffMinus/(muEff+2), (1-c1-cMu)/(dim*cMu))) // eqs. (50) to (53)
	total := 0.0
	for i := range w {
		if w[i] >= 0 {
			w[i] /= plus
		} else {
			w[i] *= negative / minus
		}
		total += w[i]
	}
	chi := math.Sqrt(dim) * (1 - 1/(4*dim) + 1/(21*dim*dim))

	c := make([]float64, n*n)
	axes, size := make([]float64, n*n), make([]float64, n) // B by rows, D
	for j := range n {
		c[j*n+j], axes[j*n+j], size[j] = 1, 1, 1
	}
	pc, ps := make([]float64, n), make([]float64, n)
	step, white := make([]float64, n), make([]float64, n)
	lazy := max(1, int(1/(10*dim*(c1+cMu))))
	penalty := newPenalty(n, muEff, lambda)
	history := 10 + int(math.Ceil(30*dim/float64(lambda)))
	var bests, medians []float64
	patience := 120 + int(30*dim/float64(lambda)*dim)
	first := sigma
	end.value = math.Inf(1)
	people := make([]individual, lambda)
	for k := range people {
		people[k] = individual{y: make([]float64, n), x: make([]float64, len(s.b.lower)), over: make([]float64, n)}
	}
	used := 0
	for generation := 1; ; generation++ {
		count := min(lambda, s.MaxEvaluations-s.evaluations)
		if count < lambda || used+lambda > budget {
			return end, false, nil
		}
		err := each(ctx, s.Workers, lambda, func(k int) {
			p := &people[k]
			z := make([]float64, n)
			newDraw(s.Seed, 2*s.runs+2, generation, k).g.Normals(z)
			copy(p.x, s.b.lower)
			for i := range n {
				y := 0.0
				for j := range n {
					y += axes[i*n+j] * size[j] * z[j]
				}
				p.y[i] = y
				u := mean[i] + sigma*y
				in := math.Min(1, math.Max(0, u))
				p.over[i] = u - in
				j := s.free[i]
				p.x[j] = math.Min(math.Max(s.b.lower[j]+in*(s.b.upper[j]-s.b.lower[j]), s.b.lower[j]), s.b.upper[j])
				if in == 1 {
					p.x[j] = s.b.upper[j]
				}
			}
			p.value = s.o.value(p.x)
		})
		if err != nil {
			return end, false, err
		}
		s.evaluations, used = s.evaluations+lambda, used+lambda
		s.generations++
		for _, p := range people {
			if p.value < end.value {
				end = ending{append(end.x[:0], p.x...), p.value}
			}
			if p.value < s.best {
				s.best, s.bestX = p.value, append(s.bestX[:0:0], p.x...)
			}
		}
		if s.Progress != nil {
			s.Progress(Progress{s.generations, s.evaluations, s.best, s.bestX})
		}
		penalty.adapt(people, mean, sigma, c)
		slices.SortStableFunc(people, func(a, b individual) int {
			switch {
			case a.cost < b.cost:
				return -1
			case a.cost > b.cost:
				return 1
			}
			return 0
		})
		if math.IsInf(people[0].cost, 1) {
			return end, false, nil // lost where the function is not defined
		}

		// Mean and paths.
		clear(step)
		for i := range mu {
			for j, y := range people[i].y {
				step[j] += w[i] * y
			}
		}
		for j := range n {
			mean[j] += sigma * step[j]
		}
		project(white, axes, step)
		for j := range n {
			white[j] /= size[j]
		}
		norm := 0.0
		for i := range n { // C^(−½)⟨y⟩ = B·D⁻¹·Bᵀ⟨y⟩
			v := inner(axes[i*n:(i+1)*n], white)
			ps[i] = (1-cSigma)*ps[i] + math.Sqrt(cSigma*(2-cSigma)*muEff)*v
			norm += ps[i] * ps[i]
		}
		norm = math.Sqrt(norm)
		sigma *= math.Exp(math.Min(1, cSigma/dSigma*(norm/chi-1)))
		h := 0.0
		if norm/math.Sqrt(1-math.Pow(1-cSigma, 2*float64(generation))) < (1.4+2/(dim+1))*chi {
			h = 1
		}
		for j := range n {
			pc[j] = (1-cc)*pc[j] + h*math.Sqrt(cc*(2-cc)*muEff)*step[j]
		}

		// Covariance, eq. (47).
		keep := 1 + c1*(1-h)*cc*(2-cc) - c1 - cMu*total
		for i := range n {
			for j := range i + 1 {
				c[i*n+j] = keep*c[i*n+j] + c1*pc[i]*pc[j]
			}
		}
		for k, p := range people {
			weight := cMu * w[k]
			if weight < 0 {
				project(white, axes, p.y)
				length := 0.0
				for j := range n {
					length += square(white[j] / size[j])
				}
				weight *= dim / math.Max(length, 1e-300)
			}
			for i := range n {
				for j := range i + 1 {
					c[i*n+j] += weight * p.y[i] * p.y[j]
				}
			}
		}
		for i := range n {
			for j := range i {
				c[j*n+i] = c[i*n+j]
			}
		}
		if generation%lazy == 0 {
			if !decompose(c, axes, size) {
				return end, true, nil // the matrix lost its digits
			}
		}

		// Is it over? Section B.3 of the tutorial.
		bests = append(bests, people[0].cost)
		medians = append(medians, people[lambda/2].cost)
		widest := 0.0
		for j := range n {
			widest = math.Max(widest, sigma*math.Max(math.Abs(pc[j]), math.Sqrt(c[j*n+j])))
		}
		if widest < s.Tolerance {
			return end, true, nil
		}
		if len(bests) >= history {
			recent := bests[len(bests)-history:]
			low, high := math.Min(slices.Min(recent), people[0].cost), math.Max(slices.Max(recent), people[lambda-1].cost)
			if high-low <= s.Tolerance*math.Max(math.Abs(low), 1e-300) || high == low {
				return end, true, nil
			}
		}
		if len(bests) > max(patience, history) && stagnates(bests) && stagnates(medians) {
			return end, true, nil
		}
		if slices.Max(size) > 1e7*slices.Min(size) || sigma > 1e4*first || sigma*slices.Max(size) > 1e4 {
			return end, true, nil
		}
		still := true // a tenth of a deviation along an axis changes nothing
		axis := generation % n
		for i := range n {
			if mean[i]+0.1*sigma*size[axis]*axes[i*n+axis] != mean[i] {
				still = false
			}
		}
		if still {
			return end, true, nil
		}
	}
}

// individual is a point of a generation: y in the coordinates of the run, x where it was evaluated, over how far it lay outside.
type individual struct {
	y, x, over  []float64
	value, cost float64
}

// boundaryPenalty makes points outside the box cost more than the nearest points inside.
type boundaryPenalty struct {
	gamma  []float64
	ranges []float64 // interquartile ranges of the function in past generations
	muEff  float64
	memory int
	set    bool
}

func newPenalty(n int, muEff float64, lambda int) *boundaryPenalty {
	return &boundaryPenalty{gamma: make([]float64, n), muEff: muEff, memory: 20 + 3*n/lambda}
}

// adapt sets the cost of each individual: eqs. (16) to (18) of Hansen et al. 2009.
func (b *boundaryPenalty) adapt(people []individual, mean []float64, sigma float64, c []float64) {
	n, lambda := len(mean), len(people)
	values := make([]float64, 0, lambda)
	for _, p := range people {
		if !math.IsInf(p.value, 1) {
			values = append(values, p.value)
		}
	}
	slices.Sort(values)
	trace, logs := 0.0, 0.0
	for j := range n {
		trace += c[j*n+j] / float64(n)
		logs += math.Log(c[j*n+j]) / float64(n)
	}
	if len(values) > 3 {
		if r := (values[3*len(values)/4] - values[len(values)/4]) / (sigma * sigma * trace); r > 0 && !math.IsInf(r, 1) {
			b.ranges = append(b.ranges, r)
			if len(b.ranges) > b.memory {
				b.ranges = b.ranges[1:]
			}
		}
	}
	outside := false
	for _, m := range mean {
		outside = outside || m < 0 || m > 1
	}
	if outside && len(b.ranges) > 0 {
		if !b.set {
			sorted := slices.Sorted(slices.Values(b.ranges))
			for j := range b.gamma {
				b.gamma[j] = 2 * sorted[len(sorted)/2]
			}
			b.set = true
		}
		far := 3 * sigma * math.Max(1, math.Sqrt(float64(n))/b.muEff)
		for j, m := range mean {
			if over := math.Max(-m, m-1); over > far*math.Sqrt(c[j*n+j]) {
				b.gamma[j] *= math.Pow(1.1, math.Max(1, b.muEff/(10*float64(n))))
			}
		}
	}
	for k := range people {
		p := &people[k]
		p.cost = p.value
		for j, over := range p.over {
			if over != 0 {
				p.cost += b.gamma[j] * over * over / float64(n) / math.Exp(0.9*(math.Log(c[j*n+j])-logs))
			}
		}
	}
}

// project writes Bᵀx to dst.
func project(dst, axes, x []float64) {
	n := len(x)
	clear(dst)
	for i, v := range x {
		for j := range n {
			dst[j] += axes[i*n+j] * v
		}
	}
}

// decompose writes the eigenvectors of c to the columns of axes, and the roots of its eigenvalues to size.
func decompose(c, axes, size []float64) bool {
	n := len(size)
	var e mat.EigenSym
	for _, v := range c {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	if !e.Factorize(mat.NewSymDense(n, slices.Clone(c)), true) {
		return false
	}
	values := e.Values(nil)
	if !(values[0] > 0) {
		return false
	}
	for j, v := range values {
		size[j] = math.Sqrt(v)
	}
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	for i := range n {
		for j := range n {
			axes[i*n+j] = vectors.At(i, j)
		}
	}
	return true
}

// stagnates reports whether the last third of a history is no better than the first third of its last part.
func stagnates(h []float64) bool {
	part := h[len(h)-min(len(h), 120+len(h)/5):]
	third := max(1, len(part)*3/10)
	return median(part[len(part)-third:]) >= median(part[:third])
}

func median(x []float64) float64 {
	s := slices.Clone(x)
	slices.Sort(s)
	return s[len(s)/2]
}

func square(x float64) float64 { return x * x }
