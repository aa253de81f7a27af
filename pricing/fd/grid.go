package fd

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
)

// Placement says how a grid treats a point at which it is dense.
type Placement int

// The placements.
const (
	Anywhere Placement = iota // nodes are dense about the point, but lie where they happen to
	OnNode                    // the point is a node, exactly
	Midway                    // the point lies in the middle of two nodes, measured along the grid's index
)

// Focus is a point at which a grid is dense.
type Focus struct {
	At float64
	// Width is the distance from the point at which the nodes begin to thin out, > 0: nearer they are about evenly spaced,
	// farther their spacing grows in proportion to the distance.
	Width  float64
	Weight float64 // share of the nodes relative to the other points'; 0 means 1
	Place  Placement
}

// Axis describes the nodes of one coordinate. The index of the nodes, as a function of the coordinate x, rises as
//
//	U(x) = Even·x/(High−Low) + Σ_k Weight_k·arsinh((x − At_k)/Width_k)
//
// which for one point is the transformation of Tavella and Randall, Pricing Financial Instruments (2000), chapter 5, and
// for several adds up their densities, so that the nodes follow from a closed form. A smooth monotone change of the index
// then brings the points that ask for it onto nodes, or midway between two. Neighbouring spacings differ little, so that
// central differences on the nodes keep their second order.
type Axis struct {
	Low, High float64 // the first and the last node
	Intervals int     // the number of nodes less one, at least 2
	Even      float64 // weight of an even spacing beside the points; with no points the grid is even whatever it is
	Focus     []Focus // in any order; those outside [Low, High] attract nodes but cannot be placed
	Every     int     // points to be placed go onto each Every-th node only, so that a coarser grid of those has them too; 0 means 1
}

// maxIntervals bounds the memory of one axis.
const maxIntervals = 1 << 24

// Validate checks the bounds, the number of intervals and the points.
func (a Axis) Validate() error {
	const fn = "fd.Axis"
	err := fault.First(fault.Finite(fn, "Low", a.Low), fault.Finite(fn, "High", a.High), fault.NonNegative(fn, "Even", a.Even))
	if err != nil {
		return err
	}
	if !(a.High > a.Low) {
		return fault.Arg(fn, "High", a.High, fmt.Sprintf("> Low = %g", a.Low))
	}
	if a.Intervals < 2 || a.Intervals > maxIntervals {
		return fault.Arg(fn, "Intervals", a.Intervals, fmt.Sprintf("from 2 to %d", maxIntervals))
	}
	if a.Every < 0 || a.Every > 1 && a.Intervals%a.Every != 0 {
		return fault.Arg(fn, "Every", a.Every, fmt.Sprintf("0 or a divisor of Intervals = %d", a.Intervals))
	}
	for i, f := range a.Focus {
		name := func(field string) string { return fmt.Sprintf("Focus[%d].%s", i, field) }
		switch {
		case f.At-f.At != 0:
			return fault.Arg(fn, name("At"), f.At, "finite")
		case !(f.Width > 0) || math.IsInf(f.Width, 1):
			return fault.Arg(fn, name("Width"), f.Width, "finite and > 0")
		case !(f.Weight >= 0) || math.IsInf(f.Weight, 1):
			return fault.Arg(fn, name("Weight"), f.Weight, "finite and >= 0")
		case f.Place < Anywhere || f.Place > Midway:
			return fault.Arg(fn, name("Place"), int(f.Place), "Anywhere, OnNode or Midway")
		case f.Place != Anywhere && (f.At < a.Low || f.At > a.High):
			return fault.Arg(fn, name("At"), f.At, fmt.Sprintf("in [%g, %g], to be placed in the grid", a.Low, a.High))
		}
	}
	return nil
}

// Nodes returns the Intervals+1 nodes, in rising order.
func (a Axis) Nodes() ([]float64, error) {
	x := make([]float64, max(a.Intervals+1, 0))
	if err := a.NodesTo(x); err != nil {
		return nil, err
	}
	return x, nil
}

// NodesTo writes the nodes to dst, whose length must be Intervals+1. It refuses points to be placed that are so close to each
// other or to an end that there is no node for each.
func (a Axis) NodesTo(dst []float64) error {
	if err := a.Validate(); err != nil {
		return err
	}
	n := a.Intervals
	if len(dst) != n+1 {
		return fault.Arg("fd.Axis", "len(dst)", len(dst), fmt.Sprintf("Intervals+1 = %d", n+1))
	}
	var room [8]Focus
	foci := append(room[:0], a.Focus...)
	for i := range foci {
		if foci[i].Weight == 0 {
			foci[i].Weight = 1
		}
	}
	even := a.Even / (a.High - a.Low)
	if len(foci) == 0 {
		even = 1 / (a.High - a.Low)
	}
	index := func(x float64) (u, slope float64) {
		u, slope = even*(x-a.Low), even
		for i := range foci {
			f := &foci[i]
			z := (x - f.At) / f.Width
			u += f.Weight * math.Asinh(z)
			slope += f.Weight / (f.Width * math.Sqrt(1+z*z))
		}
		return u, slope
	}
	u0, slope := index(a.Low)
	u1, _ := index(a.High)
	per := (u1 - u0) / float64(n)

	every := max(a.Every, 1)
	var storage [10]knot
	knots, err := a.knots(storage[:0], float64(n/every), func(x float64) float64 {
		u, _ := index(x)
		return (u - u0) / per / float64(every)
	})
	if err != nil {
		return err
	}
	for i := range knots {
		knots[i].index *= float64(every)
		knots[i].u *= float64(every)
	}
	// Node i solves U(x) = u0 + per·shift(i). Newton's iteration starts from the node before and a step along the slope.
	x := a.Low
	dst[0] = a.Low
	k := 0
	lower := a.Low
	for i := 1; i < n; i++ {
		for knots[k+1].index < float64(i) {
			k++
		}
		target := u0 + per*shifted(knots, k, float64(i))
		if knots[k+1].index == float64(i) && knots[k+1].exact {
			x = knots[k+1].at
			dst[i], lower = x, x
			_, slope = index(x)
			continue
		}
		switch {
		case len(foci) == 0:
			x = a.Low + (a.High-a.Low)*target
		case len(foci) == 1 && even == 0:
			f := &foci[0]
			x = f.At + f.Width*math.Sinh(target/f.Weight)
		default:
			x, slope = invert(index, target, x+per/slope, lower, a.High)
		}
		if !(x > lower && x < a.High) {
			return fault.Arg("fd.Axis", "Focus", a.Focus, "wider: the nodes run into each other")
		}
		dst[i], lower = x, x
	}
	dst[n] = a.High
	if !(dst[n] > dst[n-1]) {
		return fault.Arg("fd.Axis", "Focus", a.Focus, "wider: the nodes run into each other")
	}
	return nil
}

