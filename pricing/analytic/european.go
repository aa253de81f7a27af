package analytic

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
)

// European values European options by Black's formula on the forward, under every model that is [model.Lognormal]. The
// zero value is ready.
//
// It fills the value and all Greeks. They are exact derivatives of the value at fixed volatility (sticky strike): by the
// spot through the model's forward; by calendar time with the average discount and carry rates to expiry held, which for
// flat curves is the Black-Scholes-Merton theta. The relative error of an out-of-the-money price is about 1e-14.
type European struct{}

var (
	_ pricing.Engine      = European{}
	_ pricing.StripEngine = European{}
)

// Price values a [pricing.Vanilla] under a [model.Lognormal]. An expiry of zero gives the payoff.
func (e European) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	opt, isVanilla := in.(pricing.Vanilla)
	world, isLognormal := m.(model.Lognormal)
	if !isVanilla || !isLognormal {
		return pricing.Result{}, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m}
	}
	if err := fault.First(ctx.Err(), opt.Validate(), world.Validate()); err != nil {
		return pricing.Result{}, err
	}
	if reason := notLognormal(world, opt.Expiry); reason != "" {
		return pricing.Result{}, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m, Reason: reason}
	}
	return price(opt, world)
}

// notLognormal says why a model does not give a lognormal law at t.
func notLognormal(world model.Lognormal, t float64) string {
	if p, ok := world.(model.PartialLognormal); ok && !p.IsLognormal(t) {
		return "a price that falls by cash dividends is not lognormal at expiry; a lattice prices it"
	}
	return ""
}

// PriceStrip values many options under one model, which is validated once. dst must be as long as in.
func (e European) PriceStrip(ctx context.Context, dst []pricing.Result, in []pricing.Instrument, m pricing.Model) error {
	if len(dst) != len(in) {
		panic(fmt.Sprintf("analytic: European.PriceStrip: dst has %d elements, in has %d", len(dst), len(in)))
	}
	world, ok := m.(model.Lognormal)
	if !ok {
		var first pricing.Instrument
		if len(in) > 0 {
			first = in[0]
		}
		return &pricing.UnsupportedError{Engine: e, Instrument: first, Model: m}
	}
	if err := world.Validate(); err != nil {
		return err
	}
	var errs []error
	for i := range in {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		dst[i] = pricing.Result{}
		opt, ok := in[i].(pricing.Vanilla)
		var err error
		if !ok {
			err = &pricing.UnsupportedError{Engine: e, Instrument: in[i], Model: m}
		} else if reason := notLognormal(world, opt.Expiry); reason != "" {
			err = &pricing.UnsupportedError{Engine: e, Instrument: in[i], Model: m, Reason: reason}
		} else if err = opt.Validate(); err == nil {
			dst[i], err = price(opt, world)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("instrument %d: %w", i, err))
		}
	}
	return errors.Join(errs...)
}

// price turns Black's Greeks by the forward into Greeks by the spot. With F = F(S, r, q, t) and A = ∂F/∂S, which decays
// at the carry rate b as time passes, the chain rule gives each line.
func price(opt pricing.Vanilla, world model.Lognormal) (pricing.Result, error) {
	f := world.ForwardAt(opt.Expiry)
	if !(f.Value > 0) || math.IsInf(f.Value, 1) {
		return pricing.Result{}, fault.Arg("analytic.European", fmt.Sprintf("forward at %g years", opt.Expiry), f.Value, "finite and > 0")
	}
	b := black.Black76{
		Right: opt.Right, Forward: f.Value, Strike: opt.Strike, Tau: opt.Expiry,
		Discount: world.DiscountFactor(opt.Expiry),
		Vol:      world.Volatility(opt.Strike, opt.Expiry),
	}
	if err := b.Validate(); err != nil {
		return pricing.Result{}, fmt.Errorf("analytic: strike %g, expiry %g: %w", opt.Strike, opt.Expiry, err)
	}
	value, g := b.Greeks()
	a := f.DSpot
	return pricing.Result{
		Value: value,
		Greeks: pricing.Greeks{
			Delta:     a * g.Delta,
			Gamma:     a * a * g.Gamma,
			Vega:      g.Vega,
			Theta:     g.Theta + g.Delta*f.DTime,
			Rho:       g.Rho + g.Delta*f.DRate,
			YieldRho:  g.Delta * f.DYield,
			Vanna:     a * g.Vanna,
			Volga:     g.Volga,
			Charm:     a * (g.Charm + g.Gamma*f.DTime - f.Drift*g.Delta),
			Speed:     a * a * a * g.Speed,
			Color:     a * a * (g.Color + g.Speed*f.DTime - 2*f.Drift*g.Gamma),
			Zomma:     a * a * g.Zomma,
			Veta:      g.Veta + g.Vanna*f.DTime,
			Ultima:    g.Ultima,
			DualDelta: g.DualDelta,
			DualGamma: g.DualGamma,
		},
		Has: pricing.HasValue | pricing.HasGreeks,
	}, nil
}
