package surface

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
)

// ErrNotRepaired is what every [RepairError] unwraps to.
var ErrNotRepaired = errors.New("prices could not be repaired")

// RepairError says how far a repair came that did not reach its tolerance. It is an [ErrNotRepaired].
type RepairError struct {
	Label  string // of the expiry with the worst breach left
	Worst  Breached
	Rounds int
	Gap    float64 // not 0: the prices are free of arbitrage but may cost this much more than the least
}

// Error names the worst quote.
func (e *RepairError) Error() string {
	if e.Gap != 0 {
		return fmt.Sprintf("surface: RepairCalls: after %d rounds the prices may cost %.3g more than the least", e.Rounds, e.Gap)
	}
	return fmt.Sprintf("surface: RepairCalls: after %d rounds expiry %d (%s), quote %d still allows a %v worth %.3g",
		e.Rounds, e.Worst.Point.Expiry, e.Label, e.Worst.Point.Index, e.Worst.Kind, e.Worst.Size)
}

// Unwrap makes errors.Is(err, ErrNotRepaired) true.
func (e *RepairError) Unwrap() error { return ErrNotRepaired }

// RepairObjective is what a repair keeps small. Changes are measured per unit of discounted forward.
type RepairObjective uint8

// The objectives. The first two change few quotes, the last spreads the change.
const (
	// BidAskCost is ℓ1-BA of Cohen, Reisinger and Wang (2020): a change beyond the bid or the ask costs one for
	// one, and a change up to either costs δ₀ = min(1/N, least distance from a price to its bid or ask), or at least a
	// ten-thousandth of the change, so that the answer remains determined. Quotes without bid and ask cost as in AbsoluteCost.
	BidAskCost   RepairObjective = iota
	AbsoluteCost                 // the sum of the changes
	SquaredCost                  // half the sum of the squares of the changes; the answer is unique
	numRepairObjectives
)

var repairObjectiveNames = [numRepairObjectives]string{"bid-ask cost", "absolute cost", "squared cost"}

// String names the objective.
func (o RepairObjective) String() string {
	if int(o) < len(repairObjectiveNames) {
		return repairObjectiveNames[o]
	}
	return fmt.Sprintf("RepairObjective(%d)", uint8(o))
}

// RepairSettings are the settings of [RepairCalls]. The zero value is ready.
type RepairSettings struct {
	Objective RepairObjective
	Tolerance float64 // breach that may remain, per unit of discounted forward; 0 means 1e-10
	Rounds    int     // most times that constraints are added; 0 means 60
}

// QuoteChange is one quote that a repair moved.
type QuoteChange struct {
	Point         CallPoint
	Strike        float64
	Before, After float64 // in money
	OutsideSpread bool    // the new price is below the bid or above the ask
}

// RepairReport says what a repair found and did.
type RepairReport struct {
	Found       []Breached    // in the prices as given
	Changes     []QuoteChange // in order of expiries and strikes
	Outside     int           // changes that leave the bid-ask
	Cost        float64       // the objective, per unit of discounted forward (squared for SquaredCost)
	Gap         float64       // how far Cost may be above the least, by the dual programme
	Worst       float64       // largest breach left, per unit of discounted forward
	Constraints int           // in the last programme
	Rounds      int           // programmes solved
	Iterations  int           // of the interior-point method, all rounds together
}

