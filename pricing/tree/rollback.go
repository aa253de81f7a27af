package tree

import (
	"context"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
)

// reach is how many standard deviations the lattice goes from the means of the logarithm of the price, below the forward under
// the measure of money and above it under that of the asset. What lies beyond has a probability, and as a share of the asset a
// value, below 1e-15.
const reach = 9

// run lays n steps over the time to expiry and rolls back from there, one stretch between dividends after the other.
func (w *work) run(ctx context.Context, e Lattice, n int) (root, error) {
	end := w.expiry
	last := true
	for k := len(w.falls) - 1; k >= -1; k-- {
		start := 0.0
		if k >= 0 {
			start = w.falls[k].time
		}
		if end > start {
			if err := w.stretch(ctx, e, start, end, n, last); err != nil {
				return root{}, err
			}
		}
		last, end = false, start
	}
	low := math.Exp(w.nextLow)
	s0, s1, s2 := low, low*math.Exp(w.nextR), low*math.Exp(2*w.nextR)
	v := w.values
	d01, d12 := (v[1]-v[0])/(s1-s0), (v[2]-v[1])/(s2-s1)
	return root{v[1], (d01*(s2-s1) + d12*(s1-s0)) / (s2 - s0), 2 * (d12 - d01) / (s2 - s0)}, nil
}

// stretch rolls back from end to start. If it is not the last one, the values at its end come from those that the one after it left,
// over the dividends between them. It leaves the values at start in w.values, on prices that w.nextLow and w.nextR describe.
//
// Nodes count from the deepest in the money: the price at node j of layer i is base_i·ratio^j.
func (w *work) stretch(ctx context.Context, e Lattice, start, end float64, n int, last bool) error {
	n = max(1, int(math.Round(float64(n)*(end-start)/w.expiry)))
	if start == 0 {
		n = max(n, 2)
	}
	if e.Scheme == LeisenReimer && n%2 == 0 {
		n++
	}
	dt := (end - start) / float64(n)
	mv := e.Scheme.movesOf(w.vol, dt, n, math.Log(w.world.ForwardAt(end).Value/w.strike))
	branches := 1
	ratio, deep := math.Log(mv.up/mv.down), math.Log(mv.down)
	if e.Scheme == Trinomial {
		branches, ratio = 2, math.Log(mv.up)
	}
	if w.phi > 0 {
		ratio, deep = -ratio, math.Log(mv.up)
	}
	// A probability that vanishes, as where the forward is many deviations of the lattice from the strike, or prices beyond
	// the range of numbers.
	if !(mv.down > 0 && mv.up > mv.down && math.Abs(ratio)*float64(branches*n) < 600) {
		return fault.Arg("tree.Lattice", "Steps", e.Steps, "a number of steps whose moves and prices are numbers; more if the volatility is low, fewer if it is high")
	}
	half := 1
	if start > 0 {
		half = 2 + int(math.Ceil(reach*w.vol*math.Sqrt(start)/math.Abs(ratio)))
	}
	m := 2*half + 1
	centre := math.Log(w.world.ForwardAt(start).Value - w.owed(start)) // after the dividends at start
	low := centre - float64(half)*ratio
	count := m + branches*n
	w.power, w.next = grown(w.power, count), grown(w.next, count)
	for j := range w.power {
		w.power[j] = float64(j) * ratio
	}
	vec.Exp(w.power, w.power)

	clock := newClock(w.world, start, dt, n)
	growth := clock.growth(n)
	base := low + float64(n)*deep
	if mv.grows {
		base += math.Log(growth)
	}
	// The layer at the end.
	price := math.Exp(base)
	if last {
		for j := range w.next {
			w.next[j] = w.payoff(price * w.power[j])
		}
	} else {
		edge := math.Exp(0.5 * ratio)
		_, right := w.before(end, price/edge)
		for j := range w.next {
			s := price * w.power[j]
			left := right
			w.next[j], _ = w.before(end, s)
			if _, right = w.before(end, s*edge); right != left {
				w.next[j] = w.average(end, s, ratio)
			}
		}
	}
	w.values, w.next = w.next, w.values
	v := w.values

	dates := len(w.dates)
	settled := -1 // nodes 0 to settled of the layer last done are exercised
	strike := w.strikeBefore(end)
	if w.american {
		settled = w.exercised(v, price, strike, 0, count-1)
	}
	below, above := 0, count-1 // the nodes known of the layer after this one
	for i := n - 1; i >= 0; i-- {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		t := start + float64(i)*dt
		g, df := clock.step(i)
		growth /= g
		later, strikeLater := price, strike
		strike = w.strike - w.owed(t)
		base = low + float64(i)*deep
		if mv.grows {
			base += math.Log(growth)
		}
		price = math.Exp(base)
		q0, q1, q2, ok := w.weights(mv, e.Scheme, g, df)
		if !ok {
			return fault.Arg("tree.Lattice", "Steps", e.Steps,
				fmt.Sprintf("more steps: a drift of %.3g in one step leaves the moves of volatility %.3g", math.Log(g), w.vol))
		}
		from, to := 0, m+branches*i-1
		if start == 0 { // what cannot be reached from the root does not matter
			at := (centre + math.Log(growth) - base) / ratio
			wide := (reach + 0.5*w.vol*math.Sqrt(t)) * w.vol * math.Sqrt(t) / math.Abs(ratio)
			from, to = max(from, int(at-wide)-1), min(to, int(at+wide)+2)
		}
		// Nodes that this layer asks for and the one after it left out: their payoff is near enough, and never a value of
		// another layer.
		if settled < below {
			for k := from; k < below; k++ {
				v[k] = max(0, w.phi*(later*w.power[k]-strikeLater))
			}
		}
		for k := above + 1; k <= to+branches; k++ {
			v[k] = max(0, w.phi*(later*w.power[k]-strikeLater))
		}
		below, above = from, to
		exercise := w.american
		for dates > 0 && int(math.Round((w.dates[dates-1]-start)/dt)) >= i {
			exercise = exercise || int(math.Round((w.dates[dates-1]-start)/dt)) == i
			dates--
		}
		switch {
		case e.Smooth && last && i == n-1:
			w.smooth(v[from:to+1], price, from, dt, g, df, exercise)
			settled = -1
			if w.american {
				settled = w.exercised(v, price, strike, from, to)
			}
		case !exercise:
			roll(v, from, to, q0, q1, q2)
			settled = -1
		default:
			// A node whose branches all end in exercise is exercised itself if that beats waiting one step.
			// Such nodes are passed over and their values left stale, but for the one next to what is computed.
			known := min(settled-branches, to)
			a, b := w.phi*price, w.phi*strike
			k := from
			if w.american && known >= from {
				s := price * w.power[known]
				saved := strike - df*strikeLater // by paying the strike later
				if w.phi*(s*(1-df*g)-saved) >= 0 && !(w.phi < 0 && saved < 0) && !(w.phi > 0 && df*g > 1) {
					for k = known; k >= from && (i == 0 || k > known-branches); k-- {
						v[k] = a*w.power[k] - b
					}
					k = known + 1
				} else {
					for j := from; j <= settled; j++ {
						v[j] = w.phi * (later*w.power[j] - strikeLater)
					}
				}
			}
			for ; k <= to; k++ { // the rest of the exercised nodes
				c := q0*v[k] + q1*v[k+1]
				if branches == 2 {
					c += q2 * v[k+2]
				}
				x := a*w.power[k] - b
				if x < c {
					break
				}
				v[k] = x
			}
			settled = k - 1
			money := to // beyond it exercise pays nothing
			if strike > 0 {
				money = min(to, int(math.Ceil((math.Log(strike)-base)/ratio)))
			} else if w.phi < 0 {
				money = k - 1
			}
			if branches == 1 {
				rollMax(v, w.power, k, money, q0, q1, a, b)
			} else {
				rollMax3(v, w.power, k, money, q0, q1, q2, a, b)
			}
			roll(v, max(k, money+1), to, q0, q1, q2)
		}
	}
	w.values = v[:m]
	w.nextLow, w.nextR = low, ratio
	return nil
}

