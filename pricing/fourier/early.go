package fourier

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

const (
	firstDates = 4       // of the coarsest Bermudan option of an extrapolation
	mostDates  = 512     // of the finest
	stepTerms  = 1 << 15 // of a step
)

// earlyTol is the accuracy of an American option if none is asked for: that of the extrapolation, not of the series.
const earlyTol = 1e-6

// early values an option that may be exercised at dates, or at any time.
func (e COS) early(ctx context.Context, in pricing.EarlyExercise, m pricing.Model) (pricing.Result, error) {
	return exerciser[COS]{e.settings(), e.Tol, e.ValueOnly, func(s *steps, o option) bermudan {
		return func(ctx context.Context, dates []float64, tol float64) (jet, error) {
			return s.bermudan(ctx, o, dates, tol, e.terms(stepTerms))
		}
	}}.price(ctx, in, m)
}

// bermudan values an option with exercise at the dates, all above zero, to tol times the forward.
type bermudan func(ctx context.Context, dates []float64, tol float64) (jet, error)

// exerciser is what the engines that step from date to date have in common for early exercise.
type exerciser[E pricing.Engine] struct {
	settings[E]
	asked     float64 // Tol as it was given
	valueOnly bool
	method    func(*steps, option) bermudan
}

func (e exerciser[E]) price(ctx context.Context, in pricing.EarlyExercise, m pricing.Model) (pricing.Result, error) {
	w, err := e.world(in, m)
	if err == nil {
		err = fault.First(ctx.Err(), in.Validate(), e.check(in.Maturity()))
	}
	if err != nil {
		return pricing.Result{}, err
	}
	right, strike, ok := plain(in)
	if !ok {
		return pricing.Result{}, &pricing.UnsupportedError{Engine: e.engine, Instrument: in, Model: m, Reason: "the payoff is not that of a call or put"}
	}
	if _, barriered := in.(pricing.Barriered); barriered {
		return pricing.Result{}, &pricing.UnsupportedError{Engine: e.engine, Instrument: in, Model: m, Reason: "early exercise beside a barrier"}
	}
	expiry := in.Maturity()
	add, err := stepWorld(e.engine, in, w, expiry)
	if err != nil {
		return pricing.Result{}, err
	}
	spot := w.ForwardAt(0).Value
	if err := fault.Positive(e.name, "forward at 0 years", spot); err != nil {
		return pricing.Result{}, err
	}
	s := stepSpaces.Get().(*steps)
	defer stepSpaces.Put(s)
	s.reset(e.name, w, add, right)
	opt := option{right: right, strike: strike, spot: spot, valueOnly: e.valueOnly}
	dates := in.ExerciseDates()
	now := dates == nil || dates[0] == 0
	if now && dates != nil {
		dates = dates[1:]
	}
	var v jet
	switch {
	case expiry == 0:
		return opt.exercised(), nil
	case dates != nil:
		v, err = e.method(s, opt)(ctx, dates, e.tol)
	default:
		tol := e.asked
		if tol == 0 {
			tol = earlyTol
		}
		v, err = s.american(ctx, opt, expiry, tol, e.method(s, opt))
	}
	if err != nil {
		return pricing.Result{}, err
	}
	if now && v.value <= right.Payoff(spot, strike) {
		return opt.exercised(), nil
	}
	return opt.result(v), nil
}

// reset makes the workspace that of a call or put under a model; add is nil if there is one step only.
func (s *steps) reset(name string, w model.Characteristic, add model.Additive, right pricing.Right) {
	s.name, s.world, s.additive, s.theta = name, w, add, 0
	if right == pricing.Call {
		s.theta = 1
	}
}

// terms returns the number of terms at which a series gives up.
func (e COS) terms(otherwise int) int {
	if e.MaxTerms == 0 {
		return otherwise
	}
	return e.MaxTerms
}

// option is what the methods that step from date to date know of a contract.
type option struct {
	right        pricing.Right
	strike, spot float64
	valueOnly    bool
}

// jet is a value and its first two derivatives by the logarithm of the spot.
type jet struct {
	value, first, second float64
	rough                bool // the derivatives are not to be given
}

// plus returns j + sign·v.
func (j jet) plus(sign float64, v jet) jet {
	return jet{value: j.value + sign*v.value, first: j.first + sign*v.first, second: j.second + sign*v.second}
}

// result turns a jet into a result. Prices are homogeneous in spot and strike.
func (o option) result(v jet) pricing.Result {
	r := pricing.Result{Value: math.Max(v.value, 0), Has: pricing.HasValue}
	if !o.valueOnly && !v.rough {
		r.Delta = v.first / o.spot
		r.Gamma = (v.second - v.first) / (o.spot * o.spot)
		r.Has |= pricing.HasDelta | pricing.HasGamma
		if o.strike > 0 {
			r.DualDelta = (v.value - v.first) / o.strike
			r.DualGamma = (v.second - v.first) / (o.strike * o.strike)
			r.Has |= pricing.HasDualDelta | pricing.HasDualGamma
		}
	}
	return r
}

