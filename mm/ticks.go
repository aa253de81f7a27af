package mm

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// TickBand is a range of prices with one tick: prices at and above From, up to the next band, are multiples of Tick.
type TickBand struct {
	From float64 // the first band starts at 0
	Tick float64 // > 0
}

// TickTable is the grid of prices at which a venue accepts quotes in one class. Make it with [NewTickTable]; it never
// changes once made. Prices that it returns are the floats nearest to the decimal price (three ticks of 0.1 are 0.3, not
// 0.30000000000000004) whenever the tick has at most nine decimals.
type TickTable struct {
	bands []tickBand
}

type tickBand struct {
	from, tick, inv float64
	num, den        float64 // tick = num/den with den a power of ten, or den 0 if the tick has no short decimal
}

// snap is how near to a grid point, in ticks, a price must be to count as on it: far above the rounding of sums of
// prices, far below anything of value.
const snap = 1e-9

// NewTickTable returns the grid of the bands, which must rise from 0. Each boundary must lie on the grids of both its
// bands, so that rounding never leaves the table.
func NewTickTable(bands ...TickBand) (TickTable, error) {
	const fn = "mm.NewTickTable"
	if len(bands) == 0 {
		return TickTable{}, fault.Arg(fn, "bands", 0, "at least one band")
	}
	t := TickTable{bands: make([]tickBand, len(bands))}
	for i, b := range bands {
		name := fmt.Sprintf("bands[%d]", i)
		if err := fault.Positive(fn, name+".Tick", b.Tick); err != nil {
			return TickTable{}, err
		}
		switch {
		case i == 0 && b.From != 0:
			return TickTable{}, fault.Arg(fn, name+".From", b.From, "0 in the first band")
		case i > 0 && !(b.From > bands[i-1].From) || math.IsInf(b.From, 0):
			return TickTable{}, fault.Arg(fn, name+".From", b.From, fmt.Sprintf("finite and > %g, the band before", bands[i-1].From))
		}
		t.bands[i] = newTickBand(b)
		if i > 0 && !(t.bands[i-1].holds(b.From) && t.bands[i].holds(b.From)) {
			return TickTable{}, fault.Arg(fn, name+".From", b.From,
				fmt.Sprintf("a multiple of both ticks, %g and %g", bands[i-1].Tick, b.Tick))
		}
	}
	return t, nil
}

func newTickBand(b TickBand) tickBand {
	band := tickBand{from: b.From, tick: b.Tick, inv: 1 / b.Tick}
	for den := 1.0; den <= 1e9; den *= 10 {
		num := math.Round(b.Tick * den)
		if num >= 1 && num/den == b.Tick {
			band.num, band.den = num, den
			break
		}
	}
	return band
}

func mustTickTable(bands ...TickBand) TickTable {
	t, err := NewTickTable(bands...)
	if err != nil {
		panic(err)
	}
	return t
}

// PennyTicks is the grid of US listed options in the penny program: 0.01 below 3.00, 0.05 at and above.
func PennyTicks() TickTable { return mustTickTable(TickBand{0, 0.01}, TickBand{3, 0.05}) }

// NickelTicks is the grid of the other US listed options: 0.05 below 3.00, 0.10 at and above.
func NickelTicks() TickTable { return mustTickTable(TickBand{0, 0.05}, TickBand{3, 0.10}) }

// UniformTicks is the grid of all multiples of tick, as of the classes that quote in pennies at every price.
func UniformTicks(tick float64) (TickTable, error) { return NewTickTable(TickBand{0, tick}) }

// Bands returns a copy of the bands.
func (t TickTable) Bands() []TickBand {
	out := make([]TickBand, len(t.bands))
	for i, b := range t.bands {
		out[i] = TickBand{b.from, b.tick}
	}
	return out
}

// Tick returns the tick at price p: the step to the next price above it.
func (t TickTable) Tick(p float64) float64 { return t.band(p).tick }

// Floor returns the greatest price of the grid at or below p, and 0 if there is none above 0. A price within 1e-9 of a
// tick of a grid point is on it. NaN gives NaN.
func (t TickTable) Floor(p float64) float64 {
	if p <= 0 {
		return 0
	}
	if math.IsNaN(p) || math.IsInf(p, 1) {
		return p
	}
	b := t.band(p)
	return b.at(b.floor(p))
}

// Ceil returns the least price of the grid at or above p, at least one tick. A price within 1e-9 of a tick of a grid
// point is on it. NaN gives NaN.
func (t TickTable) Ceil(p float64) float64 {
	if math.IsNaN(p) || math.IsInf(p, 1) {
		return p
	}
	b := t.band(max(p, 0))
	n := -b.floor(-p)
	if n < 1 {
		n = 1
	}
	return b.at(n)
}

// Above returns the next price of the grid strictly above p.
func (t TickTable) Above(p float64) float64 {
	if math.IsNaN(p) || math.IsInf(p, 1) {
		return p
	}
	b := t.band(max(p, 0))
	n := b.floor(max(p, 0)) + 1
	return b.at(n)
}

// Below returns the next price of the grid strictly below p, or 0 if there is none above 0.
func (t TickTable) Below(p float64) float64 {
	if p <= 0 {
		return 0
	}
	if math.IsNaN(p) || math.IsInf(p, 1) {
		return p
	}
	b := t.band(p)
	if i := t.index(p); i > 0 && -b.floor(-p) <= b.floor(b.from) {
		b = &t.bands[i-1] // p is the boundary: the step down is the lower band's
	}
	n := -b.floor(-p) - 1
	if n <= 0 {
		return 0
	}
	return b.at(n)
}

// Holds reports whether p is a price of the grid, to 1e-9 of a tick.
func (t TickTable) Holds(p float64) bool { return p > 0 && !math.IsInf(p, 1) && t.band(p).holds(p) }

func (t TickTable) band(p float64) *tickBand { return &t.bands[t.index(p)] }

// index finds the band of p; a price within snap of a boundary belongs to the band that starts there.
func (t TickTable) index(p float64) int {
	i := 0
	for j := 1; j < len(t.bands); j++ {
		if p < t.bands[j].from-snap*min(t.bands[j-1].tick, t.bands[j].tick) {
			break
		}
		i = j
	}
	return i
}

// floor is the number of ticks at or below p.
func (b *tickBand) floor(p float64) float64 {
	x := p * b.inv
	n := math.Floor(x)
	if x-n >= 1-snap-4e-16*math.Abs(x) {
		n++
	}
	return n
}

func (b *tickBand) holds(p float64) bool { return b.floor(p) == -b.floor(-p) }

// at is the price of n ticks.
func (b *tickBand) at(n float64) float64 {
	if b.den != 0 && n*b.num < 1<<53 {
		return n * b.num / b.den
	}
	return n * b.tick
}
