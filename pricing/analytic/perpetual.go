package analytic

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

// Perpetual is an American option that never expires, under Black, Scholes and Merton with constant rate and yield
// (McKean 1965; Merton, "Theory of rational option pricing", Bell Journal 4, 1973, section 8).
type Perpetual struct {
	Right  pricing.Right
	Spot   float64 // > 0
	Strike float64 // > 0
	Rate   float64 // >= 0; > 0 for a put
	Yield  float64 // >= 0; > 0 for a call
	Vol    float64 // > 0
}

// Validate returns a [pricing.ArgError] naming the first field outside its domain. A call without a yield and a put without a
// rate are never exercised, and so have no boundary.
func (p Perpetual) Validate() error {
	const fn = "analytic.Perpetual"
	if p.Right != pricing.Call && p.Right != pricing.Put {
		return fault.Arg(fn, "Right", p.Right, "Call or Put")
	}
	rate, yield := fault.Positive, fault.NonNegative
	if p.Right == pricing.Call {
		rate, yield = yield, rate
	}
	return fault.First(
		fault.Positive(fn, "Spot", p.Spot), fault.Positive(fn, "Strike", p.Strike),
		rate(fn, "Rate", p.Rate), yield(fn, "Yield", p.Yield), fault.Positive(fn, "Vol", p.Vol),
	)
}

// Price returns the value and the spot at which the option is exercised, or an error as [Perpetual.Validate]. The relative
// error of the value is below 1e-13 times the larger of 1 and |β·ln(Spot/boundary)|.
//
// As a put with strike 1, V = (1−B)·(x/B)^β with B = β/(β−1) and β < 0 the root of ½σ²β(β−1) + (r−q)β = r; a call is the put
// with spot and strike, rate and yield exchanged.
func (p Perpetual) Price() (value, boundary float64, err error) {
	if err := p.Validate(); err != nil {
		return math.NaN(), math.NaN(), err
	}
	o, x, scale := contract{right: p.Right, spot: p.Spot, strike: p.Strike, rate: p.Rate, yield: p.Yield, vol: p.Vol}.put()
	beta := o.exponent()
	b := beta / (beta - 1)
	boundary = b * p.Strike
	if p.Right == pricing.Call {
		boundary = p.Strike / b
	}
	if x <= b {
		return p.Right.Payoff(p.Spot, p.Strike), boundary, nil
	}
	return scale / (1 - beta) * math.Exp(beta*math.Log(x/b)), boundary, nil
}
