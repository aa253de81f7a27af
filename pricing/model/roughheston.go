package model

import (
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/fault"
)

// RoughHeston is stochastic volatility with a rough square root variance: El Euch and Rosenbaum, "The characteristic function of
// rough Heston models", Mathematical Finance 29 (2019), and "Perfect hedging in rough Heston models", Annals of Applied
// Probability 28 (2018). With α = H + ½
//
//	dS/S = (r − q) dt + √V dW,   dW·dZ = ρ dt,
//	V_t = V0 + 1/Γ(α)·∫(t−s)^(α−1)·(λ(θ − V_s) ds + ν√V_s dZ_s).
//
// At H = ½ it is [Heston] with κ = λ and σ = ν. If Curve is given, the model starts from that curve of forward variances instead
// of V0 and θ, and λ is the reversion to it.
//
// ln φ is an integral of the solution h of a fractional Riccati equation,
//
//	D^α h = F(h) = −(u²+iu)/2 + (iuρν − λ)h + ν²h²/2,   ln φ = ∫(V0·F + λθ·h) ds = ∫ξ0(T−s)·(F + λh)(s) ds,
//
// which [Collocation] solves to an error of φ below 1e-12, for any H, expiry and |ρ| <= 0.99, in some tens of microseconds for
// each u. The weights of its integrals depend on H alone and are kept between calls, and made anew, in about a millisecond, where
// H changes.
type RoughHeston struct {
	Market
	H      float64         // Hurst exponent of the variance, in (0, ½]
	V0     float64         // V0: variance today, >= 0
	Lambda float64         // λ: speed of mean reversion, per year to the power α, >= 0
	Theta  float64         // θ: variance in the long run, >= 0
	Nu     float64         // ν: volatility of the variance, per year to the power H, >= 0
	Rho    float64         // ρ: correlation of asset and variance, in [−1, 1]
	Curve  ForwardVariance // ξ0: if it has periods, it stands in the place of V0 and Theta
	Solver RoughSolver     // the zero value, Collocation, is exact to rounding or nearly so
}

var (
	_ Characteristic = RoughHeston{}
	_ CharVega       = RoughHeston{}
)

// Validate returns an error that names the first parameter outside its domain.
func (m RoughHeston) Validate() error {
	const fn = "model.RoughHeston"
	if !(m.H > 0 && m.H <= 0.5) {
		return fault.Arg(fn, "H", m.H, "in (0, 0.5]")
	}
	return fault.First(
		m.Market.validate(fn),
		fault.NonNegative(fn, "V0", m.V0),
		fault.NonNegative(fn, "Lambda", m.Lambda),
		fault.NonNegative(fn, "Theta", m.Theta),
		fault.NonNegative(fn, "Nu", m.Nu),
		fault.Between(fn, "Rho", m.Rho, -1, 1),
		m.Curve.validate(fn, "Curve"),
		fault.Between(fn, "Solver", float64(m.Solver), float64(Collocation), float64(Rational)),
	)
}

func (m *RoughHeston) equation(u complex128) roughEquation {
	return roughEquation{
		a:   u * (u + 1i),
		b:   complex(m.Rho*m.Nu, 0)*timesI(u) - complex(m.Lambda, 0),
		nu2: m.Nu * m.Nu,
	}
}

// space returns memory with the weights for the model and the expiry.
func (m *RoughHeston) space(t float64) *roughSpace {
	sp := roughSpaces.Get().(*roughSpace)
	sp.prepare(m.H + 0.5)
	if len(m.Curve.Level) > 0 {
		sp.useCurve(m.Curve, t)
	}
	return sp
}

// solve returns ln φ and its derivative by the volatility of today, and NaN where there is no solution.
func (m *RoughHeston) solve(sp *roughSpace, u complex128, t float64, method RoughSolver, monotone bool) (x, dx complex128) {
	if u == 0 || u == -1i || t == 0 {
		return 0, 0
	}
	q := m.equation(u)
	if !sp.solve(&q, t, method, monotone) {
		return cmplx.NaN(), cmplx.NaN()
	}
	if len(m.Curve.Level) > 0 {
		x = sp.curveIntegral(m.Lambda)
		if vol := math.Sqrt(m.Curve.Level[0]); vol > 0 {
			dx = complex(2/vol, 0) * x
		}
		return x, dx
	}
	f, h := sp.integrals()
	return complex(m.V0, 0)*f + complex(m.Lambda*m.Theta, 0)*h, complex(2*math.Sqrt(m.V0), 0) * f
}

func (m RoughHeston) exponent(u complex128, t float64) complex128 {
	sp := m.space(t)
	defer roughSpaces.Put(sp)
	x, _ := m.solve(sp, u, t, m.Solver, false)
	return x
}

// CharFunc returns φ(u), defined on the strip of finite moments, and NaN where the equation could not be solved.
func (m RoughHeston) CharFunc(u complex128, t float64) complex128 { return cmplx.Exp(m.exponent(u, t)) }

// CharFuncTo writes φ(u) to dst.
func (m RoughHeston) CharFuncTo(dst, u []complex128, t float64) {
	if len(dst) != len(u) {
		panic("model: CharFuncTo: dst and u differ in length")
	}
	sp := m.space(t)
	defer roughSpaces.Put(sp)
	for i, ui := range u {
		x, _ := m.solve(sp, ui, t, m.Solver, false)
		dst[i] = cmplx.Exp(x)
	}
}

// CharVegaTo writes φ(u) to dst and ∂φ/∂√V0 to vega; with a curve of forward variances ∂φ/∂√ξ0(0), the curve being scaled as a
// whole.
func (m RoughHeston) CharVegaTo(dst, vega, u []complex128, t float64) {
	if len(dst) != len(u) || len(vega) != len(u) {
		panic("model: CharVegaTo: dst, vega and u differ in length")
	}
	sp := m.space(t)
	defer roughSpaces.Put(sp)
	for i, ui := range u {
		x, dx := m.solve(sp, ui, t, m.Solver, false)
		f := cmplx.Exp(x)
		dst[i], vega[i] = f, dx*f
	}
}

// LogMoment returns ln E[(S_T/F_T)^p], and +Inf where that moment is infinite: h then reaches infinity before the expiry. It is +Inf
// also up to about a tenth of the time before that, where h is too steep to be told from infinite (Gerhold, Gerstenecker and
// Pinter, "Moment explosions in the rough Heston model", Decisions in Economics and Finance 42 (2019)).
func (m RoughHeston) LogMoment(p, t float64) float64 {
	switch {
	case math.IsNaN(p):
		return p
	case p == 0 || p == 1 || t == 0:
		return 0
	}
	sp := m.space(t)
	defer roughSpaces.Put(sp)
	x, _ := m.solve(sp, complex(0, -p), t, Collocation, p < 0 || p > 1)
	if cmplx.IsNaN(x) {
		return math.Inf(1)
	}
	return real(x)
}

// Cumulants returns the cumulants of ln(S_T/F_T), Cauchy integrals of ln φ around zero, to about nine digits.
func (m RoughHeston) Cumulants(t float64) Cumulants { return cauchyCumulants(m, t) }

// WithSpot returns the model with another spot.
func (m RoughHeston) WithSpot(spot float64) RoughHeston { m.Spot = spot; return m }
