package surface_test

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/surface"
)

func flatSkew() *surface.ESSVI {
	e, err := surface.NewESSVI([]surface.Slice{{Tau: 0.25, Theta: 0.01, Rho: -0.7, Psi: 0.1}, {Tau: 1, Theta: 0.04, Rho: -0.7, Psi: 0.2}})
	if err != nil {
		panic(err)
	}
	return e
}

// The delta of a put on an index under three rules: the more the volatility falls as the spot rises, the shorter.
func ExampleMotion_Greeks() {
	put := surface.SmileOption{Right: pricing.Put, Spot: 100, Forward: 100, Strike: 95, Tau: 0.25, Discount: 1}
	for _, m := range []surface.Motion{
		{Dynamics: surface.StickyMoneyness}, {Dynamics: surface.StickyStrike}, {Dynamics: surface.SkewStickiness, SSR: 1.5},
	} {
		g, err := m.Greeks(flatSkew(), put)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%-17v delta %.3f, Black's %.3f\n", m.Dynamics, g.Delta, g.Black.Delta)
	}
	// Output:
	// sticky moneyness  delta -0.193, Black's -0.310
	// sticky strike     delta -0.310, Black's -0.310
	// skew stickiness   delta -0.369, Black's -0.310
}

func ExampleMotion_Move() {
	e := flatSkew()
	after, err := surface.Motion{Dynamics: surface.StickyStrike}.Move(e, math.Log(0.97)) // the spot falls by 3 %
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("at the money %.4f, after the fall %.4f\n", e.Vol(0, 0.25), after.Vol(0, 0.25))
	fmt.Printf("SSR of local volatility at three months: %.2f\n", surface.LocalVolSSR(e, 0.25))
	// Output:
	// at the money 0.2000, after the fall 0.2212
	// SSR of local volatility at three months: 2.00
}

// A fit fails; the surface before it goes on moving with the spot.
func ExampleTracker() {
	smile := surface.Smile{Label: "March", Tau: 0.25, Forward: 100, Discount: 1}
	for i, mid := range []float64{0.275, 0.235, 0.2, 0.175, 0.165} {
		strike := 80 + 10*float64(i)
		smile.Strike, smile.K = append(smile.Strike, strike), append(smile.K, math.Log(strike/100))
		smile.Mid, smile.Bid, smile.Ask = append(smile.Mid, mid), append(smile.Bid, mid-0.005), append(smile.Ask, mid+0.005)
	}
	t, err := surface.NewTracker(surface.TrackerSettings{Motion: surface.Motion{Dynamics: surface.StickyStrike}, RefitEvery: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	t, err = t.Refit(nil, 0, 100, []surface.Smile{smile})
	fmt.Println(t.State(0), err)
	t, _ = t.Tick(1, 101)
	t, err = t.Refit(nil, 2, 102, nil)
	fmt.Println(t.State(2), err)
	s, _ := t.Surface(2)
	fmt.Printf("vol at the money: %.3f\n", s.Vol(0, 0.25))
	// Output:
	// fresh <nil>
	// degraded surface: re-fit at 2 refused (1 in a row): surface.FitESSVI: smiles is empty, want at least one smile
	// vol at the money: 0.194
}
