package surface

import (
	"errors"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// ErrButterfly is what every [ButterflyError] unwraps to, besides [ErrArbitrage].
var ErrButterfly = errors.New("the smile admits butterfly arbitrage")

// ButterflyError says where and how a smile breaks the absence of butterfly arbitrage. It is an [ErrButterfly] and an
// [ErrArbitrage].
type ButterflyError struct {
	What  string  // the condition
	Have  float64 // what the smile has
	Limit float64 // what it may have at most, or at least
}

// Error names the condition.
func (e *ButterflyError) Error() string {
	return fmt.Sprintf("surface: SVI: %s: %.6g against %.6g", e.What, e.Have, e.Limit)
}

// Unwrap makes errors.Is true of ErrButterfly and ErrArbitrage.
func (e *ButterflyError) Unwrap() []error { return []error{ErrButterfly, ErrArbitrage} }

// Butterfly is where a raw smile stands in the exact domain without butterfly arbitrage of Martini and Mingone, "No arbitrage
// SVI" (2022). With N(y) = γ + ρy + √(1+y²), the smile is w = bσN(k/σ − μ), and
//
//	g = (1 − N'·((y+μ)/(2N) + b/4))·(1 − N'·((y+μ)/(2N) − b/4)) + b/(2σ)·(N'' − N'²/(2N)).
//
// Both factors must be positive everywhere (Fukasawa's necessary condition): Center must lie strictly between CenterLow and
// CenterHigh, which depend on b, ρ and γ only. The last bracket does not depend on σ, so that g >= 0 is then σ >= LeastSigma.
type Butterfly struct {
	Wing                  float64 // b(1+|ρ|), must be at most 2 (Lee)
	Level                 float64 // γ = a/(bσ), must be above −√(1−ρ²)
	Center                float64 // μ = m/σ
	CenterLow, CenterHigh float64 // bounds of μ
	Sigma, LeastSigma     float64 // σ and its least value; NaN if μ is out of its bounds
}

// Free reports whether the smile has no butterfly arbitrage. Equality counts as free where g only touches zero.
func (b Butterfly) Free() bool { return b.err() == nil }

func (b Butterfly) err() error {
	switch {
	case !(b.Wing <= 2):
		return &ButterflyError{"b(1+|ρ|) must be at most 2", b.Wing, 2}
	case !(b.Center > b.CenterLow):
		return &ButterflyError{"m/σ must be above the bound by Fukasawa's condition", b.Center, b.CenterLow}
	case !(b.Center < b.CenterHigh):
		return &ButterflyError{"m/σ must be below the bound by Fukasawa's condition", b.Center, b.CenterHigh}
	case !(b.Sigma >= b.LeastSigma*(1-1e-12)):
		return &ButterflyError{"σ must be large enough", b.Sigma, b.LeastSigma}
	}
	return nil
}

// CheckButterfly returns nil if the smile is valid and free of butterfly arbitrage at every strike, and otherwise a
// pricing.ArgError or a [ButterflyError] that names what is wrong. See [SVI.Butterfly].
func (s SVI) CheckButterfly() error {
	b, err := s.Butterfly()
	if err != nil {
		return err
	}
	return b.err()
}

// Butterfly returns the place of the smile in the exact domain without butterfly arbitrage. The bounds are extrema of
// functions of one variable on the whole line, found to about 1e-10 relative. A flat smile, b = 0, is free at any σ.
func (s SVI) Butterfly() (Butterfly, error) {
	if err := s.Validate(); err != nil {
		return Butterfly{}, err
	}
	if s.B == 0 {
		if !(s.A > 0) {
			return Butterfly{}, fault.Arg("surface.SVI", "A", s.A, "> 0 where B is 0")
		}
		return Butterfly{
			Level: math.Inf(1), Center: s.M / s.Sigma, CenterLow: math.Inf(-1), CenterHigh: math.Inf(1), Sigma: s.Sigma,
		}, nil
	}
	n := normalised{gamma: s.A / (s.B * s.Sigma), rho: s.Rho, b: s.B}
	r := Butterfly{Wing: s.B * (1 + math.Abs(s.Rho)), Level: n.gamma, Center: s.M / s.Sigma, Sigma: s.Sigma, LeastSigma: math.NaN()}
	if !(s.minimum() > 0) {
		return r, fault.Arg("surface.SVI", "A + B·Sigma·√(1−Rho²)", s.minimum(), "> 0")
	}
	// The minimum of N is at y = −ρ/√(1−ρ²); N' > 0 to its right.
	turn := math.Asinh(-s.Rho / math.Sqrt((1-s.Rho)*(1+s.Rho)))
	r.CenterHigh = least(turn, turn+farOut, func(x float64) float64 {
		y, v, d, _ := n.at(x)
		if !(d > 0) {
			return math.Inf(1)
		}
		return 2*v*(1/d-0.25*n.b) - y
	})
	r.CenterLow = -least(turn-farOut, turn, func(x float64) float64 {
		y, v, d, _ := n.at(x)
		if !(d < 0) {
			return math.Inf(1)
		}
		return y - 2*v*(1/d+0.25*n.b)
	})
	if !(r.CenterLow < r.Center && r.Center < r.CenterHigh) {
		return r, nil
	}
	r.LeastSigma = math.Max(0, -least(turn-farOut, turn+farOut, func(x float64) float64 {
		y, v, d, dd := n.at(x)
		q := 0.5 * (y + r.Center) / v
		g1 := (1 - d*(q+0.25*n.b)) * (1 - d*(q-0.25*n.b))
		g2 := dd - 0.5*d*d/v
		if g2 >= 0 {
			return 0
		}
		if !(g1 > 0) { // rounding, far out where the factors tend to zero
			return 0
		}
		return 0.5 * n.b * g2 / g1
	}))
	return r, nil
}

// SufficientButterfly reports whether the smile satisfies the sufficient conditions of Gatheral and Jacquier (2014),
// Theorem 4.2, which apply to SVI smiles of the SSVI family, those with a = ½θ(1−ρ²), b = ½ψ, m = −ρσ/√(1−ρ²): ψ(1+|ρ|) < 4 and
// ψ²(1+|ρ|) <= 4θ. A smile off the family by more than a relative 1e-9 is not covered, and the answer is false.
func (s SVI) SufficientButterfly() bool {
	tilt := math.Sqrt((1 - s.Rho) * (1 + s.Rho))
	psi := 2 * s.B
	theta := psi * s.Sigma / tilt
	if math.Abs(s.A-0.5*theta*tilt*tilt) > 1e-9*theta || math.Abs(s.M+s.Rho*s.Sigma/tilt) > 1e-9*s.Sigma/tilt {
		return false
	}
	return Slice{Tau: 1, Theta: theta, Rho: s.Rho, Psi: psi}.Validate() == nil
}

// farOut is how far in asinh(y) extrema are sought on either side: y beyond 1e8, where all has its limit.
const farOut = 19

// normalised is a smile without location and scale, N(y) = γ + ρy + √(1+y²), with the slope b.
type normalised struct{ gamma, rho, b float64 }

// at returns y = sinh x and N, N', N” there, without cancellation in the wings.
func (n normalised) at(x float64) (y, v, d, dd float64) {
	e := math.Exp(-math.Abs(x))
	c := 0.5 * (1/e + e) // √(1+y²)
	y = math.Copysign(0.5*(1/e-e), x)
	if x < 0 { // ρy + √(1+y²) = (1−ρ)|y| + (√(1+y²) − |y|)
		v = n.gamma - (1-n.rho)*y + e
		d = n.rho - 1 + e/c
	} else {
		v = n.gamma + (1+n.rho)*y + e
		d = n.rho + 1 - e/c
	}
	return y, v, d, 1 / (c * c * c)
}

// least returns the least value of f on [lo, hi]: on a grid, refined by golden section about the best points of it.
func least(lo, hi float64, f func(float64) float64) float64 {
	const n = 160
	h := (hi - lo) / n
	var v [n + 1]float64
	best := math.Inf(1)
	for i := range v {
		v[i] = f(lo + float64(i)*h)
		best = math.Min(best, v[i])
	}
	width := math.Abs(best)
	for i, y := range v {
		left, right := math.Inf(1), math.Inf(1)
		if i > 0 {
			left = v[i-1]
		}
		if i < n {
			right = v[i+1]
		}
		// A local minimum on the grid whose dip could reach below the best.
		if math.IsInf(y, 1) || y > left || y > right || y > best+0.1*width+1e-12 {
			continue
		}
		a, b := math.Max(lo, lo+float64(i-1)*h), math.Min(hi, lo+float64(i+1)*h)
		best = math.Min(best, section(a, b, f))
	}
	return best
}

// section returns the least value of a unimodal f on [a, b].
func section(a, b float64, f func(float64) float64) float64 {
	const ratio = 0.6180339887498949
	c, d := b-ratio*(b-a), a+ratio*(b-a)
	fc, fd := f(c), f(d)
	for b-a > 1e-8 {
		if fc < fd {
			b, d, fd = d, c, fc
			c = b - ratio*(b-a)
			fc = f(c)
		} else {
			a, c, fc = c, d, fd
			d = a + ratio*(b-a)
			fd = f(d)
		}
	}
	return math.Min(fc, fd)
}
