package model

import (
	"math"

	"github.com/volgaquant/volga/pricing"
)

// Diffusion is the capability that finite differences and simulation ask for: one asset whose price between its discrete
// dividends follows
//
//	dS = (r(t) − q(t))·S dt + b(S, t) dW.
type Diffusion interface {
	pricing.Model
	// SpotPrice returns the price of the asset now.
	SpotPrice() float64
	// DiscountFactor returns today's value of 1 paid at t.
	DiscountFactor(t float64) float64
	// Growth returns the forward for delivery at t, as a multiple of the spot, of the asset without its discrete dividends.
	Growth(t float64) float64
	// DiscreteDividends returns the dividends in rising order of time. The caller must not change them.
	DiscreteDividends() []Dividend
	// DiffusionTo writes to dst, for each price of s, the coefficient b that serves a step from t0 to t1 > t0: where b
	// separates into a function of price and one of time, its root mean square over the step, so that the step has the
	// variance of the model. dst must be as long as s and may be s itself. It allocates nothing.
	DiffusionTo(dst, s []float64, t0, t1 float64)
	// PriceFloor returns the lowest price that the asset can have at time t: 0 for most models, −Inf for a normal one.
	PriceFloor(t float64) float64
}

// PartialDiffusion is a model that has the methods of [Diffusion] but is a diffusion only for some values of its fields.
// [DiffusionOf] asks HasDiffusion.
type PartialDiffusion interface {
	HasDiffusion() bool
}

// Horizoned is a model that is a diffusion, but another one for each horizon, such as [BlackScholes] with [Escrowed]
// dividends. [DiffusionOf] asks it.
type Horizoned interface {
	// DiffusionUntil returns the law of motion that serves contracts whose last date is the horizon, and false if there is none.
	DiffusionUntil(horizon float64) (Diffusion, bool)
}

// DiffusionOf returns the law of motion of m for contracts whose last date is the horizon. If m is not a diffusion it is nil
// and the reason goes into a [pricing.UnsupportedError]. Methods that follow a [Diffusion] start here:
//
//	world, reason := model.DiffusionOf(m, option.Maturity())
//	if world == nil {
//		return pricing.Result{}, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m, Reason: reason}
//	}
//
// It does not validate m, and the diffusion is no better than m is.
func DiffusionOf(m pricing.Model, horizon float64) (world Diffusion, reason string) {
	if h, ok := m.(Horizoned); ok {
		if d, ok := h.DiffusionUntil(horizon); ok {
			return d, ""
		}
		return nil, "a volatility that depends on the strike is not a diffusion; a local volatility is"
	}
	d, ok := m.(Diffusion)
	if !ok {
		return nil, "the model is not a one-dimensional diffusion"
	}
	if p, ok := m.(PartialDiffusion); ok && !p.HasDiffusion() {
		return nil, "a volatility that depends on the strike is not a diffusion; a local volatility is"
	}
	return d, ""
}

// stepVariance returns the mean variance per year over [t0, t1] of a total variance that is w0 and w1 at the two: NaN if it
// falls by more than rounding explains.
func stepVariance(w0, w1, t0, t1 float64) float64 {
	w := w1 - w0
	if w < 0 && w > -1e-13*w1 {
		w = 0
	}
	if !(w >= 0) {
		return math.NaN()
	}
	return w / (t1 - t0)
}

// stepVol returns the root mean square of the volatility over [t0, t1] if v(t) is the mean one up to t.
func stepVol(v TermVol, t0, t1 float64) float64 {
	w := func(t float64) float64 {
		if t == 0 {
			return 0
		}
		s := v.TermVol(t)
		return s * s * t
	}
	return math.Sqrt(stepVariance(w(t0), w(t1), t0, t1))
}
