package exotics

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
)

// Aggregate is what an option on several assets makes one number of.
type Aggregate int

const (
	Sum   Aggregate = iota // of the weighted prices: baskets, averages, and spreads by weights below zero
	Best                   // the largest of the weighted prices
	Worst                  // the smallest of the weighted prices
)

var aggregateNames = [...]string{"sum", "best", "worst"}

// String returns the name of the aggregate.
func (a Aggregate) String() string {
	if a < 0 || int(a) >= len(aggregateNames) {
		return fmt.Sprintf("Aggregate(%d)", int(a))
	}
	return aggregateNames[a]
}

// Basket is a European option on several assets. It pays (φ(X−Strike))⁺ at Expiry, X being the sum, the best or the worst of the
// weighted prices w_i·S_i:
//
//	Basket{Right: pricing.Call, On: Best, Weights: []float64{1, 1, 1}, Strike: 100, Expiry: 3}  // on the best of three
//	Basket{Right: pricing.Call, Weights: []float64{0.5, 0.5}, Strike: 100, Expiry: 1}           // on an average
//	Basket{Right: pricing.Call, Weights: []float64{1, -1}, Strike: 5, Expiry: 1}                // on a spread
//
// Options to exchange are spreads with a strike of zero.
type Basket struct {
	Right   pricing.Right
	On      Aggregate
	Weights []float64 // one for each asset, finite; > 0 for Best and Worst
	Strike  float64   // finite; it may be below zero
	Expiry  float64   // years, >= 0
}

// EarlyBasket is a [Basket] that may be exercised before its expiry: at the given dates, or at any time.
type EarlyBasket struct {
	Basket
	Dates []float64 // years, >= 0, strictly rising, the last one the expiry; nil means at any time
}

var (
	_ pricing.PathDependent     = Basket{}
	_ pricing.TerminalPair      = Basket{}
	_ pricing.PathExercise      = EarlyBasket{}
	_ pricing.EarlyExercisePair = EarlyBasket{}
)

// Validate checks the terms.
func (b Basket) Validate() error {
	const fn = "exotics.Basket"
	if b.Right != pricing.Call && b.Right != pricing.Put {
		return fault.Arg(fn, "Right", b.Right, "Call or Put")
	}
	if b.On < Sum || b.On > Worst {
		return fault.Arg(fn, "On", int(b.On), "Sum, Best or Worst")
	}
	if len(b.Weights) == 0 {
		return fault.Arg(fn, "Weights", "empty", "one for each asset")
	}
	for i, w := range b.Weights {
		name := fmt.Sprintf("Weights[%d]", i)
		err := fault.Finite(fn, name, w)
		if b.On != Sum {
			err = fault.Positive(fn, name, w)
		}
		if err != nil {
			return err
		}
	}
	return fault.First(fault.Finite(fn, "Strike", b.Strike), fault.NonNegative(fn, "Expiry", b.Expiry))
}

// Maturity returns the expiry.
func (b Basket) Maturity() float64 { return b.Expiry }

// Assets returns the number of weights.
func (b Basket) Assets() int { return len(b.Weights) }

// Observations returns the expiry.
func (b Basket) Observations() []float64 { return []float64{b.Expiry} }

// payTo writes what the option pays at the prices of p at the i-th time to dst.
func (b Basket) payTo(dst []float64, i int, p *pricing.Paths) {
	w := b.Weights[0]
	for j, s := range p.At(i, 0) {
		dst[j] = w * s
	}
	for a := 1; a < len(b.Weights); a++ {
		w, s := b.Weights[a], p.At(i, a)
		switch b.On {
		case Best:
			for j, v := range s {
				dst[j] = max(dst[j], w*v)
			}
		case Worst:
			for j, v := range s {
				dst[j] = min(dst[j], w*v)
			}
		default:
			vec.AddScaled(dst, w, s, dst)
		}
	}
	b.Right.PayoffTo(dst, dst, b.Strike)
}

// PresentValueTo writes the discounted payoff of each path to dst.
func (b Basket) PresentValueTo(dst []float64, p *pricing.Paths) {
	b.payTo(dst, 0, p)
	p.DiscountTo(dst, 0)
}

