package lazy

import (
	"fmt"
	"testing"
)

// graph hangs n valuations, each with a quote of its own, off one surface over 1000 quotes.
func graph(n int) (m *Market, quotes []*Var[float64], values []*Derived[float64]) {
	m = NewMarket()
	quotes = make([]*Var[float64], 1000)
	for i := range quotes {
		quotes[i] = NewVar(m, float64(i))
	}
	surface := DeriveAll(m, quotes, func(in []float64) (float64, error) {
		s := 0.0
		for _, v := range in {
			s += v
		}
		return s, nil
	})
	values = make([]*Derived[float64], n)
	for i := range values {
		values[i] = Derive(surface, func(s float64) (float64, error) { return s * float64(i), nil })
	}
	return m, quotes, values
}

func BenchmarkUnchangedRead(b *testing.B) {
	m, _, values := graph(1)
	pinned := m.Snapshot()
	b.Run("live", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = values[0].Value()
		}
	})
	b.Run("pinned", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = values[0].At(pinned)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = values[0].Value()
			}
		})
	})
}

func BenchmarkSetAndRead(b *testing.B) {
	m := NewMarket()
	x, y := NewVar(m, 1.0), NewVar(m, 2.0)
	d := Derive2(x, y, func(a, b float64) (float64, error) { return a + b, nil })
	b.ReportAllocs()
	for b.Loop() {
		x.Set(3)
		_, _ = d.Value()
	}
}

func BenchmarkSet(b *testing.B) {
	for _, n := range []int{1, 1000} {
		m, quotes, _ := graph(1)
		b.Run(fmt.Sprintf("quotes=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = m.Update(func(tx *Tx) error {
					for _, q := range quotes[:n] {
						q.SetIn(tx, 1)
					}
					return nil
				})
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "quotes/s")
		})
	}
}

// BenchmarkOneQuoteChanged sets one quote under 10,000 valuations and reads none, ten or all of them; in the last case the
// quote is one that no valuation depends on.
func BenchmarkOneQuoteChanged(b *testing.B) {
	m, quotes, values := graph(10_000)
	unrelated := NewVar(m, 0.0)
	for _, c := range []struct {
		name  string
		quote *Var[float64]
		reads int
	}{
		{"read=0", quotes[0], 0}, {"read=10", quotes[0], 10}, {"read=10000", quotes[0], len(values)},
		{"unrelated/read=10000", unrelated, len(values)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.quote.Set(1)
				for _, v := range values[:c.reads] {
					_, _ = v.Value()
				}
			}
		})
	}
	b.Run("snapshot/read=10000", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			quotes[0].Set(1)
			s := m.Snapshot()
			for _, v := range values {
				_, _ = v.At(s)
			}
		}
	})
}
