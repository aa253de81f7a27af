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

func ExampleOneAsset() {
	world := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.20)}
	put := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	r, err := fd.OneAsset{}.Price(context.Background(), put, world)
	fmt.Printf("%.4f, delta %.4f, gamma %.4f, theta %.4f %v\n", r.Value, r.Delta, r.Gamma, r.Theta, err)
	// Output: 6.0904, delta -0.4111, gamma 0.0230, theta -2.2379 <nil>
}

// butterfly pays Width less the distance of the price from Middle, if that is positive.
type butterfly struct{ Middle, Width, Expiry float64 }

func (b butterfly) Validate() error   { return nil }
func (b butterfly) Maturity() float64 { return b.Expiry }
func (b butterfly) Kinks() []float64 {
	return []float64{b.Middle - b.Width, b.Middle, b.Middle + b.Width}
}
func (b butterfly) PayoffTo(dst, spot []float64) {
	for i, s := range spot {
		dst[i] = math.Max(0, b.Width-math.Abs(s-b.Middle))
	}
}

// A contract gets the engine by saying what it pays. Its barriers are a further method.
func ExampleOneAsset_ownContract() {
	world := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.20)}
	r, err := fd.OneAsset{}.Price(context.Background(), butterfly{Middle: 105, Width: 10, Expiry: 0.5}, world)
	fmt.Printf("%.4f %v\n", r.Value, err)
	var strip float64
	for i, k := range []float64{95, 105, 115} {
		c, _ := fd.OneAsset{}.Price(context.Background(), pricing.Vanilla{Right: pricing.Call, Strike: k, Expiry: 0.5}, world)
		strip += []float64{1, -2, 1}[i] * c.Value
	}
	fmt.Printf("%.4f from calls\n", strip)
	// Output:
	// 2.4710 <nil>
	// 2.4710 from calls
}

func ExampleFokkerPlanck() {
	world := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.20)}
	law, err := fd.FokkerPlanck{}.Run(context.Background(), world, 1, nil)
	fmt.Printf("mean %.4f, density at 100 %.5f %v\n", law.Mean(), law.Density(100), err)

	in := []pricing.Instrument{
		pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1},
		pricing.Vanilla{Right: pricing.Put, Strike: 90, Expiry: 0.5},
	}
	dst := make([]pricing.Result, len(in))
	err = fd.FokkerPlanck{}.PriceStrip(context.Background(), dst, in, world)
	fmt.Printf("%.4f %.4f %v\n", dst[0].Value, dst[1].Value, err)
	// Output:
	// mean 105.1271, density at 100 0.01972 <nil>
	// 10.4506 1.2764 <nil>
}

func ExampleAxis() {
	nodes, err := fd.Axis{Low: 50, High: 200, Intervals: 8, Focus: []fd.Focus{{At: 100, Width: 10, Place: fd.OnNode}}}.Nodes()
	fmt.Printf("%.1f %v\n", nodes, err)
	// Output: [50.0 78.7 92.1 100.0 107.1 116.6 131.6 156.8 200.0] <nil>
}
