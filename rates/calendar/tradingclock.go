package calendar

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/volgaquant/volga/internal/fault"
)

// Weights are relative amounts of variance per hour of wall clock time. Only their ratios matter. Zero stops the clock;
// Session must be positive.
type Weights struct {
	Session   float64 // while the venue is open on a business day
	Overnight float64 // the other hours of a business day, from midnight to midnight
	Weekend   float64 // all hours of a weekend day
	Holiday   float64 // all hours of a holiday on a day of the week that is otherwise open
}

// Hours are the trading hours of a venue, as wall clock times after midnight in its location.
type Hours struct {
	Location   *time.Location // nil means New York
	Open       time.Duration
	Close      time.Duration
	EarlyClose time.Duration // the close on days of an early close; 0 means Close
}

// NYSEHours returns the hours of the US equity options exchanges: 09:30 to 16:00 New York, 13:00 on days of an early
// close.
func NYSEHours() Hours {
	return Hours{Open: 9*time.Hour + 30*time.Minute, Close: 16 * time.Hour, EarlyClose: 13 * time.Hour}
}

// Event is variance that comes on top of that of its date, such as an FOMC meeting, a payrolls release or earnings. It
// comes evenly between two wall clock times of the date, or at once if they are equal.
type Event struct {
	Name     string
	Date     Date
	Days     float64       // the variance in normal business days, >= 0
	From, To time.Duration // after midnight in the location of the hours, To at most 24h; both 0: the session, else the whole day
}

// TradingSpec is what a [TradingClock] is made of.
type TradingSpec struct {
	Calendar  Calendar
	Hours     Hours
	Weights   Weights
	Events    []Event
	Reference int  // the year that is to last 1.0 without its events; 0: a year of 365.25 days lasts 1.0 on average over the range
	First     Date // the range of dates that is tabulated; 0 means 2000-01-01
	Last      Date // 0 means 2069-12-31
}

// TradingClock is a [Clock] that runs as variance comes in: fast in the session, slowly at night, on weekends and
// holidays, with extra time at events. It is the exact integral of a rate that is constant on each stretch of wall clock
// time, with jumps at events that come at once, so it is monotone and additive. Outside its range of dates it runs
// at 1.0 per 365.25 days. It is immutable and safe for concurrent use; a call takes some 20 ns and allocates nothing.
type TradingClock struct {
	knots   []knot
	hint    []int32 // by days of 86400 s since the first knot: the last knot at or before the beginning of that day
	outside float64 // years per second before the first knot and after the last
	day     float64 // years of a normal business day
}

// knot begins a stretch on which the clock runs at a constant rate. The clock shows years + low at its beginning: two
// numbers, so that the difference of two readings is as accurate for the last minute of an option as for a decade.
type knot struct {
	at         int64   // Unix seconds
	years, low float64 // years since the first knot, the jump at this one included
	rate       float64 // years per second from then on
}

// Limits of a specification that keep its table and its sums sensible.
const (
	maxClockDays = 366 * 400
	maxWeight    = 1e12 // per hour, relative
)

// perHour turns a weight per hour into one per second.
const perHour = 1.0 / 3600

// julianYear is the mean year of the normalisation, in seconds.
const julianYear = 365.25 * secondsPerDay

// NewTradingClock returns the clock of a specification, or an error that names the field that makes no sense. It takes
// about a sixth of a millisecond for each year of the range.
func NewTradingClock(s TradingSpec) (*TradingClock, error) {
	if s.First == 0 {
		s.First = NewDate(2000, time.January, 1)
	}
	if s.Last == 0 {
		s.Last = NewDate(2069, time.December, 31)
	}
	if s.Hours.Location == nil {
		s.Hours.Location = newYork()
	}
	if s.Hours.EarlyClose == 0 {
		s.Hours.EarlyClose = s.Hours.Close
	}
	if err := s.validate(); err != nil {
		return nil, err
	}

	// The base clock in units of weight, then its normalisation, then the events on top.
	base := s.baseKnots()
	c := &TradingClock{knots: base}
	c.sum()
	c.index()
	refFrom, refTo := s.First, s.Last+1
	span := float64(c.knots[len(base)-1].at-c.knots[0].at) / julianYear
	if s.Reference != 0 {
		refFrom, refTo = NewDate(s.Reference, time.January, 1), NewDate(s.Reference+1, time.January, 1)
		span = 1
	}
	loc := s.Hours.Location
	total := c.Years(refFrom.At(0, 0, loc), refTo.At(0, 0, loc))
	if !(total > 0) || math.IsInf(total, 1) {
		return nil, fault.Arg(specName, "Weights", s.Weights, "weights that give the reference period a positive finite sum")
	}
	scale := span / total
	for i := range base {
		base[i].rate *= scale
		base[i].years, base[i].low = 0, 0
	}
	session := (s.Hours.Close - s.Hours.Open).Seconds()
	c.day = scale * perHour * (session*s.Weights.Session + (secondsPerDay-session)*s.Weights.Overnight)
	c.knots = s.withEvents(base, c.day)
	c.outside = 1 / julianYear
	c.knots[len(c.knots)-1].rate = c.outside
	c.sum()
	c.index()
	return c, nil
}

