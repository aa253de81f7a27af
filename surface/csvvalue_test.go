package surface

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/volgaquant/volga/rates/calendar"
)

// The fast path must give the very double that strconv gives.
func TestParseNumberIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200000 {
		v := rng.Float64() * math.Pow(10, float64(rng.IntN(12)-6))
		text := strconv.FormatFloat(v, 'f', rng.IntN(12), 64)
		if rng.IntN(4) == 0 {
			text = "-" + text
		}
		want, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := parseNumber([]byte(text)); !ok || got != want {
			t.Fatalf("%s: %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]float64{
		"0": 0, "-0": 0, "+7": 7, ".5": 0.5, "5.": 5, "1e3": 1000, "1E-3": 0.001, "000012.50": 12.5,
		"0.0000000000000001": 1e-16, "123456789012345678": 123456789012345678, "0.0000000000000000000029503239984924737": 2.9503239984924737e-21,
		"1e400": math.Inf(1), "-Inf": math.Inf(-1),
	} {
		if got, ok := parseNumber([]byte(text)); !ok || got != want {
			t.Errorf("%s: %v, %v", text, got, ok)
		}
	}
	if got, ok := parseNumber([]byte("nan")); !ok || !math.IsNaN(got) {
		t.Errorf("nan: %v, %v", got, ok)
	}
	for _, text := range []string{"", ".", "-", "+", "--1", "1.2.3", "1,000", "12a", "0x1p3", "1_000", "e5", "one"} {
		if got, ok := parseNumber([]byte(text)); ok {
			t.Errorf("%q was read as %v", text, got)
		}
	}
	for _, text := range []string{"-", "n/a", "N/A", "#NA", "null", "NULL", "None", "#N/A"} {
		if !isNull([]byte(text)) {
			t.Errorf("%q is not taken for unknown", text)
		}
	}
	text := []byte("4137.64")
	if n := testing.AllocsPerRun(100, func() { parseNumber(text) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func TestParseTimes(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"00:00": 0, "16:31": 16*time.Hour + 31*time.Minute, "23:59:59": 24*time.Hour - time.Second,
		"10:00:00.25": 10*time.Hour + 250*time.Millisecond,
	} {
		if got, ok := parseClock([]byte(text)); !ok || got != want {
			t.Errorf("%s: %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "16", "16:3", "16:60", "24:00", "1631", "16:31:", "16:31:6", "16:31:60", "16:31:00x", "16:31x00", "16:31:00.x", "16:31:001.5", "a6:31"} {
		if got, ok := parseClock([]byte(text)); ok {
			t.Errorf("%q was read as %v", text, got)
		}
	}
	for _, c := range []struct {
		text    string
		at      time.Duration
		utc     bool
		closing bool
	}{
		{"16:31 ET", 16*time.Hour + 31*time.Minute, false, false}, {"18:01-19:01 ET", 18*time.Hour + time.Minute, false, false},
		{"16:31", 16*time.Hour + 31*time.Minute, false, false}, {"20:31:00Z", 20*time.Hour + 31*time.Minute, true, false},
		{"close", 0, false, true}, {"EOD", 0, false, true}, {"", 0, false, true},
	} {
		if at, utc, closing, ok := parseQuoteTime([]byte(c.text)); !ok || at != c.at || utc != c.utc || closing != c.closing {
			t.Errorf("%q: %v, UTC %v, closing %v, %v", c.text, at, utc, closing, ok)
		}
	}
	for _, text := range []string{"noon", "16:31-late ET", "16:31 CET", "-"} {
		if _, _, _, ok := parseQuoteTime([]byte(text)); ok {
			t.Errorf("%q was read", text)
		}
	}
	day := calendar.NewDate(2023, 9, 14)
	for _, text := range []string{"2023-09-14", "20230914", "2023/09/14", "2023-09-14 00:00", "2023-09-14T00:00:00Z", "2023-09-14T00:00:00+00:00"} {
		if d, at, _, _, ok := parseDateTime([]byte(text)); !ok || d != day || at != 0 {
			t.Errorf("%q: %v %v %v", text, d, at, ok)
		}
	}
	for _, text := range []string{"", "2023-9-14", "14-09-2023", "2023-02-29", "2023-09/14", "2023-09-14T", "2023-09-14T00:00:00+02:00", "x 10:00"} {
		if d, _, _, _, ok := parseDateTime([]byte(text)); ok {
			t.Errorf("%q was read as %v", text, d)
		}
	}
}

func TestParseWords(t *testing.T) {
	for text, want := range map[string]calendar.Settlement{"AM": calendar.AM, "pm": calendar.PM, "UTC8": calendar.UTC8, "1": calendar.AM, "0": calendar.PM} {
		if got, ok := parseSettlement([]byte(text)); !ok || got != want {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
	for text, want := range map[string]bool{"A": true, "American": true, "E": false, "european": false, "": false} {
		if got, ok := parseExercise([]byte(text)); !ok || got != want {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
}

// The smoothing returns a flat curve as it is, follows precise observations, and lets an outlier go.
func TestSmoothRates(t *testing.T) {
	tau := []float64{0.01, 0.05, 0.1, 0.3, 0.5, 1, 2}
	errs := []float64{0.2, 0.02, 0.005, 5e-4, 3e-4, 2e-4, 2e-4}
	flat := []float64{-0.3, 0.07, 0.045, 0.05, 0.05, 0.05, 0.05}
	for i, r := range smoothRates(tau, flat, errs) {
		if math.Abs(r-0.05) > 0.003 {
			t.Errorf("tau %g: %g", tau[i], r)
		}
	}
	outlier := []float64{0.05, 0.05, 0.05, 0.05, 0.09, 0.05, 0.05}
	for i, r := range smoothRates(tau, outlier, errs) {
		if math.Abs(r-0.05) > 0.002 {
			t.Errorf("with an outlier, tau %g: %g", tau[i], r)
		}
	}
	nan := math.NaN()
	for _, r := range smoothRates([]float64{1, 1, 2}, []float64{nan, nan, nan}, []float64{nan, 0, 0}) {
		if math.Abs(r-ratePrior) > 1e-6 {
			t.Errorf("nothing known: %g", r)
		}
	}
	if got := smoothRates(nil, nil, nil); len(got) != 0 {
		t.Errorf("no expiry: %v", got)
	}
}
