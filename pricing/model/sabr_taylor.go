package model

import (
	"math"

	"github.com/volgaquant/volga/internal/special/taylor"
)

// SABRLine is a direction in which forward, strike, α and expiry move, each as a fraction of itself, forward and strike as one
// of their raised values: at h the raised forward is (F+b)·(1 + h·Forward).
type SABRLine struct{ Forward, Strike, Alpha, Time float64 }

// QuotedVolAlong returns [SABR.QuotedVol] as its Taylor coefficients in h along a line, up to the third: the k-th derivative is k!
// times the k-th of them. Derivatives of prices by the forward, α and time at fixed parameters come from it.
func (m SABR) QuotedVolAlong(strike, t float64, along SABRLine) [4]float64 {
	f0, k0 := m.Forward(t)+m.Shift, strike+m.Shift
	if !(f0 > 0 && k0 > 0) {
		nan := math.NaN()
		return [4]float64{nan, nan, nan, nan}
	}
	e := 1 - m.Beta
	alpha, tau := taylor.Line(m.Alpha, m.Alpha*along.Alpha), taylor.Line(t, t*along.Time)
	// The logarithms of forward and strike less their values, which alone moves.
	df, dk := taylor.Line(1, along.Forward).Log(), taylor.Line(1, along.Strike).Log()
	l := df.Minus(dk).Shifted(logRatio(f0, k0))
	middle := df.Plus(dk).Scaled(0.5 * e).Exp().Scaled(math.Pow(f0, 0.5*e) * math.Pow(k0, 0.5*e))
	el := l.Scaled(e)
	relative := alpha.Div(middle)
	lead := relative.Div(wingsAlong(el))
	z := middle.Mul(l).Div(alpha).Scaled(m.Nu)
	h := relative.Mul(relative).Scaled(e * e / 24)
	switch m.Expansion {
	case Obloj:
		arc := dk.Scaled(e).Exp().Scaled(math.Pow(k0, e)).Mul(expm1OverAlong(el))
		lead = alpha.Div(arc)
		z = arc.Mul(l).Div(alpha).Scaled(m.Nu)
	case HaganNormal:
		lead = lead.Mul(df.Plus(dk).Scaled(0.5).Exp().Scaled(math.Sqrt(f0) * math.Sqrt(k0))).Mul(wingsAlong(l))
		h = relative.Mul(relative).Scaled(-m.Beta * (2 - m.Beta) / 24)
	}
	h = h.Plus(relative.Scaled(0.25 * m.Rho * m.Beta * m.Nu)).Shifted((2 - 3*m.Rho*m.Rho) / 24 * m.Nu * m.Nu)
	return lead.Mul(skewAlong(z, m.Rho)).Mul(h.Mul(tau).Shifted(1))
}

func wingsAlong(x taylor.Series) taylor.Series {
	x2 := x.Mul(x)
	return x2.Scaled(1.0 / 1920).Shifted(1.0 / 24).Mul(x2).Shifted(1)
}

// factorials are 1/(k+1)!: the coefficients of (e^x − 1)/x.
var factorials = func() (c [18]float64) {
	c[0] = 1
	for k := 1; k < len(c); k++ {
		c[k] = c[k-1] / float64(k+1)
	}
	return c
}()

func expm1OverAlong(x taylor.Series) taylor.Series {
	if math.Abs(x[0]) < 0.5 {
		return x.Polynomial(factorials[:])
	}
	return x.Exp().Shifted(-1).Div(x)
}

// odds are 1/(2k+1): the coefficients of artanh(u)/u in u².
var odds = func() (c [16]float64) {
	for k := range c {
		c[k] = 1 / float64(2*k+1)
	}
	return c
}()

func skewAlong(z taylor.Series, rho float64) taylor.Series {
	away := z.Shifted(-rho)
	r := away.Mul(away).Shifted((1 - rho) * (1 + rho)).Sqrt()
	scale := r.Shifted(1)
	u := z.Div(scale)
	if math.Abs(u[0]) < 0.3 {
		return scale.Scaled(0.5).Div(u.Mul(u).Polynomial(odds[:]))
	}
	// x(z) has the slope 1/R, and its value is what the scalar function computes.
	value := z[0] / skew(z[0], rho)
	return z.Div(taylor.Integral(value, z.Derivative().Div(r)))
}
