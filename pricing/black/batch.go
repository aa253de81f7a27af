package black

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/pricing"
)

//go:generate sh -c "cd ../../hw/goasm/_gen && go run . -only pricing/black"

// Black76Rows is a batch of options on forwards by column, each row a [Black76] of its own.
//
// The fastest kernel that the processor has values them, eight rows or four at a time; its results are the same bits on
// every machine and for every length. The price is within 2e-15·Discount·max(F, K) of [Black76.Price]. Out of the money it
// keeps its relative accuracy: 1e-15·(4 + 2d + 2d²) with d = |ln(F/K)|/(σ√T) + σ√T/2, beside 1e-15·Discount·F·Φ(−|d1|),
// which is felt near the money where σ√T is small. A Greek is within the same relative error of the greatest of its terms. Prices
// below 1e-290·Discount·F may be 0. Rows that the kernel does not take are done by Black76, to the bit: no volatility,
// no time, a strike of zero, and numbers beyond 1e±100.
//
// Results must not overlap the columns. Nothing is allocated. Columns of unequal length are the caller's mistake and
// panic. A batch may be used by many goroutines at once.
type Black76Rows struct {
	Right                               []pricing.Right
	Forward, Strike, Vol, Tau, Discount []float64
}

// Black76Strip is the options of one expiry as a batch: what [Black76Rows] has in columns is one number here where the
// options share it. Accuracy and rules are those of Black76Rows, the values its bits.
type Black76Strip struct {
	Forward, Tau, Discount float64
	Right                  []pricing.Right
	Strike, Vol            []float64
}

// BSMRows is a batch of [BSM] options by column. What [Black76Rows] says holds here too, with the legs S·e^(−qT) and K·e^(−rT)
// in the place of the discounted forward and strike, and |ln(S/K)| + (|r| + |q|)T in that of |ln(F/K)|, for |r|T and |q|T below 1.
// Yield may be nil: no option has a yield then, and an exponential is saved.
type BSMRows struct {
	Right                               []pricing.Right
	Spot, Strike, Rate, Yield, Vol, Tau []float64
}

// BSMStrip is the [BSM] options of one spot and expiry as a batch.
type BSMStrip struct {
	Spot, Rate, Yield, Tau float64
	Right                  []pricing.Right
	Strike, Vol            []float64
}

// BachelierRows is a batch of [Bachelier] options by column. The price is within 2e-15·Discount·(|F−K| + σ√T) of
// [Bachelier.Price], and out of the money within a relative error of 1e-15·(4 + 2d + 2d²), d = |F−K|/(σ√T); else it is as for
// [Black76Rows].
type BachelierRows struct {
	Right                               []pricing.Right
	Forward, Strike, Vol, Tau, Discount []float64
}

// BachelierStrip is the [Bachelier] options of one forward and expiry as a batch.
type BachelierStrip struct {
	Forward, Tau, Discount float64
	Right                  []pricing.Right
	Strike, Vol            []float64
}

// Columns is where the results of a batch go. A nil column is not wanted; what is computed depends on the columns that
// are there: the price; with it delta to rho; or all. Each Greek is the raw derivative that [pricing.Greeks] documents,
// by the spot for [BSM], by the forward for [Black76] and [Bachelier].
type Columns struct {
	Price                                    []float64
	Delta, Gamma, Vega, Theta, Rho           []float64
	Vanna, Volga, Charm, Speed, Zomma, Color []float64
}

// PriceTo writes the price of each row to dst and returns how many rows are outside the domain of [Black76.Validate]; those
// are NaN, and [Black76Rows.StatusTo] says why.
func (r Black76Rows) PriceTo(dst []float64) (bad int) {
	b := r.batch()
	return b.priceTo("black.Black76Rows.PriceTo", dst)
}

// GreeksTo writes price and Greeks of each row to the columns that are there and returns how many rows are outside the
// domain, which are NaN in every column.
func (r Black76Rows) GreeksTo(dst Columns) (bad int) {
	b := r.batch()
	return b.greeksTo("black.Black76Rows.GreeksTo", &dst)
}

