package surface

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// Dynamics says how a smile moves with the spot between two fits.
type Dynamics uint8

// The dynamics, with the skew-stickiness ratio (SSR) that each amounts to at the money.
const (
	// StickyMoneyness keeps the volatility of each log-moneyness, and so of each delta: SSR 0.
	StickyMoneyness Dynamics = iota
	// StickyStrike keeps the volatility of each strike: SSR 1.
	StickyStrike
	// StickyLocalVol keeps the local volatility of each spot and time: SSR 2 for the shortest expiries, see [LocalVolSSR].
	StickyLocalVol
	// SkewStickiness moves the smile with the SSR of Motion.
	SkewStickiness
	numDynamics
)

var dynamicsNames = [numDynamics]string{"sticky moneyness", "sticky strike", "sticky local volatility", "skew stickiness"}

// String names the dynamics: "sticky strike".
func (d Dynamics) String() string {
	if d < numDynamics {
		return dynamicsNames[d]
	}
	return fmt.Sprintf("Dynamics(%d)", uint8(d))
}

// Motion is a rule by which a surface moves with the spot. The zero value is sticky moneyness. Carry does not move: all
// forwards change by the factor of the spot.
//
// Let x = ln(F'/F) be the move. With a ratio R the moved surface is w'(k, t) = w(k + Rx, t), so that the volatility at the
// money changes by R·x times the skew to first order, which is the definition of the SSR (Bergomi, Stochastic Volatility
// Modeling, 2016, section 9.2); R = 0 and R = 1 are exactly sticky moneyness and sticky strike.
//
// Under sticky local volatility, w' is w times the change of the local variance v, averaged over Brownian bridges in the clock
// of total variance from the spot to the strike and by its logarithm,
//
//	ln(w'(k, T)/w(k, T)) = (1/θ_T) ∫₀ᵀ E[ln v(y_s + x, s) − ln v(y_s, s)] dθ_s,   y_s ~ N(kθ_s/θ_T, θ_s(θ_T − θ_s)/θ_T),
//
// with θ the variance at the money: perturbation theory of first order in the departure of ln v from a function of time. Held
// against Dupire's equation on a steep index smile (ψ = √θ, ρ near −0.65) for moves of up to 2 % and strikes within one
// standard deviation, the change of the volatility is right to 14 % of itself plus 0.001; it is mostly too small. With a fifth
// of the skew it is right to 4 %. The jumps of an [EventSurface] have no local variance: their part does not move.
type Motion struct {
	Dynamics Dynamics
	SSR      float64 // used by SkewStickiness only; finite. 0 is sticky moneyness
}

// Validate checks the rule.
func (m Motion) Validate() error {
	if m.Dynamics >= numDynamics {
		return fault.Arg("surface.Motion", "Dynamics", uint8(m.Dynamics), "one of the dynamics")
	}
	if m.Dynamics != SkewStickiness && m.SSR != 0 {
		return fault.Arg("surface.Motion", "SSR", m.SSR, fmt.Sprintf("0 with %v", m.Dynamics))
	}
	return fault.Finite("surface.Motion", "SSR", m.SSR)
}

// ratio is the R of a translation; sticky local volatility is none.
func (m Motion) ratio() float64 {
	switch m.Dynamics {
	case StickyStrike:
		return 1
	case SkewStickiness:
		return m.SSR
	}
	return 0
}

// Move returns the surface after the spot has moved by shift = ln(new spot/old spot). The result refers to v, which must not
// change. Moving a moved surface again is not the same as one long move where the dynamics is sticky local volatility.
func (m Motion) Move(v Differentiable, shift float64) (*Moved, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	if v == nil {
		return nil, fault.Arg("surface.Motion.Move", "v", nil, "a surface")
	}
	if !(math.Abs(shift) <= maxShift) {
		return nil, fault.Arg("surface.Motion.Move", "shift", shift, fmt.Sprintf("in [%d, %d]", -maxShift, maxShift))
	}
	return &Moved{base: v, motion: m, shift: shift, panels: panelsOf(v)}, nil
}

// maxShift is a factor of 7: beyond it the new surface has nothing to do with the old one.
const maxShift = 2

