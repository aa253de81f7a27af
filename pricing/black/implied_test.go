package black

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/pricing"
)

func TestImpliedVolDomain(t *testing.T) {
	ok := Quote{Right: pricing.Call, Price: 5, Forward: 100, Strike: 100, Tau: 1, Discount: 1}
	with := func(f func(q *Quote)) Quote { q := ok; f(&q); return q }
	for _, c := range []struct {
		name string
		q    Quote
		vol  float64 // NaN: an error is expected
		is   error
		arg  string
	}{
		{"price NaN", with(func(q *Quote) { q.Price = nan }), nan, pricing.ErrDomain, "Price"},
		{"price +Inf", with(func(q *Quote) { q.Price = inf }), nan, pricing.ErrDomain, "Price"},
		{"price -Inf", with(func(q *Quote) { q.Price = -inf }), nan, pricing.ErrDomain, "Price"},
		{"forward 0", with(func(q *Quote) { q.Forward = 0 }), nan, pricing.ErrDomain, "Forward"},
		{"forward NaN", with(func(q *Quote) { q.Forward = nan }), nan, pricing.ErrDomain, "Forward"},
		{"strike 0", with(func(q *Quote) { q.Strike = 0 }), nan, pricing.ErrDomain, "Strike"},
		{"strike -1", with(func(q *Quote) { q.Strike = -1 }), nan, pricing.ErrDomain, "Strike"},
		{"tau 0", with(func(q *Quote) { q.Tau = 0 }), nan, pricing.ErrDomain, "Tau"},
		{"tau Inf", with(func(q *Quote) { q.Tau = inf }), nan, pricing.ErrDomain, "Tau"},
		{"discount 0", with(func(q *Quote) { q.Discount = 0 }), nan, pricing.ErrDomain, "Discount"},
		{"no right", with(func(q *Quote) { q.Right = 0 }), nan, pricing.ErrDomain, "Right"},
		{"negative price", with(func(q *Quote) { q.Price = -1e-300 }), nan, pricing.ErrBelowIntrinsic, ""},
		{"below intrinsic", with(func(q *Quote) { q.Strike, q.Price = 90, 9.999 }), nan, pricing.ErrBelowIntrinsic, ""},
		{"below intrinsic, put", with(func(q *Quote) { q.Right, q.Strike, q.Price = pricing.Put, 110, 9.999 }), nan, pricing.ErrBelowIntrinsic, ""},
		{"at the maximum", with(func(q *Quote) { q.Price = 100 }), nan, pricing.ErrAboveMaximum, ""},
		{"above the maximum", with(func(q *Quote) { q.Price = 101 }), nan, pricing.ErrAboveMaximum, ""},
		{"at the maximum, put", with(func(q *Quote) { q.Right, q.Strike, q.Price = pricing.Put, 80, 80 }), nan, pricing.ErrAboveMaximum, ""},
		{"overflow by the discount", with(func(q *Quote) { q.Price, q.Discount = 1e300, 1e-100 }), nan, pricing.ErrAboveMaximum, ""},
		{"price 0, out of the money", with(func(q *Quote) { q.Strike, q.Price = 110, 0 }), 0, nil, ""},
		{"price 0, at the money", with(func(q *Quote) { q.Price = 0 }), 0, nil, ""},
		{"at intrinsic", with(func(q *Quote) { q.Strike, q.Price = 90, 10 }), 0, nil, ""},
		{"at intrinsic, discounted", with(func(q *Quote) { q.Strike, q.Price, q.Discount = 90, 5, 0.5 }), 0, nil, ""},
		{"at intrinsic, put, inexact", with(func(q *Quote) { q.Right, q.Forward, q.Strike, q.Price = pricing.Put, 0.1, 0.3, 0.19999999999999998 }), 0, nil, ""},
	} {
		vol, err := ImpliedVol(c.q)
		if c.is == nil {
			if err != nil || vol != c.vol {
				t.Errorf("%s: %v, %v; want %v", c.name, vol, err, c.vol)
			}
			continue
		}
		if !errors.Is(err, c.is) || !math.IsNaN(vol) {
			t.Errorf("%s: %v, %v; want NaN and %v", c.name, vol, err, c.is)
		}
		var arg *pricing.ArgError
		if c.arg != "" && (!errors.As(err, &arg) || arg.Arg != c.arg) {
			t.Errorf("%s: %v does not name %s", c.name, err, c.arg)
		}
	}
}

