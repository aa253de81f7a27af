package mm

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// GLFT is the model of O. Guéant, C.-A. Lehalle and J. Fernandez-Tapia, "Dealing with the inventory risk" (2013), with the
// extensions of O. Guéant, "Optimal market making" (2017): the mid is Drift·t + Sigma·W, customers fill a quote at
// distance δ with intensity A·exp(−K·δ), each fill is for OrderSize units, and the maker maximises expected exponential
// utility. Times are in any one unit; Sigma, Drift and A are per that unit.
//
// [GLFT.Asymptotic] is the closed formula for a far horizon and unbounded inventory; [GLFT.Stationary] and [GLFT.Finite]
// solve the model exactly on bounded inventory.
type GLFT struct {
	Gamma     float64 // aversion to inventory risk, > 0
	K         float64 // decay of the fill intensity per unit of price, > 0
	A         float64 // fills per unit of time at distance 0, > 0
	Sigma     float64 // volatility of the mid, > 0
	Drift     float64 // of the mid; 0 means none
	OrderSize float64 // units of each fill, > 0; 0 means 1
	Jump      float64 // move of the mid against the maker at each fill, >= 0

	// Xi is the aversion to the risk of not being filled, >= 0; 0 means Gamma, which is plain exponential utility.
	Xi float64
	// NeutralFills takes the limit of Xi to 0: no aversion to the risk of not being filled, whatever Xi says.
	NeutralFills bool
}

// Validate returns an error that names the first parameter outside its domain.
func (m GLFT) Validate() error {
	const fn = "mm.GLFT"
	return fault.First(
		fault.Positive(fn, "Gamma", m.Gamma),
		fault.Positive(fn, "K", m.K),
		fault.Positive(fn, "A", m.A),
		fault.Positive(fn, "Sigma", m.Sigma),
		fault.Finite(fn, "Drift", m.Drift),
		fault.NonNegative(fn, "OrderSize", m.OrderSize),
		fault.NonNegative(fn, "Jump", m.Jump),
		fault.NonNegative(fn, "Xi", m.Xi),
	)
}

func (m GLFT) size() float64 {
	if m.OrderSize == 0 {
		return 1
	}
	return m.OrderSize
}

// xiD is Xi·OrderSize.
func (m GLFT) xiD() float64 {
	switch {
	case m.NeutralFills:
		return 0
	case m.Xi == 0:
		return m.Gamma * m.size()
	}
	return m.Xi * m.size()
}

// liquidity is c1, the distance at which a maker without inventory risk would quote: ln(1+ξD/K)/(ξD).
func (m GLFT) liquidity() float64 { return logOnePlusOver(m.xiD(), m.K) }

// power is (1+ξD/K)^(1+K/(ξD)), whose limit at ξ = 0 is e.
func (m GLFT) power() float64 {
	x := m.xiD()
	return math.Exp((m.K + x) * logOnePlusOver(x, m.K))
}

// Asymptotic returns the closed formula for a far horizon: with c1 = ln(1+ξD/K)/(ξD) and
// c2 = sqrt(γσ²/(2·A·D·K)·(1+ξD/K)^(1+K/(ξD))),
//
//	bid distance = c1 + Jump/2 + e^(K·Jump/4)·c2·((2q+D)/2 − Drift/(γσ²))
//	ask distance = c1 + Jump/2 − e^(K·Jump/4)·c2·((2q−D)/2 − Drift/(γσ²))
//
// It approximates the exact solution well while |q| is far from the bound on inventory and c2·K is small.
func (m GLFT) Asymptotic(inventory float64) Distances {
	d, risk := m.size(), m.Gamma*m.Sigma*m.Sigma
	c1 := m.liquidity() + m.Jump/2
	c2 := math.Sqrt(risk/(2*m.A*d*m.K)*m.power()) * math.Exp(m.K*m.Jump/4)
	q := inventory - m.Drift/risk
	return Distances{Bid: c1 + (2*q+d)/2*c2, Ask: c1 - (2*q-d)/2*c2}
}
