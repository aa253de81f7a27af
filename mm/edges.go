package mm

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// Edge is the running profit per unit of time of holding one delta-hedged option marked at implied volatility impliedVol
// while the underlying moves with realVol: α = ½·(realVol² − impliedVol²)·S²Γ, where dollarGamma is S²Γ (and with
// forwards F²Γ_F, the same number). It is positive if the maker thinks the option cheap.
func Edge(dollarGamma, realVol, impliedVol float64) float64 {
	return dollarGamma * (realVol - impliedVol) * (realVol + impliedVol) / 2
}

// Edges is the expected running edge of every option as seen from now. [ConstantEdges] and [GammaEdges] are such.
type Edges interface {
	// Len is the number of options.
	Len() int
	// EdgesTo writes to dst the expected edges at the time ahead (>= 0, in years) from now.
	EdgesTo(dst []float64, ahead float64)
}

// ConstantEdges are edges that do not change over the horizon.
type ConstantEdges []float64

// Len is the number of options.
func (e ConstantEdges) Len() int { return len(e) }

// EdgesTo copies the edges.
func (e ConstantEdges) EdgesTo(dst []float64, _ float64) { copy(dst, e) }

// GammaEdges are the edges of European options whose dollar gamma is taken at its expectation while the underlying moves
// from Spot with RealVol and no drift. The columns are of one length; the options may be calls or puts.
type GammaEdges struct {
	Spot, RealVol float64
	Strike, Vol   []float64 // implied volatilities > 0
	Tau           []float64 // years to expiry > 0
}

// Validate returns an error that names the first field outside its domain.
func (e GammaEdges) Validate() error {
	const fn = "mm.GammaEdges"
	if err := fault.First(
		fault.Positive(fn, "Spot", e.Spot),
		fault.NonNegative(fn, "RealVol", e.RealVol),
	); err != nil {
		return err
	}
	if len(e.Vol) != len(e.Strike) || len(e.Tau) != len(e.Strike) {
		return fault.Arg(fn, "Strike", len(e.Strike), "as many entries as Vol and Tau")
	}
	for i := range e.Strike {
		if err := fault.First(
			fault.Positive(fn, fmt.Sprintf("Strike[%d]", i), e.Strike[i]),
			fault.Positive(fn, fmt.Sprintf("Vol[%d]", i), e.Vol[i]),
			fault.Positive(fn, fmt.Sprintf("Tau[%d]", i), e.Tau[i]),
		); err != nil {
			return err
		}
	}
	return nil
}

// Len is the number of options.
func (e GammaEdges) Len() int { return len(e.Strike) }

// EdgesTo writes the expected edges; an option that has expired by then has none.
func (e GammaEdges) EdgesTo(dst []float64, ahead float64) {
	for i, k := range e.Strike {
		dst[i] = Edge(expectedDollarGamma(e.Spot, k, e.Vol[i], e.RealVol, e.Tau[i], ahead), e.RealVol, e.Vol[i])
	}
}

// expectedDollarGamma is E[S_u²·Γ(u, S_u)] at u = ahead for an option marked at the constant volatility implied:
// K·n(d)/√w with w = implied²(τ−u) + real²·u and d = (ln(S/K) − w/2)/√w. It is the same for calls and puts, and at
// ahead = 0 it is the dollar gamma.
func expectedDollarGamma(spot, strike, implied, real, tau, ahead float64) float64 {
	if ahead >= tau {
		return 0
	}
	w := implied*implied*(tau-ahead) + real*real*ahead
	root := math.Sqrt(w)
	d := math.Log(spot/strike)/root - root/2
	return strike * math.Exp(-d*d/2) / (math.Sqrt(2*math.Pi) * root)
}
