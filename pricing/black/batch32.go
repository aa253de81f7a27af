package black

import "github.com/volgaquant/volga/pricing"

// Black76Rows32 is [Black76Rows] in float32: sixteen options at a time instead of eight, for quoting and risk that do not need
// more than six or seven digits. Results have the same bits on every machine and for every length.
//
// Errors are against the option with these very float32 inputs. The price is within 4e-7·Discount·max(F, K); out of the money
// within a relative error of 3e-7·(4 + 2d + 2d²), d as there, beside 5e-7·Discount·F·Φ(−|d1|), down to 1e-35·Discount·F, below
// which it may be 0. A Greek is within 1e-6 of the greatest size that it has over strikes. That is measured over maturities of half a
// day to four years, total volatilities of 0.07 % to 200 % and strikes to many standard deviations. The inputs are rounded
// too: half a unit in the last place of the forward, 6e-8 of it, moves a price by as much times its delta.
//
// The rules are those of Black76Rows. Rows that the kernel does not take, beside those without volatility or time all that
// have a number outside 1e±9, are done by Black76 in float64 and rounded.
type Black76Rows32 struct {
	Right                               []pricing.Right
	Forward, Strike, Vol, Tau, Discount []float32
}

// Black76Strip32 is [Black76Strip] in float32, the values the bits of [Black76Rows32].
type Black76Strip32 struct {
	Forward, Tau, Discount float32
	Right                  []pricing.Right
	Strike, Vol            []float32
}

// BSMRows32 is [BSMRows] in float32, with the accuracy and the rules of [Black76Rows32]; errors are in units of the legs
// S·e^(−qT) and K·e^(−rT), for |r|T and |q|T below 1. Yield may be nil.
type BSMRows32 struct {
	Right                               []pricing.Right
	Spot, Strike, Rate, Yield, Vol, Tau []float32
}

// BSMStrip32 is [BSMStrip] in float32.
type BSMStrip32 struct {
	Spot, Rate, Yield, Tau float32
	Right                  []pricing.Right
	Strike, Vol            []float32
}

// BachelierRows32 is [BachelierRows] in float32. The price is within 4e-7·Discount·(|F−K| + σ√T).
type BachelierRows32 struct {
	Right                               []pricing.Right
	Forward, Strike, Vol, Tau, Discount []float32
}

// BachelierStrip32 is [BachelierStrip] in float32.
type BachelierStrip32 struct {
	Forward, Tau, Discount float32
	Right                  []pricing.Right
	Strike, Vol            []float32
}

// Columns32 is where the results of a batch in float32 go, as [Columns] is for the others. A nil column is not wanted.
type Columns32 struct {
	Price, Delta, Gamma, Vega, Theta, Rho []float32
}

// PriceTo is [Black76Rows.PriceTo].
func (r Black76Rows32) PriceTo(dst []float32) (bad int) {
	b := r.batch()
	return b.priceTo("black.Black76Rows32.PriceTo", dst)
}

// GreeksTo is [Black76Rows.GreeksTo].
func (r Black76Rows32) GreeksTo(dst Columns32) (bad int) {
	b := r.batch()
	return b.greeksTo("black.Black76Rows32.GreeksTo", &dst)
}

// StatusTo is [Black76Rows.StatusTo].
func (r Black76Rows32) StatusTo(dst []Status) (bad int) {
	b := r.batch()
	return b.statusTo("black.Black76Rows32.StatusTo", dst)
}

// PriceTo is [Black76Strip.PriceTo].
func (s Black76Strip32) PriceTo(dst []float32) (bad int) {
	b := s.batch()
	return b.priceTo("black.Black76Strip32.PriceTo", dst)
}

// GreeksTo is [Black76Strip.GreeksTo].
func (s Black76Strip32) GreeksTo(dst Columns32) (bad int) {
	b := s.batch()
	return b.greeksTo("black.Black76Strip32.GreeksTo", &dst)
}

// StatusTo is [Black76Strip.StatusTo].
func (s Black76Strip32) StatusTo(dst []Status) (bad int) {
	b := s.batch()
	return b.statusTo("black.Black76Strip32.StatusTo", dst)
}

