package volga_test

import (
	"context"
	"math"

	"github.com/volgaquant/volga/exotics"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/fd"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/mc"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/pricing/tree"
	"github.com/volgaquant/volga/rates/curve"
)

// The names of contracts in the matrix.
const (
	european  = "European option"
	bermudan  = "Bermudan option"
	american  = "American option"
	barrier   = "Barrier option, watched at all times"
	barrierAt = "Barrier option, watched at dates"
	double    = "Double barrier option"
	geometric = "Asian option on the geometric average"
	best      = "Option on the best of several assets"
	bestEarly = "Bermudan option on the best of several assets"
	asian     = "Asian option on the arithmetic average"
)

// rivals are the engines, each at a setting that suits a test: fast, and accurate enough to tell a right value from a wrong one.
func rivals() []rival {
	return []rival{
		{name: "analytic.European", Engine: analytic.European{}, claim: exact(1e-12)},
		{name: "fourier.COS", Engine: fourier.COS{}, claim: steps, optional: fourier.ErrAccuracy},
		{name: "fourier.Lewis", Engine: fourier.Lewis{}, claim: exact(1e-11)},
		{name: "analytic.MertonSeries", Engine: analytic.MertonSeries{}, claim: exact(1e-11)},
		{name: "fourier.CONV", Engine: fourier.CONV{}, claim: steps, optional: fourier.ErrAccuracy},
		{name: "fourier.CarrMadan", Engine: fourier.CarrMadan{}, claim: exact(2e-8), optional: fourier.ErrAccuracy},
		{name: "analytic.AndersenLake", Engine: analytic.AndersenLake{}, claim: exact(2e-8)},
		{name: "analytic.BaroneAdesiWhaley", Engine: analytic.BaroneAdesiWhaley{}, claim: exact(4e-3)},
		{name: "analytic.BjerksundStensland", Engine: analytic.BjerksundStensland{}, claim: exact(4e-3)},
		{name: "analytic.RollGeskeWhaley", Engine: analytic.RollGeskeWhaley{}, claim: exact(1e-10)},
		{name: "tree.Lattice", Engine: tree.Lattice{Smooth: true, Richardson: true}, claim: lattice},
		{name: "fd.OneAsset", Engine: fd.OneAsset{}, claim: exact(2e-5)},
		{name: "fd.ADI", Engine: fd.ADI{}, claim: exact(1e-4)},
		{name: "mc.Engine", Engine: mc.Engine{Paths: 1 << 14, Source: mc.Sobol{}, Seed: 7}, claim: exact(1e-4)},
		{name: "mc.LongstaffSchwartz", Engine: mc.LongstaffSchwartz{Engine: mc.Engine{Paths: 1 << 15, Seed: 7}, Fit: 1 << 14, Dates: 40}, claim: exact(3e-3)},
	}
}

// steps is the claim of series that step from date to date: their default accuracy, relative to the forward.
func steps(c cell) float64 {
	if c.contract == american {
		return 2e-6
	}
	return 4e-8
}

// lattice is the claim of a lattice, which exercises at the layer next to a date.
func lattice(c cell) float64 {
	if c.contract == bermudan {
		return 1e-4
	}
	return 2e-5
}

func flat(spot, rate, yield float64) model.Market {
	return model.Market{Spot: spot, Discount: curve.Flat(rate), Carry: curve.Flat(yield)}
}

func lognormal(spot, rate, yield, vol float64) model.BlackScholes {
	return model.BlackScholes{Spot: spot, Discount: curve.Flat(rate), Carry: curve.Flat(yield), Vol: model.FlatVol(vol)}
}

func call(strike, expiry float64) pricing.Vanilla {
	return pricing.Vanilla{Right: pricing.Call, Strike: strike, Expiry: expiry}
}

func put(strike, expiry float64) pricing.Vanilla {
	return pricing.Vanilla{Right: pricing.Put, Strike: strike, Expiry: expiry}
}

