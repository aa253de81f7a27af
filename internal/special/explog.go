package special

import "math"

const (
	shifter = 0x1.8p52 // adding it rounds a number below 2⁵¹ to an integer and leaves that in the low bits
	inv128  = 184.6649652337873
	ln2a128 = 0.005415212348118814 // the first 40 bits of ln2/128: its product with a 13-bit integer is exact
	ln2b128 = 5.758595754037343e-15
	ln2a    = 0.6931471805592082 // the first 40 bits of ln2
	ln2b    = 7.371002565167799e-13

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
	r := math.FMA(kd, -ln2b128, math.FMA(kd, -ln2a128, hi)) + lo
	t := &exp2Table[k&127]
	r2 := r * r
	p := r2*(0.5+r*(1.0/6)+r2*(1.0/24+r*(1.0/120))) + (t[1] + r)
	s := math.Float64frombits(math.Float64bits(t[0]) + (k&^127)<<45)
	return math.FMA(s, p, s)
}

// expEdge is ExpSum where the scale would leave the normal range.
func expEdge(hi, lo float64) float64 {
	switch {
	case math.IsNaN(hi):
		return hi
	case hi > 710:
		return math.Inf(1)
	case hi > 0:
		return ExpSum(hi-128*ln2a128*128, lo-128*ln2b128*128) * 0x1p128
	case hi < -746:
		return 0
	}
	return ExpSum(hi+128*ln2a128*128, lo+128*ln2b128*128) * 0x1p-128
}

// LogRatio returns ln(a/b) for positive finite a and b as the nearest double, hi, and the rest, lo. The error of hi+lo
// is below 3e-18·|ln(a/b)|, also when the ratio is 1.0000001: the difference a−b then is exact. Arguments outside the domain give NaN.
func LogRatio(a, b float64) (hi, lo float64) {
	q := a / b
	if !(q > 1e-290 && q < 1e290 && a < 1e300 && a > 1e-290) {
		return logRatioEdge(a, b)
	}
	if q > 0.91 && q < 1.1 {
		// ln(a/b) = 2 artanh(z), z = (a−b)/(a+b), where a−b is exact.
		d, s := a-b, a+b
		big, small := math.Max(a, b), math.Min(a, b)
		slo := small - (s - big)
		z := d / s
		zlo := (math.FMA(-z, s, d) - z*slo) / s
		w := z * z
		w2 := w * w
		p := 2 * z * w * ((1.0/3 + w*(1.0/5)) + w2*((1.0/7+w*(1.0/9))+w2*(1.0/11+w*(1.0/13))))
		hi = 2*z + p
		return hi, (2*z - hi) + p + 2*zlo
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
	hi, _ := logSplit(x, 0, 0)
	return hi
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
	const off = 0x3fe6a00000000000
	ix := math.Float64bits(q)
	tmp := ix - off
	t := &logTable[(tmp>>45)&127]
	k += float64(int64(tmp) >> 52)
	z := math.Float64frombits(ix - tmp&(0xfff<<52))
	r := math.FMA(z, t[0], -1)

	a := k * ln2a
	s := a + t[1]
	bb := s - a
	e := (a - (s - bb)) + (t[1] - bb)
	h := s + r
	bb = h - s
	e += (s - (h - bb)) + (r - bb)

	r2 := r * r
	p := r2 * ((-0.5 + r*(1.0/3)) + r2*((-0.25+r*(1.0/5))+r2*(-1.0/6+r*(1.0/7))))
	l := e + (k*ln2b + t[2] + delta) + p
	hi = h + l
	return hi, (h - hi) + l
}