func TestImpliedTotalVolEdges(t *testing.T) {
	for _, c := range []struct {
		name        string
		r           pricing.Right
		price, f, k float64
		want        float64
	}{
		{"maximum of a call", pricing.Call, 100, 100, 120, inf},
		{"maximum of a call in the money", pricing.Call, 100, 100, 3, inf},
		{"maximum of a put", pricing.Put, 120, 100, 120, inf},
		{"intrinsic", pricing.Call, 20, 100, 80, 0},
		{"nothing", pricing.Put, 0, 100, 80, 0},
		{"above", pricing.Call, 100.1, 100, 80, nan},
		{"below", pricing.Call, 19.9, 100, 80, nan},
		{"negative", pricing.Call, -1, 100, 120, nan},
		{"NaN price", pricing.Call, nan, 100, 120, nan},
		{"NaN forward", pricing.Call, 1, nan, 120, nan},
		{"infinite strike", pricing.Call, 1, 100, inf, nan},
		{"zero strike", pricing.Call, 1, 100, 0, nan},
		{"no right", 0, 1, 100, 120, nan},
	} {
		got := ImpliedTotalVol(c.r, c.price, c.f, c.k)
		if got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	// Next to the bounds the result is finite, positive and on the right side.
	for _, k := range []float64{1e-300, 1e-5, 0.7, 1, 1.0000001, 1.4, 1e5, 1e300} {
		for _, r := range []pricing.Right{pricing.Call, pricing.Put} {
			top := 1.0
			if r == pricing.Put {
				top = k
			}
			low, high := r.Payoff(1, k), top
			a := ImpliedTotalVol(r, math.Nextafter(low, inf), 1, k)
			b := ImpliedTotalVol(r, math.Nextafter(high, 0), 1, k)
			if math.Nextafter(low, inf) >= high {
				continue
			}
			if !(a > 0 && a <= b && b < 100) {
				t.Errorf("%v k=%v: total volatility %v just above intrinsic, %v just below the maximum", r, k, a, b)
			}
		}
	}
}

// roundTrip returns the error of ImpliedTotalVol in units of ε·(1+cond): cond is the relative move of s for one of the
// out-of-the-money price, or of the digits that the price has above intrinsic.
func roundTrip(r pricing.Right, f, k, s float64) (err float64, ok bool) {
	o := Black76{Right: r, Forward: f, Strike: k, Vol: s, Tau: 1, Discount: 1}
	v, g := o.Greeks()
	top := f
	if r == pricing.Put {
		top = k
	}
	if !(v < top && g.Vega > 1e-290 && v > r.Payoff(f, k) && v-r.Payoff(f, k) > 1e-290) {
		return 0, true
	}
	got := ImpliedTotalVol(r, v, f, k)
	if math.IsNaN(got) {
		return inf, false
	}
	return math.Abs(got-s) / (s * eps * (1 + v/(g.Vega*s))), true
}

func TestImpliedVolRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 1))
	const allowed = 24 // ε·(1+cond): the price is within 18ε, the inversion within 5ε
	worst, where := 0.0, ""
	for i := range 200000 {
		f := math.Exp(rng.NormFloat64() * 3)
		var xi, s float64
		switch i % 4 {
		case 0: // a market
			xi, s = 0.3*rng.NormFloat64(), 0.01+rng.Float64()
		case 1: // near the money
			xi, s = math.Exp(-30*rng.Float64()), math.Exp(-20*rng.Float64())
		case 2: // far
			xi, s = math.Exp(7*rng.Float64()-1), math.Exp(6*rng.Float64()-2.5)
		case 3: // the point of inflection and around
			xi = math.Exp(12*rng.Float64() - 6)
			s = math.Sqrt(2*xi) * math.Exp(rng.NormFloat64())
		}
		if i%8 >= 4 {
			xi = -xi
		}
		k := f * math.Exp(xi)
		if math.IsInf(k, 0) || k < 1e-300 {
			continue
		}
		for _, r := range []pricing.Right{pricing.Call, pricing.Put} {
			e, ok := roundTrip(r, f, k, s)
			if !ok {
				t.Errorf("%v f=%v k=%v s=%v has no implied volatility", r, f, k, s)
			}
			if e > worst {
				worst, where = e, fmt.Sprintf("%v f=%v k=%v s=%v", r, f, k, s)
			}
		}
	}
	t.Logf("worst %.1fε·(1+cond) at %s", worst, where)
	if worst > allowed {
		t.Errorf("round trip off by %.1fε·(1+cond) at %s, allowed %v", worst, where, allowed)
	}
}

