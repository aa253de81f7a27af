//go:build !amd64 || purego

package rng

func (p *Philox) fillWords(dst []uint64)     { p.fillWordsGeneric(dst) }
func (p *Philox) fillUniforms(dst []float64) { p.fillUniformsGeneric(dst) }

// fillPoints writes the next n points and moves past them.
func (s *Sobol) fillPoints(dst []float64, n int) {
	s.fillPointsGeneric(dst, n, 0, s.table.dims)
	s.index = (s.index + uint64(n)) & (1<<sobolBits - 1)
}

// fillColumn writes the next coordinates of dimension j; neither state nor index move.
func (s *Sobol) fillColumn(dst []float64, j int) {
	s.fillColumnGeneric(dst, j, s.index, s.state[j])
}

// detect returns the only variant there is.
func detect() variant { return portable }

// quantile is quantileGeneric.
func quantile(x []float64) { quantileGeneric(x) }
