package surface_test

import (
	"context"
	"fmt"
	"math"

	"github.com/volgaquant/volga/surface"
)

// Three quotes of EURUSD at three months, in premium-adjusted spot deltas.
func ExampleVannaVolgaQuotes() {
	e := surface.FXExpiry{Tau: 0.25, Forward: 1.1050, Foreign: 0.995, Delta: surface.SpotDeltaPremiumAdjusted}
	v, err := surface.VannaVolgaQuotes(e, 0.0830, 0.0790, 0.0815, 0.25)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, k := range v.Strikes() {
		fmt.Printf("%.4f %.2f%%\n", k, 100*v.Vol(math.Log(k/e.Forward)))
	}
	// Output:
	// 1.0747 8.30%
	// 1.1041 7.90%
	// 1.1357 8.15%
}

// A smile as an options desk keys it in, and what it says of the law at expiry.
func ExampleWingModel() {
	m := surface.WingModel{
		Tau: 0.25, Forward: 5000, Reference: 5000, SSR: 1, VolRef: 0.14, SlopeRef: -0.35, PutCurvature: 0.6, CallCurvature: 0.9,
	}
	fmt.Printf("%.4f %.4f %.4f\n", m.Vol(-0.1), m.Vol(0), m.Vol(0.1))
	moments, err := surface.ImpliedMoments(m)
	fmt.Printf("skewness %.2f %v\n", moments.Skewness, err)
	// Output:
	// 0.1810 0.1400 0.1140
	// skewness -1.55 <nil>
}

// A law of two regimes is a smile without arbitrage.
func ExampleNewMixture() {
	m, err := surface.NewMixture([]surface.Lognormal{{Weight: 0.8, Forward: 1.02, Total: 0.08}, {Weight: 0.2, Forward: 0.92, Total: 0.20}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, k := range []float64{-0.2, 0, 0.1} {
		fmt.Printf("%.4f\n", math.Sqrt(m.TotalVariance(k)))
	}
	variance, err := surface.VarianceStrike(m, 1)
	fmt.Printf("%.4f %v\n", math.Sqrt(variance), err)
	// Output:
	// 0.1521
	// 0.1083
	// 0.1031
	// 0.1216 <nil>
}

func ExampleFitSSVI() {
	truth, err := surface.NewSSVI(-0.6, surface.Phi{Kind: surface.PowerLaw, Eta: 1.1, Gamma: 0.45}, []float64{0.1, 0.5, 1}, []float64{0.003, 0.016, 0.035})
	if err != nil {
		fmt.Println(err)
		return
	}
	var smiles []surface.Smile
	for _, t := range truth.Pillars() {
		s := surface.Smile{Tau: t, Forward: 100, Discount: 1}
		for k := -0.3; k < 0.21; k += 0.05 {
			v := truth.Vol(k, t)
			s.K, s.Mid, s.Bid, s.Ask = append(s.K, k), append(s.Mid, v), append(s.Bid, v-0.001), append(s.Ask, v+0.001)
		}
		smiles = append(smiles, s)
	}
	fit, err := surface.FitSSVI(context.Background(), smiles, surface.PowerLaw, surface.FitSettings{})
	fmt.Printf("rho %.3f, eta %.3f, gamma %.3f, %v\n", fit.Rho(), fit.Phi().Eta, fit.Phi().Gamma, err)
	// Output: rho -0.600, eta 1.100, gamma 0.450, <nil>
}

// The index of two flat expiries at 20% is 20.
func ExampleVIX() {
	near, next := surface.VIXTerm{Tau: 23. / 365, Variance: 0.04}, surface.VIXTerm{Tau: 37. / 365, Variance: 0.04}
	v, err := surface.VIX(near, next, surface.VIXMinutes{})
	fmt.Printf("%.2f %v\n", v, err)
	// Output: 20.00 <nil>
}
