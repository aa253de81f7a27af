package calibrate

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/volgaquant/volga/internal/vec/rng"
)

// each calls work for every index below n, by as many workers as asked for, in rising order. It stops when ctx is cancelled and
// returns its error; no goroutine outlives it. What work does must depend on the index alone.
func each(ctx context.Context, workers, n int, work func(i int)) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = min(workers, n)
	if workers <= 1 {
		for i := range n {
			if err := ctx.Err(); err != nil {
				return err
			}
			work(i)
		}
		return nil
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1) - 1)
				if i >= n {
					return
				}
				work(i)
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// draw is a stream of random numbers that belongs to one piece of work.
type draw struct {
	g   rng.Philox
	buf [1]float64
}

// newDraw returns the stream of an individual in a generation of a run.
func newDraw(seed uint64, run, generation, individual int) *draw {
	return &draw{g: rng.NewPhilox(seed, uint64(run)<<48|uint64(generation)<<20|uint64(individual))}
}

// uniform lies strictly between 0 and 1.
func (d *draw) uniform() float64 {
	d.g.Uniforms(d.buf[:])
	return d.buf[0]
}

func (d *draw) normal() float64 {
	d.g.Normals(d.buf[:])
	return d.buf[0]
}

// below returns a whole number from 0 to n−1.
func (d *draw) below(n int) int { return int(d.uniform() * float64(n)) }

// other returns a number below n that is none of the others.
func (d *draw) other(n int, others ...int) int {
	for {
		k := d.below(n)
		free := true
		for _, o := range others {
			free = free && k != o
		}
		if free {
			return k
		}
	}
}
