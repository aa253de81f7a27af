package surface

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/rates/curve"
)

// feasible returns a random surface that satisfies every condition, some of them with equality.
func feasible(rng *rand.Rand, n int) []Slice {
	x := make([]wings, n)
	s := make([]Slice, n)
	tau := 0.0
	for i := range x {
		tau += math.Exp(-4 + 3*rng.Float64())
		y := &x[i]
		if i > 0 {
			*y = x[i-1]
		} else {
			y.u, y.v = 0.3*rng.Float64(), 0.3*rng.Float64()
		}
		if rng.IntN(4) > 0 {
			y.u += (3.99 - y.u) * math.Pow(rng.Float64(), 4)
		}
		if rng.IntN(4) > 0 {
			y.v += (3.99 - y.v) * math.Pow(rng.Float64(), 4)
		}
		y.theta = max(1e-4, 0.125*(y.u+y.v)*max(y.u, y.v))
		if i > 0 {
			y.theta = max(y.theta, x[i-1].theta*y.crossing(x[i-1], 0, 0))
		}
		if rng.IntN(3) > 0 {
			y.theta *= 1 + 0.5*rng.Float64()
		}
		s[i] = y.slice(tau)
	}
	return s
}

func TestFeasibleSurfacesAreFreeOfArbitrage(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		slices := feasible(rng, 1+rng.IntN(8))
		e, err := NewESSVI(slices)
		if err != nil {
			t.Fatalf("%+v: %v", slices, err)
		}
		times := withMidpoints(e.Pillars())
		last := slices[len(slices)-1].Tau
		for _, f := range []float64{1.001, 2, 5, 30} {
			times = append(times, f*1.5*last)
		}
		for _, width := range []float64{0.05, 1.5, 50} {
			// Where a condition holds with equality, so does g or ∂w/∂t at a point or in the limit of a wing.
			if r := CheckArbitrage(e, Grid{KMin: -width, KMax: width, Times: times, Tolerance: 1e-9}); !r.Free() {
				t.Fatalf("%+v: %+v", slices, r)
			}
		}
	}
}

// Condition (1) of ESSVI is exact for the path that is linear in (θ, u, v): a little below it ∂w/∂t is negative somewhere.
func TestCrossingIsSharp(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	least := func(x, y wings) float64 {
		d := wings{y.theta - x.theta, y.u - x.u, y.v - x.v}
		worst := math.Inf(1)
		for i := range 4001 {
			z := -2/x.v + (2/x.v+2/x.u)*(float64(i)+0.5)/4002 // k/w at the first end
			k := z * x.theta / ((1 - 0.5*x.u*z) * (1 + 0.5*x.v*z))
			g := x.gradient(k)
			worst = min(worst, (g.theta*d.theta+g.u*d.u+g.v*d.v)/x.variance(k))
		}
		return worst
	}
	for range 200 {
		x := wings{0.04, 0.02 + 0.3*rng.Float64(), 0.02 + 0.3*rng.Float64()}
		y := wings{0, x.u + 0.5*rng.Float64(), x.v + 0.5*rng.Float64()}
		need := x.theta * y.crossing(x, 0, 0)
		rise := need - x.theta
		y.theta = need
		if w := least(x, y); w < -1e-12 {
			t.Errorf("%v to %v: ∂w/w = %g at the bound", x, y, w)
		}
		y.theta = need - 0.01*rise
		if w := least(x, y); w >= 0 && rise > 1e-4 {
			t.Errorf("%v to %v: ∂w/w = %g below the bound", x, y, w)
		}
		if full := x.theta * (y.u + y.v) / (x.u + x.v); need > full*(1+1e-12) {
			t.Errorf("%v to %v: asks for %g, more than the %g of a falling φ", x, y, need, full)
		}
	}
}

func TestSliceMatchesItsFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for range 1000 {
		s := Slice{Tau: 0.5, Theta: 0.3 * rng.Float64(), Rho: 2*rng.Float64() - 1, Psi: rng.Float64()}
		k := 4*rng.Float64() - 2
		a := s.Psi*k + s.Rho*s.Theta
		want := 0.5 * (s.Theta + s.Rho*s.Psi*k + math.Sqrt(a*a+(1-s.Rho*s.Rho)*s.Theta*s.Theta))
		if got := s.TotalVariance(k); math.Abs(got-want) > 1e-14 {
			t.Errorf("%+v: w(%g) = %g, want %g", s, k, got, want)
		}
		if got := s.Vol(k); math.Abs(got-math.Sqrt(want/0.5)) > 1e-7 {
			t.Errorf("%+v: vol(%g) = %g", s, k, got)
		}
		if back := s.wings().slice(s.Tau); math.Abs(back.Rho-s.Rho) > 1e-14 || math.Abs(back.Psi-s.Psi) > 1e-15 {
			t.Errorf("%+v came back as %+v", s, back)
		}
	}
	// Far out on a wing that is nearly flat, m + √(…) cancels; w = uvk²/(2(r−m)) does not.
	x := wings{0.04, 1e-9, 0.5}
	if got := x.variance(40); math.Abs(got/2.00803213e-8-1) > 1e-6 {
		t.Errorf("w = %.9g", got)
	}
}

func TestESSVIDerivatives(t *testing.T) {
	e, err := NewESSVI([]Slice{{0.1, 0.004, -0.6, 0.06}, {0.5, 0.02, -0.65, 0.15}, {1, 0.045, -0.6, 0.22}})
	if err != nil {
		t.Fatal(err)
	}
	const h = 1e-5
	for _, tau := range []float64{0.03, 0.2, 0.7, 1.4, 5, 400} {
		for k := -1.0; k <= 1; k += 0.05 {
			w, wk, wkk, wt := e.Derivatives(k, tau)
			up, down := e.TotalVariance(k+h, tau), e.TotalVariance(k-h, tau)
			later, sooner := e.TotalVariance(k, tau+h*tau), e.TotalVariance(k, tau-h*tau)
			if w != e.TotalVariance(k, tau) || math.Abs(wk-(up-down)/(2*h)) > 1e-8*(1+w) ||
				math.Abs(wkk-(up-2*w+down)/(h*h)) > 1e-4*(1+w) || math.Abs(wt-(later-sooner)/(2*h*tau)) > 1e-8 {
				t.Errorf("k %g t %g: %g %g %g %g against %g %g %g", k, tau, w, wk, wkk, wt,
					(up-down)/(2*h), (up-2*w+down)/(h*h), (later-sooner)/(2*h*tau))
			}
			if v := LocalVariance(e, k, tau); !(v >= 0) {
				t.Errorf("k %g t %g: local variance %g", k, tau, v)
			}
		}
	}
}

