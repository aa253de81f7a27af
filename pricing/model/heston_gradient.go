package model

import (
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/vec"
)

var (
	_ Parametric[Heston] = Heston{}
	_ Parametric[Bates]  = Bates{}

	_ VarianceParameters = Heston{}
	_ VarianceParameters = Bates{}
)

// Parameters returns the names of the fields that a calibration moves.
func (m Heston) Parameters() []string { return []string{"V0", "Kappa", "Theta", "Sigma", "Rho"} }

// ParameterValues returns V0, Kappa, Theta, Sigma and Rho.
func (m Heston) ParameterValues() []float64 {
	return []float64{m.V0, m.Kappa, m.Theta, m.Sigma, m.Rho}
}

// ParameterBounds returns variances up to that of a volatility of 900%, a reversion between once in a thousand years and a hundred
// times a year, and every correlation but the perfect ones.
func (m Heston) ParameterBounds() (lower, upper []float64) {
	return []float64{1e-8, 1e-3, 1e-8, 1e-3, -0.9999}, []float64{81, 100, 81, 50, 0.9999}
}

// VarianceParameters returns the indices of V0 and Theta.
func (m Heston) VarianceParameters() []int { return []int{0, 2} }

// WithParameters returns the model with those parameters.
func (m Heston) WithParameters(x []float64) Heston {
	m.V0, m.Kappa, m.Theta, m.Sigma, m.Rho = x[0], x[1], x[2], x[3], x[4]
	return m
}

// CharGradientTo writes φ(u) to dst and its derivatives by the parameters to grad: the analytic gradient of Cui, del Baño Rollin and
// Germano, "Full and fast calibration of the Heston stochastic volatility model", European Journal of Operational Research 263
// (2017), in the form that [Heston.CharFunc] has, at less than twice the cost of the function alone by column.
//
// With z = d², s = (1−E)/(2d) and c = (1+E)/2, which are sinh(√z·t/2)/√z and cosh(√z·t/2) but for a factor that leaves the
// ratios D = −as/R and R_x/R, R = c + ξs, it is
//
//	s_z = (ct/2 − s)/(2z),   c_z = ts/4,   q = s_z·c − s·c_z = (Et/2 − sc)/(2z).
//
// The parameters act, besides as factors, through ξ = κ − iρσu and σ² alone, and z moves with them by 2ξ and a. So
//
//	D_ξ = a(s² − 2ξq)/R²,   D_σ² = −a²q/R²,
//	C_ξ = 4a·s_z/R,         C_σ² = −η²(ts − 2s²Λ − 4d·s_z − 2(c_z + ξs_z))/R,
//
// where σ² has been divided out, which R = 1 + x with x = σ²ηs, η = (ξ−d)/σ² = −a/(ξ+d), and Λ = ((1+x)·ln(1+x) − x)/x² make
// possible: nothing is lost as σ goes to zero.
func (m Heston) CharGradientTo(dst []complex128, grad [][]complex128, u []complex128, t float64) {
	checkGradient(dst, grad, u, 5)
	hestonLogGradientTo(&m, dst, grad, u, t)
	scaleColumns(grad[:5], dst)
}

// Parameters returns the names of the fields that a calibration moves.
func (m Bates) Parameters() []string { return append(m.Heston.Parameters(), jumpParameters...) }

// ParameterValues returns the parameters of Heston, Lambda, MuJ and SigmaJ.
func (m Bates) ParameterValues() []float64 {
	return append(m.Heston.ParameterValues(), m.Lambda, m.MuJ, m.SigmaJ)
}

// ParameterBounds returns those of [Heston.ParameterBounds] and, for the jumps, up to fifty a year of a size up to a factor of e².
func (m Bates) ParameterBounds() (lower, upper []float64) {
	lower, upper = m.Heston.ParameterBounds()
	return append(lower, jumpLower...), append(upper, jumpUpper...)
}

// WithParameters returns the model with those parameters.
func (m Bates) WithParameters(x []float64) Bates {
	m.Heston = m.Heston.WithParameters(x)
	m.Lambda, m.MuJ, m.SigmaJ = x[5], x[6], x[7]
	return m
}

