package fourier

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// path values what is not a [pricing.Vanilla].
func (e COS) path(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	switch in := in.(type) {
	case pricing.EarlyExercise:
		return e.early(ctx, in, m)
	case pricing.Averaging:
		return e.average(ctx, in, m)
	case pricing.Terminal:
		return e.terminal(ctx, in, m)
	}
	return pricing.Result{}, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m}
}

// segment is a part of a payoff: intercept + slope·S for low < S < high.
type segment struct{ low, high, intercept, slope float64 }

// segments splits a payoff at its kinks. ok is false unless it is a straight line between them, which is checked at prices
// in between.
func segments(in pricing.Terminal) (parts []segment, ok bool) {
	kinks := in.Kinks()
	edges := append([]float64{0}, kinks...)
	if !slices.IsSorted(edges) {
		return nil, false
	}
	for i, low := range edges {
		high := math.Inf(1)
		if i+1 < len(edges) {
			high = edges[i+1]
		}
		if low == high {
			continue
		}
		var spot, pay [6]float64
		for j := range spot {
			f := [...]float64{0.1, 0.9, 0.25, 0.4, 0.6, 0.75}[j]
			switch {
			case !math.IsInf(high, 1):
				spot[j] = low + f*(high-low)
			case low > 0:
				spot[j] = low * (1 + 4*f)
			default:
				spot[j] = 100 * f
			}
		}
		in.PayoffTo(pay[:], spot[:])
		slope := (pay[1] - pay[0]) / (spot[1] - spot[0])
		part := segment{low, high, pay[0] - slope*spot[0], slope}
		size := math.Abs(pay[0]) + math.Abs(pay[1]) + math.Abs(slope)*spot[1]
		for j, s := range spot {
			if !(math.Abs(part.intercept+slope*s-pay[j]) <= 1e-12*size) {
				return nil, false
			}
		}
		if math.Abs(part.intercept) <= 1e-14*size {
			part.intercept = 0
		}
		if math.Abs(slope)*spot[1] <= 1e-14*size {
			part.slope = 0
		}
		parts = append(parts, part)
	}
	return parts, true
}

// gate is what happens at a date: prices between low and high pass, and the others are paid an amount, discounted to today.
type gate struct {
	time              float64
	low, high         float64
	paidLow, paidHigh float64
}

// terminal values a payoff that is straight between its kinks, with barriers that are looked at on dates, or with none.
//
// A knock-in is the payoff less the knock-out. Rebates are options of their own, for they are bounded under the measure of the
// model, whatever the payoff is.
func (e COS) terminal(ctx context.Context, in pricing.Terminal, m pricing.Model) (pricing.Result, error) {
	set := e.settings()
	w, err := set.world(in, m)
	if err == nil {
		err = fault.First(ctx.Err(), in.Validate(), fault.NonNegative(set.name, "Maturity", in.Maturity()), set.check(in.Maturity()))
	}
	if err != nil {
		return pricing.Result{}, err
	}
	refuse := func(reason string) error {
		return &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m, Reason: reason}
	}
	parts, ok := segments(in)
	if !ok {
		return pricing.Result{}, refuse("the payoff is not made of straight lines")
	}
	k := knock{name: set.name, tol: set.tol, terms: e.terms(stepTerms), expiry: in.Maturity(), parts: parts, spot: w.ForwardAt(0).Value}
	if b, ok := in.(pricing.Barriered); ok {
		k.barriers = b.Barriers()
	}
	if err := fault.Positive(set.name, "forward at 0 years", k.spot); err != nil {
		return pricing.Result{}, err
	}
	if err := k.lay(w, refuse); err != nil {
		return pricing.Result{}, err
	}
	s := stepSpaces.Get().(*steps)
	defer stepSpaces.Put(s)
	s.name, s.world, s.additive = set.name, w, nil
	if len(k.gates) > 0 {
		if s.additive, err = stepWorld(e, in, w, k.expiry); err != nil {
			return pricing.Result{}, err
		}
	}
	v, err := k.value(ctx, s, in)
	if err != nil {
		return pricing.Result{}, err
	}
	return option{spot: k.spot, valueOnly: e.ValueOnly}.result(v), nil
}

// knock is a payoff with barriers on dates.
type knock struct {
	name         string
	tol          float64
	terms        int
	expiry, spot float64
	parts        []segment
	barriers     []pricing.Barrier
	gates        []gate // after today
	in           bool
	hit          bool    // already, today
	rebate       float64 // what was paid then, discounted to today
	late         float64 // paid at expiry if never knocked in
}

