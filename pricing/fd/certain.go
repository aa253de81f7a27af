package fd

import "math"

// certain is the value without volatility: along the asset's course, the discounted payoff, rebate, or best exercise.
func (s *solver) certain() float64 {
	const parts = 1000
	best := 0.0
	price, g := s.spot, 1.0
	alive := !s.in // a knock-in pays once it has been brought to life
	last := s.moments[len(s.moments)-1].t
	df := func(t float64) float64 { return s.world.DiscountFactor(t) }
	// hit looks at the barriers; ended with the value of a rebate if the contract is over.
	hit := func(t float64, low, high bool) (value float64, ended bool) {
		if b := s.lower; b != nil && (b.Dates == nil || low) && price <= b.Level {
			if s.in {
				alive = true
			} else {
				return s.rebate(b, t) * df(t), true
			}
		}
		if b := s.upper; b != nil && (b.Dates == nil || high) && price >= b.Level {
			if s.in {
				alive = true
			} else {
				return s.rebate(b, t) * df(t), true
			}
		}
		return 0, false
	}
	take := func(t float64) {
		if alive {
			best = math.Max(best, s.payoff(price)*df(t))
		}
	}
	for k := range s.moments {
		m := &s.moments[k]
		if k > 0 {
			from := s.moments[k-1].t
			for i := 1; i <= parts; i++ {
				t := from + (m.t-from)*float64(i)/parts
				if i == parts {
					t = m.t
				}
				next := s.world.Growth(t)
				price *= next / g
				g = next
				if v, ended := hit(t, false, false); ended {
					return math.Max(v, best)
				}
				if s.early && s.dates == nil && i < parts {
					take(t)
				}
			}
		}
		if s.early && s.dates == nil {
			take(m.t)
		}
		if len(m.dividends) > 0 {
			price = m.after(price, s.world.PriceFloor(m.t))
		}
		if v, ended := hit(m.t, m.watchLow, m.watchHigh); ended {
			return math.Max(v, best)
		}
		if s.early && (s.dates == nil || m.exercise) {
			take(m.t)
		}
	}
	final := s.payoff(price) * df(last)
	if !alive {
		final = 0
		if s.lower != nil {
			final = s.lower.Rebate * df(last)
		} else if s.upper != nil {
			final = s.upper.Rebate * df(last)
		}
	}
	if s.early {
		return math.Max(best, final)
	}
	return final
}
