package mm

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

// SmileVol gives implied volatilities: a volatility surface, or a model of one.
type SmileVol interface {
	// VolTo writes to dst the implied volatilities at log-moneyness k = ln(K/F) and t years to expiry; NaN where there is
	// none. dst and k are of one length and do not overlap.
	VolTo(dst, k []float64, t float64)
}

// Dynamics says how implied volatility moves with the spot between two fits of the surface.
type Dynamics int8

// The dynamics.
const (
	StickyMoneyness Dynamics = iota // the smile moves with the forward: volatility is read at the new k
	StickyStrike                    // each strike keeps the volatility it had when the surface was set
)

// String returns "sticky moneyness" or "sticky strike".
func (d Dynamics) String() string {
	if d == StickyStrike {
		return "sticky strike"
	}
	return "sticky moneyness"
}

// Series is a listed option.
type Series struct {
	Expiry     int // index into the settings' expiries
	Strike     float64
	Right      pricing.Right
	Multiplier float64 // units of the underlying per contract, which weigh its position; 0 means 1
}

// Expiry is what the series of one expiry share.
type Expiry struct {
	Label    string  // names the expiry in messages
	Tau      float64 // model time to expiry in years, >= 0
	Carry    float64 // forward over spot, > 0
	Discount float64 // discount factor from expiry to now, > 0
	RealVol  float64 // the maker's forecast of realised volatility; 0 means no view, and no edge
}

// RequoterSettings is what a [Requoter] is made from. It is copied.
type RequoterSettings struct {
	Expiries []Expiry
	Series   []Series // grouped by expiry, in rising order of it
	Desk     Desk
	Rules    Rules
	Factors  *VolFactors // covariance of the expiries' volatilities; nil means independent moves of one point, 0.01
	Sizer    Sizer       // a Max of 0 means that no sizes are wanted
	Dynamics Dynamics
}

// Columns are the state and the quotes of all series, in the order of the settings' series. They belong to the [Requoter]
// and change with its calls; callers only read them. Greeks are of one unit, by the spot.
type Columns struct {
	Vol, Theo, Delta, Gamma, Vega []float64
	Alpha                         []float64 // running edge per year
	Skew                          []float64 // before SkewCap
	Bid, Ask                      []float64 // 0: no quote
	Size                          []float64 // contracts, on both sides
	Cut                           []Cut
	Position                      []float64 // contracts
	MarketBid, MarketAsk          []float64 // others' best prices; 0: none
}

// Requoter turns a tick of the spot into quotes of thousands of options without allocating: volatilities, prices and
// Greeks, the skew of the whole inventory, widths, and prices on the grid. Its settings never change; its columns do, so it
// is not safe for concurrent use.
//
// The two rights of a strike share one evaluation: the option out of the money is priced, the other follows by parity.
type Requoter struct {
	desk     Desk
	rules    Rules
	factors  *VolFactors
	sizer    Sizer
	dynamics Dynamics
	vols     SmileVol
	spot     float64

	expiries []Expiry
	series   []Series
	from     []int // series of expiry e are from[e] to from[e+1]
	nodeFrom []int // and its strikes are nodes nodeFrom[e] to nodeFrom[e+1]
	node     []int // of each series

	// By node, a strike of an expiry:
	strike, logStrike, k, vol           []float64
	otm, callDelta, gamma, vega, dollar []float64
	right                               []pricing.Right // of the option out of the money

	weight   []float64 // of one contract in its expiry's inventory, by series
	byExpiry []float64 // inventory
	exposure []float64 // of the inventory to the factors

	c Columns
}

