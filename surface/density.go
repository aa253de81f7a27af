package surface

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

// Density returns the risk-neutral density of x = ln(S/F) at k: Durrleman's g times exp(−d²/2)/√(2πw), d = −k/√w − √w/2
// (Breeden and Litzenberger). It is negative where the curve admits butterfly arbitrage.
func Density(c Curve, k float64) float64 {
	w, wk, wkk := derivatives(c, k)
	root := math.Sqrt(w)
	d := -k/root - 0.5*root
	return durrleman(k, w, wk, wkk) * math.Exp(-0.5*d*d) / math.Sqrt(2*math.Pi*w)
}

// ProbabilityBelow returns the risk-neutral probability that S < F·exp(k), the undiscounted digital put with the skew taken
// into account.
func ProbabilityBelow(c Curve, k float64) float64 {
	w, wk, _ := derivatives(c, k)
	root := math.Sqrt(w)
	d := -k/root - 0.5*root
	return special.NormCDF(-d) + math.Exp(-0.5*d*d)/math.Sqrt(2*math.Pi)*0.5*wk/root
}

// Moments are those of the log return x = ln(S/F) to expiry, risk-neutral.
type Moments struct {
	Mean, Variance float64
	Skewness       float64 // E[(x−mean)³]/variance^1.5
	Kurtosis       float64 // E[(x−mean)⁴]/variance², 3 for a normal law
}

// ImpliedMoments returns the moments that a smile implies, from the prices of its out-of-the-money options alone (Carr and
// Madan 1998; Bakshi, Kapadia and Madan 2003): E[h(x)] = h(0) + ∫(h” − h')(k)·e⁻ᵏ·otm(k) dk with otm the undiscounted price
// over the forward. It is an error if a moment does not converge within |k| < 200, as for wings at Lee's bound.
func ImpliedMoments(c Curve) (Moments, error) {
	var m [4]float64
	err := strip(c, func(k, price float64) {
		m[0] -= price
		m[1] += (2 - 2*k) * price
		m[2] += (6 - 3*k) * k * price
		m[3] += (12 - 4*k) * k * k * price
	}, &m)
	if err != nil {
		return Moments{}, err
	}
	a := m[0]
	v := m[1] - a*a
	return Moments{
		Mean: a, Variance: v,
		Skewness: (m[2] - 3*a*m[1] + 2*a*a*a) / math.Pow(v, 1.5),
		Kurtosis: (m[3] - 4*a*m[2] + 6*a*a*m[1] - 3*a*a*a*a) / (v * v),
	}, nil
}

// VarianceStrike returns the fair strike of a continuously monitored variance swap to expiry t, in years, as an annualised
// variance: (2/t)∫otm(k)·e⁻ᵏ dk over all strikes (Demeterfi, Derman, Kamal and Zou 1999). Relative error below 1e-10 where the
// curve is smooth but at the money.
func VarianceStrike(c Curve, t float64) (float64, error) {
	if err := fault.Positive("surface.VarianceStrike", "t", t); err != nil {
		return 0, err
	}
	var m [4]float64
	if err := strip(c, func(_, price float64) { m[0] += price }, &m); err != nil {
		return 0, err
	}
	return 2 * m[0] / t, nil
}

// Gauss-Legendre, 16 points on (−1, 1): the positive half.
var gaussX = [8]float64{
	0.0950125098376374402, 0.2816035507792589132, 0.4580167776572273863, 0.6178762444026437484,
	0.7554044083550030339, 0.8656312023878317439, 0.9445750230732325761, 0.9894009349916499326,
}
var gaussW = [8]float64{
	0.1894506104550684963, 0.1826034150449235889, 0.1691565193950025382, 0.1495959888165767321,
	0.1246289712555338720, 0.0951585116824927848, 0.0622535239386478929, 0.0271524594117540949,
}

// strip integrates over all out-of-the-money options: add is called at each node with k and e⁻ᵏ·otm·weight. It goes out from
// the money in panels that widen until sums no longer changes.
func strip(c Curve, add func(k, price float64), sums *[4]float64) error {
	w := c.TotalVariance(0)
	if !(w > 0) || math.IsInf(w, 1) {
		return fault.Arg("surface", "total variance at the money", w, "finite and > 0")
	}
	for _, side := range [...]float64{-1, 1} {
		right := pricing.Call
		if side < 0 {
			right = pricing.Put
		}
		quiet := 0
		lo, width := 0.0, 0.25*math.Sqrt(w)
		for quiet < 3 {
			if lo > 200 {
				return fmt.Errorf("surface: the strip of options does not converge: the wing at %+g is too steep", side)
			}
			before := *sums
			mid, half := lo+0.5*width, 0.5*width
			for i, x := range gaussX {
				for _, s := range [...]float64{-1, 1} {
					k := side * (mid + s*x*half)
					v := c.TotalVariance(k)
					if !(v >= 0) {
						return fault.Arg("surface", fmt.Sprintf("total variance at k = %.4g", k), v, ">= 0")
					}
					// e⁻ᵏ times the call on 1 struck at e^k, both in units that do not overflow.
					o := black.Black76{Right: right, Forward: math.Exp(-k), Strike: 1, Vol: math.Sqrt(v), Tau: 1, Discount: 1}
					add(k, gaussW[i]*half*o.Price())
				}
			}
			change := false
			for i, v := range sums {
				if math.Abs(v-before[i]) > 1e-13*math.Abs(v) {
					change = true
				}
			}
			if quiet++; change {
				quiet = 0
			}
			lo += width
			width = math.Min(1.15*width, 1)
		}
	}
	return nil
}