// StatusTo writes to dst why a row is outside the domain, [StatusOK] where it is not, and returns how many are.
func (r Black76Rows) StatusTo(dst []Status) (bad int) {
	b := r.batch()
	return b.statusTo("black.Black76Rows.StatusTo", dst)
}

// PriceTo is [Black76Rows.PriceTo].
func (s Black76Strip) PriceTo(dst []float64) (bad int) {
	b := s.batch()
	return b.priceTo("black.Black76Strip.PriceTo", dst)
}

// GreeksTo is [Black76Rows.GreeksTo].
func (s Black76Strip) GreeksTo(dst Columns) (bad int) {
	b := s.batch()
	return b.greeksTo("black.Black76Strip.GreeksTo", &dst)
}

// StatusTo is [Black76Rows.StatusTo].
func (s Black76Strip) StatusTo(dst []Status) (bad int) {
	b := s.batch()
	return b.statusTo("black.Black76Strip.StatusTo", dst)
}

// PriceTo is [Black76Rows.PriceTo].
func (r BSMRows) PriceTo(dst []float64) (bad int) {
	b := r.batch()
	return b.priceTo("black.BSMRows.PriceTo", dst)
}

// GreeksTo is [Black76Rows.GreeksTo].
func (r BSMRows) GreeksTo(dst Columns) (bad int) {
	b := r.batch()
	return b.greeksTo("black.BSMRows.GreeksTo", &dst)
}

// StatusTo is [Black76Rows.StatusTo].
func (r BSMRows) StatusTo(dst []Status) (bad int) {
	b := r.batch()
	return b.statusTo("black.BSMRows.StatusTo", dst)
}

// PriceTo is [Black76Rows.PriceTo].
func (s BSMStrip) PriceTo(dst []float64) (bad int) {
	b := s.batch()
	return b.priceTo("black.BSMStrip.PriceTo", dst)
}

// GreeksTo is [Black76Rows.GreeksTo].
func (s BSMStrip) GreeksTo(dst Columns) (bad int) {
	b := s.batch()
	return b.greeksTo("black.BSMStrip.GreeksTo", &dst)
}

// StatusTo is [Black76Rows.StatusTo].
func (s BSMStrip) StatusTo(dst []Status) (bad int) {
	b := s.batch()
	return b.statusTo("black.BSMStrip.StatusTo", dst)
}

// PriceTo is [Black76Rows.PriceTo].
func (r BachelierRows) PriceTo(dst []float64) (bad int) {
	b := r.batch()
	return b.priceTo("black.BachelierRows.PriceTo", dst)
}

// GreeksTo is [Black76Rows.GreeksTo].
func (r BachelierRows) GreeksTo(dst Columns) (bad int) {
	b := r.batch()
	return b.greeksTo("black.BachelierRows.GreeksTo", &dst)
}

// StatusTo is [Black76Rows.StatusTo].
func (r BachelierRows) StatusTo(dst []Status) (bad int) {
	b := r.batch()
	return b.statusTo("black.BachelierRows.StatusTo", dst)
}

// PriceTo is [Black76Rows.PriceTo].
func (s BachelierStrip) PriceTo(dst []float64) (bad int) {
	b := s.batch()
	return b.priceTo("black.BachelierStrip.PriceTo", dst)
}

// GreeksTo is [Black76Rows.GreeksTo].
func (s BachelierStrip) GreeksTo(dst Columns) (bad int) {
	b := s.batch()
	return b.greeksTo("black.BachelierStrip.GreeksTo", &dst)
}

// StatusTo is [Black76Rows.StatusTo].
func (s BachelierStrip) StatusTo(dst []Status) (bad int) {
	b := s.batch()
	return b.statusTo("black.BachelierStrip.StatusTo", dst)
}

// Status says why a row of a batch has no result.
type Status uint8

// The statuses: the first input that is NaN, infinite or outside its domain, or what else went wrong.
const (
	StatusOK       Status = iota
	StatusRight           // neither call nor put
	StatusForward         // the forward or the spot
	StatusStrike          // the strike
	StatusVol             // the volatility
	StatusTau             // the time
	StatusDiscount        // the discount factor
	StatusRate            // the rate
	StatusYield           // the yield
	StatusOverflow        // a discount factor or a sum of the inputs is too large for a float64
	StatusPrice           // the price of a quote is not finite
	StatusBelow           // the price of a quote is below intrinsic: pricing.ErrBelowIntrinsic
	StatusAbove           // the price of a quote is at or above the maximum: pricing.ErrAboveMaximum
)

