package surface

import (
	"errors"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// ErrArbitrage is what every [ConditionError] unwraps to.
var ErrArbitrage = errors.New("the surface admits arbitrage")

// Condition is one of the conditions that keep an eSSVI surface free of arbitrage.
type Condition uint8

// The conditions, in the wings u = ψ(1+ρ) to the right and v = ψ(1−ρ) to the left. The first three are on a slice and
// the one before it, the others on one slice.
const (
	RightWingRises Condition = iota // u does not fall with expiry
	LeftWingRises                   // v does not fall with expiry
	NoCrossing                      // θ rises enough for the change of the wings, see ESSVI
	RightButterfly                  // ψu ≤ 4θ
	LeftButterfly                   // ψv ≤ 4θ
	RightLee                        // u < 4
	LeftLee                         // v < 4
	numConditions
)

var conditionNames = [numConditions]string{
	"the right wing ψ(1+ρ) must not fall with expiry", "the left wing ψ(1−ρ) must not fall with expiry",
	"the slices must not cross: θ must rise by more", "ψ²(1+ρ) must be at most 4θ", "ψ²(1−ρ) must be at most 4θ",
	"ψ(1+ρ) must be below 4", "ψ(1−ρ) must be below 4",
}

// String says what the condition demands.
func (c Condition) String() string {
	if int(c) < len(conditionNames) {
		return conditionNames[c]
	}
	return fmt.Sprintf("Condition(%d)", uint8(c))
}

// ConditionError says which slice breaks which condition. It is an [ErrArbitrage].
type ConditionError struct {
	Condition Condition
	Index     int     // the slice; conditions on two slices are broken together with the one before it
	Tau       float64 // its expiry
	Have      float64 // the left side of the condition
	Limit     float64 // the right side
}

// Error names the slice and the condition.
func (e *ConditionError) Error() string {
	return fmt.Sprintf("surface: slice %d (tau %.6g): %v: %.6g against %.6g", e.Index, e.Tau, e.Condition, e.Have, e.Limit)
}

// Unwrap makes errors.Is(err, ErrArbitrage) true.
func (e *ConditionError) Unwrap() error { return ErrArbitrage }

// Slice is the smile of one expiry in the extended SSVI parametrisation of Hendriks and Martini (2019):
//
//	w(k) = ½(θ + ρψk + √((ψk + ρθ)² + (1−ρ²)θ²)),   ψ = θφ
//
// θ is the at-the-money total variance and ρψ its slope there. The wings rise at ψ(1+ρ)/2 to the right and ψ(1−ρ)/2 to
// the left.
type Slice struct {
	Tau   float64 // years, > 0
	Theta float64 // at-the-money total variance θ, > 0
	Rho   float64 // correlation ρ, in [−1, 1]
	Psi   float64 // ψ = θφ, >= 0
}

// Validate checks the ranges of the parameters and the sufficient conditions of Gatheral and Jacquier (2014), Theorem
// 4.2, for a smile without butterfly arbitrage: ψ(1+|ρ|) < 4 and ψ²(1+|ρ|) ≤ 4θ.
func (s Slice) Validate() error {
	const fn = "surface.Slice"
	err := fault.First(
		fault.Positive(fn, "Tau", s.Tau), fault.Positive(fn, "Theta", s.Theta),
		fault.Between(fn, "Rho", s.Rho, -1, 1), fault.NonNegative(fn, "Psi", s.Psi),
	)
	if err != nil {
		return err
	}
	return s.wings().butterfly(0, s.Tau)
}

// TotalVariance returns w(k), the total variance at log-moneyness k.
func (s Slice) TotalVariance(k float64) float64 { return s.wings().variance(k) }

// Vol returns the implied volatility √(w(k)/τ).
func (s Slice) Vol(k float64) float64 { return math.Sqrt(s.wings().variance(k) / s.Tau) }

// Derivatives returns w(k), ∂w/∂k and ∂²w/∂k².
func (s Slice) Derivatives(k float64) (w, wk, wkk float64) { return s.wings().derivatives(k) }

// Durrleman returns g(k) = (1 − kw'/2w)² − w'²/4·(1/w + ¼) + w”/2. The risk-neutral density is g times a positive
// factor: g ≥ 0 everywhere is freedom from butterfly arbitrage.
func (s Slice) Durrleman(k float64) float64 {
	w, wk, wkk := s.Derivatives(k)
	return durrleman(k, w, wk, wkk)
}

func durrleman(k, w, wk, wkk float64) float64 {
	a := 1 - 0.5*k*wk/w
	return a*a - 0.25*wk*wk*(1/w+0.25) + 0.5*wkk
}

// SVI returns the slice as a raw SVI smile. A slice with ψ = 0 or |ρ| = 1 has no such form, and gives NaN parameters.
func (s Slice) SVI() SVI {
	phi := s.Psi / s.Theta
	tilt := math.Sqrt((1 - s.Rho) * (1 + s.Rho))
	return SVI{
		A: 0.5 * s.Theta * tilt * tilt, B: 0.5 * s.Psi, Rho: s.Rho, M: -s.Rho / phi, Sigma: tilt / phi,
	}
}

// wings is a slice in the variables (θ, u, v), u = ψ(1+ρ), v = ψ(1−ρ), in which all conditions and the interpolation are
// simplest. With m = θ + ½(u−v)k the slice is w = ½(m + √(m² + uvk²)), the upper branch of the hyperbola
//
//	(w − ½uk)(w + ½vk) = θw.
type wings struct{ theta, u, v float64 }

func (s Slice) wings() wings {
	return wings{s.Theta, s.Psi * (1 + s.Rho), s.Psi * (1 - s.Rho)}
}

func (x wings) slice(tau float64) Slice {
	s := Slice{Tau: tau, Theta: x.theta, Psi: 0.5 * (x.u + x.v)}
	if s.Psi > 0 {
		s.Rho = math.Max(-1, math.Min(1, (x.u-x.v)/(x.u+x.v)))
	}
	return s
}

// variance returns w(k). Where m < 0 the sum m + √(…) cancels, so there it is taken from the conjugate.
func (x wings) variance(k float64) float64 {
	m := x.theta + 0.5*(x.u-x.v)*k
	p := x.u * x.v * k * k
	r := math.Sqrt(m*m + p)
	if m < 0 {
		return 0.5 * p / (r - m)
	}
	return 0.5 * (m + r)
}

// derivatives returns w and its first two derivatives by k.
func (x wings) derivatives(k float64) (w, wk, wkk float64) {
	a := 0.5 * (x.u - x.v)
	uv := x.u * x.v
	m := x.theta + a*k
	r := math.Sqrt(m*m + uv*k*k)
	w = x.variance(k)
	if r == 0 {
		return w, 0, 0
	}
	// From w² = mw + ¼uvk² and r = 2w − m: the usual ½(a + (ma + uvk)/r) cancels where w is small on a falling wing.
	return w, (a*w + 0.5*uv*k) / r, 0.5 * uv * (x.theta / r) * (x.theta / r) / r
}

// gradient returns the derivatives of w by θ, u and v.
func (x wings) gradient(k float64) wings {
	m := x.theta + 0.5*(x.u-x.v)*k
	r := math.Sqrt(m*m + x.u*x.v*k*k)
	if r == 0 {
		return wings{}
	}
	up := x.variance(k) / r
	q := 0.25 * k * k / r
	return wings{up, 0.5*k*up + x.v*q, -0.5*k*up + x.u*q}
}

// roundoff is how far, relatively, a condition may be missed by parameters that come from a valid surface through a few
// roundings, as from (θ, u, v) to (θ, ρ, ψ) and back.
const roundoff = 1e-13

func (x wings) butterfly(i int, tau float64) error {
	psi := 0.5 * (x.u + x.v)
	limit := 4 * x.theta
	switch {
	case !(x.u < 4):
		return &ConditionError{RightLee, i, tau, x.u, 4}
	case !(x.v < 4):
		return &ConditionError{LeftLee, i, tau, x.v, 4}
	case !(psi*x.u <= limit*(1+roundoff)):
		return &ConditionError{RightButterfly, i, tau, psi * x.u, limit}
	case !(psi*x.v <= limit*(1+roundoff)):
		return &ConditionError{LeftButterfly, i, tau, psi * x.v, limit}
	}
	return nil
}

// calendar checks y, slice i, against the slice x before it.
func (y wings) calendar(x wings, i int, tau float64) error {
	du, dv := y.u-x.u, y.v-x.v
	slackU, slackV := roundoff*y.u, roundoff*y.v
	switch {
	case !(du >= -slackU):
		return &ConditionError{RightWingRises, i, tau, y.u, x.u}
	case !(dv >= -slackV):
		return &ConditionError{LeftWingRises, i, tau, y.v, x.v}
	}
	need := x.theta * y.crossing(x, slackU, slackV)
	if !(y.theta >= need*(1-roundoff)) {
		return &ConditionError{NoCrossing, i, tau, y.theta, need}
	}
	return nil
}

// crossing returns the least ratio θ₁/θ₀ at which the slice y does not cross the slice x before it, see [ESSVI].
func (y wings) crossing(x wings, slackU, slackV float64) float64 {
	sum := x.u + x.v
	if sum == 0 { // from a flat smile the wings can only open evenly
		if math.Abs(y.u-y.v) <= roundoff*y.u {
			return 1
		}
		return math.Inf(1)
	}
	a, b := math.Max(0, y.u-x.u+slackU), math.Max(0, y.v-x.v+slackV)
	return (y.u + y.v - 2*math.Sqrt(a*b)) / sum
}
