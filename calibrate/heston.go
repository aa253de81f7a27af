package calibrate

import (
	"context"
	"math"

	"github.com/volgaquant/volga/pricing/model"
)

// Heston fits the parameters of Heston's model to quotes, by [Transform], from those of start. If start has none, V0, Kappa, Theta and
// Sigma being zero, the fit starts from a guess that it takes from the quotes.
func Heston(ctx context.Context, quotes OptionQuotes, start model.Heston, s TransformSettings) (model.Heston, Solution, error) {
	const fn = "calibrate.Heston"
	f := &transformFit{fn: fn, quotes: quotes, settings: s, world: start}
	if err := f.prepare(); err != nil {
		return start, Solution{}, err
	}
	if start.V0 == 0 && start.Kappa == 0 && start.Theta == 0 && start.Sigma == 0 {
		if err := f.checkSettings(start.ParameterValues()); err != nil {
			return start, Solution{}, err
		}
		start = f.guessHeston(start)
	}
	sol, err := fitTransform(ctx, f, start)
	if sol.X == nil {
		return start, sol, err
	}
	return start.WithParameters(sol.X), sol, err
}

// guessHeston looks among a few dozen sets of parameters for the one that fits best. For each speed of reversion the variances of
// today and of the long run are a linear regression of the total variances at the money on time, w = θt + (v0−θ)(1−e^(−κt))/κ;
// slope and curvature of each smile at the money, to first order in the volatility of variance, give ρσ and σ.
func (f *transformFit) guessHeston(m model.Heston) model.Heston {
	f.linear = f.settings.Target == Volatilities
	defer func() { f.linear = false }()
	best, least := m, math.Inf(1)
	r := make([]float64, f.size())
	for _, kappa := range []float64{0.5, 2, 6, 16} {
		v0, theta := f.varianceTerms(kappa)
		for _, sigma := range []float64{0.25, 0.7, 2} {
			for _, rho := range []float64{-0.7, 0, 0.5} {
				x := []float64{v0, kappa, theta, sigma * math.Sqrt(kappa*theta), rho}
				box{f.lower, f.upper}.clamp(x)
				try := m.WithParameters(x)
				f.evaluate(r, nil, x, try)
				if cost := f.settings.Loss.cost(r); cost < least {
					best, least = try, cost
				}
			}
		}
	}
	return best
}

// varianceTerms regresses the total variances at the money.
func (f *transformFit) varianceTerms(kappa float64) (v0, theta float64) {
	var aa, ab, bb, aw, bw, average float64
	for _, s := range f.slices {
		w := s.width * s.width / s.expiry
		fade := -math.Expm1(-kappa*s.expiry) / (kappa * s.expiry)
		aa, ab, bb = aa+fade*fade, ab+fade*(1-fade), bb+(1-fade)*(1-fade)
		aw, bw = aw+fade*w, bw+(1-fade)*w
		average += w / float64(len(f.slices))
	}
	det := aa*bb - ab*ab
	v0, theta = average, average
	if det > 1e-6*aa*bb {
		v0, theta = (bb*aw-ab*bw)/det, (aa*bw-ab*aw)/det
	}
	within := func(v float64) float64 { return math.Min(math.Max(v, 0.2*average), 5*average) }
	return within(v0), within(theta)
}