var statusNames = [...]string{
	"ok", "right", "forward", "strike", "vol", "tau", "discount", "rate", "yield", "overflow", "price", "below intrinsic",
	"above maximum",
}

// String returns "ok", the name of the input that is wrong, or the condition in two words.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// form is the model and layout of a batch.
type form uint8

const (
	black76Rows form = iota
	black76Strip
	bsmRows
	spotRows // bsmRows without a yield
	bsmStrip
	bachelierRows
	bachelierStrip
)

// batch is all layouts in one. What is a number in a strip is in one of them, and the column is nil.
type batch struct {
	form                                             form
	right                                            []pricing.Right
	strike, vol, forward, tau, discount, rate, yield []float64
	one                                              struct{ forward, tau, discount, rate, yield float64 }
}

func (r *Black76Rows) batch() batch {
	return batch{form: black76Rows, right: r.Right, strike: r.Strike, vol: r.Vol, forward: r.Forward, tau: r.Tau, discount: r.Discount}
}

func (s *Black76Strip) batch() batch {
	b := batch{form: black76Strip, right: s.Right, strike: s.Strike, vol: s.Vol}
	b.one.forward, b.one.tau, b.one.discount = s.Forward, s.Tau, s.Discount
	return b
}

func (r *BSMRows) batch() batch {
	kind := bsmRows
	if r.Yield == nil {
		kind = spotRows
	}
	return batch{form: kind, right: r.Right, strike: r.Strike, vol: r.Vol, forward: r.Spot, tau: r.Tau, rate: r.Rate, yield: r.Yield}
}

func (s *BSMStrip) batch() batch {
	b := batch{form: bsmStrip, right: s.Right, strike: s.Strike, vol: s.Vol}
	b.one.forward, b.one.tau, b.one.rate, b.one.yield = s.Spot, s.Tau, s.Rate, s.Yield
	return b
}

func (r *BachelierRows) batch() batch {
	return batch{form: bachelierRows, right: r.Right, strike: r.Strike, vol: r.Vol, forward: r.Forward, tau: r.Tau, discount: r.Discount}
}

func (s *BachelierStrip) batch() batch {
	b := batch{form: bachelierStrip, right: s.Right, strike: s.Strike, vol: s.Vol}
	b.one.forward, b.one.tau, b.one.discount = s.Forward, s.Tau, s.Discount
	return b
}

// blockRows is how many rows go through the kernel at once: the signs of their rights and what else is staged stay in the
// first cache.
const blockRows = 256

// priceTo prices block by block, and the rows that the kernel left as NaN one by one.
func (b *batch) priceTo(fn string, dst []float64) (bad int) {
	b.check(fn, "dst", len(dst))
	var sign [blockRows]float64
	for lo := 0; lo < len(dst); lo += blockRows {
		hi := min(lo+blockRows, len(dst))
		p, sg := dst[lo:hi], sign[:hi-lo]
		signs(sg, b.right[lo:hi])
		b.price(p, sg, lo, hi)
		if !anyNaN(p) {
			continue
		}
		for i, v := range p {
			if v != v {
				o := b.row(lo + i)
				if p[i] = o.price(); p[i] != p[i] {
					bad++
				}
			}
		}
	}
	return bad
}

