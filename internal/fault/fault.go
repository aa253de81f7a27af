// Package fault holds the error type that every layer shares for an argument outside its domain, and the
// range tests that produce it. Package pricing re-exports it as pricing.ArgError and pricing.ErrDomain.
package fault

import (
	"errors"
	"fmt"
	"math"
)

// ErrDomain is what every [ArgError] unwraps to.
var ErrDomain = errors.New("argument outside its domain")

// ArgError says which argument was refused, what it was, and what was expected. It is an [ErrDomain].
type ArgError struct {
	Func  string // the function or type that refused, with its package: "pricing.NewVanilla"
	Arg   string // the argument or field: "strike"
	Value any    // what was given
	Want  string // what was expected: "finite and > 0"
}

// Error gives the function, the argument, its value and what was expected.
func (e *ArgError) Error() string {
	return fmt.Sprintf("%s: %s is %v, want %s", e.Func, e.Arg, e.Value, e.Want)
}

// Unwrap makes errors.Is(err, ErrDomain) true.
func (e *ArgError) Unwrap() error { return ErrDomain }

// Arg returns an [ArgError] as an error.
func Arg(fn, arg string, value any, want string) error {
	return &ArgError{Func: fn, Arg: arg, Value: value, Want: want}
}

// Positive returns an error unless v is finite and above zero.
func Positive(fn, arg string, v float64) error {
	if v > 0 && !math.IsInf(v, 1) {
		return nil
	}
	return Arg(fn, arg, v, "finite and > 0")
}

// NonNegative returns an error unless v is finite and not below zero.
func NonNegative(fn, arg string, v float64) error {
	if v >= 0 && !math.IsInf(v, 1) {
		return nil
	}
	return Arg(fn, arg, v, "finite and >= 0")
}

// Finite returns an error if v is NaN or infinite.
func Finite(fn, arg string, v float64) error {
	if !math.IsNaN(v) && !math.IsInf(v, 0) {
		return nil
	}
	return Arg(fn, arg, v, "finite")
}

// Between returns an error unless lo <= v <= hi.
func Between(fn, arg string, v, lo, hi float64) error {
	if v >= lo && v <= hi {
		return nil
	}
	return Arg(fn, arg, v, fmt.Sprintf("in [%g, %g]", lo, hi))
}

// First returns the first error that is not nil.
func First(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
