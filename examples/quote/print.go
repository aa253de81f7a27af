package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/volgaquant/volga/mm"
	"github.com/volgaquant/volga/surface"
)

// printer writes until the first error, which it keeps.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// table writes rows in columns: the first flush left, the others flush right.
func (p *printer) table(header []string, rows [][]string) {
	if p.err != nil {
		return
	}
	width := 0
	for _, r := range append([][]string{header}, rows...) {
		width = max(width, len([]rune(r[0])))
	}
	w := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, r := range append([][]string{header}, rows...) {
		first := r[0] + strings.Repeat(" ", width-len([]rune(r[0])))
		if _, err := fmt.Fprintf(w, "  %s\t%s\t\n", first, strings.Join(r[1:], "\t")); err != nil {
			p.err = err
			return
		}
	}
	p.err = w.Flush()
}

func (p *printer) heading(text string) { p.line("\n%s\n%s", text, strings.Repeat("-", len(text))) }

// print writes what the walk found.
func (d *desk) print(p *printer) {
	p.line("%s", d.title())
	for _, n := range d.allNotes() {
		p.line("Note: %s.", n)
	}

	p.heading("Rows")
	p.line("read %d, used %d, rejected %d:", d.read.Rows, d.cut.Used, d.read.Rejected.Total()+d.cut.Rejected.Total())
	p.table([]string{"reason", "rows", "first line"}, d.rejectionRows())

	p.heading("Expiries: forward and rate from put-call parity, error of the fit")
	p.table(d.expiryTable())
	l := d.liquid
	if l.quotes > 0 {
		p.line("Liquid quotes (2 weeks to 1 year, |delta| 0.05 to 0.95): %d, %.1f%% fitted inside bid-ask, rms error %.3f volatility points.", l.quotes, 100*l.inside, 100*l.rms)
	}

	p.heading("Arbitrage on a dense grid")
	p.line("%s", d.arbitrageText())

	p.heading("Quotes")
	p.line("%s", d.quoteText())
	for _, e := range d.shown {
		p.line("\n%s", d.expiryTitle(e))
		p.table(d.quoteTable(d.board.nearest(e, d.settings.strikes)))
	}

	p.heading("The underlying, by Guéant-Lehalle-Fernandez-Tapia")
	if text, header, rows, err := d.underlyingTable(); err != nil {
		p.err = err
	} else {
		p.line("%s", text)
		p.table(header, rows)
	}

	p.heading("The book's ladder")
	p.line("%s", d.bookText())
	p.table(d.ladderTable())

	p.heading("Time taken")
	p.table([]string{"stage", "ms"}, d.timingRows())
}

func (d *desk) title() string {
	name := d.chain.Underlying
	if name == "" {
		name = "Option"
	}
	return fmt.Sprintf("%s chain as of %s, spot %s: %d expiries, %d options", name, d.chain.Asof.Format("2006-01-02 15:04 MST"), number(d.world.Spot), len(d.chain.Expiries), d.chain.Len())
}

func (d *desk) allNotes() []string {
	var out []string
	out = append(out, d.notes...)
	out = append(out, d.read.Notes...)
	out = append(out, d.cut.Notes...)
	if n := len(d.read.Snapshots); n > 1 {
		out = append(out, fmt.Sprintf("the file holds %d snapshots; -underlying and -date choose another", n))
	}
	return out
}

func (d *desk) rejectionRows() [][]string {
	var rows [][]string
	for _, r := range surface.Reasons() {
		n, line := 0, 0
		for _, tally := range []surface.Rejections{d.read.Rejected, d.cut.Rejected} {
			if c := tally.Count(r); c > 0 {
				n += c
				if line == 0 {
					line = tally.Line(r)
				}
			}
		}
		if n > 0 {
			at := "-"
			if line > 0 {
				at = fmt.Sprint(line)
			}
			rows = append(rows, []string{r.String(), fmt.Sprint(n), at})
		}
	}
	return rows
}

func (d *desk) expiryTable() (header []string, rows [][]string) {
	header = []string{"expiry", "days", "used", "forward", "rate %", "parity rms / half-spread", "ATM vol", "rms pts", "rms / half-spread", "inside %"}
	fits := make(map[string]surface.SliceFit)
	for _, f := range d.fit.Slices {
		fits[f.Label] = f
	}
	for _, x := range d.cut.Expiries {
		label := x.Expiry.Label()
		if x.Skipped != "" {
			rows = append(rows, []string{label, fmt.Sprintf("%.2f", 365*x.Tau), "0", "", "", "", "", "", "", x.Skipped})
			continue
		}
		f := fits[label]
		parity := "-"
		if x.Parity.HalfSpread > 0 {
			parity = fmt.Sprintf("%.2f", x.Parity.RMS/x.Parity.HalfSpread)
		}
		rows = append(rows, []string{
			label, fmt.Sprintf("%.2f", 365*x.Tau), fmt.Sprint(x.Used), number(x.Forward), fmt.Sprintf("%.2f", 100*x.Rate), parity,
			fmt.Sprintf("%.2f", 100*d.fitted.Vol(0, x.Tau)), fmt.Sprintf("%.3f", 100*f.RMS), fmt.Sprintf("%.2f", f.RMSSpread),
			fmt.Sprintf("%.0f", 100*f.Inside),
		})
	}
	return header, rows
}

func (d *desk) arbitrageText() string {
	a := d.arbitrage
	s := fmt.Sprintf("%d points of log-moneyness -1.5 to 1.0 at every pillar and between: %d butterfly violations, %d calendar violations.", a.Points, a.Butterfly, a.Calendar)
	if !a.Free() {
		s += fmt.Sprintf(" Worst butterfly g %.3g at k %.3f, %.3f years; worst calendar %.3g at k %.3f, %.3f years.",
			a.WorstButterfly.Value, a.WorstButterfly.K, a.WorstButterfly.T, a.WorstCalendar.Value, a.WorstCalendar.K, a.WorstCalendar.T)
	}
	return s
}

