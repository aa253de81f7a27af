package fd

import (
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// Whatever the numbers, a valuation ends in a finite value between zero and what the contract can be worth, or in an error of
// a known kind.
func FuzzOneAsset(f *testing.F) {
	f.Add(100.0, 105.0, 1.0, 0.05, 0.02, 0.2, 90.0, 0.5, 2.0, uint8(0))
	f.Add(100.0, 100.0, 0.01, -0.05, 0.2, 1.5, 130.0, 0.001, 0.0, uint8(37))
	f.Add(1e-3, 5.0, 20.0, 0.3, 0.0, 0.01, 1e-4, 19.0, 1e-5, uint8(101))
	f.Add(50.0, 1e9, 3.0, 0.0, 0.0, 3.0, 50.0, 3.0, 60.0, uint8(255))
	f.Fuzz(func(t *testing.T, spot, strike, expiry, rate, yield, vol, level, date, cash float64, bits uint8) {
		if !(math.Abs(rate)*expiry < 1) || !(math.Abs(yield)*expiry < 1) || !(vol*vol*expiry < 16) || spot > 1e12 || strike > 1e12 {
			return
		}
		right := pricing.Call
		if bits&1 != 0 {
			right = pricing.Put
		}
		v := pricing.Vanilla{Right: right, Strike: strike, Expiry: expiry}
		barriers := []pricing.Barrier{{Level: level, Up: level > spot, In: bits&8 != 0}}
		if bits&16 != 0 {
			barriers[0].Dates = []float64{date, expiry}
		}
		var in pricing.Instrument
		switch bits >> 1 & 3 {
		case 0:
			in = v
		case 1:
			in = pricing.American(v)
		case 2:
			in = knock{v, barriers}
		default:
			in = knockAmerican{pricing.American(v), barriers}
		}
		m := model.BlackScholes{Spot: spot, Discount: curve.Flat(rate), Carry: curve.Flat(yield), Vol: model.FlatVol(vol),
			DividendModel: model.PiecewiseLognormal}
		if bits&32 != 0 {
			m.Dividends = []model.Dividend{{Time: date, Cash: cash}}
		}
		r, err := OneAsset{SpaceSteps: 80, TimeSteps: 16, Exercise: Exercise(bits >> 6)}.Price(ctx, in, m)
		if err != nil {
			if !errors.Is(err, pricing.ErrDomain) && !errors.Is(err, pricing.ErrUnsupported) && !errors.Is(err, ErrNoConvergence) {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		// With few nodes the extrapolation may be off, but not by more than the scale of the contract.
		grown := math.Max(1, math.Exp(-rate*expiry)) * math.Max(1, math.Exp(-yield*expiry))
		most := math.Max(spot, strike) * grown
		if !(r.Value > -0.5*most && r.Value < 1.5*most) {
			t.Errorf("%T under %+v, %+v: %g", in, m, in, r.Value)
		}
	})
}
