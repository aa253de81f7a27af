package surface_test

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/volgaquant/volga/surface"
)

// share returns the share of the quotes of liquid expiries (two weeks to a year, |delta| from 0.05 to 0.95) with the
// fitted volatility between bid and ask, their number, and the root mean square error in volatility.
func share(e *surface.ESSVI, smiles []surface.Smile) (inside float64, n int, rms float64) {
	for _, s := range smiles {
		if s.Tau < 14./365 || s.Tau > 1 {
			continue
		}
		for j, k := range s.K {
			dev := s.Mid[j] * math.Sqrt(s.Tau)
			if delta := 0.5 * math.Erfc((k/dev-0.5*dev)/math.Sqrt2); delta < 0.05 || delta > 0.95 {
				continue
			}
			v := e.Vol(k, s.Tau)
			n++
			if v <= s.Ask[j] && !(v < s.Bid[j]) {
				inside++
			}
			rms += (v - s.Mid[j]) * (v - s.Mid[j])
		}
	}
	return inside / float64(n), n, math.Sqrt(rms / float64(n))
}

func TestFitVendorFiles(t *testing.T) {
	for _, f := range vendorFiles {
		t.Run(filepath.Base(f.name), func(t *testing.T) {
			c, _, err := surface.ReadChainFile(vendorFile(t, f.name), f.opt)
			if err != nil {
				t.Fatal(err)
			}
			smiles, _, err := c.Smiles(surface.SmileOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var fitter surface.Fitter
			e, r, err := fitter.Fit(smiles, surface.FitSettings{})
			if err != nil {
				t.Fatal(err)
			}
			inside, n, rms := share(e, smiles)
			t.Logf("%d smiles, %d iterations, %d conditions active; liquid: %d quotes, %.1f%% inside, rms %.2f points",
				len(smiles), r.Iterations, len(r.Active), n, 100*inside, 100*rms)
			if a := surface.CheckArbitrage(e, surface.Grid{}); !a.Free() {
				t.Errorf("arbitrage: %+v", a)
			}
			if _, err := surface.NewESSVI(e.Slices()); err != nil {
				t.Errorf("the slices do not make the surface again: %v", err)
			}
			// Index options: most quotes of the liquid expiries. American prices and single venues are not of one smile.
			if f.european && !f.inverse && n > 100 && inside < 0.5 {
				t.Errorf("only %.1f%% of %d liquid quotes have the fitted volatility inside", 100*inside, n)
			}
			objective := r.Objective
			e2, r2, err := fitter.Fit(smiles, surface.FitSettings{Start: e})
			if err != nil {
				t.Fatal(err)
			}
			if r2.Objective > objective*(1+1e-4) || r2.Iterations > 12 {
				t.Errorf("from its own result: objective %g after %d iterations, from %g", r2.Objective, r2.Iterations, objective)
			}
			if a := surface.CheckArbitrage(e2, surface.Grid{}); !a.Free() {
				t.Errorf("arbitrage after a second fit: %+v", a)
			}
		})
	}
}
