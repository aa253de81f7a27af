package fd

import (
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
)

// With a leverage of one, stochastic local volatility is Heston's model.
func TestLeverageOfOneIsHeston(t *testing.T) {
	one := model.LocalVarianceFunc(func(k, t float64) float64 { return 1 })
	for _, f := range foulon {
		for _, in := range []pricing.Instrument{
			pricing.Vanilla{Right: pricing.Call, Strike: 95, Expiry: f.expiry}, pricing.American{Right: pricing.Put, Strike: 105, Expiry: f.expiry},
		} {
			want := priced2(t, ADI{}, in, f.world)
			got := priced2(t, ADI{}, in, model.StochasticLocalVol{Variance: f.world, Leverage: one})
			if math.Abs(got.Value-want.Value) > 1e-10 || math.Abs(got.Gamma-want.Gamma) > 1e-10 || math.Abs(got.Vega-want.Vega) > 1e-9 {
				t.Errorf("%T: %+v, want %+v", in, got, want)
			}
		}
	}
}

// skew is a surface of local variance with a slope and a term structure.
var skew = model.LocalVarianceFunc(func(k, t float64) float64 {
	v := 0.2 - 0.15*math.Tanh(k) + 0.02*math.Exp(-t)
	return v * v
})

// Without noise in the variance, stochastic local volatility is local volatility.
func TestCertainVarianceIsLocalVol(t *testing.T) {
	certain := hestonWorld(0.03, 0.01, 1, 0, 0, 0, 0)
	slv := model.StochasticLocalVol{Variance: certain, Leverage: skew}
	local := model.LocalVol{Market: certain.Market, Variance: skew}
	for _, in := range []pricing.Instrument{
		pricing.Vanilla{Right: pricing.Call, Strike: 90, Expiry: 1}, pricing.American{Right: pricing.Put, Strike: 110, Expiry: 1},
	} {
		want := priced2(t, OneAsset{}, in, local)
		got := priced2(t, ADI{SecondSteps: 8}, in, slv)
		if math.Abs(got.Value-want.Value) > 1e-3 || math.Abs(got.Delta-want.Delta) > 5e-4 || math.Abs(got.Gamma-want.Gamma) > 1e-4 {
			t.Errorf("%T: %.6f %.5f %.6f, want %.6f %.5f %.6f", in, got.Value, got.Delta, got.Gamma, want.Value, want.Delta, want.Gamma)
		}
	}
}

// A leverage found forward makes the backward solver repay the surface, to a tenth of a volatility point.
func TestLeverageRepaysTheSurface(t *testing.T) {
	variance := hestonWorld(0.02, 0.01, 0.04, 1.5, 0.05, 0.4, -0.6)
	leverage, err := FokkerPlanck2{TimeSteps: 60, SpotSteps: 160, SecondSteps: 60}.Leverage(t.Context(), variance, skew, 1)
	if err != nil {
		t.Fatal(err)
	}
	slv := model.StochasticLocalVol{Variance: variance, Leverage: leverage}
	local := model.LocalVol{Market: variance.Market, Variance: skew}
	for _, expiry := range []float64{0.25, 1} {
		for _, strike := range []float64{80, 90, 100, 110, 120} {
			put := pricing.Vanilla{Right: pricing.Put, Strike: strike, Expiry: expiry}
			vol := func(v float64) float64 {
				iv, err := black.ImpliedVol(black.Quote{Right: put.Right, Price: v, Forward: variance.Forward(expiry), Strike: strike, Tau: expiry,
					Discount: variance.DiscountFactor(expiry)})
				if err != nil {
					t.Fatal(err)
				}
				return iv
			}
			want := vol(priced2(t, OneAsset{}, put, local).Value)
			got := vol(priced2(t, ADI{Single: true, TimeSteps: 60}, put, slv).Value)
			t.Logf("%g years, strike %g: %.5f, want %.5f", expiry, strike, got, want)
			if math.Abs(got-want) > 1e-3 {
				t.Errorf("%g years, strike %g: volatility %.5f, want %.5f", expiry, strike, got, want)
			}
		}
	}
}
