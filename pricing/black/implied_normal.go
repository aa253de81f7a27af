package black

import (
	"math"

	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
)

// BachelierImpliedVol returns the normal volatility, in units of the forward per square root of a year, at which an option
// is worth q.Price under [Bachelier]. Forward and strike may have any sign. At the intrinsic value it is 0. The errors are
// those of [ImpliedVol], but that no finite price is too large. The result is the inverse of the given price to 5ε·(1+c) as
// in [ImpliedTotalVol].
//
// An option m = |F−K| out of the money is worth s·φ(a)·G(a), with a = m/s, G(a) = 1−aM(a) and s = σ√T. Its inverse is a function of
// one variable, price/m, which rational functions give to 1e-6; one step of Householder's method of order four does the rest.
func BachelierImpliedVol(q Quote) (float64, error) {
	const fn = "black.BachelierImpliedVol"
	if !q.valid(false) {
		if err := q.validate(fn, false); err != nil {
			return math.NaN(), err
		}
	}
	u := q.Price / q.Discount
	s := bachelierTotalVol(q.Right, u, q.Forward, q.Strike)
	if math.IsNaN(s) {
		intrinsic := math.Max(float64(q.Right)*(q.Forward-q.Strike), 0)
		return s, boundError(fn, q, q.Discount*intrinsic, pricing.ErrBelowIntrinsic)
	}
	if s = s / math.Sqrt(q.Tau); s > math.MaxFloat64 {
		return math.NaN(), boundError(fn, q, math.MaxFloat64, pricing.ErrAboveMaximum)
	}
	return s, nil
}

// bachelierTotalVol returns σ√T of an undiscounted Bachelier price: 0 at the intrinsic value, NaN below.
func bachelierTotalVol(right pricing.Right, price, forward, strike float64) float64 {
	gap := forward - strike
	bb := gap - forward
	rest := (forward - (gap - bb)) - (strike + bb)
	u := price
	if phi := float64(right); phi*gap > 0 {
		if price == math.Abs(gap) {
			return 0
		}
		u = (price - phi*gap) - phi*rest
	}
	if !(u > 0) {
		if u == 0 {
			return 0
		}
		return math.NaN()
	}
	m := math.Abs(gap)
	if m == 0 {
		return special.Sqrt2Pi * u
	}
	if !(m > 1e-290 && u < 1e290) {
		return bachelierTotalVol(right, price*0x1p-100, forward*0x1p-100, strike*0x1p-100) * 0x1p100
	}
	s := bachelierGuess(u, m)
	a := m / s
	g := special.MillsSlope(a)
	a2 := a * a
	f := special.Log(s*g/u) - special.LnSqrt2Pi - 0.5*a2
	w := 1 / g
	n := -f * g
	h2 := a2 - w
	h3 := a2*a2 - 3*a2 + w*(2*w-3*a2)
	return s + s*n*(1+0.5*h2*n)/(1+n*(h2+h3*n*(1.0/6)))
}

// bachelierGuess returns the total normal volatility of an option worth u > 0 that is m >= 0 out of the money, relative error below 1e-6.
// Each branch is the rational interpolant, at Chebyshev nodes, of the exact inverse computed with 40 digits.
func bachelierGuess(u, m float64) float64 {
	if u >= 0.125*m {
		// By half the straddle c = u + m/2, s/c is an even function of m/c, here for a <= 0.86.
		c := u + 0.5*m
		v := 0.5 * m / c
		v *= v
		num := 2.5066282697036235 + v*(-4.495307470442576+v*(2.3702257425619564-v*0.3321212602648447))
		den := 1 + v*(-1.4750586242987402+v*(0.5604987752341686-v*0.034609876633882534))
		return c * num / den
	}
	l := special.Log(m / u)
	if l > 700 {
		l, _ = special.LogRatio(m, u) // the quotient may have overflowed
	}
	if l < 9 {
		num := 0.2730545814174773 + l*(0.26401808936352344+l*(0.10387074805423929+l*(0.03401333246907679+l*0.000355708637397832)))
		den := 1 + l*(0.20763913696183744+l*(0.08575011348466485+l*0.003952768168751308))
		return m * den / num
	}
	z := math.Sqrt(l)
	if z < 6 {
		num := 1.7986441045939563 + z*(-0.8016871447698395+z*(-1.0122795309331238+z*1.0892589052738209))
		den := 1 + z*(-0.417117884663246+z*(0.7539411617973747+z*0.0004575281611257927))
		return m * den / num
	}
	num := -3.0056313730650372 + z*(2.202082197737697+z*(0.3502419899196114+z*(-0.23516426630142973-z*0.01233906597681307)))
	den := 1 + z*(0.1829375998220196+z*(-0.16645591558577838-z*0.0087244516411457))
	return m * den / num
}
