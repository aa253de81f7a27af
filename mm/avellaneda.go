package mm

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// AvellanedaStoikov is the model of M. Avellaneda and S. Stoikov, "High-frequency trading in a limit order book" (2008):
// the mid is σ·W, customers fill a quote at distance δ with intensity A·exp(−K·δ), and the maker maximises expected
// exponential utility of wealth at the horizon. The quotes do not depend on A.
type AvellanedaStoikov struct {
	Gamma float64 // risk aversion per unit of money, >= 0; 0 is the risk-neutral limit
	K     float64 // decay of the fill intensity per unit of price, > 0
	Sigma float64 // volatility of the mid in price per square root of a unit of time, >= 0
}

// QuoteState is what a quote of the underlying depends on.
type QuoteState struct {
	Mid       float64 // fair value
	Inventory float64 // positive when long
	TimeLeft  float64 // to the horizon, in the units of Sigma
}

// Validate returns an error that names the first parameter outside its domain.
func (m AvellanedaStoikov) Validate() error {
	const fn = "mm.AvellanedaStoikov"
	return fault.First(
		fault.NonNegative(fn, "Gamma", m.Gamma),
		fault.Positive(fn, "K", m.K),
		fault.NonNegative(fn, "Sigma", m.Sigma),
	)
}

// Reservation is the price at which the maker is indifferent: s − q·γ·σ²·(T−t), equation (29).
func (m AvellanedaStoikov) Reservation(s QuoteState) float64 {
	return s.Mid - s.Inventory*m.Gamma*m.Sigma*m.Sigma*s.TimeLeft
}

// Spread is the whole spread γ·σ²·(T−t) + (2/γ)·ln(1+γ/K), equation (30).
func (m AvellanedaStoikov) Spread(timeLeft float64) float64 {
	return m.Gamma*m.Sigma*m.Sigma*timeLeft + 2*logOnePlusOver(m.Gamma, m.K)
}

// Distances returns the quote about the mid: the spread centred on the reservation price.
func (m AvellanedaStoikov) Distances(s QuoteState) Distances {
	half, skew := m.Spread(s.TimeLeft)/2, s.Mid-m.Reservation(s)
	return Distances{Bid: half + skew, Ask: half - skew}
}

// logOnePlusOver is ln(1+x/k)/x, and its limit 1/k at x = 0.
func logOnePlusOver(x, k float64) float64 {
	if x == 0 {
		return 1 / k
	}
	return math.Log1p(x/k) / x
}
