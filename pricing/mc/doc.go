// Package mc prices by Monte Carlo simulation.
//
//	world := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.2)}
//	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
//	r, err := mc.Engine{Paths: 1 << 16}.Price(context.Background(), call, world)
//	fmt.Println(r.Value, "±", r.StdErr)
//
// # Conventions
//
// Those of package pricing. Paths are made in blocks, by columns; the numbers of a block depend on the seed and on the index of
// the block alone, and blocks are added up in their order, so that a seed gives the same bits for any number of workers.
// Every estimate comes with its standard error, in Result.StdErr.
package mc
