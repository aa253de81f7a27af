package special

import "math"

// Constants of the normal law.
const (
	Sqrt2Pi    = 2.50662827463100050241576528481104525  // √(2π)
	InvSqrt2Pi = 0.398942280401432677939946059934381868 // 1/√(2π)
	LnSqrt2Pi  = 0.918938533204672741780329736405617640 // ln √(2π)
)

// millsTail is where the tables end and the rational function of 1/z² begins.
const millsTail = 8

// Mills returns the Mills ratio M(z) = Φ(−z)/φ(z), relative error below 2.5ε for z >= 0. For z < 0 it is
// √(2π)·e^(z²/2) − M(−z), relative error below 6ε, and +Inf below −37.7. M(0) = √(π/2), M(+Inf) = 0.
func Mills(z float64) float64 {
	if z >= 0 && z < millsTail {
		i := int(z * 8)
		return poly9(&millsTable[i], z-(float64(i)+0.5)*0.125)
	}
	if z >= millsTail {
		return (1 - slopeTail(z)) / z
	}
	if math.IsNaN(z) {
		return z
	}
	hi, lo := HalfSquare(z)
	return Sqrt2Pi*ExpSum(hi, lo) - Mills(-z)
}

// MillsSlope returns 1 − z·M(z) = −M′(z) for z >= 0 without the cancellation of that formula: relative error below 4ε,
// 1 at 0, falling as 1/z² to 0 at +Inf. Times φ(z) it is the Bachelier price of a call that is z standard
// deviations out of the money. Negative z give NaN.
func MillsSlope(z float64) float64 {
	if z >= 0 && z < millsTail {
		i := int(z * 8)
		return poly9(&slopeTable[i], z-(float64(i)+0.5)*0.125)
	}
	if z >= millsTail {
		return slopeTail(z)
	}
	return math.NaN()
}

// MillsBoth returns [Mills] and [MillsSlope] of z >= 0.
func MillsBoth(z float64) (m, slope float64) {
	if z >= 0 && z < millsTail {
		i := int(z * 8)
		r := z - (float64(i)+0.5)*0.125
		return poly9(&millsTable[i], r), poly9(&slopeTable[i], r)
	}
	if z >= millsTail {
		g := slopeTail(z)
		return (1 - g) / z, g
	}
	return math.NaN(), math.NaN()
}

// slopeTail is 1 − z·M(z) for z >= 8: 1/z² times a rational function of 1/z², interpolating at Chebyshev nodes to 6e-19.
func slopeTail(z float64) float64 {
	z2 := z * z
	w := 1 / z2
	num := 1 + w*(53.975486684918145+w*(940.485327736722+w*(6073.062829302757+w*(11822.255932519765+w*1567.597582007383))))
	den := 1 + w*(56.97548668491814+w*(1096.4117877915012+w*(8612.665892377474+w*(26251.502909025916+w*22808.515963865033))))
	return num / (z2 * den)
}

func poly9(c *[9]float64, r float64) float64 {
	r2 := r * r
	r4 := r2 * r2
	p := (c[2] + r*c[3]) + r2*(c[4]+r*c[5])
	q := (c[6] + r*c[7]) + r2*c[8]
	return c[0] + (c[1]*r + r2*(p+r4*q))
}

// HalfSquare returns x²/2 as the nearest double and the rest.
func HalfSquare(x float64) (hi, lo float64) {
	h := 0.5 * x
	hi = h * x
	if math.IsInf(hi, 1) {
		return hi, 0
	}
	return hi, math.FMA(h, x, -hi)
}
