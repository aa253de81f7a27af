package formula

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"
)

func TestMeasure(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		op     Op
		name   string
		lo, hi float64
		log    bool
	}{
		{OpExp, "core", -1, 1, false}, {OpExp, "all", -745.2, 709.8, false},
		{OpLog, "near1", 0.5, 2, false}, {OpLog, "all", -1074, 1024, true},
		{OpNormCDF, "-1..0", -1, 0, false}, {OpNormCDF, "0..9", 0, 9, false}, {OpNormCDF, "-10..-1", -10, -1, false}, {OpNormCDF, "-38.6..-10", -38.6, -10, false},
		{OpNormPDF, "all", -38.7, 38.7, false},
		{OpSin, "small", -10, 10, false}, {OpSin, "all", -30, 40, true}, {OpCos, "small", -10, 10, false}, {OpCos, "all", -30, 40, true},
	} {
		g := unary(c.op)
		ev, bigE := NewEvaluator(g), NewBigEvaluator(g, 130)
		worst, at := 0.0, 0.0
		start := time.Now()
		n := 10000
		for range n {
			x := c.lo + (c.hi-c.lo)*rng.Float64()
			if c.log {
				x = math.Exp2(x) * (1 + rng.Float64())
			}
			out := []float64{x}
			ev.Eval(out, out)
			if u := ulpError(out[0], bigE.Eval(big.NewFloat(x))[0]); u > worst {
				worst, at = u, x
			}
		}
		t.Logf("%v %s: %.3f ulp at %v  (%v/point)", c.op, c.name, worst, at, time.Since(start)/time.Duration(n))
	}
}
