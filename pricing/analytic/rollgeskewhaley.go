package analytic

import (
	"context"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
)

// RollGeskeWhaley values American calls on an asset that pays one cash dividend D at t before expiry T, by the closed formula
// of Roll (Journal of Financial Economics 5, 1977), Geske (7, 1979 and 9, 1981) and Whaley (9, 1981). The dividend is escrowed:
// what is lognormal is S* = S − D·e^(−rt), of which the forward for T is made. Without a yield and at a rate that is not
// negative, the call is exercised just before the dividend or not before expiry. The zero value is ready.
//
// It fills the value, Delta, Gamma, Vega, Theta, Rho, DualDelta and DualGamma, which are exact derivatives, to about 1e-14 of the
// spot; and all Greeks that [European] gives where the dividend does not pay for exercise, or none is paid by expiry.
type RollGeskeWhaley struct{}

var _ pricing.Engine = RollGeskeWhaley{}

// escrowed is what the formula asks of a model.
type escrowed interface {
	model.Spot
	model.Rates
	// EscrowedCash returns what cash dividends after t and up to the horizon are held to be worth at t.
	EscrowedCash(t, horizon float64) float64
}

// Price values a [pricing.American] call under a model with constant rates and at most one cash dividend by its expiry, such as
// [model.BlackScholes]. A [pricing.UnsupportedError] says which of these it lacks: a put, whose exercise is not tied to
// dividends; several dividends, one in proportion to the price or one that is not escrowed; curves; a yield, or a rate below
// zero.
func (e RollGeskeWhaley) Price(ctx context.Context, in pricing.Instrument, m pricing.Model) (pricing.Result, error) {
	refuse := func(format string, args ...any) (pricing.Result, error) {
		reason := fmt.Sprintf(format, args...)
		return pricing.Result{}, &pricing.UnsupportedError{Engine: e, Instrument: in, Model: m, Reason: reason}
	}
	opt, isAmerican := in.(pricing.American)
	world, ok := m.(escrowed)
	if !isAmerican || !ok {
		return refuse("")
	}
	if err := fault.First(ctx.Err(), opt.Validate(), world.Validate()); err != nil {
		return pricing.Result{}, err
	}
	if opt.Right != pricing.Call {
		return refuse("a put may be exercised at any time")
	}
	var paid []model.Dividend
	for i, d := range world.DiscreteDividends() {
		if d.Time > opt.Expiry {
			break
		}
		paid = world.DiscreteDividends()[:i+1]
	}
	if len(paid) > 1 {
		return refuse("%d dividends are paid by expiry, the formula holds for one; a lattice prices several", len(paid))
	}
	if len(paid) == 1 && paid[0].Proportion != 0 {
		return refuse("the dividend is in proportion to the price (%g), the formula holds for cash", paid[0].Proportion)
	}
	rate, yield, constant := world.ConstantRates()
	switch {
	case !constant:
		return refuse("rate or yield change with time, so that it is not known when exercise pays; a lattice prices it")
	case yield != 0:
		return refuse("with a yield (%g) the call may be exercised at other times than just before the dividend", yield)
	case !(rate >= 0):
		return refuse("with a negative rate (%g) the call may be exercised at other times than just before the dividend", rate)
	}
	if len(paid) == 0 || paid[0].Cash == 0 {
		return lognormal(opt.European(), world)
	}
	r := dividendCall{
		spot: world.SpotPrice(), strike: opt.Strike, cash: paid[0].Cash, rate: rate,
		vol: world.Volatility(opt.Strike, opt.Expiry), t: paid[0].Time, tau: opt.Expiry,
	}
	if !(r.vol >= 0) || math.IsInf(r.vol, 1) {
		return pricing.Result{}, fault.Arg("analytic.RollGeskeWhaley",
			fmt.Sprintf("volatility at strike %g, %g years", opt.Strike, opt.Expiry), r.vol, "finite and >= 0")
	}
	if world.EscrowedCash(0, opt.Expiry) == 0 {
		return refuse("the asset is lognormal between its dividends, the formula is that of escrowed ones")
	}
	r.ex = r.spot - r.cash*math.Exp(-rate*r.t)
	if !(r.ex > 0) {
		return pricing.Result{}, fault.Arg("analytic.RollGeskeWhaley", "spot less the present value of the dividend", r.ex, "> 0")
	}
	// The dividend against the interest on the strike that exercise forgoes: what a put must be worth for exercise to be a
	// toss-up.
	net := r.cash + r.strike*math.Expm1(-rate*(r.tau-r.t))
	if !(net > 0) {
		return lognormal(opt.European(), world)
	}
	if r.vol == 0 {
		value := math.Max(r.spot-r.strike*math.Exp(-rate*r.t), r.ex-r.strike*math.Exp(-rate*r.tau))
		return pricing.Result{Value: math.Max(0, value), Has: pricing.HasValue}, nil
	}
	return r.price(net), nil
}

