// Package risk holds a book: positions in listed contracts, the fills that made them, their profit and loss, and the
// ladder of Greeks by underlying, expiry and strike, all against one pinned set of marks.
//
//	book, err := risk.NewBook(risk.Buckets{Strikes: []float64{90, 110}}, marks)
//	call := risk.Option("SPX", expiry, 100, pricing.Call, 100)
//	err = book.Apply(risk.Fill{Contract: call, Qty: -5, Price: 3.20})
//	for _, line := range book.Ladder().Lines {
//		fmt.Println(line, line.CashDelta, line.VegaPoint(), line.ThetaDay())
//	}
//	book.Revalue(later) // another snapshot: everything is marked and bucketed again
//
// [Book.Apply] moves the sums of one bucket. They are kept to twice the precision of a float64, so that a ladder after any
// number of fills is the ladder of a book rebuilt from its positions, and a bucket without open positions is exactly zero.
//
// # Conventions
//
// Quantities are in contracts, positive when bought. Prices and marks are per unit of the underlying; money is quantity ×
// multiplier × price. Average cost: a fill that extends a position moves its average price, one that reduces it realises
// the difference between its price and the average, one that turns it does both. So realised plus unrealised profit is
// always the cash that the fills brought plus the position at its mark.
//
// Greeks of a position are quantity × multiplier × the raw Greeks of [pricing.Greeks]; the methods of [pricing.Greeks] on a
// [Line] give desk units, and CashDelta and CashGamma are summed with the spot of each mark. All sums are in the currency
// of the contracts: a book holds one currency.
//
// The book takes marks from a small interface, [Marks], and does not know how they are made; [ModelMarks] makes them from
// one model. Days to expiry are days of 86400 seconds from the instant of the marks. Buckets are closed below and open
// above.
package risk
