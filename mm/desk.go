package mm

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// InventoryMeasure says how the positions of an expiry add up to the inventory that skews its quotes.
type InventoryMeasure int8

// The measures of inventory.
const (
	VegaWeighted  InventoryMeasure = iota // Σ vega·multiplier·position: the risk that the skew is for
	ContractCount                         // Σ position: the unweighted count of the source, without consistent units
)

// String returns "vega-weighted" or "contract count".
func (m InventoryMeasure) String() string {
	if m == ContractCount {
		return "contract count"
	}
	return "vega-weighted"
}

// Desk is the linear model of a desk that quotes options, the fast form of [LucicTse]: for an option of expiry e with
// gamma Γ and vega ν,
//
//	α    = ½·S²Γ·(σ_real² − σ_imp²)          running edge, see [Edge]
//	half = Base + ½·HedgeCost·|Γ| + Uncertainty·ν + Fees/2
//	skew = GammaInv·ν·(Σ_vol·n)_e            n: inventory by expiry, Σ_vol: [VolFactors]
//	bid  = theo + EdgeHorizon·α − skew − half
//	ask  = theo + EdgeHorizon·α − skew + half
//
// Greeks and Σ_vol are raw: per unit of spot and per 1.00 of volatility. See [DefaultDesk] for usual settings.
type Desk struct {
	GammaInv    float64 // aversion to vega inventory, per unit of money; >= 0
	Base        float64 // half-spread of an option without gamma, in price; >= 0
	HedgeCost   float64 // cost of hedging a gamma of 1; >= 0
	Uncertainty float64 // doubt about the implied volatility as a decimal, in half-width; >= 0
	Fees        float64 // of a round trip, per unit; >= 0
	EdgeHorizon float64 // years over which the edge is counted as won at once; >= 0, and at 0 α is only reported
	Measure     InventoryMeasure
}

// DefaultDesk returns the settings GammaInv 0.05, Base 0.05 and HedgeCost 0.001, which suit volatilities that move by a
// point: Σ_vol about 1e-4.
func DefaultDesk() Desk { return Desk{GammaInv: 0.05, Base: 0.05, HedgeCost: 0.001} }

// Validate returns an error that names the first setting outside its domain.
func (d Desk) Validate() error {
	const fn = "mm.Desk"
	if d.Measure != VegaWeighted && d.Measure != ContractCount {
		return fault.Arg(fn, "Measure", int8(d.Measure), "VegaWeighted or ContractCount")
	}
	return fault.First(
		fault.NonNegative(fn, "GammaInv", d.GammaInv),
		fault.NonNegative(fn, "Base", d.Base),
		fault.NonNegative(fn, "HedgeCost", d.HedgeCost),
		fault.NonNegative(fn, "Uncertainty", d.Uncertainty),
		fault.NonNegative(fn, "Fees", d.Fees),
		fault.NonNegative(fn, "EdgeHorizon", d.EdgeHorizon),
	)
}

// Width returns the parts of the half-width of an option.
func (d Desk) Width(gamma, vega float64) Width {
	return Width{
		Base:        d.Base,
		Hedge:       d.HedgeCost * math.Abs(gamma) / 2,
		Uncertainty: d.Uncertainty * vega,
		Fees:        d.Fees,
	}
}

// Skew returns what is taken from fair value: volRisk is (Σ_vol·n)_e, the expiry's covariance with the whole inventory.
func (d Desk) Skew(vega, volRisk float64) float64 { return d.GammaInv * vega * volRisk }

// weight is what one contract adds to the inventory of its expiry.
func (d Desk) weight(vega, multiplier float64) float64 {
	if d.Measure == ContractCount {
		return 1
	}
	return vega * multiplier
}
