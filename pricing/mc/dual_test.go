package mc

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// between fails the test if the bounds do not hold the value within chance, or are further apart than a fraction of it.
func between(t testing.TB, name string, b Bounds, want, apart float64) {
	t.Helper()
	const errors = 3.5
	if b.Lower.Value-errors*b.Lower.StdErr > want || b.Upper.Value+errors*b.Upper.StdErr < want {
		t.Errorf("%s: %.6g ± %.2g to %.6g ± %.2g, want around %.6g", name, b.Lower.Value, b.Lower.StdErr, b.Upper.Value, b.Upper.StdErr, want)
	}
	if gap := b.Upper.Value - b.Lower.Value; gap > apart*want {
		t.Errorf("%s: bounds %.6g and %.6g are %.2g of the value apart", name, b.Lower.Value, b.Upper.Value, gap/want)
	}
	if !(b.Interval[0] <= b.Lower.Value && b.Upper.Value <= b.Interval[1]) {
		t.Errorf("%s: interval %v", name, b.Interval)
	}
}

func bounds(t testing.TB, e LongstaffSchwartz, in pricing.Instrument, m pricing.Model) Bounds {
	t.Helper()
	b, err := e.Bounds(ctx, in, m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBoundsHoldTheValue(t *testing.T) {
	market := model.Market{Spot: 100, Discount: curve.Flat(0.08)}
	in := pricing.Bermudan{Right: pricing.Put, Strike: 105, Dates: weekly(4, 1)}
	for _, m := range []pricing.Model{
		flatWorld(100, 0.08, 0, 0.25),
		model.Merton{Market: market, Sigma: 0.2, Jumps: model.Jumps{Lambda: 0.8, MuJ: -0.1, SigmaJ: 0.2}},
		model.VarianceGamma{Market: market, Sigma: 0.2, Nu: 0.1, Theta: -0.2},
	} {
		want := exact(t, fourier.COS{}, in, m)
		for _, u := range []Upper{{Outer: 256, Inner: 256}, {Dual: HaughKogan, Outer: 256, Inner: 256}, {Outer: 128, Inner: 256, NoControl: true}} {
			e := LongstaffSchwartz{Engine: Engine{Paths: 1 << 15, Source: Antithetic{}}, Fit: 1 << 13, Upper: u}
			between(t, fmt.Sprintf("%T, %v", m, u.Dual), bounds(t, e, in, m), want, 0.012)
		}
	}
}

// The noise of the inner paths raises the upper bound.
func TestInnerPathsTighten(t *testing.T) {
	m := flatWorld(100, 0.08, 0, 0.25)
	in := pricing.Bermudan{Right: pricing.Put, Strike: 105, Dates: weekly(4, 1)}
	last := math.Inf(1)
	for _, n := range []int{4, 32, 512} {
		e := LongstaffSchwartz{Engine: Engine{Paths: 1 << 12}, Fit: 1 << 12, Upper: Upper{Outer: 512, Inner: n, NoControl: true}}
		b := bounds(t, e, in, m)
		if gap := b.Upper.Value - b.Lower.Value; gap > 0.7*last {
			t.Errorf("%d inner paths: bounds are %g apart, with fewer %g", n, gap, last)
		} else {
			last = gap
		}
	}
}

func TestBoundsHestonAmerican(t *testing.T) {
	golden.Run(t, "papers/heston_american_barrier", func(t *testing.T, c golden.Case) {
		if c.ID != "ihf1_am_v0.04_S100" && c.ID != "ikonen_v0.25_S9" && !slow || c.Text(t, "exercise") != "American" {
			return
		}
		m := model.Heston{
			Market: model.Market{Spot: c.Float(t, "spot"), Discount: curve.Flat(c.Float(t, "rate_cc")), Carry: curve.Flat(c.Float(t, "div_cc"))},
			V0:     c.Float(t, "v0"), Kappa: c.Float(t, "kappa"), Theta: c.Float(t, "theta"), Sigma: c.Float(t, "vol_of_vol"), Rho: c.Float(t, "rho"),
		}
		in := pricing.American{Right: pricing.Put, Strike: c.Float(t, "strike"), Expiry: c.Float(t, "T_years")}
		var want float64
		c.Expected(t, "price", &want)
		fit, outer := 1<<15, 100
		if slow { // the cheap options too, where so few outer paths leave too much noise
			fit, outer = 1<<17, 512
		}
		e := LongstaffSchwartz{Engine: Engine{Paths: 1 << 15, Source: Antithetic{}}, Fit: fit, Dates: 20, Upper: Upper{Outer: outer, Inner: 512}}
		b := bounds(t, e, in, m)
		// Twenty dates are worth up to 0.5% less than exercise at any time.
		if b.Lower.Value-3.5*b.Lower.StdErr > want*(1+1e-12) || b.Upper.Value+3.5*b.Upper.StdErr < want*(1-5e-3) || b.Upper.Value-b.Lower.Value > 0.01*want {
			t.Errorf("%.6g ± %.2g to %.6g ± %.2g, want %.6g", b.Lower.Value, b.Lower.StdErr, b.Upper.Value, b.Upper.StdErr, want)
		}
	})
}

func TestBoundsSameBits(t *testing.T) {
	m := flatWorld(100, 0.08, 0, 0.25)
	in := pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
	for _, dual := range []Dual{AndersenBroadie, HaughKogan} {
		var first Bounds
		for i, n := range []int{1, 2, 3, 16} {
			e := LongstaffSchwartz{Engine: Engine{Paths: 2000, Workers: n}, Fit: 2000, Dates: 6, Upper: Upper{Dual: dual, Outer: 60, Inner: 40}}
			b := bounds(t, e, in, m)
			if i == 0 {
				first = b
			}
			if b.Upper != first.Upper || b.Lower.Value != first.Lower.Value || b.Nested != first.Nested {
				t.Errorf("%v with %d workers: %+v, with one %+v", dual, n, b.Upper, first.Upper)
			}
		}
	}
}

func TestBoundsAtOnce(t *testing.T) {
	m := flatWorld(50, 0.10, 0, 0.1)
	in := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	for _, dual := range []Dual{AndersenBroadie, HaughKogan} {
		b := bounds(t, LongstaffSchwartz{Engine: Engine{Paths: 1000}, Fit: 1000, Upper: Upper{Dual: dual, Outer: 50, Inner: 16}}, in, m)
		if !b.Lower.AtOnce || b.Lower.Value != 50 || math.Abs(b.Upper.Value-50) > 0.05 {
			t.Errorf("%v: %g to %g, want 50", dual, b.Lower.Value, b.Upper.Value)
		}
	}
}

func TestBoundsRefuse(t *testing.T) {
	m := flatWorld(100, 0.05, 0, 0.2)
	put := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	for _, c := range []struct {
		field string
		u     Upper
	}{{"Upper.Dual", Upper{Dual: 5}}, {"Upper.Outer", Upper{Outer: -1}}, {"Upper.Outer", Upper{Outer: 1}}, {"Upper.Inner", Upper{Inner: -2}}, {"Upper.Inner", Upper{Inner: 2}}} {
		var arg *pricing.ArgError
		if _, err := (LongstaffSchwartz{Upper: c.u}).Bounds(ctx, put, m); !errors.As(err, &arg) || arg.Arg != c.field {
			t.Errorf("%s: %v", c.field, err)
		}
	}
	rough := model.RoughHeston{Market: model.Market{Spot: 100}, H: 0.2, V0: 0.04, Theta: 0.04, Lambda: 1, Nu: 0.3, Rho: -0.5}
	small := LongstaffSchwartz{Engine: Engine{Paths: 256}, Fit: 256, Dates: 2}
	if _, err := small.Price(ctx, put, rough); err != nil {
		t.Error(err)
	}
	if _, err := small.Bounds(ctx, put, rough); !errors.Is(err, pricing.ErrUnsupported) {
		t.Error(err)
	}
	if _, err := small.Bounds(ctx, pricing.Vanilla{Right: pricing.Put, Strike: 100, Expiry: 1}, m); !errors.Is(err, pricing.ErrUnsupported) {
		t.Error(err)
	}
	late, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	if _, err := (LongstaffSchwartz{Engine: Engine{Paths: 1000}, Fit: 1000, Upper: Upper{Inner: 1 << 18}}).Bounds(late, put, m); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// averaging is a call on the average of the prices up to exercise, which may be had at any date but the first.
type averaging struct {
	strike float64
	dates  []float64
}

func (o averaging) Validate() error          { return nil }
func (o averaging) Assets() int              { return 1 }
func (o averaging) Observations() []float64  { return o.dates }
func (o averaging) ExerciseDates() []float64 { return o.dates[1:] }
func (o averaging) States() int              { return 2 }
func (o averaging) averageTo(dst []float64, i int, p *pricing.Paths) {
	clear(dst)
	for k := range i + 1 {
		for j, s := range p.At(k, 0) {
			dst[j] += s / float64(i+1)
		}
	}
}
func (o averaging) ExerciseTo(dst []float64, i int, p *pricing.Paths) {
	o.averageTo(dst, i, p)
	pricing.Call.PayoffTo(dst, dst, o.strike)
}
func (o averaging) StatesTo(dst [][]float64, i int, p *pricing.Paths) {
	copy(dst[0], p.At(i, 0))
	o.averageTo(dst[1], i, p)
}

// What depends on the path has bounds near each other, too, also where the model has a state of its own: inner paths know the past.
func TestBoundsAlongPaths(t *testing.T) {
	in := averaging{100, weekly(8, 1)}
	for _, m := range []pricing.Model{
		flatWorld(100, 0.06, 0.02, 0.3),
		model.Heston{Market: model.Market{Spot: 100, Discount: curve.Flat(0.06)}, V0: 0.09, Kappa: 2, Theta: 0.06, Sigma: 0.4, Rho: -0.6},
	} {
		european := asian{pricing.Call, in.strike, in.dates, false}
		floor := run(t, Engine{Source: Antithetic{}}, european, m)
		for d, apart := range map[Dual]float64{AndersenBroadie: 0.015, HaughKogan: 0.03} {
			e := LongstaffSchwartz{Engine: Engine{Paths: 1 << 15, Source: Antithetic{}}, Fit: 1 << 14, Upper: Upper{Dual: d, Outer: 128, Inner: 256}}
			b := bounds(t, e, in, m)
			if gap := b.Upper.Value - b.Lower.Value; gap > apart*b.Lower.Value || gap < -3.5*b.Upper.StdErr {
				t.Errorf("%T, %v: %.5g ± %.2g to %.5g ± %.2g", m, d, b.Lower.Value, b.Lower.StdErr, b.Upper.Value, b.Upper.StdErr)
			}
			if b.Lower.Value < floor.Value {
				t.Errorf("%T: %g with early exercise, %g without", m, b.Lower.Value, floor.Value)
			}
		}
	}
}
