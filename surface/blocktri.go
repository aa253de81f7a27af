package surface

import "math"

// A symmetric matrix of 3×3 blocks on and beside the diagonal, and its Cholesky factors.
type blockTri struct {
	diag [][6]float64 // lower triangles of the diagonal blocks: 00 10 11 20 21 22
	off  [][9]float64 // off[i] is the block of row i and column i−1, by rows
	low  [][6]float64 // Cholesky factors of the diagonal blocks
	sub  [][9]float64 // factors below them
}

func (b *blockTri) resize(n int) {
	b.diag = grow(b.diag, n)
	b.off = grow(b.off, n)
	b.low = grow(b.low, n)
	b.sub = grow(b.sub, n)
}

// grow returns a slice of length n that reuses s where it can. The contents are arbitrary.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// factor computes the Cholesky factors with the diagonal raised by the relative amount damp. It returns false if the
// matrix is not positive definite.
func (b *blockTri) factor(damp float64) bool {
	const pivot = 1e-15 // relative to the diagonal: below it the pivot is rounding
	for i := range b.diag {
		d := b.diag[i]
		d[0] *= 1 + damp
		d[2] *= 1 + damp
		d[5] *= 1 + damp
		p0, p1, p2 := pivot*d[0], pivot*d[2], pivot*d[5]
		if i > 0 {
			l, o, m := &b.low[i-1], &b.off[i], &b.sub[i]
			for r := 0; r < 9; r += 3 {
				m[r] = o[r] / l[0]
				m[r+1] = (o[r+1] - m[r]*l[1]) / l[2]
				m[r+2] = (o[r+2] - m[r]*l[3] - m[r+1]*l[4]) / l[5]
			}
			d[0] -= m[0]*m[0] + m[1]*m[1] + m[2]*m[2]
			d[1] -= m[3]*m[0] + m[4]*m[1] + m[5]*m[2]
			d[2] -= m[3]*m[3] + m[4]*m[4] + m[5]*m[5]
			d[3] -= m[6]*m[0] + m[7]*m[1] + m[8]*m[2]
			d[4] -= m[6]*m[3] + m[7]*m[4] + m[8]*m[5]
			d[5] -= m[6]*m[6] + m[7]*m[7] + m[8]*m[8]
		}
		if !(d[0] > p0) {
			return false
		}
		d[0] = math.Sqrt(d[0])
		d[1] /= d[0]
		d[3] /= d[0]
		d[2] -= d[1] * d[1]
		if !(d[2] > p1) {
			return false
		}
		d[2] = math.Sqrt(d[2])
		d[4] = (d[4] - d[3]*d[1]) / d[2]
		d[5] -= d[3]*d[3] + d[4]*d[4]
		if !(d[5] > p2) {
			return false
		}
		d[5] = math.Sqrt(d[5])
		b.low[i] = d
	}
	return true
}

// solve writes −A⁻¹g to dst, from the factors.
func (b *blockTri) solve(dst, g []wings) {
	var y wings
	for i := range b.diag {
		r := wings{-g[i].theta, -g[i].u, -g[i].v}
		if i > 0 {
			m := &b.sub[i]
			r.theta -= m[0]*y.theta + m[1]*y.u + m[2]*y.v
			r.u -= m[3]*y.theta + m[4]*y.u + m[5]*y.v
			r.v -= m[6]*y.theta + m[7]*y.u + m[8]*y.v
		}
		l := &b.low[i]
		y.theta = r.theta / l[0]
		y.u = (r.u - l[1]*y.theta) / l[2]
		y.v = (r.v - l[3]*y.theta - l[4]*y.u) / l[5]
		dst[i] = y
	}
	for i := len(b.diag) - 1; i >= 0; i-- {
		r := dst[i]
		if i+1 < len(b.diag) {
			m, d := &b.sub[i+1], dst[i+1]
			r.theta -= m[0]*d.theta + m[3]*d.u + m[6]*d.v
			r.u -= m[1]*d.theta + m[4]*d.u + m[7]*d.v
			r.v -= m[2]*d.theta + m[5]*d.u + m[8]*d.v
		}
		l := &b.low[i]
		r.v /= l[5]
		r.u = (r.u - l[4]*r.v) / l[2]
		r.theta = (r.theta - l[1]*r.u - l[3]*r.v) / l[0]
		dst[i] = r
	}
}
