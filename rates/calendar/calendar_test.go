package calendar

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/volgaquant/volga/internal/fault"
)

// Every day of years 1 to 9999 against package time.
func TestDatesAgainstPackageTime(t *testing.T) {
	at := time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)
	for d := MinDate; d <= MaxDate; d++ {
		y, m, n := at.Date()
		if gy, gm, gn := d.Civil(); gy != y || gm != m || gn != n {
			t.Fatalf("day %d is %d-%d-%d, want %d-%d-%d", int32(d), gy, gm, gn, y, m, n)
		}
		if NewDate(y, m, n) != d {
			t.Fatalf("NewDate(%d, %d, %d) = %d, want %d", y, m, n, int32(NewDate(y, m, n)), int32(d))
		}
		if d.Weekday() != at.Weekday() {
			t.Fatalf("%v is a %v, want %v", d, d.Weekday(), at.Weekday())
		}
		at = time.Unix(at.Unix()+secondsPerDay, 0).UTC()
	}
	if MaxDate.String() != "9999-12-31" || !MinDate.IsZero() {
		t.Error("the limits are wrong")
	}
}

func TestNewDateCarriesOver(t *testing.T) {
	for _, c := range [][3]int{
		{2023, 4, 31}, {2024, 2, 30}, {2024, 13, 1}, {2024, 0, 1}, {2024, -11, 31}, {2024, 25, -5}, {2024, 3, 0}, {1999, 12, 400}, {0, 1, 1}, {-3, 7, 9},
	} {
		want := time.Date(c[0], time.Month(c[1]), c[2], 0, 0, 0, 0, time.UTC)
		y, m, d := NewDate(c[0], time.Month(c[1]), c[2]).Civil()
		if wy, wm, wd := want.Date(); y != wy || m != wm || d != wd {
			t.Errorf("%v is %d-%d-%d, want %v", c, y, m, d, want)
		}
	}
}

func TestDateArithmetic(t *testing.T) {
	d := NewDate(2024, time.January, 31)
	for _, c := range []struct {
		got  Date
		want string
	}{
		{d.AddMonths(1), "2024-02-29"},
		{d.AddMonths(13), "2025-02-28"},
		{d.AddMonths(-2), "2023-11-30"},
		{d.AddMonths(-1), "2023-12-31"},
		{d.EndOfMonth(), "2024-01-31"},
		{(d + 1).EndOfMonth(), "2024-02-29"},
		{d + 366, "2025-01-31"},
		{DateOf(time.Date(2026, 1, 16, 23, 59, 0, 0, NewYork())), "2026-01-16"},
		{DateOf(time.Date(2026, 1, 16, 23, 59, 0, 0, NewYork()).UTC()), "2026-01-17"},
	} {
		if c.got.String() != c.want {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
	if got := d.At(16, 0, NewYork()); !got.Equal(time.Date(2024, 1, 31, 21, 0, 0, 0, time.UTC)) {
		t.Errorf("16:00 New York is %v", got.UTC())
	}
}

func TestDateText(t *testing.T) {
	for _, s := range []string{"2024-02-29", "20240229"} {
		if d, err := ParseDate(s); err != nil || d != NewDate(2024, time.February, 29) {
			t.Errorf("ParseDate(%q) = %v, %v", s, d, err)
		}
	}
	for _, s := range []string{"", "2024", "2023-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-4-3", "0000-01-01", "2024/04/03", "2024-0403", "٢٠٢٤-01-01", "-2024-1-1", "+0240101", "2024-01-00"} {
		if d, err := ParseDate(s); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("ParseDate(%q) = %v, %v, want ErrDomain", s, d, err)
		}
	}
	type listing struct {
		Expiry     Date
		Settlement Settlement
		Tenor      Period
		Roll       Convention
		Open       map[Date]int
	}
	in := listing{NewDate(2026, time.January, 16), AM, Period{-3, Months}, Nearest, map[Date]int{NewDate(1987, time.October, 19): 1}}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out listing
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if out.Expiry != in.Expiry || out.Settlement != AM || out.Tenor != in.Tenor || out.Roll != Nearest || out.Open[NewDate(1987, time.October, 19)] != 1 {
		t.Errorf("%s came back as %+v", text, out)
	}
	if _, err := (MaxDate + 1).MarshalText(); err == nil {
		t.Error("a date of the year 10000 was written")
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2024-02-29", "20240229", "", "2024-02-30", "9999-12-31", "0001-01-01", "99999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s)
		if err != nil {
			if !errors.Is(err, fault.ErrDomain) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if text := d.String(); text != s && strings.ReplaceAll(text, "-", "") != s {
			t.Fatalf("%q was read as %v", s, d)
		}
		if _, err := time.Parse(time.DateOnly, d.String()); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
	})
}

