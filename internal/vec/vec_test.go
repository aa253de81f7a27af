package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// kernel is a function of columns in the form that the tests take them all in.
type kernel struct {
	name      string
	outs, ins int
	run       func(dst, src [][]float64)
	low, high float64 // the arguments that benchmarks and random tests draw
}

func one(name string, f func(dst, x []float64), low, high float64) kernel {
	return kernel{name: name, outs: 1, ins: 1, run: func(d, s [][]float64) { f(d[0], s[0]) }, low: low, high: high}
}

var kernels = []kernel{
	one("Exp", Exp, -20, 20),
	one("Expm1", Expm1, -20, 20),
	one("Log", Log, 0, 10),
	one("Log1p", Log1p, -1, 10),
	one("Sqrt", Sqrt, 0, 100),
	one("NormCDF", NormCDF, -20, 20),
	one("NormPDF", NormPDF, -20, 20),
	one("InvNormCDF", InvNormCDF, 0, 1),
	{name: "Sincos", outs: 2, ins: 1, run: func(d, s [][]float64) { Sincos(d[0], d[1], s[0]) }, low: -20, high: 20},
	{name: "CExp", outs: 2, ins: 2, run: func(d, s [][]float64) { CExp(d[0], d[1], s[0], s[1]) }, low: -20, high: 20},
	{name: "MulAdd", outs: 1, ins: 3, run: func(d, s [][]float64) { MulAdd(d[0], s[0], s[1], s[2]) }, low: -1, high: 1},
	{name: "AddScaled", outs: 1, ins: 2, run: func(d, s [][]float64) { AddScaled(d[0], 1.7, s[0], s[1]) }, low: -1, high: 1},
}

// corners are arguments at and beyond the edges of every kernel.
var corners = func() []float64 {
	c := []float64{
		0, math.SmallestNonzeroFloat64, 3e-320, 0x1p-1022, 0x1.fffffffffffffp-1023, 1e-300, 1e-17, 0x1p-54, 0.25, 0.5, math.Sqrt2 / 2, 0.6931471805599453,
		1, 1 + 0x1p-52, 1 - 0x1p-53, math.Sqrt2, 1.5, 2, 3, math.Pi / 2, math.Pi, 5.5, 37.5, 38.4, 38.6, 40, 708.4, 709.78, 709.79, 710, 744.4, 745.2, 746,
		1e6, 0x1p40, 0x1.0000000000001p40, 1e15, 0x1p52, 0x1p53, 1e100, math.MaxFloat64, math.Inf(1), math.NaN(),
	}
	for _, v := range c {
		c = append(c, -v)
	}
	return c
}()

// draw fills the columns: a third of the rows uniform between the kernel's bounds, a third of any exponent, a third
// corners.
func draw(k kernel, rng *rand.Rand, n int) [][]float64 {
	src := make([][]float64, k.ins)
	for j := range src {
		src[j] = make([]float64, n)
		for i := range src[j] {
			switch rng.IntN(3) {
			case 0:
				src[j][i] = k.low + (k.high-k.low)*rng.Float64()
			case 1:
				src[j][i] = math.Float64frombits(rng.Uint64())
			default:
				src[j][i] = corners[rng.IntN(len(corners))]
			}
		}
	}
	return src
}

func columns(count, n int) [][]float64 {
	c := make([][]float64, count)
	for i := range c {
		c[i] = make([]float64, n)
	}
	return c
}

// sameBits reports whether x and y are the same number, zeros by sign, or both NaN.
func sameBits(x, y float64) bool {
	return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
}

// under runs f under each variant that the processor has.
func under(t testing.TB, f func(v Variant)) {
	t.Helper()
	for _, v := range Available() {
		restore := Force(v)
		f(v)
		restore()
	}
}

// points is how many random rows each kernel is tried on: ten million if VOLGA_SLOW is set.
func points() int {
	if os.Getenv("VOLGA_SLOW") != "" {
		return 10_000_000
	}
	return 100_000
}

func TestVariantsGiveTheSameBits(t *testing.T) {
	for _, k := range kernels {
		t.Run(k.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			const chunk = 10_000
			for done := 0; done < points(); done += chunk {
				src := draw(k, rng, chunk)
				want, got := columns(k.outs, chunk), columns(k.outs, chunk)
				restore := Force(Generic)
				k.run(want, src)
				restore()
				under(t, func(v Variant) {
					k.run(got, src)
					for j := range got {
						for i := range got[j] {
							if !sameBits(got[j][i], want[j][i]) {
								t.Fatalf("%v: output %d at %v is %v (%#x), generic gives %v (%#x)", v, j, row(src, i), got[j][i],
									math.Float64bits(got[j][i]), want[j][i], math.Float64bits(want[j][i]))
							}
						}
					}
				})
			}
		})
	}
}

