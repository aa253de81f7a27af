package risk

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

// Marks is a pinned view of the market that values contracts: it must give the same answer to the same question for as
// long as a book holds it. A book asks it once for each contract.
type Marks interface {
	// Instant is when the marks were taken.
	Instant() time.Time
	// Mark values one unit of the underlying of c. For a contract that it does not know it returns an error, best one
	// that is [ErrUnknownContract].
	Mark(c Contract) (Mark, error)
}

// Mark is what one unit of the underlying of a contract is worth, and how that moves.
type Mark struct {
	Value          float64 // comparable with the price of a fill: premium of an option, price of a future, spot
	pricing.Greeks         // by the spot of the underlying; a future has Delta ∂F/∂S, the underlying 1
	Spot           float64 // of the underlying
	Forward        float64 // of the underlying to the contract's expiry; needed for options in buckets by log-moneyness
}

// Conditions that a caller can act on.
var (
	// ErrUnknownContract is what marks answer for a contract that they do not know.
	ErrUnknownContract = errors.New("unknown contract")
	// ErrUnmarked is what every [MarkError] unwraps to.
	ErrUnmarked = errors.New("the contract has no mark")
)

// MarkError says that marks gave no usable answer for a contract. The position is in the book, and is not in its ladder.
type MarkError struct {
	Contract Contract
	Err      error // why: the error of the marks, or an ArgError for a number that is not finite
}

// Error names the contract and the reason.
func (e *MarkError) Error() string {
	return fmt.Sprintf("risk: %v has no mark: %v", e.Contract, e.Err)
}

// Unwrap makes the error both [ErrUnmarked] and its reason.
func (e *MarkError) Unwrap() []error { return []error{ErrUnmarked, e.Err} }

// mark asks m for a contract and refuses numbers that would poison a sum.
func mark(m Marks, c Contract, needForward bool) (Mark, error) {
	k, err := m.Mark(c)
	if err == nil {
		err = k.validate(c, needForward && c.IsOption())
	}
	if err != nil {
		return Mark{}, &MarkError{c, err}
	}
	return k, nil
}

func (k *Mark) validate(c Contract, needForward bool) error {
	const fn = "risk.Mark"
	if needForward {
		if err := fault.Positive(fn, "Forward", k.Forward); err != nil {
			return err
		}
	}
	if err := fault.First(fault.Finite(fn, "Value", k.Value), fault.Finite(fn, "Spot", k.Spot)); err != nil {
		return err
	}
	for i, v := range k.columns(c.Multiplier) {
		if !(math.Abs(v) <= maxColumn) {
			return fault.Arg(fn, columnNames[i], v, "a number below 1e250 for one contract")
		}
	}
	return nil
}
