package surface

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sort"

	"github.com/volgaquant/volga/calibrate"
	"github.com/volgaquant/volga/internal/fault"
)

// PhiKind is a family of functions φ(θ) of [SSVI].
type PhiKind uint8

const (
	// PowerLaw is φ = ηθ^−γ·(1+θ)^(γ−1), with 0 < γ <= ½ and η²(1+|ρ|) <= 4.
	PowerLaw PhiKind = iota
	// HestonLike is φ = (1 − (1−e^−λθ)/(λθ))/(λθ), with λ >= (1+|ρ|)/4.
	HestonLike
)

// Phi is the curvature of an SSVI surface by its at-the-money variance.
type Phi struct {
	Kind       PhiKind
	Eta, Gamma float64 // of the power law
	Lambda     float64 // of the Heston-like function
}

// psi returns ψ = θφ(θ) and its derivative.
func (p Phi) psi(theta float64) (psi, slope float64) {
	if p.Kind == PowerLaw {
		psi = p.Eta * math.Pow(theta/(1+theta), 1-p.Gamma)
		if theta == 0 {
			return 0, math.Inf(1)
		}
		return psi, (1 - p.Gamma) * psi / (theta * (1 + theta))
	}
	x := p.Lambda * theta
	if x < 1e-4 { // (1 − (1−e^−x)/x)/λ = θ(½ − x/6 + ...)
		return theta * (0.5 - x/6 + x*x/24), 0.5 - x/3 + x*x/8
	}
	e := -math.Expm1(-x) / x
	return (1 - e) / p.Lambda, (e - math.Exp(-x)) / x
}

// SSVI is the surface of Gatheral and Jacquier (2014, section 4): smiles [Slice] with one ρ for all expiries and ψ = θφ(θ), θ
// linear in time between the pillars, proportional to time before the first, and growing after the last at the last forward
// variance. It is free of butterfly and calendar arbitrage at every strike and expiry (their Theorems 4.1 and 4.2, whose
// conditions the bounds of [PhiKind] imply). It never changes once made.
type SSVI struct {
	rho        float64
	phi        Phi
	tau, theta []float64
	rate       float64
}

var _ Differentiable = (*SSVI)(nil)

// NewSSVI returns the surface of at-the-money variances theta at expiries tau, both rising.
func NewSSVI(rho float64, phi Phi, tau, theta []float64) (*SSVI, error) {
	const fn = "surface.NewSSVI"
	switch {
	case !(math.Abs(rho) < 1):
		return nil, fault.Arg(fn, "rho", rho, "in (-1, 1)")
	case phi.Kind > HestonLike:
		return nil, fault.Arg(fn, "phi.Kind", uint8(phi.Kind), "PowerLaw or HestonLike")
	case phi.Kind == PowerLaw && !(phi.Gamma > 0 && phi.Gamma <= 0.5):
		return nil, fault.Arg(fn, "phi.Gamma", phi.Gamma, "in (0, 1/2]")
	case phi.Kind == PowerLaw && !(phi.Eta > 0 && phi.Eta*phi.Eta*(1+math.Abs(rho)) <= 4*(1+roundoff)):
		return nil, fault.Arg(fn, "phi.Eta", phi.Eta, fmt.Sprintf("in (0, %g]", 2/math.Sqrt(1+math.Abs(rho))))
	case phi.Kind == HestonLike && !(phi.Lambda >= 0.25*(1+math.Abs(rho))*(1-roundoff) && !math.IsInf(phi.Lambda, 1)):
		return nil, fault.Arg(fn, "phi.Lambda", phi.Lambda, fmt.Sprintf("at least %g", 0.25*(1+math.Abs(rho))))
	case len(tau) == 0 || len(tau) != len(theta):
		return nil, fault.Arg(fn, "tau and theta", [...]int{len(tau), len(theta)}, "of one length, not empty")
	}
	for i := range tau {
		err := fault.First(
			fault.Positive(fn, fmt.Sprintf("tau[%d]", i), tau[i]), fault.Positive(fn, fmt.Sprintf("theta[%d]", i), theta[i]),
		)
		if err != nil {
			return nil, err
		}
		if i > 0 && !(tau[i] > tau[i-1]) {
			return nil, fault.Arg(fn, fmt.Sprintf("tau[%d]", i), tau[i], fmt.Sprintf("above %g, the one before", tau[i-1]))
		}
		if i > 0 && !(theta[i] >= theta[i-1]) {
			return nil, &CrossingError{Index: i, Tau: tau[i], Before: theta[i-1], After: theta[i]}
		}
	}
	s := &SSVI{rho: rho, phi: phi, tau: append([]float64(nil), tau...), theta: append([]float64(nil), theta...)}
	n := len(tau) - 1
	s.rate = theta[n] / tau[n]
	for i := n - 1; i >= 0; i-- {
		if tau[i] <= 0.75*tau[n] {
			s.rate = (theta[n] - theta[i]) / (tau[n] - tau[i])
			break
		}
	}
	return s, nil
}

