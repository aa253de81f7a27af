package surface

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

var repairObjectives = []RepairObjective{BidAskCost, AbsoluteCost, SquaredCost}

// essviCalls samples a surface free of arbitrage at strikes that differ from one expiry to the next.
func essviCalls(strikes int) []Calls {
	var out []Calls
	for i, s := range []Slice{
		{Tau: 0.1, Theta: 0.005, Rho: -0.5, Psi: 0.05}, {Tau: 0.25, Theta: 0.013, Rho: -0.45, Psi: 0.1},
		{Tau: 0.5, Theta: 0.025, Rho: -0.4, Psi: 0.16}, {Tau: 1, Theta: 0.05, Rho: -0.35, Psi: 0.25},
	} {
		c := Calls{Label: fmt.Sprintf("expiry %d", i), Tau: s.Tau, Forward: 100 + 2*float64(i), Discount: 1 - 0.02*s.Tau}
		for j := range strikes {
			k := math.Round(100 * math.Exp((float64(j)/float64(strikes-1)-0.6)*(0.3+0.2*float64(i))))
			if n := len(c.Strike); n > 0 && k <= c.Strike[n-1] {
				continue
			}
			o := black.Black76{
				Right: pricing.Call, Forward: c.Forward, Strike: k, Vol: s.Vol(math.Log(k / c.Forward)), Tau: s.Tau, Discount: c.Discount,
			}
			c.Strike, c.Price = append(c.Strike, k), append(c.Price, o.Price())
		}
		out = append(out, c)
	}
	return out
}

func copyCalls(calls []Calls) []Calls {
	out := slices.Clone(calls)
	for i := range out {
		out[i].Price = slices.Clone(out[i].Price)
	}
	return out
}

func withSpread(calls []Calls, half float64) []Calls {
	out := copyCalls(calls)
	for i := range out {
		for _, p := range out[i].Price {
			out[i].Bid, out[i].Ask = append(out[i].Bid, p-half), append(out[i].Ask, p+half)
		}
	}
	return out
}

// everyConstraint lists the whole set: each price above its bound, and at most each later price at a lower or equal k, and
// each chord of prices of its own and later expiries.
func everyConstraint(l *callLattice) []spreadCut {
	var out []spreadCut
	for j := range l.k {
		out = append(out, spreadCut{point: int32(j), left: absent, right: absent})
		var left, right []int32
		left = append(left, -1)
		for i := range l.k {
			if i == j || l.expiry[i] < l.expiry[j] {
				continue
			}
			if l.k[i] <= l.k[j] {
				left = append(left, int32(i))
			}
			if l.k[i] > l.k[j] {
				right = append(right, int32(i))
			}
		}
		for _, a := range left {
			out = append(out, spreadCut{point: int32(j), left: a, right: absent})
			for _, b := range right {
				out = append(out, spreadCut{point: int32(j), left: a, right: b})
			}
		}
	}
	return out
}

func wholeRepairer(l *callLattice) ([]sparseRow, *repairer) {
	r := &repairer{l: l, scale: 1, set: &RepairSettings{}}
	var rows []sparseRow
	for _, x := range everyConstraint(l) {
		rows = append(rows, r.row(x))
	}
	return rows, r
}

func dirtyCalls(calls []Calls, rng *rand.Rand, size float64, share float64) []Calls {
	out := copyCalls(calls)
	for i := range out {
		for j := range out[i].Price {
			if rng.Float64() < share {
				out[i].Price[j] += size * rng.NormFloat64()
			}
		}
	}
	return out
}

// The pass over hulls finds arbitrage exactly where the whole list of constraints does.
func TestCheckCallsAgainstEveryConstraint(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	clean := essviCalls(6)
	kinds := map[Breach]int{}
	for trial := range 300 {
		calls := dirtyCalls(clean, rng, math.Pow(10, -3+3*rng.Float64()), 0.3)
		l, err := newCallLattice(calls)
		if err != nil {
			t.Fatal(err)
		}
		rows, _ := wholeRepairer(l)
		worst := make([]float64, len(l.k)) // of each point, from the list
		zero := make([]float64, len(l.k))
		for _, row := range rows {
			p := row.index[0]
			worst[p] = max(worst[p], row.bound-row.dot(zero))
		}
		found, err := CheckCalls(calls, 1e-12)
		if err != nil {
			t.Fatal(err)
		}
		have := make([]float64, len(l.k))
		for _, b := range found {
			kinds[b.Kind]++
			i := l.first[b.Point.Expiry] + b.Point.Index
			have[i] = max(have[i], b.Relative)
		}
		for i := range worst {
			if worst[i] < 2e-12 && have[i] < 2e-12 {
				continue
			}
			if math.Abs(worst[i]-have[i]) > 1e-12 {
				t.Fatalf("trial %d, point %v: %.3g by hulls, %.3g by the list", trial, l.point(int32(i)), have[i], worst[i])
			}
		}
	}
	for b := range numBreaches {
		if kinds[b] == 0 && b != CalendarBreach {
			t.Errorf("no %v among the trials: %v", b, kinds)
		}
	}
}

