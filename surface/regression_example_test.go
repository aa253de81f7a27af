package surface_test

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/surface"
)

// The fair value of an option class is shifted by the imbalance of the future's book, with a wild print now and then.
func ExampleRegression() {
	r := surface.Regression{Window: 200, Settings: surface.RegressionSettings{Loss: surface.HuberLoss}}
	for i := range 1000 {
		imbalance := math.Sin(0.7 * float64(i))
		shift := 0.02*imbalance + 0.002*math.Sin(13*float64(i))
		if i%50 == 49 {
			shift = 1
		}
		if _, err := r.Observe([]float64{imbalance}, shift); err != nil {
			fmt.Println(err)
			return
		}
	}
	up, err := r.Predict([]float64{0.5})
	fmt.Printf("shift at an imbalance of 0.5: %.3f %v\n", up, err)
	// Output:
	// shift at an imbalance of 0.5: 0.010 <nil>
}

// A close in backwardation doubles the spreads; a ratio just below the threshold does not end it.
func ExampleRegimeFlag() {
	var f surface.RegimeFlag
	for day, vix := range []float64{16, 22.4, 21.9, 20} {
		var err error
		f, err = f.Step(float64(day), surface.VIXTermStructure(vix, 22))
		r, _ := f.Regime()
		fmt.Printf("%v, spreads times %.2f %v\n", r, f.Advice().Spread, err)
	}
	// Output:
	// contango, spreads times 1.00 <nil>
	// backwardation, spreads times 2.00 <nil>
	// backwardation, spreads times 2.00 <nil>
	// contango, spreads times 1.00 <nil>
}
