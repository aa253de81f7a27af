package surface

import (
	"math"
	"math/rand/v2"
	"testing"
)

// market returns smiles of a market that eSSVI cannot fit exactly: 40 expiries from a day to three years, 150 strikes
// each, with a term structure, a skew that flattens, a bump in the curvature, and quotes off by up to a half-spread.
func market(expiries, strikes int, seed uint64) []Smile {
	rng := rand.New(rand.NewPCG(seed, 7))
	smiles := make([]Smile, expiries)
	for i := range smiles {
		x := float64(i) / float64(max(1, expiries-1))
		tau := math.Exp(math.Log(1./365) + x*math.Log(3*365.))
		atm := 0.16 + 0.05*math.Sqrt(tau/(tau+1)) - 0.02*math.Exp(-20*tau)
		theta := atm * atm * tau
		root := math.Sqrt(theta)
		psi := 1.05 * root / math.Pow(1+tau, 0.1)
		rho := -0.7 + 0.15*x
		w := wings{theta, psi * (1 + rho), psi * (1 - rho)}
		s := Smile{Tau: tau, Forward: 100, Discount: 1}
		for j := range strikes {
			y := -5 + 8*float64(j)/float64(strikes-1) // in units of √θ
			k := y * root
			vol := math.Sqrt(w.variance(k)/tau) * (1 + 0.01*math.Sin(2*y)*math.Exp(-0.1*y*y))
			half := 0.001 * (1 + 0.3*y*y)
			mid := vol + 0.5*half*(2*rng.Float64()-1)
			s.K = append(s.K, k)
			s.Strike = append(s.Strike, 100*math.Exp(k))
			s.Mid = append(s.Mid, mid)
			s.Bid = append(s.Bid, mid-half)
			s.Ask = append(s.Ask, mid+half)
		}
		smiles[i] = s
	}
	return smiles
}

// moved returns the smiles a moment later: the forward up by a little, all vols up by a twentieth of a point, new noise.
func moved(smiles []Smile, seed uint64) []Smile {
	rng := rand.New(rand.NewPCG(seed, 8))
	out := make([]Smile, len(smiles))
	for i, s := range smiles {
		m := s
		m.K, m.Bid, m.Ask, m.Mid = nil, nil, nil, nil
		for j, k := range s.K {
			up := 0.0005 + 0.0002*(2*rng.Float64()-1)
			m.K = append(m.K, k-0.0002)
			m.Mid = append(m.Mid, s.Mid[j]+up)
			m.Bid = append(m.Bid, s.Bid[j]+up)
			m.Ask = append(m.Ask, s.Ask[j]+up)
		}
		out[i] = m
	}
	return out
}

func BenchmarkFitESSVI(b *testing.B) {
	smiles := market(40, 150, 1)
	quotes := 40 * 150.
	b.Run("cold", func(b *testing.B) {
		var f Fitter
		b.ReportAllocs()
		iterations := 0
		for b.Loop() {
			_, r, err := f.Fit(smiles, FitSettings{})
			if err != nil {
				b.Fatal(err)
			}
			iterations = r.Iterations
		}
		b.ReportMetric(quotes*float64(b.N)/b.Elapsed().Seconds(), "quotes/s")
		b.ReportMetric(float64(iterations), "iterations")
	})
	b.Run("warm", func(b *testing.B) {
		start, _, err := FitESSVI(smiles, FitSettings{})
		if err != nil {
			b.Fatal(err)
		}
		next := moved(smiles, 2)
		dst := make([]Slice, len(next))
		var f Fitter
		b.ReportAllocs()
		iterations := 0
		for b.Loop() {
			r, err := f.FitTo(dst, next, FitSettings{Start: start})
			if err != nil {
				b.Fatal(err)
			}
			iterations = r.Iterations
		}
		b.ReportMetric(quotes*float64(b.N)/b.Elapsed().Seconds(), "quotes/s")
		b.ReportMetric(float64(iterations), "iterations")
	})
}
