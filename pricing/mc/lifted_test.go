package mc

import (
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
)

// Rough Heston's implied volatilities within what the scheme claims.
func TestGoldenRoughHestonLifted(t *testing.T) {
	statistical(t)
	worst := 0.0
	golden.Run(t, "papers/rough_heston", func(t *testing.T, c golden.Case) {
		var want float64
		c.Expected(t, "implied_vol", &want)
		expiry, strike := c.Float(t, "T_years"), c.Float(t, "strike")
		m := model.RoughHeston{Market: model.Market{Spot: 1}, H: c.Float(t, "H"), V0: c.Float(t, "V0"), Lambda: c.Float(t, "lam"),
			Theta: c.Float(t, "theta"), Nu: c.Float(t, "nu"), Rho: c.Float(t, "rho")}
		in := pricing.Vanilla{Right: pricing.Call, Strike: strike, Expiry: expiry}
		if strike < 1 {
			in.Right = pricing.Put
		}
		paths := 1 << 12
		if slow {
			paths = 1 << 16
		}
		asset, err := AssetControl(m, expiry)
		if err != nil {
			t.Fatal(err)
		}
		r := run(t, Engine{Paths: paths, Source: Antithetic{}, Controls: []Control{asset}}, in, m)
		vol := func(price float64) float64 {
			v, _ := black.ImpliedVol(black.Quote{Right: in.Right, Price: price, Forward: 1, Strike: strike, Tau: expiry, Discount: 1})
			return v
		}
		v := vol(r.Value)
		err1 := vol(r.Value+r.StdErr) - v
		off := math.Abs(v - want)
		worst = math.Max(worst, off-3.5*err1)
		t.Logf("%.5f ± %.5f, want %.5f: %.5f", v, err1, want, v-want)
		claim := 1.2e-2
		switch {
		case m.H >= 0.3:
			claim = 5e-4
		case m.H >= 0.1:
			claim = 5e-3
		}
		if !(off < 3*err1+claim) {
			t.Errorf("implied volatility %.5f ± %.5f, want %.5f", v, err1, want)
		}
	})
	t.Logf("worst error beyond 3.5 standard errors: %.2g", worst)
}

// At H = 1/2 there is one factor, and the model is Heston's.
func TestLiftedHeston(t *testing.T) {
	h := heston(0.04, 1.5, 0.06, 0.5, -0.7)
	m := model.RoughHeston{Market: h.Market, H: 0.5, V0: h.V0, Lambda: h.Kappa, Theta: h.Theta, Nu: h.Sigma, Rho: h.Rho}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	want := exact(t, fourier.Lewis{}, call, h)
	within(t, "one factor", run(t, Engine{Paths: 1 << 13, Controls: []Control{assetControl(h, 1)}}, call, m).Result, want, 3.5, 0.1)
	// The kernel is the fractional one: Σ c·e^(−xt) against t^(α−1)/Γ(α).
	weight, speed := liftedKernel(0.1, 20, 1.0/256, 2)
	for _, u := range []float64{0.02, 0.1, 0.5, 2} {
		sum := 0.0
		for i, c := range weight {
			sum += c * math.Exp(-speed[i]*u)
		}
		if kernel := math.Pow(u, -0.4) / math.Gamma(0.6); math.Abs(sum/kernel-1) > 0.03 {
			t.Errorf("kernel at %g: %g, want %g", u, sum, kernel)
		}
	}
}
