package calendar

import (
	"maps"
	"strings"
	"time"

	"github.com/volgaquant/volga/internal/fault"
)

// Calendar says which days are business days. It is an immutable small value, safe for concurrent use and comparable.
// The zero value is open every day, as crypto venues are.
type Calendar struct{ def *definition }

type definition struct {
	name    string
	weekend [7]bool        // by time.Weekday
	holiday func(day) bool // nil: none
	early   func(day) bool // days of an early close; nil: none
	set     map[Date]bool  // dates decided one by one: true is a business day. It goes before the rules.
	of      []Calendar     // a joint calendar: open when all of these are
}

// AlwaysOpen returns the calendar without weekends or holidays, which is the zero value.
func AlwaysOpen() Calendar { return Calendar{} }

var satSun = [7]bool{time.Saturday: true, time.Sunday: true}

var weekendsOnly = &definition{name: "weekends only", weekend: satSun}

// WeekendsOnly returns the calendar whose only holidays are Saturdays and Sundays.
func WeekendsOnly() Calendar { return Calendar{weekendsOnly} }

// New returns a calendar of weekend days and a list of holidays. At least one day of the week must be open.
func New(name string, weekend []time.Weekday, holidays []Date) (Calendar, error) {
	def := &definition{name: name}
	for _, w := range weekend {
		if w < time.Sunday || w > time.Saturday {
			return Calendar{}, fault.Arg("calendar.New", "weekend", int(w), "Sunday to Saturday")
		}
		def.weekend[w] = true
	}
	if def.weekend == [7]bool{true, true, true, true, true, true, true} {
		return Calendar{}, fault.Arg("calendar.New", "weekend", weekend, "a week with a business day")
	}
	return Calendar{def}.WithClosed(holidays...), nil
}

// Join returns the calendar that is open when all the given ones are.
func Join(calendars ...Calendar) Calendar {
	def := &definition{of: append([]Calendar(nil), calendars...)}
	names := make([]string, len(calendars))
	for i, c := range calendars {
		names[i] = c.String()
		for w := range def.weekend {
			def.weekend[w] = def.weekend[w] || c.IsWeekend(time.Weekday(w))
		}
	}
	def.name = strings.Join(names, " + ")
	return Calendar{def}
}

// WithClosed returns the calendar with further holidays, such as a closure that was announced on short notice.
func (c Calendar) WithClosed(dates ...Date) Calendar { return c.with(false, dates) }

// WithOpen returns the calendar with dates that are business days whatever its rules say.
func (c Calendar) WithOpen(dates ...Date) Calendar { return c.with(true, dates) }

func (c Calendar) with(open bool, dates []Date) Calendar {
	if len(dates) == 0 {
		return c
	}
	def := definition{name: "every day"}
	if c.def != nil {
		def = *c.def
	}
	def.set = maps.Clone(def.set)
	if def.set == nil {
		def.set = make(map[Date]bool, len(dates))
	}
	for _, d := range dates {
		def.set[d] = open
	}
	return Calendar{&def}
}

// String returns the name of the calendar.
func (c Calendar) String() string {
	if c.def == nil {
		return "every day"
	}
	return c.def.name
}

// IsWeekend reports whether a day of the week is never a business day by the calendar's rules.
func (c Calendar) IsWeekend(w time.Weekday) bool { return c.def != nil && c.def.weekend[w] }

// IsBusinessDay reports whether the calendar is open on a date.
func (c Calendar) IsBusinessDay(d Date) bool {
	if c.def == nil {
		return true
	}
	if len(c.def.set) > 0 {
		if open, ok := c.def.set[d]; ok {
			return open
		}
	}
	if c.def.of != nil {
		for _, part := range c.def.of {
			if !part.IsBusinessDay(d) {
				return false
			}
		}
		return true
	}
	if c.def.weekend[d.Weekday()] {
		return false
	}
	return c.def.holiday == nil || !c.def.holiday(dayOf(d))
}

// IsEarlyClose reports whether the venue of the calendar closes early on a date. Only [NYSE] knows early closes; they
// are at 13:00 New York.
func (c Calendar) IsEarlyClose(d Date) bool {
	return c.def != nil && c.def.early != nil && c.def.early(dayOf(d)) && c.IsBusinessDay(d)
}

// Holidays returns the dates from from to to, both included, that are closed though their day of the week is not a
// weekend.
func (c Calendar) Holidays(from, to Date) []Date {
	var dates []Date
	for d := from; d <= to; d++ {
		if !c.IsWeekend(d.Weekday()) && !c.IsBusinessDay(d) {
			dates = append(dates, d)
		}
	}
	return dates
}

// Add returns the n-th business day after d, or before it if n is negative; a day that is not a business day counts as
// lying between its neighbours. With n = 0 it returns d. It stops at [MinDate] and [MaxDate].
func (c Calendar) Add(d Date, n int) Date {
	for ; n > 0; n-- {
		d = c.roll(d+1, 1)
	}
	for ; n < 0; n++ {
		d = c.roll(d-1, -1)
	}
	return d
}

// roll returns the first business day from d on in steps of one day forward or back.
func (c Calendar) roll(d, step Date) Date {
	for !c.IsBusinessDay(d) {
		if d <= MinDate && step < 0 || d >= MaxDate && step > 0 {
			return min(max(d, MinDate), MaxDate)
		}
		d += step
	}
	return d
}

// BusinessDaysBetween returns the number of business days from the earlier date, included, to the later one, excluded;
// negative if to is before from. So it adds up: between(a,b) + between(b,c) = between(a,c).
func (c Calendar) BusinessDaysBetween(from, to Date) int {
	if from > to {
		return -c.BusinessDaysBetween(to, from)
	}
	n := 0
	for d := from; d < to; d++ {
		if c.IsBusinessDay(d) {
			n++
		}
	}
	return n
}

// EndOfMonth returns the last business day of the month of d.
func (c Calendar) EndOfMonth(d Date) Date { return c.roll(d.EndOfMonth(), -1) }

// IsEndOfMonth reports whether d is the last business day of its month or a day after it.
func (c Calendar) IsEndOfMonth(d Date) bool { return d >= c.EndOfMonth(d) }
