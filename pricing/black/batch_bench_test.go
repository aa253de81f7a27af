package black

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
)

// randomRows draws what bench/cpeer draws: F = 100, K in 60 ... 140, T in 0.05 ... 2.05, volatilities in 0.1 ... 0.5, r = 0.03;
// calls and puts.
func randomRows(n int) (Black76Rows, BSMRows) {
	rng := rand.New(rand.NewPCG(7, 8))
	column := func(f func() float64) []float64 {
		c := make([]float64, n)
		for i := range c {
			c[i] = f()
		}
		return c
	}
	r := Black76Rows{
		Right: make([]pricing.Right, n), Forward: column(func() float64 { return 100 }),
		Strike: column(func() float64 { return 60 + 80*rng.Float64() }), Tau: column(func() float64 { return 0.05 + 2*rng.Float64() }),
		Vol: column(func() float64 { return 0.1 + 0.4*rng.Float64() }),
	}
	for i := range r.Right {
		r.Right[i] = pricing.Right(1 - 2*rng.IntN(2))
		r.Discount = append(r.Discount, math.Exp(-0.03*r.Tau[i]))
	}
	b := BSMRows{
		Right: r.Right, Spot: r.Forward, Strike: r.Strike, Vol: r.Vol, Tau: r.Tau, Rate: column(func() float64 { return 0.03 }),
	}
	return r, b
}

// measure runs f on n = 4096 and a million options, under each variant of the kernels: the fastest under the plain name
// n=4096, the others under theirs, as avx2/n=4096.
func measure(b *testing.B, name string, prepare func(n int) (run func())) {
	best := vec.Active()
	for _, v := range vec.Available() {
		for _, n := range []int{4096, 1_000_000} {
			label := fmt.Sprintf("n=%d", n)
			if v != best {
				label = fmt.Sprintf("%v/n=%d", v, n)
			}
			if name != "" {
				label = name + "/" + label
			}
			b.Run(label, func(b *testing.B) {
				defer vec.Force(v)()
				run := prepare(n)
				run()
				b.ReportAllocs()
				for b.Loop() {
					run()
				}
				perRow(b, n)
			})
		}
	}
}

func perRow(b *testing.B, n int) {
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(n), "ns/option")
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "options/s")
}

func constant(n int, v float64) []float64 {
	c := make([]float64, n)
	for i := range c {
		c[i] = v
	}
	return c
}

func columns(n, count int) Columns {
	c := [12][]float64{}
	for j := range count {
		c[j] = make([]float64, n)
	}
	return Columns{c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9], c[10], c[11]}
}

// BenchmarkPrice measures general rows of Black-Scholes options without a yield, which is what bench/cpeer computes, and under
// names of their own other models and layouts.
func BenchmarkPrice(b *testing.B) {
	measure(b, "", func(n int) func() {
		_, rows := randomRows(n)
		dst := make([]float64, n)
		return func() { rows.PriceTo(dst) }
	})
	measure(b, "yield", func(n int) func() {
		_, rows := randomRows(n)
		rows.Yield = constant(n, 0.01)
		dst := make([]float64, n)
		return func() { rows.PriceTo(dst) }
	})
	measure(b, "black76", func(n int) func() {
		rows, _ := randomRows(n)
		dst := make([]float64, n)
		return func() { rows.PriceTo(dst) }
	})
	measure(b, "strip", func(n int) func() {
		rows, _ := randomRows(n)
		strip := Black76Strip{Forward: 100, Tau: 0.5, Discount: 0.985, Right: rows.Right, Strike: rows.Strike, Vol: rows.Vol}
		dst := make([]float64, n)
		return func() { strip.PriceTo(dst) }
	})
	measure(b, "bachelier", func(n int) func() {
		rows, _ := randomRows(n)
		for i := range rows.Vol {
			rows.Vol[i] *= 100
		}
		normal := BachelierRows(rows)
		dst := make([]float64, n)
		return func() { normal.PriceTo(dst) }
	})
}

// BenchmarkPriceGreeks measures the price with delta, gamma, vega, theta and rho, of the same rows.
func BenchmarkPriceGreeks(b *testing.B) {
	measure(b, "", func(n int) func() {
		_, rows := randomRows(n)
		dst := columns(n, 6)
		return func() { rows.GreeksTo(dst) }
	})
	measure(b, "yield", func(n int) func() {
		_, rows := randomRows(n)
		rows.Yield = constant(n, 0.01)
		dst := columns(n, 6)
		return func() { rows.GreeksTo(dst) }
	})
	measure(b, "black76", func(n int) func() {
		rows, _ := randomRows(n)
		dst := columns(n, 6)
		return func() { rows.GreeksTo(dst) }
	})
	measure(b, "strip", func(n int) func() {
		rows, _ := randomRows(n)
		strip := Black76Strip{Forward: 100, Tau: 0.5, Discount: 0.985, Right: rows.Right, Strike: rows.Strike, Vol: rows.Vol}
		dst := columns(n, 6)
		return func() { strip.GreeksTo(dst) }
	})
	measure(b, "all", func(n int) func() {
		_, rows := randomRows(n)
		rows.Yield = constant(n, 0.01)
		dst := columns(n, 12)
		return func() { rows.GreeksTo(dst) }
	})
}

