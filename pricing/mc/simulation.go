package mc

import (
	"context"
	"math"

	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
)

// simulation is one valuation under way.
type simulation struct {
	engine    Engine
	generator *Generator
	claims    []claim // what is valued, then the controls
	values    []float64

	first int    // the block of the first part
	parts []part // one for each block of a wave

	paths  int       // made
	all    moments   // of all units
	blocks moments   // of the means of blocks, weighted by their paths, if the unit is a block
	groups int       // how many
	reps   []moments // of the replications, if the unit is one
}

// part is what a block leaves: moments of its observations, and its number of paths; paths is 0 if it was not made.
type part struct {
	moments
	paths int
}

// worker is the memory of one worker.
type worker struct {
	done  <-chan struct{}
	block *Block
	views []*pricing.Paths
	pays  [][]float64 // by claim
	short [][]float64 // the same, as long as the block
}

func (s *simulation) worker(ctx context.Context) *worker {
	w := &worker{done: ctx.Done(), block: s.generator.NewBlock(), short: make([][]float64, len(s.claims))}
	for i := range s.claims {
		w.views = append(w.views, s.claims[i].view())
		w.pays = append(w.pays, make([]float64, s.generator.shape.Block))
	}
	return w
}

// A simulation goes by waves of blocks. After each it adds up what the blocks left, looks at the standard error and tells of its
// progress. Waves bound the memory; the blocks are added in their order, so that the lengths of waves change no bit.
const (
	firstWave = 16   // blocks, if somebody wants to know
	growth    = 4    // the next wave adds a fourth of what is made
	mostWave  = 4096 // blocks
)

// do makes all blocks, wave by wave.
func (s *simulation) do(ctx context.Context) (Report, error) {
	k, unit, reps := len(s.claims), s.generator.Unit(), s.generator.reps
	total := s.generator.Blocks()
	target, tell := s.engine.StdErr, s.engine.Progress
	s.all, s.blocks = newMoments(k), newMoments(k)
	if unit == PerReplication {
		s.reps = make([]moments, reps)
		for i := range s.reps {
			s.reps[i] = newMoments(k)
		}
	}
	states := make([]*worker, min(workers(s.engine.Workers), total))
	for i := range states {
		states[i] = s.worker(ctx)
	}
	for done := 0; done < total; {
		wave := mostWave
		if target > 0 || tell != nil {
			wave = min(max(firstWave, done/growth), mostWave)
		}
		end := min(total, done+(wave+reps-1)/reps*reps)
		s.first = done
		for len(s.parts) < end-done {
			s.parts = append(s.parts, part{moments: newMoments(k)})
		}
		s.parts = s.parts[:end-done]
		err := parallel(ctx, states, done, end, s.make)
		if err != nil && ctx.Err() == nil {
			return Report{}, err
		}
		s.add()
		if err != nil {
			return s.estimate(), err
		}
		done = end
		if done == total && tell == nil {
			break
		}
		r := s.estimate()
		if tell != nil {
			tell(Progress{Paths: r.Paths, Total: s.generator.Paths(), Value: r.Value, StdErr: r.StdErr})
		}
		if target > 0 && r.Has&pricing.HasStdErr != 0 && r.StdErr <= target {
			return r, nil
		}
	}
	return s.estimate(), nil
}

// add adds up the blocks of a wave in their order.
func (s *simulation) add() {
	unit := s.generator.Unit()
	for i := range s.parts {
		p := &s.parts[i]
		if p.paths == 0 {
			continue
		}
		s.paths += p.paths
		s.all.merge(p.moments)
		switch unit {
		case PerReplication:
			s.reps[(s.first+i)%len(s.reps)].merge(p.moments)
		case PerBlock:
			clear(p.cross)
			s.blocks.merge(p.moments)
			s.groups++
		}
		p.paths = 0
	}
}

// make makes block index and keeps its moments.
func (s *simulation) make(w *worker, index int) error {
	b := w.block
	b.work.Done = w.done
	s.generator.Make(b, index)
	if b.work.Stopped() {
		return nil // perhaps unfinished
	}
	n := len(b.Weight)
	for i := range s.claims {
		dst := w.pays[i][:n]
		s.claims[i].valueTo(dst, b, w.views[i])
		for j, weight := range b.Weight {
			dst[j] *= weight
		}
		if sum := vec.Sum(dst); math.IsNaN(sum) || math.IsInf(sum, 0) {
			if err := s.fault(dst, index, i); err != nil {
				return err
			}
		}
		if s.generator.Unit() == PerPair {
			half := n / 2
			for j := range half {
				dst[j] = 0.5 * (dst[j] + dst[half+j])
			}
			dst = dst[:half]
		}
		w.short[i] = dst
	}
	p := &s.parts[index-s.first]
	p.observe(w.short)
	p.paths = n
	return nil
}

// fault returns the error of the first path that came out as no number.
func (s *simulation) fault(pays []float64, index, claim int) error {
	what := "the payoff"
	if claim > 0 {
		what = "a control"
	}
	for j, v := range pays {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			g := s.generator
			return &PathError{Seed: g.shape.Seed, Block: index, Path: index*g.shape.Block + j, Value: v, What: what}
		}
	}
	return nil
}

// estimate makes the report of what is added up.
func (s *simulation) estimate() Report {
	r := Report{Paths: s.paths}
	if r.Paths == 0 {
		return r
	}
	all := &s.all
	beta, rank := all.regress(0, 1)
	r.Beta = beta
	adjust := func(mean []float64) float64 {
		v := mean[0]
		for i, b := range beta {
			v -= b * (mean[1+i] - s.values[i])
		}
		return v
	}
	r.Value = adjust(all.mean)
	r.Has = pricing.HasValue
	r.Variance = all.covariance(0, 0) / max(all.n-1, 1)
	var square, free float64 // the squared standard error times its degrees of freedom
	switch s.generator.Unit() {
	case PerPath:
		r.Units, free = int(all.n), all.n-1-float64(rank)
		square = all.residual(beta) / all.n
	case PerPair:
		r.Units, free = int(all.n), all.n-1-float64(rank)
		square = all.residual(beta) / all.n
		r.Variance *= 2 // that of the mean of two paths was seen
	case PerBlock:
		r.Units, free = s.groups, float64(s.groups)-1
		square = s.blocks.residual(beta) / s.blocks.n
	case PerReplication:
		for i := range s.reps {
			if g := &s.reps[i]; g.n > 0 {
				r.Units++
				d := adjust(g.mean) - r.Value
				square += g.n / all.n * d * d
			}
		}
		free = float64(r.Units) - 1
	}
	if free > 0 {
		r.StdErr = math.Sqrt(square / free)
		r.Has |= pricing.HasStdErr
	}
	r.Reached = s.engine.StdErr == 0 || r.Has&pricing.HasStdErr != 0 && r.StdErr <= s.engine.StdErr
	return r
}
