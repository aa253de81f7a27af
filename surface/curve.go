package surface

import (
	"fmt"
	"math"
	"sort"

	"github.com/volgaquant/volga/internal/fault"
)

// Curve is the total implied variance of one expiry by log-moneyness k = ln(K/F): [SVI], [Slice], [WingModel], [Spline] and
// the others. Implementations are safe for concurrent use.
type Curve interface {
	TotalVariance(k float64) float64
}

// DifferentiableCurve is a [Curve] that knows its first two derivatives by k.
type DifferentiableCurve interface {
	Curve
	Derivatives(k float64) (w, wk, wkk float64)
}

// At returns the curve of a surface at expiry t, in years. It knows its derivatives if the surface does.
func At(v TotalVariance, t float64) Curve {
	if d, ok := v.(Differentiable); ok {
		return timeCut{d, t}
	}
	return plainCut{v, t}
}

type timeCut struct {
	v Differentiable
	t float64
}

func (c timeCut) TotalVariance(k float64) float64 { return c.v.TotalVariance(k, c.t) }
func (c timeCut) Derivatives(k float64) (w, wk, wkk float64) {
	w, wk, wkk, _ = c.v.Derivatives(k, c.t)
	return w, wk, wkk
}

type plainCut struct {
	v TotalVariance
	t float64
}

func (c plainCut) TotalVariance(k float64) float64 { return c.v.TotalVariance(k, c.t) }

// derivatives returns w and its derivatives, by central differences with a step of 1e-4 if the curve does not know them.
func derivatives(c Curve, k float64) (w, wk, wkk float64) {
	if d, ok := c.(DifferentiableCurve); ok {
		return d.Derivatives(k)
	}
	const h = 1e-4
	down, up := c.TotalVariance(k-h), c.TotalVariance(k+h)
	w = c.TotalVariance(k)
	return w, (up - down) / (2 * h), (up - 2*w + down) / (h * h)
}

// Pillar is a curve at its expiry.
type Pillar struct {
	Tau   float64 // years, > 0
	Curve Curve
}

// Interpolated is a surface of any curves, with total variance linear in time between them at fixed log-moneyness,
// proportional to time before the first, and growing after the last at the last forward variance of each log-moneyness, if
// that is positive. It is as free of arbitrage as its curves are: look with [CheckArbitrage]. It never changes once made.
type Interpolated struct {
	pillars []Pillar
}

var _ Differentiable = (*Interpolated)(nil)

// NewInterpolated returns the surface through the curves, which must be in rising order of Tau.
func NewInterpolated(pillars []Pillar) (*Interpolated, error) {
	const fn = "surface.NewInterpolated"
	if len(pillars) == 0 {
		return nil, fault.Arg(fn, "pillars", "empty", "at least one")
	}
	for i, p := range pillars {
		if err := fault.Positive(fn, fmt.Sprintf("pillars[%d].Tau", i), p.Tau); err != nil {
			return nil, err
		}
		if p.Curve == nil {
			return nil, fault.Arg(fn, fmt.Sprintf("pillars[%d].Curve", i), "nil", "a curve")
		}
		if i > 0 && !(p.Tau > pillars[i-1].Tau) {
			return nil, fault.Arg(fn, fmt.Sprintf("pillars[%d].Tau", i), p.Tau, fmt.Sprintf("above %g, the one before", pillars[i-1].Tau))
		}
	}
	return &Interpolated{append([]Pillar(nil), pillars...)}, nil
}

// Pillars returns the expiries of the curves.
func (s *Interpolated) Pillars() []float64 {
	out := make([]float64, len(s.pillars))
	for i, p := range s.pillars {
		out[i] = p.Tau
	}
	return out
}

// TotalVariance returns w(k, t): 0 at t = 0, NaN before.
func (s *Interpolated) TotalVariance(k, t float64) float64 {
	w, _, _, _ := s.blend(t, func(c Curve) (float64, float64, float64) { return c.TotalVariance(k), 0, 0 })
	return w
}

// Vol returns the implied volatility at log-moneyness k and expiry t. At t = 0 it is that of the first pillar.
func (s *Interpolated) Vol(k, t float64) float64 {
	if t >= 0 && t < s.pillars[0].Tau {
		t = s.pillars[0].Tau
	}
	return math.Sqrt(s.TotalVariance(k, t) / t)
}

// Derivatives returns w and its derivatives by log-moneyness and by expiry, those by log-moneyness by differences for curves
// that do not know them. At a pillar wt is the derivative to the right.
func (s *Interpolated) Derivatives(k, t float64) (w, wk, wkk, wt float64) {
	return s.blend(t, func(c Curve) (float64, float64, float64) { return derivatives(c, k) })
}

func (s *Interpolated) blend(t float64, of func(Curve) (w, wk, wkk float64)) (w, wk, wkk, wt float64) {
	p, n := s.pillars, len(s.pillars)-1
	if !(t >= 0) {
		nan := math.NaN()
		return nan, nan, nan, nan
	}
	if t < p[0].Tau {
		w, wk, wkk = of(p[0].Curve)
		f := t / p[0].Tau
		return f * w, f * wk, f * wkk, w / p[0].Tau
	}
	i := sort.Search(len(p), func(i int) bool { return p[i].Tau > t }) - 1
	if i >= n {
		if i = n - 1; i < 0 { // one pillar: the same volatility for ever
			w, wk, wkk = of(p[0].Curve)
			f := t / p[0].Tau
			return f * w, f * wk, f * wkk, w / p[0].Tau
		}
	}
	h := p[i+1].Tau - p[i].Tau
	f := (t - p[i].Tau) / h
	w0, wk0, wkk0 := of(p[i].Curve)
	w1, wk1, wkk1 := of(p[i+1].Curve)
	if f > 1 && !(w1 > w0) {
		return w1, wk1, wkk1, 0
	}
	return w0 + f*(w1-w0), wk0 + f*(wk1-wk0), wkk0 + f*(wkk1-wkk0), (w1 - w0) / h
}
