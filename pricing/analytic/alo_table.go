package analytic

import (
	"math"
	"sync"

	"gonum.org/v1/gonum/integrate/quad"
)

// aloTable is what the collocation on the exercise boundary needs and what depends on the scheme alone, not on the
// option. Times are fractions of the expiry T: the collocation times are τ_i = x_i², x_i the Chebyshev-Lobatto nodes on
// [0, 1] without 0. An integral over the time s = τ−u to the exercise is taken by s = τ·sin²θ, u = τ·cos²θ, so that √s
// and √u, in which the integrands are smooth, are both smooth in θ; Gauss-Legendre on θ then converges fast without
// crowding nodes at the ends. For the price, whose integrand turns sharply near s = 0 if the spot is near the boundary,
// θ = v²·π/2 crowds them there.
type aloTable struct {
	n, l, p int
	x       []float64   // n collocation points √τ, rising to 1
	weight  []float64   // their barycentric weights
	col     [][]float64 // col[j][i·l+k]: weight of node j in the interpolant at √u of quadrature point k of node i
	root    []float64   // n·l: √s
	inverse []float64   // n·l: 1/√s
	ds      []float64   // n·l: weights of ∫ f ds
	dr      []float64   // n·l: weights of ∫ f ds/√s
	pcol    [][]float64 // as col, for the p points of the price
	proot   []float64
	pds     []float64
	// nodes and weights of the p points on [0, 1]
	unit, weightUnit []float64
}

func newALOTable(n, l, p int) *aloTable {
	t := &aloTable{n: n, l: l, p: p, x: make([]float64, n), weight: make([]float64, n)}
	for j := range t.x {
		s := math.Sin(float64(j+1) * math.Pi / float64(2*n))
		t.x[j] = s * s
		t.weight[j] = 1 - 2*float64((j+1)%2)
	}
	t.weight[n-1] /= 2
	theta, weight := make([]float64, l), make([]float64, l)
	quad.Legendre{}.FixedLocations(theta, weight, 0, math.Pi/2)
	m := n * l
	t.root, t.inverse, t.ds, t.dr = make([]float64, m), make([]float64, m), make([]float64, m), make([]float64, m)
	t.col = columns(n, m)
	for i, x := range t.x {
		for k := range theta {
			sin, cos := math.Sincos(theta[k])
			at := i*l + k
			t.root[at] = x * sin
			t.inverse[at] = 1 / t.root[at]
			t.dr[at] = 2 * x * cos * weight[k]
			t.ds[at] = t.dr[at] * t.root[at]
			t.interpolate(t.col, at, x*cos)
		}
	}
	theta, weight = make([]float64, p), make([]float64, p)
	quad.Legendre{}.FixedLocations(theta, weight, 0, 1)
	t.unit, t.weightUnit = theta, weight
	t.proot, t.pds = make([]float64, p), make([]float64, p)
	t.pcol = columns(n, p)
	for k, v := range theta {
		sin, cos := math.Sincos(v * v * math.Pi / 2)
		t.proot[k] = sin
		t.pds[k] = 2 * sin * cos * weight[k] * v * math.Pi
		t.interpolate(t.pcol, k, cos)
	}
	return t
}

func columns(n, rows int) [][]float64 {
	c := make([][]float64, n)
	for j := range c {
		c[j] = make([]float64, rows)
	}
	return c
}

// interpolate writes to row at of the columns the weights by which the values at the nodes x make the value at y, in
// barycentric form (Berrut and Trefethen, "Barycentric Lagrange Interpolation", SIAM Review 46, 2004, eq. 5.4). The
// value at 0 is zero and has no column.
func (t *aloTable) interpolate(col [][]float64, at int, y float64) {
	sum := 0.5 / y // the node at 0
	for j, x := range t.x {
		if y == x {
			for i := range col {
				col[i][at] = 0
			}
			col[j][at] = 1
			return
		}
		c := t.weight[j] / (y - x)
		col[j][at] = c
		sum += c
	}
	for j := range col {
		col[j][at] /= sum
	}
}

// aloScheme is a table with the rule by which its iteration starts and ends, and a stock of scratch memory.
type aloScheme struct {
	*aloTable
	stop float64 // a Newton step in h below this is the last
	work sync.Pool
}

func newALOScheme(n, l, p int, stop float64) *aloScheme {
	t := newALOTable(n, l, p)
	s := &aloScheme{aloTable: t, stop: stop}
	s.work.New = func() any { return newALOWork(t) }
	return s
}

// aloWork is the scratch memory of one valuation.
type aloWork struct {
	h, big, g, e              []float64 // n: √H, H, the residual and the discount factors
	kept                      []float64 // n: a boundary to come back to
	jac                       []float64 // n·n
	pivot                     []int
	hu, d, p, c, f, slope, eq []float64 // n·l or 2p points of quadrature, and n for the strike
}

func newALOWork(t *aloTable) *aloWork {
	n, m := t.n, max(t.n*t.l+t.n, 2*t.p)
	v := func(k int) []float64 { return make([]float64, k) }
	return &aloWork{
		h: v(n), kept: v(n), big: v(n), g: v(n), e: v(n), jac: v(n * n), pivot: make([]int, n),
		hu: v(m), d: v(m), p: v(m), c: v(m), f: v(m), slope: v(m), eq: v(m),
	}
}
