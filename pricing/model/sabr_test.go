package model

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

func TestGoldenSABR(t *testing.T) {
	golden.Run(t, "sabr", func(t *testing.T, c golden.Case) {
		m := SABR{
			Market: Market{Spot: c.Float(t, "forward")}, Shift: c.Float(t, "shift"),
			Alpha: c.Float(t, "alpha"), Beta: c.Float(t, "beta"), Nu: c.Float(t, "nu"), Rho: c.Float(t, "rho"),
		}
		if c.Text(t, "kind") == "normal" {
			m.Expansion = HaganNormal
		}
		if err := m.Validate(); err != nil {
			t.Fatal(err)
		}
		got := m.QuotedVol(c.Float(t, "strike"), c.Float(t, "t"))
		c.Check(t, "vol", got)
		var want float64
		if c.Expected(t, "vol", &want); math.Abs(got-want) > 1e-13*want {
			t.Errorf("%.17g, want %.17g: formulas agree to rounding", got, want)
		}
	})
}

func TestGoldenSABRHagan(t *testing.T) {
	golden.Run(t, "papers/sabr_hagan", func(t *testing.T, c golden.Case) {
		m := SABR{
			Market: Market{Spot: c.Float(t, "forward")},
			Alpha:  c.Float(t, "alpha"), Beta: c.Float(t, "beta"), Nu: c.Float(t, "nu"), Rho: c.Float(t, "rho"),
		}
		for name, e := range map[string]SABRExpansion{"lognormal_vol": HaganLognormal, "obloj_vol": Obloj, "normal_vol": HaganNormal} {
			m.Expansion = e
			if c.Wants(name) {
				c.Check(t, name, m.QuotedVol(c.Float(t, "strike"), c.Float(t, "T_years")))
			}
		}
	})
}

// The published values of Hagan's formula to the four decimals printed, and how far it is from the Monte Carlo ones beside them.
func TestPublishedSABR(t *testing.T) {
	worst := 0.0
	golden.Run(t, "papers/published_sabr", func(t *testing.T, c golden.Case) {
		var published, values, strikes []float64
		var column string
		c.Expected(t, "column", &column)
		c.Expected(t, "values", &values)
		c.Input(t, "strikes", &strikes)
		m := SABR{
			Market: Market{Spot: c.Float(t, "forward")},
			Alpha:  c.Float(t, "alpha_initial_vol"), Beta: c.Float(t, "beta"), Nu: c.Float(t, "nu"), Rho: c.Float(t, "rho"),
		}
		if !strings.HasPrefix(column, "IV") {
			t.Skip("prices by other methods")
		}
		c.Expected(t, "hagan_lognormal_vol_published", &published)
		for i, k := range strikes {
			got := m.QuotedVol(k, c.Float(t, "T_years"))
			if math.Abs(got-published[i]) > 0.5001e-4 {
				t.Errorf("strike %g: %.6f, published %.4f", k, got, published[i])
			}
			worst = math.Max(worst, math.Abs(got-values[i]))
		}
	})
	t.Logf("the expansion is off by up to %.3f from the simulated volatilities of ten and twenty years", worst)
}

var sabrs = []SABR{
	{Alpha: 0.3, Beta: 0.5, Nu: 0.6, Rho: -0.4},
	{Alpha: 0.2, Beta: 1, Nu: 1.2, Rho: 0.3},
	{Alpha: 0.4, Beta: 0, Nu: 0.4, Rho: -0.7},
	{Alpha: 0.2, Beta: 0.8, Nu: 0, Rho: 0.2},
	{Alpha: 0.3, Beta: 0.5, Nu: 0.8, Rho: -0.999999, Shift: 0.5},
	{Alpha: 0.3, Beta: 0.3, Nu: 0.8, Rho: 0.999999, Shift: 0.1},
}

