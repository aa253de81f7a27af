package risk

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/volgaquant/volga/pricing"
)

var (
	now = time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC)
	mar = time.Date(2026, 3, 20, 20, 0, 0, 0, time.UTC)
	jun = time.Date(2026, 6, 19, 20, 0, 0, 0, time.UTC)
)

// table is marks from a map, at one spot.
type table struct {
	at    time.Time
	marks map[Contract]Mark
}

func (t table) Instant() time.Time { return t.at }

func (t table) Mark(c Contract) (Mark, error) {
	k, ok := t.marks[c]
	if !ok {
		return Mark{}, ErrUnknownContract
	}
	return k, nil
}

// formula is marks that know every contract: smooth nonsense in all columns, of very different sizes and signs.
type formula struct {
	at   time.Time
	spot float64
}

func (f formula) Instant() time.Time { return f.at }

func (f formula) Mark(c Contract) (Mark, error) {
	k := Mark{Value: 1 + math.Abs(math.Sin(c.Strike+f.spot)), Spot: f.spot, Forward: f.spot * 1.01}
	v := reflect.ValueOf(&k.Greeks).Elem()
	for i := range v.NumField() {
		v.Field(i).SetFloat(math.Cos(c.Strike*float64(i+1)+float64(c.Expiry.Unix()%1000)) * math.Pow(10, float64(i%7-3)))
	}
	return k, nil
}

func newBook(t testing.TB, b Buckets, m Marks) *Book {
	t.Helper()
	book, err := NewBook(b, m)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func apply(t testing.TB, b *Book, c Contract, qty, price float64) {
	t.Helper()
	if err := b.Apply(Fill{c, qty, price}); err != nil {
		t.Fatal(err)
	}
}

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got-want) <= relative*math.Abs(want)) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Average cost worked by hand, multiplier 100.
func TestAverageCostByHand(t *testing.T) {
	call := Option("SPX", mar, 100, pricing.Call, 100)
	b := newBook(t, Buckets{}, table{now, map[Contract]Mark{call: {Value: 3.5, Spot: 100}}})
	for _, s := range []struct {
		name                                    string
		qty, price                              float64
		position, average, realised, unrealised float64
	}{
		{"open long", 10, 2, 10, 2, 0, 1500},
		{"add at a higher price", 30, 4, 40, 3.5, 0, 0},
		{"reduce", -10, 4, 30, 3.5, 500, 0},
		{"reduce at a loss", -20, 3, 10, 3.5, -500, 0},
		{"turn short", -25, 4.5, -15, 4.5, 500, 1500},
		{"add to the short", -5, 2.5, -20, 4, 500, 1000},
		{"buy some back", 10, 5, -10, 4, -500, 500},
		{"flat", 10, 3, 0, 0, 500, 0},
		{"open again", -1, 3.5, -1, 3.5, 500, 0},
	} {
		apply(t, b, call, s.qty, s.price)
		p, ok := b.Position(call)
		if !ok || p.Qty != s.position || p.Marked != (s.position != 0) {
			t.Errorf("%s: %+v", s.name, p)
		}
		near(t, s.name+": average", p.Average, s.average, 1e-15)
		near(t, s.name+": realised", p.Realised, s.realised, 1e-13)
		near(t, s.name+": unrealised", p.Unrealised, s.unrealised, 1e-13)
		if total := b.PnL(); total != p.PnL {
			t.Errorf("%s: book %+v, position %+v", s.name, total, p.PnL)
		}
	}
}

