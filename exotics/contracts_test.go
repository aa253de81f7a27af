package exotics

import (
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
)

func TestRefuses(t *testing.T) {
	option := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	down, up := pricing.Barrier{Level: 80}, pricing.Barrier{Level: 120, Up: true}
	with := func(b pricing.Barrier, change func(*pricing.Barrier)) pricing.Barrier { change(&b); return b }
	for _, c := range []struct {
		field string
		in    pricing.Instrument
	}{
		{"Right", Barrier{Barrier: down}},
		{"Level", Barrier{Vanilla: option}},
		{"Barrier.Dates", Barrier{option, with(down, func(b *pricing.Barrier) { b.Dates = []float64{0.5, 2} })}},
		{"Strike", DoubleBarrier{pricing.Vanilla{Right: pricing.Put, Expiry: 1}, down, up}},
		{"Lower.Up", DoubleBarrier{option, up, up}},
		{"Upper.Up", DoubleBarrier{option, down, down}},
		{"Upper.Level", DoubleBarrier{option, down, with(up, func(b *pricing.Barrier) { b.Level = 80 })}},
		{"Upper.In", DoubleBarrier{option, down, with(up, func(b *pricing.Barrier) { b.In = true })}},
		{"Upper.Dates", DoubleBarrier{option, down, with(up, func(b *pricing.Barrier) { b.Dates = []float64{1} })}},
		{"Upper.Rebate", DoubleBarrier{option, with(down, func(b *pricing.Barrier) { b.In = true }),
			with(up, func(b *pricing.Barrier) { b.In, b.Rebate = true, 1 })}},
		{"Right", Asian{Strike: 100, Dates: []float64{1}}},
		{"Dates", Asian{Right: pricing.Call, Strike: 100}},
	} {
		var arg *pricing.ArgError
		if err := c.in.Validate(); !errors.As(err, &arg) || arg.Arg != c.field {
			t.Errorf("%+v: %v, want an ArgError on %s", c.in, err, c.field)
		}
	}
	for _, in := range []pricing.Instrument{
		Barrier{option, up}, DoubleBarrier{option, down, up}, Asian{Right: pricing.Put, Floating: true, Dates: []float64{0.5, 1}},
	} {
		if err := in.Validate(); err != nil {
			t.Errorf("%+v: %v", in, err)
		}
	}
}

// Two paths of three prices, by hand.
func TestAsianPays(t *testing.T) {
	p := &pricing.Paths{
		Times: []float64{1, 2, 3}, Assets: 1, Discount: []float64{1, 1, 0.5},
		Spot:    [][]float64{{90, 100}, {120, 100}, {120, 40}},
		Scratch: make([][]float64, pricing.ScratchColumns),
	}
	for i := range p.Scratch {
		p.Scratch[i] = make([]float64, 2)
	}
	root := func(a, b, c float64) float64 { return math.Cbrt(a * b * c) }
	for _, c := range []struct {
		name  string
		asian Asian
		want  [2]float64
	}{
		{"arithmetic call", Asian{Right: pricing.Call, Strike: 100}, [2]float64{5, 0}},
		{"arithmetic put", Asian{Right: pricing.Put, Strike: 100}, [2]float64{0, 10}},
		{"geometric call", Asian{Right: pricing.Call, Strike: 100, Geometric: true}, [2]float64{0.5 * (root(90, 120, 120) - 100), 0}},
		{"floating put", Asian{Right: pricing.Put, Floating: true}, [2]float64{0, 20}},
		{"floating geometric call", Asian{Right: pricing.Call, Floating: true, Geometric: true}, [2]float64{0.5 * (120 - root(90, 120, 120)), 0}},
	} {
		c.asian.Dates = p.Times
		got := []float64{math.NaN(), math.NaN()}
		c.asian.PresentValueTo(got, p)
		for j := range got {
			if math.Abs(got[j]-c.want[j]) > 1e-12 {
				t.Errorf("%s, path %d: %g, want %g", c.name, j, got[j], c.want[j])
			}
		}
		if n := testing.AllocsPerRun(10, func() { c.asian.PresentValueTo(got, p) }); n > 0 {
			t.Errorf("%s allocates %g times", c.name, n)
		}
	}
}
