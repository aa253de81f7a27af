package model

import (
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/mathext"
)

// The exponents of Lévy processes are explicit, and so are their derivatives: every method here writes those of ln φ, and
// multiplies by φ at the end.

var (
	_ Parametric[Merton]        = Merton{}
	_ Parametric[Kou]           = Kou{}
	_ Parametric[VarianceGamma] = VarianceGamma{}
	_ Parametric[NIG]           = NIG{}
	_ Parametric[CGMY]          = CGMY{}
)

// The parameters of lognormal jumps and the box in which they are looked for.
var (
	jumpParameters = []string{"Lambda", "MuJ", "SigmaJ"}
	jumpLower      = []float64{0, -2, 1e-4}
	jumpUpper      = []float64{50, 2, 2}
)

// exponentGradient returns the exponent per year and its derivatives by λ, μ and δ.
func (j Jumps) exponentGradient(u complex128) (psi, byLambda, byMu, bySigma complex128) {
	iu, lambda := timesI(u), complex(j.Lambda, 0)
	size := expm1(iu * (complex(j.MuJ, 0) + complex(0.5*j.SigmaJ*j.SigmaJ, 0)*iu))
	mean := complex(j.mean(), 0)
	byLambda = size - iu*mean
	byMu = lambda * iu * (size - mean)
	bySigma = lambda * complex(j.SigmaJ, 0) * iu * (iu*(1+size) - (1 + mean))
	return lambda * byLambda, byLambda, byMu, bySigma
}

// Parameters returns the names of the fields that a calibration moves.
func (m Merton) Parameters() []string { return append([]string{"Sigma"}, jumpParameters...) }

// ParameterValues returns Sigma, Lambda, MuJ and SigmaJ.
func (m Merton) ParameterValues() []float64 {
	return []float64{m.Sigma, m.Lambda, m.MuJ, m.SigmaJ}
}

// ParameterBounds returns volatilities up to 900% and up to fifty jumps a year of a size up to a factor of e².
func (m Merton) ParameterBounds() (lower, upper []float64) {
	return append([]float64{1e-4}, jumpLower...), append([]float64{9}, jumpUpper...)
}

// WithParameters returns the model with those parameters.
func (m Merton) WithParameters(x []float64) Merton {
	m.Sigma, m.Lambda, m.MuJ, m.SigmaJ = x[0], x[1], x[2], x[3]
	return m
}

// CharGradientTo writes φ(u) to dst and its derivatives by the parameters to grad.
func (m Merton) CharGradientTo(dst []complex128, grad [][]complex128, u []complex128, t float64) {
	checkGradient(dst, grad, u, 4)
	years := complex(t, 0)
	for i, ui := range u {
		psi, byLambda, byMu, bySigma := m.Jumps.exponentGradient(ui)
		dst[i] = cmplx.Exp(years * (brownian(m.Sigma*m.Sigma, ui) + psi))
		grad[0][i] = complex(-m.Sigma*t, 0) * (ui * (ui + 1i))
		grad[1][i], grad[2][i], grad[3][i] = years*byLambda, years*byMu, years*bySigma
	}
	scaleColumns(grad[:4], dst)
}

// Parameters returns the names of the fields that a calibration moves.
func (m Kou) Parameters() []string { return []string{"Sigma", "Lambda", "P", "Eta1", "Eta2"} }

// ParameterValues returns Sigma, Lambda, P, Eta1 and Eta2.
func (m Kou) ParameterValues() []float64 {
	return []float64{m.Sigma, m.Lambda, m.P, m.Eta1, m.Eta2}
}

// ParameterBounds returns volatilities up to 900% and up to fifty jumps a year, of a mean size from a part in a thousand on.
func (m Kou) ParameterBounds() (lower, upper []float64) {
	return []float64{1e-4, 0, 0, 1.01, 0.1}, []float64{9, 50, 1, 1000, 1000}
}

// WithParameters returns the model with those parameters.
func (m Kou) WithParameters(x []float64) Kou {
	m.Sigma, m.Lambda, m.P, m.Eta1, m.Eta2 = x[0], x[1], x[2], x[3], x[4]
	return m
}

