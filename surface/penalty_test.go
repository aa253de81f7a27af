package surface

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

// cleanSlices are free of arbitrage, at the expiries of the lattice in Zhang (2025).
func cleanSlices() []Slice {
	var out []Slice
	for i, days := range []float64{7, 14, 21, 30, 60, 90} {
		tau := days / 252
		out = append(out, Slice{Tau: tau, Theta: 0.04 * tau, Rho: -0.4 + 0.02*float64(i), Psi: 0.5 * math.Sqrt(0.04*tau)})
	}
	return out
}

// dirtySlices break both conditions at several strikes.
func dirtySlices() []Slice {
	s := cleanSlices()
	s[1].Theta *= 0.45
	s[2].Psi *= 5
	s[4].Rho = 0.6
	s[5].Psi *= 12
	return s
}

func lattice(t testing.TB, set PenaltySettings) *PenaltyLattice {
	t.Helper()
	l, err := NewPenaltyLattice(set)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// plainPenalties is the definition, from Black's formula and the printed softplus.
func plainPenalties(set PenaltySettings, slices []Slice) (bf, cal float64) {
	low, high := math.Exp(set.KMin), math.Exp(set.KMax)
	h := (high - low) / float64(set.Strikes-1) * set.Forward
	soft := func(x float64) float64 {
		if set.HardHinge {
			return math.Max(x, 0)
		}
		y := math.Max(x, 0) + set.Softness*math.Log1p(math.Exp(-math.Abs(x)/set.Softness))
		if set.SubtractFloor {
			y -= set.Softness * math.Log(2)
		}
		return y
	}
	prices := make([][]float64, len(slices))
	means := make([]float64, len(slices))
	for m, s := range slices {
		for j := range set.Strikes {
			strike := low*set.Forward + h*float64(j)
			c := black.Black76{
				Right: pricing.Call, Forward: set.Forward, Strike: strike, Vol: s.Vol(math.Log(strike / set.Forward)), Tau: s.Tau, Discount: 1,
			}.Price()
			prices[m] = append(prices[m], c)
			means[m] += c / float64(set.Strikes)
		}
	}
	for m, c := range prices {
		for j := 1; j < set.Strikes-1; j++ {
			bf += soft(-(c[j+1]-2*c[j]+c[j-1])/(h*h)) / means[m] / float64(set.Strikes-2) / float64(len(slices))
		}
		for j := range c {
			if m+1 < len(prices) {
				cal += soft(c[j]-prices[m+1][j]) / (0.5 * (means[m] + means[m+1])) / float64(set.Strikes) / float64(len(slices)-1)
			}
		}
	}
	return bf, cal
}

func TestPenaltiesByDefinition(t *testing.T) {
	for _, set := range []PenaltySettings{
		{}, {HardHinge: true}, {SubtractFloor: true}, {Forward: 1, Softness: 0.05}, {KMin: -0.6, KMax: 0.2, Strikes: 40, Softness: 0.01},
	} {
		l := lattice(t, set)
		for name, slices := range map[string][]Slice{"clean": cleanSlices(), "dirty": dirtySlices(), "one": cleanSlices()[3:4]} {
			got, err := l.Evaluate(slices)
			if err != nil {
				t.Fatal(err)
			}
			bf, cal := plainPenalties(l.Settings(), slices)
			if math.Abs(got.Butterfly-bf) > 1e-11*(1+math.Abs(bf)) || math.Abs(got.Calendar-cal) > 1e-11*(1+math.Abs(cal)) {
				t.Errorf("%+v, %s: %+v, want %g and %g", set, name, got, bf, cal)
			}
			hard := l.Settings()
			hard.HardHinge = true
			bf, cal = plainPenalties(hard, slices)
			if math.Abs(got.HardButterfly-bf) > 1e-11*(1+bf) || math.Abs(got.HardCalendar-cal) > 1e-11*(1+cal) {
				t.Errorf("%+v, %s: %+v, want hard %g and %g", set, name, got, bf, cal)
			}
			soft, with := got.Butterfly, got.FloorButterfly
			if set.SubtractFloor {
				soft += with
			}
			if soft < got.HardButterfly || soft > got.HardButterfly+with+1e-15 {
				t.Errorf("%+v, %s: BF %g against the hard one, %g, and a floor of %g", set, name, soft, got.HardButterfly, with)
			}
		}
	}
}

// The derivatives against Richardson's differences in each parameter, at clean, dirty and random surfaces.
func TestPenaltyGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	surfaces := [][]Slice{cleanSlices(), dirtySlices(), cleanSlices()[2:3]}
	for range 10 {
		s := cleanSlices()
		for m := range s {
			s[m].Theta *= math.Exp(0.5 * rng.NormFloat64())
			s[m].Psi *= math.Exp(rng.NormFloat64())
			s[m].Rho = math.Tanh(rng.NormFloat64())
		}
		surfaces = append(surfaces, s)
	}
	for _, set := range []PenaltySettings{{Softness: 0.02}, {Softness: 0.02, SubtractFloor: true}, {Forward: 1, Softness: 0.1}} {
		l := lattice(t, set)
		for i, slices := range surfaces {
			bf, cal := make([]SliceDerivative, len(slices)), make([]SliceDerivative, len(slices))
			p, err := l.Gradient(bf, cal, slices)
			if err != nil {
				t.Fatal(err)
			}
			if q, _ := l.Evaluate(slices); q != p {
				t.Errorf("Gradient gives %+v, Evaluate %+v", p, q)
			}
			for m := range slices {
				for name, field := range map[string]func(s *Slice) *float64{
					"theta": func(s *Slice) *float64 { return &s.Theta },
					"rho":   func(s *Slice) *float64 { return &s.Rho },
					"psi":   func(s *Slice) *float64 { return &s.Psi },
				} {
					at := *field(&slices[m])
					scale := math.Abs(at)
					if name == "rho" {
						scale = 1 - scale
					}
					difference := func(h float64) (b, c float64) {
						*field(&slices[m]) = at + h
						up, _ := l.Evaluate(slices)
						*field(&slices[m]) = at - h
						down, _ := l.Evaluate(slices)
						*field(&slices[m]) = at
						return (up.Butterfly - down.Butterfly) / (2 * h), (up.Calendar - down.Calendar) / (2 * h)
					}
					h := 1e-4 * scale
					b1, c1 := difference(h)
					b2, c2 := difference(h / 2)
					wantB, wantC := (4*b2-b1)/3, (4*c2-c1)/3
					haveB, haveC := bf[m].Theta, cal[m].Theta
					switch name {
					case "rho":
						haveB, haveC = bf[m].Rho, cal[m].Rho
					case "psi":
						haveB, haveC = bf[m].Psi, cal[m].Psi
					}
					// A difference of values of order p loses ε·p/h.
					for _, x := range []struct{ have, want, size float64 }{{haveB, wantB, p.Butterfly}, {haveC, wantC, p.Calendar}} {
						if math.Abs(x.have-x.want) > 1e-6*math.Abs(x.want)+1e-12*(math.Abs(x.size)+1)/h {
							t.Errorf("%+v, surface %d, slice %d, %s: %.9g, differences give %.9g", set, i, m, name, x.have, x.want)
						}
					}
				}
			}
		}
	}
}

