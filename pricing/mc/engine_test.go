package mc

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/volgaquant/volga/internal/race"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

var ctx = context.Background()

func flatWorld(spot, rate, yield, vol float64) model.BlackScholes {
	return model.BlackScholes{Spot: spot, Discount: curve.Flat(rate), Carry: curve.Flat(yield), Vol: model.FlatVol(vol)}
}

// statistical skips a test of numbers under the race detector, which slows it tenfold and has nothing to find in it that the tests
// of workers do not show.
func statistical(t *testing.T) {
	t.Helper()
	if race.Enabled {
		t.Skip("a test of numbers")
	}
}

func run(t testing.TB, e Engine, in pricing.Instrument, m pricing.Model) Report {
	t.Helper()
	r, err := e.Run(ctx, in, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func exact(t testing.TB, e pricing.Engine, in pricing.Instrument, m pricing.Model) float64 {
	t.Helper()
	r, err := e.Price(ctx, in, m)
	if err != nil {
		t.Fatal(err)
	}
	return r.Value
}

// within fails the test if the value is more than so many standard errors off, or the standard error larger than most.
func within(t testing.TB, name string, r pricing.Result, want, errors, most float64) {
	t.Helper()
	if off := math.Abs(r.Value - want); !(off <= errors*r.StdErr) || !(r.StdErr <= most) {
		t.Errorf("%s: %.8g ± %.2g (%.1f standard errors off), want %.8g with a standard error of at most %.2g", name, r.Value,
			r.StdErr, off/r.StdErr, want, most)
	}
}

// asian is an option on the arithmetic or geometric mean of the prices, as a contract would state it.
type asian struct {
	right     pricing.Right
	strike    float64
	dates     []float64
	geometric bool
}

func (a asian) Validate() error         { return nil }
func (a asian) Assets() int             { return 1 }
func (a asian) Observations() []float64 { return a.dates }
func (a asian) Average() pricing.Average {
	return pricing.Average{Right: a.right, Strike: a.strike, Dates: a.dates, Geometric: a.geometric}
}

func (a asian) PresentValueTo(dst []float64, p *pricing.Paths) {
	clear(dst)
	for i := range a.dates {
		for j, s := range p.At(i, 0) {
			if a.geometric {
				s = math.Log(s)
			}
			dst[j] += s
		}
	}
	for j := range dst {
		dst[j] /= float64(len(a.dates))
		if a.geometric {
			dst[j] = math.Exp(dst[j])
		}
	}
	a.right.PayoffTo(dst, dst, a.strike)
	p.DiscountTo(dst, len(a.dates)-1)
}

func weekly(n int, expiry float64) []float64 {
	d := make([]float64, n)
	for i := range d {
		d[i] = expiry * float64(i+1) / float64(n)
	}
	return d
}

func TestVanilla(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	for _, in := range []pricing.Vanilla{
		{Right: pricing.Call, Strike: 100, Expiry: 1}, {Right: pricing.Put, Strike: 90, Expiry: 2}, {Right: pricing.Call, Strike: 130, Expiry: 0.5},
	} {
		want := exact(t, analytic.European{}, in, m)
		within(t, "Philox", run(t, Engine{Paths: 1 << 18}, in, m).Result, want, 3, 0.06)
		within(t, "Sobol", run(t, Engine{Paths: 1 << 16, Source: Sobol{}}, in, m).Result, want, 3, 2e-3)
		within(t, "Owen", run(t, Engine{Paths: 1 << 16, Source: Sobol{Scramble: OwenScramble}}, in, m).Result, want, 3, 2e-3)
		within(t, "shift", run(t, Engine{Paths: 1 << 16, Source: Sobol{Scramble: DigitalShift}}, in, m).Result, want, 3, 6e-3)
	}
}

func TestConstructionsAgree(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	in := asian{pricing.Call, 100, weekly(12, 1), true}
	want := geometricValue(t, in, m)
	for _, c := range []Construction{Incremental, Bridge, PCA} {
		within(t, c.String(), run(t, Engine{Paths: 1 << 17, Construction: c}, in, m).Result, want, 3, 0.03)
		within(t, "Sobol, "+c.String(), run(t, Engine{Paths: 1 << 16, Construction: c, Source: Sobol{}}, in, m).Result, want, 3, 6e-3)
	}
}

// geometricValue is the value of a geometric Asian option: the mean of the logarithms is normal.
func geometricValue(t testing.TB, a asian, m model.BlackScholes) float64 {
	t.Helper()
	n := float64(len(a.dates))
	sigma := m.Volatility(a.strike, 1)
	mean, variance := 0.0, 0.0
	for i, d := range a.dates {
		mean += (math.Log(m.Forward(d)) - 0.5*sigma*sigma*d) / n
		variance += sigma * sigma * d * (2*(n-float64(i)) - 1) / (n * n)
	}
	last := a.dates[len(a.dates)-1]
	f := math.Exp(mean + 0.5*variance)
	flat := model.BlackScholes{Spot: f, Vol: model.FlatVol(math.Sqrt(variance / last))}
	return m.DiscountFactor(last) * exact(t, analytic.European{}, pricing.Vanilla{Right: a.right, Strike: a.strike, Expiry: last}, flat)
}

func TestSameBitsForAnyNumberOfWorkers(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	in := asian{pricing.Call, 100, weekly(12, 1), false}
	control := Control{Instrument: pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}, Engine: analytic.European{}}
	for _, e := range []Engine{
		{Paths: 30_001}, {Paths: 30_001, Source: Sobol{}}, {Paths: 30_001, Controls: []Control{control}}, {Paths: 1 << 20, StdErr: 0.05},
	} {
		var first Report
		for i, n := range []int{1, 2, 3, 16} {
			e.Workers = n
			r := run(t, e, in, m)
			if i == 0 {
				first = r
			}
			if math.Float64bits(r.Value) != math.Float64bits(first.Value) || math.Float64bits(r.StdErr) != math.Float64bits(first.StdErr) || r.Paths != first.Paths {
				t.Errorf("%T: %d workers give %v ± %v, 1 gives %v ± %v", e.Source, n, r.Value, r.StdErr, first.Value, first.StdErr)
			}
		}
	}
}

func TestStopsAtStandardError(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	in := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	for _, s := range []Source{nil, Sobol{}} {
		r := run(t, Engine{Paths: 1 << 22, StdErr: 0.03, Source: s}, in, m)
		if !(r.StdErr <= 0.03) || !r.Reached || r.Paths >= 1<<21 {
			t.Errorf("%T: standard error %g after %d paths", s, r.StdErr, r.Paths)
		}
		r = run(t, Engine{Paths: 1 << 12, StdErr: 1e-6, Source: s}, in, m)
		if r.Reached || r.Paths != 1<<12 {
			t.Errorf("%T: reached %v after %d paths", s, r.Reached, r.Paths)
		}
	}
}

func TestCancelled(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	in := asian{pricing.Call, 100, weekly(250, 1), false}
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	r, err := Engine{Paths: 1 << 30}.Run(short, in, m)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	want := run(t, Engine{Paths: 1 << 13, Controls: []Control{geometricControl(t, in, m)}}, in, m)
	if r.Paths == 0 || r.Has&pricing.HasStdErr == 0 {
		t.Fatalf("%d paths: %v ± %v", r.Paths, r.Value, r.StdErr)
	}
	within(t, "what was computed", r.Result, want.Value, 4, 0.5)
}

// Blocks that take long are given up in the middle.
func TestCancelledInABlock(t *testing.T) {
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	in := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	start := time.Now()
	r, err := Engine{Scheme: Heston{Step: BroadieKaya}, MaxStep: 1e-4}.Run(short, in, heston(0.04, 1.5, 0.06, 0.5, -0.7))
	if !errors.Is(err, context.DeadlineExceeded) || r.Paths != 0 || r.Has != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	t.Logf("%v after the deadline", time.Since(start)-50*time.Millisecond)
}

func TestProgress(t *testing.T) {
	last := 0
	e := Engine{Paths: 100_000, Progress: func(p Progress) {
		if p.Paths <= last || p.Total != 100_000 || !(p.StdErr > 0) {
			t.Errorf("%+v after %d", p, last)
		}
		last = p.Paths
	}}
	run(t, e, pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}, flatWorld(100, 0, 0, 0.2))
	if last != 100_000 {
		t.Errorf("last told of %d paths", last)
	}
}

