package model

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// ForwardVariance is a curve of forward variances ξ0(t), the variance per year that is expected today for time t, constant by period:
// Level[i] up to Until[i], and the last level beyond its end. Both slices have the same length; the caller must not change them.
// Without periods it is no curve.
type ForwardVariance struct {
	Until []float64 // ends of the periods in years, rising, > 0; the last may be +Inf
	Level []float64 // forward variances per year, >= 0
}

// FlatVariance returns the curve of one level.
func FlatVariance(level float64) ForwardVariance {
	return ForwardVariance{Until: []float64{math.Inf(1)}, Level: []float64{level}}
}

func (c ForwardVariance) validate(fn, name string) error {
	if len(c.Until) != len(c.Level) {
		return fault.Arg(fn, name+".Level", fmt.Sprintf("of length %d", len(c.Level)),
			fmt.Sprintf("as long as Until, %d", len(c.Until)))
	}
	last := 0.0
	for i, end := range c.Until {
		if !(end > last) || math.IsInf(end, 1) && i < len(c.Until)-1 {
			return fault.Arg(fn, fmt.Sprintf("%s.Until[%d]", name, i), end,
				fmt.Sprintf("after %g, and finite before the last period", last))
		}
		last = end
		if err := fault.NonNegative(fn, fmt.Sprintf("%s.Level[%d]", name, i), c.Level[i]); err != nil {
			return err
		}
	}
	return nil
}

// At returns ξ0(t); at the end of a period the level of that period.
func (c ForwardVariance) At(t float64) float64 {
	n := len(c.Level)
	for i := range n - 1 {
		if t <= c.Until[i] {
			return c.Level[i]
		}
	}
	return c.Level[n-1]
}

// Total returns ∫ξ0 from 0 to t, the total variance expected today.
func (c ForwardVariance) Total(t float64) float64 {
	sum, from := 0.0, 0.0
	for i, level := range c.Level {
		to := t
		if i < len(c.Level)-1 {
			to = math.Min(t, c.Until[i])
		}
		if to > from {
			sum += level * (to - from)
			from = to
		}
	}
	return sum
}
