package surface

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/rates/calendar"
	"github.com/volgaquant/volga/rates/curve"
)

// ErrNoSmile says that no expiry of a chain has enough sound quotes. The report says of each why.
var ErrNoSmile = errors.New("no expiry has a smile")

// SmileOptions says how forwards and implied volatilities are taken from a chain. The zero value is recommended.
type SmileOptions struct {
	Clean      CleanOptions
	Clock      calendar.Clock // makes times to expiry; nil means calendar.Act365F
	Discount   curve.Discount // discount factors; nil means those of put-call parity. American chains should be given one
	MinStrikes int            // an expiry with fewer usable options is skipped; 0 means 3
}

// ForwardSource says where the forward of an expiry is from.
type ForwardSource int8

// The sources of forwards, in order of preference.
const (
	NoForward      ForwardSource = iota
	ParityForward                // put-call parity
	VenueForward                 // printed by the venue on the rows of the expiry
	BetweenForward               // interpolated between the forwards of its neighbours, or the spot and the first
)

// String names the source.
func (s ForwardSource) String() string {
	switch s {
	case NoForward:
		return "none"
	case ParityForward:
		return "parity"
	case VenueForward:
		return "venue"
	case BetweenForward:
		return "interpolated"
	}
	return fmt.Sprintf("ForwardSource(%d)", int8(s))
}

// ExpiryReport is what became of one expiry: Rows = Used + Rejected.Total().
type ExpiryReport struct {
	Expiry      Expiry
	Tau         float64 // years; not above zero if the expiry has settled
	Forward     float64 // that was used
	ForwardErr  float64 // standard error; NaN if it is not from parity
	ForwardFrom ForwardSource
	Discount    float64 // that was used
	Rate        float64 // zero rate of it
	Parity      Parity  // the regression of this expiry alone, with a discount factor of its own
	Rows, Used  int
	Rejected    Rejections
	Skipped     string // why the expiry has no smile; "" if it has one
}

// SmileReport is what became of the rows of a chain: Rows = Used + Rejected.Total().
type SmileReport struct {
	Rows, Used int
	Rejected   Rejections
	Expiries   []ExpiryReport // of every expiry of the chain, in order
	Notes      []string
}

// Smiles cleans the chain and returns the implied volatilities of each expiry, in rising order of time.
//
// Forwards and discount factors are those of put-call parity, see [FitParity]. As the discount factor of a short expiry
// is noise, zero rates are smoothed over all expiries by their precision, and forwards fitted again with the smoothed
// rate. The volatilities are Black's of undiscounted prices at the bid, mid and ask. Every row that is not used is
// counted.
//
// Coin-margined options are turned into money at the forward of their expiry: Black's formula of the price in coins times
// F, and a discount factor of 1.
//
// American options are treated as European ones, from pairs close to the money only: the early-exercise premium stays in
// the prices, so that volatilities of puts are a little high, and more so for long expiries and high rates. Their
// parity tells no discount factor (it gives one above 1); set SmileOptions.Discount. Without it zero rates below zero
// are taken for zero. The report has a note.
func (c *Chain) Smiles(opt SmileOptions) ([]Smile, SmileReport, error) {
	report := SmileReport{Rows: c.Len()}
	if err := fault.First(c.Validate(), opt.Clean.Validate()); err != nil {
		return nil, report, err
	}
	if opt.MinStrikes < 0 {
		return nil, report, fault.Arg("surface.Chain.Smiles", "SmileOptions.MinStrikes", opt.MinStrikes, ">= 0")
	}
	if opt.MinStrikes == 0 {
		opt.MinStrikes = 3
	}
	if opt.Clock == nil {
		opt.Clock = calendar.Act365F
	}
	if c.American() {
		report.Notes = append(report.Notes, "American exercise: the early-exercise premium is not removed")
		if opt.Discount == nil {
			report.Notes = append(report.Notes, "American exercise and no discount curve given: rates are from parity, which they bias, and not below zero")
		}
	}
	why := c.verdicts(opt.Clean)
	report.Expiries = make([]ExpiryReport, len(c.Expiries))
	for i, e := range c.Expiries {
		report.Expiries[i] = ExpiryReport{Expiry: e, Tau: opt.Clock.Years(c.Asof, e.At), Forward: math.NaN(), ForwardErr: math.NaN(), Discount: math.NaN(), Rate: math.NaN()}
	}
	c.forwards(opt, why, report.Expiries)
	spans := c.span()
	var smiles []Smile
	var owner []int // the expiry of each smile
	for i, span := range spans {
		x := &report.Expiries[i]
		x.Rows = span[1] - span[0]
		s, ok := c.smile(opt, x, why, span[0], span[1])
		if !ok {
			continue
		}
		// A surface has one smile at one time: of two classes that settle together the one with more options is kept.
		if n := len(smiles); n > 0 && smiles[n-1].Tau == s.Tau {
			less, more := i, owner[n-1]
			if s.Len() > smiles[n-1].Len() {
				less, more = more, less
				smiles, owner = smiles[:n-1], owner[:n-1]
			}
			y := &report.Expiries[less]
			y.Used, y.Skipped = 0, "settles together with "+report.Expiries[more].Expiry.Label()+", which has more options"
			skipRows(why, spans[less])
			if less == i {
				continue
			}
		}
		smiles, owner = append(smiles, s), append(owner, i)
		x.Used = s.Len()
	}
	for i, span := range spans {
		x := &report.Expiries[i]
		for row := span[0]; row < span[1]; row++ {
			if why[row] != kept {
				x.Rejected.add(why[row], int(c.Line[row]))
			}
		}
		report.Used += x.Used
		report.Rejected.plus(&x.Rejected)
	}
	if len(smiles) == 0 {
		return nil, report, c.noSmile(report)
	}
	return smiles, report, nil
}

