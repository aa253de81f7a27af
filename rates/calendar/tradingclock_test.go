package calendar

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/volgaquant/volga/internal/fault"
)

// clockTol is the rounding of a few differences of up to 14 years.
const clockTol = 5e-15

func testSpec() TradingSpec {
	return TradingSpec{
		Calendar: NYSE(),
		Hours:    NYSEHours(),
		Weights:  Weights{Session: 1, Overnight: 0.1, Weekend: 0.02, Holiday: 0.05},
		Events: []Event{
			{Name: "FOMC", Date: NewDate(2026, time.January, 28), Days: 1.5, From: 14 * time.Hour, To: 15 * time.Hour},
			{Name: "earnings", Date: NewDate(2026, time.January, 28), Days: 6, From: 16*time.Hour + 5*time.Minute, To: 16*time.Hour + 5*time.Minute},
			{Name: "payrolls", Date: NewDate(2026, time.February, 6), Days: 0.8},
			{Name: "on a weekend", Date: NewDate(2026, time.March, 14), Days: 2},
			{Name: "into midnight", Date: NewDate(2026, time.March, 16), Days: 1, From: 20 * time.Hour, To: 24 * time.Hour},
		},
		First: NewDate(2020, time.January, 1),
		Last:  NewDate(2029, time.December, 31),
	}
}

