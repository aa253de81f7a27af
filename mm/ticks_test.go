package mm

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
)

func TestTickRounding(t *testing.T) {
	tenth, err := UniformTicks(0.1)
	if err != nil {
		t.Fatal(err)
	}
	eighth, err := UniformTicks(0.125)
	if err != nil {
		t.Fatal(err)
	}
	third, err := UniformTicks(1.0 / 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		table             TickTable
		p                 float64
		down, up          float64
		strictlyUp, under float64
	}{
		{PennyTicks(), 2.987, 2.98, 2.99, 2.99, 2.98},
		{PennyTicks(), 2.99, 2.99, 2.99, 3, 2.98},
		{PennyTicks(), 2.995, 2.99, 3, 3, 2.99},
		{PennyTicks(), 2.9999999999999, 3, 3, 3.05, 2.99},
		{PennyTicks(), 3, 3, 3, 3.05, 2.99},
		{PennyTicks(), 3.01, 3, 3.05, 3.05, 3},
		{PennyTicks(), 3.05, 3.05, 3.05, 3.1, 3},
		{PennyTicks(), 0.004, 0, 0.01, 0.01, 0},
		{PennyTicks(), 0.01, 0.01, 0.01, 0.02, 0},
		{PennyTicks(), 0, 0, 0.01, 0.01, 0},
		{PennyTicks(), -1.234, 0, 0.01, 0.01, 0},
		{NickelTicks(), 2.96, 2.95, 3, 3, 2.95},
		{NickelTicks(), 3.05, 3, 3.1, 3.1, 3},
		{tenth, 0.1 + 0.2, 0.3, 0.3, 0.4, 0.2}, // 0.30000000000000004
		{tenth, 0.7, 0.7, 0.7, 0.8, 0.6},       // 0.7/0.1 is 6.999999999999999
		{tenth, 1234567.8, 1234567.8, 1234567.8, 1234567.9, 1234567.7},
		{eighth, 1.3, 1.25, 1.375, 1.375, 1.25},
		{third, 1, 1, 1, 4.0 / 3, 2.0 / 3},
	} {
		for name, got := range map[string][2]float64{
			"Floor": {c.table.Floor(c.p), c.down}, "Ceil": {c.table.Ceil(c.p), c.up},
			"Above": {c.table.Above(c.p), c.strictlyUp}, "Below": {c.table.Below(c.p), c.under},
		} {
			if got[0] != got[1] {
				t.Errorf("%v: %s(%v) = %v, want %v", c.table.Bands(), name, c.p, got[0], got[1])
			}
		}
	}
	if p := PennyTicks(); p.Tick(2.99) != 0.01 || p.Tick(3) != 0.05 || p.Holds(3.01) || !p.Holds(3.05) || p.Holds(0) {
		t.Error("ticks of the penny table")
	}
	for _, p := range []float64{math.NaN(), math.Inf(1)} {
		table := PennyTicks()
		for _, got := range []float64{table.Floor(p), table.Ceil(p), table.Above(p), table.Below(p)} {
			if got == got != (p == p) || math.IsInf(got, 1) != math.IsInf(p, 1) {
				t.Errorf("%g became %g", p, got)
			}
		}
	}
}

func TestNewTickTableRefuses(t *testing.T) {
	for name, bands := range map[string][]TickBand{
		"bands":         nil,
		"bands[0].From": {{1, 0.1}},
		"bands[0].Tick": {{0, 0}},
		"bands[1].From": {{0, 0.01}, {5, 0.05}, {3, 0.1}}, // named below
		"NaN":           {{0, 0.01}, {math.NaN(), 0.05}},
		"off the grid":  {{0, 0.01}, {3.02, 0.05}},
		"infinite tick": {{0, math.Inf(1)}},
		"infinite from": {{0, 0.01}, {math.Inf(1), 0.05}},
	} {
		_, err := NewTickTable(bands...)
		var arg *fault.ArgError
		if !errors.As(err, &arg) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "bands[1].From" {
			name = "bands[2].From"
		}
		if name[0] == 'b' && arg.Arg != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzTicks(f *testing.F) {
	for _, p := range []float64{0, 0.005, 2.994999, 2.9999999999, 3, 3.0000001, 0.30000000000000004, 99.95, 1e6, 1e12, -5} {
		f.Add(p, uint8(0))
		f.Add(p, uint8(2))
	}
	mixed, err := NewTickTable(TickBand{0, 0.0001}, TickBand{0.1, 0.005}, TickBand{2, 0.02}, TickBand{10, 0.001})
	if err != nil {
		f.Fatal(err)
	}
	sixteenth, err := UniformTicks(0.0625)
	if err != nil {
		f.Fatal(err)
	}
	tables := []TickTable{PennyTicks(), NickelTicks(), mixed, sixteenth}
	f.Fuzz(func(t *testing.T, p float64, which uint8) {
		if !(math.Abs(p) < 1e9) {
			t.Skip("beyond any price")
		}
		table := tables[int(which)%len(tables)]
		down, up, tick := table.Floor(p), table.Ceil(p), table.Tick(p)
		slack := 2e-9*tick + 1e-15*math.Abs(p)
		above, below := table.Above(p), table.Below(p)
		switch {
		case down > math.Max(p, 0)+slack || up < p-slack || down < 0:
			t.Fatalf("%v: %v rounds to %v and %v", table.Bands(), p, down, up)
		case p > 0 && (p-down > tick+slack || up-p > tick+slack):
			t.Fatalf("%v: %v rounds too far, to %v and %v", table.Bands(), p, down, up)
		case table.Floor(down) != down || table.Ceil(up) != up || down > 0 && table.Ceil(down) != down || table.Floor(up) != up:
			t.Fatalf("%v: %v rounds to %v and %v, which are not on the grid", table.Bands(), p, down, up)
		case !(above > p) || !(below < math.Max(p, 1e-300)) || above > up+tick+slack:
			t.Fatalf("%v: next to %v: %v and %v", table.Bands(), p, below, above)
		case table.Floor(above) != above || table.Floor(below) != below:
			t.Fatalf("%v: next to %v: %v and %v, which are not on the grid", table.Bands(), p, below, above)
		case down > 0 && table.Above(table.Below(down)) != down && table.Below(down) > 0:
			t.Fatalf("%v: a step down and up from %v gives %v", table.Bands(), down, table.Above(table.Below(down)))
		}
		// A price of the grid is the float that its decimal reads as.
		if short, err := strconv.ParseFloat(fmt.Sprintf("%.4f", down), 64); err != nil || short != down {
			t.Fatalf("%v: %v rounds to %v, not %v", table.Bands(), p, down, short)
		}
	})
}
