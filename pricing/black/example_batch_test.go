package black_test

import (
	"fmt"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

func ExampleBlack76Strip() {
	// The options of one expiry in one call: columns in, columns out.
	strip := black.Black76Strip{
		Forward: 100, Tau: 0.25, Discount: 0.99,
		Right:  []pricing.Right{pricing.Put, pricing.Call, pricing.Call},
		Strike: []float64{90, 100, 110},
		Vol:    []float64{0.24, 0.20, 0.18},
	}
	n := len(strip.Strike)
	out := black.Columns{Price: make([]float64, n), Delta: make([]float64, n), Vega: make([]float64, n)}
	bad := strip.GreeksTo(out)
	for i, k := range strip.Strike {
		fmt.Printf("%v: %.4f delta %+.4f vega/pt %.4f\n", k, out.Price[i], out.Delta[i], out.Vega[i]/100)
	}
	fmt.Println(bad, "bad rows")
	// Output:
	// 90: 1.1770 delta -0.1724 vega/pt 0.1272
	// 100: 3.9479 delta +0.5147 vega/pt 0.1972
	// 110: 0.6945 delta +0.1537 vega/pt 0.1181
	// 0 bad rows
}

func ExampleBSMRows_PriceTo() {
	// The second row has no valid volatility: it is NaN, counted, and explained on request; the others are not touched.
	rows := black.BSMRows{
		Right: []pricing.Right{pricing.Call, pricing.Call, pricing.Put},
		Spot:  []float64{100, 100, 100}, Strike: []float64{100, 100, 100},
		Rate: []float64{0.05, 0.05, 0.05}, Yield: []float64{0, 0, 0},
		Vol: []float64{0.20, -0.20, 0.20}, Tau: []float64{1, 1, 1},
	}
	price, why := make([]float64, 3), make([]black.Status, 3)
	if bad := rows.PriceTo(price); bad > 0 {
		rows.StatusTo(why)
		fmt.Println(bad, "bad:", why)
	}
	fmt.Printf("%.4f\n", price)
	// Output:
	// 1 bad: [ok vol ok]
	// [10.4506 NaN 5.5735]
}

func ExampleQuoteStrip() {
	// The third price is below intrinsic: it has no volatility.
	strip := black.QuoteStrip{
		Forward: 100, Tau: 0.25, Discount: 0.99,
		Right:  []pricing.Right{pricing.Put, pricing.Call, pricing.Call},
		Price:  []float64{1.1770, 3.9479, 19.0},
		Strike: []float64{90, 100, 80},
	}
	vol, why := make([]float64, 3), make([]black.Status, 3)
	bad := strip.ImpliedVolTo(vol)
	strip.StatusTo(why)
	fmt.Printf("%.4f, %d bad: %v\n", vol, bad, why)
	// Output: [0.2400 0.2000 NaN], 1 bad: [ok ok below intrinsic]
}

func ExampleBlack76Strip32() {
	// The same in float32: twice the options for each instruction, six to seven digits.
	strip := black.Black76Strip32{
		Forward: 100, Tau: 0.25, Discount: 0.99,
		Right:  []pricing.Right{pricing.Put, pricing.Call, pricing.Call},
		Strike: []float32{90, 100, 110},
		Vol:    []float32{0.24, 0.20, -0.18},
	}
	n := len(strip.Strike)
	out := black.Columns32{Price: make([]float32, n), Delta: make([]float32, n)}
	bad := strip.GreeksTo(out)
	for i, k := range strip.Strike {
		fmt.Printf("%v %.4f %.4f\n", k, out.Price[i], out.Delta[i])
	}
	fmt.Println(bad, "bad")
	// Output:
	// 90 1.1770 -0.1724
	// 100 3.9479 0.5147
	// 110 NaN NaN
	// 1 bad
}
