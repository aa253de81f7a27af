package fourier

import (
	"context"
	"math"
	"sync"

	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Lewis prices European options by the integral of Lewis, "A simple option formula for general
// jump-diffusion and other exponential Lévy processes" (2001), eq. (3.11): with k = ln(K/F) the covered call is
//
//	E[min(S,K)] = √(FK)/π · ∫ Re[e^(−iuk)·φ(u−i/2)]/(u²+1/4) du,  u from 0 to ∞.
//
// It asks for a [model.Characteristic]. The zero value is ready. It is the reference for the other engines and, where φ
// decays fast, with a like Tol also the fastest of them.
//
// The line of integration is u = (sinh(y+iω) − i·sin ω)/2, on which the trapezoidal rule in y converges exponentially
// (Boyarchenko and Levendorskii, "Sinh-acceleration: efficient evaluation of probability distributions, option pricing,
// and Monte Carlo simulations", International Journal of Theoretical and Applied Finance 22 (2019)). For a
// [model.Conic] it is bent, ω ≠ 0, so that e^(−iuk) decays however slowly φ does: that is what prices short-dated
// variance gamma. Else the strikes of an expiry share the values of φ. The step is halved, for each strike, until the
// value settles; see Tol.
//
// It fills the value and the Greeks that [COS] fills; a Greek that has not settled is
// left out of the mask. It allocates nothing after the first call.
type Lewis struct {
	// Tol is the absolute error of the undiscounted value over the forward; 0 means 1e-12, below 1e-14 is an error. The
	// value has settled when halving the step changed it by d with max(d², 10·d^1.5) <= Tol, or by d <= Tol: the error of an
	// exponentially convergent rule is squared with each halving, and the exponent of 3/2 is for safety. A d below the square of
	// the change before counts as that square, for it is a coincidence. Under a
	// [model.Enveloped] the step must also resolve the ripples of the characteristic function.
	Tol       float64
	ValueOnly bool // leaves out the Greeks
}

var (
	_ pricing.Engine      = Lewis{}
	_ pricing.StripEngine = Lewis{}
)

func (e Lewis) settings() settings[Lewis] {
	s := settings[Lewis]{name: "fourier.Lewis", engine: e, tol: e.Tol}
	if s.tol == 0 {
		s.tol = 1e-12
	}
	return s
}

// Price values a [pricing.Vanilla]. An expiry of zero gives the payoff.
func (e Lewis) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	ws := lewisSpaces.Get().(*lewisSpace)
	defer lewisSpaces.Put(ws)
	ws.valueOnly = e.ValueOnly
	return e.settings().single(ctx, in, m, &ws.market, ws.one[:], ws.result[:], ws.price)
}

// PriceStrip values many options under one model. dst must be as long as in.
func (e Lewis) PriceStrip(ctx context.Context, dst []pricing.Result, in []pricing.Instrument, m pricing.Model) error {
	ws := lewisSpaces.Get().(*lewisSpace)
	defer lewisSpaces.Put(ws)
	ws.valueOnly = e.ValueOnly
	if cap(ws.items) < len(in) {
		ws.items = make([]item, 0, len(in))
	}
	return e.settings().strip(ctx, dst, in, m, &ws.market, ws.items[:0], ws.price)
}

const (
	lewisBlock  = 32
	firstStep   = 0.25 // of the trapezoidal rule in y
	lewisLevels = 14   // halvings of the step before the engine gives up
	farthest    = 200  // y at which a function that does not decay is given up
)

// lewisSpace is what the engine needs in memory.
type lewisSpace struct {
	valueOnly bool
	price     pricer
	market    market
	items     []item
	one       [1]item
	result    [1]pricing.Result

	thetaModel model.CharTheta // nil if theta is not asked for, or not known
	hasVega    bool
	dphi, tphi [lewisBlock]complex128

	u, jac, phi    [lewisBlock]complex128
	expRe, expIm   [lewisBlock]float64
	argRe, argIm   [lewisBlock]float64
	k, scale, bend float64
	sinB, cosB     float64

	nodes nodes
}

var lewisSpaces = sync.Pool{New: func() any {
	ws := new(lewisSpace)
	ws.price = ws.each
	return ws
}}

