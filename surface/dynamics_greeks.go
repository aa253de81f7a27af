package surface

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

// SmileOption is a European option of a surface. Its forward moves in proportion to the spot.
type SmileOption struct {
	Right    pricing.Right
	Spot     float64 // > 0
	Forward  float64 // to the expiry, > 0
	Strike   float64 // > 0
	Tau      float64 // years to expiry, > 0
	Discount float64 // from expiry to now, > 0
}

func (o SmileOption) validate() error {
	const fn = "surface.SmileOption"
	return fault.First(
		fault.Positive(fn, "Spot", o.Spot), fault.Positive(fn, "Forward", o.Forward), fault.Positive(fn, "Strike", o.Strike),
		fault.Positive(fn, "Tau", o.Tau), fault.Positive(fn, "Discount", o.Discount),
	)
}

// SmileGreeks is the value of an option on a surface and its derivatives when the smile moves with the spot S. With σ(S) the
// volatility of the strike along the motion and V the Black value,
//
//	Delta = V_S + V_σσ',  Gamma = V_SS + 2V_Sσσ' + V_σσσ'² + V_σσ”,  Vanna = V_Sσ + V_σσσ'.
//
// Vega and Volga are by a parallel move of the smile, at a fixed spot, and do not depend on the motion. If Motion.SSR is the
// regression of moves of the volatility at the money on those of the spot (see [EstimateSSR]), Delta is the one that leaves
// the least variance of the hedged option.
type SmileGreeks struct {
	Value float64
	Vol   float64 // of the strike

	Delta, Gamma       float64 // by the spot, along the motion
	Vega, Vanna, Volga float64

	VolDelta float64 // σ' = dσ/dS of the strike
	VolGamma float64 // σ” = d²σ/dS²

	Black pricing.Greeks // by the spot with the volatility of the strike held
}

// Greeks returns the Greeks of an option when the surface moves as the motion says. The derivatives of the volatility are
// those of the surface under translations, and central differences over moves of 0.1 % under sticky local volatility.
func (m Motion) Greeks(v Differentiable, o SmileOption) (SmileGreeks, error) {
	if err := fault.First(m.Validate(), o.validate()); err != nil {
		return SmileGreeks{}, err
	}
	if v == nil {
		return SmileGreeks{}, fault.Arg("surface.Motion.Greeks", "v", nil, "a surface")
	}
	k := math.Log(o.Strike / o.Forward)
	w, wk, wkk, _ := v.Derivatives(k, o.Tau)
	if err := fault.Positive("surface.Motion.Greeks", "total variance of the strike", w); err != nil {
		return SmileGreeks{}, err
	}
	vol := math.Sqrt(w / o.Tau)
	// s1, s2: derivatives of the strike's volatility by x = ln S.
	var s1, s2 float64
	if m.Dynamics == StickyLocalVol {
		panels := panelsOf(v)
		const h = 1e-3
		up := math.Sqrt(localVolMoved(v, panels, k-h, o.Tau, h) / o.Tau)
		down := math.Sqrt(localVolMoved(v, panels, k+h, o.Tau, -h) / o.Tau)
		s1, s2 = (up-down)/(2*h), (up-2*vol+down)/(h*h)
	} else {
		slope := wk / (2 * vol * o.Tau)
		bend := wkk/(2*vol*o.Tau) - slope*slope/vol
		c := m.ratio() - 1
		s1, s2 = c*slope, c*c*bend
	}
	value, g := black.Black76{
		Right: o.Right, Forward: o.Forward, Strike: o.Strike, Vol: vol, Tau: o.Tau, Discount: o.Discount,
	}.Greeks()
	carry := o.Forward / o.Spot
	g.Delta *= carry
	g.Vanna *= carry
	g.Charm *= carry
	g.Gamma *= carry * carry
	g.Color *= carry * carry
	g.Zomma *= carry * carry
	g.Speed *= carry * carry * carry
	d1 := s1 / o.Spot
	d2 := (s2 - s1) / (o.Spot * o.Spot)
	r := SmileGreeks{
		Value: value, Vol: vol, Vega: g.Vega, Volga: g.Volga, VolDelta: d1, VolGamma: d2, Black: g,
		Delta: g.Delta + g.Vega*d1,
		Gamma: g.Gamma + 2*g.Vanna*d1 + g.Volga*d1*d1 + g.Vega*d2,
		Vanna: g.Vanna + g.Volga*d1,
	}
	return r, fault.First(
		fault.Finite("surface.Motion.Greeks", "Value", r.Value), fault.Finite("surface.Motion.Greeks", "Delta", r.Delta),
		fault.Finite("surface.Motion.Greeks", "Gamma", r.Gamma),
	)
}

// SSREstimate is a skew-stickiness ratio estimated from history.
type SSREstimate struct {
	SSR    float64
	StdErr float64 // of the regression, NaN with a single move
	Moves  int
}

// EstimateSSR returns the ratio R that makes R·skew·(move of ln S) closest, by least squares, to the moves of the volatility
// at the money of a fixed time to expiry. The columns are of one length, skew being ∂σ/∂k at the money before each move
// (see [ATMSkew]). It needs a move with a skew.
func EstimateSSR(logSpotMove, volMove, skew []float64) (SSREstimate, error) {
	const fn = "surface.EstimateSSR"
	n := len(logSpotMove)
	if len(volMove) != n {
		return SSREstimate{}, fault.Arg(fn, "volMove", len(volMove), "as many entries as logSpotMove")
	}
	if len(skew) != n {
		return SSREstimate{}, fault.Arg(fn, "skew", len(skew), "as many entries as logSpotMove")
	}
	xx, xy, size := 0.0, 0.0, 0
	for i := range logSpotMove {
		err := fault.First(fault.Finite(fn, "logSpotMove", logSpotMove[i]), fault.Finite(fn, "volMove", volMove[i]), fault.Finite(fn, "skew", skew[i]))
		if err != nil {
			return SSREstimate{}, err
		}
		x := skew[i] * logSpotMove[i]
		xx += x * x
		xy += x * volMove[i]
		size++
	}
	if err := fault.Positive(fn, "sum of squares of skew times move", xx); err != nil {
		return SSREstimate{}, err
	}
	r := SSREstimate{SSR: xy / xx, Moves: size, StdErr: math.NaN()}
	if size > 1 {
		rss := 0.0
		for i := range logSpotMove {
			e := volMove[i] - r.SSR*skew[i]*logSpotMove[i]
			rss += e * e
		}
		r.StdErr = math.Sqrt(rss / float64(size-1) / xx)
	}
	return r, nil
}
