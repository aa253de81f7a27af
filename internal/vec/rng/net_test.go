package rng

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// Each of the first 2^m points, and of every later block of 2^m, lies in another interval of length 2^-m, in every
// dimension.
func TestSobolStrata(t *testing.T) {
	const m, n = 10, 1 << 10
	r := rand.New(rand.NewPCG(7, 8))
	for _, kind := range scrambles {
		const dims = 400
		s := mustSobol(t, dims, kind, 17)
		x := make([]float64, n*dims)
		for _, block := range []uint64{0, 1, r.Uint64N(1 << 30)} {
			s.Seek(block << m)
			s.UniformColumns(x)
			for j := range dims {
				var seen [n]bool
				for _, u := range x[j*n : (j+1)*n] {
					k := int(u * n)
					if seen[k] {
						t.Fatalf("%v: dimension %d, block %d: two points in interval %d", kind, j, block, k)
					}
					seen[k] = true
				}
			}
		}
	}
}

// The first dimensions are a (t, m, s)-net with t the sum of the degrees less one: each elementary interval of volume
// 2^(t-m) holds 2^t of every block of 2^m points. For two dimensions t = 0, one point each.
func TestSobolNet(t *testing.T) {
	const m, n = 10, 1 << 10
	for _, c := range []struct{ dims, t int }{{1, 0}, {2, 0}, {3, 1}, {4, 3}, {5, 5}} {
		for _, kind := range scrambles {
			for seed := range uint64(3) {
				s := mustSobol(t, c.dims, kind, seed)
				s.Seek(seed * 7 << m)
				x := make([]float64, n*c.dims)
				s.Uniforms(x)
				eachSplit(make([]int, c.dims), 0, m-c.t, func(digits []int) {
					count := make([]int, 1<<(m-c.t))
					for i := range n {
						cell := 0
						for j, d := range digits {
							cell = cell<<d | int(x[i*c.dims+j]*float64(int(1)<<d))
						}
						count[cell]++
					}
					for cell, k := range count {
						if k != 1<<c.t {
							t.Fatalf("%v: digits %v: %d points in elementary interval %d, want %d", kind, digits, k, cell, 1<<c.t)
						}
					}
				})
			}
		}
	}
}

// eachSplit calls visit with every way to write total as a sum of len(digits) terms.
func eachSplit(digits []int, at, total int, visit func([]int)) {
	if at == len(digits)-1 {
		digits[at] = total
		visit(digits)
		return
	}
	for d := 0; d <= total; d++ {
		digits[at] = d
		eachSplit(digits, at+1, total-d, visit)
	}
}

// A nested scramble keeps the number of leading digits that two coordinates have in common, at every depth.
func TestNestedScrambleIsNested(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 20000 {
		seed, w := r.Uint32(), r.Uint64()>>12
		a := nestedScramble(nestedEncode(w), seed)
		for k := range sobolBits {
			v := w ^ (1<<52|r.Uint64()>>12)>>(k+1) // the first k digits in common, then not
			b := nestedScramble(nestedEncode(v), seed)
			if common := bits.LeadingZeros64(v^w) - 12; common != k {
				t.Fatalf("bad test: %d digits in common, want %d", common, k)
			}
			if common := bits.LeadingZeros64(a^b) - 12; common != k {
				t.Fatalf("seed %08x: %013x and %013x have %d digits in common, scrambled %d", seed, w, v, k, common)
			}
		}
	}
}

// The flips of a digit are fair over seeds, independent between the nodes of the tree and between dimensions.
func TestNestedScrambleFlips(t *testing.T) {
	const seeds = 1 << 12
	const digits = 8
	words := []uint64{0, 1 << 51, 1 << 50, 1 << 49, 3 << 50, 0xABCDE << 32, 0x55555 << 32}
	flips := make([][]uint64, 2*len(words))
	for seed := range uint64(seeds) {
		table := mustSobol(t, 2, NestedScramble, seed).table
		for j := range 2 {
			for k, w := range words {
				f := nestedScramble(nestedEncode(w)^table.start[j], uint32(table.seed[j])) ^ one ^ w
				flips[j*len(words)+k] = append(flips[j*len(words)+k], f)
			}
		}
	}
	for k, f := range flips {
		for l := k; l < len(flips); l++ {
			for digit := range digits {
				differ := 0
				for i := range f {
					other := f[i] >> 1
					if l > k {
						other = flips[l][i]
					}
					differ += int((f[i] ^ other) >> (51 - digit) & 1)
				}
				same := k/len(words) == l/len(words) && l > k && words[k%len(words)]>>(52-digit) == words[l%len(words)]>>(52-digit)
				switch {
				case same && differ != 0:
					t.Errorf("nodes %d and %d are the same at digit %d and flip differently", k, l, digit)
				case !same && !(l == k && digit == 0):
					within(t, fmt.Sprintf("flips of digit %d at nodes %d and %d that differ", digit, k, l),
						float64(differ), seeds/2, math.Sqrt(seeds)/2)
				}
			}
		}
	}
}

// smooth is a product with mean 1 over the unit cube; none of its variables is negligible.
func smooth(x []float64) float64 {
	p := 1.0
	for _, u := range x {
		p *= math.Exp(u) / (math.E - 1)
	}
	return p
}

