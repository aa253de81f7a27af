package surface

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

// Quote is one option of a chain that is not read from a file.
type Quote struct {
	Expiry   Expiry // At may be left zero: the settlement on the date
	Right    pricing.Right
	Strike   float64
	Bid, Ask float64 // 0 if there is none
}

// NewChain returns the chain of some quotes in any order, as from a live feed. spot may be NaN; inverse says that prices
// are in coins. As with a file, the quotes are not cleaned: [Chain.Smiles] does that.
func NewChain(underlying string, asof time.Time, spot float64, inverse bool, quotes []Quote) *Chain {
	c := &Chain{Source: underlying, Underlying: underlying, Asof: asof, Spot: spot, Inverse: inverse}
	if c.Source == "" {
		c.Source = "quotes"
	}
	sorted := slices.Clone(quotes)
	for i := range sorted {
		if e := &sorted[i].Expiry; e.At.IsZero() {
			e.At = e.Settlement.On(e.Date)
		}
	}
	order := make([]int, len(sorted))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := &sorted[a], &sorted[b]
		if d := compareExpiry(x.Expiry, y.Expiry); d != 0 {
			return d
		}
		if d := cmp.Compare(x.Strike, y.Strike); d != 0 {
			return d
		}
		return cmp.Compare(y.Right, x.Right)
	})
	for _, i := range order {
		q := sorted[i]
		if n := len(c.Expiries); n == 0 || compareExpiry(c.Expiries[n-1], q.Expiry) != 0 {
			c.Expiries = append(c.Expiries, q.Expiry)
		}
		c.Expiry = append(c.Expiry, int32(len(c.Expiries)-1))
		c.Right = append(c.Right, q.Right)
		c.Strike, c.Bid, c.Ask = append(c.Strike, q.Strike), append(c.Bid, q.Bid), append(c.Ask, q.Ask)
		c.Line = append(c.Line, int32(i+1))
	}
	return c
}

// Validate checks that the columns are of one length, that every row has an expiry, and the order of the rows. It does
// not look at prices: those are cleaned.
func (c *Chain) Validate() error {
	const fn = "surface.Chain"
	n := len(c.Strike)
	if len(c.Expiry) != n || len(c.Right) != n || len(c.Bid) != n || len(c.Ask) != n || len(c.Line) != n {
		return fault.Arg(fn, "columns", fmt.Sprintf("Expiry %d, Right %d, Strike %d, Bid %d, Ask %d, Line %d long",
			len(c.Expiry), len(c.Right), n, len(c.Bid), len(c.Ask), len(c.Line)), "of one length")
	}
	for _, column := range c.columns() {
		if *column != nil && len(*column) != n {
			return fault.Arg(fn, "columns", fmt.Sprintf("one is %d long", len(*column)), fmt.Sprintf("nil or %d long", n))
		}
	}
	if c.Asof.IsZero() {
		return fault.Arg(fn, "Asof", c.Asof, "a valuation instant")
	}
	for i := 1; i < len(c.Expiries); i++ {
		if c.Expiries[i].At.Before(c.Expiries[i-1].At) {
			return fault.Arg(fn, "Expiries", c.Expiries[i].Label(), "in order of settlement")
		}
	}
	for i := range n {
		if e := int(c.Expiry[i]); e < 0 || e >= len(c.Expiries) {
			return fault.Arg(fn, fmt.Sprintf("Expiry[%d]", i), e, fmt.Sprintf("in [0, %d)", len(c.Expiries)))
		}
		if i == 0 {
			continue
		}
		d := cmp.Compare(c.Expiry[i-1], c.Expiry[i])
		if d == 0 {
			d = cmp.Compare(c.Strike[i-1], c.Strike[i])
		}
		if d == 0 {
			d = cmp.Compare(c.Right[i], c.Right[i-1])
		}
		if d > 0 {
			return fault.Arg(fn, fmt.Sprintf("row %d", i), c.Strike[i], "rows in order of expiry, strike, and calls before puts")
		}
	}
	return nil
}

// Marks returns the chain with bid and ask at the venue's mark price, a locked market: what to take where the books are
// empty. A row without a mark has no quote.
func (c *Chain) Marks() *Chain {
	out := *c
	out.Bid = make([]float64, c.Len())
	for i := range out.Bid {
		if i < len(c.Mark) && c.Mark[i] > 0 && !math.IsInf(c.Mark[i], 1) {
			out.Bid[i] = c.Mark[i]
		}
	}
	out.Ask = out.Bid
	return &out
}
