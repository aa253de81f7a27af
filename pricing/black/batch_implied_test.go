package black

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/internal/special/exact"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
)

func quoteRows(q []Quote) QuoteRows {
	var r QuoteRows
	for _, o := range q {
		r.Right = append(r.Right, o.Right)
		r.Price, r.Forward, r.Strike = append(r.Price, o.Price), append(r.Forward, o.Forward), append(r.Strike, o.Strike)
		r.Tau, r.Discount = append(r.Tau, o.Tau), append(r.Discount, o.Discount)
	}
	return r
}

// randomQuote is the price of an option, in or out of the money, out to eight standard deviations, or one that no volatility
// explains, or an input that is a corner.
func randomQuote(rng *rand.Rand, normal bool) Quote {
	o := randomRow(rng, normal)
	q := Quote{Right: o.right, Forward: o.forward, Strike: o.strike, Tau: o.tau, Discount: o.discount}
	q.Price = Black76{o.right, o.forward, o.strike, o.vol, o.tau, o.discount}.Price()
	if normal {
		q.Price = Bachelier{o.right, o.forward, o.strike, o.vol, o.tau, o.discount}.Price()
	}
	c := corners[rng.IntN(len(corners))]
	switch rng.IntN(60) {
	case 0:
		q.Price = c
	case 1:
		q.Forward = c
	case 2:
		q.Strike = c
	case 3:
		q.Tau = c
	case 4:
		q.Discount = c
	case 5:
		q.Right = 0
	case 6:
		q.Price = q.Discount * q.Right.Payoff(q.Forward, q.Strike)
	case 7:
		q.Price *= 1 - 1e-9
	case 8:
		q.Price = q.Discount * q.Forward
	case 9:
		q.Strike = q.Forward
	}
	return q
}

// Every variant gives the same bits, bad rows are those of the scalar inversion and counted, and the values are its values.
func TestImpliedVolBatch(t *testing.T)          { checkInversion(t, false) }
func TestBachelierImpliedVolBatch(t *testing.T) { checkInversion(t, true) }

// invert runs the batch of one model or the other.
func invert(r QuoteRows, dst []float64, normal bool) int {
	if normal {
		return r.BachelierImpliedVolTo(dst)
	}
	return r.ImpliedVolTo(dst)
}

func checkInversion(t *testing.T, normal bool) {
	rng := rand.New(rand.NewPCG(71, 1))
	const chunk = 1000
	worst, same, total := 0.0, 0, 0
	scalar := ImpliedVol
	if normal {
		scalar = BachelierImpliedVol
	}
	for range max(points()/chunk/4, 10) {
		quotes := make([]Quote, chunk)
		for i := range quotes {
			quotes[i] = randomQuote(rng, normal)
		}
		rows := quoteRows(quotes)
		want, status := make([]float64, chunk), make([]Status, chunk)
		restore := vec.Force(vec.Generic)
		bad := invert(rows, want, normal)
		restore()
		n := 0
		if normal {
			n = rows.BachelierStatusTo(status)
		} else {
			n = rows.StatusTo(status)
		}
		if n != bad {
			t.Fatalf("%d bad rows, %d bad statuses", bad, n)
		}
		for i, q := range quotes {
			vol, err := scalar(q)
			checkStatus(t, q, status[i], err)
			if (err != nil) != math.IsNaN(want[i]) {
				t.Fatalf("%+v: %v, the scalar %v, %v", q, want[i], vol, err)
			}
			if err == nil && vol > 0 {
				total++
				if sameBits(want[i], vol) {
					same++
				}
				var o option = Black76{q.Right, q.Forward, q.Strike, vol, q.Tau, q.Discount}
				if normal {
					o = Bachelier{q.Right, q.Forward, q.Strike, vol, q.Tau, q.Discount}
				}
				v, g := o.Greeks()
				c := (v - q.Discount*math.Max(float64(q.Right)*(q.Forward-q.Strike), 0)) / (g.Vega * vol)
				worst = math.Max(worst, math.Abs(want[i]-vol)/(vol*eps*(1+math.Abs(c))))
			}
		}
		under(func(v vec.Variant) {
			got := make([]float64, chunk)
			if n := invert(rows, got, normal); n != bad {
				t.Fatalf("%v: %d bad rows, generic %d", v, n, bad)
			}
			for i := range got {
				if !sameBits(got[i], want[i]) {
					t.Fatalf("%v: %+v: %v, generic %v", v, quotes[i], got[i], want[i])
				}
			}
		})
	}
	t.Logf("at most %.1fε·(1+c) from the scalar; the same bits in %d of %d", worst, same, total)
	if worst > 12 { // each is within its own bound of the exact inverse
		t.Errorf("%.1fε·(1+c) from the scalar", worst)
	}
}

