package lazy_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/volgaquant/volga/pricing/lazy"
)

// A mid price hangs off a bid and an ask that move together.
func Example() {
	m := lazy.NewMarket()
	bid, ask := lazy.NewVar(m, 9.9), lazy.NewVar(m, 10.1)
	builds := 0
	mid := lazy.Derive2(bid, ask, func(b, a float64) (float64, error) {
		builds++
		if b > a {
			return 0, errors.New("crossed")
		}
		return (b + a) / 2, nil
	})

	fmt.Println(mid.Value())
	fmt.Println(mid.Value())
	fmt.Println("builds:", builds)

	_ = m.Update(func(tx *lazy.Tx) error { // no reader sees the new bid with the old ask
		bid.SetIn(tx, 10.3)
		ask.SetIn(tx, 10.5)
		return nil
	})
	fmt.Println(mid.Value())
	fmt.Println("builds:", builds)
	// Output:
	// 10 <nil>
	// 10 <nil>
	// builds: 1
	// 10.4 <nil>
	// builds: 2
}

func ExampleMarket_Snapshot() {
	m := lazy.NewMarket()
	spot := lazy.NewVar(m, 100.0)
	square := lazy.Derive(spot, func(s float64) (float64, error) { return s * s, nil })

	pinned := m.Snapshot()
	spot.Set(200)
	then, _ := square.At(pinned)
	now, _ := square.Value()
	fmt.Println(then, now)
	// Output: 10000 40000
}

// A valuation follows a handle from one curve to the next.
func ExampleHandle() {
	m := lazy.NewMarket()
	official, live := lazy.NewVar(m, 0.050), lazy.NewVar(m, 0.052)
	rate := lazy.NewHandle[float64](official)
	interest := lazy.Derive(rate, func(r float64) (float64, error) { return 1000 * r, nil })

	fmt.Println(interest.Value())
	_ = rate.Relink(live)
	fmt.Println(interest.Value())
	// Output:
	// 50 <nil>
	// 52 <nil>
}

func ExampleDeriveAll() {
	m := lazy.NewMarket()
	quotes := []*lazy.Var[float64]{lazy.NewVar(m, 1.0), lazy.NewVar(m, 2.0), lazy.NewVar(m, 6.0)}
	average := lazy.DeriveAll(m, quotes, func(q []float64) (float64, error) {
		sum := 0.0
		for _, x := range q {
			sum += x
		}
		return sum / float64(len(q)), nil
	})
	fmt.Println(average.Value())
	// Output: 3 <nil>
}

func ExampleWait() {
	m := lazy.NewMarket()
	spot := lazy.NewVar(m, 100)
	seen := spot.Version()
	go spot.Set(101)
	if _, err := lazy.Wait(context.Background(), spot, seen); err == nil {
		fmt.Println(spot.Value())
	}
	// Output: 101 <nil>
}
