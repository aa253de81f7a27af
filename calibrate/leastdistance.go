package calibrate

import (
	"math"

	"github.com/volgaquant/volga/internal/vec"
)

// leastDistance finds the point of {z : G·z >= h} that is nearest to the origin, G having k rows of n: Lawson and Hanson,
// "Solving Least Squares Problems" (1974), chapter 23, algorithm LDP. It reports false if there is none.
func leastDistance(z []float64, g, h []float64) bool {
	n, k := len(z), len(h)
	// The dual: NNLS of E·u ≈ f with E = [Gᵀ; hᵀ] and f = (0, ..., 0, 1).
	e, f := make([]float64, (n+1)*k), make([]float64, n+1)
	for i := range k {
		norm := 0.0
		for j := range n {
			e[j*k+i] = g[i*n+j]
			norm += g[i*n+j] * g[i*n+j]
		}
		e[n*k+i] = h[i]
		// Columns of one size: a row of constraints may be scaled freely.
		norm = math.Sqrt(norm + h[i]*h[i])
		if norm > 0 {
			for j := range n + 1 {
				e[j*k+i] /= norm
			}
		}
	}
	f[n] = 1
	u := make([]float64, k)
	if !nonNegative(u, e, f) {
		return false
	}
	residual := make([]float64, n+1)
	for j := range n + 1 {
		s := -f[j]
		for i := range k {
			s += e[j*k+i] * u[i]
		}
		residual[j] = s
	}
	if -residual[n] < 1e-14 { // the residual vanishes: f lies in the cone of the constraints, which contradict each other
		return false
	}
	for j := range n {
		z[j] = -residual[j] / residual[n]
	}
	return true
}

// nonNegative finds u >= 0 that minimises |E·u − f|, E having len(f) rows: Lawson and Hanson, chapter 23, algorithm NNLS.
// It reports false if it did not end within its number of steps.
func nonNegative(u, e, f []float64) bool {
	rows, k := len(f), len(u)
	passive := make([]bool, k)
	clear(u)
	r := make([]float64, rows)
	for step := 0; ; step++ {
		if step > 30*k+100 {
			return false
		}
		for i := range rows {
			s := f[i]
			for j := range k {
				s -= e[i*k+j] * u[j]
			}
			r[i] = s
		}
		best, most := -1, 1e-13
		for j := range k {
			if passive[j] {
				continue
			}
			w := 0.0
			for i := range rows {
				w += e[i*k+j] * r[i]
			}
			if w > most {
				best, most = j, w
			}
		}
		if best < 0 {
			return true
		}
		passive[best] = true
		for first := true; ; first = false {
			s, ok := passiveSolution(e, f, passive)
			if !ok || (first && !(s[best] > 0)) {
				passive[best] = false // a column that depends on the others, by rounding
				return true
			}
			alpha, hit := 1.0, false
			for j := range k {
				if passive[j] && s[j] <= 0 {
					hit = true
					if a := u[j] / (u[j] - s[j]); a < alpha {
						alpha = a
					}
				}
			}
			for j := range k {
				if passive[j] {
					u[j] += alpha * (s[j] - u[j])
					if hit && s[j] <= 0 && u[j] <= 1e-15 {
						u[j], passive[j] = 0, false
					}
				}
			}
			if !hit {
				break
			}
		}
	}
}

// passiveSolution solves least squares over the passive columns by Householder reflections.
func passiveSolution(e, f []float64, passive []bool) (s []float64, ok bool) {
	rows, k := len(f), len(passive)
	var cols []int
	for j, p := range passive {
		if p {
			cols = append(cols, j)
		}
	}
	n := len(cols)
	if n > rows {
		return nil, false
	}
	a, b := make([]float64, rows*n), append([]float64(nil), f...)
	for i := range rows {
		for c, j := range cols {
			a[i*n+c] = e[i*k+j]
		}
	}
	triangularise(a, b, rows, n)
	x := make([]float64, n)
	if !backSubstitute(x, a, b, n, 1e-14) {
		return nil, false
	}
	s = make([]float64, k)
	for c, j := range cols {
		s[j] = x[c]
	}
	return s, true
}