// Each kind by hand.
func TestBreachKinds(t *testing.T) {
	one := func(tau float64, kv ...float64) Calls {
		c := Calls{Tau: tau, Forward: 100, Discount: 0.9}
		for i := 0; i < len(kv); i += 2 {
			c.Strike, c.Price = append(c.Strike, kv[i]), append(c.Price, 0.9*kv[i+1])
		}
		return c
	}
	for _, c := range []struct {
		kind  Breach
		calls []Calls
		size  float64
	}{
		{OutrightBreach, []Calls{one(1, 100, 5, 150, -1)}, 0.9},
		{VerticalBreach, []Calls{one(1, 80, 19)}, 0.9},
		{VerticalBreach, []Calls{one(1, 100, 5, 110, 6)}, 0.9},
		{ButterflyBreach, []Calls{one(1, 90, 15, 100, 12, 110, 7)}, 0.9},
		{CalendarBreach, []Calls{one(1, 100, 5), one(2, 100, 4)}, 0.9},
		{CalendarVerticalBreach, []Calls{one(1, 101, 5), one(2, 100, 4)}, 0.9},
		{CalendarButterflyBreach, []Calls{one(1, 100, 9), one(2, 90, 12, 110, 4)}, 0.9},
	} {
		found, err := CheckCalls(c.calls, 0)
		if err != nil || len(found) != 1 || found[0].Kind != c.kind || math.Abs(found[0].Size-c.size) > 1e-12 {
			t.Errorf("%v: %+v, %v", c.kind, found, err)
		}
	}
}

func TestRepairLeavesCleanPrices(t *testing.T) {
	calls := essviCalls(30)
	for _, objective := range repairObjectives {
		fixed, r, err := RepairCalls(context.Background(), calls, RepairSettings{Objective: objective})
		if err != nil || len(r.Found) > 0 || len(r.Changes) > 0 || r.Cost != 0 || r.Rounds != 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		for i := range calls {
			if !slices.Equal(calls[i].Price, fixed[i].Price) {
				t.Errorf("expiry %d changed", i)
			}
		}
		fixed[0].Price[0] = 0
		if calls[0].Price[0] == 0 {
			t.Error("the answer shares its prices with the input")
		}
	}
}

// The least absolute change is that of a dense simplex over the whole list of constraints.
func TestRepairAgainstSimplex(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	clean := essviCalls(4)[1:]
	for trial := range 40 {
		for _, objective := range []RepairObjective{AbsoluteCost, BidAskCost} {
			calls := withSpread(dirtyCalls(clean, rng, 1, 0.5), 0.3)
			l, err := newCallLattice(calls)
			if err != nil {
				t.Fatal(err)
			}
			fixed, report, err := RepairCalls(context.Background(), calls, RepairSettings{Objective: objective})
			if err != nil {
				t.Fatal(err)
			}
			if left, _ := CheckCalls(fixed, 1e-10); len(left) > 0 {
				t.Errorf("%+v", left)
			}
			want := 0.0
			if len(report.Found) > 0 {
				want = simplexCost(t, calls, l, objective)
			}
			// Half the tolerance per row moves the optimum by about as much per binding row.
			if math.Abs(report.Cost-want) > 1e-8*(1+want) {
				t.Errorf("trial %d, %v: cost %.12g, simplex %.12g", trial, objective, report.Cost, want)
			}
		}
	}
}

// dualValue is the least of cost·x under the rows, x free, as the greatest of bound·z with Aᵀz = cost, z ≥ 0: a dense
// simplex meets no degenerate start there, and has few rows.
func dualValue(t *testing.T, cost []float64, rows []sparseRow) float64 {
	t.Helper()
	a, b := mat.NewDense(len(cost), len(rows), nil), make([]float64, len(rows))
	for j, row := range rows {
		b[j] = -row.bound
		for i, v := range row.index {
			a.Set(int(v), j, row.a[i])
		}
	}
	f, _, err := lp.Simplex(b, a, cost, 1e-12, nil)
	if err != nil {
		t.Fatal(err)
	}
	return -f
}

