package surface

import (
	"fmt"
	"strings"
)

// Reason says why a row of a chain was not used.
type Reason int8

// The reasons, in the order in which they are tested.
const (
	Malformed          Reason = iota // a value that is not of its column's kind, in a lenient reading
	OtherUnderlying                  // of an underlying that was not asked for
	OtherSnapshot                    // of a date or time that was not asked for
	Expired                          // settled at or before the valuation instant
	NotANumber                       // NaN or infinite strike, bid or ask
	Negative                         // a strike that is not above zero, or a negative price
	Duplicate                        // a later row has the same expiry, strike and right
	NoBid                            // no bid, or one below the least
	NoAsk                            // no ask
	Crossed                          // bid above ask
	Stale                            // older than the limit
	Wide                             // spread above the limit
	ExpirySkipped                    // of an expiry without a forward or with too few options
	OutsideBounds                    // no volatility gives the price: it is outside the no-arbitrage bounds
	ButterflyArbitrage               // executable arbitrage against its neighbours
	InTheMoney                       // sound, but smiles are made of out-of-the-money options
	numReasons
)

var reasonNames = [numReasons]string{
	"malformed", "other underlying", "other snapshot", "expired", "not a number", "negative", "duplicate", "no bid",
	"no ask", "crossed", "stale", "wide", "expiry skipped", "outside bounds", "butterfly arbitrage", "in the money",
}

// String names the reason: "no bid".
func (r Reason) String() string {
	if r < 0 || r >= numReasons {
		return fmt.Sprintf("Reason(%d)", int8(r))
	}
	return reasonNames[r]
}

// Reasons lists all reasons.
func Reasons() []Reason {
	out := make([]Reason, numReasons)
	for i := range out {
		out[i] = Reason(i)
	}
	return out
}

// Rejections counts rows by the reason for which they were not used. Each row is counted once, for the first reason that
// applies.
type Rejections struct {
	count [numReasons]int
	line  [numReasons]int
}

// Count returns the number of rows that were rejected for a reason.
func (r Rejections) Count(why Reason) int { return r.count[why] }

// Line returns the line of the first row that was rejected for a reason, 0 if there is none or it is unknown.
func (r Rejections) Line(why Reason) int { return r.line[why] }

// Total returns the number of rows rejected for any reason.
func (r Rejections) Total() int {
	n := 0
	for _, c := range r.count {
		n += c
	}
	return n
}

// String lists what is not zero: "expired 52, no bid 310".
func (r Rejections) String() string {
	var parts []string
	for i, n := range r.count {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%v %d", Reason(i), n))
		}
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}

func (r *Rejections) add(why Reason, line int) {
	if r.count[why] == 0 {
		r.line[why] = line
	}
	r.count[why]++
}

// plus adds the counts of s.
func (r *Rejections) plus(s *Rejections) {
	for i, n := range s.count {
		if n > 0 && (r.line[i] == 0 || (s.line[i] > 0 && s.line[i] < r.line[i])) {
			r.line[i] = s.line[i]
		}
		r.count[i] += n
	}
}
