package surface

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// checkDerivatives holds the derivatives of a curve against differences.
func checkDerivatives(t *testing.T, name string, c DifferentiableCurve, ks []float64, tol float64) {
	t.Helper()
	const h = 1e-4
	for _, k := range ks {
		w, wk, wkk := c.Derivatives(k)
		up, down := c.TotalVariance(k+h), c.TotalVariance(k-h)
		if math.Abs(w-c.TotalVariance(k)) > 1e-15 || math.Abs(wk-(up-down)/(2*h)) > tol || math.Abs(wkk-(up-2*w+down)/(h*h)) > 100*tol {
			t.Errorf("%s at %g: %g %g %g, by differences %g %g", name, k, w, wk, wkk, (up-down)/(2*h), (up-2*w+down)/(h*h))
		}
	}
}

// Values of the table in the specification: vc 0.2, sc −0.1, pc 1.2, cc 0.8, cut-offs ±0.2, smoothing 0.5.
func TestWingModelValues(t *testing.T) {
	m := WingModel{Tau: 1, Forward: 100, Reference: 100, SSR: 1, VolRef: 0.2, SlopeRef: -0.1, PutCurvature: 1.2, CallCurvature: 0.8}
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	for k, want := range map[float64]float64{
		-0.4: 0.297, -0.3: 0.297, -0.25: 0.28975, -0.2: 0.268, -0.1: 0.222, 0: 0.2, 0.1: 0.198, 0.2: 0.212, 0.25: 0.22025, 0.3: 0.223, 0.4: 0.223,
	} {
		if got := m.Vol(k); math.Abs(got-want) > 1e-15 {
			t.Errorf("at %g: %g, want %g", k, got, want)
		}
	}
	checkDerivatives(t, "wing", m, []float64{-0.5, -0.27, -0.21, -0.15, -0.05, 0.05, 0.15, 0.22, 0.5}, 1e-7)
	for _, knot := range []float64{-0.3, -0.2, 0, 0.2, 0.3} { // C1
		_, left, _ := m.Derivatives(knot - 1e-9)
		_, right, _ := m.Derivatives(knot + 1e-9)
		if math.Abs(left-right) > 1e-7 {
			t.Errorf("slopes %g and %g at the knot %g", left, right, knot)
		}
	}
}