// CharGradientTo writes φ(u) to dst and its derivatives by the parameters to grad.
func (m Kou) CharGradientTo(dst []complex128, grad [][]complex128, u []complex128, t float64) {
	checkGradient(dst, grad, u, 5)
	years, lambda := complex(t, 0), complex(m.Lambda, 0)
	upMean, downMean := 1/(m.Eta1-1), 1/(m.Eta2+1)
	for i, ui := range u {
		iu := timesI(ui)
		up, down := over(1, complex(m.Eta1, 0)-iu), over(1, complex(m.Eta2, 0)+iu)
		a, b := up-complex(upMean, 0), down-complex(downMean, 0)
		jump := iu * (complex(m.P, 0)*a - complex(1-m.P, 0)*b)
		dst[i] = cmplx.Exp(years * (brownian(m.Sigma*m.Sigma, ui) + lambda*jump))
		grad[0][i] = complex(-m.Sigma*t, 0) * (ui * (ui + 1i))
		grad[1][i] = years * jump
		scale := years * lambda * iu
		grad[2][i] = scale * (a + b)
		grad[3][i] = scale * complex(m.P, 0) * (complex(upMean*upMean, 0) - up*up)
		grad[4][i] = scale * complex(1-m.P, 0) * (down*down - complex(downMean*downMean, 0))
	}
	scaleColumns(grad[:5], dst)
}

// Parameters returns the names of the fields that a calibration moves.
func (m VarianceGamma) Parameters() []string { return []string{"Sigma", "Nu", "Theta"} }

// ParameterValues returns Sigma, Nu and Theta.
func (m VarianceGamma) ParameterValues() []float64 { return []float64{m.Sigma, m.Nu, m.Theta} }

// ParameterBounds returns volatilities up to 900%, variances of the clock up to 20 and drifts up to 5 a year.
func (m VarianceGamma) ParameterBounds() (lower, upper []float64) {
	return []float64{1e-3, 1e-4, -5}, []float64{9, 20, 5}
}

// WithParameters returns the model with those parameters.
func (m VarianceGamma) WithParameters(x []float64) VarianceGamma {
	m.Sigma, m.Nu, m.Theta = x[0], x[1], x[2]
	return m
}

// clockGradient returns the exponent of the gamma clock at x and its derivatives by x and ν.
func (m VarianceGamma) clockGradient(x complex128) (value, byX, byNu complex128) {
	nu := complex(m.Nu, 0)
	y := nu * x
	value, byX = m.clock(x), over(1, 1-y)
	if math.Abs(real(y))+math.Abs(imag(y)) < 0.05 { // Σ n/(n+1)·νⁿ⁻¹xⁿ⁺¹
		power := x * x
		for n := 1.0; n <= 13; n++ {
			byNu += complex(n/(n+1), 0) * power
			power *= y
		}
		return value, byX, byNu
	}
	return value, byX, over(x*byX-value, nu)
}

// CharGradientTo writes φ(u) to dst and its derivatives by the parameters to grad.
func (m VarianceGamma) CharGradientTo(dst []complex128, grad [][]complex128, u []complex128, t float64) {
	checkGradient(dst, grad, u, 3)
	v := 0.5 * m.Sigma * m.Sigma
	years := complex(t, 0)
	mean, meanX, meanNu := m.clockGradient(complex(m.Theta+v, 0))
	for i, ui := range u {
		iu := timesI(ui)
		c, cx, cn := m.clockGradient(iu * (complex(m.Theta, 0) + complex(v, 0)*iu))
		dst[i] = cmplx.Exp(years * (c - iu*mean))
		grad[0][i] = complex(m.Sigma*t, 0) * iu * (cx*iu - meanX)
		grad[1][i] = years * (cn - iu*meanNu)
		grad[2][i] = years * iu * (cx - meanX)
	}
	scaleColumns(grad[:3], dst)
}

// Parameters returns the names of the fields that a calibration moves.
func (m NIG) Parameters() []string { return []string{"Alpha", "Beta", "Delta"} }

// ParameterValues returns Alpha, Beta and Delta.
func (m NIG) ParameterValues() []float64 { return []float64{m.Alpha, m.Beta, m.Delta} }

// ParameterBounds returns a box that holds volatilities from a few percent to several hundred.
func (m NIG) ParameterBounds() (lower, upper []float64) {
	return []float64{0.51, -500, 1e-4}, []float64{1000, 500, 100}
}

// WithParameters returns the model with those parameters.
func (m NIG) WithParameters(x []float64) NIG {
	m.Alpha, m.Beta, m.Delta = x[0], x[1], x[2]
	return m
}

// CharGradientTo writes φ(u) to dst and its derivatives by the parameters to grad. At Beta + 1 = Alpha those by Alpha and Beta are
// infinite.
func (m NIG) CharGradientTo(dst []complex128, grad [][]complex128, u []complex128, t float64) {
	checkGradient(dst, grad, u, 3)
	alpha, beta, years := complex(m.Alpha, 0), complex(m.Beta, 0), complex(t, 0)
	scale := years * complex(m.Delta, 0)
	gamma, one := m.root(0), m.root(1)
	slope := complex(m.slope(), 0)
	byAlpha, byBeta := alpha/gamma-alpha/one, (beta+1)/one-beta/gamma // of the slope
	for i, ui := range u {
		iu := timesI(ui)
		r := m.root(iu)
		value := iu*over(2*beta+iu, gamma+r) - iu*slope
		dst[i] = cmplx.Exp(scale * value)
		inv := over(1, r)
		grad[0][i] = scale * (alpha/gamma - alpha*inv - iu*byAlpha)
		grad[1][i] = scale * ((beta+iu)*inv - beta/gamma - iu*byBeta)
		grad[2][i] = years * value
	}
	scaleColumns(grad[:3], dst)
}

