package special

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/internal/special/exact"
)

const eps = 0x1p-53

func TestGoldenNormal(t *testing.T) {
	golden.Run(t, "papers/normal_cdf_tails", func(t *testing.T, c golden.Case) {
		if c.Has("p") {
			c.Check(t, "x", InvNormCDF(c.Float(t, "p")))
			return
		}
		x := c.Float(t, "x")
		c.Check(t, "cdf", NormCDF(x))
		c.Check(t, "logcdf", LogNormCDF(x))
		c.Check(t, "sf", NormCDF(-x))
	})
}

// worst tracks the largest error of a function and says where it is.
type worst struct{ err, at float64 }

func (w *worst) add(err, at float64) {
	if !(err <= w.err) {
		w.err, w.at = err, at
	}
}

func (w *worst) check(t *testing.T, name string, bound float64) {
	t.Helper()
	t.Logf("%s: %.2fε at %v", name, w.err/eps, w.at)
	if !(w.err <= bound*eps) {
		t.Errorf("%s: error %.3fε at %v, stated %gε", name, w.err/eps, w.at, bound)
	}
}

func TestExpSum(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var w worst
	for range 8000 {
		hi, lo := (rng.Float64()*2-1)*707, (rng.Float64()*2-1)*1e-10
		w.add(exact.Err(ExpSum(hi, lo), exact.Exp(exact.Add(exact.Of(hi), exact.Of(lo)))), hi)
	}
	w.check(t, "ExpSum", 1.1)
	for _, c := range []struct{ x, want float64 }{
		{0, 1}, {math.Inf(-1), 0}, {math.Inf(1), math.Inf(1)}, {-747, 0}, {711, math.Inf(1)}, {709.5, math.Exp(709.5)},
		{-745.1, 5e-324}, {-740, math.Exp(-740)}, {-708.2, math.Exp(-708.2)},
	} {
		if got := ExpSum(c.x, 0); got != c.want && math.Abs(got-c.want) > 4*eps*c.want {
			t.Errorf("ExpSum(%v) = %v, want %v", c.x, got, c.want)
		}
	}
	if !math.IsNaN(ExpSum(math.NaN(), 0)) {
		t.Error("ExpSum(NaN) is a number")
	}
}

func TestLogRatio(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	var w, far, one worst
	for i := range 8000 {
		a := math.Exp((rng.Float64()*2 - 1) * 300)
		b := a * math.Exp((rng.Float64()*2-1)*[]float64{1e-9, 1e-3, 0.2, 3}[i%4])
		want := exact.Log(exact.Quo(exact.Of(a), exact.Of(b)))
		hi, lo := LogRatio(a, b)
		d, _ := exact.Sub(exact.Add(exact.Of(hi), exact.Of(lo)), want).Float64()
		x, _ := want.Float64()
		d = math.Abs(d)
		if math.Abs(x) > 0.1 {
			far.add(d/math.Abs(x), a/b)
		} else if x != 0 {
			w.add(d/math.Abs(x), a/b)
		}
		if x != 0 {
			one.add(exact.Err(Log(a), exact.Log(exact.Of(a))), a)
		}
	}
	w.check(t, "LogRatio near one", 3e-18/eps)
	far.check(t, "LogRatio", 3e-18/eps)
	one.check(t, "Log", 1.1)

	for _, c := range [][2]float64{{1e308, 1e-308}, {5e-324, 1e308}, {1e308, 1.7e308}, {1.5e-310, 1e-310}, {1e305, 1e305}, {3e-323, 2e-323}} {
		want, _ := exact.Log(exact.Quo(exact.Of(c[0]), exact.Of(1))).Float64()
		den, _ := exact.Log(exact.Of(c[1])).Float64()
		want -= den
		hi, _ := LogRatio(c[0], c[1])
		if math.Abs(hi-want) > 1e-13+1e-15*math.Abs(want) {
			t.Errorf("LogRatio(%v) = %v, want %v", c, hi, want)
		}
	}
	for _, c := range [][2]float64{{-1, 1}, {0, 1}, {1, 0}, {math.Inf(1), 1}, {1, math.NaN()}, {math.NaN(), 1}} {
		if hi, _ := LogRatio(c[0], c[1]); !math.IsNaN(hi) {
			t.Errorf("LogRatio(%v) = %v, want NaN", c, hi)
		}
	}
	if hi, lo := LogRatio(3.7, 3.7); hi != 0 || lo != 0 {
		t.Errorf("LogRatio of equals = %v, %v", hi, lo)
	}
	if !math.IsNaN(Log(-1)) || !math.IsInf(Log(0), -1) || !math.IsInf(Log(math.Inf(1)), 1) || Log(1) != 0 {
		t.Error("Log at its edges")
	}
}

