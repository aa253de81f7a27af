package fd

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// ADI prices by finite differences in two variables, under models that are [model.Diffusion2]: stochastic volatility,
// stochastic local volatility, the forward of SABR or of Heston with a Hull-White rate, two assets. Instruments are
// [pricing.Terminal], with [pricing.EarlyExercise] and [pricing.Barriered] where they have it, and for models whose second
// variable is an asset [pricing.TerminalPair], with [pricing.EarlyExercisePair]. The zero value is ready.
//
// It fills the value, delta and gamma (of the first asset), theta unless the asset is a forward, and vega where the second
// variable is a variance or a volatility: by today's volatility, [model.Second].PerVol, as the engines of package fourier do.
//
// The grid follows the forward, so that the equation of the asset has no drift, unless there are barriers, which stand still.
// It is dense about the strike, where the payoff is averaged over cells, and spaced in the second variable by that
// variable's own noise, or about its spot if it is an asset. The boundaries are those of in 't Hout and Foulon (2010) where the
// equation degenerates, as at a variance of zero: the equation itself with a derivative from inside; at the others, far out,
// second derivatives are dropped.
//
// Accuracy: with the defaults European prices under Heston err by some 1e-6 of the spot, by 1e-5 at most where Feller's
// ratio is above 0.3 and maturities are below ten years, and by up to 1e-3 in extreme worlds; American ones by 1e-5. Errors
// fall with the square of the steps, and faster with the extrapolation.
//
// Early exercise at any time is by the operator splitting of Ikonen and Toivanen, "Operator splitting methods for American
// option pricing", Applied Mathematics Letters 17 (2004): the multiplier of the constraint is carried from step to step, so that
// it costs one sweep without iteration, where a penalty would iterate the whole scheme, and errs ten times less in time
// than a plain maximum after each step.
type ADI struct {
	Scheme      ADIScheme
	TimeSteps   int // to maturity; 0 means 50
	SpotSteps   int // intervals of the grid in the asset; 0 means 200
	SecondSteps int // intervals in the second variable; 0 means 60, or as many as in the asset if it is an asset
	Damping     Damping
	Single      bool // leaves out the extrapolation from half as many steps and intervals, (4·V(n) − V(n/2))/3
	Workers     int  // 2 shares each sweep between two goroutines, with the same bits; 0 means 1
}

var _ pricing.Engine = ADI{}

const (
	defaultADITime   = 50
	defaultADISpot   = 200
	defaultADISecond = 60
	maxADISteps      = 100_000
	maxADIIntervals  = 20_000
	maxADINodes      = 4_000_000 // some 300 MB, and 40 ms to a step

	// unresolved is the part of spot and value by which two grids may differ.
	unresolved = 0.005
)

// claim2 is a contract and a world as the solver takes them.
type claim2 struct {
	world    model.Diffusion2
	second   model.Second
	spot     float64
	expiry   float64
	terminal pricing.Terminal     // or
	pair     pricing.TerminalPair // the one that is not nil
	less     float64              // taken off the payoff at maturity
	exercise bool
	dates    []float64 // of exercise; nil with exercise means at any time
	barriers []pricing.Barrier
	law      bool // no payoff: the law itself, from the spot
}

