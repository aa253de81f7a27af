package model

import (
	"math"
	"math/cmplx"
)

// analytic is what [cauchyCumulants] needs of a model: ln φ itself, continuous along circles around zero.
type analytic interface {
	LogMoment(p, t float64) float64
	exponent(u complex128, t float64) complex128
}

// cauchyCumulants returns the cumulants as k!/(2πi)·∮ln φ(−iz)/z^(k+1) dz by the trapezoidal rule on a circle inside the strip of
// moments: C1 and C2 to about thirteen digits, C4 to about ten, of the powers of the standard deviation.
func cauchyCumulants(m analytic, t float64) Cumulants {
	spread := math.Sqrt(-8 * m.LogMoment(0.5, t)) // σ√T if X is normal
	if !(spread > 0) {
		return Cumulants{}
	}
	r := 1 / spread
	for range 60 {
		if !math.IsInf(m.LogMoment(2*r, t), 1) && !math.IsInf(m.LogMoment(-2*r, t), 1) {
			break
		}
		r *= 0.7
	}
	const n = 32
	var c Cumulants
	for j := range n / 2 { // the lower half of the circle gives the conjugates
		z := cmplx.Rect(r, 2*math.Pi*(float64(j)+0.5)/n)
		f := m.exponent(complex(imag(z), -real(z)), t)
		z2 := z * z
		c.C1 += real(f / z)
		c.C2 += 2 * real(f/z2)
		c.C4 += 24 * real(f/(z2*z2))
	}
	c.C1 *= 2. / n
	c.C2 *= 2. / n
	c.C4 *= 2. / n
	return c
}
