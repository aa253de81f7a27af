package risk

import (
	"fmt"
	"time"

	"github.com/volgaquant/volga/pricing"
)

// Ladder is the Greeks of a book by bucket, at one moment and under one set of marks. It is a copy and does not change
// with the book.
type Ladder struct {
	Instant  time.Time  // of the marks
	Lines    []Line     // buckets with an open position, by underlying, expiry and strike; the same order every time
	Unmarked []Contract // open positions that the lines leave out, because the marks had no answer for them
}

// Line is a bucket of a ladder, or a total of several. The Greeks are of the position in raw units; their methods, such as
// [pricing.Greeks.VegaPoint] and [pricing.Greeks.ThetaDay], give desk units.
type Line struct {
	Underlying string     // empty in a total over underlyings
	Expiry     time.Time  // the expiry of the bucket; zero if buckets are by days, for the underlying itself, and in totals over expiries
	Days       Interval   // the range of days to expiry if buckets are by days, or of a total over expiries
	Strike     Interval   // the range on Axis; the zero Interval for futures and the underlying
	Axis       StrikeAxis // what Strike measures

	Open  int     // contracts with an open position
	Value float64 // market value; a future counts nothing, its gains being paid as they arise
	pricing.Greeks
	CashDelta float64 // Σ Δ·S, see [pricing.Greeks.DeltaCash]
	CashGamma float64 // Σ Γ·S²/100: the change of CashDelta for a move of 1% in spot

	sums sums
}

func (l *Line) fill() {
	v := l.sums.values()
	l.Value, l.Greeks, l.CashDelta, l.CashGamma = v[0], greeksOf(&v), v[17], v[18]
}

// ExpiryLabel writes the expiry of a bucket: a date, a range of days, or "-" for the underlying itself.
func (l Line) ExpiryLabel() string {
	switch {
	case !l.Expiry.IsZero():
		return day(l.Expiry)
	case l.Days == Interval{} || l.Days == everything():
		return l.Days.String()
	}
	return l.Days.String() + " days"
}

// String writes the bucket as "SPX 2026-12-18 [90, 110)".
func (l Line) String() string {
	name := l.Underlying
	if name == "" {
		name = "all"
	}
	return fmt.Sprintf("%s %s %v", name, l.ExpiryLabel(), l.Strike)
}

// ByExpiry returns one line for each underlying and expiry bucket, over all strikes and with the futures of that expiry.
func (l Ladder) ByExpiry() []Line {
	return l.total(func(a, b *Line) bool {
		return a.Underlying == b.Underlying && a.Expiry.Equal(b.Expiry) && a.Days == b.Days
	}, func(t *Line) {})
}

// ByUnderlying returns one line for each underlying, over all expiries and strikes, futures and the underlying itself.
func (l Ladder) ByUnderlying() []Line {
	return l.total(func(a, b *Line) bool { return a.Underlying == b.Underlying }, func(t *Line) {
		t.Expiry, t.Days = time.Time{}, everything()
	})
}

// Total returns the sum of all lines. Over several underlyings the columns in money add up (Value, CashDelta, CashGamma,
// Vega, Theta, Rho), those per unit of spot do not mean anything.
func (l Ladder) Total() Line {
	t := l.total(func(a, b *Line) bool { return true }, func(t *Line) {
		t.Underlying, t.Expiry, t.Days = "", time.Time{}, everything()
	})
	if len(t) == 0 {
		return Line{Days: everything(), Strike: everything()}
	}
	return t[0]
}

// total adds up runs of lines that belong together and names each run.
func (l Ladder) total(together func(a, b *Line) bool, name func(t *Line)) []Line {
	var out []Line
	for i := range l.Lines {
		if line := &l.Lines[i]; i == 0 || !together(&l.Lines[i-1], line) {
			t := *line
			t.Strike = everything()
			name(&t)
			out = append(out, t)
		} else {
			t := &out[len(out)-1]
			t.Open += line.Open
			t.sums.plus(&line.sums)
		}
	}
	for i := range out {
		out[i].fill()
	}
	return out
}