// The forward moves: with SSR 0 the volatility of a strike stays, with 1 that of a log-moneyness, and the change rates count.
func TestWingModelSwims(t *testing.T) {
	m := WingModel{Tau: 1, Forward: 100, Reference: 100, VolRef: 0.2, SlopeRef: -0.3, PutCurvature: 1, CallCurvature: 0.5, VolChange: 0.7}
	up := m
	up.Forward = 103
	const strike = 95.0
	vol := func(m WingModel) float64 { return m.Vol(math.Log(strike / m.Forward)) }
	if a, b := vol(m), vol(up); math.Abs(a-b) > 1e-15 {
		t.Errorf("SSR 0: the volatility of a strike went from %g to %g", a, b)
	}
	m.SSR, up.SSR = 1, 1
	if a, b := m.Vol(-0.05), up.Vol(-0.05); math.Abs(b-(a-0.7*0.03)) > 1e-15 {
		t.Errorf("SSR 1: the volatility of a moneyness went from %g to %g", a, b)
	}
	for _, change := range []func(*WingModel){
		func(m *WingModel) { m.Tau = 0 }, func(m *WingModel) { m.SSR = 2 }, func(m *WingModel) { m.DownCut = 0.1 },
		func(m *WingModel) { m.VolRef = math.NaN() }, func(m *WingModel) { m.VolRef = -0.2 }, func(m *WingModel) { m.UpSmooth = -1 },
	} {
		bad := m
		change(&bad)
		if err := bad.Validate(); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestFitWing(t *testing.T) {
	want := WingModel{
		Tau: 0.5, Forward: 100, Reference: 100, SSR: 1, VolRef: 0.2, SlopeRef: -0.2, PutCurvature: 0.9, CallCurvature: 0.4,
		DownCut: -0.25, UpCut: 0.15, DownSmooth: 0.4, UpSmooth: 0.6,
	}
	s := Smile{Tau: 0.5, Forward: 100, Discount: 1}
	for k := -0.45; k < 0.3; k += 0.05 {
		v := want.Vol(k)
		s.K, s.Mid, s.Bid, s.Ask = append(s.K, k), append(s.Mid, v), append(s.Bid, v-0.001), append(s.Ask, v+0.001)
	}
	shape := WingModel{SSR: 1, DownCut: -0.25, UpCut: 0.15, DownSmooth: 0.4, UpSmooth: 0.6}
	got, err := FitWing(&s, shape, FitSettings{})
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range []float64{got.VolRef - 0.2, got.SlopeRef + 0.2, got.PutCurvature - 0.9, got.CallCurvature - 0.4} {
		if math.Abs(d) > 1e-5 {
			t.Errorf("parameter %d is off by %g", i, d)
		}
	}
	s.K, s.Mid, s.Bid, s.Ask = s.K[:3], s.Mid[:3], s.Bid[:3], s.Ask[:3]
	if _, err := FitWing(&s, shape, FitSettings{}); !errors.Is(err, ErrTooFewQuotes) {
		t.Errorf("three quotes: %v", err)
	}
}

func TestSpline(t *testing.T) {
	smile := SVI{A: 0.0070, B: 0.070, Rho: -0.40, M: 0.035, Sigma: 0.140}
	var k, w []float64
	for x := -0.5; x < 0.501; x += 0.05 {
		k, w = append(k, x), append(w, smile.TotalVariance(x))
	}
	for _, kind := range []SplineKind{CubicSpline, MonotoneSpline} {
		s, err := NewSpline(k, w, kind)
		if err != nil {
			t.Fatal(err)
		}
		for i := range k {
			if math.Abs(s.TotalVariance(k[i])-w[i]) > 1e-16 {
				t.Errorf("knot %g missed", k[i])
			}
		}
		for x := -0.48; x < 0.48; x += 0.0173 {
			if d := math.Abs(s.TotalVariance(x) - smile.TotalVariance(x)); d > [...]float64{2e-5, 1e-4}[kind] { // the monotone one is flat at the least knot
				t.Errorf("kind %d at %g: off by %g", kind, x, d)
			}
		}
		checkDerivatives(t, "spline", s, []float64{-0.7, -0.42, -0.13, 0.02, 0.37, 0.8}, 1e-7)
	}
	// Monotone data give a monotone curve; cubic ones overshoot.
	step := []float64{0.04, 0.04, 0.04, 0.08, 0.08, 0.08}
	s, err := NewSpline([]float64{-0.3, -0.2, -0.1, 0, 0.1, 0.2}, step, MonotoneSpline)
	if err != nil {
		t.Fatal(err)
	}
	for x, last := -0.4, 0.0; x < 0.3; x += 0.001 {
		v := s.TotalVariance(x)
		if v < last || v > 0.08 {
			t.Fatalf("at %g: %g after %g", x, v, last)
		}
		last = v
	}
	for _, bad := range [][2][]float64{{{0}, {1}}, {{0, 0}, {1, 1}}, {{0, 1}, {1}}, {{0, 1}, {1, -1}}, {{0, math.NaN()}, {1, 1}}} {
		if _, err := NewSpline(bad[0], bad[1], CubicSpline); err == nil {
			t.Errorf("%v accepted", bad)
		}
	}
}

func TestMixture(t *testing.T) {
	one, err := NewMixture([]Lognormal{{1, 1, 0.2}})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []float64{-2, -0.3, 0, 0.5, 3, 30} {
		if w := one.TotalVariance(k); math.Abs(w-0.04) > 1e-14 {
			t.Errorf("one part at %g: %g", k, w)
		}
	}
	m, err := NewMixture([]Lognormal{{0.3, 0.9, 0.25}, {0.7, (1 - 0.27) / 0.7, 0.12}})
	if err != nil {
		t.Fatal(err)
	}
	checkDerivatives(t, "mixture", m, []float64{-0.6, -0.2, -0.05, 0.01, 0.1, 0.3}, 1e-7)
	for k := -0.8; k < 0.5; k += 0.01 {
		w, wk, wkk := m.Derivatives(k)
		if g := durrleman(k, w, wk, wkk); g < 0 {
			t.Errorf("g(%g) = %g", k, g)
		}
		if p := Density(m, k); p < 0 {
			t.Errorf("density %g at %g", p, k)
		}
	}
	// Moments of the law itself.
	got, err := ImpliedMoments(m)
	if err != nil {
		t.Fatal(err)
	}
	var mean, second float64
	for _, p := range m.Parts() {
		a := math.Log(p.Forward) - 0.5*p.Total*p.Total
		mean += p.Weight * a
		second += p.Weight * (a*a + p.Total*p.Total)
	}
	if math.Abs(got.Mean-mean) > 1e-12 || math.Abs(got.Variance-(second-mean*mean)) > 1e-11 {
		t.Errorf("%+v, want mean %g, variance %g", got, mean, second-mean*mean)
	}
	for _, bad := range [][]Lognormal{nil, {{0.5, 1, 0.2}}, {{1, 1.1, 0.2}}, {{1, 1, 0}}, {{math.NaN(), 1, 1}}} {
		if _, err := NewMixture(bad); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestFitMixture(t *testing.T) {
	m, err := NewMixture([]Lognormal{{0.3, 0.9, 0.25}, {0.7, (1 - 0.27) / 0.7, 0.12}})
	if err != nil {
		t.Fatal(err)
	}
	s := Smile{Tau: 0.5, Forward: 100, Discount: 1}
	for k := -0.5; k < 0.35; k += 0.05 {
		v := math.Sqrt(m.TotalVariance(k) / s.Tau)
		s.K, s.Mid, s.Bid, s.Ask = append(s.K, k), append(s.Mid, v), append(s.Bid, v-0.001), append(s.Ask, v+0.001)
	}
	got, err := FitMixture(context.Background(), &s, 2, FitSettings{})
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range s.K {
		if d := math.Sqrt(got.TotalVariance(k)/s.Tau) - s.Mid[i]; math.Abs(d) > 1e-5 {
			t.Errorf("at %g off by %g; %+v", k, d, got.Parts())
		}
	}
	if _, err := FitMixture(context.Background(), &s, 0, FitSettings{}); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("no parts: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := FitMixture(ctx, &s, 2, FitSettings{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestSABRSmile(t *testing.T) {
	m := model.SABR{Market: model.Market{Spot: 100}, Alpha: 0.2, Beta: 1, Nu: 0.4, Rho: -0.3}
	s := SABRSmile{m, 0.5}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, k := range []float64{-0.3, 0, 0.2} {
		if v := m.Volatility(100*math.Exp(k), 0.5); s.Vol(k) != v || math.Abs(s.TotalVariance(k)-v*v*0.5) > 1e-16 {
			t.Errorf("at %g: %g against %g", k, s.Vol(k), v)
		}
	}
	surface, err := NewInterpolated([]Pillar{{0.25, SABRSmile{m, 0.25}}, {0.5, s}, {1, SABRSmile{m, 1}}})
	if err != nil {
		t.Fatal(err)
	}
	if a := CheckArbitrage(surface, Grid{KMin: -0.3, KMax: 0.3, Tolerance: 1e-6}); !a.Free() {
		t.Errorf("%+v", a)
	}
	if v := LocalVariance(surface, 0.05, 0.4); !(v > 0) {
		t.Errorf("local variance %g", v)
	}
	if _, err := NewInterpolated([]Pillar{{1, s}, {0.5, s}}); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("out of order: %v", err)
	}
}

func TestDeltaConventions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for c := range numConventions {
		for range 300 {
			e := FXExpiry{Tau: 0.05 + 3*rng.Float64(), Forward: math.Exp(rng.NormFloat64()), Foreign: 0.9 + 0.1*rng.Float64(), Delta: c}
			vol := 0.05 + 0.2*rng.Float64()
			for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
				delta := (0.02 + 0.4*rng.Float64()) * float64(right)
				k, err := e.StrikeOf(right, delta, vol)
				if err != nil {
					t.Fatalf("%v %v %g %g: %v", c, right, delta, vol, err)
				}
				if got := e.DeltaOf(right, k, vol); math.Abs(got-delta) > 1e-12 {
					t.Errorf("%v %v: delta %g came back as %g", c, right, delta, got)
				}
				if right == pricing.Call && k < e.StraddleStrike(vol)*(1-1e-9) && math.Abs(delta) < 0.3 {
					t.Errorf("%v: the call of delta %g is struck at %g, the straddle at %g", c, delta, k, e.StraddleStrike(vol))
				}
			}
			k := e.StraddleStrike(vol)
			if d := e.DeltaOf(pricing.Call, k, vol) + e.DeltaOf(pricing.Put, k, vol); math.Abs(d) > 1e-14 {
				t.Errorf("%v: the straddle has a delta of %g", c, d)
			}
			// The premium-adjusted delta is the plain one less the price over the forward, both forward.
			if c == ForwardDeltaPremiumAdjusted {
				plain := e
				plain.Delta = ForwardDelta
				v := VannaVolga{tau: e.Tau, forward: e.Forward}
				price := v.option(1.1*e.Forward, vol).Price()
				if d := plain.DeltaOf(pricing.Call, 1.1*e.Forward, vol) - price/e.Forward - e.DeltaOf(pricing.Call, 1.1*e.Forward, vol); math.Abs(d) > 1e-14 {
					t.Errorf("premium: %g", d)
				}
			}
		}
	}
	e := FXExpiry{Tau: 1, Forward: 1.3, Foreign: 0.97, Delta: SpotDeltaPremiumAdjusted}
	for _, delta := range []float64{0, -0.2, 0.97, math.NaN()} {
		if _, err := e.StrikeOf(pricing.Call, delta, 0.1); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("a call of delta %g: %v", delta, err)
		}
	}
}

func TestVannaVolga(t *testing.T) {
	for c := range numConventions {
		e := FXExpiry{Tau: 0.5, Forward: 1.205, Foreign: 0.99, Delta: c}
		v, err := VannaVolgaQuotes(e, 0.1020, 0.0950, 0.0985, 0.25)
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range v.Strikes() {
			want := [3]float64{0.1020, 0.0950, 0.0985}[i]
			if got := v.Vol(math.Log(k / e.Forward)); math.Abs(got-want) > 1e-13 {
				t.Errorf("%v: %g at quote %d, want %g", c, got, i, want)
			}
		}
		surface, err := NewInterpolated([]Pillar{{0.5, v}})
		if err != nil {
			t.Fatal(err)
		}
		if a := CheckArbitrage(surface, Grid{KMin: -0.12, KMax: 0.12}); !a.Free() {
			t.Errorf("%v: %+v", c, a)
		}
	}
	flat, err := NewVannaVolga(1, 100, [3]float64{90, 100, 112}, [3]float64{0.2, 0.2, 0.2})
	if err != nil {
		t.Fatal(err)
	}
	for k := -1.0; k <= 1; k += 0.1 {
		if math.Abs(flat.Vol(k)-0.2) > 1e-12 {
			t.Errorf("a flat smile has %g at %g", flat.Vol(k), k)
		}
	}
	if _, err := NewVannaVolga(1, 100, [3]float64{90, 90, 112}, [3]float64{0.2, 0.2, 0.2}); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("two strikes alike: %v", err)
	}
}