func TestImpliedVolMonotoneInPrice(t *testing.T) {
	for _, k := range []float64{0.02, 0.5, 0.97, 1, 1.0001, 1.1, 2, 30, 1e6} {
		last := -1.0
		top := math.Min(1, k)
		for i := 1; i < 4000; i++ {
			x := float64(i) / 4000
			u := top * math.Exp(-600*(1-x)*(1-x)*(1-x)-1e-9) // OTM prices from 1e-260 up to the maximum
			r := pricing.Call
			if k < 1 {
				r = pricing.Put
			}
			s := ImpliedTotalVol(r, u, 1, k)
			if !(s > last) {
				t.Errorf("k=%v u=%v: total volatility %v after %v", k, u, s, last)
			}
			last = s
		}
	}
}

// Both sides of every switch of the solver give the same function.
func TestImpliedVolSwitches(t *testing.T) {
	for _, xi := range []float64{1e-8, 0.01, 0.29, 0.3, 0.31, 0.6, 1.99, 1.9999999, 2, 2.0000001, 5, 50} {
		for i := range 4000 {
			s := math.Exp(float64(i)*0.002 - 4)
			if xi/s > 30 || s > 8+xi {
				continue
			}
			if e, ok := roundTrip(pricing.Call, 1, math.Exp(xi), s); !ok || e > 24 {
				t.Errorf("ξ=%v s=%v: off by %.1fε·(1+cond)", xi, s, e)
			}
		}
	}
}

func TestIterations(t *testing.T) {
	rng := rand.New(rand.NewPCG(34, 1))
	var market, all [iterations + 2]int
	for i := range 200000 {
		xi, s := math.Exp(26*rng.Float64()-20), math.Exp(12*rng.Float64()-8)
		if i%2 == 0 { // within three standard deviations, total volatility up to 70%
			s = 0.02 + 0.68*rng.Float64()
			xi = 3 * s * rng.Float64()
		}
		k := math.Exp(xi)
		u := Black76{Right: pricing.Call, Forward: 1, Strike: k, Vol: s, Tau: 1, Discount: 1}.Price()
		if !(u > 0 && u < 1) || xi > 700 {
			continue
		}
		p := inverse{xi: xi, gap: k - 1, u: u, left: 1 - u, most: 1, scale: math.Sqrt(k)}
		_, n := p.solve()
		all[n]++
		if i%2 == 0 {
			market[n]++
		}
		if n > 3 {
			t.Errorf("ξ=%v s=%v u=%v: %d iterations", xi, s, u, n)
		}
	}
	t.Logf("iterations: near the money %v, all %v", market[:4], all[:4])
	if market[1] < 95000 {
		t.Errorf("only %d of 100000 options near the money took a single iteration", market[1])
	}
}