// rootMeanSquare returns the error of the mean of n points over the seeds.
func rootMeanSquare(n, dims, seeds int, f func([]float64) float64, fill func(seed uint64, x []float64)) float64 {
	x, sum := make([]float64, n*dims), 0.0
	for seed := range seeds {
		fill(uint64(seed), x)
		mean := 0.0
		for i := range n {
			mean += f(x[i*dims : (i+1)*dims])
		}
		sum += (mean/float64(n) - 1) * (mean/float64(n) - 1)
	}
	return math.Sqrt(sum / float64(seeds))
}

// Root mean square errors of a smooth integral in three dimensions fall like n^-½ for random numbers, like n^-1 for
// shifted points, and like n^-1.5 for scrambled ones.
func TestIntegrationSlopes(t *testing.T) {
	const dims, seeds = 3, 60
	sobol := func(kind Scramble) func(uint64, []float64) {
		return func(seed uint64, x []float64) { mustSobol(t, dims, kind, seed).Uniforms(x) }
	}
	for _, c := range []struct {
		name     string
		fill     func(uint64, []float64)
		from, to float64
	}{
		{"Philox", func(seed uint64, x []float64) { p := NewPhilox(seed, 0); p.Uniforms(x) }, -0.6, -0.4},
		{"digital shift", sobol(DigitalShift), -1.2, -0.85},
		{"matrix scramble", sobol(MatrixScramble), -1.7, -1.35},
		{"nested scramble", sobol(NestedScramble), -1.7, -1.35},
	} {
		first, last := rootMeanSquare(1<<6, dims, seeds, smooth, c.fill), rootMeanSquare(1<<13, dims, seeds, smooth, c.fill)
		slope := math.Log2(last/first) / 7
		t.Logf("%-16s error %.2e at 64 points, %.2e at 8192, slope %.2f", c.name, first, last, slope)
		if !(slope > c.from && slope < c.to) {
			t.Errorf("%s: slope %.3f, want in (%g, %g)", c.name, slope, c.from, c.to)
		}
	}
}

// The plain sequence, without its first point's corner removed, still beats random numbers in 32 dimensions.
func TestIntegrationHighDimension(t *testing.T) {
	const dims, n = 32, 1 << 14
	f := func(x []float64) float64 {
		p := 1.0
		for j, u := range x {
			p *= 1 + (u-0.5)/float64(j+1)
		}
		return p
	}
	random := rootMeanSquare(n, dims, 20, f, func(seed uint64, x []float64) { p := NewPhilox(seed, 1); p.Uniforms(x) })
	for _, kind := range scrambles {
		e := rootMeanSquare(n, dims, 5, f, func(seed uint64, x []float64) { mustSobol(t, dims, kind, seed).Uniforms(x) })
		t.Logf("%v: error %.2e, random %.2e", kind, e, random)
		if !(e < random/8) {
			t.Errorf("%v: error %.2e, random numbers have %.2e", kind, e, random)
		}
	}
}

// trueOwen is the nested uniform scramble by its definition: an own random flip at every node of the tree.
func trueOwen(w uint64, seed uint64, dim int) float64 {
	out := uint64(0)
	for k := range sobolBits {
		above := w >> (sobolBits - k)
		flip := PhiloxBlock([4]uint32{uint32(above), uint32(above >> 32), uint32(k), uint32(dim)}, [2]uint32{uint32(seed), 1})
		digit := w>>(sobolBits-1-k)&1 ^ uint64(flip[0]&1)
		out = out<<1 | digit
	}
	return float64(out) * 0x1p-52
}

// The hash and the matrix scramble have the variance of the true nested scramble, on a smooth integrand, on a kink as
// of an option's payoff, and on a jump. The three variances are estimated from 600 scrambles each, to 8 % or so.
func TestScrambleVariance(t *testing.T) {
	if testing.Short() {
		t.Skip("600 true nested scrambles")
	}
	const dims, n, seeds = 2, 64, 600
	plain := mustSobol(t, dims, Unscrambled, 0)
	x := make([]float64, n*dims)
	plain.Uniforms(x)
	x[0], x[1] = 0, 0
	words := make([]uint64, len(x))
	for i, u := range x {
		words[i] = uint64(u * 0x1p52)
	}
	for _, c := range []struct {
		name string
		f    func(x []float64) float64
	}{
		{"smooth", smooth},
		{"kink", func(x []float64) float64 { return 3 * max(0, x[0]+x[1]-1) * 2 }},
		{"jump", func(x []float64) float64 {
			if x[0]*x[0]+x[1]*x[1] < 1 {
				return 4 / math.Pi
			}
			return 0
		}},
	} {
		truth := rootMeanSquare(n, dims, seeds, c.f, func(seed uint64, x []float64) {
			for i, w := range words {
				x[i] = trueOwen(w, seed, i%dims)
			}
		})
		for _, kind := range []Scramble{MatrixScramble, NestedScramble} {
			e := rootMeanSquare(n, dims, seeds, c.f, func(seed uint64, x []float64) {
				mustSobol(t, dims, kind, seed).Uniforms(x)
			})
			t.Logf("%s: %v has error %.3e, the true nested scramble %.3e", c.name, kind, e, truth)
			if !(e < 1.2*truth && e > truth/1.2) {
				t.Errorf("%s: %v has error %.3e, the true nested scramble %.3e", c.name, kind, e, truth)
			}
		}
	}
}