func simplexCost(t *testing.T, calls []Calls, l *callLattice, objective RepairObjective) float64 {
	t.Helper()
	rows, _ := wholeRepairer(l)
	n := len(l.k)
	cost := make([]float64, 2*n) // the change and the cost of each quote
	r := newRepairer(calls, l, &RepairSettings{Objective: objective, Tolerance: 1e-10})
	for i, lines := range r.lines {
		cost[n+i] = 1
		for _, line := range lines {
			rows = append(rows, sparseRow{
				index: []int32{int32(i), int32(n + i)}, a: [3]float64{-line.slope, 1}, bound: line.level * r.scale,
			})
		}
	}
	return dualValue(t, cost, rows)
}

// The least squares answer x satisfies ∇f(x)·(y − x) ≥ 0 for all feasible y, which a linear programme decides.
func TestRepairSquaresAgainstSimplex(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	clean := essviCalls(4)[1:]
	for trial := range 20 {
		calls := dirtyCalls(clean, rng, 1, 0.6)
		l, err := newCallLattice(calls)
		if err != nil {
			t.Fatal(err)
		}
		fixed, report, err := RepairCalls(context.Background(), calls, RepairSettings{Objective: SquaredCost})
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Found) == 0 {
			continue
		}
		after, _ := newCallLattice(fixed)
		rows, _ := wholeRepairer(l)
		cost, at := make([]float64, len(l.k)), 0.0
		for i := range cost {
			cost[i] = after.c[i] - l.c[i]
			at += cost[i] * cost[i]
		}
		least := dualValue(t, cost, rows)
		if at-least > 1e-9 {
			t.Errorf("trial %d: %.3g can be gained", trial, at-least)
		}
	}
}

// One bad quote on a clean surface: it moves, back to where its neighbours allow it.
func TestRepairOneOutlier(t *testing.T) {
	clean := withSpread(essviCalls(25), 0.02)
	for _, shift := range []float64{-1.5, 1.5} {
		calls := copyCalls(clean)
		calls[1].Price[11] += shift
		calls[1].Bid, calls[1].Ask = slices.Clone(calls[1].Bid), slices.Clone(calls[1].Ask)
		calls[1].Bid[11], calls[1].Ask[11] = calls[1].Price[11]-2, calls[1].Price[11]+2 // wide
		for _, objective := range []RepairObjective{BidAskCost, AbsoluteCost} {
			fixed, r, err := RepairCalls(context.Background(), calls, RepairSettings{Objective: objective})
			if err != nil {
				t.Fatal(err)
			}
			largest := slices.MaxFunc(r.Changes, func(a, b QuoteChange) int {
				return cmp.Compare(math.Abs(a.After-a.Before), math.Abs(b.After-b.Before))
			})
			if largest.Point != (CallPoint{1, 11}) || (objective == BidAskCost && r.Outside != 0) {
				t.Errorf("shift %g, %v: %+v", shift, objective, r.Changes)
			}
			if d := math.Abs(fixed[1].Price[11] - clean[1].Price[11]); d > 0.15 {
				t.Errorf("shift %g, %v: %g from the clean price", shift, objective, d)
			}
		}
	}
}

func TestRepairNoise(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	clean := withSpread(essviCalls(30), 0.05)
	for trial := range 5 {
		calls := dirtyCalls(clean, rng, 0.02, 1)
		for _, objective := range repairObjectives {
			fixed, r, err := RepairCalls(context.Background(), calls, RepairSettings{Objective: objective})
			if err != nil {
				t.Fatal(err)
			}
			if left, err := CheckCalls(fixed, 1e-10); err != nil || len(left) > 0 || !(r.Worst <= 1e-10) {
				t.Errorf("trial %d, %v: %d left, worst %g, %v", trial, objective, len(left), r.Worst, err)
			}
			// The clean prices are feasible, so they cost at least as much.
			x, y := 0.0, 0.0
			for i := range calls {
				unit := calls[i].Discount * calls[i].Forward
				for j, p := range calls[i].Price {
					dx, dy := (fixed[i].Price[j]-p)/unit, (clean[i].Price[j]-p)/unit
					if objective == SquaredCost {
						dx, dy = dx*dx, dy*dy
					}
					x, y = x+math.Abs(dx), y+math.Abs(dy)
				}
			}
			if objective != BidAskCost && x > y {
				t.Errorf("trial %d, %v: cost %g, the clean prices are at %g", trial, objective, x, y)
			}
			again, s, err := RepairCalls(context.Background(), fixed, RepairSettings{Objective: objective})
			if err != nil || len(s.Changes) > 0 || !slices.Equal(again[2].Price, fixed[2].Price) {
				t.Errorf("repaired prices were changed again: %v", err)
			}
		}
	}
}

