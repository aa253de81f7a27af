package calibrate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec/rng"
)

// Global searches a box for the global minimum and polishes what it finds: least squares by [LevenbergMarquardt], smooth objectives
// by [LBFGSB]. It says what share of its starts led to the best minimum, which tells how far that may be trusted: of starts spread
// over the box, a share p leaves a chance of (1−p)^k that k of them miss a minimum that attracts as much.
//
// The zero value is ready: local fits from 32 points spread evenly over the box, which is the best choice where the function is
// smooth. Every bound must be finite. A seed gives the same bits whatever the number of workers.
type Global struct {
	// Search finds the points that are polished; the zero value is MultiStart.
	Search Search
	// Starts is the number of points; 0 means 32 for MultiStart and 3 for the others, each from a search with another seed.
	Starts int
	// Evolution and Covariance are the settings of the searches; their seeds and workers are set here, and fewer evaluations are
	// enough if they are polished: 0 means 500 for each parameter, and one run of CMA-ES.
	Evolution  DifferentialEvolution
	Covariance CMAES
	// Squares and Smooth are the settings of the solvers that polish.
	Squares LevenbergMarquardt
	Smooth  LBFGSB
	// Seed chooses the random numbers.
	Seed uint64
	// Workers is the number of starts that go on at a time; 0 means one for each processor.
	Workers int
	// Progress, unless nil, is called after each start; Iteration counts them, Cost is the least so far. It is never called twice at
	// a time.
	Progress func(Progress)
}

// Search is a way to find points to polish.
type Search int8

// The searches.
const (
	MultiStart       Search = iota // points of a scrambled sequence of Sobol'
	ByEvolution                    // the best of a run of [DifferentialEvolution]
	ByCovariance                   // the best of a run of [CMAES]
	numberOfSearches = iota
)

var searchNames = [...]string{"MultiStart", "ByEvolution", "ByCovariance"}

// String returns the name of the constant.
func (s Search) String() string {
	if s >= 0 && int(s) < len(searchNames) {
		return searchNames[s]
	}
	return fmt.Sprintf("Search(%d)", int8(s))
}

// MarshalText writes the name of the constant.
func (s Search) MarshalText() ([]byte, error) {
	if s < 0 || int(s) >= numberOfSearches {
		return nil, fault.Arg("calibrate.Search", "search", int8(s), "a search of the package")
	}
	return []byte(s.String()), nil
}

// Start is where one polish began, and where it led.
type Start struct {
	From, To    []float64
	Value       float64 // at To: half the sum of squares, or the function; +Inf if the start failed
	Evaluations int     // of the search and of the polish
	Err         error   // of the polish; nil if it converged
	Best        bool    // whether it led to the best minimum
}

// Starts are the starts of a global search.
type Starts []Start

// Share returns the share of the starts that led to the best minimum.
func (s Starts) Share() float64 {
	if len(s) == 0 {
		return 0
	}
	count := 0
	for _, v := range s {
		if v.Best {
			count++
		}
	}
	return float64(count) / float64(len(s))
}

// Evaluations returns how often the function was evaluated in all.
func (s Starts) Evaluations() int {
	total := 0
	for _, v := range s {
		total += v.Evaluations
	}
	return total
}

// Fit minimises a sum of squares from many starts, x0 among them unless it is nil. Residuals is called by several goroutines at a
// time unless Workers is 1. The solution is that of the best start, and the error its error; if all starts failed, the error of the
// first.
func (g Global) Fit(ctx context.Context, p LeastSquares, x0 []float64) (Solution, Starts, error) {
	const fn = "calibrate.Global"
	if p.Lower == nil {
		return Solution{}, nil, fault.Arg(fn, "Lower", "nil", "a bound for each parameter")
	}
	if _, err := p.validate(fn, make([]float64, len(p.Lower))); err != nil {
		return Solution{}, nil, err
	}
	var solutions []Solution
	starts, best, err := g.run(ctx, p.Objective(), x0, func(n int) { solutions = make([]Solution, n) },
		func(ctx context.Context, k int, from []float64) (x []float64, value float64, evaluations int, err error) {
			s, err := g.Squares.Minimize(ctx, p, from)
			solutions[k] = s
			return s.X, s.Cost, s.Evaluations, err
		})
	if best < 0 {
		return Solution{}, starts, err
	}
	return solutions[best], starts, err
}

// Minimize minimises a smooth function from many starts, x0 among them unless it is nil. Function is called by several goroutines
// at a time unless Workers is 1. The minimum is that of the best start, and the error its error; if all starts failed, the error of
// the first.
func (g Global) Minimize(ctx context.Context, o Objective, x0 []float64) (Minimum, Starts, error) {
	var minima []Minimum
	starts, best, err := g.run(ctx, o, x0, func(n int) { minima = make([]Minimum, n) },
		func(ctx context.Context, k int, from []float64) (x []float64, value float64, evaluations int, err error) {
			m, err := g.Smooth.Minimize(ctx, o, from)
			minima[k] = m
			return m.X, m.Value, m.Evaluations, err
		})
	if best < 0 {
		return Minimum{}, starts, err
	}
	return minima[best], starts, err
}

