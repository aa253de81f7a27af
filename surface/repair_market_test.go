package surface_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/volgaquant/volga/surface"
)

// The quotes of real chains: dirty by the vendor's clock, by rounding to ticks and by wide markets.
func TestRepairVendorFiles(t *testing.T) {
	const most = 350 // quotes of a chain in the short test
	slow := os.Getenv("VOLGA_SLOW") != ""
	for _, f := range vendorFiles {
		if f.inverse {
			continue
		}
		t.Run(filepath.Base(f.name), func(t *testing.T) {
			c, _, err := surface.ReadChainFile(vendorFile(t, f.name), f.opt)
			if err != nil {
				t.Fatal(err)
			}
			smiles, _, err := c.Smiles(surface.SmileOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var calls []surface.Calls
			n := 0
			for i := range smiles {
				x := smiles[i].Calls()
				if len(calls) > 0 && x.Tau <= calls[len(calls)-1].Tau {
					continue
				}
				if n+len(x.Strike) > most && !slow {
					continue
				}
				n += len(x.Strike)
				calls = append(calls, x)
			}
			for _, objective := range []surface.RepairObjective{surface.BidAskCost, surface.AbsoluteCost, surface.SquaredCost} {
				start := time.Now()
				fixed, r, err := surface.RepairCalls(context.Background(), calls, surface.RepairSettings{Objective: objective})
				if err != nil {
					t.Errorf("%v: %v", objective, err)
					continue
				}
				left, err := surface.CheckCalls(fixed, 1e-10)
				if err != nil || len(left) > 0 {
					t.Errorf("%v: %d breaches left, %v", objective, len(left), err)
				}
				t.Logf("%v: %d expiries, %d quotes, %d breaches, %d changed, %d outside, cost %.3g, worst left %.2g",
					objective, len(calls), n, len(r.Found), len(r.Changes), r.Outside, r.Cost, r.Worst)
				if !(r.Gap <= 1e-4*r.Cost+1e-10) {
					t.Errorf("%v: a cost of %g may be %g above the least", objective, r.Cost, r.Gap)
				}
				t.Logf("gap %.2g, %d constraints, %d rounds, %d iterations, %v",
					r.Gap, r.Constraints, r.Rounds, r.Iterations, time.Since(start).Round(time.Millisecond))
			}
		})
	}
}
