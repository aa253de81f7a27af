package pricing

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// Right says whether an option is a call or a put. The zero value is neither, so that a forgotten field is an error and
// not a call.
type Right int8

// The two rights. Their values are the signs φ of the payoff (φ(S−K))⁺.
const (
	Call Right = 1
	Put  Right = -1
)

// Sign returns +1 for a call, −1 for a put and NaN otherwise.
func (r Right) Sign() float64 {
	if r != Call && r != Put {
		return math.NaN()
	}
	return float64(r)
}

// Opposite returns the other right.
func (r Right) Opposite() Right { return -r }

// Payoff returns what the right pays at expiry: (φ(s−k))⁺.
func (r Right) Payoff(s, k float64) float64 { return math.Max(r.Sign()*(s-k), 0) }

// String returns "call" or "put".
func (r Right) String() string {
	switch r {
	case Call:
		return "call"
	case Put:
		return "put"
	}
	return fmt.Sprintf("Right(%d)", int8(r))
}

// MarshalText writes "call" or "put".
func (r Right) MarshalText() ([]byte, error) {
	if r != Call && r != Put {
		return nil, fault.Arg("pricing.Right", "right", int8(r), "Call or Put")
	}
	return []byte(r.String()), nil
}

// UnmarshalText reads call, put, C or P in any case.
func (r *Right) UnmarshalText(text []byte) error {
	right, err := ParseRight(string(text))
	if err != nil {
		return err
	}
	*r = right
	return nil
}

// ParseRight reads call, put, calls, puts, C or P in any case.
func ParseRight(s string) (Right, error) {
	switch s {
	case "C", "c", "call", "Call", "CALL", "calls", "Calls", "CALLS":
		return Call, nil
	case "P", "p", "put", "Put", "PUT", "puts", "Puts", "PUTS":
		return Put, nil
	}
	return 0, fault.Arg("pricing.ParseRight", "right", fmt.Sprintf("%q", s), "call, put, C or P")
}

// Vanilla is a European option: at Expiry, in years from the valuation instant, it pays (φ(S−Strike))⁺.
type Vanilla struct {
	Right  Right
	Strike float64 // > 0
	Expiry float64 // years, >= 0; at 0 the option is worth its payoff
}

var _ Instrument = Vanilla{}

// NewVanilla returns a European option, or an [ArgError] naming the term that makes no sense.
func NewVanilla(right Right, strike, expiry float64) (Vanilla, error) {
	v := Vanilla{Right: right, Strike: strike, Expiry: expiry}
	if err := v.Validate(); err != nil {
		return Vanilla{}, err
	}
	return v, nil
}

// Validate checks the right, the strike and the expiry.
func (v Vanilla) Validate() error {
	if v.Right != Call && v.Right != Put {
		return fault.Arg("pricing.Vanilla", "Right", v.Right, "Call or Put")
	}
	return fault.First(
		fault.Positive("pricing.Vanilla", "Strike", v.Strike),
		fault.NonNegative("pricing.Vanilla", "Expiry", v.Expiry),
	)
}

// Payoff returns what the option pays at expiry if the underlying is then worth s.
func (v Vanilla) Payoff(s float64) float64 { return v.Right.Payoff(s, v.Strike) }
