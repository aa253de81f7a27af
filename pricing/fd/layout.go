package fd

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

// course calls visit with the time and price of the asset at each moment as it would be without volatility, before and after
// dividends.
func (s *solver) course(visit func(t, price float64)) {
	price, g := s.spot, 1.0
	for i := range s.moments {
		m := &s.moments[i]
		next := s.world.Growth(m.t)
		price *= next / g
		g = next
		visit(m.t, price)
		if len(m.dividends) > 0 {
			price = m.after(price, s.world.PriceFloor(m.t))
			visit(m.t, price)
		}
	}
}

// reach is the price that lies width standard deviations from one, below or above: where ∫ dS/b(S) = ±width·√T.
func (s *solver) reach(from, side, width, floor float64) float64 {
	const parts = 24
	slices := [...]float64{0, 0.02, 0.25, 0.6, 1}
	T := s.expiry
	b := func(p float64) float64 {
		most := 0.0
		for i := range slices[1:] {
			if v := s.coefficient(p, slices[i]*T, slices[i+1]*T); v > most { // NaN is no more
				most = v
			}
		}
		return most
	}
	step := side * width * math.Sqrt(T) / parts
	p := from
	move := func(p, slope float64) float64 {
		if floor >= 0 && p > 0 {
			return p * math.Exp(math.Max(-3, math.Min(3, step*slope/p)))
		}
		return p + step*slope
	}
	for range parts {
		half := 0.5 * (p + move(p, b(p)))
		p = move(p, b(half))
		if p <= floor {
			return floor
		}
		if math.Abs(p) > 1e8*math.Abs(from) && floor >= 0 {
			break
		}
	}
	return p
}

