package fd

import (
	"math"
	"sort"
)

// below returns the largest i in [0, len(x)−2] with x[i] <= s, or 0.
func below(x []float64, s float64) int {
	i := sort.SearchFloat64s(x, s)
	if i < len(x) && x[i] == s {
		i++
	}
	return min(max(i-1, 0), len(x)-2)
}

// local returns value, slope and curvature at s of the polynomial through the five nodes next to it, fewer if the grid has fewer.
func local(x, v []float64, s float64) (value, slope, curvature float64) {
	i := below(x, s)
	from := i - 2
	if s-x[i] > x[i+1]-s {
		from++
	}
	points := min(5, len(x))
	from = min(max(from, 0), len(x)-points)
	// Newton's divided differences.
	var c [5]float64
	z := x[from : from+points]
	copy(c[:], v[from:from+points])
	for k := 1; k < points; k++ {
		for j := points - 1; j >= k; j-- {
			c[j] = (c[j] - c[j-1]) / (z[j] - z[j-k])
		}
	}
	for k := points - 1; k >= 0; k-- {
		d := s - z[k]
		curvature = curvature*d + 2*slope
		slope = slope*d + value
		value = value*d + c[k]
	}
	return value, slope, curvature
}

// shiftedTo writes v at each price of at, which must rise, to dst: by the cubic through four nodes, held between its
// neighbours where the four are monotone. Beyond the grid it continues by a straight line.
func shiftedTo(dst, at, x, v []float64) {
	n := len(x)
	i := 0
	for k, s := range at {
		for i < n-2 && x[i+1] <= s {
			i++
		}
		j := min(max(i-1, 0), max(n-4, 0))
		if s < x[0] || s > x[n-1] || n < 4 {
			dst[k] = v[i] + (v[i+1]-v[i])*(s-x[i])/(x[i+1]-x[i])
			continue
		}
		x0, x1, x2, x3 := x[j], x[j+1], x[j+2], x[j+3]
		f0, f1, f2, f3 := v[j], v[j+1], v[j+2], v[j+3]
		d0, d1, d2 := (f1-f0)/(x1-x0), (f2-f1)/(x2-x1), (f3-f2)/(x3-x2)
		e0, e1 := (d1-d0)/(x2-x0), (d2-d1)/(x3-x1)
		y := f0 + (s-x0)*(d0+(s-x1)*(e0+(s-x2)*(e1-e0)/(x3-x0)))
		if rising := d0 >= 0 && d1 >= 0 && d2 >= 0; rising || d0 <= 0 && d1 <= 0 && d2 <= 0 {
			lo, hi := v[i], v[i+1]
			if !rising {
				lo, hi = hi, lo
			}
			y = math.Min(math.Max(y, lo), hi)
		}
		dst[k] = y
	}
}
