package rng

import "math/bits"

// A nested uniform scramble (Owen, "Randomly permuted (t,m,s)-nets and (t,s)-sequences", 1995) flips a binary digit
// of a coordinate or leaves it, by a random choice that depends on all digits above. On the number with its digits in
// reverse order such a map is one in which information flows only upwards, as in x += s, x *= odd, x ^= x*even; a
// short chain of those is a hash that scrambles (Laine and Karras, "Stratified sampling for stochastic transparency",
// 2011; Burley 2020).
//
// The upper 32 of the 52 digits are scrambled by the chain of Vegdahl ("Building a better LK hash", 2021), which
// mixes better than the original one; the lower 20 are flipped by a hash of the upper 32. The random shift that comes
// before makes two sequences with the same 32-bit seed differ.

// nestedEncode brings a word into the form of nestedScramble: the upper 32 digits, reversed, in the low half, the lower
// 20 in the high half. It is linear in the digits, so the Gray-code recurrence runs in this form.
func nestedEncode(w uint64) uint64 {
	return uint64(bits.Reverse32(uint32(w>>20))) | w<<44>>12
}

// nestedScramble returns the scrambled word with the exponent of [1, 2) above it.
func nestedScramble(code uint64, seed uint32) uint64 {
	n := uint32(code)
	n ^= n * 0x3D20ADEA
	n += seed
	n *= seed>>16 | 1
	n ^= n * 0x05526C56
	n ^= n * 0x53A22864
	low := uint64(n) * 0x9E3779B1 >> 44 // 20 bits that depend on all of n
	return one | uint64(bits.Reverse32(n))<<20 | (code>>32 ^ low)
}
