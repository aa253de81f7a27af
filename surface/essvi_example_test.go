package surface_test

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/surface"
)

// Two smiles of five quotes each, a point of volatility wide.
func ExampleFitESSVI() {
	smile := func(label string, tau float64, mids ...float64) surface.Smile {
		s := surface.Smile{Label: label, Tau: tau, Forward: 100, Discount: 1}
		for i, mid := range mids {
			strike := 80 + 10*float64(i)
			s.Strike = append(s.Strike, strike)
			s.K = append(s.K, math.Log(strike/s.Forward))
			s.Mid = append(s.Mid, mid)
			s.Bid, s.Ask = append(s.Bid, mid-0.005), append(s.Ask, mid+0.005)
		}
		return s
	}
	e, report, err := surface.FitESSVI([]surface.Smile{
		smile("March", 0.25, 0.275, 0.235, 0.2, 0.175, 0.165),
		smile("June", 0.5, 0.26, 0.23, 0.205, 0.185, 0.175),
	}, surface.FitSettings{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range report.Slices {
		fmt.Printf("%s: %.0f%% between bid and ask, rms %.2f points\n", s.Label, 100*s.Inside, 100*s.RMS)
	}
	fmt.Printf("vol of the forward in four months: %.3f\n", e.Vol(0, 1./3))
	fmt.Println("free of arbitrage:", surface.CheckArbitrage(e, surface.Grid{}).Free())
	// Output:
	// March: 100% between bid and ask, rms 0.09 points
	// June: 100% between bid and ask, rms 0.03 points
	// vol of the forward in four months: 0.202
	// free of arbitrage: true
}

// Axel Vogt's smile: plausible parameters, and yet a butterfly with a negative price (Gatheral and Jacquier 2014, example
// 3.1), and its repair (section 5.1, where c' = 0.3493158 and ṽ' = 0.0154818).
func ExampleSVI_MinDurrleman() {
	vogt := surface.SVI{A: -0.0410, B: 0.1331, Rho: 0.3060, M: 0.3586, Sigma: 0.4153}
	k, g := vogt.MinDurrleman(-2, 2)
	fmt.Printf("g is least at k = %.3f: %.4f\n", k, g)
	j := vogt.JumpWings(1).Repaired()
	fmt.Printf("repaired: c = %.4f, least variance %.5f\n", j.C, j.VTilde)
	s, err := j.SVI(1)
	_, g = s.MinDurrleman(-2, 2)
	fmt.Println("free of butterflies:", g >= 0, err)
	// Output:
	// g is least at k = 0.879: -0.0329
	// repaired: c = 0.3493, least variance 0.01548
	// free of butterflies: true <nil>
}

func ExampleNewESSVI() {
	_, err := surface.NewESSVI([]surface.Slice{
		{Tau: 0.25, Theta: 0.010, Rho: -0.7, Psi: 0.10},
		{Tau: 0.50, Theta: 0.021, Rho: -0.7, Psi: 0.08},
	})
	fmt.Println(err)
	// Output:
	// surface: slice 1 (tau 0.5): the right wing ψ(1+ρ) must not fall with expiry: 0.024 against 0.03
}
