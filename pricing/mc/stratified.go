package mc

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
)

// Stratified wraps a source so that the normals of every block, projected onto one direction, have one path in each of as many
// equally likely strata as the block has paths. Blocks are the units. It serves payoffs whose variance comes from one direction:
// by default that of the first dimension, the end of the Brownian motion of the first factor when it is built by a bridge,
// which is what [Automatic] then does.
type Stratified struct {
	Of Source // nil means Philox{}; not Sobol, which is stratified by itself, nor Importance, whose weights would no longer hold
	// Direction has a number for each normal of a path, in the order of the construction; its length does not matter. That of
	// [Engine.OptimalDrift] is a good one: Glasserman, Heidelberger and Shahabuddin, "Asymptotically optimal importance
	// sampling and stratification for pricing path-dependent options", Mathematical Finance 9 (1999). Nil means the first
	// dimension.
	Direction []float64
}

var _ Source = Stratified{}

// Open returns the numbers.
func (t Stratified) Open(s Shape) (Stream, error) {
	const fn = "mc.Stratified"
	of, err := open(t.Of, s, fn, "Importance", "Sobol")
	if err != nil {
		return nil, err
	}
	if s.Normals() == 0 {
		return of, nil
	}
	unit := make([]float64, s.Normals())
	unit[0] = 1
	if t.Direction != nil {
		if len(t.Direction) != len(unit) {
			return nil, fault.Arg(fn, "Direction", fmt.Sprintf("of %d numbers", len(t.Direction)),
				fmt.Sprintf("one for each of %d normals", len(unit)))
		}
		square := 0.0
		for _, v := range t.Direction {
			square += v * v
		}
		if !(square > 0) || math.IsInf(square, 1) {
			return nil, fault.Arg(fn, "Direction", t.Direction, "finite and not zero")
		}
		for i, v := range t.Direction {
			unit[i] = v / math.Sqrt(square)
		}
	}
	return newStratified(of, s, unit), nil
}

func (t Stratified) inside() Source { return t.Of }

type stratifiedStream struct {
	of         Stream
	shape      Shape
	unit       []float64
	place, aim []float64
}

func newStratified(of Stream, s Shape, unit []float64) *stratifiedStream {
	return &stratifiedStream{of: of, shape: s, unit: unit, place: make([]float64, s.Block), aim: make([]float64, s.Block)}
}

func (t *stratifiedStream) Clone() Stream     { return newStratified(t.of.Clone(), t.shape, t.unit) }
func (t *stratifiedStream) Unit() Unit        { return max(t.of.Unit(), PerBlock) }
func (t *stratifiedStream) Replications() int { return t.of.Replications() }
func (t *stratifiedStream) paired() bool      { return t.shape.paired(t.of) }
func (t *stratifiedStream) ordered() bool     { return true }

func (t *stratifiedStream) Fill(d *Draws) {
	t.of.Fill(d)
	place, aim := t.place[:d.Paths], t.aim[:d.Paths]
	clear(place)
	for i, v := range t.unit {
		if v != 0 {
			vec.AddScaled(place, v, d.Column(i), place)
		}
	}
	// Where a path stands along the direction is uniform, and now says where in its stratum it stands.
	vec.NormCDF(aim, place)
	n := 1 / float64(d.Paths)
	for j, u := range aim {
		aim[j] = min((float64(j)+u)*n, 1-0x1p-53)
	}
	vec.InvNormCDF(aim, aim)
	for j := range aim {
		aim[j] -= place[j]
	}
	for i, v := range t.unit {
		if v != 0 {
			z := d.Column(i)
			vec.AddScaled(z, v, aim, z)
		}
	}
}
