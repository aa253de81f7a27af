package analytic

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

// AndersenLake values American options under models that are [model.Constant] by the method of Andersen, Lake and
// Offengenden ("High Performance American Option Pricing", 2016): the integral equation of the exercise boundary is solved
// by spectral collocation, and the value is the European one plus an integral along the boundary. Calls are puts with
// rate and yield, spot and strike exchanged. The zero value is ready.
//
// It fills the value, Delta, Gamma, Theta, DualDelta and DualGamma: the first two are the exact derivatives of the integral
// with the boundary held, theta follows from the Black-Scholes equation (zero where the option should be exercised), the dual
// ones from homogeneity. Vega, Rho and YieldRho are filled if Rates is set.
//
// Rates and yields of either sign are allowed. Where both are negative and waiting is paid for at both ends, r < 0 and q < r
// for a put, the region of exercise lies between two boundaries, which may meet before expiry; both are solved by the same method
// (Andersen and Lake, "Fast American option pricing: the double-boundary case", Wilmott 2021) at two to ten times the cost.
type AndersenLake struct {
	// Tolerance is the error of the value that is wanted, as a fraction of the strike (of the spot for a call); 0 means
	// 1e-8. The cost rises from five to ten µs at 1e-6 to a fifth of a millisecond at 3e-10 and one at 5e-12, the least.
	Tolerance float64
	// Rates asks for Vega, Rho and YieldRho too. They are central differences over 1e-4 of three further pairs of
	// valuations at the same scheme, of six between two boundaries; their error is about 1e-7 of the strike or 2000 times
	// Tolerance, whichever is larger.
	Rates bool
}

var _ pricing.Engine = AndersenLake{}

// rung is a scheme with the error that it keeps, as a fraction of the strike, over the options that the test surveys.
type rung struct {
	error  float64
	scheme func() *aloScheme // built when it is first wanted
}

func newRung(err float64, n, l, p int, stop float64) rung {
	return rung{err, sync.OnceValue(func() *aloScheme { return newALOScheme(n, l, p, stop) })}
}

// aloLadder holds the schemes from the cheapest up: nodes, points for the equation, points for the price, end of the iteration.
var aloLadder = [...]rung{
	newRung(1.5e-5, 6, 6, 16, 1e-4),
	newRung(1e-6, 8, 7, 20, 1e-6),
	newRung(3e-7, 13, 9, 28, 1e-7),
	newRung(3e-9, 22, 18, 36, 1e-8),
	newRung(3e-10, 40, 27, 48, 1e-9),
	newRung(5e-12, 64, 48, 96, 1e-11),
}

// aloDefault is the tolerance that the zero value stands for.
const aloDefault = 1e-8

// aloRung returns the cheapest rung that keeps the tolerance for the option, or -1 if none does.
func aloRung(o put, tolerance float64) int {
	if tolerance == 0 {
		tolerance = aloDefault
	}
	for i, r := range aloLadder {
		if r.error*o.hardness() <= tolerance {
			return i
		}
	}
	return -1
}

// hardness is the factor by which the errors of the rungs are larger for long wide options and where drift outruns diffusion,
// so that the boundary bends within a small part of the time to expiry.
func (o put) hardness() float64 {
	switch drift := o.drift(); {
	case drift > 10:
		return 1000
	case drift > 3:
		return 250
	case drift > 1:
		return 10
	case o.vol*math.Sqrt(o.tau) > 1.2:
		return 8
	}
	return 1
}

// drift is how far rate and yield carry the asset by expiry, in standard deviations.
func (o put) drift() float64 { return math.Abs(o.r-o.q) * math.Sqrt(o.tau) / o.vol }

// aloDrift is the drift beyond which no boundary is sought: up to 100 all that were tried settle, beyond 150 few do.
const aloDrift = 300

// Price values a [pricing.American] under a [model.Constant]. The volatility is the one that the model gives for the option's
// strike and expiry, held constant. The errors: a [pricing.ArgError] for a tolerance below the least, or for terms outside
// their domain; a [pricing.UnsupportedError] if rate, yield or dividends change before expiry.
func (e AndersenLake) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	const name = "analytic.AndersenLake"
	if !(e.Tolerance >= 0) {
		return pricing.Result{}, fault.Arg(name, "Tolerance", e.Tolerance, ">= 0")
	}
	c, err := readAmerican(ctx, name, in, m)
	if err != nil {
		return pricing.Result{}, signed(err, func() pricing.Engine { return e })
	}
	o, _, _ := c.put()
	step := aloRung(o, e.Tolerance)
	if step < 0 {
		return pricing.Result{}, fault.Arg(name, "Tolerance", e.Tolerance,
			fmt.Sprintf("at least %.2g for this option", aloLadder[len(aloLadder)-1].error*o.hardness()))
	}
	r, err := c.andersenLake(step)
	if err != nil || !e.Rates {
		return r, err
	}
	for _, b := range []struct {
		field *float64 // of c
		to    *float64
		has   pricing.Mask
	}{{&c.vol, &r.Vega, pricing.HasVega}, {&c.rate, &r.Rho, pricing.HasRho}, {&c.yield, &r.YieldRho, pricing.HasYieldRho}} {
		slope, err := c.slope(step, b.field, 1e-4)
		if err == nil && o.between() { // rates of 1% have curvature at the scale of the difference: Richardson
			var half float64
			half, err = c.slope(step, b.field, 5e-5)
			slope = (4*half - slope) / 3
		}
		if err != nil {
			return pricing.Result{}, err
		}
		*b.to = slope
		r.Has |= b.has
	}
	return r, nil
}

