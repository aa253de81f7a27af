package rng

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/internal/vec"
)

// uniformsForTest are numbers that the generators can give: both ends, the borders of the branches with their
// neighbours, and random ones with the tails in excess.
func uniformsForTest(n int) []float64 {
	u := []float64{0x1p-53, 1 - 0x1p-53, 0x1p-52, 1 - 0x1p-52, 0.5, 0.5 - 0x1p-53, 0.5 + 0x1p-53, 0.25, 0.75}
	for _, edge := range []float64{0.075, 0.925, math.Exp(-25), 1 - math.Exp(-25), math.Sqrt(0.5) / 16, math.Sqrt(0.5) / 32} {
		for k := -3; k <= 3; k++ {
			u = append(u, (math.Round(edge*0x1p53)+float64(k))*0x1p-53)
		}
	}
	r := rand.New(rand.NewPCG(11, 12))
	for len(u) < n {
		p := NewPhilox(r.Uint64(), 0)
		var x [4]float64
		p.Uniforms(x[:])
		far := math.Ldexp(x[3], -r.IntN(52))
		far = max(math.Round(far*0x1p53), 1) * 0x1p-53
		u = append(u, x[0], x[1], x[2], far, 1-far)
	}
	return u[:n]
}

// The scalar and the vector quantile of the library, themselves right to 7e-16 and 4e-16 of x, give the same numbers.
func TestNormalsAgree(t *testing.T) {
	const tolerance = 1.2e-15
	u := uniformsForTest(1 << 18)
	x, other := append([]float64(nil), u...), make([]float64, len(u))
	quantile(x)
	vec.InvNormCDF(other, u)
	for i, p := range u {
		for _, want := range []float64{special.InvNormCDF(p), other[i]} {
			if e := math.Abs(x[i] - want); !(e <= tolerance*math.Abs(want)) {
				t.Fatalf("quantile of %v is %v, elsewhere %v", p, x[i], want)
			}
		}
	}
}

// Antithetic uniforms give opposite normals, bit for bit, in the range that 53 binary digits allow.
func TestNormalsOdd(t *testing.T) {
	u := uniformsForTest(1 << 14)
	mirror := make([]float64, len(u))
	for i, p := range u {
		mirror[i] = 1 - p
	}
	quantile(u)
	quantile(mirror)
	for i, z := range u {
		if z != -mirror[i] || math.Abs(z) > 8.21 {
			t.Fatalf("%v and %v", z, mirror[i])
		}
	}
}

// Every variant gives the bits of the definition, at every length and alignment, and writes nowhere else.
func TestNormalsVariants(t *testing.T) {
	u := uniformsForTest(3*normalBlock + 5)
	want := append([]float64(nil), u...)
	quantileGeneric(want)
	eachVariant(t, func(t *testing.T) {
		for n := range 40 {
			for shift := range 8 {
				for _, from := range []int{0, 9, 20, 40, 500} {
					checkFloats(t, fmt.Sprintf("n=%d shift=%d from=%d", n, shift, from), n, 9+shift,
						func(dst []float64) { copy(dst, u[from:]); quantile(dst) }, func(i int) float64 { return want[from+i] })
				}
			}
		}
		checkFloats(t, "long", len(u), 9, func(dst []float64) { copy(dst, u); quantile(dst) }, func(i int) float64 { return want[i] })
		for _, p := range []float64{0x1p-53, 1 - 0x1p-40, 0.05, 0.5} { // all in one branch
			same := []float64{p}
			quantileGeneric(same)
			checkFloats(t, fmt.Sprint("all ", p), 2*normalBlock, 9, func(dst []float64) {
				for i := range dst {
					dst[i] = p
				}
				quantile(dst)
			}, func(int) float64 { return same[0] })
		}
	})
}

// Ten million numbers drawn in every variant.
func TestNormalsVariantsLong(t *testing.T) {
	rounds := 2500
	if testing.Short() {
		rounds = 100
	}
	want, got := make([]float64, 4000), make([]float64, 4000)
	p := NewPhilox(31, 32)
	for range rounds {
		q := p
		q.Uniforms(want)
		quantileGeneric(want)
		eachVariantQuiet(func(v variant) {
			r := p
			r.Normals(got)
			for i, x := range got {
				if math.Float64bits(x) != math.Float64bits(want[i]) {
					t.Fatalf("%v: %v, want %v", v, x, want[i])
				}
			}
		})
		p = q
	}
}

// Normals are the quantiles of the uniforms, one for one, for both generators and both orders.
func TestNormalsAreQuantiles(t *testing.T) {
	const dims, n = 5, 700
	u, z := make([]float64, dims*n), make([]float64, dims*n)
	check := func(what string) {
		t.Helper()
		quantile(u)
		for i := range z {
			if u[i] != z[i] {
				t.Fatalf("%s: number %d is %v, want %v", what, i, z[i], u[i])
			}
		}
	}
	p := NewPhilox(1, 2)
	q := p
	p.Uniforms(u)
	q.Normals(z)
	check("Philox")
	s := mustSobol(t, dims, Unscrambled, 0)
	s.Uniforms(u)
	s.Seek(0)
	s.Normals(z)
	check("Sobol")
	s.UniformColumns(u)
	s.Seek(n)
	s.NormalColumns(z)
	check("Sobol columns")
}
