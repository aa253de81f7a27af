package mc

// Antithetic wraps a source so that every path has a mirror image, made of the opposite normals and of 1 − u for each uniform u.
// The pairs are the independent units; a payoff that is monotone in the normals gains.
//
// The mirror of a path drawn by [Importance] would not have the law that its weight says: put Antithetic inside of it.
type Antithetic struct {
	Of Source // nil means Philox{}
}

var _ Source = Antithetic{}

// Open returns the numbers.
func (a Antithetic) Open(s Shape) (Stream, error) {
	half := s
	half.Block /= 2
	of, err := open(a.Of, half, "mc.Antithetic", "Importance")
	if err != nil {
		return nil, err
	}
	return newAntithetic(s, of), nil
}

func (a Antithetic) inside() Source { return a.Of }

type antitheticStream struct {
	of      Stream
	shape   Shape
	numbers []float64
	weight  []float64
	half    Draws
}

func newAntithetic(s Shape, of Stream) *antitheticStream {
	n := s.Block / 2
	return &antitheticStream{of: of, shape: s, numbers: make([]float64, n*s.Steps*(s.Factors+s.Uniforms)),
		weight: make([]float64, n)}
}

func (a *antitheticStream) Clone() Stream     { return newAntithetic(a.shape, a.of.Clone()) }
func (a *antitheticStream) Unit() Unit        { return max(a.of.Unit(), PerPair) }
func (a *antitheticStream) Replications() int { return a.of.Replications() }
func (a *antitheticStream) paired() bool      { return true }
func (a *antitheticStream) ordered() bool     { return isOrdered(a.of) }

func (a *antitheticStream) Fill(d *Draws) {
	n := d.Paths / 2
	half := &a.half
	*half = Draws{Paths: n, Block: d.Block, Replication: d.Replication, First: d.First / 2,
		All: a.numbers[:len(d.All)/2], Weight: a.weight[:n]}
	a.of.Fill(half)
	normals := a.shape.Normals()
	for i := range len(d.All) / max(d.Paths, 1) {
		src, dst := half.Column(i), d.Column(i)
		copy(dst, src)
		mirror := dst[n:]
		if i < normals {
			for j, z := range src {
				mirror[j] = -z
			}
			continue
		}
		for j, u := range src {
			mirror[j] = 1 - u
		}
	}
}
