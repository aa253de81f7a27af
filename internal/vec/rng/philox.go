package rng

// Philox is the counter-based generator Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
// easy as 1, 2, 3" (SC11, 2011). A value is a place in one stream of one seed: the seed is the key, the stream is the
// upper half of the 128-bit counter, the place is the lower half. So two streams of a seed share no counter, another
// seed is another permutation of them all, going to any place costs nothing, and the numbers of a stream are the same
// whatever the sizes of the slices they are drawn into.
//
// A stream is a sequence of 2⁶⁶ words of 32 bits. A 64-bit number, and so a uniform or a normal, takes two words, the
// low one first, and begins at an even place: it skips a word if an odd number of words was taken by Uint32s before it.
//
// The zero value is the start of stream 0 of seed 0. A copy is an independent cursor at the same place. A value is not
// safe for concurrent use; give every piece of work its own stream.
type Philox struct {
	key    uint64 // the seed
	stream uint64 // upper half of the counter
	block  uint64 // lower half of the counter: the block of four words that comes next, or is in use
	used   uint8  // words of that block already taken, 0..3
}

const (
	philoxM0 = 0xD2511F53 // multipliers and Weyl key increments of Philox4x32, table 2 of the paper
	philoxM1 = 0xCD9E8D57
	philoxW0 = 0x9E3779B9
	philoxW1 = 0xBB67AE85

	philoxRounds = 10
)

// NewPhilox returns the generator at the start of the stream of the seed. Any two values are good ones.
func NewPhilox(seed, stream uint64) Philox {
	return Philox{key: seed, stream: stream}
}

// PhiloxBlock returns the four words that Philox4x32-10 makes of a counter under a key: the bare function, for those
// who lay out the 128 bits of the counter themselves. A [Philox] value uses the counter {block low, block high,
// stream low, stream high} and the key {seed low, seed high}.
func PhiloxBlock(counter [4]uint32, key [2]uint32) [4]uint32 {
	w0, w1, w2, w3 := philox(counter[0], counter[1], counter[2], counter[3], key[0], key[1])
	return [4]uint32{w0, w1, w2, w3}
}

// philox is PhiloxBlock on words in registers.
func philox(c0, c1, c2, c3, k0, k1 uint32) (w0, w1, w2, w3 uint32) {
	for range philoxRounds {
		p0, p1 := philoxM0*uint64(c0), philoxM1*uint64(c2)
		c0, c1, c2, c3 = uint32(p1>>32)^c1^k0, uint32(p1), uint32(p0>>32)^c3^k1, uint32(p0)
		k0, k1 = k0+philoxW0, k1+philoxW1
	}
	return c0, c1, c2, c3
}

// Seek moves to the n-th 64-bit number of the stream, counted from 0.
func (p *Philox) Seek(n uint64) {
	p.block, p.used = n>>1, uint8(n&1)<<1
}

// Skip moves over the next n 64-bit numbers, as drawing and forgetting them would.
func (p *Philox) Skip(n uint64) {
	p.align()
	half := uint64(p.used>>1) + n&1
	p.block += n>>1 + half>>1
	p.used = uint8(half&1) << 1
}

// align rounds the place up to an even word.
func (p *Philox) align() {
	if p.used&1 != 0 {
		p.used = (p.used + 1) & 3
		if p.used == 0 {
			p.block++
		}
	}
}

// Uint64 returns the next 64-bit number. It makes a *Philox a source for math/rand/v2; Uint64s is many times faster.
func (p *Philox) Uint64() uint64 {
	p.align()
	first, second := p.at(p.block)
	if p.used == 0 {
		p.used = 2
		return first
	}
	p.block, p.used = p.block+1, 0
	return second
}

// at returns the block as two 64-bit numbers.
func (p *Philox) at(block uint64) (first, second uint64) {
	w0, w1, w2, w3 := philox(uint32(block), uint32(block>>32), uint32(p.stream), uint32(p.stream>>32),
		uint32(p.key), uint32(p.key>>32))
	return uint64(w0) | uint64(w1)<<32, uint64(w2) | uint64(w3)<<32
}

