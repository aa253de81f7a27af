package mc

import (
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
)

// Every technique, alone and composed, is right, and gains at least the factor stated in variance over as many plain paths.
func TestVarianceReduction(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	atm := asian{pricing.Call, 100, weekly(12, 1), true}
	far := asian{pricing.Call, 150, weekly(12, 1), true}
	forward := Control{Instrument: onLast{pricing.Vanilla{Right: pricing.Call, Strike: 1e-9, Expiry: 1}, weekly(12, 1)}, Value: 100 * math.Exp(-0.02)}
	vanilla := Control{Instrument: pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}, Engine: analytic.European{}}
	for _, c := range []struct {
		name string
		e    Engine
		in   asian
		gain float64
	}{
		{"antithetic", Engine{Source: Antithetic{}}, atm, 1.4},
		{"moment matching", Engine{Source: MomentMatching{}}, atm, 2},
		{"stratified", Engine{Source: Stratified{}}, atm, 2.5},
		{"importance", Engine{Source: Importance{}}, far, 30},
		{"importance over antithetic", Engine{Source: Importance{Of: Antithetic{}}}, far, 30},
		{"importance over Sobol", Engine{Source: Importance{Of: Sobol{}}}, far, 100},
		{"antithetic over Sobol", Engine{Source: Antithetic{Of: Sobol{}}}, atm, 20},
		{"moment matching over antithetic", Engine{Source: MomentMatching{Of: Antithetic{}}}, atm, 1.5},
		{"antithetic over stratified", Engine{Source: Antithetic{Of: Stratified{}}}, atm, 2.5},
		{"controls", Engine{Controls: []Control{forward, vanilla}}, atm, 3},
		{"controls over antithetic", Engine{Source: Antithetic{}, Controls: []Control{forward, vanilla}}, atm, 4},
		{"controls over Sobol", Engine{Source: Sobol{}, Controls: []Control{vanilla}}, atm, 20},
		{"controls, stratified", Engine{Source: Stratified{}, Controls: []Control{vanilla}}, atm, 3},
	} {
		want := geometricValue(t, c.in, m)
		c.e.Paths, c.e.Seed = 1<<16, 11
		r := run(t, c.e, c.in, m)
		plain := run(t, Engine{Paths: 1 << 16, Seed: 11}, c.in, m)
		gain := plain.StdErr * plain.StdErr / (r.StdErr * r.StdErr)
		t.Logf("%s: %.5f ± %.5f, want %.5f; %.1f times less variance, β %.3f", c.name, r.Value, r.StdErr, want, gain, r.Beta)
		if !(math.Abs(r.Value-want) < 3.5*r.StdErr) || !(gain > c.gain) {
			t.Errorf("%s: %.5f ± %.5f, want %.5f; %.1f times less variance, want %g", c.name, r.Value, r.StdErr, want, gain, c.gain)
		}
	}
}

// A drift and the stratification along it, as in Glasserman, Heidelberger and Shahabuddin (1999).
func TestStratifiedAlongTheDrift(t *testing.T) {
	m := flatWorld(50, 0.05, 0, 0.1)
	in := asian{pricing.Call, 55, weekly(16, 1), false}
	drift, err := Engine{}.OptimalDrift(ctx, in, m)
	if err != nil {
		t.Fatal(err)
	}
	plain := run(t, Engine{Paths: 1 << 16}, in, m)
	shifted := run(t, Engine{Paths: 1 << 16, Source: Importance{Drift: drift}}, in, m)
	both := run(t, Engine{Paths: 1 << 16, Construction: Incremental, Source: Importance{Drift: drift, Of: Stratified{Direction: drift}}}, in, m)
	gain := func(r Report) float64 { return plain.StdErr * plain.StdErr / (r.StdErr * r.StdErr) }
	t.Logf("gains: %.1f and %.0f", gain(shifted), gain(both))
	if gain(shifted) < 10 || gain(both) < 500 {
		t.Errorf("gains: %.1f and %.0f, want over 10 and 500", gain(shifted), gain(both))
	}
	// At the maximum the drift is the gradient of the logarithm of the payoff: positive, and falling with time.
	for i := 1; i < len(drift); i++ {
		if !(drift[i] > 0 && drift[i] < drift[i-1]) {
			t.Errorf("drift %.4f", drift)
			break
		}
	}
	within(t, "importance against both", shifted.Result, both.Value, 3.5, 2e-3)
}

// Standard errors mean what they say: the spread of estimates over seeds is theirs.
func TestStandardErrorsAreHonest(t *testing.T) {
	statistical(t)
	m := flatWorld(100, 0.05, 0.02, 0.25)
	in := asian{pricing.Call, 105, weekly(8, 1), true}
	want := geometricValue(t, in, m)
	vanilla := Control{Instrument: pricing.Vanilla{Right: pricing.Call, Strike: 105, Expiry: 1}, Engine: analytic.European{}}
	for _, c := range []struct {
		name string
		e    Engine
	}{
		{"plain", Engine{}}, {"antithetic", Engine{Source: Antithetic{}}}, {"stratified", Engine{Source: Stratified{}}},
		{"moments", Engine{Source: MomentMatching{}}}, {"Sobol", Engine{Source: Sobol{}}}, {"control", Engine{Controls: []Control{vanilla}}},
		{"control, Sobol", Engine{Source: Sobol{}, Controls: []Control{vanilla}}},
		{"importance", Engine{Source: Importance{}}},
		{"uneven blocks", Engine{Source: Stratified{}, Paths: 20_001}},
	} {
		const seeds = 40
		square := 0.0
		for seed := range uint64(seeds) {
			if c.e.Seed = seed; c.e.Paths == 0 {
				c.e.Paths = 1 << 14
			}
			r := run(t, c.e, in, m)
			square += (r.Value - want) * (r.Value - want) / (r.StdErr * r.StdErr) / seeds
		}
		// With 15 degrees of freedom the mean of t² is 1.15 and its deviation over 40 seeds about 0.3.
		if !(square > 0.5 && square < 1.9) {
			t.Errorf("%s: mean squared error over the squared standard error is %.2f", c.name, square)
		}
	}
}

func TestTechniquesRefuse(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	in := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	for name, s := range map[string]Source{
		"antithetic around importance":        Antithetic{Of: Importance{Drift: []float64{1}}},
		"moments around Sobol":                MomentMatching{Of: Sobol{}},
		"moments around antithetic and Sobol": MomentMatching{Of: Antithetic{Of: Sobol{}}},
		"stratified around importance":        Stratified{Of: Importance{Drift: []float64{1}}},
		"a drift too long":                    Importance{Drift: []float64{1, 2}},
		"a drift that is not finite":          Importance{Drift: []float64{math.Inf(1)}},
		"a hidden drift to be found":          Importance{Drift: []float64{1}, Of: Importance{}},
		"a direction too long":                Stratified{Direction: []float64{1, 2}},
		"no direction":                        Stratified{Direction: []float64{0}},
	} {
		if _, err := (Engine{Source: s}).Price(ctx, in, m); !errors.Is(err, pricing.ErrDomain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	never := pricing.Vanilla{Right: pricing.Call, Strike: 1e6, Expiry: 1}
	if _, err := (Engine{Source: Importance{}}).Price(ctx, never, m); !errors.Is(err, errNoPay) {
		t.Error(err)
	}
}
