package mc

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// knock is a [pricing.Barriered] as the simulation sees it. A barrier that is looked at at all times is not tested path by
// path: given the prices at both ends of a step and the variance between them, the logarithm of the price is a Brownian
// bridge, and the probability that it stayed inside multiplies the payoff (Andersen and Brotherton-Ratcliffe, "Exact exits",
// 1996; Glasserman, "Monte Carlo Methods in Financial Engineering", 2003, section 6.4). That is exact for geometric Brownian
// motion, for any steps.
type knock struct {
	pay          pricing.Terminal
	lower, upper *side
	in           bool
	maturity     int // among the times
}

// side is one barrier.
type side struct {
	pricing.Barrier
	log     float64
	watched []bool // at each of the times, if looked at at dates; nil for all times
}

// barrierSteps is the number of steps to maturity where the bridge or the moment of a rebate is not exact without.
const barrierSteps = 64

// barrierClaim reads an instrument with barriers. exact says that bridges between any two times are exact.
func barrierClaim(o pricing.Barriered, spot float64, exact bool, maxStep float64) (claim, error) {
	const fn = "mc.Engine"
	list := o.Barriers()
	if len(list) == 0 {
		return terminalClaim(o)
	}
	if len(list) > 2 {
		return claim{}, fault.Arg(fn, "Barriers", len(list), "at most a lower and an upper one")
	}
	maturity := o.Maturity()
	if err := model.CheckTimes(fn, "Maturity", []float64{maturity}); err != nil {
		return claim{}, err
	}
	k := &knock{pay: o, in: list[0].In}
	times := []float64{maturity}
	continuous, early := false, false
	for i := range list {
		b := list[i]
		name := func(field string) string { return fmt.Sprintf("Barriers[%d].%s", i, field) }
		if err := fault.First(fault.Positive(fn, name("Level"), b.Level), fault.NonNegative(fn, name("Rebate"), b.Rebate)); err != nil {
			return claim{}, err
		}
		if b.In != k.in {
			return claim{}, fault.Arg(fn, name("In"), b.In, "both in or both out")
		}
		s := &side{Barrier: b, log: math.Log(b.Level)}
		at := &k.lower
		if b.Up {
			at = &k.upper
		}
		if *at != nil {
			return claim{}, fault.Arg(fn, name("Up"), b.Up, "a lower and an upper barrier")
		}
		*at = s
		if b.Dates == nil {
			continuous = true
			if beyond := b.Level - spot; b.Up == (beyond < 0) && beyond != 0 {
				return claim{}, fault.Arg(fn, name("Level"), b.Level, fmt.Sprintf("not yet breached by the spot, %g", spot))
			}
		} else {
			if err := model.CheckTimes(fn, name("Dates"), b.Dates); err != nil {
				return claim{}, err
			}
			if last := b.Dates[len(b.Dates)-1]; last > maturity {
				return claim{}, fault.Arg(fn, name("Dates"), last, fmt.Sprintf("at most %g, the maturity", maturity))
			}
			times = union(times, b.Dates)
		}
		early = early || !b.In && b.Rebate > 0 && !b.Late && b.Dates == nil
	}
	if k.lower != nil && k.upper != nil {
		if !(k.lower.Level < k.upper.Level) {
			return claim{}, fault.Arg(fn, "Barriers", k.upper.Level, fmt.Sprintf("> %g, the lower one", k.lower.Level))
		}
		if k.in && k.lower.Rebate != k.upper.Rebate {
			return claim{}, fault.Arg(fn, "Barriers[1].Rebate", k.upper.Rebate, "that of the other knock-in")
		}
	}
	if continuous {
		if maxStep == 0 && (!exact || early) {
			maxStep = maturity / barrierSteps
		}
		grid, _ := model.StepGrid(times, nil, maxStep)
		times = union(union([]float64{0}, grid), times)
	}
	for _, s := range []*side{k.lower, k.upper} {
		if s != nil && s.Dates != nil {
			s.watched = make([]bool, len(times))
			for i, t := range times {
				s.watched[i] = contains(s.Dates, t)
			}
		}
	}
	k.maturity = len(times) - 1
	return claim{assets: 1, times: times, variance: continuous, value: k.valueTo}, nil
}

func contains(times []float64, t float64) bool {
	for _, u := range times {
		if u == t {
			return true
		}
	}
	return false
}

// valueTo writes the present values, with the probability that no barrier was reached in the place of the event.
func (k *knock) valueTo(dst []float64, p *pricing.Paths, b *Block) {
	n := len(dst)
	column := func(i int) []float64 { return p.Scratch[i][:n] }
	alive, rebate, last, x, low, high := column(0), column(1), column(2), column(3), column(4), column(5)
	fill(alive, 1)
	clear(rebate)
	for i := range p.Times {
		vec.Log(x, p.At(i, 0))
		var variance []float64
		if b.Variance != nil {
			variance = b.Variance[i]
		}
		// low and high are the probabilities to survive each barrier since the time before.
		switch {
		case i > 0 && variance != nil && k.lower.always() && k.upper.always():
			inside(low, last, x, variance, k.lower.log, k.upper.log)
			k.split(p, i, alive, rebate, low, last, x, variance, column(6), column(7))
		default:
			below, above := k.lower.survive(low, last, x, variance, i, -1), k.upper.survive(high, last, x, variance, i, 1)
			if below || above {
				k.charge(p, i, alive, rebate, low, high, column(6))
			}
		}
		last, x = x, last
	}
	m := k.maturity
	k.pay.PayoffTo(dst, p.At(m, 0))
	if k.in {
		fixed := 0.0
		for _, s := range []*side{k.lower, k.upper} {
			if s != nil {
				fixed = s.Rebate
			}
		}
		for j, v := range alive {
			dst[j] = dst[j]*(1-v) + fixed*v
		}
	} else {
		for j, v := range alive {
			dst[j] *= v
		}
	}
	p.DiscountTo(dst, m)
	for j, v := range rebate {
		dst[j] += v
	}
}

