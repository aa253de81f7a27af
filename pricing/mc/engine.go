package mc

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Engine prices by simulation every instrument that states what it pays at maturity ([pricing.Terminal]) or along a path
// ([pricing.PathDependent]), under every model that has a [Scheme]. The zero value is ready: 65,536 pseudorandom paths.
//
// It fills the value and its standard error, and the Greeks that are asked for by difference quotients on the same random
// numbers, with bumps of half a percent of the spot and half a point of volatility (of √v0 where the variance is stochastic).
// Delta and gamma need a model with methods SpotPrice and WithSpot, vega one of BlackScholes, Heston, Bates, Merton, Kou and
// VarianceGamma. A Greek is set if its own standard error, which the Report tells, is below 2% of it, or moves the value by
// less than the value's standard error when the spot moves by 1% or the volatility by a point; so a noisy gamma of a digital
// option is left out. Each pair of bumps costs two simulations more.
//
// The same settings give the same bits for any number of workers.
//
// When ctx is cancelled, Price returns soon, within 50 ms, with the error of the context and, beside it, what the paths made so
// far say: a Result with value and standard error, or an empty one if no path was finished. So a deadline is a budget of time.
type Engine struct {
	Paths        int            // to simulate, at most if StdErr is set; 0 means 65,536
	Seed         uint64         // of all randomness
	Source       Source         // nil means Philox{}
	Construction Construction   // of Brownian motions from normals
	Scheme       Scheme         // nil means the default of the model
	MaxStep      float64        // years: longest time step of schemes with an error in time; 0 means the scheme's own choice
	Controls     []Control      // control variates
	Greeks       pricing.Mask   // HasDelta, HasGamma, HasVega: those to be found besides the value
	StdErr       float64        // stop as soon as the standard error is at most this; 0 means that all paths are made
	Workers      int            // 0 means GOMAXPROCS
	Progress     func(Progress) // called now and then by the goroutine of the caller; nil means nobody is told
}

var _ pricing.Engine = Engine{}

// Progress is how far a simulation has come.
type Progress struct {
	Paths, Total  int     // made, and to be made at most
	Value, StdErr float64 // the estimate so far
}

// Control is an instrument whose value under the model is known: a control variate. The engine subtracts from each payoff the
// multiple of the control's error that makes the variance least, found by regression on the same paths. That makes the estimate
// biased by a term of the order of one over the number of paths, small beside the standard error.
type Control struct {
	Instrument pricing.Instrument // terminal or path-dependent
	Engine     pricing.Engine     // finds its value
	Value      float64            // its value, if Engine is nil
}

// Report is what a simulation found out.
type Report struct {
	pricing.Result
	Paths    int            // made
	Units    int            // independent sets of paths of which StdErr is made: paths, pairs, blocks or replications
	Beta     []float64      // coefficients of the controls
	Variance float64        // of the value of a path, weighted, without the help of the controls
	Errors   pricing.Greeks // standard errors of the Greeks that were found, set or not
	Reached  bool           // whether the standard error that was asked for is reached; true if none was
}

const defaultPaths = 1 << 16

// PathError says that a path came out as no number, and which: the same engine makes it again.
type PathError struct {
	Seed  uint64
	Block int     // index of the block
	Path  int     // index of the path, counted over all blocks
	Value float64 // NaN or an infinity
	What  string  // what had that value: the payoff, or a control
}

// Error names the path and the seed.
func (e *PathError) Error() string {
	return fmt.Sprintf("mc: %s of path %d (block %d, seed %d) is %v", e.What, e.Path, e.Block, e.Seed, e.Value)
}

// Price values one instrument.
func (e Engine) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	r, err := e.Run(ctx, in, m)
	return r.Result, err
}

// Generator returns the paths that the engine makes of a model at the given times, and their discount factors, for methods of
// their own. Passes of the same seed are independent of each other; the engine's own is pass 0.
func (e Engine) Generator(m pricing.Model, times []float64, pass uint64) (*Generator, error) {
	if err := fault.First(model.CheckTimes("mc.Engine", "times", times), m.Validate()); err != nil {
		return nil, err
	}
	return e.generator(m, times, pass, false)
}

func (e Engine) generator(m pricing.Model, times []float64, pass uint64, variance bool) (*Generator, error) {
	const fn = "mc.Engine"
	if !(e.MaxStep >= 0) || math.IsInf(e.MaxStep, 1) {
		return nil, fault.Arg(fn, "MaxStep", e.MaxStep, "finite and >= 0")
	}
	if e.Construction < 0 || int(e.Construction) >= len(constructionNames) {
		return nil, fault.Arg(fn, "Construction", int(e.Construction), "one of the package")
	}
	scheme := e.Scheme
	if scheme == nil {
		if scheme = defaultScheme(m); scheme == nil {
			return nil, fmt.Errorf("mc: no scheme for %T: %w", m, ErrScheme)
		}
	}
	discounting, ok := m.(interface{ DiscountFactor(t float64) float64 })
	if !ok {
		return nil, fmt.Errorf("mc: %T has no discount factors: %w", m, ErrScheme)
	}
	sim, err := scheme.Simulate(m, times, e.MaxStep)
	if err != nil {
		return nil, err
	}
	if variance && !sim.Layout().Variance {
		return nil, fmt.Errorf("mc: %T under %T does not tell the variance between two prices, which continuous barriers need: %w", scheme, m, ErrScheme)
	}
	paths := e.Paths
	if paths == 0 {
		paths = defaultPaths
	}
	if paths < 1 {
		return nil, fault.Arg(fn, "Paths", e.Paths, ">= 0")
	}
	return newGenerator(sim, discounting.DiscountFactor, spec{
		times: times, paths: paths, seed: e.Seed, pass: pass, source: e.Source, build: e.Construction, variance: variance,
	})
}

