package exotics_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/volgaquant/volga/exotics"
	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fd"
	"github.com/volgaquant/volga/pricing/mc"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

var ctx = context.Background()

// alike returns n independent lognormal assets that are alike.
func alike(n int, spot, rate, yield, vol float64) model.Assets {
	m := model.Assets{Discount: curve.Flat(rate)}
	for range n {
		m.Each = append(m.Each, model.Asset{Spot: spot, Carry: curve.Flat(yield), Vol: model.FlatVol(vol)})
	}
	return m
}

func ones(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	return w
}

func dates(n int, last float64) []float64 {
	d := make([]float64, n)
	for i := range d {
		d[i] = last * float64(i+1) / float64(n)
	}
	return d
}

// pair reads a case of two assets as a contract and a model.
func pair(t *testing.T, c golden.Case) (exotics.Basket, model.Assets, bool) {
	kind := c.Text(t, "kind")
	b := exotics.Basket{Right: pricing.Call, Weights: []float64{1, 1}, Expiry: c.Float(t, "t")}
	rate := c.Float(t, "rate")
	rho := c.Float(t, "correlation")
	m := model.Assets{Discount: curve.Flat(rate), Correlation: [][]float64{{1, rho}, {rho, 1}}}
	asset := func(i string) model.Asset {
		vol := model.FlatVol(c.Float(t, "vol"+i))
		if kind == "spread_exact" {
			return model.Asset{Spot: c.Float(t, "forward"+i), Carry: curve.Flat(rate), Vol: vol}
		}
		return model.Asset{Spot: c.Float(t, "spot"+i), Carry: curve.Flat(c.Float(t, "dividend_yield"+i)), Vol: vol}
	}
	switch kind {
	case "basket_min":
		b.On = exotics.Worst
	case "basket_max":
		b.On = exotics.Best
	case "exchange_margrabe":
		b.Weights = []float64{c.Float(t, "quantity1"), -c.Float(t, "quantity2")}
	case "spread_exact":
		b.Weights = []float64{1, -1}
	default:
		return b, m, false
	}
	if kind != "exchange_margrabe" {
		var err error
		if b.Right, err = pricing.ParseRight(c.Text(t, "type")); err != nil {
			t.Fatal(err)
		}
		b.Strike = c.Float(t, "strike")
	}
	m.Each = []model.Asset{asset("1"), asset("2")}
	return b, m, true
}

// Options on two assets by simulation and by finite differences against quadrature.
func TestGoldenTwoAssets(t *testing.T) {
	n := 0
	golden.Run(t, "multi_asset", func(t *testing.T, c golden.Case) {
		if kind := c.Text(t, "kind"); kind == "quanto" || kind == "spread_kirk" || kind == "two_asset_correlation" {
			return
		}
		b, m, ok := pair(t, c)
		if !ok {
			return
		}
		n++
		var want float64
		c.Expected(t, "price", &want)
		scale := m.Each[0].Spot*math.Abs(b.Weights[0]) + m.Each[1].Spot*math.Abs(b.Weights[1])
		r, err := mc.Engine{Paths: 1 << 14, Source: mc.Sobol{}}.Price(ctx, b, m)
		if off := math.Abs(r.Value - want); err != nil || off > 4*r.StdErr+1e-6*scale || r.StdErr > 4e-4*scale {
			t.Errorf("simulation: %.8g ± %.2g, want %.8g, %v", r.Value, r.StdErr, want, err)
		}
		r, err = fd.ADI{}.Price(ctx, b, m)
		if off := math.Abs(r.Value - want); err != nil || off > 2e-4*scale {
			t.Errorf("finite differences: %.8g, want %.8g, off by %.2g of the prices, %v", r.Value, want, off/scale, err)
		}
	})
	if n < 40 {
		t.Errorf("%d cases", n)
	}
}

// An option on the best of two that may be exercised early, by three methods.
func TestBestOfTwoAgrees(t *testing.T) {
	m := alike(2, 100, 0.05, 0.1, 0.2)
	m.Each[1].Vol, m.Each[1].Spot = model.FlatVol(0.3), 95
	m.Correlation = [][]float64{{1, 0.3}, {0.3, 1}}
	for _, in := range []exotics.EarlyBasket{
		{Basket: exotics.Basket{Right: pricing.Call, On: exotics.Best, Weights: ones(2), Strike: 100, Expiry: 2}, Dates: dates(6, 2)},
		{Basket: exotics.Basket{Right: pricing.Put, On: exotics.Worst, Weights: []float64{1, 1.05}, Strike: 100, Expiry: 1}, Dates: dates(4, 1)},
		{Basket: exotics.Basket{Right: pricing.Put, Weights: []float64{0.5, 0.5}, Strike: 100, Expiry: 1}, Dates: dates(4, 1)},
		{Basket: exotics.Basket{Right: pricing.Call, Weights: []float64{1, -1}, Strike: 2, Expiry: 1}, Dates: dates(4, 1)},
	} {
		name := fmt.Sprintf("%v on the %v", in.Right, in.On)
		grid, err := fd.ADI{}.Price(ctx, in, m)
		if err != nil {
			t.Fatal(name, err)
		}
		r, err := mc.LongstaffSchwartz{Engine: mc.Engine{Paths: 1 << 17, Source: mc.Antithetic{}}}.Run(ctx, in, m)
		if err != nil {
			t.Fatal(name, err)
		}
		if off := r.Value - grid.Value; off > 3.5*r.StdErr+5e-4*grid.Value || -off > 4e-3*grid.Value+3.5*r.StdErr {
			t.Errorf("%s: regression gives %.6g ± %.2g, finite differences %.6g", name, r.Value, r.StdErr, grid.Value)
		}
		european, err := fd.ADI{}.Price(ctx, in.Basket, m)
		if err != nil || !(grid.Value > european.Value*(1-1e-4)) {
			t.Errorf("%s: %g with early exercise, %g without, %v", name, grid.Value, european.Value, err)
		}
	}
}

