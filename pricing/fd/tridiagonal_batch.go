package fd

import (
	"math"

	"github.com/volgaquant/volga/internal/vec"
)

// Lines is a set of tridiagonal systems of one size by column: row i of system j stands at i·Lines + j, in the three
// diagonals as in right-hand sides and solutions, so that a sweep over the rows works on all the systems at once with
// the array kernels of internal/vec.
type Lines struct {
	Rows, Lines        int
	Lower, Diag, Upper []float64 // Rows·Lines each; Lower of the first row and Upper of the last are not read
	near, far, inverse []float64
	zeros              []float64
}

// NewLines returns systems of zeros.
func NewLines(rows, lines int) *Lines {
	l := &Lines{}
	l.Resize(rows, lines)
	return l
}

// Resize makes room for that many rows and systems, reusing memory; the contents are then undefined.
func (l *Lines) Resize(rows, lines int) {
	l.Rows, l.Lines = rows, lines
	n := rows * lines
	l.Lower, l.Diag, l.Upper = grown(l.Lower, n), grown(l.Diag, n), grown(l.Upper, n)
	l.near, l.far, l.inverse = grown(l.near, n), grown(l.far, n), grown(l.inverse, n)
	if len(l.zeros) < lines {
		l.zeros = make([]float64, lines)
	}
}

// Factor eliminates every system once, so that SolveTo can be called many times. It reports whether every pivot was other
// than zero and finite.
func (l *Lines) Factor() bool {
	m := l.Lines
	ok := true
	for i := range l.Rows {
		row := i * m
		a, d, c := l.Lower[row:row+m], l.Diag[row:row+m], l.Upper[row:row+m]
		near, far, inverse := l.near[row:row+m], l.far[row:row+m], l.inverse[row:row+m]
		if i == 0 {
			for j := range m {
				ok = ok && usable(d[j])
				inv := 1 / d[j]
				inverse[j], far[j], near[j] = inv, -c[j]*inv, 0
			}
			continue
		}
		before, above := l.inverse[row-m:row], l.far[row-m:row]
		for j := range m {
			p := d[j] + a[j]*above[j]
			ok = ok && usable(p)
			inv := 1 / p
			inverse[j], far[j], near[j] = inv, -c[j]*inv, -a[j]*before[j]
		}
	}
	return ok
}

// SolveTo solves the systems that Factor prepared. dst may be rhs.
func (l *Lines) SolveTo(dst, rhs []float64) {
	m, n := l.Lines, l.Rows*l.Lines
	lengths("Lines.SolveTo", n, len(dst), len(rhs))
	if m < fewLines {
		l.solveFew(dst, rhs)
		return
	}
	copy(dst[:m], rhs[:m])
	for row := m; row < n; row += m {
		vec.MulAdd(dst[row:row+m], l.near[row:row+m], dst[row-m:row], rhs[row:row+m])
	}
	zeros := l.zeros[:m]
	vec.MulAdd(dst[n-m:n], dst[n-m:n], l.inverse[n-m:n], zeros)
	for row := n - 2*m; row >= 0; row -= m {
		here := dst[row : row+m]
		vec.MulAdd(here, here, l.inverse[row:row+m], zeros)
		vec.MulAdd(here, l.far[row:row+m], dst[row+m:row+2*m], here)
	}
}

// fewLines is the number of systems from which calls of array kernels, three to a row, cost less than plain loops.
const fewLines = 64

// solveFew is SolveTo by plain loops, with the same bits.
func (l *Lines) solveFew(dst, rhs []float64) {
	m, n := l.Lines, l.Rows*l.Lines
	dst, rhs = dst[:n], rhs[:n]
	near, far, inverse := l.near[:n], l.far[:n], l.inverse[:n]
	copy(dst[:m], rhs[:m])
	for i := m; i < n; i++ {
		dst[i] = math.FMA(near[i], dst[i-m], rhs[i])
	}
	for i := n - m; i < n; i++ {
		dst[i] *= inverse[i]
	}
	for i := n - m - 1; i >= 0; i-- {
		dst[i] = math.FMA(far[i], dst[i+m], dst[i]*inverse[i])
	}
}

// SolveLinesTo solves the one system of f for many right-hand sides: row i of side j stands at i·lines + j. dst may be rhs.
func (f *Factors) SolveLinesTo(dst, rhs []float64, lines int) {
	n := len(f.inverse)
	lengths("Factors.SolveLinesTo", n*lines, len(dst), len(rhs))
	row := func(x []float64, i int) []float64 { return x[i*lines : (i+1)*lines] }
	mid := n / 2
	for _, end := range [2]int{0, n - 1} {
		if end != mid {
			copy(row(dst, end), row(rhs, end))
		}
	}
	for i := 1; i < mid; i++ {
		vec.AddScaled(row(dst, i), f.near[i], row(dst, i-1), row(rhs, i))
	}
	for i := n - 2; i > mid; i-- {
		vec.AddScaled(row(dst, i), f.near[i], row(dst, i+1), row(rhs, i))
	}
	centre := row(dst, mid)
	copy(centre, row(rhs, mid))
	if mid > 0 {
		vec.AddScaled(centre, f.near[mid], row(dst, mid-1), centre)
	}
	if mid < n-1 {
		vec.AddScaled(centre, f.far[mid], row(dst, mid+1), centre)
	}
	scale(centre, f.inverse[mid])
	for i := mid - 1; i >= 0; i-- {
		scale(row(dst, i), f.inverse[i])
		vec.AddScaled(row(dst, i), f.far[i], row(dst, i+1), row(dst, i))
	}
	for i := mid + 1; i < n; i++ {
		scale(row(dst, i), f.inverse[i])
		vec.AddScaled(row(dst, i), f.far[i], row(dst, i-1), row(dst, i))
	}
}

func scale(x []float64, by float64) {
	for i := range x {
		x[i] *= by
	}
}