// weights are the discounted probabilities of the branches, from the deepest in the money.
func (w *work) weights(mv moves, s Scheme, g, df float64) (q0, q1, q2 float64, ok bool) {
	switch {
	case s == Trinomial: // two half steps of a binomial lattice
		u, d, f := math.Sqrt(mv.up), math.Sqrt(mv.down), math.Sqrt(g)
		p := (f - d) / (u - d)
		ok = p >= 0 && p <= 1
		q0, q1, q2 = df*(1-p)*(1-p), df*2*p*(1-p), df*p*p
		if w.phi > 0 {
			q0, q2 = q2, q0
		}
		return q0, q1, q2, ok
	case mv.grows:
		q1 = mv.p
	default:
		q1 = (g - mv.down) / (mv.up - mv.down)
	}
	ok = q1 >= 0 && q1 <= 1
	q0, q1 = df*(1-q1), df*q1
	if w.phi > 0 {
		q0, q1 = q1, q0
	}
	return q0, q1, 0, ok
}

// exercised returns the last node from the first on whose value is the payoff.
func (w *work) exercised(v []float64, price, strike float64, from, to int) int {
	k := from
	for ; k <= to; k++ {
		x := w.phi * (price*w.power[k] - strike)
		if x <= 0 || v[k] > x {
			break
		}
	}
	return k - 1
}

// smooth fills the layer before the last by the Black-Scholes formula over the step that remains.
func (w *work) smooth(v []float64, price float64, from int, dt, g, df float64, exercise bool) {
	o := black.Black76{Right: pricing.Right(w.phi), Strike: w.strike, Vol: w.vol, Tau: dt, Discount: df}
	for j := range v {
		s := price * w.power[from+j]
		o.Forward = s * g
		v[j] = o.Price()
		if exercise {
			v[j] = max(v[j], w.phi*(s-w.strike))
		}
	}
}