func (c *Chain) noSmile(report SmileReport) error {
	var why []string
	const most = 3
	for i, x := range report.Expiries {
		if i == most {
			why = append(why, fmt.Sprintf("and %d more", len(report.Expiries)-most))
			break
		}
		why = append(why, x.Expiry.Label()+": "+x.Skipped)
	}
	return fmt.Errorf("surface: %s: %w: of %d rows were rejected: %v; %s", c.Source, ErrNoSmile, report.Rows, report.Rejected, strings.Join(why, "; "))
}

const nearAmerican = 0.5 // pairs of American options are near the forward within so many standard deviations

// forwards finds forward and discount factor of every expiry that has not settled.
func (c *Chain) forwards(opt SmileOptions, why []Reason, out []ExpiryReport) {
	n := len(out)
	pairs := make([]Pairs, n)
	var live []int
	var tau, rate, rateErr []float64
	spans := c.span()
	for i, span := range spans {
		x := &out[i]
		if !(x.Tau > 0) || math.IsInf(x.Tau, 1) {
			continue
		}
		pairs[i] = c.soundPairs(span[0], span[1], why)
		width := nearWidth
		if x.Expiry.American {
			width = nearAmerican
		}
		r, rErr := math.NaN(), math.NaN()
		if c.Inverse {
			x.Parity = FitInverse(pairs[i])
		} else {
			x.Parity = fitParity(pairs[i], math.NaN(), width)
			r, rErr = -math.Log(x.Parity.Discount)/x.Tau, x.Parity.DiscountErr/(x.Parity.Discount*x.Tau)
			if x.Expiry.American {
				r = math.Max(r, 0)
			}
		}
		live, tau = append(live, i), append(tau, x.Tau)
		rate, rateErr = append(rate, r), append(rateErr, rErr)
	}
	zero := smoothRates(tau, rate, rateErr)
	forward := make([]float64, len(live))
	for j, i := range live {
		x := &out[i]
		switch {
		case c.Inverse:
			x.Discount = 1
		case opt.Discount != nil:
			x.Discount = opt.Discount.DiscountFactor(x.Tau)
		default:
			x.Discount = math.Exp(-zero[j] * x.Tau)
		}
		x.Rate = 0 - math.Log(x.Discount)/x.Tau // not −0
		fit := x.Parity
		if !c.Inverse && x.Discount > 0 {
			width := forwardWidth
			if x.Expiry.American {
				width = nearAmerican
			}
			fit = fitParity(pairs[i], x.Discount, width)
		}
		if fit.Pairs >= minPairs && fit.Forward > 0 && fit.ForwardErr < maxForwardErr*fit.Forward {
			x.Forward, x.ForwardErr, x.ForwardFrom = fit.Forward, fit.ForwardErr, ParityForward
		} else if f := c.venueForward(spans[i][0], spans[i][1]); f > 0 {
			x.Forward, x.ForwardFrom = f, VenueForward
		}
		forward[j] = x.Forward
	}
	for j, i := range live {
		if x := &out[i]; x.ForwardFrom == NoForward {
			if f := forwardBetween(tau, forward, c.Spot, j); f > 0 && finite(f) {
				x.Forward, x.ForwardFrom = f, BetweenForward
			}
		}
	}
}

const (
	minPairs      = 2
	maxForwardErr = 0.01 // a parity forward that is known no better is worse than one between its neighbours
)

// venueForward is the forward that the venue printed on the latest of the rows [from, to), or NaN.
func (c *Chain) venueForward(from, to int) float64 {
	if c.ExpiryForward == nil {
		return math.NaN()
	}
	var v []float64
	youngest := math.Inf(1)
	for row := from; row < to; row++ {
		if !(c.ExpiryForward[row] > 0) {
			continue
		}
		age := 0.0
		if c.Age != nil {
			age = c.Age[row]
		}
		if age < youngest {
			youngest, v = age, v[:0]
		}
		if age == youngest {
			v = append(v, c.ExpiryForward[row])
		}
	}
	return medianInPlace(v)
}

