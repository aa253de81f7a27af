package surface

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/rates/calendar"
)

// Expiry is one listed expiry of a chain. AM- and PM-settled options of one date are two expiries, and so are two classes.
type Expiry struct {
	Root       string // class: SPX, SPXW
	Date       calendar.Date
	Settlement calendar.Settlement
	American   bool
	At         time.Time // the instant of settlement
}

// Label names the expiry in messages: "SPXW 2023-10-20 PM".
func (e Expiry) Label() string {
	s := e.Date.String() + " " + e.Settlement.String()
	if e.Root == "" {
		return s
	}
	return e.Root + " " + s
}

func compareExpiry(a, b Expiry) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Root, b.Root); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Settlement, b.Settlement); c != 0 {
		return c
	}
	if a.American == b.American {
		return 0
	}
	if b.American {
		return -1
	}
	return 1
}

// Chain is the options of one underlying at one instant, as a vendor printed them: by column, ordered by expiry, strike,
// calls before puts, and then by age with the oldest first. Nothing is cleaned yet: prices may be absent, negative,
// crossed or NaN. A chain does not change once read, and is safe for concurrent use.
type Chain struct {
	Source     string    // where it was read, for messages
	Underlying string    // "" if the file does not say
	Asof       time.Time // the valuation instant
	Spot       float64   // NaN if unknown
	Inverse    bool      // prices are in units of the underlying coin, strikes and Spot in money
	Expiries   []Expiry  // in order of settlement, each with at least one row

	Expiry []int32 // index into Expiries
	Right  []pricing.Right
	Strike []float64
	Bid    []float64 // 0 if there is none
	Ask    []float64 // 0 if there is none
	Line   []int32   // of the file

	// Columns that a file may lack: nil, or as long as the others. NaN where a row does not say.
	BidSize, AskSize, Last, Mark, Volume, OpenInterest []float64
	ExpiryForward                                      []float64 // the forward of the row's expiry as the venue printed it
	Age                                                []float64 // seconds that the row is older than Asof
}

// Len returns the number of rows.
func (c *Chain) Len() int { return len(c.Strike) }

// American reports whether any expiry is of American exercise.
func (c *Chain) American() bool {
	return slices.ContainsFunc(c.Expiries, func(e Expiry) bool { return e.American })
}

// Select returns a chain of the rows for which keep is true, and of their expiries only.
func (c *Chain) Select(keep func(row int) bool) *Chain {
	var rows []int32
	for i := range c.Len() {
		if keep(i) {
			rows = append(rows, int32(i))
		}
	}
	return c.gather(rows)
}

// gather returns the chain of some rows, in the order given, with only the expiries that they need.
func (c *Chain) gather(rows []int32) *Chain {
	out := &Chain{Source: c.Source, Underlying: c.Underlying, Asof: c.Asof, Spot: c.Spot, Inverse: c.Inverse}
	needed := make([]int32, len(c.Expiries))
	for _, r := range rows {
		needed[c.Expiry[r]] = 1
	}
	for i, n := range needed {
		if n > 0 {
			needed[i] = int32(len(out.Expiries))
			out.Expiries = append(out.Expiries, c.Expiries[i])
		}
	}
	out.Expiry = make([]int32, len(rows))
	for i, r := range rows {
		out.Expiry[i] = needed[c.Expiry[r]]
	}
	out.Right = pick(c.Right, rows)
	out.Line = pick(c.Line, rows)
	from, to := c.columns(), out.columns()
	for i := range from {
		*to[i] = pick(*from[i], rows)
	}
	return out
}

// columns lists the columns of numbers.
func (c *Chain) columns() []*[]float64 {
	return []*[]float64{
		&c.Strike, &c.Bid, &c.Ask, &c.BidSize, &c.AskSize, &c.Last, &c.Mark, &c.Volume, &c.OpenInterest, &c.ExpiryForward, &c.Age,
	}
}

func pick[T any](column []T, rows []int32) []T {
	if column == nil {
		return nil
	}
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = column[r]
	}
	return out
}

// span returns the rows [from, to) of each expiry.
func (c *Chain) span() [][2]int {
	out := make([][2]int, len(c.Expiries))
	for i := 0; i < c.Len(); {
		j := i
		for j < c.Len() && c.Expiry[j] == c.Expiry[i] {
			j++
		}
		out[c.Expiry[i]] = [2]int{i, j}
		i = j
	}
	return out
}

// medianOf returns the median of the finite values of a column, or NaN. It leaves the column as it is.
func medianOf(column []float64) float64 {
	v := make([]float64, 0, len(column))
	for _, x := range column {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			v = append(v, x)
		}
	}
	return medianInPlace(v)
}

// medianInPlace sorts v and returns its median; NaN if v is empty.
func medianInPlace(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	m := len(v) / 2
	if len(v)%2 == 1 {
		return v[m]
	}
	return 0.5 * (v[m-1] + v[m])
}
