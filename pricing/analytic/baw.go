package analytic

import (
	"context"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
)

// BaroneAdesiWhaley values American options under models that are [model.Constant] by the quadratic approximation of
// Barone-Adesi and Whaley ("Efficient Analytic Approximation of American Option Values", Journal of Finance 42, 1987,
// eqs. 20 and 25). The zero value is ready.
//
// It is an approximation of its own, whose error does not fall with more work: over the golden options it is below 0.4% of the
// strike for σ√T up to 0.5 and below 1.2% up to 1.25. [AndersenLake] gives the exact value. It fills the value, Delta, Gamma,
// DualDelta and DualGamma, which are exact derivatives of the approximation; it takes no account of how time moves it, so that
// theta would not be one. The rate of a put and the yield of a call must not be negative, unless the option is never exercised
// early.
type BaroneAdesiWhaley struct{}

var _ pricing.Engine = BaroneAdesiWhaley{}

// Price values a [pricing.American] under a [model.Constant].
func (e BaroneAdesiWhaley) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	const name = "analytic.BaroneAdesiWhaley"
	c, err := readAmerican(ctx, name, in, m)
	if err != nil {
		return pricing.Result{}, signed(err, func() pricing.Engine { return e })
	}
	o, spot, scale := c.put()
	switch {
	case o.vol == 0 || o.tau == 0:
		return pricing.Result{Value: scale * o.certain(spot), Has: pricing.HasValue}, nil
	case o.held():
		return c.shape(c.european().Greeks()), nil
	case o.r < 0:
		return pricing.Result{}, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m,
			Reason: fmt.Sprintf("with rate %g and yield %g exercise lies between two boundaries", c.rate, c.yield)}
	}
	r := c.quadratic()
	if !(r.Value <= math.MaxFloat64) {
		return pricing.Result{}, fault.Arg(name, "volatility", c.vol, fmt.Sprintf("a critical price in reach for a rate of %g over %g years", c.rate, c.expiry))
	}
	return r, nil
}

// quadratic is the approximation: until the critical price S* the European value and A·(S/S*)^q, beyond it the payoff, and
// the European value at least.
func (c contract) quadratic() pricing.Result {
	phi := float64(c.right)
	v := c.vol * c.vol
	s := c.vol * math.Sqrt(c.expiry)
	b := c.rate - c.yield
	dr, dq := math.Exp(-c.rate*c.expiry), math.Exp(-c.yield*c.expiry)
	drift := (b + 0.5*v) * c.expiry / s
	kr := c.strike * dr
	european := func(x float64) (value, d1, n1, density float64) { // n1 = Φ(φd1)
		d1 = math.Log(x/c.strike)/s + drift
		density = special.NormPDF(d1)
		n1 = tail(-phi*d1, density)
		return phi * (x*dq*n1 - kr*tail(-phi*(d1-s), density*x*dq/kr)), d1, n1, density
	}
	// The exponent; M/K = 2r/(σ²(1−e^(−rT))) tends to 2/(σ²T) with the rate.
	n := 2 * b / v
	mk := 2 / (v * c.expiry)
	if math.Abs(c.rate*c.expiry) > 1e-12 {
		mk = -2 * c.rate / (v * math.Expm1(-c.rate*c.expiry))
	}
	q := phi * root(phi*(n-1), 4*mk)
	// Without expiry the critical price is K/(1−1/q∞); the paper's eqs. 31 and 33 start from it.
	start := c.strike * math.Exp(phi*s)
	if disc := (n-1)*(n-1) + 8*c.rate/v; disc >= 0 {
		far := phi * root(phi*(n-1), 8*c.rate/v)
		end := c.strike / (1 - 1/far)
		if reach := phi * (end - c.strike); reach > 0 && !math.IsInf(reach, 1) {
			h := -(phi*b*c.expiry + 2*s) * c.strike / reach
			if h < 0 {
				start = end - phi*reach*math.Exp(h)
			}
		}
	}
	star := start
	// The critical price solves φ(S−K) = V(S) + φ(1−e^(−qT)Φ(φd1))·S/q, eqs. 24 and 26, by Halley's method.
	var atStar float64 // Φ(φd1) there
	for range 100 {
		p, d1, n1, density := european(star)
		rest := 1 - dq*n1
		gap := phi*(star-c.strike) - p - phi*rest*star/q
		slope := phi*rest*(1-1/q) + dq*density/(s*q)
		bend := -dq * density / (star * s) * (1 - 1/q + d1/(s*q))
		move := -gap / slope
		move /= 1 + 0.5*bend/slope*move
		if !(move > -0.8*star && move < 4*star) {
			move = star * math.Expm1(-phi*math.Copysign(0.5, gap))
		}
		// Two terms of Taylor's series, whose third is of the size of the next step.
		tilt := move / (star * s)
		atStar = n1 + phi*density*tilt*(1-0.5*tilt*(d1+s))
		star += move
		if math.Abs(move) < 1e-3*s*star { // the next step would move it by some 1e-9, and the value, smooth there, by nothing
			break
		}
	}
	value := c.european().Price()
	d1 := math.Log(c.spot/c.strike)/s + drift
	density := special.NormPDF(d1)
	delta, gamma := phi*dq*tail(-phi*d1, density), dq*density/(c.spot*s)
	if phi*(c.spot-star) < 0 {
		early := math.Max(phi*star*(1-dq*atStar)/q, 0) * math.Exp(q*math.Log(c.spot/star))
		value += early
		delta += early * q / c.spot
		gamma += early * q * (q - 1) / (c.spot * c.spot)
	}
	if now := c.intrinsic(); !(value > now) {
		r := c.exercised()
		return c.shape(r.Value, r.Greeks)
	}
	ratio := c.spot / c.strike
	g := pricing.Greeks{Delta: delta, Gamma: gamma, DualDelta: value/c.strike - ratio*delta, DualGamma: ratio * ratio * gamma}
	return pricing.Result{Value: value, Greeks: g, Has: pricing.HasValue | shapeGreeks}
}

// root is ½(√(a²+b) − a) in the form that does not cancel.
func root(a, b float64) float64 {
	if a > 0 {
		return 0.5 * b / (math.Sqrt(a*a+b) + a)
	}
	return 0.5 * (math.Sqrt(a*a+b) - a)
}

// tail is Φ(−d) given φ(d).
func tail(d, density float64) float64 {
	if d > 0 {
		return density * special.Mills(d)
	}
	return 1 - density*special.Mills(-d)
}