// BF by second differences approaches BF by the density itself, C_KK = g·n(d₂)/(K√w), as h².
func TestButterflyPenaltyRate(t *testing.T) {
	for name, slices := range map[string][]Slice{"clean": cleanSlices()[2:], "dirty": dirtySlices()[2:]} {
		var last float64
		for i, strikes := range []int{81, 161, 321, 641} {
			l := lattice(t, PenaltySettings{Strikes: strikes, Softness: 0.02})
			got, err := l.Evaluate(slices)
			if err != nil {
				t.Fatal(err)
			}
			set := l.Settings()
			exact := 0.0
			for m, s := range slices {
				sum := 0.0
				for j := 1; j < strikes-1; j++ {
					w := s.TotalVariance(l.k[j])
					root := math.Sqrt(w)
					d2 := -l.k[j]/root - root/2
					density := s.Durrleman(l.k[j]) * math.Exp(-d2*d2/2) / math.Sqrt(2*math.Pi*w) / (l.x[j] * set.Forward)
					sum += set.Softness * math.Log1p(math.Exp(-density/set.Softness))
				}
				exact += sum / float64(strikes-2) / l.mean[m] / float64(len(slices))
			}
			e := math.Abs(got.Butterfly - exact)
			if ratio := last / e; i > 0 && (ratio < 3.6 || ratio > 4.4) {
				t.Errorf("%s, %d strikes: error %.3g, %.3g times less than at twice the step, want 4", name, strikes, e, ratio)
			}
			last = e
			if name == "clean" && got.HardButterfly > 1e-10 {
				t.Errorf("%d strikes: hard BF %g on a clean surface", strikes, got.HardButterfly)
			}
			if name == "dirty" && !(got.HardButterfly > 1e-6) {
				t.Errorf("%d strikes: hard BF %g on a dirty surface", strikes, got.HardButterfly)
			}
		}
	}
}