// layout makes the grid: wide enough for what the asset can do, dense at kinks, barriers and spot, with nodes on kinks and
// barriers.
func (s *solver) layout() error {
	const fn = "fd.OneAsset"
	T := s.expiry
	floor := math.Min(s.world.PriceFloor(0), s.world.PriceFloor(T))
	least, most := s.spot, s.spot
	s.course(func(_, p float64) { least, most = math.Min(least, p), math.Max(most, p) })
	given := s.Low != 0 || s.High != 0
	low, high := math.Max(s.Low, floor), s.High
	unsnapped := low // the lowest price that matters, if the grid goes on to the floor
	if given {
		contain := func(what string, p float64) error {
			if low <= p && p <= high {
				return nil
			}
			return fault.Arg(fn, "Low, High", fmt.Sprintf("%g, %g", low, high), fmt.Sprintf("bounds that contain the %s, %g", what, p))
		}
		if err := contain("spot", s.spot); err != nil {
			return err
		}
		for _, k := range s.kinks {
			if err := contain("kink", k); err != nil {
				return err
			}
		}
		for _, b := range [2]*pricing.Barrier{s.lower, s.upper} {
			if b != nil {
				if err := contain("barrier", b.Level); err != nil {
					return err
				}
			}
		}
	} else {
		least = math.Max(least, floor)
		low, high = s.reach(least, -1, s.Width, floor), s.reach(most, 1, s.Width, floor)
		if s.jumps.intensity > 0 {
			spread := math.Min(math.Exp(s.Width*math.Sqrt(s.jumps.intensity*T*s.jumps.square)), 1e6)
			low, high = low/spread, high*spread
		}
		unsnapped = low
		if !math.IsInf(floor, -1) && low-floor < 0.2*(s.spot-floor) {
			low = floor
		}
	}
	// An unseen stretch beyond a knock-out barrier that is always looked at is left out.
	if b := s.lower; b != nil && !s.in && b.Dates == nil && b.Level > low {
		low = b.Level
	}
	if b := s.upper; b != nil && !s.in && b.Dates == nil && b.Level < high {
		high = b.Level
	}
	if !(low < s.spot && s.spot < high) || math.IsInf(high-low, 0) {
		return fault.Arg(fn, "grid", fmt.Sprintf("[%g, %g]", low, high),
			fmt.Sprintf("wider than rounding, and to contain the spot, %g", s.spot))
	}

	s.foci = s.foci[:0]
	inside := func(p float64) bool { return p > low && p < high }
	spread := func(p, dt float64) float64 {
		b := s.coefficient(p, 0, T)
		if !(b > 0) || math.IsInf(b, 1) {
			b = s.coefficient(s.spot, 0, T)
		}
		return math.Max(b*math.Sqrt(dt), 1e-9*(high-low))
	}
	nearest := math.Inf(1)
	sd := spread(s.spot, T)
	if rel := sd / (s.spot - floor); rel > mostSpread {
		return fault.Arg(fn, "standard deviation to maturity over the spot", rel, fmt.Sprintf("at most %d", mostSpread))
	}
	for _, k := range s.kinks {
		if inside(k) {
			s.foci = append(s.foci, Focus{At: k, Width: kinkWidth * spread(k, T), Weight: 1 / float64(len(s.kinks)), Place: OnNode})
			nearest = math.Min(nearest, math.Abs(k-s.spot))
		}
	}
	for _, b := range [2]*pricing.Barrier{s.lower, s.upper} {
		if b == nil {
			continue
		}
		if b.Dates != nil && inside(b.Level) {
			between := T / float64(len(b.Dates))
			s.foci = append(s.foci, Focus{At: b.Level, Width: 2 * spread(b.Level, between), Weight: 1, Place: OnNode})
		} else if inside(b.Level) {
			s.foci = append(s.foci, Focus{At: b.Level, Width: spread(b.Level, T), Weight: 0.5, Place: OnNode})
		} else if b.Level == low || b.Level == high {
			// The payoff may end at the barrier by a jump.
			s.foci = append(s.foci, Focus{At: b.Level, Width: kinkWidth * spread(b.Level, T), Weight: edgeWeight})
		}
	}
	if s.point > 0 { // the law starts at the spot
		s.foci = append(s.foci, Focus{At: s.spot, Width: math.Min(s.point*sd, 0.2*(high-low)), Place: OnNode})
	}
	up, down := s.spot+0.1*sd, s.spot-0.1*sd
	early := s.coefficient(up, 0, 0.01*T) / s.coefficient(down, 0, 0.01*T)
	late := s.coefficient(up, 0.9*T, T) / s.coefficient(down, 0.9*T, T)
	if s.point > 0 {
		nearest = 0
	} else if math.Abs(early-late) > 0.01*late {
		// The coefficient changes its shape as time passes, as the skew of a local volatility does, which grows without bound
		// towards now: near the spot it varies over small distances.
		s.foci = append(s.foci, Focus{At: s.spot, Width: 0.02 * sd, Weight: 0.5})
	} else if nearest > sd {
		s.foci = append(s.foci, Focus{At: s.spot, Width: sd, Weight: 0.5})
	}
	if rel := sd / (s.spot - floor); s.early && s.dates == nil && rel > 0.5 && low == floor {
		// Where a put is exercised in the end. The error that is left comes from the place of the boundary between two nodes.
		s.foci = append(s.foci, Focus{At: floor + 0.3*(s.spot-floor), Width: 0.2 * (s.spot - floor)})
	}
	// Where the asset spreads over more than its price, value curves on the scale of the logarithm down to small prices.
	if rel := sd / (s.spot - floor); rel > wideSpread && low == floor {
		s.foci = append(s.foci, Focus{At: floor, Width: (s.spot - floor) * math.Exp(-0.5*rel*rel-rel), Weight: 0.5})
	}
	evenly := 0.0
	if travel := (most - least) / sd; travel > 0.5 {
		evenly = travel // the drift carries the kinks far
	}
	axis := Axis{Low: low, High: high, Intervals: s.SpaceSteps, Even: evenly, Focus: s.foci, Every: 2}
	if s.Single {
		axis.Every = 1
	}
	s.fine = grown(s.fine, s.SpaceSteps+1)
	err := axis.NodesTo(s.fine)
	if err != nil { // no node for each: kinks then take their means over cells
		for i := range s.foci {
			if i < len(s.kinks) && s.foci[i].At != s.level(s.lower) && s.foci[i].At != s.level(s.upper) {
				s.foci[i].Place = Anywhere
			}
		}
		err = axis.NodesTo(s.fine)
	}
	if err == nil {
		s.stretch(floor)
	}
	if err == nil && s.jumps.intensity > 0 {
		anchor := 0.0
		switch {
		case s.lower != nil:
			anchor = s.lower.Level
		case s.upper != nil:
			anchor = s.upper.Level
		case len(s.kinks) > 0:
			anchor = s.kinks[0]
		}
		s.jumps.lay(s.fine, s.kinks, s.spot, math.Max(unsnapped, 1e-6*s.spot), anchor)
	}
	return err
}

// stretch moves an end of the grid out, where no barrier is and the drift carries values in, until the drift over a step is less
// than half of the last spacing: the straight line that the end takes is then followed stably.
func (s *solver) stretch(floor float64) {
	const parts = 16
	drift, before := 0.0, 1.0
	for i := 1; i <= parts; i++ {
		g := s.world.Growth(s.expiry * float64(i) / parts)
		drift = math.Max(drift, math.Abs(math.Log(g/before)))
		before = g
	}
	// A growing step is at most twice the mean one, the coarse grid doubles it, and its matrix takes half of it.
	part := math.Min(2*2*2*drift*parts/float64(max(s.TimeSteps, 2)), 0.5)
	x := s.fine
	n := len(x) - 1
	if s.upper == nil || s.in || s.upper.Dates != nil || x[n] != s.upper.Level {
		x[n] = math.Max(x[n], x[n-1]+part*math.Abs(x[n]))
	}
	if (s.lower == nil || s.in || s.lower.Dates != nil || x[0] != s.lower.Level) && x[0] > floor {
		x[0] = math.Max(math.Min(x[0], x[1]-part*math.Abs(x[0])), floor)
	}
}

const (
	mostSpread = 15  // relative standard deviation that no grid of some hundred nodes holds
	kinkWidth  = 0.4 // of the grid's dense part about a kink, in standard deviations to maturity
	edgeWeight = 0.3
	wideSpread = 0.7 // relative standard deviation from which small prices get nodes of their own
)

func (s *solver) level(b *pricing.Barrier) float64 {
	if b == nil {
		return math.NaN()
	}
	return b.Level
}
