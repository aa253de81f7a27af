package surface_test

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/surface"
)

// Two expiries whose quotes cross: the later one is quoted below the earlier at the right. The surface does not cross.
func ExampleFitSVISurface() {
	quotes := func(tau float64, x surface.SVI) surface.Smile {
		s := surface.Smile{Tau: tau, Forward: 100, Discount: 1}
		for k := -0.30; k < 0.31; k += 0.05 {
			v := x.Vol(k, tau)
			s.K, s.Strike = append(s.K, k), append(s.Strike, 100*math.Exp(k))
			s.Bid, s.Mid, s.Ask = append(s.Bid, v-0.002), append(s.Mid, v), append(s.Ask, v+0.002)
		}
		return s
	}
	early := surface.SVI{A: 0.006, B: 0.08, Rho: -0.3, M: 0, Sigma: 0.12}
	late := surface.SVI{A: 0.008, B: 0.08, Rho: -0.6, M: 0, Sigma: 0.12}
	_, err := surface.NewSVISurface([]surface.SVISlice{{Tau: 0.5, SVI: early}, {Tau: 0.75, SVI: late}})
	fmt.Println(err)
	s, report, err := surface.FitSVISurface([]surface.Smile{quotes(0.5, early), quotes(0.75, late)}, surface.SVISettings{})
	if err != nil {
		fmt.Println(err)
		return
	}
	a := surface.CheckArbitrage(s, surface.Grid{})
	fmt.Printf("converged: %v, free of arbitrage: %v\n", report.Converged, a.Free())
	// Output:
	// surface: slice 1 (tau 0.75): total variance falls from 0.056 to 0.032 at k = +Inf
	// converged: true, free of arbitrage: true
}

// Vogt's smile looks well and is not.
func ExampleSVI_CheckButterfly() {
	vogt := surface.SVI{A: -0.041, B: 0.1331, Rho: 0.306, M: 0.3586, Sigma: 0.4153}
	fmt.Println(vogt.CheckButterfly())
	repaired, _ := vogt.JumpWings(1).Repaired().SVI(1)
	fmt.Println(repaired.CheckButterfly())
	// Output:
	// surface: SVI: m/σ must be below the bound by Fukasawa's condition: 0.863472 against 0.829386
	// <nil>
}