// greeksTo does the same for the price and the Greeks.
func (b *batch) greeksTo(fn string, dst *Columns) (bad int) {
	n := len(b.right)
	b.check(fn, "Right", n)
	columns := dst.list()
	count := 1
	for j, c := range columns {
		if c != nil {
			sameLength(fn, "Right", n, columnNames[j], len(c))
			switch {
			case j > 5:
				count = 12
			case j > 0:
				count = max(count, 6)
			}
		}
	}
	// Columns that are not wanted share a place of their own; the price is needed.
	var sign, price, rate, unwanted [blockRows]float64
	var out [12][]float64
	for lo := 0; lo < n; lo += blockRows {
		hi := min(lo+blockRows, n)
		for j, c := range columns {
			if c != nil {
				out[j] = c[lo:hi]
			} else {
				out[j] = unwanted[:hi-lo]
			}
		}
		if columns[0] == nil {
			out[0] = price[:hi-lo]
		}
		sg := sign[:hi-lo]
		signs(sg, b.right[lo:hi])
		switch count {
		case 1:
			b.price(out[0], sg, lo, hi)
		case 6:
			b.first(&out, sg, rate[:hi-lo], lo, hi)
		default:
			b.all(&out, sg, rate[:hi-lo], lo, hi)
		}
		if !anyNaN(out[0]) {
			continue
		}
		for i, v := range out[0] {
			if v == v {
				continue
			}
			o := b.row(lo + i)
			v, g := o.greeks()
			if v != v {
				bad++
			}
			for j, x := range [12]float64{
				v, g.Delta, g.Gamma, g.Vega, g.Theta, g.Rho, g.Vanna, g.Volga, g.Charm, g.Speed, g.Zomma, g.Color,
			} {
				out[j][i] = x
			}
		}
	}
	return bad
}

func (b *batch) statusTo(fn string, dst []Status) (bad int) {
	b.check(fn, "dst", len(dst))
	for i := range dst {
		o := b.row(i)
		if dst[i] = o.status(); dst[i] != StatusOK {
			bad++
		}
	}
	return bad
}

// price runs the kernel of the price.
func (b *batch) price(dst, sign []float64, lo, hi int) {
	k, v := b.strike[lo:hi], b.vol[lo:hi]
	switch b.form {
	case black76Rows:
		blackPriceRows(dst, sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.discount[lo:hi])
	case black76Strip:
		blackPriceStrip(dst, sign, k, v, b.one.forward, b.one.tau, b.one.discount)
	case bsmRows:
		bsmPriceRows(dst, sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.rate[lo:hi], b.yield[lo:hi])
	case spotRows:
		spotPriceRows(dst, sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.rate[lo:hi])
	case bsmStrip:
		bsmPriceStrip(dst, sign, k, v, b.one.forward, b.one.tau, b.one.rate, b.one.yield)
	case bachelierRows:
		normalPriceRows(dst, sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.discount[lo:hi])
	case bachelierStrip:
		normalPriceStrip(dst, sign, k, v, b.one.forward, b.one.tau, b.one.discount)
	}
}

// first runs the kernel of the price and the first Greeks; r is room for the rates.
func (b *batch) first(o *[12][]float64, sign, r []float64, lo, hi int) {
	k, v := b.strike[lo:hi], b.vol[lo:hi]
	switch b.form {
	case black76Rows:
		rate(r, b.discount[lo:hi], b.tau[lo:hi])
		blackFirstRows(o[0], o[1], o[2], o[3], o[4], o[5], sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.discount[lo:hi], r)
	case black76Strip:
		blackFirstStrip(o[0], o[1], o[2], o[3], o[4], o[5], sign, k, v, b.one.forward, b.one.tau, b.one.discount, b.oneRate())
	case bsmRows:
		bsmFirstRows(o[0], o[1], o[2], o[3], o[4], o[5], sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.rate[lo:hi], b.yield[lo:hi])
	case spotRows:
		spotFirstRows(o[0], o[1], o[2], o[3], o[4], o[5], sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.rate[lo:hi])
	case bsmStrip:
		bsmFirstStrip(o[0], o[1], o[2], o[3], o[4], o[5], sign, k, v, b.one.forward, b.one.tau, b.one.rate, b.one.yield)
	case bachelierRows:
		rate(r, b.discount[lo:hi], b.tau[lo:hi])
		normalFirstRows(o[0], o[1], o[2], o[3], o[4], o[5], sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.discount[lo:hi], r)
	case bachelierStrip:
		normalFirstStrip(o[0], o[1], o[2], o[3], o[4], o[5], sign, k, v, b.one.forward, b.one.tau, b.one.discount, b.oneRate())
	}
}

