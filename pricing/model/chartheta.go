package model

import "math/cmplx"

// CharTheta is a [Characteristic] that also differentiates its law by the expiry, with its state held: the volatility of a
// [BlackScholes] model, the variance of today where it is stochastic.
type CharTheta interface {
	Characteristic
	// CharThetaTo writes φ(u) to dst, ∂φ/∂t to theta and, if vega is not nil, what a [CharVega] writes there, all as
	// long as u. dst may be u; the others may not. vega must be nil unless the model is a CharVega.
	CharThetaTo(dst, vega, theta, u []complex128, t float64)
}

var (
	_ CharTheta = BlackScholes{}
	_ CharTheta = Heston{}
	_ CharTheta = Bates{}
	_ CharTheta = Merton{}
	_ CharTheta = Kou{}
	_ CharTheta = VarianceGamma{}
	_ CharTheta = NIG{}
	_ CharTheta = CGMY{}
)

// levyThetaTo writes e^(tψ(u)) to dst and ψ(u)·e^(tψ(u)) to theta; slope, if vega is not nil, is ∂ψ/∂σ.
func levyThetaTo(dst, vega, theta, u []complex128, t float64, exponent, slope func(complex128) complex128) {
	if len(dst) != len(u) || len(theta) != len(u) || vega != nil && (len(vega) != len(u) || slope == nil) {
		panic("model: CharThetaTo: dst, vega, theta and u differ in length, or the model has no vega")
	}
	for i, ui := range u {
		psi := exponent(ui)
		f := cmplx.Exp(complex(t, 0) * psi)
		if vega != nil {
			vega[i] = complex(t, 0) * slope(ui) * f
		}
		dst[i], theta[i] = f, psi*f
	}
}

// brownianSlope returns the derivative of a Brownian exponent per year by σ.
func brownianSlope(sigma float64) func(complex128) complex128 {
	return func(u complex128) complex128 { return complex(-sigma, 0) * (u * (u + 1i)) }
}

// CharThetaTo writes φ(u) to dst, ∂φ/∂t at fixed volatility to theta and ∂φ/∂σ to vega.
func (m BlackScholes) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	v := m.term(t)
	levyThetaTo(dst, vega, theta, u, t, func(u complex128) complex128 { return brownian(v*v, u) }, brownianSlope(v))
}

// CharThetaTo writes φ(u) to dst, ∂φ/∂t to theta and ∂φ/∂√V0 to vega.
func (m Heston) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	hestonThetaTo(&m, nil, dst, vega, theta, u, t)
}

// CharThetaTo writes φ(u) to dst, ∂φ/∂t to theta and ∂φ/∂√V0 to vega.
func (m Bates) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	hestonThetaTo(&m.Heston, &m.Jumps, dst, vega, theta, u, t)
}

// CharThetaTo writes φ(u) to dst, ∂φ/∂t to theta and ∂φ/∂Sigma to vega.
func (m Merton) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	levyThetaTo(dst, vega, theta, u, t, func(u complex128) complex128 { return m.exponent(u, 1) }, brownianSlope(m.Sigma))
}

// CharThetaTo writes φ(u) to dst, ∂φ/∂t to theta and ∂φ/∂Sigma to vega.
func (m Kou) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	levyThetaTo(dst, vega, theta, u, t, func(u complex128) complex128 { return m.exponent(u, 1) }, brownianSlope(m.Sigma))
}

// CharThetaTo writes φ(u) to dst and ∂φ/∂t to theta. vega must be nil.
func (m VarianceGamma) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	drift := m.drift()
	levyThetaTo(dst, vega, theta, u, t, func(u complex128) complex128 { return m.exponent(u, drift, 1) }, nil)
}

// CharThetaTo writes φ(u) to dst and ∂φ/∂t to theta. vega must be nil.
func (m NIG) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	levyThetaTo(dst, vega, theta, u, t, func(u complex128) complex128 { return m.exponent(u, 1) }, nil)
}

// CharThetaTo writes φ(u) to dst and ∂φ/∂t to theta. vega must be nil.
func (m CGMY) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	slope := m.slope()
	levyThetaTo(dst, vega, theta, u, t, func(u complex128) complex128 { return m.exponent(u, slope, 1) }, nil)
}
