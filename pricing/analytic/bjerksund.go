package analytic

import (
	"context"
	"fmt"
	"math"
	"sync"

	"gonum.org/v1/gonum/integrate/quad"

	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
)

// BjerksundStensland values American options under models that are [model.Constant] by the approximation of Bjerksund and
// Stensland ("Closed Form Valuation of American Options", NHH discussion paper 2002/09, proposition 1): the option is exercised
// at one trigger price until t = ½(√5−1)·T and at a lower one from then to expiry T. What that rule earns is valued exactly, by
// bivariate normal distributions, so that the value is never above that of the American option. The zero value is ready.
//
// It is an approximation of its own, whose error does not fall with more work: over the golden options it is short by less than
// 0.1% of the strike for σ√T up to 0.5 and 0.5% above; deep in the money by up to 0.5% and, at a σ√T of 3, 7% of strike or
// spot. [AndersenLake] gives the exact value. It fills the value, Delta, Gamma, DualDelta and DualGamma, which are exact
// derivatives of the approximation; theta and the others would be those of triggers that move with their arguments, and are
// left out. The rate of a put and the yield of a call must not be negative, unless the option is never exercised early.
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

// triggers values the rule of two triggers, as a call of strike 1; a put is the call with rate and yield, spot and strike
// exchanged.
func (c contract) triggers() pricing.Result {
	spot, scale, rate, yield := c.spot/c.strike, c.strike, c.rate, c.yield
	if c.right == pricing.Put {
		spot, scale, rate, yield = c.strike/c.spot, c.spot, c.yield, c.rate
	}
	european, g := c.european().Greeks()
	k := newTrigger(spot, rate, yield, c.vol, c.expiry)
	var value, near, bend float64 // the value, S·∂V/∂S and S²·∂²V/∂S² of the call
	if k.s < k.first {
		w := triggerStock.Get().(*triggerWork)
		sum := k.twoStep(w)
		triggerStock.Put(w)
		value, near, bend = scale*sum.value, scale*sum.slope, scale*(sum.bend-sum.slope)
	}
	// To exercise at once and to wait for expiry are rules too. They also stand in for σ√T beyond 20, where the terms cancel.
	dearest := c.strike
	if c.right == pricing.Call {
		dearest = c.spot
	}
	if !(value > math.Max(european, c.intrinsic()) && value < dearest) {
		if european < c.intrinsic() {
			r := c.exercised()
			return c.shape(r.Value, r.Greeks)
		}
		return c.shape(european, g)
	}
	r := pricing.Result{Value: value, Has: pricing.HasValue | shapeGreeks}
	if c.right == pricing.Call {
		r.Delta, r.DualDelta = near/c.spot, (value-near)/c.strike
	} else {
		r.Delta, r.DualDelta = (value-near)/c.spot, near/c.strike
	}
	r.Gamma, r.DualGamma = bend/(c.spot*c.spot), bend/(c.strike*c.strike)
	return r
}

