package mm

import (
	"fmt"
	"math"
	"strings"

	"github.com/volgaquant/volga/internal/fault"
)

// Distances are how far a quote stands from fair value: bid = fair − Bid, ask = fair + Ask. They may be negative (a
// quote through fair value) and +Inf (no quote on that side).
type Distances struct {
	Bid, Ask float64
}

// Half is the half-width (Bid+Ask)/2.
func (d Distances) Half() float64 { return (d.Bid + d.Ask) / 2 }

// Skew is how far the middle of the quote lies below fair value: (Bid−Ask)/2.
func (d Distances) Skew() float64 { return (d.Bid - d.Ask) / 2 }

// Width is the half-width of a quote by its parts, each in units of price and not negative.
type Width struct {
	Base        float64 // the model's own: a base spread, or Avellaneda-Stoikov's and Guéant's liquidity term
	Hedge       float64 // cost of hedging while the position is held
	Uncertainty float64 // doubt about the theo: volatility points times vega
	Adverse     float64 // expected loss to better informed flow
	Fees        float64 // fees of a round trip, of which half falls on each side
}

// Half returns the sum of the parts, with half of the fees.
func (w Width) Half() float64 { return w.Base + w.Hedge + w.Uncertainty + w.Adverse + w.Fees/2 }

// Rules turn fair value, skew and width into a quote that a venue accepts. All fields but Ticks may be zero; check rules
// made from outside data with [Rules.Validate]. Rules are settings and never change while in use.
type Rules struct {
	Ticks    TickTable
	MinEdge  float64 // least half-width, in price; 0 means none
	SkewCap  float64 // |skew| is cut to SkewCap times the half-width; 0 means no cut
	PostOnly bool    // stay at least one tick away from the other side of the market
}

// Validate returns an error that names the first field outside its domain.
func (r *Rules) Validate() error {
	const fn = "mm.Rules"
	if len(r.Ticks.bands) == 0 {
		return fault.Arg(fn, "Ticks", "empty", "a table made by NewTickTable")
	}
	return fault.First(
		fault.NonNegative(fn, "MinEdge", r.MinEdge),
		fault.NonNegative(fn, "SkewCap", r.SkewCap),
	)
}

// Input is what a quote is made from.
type Input struct {
	Theo   float64   // fair value before the maker's own view
	Edge   float64   // view added to fair value: positive if the maker thinks the option cheap
	Skew   float64   // taken from fair value: positive when long
	Width  Width     // half-width by parts
	Market TopOfBook // best prices of others, for PostOnly; a price of 0 is absent
}

// Cut says which rules changed a quote. It is a set of bits.
type Cut uint8

// The rules that can change a quote.
const (
	CutMinEdge     Cut = 1 << iota // the half-width was raised to MinEdge
	CutSkew                        // the skew was cut to SkewCap times the half-width
	CutNoBid                       // no price of the grid lies at or below the bid: no bid
	CutNoAsk                       // the offer was at infinity: no offer
	CutPostOnlyBid                 // the bid was lowered below the market's offer
	CutPostOnlyAsk                 // the offer was raised above the market's bid
	CutLocked                      // bid and offer fell on one price and were moved a tick apart each
	CutPulled                      // an input was not finite: no quote
)

var cutNames = [...]string{"MinEdge", "Skew", "NoBid", "NoAsk", "PostOnlyBid", "PostOnlyAsk", "Locked", "Pulled"}

// String lists the names of the rules, joined by "|".
func (c Cut) String() string {
	var names []string
	for i, n := range cutNames {
		if c&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, "|")
}

// Quote is a two-sided quote with the record of how it came about. A price of 0 means no quote on that side.
type Quote struct {
	Bid, Ask float64

	Input                  // what it was made from
	Fair           float64 // Theo + Edge
	Half           float64 // half-width after MinEdge
	Shift          float64 // skew after SkewCap: the middle of the quote is Fair − Shift
	RawBid, RawAsk float64 // before the tick grid and the market
	Cut            Cut     // the rules that changed something
}

// String explains the quote on one line.
func (q Quote) String() string {
	s := fmt.Sprintf("%.4g x %.4g = theo %.6g %+.4g edge %+.4g skew ± %.4g (base %.4g, hedge %.4g, uncertainty %.4g, adverse %.4g, fees %.4g)",
		q.Bid, q.Ask, q.Theo, q.Edge, -q.Shift, q.Half, q.Width.Base, q.Width.Hedge, q.Width.Uncertainty, q.Width.Adverse, q.Width.Fees/2)
	if q.Cut != 0 {
		s += " [" + q.Cut.String() + "]"
	}
	return s
}

