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

// TotalVariance returns τ = σ²·∫₀ᵗ G(0,u)^(2β−2) du, the time that the martingale X = S/G, dX = X^β dW_τ, has had at t, and its
// derivative by a parallel move of the rate. Where the curves are not [curve.Flat] it is integrated to a relative error of about 1e-12.
func (m CEV) TotalVariance(t float64) (tau, byRate float64) {
	v := m.Sigma * m.Sigma
	power := 2*m.Beta - 2
	rate, okRate := flat(m.Discount)
	yield, okYield := flat(m.Carry)
	if okRate && okYield {
		level, slope := expm1Ratio(power * (rate - yield) * t)
		return v * t * level, v * t * t * slope * power
	}
	if power == 0 || t == 0 {
		return v * t, 0
	}
	a, b := m.integrals(power, 0, t)
	a, b = m.refined(power, 0, t, a, b, 0)
	return v * a, v * power * b
}

// integrals are those of G^power and u·G^power over [from, to] by the Gauss-Legendre rule of five points.
func (m CEV) integrals(power, from, to float64) (a, b float64) {
	nodes := [...]float64{0, 0.538469310105683091, 0.906179845938663993}
	weights := [...]float64{0.568888888888888889, 0.478628670499366468, 0.236926885056189088}
	mid, half := 0.5*(from+to), 0.5*(to-from)
	for i, x := range nodes {
		for _, sign := range [...]float64{-1, 1} {
			u := mid + sign*half*x
			g := weights[i] * half * math.Pow(m.Growth(u), power)
			a += g
			b += u * g
			if i == 0 {
				break
			}
		}
	}
	return a, b
}

// refined halves the interval until both halves together give what the whole, a and b, does: rates may jump anywhere.
func (m CEV) refined(power, from, to, a, b float64, depth int) (float64, float64) {
	mid := 0.5 * (from + to)
	a0, b0 := m.integrals(power, from, mid)
	a1, b1 := m.integrals(power, mid, to)
	const most = 40
	if depth == most || math.Abs(a0+a1-a) <= 1e-14*math.Abs(a) && depth > 0 {
		return a0 + a1, b0 + b1
	}
	a0, b0 = m.refined(power, from, mid, a0, b0, depth+1)
	a1, b1 = m.refined(power, mid, to, a1, b1, depth+1)
	return a0 + a1, b0 + b1
}

// expm1Ratio returns (e^y − 1)/y and its derivative.
func expm1Ratio(y float64) (level, slope float64) {
	if math.Abs(y) < 0.1 {
		level, slope = 1, 0.5
		term := 1.0
		for k := 2.0; k < 14; k++ { // Σ y^(k−1)/k! and Σ (k−1)·y^(k−2)/k!
			term /= k
			level += term * math.Pow(y, k-1)
			if k > 2 {
				slope += (k - 1) * term * math.Pow(y, k-2)
			}
		}
		return level, slope
	}
	level = math.Expm1(y) / y
	return level, (math.Exp(y) - level) / y
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
