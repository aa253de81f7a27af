package calendar

import (
	"fmt"
	"time"

	"github.com/volgaquant/volga/internal/fault"
)

// Date is a day of the proleptic Gregorian calendar, as the number of days since 1 January of year 1. Dates are ordered
// by < and are exact keys of maps; d+7 is a week later. The zero value is 0001-01-01 and stands for "no date", as the
// zero time.Time does. Years 1 to 9999 are in range.
type Date int32

// The first and the last date that can be parsed or written.
const (
	MinDate Date = 0
	MaxDate Date = 3652058 // 9999-12-31
)

// NewDate returns the date of a year, month and day. Values outside their usual ranges are carried over, as by
// time.Date: 31 April is 1 May.
func NewDate(year int, month time.Month, day int) Date {
	m := int(month) - 1
	year += m / 12
	if m %= 12; m < 0 {
		m += 12
		year--
	}
	// Days before the month, counted in a year that begins in March so that the leap day comes last
	// (H. Hinnant, "chrono-compatible low-level date algorithms").
	y := year
	if m < 2 {
		y--
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	yoe := y - 400*era
	doy := (153*((m+10)%12) + 2) / 5
	return Date(146097*era + 365*yoe + yoe/4 - yoe/100 + doy + day - 1 - 306)
}

// DateOf returns the date that an instant falls on in its own location.
func DateOf(t time.Time) Date { return NewDate(t.Date()) }

// Civil returns the year, month and day.
func (d Date) Civil() (year int, month time.Month, day int) {
	z := int(d) + 306 // days since 0000-03-01
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := z - 146097*era
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	year = yoe + 400*era
	m := mp + 3
	if m > 12 {
		m -= 12
		year++
	}
	return year, time.Month(m), day
}

// Year returns the year.
func (d Date) Year() int { y, _, _ := d.Civil(); return y }

// Month returns the month.
func (d Date) Month() time.Month { _, m, _ := d.Civil(); return m }

// Day returns the day of the month.
func (d Date) Day() int { _, _, n := d.Civil(); return n }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday {
	w := (int(d) + 1) % 7 // 0001-01-01 is a Monday
	if w < 0 {
		w += 7
	}
	return time.Weekday(w)
}

// IsZero reports whether d is the zero value, which stands for "no date".
func (d Date) IsZero() bool { return d == 0 }

// AddMonths returns the same day n months later, or the last day of that month if it is shorter.
func (d Date) AddMonths(n int) Date {
	y, m, day := d.Civil()
	first := NewDate(y, m+time.Month(n), 1)
	return first + Date(min(day, first.daysInMonth())-1)
}

// EndOfMonth returns the last day of the month of d.
func (d Date) EndOfMonth() Date {
	y, m, _ := d.Civil()
	return NewDate(y, m+1, 0)
}

func (d Date) daysInMonth() int { return d.EndOfMonth().Day() }

// At returns the instant of a wall clock time on the date. A time that the location skips or has twice is resolved as
// time.Date does.
func (d Date) At(hour, minute int, loc *time.Location) time.Time {
	y, m, day := d.Civil()
	return time.Date(y, m, day, hour, minute, 0, 0, loc)
}

// String writes the date as YYYY-MM-DD.
func (d Date) String() string {
	y, m, day := d.Civil()
	return fmt.Sprintf("%04d-%02d-%02d", y, int(m), day)
}

// MarshalText writes the date as YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) {
	if d < MinDate || d > MaxDate {
		return nil, fault.Arg("calendar.Date", "date", int32(d), "in the years 1 to 9999")
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads a date as [ParseDate] does.
func (d *Date) UnmarshalText(text []byte) error {
	v, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// ParseDate reads YYYY-MM-DD or YYYYMMDD, years 0001 to 9999. A day that its month does not have is an error.
func ParseDate(s string) (Date, error) {
	digits := s
	if len(s) == 10 && s[4] == '-' && s[7] == '-' {
		digits = s[:4] + s[5:7] + s[8:]
	}
	n := 0
	ok := len(digits) == 8
	for i := 0; ok && i < len(digits); i++ {
		c := digits[i]
		ok = '0' <= c && c <= '9'
		n = 10*n + int(c-'0')
	}
	y, m, day := n/10000, n/100%100, n%100
	if ok && y >= 1 && 1 <= m && m <= 12 && day >= 1 {
		if d := NewDate(y, time.Month(m), day); d.Day() == day {
			return d, nil
		}
	}
	return 0, fault.Arg("calendar.ParseDate", "date", fmt.Sprintf("%q", s), "a date as YYYY-MM-DD or YYYYMMDD")
}
