package calendar

import "time"

var (
	federalReserve = Calendar{&definition{name: "US Federal Reserve", weekend: satSun, holiday: func(x day) bool {
		return usFederal(x, day.sundayToMonday)
	}}}
	usSettlement = Calendar{&definition{name: "US Settlement", weekend: satSun, holiday: func(x day) bool {
		return usFederal(x, day.nearestWeekday) || (x.w == time.Friday && x.is(time.December, 31))
	}}}
	usGovernmentBond = Calendar{&definition{name: "US Government Bond", weekend: satSun, holiday: func(x day) bool {
		return usBond(x) || (x.goodFriday() && !payrollsGoodFriday(x))
	}}}.WithClosed(bondClosures...)
	sofr = Calendar{&definition{name: "SOFR", weekend: satSun, holiday: func(x day) bool {
		return usBond(x) || x.goodFriday()
	}}}.WithClosed(bondClosures...)

	bondClosures = []Date{
		NewDate(2001, time.September, 11), NewDate(2001, time.September, 12), // the attacks on New York
		NewDate(2004, time.June, 11),    // funeral of President Reagan
		NewDate(2012, time.October, 30), // hurricane Sandy
		NewDate(2018, time.December, 5), // funeral of President G. H. W. Bush
	}
)

// FederalReserve returns the calendar of the US Federal Reserve Banks: the federal holidays, on Monday if on a Sunday,
// not observed if on a Saturday; but Juneteenth on a Saturday is given on Friday, as the exchanges do. Rules since 1986.
func FederalReserve() Calendar { return federalReserve }

// USSettlement returns the federal holidays of the United States, on Monday if on a Sunday, on Friday if on a Saturday.
// Rules since 1986.
func USSettlement() Calendar { return usSettlement }

// USGovernmentBond returns the calendar that SIFMA recommends for US government bonds. Good Friday is a business day
// with an early close when the employment report is released on it: in 2015, and since 2021 whenever it is the first
// Friday of April.
func USGovernmentBond() Calendar { return usGovernmentBond }

// SOFR returns the fixing calendar of the secured overnight financing rate: that of US government bonds, closed on every
// Good Friday.
func SOFR() Calendar { return sofr }

// usFederal holds the federal holidays; observe moves those of a fixed date off the weekend.
func usFederal(x day, observe func(day, time.Month, int) bool) bool {
	switch x.month {
	case time.January:
		return x.sundayToMonday(time.January, 1) || x.nth(3, time.Monday, time.January)
	case time.February:
		return x.nth(3, time.Monday, time.February)
	case time.May:
		return x.last(time.Monday, time.May)
	case time.June:
		return x.year >= 2022 && x.nearestWeekday(time.June, 19)
	case time.July:
		return observe(x, time.July, 4)
	case time.September:
		return x.nth(1, time.Monday, time.September)
	case time.October:
		return x.nth(2, time.Monday, time.October)
	case time.November:
		return observe(x, time.November, 11) || x.nth(4, time.Thursday, time.November)
	case time.December:
		return observe(x, time.December, 25)
	}
	return false
}

// usBond holds the holidays of the bond market but Good Friday. Veterans Day on a Saturday is not observed.
func usBond(x day) bool {
	if x.month == time.November {
		return x.sundayToMonday(time.November, 11) || x.nth(4, time.Thursday, time.November)
	}
	return usFederal(x, day.nearestWeekday)
}

func payrollsGoodFriday(x day) bool {
	return x.year == 2015 || (x.year >= 2021 && x.month == time.April && x.n <= 7)
}
