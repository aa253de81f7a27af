package model

import (
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

// One volatility for all strikes is checked where the model is; zero is a volatility.
func TestFlatVolIsChecked(t *testing.T) {
	for _, vol := range []float64{-0.2, math.NaN(), math.Inf(1)} {
		for _, m := range []pricing.Model{
			BlackScholes{Spot: 100, Vol: FlatVol(vol)},
			Bachelier{Market: Market{Spot: 100}, Vol: FlatVol(vol)},
			Displaced{Market: Market{Spot: 100}, Vol: FlatVol(vol)},
		} {
			var arg *fault.ArgError
			if err := m.Validate(); !errors.As(err, &arg) || arg.Arg != "Vol" {
				t.Errorf("%T with a volatility of %g: %v", m, vol, err)
			}
		}
	}
	if err := (BlackScholes{Spot: 100, Vol: FlatVol(0)}).Validate(); err != nil {
		t.Errorf("a volatility of zero: %v", err)
	}
}
