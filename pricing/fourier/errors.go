package fourier

import (
	"errors"
	"fmt"
)

// ErrAccuracy is what every [AccuracyError] unwraps to.
var ErrAccuracy = errors.New("the accuracy asked for cannot be met")

// AccuracyError says that an engine cannot reach the accuracy asked for. No price is given then.
type AccuracyError struct {
	Engine  string  // "fourier.COS"
	Expiry  float64 // of the options
	Tol     float64 // what was asked for
	Reached float64 // a bound on the error where the engine stopped
	Reason  string
}

// Error gives the engine, what was asked for, what was reached, and why no more.
func (e *AccuracyError) Error() string {
	return fmt.Sprintf("%s: expiry %g: error bound %.2g, want <= %.2g: %s", e.Engine, e.Expiry, e.Reached, e.Tol, e.Reason)
}

// Unwrap makes errors.Is(err, ErrAccuracy) true.
func (e *AccuracyError) Unwrap() error { return ErrAccuracy }