const specName = "calendar.NewTradingClock"

func (s *TradingSpec) validate() error {
	for _, w := range []struct {
		name  string
		value float64
	}{
		{"Weights.Session", s.Weights.Session},
		{"Weights.Overnight", s.Weights.Overnight},
		{"Weights.Weekend", s.Weights.Weekend},
		{"Weights.Holiday", s.Weights.Holiday},
	} {
		if err := fault.Between(specName, w.name, w.value, 0, maxWeight); err != nil {
			return err
		}
	}
	if s.Weights.Session == 0 {
		return fault.Arg(specName, "Weights.Session", 0.0, "> 0")
	}
	h := s.Hours
	switch {
	case h.Open < 0:
		return fault.Arg(specName, "Hours.Open", h.Open, ">= 0")
	case h.Close <= h.Open || h.Close > 24*time.Hour:
		return fault.Arg(specName, "Hours.Close", h.Close, fmt.Sprintf("after Open %v and at most 24h", h.Open))
	case h.EarlyClose <= h.Open || h.EarlyClose > h.Close:
		return fault.Arg(specName, "Hours.EarlyClose", h.EarlyClose, fmt.Sprintf("after Open %v and at most Close %v", h.Open, h.Close))
	case h.Open%time.Second != 0 || h.Close%time.Second != 0 || h.EarlyClose%time.Second != 0:
		return fault.Arg(specName, "Hours", h, "whole seconds")
	case s.First < MinDate || s.First > MaxDate:
		return fault.Arg(specName, "First", int32(s.First), "in the years 1 to 9999")
	case s.Last < s.First || s.Last >= MaxDate || s.Last-s.First > maxClockDays:
		return fault.Arg(specName, "Last", s.Last, fmt.Sprintf("from First %v to 400 years later", s.First))
	}
	if y := s.Reference; y != 0 && (y < 1 || y > 9998 || NewDate(y, time.January, 1) < s.First || NewDate(y, time.December, 31) > s.Last) {
		return fault.Arg(specName, "Reference", y, fmt.Sprintf("a year within %v to %v", s.First, s.Last))
	}
	for i, e := range s.Events {
		field := func(name string) string { return fmt.Sprintf("Events[%d].%s", i, name) }
		if err := fault.NonNegative(specName, field("Days"), e.Days); err != nil {
			return err
		}
		switch {
		case e.Date < s.First || e.Date > s.Last:
			return fault.Arg(specName, field("Date"), e.Date, fmt.Sprintf("within %v to %v", s.First, s.Last))
		case e.From < 0 || e.From%time.Second != 0:
			return fault.Arg(specName, field("From"), e.From, ">= 0 and whole seconds")
		case e.To < e.From || e.To > 24*time.Hour || e.To%time.Second != 0:
			return fault.Arg(specName, field("To"), e.To, fmt.Sprintf("from From %v to 24h, in whole seconds", e.From))
		}
	}
	return nil
}

// wall returns the instant of a wall clock time of a date, in Unix seconds.
func (s *TradingSpec) wall(d Date, after time.Duration) int64 {
	y, m, n := d.Civil()
	return time.Date(y, m, n, 0, 0, int(after/time.Second), 0, s.Hours.Location).Unix()
}

// baseKnots returns the clock without events in units of weight times seconds.
func (s *TradingSpec) baseKnots() []knot {
	knots := make([]knot, 0, 3*int(s.Last-s.First)+4)
	add := func(at int64, rate float64) {
		switch n := len(knots); {
		case n > 0 && knots[n-1].at == at:
			knots[n-1].rate = rate
		case n == 0 || knots[n-1].rate != rate:
			knots = append(knots, knot{at: at, rate: rate})
		}
	}
	for d := s.First; d <= s.Last; d++ {
		switch {
		case s.Calendar.IsBusinessDay(d):
			add(s.wall(d, 0), s.Weights.Overnight*perHour)
			add(s.wall(d, s.Hours.Open), s.Weights.Session*perHour)
			add(s.wall(d, s.close(d)), s.Weights.Overnight*perHour)
		case s.Calendar.IsWeekend(d.Weekday()):
			add(s.wall(d, 0), s.Weights.Weekend*perHour)
		default:
			add(s.wall(d, 0), s.Weights.Holiday*perHour)
		}
	}
	knots = append(knots, knot{at: s.wall(s.Last+1, 0)})
	return knots
}

