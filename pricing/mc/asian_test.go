package mc

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

func asianOf(t *testing.T, c golden.Case, dates []float64, geometric bool) (asian, model.BlackScholes) {
	t.Helper()
	m := flatWorld(c.Float(t, "spot"), c.Float(t, "rate"), c.Float(t, "dividend_yield"), c.Float(t, "vol"))
	return asian{right(t, c), c.Float(t, "strike"), dates, geometric}, m
}

// Discrete averages, arithmetic against a quasi-Monte-Carlo of QuantLib within its own error, geometric against the closed form.
func TestGoldenAsian(t *testing.T) {
	golden.Run(t, "asian", func(t *testing.T, c golden.Case) {
		kind := c.Text(t, "kind")
		if kind != "arithmetic_discrete" && kind != "geometric_discrete" {
			return
		}
		var dates []float64
		c.Input(t, "fixing_t", &dates)
		in, m := asianOf(t, c, dates, kind == "geometric_discrete")
		e := Engine{Paths: 1 << 15, Source: Sobol{}}
		if !in.geometric {
			e.Controls = []Control{geometricControl(t, in, m)}
		}
		r := run(t, e, in, m)
		var want float64
		c.Expected(t, "price", &want)
		if in.geometric {
			within(t, c.ID, r.Result, want, 4, 2e-4*m.Spot)
			return
		}
		if !(r.StdErr < 2e-5*m.Spot) {
			t.Errorf("standard error %g", r.StdErr)
		}
		c.Check(t, "price", r.Value)
	})
}

