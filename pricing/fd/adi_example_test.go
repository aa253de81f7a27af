package fd_test

import (
	"context"
	"fmt"
	"math"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fd"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// The American put of Ikonen and Toivanen (2007), whose value is 0.52004.
func ExampleADI() {
	world := model.Heston{
		Market: model.Market{Spot: 10, Discount: curve.Flat(0.1)},
		V0:     0.0625, Kappa: 5, Theta: 0.16, Sigma: 0.9, Rho: 0.1,
	}
	put := pricing.American{Right: pricing.Put, Strike: 10, Expiry: 0.25}
	r, err := fd.ADI{TimeSteps: 100}.Price(context.Background(), put, world)
	fmt.Printf("%.4f delta %.3f gamma %.3f vega %.3f %v\n", r.Value, r.Delta, r.Gamma, r.Vega, err)
	// Output: 0.5200 delta -0.433 gamma 0.289 vega 0.893 <nil>
}

// A leverage that repays a volatility of 20% whatever the variance does: European options are worth what Black and Scholes
// say, 10.4506 for the call; the error of the leverage is below a fiftieth of a volatility point.
func ExampleFokkerPlanck2_Leverage() {
	variance := model.Heston{
		Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)},
		V0:     0.04, Kappa: 2, Theta: 0.04, Sigma: 0.5, Rho: -0.7,
	}
	flat := model.LocalVarianceFunc(func(k, t float64) float64 { return 0.04 })
	leverage, err := fd.FokkerPlanck2{TimeSteps: 200}.Leverage(context.Background(), variance, flat, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	world := model.StochasticLocalVol{Variance: variance, Leverage: leverage}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	r, err := fd.ADI{}.Price(context.Background(), call, world)
	fmt.Printf("%.2f %v\n", r.Value, err)
	// Output: 10.45 <nil>
}

// exchange pays the first asset for the second: an instrument says what it pays, and the engine takes it.
type exchange struct{ expiry float64 }

func (e exchange) Validate() error   { return nil }
func (e exchange) Maturity() float64 { return e.expiry }
func (e exchange) PayoffPairTo(dst, first, second []float64) {
	for i := range dst {
		dst[i] = math.Max(first[i]-second[i], 0)
	}
}

// Margrabe's option to exchange one asset for another: with the volatility √(0.2² + 0.3² − 2·0.4·0.2·0.3) of their ratio, Black's
// formula gives 11.3851 and a delta of 0.5569.
func ExampleADI_twoAssets() {
	world := model.Assets{
		Discount:    curve.Flat(0.05),
		Each:        []model.Asset{{Spot: 100, Vol: model.FlatVol(0.2)}, {Spot: 100, Vol: model.FlatVol(0.3)}},
		Correlation: [][]float64{{1, 0.4}, {0.4, 1}},
	}
	r, err := fd.ADI{}.Price(context.Background(), exchange{expiry: 1}, world)
	fmt.Printf("%.3f delta %.3f %v\n", r.Value, r.Delta, err)
	// Output: 11.385 delta 0.557 <nil>
}

// The law of the price in a year, and the variance that is to be expected where it ends.
func ExampleFokkerPlanck2() {
	world := model.Heston{Market: model.Market{Spot: 100}, V0: 0.04, Kappa: 1.5, Theta: 0.04, Sigma: 0.4, Rho: -0.7}
	law, err := fd.FokkerPlanck2{}.Run(context.Background(), world, 1, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	below := law.Expect(func(spot, _ float64) float64 {
		if spot < 80 {
			return 1
		}
		return 0
	})
	mean := make([]float64, len(law.Spot))
	law.ConditionalTo(mean, law.Second, 1e-6)
	fmt.Printf("mass %.6f, below 80 %.2f\n", law.Total(), below)
	for i := 1; i < len(mean); i++ {
		for _, level := range []float64{80, 100, 120} {
			if law.Spot[i-1] < level && law.Spot[i] >= level {
				fmt.Printf("at %g the volatility is %.2f\n", level, math.Sqrt(mean[i]))
			}
		}
	}
	// Output:
	// mass 1.000000, below 80 0.15
	// at 80 the volatility is 0.26
	// at 100 the volatility is 0.18
	// at 120 the volatility is 0.13
}
