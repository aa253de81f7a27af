package special

import "math"

// NormPDF returns the standard normal density φ(x), relative error below 3ε where φ(x) is a normal double (|x| < 37.6).
func NormPDF(x float64) float64 {
	hi, lo := HalfSquare(x)
	return InvSqrt2Pi * ExpSum(-hi, -lo)
}

// NormCDF returns the standard normal distribution function Φ(x). The relative error is below 5ε for every x whose
// Φ(x) is a normal double, that is x > −37.5; below that the result is the subnormal within two units of the
// last place, and 0 below −38.5. For the upper tail 1 − Φ(x) use NormCDF(−x).
func NormCDF(x float64) float64 {
	if x > 0 {
		return 1 - NormPDF(x)*Mills(x)
	}
	return NormPDF(x) * Mills(-x)
}

// LogNormCDF returns ln Φ(x), relative error below 6ε, for any x; ln Φ(−Inf) = −Inf.
func LogNormCDF(x float64) float64 {
	if x > 0 {
		return math.Log1p(-NormPDF(x) * Mills(x))
	}
	if x > -1e8 {
		return Log(Mills(-x)) - LnSqrt2Pi - 0.5*x*x
	}
	return -0.5 * x * x // the logarithm of the Mills ratio is below the last place; also −Inf and NaN
}

// Erfcx returns the scaled complementary error function e^(x²)·erfc(x), relative error below 4ε; it is +Inf for x < −26.7.
func Erfcx(x float64) float64 {
	const sqrt2OverPi = 0.797884560802865355879892119868763737 // √(2/π)
	if x >= 0 {
		return sqrt2OverPi * Mills(math.Sqrt2*x)
	}
	hi := x * x
	if hi > 720 {
		return math.Inf(1)
	}
	return 2*ExpSum(hi, math.FMA(x, x, -hi)) - sqrt2OverPi*Mills(-math.Sqrt2*x)
}

// InvNormCDF returns the x with Φ(x) = p: −Inf at 0, +Inf at 1, NaN outside. The error is below 6ε·|x| for every
// double p in (0, 1), subnormals included; near ½, where x goes through zero, it stays relative.
//
// The start is Wichura's algorithm AS 241, PPND16 (Applied Statistics 37, 1988, pp. 477-484); in the tails, |p−½| >
// 0.425, one step of Halley's method on the distribution function follows.
func InvNormCDF(p float64) float64 {
	q := p - 0.5
	if math.Abs(q) <= 0.425 {
		r := 0.180625 - q*q
		num := (((((((2509.0809287301226727*r+33430.575583588128105)*r+67265.770927008700853)*r+45921.953931549871457)*r+
			13731.693765509461125)*r+1971.5909503065514427)*r+133.14166789178437745)*r + 3.387132872796366608)
		den := (((((((5226.495278852854561*r+28729.085735721942674)*r+39307.89580009271061)*r+21213.794301586595867)*r+
			5394.1960214247511077)*r+687.1870074920579083)*r+42.313330701600911252)*r + 1)
		return q * num / den
	}
	sign := -1.0
	if q > 0 {
		p, sign = 1-p, 1 // exact
	}
	if !(p > 0) {
		if p == 0 {
			return math.Inf(int(sign))
		}
		return math.NaN()
	}
	return sign * upperQuantile(p)
}

// upperQuantile returns the z > 0 with Φ(−z) = p for p in (0, 0.075].
func upperQuantile(p float64) float64 {
	lnp := Log(p)
	r := math.Sqrt(-lnp)
	var z float64
	if r <= 5 {
		r -= 1.6
		num := (((((((7.7454501427834140764e-4*r+0.0227238449892691845833)*r+0.24178072517745061177)*r+
			1.27045825245236838258)*r+3.64784832476320460504)*r+5.7694972214606914055)*r+4.6303378461565452959)*r +
			1.42343711074968357734)
		den := (((((((1.05075007164441684324e-9*r+5.475938084995344946e-4)*r+0.0151986665636164571966)*r+
			0.14810397642748007459)*r+0.68976733498510000455)*r+1.6763848301838038494)*r+2.05319162663775882187)*r + 1)
		z = num / den
	} else {
		r -= 5
		num := (((((((2.01033439929228813265e-7*r+2.71155556874348757815e-5)*r+0.0012426609473880784386)*r+
			0.026532189526576123093)*r+0.29656057182850489123)*r+1.7848265399172913358)*r+5.4637849111641143699)*r +
			6.6579046435011037772)
		den := (((((((2.04426310338993978564e-15*r+1.4215117583164458887e-7)*r+1.8463183175100546818e-5)*r+
			7.868691311456132591e-4)*r+0.0148753612908506148525)*r+0.13692988092273580531)*r+0.59983220655588793769)*r + 1)
		z = num / den
	}
	m := Mills(z)
	var e float64 // (Φ(−z) − p)/φ(z), the Newton step of z
	if p > 1e-290 {
		e = m - p/NormPDF(z)
	} else { // the density is near the subnormals: compare logarithms
		hi, lo := HalfSquare(z)
		e = m * (((-hi - lnp) - LnSqrt2Pi) + Log(m) - lo)
	}
	return z + e/(1-0.5*z*e)
}
