package taylor

import (
	"math"
	"testing"
)

// Each operation against the function itself: what is left beyond the third order is of fourth.
func TestOperations(t *testing.T) {
	a, b := Series{0.3, 0.7, -0.2, 0.5}, Series{1.3, -0.4, 0.6, 0.1}
	at := func(s Series, h float64) float64 { return s[0] + h*(s[1]+h*(s[2]+h*s[3])) }
	for name, c := range map[string]struct {
		got  Series
		want func(a, b float64) float64
	}{
		"plus":       {a.Plus(b), func(a, b float64) float64 { return a + b }},
		"minus":      {a.Minus(b), func(a, b float64) float64 { return a - b }},
		"mul":        {a.Mul(b), func(a, b float64) float64 { return a * b }},
		"div":        {a.Div(b), func(a, b float64) float64 { return a / b }},
		"scaled":     {a.Scaled(3).Shifted(2), func(a, b float64) float64 { return 3*a + 2 }},
		"sqrt":       {b.Sqrt(), func(a, b float64) float64 { return math.Sqrt(b) }},
		"log":        {b.Log(), func(a, b float64) float64 { return math.Log(b) }},
		"exp":        {a.Exp(), func(a, b float64) float64 { return math.Exp(a) }},
		"artanh":     {a.Artanh(), func(a, b float64) float64 { return math.Atanh(a) }},
		"polynomial": {a.Polynomial([]float64{1, 2, 3}), func(a, b float64) float64 { return 1 + 2*a + 3*a*a }},
	} {
		off := func(h float64) float64 { return math.Abs(at(c.got, h) - c.want(at(a, h), at(b, h))) }
		if off(0) > 1e-15 || off(1e-2) > 3e-8 || off(1e-2) > 20*off(5e-3)+1e-15 {
			t.Errorf("%s: off by %.2g, %.2g and %.2g at 0, 0.005 and 0.01", name, off(0), off(5e-3), off(1e-2))
		}
	}
	if x := Integral(2, b.Derivative()).Minus(Series{2, b[1], b[2], b[3]}); math.Abs(x[0])+math.Abs(x[1])+math.Abs(x[2])+math.Abs(x[3]) > 1e-15 {
		t.Errorf("the integral of the derivative is off by %v", x)
	}
}
