package mc

import (
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/special"
	"gonum.org/v1/gonum/mathext"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

func jumpModels() map[string]model.Characteristic {
	market := model.Market{Spot: 100, Discount: curve.Flat(0.03), Carry: curve.Flat(0.01)}
	jumps := model.Jumps{Lambda: 1.5, MuJ: -0.1, SigmaJ: 0.15}
	mild := heston(0.04, 1.5, 0.06, 0.5, -0.7)
	return map[string]model.Characteristic{
		"Merton":         model.Merton{Market: market, Jumps: jumps, Sigma: 0.2},
		"Merton, many":   model.Merton{Market: market, Jumps: model.Jumps{Lambda: 60, MuJ: 0.005, SigmaJ: 0.03}, Sigma: 0.1},
		"Kou":            model.Kou{Market: market, Sigma: 0.15, Lambda: 3, P: 0.35, Eta1: 12, Eta2: 8},
		"Kou, down only": model.Kou{Market: market, Sigma: 0.15, Lambda: 2, P: 0, Eta1: 12, Eta2: 8},
		"Bates":          model.Bates{Heston: mild, Jumps: jumps},
		"VG":             model.VarianceGamma{Market: market, Sigma: 0.2, Nu: 0.4, Theta: -0.15},
		"VG, even clock": model.VarianceGamma{Market: market, Sigma: 0.2, Nu: 0, Theta: -0.15},
		"NIG":            model.NIG{Market: market, Alpha: 12, Beta: -5, Delta: 0.4},
	}
}

// European options under processes with jumps, of one step and of twelve, against Fourier inversion.
func TestJumpsAgainstFourier(t *testing.T) {
	statistical(t)
	for name, m := range jumpModels() {
		for _, strike := range []float64{85, 100, 115} {
			call := pricing.Vanilla{Right: pricing.Call, Strike: strike, Expiry: 0.75}
			want := exact(t, fourier.Lewis{}, call, m)
			r := run(t, Engine{Paths: 1 << 16, Source: Sobol{}}, call, m)
			within(t, name, r.Result, want, 3.5, 0.06)
			path := onLast{call, weekly(12, 0.75)}
			within(t, name+", in steps", run(t, Engine{Paths: 1 << 16, Seed: 3, Source: Antithetic{}}, path, m).Result, want, 3.5, 0.08)
		}
	}
}

// onLast is a vanilla option that looks at the price on the way, to no purpose.
type onLast struct {
	pricing.Vanilla
	dates []float64
}

func (o onLast) Assets() int             { return 1 }
func (o onLast) Observations() []float64 { return o.dates }
func (o onLast) PresentValueTo(dst []float64, p *pricing.Paths) {
	last := len(o.dates) - 1
	o.Right.PayoffTo(dst, p.At(last, 0), o.Strike)
	p.DiscountTo(dst, last)
}

func TestGammaClock(t *testing.T) {
	for _, shape := range []float64{1e-3, 0.02, 0.3, 1, 2.5, 40, 1e4, 1e7} {
		p := &clockPaths{}
		c := p.gammaClock(shape*0.25, 0.25)
		z := []float64{-8.2, -6, -3.001, -1.5, -0.3, 0, 0.777, 1.9, 3.3, 6.1, 8.2}
		g := make([]float64, len(z))
		c.gammaTo(g, z)
		for i, x := range z {
			v := g[i] / 0.25
			if v < 1e-250 {
				if want := (special.LogNormCDF(x) + lgamma(shape+1)) / shape; want > math.Log(1e-240) {
					t.Errorf("shape %g at %g: %g", shape, x, v)
				}
				continue
			}
			got, want := mathext.GammaIncReg(shape, v), special.NormCDF(x)
			if x > 0 {
				got, want = mathext.GammaIncRegComp(shape, v), special.NormCDF(-x)
			}
			// An error of the clock of 1e-7 moves the probability by its density.
			density := math.Exp(shape*math.Log(v) - v - lgamma(shape))
			if off := math.Abs(got - want); off > 1e-7*density+1e-11*want {
				t.Errorf("shape %g at %g: clock %g, probability %g, want %g: %.1e of the clock", shape, x, v, got, want, off/density)
			}
		}
	}
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// The laws of rejection methods by their first moments.
func TestLanes(t *testing.T) {
	const n = 100_000
	for _, c := range []struct {
		name           string
		draw           func(*lane) float64
		mean, variance float64
	}{
		{"gamma 0.3", func(g *lane) float64 { return g.gamma(0.3) }, 0.3, 0.3},
		{"gamma 1", func(g *lane) float64 { return g.gamma(1) }, 1, 1},
		{"gamma 7.5", func(g *lane) float64 { return g.gamma(7.5) }, 7.5, 7.5},
		{"Poisson 0.2", func(g *lane) float64 { return g.poisson(0.2) }, 0.2, 0.2},
		{"Poisson 9.9", func(g *lane) float64 { return g.poisson(9.9) }, 9.9, 9.9},
		{"Poisson 11", func(g *lane) float64 { return g.poisson(11) }, 11, 11},
		{"Poisson 300", func(g *lane) float64 { return g.poisson(300) }, 300, 300},
		{"Bessel -0.9, 0.5", func(g *lane) float64 { return g.bessel(-0.9, 0.5) }, bessel(-0.9, 0.5, 1), bessel(-0.9, 0.5, 2)},
		{"Bessel 2.5, 30", func(g *lane) float64 { return g.bessel(2.5, 30) }, bessel(2.5, 30, 1), bessel(2.5, 30, 2)},
	} {
		sum, square := 0.0, 0.0
		for i := range n {
			g := lane{key: [2]uint64{5, 1 << 63}, path: uint32(i & 1023), step: uint32(i >> 10)}
			v := c.draw(&g)
			sum += v
			square += (v - c.mean) * (v - c.mean)
		}
		if off := (sum/n - c.mean) / math.Sqrt(c.variance/n); !(math.Abs(off) < 4) {
			t.Errorf("%s: mean %g, want %g: %.1f standard errors", c.name, sum/n, c.mean, off)
		}
		if ratio := square / n / c.variance; !(math.Abs(ratio-1) < 0.05) {
			t.Errorf("%s: variance %g, want %g", c.name, square/n, c.variance)
		}
	}
}

// bessel returns the mean or the variance of the Bessel law by its probabilities.
func bessel(nu, z float64, moment int) float64 {
	sum, mean, square := 0.0, 0.0, 0.0
	for n := 0.0; n < 200; n++ {
		p := math.Exp(2*n*math.Log(z/2) - lgamma(n+1) - lgamma(n+nu+1))
		sum += p
		mean += n * p
		square += n * n * p
	}
	mean /= sum
	if moment == 1 {
		return mean
	}
	return square/sum - mean*mean
}