// Make builds the quote: theo, edge, skew, width, minimum edge, tick grid, market. Bids are rounded down and offers up,
// so that rounding only adds edge. If both sides are quoted then bid < ask by at least a tick, bid > 0, and both are on the
// grid. An input that is not finite gives no quote ([CutPulled]). It allocates nothing.
func (r *Rules) Make(in Input) Quote {
	q := Quote{Input: in, Fair: in.Theo + in.Edge, Half: in.Width.Half(), Shift: in.Skew}
	if !finite(q.Fair) || !finite(q.Shift) || !finite(q.Half) || q.Half < 0 {
		q.Cut = CutPulled
		return q
	}
	var widened, placed Cut
	q.Half, q.Shift, widened = r.widen(q.Half, q.Shift)
	q.RawBid, q.RawAsk = q.Fair-q.Shift-q.Half, q.Fair-q.Shift+q.Half
	q.Bid, q.Ask, placed = r.place(q.RawBid, q.RawAsk, in.Market.Bid, in.Market.Ask)
	q.Cut = widened | placed
	return q
}

// MakeDistances builds the quote of a model that gives distances, such as [GLFT], around a fair value. MinEdge and SkewCap
// apply to the half-width and skew of the two distances when both are finite; a distance of +Inf means no quote on that
// side, and MinEdge is then the least distance of the other.
func (r *Rules) MakeDistances(fair float64, d Distances, market TopOfBook) Quote {
	q := Quote{Input: Input{Theo: fair, Market: market}, Fair: fair}
	if !finite(fair) || math.IsNaN(d.Bid) || math.IsNaN(d.Ask) || math.IsInf(d.Bid, -1) || math.IsInf(d.Ask, -1) {
		q.Cut = CutPulled
		return q
	}
	if finite(d.Bid) && finite(d.Ask) {
		q.Half, q.Shift = d.Half(), d.Skew()
		q.Width.Base, q.Skew = q.Half, q.Shift
		q.Half, q.Shift, q.Cut = r.widen(q.Half, q.Shift)
		q.RawBid, q.RawAsk = fair-q.Shift-q.Half, fair-q.Shift+q.Half
	} else {
		if min(d.Bid, d.Ask) < r.MinEdge {
			q.Cut |= CutMinEdge
		}
		q.RawBid, q.RawAsk = fair-max(d.Bid, r.MinEdge), fair+max(d.Ask, r.MinEdge)
	}
	var placed Cut
	q.Bid, q.Ask, placed = r.place(q.RawBid, q.RawAsk, market.Bid, market.Ask)
	q.Cut |= placed
	return q
}

// widen applies MinEdge and SkewCap to a half-width and a skew.
func (r *Rules) widen(half, skew float64) (float64, float64, Cut) {
	var cut Cut
	if half < r.MinEdge {
		half = r.MinEdge
		cut |= CutMinEdge
	}
	if r.SkewCap > 0 {
		if most := r.SkewCap * half; math.Abs(skew) > most {
			skew = math.Copysign(most, skew)
			cut |= CutSkew
		}
	}
	return half, skew, cut
}

// place puts raw prices on the grid and, post-only, away from the best prices of the market.
func (r *Rules) place(rawBid, rawAsk, bestBid, bestAsk float64) (bid, ask float64, cut Cut) {
	bid, ask = r.Ticks.Floor(rawBid), r.Ticks.Ceil(rawAsk)
	if !(bid < ask) && !math.IsInf(ask, 1) {
		cut |= CutLocked
		bid, ask = r.Ticks.Below(bid), r.Ticks.Above(bid)
	}
	if r.PostOnly {
		if bestAsk > 0 && bid >= bestAsk-snap*r.Ticks.Tick(bestAsk) {
			bid = r.Ticks.Below(bestAsk)
			cut |= CutPostOnlyBid
		}
		if bestBid > 0 && ask <= bestBid+snap*r.Ticks.Tick(bestBid) {
			ask = r.Ticks.Above(bestBid)
			cut |= CutPostOnlyAsk
		}
	}
	if bid <= 0 {
		bid = 0
		cut |= CutNoBid
	}
	if math.IsInf(ask, 1) {
		ask = 0
		cut |= CutNoAsk
	}
	return bid, ask, cut
}

// Sizer sets the size of a quote by what a fill would use of the desk's budgets. A budget of 0 means no limit.
type Sizer struct {
	Max   float64 // contracts, > 0
	Delta float64 // budgets in the Greek of one contract, multiplier included
	Gamma float64
	Vega  float64
}

// Validate returns an error that names the first field outside its domain.
func (s Sizer) Validate() error {
	const fn = "mm.Sizer"
	return fault.First(
		fault.Positive(fn, "Max", s.Max),
		fault.NonNegative(fn, "Delta", s.Delta),
		fault.NonNegative(fn, "Gamma", s.Gamma),
		fault.NonNegative(fn, "Vega", s.Vega),
	)
}

// Size returns the whole number of contracts, at most Max, whose Greeks stay within every budget; 0 if one contract is
// too many or a Greek is NaN.
func (s Sizer) Size(delta, gamma, vega float64) float64 {
	if math.IsNaN(delta + gamma + vega) {
		return 0
	}
	return math.Floor(fit(fit(fit(s.Max, s.Delta, delta), s.Gamma, gamma), s.Vega, vega))
}

// fit cuts n contracts to the budget; it divides only when it must.
func fit(n, budget, greek float64) float64 {
	greek = math.Abs(greek)
	if budget > 0 && greek*n > budget {
		return budget / greek
	}
	return n
}

func finite(v float64) bool { return v-v == 0 }