func TestESSVIInTime(t *testing.T) {
	slices := []Slice{{0.1, 0.004, -0.6, 0.06}, {0.5, 0.02, -0.65, 0.15}, {1, 0.045, -0.6, 0.22}}
	e, err := NewESSVI(slices)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range slices {
		got := e.At(s.Tau)
		if math.Abs(got.Theta-s.Theta) > 1e-16 || math.Abs(got.Psi-s.Psi) > 1e-15 || math.Abs(got.Rho-s.Rho) > 1e-14 {
			t.Errorf("pillar %d: %+v, want %+v", i, got, s)
		}
	}
	k := -0.2
	first := slices[0].Vol(k)
	for _, tau := range []float64{0, 1e-12, 0.05, 0.1} {
		if got := e.Vol(k, tau); math.Abs(got-first) > 1e-15 {
			t.Errorf("vol at t = %g is %g, want that of the first pillar, %g", tau, got, first)
		}
	}
	if w, _, _, wt := e.Derivatives(k, 0); w != 0 || math.Abs(wt-first*first) > 1e-15 {
		t.Errorf("at t = 0: w %g, ∂w/∂t %g", w, wt)
	}
	for _, f := range []float64{1e-9, -1e-9} { // continuous through the pillars
		for _, s := range slices {
			if d := e.TotalVariance(k, s.Tau*(1+f)) - s.TotalVariance(k); math.Abs(d) > 1e-9 {
				t.Errorf("jump of %g at %g", d, s.Tau)
			}
		}
	}
	mid := e.At(0.75)
	if math.Abs(mid.Theta-0.0325) > 1e-15 || math.Abs(mid.Psi-0.185) > 1e-15 {
		t.Errorf("midway %+v", mid)
	}
	far := e.At(2)
	if rate := (0.045 - 0.02) / 0.5; math.Abs(far.Theta-(0.045+rate)) > 1e-15 || math.Abs(far.Rho+0.6) > 1e-14 ||
		math.Abs(far.Psi-0.22*math.Sqrt(far.Theta/0.045)) > 1e-15 {
		t.Errorf("beyond the last pillar %+v", far)
	}
	if s := e.At(1e6); s.Psi*(1+math.Abs(s.Rho)) >= 4 || s.Validate() != nil {
		t.Errorf("far beyond: %+v, %v", s, s.Validate())
	}
	for _, tau := range []float64{-1, math.NaN()} {
		if !math.IsNaN(e.TotalVariance(0, tau)) || !math.IsNaN(e.Vol(0, tau)) {
			t.Errorf("t = %g gives a number", tau)
		}
	}
	ks, dst := []float64{-0.5, 0, 0.3}, make([]float64, 3)
	for _, tau := range []float64{0, 0.05, 0.3, 1, 3} {
		e.VolTo(dst, ks, tau)
		for i := range ks {
			if dst[i] != e.Vol(ks[i], tau) {
				t.Errorf("VolTo(%g, %g) = %g, Vol gives %g", ks[i], tau, dst[i], e.Vol(ks[i], tau))
			}
		}
	}
	// Two pillars a day apart do not set the level of the years to come.
	near, err := NewESSVI([]Slice{{0.5, 0.02, -0.6, 0.15}, {1, 0.04, -0.6, 0.2}, {1.002, 0.05, -0.6, 0.21}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := near.At(2.004).Theta, 0.05+(0.05-0.02)/0.502*1.002; math.Abs(got-want) > 1e-14 {
		t.Errorf("θ beyond is %g, want %g", got, want)
	}
}

func TestNewESSVIRefuses(t *testing.T) {
	base := []Slice{{0.1, 0.004, -0.6, 0.06}, {0.5, 0.02, -0.65, 0.15}}
	nan := math.NaN()
	for _, c := range []struct {
		name      string
		change    func([]Slice)
		condition Condition // meaningful if want is ErrArbitrage
		want      error
	}{
		{"NaN", func(s []Slice) { s[1].Theta = nan }, 0, fault.ErrDomain},
		{"rho", func(s []Slice) { s[1].Rho = -1.1 }, 0, fault.ErrDomain},
		{"psi", func(s []Slice) { s[0].Psi = -0.1 }, 0, fault.ErrDomain},
		{"tau", func(s []Slice) { s[0].Tau = 0 }, 0, fault.ErrDomain},
		{"order", func(s []Slice) { s[0].Tau = 0.5 }, 0, fault.ErrDomain},
		{"theta falls", func(s []Slice) { s[1] = Slice{0.5, 0.0039, -0.6, 0.061} }, NoCrossing, ErrArbitrage},
		{"right wing falls", func(s []Slice) { s[1].Rho = -0.9 }, RightWingRises, ErrArbitrage},
		{"left wing falls", func(s []Slice) { s[1].Rho = 0.9 }, LeftWingRises, ErrArbitrage},
		{"butterfly", func(s []Slice) { s[1].Psi = 0.3 }, LeftButterfly, ErrArbitrage},
		{"right butterfly", func(s []Slice) { s[1].Psi, s[1].Rho = 0.3, 0.5 }, RightButterfly, ErrArbitrage},
		{"Lee", func(s []Slice) { s[1].Psi, s[1].Theta = 3.9, 20 }, LeftLee, ErrArbitrage},
		{"Lee right", func(s []Slice) { s[1].Psi, s[1].Theta, s[1].Rho = 3.9, 20, 0.5 }, RightLee, ErrArbitrage},
	} {
		s := append([]Slice(nil), base...)
		c.change(s)
		e, err := NewESSVI(s)
		if e != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		var broken *ConditionError
		if errors.As(err, &broken) && (broken.Condition != c.condition || broken.Index != 1) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := NewESSVI(nil); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("no slices: %v", err)
	}
	if _, err := NewESSVI(base); err != nil {
		t.Error(err)
	}
	if _, err := NewESSVI([]Slice{{1, 0.04, 0, 0}, {2, 0.08, 0, 0.1}}); err != nil {
		t.Errorf("wings opening evenly from a flat smile: %v", err)
	}
	if _, err := NewESSVI([]Slice{{1, 0.04, 0, 0}, {2, 0.08, -0.1, 0.1}}); !errors.Is(err, ErrArbitrage) {
		t.Errorf("wings opening unevenly from a flat smile: %v", err)
	}
}

func TestCheckArbitrageFindsIt(t *testing.T) {
	vogt := SVI{-0.041, 0.1331, 0.306, 0.3586, 0.4153}
	r := CheckArbitrage(scaled{vogt}, Grid{})
	if r.Butterfly == 0 || r.Calendar != 0 || r.WorstButterfly.Value > -0.02 || math.Abs(r.WorstButterfly.K-0.88) > 0.3 {
		t.Errorf("butterflies of Vogt's smile: %+v", r)
	}
	bad := makeESSVI([]float64{0.5, 1}, []wings{{0.04, 0.1, 0.3}, {0.039, 0.1, 0.3}})
	if r := CheckArbitrage(bad, Grid{}); r.Butterfly != 0 || r.Calendar == 0 || r.WorstCalendar.T < 0.5 {
		t.Errorf("falling variance: %+v", r)
	}
	if r := CheckArbitrage(bad, Grid{Times: []float64{0.2}, Points: 1}); r.Points != 1 || !r.Free() {
		t.Errorf("one point: %+v", r)
	}
}

// scaled is a smile that grows in proportion to time, without derivatives of its own.
type scaled struct{ s SVI }

func (s scaled) TotalVariance(k, t float64) float64 { return t * s.s.TotalVariance(k) }

type growing float64

func (g growing) Forward(t float64) float64 { return 100 * math.Exp(float64(g)*t) }

var _ curve.Forward = growing(0)

func TestSurfaceByStrike(t *testing.T) {
	e, err := NewESSVI([]Slice{{0.1, 0.004, -0.6, 0.06}, {0.5, 0.02, -0.65, 0.15}})
	if err != nil {
		t.Fatal(err)
	}
	s := Surface{Forwards: growing(0.03), Variance: e}
	if got, want := s.Vol(90, 0.3), e.Vol(math.Log(90/(100*math.Exp(0.009))), 0.3); math.Abs(got-want) > 1e-15 {
		t.Errorf("%g, want %g", got, want)
	}
	if !math.IsNaN(s.Vol(-1, 0.3)) {
		t.Error("a negative strike has a volatility")
	}
	plain := Surface{Forwards: growing(0), Variance: scaled{SVI{0.04, 0, 0, 0, 1}}}
	if got := plain.Vol(80, 2); math.Abs(got-0.2) > 1e-15 {
		t.Errorf("%g, want 0.2", got)
	}
}

func TestEvaluationAllocatesNothing(t *testing.T) {
	e, err := NewESSVI([]Slice{{0.1, 0.004, -0.6, 0.06}, {0.5, 0.02, -0.65, 0.15}})
	if err != nil {
		t.Fatal(err)
	}
	ks, dst := make([]float64, 50), make([]float64, 50)
	var sum float64
	if n := testing.AllocsPerRun(100, func() {
		e.VolTo(dst, ks, 0.3)
		_, _, _, wt := e.Derivatives(0.1, 0.3)
		sum += e.Vol(0.1, 0.2) + e.TotalVariance(0.1, 2) + e.At(0.3).Durrleman(0.1) + wt
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkVolTo(b *testing.B) {
	e, _, err := FitESSVI(market(40, 150, 1), FitSettings{})
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 64, 4096} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			k, dst := make([]float64, n), make([]float64, n)
			for i := range k {
				k[i] = -0.5 + float64(i)/float64(n)
			}
			b.ReportAllocs()
			for b.Loop() {
				e.VolTo(dst, k, 0.37)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "vols/s")
		})
	}
}
