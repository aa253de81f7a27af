package risk

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

func TestModelMarks(t *testing.T) {
	now := time.Date(2026, time.January, 5, 21, 0, 0, 0, time.UTC)
	later := now.Add(365 * 24 * time.Hour)
	m := ModelMarks{Underlying: "SPX", Asof: now, World: model.BlackScholes{
		Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.2),
	}}
	call, err := m.Mark(Option("SPX", later, 100, pricing.Call, 100))
	if err != nil || math.Abs(call.Value-10.450583572185565) > 1e-12 || math.Abs(call.Delta-0.636830651175619) > 1e-12 {
		t.Errorf("call: %+v, %v", call, err)
	}
	future, err := m.Mark(Future("SPX", later, 50))
	if want := 100 * math.Exp(0.05); err != nil || math.Abs(future.Value-want) > 1e-12 || math.Abs(future.Delta-want/100) > 1e-14 {
		t.Errorf("future: %+v, %v", future, err)
	}
	if math.Abs(future.Theta+0.05*future.Value) > 1e-12 { // the forward of an unchanged spot loses its carry as time passes
		t.Errorf("theta of the future %g, want %g", future.Theta, -0.05*future.Value)
	}
	if spot, err := m.Mark(Underlying("SPX")); err != nil || spot.Value != 100 || spot.Delta != 1 {
		t.Errorf("underlying: %+v, %v", spot, err)
	}
	for name, c := range map[string]Contract{
		"another underlying": Option("NDX", later, 100, pricing.Call, 100),
		"settled":            Option("SPX", now.Add(-time.Minute), 100, pricing.Call, 100),
	} {
		if _, err := m.Mark(c); !errors.Is(err, ErrUnknownContract) {
			t.Errorf("%s: %v", name, err)
		}
	}
	expiring, err := m.Mark(Option("SPX", now, 90, pricing.Call, 100))
	if err != nil || expiring.Value != 10 {
		t.Errorf("at settlement: %+v, %v", expiring, err)
	}
}