// each prices the options of one expiry.
func (ws *lewisSpace) each(ctx context.Context, mk *market, items []item, out []pricing.Result) error {
	ws.thetaModel, ws.hasVega = nil, false
	if !ws.valueOnly {
		ws.thetaModel, _ = mk.world.(model.CharTheta)
		_, ws.hasVega = mk.world.(model.CharVega)
	}
	defer func() { ws.thetaModel = nil }()
	conic, isConic := mk.world.(model.Conic)
	if !isConic {
		return ws.share(ctx, mk, items, out)
	}
	angle, drift := conic.Cone(mk.expiry)
	for _, it := range items {
		ws.k = it.k
		ws.scale = math.Exp(0.5*it.k) / math.Pi
		ws.bend = math.Copysign(0.5*angle, drift-it.k)
		ws.sinB, ws.cosB = math.Sincos(ws.bend)
		level := func(first, h, end, cut float64) (sums, float64, bool) { return ws.level(mk, first, h, end, cut) }
		p, has, err := ws.integrate(ctx, mk, 0, level)
		if err != nil {
			return err
		}
		p.otm += math.Min(1, it.strike/mk.fwd.Value)
		out[it.index] = mk.result(it, p, has)
	}
	return nil
}

// sums are the integrals of the value, of its first and second derivative by k, and of those by volatility and expiry, without
// factors; even is that of the value over every other node, from the first on.
type sums struct{ f0, f1, f2, fv, ft, even float64 }

// integrate returns a point whose otm is that of the option less min(1, K/F). The step is halved in any case
// until ripple times the distance of the last points in u is at most 1/2.
func (ws *lewisSpace) integrate(ctx context.Context, mk *market, ripple float64, level func(first, h, end, cut float64) (sums, float64, bool)) (point, pricing.Mask, error) {
	h := firstStep
	total, end, ok := level(0, h, farthest, 0.1*mk.tol)
	if !ok {
		return point{}, 0, &AccuracyError{Engine: mk.name, Expiry: mk.expiry, Tol: mk.tol, Reached: math.Inf(1),
			Reason: "the integrand does not decay"}
	}
	resolved := func() bool { return ripple*h*0.5*math.Cosh(end) <= 0.5 }
	// d0, d1, d2 are the changes of the sums by the last halving.
	var d0, d1, d2, dv, dt float64
	// The change by the halving before, whose square this one should be: a smaller one is a coincidence.
	before := ws.scale * math.Abs(h*total.f0-2*h*total.even)
	for range lewisLevels {
		if err := ctx.Err(); err != nil {
			return point{}, 0, err
		}
		more, _, _ := level(0.5*h, h, end, 0)
		h *= 0.5
		next := sums{f0: total.f0 + more.f0, f1: total.f1 + more.f1, f2: total.f2 + more.f2, fv: total.fv + more.fv, ft: total.ft + more.ft}
		s := ws.scale
		change := s * math.Abs(h*next.f0-2*h*total.f0)
		d0 = max(change, before*before)
		before = change
		d1 = s * math.Abs(h*next.f1-2*h*total.f1)
		d2 = s * math.Abs(h*next.f2-2*h*total.f2)
		dv = s * math.Abs(h*next.fv-2*h*total.fv)
		dt = s * math.Abs(h*next.ft-2*h*total.ft)
		total = next
		if resolved() && settled(d0, mk.tol) && (ws.valueOnly || settled(d1, 10*mk.tol) && settled(max(d2, dv, dt), 1000*mk.tol) || d0 <= 1e-3*mk.tol) {
			break
		}
	}
	if !resolved() || !settled(d0, mk.tol) {
		return point{}, 0, &AccuracyError{Engine: mk.name, Expiry: mk.expiry, Tol: mk.tol, Reached: d0,
			Reason: "the integral does not settle as the step is halved"}
	}
	s := ws.scale * h
	f0, f1, f2 := s*total.f0, s*total.f1, s*total.f2
	has := pricing.HasValue
	if !ws.valueOnly && settled(d1, 10*mk.tol) {
		has |= pricing.HasDelta
		if settled(d2, 1000*mk.tol) {
			has |= pricing.HasGamma
		}
		if ws.hasVega && settled(dv, 1000*mk.tol) {
			has |= pricing.HasVega
		}
		if ws.thetaModel != nil && settled(dt, 1000*mk.tol) {
			has |= pricing.HasTheta
		}
	}
	return point{
		otm:   -f0,
		delta: math.Min(math.Max(1-0.5*f0+f1, 0), 1),
		gamma: math.Max(0.25*f0-f2, 0),
		vega:  -s * total.fv,
		theta: s * total.ft,
	}, has, nil
}