// lay reads the barriers into gates.
func (k *knock) lay(w model.Characteristic, refuse func(string) error) error {
	end := w.DiscountFactor(k.expiry)
	for i, b := range k.barriers {
		field := func(name string) string { return fmt.Sprintf("Barriers[%d].%s", i, name) }
		if err := fault.First(fault.Positive(k.name, field("Level"), b.Level), fault.NonNegative(k.name, field("Rebate"), b.Rebate)); err != nil {
			return err
		}
		if b.Dates == nil {
			return refuse("the barrier is looked at at all times, and this method does so on dates")
		}
		if i > 0 && (b.In != k.in || b.In && b.Rebate != k.late) {
			return refuse("barriers in and out, or knock-ins with different rebates")
		}
		k.in = b.In
		if b.In {
			k.late = b.Rebate
		}
		last := -1.0
		for j, t := range b.Dates {
			if !(t >= 0 && t > last && t <= k.expiry) {
				return fault.Arg(k.name, field(fmt.Sprintf("Dates[%d]", j)), t, "rising, from 0 to the maturity")
			}
			last = t
			if t == 0 {
				if b.Up && k.spot >= b.Level || !b.Up && k.spot <= b.Level {
					k.hit = true
					k.rebate = b.Rebate
					if b.Late {
						k.rebate *= end
					}
				}
				continue
			}
			paid := 0.0
			if !b.In {
				paid = b.Rebate * w.DiscountFactor(t)
				if b.Late {
					paid = b.Rebate * end
				}
			}
			at, found := slices.BinarySearchFunc(k.gates, t, func(g gate, t float64) int { return cmp.Compare(g.time, t) })
			if !found {
				k.gates = slices.Insert(k.gates, at, gate{time: t, high: math.Inf(1)})
			}
			g := &k.gates[at]
			if b.Up && b.Level < g.high {
				g.high, g.paidHigh = b.Level, paid
			} else if !b.Up && b.Level > g.low {
				g.low, g.paidLow = b.Level, paid
			}
		}
	}
	return nil
}

// value adds the parts up. Their tolerances add up to that of the option.
func (k *knock) value(ctx context.Context, s *steps, in pricing.Terminal) (jet, error) {
	if k.hit && !k.in {
		return jet{value: k.rebate}, nil
	}
	if k.expiry == 0 {
		spot := []float64{k.spot}
		in.PayoffTo(spot, spot)
		if k.in && !k.hit {
			return jet{value: k.late}, nil
		}
		for _, p := range k.parts {
			if k.spot > p.low && k.spot < p.high {
				return jet{value: spot[0], first: p.slope * k.spot, second: p.slope * k.spot}, nil
			}
		}
		return jet{value: spot[0]}, nil
	}
	if k.in && !k.hit && len(k.gates) == 0 {
		return jet{value: k.late * s.world.DiscountFactor(k.expiry)}, nil
	}
	var total jet
	add := func(sign float64, gates []gate, parts []segment, paid bool) error {
		if len(parts) == 0 && !paid {
			return nil
		}
		v, err := k.split(ctx, s, gates, parts, paid)
		total = total.plus(sign, v)
		return err
	}
	if k.in || len(k.gates) == 0 {
		if err := add(1, nil, k.parts, false); err != nil || len(k.gates) == 0 || k.hit {
			return total, err
		}
		if err := add(-1, k.gates, k.parts, false); err != nil {
			return total, err
		}
		if k.late > 0 {
			return total, add(1, k.gates, []segment{{0, math.Inf(1), k.late, 0}}, false)
		}
		return total, nil
	}
	if err := add(1, k.gates, k.parts, false); err != nil {
		return total, err
	}
	pays := slices.ContainsFunc(k.gates, func(g gate) bool { return g.paidLow > 0 || g.paidHigh > 0 })
	return total, add(1, k.gates, nil, pays)
}

