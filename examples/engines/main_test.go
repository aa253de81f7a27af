package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/volgaquant/volga/pricing"
)

func TestRun(t *testing.T) {
	name := filepath.Join(t.TempDir(), "engines.html")
	var out, progress bytes.Buffer
	if err := run(context.Background(), []string{"-budget", "0", "-html", name}, &out, &progress); err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range contests() {
		if !strings.Contains(out.String(), c.title) || !bytes.Contains(html, []byte(c.title)) {
			t.Errorf("%q is missing from the text or the page", c.title)
		}
	}
	if n := bytes.Count(html, []byte("<svg")); n < len(contests())+6 {
		t.Errorf("%d pictures for %d contests", n, len(contests()))
	}
	if strings.Contains(out.String(), "NaN") {
		t.Error("a NaN was printed")
	}
}

// Whatever an engine states about its error must hold on the options of the example: an engine told a tolerance keeps it, a
// lattice with more steps errs less than one with few, a simulation is within its error bars.
func TestErrorsAreAsClaimed(t *testing.T) {
	for _, c := range contests() {
		o, err := c.run(context.Background(), 0)
		if err != nil {
			t.Fatal(err)
		}
		worst := map[string][]float64{}
		for _, r := range o.results {
			if r.refused != nil {
				t.Errorf("%s: %s %s refuses: %v", c.title, r.family, r.setting, r.refused)
				continue
			}
			var tol float64
			if n, _ := fmt.Sscanf(r.setting, "tolerance %g", &tol); n == 1 && !(r.err <= tol) {
				t.Errorf("%s: %s %s errs by %g", c.title, r.family, r.setting, r.err)
			}
			// A rule for exercise that was learned is not the best one.
			learned := 0.0
			if r.family == "Longstaff-Schwartz" {
				learned = 1e-3
			}
			if r.noise > 0 && !(r.err <= 4*r.noise+learned) {
				t.Errorf("%s: %s %s errs by %g with a standard error of %g", c.title, r.family, r.setting, r.err, r.noise)
			}
			if strings.HasSuffix(r.setting, "steps") {
				worst[r.family] = append(worst[r.family], r.err)
			}
		}
		for family, errs := range worst {
			if first, last := errs[0], errs[len(errs)-1]; !(last < first/5) {
				t.Errorf("%s: %s errs by %g with the fewest steps and by %g with the most", c.title, family, first, last)
			}
		}
		if w := o.winners(); len(w) == 0 || len(w[0]) != 4 {
			t.Errorf("%s: winners %v", c.title, w)
		}
	}
}

// Every order that the example claims is the one measured.
func TestOrdersAreAsClaimed(t *testing.T) {
	all, err := studies(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		for _, l := range s.lines {
			if got := l.slope(); !(math.Abs(got-l.order) <= l.tol) {
				t.Errorf("%s: %s: order %.2f of %.3g, want %g within %g", s.title, l.name, got, l.err, l.order, l.tol)
			}
		}
	}
}

// A contest tells who refused and why, and a simulation that is near by luck does not win.
func TestBest(t *testing.T) {
	o := outcome{results: []result{
		{entry: entry{family: "lucky", engine: none{}}, err: 1e-9, noise: 1e-3, time: 1},
		{entry: entry{family: "slow", engine: none{}}, err: 1e-6, time: time.Second},
		{entry: entry{family: "fast", engine: none{}}, err: 1e-5, time: time.Millisecond},
		{entry: entry{family: "refuses", engine: none{}}, refused: &pricing.UnsupportedError{Reason: "why"}},
	}}
	for tol, want := range map[float64]string{1e-2: "lucky", 1e-4: "fast", 1e-6: "slow"} {
		if r, ok := o.best(tol); !ok || r.family != want {
			t.Errorf("best within %g is %q, want %q", tol, r.family, want)
		}
	}
	if _, ok := o.best(1e-7); ok {
		t.Error("somebody won at 1e-7")
	}
	if rows := o.rows(); rows[3][2] != "refused" || rows[3][3] != "why" {
		t.Errorf("the refusal reads %v", rows[3])
	}
}

type none struct{}

func (none) Price(context.Context, pricing.Instrument, pricing.Model) (pricing.Result, error) {
	return pricing.Result{}, nil
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{{"-budget", "-1s"}, {"surplus"}, {"-nosuch"}} {
		if err := run(context.Background(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
	if err := run(context.Background(), []string{"-h"}, io.Discard, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := run(ctx, nil, io.Discard, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run: %v", err)
	}
}

func TestAxisLabels(t *testing.T) {
	for e, want := range map[int]string{-9: "1 ns", -7: "100 ns", -6: "1 µs", -2: "10 ms", 0: "1 s", 3: "1e3 s"} {
		if got := seconds(e); got != want {
			t.Errorf("10^%d s is %q, want %q", e, got, want)
		}
	}
	for d, want := range map[time.Duration]string{12: "12 ns", 1500: "1.5 µs", 2500000: "2.5 ms", 3 * time.Second: "3 s"} {
		if got := duration(d); got != want {
			t.Errorf("%d ns is %q, want %q", d, got, want)
		}
	}
	ticks := decades{power}.Ticks(3e-14, 2e-2)
	if ticks[0].Value != 1e-13 || ticks[len(ticks)-1].Value != 1e-2 {
		t.Errorf("ticks %v", ticks)
	}
}
