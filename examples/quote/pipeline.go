package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/calendar"
	"github.com/volgaquant/volga/rates/curve"
	"github.com/volgaquant/volga/risk"
	"github.com/volgaquant/volga/surface"
)

// desk is everything that the walk finds, in the order in which it finds it.
type desk struct {
	settings settings
	notes    []string
	timings  []timing

	chain  *surface.Chain
	read   surface.ReadReport
	smiles []surface.Smile
	cut    surface.SmileReport

	fitted    *surface.ESSVI
	fit       surface.FitReport
	refit     time.Duration // a fit from the parameters just found
	liquid    liquidity
	arbitrage surface.ArbitrageReport

	world      model.BlackScholes
	multiplier float64
	board      *board
	shown      []int // expiries whose quotes are printed
	flat, held []quoted
	inventory  []position
	book       *risk.Book
}

type timing struct {
	stage string
	took  time.Duration
}

// walk takes the chain all the way. Each step is one method below.
func walk(ctx context.Context, s settings, progress func(string)) (*desk, error) {
	d := &desk{settings: s}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"reading the chain", d.readChain},
		{"cleaning, forwards, implied volatilities", d.imply},
		{"fitting the surface", d.fitSurface},
		{"looking for arbitrage", d.checkArbitrage},
		{"quoting the whole board", d.quote},
		{"the book and its ladder", d.carry},
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		progress(step.name)
		began := time.Now()
		if err := step.do(); err != nil {
			return nil, err
		}
		d.timings = append(d.timings, timing{step.name, time.Since(began)})
	}
	return d, nil
}

// readChain reads the file, or makes a chain up.
func (d *desk) readChain() error {
	if d.settings.chain == "" {
		d.chain = synthetic()
		d.read = surface.ReadReport{File: "made up", Lines: d.chain.Len(), Rows: d.chain.Len(), Kept: d.chain.Len()}
		d.notes = append(d.notes, syntheticNote)
		return nil
	}
	var err error
	d.chain, d.read, err = surface.ReadChainFile(d.settings.chain, d.settings.read)
	return err
}

// imply cleans the quotes, finds each expiry's forward and discount factor from put-call parity, and inverts Black's
// formula for the options out of the money.
func (d *desk) imply() error {
	opt := surface.SmileOptions{Discount: d.settings.discount()}
	chain := d.chain
	if d.settings.marks {
		chain = chain.Marks()
	}
	var err error
	d.smiles, d.cut, err = chain.Smiles(opt)
	if err != nil && !errors.Is(err, surface.ErrNoSmile) || d.chain.Mark == nil || d.settings.marks || d.cut.Used > d.cut.Rows/20 {
		return err
	}
	// Hardly a two-sided quote in the books, but the venue prints marks: they are what there is to fit.
	smiles, cut, again := d.chain.Marks().Smiles(opt)
	if again != nil || cut.Used < 5*d.cut.Used {
		return err
	}
	d.settings.marks = true
	d.notes = append(d.notes, fmt.Sprintf("only %d of %d options have a two-sided quote to fit: the venue's mark prices are used instead", d.cut.Used, d.cut.Rows))
	d.smiles, d.cut = smiles, cut
	return nil
}

// fitSurface fits eSSVI to all expiries at once, and once more from the result, as on the next tick.
func (d *desk) fitSurface() error {
	var fitter surface.Fitter
	var err error
	d.fitted, d.fit, err = fitter.Fit(d.smiles, surface.FitSettings{})
	if errors.Is(err, surface.ErrNotConverged) { // the best surface found, free of arbitrage, and said so
		d.notes = append(d.notes, err.Error())
		err = nil
	}
	if err != nil {
		return err
	}
	d.fit.Slices = append([]surface.SliceFit(nil), d.fit.Slices...) // the fitter will overwrite its own
	d.fit.Active = append([]surface.ActiveCondition(nil), d.fit.Active...)
	d.liquid = measure(d.smiles, d.fitted)

	slices := make([]surface.Slice, len(d.smiles))
	began := time.Now()
	_, err = fitter.FitTo(slices, d.smiles, surface.FitSettings{Start: d.fitted})
	d.refit = time.Since(began)
	if errors.Is(err, surface.ErrNotConverged) {
		err = nil
	}
	return err
}

// liquidity is how the fit does where the market is deep: two weeks to a year, |delta| from 0.05 to 0.95.
type liquidity struct {
	quotes int
	inside float64 // share with the fitted volatility between bid and ask
	rms    float64 // of fitted minus mid volatility
}

