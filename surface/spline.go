package surface

import (
	"fmt"
	"math"
	"sort"

	"github.com/volgaquant/volga/internal/fault"
)

// SplineKind says how a [Spline] goes through its knots.
type SplineKind uint8

const (
	// CubicSpline is the natural cubic spline, twice differentiable.
	CubicSpline SplineKind = iota
	// MonotoneSpline is the cubic of Fritsch and Carlson (1980): once differentiable, with no extrema but at knots.
	MonotoneSpline
)

// Spline is one smile by total variances at knots of log-moneyness, with a cubic between and straight wings beyond: the slope
// of a wing is that at the end, but not towards the money (it would fall to zero) and not above 2 (Lee's bound). It is not free
// of butterfly arbitrage by construction. It never changes once made.
type Spline struct {
	k, w, slope []float64
	left, right float64
}

// NewSpline returns the smile through total variances w at log-moneynesses k, in rising order, two at least.
func NewSpline(k, w []float64, kind SplineKind) (*Spline, error) {
	const fn = "surface.NewSpline"
	n := len(k)
	switch {
	case n != len(w):
		return nil, fault.Arg(fn, "k and w", [...]int{n, len(w)}, "of one length")
	case n < 2:
		return nil, fmt.Errorf("surface: %s: %w: %d knots, want at least 2", fn, ErrTooFewQuotes, n)
	case kind > MonotoneSpline:
		return nil, fault.Arg(fn, "kind", uint8(kind), "CubicSpline or MonotoneSpline")
	}
	for i := range k {
		err := fault.First(fault.Finite(fn, fmt.Sprintf("k[%d]", i), k[i]), fault.Positive(fn, fmt.Sprintf("w[%d]", i), w[i]))
		if err != nil {
			return nil, err
		}
		if i > 0 && !(k[i] > k[i-1]) {
			return nil, fault.Arg(fn, fmt.Sprintf("k[%d]", i), k[i], fmt.Sprintf("above %g, the one before", k[i-1]))
		}
	}
	s := &Spline{k: append([]float64(nil), k...), w: append([]float64(nil), w...), slope: make([]float64, n)}
	if kind == CubicSpline {
		s.natural()
	} else {
		s.monotone()
	}
	s.left = math.Max(-2, math.Min(0, s.slope[0]))
	s.right = math.Min(2, math.Max(0, s.slope[n-1]))
	return s, nil
}

// natural finds the slopes that make the second derivative continuous, and zero at the ends.
func (s *Spline) natural() {
	n := len(s.k)
	diag, rhs := make([]float64, n), make([]float64, n)
	up := make([]float64, n)
	for i := range n {
		if i > 0 {
			h := s.k[i] - s.k[i-1]
			d := (s.w[i] - s.w[i-1]) / h
			diag[i] += 2 / h
			rhs[i] += 3 * d / h
		}
		if i+1 < n {
			h := s.k[i+1] - s.k[i]
			d := (s.w[i+1] - s.w[i]) / h
			diag[i] += 2 / h
			rhs[i] += 3 * d / h
			up[i] = 1 / h
		}
	}
	for i := 1; i < n; i++ {
		f := up[i-1] / diag[i-1]
		diag[i] -= f * up[i-1]
		rhs[i] -= f * rhs[i-1]
	}
	for i := n - 1; i >= 0; i-- {
		s.slope[i] = rhs[i] / diag[i]
		if i+1 < n {
			s.slope[i] -= up[i] * s.slope[i+1] / diag[i]
		}
	}
}

// monotone takes weighted harmonic means of the chords' slopes, which keep each piece monotone.
func (s *Spline) monotone() {
	n := len(s.k)
	chord := func(i int) (h, d float64) {
		h = s.k[i+1] - s.k[i]
		return h, (s.w[i+1] - s.w[i]) / h
	}
	_, s.slope[0] = chord(0)
	_, s.slope[n-1] = chord(n - 2)
	for i := 1; i+1 < n; i++ {
		h0, d0 := chord(i - 1)
		h1, d1 := chord(i)
		if d0*d1 <= 0 {
			s.slope[i] = 0
			continue
		}
		a, b := 2*h1+h0, h1+2*h0
		s.slope[i] = (a + b) / (a/d0 + b/d1)
	}
}

// TotalVariance returns w(k).
func (s *Spline) TotalVariance(k float64) float64 {
	w, _, _ := s.Derivatives(k)
	return w
}

// Derivatives returns w(k), ∂w/∂k and ∂²w/∂k²; at knots the second from the right.
func (s *Spline) Derivatives(k float64) (w, wk, wkk float64) {
	n := len(s.k)
	switch {
	case k < s.k[0]:
		return s.w[0] + s.left*(k-s.k[0]), s.left, 0
	case k >= s.k[n-1]:
		return s.w[n-1] + s.right*(k-s.k[n-1]), s.right, 0
	case math.IsNaN(k):
		return k, k, k
	}
	i := sort.SearchFloat64s(s.k, k)
	if s.k[i] > k {
		i--
	}
	h := s.k[i+1] - s.k[i]
	d := (s.w[i+1] - s.w[i]) / h
	c := (3*d - 2*s.slope[i] - s.slope[i+1]) / h
	e := (s.slope[i] + s.slope[i+1] - 2*d) / (h * h)
	x := k - s.k[i]
	return s.w[i] + x*(s.slope[i]+x*(c+x*e)), s.slope[i] + x*(2*c+3*e*x), 2*c + 6*e*x
}
