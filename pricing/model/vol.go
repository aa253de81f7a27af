package model

import "github.com/volgaquant/volga/internal/fault"

// VolSurface is a Black volatility for every strike and expiry. Implementations are safe for concurrent use and return
// NaN where they have no answer.
type VolSurface interface {
	Vol(strike, t float64) float64
}

// FlatVol is one volatility for all strikes and expiries, as an annualised decimal.
type FlatVol float64

// Vol returns the volatility.
func (v FlatVol) Vol(_, _ float64) float64 { return float64(v) }

// VolFunc is any function of strike and expiry as a [VolSurface].
type VolFunc func(strike, t float64) float64

// Vol calls the function.
func (f VolFunc) Vol(strike, t float64) float64 { return f(strike, t) }

// checkVol refuses a volatility that is not given, or one number that is negative or not finite. Other surfaces answer for
// themselves, strike by strike.
func checkVol(fn string, v VolSurface, want string) error {
	switch f := v.(type) {
	case nil:
		return fault.Arg(fn, "Vol", nil, want)
	case FlatVol:
		return fault.NonNegative(fn, "Vol", float64(f))
	}
	return nil
}
