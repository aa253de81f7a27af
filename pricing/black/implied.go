package black

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
)

// Quote is a price of a European option from which a volatility is asked. For [ImpliedVol] forward and strike are positive, for
// [BachelierImpliedVol] they may have any sign.
type Quote struct {
	Right    pricing.Right
	Price    float64 // discounted
	Forward  float64
	Strike   float64
	Tau      float64 // years to expiry, > 0
	Discount float64 // > 0, multiplies the undiscounted price; 1 for none
}

// valid is validate without an error to build.
func (q *Quote) valid(positive bool) bool {
	return (q.Right == pricing.Call || q.Right == pricing.Put) && q.Tau > 0 && q.Discount > 0 && (!positive || q.Forward > 0 && q.Strike > 0) &&
		math.Abs(q.Price)+math.Abs(q.Forward)+math.Abs(q.Strike)+q.Tau+q.Discount <= math.MaxFloat64
}

// validate checks everything but the price against its bounds; positive says that forward and strike must be so.
func (q *Quote) validate(fn string, positive bool) error {
	leg := fault.Finite
	if positive {
		leg = fault.Positive
	}
	return fault.First(
		checkRight(fn, q.Right),
		leg(fn, "Forward", q.Forward),
		leg(fn, "Strike", q.Strike),
		fault.Positive(fn, "Tau", q.Tau),
		fault.Positive(fn, "Discount", q.Discount),
		fault.Finite(fn, "Price", q.Price),
	)
}

// ImpliedVol returns the Black volatility at which an option is worth q.Price, by [ImpliedTotalVol]. At the intrinsic value
// it is 0. The errors are
//
//   - a [pricing.ArgError] naming a field that is NaN, infinite or outside its domain (Tau must be positive);
//   - one that wraps [pricing.ErrBelowIntrinsic], for a price below Discount·(φ(F−K))⁺;
//   - one that wraps [pricing.ErrAboveMaximum], for a price at or above Discount·F of a call or Discount·K of a put, which
//     no finite volatility reaches.
//
// With an error the volatility is NaN.
func ImpliedVol(q Quote) (float64, error) {
	if !q.valid(true) {
		if err := q.validate("black.ImpliedVol", true); err != nil {
			return math.NaN(), err
		}
	}
	u := q.Price / q.Discount
	s := ImpliedTotalVol(q.Right, u, q.Forward, q.Strike)
	if !(s <= math.MaxFloat64) {
		intrinsic := math.Max(float64(q.Right)*(q.Forward-q.Strike), 0)
		if u < intrinsic {
			return math.NaN(), boundError("black.ImpliedVol", q, q.Discount*intrinsic, pricing.ErrBelowIntrinsic)
		}
		most := q.Forward
		if q.Right == pricing.Put {
			most = q.Strike
		}
		return math.NaN(), boundError("black.ImpliedVol", q, q.Discount*most, pricing.ErrAboveMaximum)
	}
	return s / math.Sqrt(q.Tau), nil
}

// boundError wraps a sentinel with the option and the bound that its price violates.
func boundError(fn string, q Quote, bound float64, sentinel error) error {
	return fmt.Errorf("%s: price %v of the %v with forward %v, strike %v, discount %v; the bound is %v: %w",
		fn, q.Price, q.Right, q.Forward, q.Strike, q.Discount, bound, sentinel)
}

// ImpliedTotalVol returns σ√T of an undiscounted Black price: the s at which the option is worth price. It is exactly 0 at the
// intrinsic value (φ(F−K))⁺ and +Inf at the maximum, F for a call and K for a put; below, above, and for any argument that
// is NaN or a forward or strike that is not positive and finite it is NaN. It allocates nothing.
//
// The result is the inverse of the given doubles to 5ε·(1+c), ε = 2⁻⁵³, where c = |∂ln s/∂ln price| of the out-of-the-money
// option of the two rights: an in-the-money price is first reduced by the intrinsic value, and what that subtraction cancels
// was lost before.
//
// The method is Jäckel's ("Let's Be Rational", 2015): a guess in the normalised variables, then Householder's iteration of order
// four on the logarithm of the price, or of its complement to the maximum in the upper half. The guess is his, in four
// branches, far from the money; nearer, where the options of a market are, it is the Bachelier volatility mapped to a lognormal
// one, which is good enough for a single iteration. The stopping rule tests the step, so that no guess has to be trusted.
func ImpliedTotalVol(right pricing.Right, price, forward, strike float64) float64 {
	if !(forward > 0 && strike > 0 && forward <= math.MaxFloat64 && strike <= math.MaxFloat64) {
		return math.NaN()
	}
	gap := forward - strike
	bb := gap - forward
	rest := (forward - (gap - bb)) - (strike + bb) // forward−strike = gap + rest exactly
	top, u := forward, price
	switch right {
	case pricing.Call:
		if gap > 0 {
			if price == gap {
				return 0
			}
			u = (price - gap) - rest
		}
	case pricing.Put:
		top = strike
		if gap < 0 {
			if price == -gap {
				return 0
			}
			u = (price + gap) + rest
		}
	default:
		return math.NaN()
	}
	if !(u > 0 && price < top) {
		switch {
		case u == 0:
			return 0
		case price == top:
			return math.Inf(1)
		}
		return math.NaN()
	}
	xi, _ := special.LogRatio(forward, strike)
	p := inverse{
		xi: math.Abs(xi), gap: math.Abs(gap), u: u, left: top - price, most: math.Min(forward, strike),
		scale: geometric(forward, strike),
	}
	s, _ := p.solve()
	return s
}

