package mc

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel calls work for every index from lo to hi−1, by as many workers as asked for, each with a state of its own. Indices
// are taken in rising order. It stops at the first error or when ctx is cancelled, and returns the error of the lowest index,
// which does not depend on the number of workers. No goroutine outlives it.
func parallel[S any](ctx context.Context, states []S, lo, hi int, work func(state S, index int) error) error {
	var (
		next   atomic.Int64
		failed atomic.Bool
		mu     sync.Mutex
		worst  error
		at     = hi
	)
	next.Store(int64(lo))
	run := func(state S) {
		for !failed.Load() && ctx.Err() == nil {
			i := int(next.Add(1) - 1)
			if i >= hi {
				return
			}
			if err := work(state, i); err != nil {
				failed.Store(true)
				mu.Lock()
				if i < at {
					at, worst = i, err
				}
				mu.Unlock()
				return
			}
		}
	}
	var wg sync.WaitGroup
	for _, s := range states[:min(len(states), max(hi-lo, 1))][1:] {
		wg.Go(func() { run(s) })
	}
	run(states[0])
	wg.Wait()
	if worst != nil {
		return worst
	}
	return ctx.Err()
}

// workers returns the number of workers that a setting stands for.
func workers(n int) int {
	if n <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return n
}