func newClock(t testing.TB, s TradingSpec) *TradingClock {
	t.Helper()
	c, err := NewTradingClock(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ny(y int, m time.Month, d, h, min int) time.Time {
	return time.Date(y, m, d, h, min, 0, 0, NewYork())
}

// bruteYears walks from minute to minute in wall clock time and adds up the weight of each, so it knows nothing of knots.
func bruteYears(s TradingSpec, from, to time.Time) float64 {
	sum := 0.0
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		local := at.In(NewYork())
		d := DateOf(local)
		since := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
		closes := s.Hours.Close
		if s.Calendar.IsEarlyClose(d) {
			closes = s.Hours.EarlyClose
		}
		w := s.Weights.Overnight
		switch {
		case s.Calendar.IsWeekend(d.Weekday()):
			w = s.Weights.Weekend
		case !s.Calendar.IsBusinessDay(d):
			w = s.Weights.Holiday
		case s.Hours.Open <= since && since < closes:
			w = s.Weights.Session
		}
		sum += w / 60
	}
	return sum
}

func TestTradingClockAgainstMinutes(t *testing.T) {
	s := testSpec()
	s.Events = nil
	s.Reference = 2024
	c := newClock(t, s)
	year := bruteYears(s, ny(2024, time.January, 1, 0, 0), ny(2025, time.January, 1, 0, 0))
	if got := c.Years(ny(2024, time.January, 1, 0, 0), ny(2025, time.January, 1, 0, 0)); math.Abs(got-1) > clockTol {
		t.Errorf("the reference year lasts %.17g", got)
	}
	for _, p := range [][2]time.Time{
		{ny(2025, time.March, 7, 12, 0), ny(2025, time.March, 11, 3, 17)},       // over the change to summer time
		{ny(2025, time.October, 31, 15, 59), ny(2025, time.November, 4, 10, 0)}, // and back
		{ny(2025, time.November, 26, 9, 30), ny(2025, time.December, 1, 16, 0)}, // Thanksgiving and the early close after it
		{ny(2025, time.January, 8, 16, 0), ny(2025, time.January, 10, 9, 30)},   // a closure announced late
		{ny(2026, time.June, 18, 15, 45), ny(2026, time.June, 18, 16, 0)},       // the last quarter of an hour
	} {
		want := bruteYears(s, p[0], p[1]) / year
		if got := c.Years(p[0], p[1]); math.Abs(got-want) > 1e-12 { // the sum of thousands of minutes rounds
			t.Errorf("%v to %v: %.15g, want %.15g", p[0], p[1], got, want)
		}
	}
	if got, want := c.NormalDay(), bruteYears(s, ny(2025, time.June, 10, 0, 0), ny(2025, time.June, 11, 0, 0))/year; math.Abs(got/want-1) > 1e-10 { // half a million minutes round
		t.Errorf("a normal day is %.17g years, want %.17g", got, want)
	}
}

func TestTradingClockNormalisation(t *testing.T) {
	s := testSpec()
	s.Events = nil
	c := newClock(t, s)
	from, to := s.First.At(0, 0, NewYork()), (s.Last+1).At(0, 0, NewYork())
	if got, want := c.Years(from, to), seconds(from, to)/julianYear; math.Abs(got-want) > clockTol {
		t.Errorf("the range lasts %.17g, want %.17g", got, want)
	}
	// Only the ratios of the weights count.
	s.Weights = Weights{Session: 7, Overnight: 0.7, Weekend: 0.14, Holiday: 0.35}
	d := newClock(t, s)
	a, b := ny(2026, time.January, 2, 11, 11), ny(2026, time.January, 30, 12, 12)
	if x, y := c.Years(a, b), d.Years(a, b); math.Abs(x-y) > clockTol {
		t.Errorf("%g with weights times 7, %g without", y, x)
	}
	// Equal weights are calendar time.
	s.Weights = Weights{1, 1, 1, 1}
	e := newClock(t, s)
	if x, y := e.Years(a, b), Actual(365.25).Years(a, b); math.Abs(x-y) > clockTol {
		t.Errorf("equal weights: %g, calendar time %g", x, y)
	}
	if got := e.NormalDay(); math.Abs(got-1/365.25) > 1e-15 {
		t.Errorf("equal weights: a day of %g", got)
	}
}

func TestTradingClockEvents(t *testing.T) {
	s := testSpec()
	with := newClock(t, s)
	s.Events = nil
	without := newClock(t, s)
	day := with.NormalDay()
	cases := []struct {
		name     string
		from, to time.Time
		days     float64
	}{
		{"before the meeting", ny(2026, time.January, 28, 0, 0), ny(2026, time.January, 28, 14, 0), 0},
		{"half of the meeting", ny(2026, time.January, 28, 0, 0), ny(2026, time.January, 28, 14, 30), 0.75},
		{"the meeting", ny(2026, time.January, 28, 0, 0), ny(2026, time.January, 28, 15, 0), 1.5},
		{"a moment before earnings", ny(2026, time.January, 28, 0, 0), ny(2026, time.January, 28, 16, 5).Add(-1), 1.5},
		{"at earnings", ny(2026, time.January, 28, 0, 0), ny(2026, time.January, 28, 16, 5), 7.5},
		{"earnings alone, at once", ny(2026, time.January, 28, 16, 5).Add(-1), ny(2026, time.January, 28, 16, 5), 6},
		{"backwards", ny(2026, time.January, 29, 0, 0), ny(2026, time.January, 28, 0, 0), -7.5},
		{"half of a session", ny(2026, time.February, 6, 0, 0), ny(2026, time.February, 6, 12, 45), 0.4},
		{"after that", ny(2026, time.February, 6, 16, 0), ny(2026, time.March, 1, 0, 0), 0},
		{"half of a Saturday", ny(2026, time.March, 14, 0, 0), ny(2026, time.March, 14, 12, 0), 1},
		{"into midnight", ny(2026, time.March, 16, 20, 0), ny(2026, time.March, 17, 0, 0), 1},
		{"all", ny(2026, time.January, 1, 0, 0), ny(2027, time.January, 1, 0, 0), 11.3},
	}
	for _, c := range cases {
		got := (with.Years(c.from, c.to) - without.Years(c.from, c.to)) / day
		if math.Abs(got-c.days) > 1e-11 { // differences of a year round to 1e-16, and a day is 4e-3 years
			t.Errorf("%s: %.12g extra days, want %g", c.name, got, c.days)
		}
	}
}

func TestTradingClockAddsUpAndNeverGoesBack(t *testing.T) {
	c := newClock(t, testSpec())
	rng := rand.New(rand.NewPCG(1, 2))
	lo, hi := ny(2018, time.January, 1, 0, 0).Unix(), ny(2032, time.January, 1, 0, 0).Unix() // beyond the range on both sides
	draw := func() time.Time { return time.Unix(lo+rng.Int64N(hi-lo), rng.Int64N(1e9)) }
	for range 20000 {
		x, y, z := draw(), draw(), draw()
		if d := c.Years(x, y) + c.Years(y, z) - c.Years(x, z); math.Abs(d) > clockTol {
			t.Fatalf("%v, %v, %v: off by %g", x, y, z, d)
		}
		if got := c.Years(x, y); (got >= 0) == x.After(y) && x != y {
			t.Fatalf("from %v to %v the clock shows %g", x, y, got)
		}
	}
	// Around every knot too.
	prev := c.Years(ny(2026, time.January, 1, 0, 0), ny(2026, time.January, 20, 0, 0))
	for at := ny(2026, time.January, 20, 0, 0); at.Before(ny(2026, time.March, 20, 0, 0)); at = at.Add(7*time.Minute + 30*time.Second) {
		now := c.Years(ny(2026, time.January, 1, 0, 0), at)
		if now < prev {
			t.Fatalf("the clock goes back at %v", at)
		}
		prev = now
	}
}

func TestTradingClockStopsAtZeroWeights(t *testing.T) {
	s := TradingSpec{Calendar: NYSE(), Hours: NYSEHours(), Weights: Weights{Session: 1}}
	c := newClock(t, s)
	if got := c.Years(ny(2026, time.January, 16, 16, 0), ny(2026, time.January, 20, 9, 30)); math.Abs(got) > clockTol { // over a long weekend
		t.Errorf("the clock ran %g from close to open", got)
	}
	// The last minute before the close of a 0DTE option.
	perMinute := c.NormalDay() / 390
	if got := c.Years(ny(2026, time.January, 16, 15, 59), PM.At(2026, time.January, 16)); math.Abs(got/perMinute-1) > 1e-12 { // 1e-18 years: the session so far rounds
		t.Errorf("the last minute lasts %g minutes", got/perMinute)
	}
}

func TestTradingClockCrypto(t *testing.T) {
	s := TradingSpec{Calendar: WeekendsOnly(), Hours: Hours{Location: time.UTC, Close: 24 * time.Hour}, Weights: Weights{Session: 1, Weekend: 0.5}}
	c := newClock(t, s)
	week := c.Years(time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 12, 0, 0, 0, 0, time.UTC))
	if math.Abs(week/c.NormalDay()-6) > 1e-9 {
		t.Errorf("a week has %g normal days, want 5 + 2 halves", week/c.NormalDay())
	}
}

func TestNewTradingClockRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		field string
		spoil func(s *TradingSpec)
	}{
		{"Weights.Session", func(s *TradingSpec) { s.Weights.Session = 0 }},
		{"Weights.Session", func(s *TradingSpec) { s.Weights.Session = nan }},
		{"Weights.Overnight", func(s *TradingSpec) { s.Weights.Overnight = -1 }},
		{"Weights.Weekend", func(s *TradingSpec) { s.Weights.Weekend = inf }},
		{"Weights.Holiday", func(s *TradingSpec) { s.Weights.Holiday = nan }},
		{"Hours.Open", func(s *TradingSpec) { s.Hours.Open = -1 }},
		{"Hours.Close", func(s *TradingSpec) { s.Hours.Close = s.Hours.Open }},
		{"Hours.Close", func(s *TradingSpec) { s.Hours.Close = 25 * time.Hour }},
		{"Hours.EarlyClose", func(s *TradingSpec) { s.Hours.EarlyClose = 17 * time.Hour }},
		{"Hours", func(s *TradingSpec) { s.Hours.Close += time.Millisecond }},
		{"Last", func(s *TradingSpec) { s.Last = s.First - 1 }},
		{"Reference", func(s *TradingSpec) { s.Reference = 2019 }},
		{"Events[1].Days", func(s *TradingSpec) { s.Events[1].Days = -1 }},
		{"Events[0].Days", func(s *TradingSpec) { s.Events[0].Days = nan }},
		{"Events[2].Date", func(s *TradingSpec) { s.Events[2].Date = NewDate(2030, time.January, 1) }},
		{"Events[0].From", func(s *TradingSpec) { s.Events[0].From = -time.Second }},
		{"Events[0].To", func(s *TradingSpec) { s.Events[0].To = time.Hour }},
	} {
		s := testSpec()
		s.Events = slices.Clone(s.Events)
		c.spoil(&s)
		_, err := NewTradingClock(s)
		var arg *fault.ArgError
		if !errors.As(err, &arg) || arg.Arg != c.field || !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%v, want an ArgError on %s", err, c.field)
		}
	}
}

func TestTradingClockAllocatesNothingAndIsShared(t *testing.T) {
	c := newClock(t, testSpec())
	a, b := ny(2026, time.January, 2, 11, 11), ny(2027, time.January, 30, 12, 12)
	sink := 0.0
	if n := testing.AllocsPerRun(100, func() { sink += c.Years(a, b) }); n != 0 {
		t.Errorf("%g allocations a call", n)
	}
	var wg sync.WaitGroup
	want := c.Years(a, b)
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				if c.Years(a, b) != want {
					t.Error("another answer under concurrency")
					return
				}
			}
		})
	}
	wg.Wait()
	_ = sink
}

func BenchmarkTradingClock(b *testing.B) {
	c := newClock(b, testSpec())
	from, to := ny(2026, time.January, 2, 11, 11), ny(2027, time.January, 30, 12, 12)
	b.ReportAllocs()
	sink := 0.0
	for b.Loop() {
		sink += c.Years(from, to)
	}
	_ = sink
}

func BenchmarkNewTradingClock(b *testing.B) {
	s := testSpec()
	s.First, s.Last = 0, 0
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewTradingClock(s); err != nil {
			b.Fatal(err)
		}
	}
}
