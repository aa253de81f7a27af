package report

import (
	"bytes"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
)

func TestPage(t *testing.T) {
	pl := NewPlot("a <plot>", "x", "y")
	line, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 2}})
	if err != nil {
		t.Fatal(err)
	}
	pl.Add(line)
	fig, err := Draw("the figure", pl, 300, 200)
	if err != nil {
		t.Fatal(err)
	}
	page := Page{Title: "A & B", Facts: []Fact{{"share", "97%"}}}
	part := page.Part("Part", "Text.")
	part.Figures(fig)
	part.Table("one", []string{"a", "b"}, [][]string{{"1", "<2>"}})
	part.FoldedTable("two", []string{"c"}, [][]string{{"3"}})
	var buf bytes.Buffer
	if err := page.Write(&buf); err != nil {
		t.Fatal(err)
	}
	text := buf.String()
	for _, want := range []string{"A &amp; B", "<svg", "</svg>", "&lt;2&gt;", "<details>", "97%", "the figure"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"<?xml", "http-equiv", "<script", "href="} {
		if strings.Contains(text, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

func TestTicks(t *testing.T) {
	tk := Ticks{N: 5, Format: func(v float64) string { return "x" }}
	got := tk.Ticks(-0.31, 0.29)
	if len(got) < 3 || len(got) > 7 {
		t.Errorf("%d ticks", len(got))
	}
	for _, g := range got {
		if g.Value < -0.31 || g.Value > 0.2901 {
			t.Errorf("tick at %g outside the axis", g.Value)
		}
	}
	if tk.Ticks(1, 1) != nil {
		t.Error("ticks on an empty axis")
	}
}

func TestHeatRunsDarkToLight(t *testing.T) {
	cols := Heat(32).Colors()
	last := -1.0
	for i, c := range cols {
		r, g, b, _ := c.RGBA()
		l := 0.2126*float64(r) + 0.7152*float64(g) + 0.0722*float64(b)
		if l <= last {
			t.Errorf("colour %d is not lighter than the one before", i)
		}
		last = l
	}
}
