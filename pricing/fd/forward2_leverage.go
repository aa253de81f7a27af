package fd

import (
	"context"
	"math"
	"sort"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing/model"
)

// Leverage is a surface of squared leverage on a grid, for [model.StochasticLocalVol]: constant in time over each step, linear in
// log-moneyness between nodes and flat beyond them.
type Leverage struct {
	Times        []float64   // the ends of the steps, rising
	LogMoneyness []float64   // ln(S/F(t)), rising
	Squared      [][]float64 // L² by step and node

	// Until the steps are known, what is taken for them to lay a grid.
	beyond model.LocalVariance
	mean   func(t float64) float64
}

var _ model.LocalVariance = (*Leverage)(nil)

// LocalVariance returns L² at a log-moneyness and a time; after the last step, that of the last step. With no step it is NaN.
func (l *Leverage) LocalVariance(k, t float64) float64 {
	step := sort.SearchFloat64s(l.Times, t)
	if step >= len(l.Squared) {
		switch {
		case l.beyond != nil:
			return l.beyond.LocalVariance(k, t) / l.mean(t)
		case len(l.Squared) == 0:
			return math.NaN()
		}
		step = len(l.Squared) - 1
	}
	x, v := l.LogMoneyness, l.Squared[step]
	i := sort.SearchFloat64s(x, k)
	switch {
	case i == 0:
		return v[0]
	case i == len(x):
		return v[len(x)-1]
	}
	z := (k - x[i-1]) / (x[i] - x[i-1])
	return v[i-1] + z*(v[i]-v[i-1])
}

// thin is the mass of a price below which its mean variance is taken from its neighbours.
const thin = 1e-7

// Leverage finds the leverage under which a stochastic variance repays a surface of local variance up to the horizon: at each
// step L² = σ_LV²/E[v | S], with the mean taken under the law that the leverage has led to so far (Ren, Madan and Qian 2007), carried
// on to the middle of the step. Both are by log-moneyness along the forwards of variance. With a hundred steps to a year European
// options then have their volatilities to about 2e-4, an error that falls in proportion to the step.
func (e FokkerPlanck2) Leverage(ctx context.Context, variance model.Heston, local model.LocalVariance, horizon float64) (*Leverage, error) {
	if local == nil {
		return nil, fault.Arg("fd.FokkerPlanck2.Leverage", "local", nil, "a surface of local variance")
	}
	mean := func(t float64) float64 {
		m := variance.Theta + (variance.V0-variance.Theta)*math.Exp(-variance.Kappa*t)
		return math.Max(m, 1e-12)
	}
	l := &Leverage{beyond: local, mean: mean}
	world := model.StochasticLocalVol{Variance: variance, Leverage: l, Anchor: variance.Spot}
	nt := e.TimeSteps
	if nt == 0 {
		nt = 2 * defaultADITime
	}
	dt := horizon / float64(nt)
	var now, before []float64
	skip := 0
	_, err := e.Run(ctx, world, horizon, func(law *Law2) error {
		forward := variance.Spot * variance.Growth(law.Time)
		if now == nil {
			if law.Spot[0] <= 0 {
				skip = 1
			}
			for _, s := range law.Spot[skip:] {
				l.LogMoneyness = append(l.LogMoneyness, math.Log(s/forward))
			}
			now, before = make([]float64, len(law.Spot)), make([]float64, len(law.Spot))
		}
		step := len(l.Squared)
		if step == nt {
			return nil
		}
		now, before = before, now
		law.ConditionalTo(now, law.Second, thin)
		middle := dt * (float64(step) + 0.5)
		squared := make([]float64, len(l.LogMoneyness))
		for i, k := range l.LogMoneyness {
			v := now[i+skip]
			if ahead := 1.5*v - 0.5*before[i+skip]; step > 0 && ahead > 0.5*v {
				v = ahead
			}
			squared[i] = local.LocalVariance(k, middle) / v
			if !(squared[i] >= 0) || math.IsInf(squared[i], 1) {
				return fault.Arg("fd.FokkerPlanck2.Leverage", "squared leverage", squared[i],
					"finite and >= 0: the variance must not vanish where the local variance does not")
			}
		}
		l.Squared = append(l.Squared, squared)
		l.Times = append(l.Times, dt*float64(step+1))
		return nil
	})
	if err != nil {
		return nil, err
	}
	l.beyond, l.mean = nil, nil
	return l, nil
}
