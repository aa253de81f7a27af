package model

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// Jumps is a compound Poisson process of lognormal jumps: at a jump the asset is multiplied by e^J, J normal with mean MuJ and
// standard deviation SigmaJ. The drift is compensated, so that forwards do not change.
type Jumps struct {
	Lambda float64 // λ: jumps per year, >= 0
	MuJ    float64 // μ: mean of the logarithm of a jump
	SigmaJ float64 // δ: standard deviation of the logarithm of a jump, >= 0
}

func (j Jumps) validate(fn string) error {
	return fault.First(
		fault.NonNegative(fn, "Lambda", j.Lambda),
		fault.Finite(fn, "MuJ", j.MuJ),
		fault.NonNegative(fn, "SigmaJ", j.SigmaJ),
	)
}

// mean returns E[e^J] − 1.
func (j Jumps) mean() float64 { return math.Expm1(j.MuJ + 0.5*j.SigmaJ*j.SigmaJ) }

// exponent returns the compensated exponent per year, λ(E[e^(iuJ)] − 1 − iu·E[e^J − 1]) (Merton 1976).
func (j Jumps) exponent(u complex128) complex128 {
	if j.Lambda == 0 {
		return 0
	}
	iu := timesI(u)
	return complex(j.Lambda, 0) * (expm1(iu*(complex(j.MuJ, 0)+complex(0.5*j.SigmaJ*j.SigmaJ, 0)*iu)) - iu*complex(j.mean(), 0))
}

// envelope returns a bound per year on the real part of the exponent at u and to the right of it: E[e^(iuJ)] is replaced by its
// modulus, which falls in Re u.
func (j Jumps) envelope(u complex128) float64 {
	if j.Lambda == 0 {
		return 0
	}
	x, p := real(u), -imag(u)
	modulus := math.Exp(p*j.MuJ + 0.5*j.SigmaJ*j.SigmaJ*(p*p-x*x))
	return j.Lambda * (modulus - 1 - p*j.mean())
}

// Ripple returns the standard deviation of the jumps up to t, as [Enveloped] asks for.
func (j Jumps) Ripple(t float64) float64 {
	return math.Sqrt(j.Lambda * t * (j.MuJ*j.MuJ + j.SigmaJ*j.SigmaJ))
}

func (j Jumps) addCumulants(c Cumulants, t float64) Cumulants {
	lt, m2, s2 := j.Lambda*t, j.MuJ*j.MuJ, j.SigmaJ*j.SigmaJ
	c.C1 += lt * (j.MuJ - j.mean())
	c.C2 += lt * (m2 + s2)
	c.C4 += lt * (m2*m2 + 6*m2*s2 + 3*s2*s2)
	return c
}
