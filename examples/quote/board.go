package main

import (
	"math"

	"github.com/volgaquant/volga/mm"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/surface"
)

// board is every series that has a place on the surface, with the market's prices and our quoter.
type board struct {
	settings mm.RequoterSettings
	requoter *mm.Requoter
	expiry   []surface.Expiry // of the chain, by expiry of the board
	from     []int            // series of expiry e are from[e] to from[e+1]
	inverse  bool
	rules    mm.Rules // on the venue's grid, in coins if the chain is inverse
	market   []mm.TopOfBook
}

// quoted is a quote of a series as it goes to the venue.
type quoted struct {
	series int
	mm.Quote
}

func (d *desk) makeBoard() (*board, error) {
	b := &board{inverse: d.chain.Inverse}
	spot := d.world.Spot

	// The smiles are a subset of the chain's expiries, in the same order.
	rows := make(map[string][]int)
	for i := range d.chain.Len() {
		label := d.chain.Expiries[d.chain.Expiry[i]].Label()
		rows[label] = append(rows[label], i)
	}
	byLabel := make(map[string]surface.Expiry)
	for _, e := range d.chain.Expiries {
		byLabel[e.Label()] = e
	}
	var tau, volOfVol []float64
	for i := range d.smiles {
		s := &d.smiles[i]
		b.expiry = append(b.expiry, byLabel[s.Label])
		b.from = append(b.from, len(b.settings.Series))
		b.settings.Expiries = append(b.settings.Expiries, mm.Expiry{
			Label: s.Label, Tau: s.Tau, Carry: s.Forward / spot, Discount: s.Discount, RealVol: d.settings.realVol,
		})
		// A month's volatility moves by a point a day, others by the root of time; the correlation of two expiries falls
		// with the distance of their roots of time.
		tau = append(tau, s.Tau)
		volOfVol = append(volOfVol, 0.01*math.Min(3, math.Sqrt(30.0/365/s.Tau)))

		onSmile := make(map[float64]bool, s.Len())
		for _, k := range s.Strike {
			onSmile[k] = true
		}
		seen := make(map[mm.Series]bool)
		for _, r := range rows[s.Label] {
			o := mm.Series{Expiry: i, Strike: d.chain.Strike[r], Right: d.chain.Right[r], Multiplier: d.multiplier}
			if !onSmile[o.Strike] || seen[o] {
				continue
			}
			seen[o] = true
			b.settings.Series = append(b.settings.Series, o)
			top := mm.TopOfBook{Bid: d.chain.Bid[r], Ask: d.chain.Ask[r]}
			if !(top.Bid >= 0 && top.Ask > top.Bid) { // empty or crossed books bound nothing
				top = mm.TopOfBook{}
			}
			b.market = append(b.market, top)
		}
	}
	b.from = append(b.from, len(b.settings.Series))

	factors, err := mm.NewDecayVolFactors(tau, volOfVol, 1)
	if err != nil {
		return nil, err
	}
	if factors, err = factors.WithRank(min(d.settings.rank, len(tau))); err != nil {
		return nil, err
	}
	b.settings.Factors = factors
	if b.rules, err = venueRules(d.chain); err != nil {
		return nil, err
	}
	b.settings.Rules = b.rules
	if b.inverse { // the requoter thinks in money, where a coin's grid is fine enough to ignore
		if b.settings.Rules.Ticks, err = mm.UniformTicks(0.01); err != nil {
			return nil, err
		}
	}
	b.settings.Desk = d.makeDesk(b)
	if b.requoter, err = mm.NewRequoter(b.settings, d.fitted, spot); err != nil {
		return nil, err
	}
	if !b.inverse {
		for i, m := range b.market {
			b.requoter.SetMarket(i, m.Bid, m.Ask)
		}
	}
	b.requoter.Requote(spot)
	return b, nil
}

