package fourier

import (
	"context"
	"math"
	"math/bits"
	"sync"

	fft "gonum.org/v1/gonum/dsp/fourier"

	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// CarrMadan prices all strikes of an expiry by one fast Fourier transform of the damped call: Carr and Madan, "Option
// valuation using the fast Fourier transform", Journal of Computational Finance 2 (1999), eqs. (5) and (6). It asks for a
// [model.Characteristic], and fills the Greeks that [COS] fills, each by a transform of its own. The zero value is ready.
//
// The damping α and the width of the grid of log-strikes are chosen together, as the pair of least width for which the images
// of the trapezoidal rule, e^(−αW) from below and E[S^(1+q)]·e^(−(q−α)W) from above for some q > α, are within Tol. The
// transform is cut where the decay of the characteristic function allows it, as in [COS]. Between the points of the grid, four
// times finer than the cut needs, a polynomial through 16 of them interpolates; its error is taken as the difference to
// one through 12, and an error above Tol is returned as one.
//
// [COS] is faster; this engine is there for comparison and as a check.
type CarrMadan struct {
	Tol       float64 // absolute error of the undiscounted value over the forward; 0 means 1e-8, below 1e-14 is an error
	ValueOnly bool    // leaves out the Greeks, for about a quarter of the cost
}

var (
	_ pricing.Engine      = CarrMadan{}
	_ pricing.StripEngine = CarrMadan{}
)

func (e CarrMadan) settings() settings[CarrMadan] {
	s := settings[CarrMadan]{name: "fourier.CarrMadan", engine: e, tol: e.Tol}
	if s.tol == 0 {
		s.tol = 1e-8
	}
	return s
}

// Price values a [pricing.Vanilla]. An expiry of zero gives the payoff.
func (e CarrMadan) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	ws := fftSpaces.Get().(*fftSpace)
	defer fftSpaces.Put(ws)
	ws.valueOnly = e.ValueOnly
	return e.settings().single(ctx, in, m, &ws.market, ws.one[:], ws.result[:], ws.price)
}

// PriceStrip values many options under one model; those of one expiry share a transform. dst must be as long as in.
func (e CarrMadan) PriceStrip(ctx context.Context, dst []pricing.Result, in []pricing.Instrument, m pricing.Model) error {
	ws := fftSpaces.Get().(*fftSpace)
	defer fftSpaces.Put(ws)
	ws.valueOnly = e.ValueOnly
	if cap(ws.items) < len(in) {
		ws.items = make([]item, 0, len(in))
	}
	return e.settings().strip(ctx, dst, in, m, &ws.market, ws.items[:0], ws.price)
}

const (
	finer     = 8       // points of the grid per term of the transform
	maxPoints = 1 << 20 // of the grid
	degree    = 16      // points of the interpolation
)

// fftSpace is what the engine needs in memory.
type fftSpace struct {
	price  pricer
	market market
	items  []item
	one    [1]item
	result [1]pricing.Result

	u, phi   [block]complex128
	angle    [block]float64
	sin, cos [block]float64
	seq      []complex128
	more     [4][]complex128 // of the first and second derivative by k, of vega and of theta
	dphi     [block]complex128
	tphi     [block]complex128
	plan     *fft.CmplxFFT

	valueOnly bool
}

var fftSpaces = sync.Pool{New: func() any {
	ws := new(fftSpace)
	ws.price = ws.transform
	return ws
}}

// damping returns the α and the width of the grid for strikes from k = low on. ok is false if no choice keeps rounding
// errors within the tolerance.
func (mk *market) damping(low float64) (alpha, width float64, ok bool) {
	need := math.Log(8 / mk.tol)
	width = math.Inf(1)
	for a := 0.05; a < 200; a *= 1.4 {
		moment := mk.world.LogMoment(1+a, mk.expiry)
		if math.IsInf(moment, 1) {
			break
		}
		// Rounding errors are of the size of 1e-16·E[S^(1+α)]·e^(−αk).
		if moment-a*low+math.Log(1e-16) > -need {
			continue
		}
		for _, ratio := range [...]float64{1.1, 1.3, 1.7, 2.5, 4} {
			q := a * ratio
			w := math.Max(need/a, (need-q*low+mk.world.LogMoment(1+q, mk.expiry))/(q-a))
			if w < width {
				alpha, width, ok = a, w, true
			}
		}
	}
	return alpha, width, ok
}

