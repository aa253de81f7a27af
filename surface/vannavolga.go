package surface

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

// DeltaConvention says what delta a quote of foreign exchange is made in (Reiswich and Wystup 2010).
type DeltaConvention uint8

// The conventions. Premium-adjusted deltas are those of a premium paid in the foreign currency: the option's delta less its
// price over the spot.
const (
	SpotDelta DeltaConvention = iota
	ForwardDelta
	SpotDeltaPremiumAdjusted
	ForwardDeltaPremiumAdjusted
	numConventions
)

var conventionNames = [numConventions]string{"spot", "forward", "spot, premium-adjusted", "forward, premium-adjusted"}

// String names the convention.
func (c DeltaConvention) String() string {
	if c < numConventions {
		return conventionNames[c]
	}
	return fmt.Sprintf("DeltaConvention(%d)", uint8(c))
}

func (c DeltaConvention) adjusted() bool { return c >= SpotDeltaPremiumAdjusted }

// FXExpiry is an expiry of a currency pair.
type FXExpiry struct {
	Tau     float64 // years, > 0
	Forward float64 // domestic per foreign, > 0
	Foreign float64 // discount factor of the foreign currency, > 0
	Delta   DeltaConvention
}

// Validate checks the fields.
func (e FXExpiry) Validate() error {
	const fn = "surface.FXExpiry"
	err := fault.First(
		fault.Positive(fn, "Tau", e.Tau), fault.Positive(fn, "Forward", e.Forward), fault.Positive(fn, "Foreign", e.Foreign),
	)
	if err != nil {
		return err
	}
	if e.Delta >= numConventions {
		return fault.Arg(fn, "Delta", uint8(e.Delta), "a convention of the package")
	}
	return nil
}

func (e FXExpiry) factor() float64 {
	if e.Delta == SpotDelta || e.Delta == SpotDeltaPremiumAdjusted {
		return e.Foreign
	}
	return 1
}

// DeltaOf returns the delta of an option under the convention.
func (e FXExpiry) DeltaOf(right pricing.Right, strike, vol float64) float64 {
	s := vol * math.Sqrt(e.Tau)
	x := math.Log(e.Forward/strike)/s + 0.5*s
	phi := float64(right)
	if e.Delta.adjusted() {
		return phi * e.factor() * strike / e.Forward * special.NormCDF(phi*(x-s))
	}
	return phi * e.factor() * special.NormCDF(phi*x)
}

// StrikeOf returns the strike at which an option of that volatility has that delta, negative for puts. A premium-adjusted call
// delta is not monotone in the strike: of the two strikes it is the higher, that of the option further out of the money.
func (e FXExpiry) StrikeOf(right pricing.Right, delta, vol float64) (float64, error) {
	const fn = "surface.FXExpiry.StrikeOf"
	if err := fault.First(e.Validate(), fault.Positive(fn, "vol", vol)); err != nil {
		return 0, err
	}
	phi := float64(right)
	s := vol * math.Sqrt(e.Tau)
	target := phi * delta / e.factor()
	if !(target > 0) || !e.Delta.adjusted() && !(target < 1) {
		return 0, fault.Arg(fn, "delta", delta, "of the sign of the option, and below the discount factor in size")
	}
	if !e.Delta.adjusted() {
		return e.Forward * math.Exp(-phi*special.InvNormCDF(target)*s+0.5*s*s), nil
	}
	// In x = d₂: K/F = exp(−sx − s²/2), and φ·delta = K/F·N(φx). For a put that falls with x; for a call it rises up to the root
	// of n(x) = s·N(x) and falls then.
	value := func(x float64) float64 { return math.Exp(-s*x-0.5*s*s) * special.NormCDF(phi*x) }
	lo, hi := -40.0, 40.0 // value(lo) below the target, value(hi) above it
	if right == pricing.Put {
		lo, hi = 40, -40-40*s
	} else {
		a, b := -40.0, 40.0
		for range 80 {
			if x := 0.5 * (a + b); math.Exp(-0.5*x*x)/math.Sqrt(2*math.Pi) > s*special.NormCDF(x) {
				a = x
			} else {
				b = x
			}
		}
		hi = 0.5 * (a + b)
		if most := value(hi); !(target <= most) {
			return 0, fault.Arg(fn, "delta", delta, fmt.Sprintf("at most %g, the largest of a premium-adjusted call", most*e.factor()))
		}
	}
	for range 200 {
		x := 0.5 * (lo + hi)
		if x == lo || x == hi {
			break
		}
		if value(x) < target {
			lo = x
		} else {
			hi = x
		}
	}
	return e.Forward * math.Exp(-s*0.5*(lo+hi)-0.5*s*s), nil
}

