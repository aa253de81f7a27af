package mm

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
)

func TestMakeByHand(t *testing.T) {
	penny := Rules{Ticks: PennyTicks()}
	base := func(h float64) Width { return Width{Base: h} }
	for _, c := range []struct {
		name     string
		rules    Rules
		in       Input
		bid, ask float64
		cut      Cut
	}{
		{"rounded outwards", penny, Input{Theo: 1.234, Width: base(0.02)}, 1.21, 1.26, 0},
		{"edge up, skew down", penny, Input{Theo: 1.23, Edge: 0.05, Skew: 0.02, Width: base(0.03)}, 1.23, 1.29, 0},
		{"parts of the width", penny, Input{Theo: 1.5, Width: Width{0.01, 0.02, 0.03, 0.04, 0.1}}, 1.35, 1.65, 0},
		{"minimum edge", Rules{Ticks: PennyTicks(), MinEdge: 0.05}, Input{Theo: 1.5, Width: base(0.01)}, 1.45, 1.55, CutMinEdge},
		{"skew cut", Rules{Ticks: PennyTicks(), SkewCap: 0.5}, Input{Theo: 1.5, Skew: 9, Width: base(0.04)}, 1.44, 1.52, CutSkew},
		{"short, skew cut", Rules{Ticks: PennyTicks(), SkewCap: 0.5}, Input{Theo: 1.5, Skew: -9, Width: base(0.04)}, 1.48, 1.56, CutSkew},
		{"worthless", penny, Input{Theo: 0.004, Width: base(0.02)}, 0, 0.03, CutNoBid},
		{"theo below zero by skew", penny, Input{Theo: 0.5, Skew: 3, Width: base(0.02)}, 0, 0.01, CutNoBid},
		{"no width, on the grid", penny, Input{Theo: 1.5}, 1.49, 1.51, CutLocked},
		{"no width, off the grid", penny, Input{Theo: 1.505}, 1.5, 1.51, 0},
		{"no width at the band", penny, Input{Theo: 3}, 2.99, 3.05, CutLocked},
		{"post only, bid", Rules{Ticks: PennyTicks(), PostOnly: true}, Input{Theo: 1.5, Width: base(0.05), Market: TopOfBook{Bid: 1.3, Ask: 1.45}}, 1.44, 1.55, CutPostOnlyBid},
		{"post only, ask", Rules{Ticks: PennyTicks(), PostOnly: true}, Input{Theo: 1.5, Width: base(0.05), Market: TopOfBook{Bid: 1.6, Ask: 1.65}}, 1.45, 1.61, CutPostOnlyAsk},
		{"post only, empty market", Rules{Ticks: PennyTicks(), PostOnly: true}, Input{Theo: 1.5, Width: base(0.05)}, 1.45, 1.55, 0},
		{"post only under a one-tick offer", Rules{Ticks: PennyTicks(), PostOnly: true}, Input{Theo: 1.5, Width: base(0.05), Market: TopOfBook{Ask: 0.01}}, 0, 1.55, CutPostOnlyBid | CutNoBid},
		{"not post only", penny, Input{Theo: 1.5, Width: base(0.05), Market: TopOfBook{Bid: 1.6, Ask: 1.65}}, 1.45, 1.55, 0},
		{"no theo", penny, Input{Theo: math.NaN(), Width: base(0.05)}, 0, 0, CutPulled},
		{"no edge", penny, Input{Theo: 1, Edge: math.Inf(-1), Width: base(0.05)}, 0, 0, CutPulled},
		{"no skew", penny, Input{Theo: 1, Skew: math.Inf(1), Width: base(0.05)}, 0, 0, CutPulled},
		{"no width", penny, Input{Theo: 1, Width: base(math.Inf(1))}, 0, 0, CutPulled},
		{"negative width", penny, Input{Theo: 1, Width: base(-1)}, 0, 0, CutPulled},
	} {
		q := c.rules.Make(c.in)
		if q.Bid != c.bid || q.Ask != c.ask || q.Cut != c.cut {
			t.Errorf("%s: %v, want %v x %v [%v]", c.name, q, c.bid, c.ask, c.cut)
		}
	}
}

