package surface

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/volgaquant/volga/calibrate"
	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

// Lognormal is one part of a [Mixture].
type Lognormal struct {
	Weight  float64 // probability, > 0
	Forward float64 // its mean over that of the mixture, > 0
	Total   float64 // total volatility σ√τ, > 0
}

// Mixture is one smile by a mixture of lognormal laws (Brigo and Mercurio 2002): a law, so free of butterfly arbitrage by
// construction. It never changes once made.
type Mixture struct {
	parts []Lognormal
}

// NewMixture returns the mixture of the parts, whose weights must add up to 1 and weighted forwards too, to 1e-9.
func NewMixture(parts []Lognormal) (Mixture, error) {
	const fn = "surface.NewMixture"
	if len(parts) == 0 {
		return Mixture{}, fault.Arg(fn, "parts", "empty", "at least one")
	}
	var weight, forward float64
	for i, p := range parts {
		if err := fault.First(
			fault.Positive(fn, fmt.Sprintf("parts[%d].Weight", i), p.Weight), fault.Positive(fn, fmt.Sprintf("parts[%d].Forward", i), p.Forward),
			fault.Positive(fn, fmt.Sprintf("parts[%d].Total", i), p.Total),
		); err != nil {
			return Mixture{}, err
		}
		weight += p.Weight
		forward += p.Weight * p.Forward
	}
	if !(math.Abs(weight-1) <= 1e-9) {
		return Mixture{}, fault.Arg(fn, "sum of the weights", weight, "1")
	}
	if !(math.Abs(forward-1) <= 1e-9) {
		return Mixture{}, fault.Arg(fn, "sum of the weighted forwards", forward, "1")
	}
	return Mixture{append([]Lognormal(nil), parts...)}, nil
}

// Parts returns the parts.
func (m Mixture) Parts() []Lognormal { return append([]Lognormal(nil), m.parts...) }

// Price returns the undiscounted price over the forward of an option struck at F·exp(k).
func (m Mixture) Price(right pricing.Right, k float64) float64 {
	var sum float64
	for _, p := range m.parts {
		sum += p.Weight * black.Black76{Right: right, Forward: p.Forward, Strike: math.Exp(k), Vol: p.Total, Tau: 1, Discount: 1}.Price()
	}
	return sum
}

// TotalVariance returns w(k). Where the option is worth less than 1e-280 of the forward it is that of the widest part, to
// which the smile tends.
func (m Mixture) TotalVariance(k float64) float64 {
	right := pricing.Call
	if k < 0 {
		right = pricing.Put
	}
	price := m.Price(right, k)
	if price < 1e-280 {
		var widest float64
		for _, p := range m.parts {
			widest = math.Max(widest, p.Total)
		}
		return widest * widest
	}
	s := black.ImpliedTotalVol(right, price, 1, math.Exp(k))
	return s * s
}

// Derivatives returns w(k), ∂w/∂k and ∂²w/∂k², the latter two from the probability and the density of the law. They lose
// digits in the tails: it takes differences of w where the density is below 1e-8 of its value at the money.
func (m Mixture) Derivatives(k float64) (w, wk, wkk float64) {
	w = m.TotalVariance(k)
	root := math.Sqrt(w)
	d := -k/root - 0.5*root
	phi := math.Exp(-0.5*d*d) / math.Sqrt(2*math.Pi)
	if phi < 1e-8 {
		const h = 1e-4
		down, up := m.TotalVariance(k-h), m.TotalVariance(k+h)
		return w, (up - down) / (2 * h), (up - 2*w + down) / (h * h)
	}
	var above, below, density float64 // probabilities, and the density of x
	for _, p := range m.parts {
		x := (k-math.Log(p.Forward))/p.Total + 0.5*p.Total
		above += p.Weight * special.NormCDF(-x)
		below += p.Weight * special.NormCDF(x)
		density += p.Weight * math.Exp(-0.5*x*x) / (math.Sqrt(2*math.Pi) * p.Total)
	}
	excess := below - special.NormCDF(-d)
	if k > 0 { // the smaller probability has the digits
		excess = special.NormCDF(d) - above
	}
	wk = 2 * root * excess / phi
	a := 1 - 0.5*k*wk/w
	return w, wk, 2 * (density*root/phi - a*a + 0.25*wk*wk*(1/w+0.25))
}

// FitMixture fits a mixture of parts lognormal laws to the quotes of one expiry by least squares in volatility, weighted as
// [FitSettings] says; Loss is not used. If the iterations run out it returns the best law found and an [ErrNotConverged].
func FitMixture(ctx context.Context, s *Smile, parts int, cfg FitSettings) (Mixture, error) {
	const fn = "surface.FitMixture"
	if parts < 1 || parts > 8 {
		return Mixture{}, fault.Arg(fn, "parts", parts, "in [1, 8]")
	}
	if cfg.MinQuotes == 0 {
		cfg.MinQuotes = 3*parts - 2
	}
	if err := cfg.validate(); err != nil {
		return Mixture{}, err
	}
	var f Fitter
	if err := f.load([]Smile{*s}, cfg); err != nil {
		return Mixture{}, err
	}
	level, _ := f.atTheMoney(0)
	root := math.Sqrt(level)
	// (ln weight, ln forward, ln total) of each part, the first two up to a constant.
	build := func(x []float64) Mixture {
		out := make([]Lognormal, parts)
		var weight, forward float64
		for i := range out {
			out[i] = Lognormal{math.Exp(x[3*i]), math.Exp(x[3*i+1]), math.Exp(x[3*i+2])}
			weight += out[i].Weight
		}
		for i := range out {
			out[i].Weight /= weight
			forward += out[i].Weight * out[i].Forward
		}
		for i := range out {
			out[i].Forward /= forward
		}
		return Mixture{out}
	}
	n := 3 * parts
	x0, lower, upper := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range parts {
		u := 0.0
		if parts > 1 {
			u = float64(i)/float64(parts-1) - 0.5
		}
		x0[3*i], x0[3*i+1], x0[3*i+2] = -math.Abs(u), 2*u*root, math.Log(root)-u
		lower[3*i], upper[3*i] = -8, 8
		lower[3*i+1], upper[3*i+1] = -10*root, 10*root
		lower[3*i+2], upper[3*i+2] = math.Log(root)-3, math.Log(root)+2
	}
	lower[0], upper[0], lower[1], upper[1] = x0[0], x0[0], x0[1], x0[1] // the constants
	year := 1 / math.Sqrt(s.Tau)
	problem := calibrate.LeastSquares{
		Size: len(f.k), Lower: lower, Upper: upper,
		Residuals: calibrate.Differences(func(r, x []float64) error {
			m := build(x)
			for j, k := range f.k {
				r[j] = (math.Sqrt(m.TotalVariance(k))*year - f.mid[j]) * f.inv[j] * math.Sqrt(f.weight[j])
			}
			return nil
		}, nil),
	}
	solution, err := calibrate.LevenbergMarquardt{Tolerance: 1e-8, MaxEvaluations: orInt(cfg.MaxIterations, 100*n)}.Minimize(ctx, problem, x0)
	if errors.Is(err, calibrate.ErrNotConverged) {
		return build(solution.X), fmt.Errorf("surface: %w: %s: %w", ErrNotConverged, name(s.Label, 0), err)
	}
	if err != nil {
		return Mixture{}, err
	}
	return build(solution.X), nil
}

func orInt(v, d int) int {
	if v == 0 {
		return d
	}
	return v
}