// CharGradientTo writes φ(u) to dst and its derivatives by the parameters to grad.
func (m Bates) CharGradientTo(dst []complex128, grad [][]complex128, u []complex128, t float64) {
	checkGradient(dst, grad, u, 8)
	hestonLogGradientTo(&m.Heston, dst, grad, u, t)
	years := complex(t, 0)
	for i, ui := range u {
		psi, byLambda, byMu, bySigma := m.Jumps.exponentGradient(ui)
		dst[i] *= cmplx.Exp(years * psi)
		grad[5][i], grad[6][i], grad[7][i] = years*byLambda, years*byMu, years*bySigma
	}
	scaleColumns(grad[:8], dst)
}

// checkGradient panics unless there are n columns as long as u.
func checkGradient(dst []complex128, grad [][]complex128, u []complex128, n int) {
	if len(dst) != len(u) || len(grad) < n {
		panic("model: CharGradientTo: dst and u differ in length, or parameters lack a column")
	}
	for _, g := range grad[:n] {
		if len(g) != len(u) {
			panic("model: CharGradientTo: grad and u differ in length")
		}
	}
}

// scaleColumns multiplies each column by by.
func scaleColumns(columns [][]complex128, by []complex128) {
	for _, g := range columns {
		g = g[:len(by)]
		for i, f := range by {
			g[i] *= f
		}
	}
}

// over returns a/b; b must be in the range where its square neither overflows nor underflows.
func over(a, b complex128) complex128 {
	re, im := quotient(real(a), imag(a), real(b), imag(b))
	return complex(re, im)
}

// thinRatio is the |R−1| below which ln R and what is left of it are taken from their series.
const thinRatio = 0.02

// hestonLogGradientTo writes φ to dst and the derivatives of ln φ to grad.
func hestonLogGradientTo(m *Heston, dst []complex128, grad [][]complex128, u []complex128, t float64) {
	s, s2 := m.Sigma, m.Sigma*m.Sigma
	kk, mix, cross := m.Kappa*m.Kappa, s*(s-2*m.Kappa*m.Rho), s2*(1-m.Rho)*(1+m.Rho)
	rs, kt := m.Rho*s, m.Kappa*m.Theta
	quarter, half, years := complex(0.25*t, 0), complex(0.5*t, 0), complex(t, 0)
	v0, reversion := complex(m.V0, 0), complex(kt, 0)
	var root, e, ratio columns
	var logs [chunk]float64
	var left [chunk]complex128 // Λ of R−1 where that is thin
	byV0, byKappa, byTheta, bySigma, byRho := grad[0], grad[1], grad[2], grad[3], grad[4]
	for at := 0; at < len(u); at += chunk {
		n := min(chunk, len(u)-at)
		us := u[at : at+n]
		g0, g1, g2, g3, g4 := byV0[at:at+n], byKappa[at:at+n], byTheta[at:at+n], bySigma[at:at+n], byRho[at:at+n]
		for i, ui := range us {
			x, y := real(ui), imag(ui)
			dr, di := sqrt(kk-y*mix+(x-y)*(x+y)*cross, x*mix+2*x*y*cross)
			root.re[i], root.im[i] = dr, di
			e.re[i], e.im[i] = -dr*t, -di*t
		}
		vec.CExp(e.re[:n], e.im[:n], e.re[:n], e.im[:n])
		for i, ui := range us {
			x, y := real(ui), imag(ui)
			d, ex := complex(root.re[i], root.im[i]), complex(e.re[i], e.im[i])
			a := complex(x*x-y*y-y, 2*x*y+x)
			xi := complex(m.Kappa+rs*y, -rs*x)
			var w, wz, q complex128
			if norm := (real(d)*real(d) + imag(d)*imag(d)) * t * t; norm < smallRoot {
				w, wz, q = hyperbolic(d, t)
				ex = 1 - 2*d*w
			} else {
				by := over(1, d)
				c := 0.5 * (1 + ex)
				w = 0.5 * (1 - ex) * by
				by *= 0.5 * by
				wz, q = (half*c-w)*by, (half*ex-w*c)*by
			}
			var eta, z complex128 // (ξ−d)/σ², R−1
			sum := xi + d
			if real(xi)*real(d)+imag(xi)*imag(d) >= 0 {
				if sum != 0 {
					eta = over(-a, sum)
				}
				z = complex(s2, 0) * eta * w
			} else {
				eta = (xi - d) * complex(1/s2, 0)
				z = ex - 1 - over(a, eta)*w
			}
			invR := over(1, 1+z)
			aw := a * invR
			rz := quarter*w + xi*wz
			g0[i] = -aw * w
			// Those of D by ξ and by σ², that of C by ξ, and of that by σ² what needs no logarithm and the factor of Λ.
			g1[i] = v0*aw*invR*(w*w-2*xi*q) + reversion*4*aw*wz
			ee := reversion * eta * eta * invR
			g3[i] = -v0*aw*aw*q - ee*(years*w-4*d*wz-2*rz)
			g4[i] = 2 * ee * w * w
			ratio.re[i], ratio.im[i] = real(z)+1, imag(z)
			logs[i] = real(z)*(2+real(z)) + imag(z)*imag(z)
			g2[i] = eta * years
			if math.Abs(real(z))+math.Abs(imag(z)) < thinRatio {
				var log complex128 // ln(1+z)/z
				log, left[i] = thinLog(z)
				g2[i] = eta * (years - 2*w*log)
				if sum == 0 { // no reversion, no noise: C = ∫D
					g2[i] = complex(-0.25*t*t, 0) * a
				}
			} else {
				left[i] = 0 // Λ is never zero elsewhere
			}
		}
		arguments(&root, &ratio, logs[:n])
		vec.Log1p(logs[:n], logs[:n])
		for i, ui := range us {
			c, lambda := g2[i], left[i]
			if lambda == 0 {
				log, x := complex(0.5*logs[i], root.re[i]), complex(ratio.re[i]-1, ratio.im[i])
				c -= complex(2/s2, 0) * log
				lambda = over((1+x)*log-x, x*x)
			}
			f := v0*g0[i] + reversion*c
			e.re[i], e.im[i] = real(f), imag(f)
			byXi, bySquare := g1[i], g3[i]+g4[i]*lambda
			iu := timesI(ui)
			g1[i] += complex(m.Theta, 0) * c
			g2[i] = complex(m.Kappa, 0) * c
			g3[i] = complex(2*s, 0)*bySquare - complex(m.Rho, 0)*iu*byXi
			g4[i] = complex(-s, 0) * iu * byXi
		}
		vec.CExp(e.re[:n], e.im[:n], e.re[:n], e.im[:n])
		for i := range n {
			dst[at+i] = complex(e.re[i], e.im[i])
		}
	}
}