func TestSSVI(t *testing.T) {
	tau, theta := []float64{0.1, 0.5, 1, 3}, []float64{0.003, 0.018, 0.04, 0.13}
	for _, phi := range []Phi{{Kind: PowerLaw, Eta: 1.2, Gamma: 0.4}, {Kind: PowerLaw, Eta: 1.5, Gamma: 0.5}, {Kind: HestonLike, Lambda: 3}, {Kind: HestonLike, Lambda: 0.45}} {
		s, err := NewSSVI(-0.7, phi, tau, theta)
		if err != nil {
			t.Fatal(err)
		}
		if a := CheckArbitrage(s, Grid{KMin: -4, KMax: 4, Points: 2001}); !a.Free() {
			t.Errorf("%+v: %+v", phi, a)
		}
		const h = 1e-5
		for _, at := range []float64{0.05, 0.3, 0.8, 2, 5} {
			for k := -0.5; k <= 0.5; k += 0.25 {
				w, wk, _, wt := s.Derivatives(k, at)
				if math.Abs(wk-(s.TotalVariance(k+h, at)-s.TotalVariance(k-h, at))/(2*h)) > 1e-8 ||
					math.Abs(wt-(s.TotalVariance(k, at+h)-s.TotalVariance(k, at-h))/(2*h)) > 1e-7 || w != s.TotalVariance(k, at) {
					t.Errorf("%+v at %g, %g: %g %g %g", phi, k, at, w, wk, wt)
				}
			}
		}
		// Quotes on the surface give it back.
		var smiles []Smile
		for _, x := range tau {
			q := Smile{Tau: x, Forward: 100, Discount: 1}
			for z := -3.0; z <= 2; z += 0.25 {
				k := z * math.Sqrt(s.TotalVariance(0, x))
				v := s.Vol(k, x)
				q.K, q.Mid, q.Bid, q.Ask = append(q.K, k), append(q.Mid, v), append(q.Bid, v-0.001), append(q.Ask, v+0.001)
			}
			smiles = append(smiles, q)
		}
		got, err := FitSSVI(context.Background(), smiles, phi.Kind, FitSettings{})
		if err != nil {
			t.Fatalf("%+v: %v", phi, err)
		}
		for _, q := range smiles {
			for j, k := range q.K {
				if d := got.Vol(k, q.Tau) - q.Mid[j]; math.Abs(d) > 1e-4 {
					t.Errorf("%+v at %g, %g: off by %g; ρ %g, %+v", phi, k, q.Tau, d, got.Rho(), got.Phi())
				}
			}
		}
	}
	for _, bad := range []func() error{
		func() error { _, err := NewSSVI(-1, Phi{Eta: 1, Gamma: 0.4}, tau, theta); return err },
		func() error { _, err := NewSSVI(-0.5, Phi{Eta: 2, Gamma: 0.4}, tau, theta); return err },
		func() error { _, err := NewSSVI(-0.5, Phi{Eta: 1, Gamma: 0.6}, tau, theta); return err },
		func() error { _, err := NewSSVI(-0.5, Phi{Kind: HestonLike, Lambda: 0.2}, tau, theta); return err },
		func() error { _, err := NewSSVI(-0.5, Phi{Eta: 1, Gamma: 0.4}, tau, theta[1:]); return err },
	} {
		if err := bad(); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("accepted: %v", err)
		}
	}
	if _, err := NewSSVI(-0.5, Phi{Eta: 1, Gamma: 0.4}, tau, []float64{0.1, 0.2, 0.15, 0.3}); !errors.Is(err, ErrArbitrage) {
		t.Errorf("falling θ: %v", err)
	}
}
