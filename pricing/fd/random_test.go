package fd

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
)

// The zero values at random options: expiries from an hour to ten years, volatilities from 1% to 135%, rates and yields from
// −5% to 15%, with the errors that the engines' comments state, as a fraction of the larger of spot and strike.
func TestAtRandom(t *testing.T) {
	n := 150
	if os.Getenv("VOLGA_SLOW") != "" {
		n = 3000
	}
	for _, c := range []struct {
		name         string
		e, by        pricing.Engine
		american     bool
		usual, worst float64 // of 98 in 100, and of all
	}{
		{"European", OneAsset{}, analytic.European{}, false, 2e-7, 5e-5},
		{"American", OneAsset{}, analytic.AndersenLake{}, true, 5e-6, 1e-3},
		{"forward", FokkerPlanck{}, analytic.European{}, false, 5e-7, 1e-3},
	} {
		rnd := rand.New(rand.NewPCG(3, 1))
		var off []float64
		for range n {
			v := pricing.Vanilla{Right: pricing.Call, Strike: 100 * math.Exp(0.6*rnd.NormFloat64()), Expiry: math.Exp(-9 + 11.3*rnd.Float64())}
			m := flatWorld(100, -0.05+0.2*rnd.Float64(), -0.05+0.2*rnd.Float64(), math.Exp(-4.5+4.8*rnd.Float64()))
			if rnd.IntN(2) == 0 {
				v.Right = pricing.Put
			}
			var in pricing.Instrument = v
			if c.american {
				in = pricing.American(v)
			}
			want, err := c.by.Price(ctx, in, m)
			if err != nil {
				continue
			}
			got, err := c.e.Price(ctx, in, m)
			if err != nil {
				t.Errorf("%s: %+v under %+v: %v", c.name, in, m, err)
				continue
			}
			d := math.Abs(got.Value-want.Value) / math.Max(v.Strike, 100)
			off = append(off, d)
			if !(d <= c.worst) {
				t.Errorf("%s: %+v under %+v: %.8g, want %.8g", c.name, in, m, got.Value, want.Value)
			}
		}
		slices.Sort(off)
		k := len(off)
		t.Logf("%s: %d options, errors %.2g (median) %.2g (90%%) %.2g (98%%) %.2g (worst)", c.name, k, off[k/2], off[k*90/100], off[k*98/100], off[k-1])
		if k < n*9/10 || off[k*98/100] > c.usual {
			t.Errorf("%s: %d options, 98 in 100 within %.2g, want %.2g", c.name, k, off[k*98/100], c.usual)
		}
	}
}