func (d *desk) quoteText() string {
	edge := "no view on realised volatility, so no edge"
	if d.settings.realVol > 0 {
		edge = fmt.Sprintf("a forecast of %.1f%% realised volatility, whose edge of a day is in the fair value", 100*d.settings.realVol)
	}
	unit := ""
	if d.board.inverse {
		unit = ", in coins"
	}
	return fmt.Sprintf("%d series quoted%s, with %s.\nFlat: without inventory. Long: with %g at-the-money straddles of %s, which lowers the quotes of expiries that move with it.",
		d.board.requoter.Len(), unit, edge, d.settings.straddles, d.smiles[d.shown[min(1, len(d.shown)-1)]].Label)
}

func (d *desk) expiryTitle(e int) string {
	s := &d.smiles[e]
	return fmt.Sprintf("%s, %.1f days, forward %s", s.Label, 365*s.Tau, number(s.Forward))
}

func (d *desk) quoteTable(series []int) (header []string, rows [][]string) {
	header = []string{"option", "vol", "delta", "market bid", "ask", "theo", "flat bid", "ask", "long bid", "ask", "rules"}
	c := d.board.requoter.Columns()
	for _, i := range series {
		o, flat, held, m := d.board.settings.Series[i], d.flat[i], d.held[i], d.board.market[i]
		rows = append(rows, []string{
			fmt.Sprintf("%s %v", number(o.Strike), o.Right), fmt.Sprintf("%.2f", 100*c.Vol[i]), fmt.Sprintf("%.3f", c.Delta[i]),
			price(m.Bid), price(m.Ask), fmt.Sprintf("%.5g", flat.Theo), price(flat.Bid), price(flat.Ask), price(held.Bid), price(held.Ask),
			held.Cut.String(),
		})
	}
	return header, rows
}

// underlyingTable quotes the hedge. Its volatility is the surface's; how often others trade with a quote is not in a chain,
// so the intensity is an assumption that the text states.
func (d *desk) underlyingTable() (text string, header []string, rows [][]string, err error) {
	spot, s := d.world.Spot, &d.smiles[d.shown[0]]
	perSecond := spot * d.fitted.Vol(0, s.Tau) / math.Sqrt(365*24*3600)
	tickSize := 0.0001 * spot
	g := mm.GLFT{Sigma: perSecond, A: 0.5, K: 1.5 / tickSize, Gamma: 0.01 / tickSize}
	if err := g.Validate(); err != nil {
		return "", nil, nil, err
	}
	exact, err := g.Stationary(20)
	if err != nil {
		return "", nil, nil, err
	}
	text = fmt.Sprintf("Volatility %.4g per root second from the surface; assumed: fills at 0.5·exp(−1.5·distance/bp) a second, aversion 0.01 per bp.\nDistances from fair value in basis points, by inventory in lots; at the limit of 20 lots one side is not quoted.", perSecond)
	header = []string{"inventory", "bid", "ask", "closed-form bid", "ask"}
	for _, q := range []float64{-20, -10, -5, 0, 5, 10, 20} {
		e, a := exact.Distances(q), g.Asymptotic(q)
		rows = append(rows, []string{fmt.Sprintf("%+.0f", q), bp(e.Bid, spot), bp(e.Ask, spot), bp(a.Bid, spot), bp(a.Ask, spot)})
	}
	return text, header, rows, nil
}

func bp(x, spot float64) string {
	if math.IsInf(x, 1) {
		return "none"
	}
	return fmt.Sprintf("%.3f", 1e4*x/spot)
}

func (d *desk) bookText() string {
	return fmt.Sprintf("%d contracts, marked under the fitted surface; delta hedged with the underlying. Money; vega per point, theta per day.", len(d.book.Positions()))
}

func (d *desk) ladderTable() (header []string, rows [][]string) {
	header = []string{"bucket", "value", "cash delta", "cash gamma 1%", "vega/pt", "theta/day", "vanna", "volga"}
	l := d.book.Ladder()
	for _, x := range append(l.Lines, l.Total()) {
		name := x.String()
		if x.Underlying == "" {
			name = "total"
		}
		rows = append(rows, []string{
			name, money(x.Value), money(x.CashDelta), money(x.CashGamma), money(x.VegaPoint()), money(x.ThetaDay()), money(x.Vanna), money(x.Volga),
		})
	}
	return header, rows
}

func (d *desk) timingRows() [][]string {
	var rows [][]string
	total := time.Duration(0)
	for _, t := range d.timings {
		rows = append(rows, []string{t.stage, millis(t.took)})
		total += t.took
	}
	return append(rows, []string{"a re-fit from the parameters just found", millis(d.refit)}, []string{"all stages", millis(total)})
}

func millis(t time.Duration) string { return fmt.Sprintf("%.2f", float64(t)/1e6) }

// number writes a price or strike without a needless tail.
func number(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e9 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.7g", x)
}

// price writes a quote; nothing where there is none.
func price(x float64) string {
	if x == 0 {
		return "-"
	}
	return fmt.Sprintf("%.7g", x)
}

// money writes an amount with thousands separated.
func money(x float64) string {
	if math.Abs(x) < 0.5 {
		return "0"
	}
	s := fmt.Sprintf("%.0f", math.Abs(x))
	var b strings.Builder
	if x < 0 {
		b.WriteByte('-')
	}
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}