// inverse is the problem of finding s for an out-of-the-money option.
type inverse struct {
	xi    float64 // |ln(F/K)|
	gap   float64 // |F−K|
	u     float64 // price, in (0, most)
	left  float64 // most − u, to full precision
	most  float64 // min(F,K)
	scale float64 // √(FK)
}

const (
	// The mapped Bachelier volatility serves up to these values of y = √(FK)-normalised total normal volatility and of ξ; the
	// worst relative error there is 4e-4.
	mapY  = 1.25
	mapXi = 2

	// A step of this size relative to s/(1+ξ), the price bends the faster the larger ξ, is the last: the next one would be of
	// its fourth power.
	lastStep   = 1e-4
	iterations = 12
)

// solve guesses and iterates; it returns the total volatility and the number of iterations, of which a test finds at most three.
func (p *inverse) solve() (s float64, n int) {
	upper := p.left < p.u
	target := p.u
	if upper {
		target = p.left
	}
	beta, shift := target/p.scale, 0.0
	if beta < 1e-280 { // the logarithm is taken apart
		hi, _ := special.LogRatio(target, p.scale)
		beta, shift = 1, -hi
	}
	s = math.Inf(1)
	if p.xi < mapXi && !upper {
		y := bachelierGuess(p.u, p.gap) * p.mapScale()
		if y == 0 {
			return 0, 0 // below the smallest double
		}
		if y < mapY {
			// The inverse of the error function in y, and the first term in ξ.
			y2 := y * y
			s = y * (1 + y2*(1.0/24)*(1-0.008*p.xi*p.xi+y2*(0.0875+y2*0.00945)))
		}
	}
	if math.IsInf(s, 1) {
		if shift != 0 && !upper {
			s = p.farGuess(shift)
		} else {
			s = p.rationalGuess(p.u / p.scale)
		}
		if !(s > 0 && s <= math.MaxFloat64) {
			s = math.Sqrt(2*p.xi) + 0.1 // about the point of inflection, from where the iteration converges too
		}
	}
	last := lastStep / (1 + p.xi)
	for n = 1; n <= iterations; n++ {
		step := p.step(s, beta, shift, upper)
		s += s * step
		if math.Abs(step) < last {
			break
		}
	}
	return s, n
}

// mapScale turns a normal volatility of the forward into y: ξ/|F−K|, or its limit at the money.
func (p *inverse) mapScale() float64 {
	if p.gap == 0 {
		return 1 / p.scale
	}
	return p.xi / p.gap
}

// step returns the relative step of Householder's method of order four at s for f = ln(b/β), or f = ln((e^(−ξ/2)−b)/κ) in the
// upper half, where beta is β or κ. With w = f′ and λ = v′/v the derivatives are f″ = w(λ−w) and
// f‴ = w(λ²+λ′−3wλ+2w²); here all are multiplied by powers of s.
func (p *inverse) step(s, beta, shift float64, upper bool) float64 {
	a, t := p.xi/s, 0.5*s
	a2, t2 := a*a, t*t
	var q, g float64 // b/v or (e^(−ξ/2)−b)/v; 1/(s·w)
	switch {
	case upper:
		q = complement(a, t)
		g = -q / s
	case inSeries(a, t):
		q = ratioSeries(a, t)
		g = q / s
	default:
		q = ratioDifference(a, t)
		g = q / s
	}
	f := special.Log(q/beta) - special.LnSqrt2Pi - 0.5*(a2+t2) + shift
	l := a2 - t2
	n := -f * g
	w := 1 / g
	h2 := l - w
	h3 := l*l - 3*a2 - t2 + w*(2*w-3*l)
	step := n * (1 + 0.5*h2*n) / (1 + n*(h2+h3*n*(1.0/6)))
	if step < -0.7 {
		return -0.7
	}
	if !(step < 2) {
		return 2
	}
	return step
}

