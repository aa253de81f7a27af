// Package mm makes two-sided quotes: fair value, edge, skew and width, put on a venue's price grid.
//
//	requoter, err := mm.NewRequoter(mm.RequoterSettings{
//		Expiries: expiries, // time, carry, discount, and the maker's view of realised volatility
//		Series:   series,   // strike, right, expiry
//		Desk:     mm.DefaultDesk(),
//		Rules:    mm.Rules{Ticks: mm.PennyTicks(), MinEdge: 0.02},
//	}, surface, spot)
//	requoter.Requote(4512.25)      // a tick of the spot: every series is valued and quoted
//	requoter.OnFill(series, 10)    // ten bought: the skew follows
//	requoter.Reskew()
//	quotes := requoter.Columns()   // Bid, Ask, Theo, Greeks, by series
//	fmt.Println(requoter.Explain(17))
//
// # Fair value
//
// [TopOfBook] and [Depth] hold a book and give mid, weighted mid, imbalance over levels and the volume-in-tail price;
// [EstimateMicroPrice] learns Stoikov's [MicroPrice] from a record of books. For options fair value is the theo of a
// volatility surface, anything that is a [SmileVol].
//
// # Models of quoting
//
//   - [AvellanedaStoikov] and [GLFT] quote one asset. GLFT has the closed formula of a far horizon and the exact solution
//     on bounded inventory, with drift, order size and jumps at fills.
//   - [LucicTse] is the portfolio model for delta-hedged options: penalties on factors of risk ([Penalty]), running edge
//     from a view on volatility ([Edges]); [LucicTsePolicy] quotes any inventory.
//   - [Desk] is its linear form for the fast path, with the covariance of expiries by factors ([VolFactors]), and
//     [Requoter] runs it over thousands of series on every tick, without allocating.
//
// Every model yields distances or a skew and a width; [Rules] make the quote of them: minimum edge, cut of the skew,
// price grid ([TickTable]), never crossed, never negative, post-only if asked. A [Quote] carries the record of its parts.
//
// # Conventions
//
// Inventory is positive when long; a bid fill raises it. Distances are [Distances]: bid = fair − Bid, ask = fair + Ask;
// they may be negative, and +Inf means no quote. A skew is taken from fair value: positive when long. A price of 0 is no
// quote on that side.
//
// Prices are per unit of the underlying, volatilities annualised decimals, times years, Greeks raw partial derivatives by
// the spot (vega per 1.00 of volatility), positions in contracts. Log-moneyness is k = ln(K/F). Nothing reads a clock: the
// caller sets the time to expiry.
//
// All types but [Requoter] are values or never change once made, and are safe for concurrent use.
package mm
