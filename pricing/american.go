package pricing

import (
	"github.com/volgaquant/volga/internal/fault"
)

// American is an option that may be exercised at any time from now to Expiry, in years from the valuation instant, for
// (φ(S−Strike))⁺.
type American struct {
	Right  Right
	Strike float64 // > 0
	Expiry float64 // years, >= 0; at 0 the option is worth its payoff
}

// Bermudan is an option that may be exercised at the given dates only, for (φ(S−Strike))⁺. The last date is its expiry.
type Bermudan struct {
	Right  Right
	Strike float64   // > 0
	Dates  []float64 // years from the valuation instant, >= 0, strictly rising, at least one
}

var (
	_ Instrument = American{}
	_ Instrument = Bermudan{}
)

// NewAmerican returns an American option, or an [ArgError] naming the term that makes no sense.
func NewAmerican(right Right, strike, expiry float64) (American, error) {
	a := American{Right: right, Strike: strike, Expiry: expiry}
	if err := a.Validate(); err != nil {
		return American{}, err
	}
	return a, nil
}

// Validate checks the right, the strike and the expiry.
func (a American) Validate() error {
	const fn = "pricing.American"
	if a.Right != Call && a.Right != Put {
		return fault.Arg(fn, "Right", a.Right, "Call or Put")
	}
	if err := fault.Positive(fn, "Strike", a.Strike); err != nil {
		return err
	}
	return fault.NonNegative(fn, "Expiry", a.Expiry)
}

// Payoff returns what exercise pays if the underlying is then worth s.
func (a American) Payoff(s float64) float64 { return a.Right.Payoff(s, a.Strike) }

// European returns the option that may be exercised at expiry only.
func (a American) European() Vanilla { return Vanilla(a) }

// Validate checks the right, the strike and the exercise dates.
func (b Bermudan) Validate() error {
	const fn = "pricing.Bermudan"
	if b.Right != Call && b.Right != Put {
		return fault.Arg(fn, "Right", b.Right, "Call or Put")
	}
	if err := fault.Positive(fn, "Strike", b.Strike); err != nil {
		return err
	}
	if len(b.Dates) == 0 {
		return fault.Arg(fn, "Dates", "empty", "at least one exercise date")
	}
	return rising(fn, "Dates", b.Dates)
}

// Expiry returns the last exercise date, or 0 if there is none.
func (b Bermudan) Expiry() float64 {
	if len(b.Dates) == 0 {
		return 0
	}
	return b.Dates[len(b.Dates)-1]
}

// Payoff returns what exercise pays if the underlying is then worth s.
func (b Bermudan) Payoff(s float64) float64 { return b.Right.Payoff(s, b.Strike) }