func (s *TradingSpec) close(d Date) time.Duration {
	if s.Calendar.IsEarlyClose(d) {
		return s.Hours.EarlyClose
	}
	return s.Hours.Close
}

// withEvents returns the base clock with the events laid over it. Its knots carry in years their jumps alone, for sum.
func (s *TradingSpec) withEvents(base []knot, normalDay float64) []knot {
	type change struct {
		at         int64
		rate, jump float64
	}
	var changes []change
	for _, e := range s.Events {
		from, to := e.From, e.To
		if from == 0 && to == 0 {
			to = 24 * time.Hour
			if s.Calendar.IsBusinessDay(e.Date) {
				from, to = s.Hours.Open, s.close(e.Date)
			}
		}
		a, b := s.wall(e.Date, from), s.wall(e.Date, to)
		years := e.Days * normalDay
		if a >= b {
			changes = append(changes, change{at: b, jump: years})
			continue
		}
		rate := years / float64(b-a)
		changes = append(changes, change{at: a, rate: rate}, change{at: b, rate: -rate})
	}
	slices.SortStableFunc(changes, func(x, y change) int { return int(min(max(x.at-y.at, -1), 1)) })

	knots := make([]knot, 0, len(base)+len(changes))
	extra, baseRate, i := 0.0, 0.0, 0
	open := 0 // events under way; when none is, rounding in extra is dropped
	for _, k := range base {
		for ; i < len(changes) && changes[i].at < k.at; i++ {
			extra, open = extra+changes[i].rate, open+sign(changes[i].rate)
			if open == 0 {
				extra = 0
			}
			if n := len(knots); n > 0 && knots[n-1].at == changes[i].at {
				knots[n-1].rate = baseRate + extra
				knots[n-1].years += changes[i].jump
				continue
			}
			knots = append(knots, knot{at: changes[i].at, rate: baseRate + extra, years: changes[i].jump})
		}
		baseRate = k.rate
		jump := 0.0
		for ; i < len(changes) && changes[i].at == k.at; i++ {
			extra, open, jump = extra+changes[i].rate, open+sign(changes[i].rate), jump+changes[i].jump
			if open == 0 {
				extra = 0
			}
		}
		knots = append(knots, knot{at: k.at, rate: baseRate + extra, years: jump})
	}
	return knots
}

func sign(x float64) int {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

// sum turns the jumps that the knots carry in years into what the clock shows.
func (c *TradingClock) sum() {
	for i := 1; i < len(c.knots); i++ {
		k, prev := &c.knots[i], &c.knots[i-1]
		step := k.years + prev.rate*float64(k.at-prev.at)
		// Two-sum (Knuth): years + low is the exact sum but for rounding in low.
		k.years = prev.years + step
		back := k.years - prev.years
		k.low = prev.low + ((prev.years - (k.years - back)) + (step - back))
	}
}

// index builds the table that finds the stretch of an instant.
func (c *TradingClock) index() {
	first, last := c.knots[0].at, c.knots[len(c.knots)-1].at
	c.hint = make([]int32, (last-first)/secondsPerDay+1)
	k := 0
	for i := range c.hint {
		for k+1 < len(c.knots) && c.knots[k+1].at <= first+int64(i)*secondsPerDay {
			k++
		}
		c.hint[i] = int32(k)
	}
}

// find returns the stretch of an instant, -1 before the first knot.
func (c *TradingClock) find(sec int64) int {
	first, last := c.knots[0].at, len(c.knots)-1
	if sec < first {
		return -1
	}
	k := last
	if i := (sec - first) / secondsPerDay; i < int64(len(c.hint)) {
		k = int(c.hint[i])
	}
	for k < last && c.knots[k+1].at <= sec {
		k++
	}
	return k
}

// at returns what the clock shows at an instant of stretch k: the sum of the three.
func (c *TradingClock) at(k int, sec int64, nano int) (years, low, since float64) {
	if k < 0 {
		return 0, 0, c.outside * (float64(sec-c.knots[0].at) + 1e-9*float64(nano))
	}
	kn := &c.knots[k]
	return kn.years, kn.low, kn.rate * (float64(sec-kn.at) + 1e-9*float64(nano))
}

var _ Clock = (*TradingClock)(nil)

// Years returns the years that pass on the clock between two instants, to a few units in the last place and 1e-17 years.
// An event that comes at once has passed at its instant.
func (c *TradingClock) Years(from, to time.Time) float64 {
	a, b := from.Unix(), to.Unix()
	y1, l1, s1 := c.at(c.find(a), a, from.Nanosecond())
	y2, l2, s2 := c.at(c.find(b), b, to.Nanosecond())
	return (y2 - y1) + ((s2 - s1) + (l2 - l1))
}

// NormalDay returns the years of a business day of regular hours without events, from midnight to midnight.
func (c *TradingClock) NormalDay() float64 { return c.day }