// Price values one instrument. Besides those of terms and model, it refuses with a [pricing.ArgError] numbers of steps below 4
// or beyond reason, a barrier already reached, and coefficients of the model that are not numbers, and with an [AccuracyError] to
// extrapolate from grids that differ by more than 0.5% of spot and value. It stops within a time step after ctx is
// cancelled.
func (e ADI) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	var c claim2
	refuse := func(reason string) (pricing.Result, error) {
		return pricing.Result{}, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m, Reason: reason}
	}
	world, ok := m.(model.Diffusion2)
	if paired, several := m.(model.Paired); several && !ok {
		if err := m.Validate(); err != nil {
			return pricing.Result{}, err
		}
		world, ok = paired.Pair()
	}
	if !ok {
		return refuse("")
	}
	if j, may := m.(model.Jumping); may && j.HasJumps() {
		return refuse("the asset jumps")
	}
	c.world = world
	switch o := in.(type) {
	case pricing.Terminal:
		c.terminal = o
		if early, ok := in.(pricing.EarlyExercise); ok {
			c.exercise, c.dates = true, early.ExerciseDates()
		}
	case pricing.TerminalPair:
		c.pair = o
		if early, ok := in.(pricing.EarlyExercisePair); ok {
			c.exercise, c.dates = true, early.ExerciseDates()
		}
	default:
		return refuse("")
	}
	if err := fault.First(ctx.Err(), in.Validate(), m.Validate(), e.validate()); err != nil {
		return pricing.Result{}, err
	}
	c.second, c.spot = world.Second(), world.SpotPrice()
	if c.pair != nil {
		if !c.second.Asset {
			return refuse("the model has one asset")
		}
		c.expiry = c.pair.Maturity()
	} else {
		c.expiry = c.terminal.Maturity()
	}
	if f, ok := world.(model.Forwarded); ok {
		_, barriers := in.(pricing.Barriered)
		switch {
		case c.exercise || barriers:
			return refuse("it looks at the spot before its maturity, and the model's asset is a forward")
		case math.Abs(c.expiry-f.Delivery()) > 1e-9*(1+c.expiry):
			return pricing.Result{}, fault.Arg("fd.ADI", "Maturity", c.expiry, fmt.Sprintf("%g, the delivery of the forward", f.Delivery()))
		}
	}
	in2 := false
	if b, ok := in.(pricing.Barriered); ok {
		c.barriers = b.Barriers()
		for _, b := range c.barriers {
			in2 = in2 || b.In
		}
		if in2 && c.exercise {
			return refuse("it knocks in and may be exercised early")
		}
	}
	if err := c.check(); err != nil {
		return pricing.Result{}, err
	}
	var p adiPoint
	var err error
	if !in2 {
		p, err = e.solve(ctx, &c)
	} else {
		// What knocks in is what does not knock out: the payoff, less that of a knock-out that pays the payoff without the rebate.
		out := c
		out.barriers = slices.Clone(c.barriers)
		for i := range out.barriers {
			out.less = out.barriers[i].Rebate
			out.barriers[i].In, out.barriers[i].Rebate = false, 0
		}
		c.barriers = nil
		var dead adiPoint
		if p, err = e.solve(ctx, &c); err == nil {
			dead, err = e.solve(ctx, &out)
		}
		p.add(-1, dead)
	}
	if err != nil {
		return pricing.Result{}, err
	}
	r := pricing.Result{Value: p.value, Has: pricing.HasValue | pricing.HasDelta | pricing.HasGamma}
	r.Delta, r.Gamma = p.delta, p.gamma
	if _, forward := world.(model.Forwarded); p.timed && !forward {
		r.Theta = p.theta
		r.Has |= pricing.HasTheta
	}
	if c.second.PerVol != 0 {
		r.Vega = p.bySecond * c.second.PerVol
		r.Has |= pricing.HasVega
	}
	if c.expiry == 0 {
		r = pricing.Result{Value: p.value, Has: pricing.HasValue}
	}
	return r, nil
}

