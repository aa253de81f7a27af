package surface_test

import (
	"context"
	"fmt"

	"github.com/volgaquant/volga/surface"
)

// Two expiries in which the call of strike 100 is dearer now than later, and dearer than the chord of its neighbours.
func ExampleRepairCalls() {
	near := surface.Calls{
		Label: "near", Tau: 0.25, Forward: 100, Discount: 1,
		Strike: []float64{90, 100, 110}, Price: []float64{11, 7.5, 1},
	}
	far := surface.Calls{
		Label: "far", Tau: 0.5, Forward: 100, Discount: 1,
		Strike: []float64{90, 100, 110}, Price: []float64{12.5, 6, 2.5},
	}
	fixed, report, err := surface.RepairCalls(context.Background(), []surface.Calls{near, far}, surface.RepairSettings{})
	for _, b := range report.Found {
		fmt.Printf("%v at expiry %d, strike %g: %.2f\n", b.Kind, b.Point.Expiry, near.Strike[b.Point.Index], b.Size)
	}
	for _, c := range report.Changes {
		fmt.Printf("strike %g: %.2f becomes %.2f\n", c.Strike, c.Before, c.After)
	}
	left, _ := surface.CheckCalls(fixed, 0)
	fmt.Println(len(left), err)
	// Output:
	// calendar spread at expiry 0, strike 100: 1.50
	// strike 100: 7.50 becomes 6.00
	// 0 <nil>
}
