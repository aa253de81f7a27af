package calibrate

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/internal/race"
	"github.com/volgaquant/volga/pricing/model"
)

// smileOf is the volatilities of a model.
func smileOf(tb testing.TB, m model.SABR, years float64, strikes []float64) SABRSmile {
	tb.Helper()
	q := SABRSmile{Expiry: years, Strike: strikes}
	for _, k := range strikes {
		v := m.QuotedVol(k, years)
		if !(v > 0) {
			tb.Fatalf("no volatility at %g", k)
		}
		q.Vol = append(q.Vol, v)
	}
	return q
}

func checkSABR(t *testing.T, name string, got, want model.SABR, tol float64) {
	t.Helper()
	if !(math.Abs(got.Alpha-want.Alpha) <= tol*want.Alpha && math.Abs(got.Nu-want.Nu) <= tol*math.Max(want.Nu, 0.1) && math.Abs(got.Rho-want.Rho) <= tol) {
		t.Errorf("%s: α ν ρ = %.10g %.10g %.10g, want %.10g %.10g %.10g", name, got.Alpha, got.Nu, got.Rho, want.Alpha, want.Nu, want.Rho)
	}
}

// Smiles of known parameters, of each expansion, with and without a quote at the money, from a start taken from the quotes.
func TestSABRRecoversParameters(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 3))
	for n := range 400 {
		m := model.SABR{Market: model.Market{Spot: 0.01 + 0.09*rng.Float64()}, Beta: []float64{0, 0.3, 0.5, 0.7, 1}[n%5],
			Nu: 0.1 + 0.7*rng.Float64(), Rho: -0.8 + 1.4*rng.Float64(), Expansion: model.SABRExpansion(n % 3)}
		if n%2 == 0 {
			m.Shift = 0.03
		}
		f := m.Spot + m.Shift
		level := 0.1 + 0.3*rng.Float64()
		m.Alpha = level * math.Pow(f, 1-m.Beta)
		years := 0.1 + 3*rng.Float64()
		var strikes []float64
		for i := range 11 {
			strikes = append(strikes, f*math.Exp(level*math.Sqrt(years)*0.4*(float64(i)-5))-m.Shift)
		}
		strikes[5] = m.Spot
		atTheMoney := smileOf(t, m, years, strikes[5:6]).Vol[0]
		for _, with := range []string{"a quote at the money", "a volatility at the money", "none"} {
			k := strikes
			if with != "a quote at the money" {
				k = append(append([]float64(nil), strikes[:5]...), strikes[6:]...)
			}
			q := smileOf(t, m, years, k)
			if with == "a volatility at the money" {
				q.AtTheMoney = atTheMoney
			}
			start := m
			start.Alpha, start.Nu, start.Rho = 0, 0, 0
			got, report, err := SABR(q, start, SABRSettings{})
			name := fmt.Sprintf("%d %+v T=%g, %s", n, m, years, with)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			checkSABR(t, name, got, m, 1e-6)
			if with != "none" {
				if v := got.QuotedVol(m.Spot, years); !(math.Abs(v-atTheMoney) <= 1e-13*atTheMoney) {
					t.Errorf("%s: %.17g at the money, want %.17g", name, v, atTheMoney)
				}
			}
			if !(report.RMS <= 1e-9*atTheMoney) {
				t.Errorf("%s: RMS %g", name, report.RMS)
			}
		}
	}
}

