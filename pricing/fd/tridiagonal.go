package fd

import (
	"fmt"
	"math"
)

// Tridiagonal is a square tridiagonal matrix by its diagonals, all of one length n: row i is
//
//	Lower[i]·x[i−1] + Diag[i]·x[i] + Upper[i]·x[i+1];
//
// Lower[0] and Upper[n−1] are not read.
type Tridiagonal struct{ Lower, Diag, Upper []float64 }

// NewTridiagonal returns a matrix of zeros with n rows.
func NewTridiagonal(n int) Tridiagonal {
	return Tridiagonal{make([]float64, n), make([]float64, n), make([]float64, n)}
}

// Len returns the number of rows.
func (m Tridiagonal) Len() int { return len(m.Diag) }

// MulTo writes the product with x to dst, which must not overlap x.
func (m Tridiagonal) MulTo(dst, x []float64) {
	n := len(m.Diag)
	lengths("Tridiagonal.MulTo", n, len(dst), len(x))
	if n == 1 {
		dst[0] = m.Diag[0] * x[0]
		return
	}
	dst[0] = m.Diag[0]*x[0] + m.Upper[0]*x[1]
	a, d, c := m.Lower[1:n-1], m.Diag[1:n-1], m.Upper[1:n-1]
	out, left, here, right := dst[1:n-1], x[:n-2], x[1:n-1], x[2:]
	for i := range out {
		out[i] = a[i]*left[i] + d[i]*here[i] + c[i]*right[i]
	}
	dst[n-1] = m.Lower[n-1]*x[n-2] + m.Diag[n-1]*x[n-1]
}

// SolveTo solves the system by Gaussian elimination without pivoting (Thomas), which is stable for the diagonally dominant
// matrices of implicit schemes, and writes the solution to dst, which may be rhs. work must be as long; it holds the
// eliminated diagonal. It reports whether every pivot was other than zero and finite; if not, dst is of no use.
func (m Tridiagonal) SolveTo(dst, rhs, work []float64) bool {
	n := len(m.Diag)
	lengths("Tridiagonal.SolveTo", n, len(dst), len(rhs))
	a, d, c, u := m.Lower[:n], m.Diag, m.Upper[:n], work[:n]
	p := d[0]
	ok := usable(p)
	inv := 1 / p
	y := rhs[0] * inv
	dst[0] = y
	for i := 1; i < n; i++ {
		w := c[i-1] * inv
		u[i-1] = w
		p = d[i] - a[i]*w
		ok = ok && usable(p)
		inv = 1 / p
		y = (rhs[i] - a[i]*y) * inv
		dst[i] = y
	}
	for i := n - 2; i >= 0; i-- {
		y = dst[i] - u[i]*y
		dst[i] = y
	}
	return ok
}

func usable(pivot float64) bool { return pivot != 0 && pivot-pivot == 0 }

func lengths(fn string, n int, others ...int) {
	for _, o := range others {
		if o != n {
			panic(fmt.Sprintf("fd: %s: columns of %d in a system of %d rows", fn, o, n))
		}
	}
}

// Factors is a tridiagonal matrix made ready to be solved many times. Elimination runs from both ends to the middle at once, and
// substitution from the middle outwards, so that two chains of dependent operations overlap: about half the time of
// elimination from one end. The zero value is ready for Factor; it is not safe for concurrent use while it is being factored.
type Factors struct {
	near    []float64 // the multiplier of the neighbour already eliminated
	far     []float64 // minus the coefficient of the neighbour still unknown, over the pivot
	inverse []float64 // one over the pivot
}