// before is the value at the price s just before the dividends at t, from the stretch that begins after them or from the payoff,
// and which of these it is: 2 for exercise before the dividends, 1 for a payoff after those at expiry, else 0.
func (w *work) before(t, s float64) (value float64, which int) {
	after := s
	best := 0.0
	for _, f := range w.falls {
		if f.time == t {
			if w.american {
				best = max(best, w.payoff(after+f.owed))
			}
			if !w.escrowed {
				after = max(after-f.cash, 0)
			}
			after *= f.kept
		}
	}
	var hold float64
	if t == w.expiry {
		if hold = w.payoff(after); hold > 0 {
			which = 1
		}
	} else {
		hold = w.interpolated(after)
	}
	if best > hold {
		return best, 2
	}
	return hold, which
}

// average is the mean of before over the cell of a node, in the logarithm of the price. It is taken where exercise or payoff begins within the cell: the
// value has a kink there, and the lattice would else see only the side on which the node happens to lie (Pooley, Vetzal and
// Forsyth 2003, section 3).
func (w *work) average(t, s, ratio float64) float64 {
	const parts = 32
	sum := 0.0
	for i := range parts {
		v, _ := w.before(t, s*math.Exp(ratio*((float64(i)+0.5)/parts-0.5)))
		sum += v
	}
	return sum / parts
}

// interpolated returns the value at the price s from w.values by the cubic through four nodes, even in the logarithm of the
// price; beyond the nodes by a straight line in the price.
func (w *work) interpolated(s float64) float64 {
	v := w.values
	n := len(v)
	x := math.Inf(1)
	if w.nextR > 0 {
		x = math.Inf(-1)
	}
	if s > 0 {
		x = (math.Log(s) - w.nextLow) / w.nextR
	}
	line := func(i, j int) float64 {
		si, sj := math.Exp(w.nextLow+float64(i)*w.nextR), math.Exp(w.nextLow+float64(j)*w.nextR)
		return max(0, v[i]+(v[j]-v[i])*(s-si)/(sj-si))
	}
	switch {
	case x <= 0:
		return line(0, 1)
	case x >= float64(n-1):
		return line(n-1, n-2)
	}
	i := min(max(int(x)-1, 0), n-4)
	u := x - float64(i)
	a, b, c, d := u, u-1, u-2, u-3
	return max(0, -b*c*d/6*v[i]+a*c*d/2*v[i+1]-a*b*d/2*v[i+2]+a*b*c/6*v[i+3])
}

// roll replaces values by their expectation one step on.
func roll(v []float64, from, to int, q0, q1, q2 float64) {
	if from > to {
		return
	}
	here, next := v[from:to+1], v[from+1:to+2]
	if q2 == 0 {
		left := here[0]
		for k, right := range next {
			here[k] = q0*left + q1*right
			left = right
		}
		return
	}
	far := v[from+2 : to+3]
	for k, x := range far {
		here[k] = q0*here[k] + q1*next[k] + q2*x
	}
}

// rollMax is roll with two branches, and exercise for a·power − b where that is more.
func rollMax(v, power []float64, from, to int, q0, q1, a, b float64) {
	if from > to {
		return
	}
	here, next, pw := v[from:to+1], v[from+1:to+2], power[from:to+1]
	here, pw = here[:len(next)], pw[:len(next)]
	left := here[0]
	for k, right := range next {
		c, x := q0*left+q1*right, a*pw[k]-b
		if x > c {
			c = x
		}
		here[k] = c
		left = right
	}
}

// rollMax3 is the same with three branches.
func rollMax3(v, power []float64, from, to int, q0, q1, q2, a, b float64) {
	for k := from; k <= to; k++ {
		v[k] = max(q0*v[k]+q1*v[k+1]+q2*v[k+2], a*power[k]-b)
	}
}

func grown(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n, n+n/4)
	}
	return s[:n]
}

// clock gives growth and discount of each step; where the rates are constant it asks the model once.
type clock struct {
	world     model.Spot
	start, dt float64
	constant  bool
	g, df     float64
}

func newClock(world model.Spot, start, dt float64, n int) clock {
	c := clock{world: world, start: start, dt: dt}
	if k, ok := world.(model.Rates); ok {
		if rate, yield, ok := k.ConstantRates(); ok {
			c.constant, c.g, c.df = true, math.Exp((rate-yield)*dt), math.Exp(-rate*dt)
		}
	}
	return c
}

// growth returns the growth over the first n steps.
func (c *clock) growth(n int) float64 {
	if c.constant {
		return math.Pow(c.g, float64(n))
	}
	return c.world.Growth(c.start+float64(n)*c.dt) / c.world.Growth(c.start)
}

// step returns growth and discount factor of step i.
func (c *clock) step(i int) (g, df float64) {
	if c.constant {
		return c.g, c.df
	}
	a, b := c.start+float64(i)*c.dt, c.start+float64(i+1)*c.dt
	return c.world.Growth(b) / c.world.Growth(a), c.world.DiscountFactor(b) / c.world.DiscountFactor(a)
}
