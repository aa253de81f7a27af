// Package exotics holds contracts beyond the vanilla ones.
//
//	knockOut := exotics.Barrier{
//		Vanilla: pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1},
//		Barrier: pricing.Barrier{Level: 85},
//	}
//	r, err := fd.OneAsset{}.Price(ctx, knockOut, world)
//
// A contract says what it pays through the capabilities of package pricing, and every engine that asks for these prices it:
// finite differences and cosine series take a [Barrier] and a [DoubleBarrier], simulation these and an [Asian]. A [Basket] is
// priced by simulation, and on two assets by finite differences; an [EarlyBasket] by regression on simulated paths and, on two
// assets, by finite differences.
//
// # Conventions
//
// Those of package pricing. Nothing has been fixed yet when a contract is valued: barriers have not been reached and
// averages begin at or after the valuation instant.
package exotics
