package calibrate_test

import (
	"context"
	"fmt"
	"math"

	"github.com/volgaquant/volga/calibrate"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// Volatilities of three expiries, each quoted at five strikes: the parameters and how well the quotes tell them.
func ExampleHeston() {
	market := model.Market{Spot: 100, Discount: curve.Flat(0.03), Carry: curve.Flat(0.01)}
	var quotes calibrate.OptionQuotes
	vols := map[float64][]float64{
		0.25: {0.2462, 0.2216, 0.1985, 0.1788, 0.1663},
		1:    {0.2496, 0.2340, 0.2190, 0.2048, 0.1919},
		2:    {0.2520, 0.2402, 0.2289, 0.2182, 0.2082},
	}
	for _, years := range []float64{0.25, 1, 2} {
		for i, strike := range []float64{80, 90, 100, 110, 120} {
			quotes.Expiry = append(quotes.Expiry, years)
			quotes.Strike = append(quotes.Strike, strike)
			quotes.Vol = append(quotes.Vol, vols[years][i])
		}
	}
	fit, sol, err := calibrate.Heston(context.Background(), quotes, model.Heston{Market: market}, calibrate.TransformSettings{})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := sol.Diagnostics()
	if err != nil {
		fmt.Println(err)
		return
	}
	for j, name := range fit.Parameters() {
		fmt.Printf("%-5s %7.4f ± %.4f\n", name, fit.ParameterValues()[j], d.StdErr[j])
	}
	fmt.Printf("missed by %.2f points of volatility, condition %.0f\n", 100*sol.RMS(), d.Condition)
	// Output:
	// V0     0.0371 ± 0.0006
	// Kappa  1.2255 ± 0.1676
	// Theta  0.0688 ± 0.0025
	// Sigma  0.3113 ± 0.0225
	// Rho   -0.6587 ± 0.0310
	// missed by 0.14 points of volatility, condition 16
}

// Any model with a differentiable characteristic function is fitted in the same way.
func ExampleTransform() {
	market := model.Market{Spot: 100}
	quotes := calibrate.OptionQuotes{
		Expiry: []float64{0.5, 0.5, 0.5, 0.5, 0.5},
		Strike: []float64{80, 90, 100, 110, 120},
		Vol:    []float64{0.2712, 0.2375, 0.2115, 0.1950, 0.1880},
	}
	start := model.VarianceGamma{Market: market, Sigma: 0.2, Nu: 0.2, Theta: -0.1}
	fit, sol, err := calibrate.Transform(context.Background(), quotes, start, calibrate.TransformSettings{})
	fmt.Printf("σ %.3f, ν %.3f, θ %.3f, missed by %.2f points, %v\n", fit.Sigma, fit.Nu, fit.Theta, 100*sol.RMS(), err)
	// Output:
	// σ 0.205, ν 0.310, θ -0.211, missed by 0.23 points, <nil>
}

// A swaption smile with a shift, through the volatility at the money.
func ExampleSABR() {
	start := model.SABR{Market: model.Market{Spot: 0.025}, Beta: 0.5, Shift: 0.01}
	smile := calibrate.SABRSmile{
		Expiry: 5,
		Strike: []float64{0.005, 0.015, 0.02, 0.025, 0.03, 0.035, 0.045, 0.065},
		Vol:    []float64{0.317, 0.256, 0.2375, 0.2245, 0.2160, 0.2110, 0.2075, 0.2120},
	}
	fit, report, err := calibrate.SABR(smile, start, calibrate.SABRSettings{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("α %.5f ± %.5f\n", fit.Alpha, report.StdErrAlpha)
	fmt.Printf("ν %.3f ± %.3f\n", fit.Nu, report.StdErrNu)
	fmt.Printf("ρ %.3f ± %.3f\n", fit.Rho, report.StdErrRho)
	fmt.Printf("worst at strike %.3f by %.2f points, at the money %.2f\n", smile.Strike[report.Worst], 100*report.WorstError,
		100*math.Abs(fit.QuotedVol(0.025, 5)))
	// Output:
	// α 0.04064 ± 0.00002
	// ν 0.292 ± 0.002
	// ρ -0.100 ± 0.003
	// worst at strike 0.015 by -0.07 points, at the money 22.45
}
