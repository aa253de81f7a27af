// Package report writes what an example found as one self-contained HTML page: text, tables and pictures, with no file
// beside it and nothing fetched. Pictures are gonum plots, drawn as SVG.
package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"os"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// Page is a report in the making. The zero value is an empty page.
type Page struct {
	Title string
	Lead  string // one or two sentences under the title
	Facts []Fact // the figures that matter, shown large
	Parts []Part
}

// Fact is one figure with its name.
type Fact struct{ Name, Value string }

// Part is a headed part of the page: some text, then tables and figures in order of addition.
type Part struct {
	Heading, Text string
	Blocks        []Block
}

// Block is a table or a row of figures.
type Block struct {
	Caption string
	Header  []string
	Rows    [][]string
	Figures []Figure
	Fold    bool // shown closed, behind its caption
}

// Figure is a picture with its caption.
type Figure struct {
	Caption string
	SVG     template.HTML
}

// Part starts a new part of the page and returns it. It stays valid until the next call of Part.
func (p *Page) Part(heading, text string) *Part {
	p.Parts = append(p.Parts, Part{Heading: heading, Text: text})
	return &p.Parts[len(p.Parts)-1]
}

// Table adds a table to the part.
func (s *Part) Table(caption string, header []string, rows [][]string) {
	s.Blocks = append(s.Blocks, Block{Caption: caption, Header: header, Rows: rows})
}

// FoldedTable adds a table that the reader opens with a click.
func (s *Part) FoldedTable(caption string, header []string, rows [][]string) {
	s.Blocks = append(s.Blocks, Block{Caption: caption, Header: header, Rows: rows, Fold: true})
}

// Figures adds pictures side by side, as many to a row as fit.
func (s *Part) Figures(figs ...Figure) {
	s.Blocks = append(s.Blocks, Block{Figures: figs})
}

// Draw renders a plot of a size in points as SVG.
func Draw(caption string, p *plot.Plot, width, height float64) (Figure, error) {
	c := vgsvg.New(vg.Length(width), vg.Length(height))
	p.Draw(draw.New(c))
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return Figure{}, fmt.Errorf("report: drawing %q: %w", caption, err)
	}
	text := buf.String()
	if i := strings.Index(text, "<svg"); i >= 0 { // an SVG inside a page has no XML header
		text = text[i:]
	}
	return Figure{Caption: caption, SVG: template.HTML(text)}, nil //nolint:gosec // drawn by us, not by the reader's data
}

// Crisp returns the figure drawn without smoothing of edges, which would show as a lattice between the cells of a heat map.
func (f Figure) Crisp() Figure {
	f.SVG = template.HTML(strings.Replace(string(f.SVG), "<svg", `<svg shape-rendering="crispEdges"`, 1))
	return f
}

// NewPlot returns a plot in the page's style.
func NewPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.Padding = vg.Points(6)
	for _, style := range []*font.Font{
		&p.Title.TextStyle.Font, &p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font, &p.X.Tick.Label.Font,
		&p.Y.Tick.Label.Font, &p.Legend.TextStyle.Font,
	} {
		style.Variant = "Sans"
		style.Size = vg.Points(9)
	}
	p.Title.TextStyle.Font.Size = vg.Points(11)
	for _, ax := range []*plot.Axis{&p.X, &p.Y} {
		ax.LineStyle.Color, ax.Tick.LineStyle.Color = Ink, Ink
		ax.LineStyle.Width, ax.Tick.LineStyle.Width = vg.Points(0.6), vg.Points(0.6)
		ax.Label.Padding = vg.Points(2)
	}
	p.Legend.Top = true
	p.Legend.Padding = vg.Points(2)
	p.Legend.ThumbnailWidth = vg.Points(16)
	return p
}

// Write writes the page.
func (p *Page) Write(w io.Writer) error { return pageTemplate.Execute(w, p) }

// WriteFile writes the page to a file.
func (p *Page) WriteFile(name string) error {
	var buf bytes.Buffer
	if err := p.Write(&buf); err != nil {
		return err
	}
	return os.WriteFile(name, buf.Bytes(), 0o644)
}