func (e ADI) validate() error {
	const fn = "fd.ADI"
	if e.Scheme < 0 || int(e.Scheme) >= len(adiNames) {
		return fault.Arg(fn, "Scheme", int(e.Scheme), "a scheme of the package")
	}
	if e.Damping < DampWhereNeeded || e.Damping > DampNever {
		return fault.Arg(fn, "Damping", int(e.Damping), "DampWhereNeeded, DampAlways or DampNever")
	}
	for _, f := range []struct {
		name      string
		value, up int
	}{{"TimeSteps", e.TimeSteps, maxADISteps}, {"SpotSteps", e.SpotSteps, maxADIIntervals}, {"SecondSteps", e.SecondSteps, maxADIIntervals}} {
		if f.value != 0 && (f.value < 4 || f.value > f.up) {
			return fault.Arg(fn, f.name, f.value, fmt.Sprintf("0 or from 4 to %d", f.up))
		}
	}
	n, m := e.SpotSteps, e.SecondSteps
	if n == 0 {
		n = defaultADISpot
	}
	if m == 0 {
		m = defaultADISecond
	}
	if n*m > maxADINodes {
		return fault.Arg(fn, "SpotSteps*SecondSteps", n*m, fmt.Sprintf("at most %d", maxADINodes))
	}
	if e.Workers < 0 || e.Workers > 2 {
		return fault.Arg(fn, "Workers", e.Workers, "0, 1 or 2")
	}
	return nil
}

// check refuses barriers that are reached already and markets without a forward.
func (c *claim2) check() error {
	const fn = "fd.ADI"
	for i, b := range c.barriers {
		if len(b.Dates) > 0 && b.Dates[0] > 0 {
			continue
		}
		if b.Up && c.spot >= b.Level || !b.Up && c.spot <= b.Level {
			return fault.Arg(fn, fmt.Sprintf("Barriers[%d].Level", i), b.Level, fmt.Sprintf("not yet reached at a spot of %g", c.spot))
		}
	}
	d, g := c.world.DiscountFactor(c.expiry), c.world.Growth(c.expiry)
	if !(d > 0) || math.IsInf(d, 1) || !(g > 0) || math.IsInf(g, 1) {
		return fault.Arg(fn, fmt.Sprintf("discount factor and growth to %g years", c.expiry), fmt.Sprintf("%g and %g", d, g), "finite and > 0")
	}
	return nil
}

// adiPoint is what the grid says about one point.
type adiPoint struct {
	value, delta, gamma, bySecond, theta float64
	timed                                bool
}

// add adds a multiple of another.
func (p *adiPoint) add(a float64, q adiPoint) {
	p.value += a * q.value
	p.delta += a * q.delta
	p.gamma += a * q.gamma
	p.bySecond += a * q.bySecond
	p.theta += a * q.theta
}

// solve runs the grids that the settings ask for.
func (e ADI) solve(ctx context.Context, c *claim2) (adiPoint, error) {
	if c.expiry == 0 {
		return adiPoint{value: c.intrinsic(c.spot, c.second.Start)}, nil
	}
	w := adiSpaces.Get().(*adiSpace)
	defer adiSpaces.Put(w)
	nt, n, m := e.TimeSteps, e.SpotSteps, e.SecondSteps
	if nt == 0 {
		nt = defaultADITime
	}
	if n == 0 {
		n = defaultADISpot
	}
	if m == 0 {
		m = defaultADISecond
		if c.second.Asset {
			m = n
		}
	}
	fine, err := e.run(ctx, w, c, nt, n, m)
	if err == nil && !e.Single {
		var coarse adiPoint
		coarse, err = e.run(ctx, w, c, max(nt/2, 2), max(n/2, 4), max(m/2, 4))
		if allowed := unresolved * (math.Abs(c.spot) + math.Abs(fine.value)); err == nil && math.Abs(fine.value-coarse.value) > allowed {
			return fine, &AccuracyError{Engine: "fd.ADI", Fine: fine.value, Coarse: coarse.value, Allowed: allowed}
		}
		extrapolated := fine
		extrapolated.add(1./3, fine)
		extrapolated.add(-1./3, coarse)
		fine = extrapolated
	}
	return fine, err
}

// intrinsic is what the instrument pays if it ends now.
func (c *claim2) intrinsic(spot, second float64) float64 {
	v, s, y := [1]float64{}, [1]float64{spot}, [1]float64{second}
	c.payoffTo(v[:], s[:], y[:])
	return v[0]
}

func (c *claim2) payoffTo(dst, spot, second []float64) {
	if c.pair != nil {
		c.pair.PayoffPairTo(dst, spot, second)
		return
	}
	c.terminal.PayoffTo(dst, spot)
}