// split values a payoff under the measure where it is bounded, in two parts if it is under neither.
func (k *knock) split(ctx context.Context, s *steps, gates []gate, parts []segment, paid bool) (jet, error) {
	if len(parts) == 0 || parts[len(parts)-1].slope == 0 {
		return k.run(ctx, s, gates, parts, paid, 0)
	}
	if parts[0].intercept == 0 {
		return k.run(ctx, s, gates, parts, paid, 1)
	}
	slope := parts[len(parts)-1].slope
	v, err := k.run(ctx, s, gates, []segment{{0, math.Inf(1), 0, slope}}, paid, 1)
	if err != nil {
		return v, err
	}
	rest := slices.Clone(parts)
	for i := range rest {
		rest[i].slope -= slope
	}
	u, err := k.run(ctx, s, gates, rest, paid, 0)
	return v.plus(1, u), err
}

// run carries the payoff, or with paid the rebates alone, back through the gates.
func (k *knock) run(ctx context.Context, s *steps, gates []gate, parts []segment, paid bool, theta float64) (jet, error) {
	s.theta = theta
	times := make([]float64, 0, len(gates)+1)
	for _, g := range gates {
		times = append(times, g.time)
	}
	if len(gates) == 0 || times[len(times)-1] < k.expiry {
		times = append(times, k.expiry)
	}
	if err := s.schedule(times); err != nil {
		return jet{}, err
	}
	last := len(times) - 1
	s.tol = 0.25 * k.tol * s.scale()
	// The most that W can be, and whether it jumps anywhere.
	most, smooth := 0.0, 1
	if len(gates) > 0 {
		smooth = 0
	}
	for i, p := range parts {
		if theta == 1 {
			most = math.Max(most, s.scale()*math.Abs(p.slope))
			if p.low > 0 {
				most = math.Max(most, s.scale()*math.Abs(p.intercept/p.low+p.slope))
			}
		} else {
			most = math.Max(most, s.discount[last]*math.Abs(p.intercept+p.slope*p.low))
			if p.slope != 0 {
				most = math.Max(most, s.discount[last]*math.Abs(p.intercept+p.slope*p.high))
			}
		}
		if i > 0 {
			before := parts[i-1]
			if jump := (p.intercept - before.intercept) + (p.slope-before.slope)*p.low; math.Abs(jump) > 1e-12*(math.Abs(p.intercept)+math.Abs(before.intercept)) {
				smooth = 0
			}
		}
	}
	if paid {
		for _, g := range gates {
			most = math.Max(most, math.Max(g.paidLow, g.paidHigh))
		}
	}
	if most == 0 {
		return jet{}, nil
	}
	if motionless(s.world, k.expiry) {
		return k.follow(s, gates, parts, paid), nil
	}
	if err := s.fit(most, smooth, k.terms); err != nil {
		return jet{}, err
	}
	rebates := func(i int) {
		if !paid || i >= len(gates) {
			return
		}
		g := gates[i]
		s.add(s.a, math.Log(g.low/s.forward[i]), g.paidLow, 0)
		s.add(math.Log(g.high/s.forward[i]), s.a+s.width, g.paidHigh, 0)
	}
	low, high := 0.0, math.Inf(1)
	if len(gates) > last {
		low, high = gates[last].low, gates[last].high
	}
	for _, p := range parts {
		if from, to := math.Max(p.low, low), math.Min(p.high, high); from < to {
			s.pay(last, from, to, p.intercept, p.slope)
		}
	}
	rebates(last)
	for i := last - 1; i >= 0; i-- {
		if err := ctx.Err(); err != nil {
			return jet{}, err
		}
		s.expect(times[i], times[i+1])
		s.transform()
		s.cuts = append(s.cuts[:0], math.Log(gates[i].low/s.forward[i]), math.Log(gates[i].high/s.forward[i]))
		s.keep(s.cuts)
		rebates(i)
	}
	v, v1, v2 := s.today()
	return jet{value: v, first: v1, second: v2}, nil
}

// follow values the payoff, or the rebates alone, along the forwards.
func (k *knock) follow(s *steps, gates []gate, parts []segment, paid bool) jet {
	for i, g := range gates {
		switch f := s.forward[i]; {
		case f <= g.low && paid:
			return jet{value: g.paidLow}
		case f >= g.high && paid:
			return jet{value: g.paidHigh}
		case f <= g.low || f >= g.high:
			return jet{}
		}
	}
	last := len(s.times) - 1
	f, d := s.forward[last], s.discount[last]
	for _, p := range parts {
		if f >= p.low && f < p.high {
			return jet{value: d * (p.intercept + p.slope*f), first: d * p.slope * f, second: d * p.slope * f}
		}
	}
	return jet{}
}
