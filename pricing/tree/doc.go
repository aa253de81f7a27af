// Package tree prices on recombining lattices of the asset's price: European, American and Bermudan options under
// lognormal models with curves and discrete dividends.
//
//	world := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.20)}
//	put := pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
//	r, err := tree.Lattice{Smooth: true, Richardson: true}.Price(context.Background(), put, world)
//
// # Conventions
//
// Those of package pricing. Discrete dividends follow the spot model: the asset falls by the cash amount and then by the
// proportion at the ex-date and is lognormal in between; an American option may be exercised just before. Each stretch
// between ex-dates has its own lattice, whose last layer takes its values from the next lattice by cubic interpolation at
// the price after the dividend, so that nodes stay recombining and ex-dates fall on layers exactly.
package tree