// hole pays NaN on the paths that end in a narrow range of prices.
type hole struct{ pricing.Vanilla }

func (h hole) PayoffTo(dst, spot []float64) {
	for i, s := range spot {
		if dst[i] = s; s > 210 {
			dst[i] = math.NaN()
		}
	}
}

func TestNaNIsReported(t *testing.T) {
	in := hole{pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}}
	var first *PathError
	for _, n := range []int{1, 3} {
		_, err := Engine{Paths: 1 << 20, Seed: 7, Workers: n}.Run(ctx, in, flatWorld(100, 0, 0, 0.2))
		var fault *PathError
		if !errors.As(err, &fault) || fault.Seed != 7 || !math.IsNaN(fault.Value) {
			t.Fatal(err)
		}
		if first == nil {
			first = fault
		}
		if fault.Path != first.Path {
			t.Errorf("path %d with %d workers, %d with one", fault.Path, n, first.Path)
		}
	}
}

func TestRefusals(t *testing.T) {
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	good := flatWorld(100, 0.05, 0.02, 0.2)
	for _, c := range []struct {
		name string
		e    Engine
		in   pricing.Instrument
		m    pricing.Model
		want error
	}{
		{"negative paths", Engine{Paths: -1}, call, good, pricing.ErrDomain},
		{"step", Engine{MaxStep: -1}, call, good, pricing.ErrDomain},
		{"construction", Engine{Construction: 9}, call, good, pricing.ErrDomain},
		{"standard error", Engine{StdErr: math.NaN()}, call, good, pricing.ErrDomain},
		{"one replication", Engine{Source: Sobol{Replications: 1}}, call, good, pricing.ErrDomain},
		{"scramble", Engine{Source: Sobol{Scramble: 5}}, call, good, pricing.ErrDomain},
		{"spot", Engine{}, call, flatWorld(-1, 0, 0, 0.2), pricing.ErrDomain},
		{"strike", Engine{}, pricing.Vanilla{Right: pricing.Call, Expiry: 1}, good, pricing.ErrDomain},
		{"vol", Engine{}, call, good.WithVol(model.FlatVol(math.NaN())), pricing.ErrDomain},
		{"no dates", Engine{}, asian{pricing.Call, 100, nil, false}, good, pricing.ErrDomain},
		{"dates out of order", Engine{}, asian{pricing.Call, 100, []float64{1, 0.5}, false}, good, pricing.ErrDomain},
		{"control without value", Engine{Controls: []Control{{Instrument: call, Value: math.NaN()}}}, call, good, pricing.ErrDomain},
		{"no control", Engine{Controls: []Control{{}}}, call, good, pricing.ErrDomain},
		{"American", Engine{}, pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}, good, pricing.ErrUnsupported},
		{"smile", Engine{}, call, good.WithVol(model.VolFunc(func(k, _ float64) float64 { return 20 / k })), pricing.ErrUnsupported},
		{"instrument", Engine{}, other{}, good, pricing.ErrUnsupported},
		{"model", Engine{}, call, other{}, pricing.ErrUnsupported},
		{"nothing", Engine{}, nil, nil, pricing.ErrUnsupported},
	} {
		if _, err := c.e.Price(ctx, c.in, c.m); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

type other struct{}

func (other) Validate() error { return nil }