// all runs the kernel of the price and all Greeks.
func (b *batch) all(o *[12][]float64, sign, r []float64, lo, hi int) {
	k, v := b.strike[lo:hi], b.vol[lo:hi]
	switch b.form {
	case black76Rows:
		rate(r, b.discount[lo:hi], b.tau[lo:hi])
		blackAllRows(o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7], o[8], o[9], o[10], o[11], sign, b.forward[lo:hi], k, b.tau[lo:hi], v,
			b.discount[lo:hi], r)
	case black76Strip:
		blackAllStrip(o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7], o[8], o[9], o[10], o[11], sign, k, v, b.one.forward, b.one.tau,
			b.one.discount, b.oneRate())
	case bsmRows:
		bsmAllRows(o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7], o[8], o[9], o[10], o[11], sign, b.forward[lo:hi], k, b.tau[lo:hi], v,
			b.rate[lo:hi], b.yield[lo:hi])
	case spotRows:
		spotAllRows(o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7], o[8], o[9], o[10], o[11], sign, b.forward[lo:hi], k, b.tau[lo:hi], v,
			b.rate[lo:hi])
	case bsmStrip:
		bsmAllStrip(o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7], o[8], o[9], o[10], o[11], sign, k, v, b.one.forward, b.one.tau,
			b.one.rate, b.one.yield)
	case bachelierRows:
		rate(r, b.discount[lo:hi], b.tau[lo:hi])
		normalAllRows(o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7], o[8], o[9], o[10], o[11], sign, b.forward[lo:hi], k, b.tau[lo:hi], v,
			b.discount[lo:hi], r)
	case bachelierStrip:
		normalAllStrip(o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7], o[8], o[9], o[10], o[11], sign, k, v, b.one.forward, b.one.tau,
			b.one.discount, b.oneRate())
	}
}

// oneRate is the rate of the one discount factor, by the kernel that general rows have it from.
func (b *batch) oneRate() float64 {
	var r, d, tau [1]float64
	d[0], tau[0] = b.one.discount, b.one.tau
	rate(r[:], d[:], tau[:])
	return r[0]
}

// row returns a row as an option of its own.
func (b *batch) row(i int) single {
	o := single{form: b.form, right: b.right[i], strike: b.strike[i], vol: b.vol[i]}
	switch b.form {
	case black76Rows, bachelierRows:
		o.forward, o.tau, o.discount = b.forward[i], b.tau[i], b.discount[i]
	case bsmRows:
		o.forward, o.tau, o.rate, o.yield = b.forward[i], b.tau[i], b.rate[i], b.yield[i]
	case spotRows:
		o.forward, o.tau, o.rate = b.forward[i], b.tau[i], b.rate[i]
	default:
		o.forward, o.tau, o.discount, o.rate, o.yield = b.one.forward, b.one.tau, b.one.discount, b.one.rate, b.one.yield
	}
	return o
}

// single is one row of a batch.
type single struct {
	form                                             form
	right                                            pricing.Right
	forward, strike, vol, tau, discount, rate, yield float64
}

// price is the price of a row by the options of this package.
func (o *single) price() float64 {
	switch o.form {
	case black76Rows, black76Strip:
		return Black76{o.right, o.forward, o.strike, o.vol, o.tau, o.discount}.Price()
	case bsmRows, spotRows, bsmStrip:
		return BSM{o.right, o.forward, o.strike, o.rate, o.yield, o.vol, o.tau}.Price()
	}
	return Bachelier{o.right, o.forward, o.strike, o.vol, o.tau, o.discount}.Price()
}

// greeks is the same with the Greeks.
func (o *single) greeks() (float64, pricing.Greeks) {
	switch o.form {
	case black76Rows, black76Strip:
		return Black76{o.right, o.forward, o.strike, o.vol, o.tau, o.discount}.Greeks()
	case bsmRows, spotRows, bsmStrip:
		return BSM{o.right, o.forward, o.strike, o.rate, o.yield, o.vol, o.tau}.Greeks()
	}
	return Bachelier{o.right, o.forward, o.strike, o.vol, o.tau, o.discount}.Greeks()
}

