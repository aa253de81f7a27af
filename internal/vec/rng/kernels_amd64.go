//go:build amd64 && !purego

package rng

//go:generate go -C _gen run . -family words -out ../philox_words_avx2_amd64.s -stubs ../philox_words_avx2_amd64.go -pkg rng
//go:generate go -C _gen run . -family words -avx512 -out ../philox_words_avx512_amd64.s -stubs ../philox_words_avx512_amd64.go -pkg rng
//go:generate go -C _gen run . -family uniforms -out ../philox_uniforms_avx2_amd64.s -stubs ../philox_uniforms_avx2_amd64.go -pkg rng
//go:generate go -C _gen run . -family uniforms -avx512 -out ../philox_uniforms_avx512_amd64.s -stubs ../philox_uniforms_avx512_amd64.go -pkg rng
//go:generate go -C _gen run . -family middle -out ../normal_middle_avx2_amd64.s -stubs ../normal_middle_avx2_amd64.go -pkg rng
//go:generate go -C _gen run . -family tails -out ../normal_tails_avx2_amd64.s -stubs ../normal_tails_avx2_amd64.go -pkg rng
//go:generate go -C _gen run . -family middle -avx512 -out ../normal_middle_avx512_amd64.s -stubs ../normal_middle_avx512_amd64.go -pkg rng
//go:generate go -C _gen run . -family tails -avx512 -out ../normal_tails_avx512_amd64.s -stubs ../normal_tails_avx512_amd64.go -pkg rng
//go:generate go -C _gen run . -family sobol -out ../sobol_avx2_amd64.s -stubs ../sobol_avx2_amd64.go -pkg rng
//go:generate go -C _gen run . -family sobol -avx512 -out ../sobol_avx512_amd64.s -stubs ../sobol_avx512_amd64.go -pkg rng

import (
	"math/bits"

	"golang.org/x/sys/cpu"
)

// detect returns the best variant for this machine.
func detect() variant {
	x := &cpu.X86
	switch {
	case x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512BW && x.HasBMI1 && x.HasPOPCNT:
		return avx512
	case x.HasAVX2 && x.HasFMA && x.HasBMI1 && x.HasPOPCNT:
		return avx2
	}
	return portable
}

const maxLanes = 8

// lanes is the number of 64-bit lanes of the variant's vectors.
func (v variant) lanes() int {
	if v == avx512 {
		return 8
	}
	return 4
}

// fillWords fills dst, of even length, with whole blocks, and moves past them.
func (p *Philox) fillWords(dst []uint64) {
	if active == portable {
		p.fillWordsGeneric(dst)
		return
	}
	sched, blocks := p.schedule(), active.lanes()
	run := func(dst []uint64, groups int) {
		if active == avx512 {
			philoxWordsAVX512(&dst[0], groups, p.block, &sched)
		} else {
			philoxWordsAVX2(&dst[0], groups, p.block, &sched)
		}
	}
	if groups := len(dst) / (2 * blocks); groups > 0 {
		run(dst, groups)
		p.block += uint64(groups * blocks)
		dst = dst[2*blocks*groups:]
	}
	if len(dst) > 0 {
		var last [2 * maxLanes]uint64
		run(last[:], 1)
		copy(dst, last[:])
		p.block += uint64(len(dst) / 2)
	}
}

// fillUniforms is fillWords with every word made a uniform.
func (p *Philox) fillUniforms(dst []float64) {
	if active == portable {
		p.fillUniformsGeneric(dst)
		return
	}
	sched, blocks := p.schedule(), active.lanes()
	run := func(dst []float64, groups int) {
		if active == avx512 {
			philoxUniformsAVX512(&dst[0], groups, p.block, &sched)
		} else {
			philoxUniformsAVX2(&dst[0], groups, p.block, &sched)
		}
	}
	if groups := len(dst) / (2 * blocks); groups > 0 {
		run(dst, groups)
		p.block += uint64(groups * blocks)
		dst = dst[2*blocks*groups:]
	}
	if len(dst) > 0 {
		var last [2 * maxLanes]float64
		run(last[:], 1)
		copy(dst, last[:])
		p.block += uint64(len(dst) / 2)
	}
}

// fillPoints writes the next n points, n > 0, and moves past them.
func (s *Sobol) fillPoints(dst []float64, n int) {
	t := s.table
	if active == portable {
		s.fillPointsGeneric(dst, n, 0, t.dims)
	} else {
		s.fillPointsVector(dst, n)
	}
	s.index = (s.index + uint64(n)) & (1<<sobolBits - 1)
}

