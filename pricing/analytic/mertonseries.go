package analytic

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
)

// MertonSeries values European options under [model.Merton] by Merton's series: given n jumps the asset is lognormal, so that the
// price is a mean of Black prices over the Poisson law of n (Merton, "Option pricing when underlying stock returns are
// discontinuous", Journal of Financial Economics 3, 1976, eq. 16). The zero value is ready.
//
// It fills the value and all Greeks, term by term; Vega is by the volatility between jumps, and those by calendar time hold the
// average rates to expiry. The option out of the money is summed, outward from the likeliest number of jumps, until what
// is left on either side is bounded by Tol times the sum, and the other right follows by parity. The number of terms is about
// twenty and some standard deviations of the number of jumps. Terms are summed with a relative error of about 1e-14.
type MertonSeries struct {
	Tol float64 // relative error of the option out of the money by ending the series; 0 means 1e-15
}

var (
	_ pricing.Engine      = MertonSeries{}
	_ pricing.StripEngine = MertonSeries{}
)

const mertonSeries = "analytic.MertonSeries"

// mostJumps bounds the mean number of jumps, and with it the work: some ten thousand terms for a million.
const mostJumps = 1e6

// Price values a [pricing.Vanilla] under a [model.Merton]. An expiry of zero gives the payoff. More than a million jumps to be
// expected by expiry are refused with a [pricing.ArgError].
func (e MertonSeries) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	opt, isVanilla := in.(pricing.Vanilla)
	world, isMerton := m.(model.Merton)
	if !isVanilla || !isMerton {
		return pricing.Result{}, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m}
	}
	if err := fault.First(ctx.Err(), e.check(), opt.Validate(), world.Validate()); err != nil {
		return pricing.Result{}, err
	}
	return e.price(opt, &world)
}

// PriceStrip values many options under one model, which is validated once. dst must be as long as in.
func (e MertonSeries) PriceStrip(ctx context.Context, dst []pricing.Result, in []pricing.Instrument, m pricing.Model) error {
	if len(dst) != len(in) {
		panic(fmt.Sprintf("analytic: MertonSeries.PriceStrip: dst has %d elements, in has %d", len(dst), len(in)))
	}
	world, ok := m.(model.Merton)
	if !ok {
		var first pricing.Instrument
		if len(in) > 0 {
			first = in[0]
		}
		return &pricing.UnsupportedError{Engine: e, Instrument: first, Model: m}
	}
	if err := fault.First(e.check(), world.Validate()); err != nil {
		return err
	}
	var errs []error
	for i := range in {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		dst[i] = pricing.Result{}
		opt, ok := in[i].(pricing.Vanilla)
		var err error
		if !ok {
			err = &pricing.UnsupportedError{Engine: e, Instrument: in[i], Model: m}
		} else if err = opt.Validate(); err == nil {
			dst[i], err = e.price(opt, &world)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("instrument %d: %w", i, err))
		}
	}
	return errors.Join(errs...)
}

func (e MertonSeries) check() error {
	if e.Tol == 0 {
		return nil
	}
	return fault.Between(mertonSeries, "Tol", e.Tol, 1e-16, 1)
}

func (e MertonSeries) price(opt pricing.Vanilla, m *model.Merton) (pricing.Result, error) {
	f := m.ForwardAt(opt.Expiry)
	discount := m.DiscountFactor(opt.Expiry)
	t := opt.Expiry
	s := series{forward: f.Value, strike: opt.Strike, t: t, discount: discount, sigma: m.Sigma, delta2: m.SigmaJ * m.SigmaJ, lambda: m.Lambda}
	s.jump = m.MuJ + 0.5*s.delta2
	s.compensator = m.Lambda * math.Expm1(s.jump)
	paid := m.Lambda * math.Exp(s.jump) * t // jumps to be expected under the measure of the asset
	if err := fault.First(
		fault.Positive(mertonSeries, "forward", f.Value), fault.Positive(mertonSeries, "discount factor", discount),
		fault.Between(mertonSeries, "Lambda·expiry", m.Lambda*t, 0, mostJumps),
		fault.Between(mertonSeries, "Lambda·E[e^J]·expiry", paid, 0, mostJumps),
	); err != nil {
		return pricing.Result{}, refused(opt, err)
	}
	tol := e.Tol
	if tol == 0 {
		tol = 1e-15
	}
	// A put is at most the strike and a call at most the asset: their terms are weighted by the law of the jumps under the
	// measures of money and asset.
	s.right, s.mean, s.most = pricing.Put, m.Lambda*t, opt.Strike
	if s.strike >= s.forward {
		s.right, s.mean, s.most = pricing.Call, paid, s.forward
	}
	s.most *= discount
	s.sum(tol)
	value, g := s.value, s.g
	if s.right != opt.Right {
		sign := float64(opt.Right)
		rate := 0.0
		if t > 0 {
			rate = -math.Log(discount) / t
		}
		parity := sign * discount * (s.forward - s.strike)
		value += parity
		g.Theta += rate * parity
		g.Rho -= t * parity
		g.Delta += sign * discount
		g.Charm += rate * sign * discount
		g.DualDelta -= sign * discount
	}
	if math.IsNaN(value) {
		return pricing.Result{}, refused(opt, fault.Arg(mertonSeries, "value", value, "a number: the jumps overflow it"))
	}
	return onSpot(value, g, f), nil
}

