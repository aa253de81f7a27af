package fourier

import (
	"context"
	"math"
	"sync"

	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// COS prices European options by a cosine series of the density: Fang and Oosterlee, "A novel pricing method for European
// options based on Fourier-cosine series expansions", SIAM Journal on Scientific Computing 31 (2008). It asks for a
// [model.Characteristic]. The zero value is ready.
//
// The user states an error, not a number of terms. The series is that of the density of X = ln(S_T/F) under the measure
// weighted by e^(X/2), and the payoff that of the covered call, min(S,K) = √(SK)·e^(−|X−k|/2) with k = ln(K/F): in that
// form the payoff is bounded and decays on both sides, and its coefficients are plain cosines of the strike. The
// truncation error on [a, b] is at most e^a·P(X<a) + e^(k−b)·E[e^X; X>b] per unit of forward, which Chernoff's bound on the
// model's moments makes smaller than half of Tol, whatever the tails and however short the expiry. Terms are added until
// the decay of the characteristic function puts the rest of the series below a quarter of Tol; that estimate takes |φ|, or
// the envelope of a [model.Enveloped], to fall from where the series ends.
//
// Where φ falls like a small power, as that of short-dated variance gamma does, no number of terms would do. Under a
// [model.Conic] the Fourier integral that the series tends to is then taken on the bent line of [Lewis], once the terms have
// cost more than that would.
//
// It fills the value, delta, gamma, rho, yield rho, dual delta and dual gamma, vega if the model is a [model.CharVega]
// (there the derivative by σ or √v0), and theta if it is a [model.CharTheta] (with the average rates to expiry held). A Greek
// whose series does not converge in at most twice as many terms as the value is left out of the mask: so is gamma where the
// density has a pole. Delta is good to about 10·Tol, F·gamma, vega/F and theta/F to about 1000·Tol.
//
// With what else pays once, or on an average, it steps from date to date (Fang and Oosterlee 2009), under a [model.Additive]: a
// [pricing.EarlyExercise] call or put, a [pricing.Barriered] option looked at on dates, and a [pricing.Averaging] option,
// arithmetic by the recursion of Zhang and Oosterlee (2013). The error of the sum over all dates is held below Tol, and
// delta and gamma come with the value. A [pricing.Terminal] that pays straight lines between its kinks, such as a digital
// option or a spread, is priced under every model of this package.
//
// An American option is extrapolated from Bermudan ones, and Tol is there an estimate from the changes of the extrapolated
// value by the last doublings of the dates; it is 1e-6 unless given. Where the spot is so near to the boundary of exercise
// that they do not settle this is an error, or the Greeks are left out.
//
// A strip of one expiry evaluates the characteristic function once per term, whatever the number of strikes. After the
// first call a strip allocates nothing.
type COS struct {
	Tol       float64 // absolute error of the undiscounted value over the forward; 0 means 1e-8, below 1e-14 is an error
	MaxTerms  int     // the series gives up beyond; 0 means 131072, and 32768 for each step between dates
	ValueOnly bool    // leaves out the Greeks, for about half of the cost
}

var (
	_ pricing.Engine      = COS{}
	_ pricing.StripEngine = COS{}
)

func (e COS) settings() settings[COS] {
	s := settings[COS]{name: "fourier.COS", engine: e, tol: e.Tol}
	if s.tol == 0 {
		s.tol = 1e-8
	}
	return s
}

// Price values a [pricing.Vanilla], or one of the other contracts that [COS] lists. An expiry of zero gives the payoff.
func (e COS) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	if _, ok := in.(pricing.Vanilla); !ok {
		return e.path(ctx, in, m)
	}
	ws := workspaces.Get().(*workspace)
	defer workspaces.Put(ws)
	ws.engine = e
	return e.settings().single(ctx, in, m, &ws.market, ws.one[:], ws.result[:], ws.cos)
}

// PriceStrip values many options under one model; those of one expiry share the series. dst must be as long as in.
func (e COS) PriceStrip(ctx context.Context, dst []pricing.Result, in []pricing.Instrument, m pricing.Model) error {
	ws := workspaces.Get().(*workspace)
	defer workspaces.Put(ws)
	ws.engine = e
	if cap(ws.items) < len(in) {
		ws.items = make([]item, 0, len(in))
	}
	return e.settings().strip(ctx, dst, in, m, &ws.market, ws.items[:0], ws.cos)
}

// Terms are evaluated, and summed, in blocks of at most this many.
const block = 64

