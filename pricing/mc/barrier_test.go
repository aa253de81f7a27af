package mc

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// knocked is an option with barriers.
type knocked struct {
	pricing.Vanilla
	barriers []pricing.Barrier
}

func (k knocked) Barriers() []pricing.Barrier { return k.barriers }

func right(t *testing.T, c golden.Case) pricing.Right {
	t.Helper()
	r, err := pricing.ParseRight(c.Text(t, "type"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Continuous barriers against closed forms. The bridge is exact, but for the moment of a rebate.
func TestGoldenBarrier(t *testing.T) {
	statistical(t)
	golden.Run(t, "barrier", func(t *testing.T, c golden.Case) {
		kind := c.Text(t, "barrier_type")
		in := knocked{pricing.Vanilla{Right: right(t, c), Strike: c.Float(t, "strike"), Expiry: c.Float(t, "t")}, []pricing.Barrier{{
			Level: c.Float(t, "barrier"), Up: strings.HasPrefix(kind, "up"), In: strings.HasSuffix(kind, "in"), Rebate: c.FloatOr(t, "rebate", 0)}}}
		m := flatWorld(c.Float(t, "spot"), c.Float(t, "rate"), c.Float(t, "dividend_yield"), c.Float(t, "vol"))
		var want float64
		c.Expected(t, "price", &want)
		e := Engine{Paths: 1 << 13, Source: Sobol{}}
		if want < 1e-10 { // no path pays, and there is no error bar to hold the value against
			if got := run(t, e, in, m).Value; !(math.Abs(got) < 1e-8*m.Spot) {
				t.Errorf("%s: %g, want %g", c.ID, got, want)
			}
			return
		}
		if in.barriers[0].Rebate == 0 || in.barriers[0].In {
			e.Paths = 1 << 14
		}
		within(t, c.ID, run(t, e, in, m).Result, want, 4.5, 2e-3*m.Spot)
	})
}

func TestGoldenDoubleBarrier(t *testing.T) {
	golden.Run(t, "double_barrier", func(t *testing.T, c golden.Case) {
		kind := c.Text(t, "barrier_type")
		if kind != "knock_out" && kind != "knock_in" {
			t.Skip(kind)
		}
		b := pricing.Barrier{In: kind == "knock_in"}
		lower, upper := b, b
		lower.Level, upper.Level, upper.Up = c.Float(t, "barrier_low"), c.Float(t, "barrier_high"), true
		in := knocked{pricing.Vanilla{Right: right(t, c), Strike: c.Float(t, "strike"), Expiry: c.Float(t, "t")}, []pricing.Barrier{lower, upper}}
		m := flatWorld(c.Float(t, "spot"), c.Float(t, "rate"), c.Float(t, "dividend_yield"), c.Float(t, "vol"))
		var want float64
		c.Expected(t, "price", &want)
		within(t, c.ID, run(t, Engine{Paths: 1 << 14, Source: Sobol{}}, in, m).Result, want, 4.5, 2e-3*m.Spot)
	})
}

func TestGoldenDiscreteBarrier(t *testing.T) {
	statistical(t)
	golden.Run(t, "papers/barrier_discrete", func(t *testing.T, c golden.Case) {
		if !c.Wants("discrete") {
			t.Skip()
		}
		n, expiry := int(c.Float(t, "monitoring_dates")), c.Float(t, "T_years")
		kind := c.Text(t, "barrier_type")
		in := knocked{pricing.Vanilla{Right: right(t, c), Strike: c.Float(t, "strike"), Expiry: expiry}, []pricing.Barrier{{
			Level: c.Float(t, "barrier"), Up: strings.HasPrefix(kind, "up"), In: strings.HasSuffix(kind, "in"), Dates: weekly(n, expiry)}}}
		m := flatWorld(c.Float(t, "spot"), c.Float(t, "rate_cc"), c.FloatOr(t, "div_cc", 0), c.Float(t, "vol"))
		var want float64
		c.Expected(t, "discrete", &want)
		within(t, c.ID, run(t, Engine{Paths: 1 << 15, Source: Sobol{}}, in, m).Result, want, 4.5, 0.05)
	})
}

// In and out make the option without barriers, path by path.
func TestInAndOut(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	plain := run(t, Engine{Paths: 1 << 12, MaxStep: 0.1}, onLast{call, weekly(10, 1)}, m)
	for _, levels := range [][]pricing.Barrier{
		{{Level: 85}}, {{Level: 120, Up: true}}, {{Level: 85}, {Level: 125, Up: true}},
		{{Level: 85, Dates: []float64{0.3, 0.7}}}, {{Level: 85, Dates: []float64{0.5}}, {Level: 125, Up: true}},
	} {
		in := append([]pricing.Barrier(nil), levels...)
		for i := range in {
			in[i].In = true
		}
		e := Engine{Paths: 1 << 12, MaxStep: 0.1}
		a, b := run(t, e, knocked{call, levels}, m), run(t, e, knocked{call, in}, m)
		sum := a.Value + b.Value
		if levels[0].Dates != nil && levels[len(levels)-1].Dates != nil {
			if math.Abs(sum-plain.Value) > 4*plain.StdErr {
				t.Errorf("%+v: %g, want about %g", levels, sum, plain.Value)
			}
		} else if math.Abs(sum-plain.Value) > 1e-9 {
			t.Errorf("%+v: in %g and out %g make %.12g, want %.12g", levels, a.Value, b.Value, sum, plain.Value)
		}
	}
}

// Rebates alone, at maturity and at the hit.
func TestRebates(t *testing.T) {
	m := flatWorld(100, 0.1, 0, 0.25)
	none := pricing.Vanilla{Right: pricing.Call, Strike: 1e9, Expiry: 1} // pays nothing: only the rebate is left
	late := run(t, Engine{Source: Sobol{}, Paths: 1 << 14}, knocked{none, []pricing.Barrier{{Level: 90, Rebate: 10, Late: true}}}, m)
	hit := run(t, Engine{Source: Sobol{}, Paths: 1 << 14}, knocked{none, []pricing.Barrier{{Level: 90, Rebate: 10}}}, m)
	never := run(t, Engine{Source: Sobol{}, Paths: 1 << 14}, knocked{none, []pricing.Barrier{{Level: 90, Rebate: 10, In: true}}}, m)
	if math.Abs(late.Value+never.Value-10*math.Exp(-0.1)) > 1e-9 {
		t.Errorf("rebates at maturity make %g, want %g", late.Value+never.Value, 10*math.Exp(-0.1))
	}
	// The rebate at the hit is worth 10·E[e^(−rτ); τ <= 1] (Reiner and Rubinstein 1991, eq. F of Haug 2007, section 4.17.1).
	x, sigma, r := math.Log(0.9), 0.25, 0.1
	mu := (r - 0.5*sigma*sigma) / (sigma * sigma)
	lambda := math.Sqrt(mu*mu + 2*r/(sigma*sigma))
	z := x/sigma + lambda*sigma
	cdf := func(v float64) float64 { return 0.5 * math.Erfc(-v/math.Sqrt2) }
	want := 10 * (math.Exp(x*(mu+lambda))*cdf(z) + math.Exp(x*(mu-lambda))*cdf(z-2*lambda*sigma))
	within(t, "rebate at the hit", hit.Result, want, 4, 0.02)
	if !(hit.Value > late.Value) {
		t.Errorf("%g at the hit, %g at maturity", hit.Value, late.Value)
	}
}

// Under Heston the bridge is not exact, and its error is small at the default steps: fine steps agree with coarse ones.
func TestHestonBarrier(t *testing.T) {
	statistical(t)
	m := heston(0.04, 1.5, 0.06, 0.5, -0.7)
	in := knocked{pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}, []pricing.Barrier{{Level: 85}, {Level: 130, Up: true}}}
	fine := run(t, Engine{Paths: 1 << 15, MaxStep: 1.0 / 256, Seed: 1}, in, m)
	coarse := run(t, Engine{Paths: 1 << 15, Seed: 2}, in, m)
	if d := math.Hypot(fine.StdErr, coarse.StdErr); math.Abs(fine.Value-coarse.Value) > 3.5*d || d > 0.07 {
		t.Errorf("%g ± %g and %g ± %g", fine.Value, fine.StdErr, coarse.Value, coarse.StdErr)
	}
}

func TestBarrierRefuses(t *testing.T) {
	good := flatWorld(100, 0.05, 0.02, 0.2)
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	for i, c := range []struct {
		m    pricing.Model
		b    []pricing.Barrier
		want error
	}{
		{good, []pricing.Barrier{{Level: 110}}, pricing.ErrDomain},
		{good, []pricing.Barrier{{Level: 90, Up: true}}, pricing.ErrDomain},
		{good, []pricing.Barrier{{Level: -1}}, pricing.ErrDomain},
		{good, []pricing.Barrier{{Level: 80}, {Level: 90}}, pricing.ErrDomain},
		{good, []pricing.Barrier{{Level: 80}, {Level: 120, Up: true, In: true}}, pricing.ErrDomain},
		{good, []pricing.Barrier{{Level: 80, Rebate: -1}}, pricing.ErrDomain},
		{good, []pricing.Barrier{{Level: 80, Dates: []float64{0.5, 0.4}}}, pricing.ErrDomain},
		{good, []pricing.Barrier{{Level: 80, Dates: []float64{2}}}, pricing.ErrDomain},
		{model.Merton{Market: model.Market{Spot: 100}, Sigma: 0.2}, []pricing.Barrier{{Level: 80}}, pricing.ErrUnsupported},
	} {
		if _, err := (Engine{Paths: 64}).Price(ctx, knocked{call, c.b}, c.m); !errors.Is(err, c.want) {
			t.Errorf("%d: %v", i, err)
		}
	}
	r := run(t, Engine{Paths: 64}, knocked{call, []pricing.Barrier{{Level: 100, Rebate: 3}}}, good)
	if math.Abs(r.Value-3) > 1e-12 {
		t.Errorf("at the barrier: %g, want the rebate", r.Value)
	}
}
