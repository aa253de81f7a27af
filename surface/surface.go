package surface

import (
	"math"

	"github.com/volgaquant/volga/rates/curve"
)

// TotalVariance is a surface of total implied variance w = σ²t by log-moneyness k = ln(K/F) and expiry t in years.
// Implementations are safe for concurrent use.
type TotalVariance interface {
	TotalVariance(k, t float64) float64
}

// Differentiable is a [TotalVariance] that knows its derivatives by k and t, as Dupire's formula needs them.
type Differentiable interface {
	TotalVariance
	Derivatives(k, t float64) (w, wk, wkk, wt float64)
}

// Surface is a volatility by strike and expiry: a surface of total variance with the forwards that turn a strike into a
// log-moneyness. It is a model.VolSurface.
type Surface struct {
	Forwards curve.Forward
	Variance TotalVariance
}

// Vol returns the Black volatility of a strike at expiry t, in years. At t = 0 it is the limit if Variance has a method
// Vol(k, t), and NaN otherwise; it is NaN for a strike that is not positive.
func (s Surface) Vol(strike, t float64) float64 {
	k := math.Log(strike / s.Forwards.Forward(t))
	if v, ok := s.Variance.(interface{ Vol(k, t float64) float64 }); ok {
		return v.Vol(k, t)
	}
	return math.Sqrt(s.Variance.TotalVariance(k, t) / t)
}

// LocalVariance returns Dupire's local variance σ²(k, t) = (∂w/∂t)/g along the forward, with g Durrleman's function. It
// is finite and nonnegative where v is free of arbitrage and g is not zero.
func LocalVariance(v Differentiable, k, t float64) float64 {
	w, wk, wkk, wt := v.Derivatives(k, t)
	return wt / durrleman(k, w, wk, wkk)
}