// NewRequoter returns a requoter that has quoted once at the spot, with the surface vols.
func NewRequoter(settings RequoterSettings, vols SmileVol, spot float64) (*Requoter, error) {
	const fn = "mm.NewRequoter"
	if err := settings.validate(fn); err != nil {
		return nil, err
	}
	if vols == nil {
		return nil, fault.Arg(fn, "vols", nil, "a surface")
	}
	if err := fault.Positive(fn, "spot", spot); err != nil {
		return nil, err
	}
	factors := settings.Factors
	if factors == nil {
		var err error
		if factors, err = NewIndependentVolFactors(len(settings.Expiries), 0.01); err != nil {
			return nil, err
		}
	}
	r := &Requoter{
		desk: settings.Desk, rules: settings.Rules, factors: factors, sizer: settings.Sizer, dynamics: settings.Dynamics,
		expiries: append([]Expiry(nil), settings.Expiries...),
		series:   append([]Series(nil), settings.Series...),
	}
	r.layOut()
	r.SetSurface(vols, spot)
	r.Requote(spot)
	return r, nil
}

func (s *RequoterSettings) validate(fn string) error {
	if len(s.Series) == 0 {
		return fault.Arg(fn, "Series", "empty", "at least one")
	}
	for i, e := range s.Expiries {
		if err := e.validate(fn, fmt.Sprintf("Expiries[%d] %s: ", i, e.Label)); err != nil {
			return err
		}
	}
	last := 0
	for i, o := range s.Series {
		name := fmt.Sprintf("Series[%d].", i)
		if o.Expiry < last || o.Expiry >= len(s.Expiries) {
			return fault.Arg(fn, name+"Expiry", o.Expiry, fmt.Sprintf("in [%d, %d): grouped by expiry", last, len(s.Expiries)))
		}
		last = o.Expiry
		if o.Right != pricing.Call && o.Right != pricing.Put {
			return fault.Arg(fn, name+"Right", o.Right, "Call or Put")
		}
		if err := fault.First(
			fault.Positive(fn, name+"Strike", o.Strike),
			fault.NonNegative(fn, name+"Multiplier", o.Multiplier),
		); err != nil {
			return err
		}
	}
	if s.Factors != nil && s.Factors.Len() != len(s.Expiries) {
		return fault.Arg(fn, "Factors", s.Factors.Len(), fmt.Sprintf("%d expiries", len(s.Expiries)))
	}
	if s.Dynamics != StickyMoneyness && s.Dynamics != StickyStrike {
		return fault.Arg(fn, "Dynamics", int8(s.Dynamics), "StickyMoneyness or StickyStrike")
	}
	if s.Sizer.Max != 0 {
		if err := s.Sizer.Validate(); err != nil {
			return err
		}
	}
	return fault.First(s.Desk.Validate(), s.Rules.Validate())
}

func (e Expiry) validate(fn, name string) error {
	return fault.First(
		fault.NonNegative(fn, name+"Tau", e.Tau),
		fault.Positive(fn, name+"Carry", e.Carry),
		fault.Positive(fn, name+"Discount", e.Discount),
		fault.NonNegative(fn, name+"RealVol", e.RealVol),
	)
}

// layOut makes the nodes and all columns.
func (r *Requoter) layOut() {
	n, m := len(r.series), len(r.expiries)
	r.node, r.from, r.nodeFrom = make([]int, n), make([]int, m+1), make([]int, m+1)
	i := 0
	for e := range m {
		nodes := make(map[float64]int)
		for ; i < n && r.series[i].Expiry == e; i++ {
			o := &r.series[i]
			if o.Multiplier == 0 {
				o.Multiplier = 1
			}
			at, seen := nodes[o.Strike]
			if !seen {
				at = len(r.strike)
				nodes[o.Strike] = at
				r.strike = append(r.strike, o.Strike)
				r.logStrike = append(r.logStrike, math.Log(o.Strike))
			}
			r.node[i] = at
		}
		r.from[e+1], r.nodeFrom[e+1] = i, len(r.strike)
	}
	columns := func(length int, dst ...*[]float64) {
		for _, d := range dst {
			*d = make([]float64, length)
		}
	}
	c := &r.c
	columns(len(r.strike), &r.k, &r.vol, &r.otm, &r.callDelta, &r.gamma, &r.vega, &r.dollar)
	r.right = make([]pricing.Right, len(r.strike))
	columns(n, &r.weight, &c.Vol, &c.Theo, &c.Delta, &c.Gamma, &c.Vega, &c.Alpha, &c.Skew, &c.Bid, &c.Ask, &c.Size,
		&c.Position, &c.MarketBid, &c.MarketAsk)
	columns(m, &r.byExpiry)
	columns(r.factors.Rank(), &r.exposure)
	c.Cut = make([]Cut, n)
}