func TestBachelierImpliedVolDomain(t *testing.T) {
	ok := Quote{Right: pricing.Call, Price: 5, Forward: -1, Strike: 1, Tau: 4, Discount: 1}
	with := func(f func(q *Quote)) Quote { q := ok; f(&q); return q }
	for _, c := range []struct {
		name string
		q    Quote
		vol  float64
		is   error
	}{
		{"price NaN", with(func(q *Quote) { q.Price = nan }), nan, pricing.ErrDomain},
		{"forward Inf", with(func(q *Quote) { q.Forward = inf }), nan, pricing.ErrDomain},
		{"strike NaN", with(func(q *Quote) { q.Strike = nan }), nan, pricing.ErrDomain},
		{"tau 0", with(func(q *Quote) { q.Tau = 0 }), nan, pricing.ErrDomain},
		{"discount -1", with(func(q *Quote) { q.Discount = -1 }), nan, pricing.ErrDomain},
		{"no right", with(func(q *Quote) { q.Right = 3 }), nan, pricing.ErrDomain},
		{"negative", with(func(q *Quote) { q.Price = -1 }), nan, pricing.ErrBelowIntrinsic},
		{"below intrinsic", with(func(q *Quote) { q.Right, q.Price = pricing.Put, 1.9 }), nan, pricing.ErrBelowIntrinsic},
		{"too large for a double", with(func(q *Quote) { q.Price, q.Tau = 1e308, 1e-10 }), nan, pricing.ErrAboveMaximum},
		{"at intrinsic", with(func(q *Quote) { q.Right, q.Price = pricing.Put, 2 }), 0, nil},
		{"nothing", with(func(q *Quote) { q.Price = 0 }), 0, nil},
		{"at the money", with(func(q *Quote) { q.Strike, q.Price = -1, 2/math.Sqrt(2*math.Pi) }), 1, nil},
	} {
		vol, err := BachelierImpliedVol(c.q)
		if c.is == nil {
			if err != nil || !near(vol, c.vol, 2*eps, 0) {
				t.Errorf("%s: %v, %v; want %v", c.name, vol, err, c.vol)
			}
		} else if !errors.Is(err, c.is) || !math.IsNaN(vol) {
			t.Errorf("%s: %v, %v; want NaN and %v", c.name, vol, err, c.is)
		}
	}
}

func TestBachelierImpliedVolRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(32, 1))
	worst, where := 0.0, ""
	for i := range 200000 {
		s := math.Exp(6 * rng.NormFloat64())
		m := s * math.Exp(14*rng.Float64()-10.4)
		if i%3 == 0 {
			m = s * 3 * rng.NormFloat64()
		}
		f := s * rng.NormFloat64()
		o := Bachelier{Right: pricing.Call, Forward: f, Strike: f + m, Vol: s, Tau: 1, Discount: 1}
		v, g := o.Greeks()
		if !(v > 1e-290 && g.Vega > 1e-290 && v > o.Right.Payoff(o.Forward, o.Strike)) {
			continue
		}
		got, err := BachelierImpliedVol(Quote{Right: o.Right, Price: v, Forward: o.Forward, Strike: o.Strike, Tau: 1, Discount: 1})
		if err != nil {
			t.Fatalf("%+v: %v", o, err)
		}
		if e := math.Abs(got-s) / (s * eps * (1 + v/(g.Vega*s))); e > worst {
			worst, where = e, fmt.Sprintf("%+v", o)
		}
	}
	t.Logf("worst %.1fε·(1+cond) at %s", worst, where)
	if worst > 24 {
		t.Errorf("round trip off by %.1fε·(1+cond) at %s", worst, where)
	}
}

