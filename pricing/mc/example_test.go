package mc_test

import (
	"context"
	"fmt"
	"math"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/mc"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// The Black-Scholes value is 10.4506.
func ExampleEngine() {
	world := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.2)}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}

	plain, err := mc.Engine{}.Price(context.Background(), call, world)
	fmt.Println(math.Abs(plain.Value-10.4506) < 2*plain.StdErr, err)

	quasi, err := mc.Engine{Source: mc.Sobol{}}.Price(context.Background(), call, world)
	fmt.Printf("%.3f, error bars %.0f times shorter, %v\n", quasi.Value, plain.StdErr/quasi.StdErr, err)
	// Output:
	// true <nil>
	// 10.451, error bars 72 times shorter, <nil>
}