// every returns n equidistant times up to expiry.
func every(n int, expiry float64) []float64 {
	times := make([]float64, n)
	for i := range times {
		times[i] = expiry * float64(i+1) / float64(n)
	}
	times[n-1] = expiry
	return times
}

// never is why an American call can have a European reference.
const never = "a call on an asset without a yield is not exercised early"

// none stands for a reference that does not exist: the engines are held against each other alone.
var none = math.NaN()

// truths are the cells.
func truths() []cell {
	var cells []cell
	add := func(contract, name string, in pricing.Instrument, world pricing.Model, want, tol float64, source string) {
		scale := 0.0
		switch o := in.(type) {
		case pricing.Terminal:
			scale = o.Kinks()[0]
		case pricing.Averaging:
			scale = o.Average().Strike
		case exotics.Basket:
			scale = o.Strike
		case exotics.EarlyBasket:
			scale = o.Strike
		}
		cells = append(cells, cell{contract, name, in, world, scale, want, tol, source})
	}
	// all adds the contracts of one kind of option on one asset, with references where there are.
	type wants struct{ european, bermudan, american float64 }
	vanillas := func(name string, o pricing.Vanilla, dates int, world pricing.Model, w wants, tol float64, source string) {
		add(european, name, o, world, w.european, tol, source)
		add(bermudan, name, pricing.Bermudan{Right: o.Right, Strike: o.Strike, Dates: every(dates, o.Expiry)}, world, w.bermudan, max(tol, 1e-8), source)
		add(american, name, pricing.American(o), world, w.american, max(tol, 1e-6), source)
	}

	// worth is the European value of one call.
	worth := func(m pricing.Model) float64 {
		return must(fourier.Lewis{}.Price(context.Background(), call(105, 1), m)).Value
	}

	const black = "Black-Scholes"
	vanillas(black, put(40, 1), 50, lognormal(36, 0.06, 0, 0.2), wants{3.844307791596841, 4.47781111114, 4.486674356738442}, 1e-10,
		"closed formula to 40 digits; Longstaff and Schwartz (2001), table 1, recomputed")
	vanillas(black, put(40, 2), 100, lognormal(44, 0.06, 0, 0.2), wants{none, 1.68982761159, none}, 1e-8, "as before")
	vanillas(black, put(100, 0.5), 4, lognormal(100, 0.05, 0.02, 0.3), wants{none, 7.68005401227, none}, 2e-8, "Bermudan by quadrature")
	american5 := lognormal(100, 0.05, 0.05, 0.25)
	vanillas(black, put(100, 1), 12, american5, wants{none, none, 9.569445298914143}, 1e-6, "golden american-000")

	curves := american5
	curves.Discount = must(curve.NewZeroCurve([]float64{0.25, 1, 3}, []float64{0.01, 0.04, 0.06}, curve.LogLinearDiscount))
	curves.Carry = must(curve.NewZeroCurve([]float64{0.5, 2}, []float64{0.03, 0.01}, curve.LogLinearDiscount))
	vanillas("Black-Scholes, curves", put(100, 1.5), 6, curves, wants{none, none, none}, 0, "")

	smile := american5
	smile.Vol = model.VolFunc(func(k, t float64) float64 { return 0.25 - 0.1*math.Log(k/100) })
	add(european, "Black-Scholes, smile", call(120, 1), smile, 2.960301528647063, 1e-10, "Black's formula at the strike's volatility, 40 digits")

	vanillas("Heston", call(100, 10), 10, model.Heston{Market: flat(100, 0, 0), V0: 0.04, Kappa: 0.5, Theta: 0.04, Sigma: 1, Rho: -0.9},
		wants{13.084670136992358, 13.084670136992358, 13.084670136992358}, 1e-9, "Andersen (2008), case I, recomputed; "+never)
	vanillas("Heston", put(10, 0.25), 5, model.Heston{Market: flat(10, 0.1, 0), V0: 0.0625, Kappa: 5, Theta: 0.16, Sigma: 0.9, Rho: 0.1},
		wants{none, none, 0.5200383}, 1.3e-5, "Ikonen and Toivanen (2008), recomputed")
	vanillas("Bates", call(80, 1), 4, model.Bates{Heston: model.Heston{Market: flat(100, 0.0319, 0), V0: 0.008836, Kappa: 3.99, Theta: 0.014, Sigma: 0.27, Rho: -0.79},
		Jumps: model.Jumps{Lambda: 0.11, MuJ: -0.1391, SigmaJ: 0.15}}, wants{22.92407146746536, 22.92407146746536, 22.92407146746536}, 1e-9, "Duffie, Pan and Singleton (2000), recomputed; "+never)
	vanillas("Merton", put(100, 1), 10, model.Merton{Market: flat(100, 0.05, 0), Sigma: 0.2, Jumps: model.Jumps{Lambda: 1, MuJ: -0.1, SigmaJ: 0.2}},
		wants{8.811623711372588, none, none}, 1e-9, "Merton's series, 20 digits")
	vanillas("Kou", call(98, 0.5), 5, model.Kou{Market: flat(100, 0.05, 0), Sigma: 0.16, Lambda: 1, P: 0.4, Eta1: 10, Eta2: 5},
		wants{9.147317303936926, none, none}, 1e-9, "Kou (2002), section 5.1, to 20 digits")
	add(european, "Variance gamma", put(90, 1), model.VarianceGamma{Market: flat(100, 0.1, 0), Sigma: 0.12, Nu: 0.2, Theta: -0.14},
		0.5347223474384545, 1e-9, "Fang and Oosterlee (2008), table 7, recomputed")
	smoother := model.VarianceGamma{Market: flat(100, 0.1, 0), Sigma: 0.2, Nu: 0.02, Theta: -0.14}
	add(bermudan, "Variance gamma", pricing.Bermudan{Right: pricing.Put, Strike: 100, Dates: every(4, 1)}, smoother, none, 0, "")
	add(american, "Variance gamma", pricing.American(call(105, 1)), smoother, worth(smoother), 1e-6, never)
	vanillas("NIG", put(80, 1), 10, model.NIG{Market: flat(100, 0.05, 0.02), Alpha: 15, Beta: -5, Delta: 0.5},
		wants{0.9964251934973232, none, none}, 1e-9, "quadrature to 20 digits")
	vanillas("CGMY", put(100, 1), 10, model.CGMY{Market: flat(100, 0.1, 0), C: 1, G: 5, M: 5, Y: 0.5},
		wants{10.296690646714694, none, none}, 1e-9, "Fang and Oosterlee (2008), table 8, recomputed")

	// The other laws of one asset. Spot 100, rate 3%, yield 1%.
	market := flat(100, 0.03, 0.01)
	vanillas("Bachelier", put(95, 1), 4, model.Bachelier{Market: market, Vol: model.FlatVol(18)}, wants{none, none, none}, 0, "")
	vanillas("Displaced diffusion", put(95, 1), 4, model.Displaced{Market: market, Shift: 40, Vol: model.FlatVol(0.15)}, wants{none, none, none}, 0, "")
	vanillas("CEV", put(95, 1), 4, model.CEV{Market: market, Sigma: 2.5, Beta: 0.5}, wants{none, none, none}, 0, "")
	vanillas("Local volatility", put(95, 1), 4, model.LocalVol{Market: market, Variance: model.LocalVarianceFunc(func(k, t float64) float64 {
		v := 0.2 - 0.1*math.Tanh(2*k) + 0.02*math.Exp(-t)
		return v * v
	})}, wants{none, none, none}, 0, "")
	add(european, "SABR (expansion)", put(0.9, 10), model.SABR{Market: flat(1, 0, 0), Alpha: 0.25, Beta: 0.3, Nu: 0.3, Rho: -0.8},
		black76(1, 0.9, 10, 0.2638)-0.1, 6e-5, "Antonov and Spector (2012), table 1: Hagan's volatility, 4 digits")

	dividends := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.3),
		Dividends: []model.Dividend{{Time: 0.3, Cash: 4}}}
	vanillas("Black-Scholes, cash dividends, escrowed", call(95, 0.75), 5, dividends, wants{none, none, none}, 0, "")
	jumps := model.BlackScholes{Spot: 195.11, Discount: curve.Flat(0.0714), Vol: model.FlatVol(0.2931), DividendModel: model.PiecewiseLognormal, Dividends: []model.Dividend{
		{Time: 0.8191780821917808, Cash: 5.84}, {Time: 1.0520547945205478, Cash: 1.51}, {Time: 1.4, Cash: 3}, {Time: 1.7424657534246575, Cash: 1.15}}}
	vanillas("Black-Scholes, cash dividends, piecewise lognormal", put(176.09, 1.841095890410959), 8, jumps, wants{15.136695984634855, none, none}, 2e-4,
		"golden american_discrete_dividends-000")

	// The other laws of stochastic volatility.
	growing := flat(100, 0.03, 0)
	piecewise := model.PiecewiseHeston{Market: growing, V0: 0.04, Periods: []model.HestonPeriod{
		{Until: 0.4, Kappa: 1, Theta: 0.05, Sigma: 0.6, Rho: -0.5}, {Until: 2, Kappa: 2, Theta: 0.03, Sigma: 0.3, Rho: -0.8}}}
	v := worth(piecewise)
	vanillas("Heston, piecewise constant", call(105, 1), 4, piecewise, wants{none, v, v}, 1e-8, never)
	twice := model.DoubleHeston{Market: growing,
		First:  model.HestonFactor{V0: 0.02, Kappa: 4, Theta: 0.02, Sigma: 0.5, Rho: -0.9},
		Second: model.HestonFactor{V0: 0.02, Kappa: 0.5, Theta: 0.03, Sigma: 0.2, Rho: -0.3}}
	v = worth(twice)
	vanillas("Double Heston", call(105, 1), 4, twice, wants{none, v, v}, 1e-8, never)
	hybrid := model.HestonHullWhite{Market: market, V0: 0.04, Kappa: 1.5, Theta: 0.05, Sigma: 0.5, Rho: -0.7, Lambda: 0.1, Eta: 0.012}
	vanillas("Heston-Hull-White", put(95, 3), 4, hybrid, wants{none, none, none}, 0, "")
	vanillas("3/2", put(95, 1), 4, model.ThreeHalves{Market: market, V0: 0.06, Kappa: 22, Theta: 0.08, Sigma: 8, Rho: -0.7}, wants{none, none, none}, 0, "")
	vanillas("Stein-Stein", call(100, 10), 4, model.SteinStein{Market: flat(100, 0.09531, 0), Vol0: 0.2, Kappa: 4, Theta: 0.2, Sigma: 0.1, Rho: -0.7},
		wants{62.76312, none, none}, 5e-6, "Li and Wu (2019), table 2")
	vanillas("Rough Heston", call(1, 1), 4, model.RoughHeston{Market: flat(1, 0, 0), H: 0.12, V0: 0.0392, Lambda: 0.1, Theta: 0.3156, Nu: 0.331, Rho: -0.681},
		wants{0.0829411229114, 0.0829411229114, 0.0829411229114}, 1e-9, "parameters of El Euch and Rosenbaum (2018); "+never)
	vanillas("Rough Bergomi", call(1, 1), 4, model.RoughBergomi{Market: flat(1, 0, 0), H: 0.3, Eta: 1, Rho: -0.5, Xi: model.FlatVariance(0.04)},
		wants{black76(1, 1, 1, 0.187141), black76(1, 1, 1, 0.187141), black76(1, 1, 1, 0.187141)}, 1e-4, "golden papers/rough_bergomi h3; "+never)
	add(european, "Heston-Hull-White, forward", put(95, 3), model.HestonHullWhiteForward{Model: hybrid, Expiry: 3},
		must(fourier.Lewis{}.Price(context.Background(), put(95, 3), hybrid)).Value, 1e-8, "Lewis's integral under the model of the asset")
	add(european, "SABR (law of motion)", call(1, 1), model.SABRDiffusion{SABR: model.SABR{Market: flat(1, 0, 0), Alpha: 0.25, Beta: 0.6, Nu: 0.3, Rho: -0.4}, Expiry: 1}, none, 0, "")
	vanillas("Stochastic local volatility", put(95, 1), 4, model.StochasticLocalVol{
		Variance: model.Heston{Market: market, V0: 0.04, Kappa: 1.5, Theta: 0.05, Sigma: 0.5, Rho: -0.7},
		Leverage: model.LocalVarianceFunc(func(k, _ float64) float64 { return 1 - 0.3*math.Tanh(k) })}, wants{none, none, none}, 0, "")

	// Barriers.
	goldenBarrier := func(o pricing.Vanilla, world pricing.Model, level, rebate float64, up, in bool, want float64) {
		add(barrier, black, exotics.Barrier{Vanilla: o, Barrier: pricing.Barrier{Level: level, Up: up, In: in, Rebate: rebate}}, world, want, 1e-8, "golden barrier")
	}
	goldenBarrier(call(213.56, 0.5972602739726027), lognormal(185.36, 0.0837, 0.0544, 0.235), 156.14, 0, false, false, 5.037090756313352)
	goldenBarrier(call(103.16, 1.6465753424657534), lognormal(111.37, 0.0707, 0.0429, 0.3598), 117.7, 1.66, true, true, 24.58847041188103)
	goldenBarrier(call(95.83, 1.2712328767123289), lognormal(93.26, 0.0385, 0.0547, 0.2743), 112.86, 0, true, false, 0.2568150648571432)
	down := pricing.Barrier{Level: 85}
	add(barrier, "CEV", exotics.Barrier{Vanilla: put(95, 1), Barrier: down}, model.CEV{Market: market, Sigma: 2.5, Beta: 0.5}, none, 0, "")
	add(barrier, "Heston", exotics.Barrier{Vanilla: call(100, 1), Barrier: pricing.Barrier{Level: 80}},
		model.Heston{Market: flat(100, 0.025, 0), V0: 0.09, Kappa: 1.5, Theta: 0.04, Sigma: 0.3, Rho: -0.9}, 10.45219, 1e-4, "in 't Hout and Foulon's case 1, recomputed")
	add(barrier, "Merton", exotics.Barrier{Vanilla: call(100, 1), Barrier: down}, model.Merton{Market: market, Sigma: 0.2, Jumps: model.Jumps{Lambda: 1, MuJ: -0.1, SigmaJ: 0.2}}, 11.13973, 1e-5,
		"watched at 25 to 1,600 dates by cosine series, extrapolated in powers of √Δt")
	watched := pricing.Barrier{Level: 90, Dates: every(50, 0.2)}
	add(barrierAt, black, exotics.Barrier{Vanilla: call(100, 0.2), Barrier: watched}, lognormal(100, 0.1, 0, 0.3), 6.0981961431, 1e-7,
		"Broadie, Glasserman and Kou (1997), recomputed")
	add(barrierAt, "NIG", exotics.Barrier{Vanilla: call(100, 1), Barrier: pricing.Barrier{Level: 90, Dates: every(10, 1)}},
		model.NIG{Market: market, Alpha: 15, Beta: -5, Delta: 0.5}, none, 0, "")
	add(barrierAt, "Kou", exotics.Barrier{Vanilla: call(100, 0.2), Barrier: watched}, model.Kou{Market: flat(100, 0.05, 0), Sigma: 0.16, Lambda: 1, P: 0.4, Eta1: 10, Eta2: 5}, none, 0, "")
	add(barrierAt, "Heston", exotics.Barrier{Vanilla: call(100, 0.2), Barrier: watched}, model.Heston{Market: market, V0: 0.09, Kappa: 1.5, Theta: 0.04, Sigma: 0.3, Rho: -0.9}, none, 0, "")
	add(double, black, exotics.DoubleBarrier{Vanilla: call(96.26, 0.36712328767123287), Lower: pricing.Barrier{Level: 72.33}, Upper: pricing.Barrier{Level: 127.33, Up: true}},
		lognormal(92.98, 0.0308, 0.0121, 0.4218), 2.114903118417328, 1e-8, "golden double_barrier-000")

	// Averages.
	average := exotics.Asian{Right: pricing.Call, Strike: 100, Dates: every(10, 1)}
	add(asian, black, exotics.Asian{Right: pricing.Put, Strike: 209.8, Dates: []float64{0.10136986301369863, 0.20273972602739726, 0.3041095890410959, 0.4054794520547945}},
		lognormal(184.7, 0.0861, 0.0221, 0.4241), 27.349167716478792, 0.0069, "golden asian-008")
	add(asian, black, average, lognormal(100, 0.06, 0, 0.2), none, 0, "")
	add(asian, "NIG", average, model.NIG{Market: flat(100, 0.05, 0.02), Alpha: 15, Beta: -5, Delta: 0.5}, none, 0, "")
	average.Geometric = true
	add(geometric, black, average, lognormal(100, 0.06, 0, 0.2), 6.28379702332557, 1e-11, "closed formula to 15 digits")
	add(geometric, "Merton", average, model.Merton{Market: market, Sigma: 0.2, Jumps: model.Jumps{Lambda: 1, MuJ: -0.1, SigmaJ: 0.2}}, none, 0, "")

	// Several assets.
	two := model.Assets{Discount: curve.Flat(0.0028), Correlation: [][]float64{{1, -0.788}, {-0.788, 1}}, Each: []model.Asset{
		{Spot: 24.78, Carry: curve.Flat(0.0461), Vol: model.FlatVol(0.1609)}, {Spot: 21.04, Carry: curve.Flat(0.036), Vol: model.FlatVol(0.2463)}}}
	add(best, "Two lognormal assets", exotics.Basket{Right: pricing.Call, On: exotics.Best, Weights: []float64{1, 1}, Strike: 21.25, Expiry: 2.378082191780822},
		two, 4.903915953731896, 1e-8, "Stulz (1982), golden multi_asset-002")
	like := model.Asset{Spot: 100, Carry: curve.Flat(0.1), Vol: model.FlatVol(0.2)}
	maxCall := exotics.EarlyBasket{Basket: exotics.Basket{Right: pricing.Call, On: exotics.Best, Weights: []float64{1, 1}, Strike: 100, Expiry: 3}, Dates: every(9, 3)}
	add(bestEarly, "Two lognormal assets", maxCall, model.Assets{Discount: curve.Flat(0.05), Each: []model.Asset{like, like}}, 13.90182, 1e-4,
		"Broadie and Glasserman (2004), recomputed")
	maxCall.Weights = []float64{1, 1, 1}
	add(bestEarly, "Three lognormal assets", maxCall, model.Assets{Discount: curve.Flat(0.05), Each: []model.Asset{like, like, like}}, 18.6902, 1e-3,
		"Broadie and Glasserman (2004), recomputed")
	european3 := maxCall.Basket
	add(best, "Three lognormal assets", european3, model.Assets{Discount: curve.Flat(0.05), Each: []model.Asset{like, like, like}}, 15.680723095081226, 1e-9,
		"quadrature over the price of the best")
	return cells
}

// black76 is Black's formula for a call.
func black76(forward, strike, t, vol float64) float64 {
	o := analytic.European{}
	r := must(o.Price(context.Background(), call(strike, t), lognormal(forward, 0, 0, vol)))
	return r.Value
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
