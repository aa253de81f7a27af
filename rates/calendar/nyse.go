package calendar

import "time"

// nyseClosures are the days since 1990 on which the NYSE stayed closed outside its rules.
var nyseClosures = []Date{
	NewDate(1994, time.April, 27),     // funeral of President Nixon
	NewDate(2001, time.September, 11), // the attacks on New York
	NewDate(2001, time.September, 12),
	NewDate(2001, time.September, 13),
	NewDate(2001, time.September, 14),
	NewDate(2004, time.June, 11),    // funeral of President Reagan
	NewDate(2007, time.January, 2),  // funeral of President Ford
	NewDate(2012, time.October, 29), // hurricane Sandy
	NewDate(2012, time.October, 30), //
	NewDate(2018, time.December, 5), // funeral of President G. H. W. Bush
	NewDate(2025, time.January, 9),  // day of mourning for President Carter
}

var nyse = Calendar{&definition{name: "NYSE", weekend: satSun, holiday: nyseHoliday, early: nyseEarly}}.WithClosed(nyseClosures...)

// NYSE returns the calendar of the New York Stock Exchange, which the US options exchanges share: its rules since 1990
// and the closures that were announced on short notice. A New Year's Day on a Saturday is not observed.
func NYSE() Calendar { return nyse }

// nyseHoliday holds the rules (NYSE Rule 7.2) without the one-off closures.
func nyseHoliday(x day) bool {
	switch x.month {
	case time.January:
		return x.sundayToMonday(time.January, 1) || (x.year >= 1998 && x.nth(3, time.Monday, time.January))
	case time.February:
		return x.nth(3, time.Monday, time.February)
	case time.March, time.April:
		return x.goodFriday()
	case time.May:
		return x.last(time.Monday, time.May)
	case time.June:
		return x.year >= 2022 && x.nearestWeekday(time.June, 19)
	case time.July:
		return x.nearestWeekday(time.July, 4)
	case time.September:
		return x.nth(1, time.Monday, time.September)
	case time.November:
		return x.nth(4, time.Thursday, time.November)
	case time.December:
		return x.nearestWeekday(time.December, 25)
	}
	return false
}

// nyseEarly holds the closes at 13:00, which replaced those at 14:00 in 1993: the day after Thanksgiving, Christmas Eve,
// and the day before Independence Day; until 2012, an Independence Day on a Thursday had the Friday after it instead.
func nyseEarly(x day) bool {
	switch {
	case x.year < 1993:
		return false
	case x.month == time.July && x.year >= 1995:
		switch x.w {
		case time.Monday, time.Tuesday, time.Thursday:
			return x.n == 3
		case time.Wednesday:
			return x.n == 3 && x.year >= 2013
		case time.Friday:
			return x.n == 5 && x.year < 2013
		}
	case x.month == time.November:
		return x.w == time.Friday && 23 <= x.n && x.n <= 29
	case x.month == time.December:
		switch x.date {
		case NewDate(1997, time.December, 26), NewDate(1999, time.December, 31), NewDate(2003, time.December, 26):
			return true // announced for those years only
		}
		return x.n == 24
	}
	return false
}

// MonthlyExpiry returns the expiry of the standard monthly options of a month: the third Friday, or the business day
// before it if the calendar is closed, as on a Good Friday.
func MonthlyExpiry(c Calendar, year int, month time.Month) Date {
	first := NewDate(year, month, 1)
	friday := first + Date((time.Friday-first.Weekday()+7)%7) + 14
	return c.Adjust(friday, Preceding)
}
