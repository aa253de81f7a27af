package surface

import "github.com/volgaquant/volga/pricing"

// Smile is what the market says of one expiry, by column, in rising order of strike: the implied volatilities of the
// out-of-the-money options (puts below the forward, calls at and above it) that survived cleaning. The columns are of
// one length. It is what a surface is fitted to.
type Smile struct {
	Label    string  // names the expiry in messages: "SPXW 2023-10-20 PM"
	Tau      float64 // model time to expiry in years, > 0
	Forward  float64 // > 0
	Discount float64 // discount factor from expiry to the valuation instant

	Right  []pricing.Right
	Strike []float64
	K      []float64 // log-moneyness ln(Strike/Forward)
	Bid    []float64 // implied volatility of the bid price; NaN if the bid has none (below intrinsic, or no bid)
	Ask    []float64 // implied volatility of the ask price
	Mid    []float64 // implied volatility of the mid price
}

// Len returns the number of options.
func (s *Smile) Len() int { return len(s.K) }
