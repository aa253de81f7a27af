package surface

import (
	"fmt"
	"math"
	"sort"

	"github.com/volgaquant/volga/internal/fault"
)

// ESSVI is a surface of total variance made of [Slice] values at rising expiries (the pillars), free of butterfly and
// calendar arbitrage at every strike and every expiry, not only at the pillars. It never changes once made and is safe
// for concurrent use.
//
// Between pillars θ and the wings u = ψ(1+ρ), v = ψ(1−ρ) are linear in time. Before the first pillar the volatility of
// each log-moneyness is that of the first pillar. After the last, θ grows at the last forward variance, with ρ and ψ/√θ
// held until a wing comes close to Lee's bound.
//
// # Why there is no arbitrage
//
// Write Δ for a difference from one pillar to the next. The pillars satisfy, besides the conditions of
// [Slice.Validate],
//
//	Δu ≥ 0,  Δv ≥ 0,  θ₁(u₀+v₀) ≥ θ₀(u₁+v₁ − 2√(Δu·Δv)).            (1)
//
// Hendriks and Martini (2019) ask for the stronger θ₁(u₀+v₀) ≥ θ₀(u₁+v₁), which says that φ = ψ/θ does not rise.
//
// Calendar. A slice is the branch of (w − ½uk)(w + ½vk) = θw above its asymptotes, so along a path in (θ, u, v)
//
//	∂w ≥ 0  ⇔  (∂θ/θ)pq + ½z(q∂u − p∂v) ≥ 0,  z = k/w, p = 1 − ½uz, q = 1 + ½vz.
//
// As k runs over the line z runs over (−2/v, 2/u). With s ∈ (0, 1) the place of z in that interval, and after
// multiplication by uv/(u+v), the condition is
//
//	(1−s)²·(u/v)∂v + s²·(v/u)∂u + s(1−s)·((u+v)∂θ/θ − ∂u − ∂v) ≥ 0,
//
// and a quadratic in this form is nonnegative on (0, 1) just if ∂u ≥ 0, ∂v ≥ 0 and
//
//	(u+v)/θ·∂θ ≥ (√∂u − √∂v)².                                       (2)
//
// On a segment that is linear in time the differentials are multiples of Δ and (u+v)/θ is monotone, so (2) holds on all
// of it if it holds at both ends. At the first end it is (1). It is (1) also at the second: with q = (√Δu−√Δv)² the two
// ends ask for θ₁/θ₀ ≥ 1 + q/(u₀+v₀) and θ₁/θ₀ ≥ 1/(1 − q/(u₁+v₁)), and the product of the first bound with the
// reciprocal of the second is 1 + 2q√(ΔuΔv)/((u₀+v₀)(u₁+v₁)) ≥ 1. Before the first pillar (θ, u, v) is proportional to
// time, after the last u and v are proportional to √θ or constant; both satisfy (2).
//
// Butterfly. On a segment ψu is a product of two nonnegative nondecreasing linear functions, so it is convex, and it
// lies below its chord, which lies below the linear 4θ since it does so at the ends; likewise ψv. Before the first pillar
// ψu falls with the square of time and θ linearly; after the last ψu/θ does not rise. Wings below 4 stay below 4.
type ESSVI struct {
	tau  []float64
	x    []wings
	rate float64 // growth of θ per year after the last pillar
}

var _ Differentiable = (*ESSVI)(nil)

// leeMargin keeps extrapolated wings strictly inside Lee's bound.
const leeMargin = 4 * (1 - 1e-9)

// NewESSVI returns the surface through the slices, which must be in rising order of Tau. It checks every condition of
// [ESSVI]; a [ConditionError] names the slice that breaks one.
func NewESSVI(slices []Slice) (*ESSVI, error) {
	if len(slices) == 0 {
		return nil, fault.Arg("surface.NewESSVI", "slices", "empty", "at least one slice")
	}
	tau := make([]float64, len(slices))
	x := make([]wings, len(slices))
	for i, s := range slices {
		tau[i], x[i] = s.Tau, s.wings()
		if err := s.Validate(); err != nil {
			if c, ok := err.(*ConditionError); ok {
				c.Index = i
				return nil, c
			}
			return nil, fmt.Errorf("surface: slice %d: %w", i, err)
		}
		if i == 0 {
			continue
		}
		if !(s.Tau > tau[i-1]) {
			return nil, fault.Arg("surface.NewESSVI", fmt.Sprintf("slices[%d].Tau", i), s.Tau,
				fmt.Sprintf("above %g, the one before", tau[i-1]))
		}
		if err := x[i].calendar(x[i-1], i, s.Tau); err != nil {
			return nil, err
		}
	}
	return makeESSVI(tau, x), nil
}

// makeESSVI takes over tau and x, which satisfy the conditions.
func makeESSVI(tau []float64, x []wings) *ESSVI {
	e := &ESSVI{tau: tau, x: x}
	// The forward variance to extrapolate is taken over the last quarter of the time to the last pillar at least: two
	// pillars a day apart say nothing of the years to come.
	n := len(tau) - 1
	last := tau[n]
	e.rate = x[n].theta / last
	for i := n - 1; i >= 0; i-- {
		if tau[i] <= 0.75*last {
			e.rate = (x[n].theta - x[i].theta) / (last - tau[i])
			break
		}
	}
	e.rate = math.Max(0, e.rate) // rounding may have left a hair below
	return e
}