// PriceTo is [BSMRows.PriceTo].
func (r BSMRows32) PriceTo(dst []float32) (bad int) {
	b := r.batch()
	return b.priceTo("black.BSMRows32.PriceTo", dst)
}

// GreeksTo is [BSMRows.GreeksTo].
func (r BSMRows32) GreeksTo(dst Columns32) (bad int) {
	b := r.batch()
	return b.greeksTo("black.BSMRows32.GreeksTo", &dst)
}

// StatusTo is [BSMRows.StatusTo].
func (r BSMRows32) StatusTo(dst []Status) (bad int) {
	b := r.batch()
	return b.statusTo("black.BSMRows32.StatusTo", dst)
}

// PriceTo is [BSMStrip.PriceTo].
func (s BSMStrip32) PriceTo(dst []float32) (bad int) {
	b := s.batch()
	return b.priceTo("black.BSMStrip32.PriceTo", dst)
}

// GreeksTo is [BSMStrip.GreeksTo].
func (s BSMStrip32) GreeksTo(dst Columns32) (bad int) {
	b := s.batch()
	return b.greeksTo("black.BSMStrip32.GreeksTo", &dst)
}

// StatusTo is [BSMStrip.StatusTo].
func (s BSMStrip32) StatusTo(dst []Status) (bad int) {
	b := s.batch()
	return b.statusTo("black.BSMStrip32.StatusTo", dst)
}

// PriceTo is [BachelierRows.PriceTo].
func (r BachelierRows32) PriceTo(dst []float32) (bad int) {
	b := r.batch()
	return b.priceTo("black.BachelierRows32.PriceTo", dst)
}

// GreeksTo is [BachelierRows.GreeksTo].
func (r BachelierRows32) GreeksTo(dst Columns32) (bad int) {
	b := r.batch()
	return b.greeksTo("black.BachelierRows32.GreeksTo", &dst)
}

// StatusTo is [BachelierRows.StatusTo].
func (r BachelierRows32) StatusTo(dst []Status) (bad int) {
	b := r.batch()
	return b.statusTo("black.BachelierRows32.StatusTo", dst)
}

// PriceTo is [BachelierStrip.PriceTo].
func (s BachelierStrip32) PriceTo(dst []float32) (bad int) {
	b := s.batch()
	return b.priceTo("black.BachelierStrip32.PriceTo", dst)
}

// GreeksTo is [BachelierStrip.GreeksTo].
func (s BachelierStrip32) GreeksTo(dst Columns32) (bad int) {
	b := s.batch()
	return b.greeksTo("black.BachelierStrip32.GreeksTo", &dst)
}

// StatusTo is [BachelierStrip.StatusTo].
func (s BachelierStrip32) StatusTo(dst []Status) (bad int) {
	b := s.batch()
	return b.statusTo("black.BachelierStrip32.StatusTo", dst)
}

// batch32 is [batch] in float32.
type batch32 struct {
	form                                             form
	right                                            []pricing.Right
	strike, vol, forward, tau, discount, rate, yield []float32
	one                                              struct{ forward, tau, discount, rate, yield float32 }
}

func (r *Black76Rows32) batch() batch32 {
	return batch32{form: black76Rows, right: r.Right, strike: r.Strike, vol: r.Vol, forward: r.Forward, tau: r.Tau, discount: r.Discount}
}

func (s *Black76Strip32) batch() batch32 {
	b := batch32{form: black76Strip, right: s.Right, strike: s.Strike, vol: s.Vol}
	b.one.forward, b.one.tau, b.one.discount = s.Forward, s.Tau, s.Discount
	return b
}

func (r *BSMRows32) batch() batch32 {
	kind := bsmRows
	if r.Yield == nil {
		kind = spotRows
	}
	return batch32{form: kind, right: r.Right, strike: r.Strike, vol: r.Vol, forward: r.Spot, tau: r.Tau, rate: r.Rate, yield: r.Yield}
}

func (s *BSMStrip32) batch() batch32 {
	b := batch32{form: bsmStrip, right: s.Right, strike: s.Strike, vol: s.Vol}
	b.one.forward, b.one.tau, b.one.rate, b.one.yield = s.Spot, s.Tau, s.Rate, s.Yield
	return b
}

