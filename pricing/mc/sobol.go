package mc

import (
	"fmt"
	"sync"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/internal/vec/rng"
)

// Sobol draws the sequence of Sobol', randomised, for randomised quasi-Monte-Carlo: the paths are split into Replications
// independent randomisations of the sequence, whose means are independent estimates of the value, and the standard error is
// theirs. A path takes at most 21,201 numbers. Sets of a power of two paths for each replication integrate best.
type Sobol struct {
	Scramble     Scramble // the zero value is MatrixScramble
	Replications int      // 0 means 16; at least 2, for one has no error bar
}

// Scramble says how [Sobol] is randomised. Estimates are unbiased with each.
type Scramble int

const (
	MatrixScramble Scramble = iota // Matoušek's random linear scramble with a digital shift: Owen's rate at no cost
	OwenScramble                   // Owen's nested uniform scramble by hash
	DigitalShift                   // a random digital shift alone
)

var scrambles = [...]rng.Scramble{MatrixScramble: rng.MatrixScramble, OwenScramble: rng.NestedScramble,
	DigitalShift: rng.DigitalShift}

// String returns the name of the kind, in words.
func (s Scramble) String() string {
	if s < 0 || int(s) >= len(scrambles) {
		return fmt.Sprintf("Scramble(%d)", int(s))
	}
	return scrambles[s].String()
}

var _ Source = Sobol{}

const defaultReplications = 16

// Open returns the numbers.
func (o Sobol) Open(s Shape) (Stream, error) {
	const fn = "mc.Sobol"
	n := o.Replications
	if n == 0 {
		n = defaultReplications
	}
	if n < 2 || n > 1<<16 {
		return nil, fault.Arg(fn, "Replications", o.Replications, "0 or from 2 to 65536")
	}
	if o.Scramble < 0 || int(o.Scramble) >= len(scrambles) {
		return nil, fault.Arg(fn, "Scramble", int(o.Scramble), "one of the three kinds")
	}
	dims := s.Steps * (s.Factors + s.Uniforms)
	if dims > rng.MaxSobolDims {
		return nil, fault.Arg(fn, "numbers of a path", dims, fmt.Sprintf("at most %d: fewer time steps, or Philox", rng.MaxSobolDims))
	}
	return &sobolStream{shape: s, scramble: scrambles[o.Scramble], dims: dims, tables: make([]sobolTable, n),
		rows: make([]*rng.Sobol, n)}, nil
}

// sobolTable is a randomisation, made when the first worker needs it and shared by all.
type sobolTable struct {
	once sync.Once
	of   *rng.Sobol
}

// scatter makes one seed of two numbers, by a round of Philox.
func scatter(seed, index uint64) uint64 {
	g := rng.NewPhilox(seed, 1<<62|index)
	return g.Uint64()
}

type sobolStream struct {
	shape    Shape
	scramble rng.Scramble
	dims     int
	tables   []sobolTable // one for each replication
	rows     []*rng.Sobol // the worker's own cursors
}

func (o *sobolStream) ordered() bool     { return true }
func (o *sobolStream) Unit() Unit        { return PerReplication }
func (o *sobolStream) Replications() int { return len(o.rows) }

func (o *sobolStream) Clone() Stream {
	c := *o
	c.rows = make([]*rng.Sobol, len(o.rows))
	return &c
}

// row returns the worker's cursor into replication r.
func (o *sobolStream) row(r int) *rng.Sobol {
	if o.rows[r] == nil {
		t := &o.tables[r]
		t.once.Do(func() {
			g, err := rng.NewSobol(o.dims, o.scramble, scatter(o.shape.Seed, o.shape.Pass<<32|uint64(r)))
			if err != nil {
				panic(err) // Open has checked the dimensions and the scramble
			}
			t.of = g
		})
		o.rows[r] = t.of.Clone()
	}
	return o.rows[r]
}

func (o *sobolStream) Fill(d *Draws) {
	if o.dims == 0 {
		return
	}
	g := o.row(d.Replication)
	g.Seek(uint64(d.First))
	if o.shape.Uniforms == 0 {
		g.NormalColumns(d.All)
		return
	}
	g.UniformColumns(d.All)
	normals := d.All[:o.shape.Normals()*d.Paths]
	vec.InvNormCDF(normals, normals)
}
