package pricing

import (
	"errors"
	"math"
	"testing"
)

func TestEarlyExerciseRefuses(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name  string
		in    Instrument
		field string
	}{
		{"no right", American{Strike: 100, Expiry: 1}, "Right"},
		{"strike zero", American{Right: Put, Expiry: 1}, "Strike"},
		{"strike NaN", American{Right: Put, Strike: nan, Expiry: 1}, "Strike"},
		{"expired", American{Right: Put, Strike: 100, Expiry: -1}, "Expiry"},
		{"expiry NaN", American{Right: Put, Strike: 100, Expiry: nan}, "Expiry"},
		{"no right", Bermudan{Strike: 100, Dates: []float64{1}}, "Right"},
		{"strike negative", Bermudan{Right: Call, Strike: -1, Dates: []float64{1}}, "Strike"},
		{"no dates", Bermudan{Right: Call, Strike: 100}, "Dates"},
		{"date NaN", Bermudan{Right: Call, Strike: 100, Dates: []float64{0.5, nan}}, "Dates[1]"},
		{"dates equal", Bermudan{Right: Call, Strike: 100, Dates: []float64{0.5, 0.5}}, "Dates[1]"},
		{"date in the past", Bermudan{Right: Call, Strike: 100, Dates: []float64{-0.5}}, "Dates[0]"},
	} {
		var arg *ArgError
		if err := c.in.Validate(); !errors.As(err, &arg) || arg.Arg != c.field {
			t.Errorf("%T, %s: %v, want an ArgError on %s", c.in, c.name, err, c.field)
		}
	}
	if _, err := NewAmerican(Put, 100, 0); err != nil {
		t.Errorf("an expiry of zero was refused: %v", err)
	}
	if _, err := NewAmerican(Put, 0, 1); !errors.Is(err, ErrDomain) {
		t.Errorf("a strike of zero: %v", err)
	}
	b := Bermudan{Right: Put, Strike: 100, Dates: []float64{0, 0.5, 2}}
	if err := b.Validate(); err != nil || b.Expiry() != 2 || b.Payoff(90) != 10 {
		t.Errorf("a good Bermudan: %v, expiry %g, payoff %g", err, b.Expiry(), b.Payoff(90))
	}
}
