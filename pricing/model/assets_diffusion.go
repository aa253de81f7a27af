package model

import (
	"math"

	"github.com/volgaquant/volga/pricing"
)

// Paired is a model of several assets, of which two may be a [Diffusion2].
type Paired interface {
	pricing.Model
	// Pair returns the model as a diffusion of two assets, and false if there are not two.
	Pair() (Diffusion2, bool)
}

var _ Paired = Assets{}

// Pair returns two assets as a diffusion whose second variable is the price of the second one.
func (m Assets) Pair() (Diffusion2, bool) {
	if len(m.Each) != 2 {
		return nil, false
	}
	p := assetPair{Assets: m}
	if m.Correlation != nil {
		p.rho = m.Correlation[0][1]
	}
	return p, true
}

// assetPair is two assets as a [Diffusion2].
type assetPair struct {
	Assets
	rho float64
}

func (p assetPair) growth(i int, t float64) float64 {
	return factor(p.Each[i].Carry, t) / factor(p.Discount, t)
}

// stepVol returns the volatility of asset i that gives a step the variance of the model.
func (p assetPair) stepVol(i int, t0, t1 float64) float64 {
	vol := p.Each[i].Vol
	if v, ok := vol.(FlatVol); ok {
		return float64(v)
	}
	v0, v1 := 0.0, vol.TermVol(t1)
	if t0 > 0 {
		v0 = vol.TermVol(t0)
	}
	return math.Sqrt((v1*v1*t1 - v0*v0*t0) / (t1 - t0))
}

func (p assetPair) SpotPrice() float64               { return p.Each[0].Spot }
func (p assetPair) Growth(t float64) float64         { return p.growth(0, t) }
func (p assetPair) PriceFloor(float64) float64       { return 0 }
func (p assetPair) Correlation(_, _ float64) float64 { return p.rho }

func (p assetPair) AssetTo(dst, s []float64, t0, t1 float64) {
	vol := p.stepVol(0, t0, t1)
	for i, x := range s {
		dst[i] = vol * x
	}
}

func (p assetPair) SecondTo(drift, vol, scale, y []float64, t0, t1 float64) {
	mu := math.Log(p.growth(1, t1)/p.growth(1, t0)) / (t1 - t0)
	sigma := p.stepVol(1, t0, t1)
	for i, x := range y {
		drift[i], vol[i], scale[i] = mu*x, sigma*x, 1
	}
}

func (p assetPair) Second() Second {
	_, okDiscount := flat(p.Discount)
	_, okCarry := flat(p.Each[1].Carry)
	_, okFirst := p.Each[0].Vol.(FlatVol)
	_, okSecond := p.Each[1].Vol.(FlatVol)
	return Second{Start: p.Each[1].Spot, Asset: true, Steady: okDiscount && okCarry && okFirst && okSecond}
}

// SecondRange uses P(Z > z) <= e^(−z²/2) for a standard normal Z.
func (p assetPair) SecondRange(t, tail float64) (low, high float64) {
	first, second := p.Each[0].Vol.TermVol(t), p.Each[1].Vol.TermVol(t)
	sd := second * math.Sqrt(t)
	out := sd * math.Sqrt(-2*math.Log(tail))
	forward := p.growth(1, t)
	tilted := forward * math.Exp(p.rho*first*second*t)
	up, down := math.Max(1, math.Max(forward, tilted)), math.Min(1, math.Min(forward, tilted))
	spot := p.Each[1].Spot
	return spot * down * math.Exp(-out-0.5*sd*sd), spot * up * math.Exp(out)
}