func (r *BachelierRows32) batch() batch32 {
	return batch32{form: bachelierRows, right: r.Right, strike: r.Strike, vol: r.Vol, forward: r.Forward, tau: r.Tau, discount: r.Discount}
}

func (s *BachelierStrip32) batch() batch32 {
	b := batch32{form: bachelierStrip, right: s.Right, strike: s.Strike, vol: s.Vol}
	b.one.forward, b.one.tau, b.one.discount = s.Forward, s.Tau, s.Discount
	return b
}

// blockRows32 is how many rows go through a kernel at once: twice as many, in the same space.
const blockRows32 = 2 * blockRows

// priceTo prices block by block, and the rows that the kernel left as NaN one by one.
func (b *batch32) priceTo(fn string, dst []float32) (bad int) {
	b.check(fn, "dst", len(dst))
	var sign [blockRows32]float32
	for lo := 0; lo < len(dst); lo += blockRows32 {
		hi := min(lo+blockRows32, len(dst))
		p, sg := dst[lo:hi], sign[:hi-lo]
		signs32(sg, b.right[lo:hi])
		b.price(p, sg, lo, hi)
		if !anyNaN32(p) {
			continue
		}
		for i, v := range p {
			if v != v {
				o := b.row(lo + i)
				if p[i] = float32(o.price()); p[i] != p[i] {
					bad++
				}
			}
		}
	}
	return bad
}

// greeksTo does the same for the price and the Greeks.
func (b *batch32) greeksTo(fn string, dst *Columns32) (bad int) {
	n := len(b.right)
	b.check(fn, "Right", n)
	columns := dst.list()
	priceOnly := true
	for j, c := range columns {
		if c != nil {
			sameLength(fn, "Right", n, columnNames[j], len(c))
			priceOnly = priceOnly && j == 0
		}
	}
	// Columns that are not wanted share a place of their own; the price is needed.
	var sign, price, rate, unwanted [blockRows32]float32
	var out [6][]float32
	for lo := 0; lo < n; lo += blockRows32 {
		hi := min(lo+blockRows32, n)
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
		signs32(sg, b.right[lo:hi])
		if priceOnly {
			b.price(out[0], sg, lo, hi)
		} else {
			b.first(&out, sg, rate[:hi-lo], lo, hi)
		}
		if !anyNaN32(out[0]) {
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
			for j, x := range [6]float64{v, g.Delta, g.Gamma, g.Vega, g.Theta, g.Rho} {
				out[j][i] = float32(x)
			}
		}
	}
	return bad
}

