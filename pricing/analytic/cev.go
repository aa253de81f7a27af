package analytic

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
)

// nearlyLognormal is how near to one β is Black's model to rounding with the volatility of the mean logarithm of spot and
// strike: what that leaves is of second order.
const nearlyLognormal = 1e-8

// cev prices under constant elasticity of variance (Schroder, "Computing the constant elasticity of variance option pricing
// formula", Journal of Finance 44, 1989). The martingale X = S/G has had the variance τ by expiry. Deltas and all that
// follows from them go back to the density q of X at the strike: by the equations of Kolmogorov, forward and backward,
// ∂c/∂τ = ½k^(2β)·q and ∂²c/∂X² = (k/X)^(2β)·q, and c is homogeneous of degree one if τ is scaled as X^(2−2β).
func cev(opt pricing.Vanilla, m model.CEV) (pricing.Result, error) {
	f := m.ForwardAt(opt.Expiry)
	discount := m.DiscountFactor(opt.Expiry)
	growth, x := f.DSpot, m.Spot
	if err := fault.First(
		fault.Positive(european, "discount factor", discount), fault.Positive(european, "forward", f.Value),
	); err != nil {
		return pricing.Result{}, refused(opt, err)
	}
	k := opt.Strike / growth
	e := 1 - m.Beta
	tau, tauByRate := m.TotalVariance(opt.Expiry)
	if math.Abs(e) < nearlyLognormal || tau == 0 {
		b := black.Black76{Right: opt.Right, Forward: f.Value, Strike: opt.Strike, Tau: opt.Expiry, Discount: discount}
		b.Vol = m.Sigma * math.Pow(x*k, -0.5*e)
		if err := b.Validate(); err != nil {
			return pricing.Result{}, refused(opt, err)
		}
		value, g := b.Greeks()
		return onSpot(value, g, f), nil
	}
	l := cevLaw{x: x, k: k, e: e, tau: tau}
	l.read()
	if math.IsNaN(l.value) || math.IsNaN(l.density) {
		return pricing.Result{}, refused(opt, fault.Arg(european, "variance to expiry", tau, "one that the noncentral χ² law can be computed for"))
	}
	value, byX, byK := l.value, l.byX, l.byK
	if (opt.Right == pricing.Call) != l.call { // the option out of the money is computed, the other follows by parity
		sign := float64(opt.Right)
		value, byX, byK = value+sign*(x-k), byX+sign, byK-sign
	}

	// Derivatives of c by X and τ.
	beta2 := 2 * m.Beta
	toStrike, ratio := 0.5*math.Pow(k, beta2), math.Pow(k/x, beta2)
	q := l.density
	cT, cXX := toStrike*q, ratio*q
	cXT, cXXX := toStrike*l.densityX, ratio*(l.densityX-beta2*q/x)
	cXXT, cTT, cTTT := ratio*l.densityT, toStrike*l.densityT, toStrike*l.densityTT

	t1, t2 := 2*tau/m.Sigma, 2*tau/(m.Sigma*m.Sigma) // derivatives of τ by σ
	scale := discount * growth
	t := opt.Expiry
	rate, drift := -math.Log(discount)/t, math.Log(growth)/t
	v := m.Sigma * m.Sigma
	var r pricing.Result
	r.Value = scale * value
	r.Delta, r.Gamma, r.Speed = scale*byX, scale*cXX, scale*cXXX
	r.Vega = scale * cT * t1
	r.Volga = scale * (cTT*t1*t1 + cT*t2)
	r.Ultima = scale * (cTTT*t1*t1*t1 + 3*cTT*t1*t2)
	r.Vanna, r.Zomma = scale*cXT*t1, scale*cXXT*t1
	// By calendar time the differential equation: V_t = rV − bSV_S − σ²·V_τ, and its derivatives.
	r.Theta = scale * (rate*value - drift*x*byX - v*cT)
	r.Charm = scale * ((rate-drift)*byX - drift*x*cXX - v*cXT)
	r.Color = scale * ((rate-2*drift)*cXX - drift*x*cXXX - v*cXXT)
	r.Veta = rate*r.Vega - drift*x*r.Vanna - scale*(2*m.Sigma*cT+v*cTT*t1)
	byRate := scale * (cT*tauByRate - t*k*byK)
	r.Rho = byRate
	r.YieldRho = -t*r.Value - byRate
	r.DualDelta, r.DualGamma = discount*byK, discount*q/growth
	r.Has = pricing.HasValue | pricing.HasGreeks
	return r, nil
}

// cevLaw is the undiscounted option out of the money on the martingale dX = X^β dW_τ with strike k, e = 1−β not zero.
type cevLaw struct {
	x, k, e, tau float64

	call               bool
	value, byX, byK    float64
	density            float64 // of X at k
	densityX, densityT float64 // its derivatives by X and τ
	densityTT          float64
}

func (l *cevLaw) read() {
	logRatio := math.Log(l.k / l.x)
	unit := 1 / (math.Abs(l.e) * math.Sqrt(l.tau))
	rootX, rootK := unit*math.Pow(l.x, l.e), unit*math.Pow(l.k, l.e)
	apart := rootX * math.Expm1(l.e*logRatio)         // rootK − rootX, whatever digits the two share
	gap := rootX * rootX * math.Expm1(2*l.e*logRatio) // rootK² − rootX²
	yX, yK, n := rootX*rootX, rootK*rootK, 1/math.Abs(l.e)
	l.call = l.k >= l.x

	const vanished = 745 // e^−745 is no double
	if 0.5*apart*apart > vanished {
		return
	}
	// The probability of ending in the money and the same under the measure of X.
	var onX, onK float64
	if l.e > 0 {
		below, above := special.NoncentralChi2Near(gap, yK, n+2, yX)
		onX = either(l.call, above, below)
		below, above = special.NoncentralChi2Near(-gap, yX, n, yK)
		onK = either(l.call, below, above)
	} else {
		below, above := special.NoncentralChi2Near(-gap, yX, n, yK)
		onX = either(l.call, above, below)
		below, above = special.NoncentralChi2Near(gap, yK, n+2, yX)
		onK = either(l.call, below, above)
	}
	sign := -1.0
	if l.call {
		sign = 1
	}
	l.value = max(0, sign*(l.x*onX-l.k*onK))

	// q(k) = k^(1/2−2β)·X^(1/2)/(|1−β|τ)·e^(−(√yX−√yK)²/2)·e^(−z)I_ν(z), z = √(yX·yK).
	z := rootX * rootK
	log, slope, curvature := special.LogBesselI(0.5*n, z)
	l.density = math.Exp(0.5*math.Log(l.x)+(2*l.e-1.5)*math.Log(l.k)-0.5*apart*apart+log) * n / l.tau
	m := z * slope
	byT := -1 + 0.5*apart*apart - m // τ·∂ln q/∂τ
	byTT := -0.5*apart*apart + m + z*z*curvature
	l.densityT = l.density * byT / l.tau
	l.densityTT = l.density * (byT*byT - byT + byTT) / (l.tau * l.tau)
	l.densityX = l.density * (0.5 + l.e*(rootX*apart+m)) / l.x

	l.byK = -sign * onK
	l.byX = sign*onX - l.e*l.tau*math.Pow(l.k, 2-2*l.e)*l.density/l.x
}

func either(first bool, a, b float64) float64 {
	if first {
		return a
	}
	return b
}
