package goasm

import (
	"slices"

	"github.com/volgaquant/volga/hw/formula"
)

// The core that simulate models: a server core with two 512-bit units. It need not be exact, only rank candidates.
const (
	coreWidth   = 4   // instructions a cycle into the window
	coreWindow  = 224 // instructions in flight
	coreWaiting = 97  // instructions that wait for operands
	loadLatency = 6
	coreRun     = 2400 // instructions run; the first half fills the window
)

// simulate returns the modelled cycles of one pass through a loop's body when it runs many times, and of the first pass
// alone. Two ports take vector operations, two take loads,
// one takes stores; an instruction starts as soon as its operands are there, a port is free and it is in the window.
func simulate(body []Instr, m Machine, f formula.Format) (steady, once float64) {
	var ports [3]port // vector, load, store
	ports[0].width, ports[1].width, ports[2].width = 2, 2, 1
	ready := map[Operand]int{}
	var waiting []int // start times of those in the scheduler, a heap would do as well
	retired := make([]int, 0, len(body)*8)
	rounds := max(6, 2*(coreRun/2/len(body)))
	divider, division := 0, 2*m.Lanes(formula.Float64) // cycles that a division holds the divider
	if f == formula.Float32 {
		division = 5 * m.Lanes(f) / 8
	}
	count, fetch, last, first := 0, 0, 0, 0
	for round := range rounds {
		for i := range body {
			in := &body[i]
			enter := fetch / coreWidth
			if count >= coreWindow {
				enter = max(enter, retired[count-coreWindow])
			}
			for len(waiting) >= coreWaiting {
				enter = max(enter, waiting[0])
				waiting = waiting[1:]
			}
			fetch = max(fetch+1, enter*coreWidth+1)
			start, load, store := enter+1, false, false
			for k, a := range in.Args {
				dst := k == len(in.Args)-1
				switch a.Kind {
				case Imm:
				case Const:
					load = true
				case In:
					load = true
				case Slot:
					if dst {
						store = true
					} else {
						load = true
						start = max(start, ready[a])
					}
				case Out:
					store = true
				default:
					if !dst || in.readsDestination() {
						start = max(start, ready[a])
					}
				}
			}
			latency, uops := 1, 0
			if in.node != nil {
				latency, uops = in.node.latency(), in.node.uops()
			}
			if load {
				start = max(start, ports[1].take(start)) // early loads hide their latency
				if in.node == nil || in.node.form == formLoad {
					latency = loadLatency
				}
			}
			if store {
				start = ports[2].take(start)
				latency = 5
			}
			if uops > 0 {
				if in.node.name == "VDIVPD" || in.node.name == "VSQRTPD" {
					start = max(start, divider)
					divider = start + division
					for c := start; c < divider; c++ { // its port is of little use meanwhile
						ports[0].take(c)
					}
				}
				s := ports[0].take(start)
				for range uops - 1 {
					ports[0].take(s)
				}
				start = s
			}
			if n := len(in.Args); n > 0 {
				ready[in.Args[n-1]] = start + latency
			}
			at, _ := slices.BinarySearch(waiting, start)
			waiting = slices.Insert(waiting, at, start)
			done := start + latency
			if count > 0 {
				done = max(done, retired[count-1])
			}
			retired = append(retired, done)
			count++
			last = done
		}
		if round == 0 {
			once = float64(last)
		}
		if round == rounds/2-1 {
			first = last
		}
	}
	return float64(last-first) / float64(rounds-rounds/2), once
}

// readsDestination reports whether the instruction reads what it overwrites.
func (in *Instr) readsDestination() bool {
	if in.node == nil {
		return false
	}
	switch in.node.form {
	case formFMA, formTernary, formMerge:
		return true
	}
	return false
}

// port is a group of like ports: how many operations start in each cycle.
type port struct {
	width int
	used  map[int]int
}

// take returns the first cycle from start on with a free place, and takes it.
func (p *port) take(start int) int {
	if p.used == nil {
		p.used = map[int]int{}
	}
	for p.used[start] >= p.width {
		start++
	}
	p.used[start]++
	return start
}