// checkQuote asserts what a fuzzer can: a volatility that gives the price back, or an error of a known kind and NaN.
func checkQuote(t *testing.T, q Quote, vol float64, err error, reprice func(vol float64) (float64, pricing.Greeks)) {
	t.Helper()
	if err != nil {
		if !math.IsNaN(vol) {
			t.Fatalf("%+v: %v with the error %v", q, vol, err)
		}
		if !errors.Is(err, pricing.ErrDomain) && !errors.Is(err, pricing.ErrBelowIntrinsic) && !errors.Is(err, pricing.ErrAboveMaximum) {
			t.Fatalf("%+v: unknown error %v", q, err)
		}
		return
	}
	if !(vol >= 0 && vol <= math.MaxFloat64) {
		t.Fatalf("%+v: volatility %v without an error", q, vol)
	}
	v, g := reprice(vol)
	if math.IsNaN(v) {
		t.Fatalf("%+v: the volatility %v has no price", q, vol)
	}
	// The price comes back to its own rounding and to that of the volatility; 1e-300 stands for the subnormals.
	legs := math.Abs(q.Forward) + math.Abs(q.Strike)
	allowed := 64*eps*(math.Abs(q.Price)+g.Vega*vol) + 4*eps*q.Discount*math.Min(legs, math.Abs(q.Forward-q.Strike)) + 1e-300*(1+q.Discount)
	if vol > 0 && !(math.Abs(v-q.Price) <= allowed) {
		t.Fatalf("%+v: volatility %v gives %v, off by %g, allowed %g", q, vol, v, v-q.Price, allowed)
	}
}

func seed(f *testing.F) {
	for _, r := range []int8{1, -1, 0} {
		for _, c := range [][5]float64{
			{5, 100, 105, 0.5, 0.97}, {10.4, 100, 90, 1, 1}, {1e-200, 1, 2, 1, 1}, {0.999999999, 1, 1.5, 3, 1}, {100, 100, 100, 1, 1},
			{0, 100, 100, 1, 1}, {-1, 100, 100, 1, 1}, {3.99e-8, 1, 1, 1, 1}, {1e-320, 1e-300, 1e300, 1e-5, 1}, {nan, 1, 1, 1, 1},
			{1, inf, 1, 1, 1}, {1, 1, 1, 0, 1}, {20, 100, 80, 0.01, 1}, {0.01, -0.02, 0.03, 2, 0.9}, {5e-324, 1, 1.1, 1e-3, 2},
			{5e-324, 55.1, 55.1, 1e-3, 0.6666666666666666},
		} {
			f.Add(r, c[0], c[1], c[2], c[3], c[4])
		}
	}
}

// The fuzzers' assertion over quotes spread evenly on the logarithmic scale, which mutation of bytes hardly reaches.
func TestImpliedVolWildQuotes(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 1))
	wide := func(e float64) float64 { return math.Exp((2*rng.Float64() - 1) * e) }
	solved := 0
	for i := range 300000 {
		f := wide(300)
		k := f * wide([]float64{1e-6, 0.5, 30, 350}[i%4])
		if !(k > 1e-300 && k < 1e300) {
			continue
		}
		q := Quote{Right: pricing.Call, Forward: f, Strike: k, Tau: wide(5), Discount: wide(1)}
		if i%2 == 0 {
			q.Right = pricing.Put
		}
		low := q.Right.Payoff(f, k)
		top := f
		if q.Right == pricing.Put {
			top = k
		}
		share := math.Exp(-rng.Float64() * []float64{1, 30, 600}[i%3])
		if i%5 == 0 {
			share = 1 - math.Exp(-40*rng.Float64()) // towards the maximum
		}
		q.Price = q.Discount * (low + (top-low)*share)
		if !(q.Price > 1e-280) {
			continue
		}
		vol, err := ImpliedVol(q)
		if err == nil {
			solved++
		}
		checkQuote(t, q, vol, err, func(vol float64) (float64, pricing.Greeks) {
			return Black76{Right: q.Right, Forward: f, Strike: k, Vol: vol, Tau: q.Tau, Discount: q.Discount}.Greeks()
		})
	}
	if solved < 100000 {
		t.Errorf("only %d quotes had a volatility", solved)
	}
}

