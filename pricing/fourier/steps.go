package fourier

import (
	"fmt"
	"math"
	"slices"
	"sync"

	fft "gonum.org/v1/gonum/dsp/fourier"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// steps carries a value backwards from date to date as a cosine series: Fang and Oosterlee, "Pricing early-exercise and
// discrete barrier options by Fourier-cosine series expansions", Numerische Mathematik 114 (2009).
//
// The variable is x = ln(S_t/F_t) = X_t, so that increments have no drift and deterministic rates and carry are in the
// forwards alone. The value, discounted to today, is W(x)·e^(θx): with θ = 0 under the measure of the model for what is bounded
// where the asset is dear, as a put, and with θ = 1 under that of the asset for what is bounded in units of it, as a call.
// So W is bounded, X being a martingale's logarithm under both measures, and the chance that X leaves [a, b] on the
// way is by Doob's inequality within Chernoff's bound for its end.
type steps struct {
	name     string
	world    model.Characteristic
	additive model.Additive // nil if there is one step only
	theta    float64        // 0 or 1
	tol      float64        // absolute, of the discounted value

	a, width float64
	n        int

	from, to     float64 // of phi
	u, phi, w    []complex128
	wave, kernel []complex128
	v            []float64
	plan         *fft.CmplxFFT
	plans        map[int]*fft.CmplxFFT

	angle                []float64
	sin, cos, sin2, cos2 []float64 // of n·(x−a)π/(b−a) at both ends of a piece
	forward, discount    []float64 // at the dates
	times                []float64
	cuts                 []float64
	probe, probed        [2]complex128
}

var stepSpaces = sync.Pool{New: func() any { return &steps{plans: map[int]*fft.CmplxFFT{}} }}

// schedule sets the dates, all above zero and rising, and reads forwards and discount factors there.
func (s *steps) schedule(times []float64) error {
	s.times = append(s.times[:0], times...)
	s.forward, s.discount = s.forward[:0], s.discount[:0]
	for _, t := range times {
		f, d := s.world.ForwardAt(t).Value, s.world.DiscountFactor(t)
		if !(f > 0) || math.IsInf(f, 1) {
			return fault.Arg(s.name, fmt.Sprintf("forward at %g years", t), f, "finite and > 0")
		}
		if !(d > 0) || math.IsInf(d, 1) {
			return fault.Arg(s.name, fmt.Sprintf("discount factor at %g years", t), d, "finite and > 0")
		}
		s.forward, s.discount = append(s.forward, f), append(s.discount, d)
	}
	last := 0.0
	for _, t := range times {
		// The law of an increment is one if E[√(its exponential)] is at most 1.
		s.probe[0] = -0.5i
		s.increment(s.probed[:1], s.probe[:1], last, t)
		if half := real(s.probed[0]); !(half <= 1+1e-14) {
			return fault.Arg(s.name, fmt.Sprintf("E[√(S/F)] from %g to %g years", last, t), half, "at most 1: the model's parameters give no law")
		}
		last = t
	}
	return nil
}

func (s *steps) increment(dst, u []complex128, t0, t1 float64) {
	if t0 == 0 || s.additive == nil {
		s.world.CharFuncTo(dst, u, t1)
		return
	}
	s.additive.IncrementTo(dst, u, t0, t1)
}

// truncate chooses the interval, for values of W up to most.
func (s *steps) truncate(most float64) error {
	expiry := s.times[len(s.times)-1]
	need := math.Log(16 * most / s.tol)
	if !(need > 1) {
		need = 1
	}
	spread := math.Sqrt(-8 * s.world.LogMoment(0.5, expiry))
	out := func(sign float64) float64 {
		best := math.Inf(1)
		for q := 1.5 * math.Sqrt(2*need) / spread; q > 0.02; q *= 0.8 {
			if x := (need + math.Max(0, s.world.LogMoment(s.theta+sign*q, expiry))) / q; x < best {
				best = x
			}
		}
		return best
	}
	a, b := -out(-1), out(1)
	if math.IsInf(a, 0) || math.IsInf(b, 0) || math.IsNaN(a) || math.IsNaN(b) {
		return s.refuse(math.Inf(1), "too few moments are finite to truncate the law")
	}
	s.a, s.width = a, b-a
	return nil
}

// fit chooses the interval and the number of terms, for values of W up to most that jump (smooth = 1: whose slope jumps).
func (s *steps) fit(most float64, smooth, maxTerms int) error {
	if err := s.truncate(most); err != nil {
		return err
	}
	budget := 0.25 * s.tol / float64(len(s.times))
	size := 0 // the number of terms as an index of size
	last, seen := 0.0, math.NaN()
	stationary := s.additive != nil && s.additive.Stationary()
	for _, t := range s.times {
		if stationary && s.alike(t-last, seen) {
			last = t
			continue
		}
		for {
			n := termCount(size)
			rest := s.rest(n, last, t, most, smooth)
			if math.IsNaN(rest) {
				return s.refuse(math.Inf(1), "the characteristic function is not a number")
			}
			if rest <= budget {
				break
			}
			if n >= maxTerms {
				return s.refuse(rest*float64(len(s.times))+0.75*s.tol, "the characteristic function of a step decays too slowly for the number of terms")
			}
			size++
		}
		last, seen = t, t-last
	}
	s.resize(termCount(size))
	return nil
}

// rest estimates the rest of the series of one step from n terms on, as [COS] does.
func (s *steps) rest(n int, t0, t1, most float64, smooth int) float64 {
	w := float64(n) * math.Pi / s.width
	s.probe = [2]complex128{complex(w, -s.theta), complex(0.8*w, -s.theta)}
	var late, early float64
	s.increment(s.probed[:], s.probe[:], t0, t1)
	late, early = abs(s.probed[0]), abs(s.probed[1])
	if e, ok := s.world.(model.Enveloped); ok {
		late, early = e.CharEnvelope(s.probe[0], t1-t0), e.CharEnvelope(s.probe[1], t1-t0)
	}
	if late == 0 {
		return 0
	}
	reach := w
	if rate := math.Log(early/late) / (0.2 * w); rate > 0 {
		reach = math.Min(w, math.Max(2/rate, w/8))
	}
	r := 4 / math.Pi * most * late / w * reach
	if smooth == 1 {
		r /= w
	}
	return r
}

func abs(z complex128) float64 { return math.Hypot(real(z), imag(z)) }

// termCount returns 32, 40, 48, 64, 80, 96, ...: three times that many points make a fast transform.
func termCount(i int) int { return [...]int{4, 5, 6}[i%3] << (3 + i/3) }

// alike reports whether two steps are the same but for the rounding of dates up to the last one.
func (s *steps) alike(x, y float64) bool {
	return math.Abs(x-y) <= 1e-12*math.Abs(x)+1e-15*s.times[len(s.times)-1]
}

func (s *steps) refuse(reached float64, reason string) error {
	return &AccuracyError{
		Engine: s.name, Expiry: s.times[len(s.times)-1], Reached: reached / s.scale(), Tol: s.tol / s.scale(), Reason: reason,
	}
}

// scale is the discounted forward, to which the tolerance of an engine refers.
func (s *steps) scale() float64 {
	last := len(s.times) - 1
	return s.discount[last] * s.forward[last]
}

func (s *steps) resize(n int) {
	s.n = n
	s.u, s.phi, s.w = grow(s.u, n), grow(s.phi, n), grow(s.w, n)
	s.wave, s.kernel = grow(s.wave, 3*n), grow(s.kernel, 3*n)
	s.v = grow(s.v, n)
	for _, col := range []*[]float64{&s.angle, &s.sin, &s.cos, &s.sin2, &s.cos2} {
		*col = grow(*col, 2*n)
	}
	if s.plan = s.plans[3*n]; s.plan == nil {
		s.plan = fft.NewCmplxFFT(3 * n)
		s.plans[3*n] = s.plan
	}
	for k := range s.u {
		s.u[k] = complex(float64(k)*math.Pi/s.width, -s.theta)
	}
	clear(s.v)
	s.from, s.to = 0, 0
}

func grow[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}

// load makes the characteristic function that of the step from t0 to t1.
func (s *steps) load(t0, t1 float64) {
	if s.to > 0 && (t0 == s.from && t1 == s.to || s.additive != nil && s.additive.Stationary() && s.alike(t1-t0, s.to-s.from)) {
		return
	}
	s.increment(s.phi, s.u, t0, t1)
	s.from, s.to = t0, t1
}

// expect makes w the series of the expectation of the value at t1, seen from t0: Re Σ w_k·e^(ikπ(x−a)/(b−a)).
func (s *steps) expect(t0, t1 float64) {
	s.load(t0, t1)
	for k, v := range s.v {
		s.w[k] = complex(v, 0) * s.phi[k]
	}
	s.w[0] *= 0.5
}

// transform makes wave the values of the series, complex, at x = a + 2(b−a)i/3n for i from 0 to 3n/2.
func (s *steps) transform() {
	copy(s.wave, s.w)
	clear(s.wave[s.n:])
	s.plan.Sequence(s.wave, s.wave)
}

// at returns the expectation and its two derivatives by x.
func (s *steps) at(x float64) (f, f1, f2 float64) {
	theta := math.Pi * (x - s.a) / s.width
	for k := range s.n {
		s.angle[k] = float64(k) * theta
	}
	vec.Sincos(s.sin[:s.n], s.cos[:s.n], s.angle[:s.n])
	step := math.Pi / s.width
	for k, w := range s.w {
		u := float64(k) * step
		c := real(w)*s.cos[k] - imag(w)*s.sin[k]
		f += c
		f1 -= u * (real(w)*s.sin[k] + imag(w)*s.cos[k])
		f2 -= u * u * c
	}
	return f, f1, f2
}

// ends puts n·(x−a)π/(b−a) of both ends, as sine and cosine, in the columns.
func (s *steps) ends(x1, x2 float64, n int) (theta1, theta2 float64) {
	theta1, theta2 = math.Pi*(x1-s.a)/s.width, math.Pi*(x2-s.a)/s.width
	for k := range n {
		s.angle[k] = float64(k) * theta1
	}
	vec.Sincos(s.sin[:n], s.cos[:n], s.angle[:n])
	for k := range n {
		s.angle[k] = float64(k) * theta2
	}
	vec.Sincos(s.sin2[:n], s.cos2[:n], s.angle[:n])
	return theta1, theta2
}

// add adds the cosine coefficients of p·e^(σx) on [x1, x2], σ in {−1, 0, 1}, to the value.
func (s *steps) add(x1, x2, p, sigma float64) {
	x1, x2 = math.Max(x1, s.a), math.Min(x2, s.a+s.width)
	if !(x1 < x2) || p == 0 {
		return
	}
	s.ends(x1, x2, s.n)
	e1, e2 := math.Exp(sigma*x1), math.Exp(sigma*x2)
	scale := 2 * p / s.width
	step := math.Pi / s.width
	for k := range s.n {
		u := float64(k) * step
		switch {
		case sigma != 0:
			s.v[k] += scale / (1 + u*u) * (e2*(sigma*s.cos2[k]+u*s.sin2[k]) - e1*(sigma*s.cos[k]+u*s.sin[k]))
		case k > 0:
			s.v[k] += scale / u * (s.sin2[k] - s.sin[k])
		default:
			s.v[0] += scale * (x2 - x1)
		}
	}
}

// pay adds A + B·S, paid at the i-th date where the asset is between two prices.
func (s *steps) pay(i int, low, high, intercept, slope float64) {
	f, d := s.forward[i], s.discount[i]
	x1, x2 := math.Log(low/f), math.Log(high/f)
	s.add(x1, x2, d*intercept, -s.theta)
	s.add(x1, x2, d*slope*f, 1-s.theta)
}

// keep makes the value the expectation on the intervals between pairs of cuts, and zero elsewhere. The coefficients are
// Re Σ_j w_j(m_(j+k) + m_(j−k)) with m_n = ∫e^(inθ)dθ/π over the intervals, one correlation by fast transforms. wave must be
// that of the series.
func (s *steps) keep(cuts []float64) {
	n, size := s.n, 3*s.n
	clear(s.kernel)
	for i := 0; i+1 < len(cuts); i += 2 {
		x1, x2 := math.Max(cuts[i], s.a), math.Min(cuts[i+1], s.a+s.width)
		if !(x1 < x2) {
			continue
		}
		t1, t2 := s.ends(x1, x2, 2*n)
		s.kernel[0] += complex((t2-t1)/math.Pi, 0)
		for k := 1; k < 2*n-1; k++ {
			inv := 1 / (math.Pi * float64(k))
			m := complex(inv*(s.sin2[k]-s.sin[k]), -inv*(s.cos2[k]-s.cos[k]))
			s.kernel[k] += m
			if k < n {
				s.kernel[size-k] += complex(real(m), -imag(m))
			}
		}
	}
	s.plan.Coefficients(s.kernel, s.kernel)
	for i, x := range s.wave {
		s.kernel[i] *= x
	}
	s.plan.Sequence(s.kernel, s.kernel)
	inv := 1 / float64(size)
	s.v[0] = 2 * inv * real(s.kernel[0])
	for k := 1; k < n; k++ {
		s.v[k] = inv * (real(s.kernel[k]) + real(s.kernel[size-k]))
	}
}

// today returns the value today and its first two derivatives by the logarithm of the spot.
func (s *steps) today() (v, v1, v2 float64) {
	s.expect(0, s.times[0])
	f, f1, f2 := s.at(0)
	if s.theta == 0 {
		return f, f1, f2
	}
	return f, f + f1, f + 2*f1 + f2
}

// stepWorld returns the model as one of independent increments, or why it is none.
func stepWorld(e pricing.Engine, in pricing.Instrument, w model.Characteristic, expiry float64) (model.Additive, error) {
	add, ok := w.(model.Additive)
	if !ok {
		return nil, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: w,
			Reason: "the increments of the model are not independent, so that the price of the asset alone is no state"}
	}
	return add, noCash(e, in, w, expiry)
}

// noCash refuses cash dividends, for with them the price of the asset is not its forward times one martingale.
func noCash(e pricing.Engine, in pricing.Instrument, w model.Characteristic, expiry float64) error {
	if m, ok := w.(interface{ DiscreteDividends() []model.Dividend }); ok {
		if slices.ContainsFunc(m.DiscreteDividends(), func(d model.Dividend) bool { return d.Cash > 0 && d.Time <= expiry }) {
			return &pricing.UnsupportedError{Engine: e, Instrument: in, Model: w, Reason: "the asset pays cash dividends before the option expires"}
		}
	}
	return nil
}
