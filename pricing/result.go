package pricing

import "strings"

// Mask says which fields of a [Result] an engine filled.
type Mask uint32

// One bit for each field of a Result.
const (
	HasValue Mask = 1 << iota
	HasStdErr
	HasDelta
	HasGamma
	HasVega
	HasTheta
	HasRho
	HasYieldRho
	HasVanna
	HasVolga
	HasCharm
	HasSpeed
	HasColor
	HasZomma
	HasVeta
	HasUltima
	HasDualDelta
	HasDualGamma

	// HasGreeks is every sensitivity.
	HasGreeks = HasDelta | HasGamma | HasVega | HasTheta | HasRho | HasYieldRho | HasVanna | HasVolga | HasCharm |
		HasSpeed | HasColor | HasZomma | HasVeta | HasUltima | HasDualDelta | HasDualGamma
)

var maskNames = [...]string{
	"Value", "StdErr", "Delta", "Gamma", "Vega", "Theta", "Rho", "YieldRho", "Vanna", "Volga", "Charm",
	"Speed", "Color", "Zomma", "Veta", "Ultima", "DualDelta", "DualGamma",
}

// String lists the names of the fields, joined by "|".
func (m Mask) String() string {
	var names []string
	for i, n := range maskNames {
		if m&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, "|")
}

// Result is what an engine found out about an instrument under a model. A field is meaningful only if its bit is set in
// Has: an absent number is never a zero.
type Result struct {
	Value  float64 // present value, in units of the instrument's currency
	StdErr float64 // Monte Carlo standard error; 0 if the engine is deterministic
	Greeks
	Has Mask
}

// Greeks are raw partial derivatives of a value V: S is the spot (or the forward, where a function says that it
// differentiates by the forward), σ the volatility, t the calendar time in years, K the strike.
type Greeks struct {
	Delta     float64 // ∂V/∂S
	Gamma     float64 // ∂²V/∂S²
	Vega      float64 // ∂V/∂σ for a move of 1.00 in σ, not of one point
	Theta     float64 // ∂V/∂t per calendar year; negative when the option decays
	Rho       float64 // ∂V/∂r for a move of 1.00 in the rate, not of one basis point
	YieldRho  float64 // ∂V/∂q for a move of 1.00 in the dividend yield
	Vanna     float64 // ∂²V/∂S∂σ
	Volga     float64 // ∂²V/∂σ², also called vomma
	Charm     float64 // ∂²V/∂S∂t: delta's change per calendar year
	Speed     float64 // ∂³V/∂S³
	Color     float64 // ∂³V/∂S²∂t: gamma's change per calendar year
	Zomma     float64 // ∂³V/∂S²∂σ
	Veta      float64 // ∂²V/∂σ∂t: vega's change per calendar year
	Ultima    float64 // ∂³V/∂σ³
	DualDelta float64 // ∂V/∂K
	DualGamma float64 // ∂²V/∂K²
}

// Units that a desk reads, from the raw derivatives.

// DeltaCash is the delta in money: Δ·S.
func (g Greeks) DeltaCash(spot float64) float64 { return g.Delta * spot }

// GammaCash is the change of [Greeks.DeltaCash] for a move of 1% in spot: Γ·S²/100.
func (g Greeks) GammaCash(spot float64) float64 { return g.Gamma * spot * spot / 100 }

// VegaPoint is the vega for a move of one volatility point (0.01).
func (g Greeks) VegaPoint() float64 { return g.Vega / 100 }

// ThetaDay is the theta for one calendar day of a 365-day year.
func (g Greeks) ThetaDay() float64 { return g.Theta / 365 }

// RhoBP is the rho for a move of one basis point (0.0001).
func (g Greeks) RhoBP() float64 { return g.Rho / 10000 }

// Scaled returns the Greeks of a position of n units.
func (g Greeks) Scaled(n float64) Greeks {
	return Greeks{
		Delta: n * g.Delta, Gamma: n * g.Gamma, Vega: n * g.Vega, Theta: n * g.Theta, Rho: n * g.Rho,
		YieldRho: n * g.YieldRho, Vanna: n * g.Vanna, Volga: n * g.Volga, Charm: n * g.Charm, Speed: n * g.Speed,
		Color: n * g.Color, Zomma: n * g.Zomma, Veta: n * g.Veta, Ultima: n * g.Ultima,
		DualDelta: n * g.DualDelta, DualGamma: n * g.DualGamma,
	}
}

// Plus returns the sum of two sets of Greeks, as for two positions in the same underlying.
func (g Greeks) Plus(h Greeks) Greeks {
	return Greeks{
		Delta: g.Delta + h.Delta, Gamma: g.Gamma + h.Gamma, Vega: g.Vega + h.Vega, Theta: g.Theta + h.Theta,
		Rho: g.Rho + h.Rho, YieldRho: g.YieldRho + h.YieldRho, Vanna: g.Vanna + h.Vanna, Volga: g.Volga + h.Volga,
		Charm: g.Charm + h.Charm, Speed: g.Speed + h.Speed, Color: g.Color + h.Color, Zomma: g.Zomma + h.Zomma,
		Veta: g.Veta + h.Veta, Ultima: g.Ultima + h.Ultima, DualDelta: g.DualDelta + h.DualDelta,
		DualGamma: g.DualGamma + h.DualGamma,
	}
}