func row(src [][]float64, i int) []float64 {
	var r []float64
	for _, c := range src {
		r = append(r, c[i])
	}
	return r
}

// guard is a NaN that no kernel makes.
var guard = math.Float64frombits(0x7ff8dead0000beef)

// TestEdges runs every variant over all lengths up to more than two of its longest bodies and all alignments, with guard
// bands around the columns, into columns of their own and in place.
func TestEdges(t *testing.T) {
	const longest, margin = 2*64 + 1, 80
	for _, k := range kernels {
		t.Run(k.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 4))
			src := draw(k, rng, longest)
			want := columns(k.outs, longest)
			restore := Force(Generic)
			k.run(want, src)
			restore()
			framed := columns(k.outs+k.ins, longest+2*margin)
			under(t, func(v Variant) {
				for n := 0; n <= longest; n++ {
					for shift := range 8 {
						for inPlace := range 2 {
							cols := columns(k.outs+k.ins, 0)
							for j, f := range framed {
								for i := range f {
									f[i] = guard
								}
								// Columns start at different alignments.
								at := margin + (shift+3*j)%8
								cols[j] = f[at : at+n : at+n]
								if j >= k.outs {
									copy(cols[j], src[j-k.outs])
								}
							}
							dst, in := cols[:k.outs], cols[k.outs:]
							if inPlace == 1 {
								dst = append(append([][]float64(nil), in...), dst...)[:k.outs]
							}
							k.run(dst, in)
							for j := range dst {
								for i := range n {
									if !sameBits(dst[j][i], want[j][i]) {
										t.Fatalf("%v: n=%d shift=%d in place=%d: output %d row %d is %v, want %v", v, n, shift, inPlace, j, i, dst[j][i], want[j][i])
									}
								}
							}
							for j, f := range framed {
								at := margin + (shift+3*j)%8
								for i, x := range f {
									if (i < at || i >= at+n) && math.Float64bits(x) != math.Float64bits(guard) {
										t.Fatalf("%v: n=%d shift=%d: column %d was written at %d", v, n, shift, j, i-at)
									}
								}
							}
						}
					}
				}
			})
		})
	}
}

func TestSpecialValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	negZero := math.Copysign(0, -1)
	for _, c := range []struct {
		name string
		f    func(dst, x []float64)
		x, y float64
	}{
		{"Exp", Exp, 0, 1}, {"Exp", Exp, negZero, 1}, {"Exp", Exp, inf, inf}, {"Exp", Exp, -inf, 0}, {"Exp", Exp, nan, nan}, {"Exp", Exp, 1, math.E},
		{"Exp", Exp, 709.782712893384, 1.7976931348622732e308}, {"Exp", Exp, 709.79, inf}, {"Exp", Exp, -745.2, 0}, {"Exp", Exp, -744.44, 5e-324},
		{"Expm1", Expm1, 0, 0}, {"Expm1", Expm1, negZero, negZero}, {"Expm1", Expm1, inf, inf}, {"Expm1", Expm1, -inf, -1}, {"Expm1", Expm1, nan, nan},
		{"Expm1", Expm1, 5e-324, 5e-324}, {"Expm1", Expm1, -1e-310, -1e-310}, {"Expm1", Expm1, -1e300, -1},
		{"Log", Log, 1, 0}, {"Log", Log, 0, -inf}, {"Log", Log, negZero, -inf}, {"Log", Log, inf, inf}, {"Log", Log, -inf, nan}, {"Log", Log, -1, nan},
		{"Log", Log, nan, nan}, {"Log", Log, math.E, 1}, {"Log", Log, 5e-324, -744.4400719213812},
		{"Log1p", Log1p, 0, 0}, {"Log1p", Log1p, negZero, negZero}, {"Log1p", Log1p, -1, -inf}, {"Log1p", Log1p, inf, inf}, {"Log1p", Log1p, -1.5, nan},
		{"Log1p", Log1p, -inf, nan}, {"Log1p", Log1p, nan, nan}, {"Log1p", Log1p, 5e-324, 5e-324}, {"Log1p", Log1p, -1e-310, -1e-310},
		{"Log1p", Log1p, math.MaxFloat64, 709.782712893384},
		{"Sqrt", Sqrt, negZero, negZero}, {"Sqrt", Sqrt, inf, inf}, {"Sqrt", Sqrt, -1, nan}, {"Sqrt", Sqrt, 2, math.Sqrt2},
		{"NormCDF", NormCDF, 0, 0.5}, {"NormCDF", NormCDF, negZero, 0.5}, {"NormCDF", NormCDF, inf, 1}, {"NormCDF", NormCDF, -inf, 0}, {"NormCDF", NormCDF, nan, nan},
		{"NormCDF", NormCDF, -39, 0}, {"NormCDF", NormCDF, 9, 1},
		{"NormPDF", NormPDF, 0, 0.3989422804014327}, {"NormPDF", NormPDF, inf, 0}, {"NormPDF", NormPDF, -inf, 0}, {"NormPDF", NormPDF, nan, nan},
		{"InvNormCDF", InvNormCDF, 0, -inf}, {"InvNormCDF", InvNormCDF, negZero, -inf}, {"InvNormCDF", InvNormCDF, 1, inf}, {"InvNormCDF", InvNormCDF, 0.5, 0},
		{"InvNormCDF", InvNormCDF, -5e-324, nan}, {"InvNormCDF", InvNormCDF, 1 + 0x1p-52, nan}, {"InvNormCDF", InvNormCDF, inf, nan},
		{"InvNormCDF", InvNormCDF, -inf, nan}, {"InvNormCDF", InvNormCDF, nan, nan}, {"InvNormCDF", InvNormCDF, 5e-324, -38.467405617144344},
	} {
		under(t, func(v Variant) {
			dst := []float64{0}
			c.f(dst, []float64{c.x})
			if !sameBits(dst[0], c.y) {
				t.Errorf("%v: %s(%v) = %v, want %v", v, c.name, c.x, dst[0], c.y)
			}
		})
	}
	under(t, func(v Variant) {
		s, c := []float64{0, 0, 0}, []float64{0, 0, 0}
		Sincos(s, c, []float64{negZero, inf, 0x1p41})
		if !sameBits(s[0], negZero) || c[0] != 1 || s[1] == s[1] || c[1] == c[1] || s[2] == s[2] || c[2] == c[2] {
			t.Errorf("%v: sin %v, cos %v of -0, +Inf, 2^41", v, s, c)
		}
		CExp(s, c, []float64{800, -inf, 1}, []float64{0, 1, negZero})
		if s[0] != inf || c[0] != 0 || s[1] != 0 || c[1] != 0 || s[2] != math.E || !sameBits(c[2], negZero) {
			t.Errorf("%v: complex exponentials %v + i%v of 800, -Inf + i, 1 - 0i", v, s, c)
		}
	})
}

func TestLengthsThatDifferPanic(t *testing.T) {
	a, b := make([]float64, 3), make([]float64, 4)
	for name, f := range map[string]func(){
		"vec: Exp: dst has length 3, x has length 4":       func() { Exp(a, b) },
		"vec: Log: dst has length 4, x has length 3":       func() { Log(b, a) },
		"vec: Sincos: dst has length 3, cos has length 4":  func() { Sincos(a, b, a) },
		"vec: CExp: dst has length 3, y has length 4":      func() { CExp(a, a, a, b) },
		"vec: MulAdd: dst has length 3, z has length 4":    func() { MulAdd(a, a, a, b) },
		"vec: AddScaled: dst has length 3, x has length 4": func() { AddScaled(a, 1, b, a) },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != name {
					t.Errorf("panic %q, want %q", got, name)
				}
			}()
			f()
		}()
	}
}

func TestNothingIsAllocated(t *testing.T) {
	for _, k := range kernels {
		dst, src := columns(k.outs, 100), columns(k.ins, 100)
		under(t, func(v Variant) {
			if n := testing.AllocsPerRun(10, func() { k.run(dst, src) }); n != 0 {
				t.Errorf("%v: %s allocates %v times", v, k.name, n)
			}
		})
	}
}

func TestForce(t *testing.T) {
	before := Active()
	for _, v := range Available() {
		restore := Force(v)
		if Active() != v {
			t.Errorf("%v is active, want %v", Active(), v)
		}
		restore()
	}
	if Active() != before {
		t.Errorf("%v is active afterwards, want %v", Active(), before)
	}
	if best() == AVX512 {
		return
	}
	defer func() {
		if s := fmt.Sprint(recover()); !strings.Contains(s, "avx512") {
			t.Errorf("panic %q, want the variant's name", s)
		}
	}()
	Force(AVX512)
}
