package model_test

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// The coefficient of a local volatility that rises as the price falls, and of a world with a dividend to come.
func ExampleDiffusionOf() {
	local := model.LocalVol{
		Market:   model.Market{Spot: 100},
		Variance: model.LocalVarianceFunc(func(k, t float64) float64 { return 0.04 * math.Exp(-k) }),
	}
	escrowed := model.BlackScholes{
		Spot: 100, Vol: model.FlatVol(0.2), Dividends: []model.Dividend{{Time: 0.5, Cash: 5}},
	}
	prices, b := []float64{80, 100, 125}, make([]float64, 3)
	for _, m := range []interface{ Validate() error }{local, escrowed, model.Heston{}} {
		world, reason := model.DiffusionOf(m, 1)
		if world == nil {
			fmt.Println(reason)
			continue
		}
		world.DiffusionTo(b, prices, 0, 0.25)
		fmt.Printf("%.3f from %g\n", b, world.PriceFloor(0))
	}
	// Output:
	// [17.889 20.000 22.361] from 0
	// [15.000 19.000 24.000] from 5
	// the model is not a one-dimensional diffusion
}

// A spread: its price may be negative.
func ExampleBachelier() {
	m := model.Bachelier{Market: model.Market{Spot: -5}, Vol: model.FlatVol(20)}
	fmt.Println(m.Forward(1), m.NormalVol(-10, 1), m.PriceFloor(1))
	// Output: -5 20 -Inf
}

func ExampleDisplaced() {
	m := model.Displaced{
		Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)}, Shift: 50, Vol: model.FlatVol(0.15),
	}
	b := []float64{80, 100, 120}
	m.DiffusionTo(b, b, 0, 1e-9)
	fmt.Printf("%.2f, never below %.2f in a year\n", b, m.PriceFloor(1))
	// Output: [19.50 22.50 25.50], never below -52.56 in a year
}

// A volatility of 20% at 100 that rises as the price falls: 28% at 50.
func ExampleCEV() {
	m := model.CEV{Market: model.Market{Spot: 100}, Sigma: 2, Beta: 0.5}
	b := []float64{50, 100}
	m.DiffusionTo(b, b, 0, 0.1)
	fmt.Printf("%.4f %.4f\n", b[0]/50, b[1]/100)
	// Output: 0.2828 0.2000
}
