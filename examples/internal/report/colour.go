package report

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
)

// The page's colours.
var (
	Ink   = color.NRGBA{R: 0x33, G: 0x3b, B: 0x45, A: 0xff}
	Blue  = color.NRGBA{R: 0x1f, G: 0x6f, B: 0xb4, A: 0xff}
	Red   = color.NRGBA{R: 0xc4, G: 0x3b, B: 0x31, A: 0xff}
	Green = color.NRGBA{R: 0x2b, G: 0x8a, B: 0x5b, A: 0xff}
	Grey  = color.NRGBA{R: 0x9a, G: 0xa3, B: 0xad, A: 0xff}
)

// heat is a dark-to-light sequence that keeps its order in grey: deep blue, teal, green, yellow.
var heat = []color.NRGBA{
	{R: 0x2a, G: 0x18, B: 0x5c, A: 0xff}, {R: 0x2f, G: 0x4b, B: 0x8c, A: 0xff}, {R: 0x27, G: 0x7d, B: 0x8e, A: 0xff},
	{R: 0x3f, G: 0xae, B: 0x7b, A: 0xff}, {R: 0xa5, G: 0xd2, B: 0x4f, A: 0xff}, {R: 0xfb, G: 0xe7, B: 0x5d, A: 0xff},
}

// Heat is a palette for heat maps.
type Heat int

var _ palette.Palette = Heat(0)

// Colors returns that many colours from dark to light.
func (n Heat) Colors() []color.Color {
	out := make([]color.Color, n)
	for i := range out {
		out[i] = Shade(float64(i) / math.Max(1, float64(n-1)))
	}
	return out
}

// Shade returns the heat colour at x in [0, 1]; outside it the nearer end.
func Shade(x float64) color.Color {
	x = math.Max(0, math.Min(1, x)) * float64(len(heat)-1)
	i := min(int(x), len(heat)-2)
	f := x - float64(i)
	mix := func(a, b uint8) uint8 { return uint8(math.Round((1-f)*float64(a) + f*float64(b))) }
	a, b := heat[i], heat[i+1]
	return color.NRGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 0xff}
}

// Ticks places about n round tick marks and writes them with a format of its caller.
type Ticks struct {
	N      int
	Format func(float64) string
}

var _ plot.Ticker = Ticks{}

// Ticks returns the marks between lo and hi.
func (t Ticks) Ticks(lo, hi float64) []plot.Tick {
	if !(hi > lo) || t.N < 1 {
		return nil
	}
	step := math.Pow(10, math.Floor(math.Log10((hi-lo)/float64(t.N))))
	for _, m := range []float64{1, 2, 5, 10} {
		if (hi-lo)/(m*step) <= float64(t.N) {
			step *= m
			break
		}
	}
	var out []plot.Tick
	for v := math.Ceil(lo/step) * step; v <= hi+1e-9*step; v += step {
		if math.Abs(v) < 1e-9*step {
			v = 0
		}
		out = append(out, plot.Tick{Value: v, Label: t.Format(v)})
	}
	return out
}
