package risk

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

// Contract is a listed contract: an option, a future, or the underlying itself. It is comparable. Two contracts whose
// expiries are the same instant in different locations differ by == and are one contract to a [Book].
type Contract struct {
	Underlying string
	Expiry     time.Time     // the settlement instant; zero for the underlying itself
	Strike     float64       // > 0 for an option, else 0
	Right      pricing.Right // Call or Put for an option, else 0
	Multiplier float64       // units of the underlying per contract, > 0
}

// Option returns the contract of a listed option.
func Option(underlying string, expiry time.Time, strike float64, right pricing.Right, multiplier float64) Contract {
	return Contract{underlying, expiry, strike, right, multiplier}.canonical()
}

// Future returns the contract of a future.
func Future(underlying string, expiry time.Time, multiplier float64) Contract {
	return Contract{Underlying: underlying, Expiry: expiry, Multiplier: multiplier}.canonical()
}

// Underlying returns the contract of the underlying itself, one unit of it.
func Underlying(name string) Contract { return Contract{Underlying: name, Multiplier: 1} }

// canonical drops what makes equal instants differ by ==: the location and the reading of the monotonic clock.
func (c Contract) canonical() Contract {
	c.Expiry = c.Expiry.UTC().Round(0)
	return c
}

// IsOption reports whether c is an option, as opposed to a future or the underlying.
func (c Contract) IsOption() bool { return c.Right != 0 || c.Strike != 0 }

// IsFuture reports whether c is a future.
func (c Contract) IsFuture() bool { return !c.IsOption() && !c.Expiry.IsZero() }

// Validate returns a [pricing.ArgError] naming the first term that makes no sense.
func (c Contract) Validate() error {
	const fn = "risk.Contract"
	if c.Underlying == "" {
		return fault.Arg(fn, "Underlying", `""`, "a name")
	}
	if err := fault.Positive(fn, "Multiplier", c.Multiplier); err != nil {
		return err
	}
	if !c.IsOption() {
		return nil
	}
	if c.Right != pricing.Call && c.Right != pricing.Put {
		return fault.Arg(fn, "Right", c.Right, "Call or Put, or neither and no strike")
	}
	if c.Expiry.IsZero() {
		return fault.Arg(fn, "Expiry", c.Expiry, "the settlement instant of the option")
	}
	return fault.Positive(fn, "Strike", c.Strike)
}

// Compare orders contracts by underlying, expiry, strike, right (puts first) and multiplier; the underlying itself comes
// first and futures before options.
func (c Contract) Compare(d Contract) int {
	return cmp.Or(
		strings.Compare(c.Underlying, d.Underlying),
		c.Expiry.Compare(d.Expiry),
		cmp.Compare(c.Strike, d.Strike),
		cmp.Compare(c.Right, d.Right),
		cmp.Compare(c.Multiplier, d.Multiplier),
	)
}

// String writes the contract as "SPX 2026-12-18 4500 put", "ES 2026-12-18" or "SPX".
func (c Contract) String() string {
	switch {
	case c.IsOption():
		return fmt.Sprintf("%s %s %s %v", c.Underlying, day(c.Expiry), strconv.FormatFloat(c.Strike, 'f', -1, 64), c.Right)
	case c.IsFuture():
		return c.Underlying + " " + day(c.Expiry)
	}
	return c.Underlying
}

func day(t time.Time) string { return t.Format(time.DateOnly) }
