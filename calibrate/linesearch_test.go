package calibrate

import (
	"math"
	"testing"
)

// The functions of Moré and Thuente's section 5, with their tolerances and starts: each search ends where both conditions hold, after
// as many evaluations as their tables I to VI say, at their steps (to the digits that O'Leary's translation of their program gives).
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
		calls               [4]int
		steps               [4]float64
	}{
		{"5.1", func(a float64) (float64, float64) {
			return -a / (a*a + 2), (a*a - 2) / ((a*a + 2) * (a*a + 2))
		}, 1e-3, 0.1, [4]int{6, 3, 1, 4}, [4]float64{1.3650, 1.4414, 10, 36.888}},
		{"5.2", func(a float64) (float64, float64) {
			b := a + 0.004
			return math.Pow(b, 5) - 2*math.Pow(b, 4), 5*math.Pow(b, 4) - 8*b*b*b
		}, 0.1, 0.1, [4]int{12, 8, 8, 11}, [4]float64{1.596, 1.596, 1.596, 1.596}},
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
		}, 0.1, 0.1, [4]int{12, 12, 10, 13}, [4]float64{1, 1, 1, 1}},
		{"5.4, 0.001 and 0.001", yanai(0.001, 0.001), 1e-3, 1e-3, [4]int{4, 1, 3, 4}, [4]float64{0.085, 0.1, 0.34910, 0.8294}},
		{"5.4, 0.01 and 0.001", yanai(0.01, 0.001), 1e-3, 1e-3, [4]int{6, 3, 7, 8}, [4]float64{0.075011, 0.07751, 0.073142, 0.076159}},
		{"5.4, 0.001 and 0.01", yanai(0.001, 0.01), 1e-3, 1e-3, [4]int{13, 11, 8, 11}, [4]float64{0.9279, 0.92615, 0.92478, 0.92440}},
	} {
		f0, g0 := c.phi(0)
		for k, start := range []float64{1e-3, 1e-1, 10, 1e3} {
			calls := 0
			at, ok := lineSearch{c.decrease, c.curvature, 1e-12, 50}.along(func(a float64) (float64, float64) {
				calls++
				return c.phi(a)
			}, f0, g0, start, 1e10)
			if !ok || at.f > f0+c.decrease*at.t*g0 || math.Abs(at.g) > c.curvature*math.Abs(g0) || at.t <= 0 {
				t.Errorf("function %s from %g: %+v, %v", c.name, start, at, ok)
			}
			if calls != c.calls[k] || math.Abs(at.t-c.steps[k]) > 1e-4*c.steps[k] {
				t.Errorf("function %s from %g: %d evaluations, to %.5g, want %d, to %.5g", c.name, start, calls, at.t, c.calls[k], c.steps[k])
			}
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
