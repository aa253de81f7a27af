package surface_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/volgaquant/volga/surface"
)

// fitted is how a surface stands against the liquid quotes of its chain: two weeks to a year, |delta| from 0.05 to 0.95.
type fitted struct {
	quotes      int
	inside, rms float64 // share between bid and ask, and error in volatility
	worst       string
	worstInside float64
}

func against(v interface{ Vol(k, t float64) float64 }, smiles []surface.Smile) (r fitted) {
	r.worstInside = 1
	for _, s := range smiles {
		if s.Tau < 14./365 || s.Tau > 1 {
			continue
		}
		in, n := 0, 0
		for j, k := range s.K {
			dev := s.Mid[j] * math.Sqrt(s.Tau)
			if delta := 0.5 * math.Erfc((k/dev-0.5*dev)/math.Sqrt2); delta < 0.05 || delta > 0.95 {
				continue
			}
			x := v.Vol(k, s.Tau)
			n++
			if x <= s.Ask[j] && !(x < s.Bid[j]) {
				in++
			}
			r.rms += (x - s.Mid[j]) * (x - s.Mid[j])
		}
		r.quotes += n
		r.inside += float64(in)
		if share := float64(in) / float64(n); n > 0 && share < r.worstInside {
			r.worst, r.worstInside = s.Label, share
		}
	}
	r.inside /= float64(r.quotes)
	r.rms = math.Sqrt(r.rms / float64(r.quotes))
	return r
}

// Chains with every surface that is free of arbitrage by construction; all chains if VOLGA_SLOW is set, and else those that
// are soon done. With -v it prints the table. The shares to be reached are those of index options with
// European exercise; what a chain lacks for more is said beside the table in BENCHMARKS.md.
func TestChainTable(t *testing.T) {
	var table strings.Builder
	table.WriteString("\n| chain | quotes | model | inside | rms, points | worst expiry | cold | re-fit | violations |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, f := range vendorFiles {
		c, _, err := surface.ReadChainFile(vendorFile(t, f.name), f.opt)
		if err != nil {
			t.Fatal(err)
		}
		smiles, _, err := c.Smiles(surface.SmileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		options := 0
		for _, s := range smiles {
			options += s.Len()
		}
		slow := os.Getenv("VOLGA_SLOW") != ""
		if options > 2500 && !slow {
			continue
		}
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(f.name), ".gz"), ".csv")
		if f.opt.Underlying != "" {
			name += " " + f.opt.Underlying
		}
		row := func(model string, v surface.TotalVariance, cold, again time.Duration) fitted {
			r := against(v.(interface{ Vol(k, t float64) float64 }), smiles)
			a := surface.CheckArbitrage(v, surface.Grid{KMin: -2, KMax: 2, Points: 801})
			if !a.Free() {
				t.Errorf("%s, %s: %+v", name, model, a)
			}
			fmt.Fprintf(&table, "| %s | %d | %s | %.1f%% | %.2f | %s, %.0f%% | %.1f ms | %.1f ms | %d |\n", name, r.quotes, model,
				100*r.inside, 100*r.rms, r.worst, 100*r.worstInside, cold.Seconds()*1e3, again.Seconds()*1e3, a.Butterfly+a.Calendar)
			return r
		}
		if slow {
			began := time.Now()
			s, err := surface.FitSSVI(t.Context(), smiles, surface.PowerLaw, surface.FitSettings{})
			if err != nil && !errors.Is(err, surface.ErrNotConverged) {
				t.Errorf("%s: %v", name, err)
			} else {
				row("SSVI", s, time.Since(began), 0)
			}
		}
		var ef surface.Fitter
		began := time.Now()
		e, _, err := ef.Fit(smiles, surface.FitSettings{})
		cold := time.Since(began)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		began = time.Now()
		if _, _, err := ef.Fit(smiles, surface.FitSettings{Start: e}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		was := row("eSSVI", e, cold, time.Since(began))

		var sf surface.SVIFitter
		began = time.Now()
		s, r, err := sf.Fit(smiles, surface.SVISettings{})
		cold = time.Since(began)
		if err != nil && !errors.Is(err, surface.ErrNotConverged) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err != nil {
			t.Logf("%s: %v; lost %d, fallback %v", name, err, len(r.Lost), r.Fallback)
		}
		began = time.Now()
		if _, _, err := sf.Fit(smiles, surface.SVISettings{Start: s}); err != nil && !errors.Is(err, surface.ErrNotConverged) {
			t.Errorf("%s: %v", name, err)
		}
		now := row("SVI slices", s, cold, time.Since(began))
		if _, err := surface.NewSVISurface(s.Slices()); err != nil {
			t.Errorf("%s: the slices do not make the surface again: %v", name, err)
		}
		if f.european && !f.inverse && now.quotes > 300 && !(now.inside > was.inside-0.01 && now.inside > 0.7) {
			t.Errorf("%s: %.1f%% inside, eSSVI has %.1f%%", name, 100*now.inside, 100*was.inside)
		}
	}
	t.Log(table.String())
}
