package fd

import (
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// contract is what an engine needs to know of an instrument.
type contract struct {
	pay          pricing.Terminal
	expiry       float64
	kinks        []float64
	early        bool      // may be exercised before maturity
	dates        []float64 // when; nil means at any time
	lower, upper *pricing.Barrier
	barriers     [2]pricing.Barrier
	in           bool
	price        [1]float64 // scratch
}

// read fills c from the capabilities of the instrument, and refuses terms that contradict each other.
func (c *contract) read(fn string, in pricing.Terminal) error {
	*c = contract{pay: in, expiry: in.Maturity(), kinks: in.Kinks()}
	if err := fault.NonNegative(fn, "Maturity", c.expiry); err != nil {
		return err
	}
	for i, k := range c.kinks {
		if k-k != 0 {
			return fault.Arg(fn, fmt.Sprintf("Kinks[%d]", i), k, "finite")
		}
		if i > 0 && k < c.kinks[i-1] {
			return fault.Arg(fn, fmt.Sprintf("Kinks[%d]", i), k, fmt.Sprintf(">= %g, the one before it", c.kinks[i-1]))
		}
	}
	if e, ok := in.(pricing.EarlyExercise); ok {
		c.early, c.dates = true, e.ExerciseDates()
		if err := rising(fn, "ExerciseDates", c.dates, c.expiry); err != nil {
			return err
		}
		if n := len(c.dates); c.dates != nil && (n == 0 || c.dates[n-1] != c.expiry) {
			return fault.Arg(fn, "ExerciseDates", c.dates, fmt.Sprintf("dates of which the last is the maturity, %g", c.expiry))
		}
		if len(c.dates) == 1 {
			c.early = false
		}
	}
	b, ok := in.(pricing.Barriered)
	if !ok {
		return nil
	}
	list := b.Barriers()
	if len(list) > 2 {
		return fault.Arg(fn, "Barriers", len(list), "at most a lower and an upper one")
	}
	for i, bar := range list {
		name := func(field string) string { return fmt.Sprintf("Barriers[%d].%s", i, field) }
		switch {
		case !(bar.Level > 0) || math.IsInf(bar.Level, 1):
			return fault.Arg(fn, name("Level"), bar.Level, "finite and > 0")
		case !(bar.Rebate >= 0) || math.IsInf(bar.Rebate, 1):
			return fault.Arg(fn, name("Rebate"), bar.Rebate, "finite and >= 0")
		case bar.Dates != nil && len(bar.Dates) == 0:
			return fault.Arg(fn, name("Dates"), "empty", "nil or at least one date")
		case len(bar.Dates) > 0:
			if err := rising(fn, name("Dates"), bar.Dates, c.expiry); err != nil {
				return err
			}
		}
		c.barriers[i] = bar
		side := &c.lower
		if bar.Up {
			side = &c.upper
		}
		if *side != nil {
			return fault.Arg(fn, name("Up"), bar.Up, "a lower and an upper barrier")
		}
		*side = &c.barriers[i]
		c.in = bar.In
	}
	if c.lower != nil && c.upper != nil {
		switch {
		case c.lower.Level >= c.upper.Level:
			return fault.Arg(fn, "Barriers[1].Level", c.upper.Level, fmt.Sprintf("> %g, the lower one", c.lower.Level))
		case c.lower.In != c.upper.In:
			return fault.Arg(fn, "Barriers[1].In", c.upper.In, "both in or both out")
		case c.in && c.lower.Rebate != c.upper.Rebate:
			return fault.Arg(fn, "Barriers[1].Rebate", c.upper.Rebate, fmt.Sprintf("%g, that of the other knock-in", c.lower.Rebate))
		}
	}
	return nil
}

// rising checks that times rise strictly within [0, last].
func rising(fn, name string, times []float64, last float64) error {
	for i, t := range times {
		if !(t >= 0 && t <= last) {
			return fault.Arg(fn, fmt.Sprintf("%s[%d]", name, i), t, fmt.Sprintf("in [0, %g]", last))
		}
		if i > 0 && t <= times[i-1] {
			return fault.Arg(fn, fmt.Sprintf("%s[%d]", name, i), t, fmt.Sprintf("> %g, the one before it", times[i-1]))
		}
	}
	return nil
}

// breached reports whether the spot has reached a barrier that is looked at now, and which. To stand exactly at a barrier is to
// have reached it; to stand beyond one that is looked at at all times is an error, for then it was reached before.
func (c *contract) breached(fn string, spot float64) (*pricing.Barrier, error) {
	for _, b := range [2]*pricing.Barrier{c.lower, c.upper} {
		if b == nil || b.Dates != nil && b.Dates[0] > 0 {
			continue
		}
		gone := b.Level - spot
		if b.Up {
			gone = -gone
		}
		if gone > 0 && b.Dates == nil {
			want := "> the spot, %g, or the contract is already knocked"
			if !b.Up {
				want = "< the spot, %g, or the contract is already knocked"
			}
			return nil, fault.Arg(fn, "barrier", b.Level, fmt.Sprintf(want, spot))
		}
		if gone >= 0 {
			return b, nil
		}
	}
	return nil, nil
}

func (c *contract) payoff(s float64) float64 {
	c.price[0] = s
	c.pay.PayoffTo(c.price[:], c.price[:])
	return c.price[0]
}

// moment is an instant at which something happens besides the passing of time.
type moment struct {
	t                   float64
	exercise            bool // a date of exercise
	watchLow, watchHigh bool // a date at which a barrier is looked at
	dividends           []model.Dividend
}

// momentsOf lists now, the maturity and what is between them, in rising order. Memory is reused.
func (c *contract) momentsOf(list []moment, dividends []model.Dividend) []moment {
	list = append(list[:0], moment{t: 0}, moment{t: c.expiry})
	for _, t := range c.dates {
		list = append(list, moment{t: t, exercise: true})
	}
	if c.lower != nil {
		for _, t := range c.lower.Dates {
			list = append(list, moment{t: t, watchLow: true})
		}
	}
	if c.upper != nil {
		for _, t := range c.upper.Dates {
			list = append(list, moment{t: t, watchHigh: true})
		}
	}
	for i, d := range dividends {
		if d.Time <= c.expiry {
			list = append(list, moment{t: d.Time, dividends: dividends[i : i+1]})
		}
	}
	slices.SortStableFunc(list, func(a, b moment) int {
		switch {
		case a.t < b.t:
			return -1
		case a.t > b.t:
			return 1
		}
		return 0
	})
	// Moments that differ by rounding are one.
	k := 0
	for _, m := range list[1:] {
		last := &list[k]
		if m.t-last.t > 1e-12*c.expiry {
			k++
			list[k] = m
			continue
		}
		if m.t == c.expiry {
			last.t = m.t
		}
		last.exercise = last.exercise || m.exercise
		last.watchLow = last.watchLow || m.watchLow
		last.watchHigh = last.watchHigh || m.watchHigh
		if len(m.dividends) > 0 {
			if n := len(last.dividends); n > 0 { // neighbours in the model's list
				last.dividends = last.dividends[:n+1]
			} else {
				last.dividends = m.dividends
			}
		}
	}
	return list[:k+1]
}

// after is the price that a price becomes as the dividends of the moment are paid.
func (m *moment) after(s, floor float64) float64 {
	for _, d := range m.dividends {
		s = math.Max(s-d.Cash, math.Min(s, floor)) * (1 - d.Proportion)
	}
	return s
}

// before is the price that becomes the one given as the dividends of the moment are paid.
func (m *moment) before(s float64) float64 {
	for i := len(m.dividends) - 1; i >= 0; i-- {
		s = s/(1-m.dividends[i].Proportion) + m.dividends[i].Cash
	}
	return s
}
