package curve

import (
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
)

// DiscountCurve is a discount curve through nodes. It is immutable and safe for concurrent use; its methods allocate
// nothing unless they return slices.
type DiscountCurve struct {
	segs    []segment // of −ln of the factor or of the zero rate, the first from t = 0
	ofZero  bool
	last    float64 // the last node, −ln of its factor, its forward rate
	lastLog float64
	lastFwd float64
	shift   float64 // added to all zero rates
	times   []float64
	ip      Interpolation
}

var _ Discount = (*DiscountCurve)(nil)

// NewDiscountCurve returns the curve through discount factors at times in years. The times must rise from above 0, or
// from 0 if the first factor is 1; the factors must be positive, and may exceed 1.
func NewDiscountCurve(times, factors []float64, ip Interpolation) (*DiscountCurve, error) {
	const fn = "curve.NewDiscountCurve"
	if err := checkNodes(fn, times, "factors", factors, ip); err != nil {
		return nil, err
	}
	for i, f := range factors {
		if err := fault.Positive(fn, fmt.Sprintf("factors[%d]", i), f); err != nil {
			return nil, err
		}
	}
	if times[0] == 0 {
		if factors[0] != 1 {
			return nil, fault.Arg(fn, "factors[0]", factors[0], "1 at t = 0")
		}
		if len(times) == 1 {
			return nil, fault.Arg(fn, "times", times, "a node after t = 0")
		}
		times, factors = times[1:], factors[1:]
	}
	logs := make([]float64, len(times))
	for i, f := range factors {
		logs[i] = -math.Log(f)
	}
	return newCurve(times, logs, math.NaN(), ip), nil
}

// NewZeroCurve returns the curve through continuously compounded zero rates at times in years, which must rise from 0 or
// above. A rate at t = 0 is a node of the interpolations of the zero rate; the others ignore it.
func NewZeroCurve(times, zeros []float64, ip Interpolation) (*DiscountCurve, error) {
	const fn = "curve.NewZeroCurve"
	if err := checkNodes(fn, times, "zeros", zeros, ip); err != nil {
		return nil, err
	}
	for i, z := range zeros {
		if err := fault.Finite(fn, fmt.Sprintf("zeros[%d]", i), z); err != nil {
			return nil, err
		}
	}
	atZero := math.NaN()
	if times[0] == 0 {
		if len(times) == 1 {
			return nil, fault.Arg(fn, "times", times, "a node after t = 0")
		}
		atZero, times, zeros = zeros[0], times[1:], zeros[1:]
	}
	logs := make([]float64, len(times))
	for i, z := range zeros {
		logs[i] = z * times[i]
	}
	return newCurve(times, logs, atZero, ip), nil
}

func checkNodes(fn string, times []float64, name string, values []float64, ip Interpolation) error {
	switch {
	case !ip.known():
		return fault.Arg(fn, "ip", int8(ip), "a known interpolation")
	case len(times) == 0:
		return fault.Arg(fn, "times", times, "at least one node")
	case len(values) != len(times):
		return fault.Arg(fn, "len("+name+")", len(values), fmt.Sprintf("%d, the number of times", len(times)))
	}
	return checkTimes(fn, times)
}

// checkTimes returns an error unless the times are finite, not negative and strictly rising.
func checkTimes(fn string, times []float64) error {
	for i, t := range times {
		name := func() string { return fmt.Sprintf("times[%d]", i) }
		if !(t >= 0) || math.IsInf(t, 1) {
			return fault.Arg(fn, name(), t, "finite and >= 0")
		}
		if i > 0 && t <= times[i-1] {
			return fault.Arg(fn, name(), t, fmt.Sprintf("> %g, the time before it", times[i-1]))
		}
	}
	return nil
}

// newCurve builds the curve through −ln of the factors at positive times. The zero rate at t = 0 is NaN if not given.
func newCurve(times, logs []float64, atZero float64, ip Interpolation) *DiscountCurve {
	n := len(times)
	c := &DiscountCurve{ofZero: ip.ofZero(), last: times[n-1], lastLog: logs[n-1], times: slices.Clone(times), ip: ip}
	x, y := make([]float64, 0, n+1), make([]float64, 0, n+1)
	if !c.ofZero || !math.IsNaN(atZero) {
		x, y = append(x, 0), append(y, 0)
		if c.ofZero {
			y[0] = atZero
		}
	}
	for i, t := range times {
		v := logs[i]
		if c.ofZero {
			v /= t
		}
		x, y = append(x, t), append(y, v)
	}
	if x[0] > 0 { // the zero rate is held before the first node
		c.segs = append(c.segs, segment{a: y[0]})
	}
	c.segs = append(c.segs, ip.segments(x, y)...)
	s := &c.segs[len(c.segs)-1]
	c.lastFwd = s.slope(c.last)
	if c.ofZero {
		c.lastFwd = s.value(c.last) + c.last*c.lastFwd
	}
	return c
}

