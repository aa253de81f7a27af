package analytic

import (
	"context"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
)

// contract is an American option with the constants of its world.
type contract struct {
	right                                  pricing.Right
	spot, strike, rate, yield, vol, expiry float64
}

// readAmerican checks the pair and collects its numbers. An [pricing.UnsupportedError] lacks the engine, see signed.
func readAmerican(ctx context.Context, name string, in pricing.Instrument, m pricing.Model) (contract, error) {
	opt, isAmerican := in.(pricing.American)
	world, isConstant := m.(model.Constant)
	if !isAmerican || !isConstant {
		return contract{}, &pricing.UnsupportedError{Instrument: in, Model: m}
	}
	if err := ctx.Err(); err != nil {
		return contract{}, err
	}
	if err := opt.Validate(); err != nil {
		return contract{}, err
	}
	if err := world.Validate(); err != nil {
		return contract{}, err
	}
	spot, rate, yield, ok := world.ConstantUntil(opt.Expiry)
	if !ok {
		return contract{}, &pricing.UnsupportedError{Instrument: in, Model: m, Reason: inconstancy(m, opt.Expiry)}
	}
	vol := world.Volatility(opt.Strike, opt.Expiry)
	if !(vol >= 0) || math.IsInf(vol, 1) {
		return contract{}, fault.Arg(name, fmt.Sprintf("volatility at strike %g, %g years", opt.Strike, opt.Expiry), vol, "finite and >= 0")
	}
	if bad := rate + yield; math.IsNaN(bad) || math.IsInf(bad, 0) {
		return contract{}, fault.Arg(name, "rate and yield", fmt.Sprintf("%g and %g", rate, yield), "finite")
	}
	c := contract{right: opt.Right, spot: spot, strike: opt.Strike, rate: rate, yield: yield, vol: vol, expiry: opt.Expiry}
	if reach := math.Max(math.Abs(rate), math.Abs(yield)) * opt.Expiry; reach > maxReach {
		return contract{}, fault.Arg(name, "rate or yield times expiry", reach, fmt.Sprintf("at most %d in modulus", maxReach))
	}
	if x := spot / opt.Strike; !(x > 1/maxMoneyness && x < maxMoneyness) {
		return contract{}, fault.Arg(name, "spot over strike", x, fmt.Sprintf("between %g and %g", 1/maxMoneyness, maxMoneyness))
	}
	return c, nil
}

// inconstancy says why the methods of this package, which rest on one rate and one yield, do not hold. No pair of averages
// stands for curves: with the same forward and discount factor at expiry, exercise before it pays at other prices.
func inconstancy(m pricing.Model, expiry float64) string {
	if w, ok := m.(model.Spot); ok {
		if d := w.DiscreteDividends(); len(d) > 0 && d[0].Time <= expiry {
			return fmt.Sprintf("the dividend at %g years makes the exercise boundary jump; a lattice prices it", d[0].Time)
		}
	}
	if w, ok := m.(model.Rates); ok {
		if _, _, constant := w.ConstantRates(); !constant {
			return "rate or yield are curves, and exercise depends on their course, not on their averages; a lattice prices it"
		}
	}
	return "the rate, the yield or dividends change before expiry; a lattice prices it"
}

// signed puts the engine's name to an error of readAmerican. The engine comes as a function, so that it need not be boxed where
// all is well.
func signed(err error, e func() pricing.Engine) error {
	if u, ok := err.(*pricing.UnsupportedError); ok {
		u.Engine = e()
	}
	return err
}

// maxReach bounds |rate|·expiry and |yield|·expiry, so that no discount factor leaves the range of a double.
const maxReach = 100

// maxMoneyness bounds spot over strike and its inverse, so that no power of it in a Greek does either.
const maxMoneyness = 1e60

// put returns the option as a put on a strike of 1, and the spot over the strike: a call on S struck at K is worth as much
// as a put on K struck at S with rate and yield exchanged (McDonald and Schroder, "A parity result for American options",
// Journal of Computational Finance 1, 1998).
func (c contract) put() (o put, spot, scale float64) {
	if c.right == pricing.Call {
		return put{r: c.yield, q: c.rate, vol: c.vol, tau: c.expiry}, c.strike / c.spot, c.spot
	}
	return put{r: c.rate, q: c.yield, vol: c.vol, tau: c.expiry}, c.spot / c.strike, c.strike
}

func (c contract) intrinsic() float64 { return c.right.Payoff(c.spot, c.strike) }

func (c contract) european() black.BSM {
	return black.BSM{Right: c.right, Spot: c.spot, Strike: c.strike, Rate: c.rate, Yield: c.yield, Vol: c.vol, Tau: c.expiry}
}

// certain returns the value if the volatility is zero: the best of the discounted payoffs of exercise at t, each of which the
// asset's course decides. K·e^(−rt) − S·e^(−qt) has its only turning point at ln(rK/(qS))/(r−q).
func (o put) certain(spot float64) float64 {
	pay := func(t float64) float64 { return math.Exp(-o.r*t) - spot*math.Exp(-o.q*t) }
	best := math.Max(0, math.Max(1-spot, pay(o.tau)))
	if ratio := o.r / (o.q * spot); ratio > 0 && o.r != o.q {
		if t := math.Log(ratio) / (o.r - o.q); t > 0 && t < o.tau {
			best = math.Max(best, pay(t))
		}
	}
	return best
}

// held reports that the put is never exercised before expiry, so that it is worth the European one: waiting earns the
// interest on a negative rate and loses nothing that matters below the strike.
func (o put) held() bool { return o.r <= 0 && o.q >= o.r }
