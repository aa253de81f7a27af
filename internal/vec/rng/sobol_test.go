package rng

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
)

var scrambles = []Scramble{Unscrambled, DigitalShift, MatrixScramble, NestedScramble}

func mustSobol(t testing.TB, dims int, s Scramble, seed uint64) *Sobol {
	t.Helper()
	g, err := NewSobol(dims, s, seed)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// The first ten points in ten dimensions that Joe and Kuo's own program prints for their file new-joe-kuo-6.21201.
func TestSobolPublishedPoints(t *testing.T) {
	want := []float64{
		0x1p-53, 0x1p-53, 0x1p-53, 0x1p-53, 0x1p-53, 0x1p-53, 0x1p-53, 0x1p-53, 0x1p-53, 0x1p-53, // stands for 0
		0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5,
		0.75, 0.25, 0.25, 0.25, 0.75, 0.75, 0.25, 0.75, 0.75, 0.75,
		0.25, 0.75, 0.75, 0.75, 0.25, 0.25, 0.75, 0.25, 0.25, 0.25,
		0.375, 0.375, 0.625, 0.875, 0.375, 0.125, 0.375, 0.875, 0.875, 0.625,
		0.875, 0.875, 0.125, 0.375, 0.875, 0.625, 0.875, 0.375, 0.375, 0.125,
		0.625, 0.125, 0.875, 0.625, 0.625, 0.875, 0.125, 0.125, 0.125, 0.375,
		0.125, 0.625, 0.375, 0.125, 0.125, 0.375, 0.625, 0.625, 0.625, 0.875,
		0.1875, 0.3125, 0.9375, 0.4375, 0.5625, 0.3125, 0.4375, 0.9375, 0.9375, 0.3125,
		0.6875, 0.8125, 0.4375, 0.9375, 0.0625, 0.8125, 0.9375, 0.4375, 0.4375, 0.8125,
	}
	eachVariant(t, func(t *testing.T) {
		got := make([]float64, 100)
		mustSobol(t, 10, Unscrambled, 0).Uniforms(got)
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("point %d, dimension %d: %v, want %v", i/10, i%10, got[i], want[i])
			}
		}
	})
}

// The last dimension, from the last line of the file: the first direction numbers are m_k/2^k.
func TestSobolLastDimension(t *testing.T) {
	s := mustSobol(t, MaxSobolDims, Unscrambled, 0)
	m := []uint64{1, 1, 7, 11, 15, 7, 37, 239, 337, 245, 1557, 3681, 7357, 9639, 27367, 26869, 114603, 86317}
	for k, mk := range m {
		if got, want := s.table.flip[k*s.table.stride+MaxSobolDims-1], mk<<(51-k); got != want {
			t.Errorf("direction number %d is %x, want %x", k+1, got, want)
		}
	}
	// Every direction number is odd at its place, as the net property in one dimension needs.
	for j := range MaxSobolDims {
		for c := range sobolBits {
			if v := s.table.flip[c*s.table.stride+j]; v<<(64-sobolBits+c) != 1<<63 || v>>sobolBits != 0 {
				t.Fatalf("dimension %d: direction number %d is %x", j, c, v)
			}
		}
	}
}

// reference is the definition from the paper, equation (1): digits of the Gray code times direction numbers, scrambled.
func reference(s *Sobol, index uint64, j int) float64 {
	t := s.table
	w := t.start[j]
	for c, g := 0, gray(index); g != 0; c, g = c+1, g>>1 {
		if g&1 != 0 {
			w ^= t.flip[c*t.stride+j]
		}
	}
	if t.nested {
		w = nestedScramble(w, uint32(t.seed[j]))
	}
	return max(math.Float64frombits(w)-1, 0x1p-53)
}

// Every variant gives the bits of the definition for both orders, for all numbers of dimensions up to two vectors more
// than the widest kernel, every length in one dimension, from odd places, and writes nowhere else.
func TestSobolVariants(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, kind := range scrambles {
		full := mustSobol(t, 145, kind, 99)
		eachVariant(t, func(t *testing.T) {
			for dims := 1; dims <= 145; dims++ {
				if dims > 84 && dims < 126 {
					continue
				}
				s := mustSobol(t, dims, kind, 99)
				points := r.IntN(9)
				if dims == 1 {
					points = 70
				}
				for n := range points + 1 {
					place := []uint64{0, 1, 8, 5, 1<<40 - 3, 1<<52 - 4}[r.IntN(6)]
					what := fmt.Sprintf("%v, %d dims, %d points from %d", kind, dims, n, place)
					at := func(i int) uint64 { return (place + uint64(i)) & (1<<52 - 1) }
					s.Seek(place)
					checkFloats(t, what, n*dims, r.IntN(17), s.Uniforms,
						func(i int) float64 { return reference(full, at(i/dims), i%dims) })
					if s.Index() != at(n) {
						t.Fatalf("%s: ends at %d", what, s.Index())
					}
					next := slices.Clone(s.state)
					s.Seek(place)
					checkFloats(t, what+", columns", n*dims, r.IntN(17), s.UniformColumns,
						func(i int) float64 { return reference(full, at(i%n), i/n) })
					if s.Index() != at(n) || !slices.Equal(next, s.state) {
						t.Fatalf("%s: columns end in another state than points", what)
					}
				}
			}
		})
	}
}