// A small book whose every sum is worked by hand.
func TestLadderByHand(t *testing.T) {
	put90 := Option("SPX", mar, 90, pricing.Put, 100)
	call100 := Option("SPX", mar, 100, pricing.Call, 100)
	call105 := Option("SPX", mar, 105, pricing.Call, 100)
	june := Option("SPX", jun, 110, pricing.Call, 100)
	future, stock := Future("SPX", jun, 50), Underlying("SPX")
	other := Option("NDX", jun, 200, pricing.Put, 10)
	g := func(delta, gamma, vega, theta float64) pricing.Greeks {
		return pricing.Greeks{Delta: delta, Gamma: gamma, Vega: vega, Theta: theta}
	}
	marks := table{now, map[Contract]Mark{
		put90:   {1, g(-0.25, 0.02, 8, -3.65), 100, 100},
		call100: {4, g(0.5, 0.04, 12, -7.3), 100, 100},
		call105: {2, g(0.25, 0.03, 10, -7.3), 100, 100},
		june:    {3, g(0.25, 0.01, 20, -3.65), 100, 101},
		future:  {101, g(1, 0, 0, 0), 100, 101},
		stock:   {100, g(1, 0, 0, 0), 100, 100},
		other:   {7, g(-0.5, 0.01, 30, 0), 200, 202},
	}}
	b := newBook(t, Buckets{Strikes: []float64{95, 110}}, marks)
	for _, f := range []Fill{
		{put90, -10, 1.5}, {call100, 4, 3}, {call105, -8, 2.5}, {june, 6, 3}, {future, -2, 100}, {stock, 30, 99}, {other, 5, 6},
	} {
		if err := b.Apply(f); err != nil {
			t.Fatal(err)
		}
	}
	want := []struct {
		label                                       string
		open                                        int
		value, delta, cash, gamma1, vegaPt, thetaDy float64
	}{
		{"NDX 2026-06-19 from 110", 1, 350, -25, -5000, 200, 15, 0},
		{"SPX - -", 1, 3000, 30, 3000, 0, 0, 0},
		{"SPX 2026-03-20 below 95", 1, -1000, 250, 25000, -2000, -80, 10},
		{"SPX 2026-03-20 [95, 110)", 2, 0, 0, 0, -800, -32, 8},
		{"SPX 2026-06-19 -", 1, 0, -100, -10000, 0, 0, 0},
		{"SPX 2026-06-19 from 110", 1, 1800, 150, 15000, 600, 120, -6},
	}
	l := b.Ladder()
	if len(l.Lines) != len(want) || len(l.Unmarked) != 0 || !l.Instant.Equal(now) {
		t.Fatalf("ladder %v", l.Lines)
	}
	check := func(line Line, label string, open int, sums ...float64) {
		t.Helper()
		if line.String() != label || line.Open != open {
			t.Errorf("line %v with %d open, want %s with %d", line, line.Open, label, open)
		}
		got := []float64{line.Value, line.Delta, line.CashDelta, line.CashGamma, line.VegaPoint(), line.ThetaDay()}
		for i := range sums {
			near(t, fmt.Sprintf("%s column %d", label, i), got[i], sums[i], 1e-14)
		}
	}
	for i, w := range want {
		check(l.Lines[i], w.label, w.open, w.value, w.delta, w.cash, w.gamma1, w.vegaPt, w.thetaDy)
	}
	byExpiry := l.ByExpiry()
	if len(byExpiry) != 4 {
		t.Fatalf("by expiry: %v", byExpiry)
	}
	check(byExpiry[0], "NDX 2026-06-19 all", 1, 350, -25, -5000, 200, 15, 0)
	check(byExpiry[1], "SPX - all", 1, 3000, 30, 3000, 0, 0, 0)
	check(byExpiry[2], "SPX 2026-03-20 all", 3, -1000, 250, 25000, -2800, -112, 18)
	check(byExpiry[3], "SPX 2026-06-19 all", 2, 1800, 50, 5000, 600, 120, -6)
	byName := l.ByUnderlying()
	if len(byName) != 2 {
		t.Fatalf("by underlying: %v", byName)
	}
	check(byName[1], "SPX all all", 6, 3800, 330, 33000, -2200, 8, 12)
	check(l.Total(), "all all all", 7, 4150, 305, 28000, -2000, 23, 12)

	// The future gains by its price though its value is nothing: −2·50·(101−100).
	p, _ := b.Position(future)
	near(t, "future", p.Unrealised, -100, 0)
	near(t, "stock", func() float64 { p, _ := b.Position(stock); return p.Unrealised }(), 30, 0)
	near(t, "position delta", func() float64 { p, _ := b.Position(put90); return p.Greeks.Delta }(), 250, 0)
	// −10·100·(1−1.5) + 4·100·(4−3) − 8·100·(2−2.5) + 0 − 100 + 30 + 5·10·(7−6)
	near(t, "book", b.PnL().Unrealised, 500+400+400-100+30+50, 1e-15)

	if empty := newBook(t, Buckets{}, marks).Ladder().Total(); empty.Open != 0 || empty.Value != 0 || empty.String() != "all all all" {
		t.Errorf("total of nothing: %v", empty)
	}
}

