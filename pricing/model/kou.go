package model

import (
	"math/cmplx"

	"github.com/volgaquant/volga/internal/fault"
)

// Kou is geometric Brownian motion with double exponential jumps: Kou, "A jump-diffusion model for option pricing",
// Management Science 48 (2002). The logarithm of a jump is exponential with rate Eta1 upwards with probability P, and
// exponential with rate Eta2 downwards otherwise; the drift is compensated.
type Kou struct {
	Market
	Sigma  float64 // σ: volatility between jumps, annualised decimal, >= 0
	Lambda float64 // λ: jumps per year, >= 0
	P      float64 // p: probability that a jump is upwards, in [0, 1]
	Eta1   float64 // η1: rate of up jumps, > 1 so that the asset has a mean; their mean size is 1/η1
	Eta2   float64 // η2: rate of down jumps, > 0
}

var (
	_ Characteristic = Kou{}
	_ CharVega       = Kou{}
)

// Validate returns an error that names the first parameter outside its domain.
func (m Kou) Validate() error {
	const fn = "model.Kou"
	if err := fault.First(
		m.Market.validate(fn),
		fault.NonNegative(fn, "Sigma", m.Sigma),
		fault.NonNegative(fn, "Lambda", m.Lambda),
		fault.Between(fn, "P", m.P, 0, 1),
		fault.Finite(fn, "Eta1", m.Eta1),
		fault.Positive(fn, "Eta2", m.Eta2),
	); err != nil {
		return err
	}
	if !(m.Eta1 > 1) {
		return fault.Arg(fn, "Eta1", m.Eta1, "> 1")
	}
	return nil
}

// exponent is Kou (2002), eq. (4), compensated: E[e^(iuJ)] − 1 = iu(p/(η1−iu) − (1−p)/(η2+iu)).
func (m Kou) exponent(u complex128, t float64) complex128 {
	iu := timesI(u)
	jump := complex(m.P, 0)/(complex(m.Eta1, 0)-iu) - complex(1-m.P, 0)/(complex(m.Eta2, 0)+iu)
	mean := m.P/(m.Eta1-1) - (1-m.P)/(m.Eta2+1)
	return complex(t, 0) * (brownian(m.Sigma*m.Sigma, u) + complex(m.Lambda, 0)*iu*(jump-complex(mean, 0)))
}

// CharFunc returns φ(u), defined for −Eta1 < Im u < Eta2 and continued to every u but −i·Eta1 and i·Eta2.
func (m Kou) CharFunc(u complex128, t float64) complex128 { return cmplx.Exp(m.exponent(u, t)) }

// CharFuncTo writes φ(u) to dst.
func (m Kou) CharFuncTo(dst, u []complex128, t float64) {
	exponentTo(dst, u, func(u complex128) complex128 { return m.exponent(u, t) })
}

// CharVegaTo writes φ(u) to dst and ∂φ/∂Sigma to vega.
func (m Kou) CharVegaTo(dst, vega, u []complex128, t float64) {
	brownianVega(vega, u, m.Sigma, t)
	m.CharFuncTo(dst, u, t)
	for i, f := range dst {
		vega[i] *= f
	}
}

// LogMoment returns ln E[(S_T/F_T)^p], finite for −Eta2 < p < Eta1.
func (m Kou) LogMoment(p, t float64) float64 {
	return logMoment(p, -m.Eta2, m.Eta1, func(u complex128) complex128 { return m.exponent(u, t) })
}

// Cumulants returns the cumulants of ln(S_T/F_T).
func (m Kou) Cumulants(t float64) Cumulants {
	a, b, lt := 1/m.Eta1, 1/m.Eta2, m.Lambda*t
	v := m.Sigma * m.Sigma * t
	mean := m.P/(m.Eta1-1) - (1-m.P)/(m.Eta2+1)
	return Cumulants{
		C1: -0.5*v + lt*(m.P*a-(1-m.P)*b-mean),
		C2: v + 2*lt*(m.P*a*a+(1-m.P)*b*b),
		C4: 24 * lt * (m.P*a*a*a*a + (1-m.P)*b*b*b*b),
	}
}

// WithSpot returns the model with another spot.
func (m Kou) WithSpot(spot float64) Kou { m.Spot = spot; return m }