// Parameters returns the names of the fields that a calibration moves.
func (m CGMY) Parameters() []string { return []string{"C", "G", "M", "Y"} }

// ParameterValues returns C, G, M and Y.
func (m CGMY) ParameterValues() []float64 { return []float64{m.C, m.G, m.M, m.Y} }

// ParameterBounds returns processes with jumps of infinite activity, or nearly so.
func (m CGMY) ParameterBounds() (lower, upper []float64) {
	return []float64{1e-5, 0.1, 1.01, -1}, []float64{200, 500, 500, 1.99}
}

// WithParameters returns the model with those parameters.
func (m CGMY) WithParameters(x []float64) CGMY {
	m.C, m.G, m.M, m.Y = x[0], x[1], x[2], x[3]
	return m
}

// powerSlope returns the derivative of (e^(yz) − 1)/y by y.
func powerSlope(y float64, z complex128) complex128 {
	x := complex(y, 0) * z
	if math.Abs(real(x))+math.Abs(imag(x)) > 0.05 {
		return (z*cmplx.Exp(x) - power(y, z)) / complex(y, 0)
	}
	// z²·Σ (n+1)/(n+2)!·xⁿ
	sum, term := complex(0, 0), z*z
	factorial := 2.0
	for n := 0.0; n <= 9; n++ {
		sum += term * complex((n+1)/factorial, 0)
		term *= x
		factorial *= n + 3
	}
	return sum
}

// temperedGradient returns [CGMY.tempered] and its derivatives by G, M and Y, those by G and M but for multiples of iu that the
// compensation takes out. That of (G+iu)^Y − G^Y is Y times the same with Y−1 in the place of Y, and ΓC(−Y)·Y = −CΓ(1−Y).
func (m CGMY) temperedGradient(iu complex128) (value, byG, byM, byY complex128) {
	ls, lw := log1p(-iu/complex(m.M, 0)), log1p(iu/complex(m.G, 0))
	logM, logG := complex(math.Log(m.M), 0), complex(math.Log(m.G), 0)
	e := m.Y - 1
	gamma2 := math.Gamma(2 - m.Y)
	scale := complex(m.C*gamma2, 0)
	pm, pg := complex(math.Pow(m.M, m.Y), 0), complex(math.Pow(m.G, m.Y), 0)
	byG = scale * pg / complex(m.G, 0) * power(e, lw)
	byM = scale * pm / complex(m.M, 0) * power(e, ls)
	if m.Y <= 0.5 {
		a, b := power(m.Y, ls), power(m.Y, lw)
		front := complex(-m.C*math.Gamma(1-m.Y), 0)
		sum := pm*a + pg*b
		value = front * sum
		byY = front * (complex(-mathext.Digamma(1-m.Y), 0)*sum + pm*(logM*a+powerSlope(m.Y, ls)) + pg*(logG*b+powerSlope(m.Y, lw)))
		return value, byG, byM, byY
	}
	up, down := 1-iu/complex(m.M, 0), 1+iu/complex(m.G, 0)
	a, b := power(e, ls), power(e, lw)
	front := scale / complex(m.Y, 0)
	sum := pm*up*a + pg*down*b
	value = front * sum
	byY = front * (complex(-mathext.Digamma(2-m.Y)-1/m.Y, 0)*sum + pm*up*(logM*a+powerSlope(e, ls)) + pg*down*(logG*b+powerSlope(e, lw)))
	return value, byG, byM, byY
}

// CharGradientTo writes φ(u) to dst and its derivatives by the parameters to grad.
func (m CGMY) CharGradientTo(dst []complex128, grad [][]complex128, u []complex128, t float64) {
	checkGradient(dst, grad, u, 4)
	mean, meanG, meanM, meanY := m.temperedGradient(1)
	years, inv := complex(t, 0), complex(1/m.C, 0)
	for i, ui := range u {
		iu := timesI(ui)
		v, g, d, y := m.temperedGradient(iu)
		v -= iu * mean
		dst[i] = cmplx.Exp(years * v)
		grad[0][i] = years * v * inv
		grad[1][i] = years * (g - iu*meanG)
		grad[2][i] = years * (d - iu*meanM)
		grad[3][i] = years * (y - iu*meanY)
	}
	scaleColumns(grad[:4], dst)
}
