package pricing

import (
	"errors"
	"math"
	"testing"
)

// The capabilities of the vanilla contracts say what their fields say, and PayoffTo is Payoff column by column.
func TestTerminalContracts(t *testing.T) {
	spot := []float64{0, 80, 100, 120, math.Inf(1)}
	for _, in := range []Terminal{
		Vanilla{Right: Call, Strike: 100, Expiry: 2},
		Vanilla{Right: Put, Strike: 100, Expiry: 2},
		American{Right: Put, Strike: 100, Expiry: 2},
		Bermudan{Right: Call, Strike: 100, Dates: []float64{1, 2}},
	} {
		if in.Maturity() != 2 || len(in.Kinks()) != 1 || in.Kinks()[0] != 100 {
			t.Errorf("%T: maturity %g, kinks %v", in, in.Maturity(), in.Kinks())
		}
		got := append([]float64(nil), spot...)
		in.PayoffTo(got, got)
		for i, s := range spot {
			if want := in.(interface{ Payoff(float64) float64 }).Payoff(s); got[i] != want {
				t.Errorf("%T pays %g at %g, want %g", in, got[i], s, want)
			}
		}
	}
	if d := (American{}).ExerciseDates(); d != nil {
		t.Errorf("an American option has dates %v", d)
	}
	if d := (Bermudan{Dates: []float64{1, 2}}).ExerciseDates(); len(d) != 2 {
		t.Errorf("a Bermudan option has dates %v", d)
	}
	dst := []float64{0, 0}
	Call.PayoffTo(dst, []float64{math.NaN(), 130}, 100)
	if !math.IsNaN(dst[0]) || dst[1] != 30 {
		t.Errorf("a NaN price gave %v", dst)
	}
}

func TestPathsDiscount(t *testing.T) {
	p := &Paths{Times: []float64{1, 2}, Assets: 1, Spot: [][]float64{{1, 2}, {3, 4}}, Discount: []float64{0.9, 0.8}}
	dst := []float64{10, 20}
	if p.DiscountTo(dst, 1); p.Len() != 2 || dst[0] != 8 || dst[1] != 16 || p.At(1, 0)[0] != 3 {
		t.Errorf("one factor for all paths: %v", dst)
	}
	p.Discount, p.PathDiscount = nil, [][]float64{{1, 1}, {0.5, 0.25}}
	dst = []float64{10, 20}
	if p.DiscountTo(dst, 1); dst[0] != 5 || dst[1] != 5 {
		t.Errorf("a factor for each path: %v", dst)
	}
}

func TestBarrierAndAverageRefuse(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		field string
		in    Instrument
	}{
		{"Level", Barrier{}},
		{"Level", Barrier{Level: nan}},
		{"Rebate", Barrier{Level: 90, Rebate: -1}},
		{"Dates[1]", Barrier{Level: 90, Dates: []float64{1, 1}}},
		{"Dates[0]", Barrier{Level: 90, Dates: []float64{nan}}},
		{"Right", Average{Strike: 1, Dates: []float64{1}}},
		{"Strike", Average{Right: Call, Dates: []float64{1}}},
		{"Dates", Average{Right: Call, Strike: 1}},
		{"Dates[0]", Average{Right: Call, Strike: 1, Dates: []float64{-1}}},
	} {
		var arg *ArgError
		if err := c.in.Validate(); !errors.As(err, &arg) || arg.Arg != c.field {
			t.Errorf("%+v: %v, want an ArgError on %s", c.in, err, c.field)
		}
	}
	for _, in := range []Instrument{
		Barrier{Level: 90, Rebate: 3, Dates: []float64{0, 0.5}},
		Average{Right: Put, Floating: true, Dates: []float64{1}},
	} {
		if err := in.Validate(); err != nil {
			t.Errorf("%+v: %v", in, err)
		}
	}
}
