package surface

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// NaturalSVI is one smile in the natural parametrisation (Gatheral and Jacquier 2014, section 3.2):
//
//	w(k) = Δ + ½ω(1 + ζρ(k−μ) + √((ζ(k−μ)+ρ)² + 1 − ρ²))
//
// With Δ = μ = 0 it is a smile of the SSVI family, with θ = ω and φ = ζ.
type NaturalSVI struct {
	Delta float64 // level Δ
	Mu    float64 // centre μ
	Rho   float64 // tilt ρ, in (−1, 1)
	Omega float64 // scale ω of the variance, >= 0
	Zeta  float64 // scale ζ of log-moneyness, > 0
}

// Validate checks the ranges of the parameters and that the least variance is not negative.
func (n NaturalSVI) Validate() error {
	_, err := n.SVI()
	return err
}

// TotalVariance returns w(k).
func (n NaturalSVI) TotalVariance(k float64) float64 {
	z := n.Zeta * (k - n.Mu)
	return n.Delta + 0.5*n.Omega*(1+n.Rho*z+math.Sqrt((z+n.Rho)*(z+n.Rho)+(1-n.Rho)*(1+n.Rho)))
}

// SVI returns the raw parameters (Gatheral and Jacquier, equation 3.3).
func (n NaturalSVI) SVI() (SVI, error) {
	const fn = "surface.NaturalSVI"
	err := fault.First(
		fault.Finite(fn, "Delta", n.Delta), fault.Finite(fn, "Mu", n.Mu),
		fault.NonNegative(fn, "Omega", n.Omega), fault.Positive(fn, "Zeta", n.Zeta),
	)
	if err != nil {
		return SVI{}, err
	}
	if !(math.Abs(n.Rho) < 1) {
		return SVI{}, fault.Arg(fn, "Rho", n.Rho, "in (-1, 1)")
	}
	tilt := (1 - n.Rho) * (1 + n.Rho)
	s := SVI{
		A: n.Delta + 0.5*n.Omega*tilt, B: 0.5 * n.Omega * n.Zeta, Rho: n.Rho, M: n.Mu - n.Rho/n.Zeta, Sigma: math.Sqrt(tilt) / n.Zeta,
	}
	return s, s.Validate()
}

// Natural returns the natural parameters of the smile (Gatheral and Jacquier, equation 3.2).
func (s SVI) Natural() NaturalSVI {
	tilt := math.Sqrt((1 - s.Rho) * (1 + s.Rho))
	omega := 2 * s.B * s.Sigma / tilt
	return NaturalSVI{
		Delta: s.A - 0.5*omega*tilt*tilt, Mu: s.M + s.Rho*s.Sigma/tilt, Rho: s.Rho, Omega: omega, Zeta: tilt / s.Sigma,
	}
}