// RepairCalls returns the prices free of static arbitrage that are nearest to those given: across strikes and expiries,
// of all six kinds, see [Breach]. Prices that [CheckCalls] finds clean come back as they are, bit for bit. Expiries are
// in rising order; bids and asks come back unchanged, also where a price leaves them.
//
// The set of constraints of the paper grows as the product of all quotes and the expiries after them. Here a programme
// starts with those between neighbours in strike and in expiry, and takes in the others only when its answer breaks
// them; [CheckCalls] is the judge, so the answer is that of the whole set. Each programme is solved by an interior-point
// method on the sparse normal equations. A dense simplex, such as gonum's, stores every coefficient and serves up to a
// few hundred quotes; a listed chain has thousands.
//
// The cost is within a ten-thousandth of the least, usually within 1e-8; RepairReport.Gap bounds it. If that or the
// tolerance is not reached the error is a [RepairError] and the best prices found are returned with it.
func RepairCalls(ctx context.Context, calls []Calls, set RepairSettings) ([]Calls, RepairReport, error) {
	const fn = "surface.RepairCalls"
	l, err := newCallLattice(calls)
	if err == nil && set.Objective >= numRepairObjectives {
		err = fault.Arg(fn, "Objective", set.Objective, "one of the objectives")
	}
	if err == nil {
		err = fault.NonNegative(fn, "Tolerance", set.Tolerance)
	}
	if err == nil && set.Rounds < 0 {
		err = fault.Arg(fn, "Rounds", set.Rounds, ">= 0")
	}
	if err != nil {
		return nil, RepairReport{}, err
	}
	if set.Rounds == 0 {
		set.Rounds = 60
	}
	set.Tolerance = repairTolerance(set.Tolerance)

	out := make([]Calls, len(calls))
	for i, c := range calls {
		c.Price = append([]float64(nil), c.Price...)
		out[i] = c
	}
	report := RepairReport{Found: l.breaches(l.c, set.Tolerance)}
	if len(report.Found) == 0 {
		for _, x := range l.separate(nil, l.c, 0) {
			report.Worst = max(report.Worst, x.size)
		}
		return out, report, nil
	}
	r := newRepairer(calls, l, &set)
	c, err := r.run(ctx, &report)
	if e := new(RepairError); errors.As(err, &e) && e.Gap == 0 {
		e.Label = calls[e.Worst.Point.Expiry].Label
	}
	if c == nil {
		return nil, report, err
	}
	for i, x := range c {
		if x == l.c[i] {
			continue
		}
		p := l.point(int32(i))
		from, to := &calls[p.Expiry], &out[p.Expiry]
		after := x * l.unit[p.Expiry]
		to.Price[p.Index] = after
		change := QuoteChange{Point: p, Strike: from.Strike[p.Index], Before: from.Price[p.Index], After: after}
		if from.Bid != nil {
			slack := set.Tolerance * l.unit[p.Expiry]
			change.OutsideSpread = after < from.Bid[p.Index]-slack || after > from.Ask[p.Index]+slack
		}
		if change.OutsideSpread {
			report.Outside++
		}
		report.Changes = append(report.Changes, change)
	}
	return out, report, err
}

// repairer holds the programme of one repair. Its variables are the changes of the prices in units of scale, and for the
// objectives that are not smooth one more for the cost of each.
type repairer struct {
	l      *callLattice
	set    *RepairSettings
	scale  float64
	weight []float64
	lines  [][]costLine // of each quote; nil for SquaredCost
	cuts   []spreadCut
	seen   map[[3]int32]bool
}

// costLine is a lower bound slope·x + level on the cost of a change x.
type costLine struct{ slope, level float64 }

func newRepairer(calls []Calls, l *callLattice, set *RepairSettings) *repairer {
	n := len(l.k)
	r := &repairer{l: l, set: set, weight: make([]float64, n), seen: map[[3]int32]bool{}}
	below, above := make([]float64, n), make([]float64, n)
	least := math.Inf(1)
	for i := range n {
		p := l.point(int32(i))
		c, unit := &calls[p.Expiry], l.unit[p.Expiry]
		r.weight[i] = 1
		if c.Weight != nil {
			r.weight[i] = c.Weight[p.Index]
		}
		if c.Bid != nil {
			below[i] = max(0, c.Price[p.Index]-c.Bid[p.Index]) / unit
			above[i] = max(0, c.Ask[p.Index]-c.Price[p.Index]) / unit
			for _, d := range []float64{below[i], above[i]} {
				if d > 0 {
					least = min(least, d)
				}
			}
		}
	}
	cuts := l.separate(nil, l.c, set.Tolerance)
	for _, x := range cuts {
		r.scale = max(r.scale, x.size)
	}
	r.neighbours()
	r.take(cuts)
	if set.Objective == SquaredCost {
		return r
	}
	edge := min(1/float64(n), least)
	r.lines = make([][]costLine, n)
	for i := range n {
		w := r.weight[i]
		if set.Objective == AbsoluteCost {
			r.lines[i] = []costLine{{-w, 0}, {w, 0}}
			continue
		}
		for side, d := range []float64{below[i], above[i]} {
			sign := w * float64(2*side-1)
			const leastSlope = 1e-4
			at := max(edge, leastSlope*d)
			if d <= at {
				r.lines[i] = append(r.lines[i], costLine{sign, 0})
				continue
			}
			r.lines[i] = append(r.lines[i], costLine{sign * at / d, 0}, costLine{sign, w * (at - d) / r.scale})
		}
	}
	return r
}

// neighbours takes the constraints between a quote and those beside it in its own expiry and in the next.
func (r *repairer) neighbours() {
	l := r.l
	for e := range len(l.first) - 1 {
		from, to := l.first[e], l.first[e+1]
		next, end := to, to
		if e+2 < len(l.first) {
			end = l.first[e+2]
		}
		for j := from; j < to; j++ {
			left, right := int32(j-1), int32(j+1)
			if j == from {
				left = -1
			}
			if j+1 == to {
				right = absent
			}
			r.take([]spreadCut{{point: int32(j), left: absent, right: absent}, {point: int32(j), left: left, right: right}})
			if end == to {
				continue
			}
			for next < end && l.k[next] < l.k[j] {
				next++
			}
			switch {
			case next < end && l.k[next] == l.k[j]:
				left, right = int32(next), absent
			case next == end:
				left, right = int32(end-1), absent
			case next == to:
				left, right = -1, int32(next)
			default:
				left, right = int32(next-1), int32(next)
			}
			r.take([]spreadCut{{point: int32(j), left: left, right: right}})
		}
	}
}

