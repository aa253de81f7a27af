package surface

import (
	"errors"
	"fmt"
	"math"
	"sort"

	"github.com/volgaquant/volga/internal/fault"
)

// ErrNoEvent says that the quotes around an event leave no variance for it.
var ErrNoEvent = errors.New("no variance is left for the event")

// Event is an announcement at a known time, as earnings or a decision on rates, at which the underlying jumps by a random
// amount.
type Event struct {
	Label    string
	Time     float64 // years from the valuation instant, > 0
	Variance float64 // of the jump of the log price, >= 0: 0.0016 for a standard deviation of 4 %
}

// EventClock is a business clock that stands still at no time and leaps at events: b(t) = t + Σ extra_i over events at or
// before t. It never changes once made and is safe for concurrent use. The zero value is calendar time.
type EventClock struct {
	time []float64 // of the events, rising
	upto []float64 // extra time of the events up to this one
}

// NewEventClock returns the clock on which each event takes as much time as the variance of its jump takes at the ambient
// volatility, that of a day without events. To fit a surface between events, deflate the smiles by the clock
// ([EventClock.Smiles]), fit, and read the fit by the clock ([EventClock.Surface]).
func NewEventClock(ambient float64, events []Event) (EventClock, error) {
	if err := fault.Positive("surface.NewEventClock", "ambient", ambient); err != nil {
		return EventClock{}, err
	}
	sorted, err := sortedEvents("surface.NewEventClock", events)
	if err != nil {
		return EventClock{}, err
	}
	var c EventClock
	sum := 0.0
	for _, e := range sorted {
		sum += e.Variance / (ambient * ambient)
		c.time, c.upto = append(c.time, e.Time), append(c.upto, sum)
	}
	return c, fault.Finite("surface.NewEventClock", "extra time", sum)
}

func sortedEvents(fn string, events []Event) ([]Event, error) {
	s := append([]Event(nil), events...)
	for i, e := range s {
		err := fault.First(fault.Positive(fn, "Time of event "+name(e.Label, i), e.Time), fault.NonNegative(fn, "Variance of event "+name(e.Label, i), e.Variance))
		if err != nil {
			return nil, err
		}
	}
	sort.SliceStable(s, func(i, j int) bool { return s[i].Time < s[j].Time })
	return s, nil
}

// Business returns b(t), t >= 0. At the time of an event it has happened.
func (c EventClock) Business(t float64) float64 {
	if n := sort.Search(len(c.time), func(i int) bool { return c.time[i] > t }); n > 0 {
		return t + c.upto[n-1]
	}
	return t
}

// calendar returns the least t with b(t) >= b.
func (c EventClock) calendar(b float64) float64 {
	before := 0.0
	for i, at := range c.time {
		if b < at+before {
			break
		}
		if b <= at+c.upto[i] {
			return at
		}
		before = c.upto[i]
	}
	return b - before
}

// Smiles returns the smiles with their expiries on the clock, and volatilities of the same total variance. The columns that do
// not change are shared with the smiles given.
func (c EventClock) Smiles(smiles []Smile) []Smile {
	out := make([]Smile, len(smiles))
	for i, s := range smiles {
		b := c.Business(s.Tau)
		f := math.Sqrt(s.Tau / b)
		s.Tau = b
		s.Bid, s.Ask, s.Mid = scaledBy(s.Bid, f), scaledBy(s.Ask, f), scaledBy(s.Mid, f)
		out[i] = s
	}
	return out
}

func scaledBy(v []float64, f float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = f * x
	}
	return out
}

// Surface returns the surface w(k, t) = base(k, b(t)).
func (c EventClock) Surface(base Differentiable) *EventSurface { return &EventSurface{base, c} }

// EventSurface is a surface read by a clock that leaps at events, where total variance jumps. A change of time keeps the
// absence of arbitrage: each smile is one of the base, and the clock does not run backwards. It never changes once made and is
// safe for concurrent use.
type EventSurface struct {
	base  Differentiable
	clock EventClock
}

var _ Differentiable = (*EventSurface)(nil)

// NewEventSurface returns the surface of a base without events and events that each add their variance to the total variance
// at the money. An event of which the base has not enough variance to come, as one flat in time, is a pricing.ArgError.
func NewEventSurface(base Differentiable, events []Event) (*EventSurface, error) {
	const fn = "surface.NewEventSurface"
	if base == nil {
		return nil, fault.Arg(fn, "base", nil, "a surface")
	}
	sorted, err := sortedEvents(fn, events)
	if err != nil {
		return nil, err
	}
	var c EventClock
	sum := 0.0
	for i, e := range sorted {
		from := e.Time + sum
		start := base.TotalVariance(0, from)
		target := start + e.Variance
		if err := fault.Positive(fn, "total variance of the base at event "+name(e.Label, i), start); err != nil {
			return nil, err
		}
		lo, hi := from, from
		for step := math.Max(e.Time, 1./365); base.TotalVariance(0, hi) < target; step *= 2 {
			lo, hi = hi, hi+step
			if !(hi < 1e6) {
				return nil, fault.Arg(fn, "Variance of event "+name(e.Label, i), e.Variance, "less than the base has to come")
			}
		}
		for range 200 {
			mid := 0.5 * (lo + hi)
			if !(mid > lo && mid < hi) {
				break
			}
			if base.TotalVariance(0, mid) < target {
				lo = mid
			} else {
				hi = mid
			}
		}
		sum += hi - from
		c.time, c.upto = append(c.time, e.Time), append(c.upto, sum)
	}
	return &EventSurface{base, c}, nil
}

// Clock returns the clock.
func (s *EventSurface) Clock() EventClock { return s.clock }

