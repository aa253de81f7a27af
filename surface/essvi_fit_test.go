package surface

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/optimize"

	"github.com/volgaquant/volga/internal/fault"
)

// quoted returns smiles that the slices fit exactly: n strikes within width times √θ of the money.
func quoted(s []Slice, n int, width, half float64) []Smile {
	out := make([]Smile, len(s))
	for i, s := range s {
		m := Smile{Tau: s.Tau, Forward: 100, Discount: 1}
		for j := range n {
			k := width * math.Sqrt(s.Theta) * (2*float64(j)/float64(n-1) - 1)
			v := s.Vol(k)
			m.K, m.Mid = append(m.K, k), append(m.Mid, v)
			m.Bid, m.Ask = append(m.Bid, v-half), append(m.Ask, v+half)
		}
		out[i] = m
	}
	return out
}

func TestFitRecoversKnownParameters(t *testing.T) {
	for _, c := range []struct {
		name   string
		slices []Slice
	}{
		{"index", []Slice{{0.02, 0.0006, -0.6, 0.024}, {0.1, 0.0036, -0.65, 0.06}, {0.5, 0.021, -0.68, 0.15}, {1, 0.045, -0.66, 0.22}, {3, 0.15, -0.6, 0.42}}},
		{"positive skew", []Slice{{0.05, 0.03, 0.5, 0.15}, {0.2, 0.09, 0.45, 0.26}, {0.5, 0.16, 0.4, 0.35}}},
		{"one slice", []Slice{{0.5, 0.021, -0.68, 0.15}}},
		{"coin", []Slice{{0.01, 0.004, 0.1, 0.08}, {0.3, 0.13, -0.1, 0.4}, {0.8, 0.4, -0.2, 0.7}}},
		{"rising φ", []Slice{{0.5, 0.03, -0.5, 0.1}, {1, 0.04, -0.5, 0.14}}}, // outside the conditions of Hendriks and Martini
	} {
		for _, loss := range []Loss{Robust, Convex, LeastSquares} {
			for _, weighting := range []Weighting{ByVega, Equal} {
				smiles := quoted(c.slices, 41, 3, 0.002)
				e, r, err := FitESSVI(smiles, FitSettings{Loss: loss, Weighting: weighting, Tolerance: 1e-16})
				if err != nil {
					t.Fatalf("%s: %v", c.name, err)
				}
				for i, got := range e.Slices() {
					want := c.slices[i]
					if math.Abs(got.Theta/want.Theta-1) > 1e-8 || math.Abs(got.Rho-want.Rho) > 1e-8 || math.Abs(got.Psi/want.Psi-1) > 1e-8 {
						t.Errorf("%s, loss %d: %+v, want %+v after %d iterations", c.name, loss, got, want, r.Iterations)
					}
				}
				if !r.Converged || len(r.Active) != 0 {
					t.Errorf("%s: %+v", c.name, r)
				}
			}
		}
	}
}

// dirty returns smiles that no surface fits: noise of any size, total variances that fall, expiries hours apart, wings
// without quotes.
func dirty(rng *rand.Rand, n int) []Smile {
	smiles := make([]Smile, n)
	tau := 0.0
	level := math.Exp(-2.5 + 2.5*rng.Float64())
	skew := rng.NormFloat64()
	noise := math.Exp(-6 + 6*rng.Float64())
	for i := range smiles {
		tau += math.Exp(-9 + 9*rng.Float64())
		s := Smile{Tau: tau, Forward: 100, Discount: 1}
		root := level * math.Sqrt(tau)
		x := -4 + 3*rng.Float64()
		for range 3 + rng.IntN(30) {
			vol := level * math.Abs(1+0.1*skew*x+0.05*x*x+noise*rng.NormFloat64())
			vol = max(vol, 0.01*level)
			half := vol * math.Exp(-7+5*rng.Float64())
			bid := vol - half
			if bid <= 0 || rng.IntN(10) == 0 {
				bid = math.NaN()
			}
			s.K, s.Mid = append(s.K, x*root), append(s.Mid, vol)
			s.Bid, s.Ask = append(s.Bid, bid), append(s.Ask, vol+half)
			x += 0.5 * rng.Float64()
		}
		smiles[i] = s
	}
	return smiles
}