// Rho returns ρ, Phi the function of curvature.
func (s *SSVI) Rho() float64 { return s.rho }

// Phi returns the function of curvature.
func (s *SSVI) Phi() Phi { return s.phi }

// Pillars returns the expiries.
func (s *SSVI) Pillars() []float64 { return append([]float64(nil), s.tau...) }

// level returns θ and its derivative by time.
func (s *SSVI) level(t float64) (theta, slope float64) {
	n := len(s.tau) - 1
	switch {
	case !(t >= 0):
		return math.NaN(), math.NaN()
	case t < s.tau[0]:
		slope = s.theta[0] / s.tau[0]
		return t * slope, slope
	case t >= s.tau[n]:
		return s.theta[n] + s.rate*(t-s.tau[n]), s.rate
	}
	i := sort.SearchFloat64s(s.tau, t)
	if s.tau[i] > t {
		i--
	}
	slope = (s.theta[i+1] - s.theta[i]) / (s.tau[i+1] - s.tau[i])
	return s.theta[i] + slope*(t-s.tau[i]), slope
}

// At returns the smile of expiry t.
func (s *SSVI) At(t float64) Slice {
	theta, _ := s.level(t)
	psi, _ := s.phi.psi(theta)
	return Slice{Tau: t, Theta: theta, Rho: s.rho, Psi: psi}
}

// TotalVariance returns w(k, t): 0 at t = 0, NaN before.
func (s *SSVI) TotalVariance(k, t float64) float64 { return s.At(t).TotalVariance(k) }

// Vol returns the implied volatility; at t = 0 it is NaN, as the limit depends on how k and t tend to it.
func (s *SSVI) Vol(k, t float64) float64 { return s.At(t).Vol(k) }

// Derivatives returns w and its derivatives by log-moneyness and by expiry. At a pillar wt is the derivative to the right.
func (s *SSVI) Derivatives(k, t float64) (w, wk, wkk, wt float64) {
	theta, slope := s.level(t)
	psi, dpsi := s.phi.psi(theta)
	x := wings{theta, psi * (1 + s.rho), psi * (1 - s.rho)}
	w, wk, wkk = x.derivatives(k)
	g := x.gradient(k)
	return w, wk, wkk, slope * (g.theta + dpsi*(g.u*(1+s.rho)+g.v*(1-s.rho)))
}

