package calendar

import (
	"fmt"
	"math"
	"time"
)

// Basis is a day count that looks at years and months. The fraction from a to b is minus that from b to a.
type Basis int8

// The bases. What the 30/360 conventions differ in is what they do with the ends of months.
const (
	ActActISDA       Basis = iota // actual days over 366 for those in leap years and over 365 for the others
	ActActAFB                     // whole years backwards from the end, the rest over 366 if 29 February is in it
	Act365NoLeap                  // actual days but no 29 February, over 365
	Thirty360Bond                 // 30/360 Bond Basis, ISDA 2006 4.16(f): start 31 → 30; end 31 → 30 if the start is now 30
	Thirty360E                    // 30E/360, ISDA 2006 4.16(g): either 31 → 30
	Thirty360US                   // 30/360 US: as Bond Basis, but first the end of February as a start is a 30th, and with it as an end
	Thirty360NASD                 // 30/360 NASD: as Bond Basis, but an end 31 after a start below 30 is the 1st of the next month
	Thirty360Italian              // 30E/360 with 28 and 29 February as a 30th
)

var basisNames = [...]string{
	"ActualActual ISDA", "ActualActual AFB", "Actual/365 No Leap", "30/360 Bond Basis", "30E/360", "30/360 US",
	"30/360 NASD", "30/360 Italian",
}

// String returns the name: "ActualActual ISDA", "30E/360".
func (b Basis) String() string {
	if b < 0 || int(b) >= len(basisNames) {
		return fmt.Sprintf("Basis(%d)", int8(b))
	}
	return basisNames[b]
}

var _ DayCount = ActActISDA

// Days returns the days that the convention counts from start to end. An unknown basis counts actual days.
func (b Basis) Days(start, end Date) int {
	if end < start {
		return -b.Days(end, start)
	}
	switch b {
	case Act365NoLeap:
		return noLeap(end) - noLeap(start)
	case Thirty360Bond, Thirty360E, Thirty360US, Thirty360NASD, Thirty360Italian:
		return b.thirty360(start, end)
	}
	return int(end - start)
}

// YearFraction returns the fraction of a year from start to end, NaN for an unknown basis.
func (b Basis) YearFraction(start, end Date) float64 {
	if end < start {
		return -b.YearFraction(end, start)
	}
	switch b {
	case ActActISDA:
		y1, y2 := start.Year(), end.Year()
		if y1 == y2 {
			return float64(end-start) / yearDays(y1)
		}
		return float64(y2-y1-1) +
			float64(NewDate(y1+1, time.January, 1)-start)/yearDays(y1) +
			float64(end-NewDate(y2, time.January, 1))/yearDays(y2)
	case ActActAFB:
		return afb(start, end)
	case Act365NoLeap:
		return float64(b.Days(start, end)) / 365
	case Thirty360Bond, Thirty360E, Thirty360US, Thirty360NASD, Thirty360Italian:
		return float64(b.Days(start, end)) / 360
	}
	return math.NaN()
}

func (b Basis) thirty360(start, end Date) int {
	y1, m1, d1 := start.Civil()
	y2, m2, d2 := end.Civil()
	switch {
	case b == Thirty360Italian:
		if m1 == time.February && d1 > 27 {
			d1 = 30
		}
		if m2 == time.February && d2 > 27 {
			d2 = 30
		}
	case b == Thirty360US && endOfFebruary(start):
		d1 = 30 // before the rules for the 31st, which depend on it
		if endOfFebruary(end) {
			d2 = 30
		}
	}
	d1 = min(d1, 30)
	if d2 == 31 {
		switch {
		case b == Thirty360E, b == Thirty360Italian, d1 == 30:
			d2 = 30
		case b == Thirty360NASD:
			d2, m2 = 1, m2+1
		}
	}
	return 360*(y2-y1) + 30*int(m2-m1) + d2 - d1
}

// afb counts whole years backwards from the end for as long as they do not pass the start; the rest is over 366 if a
// 29 February is in it.
func afb(start, end Date) float64 {
	years := 0
	rest := end
	for {
		back := rest.AddMonths(-12)
		if y, m, d := back.Civil(); m == time.February && d == 28 && isLeap(y) {
			back++ // from 28 February the year goes back to the end of February
		}
		if back < start {
			break
		}
		years, rest = years+1, back
	}
	den := 365.0
	for _, y := range [2]int{rest.Year(), start.Year()} {
		if isLeap(y) {
			if leap := NewDate(y, time.February, 29); start <= leap && leap < rest {
				den = 366
			}
			break
		}
	}
	return float64(years) + float64(rest-start)/den
}

// noLeap numbers the days of a calendar in which every year has 365 days; 29 February has the number of the 28th.
func noLeap(d Date) int {
	y, m, n := d.Civil()
	first := NewDate(2001, m, 1) - NewDate(2001, time.January, 1)
	if m == time.February {
		n = min(n, 28)
	}
	return 365*y + int(first) + n
}

func isLeap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

func yearDays(y int) float64 {
	if isLeap(y) {
		return 366
	}
	return 365
}

func endOfFebruary(d Date) bool { return d.Month() == time.February && (d+1).Day() == 1 }

// ActActISMA counts actual days over the coupon period that they lie in (ISMA rule 251, ISDA 2006 4.16(c)). It knows the
// coupon periods by one of them, which must be of whole months; the others follow before and after it.
type ActActISMA struct {
	Start, End Date // the reference coupon period
}

var _ DayCount = ActActISMA{}

// Days returns the days from start to end.
func (c ActActISMA) Days(start, end Date) int { return int(end - start) }

// YearFraction returns the years from start to end: in each coupon period its days over those of the period, times the
// length of the period in years. It is NaN if the reference period is shorter than half a month.
func (c ActActISMA) YearFraction(start, end Date) float64 {
	if end < start {
		return -c.YearFraction(end, start)
	}
	months := int(math.Round(12 * float64(c.End-c.Start) / 365))
	if months <= 0 {
		return math.NaN()
	}
	coupon := func(k int) Date {
		if k == 1 {
			return c.End // also when it is not the day of the month of Start, as at the end of months
		}
		return c.Start.AddMonths(k * months)
	}
	k := 0
	for coupon(k) > start {
		k--
	}
	for coupon(k+1) <= start {
		k++
	}
	sum := 0.0
	for ; coupon(k) < end; k++ {
		from, to := coupon(k), coupon(k+1)
		sum += float64(min(to, end)-max(from, start)) / float64(to-from)
	}
	return sum * float64(months) / 12
}

// Business252 counts the business days of a calendar, over 252.
type Business252 struct{ Calendar Calendar }

var _ DayCount = Business252{}

// Days returns the business days from start, included, to end, excluded.
func (b Business252) Days(start, end Date) int { return b.Calendar.BusinessDaysBetween(start, end) }

// YearFraction returns the business days over 252.
func (b Business252) YearFraction(start, end Date) float64 {
	return float64(b.Days(start, end)) / 252
}
