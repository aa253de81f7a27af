package calendar

import "time"

var (
	target        = Calendar{&definition{name: "TARGET", weekend: satSun, holiday: targetHoliday}}
	unitedKingdom = Calendar{&definition{name: "United Kingdom", weekend: satSun, holiday: ukHoliday}}
	frankfurt     = Calendar{&definition{name: "Frankfurt", weekend: satSun, holiday: frankfurtHoliday}}
	switzerland   = Calendar{&definition{name: "Switzerland", weekend: satSun, holiday: swissHoliday}}
	canada        = Calendar{&definition{name: "Canada", weekend: satSun, holiday: canadianHoliday}}
	japan         = Calendar{&definition{name: "Japan", weekend: satSun, holiday: japaneseHoliday}}
	brazil        = Calendar{&definition{name: "Brazil", weekend: satSun, holiday: brazilianHoliday}}
	ukOneOff      = []Date{
		NewDate(1999, time.December, 31),                         // millennium
		NewDate(2002, time.June, 3), NewDate(2002, time.June, 4), // golden jubilee, spring holiday moved
		NewDate(2011, time.April, 29),                            // royal wedding
		NewDate(2012, time.June, 4), NewDate(2012, time.June, 5), // diamond jubilee, spring holiday moved
		NewDate(2022, time.June, 2), NewDate(2022, time.June, 3), // platinum jubilee, spring holiday moved
		NewDate(2022, time.September, 19), NewDate(2023, time.May, 8), // funeral of Elizabeth II, coronation of Charles III
	}
)

// TARGET returns the calendar of the euro area's payment system, since 1999.
func TARGET() Calendar { return target }

// UnitedKingdom returns the bank holidays of England and Wales, which are also those of the London exchanges, since 1995.
func UnitedKingdom() Calendar { return unitedKingdom }

// Frankfurt returns the trading calendar of Xetra and the Frankfurt exchange, rules since 2022: 24 and 31 December are
// closed.
func Frankfurt() Calendar { return frankfurt }

// Switzerland returns the bank holidays of Zurich.
func Switzerland() Calendar { return switzerland }

// Canada returns the settlement calendar of Canada (Ontario), rules since 2008; the National Day for Truth and
// Reconciliation since 2021.
func Canada() Calendar { return canada }

// Japan returns the bank holidays of Japan under the holiday law of 2007 with its changes up to 2022. The equinoxes are
// computed, and are right from 2000 to 2099.
func Japan() Calendar { return japan }

// Brazil returns the national bank holidays of Brazil, the days of Business/252; 20 November since 2024.
func Brazil() Calendar { return brazil }

func targetHoliday(x day) bool {
	switch {
	case x.is(time.January, 1), x.is(time.December, 25):
		return true
	case x.is(time.December, 31):
		return x.year == 1999 || x.year == 2001
	case x.year < 2000:
		return false
	}
	return x.is(time.May, 1) || x.is(time.December, 26) || x.goodFriday() || x.easterMonday()
}

func ukHoliday(x day) bool {
	switch x.month {
	case time.January:
		return x.weekendToMonday(time.January, 1)
	case time.May:
		if x.year == 1995 || x.year == 2020 { // moved to the anniversary of the end of the war
			if x.is(time.May, 8) {
				return true
			}
		} else if x.nth(1, time.Monday, time.May) {
			return true
		}
		if x.year != 2002 && x.year != 2012 && x.year != 2022 && x.last(time.Monday, time.May) {
			return true
		}
	case time.August:
		return x.last(time.Monday, time.August)
	case time.December:
		if christmasAndBoxing(x) {
			return true
		}
	}
	if x.goodFriday() || x.easterMonday() {
		return true
	}
	for _, d := range ukOneOff {
		if x.date == d {
			return true
		}
	}
	return false
}

// christmasAndBoxing are 25 and 26 December; what falls on a weekend goes to the next Monday or Tuesday.
func christmasAndBoxing(x day) bool {
	if x.month != time.December {
		return false
	}
	early := x.w == time.Monday || x.w == time.Tuesday
	return x.n == 25 || x.n == 26 || (early && (x.n == 27 || x.n == 28))
}

