package model

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// Dividend is a discrete dividend: at its ex-date the asset falls by Cash and then by the fraction Proportion.
type Dividend struct {
	Time       float64 // ex-date in years from the valuation instant, > 0
	Cash       float64 // in the asset's currency, >= 0
	Proportion float64 // of the asset's price after the cash amount, in [0, 1)
}

// DividendModel says what is lognormal when an asset pays cash. The two models have the same forwards and differ in what a
// volatility means; without cash amounts they are one, for proportional dividends keep a lognormal price lognormal.
type DividendModel int8

const (
	// Escrowed is the model of Black's formula on the forward. For a contract whose last date is T, the forward F(t,T) is
	// lognormal, or, which is the same, the asset without what it will pay in cash after t and up to T, S(t) − D(t,T),
	//
	//	D(t,T) = Σ_{t < t_i <= T} c_i / (G(t,t_i)·Π_{t < t_j < t_i} (1−p_j)),
	//
	// with G the growth at the cost of carry. A dividend at T itself is taken off before the payoff is paid; those
	// after T are as if they did not exist. So the model of the asset is another one for each T: two contracts of different
	// last dates on either side of a dividend are not priced under one law of motion. Every European option has Black's
	// price, which is why listed options are quoted in it.
	Escrowed DividendModel = iota
	// PiecewiseLognormal is the spot model: one law of motion for all contracts. The asset is lognormal between its
	// dividends and falls by the cash amount at the ex-date, though not below zero, and then by the proportion.
	// European options with a cash dividend up to their expiry have no closed form.
	PiecewiseLognormal
)

var dividendModelNames = [...]string{"Escrowed", "PiecewiseLognormal"}

// String returns the name of the constant.
func (d DividendModel) String() string {
	if d >= 0 && int(d) < len(dividendModelNames) {
		return dividendModelNames[d]
	}
	return fmt.Sprintf("DividendModel(%d)", int8(d))
}

// MarshalText writes the name of the constant.
func (d DividendModel) MarshalText() ([]byte, error) {
	if d < 0 || int(d) >= len(dividendModelNames) {
		return nil, fault.Arg("model.DividendModel", "model", int8(d), "Escrowed or PiecewiseLognormal")
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads the name of a constant.
func (d *DividendModel) UnmarshalText(text []byte) error {
	for i, name := range dividendModelNames {
		if string(text) == name {
			*d = DividendModel(i)
			return nil
		}
	}
	return fault.Arg("model.DividendModel", "model", fmt.Sprintf("%q", text), "Escrowed or PiecewiseLognormal")
}

// validateDividends returns an error that names the first dividend outside its domain or out of order.
func validateDividends(fn string, dividends []Dividend) error {
	last := 0.0
	for i, d := range dividends {
		var field, want string
		var value float64
		switch {
		case !(d.Time > 0) || math.IsInf(d.Time, 1):
			field, value, want = "Time", d.Time, "finite and > 0"
		case d.Time < last:
			field, value, want = "Time", d.Time, fmt.Sprintf(">= %g, the time before it", last)
		case !(d.Cash >= 0) || math.IsInf(d.Cash, 1):
			field, value, want = "Cash", d.Cash, "finite and >= 0"
		case !(d.Proportion >= 0 && d.Proportion < 1):
			field, value, want = "Proportion", d.Proportion, "in [0, 1)"
		default:
			last = d.Time
			continue
		}
		return fault.Arg(fn, fmt.Sprintf("Dividends[%d].%s", i, field), value, want)
	}
	return nil
}

// paysCash reports whether a cash dividend is paid by t.
func (m BlackScholes) paysCash(t float64) bool {
	for _, d := range m.Dividends {
		if d.Time > t {
			return false
		}
		if d.Cash > 0 {
			return true
		}
	}
	return false
}

// EscrowedCash returns D(t, horizon): what the model holds the cash dividends after t and up to the horizon to be worth at t,
// in units of the asset. It is zero under [PiecewiseLognormal].
func (m BlackScholes) EscrowedCash(t, horizon float64) float64 {
	if m.DividendModel != Escrowed {
		return 0
	}
	sum, kept := 0.0, 1.0
	for _, d := range m.Dividends {
		if d.Time > horizon {
			break
		}
		if d.Time <= t {
			continue
		}
		if d.Cash > 0 {
			sum += d.Cash * m.Growth(t) / (m.Growth(d.Time) * kept)
		}
		kept *= 1 - d.Proportion
	}
	return sum
}