// Pillars returns the pillars of the base in calendar time, and the events.
func (s *EventSurface) Pillars() []float64 {
	out := append([]float64(nil), s.clock.time...)
	for _, b := range panelsOf(s.base) {
		out = append(out, s.clock.calendar(b))
	}
	sort.Float64s(out)
	n := 0
	for _, t := range out {
		if n == 0 || t > out[n-1] {
			out[n] = t
			n++
		}
	}
	return out[:n]
}

// TotalVariance returns w(k, t). At the time of an event it has happened.
func (s *EventSurface) TotalVariance(k, t float64) float64 {
	return s.base.TotalVariance(k, s.clock.Business(t))
}

// Vol returns the implied volatility in calendar time.
func (s *EventSurface) Vol(k, t float64) float64 {
	b := s.clock.Business(t)
	if t == 0 {
		return volOf(s.base, k, b)
	}
	return volOf(s.base, k, b) * math.Sqrt(b/t)
}

// VolTo writes the implied volatility at each log-moneyness k and the expiry t to dst, which must be as long as k.
func (s *EventSurface) VolTo(dst, k []float64, t float64) {
	if len(dst) != len(k) {
		panic("surface: VolTo: dst and k differ in length")
	}
	for i, k := range k {
		dst[i] = s.Vol(k, t)
	}
}

// Derivatives returns w and its derivatives. That by expiry is of the diffusion between events; at an event it is to the right.
func (s *EventSurface) Derivatives(k, t float64) (w, wk, wkk, wt float64) {
	return s.base.Derivatives(k, s.clock.Business(t))
}

// ForwardVariance returns the mean variance per year between t1 and t2, 0 <= t1 < t2, at log-moneyness k:
// (w(k, t2) − w(k, t1))/(t2 − t1). It is NaN for other times.
func ForwardVariance(v TotalVariance, k, t1, t2 float64) float64 {
	if !(t1 >= 0 && t2 > t1) {
		return math.NaN()
	}
	w1 := 0.0
	if t1 > 0 {
		w1 = v.TotalVariance(k, t1)
	}
	return (v.TotalVariance(k, t2) - w1) / (t2 - t1)
}

// EventQuotes is what the volatilities at the money of expiries around an event say. An event lies between the first two.
type EventQuotes struct {
	Before, BeforeVol float64 // the last expiry before the event, in years, and its volatility; 0, 0 if there is none
	After, AfterVol   float64 // the first expiry after it
	Later, LaterVol   float64 // a second one after it, with no event between the two; 0, 0 if there is none
	Ambient           float64 // volatility without the event if it is known otherwise; 0 means from the quotes
}

// ImpliedEvent is the jump that quotes imply.
type ImpliedEvent struct {
	Variance float64 // of the log price at the event
	Move     float64 // its standard deviation, √Variance
	MeanMove float64 // mean size of a normal jump, √(2·Variance/π), about what a straddle over it costs
	Ambient  float64 // the volatility between Before and After without the event
}

// Implied returns the event's variance: the total variance between the two expiries around it less the ambient variance. The
// ambient volatility is, in this order, the one given, the forward volatility from After to Later, or the volatility up to
// Before, held until After. Where nothing is left the error is an [ErrNoEvent] and Variance the amount below zero; quotes with
// a calendar arbitrage are a pricing.ArgError.
func (q EventQuotes) Implied() (ImpliedEvent, error) {
	const fn = "surface.EventQuotes"
	err := fault.First(
		fault.NonNegative(fn, "Before", q.Before), fault.NonNegative(fn, "BeforeVol", q.BeforeVol), fault.Positive(fn, "After", q.After),
		fault.Positive(fn, "AfterVol", q.AfterVol), fault.NonNegative(fn, "Later", q.Later), fault.NonNegative(fn, "LaterVol", q.LaterVol),
		fault.NonNegative(fn, "Ambient", q.Ambient),
	)
	if err != nil {
		return ImpliedEvent{}, err
	}
	w := func(t, vol float64) float64 { return vol * vol * t }
	before, after, later := w(q.Before, q.BeforeVol), w(q.After, q.AfterVol), w(q.Later, q.LaterVol)
	switch {
	case !(q.After > q.Before):
		return ImpliedEvent{}, fault.Arg(fn, "After", q.After, fmt.Sprintf("above %g, the expiry before", q.Before))
	case q.Later != 0 && !(q.Later > q.After):
		return ImpliedEvent{}, fault.Arg(fn, "Later", q.Later, fmt.Sprintf("above %g, the expiry after the event, or 0", q.After))
	case !(after >= before):
		return ImpliedEvent{}, fault.Arg(fn, "AfterVol", q.AfterVol, "a total variance not below that of the expiry before")
	case q.Later != 0 && !(later >= after):
		return ImpliedEvent{}, fault.Arg(fn, "LaterVol", q.LaterVol, "a total variance not below that of the expiry before")
	}
	var r ImpliedEvent
	switch {
	case q.Ambient > 0:
		r.Ambient = q.Ambient
	case q.Later > 0:
		r.Ambient = math.Sqrt((later - after) / (q.Later - q.After))
	case q.Before > 0:
		r.Ambient = q.BeforeVol
	default:
		return ImpliedEvent{}, fault.Arg(fn, "Ambient", q.Ambient, "> 0 where there is neither an expiry before nor a later one")
	}
	r.Variance = after - before - r.Ambient*r.Ambient*(q.After-q.Before)
	if !(r.Variance >= 0) {
		return r, fmt.Errorf("surface: %w: %.4g is below the ambient %.4g", ErrNoEvent, after-before, r.Ambient*r.Ambient*(q.After-q.Before))
	}
	r.Move = math.Sqrt(r.Variance)
	r.MeanMove = math.Sqrt(2 * r.Variance / math.Pi)
	return r, nil
}
