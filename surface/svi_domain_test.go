package surface

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

func randomSVI(rng *rand.Rand) SVI {
	s := SVI{
		B: math.Exp(-4 + 4.5*rng.Float64()), Rho: -0.98 + 1.96*rng.Float64(), Sigma: math.Exp(-3.5 + 3.5*rng.Float64()),
	}
	s.B = math.Min(s.B, 1.999/(1+math.Abs(s.Rho)))
	tilt := math.Sqrt(1 - s.Rho*s.Rho)
	s.A = s.B * s.Sigma * (-tilt + math.Exp(-5+6*rng.Float64()))
	s.M = s.Sigma * (-2 + 4*rng.Float64())
	return s
}

// The exact domain against a search for g < 0 along the whole line.
func TestButterflyDomain(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	free, not := 0, 0
	for range 3000 {
		s := randomSVI(rng)
		b, err := s.Butterfly()
		if err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
		worst := math.Inf(1)
		for x := -18.0; x <= 18; x += 0.01 {
			worst = math.Min(worst, s.Durrleman(s.M+s.Sigma*math.Sinh(x)))
		}
		switch {
		case b.Free() && worst < -1e-9:
			t.Errorf("%+v: said to be free, g = %g; %+v", s, worst, b)
		case !b.Free() && worst > 1e-7:
			t.Errorf("%+v: refused, but the least g is %g; %+v", s, worst, b)
		}
		if b.Free() {
			free++
		} else {
			not++
		}
	}
	if free < 300 || not < 300 {
		t.Errorf("%d free, %d not: the draw says little", free, not)
	}
}

// At the least σ the function g touches zero, and does not reach it a little above.
func TestLeastSigma(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	n := 0
	for range 2000 {
		s := randomSVI(rng)
		b, err := s.Butterfly()
		if err != nil {
			t.Fatal(err)
		}
		if !(b.LeastSigma > 1e-3) || !(b.Wing <= 2) {
			continue
		}
		n++
		at := func(factor float64) float64 {
			grow := factor * b.LeastSigma / s.Sigma
			x := SVI{A: s.A * grow, B: s.B, Rho: s.Rho, M: s.M * grow, Sigma: s.Sigma * grow}
			least := math.Inf(1)
			for y := -18.0; y <= 18; y += 0.002 {
				least = math.Min(least, x.Durrleman(x.M+x.Sigma*math.Sinh(y)))
			}
			if free := x.CheckButterfly() == nil; free != (factor >= 1) {
				t.Errorf("%+v at %g times the least σ: free is %v", s, factor, free)
			}
			return least
		}
		if above, below := at(1.0001), at(0.999); above < -1e-9 || below > 0 {
			t.Errorf("%+v: g is %g above the least σ and %g below", s, above, below)
		}
		if n == 60 {
			break
		}
	}
	if n < 60 {
		t.Errorf("only %d smiles", n)
	}
}

func TestVogtIsRefused(t *testing.T) {
	vogt := SVI{A: -0.041, B: 0.1331, Rho: 0.306, M: 0.3586, Sigma: 0.4153}
	err := vogt.CheckButterfly()
	if !errors.Is(err, ErrButterfly) || !errors.Is(err, ErrArbitrage) {
		t.Fatalf("Vogt's smile: %v", err)
	}
	b, err := vogt.Butterfly()
	if err != nil || b.Free() {
		t.Errorf("%+v, %v", b, err)
	}
	repaired, err := vogt.JumpWings(1).Repaired().SVI(1)
	if err != nil || repaired.CheckButterfly() != nil {
		t.Errorf("repaired: %v, %v", err, repaired.CheckButterfly())
	}
}

// The conditions of Gatheral and Jacquier are sufficient, and not necessary.
func TestSufficientImpliesExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	sufficient, more := 0, 0
	for range 2000 {
		x := Slice{Tau: 1, Theta: math.Exp(-7 + 7*rng.Float64()), Rho: -0.98 + 1.96*rng.Float64(), Psi: math.Exp(-4 + 5*rng.Float64())}
		s := x.SVI()
		if s.Validate() != nil {
			continue
		}
		free := s.CheckButterfly() == nil
		switch {
		case s.SufficientButterfly() && !free:
			t.Errorf("%+v: sufficient but not free: %v", x, s.CheckButterfly())
		case s.SufficientButterfly():
			sufficient++
		case free:
			more++
		}
	}
	if sufficient < 200 || more == 0 {
		t.Errorf("%d sufficient, %d free besides", sufficient, more)
	}
	if (SVI{A: 0.04, B: 0.1, Rho: -0.4, M: 0.3, Sigma: 0.2}).SufficientButterfly() {
		t.Error("a smile off the SSVI family is covered")
	}
}

func TestFlatSmileIsFree(t *testing.T) {
	if err := (SVI{A: 0.04, Sigma: 0.1}).CheckButterfly(); err != nil {
		t.Error(err)
	}
	if err := (SVI{Sigma: 0.1}).CheckButterfly(); err == nil {
		t.Error("zero variance accepted")
	}
	if err := (SVI{A: math.NaN(), Sigma: 0.1}).CheckButterfly(); err == nil {
		t.Error("NaN accepted")
	}
}

func TestNaturalRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		s := randomSVI(rng)
		n := s.Natural()
		back, err := n.SVI()
		if err != nil {
			t.Fatalf("%+v: %v", n, err)
		}
		size := math.Abs(s.A) + s.B + s.Sigma + math.Abs(s.M)
		for _, d := range []float64{back.A - s.A, back.B - s.B, back.Rho - s.Rho, back.M - s.M, back.Sigma - s.Sigma} {
			if math.Abs(d) > 1e-12*size/(1-math.Abs(s.Rho)) {
				t.Fatalf("%+v came back as %+v", s, back)
			}
		}
		for k := -1.0; k <= 1; k += 0.25 {
			if a, b := s.TotalVariance(k), n.TotalVariance(k); math.Abs(a-b) > 1e-12*(1+size) {
				t.Errorf("%+v at %g: %g against %g", s, k, b, a)
			}
		}
	}
	ssvi := Slice{Tau: 1, Theta: 0.04, Rho: -0.3, Psi: 0.2}
	if n := ssvi.SVI().Natural(); math.Abs(n.Delta) > 1e-15 || math.Abs(n.Mu) > 1e-15 || math.Abs(n.Omega-0.04) > 1e-15 || math.Abs(n.Zeta-5) > 1e-13 {
		t.Errorf("SSVI as natural SVI: %+v", n)
	}
	for _, n := range []NaturalSVI{{}, {Zeta: 1, Rho: 1}, {Zeta: 1, Omega: -1}, {Zeta: 1, Delta: math.NaN()}, {Zeta: 1, Delta: -1}} {
		if n.Validate() == nil {
			t.Errorf("%+v accepted", n)
		}
	}
}