// SetSurface takes a new volatility surface that was fitted at the given spot, which is what [StickyStrike] holds the
// volatilities at. The quotes follow at the next [Requoter.Requote].
func (r *Requoter) SetSurface(vols SmileVol, spot float64) {
	r.vols = vols
	if r.dynamics == StickyStrike {
		for e := range r.expiries {
			r.readVols(e, spot)
		}
	}
}

// SetExpiry replaces what the series of expiry e share, as when time passes or a dividend changes the carry. The quotes
// follow at the next [Requoter.Requote].
func (r *Requoter) SetExpiry(e int, x Expiry) error {
	const fn = "mm.Requoter.SetExpiry"
	if e < 0 || e >= len(r.expiries) {
		return fault.Arg(fn, "e", e, fmt.Sprintf("in [0, %d)", len(r.expiries)))
	}
	if err := x.validate(fn, ""); err != nil {
		return err
	}
	r.expiries[e] = x
	return nil
}

// SetMarket takes others' best prices in series i, for post-only quotes; 0 or NaN means that there is none. It takes part
// from the next requote.
func (r *Requoter) SetMarket(i int, bid, ask float64) { r.c.MarketBid[i], r.c.MarketAsk[i] = bid, ask }

// OnFill takes a fill of contracts (positive if bought) in series i into the inventory, at the Greeks of the last requote.
// The skew follows in [Requoter.Reskew] or the next [Requoter.Requote].
func (r *Requoter) OnFill(i int, contracts float64) error {
	const fn = "mm.Requoter.OnFill"
	if i < 0 || i >= len(r.series) {
		return fault.Arg(fn, "i", i, fmt.Sprintf("in [0, %d)", len(r.series)))
	}
	if err := fault.Finite(fn, "contracts", contracts); err != nil {
		return err
	}
	r.c.Position[i] += contracts
	r.addInventory(r.series[i].Expiry, r.weight[i]*contracts)
	return nil
}

// Inventory returns the inventory of expiry e in the desk's measure.
func (r *Requoter) Inventory(e int) float64 { return r.byExpiry[e] }

func (r *Requoter) addInventory(e int, x float64) {
	r.byExpiry[e] += x
	r.factors.add(r.exposure, e, x)
}

// Requote values every series at the spot and quotes it. It returns the number of series without a theo (no volatility,
// or a spot that is not positive), whose quotes are pulled. It allocates nothing.
func (r *Requoter) Requote(spot float64) (pulled int) {
	r.spot = spot
	clear(r.byExpiry)
	clear(r.exposure)
	for e := range r.expiries {
		if r.dynamics == StickyMoneyness {
			r.readVols(e, spot)
		}
		r.valueNodes(e, spot)
		r.addInventory(e, r.valueSeries(e))
	}
	return r.Reskew()
}

// readVols reads the volatilities of an expiry's strikes at the moneyness they have at the spot.
func (r *Requoter) readVols(e int, spot float64) {
	lo, hi := r.nodeFrom[e], r.nodeFrom[e+1]
	logForward := math.Log(spot * r.expiries[e].Carry)
	for j := lo; j < hi; j++ {
		r.k[j] = r.logStrike[j] - logForward
	}
	if lo < hi {
		r.vols.VolTo(r.vol[lo:hi], r.k[lo:hi], r.expiries[e].Tau)
	}
}

// valueNodes values the out-of-the-money option of each strike.
func (r *Requoter) valueNodes(e int, spot float64) {
	x := &r.expiries[e]
	forward := spot * x.Carry
	lo, hi := r.nodeFrom[e], r.nodeFrom[e+1]
	for j := lo; j < hi; j++ {
		r.right[j] = pricing.Call
		if r.strike[j] < forward {
			r.right[j] = pricing.Put
		}
	}
	strip := black.Black76Strip{
		Forward: forward, Tau: x.Tau, Discount: x.Discount, Right: r.right[lo:hi], Strike: r.strike[lo:hi], Vol: r.vol[lo:hi],
	}
	strip.GreeksTo(black.Columns{Price: r.otm[lo:hi], Delta: r.callDelta[lo:hi], Gamma: r.gamma[lo:hi], Vega: r.vega[lo:hi]})
	for j := lo; j < hi; j++ {
		delta, gamma := r.callDelta[j], r.gamma[j]
		if r.right[j] == pricing.Put {
			delta += x.Discount
		}
		r.callDelta[j] = delta * x.Carry
		r.gamma[j] = gamma * x.Carry * x.Carry
		r.dollar[j] = forward * forward * gamma
	}
}