func TestFitOfAnythingIsFreeOfArbitrage(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	var f Fitter
	var last *ESSVI
	slow := 0
	for i := range 400 {
		smiles := dirty(rng, 1+rng.IntN(20))
		cfg := FitSettings{Loss: Loss(i % 3)}
		if i%4 == 3 {
			cfg.Start = last // of another market altogether
		}
		e, r, err := f.Fit(smiles, cfg)
		if err != nil && !errors.Is(err, ErrNotConverged) {
			t.Fatal(err)
		}
		if err != nil {
			slow++
			if !strings.Contains(err.Error(), "smiles[") {
				t.Errorf("does not name the worst smile: %v", err)
			}
		}
		if len(r.Slices) != len(smiles) || r.Converged != (err == nil) {
			t.Errorf("report %+v, error %v", r, err)
		}
		for _, width := range []float64{0.1, 1.5} {
			if a := CheckArbitrage(e, Grid{KMin: -width, KMax: width}); !a.Free() {
				t.Fatalf("surface %d: %+v", i, a)
			}
		}
		if _, err := NewESSVI(e.Slices()); err != nil {
			t.Errorf("surface %d: %v", i, err)
		}
		last = e
	}
	t.Logf("%d of 400 did not converge", slow)
	if slow > 8 {
		t.Errorf("%d of 400 fits did not converge", slow)
	}
}

// At the minimum the gradient of the objective is the combination of the gradients of the active conditions by their
// multipliers, and no multiplier is negative (Karush, Kuhn and Tucker).
func TestFitIsStationary(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	active := 0
	for range 20 {
		smiles := dirty(rng, 6)
		var f Fitter
		_, r, err := f.Fit(smiles, FitSettings{Loss: Convex, Tolerance: 1e-13, MaxIterations: 1000})
		if err != nil {
			continue
		}
		active += len(r.Active)
		grad := make([]wings, 6)
		hess := make([][6]float64, 6)
		f.differentiate()
		f.evaluate(f.x, grad, hess, 1)
		var size float64
		for _, g := range grad {
			size = max(size, math.Abs(g.theta), math.Abs(g.u), math.Abs(g.v))
		}
		for i := range f.x {
			var b bounds
			for j, l := range f.lambda[i] {
				b[j] = -l
			}
			f.pull(grad, i, &b)
		}
		for i, g := range grad {
			if most := max(math.Abs(g.theta), math.Abs(g.u), math.Abs(g.v)); most > 1e-3*(1+size)+1e-5*f.objective {
				t.Errorf("slice %d: %+v left of a gradient of %g, objective %g", i, g, size, f.objective)
			}
		}
	}
	if active == 0 {
		t.Error("no condition was active in any of the fits")
	}
}

// The gradient that the solver uses is that of its objective.
func TestFitGradient(t *testing.T) {
	smiles := dirty(rand.New(rand.NewPCG(6, 1)), 4)
	for _, loss := range []Loss{Robust, Convex, LeastSquares} {
		var f Fitter
		if _, _, err := f.Fit(smiles, FitSettings{Loss: loss, MaxIterations: 3}); err != nil && !errors.Is(err, ErrNotConverged) {
			t.Fatal(err)
		}
		grad, scratch, hess := make([]wings, 4), make([]wings, 4), make([][6]float64, 4)
		at := f.evaluate(f.x, grad, hess, 0.1)
		const h = 1e-6
		for i := range f.x {
			for j, g := range [3]float64{grad[i].theta, grad[i].u, grad[i].v} {
				moved := func(h float64) float64 {
					x := slices.Clone(f.x)
					*[3]*float64{&x[i].theta, &x[i].u, &x[i].v}[j] *= math.Exp(h)
					return f.evaluate(x, scratch, hess, 0.1)
				}
				if bump := (moved(h) - moved(-h)) / (2 * h); math.Abs(bump-g) > 1e-5*(math.Abs(g)+1)+1e-9*at/h*1e-3 {
					t.Errorf("loss %d, slice %d, parameter %d: %g, by bump %g", loss, i, j, g, bump)
				}
			}
		}
	}
}