// workspace is what a strip needs in memory; a pool keeps them, so that strips allocate nothing.
type workspace struct {
	engine COS
	cos    pricer // the method series, made once: a method value allocates
	market market
	items  []item
	one    [1]item
	result [1]pricing.Result

	u, phi, dphi, tphi [block]complex128
	angle              [block]float64
	sin, rot           [block]float64
	a0, a1, a2, av, at [block]float64 // coefficients of value, first and second derivative, vega, theta

	buf                          []float64
	y, twice, cosStep, sinStep   []float64 // by strike: k−a, and of the angle of the first term 2cos, cos and sin
	cos0, sin0, cosBack, sinBack []float64 // of the first term of a block and the one before it
	sum0, sum1, sum2, sumV, sumT []float64
	live                         []item
}

var workspaces = sync.Pool{New: func() any {
	ws := new(workspace)
	ws.cos = ws.series
	return ws
}}

// size makes the columns by strike n long and clears the sums.
func (ws *workspace) size(n int) {
	const columns = 13
	if cap(ws.buf) < columns*n {
		ws.buf = make([]float64, columns*n)
	}
	rest := ws.buf[:columns*n]
	for _, col := range [columns]*[]float64{
		&ws.y, &ws.twice, &ws.cosStep, &ws.sinStep, &ws.cos0, &ws.sin0, &ws.cosBack, &ws.sinBack,
		&ws.sum0, &ws.sum1, &ws.sum2, &ws.sumV, &ws.sumT,
	} {
		*col, rest = rest[:n:n], rest[n:]
	}
	clear(ws.sum0)
	clear(ws.sum1)
	clear(ws.sum2)
	clear(ws.sumV)
	clear(ws.sumT)
}

