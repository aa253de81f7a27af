package fd

import (
	"errors"
	"fmt"
)

// ErrAccuracy is what every [AccuracyError] unwraps to.
var ErrAccuracy = errors.New("the grids do not resolve the price")

// AccuracyError says that two grids, one of twice as many steps and intervals as the other, differ too much for an extrapolation.
type AccuracyError struct {
	Engine       string
	Fine, Coarse float64 // the two values
	Allowed      float64 // the difference that would have been accepted
}

// Error gives the two values.
func (e *AccuracyError) Error() string {
	return fmt.Sprintf("%s: %g, and %g with half as many steps and intervals, differ by more than %g: more may do",
		e.Engine, e.Fine, e.Coarse, e.Allowed)
}

// Unwrap makes errors.Is(err, ErrAccuracy) true.
func (e *AccuracyError) Unwrap() error { return ErrAccuracy }