// triangularise reduces the rows×n matrix a, by rows, to upper triangular form by Householder reflections, and applies them
// to b.
func triangularise(a, b []float64, rows, n int) {
	for c := range min(n, rows) {
		square := 0.0
		for i := c; i < rows; i++ {
			square += a[i*n+c] * a[i*n+c]
		}
		norm := math.Sqrt(square)
		if !(square > tiny && square < huge) {
			norm = 0
			for i := c; i < rows; i++ {
				norm = math.Hypot(norm, a[i*n+c])
			}
		}
		if norm == 0 {
			continue
		}
		if a[c*n+c] > 0 {
			norm = -norm
		}
		// v = a_c − norm·e_c, scaled by −1/norm so that its first element lies in [1, 2].
		for i := c; i < rows; i++ {
			a[i*n+c] /= -norm
		}
		a[c*n+c]++
		head := a[c*n+c]
		for j := c + 1; j < n; j++ {
			s := 0.0
			for i := c; i < rows; i++ {
				s += a[i*n+c] * a[i*n+j]
			}
			s /= -head
			for i := c; i < rows; i++ {
				a[i*n+j] += s * a[i*n+c]
			}
		}
		s := 0.0
		for i := c; i < rows; i++ {
			s += a[i*n+c] * b[i]
		}
		s /= -head
		for i := c; i < rows; i++ {
			b[i] += s * a[i*n+c]
		}
		a[c*n+c] = norm
		for i := c + 1; i < rows; i++ {
			a[i*n+c] = 0
		}
	}
}

// Sums of squares beyond these may have lost digits, or all.
const tiny, huge = 1e-280, 1e280

// triangulariseColumns is triangularise for a matrix of many rows that lies by columns, and is used up. It writes the triangle to r,
// by rows.
func triangulariseColumns(r, a, b []float64, rows, n int) {
	clear(r)
	for c := range n {
		if c >= rows {
			break
		}
		v := a[c*rows+c : (c+1)*rows]
		square := inner(v, v)
		norm := math.Sqrt(square)
		if !(square > tiny && square < huge) {
			norm = 0
			for _, x := range v {
				norm = math.Hypot(norm, x)
			}
		}
		if norm == 0 {
			for j := c + 1; j < n; j++ {
				r[c*n+j] = a[j*rows+c]
			}
			continue
		}
		if v[0] > 0 {
			norm = -norm
		}
		for i := range v {
			v[i] /= -norm
		}
		v[0]++
		for j := c + 1; j < n; j++ {
			x := a[j*rows+c : (j+1)*rows]
			addScaled(x, -inner(v, x)/v[0], v)
			r[c*n+j] = x[0]
		}
		addScaled(b[c:rows], -inner(v, b[c:rows])/v[0], v)
		r[c*n+c] = norm
	}
}

// short is the length from which a call of a vector kernel pays.
const short = 24

// inner is Σ x·y.
func inner(x, y []float64) float64 {
	if len(x) >= short {
		return vec.Dot(x, y)
	}
	s := 0.0
	for i, v := range x {
		s += v * y[i]
	}
	return s
}

// addScaled adds a·x to dst.
func addScaled(dst []float64, a float64, x []float64) {
	if len(dst) >= short {
		vec.AddScaled(dst, a, x, dst)
		return
	}
	for i, v := range x {
		dst[i] += a * v
	}
}

// backSubstitute solves R·x = b with the upper triangle of a. It reports false if a diagonal element is below tol times
// the largest.
func backSubstitute(x, a, b []float64, n int, tol float64) bool {
	largest := 0.0
	for j := range n {
		largest = math.Max(largest, math.Abs(a[j*n+j]))
	}
	for j := n - 1; j >= 0; j-- {
		d := a[j*n+j]
		if !(math.Abs(d) > tol*largest) {
			return false
		}
		s := b[j]
		for c := j + 1; c < n; c++ {
			s -= a[j*n+c] * x[c]
		}
		x[j] = s / d
	}
	return true
}