// Moved is a surface moved with the spot, by the log-moneyness and expiry of the new forwards. It never changes once made and
// is safe for concurrent use.
//
// Under sticky moneyness it is as free of arbitrage as the surface it came from. Translations with a ratio that is not zero
// admit no calendar arbitrage either, but the condition on g depends on the place of the money, so that after large moves
// [CheckArbitrage] should be asked; so it should after any move under sticky local volatility.
type Moved struct {
	base   Differentiable
	motion Motion
	shift  float64
	panels []float64
}

var _ Differentiable = (*Moved)(nil)

// Base returns the surface before the move.
func (m *Moved) Base() Differentiable { return m.base }

// Shift returns ln(new spot/old spot).
func (m *Moved) Shift() float64 { return m.shift }

// Motion returns the rule.
func (m *Moved) Motion() Motion { return m.motion }

// Pillars returns the pillars of the surface before the move if it has any, otherwise the default times of [Grid].
func (m *Moved) Pillars() []float64 {
	if p, ok := m.base.(interface{ Pillars() []float64 }); ok {
		return p.Pillars()
	}
	return append([]float64(nil), defaultTimes...)
}

// TotalVariance returns w'(k, t). Under sticky local volatility it takes some microseconds for each pillar before t.
func (m *Moved) TotalVariance(k, t float64) float64 {
	if m.motion.Dynamics == StickyLocalVol {
		return localVolMoved(m.base, m.panels, k, t, m.shift)
	}
	return m.base.TotalVariance(k+m.motion.ratio()*m.shift, t)
}

// Vol returns the implied volatility. At t = 0 it is the limit if the surface before the move knows it.
func (m *Moved) Vol(k, t float64) float64 {
	if m.motion.Dynamics == StickyLocalVol {
		if t == 0 {
			t = shortest
		}
		return math.Sqrt(localVolMoved(m.base, m.panels, k, t, m.shift) / t)
	}
	return volOf(m.base, k+m.motion.ratio()*m.shift, t)
}

// shortest stands for the limit of no time, in years: a thirtieth of a second.
const shortest = 1e-9

func volOf(v TotalVariance, k, t float64) float64 {
	if s, ok := v.(interface{ Vol(k, t float64) float64 }); ok {
		return s.Vol(k, t)
	}
	return math.Sqrt(v.TotalVariance(k, t) / t)
}

// VolTo writes the implied volatility at each log-moneyness k and the expiry t to dst, which must be as long as k.
func (m *Moved) VolTo(dst, k []float64, t float64) {
	if len(dst) != len(k) {
		panic("surface: VolTo: dst and k differ in length")
	}
	base, ok := m.base.(interface {
		VolTo(dst, k []float64, t float64)
	})
	if ok && m.motion.Dynamics != StickyLocalVol {
		by := m.motion.ratio() * m.shift
		for i, k := range k {
			dst[i] = k + by
		}
		base.VolTo(dst, dst, t)
		return
	}
	for i, k := range k {
		dst[i] = m.Vol(k, t)
	}
}

// Derivatives returns w' and its derivatives by log-moneyness and by expiry: exactly those of the surface before the move
// under translations, by central differences of w' − w under sticky local volatility (about 1e-6 relative).
func (m *Moved) Derivatives(k, t float64) (w, wk, wkk, wt float64) {
	if m.motion.Dynamics != StickyLocalVol {
		return m.base.Derivatives(k+m.motion.ratio()*m.shift, t)
	}
	w, wk, wkk, wt = m.base.Derivatives(k, t)
	change := func(k, t float64) float64 { return localVolChange(m.base, m.panels, k, t, m.shift) }
	const h = 1e-4
	here, up, down := change(k, t), change(k+h, t), change(k-h, t)
	w += here
	wk += (up - down) / (2 * h)
	wkk += (up - 2*here + down) / (h * h)
	s := 1e-4 * t // forward, as the derivatives at a pillar are to the right
	if s > 0 {
		wt += (-3*here + 4*change(k, t+s) - change(k, t+2*s)) / (2 * s)
	}
	return w, wk, wkk, wt
}

// ATMSkew returns ∂σ/∂k at k = 0 and expiry t in years, t > 0.
func ATMSkew(v Differentiable, t float64) float64 {
	w, wk, _, _ := v.Derivatives(0, t)
	return wk / (2 * math.Sqrt(w*t))
}

