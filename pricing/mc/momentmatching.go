package mc

import (
	"math"

	"github.com/volgaquant/volga/internal/vec"
)

// MomentMatching wraps a source so that, in every block, the normals of every dimension have mean zero and variance one
// exactly. It helps payoffs that are nearly linear or quadratic in the normals. The paths of a block are no longer
// independent: blocks are the units, and the bias that the matching brings is of the order of one over the paths of a block
// (64 to 1024). Blocks with fewer than 32 paths are left as they are.
type MomentMatching struct {
	Of Source // nil means Philox{}; not Sobol, which is even by itself, nor Importance, whose weights would no longer hold
}

var _ Source = MomentMatching{}

const leastMatched = 32

// Open returns the numbers.
func (m MomentMatching) Open(s Shape) (Stream, error) {
	of, err := open(m.Of, s, "mc.MomentMatching", "Importance", "Sobol")
	if err != nil {
		return nil, err
	}
	return &matchedStream{of, s}, nil
}

func (m MomentMatching) inside() Source { return m.Of }

type matchedStream struct {
	of    Stream
	shape Shape
}

func (m *matchedStream) Clone() Stream     { return &matchedStream{m.of.Clone(), m.shape} }
func (m *matchedStream) Unit() Unit        { return max(m.of.Unit(), PerBlock) }
func (m *matchedStream) Replications() int { return m.of.Replications() }
func (m *matchedStream) paired() bool      { return m.shape.paired(m.of) }
func (m *matchedStream) ordered() bool     { return isOrdered(m.of) }

func (m *matchedStream) Fill(d *Draws) {
	m.of.Fill(d)
	if d.Paths < leastMatched {
		return
	}
	n := float64(d.Paths)
	for i := range m.shape.Normals() {
		z := d.Column(i)
		mean := vec.Sum(z) / n
		for j := range z {
			z[j] -= mean
		}
		scale := 1 / math.Sqrt(vec.Dot(z, z)/n)
		for j := range z {
			z[j] *= scale
		}
	}
}