// status says what is wrong with a row; it is the rules of the options' Validate methods, in their order.
func (o *single) status() Status {
	finite := func(x float64) bool { return math.Abs(x) <= math.MaxFloat64 }
	normal := o.form == bachelierRows || o.form == bachelierStrip
	bsm := o.form == bsmRows || o.form == spotRows || o.form == bsmStrip
	switch {
	case o.right != pricing.Call && o.right != pricing.Put:
		return StatusRight
	case !finite(o.forward) || !normal && o.forward <= 0:
		return StatusForward
	case !finite(o.strike) || !normal && o.strike < 0:
		return StatusStrike
	case bsm && !finite(o.rate):
		return StatusRate
	case bsm && !finite(o.yield):
		return StatusYield
	case !finite(o.vol) || o.vol < 0:
		return StatusVol
	case !finite(o.tau) || o.tau < 0:
		return StatusTau
	case !bsm && !(finite(o.discount) && o.discount > 0):
		return StatusDiscount
	}
	if p := o.price(); p != p {
		return StatusOverflow
	}
	return StatusOK
}

// list returns the columns in the order of the kernels, columnNames their names.
func (c *Columns) list() [12][]float64 {
	return [12][]float64{
		c.Price, c.Delta, c.Gamma, c.Vega, c.Theta, c.Rho, c.Vanna, c.Volga, c.Charm, c.Speed, c.Zomma, c.Color,
	}
}

var columnNames = [12]string{
	"Price", "Delta", "Gamma", "Vega", "Theta", "Rho", "Vanna", "Volga", "Charm", "Speed", "Zomma", "Color",
}

// check panics unless all columns have the length n of the one called name.
func (b *batch) check(fn, name string, n int) {
	checkColumns(fn, name, n, b.form, len(b.right), len(b.strike), len(b.vol), len(b.tau), len(b.forward), len(b.discount), len(b.rate),
		len(b.yield))
}

// checkColumns panics unless the columns that the form has are of length n.
func checkColumns(fn, name string, n int, f form, right, strike, vol, tau, forward, discount, rate, yield int) {
	sameLength(fn, name, n, "Right", right)
	sameLength(fn, name, n, "Strike", strike)
	sameLength(fn, name, n, "Vol", vol)
	switch f {
	case black76Strip, bsmStrip, bachelierStrip:
		return
	}
	sameLength(fn, name, n, "Tau", tau)
	if f == bsmRows || f == spotRows {
		sameLength(fn, name, n, "Spot", forward)
		sameLength(fn, name, n, "Rate", rate)
		if f == bsmRows {
			sameLength(fn, name, n, "Yield", yield)
		}
		return
	}
	sameLength(fn, name, n, "Forward", forward)
	sameLength(fn, name, n, "Discount", discount)
}

func sameLength(fn, name string, n int, other string, m int) {
	if n != m {
		panic(fmt.Sprintf("%s: %s has length %d, %s has length %d", fn, name, n, other, m))
	}
}

// signTable is the sign of a right by its byte: NaN for what is neither call nor put.
var signTable = func() (t [256]float64) {
	for i := range t {
		t[i] = math.NaN()
	}
	for _, r := range []pricing.Right{pricing.Call, pricing.Put} {
		t[uint8(r)] = float64(r)
	}
	return t
}()

// signs writes the signs of the rights to dst, which has their length.
func signs(dst []float64, right []pricing.Right) {
	for len(dst) >= 8 && len(right) >= 8 {
		d, r := (*[8]float64)(dst), (*[8]pricing.Right)(right)
		d[0], d[1] = signTable[uint8(r[0])], signTable[uint8(r[1])]
		d[2], d[3] = signTable[uint8(r[2])], signTable[uint8(r[3])]
		d[4], d[5] = signTable[uint8(r[4])], signTable[uint8(r[5])]
		d[6], d[7] = signTable[uint8(r[6])], signTable[uint8(r[7])]
		dst, right = dst[8:], right[8:]
	}
	for i, r := range right {
		dst[i] = signTable[uint8(r)]
	}
}

// anyNaN reports whether there is a NaN in x, or else infinities of both signs: a sum has it too.
func anyNaN(x []float64) bool {
	var a, b, c, d float64
	for len(x) >= 8 {
		a += x[0] + x[4]
		b += x[1] + x[5]
		c += x[2] + x[6]
		d += x[3] + x[7]
		x = x[8:]
	}
	for _, v := range x {
		a += v
	}
	a += b + (c + d)
	return a != a
}