// series is the sum over the number of jumps, and its derivatives by the forward.
type series struct {
	forward, strike, t, discount float64
	sigma, delta2, lambda        float64
	jump                         float64 // ln E[e^J]
	compensator                  float64 // λE[e^J − 1]
	right                        pricing.Right
	mean, most                   float64 // of the law of n, and the bound on a term, under the measure of the terms

	value float64
	g     pricing.Greeks
}

func (s *series) sum(tol float64) {
	start := math.Floor(s.mean)
	first := poisson(start, s.mean)
	w := first
	for n := start; w > 0; n++ {
		s.add(n, w)
		w *= s.mean / (n + 1)
		// The weights from n+1 on are at most a geometric series.
		if left := w / (1 - s.mean/(n+2)); left*s.most <= 0.5*tol*s.value || left < 1e-300 {
			break
		}
	}
	w = first
	for n := start; n > 0; {
		w *= n / s.mean
		n--
		s.add(n, w)
		if n == 0 {
			break
		}
		if left := w * n / s.mean / (1 - (n-1)/s.mean); left*s.most <= 0.5*tol*s.value || left < 1e-300 {
			break
		}
	}
}

// add adds the term of n jumps, whose probability under the measure of the terms is w.
func (s *series) add(n, w float64) {
	up := n*s.jump - s.compensator*s.t // ln(Fₙ/F)
	grown := math.Exp(up)
	if s.right == pricing.Call { // the probability under the measure of money
		w /= grown
	}
	if w == 0 || math.IsInf(grown, 1) {
		return
	}
	b := black.Black76{Right: s.right, Forward: s.forward * grown, Strike: s.strike, Tau: s.t, Discount: s.discount, Vol: s.sigma}
	p, q := 1.0, 0.0 // ∂σₙ/∂σ and one less its square
	if jumps := n * s.delta2; jumps > 0 {
		b.Vol = math.Sqrt(s.sigma*s.sigma + jumps/s.t)
		p = s.sigma / b.Vol
		q = jumps / (s.t * b.Vol * b.Vol)
	}
	value, g := b.Greeks()
	s.value += w * value
	o := &s.g
	o.Delta += w * grown * g.Delta
	o.Gamma += w * grown * grown * g.Gamma
	o.Speed += w * grown * grown * grown * g.Speed
	o.Rho += w * g.Rho
	o.DualDelta += w * g.DualDelta
	o.DualGamma += w * g.DualGamma
	o.Vega += w * p * g.Vega
	o.Vanna += w * grown * p * g.Vanna
	o.Zomma += w * grown * grown * p * g.Zomma
	o.Volga += w * p * p * g.Volga
	o.Ultima += w * p * p * p * g.Ultima
	var volDecay, volDecayVega, weightDecay float64 // ∂σₙ/∂T, its derivative by σ, and −∂ln w/∂T
	if q > 0 {
		o.Volga += w * q / b.Vol * g.Vega
		o.Ultima += 3 * w * p * q / b.Vol * (g.Volga - g.Vega/b.Vol)
		volDecay = -0.5 * q * b.Vol / s.t
		volDecayVega = 0.5 * q * p / s.t
	}
	if s.t > 0 {
		weightDecay = s.lambda - n/s.t
	}
	// By calendar time the forwards' compensators, the volatilities and the weights move besides.
	drift, fn := s.compensator, b.Forward
	o.Theta += w * (g.Theta - g.Vega*volDecay + drift*fn*g.Delta + weightDecay*value)
	o.Charm += w * grown * (g.Charm - g.Vanna*volDecay + drift*(g.Delta+fn*g.Gamma) + weightDecay*g.Delta)
	o.Color += w * grown * grown * (g.Color - g.Zomma*volDecay + drift*(2*g.Gamma+fn*g.Speed) + weightDecay*g.Gamma)
	o.Veta += w * (p*g.Veta - g.Volga*p*volDecay - g.Vega*volDecayVega + drift*fn*p*g.Vanna + weightDecay*p*g.Vega)
}

// poisson returns the probability of n under the Poisson law of that mean, for whole n near the mean, to a few units in the last
// place: Stirling's formula with the deviance, which do not cancel (Loader, "Fast and accurate computation of binomial
// probabilities", 2000).
func poisson(n, mean float64) float64 {
	if n < 16 {
		p := math.Exp(-mean)
		for k := 1.0; k <= n; k++ {
			p *= mean / k
		}
		return p
	}
	d := (mean - n) / n
	m := n * n
	stirling := (1.0/12 - (1.0/360-(1.0/1260-(1.0/1680-1.0/1188/m)/m)/m)/m) / n
	return math.Exp(-stirling-n*(d-math.Log1p(d))) * special.InvSqrt2Pi / math.Sqrt(n)
}
