package calibrate

import (
	"math"
	"testing"
)

// The functions of Moré and Thuente's section 5, with their tolerances and their starts: each search must end where both
// conditions hold.
func TestLineSearch(t *testing.T) {
	type function func(a float64) (f, g float64)
	yanai := func(b1, b2 float64) function {
		gamma := func(b float64) float64 { return math.Sqrt(1+b*b) - b }
		return func(a float64) (float64, float64) {
			p, q := math.Hypot(1-a, b2), math.Hypot(a, b1)
			return gamma(b1)*p + gamma(b2)*q, gamma(b1)*(a-1)/p + gamma(b2)*a/q
		}
	}
	for _, c := range []struct {
		name                string
		phi                 function
		decrease, curvature float64
	}{
		{"5.1", func(a float64) (float64, float64) {
			return -a / (a*a + 2), (a*a - 2) / ((a*a + 2) * (a*a + 2))
		}, 1e-3, 0.1},
		{"5.2", func(a float64) (float64, float64) {
			b := a + 0.004
			return math.Pow(b, 5) - 2*math.Pow(b, 4), 5*math.Pow(b, 4) - 8*b*b*b
		}, 0.1, 0.1},
		{"5.3", func(a float64) (f, g float64) {
			const beta, l = 0.01, 39
			switch {
			case a <= 1-beta:
				f, g = 1-a, -1
			case a >= 1+beta:
				f, g = a-1, 1
			default:
				f, g = (a-1)*(a-1)/(2*beta)+beta/2, (a-1)/beta
			}
			return f + 2*(1-beta)/(l*math.Pi)*math.Sin(l*math.Pi/2*a), g + (1-beta)*math.Cos(l*math.Pi/2*a)
		}, 0.1, 0.1},
		{"5.4, 0.001 and 0.001", yanai(0.001, 0.001), 1e-3, 1e-3},
		{"5.4, 0.01 and 0.001", yanai(0.01, 0.001), 1e-3, 1e-3},
		{"5.4, 0.001 and 0.01", yanai(0.001, 0.01), 1e-3, 1e-3},
	} {
		f0, g0 := c.phi(0)
		for _, start := range []float64{1e-3, 1e-1, 10, 1e3} {
			calls := 0
			at, ok := lineSearch{c.decrease, c.curvature, 1e-12, 50}.along(func(a float64) (float64, float64) {
				calls++
				return c.phi(a)
			}, f0, g0, start, 1e10)
			if !ok || at.f > f0+c.decrease*at.t*g0 || math.Abs(at.g) > c.curvature*math.Abs(g0) || at.t <= 0 {
				t.Errorf("function %s from %g: %+v, %v", c.name, start, at, ok)
			}
			if calls > 15 {
				t.Errorf("function %s from %g took %d evaluations", c.name, start, calls)
			}
			t.Logf("function %-20s from %5g: %2d evaluations, at %.3g", c.name, start, calls, at.t)
		}
	}
	// Where the function ends the search stays inside; where it falls without end it goes as far as it may.
	at, ok := lineSearch{1e-3, 0.1, 1e-12, 50}.along(func(a float64) (float64, float64) {
		return -math.Sqrt(1-a) - a, 0.5/math.Sqrt(1-a) - 1
	}, -1, -0.5, 8, 1e10)
	if !ok || math.Abs(at.t-0.75) > 0.1 {
		t.Errorf("a domain that ends at 1: %+v, %v", at, ok)
	}
	at, ok = lineSearch{1e-3, 0.1, 1e-12, 50}.along(func(a float64) (float64, float64) { return -a, -1 }, 0, -1, 1, 12)
	if !ok || at.t != 12 {
		t.Errorf("a straight way down to 12: %+v, %v", at, ok)
	}
}