func checkStatus(t *testing.T, q Quote, s Status, err error) {
	t.Helper()
	var arg *pricing.ArgError
	ok := false
	switch {
	case err == nil:
		ok = s == StatusOK
	case errors.Is(err, pricing.ErrBelowIntrinsic):
		ok = s == StatusBelow
	case errors.Is(err, pricing.ErrAboveMaximum):
		ok = s == StatusAbove
	case errors.As(err, &arg):
		ok = s == map[string]Status{
			"Right": StatusRight, "Forward": StatusForward, "Strike": StatusStrike, "Tau": StatusTau, "Discount": StatusDiscount, "Price": StatusPrice,
		}[arg.Arg]
	}
	if !ok {
		t.Errorf("%+v: status %v, error %v", q, s, err)
	}
}

// A strip gives the bits of general rows, for every length, and writes nothing beside its column.
func TestImpliedVolStrips(t *testing.T) {
	rng := rand.New(rand.NewPCG(72, 1))
	for _, n := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 33, 49, 64, 65, blockRows - 1, blockRows, blockRows + 1, 600} {
		q := make([]Quote, n)
		s := QuoteStrip{Forward: 105, Tau: 0.3, Discount: 0.99}
		for i := range q {
			o := randomQuote(rng, false)
			o.Forward, o.Tau, o.Discount = s.Forward, s.Tau, s.Discount
			o.Strike = 105 * math.Exp(0.3*rng.NormFloat64())
			o.Price = Black76{o.Right, o.Forward, o.Strike, 0.1 + rng.Float64(), o.Tau, o.Discount}.Price() * (1 - 0.1*float64(rng.IntN(2)))
			s.Right, s.Price, s.Strike = append(s.Right, o.Right), append(s.Price, o.Price), append(s.Strike, o.Strike)
			q[i] = o
		}
		under(func(v vec.Variant) {
			want, framed := make([]float64, n), make([]float64, n+16)
			for i := range framed {
				framed[i] = -7
			}
			bad := quoteRows(q).ImpliedVolTo(want)
			if m := s.ImpliedVolTo(framed[8 : 8+n]); m != bad {
				t.Errorf("%v n=%d: %d bad rows in a strip, %d in rows", v, n, m, bad)
			}
			if m := s.StatusTo(make([]Status, n)); m != bad {
				t.Errorf("%v n=%d: %d bad statuses, %d bad rows", v, n, m, bad)
			}
			a, b := make([]float64, n), make([]float64, n)
			if x, y := quoteRows(q).BachelierImpliedVolTo(a), s.BachelierImpliedVolTo(b); x != y || y != s.BachelierStatusTo(make([]Status, n)) {
				t.Errorf("%v n=%d: %d bad rows in a strip, %d in rows", v, n, y, x)
			}
			for i := range a {
				if !sameBits(a[i], b[i]) {
					t.Errorf("%v: %+v: normal volatility %v in a strip, %v in rows", v, q[i], b[i], a[i])
				}
			}
			for i, x := range framed {
				if i < 8 || i >= 8+n {
					if x != -7 {
						t.Errorf("%v n=%d: %v was written at %d", v, n, x, i-8)
					}
				} else if !sameBits(x, want[i-8]) {
					t.Errorf("%v: %+v: %v in a strip, %v in rows", v, q[i-8], x, want[i-8])
				}
			}
		})
	}
}

// The accuracy that the comment states, against the inverse with 320 bits.
func TestImpliedVolBatchExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(73, 1))
	worst, where := 0.0, ""
	for i := range 1200 {
		xi, s := 2*rng.Float64()*rng.Float64(), 1.2*rng.Float64()+1e-3
		if i%3 == 0 {
			s = xi / (8 * rng.Float64())
		}
		f := math.Exp(rng.NormFloat64())
		k := f * math.Exp(xi)
		u := math.Sqrt(f*k) * NormalisedPrice(-xi, s)
		if !(u > 1e-290 && u < f) {
			continue
		}
		got := [1]float64{}
		quoteRows([]Quote{{pricing.Call, u, f, k, 1, 1}}).ImpliedVolTo(got[:])
		x := exact.Log(exact.Quo(exact.Of(k), exact.Of(f)))
		root := exact.Sqrt(exact.Mul(exact.Of(f), exact.Of(k)))
		sb := exact.Of(got[0])
		res := exact.Sub(exact.Mul(root, exactNormalised(x, sb)), exact.Of(u))
		a, h := exact.Quo(x, sb), exact.Mul(exact.Of(0.5), sb)
		vega := exact.Mul(root, exact.Exp(exact.Mul(exact.Of(0.5), exact.Mul(x, exact.Of(-1)))))
		vega = exact.Mul(vega, exact.PDF(exact.Sub(h, a)))
		off, _ := exact.Quo(res, exact.Mul(vega, sb)).Float64()
		cond, _ := exact.Quo(exact.Of(u), exact.Mul(vega, sb)).Float64()
		if e := math.Abs(off) / (eps * (1 + cond)); e > worst {
			worst, where = e, fmt.Sprintf("ξ=%v s=%v u=%v cond=%v", xi, got[0], u, cond)
		}
	}
	t.Logf("worst error %.2fε·(1+c) at %s", worst, where)
	if worst > 8 {
		t.Errorf("error %.2fε·(1+c) at %s, stated 8", worst, where)
	}
}

func TestBachelierImpliedVolBatchExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(76, 1))
	worst, where := 0.0, ""
	for range 1200 {
		m := 8 * rng.Float64() * rng.Float64()
		u := Bachelier{Right: pricing.Call, Strike: m, Vol: 1, Tau: 1, Discount: 1}.Price()
		got := [1]float64{}
		quoteRows([]Quote{{pricing.Call, u, 0, m, 1, 1}}).BachelierImpliedVolTo(got[:])
		sb := exact.Of(got[0])
		value := exactBachelier(1)(point{exact.Of(0), exact.Of(m), exact.Of(0), exact.Of(0), sb, exact.Of(1)})
		vega := exact.Mul(exact.PDF(exact.Quo(exact.Of(m), sb)), sb)
		off, _ := exact.Quo(exact.Sub(value, exact.Of(u)), vega).Float64()
		cond, _ := exact.Quo(exact.Of(u), vega).Float64()
		if e := math.Abs(off) / (eps * (1 + cond)); e > worst {
			worst, where = e, fmt.Sprintf("m=%v s=%v u=%v cond=%v", m, got[0], u, cond)
		}
	}
	t.Logf("worst error %.2fε·(1+c) at %s", worst, where)
	if worst > 8 {
		t.Errorf("error %.2fε·(1+c) at %s, stated 8", worst, where)
	}
}

// The kernel takes what a market has: few of the quotes that the comment promises to it are left to the scalar code.
func TestImpliedVolKernelTakesTheMarket(t *testing.T) {
	rng := rand.New(rand.NewPCG(74, 1))
	left, n := 0, 20000
	for range n {
		tau, vol := math.Exp(rng.Float64()*6-4), 0.05+0.6*rng.Float64()
		s := vol * math.Sqrt(tau)
		k := 100 * math.Exp(max(-0.6, min(0.6, 2*s*rng.NormFloat64())))
		if s > 1 || math.Abs(math.Log(k/100)) > 7*s {
			continue
		}
		o := Black76{pricing.Call, 100, k, vol, tau, 1}
		if k < 100 {
			o.Right = pricing.Put
		}
		if v := impliedVolRowsRow(float64(o.Right), o.Price(), 100, k, tau, 1); v != v {
			left++
		}
	}
	if left > n/1000 {
		t.Errorf("%d of %d quotes are left to the scalar code", left, n)
	}
}

func TestGoldenImpliedVolBatch(t *testing.T) {
	golden.Run(t, "implied_vol", func(t *testing.T, c golden.Case) {
		vol := make([]float64, 2)
		q := Quote{right(t, c), c.Float(t, "price"), c.Float(t, "forward"), c.Float(t, "strike"), c.Float(t, "t"), c.Float(t, "discount")}
		if bad := invert(quoteRows([]Quote{{Price: -1}, q}), vol, c.Text(t, "model") == "bachelier"); bad != 1 {
			t.Errorf("%d bad rows, want the one beside the case", bad)
		}
		c.Check(t, "vol", vol[1])
	})
	golden.Run(t, "papers/implied_vol_hard", func(t *testing.T, c golden.Case) {
		vol := make([]float64, 1)
		quoteRows([]Quote{{right(t, c), c.Float(t, "price_undiscounted"), c.Float(t, "forward"), c.Float(t, "strike"), 1, 1}}).ImpliedVolTo(vol)
		c.Check(t, "total_vol", vol[0])
	})
}

func TestImpliedVolBatchLengthsAndAllocations(t *testing.T) {
	three, four, calls := make([]float64, 3), make([]float64, 4), make([]pricing.Right, 3)
	for want, f := range map[string]func(){
		"black.QuoteRows.ImpliedVolTo: dst has length 3, Tau has length 4": func() {
			QuoteRows{calls, three, three, three, four, three}.ImpliedVolTo(three)
		},
		"black.QuoteStrip.ImpliedVolTo: dst has length 4, Right has length 3": func() {
			QuoteStrip{Right: calls, Price: three, Strike: three}.ImpliedVolTo(four)
		},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != want {
					t.Errorf("panic %q, want %q", got, want)
				}
			}()
			f()
		}()
	}
	rng := rand.New(rand.NewPCG(75, 1))
	q := make([]Quote, 400)
	for i := range q {
		q[i] = randomQuote(rng, false)
	}
	rows, dst, status := quoteRows(q), make([]float64, len(q)), make([]Status, len(q))
	strip := QuoteStrip{Forward: 100, Tau: 1, Discount: 1, Right: rows.Right, Price: rows.Price, Strike: rows.Strike}
	if n := testing.AllocsPerRun(5, func() {
		rows.ImpliedVolTo(dst)
		rows.StatusTo(status)
		strip.ImpliedVolTo(dst)
		strip.StatusTo(status)
		rows.BachelierImpliedVolTo(dst)
		rows.BachelierStatusTo(status)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
