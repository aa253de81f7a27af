package mc

import (
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

func TestGreeks(t *testing.T) {
	const all = pricing.HasDelta | pricing.HasGamma | pricing.HasVega
	call := pricing.Vanilla{Right: pricing.Call, Strike: 105, Expiry: 1}
	for _, c := range []struct {
		name string
		m    pricing.Model
		by   pricing.Engine
		e    Engine
	}{
		{"Black-Scholes", flatWorld(100, 0.05, 0.02, 0.25), analytic.European{}, Engine{Paths: 1 << 16}},
		{"antithetic", flatWorld(100, 0.05, 0.02, 0.25), analytic.European{}, Engine{Paths: 1 << 16, Source: Antithetic{}}},
		{"stratified", flatWorld(100, 0.05, 0.02, 0.25), analytic.European{}, Engine{Paths: 1 << 16, Source: Stratified{}}},
		{"Sobol", flatWorld(100, 0.05, 0.02, 0.25), analytic.European{}, Engine{Paths: 1 << 16, Source: Sobol{}}},
		{"importance", flatWorld(100, 0.05, 0.02, 0.25), analytic.European{}, Engine{Paths: 1 << 16, Source: Importance{}}},
		{"Heston", heston(0.04, 1.5, 0.06, 0.5, -0.7), fourier.COS{}, Engine{Paths: 1 << 15}},
		{"Merton", model.Merton{Market: model.Market{Spot: 100, Discount: curve.Flat(0.03)},
			Jumps: model.Jumps{Lambda: 1, MuJ: -0.1, SigmaJ: 0.1}, Sigma: 0.2}, fourier.COS{}, Engine{Paths: 1 << 16}},
	} {
		want, err := c.by.Price(ctx, call, c.m)
		if err != nil {
			t.Fatal(err)
		}
		c.e.Greeks = all
		r := run(t, c.e, call, c.m)
		check := func(name string, got, want, err, most float64) {
			// Differences over finite bumps have an error of their own, of second order in the bumps.
			if !(math.Abs(got-want) < 3.5*err+2e-3*math.Abs(want)) || !(err < most) || !(err > 0) {
				t.Errorf("%s: %s %.6g ± %.2g, want %.6g", c.name, name, got, err, want)
			}
		}
		if r.Has&(pricing.HasDelta|pricing.HasGamma) != pricing.HasDelta|pricing.HasGamma {
			t.Errorf("%s: %v", c.name, r.Has)
		}
		check("delta", r.Delta, want.Delta, r.Errors.Delta, 0.004)
		check("gamma", r.Gamma, want.Gamma, r.Errors.Gamma, 0.0012)
		if want.Has&pricing.HasVega != 0 {
			if r.Has&pricing.HasVega == 0 {
				t.Errorf("%s: %v", c.name, r.Has)
			}
			check("vega", r.Vega, want.Vega, r.Errors.Vega, 0.5)
		}
	}
}

// digital pays one above the strike.
type digital struct{ pricing.Vanilla }

func (d digital) PayoffTo(dst, spot []float64) {
	for j, s := range spot {
		dst[j] = 0
		if s > d.Strike {
			dst[j] = 1
		}
	}
}

// What is not asked for, cannot be bumped or is too noisy is not set.
func TestGreeksThatAreNotSet(t *testing.T) {
	call := pricing.Vanilla{Right: pricing.Call, Strike: 105, Expiry: 1}
	m := flatWorld(100, 0.05, 0.02, 0.25)
	if r := run(t, Engine{Paths: 1 << 10, Greeks: pricing.HasDelta}, call, m); r.Has != pricing.HasValue|pricing.HasStdErr|pricing.HasDelta || r.Gamma != 0 {
		t.Errorf("%v", r.Has)
	}
	if r := run(t, Engine{Paths: 1 << 10, Greeks: pricing.HasVega}, call, skewed()); r.Has != pricing.HasValue|pricing.HasStdErr {
		t.Errorf("%v", r.Has)
	}
	r := run(t, Engine{Paths: 1 << 14, Greeks: pricing.HasDelta | pricing.HasGamma, Source: Sobol{}}, digital{call}, m)
	if r.Has&pricing.HasGamma != 0 || r.Errors.Gamma == 0 {
		t.Errorf("the gamma of a digital option: %v ± %v, %v", r.Gamma, r.Errors.Gamma, r.Has)
	}
	if _, ok := withSpot(other{}, 1); ok {
		t.Error("a model without WithSpot")
	}
}
