package model

import (
	"math"
	"math/cmplx"
)

var (
	_ CharTheta = PiecewiseHeston{}
	_ CharTheta = DoubleHeston{}
	_ CharTheta = SteinStein{}
	_ CharTheta = HestonHullWhite{}
	_ CharTheta = ThreeHalves{}
	_ CharTheta = RoughHeston{}
)

func checkTheta(dst, vega, theta, u []complex128) {
	if len(dst) != len(u) || len(theta) != len(u) || vega != nil && len(vega) != len(u) {
		panic("model: CharThetaTo: dst, vega, theta and u differ in length")
	}
}

// CharThetaTo writes φ(u) to dst, ∂φ/∂t to theta and ∂φ/∂√V0 to vega. What is held is the variance of today, and the periods as
// functions of the time ahead: a later expiry lengthens the period that it falls into.
func (m PiecewiseHeston) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	checkTheta(dst, vega, theta, u)
	v0, twice := complex(m.V0, 0), complex(2*math.Sqrt(m.V0), 0)
	for i, ui := range u {
		var d, sum, dd, dsum complex128
		if ui != 0 && ui != -1i {
			last := m.at(t)
			for j := last; j >= 0; j-- {
				p := &m.Periods[j]
				eq, dt, kt := p.riccati(ui), m.length(j, t), complex(p.Kappa*p.Theta, 0)
				end, c := eq.step(d, dt)
				if j == last {
					dd, dsum = -0.5*eq.a-eq.xi*end+complex(0.5*eq.s2, 0)*end*end, kt*end
				} else { // ∂D/∂D0 = E/R², ∂(∫D)/∂D0 = 2w/R
					w, e, r := eq.gains(d, dt)
					dsum += kt * 2 * w / r * dd
					dd *= e / (r * r)
				}
				d = end
				sum += kt * c
			}
		}
		f := cmplx.Exp(v0*d + sum)
		dst[i], theta[i] = f, (v0*dd+dsum)*f
		if vega != nil {
			vega[i] = twice * d * f
		}
	}
}

// gains returns w, E and R of [riccatiStep.step].
func (r *riccatiStep) gains(d0 complex128, t float64) (w, e, ratio complex128) {
	w, e = r.decay(t)
	return w, e, 0.5*(1+e) + (r.xi-complex(r.s2, 0)*d0)*w
}

// CharThetaTo writes φ(u) to dst, ∂φ/∂t to theta and what [DoubleHeston.CharVegaTo] does to vega.
func (m DoubleHeston) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	checkTheta(dst, vega, theta, u)
	first, second := m.First.heston(), m.Second.heston()
	var arg, f1, d1 [chunk]complex128 // dst may be u
	for len(u) > 0 {
		n := min(chunk, len(u))
		copy(arg[:n], u)
		if vega != nil {
			m.CharVegaTo(dst[:n], vega[:n], arg[:n], t)
			vega = vega[n:]
		}
		hestonThetaTo(&first, nil, f1[:n], nil, d1[:n], arg[:n], t)
		hestonThetaTo(&second, nil, dst[:n], nil, theta[:n], arg[:n], t)
		for i, f := range f1[:n] {
			theta[i] = theta[i]*f + dst[i]*d1[i]
			dst[i] *= f
		}
		dst, theta, u = dst[n:], theta[n:], u[n:]
	}
}

// CharThetaTo writes φ(u) to dst, ∂φ/∂t to theta and ∂φ/∂√V0 to vega.
func (m HestonHullWhite) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	checkTheta(dst, vega, theta, u)
	h, half := m.heston(), complex(0.5*m.RateVariance(t), 0)
	// V' = η²B(t)²
	b := t
	if x := m.Lambda * t; x > 0 {
		b *= -math.Expm1(-x) / x
	}
	rise := complex(0.5*m.Eta*m.Eta*b*b, 0)
	var arg [chunk]complex128 // dst may be u
	for len(u) > 0 {
		n := min(chunk, len(u))
		copy(arg[:n], u)
		var v []complex128
		if vega != nil {
			v, vega = vega[:n], vega[n:]
		}
		hestonThetaTo(&h, nil, dst[:n], v, theta[:n], arg[:n], t)
		for i, x := range arg[:n] {
			a := x * (x + 1i)
			rate := cmplx.Exp(-half * a)
			theta[i] = (theta[i] - rise*a*dst[i]) * rate
			dst[i] *= rate
			if v != nil {
				v[i] *= rate
			}
		}
		dst, theta, u = dst[n:], theta[n:], u[n:]
	}
}

