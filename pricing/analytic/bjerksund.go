package analytic

import (
	"context"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
)

// BjerksundStensland values American options under models that are [model.Constant] by the approximation of Bjerksund and
// Stensland ("Closed Form Valuation of American Options", NHH discussion paper 2002/09, proposition 1): the option is exercised at one
// trigger price until t = ½(√5−1)·T and at a lower one from then to expiry T. What that rule earns is valued exactly, by
// bivariate normal distributions, so that the value is never above that of the American option. The zero value is ready.
//
// It is an approximation of its own, whose error does not fall with more work: over the golden options it is short by less than
// 0.1% of the strike for σ√T up to 0.5 and 0.5% above; by up to 10% of it at a σ√T of 4. [AndersenLake] gives the exact value. It fills the value, Delta, Gamma,
// DualDelta and DualGamma, which are exact derivatives of the approximation; theta and the others would be those of
// triggers that move with their arguments, and are left out. The rate of a put and the yield of a call must not be negative, unless
// the option is never exercised early.
type BjerksundStensland struct{}

var _ pricing.Engine = BjerksundStensland{}

const shapeGreeks = pricing.HasDelta | pricing.HasGamma | pricing.HasDualDelta | pricing.HasDualGamma

// Price values a [pricing.American] under a [model.Constant].
func (e BjerksundStensland) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	const name = "analytic.BjerksundStensland"
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
	return c.triggers(), nil
}

// shape keeps of a European option's Greeks those that are shapes of the value in spot and strike.
func (c contract) shape(value float64, g pricing.Greeks) pricing.Result {
	return pricing.Result{
		Value:  value,
		Greeks: pricing.Greeks{Delta: g.Delta, Gamma: g.Gamma, DualDelta: g.DualDelta, DualGamma: g.DualGamma},
		Has:    pricing.HasValue | shapeGreeks,
	}
}

// triggers values the rule of two triggers, as a call of strike 1; a put is the call with rate and yield, spot and strike exchanged.
func (c contract) triggers() pricing.Result {
	spot, scale, rate, yield := c.spot/c.strike, c.strike, c.rate, c.yield
	if c.right == pricing.Put {
		spot, scale, rate, yield = c.strike/c.spot, c.spot, c.yield, c.rate
	}
	european, g := c.european().Greeks()
	k := newTrigger(spot, rate, yield, c.vol, c.expiry)
	value := 0.0
	if k.s < k.first {
		k.twoStep()
		value = scale * k.sum.value
	}
	// To exercise at once and to wait for expiry are rules too.
	if !(value > math.Max(european, c.intrinsic())) {
		if european < c.intrinsic() {
			r := c.exercised()
			return c.shape(r.Value, r.Greeks)
		}
		return c.shape(european, g)
	}
	// From derivatives by ln S of the call per unit of strike to those by spot and strike.
	near, bend := scale*k.sum.slope, scale*(k.sum.bend-k.sum.slope) // S·∂V/∂S and S²·∂²V/∂S² of the call
	r := pricing.Result{Value: value, Has: pricing.HasValue | shapeGreeks}
	if c.right == pricing.Call {
		r.Delta, r.DualDelta = near/c.spot, (value-near)/c.strike
	} else {
		r.Delta, r.DualDelta = (value-near)/c.spot, near/c.strike
	}
	r.Gamma, r.DualGamma = bend/(c.spot*c.spot), bend/(c.strike*c.strike)
	return r
}

// trigger is the rule for a call of strike 1, and the sum of the terms of its value.
type trigger struct {
	s, r, b, v         float64 // ln S, rate, cost of carry, σ²
	t, tau             float64 // the end of the first period and the expiry
	beta               float64
	first, then        float64 // ln of the trigger prices
	sum                jet
	sigmaT, sigmaFirst float64 // σ√T and σ√t
}

// jet is a value with its first two derivatives by ln S.
type jet struct{ value, slope, bend float64 }

// goldenRatio is ½(√5−1), where the first period ends as a fraction of the expiry.
const goldenRatio = 0.618033988749894848204586834365638118

func newTrigger(spot, rate, yield, vol, tau float64) trigger {
	k := trigger{s: math.Log(spot), r: rate, b: rate - yield, v: vol * vol, t: goldenRatio * tau, tau: tau}
	k.sigmaT, k.sigmaFirst = vol*math.Sqrt(tau), vol*math.Sqrt(k.t)
	mirror := put{r: yield, q: rate, vol: vol, tau: tau}
	k.beta = 1 - mirror.exponent()
	k.first, k.then = k.price(tau, mirror), k.price(k.t, mirror)
	return k
}

// price is the logarithm of the trigger price X_T of the paper's eqs. 11 to 13. A carry that falls faster than diffusion spreads would
// take it below its limit at expiry B₀; the reach is then that of a quarter of the diffusion.
func (k *trigger) price(t float64, mirror put) float64 {
	start := 1 / mirror.top() // B₀
	rise := 1/mirror.perpetual() - start
	if !(rise > 0) {
		return math.Log(start)
	}
	spread := math.Sqrt(k.v * t)
	reach := math.Max(k.b*t+2*spread, 0.5*spread) / start
	if math.IsInf(rise, 1) { // no boundary without expiry: the limit of the formula
		return math.Log(start + reach)
	}
	return math.Log(start - rise*math.Expm1(-reach/rise))
}