func (b *batch32) statusTo(fn string, dst []Status) (bad int) {
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
func (b *batch32) price(dst, sign []float32, lo, hi int) {
	k, v := b.strike[lo:hi], b.vol[lo:hi]
	switch b.form {
	case black76Rows:
		blackPriceRows32(dst, sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.discount[lo:hi])
	case black76Strip:
		blackPriceStrip32(dst, sign, k, v, b.one.forward, b.one.tau, b.one.discount)
	case bsmRows:
		bsmPriceRows32(dst, sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.rate[lo:hi], b.yield[lo:hi])
	case spotRows:
		spotPriceRows32(dst, sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.rate[lo:hi])
	case bsmStrip:
		bsmPriceStrip32(dst, sign, k, v, b.one.forward, b.one.tau, b.one.rate, b.one.yield)
	case bachelierRows:
		normalPriceRows32(dst, sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.discount[lo:hi])
	case bachelierStrip:
		normalPriceStrip32(dst, sign, k, v, b.one.forward, b.one.tau, b.one.discount)
	}
}

// first runs the kernel of the price and the first Greeks; r is room for the rates.
func (b *batch32) first(o *[6][]float32, sign, r []float32, lo, hi int) {
	k, v := b.strike[lo:hi], b.vol[lo:hi]
	switch b.form {
	case black76Rows:
		rate32(r, b.discount[lo:hi], b.tau[lo:hi])
		blackFirstRows32(o[0], o[1], o[2], o[3], o[4], o[5], sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.discount[lo:hi], r)
	case black76Strip:
		blackFirstStrip32(o[0], o[1], o[2], o[3], o[4], o[5], sign, k, v, b.one.forward, b.one.tau, b.one.discount, b.oneRate())
	case bsmRows:
		bsmFirstRows32(o[0], o[1], o[2], o[3], o[4], o[5], sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.rate[lo:hi], b.yield[lo:hi])
	case spotRows:
		spotFirstRows32(o[0], o[1], o[2], o[3], o[4], o[5], sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.rate[lo:hi])
	case bsmStrip:
		bsmFirstStrip32(o[0], o[1], o[2], o[3], o[4], o[5], sign, k, v, b.one.forward, b.one.tau, b.one.rate, b.one.yield)
	case bachelierRows:
		rate32(r, b.discount[lo:hi], b.tau[lo:hi])
		normalFirstRows32(o[0], o[1], o[2], o[3], o[4], o[5], sign, b.forward[lo:hi], k, b.tau[lo:hi], v, b.discount[lo:hi], r)
	case bachelierStrip:
		normalFirstStrip32(o[0], o[1], o[2], o[3], o[4], o[5], sign, k, v, b.one.forward, b.one.tau, b.one.discount, b.oneRate())
	}
}

// oneRate is the rate of the one discount factor, by the kernel that general rows have it from.
func (b *batch32) oneRate() float32 {
	var r, d, tau [1]float32
	d[0], tau[0] = b.one.discount, b.one.tau
	rate32(r[:], d[:], tau[:])
	return r[0]
}

// row returns a row as an option of its own, in float64.
func (b *batch32) row(i int) single {
	o := single{form: b.form, right: b.right[i], strike: float64(b.strike[i]), vol: float64(b.vol[i])}
	m := b.one
	switch b.form {
	case black76Rows, bachelierRows:
		m.forward, m.tau, m.discount = b.forward[i], b.tau[i], b.discount[i]
	case bsmRows:
		m.forward, m.tau, m.rate, m.yield = b.forward[i], b.tau[i], b.rate[i], b.yield[i]
	case spotRows:
		m.forward, m.tau, m.rate = b.forward[i], b.tau[i], b.rate[i]
	}
	o.forward, o.tau, o.discount = float64(m.forward), float64(m.tau), float64(m.discount)
	o.rate, o.yield = float64(m.rate), float64(m.yield)
	return o
}

// check panics unless all columns have the length n of the one called name.
func (b *batch32) check(fn, name string, n int) {
	checkColumns(fn, name, n, b.form, len(b.right), len(b.strike), len(b.vol), len(b.tau), len(b.forward), len(b.discount), len(b.rate),
		len(b.yield))
}

// list returns the columns in the order of the kernels.
func (c *Columns32) list() [6][]float32 {
	return [6][]float32{c.Price, c.Delta, c.Gamma, c.Vega, c.Theta, c.Rho}
}

// signTable32 is signTable in float32.
var signTable32 = func() (t [256]float32) {
	for i, v := range signTable {
		t[i] = float32(v)
	}
	return t
}()

// signs32 writes the signs of the rights to dst, which has their length.
func signs32(dst []float32, right []pricing.Right) {
	for len(dst) >= 8 && len(right) >= 8 {
		d, r := (*[8]float32)(dst), (*[8]pricing.Right)(right)
		d[0], d[1] = signTable32[uint8(r[0])], signTable32[uint8(r[1])]
		d[2], d[3] = signTable32[uint8(r[2])], signTable32[uint8(r[3])]
		d[4], d[5] = signTable32[uint8(r[4])], signTable32[uint8(r[5])]
		d[6], d[7] = signTable32[uint8(r[6])], signTable32[uint8(r[7])]
		dst, right = dst[8:], right[8:]
	}
	for i, r := range right {
		dst[i] = signTable32[uint8(r)]
	}
}

// anyNaN32 is anyNaN in float32: a sum has every NaN, and infinities of both signs do no harm.
func anyNaN32(x []float32) bool {
	var a, b, c, d float32
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