// fillPointsVector passes over all n points for a few vectors of dimensions at a time.
func (s *Sobol) fillPointsVector(dst []float64, n int) {
	t, lanes := s.table, active.lanes()
	const word, wideVectors = 8, 8
	step, flipStep := word*t.dims, word*t.stride
	for lo := 0; lo < t.dims; {
		to, state, flip := &dst[lo], &s.state[lo], &t.flip[lo]
		width := min(lanes, t.dims-lo)
		switch wide := !t.nested && t.dims-lo >= wideVectors*lanes; {
		case wide && active == avx512:
			sobolWideAVX512(to, step, n, state, flip, flipStep, s.index)
			width = wideVectors * lanes
		case wide:
			sobolWideAVX2(to, step, n, state, flip, flipStep, s.index)
			width = wideVectors * lanes
		case t.nested && active == avx512:
			sobolNestedAVX512(to, step, n, state, flip, flipStep, s.index, width, &t.seed[lo])
		case t.nested:
			sobolNestedAVX2(to, step, n, state, flip, flipStep, s.index, width, &t.seed[lo])
		case active == avx512:
			sobolNarrowAVX512(to, step, n, state, flip, flipStep, s.index, width)
		default:
			sobolNarrowAVX2(to, step, n, state, flip, flipStep, s.index, width)
		}
		lo += width
	}
}

// fillColumn writes the next coordinates of dimension j; neither state nor index move.
func (s *Sobol) fillColumn(dst []float64, j int) {
	t, lanes := s.table, active.lanes()
	index, w := s.index, s.state[j]
	// The points before an index that is a multiple of the lanes, and after the last whole group, come one by one.
	head := min(len(dst), int(-index&uint64(lanes-1)))
	groups := (len(dst) - head) / lanes
	if active == portable || groups < 2 {
		s.fillColumnGeneric(dst, j, index, w)
		return
	}
	w = s.fillColumnGeneric(dst[:head], j, index, w)
	index = (index + uint64(head)) & (1<<sobolBits - 1)

	var first [maxLanes]uint64
	x := w
	for r := range lanes {
		first[r] = x
		x ^= t.flip[bits.TrailingZeros(uint(r+1))*t.stride+j]
	}
	// Within a group only the last step depends on the index, so from group to group all lanes change by the row of that
	// step and the change from the first to the last lane, one row as well: the Gray codes of 0 and 2^k-1 differ in one
	// digit. Of the indices from here to the end, none has more zeros than the highest digit that changes on the way.
	var delta [sobolBits + 1]uint64
	inner := bits.TrailingZeros(uint(lanes))
	across := t.flip[(inner-1)*t.stride+j]
	for c := inner; c < bits.Len64(index^(index+uint64(groups*lanes))); c++ {
		delta[c] = across ^ t.flip[c*t.stride+j]
	}
	body := dst[head:]
	switch {
	case t.nested && active == avx512:
		sobolNestedColumnAVX512(&body[0], groups, &first, &delta, index, t.seed[j])
	case t.nested:
		sobolNestedColumnAVX2(&body[0], groups, &first, &delta, index, t.seed[j])
	case active == avx512:
		sobolColumnAVX512(&body[0], groups, &first, &delta, index)
	default:
		sobolColumnAVX2(&body[0], groups, &first, &delta, index)
	}
	if tail := body[groups*lanes:]; len(tail) > 0 {
		index += uint64(groups * lanes)
		w = t.start[j]
		for g := gray(index & (1<<sobolBits - 1)); g != 0; g &= g - 1 {
			w ^= t.flip[bits.TrailingZeros64(g)*t.stride+j]
		}
		s.fillColumnGeneric(tail, j, index, w)
	}
}

// quantile gives the numbers of quantileGeneric. The tails, one number in seven, are packed, done together, and put
// back.
func quantile(x []float64) {
	if active == portable {
		quantileGeneric(x)
		return
	}
	lanes := active.lanes()
	for whole := len(x) / lanes * lanes; whole > 0; whole = len(x) / lanes * lanes {
		part := x[:min(whole, normalBlock)]
		quantileVector(part, lanes)
		x = x[len(part):]
	}
	if len(x) > 0 {
		last := [maxLanes]float64{0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5}
		copy(last[:], x)
		quantileVector(last[:lanes], lanes)
		copy(x, last[:])
	}
}

// quantileVector is quantile for at most normalBlock numbers in whole vectors.
func quantileVector(x []float64, lanes int) {
	var tails [normalBlock + maxLanes]float64
	var masks [normalBlock / 4]uint8
	groups := len(x) / lanes
	if active == avx512 {
		count := normalMiddleAVX512(&x[0], groups, &quantileTable, &tails[0], &masks[0])
		normalTailsAVX512(&tails[0], (count+lanes-1)/lanes, &quantileTable)
		normalScatterAVX512(&x[0], groups, &tails[0], &masks[0])
		return
	}
	count := normalMiddleAVX2(&x[0], groups, &quantileTable, &tails[0], &masks[0])
	normalTailsAVX2(&tails[0], (count+lanes-1)/lanes, &quantileTable)
	normalScatterAVX2(&x[0], groups, &tails[0], &masks[0])
}