// moving reports whether the grid follows the forward.
func (c *claim2) moving() bool { return len(c.barriers) == 0 }

// scale is the price at time t of a node of the grid, over that at maturity.
func (c *claim2) scale(t float64) float64 {
	if !c.moving() {
		return 1
	}
	return c.world.Growth(t) / c.world.Growth(c.expiry)
}

// stop is a time at which something happens other than the passing of time.
type stop struct {
	time             float64
	exercise, looked bool
}

// stops returns them in falling order of time, without maturity and with the present.
func (c *claim2) stops() []stop {
	list := []stop{{}}
	at := func(t float64) *stop {
		for i := range list {
			if list[i].time == t {
				return &list[i]
			}
		}
		list = append(list, stop{time: t})
		return &list[len(list)-1]
	}
	for _, t := range c.dates {
		if t < c.expiry {
			at(t).exercise = true
		}
	}
	for _, b := range c.barriers {
		for _, t := range b.Dates {
			if t < c.expiry {
				at(t).looked = true
			}
		}
	}
	slices.SortFunc(list, func(a, b stop) int {
		if a.time > b.time {
			return -1
		}
		return 1
	})
	return list
}

// run solves on one grid.
func (e ADI) run(ctx context.Context, w *adiSpace, c *claim2, nt, n, m int) (adiPoint, error) {
	if err := w.grid(c, n, m); err != nil {
		return adiPoint{}, err
	}
	if e.Workers == 2 {
		w.crew.start(w)
		defer w.crew.stop()
	}
	weights := e.Scheme.weights(w.convective(c))
	always := c.exercise && c.dates == nil
	w.mature(c)
	if always {
		w.mult = grown(w.mult, w.n*w.m)
		clear(w.mult)
		w.base = padded(w.base, w.n*w.m)
	}
	var layers [3]layer // the last ones
	at := c.expiry
	lastStep := 0.0
	stops := c.stops()
	for k, s := range stops {
		count := max(1, int(math.Round(float64(nt)*(at-s.time)/c.expiry)))
		from, length := at, (at-s.time)/float64(count)
		for i := range count {
			t1 := from - length*float64(i)
			t0 := from - length*float64(i+1)
			if i == count-1 {
				t0 = s.time
			}
			if k == len(stops)-1 && i >= count-2 {
				layers[2], layers[1] = layers[1], w.layer(c, t1)
			}
			wt, halves := &weights, 1
			if i == 0 && e.Damping.needed(&weights) {
				wt, halves = &damping, 2
			}
			for h := range halves {
				if err := ctx.Err(); err != nil {
					return adiPoint{}, err
				}
				dt := length / float64(halves)
				b1 := t1 - dt*float64(h)
				b0 := t1 - dt*float64(h+1)
				if h == halves-1 {
					b0 = t0
				}
				if err := w.prepare(c, b0, b1, dt, wt.theta); err != nil {
					return adiPoint{}, err
				}
				if always {
					w.constrain(c, b0, dt, lastStep)
				}
				low, high := c.rebates(b0)
				w.step(wt, always, low, high)
				lastStep = dt
			}
		}
		at = s.time
		w.happen(c, s)
	}
	layers[0] = w.layer(c, 0)
	return w.point(c, &layers)
}

