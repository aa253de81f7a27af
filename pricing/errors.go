package pricing

import (
	"errors"
	"fmt"

	"github.com/volgaquant/volga/internal/fault"
)

// Conditions that a caller can act on.
var (
	ErrDomain         = fault.ErrDomain
	ErrBelowIntrinsic = errors.New("price below intrinsic")
	ErrAboveMaximum   = errors.New("price above the no-arbitrage maximum")
	ErrUnsupported    = errors.New("the engine does not price this instrument under this model")
)

// ArgError says which argument was refused, its value, and what was expected. It is an [ErrDomain]. Every package of the
// library, also those below this one, reports a bad argument by this type.
type ArgError = fault.ArgError

// UnsupportedError says that an engine does not price an instrument under a model. It is an [ErrUnsupported].
type UnsupportedError struct {
	Engine     Engine
	Instrument Instrument
	Model      Model
	Reason     string // what is missing, if more can be said than the three types
}

// Error names the engine, the instrument and the model.
func (e *UnsupportedError) Error() string {
	s := fmt.Sprintf("pricing: %T does not price %T under %T", e.Engine, e.Instrument, e.Model)
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}

// Unwrap makes errors.Is(err, ErrUnsupported) true.
func (e *UnsupportedError) Unwrap() error { return ErrUnsupported }