func FuzzParsePeriod(f *testing.F) {
	for _, s := range []string{"3M", "-2W", "0D", "10y", "", "M", "1.5Y", "99999999999999999999D"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePeriod(s)
		if err != nil {
			return
		}
		if back, err := ParsePeriod(p.String()); err != nil || back != p {
			t.Fatalf("%q is %v, which is read as %v, %v", s, p, back, err)
		}
	})
}

func TestTextOfEnumerationsRefuses(t *testing.T) {
	var s Settlement
	var p Period
	var v Convention
	for _, err := range []error{
		s.UnmarshalText([]byte("noon")), p.UnmarshalText([]byte("3X")), p.UnmarshalText([]byte("M")), p.UnmarshalText([]byte("120000M")),
		v.UnmarshalText([]byte("mod fol")), new(Date).UnmarshalText([]byte("tomorrow")),
	} {
		if !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%v, want ErrDomain", err)
		}
	}
	for _, m := range []interface{ MarshalText() ([]byte, error) }{Settlement(9), Period{1, 7}, Convention(-1)} {
		if _, err := m.MarshalText(); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%v was written", m)
		}
	}
	if got, err := ParseSettlement("utc8"); got != UTC8 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if Settlement(9).At(2026, 1, 1) != (time.Time{}) {
		t.Error("an unknown settlement has an instant")
	}
}

// Easter Sundays printed in the Book of Common Prayer's and the US Census Bureau's tables.
func TestEaster(t *testing.T) {
	for _, s := range []string{
		"1961-04-02", "1990-04-15", "2000-04-23", "2008-03-23", "2011-04-24", "2018-04-01", "2019-04-21", "2020-04-12",
		"2021-04-04", "2022-04-17", "2023-04-09", "2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25", "2285-03-22",
	} {
		if d := date(t, s); EasterSunday(d.Year()) != d {
			t.Errorf("Easter %d is %v, want %v", d.Year(), EasterSunday(d.Year()), s)
		}
	}
	for y := 1583; y < 4000; y++ {
		e := EasterSunday(y)
		if e.Weekday() != time.Sunday || e < NewDate(y, time.March, 22) || e > NewDate(y, time.April, 25) {
			t.Fatalf("Easter %d on %v", y, e)
		}
	}
}