// prepare sets the operators for a step from t0 to t1, unless they are those of the step before.
func (w *adiSpace) prepare(c *claim2, t0, t1, dt, theta float64) error {
	mu := 0.0
	if !c.moving() {
		mu = math.Log(c.world.Growth(t1)/c.world.Growth(t0)) / dt
	}
	if c.second.Steady && w.set.ok && w.set.theta == theta && math.Abs(dt-w.set.dt) <= 1e-12*dt && math.Abs(mu-w.set.mu) <= 1e-10 {
		return nil
	}
	if what, at, value := w.read(c.world, t0, t1, c.scale(0.5*(t0+t1))); what != "" {
		return fault.Arg("fd.ADI", fmt.Sprintf("%s at %g, %g years", what, at, 0.5*(t0+t1)), value, "finite and >= 0")
	}
	rho := c.world.Correlation(t0, t1)
	if err := fault.Between("fd.ADI", fmt.Sprintf("correlation at %g years", 0.5*(t0+t1)), rho, -1, 1); err != nil {
		return err
	}
	if x, ok := c.world.(model.Crossed); ok {
		x.CrossTo(w.cross, w.y, t0, t1)
		rho = 1
	} else {
		vec.MulAdd(w.cross, w.scale, w.vol, w.zeros)
	}
	w.operators(dt, mu, rho)
	w.factor(theta)
	w.set = adiSet{dt: dt, theta: theta, mu: mu, ok: true}
	return nil
}

// constrain finds the payoff that values may not fall below at time t, and fits the multipliers to a step of dt.
func (w *adiSpace) constrain(c *claim2, t, dt, lastStep float64) {
	w.payoff(c, t)
	if lastStep == dt {
		return
	}
	if lastStep > 0 {
		ratio := dt / lastStep
		for i := range w.mult {
			w.mult[i] *= ratio
		}
	}
	for i := range w.n {
		vec.AddScaled(w.row(w.base, i, 0), 1, w.row(w.u, i, 0), w.plain(w.mult, i))
	}
}

// payoff writes what exercise at t pays at each node, discounted to now, to floor.
func (w *adiSpace) payoff(c *claim2, t float64) {
	scale, d := c.scale(t), c.world.DiscountFactor(t)
	for i, x := range w.x {
		w.s[i] = x * scale
	}
	if c.pair == nil {
		c.terminal.PayoffTo(w.floor, w.s)
		for i := range w.floor {
			w.floor[i] *= d
		}
		return
	}
	w.floors = grown(w.floors, w.n*w.m)
	same := w.side[0].x0
	for i, s := range w.s {
		for j := range same {
			same[j] = s
		}
		row := w.plain(w.floors, i)
		c.pair.PayoffPairTo(row, same, w.y)
		for j := range row {
			row[j] *= d
		}
	}
}

// happen does what a stop asks for.
func (w *adiSpace) happen(c *claim2, s stop) {
	if s.exercise {
		w.payoff(c, s.time)
		for i := range w.n {
			row := w.row(w.u, i, 0)
			for j := range row {
				floor := w.floor[i]
				if c.pair != nil {
					floor = w.floors[i*w.m+j]
				}
				row[j] = math.Max(row[j], floor)
			}
		}
	}
	if s.looked {
		w.knock(c, s.time)
	}
}

// knock gives the cells beyond the barriers that are looked at at t what is paid there, those that a barrier cuts in proportion.
func (w *adiSpace) knock(c *claim2, t float64) {
	for _, b := range c.barriers {
		if !slices.Contains(b.Dates, t) {
			continue
		}
		paid := b.Rebate * c.world.DiscountFactor(t)
		if b.Late {
			paid = b.Rebate * c.world.DiscountFactor(c.expiry)
		}
		for i := range w.n {
			low, high := w.cell(i)
			beyond := (high - b.Level) / (high - low)
			if !b.Up {
				beyond = 1 - beyond
			}
			if beyond = math.Min(math.Max(beyond, 0), 1); beyond == 0 {
				continue
			}
			row := w.row(w.u, i, 0)
			for j := range row {
				row[j] += beyond * (paid - row[j])
			}
		}
	}
}

// cell returns the bounds of the prices nearest to node i.
func (w *adiSpace) cell(i int) (low, high float64) {
	low, high = w.x[i], w.x[i]
	if i > 0 {
		low = 0.5 * (w.x[i-1] + w.x[i])
	}
	if i < w.n-1 {
		high = 0.5 * (w.x[i] + w.x[i+1])
	}
	return low, high
}

