package calendar

import "time"

// day is a date taken apart for the holiday rules, which are functions of a day.
type day struct {
	date  Date
	year  int
	month time.Month
	n     int // day of the month
	w     time.Weekday
}

func dayOf(d Date) day {
	y, m, n := d.Civil()
	return day{date: d, year: y, month: m, n: n, w: d.Weekday()}
}

// is reports whether the day is a fixed date of the year.
func (x day) is(m time.Month, n int) bool { return x.month == m && x.n == n }

// nth reports whether the day is the k-th of its weekday in a month: the third Monday in January.
func (x day) nth(k int, w time.Weekday, m time.Month) bool {
	return x.month == m && x.w == w && (x.n+6)/7 == k
}

// last reports whether the day is the last of its weekday in a month of 31 days.
func (x day) last(w time.Weekday, m time.Month) bool { return x.month == m && x.w == w && x.n >= 25 }

// sundayToMonday reports whether a fixed date is observed on the day: on Monday if it falls on a Sunday.
func (x day) sundayToMonday(m time.Month, n int) bool {
	return x.is(m, n) || (x.w == time.Monday && x.is(m, n+1))
}

// weekendToMonday reports whether a fixed date is observed on the day: on Monday if it falls on a weekend.
func (x day) weekendToMonday(m time.Month, n int) bool {
	if x.is(m, n) {
		return true
	}
	from := NewDate(x.year, m, n)
	return x.w == time.Monday && (x.date-from == 1 || x.date-from == 2)
}

// nearestWeekday reports whether a fixed date is observed on the day: on Friday if it falls on a Saturday, on Monday if
// on a Sunday.
func (x day) nearestWeekday(m time.Month, n int) bool {
	return x.sundayToMonday(m, n) || (x.w == time.Friday && x.is(m, n-1))
}

// easter returns the days since Easter Sunday of the year: −2 on Good Friday, 1 on Easter Monday.
func (x day) easter() int { return int(x.date - EasterSunday(x.year)) }

func (x day) goodFriday() bool { return x.w == time.Friday && x.easter() == -2 }

func (x day) easterMonday() bool { return x.w == time.Monday && x.easter() == 1 }

// EasterSunday returns Easter of the Gregorian calendar (Meeus, Jones and Butcher's algorithm).
func EasterSunday(year int) Date {
	a := year % 19
	b, c := year/100, year%100
	h := (19*a + b - b/4 - (b-(b+8)/25+1)/3 + 15) % 30
	l := (32 + 2*(b%4) + 2*(c/4) - h - c%4) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return NewDate(year, time.Month(n/31), n%31+1)
}
