// Package calendar holds dates, business-day calendars, day counts, and the clocks that turn instants into model time.
//
//	expiry := calendar.NewDate(2026, time.January, 16)
//	t := calendar.YearsToExpiry(calendar.Act365F, now, expiry, calendar.PM)
//
// # Conventions
//
// A [Date] is a day without a clock or a place; a time.Time is an instant. A [Clock] measures years between instants, a
// [DayCount] years between dates. Nothing here reads the machine's clock: pass the time in.
package calendar
