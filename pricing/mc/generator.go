package mc

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Generator makes blocks of paths of a model at given times, for methods that look at whole paths. A block depends on nothing but
// the generator and its index: blocks may be made in any order, by any number of workers, and again. It never changes once made
// and is safe for concurrent use; every worker has a [Block] of its own.
type Generator struct {
	times    []float64
	discount []float64
	sim      model.Simulation
	layout   model.Layout
	shape    Shape
	stream   Stream
	build    *builder
	paths    int // of a replication
	reps     int
	variance bool
	state    bool // blocks hold the states of the model
}

// Block is a worker's memory and the block of paths that it holds: what an instrument sees, and beside it what the method needs.
type Block struct {
	pricing.Paths
	Index       int         // of the block
	Replication int         // that it belongs to
	First       int         // index of its first path in the replication
	Weight      []float64   // by which payoffs are multiplied: all ones without importance sampling
	Variance    [][]float64 // see model.PathBlock; nil unless asked for
	State       [][]float64 // see model.PathBlock; nil unless asked for
	Draws       Draws       // the random numbers, before they build Brownian motions

	stream  Stream
	work    model.PathBlock
	memory  arena
	scratch [][]float64 // of the construction
	all     []float64
	weight  []float64
}

// The memory of a block stays within blockBytes, so that it is served by a second-level cache, as long as it has not fewer than
// leastBlock paths. They are fixed, for the numbers of a simulation depend on the size of its blocks.
const (
	blockBytes = 640 << 10
	leastBlock = 64
	mostBlock  = 1024
)

// blockSize returns the number of paths of a block that needs so many columns.
func blockSize(columns int) int {
	n := mostBlock
	for n > leastBlock && n*columns*8 > blockBytes {
		n /= 2
	}
	return n
}

// maxPathNumbers bounds the memory of one block: 64 paths of so many numbers are 512 MB.
const maxPathNumbers = 1 << 20

// spec is what a generator is made from.
type spec struct {
	times    []float64
	paths    int
	seed     uint64
	pass     uint64
	source   Source
	build    Construction
	variance bool
}

func newGenerator(sim model.Simulation, discount func(t float64) float64, s spec) (*Generator, error) {
	const fn = "mc.Generator"
	g := &Generator{times: s.times, sim: sim, layout: sim.Layout(), variance: s.variance}
	l := g.layout
	if err := checkLayout(l); err != nil {
		return nil, err
	}
	if !l.Rates {
		g.discount = make([]float64, len(s.times))
		for i, t := range s.times {
			d := discount(t)
			if !(d > 0) || math.IsInf(d, 1) {
				return nil, fault.Arg(fn, fmt.Sprintf("discount factor to %g years", t), d, "finite and > 0")
			}
			g.discount[i] = d
		}
	}
	steps := len(l.Steps)
	g.shape = Shape{Steps: steps, Factors: l.Factors, Uniforms: l.Uniforms, Seed: s.seed, Pass: s.pass}
	numbers := steps * (l.Factors + l.Uniforms)
	columns := numbers + len(s.times)*l.Assets + l.Scratch + pricing.ScratchColumns + steps/2
	if numbers > maxPathNumbers || columns > 2*maxPathNumbers {
		return nil, fault.Arg(fn, "numbers of a path", numbers, fmt.Sprintf("at most %d", maxPathNumbers))
	}
	g.shape.Block = blockSize(columns)
	source := s.source
	if source == nil {
		source = Philox{}
	}
	var err error
	if g.stream, err = source.Open(g.shape); err != nil {
		return nil, err
	}
	g.reps = g.stream.Replications()
	if g.paths, err = g.share(s.paths); err != nil {
		return nil, err
	}
	how := s.build
	if how == Automatic {
		how = Incremental
		if isOrdered(g.stream) {
			how = Bridge
		}
	}
	if g.build, err = newBuilder(how, l.Steps, l.Factors); err != nil {
		return nil, err
	}
	return g, nil
}

func checkLayout(l model.Layout) error {
	const fn = "mc.Generator"
	switch {
	case l.Assets < 1:
		return fault.Arg(fn, "Layout.Assets", l.Assets, ">= 1")
	case l.Factors < 0 || l.Uniforms < 0 || l.Scratch < 0 || l.States < 0:
		return fault.Arg(fn, "Layout", l, "no negative numbers")
	case len(l.Steps) > 0:
		if err := model.CheckTimes(fn, "Layout.Steps", l.Steps); err != nil {
			return err
		}
		if l.Steps[0] == 0 {
			return fault.Arg(fn, "Layout.Steps[0]", 0.0, "> 0")
		}
	}
	return nil
}

// share returns the paths of a replication, so that all together are at least paths. Pairs are whole.
func (g *Generator) share(paths int) (int, error) {
	if paths < 1 || paths > 1<<40 {
		return 0, fault.Arg("mc.Generator", "paths", paths, "from 1 to 2⁴⁰")
	}
	n := (paths + g.reps - 1) / g.reps
	if g.shape.paired(g.stream) {
		n += n & 1
	}
	return n, nil
}