// series is the method itself, for the options of one expiry.
func (ws *workspace) series(ctx context.Context, mk *market, items []item, out []pricing.Result) error {
	e := &ws.engine
	maxTerms := e.terms(1 << 17)
	need := math.Log(4 / mk.tol)
	spread := math.Sqrt(-8 * mk.world.LogMoment(0.5, mk.expiry)) // σ√T if X is normal

	// Strikes so far out that even the bounds are below the tolerance need no series.
	a := -mk.bound(0, -1, 1, need, spread)
	far := mk.bound(1, 1, 0, need, spread)
	ws.live = ws.live[:0]
	kMax := math.Inf(-1)
	for _, it := range items {
		if it.k <= a || it.k >= far {
			out[it.index] = mk.intrinsic(it)
			continue
		}
		kMax = math.Max(kMax, it.k)
		ws.live = append(ws.live, it)
	}
	n := len(ws.live)
	if n == 0 {
		return nil
	}
	b := math.Max(mk.bound(1, 1, 1, need+kMax, spread), kMax)
	width := b - a

	ws.size(n)
	for i, it := range ws.live {
		ws.y[i] = it.k - a
	}
	step := math.Pi / width
	vegaModel, hasVega := mk.world.(model.CharVega)
	thetaModel, hasTheta := mk.world.(model.CharTheta)
	_, isConic := mk.world.(model.Conic)
	enveloped, isEnveloped := mk.world.(model.Enveloped)
	has := pricing.HasValue
	if !e.ValueOnly {
		has |= pricing.HasDelta | pricing.HasGamma
		if hasVega {
			has |= pricing.HasVega
		}
		if hasTheta {
			has |= pricing.HasTheta
		}
	}
	wide := n >= 4
	if wide {
		for i, y := range ws.y {
			sin, cos := math.Sincos(step * y)
			ws.twice[i], ws.cosStep[i], ws.sinStep[i] = 2*cos, cos, sin
		}
	}

	// s0 and s1 are the sums of coefficients and of alternating coefficients; v0 and v1 those of vega, t0 and t1 of theta.
	var s0, s1, v0, v1, t0, t1 float64
	scale := 2 / math.Pi * math.Exp(0.5*kMax)
	enough := 0
	size := block
	for m0 := 0; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		for j := range size {
			w := float64(m0+j) * step
			ws.u[j] = complex(w, -0.5)
			ws.angle[j] = w * a
		}
		switch {
		case has&pricing.HasTheta != 0:
			var vega []complex128
			if has&pricing.HasVega != 0 {
				vega = ws.dphi[:size]
			}
			thetaModel.CharThetaTo(ws.phi[:size], vega, ws.tphi[:size], ws.u[:size], mk.expiry)
		case has&pricing.HasVega != 0:
			vegaModel.CharVegaTo(ws.phi[:size], ws.dphi[:size], ws.u[:size], mk.expiry)
		default:
			mk.world.CharFuncTo(ws.phi[:size], ws.u[:size], mk.expiry)
		}
		vec.Sincos(ws.sin[:size], ws.rot[:size], ws.angle[:size])
		var early, late float64 // largest |φ| in the halves of the block
		sign := 1.0
		for j, f := range ws.phi[:size] {
			w := real(ws.u[j])
			g := 2 / (width * (0.25 + w*w))
			if m0+j == 0 {
				g *= 0.5
			}
			x := g * (real(f)*ws.rot[j] + imag(f)*ws.sin[j]) // Re[φ·e^(−iωa)]
			ws.a0[j], ws.a1[j], ws.a2[j] = x, -x*w, -x*w*w
			s0 += x
			s1 += sign * x
			if s := real(f)*real(f) + imag(f)*imag(f); j < size/2 {
				early = max(early, s)
			} else {
				late = max(late, s)
			}
			if has&pricing.HasVega != 0 {
				d := ws.dphi[j]
				v := g * (real(d)*ws.rot[j] + imag(d)*ws.sin[j])
				ws.av[j] = v
				v0 += v
				v1 += sign * v
			}
			if has&pricing.HasTheta != 0 {
				d := ws.tphi[j]
				v := g * (real(d)*ws.rot[j] + imag(d)*ws.sin[j])
				ws.at[j] = v
				t0 += v
				t1 += sign * v
			}
			sign = -sign
		}
		if isEnveloped {
			early, late = square(enveloped.CharEnvelope(ws.u[0], mk.expiry)), square(enveloped.CharEnvelope(ws.u[size/2], mk.expiry))
		}
		if math.IsNaN(s0) {
			return &AccuracyError{Engine: mk.name, Expiry: mk.expiry, Tol: mk.tol, Reached: math.Inf(1),
				Reason: "the characteristic function is not a number"}
		}
		if wide {
			ws.addWide(m0, size, step, has)
		} else {
			ws.addNarrow(m0, size, step, has)
		}

		// The rest of the series: |φ|/ω² from its end on. If |φ| falls at the rate of this block, the integral is |φ|/ω²
		// over that rate; a plateau lower down is allowed for by an eighth of what there would be without decay.
		w := real(ws.u[size-1])
		reach := w
		rate := math.Log(early/late) / (float64(size) * step)
		if rate > 0 {
			reach = math.Min(w, math.Max(2/rate, w/8))
		}
		rest := 0.0
		if late > 0 {
			rest = scale * math.Sqrt(late) / (w * w) * reach
		}
		terms := m0 + size
		m0 = terms
		short := rest / (0.25 * mk.tol)
		if rest <= 0.25*mk.tol {
			if enough == 0 {
				enough = terms
			}
			switch {
			case e.ValueOnly, rest*w <= 10*mk.tol && rest*w*w <= 1000*mk.tol:
			case terms < 2*enough && terms < maxTerms:
				size = next(math.Max(rest*w/(10*mk.tol), rest*w*w/(1000*mk.tol)), rate*step)
				continue
			default:
				if rest*w > 10*mk.tol {
					has &^= pricing.HasDelta
				}
				has &^= pricing.HasGamma | pricing.HasVega | pricing.HasTheta
			}
			break
		}
		if isConic && terms >= min(maxTerms, 256*(n+16)) {
			return ws.limit(ctx, mk, out)
		}
		if terms >= maxTerms {
			return &AccuracyError{Engine: mk.name, Expiry: mk.expiry, Tol: mk.tol, Reached: rest + 0.5*mk.tol,
				Reason: "the characteristic function decays too slowly for the number of terms"}
		}
		size = next(short, rate*step)
	}

	for i, it := range ws.live {
		low, high := 0.5*math.Exp(-0.5*ws.y[i]), 0.5*math.Exp(-0.5*(width-ws.y[i]))
		up := math.Exp(0.5 * it.k)
		f0 := ws.sum0[i] - low*s0 - high*s1
		f1 := ws.sum1[i] + 0.5*(low*s0-high*s1)
		f2 := ws.sum2[i] - 0.25*(low*s0+high*s1)
		c, c1 := up*f0, up*(0.5*f0+f1)
		p := point{
			otm:   math.Min(1, it.strike/mk.fwd.Value) - c,
			delta: math.Min(math.Max(1-c+c1, 0), 1),
			gamma: math.Max(c1-up*(0.25*f0+f1+f2), 0),
			vega:  -up * (ws.sumV[i] - low*v0 - high*v1),
			theta: up * (ws.sumT[i] - low*t0 - high*t1),
		}
		out[it.index] = mk.result(it, p, has)
	}
	return nil
}

