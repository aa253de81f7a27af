package surface

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// SVI is one smile in Gatheral's raw parametrisation of total variance:
//
//	w(k) = a + b(ρ(k−m) + √((k−m)² + σ²))
//
// It is not free of butterfly arbitrage by construction; see [SVI.MinDurrleman].
type SVI struct {
	A     float64 // level a
	B     float64 // slope b of the wings, >= 0
	Rho   float64 // tilt ρ, in (−1, 1)
	M     float64 // centre m
	Sigma float64 // rounding σ at the centre, > 0
}

// Validate checks that the parameters describe a total variance: b ≥ 0, |ρ| < 1, σ > 0 and a minimum
// a + bσ√(1−ρ²) that is not negative.
func (s SVI) Validate() error {
	const fn = "surface.SVI"
	err := fault.First(
		fault.Finite(fn, "A", s.A),
		fault.NonNegative(fn, "B", s.B),
		fault.Finite(fn, "M", s.M),
		fault.Positive(fn, "Sigma", s.Sigma),
	)
	if err != nil {
		return err
	}
	if !(math.Abs(s.Rho) < 1) {
		return fault.Arg(fn, "Rho", s.Rho, "in (-1, 1)")
	}
	if low := s.minimum(); !(low >= 0) {
		return fault.Arg(fn, "A + B·Sigma·√(1−Rho²)", low, ">= 0")
	}
	return nil
}

func (s SVI) minimum() float64 { return s.A + s.B*s.Sigma*math.Sqrt((1-s.Rho)*(1+s.Rho)) }

// TotalVariance returns w(k).
func (s SVI) TotalVariance(k float64) float64 {
	x := k - s.M
	return s.A + s.B*(s.Rho*x+math.Sqrt(x*x+s.Sigma*s.Sigma))
}

// Vol returns the implied volatility √(w(k)/t) at expiry t, in years.
func (s SVI) Vol(k, t float64) float64 { return math.Sqrt(s.TotalVariance(k) / t) }

// Derivatives returns w(k), ∂w/∂k and ∂²w/∂k².
func (s SVI) Derivatives(k float64) (w, wk, wkk float64) {
	x := k - s.M
	r := math.Sqrt(x*x + s.Sigma*s.Sigma)
	h := s.Sigma / r
	return s.A + s.B*(s.Rho*x+r), s.B * (s.Rho + x/r), s.B * h * h / r
}

// Durrleman returns g(k), see [Slice.Durrleman].
func (s SVI) Durrleman(k float64) float64 {
	w, wk, wkk := s.Derivatives(k)
	return durrleman(k, w, wk, wkk)
}

// MinDurrleman returns where on [lo, hi] Durrleman's function is least, and its value there. A negative value is a
// butterfly arbitrage. It looks on a grid of 2000 points and refines the best to about 1e-8 in k.
func (s SVI) MinDurrleman(lo, hi float64) (k, g float64) {
	const n = 2000
	step := (hi - lo) / n
	k, g = lo, s.Durrleman(lo)
	for i := 1; i <= n; i++ {
		x := lo + float64(i)*step
		if y := s.Durrleman(x); y < g {
			k, g = x, y
		}
	}
	a, b := math.Max(lo, k-step), math.Min(hi, k+step)
	const ratio = 0.6180339887498949
	for b-a > 1e-8 {
		c, d := b-ratio*(b-a), a+ratio*(b-a)
		if s.Durrleman(c) < s.Durrleman(d) {
			b = d
		} else {
			a = c
		}
	}
	if x := 0.5 * (a + b); s.Durrleman(x) < g {
		k, g = x, s.Durrleman(x)
	}
	return k, g
}

// JumpWings is a smile in the parametrisation that a trader reads (Gatheral and Jacquier 2014, section 3.3): levels and
// slopes per square root of total variance, which hardly change with expiry.
type JumpWings struct {
	V      float64 // at-the-money variance, w(0)/t
	Psi    float64 // at-the-money skew, ∂√(w)/∂k at 0: w'(0)/(2√w(0))
	P      float64 // slope of the left wing over √w(0), >= 0
	C      float64 // slope of the right wing over √w(0), >= 0
	VTilde float64 // least variance, min w/t
}

// JumpWings returns the jump-wing parameters of the smile at expiry t, in years (Gatheral and Jacquier, equation 3.5).
func (s SVI) JumpWings(t float64) JumpWings {
	w, wk, _ := s.Derivatives(0)
	root := math.Sqrt(w)
	return JumpWings{
		V: w / t, Psi: 0.5 * wk / root, P: s.B * (1 - s.Rho) / root, C: s.B * (1 + s.Rho) / root,
		VTilde: s.minimum() / t,
	}
}

// SVI returns the raw parameters of the smile at expiry t, in years (Gatheral and Jacquier, lemma 3.2). It returns a
// pricing.ArgError if no raw smile has these jump wings.
func (j JumpWings) SVI(t float64) (SVI, error) {
	const fn = "surface.JumpWings"
	err := fault.First(
		fault.Positive(fn, "t", t), fault.Positive(fn, "V", j.V), fault.Finite(fn, "Psi", j.Psi),
		fault.NonNegative(fn, "P", j.P), fault.NonNegative(fn, "C", j.C), fault.Between(fn, "VTilde", j.VTilde, 0, j.V),
	)
	if err != nil {
		return SVI{}, err
	}
	w := j.V * t
	root := math.Sqrt(w)
	s := SVI{B: 0.5 * root * (j.C + j.P)}
	if !(s.B > 0) {
		return SVI{}, fault.Arg(fn, "C + P", j.C+j.P, "> 0")
	}
	s.Rho = (j.C - j.P) / (j.C + j.P)
	tilt := math.Sqrt((1 - s.Rho) * (1 + s.Rho))
	beta := s.Rho - 2*j.Psi*root/s.B // m/√(m²+σ²)
	if !(math.Abs(beta) < 1) {
		return SVI{}, fault.Arg(fn, "Psi", j.Psi, "strictly between -P/2 and C/2")
	}
	// With m = βq and σ = √(1−β²)q the drop from the money to the minimum is bq(1 − ρβ − √(1−β²)√(1−ρ²)).
	cos := math.Sqrt((1 - beta) * (1 + beta))
	drop := 1 - s.Rho*beta - cos*tilt
	if !(drop > 0) { // the money is the minimum, and says nothing of σ
		return SVI{}, fault.Arg(fn, "Psi", j.Psi, "not zero at the least variance")
	}
	q := (j.V - j.VTilde) * t / (s.B * drop)
	s.M, s.Sigma = beta*q, cos*q
	s.A = j.VTilde*t - s.B*s.Sigma*tilt
	return s, s.Validate()
}

// Repaired returns the smile of the SSVI family with the same at-the-money level, skew and left wing (Gatheral and
// Jacquier 2014, section 5.1): c' = p + 2ψ and ṽ' = v·4pc'/(p+c')². It removes the butterfly arbitrage of a raw smile
// whenever Theorem 4.2 holds for the result.
func (j JumpWings) Repaired() JumpWings {
	j.C = j.P + 2*j.Psi
	j.VTilde = j.V * 4 * j.P * j.C / ((j.P + j.C) * (j.P + j.C))
	return j
}
