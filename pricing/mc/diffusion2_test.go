package mc

import (
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
)

// Heston's model as a diffusion in two variables, and under a leverage of one.
func TestTwoVariables(t *testing.T) {
	m := heston(0.04, 1.5, 0.06, 0.5, -0.7)
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	want := exact(t, fourier.Lewis{}, call, m)
	e := Engine{Paths: 1 << 14, Controls: []Control{assetControl(m, 1)}}
	slv := model.StochasticLocalVol{Variance: m, Leverage: model.LocalVarianceFunc(func(k, t float64) float64 { return 1 })}
	within(t, "leverage of one", run(t, e, call, slv).Result, want, 3.5, 0.06)
	e.Scheme = Diffuse2{}
	within(t, "Heston", run(t, e, call, m).Result, want, 3.5, 0.06)
}

// Without noise in a variance of one, the leverage is the local volatility.
func TestLeverageIsLocalVol(t *testing.T) {
	lv := skewed()
	slv := model.StochasticLocalVol{Variance: model.Heston{Market: lv.Market, V0: 1, Theta: 1, Kappa: 1}, Leverage: lv.Variance}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 110, Expiry: 1}
	e := Engine{Paths: 1 << 14, Source: Sobol{}}
	a, b := run(t, e, call, lv), run(t, e, call, slv)
	if d := math.Hypot(a.StdErr, b.StdErr); math.Abs(a.Value-b.Value) > 4*d+0.02 || d > 0.03 {
		t.Errorf("%g ± %g and %g ± %g", a.Value, a.StdErr, b.Value, b.StdErr)
	}
	jumping := model.Bates{Heston: heston(0.04, 1.5, 0.06, 0.5, -0.7), Jumps: model.Jumps{Lambda: 1}}
	if _, err := (Engine{Scheme: Diffuse2{}}).Price(ctx, call, jumping); !errors.Is(err, pricing.ErrUnsupported) {
		t.Error(err)
	}
	if _, err := (Engine{Scheme: Diffuse2{}}).Price(ctx, call, lv); !errors.Is(err, pricing.ErrUnsupported) {
		t.Error(err)
	}
}
