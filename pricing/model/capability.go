package model

import "github.com/volgaquant/volga/pricing"

// Lognormal is the capability that closed forms of the Black kind ask for: at each expiry a forward, a discount factor
// and a Black volatility by strike.
type Lognormal interface {
	pricing.Model
	// ForwardAt returns the forward for delivery at t and how it moves with spot, rate, yield and calendar time.
	ForwardAt(t float64) Forward
	// DiscountFactor returns today's value of 1 paid at t.
	DiscountFactor(t float64) float64
	// Volatility returns the Black volatility of an option on the forward with that strike and expiry.
	Volatility(strike, t float64) float64
}

// PartialLognormal is a model that has the methods of [Lognormal] but gives a lognormal law for some expiries only. Closed forms
// ask IsLognormal first.
type PartialLognormal interface {
	IsLognormal(t float64) bool
}

// Forward is the forward price F of an asset for delivery in τ years, with the derivatives that turn Greeks by the
// forward into Greeks by the spot.
type Forward struct {
	Value  float64 // F
	DSpot  float64 // ∂F/∂S
	DRate  float64 // ∂F/∂r for a parallel move of the discount curve, spot held
	DYield float64 // ∂F/∂q for a parallel move of the carry curve, spot held
	Drift  float64 // the average cost of carry b over [0, τ]: ∂F/∂S grows as e^(bτ) between dividends
	DTime  float64 // ∂F/∂t as calendar time passes at fixed delivery date, spot held
}

// Characteristic is the capability that transform methods ask for: the law of X = ln(S_T/F_T), the logarithm of the asset
// at an expiry over its forward for that expiry, through its characteristic function
//
//	φ(u) = E[e^(iuX)],   φ(0) = φ(−i) = 1.
//
// The law does not depend on the spot, so that prices are homogeneous of degree one in spot and strike.
type Characteristic interface {
	pricing.Model
	// ForwardAt returns the forward for delivery at t and how it moves with spot, rate, yield and calendar time.
	ForwardAt(t float64) Forward
	// DiscountFactor returns today's value of 1 paid at t.
	DiscountFactor(t float64) float64
	// CharFunc returns φ(u) for expiry t >= 0. It is defined where E[S^(−Im u)] is finite, and by analytic continuation
	// outside that strip where a model says so.
	CharFunc(u complex128, t float64) complex128
	// CharFuncTo writes φ(u) for every u to dst, which must be as long as u and may be u itself. It allocates nothing, and
	// agrees with CharFunc to rounding.
	CharFuncTo(dst, u []complex128, t float64)
	// LogMoment returns ln E[(S_T/F_T)^p] = ln φ(−ip), and +Inf where that moment is infinite.
	LogMoment(p, t float64) float64
	// Cumulants returns the cumulants of X.
	Cumulants(t float64) Cumulants
}

// Cumulants are the first, second and fourth cumulants of X = ln(S_T/F_T): the mean, the variance, and the fourth central
// moment less three times the squared variance.
type Cumulants struct{ C1, C2, C4 float64 }

// CharVega is a [Characteristic] that also differentiates its law by the volatility of today: σ, or √v0 where the
// variance is stochastic.
type CharVega interface {
	Characteristic
	// CharVegaTo writes φ(u) to dst and ∂φ/∂σ to vega, all as long as u. dst may be u; vega may not be either.
	CharVegaTo(dst, vega, u []complex128, t float64)
}

// CharGradient is a [Characteristic] that differentiates its law by its parameters: what a calibration asks for. The market,
// spot and curves, is not among the parameters.
type CharGradient interface {
	Characteristic
	// Parameters returns the names of the parameters, those of the model's fields.
	Parameters() []string
	// ParameterValues returns the parameters, in that order.
	ParameterValues() []float64
	// ParameterBounds returns a box in which a calibration looks for parameters. Not every point of it need be a valid model.
	ParameterBounds() (lower, upper []float64)
	// CharGradientTo writes φ(u) to dst and its derivative by parameter j to grad[j], for as many parameters as there are. The
	// columns must be as long as u and may not overlap it or each other. It allocates nothing.
	CharGradientTo(dst []complex128, grad [][]complex128, u []complex128, t float64)
}

// Parametric is a [CharGradient] of type M that can be made with other parameters and the same market.
type Parametric[M any] interface {
	CharGradient
	// WithParameters returns the model with the parameters x, in the order of Parameters. It does not validate them.
	WithParameters(x []float64) M
}

// VarianceParameters is a [CharGradient] some of whose parameters are variances: volatilities move as their square roots, in which
// calibrations look for them.
type VarianceParameters interface {
	// VarianceParameters returns their indices.
	VarianceParameters() []int
}

// Conic is a [Characteristic] of power or exponential decay, such as a pure jump process of infinite activity, for which
// methods may turn the line of integration into the complex plane.
type Conic interface {
	Characteristic
	// Cone returns the angle γ in (0, π/2] and the drift m such that φ(u)·e^(−ium) continues to |arg u| < γ and
	// |arg −u| < γ, and decays or stays bounded there. Then e^(−iuk)φ(u) decays exponentially along a ray into the lower
	// half plane if k > m and into the upper if k < m.
	Cone(t float64) (angle, drift float64)
}

// Partial is a model that has the methods of [Characteristic] but a characteristic function only for some values of its
// fields. Methods ask HasCharFunc first.
type Partial interface {
	HasCharFunc() bool
}

// Enveloped is a [Characteristic] whose |φ| does not fall steadily along a horizontal line, as with jumps of nearly one
// size, after which it comes back. Methods that cut an integral off ask for a bound that does fall.
type Enveloped interface {
	Characteristic
	// CharEnvelope returns a bound on |φ(v + i·Im u)| for every v >= Re u >= 0. It does not rise in Re u.
	CharEnvelope(u complex128, t float64) float64
	// Ripple returns the standard deviation of the part of X that makes |φ| come back: as u moves by less than about one
	// over it, φ changes no more than its envelope does.
	Ripple(t float64) float64
}
