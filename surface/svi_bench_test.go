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