// exercised is the result of an option that is exercised now.
func (o option) exercised() pricing.Result {
	v := o.right.Payoff(o.spot, o.strike)
	j := jet{value: v}
	if v > 0 {
		j.first, j.second = o.right.Sign()*o.spot, o.right.Sign()*o.spot
	}
	return o.result(j)
}

// bermudan values an option with exercise at the dates, all above zero, to tol times the forward.
func (s *steps) bermudan(ctx context.Context, o option, dates []float64, tol float64, maxTerms int) (jet, error) {
	if err := s.schedule(dates); err != nil {
		return jet{}, err
	}
	s.tol = tol * s.scale()
	if motionless(s.world, dates[len(dates)-1]) {
		return o.still(s), nil
	}
	if err := s.fit(s.most(o.right, o.strike), 1, maxTerms); err != nil {
		return jet{}, err
	}
	if err := s.exercise(ctx, o.right, o.strike); err != nil {
		return jet{}, err
	}
	v, v1, v2 := s.today()
	return jet{value: v, first: v1, second: v2}, nil
}

// still is the value if nothing moves: the best of what exercise pays.
func (o option) still(s *steps) jet {
	best := jet{}
	for i, d := range s.discount {
		if v := d * o.right.Payoff(s.forward[i], o.strike); v > best.value {
			slope := o.right.Sign() * d * s.forward[i]
			best = jet{value: v, first: slope, second: slope}
		}
	}
	return best
}

// motionless reports whether the asset follows its forwards: whether the standard deviation of its logarithm is below 1e-12.
func motionless(w model.Characteristic, expiry float64) bool {
	return w.LogMoment(0.5, expiry) > -1e-25
}

// most returns a bound on W for a call or put.
func (s *steps) most(right pricing.Right, strike float64) float64 {
	most := 0.0
	for i, d := range s.discount {
		if right == pricing.Call {
			most = math.Max(most, d*s.forward[i])
		} else {
			most = math.Max(most, d*strike)
		}
	}
	return most
}

// american extrapolates Bermudan options with 4, 8, 16, ... dates to infinitely many: Richardson's method with four of them, for
// an error in powers 1, 3/2 and 2 of the spacing, which is what the boundary's start like a square root leaves. Where the
// boundary is nearer to the spot than it moves in the first step the error is of no such form; if the value is not far
// above what exercise pays, the dates are therefore T(i/n)^(3/2), closer together at first. The error is taken as the change by
// the last doubling, or an eighth of that by the one before if that is more, and near the boundary ten times that, or half
// of what the option is worth above exercise. A zero says that the option is to be exercised now.
func (s *steps) american(ctx context.Context, o option, expiry, tol float64, value bermudan) (jet, error) {
	powers := [...]float64{1, 1.5, 2}
	var row, prev [len(powers) + 1]jet
	dates := make([]float64, 0, 64)
	reached, before := math.Inf(1), math.Inf(1)
	payoff := o.right.Payoff(o.spot, o.strike)
	even, settle := true, false // settle for dates that are even
	for level, n := 0, firstDates; n <= mostDates; level, n = level+1, 2*n {
		dates = dates[:0]
		for i := range n {
			x := float64(i+1) / float64(n)
			if !even {
				x *= math.Sqrt(x)
			}
			dates = append(dates, expiry*x)
		}
		v, err := value(ctx, dates, math.Max(0.03*tol, leastTol))
		if err != nil {
			if even || !errors.Is(err, ErrAccuracy) {
				return jet{}, err
			}
			even, settle, level, n = true, true, -1, firstDates/2 // the first steps are too short for the law
			continue
		}
		// Far inside the region of exercise holding up to the first date loses all that the strike and the asset earn until then,
		// for exercise then is certain; the boundary is several deviations of a step away.
		if certain := o.right.Sign() * s.discount[0] * (s.forward[0] - o.strike); v.value-certain < 1e-3*(payoff-certain) {
			return jet{}, nil
		}
		row[0] = v
		for k := 0; k < min(level, len(powers)); k++ {
			f := math.Exp2(powers[k])
			mix := func(fine, coarse float64) float64 { return (f*fine - coarse) / (f - 1) }
			row[k+1] = jet{
				value: mix(row[k].value, prev[k].value), first: mix(row[k].first, prev[k].first), second: mix(row[k].second, prev[k].second),
			}
		}
		last, coarse := row[len(powers)], prev[len(powers)]
		gap := math.Abs(last.value - v.value) // of the finest Bermudan option
		switch {
		case even && !settle && level == len(powers) && last.value-payoff < 60*gap:
			even, level, n = false, -1, firstDates/2 // from the start
		case level > len(powers):
			change := math.Abs(last.value - coarse.value)
			reached = math.Max(change, math.Min(before, math.MaxFloat64)/8) / s.scale()
			before = change
			// Derivatives do not converge yet where the boundary is as near as that of the finest Bermudan option moves.
			if last.rough = last.value-payoff < 10*gap; last.rough {
				reached = math.Max(10*reached, 0.5*(last.value-payoff)/s.scale())
			}
			if reached > tol {
				break
			}
			if last.value-payoff <= tol*s.scale() {
				return jet{}, nil
			}
			return last, nil
		}
		prev = row
	}
	return jet{}, &AccuracyError{Engine: s.name, Expiry: expiry, Tol: tol, Reached: reached,
		Reason: fmt.Sprintf("the extrapolation from %d exercise dates does not settle", mostDates)}
}

