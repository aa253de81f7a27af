package risk_test

import (
	"fmt"
	"time"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
	"github.com/volgaquant/volga/risk"
)

func Example() {
	now := time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC)
	year, half := now.AddDate(1, 0, 0), now.AddDate(0, 6, 0)
	marks := risk.ModelMarks{
		Underlying: "XYZ", Asof: now,
		World: model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.20)},
	}
	book, err := risk.NewBook(risk.Buckets{Strikes: []float64{95, 105}}, marks)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range []risk.Fill{
		{Contract: risk.Option("XYZ", year, 100, pricing.Call, 100), Qty: -10, Price: 10.60},
		{Contract: risk.Option("XYZ", year, 90, pricing.Put, 100), Qty: 5, Price: 2.25},
		{Contract: risk.Option("XYZ", half, 110, pricing.Call, 100), Qty: 8, Price: 2.90},
		{Contract: risk.Underlying("XYZ"), Qty: 420, Price: 99.90},
	} {
		if err := book.Apply(f); err != nil {
			fmt.Println(err)
		}
	}
	ladder := book.Ladder()
	fmt.Println("bucket                          delta   gamma 1%     vega  theta/day")
	for _, line := range append(ladder.Lines, ladder.Total()) {
		fmt.Printf("%-28s %8.1f %10.1f %8.1f %10.2f\n", line, line.Delta, line.CashGamma, line.VegaPoint(), line.ThetaDay())
	}
	fmt.Printf("unrealised %.2f\n", book.PnL().Unrealised)
	// Output:
	// bucket                          delta   gamma 1%     vega  theta/day
	// XYZ - -                         420.0        0.0      0.0       0.00
	// XYZ 2026-07-02 from 105         266.8     2065.7    204.9     -14.66
	// XYZ 2027-01-02 below 95         -95.1      679.1    135.8      -2.26
	// XYZ 2027-01-02 [95, 105)       -636.8    -1876.2   -375.2      17.57
	// all all all                     -45.2      868.6    -34.6       0.65
	// unrealised 204.67
}

// A position that is reduced realises the difference to its average price.
func ExampleBook_Apply() {
	marks := risk.ModelMarks{Underlying: "XYZ", World: model.BlackScholes{Spot: 104, Vol: model.FlatVol(0.2)}}
	book, _ := risk.NewBook(risk.Buckets{}, marks)
	stock := risk.Underlying("XYZ")
	_ = book.Apply(risk.Fill{Contract: stock, Qty: 100, Price: 100})
	_ = book.Apply(risk.Fill{Contract: stock, Qty: 100, Price: 102})
	_ = book.Apply(risk.Fill{Contract: stock, Qty: -50, Price: 105})
	p, _ := book.Position(stock)
	fmt.Printf("%g at %g, realised %g, unrealised %g\n", p.Qty, p.Average, p.Realised, p.Unrealised)
	// Output: 150 at 101, realised 200, unrealised 450
}