// Long columns and long runs of points cross every alignment of the index, and the blocks of the driver.
func TestSobolLong(t *testing.T) {
	for _, kind := range scrambles {
		for _, dims := range []int{1, 3, 8, 67} {
			s := mustSobol(t, dims, kind, 5)
			eachVariant(t, func(t *testing.T) {
				const n = 2500
				place := uint64(1<<20 - 77)
				s.Seek(place)
				a, b := make([]float64, n*dims), make([]float64, n*dims)
				s.Uniforms(a)
				s.Seek(place)
				s.UniformColumns(b)
				for i := range n {
					for j := range dims {
						want := reference(s, place+uint64(i), j)
						if a[i*dims+j] != want || b[j*n+i] != want {
							t.Fatalf("%v: point %d, dimension %d: %v and %v, want %v", kind, i, j, a[i*dims+j], b[j*n+i], want)
						}
					}
				}
			})
		}
	}
}

func TestSobolPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const n, dims = 300, 13
	whole := make([]float64, n*dims)
	s := mustSobol(t, dims, MatrixScramble, 1)
	s.Uniforms(whole)
	s.Seek(0)
	for at := 0; at < n; {
		m := min(r.IntN(40), n-at)
		c := s.Clone()
		got, same := make([]float64, m*dims), make([]float64, m*dims)
		s.Uniforms(got)
		c.Uniforms(same)
		if !slices.Equal(got, whole[at*dims:(at+m)*dims]) || !slices.Equal(got, same) {
			t.Fatalf("points from %d differ in a piece of %d", at, m)
		}
		at += m
	}
}

// A dimension does not depend on how many there are; seeds and dimensions differ.
func TestSobolSeeds(t *testing.T) {
	for _, kind := range scrambles[1:] {
		a, b, c := make([]float64, 4), make([]float64, 12), make([]float64, 12)
		mustSobol(t, 4, kind, 8).Uniforms(a)
		mustSobol(t, 12, kind, 8).Uniforms(b)
		mustSobol(t, 12, kind, 9).Uniforms(c)
		if !slices.Equal(a, b[:4]) {
			t.Errorf("%v: %v in 4 dimensions, %v in 12", kind, a, b[:4])
		}
		seen := map[float64]bool{}
		for _, x := range append(b, c...) {
			if seen[x] {
				t.Errorf("%v: %v comes twice in the first points of two seeds", kind, x)
			}
			seen[x] = true
		}
	}
}

func TestSobolErrors(t *testing.T) {
	for _, dims := range []int{-1, 0, MaxSobolDims + 1} {
		if _, err := NewSobol(dims, Unscrambled, 0); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%d dimensions: %v", dims, err)
		}
	}
	if _, err := NewSobol(1, 4, 0); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("unknown scramble: %v", err)
	}
	if text, err := NestedScramble.MarshalText(); string(text) != "nested scramble" || err != nil {
		t.Errorf("MarshalText: %s, %v", text, err)
	}
	if _, err := Scramble(-1).MarshalText(); err == nil || Scramble(9).String() != "Scramble(9)" {
		t.Errorf("an unknown kind has a name")
	}
	defer func() {
		if recover() == nil {
			t.Error("a slice that is no whole number of points was filled")
		}
	}()
	mustSobol(t, 3, Unscrambled, 0).Uniforms(make([]float64, 4))
}

func TestSobolAllocates(t *testing.T) {
	for _, kind := range scrambles {
		s := mustSobol(t, 67, kind, 1)
		dst := make([]float64, 67*100)
		if n := testing.AllocsPerRun(5, func() {
			s.Uniforms(dst)
			s.UniformColumns(dst)
			s.Normals(dst)
			s.NormalColumns(dst)
			s.Seek(12345)
		}); n != 0 {
			t.Errorf("%v: %v allocations", kind, n)
		}
	}
}

// Workers with clones of one generator, and streams of one seed, give what one goroutine gives.
func TestConcurrentUse(t *testing.T) {
	const workers, n, dims = 8, 500, 9
	s := mustSobol(t, dims, NestedScramble, 4)
	want := make([]float64, workers*n*dims)
	s.Clone().Normals(want)
	got, streams := make([]float64, len(want)), make([]float64, len(want))
	var group sync.WaitGroup
	for w := range workers {
		c := s.Clone()
		group.Go(func() {
			c.Seek(uint64(w * n))
			c.Normals(got[w*n*dims:][:n*dims])
			p := NewPhilox(6, uint64(w))
			p.Normals(streams[w*n*dims:][:n*dims])
		})
	}
	group.Wait()
	if !slices.Equal(got, want) {
		t.Error("Sobol: workers give other numbers")
	}
	for w := range workers {
		p := NewPhilox(6, uint64(w))
		p.Normals(want[:n*dims])
		if !slices.Equal(streams[w*n*dims:][:n*dims], want[:n*dims]) {
			t.Errorf("Philox: stream %d differs", w)
		}
	}
}

// The end of the period may fall anywhere in a vector run; after it comes point 0.
func TestSobolPeriod(t *testing.T) {
	const n = 90
	for _, kind := range scrambles {
		for _, dims := range []int{1, 3, 70} {
			s := mustSobol(t, dims, kind, 12)
			eachVariant(t, func(t *testing.T) {
				for _, before := range []uint64{1, 8, 37, 64} {
					points, columns := make([]float64, n*dims), make([]float64, n*dims)
					s.Seek(1<<52 - before)
					s.Uniforms(points)
					state := slices.Clone(s.state)
					s.Seek(1<<52 - before)
					s.UniformColumns(columns)
					if s.Index() != n-before || !slices.Equal(state, s.state) {
						t.Fatalf("%v, %d dims: ends at %d, want %d, or in two states", kind, dims, s.Index(), n-before)
					}
					for i := range n {
						for j := range dims {
							want := reference(s, (1<<52-before+uint64(i))&(1<<52-1), j)
							if points[i*dims+j] != want || columns[j*n+i] != want {
								t.Fatalf("%v, %d dims, %d before the end: point %d, dimension %d: %v and %v, want %v",
									kind, dims, before, i, j, points[i*dims+j], columns[j*n+i], want)
							}
						}
					}
				}
			})
		}
	}
}