// What is removable is removed: at the money, where ν or 1−β is zero and where ρ is ±1, nothing jumps.
func TestSABRIsSmooth(t *testing.T) {
	for _, m := range sabrs {
		m.Spot = 1
		for e := HaganLognormal; e <= HaganNormal; e++ {
			m.Expansion = e
			at := m.QuotedVol(1, 2)
			for _, h := range []float64{1e-4, 1e-6, 1e-8, 1e-10, 1e-13} {
				up, down := m.QuotedVol(1+h, 2), m.QuotedVol(1-h, 2)
				if mid := 0.5 * (up + down); math.Abs(mid-at) > (2*h*h*10+1e-15)*at || math.Abs(up-at) > 3*h*at+2e-16 {
					t.Errorf("%v %+v: %.17g and %.17g at 1±%g, %.17g at the money", e, m, up, down, h, at)
				}
			}
			for _, k := range []float64{0.4, 0.97, 1.8} {
				base := m.QuotedVol(k, 2)
				for _, h := range []float64{1e-5, 1e-9, 1e-14} {
					for name, change := range map[string]func(m *SABR){
						"ν":   func(m *SABR) { m.Nu += h },
						"β":   func(m *SABR) { m.Beta = math.Abs(m.Beta - h) },
						"α":   func(m *SABR) { m.Alpha += h },
						"b":   func(m *SABR) { m.Shift += h },
						"1∓ρ": func(m *SABR) { m.Rho *= 1 - h/100 },
					} {
						n := m
						change(&n)
						if got := n.QuotedVol(k, 2); math.Abs(got-base) > 2000*h*base+4e-16 {
							t.Errorf("%v %+v: %.17g at strike %g, with %s moved by %g %.17g", e, m, base, k, name, h, got)
						}
					}
				}
			}
		}
	}
	// The two ends of ρ in closed form: x(z) is ln(1+z) and −ln(1−z).
	for _, z := range []float64{-0.9, -1e-3, 1e-9, 0.3, 0.9} {
		if got, want := skew(z, -1+1e-13), z/math.Log1p(z); math.Abs(got-want) > 1e-11*want {
			t.Errorf("ρ = −1, z = %g: %.15g, want %.15g", z, got, want)
		}
		if got, want := skew(z, 1-1e-13), -z/math.Log1p(-z); math.Abs(got-want) > 1e-11*want {
			t.Errorf("ρ = 1, z = %g: %.15g, want %.15g", z, got, want)
		}
	}
	for _, z := range []float64{-50, -3, -0.4, 0.4, 3, 50} { // against the paper's form, where that keeps its digits
		for _, rho := range []float64{-0.8, 0, 0.6} {
			x := math.Log((math.Sqrt(1-2*rho*z+z*z) + z - rho) / (1 - rho))
			if got := skew(z, rho); math.Abs(got-z/x) > 1e-12*got {
				t.Errorf("z = %g, ρ = %g: %.15g, want %.15g", z, rho, got, z/x)
			}
		}
	}
}

// The volatilities of the three kinds price alike, and go over into their limits as the expiry goes to zero.
func TestSABRVolatilitiesPriceAlike(t *testing.T) {
	for _, m := range sabrs {
		m.Spot = 1
		for e := HaganLognormal; e <= HaganNormal; e++ {
			m.Expansion = e
			for _, k := range []float64{0.6, 1, 1.5} {
				const tau = 1.5
				_, quoted := m.outOfTheMoney(1, k, tau, m.QuotedVol(k, tau))
				right := pricing.Put
				if k >= 1 {
					right = pricing.Call
				}
				byBlack := black.Black76{Right: right, Forward: 1, Strike: k, Vol: m.Volatility(k, tau), Tau: tau, Discount: 1}.Price()
				byNormal := black.Bachelier{Right: right, Forward: 1, Strike: k, Vol: m.NormalVol(k, tau), Tau: tau, Discount: 1}.Price()
				if !(math.Abs(byBlack-quoted) <= 1e-14 && math.Abs(byNormal-quoted) <= 1e-14) {
					t.Errorf("%v %+v, strike %g: %.15g by Black, %.15g by the normal volatility, want %.15g", e, m, k, byBlack, byNormal, quoted)
				}
			}
			for _, k := range []float64{0.95, 1, 1.05} {
				if at, near := m.Volatility(k, 0), m.Volatility(k, 1e-3); !(math.Abs(at-near) < 1e-3*at) {
					t.Errorf("%v %+v, strike %g: volatility %.6f at zero, %.6f near it", e, m, k, at, near)
				}
				if at, near := m.NormalVol(k, 0), m.NormalVol(k, 1e-3); !(math.Abs(at-near) < 1e-3*at) {
					t.Errorf("%v %+v, strike %g: normal volatility %.6f at zero, %.6f near it", e, m, k, at, near)
				}
			}
		}
	}
}

