package rng

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // the direction numbers
	"io"
	"math/bits"
)

// MaxSobolDims is the number of dimensions for which Joe and Kuo give direction numbers.
const MaxSobolDims = 21201

// sobolBits is the number of binary digits of a coordinate, and the logarithm of the period: the step that a float64 in
// [1, 2) resolves.
const sobolBits = 52

// one is the bit pattern of 1.0: the exponent that makes 52 digits of a fraction f the number 1 + f.
const one = 0x3FF << sobolBits

// joeKuo is new-joe-kuo-6.21201, S. Joe and F. Y. Kuo, "Constructing Sobol' sequences with better two-dimensional
// projections", SIAM J. Sci. Comput. 30 (2008), pp. 2635-2654; the licence is data/LICENSE. After a line of headings,
// there is a line d s a m₁ … mₛ for each dimension from 2: degree and inner coefficients of a primitive polynomial,
// initial direction numbers.
//
//go:embed data/new-joe-kuo-6.21201.gz
var joeKuo []byte

// sobolTable is what cursors over the same point set share: it never changes once made. Words are 52-bit integers, most
// significant binary digit of the coordinate first, in the form of the scramble (see nested.encode).
type sobolTable struct {
	dims   int
	stride int      // dims rounded up to whole vectors of eight
	flip   []uint64 // 53 rows of stride: row c is what changes from point i to i+1 where i+1 ends in c zero bits
	start  []uint64 // the coordinates of point 0
	nested bool
	seed   []uint64 // of the nested scramble, in the low half
}

// newSobolTable decodes the direction numbers of the first dims dimensions and scrambles them.
func newSobolTable(dims int, s Scramble, seed uint64) *sobolTable {
	stride := (dims + 7) &^ 7
	t := &sobolTable{
		dims: dims, stride: stride,
		flip:   aligned((sobolBits + 1) * stride),
		start:  aligned(stride),
		nested: s == NestedScramble,
	}
	if t.nested {
		t.seed = aligned(stride)
	}
	r := newJoeKuoReader()
	var v [sobolBits]uint64
	for j := range dims {
		r.next(j, &v)
		random := NewPhilox(seed^sobolKey, uint64(j))
		switch s {
		case Unscrambled:
			t.start[j] = one
		case DigitalShift:
			t.start[j] = one | random.Uint64()>>(64-sobolBits)
		case MatrixScramble:
			t.start[j] = one | random.Uint64()>>(64-sobolBits)
			scrambleMatrix(&v, &random)
		case NestedScramble:
			t.start[j] = nestedEncode(random.Uint64() >> (64 - sobolBits))
			t.seed[j] = random.Uint64() >> 32
			for c := range v {
				v[c] = nestedEncode(v[c])
			}
		}
		for c := range v {
			t.flip[c*stride+j] = v[c]
		}
		t.flip[sobolBits*stride+j] = v[sobolBits-1] // from the last point of the period back to point 0
	}
	return t
}

// sobolKey keeps the random numbers of the scrambles apart from the streams that a caller draws from the same seed.
const sobolKey = 0x536F626F6C277331

// scrambleMatrix multiplies the direction numbers by a random lower triangular matrix with ones on the diagonal, over
// the field of two elements: to each digit a random half of the digits above it is added.
func scrambleMatrix(v *[sobolBits]uint64, random *Philox) {
	var column [sobolBits]uint64 // where the digit of value 2^i goes
	random.Uint64s(column[:])
	for i := range column {
		digit := uint64(1) << i
		column[i] = column[i]&(digit-1) | digit
	}
	for c, w := range v {
		var out uint64
		for ; w != 0; w &= w - 1 {
			out ^= column[bits.TrailingZeros64(w)]
		}
		v[c] = out
	}
}

// joeKuoReader reads the table line by line; it is told nothing that can fail, for the table is part of the program.
type joeKuoReader struct{ r *bufio.Reader }

func newJoeKuoReader() *joeKuoReader {
	z, err := gzip.NewReader(bytes.NewReader(joeKuo))
	if err != nil {
		panic("rng: the embedded direction numbers are damaged: " + err.Error())
	}
	r := &joeKuoReader{bufio.NewReader(z)}
	if _, err := r.r.ReadString('\n'); err != nil {
		panic("rng: the embedded direction numbers are damaged: " + err.Error())
	}
	return r
}

// next writes the direction numbers of dimension j, counted from 0, to v; dimensions must be asked for in order. Bit
// i of the binary expansion of the index goes with v[i], whose highest set binary digit is the (i+1)-st after the
// point.
func (r *joeKuoReader) next(j int, v *[sobolBits]uint64) {
	if j == 0 { // van der Corput's sequence in base 2
		for i := range v {
			v[i] = 1 << (sobolBits - 1 - i)
		}
		return
	}
	if d := r.number(); d != uint64(j+1) {
		panic("rng: the embedded direction numbers are out of order")
	}
	s, a := int(r.number()), r.number()
	for i := range s {
		v[i] = r.number() << (sobolBits - 1 - i)
	}
	for i := s; i < sobolBits; i++ { // equation (2) of the paper
		w := v[i-s] ^ v[i-s]>>s
		for k := 1; k < s; k++ {
			if a>>(s-1-k)&1 != 0 {
				w ^= v[i-k]
			}
		}
		v[i] = w
	}
}

// number returns the next decimal number.
func (r *joeKuoReader) number() uint64 {
	n, digits := uint64(0), 0
	for {
		c, err := r.r.ReadByte()
		if err != nil && (err != io.EOF || digits == 0) {
			panic("rng: the embedded direction numbers are damaged: " + err.Error())
		}
		if err != nil || c < '0' || c > '9' {
			if digits > 0 {
				return n
			}
			continue
		}
		n, digits = 10*n+uint64(c-'0'), digits+1
	}
}