func TestMills(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	var m, g, e, neg worst
	for i := range 3000 {
		z := rng.Float64() * 8.2
		if i%10 == 0 {
			z = math.Exp(rng.Float64() * 8)
		}
		want := exact.Mills(exact.Of(z))
		slope := exact.Sub(exact.Of(1), exact.Mul(exact.Of(z), want))
		m.add(exact.Err(Mills(z), want), z)
		g.add(exact.Err(MillsSlope(z), slope), z)
		if a, b := MillsBoth(z); a != Mills(z) || b != MillsSlope(z) {
			t.Fatalf("MillsBoth(%v) differs from the single functions", z)
		}
		if z < 30 {
			full := exact.Quo(exact.Of(1), exact.PDF(exact.Of(z)))
			neg.add(exact.Err(Mills(-z), exact.Sub(full, want)), -z)
		}
		if x := z / math.Sqrt2; x < 25 {
			e.add(exact.Err(Erfcx(x), exact.Erfcx(exact.Of(x))), x)
		}
	}
	m.check(t, "Mills", 2.5)
	g.check(t, "MillsSlope", 4)
	neg.check(t, "Mills, negative", 6)
	e.check(t, "Erfcx", 4)
	for _, c := range []struct{ got, want float64 }{
		{Mills(0), math.Sqrt(math.Pi / 2)}, {Mills(math.Inf(1)), 0}, {MillsSlope(0), 1}, {MillsSlope(math.Inf(1)), 0},
		{Mills(math.Inf(-1)), math.Inf(1)}, {Mills(-40), math.Inf(1)}, {Erfcx(0), 1}, {Erfcx(-30), math.Inf(1)},
		{Erfcx(math.Inf(1)), 0}, {Mills(1e300), 1e-300}, {MillsSlope(1e200), 0},
	} {
		if c.got != c.want && math.Abs(c.got-c.want) > 2*eps*c.want {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
	if !math.IsNaN(Mills(math.NaN())) || !math.IsNaN(MillsSlope(math.NaN())) || !math.IsNaN(MillsSlope(-1)) {
		t.Error("a NaN was turned into a number")
	}
}

func TestMillsContinuousAtSwitches(t *testing.T) {
	for i := 1; i <= 64; i++ {
		z := float64(i) / 8
		below := math.Nextafter(z, 0)
		if d := math.Abs(Mills(z)/Mills(below) - 1); d > 5*eps {
			t.Errorf("Mills jumps by %.1fε at %v", d/eps, z)
		}
		if d := math.Abs(MillsSlope(z)/MillsSlope(below) - 1); d > 6*eps {
			t.Errorf("MillsSlope jumps by %.1fε at %v", d/eps, z)
		}
	}
}

func TestNormal(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	var pdf, cdf, upper, logcdf, inv worst
	for i := range 2500 {
		x := (rng.Float64()*2 - 1) * 37.4
		if i%2 == 0 {
			x = rng.NormFloat64()
		}
		d := exact.PDF(exact.Of(x))
		tail := exact.Mul(d, exact.Mills(exact.Of(math.Abs(x))))
		pdf.add(exact.Err(NormPDF(x), d), x)
		want := tail
		if x > 0 {
			want = exact.Sub(exact.Of(1), tail)
			upper.add(exact.Err(NormCDF(x), want), x)
		} else {
			cdf.add(exact.Err(NormCDF(x), want), x)
		}
		if f, _ := want.Float64(); f < 1 {
			logcdf.add(exact.Err(LogNormCDF(x), exact.Log(want)), x)
		}
		// The quantile of a double p: the error of x is the residual over the density.
		p, _ := tail.Float64()
		z := InvNormCDF(p)
		if p < 0.4999 {
			res, _ := exact.Quo(exact.Sub(exact.Mul(exact.PDF(exact.Of(z)), exact.Mills(exact.Of(-z))), exact.Of(p)), exact.Mul(exact.PDF(exact.Of(z)), exact.Of(-z))).Float64()
			inv.add(math.Abs(res), p)
		}
	}
	pdf.check(t, "NormPDF", 3)
	cdf.check(t, "NormCDF, lower", 5)
	upper.check(t, "NormCDF, upper", 5)
	logcdf.check(t, "LogNormCDF", 6)
	inv.check(t, "InvNormCDF", 6)
}

func TestNormalEdges(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"cdf -inf", NormCDF(-inf), 0}, {"cdf +inf", NormCDF(inf), 1}, {"cdf 0", NormCDF(0), 0.5}, {"cdf -39", NormCDF(-39), 0},
		{"pdf inf", NormPDF(inf), 0}, {"pdf huge", NormPDF(1e300), 0}, {"log -inf", LogNormCDF(-inf), -inf},
		{"log +inf", LogNormCDF(inf), 0}, {"inv 0", InvNormCDF(0), -inf}, {"inv 1", InvNormCDF(1), inf}, {"inv half", InvNormCDF(0.5), 0},
		{"inv subnormal", InvNormCDF(5e-324), -38.467405617144346}, {"inv 2e-308", InvNormCDF(2e-308), -37.522219567524068},
	} {
		if c.got != c.want && !(math.Abs(c.got-c.want) <= 6*eps*math.Abs(c.want)) {
			t.Errorf("%s: got %.17g, want %.17g", c.name, c.got, c.want)
		}
	}
	for _, v := range []float64{NormCDF(nan), NormPDF(nan), LogNormCDF(nan), InvNormCDF(nan), InvNormCDF(-0.1), InvNormCDF(1.1), Erfcx(nan)} {
		if !math.IsNaN(v) {
			t.Errorf("got %v, want NaN", v)
		}
	}
	if got := LogNormCDF(-1e200); !math.IsInf(got, -1) {
		t.Errorf("LogNormCDF(-1e200) = %v", got)
	}
}

