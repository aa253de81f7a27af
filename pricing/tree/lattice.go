package tree

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Lattice values [pricing.Vanilla], [pricing.American] and [pricing.Bermudan] options on a lattice under models that are
// [model.Spot], with the volatility that the model gives for the option's strike and expiry and with cash dividends as the model
// takes them, escrowed or as falls of a lognormal price. The zero value is ready: CRR with 801
// steps, whose error for an option a year from expiry is of the order of 1e-5 of the strike; Smooth and Richardson together make it
// about ten times smaller.
//
// It fills the value, Delta, Gamma and Theta. Delta and gamma come from three nodes now, for which the lattice starts two
// steps early (Pelsser and Vorst 1994); theta follows from them by the Black-Scholes equation, and is zero where an
// American option should be exercised. Bermudan exercise happens at the layer next to its date.
type Lattice struct {
	Scheme     Scheme
	Steps      int  // to expiry; 0 means 801. Leisen-Reimer takes the next odd number
	Smooth     bool // Broadie and Detemple (1996): the last step before expiry by the Black-Scholes formula
	Richardson bool // extrapolate from half the steps: 2·V(n) − V(n/2)
}

var _ pricing.Engine = Lattice{}

const defaultSteps = 801

// maxSteps bounds the work of one valuation to some seconds.
const maxSteps = 100_000

// option is what the lattice needs to know of an instrument.
type option struct {
	phi, strike, expiry float64
	american            bool
	dates               []float64 // Bermudan
}

func read(in pricing.Instrument) (option, bool) {
	switch o := in.(type) {
	case pricing.Vanilla:
		return option{phi: float64(o.Right), strike: o.Strike, expiry: o.Expiry}, true
	case pricing.American:
		return option{phi: float64(o.Right), strike: o.Strike, expiry: o.Expiry, american: true}, true
	case pricing.Bermudan:
		return option{phi: float64(o.Right), strike: o.Strike, expiry: o.Expiry(), dates: o.Dates}, true
	}
	return option{}, false
}

// Price values one option. Besides those of terms and model, it refuses with a [pricing.ArgError] a number of steps so small
// that a probability would leave [0, 1], and the ratio of volatility to drift that no number of steps up to 100,000 serves. It
// stops soon after ctx is cancelled.
func (e Lattice) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	const fn = "tree.Lattice"
	opt, known := read(in)
	world, ok := m.(model.Spot)
	if !known || !ok {
		return pricing.Result{}, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m}
	}
	if err := fault.First(ctx.Err(), in.Validate(), world.Validate()); err != nil {
		return pricing.Result{}, err
	}
	if e.Scheme < 0 || int(e.Scheme) >= len(schemeNames) {
		return pricing.Result{}, fault.Arg(fn, "Scheme", int(e.Scheme), "a scheme of the package")
	}
	n := e.Steps
	if n == 0 {
		n = defaultSteps
	}
	if n < 4 || n > maxSteps {
		return pricing.Result{}, fault.Arg(fn, "Steps", e.Steps, fmt.Sprintf("0 or from 4 to %d", maxSteps))
	}
	w := stock.Get().(*work)
	defer stock.Put(w)
	if err := w.read(opt, world); err != nil {
		return pricing.Result{}, err
	}
	if e.Scheme == LeisenReimer && len(w.falls) > 0 {
		return pricing.Result{}, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m,
			Reason: "the Leisen-Reimer lattice is laid through the strike at expiry, and discrete dividends would move it"}
	}
	if w.vol == 0 || opt.expiry == 0 {
		return pricing.Result{Value: w.certain(), Has: pricing.HasValue}, nil
	}
	fine, err := w.run(ctx, e, n)
	if err == nil && e.Richardson {
		var coarse root
		coarse, err = w.run(ctx, e, n/2)
		ratio := 1.0
		if e.Scheme == LeisenReimer && !opt.american && opt.dates == nil {
			ratio = 1.0 / 3 // of second order
		}
		fine.value += ratio * (fine.value - coarse.value)
		fine.delta += ratio * (fine.delta - coarse.delta)
		fine.gamma += ratio * (fine.gamma - coarse.gamma)
	}
	if err != nil {
		return pricing.Result{}, err
	}
	r := pricing.Result{Value: fine.value, Has: pricing.HasValue | pricing.HasDelta | pricing.HasGamma | pricing.HasTheta}
	r.Delta, r.Gamma = fine.delta, fine.gamma
	if exercise := opt.phi * (w.spot - opt.strike); opt.american && fine.value <= exercise {
		r.Value = exercise // never below, for an extrapolation
	} else {
		sd := w.vol * (w.spot - w.owed(0))
		r.Theta = w.rate*r.Value - (w.rate-w.yield)*w.spot*r.Delta - 0.5*sd*sd*r.Gamma
	}
	return r, nil
}