// Run values one instrument like [Engine.Price], and tells more.
func (e Engine) Run(ctx context.Context, in pricing.Instrument, m pricing.Model) (Report, error) {
	return e.run(ctx, e, in, m, func() (claim, string, error) { return e.claimOf(in, m) })
}

// run values a claim on behalf of an engine.
func (e Engine) run(ctx context.Context, of pricing.Engine, in pricing.Instrument, m pricing.Model,
	read func() (claim, string, error)) (Report, error) {
	const fn = "mc.Engine"
	unsupported := func(why string) (Report, error) {
		return Report{}, &pricing.UnsupportedError{Engine: of, Instrument: in, Model: m, Reason: why}
	}
	if in == nil || m == nil {
		return unsupported("")
	}
	if err := fault.First(ctx.Err(), in.Validate(), m.Validate()); err != nil {
		return Report{}, err
	}
	if !(e.StdErr >= 0) {
		return Report{}, fault.Arg(fn, "StdErr", e.StdErr, ">= 0")
	}
	c, why, err := read()
	if err != nil {
		return Report{}, err
	}
	if why != "" {
		return unsupported(why)
	}
	controls, values, err := e.controls(ctx, m, &c)
	if err != nil {
		return Report{}, err
	}
	if p, ok := e.Source.(Importance); ok && p.Drift == nil {
		pilot := e
		pilot.Source, pilot.Paths = p.Of, pilotPaths
		if p.Drift, err = pilot.optimalDrift(ctx, c, m); err == nil {
			e.Source = p
		}
	}
	var g *Generator
	if err == nil {
		if g, err = e.generator(m, c.times, 0, c.variance); err == nil {
			g.state = c.state
		}
	}
	if errors.Is(err, ErrScheme) {
		return unsupported(err.Error())
	}
	if err != nil {
		return Report{}, err
	}
	if g.layout.Assets != c.assets {
		return unsupported(fmt.Sprintf("the instrument looks at %d assets, the model has %d", c.assets, g.layout.Assets))
	}
	run := &simulation{engine: e, generator: g, claims: append([]claim{c}, controls...), values: values}
	if run.bumps, err = e.bumped(g, c, m); err != nil {
		return Report{}, err
	}
	return run.do(ctx)
}

// controls returns the claims of the controls and their values, and gives all claims the union of their times.
func (e Engine) controls(ctx context.Context, m pricing.Model, c *claim) (claims []claim, values []float64, err error) {
	const fn = "mc.Engine"
	times := c.times
	for i, control := range e.Controls {
		name := fmt.Sprintf("Controls[%d]", i)
		if control.Instrument == nil {
			return nil, nil, fault.Arg(fn, name+".Instrument", nil, "an instrument of known value")
		}
		if err := control.Instrument.Validate(); err != nil {
			return nil, nil, fmt.Errorf("mc: %s: %w", name, err)
		}
		k, why, err := e.claimOf(control.Instrument, m)
		if err != nil {
			return nil, nil, fmt.Errorf("mc: %s: %w", name, err)
		}
		if why != "" || k.variance {
			return nil, nil, fault.Arg(fn, name+".Instrument", fmt.Sprintf("%T", control.Instrument),
				"one that pays by prices at given times alone")
		}
		if k.assets != c.assets {
			return nil, nil, fault.Arg(fn, name+".Instrument", fmt.Sprintf("on %d assets", k.assets), fmt.Sprintf("on %d", c.assets))
		}
		value := control.Value
		if control.Engine != nil {
			r, err := control.Engine.Price(ctx, control.Instrument, m)
			if err != nil {
				return nil, nil, fmt.Errorf("mc: %s: %w", name, err)
			}
			value = r.Value
		}
		if err := fault.Finite(fn, name+".Value", value); err != nil {
			return nil, nil, err
		}
		claims, values = append(claims, k), append(values, value)
		times = union(times, k.times)
	}
	if c.variance && len(times) > len(c.times) {
		return nil, nil, fault.Arg(fn, "Controls", "times of their own", "times of the barrier's monitoring alone")
	}
	c.lookAt(times)
	for i := range claims {
		claims[i].lookAt(times)
	}
	return claims, values, nil
}
