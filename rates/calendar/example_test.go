package calendar_test

import (
	"fmt"
	"time"

	"github.com/volgaquant/volga/rates/calendar"
)

// In April 2025 the third Friday was Good Friday.
func ExampleMonthlyExpiry() {
	expiry := calendar.MonthlyExpiry(calendar.NYSE(), 2025, time.April)
	fmt.Println(expiry, expiry.Weekday(), calendar.AM.On(expiry).UTC().Format(time.RFC3339))
	// Output: 2025-04-17 Thursday 2025-04-17T13:30:00Z
}

// On the day after Thanksgiving options stop at 13:00: two hours after 11:00 are 2/(24 × 365) years.
func ExampleYearsToExpiry() {
	now := time.Date(2025, time.November, 28, 11, 0, 0, 0, calendar.NewYork())
	t := calendar.YearsToExpiry(calendar.Act365F, now, calendar.NewDate(2025, time.November, 28), calendar.PM)
	fmt.Printf("%.8f\n", t)
	// Output: 0.00022831
}

// Saturday 31 May 2025 would go to June; the modified convention keeps it in May.
func ExampleCalendar_Adjust() {
	d := calendar.NewDate(2025, time.May, 31)
	fmt.Println(calendar.NYSE().Adjust(d, calendar.Following), calendar.NYSE().Adjust(d, calendar.ModifiedFollowing))
	// Output: 2025-06-02 2025-05-30
}

// From the last business day of February one month leads to the last of March.
func ExampleCalendar_Advance() {
	d := calendar.NewDate(2025, time.February, 28)
	month := calendar.Period{N: 1, Unit: calendar.Months}
	fmt.Println(
		calendar.TARGET().Advance(d, month, calendar.ModifiedFollowing, false),
		calendar.TARGET().Advance(d, month, calendar.ModifiedFollowing, true),
	)
	// Output: 2025-03-28 2025-03-31
}

// A closure that was announced after the release.
func ExampleCalendar_WithClosed() {
	mourning := calendar.NewDate(2026, time.November, 24)
	nyse := calendar.NYSE().WithClosed(mourning)
	fmt.Println(calendar.NYSE().IsBusinessDay(mourning), nyse.IsBusinessDay(mourning), nyse.Add(mourning-1, 1))
	// Output: true false 2026-11-25
}

// The textbook case of ISDA's memorandum on actual/actual: 1 November 2003 to 1 May 2004.
func ExampleBasis() {
	from, to := calendar.NewDate(2003, time.November, 1), calendar.NewDate(2004, time.May, 1)
	fmt.Printf("%.6f %.6f %.6f\n",
		calendar.ActActISDA.YearFraction(from, to),
		calendar.ActActAFB.YearFraction(from, to),
		calendar.ActActISMA{Start: from, End: to}.YearFraction(from, to))
	// Output: 0.497724 0.497268 0.500000
}

// With sessions alone a normal day is about 1/252 of a year, and FOMC worth half a day more adds half of that.
func ExampleNewTradingClock() {
	fomc := calendar.NewDate(2026, time.January, 28)
	clock, err := calendar.NewTradingClock(calendar.TradingSpec{
		Calendar:  calendar.NYSE(),
		Hours:     calendar.NYSEHours(),
		Weights:   calendar.Weights{Session: 1},
		Reference: 2024, // 252 days, three of them with 3.5 hours of 6.5
		Events: []calendar.Event{
			{Name: "FOMC", Date: fomc, Days: 0.5, From: 14 * time.Hour, To: 14*time.Hour + 30*time.Minute},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	open := fomc.At(9, 30, calendar.NewYork())
	for _, hour := range []int{12, 14, 15, 16} {
		now := fomc.At(hour, 0, calendar.NewYork())
		fmt.Printf("%d:00 %.4f days\n", hour, clock.Years(open, now)/clock.NormalDay())
	}
	fmt.Printf("1/%.2f years a day\n", 1/clock.NormalDay())
	// Output:
	// 12:00 0.3846 days
	// 14:00 0.6923 days
	// 15:00 1.3462 days
	// 16:00 1.5000 days
	// 1/250.62 years a day
}
