package surface

import (
	"errors"
	"fmt"
	"math"
	"sort"

	"github.com/volgaquant/volga/internal/fault"
)

// SVISlice is a raw smile at its expiry.
type SVISlice struct {
	Tau float64 // years, > 0
	SVI
}

// CrossingError says that the total variance of a smile lies below that of the expiry before: calendar arbitrage. It is an
// [ErrArbitrage].
type CrossingError struct {
	Index         int     // the later smile
	Tau           float64 // its expiry
	K             float64 // where, as log-moneyness; ±Inf if a wing falls
	Before, After float64 // total variances there, or slopes of the wings
}

// Error names the smile and the place.
func (e *CrossingError) Error() string {
	return fmt.Sprintf("surface: slice %d (tau %.6g): total variance falls from %.6g to %.6g at k = %.4g", e.Index, e.Tau, e.Before, e.After, e.K)
}

// Unwrap makes errors.Is(err, ErrArbitrage) true.
func (e *CrossingError) Unwrap() error { return ErrArbitrage }

// SVISurface is a surface of raw SVI smiles at rising expiries (the pillars) with total variance linear in time between them
// at fixed log-moneyness. It never changes once made and is safe for concurrent use.
//
// No smile has butterfly arbitrage: each satisfies the exact conditions of [SVI.Butterfly]. No smile crosses the one before
// it at any k, and the wings do not fall, so that with linear interpolation there is no calendar arbitrage at any time.
//
// Before the first pillar the volatility of each log-moneyness is that of the first. A smile scaled down in total variance by
// λ has g = A − λ²B + λC with A, B >= 0, which is concave in λ and so not below the lesser of A and its value at 1: it has no
// butterfly arbitrage either. After the last pillar total variance grows at the last forward variance, the same at all k, or
// not at all should g turn negative on the way.
//
// Between pillars g of the mixture is looked at when the surface is made, on the points of a grid that no feature of the two
// smiles falls between; where it would be negative the surface is refused. It is not known to happen for smiles fitted to a
// market.
type SVISurface struct {
	tau  []float64
	x    []SVI
	rate float64 // growth of w per year after the last pillar
}

var _ Differentiable = (*SVISurface)(nil)

