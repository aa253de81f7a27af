package surface

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// randomCalls is prices that need not resemble any market: a few expiries with strikes far apart or almost equal, and
// prices from far below to far above their bounds.
func randomCalls(rng *rand.Rand) []Calls {
	var out []Calls
	tau := 0.0
	scale := math.Pow(10, 6*rng.Float64()-3)
	noise := math.Pow(10, 8*rng.Float64()-7)
	for range 1 + rng.IntN(6) {
		tau += 0.01 + rng.Float64()
		c := Calls{Tau: tau, Forward: scale * (0.9 + 0.2*rng.Float64()), Discount: 0.5 + 0.5*rng.Float64()}
		k := 0.02 + rng.Float64()
		for range 1 + rng.IntN(12) {
			price := math.Max(1-k, 0) + 0.1*math.Exp(-6*math.Abs(k-1)) + noise*rng.NormFloat64()
			if rng.IntN(20) == 0 {
				price = 0
			}
			c.Strike = append(c.Strike, k*c.Forward)
			c.Price = append(c.Price, price*c.Forward*c.Discount)
			k *= 1 + math.Pow(10, -4*rng.Float64())
		}
		for _, p := range c.Price {
			half := c.Forward * math.Pow(10, -1-6*rng.Float64())
			c.Bid, c.Ask = append(c.Bid, p-half), append(c.Ask, p+half*2*rng.Float64())
		}
		out = append(out, c)
	}
	return out
}

func checkRepair(t *testing.T, seed uint64) {
	t.Helper()
	calls := randomCalls(rand.New(rand.NewPCG(seed, 1)))
	for _, objective := range repairObjectives {
		fixed, r, err := RepairCalls(context.Background(), calls, RepairSettings{Objective: objective})
		if err != nil {
			t.Errorf("seed %d, %v: %v, worst %g after %d rounds", seed, objective, err, r.Worst, r.Rounds)
			continue
		}
		if !(r.Gap <= 1e-4*r.Cost+1e-10) {
			t.Errorf("seed %d, %v: a cost of %g may be %g above the least", seed, objective, r.Cost, r.Gap)
		}
		if left, err := CheckCalls(fixed, 1.0001e-10); err != nil || len(left) > 0 {
			t.Errorf("seed %d, %v: %v %v", seed, objective, left, err)
		}
	}
}

// There is always an answer: the intrinsic values are free of arbitrage.
func TestRepairRandomPrices(t *testing.T) {
	for seed := range uint64(200) {
		checkRepair(t, seed)
	}
}

func FuzzRepairCalls(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(checkRepair)
}
