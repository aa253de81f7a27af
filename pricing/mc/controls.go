package mc

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// AssetControl returns the control that pays the price of the asset at t: its value is the discounted forward. It serves every
// payoff that grows with the price.
func AssetControl(m interface {
	Forward(t float64) float64
	DiscountFactor(t float64) float64
}, t float64) (Control, error) {
	value := m.Forward(t) * m.DiscountFactor(t)
	const fn = "mc.AssetControl"
	err := fault.First(model.CheckTimes(fn, "t", []float64{t}), fault.Finite(fn, "discounted forward", value))
	if err != nil {
		return Control{}, err
	}
	return Control{Instrument: assetAt{[]float64{t}}, Value: value}, nil
}

// assetAt pays the price of the asset.
type assetAt struct{ times []float64 }

func (a assetAt) Validate() error         { return nil }
func (a assetAt) Assets() int             { return 1 }
func (a assetAt) Observations() []float64 { return a.times }
func (a assetAt) PresentValueTo(dst []float64, p *pricing.Paths) {
	copy(dst, p.At(0, 0))
	p.DiscountTo(dst, 0)
}

// GeometricControl returns the control for an option on an arithmetic average: the same option on the geometric average of the
// same prices, whose logarithm is normal, so that it has a closed form (Kemna and Vorst, "A pricing method for options based on
// average asset values", Journal of Banking and Finance 14, 1990). It explains most of the variance of the other. The model's
// volatility must not depend on the strike, and the asset must pay no cash dividends.
func GeometricControl(a pricing.Average, m model.BlackScholes) (Control, error) {
	const fn = "mc.GeometricControl"
	vol, ok := m.Vol.(model.TermVol)
	if !ok {
		return Control{}, fault.Arg(fn, "Vol", fmt.Sprintf("%T", m.Vol), "a volatility that is the same for all strikes")
	}
	if err := fault.First(m.Validate(), model.CheckTimes(fn, "Dates", a.Dates)); err != nil {
		return Control{}, err
	}
	if s := a.Right.Sign(); s != s {
		return Control{}, fault.Arg(fn, "Right", a.Right, "Call or Put")
	}
	if !a.Floating {
		if err := fault.Positive(fn, "Strike", a.Strike); err != nil {
			return Control{}, err
		}
	}
	last := a.Dates[len(a.Dates)-1]
	for i, d := range m.Dividends {
		if d.Cash > 0 && d.Time <= last {
			return Control{}, fault.Arg(fn, fmt.Sprintf("Dividends[%d].Cash", i), d.Cash,
				"0: with cash dividends the geometric average has no closed form")
		}
	}
	a.Geometric = true
	// The logarithm of the average has the mean of the logarithms' means and the mean of their covariances, which are the
	// variances at the earlier date.
	n := float64(len(a.Dates))
	var mean, variance, withLast, total float64
	for i, d := range a.Dates {
		v := 0.0
		if d > 0 {
			s := vol.TermVol(d)
			v = s * s * d
		}
		mean += (math.Log(m.Forward(d)) - 0.5*v) / n
		variance += v * (2*(n-float64(i)) - 1) / (n * n)
		withLast += v / n
		total = v
	}
	forward := math.Exp(mean + 0.5*variance)
	// (φ(A−K))⁺, or (φ(S−A))⁺ by Margrabe.
	x, y, w := forward, a.Strike, variance
	if a.Floating {
		x, y, w = m.Forward(last), forward, total+variance-2*withLast
	}
	value := m.DiscountFactor(last) * exchange(float64(a.Right), x, y, math.Sqrt(max(w, 0)))
	if err := fault.Finite(fn, "value", value); err != nil {
		return Control{}, err
	}
	return Control{Instrument: geometric{a}, Value: value}, nil
}

// exchange is E[(φ(X−Y))⁺] for lognormal X and Y of those means, the logarithm of whose ratio has that standard deviation.
func exchange(phi, x, y, dev float64) float64 {
	if !(dev > 0) {
		return max(phi*(x-y), 0)
	}
	d := math.Log(x/y)/dev + 0.5*dev
	return phi * (x*special.NormCDF(phi*d) - y*special.NormCDF(phi*(d-dev)))
}

// geometric is an option on a geometric average.
type geometric struct{ pricing.Average }

func (g geometric) Validate() error         { return nil }
func (g geometric) Assets() int             { return 1 }
func (g geometric) Observations() []float64 { return g.Dates }
func (g geometric) PresentValueTo(dst []float64, p *pricing.Paths) {
	// Products of prices need a logarithm only before they overflow.
	last := len(g.Dates) - 1
	n := 1 / float64(len(g.Dates))
	product, tmp := p.Scratch[0][:len(dst)], p.Scratch[1][:len(dst)]
	clear(dst)
	const each = 8
	for i := 0; i <= last; i += each {
		copy(product, p.At(i, 0))
		for k := i + 1; k <= min(i+each-1, last); k++ {
			for j, s := range p.At(k, 0) {
				product[j] *= s
			}
		}
		vec.Log(tmp, product)
		vec.AddScaled(dst, n, tmp, dst)
	}
	vec.Exp(dst, dst)
	sign, strike := float64(g.Right), g.Strike
	if g.Floating {
		for j, s := range p.At(last, 0) {
			dst[j] = max(sign*(s-dst[j]), 0)
		}
	} else {
		for j, v := range dst {
			dst[j] = max(sign*(v-strike), 0)
		}
	}
	p.DiscountTo(dst, last)
}
