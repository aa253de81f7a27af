package vec

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

var sums = []struct {
	name string
	f    func(x, y []float64) float64
}{
	{"Sum", func(x, _ []float64) float64 { return Sum(x) }},
	{"Dot", Dot},
	{"SumCompensated", func(x, _ []float64) float64 { return SumCompensated(x) }},
	{"DotCompensated", DotCompensated},
}

func TestSumsGiveTheSameBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, s := range sums {
		for n := 0; n < 140; n++ {
			frame := columns(2, n+16)
			for shift := range 8 {
				x, y := frame[0][shift:shift+n], frame[1][(shift+3)%8:(shift+3)%8+n]
				for _, c := range frame {
					for i := range c {
						c[i] = math.NaN() // what is read beyond the ends would show
					}
				}
				for i := range x {
					x[i], y[i] = rng.NormFloat64()*math.Exp(20*rng.NormFloat64()), rng.NormFloat64()
				}
				if n%10 == 9 {
					x[rng.IntN(n)] = math.Inf(1)
				}
				restore := Force(Generic)
				want := s.f(x, y)
				restore()
				under(t, func(v Variant) {
					if got := s.f(x, y); !sameBits(got, want) {
						t.Fatalf("%v: %s of %d numbers is %v, generic gives %v", v, s.name, n, got, want)
					}
					if n := testing.AllocsPerRun(1, func() { s.f(x, y) }); n != 0 {
						t.Fatalf("%v: %s allocates", v, s.name)
					}
				})
			}
		}
	}
}

// TestCompensation sums numbers whose sum is smaller than they are by many digits.
func TestCompensation(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	const n = 1001
	x, y := make([]float64, n), make([]float64, n)
	for i := range x {
		x[i], y[i] = rng.NormFloat64()*math.Exp2(30*rng.Float64()), rng.NormFloat64()
	}
	exact := func(f func(i int) *big.Float) (sum, magnitude float64) {
		s, m := new(big.Float).SetPrec(2000), new(big.Float).SetPrec(2000)
		for i := range n {
			v := f(i)
			s.Add(s, v)
			m.Add(m, new(big.Float).Abs(v))
		}
		sum, _ = s.Float64()
		magnitude, _ = m.Float64()
		return sum, magnitude
	}
	number := func(v float64) *big.Float { return new(big.Float).SetPrec(2000).SetFloat64(v) }
	wantSum, sizeSum := exact(func(i int) *big.Float { return number(x[i]) })
	wantDot, sizeDot := exact(func(i int) *big.Float { return new(big.Float).SetPrec(2000).Mul(number(x[i]), number(y[i])) })
	const bound = n*n*0x1p-106 + 0x1p-60 // of the magnitude, after cancellation by a factor far below 2^40
	under(t, func(v Variant) {
		for _, c := range []struct {
			name            string
			got, want, size float64
			tolerance       float64
		}{
			{"Sum", Sum(x), wantSum, sizeSum, (n/32 + 5) * 0x1p-53},
			{"Dot", Dot(x, y), wantDot, sizeDot, (n/32 + 6) * 0x1p-53},
			{"SumCompensated", SumCompensated(x), wantSum, sizeSum, bound},
			{"DotCompensated", DotCompensated(x, y), wantDot, sizeDot, bound},
		} {
			if d := math.Abs(c.got - c.want); !(d <= c.tolerance*c.size+0x1p-53*math.Abs(c.want)) {
				t.Errorf("%v: %s is %v, exactly %v", v, c.name, c.got, c.want)
			}
		}
		if got := SumCompensated([]float64{1e100, 1, -1e100}); got != 1 {
			t.Errorf("%v: 1e100 + 1 - 1e100 is %v", v, got)
		}
		if got := SumCompensated([]float64{math.Inf(1), 1}); got != math.Inf(1) {
			t.Errorf("%v: +Inf + 1 is %v", v, got)
		}
		if got := DotCompensated([]float64{1 + 0x1p-30, -1}, []float64{1 - 0x1p-30, 1}); got != -0x1p-60 {
			t.Errorf("%v: (1+2^-30)(1-2^-30) - 1 is %v", v, got)
		}
	})
}

func TestDotPanicsWithTheLengths(t *testing.T) {
	defer func() {
		if got, want := fmt.Sprint(recover()), "vec: Dot: x has length 1, y has length 2"; got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}()
	Dot(make([]float64, 1), make([]float64, 2))
}

func BenchmarkSum(b *testing.B) {
	x, y := make([]float64, 4096), make([]float64, 4096)
	for _, s := range sums {
		for _, v := range Available() {
			b.Run(fmt.Sprintf("%s/%v/n=4096", s.name, v), func(b *testing.B) {
				defer Force(v)()
				for b.Loop() {
					s.f(x, y)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4096, "ns/value")
			})
		}
	}
}