// The Jacobian against differences of the residuals, at points that do not fit.
func TestSABRJacobian(t *testing.T) {
	for _, expansion := range []model.SABRExpansion{model.HaganLognormal, model.Obloj, model.HaganNormal} {
		for _, exact := range []bool{true, false} {
			m := model.SABR{Market: model.Market{Spot: 0.03}, Alpha: 0.035, Beta: 0.5, Nu: 0.45, Rho: -0.25, Shift: 0.01, Expansion: expansion}
			q := smileOf(t, m, 2, []float64{0.01, 0.02, 0.0299999, 0.0300001, 0.04, 0.06})
			if exact {
				q.AtTheMoney = m.QuotedVol(0.03, 2)
			}
			f := new(sabrFit)
			if err := f.prepare(&q, &m, SABRSettings{}); err != nil {
				t.Fatal(err)
			}
			for _, x := range [][3]float64{{-0.25, 0.45, 0.035}, {0.6, 1.2, 0.02}, {-0.99, 0.3, 0.05}, {0.3, 1e-3, 0.04}} {
				f.evaluate(x, 0)
				jac := append([]float64(nil), f.jac[0]...)
				n := len(q.Vol)
				for j := range f.free {
					h := 2e-6 * math.Max(math.Abs(x[j]), 1e-2)
					moved := x
					moved[j] = x[j] + h
					f.evaluate(moved, 0)
					moved[j] = x[j] - h
					f.evaluate(moved, 1)
					for i := range n {
						want := (f.r[0][i] - f.r[1][i]) / (2 * h)
						if e := math.Abs(jac[j*n+i] - want); !(e <= 1e-7*(math.Abs(want)+0.1)) {
							t.Errorf("%v exact=%v x=%v: derivative %d of quote %d is %.10g, want %.10g", expansion, exact, x, j, i, jac[j*n+i], want)
						}
					}
				}
			}
		}
	}
}

func TestGoldenSABRFit(t *testing.T) {
	golden.Run(t, "papers/sabr_hagan", func(t *testing.T, c golden.Case) {
		want := model.SABR{Market: model.Market{Spot: c.Float(t, "forward")}, Alpha: c.Float(t, "alpha"), Beta: c.Float(t, "beta"), Nu: c.Float(t, "nu"), Rho: c.Float(t, "rho")}
		years := c.Float(t, "T_years")
		for e, name := range map[model.SABRExpansion]string{model.HaganLognormal: "lognormal_vol", model.Obloj: "obloj_vol", model.HaganNormal: "normal_vol"} {
			want.Expansion = e
			var strikes []float64
			for _, x := range []float64{0.5, 0.7, 0.85, 1, 1.2, 1.5, 2} {
				strikes = append(strikes, x*want.Spot)
			}
			q := smileOf(t, want, years, strikes)
			start := want
			start.Alpha, start.Nu, start.Rho = 0, 0, 0
			got, _, err := SABR(q, start, SABRSettings{})
			if err != nil {
				t.Fatal(err)
			}
			c.Check(t, name, got.QuotedVol(c.Float(t, "strike"), years))
		}
	})
}

// Noise moves the parameters by about their standard errors.
func TestSABRStandardErrors(t *testing.T) {
	m := model.SABR{Market: model.Market{Spot: 0.03}, Alpha: 0.035, Beta: 0.5, Nu: 0.45, Rho: -0.25}
	var strikes []float64
	for i := range 41 {
		strikes = append(strikes, 0.01+0.0015*float64(i))
	}
	exact := smileOf(t, m, 2, strikes)
	rng := rand.New(rand.NewPCG(5, 5))
	for _, free := range []bool{false, true} {
		sum := [3]float64{}
		const trials = 400
		for range trials {
			q := exact
			q.Vol = append([]float64(nil), exact.Vol...)
			for i := range q.Vol {
				q.Vol[i] += 0.002 * rng.NormFloat64()
			}
			if !free {
				q.AtTheMoney = m.QuotedVol(0.03, 2)
			}
			got, r, err := SABR(q, m, SABRSettings{})
			if err != nil {
				t.Fatal(err)
			}
			for j, z := range []float64{(got.Alpha - m.Alpha) / r.StdErrAlpha, (got.Nu - m.Nu) / r.StdErrNu, (got.Rho - m.Rho) / r.StdErrRho} {
				sum[j] += z * z / trials
			}
		}
		for j, v := range sum {
			if !(v > 0.8 && v < 1.25) {
				t.Errorf("free=%v: the errors of parameter %d have %g times the variance stated", free, j, v)
			}
		}
	}
}

