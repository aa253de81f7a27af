package model

import (
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/vec"
)

// chunk is the number of arguments that the batch form of Heston's function keeps on the stack at a time.
const chunk = 64

// columns are the real and the imaginary parts of the numbers of a chunk.
type columns struct{ re, im [chunk]float64 }

// CharFuncTo writes φ(u) to dst, at about a quarter of the cost of [Heston.CharFunc]: what depends on the expiry alone is
// hoisted, and exponentials and logarithms are taken by column.
func (m Heston) CharFuncTo(dst, u []complex128, t float64) { hestonTo(&m, nil, dst, nil, u, t) }

// CharVegaTo writes φ(u) to dst and ∂φ/∂√V0 to vega.
func (m Heston) CharVegaTo(dst, vega, u []complex128, t float64) {
	if len(vega) != len(u) {
		panic("model: CharVegaTo: vega and u differ in length")
	}
	hestonTo(&m, nil, dst, vega, u, t)
}

// hestonTo is hestonThetaTo without the derivative by the expiry.
func hestonTo(m *Heston, j *Jumps, dst, vega, u []complex128, t float64) {
	hestonThetaTo(m, j, dst, vega, nil, u, t)
}

// hestonThetaTo is [Heston.affine] by column, with the jumps j if they are not nil, ∂φ/∂√v0 in vega if that is not nil, and ∂φ/∂t
// in theta if that is not nil: by the Riccati equations C' = D and D' = −a/2 − ξD + σ²D²/2.
func hestonThetaTo(m *Heston, j *Jumps, dst, vega, theta, u []complex128, t float64) {
	if len(dst) != len(u) || vega != nil && len(vega) != len(u) || theta != nil && len(theta) != len(u) {
		panic("model: CharFuncTo: dst, vega, theta and u differ in length")
	}
	s, s2 := m.Sigma, m.Sigma*m.Sigma
	if s2 < tinySquare || t == 0 {
		for i, ui := range u {
			c, d := m.affine(ui, t)
			x := complex(m.V0, 0)*d + complex(m.Kappa*m.Theta, 0)*c
			if j != nil {
				x += complex(t, 0) * j.exponent(ui)
			}
			dst[i] = cmplx.Exp(x)
			if vega != nil {
				vega[i] = complex(2*math.Sqrt(m.V0), 0) * d * dst[i]
			}
			if theta != nil {
				y := m.riccati(ui, d)
				if j != nil {
					y += j.exponent(ui)
				}
				theta[i] = y * dst[i]
			}
		}
		return
	}
	kk, mix, cross := m.Kappa*m.Kappa, s*(s-2*m.Kappa*m.Rho), s2*(1-m.Rho)*(1+m.Rho)
	rs, inv2, kt := m.Rho*s, 2/s2, m.Kappa*m.Theta
	vegaScale := 2 * math.Sqrt(m.V0)
	var root, e, slope, w, ld, before columns
	var logs [chunk]float64
	for len(u) > 0 {
		n := min(chunk, len(u))
		for i, ui := range u[:n] {
			x, y := real(ui), imag(ui)
			// d² = κ² + iu·mix + u²·cross
			re := kk - y*mix + (x-y)*(x+y)*cross
			im := x*mix + 2*x*y*cross
			dr, di := sqrt(re, im)
			root.re[i], root.im[i] = dr, di
			e.re[i], e.im[i] = -dr*t, -di*t
		}
		vec.CExp(e.re[:n], e.im[:n], e.re[:n], e.im[:n])
		for i, ui := range u[:n] {
			x, y := real(ui), imag(ui)
			dr, di := root.re[i], root.im[i]
			er, ei := e.re[i], e.im[i]
			ar, ai := x*x-y*y-y, 2*x*y+x // a = u² + iu
			xr, xj := m.Kappa+rs*y, -rs*x
			norm := dr*dr + di*di
			wr, wi := 0.5*t, 0.0
			if norm*t*t < smallRoot {
				em1 := expm1(complex(-dr*t, -di*t))
				er, ei = 1+real(em1), imag(em1)
				if norm > 0 {
					wr, wi = quotient(-0.5*real(em1), -0.5*imag(em1), dr, di)
				}
			} else {
				wr, wi = quotient(0.5-0.5*er, -0.5*ei, dr, di)
			}
			var sr, si, zr, zi float64 // (ξ−d)/σ², R−1
			if xr*dr+xj*di >= 0 {
				sr, si = quotient(-ar, -ai, xr+dr, xj+di)
				if ar == 0 && ai == 0 {
					sr, si = 0, 0
				}
				zr, zi = s2*(sr*wr-si*wi), s2*(sr*wi+si*wr)
			} else {
				sr, si = (xr-dr)/s2, (xj-di)/s2
				qr, qi := quotient(-ar, -ai, sr, si)
				zr, zi = er+qr*wr-qi*wi-1, ei+qr*wi+qi*wr
			}
			pr, pi := quotient(-(ar*wr - ai*wi), -(ar*wi + ai*wr), 1+zr, zi)
			ld.re[i], ld.im[i] = pr, pi
			slope.re[i] = m.V0*pr + kt*sr*t
			slope.im[i] = m.V0*pi + kt*si*t
			w.re[i], w.im[i] = 1+zr, zi
			logs[i] = zr*(2+zr) + zi*zi
		}
		arguments(&root, &w, logs[:n])
		for i, arg := range root.re[:n] {
			slope.im[i] -= kt * inv2 * arg
		}
		vec.Log1p(logs[:n], logs[:n])
		vec.AddScaled(slope.re[:n], -0.5*inv2*kt, logs[:n], slope.re[:n])
		jumping := j != nil && j.Lambda != 0
		if theta != nil && jumping {
			before = slope
		}
		if jumping {
			addJumps(&slope, &w, j, u[:n], t)
		}
		if theta != nil {
			for i, ui := range u[:n] {
				y := m.riccati(ui, complex(ld.re[i], ld.im[i]))
				if jumping {
					y += complex((slope.re[i]-before.re[i])/t, (slope.im[i]-before.im[i])/t)
				}
				theta[i] = y
			}
		}
		vec.CExp(e.re[:n], e.im[:n], slope.re[:n], slope.im[:n])
		if vega != nil {
			for i := range n {
				vega[i] = complex(vegaScale, 0) * complex(ld.re[i]*e.re[i]-ld.im[i]*e.im[i], ld.re[i]*e.im[i]+ld.im[i]*e.re[i])
			}
			vega = vega[n:]
		}
		for i := range n {
			dst[i] = complex(e.re[i], e.im[i])
		}
		if theta != nil {
			for i, f := range dst[:n] {
				theta[i] *= f
			}
			theta = theta[n:]
		}
		dst, u = dst[n:], u[n:]
	}
}

