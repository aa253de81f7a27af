package fourier

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Two steps of the trapezoidal rule can agree by chance while both are off. Random surfaces, one of them known to do so, are
// held against a tolerance at which it cannot matter.
func TestLewisIsNotMisledByCoincidence(t *testing.T) {
	check := func(m model.Heston, o pricing.Vanilla) {
		t.Helper()
		got, err := Lewis{ValueOnly: true}.Price(context.Background(), o, m)
		if err != nil {
			t.Fatalf("%+v: %v", m, err)
		}
		want, err := Lewis{Tol: 2e-14, ValueOnly: true}.Price(context.Background(), o, m)
		if err != nil {
			t.Fatalf("%+v: %v", m, err)
		}
		if d := math.Abs(got.Value-want.Value) / m.Spot; d > 2e-12 {
			t.Errorf("%+v under %+v: off by %.2g of the forward", o, m, d)
		}
	}
	market := model.Market{Spot: 100}
	check(model.Heston{Market: market, V0: 0.0031759, Kappa: 1.014, Theta: 0.031353, Sigma: 0.50896, Rho: -0.76882},
		pricing.Vanilla{Right: pricing.Put, Strike: 89.4017, Expiry: 0.75})
	g := rand.New(rand.NewPCG(77, 1))
	for range 3000 {
		check(model.Heston{Market: market, V0: 0.001 + 0.3*g.Float64()*g.Float64(), Kappa: 0.2 + 4*g.Float64(), Theta: 0.005 + 0.2*g.Float64(),
			Sigma: 0.1 + 0.9*g.Float64(), Rho: -0.95 + 1.2*g.Float64()},
			pricing.Vanilla{Right: pricing.Put, Strike: 60 + 80*g.Float64(), Expiry: 0.05 + 3*g.Float64()})
	}
}
