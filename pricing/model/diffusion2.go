package model

import (
	"math"

	"github.com/volgaquant/volga/pricing"
)

// Diffusion2 is the capability that finite differences in two variables and simulation ask for: an asset whose diffusion
// depends on a second variable y, which moves by itself. It is a variance, a volatility or another asset:
//
//	dS = (r(t) − q(t))·S dt + g(S, t)·h(y, t) dW,   dy = m(y, t) dt + s(y, t) dZ,   dW·dZ = ρ(t) dt.
//
// Coefficients that serve a step from t0 to t1 > t0 are those of its middle, or averages over it, so that the step has the
// mean and variance of the model to second order.
type Diffusion2 interface {
	pricing.Model
	// SpotPrice returns the price of the asset now.
	SpotPrice() float64
	// DiscountFactor returns today's value of 1 paid at t.
	DiscountFactor(t float64) float64
	// Growth returns the forward of the asset for delivery at t, as a multiple of the spot.
	Growth(t float64) float64
	// PriceFloor returns the lowest price that the asset can have at time t, where it stays: 0 for most models, or −Inf.
	PriceFloor(t float64) float64
	// AssetTo writes g to dst for each price of s. dst must be as long as s and may be s itself. It allocates nothing.
	AssetTo(dst, s []float64, t0, t1 float64)
	// SecondTo writes m to drift, s to vol and h to scale for each y, all as long as y. It allocates nothing.
	SecondTo(drift, vol, scale, y []float64, t0, t1 float64)
	// Correlation returns ρ.
	Correlation(t0, t1 float64) float64
	// Second says what the second variable is.
	Second() Second
	// SecondRange returns bounds that y, up to time t, leaves with a probability of about tail or less on either side, under
	// the pricing measure and under that of the asset as numeraire.
	SecondRange(t, tail float64) (low, high float64)
}

// Second describes the second variable of a [Diffusion2].
type Second struct {
	Start float64 // y now
	// Floor is the lowest value that y can have, −Inf if there is none. There s is zero and m is not negative, so that the
	// equation holds without a boundary condition.
	Floor float64
	// PerVol is ∂y/∂σ now, with σ today's volatility or the parameter in its place: 2√y for a variance, 1 for a volatility, 0
	// if y is neither.
	PerVol float64
	// Asset says that y is the price of a second asset, so that contracts may pay on it.
	Asset bool
	// Steady says that m, s, h, ρ do not depend on time, nor g(λS, t)/λ on time and on λ > 0.
	Steady bool
}

// Jumping is a model that has the methods of a diffusion and may jump besides. Engines that follow a diffusion alone refuse
// it if HasJumps.
type Jumping interface {
	HasJumps() bool
}

// Crossed is a [Diffusion2] whose correlation depends on the second variable.
type Crossed interface {
	Diffusion2
	// CrossTo writes ρ·h·s to dst for each y: the covariance of the two variables per year, over g. It allocates nothing.
	CrossTo(dst, y []float64, t0, t1 float64)
}

// Forwarded is a [Diffusion2] whose asset is a forward, and not what the contract looks at before its delivery: contracts must end
// then and depend on nothing before.
type Forwarded interface {
	Diffusion2
	// Delivery returns when forward and spot meet, in years.
	Delivery() float64
}

// HasJumps reports whether jumps occur at all.
func (j Jumps) HasJumps() bool { return j.Lambda > 0 }

var (
	_ Diffusion2 = Heston{}
	_ Diffusion2 = Bates{}
	_ Jumping    = Bates{}
)

// PriceFloor returns 0.
func (m Heston) PriceFloor(float64) float64 { return 0 }

// AssetTo writes the price itself: g = S.
func (m Heston) AssetTo(dst, s []float64, _, _ float64) { copy(dst, s) }

// SecondTo writes κ(θ − v), σ√v and √v.
func (m Heston) SecondTo(drift, vol, scale, v []float64, _, _ float64) {
	for i, x := range v {
		root := math.Sqrt(math.Max(x, 0))
		drift[i], vol[i], scale[i] = m.Kappa*(m.Theta-x), m.Sigma*root, root
	}
}

// Correlation returns ρ.
func (m Heston) Correlation(_, _ float64) float64 { return m.Rho }

// Second returns the variance, which starts at V0 and is not negative.
func (m Heston) Second() Second {
	return Second{Start: m.V0, PerVol: 2 * math.Sqrt(m.V0), Steady: true}
}

// SecondRange bounds the variance by those of the noncentral chi-square law of Birgé, "An alternative point of view on
// Lepski's method" (2001), lemma 8.1: with mean M and c = σ²(1−e^(−κt))/(4κ), x = −ln tail,
//
//	P(v > M + 2√(cBx) + 2cx) <= tail,   P(v < M − 2√(cBx)) <= tail,   B = 2M − κθ(1−e^(−κt))/κ.
//
// With the asset as numeraire κ is κ − ρσ.
func (m Heston) SecondRange(t, tail float64) (low, high float64) {
	low, high = m.V0, m.V0
	x := -math.Log(tail)
	for _, kappa := range [2]float64{m.Kappa, m.Kappa - m.Rho*m.Sigma} {
		for _, at := range [4]float64{t, 0.5 * t, 0.25 * t, 0.1 * t} {
			h := at
			if kappa != 0 {
				h = -math.Expm1(-kappa*at) / kappa
			}
			start, gained := m.V0*math.Exp(-kappa*at), m.Kappa*m.Theta*h
			mean, c := start+gained, 0.25*m.Sigma*m.Sigma*h
			spread := 2 * math.Sqrt(c*(gained+2*start)*x)
			low = math.Min(low, mean-spread)
			high = math.Max(high, mean+spread+2*c*x)
		}
	}
	return math.Max(low, 0), high
}