// PayoffPairTo writes what an option on two assets pays to dst, NaN if it is not on two.
func (b Basket) PayoffPairTo(dst, first, second []float64) {
	if len(b.Weights) != 2 {
		for j := range dst {
			dst[j] = math.NaN()
		}
		return
	}
	u, v := b.Weights[0], b.Weights[1]
	for j, s := range first {
		x, y := u*s, v*second[j]
		switch b.On {
		case Best:
			dst[j] = max(x, y)
		case Worst:
			dst[j] = min(x, y)
		default:
			dst[j] = x + y
		}
	}
	b.Right.PayoffTo(dst, dst, b.Strike)
}

// Validate checks the terms and the dates.
func (b EarlyBasket) Validate() error {
	const fn = "exotics.EarlyBasket"
	if err := b.Basket.Validate(); err != nil || b.Dates == nil {
		return err
	}
	if len(b.Dates) == 0 {
		return fault.Arg(fn, "Dates", "empty", "at least one exercise date, or nil for any time")
	}
	last := math.Inf(-1)
	for i, t := range b.Dates {
		name := fmt.Sprintf("Dates[%d]", i)
		if err := fault.NonNegative(fn, name, t); err != nil {
			return err
		}
		if t <= last {
			return fault.Arg(fn, name, t, fmt.Sprintf("> %g, the date before it", last))
		}
		last = t
	}
	if last != b.Expiry {
		return fault.Arg(fn, fmt.Sprintf("Dates[%d]", len(b.Dates)-1), last, fmt.Sprintf("%g, the expiry", b.Expiry))
	}
	return nil
}

// ExerciseDates returns the dates.
func (b EarlyBasket) ExerciseDates() []float64 { return b.Dates }

// Observations returns the dates, or the expiry if exercise is at any time.
func (b EarlyBasket) Observations() []float64 {
	if b.Dates == nil {
		return b.Basket.Observations()
	}
	return b.Dates
}

// ExerciseTo writes what exercise at the i-th time pays to dst.
func (b EarlyBasket) ExerciseTo(dst []float64, i int, p *pricing.Paths) { b.payTo(dst, i, p) }

// The variables of the regression. The rule is best that knows the price of each asset; but functions of more than a few variables
// need more paths than they are worth.
const (
	mostPrices = 4 // assets of a sum that are variables of their own
	mostRanks  = 3 // of the weighted prices in their order
)

// States returns the number of variables that [EarlyBasket.StatesTo] writes.
func (b EarlyBasket) States() int {
	n := len(b.Weights)
	switch {
	case n == 1:
		return 1
	case b.On == Sum && n <= mostPrices:
		return n
	case b.On == Sum:
		return 1
	case n == 2:
		return 3
	}
	return mostRanks
}

// StatesTo writes the variables of the regression: of a sum, the prices of up to four assets or, if there are more, the sum; of the
// best or worst of two, both prices and the best or worst; of more, the three best or worst in their order. So an option on
// three assets or more does not know which of them is the best, and loses by it if they are not alike.
func (b EarlyBasket) StatesTo(dst [][]float64, i int, p *pricing.Paths) {
	n := len(b.Weights)
	switch {
	case n == 1 || b.On == Sum && n <= mostPrices:
		for a := range n {
			copy(dst[a], p.At(i, a))
		}
	case b.On == Sum:
		clear(dst[0])
		for a, w := range b.Weights {
			vec.AddScaled(dst[0], w, p.At(i, a), dst[0])
		}
	case n == 2:
		first, second := p.At(i, 0), p.At(i, 1)
		copy(dst[0], first)
		copy(dst[1], second)
		u, v := b.Weights[0], b.Weights[1]
		for j, s := range first {
			if b.On == Best {
				dst[2][j] = max(u*s, v*second[j])
			} else {
				dst[2][j] = min(u*s, v*second[j])
			}
		}
	default:
		x, y, z := dst[0], dst[1], dst[2]
		sign := 1.0
		if b.On == Worst {
			sign = -1
		}
		for j := range x {
			x[j], y[j], z[j] = math.Inf(-1), math.Inf(-1), math.Inf(-1)
		}
		for a, w := range b.Weights {
			w *= sign
			for j, s := range p.At(i, a) {
				v := w * s
				v, x[j] = min(x[j], v), max(x[j], v)
				v, y[j] = min(y[j], v), max(y[j], v)
				z[j] = max(z[j], v)
			}
		}
	}
}