func TestInvNormCDFRoundTripAndMonotone(t *testing.T) {
	last := math.Inf(-1)
	for i := 1; i < 4000; i++ {
		p := math.Exp(-700 + 700*float64(i)/4000)
		x := InvNormCDF(p)
		if !(x > last) {
			t.Fatalf("InvNormCDF(%g) = %v is not above %v", p, x, last)
		}
		last = x
		if p < 0.99 {
			cond := math.Max(1, math.Abs(x)) * NormPDF(x) / p // relative move of p for a relative move of x
			if d := math.Abs(NormCDF(x)/p - 1); d > (8+8*cond*math.Max(1, math.Abs(x)))*eps {
				t.Errorf("round trip at %g: off by %.1fε", p, d/eps)
			}
		}
	}
	for _, p := range []float64{0.05, 0.075, 0.25, 0.3, 0.4} {
		if a, b := InvNormCDF(p), InvNormCDF(1-p); math.Abs(a+b) > 20*eps {
			t.Errorf("not odd at %v: %v, %v", p, a, b)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		sink += NormCDF(-1) + NormPDF(1) + LogNormCDF(2) + InvNormCDF(0.01) + Erfcx(1) + Log(3) + Mills(-2)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

var sink float64

func BenchmarkSpecial(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 1))
	x, p := make([]float64, 1024), make([]float64, 1024)
	for i := range x {
		x[i], p[i] = -3*rng.Float64(), rng.Float64()
	}
	for _, c := range []struct {
		name string
		f    func(i int) float64
	}{
		{"ExpSum", func(i int) float64 { return ExpSum(x[i], 0) }},
		{"Log", func(i int) float64 { return Log(p[i]) }},
		{"LogRatio", func(i int) float64 { h, _ := LogRatio(p[i], 0.5); return h }},
		{"Mills", func(i int) float64 { return Mills(-x[i]) }},
		{"Erfcx", func(i int) float64 { return Erfcx(-x[i]) }},
		{"NormCDF", func(i int) float64 { return NormCDF(x[i]) }},
		{"InvNormCDF", func(i int) float64 { return InvNormCDF(p[i]) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := 0.0
			for i := 0; b.Loop(); i++ {
				s += c.f(i & 1023)
			}
			sink = s
		})
	}
}

func ExampleNormCDF() {
	fmt.Printf("%.15g\n", NormCDF(-30))
	// Output: 4.90671392714819e-198
}

func ExampleInvNormCDF() {
	fmt.Printf("%.12f\n", InvNormCDF(0.975))
	// Output: 1.959963984540
}

func ExampleErfcx() {
	fmt.Printf("%.15f\n", Erfcx(10))
	// Output: 0.056140992743823
}