// take adds the constraints that are not yet there and returns their number.
func (r *repairer) take(cuts []spreadCut) (added int) {
	for _, x := range cuts {
		key := [3]int32{x.point, x.left, x.right}
		if !r.seen[key] {
			r.seen[key] = true
			r.cuts = append(r.cuts, x)
			added++
		}
	}
	return added
}

// row states a cut on the changes of prices.
func (r *repairer) row(x spreadCut) sparseRow {
	l := r.l
	row := sparseRow{index: []int32{x.point}}
	if x.left == absent { // c ≥ max(1−k, 0)
		row.a[0] = 1
		row.bound = (max(1-l.k[x.point], 0) - l.c[x.point]) / r.scale
		return row
	}
	row.a[0] = -1
	bound := l.c[x.point]
	leg := func(i int32, share float64) {
		if i < 0 {
			bound -= share
			return
		}
		row.a[len(row.index)] = share
		row.index = append(row.index, i)
		bound -= share * l.c[i]
	}
	if x.right == absent {
		leg(x.left, 1)
	} else {
		left := 0.0
		if x.left >= 0 {
			left = l.k[x.left]
		}
		u := (l.k[x.point] - left) / (l.k[x.right] - left)
		leg(x.left, 1-u)
		leg(x.right, u)
	}
	row.bound = bound / r.scale
	return row
}

func (r *repairer) programme() *quadratic {
	n := len(r.l.k)
	m := &quadratic{}
	if r.lines == nil {
		m.q, m.g = append([]float64(nil), r.weight...), make([]float64, n)
	} else {
		m.q, m.g = make([]float64, 2*n), make([]float64, 2*n)
		for i, lines := range r.lines {
			m.g[n+i] = 1
			for _, line := range lines {
				m.rows = append(m.rows, sparseRow{
					index: []int32{int32(i), int32(n + i)}, a: [3]float64{-line.slope, 1}, bound: line.level,
				})
			}
		}
	}
	for _, x := range r.cuts {
		m.rows = append(m.rows, r.row(x))
	}
	return m
}

// run solves, looks for what the answer breaks, and solves again. It returns the prices, normalised.
func (r *repairer) run(ctx context.Context, report *RepairReport) ([]float64, error) {
	l, tolerance := r.l, r.set.Tolerance
	n := len(l.k)
	// A tenth of the tolerance is for the misses of the rows, a tenth for small changes that are dropped.
	drop := 0.1 * tolerance
	// The share of its cost by which an answer may miss the least.
	const gapShare = 1e-4
	c := make([]float64, n)
	for {
		report.Rounds++
		m := r.programme()
		report.Constraints = len(r.cuts)
		got, err := m.solve(ctx, min(0.1*tolerance/r.scale, 1e-7), 1e-11)
		report.Iterations += got.iterations
		if err != nil {
			return nil, err
		}
		unit := r.scale
		if r.lines == nil {
			unit *= r.scale
		}
		size := 0.0
		for _, x := range got.x {
			size += math.Abs(x)
		}
		report.Gap = (got.gap*float64(len(m.rows)) + got.dual*size) * unit
		report.Cost = 0
		for i := range c {
			change := got.x[i] * r.scale
			c[i] = l.c[i]
			if math.Abs(change) > drop {
				c[i] += change
				report.Cost += r.cost(i, change)
			}
		}
		cuts := l.separate(nil, c, 0)
		report.Worst = 0
		for _, x := range cuts {
			report.Worst = max(report.Worst, x.size)
		}
		cuts = slices.DeleteFunc(cuts, func(x spreadCut) bool { return !(x.size > 0.5*tolerance) })
		if report.Worst <= tolerance {
			if report.Gap > gapShare*report.Cost+tolerance {
				return c, &RepairError{Rounds: report.Rounds, Gap: report.Gap}
			}
			return c, nil
		}
		if r.take(cuts) == 0 || report.Rounds >= r.set.Rounds {
			worst := cuts[0]
			for _, x := range cuts {
				if x.size > worst.size {
					worst = x
				}
			}
			b := l.describe(worst)
			return c, &RepairError{Worst: b, Rounds: report.Rounds}
		}
	}
}

// cost is what a change of one price costs.
func (r *repairer) cost(i int, change float64) float64 {
	if r.lines == nil {
		return 0.5 * r.weight[i] * change * change
	}
	most := 0.0
	for _, line := range r.lines[i] {
		most = max(most, line.slope*change+line.level*r.scale)
	}
	return most
}