// FitSSVI fits an SSVI surface to all smiles, which must be in rising order of Tau: ρ and the parameters of φ by Levenberg and
// Marquardt's method, and under it each θ by itself. The loss is [Convex], whatever the settings say, and Start is not used.
// Errors are those of [FitESSVI].
func FitSSVI(ctx context.Context, smiles []Smile, kind PhiKind, cfg FitSettings) (*SSVI, error) {
	const fn = "surface.FitSSVI"
	if kind > HestonLike {
		return nil, fault.Arg(fn, "kind", uint8(kind), "PowerLaw or HestonLike")
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	var f Fitter
	if err := f.load(smiles, cfg); err != nil {
		return nil, err
	}
	f.start()
	theta := make([]float64, len(f.tau))
	for i := range theta {
		theta[i] = f.x[i].theta
	}
	shape := func(x []float64) (float64, Phi) {
		rho := x[0]
		if kind == PowerLaw {
			return rho, Phi{Kind: kind, Eta: 2 * x[1] / math.Sqrt(1+math.Abs(rho)), Gamma: x[2]}
		}
		return rho, Phi{Kind: kind, Lambda: 0.25 * (1 + math.Abs(rho)) * (1 + math.Exp(x[1]))}
	}
	convex := false // least squares first: its slopes lead home from afar
	// levels finds the θ that fit best, each by a few steps of Gauss and Newton, and makes them rise.
	levels := func(rho float64, phi Phi) {
		before := 0.0
		for i := range theta {
			at := theta[i]
			for range 12 {
				psi, dpsi := phi.psi(at)
				x := wings{at, psi * (1 + rho), psi * (1 - rho)}
				var num, den float64
				for j := f.first[i]; j < f.first[i+1]; j++ {
					vol := math.Sqrt(x.variance(f.k[j]) / f.tau[i])
					z := (vol - f.mid[j]) * f.inv[j]
					g := x.gradient(f.k[j])
					d := (g.theta + dpsi*(g.u*(1+rho)+g.v*(1-rho))) * f.inv[j] / (2 * vol * f.tau[i])
					q := f.weight[j]
					if convex {
						q /= math.Sqrt(1 + z*z)
					}
					num += q * z * d
					den += q * d * d
				}
				step := math.Max(-0.5*at, math.Min(at, num/den))
				at -= step
				if math.Abs(step) < 1e-10*at {
					break
				}
			}
			before = math.Max(at, before)
			theta[i] = before
		}
	}
	x0, lower, upper := []float64{-0.5, 0.6, 0.4}, []float64{-0.999, 1e-3, 1e-3}, []float64{0.999, 1, 0.5}
	if kind == HestonLike {
		x0, lower, upper = []float64{-0.5, 2}, []float64{-0.999, -8}, []float64{0.999, 14}
	}
	problem := calibrate.LeastSquares{
		Size: len(f.k), Lower: lower, Upper: upper,
		Residuals: calibrate.Differences(func(r, x []float64) error {
			rho, phi := shape(x)
			levels(rho, phi)
			for i := range theta {
				psi, _ := phi.psi(theta[i])
				y := wings{theta[i], psi * (1 + rho), psi * (1 - rho)}
				for j := f.first[i]; j < f.first[i+1]; j++ {
					z := (math.Sqrt(y.variance(f.k[j])/f.tau[i]) - f.mid[j]) * f.inv[j]
					if !convex {
						r[j] = z * math.Sqrt(f.weight[j])
						continue
					}
					loss, _, _ := Convex.at(z, 1) // its root is a residual of the same sign
					r[j] = math.Copysign(math.Sqrt(2*f.weight[j]*loss), z)
				}
			}
			return nil
		}, nil),
	}
	lm := calibrate.LevenbergMarquardt{Tolerance: 1e-6, MaxEvaluations: orInt(cfg.MaxIterations, 200)}
	solution, err := lm.Minimize(ctx, problem, x0)
	if err == nil || errors.Is(err, calibrate.ErrNotConverged) {
		convex = true
		solution, err = lm.Minimize(ctx, problem, solution.X)
	}
	if err != nil && !errors.Is(err, calibrate.ErrNotConverged) {
		return nil, err
	}
	rho, phi := shape(solution.X)
	levels(rho, phi)
	s, bad := NewSSVI(rho, phi, f.tau, theta)
	if bad != nil {
		return nil, bad
	}
	if err != nil {
		return s, fmt.Errorf("surface: %w: %w", ErrNotConverged, err)
	}
	return s, nil
}