// The holidays that the NYSE published for these years.
func TestNYSEHolidays(t *testing.T) {
	for year, want := range map[int]string{
		1994: "02-21 04-01 04-27 05-30 07-04 09-05 11-24 12-26",
		1999: "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24",
		2000: "01-17 02-21 04-21 05-29 07-04 09-04 11-23 12-25",
		2001: "01-01 01-15 02-19 04-13 05-28 07-04 09-03 09-11 09-12 09-13 09-14 11-22 12-25",
		2004: "01-01 01-19 02-16 04-09 05-31 06-11 07-05 09-06 11-25 12-24",
		2007: "01-01 01-02 01-15 02-19 04-06 05-28 07-04 09-03 11-22 12-25",
		2012: "01-02 01-16 02-20 04-06 05-28 07-04 09-03 10-29 10-30 11-22 12-25",
		2018: "01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-05 12-25",
		2021: "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24",
		2022: "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26",
		2023: "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25",
		2024: "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25",
		2025: "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
		2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
		2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
	} {
		var got []string
		for _, d := range NYSE().Holidays(NewDate(year, time.January, 1), NewDate(year, time.December, 31)) {
			got = append(got, d.String()[5:])
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%d: %s, want %s", year, s, want)
		}
	}
	for year, n := range map[int]int{
		1995: 252, 1996: 254, 1997: 253, 1998: 252, 1999: 252, 2000: 252, 2001: 248, 2002: 252, 2003: 252, 2004: 252,
		2005: 252, 2006: 251, 2007: 251, 2008: 253, 2009: 252, 2010: 252, 2011: 252, 2012: 250, 2013: 252, 2014: 252,
		2015: 252, 2016: 252, 2017: 251, 2018: 251, 2019: 252, 2020: 253, 2021: 252, 2022: 251, 2023: 250, 2024: 252, 2025: 250,
	} {
		if got := businessDays(NYSE(), year); got != n {
			t.Errorf("the NYSE traded on %d days in %d, want %d", got, year, n)
		}
	}
}