// char evaluates the characteristic function, and its derivatives where they are asked for, at the first points of u.
func (ws *lewisSpace) char(mk *market, count int) {
	switch {
	case ws.thetaModel != nil:
		var vega []complex128
		if ws.hasVega {
			vega = ws.dphi[:count]
		}
		ws.thetaModel.CharThetaTo(ws.phi[:count], vega, ws.tphi[:count], ws.u[:count], mk.expiry)
	case ws.hasVega:
		mk.world.(model.CharVega).CharVegaTo(ws.phi[:count], ws.dphi[:count], ws.u[:count], mk.expiry)
	default:
		mk.world.CharFuncTo(ws.phi[:count], ws.u[:count], mk.expiry)
	}
}

func settled(d, tol float64) bool {
	return d <= tol || math.Max(d*d, 10*d*math.Sqrt(d)) <= tol
}

// level adds the integrand at y = first, first+h, ... up to end, or until what is beyond is below cut. ok is false if the
// integrand did not decay or is not a number.
func (ws *lewisSpace) level(mk *market, first, h, end, cut float64) (s sums, last float64, ok bool) {
	grow := math.Exp(h)
	e := math.Exp(first)
	n := 0
	for y := first; y <= end; {
		done := n
		count := min(lewisBlock, int((end-y)/h+1e-9)+1)
		for j := range count {
			if n++; n%64 == 0 { // stop rounding errors from building up
				e = math.Exp(y + float64(j)*h)
			}
			sinh, cosh := 0.5*(e-1/e), 0.5*(e+1/e)
			if n == 1 && first == 0 {
				sinh = 0
			}
			re, im := 0.5*sinh*ws.cosB, 0.5*(cosh-1)*ws.sinB
			if cosh-1 < 1e-3 { // without cancellation
				half := math.Sinh(0.5 * (y + float64(j)*h))
				im = half * half * ws.sinB
			}
			ws.u[j] = complex(re, im-0.5)
			ws.jac[j] = complex(0.5*cosh*ws.cosB, 0.5*sinh*ws.sinB)
			ws.argRe[j], ws.argIm[j] = im*ws.k, -re*ws.k
			e *= grow
		}
		ws.char(mk, count)
		vec.CExp(ws.expRe[:count], ws.expIm[:count], ws.argRe[:count], ws.argIm[:count])
		for j := range count {
			z := ws.u[j]
			u := complex(real(z), imag(z)+0.5)
			ur, ui := real(u), imag(u)
			// jac·φ·e^(−iuk)/(u² + 1/4)
			num := ws.jac[j] * ws.phi[j] * complex(ws.expRe[j], ws.expIm[j])
			dr, di := ur*ur-ui*ui+0.25, 2*ur*ui
			inv := 1 / (dr*dr + di*di)
			g := complex((real(num)*dr+imag(num)*di)*inv, (imag(num)*dr-real(num)*di)*inv)
			var gv, gt complex128
			if !ws.valueOnly && ws.phi[j] != 0 {
				gv, gt = g/ws.phi[j]*ws.dphi[j], g/ws.phi[j]*ws.tphi[j]
			}
			size := math.Abs(real(g)) + math.Abs(imag(g))
			if !(size <= math.MaxFloat64) {
				if size = 0; real(u) == 0 || cut == 0 { // overflow of the denominator far out is no harm
					return s, 0, false
				}
			}
			if y == 0 && j == 0 && first == 0 {
				g, gv, gt = 0.5*g, 0.5*gv, 0.5*gt
			}
			if ws.hasVega {
				s.fv += real(gv)
			}
			if ws.thetaModel != nil {
				s.ft += real(gt)
			}
			s.f0 += real(g)
			if (done+j)%2 == 0 {
				s.even += real(g)
			}
			g1 := complex(ui, -ur) * g // −iu·g
			s.f1 += real(g1)
			s.f2 += ui*real(g1) + ur*imag(g1)
			if cut > 0 && ws.scale*size <= cut && ur > 1 {
				return s, y + float64(j)*h, true
			}
		}
		y += float64(count) * h
	}
	return s, end, cut == 0
}
