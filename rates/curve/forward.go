package curve

import (
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
)

// ForwardCurve is a curve of forward prices through nodes, linear in the logarithm of the price: the cost of carry is
// constant between nodes, and beyond the last node it stays what it was before it. It is immutable and safe for
// concurrent use; Forward allocates nothing.
type ForwardCurve struct {
	times, forwards []float64
	carry           []float64 // the slope of ln F before each node; carry[0] before the first
	spot            float64
}

var _ Forward = (*ForwardCurve)(nil)

// NewForwardCurve returns the curve through forward prices for delivery at times in years, from spot at t = 0. The times
// must rise from 0 or above, the prices must be positive. A spot of 0 means that it is not known: the carry between
// the first two nodes then holds before them, and with one node the forward is flat.
func NewForwardCurve(times, forwards []float64, spot float64) (*ForwardCurve, error) {
	const fn = "curve.NewForwardCurve"
	if err := checkNodes(fn, times, "forwards", forwards, LogLinearDiscount); err != nil {
		return nil, err
	}
	for i, f := range forwards {
		if err := fault.Positive(fn, fmt.Sprintf("forwards[%d]", i), f); err != nil {
			return nil, err
		}
	}
	if err := fault.NonNegative(fn, "spot", spot); err != nil {
		return nil, err
	}
	if times[0] == 0 && spot != 0 && spot != forwards[0] {
		return nil, fault.Arg(fn, "spot", spot, fmt.Sprintf("0 or %g, the forward at t = 0", forwards[0]))
	}
	if spot > 0 && times[0] > 0 {
		times, forwards = append([]float64{0}, times...), append([]float64{spot}, forwards...)
	}
	n := len(times)
	c := &ForwardCurve{times: slices.Clone(times), forwards: slices.Clone(forwards), carry: make([]float64, n)}
	for i := 1; i < n; i++ {
		c.carry[i] = math.Log(forwards[i]/forwards[i-1]) / (times[i] - times[i-1])
	}
	if n > 1 {
		c.carry[0] = c.carry[1]
	}
	c.spot = c.Forward(0)
	return c, nil
}

// find returns the first node after t, or the last one.
func (c *ForwardCurve) find(t float64) int {
	lo, hi := 0, len(c.times)-1
	for lo < hi {
		mid := (lo + hi) / 2
		if c.times[mid] > t {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// Forward returns the forward price for delivery at t, NaN for a negative t. At a node it is the node's price.
func (c *ForwardCurve) Forward(t float64) float64 {
	if !(t >= 0) {
		return math.NaN()
	}
	i := c.find(t)
	from := i
	if i > 0 {
		from = i - 1
	}
	if t >= c.times[len(c.times)-1] {
		from = len(c.times) - 1
	}
	return c.forwards[from] * math.Exp(c.carry[i]*(t-c.times[from]))
}

// CarryRate returns the cost of carry at t, d ln F/dt: the rate less the yield of the asset. Where it jumps it is the
// rate after the jump. It is NaN for a negative t.
func (c *ForwardCurve) CarryRate(t float64) float64 {
	if !(t >= 0) {
		return math.NaN()
	}
	return c.carry[c.find(t)]
}

// Spot returns the forward price at t = 0: the spot, or what the curve implies for it.
func (c *ForwardCurve) Spot() float64 { return c.spot }

// Nodes returns copies of the times and prices of the nodes, the spot included if it was given.
func (c *ForwardCurve) Nodes() (times, forwards []float64) {
	return slices.Clone(c.times), slices.Clone(c.forwards)
}

// WithScale returns the curve with all prices multiplied by a positive number, as when spot moves and carry stays.
func (c *ForwardCurve) WithScale(by float64) (*ForwardCurve, error) {
	if err := fault.Positive("curve.ForwardCurve.WithScale", "by", by); err != nil {
		return nil, err
	}
	scaled := *c
	scaled.spot *= by
	scaled.forwards = slices.Clone(c.forwards)
	for i := range scaled.forwards {
		scaled.forwards[i] *= by
	}
	return &scaled, nil
}

// SpotForward is the forward curve of an asset that is bought at spot and carried: F(t) = S·C(t)/P(t), with the discount
// curve P and the carry curve C, whose rate is what the asset yields (dividends, a foreign rate, a lending fee). A nil
// curve is 1 everywhere.
type SpotForward struct {
	Spot     float64
	Discount Discount
	Carry    Discount
}

var _ Forward = SpotForward{}

// Forward returns the forward price for delivery at t.
func (f SpotForward) Forward(t float64) float64 {
	return f.Spot * factor(f.Carry, t) / factor(f.Discount, t)
}
