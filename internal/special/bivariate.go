package special

import "math"

// BivariateNormCDF returns Φ₂(h, k; ρ) = P(X <= h, Y <= k) for standard normal X and Y of correlation ρ. The absolute error
// is below 1e-15 for every h, k and |ρ| <= 1; a result below 1e-15 has no relative accuracy but its order. A ρ
// outside [−1, 1] and NaN give NaN, infinite h and k the marginal distributions.
//
// For |ρ| up to 0.925 it is Plackett's integral over the angle from 0 to asin ρ (Drezner and Wesolowsky, "On the computation of
// the bivariate normal integral", Journal of Statistical Computation and Simulation 35, 1990, eq. 2). Above, the integral
// starts at |ρ| = 1, where the law is that of one variable, and what is singular there is integrated in closed form (their eq. 3;
// Genz, "Numerical computation of rectangular bivariate and trivariate normal and t probabilities", Statistics and Computing 14,
// 2004, section 2.4).
func BivariateNormCDF(h, k, rho float64) float64 {
	if !(rho >= -1 && rho <= 1) || math.IsNaN(h) || math.IsNaN(k) {
		return math.NaN()
	}
	if math.IsInf(h, 0) || math.IsInf(k, 0) {
		return NormCDF(h) * NormCDF(k)
	}
	if math.Abs(rho) <= bivariateNear {
		return bounded(NormCDF(h)*NormCDF(k)+bivariateAngle(h, k, math.Asin(rho)), h, k)
	}
	if rho > 0 {
		return bounded(NormCDF(math.Min(h, k))-bivariateEdge(h, k, rho), h, k)
	}
	// P(X <= h, Y <= k) = P(X <= h) − P(X <= h, −Y < −k): an interval of X where ρ = −1, if it is not empty.
	between := 0.0
	if h > -k {
		if h > 0 && k < 0 {
			between = NormCDF(k) - NormCDF(-h)
		} else {
			between = NormCDF(h) - NormCDF(-k)
		}
	}
	return bounded(between+bivariateEdge(h, -k, -rho), h, k)
}

// bivariateNear is the correlation up to which the integral over the angle is smooth enough for the nodes.
const bivariateNear = 0.925

// bounded keeps rounding from leaving [0, min(Φ(h), Φ(k))].
func bounded(p, h, k float64) float64 {
	return math.Max(0, math.Min(p, NormCDF(math.Min(h, k))))
}

// bivariateAngle is 1/(2π)·∫ exp(−(h² + k² − 2hk·sin θ)/(2cos²θ)) dθ from 0 to the angle.
func bivariateAngle(h, k, angle float64) float64 {
	squares, twice := h*h+k*k, 2*h*k
	sum := 0.0
	for _, g := range legendre20 {
		for _, x := range [2]float64{1 - g.x, 1 + g.x} {
			sin, cos := math.Sincos(0.5 * angle * x)
			sum += g.w * math.Exp(-(squares-twice*sin)/(2*cos*cos))
		}
	}
	return sum * angle / (4 * math.Pi)
}

// bivariateEdge is what Φ₂ lacks of Φ(min(h, k)) for a ρ near 1: with x² = 1 − r² it is
//
//	1/(2π)·∫ exp(−b/(2x²))·f(x) dx from 0 to √(1−ρ²),   b = (h−k)²,   f(x) = exp(−hk/(1+√(1−x²)))/√(1−x²).
//
// The first three terms of f in x² go by parts, the rest, which is of order x⁶, by the nodes.
func bivariateEdge(h, k, rho float64) float64 {
	a2 := (1 - rho) * (1 + rho)
	if a2 == 0 {
		return 0
	}
	a := math.Sqrt(a2)
	hk, d := h*k, math.Abs(h-k)
	b := d * d
	c2 := (4 - hk) / 8
	c4 := c2 * (12 - hk) / 16
	sum := 0.0
	// All exponents carry −hk/2 with them: alone it overflows where h and k have opposite signs.
	if e := -0.5 * (b/a2 + hk); e > -745 {
		end := math.Exp(e)
		i0 := a * end
		if d > 0 {
			i0 -= d * end * Mills(d/a)
		}
		i2 := (a*a2*end - b*i0) / 3
		i4 := (a*a2*a2*end - b*i2) / 5
		sum = i0 + c2*i2 + c4*i4
	}
	for _, g := range legendre20 {
		for _, y := range [2]float64{1 - g.x, 1 + g.x} {
			x := 0.5 * a * y
			x2 := x * x
			e := -0.5 * (b/x2 + hk)
			if e < -745 {
				continue
			}
			root := math.Sqrt(1 - x2)
			// −hk/(1+√(1−x²)) + hk/2, whose difference would cancel
			rest := math.Exp(-0.5*hk*x2/((1+root)*(1+root)))/root - (1 + x2*(c2+c4*x2))
			sum += g.w * 0.5 * a * math.Exp(e) * rest
		}
	}
	return sum / (2 * math.Pi)
}

// legendre20 are the positive nodes and the weights of Gauss and Legendre's rule of 20 points on [−1, 1].
var legendre20 = [10]struct{ x, w float64 }{
	{0.993128599185094924786, 0.0176140071391521183119},
	{0.963971927277913791268, 0.040601429800386941331},
	{0.912234428251325905868, 0.0626720483341090635695},
	{0.839116971822218823395, 0.0832767415767047487248},
	{0.746331906460150792614, 0.101930119817240435037},
	{0.636053680726515025453, 0.118194531961518417312},
	{0.510867001950827098004, 0.131688638449176626898},
	{0.373706088715419560673, 0.142096109318382051329},
	{0.22778585114164507808, 0.149172986472603746788},
	{0.0765265211334973337546, 0.152753387130725850698},
}