// riccati returns v0·D' + κθ·C', the derivative of the exponent by the expiry.
func (m *Heston) riccati(u, d complex128) complex128 {
	xi := complex(m.Kappa, 0) - complex(m.Rho*m.Sigma, 0)*timesI(u)
	slope := -0.5*u*(u+1i) - xi*d + complex(0.5*m.Sigma*m.Sigma, 0)*d*d
	return complex(m.V0, 0)*slope + complex(m.Kappa*m.Theta, 0)*d
}

// smallRoot is the |dt|² below which 1 − e^(−dt) is taken from expm1.
const smallRoot = 0.25

// addJumps adds t times the exponent of the jumps to x.
func addJumps(x, work *columns, j *Jumps, u []complex128, t float64) {
	n, v, lt := len(u), 0.5*j.SigmaJ*j.SigmaJ, j.Lambda*t
	mean := j.mean()
	for i, ui := range u {
		p, q := -imag(ui), real(ui) // iu
		work.re[i] = p*j.MuJ + v*(p*p-q*q)
		work.im[i] = q*j.MuJ + 2*v*p*q
		x.re[i] -= lt * (1 + p*mean)
		x.im[i] -= lt * q * mean
	}
	vec.CExp(work.re[:n], work.im[:n], work.re[:n], work.im[:n])
	for i := range n {
		x.re[i] += lt * work.re[i]
		x.im[i] += lt * work.im[i]
	}
}

// sqrt returns the square root of x + iy with a real part that is not negative.
func sqrt(x, y float64) (re, im float64) {
	r := math.Sqrt(x*x + y*y)
	if x >= 0 {
		re = math.Sqrt(0.5 * (r + x))
		if re == 0 {
			return 0, 0
		}
		return re, 0.5 * y / re
	}
	im = math.Copysign(math.Sqrt(0.5*(r-x)), y)
	return 0.5 * y / im, im
}

// quotient returns (a + ib)/(c + id).
func quotient(a, b, c, d float64) (re, im float64) {
	inv := 1 / (c*c + d*d)
	return (a*c + b*d) * inv, (b*c - a*d) * inv
}

// arguments writes the arguments, in (−π, π], of the numbers in z to dst.re, given |z|²−1; dst.im is for work. The argument
// is four times the arctangent of the tangent of its quarter, which is below √2−1 in the right half plane.
func arguments(dst, z *columns, squareLess1 []float64) {
	n := len(squareLess1)
	abs, quarter := dst.re[:n], dst.im[:n]
	for i, s := range squareLess1 {
		abs[i] = 1 + s
	}
	vec.Sqrt(abs, abs)
	for i, r := range abs {
		tan := z.im[i] / (r + math.Abs(z.re[i]))
		quarter[i] = tan
		abs[i] = 1 + tan*tan
	}
	vec.Sqrt(abs, abs)
	for i, r := range abs {
		x := quarter[i] / (1 + r)
		s := x * x
		s2 := s * s
		s4 := s2 * s2
		p := (atanPoly[0] + s*atanPoly[1]) + s2*(atanPoly[2]+s*atanPoly[3]) +
			s4*((atanPoly[4]+s*atanPoly[5])+s2*(atanPoly[6]+s*atanPoly[7])+
				s4*((atanPoly[8]+s*atanPoly[9])+s2*(atanPoly[10]+s*atanPoly[11]+s2*atanPoly[12])))
		arg := 4 * (x + x*s*p)
		if z.re[i] < 0 {
			arg = math.Copysign(math.Pi, z.im[i]) - arg
		}
		abs[i] = arg
	}
}

// atanPoly are the coefficients of p in atan(x) = x + x³·p(x²) for |x| < √2−1, by interpolation in Chebyshev points.
// The relative error is below 1e-17.
var atanPoly = [...]float64{
	-0.3333333333333333,
	0.19999999999999993,
	-0.1428571428571149,
	0.11111111110751482,
	-0.0909090906681608,
	0.07692306729194896,
	-0.06666641869131183,
	0.058819230561140225,
	-0.05258020272656758,
	0.04719259188242093,
	-0.04103887546862687,
	0.030622995553735516,
	-0.013905374533113234,
}
