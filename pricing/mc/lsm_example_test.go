package mc_test

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/mc"
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
