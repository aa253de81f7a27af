package analytic

import (
	"math"

	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

// Where both rates are negative and q < r, a put is exercised between two boundaries: above the upper one, B, as ever; below
// the lower one, Y, what the holder of the strike pays for holding it is less than what the asset earns him, and he waits. At
// expiry they stand at K and at rK/q; they close in on each other as time to expiry grows, and if σ > √(−2q) − √(−2r) they meet
// at a finite time τ*, beyond which the option is never exercised (Andersen and Lake, "Fast American option pricing: the
// double-boundary case", Wilmott 2021; Healy, "Pricing American options under negative rates", Journal of Computational Finance
// 2021).
//
// As long as they are apart, neither knows of the other: a path from above B meets B first. Above B the value is therefore that
// of the usual integral, as if all below B were exercised. Below Y it is that of a put that pays 1−S on both sides of the
// strike. Seen in 1/S, with rate and yield exchanged, its boundary is again one from above, of the same equation less the term
// of the strike.

// aloNearZero is the rate that counts as zero: it moves the value by less than its own size times the time to expiry.
const aloNearZero = 1e-12

// between reports that the region of exercise of the put lies between two boundaries: strike and interest both shrink.
func (o put) between() bool { return o.r < -aloNearZero && o.q < o.r }

// mirrored is the problem whose boundary is 1/Y.
func (o put) mirrored() put { return put{r: o.q, q: o.r, vol: o.vol, tau: o.tau, inner: true} }

// strip is the region of exercise of a put between two boundaries.
type strip struct {
	put
	upper, lower *aloWork // the boundary B, and 1/Y
	until        float64  // the time to expiry to which they were solved
	meet         float64  // τ*, or the expiry if they do not meet by then
}

// startBetween writes a first boundary: the limits for short times, bent to stay within the strip.
func (o put) startBetween(h, x []float64) {
	width := 0.8 * math.Abs(math.Log(o.q/o.r))
	apart := 8 * math.Pi * (o.r - o.q) * (o.r - o.q) / (o.vol * o.vol)
	for i, x := range x {
		t := x * x * o.tau
		h[i] = o.vol * math.Sqrt(t)
		if o.inner {
			h[i] *= aloShortTime
		} else {
			h[i] *= math.Sqrt(math.Max(-math.Log(apart*t), 0.3))
		}
		h[i] = -width * math.Expm1(-h[i]/width)
	}
}

// solve finds both boundaries, and where they meet, for the scheme whose memory they hold; false if the iteration does not
// settle.
//
// The upper boundary, continued past τ* as if the lower were not there, ends soon after. Both are therefore solved to some time
// before, then to later ones by the course of the gap between them, each from the one before, until the last is just past τ*.
func (b *strip) solve(t *aloScheme) bool {
	width := math.Log(b.q / b.r)
	// The boundaries come closer faster than 2·½σ√τ, so that they meet by then; and a strip saves r−q at most while it lasts.
	scale := width * width / (b.vol * b.vol)
	if math.Min(b.tau, scale)*(b.r-b.q)*math.Exp(-b.q*b.tau) < aloNothing {
		b.meet = 0
		return true
	}
	until := b.tau
	if b.vol > math.Sqrt(-2*b.q)-math.Sqrt(-2*b.r) {
		until = math.Min(until, 0.02*scale)
	}
	known, crossed := 0.0, math.Inf(1) // solved to, crossed at
	var failed float64                 // not solved to from known
	kept := b.upper.kept
	for range aloSearches {
		o := b.put
		o.tau = until
		if known > 0 {
			copy(b.upper.h, kept)
			t.stretch(b.upper, math.Sqrt(until/known))
		} else {
			o.startBetween(b.upper.h, t.x)
		}
		low := o.mirrored()
		low.startBetween(b.lower.h, t.x)
		if o.iterate(t, b.upper) == 0 || !(b.upper.h[t.n-1] < width) || low.iterate(t, b.lower) == 0 {
			if known == 0 {
				until /= 4
				continue
			}
			failed = until
			if until = math.Sqrt(known * until); until < 1.00001*known {
				return false
			}
			continue
		}
		b.until = until
		squares(b.upper.big, b.upper.h)
		squares(b.lower.big, b.lower.h)
		gap := width - b.upper.h[t.n-1] - b.lower.h[t.n-1]
		if gap < 0 {
			root := b.root(t, width)
			if root*1.02 > until {
				b.meet = root
				return true
			}
			crossed = until
			if until = 1.005 * root; known == 0 {
				copy(kept, b.upper.h)
				known = crossed
			}
			continue
		}
		if until == b.tau {
			b.meet = b.tau
			return true
		}
		copy(kept, b.upper.h)
		known, failed = until, math.Inf(1)
		// The gap closes along a line in √τ, or faster.
		const step = 1e-3
		before := width - t.at(b.upper, 1-step) - t.at(b.lower, 1-step)
		next := 2.0
		if before > gap {
			next = math.Min(next, 1+1.02*gap*step/(before-gap))
		}
		until = math.Min(b.tau, known*math.Max(next*next, 1.001))
		if until >= math.Min(crossed, failed) {
			until = math.Sqrt(known * math.Min(crossed, failed))
		}
		if until < 1.00001*known {
			return false
		}
	}
	return false
}

// aloNothing is a premium, as a fraction of the strike, that is none.
const aloNothing = 1e-12

// aloSearches bounds the solutions of solve; four to eight are usual where the boundaries meet.
const aloSearches = 24

// root returns the time at which the boundaries meet, by bisection of their gap.
func (b *strip) root(t *aloScheme, width float64) float64 {
	lo, hi := 0.0, 1.0
	for range 60 {
		if mid := (lo + hi) / 2; t.at(b.upper, mid)+t.at(b.lower, mid) < width {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo * lo * b.until
}

// at returns h at √τ = y of the time solved, 0 <= y <= 1.
func (t *aloTable) at(w *aloWork, y float64) float64 {
	if y <= 0 {
		return 0
	}
	num, den := 0.0, 0.5/y
	for j, x := range t.x {
		if x == y {
			return w.h[j]
		}
		c := t.weight[j] / (y - x)
		den += c
		num += c * w.big[j]
	}
	return math.Sqrt(math.Max(num/den, 0))
}

// stretch turns a boundary solved to one time into the start of one solved to a later time, √ of which is times as long.
func (t *aloTable) stretch(w *aloWork, times float64) {
	squares(w.big, w.h)
	last, before := w.h[t.n-1], t.at(w, 0.95)
	for i, x := range t.x {
		if y := x * times; y < 1 {
			w.h[i] = t.at(w, y)
		} else {
			w.h[i] = last + math.Min((last-before)/0.05*(y-1), last)
		}
	}
}

// premium returns the value of early exercise beyond τ*, with its first two derivatives by the spot: the interest on the strike
// less the dividends forgone, over the paths that end between the boundaries once less than τ* is left. It is nothing but the
// sum of two integrals as in [put.premium], but over part of the time, where s = τ·cos²φ.
func (b *strip) premium(t *aloScheme, spot float64) (value, delta, gamma float64) {
	p, w := t.p, b.upper
	hu, dp, dm, er, eq := w.hu[:2*p], w.d[:2*p], w.p[:2*p], w.c[:2*p], w.f[:2*p]
	cdf, flow, ds := w.slope[:2*p], w.eq[:2*p], b.lower.eq[:p]
	root := b.lower.d[:p]
	inv := 1 / b.vol
	drift := (b.r-b.q)/b.vol - 0.5*b.vol
	x, bottom := math.Log(spot), math.Log(b.r/b.q)
	end := math.Asin(math.Sqrt(b.meet / b.tau))
	scale := math.Sqrt(b.tau / b.until)
	for k, z := range t.unit {
		sin, cos := math.Sincos(end * (1 - z*z)) // crowded where the boundaries are near in time
		s := math.Sqrt(b.tau) * cos
		y := math.Min(sin*scale, 1)
		root[k], ds[k] = s, 4*b.tau*cos*sin*end*z*t.weightUnit[k]
		hu[k], hu[p+k] = t.at(b.upper, y), -bottom-t.at(b.lower, y)
		for _, i := range [2]int{k, p + k} {
			dm[i] = -((x+hu[i])*inv/s + drift*s)
			dp[i] = dm[i] - b.vol*s
			er[i], eq[i] = -b.r*s*s, -b.q*s*s
		}
	}
	vec.Exp(er, er)
	vec.Exp(eq, eq)
	vec.Exp(hu, hu)
	vec.NormCDF(cdf, dm)
	vec.NormPDF(flow, dp)
	vec.NormCDF(dm, dp)
	for k, s := range root {
		j := p + k
		interest, dividend := er[k]*(cdf[k]-cdf[j]), eq[k]*(dm[k]-dm[j])
		value += ds[k] * (b.r*interest - b.q*spot*dividend)
		delta -= ds[k] * b.q * dividend
		for _, side := range [2]struct {
			i    int
			sign float64
		}{{k, 1}, {j, -1}} {
			f := side.sign * eq[k] * flow[side.i] * ds[k] * inv / s
			stream := f * (b.r*hu[side.i] - b.q)
			delta -= stream
			gamma += (b.q*f - stream*dp[side.i]*inv/s) / spot
		}
	}
	return value, delta, gamma
}

// betweenBoundaries returns what the put is worth more than the European one, with its derivatives by the spot; exercised is
// set where it should be, and settled is false if the iteration does not settle.
func (o put) betweenBoundaries(t *aloScheme, spot float64) (premium, delta, gamma float64, exercised, settled bool) {
	b := strip{put: o, upper: t.work.Get().(*aloWork), lower: t.work.Get().(*aloWork)}
	defer t.work.Put(b.upper)
	defer t.work.Put(b.lower)
	if !b.solve(t) {
		return 0, 0, 0, false, false
	}
	if b.meet == 0 {
		return 0, 0, 0, false, true
	}
	if b.meet < b.tau {
		premium, delta, gamma = b.premium(t, spot)
		return premium, delta, gamma, false, true
	}
	low := o.mirrored()
	switch {
	case spot > math.Exp(-b.upper.h[t.n-1]):
		premium, delta, gamma = o.premium(t.aloTable, b.upper, spot)
		return premium, delta, gamma, false, true
	case 1/spot > low.top()*math.Exp(-b.lower.h[t.n-1]):
		// V = e^(−rτ) − S·e^(−qτ) − S·v(1/S), and the first two are the European put less the call.
		v, d, g := low.premium(t.aloTable, b.lower, 1/spot)
		call, c := black.BSM{Right: pricing.Call, Spot: spot, Strike: 1, Rate: o.r, Yield: o.q, Vol: o.vol, Tau: o.tau}.Greeks()
		return -call - spot*v, -c.Delta - v + d/spot, -c.Gamma - g/(spot*spot*spot), false, true
	}
	return 0, 0, 0, true, true
}