// trigger is the rule for a call of strike 1.
type trigger struct {
	s, r, b, v         float64 // ln S, rate, cost of carry, σ²
	t, tau             float64 // the end of the first period and the expiry
	beta               float64
	first, then        float64 // ln of the trigger prices
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

// price is the logarithm of the trigger price X_T of the paper's eqs. 11 to 13. A carry that falls faster than diffusion
// spreads would take it below its limit at expiry B₀; the reach is then that of a quarter of the diffusion.
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

// twoStep adds up the terms of proposition 1. The power β is the one that grows at the rate r, so that its terms are not
// discounted.
func (k *trigger) twoStep(w *triggerWork) jet {
	above, below := math.Expm1(k.first), math.Expm1(k.then) // X−1 and x−1
	w.one.n, w.two.n = 0, 0
	// α(X)·S^β = (X−1)·(S/X)^β
	k.flat(w, -above, -k.beta*k.first, k.beta, k.first)
	k.flat(w, 1, 0, 1, k.first)
	k.flat(w, -1, 0, 1, k.then)
	k.flat(w, -1, 0, 0, k.first)
	k.flat(w, 1, 0, 0, k.then)
	k.flat(w, below, -k.beta*k.then, k.beta, k.then)
	k.both(w, -below, -k.beta*k.then, k.beta, k.then)
	k.both(w, 1, 0, 1, k.then)
	k.both(w, -1, 0, 1, 0)
	k.both(w, -1, 0, 0, k.then)
	k.both(w, 1, 0, 0, 0)
	var sum jet
	sum.add(1, k.beta, jet{above * math.Exp(k.beta*(k.s-k.first)), 0, 0})
	w.normals(&sum)
	w.bivariates(&sum)
	return sum
}

// growth returns λ, the drift μ of ln S and κ for the power γ.
func (k *trigger) growth(gamma float64) (lambda, mu, kappa float64) {
	if gamma != k.beta {
		lambda = -k.r + gamma*k.b + 0.5*gamma*(gamma-1)*k.v
	}
	return lambda, k.b + (gamma-0.5)*k.v, 2*k.b/k.v + 2*gamma - 1
}

// flat adds the terms of factor·e^shift·φ(S, t | γ, H, X), what S^γ is worth at t below H if the first trigger was not met.
func (k *trigger) flat(w *triggerWork, factor, shift, gamma, h float64) {
	lambda, mu, kappa := k.growth(gamma)
	g := k.sigmaFirst
	e := shift + lambda*k.t + gamma*k.s
	w.one.add(term{factor, e, gamma, (h - k.s - mu*k.t) / g, -1 / g, 0, 0, 0})
	w.one.add(term{-factor, e + kappa*(k.first-k.s), gamma - kappa, (k.s + h - 2*k.first - mu*k.t) / g, 1 / g, 0, 0, 0})
}

// both adds the terms of factor·e^shift·Ψ(S, T | γ, H, X, x, t), what S^γ is worth at expiry below H if neither trigger was met.
func (k *trigger) both(w *triggerWork, factor, shift, gamma, h float64) {
	lambda, mu, kappa := k.growth(gamma)
	g, gT := k.sigmaFirst, k.sigmaT
	e := shift + lambda*k.tau + gamma*k.s
	mt, mT := mu*k.t, mu*k.tau
	first, then := 2*k.first, 2*k.then
	w.two.add(term{factor, e, gamma, (k.then - k.s - mt) / g, -1 / g, (h - k.s - mT) / gT, -1 / gT, rootGolden})
	w.two.add(term{-factor, e + kappa*(k.first-k.s), gamma - kappa,
		(k.s + k.then - first - mt) / g, 1 / g, (k.s + h - first - mT) / gT, 1 / gT, rootGolden})
	w.two.add(term{-factor, e + kappa*(k.then-k.s), gamma - kappa,
		(k.then - k.s + mt) / g, -1 / g, (k.s + h - then - mT) / gT, 1 / gT, -rootGolden})
	w.two.add(term{factor, e + kappa*(k.then-k.first), gamma,
		(k.s + k.then - first + mt) / g, 1 / g, (h + first - then - k.s - mT) / gT, -1 / gT, -rootGolden})
}

const rootGolden = 0.786151377757423286069558585842958929 // √(t/T)

// term is factor·e^shift·Φ(u) or factor·e^shift·Φ₂(u, v; ρ), where e^shift holds the power S^p, and u and v are linear in ln S.
type term struct{ factor, shift, p, u, du, v, dv, rho float64 }

type terms struct {
	of [20]term
	n  int
}

func (l *terms) add(t term) {
	l.of[l.n] = t
	l.n++
}

// add adds the product of a power S^p, whose value f already holds, and a function of ln S with its derivatives.
func (sum *jet) add(factor, p float64, f jet) {
	sum.value += factor * f.value
	sum.slope += factor * (p*f.value + f.slope)
	sum.bend += factor * (p*p*f.value + 2*p*f.slope + f.bend)
}

// triggerWork is the scratch memory of one valuation: 12 univariate and 20 bivariate terms, which the kernels take all at once.
type triggerWork struct {
	one, two       terms
	grow           [20]float64
	arg, cdf, pdf  [80]float64
	points, values [400]float64
}

var triggerStock = sync.Pool{New: func() any { return new(triggerWork) }}

// normals adds the univariate terms. The power and Φ may leave the range of a double where the product does not.
func (w *triggerWork) normals(sum *jet) {
	n := w.one.n
	for i := range n {
		w.grow[i], w.arg[i] = w.one.of[i].shift, w.one.of[i].u
	}
	vec.Exp(w.grow[:n], w.grow[:n])
	vec.NormCDF(w.cdf[:n], w.arg[:n])
	vec.NormPDF(w.pdf[:n], w.arg[:n])
	for i := range n {
		t := &w.one.of[i]
		f := jet{value: w.grow[i] * w.cdf[i], slope: w.grow[i] * w.pdf[i] * t.du}
		if math.Abs(t.shift) > 300 || t.u < -30 {
			f.value = math.Exp(t.shift + special.LogNormCDF(t.u))
			f.slope = math.Exp(t.shift-0.5*t.u*t.u) * special.InvSqrt2Pi * t.du
		}
		f.bend = -t.u * f.slope * t.du
		sum.add(t.factor, t.p, f)
	}
}

// bivariates adds the bivariate terms: Φ₂ is Φ(u)·Φ(v) and the integral over the angle, as in [special.BivariateNormCDF], at
// nodes that are the same for all terms.
func (w *triggerWork) bivariates(sum *jet) {
	const nodes = 20
	rule := triggerAngles()
	n := w.two.n
	rest := math.Sqrt(1 - goldenRatio)
	for i := range n {
		t := &w.two.of[i]
		w.grow[i] = t.shift
		w.arg[i], w.arg[n+i] = t.u, t.v
		w.arg[2*n+i], w.arg[3*n+i] = (t.v-t.rho*t.u)/rest, (t.u-t.rho*t.v)/rest
		squares, twice := t.u*t.u+t.v*t.v, math.Copysign(2, t.rho)*t.u*t.v
		at := w.points[i*nodes : (i+1)*nodes]
		for k := range at {
			at[k] = (twice*rule.sin[k] - squares) * rule.half[k]
		}
	}
	vec.Exp(w.grow[:n], w.grow[:n])
	vec.NormCDF(w.cdf[:4*n], w.arg[:4*n])
	vec.NormPDF(w.pdf[:3*n], w.arg[:3*n])
	vec.Exp(w.values[:n*nodes], w.points[:n*nodes])
	for i := range n {
		t := &w.two.of[i]
		if low := math.Min(0, math.Min(t.u, t.v)); t.shift-0.5*low*low < -60 {
			continue // Φ₂ < e^(−low²/2)
		}
		angle := 0.0
		for k, e := range w.values[i*nodes : (i+1)*nodes] {
			angle += rule.weight[k] * e
		}
		cdf := math.Max(0, w.cdf[i]*w.cdf[n+i]+math.Copysign(angle, t.rho))
		fu, fv := w.pdf[i]*w.cdf[2*n+i], w.pdf[n+i]*w.cdf[3*n+i]
		fuv := w.pdf[i] * w.pdf[2*n+i] / rest
		f := jet{
			cdf,
			fu*t.du + fv*t.dv,
			(-t.u*fu-t.rho*fuv)*t.du*t.du + 2*fuv*t.du*t.dv + (-t.v*fv-t.rho*fuv)*t.dv*t.dv,
		}
		if grow := w.grow[i]; t.shift < 300 {
			f.value, f.slope, f.bend = grow*f.value, grow*f.slope, grow*f.bend
		} else {
			f.value, f.slope, f.bend = lifted(t.shift, f.value), lifted(t.shift, f.slope), lifted(t.shift, f.bend)
		}
		sum.add(t.factor, t.p, f)
	}
}

// lifted is e^shift·x where the power alone may leave the range of a double.
func lifted(shift, x float64) float64 {
	return math.Copysign(math.Exp(shift+math.Log(math.Abs(x))), x)
}

// angles are the nodes of the integral over the angle from 0 to asin √(t/T).
type angles struct{ sin, half, weight [20]float64 } // half is 1/(2cos²)

var triggerAngles = sync.OnceValue(func() *angles {
	a := new(angles)
	var theta [20]float64
	quad.Legendre{}.FixedLocations(theta[:], a.weight[:], 0, math.Asin(rootGolden))
	for k, x := range theta {
		sin, cos := math.Sincos(x)
		a.sin[k], a.half[k] = sin, 1/(2*cos*cos)
		a.weight[k] /= 2 * math.Pi
	}
	return a
})
