package analytic

import (
	"math"
	"os"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

func flatWorld(spot, rate, yield, vol float64) model.BlackScholes {
	return model.BlackScholes{Spot: spot, Discount: curve.Flat(rate), Carry: curve.Flat(yield), Vol: model.FlatVol(vol)}
}

// american reads a case of either golden file.
func american(t *testing.T, c golden.Case) (pricing.American, model.BlackScholes) {
	t.Helper()
	right, err := pricing.ParseRight(c.Text(t, "type"))
	if err != nil {
		t.Fatal(err)
	}
	pick := func(a, b string) float64 {
		if c.Has(a) {
			return c.Float(t, a)
		}
		return c.Float(t, b)
	}
	return pricing.American{Right: right, Strike: c.Float(t, "strike"), Expiry: pick("t", "T_years")},
		flatWorld(c.Float(t, "spot"), pick("rate", "rate_cc"), pick("dividend_yield", "div_cc"), c.Float(t, "vol"))
}

func priced(t *testing.T, e pricing.Engine, in pricing.Instrument, m pricing.Model) pricing.Result {
	t.Helper()
	r, err := e.Price(ctx, in, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGoldenAmerican(t *testing.T) {
	worst := 0.0
	golden.Run(t, "american", func(t *testing.T, c golden.Case) {
		opt, m := american(t, c)
		r := priced(t, AndersenLake{Tolerance: 1e-9}, opt, m)
		c.Check(t, "price", r.Value)
		c.Check(t, "delta", r.Delta)
		c.Check(t, "early_exercise_premium", r.Value-priced(t, European{}, opt.European(), m).Value)
		var want float64
		c.Expected(t, "price", &want)
		worst = math.Max(worst, math.Abs(r.Value-want))
	})
	t.Logf("worst difference of a price: %.2g", worst)
}

// One row of the file, of a volatility of 1%, states an American value of zero where the European one is 0.0082; its
// numbers contradict each other, so that a row whose American value is below the European one is not a reference.
func TestGoldenAmericanPapers(t *testing.T) {
	worst, wrong := 0.0, 0
	golden.Run(t, "papers/american_bsm", func(t *testing.T, c golden.Case) {
		opt, m := american(t, c)
		var want, european float64
		c.Expected(t, "american", &want)
		c.Expected(t, "european", &european)
		r := priced(t, AndersenLake{Tolerance: 5e-11}, opt, m)
		if want < european-1e-12 {
			wrong++
			if r.Value < european {
				t.Errorf("%s: %.12g is below the European value %.12g", c.ID, r.Value, european)
			}
			return
		}
		c.Check(t, "american", r.Value)
		c.Check(t, "premium", r.Value-european)
		worst = math.Max(worst, math.Abs(r.Value-want))
	})
	if wrong > 1 && os.Getenv(golden.Env) == "" {
		t.Errorf("%d rows contradict themselves, 1 is known", wrong)
	}
	t.Logf("worst difference: %.2g", worst)
}
