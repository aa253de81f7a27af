package model

import (
	"math"
	"testing"
)

// The second differences of the excess are the law of the jump: they add up to one and have the mean that the drift takes away.
func TestJumpExcess(t *testing.T) {
	kou := Kou{Market: Market{Spot: 100}, Sigma: 0.2, Lambda: 2, P: 0.4, Eta1: 10, Eta2: 5}
	merton := Merton{Market: Market{Spot: 100}, Sigma: 0.3, Jumps: Jumps{Lambda: 0.5, MuJ: -0.1, SigmaJ: 0.2}}
	atom := Merton{Market: Market{Spot: 100}, Sigma: 0.3, Jumps: Jumps{Lambda: 0.5, MuJ: -0.1}}
	for _, c := range []struct {
		m    JumpDiffusion
		want float64 // E[e^J]
	}{{kou, 0.4*10/9 + 0.6*5/6}, {merton, math.Exp(-0.1 + 0.02)}, {atom, math.Exp(-0.1)}} {
		const h = 1e-3
		total, mean := 0.0, 0.0
		for i := -8000; i <= 8000; i++ {
			y := float64(i) * h
			w := (c.m.JumpExcess(y+h) - 2*c.m.JumpExcess(y) + c.m.JumpExcess(y-h)) / h
			if w < -1e-9 {
				t.Fatalf("%T: a weight of %g at %g", c.m, w, y)
			}
			total += w
			mean += w * math.Exp(y)
		}
		if math.Abs(total-1) > 1e-8 || math.Abs(mean-c.want) > 1e-6 {
			t.Errorf("%T: total %.10g, E[e^J] %.10g, want 1 and %.10g", c.m, total, mean, c.want)
		}
		if d := c.m.Continuous(); d.SpotPrice() != 100 || d.Validate() != nil || c.m.JumpIntensity() <= 0 {
			t.Errorf("%T: %+v", c.m, d)
		}
	}
}