// twoStep adds up the terms of proposition 1. The power β is the one that grows at the rate r, so that its terms are not discounted.
func (k *trigger) twoStep() {
	above, below := math.Expm1(k.first), math.Expm1(k.then) // X−1 and x−1
	// α(X)·S^β = (X−1)·(S/X)^β
	k.power(above, -k.beta*k.first, k.beta)
	k.flat(-above, -k.beta*k.first, k.beta, k.first)
	k.flat(1, 0, 1, k.first)
	k.flat(-1, 0, 1, k.then)
	k.flat(-1, 0, 0, k.first)
	k.flat(1, 0, 0, k.then)
	k.flat(below, -k.beta*k.then, k.beta, k.then)
	k.both(-below, -k.beta*k.then, k.beta, k.then)
	k.both(1, 0, 1, k.then)
	k.both(-1, 0, 1, 0)
	k.both(-1, 0, 0, k.then)
	k.both(1, 0, 0, 0)
}

// growth returns λ, the drift μ of ln S and κ for the power γ.
func (k *trigger) growth(gamma float64) (lambda, mu, kappa float64) {
	if gamma != k.beta {
		lambda = -k.r + gamma*k.b + 0.5*gamma*(gamma-1)*k.v
	}
	return lambda, k.b + (gamma-0.5)*k.v, 2*k.b/k.v + 2*gamma - 1
}

// power adds factor·e^shift·S^γ.
func (k *trigger) power(factor, shift, gamma float64) {
	f := factor * math.Exp(shift+gamma*k.s)
	k.add(1, gamma, jet{f, 0, 0})
}

// add adds the product of a power S^p, whose value f already holds, and a function of ln S with its derivatives.
func (k *trigger) add(sign, p float64, f jet) {
	k.sum.value += sign * f.value
	k.sum.slope += sign * (p*f.value + f.slope)
	k.sum.bend += sign * (p*p*f.value + 2*p*f.slope + f.bend)
}

// flat adds factor·e^shift·φ(S, t | γ, H, X), what S^γ is worth at t below H if the first trigger was not met.
func (k *trigger) flat(factor, shift, gamma, h float64) {
	lambda, mu, kappa := k.growth(gamma)
	w := k.sigmaFirst
	e := shift + lambda*k.t
	k.normal(factor, e, gamma, (h-k.s-mu*k.t)/w, -1/w)
	k.normal(-factor, e+kappa*k.first, gamma-kappa, (k.s+h-2*k.first-mu*k.t)/w, 1/w)
}

// normal adds factor·e^shift·S^p·Φ(u), u linear in ln S. Factor and Φ may leave the range of a double where the product does not.
func (k *trigger) normal(factor, shift, p, u, du float64) {
	e := shift + p*k.s
	var f jet
	if math.Abs(e) < 300 && u > -30 {
		grow := math.Exp(e)
		density := grow * special.NormPDF(u)
		f.value, f.slope = grow*special.NormCDF(u), density*du
	} else {
		f.value, f.slope = math.Exp(e+special.LogNormCDF(u)), math.Exp(e-0.5*u*u)*special.InvSqrt2Pi*du
	}
	f.bend = -u * f.slope * du
	k.add(factor, p, f)
}

// both adds factor·e^shift·Ψ(S, T | γ, H, X, x, t), what S^γ is worth at expiry below H if neither trigger was met.
func (k *trigger) both(factor, shift, gamma, h float64) {
	lambda, mu, kappa := k.growth(gamma)
	w, wt := k.sigmaFirst, k.sigmaT
	e := shift + lambda*k.tau
	mt, mT := mu*k.t, mu*k.tau
	k.bivariate(factor, e, gamma, (k.then-k.s-mt)/w, -1/w, (h-k.s-mT)/wt, -1/wt, 1)
	k.bivariate(-factor, e+kappa*k.first, gamma-kappa, (k.s+k.then-2*k.first-mt)/w, 1/w, (k.s+h-2*k.first-mT)/wt, 1/wt, 1)
	k.bivariate(-factor, e+kappa*k.then, gamma-kappa, (k.then-k.s+mt)/w, -1/w, (k.s+h-2*k.then-mT)/wt, 1/wt, -1)
	k.bivariate(factor, e+kappa*(k.then-k.first), gamma, (k.s+k.then-2*k.first+mt)/w, 1/w, (h+2*k.first-2*k.then-k.s-mT)/wt, -1/wt, -1)
}

// bivariate adds factor·e^shift·S^p·Φ₂(u, w; ±√(t/T)), u and w linear in ln S.
func (k *trigger) bivariate(factor, shift, p, u, du, w, dw, sign float64) {
	e := shift + p*k.s
	if e+math.Min(special.LogNormCDF(u), special.LogNormCDF(w)) < -60 {
		return
	}
	rho := sign * rootGolden
	grow := math.Exp(e)
	rest := math.Sqrt(1 - goldenRatio)
	fu := special.NormPDF(u) * special.NormCDF((w-rho*u)/rest)
	fw := special.NormPDF(w) * special.NormCDF((u-rho*w)/rest)
	fuw := special.NormPDF(u) * special.NormPDF((w-rho*u)/rest) / rest
	k.add(factor, p, jet{
		grow * special.BivariateNormCDF(u, w, rho),
		grow * (fu*du + fw*dw),
		grow * ((-u*fu-rho*fuw)*du*du + 2*fuw*du*dw + (-w*fw-rho*fuw)*dw*dw),
	})
}

const rootGolden = 0.786151377757423286069558585842958929 // √(t/T)
