package risk

import (
	"cmp"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/volgaquant/volga/internal/fault"
)

// StrikeAxis says what the strike edges of [Buckets] measure.
type StrikeAxis int8

// The axes of strike buckets.
const (
	ByStrike       StrikeAxis = iota // the strike itself
	ByLogMoneyness                   // ln(strike/forward), with the forward of the contract's mark
)

// String returns "strike" or "log-moneyness".
func (a StrikeAxis) String() string {
	switch a {
	case ByStrike:
		return "strike"
	case ByLogMoneyness:
		return "log-moneyness"
	}
	return fmt.Sprintf("StrikeAxis(%d)", int8(a))
}

// Buckets says how a ladder is cut. n edges, finite and strictly rising, make n+1 buckets: below the first, between each
// two, from the last on. The zero value has one bucket for each expiry and one for all strikes. Futures and the
// underlying have buckets of their own, without strikes, and the underlying one without expiry.
type Buckets struct {
	Days    []float64 // edges in days from the instant of the marks to expiry; none means a bucket for each expiry instant
	Strikes []float64 // edges on Axis
	Axis    StrikeAxis
}

// Validate checks that the edges are finite and rise.
func (b Buckets) Validate() error {
	const fn = "risk.Buckets"
	if b.Axis != ByStrike && b.Axis != ByLogMoneyness {
		return fault.Arg(fn, "Axis", b.Axis, "ByStrike or ByLogMoneyness")
	}
	if err := rising(fn, "Days", b.Days); err != nil {
		return err
	}
	return rising(fn, "Strikes", b.Strikes)
}

func rising(fn, arg string, edges []float64) error {
	for i, e := range edges {
		field := fmt.Sprintf("%s[%d]", arg, i)
		if err := fault.Finite(fn, field, e); err != nil {
			return err
		}
		if i > 0 && !(e > edges[i-1]) {
			return fault.Arg(fn, field, e, fmt.Sprintf("> %g, the edge before it", edges[i-1]))
		}
	}
	return nil
}

// none is the index of a bucket for what has no expiry or no strike.
const none = -1

// key names a bucket of a ladder.
type key struct {
	underlying string
	tenor      int       // index of the bucket by days; 0 if buckets are by expiry; none for the underlying itself
	expiry     time.Time // zero if buckets are by days
	strike     int       // none for futures and the underlying
}

func (k key) compare(l key) int {
	return cmp.Or(
		strings.Compare(k.underlying, l.underlying),
		cmp.Compare(k.tenor, l.tenor),
		k.expiry.Compare(l.expiry),
		cmp.Compare(k.strike, l.strike),
	)
}

// keyOf returns the bucket of a contract.
func (b Buckets) keyOf(c Contract, now time.Time, forward float64) key {
	k := key{underlying: c.Underlying, strike: none}
	switch {
	case c.Expiry.IsZero():
		k.tenor = none
	case len(b.Days) > 0:
		k.tenor = index(b.Days, c.Expiry.Sub(now).Hours()/24)
	default:
		k.expiry = c.Expiry
	}
	if c.IsOption() {
		x := c.Strike
		if b.Axis == ByLogMoneyness {
			x = math.Log(c.Strike / forward)
		}
		k.strike = index(b.Strikes, x)
	}
	return k
}

// index returns how many edges are at or below x.
func index(edges []float64, x float64) int {
	return sort.Search(len(edges), func(i int) bool { return edges[i] > x })
}

// Interval is the range of a bucket: Lo is in it, Hi is not. The zero value means that the bucket has no range, as a
// future has no strike.
type Interval struct{ Lo, Hi float64 }

// everything is the range of a total.
func everything() Interval { return Interval{math.Inf(-1), math.Inf(1)} }

func interval(edges []float64, i int) Interval {
	if i == none {
		return Interval{}
	}
	r := everything()
	if i > 0 {
		r.Lo = edges[i-1]
	}
	if i < len(edges) {
		r.Hi = edges[i]
	}
	return r
}

// String writes "[90, 110)", "below 90", "from 110", "all", or "-" for no range.
func (r Interval) String() string {
	g := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	switch {
	case r == Interval{}:
		return "-"
	case math.IsInf(r.Lo, -1) && math.IsInf(r.Hi, 1):
		return "all"
	case math.IsInf(r.Lo, -1):
		return "below " + g(r.Hi)
	case math.IsInf(r.Hi, 1):
		return "from " + g(r.Lo)
	}
	return "[" + g(r.Lo) + ", " + g(r.Hi) + ")"
}
