package calendar

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/volgaquant/volga/internal/fault"
)

// Convention says where a date goes that is not a business day. The zero value is [Following].
type Convention int8

// The conventions.
const (
	Following                  Convention = iota // the next business day
	ModifiedFollowing                            // the next, but the one before if that is in another month
	Preceding                                    // the business day before
	ModifiedPreceding                            // the one before, but the next if that is in another month
	HalfMonthModifiedFollowing                   // as ModifiedFollowing; the 15th may not be crossed either
	Nearest                                      // the nearer of the next and the one before; the next if both are as near
	Unadjusted                                   // nowhere
)

var conventionNames = [...]string{
	"following", "modified_following", "preceding", "modified_preceding", "half_month_modified_following", "nearest",
	"unadjusted",
}

// String returns the name: "modified_following".
func (v Convention) String() string {
	if v < 0 || int(v) >= len(conventionNames) {
		return fmt.Sprintf("Convention(%d)", int8(v))
	}
	return conventionNames[v]
}

// MarshalText writes the name.
func (v Convention) MarshalText() ([]byte, error) {
	if v < 0 || int(v) >= len(conventionNames) {
		return nil, fault.Arg("calendar.Convention", "convention", int8(v), "a business day convention")
	}
	return []byte(v.String()), nil
}

// UnmarshalText reads a name as [ParseConvention] does.
func (v *Convention) UnmarshalText(text []byte) error {
	w, err := ParseConvention(string(text))
	if err != nil {
		return err
	}
	*v = w
	return nil
}

// ParseConvention reads the name of a convention in any case: modified_following.
func ParseConvention(s string) (Convention, error) {
	for i, name := range conventionNames {
		if strings.EqualFold(s, name) {
			return Convention(i), nil
		}
	}
	return 0, fault.Arg("calendar.ParseConvention", "convention", fmt.Sprintf("%q", s), "one of "+strings.Join(conventionNames[:], ", "))
}

// Unit is a unit of time on the calendar.
type Unit int8

// The units. A day of a [Period] is a business day.
const (
	Days Unit = iota
	Weeks
	Months
	Years
)

// Period is a number of days, weeks, months or years, such as a tenor.
type Period struct {
	N    int
	Unit Unit
}

const unitLetters = "DWMY"

// String writes the period as a number and a letter: "3M", "-2W".
func (p Period) String() string {
	if p.Unit < Days || p.Unit > Years {
		return fmt.Sprintf("Period(%d, %d)", p.N, int8(p.Unit))
	}
	return strconv.Itoa(p.N) + unitLetters[p.Unit:p.Unit+1]
}

// MarshalText writes the period as [Period.String] does.
func (p Period) MarshalText() ([]byte, error) {
	if p.Unit < Days || p.Unit > Years {
		return nil, fault.Arg("calendar.Period", "Unit", int8(p.Unit), "Days, Weeks, Months or Years")
	}
	return []byte(p.String()), nil
}

// UnmarshalText reads a period as [ParsePeriod] does.
func (p *Period) UnmarshalText(text []byte) error {
	v, err := ParsePeriod(string(text))
	if err != nil {
		return err
	}
	*p = v
	return nil
}

// ParsePeriod reads a whole number followed by D, W, M or Y in either case: 3M, -2W.
func ParsePeriod(s string) (Period, error) {
	if len(s) > 1 {
		unit := strings.IndexByte(unitLetters, s[len(s)-1]&^0x20)
		n, err := strconv.Atoi(s[:len(s)-1])
		if unit >= 0 && err == nil && -maxPeriod <= n && n <= maxPeriod {
			return Period{N: n, Unit: Unit(unit)}, nil
		}
	}
	return Period{}, fault.Arg("calendar.ParsePeriod", "period", fmt.Sprintf("%q", s), "a number below 120000 and D, W, M or Y")
}

// maxPeriod keeps every period that can be parsed within the range of dates and of their arithmetic: 9999 years of months.
const maxPeriod = 119999

// Adjust returns d if it is a business day, and otherwise the business day that the convention puts in its place.
func (c Calendar) Adjust(d Date, v Convention) Date {
	if v == Unadjusted || c.IsBusinessDay(d) {
		return d
	}
	switch v {
	case Preceding:
		return c.roll(d, -1)
	case ModifiedPreceding:
		before := c.roll(d, -1)
		if before.Month() != d.Month() {
			return c.roll(d, 1)
		}
		return before
	case Nearest:
		after, before := c.roll(d, 1), c.roll(d, -1)
		if d-before < after-d {
			return before
		}
		return after
	}
	after := c.roll(d, 1)
	switch v {
	case ModifiedFollowing:
		if after.Month() != d.Month() {
			return c.roll(d, -1)
		}
	case HalfMonthModifiedFollowing:
		if after.Month() != d.Month() || (d.Day() <= 15 && after.Day() > 15) {
			return c.roll(d, -1)
		}
	}
	return after
}

// Advance returns d moved by a period. A period of days counts business days. Weeks, months and years are added on the
// civil calendar, a day that its month lacks becoming the last one, and the result is adjusted by the convention. With
// endOfMonth, a date at the end of its month goes to the end of a month when moved by months or years: by business days,
// or by civil days if the convention is Unadjusted.
func (c Calendar) Advance(d Date, p Period, v Convention, endOfMonth bool) Date {
	if p.N == 0 {
		return c.Adjust(d, v)
	}
	months := p.N
	switch p.Unit {
	case Days:
		return c.Add(d, p.N)
	case Weeks:
		return c.Adjust(d+Date(7*p.N), v)
	case Years:
		months *= 12
	}
	moved := d.AddMonths(months)
	if endOfMonth {
		switch {
		case v == Unadjusted:
			if d == d.EndOfMonth() {
				return moved.EndOfMonth()
			}
		case c.IsEndOfMonth(d):
			return c.EndOfMonth(moved)
		}
	}
	return c.Adjust(moved, v)
}
