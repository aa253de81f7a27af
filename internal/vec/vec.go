package vec

import "fmt"

// same panics unless the column called name has the length of dst.
func same(fn string, dst []float64, name string, x []float64) {
	if len(x) != len(dst) {
		mismatch(fn, len(dst), name, len(x))
	}
}

// mismatch is apart so that [same] is inlined.
func mismatch(fn string, want int, name string, got int) {
	panic(fmt.Sprintf("vec: %s: dst has length %d, %s has length %d", fn, want, name, got))
}

// Exp writes e^x to dst: 0 at −Inf, +Inf above 709.78. The error is below 0.87 ulp; a subnormal result is rounded once
// more, by half a unit at most.
func Exp(dst, x []float64) {
	same("Exp", dst, "x", x)
	exp(dst, x)
}

// Expm1 writes e^x − 1 to dst, without loss of digits where x is small. The error is below 1.2 ulp.
func Expm1(dst, x []float64) {
	same("Expm1", dst, "x", x)
	expm1(dst, x)
}

// Log writes ln x to dst: −Inf at zeros of either sign, NaN below. The error is below 0.85 ulp, subnormal x included.
func Log(dst, x []float64) {
	same("Log", dst, "x", x)
	log(dst, x)
}

// Log1p writes ln(1 + x) to dst, without loss of digits where x is small: −Inf at −1, NaN below. The error is below
// 0.85 ulp.
func Log1p(dst, x []float64) {
	same("Log1p", dst, "x", x)
	log1p(dst, x)
}

// Sqrt writes √x to dst, correctly rounded: −0 at −0, NaN below zero.
func Sqrt(dst, x []float64) {
	same("Sqrt", dst, "x", x)
	sqrt(dst, x)
}

// Sincos writes sin x to sin and cos x to cos, for |x| <= 2^40 radians, and NaN beyond. The error is below 0.85 ulp.
// Either destination may be x.
func Sincos(sin, cos, x []float64) {
	same("Sincos", sin, "cos", cos)
	same("Sincos", sin, "x", x)
	sincos(sin, cos, x)
}

// NormCDF writes Φ(x), the standard normal distribution function, to dst. The error is below 1.8 ulp wherever Φ(x) is a
// normal number, that is x > −37.5, so that the lower tail keeps all its digits; for the upper tail take Φ(−x).
func NormCDF(dst, x []float64) {
	same("NormCDF", dst, "x", x)
	normCDF(dst, x)
}

// NormPDF writes φ(x) = e^(−x²/2)/√(2π), the standard normal density, to dst. The error is below 1.5 ulp wherever φ(x) is
// a normal number.
func NormPDF(dst, x []float64) {
	same("NormPDF", dst, "x", x)
	normPDF(dst, x)
}

// InvNormCDF writes to dst the x with Φ(x) = p, the quantile function of the standard normal law: −Inf at 0, +Inf at 1,
// NaN outside. The error is below 1.7 ulp for every p, subnormals and the neighbourhood of 1/2 included. For p near 1 what
// limits x is p itself.
func InvNormCDF(dst, p []float64) {
	same("InvNormCDF", dst, "p", p)
	invNormCDF(dst, p)
}

// CExp writes the complex exponential e^(x+iy) = u + iv to the columns u and v. Each part has an error below 2.3 ulp of its
// own; |y| <= 2^40, and NaN beyond. A real argument gives a real result. Where e^x alone is infinite (x > 709.78) so are
// the parts, even if their cosine or sine would bring them back into range. u and v may be x and y.
func CExp(u, v, x, y []float64) {
	same("CExp", u, "v", v)
	same("CExp", u, "x", x)
	same("CExp", u, "y", y)
	cexp(u, v, x, y)
}

// MulAdd writes x·y + z to dst, rounded once.
func MulAdd(dst, x, y, z []float64) {
	same("MulAdd", dst, "x", x)
	same("MulAdd", dst, "y", y)
	same("MulAdd", dst, "z", z)
	mulAdd(dst, x, y, z)
}

// AddScaled writes a·x + y to dst, rounded once. With dst = y it adds a multiple of x to y.
func AddScaled(dst []float64, a float64, x, y []float64) {
	same("AddScaled", dst, "x", x)
	same("AddScaled", dst, "y", y)
	addScaled(dst, x, y, a)
}
