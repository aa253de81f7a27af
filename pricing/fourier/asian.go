package fourier

import (
	"context"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// average values an option on an average under a model of independent increments, as a European option on the average itself,
// or on the average over the last price under the measure of the asset if the strike floats.
func (e COS) average(ctx context.Context, in pricing.Averaging, m pricing.Model) (pricing.Result, error) {
	set := e.settings()
	w, err := set.world(in, m)
	avg := in.Average()
	if err == nil {
		err = fault.First(ctx.Err(), in.Validate(), validAverage(set.name, avg))
	}
	if err != nil {
		return pricing.Result{}, err
	}
	n := len(avg.Dates)
	expiry := avg.Dates[n-1]
	if err := set.check(expiry); err != nil {
		return pricing.Result{}, err
	}
	add, err := stepWorld(e, in, w, expiry)
	if err != nil {
		return pricing.Result{}, err
	}
	s := stepSpaces.Get().(*steps)
	defer stepSpaces.Put(s)
	s.name, s.world, s.additive = set.name, w, add
	spot := w.ForwardAt(0).Value
	dates := avg.Dates
	fixed := 0.0 // the share of the average that is fixed, over the spot or the last price
	if dates[0] == 0 && !avg.Floating {
		fixed, dates = 1, dates[1:]
	}
	if expiry == 0 {
		if avg.Floating {
			return option{right: avg.Right, spot: spot}.result(jet{}), nil
		}
		return option{right: avg.Right, strike: avg.Strike, spot: spot, valueOnly: e.ValueOnly}.exercised(), nil
	}
	if err := fault.First(fault.Positive(set.name, "forward at 0 years", spot)); err != nil {
		return pricing.Result{}, err
	}
	if dates[0] == 0 {
		if err := s.schedule(dates[1:]); err != nil {
			return pricing.Result{}, err
		}
		s.times, s.forward, s.discount = slices.Insert(s.times, 0, 0), slices.Insert(s.forward, 0, spot), slices.Insert(s.discount, 0, 1)
	} else if err := s.schedule(dates); err != nil {
		return pricing.Result{}, err
	}

	var under model.Characteristic
	right, strike := avg.Right, avg.Strike
	if avg.Floating {
		strike = 1
		right = pricing.Put
		if avg.Right == pricing.Put {
			right = pricing.Call
		}
	}
	if avg.Geometric {
		under = newGeometric(s, spot, n, avg.Floating)
	} else {
		c := newChain(s, spot, avg.Floating)
		if avg.Floating {
			fixed = 1
			c.scale = 1 / float64(n)
			strike -= c.scale
		} else {
			c.scale = spot / float64(n)
			strike -= fixed * c.scale
		}
		switch {
		case len(c.ratio) == 0: // the average is the last price
			return option{right: avg.Right, spot: spot, valueOnly: e.ValueOnly}.result(jet{}), nil
		case strike <= 0:
			forward := c.scale*c.weight[0] + fixed*c.scale
			v := c.discount * math.Max(avg.Right.Sign()*(forward-avg.Strike), 0)
			j := jet{value: v}
			if v > 0 {
				j.first = c.discount * forward
				j.second = j.first
			}
			return option{right: avg.Right, strike: avg.Strike, spot: spot, valueOnly: e.ValueOnly}.result(j), nil
		}
		if motionless(w, expiry) {
			c.rest, c.mass = append(c.rest[:0], math.Log(c.weight[0]/c.ratio[0])), append(c.mass[:0], 1)
		} else if err := c.prepare(ctx, s, set.tol, e.terms(stepTerms)); err != nil {
			return pricing.Result{}, err
		}
		under = c
	}
	r, err := e.Price(ctx, pricing.Vanilla{Right: right, Strike: strike, Expiry: expiry}, under)
	if err != nil {
		return pricing.Result{}, err
	}
	// Homogeneous in spot and strike, of degree one.
	out := pricing.Result{Value: r.Value, Has: r.Has & pricing.HasValue}
	switch {
	case avg.Floating && !e.ValueOnly:
		out.Delta = r.Value / spot
		out.Has |= pricing.HasDelta | pricing.HasGamma
	case r.Has&pricing.HasDelta != 0 && !e.ValueOnly:
		out.DualDelta = r.DualDelta
		out.Delta = (r.Value - avg.Strike*r.DualDelta) / spot
		out.Has |= pricing.HasDelta | pricing.HasDualDelta
		if r.Has&pricing.HasGamma != 0 {
			out.DualGamma = r.DualGamma
			out.Gamma = r.DualGamma * square(avg.Strike/spot)
			out.Has |= pricing.HasGamma | pricing.HasDualGamma
		}
		if avg.Geometric {
			out.Rho, out.YieldRho = r.Rho, r.YieldRho
			out.Has |= r.Has & (pricing.HasRho | pricing.HasYieldRho)
		}
	}
	return out, nil
}

func validAverage(fn string, a pricing.Average) error {
	if a.Right != pricing.Call && a.Right != pricing.Put {
		return fault.Arg(fn, "Right", a.Right, "Call or Put")
	}
	if len(a.Dates) == 0 {
		return fault.Arg(fn, "Dates", "empty", "at least one date")
	}
	last := -1.0
	for _, t := range a.Dates {
		if !(t >= 0 && t > last) || math.IsInf(t, 1) {
			return fault.Arg(fn, "Dates", t, "finite, >= 0 and strictly rising")
		}
		last = t
	}
	if a.Floating {
		return nil
	}
	return fault.Positive(fn, "Strike", a.Strike)
}

// geometric is the law of a geometric average of an asset's prices, or of that over the last price under the measure of the
// asset: a sum of independent increments times c_i, under the measure e^(sΔX).
type geometric struct {
	additive          model.Additive
	t0, t1, c         []float64
	shift             float64 // s
	mean              float64 // Σκ(a_i): the logarithm of the average's mean over the geometric one of the forwards
	forward           model.Forward
	discount          float64
	scaled, increment []complex128
}

// ripplingGeometric is one under a [model.Enveloped].
type ripplingGeometric struct {
	*geometric
	enveloped model.Enveloped
}

func newGeometric(s *steps, spot float64, n int, floating bool) model.Characteristic {
	g := &geometric{additive: s.additive}
	last := len(s.times) - 1
	logForward, rate, yield := 0.0, 0.0, 0.0
	t0 := 0.0
	for i, t := range s.times {
		logForward += math.Log(s.forward[i]/spot) / float64(n)
		f := s.world.ForwardAt(t)
		rate += f.DRate / f.Value / float64(n)
		yield += f.DYield / f.Value / float64(n)
		if t == 0 {
			continue
		}
		a := float64(len(s.times)-i) / float64(n)
		g.mean += g.moment(a, t0, t)
		if floating {
			a--
		}
		if a != 0 {
			g.t0, g.t1, g.c = append(g.t0, t0), append(g.t1, t), append(g.c, a)
		}
		t0 = t
	}
	mean := spot * math.Exp(logForward+g.mean)
	g.discount = s.discount[last]
	g.forward = model.Forward{Value: mean, DSpot: mean / spot, DRate: rate * mean, DYield: yield * mean}
	if floating {
		g.shift = 1
		g.discount *= s.forward[last]
		g.forward = model.Forward{Value: mean / s.forward[last]}
	}
	if e, ok := s.world.(model.Enveloped); ok {
		return ripplingGeometric{g, e}
	}
	return g
}

func (g *geometric) moment(p, t0, t1 float64) float64 {
	k := g.additive.LogMoment(p, t1)
	if t0 > 0 {
		k -= g.additive.LogMoment(p, t0)
	}
	return k
}

func (g *geometric) Validate() error                     { return nil }
func (g *geometric) ForwardAt(float64) model.Forward     { return g.forward }
func (g *geometric) DiscountFactor(float64) float64      { return g.discount }
func (g *geometric) Cumulants(t float64) model.Cumulants { return model.Cumulants{} }
func (g *geometric) LogMoment(p, t float64) float64 {
	sum := -p * g.mean
	for i, c := range g.c {
		sum += g.moment(c*p+g.shift, g.t0[i], g.t1[i])
	}
	return sum
}

func (g *geometric) CharFunc(u complex128, t float64) complex128 {
	one := []complex128{u}
	g.CharFuncTo(one, one, t)
	return one[0]
}

func (g *geometric) CharFuncTo(dst, u []complex128, t float64) {
	g.scaled, g.increment = grow(g.scaled, len(u)), grow(g.increment, len(u))
	mean := make([]complex128, 0, block)
	for _, x := range u {
		re, im := math.Sincos(-g.mean * real(x))
		e := math.Exp(g.mean * imag(x))
		mean = append(mean, complex(e*im, e*re))
	}
	for i, c := range g.c {
		for j, x := range u {
			g.scaled[j] = complex(c, 0)*x - complex(0, g.shift)
		}
		step(g.additive, g.increment, g.scaled, g.t0[i], g.t1[i])
		for j, f := range g.increment {
			mean[j] *= f
		}
	}
	copy(dst, mean)
}

// CharEnvelope returns a bound on |φ| from u on to the right.
func (g ripplingGeometric) CharEnvelope(u complex128, t float64) float64 {
	bound := math.Exp(g.mean * imag(u))
	for i, c := range g.c {
		bound *= g.enveloped.CharEnvelope(complex(math.Abs(c)*real(u), c*imag(u)-g.shift), g.t1[i]-g.t0[i])
	}
	return bound
}

// Ripple is that of the asset, which is at least as much.
func (g ripplingGeometric) Ripple(t float64) float64 { return g.enveloped.Ripple(t) }

func step(add model.Additive, dst, u []complex128, t0, t1 float64) {
	if t0 == 0 {
		add.CharFuncTo(dst, u, t1)
	} else {
		add.IncrementTo(dst, u, t0, t1)
	}
}

// chain is the law of B = Σ_i e^(Z_1+…+Z_i) with independent Z: what an arithmetic average is of, forwards in time, or
// backwards from the last price under the measure of the asset. With Y_i = Z_i + ln(1+e^(Y_(i+1))) it is e^(Y_1), and the
// characteristic function of Y_i follows from the density of Y_(i+1): Zhang and Oosterlee, "Efficient pricing of European-style
// Asian options under exponential Lévy processes based on Fourier cosine expansions", SIAM Journal on Financial
// Mathematics 4 (2013), section 3. Each Y has an interval of its own, and the integral of the density against (1+e^y)^(iu) is
// taken by the trapezoidal rule, for it vanishes at both ends.
type chain struct {
	additive model.Additive
	dual     bool
	t0, t1   []float64
	ratio    []float64 // of forwards, in the order of the Z
	weight   []float64 // Σ of products of ratios from each Z on: E[e^(Y_i)]
	scale    float64   // of B in the average
	discount float64

	rest, mass       []float64 // ln(1+e^y) and the density times the spacing at the nodes of Y_2
	re, im, zre, zim []float64
	shifted          []complex128
}

func newChain(s *steps, spot float64, floating bool) *chain {
	c := &chain{additive: s.additive, dual: floating}
	last := len(s.times) - 1
	c.discount = s.discount[last]
	if floating {
		c.discount *= s.forward[last]
		for i := last; i > 0; i-- {
			c.t0, c.t1 = append(c.t0, s.times[i-1]), append(c.t1, s.times[i])
			c.ratio = append(c.ratio, s.forward[i-1]/s.forward[i])
		}
	} else {
		t, f := 0.0, spot
		for i := range s.times {
			c.t0, c.t1 = append(c.t0, t), append(c.t1, s.times[i])
			c.ratio = append(c.ratio, s.forward[i]/f)
			t, f = s.times[i], s.forward[i]
		}
	}
	c.weight = make([]float64, len(c.ratio))
	sum := 0.0
	for i := len(c.ratio) - 1; i >= 0; i-- {
		sum = c.ratio[i] * (1 + sum)
		c.weight[i] = sum
	}
	return c
}

// step writes the characteristic function of Z_i less ln(ratio) to dst.
func (c *chain) step(dst, u []complex128, i int) {
	if !c.dual {
		step(c.additive, dst, u, c.t0[i], c.t1[i])
		return
	}
	c.shifted = grow(c.shifted, len(u))
	for j, x := range u {
		c.shifted[j] = -x - 1i
	}
	step(c.additive, dst, c.shifted, c.t0[i], c.t1[i])
}

// moment bounds ln E[(e^(Y_i)/E[e^(Y_i)])^p] for p outside (0, 1): by Jensen's inequality for the weights, and because a
// convex power of a martingale rises, it is at most that of the last price.
func (c *chain) moment(p float64, i int) float64 {
	return max(0, c.lastMoment(p, i))
}

// lastMoment is that of the price at the far end of the chain.
func (c *chain) lastMoment(p float64, i int) float64 {
	from, to := c.t0[i], c.t1[len(c.t1)-1]
	if c.dual {
		p, from, to = 1-p, c.t0[len(c.t0)-1], c.t1[i]
	}
	k := c.additive.LogMoment(p, to)
	if from > 0 && !math.IsInf(k, 1) {
		k -= c.additive.LogMoment(p, from)
	}
	return k
}

// prepare finds the density of Y_2, from the last Y backwards.
func (c *chain) prepare(ctx context.Context, s *steps, tol float64, maxTerms int) error {
	count := len(c.ratio)
	need := math.Log(64 * float64(count) / tol)
	small := 0.05 * tol / float64(count)
	s.tol = tol * s.scale()
	maxTerms = min(maxTerms, 1<<12) // the work is of the square of it
	var phi, u []complex128
	var angle, sin, cos []float64
	for i := count - 1; i > 0; i-- {
		spread := math.Max(math.Sqrt(-8*c.lastMoment(0.5, i)), 1e-9)
		out := func(sign float64) float64 {
			best := math.Inf(1)
			for q := 2 * math.Sqrt(2*need) / spread; q > 0.02; q *= 0.8 {
				p := sign * q
				if p > 0 && p < 1 {
					break
				}
				best = math.Min(best, (need+c.moment(p, i))/q)
			}
			return best
		}
		a, b := math.Log(c.weight[i])-out(-1), math.Log(c.weight[i])+out(1)
		if !(b-a < 1e3) {
			return s.refuse(math.Inf(1), "too few moments are finite to truncate the law")
		}
		width := b - a
		// φ of Y_i at multiples of π/(b−a), until it has died out.
		phi = phi[:0]
		for {
			if err := ctx.Err(); err != nil {
				return err
			}
			m0 := len(phi)
			u = u[:0]
			for k := range block {
				u = append(u, complex(float64(m0+k)*math.Pi/width, 0))
			}
			phi = append(phi, u...)
			new := phi[m0:]
			c.step(new, u, i)
			top := 0.0
			for k := range new {
				rotation := c.around(u[k], i == count-1, math.Log(c.ratio[i])-a)
				new[k] *= rotation
				if k >= block/2 {
					top = math.Max(top, math.Abs(real(new[k]))+math.Abs(imag(new[k])))
				}
			}
			if math.IsNaN(top) {
				return s.refuse(math.Inf(1), "the characteristic function is not a number")
			}
			if top <= small {
				break
			}
			if len(phi) >= maxTerms {
				return s.refuse(top*float64(count)*s.scale(), "the characteristic function of a step decays too slowly for the number of terms")
			}
		}
		// The density at the nodes, as many as there are frequencies in it and in what it is integrated against.
		terms := len(phi)
		nodes := 2 * terms
		h := width / float64(nodes)
		c.rest, c.mass = grow(c.rest, nodes), grow(c.mass, nodes)
		angle, sin, cos = grow(angle, terms), grow(sin, terms), grow(cos, terms)
		for j := range nodes {
			y := (float64(j) + 0.5) * h
			for k := range angle {
				angle[k] = float64(k) * math.Pi * y / width
			}
			vec.Sincos(sin, cos, angle)
			sum := 0.5 * real(phi[0])
			for k := 1; k < terms; k++ {
				sum += real(phi[k]) * cos[k]
			}
			c.mass[j] = 2 / width * sum * h
			x := a + y
			c.rest[j] = math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
		}
	}
	return nil
}

// around returns e^(iux)·E[(1+e^Y)^(iu)] for the Y whose density is held, or without that for the last.
func (c *chain) around(u complex128, last bool, x float64) complex128 {
	turn := func(x float64) complex128 {
		sin, cos := math.Sincos(real(u) * x)
		e := math.Exp(-imag(u) * x)
		return complex(e*cos, e*sin)
	}
	if last {
		return turn(x)
	}
	n := len(c.rest)
	c.re, c.im, c.zre, c.zim = grow(c.re, n), grow(c.im, n), grow(c.zre, n), grow(c.zim, n)
	for j, r := range c.rest {
		c.zre[j], c.zim[j] = -imag(u)*r, real(u)*r
	}
	vec.CExp(c.re, c.im, c.zre, c.zim)
	return turn(x) * complex(vec.Dot(c.re, c.mass), vec.Dot(c.im, c.mass))
}

func (c *chain) Validate() error { return nil }
func (c *chain) ForwardAt(float64) model.Forward {
	return model.Forward{Value: c.scale * c.weight[0]}
}
func (c *chain) DiscountFactor(float64) float64    { return c.discount }
func (c *chain) Cumulants(float64) model.Cumulants { return model.Cumulants{} }

func (c *chain) CharFunc(u complex128, t float64) complex128 {
	one := []complex128{u}
	c.CharFuncTo(one, one, t)
	return one[0]
}

// CharFuncTo writes the characteristic function of ln(B/E[B]).
func (c *chain) CharFuncTo(dst, u []complex128, _ float64) {
	arg := slices.Clone(u)
	c.step(dst, arg, 0)
	for k, x := range arg {
		dst[k] *= c.around(x, len(c.ratio) == 1, math.Log(c.ratio[0]/c.weight[0]))
	}
}

// LogMoment returns the logarithm of a moment of B/E[B] between 0 and 1, and a bound on it outside.
func (c *chain) LogMoment(p, t float64) float64 {
	switch {
	case p == 0 || p == 1:
		return 0
	case p > 0 && p < 1:
		return math.Min(math.Log(real(c.CharFunc(complex(0, -p), t))), 0)
	}
	return c.moment(p, 0)
}