func TestBucketsByDaysAndMoneyness(t *testing.T) {
	week := now.Add(7 * 24 * time.Hour)
	b := newBook(t, Buckets{Days: []float64{7, 30}, Strikes: []float64{-0.1, 0, 0.1}, Axis: ByLogMoneyness}, formula{now, 100})
	forward := 101.0
	for _, c := range []struct {
		contract Contract
		label    string
	}{
		{Option("A", week.Add(-time.Nanosecond*1e6), 101, pricing.Call, 1), "A below 7 days [0, 0.1)"},
		{Option("B", week, forward*math.Exp(0.11), pricing.Call, 1), "B [7, 30) days from 0.1"},
		{Option("C", mar, forward*math.Exp(-0.05), pricing.Put, 1), "C [7, 30) days [-0.1, 0)"},
		{Option("D", jun, forward*math.Exp(-0.5), pricing.Put, 1), "D from 30 days below -0.1"},
		{Future("E", jun, 1), "E from 30 days -"},
		{Underlying("F"), "F - -"},
		{Option("G", now.Add(-time.Hour), 101, pricing.Put, 1), "G below 7 days [0, 0.1)"},
	} {
		apply(t, b, c.contract, 1, 1)
		lines := b.Ladder().Lines
		if got := lines[len(lines)-1].String(); got != c.label {
			t.Errorf("%v lies in %q, want %q", c.contract, got, c.label)
		}
	}
	// A later instant and another forward move contracts to other buckets.
	if err := b.Revalue(formula{now.Add(20 * 24 * time.Hour), 120}); err != nil {
		t.Fatal(err)
	}
	if got := b.Ladder().Lines[2].String(); got != "C below 7 days below -0.1" {
		t.Errorf("after revaluation: %q", got)
	}
}