// Factor eliminates the matrix. It reports whether every pivot was other than zero and finite. Memory is reused.
func (f *Factors) Factor(m Tridiagonal) bool {
	n := len(m.Diag)
	f.near, f.far, f.inverse = grown(f.near, n), grown(f.far, n), grown(f.inverse, n)
	near, far, inverse := f.near, f.far, f.inverse
	a, d, c := m.Lower[:n], m.Diag[:n], m.Upper[:n]
	mid := n / 2
	ok := true
	var top, bottom float64 // far of the row before, on either side
	for i, j := 0, n-1; i < mid || j > mid; i, j = i+1, j-1 {
		if i < mid {
			p := d[i]
			if i > 0 {
				p = math.FMA(a[i], top, p)
			}
			ok = ok && usable(p)
			inv := 1 / p
			top = -c[i] * inv
			inverse[i], far[i] = inv, top
		}
		if j > mid {
			q := d[j]
			if j < n-1 {
				q = math.FMA(c[j], bottom, q)
			}
			ok = ok && usable(q)
			inv := 1 / q
			bottom = -a[j] * inv
			inverse[j], far[j] = inv, bottom
		}
	}
	p := d[mid]
	near[mid], far[mid] = 0, 0
	if mid > 0 {
		p = math.FMA(a[mid], top, p)
		near[mid] = -a[mid] * inverse[mid-1]
	}
	if mid < n-1 {
		p = math.FMA(c[mid], bottom, p)
		far[mid] = -c[mid] * inverse[mid+1]
	}
	ok = ok && usable(p)
	inverse[mid] = 1 / p
	near[0] = 0
	for i := 1; i < mid; i++ {
		near[i] = -a[i] * inverse[i-1]
	}
	for j := n - 2; j > mid; j-- {
		near[j] = -c[j] * inverse[j+1]
	}
	if mid < n-1 {
		near[n-1] = 0
	}
	return ok
}

// SolveTo solves the system for one right-hand side. dst may be rhs.
func (f *Factors) SolveTo(dst, rhs []float64) {
	n := len(f.inverse)
	lengths("Factors.SolveTo", n, len(dst), len(rhs))
	f.eliminate(dst, rhs)
	mid := n / 2
	far, inverse := f.far[:n], f.inverse[:n]
	dst = dst[:n]
	x := dst[mid]
	z := x
	i, j := mid-1, mid+1
	for ; i >= 0 && j < n; i, j = i-1, j+1 {
		x = math.FMA(far[i], x, dst[i]*inverse[i])
		z = math.FMA(far[j], z, dst[j]*inverse[j])
		dst[i], dst[j] = x, z
	}
	for ; i >= 0; i-- {
		x = math.FMA(far[i], x, dst[i]*inverse[i])
		dst[i] = x
	}
}

// reflectTo solves the system for v and writes 2x − v to dst, which must not overlap v: with I − A·Δt/2 a step of
// Crank and Nicolson without a product. The first and the last row of the result are left as solved if kept.
func (f *Factors) reflectTo(dst, v []float64) {
	n := len(f.inverse)
	f.eliminate(dst, v)
	mid := n / 2
	far, inverse := f.far[:n], f.inverse[:n]
	dst, v = dst[:n], v[:n]
	x := dst[mid]
	z := x
	dst[mid] = 2*x - v[mid]
	i, j := mid-1, mid+1
	for ; i >= 0 && j < n; i, j = i-1, j+1 {
		x = math.FMA(far[i], x, dst[i]*inverse[i])
		z = math.FMA(far[j], z, dst[j]*inverse[j])
		dst[i], dst[j] = 2*x-v[i], 2*z-v[j]
	}
	for ; i >= 0; i-- {
		x = math.FMA(far[i], x, dst[i]*inverse[i])
		dst[i] = 2*x - v[i]
	}
}

// eliminate writes the right-hand side after elimination to dst, and to its middle the solution there.
func (f *Factors) eliminate(dst, rhs []float64) {
	n := len(f.inverse)
	near := f.near[:n]
	dst, rhs = dst[:n], rhs[:n]
	mid := n / 2
	var x, z float64 // near is zero at the ends
	i, j := 0, n-1
	for ; i < mid && j > mid; i, j = i+1, j-1 {
		x = math.FMA(near[i], x, rhs[i])
		z = math.FMA(near[j], z, rhs[j])
		dst[i], dst[j] = x, z
	}
	for ; i < mid; i++ {
		x = math.FMA(near[i], x, rhs[i])
		dst[i] = x
	}
	dst[mid] = math.FMA(f.far[mid], z, math.FMA(near[mid], x, rhs[mid])) * f.inverse[mid]
}

func grown(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n, n+n/4)
	}
	return s[:n]
}
