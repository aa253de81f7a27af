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
	bumps     *bumps // nil if no Greeks are asked for

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

	others []*Block    // of the bumped worlds
	bumped [][]float64 // what the claim pays there
}

// quantities returns the number of quantities that blocks observe: the value, the controls, the Greeks.
func (s *simulation) quantities() int {
	n := len(s.claims)
	if s.bumps != nil {
		n += len(s.bumps.quantities)
	}
	return n
}

func (s *simulation) worker(ctx context.Context) *worker {
	w := &worker{done: ctx.Done(), block: s.generator.NewBlock(), short: make([][]float64, s.quantities())}
	for i := range s.claims {
		w.views = append(w.views, s.claims[i].view())
	}
	for range s.quantities() {
		w.pays = append(w.pays, make([]float64, s.generator.shape.Block))
	}
	if s.bumps != nil {
		for _, g := range s.bumps.worlds {
			w.others = append(w.others, g.NewBlock())
			w.bumped = append(w.bumped, make([]float64, s.generator.shape.Block))
		}
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
	k, unit, reps := s.quantities(), s.generator.Unit(), s.generator.reps
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
		w.short[i] = dst
	}
	if s.bumps != nil {
		greeks := w.short[len(s.claims):]
		for i := range greeks {
			greeks[i] = w.pays[len(s.claims)+i][:n]
		}
		s.bumps.observe(&s.claims[0], w, w.short[0], greeks)
	}
	if s.generator.Unit() == PerPair {
		half := n / 2
		for i, dst := range w.short {
			for j := range half {
				dst[j] = 0.5 * (dst[j] + dst[half+j])
			}
			w.short[i] = dst[:half]
		}
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
	beta, rank := all.regress(0, 1, len(s.claims)-1)
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
	unit := s.generator.Unit()
	if unit == PerPair {
		r.Variance *= 2 // that of the mean of two paths was seen
	}
	r.Units = int(all.n)
	switch unit {
	case PerBlock:
		r.Units = s.groups
	case PerReplication:
		r.Units = 0
		for i := range s.reps {
			if s.reps[i].n > 0 {
				r.Units++
			}
		}
	}
	free := float64(r.Units) - 1
	if unit <= PerPair {
		free -= float64(rank)
	}
	if free > 0 {
		r.StdErr = math.Sqrt(s.square(0, beta) / free)
		r.Has |= pricing.HasStdErr
		if s.bumps != nil {
			s.greeks(&r, math.Sqrt(1/(float64(r.Units)-1)))
		}
	}
	r.Reached = s.engine.StdErr == 0 || r.Has&pricing.HasStdErr != 0 && r.StdErr <= s.engine.StdErr
	return r
}

// square returns the squared standard error of the mean of a quantity less beta times the controls, times its degrees of freedom.
func (s *simulation) square(of int, beta []float64) float64 {
	switch s.generator.Unit() {
	case PerBlock:
		return s.blocks.residual(of, beta) / s.blocks.n
	case PerReplication:
		sum := 0.0
		for i := range s.reps {
			if g := &s.reps[i]; g.n > 0 {
				d := g.mean[of] - s.all.mean[of]
				for i, b := range beta {
					d -= b * (g.mean[1+i] - s.all.mean[1+i])
				}
				sum += g.n / s.all.n * d * d
			}
		}
		return sum
	}
	return s.all.residual(of, beta) / s.all.n
}

// greeks fills the Greeks and their standard errors, which are root times those of square.
func (s *simulation) greeks(r *Report, root float64) {
	for i, q := range s.bumps.quantities {
		of := len(s.claims) + i
		v, err := s.all.mean[of], math.Sqrt(s.square(of, nil))*root
		var field, errField *float64
		move := 0.01 * s.bumps.spotSize / spotBump
		switch q {
		case pricing.HasDelta:
			field, errField = &r.Delta, &r.Errors.Delta
		case pricing.HasGamma:
			field, errField = &r.Gamma, &r.Errors.Gamma
			move *= 0.5 * move
		case pricing.HasVega:
			field, errField = &r.Vega, &r.Errors.Vega
			move = 0.01
		}
		*errField = err
		if s.bumps.asked&q != 0 && (err <= 0.02*math.Abs(v) || err*move <= r.StdErr) {
			*field = v
			r.Has |= q
		}
	}
}
