package surface

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

// Calls is the prices of the calls of one expiry by column, in rising order of strike: what [CheckCalls] looks at and
// [RepairCalls] changes. Prices are in money, discounted, of European options.
type Calls struct {
	Label    string  // names the expiry in messages
	Tau      float64 // years to expiry, > 0
	Forward  float64 // > 0
	Discount float64 // > 0

	Strike []float64 // > 0, rising
	Price  []float64 // any finite number: a price out of bounds is found and repaired

	Bid, Ask []float64 // nil if unknown; a price outside them has no room on that side
	Weight   []float64 // what a change of one costs relative to the others, > 0; nil means 1
}

// Validate checks the columns and the order of the strikes. It does not look for arbitrage: [CheckCalls] does.
func (c *Calls) Validate() error {
	const fn = "surface.Calls"
	err := fault.First(
		fault.Positive(fn, "Tau", c.Tau), fault.Positive(fn, "Forward", c.Forward), fault.Positive(fn, "Discount", c.Discount),
	)
	if err != nil {
		return err
	}
	n := len(c.Strike)
	if n == 0 {
		return fault.Arg(fn, "len(Strike)", 0, "at least one quote")
	}
	if len(c.Price) != n {
		return fault.Arg(fn, "len(Price)", len(c.Price), fmt.Sprintf("%d, as many as strikes", n))
	}
	for _, column := range []struct {
		name  string
		value []float64
	}{{"Bid", c.Bid}, {"Ask", c.Ask}, {"Weight", c.Weight}} {
		if column.value != nil && len(column.value) != n {
			return fault.Arg(fn, "len("+column.name+")", len(column.value), fmt.Sprintf("0 or %d", n))
		}
	}
	if (c.Bid == nil) != (c.Ask == nil) {
		return fault.Arg(fn, "Bid and Ask", "one without the other", "both or neither")
	}
	finite := func(v float64) bool { return math.Abs(v) < math.Inf(1) }
	for i := range n {
		at := func(name string) string { return fmt.Sprintf("%s[%d]", name, i) }
		switch {
		case !(c.Strike[i] > 0 && finite(c.Strike[i])):
			return fault.Arg(fn, at("Strike"), c.Strike[i], "finite and > 0")
		case i > 0 && !(c.Strike[i] > c.Strike[i-1]):
			return fault.Arg(fn, at("Strike"), c.Strike[i], fmt.Sprintf("above the one before it, %v", c.Strike[i-1]))
		case !finite(c.Price[i]):
			return fault.Arg(fn, at("Price"), c.Price[i], "finite")
		case c.Bid != nil && !(c.Bid[i] <= c.Ask[i] && finite(c.Bid[i]) && finite(c.Ask[i])):
			return fault.Arg(fn, at("Bid"), c.Bid[i], fmt.Sprintf("finite and not above a finite ask, %v", c.Ask[i]))
		case c.Weight != nil && !(c.Weight[i] > 0 && finite(c.Weight[i])):
			return fault.Arg(fn, at("Weight"), c.Weight[i], "finite and > 0")
		}
	}
	return nil
}

// Calls returns the call prices of the smile at its mid volatilities, between those of bid and ask. A bid without a
// volatility is a price at the intrinsic value. Strikes quoted twice are kept once.
func (s *Smile) Calls() Calls {
	c := Calls{Label: s.Label, Tau: s.Tau, Forward: s.Forward, Discount: s.Discount}
	price := func(strike, vol float64) float64 {
		return black.Black76{
			Right: pricing.Call, Forward: s.Forward, Strike: strike, Vol: vol, Tau: s.Tau, Discount: s.Discount,
		}.Price()
	}
	for i, k := range s.Strike {
		if n := len(c.Strike); n > 0 && !(k > c.Strike[n-1]) {
			continue
		}
		mid := price(k, s.Mid[i])
		bid := price(k, 0)
		if s.Bid[i] > 0 {
			bid = price(k, s.Bid[i])
		}
		c.Strike, c.Price = append(c.Strike, k), append(c.Price, mid)
		c.Bid, c.Ask = append(c.Bid, min(bid, mid)), append(c.Ask, max(price(k, s.Ask[i]), mid))
	}
	return c
}

// Breach is one of the six kinds of static arbitrage between calls.
type Breach uint8

