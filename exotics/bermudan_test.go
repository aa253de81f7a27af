package exotics_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"testing"

	"github.com/volgaquant/volga/exotics"
	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fd"
	"github.com/volgaquant/volga/pricing/mc"
)

// Calls on the best of several assets after Broadie and Glasserman (2004), between bounds that are within 0.5% of each other. Those on
// five and ten are held to the intervals of Broadie and Cao (2008) and the values of Becker, Cheridito and Jentzen (2019) as they are
// remembered: what makes these trustworthy is that the bounds hold them.
func TestGoldenMaxCall(t *testing.T) {
	slow := os.Getenv("VOLGA_SLOW") != ""
	cases, err := golden.Load("papers/bermudan_maxcall")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T, c golden.Case) {
		n, spot := int(c.Float(t, "assets")), c.Float(t, "spot_each")
		if !slow && (n > 5 || spot != 100 && n != 2) {
			return
		}
		m := alike(n, spot, c.Float(t, "rate_cc"), c.Float(t, "div_cc"), c.Float(t, "vol"))
		years := c.Float(t, "T_years")
		in := exotics.EarlyBasket{
			Basket: exotics.Basket{Right: pricing.Call, On: exotics.Best, Weights: ones(n), Strike: c.Float(t, "strike"), Expiry: years},
			Dates:  dates(int(c.Float(t, "exercise_dates")), years),
		}
		var want, margin float64
		switch {
		case c.Wants("price"):
			c.Expected(t, "price", &want)
		case n == 5:
			var low, high float64
			c.Expected(t, "interval_low", &low)
			c.Expected(t, "interval_high", &high)
			want, margin = 0.5*(low+high), 0.5*(high-low)
		default:
			c.Expected(t, "point", &want)
			margin = 2e-3 * want // known to be near it, not how near
		}
		e := mc.LongstaffSchwartz{Engine: mc.Engine{Paths: 1 << 17, Source: mc.Antithetic{}}, Upper: mc.Upper{Outer: 512, Inner: 512}}
		b, err := e.Bounds(ctx, in, m)
		if err != nil {
			t.Fatal(err)
		}
		if low := b.Lower.Value - 3*b.Lower.StdErr; low > want+margin {
			t.Errorf("lower bound %.5g ± %.2g, want at most %.6g", b.Lower.Value, b.Lower.StdErr, want)
		}
		if high := b.Upper.Value + 3*b.Upper.StdErr; high < want-margin {
			t.Errorf("upper bound %.5g ± %.2g, want at least %.6g", b.Upper.Value, b.Upper.StdErr, want)
		}
		if gap := b.Upper.Value - b.Lower.Value; gap > 5e-3*want || gap < -3*b.Upper.StdErr {
			t.Errorf("bounds %.6g and %.6g, %.2g of the value apart", b.Lower.Value, b.Upper.Value, gap/want)
		}
		if n == 2 {
			r, err := fd.ADI{}.Price(ctx, in, m)
			if err != nil || math.Abs(r.Value-want) > 5e-4*want {
				t.Errorf("finite differences: %.6g, want %.6g, %v", r.Value, want, err)
			}
		}
		t.Logf("%.5g ± %.2g to %.5g ± %.2g, want %.6g", b.Lower.Value, b.Lower.StdErr, b.Upper.Value, b.Upper.StdErr, want)
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) { check(t, c) })
	}
}

// A call on the best of two assets that may be exercised on nine dates in three years; a lattice gives 13.902.
func ExampleEarlyBasket() {
	m := alike(2, 100, 0.05, 0.10, 0.2)
	in := exotics.EarlyBasket{
		Basket: exotics.Basket{Right: pricing.Call, On: exotics.Best, Weights: []float64{1, 1}, Strike: 100, Expiry: 3},
		Dates:  dates(9, 3),
	}
	b, err := mc.LongstaffSchwartz{Engine: mc.Engine{Source: mc.Antithetic{}}}.Bounds(ctx, in, m)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("within the interval:", b.Interval[0] < 13.902 && 13.902 < b.Interval[1])
	fmt.Println("bounds within 0.5%:", b.Upper.Value/b.Lower.Value < 1.005)

	grid, err := fd.ADI{}.Price(ctx, in, m)
	fmt.Printf("%.1f %v\n", grid.Value, err)
	// Output:
	// within the interval: true
	// bounds within 0.5%: true
	// 13.9 <nil>
}

// Both bounds of a call on the best of five assets, nine dates.
func BenchmarkMaxCall5(b *testing.B) {
	m := alike(5, 100, 0.05, 0.10, 0.2)
	in := exotics.EarlyBasket{Basket: exotics.Basket{Right: pricing.Call, On: exotics.Best, Weights: ones(5), Strike: 100, Expiry: 3}, Dates: dates(9, 3)}
	e := mc.LongstaffSchwartz{Engine: mc.Engine{Paths: 1 << 17, Source: mc.Antithetic{}, Workers: 1}, Upper: mc.Upper{Outer: 512, Inner: 512}}
	var r mc.Bounds
	for b.Loop() {
		var err error
		if r, err = e.Bounds(ctx, in, m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/price")
	b.ReportMetric(1e4*(r.Upper.Value/r.Lower.Value-1), "gap-bp")
}
