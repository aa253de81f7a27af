package mc

import (
	"fmt"
	"strings"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec/rng"
)

// Source is where the random numbers of a simulation come from: [Philox], [Sobol], or one of these wrapped in a technique of
// variance reduction, such as [Antithetic].
type Source interface {
	// Open returns the numbers for simulations of a shape.
	Open(s Shape) (Stream, error)
}

// Stream makes the random numbers of blocks of paths. Those of a block depend on nothing but the shape and the block, so that
// blocks may be made in any order, by any number of clones, and again. A Stream is not safe for concurrent use.
type Stream interface {
	// Clone returns a stream of the same numbers for another worker.
	Clone() Stream
	// Fill writes the numbers of a block.
	Fill(d *Draws)
	// Unit returns the smallest set of paths that is independent of all others.
	Unit() Unit
	// Replications returns the number of independent replications, 1 unless Unit is [PerReplication].
	Replications() int
}

// Shape is what a simulation asks of its random numbers.
type Shape struct {
	Steps    int    // time steps of a path
	Factors  int    // normals of a step
	Uniforms int    // uniforms of a step
	Block    int    // paths of a block, the last ones excepted
	Seed     uint64 // of all randomness
	Pass     uint64 // another pass of the same seed is independent of this one
}

// Normals returns the number of normals that a path takes.
func (s Shape) Normals() int { return s.Steps * s.Factors }

// Draws are the random numbers of a block of paths.
type Draws struct {
	Paths       int // in this block
	Block       int // the index of the block within the simulation
	Replication int // the replication that it belongs to
	First       int // the index of its first path within the replication
	// All holds one column of Paths numbers after another: first the normals, dimension by dimension, the most important
	// dimension first, then the uniforms.
	All []float64
	// Weight holds the ratio of the density of the model to that from which the path was drawn, ones unless a technique
	// changes it.
	Weight []float64
}

// Column returns the numbers of dimension j.
func (d *Draws) Column(j int) []float64 { return d.All[j*d.Paths : (j+1)*d.Paths] }

// Unit is the smallest set of paths that is independent of all others. Standard errors are those of means of units.
type Unit int

const (
	PerPath        Unit = iota // paths are independent
	PerPair                    // path j and path j + Paths/2 of a block belong together
	PerBlock                   // the paths of a block belong together
	PerReplication             // the paths of a replication belong together
)

// open opens a source inside of a technique, Philox if it is nil. A source of one of the refused kinds, by name, is an error.
func open(of Source, s Shape, fn string, refused ...string) (Stream, error) {
	if of == nil {
		of = Philox{}
	}
	for inner := of; inner != nil; {
		for _, r := range refused {
			if kind(inner) == r {
				return nil, fault.Arg(fn, "Of", fmt.Sprintf("%T", inner), "not around "+r+": the other way round, or without")
			}
		}
		w, ok := inner.(interface{ inside() Source })
		if !ok {
			break
		}
		inner = w.inside()
	}
	return of.Open(s)
}

// kind returns the name of the type of a source.
func kind(s Source) string {
	name := fmt.Sprintf("%T", s)
	return name[strings.LastIndexByte(name, '.')+1:]
}

// isOrdered reports whether the first dimensions of a stream are the better ones.
func isOrdered(s Stream) bool {
	o, ok := s.(interface{ ordered() bool })
	return ok && o.ordered()
}

// Philox draws pseudorandom numbers from the counter-based generator Philox4x32-10, keyed by the seed and the block. It is the
// source that a nil Source stands for.
type Philox struct{}

var _ Source = Philox{}

// Open returns the numbers.
func (Philox) Open(s Shape) (Stream, error) {
	if s.Pass >= 1<<22 {
		return nil, fault.Arg("mc.Philox", "Pass", s.Pass, "below 2²²")
	}
	return &philoxStream{s}, nil
}

type philoxStream struct{ shape Shape }

func (p *philoxStream) Clone() Stream     { return p }
func (p *philoxStream) Unit() Unit        { return PerPath }
func (p *philoxStream) Replications() int { return 1 }

func (p *philoxStream) Fill(d *Draws) {
	g := rng.NewPhilox(p.shape.Seed, p.shape.Pass<<40|uint64(d.Block))
	n := p.shape.Normals() * d.Paths
	g.Normals(d.All[:n])
	g.Uniforms(d.All[n:])
}

// key returns what a scheme of a block makes generators of its own from: no stream of [Philox] has it.
func (s Shape) key(block int) [2]uint64 { return [2]uint64{s.Seed, 1<<63 | s.Pass<<40 | uint64(block)} }