// Uint32s fills dst with the next words of the stream.
func (p *Philox) Uint32s(dst []uint32) {
	for p.used != 0 && len(dst) > 0 {
		dst[0] = p.word()
		dst = dst[1:]
	}
	var buf [2 * bufferBlocks]uint64
	for len(dst) >= 4 {
		blocks := min(len(dst)/4, bufferBlocks)
		p.fillWords(buf[:2*blocks])
		for i, w := range buf[:2*blocks] {
			dst[2*i], dst[2*i+1] = uint32(w), uint32(w>>32)
		}
		dst = dst[4*blocks:]
	}
	for i := range dst {
		dst[i] = p.word()
	}
}

// bufferBlocks is the size of the buffer, on the stack, through which words of 32 bits pass.
const bufferBlocks = 64

// word returns the next word.
func (p *Philox) word() uint32 {
	w, second := p.at(p.block)
	if p.used > 1 {
		w = second
	}
	w >>= 32 * (p.used & 1)
	p.used = (p.used + 1) & 3
	if p.used == 0 {
		p.block++
	}
	return uint32(w)
}

// Uint64s fills dst with the next 64-bit numbers of the stream.
func (p *Philox) Uint64s(dst []uint64) {
	p.align()
	if p.used != 0 && len(dst) > 0 {
		dst[0] = p.Uint64()
		dst = dst[1:]
	}
	even := len(dst) &^ 1
	p.fillWords(dst[:even])
	if even < len(dst) {
		dst[even] = p.Uint64()
	}
}

// Uniforms fills dst with the uniforms of the next 64-bit numbers of the stream. A number w gives (w>>11 | 1)·2⁻⁵³, an
// odd multiple of 2⁻⁵³: strictly between 0 and 1, symmetric about ½ (1 − u is as likely as u, and exact).
func (p *Philox) Uniforms(dst []float64) {
	p.align()
	if p.used != 0 && len(dst) > 0 {
		dst[0] = uniform(p.Uint64())
		dst = dst[1:]
	}
	even := len(dst) &^ 1
	p.fillUniforms(dst[:even])
	if even < len(dst) {
		dst[even] = uniform(p.Uint64())
	}
}

// uniform is the number that a 64-bit word stands for.
func uniform(w uint64) float64 {
	return float64(w>>11|1) * 0x1p-53
}

// Normals fills dst with standard normal numbers, the inverse distribution function at the next uniforms. Their range
// is ±8.21.
func (p *Philox) Normals(dst []float64) {
	for len(dst) > 0 {
		part := dst[:min(len(dst), normalBlock)]
		p.Uniforms(part)
		quantile(part)
		dst = dst[len(part):]
	}
}

// fillWordsGeneric fills dst, of even length, with the blocks from p.block on, and moves past them.
func (p *Philox) fillWordsGeneric(dst []uint64) {
	for i := 0; i+1 < len(dst); i += 2 {
		dst[i], dst[i+1] = p.at(p.block)
		p.block++
	}
}

// fillUniformsGeneric is fillWordsGeneric with every word made a uniform.
func (p *Philox) fillUniformsGeneric(dst []float64) {
	for i := 0; i+1 < len(dst); i += 2 {
		first, second := p.at(p.block)
		dst[i], dst[i+1] = uniform(first), uniform(second)
		p.block++
	}
}

// schedule is the keys of the ten rounds, then the stream, every word in its 64-bit lane: the vector kernels broadcast
// them.
func (p *Philox) schedule() (lanes [2*philoxRounds + 2]uint64) {
	k0, k1 := uint32(p.key), uint32(p.key>>32)
	for r := range philoxRounds {
		lanes[2*r], lanes[2*r+1] = uint64(k0), uint64(k1)
		k0 += philoxW0
		k1 += philoxW1
	}
	lanes[2*philoxRounds], lanes[2*philoxRounds+1] = uint64(uint32(p.stream)), p.stream>>32
	return lanes
}