func geometricControl(t testing.TB, a asian, m model.BlackScholes) Control {
	t.Helper()
	c, err := GeometricControl(a.Average(), m)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGeometricControl(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	for _, a := range []pricing.Average{
		{Right: pricing.Call, Strike: 95, Dates: weekly(20, 1)}, {Right: pricing.Put, Strike: 105, Dates: []float64{0, 0.2, 0.9}},
		{Right: pricing.Call, Floating: true, Dates: weekly(12, 2)}, {Right: pricing.Put, Floating: true, Dates: []float64{0.5, 0.75, 1}},
		{Right: pricing.Call, Strike: 90, Dates: []float64{0}},
	} {
		c, err := GeometricControl(a, m)
		if err != nil {
			t.Fatal(err)
		}
		r := run(t, Engine{Paths: 1 << 15, Source: Sobol{}}, c.Instrument, m)
		if off := math.Abs(r.Value - c.Value); off > 4*r.StdErr+1e-11 || r.StdErr > 0.01 {
			t.Errorf("%+v: %g ± %g, want %g", a, r.Value, r.StdErr, c.Value)
		}
	}
	paying := m
	paying.Dividends = []model.Dividend{{Time: 0.5, Cash: 1}}
	good := pricing.Average{Right: pricing.Call, Strike: 95, Dates: weekly(20, 1)}
	for i, c := range []struct {
		a pricing.Average
		m model.BlackScholes
	}{
		{pricing.Average{Strike: 95, Dates: weekly(2, 1)}, m}, {pricing.Average{Right: pricing.Call, Dates: weekly(2, 1)}, m},
		{pricing.Average{Right: pricing.Call, Strike: 95}, m}, {good, paying}, {good, m.WithVol(model.VolFunc(func(k, _ float64) float64 { return 20 / k }))},
	} {
		if _, err := GeometricControl(c.a, c.m); !errors.Is(err, pricing.ErrDomain) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if _, err := AssetControl(m, -1); !errors.Is(err, pricing.ErrDomain) {
		t.Error(err)
	}
}

// The closed form of the geometric control is that of the references.
func TestGoldenGeometricControl(t *testing.T) {
	n := 0
	check := func(t *testing.T, c golden.Case, name string, a pricing.Average, m model.BlackScholes) {
		control, err := GeometricControl(a, m)
		if err != nil {
			t.Fatal(err)
		}
		c.Check(t, name, control.Value)
		n++
	}
	golden.Run(t, "asian", func(t *testing.T, c golden.Case) {
		if c.Text(t, "kind") != "geometric_discrete" {
			return
		}
		var dates []float64
		c.Input(t, "fixing_t", &dates)
		m := flatWorld(c.Float(t, "spot"), c.Float(t, "rate"), c.Float(t, "dividend_yield"), c.Float(t, "vol"))
		check(t, c, "price", pricing.Average{Right: right(t, c), Strike: c.Float(t, "strike"), Dates: dates}, m)
	})
	golden.Run(t, "papers/asian_geometric", func(t *testing.T, c golden.Case) {
		var fixings int
		if json.Unmarshal(raw(t, c, "fixings"), &fixings) != nil {
			return // continuous
		}
		m := flatWorld(c.Float(t, "spot"), c.Float(t, "rate_cc"), c.Float(t, "div_cc"), c.Float(t, "vol"))
		a := pricing.Average{Strike: c.Float(t, "strike"), Dates: weekly(fixings, c.Float(t, "T_years"))}
		a.Right = pricing.Call
		check(t, c, "call", a, m)
		a.Right = pricing.Put
		check(t, c, "put", a, m)
	})
	if n < 10 {
		t.Errorf("%d cases", n)
	}
}

func raw(t *testing.T, c golden.Case, name string) json.RawMessage {
	t.Helper()
	var r json.RawMessage
	c.Input(t, name, &r)
	return r
}

// Continuous averages by Richardson's extrapolation of the trapezoidal rule in time, whose error is of first order, against Linetsky's
// (2004) series.
func TestGoldenContinuousAsian(t *testing.T) {
	n := 0
	golden.Run(t, "papers/asian_arithmetic_continuous", func(t *testing.T, c golden.Case) {
		if n++; n > 7 && !slow {
			return
		}
		m := flatWorld(c.Float(t, "spot"), c.Float(t, "rate_cc"), c.FloatOr(t, "div_cc", 0), c.Float(t, "vol"))
		expiry := c.Float(t, "T_years")
		value := func(steps int) pricing.Result {
			in := trapezoid{pricing.Vanilla{Right: pricing.Call, Strike: c.Float(t, "strike"), Expiry: expiry}, append([]float64{0}, weekly(steps, expiry)...)}
			paths := 1 << 14
			if slow {
				paths = 1 << 17
			}
			return run(t, Engine{Paths: paths, Source: Sobol{}}, in, m).Result
		}
		var want float64
		c.Expected(t, "call", &want)
		fine, coarse := value(64), value(32)
		r := pricing.Result{Value: 2*fine.Value - coarse.Value, StdErr: math.Hypot(2*fine.StdErr, coarse.StdErr)}
		within(t, c.ID, r, want, 4, 4e-3*m.Spot)
	})
}

// trapezoid pays on the integral of the price by the trapezoidal rule at equal dates.
type trapezoid struct {
	pricing.Vanilla
	dates []float64
}

func (o trapezoid) Assets() int             { return 1 }
func (o trapezoid) Observations() []float64 { return o.dates }
func (o trapezoid) PresentValueTo(dst []float64, p *pricing.Paths) {
	last := len(o.dates) - 1
	clear(dst)
	for i := range o.dates {
		w := 1 / float64(last)
		if i == 0 || i == last {
			w *= 0.5
		}
		for j, s := range p.At(i, 0) {
			dst[j] += w * s
		}
	}
	o.Right.PayoffTo(dst, dst, o.Strike)
	p.DiscountTo(dst, last)
}

// The error of randomised quasi-Monte-Carlo falls faster than the root of the paths, that of plain Monte Carlo like their root.
func TestSlopes(t *testing.T) {
	statistical(t)
	m := flatWorld(100, 0.05, 0.02, 0.25)
	in := asian{pricing.Call, 100, weekly(16, 1), true}
	want := geometricValue(t, in, m)
	for _, c := range []struct {
		name      string
		e         Engine
		low, high float64
	}{
		{"plain", Engine{}, 0.35, 0.65},
		{"Sobol, bridge", Engine{Source: Sobol{Replications: 32}}, 0.65, 1.6},
		{"Sobol, principal components", Engine{Source: Sobol{Replications: 32}, Construction: PCA}, 0.8, 1.6},
	} {
		var errs []float64
		for p := 12; p <= 18; p++ {
			c.e.Paths = 1 << p
			r := run(t, c.e, in, m)
			if math.Abs(r.Value-want) > 4*r.StdErr {
				t.Errorf("%s, 2^%d: %g ± %g, want %g", c.name, p, r.Value, r.StdErr, want)
			}
			errs = append(errs, r.StdErr)
		}
		o := order(errs)
		t.Logf("%s: errors fall like paths^-%.2f, to %.2g", c.name, o, errs[len(errs)-1])
		if !(o > c.low && o < c.high) {
			t.Errorf("%s: errors %.2g fall like paths^-%.2f, want within %g and %g", c.name, errs, o, c.low, c.high)
		}
	}
}