// root is what the lattice finds at its root.
type root struct{ value, delta, gamma float64 }

// fall is a discrete dividend before or at expiry. If the cash dividends are escrowed, the lattice is that of the asset without
// what is owed, which is owed just before this one.
type fall struct{ time, cash, kept, owed float64 }

// work is the scratch memory of a valuation with the numbers of its option and world.
type work struct {
	option
	spot, vol      float64
	rate, yield    float64 // over the first stretch, for theta
	world          model.Spot
	falls          []fall
	escrowed       bool
	power          []float64 // (up/down)^j
	values, next   []float64
	nextLow, nextR float64 // logarithms of the lowest price of the layer in next, and of the ratio between neighbours
}

var stock = sync.Pool{New: func() any { return new(work) }}

// read collects the numbers.
func (w *work) read(opt option, world model.Spot) error {
	const fn = "tree.Lattice"
	w.option, w.world = opt, world
	w.spot = world.SpotPrice()
	w.vol = world.Volatility(opt.strike, opt.expiry)
	if !(w.vol >= 0) || math.IsInf(w.vol, 1) {
		return fault.Arg(fn, fmt.Sprintf("volatility at strike %g, %g years", opt.strike, opt.expiry), w.vol, "finite and >= 0")
	}
	w.falls = w.falls[:0]
	for _, d := range world.DiscreteDividends() {
		if d.Time <= opt.expiry {
			w.falls = append(w.falls, fall{time: d.Time, cash: d.Cash, kept: 1 - d.Proportion})
		}
	}
	w.escrowed = world.EscrowedCash(0, opt.expiry) > 0
	if w.escrowed {
		for i, next := len(w.falls)-1, 0.0; i >= 0; i-- { // what is owed grows with the asset
			f := &w.falls[i]
			if i+1 < len(w.falls) {
				next = w.falls[i+1].owed * world.Growth(f.time) / world.Growth(w.falls[i+1].time)
			}
			f.owed = f.cash + next/f.kept
		}
	}
	if f := world.ForwardAt(opt.expiry).Value; !(f > 0) || math.IsInf(f, 1) {
		return fault.Arg(fn, fmt.Sprintf("forward at %g years", opt.expiry), f, "finite and > 0")
	}
	d, g := world.DiscountFactor(opt.expiry), world.Growth(opt.expiry)
	if !(d > 0) || math.IsInf(d, 1) || !(g > 0) || math.IsInf(g, 1) {
		return fault.Arg(fn, fmt.Sprintf("discount factor and growth to %g years", opt.expiry), fmt.Sprintf("%g and %g", d, g), "finite and > 0")
	}
	if opt.expiry > 0 {
		w.rate = -math.Log(d) / opt.expiry
		w.yield = w.rate - math.Log(g)/opt.expiry
	}
	return nil
}

// owed is what the escrowed dividends after t are worth then.
func (w *work) owed(t float64) float64 {
	if !w.escrowed {
		return 0
	}
	return w.world.EscrowedCash(t, w.expiry)
}

// strikeBefore is the strike less what is owed just before the dividends at t.
func (w *work) strikeBefore(t float64) float64 {
	for _, f := range w.falls {
		if f.time == t {
			return w.strike - f.owed
		}
	}
	return w.strike - w.owed(t)
}

// payoff is what exercise at the price s pays.
func (w *work) payoff(s float64) float64 { return math.Max(w.phi*(s-w.strike), 0) }

// certain is the value without volatility: the best discounted payoff along the asset's course, at 1000 moments between now and
// expiry, and just before and after each dividend.
func (w *work) certain() float64 {
	best := 0.0
	pay := func(s, t float64) { best = math.Max(best, w.payoff(s)*w.world.DiscountFactor(t)) }
	s, at, i := w.spot, 0.0, 0
	course := func(t float64) float64 { return s * w.world.Growth(t) / w.world.Growth(at) }
	const moments = 1000
	for k := 0; k <= moments; k++ {
		t := w.expiry * float64(k) / moments
		for ; i < len(w.falls) && w.falls[i].time <= t; i++ {
			f := w.falls[i]
			s = course(f.time)
			at = f.time
			if w.american {
				pay(s, f.time)
			}
			s = math.Max(s-f.cash, 0) * f.kept
		}
		if w.american || k == moments {
			pay(course(t), t)
		}
	}
	for _, t := range w.dates {
		before := w.world.ForwardAt(t).Value
		pay(before, t)
	}
	return best
}