// paired reports whether blocks must have an even number of paths.
func (Shape) paired(s Stream) bool {
	if s.Unit() == PerPair {
		return true
	}
	p, ok := s.(interface{ paired() bool })
	return ok && p.paired()
}

// Paths returns the number of paths of all blocks.
func (g *Generator) Paths() int { return g.reps * g.paths }

// Blocks returns the number of blocks.
func (g *Generator) Blocks() int { return g.reps * ((g.paths + g.shape.Block - 1) / g.shape.Block) }

// BlockPaths returns the number of paths of block index.
func (g *Generator) BlockPaths(index int) int {
	first := index / g.reps * g.shape.Block
	return min(g.shape.Block, g.paths-first)
}

// Unit returns the smallest set of paths that is independent of all others.
func (g *Generator) Unit() Unit { return g.stream.Unit() }

// NewBlock returns the memory of a worker.
func (g *Generator) NewBlock() *Block {
	n, l, s := g.shape.Block, g.layout, g.shape
	b := &Block{stream: g.stream.Clone()}
	b.all = make([]float64, n*s.Steps*(s.Factors+s.Uniforms))
	b.weight = make([]float64, n)
	b.Times, b.Discount, b.Assets = g.times, g.discount, l.Assets
	spot := len(g.times) * l.Assets
	b.memory.size(n)
	b.Spot = b.memory.columns(spot)
	if g.variance {
		b.Variance = b.memory.columns(spot)
	}
	if g.state {
		b.State = b.memory.columns(len(g.times) * l.States)
	}
	if l.Rates {
		b.PathDiscount = b.memory.columns(len(g.times))
	}
	b.Scratch = b.memory.columns(pricing.ScratchColumns)
	b.work.Scratch = b.memory.columns(l.Scratch)
	b.scratch = b.memory.columns(g.build.needs())
	b.memory.allocate()
	b.work.Normals = make([][]float64, s.Steps*s.Factors)
	b.work.Uniforms = make([][]float64, s.Steps*s.Uniforms)
	b.work.Spot, b.work.Variance, b.work.Discount, b.work.State = b.Spot, b.Variance, b.PathDiscount, b.State
	return b
}

// Make fills b, which [Generator.NewBlock] of this generator made, with the paths of block index.
func (g *Generator) Make(b *Block, index int) {
	g.Draw(b, index)
	g.sim.PathsTo(&b.work)
}

// Draw fills b with the random numbers of block index but makes no paths of them yet.
func (g *Generator) Draw(b *Block, index int) {
	g.prepare(b, index, g.BlockPaths(index))
	b.stream.Fill(&b.Draws)
	g.build.build(b.work.Normals, b.scratch)
}

// prepare lays out the columns of b for n paths of block index.
func (g *Generator) prepare(b *Block, index, n int) {
	b.Index, b.Replication, b.First = index, index%g.reps, index/g.reps*g.shape.Block
	b.Weight = b.weight[:n]
	fill(b.Weight, 1)
	d := &b.Draws
	*d = Draws{Paths: n, Block: index, Replication: b.Replication, First: b.First, Weight: b.Weight}
	d.All = b.all[:n*g.shape.Steps*(g.shape.Factors+g.shape.Uniforms)]
	b.memory.resize(n)
	for i := range b.work.Normals {
		b.work.Normals[i] = d.Column(i)
	}
	for i := range b.work.Uniforms {
		b.work.Uniforms[i] = d.Column(len(b.work.Normals) + i)
	}
	b.work.Key = g.shape.key(index)
}

// raw fills b with the random numbers of block index as they are before the construction, and copies them to dst.
func (g *Generator) raw(dst []float64, b *Block, index int) []float64 {
	g.prepare(b, index, g.BlockPaths(index))
	b.stream.Fill(&b.Draws)
	return append(dst[:0], b.Draws.All...)
}

// makeFrom fills b with n paths of block index made of the given random numbers, as they are before the construction.
func (g *Generator) makeFrom(b *Block, index, n int, numbers []float64) {
	g.prepare(b, index, n)
	copy(b.Draws.All, numbers)
	g.build.build(b.work.Normals, b.scratch)
	g.sim.PathsTo(&b.work)
}

// arena holds columns of equal length in one piece of memory.
type arena struct {
	n    int
	data []float64
	sets [][][]float64
}

func (a *arena) size(n int) { a.n = n }

// columns registers k columns, which have memory after allocate.
func (a *arena) columns(k int) [][]float64 {
	c := make([][]float64, k)
	a.sets = append(a.sets, c)
	return c
}

func (a *arena) allocate() {
	k := 0
	for _, s := range a.sets {
		k += len(s)
	}
	a.data = make([]float64, k*a.n)
	a.resize(a.n)
}

// resize makes all columns n long.
func (a *arena) resize(n int) {
	at := 0
	for _, s := range a.sets {
		for i := range s {
			s[i] = a.data[at : at+n : at+n]
			at += a.n
		}
	}
}