// An independent optimiser, over a parametrisation whose every point satisfies the conditions (in the manner of Mingone,
// arXiv:2204.00312), finds no lower objective.
func TestFitAgainstIndependentOptimiser(t *testing.T) {
	for name, target := range map[string][]Slice{
		"inside":          {{0.1, 0.004, -0.6, 0.06}, {0.5, 0.02, -0.65, 0.15}},
		"falling wing":    {{0.1, 0.004, -0.3, 0.09}, {0.5, 0.02, -0.8, 0.11}},
		"falling θ":       {{0.1, 0.010, -0.6, 0.10}, {0.2, 0.008, -0.5, 0.12}},
		"butterfly":       {{0.1, 0.004, -0.6, 0.14}, {0.5, 0.02, -0.65, 0.20}},
		"crossing slices": {{0.1, 0.010, -0.9, 0.02}, {0.2, 0.0101, 0.6, 0.15}},
	} {
		smiles := quoted(target, 15, 2.5, 0.01)
		var f Fitter
		_, r, err := f.Fit(smiles, FitSettings{Loss: Convex, Tolerance: 1e-13, MaxIterations: 1000})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		grad, hess := make([]wings, 2), make([][6]float64, 2)
		point := func(p []float64) []wings {
			x := make([]wings, 2)
			for i := range x {
				q := p[3*i:]
				x[i].u, x[i].v = math.Exp(q[1]), math.Exp(q[2])
				if i > 0 {
					x[i].u += x[i-1].u
					x[i].v += x[i-1].v
				}
				x[i].theta = 0.125 * (x[i].u + x[i].v) * max(x[i].u, x[i].v)
				if i > 0 {
					x[i].theta = max(x[i].theta, x[i-1].theta*x[i].crossing(x[i-1], 0, 0))
				}
				x[i].theta += math.Exp(q[0])
			}
			return x
		}
		best := math.Inf(1)
		p := []float64{math.Log(0.003), math.Log(0.02), math.Log(0.08), math.Log(0.01), math.Log(0.03), math.Log(0.1)}
		for range 12 { // restarts carry the simplex along the edges where the largest of two conditions changes
			r, err := optimize.Minimize(optimize.Problem{Func: func(p []float64) float64 {
				for _, v := range p {
					if !(math.Abs(v) < 30) {
						return 1e9
					}
				}
				return f.evaluate(point(p), grad, hess, 1)
			}}, p, &optimize.Settings{MajorIterations: 3000, Converger: optimize.NeverTerminate{}}, &optimize.NelderMead{SimplexSize: 0.5})
			if err != nil {
				t.Fatal(err)
			}
			p, best = r.X, min(best, r.F)
		}
		t.Logf("%s: %.9g, independently %.9g, %d active", name, r.Objective, best, len(r.Active))
		if r.Objective > best*(1+1e-5)+1e-6 {
			t.Errorf("%s: objective %.9g, independently %.9g", name, r.Objective, best)
		}
	}
}

func TestFitFromANearStart(t *testing.T) {
	smiles := market(20, 60, 3)
	e, _, err := FitESSVI(smiles, FitSettings{})
	if err != nil {
		t.Fatal(err)
	}
	next := moved(smiles, 4)
	_, rc, err := FitESSVI(next, FitSettings{})
	if err != nil {
		t.Fatal(err)
	}
	_, rw, err := FitESSVI(next, FitSettings{Start: e})
	if err != nil {
		t.Fatal(err)
	}
	if rw.Iterations > 7 || rw.Iterations >= rc.Iterations {
		t.Errorf("%d iterations from a near start, %d from none", rw.Iterations, rc.Iterations)
	}
	cold, _, err := FitESSVI(next, FitSettings{Tolerance: 1e-10})
	if err != nil {
		t.Fatal(err)
	}
	warm, _, err := FitESSVI(next, FitSettings{Start: e, Tolerance: 1e-10})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range warm.Slices() {
		if c := cold.Slices()[i]; math.Abs(s.Vol(0)-c.Vol(0)) > 1e-5 || math.Abs(s.Vol(-0.1)-c.Vol(-0.1)) > 1e-5 {
			t.Errorf("slice %d: %+v from a near start, %+v from none", i, s, c)
		}
	}
	// A start with other expiries serves too.
	if _, _, err := FitESSVI(next[3:15], FitSettings{Start: e}); err != nil {
		t.Error(err)
	}
}

