package mc

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

func runLevels(t testing.TB, e Multilevel, in pricing.Instrument, m pricing.Model) MultilevelReport {
	t.Helper()
	r, err := e.Run(ctx, in, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The orders with which levels fall: means with the weak order of the scheme, variances with twice the strong one.
func TestMultilevelOrders(t *testing.T) {
	m := flatWorld(100, 0.1, 0, 0.6)
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	for _, c := range []struct {
		name           string
		scheme         Scheme
		weak, variance float64
	}{
		{"Milstein", Diffuse{Order: Milstein, Scale: Price}, 1, 2},
		{"Euler", Diffuse{Order: Euler, Scale: Price}, 1, 1},
	} {
		e := Multilevel{Scheme: c.scheme, Levels: 4, Pilot: 1 << 19}
		run := &multilevel{engine: e, maker: Engine{Construction: Incremental, Paths: 1 << 40, Scheme: c.scheme}, model: m, wanted: 1}
		run.engine.Steps = 8
		var err error
		if run.claim, _, err = run.maker.claimOf(call, m); err != nil {
			t.Fatal(err)
		}
		for range e.Levels {
			if err := run.add(); err != nil {
				t.Fatal(err)
			}
			if err := run.sample(ctx, run.levels[len(run.levels)-1], float64(e.Pilot)); err != nil {
				t.Fatal(err)
			}
		}
		r := run.report()
		t.Logf("%s: orders %.3f of means, %.3f of variances; %+v", c.name, r.Weak, r.Variance, r.Levels)
		if math.Abs(r.Variance-c.variance) > 0.2 {
			t.Errorf("%s: variances fall with order %.2f, want %g", c.name, r.Variance, c.variance)
		}
		if math.Abs(r.Weak-c.weak) > 0.35 {
			t.Errorf("%s: means fall with order %.2f, want %g", c.name, r.Weak, c.weak)
		}
	}
}

// With Milstein's scheme, the cost of an error falls with its square: a root mean square error half as large costs four times as much.
func TestMultilevelCost(t *testing.T) {
	m := flatWorld(100, 0.05, 0, 0.3)
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	want := exact(t, analytic.European{}, call, m)
	var first float64
	for i, rmse := range []float64{0.16, 0.08, 0.04} {
		r := runLevels(t, Multilevel{Scheme: Diffuse{Order: Milstein, Scale: Price}, RMSE: rmse}, call, m)
		if off := math.Abs(r.Value - want); off > 3.5*rmse || r.StdErr > rmse/math.Sqrt2*1.01 || r.Bias > rmse/math.Sqrt2 {
			t.Errorf("%g: %.5g ± %.2g, bias %.2g, want %.5g", rmse, r.Value, r.StdErr, r.Bias, want)
		}
		scaled := r.Cost * rmse * rmse
		if i == 0 {
			first = scaled
		}
		if ratio := scaled / first; ratio > 1.6 || ratio < 0.6 {
			t.Errorf("%g: cost times the square of the error is %.3g, %.3g with the first", rmse, scaled, first)
		}
		for l := 1; l < len(r.Levels); l++ {
			if r.Levels[l].Paths > r.Levels[l-1].Paths || r.Levels[l].Steps != 2*r.Levels[l-1].Steps {
				t.Errorf("levels %+v", r.Levels)
			}
		}
		// One level of such a scheme needs as many steps for each path as the last of these.
		single := r.Levels[0].Variance * 2 / (rmse * rmse) * float64(r.Levels[len(r.Levels)-1].Steps)
		t.Logf("error %g: %.3g steps on %d levels, %.3g on one", rmse, r.Cost, len(r.Levels), single)
	}
}

func TestMultilevelPrices(t *testing.T) {
	market := model.Market{Spot: 100, Discount: curve.Flat(0.03)}
	heston := model.Heston{Market: market, V0: 0.04, Kappa: 2, Theta: 0.05, Sigma: 0.3, Rho: -0.6}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 105, Expiry: 1}
	cev := model.CEV{Market: market, Sigma: 2, Beta: 0.5}
	average := asian{pricing.Call, 100, weekly(4, 1), true}
	black := flatWorld(100, 0.05, 0.02, 0.25)
	for _, c := range []struct {
		name string
		e    Multilevel
		in   pricing.Instrument
		m    pricing.Model
		want float64
	}{
		{"Heston", Multilevel{}, call, heston, exact(t, fourier.COS{}, call, heston)},
		{"Heston, QE", Multilevel{Scheme: Heston{}}, call, heston, exact(t, fourier.COS{}, call, heston)},
		{"CEV", Multilevel{}, call, cev, exact(t, analytic.European{}, call, cev)},
		{"CEV, Euler", Multilevel{Scheme: Diffuse{Order: Euler}}, call, cev, exact(t, analytic.European{}, call, cev)},
		{"geometric average", Multilevel{Scheme: Diffuse{Order: Milstein, Scale: Price}}, average, black, geometricValue(t, average, black)},
		{"without an error in time", Multilevel{}, call, black, exact(t, analytic.European{}, call, black)},
	} {
		c.e.RMSE = 0.06
		r := runLevels(t, c.e, c.in, c.m)
		if off := math.Abs(r.Value - c.want); off > 3.5*c.e.RMSE || math.Hypot(r.StdErr, r.Bias) > 1.01*c.e.RMSE {
			t.Errorf("%s: %.5g ± %.2g, bias %.2g, want %.5g", c.name, r.Value, r.StdErr, r.Bias, c.want)
		}
	}
	call.Strike = 60 // the error that is left to the engine is a thousandth of the value
	r := runLevels(t, Multilevel{}, call, heston)
	if r.RMSE > 2e-3*r.Value || math.Hypot(r.StdErr, r.Bias) > 1.01*r.RMSE {
		t.Errorf("%+v", r)
	}
}

func TestMultilevelSameBits(t *testing.T) {
	m := flatWorld(100, 0.05, 0, 0.3)
	in := asian{pricing.Call, 100, weekly(3, 1), false}
	var first MultilevelReport
	for i, n := range []int{1, 2, 3, 16} {
		told := 0
		e := Multilevel{Scheme: Diffuse{Order: Milstein, Scale: Price}, RMSE: 0.1, Workers: n, Seed: 3, Progress: func(p Progress) { told = p.Paths }}
		r := runLevels(t, e, in, m)
		if i == 0 {
			first = r
		}
		if fmt.Sprint(r) != fmt.Sprint(first) || told == 0 {
			t.Errorf("%d workers: %+v, one %+v", n, r, first)
		}
	}
}

func TestMultilevelRefuses(t *testing.T) {
	m := flatWorld(100, 0.05, 0, 0.2)
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	for _, c := range []struct {
		field string
		e     Multilevel
	}{{"RMSE", Multilevel{RMSE: math.NaN()}}, {"Steps", Multilevel{Steps: -1}}, {"Levels", Multilevel{Levels: 1}}, {"Levels", Multilevel{Levels: 99}}, {"Pilot", Multilevel{Pilot: 1}}} {
		var arg *pricing.ArgError
		if _, err := c.e.Price(ctx, call, m); !errors.As(err, &arg) || arg.Arg != c.field {
			t.Errorf("%s: %v", c.field, err)
		}
	}
	market := model.Market{Spot: 100}
	for _, c := range []struct {
		e  Multilevel
		in pricing.Instrument
		m  pricing.Model
	}{
		{Multilevel{}, call, model.VarianceGamma{Market: market, Sigma: 0.2, Nu: 0.2, Theta: -0.1}},
		{Multilevel{}, call, model.Merton{Market: market, Sigma: 0.2}},
		{Multilevel{Scheme: Heston{Step: BroadieKaya}}, call, model.Heston{Market: market, V0: 0.04, Kappa: 1, Theta: 0.04, Sigma: 0.3}},
		{Multilevel{}, pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}, m},
	} {
		if _, err := c.e.Price(ctx, c.in, c.m); !errors.Is(err, pricing.ErrUnsupported) {
			t.Errorf("%T under %T: %v", c.in, c.m, err)
		}
	}
	var few *LevelsError
	r, err := Multilevel{Levels: 2, Steps: 1, RMSE: 0.02, Scheme: Diffuse{Order: Euler, Scale: Price}}.Run(ctx, pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 3}, flatWorld(100, 0.2, 0, 0.5))
	if !errors.As(err, &few) || r.Has&pricing.HasValue == 0 {
		t.Error(err)
	}
	late, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	r, err = Multilevel{RMSE: 1e-5, Scheme: Diffuse{Order: Milstein, Scale: Price}}.Run(late, call, m)
	if !errors.Is(err, context.DeadlineExceeded) || math.Abs(r.Value-10.45) > 5 {
		t.Errorf("%+v %v", r.Result, err)
	}
}

// Steps and time that a root mean square error of a cent costs, by Milstein's scheme on levels.
func BenchmarkMultilevel(b *testing.B) {
	m := flatWorld(100, 0.05, 0, 0.3)
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	var r MultilevelReport
	for b.Loop() {
		r = runLevels(b, Multilevel{Scheme: Diffuse{Order: Milstein, Scale: Price}, RMSE: 0.01, Workers: 1}, call, m)
	}
	single := r.Levels[0].Variance * 2 / (r.RMSE * r.RMSE) * float64(r.Levels[len(r.Levels)-1].Steps)
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/price")
	b.ReportMetric(r.Cost, "steps")
	b.ReportMetric(single/r.Cost, "one-level-ratio")
}