func TestSABRRefuses(t *testing.T) {
	m := model.SABR{Market: model.Market{Spot: 100}, Beta: 1}
	q := func(change func(*SABRSmile)) SABRSmile {
		s := SABRSmile{Expiry: 0.5, Strike: []float64{80, 90, 100, 110}, Vol: []float64{0.3, 0.25, 0.22, 0.21}}
		change(&s)
		return s
	}
	nan := math.NaN()
	for name, s := range map[string]SABRSmile{
		"Expiry":                                     q(func(s *SABRSmile) { s.Expiry = nan }),
		"Strike[1] at expiry 0.5":                    q(func(s *SABRSmile) { s.Strike[1] = -1 }),
		"Vol[2] at expiry 0.5":                       q(func(s *SABRSmile) { s.Vol[2] = nan }),
		"Weight[0] at expiry 0.5":                    q(func(s *SABRSmile) { s.Weight = []float64{0, 1, 1, 1} }),
		"Weight[3] at expiry 0.5":                    q(func(s *SABRSmile) { s.Weight = []float64{1, 1, 1, math.Inf(1)} }),
		"length of Vol at expiry 0.5":                q(func(s *SABRSmile) { s.Vol = s.Vol[:3] }),
		"Strike at expiry 0.5":                       q(func(s *SABRSmile) { s.Strike = []float64{90, 90, 90, 90} }),
		"AtTheMoney at expiry 0.5":                   q(func(s *SABRSmile) { s.AtTheMoney = -0.2 }),
		"quotes away from the forward at expiry 0.5": q(func(s *SABRSmile) { s.Strike, s.Vol = s.Strike[1:3], s.Vol[1:3] }),
	} {
		_, _, err := SABR(s, m, SABRSettings{})
		var arg *fault.ArgError
		if !errors.As(err, &arg) || arg.Arg != name {
			t.Errorf("want an error that names %s, got %v", name, err)
		}
	}
	bad := m
	bad.Beta = 2
	if _, _, err := SABR(q(func(*SABRSmile) {}), bad, SABRSettings{}); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("Beta = 2: %v", err)
	}
}

// Whatever the quotes, the fit ends, with finite parameters or an error.
func FuzzSABR(f *testing.F) {
	f.Add(0.3, 0.25, 0.22, 0.21, 0.5, 1.0, uint8(0))
	f.Add(3.0, 0.01, 5.0, 0.01, 30.0, 0.0, uint8(2))
	f.Fuzz(func(t *testing.T, a, b, c, d, years, beta float64, kind uint8) {
		m := model.SABR{Market: model.Market{Spot: 100}, Beta: beta, Expansion: model.SABRExpansion(kind % 3)}
		got, r, err := SABR(SABRSmile{Expiry: years, Strike: []float64{70, 90, 100, 130}, Vol: []float64{a, b, c, d}}, m, SABRSettings{})
		if err == nil && math.IsNaN(got.Alpha+got.Nu+got.Rho+r.RMS) {
			t.Errorf("%+v %+v", got, r)
		}
	})
}

func TestSABRAllocatesNothing(t *testing.T) {
	if race.Enabled {
		t.Skip("pools are emptied at random under the race detector")
	}
	m := model.SABR{Market: model.Market{Spot: 0.03}, Alpha: 0.035, Beta: 0.5, Nu: 0.45, Rho: -0.25}
	q := smileOf(t, m, 2, []float64{0.01, 0.02, 0.03, 0.04, 0.06})
	if n := testing.AllocsPerRun(100, func() { _, _, _ = SABR(q, m, SABRSettings{}) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

// The smile of QuantLib's benchmark: 11 strikes, two years, β held.
func BenchmarkSABRFit(b *testing.B) {
	m := model.SABR{Market: model.Market{Spot: 0.03}, Alpha: 0.035, Beta: 0.5, Nu: 0.45, Rho: -0.25}
	var strikes []float64
	for i := range 11 {
		strikes = append(strikes, 0.01+0.005*float64(i))
	}
	q := smileOf(b, m, 2, strikes)
	for name, start := range map[string]model.SABR{"near": {Market: m.Market, Beta: 0.5, Nu: 0.4, Rho: -0.2}, "quantlib": {Market: m.Market, Beta: 0.5, Nu: 0.3, Alpha: 0.03}, "guess": {Market: m.Market, Beta: 0.5}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			iterations := 0
			for b.Loop() {
				_, r, err := SABR(q, start, SABRSettings{})
				if err != nil {
					b.Fatal(err)
				}
				iterations = r.Iterations
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N), "µs/fit")
			b.ReportMetric(float64(iterations), "iterations")
		})
	}
}
