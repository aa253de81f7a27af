package model

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// CEV is the diffusion of constant elasticity of variance: Cox, "Notes on option pricing I: constant elasticity of variance
// diffusions" (1975), Journal of Portfolio Management 22 (1996); Emanuel and MacBeth (1982) for β > 1.
//
//	dS = (r − q)·S dt + σ·S^β dW
//
// Forwards follow dF = σ·G(t,T)^(1−β)·F^β dW with G the growth at the cost of carry: for a forward, or where there is no
// carry, dF = σ·F^β dW. The volatility of the logarithm at the price S is σ·S^(β−1).
//
// For β < 1 the price reaches zero with a positive probability, and stays there: zero is absorbing, also for β < 1/2 where
// another rule could be chosen. β = 1 is geometric Brownian motion. For β > 1 zero is not reached, infinity neither, but the
// price deflated by its forward is a strict local martingale: its expectation falls short of the forward. A put is then the
// expectation of its payoff, and a call what put-call parity makes of it, which is the value that a collateralised trade has.
type CEV struct {
	Market
	Sigma float64 // σ: in units of S^(1−β) per square root of a year, >= 0
	Beta  float64 // β: >= 0
}

var _ Diffusion = CEV{}

// Validate returns an error that names the first parameter outside its domain.
func (m CEV) Validate() error {
	const fn = "model.CEV"
	return fault.First(m.Market.validate(fn), fault.NonNegative(fn, "Sigma", m.Sigma), fault.NonNegative(fn, "Beta", m.Beta))
}

// DiffusionTo writes σ·s^β, 0 for a price that is not positive.
func (m CEV) DiffusionTo(dst, s []float64, t0, t1 float64) {
	for i, x := range s[:len(dst)] {
		switch {
		case x <= 0:
			dst[i] = 0
		case m.Beta == 1:
			dst[i] = m.Sigma * x
		case m.Beta == 0.5:
			dst[i] = m.Sigma * math.Sqrt(x)
		default:
			dst[i] = m.Sigma * math.Pow(x, m.Beta)
		}
	}
}

// PriceFloor returns 0.
func (m CEV) PriceFloor(float64) float64 { return 0 }

// WithSpot returns the model with another spot.
func (m CEV) WithSpot(spot float64) CEV { m.Spot = spot; return m }
