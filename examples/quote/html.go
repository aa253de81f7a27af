package main

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/volgaquant/volga/examples/internal/report"
)

// page draws the walk.
func (d *desk) page() (*report.Page, error) {
	page := &report.Page{Title: d.title()}
	for _, n := range d.allNotes() {
		page.Lead += n + ". "
	}
	page.Facts = []report.Fact{
		{Name: "rows read", Value: fmt.Sprint(d.read.Rows)},
		{Name: "quotes fitted", Value: fmt.Sprint(d.cut.Used)},
		{Name: "liquid quotes inside bid-ask", Value: percent(d.liquid.inside)},
		{Name: "rms error, volatility points", Value: fmt.Sprintf("%.2f", 100*d.liquid.rms)},
		{Name: "arbitrage violations", Value: fmt.Sprint(d.arbitrage.Butterfly + d.arbitrage.Calendar)},
		{Name: "ms to re-fit", Value: millis(d.refit)},
	}
	for _, draw := range []func(*report.Page) error{d.drawSmiles, d.drawTerm, d.drawHeat, d.drawQuotes, d.drawTables} {
		if err := draw(page); err != nil {
			return nil, err
		}
	}
	return page, nil
}

func percent(x float64) string {
	if math.IsNaN(x) {
		return "none liquid"
	}
	return fmt.Sprintf("%.1f%%", 100*x)
}

func asPercent(v float64) string { return fmt.Sprintf("%.4g%%", 100*v) }

// drawSmiles draws every expiry's market and fit. A bar is one quote: the volatilities of its bid and ask.
func (d *desk) drawSmiles(page *report.Page) error {
	part := page.Part("Smiles", "Implied volatility by strike as a percentage of the forward. Each grey bar is an out-of-the-money quote from the volatility of its bid to that of its ask; the line is the fitted surface. Where the line runs through the bars the fit agrees with the market. Strikes from six standard deviations below the forward to four above are shown; the table at the end counts all.")
	var figs []report.Figure
	for i := range d.smiles {
		s, fit := &d.smiles[i], d.fit.Slices[i]
		p := report.NewPlot(fmt.Sprintf("%s, %.1f days", s.Label, 365*s.Tau), "", "")
		p.X.Tick.Marker = moneyness{4}
		p.Y.Tick.Marker = report.Ticks{N: 5, Format: asPercent}
		deviation := math.Sqrt(d.fitted.TotalVariance(0, s.Tau))
		from := sort.SearchFloat64s(s.K, -6*deviation)
		to := sort.SearchFloat64s(s.K, 4*deviation)
		if to-from < 2 { // a handful of strikes: show what there is
			from, to = 0, s.Len()
		}
		const most = 70
		var bars quoteBars
		for j := from; j < to; j += 1 + (to-from)/most {
			bid := s.Bid[j]
			if math.IsNaN(bid) {
				bid = s.Mid[j]
			}
			bars = append(bars, quoteBar{s.K[j], bid, s.Ask[j]})
		}
		line, err := curveLine(60, s.K[from], s.K[to-1], func(k float64) float64 { return d.fitted.Vol(k, s.Tau) })
		if err != nil {
			return err
		}
		line.Color, line.Width = report.Blue, vg.Points(1.3)
		p.Add(bars, line)
		fig, err := report.Draw(fmt.Sprintf("%d quotes, %.0f%% inside, rms %.2f points", fit.Quotes, 100*fit.Inside, 100*fit.RMS), p, 205, 150)
		if err != nil {
			return err
		}
		figs = append(figs, fig)
	}
	part.Figures(figs...)
	return nil
}

// drawTerm draws total variance against expiry: lines that rise cannot be traded against each other.
func (d *desk) drawTerm(page *report.Page) error {
	part := page.Part("Total variance by expiry", "Total variance σ²T along fixed log-moneyness. No calendar arbitrage means that no line ever falls. Dots are the at-the-money volatilities of the market. On the right the same as volatility.")
	last := d.smiles[len(d.smiles)-1].Tau
	p := report.NewPlot("total variance", "years", "")
	v := report.NewPlot("volatility", "years", "")
	v.Y.Tick.Marker = report.Ticks{N: 6, Format: asPercent}
	p.X.Tick.Marker, v.X.Tick.Marker = report.Ticks{N: 6, Format: number}, report.Ticks{N: 6, Format: number}
	v.X.Min = 0
	for i, k := range []float64{-0.3, -0.1, 0, 0.1} {
		colour := report.Shade(0.15 + 0.2*float64(i))
		name := fmt.Sprintf("%.0f%% of forward", 100*math.Exp(k))
		w, err := curveLine(200, 0, last, func(t float64) float64 { return d.fitted.TotalVariance(k, t) })
		if err != nil {
			return err
		}
		vol, err := curveLine(200, d.smiles[0].Tau, last, func(t float64) float64 { return d.fitted.Vol(k, t) })
		if err != nil {
			return err
		}
		w.Color, vol.Color = colour, colour
		w.Width, vol.Width = vg.Points(1.3), vg.Points(1.3)
		p.Add(w)
		v.Add(vol)
		p.Legend.Add(name, w)
	}
	p.Legend.Left = true
	var atm, atmVol plotter.XYs
	for i := range d.smiles {
		s := &d.smiles[i]
		if m, ok := interpolate(s.K, s.Mid, 0); ok {
			atm = append(atm, plotter.XY{X: s.Tau, Y: m * m * s.Tau})
			atmVol = append(atmVol, plotter.XY{X: s.Tau, Y: m})
		}
	}
	for pl, xy := range map[*plot.Plot]plotter.XYs{p: atm, v: atmVol} {
		if len(xy) == 0 {
			continue
		}
		dots, err := plotter.NewScatter(xy)
		if err != nil {
			return err
		}
		dots.GlyphStyle = draw.GlyphStyle{Color: report.Red, Radius: vg.Points(1.8), Shape: draw.CircleGlyph{}}
		pl.Add(dots)
	}
	left, err := report.Draw("", p, 410, 280)
	if err != nil {
		return err
	}
	right, err := report.Draw("", v, 410, 280)
	if err != nil {
		return err
	}
	part.Figures(left, right)
	return nil
}