// The kinds, as in Cohen, Reisinger and Wang (2020), arXiv:2008.09454. Prices are forwards of calls per unit of forward,
// c = C/(D·F), at strikes per unit of forward, k = K/F; at k = 0 stands the forward itself, c = 1.
const (
	OutrightBreach          Breach = iota // a price below zero
	VerticalBreach                        // a price above one at a lower strike, or below 1 − k
	ButterflyBreach                       // a price above the chord between two of its own expiry
	CalendarBreach                        // a price above that of a later expiry at the same k
	CalendarVerticalBreach                // a price above one of a later expiry at a lower k
	CalendarButterflyBreach               // a price above a chord with an end at a later expiry
	numBreaches
)

var breachNames = [numBreaches]string{
	"outright", "vertical spread", "butterfly", "calendar spread", "calendar vertical spread", "calendar butterfly",
}

// String names the spread that makes money.
func (b Breach) String() string {
	if int(b) < len(breachNames) {
		return breachNames[b]
	}
	return fmt.Sprintf("Breach(%d)", uint8(b))
}

// CallPoint is a quote by the index of its expiry and of its strike. Expiry −1 is the forward itself, the call of strike
// zero; it stands also for the absent leg of a spread with fewer legs.
type CallPoint struct{ Expiry, Index int }

// Breached is one quote that allows static arbitrage with the legs named.
type Breached struct {
	Kind        Breach
	Point       CallPoint // the quote that is too dear, or below its bound
	Left, Right CallPoint // the quotes below and above it in k; Right is absent in a vertical spread
	Size        float64   // by how much, in money of the quote's expiry, > 0
	Relative    float64   // by how much, per unit of discounted forward, > 0
}

// callLattice is the quotes of all expiries in normalised units, in one row after the other.
type callLattice struct {
	first  []int // of each expiry, and one more
	expiry []int32
	k, c   []float64
	unit   []float64 // D·F of each expiry
}

func newCallLattice(calls []Calls) (*callLattice, error) {
	const fn = "surface.Calls"
	if len(calls) == 0 {
		return nil, fault.Arg(fn, "len(calls)", 0, "at least one expiry")
	}
	l := &callLattice{}
	for i := range calls {
		x := &calls[i]
		if err := x.Validate(); err != nil {
			return nil, fmt.Errorf("surface: expiry %d (%s): %w", i, x.Label, err)
		}
		if i > 0 && !(x.Tau > calls[i-1].Tau) {
			return nil, fault.Arg(fn, fmt.Sprintf("Tau of expiry %d (%s)", i, x.Label), x.Tau,
				fmt.Sprintf("above that of the expiry before it, %v", calls[i-1].Tau))
		}
		l.first = append(l.first, len(l.k))
		unit := x.Discount * x.Forward
		l.unit = append(l.unit, unit)
		for j := range x.Strike {
			l.expiry = append(l.expiry, int32(i))
			l.k, l.c = append(l.k, x.Strike[j]/x.Forward), append(l.c, x.Price[j]/unit)
		}
	}
	l.first = append(l.first, len(l.k))
	return l, nil
}

// hullPoint is a vertex of a lower hull; index −1 is the forward at k = 0.
type hullPoint struct {
	k, c  float64
	index int32
}

// spreadCut is a constraint that prices c break: the one on point against the chord from left to right, or against left alone
// if right is below −1, or against its lower bound if left is.
type spreadCut struct {
	point, left, right int32
	size               float64
}

const absent = -2

// separate appends to dst, for each price that admits static arbitrage by more than tolerance, the spread in which it
// admits the most. Prices admit none if and only if each lies above its lower bound max(1−k, 0) and not above the lower
// convex, falling hull of the prices of its own and all later expiries and the forward (Cousot 2007, Davis and Hobson
// 2007): then the hulls are themselves the prices of calls of all strikes. So one pass from the last expiry to the first
// covers all six kinds, for any number of legs, without listing them.
func (l *callLattice) separate(dst []spreadCut, c []float64, tolerance float64) []spreadCut {
	hull := []hullPoint{{0, 1, -1}}
	var merged []hullPoint
	for e := len(l.first) - 2; e >= 0; e-- {
		from, to := l.first[e], l.first[e+1]
		merged = merged[:0]
		h := 0
		for j := from; j < to || h < len(hull); {
			if j == to || (h < len(hull) && hull[h].k <= l.k[j]) {
				merged = append(merged, hull[h])
				h++
			} else {
				merged = append(merged, hullPoint{l.k[j], c[j], int32(j)})
				j++
			}
		}
		hull = lowerHull(hull[:0], merged)
		h = 0
		for j := from; j < to; j++ {
			k := l.k[j]
			if low := max(1-k, 0); low-c[j] > tolerance {
				dst = append(dst, spreadCut{int32(j), absent, absent, low - c[j]})
			}
			for h+1 < len(hull) && hull[h+1].k <= k {
				h++
			}
			at, right := hull[h].c, int32(absent)
			if hull[h].k < k && h+1 < len(hull) {
				u := (k - hull[h].k) / (hull[h+1].k - hull[h].k)
				at, right = (1-u)*at+u*hull[h+1].c, hull[h+1].index
			}
			if size := c[j] - at; size > tolerance && hull[h].index != int32(j) {
				dst = append(dst, spreadCut{int32(j), hull[h].index, right, size})
			}
		}
	}
	return dst
}