func TestRefitAllocatesNothing(t *testing.T) {
	smiles := market(10, 30, 5)
	e, _, err := FitESSVI(smiles, FitSettings{})
	if err != nil {
		t.Fatal(err)
	}
	var f Fitter
	dst := make([]Slice, len(smiles))
	next := moved(smiles, 6)
	for _, start := range []*ESSVI{e, nil} {
		if n := testing.AllocsPerRun(20, func() {
			if _, err := f.FitTo(dst, next, FitSettings{Start: start}); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%g allocations", n)
		}
	}
	if _, err := NewESSVI(dst); err != nil {
		t.Error(err)
	}
}

func TestFitReport(t *testing.T) {
	s := quoted([]Slice{{0.5, 0.02, -0.65, 0.15}}, 21, 2, 0.001)
	s[0].Label = "XYZ"
	s[0].Mid[3] += 0.02 // an outlier hardly moves a robust fit
	s[0].Bid[3] += 0.02
	s[0].Ask[3] += 0.02
	_, r, err := FitESSVI(s, FitSettings{})
	if err != nil {
		t.Fatal(err)
	}
	f := r.Slices[0]
	if f.Label != "XYZ" || f.Tau != 0.5 || f.Quotes != 21 || math.Abs(f.Inside-20./21) > 1e-12 {
		t.Errorf("%+v", f)
	}
	if math.Abs(f.MaxError+0.02) > 1e-3 || f.MaxK != s[0].K[3] || math.Abs(f.RMS-0.02/math.Sqrt(21)) > 3e-4 ||
		math.Abs(f.RMSSpread-1000*f.RMS) > 1e-6 {
		t.Errorf("%+v", f)
	}
}

func TestFitRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	good := func() []Smile {
		s := quoted([]Slice{{0.1, 0.004, -0.6, 0.06}, {0.5, 0.02, -0.65, 0.15}}, 5, 2, 0.001)
		s[1].Label = "second"
		return s
	}
	for _, c := range []struct {
		name   string
		change func([]Smile) []Smile
		want   error
	}{
		{"none", func([]Smile) []Smile { return nil }, fault.ErrDomain},
		{"single strike", func(s []Smile) []Smile { cut(&s[1], 1); return s }, ErrTooFewQuotes},
		{"no strike", func(s []Smile) []Smile { cut(&s[1], 0); return s }, ErrTooFewQuotes},
		{"one strike thrice", func(s []Smile) []Smile { cut(&s[1], 3); s[1].K = []float64{0, 0, 0}; return s }, ErrTooFewQuotes},
		{"NaN tau", func(s []Smile) []Smile { s[1].Tau = nan; return s }, fault.ErrDomain},
		{"zero tau", func(s []Smile) []Smile { s[1].Tau = 0; return s }, fault.ErrDomain},
		{"infinite tau", func(s []Smile) []Smile { s[1].Tau = inf; return s }, fault.ErrDomain},
		{"order", func(s []Smile) []Smile { s[1].Tau = 0.1; return s }, fault.ErrDomain},
		{"NaN strike", func(s []Smile) []Smile { s[1].K[2] = nan; return s }, fault.ErrDomain},
		{"order of strikes", func(s []Smile) []Smile { s[1].K[2] = -1; return s }, fault.ErrDomain},
		{"NaN mid", func(s []Smile) []Smile { s[1].Mid[2] = nan; return s }, fault.ErrDomain},
		{"zero mid", func(s []Smile) []Smile { s[1].Mid[2] = 0; return s }, fault.ErrDomain},
		{"huge mid", func(s []Smile) []Smile { s[1].Mid[2] = 1e200; return s }, fault.ErrDomain},
		{"tiny mid", func(s []Smile) []Smile { s[1].Mid[2] = 1e-200; return s }, fault.ErrDomain},
		{"NaN ask", func(s []Smile) []Smile { s[1].Ask[2] = nan; return s }, fault.ErrDomain},
		{"infinite ask", func(s []Smile) []Smile { s[1].Ask[2] = inf; return s }, fault.ErrDomain},
		{"negative bid", func(s []Smile) []Smile { s[1].Bid[2] = -1; return s }, fault.ErrDomain},
		{"columns", func(s []Smile) []Smile { s[1].Bid = s[1].Bid[1:]; return s }, fault.ErrDomain},
	} {
		e, _, err := FitESSVI(c.change(good()), FitSettings{})
		if e != nil || !errors.Is(err, c.want) || c.name != "none" && !strings.Contains(err.Error(), "second") {
			t.Errorf("%s: %v, %v", c.name, e, err)
		}
	}
	for _, cfg := range []FitSettings{
		{Loss: 9}, {Weighting: 9}, {Scale: -1}, {Scale: nan}, {MinHalfSpread: inf}, {MinQuotes: -1}, {MaxIterations: -1}, {Tolerance: nan},
	} {
		if _, _, err := FitESSVI(good(), cfg); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	s := good()
	for i := range s[0].Bid {
		s[0].Bid[i] = nan // no bids at all
	}
	s[1].Bid[0], s[1].Ask[0] = s[1].Ask[0], s[1].Bid[0] // crossed
	for _, smiles := range [][]Smile{s, s[:1]} {        // also one expiry alone
		if _, _, err := FitESSVI(smiles, FitSettings{}); err != nil {
			t.Error(err)
		}
	}
	e, r, err := FitESSVI(market(5, 20, 1), FitSettings{MaxIterations: 1})
	if e == nil || !errors.Is(err, ErrNotConverged) || r.Converged || r.Iterations != 1 {
		t.Errorf("one iteration: %v, %+v", err, r)
	}
	if !CheckArbitrage(e, Grid{}).Free() {
		t.Error("a fit that was stopped admits arbitrage")
	}
}

func cut(s *Smile, n int) {
	s.K, s.Bid, s.Ask, s.Mid = s.K[:n], s.Bid[:n], s.Ask[:n], s.Mid[:n]
}
