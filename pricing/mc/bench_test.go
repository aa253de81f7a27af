package mc

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/volgaquant/volga/pricing"
)

func BenchmarkAsian52(b *testing.B) {
	m := flatWorld(100, 0.05, 0.0, 0.2)
	in := asian{pricing.Call, 100, weekly(52, 1), false}
	for _, n := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", n), func(b *testing.B) {
			e := Engine{Paths: 16384, Workers: n, Controls: []Control{geometricControl(b, in, m)}}
			var r Report
			for b.Loop() {
				r = run(b, e, in, m)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/price")
			b.ReportMetric(r.StdErr, "stderr")
		})
	}
}

func BenchmarkSobolBridge64(b *testing.B) {
	m := flatWorld(100, 0.05, 0.0, 0.2)
	times := weekly(64, 1)
	for b.Loop() {
		g, err := Engine{Paths: 131072, Source: Sobol{}}.Generator(m, times, 0)
		if err != nil {
			b.Fatal(err)
		}
		block := g.NewBlock()
		for i := range g.Blocks() {
			g.Make(block, i)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/price")
	b.ReportMetric(131072*64*float64(b.N)/b.Elapsed().Seconds(), "path-steps/s")
}

// The speed-up of two workers beside that of an empty arithmetic loop, which says what the machine has to give just now.
func BenchmarkWorkers(b *testing.B) {
	m := flatWorld(100, 0.05, 0.0, 0.2)
	in := asian{pricing.Call, 100, weekly(52, 1), false}
	spin := func(n int) {
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				x := 1.0
				for range 20_000_000 / n {
					x = math.FMA(x, 0.999, 0.001)
				}
				sink.Store(&x)
			})
		}
		wg.Wait()
	}
	timed := func(f func()) float64 {
		start := time.Now()
		f()
		return time.Since(start).Seconds()
	}
	var one, two, empty1, empty2 float64
	for b.Loop() {
		one += timed(func() { run(b, Engine{Paths: 1 << 17, Workers: 1}, in, m) })
		two += timed(func() { run(b, Engine{Paths: 1 << 17, Workers: 2}, in, m) })
		empty1 += timed(func() { spin(1) })
		empty2 += timed(func() { spin(2) })
	}
	b.ReportMetric(one/two, "speed-up")
	b.ReportMetric(empty1/empty2, "empty-loop")
}

var sink atomic.Pointer[float64]

// Peak memory of a million paths of 250 steps with a payoff that depends on all of them.
func TestPeakMemory(t *testing.T) {
	if !slow {
		t.Skip("VOLGA_SLOW is not set")
	}
	m := flatWorld(100, 0.05, 0.0, 0.2)
	in := asian{pricing.Call, 100, weekly(250, 1), false}
	before := peak(t)
	start := time.Now()
	run(t, Engine{Paths: 1_000_000}, in, m)
	took := time.Since(start)
	run(t, Engine{Paths: 1_000_000, Source: Sobol{}}, in, m)
	run(t, Engine{Paths: 1_000_000, Workers: 16}, in, m)
	after := peak(t)
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	t.Logf("peak of the process %d MB, %d MB before; %d MB from the system to the runtime; %v for pseudorandom paths", after, before, stats.Sys>>20, took)
	if after > 200 {
		t.Errorf("peak memory %d MB, want under 200", after)
	}
}

// peak returns the peak resident memory of the process in MB.
func peak(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmHWM:" {
			kb, _ := strconv.Atoi(f[1])
			return kb >> 10
		}
	}
	t.Skip("no VmHWM")
	return 0
}
