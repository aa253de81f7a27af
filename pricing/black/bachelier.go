package black

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
)

// Bachelier is a European option on a forward that is normal at expiry (Bachelier, Théorie de la spéculation, 1900): with
// d = (F−K)/(σ√T) the value of a call is Discount·((F−K)Φ(d) + σ√T·φ(d)).
type Bachelier struct {
	Right    pricing.Right
	Forward  float64 // any sign
	Strike   float64 // any sign
	Vol      float64 // in units of the forward per square root of a year, >= 0
	Tau      float64 // years to expiry, >= 0
	Discount float64 // > 0, multiplies the undiscounted price; 1 for none
}

// Validate returns a [pricing.ArgError] naming the first field outside its domain.
func (o Bachelier) Validate() error {
	const fn = "black.Bachelier"
	return fault.First(
		checkRight(fn, o.Right),
		fault.Finite(fn, "Forward", o.Forward),
		fault.Finite(fn, "Strike", o.Strike),
		fault.NonNegative(fn, "Vol", o.Vol),
		fault.NonNegative(fn, "Tau", o.Tau),
		fault.Positive(fn, "Discount", o.Discount),
	)
}

func (o *Bachelier) valid() bool {
	return (o.Right == pricing.Call || o.Right == pricing.Put) && o.Vol >= 0 && o.Tau >= 0 && o.Discount > 0 &&
		math.Abs(o.Forward)+math.Abs(o.Strike)+o.Vol+o.Tau+o.Discount <= math.MaxFloat64
}

// normalSplit is a = |F−K|/s and s·φ(a), with the rounding errors of F−K and s kept in the exponent.
func normalSplit(f, k, sh, sl float64) (a, sn float64) {
	m := f - k
	bb := m - f
	mlo := (f - (m - bb)) - (k + bb)
	if m < 0 {
		m, mlo = -m, -mlo
	}
	a = m / sh
	if !(a < deadA) {
		return a, 0
	}
	h, l := special.HalfSquare(a)
	l += a * (math.FMA(-a, sh, m) + (mlo - a*sl)) / sh
	v, w := gauss(h, l)
	return a, sh * v * w
}

// Price returns the value. Out of the money the relative error is below 2e-15 wherever the undiscounted price is a normal double: the
// price is σ√T·φ(d)·(1−|d|M(|d|)) with the Mills ratio M, which does not cancel. In the money the intrinsic value is added. Without
// volatility or time it is the intrinsic value. Outside the domain that [Bachelier.Validate] checks it is NaN. It
// allocates nothing.
func (o Bachelier) Price() float64 {
	if !o.valid() {
		return math.NaN()
	}
	intrinsic := math.Max(float64(o.Right)*(o.Forward-o.Strike), 0)
	sh, sl := totalVol(o.Vol, o.Tau)
	if sh == 0 {
		return o.Discount * intrinsic
	}
	a, sn := normalSplit(o.Forward, o.Strike, sh, sl)
	if sn == 0 {
		return o.Discount * intrinsic
	}
	return o.Discount * (intrinsic + sn*special.MillsSlope(a))
}

// Greeks returns the value and its sensitivities by the forward, the strike, the normal volatility and calendar time. As in
// [Black76.Greeks] the calendar derivatives are −∂/∂Tau with r = −ln(Discount)/Tau constant, Rho = −Tau·V and YieldRho = 0.
//
// With no total volatility they are those of the intrinsic value; exactly at the strike, the limits from above: Delta and DualDelta of
// one half, Gamma and DualGamma +Inf, Zomma −Inf, Vega finite, Theta −Inf if Vol > 0 and Tau = 0, Color infinite, Veta −Inf if
// Tau = 0, the rest 0 beside the terms in r. Outside the domain all are NaN.
func (o Bachelier) Greeks() (value float64, g pricing.Greeks) {
	if !o.valid() {
		return invalid()
	}
	var (
		phi    = float64(o.Right)
		d      = o.Forward - o.Strike
		sh, sl = totalVol(o.Vol, o.Tau)
		r      = 0.0
		n, p   float64 // density, Φ(φd)
	)
	if o.Tau > 0 && o.Discount != 1 {
		r = -special.Log(o.Discount) / o.Tau
	}
	value = math.Max(phi*d, 0)
	if sh > 0 {
		a, sn := normalSplit(o.Forward, o.Strike, sh, sl)
		n = sn / sh
		p = step(phi * d)
		if sn > 0 {
			m, slope := special.MillsBoth(a)
			value += sn * slope
			p = n * m
			if phi*d > 0 {
				p = 1 - p
			}
		}
		d = math.Copysign(a, d)
	} else {
		p = step(phi * d)
	}
	value *= o.Discount
	g.Delta = o.Discount * phi * p
	g.DualDelta = -g.Delta
	g.Rho = -o.Tau * value
	g.Theta = r * value
	g.Charm = r * g.Delta
	switch {
	case n > 0:
		n *= o.Discount
		h := 0.5 / o.Tau
		d2 := d * d
		vega := n * math.Sqrt(o.Tau)
		g.Vega = vega
		g.Gamma = n / sh
		g.DualGamma = g.Gamma
		g.Theta -= n * o.Vol * h * math.Sqrt(o.Tau)
		g.Vanna = -n * d / o.Vol
		g.Volga = vega * d2 / o.Vol
		g.Charm += n * d * h
		g.Speed = -g.Gamma * d / sh
		g.Color = g.Gamma * (r + (1-d2)*h)
		g.Zomma = g.Gamma * (d2 - 1) / o.Vol
		g.Veta = vega * (r - (1+d2)*h)
		g.Ultima = vega * d2 * (d2 - 3) / (o.Vol * o.Vol)
	case sh == 0 && d == 0:
		inf := math.Inf(1)
		g.Vega = o.Discount * special.InvSqrt2Pi * math.Sqrt(o.Tau)
		g.Gamma, g.DualGamma, g.Zomma = inf, inf, -inf
		g.Color = inf
		if o.Tau > 0 {
			g.Color = math.Copysign(inf, r+0.5/o.Tau)
			g.Veta = g.Vega * (r - 0.5/o.Tau)
		} else {
			g.Veta = -inf
			if o.Vol > 0 {
				g.Theta = -inf
			}
		}
	}
	return value, g
}