// thinLog returns ln(1+z)/z and Λ = ((1+z)·ln(1+z) − z)/z² for |z| below thinRatio.
func thinLog(z complex128) (log, left complex128) {
	power := complex(1, 0)
	for n := 1.0; n <= 9; n++ {
		log += power * complex(1/n, 0)
		left += power * complex(1/(n*(n+1)), 0)
		power *= -z
	}
	return log, left
}

// hyperbolic returns s, s_z and q of [Heston.CharGradientTo] near z = 0, |z|t² < smallRoot, by their series.
func hyperbolic(d complex128, t float64) (s, sz, q complex128) {
	x := d * d * complex(t*t, 0)
	// With y = x/4: sinh(√y)/√y, its derivative by y, and Σ xⁿ/(2n+3)!.
	y := 0.25 * x
	sinh, slope, third := complex(1, 0), complex(0, 0), complex(1.0/6, 0)
	power, cube := complex(1, 0), complex(1, 0)
	factorial := 1.0 // (2n−1)!
	for n := 1.0; n <= 7; n++ {
		even := factorial * 2 * n
		odd := even * (2*n + 1)
		slope += power * complex(n/odd, 0)
		power *= y
		sinh += power * complex(1/odd, 0)
		cube *= x
		third += cube * complex(1/(odd*(2*n+2)*(2*n+3)), 0)
		factorial = odd
	}
	decay := cmplx.Exp(-0.5 * d * complex(t, 0))
	s = complex(0.5*t, 0) * sinh * decay
	sz = complex(0.125*t*t*t, 0) * slope * decay
	q = complex(-0.25*t*t*t, 0) * third * decay * decay
	return s, sz, q
}