// transform is the method itself.
func (ws *fftSpace) transform(ctx context.Context, mk *market, items []item, out []pricing.Result) error {
	low, high := math.Inf(1), math.Inf(-1)
	need := math.Log(4 / mk.tol)
	spread := math.Sqrt(-8 * mk.world.LogMoment(0.5, mk.expiry))
	near, far := -mk.bound(0, -1, 1, need, spread), mk.bound(1, 1, 0, need, spread)
	live := items[:0]
	for _, it := range items {
		if it.k <= near || it.k >= far {
			out[it.index] = mk.intrinsic(it)
			continue
		}
		low, high = math.Min(low, it.k), math.Max(high, it.k)
		live = append(live, it)
	}
	if len(live) == 0 {
		return nil
	}
	refuse := func(reached float64, reason string) error {
		return &AccuracyError{Engine: mk.name, Expiry: mk.expiry, Tol: mk.tol, Reached: reached, Reason: reason}
	}
	alpha, width, ok := mk.damping(low)
	if !ok {
		return refuse(math.Inf(1), "no damping keeps rounding errors small enough: too few moments are finite")
	}
	width = math.Max(width, 2*(high-low))
	step := 2 * math.Pi / width
	first := low - 0.25*(width-(high-low)) // of the grid; strikes keep away from its ends
	scale := math.Exp(-alpha*low) / math.Pi

	ws.seq = ws.seq[:0]
	for i := range ws.more {
		ws.more[i] = ws.more[i][:0]
	}
	has := pricing.HasValue
	vegaModel, hasVega := mk.world.(model.CharVega)
	thetaModel, hasTheta := mk.world.(model.CharTheta)
	if !ws.valueOnly {
		has |= pricing.HasDelta | pricing.HasGamma
		if hasVega {
			has |= pricing.HasVega
		}
		if hasTheta {
			has |= pricing.HasTheta
		}
	}
	enough := 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		m0 := len(ws.seq)
		for j := range block {
			v := float64(m0+j) * step
			ws.u[j] = complex(v, -1-alpha)
			ws.angle[j] = v * first
		}
		switch {
		case has&pricing.HasTheta != 0:
			var vega []complex128
			if hasVega {
				vega = ws.dphi[:]
			}
			thetaModel.CharThetaTo(ws.phi[:], vega, ws.tphi[:], ws.u[:], mk.expiry)
		case has&pricing.HasVega != 0:
			vegaModel.CharVegaTo(ws.phi[:], ws.dphi[:], ws.u[:], mk.expiry)
		default:
			mk.world.CharFuncTo(ws.phi[:], ws.u[:], mk.expiry)
		}
		vec.Sincos(ws.sin[:], ws.cos[:], ws.angle[:])
		var early, late float64
		for j, f := range ws.phi {
			v := real(ws.u[j])
			y := complex(ws.cos[j], -ws.sin[j]) / (complex(alpha, v) * complex(alpha+1, v))
			if m0+j == 0 {
				y *= 0.5
			}
			x := f * y
			ws.seq = append(ws.seq, x)
			if has&pricing.HasDelta != 0 {
				by := -complex(alpha, v)
				ws.more[0], ws.more[1] = append(ws.more[0], by*x), append(ws.more[1], by*by*x)
			}
			if has&pricing.HasVega != 0 {
				ws.more[2] = append(ws.more[2], ws.dphi[j]*y)
			}
			if has&pricing.HasTheta != 0 {
				ws.more[3] = append(ws.more[3], ws.tphi[j]*y)
			}
			if s := real(f)*real(f) + imag(f)*imag(f); j < block/2 {
				early = max(early, s)
			} else {
				late = max(late, s)
			}
		}
		if m, ok := mk.world.(model.Enveloped); ok {
			early, late = square(m.CharEnvelope(ws.u[0], mk.expiry)), square(m.CharEnvelope(ws.u[block/2], mk.expiry))
		}
		v := real(ws.u[block-1])
		reach := v
		if rate := math.Log(early/late) / (block * step); rate > 0 {
			reach = math.Min(v, math.Max(2/rate, v/8))
		}
		rest := 0.0
		if late > 0 {
			rest = scale * math.Sqrt(late) / (v * v) * reach
		}
		if math.IsNaN(rest) {
			return refuse(math.Inf(1), "the characteristic function is not a number")
		}
		if rest <= 0.25*mk.tol {
			if enough == 0 {
				enough = len(ws.seq)
			}
			if ws.valueOnly || rest*v <= 10*mk.tol && rest*v*v <= 1000*mk.tol {
				break
			}
			if len(ws.seq) >= 2*enough || finer*(len(ws.seq)+block) > maxPoints {
				has &^= pricing.HasGamma | pricing.HasVega | pricing.HasTheta
				if rest*v > 10*mk.tol {
					has &^= pricing.HasDelta
				}
				break
			}
			continue
		}
		if finer*(len(ws.seq)+block) > maxPoints {
			return refuse(rest+0.75*mk.tol, "the characteristic function decays too slowly for the number of points")
		}
	}

	n := 1 << bits.Len(uint(finer*len(ws.seq)-1))
	if ws.plan == nil {
		ws.plan = fft.NewCmplxFFT(n)
	} else if ws.plan.Len() != n {
		ws.plan.Reset(n)
	}
	turn := func(seq []complex128) []complex128 {
		for len(seq) < n {
			seq = append(seq, 0)
		}
		return ws.plan.Coefficients(seq, seq)
	}
	ws.seq = turn(ws.seq)
	for i, bit := range [...]pricing.Mask{pricing.HasDelta, pricing.HasGamma, pricing.HasVega, pricing.HasTheta} {
		if has&bit != 0 {
			ws.more[i] = turn(ws.more[i])
		}
	}
	spacing := width / float64(n)
	for _, it := range live {
		x := (it.k - first) / spacing
		damped, narrow := interpolate(ws.seq, x, degree), interpolate(ws.seq, x, degree-4)
		factor := math.Exp(-alpha*it.k) * step / math.Pi
		if d := factor * math.Abs(damped-narrow); !(d <= mk.tol) {
			return refuse(d, "the grid is too coarse for the interpolation")
		}
		p := point{otm: factor * damped}
		if has&pricing.HasDelta != 0 {
			slope := factor * interpolate(ws.more[0], x, degree)
			p.delta = math.Min(math.Max(p.otm-slope, 0), 1)
			if has&pricing.HasGamma != 0 {
				p.gamma = math.Max(factor*interpolate(ws.more[1], x, degree)-slope, 0)
			}
		}
		if has&pricing.HasVega != 0 {
			p.vega = factor * interpolate(ws.more[2], x, degree)
		}
		if has&pricing.HasTheta != 0 {
			p.theta = -factor * interpolate(ws.more[3], x, degree)
		}
		if it.k < 0 {
			p.otm -= 1 - it.strike/mk.fwd.Value
		}
		out[it.index] = mk.result(it, p, has)
	}
	return nil
}

// interpolate returns the polynomial through points values of the grid around x, in units of its spacing, by the barycentric formula.
func interpolate(seq []complex128, x float64, points int) float64 {
	base := int(math.Floor(x)) - points/2 + 1
	base = min(max(base, 0), len(seq)-points)
	weight, num, den := 1.0, 0.0, 0.0
	for j := range points {
		value := real(seq[base+j])
		d := x - float64(base+j)
		if d == 0 {
			return value
		}
		w := weight / d
		num += w * value
		den += w
		weight *= -float64(points-1-j) / float64(j+1)
	}
	return num / den
}