func TestNYSEEarlyCloses(t *testing.T) {
	for year, want := range map[int]string{
		1992: "",
		1996: "07-05 11-29 12-24",
		1997: "07-03 11-28 12-24 12-26",
		1999: "11-26 12-31",
		2002: "07-05 11-29 12-24",
		2003: "07-03 11-28 12-24 12-26",
		2012: "07-03 11-23 12-24",
		2013: "07-03 11-29 12-24",
		2018: "07-03 11-23 12-24",
		2019: "07-03 11-29 12-24",
		2020: "11-27 12-24",
		2021: "11-26",
		2022: "11-25",
		2023: "07-03 11-24",
		2024: "07-03 11-29 12-24",
		2025: "07-03 11-28 12-24",
		2026: "11-27 12-24",
		2027: "11-26",
	} {
		var got []string
		for d := NewDate(year, time.January, 1); d.Year() == year; d++ {
			if NYSE().IsEarlyClose(d) {
				got = append(got, d.String()[5:])
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%d: %q, want %q", year, s, want)
		}
	}
}

// The calendars of other markets on days that a rule could easily have wrong.
func TestOtherCalendars(t *testing.T) {
	for _, c := range []struct {
		cal  Calendar
		date string
		open bool
	}{
		{TARGET(), "2001-12-31", false}, {TARGET(), "2002-12-31", true}, {TARGET(), "1999-05-03", true}, {TARGET(), "2020-05-01", false},
		{UnitedKingdom(), "2022-06-03", false}, {UnitedKingdom(), "2022-05-30", true}, {UnitedKingdom(), "2022-09-19", false},
		{UnitedKingdom(), "2020-05-04", true}, {UnitedKingdom(), "2020-05-08", false}, {UnitedKingdom(), "2023-05-08", false},
		{UnitedKingdom(), "2021-12-27", false}, {UnitedKingdom(), "2021-12-28", false}, {UnitedKingdom(), "2022-01-03", false},
		{Japan(), "2019-05-02", false}, {Japan(), "2019-10-22", false}, {Japan(), "2019-12-23", true}, {Japan(), "2018-12-24", false},
		{Japan(), "2020-07-24", false}, {Japan(), "2020-10-12", true}, {Japan(), "2021-08-09", false}, {Japan(), "2015-09-22", false},
		{Japan(), "2009-09-22", false}, {Japan(), "2012-03-20", false},
		{Canada(), "2020-09-30", true}, {Canada(), "2021-09-30", false},
		{Brazil(), "2023-11-20", true}, {Brazil(), "2024-11-20", false}, {Brazil(), "2024-02-13", false}, {Brazil(), "2024-05-30", false},
		{FederalReserve(), "2020-07-03", true}, {FederalReserve(), "2021-07-05", false}, {FederalReserve(), "2021-12-31", true},
		{USSettlement(), "2021-12-31", false},
		{USGovernmentBond(), "2023-04-07", true}, {USGovernmentBond(), "2024-03-29", false}, {SOFR(), "2023-04-07", false},
		{USGovernmentBond(), "2025-01-09", true}, {USGovernmentBond(), "2012-10-30", false},
		{Frankfurt(), "2024-12-30", true}, {Frankfurt(), "2024-12-31", false}, {Switzerland(), "2024-05-09", false},
		{WeekendsOnly(), "2025-12-25", true}, {WeekendsOnly(), "2025-12-27", false}, {AlwaysOpen(), "2025-12-27", true},
		{Join(NYSE(), UnitedKingdom()), "2025-07-04", false}, {Join(NYSE(), UnitedKingdom()), "2025-05-05", false},
		{Join(NYSE(), UnitedKingdom()), "2025-05-06", true}, {Join(), "2025-12-27", true}, {Join(AlwaysOpen(), NYSE()), "2025-12-27", false},
	} {
		if got := c.cal.IsBusinessDay(date(t, c.date)); got != c.open {
			t.Errorf("%v on %s: open %v, want %v", c.cal, c.date, got, c.open)
		}
	}
}

func TestCustomCalendars(t *testing.T) {
	d := NewDate(2026, time.March, 4)
	c, err := New("Gulf", []time.Weekday{time.Friday, time.Saturday}, []Date{d})
	if err != nil {
		t.Fatal(err)
	}
	if c.IsBusinessDay(d) || !c.IsBusinessDay(d+1) || c.IsBusinessDay(d+2) || !c.IsBusinessDay(d+4) || c.String() != "Gulf" {
		t.Error("the weekend or the holiday is wrong")
	}
	again := c.WithOpen(d)
	if !again.IsBusinessDay(d) || c.IsBusinessDay(d) {
		t.Error("WithOpen did not open a copy")
	}
	if closed := AlwaysOpen().WithClosed(d); closed.IsBusinessDay(d) || !closed.IsBusinessDay(d-1) || !AlwaysOpen().IsBusinessDay(d) {
		t.Error("WithClosed did not close a copy")
	}
	if first, second := NYSE(), NYSE(); first != second || c == again || c.WithOpen() != c {
		t.Error("calendars do not compare")
	}
	if _, err := New("", []time.Weekday{0, 1, 2, 3, 4, 5, 6}, nil); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("a calendar without business days: %v", err)
	}
	if _, err := New("", []time.Weekday{7}, nil); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("an eighth day of the week: %v", err)
	}
	// Even calendars that never open end their walks.
	never := Join(c, must(t, "", time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday))
	if got := never.Add(MaxDate-10, 1); got != MaxDate {
		t.Errorf("never open: %v", got)
	}
	if got := never.Adjust(MinDate+10, Preceding); got != MinDate {
		t.Errorf("never open: %v", got)
	}
}

