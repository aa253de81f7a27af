package model

import (
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

// Simulable is the capability of a model that makes its own paths for Monte Carlo simulation. The models of this package
// are simulated without it, by the schemes of package mc; a model from elsewhere becomes simulable by these methods.
type Simulable interface {
	pricing.Model
	// DiscountFactor returns today's value of 1 paid at t.
	DiscountFactor(t float64) float64
	// Simulate prepares the simulation of the prices at the given times, which are strictly rising and >= 0. A scheme with an
	// error in time takes steps of at most maxStep years, or of its own choice if maxStep is 0; [StepGrid] lays them.
	Simulate(times []float64, maxStep float64) (Simulation, error)
}

// Simulation makes blocks of paths at the times that it was prepared for. It never changes once made and is safe for
// concurrent use.
type Simulation interface {
	// Layout says what the simulation takes and gives. The caller must not change it.
	Layout() Layout
	// PathsTo writes the prices of a block of paths, made of its random numbers. It allocates nothing, and does not change
	// the random numbers. Path j depends on row j of the columns alone.
	PathsTo(b *PathBlock)
}

// Layout is what a [Simulation] takes and gives.
type Layout struct {
	Assets   int       // >= 1
	Steps    []float64 // the ends of its time steps, strictly rising, > 0, the first step from time 0; empty if all is known now
	Factors  int       // standard normals of each step, each of which drives one Brownian motion from step to step
	Uniforms int       // uniforms of each step
	Scratch  int       // columns of scratch memory
	Variance bool      // whether it can fill PathBlock.Variance
	Rates    bool      // whether it fills PathBlock.Discount, because rates are random
	States   int       // what drives a price beside itself and time, such as its variance, and PathBlock.State can tell
	Resumes  bool      // whether it can go on from a later time, see PathBlock.From
}

// PathBlock is a block of paths by column, each as long as there are paths.
type PathBlock struct {
	// Normals[k·Factors+f] are the independent standard normals of factor f in step k, Uniforms[k·Layout.Uniforms+u] uniforms
	// in (0, 1).
	Normals, Uniforms [][]float64
	// Spot[i·Assets+a] receives the prices of asset a at the i-th of the times that the simulation was prepared for.
	Spot [][]float64
	// Variance[i·Assets+a], if Variance is not nil, receives the variance of the Brownian motion that led the logarithm of the
	// price from the time before (or now) to the i-th, the prices at both ends being known.
	Variance [][]float64
	// Discount[i] receives the discount factor from the i-th time, if rates are random.
	Discount [][]float64
	// State[i·States+s], if State is not nil, receives the s-th of what drives the prices from the i-th time on, beside the prices.
	State [][]float64
	// From, if it is positive, says that paths go on where they are: Spot and State hold what they are at the time before the
	// From-th, and only what comes later is written, of the random numbers of the steps that come later.
	From int
	// Until, if it is positive, says that nobody looks at the Until-th time and those after it.
	Until int
	// Scratch holds Layout.Scratch columns of undefined content.
	Scratch [][]float64
	// Key is different for every block of a simulation. Schemes that need a random number of random numbers, such as those that
	// reject some, make a generator of their own from it.
	Key [2]uint64
	// Done, if it is not nil, is closed when nobody waits for the block any more. A simulation that takes longer than some
	// milliseconds looks at it between steps, see [PathBlock.Stopped], and returns with the block unfinished.
	Done <-chan struct{}
}

// Stopped reports whether nobody waits for the block any more.
func (b *PathBlock) Stopped() bool {
	select {
	case <-b.Done:
		return true
	default:
		return false
	}
}

// Range returns the times that are to be written, those from the first to before the second, of n.
func (b *PathBlock) Range(n int) (from, until int) {
	if b.Until > 0 && b.Until < n {
		n = b.Until
	}
	return b.From, n
}

// StepGrid lays time steps of at most maxStep (any length if it is not positive) so that every time of times and every stop
// before the last of them ends one. Between two of these all steps are equal. at[i] is the number of steps until times[i].
func StepGrid(times, stops []float64, maxStep float64) (steps []float64, at []int) {
	at = make([]int, len(times))
	if len(times) == 0 {
		return nil, at
	}
	last := times[len(times)-1]
	ends := slices.Clone(times)
	for _, s := range stops {
		if s > 0 && s < last {
			ends = append(ends, s)
		}
	}
	slices.Sort(ends)
	from, i := 0.0, 0
	for _, end := range ends {
		if end > from {
			n := 1
			if maxStep > 0 {
				n = int(math.Ceil((end - from) / maxStep * (1 - 1e-12)))
			}
			for k := 1; k < n; k++ {
				steps = append(steps, from+(end-from)*float64(k)/float64(n))
			}
			steps = append(steps, end)
			from = end
		}
		for i < len(times) && times[i] <= from {
			at[i] = len(steps)
			i++
		}
	}
	return steps, at
}

// CheckTimes returns an error unless times are finite, >= 0 and strictly rising, and there is at least one.
func CheckTimes(fn, arg string, times []float64) error {
	if len(times) == 0 {
		return fault.Arg(fn, arg, "empty", "at least one time")
	}
	last := math.Inf(-1)
	for i, t := range times {
		if !(t >= 0) || math.IsInf(t, 1) {
			return fault.Arg(fn, fmt.Sprintf("%s[%d]", arg, i), t, "finite and >= 0")
		}
		if !(t > last) {
			return fault.Arg(fn, fmt.Sprintf("%s[%d]", arg, i), t, fmt.Sprintf("> %g, the time before it", last))
		}
		last = t
	}
	return nil
}