// slope is the central difference of the value by a field of c over h, one-sided where a volatility would be negative.
func (c *contract) slope(step int, field *float64, h float64) (float64, error) {
	centre := *field
	defer func() { *field = centre }()
	up, down := centre+h, centre-h
	if field == &c.vol && down < 0 {
		down = 0
	}
	*field = up
	above, errUp := c.andersenLake(step)
	*field = down
	below, errDown := c.andersenLake(step)
	return (above.Value - below.Value) / (up - down), fault.First(errUp, errDown)
}

// andersenLake values the option at a rung of the ladder, or one above if the iteration does not settle there.
func (c contract) andersenLake(step int) (pricing.Result, error) {
	o, spot, scale := c.put()
	if o.vol == 0 || o.tau == 0 {
		return c.shaped(scale*o.certain(spot), math.NaN(), math.NaN()), nil
	}
	value, g := c.european().Greeks()
	if o.held() {
		return pricing.Result{Value: value, Greeks: g, Has: pricing.HasValue | aloGreeks}, nil
	}
	if !o.between() && spot <= o.perpetual() {
		return c.exercised(), nil
	}
	if drift := o.drift(); !(drift <= aloDrift) {
		return pricing.Result{}, fault.Arg("analytic.AndersenLake", "|rate − yield|·√expiry/volatility", drift,
			fmt.Sprintf("at most %d; the volatility is next to none", aloDrift))
	}
	for ; step < len(aloLadder); step++ {
		premium, delta, gamma, exercised, settled := o.early(aloLadder[step].scheme(), spot)
		if !settled {
			continue
		}
		if exercised {
			return c.exercised(), nil
		}
		value += scale * max(premium, 0)
		if c.right == pricing.Call { // the put's spot is the call's strike: V = S·p(K/S)
			dual := delta
			delta = premium - spot*dual
			gamma *= spot * spot / scale
		} else {
			gamma /= scale
		}
		return c.shaped(math.Max(value, c.intrinsic()), g.Delta+delta, g.Gamma+gamma), nil
	}
	return pricing.Result{}, fmt.Errorf("analytic.AndersenLake: strike %g, expiry %g: the exercise boundary did not settle: %w",
		c.strike, c.expiry, pricing.ErrDomain)
}

// early returns what the put is worth more than the European one, with its derivatives by the spot; exercised is set where
// it should be, and settled is false if the iteration does not settle.
func (o put) early(t *aloScheme, spot float64) (premium, delta, gamma float64, exercised, settled bool) {
	if o.between() {
		return o.betweenBoundaries(t, spot)
	}
	if o.q >= o.r && o.r*o.tau < aloNothing { // the interest on the strike is all there is to gain
		return 0, 0, 0, false, true
	}
	if math.Abs(o.q-o.r)*o.tau < aloNothing {
		o.q = o.r // else the boundary leaves the strike by a step too small for any interpolant, and it matters as little
	}
	w := t.work.Get().(*aloWork)
	defer t.work.Put(w)
	if o.solve(t, w) == 0 {
		return 0, 0, 0, false, false
	}
	if spot <= o.top()*math.Exp(-w.h[t.n-1]) {
		return 0, 0, 0, true, true
	}
	premium, delta, gamma = o.premium(t.aloTable, w, spot)
	return premium, delta, gamma, false, true
}

const aloGreeks = pricing.HasDelta | pricing.HasGamma | pricing.HasTheta | pricing.HasDualDelta | pricing.HasDualGamma

// exercised is the result where the option is worth its payoff now.
func (c contract) exercised() pricing.Result {
	phi := c.right.Sign()
	return pricing.Result{
		Value:  c.intrinsic(),
		Greeks: pricing.Greeks{Delta: phi, DualDelta: -phi},
		Has:    pricing.HasValue | aloGreeks,
	}
}

// shaped completes value, delta and gamma of a live option by the Black-Scholes equation and homogeneity; without a delta, the
// value stands alone.
func (c contract) shaped(value, delta, gamma float64) pricing.Result {
	r := pricing.Result{Value: value, Has: pricing.HasValue}
	if math.IsNaN(delta) {
		return r
	}
	r.Has |= aloGreeks
	r.Delta, r.Gamma = delta, gamma
	r.Theta = c.rate*value - (c.rate-c.yield)*c.spot*delta - 0.5*c.vol*c.vol*c.spot*c.spot*gamma
	r.DualDelta = (value - c.spot*delta) / c.strike
	r.DualGamma = c.spot * c.spot / (c.strike * c.strike) * gamma
	return r
}