func TestMakeDistances(t *testing.T) {
	r := Rules{Ticks: PennyTicks(), MinEdge: 0.02}
	for _, c := range []struct {
		name     string
		d        Distances
		bid, ask float64
		cut      Cut
	}{
		{"two sides", Distances{0.05, 0.03}, 1.45, 1.53, 0},
		{"through fair value", Distances{0.09, -0.03}, 1.41, 1.47, 0},
		{"minimum edge", Distances{0.01, 0.01}, 1.48, 1.52, CutMinEdge},
		{"crossed", Distances{-0.05, -0.01}, 1.50, 1.54, CutMinEdge},
		{"no bid", Distances{math.Inf(1), 0.03}, 0, 1.53, CutNoBid},
		{"no offer", Distances{0.03, math.Inf(1)}, 1.47, 0, CutNoAsk},
		{"no offer, minimum edge", Distances{-0.3, math.Inf(1)}, 1.48, 0, CutNoAsk | CutMinEdge},
		{"nothing", Distances{math.Inf(1), math.Inf(1)}, 0, 0, CutNoBid | CutNoAsk},
		{"not a number", Distances{math.NaN(), 0.1}, 0, 0, CutPulled},
	} {
		q := r.MakeDistances(1.5, c.d, TopOfBook{})
		if q.Bid != c.bid || q.Ask != c.ask || q.Cut != c.cut {
			t.Errorf("%s: %v, want %v x %v [%v]", c.name, q, c.bid, c.ask, c.cut)
		}
	}
}

// Whatever the inputs, a quote is on the grid, not crossed, not negative, at least MinEdge from its middle, and outside its
// raw prices; more skew never raises it, more width never narrows it.
func TestMakeProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 20_000 {
		r := Rules{Ticks: []TickTable{PennyTicks(), NickelTicks()}[rng.IntN(2)], MinEdge: 0.1 * rng.Float64() * float64(rng.IntN(2))}
		if rng.IntN(3) == 0 {
			r.SkewCap = rng.Float64()
		}
		in := Input{
			Theo: 6 * rng.Float64() * rng.Float64(), Edge: 0.1 * rng.NormFloat64(), Skew: 0.3 * rng.NormFloat64(),
			Width: Width{Base: 0.1 * rng.Float64() * float64(rng.IntN(2)), Hedge: 0.02 * rng.Float64()},
		}
		if rng.IntN(4) == 0 { // on the grid, where ties are
			in.Theo, in.Edge, in.Skew, in.Width = r.Ticks.Ceil(in.Theo), 0, 0, Width{}
		}
		q := r.Make(in)
		checkSane(t, &r, q.Bid, q.Ask, 0, 0)
		if q.Half < r.MinEdge || q.Bid > math.Max(q.RawBid, 0)+1e-9 || q.Ask < q.RawAsk-1e-9 {
			t.Fatalf("%v does not keep its edge: raw %g x %g", q, q.RawBid, q.RawAsk)
		}
		more := in
		more.Skew += 0.1 * rng.Float64()
		if s := r.Make(more); s.RawBid > q.RawBid || s.RawAsk > q.RawAsk {
			t.Fatalf("more skew raises %v to %v", q, s)
		}
		wide := in
		wide.Width.Adverse += 0.1 * rng.Float64()
		if w := r.Make(wide); r.SkewCap == 0 && (w.RawBid > q.RawBid || w.RawAsk < q.RawAsk) {
			t.Fatalf("more width narrows %v to %v", q, w)
		}
		r.PostOnly = true
		in.Market.Bid = r.Ticks.Floor(5 * rng.Float64() * rng.Float64())
		in.Market.Ask = r.Ticks.Above(in.Market.Bid)
		p := r.Make(in)
		checkSane(t, &r, p.Bid, p.Ask, in.Market.Bid, in.Market.Ask)
	}
}

func TestQuoteExplains(t *testing.T) {
	r := Rules{Ticks: PennyTicks(), MinEdge: 0.05}
	q := r.Make(Input{Theo: 0.01, Width: Width{Base: 0.02}})
	if s := q.String(); !strings.Contains(s, "theo 0.01") || !strings.Contains(s, "[MinEdge|NoBid]") {
		t.Errorf("explained as %q", s)
	}
	if Cut(0).String() != "" || (CutSkew|CutPulled).String() != "Skew|Pulled" {
		t.Error("names of the cuts")
	}
}

func TestRulesAndSizerRefuse(t *testing.T) {
	for _, r := range []Rules{{}, {Ticks: PennyTicks(), MinEdge: -1}, {Ticks: PennyTicks(), SkewCap: math.NaN()}} {
		if err := r.Validate(); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	for _, s := range []Sizer{{}, {Max: 1, Delta: -1}, {Max: 1, Gamma: math.NaN()}, {Max: 1, Vega: math.Inf(1)}} {
		if err := s.Validate(); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestSizer(t *testing.T) {
	s := Sizer{Max: 100, Delta: 10, Vega: 200}
	for _, c := range []struct{ delta, gamma, vega, want float64 }{
		{0.5, 9, 20, 10}, {-0.5, 9, 1, 20}, {0, 0, 0, 100}, {11, 0, 0, 0}, {0.3, 0, 0, 33}, {math.NaN(), 0, 0, 0},
	} {
		near(t, "size", s.Size(c.delta, c.gamma, c.vega), c.want, 0)
	}
}