// lowerHull appends the falling part of the lower convex hull of points in order of k to dst.
func lowerHull(dst, points []hullPoint) []hullPoint {
	for _, p := range points {
		if n := len(dst); n > 0 && p.k == dst[n-1].k {
			if p.c >= dst[n-1].c {
				continue
			}
			dst = dst[:n-1]
		}
		for n := len(dst); n >= 2; n-- {
			a, b := dst[n-2], dst[n-1]
			if (b.c-a.c)*(p.k-b.k) < (p.c-b.c)*(b.k-a.k) {
				break
			}
			dst = dst[:n-1]
		}
		dst = append(dst, p)
	}
	for n := len(dst); n >= 2 && dst[n-1].c >= dst[n-2].c; n-- {
		dst = dst[:n-1]
	}
	return dst
}

func (l *callLattice) point(i int32) CallPoint {
	if i < 0 {
		return CallPoint{Expiry: -1}
	}
	e := int(l.expiry[i])
	return CallPoint{e, int(i) - l.first[e]}
}

// describe turns a cut into what a caller can read.
func (l *callLattice) describe(x spreadCut) Breached {
	e := l.expiry[x.point]
	b := Breached{
		Point: l.point(x.point), Left: l.point(x.left), Right: l.point(x.right), Size: x.size * l.unit[e], Relative: x.size,
	}
	own := func(i int32) bool { return i < 0 || l.expiry[i] == e }
	switch {
	case x.left == absent && l.k[x.point] >= 1:
		b.Kind = OutrightBreach
	case x.left == absent:
		b.Kind = VerticalBreach
	case x.right == absent && own(x.left):
		b.Kind = VerticalBreach
	case x.right == absent && l.k[x.left] == l.k[x.point]:
		b.Kind = CalendarBreach
	case x.right == absent:
		b.Kind = CalendarVerticalBreach
	case own(x.left) && own(x.right):
		b.Kind = ButterflyBreach
	default:
		b.Kind = CalendarButterflyBreach
	}
	return b
}

// CheckCalls returns every quote that allows static arbitrage, with the spread that gains most from it, in the order of
// expiries and strikes. An empty answer is freedom from static arbitrage in full, over all strikes and expiries at once:
// there is a martingale with these prices. tolerance is per unit of discounted forward; 0 means 1e-10. Expiries are in
// rising order. The cost is that of sorting the quotes of each expiry into the hull of the later ones.
func CheckCalls(calls []Calls, tolerance float64) ([]Breached, error) {
	l, err := newCallLattice(calls)
	if err == nil {
		err = fault.NonNegative("surface.CheckCalls", "tolerance", tolerance)
	}
	if err != nil {
		return nil, err
	}
	return l.breaches(l.c, repairTolerance(tolerance)), nil
}

// repairTolerance is two orders above what normalising and adding prices of order one costs in rounding, times a margin
// for the solver.
func repairTolerance(t float64) float64 {
	if t == 0 {
		return 1e-10
	}
	return t
}

func (l *callLattice) breaches(c []float64, tolerance float64) []Breached {
	cuts := l.separate(nil, c, tolerance)
	if len(cuts) == 0 {
		return nil
	}
	var out []Breached
	for end := len(cuts); end > 0; { // cuts come from the last expiry to the first
		start := end - 1
		for start > 0 && l.expiry[cuts[start-1].point] == l.expiry[cuts[end-1].point] {
			start--
		}
		for _, x := range cuts[start:end] {
			out = append(out, l.describe(x))
		}
		end = start
	}
	return out
}