// rebates returns what is paid at time t, discounted to now, at a lower and an upper barrier that are looked at all the time.
func (c *claim2) rebates(t float64) (low, high float64) {
	for _, b := range c.barriers {
		if b.Dates != nil {
			continue
		}
		paid := b.Rebate * c.world.DiscountFactor(t)
		if b.Late {
			paid = b.Rebate * c.world.DiscountFactor(c.expiry)
		}
		if b.Up {
			high = paid
		} else {
			low = paid
		}
	}
	return low, high
}

// layer is what the grid says at one time.
type layer struct {
	time  float64
	value float64
	known bool
}

func (w *adiSpace) layer(c *claim2, t float64) layer {
	px := lagrange(w.x, c.spot/c.scale(t))
	py := lagrange(w.y, c.second.Start)
	return layer{t, w.at(&px, &py, &px.weight, &py.weight) / c.world.DiscountFactor(t), true}
}

// at combines the values of the nodes about a point.
func (w *adiSpace) at(px, py *stencil, wx, wy *[4]float64) float64 {
	sum := 0.0
	for a := range px.count {
		row := w.row(w.u, px.first+a, 0)
		part := 0.0
		for b := range py.count {
			part += wy[b] * row[py.first+b]
		}
		sum += wx[a] * part
	}
	return sum
}

// point reads value and Greeks off the grid at the present.
func (w *adiSpace) point(c *claim2, layers *[3]layer) (adiPoint, error) {
	scale := c.scale(0)
	px := lagrange(w.x, c.spot/scale)
	py := lagrange(w.y, c.second.Start)
	p := adiPoint{
		value:    w.at(&px, &py, &px.weight, &py.weight),
		delta:    w.at(&px, &py, &px.slope, &py.weight) / scale,
		bySecond: w.at(&px, &py, &px.weight, &py.slope),
	}
	// Gamma is interpolated between the second differences at the nodes, so that it does not jump from cell to cell.
	for a := range px.count {
		i := min(max(px.first+a, 1), w.n-2)
		second := func(row []float64) float64 {
			v := 0.0
			for b := range py.count {
				v += py.weight[b] * row[py.first+b]
			}
			return v
		}
		here := second(w.row(w.u, i, 0))
		p.gamma += px.weight[a] * (w.xLower[i]*(second(w.row(w.u, i-1, 0))-here) + w.xUpper[i]*(second(w.row(w.u, i+1, 0))-here))
	}
	p.gamma /= scale * scale
	if math.IsNaN(p.value) || math.IsInf(p.value, 0) {
		return p, fault.Arg("fd.ADI", "value", p.value, "finite: the grid does not hold the solution, more steps may")
	}
	switch a, b := layers[1], layers[2]; {
	case b.known:
		// The slope at zero of the parabola through three layers.
		p.theta = (layers[0].value*-(a.time+b.time)*(b.time-a.time) + a.value*b.time*b.time - b.value*a.time*a.time) /
			(a.time * b.time * (b.time - a.time))
		p.timed = true
	case a.known:
		p.theta = (a.value - layers[0].value) / a.time
		p.timed = true
	}
	return p, nil
}

// stencil is the cubic through the nodes about a point: the weights of its value and its slope.
type stencil struct {
	first, count  int
	weight, slope [4]float64
}

func lagrange(x []float64, at float64) stencil {
	n := len(x)
	s := stencil{count: min(4, n)}
	i, _ := slices.BinarySearch(x, at)
	s.first = min(max(i-2, 0), n-s.count)
	z := x[s.first : s.first+s.count]
	for a := range z {
		den := 1.0
		for b := range z {
			if b != a {
				den *= z[a] - z[b]
			}
		}
		value, slope := 1.0, 0.0
		for b := range z {
			if b == a {
				continue
			}
			value *= at - z[b]
			part := 1.0
			for k := range z {
				if k != a && k != b {
					part *= at - z[k]
				}
			}
			slope += part
		}
		s.weight[a], s.slope[a] = value/den, slope/den
	}
	return s
}