// find returns the segment of a time before the last node.
func (c *DiscountCurve) find(t float64) int {
	lo, hi := 0, len(c.segs)
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		if c.segs[mid].t <= t {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// log returns −ln of the discount factor before the shift.
func (c *DiscountCurve) log(t float64) float64 {
	if t >= c.last {
		return c.lastLog + c.lastFwd*(t-c.last)
	}
	v := c.segs[c.find(t)].value(t)
	if c.ofZero {
		v *= t
	}
	return v
}

// DiscountFactor returns the value of 1 paid at t: exactly 1 at t = 0, NaN for a negative t.
func (c *DiscountCurve) DiscountFactor(t float64) float64 {
	if !(t >= 0) {
		return math.NaN()
	}
	if t == 0 {
		return 1 // also for nodes so close to 0 that their rates overflow
	}
	return math.Exp(-(c.log(t) + c.shift*t))
}

// ZeroRate returns the continuously compounded rate from 0 to t, at t = 0 its limit. It is NaN for a negative t.
func (c *DiscountCurve) ZeroRate(t float64) float64 {
	switch {
	case !(t >= 0):
		return math.NaN()
	case t == 0:
		return c.InstantaneousForward(0)
	case t >= c.last:
		return c.log(t)/t + c.shift
	}
	s := &c.segs[c.find(t)]
	switch {
	case c.ofZero:
		return s.value(t) + c.shift
	case s.t == 0:
		return s.chord(0, t) + c.shift
	}
	return s.value(t)/t + c.shift
}

// InstantaneousForward returns the forward rate at t, −d ln P/dt; where it jumps, the rate after the jump. It is NaN for
// a negative t.
func (c *DiscountCurve) InstantaneousForward(t float64) float64 {
	switch {
	case !(t >= 0):
		return math.NaN()
	case t >= c.last:
		return c.lastFwd + c.shift
	}
	s := &c.segs[c.find(t)]
	if c.ofZero {
		return s.value(t) + t*s.slope(t) + c.shift
	}
	return s.slope(t) + c.shift
}

// ForwardRate returns the continuously compounded rate between two times in either order, ln(P(t1)/P(t2))/(t2−t1), and
// for equal times the instantaneous forward. It keeps its accuracy however close the times are. It is NaN if a time is
// negative.
func (c *DiscountCurve) ForwardRate(t1, t2 float64) float64 {
	if t1 > t2 {
		t1, t2 = t2, t1
	}
	if !(t1 >= 0 && t2 >= 0) {
		return math.NaN()
	}
	i, j := c.stretch(t1), c.stretch(t2)
	switch {
	case i == j:
		return c.within(i, t1, t2) + c.shift
	case j == i+1: // split at the node, so that nothing cancels
		node := c.last
		if j < len(c.segs) {
			node = c.segs[j].t
		}
		w := (node - t1) / (t2 - t1)
		return w*c.within(i, t1, node) + (1-w)*c.within(j, node, t2) + c.shift
	}
	return (c.log(t2)-c.log(t1))/(t2-t1) + c.shift
}

// stretch returns the segment of a time, len(segs) from the last node on.
func (c *DiscountCurve) stretch(t float64) int {
	if t >= c.last {
		return len(c.segs)
	}
	return c.find(t)
}

// within returns the forward rate before the shift between two times of one stretch, its ends included.
func (c *DiscountCurve) within(i int, t1, t2 float64) float64 {
	if i == len(c.segs) {
		return c.lastFwd
	}
	s := &c.segs[i]
	if c.ofZero {
		return s.value(t2) + t1*s.chord(t1, t2)
	}
	return s.chord(t1, t2)
}

// WithShift returns the curve with all its zero rates, and so all its forward rates, moved by a number of basis points.
// It shares the nodes of c.
func (c *DiscountCurve) WithShift(bp float64) *DiscountCurve {
	shifted := *c
	shifted.shift += bp * 1e-4
	return &shifted
}

// Interpolation returns what the curve does between nodes.
func (c *DiscountCurve) Interpolation() Interpolation { return c.ip }

// Nodes returns copies of the times of the nodes after t = 0 and of the discount factors there.
func (c *DiscountCurve) Nodes() (times, factors []float64) {
	times, factors = slices.Clone(c.times), make([]float64, len(c.times))
	for i, t := range times {
		factors[i] = c.DiscountFactor(t)
	}
	return times, factors
}

// Product returns the curve whose factors are the products of those of a and b, as a spread over a curve or a survival
// curve times a discount curve. A nil curve discounts nothing.
func Product(a, b Discount) Discount { return product{a, b} }

type product struct{ a, b Discount }

func (p product) DiscountFactor(t float64) float64 { return factor(p.a, t) * factor(p.b, t) }

// Ratio returns the curve whose factors are those of a over those of b, as the spread between two curves. A nil curve
// discounts nothing.
func Ratio(a, b Discount) Discount { return ratio{a, b} }

type ratio struct{ a, b Discount }

func (r ratio) DiscountFactor(t float64) float64 { return factor(r.a, t) / factor(r.b, t) }

func factor(c Discount, t float64) float64 {
	if c != nil {
		return c.DiscountFactor(t)
	}
	if !(t >= 0) {
		return math.NaN()
	}
	return 1
}
