package mc

import (
	"context"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Mixing is conditional Monte Carlo for European options under stochastic volatility: given the path of the variance (and the
// jumps), the asset is lognormal, and the option has Black's price, whose mean is its value. Only the variance is simulated,
// and what the asset's own Brownian motion adds to the error is gone: Romano and Touzi, "Contingent claims and market
// completeness in a stochastic volatility model", Mathematical Finance 7 (1997); Willard, "Calculating prices and
// sensitivities for path-independent derivative securities in multifactor models", Journal of Derivatives 5 (1997). The
// conditional forward serves as a control variate.
//
// It prices [pricing.Vanilla] under [model.Heston], [model.PiecewiseHeston], [model.DoubleHeston] and [model.Bates] with the
// settings of Engine, whose Scheme must be nil or a [Heston] and which may have no Controls.
type Mixing struct {
	Engine Engine
}

var _ pricing.Engine = Mixing{}

// Price values one option.
func (x Mixing) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	r, err := x.Run(ctx, in, m)
	return r.Result, err
}

// Run values one option, and tells more.
func (x Mixing) Run(ctx context.Context, in pricing.Instrument, m pricing.Model) (Report, error) {
	const fn = "mc.Mixing"
	opt, ok := in.(pricing.Vanilla)
	if !ok {
		return Report{}, &pricing.UnsupportedError{Engine: x, Instrument: in, Model: m,
			Reason: "only European options have a conditional closed form"}
	}
	e := x.Engine
	if len(e.Controls) > 0 {
		return Report{}, fault.Arg(fn, "Controls", len(e.Controls), "none: prices at expiry are not simulated")
	}
	switch s := e.Scheme.(type) {
	case nil:
		e.Scheme = mixed{Heston{}}
	case Heston:
		e.Scheme = mixed{s}
	default:
		return Report{}, fault.Arg(fn, "Scheme", s, "nil or a Heston")
	}
	switch m.(type) {
	case model.Heston, model.PiecewiseHeston, model.DoubleHeston, model.Bates:
	default:
		return Report{}, &pricing.UnsupportedError{Engine: x, Instrument: in, Model: m,
			Reason: "given the variance, the asset is not known to be lognormal"}
	}
	if err := fault.First(opt.Validate(), m.Validate()); err != nil {
		return Report{}, err
	}
	world := m.(interface {
		Forward(t float64) float64
		DiscountFactor(t float64) float64
	})
	asset, err := AssetControl(world, opt.Expiry)
	if err != nil {
		return Report{}, err
	}
	e.Controls = []Control{asset}
	return e.run(ctx, x, in, m, func() (claim, string, error) {
		return claim{assets: 1, times: []float64{opt.Expiry}, variance: true, value: func(dst []float64, p *pricing.Paths, b *Block) {
			blackTo(dst, p.At(0, 0), b.Variance[0], opt, p.Scratch)
			p.DiscountTo(dst, 0)
		}}, "", nil
	})
}

// blackTo writes Black's prices for forwards and total variances.
func blackTo(dst, forward, variance []float64, opt pricing.Vanilla, scratch [][]float64) {
	n := len(dst)
	d1, d2 := scratch[0][:n], scratch[1][:n]
	phi, k := float64(opt.Right), opt.Strike
	logK := math.Log(k)
	vec.Log(d1, forward)
	for j, w := range variance {
		dev := math.Sqrt(max(w, 1e-300))
		d := (d1[j]-logK)/dev + 0.5*dev
		d1[j], d2[j] = phi*d, phi*(d-dev)
	}
	vec.NormCDF(d1, d1)
	vec.NormCDF(d2, d2)
	for j, f := range forward {
		dst[j] = phi * (f*d1[j] - k*d2[j])
	}
}

// mixed is a scheme of Heston's model whose prices are the forwards given the variance, and whose variances are those of what
// is left.
type mixed struct{ of Heston }

func (x mixed) Simulate(m pricing.Model, times []float64, maxStep float64) (model.Simulation, error) {
	s, err := x.of.Simulate(m, times, maxStep)
	if err != nil {
		return nil, err
	}
	p := *s.(*hestonPaths)
	p.mixing = true
	return &p, nil
}
