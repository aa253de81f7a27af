package surface

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/race"
)

// quotesOn makes smiles of quotes on known smiles: mids exact, half-spreads of a tenth of a point.
func quotesOn(slices []SVISlice, strikes int) []Smile {
	var out []Smile
	for _, x := range slices {
		s := Smile{Tau: x.Tau, Forward: 100, Discount: 1}
		root := math.Sqrt(x.TotalVariance(0))
		for j := range strikes {
			k := root * (-3.5 + 6*float64(j)/float64(strikes-1))
			v := x.Vol(k, x.Tau)
			s.K, s.Strike = append(s.K, k), append(s.Strike, 100*math.Exp(k))
			s.Mid, s.Bid, s.Ask = append(s.Mid, v), append(s.Bid, v-0.001), append(s.Ask, v+0.001)
		}
		out = append(out, s)
	}
	return out
}

// truth is four smiles that are not of the SSVI family and free of arbitrage.
func truth() []SVISlice {
	return []SVISlice{
		{0.1, SVI{A: 0.0009, B: 0.030, Rho: -0.45, M: 0.010, Sigma: 0.055}},
		{0.25, SVI{A: 0.0030, B: 0.051, Rho: -0.42, M: 0.020, Sigma: 0.090}},
		{0.5, SVI{A: 0.0070, B: 0.070, Rho: -0.40, M: 0.035, Sigma: 0.140}},
		{1, SVI{A: 0.0160, B: 0.095, Rho: -0.38, M: 0.050, Sigma: 0.200}},
	}
}

func TestSVISurfaceRecovers(t *testing.T) {
	want := truth()
	if _, err := NewSVISurface(want); err != nil {
		t.Fatal(err)
	}
	smiles := quotesOn(want, 31)
	s, r, err := FitSVISurface(smiles, SVISettings{Tolerance: 1e-12, Loss: LeastSquares})
	if err != nil || !r.Converged || r.Fallback {
		t.Fatalf("%v, %+v", err, r)
	}
	for i, x := range want {
		for j, k := range smiles[i].K {
			if d := math.Abs(s.Vol(k, x.Tau) - smiles[i].Mid[j]); d > 1e-5 {
				t.Errorf("tau %g, k %.3f: off by %g", x.Tau, k, d)
			}
		}
	}
	if a := CheckArbitrage(s, Grid{}); !a.Free() {
		t.Errorf("%+v", a)
	}
	if _, err := NewSVISurface(s.Slices()); err != nil {
		t.Errorf("the slices do not make the surface again: %v", err)
	}
}

// Quotes that allow calendar and butterfly arbitrage: the surface does not.
func TestSVISurfaceOfArbitrageableQuotes(t *testing.T) {
	vogt := SVI{A: -0.041, B: 0.1331, Rho: 0.306, M: 0.3586, Sigma: 0.4153}
	for name, slices := range map[string][]SVISlice{
		"Vogt":             {{1, vogt}},
		"crossed":          {{0.5, SVI{A: 0.02, B: 0.2, Rho: -0.6, M: 0, Sigma: 0.2}}, {1, SVI{A: 0.03, B: 0.1, Rho: 0.3, M: 0, Sigma: 0.1}}},
		"falling variance": {{0.5, SVI{A: 0.04, B: 0.1, Rho: -0.3, M: 0, Sigma: 0.2}}, {1, SVI{A: 0.02, B: 0.1, Rho: -0.3, M: 0, Sigma: 0.2}}},
		"steep":            {{0.5, SVI{A: 0.01, B: 0.8, Rho: -0.7, M: 0.1, Sigma: 0.1}}, {0.6, vogt}},
	} {
		s, r, err := FitSVISurface(quotesOn(slices, 41), SVISettings{})
		if err != nil && !errors.Is(err, ErrNotConverged) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a := CheckArbitrage(s, Grid{KMin: -4, KMax: 4, Points: 4001, Times: []float64{0.01, 0.25, 0.5, 0.55, 0.6, 0.75, 1, 1.5, 3}}); !a.Free() {
			t.Errorf("%s: %+v; %+v", name, a, s.Slices())
		}
		if _, err := NewSVISurface(slices); !isArbitrage(err) {
			t.Errorf("%s: the smiles themselves are accepted: %v", name, err)
		}
		if r.Converged != (err == nil) {
			t.Errorf("%s: converged %v, error %v", name, r.Converged, err)
		}
	}
}