// makeDesk scales the linear Lucic-Tse model to the market at hand: a base of one tick, hedging at half a basis point of
// spot for a move of one percent, a doubt of a twentieth of a volatility point, and an aversion at which the inventory asked
// for moves the quotes of its own straddle by about their half-width.
func (d *desk) makeDesk(b *board) mm.Desk {
	s := &d.smiles[d.shown[min(1, len(d.shown)-1)]]
	spot := d.world.Spot
	base := b.rules.Ticks.Tick(0.02 * spot)
	if b.inverse {
		base = b.rules.Ticks.Tick(0.02) * spot
	}
	desk := mm.Desk{
		Base:        base,
		HedgeCost:   spot * spot * 0.00005 * 0.01,
		Uncertainty: 0.0005,
		GammaInv:    d.settings.aversion,
		EdgeHorizon: 1.0 / 365,
	}
	if desk.GammaInv == 0 && d.settings.straddles != 0 {
		vol := d.fitted.Vol(0, s.Tau)
		vega := s.Discount * s.Forward * math.Sqrt(s.Tau) * math.Exp(-vol*vol*s.Tau/8) / math.Sqrt(2*math.Pi)
		e := d.shown[min(1, len(d.shown)-1)]
		volRisk := b.settings.Factors.At(e, e) * 2 * math.Abs(d.settings.straddles) * d.multiplier * vega
		gamma := vega / (spot * spot * vol * s.Tau)
		desk.GammaInv = desk.Width(gamma, vega).Half() / (vega * volRisk)
	}
	return desk
}

// quotes returns the quotes of all series on the venue's grid. Coin-margined options are quoted in coins: everything in
// money over the forward of their expiry.
func (b *board) quotes() []quoted {
	out := make([]quoted, b.requoter.Len())
	for i := range out {
		q := b.requoter.Explain(i)
		if b.inverse {
			in := q.Input
			e := b.settings.Expiries[b.settings.Series[i].Expiry]
			unit := 1 / (e.Carry * b.requoter.Spot())
			in.Theo, in.Edge, in.Skew = in.Theo*unit, in.Edge*unit, in.Skew*unit
			w := &in.Width
			w.Base, w.Hedge, w.Uncertainty, w.Adverse, w.Fees = w.Base*unit, w.Hedge*unit, w.Uncertainty*unit, w.Adverse*unit, w.Fees*unit
			in.Market = b.market[i]
			q = b.rules.Make(in)
		}
		out[i] = quoted{i, q}
	}
	return out
}

// atTheMoney returns the series of the call and the put whose strike is nearest to the forward of an expiry.
func (b *board) atTheMoney(e int) []int {
	forward := b.settings.Expiries[e].Carry * b.requoter.Spot()
	best, distance := 0.0, math.Inf(1)
	for _, o := range b.settings.Series[b.from[e]:b.from[e+1]] {
		if x := math.Abs(o.Strike - forward); x < distance {
			best, distance = o.Strike, x
		}
	}
	var out []int
	for i := b.from[e]; i < b.from[e+1]; i++ {
		if b.settings.Series[i].Strike == best {
			out = append(out, i)
		}
	}
	return out
}

// nearest returns the series of about n strikes of an expiry, spread over deltas of 0.1 to 0.9, in order.
func (b *board) nearest(e, n int) []int {
	c := b.requoter.Columns()
	var calls []int
	for i := b.from[e]; i < b.from[e+1]; i++ {
		o := b.settings.Series[i]
		if d := math.Abs(c.Delta[i]); o.Right == pricing.Call && d >= 0.1 && d <= 0.9 {
			calls = append(calls, i)
		}
	}
	if len(calls) == 0 {
		return b.atTheMoney(e)
	}
	var out []int
	for j := range min(n, len(calls)) {
		out = append(out, calls[j*(len(calls)-1)/max(1, min(n, len(calls))-1)])
	}
	return out
}

// venueRules guesses the price grid from the prices: the coarsest common one that nearly all of them lie on. A quoter knows
// its venue; a file does not say.
func venueRules(c *surface.Chain) (mm.Rules, error) {
	rules := mm.Rules{PostOnly: true, SkewCap: 3}
	if c.Inverse {
		grid, err := mm.NewTickTable(mm.TickBand{From: 0, Tick: 0.0001}, mm.TickBand{From: 0.005, Tick: 0.0005})
		rules.Ticks = grid
		return rules, err
	}
	pennies, err := mm.UniformTicks(0.01)
	if err != nil {
		return rules, err
	}
	rules.Ticks = pennies
	for _, grid := range []mm.TickTable{mm.PennyTicks(), mm.NickelTicks()} {
		on, all := 0, 0
		for i := range c.Len() {
			for _, p := range []float64{c.Bid[i], c.Ask[i]} {
				if p > 0 {
					all++
					if grid.Holds(p) {
						on++
					}
				}
			}
		}
		if float64(on) >= 0.98*float64(all) {
			rules.Ticks = grid
		}
	}
	return rules, nil
}
