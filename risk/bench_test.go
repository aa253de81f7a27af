package risk

import (
	"math/rand/v2"
	"testing"
)

func fullBook(b *testing.B) (*Book, []Contract) {
	series := book6000()
	book := newBook(b, Buckets{Strikes: []float64{3500, 4000, 4500, 5000, 5500}}, formula{now, 4500})
	for _, c := range series {
		apply(b, book, c, 10, 1)
	}
	return book, series
}

// BenchmarkApply books fills on 6,000 open series in 120 buckets.
func BenchmarkApply(b *testing.B) {
	book, series := fullBook(b)
	r := rand.New(rand.NewPCG(1, 1))
	fills := make([]Fill, 1<<14)
	for i := range fills {
		fills[i] = Fill{series[r.IntN(len(series))], float64(1 + r.IntN(5)), 10}
		if i%2 == 1 {
			fills[i].Qty *= -1
		}
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if err := book.Apply(fills[i&(len(fills)-1)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "fills/s")
}

func BenchmarkLadder(b *testing.B) {
	book, _ := fullBook(b)
	b.ReportAllocs()
	for b.Loop() {
		book.Ladder()
	}
}

// BenchmarkRevalue marks 6,000 series from a table and builds their ladder.
func BenchmarkRevalue(b *testing.B) {
	book, series := fullBook(b)
	known := table{now, map[Contract]Mark{}}
	for _, c := range series {
		known.marks[c], _ = formula{now, 4500}.Mark(c)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := book.Revalue(known); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(series))*float64(b.N)/b.Elapsed().Seconds(), "contracts/s")
}