// CharThetaTo writes φ(u) to dst, ∂φ/∂t to theta, by the equations of D, B and C, and ∂φ/∂Vol0 to vega.
func (m SteinStein) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	checkTheta(dst, vega, theta, u)
	v, s2, kt := complex(m.Vol0, 0), complex(m.Sigma*m.Sigma, 0), complex(m.Kappa*m.Theta, 0)
	for i, x := range u {
		d, b, c := m.affine(x, t)
		xi := complex(m.Kappa, 0) - complex(m.Rho*m.Sigma, 0)*timesI(x)
		dd := -x*(x+1i) - 2*xi*d + s2*d*d
		db := kt*d - (xi-s2*d)*b
		dc := kt*b + 0.5*s2*(d+b*b)
		f := cmplx.Exp((0.5*v*d+b)*v + c)
		dst[i], theta[i] = f, ((0.5*v*dd+db)*v+dc)*f
		if vega != nil {
			vega[i] = (v*d + b) * f
		}
	}
}

// CharThetaTo writes φ(u) to dst, ∂φ/∂t to theta and ∂φ/∂√V0 to vega, for 0 >= Im u >= −1.
func (m ThreeHalves) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	checkTheta(dst, vega, theta, u)
	z, logZ := m.scale(t)
	// ∂ln z/∂t = −κθ/(1 − e^(−κθt))
	rate, x := -1/t, m.Kappa*m.Theta*t
	if x > 0 {
		rate *= x / -math.Expm1(-x)
	}
	for i, ui := range u {
		if t == 0 { // φ = 1 − ½(u²+iu)v0·t + ...
			dst[i], theta[i] = 1, complex(-0.5*m.V0, 0)*ui*(ui+1i)
			if vega != nil {
				vega[i] = 0
			}
			continue
		}
		ln, slope := m.integral(ui, z, logZ)
		f := cmplx.Exp(ln)
		dst[i], theta[i] = f, complex(rate, 0)*slope*f
		if vega != nil {
			vega[i] = complex(-2/math.Sqrt(m.V0), 0) * slope * f
		}
	}
}

// CharThetaTo writes φ(u) to dst, ∂φ/∂t to theta and what [RoughHeston.CharVegaTo] does to vega. What is held is the variance of
// today, or the curve as a function of the time ahead: ∂/∂T of ∫ξ0(T−s)·G(s) ds is ξ0(0)·G(T) and, for every jump of the curve at
// a time a, its size times G(T−a).
func (m RoughHeston) CharThetaTo(dst, vega, theta, u []complex128, t float64) {
	checkTheta(dst, vega, theta, u)
	sp := m.space(t)
	defer roughSpaces.Put(sp)
	l := complex(m.Lambda, 0)
	for i, ui := range u {
		x, dx := m.solve(sp, ui, t, m.Solver, false)
		var slope complex128
		switch {
		case ui == 0 || ui == -1i: // φ = 1
		case t == 0:
			level := m.V0
			if len(m.Curve.Level) > 0 {
				level = m.Curve.Level[0]
			}
			slope = complex(-0.5*level, 0) * ui * (ui + 1i)
		case len(m.Curve.Level) > 0:
			last := 0.0
			for j, level := range m.Curve.Level {
				from := 0.0
				if j > 0 {
					from = m.Curve.Until[j-1]
				}
				if from >= t {
					break
				}
				f, h := sp.at(t - from)
				slope += complex(level-last, 0) * (f + l*h)
				last = level
			}
		default:
			f, h := sp.at(t)
			slope = complex(m.V0, 0)*f + complex(m.Lambda*m.Theta, 0)*h
		}
		f := cmplx.Exp(x)
		dst[i], theta[i] = f, slope*f
		if vega != nil {
			vega[i] = dx * f
		}
	}
}
