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
	b := q.batch()
	return b.volTo("black.QuoteRows.ImpliedVolTo", dst, false)
}

// BachelierImpliedVolTo writes the normal volatility of each quote to dst, as [BachelierImpliedVol] does, within
// 8ε·(1+c) of the exact inverse, and returns how many have none. Prices above 1e-15 of |F−K| go through a kernel. All else is
// as for [QuoteRows.ImpliedVolTo].
func (q QuoteRows) BachelierImpliedVolTo(dst []float64) (bad int) {
	b := q.batch()
	return b.volTo("black.QuoteRows.BachelierImpliedVolTo", dst, true)
}

// StatusTo writes to dst why a quote has no Black volatility, [StatusOK] where it has one, and returns how many have none. It
// takes the time of inverting them one by one.
func (q QuoteRows) StatusTo(dst []Status) (bad int) {
	b := q.batch()
	return b.statusTo("black.QuoteRows.StatusTo", dst, false)
}

// BachelierStatusTo writes to dst why a quote has no normal volatility, as [QuoteRows.StatusTo] does for the Black one.
func (q QuoteRows) BachelierStatusTo(dst []Status) (bad int) {
	b := q.batch()
	return b.statusTo("black.QuoteRows.BachelierStatusTo", dst, true)
}

// ImpliedVolTo is [QuoteRows.ImpliedVolTo].
func (q QuoteStrip) ImpliedVolTo(dst []float64) (bad int) {
	b := q.batch()
	return b.volTo("black.QuoteStrip.ImpliedVolTo", dst, false)
}

// BachelierImpliedVolTo is [QuoteRows.BachelierImpliedVolTo].
func (q QuoteStrip) BachelierImpliedVolTo(dst []float64) (bad int) {
	b := q.batch()
	return b.volTo("black.QuoteStrip.BachelierImpliedVolTo", dst, true)
}

// StatusTo is [QuoteRows.StatusTo].
func (q QuoteStrip) StatusTo(dst []Status) (bad int) {
	b := q.batch()
	return b.statusTo("black.QuoteStrip.StatusTo", dst, false)
}

// BachelierStatusTo is [QuoteRows.BachelierStatusTo].
func (q QuoteStrip) BachelierStatusTo(dst []Status) (bad int) {
	b := q.batch()
	return b.statusTo("black.QuoteStrip.BachelierStatusTo", dst, true)
}

// quoteBatch is both layouts in one.
type quoteBatch struct {
	strip                  bool
	right                  []pricing.Right
	price, strike          []float64
	forward, tau, discount []float64 // nil in a strip
	one                    struct{ forward, tau, discount float64 }
}

func (q *QuoteRows) batch() quoteBatch {
	return quoteBatch{right: q.Right, price: q.Price, strike: q.Strike, forward: q.Forward, tau: q.Tau, discount: q.Discount}
}

func (q *QuoteStrip) batch() quoteBatch {
	b := quoteBatch{strip: true, right: q.Right, price: q.Price, strike: q.Strike}
	b.one.forward, b.one.tau, b.one.discount = q.Forward, q.Tau, q.Discount
	return b
}

// volTo inverts block by block, and the rows that the kernel left as NaN one by one.
func (b *quoteBatch) volTo(fn string, dst []float64, normal bool) (bad int) {
	b.check(fn, len(dst))
	var sign [blockRows]float64
	for lo := 0; lo < len(dst); lo += blockRows {
		hi := min(lo+blockRows, len(dst))
		v, sg, p, k := dst[lo:hi], sign[:hi-lo], b.price[lo:hi], b.strike[lo:hi]
		signs(sg, b.right[lo:hi])
		switch {
		case b.strip && normal:
			normalVolStrip(v, sg, p, k, b.one.forward, b.one.tau, b.one.discount)
		case b.strip:
			impliedVolStrip(v, sg, p, k, b.one.forward, b.one.tau, b.one.discount)
		case normal:
			normalVolRows(v, sg, p, b.forward[lo:hi], k, b.tau[lo:hi], b.discount[lo:hi])
		default:
			impliedVolRows(v, sg, p, b.forward[lo:hi], k, b.tau[lo:hi], b.discount[lo:hi])
		}
		if !anyNaN(v) {
			continue
		}
		for i := range v {
			if v[i] != v[i] {
				o := b.at(lo + i)
				if v[i] = o.vol(normal); v[i] != v[i] {
					bad++
				}
			}
		}
	}
	return bad
}

func (b *quoteBatch) statusTo(fn string, dst []Status, normal bool) (bad int) {
	b.check(fn, len(dst))
	for i := range dst {
		o := b.at(i)
		if dst[i] = o.status(normal); dst[i] != StatusOK {
			bad++
		}
	}
	return bad
}

func (b *quoteBatch) at(i int) Quote {
	q := Quote{Right: b.right[i], Price: b.price[i], Strike: b.strike[i], Forward: b.one.forward, Tau: b.one.tau, Discount: b.one.discount}
	if !b.strip {
		q.Forward, q.Tau, q.Discount = b.forward[i], b.tau[i], b.discount[i]
	}
	return q
}

func (b *quoteBatch) check(fn string, n int) {
	sameLength(fn, "dst", n, "Right", len(b.right))
	sameLength(fn, "dst", n, "Price", len(b.price))
	sameLength(fn, "dst", n, "Strike", len(b.strike))
	if !b.strip {
		sameLength(fn, "dst", n, "Forward", len(b.forward))
		sameLength(fn, "dst", n, "Tau", len(b.tau))
		sameLength(fn, "dst", n, "Discount", len(b.discount))
	}
}

// vol is ImpliedVol or BachelierImpliedVol without an error to build.
func (q *Quote) vol(normal bool) float64 {
	if !q.valid(!normal) {
		return math.NaN()
	}
	total := ImpliedTotalVol
	if normal {
		total = bachelierTotalVol
	}
	s := total(q.Right, q.Price/q.Discount, q.Forward, q.Strike)
	if !(s <= math.MaxFloat64) {
		return math.NaN()
	}
	if s /= math.Sqrt(q.Tau); normal && s > math.MaxFloat64 {
		return math.NaN()
	}
	return s
}

// status is the error of ImpliedVol or BachelierImpliedVol in a byte.
func (q *Quote) status(normal bool) Status {
	finite := func(x float64) bool { return math.Abs(x) <= math.MaxFloat64 }
	switch {
	case q.Right != pricing.Call && q.Right != pricing.Put:
		return StatusRight
	case !finite(q.Forward) || !normal && q.Forward <= 0:
		return StatusForward
	case !finite(q.Strike) || !normal && q.Strike <= 0:
		return StatusStrike
	case !finite(q.Tau) || q.Tau <= 0:
		return StatusTau
	case !finite(q.Discount) || q.Discount <= 0:
		return StatusDiscount
	case !finite(q.Price):
		return StatusPrice
	}
	v, u := q.vol(normal), q.Price/q.Discount
	switch {
	case v == v:
		return StatusOK
	case normal && math.IsNaN(bachelierTotalVol(q.Right, u, q.Forward, q.Strike)),
		!normal && u < math.Max(float64(q.Right)*(q.Forward-q.Strike), 0):
		return StatusBelow
	}
	return StatusAbove
}