// rationalGuess is Jäckel's initial guess (section 4 of the paper): the total volatility, or a function of it that straightens the
// end, as a rational cubic (Delbourgo and Gregory, 1985) of β in each of four intervals. They are bounded by
// b_l < b_c < b_h, where b_c = b(s_c) at the point of inflection s_c = √(2ξ) and the others are where the tangent there meets
// 0 and the maximum.
func (p *inverse) rationalGuess(beta float64) float64 {
	xi := p.xi
	most := p.most / p.scale
	sc := math.Sqrt(2 * xi)
	m := special.Mills(sc)
	vc := special.InvSqrt2Pi * most
	half := special.Sqrt2Pi / 2
	bc := vc * (half - m)
	if beta < bc {
		sl := sc - (half - m)
		al, tl := xi/sl, 0.5*sl
		vl := density(al, tl)
		bl := vl * ratio(al, tl)
		if beta >= bl {
			r := right2(bl, bc, sl, sc, 1/vl, 1/vc, 0, false)
			return rationalCubic(bc-bl, (beta-bl)/(bc-bl), (bc-beta)/(bc-bl), sl, sc, 1/vl, 1/vc, r)
		}
		// f = 2πξ/(3√3)·Φ(−z)³, z = ξ/(√3 s), leaves zero with slope one.
		c := 2 * math.Pi / (3 * sqrt3) * xi
		z := al / sqrt3
		mz := special.Mills(z)
		pz := special.NormPDF(z) * mz
		f := c * pz * pz * pz
		d := 2 * math.Pi * z * z * pz * pz * math.Exp(z*z+0.5*tl*tl)
		dd := d * (-2 + 2*z/mz - 2*z*z + 2*tl*tl) / (sl * vl)
		r := right2(0, bl, 0, f, 1, d, dd, true)
		y := rationalCubic(bl, beta/bl, (bl-beta)/bl, 0, f, 1, d, r)
		if !(y > 0) {
			q := beta / bl
			y = (f*q + bl*(1-q)) * q
		}
		s := xi / (sqrt3 * math.Abs(special.InvNormCDF(math.Min(math.Cbrt(y/c), 0.49))))
		if s > 0 && s <= sl {
			return s
		}
		return p.farGuess(-special.Log(beta))
	}
	sh := sc + half + m
	ah, th := xi/sh, 0.5*sh
	vh := density(ah, th)
	lh := vh * complement(ah, th) // what is left above b_h
	bh := most - lh
	if left := p.left / p.scale; left < lh {
		// f = Φ(−s/2) reaches zero at the maximum with slope −1/2.
		f := special.NormCDF(-th)
		e := math.Exp(0.5 * ah * ah)
		d, dd := -0.5*e, 0.5*e*ah*ah/(sh*vh)
		r := left2(bh, most, f, 0, d, -0.5, dd, true)
		q := left / lh
		y := rationalCubic(lh, 1-q, q, f, 0, d, -0.5, r)
		if !(y > 0) {
			y = q * (f*q + 0.5*lh*(1-q))
		}
		return -2 * special.InvNormCDF(math.Min(y, 0.49))
	}
	r := left2(bc, bh, sc, sh, 1/vc, 1/vh, 0, false)
	return rationalCubic(bh-bc, (beta-bc)/(bh-bc), (bh-beta)/(bh-bc), sc, sh, 1/vc, 1/vh, r)
}

// farGuess solves −ln β = a²/2 + ξ²/(8a²) + ln√(2π) − ln R for a by substitution, for prices that are below all scales.
func (p *inverse) farGuess(lnb float64) float64 {
	h := lnb - special.LnSqrt2Pi
	a := math.Sqrt(2 * h)
	for range 3 {
		k := h
		if t := 0.5 * p.xi / a; t < a {
			k += special.Log(ratio(a, t))
		}
		// (a+t)²/2 = k + ξ/2 and (a−t)²/2 = k − ξ/2.
		a = 0.5 * (math.Sqrt(2*k+p.xi) + math.Sqrt(math.Max(2*k-p.xi, 0)))
	}
	return p.xi / a
}

const sqrt3 = 1.73205080756887729352744634150587237

// ratio is R(a,t) by whichever form serves.
func ratio(a, t float64) float64 {
	if inSeries(a, t) {
		return ratioSeries(a, t)
	}
	return ratioDifference(a, t)
}

// density is v(a,t), without the care for the last digits that a price takes.
func density(a, t float64) float64 { return special.InvSqrt2Pi * special.ExpSum(-0.5*(a*a+t*t), 0) }
