package surface

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
)

func BenchmarkRepairCalls(b *testing.B) {
	for _, strikes := range []int{25, 250} {
		clean := withSpread(essviCalls(strikes), 0.05)
		calls := dirtyCalls(clean, rand.New(rand.NewPCG(1, 2)), 0.02, 0.2)
		quotes := 0
		for i := range calls {
			quotes += len(calls[i].Strike)
		}
		b.Run(fmt.Sprintf("check/quotes=%d", quotes), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := CheckCalls(calls, 0); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(quotes)*float64(b.N)/b.Elapsed().Seconds(), "quotes/s")
		})
		for _, objective := range repairObjectives {
			b.Run(fmt.Sprintf("%v/quotes=%d", objective, quotes), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, _, err := RepairCalls(context.Background(), calls, RepairSettings{Objective: objective}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(quotes)*float64(b.N)/b.Elapsed().Seconds(), "quotes/s")
			})
		}
	}
}