// StraddleStrike returns the strike of the straddle without delta: F·exp(±σ²τ/2), with minus if deltas are premium-adjusted.
func (e FXExpiry) StraddleStrike(vol float64) float64 {
	h := 0.5 * vol * vol * e.Tau
	if e.Delta.adjusted() {
		h = -h
	}
	return e.Forward * math.Exp(h)
}

// VannaVolga is one smile by three quotes (Castagna and Mercurio 2007): the price of an option is Black's at the middle
// volatility plus the cost, over that volatility, of the portfolio of the three that has its vega, vanna and volga. It goes
// through the three quotes, and is not free of arbitrage by construction: far wings of a steep smile may leave the bounds of
// prices, and TotalVariance is NaN there.
type VannaVolga struct {
	tau, forward float64
	strike, vol  [3]float64
	cost         [3]float64 // market price less Black's at the middle volatility, of the out-of-the-money side
	vega         [3]float64
}

// NewVannaVolga returns the smile through three volatilities at rising strikes.
func NewVannaVolga(tau, forward float64, strike, vol [3]float64) (VannaVolga, error) {
	const fn = "surface.NewVannaVolga"
	if err := fault.First(fault.Positive(fn, "tau", tau), fault.Positive(fn, "forward", forward)); err != nil {
		return VannaVolga{}, err
	}
	v := VannaVolga{tau: tau, forward: forward, strike: strike, vol: vol}
	for i := range strike {
		err := fault.First(
			fault.Positive(fn, fmt.Sprintf("strike[%d]", i), strike[i]), fault.Positive(fn, fmt.Sprintf("vol[%d]", i), vol[i]),
		)
		if err != nil {
			return VannaVolga{}, err
		}
		if i > 0 && !(strike[i] > strike[i-1]) {
			return VannaVolga{}, fault.Arg(fn, fmt.Sprintf("strike[%d]", i), strike[i], fmt.Sprintf("above %g, the one before", strike[i-1]))
		}
	}
	for i, k := range strike {
		flat := v.option(k, vol[1])
		market := v.option(k, vol[i])
		_, g := flat.Greeks()
		v.cost[i], v.vega[i] = market.Price()-flat.Price(), g.Vega
	}
	return v, nil
}

// VannaVolgaQuotes returns the smile of the usual quotes of an expiry: the volatility of the straddle without delta, and those
// of the put and the call of the given size of delta, 0.25 as a rule.
func VannaVolgaQuotes(e FXExpiry, put, straddle, call, delta float64) (VannaVolga, error) {
	k1, err := e.StrikeOf(pricing.Put, -delta, put)
	if err != nil {
		return VannaVolga{}, err
	}
	k3, err := e.StrikeOf(pricing.Call, delta, call)
	if err != nil {
		return VannaVolga{}, err
	}
	return NewVannaVolga(e.Tau, e.Forward, [3]float64{k1, e.StraddleStrike(straddle), k3}, [3]float64{put, straddle, call})
}

func (v VannaVolga) option(strike, vol float64) black.Black76 {
	right := pricing.Call
	if strike < v.forward {
		right = pricing.Put
	}
	return black.Black76{Right: right, Forward: v.forward, Strike: strike, Vol: vol, Tau: v.tau, Discount: 1}
}

// Strikes returns the three strikes.
func (v VannaVolga) Strikes() [3]float64 { return v.strike }

// Price returns the undiscounted price of the out-of-the-money option at a strike.
func (v VannaVolga) Price(strike float64) float64 {
	flat := v.option(strike, v.vol[1])
	price := flat.Price()
	_, g := flat.Greeks()
	a, b, c := math.Log(v.strike[0]), math.Log(v.strike[1]), math.Log(v.strike[2])
	k := math.Log(strike)
	for i, x := range [3]float64{
		(b - k) * (c - k) / ((b - a) * (c - a)), (k - a) * (c - k) / ((b - a) * (c - b)), (k - a) * (k - b) / ((c - a) * (c - b)),
	} {
		price += g.Vega / v.vega[i] * x * v.cost[i]
	}
	return price
}

// Vol returns the implied volatility at log-moneyness k = ln(K/F).
func (v VannaVolga) Vol(k float64) float64 { return math.Sqrt(v.TotalVariance(k) / v.tau) }

// TotalVariance returns w(k).
func (v VannaVolga) TotalVariance(k float64) float64 {
	strike := v.forward * math.Exp(k)
	s := black.ImpliedTotalVol(v.option(strike, v.vol[1]).Right, v.Price(strike), v.forward, strike)
	return s * s
}
