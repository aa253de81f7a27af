package model

import (
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/fault"
)

// CGMY is the tempered stable process of Carr, Geman, Madan and Yor, "The fine structure of asset returns", Journal of
// Business 75 (2002): its Lévy density is C·e^(−G|x|)/|x|^(1+Y) below zero and C·e^(−Mx)/x^(1+Y) above. With Y = 0 it is
// variance gamma; with Y < 0 it has finitely many jumps, and the law of X an atom.
type CGMY struct {
	Market
	C float64 // overall activity, > 0
	G float64 // decay of the negative jumps, > 0
	M float64 // decay of the positive jumps, > 1 so that the asset has a mean
	Y float64 // fine structure, < 2: infinite activity from 0 on, infinite variation from 1 on
}

var (
	_ Characteristic = CGMY{}
	_ Conic          = CGMY{}
)

// Validate returns an error that names the first parameter outside its domain.
func (m CGMY) Validate() error {
	const fn = "model.CGMY"
	if err := fault.First(
		m.Market.validate(fn),
		fault.Positive(fn, "C", m.C),
		fault.Positive(fn, "G", m.G),
		fault.Positive(fn, "M", m.M),
		fault.Finite(fn, "Y", m.Y),
	); err != nil {
		return err
	}
	if !(m.M > 1) {
		return fault.Arg(fn, "M", m.M, "> 1")
	}
	if !(m.Y < 2) {
		return fault.Arg(fn, "Y", m.Y, "< 2")
	}
	return nil
}

// tempered is the exponent per year of Carr et al. (2002), eq. (7), CΓ(−Y)[(M−iu)^Y − M^Y + (G+iu)^Y − G^Y], less a multiple
// of iu, which the compensation takes out again. Γ(−Y) has poles at Y = 0 and Y = 1, where the bracket vanishes or is such
// a multiple. Up to Y = 1/2 it is written with
//
//	Γ(−Y)[(1+s)^Y − 1] = −Γ(1−Y)·expm1(Y·ln(1+s))/Y,
//
// and above, with ε = Y−1 and the linear part left out, with
//
//	Γ(−Y)[(1+s)^Y − 1 − s] = Γ(2−Y)/Y·(1+s)·expm1(ε·ln(1+s))/ε.
func (m CGMY) tempered(iu complex128) complex128 {
	s, w := -iu/complex(m.M, 0), iu/complex(m.G, 0)
	if m.Y <= 0.5 {
		sum := complex(math.Pow(m.M, m.Y), 0)*power(m.Y, log1p(s)) + complex(math.Pow(m.G, m.Y), 0)*power(m.Y, log1p(w))
		return complex(-m.C*math.Gamma(1-m.Y), 0) * sum
	}
	e := m.Y - 1
	sum := complex(math.Pow(m.M, m.Y), 0)*(1+s)*power(e, log1p(s)) + complex(math.Pow(m.G, m.Y), 0)*(1+w)*power(e, log1p(w))
	return complex(m.C*math.Gamma(2-m.Y)/m.Y, 0) * sum
}

// power returns (e^(yz) − 1)/y, and z for y = 0.
func power(y float64, z complex128) complex128 {
	if y == 0 {
		return z
	}
	return expm1(complex(y, 0)*z) / complex(y, 0)
}

func (m CGMY) exponent(u complex128, slope, t float64) complex128 {
	iu := timesI(u)
	return complex(t, 0) * (m.tempered(iu) - iu*complex(slope, 0))
}

func (m CGMY) slope() float64 { return real(m.tempered(1)) }

// CharFunc returns φ(u), defined for −M < Im u < G and continued to the plane without the imaginary axis.
func (m CGMY) CharFunc(u complex128, t float64) complex128 {
	return cmplx.Exp(m.exponent(u, m.slope(), t))
}

// CharFuncTo writes φ(u) to dst.
func (m CGMY) CharFuncTo(dst, u []complex128, t float64) {
	slope := m.slope()
	exponentTo(dst, u, func(u complex128) complex128 { return m.exponent(u, slope, t) })
}

// LogMoment returns ln E[(S_T/F_T)^p], finite for −G < p < M.
func (m CGMY) LogMoment(p, t float64) float64 {
	return logMoment(p, -m.G, m.M, func(u complex128) complex128 { return m.exponent(u, m.slope(), t) })
}

// Cumulants returns the cumulants of ln(S_T/F_T).
func (m CGMY) Cumulants(t float64) Cumulants {
	n := func(n float64) float64 {
		return m.C * t * math.Gamma(n-m.Y) * (math.Pow(m.M, m.Y-n) + math.Pow(m.G, m.Y-n))
	}
	return Cumulants{C1: t * (m.firstMoment() - m.slope()), C2: n(2), C4: n(4)}
}

// firstMoment is the derivative of [CGMY.tempered] by iu at 0.
func (m CGMY) firstMoment() float64 {
	if m.Y <= 0.5 {
		return m.C * math.Gamma(1-m.Y) * (math.Pow(m.M, m.Y-1) - math.Pow(m.G, m.Y-1))
	}
	return m.C * math.Gamma(2-m.Y) / m.Y * (math.Pow(m.G, m.Y-1) - math.Pow(m.M, m.Y-1))
}

// Cone is |arg u| < π/2 for Y <= 1 and π/(2Y) above. The drift is what the exponent has of iu besides its powers.
func (m CGMY) Cone(t float64) (angle, drift float64) {
	angle = math.Pi / 2
	if m.Y > 1 {
		angle /= m.Y
	}
	if m.Y <= 0.5 { // the tempered exponent is then the whole of it
		return angle, -m.slope() * t
	}
	e := m.Y - 1
	linear := real(power(e, complex(math.Log(m.M), 0)) - power(e, complex(math.Log(m.G), 0)))
	return angle, (m.C*math.Gamma(2-m.Y)/m.Y*linear - m.slope()) * t
}

// WithSpot returns the model with another spot.
func (m CGMY) WithSpot(spot float64) CGMY { m.Spot = spot; return m }
