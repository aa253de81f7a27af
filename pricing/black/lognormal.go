package black

import (
	"math"

	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
)

// lognormal is what Black76 and BSM have in common: the option to exchange a strike leg worth kr today for an asset worth sq.
type lognormal struct {
	phi            float64 // +1 call, −1 put
	spot, strike   float64 // the variables that delta and dual delta refer to
	dfSpot         float64 // sq = spot·dfSpot, dfSpot = e^(−qτ)
	dfStrike       float64 // kr = strike·dfStrike, dfStrike = e^(−rτ)
	r, q           float64
	vol, tau       float64
	xh, xl, sh, sl float64 // x = ln(sq/kr) and s = σ√τ with their rounding errors
}

// price returns the value. Legs that have overflowed give NaN; legs that have underflowed to zero are worth zero.
func (l *lognormal) price() float64 {
	sq, kr := l.spot*l.dfSpot, l.strike*l.dfStrike
	if sq == 0 || kr == 0 || l.sh == 0 {
		return math.Max(l.phi*(sq-kr), 0)
	}
	var u float64
	if l.xh >= 0 {
		u = split(l.xh, l.xl, l.sh, l.sl).price(geometric(sq, kr), kr)
	} else {
		u = split(-l.xh, -l.xl, l.sh, l.sl).price(geometric(sq, kr), sq)
	}
	if l.phi*l.xh > 0 {
		u += l.phi * (sq - kr)
	}
	return u
}

// greeks returns the value and every sensitivity of the generalised Black-Scholes-Merton formula (Haug, The Complete Guide to Option
// Pricing Formulas, 2nd ed. 2007, chapter 2). With n = sq·φ(d1) = kr·φ(d2) only one exponential is needed.
func (l *lognormal) greeks() (float64, pricing.Greeks) {
	sq, kr := l.spot*l.dfSpot, l.strike*l.dfStrike
	phi, tau, c := l.phi, l.tau, l.r-l.q
	if math.IsNaN(sq+kr) || math.IsInf(sq+kr, 0) {
		return invalid()
	}
	if l.sh == 0 && l.xh == 0 && sq != 0 && kr != 0 {
		return l.kink(sq, kr)
	}
	var (
		n, d1, d2, value float64 // density, distances
		p1, p2           float64 // Φ(φd1), Φ(φd2)
	)
	if sq != 0 && kr != 0 && l.sh > 0 {
		var o otm
		scale := geometric(sq, kr)
		if l.xh >= 0 {
			o = split(l.xh, l.xl, l.sh, l.sl)
			value = o.price(scale, kr)
			d1, d2 = o.a+o.t, o.a-o.t
		} else {
			o = split(-l.xh, -l.xl, l.sh, l.sl)
			value = o.price(scale, sq)
			d1, d2 = o.t-o.a, -o.t-o.a
		}
		n = o.density(scale)
		if n > 0 {
			p1 = n * special.Mills(math.Abs(d1)) / sq
			p2 = n * special.Mills(math.Abs(d2)) / kr
			if phi*d1 > 0 {
				p1 = 1 - p1
			}
			if phi*d2 > 0 {
				p2 = 1 - p2
			}
		} else {
			p1, p2 = step(phi*d1), step(phi*d2)
			d1, d2 = 0, 0
		}
		if phi*l.xh > 0 {
			value += phi * (sq - kr)
		}
	} else {
		moneyness := l.xh
		if sq == 0 || kr == 0 {
			moneyness = sq - kr
		}
		p1 = step(phi * moneyness)
		p2 = p1
		value = math.Max(phi*(sq-kr), 0)
	}

	g := pricing.Greeks{
		Delta:     phi * l.dfSpot * p1,
		Theta:     l.q*value - c*phi*kr*p2,
		Rho:       phi * tau * kr * p2,
		YieldRho:  -phi * tau * sq * p1,
		DualDelta: -phi * l.dfStrike * p2,
	}
	g.Charm = l.q * g.Delta
	if n > 0 {
		s := l.sh
		dd := d1 * d2
		h := 0.5 / tau
		drift := c / s
		vega := n * math.Sqrt(tau)
		g.Vega = vega
		g.Gamma = n / (l.spot * l.spot * s)
		g.Theta -= n * l.vol * h * math.Sqrt(tau)
		g.Vanna = -n / l.spot * d2 / l.vol
		g.Volga = vega * dd / l.vol
		g.Charm -= n / l.spot * (drift - d2*h)
		g.Speed = -g.Gamma / l.spot * (d1/s + 1)
		g.Color = g.Gamma * (l.q + d1*drift + (1-dd)*h)
		g.Zomma = g.Gamma * (dd - 1) / l.vol
		g.Veta = vega * (l.q + d1*drift - (1+dd)*h)
		g.Ultima = -vega / (l.vol * l.vol) * (dd*(1-dd) + d1*d1 + d2*d2)
		g.DualGamma = n / (l.strike * l.strike * s)
	}
	return value, g
}

// step is the distribution function at d times infinity.
func step(d float64) float64 {
	switch {
	case d > 0:
		return 1
	case d < 0:
		return 0
	}
	return 0.5
}

// kink returns the Greeks at the money with no total volatility: the limits for s → 0 with the forward held at the strike, reached through the
// volatility if Tau > 0 and through the time if not. Where a limit is infinite, so is the Greek.
func (l *lognormal) kink(sq, kr float64) (float64, pricing.Greeks) {
	phi, c, inf := l.phi, l.r-l.q, math.Inf(1)
	n := special.InvSqrt2Pi * geometric(sq, kr)
	root := math.Sqrt(l.tau)
	vega := n * root
	g := pricing.Greeks{
		Delta: 0.5 * phi * l.dfSpot, DualDelta: -0.5 * phi * l.dfStrike,
		Gamma: inf, DualGamma: inf, Speed: -inf, Zomma: -inf,
		Rho: 0.5 * phi * l.tau * kr, YieldRho: -0.5 * phi * l.tau * sq,
		Vega: vega, Vanna: 0.5 * vega / l.spot, Ultima: -0.25 * vega * l.tau,
		Theta: -0.5 * c * phi * kr,
	}
	g.Charm = l.q * g.Delta
	if l.tau > 0 {
		g.Veta = vega * (l.q + 0.5*c - 0.5/l.tau)
		g.Color = math.Copysign(inf, l.q+0.5*c+0.5/l.tau)
		if c != 0 {
			g.Charm = math.Copysign(inf, -c)
		}
		return 0, g
	}
	g.Veta, g.Color = -inf, inf
	if l.vol > 0 {
		g.Theta = -inf
		g.Charm = math.Copysign(inf, -(c + 0.25*l.vol*l.vol))
	}
	return 0, g
}

// invalid is the answer outside the domain: NaN everywhere.
func invalid() (float64, pricing.Greeks) {
	nan := math.NaN()
	return nan, pricing.Greeks{
		Delta: nan, Gamma: nan, Vega: nan, Theta: nan, Rho: nan, YieldRho: nan, Vanna: nan, Volga: nan, Charm: nan,
		Speed: nan, Color: nan, Zomma: nan, Veta: nan, Ultima: nan, DualDelta: nan, DualGamma: nan,
	}
}
