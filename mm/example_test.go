package mm_test

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/mm"
	"github.com/volgaquant/volga/pricing"
)

// The example of Avellaneda and Stoikov: three long, the maker quotes about 98.8 and not about 100.
func ExampleAvellanedaStoikov() {
	m := mm.AvellanedaStoikov{Gamma: 0.1, K: 1.5, Sigma: 2}
	s := mm.QuoteState{Mid: 100, Inventory: 3, TimeLeft: 1}
	d := m.Distances(s)
	fmt.Printf("reservation %.1f, bid %.4f, ask %.4f\n", m.Reservation(s), s.Mid-d.Bid, s.Mid+d.Ask)
	// Output: reservation 98.8, bid 97.9546, ask 99.6454
}

// The closed formula beside the exact solution, and a quote on a grid of cents. At 30 fills long there is no bid.
func ExampleGLFT() {
	m := mm.GLFT{Gamma: 0.01, K: 1.5, A: 140, Sigma: 2}
	exact, err := m.Stationary(30)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("closed form %.4f, exact %.4f\n", m.Asymptotic(3), exact.Distances(3))

	cents, err := mm.UniformTicks(0.01)
	if err != nil {
		fmt.Println(err)
		return
	}
	rules := mm.Rules{Ticks: cents}
	for _, inventory := range []float64{0, 3, 30} {
		q := rules.MakeDistances(100, exact.Distances(inventory), mm.TopOfBook{})
		fmt.Println(inventory, q.Bid, q.Ask)
	}
	// Output:
	// closed form {0.7209 0.6242}, exact {0.7211 0.6240}
	// 0 99.32 100.68
	// 3 99.27 100.63
	// 30 0 100.06
}

// Two options of which the maker thinks the first cheap and the second dear, two days before the book is to be flat.
func ExampleLucicTse() {
	penalty, err := mm.NewDensePenalty(mat.NewSymDense(2, []float64{0.02, 0.008, 0.008, 0.01}))
	if err != nil {
		fmt.Println(err)
		return
	}
	m := mm.LucicTse{
		LambdaBid: []float64{12600, 9000}, LambdaAsk: []float64{10080, 9500},
		KappaBid: []float64{0.8, 0.5}, KappaAsk: []float64{0.7, 0.45},
		Terminal: penalty,
	}
	policy, err := m.Solve(context.Background(), 2.0/252, mm.ConstantEdges{3000, -1500})
	if err != nil {
		fmt.Println(err)
		return
	}
	distances := make([]mm.Distances, 2)
	policy.DistancesTo(distances, []float64{3, -2}, make([]float64, policy.Rank()))
	for i, d := range distances {
		fmt.Printf("option %d: theta1 %.4f, bid distance %.4f, ask distance %.4f\n", i, policy.Theta1(i), d.Bid, d.Ask)
	}
	// Output:
	// option 0: theta1 16.6724, bid distance -15.3852, ask distance 18.0766
	// option 1: theta1 -12.4691, bid distance 14.4636, ask distance -10.2302
}

// Three expiries whose volatilities move together the more the nearer they are, kept by their two strongest factors.
func ExampleVolFactors() {
	f, err := mm.NewDecayVolFactors([]float64{0.1, 0.25, 1}, []float64{0.08, 0.05, 0.03}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	two, err := f.WithRank(2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("rank 3: %.6f %.6f, rank 2: %.6f %.6f\n", f.At(0, 1), f.At(0, 2), two.At(0, 1), two.At(0, 2))
	// Output: rank 3: 0.003329 0.001211, rank 2: 0.003399 0.001142
}

func ExampleTickTable() {
	t := mm.PennyTicks() // cents below 3.00, five cents from there
	fmt.Println(t.Floor(2.987), t.Ceil(2.987), t.Floor(3.04), t.Ceil(3.04), t.Below(3), t.Above(3))
	// Output: 2.98 2.99 3 3.05 2.99 3.05
}

func ExampleRules() {
	rules := mm.Rules{Ticks: mm.PennyTicks(), MinEdge: 0.03, PostOnly: true}
	q := rules.Make(mm.Input{
		Theo: 1.234, Edge: 0.01, Skew: 0.02, Width: mm.Width{Base: 0.02, Hedge: 0.005},
		Market: mm.TopOfBook{Bid: 1.17, Ask: 1.19},
	})
	fmt.Println(q)
	// Output: 1.18 x 1.26 = theo 1.234 +0.01 edge -0.02 skew ± 0.03 (base 0.02, hedge 0.005, uncertainty 0, adverse 0, fees 0) [MinEdge|PostOnlyBid]
}

func ExampleTopOfBook() {
	b := mm.TopOfBook{Bid: 10, Ask: 10.2, BidSize: 30, AskSize: 10}
	fmt.Printf("mid %.3f, imbalance %.2f, weighted mid %.3f\n", b.Mid(), b.Imbalance(), b.WeightedMid())
	// Output: mid 10.100, imbalance 0.75, weighted mid 10.150
}

// A book that moves up a tick half of the time when its bid is heavy: the micro-price is a quarter of a tick above the mid.
func ExampleEstimateMicroPrice() {
	book := func(mid, bidSize float64) mm.TopOfBook {
		return mm.TopOfBook{Bid: mid - 0.005, Ask: mid + 0.005, BidSize: bidSize, AskSize: 100 - bidSize}
	}
	m, err := mm.EstimateMicroPrice(
		[]mm.TopOfBook{book(100, 80), book(100.01, 20), book(100.01, 80)},
		mm.MicroPriceSettings{Tick: 0.01, Buckets: 2, Spreads: 1},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f\n", m.Price(book(50, 70)))
	// Output: 50.0025
}

// smile is a volatility that falls with the strike.
type smile struct{}

func (smile) VolTo(dst, k []float64, _ float64) {
	for i, x := range k {
		dst[i] = 0.2 - 0.1*math.Tanh(x)
	}
}

// A call and a put of one expiry. Buying ten calls lowers the quotes of both.
func ExampleRequoter() {
	r, err := mm.NewRequoter(mm.RequoterSettings{
		Expiries: []mm.Expiry{{Label: "3m", Tau: 0.25, Carry: 1.005, Discount: 0.99, RealVol: 0.2}},
		Series: []mm.Series{
			{Strike: 100, Right: pricing.Call},
			{Strike: 95, Right: pricing.Put},
		},
		Desk:  mm.DefaultDesk(),
		Rules: mm.Rules{Ticks: mm.PennyTicks()},
	}, smile{}, 100)
	if err != nil {
		fmt.Println(err)
		return
	}
	show := func(when string) {
		c := r.Columns()
		fmt.Printf("%s: %.2f x %.2f, %.2f x %.2f\n", when, c.Bid[0], c.Ask[0], c.Bid[1], c.Ask[1])
	}
	show("at 100")
	r.Requote(100.5)
	show("at 100.50")
	if err := r.OnFill(0, 10); err != nil {
		fmt.Println(err)
		return
	}
	r.Reskew()
	show("ten calls long")
	// Output:
	// at 100: 4.15 x 4.30, 1.77 x 1.88
	// at 100.50: 4.45 x 4.60, 1.64 x 1.75
	// ten calls long: 4.40 x 4.55, 1.63 x 1.74
}
