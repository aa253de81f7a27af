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

// quoteBars draws vertical bars from bid to ask.
type quoteBars []quoteBar

type quoteBar struct{ x, bid, ask float64 }

func (b quoteBars) Plot(c draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	style := draw.LineStyle{Color: report.Grey, Width: vg.Points(1.6)}
	for _, q := range b {
		x, lo, hi := trX(q.x), trY(q.bid), trY(q.ask)
		if hi-lo < vg.Points(1) { // a spread too narrow to see is still a quote
			mid := (hi + lo) / 2
			lo, hi = mid-vg.Points(0.5), mid+vg.Points(0.5)
		}
		c.StrokeLine2(style, x, lo, x, hi)
	}
}

func (b quoteBars) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, ymin, xmax, ymax = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, q := range b {
		xmin, xmax = math.Min(xmin, q.x), math.Max(xmax, q.x)
		ymin, ymax = math.Min(ymin, q.bid), math.Max(ymax, q.ask)
	}
	return xmin, xmax, ymin, ymax
}

// curveLine samples a function at n+1 points.
func curveLine(n int, lo, hi float64, f func(float64) float64) (*plotter.Line, error) {
	var xy plotter.XYs
	for i := range n + 1 {
		x := lo + (hi-lo)*float64(i)/float64(n)
		if y := f(x); !math.IsNaN(y) && !math.IsInf(y, 0) {
			xy = append(xy, plotter.XY{X: x, Y: y})
		}
	}
	return plotter.NewLine(xy)
}

// interpolate reads y at x on the line through sorted points.
func interpolate(xs, ys []float64, x float64) (float64, bool) {
	i := sort.SearchFloat64s(xs, x)
	if i == 0 || i == len(xs) {
		return 0, false
	}
	f := (x - xs[i-1]) / (xs[i] - xs[i-1])
	return ys[i-1] + f*(ys[i]-ys[i-1]), true
}

// heatGrid is the surface by log-moneyness and logarithm of time.
type heatGrid struct {
	cols, rows             int
	left, right, low, high float64
	vol                    func(k, t float64) float64
}

var _ plotter.GridXYZ = heatGrid{}

func (h heatGrid) Dims() (c, r int)   { return h.cols, h.rows }
func (h heatGrid) X(c int) float64    { return h.left + (h.right-h.left)*float64(c)/float64(h.cols-1) }
func (h heatGrid) Y(r int) float64    { return h.low + (h.high-h.low)*float64(r)/float64(h.rows-1) }
func (h heatGrid) Z(c, r int) float64 { return h.vol(h.X(c), math.Exp(h.Y(r))) }

// colourBar is the scale beside a heat map.
type colourBar struct {
	lo, hi float64
	n      int
}

func (b colourBar) Dims() (c, r int)   { return 2, b.n }
func (b colourBar) X(c int) float64    { return float64(c) }
func (b colourBar) Y(r int) float64    { return b.lo + (b.hi-b.lo)*float64(r)/float64(b.n-1) }
func (b colourBar) Z(_, r int) float64 { return b.Y(r) }

// moneyness marks an axis of log-moneyness with about n round percentages of the forward.
type moneyness struct{ n int }

func (m moneyness) Ticks(lo, hi float64) []plot.Tick {
	out := report.Ticks{N: m.n, Format: func(v float64) string { return fmt.Sprintf("%.4g%%", v) }}.Ticks(100*math.Exp(lo), 100*math.Exp(hi))
	for i := range out {
		out[i].Value = math.Log(out[i].Value / 100)
	}
	return out
}

// tenors marks an axis of logarithms of years with the names of tenors.
type tenors struct{}

func (tenors) Ticks(lo, hi float64) []plot.Tick {
	var out []plot.Tick
	for _, m := range []struct {
		years float64
		name  string
	}{
		{1.0 / 365, "1d"}, {7.0 / 365, "1w"}, {14.0 / 365, "2w"}, {1.0 / 12, "1m"}, {2.0 / 12, "2m"}, {0.25, "3m"}, {0.5, "6m"},
		{1, "1y"}, {2, "2y"}, {3, "3y"}, {5, "5y"},
	} {
		if x := math.Log(m.years); x >= lo && x <= hi {
			out = append(out, plot.Tick{Value: x, Label: m.name})
		}
	}
	return out
}