// NewSVISurface returns the surface through the smiles, which must be in rising order of Tau. It checks every condition of
// [SVISurface]: a [ButterflyError] or a [CrossingError] comes with the index of the smile that breaks one.
func NewSVISurface(slices []SVISlice) (*SVISurface, error) {
	const fn = "surface.NewSVISurface"
	if len(slices) == 0 {
		return nil, fault.Arg(fn, "slices", "empty", "at least one slice")
	}
	s := &SVISurface{tau: make([]float64, len(slices)), x: make([]SVI, len(slices))}
	for i, p := range slices {
		s.tau[i], s.x[i] = p.Tau, p.SVI
		if err := fault.Positive(fn, fmt.Sprintf("slices[%d].Tau", i), p.Tau); err != nil {
			return nil, err
		}
		if i > 0 && !(p.Tau > s.tau[i-1]) {
			return nil, fault.Arg(fn, fmt.Sprintf("slices[%d].Tau", i), p.Tau, fmt.Sprintf("above %g, the one before", s.tau[i-1]))
		}
		if err := p.CheckButterfly(); err != nil {
			return nil, fmt.Errorf("surface: slice %d (tau %.6g): %w", i, p.Tau, err)
		}
	}
	s.extrapolate()
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

// check looks for crossings, and for butterflies between the pillars.
func (s *SVISurface) check() error {
	for i := 1; i < len(s.x); i++ {
		if err := s.x[i].above(s.x[i-1]); err != nil {
			err.Index, err.Tau = i, s.tau[i]
			return err
		}
		if k, g := leastMixed(s.x[i-1], s.x[i]); g < 0 {
			return fmt.Errorf("surface: between slices %d and %d (tau %.6g): %w", i-1, i, s.tau[i],
				&ButterflyError{fmt.Sprintf("g of the mixture at k = %.4g must not be negative", k), g, 0})
		}
	}
	return nil
}

// extrapolate sets the growth of variance after the last pillar.
func (s *SVISurface) extrapolate() {
	s.rate = s.lastRate()
	if _, g := s.leastBeyond(); g < 0 {
		s.rate = 0
	}
}

// lastRate is the forward variance at the money over the last quarter of the time to the last pillar at least.
func (s *SVISurface) lastRate() float64 {
	n := len(s.tau) - 1
	level := func(i int) float64 { return s.x[i].TotalVariance(0) }
	rate := level(n) / s.tau[n]
	for i := n - 1; i >= 0; i-- {
		if s.tau[i] <= 0.75*s.tau[n] {
			rate = (level(n) - level(i)) / (s.tau[n] - s.tau[i])
			break
		}
	}
	return math.Max(0, rate)
}

// scan writes log-moneynesses to dst, in rising order, that no feature of the smile falls between: spaced evenly in
// asinh((k−c)/h) about the money and the centre, out to where the wings are straight.
func (s SVI) scan(dst *[scanPoints]float64) {
	var center, money [scanPoints / 2]float64
	unit := math.Max(0.3*math.Sqrt(s.TotalVariance(0)), 1e-3)
	for i, z := range scanGrid {
		center[i], money[i] = s.M+s.Sigma*z, unit*z
	}
	merge(dst[:], center[:], money[:])
}

var scanGrid = func() (z [scanPoints / 2]float64) {
	const out = 9.0
	for i := range z {
		z[i] = math.Sinh(out * (2*float64(i)/float64(len(z)-1) - 1))
	}
	return
}()

// scanBoth writes the points of two smiles to dst, in rising order.
func scanBoth(dst *[2 * scanPoints]float64, x, y SVI) {
	var a, b [scanPoints]float64
	x.scan(&a)
	y.scan(&b)
	merge(dst[:], a[:], b[:])
}

// merge writes two sorted lists to dst, sorted.
func merge(dst, a, b []float64) {
	for i := range dst {
		if len(b) == 0 || len(a) > 0 && a[0] <= b[0] {
			dst[i], a = a[0], a[1:]
		} else {
			dst[i], b = b[0], b[1:]
		}
	}
}

const scanPoints = 128

// above returns nil if s lies nowhere below x. Local minima of the difference are refined.
func (s SVI) above(x SVI) *CrossingError {
	ux, us := x.B*(1+x.Rho), s.B*(1+s.Rho)
	vx, vs := x.B*(1-x.Rho), s.B*(1-s.Rho)
	slack := roundoff * (x.B + s.B) // a wing near zero is a difference
	switch {
	case !(us >= ux-slack):
		return &CrossingError{K: math.Inf(1), Before: ux, After: us}
	case !(vs >= vx-slack):
		return &CrossingError{K: math.Inf(-1), Before: vx, After: vs}
	}
	k, d := s.leastRise(x)
	if w := x.TotalVariance(k); d < -roundoff*w {
		return &CrossingError{K: k, Before: w, After: w + d}
	}
	return nil
}

// leastRise returns where s − x, relative to x, is least, and the difference there.
func (s SVI) leastRise(x SVI) (at, rise float64) {
	var ks [2 * scanPoints]float64
	scanBoth(&ks, x, s)
	rel := func(k float64) float64 {
		w := x.TotalVariance(k)
		return (s.TotalVariance(k) - w) / w
	}
	at, best := extremum(ks[:], rel, 0.05)
	return at, best * x.TotalVariance(at)
}

// extremum returns the least value of f on the points, those minima refined between their neighbours that are below the
// level or the best yet.
func extremum(ks []float64, f func(float64) float64, level float64) (at, best float64) {
	var buffer [2 * scanPoints]float64
	v := buffer[:len(ks)]
	at, best = math.NaN(), math.Inf(1)
	for i, k := range ks {
		v[i] = f(k)
		if v[i] < best || math.IsNaN(v[i]) {
			at, best = k, v[i]
		}
	}
	if math.IsNaN(best) {
		return at, math.Inf(-1)
	}
	for i := 1; i+1 < len(ks); i++ {
		if v[i] > level || v[i] > v[i-1] || v[i] > v[i+1] {
			continue
		}
		a, b := ks[i-1], ks[i+1]
		const ratio = 0.6180339887498949
		for b-a > 1e-7*(math.Abs(a)+1e-3) {
			c, d := b-ratio*(b-a), a+ratio*(b-a)
			if f(c) < f(d) {
				b = d
			} else {
				a = c
			}
		}
		if k := 0.5 * (a + b); f(k) < best {
			at, best = k, f(k)
		}
	}
	return at, best
}

// leastMixed returns the least g of smiles on the way from x to y in total variance.
func leastMixed(x, y SVI) (at, g float64) {
	var ks [2 * scanPoints]float64
	scanBoth(&ks, x, y)
	g = math.Inf(1)
	for _, k := range ks {
		w0, w10, w20 := x.Derivatives(k)
		w1, w11, w21 := y.Derivatives(k)
		for _, s := range [...]float64{0.25, 0.5, 0.75} {
			if v := durrleman(k, w0+s*(w1-w0), w10+s*(w11-w10), w20+s*(w21-w20)); v < g {
				at, g = k, v
			}
		}
	}
	return at, g
}

// leastBeyond returns the least g after the last pillar. With w' and w” held g is a parabola in 1/w, open upwards.
func (s *SVISurface) leastBeyond() (at, g float64) {
	last := s.x[len(s.x)-1]
	var ks [scanPoints]float64
	last.scan(&ks)
	g = math.Inf(1)
	for _, k := range ks {
		w, w1, w2 := last.Derivatives(k)
		h := 1 / w
		if c := k * w1; c < 0 {
			h = math.Min(h, math.Max(0, 2*(c+0.25*w1*w1)/(c*c)))
		}
		if v := durrleman(k, 1/h, w1, w2); v < g {
			at, g = k, v
		}
	}
	return at, g
}

// Slices returns the pillars.
func (s *SVISurface) Slices() []SVISlice {
	out := make([]SVISlice, len(s.x))
	for i, x := range s.x {
		out[i] = SVISlice{s.tau[i], x}
	}
	return out
}

// Pillars returns the expiries of the smiles.
func (s *SVISurface) Pillars() []float64 { return append([]float64(nil), s.tau...) }

// TotalVariance returns w(k, t) for log-moneyness k and expiry t in years: 0 at t = 0, NaN before.
func (s *SVISurface) TotalVariance(k, t float64) float64 {
	n := len(s.tau) - 1
	switch {
	case !(t >= 0):
		return math.NaN()
	case t < s.tau[0]:
		return t / s.tau[0] * s.x[0].TotalVariance(k)
	case t < s.tau[n]:
		i := s.segment(t)
		w := s.x[i].TotalVariance(k)
		return w + (t-s.tau[i])/(s.tau[i+1]-s.tau[i])*(s.x[i+1].TotalVariance(k)-w)
	}
	return s.x[n].TotalVariance(k) + s.rate*(t-s.tau[n])
}

// segment returns i with tau[i] <= t < tau[i+1].
func (s *SVISurface) segment(t float64) int {
	i := sort.SearchFloat64s(s.tau, t)
	if s.tau[i] > t {
		i--
	}
	return i
}

// Vol returns the implied volatility at log-moneyness k and expiry t in years. At t = 0 it is the limit, which is the
// volatility of the first pillar.
func (s *SVISurface) Vol(k, t float64) float64 {
	if t >= 0 && t < s.tau[0] {
		t = s.tau[0]
	}
	return math.Sqrt(s.TotalVariance(k, t) / t)
}

// Derivatives returns w and its derivatives by log-moneyness and by expiry. At a pillar wt is the derivative to the right.
func (s *SVISurface) Derivatives(k, t float64) (w, wk, wkk, wt float64) {
	n := len(s.tau) - 1
	switch {
	case !(t >= 0):
		nan := math.NaN()
		return nan, nan, nan, nan
	case t < s.tau[0]:
		w, wk, wkk = s.x[0].Derivatives(k)
		f := t / s.tau[0]
		return f * w, f * wk, f * wkk, w / s.tau[0]
	case t < s.tau[n]:
		i := s.segment(t)
		h := s.tau[i+1] - s.tau[i]
		f := (t - s.tau[i]) / h
		w0, w10, w20 := s.x[i].Derivatives(k)
		w1, w11, w21 := s.x[i+1].Derivatives(k)
		return w0 + f*(w1-w0), w10 + f*(w11-w10), w20 + f*(w21-w20), (w1 - w0) / h
	}
	w, wk, wkk = s.x[n].Derivatives(k)
	return w + s.rate*(t-s.tau[n]), wk, wkk, s.rate
}

// isArbitrage reports whether err says that a surface admits arbitrage.
func isArbitrage(err error) bool { return errors.Is(err, ErrArbitrage) }