func TestCalendarPenaltyOfMonotoneSurface(t *testing.T) {
	if _, err := NewESSVI(cleanSlices()); err != nil {
		t.Fatal(err)
	}
	for _, strikes := range []int{3, 21, 200} {
		got, err := lattice(t, PenaltySettings{HardHinge: true, Strikes: strikes}).Evaluate(cleanSlices())
		if err != nil || got.Calendar != 0 || got.HardCalendar != 0 || got.FloorCalendar != 0 {
			t.Errorf("%d strikes: %+v, %v", strikes, got, err)
		}
	}
	got, err := lattice(t, PenaltySettings{HardHinge: true}).Evaluate(dirtySlices())
	if err != nil || !(got.Calendar > 1e-3) {
		t.Errorf("dirty: %+v, %v", got, err)
	}
}

// The soft penalty falls to the hard one with τ, within τ·ln 2 over the mean price.
func TestPenaltyHardLimit(t *testing.T) {
	for _, tau := range []float64{1e-1, 1e-3, 1e-6, 1e-300} {
		got, err := lattice(t, PenaltySettings{Softness: tau}).Evaluate(dirtySlices())
		if err != nil {
			t.Fatal(err)
		}
		if d := got.Calendar - got.HardCalendar; d < 0 || d > got.FloorCalendar*(1+1e-12)+1e-16 {
			t.Errorf("τ = %g: CAL %g above the hard one, floor %g", tau, d, got.FloorCalendar)
		}
	}
}

func TestPenaltyRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, set := range []PenaltySettings{
		{Forward: -1}, {Forward: nan}, {Softness: -1}, {Softness: inf}, {Strikes: 2}, {Strikes: -1},
		{KMin: 1}, {KMin: nan, KMax: 1}, {KMax: inf},
	} {
		if _, err := NewPenaltyLattice(set); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%+v: %v", set, err)
		}
	}
	l := lattice(t, PenaltySettings{})
	for name, spoil := range map[string]func(s []Slice) []Slice{
		"none":         func(s []Slice) []Slice { return nil },
		"tau":          func(s []Slice) []Slice { s[2].Tau = s[1].Tau; return s },
		"NaN tau":      func(s []Slice) []Slice { s[2].Tau = nan; return s },
		"theta":        func(s []Slice) []Slice { s[2].Theta = 0; return s },
		"NaN theta":    func(s []Slice) []Slice { s[2].Theta = nan; return s },
		"rho":          func(s []Slice) []Slice { s[2].Rho = 1; return s },
		"NaN rho":      func(s []Slice) []Slice { s[2].Rho = nan; return s },
		"psi":          func(s []Slice) []Slice { s[2].Psi = -1; return s },
		"infinite psi": func(s []Slice) []Slice { s[2].Psi = inf; return s },
	} {
		if _, err := l.Evaluate(spoil(cleanSlices())); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	worthless := lattice(t, PenaltySettings{KMin: 15, KMax: 16})
	if _, err := worthless.Evaluate(cleanSlices()); !errors.Is(err, fault.ErrDomain) {
		t.Error(err)
	}
}

func TestPenaltyAllocations(t *testing.T) {
	l := lattice(t, PenaltySettings{})
	slices := dirtySlices()
	bf, cal := make([]SliceDerivative, len(slices)), make([]SliceDerivative, len(slices))
	if _, err := l.Evaluate(slices); err != nil {
		t.Fatal(err)
	}
	n := testing.AllocsPerRun(20, func() {
		if _, err := l.Gradient(bf, cal, slices); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkPenaltyLattice(b *testing.B) {
	l := lattice(b, PenaltySettings{})
	slices := dirtySlices()
	bf, cal := make([]SliceDerivative, len(slices)), make([]SliceDerivative, len(slices))
	for name, f := range map[string]func() (Penalties, error){
		"value":    func() (Penalties, error) { return l.Evaluate(slices) },
		"gradient": func() (Penalties, error) { return l.Gradient(bf, cal, slices) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "surfaces/s")
		})
	}
}
