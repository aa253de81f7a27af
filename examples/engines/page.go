package main

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/volgaquant/volga/examples/internal/report"
)

// page draws each contest as error against time.
func page(done []outcome, orders []study) (*report.Page, error) {
	p := &report.Page{
		Title: "Which engine?",
		Lead: "The same option by every engine, from rough to exact. An engine is better the further down and to the left its " +
			"line runs: down is a smaller error, left is less time. Both scales are logarithmic. A simulation counts with its standard error if that is larger.",
	}
	for _, o := range done {
		part := p.Part(o.title, o.text+" Errors are fractions of the strike.")
		fig, err := o.figure()
		if err != nil {
			return nil, err
		}
		part.Figures(fig)
		part.Table("The fastest engine for an accuracy", []string{"error down to", "engine", "setting", "time"}, o.winners())
		part.FoldedTable("All settings", []string{"engine", "setting", "value", "error", "time"}, o.rows())
	}
	for _, s := range orders {
		part := p.Part(s.title, s.text)
		fig, err := s.figure()
		if err != nil {
			return nil, err
		}
		part.Figures(fig)
		part.Table("The order is minus the slope of the line", []string{"method", s.x, "error", "order", "claimed"}, s.rows())
	}
	return p, nil
}

// palette tells families apart; the glyph changes when the colours are used up.
var palette = []color.Color{
	report.Blue, report.Red, report.Green, report.Ink,
	color.NRGBA{R: 0xb7, G: 0x79, B: 0x1f, A: 0xff}, color.NRGBA{R: 0x7a, G: 0x4f, B: 0xa3, A: 0xff}, report.Grey,
}

var glyphs = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}}

func (o outcome) figure() (report.Figure, error) {
	p := report.NewPlot("", "time of one valuation", "error / strike")
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = decades{seconds}, decades{power}
	var families []string
	points := map[string]plotter.XYs{}
	for _, r := range o.results {
		if r.refused != nil {
			continue
		}
		if points[r.family] == nil {
			families = append(families, r.family)
		}
		points[r.family] = append(points[r.family], plotter.XY{X: r.time.Seconds(), Y: max(r.err, r.noise, smallest)})
	}
	for i, f := range families {
		if err := add(p, i, f, points[f]); err != nil {
			return report.Figure{}, err
		}
	}
	p.X.Max *= 60
	return drawn("each point is one setting", p)
}

// figure draws the errors of a study, both scales logarithmic, so that an order is a slope.
func (s study) figure() (report.Figure, error) {
	p := report.NewPlot("", s.x, "error")
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = measured{s.lines}, decades{power}
	for i, l := range s.lines {
		points := make(plotter.XYs, len(l.n))
		for j, n := range l.n {
			points[j] = plotter.XY{X: float64(n), Y: math.Max(l.err[j], smallest)}
		}
		if err := add(p, i, l.name, points); err != nil {
			return report.Figure{}, err
		}
	}
	p.X.Max *= p.X.Max / p.X.Min
	return drawn("", p)
}

// add draws the i-th line of a picture.
func add(p *plot.Plot, i int, name string, points plotter.XYs) error {
	line, marks, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	line.Color, line.Width = palette[i%len(palette)], vg.Points(1.2)
	marks.GlyphStyle = draw.GlyphStyle{Color: line.Color, Radius: vg.Points(2.4), Shape: glyphs[i/len(palette)%len(glyphs)]}
	p.Add(line, marks)
	p.Legend.Add(name, line, marks)
	return nil
}

// drawn renders a picture whose right part is free for the legend, which would otherwise lie on the lines.
func drawn(caption string, p *plot.Plot) (report.Figure, error) {
	p.X.Min /= 1.5
	p.Y.Min, p.Y.Max = p.Y.Min/3, p.Y.Max*3
	p.Legend.Top = true
	return report.Draw(caption, p, 640, 380)
}

// measured marks the settings at which a study was measured.
type measured struct{ lines []series }

// Ticks returns a mark for each setting.
func (s measured) Ticks(lo, hi float64) []plot.Tick {
	var ticks []plot.Tick
	seen := map[int]bool{}
	for _, l := range s.lines {
		for _, n := range l.n {
			if x := float64(n); !seen[n] && x >= lo && x <= hi {
				seen[n] = true
				ticks = append(ticks, plot.Tick{Value: x, Label: strconv.Itoa(n)})
			}
		}
	}
	return ticks
}

// decades marks the powers of ten of a logarithmic scale.
type decades struct{ label func(exponent int) string }

// Ticks returns a mark for each decade between lo and hi, labelled so that labels do not touch.
func (d decades) Ticks(lo, hi float64) []plot.Tick {
	from, to := int(math.Ceil(math.Log10(lo)-1e-9)), int(math.Floor(math.Log10(hi)+1e-9))
	every := 1 + (to-from)/8
	var ticks []plot.Tick
	for e := from; e <= to; e++ {
		t := plot.Tick{Value: math.Pow(10, float64(e))}
		if (e-from)%every == 0 {
			t.Label = d.label(e)
		}
		ticks = append(ticks, t)
	}
	return ticks
}

func power(e int) string { return "1e" + strconv.Itoa(e) }

func seconds(e int) string {
	units := []string{"ns", "µs", "ms", "s"}
	i := (e + 9) / 3
	if e < -9 || i >= len(units) {
		return power(e) + " s"
	}
	return strconv.Itoa(int(math.Pow(10, float64((e+9)%3)))) + " " + units[i]
}
