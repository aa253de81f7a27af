package calibrate

import (
	"context"
	"fmt"
	"testing"
)

// Regressions of NIST from the nearer start, with derivatives by hand where that is what a desk would have.
func BenchmarkLevenbergMarquardt(b *testing.B) {
	for _, name := range []string{"Misra1a", "Rat43", "Thurber", "ENSO", "Nelson"} {
		b.Run(name, func(b *testing.B) {
			d := readNIST(b, name)
			p := d.problem()
			b.ReportAllocs()
			evaluations := 0
			for b.Loop() {
				sol, err := LevenbergMarquardt{}.Minimize(context.Background(), p, d.start[1])
				if err != nil {
					b.Fatal(err)
				}
				evaluations = sol.Evaluations
			}
			b.ReportMetric(float64(evaluations), "evaluations")
		})
	}
}

// What the solver itself costs: a problem whose residuals cost next to nothing.
func BenchmarkLevenbergMarquardtAlone(b *testing.B) {
	for _, size := range []struct{ m, n int }{{11, 5}, {104, 5}, {1000, 10}} {
		b.Run(fmt.Sprintf("%dx%d", size.m, size.n), func(b *testing.B) {
			p := LeastSquares{Size: size.m, Residuals: func(r, jac, x []float64) error {
				for i := range r {
					at := 2*float64(i)/float64(len(r)) - 1
					before, t, s := at, 1.0, -1/(1.5+at) // polynomials of Chebyshev
					for j, v := range x {
						s += v * (1 + 0.1*v) * t
						if jac != nil {
							jac[i*len(x)+j] = (1 + 0.2*v) * t
						}
						before, t = t, 2*at*t-before
					}
					r[i] = s
				}
				return nil
			}}
			x0 := make([]float64, size.n)
			b.ReportAllocs()
			evaluations := 0
			for b.Loop() {
				sol, err := LevenbergMarquardt{Damping: 1e-8, Tolerance: 1e-6}.Minimize(context.Background(), p, x0)
				if err != nil {
					b.Fatal(err)
				}
				evaluations = sol.Evaluations
			}
			b.ReportMetric(float64(evaluations), "evaluations")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*evaluations), "ns/evaluation")
		})
	}
}

func BenchmarkLBFGSB(b *testing.B) {
	for _, n := range []int{2, 10, 100, 1000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			o := Objective{Upper: repeat(n/2, 0.5, 10), Function: func(grad, x []float64) (float64, error) {
				s := 0.0
				for j := 0; j < len(x); j += 2 {
					u, v := x[j+1]-x[j]*x[j], 1-x[j]
					grad[j], grad[j+1] = -400*x[j]*u-2*v, 200*u
					s += 100*u*u + v*v
				}
				return s, nil
			}}
			x0 := repeat(n/2, -1.2, 1)
			b.ReportAllocs()
			evaluations := 0
			for b.Loop() {
				m, err := LBFGSB{}.Minimize(context.Background(), o, x0)
				if err != nil {
					b.Fatal(err)
				}
				evaluations = m.Evaluations
			}
			b.ReportMetric(float64(evaluations), "evaluations")
		})
	}
}

// Searches until they converge.
func benchmarkSearch(b *testing.B, s searcher) {
	for _, l := range landscapes() {
		if l.name != "sphere" && l.name != "Rosenbrock" && l.name != "ellipsoid" {
			continue
		}
		b.Run(l.name, func(b *testing.B) {
			o := l.instance(5, 1)
			evaluations := 0
			for b.Loop() {
				m, err := s.Minimize(context.Background(), o, nil)
				if err != nil {
					b.Fatal(err)
				}
				evaluations = m.Evaluations
			}
			b.ReportMetric(float64(evaluations), "evaluations")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*evaluations), "ns/evaluation")
		})
	}
}

func BenchmarkDifferentialEvolution(b *testing.B) {
	for _, s := range []Strategy{Adaptive, Best1Bin} {
		b.Run(s.String(), func(b *testing.B) { benchmarkSearch(b, DifferentialEvolution{Strategy: s, Workers: 1}) })
	}
}

func BenchmarkCMAES(b *testing.B) { benchmarkSearch(b, CMAES{Restarts: OneShot, Workers: 1}) }

func BenchmarkGlobal(b *testing.B) {
	for s := range Search(numberOfSearches) {
		b.Run(s.String(), func(b *testing.B) {
			p := readNIST(b, "Eckerle4").problem()
			p.Lower, p.Upper = []float64{0.1, 0.5, 400}, []float64{10, 20, 500}
			evaluations, share := 0, 0.0
			for b.Loop() {
				_, starts, err := Global{Search: s, Workers: 1}.Fit(context.Background(), p, nil)
				if err != nil {
					b.Fatal(err)
				}
				evaluations, share = starts.Evaluations(), starts.Share()
			}
			b.ReportMetric(float64(evaluations), "evaluations")
			b.ReportMetric(share, "share")
		})
	}
}
