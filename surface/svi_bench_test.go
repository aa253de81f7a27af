package surface

import "testing"

func BenchmarkFitSVISurface(b *testing.B) {
	smiles := market(40, 150, 1)
	b.Run("cold", func(b *testing.B) {
		var f SVIFitter
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			_, r, err := f.Fit(smiles, SVISettings{})
			if err != nil {
				b.Fatal(err)
			}
			n = r.Iterations
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/fit")
		b.ReportMetric(float64(n), "iterations")
	})
	b.Run("warm", func(b *testing.B) {
		var f SVIFitter
		start, _, err := f.Fit(smiles, SVISettings{})
		if err != nil {
			b.Fatal(err)
		}
		next := moved(smiles, 2)
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			_, r, err := f.Fit(next, SVISettings{Start: start})
			if err != nil {
				b.Fatal(err)
			}
			n = r.Iterations
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/fit")
		b.ReportMetric(float64(n), "iterations")
	})
}

// One smile of 11 quotes from a start that is a twentieth of a point and a few percent of the shape away.
func BenchmarkSVISlice(b *testing.B) {
	truth := SVISlice{0.5, SVI{A: 0.0070, B: 0.070, Rho: -0.40, M: 0.035, Sigma: 0.140}}
	s := quotesOn([]SVISlice{truth}, 11)[0]
	start := SVI{A: 0.0074, B: 0.068, Rho: -0.42, M: 0.033, Sigma: 0.144}
	for name, c := range map[string]struct {
		start *SVI
		loss  Loss
	}{"start/robust": {&start, Robust}, "start/leastsquares": {&start, LeastSquares}, "cold": {nil, Robust}} {
		b.Run(name, func(b *testing.B) {
			var f SVIFitter
			b.ReportAllocs()
			for b.Loop() {
				if _, r, err := f.FitSlice(&s, c.start, SVISettings{Loss: c.loss}); err != nil || r.RMS > 1e-4 {
					b.Fatal(err, r)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N), "µs/fit")
		})
	}
}