func TestBasketRefuses(t *testing.T) {
	good := exotics.Basket{Right: pricing.Call, On: exotics.Best, Weights: ones(2), Strike: 100, Expiry: 1}
	with := func(change func(*exotics.Basket)) exotics.Basket {
		b := good
		b.Weights = ones(2)
		change(&b)
		return b
	}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		field string
		in    pricing.Instrument
	}{
		{"Right", with(func(b *exotics.Basket) { b.Right = 0 })},
		{"On", with(func(b *exotics.Basket) { b.On = 7 })},
		{"Weights", with(func(b *exotics.Basket) { b.Weights = nil })},
		{"Weights[1]", with(func(b *exotics.Basket) { b.Weights[1] = -1 })},
		{"Weights[0]", with(func(b *exotics.Basket) { b.On = exotics.Sum; b.Weights[0] = math.NaN() })},
		{"Strike", with(func(b *exotics.Basket) { b.Strike = math.NaN() })},
		{"Expiry", with(func(b *exotics.Basket) { b.Expiry = -1 })},
		{"Dates", exotics.EarlyBasket{Basket: good, Dates: []float64{}}},
		{"Dates[1]", exotics.EarlyBasket{Basket: good, Dates: []float64{0.5, 0.5, 1}}},
		{"Dates[0]", exotics.EarlyBasket{Basket: good, Dates: []float64{math.NaN()}}},
		{"Dates[0]", exotics.EarlyBasket{Basket: good, Dates: []float64{0.5}}},
	} {
		var arg *pricing.ArgError
		if err := c.in.Validate(); !errors.As(err, &arg) || arg.Arg != c.field {
			t.Errorf("%s: %v", c.field, err)
		}
	}
	three := exotics.EarlyBasket{Basket: with(func(b *exotics.Basket) { b.Weights = ones(3) })}
	if r, err := (fd.ADI{}).Price(ctx, three, alike(2, 100, 0, 0, 0.2)); err == nil {
		t.Errorf("an option on three assets under a model of two: %+v", r)
	}
	if _, err := (mc.LongstaffSchwartz{}).Price(ctx, three, alike(2, 100, 0, 0, 0.2)); !errors.Is(err, pricing.ErrUnsupported) {
		t.Error(err)
	}
	if _, err := (mc.Engine{}).Price(ctx, three, alike(3, 100, 0, 0, 0.2)); !errors.Is(err, pricing.ErrUnsupported) {
		t.Error(err)
	}
}

// Two paths of prices of three assets, by hand.
func TestBasketPays(t *testing.T) {
	p := &pricing.Paths{Times: []float64{1}, Assets: 3, Discount: []float64{0.5}, Spot: [][]float64{{90, 100}, {120, 80}, {60, 130}}}
	for _, c := range []struct {
		name  string
		in    exotics.Basket
		want  [2]float64
		state [][2]float64
	}{
		{"call on the best", exotics.Basket{Right: pricing.Call, On: exotics.Best, Weights: []float64{1, 1, 2}, Strike: 100}, [2]float64{10, 80},
			[][2]float64{{120, 260}, {120, 100}, {90, 80}}},
		{"put on the worst", exotics.Basket{Right: pricing.Put, On: exotics.Worst, Weights: []float64{1, 1, 1}, Strike: 100}, [2]float64{20, 10},
			[][2]float64{{-60, -80}, {-90, -100}, {-120, -130}}},
		{"call on the sum", exotics.Basket{Right: pricing.Call, Weights: []float64{1, -1, 1}, Strike: -10}, [2]float64{20, 80},
			[][2]float64{{90, 100}, {120, 80}, {60, 130}}},
	} {
		c.in.Expiry = 1
		got := []float64{math.NaN(), math.NaN()}
		c.in.PresentValueTo(got, p)
		if got[0] != c.want[0] || got[1] != c.want[1] {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		early := exotics.EarlyBasket{Basket: c.in}
		state := make([][]float64, early.States())
		for v := range state {
			state[v] = make([]float64, 2)
		}
		early.StatesTo(state, 0, p)
		if len(state) != len(c.state) {
			t.Fatalf("%s: %d variables", c.name, len(state))
		}
		for v := range state {
			if state[v][0] != c.state[v][0] || state[v][1] != c.state[v][1] {
				t.Errorf("%s: variable %d is %v, want %v", c.name, v, state[v], c.state[v])
			}
		}
		if n := testing.AllocsPerRun(10, func() {
			early.StatesTo(state, 0, p)
			early.ExerciseTo(got, 0, p)
		}); n > 0 {
			t.Errorf("%s allocates %g times", c.name, n)
		}
	}
}
