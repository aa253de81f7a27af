package surface

import "math"

// Grid says where [CheckArbitrage] looks. The zero value is 400 points from k = −1.5 to 1, at every pillar of the surface
// and midway between pillars, also half way to the first and half again as far as the last.
type Grid struct {
	KMin, KMax float64   // both 0 means −1.5 and 1
	Points     int       // 0 means 400
	Times      []float64 // expiries in rising order; nil means the default above
	Tolerance  float64   // what rounding may cost: 0 means 1e-12, or 1e-6 if derivatives are taken numerically
}

// Violation is the worst point of one kind.
type Violation struct {
	K, T  float64
	Value float64 // g there, or the relative fall of w; 0 if nothing was found
}

// ArbitrageReport counts the points of a grid at which a surface admits arbitrage.
type ArbitrageReport struct {
	Points    int // points checked
	Butterfly int // points with g < 0, see [Slice.Durrleman], or with w that is not a positive number
	Calendar  int // points with ∂w/∂t < 0, or with w below its value at the expiry before

	WorstButterfly, WorstCalendar Violation
}

// Free reports whether no violation was found.
func (r ArbitrageReport) Free() bool { return r.Butterfly == 0 && r.Calendar == 0 }

// defaultTimes serves a surface that does not name its pillars.
var defaultTimes = []float64{1. / 365, 1. / 52, 1. / 12, 0.25, 0.5, 1, 2, 3}

// CheckArbitrage looks for butterfly and calendar arbitrage on a grid. Derivatives are analytic if tv is
// [Differentiable] and central differences with a step of 1e-4 in k otherwise.
func CheckArbitrage(tv TotalVariance, grid Grid) ArbitrageReport {
	if grid.KMin == 0 && grid.KMax == 0 {
		grid.KMin, grid.KMax = -1.5, 1
	}
	if grid.Points <= 0 {
		grid.Points = 400
	}
	d, analytic := tv.(Differentiable)
	if grid.Tolerance == 0 {
		grid.Tolerance = 1e-12
		if !analytic {
			grid.Tolerance = 1e-6
		}
	}
	times := grid.Times
	if times == nil {
		times = defaultTimes
		if p, ok := tv.(interface{ Pillars() []float64 }); ok {
			times = withMidpoints(p.Pillars())
		}
	}
	var r ArbitrageReport
	before := make([]float64, grid.Points)
	for i, t := range times {
		for j := range grid.Points {
			k := grid.KMin
			if grid.Points > 1 {
				k += (grid.KMax - grid.KMin) * float64(j) / float64(grid.Points-1)
			}
			var w, wk, wkk, wt float64
			if analytic {
				w, wk, wkk, wt = d.Derivatives(k, t)
			} else {
				w, wk, wkk = bumped(tv, k, t)
			}
			r.Points++
			if g := durrleman(k, w, wk, wkk); !(g >= -grid.Tolerance && w > 0) {
				r.Butterfly++
				if r.Butterfly == 1 || g < r.WorstButterfly.Value {
					r.WorstButterfly = Violation{k, t, g}
				}
			}
			fall := 0.0
			if i > 0 {
				fall = (before[j] - w) / w
			}
			fall = math.Max(fall, -wt*t/w)
			if !(fall <= grid.Tolerance) {
				r.Calendar++
				if r.Calendar == 1 || fall > r.WorstCalendar.Value {
					r.WorstCalendar = Violation{k, t, fall}
				}
			}
			before[j] = w
		}
	}
	return r
}

func bumped(tv TotalVariance, k, t float64) (w, wk, wkk float64) {
	const h = 1e-4
	down, up := tv.TotalVariance(k-h, t), tv.TotalVariance(k+h, t)
	w = tv.TotalVariance(k, t)
	return w, (up - down) / (2 * h), (up - 2*w + down) / (h * h)
}

func withMidpoints(pillars []float64) []float64 {
	var times []float64
	last := 0.0
	for _, t := range pillars {
		times = append(times, 0.5*(last+t), t)
		last = t
	}
	return append(times, 1.5*last)
}