func must(t *testing.T, name string, weekend ...time.Weekday) Calendar {
	t.Helper()
	c, err := New(name, weekend, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBusinessDayIdentities(t *testing.T) {
	c := NYSE()
	start := NewDate(2024, time.November, 20)
	for i := Date(0); i < 90; i++ {
		for j := Date(0); j < 90; j += 7 {
			a, b, e := start+i, start+j, start+40
			if c.BusinessDaysBetween(a, b)+c.BusinessDaysBetween(b, e) != c.BusinessDaysBetween(a, e) {
				t.Fatalf("%v, %v, %v do not add up", a, b, e)
			}
		}
		d := start + i
		for n := -6; n <= 6; n++ {
			moved := c.Add(d, n)
			if n != 0 && !c.IsBusinessDay(moved) {
				t.Fatalf("%v + %d is %v, which is closed", d, n, moved)
			}
			if c.IsBusinessDay(d) && (c.BusinessDaysBetween(d, moved) != n || c.Add(moved, -n) != d) {
				t.Fatalf("%v + %d is %v, %d business days on", d, n, moved, c.BusinessDaysBetween(d, moved))
			}
		}
		for v := Following; v <= Unadjusted; v++ {
			once := c.Adjust(d, v)
			if c.Adjust(once, v) != once || (v != Unadjusted && !c.IsBusinessDay(once)) {
				t.Fatalf("%v of %v is %v", v, d, once)
			}
			if (v == ModifiedFollowing || v == ModifiedPreceding) && once.Month() != d.Month() {
				t.Fatalf("%v of %v is %v, in another month", v, d, once)
			}
		}
	}
}

func TestMonthlyExpiry(t *testing.T) {
	for _, s := range []string{
		"2019-04-18",                                                         // Good Friday
		"2008-03-20",                                                         // Good Friday
		"2014-04-17",                                                         // Good Friday
		"2022-04-14",                                                         // Good Friday
		"2025-04-17",                                                         // Good Friday
		"2024-01-19", "2024-03-15", "2026-01-16", "2026-05-15", "2026-06-18", // Juneteenth on the third Friday
	} {
		want := date(t, s)
		if got := MonthlyExpiry(NYSE(), want.Year(), want.Month()); got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
	for y := 1990; y < 2060; y++ {
		for m := time.January; m <= time.December; m++ {
			if d := MonthlyExpiry(AlwaysOpen(), y, m); d.Weekday() != time.Friday || d.Day() < 15 || d.Day() > 21 {
				t.Fatalf("the third Friday of %d-%d is not %v", y, m, d)
			}
		}
	}
}

func TestSettlementInstants(t *testing.T) {
	for _, c := range []struct {
		name string
		at   time.Time
		utc  string
	}{
		{"winter", PM.At(2026, time.January, 16), "2026-01-16T21:00:00Z"},
		{"summer", PM.At(2026, time.July, 17), "2026-07-17T20:00:00Z"},
		{"the day clocks go forward", PM.At(2026, time.March, 8), "2026-03-08T20:00:00Z"},
		{"after Thanksgiving", PM.At(2025, time.November, 28), "2025-11-28T18:00:00Z"},
		{"Christmas Eve", PM.At(2025, time.December, 24), "2025-12-24T18:00:00Z"},
		{"before Independence Day", PM.At(2025, time.July, 3), "2025-07-03T17:00:00Z"},
		{"a closed day", PM.At(2025, time.December, 25), "2025-12-25T21:00:00Z"},
		{"opening prints", AM.At(2026, time.January, 16), "2026-01-16T14:30:00Z"},
		{"crypto", UTC8.At(2026, time.January, 16), "2026-01-16T08:00:00Z"},
		{"by date", AM.On(NewDate(2026, time.July, 17)), "2026-07-17T13:30:00Z"},
	} {
		if got := c.at.UTC().Format(time.RFC3339); got != c.utc {
			t.Errorf("%s: %s, want %s", c.name, got, c.utc)
		}
	}
	now := time.Date(2026, time.January, 16, 20, 30, 0, 0, time.UTC) // 15:30 New York
	if got, want := YearsToExpiry(Act365F, now, NewDate(2026, time.January, 16), PM), 0.5/24/365; math.Abs(got/want-1) > 1e-15 {
		t.Errorf("half an hour is %g years, want %g", got, want)
	}
	if got := YearsToExpiry(Act365F, now, NewDate(2026, time.January, 16), AM); got >= 0 {
		t.Errorf("a settled option has %g years left", got)
	}
}

func TestActualClock(t *testing.T) {
	a := time.Date(2026, time.March, 1, 12, 0, 0, 0, NewYork())
	b := time.Date(2027, time.March, 1, 12, 0, 0, 500, NewYork())
	want := 1 + 500e-9/86400/365
	if got := Act365F.Years(a, b); math.Abs(got-want) > 1e-16 {
		t.Errorf("%.17g, want %.17g", got, want)
	}
	if Act365F.Years(b, a) != -Act365F.Years(a, b) || Act365F.Years(a, a) != 0 {
		t.Error("the clock is not odd")
	}
	if got := Act360.Years(a, b) * 360; math.Abs(got-365) > 1e-9 {
		t.Errorf("a year has %g days of Actual/360", got)
	}
	if Actual(0).Years(a, b) != Act365F.Years(a, b) || Actual(0).String() != "Actual/365F" || Act36525.String() != "Actual/365.25" {
		t.Error("the zero value is not Actual/365F")
	}
	far := time.Date(2700, time.January, 1, 0, 0, 0, 0, time.UTC) // time.Time.Sub would stop at 292 years
	if got, want := Act365F.Years(time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC), far), Act365F.YearFraction(NewDate(2000, 1, 1), NewDate(2700, 1, 1)); math.Abs(got-want) > 1e-12 {
		t.Errorf("%g years, want %g", got, want)
	}
	sink := 0.0
	if n := testing.AllocsPerRun(100, func() { sink += Act365F.Years(a, b) + YearsToExpiry(Act365F, a, NewDate(2026, 11, 27), PM) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
	_ = sink
}

func TestDayCountsAreOdd(t *testing.T) {
	a, b := NewDate(2024, time.February, 29), NewDate(2027, time.August, 31)
	counts := []DayCount{Act365F, Act360, Business252{Brazil()}, ActActISMA{a, a.AddMonths(6)}}
	for v := ActActISDA; v <= Thirty360Italian; v++ {
		counts = append(counts, v)
	}
	for _, dc := range counts {
		if dc.Days(b, a) != -dc.Days(a, b) || dc.YearFraction(b, a) != -dc.YearFraction(a, b) || dc.YearFraction(a, a) != 0 || dc.Days(a, b) <= 0 {
			t.Errorf("%v: %g and %g", dc, dc.YearFraction(a, b), dc.YearFraction(b, a))
		}
	}
	if !math.IsNaN(Basis(99).YearFraction(a, b)) || !math.IsNaN(ActActISMA{}.YearFraction(a, b)) {
		t.Error("an unknown convention has a fraction")
	}
}

// Coupon periods around the reference one: whole periods are whole fractions of a year, across ends of months too.
func TestActActISMAOverManyPeriods(t *testing.T) {
	dc := ActActISMA{Start: NewDate(2023, time.August, 31), End: NewDate(2024, time.February, 29)}
	for _, c := range []struct {
		from, to string
		want     float64
	}{
		{"2022-08-31", "2026-08-31", 4},
		{"2023-08-31", "2024-02-29", 0.5},
		{"2023-11-30", "2024-08-31", 0.5*91/182 + 0.5},
		{"2024-02-29", "2024-05-31", 0.5 * 92 / 184},
	} {
		if got := dc.YearFraction(date(t, c.from), date(t, c.to)); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%s to %s: %.16g, want %.16g", c.from, c.to, got, c.want)
		}
	}
}

func BenchmarkIsBusinessDay(b *testing.B) {
	d := NewDate(2026, time.April, 2)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if NYSE().IsBusinessDay(d) {
			n++
		}
	}
}

func BenchmarkYearsToExpiry(b *testing.B) {
	now, d := time.Date(2026, time.January, 5, 15, 0, 0, 0, time.UTC), NewDate(2026, time.April, 2)
	b.ReportAllocs()
	sink := 0.0
	for b.Loop() {
		sink += YearsToExpiry(Act365F, now, d, PM)
	}
	_ = sink
}
