package calibrate

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
)

// DifferentialEvolution searches a box for the global minimum of a function that need be neither smooth nor continuous: Storn and
// Price, "Differential evolution" (1997), in several strategies. The zero value is ready: it is the adaptive L-SHADE of Tanabe and
// Fukunaga, "Improving the search performance of SHADE using linear population size reduction" (2014), which needs no tuning.
//
// Every bound must be finite. Each generation is made from the one before it, with random numbers that belong to the generation and
// the individual, so that a seed gives the same bits whatever the number of workers.
type DifferentialEvolution struct {
	// Strategy makes new points; the zero value is Adaptive.
	Strategy Strategy
	// Population is the number of points; 0 means 18 for each parameter for Adaptive, which shrinks it to 4 as evaluations are
	// used up, and 10 for each parameter but at least 20 for the others.
	Population int
	// Weight of differences, and Crossover, the probability that a parameter is taken from the new point rather than from the old;
	// 0 means 0.7 and 0.9. Adaptive learns both.
	Weight, Crossover float64
	// Dither spreads the weight of each new point evenly over Weight ± Dither, and Jitter that of each parameter by a factor 1 ±
	// Jitter; 0 is none. Adaptive has its own spread.
	Dither, Jitter float64
	// Boundary brings points that leave the box back.
	Boundary Boundary
	// Tolerance ends the search when in every parameter the population spans less than this share of the box; 0 means 1e-9.
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

// Strategy is how differential evolution makes a new point from a population. Each crosses over parameter by parameter.
type Strategy int8

// The strategies; F is the weight, x the old point, a, b and c others at random.
const (
	Adaptive      Strategy = iota // L-SHADE: x + F·(one of the best − x) + F·(a − b), b also from an archive; F and crossover learnt
	Rand1Bin                      // a + F·(b − c): slow and sure
	Best1Bin                      // best + F·(a − b): fast, easily trapped
	CurrentToBest                 // x + F·(best − x) + F·(a − b)
	RandToBest                    // a + F·(best − a) + F·(b − c)
)

var strategyNames = [...]string{"Adaptive", "Rand1Bin", "Best1Bin", "CurrentToBest", "RandToBest"}

// String returns the name of the constant.
func (s Strategy) String() string {
	if s >= 0 && int(s) < len(strategyNames) {
		return strategyNames[s]
	}
	return fmt.Sprintf("Strategy(%d)", int8(s))
}

// MarshalText writes the name of the constant.
func (s Strategy) MarshalText() ([]byte, error) {
	if s < 0 || int(s) >= len(strategyNames) {
		return nil, fault.Arg("calibrate.Strategy", "strategy", int8(s), "a strategy of the package")
	}
	return []byte(s.String()), nil
}

// Boundary says where a parameter goes that leaves its bounds.
type Boundary int8

// The rules.
const (
	Reflect  Boundary = iota // as far inside as it was outside
	Resample                 // anywhere within the bounds
	Halfway                  // half way from where it was to the bound
)

var boundaryNames = [...]string{"Reflect", "Resample", "Halfway"}

// String returns the name of the constant.
func (b Boundary) String() string {
	if b >= 0 && int(b) < len(boundaryNames) {
		return boundaryNames[b]
	}
	return fmt.Sprintf("Boundary(%d)", int8(b))
}

// MarshalText writes the name of the constant.
func (b Boundary) MarshalText() ([]byte, error) {
	if b < 0 || int(b) >= len(boundaryNames) {
		return nil, fault.Arg("calibrate.Boundary", "boundary", int8(b), "a rule of the package")
	}
	return []byte(b.String()), nil
}

// Settings of L-SHADE, from the paper: the length of its memory, the share of the population that is best, the archive as a
// multiple of the population, and the least population.
const (
	shadeMemory  = 6
	shadeBest    = 0.11
	shadeArchive = 2.6
	shadeLeast   = 4
	shadeNone    = -1 // a remembered crossover that is zero from now on
)

func (de DifferentialEvolution) validate(fn string) error {
	if de.Strategy < 0 || int(de.Strategy) >= len(strategyNames) {
		return fault.Arg(fn, "Strategy", int8(de.Strategy), "a strategy of the package")
	}
	if de.Boundary < 0 || int(de.Boundary) >= len(boundaryNames) {
		return fault.Arg(fn, "Boundary", int8(de.Boundary), "a rule of the package")
	}
	if de.Population != 0 && de.Population < shadeLeast || de.Population > 1<<19 {
		return fault.Arg(fn, "Population", de.Population, "0, or 4 to 524288")
	}
	if de.MaxEvaluations < 0 {
		return fault.Arg(fn, "MaxEvaluations", de.MaxEvaluations, ">= 0")
	}
	return fault.First(fault.Between(fn, "Weight", de.Weight, 0, 2), fault.Between(fn, "Crossover", de.Crossover, 0, 1),
		fault.Between(fn, "Dither", de.Dither, 0, 1), fault.Between(fn, "Jitter", de.Jitter, 0, 1),
		fault.NonNegative(fn, "Tolerance", de.Tolerance))
}

// Minimize searches the bounds of the problem. The point x0, moved into the bounds, joins the first population unless it is nil.
// The minimum holds the best point also where the error is not nil: an [ErrNotConverged] if the evaluations were used up before
// the population came together, an [ErrInfeasible] if the function was finite nowhere, or that of ctx.
func (de DifferentialEvolution) Minimize(ctx context.Context, o Objective, x0 []float64) (Minimum, error) {
	const fn = "calibrate.DifferentialEvolution"
	b, err := o.validateBox(fn)
	if err == nil {
		err = de.validate(fn)
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
	n := len(b.lower)
	if de.Population == 0 {
		de.Population = max(20, 10*n)
		if de.Strategy == Adaptive {
			de.Population = 18 * n
		}
	}
	if de.Weight == 0 {
		de.Weight = 0.7
	}
	if de.Crossover == 0 {
		de.Crossover = 0.9
	}
	if de.Tolerance == 0 {
		de.Tolerance = 1e-9
	}
	if de.MaxEvaluations == 0 {
		de.MaxEvaluations = 3000 * n
	}
	e := &evolution{DifferentialEvolution: de, o: o, b: b, n: n}
	status, err := e.run(ctx, x0)
	m := Minimum{Status: status, Iterations: e.generation, Evaluations: e.evaluations}
	if len(e.value) > 0 {
		m.X, m.Value = e.x[0], e.value[0]
		m.AtBound = b.sides(m.X)
	}
	switch {
	case err != nil:
	case math.IsInf(m.Value, 1):
		err = fmt.Errorf("%s: the function is finite at none of %d points: %w", fn, m.Evaluations, ErrInfeasible)
	case status != Converged:
		err = fmt.Errorf("%s: %w (%v after %d evaluations)", fn, ErrNotConverged, status, m.Evaluations)
	}
	return m, err
}

// evolution is the state of a run. The population is sorted, the best first.
type evolution struct {
	DifferentialEvolution
	o Objective
	b box
	n int

	x          [][]float64
	value      []float64
	archive    [][]float64
	memoryF    [shadeMemory]float64
	memoryCR   [shadeMemory]float64
	slot       int
	generation int

	evaluations int
}

// offspring is a new point, and how it was made.
type offspring struct {
	x         []float64
	value     float64
	weight    float64
	crossover float64
}

func (e *evolution) run(ctx context.Context, x0 []float64) (Status, error) {
	size := min(e.Population, max(e.MaxEvaluations, shadeLeast))
	x, value := make([][]float64, size), make([]float64, size)
	err := each(ctx, e.Workers, size, func(i int) {
		d := newDraw(e.Seed, 0, 0, i)
		x[i] = make([]float64, e.n)
		d.g.Uniforms(x[i])
		for j, u := range x[i] {
			x[i][j] = e.b.lower[j] + u*(e.b.upper[j]-e.b.lower[j])
		}
		if i == 0 && x0 != nil {
			copy(x[0], x0)
		}
		e.b.clamp(x[i])
		value[i] = e.o.value(x[i])
	})
	if err != nil {
		return Interrupted, err
	}
	e.x, e.value, e.evaluations = x, value, size
	for i := range e.memoryF {
		e.memoryF[i], e.memoryCR[i] = 0.5, 0.5
	}
	e.sort()
	level := 0
	for {
		if e.Progress != nil {
			e.Progress(Progress{e.generation, e.evaluations, e.value[0], e.x[0]})
		}
		if e.value[0] == e.value[len(e.value)-1] && !math.IsInf(e.value[0], 1) {
			level++
		} else {
			level = 0
		}
		if e.together() || level == 20 {
			return Converged, nil
		}
		if e.evaluations >= e.MaxEvaluations {
			return Exhausted, nil
		}
		if err := e.step(ctx); err != nil {
			return Interrupted, err
		}
	}
}

// together reports whether the population spans less of the box than the tolerance.
func (e *evolution) together() bool {
	if math.IsInf(e.value[len(e.value)-1], 1) {
		return false
	}
	for j := range e.n {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, x := range e.x {
			lo, hi = math.Min(lo, x[j]), math.Max(hi, x[j])
		}
		if hi-lo > e.Tolerance*(e.b.upper[j]-e.b.lower[j]) {
			return false
		}
	}
	return true
}

// sort orders the population by value, and by place where values are equal.
func (e *evolution) sort() {
	order := make([]int, len(e.x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case e.value[a] < e.value[b]:
			return -1
		case e.value[a] > e.value[b]:
			return 1
		}
		return 0
	})
	x, value := make([][]float64, len(order)), make([]float64, len(order))
	for i, k := range order {
		x[i], value[i] = e.x[k], e.value[k]
	}
	e.x, e.value = x, value
}

// step makes and selects a generation.
func (e *evolution) step(ctx context.Context) error {
	size := len(e.x)
	children := make([]offspring, min(size, e.MaxEvaluations-e.evaluations))
	if err := each(ctx, e.Workers, len(children), func(i int) { children[i] = e.child(i) }); err != nil {
		return err
	}
	e.generation++
	e.evaluations += len(children)
	var won []offspring
	var gain []float64
	largest := 0.0
	for i, c := range children {
		if !(c.value <= e.value[i]) {
			continue
		}
		if c.value < e.value[i] {
			if e.Strategy == Adaptive {
				e.archive = append(e.archive, e.x[i])
				g := e.value[i] - c.value
				won, gain = append(won, c), append(gain, g)
				if !math.IsInf(g, 1) {
					largest = math.Max(largest, g)
				}
			}
		}
		e.x[i], e.value[i] = c.x, c.value
	}
	e.sort()
	if e.Strategy != Adaptive {
		return nil
	}
	if largest == 0 {
		largest = 1
	}
	for i := range gain { // a point that came into the domain gains as much as the best of the others
		gain[i] = math.Min(gain[i], largest)
	}
	e.learn(won, gain)
	used := float64(e.evaluations) / float64(e.MaxEvaluations)
	keep := max(shadeLeast, int(math.Round(float64(e.Population)+(shadeLeast-float64(e.Population))*used)))
	if keep < size {
		e.x, e.value = e.x[:keep], e.value[:keep]
	}
	d := newDraw(e.Seed, 1, e.generation, 0)
	for most := int(math.Round(shadeArchive * float64(len(e.x)))); len(e.archive) > most; {
		k, last := d.below(len(e.archive)), len(e.archive)-1
		e.archive[k] = e.archive[last]
		e.archive = e.archive[:last]
	}
	return nil
}

// learn remembers the weights and crossovers that made better points: weighted Lehmer means, eqs. (7) to (9) of the paper.
func (e *evolution) learn(won []offspring, gain []float64) {
	if len(won) == 0 {
		return
	}
	f1, f2, c1, c2 := 0.0, 0.0, 0.0, 0.0
	for i, c := range won {
		f1, f2 = f1+gain[i]*c.weight, f2+gain[i]*c.weight*c.weight
		c1, c2 = c1+gain[i]*c.crossover, c2+gain[i]*c.crossover*c.crossover
	}
	e.memoryF[e.slot] = f2 / f1
	if e.memoryCR[e.slot] == shadeNone || c1 == 0 {
		e.memoryCR[e.slot] = shadeNone
	} else {
		e.memoryCR[e.slot] = c2 / c1
	}
	e.slot = (e.slot + 1) % shadeMemory
}

// child makes and evaluates a new point in the place of individual i.
func (e *evolution) child(i int) offspring {
	d := newDraw(e.Seed, 0, e.generation+1, i)
	size, old := len(e.x), e.x[i]
	c := offspring{x: make([]float64, e.n), weight: e.Weight, crossover: e.Crossover}
	base, toward, plus, minus := old, old, old, old // base + F·(toward − base) + F·(plus − minus)
	switch e.Strategy {
	case Adaptive:
		slot := d.below(shadeMemory)
		c.crossover = 0
		if m := e.memoryCR[slot]; m != shadeNone {
			c.crossover = math.Min(1, math.Max(0, m+0.1*d.normal()))
		}
		for c.weight = 0; c.weight <= 0; { // a Cauchy number
			c.weight = math.Min(1, e.memoryF[slot]+0.1*math.Tan(math.Pi*(d.uniform()-0.5)))
		}
		toward = e.x[d.below(max(2, int(math.Round(shadeBest*float64(size)))))]
		a := d.other(size, i)
		b := d.other(size+len(e.archive), i, a)
		plus = e.x[a]
		if b < size {
			minus = e.x[b]
		} else {
			minus = e.archive[b-size]
		}
	case Best1Bin:
		a := d.other(size, i)
		base, toward, plus, minus = e.x[0], e.x[0], e.x[a], e.x[d.other(size, i, a)]
	case CurrentToBest:
		a := d.other(size, i)
		toward, plus, minus = e.x[0], e.x[a], e.x[d.other(size, i, a)]
	default:
		a := d.other(size, i)
		b := d.other(size, i, a)
		base, toward, plus, minus = e.x[a], e.x[a], e.x[b], e.x[d.other(size, i, a, b)]
		if e.Strategy == RandToBest {
			toward = e.x[0]
		}
	}
	if e.Strategy != Adaptive && e.Dither > 0 {
		c.weight += e.Dither * (2*d.uniform() - 1)
	}
	sure := d.below(e.n)
	for j := range c.x {
		if j != sure && d.uniform() >= c.crossover {
			c.x[j] = old[j]
			continue
		}
		w := c.weight
		if e.Strategy != Adaptive && e.Jitter > 0 {
			w *= 1 + e.Jitter*(2*d.uniform()-1)
		}
		c.x[j] = e.inside(j, base[j]+w*(toward[j]-base[j])+w*(plus[j]-minus[j]), old[j], d)
	}
	c.value = e.o.value(c.x)
	return c
}

// inside brings parameter j back within its bounds.
func (e *evolution) inside(j int, v, old float64, d *draw) float64 {
	lo, hi := e.b.lower[j], e.b.upper[j]
	if v >= lo && v <= hi {
		return v
	}
	switch e.Boundary {
	case Resample:
		v = lo + d.uniform()*(hi-lo)
	case Halfway:
		if v < lo {
			v = (lo + old) / 2
		} else {
			v = (hi + old) / 2
		}
	default:
		v = reflect(v, lo, hi)
	}
	return math.Min(math.Max(v, lo), hi)
}

// reflect folds v into [lo, hi].
func reflect(v, lo, hi float64) float64 {
	width := hi - lo
	if !(width > 0) {
		return lo
	}
	fold := math.Mod(v-lo, 2*width)
	if fold < 0 {
		fold += 2 * width
	}
	if fold > width {
		fold = 2*width - fold
	}
	return math.Min(math.Max(lo+fold, lo), hi)
}