// Axel Vogt's smile, Gatheral and Jacquier (2014), Example 3.1: w > 0 with g < 0 for k in about (0.66, 1.27).
func TestRepairVogt(t *testing.T) {
	golden.Run(t, "papers/svi", func(t *testing.T, c golden.Case) {
		if c.ID != "svi_vogt" {
			t.Skip("another case")
		}
		s := sviOf(t, c)
		calls := Calls{Label: "Vogt", Tau: c.Float(t, "t"), Forward: 100, Discount: 1}
		for i := range 121 {
			k := -1.5 + 3*float64(i)/120
			strike := 100 * math.Exp(k)
			o := black.Black76{Right: pricing.Call, Forward: 100, Strike: strike, Vol: s.Vol(k, calls.Tau), Tau: calls.Tau, Discount: 1}
			calls.Strike, calls.Price = append(calls.Strike, strike), append(calls.Price, o.Price())
		}
		found, err := CheckCalls([]Calls{calls}, 0)
		if err != nil || len(found) == 0 {
			t.Fatalf("%d found, %v", len(found), err)
		}
		for _, b := range found {
			k := math.Log(calls.Strike[b.Point.Index] / 100)
			// The chords touch the prices on either side of where g < 0.
			if b.Kind != ButterflyBreach || k < 0.45 || k > 1.55 {
				t.Errorf("%v at k = %g", b.Kind, k)
			}
		}
		worst := slices.MaxFunc(found, func(a, b Breached) int { return cmp.Compare(a.Relative, b.Relative) })
		if k := math.Log(calls.Strike[worst.Point.Index] / 100); s.Durrleman(k) >= 0 {
			t.Errorf("the worst breach is at k = %g, where g = %g", k, s.Durrleman(k))
		}
		for _, objective := range repairObjectives {
			fixed, r, err := RepairCalls(context.Background(), []Calls{calls}, RepairSettings{Objective: objective})
			if err != nil {
				t.Fatal(err)
			}
			if left, _ := CheckCalls(fixed, 1e-10); len(left) > 0 {
				t.Errorf("%v: %d left", objective, len(left))
			}
			most := 0.0
			for _, x := range r.Changes {
				k := math.Log(x.Strike / 100)
				vol := black.ImpliedTotalVol(pricing.Call, x.After, 100, x.Strike)
				most = max(most, math.Abs(vol-s.Vol(k, 1)))
				if k < 0.4 {
					t.Errorf("%v: changed at k = %g", objective, k)
				}
			}
			if len(r.Changes) == 0 || !(most < 0.02) {
				t.Errorf("%v: %d changes, at most %g in volatility", objective, len(r.Changes), most)
			}
			t.Logf("%v: %d breaches, %d changes, at most %.2g in volatility, cost %.3g",
				objective, len(found), len(r.Changes), most, r.Cost)
		}
	})
}

func TestRepairWeights(t *testing.T) {
	calls := []Calls{{Tau: 1, Forward: 100, Discount: 1, Strike: []float64{90, 100, 110}, Price: []float64{15, 12, 7}}}
	for i, weight := range [][]float64{{1, 0.1, 1}, {1, 100, 1e-1}} {
		calls[0].Weight = weight
		_, r, err := RepairCalls(context.Background(), calls, RepairSettings{Objective: AbsoluteCost})
		if err != nil || len(r.Changes) != 1 || r.Changes[0].Point.Index != i+1 {
			t.Errorf("%v: %+v, %v", weight, r.Changes, err)
		}
	}
}

