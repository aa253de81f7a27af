package mc

import (
	"errors"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
)

func TestMixing(t *testing.T) {
	for name, m := range map[string]model.Characteristic{
		"Heston":   heston(0.04, 1.5, 0.06, 0.5, -0.3),
		"hard":     heston(0.04, 0.5, 0.04, 1, -0.9),
		"no noise": heston(0.04, 1.5, 0.06, 0, -0.3),
		"Bates":    model.Bates{Heston: heston(0.04, 1.5, 0.06, 0.5, -0.3), Jumps: model.Jumps{Lambda: 1, MuJ: -0.1, SigmaJ: 0.1}},
	} {
		for _, step := range []HestonStep{AndersenQE, FullTruncation, ExactVariance, BroadieKaya} {
			if name == "hard" && step == FullTruncation {
				continue // its bias is large there
			}
			for _, opt := range []pricing.Vanilla{{Right: pricing.Call, Strike: 110, Expiry: 1}, {Right: pricing.Put, Strike: 90, Expiry: 0.5}} {
				e := Engine{Paths: 1 << 11, Scheme: Heston{Step: step}}
				if step == FullTruncation {
					e.MaxStep = 1.0 / 64
				}
				want := exact(t, fourier.Lewis{}, opt, m)
				r, err := Mixing{e}.Run(ctx, opt, m)
				if err != nil {
					t.Fatal(err)
				}
				slack := 2e-3 // of the error in time
				if step == FullTruncation {
					slack = 0.02
				}
				if off := r.Value - want; !(off < 3.5*r.StdErr+slack && -off < 3.5*r.StdErr+slack) || r.StdErr > 0.12 {
					t.Errorf("%s, %v: %.5f ± %.5f, want %.5f", name, step, r.Value, r.StdErr, want)
				}
				plain := run(t, e, opt, m)
				if name == "Heston" && !(plain.StdErr > 4*r.StdErr) {
					t.Errorf("%s, %v: standard errors %g and %g", name, step, plain.StdErr, r.StdErr)
				}
			}
		}
	}
}

func TestMixingRefuses(t *testing.T) {
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	h := heston(0.04, 1.5, 0.06, 0.5, -0.3)
	for i, c := range []struct {
		x    Mixing
		in   pricing.Instrument
		m    pricing.Model
		want error
	}{
		{Mixing{}, asian{pricing.Call, 100, weekly(2, 1), false}, h, pricing.ErrUnsupported},
		{Mixing{}, call, flatWorld(100, 0, 0, 0.2), pricing.ErrUnsupported},
		{Mixing{Engine{Scheme: Exact{}}}, call, h, pricing.ErrDomain},
		{Mixing{Engine{Controls: make([]Control, 1)}}, call, h, pricing.ErrDomain},
		{Mixing{}, call, heston(-1, 1.5, 0.06, 0.5, -0.3), pricing.ErrDomain},
	} {
		if _, err := c.x.Price(ctx, c.in, c.m); !errors.Is(err, c.want) {
			t.Errorf("%d: %v", i, err)
		}
	}
}
