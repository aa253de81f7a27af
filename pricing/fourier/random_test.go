package fourier

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Parameters far beyond what markets show, drawn at random: the other engines are within their tolerance of Lewis or
// refuse, and Lewis never refuses.
func TestRandomParameters(t *testing.T) {
	const draws = 25
	rng := rand.New(rand.NewPCG(20240515, 4))
	between := func(lo, hi float64) float64 { return lo * math.Exp(rng.Float64()*math.Log(hi/lo)) }
	refused := map[string]int{}
	for range draws {
		mk := model.Market{Spot: 100}
		h := model.Heston{
			Market: mk, V0: between(1e-4, 2), Kappa: between(0.01, 20), Theta: between(1e-3, 1), Sigma: between(0.01, 5),
			Rho: math.Sin(math.Pi * (rng.Float64() - 0.5)),
		}
		j := model.Jumps{Lambda: between(0.01, 20), MuJ: rng.NormFloat64() * 0.2, SigmaJ: between(1e-3, 0.5)}
		sigma := between(0.03, 1)
		worlds := []model.Characteristic{
			h, model.Bates{Heston: h, Jumps: j}, model.Merton{Market: mk, Jumps: j, Sigma: sigma},
			model.Kou{Market: mk, Sigma: sigma, Lambda: j.Lambda, P: rng.Float64(), Eta1: between(1.2, 50), Eta2: between(0.5, 50)},
			model.VarianceGamma{Market: mk, Sigma: sigma, Nu: between(0.01, 1), Theta: rng.NormFloat64() * 0.2},
			model.NIG{Market: mk, Alpha: between(3, 50), Beta: rng.Float64()*3 - 1.5, Delta: between(0.05, 3)},
			model.CGMY{Market: mk, C: between(0.01, 3), G: between(0.5, 30), M: between(1.5, 30), Y: rng.Float64() * 1.8},
		}
		for _, w := range worlds {
			if w.Validate() != nil {
				continue
			}
			expiry := between(1./365, 20)
			spread := math.Sqrt(-8 * w.LogMoment(0.5, expiry))
			for range 2 {
				k := math.Max(-5, math.Min(5, 2*spread*rng.NormFloat64()))
				opt := pricing.Vanilla{Right: pricing.Call, Strike: 100 * math.Exp(k), Expiry: expiry}
				want, err := Lewis{}.Price(ctx, opt, w)
				if err != nil {
					t.Errorf("%+v %+v: Lewis: %v", w, opt, err)
					continue
				}
				for _, e := range []pricing.Engine{COS{}, CarrMadan{}, CONV{MaxPoints: 1 << 13}} {
					got, err := e.Price(ctx, opt, w)
					if errors.Is(err, ErrAccuracy) {
						refused[fmt.Sprintf("%T by %T", w, e)]++
						continue
					}
					if err != nil || math.Abs(got.Value-want.Value) > 1.1e-8*100 {
						t.Errorf("%+v %+v: %T %.12g %v, Lewis %.12g", w, opt, e, got.Value, err, want.Value)
					}
				}
			}
		}
	}
	for name, n := range refused {
		t.Logf("%s: %d of %d refused", name, n, 2*draws)
	}
}
