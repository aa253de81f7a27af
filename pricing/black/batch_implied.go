package black

import (
	"math"

	"github.com/volgaquant/volga/pricing"
)

// QuoteRows is a batch of [Quote] by column, to be inverted.
type QuoteRows struct {
	Right                                 []pricing.Right
	Price, Forward, Strike, Tau, Discount []float64
}

// QuoteStrip is the quotes of one expiry as a batch: the columns of [QuoteRows] but for what the options share.
type QuoteStrip struct {
	Forward, Tau, Discount float64
	Right                  []pricing.Right
	Price, Strike          []float64
}

// ImpliedVolTo writes the Black volatility of each quote to dst and returns how many have none; those are NaN, and
// [QuoteRows.StatusTo] says why. For every valid price it is full double precision, as that of [ImpliedVol]: the result is
// within 8ε·(1+c) of the exact inverse, ε = 2⁻⁵³, with c as documented at [ImpliedTotalVol].
//
// What a market has, a log-moneyness up to 2, a total volatility σ√T up to 1 and strikes up to seven standard deviations
// out, goes through a kernel, eight rows or four at a time; the other rows are done by ImpliedVol one by one, to the bit.
// The columns must have the length of dst, which must not overlap them, or the function panics. It allocates nothing.
func (q QuoteRows) ImpliedVolTo(dst []float64) (bad int) {
	const fn = "black.QuoteRows.ImpliedVolTo"
	q.check(fn, len(dst))
	var sign [blockRows]float64
	for lo := 0; lo < len(dst); lo += blockRows {
		hi := min(lo+blockRows, len(dst))
		v, sg := dst[lo:hi], sign[:hi-lo]
		signs(sg, q.Right[lo:hi])
		impliedVolRows(v, sg, q.Price[lo:hi], q.Forward[lo:hi], q.Strike[lo:hi], q.Tau[lo:hi], q.Discount[lo:hi])
		if !anyNaN(v) {
			continue
		}
		for i := range v {
			if v[i] != v[i] {
				o := q.at(lo + i)
				if v[i] = o.vol(); v[i] != v[i] {
					bad++
				}
			}
		}
	}
	return bad
}

// StatusTo writes to dst why a quote has no Black volatility, [StatusOK] where it has one, and returns how many have none. It
// takes the time of inverting them one by one.
func (q QuoteRows) StatusTo(dst []Status) (bad int) {
	q.check("black.QuoteRows.StatusTo", len(dst))
	for i := range dst {
		o := q.at(i)
		if dst[i] = o.status(); dst[i] != StatusOK {
			bad++
		}
	}
	return bad
}

func (q *QuoteRows) at(i int) Quote {
	return Quote{Right: q.Right[i], Price: q.Price[i], Forward: q.Forward[i], Strike: q.Strike[i], Tau: q.Tau[i], Discount: q.Discount[i]}
}

func (q *QuoteRows) check(fn string, n int) {
	sameLength(fn, "dst", n, "Right", len(q.Right))
	sameLength(fn, "dst", n, "Price", len(q.Price))
	sameLength(fn, "dst", n, "Forward", len(q.Forward))
	sameLength(fn, "dst", n, "Strike", len(q.Strike))
	sameLength(fn, "dst", n, "Tau", len(q.Tau))
	sameLength(fn, "dst", n, "Discount", len(q.Discount))
}

// ImpliedVolTo is [QuoteRows.ImpliedVolTo].
func (q QuoteStrip) ImpliedVolTo(dst []float64) (bad int) {
	const fn = "black.QuoteStrip.ImpliedVolTo"
	q.check(fn, len(dst))
	var sign [blockRows]float64
	for lo := 0; lo < len(dst); lo += blockRows {
		hi := min(lo+blockRows, len(dst))
		v, sg := dst[lo:hi], sign[:hi-lo]
		signs(sg, q.Right[lo:hi])
		impliedVolStrip(v, sg, q.Price[lo:hi], q.Strike[lo:hi], q.Forward, q.Tau, q.Discount)
		if !anyNaN(v) {
			continue
		}
		for i := range v {
			if v[i] != v[i] {
				o := q.at(lo + i)
				if v[i] = o.vol(); v[i] != v[i] {
					bad++
				}
			}
		}
	}
	return bad
}

// StatusTo is [QuoteRows.StatusTo].
func (q QuoteStrip) StatusTo(dst []Status) (bad int) {
	q.check("black.QuoteStrip.StatusTo", len(dst))
	for i := range dst {
		o := q.at(i)
		if dst[i] = o.status(); dst[i] != StatusOK {
			bad++
		}
	}
	return bad
}

func (q *QuoteStrip) at(i int) Quote {
	return Quote{Right: q.Right[i], Price: q.Price[i], Forward: q.Forward, Strike: q.Strike[i], Tau: q.Tau, Discount: q.Discount}
}

func (q *QuoteStrip) check(fn string, n int) {
	sameLength(fn, "dst", n, "Right", len(q.Right))
	sameLength(fn, "dst", n, "Price", len(q.Price))
	sameLength(fn, "dst", n, "Strike", len(q.Strike))
}

// vol is ImpliedVol without an error to build.
func (q *Quote) vol() float64 {
	if !q.valid(true) {
		return math.NaN()
	}
	s := ImpliedTotalVol(q.Right, q.Price/q.Discount, q.Forward, q.Strike)
	if !(s <= math.MaxFloat64) {
		return math.NaN()
	}
	return s / math.Sqrt(q.Tau)
}

// status is the error of ImpliedVol in a byte.
func (q *Quote) status() Status {
	positive := func(x float64) bool { return x > 0 && x <= math.MaxFloat64 }
	switch {
	case q.Right != pricing.Call && q.Right != pricing.Put:
		return StatusRight
	case !positive(q.Forward):
		return StatusForward
	case !positive(q.Strike):
		return StatusStrike
	case !positive(q.Tau):
		return StatusTau
	case !positive(q.Discount):
		return StatusDiscount
	case !(math.Abs(q.Price) <= math.MaxFloat64):
		return StatusPrice
	}
	v := q.vol()
	switch {
	case v == v:
		return StatusOK
	case q.Price/q.Discount < q.Right.Payoff(q.Forward, q.Strike):
		return StatusBelow
	}
	return StatusAbove
}