// Slices returns the pillars.
func (e *ESSVI) Slices() []Slice {
	s := make([]Slice, len(e.x))
	for i, x := range e.x {
		s[i] = x.slice(e.tau[i])
	}
	return s
}

// Pillars returns the expiries of the slices.
func (e *ESSVI) Pillars() []float64 { return append([]float64(nil), e.tau...) }

// At returns the slice of expiry t, in years. At t = 0 it is zero but for ρ; for a negative t or NaN it is NaN.
func (e *ESSVI) At(t float64) Slice { return e.at(t).slice(t) }

func (e *ESSVI) at(t float64) wings {
	n := len(e.tau) - 1
	switch {
	case t < e.tau[0]:
		if t < 0 {
			return wings{math.NaN(), math.NaN(), math.NaN()}
		}
		s, x := t/e.tau[0], e.x[0]
		return wings{s * x.theta, s * x.u, s * x.v}
	case t < e.tau[n]:
		i := e.segment(t)
		x, y := e.x[i], e.x[i+1]
		s := (t - e.tau[i]) / (e.tau[i+1] - e.tau[i])
		return wings{x.theta + s*(y.theta-x.theta), x.u + s*(y.u-x.u), x.v + s*(y.v-x.v)}
	}
	x, theta, s := e.beyond(t)
	return wings{theta, s * x.u, s * x.v}
}

// segment returns i with tau[i] <= t < tau[i+1].
func (e *ESSVI) segment(t float64) int {
	i := sort.SearchFloat64s(e.tau, t)
	if e.tau[i] > t {
		i--
	}
	return i
}

// beyond returns the last pillar, θ at a t not before it, and the factor of the wings.
func (e *ESSVI) beyond(t float64) (x wings, theta, scale float64) {
	n := len(e.tau) - 1
	x = e.x[n]
	theta = x.theta + e.rate*(t-e.tau[n])
	scale = math.Sqrt(theta / x.theta)
	if widest := math.Max(x.u, x.v); scale*widest > leeMargin {
		scale = math.Max(1, leeMargin/widest)
	}
	return x, theta, scale
}

// TotalVariance returns w(k, t) for log-moneyness k and expiry t in years: 0 at t = 0, NaN before.
func (e *ESSVI) TotalVariance(k, t float64) float64 { return e.at(t).variance(k) }

// Vol returns the implied volatility at log-moneyness k and expiry t in years. At t = 0 it is the limit, which is the
// volatility of the first pillar.
func (e *ESSVI) Vol(k, t float64) float64 {
	if t >= 0 && t < e.tau[0] {
		t = e.tau[0]
	}
	return math.Sqrt(e.at(t).variance(k) / t)
}

// VolTo writes the implied volatility at each log-moneyness k and the expiry t to dst, which must be as long as k and may
// be k itself.
func (e *ESSVI) VolTo(dst, k []float64, t float64) {
	if len(dst) != len(k) {
		panic("surface: VolTo: dst and k differ in length")
	}
	if t >= 0 && t < e.tau[0] {
		t = e.tau[0]
	}
	x := e.at(t)
	a, uv := 0.5*(x.u-x.v), x.u*x.v
	for i, k := range k {
		m := x.theta + a*k
		p := uv * k * k
		r := math.Sqrt(m*m + p)
		w := 0.5 * (m + r)
		if m < 0 {
			w = 0.5 * p / (r - m)
		}
		dst[i] = math.Sqrt(w / t)
	}
}

// Derivatives returns w and its derivatives by log-moneyness and by expiry. At a pillar wt is the derivative to the
// right.
func (e *ESSVI) Derivatives(k, t float64) (w, wk, wkk, wt float64) {
	n := len(e.tau) - 1
	var d wings
	switch {
	case t < e.tau[0]:
		x := e.x[0]
		d = wings{x.theta / e.tau[0], x.u / e.tau[0], x.v / e.tau[0]}
	case t < e.tau[n]:
		i := e.segment(t)
		x, y := e.x[i], e.x[i+1]
		h := e.tau[i+1] - e.tau[i]
		d = wings{(y.theta - x.theta) / h, (y.u - x.u) / h, (y.v - x.v) / h}
	default:
		x, theta, scale := e.beyond(t)
		d.theta = e.rate
		if scale*math.Max(x.u, x.v) < leeMargin {
			c := 0.5 * e.rate / theta * scale
			d.u, d.v = c*x.u, c*x.v
		}
	}
	x := e.at(t)
	w, wk, wkk = x.derivatives(k)
	if t == 0 { // the gradient is not defined at θ = u = v = 0; w is the first pillar's times t/τ₁
		return w, wk, wkk, e.x[0].variance(k) / e.tau[0]
	}
	g := x.gradient(k)
	return w, wk, wkk, g.theta*d.theta + g.u*d.u + g.v*d.v
}