func TestBucketsValidate(t *testing.T) {
	nan := math.NaN()
	for name, b := range map[string]Buckets{
		"NaN day":         {Days: []float64{nan}},
		"infinite strike": {Strikes: []float64{math.Inf(1)}},
		"falling":         {Days: []float64{7, 30, 20}},
		"equal":           {Strikes: []float64{7, 7}},
		"axis":            {Axis: 2},
	} {
		if _, err := NewBook(b, formula{}); !errors.Is(err, pricing.ErrDomain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewBook(Buckets{}, nil); !errors.Is(err, pricing.ErrDomain) {
		t.Error("no marks were accepted")
	}
	if s := fmt.Sprint(ByStrike, ByLogMoneyness, StrikeAxis(7)); s != "strike log-moneyness StrikeAxis(7)" {
		t.Error(s)
	}
}

func TestApplyRefuses(t *testing.T) {
	good := Option("SPX", mar, 100, pricing.Call, 100)
	with := func(f func(c *Contract)) Contract { c := good; f(&c); return c }
	nan := math.NaN()
	b := newBook(t, Buckets{}, formula{now, 100})
	for _, c := range []struct {
		name  string
		fill  Fill
		field string
	}{
		{"NaN quantity", Fill{good, nan, 1}, "Qty"},
		{"no quantity", Fill{good, 0, 1}, "Qty"},
		{"infinite quantity", Fill{good, math.Inf(-1), 1}, "Qty"},
		{"NaN price", Fill{good, 1, nan}, "Price"},
		{"infinite price", Fill{good, 1, math.Inf(1)}, "Price"},
		{"no multiplier", Fill{with(func(c *Contract) { c.Multiplier = 0 }), 1, 1}, "Multiplier"},
		{"NaN multiplier", Fill{with(func(c *Contract) { c.Multiplier = nan }), 1, 1}, "Multiplier"},
		{"NaN strike", Fill{with(func(c *Contract) { c.Strike = nan }), 1, 1}, "Strike"},
		{"negative strike", Fill{with(func(c *Contract) { c.Strike = -1 }), 1, 1}, "Strike"},
		{"strike without right", Fill{with(func(c *Contract) { c.Right = 0 }), 1, 1}, "Right"},
		{"right without strike", Fill{with(func(c *Contract) { c.Strike = 0 }), 1, 1}, "Strike"},
		{"option without expiry", Fill{with(func(c *Contract) { c.Expiry = time.Time{} }), 1, 1}, "Expiry"},
		{"no underlying", Fill{with(func(c *Contract) { c.Underlying = "" }), 1, 1}, "Underlying"},
	} {
		err := b.Apply(c.fill)
		var arg *pricing.ArgError
		if !errors.As(err, &arg) || arg.Arg != c.field || errors.Is(err, ErrUnmarked) {
			t.Errorf("%s: %v, want an ArgError on %s", c.name, err, c.field)
		}
	}
	if n := len(b.Positions()); n != 0 {
		t.Errorf("%d refused fills left a position", n)
	}
	if _, ok := b.Position(good); ok {
		t.Error("a position that never was")
	}
	if err := b.Revalue(nil); !errors.Is(err, pricing.ErrDomain) {
		t.Errorf("no marks: %v", err)
	}
}

// A fill in a contract without a mark is booked, reported and left out of the ladder, until the marks know it.
func TestUnmarkedContracts(t *testing.T) {
	known := Option("SPX", mar, 100, pricing.Call, 100)
	unknown := Option("SPX", mar, 105, pricing.Call, 100)
	marks := table{now, map[Contract]Mark{known: {Value: 4, Greeks: pricing.Greeks{Delta: 0.5}, Spot: 100}}}
	b := newBook(t, Buckets{}, marks)
	apply(t, b, known, 1, 4)
	err := b.Apply(Fill{unknown, 3, 2})
	var mark *MarkError
	if !errors.As(err, &mark) || mark.Contract != unknown || !errors.Is(err, ErrUnmarked) || !errors.Is(err, ErrUnknownContract) {
		t.Errorf("%v", err)
	}
	p, ok := b.Position(unknown)
	if !ok || p.Qty != 3 || p.Marked || p.Unrealised != 0 {
		t.Errorf("%+v", p)
	}
	l := b.Ladder()
	if len(l.Unmarked) != 1 || l.Unmarked[0] != unknown || l.Total().Open != 1 || l.Total().Delta != 50 {
		t.Errorf("%+v", l)
	}
	if err := b.Apply(Fill{unknown, -1, 5}); !errors.Is(err, ErrUnmarked) {
		t.Errorf("still unknown: %v", err)
	}
	if got := b.PnL().Realised; got != 300 {
		t.Errorf("realised %g, want 1·100·(5−2)", got)
	}
	_, _ = b.Apply(Fill{unknown, -2, 5}), b.Apply(Fill{known, 1, 4})
	if l := b.Ladder(); len(l.Unmarked) != 0 || l.Total().Delta != 100 {
		t.Errorf("an unknown contract that is flat again: %+v", l)
	}
	_, _ = b.Apply(Fill{unknown, 2, 5}), b.Apply(Fill{known, -1, 4})

	// Now known: the next fill brings the earlier ones into the ladder.
	marks.marks[unknown] = Mark{Value: 3, Greeks: pricing.Greeks{Delta: 0.25}, Spot: 100}
	apply(t, b, unknown, 2, 3)
	l = b.Ladder()
	if len(l.Unmarked) != 0 || l.Total().Open != 2 || l.Total().Delta != 50+4*25 || b.PnL().Unrealised != -4*100 {
		t.Errorf("%+v, %+v", l, b.PnL())
	}

	// Marks that are no numbers are no marks, and one of them does not stop the rest of a revaluation.
	for name, bad := range map[string]Mark{
		"NaN value":        {Value: math.NaN(), Spot: 100},
		"infinite gamma":   {Value: 1, Greeks: pricing.Greeks{Gamma: math.Inf(1)}, Spot: 100},
		"NaN spot":         {Value: 1, Spot: math.NaN()},
		"overflow":         {Value: 1, Greeks: pricing.Greeks{Ultima: 1e300}, Spot: 100},
		"overflow by spot": {Value: 1, Greeks: pricing.Greeks{Gamma: 1}, Spot: 1e200},
	} {
		next := table{now, map[Contract]Mark{unknown: bad, known: {Value: 5, Greeks: pricing.Greeks{Delta: 0.75}, Spot: 100}}}
		err := b.Revalue(next)
		if !errors.Is(err, ErrUnmarked) || !errors.Is(err, pricing.ErrDomain) {
			t.Errorf("%s: %v", name, err)
		}
		if l := b.Ladder(); l.Total().Delta != 75 || len(l.Unmarked) != 1 {
			t.Errorf("%s: %+v", name, l)
		}
	}

	// Buckets by log-moneyness need a forward.
	m := newBook(t, Buckets{Strikes: []float64{0}, Axis: ByLogMoneyness}, marks)
	if err := m.Apply(Fill{known, 1, 1}); !errors.Is(err, ErrUnmarked) || !errors.Is(err, pricing.ErrDomain) {
		t.Errorf("no forward: %v", err)
	}
	if b.Marks() == nil {
		t.Error("no marks")
	}
}

// A contract that is flat is not asked for again: its expiry may have passed.
func TestFlatContractsNeedNoMark(t *testing.T) {
	c := Option("SPX", mar, 100, pricing.Call, 100)
	b := newBook(t, Buckets{}, formula{now, 100})
	apply(t, b, c, 2, 1)
	apply(t, b, c, -2, 2)
	if err := b.Revalue(table{now, nil}); err != nil {
		t.Errorf("%v", err)
	}
	if got := b.PnL(); got != (PnL{Realised: 200}) {
		t.Errorf("%+v", got)
	}
	if err := b.Revalue(formula{now, 90}); err != nil {
		t.Fatal(err)
	}
	apply(t, b, c, 1, 1)
	if b.Ladder().Total().Open != 1 {
		t.Error("a contract opened again is not in the ladder")
	}
}

func TestContractIdentity(t *testing.T) {
	newYork := time.FixedZone("EST", -5*3600)
	a := Contract{"SPX", mar, 100, pricing.Call, 100}
	z := Contract{"SPX", mar.In(newYork), 100, pricing.Call, 100}
	b := newBook(t, Buckets{}, formula{now, 100})
	apply(t, b, a, 1, 1)
	apply(t, b, z, 2, 1)
	if p, ok := b.Position(z); !ok || p.Qty != 3 || len(b.Positions()) != 1 {
		t.Errorf("%+v", b.Positions())
	}
	if Option("SPX", mar.In(newYork), 100, pricing.Call, 100) != a {
		t.Error("the constructor does not normalise the expiry")
	}
	for c, want := range map[Contract]string{
		a: "SPX 2026-03-20 100 call", Option("SPX", jun, 97.5, pricing.Put, 100): "SPX 2026-06-19 97.5 put",
		Future("ES", jun, 50): "ES 2026-06-19", Underlying("SPY"): "SPY",
	} {
		if c.String() != want {
			t.Errorf("%q, want %q", c, want)
		}
	}
}

// book6000 returns the series of twenty expiries of 150 strikes, puts and calls.
func book6000() []Contract {
	var cs []Contract
	for e := range 20 {
		expiry := mar.AddDate(0, 0, 7*e)
		for k := range 150 {
			for _, right := range []pricing.Right{pricing.Put, pricing.Call} {
				cs = append(cs, Option("SPX", expiry, float64(3000+20*k), right, 100))
			}
		}
	}
	return cs
}

// compare holds every column of two ladders against each other.
func compare(t *testing.T, got, want Ladder, relative float64) {
	t.Helper()
	if len(got.Lines) != len(want.Lines) {
		t.Fatalf("%d lines, want %d", len(got.Lines), len(want.Lines))
	}
	for i := range got.Lines {
		g, w := got.Lines[i], want.Lines[i]
		if g.String() != w.String() || g.Open != w.Open {
			t.Fatalf("line %d: %v (%d open), want %v (%d open)", i, g, g.Open, w, w.Open)
		}
		gv, wv := g.sums.values(), w.sums.values()
		for j := range gv {
			if !(math.Abs(gv[j]-wv[j]) <= relative*math.Abs(wv[j])) {
				t.Errorf("%v %s: %v, want %v", g, columnNames[j], gv[j], wv[j])
			}
		}
	}
}

// After thousands of random fills the ladder is that of a book rebuilt from its positions, to the relative error of the
// sums themselves, whatever cancels in them; and it is the exact sum.
func TestIncrementalEqualsRebuilt(t *testing.T) {
	const roundings = 4e-16
	for seed, buckets := range []Buckets{
		{}, {Strikes: []float64{4000, 5000}}, {Days: []float64{7, 30, 90}, Strikes: []float64{-0.2, 0, 0.2}, Axis: ByLogMoneyness},
	} {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		series := append(book6000(), Underlying("SPX"), Future("SPX", jun, 50), Option("NDX", jun, 15000, pricing.Put, 10))
		marks := formula{now, 4500}
		b := newBook(t, buckets, marks)
		cash := map[Contract]*big.Float{}
		exact := func(x float64) *big.Float { return new(big.Float).SetPrec(600).SetFloat64(x) }
		mul := func(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(600).Mul(x, y) }
		for range 20_000 {
			c := series[r.IntN(len(series))]
			if r.IntN(2) == 0 {
				c = series[r.IntN(40)] // some trade often
			}
			qty := float64(r.IntN(200)-100) * math.Pow(10, float64(r.IntN(3)))
			if qty == 0 {
				qty = 1
			}
			price := float64(1+r.IntN(1000)) / 20
			apply(t, b, c, qty, price)
			if cash[c] == nil {
				cash[c] = exact(0)
			}
			cash[c].Sub(cash[c], mul(exact(qty*c.Multiplier), exact(price)))
		}
		grown := b.Ladder()

		// The exact sum of the contributions, in 600 bits.
		sum := map[key]*[columns]*big.Float{}
		for _, p := range b.order {
			if p.qty == 0 {
				continue
			}
			if sum[p.rung.key] == nil {
				sum[p.rung.key] = new([columns]*big.Float)
				for j := range columns {
					sum[p.rung.key][j] = exact(0)
				}
			}
			for j := range columns {
				sum[p.rung.key][j].Add(sum[p.rung.key][j], exact(p.qty*p.unit[j]))
			}
		}
		for _, rung := range b.rungs {
			if rung.open == 0 {
				continue
			}
			got := rung.sums.values()
			for j := range columns {
				want, _ := sum[rung.key][j].Float64()
				if !(math.Abs(got[j]-want) <= roundings*math.Abs(want)) {
					t.Errorf("%v %s: %v, the exact sum is %v", rung.key, columnNames[j], got[j], want)
				}
			}
		}

		// Realised and unrealised profit are the cash of the fills and the position at its mark.
		for _, p := range b.Positions() {
			k, _ := marks.Mark(p.Contract)
			want, _ := new(big.Float).Add(cash[p.Contract], mul(exact(p.Qty*p.Contract.Multiplier), exact(k.Value))).Float64()
			if got := p.Total(); math.Abs(got-want) > 1e-6 { // of turnovers up to 1e9
				t.Errorf("%v: profit %v, want %v", p.Contract, got, want)
			}
		}
		if err := b.Revalue(marks); err != nil {
			t.Fatal(err)
		}
		compare(t, grown, b.Ladder(), roundings)

		// The same by other marks.
		if err := b.Revalue(formula{now.Add(time.Hour), 4600}); err != nil {
			t.Fatal(err)
		}
		fresh := newBook(t, buckets, b.Marks())
		for _, p := range b.Positions() {
			if p.Qty != 0 {
				apply(t, fresh, p.Contract, p.Qty, 1)
			}
		}
		compare(t, b.Ladder(), fresh.Ladder(), roundings)

		// Everything closed: nothing is left, exactly.
		for _, p := range b.Positions() {
			if p.Qty != 0 {
				apply(t, b, p.Contract, -p.Qty, 1)
			}
		}
		if l := b.Ladder(); len(l.Lines) != 0 {
			t.Errorf("%d lines of a flat book", len(l.Lines))
		}
		for _, rung := range b.rungs {
			if rung.sums != (sums{}) || rung.open != 0 {
				t.Errorf("a flat bucket holds %v", rung.sums)
			}
		}
		if got := b.PnL().Unrealised; got != 0 {
			t.Errorf("unrealised profit of a flat book: %v", got)
		}
	}
}

// Decimal lots that are no binary fractions close to exactly nothing.
func TestFractionalLotsCloseExactly(t *testing.T) {
	c := Option("BTC", jun, 100_000, pricing.Call, 1)
	b := newBook(t, Buckets{}, formula{now, 90_000})
	for range 1000 {
		for _, q := range []float64{0.1, 0.2, -0.3} {
			apply(t, b, c, q, 500)
		}
		if p, _ := b.Position(c); p.Qty != 0 {
			t.Fatalf("left over: %g", p.Qty)
		}
	}
	if p, _ := b.Position(c); math.Abs(p.Realised) > 1e-9 {
		t.Errorf("realised %g at one price", p.Realised)
	}
	apply(t, b, c, 1e-8, 500) // a small position of its own is not flat
	if p, _ := b.Position(c); p.Qty != 1e-8 {
		t.Errorf("lost a small position: %g", p.Qty)
	}
}

func TestApplyAllocatesNothing(t *testing.T) {
	series := book6000()
	b := newBook(t, Buckets{Strikes: []float64{4000, 5000}}, formula{now, 4500})
	for _, c := range series {
		apply(t, b, c, 10, 1)
	}
	i := 0
	if n := testing.AllocsPerRun(2000, func() {
		_ = b.Apply(Fill{series[i%len(series)], 1, 1})
		i += 37
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
	if n := testing.AllocsPerRun(2000, func() { // closed and opened again under the same marks
		_ = b.Apply(Fill{series[0], -10, 1})
		_ = b.Apply(Fill{series[0], 10, 1})
	}); n != 0 {
		t.Errorf("closing and opening: %g allocations", n)
	}
}

// One writer fills and revalues, readers must see each fill whole: two contracts that the writer always trades against
// each other may differ by the one fill that is under way, and never in what one ladder says of one contract.
func TestReadersSeeWholeFills(t *testing.T) {
	c := Option("SPX", mar, 100, pricing.Call, 1)
	at := func(delta float64) Marks {
		return table{now, map[Contract]Mark{c: {Value: delta, Greeks: pricing.Greeks{Delta: delta, Gamma: 2 * delta}, Spot: 100}}}
	}
	b := newBook(t, Buckets{}, at(1))
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				total := b.Ladder().Total()
				if total.Gamma != 2*total.Delta || total.Value != total.Delta {
					t.Errorf("a ladder is torn: %+v", total)
					return
				}
				if p, ok := b.Position(c); ok && p.Marked && p.Greeks.Gamma != 2*p.Greeks.Delta {
					t.Errorf("a position is torn: %+v", p)
					return
				}
				b.PnL()
				b.Positions()
			}
		})
	}
	for i := range 3000 {
		apply(t, b, c, float64(i%7-3)+0.5, 1)
		if i%50 == 0 {
			if err := b.Revalue(at(float64(1 + i%3))); err != nil {
				t.Fatal(err)
			}
		}
	}
	close(stop)
	wg.Wait()
}

// Every field of Greeks must reach its own column: one that is added later and forgotten here fails.
func TestEveryGreekHasAColumn(t *testing.T) {
	var k Mark
	v := reflect.ValueOf(&k.Greeks).Elem()
	for i := range v.NumField() {
		v.Field(i).SetFloat(float64(i + 1))
	}
	unit := k.columns(3)
	if greeksOf(&unit) != k.Greeks.Scaled(3) {
		t.Errorf("%+v", greeksOf(&unit))
	}
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; columnNames[i+1] != name {
			t.Errorf("column %d is named %s, the field %s", i+1, columnNames[i+1], name)
		}
	}
}