// dividendCall is a call on an asset with one cash dividend.
type dividendCall struct {
	spot, ex, strike, cash, rate, vol float64 // ex is S*
	t, tau                            float64 // to the dividend and to expiry
}

// critical returns the price S̄ after the dividend from which on exercise just before it pays, S̄ + D − K = c(S̄), and how it
// moves with the strike. By parity the put is then worth net; the logarithm of a put is concave in that of the price, so that
// Newton's method comes down to the root from any start.
func (c dividendCall) critical(net float64) (price, byStrike float64) {
	left := c.tau - c.t
	if left == 0 {
		return c.strike - c.cash, 1
	}
	at := black.BSM{Right: pricing.Put, Spot: c.strike, Strike: c.strike, Rate: c.rate, Vol: c.vol, Tau: left}
	for range 200 {
		value, g := at.Greeks()
		if !(value > 0) {
			return at.Spot, 1 // beyond the reach of the asset
		}
		step := value / (at.Spot * g.Delta) * math.Log(value/net)
		at.Spot *= math.Exp(-math.Max(math.Min(step, 5), -5))
		if math.Abs(step) < 1e-15 {
			break
		}
	}
	_, g := at.Greeks()
	return at.Spot, (1 - math.Exp(-c.rate*left) + g.DualDelta) / -g.Delta
}

// price is Whaley's formula (1981, eq. 4) with the first dividend sign corrected by Geske (1981):
//
//	C = S*·(Φ(b₁) + Φ₂(a₁, −b₁; −ρ)) − K·e^(−rT)·Φ₂(a₂, −b₂; −ρ) − (K−D)·e^(−rt)·Φ(b₂),   ρ = √(t/T).
//
// S̄ is the best place to exercise, so that the value does not move with it and derivatives are taken with S̄ held.
func (c dividendCall) price(net float64) pricing.Result {
	const has = pricing.HasValue | pricing.HasDelta | pricing.HasGamma | pricing.HasVega | pricing.HasTheta | pricing.HasRho |
		pricing.HasDualDelta | pricing.HasDualGamma
	early, late := math.Exp(-c.rate*c.t), math.Exp(-c.rate*c.tau)
	if c.cash >= c.strike { // what is exercised for pays more than the strike: always
		g := pricing.Greeks{Delta: 1, DualDelta: -early, Theta: -c.rate * c.strike * early, Rho: c.t * c.strike * early}
		return pricing.Result{Value: c.spot - c.strike*early, Greeks: g, Has: has}
	}
	bar, barByStrike := c.critical(net)
	wt, wT := c.vol*math.Sqrt(c.t), c.vol*math.Sqrt(c.tau)
	a1 := math.Log(c.ex/c.strike)/wT + (c.rate/c.vol)*math.Sqrt(c.tau) + 0.5*wT
	b1 := math.Log(c.ex/bar)/wt + (c.rate/c.vol)*math.Sqrt(c.t) + 0.5*wt
	a2, b2 := a1-wT, b1-wt
	rho := math.Sqrt(c.t / c.tau)
	rest := math.Sqrt((c.tau - c.t) / c.tau)
	cdf, pdf := special.NormCDF, special.NormPDF
	kept := cdf(turn(rho*a1-b1, rest)) // that the call is alive after the dividend, given that it ends at the strike
	held := cdf(turn(a1-rho*b1, rest)) // that it ends above the strike, given that the dividend finds it at S̄

	delta := cdf(b1) + special.BivariateNormCDF(a1, -b1, -rho)
	first, second := early*cdf(b2), late*special.BivariateNormCDF(a2, -b2, -rho)
	r := pricing.Result{Value: c.ex*delta - c.strike*second - (c.strike-c.cash)*first, Has: has}
	r.Delta = delta
	alive := pdf(a1) * kept / wT
	r.Gamma = (pdf(b1)*(1-held)/wt + alive) / c.ex
	// A claim that is fixed at t has the vega σt·S²Γ; what is alive then has its own from t on.
	r.Vega = c.vol*c.t*c.ex*c.ex*r.Gamma + c.vol*(c.tau-c.t)*c.ex*alive
	r.Theta = c.rate*r.Value - c.rate*c.spot*delta - 0.5*c.vol*c.vol*c.ex*c.ex*r.Gamma
	r.Rho = c.tau*c.strike*second + c.t*(c.strike-c.cash)*first + delta*c.t*c.cash*early
	r.DualDelta = -second - first
	byB := -barByStrike / (bar * wt)
	r.DualGamma = late*(pdf(a2)*kept/(wT*c.strike)+pdf(b2)*cdf(turn(a2-rho*b2, rest))*byB) - early*pdf(b2)*byB
	floor := math.Max(0, math.Max(c.spot-c.strike*early, c.ex-c.strike*late))
	r.Value = math.Max(r.Value, floor)
	return r
}

// turn is x/s, where s may be zero: then which side of the turn x is on.
func turn(x, s float64) float64 {
	if s == 0 {
		return math.Copysign(math.Inf(1), x)
	}
	return x / s
}
