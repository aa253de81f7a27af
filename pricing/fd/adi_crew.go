package fd

import (
	"runtime"
	"sync/atomic"
	"time"
)

// crew is a second worker that takes one half of each sweep. The halves touch different rows and are computed alike, so that
// the bits do not depend on it.
type crew struct {
	on    bool
	stage *adiStage
	turn  atomic.Uint32 // rises when there is work: odd is inwards, even outwards
	done  atomic.Uint32
	quit  atomic.Bool
	left  chan struct{}
}

// start lets the second worker wait for work until stop.
func (c *crew) start(w *adiSpace) {
	c.on = true
	c.turn.Store(0)
	c.done.Store(0)
	c.quit.Store(false)
	c.left = make(chan struct{})
	go func() {
		defer close(c.left)
		for seen := uint32(0); ; {
			seen++
			for tries := 0; c.turn.Load() != seen; tries++ {
				if c.quit.Load() {
					return
				}
				pause(tries)
			}
			if seen&1 == 1 {
				w.inwards(c.stage, 1)
			} else {
				w.outwards(c.stage, 1)
			}
			c.done.Store(seen)
		}
	}()
}

// stop ends the second worker and waits for it.
func (c *crew) stop() {
	if !c.on {
		return
	}
	c.quit.Store(true)
	<-c.left
	c.on = false
}

func (c *crew) both(w *adiSpace, st *adiStage) {
	c.stage = st
	c.phase(func() { w.inwards(st, 0) })
	c.phase(func() { w.outwards(st, 0) })
}

func (c *crew) phase(mine func()) {
	turn := c.turn.Add(1)
	mine()
	for tries := 0; c.done.Load() != turn; tries++ {
		pause(tries)
	}
}

// pause waits for a step of the other worker: by spinning for the microseconds that a fair share of the machine takes, and
// where the other does not get its share by leaving it the processor.
func pause(tries int) {
	switch {
	case tries < 4000:
	case tries < 4100:
		runtime.Gosched()
	default:
		time.Sleep(50 * time.Microsecond)
	}
}
