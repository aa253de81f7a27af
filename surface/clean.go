package surface

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

// CleanOptions are the limits of a quote that is worth fitting to. The zero value is recommended.
type CleanOptions struct {
	MinBid    float64 // a lower bid counts as none; 0 means that any bid above zero will do
	MaxSpread float64 // ask minus bid over mid; 0 means 1: an ask up to three times the bid. At most 2, which allows all
	MaxAge    float64 // seconds that a row may be older than the snapshot; 0 means 900
}

func (o CleanOptions) withDefaults() CleanOptions {
	if o.MaxSpread == 0 {
		o.MaxSpread = 1
	}
	if o.MaxAge == 0 {
		o.MaxAge = 900
	}
	return o
}

// Validate refuses limits that are negative or NaN.
func (o CleanOptions) Validate() error {
	const fn = "surface.CleanOptions"
	return fault.First(
		fault.NonNegative(fn, "MinBid", o.MinBid),
		fault.NonNegative(fn, "MaxSpread", o.MaxSpread),
		fault.NonNegative(fn, "MaxAge", o.MaxAge),
	)
}

// Clean returns the chain of two-sided quotes that make sense each on its own, and counts the others by reason: expired,
// not a number, negative, duplicate (of several rows of one option the latest counts), no bid, no ask, crossed, stale,
// wide. A locked market, bid equal to ask, is kept. What only the forward can tell, such as bounds and arbitrage between
// strikes, is left to [Chain.Smiles]. Limits that are not valid count as their defaults.
func (c *Chain) Clean(opt CleanOptions) (*Chain, Rejections) {
	var rejected Rejections
	var rows []int32
	for i, why := range c.verdicts(opt) {
		if why == kept {
			rows = append(rows, int32(i))
			continue
		}
		rejected.add(why, int(c.Line[i]))
	}
	return c.gather(rows), rejected
}

// kept is the verdict on a row that nothing speaks against.
const kept Reason = -1

// verdicts tells for each row why it is rejected, or kept.
func (c *Chain) verdicts(opt CleanOptions) []Reason {
	if opt.Validate() != nil {
		opt = CleanOptions{}
	}
	opt = opt.withDefaults()
	out := make([]Reason, c.Len())
	last := -1 // the latest row that is not wrong in itself
	for i := range out {
		if out[i] = c.wrong(i); out[i] != kept {
			continue
		}
		if last >= 0 && c.Expiry[last] == c.Expiry[i] && c.Strike[last] == c.Strike[i] && c.Right[last] == c.Right[i] {
			out[last] = Duplicate
		}
		out[i] = c.poor(i, opt)
		last = i
	}
	return out
}

// wrong tells whether a row says nothing at all about the market at the valuation instant.
func (c *Chain) wrong(i int) Reason {
	k, b, a := c.Strike[i], c.Bid[i], c.Ask[i]
	switch {
	case !c.Expiries[c.Expiry[i]].At.After(c.Asof):
		return Expired
	case !finite(k) || !finite(b) || !finite(a):
		return NotANumber
	case k <= 0 || b < 0 || a < 0 || (c.Right[i] != pricing.Call && c.Right[i] != pricing.Put):
		return Negative
	}
	return kept
}

// poor tells whether a row is no quote worth fitting to.
func (c *Chain) poor(i int, opt CleanOptions) Reason {
	b, a := c.Bid[i], c.Ask[i]
	const slack = 1 + 1e-12 // 0.05 against 0.15 is at the limit, and shall be so in binary too
	switch {
	case b == 0 || b < opt.MinBid:
		return NoBid
	case a == 0:
		return NoAsk
	case b > a:
		return Crossed
	case c.Age != nil && c.Age[i] > opt.MaxAge:
		return Stale
	case a-b > slack*opt.MaxSpread*(0.5*a+0.5*b):
		return Wide
	}
	return kept
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