func TestRepairRefuses(t *testing.T) {
	good := func() []Calls { return essviCalls(5) }
	nan := math.NaN()
	for name, spoil := range map[string]func(c []Calls) []Calls{
		"no expiries":      func(c []Calls) []Calls { return nil },
		"no quotes":        func(c []Calls) []Calls { c[1].Strike, c[1].Price = nil, nil; return c },
		"NaN price":        func(c []Calls) []Calls { c[1].Price[2] = nan; return c },
		"infinite price":   func(c []Calls) []Calls { c[1].Price[2] = math.Inf(1); return c },
		"same strike":      func(c []Calls) []Calls { c[1].Strike[2] = c[1].Strike[1]; return c },
		"NaN strike":       func(c []Calls) []Calls { c[1].Strike[2] = nan; return c },
		"columns":          func(c []Calls) []Calls { c[1].Price = c[1].Price[1:]; return c },
		"forward":          func(c []Calls) []Calls { c[1].Forward = 0; return c },
		"discount":         func(c []Calls) []Calls { c[1].Discount = nan; return c },
		"expiry order":     func(c []Calls) []Calls { c[1].Tau = c[2].Tau; return c },
		"crossed market":   func(c []Calls) []Calls { c = withSpread(c, 1); c[1].Bid[0] = c[1].Ask[0] + 1; return c },
		"bid without ask":  func(c []Calls) []Calls { c = withSpread(c, 1); c[1].Ask = nil; return c },
		"zero weight":      func(c []Calls) []Calls { c[1].Weight = []float64{1, 1, 0, 1, 1}; return c },
		"infinite weight":  func(c []Calls) []Calls { c[1].Weight = []float64{1, 1, math.Inf(1), 1, 1}; return c },
		"short weight":     func(c []Calls) []Calls { c[1].Weight = []float64{1}; return c },
		"NaN bid, ask set": func(c []Calls) []Calls { c = withSpread(c, 1); c[1].Bid[0] = nan; return c },
	} {
		if _, _, err := RepairCalls(context.Background(), spoil(good()), RepairSettings{}); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, set := range []RepairSettings{{Tolerance: -1}, {Tolerance: nan}, {Rounds: -1}, {Objective: 9}} {
		if _, _, err := RepairCalls(context.Background(), good(), set); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%+v: %v", set, err)
		}
	}
	if _, err := CheckCalls(good(), nan); !errors.Is(err, fault.ErrDomain) {
		t.Error(err)
	}

	bad := good()
	bad[2].Price[2] *= 2
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := RepairCalls(ctx, bad, RepairSettings{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	// A tolerance below rounding cannot be met.
	rng := rand.New(rand.NewPCG(9, 10))
	fixed, _, err := RepairCalls(context.Background(), dirtyCalls(essviCalls(20), rng, 0.3, 1), RepairSettings{Tolerance: 1e-19})
	var e *RepairError
	if !errors.As(err, &e) || !errors.Is(err, ErrNotRepaired) || len(fixed) != 4 ||
		!strings.Contains(err.Error(), "expiry") || e.Label == "" {
		t.Errorf("%v", err)
	} else if left, _ := CheckCalls(fixed, 1e-10); len(left) > 0 {
		t.Errorf("the best point has %d breaches", len(left))
	}
}

func TestLeastDegreeAndFactor(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, n := range []int{1, 2, 17, 60} {
		var groups [][]int32
		for range 2 * n {
			g := []int32{int32(rng.IntN(n))}
			for len(g) < 3 {
				if v := int32(rng.IntN(n)); !slices.Contains(g, v) {
					g = append(g, v)
				} else if n < 3 {
					break
				}
			}
			groups = append(groups, g)
		}
		f, slots := newSparseLDL(n, groups)
		dense := mat.NewSymDense(n, nil)
		for v, slot := range f.diagonal {
			f.value[slot] += 0.5
			dense.SetSym(v, v, dense.At(v, v)+0.5)
		}
		for r, g := range groups {
			at := 0
			for a := range g {
				for b := range a + 1 {
					w := float64(a+1) * float64(b+1)
					f.value[slots[r][at]] += w
					dense.SetSym(int(g[a]), int(g[b]), dense.At(int(g[a]), int(g[b]))+w)
					at++
				}
			}
		}
		for range 2 { // a second factorisation must not see the first
			f.factor()
			x := make([]float64, n)
			for i := range x {
				x[i] = rng.NormFloat64()
			}
			right := mat.NewVecDense(n, slices.Clone(x))
			f.solve(x)
			var back mat.VecDense
			back.MulVec(dense, mat.NewVecDense(n, x))
			back.SubVec(&back, right)
			if e := mat.Norm(&back, math.Inf(1)); e > 1e-9 {
				t.Errorf("n = %d: residual %g", n, e)
			}
		}
	}
}
