package rng

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"io"
	"math"
	"math/bits"
	"testing"
)

// The embedded file is the published one: the digest was compared with a second, independent copy.
func TestJoeKuoDigest(t *testing.T) {
	z, err := gzip.NewReader(bytes.NewReader(joeKuo))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	sum := md5.Sum(text)
	if got := hex.EncodeToString(sum[:]); got != "15312c8ca2a7644ee4bf69ba5a79822b" {
		t.Errorf("digest %s", got)
	}
}

// A random triangular matrix leaves the highest digit of every direction number where it is, draws a fair half of the
// digits below, and is the same matrix for all numbers: sums go to sums.
func TestScrambleMatrix(t *testing.T) {
	const trials = 4000
	var below [sobolBits]int
	for trial := range uint64(trials) {
		var unit, v [sobolBits]uint64
		words := NewPhilox(trial, 5)
		for i := range unit {
			unit[i] = 1 << i
			v[i] = words.Uint64() >> 12
		}
		before := v
		random := NewPhilox(trial, 6)
		same := random
		scrambleMatrix(&unit, &random)
		scrambleMatrix(&v, &same)
		for i := range unit {
			if bits.Len64(unit[i]) != i+1 {
				t.Fatalf("digit %d goes to %x", i, unit[i])
			}
			for j := range i {
				below[i-1-j] += int(unit[i] >> j & 1)
			}
			var want uint64
			for w := before[i]; w != 0; w &= w - 1 {
				want ^= unit[bits.TrailingZeros64(w)]
			}
			if v[i] != want {
				t.Fatalf("%x goes to %x, want %x", before[i], v[i], want)
			}
		}
	}
	for k, n := range below[:sobolBits-1] {
		total := float64(trials * (sobolBits - 1 - k))
		within(t, "digits added below", float64(n)/total, 0.5, 0.5/math.Sqrt(total))
	}
}