// LocalVolSSR returns the skew-stickiness ratio at expiry t in years that sticky local volatility implies, to first order in
// the skew:
//
//	R_T = 1 + (1/w_k(0,T)) ∫₀ᵀ w_k(0,s) dθ_s/θ_s,
//
// which for a constant volatility at the money is Bergomi's R_T = 1 + (1/T)∫ S_s/S_T ds with S the skew (Stochastic Volatility
// Modeling, 2016, section 2.5). It is 2 where the skew does not depend on expiry, and 1 + 1/(1−γ) for a skew that falls like
// t^−γ. Without skew at t it is NaN. Where the skew is steep the ratio is less: by about a tenth at half a year on the smile of the
// comment of [Motion].
func LocalVolSSR(v Differentiable, t float64) float64 {
	_, wk, _, _ := v.Derivatives(0, t)
	if !(t > 0) || wk == 0 {
		return math.NaN()
	}
	sum := 0.0
	eachPanel(panelsOf(v), t, func(s, weight float64) {
		w, wk, _, wt := v.Derivatives(0, s)
		sum += weight * wk * wt / w
	})
	return 1 + sum/wk
}

// panelsOf returns the times at which the time derivative may jump.
func panelsOf(v TotalVariance) []float64 {
	if p, ok := v.(interface{ Pillars() []float64 }); ok {
		return p.Pillars()
	}
	return nil
}

// Gauss's points and weights on [−1, 1], four of them.
var (
	gaussFourX = [4]float64{-0.8611363115940526, -0.3399810435848563, 0.3399810435848563, 0.8611363115940526}
	gaussFourW = [4]float64{0.34785484513745385, 0.6521451548625461, 0.6521451548625461, 0.34785484513745385}
)

// eachPanel calls f with the points and weights of a rule on (0, t) that is split at the panels. The first panel is halved
// towards zero, where skews of a power law are singular: what is left out is below 2^-30 of the panel.
func eachPanel(panels []float64, t float64, f func(s, weight float64)) {
	rule := func(a, b float64) {
		h, c := 0.5*(b-a), 0.5*(a+b)
		for i, x := range gaussFourX {
			f(c+h*x, h*gaussFourW[i])
		}
	}
	first := t
	for _, p := range panels {
		if p > 0 {
			first = math.Min(p, t)
			break
		}
	}
	b := first
	for range 30 {
		rule(0.5*b, b)
		b *= 0.5
	}
	last := first
	for _, p := range panels {
		if p <= last {
			continue
		}
		if p >= t {
			break
		}
		rule(last, p)
		last = p
	}
	if last < t {
		rule(last, t)
	}
}

// Hermite's points and weights for a standard normal, five of them.
var (
	hermiteX = [5]float64{-2.8569700138728056, -1.3556261799742659, 0, 1.3556261799742659, 2.8569700138728056}
	hermiteW = [5]float64{0.011257411327720687, 0.22207592200561264, 0.5333333333333333, 0.22207592200561264, 0.011257411327720687}
)

// localVolChange returns w' − w, see the comment of Motion.
func localVolChange(v Differentiable, panels []float64, k, t, shift float64) float64 {
	if shift == 0 || t == 0 {
		return 0
	}
	end := v.TotalVariance(0, t)
	sum := 0.0
	eachBridge(panels, t, func(s, weight float64) {
		theta, _, _, rate := v.Derivatives(0, s)
		if rate == 0 {
			return // no time passes on the clock of variance
		}
		place := math.Min(theta/end, 1)
		center := k * place
		width := math.Sqrt(theta * (1 - place))
		mean := 0.0
		for i, x := range hermiteX {
			y := center + width*x
			mean += hermiteW[i] * math.Log(LocalVariance(v, y+shift, s)/LocalVariance(v, y, s))
		}
		sum += weight * rate * mean
	})
	return v.TotalVariance(k, t) * math.Expm1(sum/end)
}

// eachBridge is eachPanel for integrands that are regular at zero.
func eachBridge(panels []float64, t float64, f func(s, weight float64)) {
	last := 0.0
	rule := func(a, b float64) {
		h, c := 0.5*(b-a), 0.5*(a+b)
		for i, x := range gaussFourX {
			f(c+h*x, h*gaussFourW[i])
		}
	}
	for _, p := range panels {
		if p <= last {
			continue
		}
		if p >= t {
			break
		}
		rule(last, p)
		last = p
	}
	if last < t {
		mid := 0.5 * (last + t)
		rule(last, mid)
		rule(mid, t)
	}
}

func localVolMoved(v Differentiable, panels []float64, k, t, shift float64) float64 {
	return v.TotalVariance(k, t) + localVolChange(v, panels, k, t, shift)
}
