package special

import "math"

const (
	shifter = 0x1.8p52 // adding it rounds a number below 2⁵¹ to an integer and leaves that in the low bits
	inv128  = 184.6649652337873
	ln2a128 = 0.005415212347998022 // the first 35 bits of ln2/128: its product with an 18-bit integer is exact
	ln2b128 = 1.2655086083325438e-13
	ln2a    = 0.6931471805592082 // the first 40 bits of ln2
	ln2b    = 7.371002565167799e-13

	logOffset = 0x3fe6a00000000000 // the bits of the lower end of logTable

	// Beyond these the result or an intermediate leaves the range of normal doubles.
	expHigh = 709
	expLow  = -708
)

// ExpSum returns e^(hi+lo), where lo is the rounding error of hi: the result is as exact as if the argument had twice
// the digits. The error is below 1.1ε relative for |lo| < 1e-3 and a normal result; a result below 2.3e-308 is rounded to a subnormal,
// one that is too large is +Inf.
//
// The method is the usual one: hi = (128k+j)·ln2/128 + r, so that e^hi = 2^k · 2^(j/128) · e^r with a table for the
// second factor and five terms for the third.
func ExpSum(hi, lo float64) float64 {
	if !(hi < expHigh && hi > expLow) {
		return expEdge(hi, lo)
	}
	kd := hi*inv128 + shifter
	k := math.Float64bits(kd)
	kd -= shifter
	r := (hi - kd*ln2a128) - (kd*ln2b128 - lo)
	t := &exp2Table[k&127]
	r2 := r * r
	p := r2*(0.5+r*(1.0/6)+r2*(1.0/24+r*(1.0/120))) + (t[1] + r)
	s := math.Float64frombits(math.Float64bits(t[0]) + (k&^127)<<45)
	return s + s*p
}

// expEdge is ExpSum where the scale would leave the normal range.
func expEdge(hi, lo float64) float64 {
	switch {
	case math.IsNaN(hi):
		return hi
	case hi > 710:
		return math.Inf(1)
	case hi > 0:
		return ExpSum(hi-128*128*ln2a128, lo-128*128*ln2b128) * 0x1p128
	case hi < -746:
		return 0
	}
	return ExpSum(hi+128*128*ln2a128, lo+128*128*ln2b128) * 0x1p-128
}

// LogRatio returns ln(a/b) for positive finite a and b as the nearest double, hi, and the rest, lo. The error of hi+lo
// is below 3e-18·|ln(a/b)|, also when the ratio is 1.0000001: the difference a−b then is exact. Arguments outside the domain give NaN.
func LogRatio(a, b float64) (hi, lo float64) {
	if !(a < 1e300 && a > 1e-290) {
		return logRatioEdge(a, b)
	}
	if a > 0.91*b && a < 1.1*b {
		// ln(a/b) = 2 artanh(z), z = (a−b)/(a+b), where a−b is exact.
		d, s := a-b, a+b
		slo := b - (s - a)
		if a < b {
			slo = a - (s - b)
		}
		v := 1 / s
		z := d * v
		zlo := (math.FMA(-z, s, d) - z*slo) * v
		p := artanhTail(z)
		hi = 2*z + p
		return hi, (2*z - hi) + p + 2*zlo
	}
	q := a / b
	if !(q > 1e-290 && q < 1e290) {
		return logRatioEdge(a, b)
	}
	return logSplit(q, math.FMA(-q, b, a)/a, 0)
}

// Log returns the natural logarithm of x, relative error below 1.1ε for every positive finite x, subnormals included,
// which the assembly behind [math.Log] gets wrong. Log(0) is −Inf, Log(+Inf) is +Inf, a negative x gives NaN.
func Log(x float64) float64 {
	if !(x >= 0x1p-1022 && x <= math.MaxFloat64) {
		if !(x > 0 && x < 1) {
			return math.Log(x)
		}
		hi, _ := logSplit(x*0x1p54, 0, -54)
		return hi
	}
	if x > 0.91 && x < 1.1 {
		hi, _ := LogRatio(x, 1)
		return hi
	}
	ix := math.Float64bits(x)
	tmp := ix - logOffset
	t := &logTable[(tmp>>45)&127]
	k := float64(int64(tmp) >> 52)
	r := math.FMA(math.Float64frombits(ix-tmp&(0xfff<<52)), t[0], -1)
	s := k*ln2a + t[1] // exact
	h := s + r
	r2 := r * r
	return h + ((s - h) + r + (k*ln2b + t[2]) + r2*((-0.5+r*(1.0/3))+r2*((-0.25+r*(1.0/5))+r2*(-1.0/6))))
}

// artanhTail is 2·artanh(z) − 2z for |z| < 0.05.
func artanhTail(z float64) float64 {
	w := z * z
	w2 := w * w
	return 2 * z * w * ((1.0/3 + w*(1.0/5)) + w2*((1.0/7+w*(1.0/9))+w2*(1.0/11+w*(1.0/13))))
}

// logRatioEdge is LogRatio where the quotient or the sum of the arguments could leave the normal range.
func logRatioEdge(a, b float64) (hi, lo float64) {
	if !(a > 0 && b > 0) || math.IsInf(a, 1) || math.IsInf(b, 1) {
		return math.NaN(), math.NaN()
	}
	fa, ea := math.Frexp(a)
	fb, eb := math.Frexp(b)
	if ea == eb || ea == eb+1 || ea == eb-1 { // near one a split logarithm would cancel
		return LogRatio(math.Ldexp(fa, ea-eb), fb)
	}
	q := fa / fb
	return logSplit(q, math.FMA(-q, fb, fa)/fa, float64(ea-eb))
}

// logSplit returns ln(q) + δ + k·ln2 for a normal q: with q = 2^n·z and a tabulated 1/c near 1/z,
// ln q = n·ln2 + ln c + ln(1+r), r = z/c − 1.
func logSplit(q, delta, k float64) (hi, lo float64) {
	ix := math.Float64bits(q)
	tmp := ix - logOffset
	t := &logTable[(tmp>>45)&127]
	k += float64(int64(tmp) >> 52)
	z := math.Float64frombits(ix - tmp&(0xfff<<52))
	r := math.FMA(z, t[0], -1)

	s := k*ln2a + t[1] // exact
	h := s + r
	bb := h - s
	e := (s - (h - bb)) + (r - bb)

	r2 := r * r
	p := r2 * ((-0.5 + r*(1.0/3)) + r2*((-0.25+r*(1.0/5))+r2*(-1.0/6+r*(1.0/7))))
	l := e + (k*ln2b + t[2] + delta) + p
	hi = h + l
	return hi, (h - hi) + l
}
