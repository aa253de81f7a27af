package mm

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
)

func TestTopOfBook(t *testing.T) {
	b := TopOfBook{Bid: 10, Ask: 10.2, BidSize: 30, AskSize: 10}
	near(t, "mid", b.Mid(), 10.1, 1e-15)
	near(t, "imbalance", b.Imbalance(), 0.75, 0)
	near(t, "weighted mid", b.WeightedMid(), 0.75*10.2+0.25*10, 1e-14)
	for _, bad := range []TopOfBook{
		{Bid: 10, Ask: 10, BidSize: 1}, {Bid: 10, Ask: 11}, {Bid: math.NaN(), Ask: 1, BidSize: 1}, {Bid: 1, Ask: 2, BidSize: -1, AskSize: 5},
	} {
		if err := bad.Validate(); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestDepth(t *testing.T) {
	d := Depth{
		Bids: []Level{{10, 30}, {9.9, 10}, {9.8, 100}},
		Asks: []Level{{10.2, 10}, {10.3, 40}, {10.4, 10}},
	}
	near(t, "one level", d.Imbalance(1, Decay{}), d.Top().Imbalance(), 0)
	near(t, "two levels", d.Imbalance(2, Decay{}), 40.0/90, 1e-15)
	near(t, "all levels", d.Imbalance(9, Decay{}), 140.0/200, 1e-15)
	near(t, "half weight by level", d.Imbalance(2, Decay{Rate: math.Ln2}), 35.0/65, 1e-15)
	// The levels stand 0.1 and 0.2 from the mid of 10.1.
	w1, w2 := math.Exp(-0.5), math.Exp(-1.0)
	near(t, "weight by price", d.Imbalance(2, Decay{Rate: 5, ByPrice: true}), (30*w1+10*w2)/(30*w1+10*w2+10*w1+40*w2), 1e-14)
	near(t, "weighted mid", d.WeightedMid(2, Decay{}), 10.1+0.2*(40.0/90-0.5), 1e-14)
	p, ok := d.TailPrice(40)
	near(t, "tail price", p, ((30*10+10*9.9)/40+(10*10.2+30*10.3)/40)/2, 1e-14)
	if !ok {
		t.Error("a book of 60 is too thin for 40")
	}
	for _, size := range []float64{61, 0, -1, math.NaN()} {
		if _, ok := d.TailPrice(size); ok {
			t.Errorf("a size of %g fills", size)
		}
	}
	if !math.IsNaN((Depth{}).Imbalance(1, Decay{})) || (Depth{}).Top() != (TopOfBook{}) {
		t.Error("an empty book has an imbalance")
	}
}

// Two buckets, one spread: from the heavy-bid state half the steps raise the mid by a tick into the other state, half lead
// there without a move. So Q and T exchange the states with probability 1/2, G1 = (−a, a) with a = ½/(1+½) = 1/3 tick, B
// multiplies it by −½/(1+½) = −1/3, and G* = (1/3)/(1+1/3) = 1/4 tick.
func TestMicroPriceByHand(t *testing.T) {
	heavy := func(mid, bid float64) TopOfBook {
		return TopOfBook{Bid: mid - 0.005, Ask: mid + 0.005, BidSize: bid, AskSize: 100 - bid}
	}
	m, err := EstimateMicroPrice([]TopOfBook{heavy(100, 80), heavy(100.01, 20), heavy(100.01, 80)},
		MicroPriceSettings{Tick: 0.01, Buckets: 2, Spreads: 1, MaxMove: 2})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "heavy bid", m.Adjust(0.8, 0.01), 0.0025, 1e-12)
	near(t, "heavy ask", m.Adjust(0.2, 0.01), -0.0025, 1e-12)
	near(t, "price", m.Price(heavy(50, 70)), 50.0025, 1e-12)
	near(t, "wider book takes the last class", m.Adjust(0.8, 0.07), 0.0025, 1e-12)
	if m.Pairs() != 2 || m.Settings().Buckets != 2 || !math.IsNaN(m.Adjust(math.NaN(), 0.01)) {
		t.Error("pairs, settings or NaN")
	}
}

// simulate plays a book whose mid moves up more often the heavier its bid.
func simulate(n int) []TopOfBook {
	rng := rand.New(rand.NewPCG(21, 22))
	states, mid, imbalance, spread := make([]TopOfBook, n), 10000.0, 0.5, 1.0 // mid in half-ticks
	for i := range states {
		states[i] = TopOfBook{
			Bid: (mid - spread) * 0.005, Ask: (mid + spread) * 0.005, BidSize: 1000 * imbalance, AskSize: 1000 * (1 - imbalance),
		}
		imbalance = math.Min(0.999, math.Max(0.001, imbalance+0.15*rng.NormFloat64()))
		if rng.Float64() < 0.3 {
			move := 2.0
			if rng.Float64() > imbalance {
				move = -2
			}
			mid += move
			imbalance = 0.5 + 0.1*(rng.Float64()-0.5)
		}
		if rng.Float64() < 0.2 { // the spread opens or closes by a tick at one side
			spread, mid = 3-spread, mid+float64(2*rng.IntN(2)-1)
		}
	}
	return states
}

func TestMicroPriceProperties(t *testing.T) {
	s := MicroPriceSettings{Tick: 0.01, Buckets: 9, Spreads: 2}
	states := simulate(400_000)
	m, err := EstimateMicroPrice(states, s)
	if err != nil {
		t.Fatal(err)
	}
	for class := 1; class <= 2; class++ {
		spread, last := 0.01*float64(class), math.Inf(-1)
		for i := range 9 {
			at := (float64(i) + 0.5) / 9
			g := m.Adjust(at, spread)
			near(t, "odd under exchange of the sides", g, -m.Adjust(1-at, spread), 1e-12)
			if g < last {
				t.Errorf("spread %d: bucket %d has %g, the one below %g", class, i, g, last)
			}
			last = g
		}
		near(t, "the middle bucket", m.Adjust(0.5, spread), 0, 1e-12)
		if last < 0.001 {
			t.Errorf("spread %d: the heaviest bid moves the price by %g only", class, last)
		}
	}
	s, _ = s.withDefaults()
	chain, _ := countMoves(states, s)
	for x := range chain.n {
		if !chain.seen[x] {
			continue
		}
		stay, move := mat.Sum(chain.q.RowView(x)), mat.Sum(chain.t.RowView(x))
		near(t, "row of Q and R", stay+chain.moveProb[x], 1, 1e-12)
		near(t, "row of T and of R", move, chain.moveProb[x], 1e-12)
	}
}

func TestMicroPriceWithoutLimit(t *testing.T) {
	book := func(mid, bid float64) TopOfBook {
		return TopOfBook{Bid: mid - 0.005, Ask: mid + 0.005, BidSize: bid, AskSize: 100 - bid}
	}
	s := MicroPriceSettings{Tick: 0.01, Buckets: 2, Spreads: 1}
	for name, states := range map[string][]TopOfBook{
		"the mid never moves":          {book(100, 80), book(100, 80), book(100, 20)},
		"the mid always moves one way": {book(100, 80), book(100.01, 80), book(100.02, 80)},
		"all moves are too large":      {book(100, 80), book(110, 80)},
	} {
		if _, err := EstimateMicroPrice(states, s); !errors.Is(err, ErrNoLimit) {
			t.Errorf("%s: %v, want ErrNoLimit", name, err)
		}
	}
	bad := []TopOfBook{book(100, 80), {Bid: 2, Ask: 1}}
	if _, err := EstimateMicroPrice(bad, s); !errors.Is(err, fault.ErrDomain) || !strings.Contains(err.Error(), "state 1") {
		t.Errorf("a crossed book: %v", err)
	}
	for _, s := range []MicroPriceSettings{{}, {Tick: -1}, {Tick: 1, Buckets: -1}} {
		if _, err := EstimateMicroPrice(simulate(10), s); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if _, err := EstimateMicroPrice(nil, s); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("no states: %v", err)
	}
}