// run makes the starts, and returns the index of the best, or −1.
func (g Global) run(ctx context.Context, o Objective, x0 []float64, size func(n int),
	polish func(ctx context.Context, k int, from []float64) (x []float64, value float64, evaluations int, err error)) (Starts, int, error) {
	const fn = "calibrate.Global"
	b, err := o.validateBox(fn)
	n := len(b.lower)
	switch {
	case err != nil:
	case g.Search < 0 || int(g.Search) >= numberOfSearches:
		err = fault.Arg(fn, "Search", int8(g.Search), "a search of the package")
	case g.Starts < 0:
		err = fault.Arg(fn, "Starts", g.Starts, ">= 0")
	case x0 != nil && len(x0) != n:
		err = fault.Arg(fn, "x0", len(x0), fmt.Sprintf("%d values", n))
	case x0 != nil:
		_, err = newBox(fn, o.Lower, o.Upper, x0, o.param)
	}
	if err != nil {
		return nil, -1, err
	}
	count := g.Starts
	if count == 0 {
		count = 3
		if g.Search == MultiStart {
			count = 32
		}
	}
	from := make([][]float64, count)
	if g.Search == MultiStart {
		sequence, err := rng.NewSobol(n, rng.MatrixScramble, g.Seed)
		if err != nil {
			return nil, -1, fmt.Errorf("%s: %w", fn, err)
		}
		points := make([]float64, count*n)
		sequence.Uniforms(points)
		for k := range from {
			from[k] = points[k*n : (k+1)*n]
			for j := range n {
				from[k][j] = b.lower[j] + from[k][j]*(b.upper[j]-b.lower[j])
			}
		}
		if x0 != nil {
			copy(from[0], x0)
		}
		for k := range from {
			b.clamp(from[k])
		}
	}
	size(count)
	starts := make(Starts, count)
	first := make([]float64, count) // the value where each polish began
	for k := range starts {
		starts[k].Value, starts[k].Err, first[k] = math.Inf(1), context.Canceled, math.Inf(1)
	}
	var mu sync.Mutex
	done, evaluations, leader := 0, 0, -1
	cancelled := each(ctx, g.Workers, count, func(k int) {
		s := &starts[k]
		s.Err = nil
		if g.Search == MultiStart {
			s.From = from[k]
			first[k] = o.value(s.From)
			s.Evaluations = 1
		} else {
			m, err := g.search(ctx, o, x0, k)
			s.From, s.Evaluations, s.Err, first[k] = m.X, m.Evaluations, err, m.Value
			if errors.Is(err, ErrNotConverged) || m.X != nil && ctx.Err() == nil {
				s.Err = nil // it need not converge if it is polished
			}
		}
		if s.Err == nil {
			x, value, used, err := polish(ctx, k, s.From)
			s.Evaluations += used
			s.Err = err
			if x != nil && !math.IsNaN(value) {
				s.To, s.Value = x, value
			}
		}
		mu.Lock()
		defer mu.Unlock()
		done++
		evaluations += s.Evaluations
		if s.To != nil && (leader < 0 || s.Value < starts[leader].Value) {
			leader = k
		}
		if g.Progress != nil && leader >= 0 {
			g.Progress(Progress{done, evaluations, starts[leader].Value, starts[leader].To})
		}
	})
	best := -1
	for k, s := range starts {
		if s.To != nil && (best < 0 || s.Value < starts[best].Value) {
			best = k
		}
	}
	if best < 0 {
		if cancelled != nil {
			return starts, -1, cancelled
		}
		return starts, -1, starts[0].Err
	}
	g.mark(starts, first, best, b)
	if cancelled != nil {
		return starts, best, cancelled
	}
	return starts, best, starts[best].Err
}

// search is one run of a global solver.
func (g Global) search(ctx context.Context, o Objective, x0 []float64, k int) (Minimum, error) {
	const enough = 500 // evaluations for each parameter
	n := len(o.Lower)
	seed := g.Seed + uint64(k)*0x9E3779B97F4A7C15
	if k > 0 {
		x0 = nil
	}
	if g.Search == ByEvolution {
		de := g.Evolution
		de.Seed, de.Workers = seed, 1
		if de.MaxEvaluations == 0 {
			de.MaxEvaluations = enough * n
		}
		if de.Tolerance == 0 {
			de.Tolerance = 1e-4
		}
		return de.Minimize(ctx, o, x0)
	}
	c := g.Covariance
	c.Seed, c.Workers = seed, 1
	if c.MaxEvaluations == 0 {
		c.MaxEvaluations = enough * n
	}
	if c.Tolerance == 0 {
		c.Tolerance = 1e-5
	}
	if c.Runs == 0 {
		c.Runs, c.Confirm = 1, 1
	}
	return c.Minimize(ctx, o, x0)
}

// mark says which starts led to the best minimum: to its place, or to its value, to six digits or as far as rounding lets tell it
// from the values where the starts began.
func (g Global) mark(starts Starts, first []float64, best int, b box) {
	const digits, place, floor = 1e-6, 1e-5, 1e-13
	var finite []float64
	for _, v := range first {
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			finite = append(finite, v)
		}
	}
	lead := starts[best]
	room := digits * math.Abs(lead.Value)
	if len(finite) > 0 {
		room = math.Max(room, floor*(median(finite)-lead.Value))
	}
	for k := range starts {
		s := &starts[k]
		if s.To == nil {
			continue
		}
		s.Best = s.Value-lead.Value <= room
		if !s.Best {
			s.Best = true
			for j, v := range s.To {
				s.Best = s.Best && math.Abs(v-lead.To[j]) <= place*(b.upper[j]-b.lower[j])
			}
		}
	}
}
