package mc_test

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/mc"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// An American put. Exercise at fifty dates is worth a little less than at any time, which the extrapolation makes up for.
func ExampleLongstaffSchwartz() {
	put := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	want, _ := analytic.AndersenLake{}.Price(ctx, put, world)
	e := mc.LongstaffSchwartz{Engine: mc.Engine{Source: mc.Antithetic{}}, Richardson: true}
	r, err := e.Price(ctx, put, world)
	fmt.Printf("%.2f, by regression within 1%%: %v, %v\n", want.Value, math.Abs(r.Value/want.Value-1) < 0.01, err)
	// Output: 6.09, by regression within 1%: true, <nil>
}

// The same from both sides.
func ExampleLongstaffSchwartz_Bounds() {
	put := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	e := mc.LongstaffSchwartz{Engine: mc.Engine{Source: mc.Antithetic{}}, Upper: mc.Upper{Outer: 128, Inner: 256}}
	b, err := e.Bounds(ctx, put, world)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("from %.1f to %.1f\n", b.Lower.Value, b.Upper.Value)
	fmt.Println("less than 1% apart:", b.Upper.Value < 1.01*b.Lower.Value)
	// Output:
	// from 6.1 to 6.1
	// less than 1% apart: true
}

// Multilevel Monte Carlo under the model of constant elasticity of variance by Milstein's scheme, and what one level would cost.
func ExampleMultilevel() {
	m := model.CEV{Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)}, Sigma: 2, Beta: 0.5}
	want, _ := analytic.European{}.Price(ctx, call, m)
	r, err := mc.Multilevel{RMSE: 0.02}.Run(ctx, call, m)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("within two errors:", math.Abs(r.Value-want.Value) < 2*r.RMSE)
	last := r.Levels[len(r.Levels)-1]
	single := r.Levels[0].Variance / (0.5 * r.RMSE * r.RMSE) * float64(last.Steps)
	fmt.Println("less than half the steps of one level:", r.Cost < 0.5*single)
	// Output:
	// within two errors: true
	// less than half the steps of one level: true
}
