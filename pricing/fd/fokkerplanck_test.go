package fd

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
)

// The law of geometric Brownian motion: mass, mean, density.
func TestLawOfBrownianMotion(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	steps, last := 0, -1.0
	law, err := FokkerPlanck{}.Run(ctx, m, 2, func(l *Law) error {
		if l.Time < last || math.Abs(l.Total()-1) > 1e-12 {
			t.Errorf("at %g: mass %.15g", l.Time, l.Total())
		}
		last = l.Time
		steps++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	forward := 100 * math.Exp(0.06)
	if steps < 100 || law.Time != 2 || math.Abs(law.Mean()-forward) > 1e-5 {
		t.Errorf("%d steps to %g, mean %.10g, want %.10g", steps, law.Time, law.Mean(), forward)
	}
	sd := 0.25 * math.Sqrt2
	for _, s := range []float64{50, 80, 100, 106.18, 150, 250} {
		z := math.Log(s/forward)/sd + 0.5*sd
		want := math.Exp(-0.5*z*z) / (s * sd * math.Sqrt(2*math.Pi))
		if got := law.Density(s); math.Abs(got-want) > 5e-4*0.012 {
			t.Errorf("density at %g: %.8g, want %.8g", s, got, want)
		}
	}
	for i, p := range law.Mass {
		if p < -1e-12 {
			t.Fatalf("a mass of %g at %g", p, law.Spot[i])
		}
	}
	stop := errors.New("enough")
	if _, err := (FokkerPlanck{}).Run(ctx, m, 2, func(*Law) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("visit's error: %v", err)
	}
}

// One pass prices every strike and expiry, as the formula and as the backward equation do, dividends included.
func TestForwardStrip(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	paying := m
	paying.Dividends = []model.Dividend{{Time: 0.25, Cash: 2}, {Time: 0.8, Cash: 1, Proportion: 0.02}}
	var in []pricing.Instrument
	for _, expiry := range []float64{1, 0.1, 0.25, 2, 0.5, 0} {
		for _, strike := range []float64{60, 90, 97.3, 100, 110, 150} {
			for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
				in = append(in, pricing.Vanilla{Right: right, Strike: strike, Expiry: expiry})
			}
		}
	}
	dst := make([]pricing.Result, len(in))
	for i, m := range []model.BlackScholes{m, paying} {
		if err := (FokkerPlanck{}).PriceStrip(ctx, dst, in, m); err != nil {
			t.Fatal(err)
		}
		var by pricing.Engine = analytic.European{}
		tol := 2e-5
		if i == 1 {
			by, tol = OneAsset{}, 1e-4
		}
		worst := 0.0
		for k, o := range in {
			want := priced(t, by, o, m)
			off := math.Abs(dst[k].Value - want.Value)
			worst = math.Max(worst, off)
			if off > tol {
				t.Errorf("%d, %+v: %.8g, want %.8g", i, o, dst[k].Value, want.Value)
			}
			if want.Has&pricing.HasDualDelta != 0 && dst[k].Has&pricing.HasDualDelta != 0 && (math.Abs(dst[k].DualDelta-want.DualDelta) > 1e-5 ||
				math.Abs(dst[k].DualGamma-want.DualGamma) > 2e-5) {
				t.Errorf("%d, %+v: dual delta %.8g, gamma %.8g, want %.8g, %.8g", i, o, dst[k].DualDelta, dst[k].DualGamma, want.DualDelta, want.DualGamma)
			}
		}
		t.Logf("world %d: worst error %.2g", i, worst)
	}
}

// Forward and backward steps on one grid are transposes: what the law gives a payoff at the horizon is what steps back give
// at the spot.
func TestForwardIsBackwardTransposed(t *testing.T) {
	m := model.CEV{Market: model.Market{Spot: 100}, Sigma: 3, Beta: 0.5}
	set, err := FokkerPlanck{SpaceSteps: 60, TimeSteps: 8}.resolved()
	if err != nil {
		t.Fatal(err)
	}
	f := new(forwards)
	if err := f.open("test", m, set, 1, 1, 1); err != nil {
		t.Fatal(err)
	}
	l := &f.levels[0]
	x := l.grid.x
	v := make([]float64, len(x))
	for i, s := range x {
		v[i] = math.Max(s-105, 0)
	}
	payoff := append([]float64(nil), v...)
	times := []float64{0, 0.1, 0.3, 0.6, 1}
	for i := 1; i < len(times); i++ {
		if err := f.step(l, times[i-1], times[i]); err != nil {
			t.Fatal(err)
		}
	}
	forward := 0.0
	for i, p := range l.mass {
		forward += p * payoff[i]
	}
	next := make([]float64, len(x))
	for i := len(times) - 1; i > 0; i-- {
		d := 0.5 * trGamma * (times[i] - times[i-1])
		b := make([]float64, len(x))
		m.DiffusionTo(b, x, times[i-1], times[i])
		a := NewTridiagonal(len(x))
		l.grid.implicit(a, 0, len(x)-1, b, 0, 0, d, false, false)
		var lu Factors
		lu.Factor(a)
		lu.reflectTo(next, v)
		c := column{v: next, old: v}
		c.backward()
		lu.SolveTo(v, next)
	}
	backward := v[f.nodeIn(x)]
	if math.Abs(forward-backward) > 1e-12*backward {
		t.Errorf("forward %.17g, backward %.17g", forward, backward)
	}
}

// The surface of a local volatility comes back from one pass.
func TestGoldenLocalVolForward(t *testing.T) {
	worst := 0.0
	golden.Run(t, "local_vol", func(t *testing.T, c golden.Case) {
		if !c.Has("ssvi") {
			return
		}
		_, m := readSSVI(t, c)
		var points []struct {
			T, Strike float64
			BlackVol  float64 `json:"black_vol"`
		}
		c.Expected(t, "points", &points)
		in, dst := make([]pricing.Instrument, len(points)), make([]pricing.Result, len(points))
		for i, p := range points {
			in[i] = pricing.Vanilla{Right: pricing.Put, Strike: p.Strike, Expiry: p.T}
			if p.Strike > m.Forward(p.T) {
				in[i] = pricing.Vanilla{Right: pricing.Call, Strike: p.Strike, Expiry: p.T}
			}
		}
		if err := (FokkerPlanck{}).PriceStrip(ctx, dst, in, m); err != nil {
			t.Fatal(err)
		}
		for i, p := range points {
			vol, err := black.ImpliedVol(black.Quote{Right: in[i].(pricing.Vanilla).Right, Price: dst[i].Value, Forward: m.Forward(p.T), Strike: p.Strike,
				Tau: p.T, Discount: m.DiscountFactor(p.T)})
			off := math.Abs(vol - p.BlackVol)
			worst = math.Max(worst, off)
			if err != nil || off > 3e-4 {
				t.Errorf("strike %g, %g years: volatility %.6f, want %.6f, %v", p.Strike, p.T, vol, p.BlackVol, err)
			}
		}
	})
	t.Logf("worst error %.2g of volatility", worst)
}

func TestForwardRefuses(t *testing.T) {
	m := flatWorld(100, 0.05, 0, 0.2)
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	for _, c := range []struct {
		e     FokkerPlanck
		in    pricing.Instrument
		m     pricing.Model
		field string
	}{
		{FokkerPlanck{SpaceSteps: 2}, call, m, "SpaceSteps"},
		{FokkerPlanck{TimeSteps: -2}, call, m, "TimeSteps"},
		{FokkerPlanck{Width: math.NaN()}, call, m, "Width"},
		{FokkerPlanck{}, pricing.Vanilla{Right: pricing.Call, Strike: -1, Expiry: 1}, m, "Strike"},
		{FokkerPlanck{}, call, flatWorld(0, 0, 0, 0.2), "Spot"},
		{FokkerPlanck{}, call, kou, "model"},
		{FokkerPlanck{}, call, flatWorld(100, 0, 0, 0), "diffusion coefficient at the spot, 100"},
	} {
		_, err := c.e.Price(ctx, c.in, c.m)
		var arg *pricing.ArgError
		if !errors.As(err, &arg) || arg.Arg != c.field {
			t.Errorf("%+v, %+v: %v, want an ArgError on %s", c.e, c.in, err, c.field)
		}
	}
	if _, err := (FokkerPlanck{}).Price(ctx, pricing.American(call), m); !errors.Is(err, pricing.ErrUnsupported) {
		t.Errorf("American: %v", err)
	}
	if _, err := (FokkerPlanck{}).Run(ctx, m, 0, nil); !errors.Is(err, pricing.ErrDomain) {
		t.Errorf("horizon zero: %v", err)
	}
	dst := make([]pricing.Result, 2)
	err := FokkerPlanck{}.PriceStrip(ctx, dst, []pricing.Instrument{pricing.American(call), call}, m)
	if !errors.Is(err, pricing.ErrUnsupported) || dst[0].Has != 0 || dst[1].Has == 0 {
		t.Errorf("a strip with one American option: %v, %+v", err, dst)
	}
	dead, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := (FokkerPlanck{}).Price(dead, call, m); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func BenchmarkForwardStrip(b *testing.B) {
	var in []pricing.Instrument
	for _, expiry := range []float64{0.1, 0.25, 0.5, 1} {
		for strike := 50.; strike < 150; strike++ {
			in = append(in, pricing.Vanilla{Right: pricing.Call, Strike: strike, Expiry: expiry})
		}
	}
	dst := make([]pricing.Result, len(in))
	m := flatWorld(100, 0.05, 0.02, 0.25)
	b.ReportAllocs()
	for b.Loop() {
		if err := (FokkerPlanck{}).PriceStrip(ctx, dst, in, m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(in)), "ns/option")
}
