package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/rates/calendar"
	"github.com/volgaquant/volga/surface"
)

const syntheticNote = "no -chain was given: this chain is synthetic, made up from a known surface with bid-ask noise"

// synthetic makes a chain up: an index at 5000, weekly and monthly expiries to two years, a rate of 4% and a dividend
// yield of 1.3%. Volatilities are those of an SSVI surface, and each quote is the theo moved by a part of its spread that
// is drawn at random, rounded to the tick, with a spread that widens away from the money. Like a real one the chain has
// faults: zero bids far from the money, and a few quotes that are crossed.
func synthetic() *surface.Chain {
	const spot, rate, yield = 5000.0, 0.04, 0.013
	rng := rand.New(rand.NewPCG(1, 2))
	asof := time.Date(2026, time.March, 2, 15, 30, 0, 0, time.UTC)
	day := calendar.NewDate(2026, time.March, 2)

	var quotes []surface.Quote
	for _, days := range []calendar.Date{4, 11, 18, 25, 32, 46, 60, 81, 109, 137, 172, 200, 263, 291, 361, 473, 655} {
		expiry := surface.Expiry{Root: "SYN", Date: day + days, Settlement: calendar.PM}
		expiry.At = expiry.Settlement.On(expiry.Date)
		tau := calendar.Act365F.Years(asof, expiry.At)
		forward, discount := spot*math.Exp((rate-yield)*tau), math.Exp(-rate*tau)

		// At-the-money volatility from 13% rising to 19%, ρ from −0.75 to −0.6, and wings by the square root of variance.
		theta := tau * math.Pow(0.19-0.06*math.Exp(-2*tau), 2)
		rho := -0.6 - 0.15*math.Exp(-3*tau)
		truth := surface.Slice{Tau: tau, Theta: theta, Rho: rho, Psi: 1.15 * math.Sqrt(theta)}

		step := 5.0
		if tau > 0.2 {
			step = 25
		}
		width := 4.5 * math.Sqrt(theta) * forward
		for k := math.Ceil((forward-1.6*width)/step) * step; k <= forward+width; k += step {
			if k <= 0 {
				continue
			}
			vol := truth.Vol(math.Log(k / forward))
			for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
				value, g := black.Black76{Right: right, Forward: forward, Strike: k, Vol: vol, Tau: tau, Discount: discount}.Greeks()
				half := 0.05 + 0.0012*g.Vega + 0.004*value
				mid := value + 0.35*half*math.Max(-2, math.Min(2, rng.NormFloat64()))
				q := surface.Quote{Expiry: expiry, Right: right, Strike: k, Bid: down(mid - half), Ask: up(mid + half)}
				if rng.Float64() < 0.001 {
					q.Bid, q.Ask = q.Ask, q.Bid
				}
				quotes = append(quotes, q)
			}
		}
	}
	return surface.NewChain("SYN", asof, spot, false, quotes)
}

// down and up round to the tick of 0.05, and 0.10 from 3 on.
func down(p float64) float64 { return math.Max(0, math.Floor(p/tick(p)+1e-9)*tick(p)) }
func up(p float64) float64   { return math.Ceil(p/tick(p)-1e-9) * tick(p) }

func tick(p float64) float64 {
	if p < 3 {
		return 0.05
	}
	return 0.10
}