// The coefficients along a line against the volatility itself.
func TestSABRAlong(t *testing.T) {
	for _, m := range sabrs {
		m.Spot = 1
		for e := HaganLognormal; e <= HaganNormal; e++ {
			m.Expansion = e
			for _, k := range []float64{0.3, 0.9, 1, 1 + 1e-9, 1.4, 4} {
				for _, d := range []SABRLine{{}, {Forward: 1}, {Strike: 1}, {Alpha: 1}, {Time: 1}, {Forward: 1, Alpha: -0.5}, {Forward: 0.3, Strike: -0.2, Alpha: 0.5, Time: 1}} {
					const tau = 1.5
					c := m.QuotedVolAlong(k, tau, d)
					if base := m.QuotedVol(k, tau); math.Abs(c[0]-base) > 2e-14*base {
						t.Errorf("%v %+v, strike %g: %.17g along %+v, %.17g alone", e, m, k, c[0], d, base)
					}
					at := func(h float64) float64 {
						n := m
						n.Alpha *= 1 + h*d.Alpha
						f := (1+m.Shift)*(1+h*d.Forward) - m.Shift
						return n.quoted(f, (k+m.Shift)*(1+h*d.Strike)-m.Shift, tau*(1+h*d.Time))
					}
					const h = 1e-3
					odd, even := 0.5*(at(h)-at(-h)), 0.5*(at(h)+at(-h))
					odd2, even2 := 0.5*(at(2*h)-at(-2*h)), 0.5*(at(2*h)+at(-2*h))
					got := [3]float64{c[1], c[2], c[3]}
					want := [3]float64{(8*odd - odd2) / (6 * h), (16*(even-c[0]) - (even2 - c[0])) / (12 * h * h), (odd2 - 2*odd) / (6 * h * h * h)}
					// The quotients' own error, at a strike where the root of 1−2ρz+z² is nearly zero.
					for i, tol := range [3]float64{1e-7, 5e-7, 2e-2} {
						if math.Abs(got[i]-want[i]) > tol*(math.Abs(want[i])+c[0]) {
							t.Errorf("%v %+v, strike %g along %+v: coefficient %d is %.9g, difference %.9g", e, m, k, d, i+1, got[i], want[i])
						}
					}
				}
			}
		}
	}
}

func TestSABRRefuses(t *testing.T) {
	good := SABR{Market: Market{Spot: 1}, Alpha: 0.2, Beta: 0.5, Nu: 0.3, Rho: 0.1}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(m *SABR){
		"Spot + Shift": func(m *SABR) { m.Shift = -1 }, "Shift": func(m *SABR) { m.Shift = math.NaN() },
		"Spot":  func(m *SABR) { m.Spot = math.Inf(1) },
		"Alpha": func(m *SABR) { m.Alpha = 0 }, "Beta": func(m *SABR) { m.Beta = 1.1 }, "Nu": func(m *SABR) { m.Nu = math.NaN() },
		"Rho": func(m *SABR) { m.Rho = -1 }, "Expansion": func(m *SABR) { m.Expansion = 3 },
	} {
		m := good
		change(&m)
		var arg *pricing.ArgError
		if err := m.Validate(); !errors.As(err, &arg) || arg.Arg != name {
			t.Errorf("%v, want an error on %s", err, name)
		}
	}
	if v := good.QuotedVol(-0.1, 1); !math.IsNaN(v) {
		t.Errorf("a negative strike has the volatility %g", v)
	}
	for e := HaganLognormal; e <= HaganNormal; e++ {
		var back SABRExpansion
		if text, err := e.MarshalText(); err != nil || back.UnmarshalText(text) != nil || back != e {
			t.Errorf("%v did not survive its text", e)
		}
	}
	if _, err := SABRExpansion(9).MarshalText(); !errors.Is(err, pricing.ErrDomain) || !errors.Is(new(SABRExpansion).UnmarshalText([]byte("x")), pricing.ErrDomain) {
		t.Error("an unknown expansion was accepted")
	}
}

func ExampleSABR() {
	m := SABR{Market: Market{Spot: 0.03}, Alpha: 0.2, Beta: 1, Nu: 0.4, Rho: -0.3}
	fmt.Printf("%.6f %.6f\n", m.Volatility(0.04, 1), m.Volatility(0.03, 1))
	// Output: 0.194694 0.201107
}

func BenchmarkSABR(b *testing.B) {
	m := SABR{Market: Market{Spot: 1}, Alpha: 0.2, Beta: 0.5, Nu: 0.3, Rho: 0.1}
	b.ReportAllocs()
	sink := 0.0
	for b.Loop() {
		sink += m.QuotedVol(1.2, 1)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/vol")
}
