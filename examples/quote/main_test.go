package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSynthetic(t *testing.T) {
	page := filepath.Join(t.TempDir(), "report.html")
	var out, progress bytes.Buffer
	if err := run(context.Background(), []string{"-html", page, "-realvol", "0.12"}, &out, &progress); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"synthetic", "crossed", "no bid", "0 butterfly violations, 0 calendar violations", "flat bid", "long bid",
		"vega/pt", "a re-fit", "edge of a day",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	if !strings.Contains(progress.String(), "fitting the surface ...") {
		t.Errorf("progress: %q", progress.String())
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"</html>", "Smiles", "Total variance by expiry", "The surface", "Quotes", "Ladder"} {
		if !bytes.Contains(html, []byte(want)) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if n := bytes.Count(html, []byte("<svg")); n < 20 {
		t.Errorf("%d pictures in the report", n)
	}
}

// The chain is made from a known surface, so the walk must find it again: fit, forwards and rates.
func TestSyntheticIsRecovered(t *testing.T) {
	s, err := parse(nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	d, err := walk(context.Background(), s, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if d.liquid.quotes < 1000 || d.liquid.inside < 0.99 || d.liquid.rms > 0.001 {
		t.Errorf("liquid quotes: %+v, want over 99%% inside", d.liquid)
	}
	if !d.arbitrage.Free() {
		t.Errorf("arbitrage: %+v", d.arbitrage)
	}
	for _, x := range d.cut.Expiries {
		if x.Tau > 0.25 && (x.Rate < 0.038 || x.Rate > 0.042) {
			t.Errorf("%s: rate %.4f, want 0.04", x.Expiry.Label(), x.Rate)
		}
	}
	lowered, quotes := 0, 0
	for i, q := range d.flat {
		h := d.held[i]
		if q.Bid > 0 && q.Ask > 0 {
			quotes++
			if !(q.Bid < q.Ask) {
				t.Errorf("series %d: flat quote %g x %g", i, q.Bid, q.Ask)
			}
		}
		if h.Bid > q.Bid || h.Ask > q.Ask {
			t.Errorf("series %d: long inventory raised the quote from %g x %g to %g x %g", i, q.Bid, q.Ask, h.Bid, h.Ask)
		}
		if h.Ask < q.Ask {
			lowered++
		}
	}
	if quotes < 5000 || lowered < 1000 {
		t.Errorf("%d two-sided quotes, %d lowered by the inventory", quotes, lowered)
	}
	if total := d.book.Ladder().Total(); total.Vega <= 0 || total.Delta < -1 || total.Delta > 1 {
		t.Errorf("the book: delta %g and vega %g, want hedged and long", total.Delta, total.Vega)
	}
}

// files returns the real chains beside the checkout.
func files(t *testing.T) []string {
	t.Helper()
	const data = "../../../shared/data"
	var out []string
	for _, pattern := range []string{"equity_options/spx_*", "equity_options/ndx_*", "equity_options/spy_*", "equity_options/xsp_*", "equity_options/vix_20*", "equity_options/aapl_*", "crypto_options/*_options_*"} {
		found, err := filepath.Glob(filepath.Join(data, pattern))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, found...)
	}
	if len(out) == 0 {
		t.Skipf("no chains in %s", data)
	}
	return out
}

func TestRealChains(t *testing.T) {
	t.Logf("| chain | rows | fitted | liquid | inside | rms points | violations |")
	t.Logf("|---|---|---|---|---|---|---|")
	for _, name := range files(t) {
		base := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".gz"), ".csv")
		t.Run(base, func(t *testing.T) {
			s, err := parse([]string{"-chain", name}, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			d, err := walk(context.Background(), s, func(string) {})
			if err != nil {
				t.Fatal(err)
			}
			if !d.arbitrage.Free() {
				t.Errorf("arbitrage: %+v", d.arbitrage)
			}
			if got := d.cut.Used + d.read.Rejected.Total() + d.cut.Rejected.Total(); got != d.read.Rows {
				t.Errorf("%d rows used or rejected, %d read", got, d.read.Rows)
			}
			for i, q := range d.held {
				if q.Bid > 0 && q.Ask > 0 && !(q.Bid < q.Ask) || q.Bid < 0 {
					t.Fatalf("series %d is quoted %g x %g", i, q.Bid, q.Ask)
				}
			}
			p := &printer{w: io.Discard}
			if d.print(p); p.err != nil {
				t.Error(p.err)
			}
			page, err := d.page()
			if err != nil {
				t.Fatal(err)
			}
			if err := page.Write(io.Discard); err != nil {
				t.Error(err)
			}
			t.Logf("| %s | %d | %d | %d | %.1f%% | %.3f | %d |", base, d.read.Rows, d.cut.Used, d.liquid.quotes,
				100*d.liquid.inside, 100*d.liquid.rms, d.arbitrage.Butterfly+d.arbitrage.Calendar)
		})
	}
}

func TestBadInput(t *testing.T) {
	write := func(text string) string {
		name := filepath.Join(t.TempDir(), "chain.csv")
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	const header = "quote_date,quote_time,underlying,spot,expiry,type,strike,bid,ask\n"
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"no such file":       {[]string{"-chain", "nowhere.csv"}, []string{"nowhere.csv"}},
		"empty file":         {[]string{"-chain", write("")}, []string{"chain.csv"}},
		"missing column":     {[]string{"-chain", write("strike,bid\n1,2\n")}, []string{"chain.csv", "expiry"}},
		"text for a number":  {[]string{"-chain", write(header + "2026-01-05,close,X,100,2026-02-20,C,abc,1,2\n")}, []string{"chain.csv", "2", "strike", "abc"}},
		"only one strike":    {[]string{"-chain", write(header + "2026-01-05,close,X,100,2026-02-20,C,100,1,2\n2026-01-05,close,X,100,2026-02-20,P,100,1,2\n")}, []string{"chain.csv"}},
		"a word too many":    {[]string{"chain.csv"}, []string{"-chain"}},
		"unknown field":      {[]string{"-columns", "strik=K"}, []string{"strik", "strike"}},
		"rate without digit": {[]string{"-rate", "high"}, []string{"-rate", "high"}},
		"no expiries":        {[]string{"-expiries", "0"}, []string{"-expiries"}},
		"date":               {[]string{"-date", "yesterday"}, []string{"-date"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(context.Background(), c.args, io.Discard, io.Discard)
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error %q does not name %q", err, w)
				}
			}
		})
	}
	if err := run(context.Background(), []string{"-h"}, io.Discard, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
}

func TestColumnsFlag(t *testing.T) {
	text := "quote_date,quote_time,underlying,spot,expiry,type,K,buy,sell\n"
	for k := 80; k <= 120; k += 2 {
		call, put := max(float64(100-k), 0)+4, max(float64(k-100), 0)+4
		text += fmt.Sprintf("2026-01-05,close,X,100,2026-02-20,C,%d,%g,%g\n", k, call-0.1, call+0.1)
		text += fmt.Sprintf("2026-01-05,close,X,100,2026-02-20,P,%d,%g,%g\n", k, put-0.1, put+0.1)
	}
	name := filepath.Join(t.TempDir(), "chain.csv")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(context.Background(), []string{"-chain", name, "-columns", "strike=K,bid=buy,ask=sell"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "read 42,") {
		t.Errorf("output: %s", out.String())
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := run(ctx, nil, io.Discard, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestMoney(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 0.4: "0", 999: "999", 1000: "1,000", -1234567.8: "-1,234,568"} {
		if got := money(x); got != want {
			t.Errorf("money(%g) = %q, want %q", x, got, want)
		}
	}
}
