package model

import (
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/fault"
)

// NIG is the normal inverse Gaussian process: Barndorff-Nielsen, "Processes of normal inverse Gaussian type", Finance and
// Stochastics 2 (1998). It is pure jump; its variance per year is δα²/(α²−β²)^(3/2).
type NIG struct {
	Market
	Alpha float64 // α: steepness of the tails, > 0
	Beta  float64 // β: skewness, −α < β and β + 1 <= α, so that the asset has a mean
	Delta float64 // δ: scale per year, > 0
}

var (
	_ Characteristic = NIG{}
	_ Conic          = NIG{}
)

// Validate returns an error that names the first parameter outside its domain.
func (m NIG) Validate() error {
	const fn = "model.NIG"
	if err := fault.First(
		m.Market.validate(fn),
		fault.Positive(fn, "Alpha", m.Alpha),
		fault.Positive(fn, "Delta", m.Delta),
	); err != nil {
		return err
	}
	if !(m.Beta > -m.Alpha && m.Beta+1 <= m.Alpha) {
		return fault.Arg(fn, "Beta", m.Beta, "above −Alpha and not above Alpha−1")
	}
	return nil
}

// root returns √(α² − (β+iu)²), with α² − (β+p)² as (α−β−p)(α+β+p).
func (m NIG) root(iu complex128) complex128 {
	a, b := complex(m.Alpha-m.Beta, 0)-iu, complex(m.Alpha+m.Beta, 0)+iu
	return cmplx.Sqrt(a) * cmplx.Sqrt(b)
}

// exponent is δ(γ − √(α²−(β+iu)²)) with its compensation, γ = √(α²−β²). Differences of roots are taken as the difference
// of their squares over their sum, so that the Brownian limit of large α keeps its digits.
func (m NIG) exponent(u complex128, t float64) complex128 {
	iu := timesI(u)
	gamma := m.root(0)
	own := iu * (complex(2*m.Beta, 0) + iu) / (gamma + m.root(iu))
	return complex(m.Delta*t, 0) * (own - iu*complex(m.slope(), 0))
}

// slope is γ − √(α²−(β+1)²), the exponent per unit of δ at u = −i.
func (m NIG) slope() float64 { return (2*m.Beta + 1) / real(m.root(0)+m.root(1)) }

// CharFunc returns φ(u), defined on its strip and continued to the plane without the imaginary axis.
func (m NIG) CharFunc(u complex128, t float64) complex128 { return cmplx.Exp(m.exponent(u, t)) }

// CharFuncTo writes φ(u) to dst.
func (m NIG) CharFuncTo(dst, u []complex128, t float64) {
	exponentTo(dst, u, func(u complex128) complex128 { return m.exponent(u, t) })
}

// LogMoment returns ln E[(S_T/F_T)^p], finite for |β+p| <= α.
func (m NIG) LogMoment(p, t float64) float64 {
	lo, hi := -m.Alpha-m.Beta, m.Alpha-m.Beta
	return logMoment(p, math.Nextafter(lo, math.Inf(-1)), math.Nextafter(hi, math.Inf(1)),
		func(u complex128) complex128 { return m.exponent(u, t) })
}

// Cumulants returns the cumulants of ln(S_T/F_T).
func (m NIG) Cumulants(t float64) Cumulants {
	a2, b2 := m.Alpha*m.Alpha, m.Beta*m.Beta
	g2 := (m.Alpha - m.Beta) * (m.Alpha + m.Beta)
	g, dt := math.Sqrt(g2), m.Delta*t
	return Cumulants{
		C1: dt * (m.Beta/g - m.slope()),
		C2: dt * a2 / (g2 * g),
		C4: 3 * dt * a2 * (a2 + 4*b2) / (g2 * g2 * g2 * g),
	}
}

// Cone is all of the half planes on both sides of the imaginary axis.
func (m NIG) Cone(t float64) (angle, drift float64) {
	return math.Pi / 2, -m.Delta * m.slope() * t
}

// WithSpot returns the model with another spot.
func (m NIG) WithSpot(spot float64) NIG { m.Spot = spot; return m }