// BenchmarkImpliedVol measures quotes made from the rows of BenchmarkPrice, out of the money as a desk inverts them.
func BenchmarkImpliedVol(b *testing.B) {
	quotes := func(n int) QuoteRows {
		rows, _ := randomRows(n)
		for i, k := range rows.Strike {
			rows.Right[i] = pricing.Call
			if k < 100 {
				rows.Right[i] = pricing.Put
			}
		}
		q := QuoteRows{Right: rows.Right, Price: make([]float64, n), Forward: rows.Forward, Strike: rows.Strike, Tau: rows.Tau, Discount: rows.Discount}
		rows.PriceTo(q.Price)
		return q
	}
	measure(b, "", func(n int) func() {
		q, dst := quotes(n), make([]float64, n)
		return func() { q.ImpliedVolTo(dst) }
	})
	measure(b, "strip", func(n int) func() {
		q, dst := quotes(n), make([]float64, n)
		options := Black76Strip{Forward: 100, Tau: 0.5, Discount: 0.985, Right: q.Right, Strike: q.Strike, Vol: q.Tau}
		for i := range options.Vol {
			options.Vol[i] = 0.1 + 0.2*options.Vol[i]
		}
		strip := QuoteStrip{Forward: 100, Tau: 0.5, Discount: 0.985, Right: q.Right, Price: make([]float64, n), Strike: q.Strike}
		options.PriceTo(strip.Price)
		return func() { strip.ImpliedVolTo(dst) }
	})
	measure(b, "bachelier", func(n int) func() {
		q, dst := quotes(n), make([]float64, n)
		return func() { q.BachelierImpliedVolTo(dst) }
	})
	// Total volatilities of 2 % to 100 %, and strikes 1.4 standard deviations wide, some of them out of the kernel's reach.
	measure(b, "wide", func(n int) func() {
		q, dst := QuoteRows{Right: make([]pricing.Right, n)}, make([]float64, n)
		for i, o := range randomOptions(n) {
			q.Right[i] = o.Right
			q.Price, q.Forward, q.Strike = append(q.Price, o.Price()), append(q.Forward, o.Forward), append(q.Strike, o.Strike)
			q.Tau, q.Discount = append(q.Tau, o.Tau), append(q.Discount, o.Discount)
		}
		return func() { q.ImpliedVolTo(dst) }
	})
}

// narrow rounds a column to float32.
func narrow(x []float64) []float32 {
	c := make([]float32, len(x))
	for i, v := range x {
		c[i] = float32(v)
	}
	return c
}

// randomRows32 is randomRows in float32.
func randomRows32(n int) BSMRows32 {
	_, r := randomRows(n)
	return BSMRows32{
		Right: r.Right, Spot: narrow(r.Spot), Strike: narrow(r.Strike), Rate: narrow(r.Rate), Vol: narrow(r.Vol), Tau: narrow(r.Tau),
	}
}

// columns32 returns room for the price and the Greeks.
func columns32(n int) Columns32 {
	c := [6][]float32{}
	for j := range c {
		c[j] = make([]float32, n)
	}
	return Columns32{c[0], c[1], c[2], c[3], c[4], c[5]}
}

// BenchmarkPriceFloat32 measures the rows of BenchmarkPrice in float32.
func BenchmarkPriceFloat32(b *testing.B) {
	measure(b, "", func(n int) func() {
		rows, dst := randomRows32(n), make([]float32, n)
		return func() { rows.PriceTo(dst) }
	})
	measure(b, "strip", func(n int) func() {
		rows, dst := randomRows32(n), make([]float32, n)
		strip := Black76Strip32{Forward: 100, Tau: 0.5, Discount: 0.985, Right: rows.Right, Strike: rows.Strike, Vol: rows.Vol}
		return func() { strip.PriceTo(dst) }
	})
}

// BenchmarkPriceGreeksFloat32 measures the rows of BenchmarkPriceGreeks in float32.
func BenchmarkPriceGreeksFloat32(b *testing.B) {
	measure(b, "", func(n int) func() {
		rows, dst := randomRows32(n), columns32(n)
		return func() { rows.GreeksTo(dst) }
	})
	measure(b, "strip", func(n int) func() {
		rows, dst := randomRows32(n), columns32(n)
		strip := Black76Strip32{Forward: 100, Tau: 0.5, Discount: 0.985, Right: rows.Right, Strike: rows.Strike, Vol: rows.Vol}
		return func() { strip.GreeksTo(dst) }
	})
}
