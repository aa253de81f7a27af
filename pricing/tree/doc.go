// Package tree prices on recombining lattices of the asset's price: European, American and Bermudan options under
// lognormal models with curves and discrete dividends.
//
//	world := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.20)}
//	put := pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
//	r, err := tree.Lattice{Smooth: true, Richardson: true}.Price(context.Background(), put, world)
//
// # Conventions
//
// Those of package pricing. At an ex-date the asset falls by the cash amount and then by the proportion; an American option
// may be exercised just before. Each stretch between ex-dates has its own lattice, whose last layer takes its values from
// the next lattice by cubic interpolation at the price after the dividend, so that nodes stay recombining and ex-dates fall
// on layers exactly. With [model.PiecewiseLognormal] dividends the lattice is that of the asset; with [model.Escrowed] ones it
// is that of the asset less the cash dividends up to the option's expiry, and exercise pays on the two together.
package tree
