package black

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
)

// BSM is a European option on a spot that pays a continuous yield, under Black, Scholes and Merton (Merton, "Theory of
// rational option pricing", Bell Journal 4, 1973): the value of a call is S·e^(−qT)Φ(d1) − K·e^(−rT)Φ(d2) with
// d1 = (ln(S/K) + (r−q+σ²/2)T)/(σ√T) and d2 = d1 − σ√T.
type BSM struct {
	Right  pricing.Right
	Spot   float64 // > 0
	Strike float64 // >= 0; at 0 the call is worth Spot·e^(−Yield·Tau), the put nothing
	Rate   float64 // continuously compounded, per year, any sign
	Yield  float64 // continuously compounded, per year, any sign; the foreign rate in foreign exchange
	Vol    float64 // annualised decimal, >= 0
	Tau    float64 // years to expiry, >= 0
}

// Validate returns a [pricing.ArgError] naming the first field outside its domain.
func (o BSM) Validate() error {
	const fn = "black.BSM"
	return fault.First(
		checkRight(fn, o.Right),
		fault.Positive(fn, "Spot", o.Spot),
		fault.NonNegative(fn, "Strike", o.Strike),
		fault.Finite(fn, "Rate", o.Rate),
		fault.Finite(fn, "Yield", o.Yield),
		fault.NonNegative(fn, "Vol", o.Vol),
		fault.NonNegative(fn, "Tau", o.Tau),
	)
}

func (o *BSM) valid() bool {
	return (o.Right == pricing.Call || o.Right == pricing.Put) && o.Spot > 0 && o.Strike >= 0 && o.Vol >= 0 && o.Tau >= 0 &&
		o.Spot+o.Strike+o.Vol+o.Tau+math.Abs(o.Rate)+math.Abs(o.Yield) <= math.MaxFloat64
}

// Price returns the value. Out of the money the relative error is below 3e-15 wherever the price is a normal double and |Rate|·Tau and
// |Yield|·Tau are below 10; in the money put-call parity holds to the last place. Without volatility or time it is the intrinsic
// value of the forward, (φ(S·e^(−qT) − K·e^(−rT)))⁺. Outside the domain that [BSM.Validate] checks, or if a discount factor
// overflows, it is NaN. It allocates nothing.
func (o BSM) Price() float64 {
	if !o.valid() {
		return math.NaN()
	}
	l := o.lognormal()
	v := l.price()
	if math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}

// Greeks returns the value and its sensitivities by the spot, the strike, the volatility, the two rates and calendar time
// (−∂/∂Tau). Rho is ∂V/∂Rate and YieldRho ∂V/∂Yield with the spot held fixed.
//
// With no total volatility (Vol or Tau is 0) they are those of the intrinsic value of the forward; exactly at the money
// forward, the limits from above as documented at [Black76.Greeks]. Outside the domain all are NaN.
func (o BSM) Greeks() (value float64, g pricing.Greeks) {
	if !o.valid() {
		return invalid()
	}
	l := o.lognormal()
	return l.greeks()
}

func (o *BSM) lognormal() lognormal {
	l := lognormal{
		phi: float64(o.Right), spot: o.Spot, strike: o.Strike, dfSpot: discount(o.Yield, o.Tau), dfStrike: discount(o.Rate, o.Tau),
		r: o.Rate, q: o.Yield, vol: o.Vol, tau: o.Tau,
	}
	if o.Strike > 0 {
		l.xh, l.xl = special.LogRatio(o.Spot, o.Strike)
		l.addDrift()
	}
	l.sh, l.sl = totalVol(o.Vol, o.Tau)
	return l
}

// addDrift adds (r−q)τ to x, with the rounding errors of the difference, the product and the sum.
func (l *lognormal) addDrift() {
	if l.r == l.q {
		return
	}
	c := l.r - l.q
	bb := c - l.r
	clo := (l.r - (c - bb)) - (l.q + bb)
	d := c * l.tau
	dlo := math.FMA(c, l.tau, -d) + clo*l.tau
	x := l.xh + d
	bb = x - l.xh
	e := (l.xh - (x - bb)) + (d - bb) + (l.xl + dlo)
	l.xh = x + e
	l.xl = (x - l.xh) + e
}

// discount returns e^(−rate·tau).
func discount(rate, tau float64) float64 {
	h := rate * tau
	if h == 0 {
		return 1
	}
	return special.ExpSum(-h, -math.FMA(rate, tau, -h))
}
