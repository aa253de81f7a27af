package model

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/rates/curve"
)

// termVol is a volatility √(w(t)/t) from a total variance.
type termVol func(t float64) float64

func (f termVol) TermVol(t float64) float64 { return math.Sqrt(f(t) / t) }
func (f termVol) Vol(_, t float64) float64  { return f.TermVol(t) }

// The variances of the steps add up to the total variance of the model, whatever the steps and whatever the curves: along
// the path of the forward the coefficient divided by growth integrates to the law at expiry.
func TestDiffusionStepsAddUp(t *testing.T) {
	w := termVol(func(t float64) float64 { return 0.04*t + 0.02*t*t })
	discount, carry := curve.Flat(0.05), curve.Flat(0.02)
	market := Market{Spot: 100, Discount: discount, Carry: carry}
	normal := termVol(func(t float64) float64 { return 400*t + 50*t*t })
	for _, c := range []struct {
		name string
		m    Diffusion
		unit func(s, t float64) float64 // what b is divided by
		want float64
	}{
		{"Black-Scholes", BlackScholes{Spot: 100, Discount: discount, Carry: carry, Vol: w}, func(s, t float64) float64 { return s }, 0.16},
		{"Displaced", Displaced{Market: market, Shift: 30, Vol: w}, func(s, t float64) float64 { return s + 30*market.Growth(t) }, 0.16},
		{"Bachelier", Bachelier{Market: market, Vol: normal}, func(s, t float64) float64 { return market.Growth(t) / market.Growth(2) }, 1000},
		{"CEV", CEV{Market: market, Sigma: 2, Beta: 0.7}, func(s, t float64) float64 { return math.Pow(s, 0.7) }, 8},
	} {
		if err := c.m.Validate(); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 7, 64} {
			sum := 0.0
			for i := range n {
				t0, t1 := 2*float64(i)/float64(n), 2*float64(i+1)/float64(n)
				b := []float64{80, 120}
				c.m.DiffusionTo(b, b, t0, t1)
				mid := 0.5 * (t0 + t1)
				x0, x1 := b[0]/c.unit(80, mid), b[1]/c.unit(120, mid)
				if math.Abs(x0-x1) > 1e-12*x0 {
					t.Errorf("%s: %g at 80 and %g at 120", c.name, x0, x1)
				}
				sum += x0 * x0 * (t1 - t0)
			}
			if math.Abs(sum-c.want) > 1e-12*c.want {
				t.Errorf("%s: %d steps have a variance of %.15g, want %g", c.name, n, sum, c.want)
			}
		}
	}
}

func TestLocalVolIsAnchored(t *testing.T) {
	m := LocalVol{Market: Market{Spot: 100, Discount: curve.Flat(0.03)},
		Variance: LocalVarianceFunc(func(k, t float64) float64 { return 0.04 * math.Exp(-k) * (1 + t) })}
	s := []float64{0, 50, 103, 200}
	b, up := make([]float64, 4), make([]float64, 4)
	m.DiffusionTo(b, s, 0.5, 1.5)
	f := 100 * math.Exp(0.03)
	for i, x := range s {
		want := 0.0
		if x > 0 {
			want = x * math.Sqrt(0.08*f/x)
		}
		if math.Abs(b[i]-want) > 1e-12*want {
			t.Errorf("b(%g) = %.15g, want %.15g", x, b[i], want)
		}
	}
	m.WithSpot(110).WithSpot(120).DiffusionTo(up, s, 0.5, 1.5)
	for i := range b {
		if b[i] != up[i] {
			t.Errorf("a move of the spot changed the volatility at %g: %g, was %g", s[i], up[i], b[i])
		}
	}
	if m.Validate() != nil || !errors.Is(LocalVol{Market: m.Market}.Validate(), pricing.ErrDomain) {
		t.Error("validation")
	}
}

func TestDiffusionOf(t *testing.T) {
	smile := VolFunc(func(k, t float64) float64 { return 0.2 })
	world := BlackScholes{Spot: 100, Vol: FlatVol(0.2), Dividends: []Dividend{{Time: 0.5, Cash: 2}}}
	if world.HasDiffusion() {
		t.Error("escrowed dividends are one diffusion for all horizons")
	}
	for _, c := range []struct {
		m     pricing.Model
		until float64
		floor float64
		want  string
	}{
		{world, 0.4, 0, ""}, {world, 0.5, 2, ""}, {world, 1, 2, ""},
		{world.WithVol(smile), 1, 0, "strike"},
		{Bachelier{Vol: smile}, 1, 0, "strike"}, {Displaced{Vol: smile}, 1, 0, "strike"},
		{Heston{}, 1, 0, "one-dimensional"}, {CEV{}, 1, 0, ""}, {LocalVol{}, 1, 0, ""},
		{Bachelier{Vol: FlatVol(1)}, 1, math.Inf(-1), ""},
	} {
		d, reason := DiffusionOf(c.m, c.until)
		if (d == nil) != (c.want != "") || !strings.Contains(reason, c.want) {
			t.Errorf("%T until %g: %v, %q", c.m, c.until, d, reason)
		} else if d != nil && d.PriceFloor(0.25) != c.floor {
			t.Errorf("%T until %g: floor %g, want %g", c.m, c.until, d.PriceFloor(0.25), c.floor)
		}
	}
	world.DividendModel = PiecewiseLognormal
	if d, _ := DiffusionOf(world, 1); !world.HasDiffusion() || d.PriceFloor(0) != 0 {
		t.Error("the spot model is not a diffusion from zero up")
	}
}

