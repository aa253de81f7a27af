// Package black prices European options under Black-76, Black-Scholes-Merton and Bachelier, gives all their Greeks, and inverts
// prices into implied volatilities to the last digits.
//
//	call := black.BSM{Right: pricing.Call, Spot: 100, Strike: 105, Rate: 0.03, Yield: 0.01, Vol: 0.22, Tau: 0.5}
//	value, greeks := call.Greeks()
//
//	vol, err := black.ImpliedVol(black.Quote{Right: pricing.Call, Price: value, Forward: 101.005, Strike: 105, Tau: 0.5, Discount: 0.985})
//
// [Black76], [BSM] and [Bachelier] are options as values: Validate says what is wrong with one, Price and Greeks are pure
// functions that give NaN outside the domain. [ImpliedVol] and [BachelierImpliedVol] work on a [Quote] and say by a typed error why a
// price has no volatility; [ImpliedTotalVol] is the kernel below them. [NormalisedPrice] is the function that all
// lognormal prices come from.
//
// # Batches
//
// The same for columns of options, on the vector units of the processor: general rows ([Black76Rows], [BSMRows],
// [BachelierRows]) and the options of one expiry ([Black76Strip], [BSMStrip], [BachelierStrip]) with PriceTo and GreeksTo;
// quotes to be inverted ([QuoteRows], [QuoteStrip]) with ImpliedVolTo.
//
//	strip := black.Black76Strip{Forward: 101, Tau: 0.25, Discount: 0.99, Right: rights, Strike: strikes, Vol: vols}
//	bad := strip.GreeksTo(black.Columns{Price: price, Delta: delta, Gamma: gamma, Vega: vega})
//
// The same layouts in float32 ([Black76Rows32], [Black76Strip32], [BSMRows32], [BSMStrip32], [BachelierRows32],
// [BachelierStrip32]) have twice the lanes and six to seven digits.
//
// A bad row is NaN, counted, and touches no other; StatusTo says why, row by row. Nothing is allocated. The kernels are
// compiled from the formulas of hw/formula into portable Go, which defines them, AVX2 and AVX-512, which have the same bits;
// rows outside their range, zero volatility and zero time among them, are done by the scalar options.
//
// # Conventions
//
// Volatilities are decimals per square root of a year (for Bachelier in units of the forward), times are years, rates are
// continuously compounded. Greeks are raw derivatives as [pricing.Greeks] documents them: by the spot for BSM, by the
// forward for Black76 and Bachelier; derivatives by time are by calendar time. Discount multiplies the undiscounted price.
//
// No volatility and no time are values: the intrinsic value and its Greeks. Only errors allocate; all is safe for
// concurrent use.
package black