func FuzzImpliedVol(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, r int8, price, forward, strike, tau, discount float64) {
		q := Quote{Right: pricing.Right(r), Price: price, Forward: forward, Strike: strike, Tau: tau, Discount: discount}
		vol, err := ImpliedVol(q)
		if err == nil && (tau < 1e-200 || tau > 1e200 || discount < 1e-100 || discount > 1e100) {
			return // the way back over a subnormal time or discount is not exact
		}
		checkQuote(t, q, vol, err, func(vol float64) (float64, pricing.Greeks) {
			return Black76{Right: q.Right, Forward: forward, Strike: strike, Vol: vol, Tau: tau, Discount: discount}.Greeks()
		})
	})
}

func FuzzBachelierImpliedVol(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, r int8, price, forward, strike, tau, discount float64) {
		q := Quote{Right: pricing.Right(r), Price: price, Forward: forward, Strike: strike, Tau: tau, Discount: discount}
		vol, err := BachelierImpliedVol(q)
		big := math.Max(math.Abs(forward), math.Abs(strike))
		if err == nil && (tau < 1e-200 || tau > 1e200 || discount < 1e-100 || discount > 1e100 || big > 1e200 || vol > 1e200) {
			return
		}
		checkQuote(t, q, vol, err, func(vol float64) (float64, pricing.Greeks) {
			return Bachelier{Right: q.Right, Forward: forward, Strike: strike, Vol: vol, Tau: tau, Discount: discount}.Greeks()
		})
	})
}

func BenchmarkImpliedVolScalar(b *testing.B) {
	for _, n := range []int{4096, 1_000_000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			o := randomOptions(n)
			price := make([]float64, len(o))
			for i := range o {
				o[i].Discount = 1
				price[i] = o[i].Price()
			}
			b.ReportAllocs()
			for b.Loop() {
				for i := range o {
					x := &o[i]
					sink += ImpliedTotalVol(x.Right, price[i], x.Forward, x.Strike)
				}
			}
			perRow(b, n)
		})
	}
}

func BenchmarkBachelierImpliedVol(b *testing.B) {
	o := randomOptions(4096)
	q := make([]Quote, len(o))
	for i, x := range o {
		n := Bachelier{Right: x.Right, Forward: x.Forward, Strike: x.Strike, Vol: x.Vol * 100, Tau: x.Tau, Discount: x.Discount}
		q[i] = Quote{Right: x.Right, Price: n.Price(), Forward: x.Forward, Strike: x.Strike, Tau: x.Tau, Discount: x.Discount}
	}
	for i := 0; b.Loop(); i++ {
		v, _ := BachelierImpliedVol(q[i&4095])
		sink += v
	}
	perOption(b)
}

func ExampleImpliedVol() {
	q := Quote{Right: pricing.Call, Price: 10.450583572185565, Forward: 100 * math.Exp(0.05), Strike: 100, Tau: 1, Discount: math.Exp(-0.05)}
	vol, err := ImpliedVol(q)
	fmt.Printf("%.10f %v\n", vol, err)

	q.Price = 4.8
	_, err = ImpliedVol(q)
	fmt.Println(errors.Is(err, pricing.ErrBelowIntrinsic))
	// Output:
	// 0.2000000000 <nil>
	// true
}

func ExampleBachelierImpliedVol() {
	q := Quote{Right: pricing.Put, Price: 0.00530720543978168, Forward: -0.002, Strike: 0.001, Tau: 2, Discount: 0.99}
	vol, err := BachelierImpliedVol(q)
	fmt.Printf("%.10f %v\n", vol, err)
	// Output: 0.0065000000 <nil>
}

func ExampleImpliedTotalVol() {
	fmt.Printf("%.12f\n", ImpliedTotalVol(pricing.Call, 3.70588308589387, 100, 120))
	fmt.Println(ImpliedTotalVol(pricing.Call, 20, 120, 100), ImpliedTotalVol(pricing.Call, 19, 120, 100))
	// Output:
	// 0.250000000000
	// 0 NaN
}