// soundPairs are the pairs of the rows [from, to) that were kept.
func (c *Chain) soundPairs(from, to int, why []Reason) Pairs {
	var p Pairs
	call := -1
	for i := from; i < to; i++ {
		switch {
		case why[i] != kept:
		case c.Right[i] == pricing.Call:
			call = i
		case call >= 0 && c.Strike[call] == c.Strike[i]:
			p.add(c.Strike[i], c.mid(call), c.mid(i), 0.5*(c.Ask[call]-c.Bid[call]+c.Ask[i]-c.Bid[i]))
		}
	}
	return p
}

func (c *Chain) mid(row int) float64 { return 0.5*c.Bid[row] + 0.5*c.Ask[row] }

// skipRows rejects the rows of a span that nothing else was wrong with.
func skipRows(why []Reason, span [2]int) {
	for i := span[0]; i < span[1]; i++ {
		if why[i] == kept {
			why[i] = ExpirySkipped
		}
	}
}

// smile makes the smile of the rows [from, to) and writes the verdicts on those it does not use.
func (c *Chain) smile(opt SmileOptions, x *ExpiryReport, why []Reason, from, to int) (Smile, bool) {
	skip := func(format string, args ...any) (Smile, bool) {
		x.Skipped = fmt.Sprintf(format, args...)
		skipRows(why, [2]int{from, to})
		return Smile{}, false
	}
	switch {
	case !x.Expiry.At.After(c.Asof):
		return skip("settled")
	case !(x.Tau > 0) || math.IsInf(x.Tau, 1):
		return skip("the time to expiry is %g by the clock", x.Tau)
	case !(x.Discount > 0) || math.IsInf(x.Discount, 1):
		return skip("the discount factor is %g", x.Discount)
	case x.ForwardFrom == NoForward:
		return skip("no forward: %d pairs of calls and puts, and none by the venue or the neighbours", x.Parity.Pairs)
	}
	unit := 1 / x.Discount // undiscounted money in a unit of price
	if c.Inverse {
		unit = x.Forward
	}
	puts, calls := wing{right: pricing.Put}, wing{right: pricing.Call}
	for i := from; i < to; i++ {
		k := c.Strike[i]
		switch {
		case why[i] != kept:
		case (c.Right[i] == pricing.Put) != (k < x.Forward):
			why[i] = InTheMoney
		case c.Right[i] == pricing.Put:
			puts.add(i, k, unit*c.Bid[i], unit*c.Ask[i])
		default:
			calls.add(i, k, unit*c.Bid[i], unit*c.Ask[i])
		}
	}
	s := Smile{Label: x.Expiry.Label(), Tau: x.Tau, Forward: x.Forward, Discount: x.Discount}
	const slack = 1e-10 // of the forward: rounding of the interpolated price
	root := math.Sqrt(x.Tau)
	for _, w := range []*wing{&puts, &calls} {
		for i := 0; i < len(w.row); {
			w.mid[i] = black.ImpliedTotalVol(w.right, 0.5*w.bid[i]+0.5*w.ask[i], x.Forward, w.strike[i])
			w.top[i] = black.ImpliedTotalVol(w.right, w.ask[i], x.Forward, w.strike[i])
			if !(w.mid[i] > 0) || !(w.top[i] > 0) || math.IsInf(w.top[i], 1) {
				why[w.row[i]] = OutsideBounds
				w.remove(i)
				continue
			}
			i++
		}
		for _, row := range w.dropArbitrage(slack * x.Forward) {
			why[row] = ButterflyArbitrage
		}
	}
	n := len(puts.row) + len(calls.row)
	if n < opt.MinStrikes {
		return skip("%d usable options, want %d", n, opt.MinStrikes)
	}
	s.Right = make([]pricing.Right, 0, n)
	for _, column := range []*[]float64{&s.Strike, &s.K, &s.Bid, &s.Ask, &s.Mid} {
		*column = make([]float64, 0, n)
	}
	for _, w := range []*wing{&puts, &calls} {
		for i, k := range w.strike {
			s.Right = append(s.Right, w.right)
			s.Strike = append(s.Strike, k)
			s.K = append(s.K, math.Log(k/x.Forward))
			s.Bid = append(s.Bid, black.ImpliedTotalVol(w.right, w.bid[i], x.Forward, k)/root)
			s.Ask = append(s.Ask, w.top[i]/root)
			s.Mid = append(s.Mid, w.mid[i]/root)
		}
	}
	return s, true
}
