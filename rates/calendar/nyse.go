package calendar

import "time"

// IsNYSEEarlyClose reports whether the NYSE closes at 13:00 New York on a date: since 1993 the day after Thanksgiving,
// Christmas Eve on Monday to Thursday, and the day before Independence Day on Monday, Tuesday, Thursday and, since 2013,
// Wednesday (until 2012 the Friday after it instead).
func IsNYSEEarlyClose(d Date) bool {
	y, m, day := d.Civil()
	if y < 1993 {
		return false
	}
	w := d.Weekday()
	switch m {
	case time.July:
		switch {
		case y < 1995:
			return false
		case day == 3:
			return w == time.Monday || w == time.Tuesday || w == time.Thursday || (w == time.Wednesday && y >= 2013)
		case day == 5:
			return w == time.Friday && y < 2013
		}
	case time.November:
		return w == time.Friday && 23 <= day && day <= 29
	case time.December:
		return day == 24 && time.Monday <= w && w <= time.Thursday
	}
	return false
}