// exercise carries an option (φ(S−K))⁺ that may be exercised at each of the dates of the schedule back to today.
func (s *steps) exercise(ctx context.Context, right pricing.Right, strike float64) error {
	last := len(s.times) - 1
	sign := right.Sign()
	clear(s.v)
	low, high := 0.0, strike
	if right == pricing.Call {
		low, high = strike, math.Inf(1)
	}
	s.pay(last, low, high, -sign*strike, sign)
	for i := last - 1; i >= 0; i-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.expect(s.times[i], s.times[i+1])
		s.transform()
		s.cuts = s.regions(s.cuts[:0], sign, s.discount[i]*strike, s.discount[i]*s.forward[i])
		s.keep(s.cuts)
		// What is not kept is exercised.
		from := s.a
		for j := 0; j <= len(s.cuts); j += 2 {
			to := s.a + s.width
			if j < len(s.cuts) {
				to = s.cuts[j]
			}
			s.add(from, to, -sign*s.discount[i]*strike, -s.theta)
			s.add(from, to, sign*s.discount[i]*s.forward[i], 1-s.theta)
			if j < len(s.cuts) {
				from = s.cuts[j+1]
			}
		}
	}
	return nil
}

// regions appends the ends of the intervals where to continue is worth at least as much as to exercise for
// sign·(f·e^x − k). It looks on the grid of the transform for changes, of which there is one except where rate or yield are
// negative, and polishes them.
func (s *steps) regions(cuts []float64, sign, k, f float64) []float64 {
	points := 3*s.n/2 + 1
	spacing := 2 * s.width / float64(3*s.n)
	gain := func(x float64) float64 {
		e := math.Exp(x)
		if s.theta == 1 {
			return sign * (f - k/e)
		}
		return sign * (f*e - k)
	}
	slope := func(x float64) float64 {
		if s.theta == 1 {
			return sign * k * math.Exp(-x)
		}
		return sign * f * math.Exp(x)
	}
	// What rounding leaves of the series, below which a difference says nothing.
	noise := 1e-3 * s.tol / float64(len(s.times))
	stop := false
	e, up := math.Exp((1-2*s.theta)*s.a), math.Exp((1-2*s.theta)*spacing)
	for i := range points {
		var g float64
		if s.theta == 1 {
			g = sign * (f - k*e)
		} else {
			g = sign * (f*e - k)
		}
		e *= up
		now := g > 0 && g-real(s.wave[i]) > noise
		if i > 0 && now == stop {
			continue
		}
		x := s.a + float64(i)*spacing
		if i > 0 {
			x = s.root(x-spacing, x, gain, slope, stop)
		}
		switch {
		case i == 0 && !now, i > 0:
			cuts = append(cuts, x)
		}
		stop = now
	}
	if !stop {
		cuts = append(cuts, s.a+s.width)
	}
	return cuts
}

// root returns where gain is the expectation, between low and high, by Newton's method with bisection for safety. leftStops
// says that gain is the higher one at low.
func (s *steps) root(low, high float64, gain, slope func(float64) float64, leftStops bool) float64 {
	x := 0.5 * (low + high)
	for range 60 {
		c, c1, _ := s.at(x)
		d := gain(x) - c
		if d > 0 == leftStops {
			low = x
		} else {
			high = x
		}
		next := x - d/(slope(x)-c1)
		if !(next > low && next < high) {
			next = 0.5 * (low + high)
		}
		// The value is flat in the boundary, so that an error of 1e-8 there is one of 1e-16 in it.
		if math.Abs(next-x) <= 1e-6*s.width/float64(s.n) {
			return next
		}
		x = next
	}
	return x
}

// plain returns the right and the strike of a payoff (φ(S−K))⁺. The payoff has one kink and, checked at prices around it,
// that form.
func plain(in pricing.Terminal) (right pricing.Right, strike float64, ok bool) {
	kinks := in.Kinks()
	if len(kinks) != 1 || !(kinks[0] > 0) {
		return 0, 0, false
	}
	k := kinks[0]
	spot := [...]float64{0.1 * k, 0.7 * k, k, 1.3 * k, 3 * k, 50 * k}
	var got, want [len(spot)]float64
	in.PayoffTo(got[:], spot[:])
	for _, right := range [...]pricing.Right{pricing.Call, pricing.Put} {
		right.PayoffTo(want[:], spot[:], k)
		same := true
		for i, w := range want {
			same = same && math.Abs(got[i]-w) <= 1e-14*k*50
		}
		if same {
			return right, k, true
		}
	}
	return 0, 0, false
}