func TestSVISurfaceRefuses(t *testing.T) {
	good := quotesOn(truth(), 11)
	nan := math.NaN()
	for name, change := range map[string]func(s []Smile) []Smile{
		"none":          func(s []Smile) []Smile { return nil },
		"out of order":  func(s []Smile) []Smile { s[0], s[1] = s[1], s[0]; return s },
		"NaN mid":       func(s []Smile) []Smile { s[2].Mid[3] = nan; return s },
		"infinite ask":  func(s []Smile) []Smile { s[2].Ask[3] = math.Inf(1); return s },
		"short column":  func(s []Smile) []Smile { s[1].Bid = s[1].Bid[1:]; return s },
		"negative time": func(s []Smile) []Smile { s[0].Tau = -1; return s },
	} {
		smiles := quotesOn(truth(), 11)
		if _, _, err := FitSVISurface(change(smiles), SVISettings{}); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	one := good[0]
	one.K, one.Mid, one.Bid, one.Ask = one.K[:4], one.Mid[:4], one.Bid[:4], one.Ask[:4]
	if _, _, err := FitSVISurface([]Smile{one}, SVISettings{MinQuotes: 5}); !errors.Is(err, ErrTooFewQuotes) {
		t.Errorf("four quotes: %v", err)
	}
	for i := range good[1].K {
		good[1].K[i] = 0.1
	}
	if _, _, err := FitSVISurface(good, SVISettings{MinQuotes: 5}); !errors.Is(err, ErrTooFewQuotes) {
		t.Errorf("all quotes at one strike: %v", err)
	}
	for _, cfg := range []SVISettings{
		{Scale: nan}, {Scale: math.Inf(1)}, {MinHalfSpread: math.Inf(1)}, {MinHalfSpread: -1}, {Tolerance: nan}, {MinQuotes: -1},
		{Loss: 9}, {Weighting: 9}, {MaxIterations: -1},
	} {
		if _, _, err := FitSVISurface(quotesOn(truth(), 11), cfg); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

func TestSVISurfaceDerivatives(t *testing.T) {
	s, err := NewSVISurface(truth())
	if err != nil {
		t.Fatal(err)
	}
	const h = 1e-5
	for _, at := range []float64{0.05, 0.15, 0.4, 0.8, 1.7} {
		for k := -0.8; k <= 0.8; k += 0.2 {
			w, wk, wkk, wt := s.Derivatives(k, at)
			up, down := s.TotalVariance(k+h, at), s.TotalVariance(k-h, at)
			later, before := s.TotalVariance(k, at+h), s.TotalVariance(k, at-h)
			if w != s.TotalVariance(k, at) || math.Abs(wk-(up-down)/(2*h)) > 1e-8 || math.Abs(wkk-(up-2*w+down)/(h*h)) > 1e-4 ||
				math.Abs(wt-(later-before)/(2*h)) > 1e-8 {
				t.Errorf("k %g, t %g: %g %g %g %g", k, at, w, wk, wkk, wt)
			}
			if v := LocalVariance(s, k, at); !(v > 0) {
				t.Errorf("local variance %g", v)
			}
		}
	}
	if !math.IsNaN(s.TotalVariance(0, -1)) || s.TotalVariance(0.1, 0) != 0 || s.Vol(0.1, 0) != s.Vol(0.1, 0.1) {
		t.Error("edges of time")
	}
}

// The gradient of the objective with all its penalties against differences, in the variables of the steps.
func TestSVIGradient(t *testing.T) {
	smiles := quotesOn(truth(), 15)
	var f SVIFitter
	if err := f.prepare(smiles, SVISettings{}.base()); err != nil {
		t.Fatal(err)
	}
	f.begin(nil)
	n := len(f.x)
	for i := range f.x {
		f.p[i].marginG, f.p[i].marginCal = 0.9, 0.5 // so that the penalties are felt
		f.p[i].butterfly, f.p[i].calendar = 50, 50
		f.y[i] = f.x[i].local()
		for j := range f.y[i] {
			f.y[i][j] *= 1 + 0.02*float64(j-2)
		}
	}
	grad, other := make([]sviVars, n), make([]sviVars, n)
	f.evaluate(f.y, f.value, grad, f.hess, f.cross)
	for i := range f.y {
		for j := range f.y[i] {
			at := f.y[i][j]
			h := 1e-6 * math.Abs(at)
			f.y[i][j] = at + h
			up := f.evaluate(f.y, f.value, other, f.hess, f.cross)
			f.y[i][j] = at - h
			down := f.evaluate(f.y, f.value, other, f.hess, f.cross)
			f.y[i][j] = at
			if d := (up - down) / (2 * h); math.Abs(d-grad[i][j]) > 1e-5*(math.Abs(d)+1e-3*up/math.Abs(at)) {
				t.Errorf("smile %d, variable %d: %g, by differences %g", i, j, grad[i][j], d)
			}
		}
	}
}

func TestFitSVI(t *testing.T) {
	for _, x := range truth() {
		s := quotesOn([]SVISlice{x}, 21)[0]
		got, r, err := FitSVI(&s, SVISettings{Tolerance: 1e-12})
		if err != nil || r.RMS > 1e-6 {
			t.Errorf("tau %g: %+v, %+v, %v", x.Tau, got, r, err)
		}
		two, err := FitSVIQuasiExplicit(&s, SVISettings{})
		if err != nil {
			t.Fatal(err)
		}
		for j, k := range s.K {
			if d := math.Abs(two.Vol(k, x.Tau) - s.Mid[j]); d > 2e-5 {
				t.Errorf("tau %g, k %.3f: the two steps are off by %g", x.Tau, k, d)
			}
		}
	}
	vogt := quotesOn([]SVISlice{{1, SVI{A: -0.041, B: 0.1331, Rho: 0.306, M: 0.3586, Sigma: 0.4153}}}, 41)[0]
	two, err := FitSVIQuasiExplicit(&vogt, SVISettings{})
	if err != nil || two.CheckButterfly() == nil {
		t.Errorf("Vogt's smile by two steps: %v, said to be free: %+v", err, two)
	}
	free, r, err := FitSVI(&vogt, SVISettings{})
	if err != nil || free.CheckButterfly() != nil || r.RMS > 0.01 {
		t.Errorf("Vogt's smile: %+v, %+v, %v, %v", free, r, err, free.CheckButterfly())
	}
	few := vogt
	few.K, few.Mid, few.Bid, few.Ask = few.K[:4], few.Mid[:4], few.Bid[:4], few.Ask[:4]
	if _, _, err := FitSVI(&few, SVISettings{}); !errors.Is(err, ErrTooFewQuotes) {
		t.Errorf("four quotes: %v", err)
	}
	if _, err := FitSVIQuasiExplicit(&few, SVISettings{}); !errors.Is(err, ErrTooFewQuotes) {
		t.Errorf("four quotes: %v", err)
	}
}

func TestFitSliceAllocatesNothing(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	x := truth()[2]
	s := quotesOn([]SVISlice{x}, 11)[0]
	var f SVIFitter
	if n := testing.AllocsPerRun(20, func() {
		if _, _, err := f.FitSlice(&s, &x.SVI, SVISettings{}); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

// Whatever is quoted, the surface is free of arbitrage, and a fit that failed says so.
func TestSVISurfaceOfAnything(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	failed := 0
	for trial := range 60 {
		var smiles []Smile
		tau := 0.0
		for range 1 + rng.IntN(5) {
			tau += math.Exp(-5 + 5*rng.Float64())
			s := Smile{Tau: tau, Forward: 100, Discount: 1}
			level, wild := 0.05+0.6*rng.Float64(), rng.Float64()
			for k, j := -0.6*rng.Float64(), 0; j < 1+rng.IntN(14)*rng.IntN(2)+5; j++ {
				v := level * (1 + 0.5*wild*rng.NormFloat64()*rng.Float64())
				v = math.Max(v, 0.01)
				half := 0.001 + 0.02*rng.Float64()
				s.K, s.Mid, s.Bid, s.Ask = append(s.K, k), append(s.Mid, v), append(s.Bid, v-half), append(s.Ask, v+half)
				if rng.IntN(5) == 0 || v < half {
					s.Bid[j] = math.NaN()
				}
				k += 0.02 + 0.1*rng.Float64()
			}
			smiles = append(smiles, s)
		}
		s, r, err := FitSVISurface(smiles, SVISettings{Loss: Loss(rng.IntN(3)), Weighting: Weighting(rng.IntN(2))})
		if err != nil {
			failed++
			if !errors.Is(err, ErrNotConverged) {
				t.Fatalf("trial %d: %v", trial, err)
			}
		}
		if (err == nil) != r.Converged {
			t.Errorf("trial %d: converged %v, error %v", trial, r.Converged, err)
		}
		if s == nil {
			continue
		}
		if a := CheckArbitrage(s, Grid{KMin: -3, KMax: 3, Points: 1201}); !a.Free() {
			t.Errorf("trial %d: %+v; %+v", trial, a, s.Slices())
		}
		if again, _, err := FitSVISurface(smiles, SVISettings{Start: s}); again != nil {
			if a := CheckArbitrage(again, Grid{KMin: -3, KMax: 3, Points: 1201}); !a.Free() {
				t.Errorf("trial %d, once more: %+v, %v", trial, a, err)
			}
		}
	}
	t.Logf("%d of 60 did not converge", failed)
	if failed > 20 {
		t.Errorf("%d of 60 fits failed", failed)
	}
}