// valueSeries spreads the values of the nodes to their series and returns the expiry's inventory.
func (r *Requoter) valueSeries(e int) (inventory float64) {
	x, c := &r.expiries[e], &r.c
	forward := r.spot * x.Carry
	for i := r.from[e]; i < r.from[e+1]; i++ {
		j, o := r.node[i], &r.series[i]
		parity, delta := x.Discount*max(forward-o.Strike, 0), r.callDelta[j]
		if o.Right == pricing.Put {
			parity, delta = x.Discount*max(o.Strike-forward, 0), delta-x.Discount*x.Carry
		}
		c.Vol[i], c.Theo[i], c.Delta[i], c.Gamma[i], c.Vega[i] = r.vol[j], r.otm[j]+parity, delta, r.gamma[j], r.vega[j]
		c.Alpha[i] = 0
		if x.RealVol > 0 {
			c.Alpha[i] = Edge(r.dollar[j], x.RealVol, r.vol[j])
		}
		// A series that has lost its vega keeps the weight it had: its position is still there.
		if w := r.desk.weight(r.vega[j], o.Multiplier); finite(w) {
			r.weight[i] = w
		}
		inventory += r.weight[i] * c.Position[i]
	}
	return inventory
}

// Reskew quotes every series anew at the Greeks of the last [Requoter.Requote] with the inventory as it is now. It is what
// a fill asks for. It returns the number of quotes that are pulled and allocates nothing.
func (r *Requoter) Reskew() (pulled int) {
	c := &r.c
	for e := range r.expiries {
		volRisk := r.factors.row(e, r.exposure)
		for i := r.from[e]; i < r.from[e+1]; i++ {
			vega := c.Vega[i]
			skew, fair := r.desk.Skew(vega, volRisk), c.Theo[i]+float64(r.desk.EdgeHorizon*c.Alpha[i])
			width := r.desk.Width(c.Gamma[i], vega)
			half := width.Half()
			c.Skew[i], c.Size[i] = skew, 0
			if !finite(fair) || !finite(skew) || !finite(half) {
				c.Bid[i], c.Ask[i], c.Cut[i] = 0, 0, CutPulled
				pulled++
				continue
			}
			half, shift, widened := r.rules.widen(half, skew)
			bid, ask, placed := r.rules.place(fair-shift-half, fair-shift+half, c.MarketBid[i], c.MarketAsk[i])
			c.Bid[i], c.Ask[i], c.Cut[i] = bid, ask, widened|placed
			if r.sizer.Max > 0 {
				m := r.series[i].Multiplier
				c.Size[i] = r.sizer.Size(m*c.Delta[i], m*c.Gamma[i], m*vega)
			}
		}
	}
	return pulled
}

// Columns returns the columns of the last requote.
func (r *Requoter) Columns() *Columns { return &r.c }

// Spot returns the spot of the last requote.
func (r *Requoter) Spot() float64 { return r.spot }

// Len is the number of series.
func (r *Requoter) Len() int { return len(r.series) }

// Explain returns the quote of series i with the record of how it came about, as of the last requote.
func (r *Requoter) Explain(i int) Quote {
	c := &r.c
	return r.rules.Make(Input{
		Theo: c.Theo[i], Edge: r.desk.EdgeHorizon * c.Alpha[i], Skew: c.Skew[i],
		Width:  r.desk.Width(c.Gamma[i], c.Vega[i]),
		Market: TopOfBook{Bid: c.MarketBid[i], Ask: c.MarketAsk[i]},
	})
}
