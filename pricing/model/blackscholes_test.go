package model

import (
	"fmt"
	"math"
	"testing"

	"github.com/volgaquant/volga/rates/curve"
)

// The forward by hand: at each ex-date the asset falls by the cash amount and then by the proportion, in between it grows
// at the cost of carry.
func TestForwardWalksThroughTheDividends(t *testing.T) {
	zero, err := curve.NewZeroCurve([]float64{0.25, 1, 2}, []float64{0.05, 0.04, 0.045}, curve.LogLinearDiscount)
	if err != nil {
		t.Fatal(err)
	}
	m := BlackScholes{
		Spot: 100, Discount: zero, Carry: curve.Flat(0.01), Vol: FlatVol(0.2),
		Dividends: []Dividend{{Time: 0.1, Cash: 2}, {Time: 0.3, Proportion: 0.05}, {Time: 0.6, Cash: 1, Proportion: 0.02}, {Time: 1.5, Cash: 3}},
	}
	growth := func(from, to float64) float64 {
		return math.Exp(-0.01*(to-from)) * zero.DiscountFactor(from) / zero.DiscountFactor(to)
	}
	for _, expiry := range []float64{0, 0.05, 0.1, 0.2, 0.3, 0.59, 1, 1.5, 3} {
		want, at := m.Spot, 0.0
		for _, d := range m.Dividends {
			if d.Time > expiry {
				break
			}
			want = (want*growth(at, d.Time) - d.Cash) * (1 - d.Proportion)
			at = d.Time
		}
		want *= growth(at, expiry)
		if got := m.Forward(expiry); math.Abs(got-want) > 1e-12*want {
			t.Errorf("forward at %g: %.15g, want %.15g", expiry, got, want)
		}
	}
}

func TestForwardDerivatives(t *testing.T) {
	at := func(spot, rate, yield, later float64) Forward {
		return BlackScholes{
			Spot: spot, Discount: curve.Flat(rate), Carry: curve.Flat(yield), Vol: FlatVol(0.2),
			Dividends: []Dividend{{Time: 0.4 - later, Cash: 2, Proportion: 0.01}, {Time: 0.8 - later, Cash: 1}},
		}.ForwardAt(1 - later)
	}
	f := at(100, 0.05, 0.02, 0)
	const h = 1e-4
	slope := func(up, down Forward) float64 { return (up.Value - down.Value) / (2 * h) }
	for name, pair := range map[string][2]float64{
		"spot":  {f.DSpot, slope(at(100+h, 0.05, 0.02, 0), at(100-h, 0.05, 0.02, 0))},
		"rate":  {f.DRate, slope(at(100, 0.05+h, 0.02, 0), at(100, 0.05-h, 0.02, 0))},
		"yield": {f.DYield, slope(at(100, 0.05, 0.02+h, 0), at(100, 0.05, 0.02-h, 0))},
		"time":  {f.DTime, slope(at(100, 0.05, 0.02, h), at(100, 0.05, 0.02, -h))},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-6*math.Abs(pair[1]) {
			t.Errorf("by %s: %.10g, difference quotient %.10g", name, pair[0], pair[1])
		}
	}
	if math.Abs(f.Drift-0.03) > 1e-15 {
		t.Errorf("drift %g, want 0.03", f.Drift)
	}
}

func TestCopiesLeaveTheOriginal(t *testing.T) {
	m := BlackScholes{Spot: 100, Vol: FlatVol(0.2)}
	if up := m.WithSpot(110); m.Spot != 100 || up.Spot != 110 || up.Forward(1) != 110 {
		t.Errorf("with spot: %g and %g", m.Spot, up.Spot)
	}
	if other := m.WithVol(VolFunc(func(k, t float64) float64 { return k * t })); other.Volatility(2, 3) != 6 || m.Volatility(2, 3) != 0.2 {
		t.Error("with vol changed the original, or did nothing")
	}
	if m.DiscountFactor(5) != 1 {
		t.Error("no discount curve should mean a rate of zero")
	}
}

func TestForwardAllocatesNothing(t *testing.T) {
	m := BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: FlatVol(0.2), Dividends: []Dividend{{Time: 0.5, Cash: 1}}}
	var sink float64
	if n := testing.AllocsPerRun(100, func() { sink += m.ForwardAt(1).Value }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func ExampleBlackScholes() {
	m := BlackScholes{
		Spot:      100,
		Discount:  curve.Flat(0.05),
		Dividends: []Dividend{{Time: 0.5, Cash: 2}},
		Vol:       FlatVol(0.20),
	}
	up := m.WithSpot(101)
	fmt.Printf("%.4f %.4f\n", m.Forward(1), up.Forward(1)-m.Forward(1))
	// Output: 103.0765 1.0513
}
