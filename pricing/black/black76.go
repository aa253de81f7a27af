package black

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
)

// Black76 is a European option on a forward that is lognormal at expiry (Black, "The pricing of commodity contracts", Journal
// of Financial Economics 3, 1976): its value is Discount·(F·Φ(d1) − K·Φ(d2)) for a call, with d1 = ln(F/K)/(σ√T) + σ√T/2
// and d2 = d1 − σ√T.
type Black76 struct {
	Right    pricing.Right
	Forward  float64 // > 0
	Strike   float64 // >= 0; at 0 the call is worth Discount·Forward, the put nothing
	Vol      float64 // annualised decimal, >= 0; at 0 the option is worth its intrinsic value
	Tau      float64 // years to expiry, >= 0; at 0 the option is worth its intrinsic value
	Discount float64 // > 0, multiplies the undiscounted price; 1 for none
}

// Validate returns a [pricing.ArgError] naming the first field outside its domain.
func (o Black76) Validate() error {
	const fn = "black.Black76"
	return fault.First(
		checkRight(fn, o.Right),
		fault.Positive(fn, "Forward", o.Forward),
		fault.NonNegative(fn, "Strike", o.Strike),
		fault.NonNegative(fn, "Vol", o.Vol),
		fault.NonNegative(fn, "Tau", o.Tau),
		fault.Positive(fn, "Discount", o.Discount),
	)
}

// valid is Validate without an error to build.
func (o *Black76) valid() bool {
	return (o.Right == pricing.Call || o.Right == pricing.Put) && o.Forward > 0 && o.Strike >= 0 && o.Vol >= 0 && o.Tau >= 0 &&
		o.Discount > 0 && o.Forward+o.Strike+o.Vol+o.Tau+o.Discount <= math.MaxFloat64
}

// Price returns the value. Out of the money the relative error is below 2e-15 wherever the undiscounted price is a normal double; in the
// money the intrinsic value is added to the out-of-the-money option of the other right, so that put-call parity holds to
// the last place. Outside the domain that [Black76.Validate] checks it is NaN. It allocates nothing.
func (o Black76) Price() float64 {
	if !o.valid() {
		return math.NaN()
	}
	l := o.lognormal()
	return o.Discount * l.price()
}

// Greeks returns the value and its sensitivities, with the forward in the place of S: Delta is ∂V/∂F, Charm ∂²V/∂F∂t and so on.
// Derivatives by calendar time are −∂/∂Tau with Discount = exp(−r·Tau) and r held constant, r = −ln(Discount)/Tau (0 if Tau
// is 0); Rho is ∂V/∂r = −Tau·V, the forward held fixed, and YieldRho is 0.
//
// With no total volatility (Vol or Tau is 0) they are those of the intrinsic value; exactly at the strike, the limits from above: Delta
// and DualDelta of one half, Vega, Rho, Vanna, Volga and Ultima finite, Gamma and DualGamma +Inf, Speed and Zomma −Inf, Theta,
// Charm, Color and Veta infinite where their limit is. Outside the domain all are NaN.
func (o Black76) Greeks() (value float64, g pricing.Greeks) {
	if !o.valid() {
		return invalid()
	}
	l := o.lognormal()
	r := 0.0
	if o.Tau > 0 && o.Discount != 1 {
		r = -special.Log(o.Discount) / o.Tau
	}
	// The undiscounted option has r = q = 0; discounting by r adds rV to every calendar derivative.
	value, g = l.greeks()
	value *= o.Discount
	g = g.Scaled(o.Discount)
	g.Theta += r * value
	g.Charm += r * g.Delta
	if r != 0 && !math.IsInf(g.Gamma, 0) {
		g.Color += r * g.Gamma
	}
	g.Veta += r * g.Vega
	g.Rho = -o.Tau * value
	g.YieldRho = 0
	return value, g
}

// lognormal is the undiscounted option.
func (o *Black76) lognormal() lognormal {
	l := lognormal{
		phi: float64(o.Right), spot: o.Forward, strike: o.Strike, dfSpot: 1, dfStrike: 1, vol: o.Vol, tau: o.Tau,
	}
	if o.Strike > 0 {
		l.xh, l.xl = special.LogRatio(o.Forward, o.Strike)
	}
	l.sh, l.sl = totalVol(o.Vol, o.Tau)
	return l
}

func checkRight(fn string, r pricing.Right) error {
	if r == pricing.Call || r == pricing.Put {
		return nil
	}
	return fault.Arg(fn, "Right", r, "Call or Put")
}