func (s *side) always() bool { return s != nil && s.watched == nil }

// survive writes to dst the probability that the barrier was not reached since the time before, and reports whether it may have
// been.
func (s *side) survive(dst, last, x, variance []float64, i int, sign float64) bool {
	switch {
	case s == nil:
		fill(dst, 1)
		return false
	case s.watched != nil:
		fill(dst, 1)
		if !s.watched[i] {
			return false
		}
		for j, v := range x {
			if sign*(v-s.log) >= -1e-15*math.Abs(s.log) {
				dst[j] = 0
			}
		}
		return true
	case i == 0:
		for j, v := range x {
			dst[j] = 1
			if sign*(v-s.log) >= 0 {
				dst[j] = 0
			}
		}
		return true
	}
	for j, v := range x {
		a, c := max(sign*(s.log-last[j]), 0), max(sign*(s.log-v), 0)
		dst[j] = -2 * a * c / max(variance[j], math.SmallestNonzeroFloat64)
	}
	vec.Expm1(dst, dst)
	for j, v := range dst {
		dst[j] = -v
	}
	return true
}

// charge ends what is alive with the probabilities to survive, and pays rebates of knock-outs: those of the lower barrier first
// where both are reached.
func (k *knock) charge(p *pricing.Paths, i int, alive, rebate, low, high, tmp []float64) {
	if k.in || !(k.pays(k.lower) || k.pays(k.upper)) {
		for j := range alive {
			alive[j] *= low[j] * high[j]
		}
		return
	}
	for j, v := range alive {
		tmp[j] = v * (1 - low[j])
	}
	k.rebate(k.lower, p, i, rebate, tmp)
	for j, v := range alive {
		tmp[j] = v * low[j] * (1 - high[j])
	}
	k.rebate(k.upper, p, i, rebate, tmp)
	for j := range alive {
		alive[j] *= low[j] * high[j]
	}
}

// split is charge for two barriers that are looked at at all times. The probability to be stopped in a step is shared in the
// proportion of the two barriers' own.
func (k *knock) split(p *pricing.Paths, i int, alive, rebate, stay, last, x, variance, tmp, other []float64) {
	if !k.in && (k.pays(k.lower) || k.pays(k.upper)) {
		k.lower.survive(tmp, last, x, variance, i, -1)
		k.upper.survive(other, last, x, variance, i, 1)
		for j, v := range alive {
			down, up := 1-tmp[j], 1-other[j]
			gone := v * (1 - stay[j])
			share := 0.5
			if down+up > 0 {
				share = down / (down + up)
			}
			tmp[j], other[j] = gone*share, gone*(1-share)
		}
		k.rebate(k.lower, p, i, rebate, tmp)
		k.rebate(k.upper, p, i, rebate, other)
	}
	for j := range alive {
		alive[j] *= stay[j]
	}
}

func (k *knock) pays(s *side) bool { return s != nil && s.Rebate > 0 }

// rebate adds the rebate of a barrier with the probabilities in tmp, which it overwrites. A hit between two times is
// discounted by the mean of their discount factors.
func (k *knock) rebate(s *side, p *pricing.Paths, i int, rebate, tmp []float64) {
	if !k.pays(s) {
		return
	}
	for j := range tmp {
		tmp[j] *= s.Rebate
	}
	switch {
	case s.Late:
		p.DiscountTo(tmp, k.maturity)
	case s.watched != nil || i == 0:
		p.DiscountTo(tmp, i)
	default:
		for j := range tmp {
			tmp[j] *= 0.5
		}
		if p.PathDiscount != nil {
			before, now := p.PathDiscount[i-1], p.PathDiscount[i]
			for j := range tmp {
				tmp[j] *= before[j] + now[j]
			}
		} else {
			d := p.Discount[i-1] + p.Discount[i]
			for j := range tmp {
				tmp[j] *= d
			}
		}
	}
	for j, v := range tmp {
		rebate[j] += v
	}
}

// inside writes the probability that a Brownian bridge from x0 to x1 of that variance stays between two levels: Σ_k of
// e^(−2kL(kL+x1−x0)/w) − e^(−2(x0−a+kL)(x1−a+kL)/w), with L = b−a (Borodin and Salminen 2002, 1.1.15.8, divided by the free
// density).
func inside(dst, x0, x1, variance []float64, a, b float64) {
	width := b - a
	for j, w := range variance {
		u, v := x0[j]-a, x1[j]-a
		if !(u > 0 && v > 0 && u < width && v < width) {
			dst[j] = 0
			continue
		}
		w = max(w, math.SmallestNonzeroFloat64)
		sum := -math.Expm1(-2 * u * v / w)
		for k := 1.0; k < 1000; k++ {
			l := k * width
			up := math.Exp(-2*l*(l+v-u)/w) + math.Exp(-2*l*(l-v+u)/w)
			term := up - math.Exp(-2*(u+l)*(v+l)/w) - math.Exp(-2*(u-l)*(v-l)/w)
			sum += term
			if up < 1e-17 && 2*(l-u)*(l-v) > 40*w {
				break
			}
		}
		dst[j] = min(max(sum, 0), 1)
	}
}
