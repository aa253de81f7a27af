package calendar

import (
	"strconv"
	"time"
)

const secondsPerDay = 86400

// DayCount is a convention that turns a pair of dates into a number of days and a fraction of a year. Both are negative
// if end is before start.
type DayCount interface {
	Days(start, end Date) int
	YearFraction(start, end Date) float64
}

// Actual counts the days that pass and divides by a fixed number of days per year, which is its value; zero means 365.
// It is a [DayCount] on dates and a [Clock] on instants.
type Actual float64

// The fixed-denominator conventions.
const (
	Act365F  Actual = 365    // Actual/365 Fixed
	Act360   Actual = 360    // Actual/360
	Act36525 Actual = 365.25 // Actual/365.25
)

var (
	_ DayCount = Act365F
	_ Clock    = Act365F
)

func (a Actual) perYear() float64 {
	if a == 0 {
		return 365
	}
	return float64(a)
}

// Days returns the days from start to end.
func (a Actual) Days(start, end Date) int { return int(end) - int(start) }

// YearFraction returns the days from start to end over the days of a year.
func (a Actual) YearFraction(start, end Date) float64 {
	return float64(a.Days(start, end)) / a.perYear()
}

// Years returns the time elapsed between two instants, to the nanosecond: a day is 86400 seconds, also when clocks
// change in between.
func (a Actual) Years(from, to time.Time) float64 {
	return seconds(from, to) / (secondsPerDay * a.perYear())
}

// String returns the name of the convention: "Actual/365F", "Actual/360", "Actual/365.25".
func (a Actual) String() string {
	if a.perYear() == 365 {
		return "Actual/365F"
	}
	return "Actual/" + strconv.FormatFloat(float64(a), 'g', -1, 64)
}