// invert solves index(x) = target by Newton's iteration kept inside (low, high).
func invert(index func(float64) (float64, float64), target, guess, low, high float64) (x, slope float64) {
	x = math.Min(math.Max(guess, low), high)
	for range 60 {
		u, s := index(x)
		slope = s
		if u > target {
			high = x
		} else {
			low = x
		}
		next := x - (u-target)/s
		if !(next > low && next < high) {
			next = 0.5 * (low + high)
		}
		if math.Abs(next-x) <= 1e-9*(math.Abs(next-low)+math.Abs(high-next))+1e-13*math.Abs(next) {
			return next, slope
		}
		x = next
	}
	return x, slope
}

// knot says that the node (or the middle of two) with that index takes the place u along the smooth index.
type knot struct {
	index, u, slope, at float64
	exact               bool
}

// knots brings the points to be placed to the nearest free nodes.
func (a Axis) knots(knots []knot, n float64, index func(float64) float64) ([]knot, error) {
	knots = append(knots, knot{at: a.Low}, knot{index: n, u: n, at: a.High})
	for i, f := range a.Focus {
		if f.Place == Anywhere || f.At == a.Low && f.Place == OnNode || f.At == a.High && f.Place == OnNode {
			continue
		}
		twin := false
		for j := range knots {
			if j > 1 && knots[j].at == f.At {
				if knots[j].exact != (f.Place == OnNode) {
					return nil, fault.Arg("fd.Axis", fmt.Sprintf("Focus[%d].Place", i), int(f.Place), "one placement for one point")
				}
				twin = true
			}
		}
		if twin {
			continue
		}
		u := index(f.At)
		at := math.Round(u)
		if f.Place == Midway {
			at = math.Floor(u) + 0.5
		}
		knots = append(knots, knot{index: at, u: u, at: f.At, exact: f.Place == OnNode})
	}
	slices.SortFunc(knots, func(p, q knot) int { return cmp.Compare(p.at, q.at) })
	// Points that round to one node move apart, from the left and then from the right.
	last := len(knots) - 1
	apart := func(p, q knot) float64 { // a node, or the middle of two, needs a node on either side
		if p.exact != q.exact || p.at == a.Low || q.at == a.High {
			if !p.exact && p.at != a.Low || !q.exact && q.at != a.High {
				return 0.5
			}
		}
		return 1
	}
	for i := 1; i < last; i++ {
		if need := knots[i-1].index + apart(knots[i-1], knots[i]); knots[i].index < need {
			knots[i].index = need
		}
	}
	for i := last - 1; i > 0; i-- {
		if most := knots[i+1].index - apart(knots[i], knots[i+1]); knots[i].index > most {
			knots[i].index = most
		}
		if knots[i].index <= knots[i-1].index {
			return nil, fault.Arg("fd.Axis", "Intervals", a.Intervals, "more, so that every point to be placed has a node")
		}
	}
	if last > 0 && knots[1].index <= 0 {
		return nil, fault.Arg("fd.Axis", "Intervals", a.Intervals, "more, so that every point to be placed has a node")
	}
	slopes(knots)
	return knots, nil
}

// slopes fills the derivatives of the monotone cubic through the knots (Fritsch and Carlson 1980, with the harmonic mean of
// Fritsch and Butland 1984).
func slopes(k []knot) {
	last := len(k) - 1
	secant := func(i int) float64 { return (k[i+1].u - k[i].u) / (k[i+1].index - k[i].index) }
	if last == 1 {
		k[0].slope, k[1].slope = secant(0), secant(0)
		return
	}
	for i := 1; i < last; i++ {
		left, right := secant(i-1), secant(i)
		hl, hr := k[i].index-k[i-1].index, k[i+1].index-k[i].index
		k[i].slope = 3 * (hl + hr) / ((2*hr+hl)/left + (hr+2*hl)/right)
	}
	k[0].slope = math.Min(1.5*secant(0)-0.5*k[1].slope, 3*secant(0))
	k[last].slope = math.Min(1.5*secant(last-1)-0.5*k[last-1].slope, 3*secant(last-1))
	k[0].slope, k[last].slope = math.Max(k[0].slope, 0.1*secant(0)), math.Max(k[last].slope, 0.1*secant(last-1))
}

// shifted is the smooth index of node i, which lies between knots k and k+1.
func shifted(knots []knot, k int, i float64) float64 {
	p, q := &knots[k], &knots[k+1]
	h := q.index - p.index
	t := (i - p.index) / h
	s := 1 - t
	return s*s*((1+2*t)*p.u+t*h*p.slope) + t*t*((1+2*s)*q.u-s*h*q.slope)
}
