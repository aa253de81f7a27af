package main

import (
	"fmt"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/pricing/tree"
	"github.com/volgaquant/volga/rates/curve"
)

// contests are the options and the engines that price them. An engine is a value with its settings as fields; the option and
// the model know nothing of it.
func contests() []contest {
	market := model.Market{Spot: 100, Discount: curve.Flat(0.05), Carry: curve.Flat(0.02)}
	lognormal := model.BlackScholes{Spot: market.Spot, Discount: market.Discount, Carry: market.Carry, Vol: model.FlatVol(0.25)}
	heston := model.Heston{Market: market, V0: 0.04, Kappa: 1.5, Theta: 0.06, Sigma: 0.5, Rho: -0.7}
	gamma := model.VarianceGamma{Market: market, Sigma: 0.12, Nu: 0.2, Theta: -0.14}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 105, Expiry: 1}
	put := pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}

	return []contest{
		{
			title:  "European call, Black-Scholes",
			text:   "Spot 100, strike 105, one year, rate 5%, yield 2%, volatility 25%. Exact is the closed formula.",
			option: call, world: lognormal, unit: call.Strike, reference: analytic.European{},
			entries: join(closed(), transforms(), lattices(false)),
		},
		{
			title:  "American put, Black-Scholes",
			text:   "The same with a put that may be exercised at any time. Exact is the integral equation of the boundary solved to 5e-12.",
			option: put, world: lognormal, unit: put.Strike, reference: analytic.AndersenLake{Tolerance: 5e-12},
			entries: join(boundaries(), lattices(true)),
		},
		{
			title:  "European call, Heston",
			text:   "Stochastic variance 4% reverting to 6%, volatility of variance 50%, correlation −0.7. Exact is Lewis's integral to 1e-14.",
			option: call, world: heston, unit: call.Strike, reference: fourier.Lewis{Tol: 1e-14},
			entries: transforms(),
		},
		{
			title:  "European call, variance gamma",
			text:   "A pure jump process, whose characteristic function decays like a power of its argument: the hard case for transforms.",
			option: call, world: gamma, unit: call.Strike, reference: fourier.Lewis{Tol: 1e-14},
			entries: transforms(),
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
			entry{"Carr-Madan", setting, fourier.CarrMadan{Tol: tol}})
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
	all := []entry{{"Barone-Adesi-Whaley", "", analytic.BaroneAdesiWhaley{}}}
	for _, tol := range []float64{2e-5, 4e-6, 1e-7, 6e-9, 5e-11} {
		all = append(all, entry{"Andersen-Lake-Offengenden", fmt.Sprintf("tolerance %.0e", tol), analytic.AndersenLake{Tolerance: tol}})
	}
	return all
}
