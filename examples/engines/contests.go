package main

import (
	"fmt"

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

// The world and the contracts of the example.

func flat(rate float64) curve.Flat { return curve.Flat(rate) }

func market() model.Market { return model.Market{Spot: 100, Discount: flat(0.05), Carry: flat(0.02)} }

func lognormal() model.BlackScholes {
	return model.BlackScholes{Spot: 100, Discount: flat(0.05), Carry: flat(0.02), Vol: model.FlatVol(0.25)}
}

func european() pricing.Vanilla {
	return pricing.Vanilla{Right: pricing.Call, Strike: 105, Expiry: 1}
}

func american() pricing.American {
	return pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
}

// average is a call on the arithmetic average of n equidistant prices within a year.
func average(n int) exotics.Asian {
	dates := make([]float64, n)
	for i := range dates {
		dates[i] = float64(i+1) / float64(n)
	}
	return exotics.Asian{Right: pricing.Call, Strike: 100, Dates: dates}
}

// contests are the options and the engines that price them. An engine is a value with its settings as fields; the option and
// the model know nothing of it.
func contests() []contest {
	heston := model.Heston{Market: market(), V0: 0.04, Kappa: 1.5, Theta: 0.06, Sigma: 0.5, Rho: -0.7}
	gamma := model.VarianceGamma{Market: market(), Sigma: 0.12, Nu: 0.2, Theta: -0.14}
	knockOut := exotics.Barrier{Vanilla: european(), Barrier: pricing.Barrier{Level: 90}}
	geometric := average(12)
	geometric.Geometric = true
	const strike = 105

	return []contest{
		{
			title:  "European call, Black-Scholes",
			text:   "Spot 100, strike 105, one year, rate 5%, yield 2%, volatility 25%. Exact is the closed formula.",
			option: european(), world: lognormal(), unit: strike, reference: analytic.European{},
			entries: join(closed(), transforms(), lattices(false), grids(), simulations(nil)),
		},
		{
			title:  "American put, Black-Scholes",
			text:   "The same with a put that may be exercised at any time. Exact is the integral equation of the boundary solved to 5e-12.",
			option: american(), world: lognormal(), unit: strike, reference: analytic.AndersenLake{Tolerance: 5e-12},
			entries: join(boundaries(), lattices(true), grids(), regressions(nil), dates()),
		},
		{
			title:  "European call, Heston",
			text:   "Stochastic variance 4% reverting to 6%, volatility of variance 50%, correlation −0.7. Exact is Lewis's integral to 1e-14.",
			option: european(), world: heston, unit: strike, reference: fourier.Lewis{Tol: 1e-14},
			entries: join(transforms(), planes(), simulations(mc.Heston{})),
		},
		{
			title:  "American put, Heston",
			text:   "No transform serves here: the decision to exercise depends on the variance too. Exact is a fine grid.",
			option: american(), world: heston, unit: strike, reference: fd.ADI{TimeSteps: 200, SpotSteps: 500, SecondSteps: 200},
			entries: join(planes(), regressions(mc.Heston{})),
		},
		{
			title:  "European call, variance gamma",
			text:   "A pure jump process, whose characteristic function decays like a power of its argument: the hard case for transforms.",
			option: european(), world: gamma, unit: strike, reference: fourier.Lewis{Tol: 1e-14},
			entries: join(transforms(), simulations(nil)),
		},
		{
			title:  "Knock-out call, Black-Scholes",
			text:   "The first call dies when the price falls to 90 at any time. Exact is a fine grid. The simulation draws whether a path crossed between its steps.",
			option: knockOut, world: lognormal(), unit: strike, reference: fd.OneAsset{SpaceSteps: 3200, TimeSteps: 800},
			entries: join(grids(), simulations(nil)),
		},
		{
			title:  "Call on a geometric average, Black-Scholes",
			text:   "Twelve monthly fixings, strike 100. Exact is the cosine series to 1e-12.",
			option: geometric, world: lognormal(), unit: strike, reference: fourier.COS{Tol: 1e-12},
			entries: join(averages(), simulations(nil)),
		},
	}
}

func join(parts ...[]entry) []entry {
	var all []entry
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func closed() []entry {
	return []entry{{"closed formula", "", analytic.European{}}}
}

// transforms are asked for an error, and find their number of terms.
func transforms() []entry {
	var all []entry
	for _, tol := range []float64{1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12} {
		setting := fmt.Sprintf("tolerance %.0e", tol)
		all = append(all,
			entry{"COS", setting, fourier.COS{Tol: tol, ValueOnly: true}},
			entry{"Lewis", setting, fourier.Lewis{Tol: tol, ValueOnly: true}},
			entry{"Carr-Madan", setting, fourier.CarrMadan{Tol: tol, ValueOnly: true}})
	}
	return all
}

func averages() []entry {
	var all []entry
	for _, tol := range []float64{1e-4, 1e-6, 1e-8, 1e-10} {
		all = append(all, entry{"COS", fmt.Sprintf("tolerance %.0e", tol), fourier.COS{Tol: tol, ValueOnly: true}})
	}
	return all
}

// lattices are asked for a number of steps.
func lattices(american bool) []entry {
	var all []entry
	for _, steps := range []int{51, 101, 201, 401, 801, 1601, 3201} {
		setting := fmt.Sprintf("%d steps", steps)
		all = append(all,
			entry{"CRR lattice", setting, tree.Lattice{Scheme: tree.CRR, Steps: steps}},
			entry{"trinomial lattice", setting, tree.Lattice{Scheme: tree.Trinomial, Steps: steps}},
			entry{"Leisen-Reimer lattice", setting, tree.Lattice{Scheme: tree.LeisenReimer, Steps: steps}})
		if american {
			all = append(all, entry{"smoothed CRR, Richardson", setting,
				tree.Lattice{Scheme: tree.CRR, Steps: steps, Smooth: true, Richardson: true}})
		}
	}
	return all
}

// boundaries are the formulas for American options.
func boundaries() []entry {
	all := []entry{
		{"Barone-Adesi-Whaley", "", analytic.BaroneAdesiWhaley{}},
		{"Bjerksund-Stensland", "", analytic.BjerksundStensland{}},
	}
	for _, tol := range []float64{2e-5, 4e-6, 1e-7, 6e-9, 5e-11} {
		all = append(all, entry{"Andersen-Lake-Offengenden", fmt.Sprintf("tolerance %.0e", tol), analytic.AndersenLake{Tolerance: tol}})
	}
	return all
}

// grids are finite differences in the price.
func grids() []entry {
	var all []entry
	for _, n := range []int{50, 100, 200, 400, 800} {
		all = append(all,
			entry{"finite differences", fmt.Sprintf("%d x %d", n/4, n), fd.OneAsset{SpaceSteps: n, TimeSteps: n / 4}},
			entry{"one grid, not extrapolated", fmt.Sprintf("%d x %d", n/4, n), fd.OneAsset{SpaceSteps: n, TimeSteps: n / 4, Single: true}})
	}
	return all
}

// planes are finite differences in the price and the variance.
func planes() []entry {
	var all []entry
	for _, n := range []int{12, 25, 50, 100} {
		all = append(all, entry{"alternating directions", fmt.Sprintf("%d x %d x %d", n, 4*n, n), fd.ADI{TimeSteps: n, SpotSteps: 4 * n, SecondSteps: n}})
	}
	return all
}

// dates step from exercise date to exercise date by transforms, and extrapolate in their number.
func dates() []entry {
	var all []entry
	for _, tol := range []float64{1e-4, 1e-5, 1e-6} {
		setting := fmt.Sprintf("tolerance %.0e", tol)
		all = append(all,
			entry{"COS", setting, fourier.COS{Tol: tol, ValueOnly: true}},
			entry{"CONV", setting, fourier.CONV{Tol: tol, ValueOnly: true}})
	}
	return all
}

// regressions learn when to exercise from simulated paths, and value that rule on others: a value from below but for the noise.
func regressions(scheme mc.Scheme) []entry {
	var all []entry
	for _, log := range []int{12, 14, 16} {
		all = append(all, entry{"Longstaff-Schwartz", fmt.Sprintf("2^%d paths", log),
			mc.LongstaffSchwartz{Engine: mc.Engine{Paths: 1 << log, Scheme: scheme, Seed: 1}, Fit: 1 << (log - 1), Dates: 40, Richardson: true}})
	}
	return all
}

// simulations are asked for a number of paths.
func simulations(scheme mc.Scheme) []entry {
	var all []entry
	for _, log := range []int{10, 12, 14, 16} {
		setting := fmt.Sprintf("2^%d paths", log)
		all = append(all,
			entry{"Monte Carlo", setting, mc.Engine{Paths: 1 << log, Scheme: scheme, Seed: 1}},
			entry{"Monte Carlo, Sobol'", setting, mc.Engine{Paths: 1 << log, Scheme: scheme, Seed: 1, Source: mc.Sobol{}}})
	}
	return all
}
