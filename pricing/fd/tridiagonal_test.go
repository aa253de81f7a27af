package fd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// dominant returns a random matrix like those of an implicit step.
func dominant(rnd *rand.Rand, n int) Tridiagonal {
	m := NewTridiagonal(n)
	for i := range n {
		m.Lower[i], m.Upper[i] = -3*rnd.Float64(), -3*rnd.Float64()
		m.Diag[i] = 1.01 - m.Lower[i] - m.Upper[i]
	}
	return m
}

func randomColumn(rnd *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = rnd.NormFloat64()
	}
	return x
}

func largestDifference(a, b []float64) float64 {
	worst := 0.0
	for i := range a {
		if d := math.Abs(a[i] - b[i]); !(d <= worst) {
			worst = d
		}
	}
	return worst
}

// Every solver undoes the product, at every size, in place too.
func TestTridiagonalSolvers(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= 40; n++ {
		m := dominant(rnd, n)
		x := randomColumn(rnd, n)
		rhs, got := make([]float64, n), make([]float64, n)
		m.MulTo(rhs, x)
		check := func(name string, got []float64) {
			t.Helper()
			if d := largestDifference(got, x); !(d < 1e-13*float64(10+n)) {
				t.Errorf("%s of %d rows: off by %g", name, n, d)
			}
		}
		if !m.SolveTo(got, rhs, make([]float64, n)) {
			t.Errorf("Thomas of %d rows: pivots", n)
		}
		check("Thomas", got)
		var f Factors
		if !f.Factor(m) {
			t.Errorf("factors of %d rows: pivots", n)
		}
		copy(got, rhs)
		f.SolveTo(got, got)
		check("factors", got)
		f.reflectTo(got, rhs)
		for i := range got {
			got[i] = 0.5 * (got[i] + rhs[i])
		}
		check("reflected", got)

		lines := []int{70, 5}[n%2]
		many := NewLines(n, lines)
		sides, out := make([]float64, n*lines), make([]float64, n*lines)
		shared := make([]float64, n*lines)
		column := make([][]float64, lines)
		for j := range lines {
			column[j] = randomColumn(rnd, n)
			mj := dominant(rnd, n)
			mj.MulTo(rhs, column[j])
			for i := range n {
				at := i*lines + j
				many.Lower[at], many.Diag[at], many.Upper[at], sides[at] = mj.Lower[i], mj.Diag[i], mj.Upper[i], rhs[i]
			}
			m.MulTo(rhs, column[j])
			for i := range n {
				shared[i*lines+j] = rhs[i]
			}
		}
		if !many.Factor() {
			t.Errorf("%d rows: pivots of the lines", n)
		}
		many.SolveTo(out, sides)
		f.SolveLinesTo(shared, shared, lines)
		for j := range lines {
			for i := range n {
				if a, b, want := out[i*lines+j], shared[i*lines+j], column[j][i]; math.Abs(a-want) > 1e-12 || math.Abs(b-want) > 1e-12 {
					t.Fatalf("%d rows, line %d: %g and %g, want %g", n, j, a, b, want)
				}
			}
		}
	}
}

func TestSingularIsReported(t *testing.T) {
	m := NewTridiagonal(5)
	var f Factors
	l := NewLines(5, 2)
	for i := range l.Diag {
		l.Lower[i], l.Diag[i], l.Upper[i] = 0, 0, 0
	}
	if m.SolveTo(make([]float64, 5), make([]float64, 5), make([]float64, 5)) || f.Factor(m) || l.Factor() {
		t.Error("a matrix of zeros was solved")
	}
}

func BenchmarkTridiagonal(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	const n = 400
	m := dominant(rnd, n)
	rhs, dst, work := randomColumn(rnd, n), make([]float64, n), make([]float64, n)
	var f Factors
	f.Factor(m)
	perRow := func(b *testing.B, rows int) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
	}
	b.Run("thomas", func(b *testing.B) {
		for b.Loop() {
			m.SolveTo(dst, rhs, work)
		}
		perRow(b, n)
	})
	b.Run("factor", func(b *testing.B) {
		for b.Loop() {
			f.Factor(m)
		}
		perRow(b, n)
	})
	b.Run("solve", func(b *testing.B) {
		for b.Loop() {
			f.SolveTo(dst, rhs)
		}
		perRow(b, n)
	})
	for _, lines := range []int{4, 8, 12, 16, 50, 100, 200} {
		b.Run(fmt.Sprintf("lines=%d", lines), func(b *testing.B) {
			const rows = 100
			l := NewLines(rows, lines)
			for i := range l.Diag {
				l.Lower[i], l.Upper[i] = -rnd.Float64(), -rnd.Float64()
				l.Diag[i] = 1 - l.Lower[i] - l.Upper[i]
			}
			l.Factor()
			x, y := randomColumn(rnd, rows*lines), make([]float64, rows*lines)
			for b.Loop() {
				l.SolveTo(y, x)
			}
			perRow(b, rows*lines)
		})
		b.Run(fmt.Sprintf("shared/lines=%d", lines), func(b *testing.B) {
			x, y := randomColumn(rnd, n*lines), make([]float64, n*lines)
			for b.Loop() {
				f.SolveLinesTo(y, x, lines)
			}
			perRow(b, n*lines)
		})
	}
}