func frankfurtHoliday(x day) bool {
	return x.is(time.January, 1) || x.goodFriday() || x.easterMonday() || x.is(time.May, 1) ||
		(x.month == time.December && (24 <= x.n && x.n <= 26 || x.n == 31))
}

func swissHoliday(x day) bool {
	if x.is(time.January, 1) || x.is(time.January, 2) || x.is(time.May, 1) || x.is(time.August, 1) ||
		x.is(time.December, 25) || x.is(time.December, 26) {
		return true
	}
	switch x.easter() {
	case -2, 1, 39, 50: // Good Friday, Easter Monday, Ascension, Whit Monday
		return true
	}
	return false
}

func canadianHoliday(x day) bool {
	switch x.month {
	case time.January:
		return x.weekendToMonday(time.January, 1)
	case time.February:
		return x.year >= 2008 && x.nth(3, time.Monday, time.February)
	case time.March, time.April:
		return x.goodFriday()
	case time.May:
		return x.w == time.Monday && 18 <= x.n && x.n <= 24
	case time.July:
		return x.weekendToMonday(time.July, 1)
	case time.August:
		return x.nth(1, time.Monday, time.August)
	case time.September, time.October:
		return x.nth(1, time.Monday, time.September) || x.nth(2, time.Monday, time.October) ||
			(x.year >= 2021 && x.weekendToMonday(time.September, 30))
	case time.November:
		return x.weekendToMonday(time.November, 11)
	}
	return christmasAndBoxing(x)
}

func japaneseHoliday(x day) bool {
	games := x.year == 2020 || x.year == 2021 // holidays moved for the Olympic games
	switch x.month {
	case time.January:
		return x.n <= 3 || x.nth(2, time.Monday, time.January)
	case time.February:
		return x.sundayToMonday(time.February, 11) || (x.year >= 2020 && x.sundayToMonday(time.February, 23))
	case time.March:
		return x.sundayToMonday(time.March, equinox(20.69115, x.year))
	case time.April:
		return x.sundayToMonday(time.April, 29) || x.date == NewDate(2019, time.April, 30)
	case time.May:
		if 3 <= x.n && x.n <= 5 {
			return true
		}
		if x.year == 2019 && x.n <= 2 { // accession of Emperor Naruhito
			return true
		}
		return x.n == 6 && time.Monday <= x.w && x.w <= time.Wednesday // for a Sunday among the three
	case time.July:
		switch x.year {
		case 2020:
			return x.n == 23 || x.n == 24
		case 2021:
			return x.n == 22 || x.n == 23
		}
		return x.nth(3, time.Monday, time.July)
	case time.August:
		switch x.year {
		case 2020:
			return x.n == 10
		case 2021:
			return x.n == 9
		}
		return x.year >= 2016 && x.sundayToMonday(time.August, 11)
	case time.September:
		autumn := equinox(23.09, x.year)
		return x.nth(3, time.Monday, time.September) || x.sundayToMonday(time.September, autumn) ||
			(x.w == time.Tuesday && x.n+1 == autumn && x.n >= 16) // a day between two holidays is one
	case time.October:
		return (!games && x.nth(2, time.Monday, time.October)) || x.date == NewDate(2019, time.October, 22)
	case time.November:
		return x.sundayToMonday(time.November, 3) || x.sundayToMonday(time.November, 23)
	case time.December:
		return x.n == 31 || (x.year <= 2018 && x.sundayToMonday(time.December, 23))
	}
	return false
}

// equinox returns the day of the month of an equinox from its time in the year 2000, in days: it moves by 0.242194 days
// a year, less a day in each leap year.
func equinox(in2000 float64, year int) int {
	n := year - 2000
	return int(in2000 + 0.242194*float64(n) - float64(n/4))
}

func brazilianHoliday(x day) bool {
	switch {
	case x.is(time.January, 1), x.is(time.April, 21), x.is(time.May, 1), x.is(time.September, 7),
		x.is(time.October, 12), x.is(time.November, 2), x.is(time.November, 15), x.is(time.December, 25):
		return true
	case x.is(time.November, 20):
		return x.year >= 2024
	}
	switch x.easter() {
	case -48, -47, -2, 60: // Carnival, Good Friday, Corpus Christi
		return true
	}
	return false
}
