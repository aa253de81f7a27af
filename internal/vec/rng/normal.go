package rng

import "math"

// Normals are made of uniforms by quantile, here and in the vector kernels. It knows that a uniform is a multiple of
// 2⁻⁵³ strictly between 0 and 1, so it has no special values and no subnormals to look after, and it computes the
// tails apart from the middle. That makes it more than twice as fast as the quantile of package vec, which serves
// every double and can take its place: vec.InvNormCDF(x, x).

// normalBlock is the length of the pieces in which uniforms become normals, so that they stay in the first-level cache.
const normalBlock = 1024

// quantileTable holds the coefficients of Wichura's algorithm AS 241, PPND16 (Applied Statistics 37, 1988, pp.
// 477-484): three ratios of polynomials, numerator then denominator, highest power first. After them stand the series
// artanh(s)/s − 1 = s²/3 + s⁴/5 + ..., highest power first and without its first factor s², and ln 2 in two parts.
var quantileTable = [59]float64{
	2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457, // the middle
	13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
	5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
	5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1,
	7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258, // the tails
	3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
	1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
	0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1,
	2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093, // far out
	0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772,
	2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
	0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1,
	1. / 19, 1. / 17, 1. / 15, 1. / 13, 1. / 11, 1. / 9, 1. / 7, 1. / 5, 1. / 3,
	math.Ln2, math.Ln2 - ln2,
}

const ln2 = 0x1.62e42fefa39efp-1 // math.Ln2 rounded to a float64

const (
	quantileEdge   = 0.425 // of |u − ½|, between the middle and the tails
	quantileCentre = 0.180625
	quantileFar    = 5 // of √(−ln p), between the tails and far out
)

// quantileGeneric writes over every u of x, a number that Uniforms can give, the x with Φ(x) = u. The error is below
// 7e-16 of x.
func quantileGeneric(x []float64) {
	for i, u := range x {
		q := u - 0.5
		if math.Abs(q) > quantileEdge {
			x[i] = math.Copysign(tailQuantile(min(u, 1-u)), q)
			continue
		}
		r := math.FMA(-q, q, quantileCentre)
		x[i] = q * polynomial8(quantileTable[0:8], r) / polynomial8(quantileTable[8:16], r)
	}
}

// tailQuantile returns the z > 0 with Φ(−z) = p for p in [2⁻⁵³, 0.075].
func tailQuantile(p float64) float64 {
	// p = 2^-e·f with f in [√½, √2); the base keeps the shifted exponent positive, the magic number is 2⁵² + exponent.
	const rootHalf = 0x3FE6A09E667F3BCD
	k := math.Float64bits(p) - (rootHalf - 64<<52)
	f := math.Float64frombits(k&(1<<52-1) + rootHalf)
	e := (1<<52 + 64) - math.Float64frombits(k>>52|0x433<<52)
	// −ln p = 2·artanh(s) + e·ln 2
	s := (1 - f) / (1 + f)
	w := s * s
	c := quantileTable[48:59]
	a := math.FMA(c[0], w, c[1])
	for _, b := range c[2:9] {
		a = math.FMA(a, w, b)
	}
	lnp := math.FMA(w*a, s+s, s+s)
	lnp = math.FMA(e, c[10], lnp)
	lnp = math.FMA(e, c[9], lnp)
	r := math.Sqrt(lnp)
	if r > quantileFar {
		r -= quantileFar
		return polynomial8(quantileTable[32:40], r) / polynomial8(quantileTable[40:48], r)
	}
	r -= 1.6
	return polynomial8(quantileTable[16:24], r) / polynomial8(quantileTable[24:32], r)
}

// polynomial8 returns the polynomial with eight coefficients, highest first.
func polynomial8(c []float64, x float64) float64 {
	_ = c[7]
	a := math.FMA(c[0], x, c[1])
	a = math.FMA(a, x, c[2])
	a = math.FMA(a, x, c[3])
	a = math.FMA(a, x, c[4])
	a = math.FMA(a, x, c[5])
	a = math.FMA(a, x, c[6])
	return math.FMA(a, x, c[7])
}
