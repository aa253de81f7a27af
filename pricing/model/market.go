package model

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/rates/curve"
)

// Market is the part of a model that is not its law of motion: the spot and the curves that make forwards and discount
// factors. Models embed it.
type Market struct {
	Spot     float64        // > 0
	Discount curve.Discount // nil means a rate of zero
	Carry    curve.Discount // dividend yield, foreign rate or borrow cost, as a discount curve; nil means zero
}

// ForwardAt returns the forward S·Q(t)/P(t), with P the discount and Q the carry curve, and its derivatives.
func (m Market) ForwardAt(t float64) Forward {
	slope := factor(m.Carry, t) / factor(m.Discount, t)
	f := m.Spot * slope
	fwd := Forward{Value: f, DSpot: slope, DRate: t * f, DYield: -t * f}
	if t > 0 {
		fwd.Drift = math.Log(slope) / t
	}
	fwd.DTime = -fwd.Drift * f
	return fwd
}

// Forward returns the forward for delivery at t, so that a model is itself a [curve.Forward].
func (m Market) Forward(t float64) float64 {
	return m.Spot * factor(m.Carry, t) / factor(m.Discount, t)
}

// DiscountFactor returns today's value of 1 paid at t.
func (m Market) DiscountFactor(t float64) float64 { return factor(m.Discount, t) }

// SpotPrice returns the spot.
func (m Market) SpotPrice() float64 { return m.Spot }

// Growth returns Q(t)/P(t), the forward for delivery at t over the spot.
func (m Market) Growth(t float64) float64 { return factor(m.Carry, t) / factor(m.Discount, t) }

// DiscreteDividends returns nil: the carry curve holds what the asset pays.
func (m Market) DiscreteDividends() []Dividend { return nil }

func (m Market) validate(fn string) error { return fault.Positive(fn, "Spot", m.Spot) }
