// Package surface turns a raw option chain into a volatility surface that is free of arbitrage.
//
//	c, _, err := surface.ReadChainFile("spx_2023-09-14.csv.gz", surface.ReadOptions{})
//	smiles, _, err := c.Smiles(surface.SmileOptions{})                // forwards, implied volatilities
//	e, report, err := surface.FitESSVI(smiles, surface.FitSettings{}) // all expiries at once
//	vol := e.Vol(k, t)
//	e, report, err = surface.FitESSVI(next, surface.FitSettings{Start: e}) // a moment later
//
// A [Chain] is what a venue quotes, a [Smile] what the market says of one expiry. [FitESSVI] fits an [ESSVI] surface to
// all smiles; the conditions for no butterfly and no calendar arbitrage hold at every step of the fit and, by the proof in
// the comment of [ESSVI], at every strike and expiry of the result. A [Fitter] fits again and again without garbage.
// [CheckArbitrage] looks at any surface on a dense grid, [LocalVariance] is Dupire's. [SVI] is one smile in raw
// parameters, [NaturalSVI] and [JumpWings] the same in others; [SVI.Butterfly] is the exact domain without butterfly arbitrage.
// [FitSVISurface] fits such a smile to each expiry, five parameters instead of three, with no smile crossing another: an
// [SVISurface]. [Surface] a total variance by strike with the forwards to go with it.
//
// Surfaces that are free of arbitrage by construction are [ESSVI] (three parameters for each expiry), [SVISurface] (five) and
// [SSVI] (two or three and a level for each expiry); one smile is so by [FitSVI] and by [FitMixture]. The others are what desks
// quote in, and must be looked at: [WingModel] of listed options, [VannaVolga] of foreign exchange with its delta conventions
// [FXExpiry], [SABRSmile], and the [Spline]. Any [Curve] of one expiry goes into an [Interpolated] surface.
//
// A smile is a law: [Density], [ProbabilityBelow], [ImpliedMoments], [VarianceStrike] read it off a [Curve]. [VIXStrip] and [VIX]
// are the volatility index by the rules of its publisher, [VarianceStrip] the variance swap of a given set of options.
//
// [CheckCalls] finds every static arbitrage between quoted calls of all strikes and expiries, [RepairCalls] the least change that
// removes it; [PenaltyLattice] is a smooth penalty on arbitrage for an objective of one's own. [Motion] moves a surface with the
// spot by one of four rules and gives Greeks along it; a [Tracker] keeps a live surface through ticks, fits and failed fits;
// [NewEventSurface] puts announcements on one; [RegimeFlag] and [Regression] say how wide to quote and where.
//
// # Conventions
//
// Times are years from the valuation instant under the clock of [SmileOptions]. Log-moneyness is k = ln(K/F) with F the
// forward of the expiry, total variance w = σ²t, volatilities are annualised decimals. Durrleman's function is
//
//	g = (1 − kw'/2w)² − w'²/4·(1/w + ¼) + w''/2
//
// and butterfly arbitrage is g < 0, calendar arbitrage ∂w/∂t < 0 at fixed k. Surfaces and smiles are immutable and safe
// for concurrent use; a [Fitter] is not.
package surface