// drawHeat draws the whole surface.
func (d *desk) drawHeat(page *report.Page) error {
	part := page.Part("The surface", "Implied volatility of the fitted surface by strike and expiry, from dark (low) to light (high).")
	first, last := math.Max(d.smiles[0].Tau, 1.0/365), d.smiles[len(d.smiles)-1].Tau
	if first >= last {
		first = last / 2
	}
	reach := math.Min(0.6, 3*math.Sqrt(d.fitted.TotalVariance(0, last)))
	h := heatGrid{cols: 64, rows: 44, left: -reach, right: 0.7 * reach, low: math.Log(first), high: math.Log(last), vol: d.fitted.Vol}
	const colours = 24
	hm := plotter.NewHeatMap(h, report.Heat(colours))
	p := report.NewPlot("implied volatility", "strike, % of forward", "expiry")
	p.X.Tick.Marker = moneyness{10}
	p.Y.Tick.Marker = tenors{}
	p.Add(hm)
	fig, err := report.Draw("", p, 600, 380)
	fig = fig.Crisp()
	if err != nil {
		return err
	}
	scale := report.NewPlot("", "", "")
	scale.HideX()
	scale.Y.Tick.Marker = report.Ticks{N: 6, Format: asPercent}
	scale.Add(plotter.NewHeatMap(colourBar{hm.Min, hm.Max, colours}, report.Heat(colours)))
	bar, err := report.Draw("", scale, 80, 380)
	bar = bar.Crisp()
	if err != nil {
		return err
	}
	part.Figures(fig, bar)
	return nil
}

// drawQuotes draws the quote ladders: our quotes and the market's about the theo.
func (d *desk) drawQuotes(page *report.Page) error {
	part := page.Part("Quotes", d.quoteText()+" In the pictures every price is shown as its distance from the theo, in units of the flat half-width: the grey band is the market, the blue line the flat quote, the red dashes the quote with the inventory.")
	var figs []report.Figure
	for _, e := range d.shown {
		series := d.board.nearest(e, 41)
		p := report.NewPlot(d.smiles[e].Label, "strike of the call", "distance / half-width")
		p.Y.Min, p.Y.Max = -4, 4
		p.X.Tick.Marker = report.Ticks{N: 5, Format: number}
		var market quoteBars
		var bid, ask, longBid, longAsk plotter.XYs
		for _, i := range series {
			q, l, m := d.flat[i], d.held[i], d.board.market[i]
			if !(q.Half > 0) {
				continue
			}
			k := d.board.settings.Series[i].Strike
			unit := func(v float64) float64 { return math.Max(-4, math.Min(4, (v-q.Theo)/q.Half)) }
			if m.Ask > 0 {
				market = append(market, quoteBar{k, unit(m.Bid), unit(m.Ask)})
			}
			for xy, v := range map[*plotter.XYs]float64{&bid: q.Bid, &ask: q.Ask, &longBid: l.Bid, &longAsk: l.Ask} {
				if v > 0 {
					*xy = append(*xy, plotter.XY{X: k, Y: unit(v)})
				}
			}
		}
		p.Add(market)
		for _, side := range []struct {
			xy     plotter.XYs
			dashed bool
		}{{bid, false}, {ask, false}, {longBid, true}, {longAsk, true}} {
			if len(side.xy) == 0 {
				continue
			}
			line, err := plotter.NewLine(side.xy)
			if err != nil {
				return err
			}
			line.Color, line.Width = report.Blue, vg.Points(1.3)
			if side.dashed {
				line.Color, line.Dashes = report.Red, []vg.Length{vg.Points(4), vg.Points(2)}
			}
			p.Add(line)
		}
		fig, err := report.Draw(d.expiryTitle(e), p, 272, 215)
		if err != nil {
			return err
		}
		figs = append(figs, fig)
	}
	part.Figures(figs...)
	for _, e := range d.shown {
		header, rows := d.quoteTable(d.board.nearest(e, 25))
		part.FoldedTable("The quotes of "+d.expiryTitle(e), header, rows)
	}
	text, header, rows, err := d.underlyingTable()
	if err != nil {
		return err
	}
	under := page.Part("The underlying", text)
	under.Table("Quotes by Guéant-Lehalle-Fernandez-Tapia: exact with a limit of 20 lots, and their closed form", header, rows)
	return nil
}

func (d *desk) drawTables(page *report.Page) error {
	book := page.Part("The book", d.bookText())
	header, rows := d.ladderTable()
	book.Table("Ladder by expiry and log-moneyness", header, rows)

	chain := page.Part("What became of the chain", d.arbitrageText())
	chain.Table("Rows rejected", []string{"reason", "rows", "first line"}, d.rejectionRows())
	header, rows = d.expiryTable()
	chain.Table("Expiries", header, rows)

	times := page.Part("Time taken", "On this machine, one run, in milliseconds.")
	times.Table("", []string{"stage", "ms"}, d.timingRows())
	return nil
}