func measure(smiles []surface.Smile, fitted *surface.ESSVI) liquidity {
	var l liquidity
	var sum float64
	inside := 0
	for i := range smiles {
		s := &smiles[i]
		if s.Tau < 14.0/365 || s.Tau > 1 {
			continue
		}
		for j, k := range s.K {
			vol := fitted.Vol(k, s.Tau)
			_, g := black.Black76{Right: s.Right[j], Forward: s.Forward, Strike: s.Strike[j], Vol: vol, Tau: s.Tau, Discount: 1}.Greeks()
			if a := math.Abs(g.Delta); a < 0.05 || a > 0.95 {
				continue
			}
			l.quotes++
			sum += (vol - s.Mid[j]) * (vol - s.Mid[j])
			if !(vol < s.Bid[j]) && vol <= s.Ask[j] { // no bid volatility is no bound
				inside++
			}
		}
	}
	l.inside = float64(inside) / float64(l.quotes)
	l.rms = math.Sqrt(sum / float64(l.quotes))
	return l
}

// checkArbitrage looks at the surface on a dense grid. The fit promises that there is nothing to find; a desk checks.
func (d *desk) checkArbitrage() error {
	d.arbitrage = surface.CheckArbitrage(d.fitted, surface.Grid{})
	return nil
}

// quote makes the market a model, quotes every series without inventory, takes the inventory on, and quotes again.
func (d *desk) quote() error {
	var err error
	if d.world, err = d.makeWorld(); err != nil {
		return err
	}
	d.multiplier = 100
	if d.chain.Inverse {
		d.multiplier = 1
	}
	d.shown = d.chooseExpiries()
	if d.board, err = d.makeBoard(); err != nil {
		return err
	}
	d.flat = d.board.quotes()
	straddle := d.board.atTheMoney(d.shown[min(1, len(d.shown)-1)])
	for _, i := range straddle {
		if err := d.board.requoter.OnFill(i, d.settings.straddles); err != nil {
			return err
		}
		d.inventory = append(d.inventory, position{i, d.settings.straddles})
	}
	d.board.requoter.Reskew()
	d.held = d.board.quotes()
	return nil
}

// makeWorld puts spot, discount factors, forwards and the fitted surface into one model, which every engine can price
// under and the book is marked with.
func (d *desk) makeWorld() (model.BlackScholes, error) {
	var times, factors, forwards []float64
	for _, s := range d.smiles {
		times, factors, forwards = append(times, s.Tau), append(factors, s.Discount), append(forwards, s.Forward)
	}
	spot := d.chain.Spot
	if math.IsNaN(spot) {
		spot = forwards[0]
		d.notes = append(d.notes, fmt.Sprintf("the file has no spot: the forward of the nearest expiry, %.6g, stands in for it", spot))
	}
	discount, err := curve.NewDiscountCurve(times, factors, curve.LogLinearDiscount)
	if err != nil {
		return model.BlackScholes{}, err
	}
	forward, err := curve.NewForwardCurve(times, forwards, spot)
	if err != nil {
		return model.BlackScholes{}, err
	}
	world := model.BlackScholes{
		Spot: spot, Discount: discount, Forwards: forward,
		Vol: surface.Surface{Forwards: forward, Variance: d.fitted},
	}
	return world, world.Validate()
}

// chooseExpiries returns the nearest expiries of at least a week that have enough strikes; if there are none, the last.
func (d *desk) chooseExpiries() []int {
	var out []int
	for i := range d.smiles {
		if d.smiles[i].Tau >= 7.0/365 && d.smiles[i].Len() >= 8 && len(out) < d.settings.expiries {
			out = append(out, i)
		}
	}
	if len(out) == 0 {
		out = append(out, len(d.smiles)-1)
	}
	return out
}

// carry books the inventory as fills, hedges its delta with the underlying, and keeps the ladder as the fills arrive.
func (d *desk) carry() error {
	name := d.chain.Underlying
	if name == "" {
		name = "UNDERLYING"
	}
	marks := risk.ModelMarks{Underlying: name, Asof: d.chain.Asof, Clock: calendar.Act365F, World: d.world}
	var err error
	d.book, err = risk.NewBook(risk.Buckets{Axis: risk.ByLogMoneyness, Strikes: []float64{-0.10, -0.03, 0.03, 0.10}}, marks)
	if err != nil {
		return err
	}
	delta := 0.0
	for _, p := range d.inventory {
		o := d.board.settings.Series[p.series]
		e := d.board.expiry[o.Expiry]
		c := risk.Option(name, e.At, o.Strike, o.Right, d.multiplier)
		if err := d.book.Apply(risk.Fill{Contract: c, Qty: p.contracts, Price: d.board.requoter.Columns().Theo[p.series]}); err != nil {
			return err
		}
		delta += p.contracts * d.multiplier * d.board.requoter.Columns().Delta[p.series]
	}
	hedge := math.Round(-delta)
	if hedge == 0 {
		return nil
	}
	return d.book.Apply(risk.Fill{Contract: risk.Underlying(name), Qty: hedge, Price: d.world.Spot})
}

type position struct {
	series    int
	contracts float64
}
