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

// imaged is the knock-out option of one barrier by the method of images: the truncated payoff at S less the same at H²/S times (S/H)^2α,
// α = ½ − (r−q)/σ², its means by Simpson's rule on the side of the barrier that is alive.
func imaged(v pricing.Vanilla, spot, r, q, vol, level float64, up bool) float64 {
	sd := vol * math.Sqrt(v.Expiry)
	mean := func(s float64) float64 {
		at := math.Log(s) + (r-q)*v.Expiry - 0.5*sd*sd
		from, to := (math.Log(level)-at)/sd, 12.0
		if up {
			from, to = -12, from
		}
		if v.Right == pricing.Call {
			from = math.Max(from, (math.Log(v.Strike)-at)/sd)
		} else {
			to = math.Min(to, (math.Log(v.Strike)-at)/sd)
		}
		if from = math.Max(from, -12); from >= to {
			return 0
		}
		const n = 2000
		sum, h := 0.0, (to-from)/n
		for i := 0; i <= n; i++ {
			w := float64(2 + 2*(i&1))
			if i == 0 || i == n {
				w = 1
			}
			z := from + h*float64(i)
			sum += w * math.Exp(-0.5*z*z) * v.Right.Payoff(math.Exp(at+sd*z), v.Strike)
		}
		return sum * h / 3 / math.Sqrt(2*math.Pi) * math.Exp(-r*v.Expiry)
	}
	return mean(spot) - math.Pow(spot/level, 1-2*(r-q)/(vol*vol))*mean(level*level/spot)
}

// Single barriers at random, near the spot and far, against the method of images.
func TestBarriersAtRandom(t *testing.T) {
	n := 100
	if os.Getenv("VOLGA_SLOW") != "" {
		n = 2000
	}
	rnd := rand.New(rand.NewPCG(8, 2))
	var off []float64
	for range n {
		v := pricing.Vanilla{Right: pricing.Call, Strike: 100 * math.Exp(0.3*rnd.NormFloat64()), Expiry: math.Exp(-4 + 5.5*rnd.Float64())}
		if rnd.IntN(2) == 0 {
			v.Right = pricing.Put
		}
		r, q, vol := -0.02+0.12*rnd.Float64(), 0.08*rnd.Float64(), 0.08+0.5*rnd.Float64()
		m := flatWorld(100, r, q, vol)
		up := rnd.IntN(2) == 0
		level := 100 * math.Exp(-2.5*vol*math.Sqrt(v.Expiry)*rnd.Float64())
		if up {
			level = 1e4 / level
		}
		want := imaged(v, 100, r, q, vol, level, up)
		out := []pricing.Barrier{{Level: level, Up: up}}
		got := priced(t, OneAsset{}, knock{v, out}, m).Value
		out[0].In = true
		in := priced(t, OneAsset{}, knock{v, out}, m).Value
		whole := priced(t, analytic.European{}, v, m).Value
		d := math.Max(math.Abs(got-want), math.Abs(in-(whole-want))) / math.Max(100, v.Strike)
		off = append(off, d)
		if !(d < 5e-6) {
			t.Errorf("%+v, barrier %g, r %g, q %g, volatility %g: %.8g out and %.8g in, want %.8g and %.8g", v, level, r, q, vol, got, in, want, whole-want)
		}
	}
	slices.Sort(off)
	k := len(off)
	t.Logf("errors %.2g (median) %.2g (90%%) %.2g (98%%) %.2g (worst)", off[k/2], off[k*90/100], off[k*98/100], off[k-1])
	if off[k*98/100] > 2e-7 {
		t.Errorf("98 in 100 within %.2g", off[k*98/100])
	}
}
