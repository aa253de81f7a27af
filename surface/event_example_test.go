package surface_test

import (
	"fmt"

	"github.com/volgaquant/volga/surface"
)

// Earnings between two weekly expiries: the move that the quotes imply, put on a surface without events.
func ExampleEventQuotes_Implied() {
	q := surface.EventQuotes{Before: 5. / 365, BeforeVol: 0.28, After: 12. / 365, AfterVol: 0.52}
	r, err := q.Implied()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("standard deviation %.1f%%, mean move %.1f%%\n", 100*r.Move, 100*r.MeanMove)
	s, err := surface.NewEventSurface(flatSkew(), []surface.Event{{Label: "earnings", Time: 8. / 365, Variance: r.Variance}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("vol of a week %.3f, of two %.3f\n", s.Vol(0, 7./365), s.Vol(0, 14./365))
	fmt.Println("free of arbitrage:", surface.CheckArbitrage(s, surface.Grid{}).Free())
	// Output:
	// standard deviation 7.9%, mean move 6.3%
	// vol of a week 0.200, of two 0.452
	// free of arbitrage: true
}