// limit takes the integral that the series tends to as the interval grows, on the bent line of [Lewis].
func (ws *workspace) limit(ctx context.Context, mk *market, out []pricing.Result) error {
	integral := lewisSpaces.Get().(*lewisSpace)
	defer lewisSpaces.Put(integral)
	integral.valueOnly = ws.engine.ValueOnly
	return integral.each(ctx, mk, ws.live, out)
}

func square(x float64) float64 { return x * x }

// next returns the number of terms of the next block if the rest of the series is still too large by a factor and falls
// by a rate per term. Blocks in multiples of eight keep the columns full.
func next(short, rate float64) int {
	if n := 1.1 * math.Log(short) / rate; n < block {
		return max(8, (int(n)+7)&^7)
	}
	return block
}

// addWide adds a block of terms to the sums of all strikes by Clenshaw's recurrence. It starts afresh with each block, so
// that rounding errors do not build up.
func (ws *workspace) addWide(m0, size int, step float64, has pricing.Mask) {
	w := float64(m0) * step
	for i, y := range ws.y {
		ws.sin0[i] = w * y
	}
	vec.Sincos(ws.sin0, ws.cos0, ws.sin0)
	for i, sin := range ws.sin0 { // the term before the first
		cos := ws.cos0[i]
		ws.cosBack[i] = cos*ws.cosStep[i] + sin*ws.sinStep[i]
		ws.sinBack[i] = sin*ws.cosStep[i] - cos*ws.sinStep[i]
	}
	ws.clenshaw(ws.sum0, ws.a0[:size], ws.cos0, ws.cosBack)
	if has&pricing.HasDelta != 0 {
		ws.clenshaw(ws.sum1, ws.a1[:size], ws.sin0, ws.sinBack)
		ws.clenshaw(ws.sum2, ws.a2[:size], ws.cos0, ws.cosBack)
	}
	if has&pricing.HasVega != 0 {
		ws.clenshaw(ws.sumV, ws.av[:size], ws.cos0, ws.cosBack)
	}
	if has&pricing.HasTheta != 0 {
		ws.clenshaw(ws.sumT, ws.at[:size], ws.cos0, ws.cosBack)
	}
}

// clenshaw adds Σ a_j·f_j to sum for every strike, where f_(j+1) = 2cosθ·f_j − f_(j−1): the sum is b_0·f_0 − b_1·f_(−1) with
// b_j = a_j + 2cosθ·b_(j+1) − b_(j+2). Four strikes go together, for their recurrences are independent.
func (ws *workspace) clenshaw(sum, a, first, back []float64) {
	n := len(sum)
	twice := ws.twice[:n]
	first, back = first[:n], back[:n]
	i := 0
	for ; i+4 <= n; i += 4 {
		c0, c1, c2, c3 := twice[i], twice[i+1], twice[i+2], twice[i+3]
		var p0, p1, p2, p3, q0, q1, q2, q3 float64
		for j := len(a) - 1; j >= 0; j-- {
			x := a[j]
			q0, p0 = p0, x-q0+c0*p0
			q1, p1 = p1, x-q1+c1*p1
			q2, p2 = p2, x-q2+c2*p2
			q3, p3 = p3, x-q3+c3*p3
		}
		sum[i] += p0*first[i] - q0*back[i]
		sum[i+1] += p1*first[i+1] - q1*back[i+1]
		sum[i+2] += p2*first[i+2] - q2*back[i+2]
		sum[i+3] += p3*first[i+3] - q3*back[i+3]
	}
	for ; i < n; i++ {
		c := twice[i]
		var p, q float64
		for j := len(a) - 1; j >= 0; j-- {
			q, p = p, a[j]-q+c*p
		}
		sum[i] += p*first[i] - q*back[i]
	}
}

// addNarrow is addWide for a few strikes, one after the other.
func (ws *workspace) addNarrow(m0, size int, step float64, has pricing.Mask) {
	angle, sin, cos := ws.angle[:size], ws.sin[:size], ws.rot[:size]
	for i, y := range ws.y {
		for j := range angle {
			angle[j] = float64(m0+j) * step * y
		}
		vec.Sincos(sin, cos, angle)
		ws.sum0[i] += vec.Dot(ws.a0[:size], cos)
		if has&pricing.HasDelta == 0 {
			continue
		}
		ws.sum1[i] += vec.Dot(ws.a1[:size], sin)
		ws.sum2[i] += vec.Dot(ws.a2[:size], cos)
		if has&pricing.HasVega != 0 {
			ws.sumV[i] += vec.Dot(ws.av[:size], cos)
		}
		if has&pricing.HasTheta != 0 {
			ws.sumT[i] += vec.Dot(ws.at[:size], cos)
		}
	}
}
