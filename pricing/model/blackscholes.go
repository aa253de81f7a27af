package model

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/rates/curve"
)

// BlackScholes is the Black-Scholes-Merton world with term structures: a spot, a discount curve, a carry curve or a
// forward curve, discrete dividends, and any Black volatility by strike and expiry.
//
// The forward for delivery at T is that of an asset which pays its discrete dividends at their ex-dates t_i <= T,
//
//	F(T) = S·Π(1−p_i)·G(0,T) − Σ c_i·(1−p_i)·Π_{j>i}(1−p_j)·G(t_i,T),   G(t,T) = (Q(T)/Q(t)) / (P(T)/P(t)),
//
// with P the discount and Q the carry curve. Dividends fix the forward; what the volatility is that of, the forward or the
// asset between its dividends, DividendModel says. It makes a difference for cash dividends only.
type BlackScholes struct {
	Spot          float64        // > 0
	Discount      curve.Discount // P; nil means a rate of zero
	Carry         curve.Discount // Q: dividend yield, foreign rate or borrow cost, as a discount curve; nil means zero
	Forwards      curve.Forward  // if set, the forwards themselves, in place of Carry and Dividends
	Dividends     []Dividend     // in rising order of time
	DividendModel DividendModel  // the zero value is Escrowed: European prices are Black's formula on F(T)
	Vol           VolSurface
}

var (
	_ Lognormal        = BlackScholes{}
	_ PartialLognormal = BlackScholes{}
)

// Validate checks the spot, the dividends and that a volatility is given. Curves are checked where they are made.
func (m BlackScholes) Validate() error {
	const fn = "model.BlackScholes"
	if err := fault.Positive(fn, "Spot", m.Spot); err != nil {
		return err
	}
	if err := checkVol(fn, m.Vol, "a volatility surface"); err != nil {
		return err
	}
	if m.Forwards != nil && (m.Carry != nil || len(m.Dividends) > 0) {
		return fault.Arg(fn, "Forwards", "set beside Carry or Dividends", "either forwards or the carry that makes them")
	}
	if m.DividendModel < 0 || int(m.DividendModel) >= len(dividendModelNames) {
		return fault.Arg(fn, "DividendModel", int8(m.DividendModel), "Escrowed or PiecewiseLognormal")
	}
	return validateDividends(fn, m.Dividends)
}

// DiscountFactor returns today's value of 1 paid at t.
func (m BlackScholes) DiscountFactor(t float64) float64 { return factor(m.Discount, t) }

// Volatility returns the Black volatility for a strike and an expiry.
func (m BlackScholes) Volatility(strike, t float64) float64 { return m.Vol.Vol(strike, t) }

// IsLognormal reports whether the asset is lognormal at t. It is not if it has paid [PiecewiseLognormal] cash dividends by then.
func (m BlackScholes) IsLognormal(t float64) bool {
	return m.DividendModel == Escrowed || !m.paysCash(t)
}

// ForwardAt returns the forward for delivery at t with its derivatives. With a forward curve ∂F/∂S is F/S and the rate
// moves the discount factor alone. The value is not positive if the cash dividends are worth more than the asset.
func (m BlackScholes) ForwardAt(t float64) Forward {
	if m.Forwards != nil {
		f := m.Forwards.Forward(t)
		fwd := Forward{Value: f, DSpot: f / m.Spot, DYield: -t * f}
		if t > 0 {
			fwd.Drift = math.Log(f/m.Spot) / t
		}
		fwd.DTime = -fwd.Drift * f
		return fwd
	}
	growth := factor(m.Carry, t) / factor(m.Discount, t)
	kept := 1.0 // the product of 1−p over dividends, taken from the last backwards
	paid, paidRate := 0.0, 0.0
	for i := len(m.Dividends) - 1; i >= 0; i-- {
		d := m.Dividends[i]
		if d.Time > t {
			continue
		}
		kept *= 1 - d.Proportion
		if d.Cash > 0 {
			since := growth * factor(m.Discount, d.Time) / factor(m.Carry, d.Time)
			paid += d.Cash * kept * since
			paidRate += d.Cash * kept * since * (t - d.Time)
		}
	}
	slope := kept * growth
	fwd := Forward{Value: m.Spot*slope - paid, DSpot: slope}
	fwd.DRate = t*m.Spot*slope - paidRate
	fwd.DYield = -fwd.DRate
	if t > 0 {
		fwd.Drift = math.Log(growth) / t
	}
	fwd.DTime = -fwd.Drift * m.Spot * slope
	return fwd
}

// Forward returns the forward for delivery at t, so that a model is itself a [curve.Forward].
func (m BlackScholes) Forward(t float64) float64 { return m.ForwardAt(t).Value }

// WithSpot returns the model with another spot. A forward curve is scaled with it, so that carry is kept.
func (m BlackScholes) WithSpot(spot float64) BlackScholes {
	if m.Forwards != nil {
		m.Forwards = scaled{m.Forwards, spot / m.Spot}
	}
	m.Spot = spot
	return m
}

// WithVol returns the model with another volatility surface.
func (m BlackScholes) WithVol(v VolSurface) BlackScholes {
	m.Vol = v
	return m
}

// scaled is a forward curve times a number.
type scaled struct {
	of    curve.Forward
	times float64
}

func (s scaled) Forward(t float64) float64 { return s.times * s.of.Forward(t) }

func factor(c curve.Discount, t float64) float64 {
	if c == nil {
		return 1
	}
	return c.DiscountFactor(t)
}

var _ pricing.Model = BlackScholes{}
