package fd

import (
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
)

// Heston with a Hull-White rate, reduced to the forward and the variance, against the transform.
func TestHestonHullWhiteReduced(t *testing.T) {
	for i, f := range foulon {
		h := f.world
		world := model.HestonHullWhite{Market: h.Market, V0: h.V0, Kappa: h.Kappa, Theta: h.Theta, Sigma: h.Sigma, Rho: h.Rho, Lambda: 0.1, Eta: 0.02}
		for _, expiry := range []float64{f.expiry, 5} {
			forward := model.HestonHullWhiteForward{Model: world, Expiry: expiry}
			for _, strike := range []float64{80, 100, 125} {
				put := pricing.Vanilla{Right: pricing.Put, Strike: strike, Expiry: expiry}
				want, got := priced2(t, fourier.Lewis{}, put, world), priced2(t, ADI{}, put, forward)
				delta := got.Delta * world.ForwardAt(expiry).DSpot
				if math.Abs(got.Value-want.Value) > 1e-3 || math.Abs(delta-want.Delta) > 2e-4 {
					t.Errorf("case %d, %g years, strike %g: %.6f, delta %.5f, want %.6f, %.5f", i+1, expiry, strike, got.Value, delta, want.Value, want.Delta)
				}
			}
			var bad *pricing.ArgError
			if _, err := (ADI{}).Price(t.Context(), pricing.Vanilla{Right: pricing.Put, Strike: 100, Expiry: 2 * expiry}, forward); !errors.As(err, &bad) || bad.Arg != "Maturity" {
				t.Errorf("another maturity: %v", err)
			}
			if _, err := (ADI{}).Price(t.Context(), pricing.American{Right: pricing.Put, Strike: 100, Expiry: expiry}, forward); !errors.Is(err, pricing.ErrUnsupported) {
				t.Errorf("early exercise of a forward: %v", err)
			}
		}
	}
}