// In the escrowed world the asset less what it owes is the forward over its growth, so that the value of the forward is kept
// when a dividend is paid.
func TestEscrowedCashMakesTheForward(t *testing.T) {
	m := BlackScholes{
		Spot: 100, Discount: curve.Flat(0.05), Carry: curve.Flat(0.01), Vol: FlatVol(0.2),
		Dividends: []Dividend{{Time: 0.1, Cash: 2}, {Time: 0.3, Proportion: 0.05}, {Time: 0.6, Cash: 1, Proportion: 0.02}, {Time: 1.5, Cash: 3}},
	}
	for _, horizon := range []float64{0.05, 0.1, 0.5, 0.6, 1, 2} {
		want := m.Forward(horizon) / m.ForwardAt(horizon).DSpot
		if got := m.Spot - m.EscrowedCash(0, horizon); math.Abs(got-want) > 1e-12*want {
			t.Errorf("horizon %g: %.15g, want %.15g", horizon, got, want)
		}
	}
	const before, after = 0.1 - 1e-13, 0.1
	if fall := m.EscrowedCash(before, 1) - m.EscrowedCash(after, 1); math.Abs(fall-2) > 1e-10 {
		t.Errorf("what is owed falls by %.15g at a dividend of 2", fall)
	}
	s, b := []float64{1, 50}, make([]float64, 2)
	d, _ := DiffusionOf(m, 1)
	d.DiffusionTo(b, s, 0.1, 0.2)
	if owed := m.EscrowedCash(0.15, 1); b[0] != 0.2*max(1-owed, 0) || math.Abs(b[1]-0.2*(50-owed)) > 1e-12 {
		t.Errorf("coefficients %v with %g owed", b, owed)
	}
}

func TestDiffusionRefusesAFallingVariance(t *testing.T) {
	falling := termVol(func(t float64) float64 { return 0.04 })
	rising := termVol(func(t float64) float64 { return 0.04 * min(t, 1) })
	b := []float64{100}
	if BlackScholes.DiffusionTo(BlackScholes{Spot: 1, Vol: falling}, b, b, 0, 1); math.Abs(b[0]-20) > 1e-12 {
		t.Errorf("the first step: %g, want 20", b[0])
	}
	for _, c := range []struct {
		m    Diffusion
		want float64
	}{
		{BlackScholes{Spot: 1, Vol: rising}, 0},
		{BlackScholes{Spot: 1, Vol: termVol(func(t float64) float64 { return 0.04 / t })}, math.NaN()},
		{BlackScholes{Spot: 1, Vol: VolFunc(func(k, t float64) float64 { return 0.2 })}, math.NaN()},
		{Bachelier{Market: Market{Discount: curve.Flat(0.5)}, Vol: FlatVol(1)}, math.NaN()},
	} {
		b[0] = 100
		c.m.DiffusionTo(b, b, 1.5, 2)
		if !(b[0] == c.want || math.IsNaN(c.want) && math.IsNaN(b[0])) {
			t.Errorf("%+v: %g, want %g", c.m, b[0], c.want)
		}
	}
}

func TestDiffusionAllocatesNothing(t *testing.T) {
	market := Market{Spot: 100, Discount: curve.Flat(0.05)}
	escrowed, _ := DiffusionOf(BlackScholes{Spot: 100, Vol: FlatVol(0.2), Dividends: []Dividend{{Time: 0.5, Cash: 2}}}, 1)
	b := make([]float64, 100)
	for _, m := range []Diffusion{
		escrowed, BlackScholes{Spot: 100, Vol: FlatVol(0.2)}, Bachelier{market, FlatVol(10)}, Displaced{market, 10, FlatVol(0.2)},
		CEV{market, 2, 0.5}, LocalVol{Market: market, Variance: LocalVarianceFunc(func(k, t float64) float64 { return 0.04 })},
	} {
		if n := testing.AllocsPerRun(100, func() { m.DiffusionTo(b, b, 0.1, 0.2) }); n != 0 {
			t.Errorf("%T: %g allocations", m, n)
		}
	}
}

func TestDividendModelText(t *testing.T) {
	for _, d := range []DividendModel{Escrowed, PiecewiseLognormal} {
		text, err := d.MarshalText()
		var back DividendModel
		if err != nil || back.UnmarshalText(text) != nil || back != d {
			t.Errorf("%v did not survive its text %q", d, text)
		}
	}
	bad := BlackScholes{Spot: 100, Vol: FlatVol(0.2), DividendModel: 7}
	if _, err := bad.DividendModel.MarshalText(); !errors.Is(err, pricing.ErrDomain) || !errors.Is(bad.Validate(), pricing.ErrDomain) {
		t.Error("an unknown dividend model was accepted")
	}
	if err := new(DividendModel).UnmarshalText([]byte("spot")); !errors.Is(err, pricing.ErrDomain) {
		t.Errorf("%v", err)
	}
}

// What a closed form may take for granted: no characteristic function, and no lognormal law from the first payment on, if the asset falls
// by cash amounts.
func TestPiecewiseLognormalCapabilities(t *testing.T) {
	m := BlackScholes{Spot: 100, Vol: FlatVol(0.2), Dividends: []Dividend{{Time: 0.25, Proportion: 0.01}, {Time: 0.5, Cash: 2}}}
	if !m.HasCharFunc() || !m.IsLognormal(1) {
		t.Error("escrowed dividends leave the forward lognormal")
	}
	m.DividendModel = PiecewiseLognormal
	if m.HasCharFunc() || m.IsLognormal(0.5) || !m.IsLognormal(0.49) || m.EscrowedCash(0, 1) != 0 {
		t.Error("a price that falls by cash was taken for lognormal")
	}
	m.Dividends = m.Dividends[:1]
	if !m.HasCharFunc() || !m.IsLognormal(1) {
		t.Error("proportional dividends leave the price lognormal")
	}
}
