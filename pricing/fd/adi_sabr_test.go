package fd

import (
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
)

// The Monte Carlo volatilities of Antonov and Spector (2012), prices by finite differences, and those of Lewis (2016) for the
// lognormal model.
func TestGoldenSABRGrid(t *testing.T) {
	golden.Run(t, "papers/published_sabr", func(t *testing.T, c golden.Case) {
		expiry := c.Float(t, "T_years")
		smile := model.SABR{Market: model.Market{Spot: c.Float(t, "forward")}, Alpha: c.Float(t, "alpha_initial_vol"), Beta: c.Float(t, "beta"),
			Nu: c.Float(t, "nu"), Rho: c.Float(t, "rho")}
		m := model.SABRDiffusion{SABR: smile, Expiry: expiry}
		var strikes, values []float64
		var column string
		c.Input(t, "strikes", &strikes)
		c.Expected(t, "values", &values)
		c.Expected(t, "column", &column)
		if smile.Beta == 0 {
			t.Skip("the forward of the normal model may be negative")
		}
		for i, k := range strikes {
			if i%4 != 1 && len(strikes) > 10 {
				continue
			}
			call := pricing.Vanilla{Right: pricing.Call, Strike: k, Expiry: expiry}
			r, err := ADI{SpotSteps: 200, SecondSteps: 80}.Price(t.Context(), call, m)
			if errors.Is(err, ErrAccuracy) && smile.Nu*smile.Nu*expiry > 6 {
				t.Log(err)
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			got := r.Value
			if column == "IV MC" || column == "IV MC2" {
				iv, err := black.ImpliedVol(black.Quote{Right: call.Right, Price: r.Value, Forward: smile.Spot, Strike: k, Tau: expiry, Discount: 1})
				if err != nil {
					t.Errorf("strike %g: %v", k, err)
					continue
				}
				got = iv
			}
			// The simulations err by some 3e-4 and more in the left wing; the grid by less, unless ν²T is many times one.
			allowed := 1.5e-3
			switch {
			case got == r.Value && smile.Nu*smile.Nu*expiry > 6:
				allowed = 1e-2 * smile.Spot
			case got == r.Value:
				allowed = 4e-4 * smile.Spot
			case k < 0.3*smile.Spot:
				allowed = 3e-3
			}
			if !(math.Abs(got-values[i]) <= allowed) {
				t.Errorf("%s strike %g: %.5f, want %.5f (%+.1e)", column, k, got, values[i], got-values[i])
			}
		}
	})
}

// For short times the expansion is right.
func TestSABRGridAgainstHagan(t *testing.T) {
	for _, beta := range []float64{0.5, 1} {
		smile := model.SABR{Market: model.Market{Spot: 100}, Alpha: 0.2 * math.Pow(100, 1-beta), Beta: beta, Nu: 0.4, Rho: -0.4, Expansion: model.Obloj}
		const expiry = 0.1
		law := model.SABRDiffusion{SABR: smile, Expiry: expiry}
		for _, strike := range []float64{90, 100, 110} {
			r := priced2(t, ADI{}, pricing.Vanilla{Right: pricing.Call, Strike: strike, Expiry: expiry}, law)
			got, err := black.ImpliedVol(black.Quote{Right: pricing.Call, Price: r.Value, Forward: 100, Strike: strike, Tau: expiry, Discount: 1})
			if err != nil {
				t.Fatal(err)
			}
			if want := smile.Volatility(strike, expiry); math.Abs(got-want) > 1e-4 {
				t.Errorf("beta %g, strike %g: %.6f, want %.6f", beta, strike, got, want)
			}
		}
	}
}
