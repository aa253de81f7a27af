package model

import "math"

var (
	_ Diffusion        = BlackScholes{}
	_ PartialDiffusion = BlackScholes{}
	_ Horizoned        = BlackScholes{}
)

// HasDiffusion reports whether the model is one diffusion, whatever the contract: the volatility must be a [TermVol], for a
// smile of implied volatilities is not a law of motion, and cash dividends must be [PiecewiseLognormal]. With [Escrowed] ones it
// is a diffusion for each horizon, which [BlackScholes.DiffusionUntil] gives.
func (m BlackScholes) HasDiffusion() bool {
	_, ok := m.Vol.(TermVol)
	if !ok || m.DividendModel == PiecewiseLognormal {
		return ok
	}
	for _, d := range m.Dividends {
		if d.Cash > 0 {
			return false
		}
	}
	return true
}

// DiffusionUntil returns the law of motion for contracts whose last date is the horizon, and false for a smile. With [Escrowed]
// cash dividends the coefficient is σ(t)·(S − D(t, horizon)), and D(t, horizon) is the least that the asset can be worth.
func (m BlackScholes) DiffusionUntil(horizon float64) (Diffusion, bool) {
	if _, ok := m.Vol.(TermVol); !ok {
		return nil, false
	}
	if m.DividendModel == Escrowed && m.paysCash(horizon) {
		return escrowing{m, horizon}, true
	}
	return m, true
}

// DiffusionTo writes the coefficient σ·s with σ the root mean square of the volatility over the step, so that σ² is
// (σ₁²t1 − σ₀²t0)/(t1 − t0) of the volatilities for the expiries t0 and t1. It is NaN if that is negative and unless
// [BlackScholes.HasDiffusion].
func (m BlackScholes) DiffusionTo(dst, s []float64, t0, t1 float64) {
	vol := math.NaN()
	if m.HasDiffusion() {
		vol = stepVol(m.Vol.(TermVol), t0, t1)
	}
	for i, x := range s[:len(dst)] {
		dst[i] = vol * x
	}
}

// PriceFloor returns 0.
func (m BlackScholes) PriceFloor(float64) float64 { return 0 }

// escrowing is the world with escrowed dividends as contracts see it that end at the horizon.
type escrowing struct {
	BlackScholes
	horizon float64
}

func (e escrowing) HasDiffusion() bool { return true }

// DiffusionTo takes the dividends to come at the middle of the step, as they are neither all there nor all gone at its ends if
// a dividend falls on one of them.
func (e escrowing) DiffusionTo(dst, s []float64, t0, t1 float64) {
	vol := stepVol(e.Vol.(TermVol), t0, t1)
	owed := e.EscrowedCash(0.5*(t0+t1), e.horizon)
	for i, x := range s[:len(dst)] {
		dst[i] = vol * max(x-owed, 0)
	}
}

func (e escrowing) PriceFloor(t float64) float64 { return e.EscrowedCash(t, e.horizon) }
