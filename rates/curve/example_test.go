package curve_test

import (
	"fmt"

	"github.com/volgaquant/volga/rates/curve"
)

// Half way between two nodes a log-linear curve has the geometric mean of their factors: √(0.96 × 0.90) = 0.929516.
func ExampleNewDiscountCurve() {
	c, err := curve.NewDiscountCurve([]float64{1, 3}, []float64{0.96, 0.90}, curve.LogLinearDiscount)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("factor %.6f, forward rate %.6f\n", c.DiscountFactor(2), c.ForwardRate(1, 3))
	fmt.Printf("ten basis points up: %.6f\n", c.WithShift(10).DiscountFactor(2))
	// Output:
	// factor 0.929516, forward rate 0.032269
	// ten basis points up: 0.927659
}

// Half way between zero rates of 3% and 4% the rate is 3.5%, and e^(−0.035 × 1.5) = 0.948854.
func ExampleNewZeroCurve() {
	c, err := curve.NewZeroCurve([]float64{1, 2}, []float64{0.03, 0.04}, curve.LinearZero)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f %.6f\n", c.ZeroRate(1.5), c.DiscountFactor(1.5))
	// Output: 0.0350 0.948854
}

// Forwards implied from options stand at the expiries; between them the carry is constant: √(5010 × 5060) = 5034.94.
func ExampleNewForwardCurve() {
	c, err := curve.NewForwardCurve([]float64{0.1, 0.3}, []float64{5010, 5060}, 5000)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f, carry %.4f\n", c.Forward(0.2), c.CarryRate(0.2))
	// Output: 5034.94, carry 0.0497
}

// S·e^((r−q)t) = 100·e^(0.03) = 103.0455.
func ExampleSpotForward() {
	f := curve.SpotForward{Spot: 100, Discount: curve.Flat(0.05), Carry: curve.Flat(0.02)}
	fmt.Printf("%.4f\n", f.Forward(1))
	// Output: 103.0455
}

// A spread of 50 basis points over a curve, and the spread back from the two.
func ExampleProduct() {
	funding := curve.Product(curve.Flat(0.04), curve.Flat(0.005))
	spread := curve.Ratio(funding, curve.Flat(0.04))
	fmt.Printf("%.6f %.6f\n", funding.DiscountFactor(2), spread.DiscountFactor(2))
	// Output: 0.913931 0.990050
}
