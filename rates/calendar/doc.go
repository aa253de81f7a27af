// Package calendar holds dates, business-day calendars, day counts, and the clocks that turn instants into model time.
//
//	expiry := calendar.MonthlyExpiry(calendar.NYSE(), 2026, time.January)
//	clock, err := calendar.NewTradingClock(calendar.TradingSpec{
//		Calendar: calendar.NYSE(),
//		Hours:    calendar.NYSEHours(),
//		Weights:  calendar.Weights{Session: 1, Overnight: 0.1, Weekend: 0.02, Holiday: 0.02},
//		Events:   []calendar.Event{{Name: "payrolls", Date: payrolls, Days: 0.8}},
//	})
//	if err != nil {
//		return err
//	}
//	t := calendar.YearsToExpiry(clock, now, expiry, calendar.AM)
//
// # Conventions
//
// A [Date] is a day without a clock or a place; a time.Time is an instant. A [DayCount] measures years between dates, a
// [Clock] years between instants: [Act365F] calendar time, which rates are quoted in, [TradingClock] the time in which
// variance comes. Which clock a volatility belongs to is the caller's to say: total variance is the same under all
// of them, the volatility is not.
//
// A [Calendar] knows its rules and the closures that were announced on short notice up to the release of this library;
// add later ones by [Calendar.WithClosed]. Each says from when its rules hold. A day count is negative when its end is
// before its start. Time zones are embedded, and nothing here reads the machine's clock: pass the time in.
package calendar
