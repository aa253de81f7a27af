package curve

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/rates/calendar"
)

var interpolations = []Interpolation{
	LogLinearDiscount, LinearZero, MonotoneCubicZero, NaturalCubicZero, NaturalCubicLogDiscount,
}

// The curves that QuantLib's bootstraps end in, rebuilt from their pillars and read where QuantLib was read.
func TestGoldenYieldCurve(t *testing.T) {
	data, err := os.ReadFile("testdata/yield_curve.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			ID            string
			Interpolation string
			Pillars       []calendar.Date `json:"pillar_dates"`
			Factors       []float64       `json:"discount_at_pillars"`
			Query         []float64       `json:"query_t"`
			Discount      []float64
			Zero          []float64
			Forward       []float64 `json:"forward_instantaneous"`
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 60 {
		t.Fatalf("%d cases, want 60", len(file.Cases))
	}
	const (
		tol        = 1e-13 // 16 digits are given
		tolForward = 5e-10 // the source differentiates numerically over 1e-4 years
	)
	for _, c := range file.Cases {
		t.Run(c.ID+"/"+c.Interpolation, func(t *testing.T) {
			name := c.Interpolation
			if name == "flat_forward" {
				name = "log_linear_discount" // the same curve, bootstrapped on forwards
			}
			if name == "natural_log_cubic_discount" {
				name = "natural_cubic_log_discount"
			}
			ip, err := ParseInterpolation(name)
			if err != nil {
				t.Fatal(err)
			}
			times := make([]float64, len(c.Pillars))
			for i, d := range c.Pillars {
				times[i] = calendar.Act365F.YearFraction(c.Pillars[0], d)
			}
			var crv *DiscountCurve
			if ip.ofZero() { // the source puts the first zero rate at t = 0 too
				zeros := make([]float64, len(times))
				for i := 1; i < len(times); i++ {
					zeros[i] = -math.Log(c.Factors[i]) / times[i]
				}
				zeros[0] = zeros[1]
				crv, err = NewZeroCurve(times, zeros, ip)
			} else {
				crv, err = NewDiscountCurve(times, c.Factors, ip)
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, q := range c.Query {
				if got := crv.DiscountFactor(q); math.Abs(got-c.Discount[i]) > tol {
					t.Errorf("discount at %g is %.16g, want %.16g", q, got, c.Discount[i])
				}
				if got := crv.ZeroRate(q); math.Abs(got-c.Zero[i]) > tol {
					t.Errorf("zero at %g is %.16g, want %.16g", q, got, c.Zero[i])
				}
				if c.Forward != nil {
					if got := crv.InstantaneousForward(q); math.Abs(got-c.Forward[i]) > tolForward {
						t.Errorf("forward at %g is %.16g, want %.16g", q, got, c.Forward[i])
					}
				}
			}
		})
	}
}

// sample is a curve with rising, falling and negative rates.
func sample(t testing.TB, ip Interpolation) *DiscountCurve {
	t.Helper()
	c, err := NewZeroCurve(
		[]float64{0.08, 0.25, 0.5, 1, 2, 5, 10, 30},
		[]float64{-0.004, -0.002, 0.01, 0.03, 0.035, 0.028, 0.03, 0.031}, ip)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func near(a, b, tol float64) bool { return math.Abs(a-b) <= tol }

func TestCurveIdentities(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, ip := range interpolations {
		c := sample(t, ip)
		if got := c.DiscountFactor(0); got != 1 {
			t.Errorf("%v: %.17g at t = 0", ip, got)
		}
		if !near(c.ZeroRate(0), c.ZeroRate(1e-9), 1e-9) {
			t.Errorf("%v: the zero rate at 0 is %g, next to it %g", ip, c.ZeroRate(0), c.ZeroRate(1e-9))
		}
		times, factors := c.Nodes()
		for i, x := range times {
			if !near(c.DiscountFactor(x), factors[i], 1e-15) {
				t.Errorf("%v: node %d is missed", ip, i)
			}
			for _, side := range []float64{math.Nextafter(x, 0), math.Nextafter(x, 99)} {
				if !near(c.DiscountFactor(side), factors[i], 1e-14) {
					t.Errorf("%v: a jump at node %d", ip, i)
				}
			}
		}
		for range 2000 {
			a, b := 40*rng.Float64(), 40*rng.Float64()
			if rng.IntN(2) == 0 {
				b = a + 1e-3*rng.Float64()
			}
			p1, p2 := c.DiscountFactor(a), c.DiscountFactor(b)
			if !near(p1*math.Exp(-c.ForwardRate(a, b)*(b-a)), p2, 1e-14) {
				t.Errorf("%v: P(%g) × forward is not P(%g)", ip, a, b)
			}
			if c.ForwardRate(a, b) != c.ForwardRate(b, a) {
				t.Errorf("%v: the forward rate depends on the order of %g and %g", ip, a, b)
			}
			if !near(math.Exp(-c.ZeroRate(a)*a), p1, 1e-15) {
				t.Errorf("%v: zero rate at %g", ip, a)
			}
			// The instantaneous forward is the slope of −ln P: Richardson on central differences, away from kinks.
			const h = 1e-4
			if a > 0.1 && c.stretch(a-2*h) == c.stretch(a+2*h) {
				d := func(h float64) float64 { return (c.log(a+h) - c.log(a-h)) / (2 * h) }
				if want := (4*d(h) - d(2*h)) / 3; !near(c.InstantaneousForward(a), want, 1e-10) {
					t.Errorf("%v: forward at %g is %g, slope %g", ip, a, c.InstantaneousForward(a), want)
				}
			}
		}
		// Beyond the last node the forward rate is that of the last node.
		if f := c.InstantaneousForward(30); c.InstantaneousForward(77) != f || !near(c.ForwardRate(30, 50), f, 1e-15) || !near(c.ForwardRate(29.999999, 30), f, 1e-6) {
			t.Errorf("%v: the forward rate is not flat beyond the last node", ip)
		}
	}
}

// The forward rate of ever closer times goes to the instantaneous one, across a node to the mean of both sides.
func TestForwardRateOfCloseTimes(t *testing.T) {
	for _, ip := range interpolations {
		c := sample(t, ip)
		for _, at := range []float64{0, 0.05, 0.3, 3, 12, 30, 35} {
			for _, h := range []float64{0, 1e-15, 1e-12, 1e-9, 1e-7} {
				if got, want := c.ForwardRate(at, at+h), c.InstantaneousForward(at); !near(got, want, 1e-6*h+1e-15) && !near(got, want, h) {
					t.Errorf("%v: over %g from %g it is %.16g, want %.16g", ip, h, at, got, want)
				}
			}
		}
		for _, node := range []float64{0.25, 5, 30} {
			const h = 1e-9
			want := (c.InstantaneousForward(node-1e-12) + c.InstantaneousForward(node)) / 2
			if got := c.ForwardRate(node-h, node+h); !near(got, want, 1e-8) {
				t.Errorf("%v: across %g it is %g, want %g", ip, node, got, want)
			}
		}
	}
}

func TestBeforeTheFirstNode(t *testing.T) {
	for _, ip := range []Interpolation{LogLinearDiscount, LinearZero, MonotoneCubicZero, NaturalCubicZero} {
		c := sample(t, ip)
		for _, x := range []float64{0, 1e-12, 0.01, 0.0799} {
			if got := c.ZeroRate(x); !near(got, -0.004, 1e-16) {
				t.Errorf("%v: zero rate %g at %g, want that of the first node", ip, got, x)
			}
		}
	}
}

func TestFlatCurvesAreFlat(t *testing.T) {
	for _, ip := range interpolations {
		for _, times := range [][]float64{{2}, {0.5, 1}, {0.5, 1, 7}} {
			zeros := make([]float64, len(times))
			for i := range zeros {
				zeros[i] = 0.04
			}
			c, err := NewZeroCurve(times, zeros, ip)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range []float64{0, 0.1, 0.5, 0.9, 3, 50} {
				if !near(c.DiscountFactor(x), Flat(0.04).DiscountFactor(x), 1e-15) || !near(c.InstantaneousForward(x), 0.04, 1e-15) || !near(c.ZeroRate(x), 0.04, 1e-15) {
					t.Errorf("%v of %d nodes: not flat at %g", ip, len(times), x)
				}
			}
		}
	}
}

func TestMonotoneCubicKeepsTheShape(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		times, zeros := make([]float64, 8), make([]float64, 8)
		at := 0.0
		for i := range times {
			at += 0.05 + 3*rng.Float64()
			times[i], zeros[i] = at, 0.06*rng.Float64()-0.01
		}
		c, err := NewZeroCurve(times, zeros, MonotoneCubicZero)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(times); i++ {
			lo, hi := min(zeros[i-1], zeros[i]), max(zeros[i-1], zeros[i])
			prev := zeros[i-1]
			for k := range 101 {
				z := c.ZeroRate(times[i-1] + (times[i]-times[i-1])*float64(k)/100)
				if z < lo-1e-15 || z > hi+1e-15 || (z-prev)*(zeros[i]-zeros[i-1]) < -1e-16 {
					t.Fatalf("nodes %v, %v: the cubic turns in stretch %d", times, zeros, i)
				}
				prev = z
			}
		}
	}
}

// A spline reproduces what it is exact for: a straight line; and its forward rates are continuous.
func TestCubicsReproduceLinesAndAreSmooth(t *testing.T) {
	times, zeros := []float64{0, 0.5, 1, 3, 4, 10}, make([]float64, 6)
	for i, x := range times {
		zeros[i] = 0.01 + 0.002*x
	}
	for _, ip := range []Interpolation{LinearZero, MonotoneCubicZero, NaturalCubicZero} {
		c, err := NewZeroCurve(times, zeros, ip)
		if err != nil {
			t.Fatal(err)
		}
		for x := 0.0; x < 10; x += 0.07 {
			if !near(c.ZeroRate(x), 0.01+0.002*x, 1e-16) || !near(c.InstantaneousForward(x), 0.01+0.004*x, 1e-15) {
				t.Errorf("%v leaves the line at %g", ip, x)
			}
		}
	}
	for _, ip := range []Interpolation{MonotoneCubicZero, NaturalCubicZero, NaturalCubicLogDiscount} {
		c := sample(t, ip)
		for _, node := range []float64{0.25, 0.5, 1, 2, 5, 10, 30} {
			if a, b := c.InstantaneousForward(math.Nextafter(node, 0)), c.InstantaneousForward(node); !near(a, b, 1e-13) {
				t.Errorf("%v: the forward rate jumps from %g to %g at %g", ip, a, b, node)
			}
		}
	}
}

func TestWithShift(t *testing.T) {
	for _, ip := range interpolations {
		c := sample(t, ip)
		before := c.DiscountFactor(3)
		up := c.WithShift(25).WithShift(-10)
		for _, x := range []float64{0, 0.01, 0.3, 3, 30, 40} {
			if !near(up.ZeroRate(x)-c.ZeroRate(x), 15e-4, 1e-16) || !near(up.InstantaneousForward(x)-c.InstantaneousForward(x), 15e-4, 1e-16) ||
				!near(up.DiscountFactor(x), c.DiscountFactor(x)*math.Exp(-15e-4*x), 1e-15) {
				t.Errorf("%v: the shift is not parallel at %g", ip, x)
			}
		}
		if c.DiscountFactor(3) != before || up.DiscountFactor(0) != 1 {
			t.Errorf("%v: the shift moved its source or t = 0", ip)
		}
	}
}

func TestNegativeAndNaNTimes(t *testing.T) {
	fc, err := NewForwardCurve([]float64{1, 2}, []float64{101, 103}, 100)
	if err != nil {
		t.Fatal(err)
	}
	curves := map[string]func(float64) float64{
		"Flat":        Flat(0.03).DiscountFactor,
		"Flat zero":   Flat(0.03).ZeroRate,
		"Product":     Product(Flat(0.01), nil).DiscountFactor,
		"Ratio":       Ratio(nil, nil).DiscountFactor,
		"SpotForward": SpotForward{Spot: 100}.Forward,
		"Forward":     fc.Forward,
		"CarryRate":   fc.CarryRate,
	}
	for _, ip := range interpolations {
		c := sample(t, ip)
		curves[ip.String()] = c.DiscountFactor
		curves[ip.String()+" zero"] = c.ZeroRate
		curves[ip.String()+" forward"] = c.InstantaneousForward
		curves[ip.String()+" forward rate"] = func(t float64) float64 { return c.ForwardRate(1, t) }
	}
	for name, f := range curves {
		for _, x := range []float64{-1e-300, -1, math.Inf(-1), math.NaN()} {
			if got := f(x); !math.IsNaN(got) {
				t.Errorf("%s at %g is %g, want NaN", name, x, got)
			}
		}
	}
}

func TestProductAndRatio(t *testing.T) {
	a, b := sample(t, LogLinearDiscount), Flat(0.015)
	for _, x := range []float64{0, 0.1, 4, 33} {
		if !near(Product(a, b).DiscountFactor(x), a.WithShift(150).DiscountFactor(x), 1e-15) ||
			!near(Ratio(a, b).DiscountFactor(x), a.WithShift(-150).DiscountFactor(x), 1e-15) ||
			!near(Product(Ratio(a, b), b).DiscountFactor(x), a.DiscountFactor(x), 1e-15) {
			t.Errorf("at %g", x)
		}
	}
	if Product(nil, nil).DiscountFactor(5) != 1 {
		t.Error("nil curves discount")
	}
}

func TestForwardCurve(t *testing.T) {
	times, forwards := []float64{0.1, 0.5, 2}, []float64{101, 99, 108}
	withSpot, err := NewForwardCurve(times, forwards, 100)
	if err != nil {
		t.Fatal(err)
	}
	without, err := NewForwardCurve(times, forwards, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range times {
		for _, c := range []*ForwardCurve{withSpot, without} {
			if c.Forward(x) != forwards[i] || !near(c.Forward(math.Nextafter(x, 0)), forwards[i], 1e-12) {
				t.Errorf("node %d is %g", i, c.Forward(x))
			}
		}
	}
	if withSpot.Forward(0) != 100 || withSpot.Spot() != 100 {
		t.Error("the spot is missed")
	}
	if got, want := withSpot.Forward(0.05), math.Sqrt(100*101); !near(got, want, 1e-12) {
		t.Errorf("half way to the first node %g, want the geometric mean %g", got, want)
	}
	if got, want := without.Spot(), 101*math.Pow(101.0/99, 0.25); !near(got, want, 1e-12) {
		t.Errorf("the spot implied by the first carry is %g, want %g", got, want)
	}
	if got, want := withSpot.Forward(3.5), 108*108/99.0; !near(got, want, 1e-12) {
		t.Errorf("beyond the last node %g, want %g", got, want)
	}
	if got, want := withSpot.CarryRate(1), math.Log(108.0/99)/1.5; !near(got, want, 1e-15) {
		t.Errorf("carry %g, want %g", got, want)
	}
	up, err := withSpot.WithScale(1.01)
	if err != nil || !near(up.Forward(0.3), 1.01*withSpot.Forward(0.3), 1e-12) || up.Spot() != 101 || up.CarryRate(1) != withSpot.CarryRate(1) {
		t.Errorf("scaled: %v", err)
	}
	one, err := NewForwardCurve([]float64{1}, []float64{50}, 0)
	if err != nil || one.Forward(0) != 50 || one.Forward(9) != 50 || one.CarryRate(3) != 0 {
		t.Errorf("a single forward is not flat: %v", err)
	}
	spotOnly, err := NewForwardCurve([]float64{0}, []float64{50}, 50)
	if err != nil || spotOnly.Forward(9) != 50 {
		t.Errorf("a spot alone is not flat: %v", err)
	}
	// A discount curve turned into forwards and back.
	p := sample(t, LogLinearDiscount)
	sf := SpotForward{Spot: 100, Discount: p, Carry: Flat(0.02)}
	nodes, _ := p.Nodes()
	values := make([]float64, len(nodes))
	for i, x := range nodes {
		values[i] = sf.Forward(x)
	}
	fc, err := NewForwardCurve(nodes, values, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []float64{0, 0.03, 0.7, 8, 31} {
		if !near(fc.Forward(x)/sf.Forward(x), 1, 1e-14) {
			t.Errorf("at %g: %g from nodes, %g from spot and carry", x, fc.Forward(x), sf.Forward(x))
		}
	}
}

func TestConstructorsRefuse(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	type input struct {
		times, values []float64
	}
	for _, c := range []struct {
		name  string
		in    input
		field string // with VALUES for the name of the second slice
	}{
		{"empty", input{nil, nil}, "times"},
		{"lengths", input{[]float64{1, 2}, []float64{1}}, "len(VALUES)"},
		{"unsorted", input{[]float64{1, 3, 2}, []float64{1, 1, 1}}, "times[2]"},
		{"twice the same", input{[]float64{1, 1}, []float64{1, 1}}, "times[1]"},
		{"negative time", input{[]float64{-1, 1}, []float64{1, 1}}, "times[0]"},
		{"NaN time", input{[]float64{1, nan}, []float64{1, 1}}, "times[1]"},
		{"infinite time", input{[]float64{1, inf}, []float64{1, 1}}, "times[1]"},
		{"NaN value", input{[]float64{1, 2}, []float64{1, nan}}, "VALUES[1]"},
		{"infinite value", input{[]float64{1, 2}, []float64{inf, 1}}, "VALUES[0]"},
	} {
		for name, build := range map[string]func() error{
			"factors":  func() error { _, err := NewDiscountCurve(c.in.times, c.in.values, LinearZero); return err },
			"zeros":    func() error { _, err := NewZeroCurve(c.in.times, c.in.values, LinearZero); return err },
			"forwards": func() error { _, err := NewForwardCurve(c.in.times, c.in.values, 0); return err },
		} {
			want := c.field
			if want == "len(VALUES)" {
				want = "len(" + name + ")"
			} else if len(want) > 6 && want[:6] == "VALUES" {
				want = name + want[6:]
			}
			expectArg(t, c.name, build(), want)
		}
	}
	one, two := []float64{1}, []float64{1, 2}
	_, err := NewDiscountCurve(two, []float64{0.9, 0}, LogLinearDiscount)
	expectArg(t, "factor zero", err, "factors[1]")
	_, err = NewDiscountCurve([]float64{0, 1}, []float64{0.99, 0.9}, LogLinearDiscount)
	expectArg(t, "factor at 0", err, "factors[0]")
	_, err = NewDiscountCurve([]float64{0}, one, LogLinearDiscount)
	expectArg(t, "no node after 0", err, "times")
	_, err = NewZeroCurve([]float64{0}, one, LinearZero)
	expectArg(t, "no zero after 0", err, "times")
	_, err = NewZeroCurve(one, one, 17)
	expectArg(t, "unknown interpolation", err, "ip")
	_, err = NewForwardCurve(two, []float64{90, -1}, 0)
	expectArg(t, "forward negative", err, "forwards[1]")
	_, err = NewForwardCurve(one, one, -1)
	expectArg(t, "spot negative", err, "spot")
	_, err = NewForwardCurve(one, one, nan)
	expectArg(t, "spot NaN", err, "spot")
	_, err = NewForwardCurve([]float64{0, 1}, []float64{90, 91}, 89)
	expectArg(t, "two spots", err, "spot")
}

func expectArg(t *testing.T, name string, err error, field string) {
	t.Helper()
	var arg *fault.ArgError
	if !errors.As(err, &arg) || arg.Arg != field || !errors.Is(err, fault.ErrDomain) {
		t.Errorf("%s: %v, want an ArgError on %s", name, err, field)
	}
}

func TestCurvesKeepTheirOwnNodes(t *testing.T) {
	times, factors := []float64{0, 1, 2}, []float64{1, 0.97, 0.93}
	c, err := NewDiscountCurve(times, factors, LogLinearDiscount)
	if err != nil {
		t.Fatal(err)
	}
	times[1], factors[1] = 1.5, 0.5
	got, f := c.Nodes()
	if got[0] != 1 || !near(f[0], 0.97, 1e-16) || c.Interpolation() != LogLinearDiscount {
		t.Error("the curve changed with its inputs")
	}
	got[0] = 99
	if again, _ := c.Nodes(); again[0] != 1 {
		t.Error("the curve changed with its outputs")
	}
}

func TestInterpolationText(t *testing.T) {
	for _, ip := range interpolations {
		text, err := ip.MarshalText()
		var back Interpolation
		if err != nil || back.UnmarshalText(text) != nil || back != ip {
			t.Errorf("%v did not survive its text", ip)
		}
	}
	if _, err := Interpolation(9).MarshalText(); err == nil {
		t.Error("an unknown interpolation was written")
	}
	if _, err := ParseInterpolation("spline"); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("%v", err)
	}
}

func TestEvaluationAllocatesNothingAndIsShared(t *testing.T) {
	sink := 0.0
	fc, err := NewForwardCurve([]float64{1, 2}, []float64{101, 103}, 100)
	if err != nil {
		t.Fatal(err)
	}
	sf := Forward(SpotForward{Spot: 100, Discount: Flat(0.03)})
	both := Product(Flat(0.01), sample(t, LinearZero))
	for _, ip := range interpolations {
		c := sample(t, ip)
		if n := testing.AllocsPerRun(100, func() {
			sink += c.DiscountFactor(3) + c.ZeroRate(3) + c.InstantaneousForward(3) + c.ForwardRate(1, 3) + fc.Forward(1.5) + sf.Forward(2) + both.DiscountFactor(1)
		}); n != 0 {
			t.Errorf("%v: %g allocations", ip, n)
		}
		var wg sync.WaitGroup
		want := c.DiscountFactor(3)
		for range 4 {
			wg.Go(func() {
				for range 500 {
					if c.DiscountFactor(3) != want || c.WithShift(1) == nil {
						t.Error("another answer under concurrency")
						return
					}
				}
			})
		}
		wg.Wait()
	}
	_ = sink
}

// FuzzDiscountCurve builds curves from any three nodes: what is accepted has factors that are 1 at 0 and finite at nodes.
func FuzzDiscountCurve(f *testing.F) {
	f.Add(0.5, 1.0, 2.0, 0.99, 0.97, 0.9, 0.7)
	f.Add(0.0, 1.0, 2.0, 1.0, 1.2, 1e-300, 1.5)
	f.Add(1e-300, 1e300, 1e301, 1.0, 2.0, 3.0, 0.0)
	f.Fuzz(func(t *testing.T, t1, t2, t3, f1, f2, f3, at float64) {
		for _, ip := range interpolations {
			c, err := NewDiscountCurve([]float64{t1, t2, t3}, []float64{f1, f2, f3}, ip)
			if err != nil {
				if !errors.Is(err, fault.ErrDomain) {
					t.Fatalf("%v", err)
				}
				continue
			}
			if c.DiscountFactor(0) != 1 {
				t.Fatalf("%v: %g at 0", ip, c.DiscountFactor(0))
			}
			if p := c.DiscountFactor(at); p < 0 || (at < 0 && !math.IsNaN(p)) {
				t.Fatalf("%v: %g at %g", ip, p, at)
			}
		}
	})
}

func BenchmarkDiscountFactor(b *testing.B) {
	for _, ip := range interpolations {
		b.Run(fmt.Sprint(ip), func(b *testing.B) {
			c := sample(b, ip)
			b.ReportAllocs()
			sink := 0.0
			for b.Loop() {
				sink += c.DiscountFactor(3.3)
			}
			_ = sink
		})
	}
}
