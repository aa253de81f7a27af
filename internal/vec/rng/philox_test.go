package rng

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

var _ rand.Source = (*Philox)(nil)

// The known answers of the Random123 distribution, file kat_vectors, lines "philox4x32 10".
func TestPhiloxBlockKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		name    string
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{"zeros", [4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{"ones", [4]uint32{^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0)}, [2]uint32{^uint32(0), ^uint32(0)},
			[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{"digits of pi", [4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := PhiloxBlock(c.counter, c.key); got != c.want {
			t.Errorf("%s: got %08x, want %08x", c.name, got, c.want)
		}
	}
}

// The same answers must come out of the bulk functions, at the place that the counter names, in every variant.
func TestPhiloxBulkKnownAnswers(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		p := NewPhilox(0x299f31d0a4093822, 0x0370734413198a2e)
		p.block = 0x85a308d3243f6a88
		want := []uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}
		words := make([]uint32, 4*20)
		q := p
		q.Uint32s(words)
		if !slices.Equal(words[:4], want) {
			t.Errorf("Uint32s: got %08x, want %08x", words[:4], want)
		}
		long := make([]uint64, 40)
		q = p
		q.Uint64s(long)
		for i, w := range long {
			if w != uint64(words[2*i])|uint64(words[2*i+1])<<32 {
				t.Errorf("Uint64s[%d] = %016x disagrees with Uint32s", i, w)
			}
		}
		u := make([]float64, 40)
		q = p
		q.Uniforms(u)
		for i, w := range long {
			if u[i] != float64(w>>11|1)/(1<<53) {
				t.Errorf("Uniforms[%d] = %v, of word %016x", i, u[i], w)
			}
		}
	})
}

func TestUniformMapping(t *testing.T) {
	for _, c := range []struct {
		word uint64
		want float64
	}{
		{0, 0x1p-53}, {^uint64(0), 1 - 0x1p-53}, {1 << 63, 0.5 + 0x1p-53}, {1<<63 - 1, 0.5 - 0x1p-53}, {1 << 12, 3 * 0x1p-53},
	} {
		if got := uniform(c.word); got != c.want {
			t.Errorf("uniform(%016x) = %v, want %v", c.word, got, c.want)
		}
	}
}

// A stream is the same whatever the pieces it is drawn in, from any place.
func TestPhiloxPieces(t *testing.T) {
	const n = 400
	r := rand.New(rand.NewPCG(1, 2))
	eachVariant(t, func(t *testing.T) {
		whole := make([]uint64, n)
		p := NewPhilox(42, 7)
		p.Uint64s(whole)
		words := make([]uint32, 2*n)
		p = NewPhilox(42, 7)
		p.Uint32s(words)
		for range 200 {
			start := r.IntN(n)
			p, q, z := NewPhilox(42, 7), NewPhilox(42, 7), NewPhilox(42, 7)
			p.Seek(uint64(start))
			q.Skip(uint64(start))
			z.Skip(uint64(start / 2))
			z.Skip(uint64(start - start/2))
			if p != q || p != z {
				t.Fatalf("Seek(%d) is %+v, Skip gives %+v, Skip twice %+v", start, p, q, z)
			}
			for at := start; at < n; {
				m := min(r.IntN(70), n-at)
				a, b := make([]uint64, m), make([]float64, m)
				p.Uint64s(a)
				q.Uniforms(b)
				for i := range a {
					if a[i] != whole[at+i] || b[i] != uniform(a[i]) || z.Uint64() != a[i] {
						t.Fatalf("number %d differs when drawn from %d in a piece of %d", at+i, at, m)
					}
				}
				at += m
			}
			p = NewPhilox(42, 7)
			p.Seek(uint64(start))
			for at := 2 * start; at < 2*n; {
				m := min(r.IntN(140), 2*n-at)
				a := make([]uint32, m)
				p.Uint32s(a)
				if !slices.Equal(a, words[at:at+m]) {
					t.Fatalf("words from %d differ in a piece of %d", at, m)
				}
				at += m
			}
		}
	})
}

// A 64-bit number begins at an even word.
func TestPhiloxAlign(t *testing.T) {
	for odd := range 9 {
		p, q := NewPhilox(1, 2), NewPhilox(1, 2)
		p.Uint32s(make([]uint32, odd))
		q.Seek(uint64(odd+1) / 2)
		a, b := make([]uint64, 5), make([]uint64, 5)
		p.Uint64s(a)
		q.Uint64s(b)
		if !slices.Equal(a, b) {
			t.Errorf("after %d words: %x, want %x", odd, a, b)
		}
	}
}

// The lower half of the counter wraps without touching the stream.
func TestPhiloxWrap(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		p := NewPhilox(3, 4)
		p.block = ^uint64(0) - 9
		got := make([]uint64, 60)
		q := p
		q.Uint64s(got)
		for i := range 30 {
			if first, second := p.at(p.block + uint64(i)); got[2*i] != first || got[2*i+1] != second {
				t.Fatalf("block %d past the end differs", i-10)
			}
		}
		if q.block != 20 {
			t.Errorf("ends at block %d, want 20", q.block)
		}
		p.Skip(60)
		if p != q {
			t.Errorf("Skip ends at %+v, drawing at %+v", p, q)
		}
	})
}

// Every variant gives the bits of the definition, at every length and alignment, and writes nowhere else.
func TestPhiloxVariants(t *testing.T) {
	const longest, pad = 70, 9
	eachVariant(t, func(t *testing.T) {
		for n := range longest {
			for shift := range 8 {
				for _, place := range []uint64{0, 1, 1<<33 - 5, ^uint64(0) - 3} {
					p := NewPhilox(0xDEADBEEFCAFEF00D, 0x0123456789ABCDEF)
					p.Seek(place)
					want := make([]uint64, n)
					q := p
					for i := range want {
						want[i] = q.Uint64()
					}
					checkFloats(t, fmt.Sprintf("Uniforms n=%d shift=%d place=%d", n, shift, place), n, shift+pad,
						func(dst []float64) { r := p; r.Uniforms(dst) }, func(i int) float64 { return uniform(want[i]) })
					guarded := make([]uint64, n+2*pad+shift)
					for i := range guarded {
						guarded[i] = 0xFEFEFEFEFEFEFEFE
					}
					r := p
					r.Uint64s(guarded[pad+shift:][:n])
					if r != q {
						t.Fatalf("n=%d: ends at %+v, want %+v", n, r, q)
					}
					for i, w := range guarded {
						k := i - pad - shift
						if k >= 0 && k < n && w != want[k] || (k < 0 || k >= n) && w != 0xFEFEFEFEFEFEFEFE {
							t.Fatalf("Uint64s n=%d shift=%d place=%d: index %d is %x", n, shift, place, k, w)
						}
					}
				}
			}
		}
	})
}

func TestPhiloxAllocates(t *testing.T) {
	p := NewPhilox(1, 1)
	words, long, u := make([]uint32, 1001), make([]uint64, 1001), make([]float64, 1001)
	if n := testing.AllocsPerRun(10, func() {
		p.Uint32s(words)
		p.Uint64s(long)
		p.Uniforms(u)
		p.Normals(u)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
