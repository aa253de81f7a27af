package mc

import (
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
)

// lookback pays on the extreme of the prices at its dates and of one that was before. The extreme at dates is moved outwards by
// e^(βσ√dt), β = −ζ(1/2)/√(2π), which makes it nearly that at all times: Broadie, Glasserman and Kou, "Connecting discrete and
// continuous path-dependent options", Finance and Stochastics 3 (1999), theorem 4.
type lookback struct {
	pricing.Vanilla
	dates    []float64
	floating bool
	before   float64
	vol      float64
}

func (o lookback) Assets() int             { return 1 }
func (o lookback) Observations() []float64 { return o.dates }
func (o lookback) PresentValueTo(dst []float64, p *pricing.Paths) {
	const beta = 0.582597157939011
	last := len(o.dates) - 1
	sign := float64(o.Right)
	up := (sign > 0) != o.floating // whether the extreme is a maximum
	way := 1.0
	if !up {
		way = -1
	}
	copy(dst, p.At(0, 0))
	for i := 1; i <= last; i++ {
		for j, s := range p.At(i, 0) {
			if way*(s-dst[j]) > 0 {
				dst[j] = s
			}
		}
	}
	shift := math.Exp(way * beta * o.vol * math.Sqrt(o.dates[1]-o.dates[0]))
	for j, s := range p.At(last, 0) {
		extreme := dst[j] * shift
		if way*(o.before-extreme) > 0 {
			extreme = o.before
		}
		if o.floating {
			dst[j] = sign * (s - extreme)
		} else {
			dst[j] = max(sign*(extreme-o.Strike), 0)
		}
	}
	p.DiscountTo(dst, last)
}

// Lookbacks on what is nearly the extreme at all times, against closed forms: the error of the correction is about σ²dt of the price.
func TestGoldenLookback(t *testing.T) {
	golden.Run(t, "lookback", func(t *testing.T, c golden.Case) {
		kind := c.Text(t, "kind")
		if kind != "floating" && kind != "fixed" {
			return
		}
		expiry := c.Float(t, "t")
		m := flatWorld(c.Float(t, "spot"), c.Float(t, "rate"), c.Float(t, "dividend_yield"), c.Float(t, "vol"))
		sigma := c.Float(t, "vol")
		const steps = 64
		in := lookback{pricing.Vanilla{Right: right(t, c), Strike: c.FloatOr(t, "strike", 1), Expiry: expiry}, append([]float64{0}, weekly(steps, expiry)...),
			kind == "floating", c.Float(t, "running_extreme"), sigma}
		var want float64
		c.Expected(t, "price", &want)
		r := run(t, Engine{Paths: 1 << 13, Source: Sobol{}}, in, m)
		slack := 0.7 * sigma * sigma * expiry / steps * m.Spot
		if off := math.Abs(r.Value - want); !(off < 4*r.StdErr+slack) || r.StdErr > 2e-3*m.Spot {
			t.Errorf("%.5f ± %.5f, want %.5f ± %.5f", r.Value, r.StdErr, want, slack)
		}
	})
}
