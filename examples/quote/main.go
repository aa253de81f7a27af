// Quote walks the library's whole path on one option chain: raw quotes, cleaning, forwards from put-call parity, implied
// volatilities, an arbitrage-free surface, two-sided quotes with and without inventory, and the book's risk.
//
//	go run ./examples/quote                                     a chain made up from stated parameters
//	go run ./examples/quote -chain spx.csv.gz -html report.html a chain of your own, and a page of pictures
//
// The steps stand in pipeline.go in the order in which a desk takes them; read that file to learn the library.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/volgaquant/volga/rates/calendar"
	"github.com/volgaquant/volga/rates/curve"
	"github.com/volgaquant/volga/surface"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "quote:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	chain, html string
	read        surface.ReadOptions
	marks       bool
	rate        float64
	hasRate     bool

	expiries, strikes int
	straddles         float64
	aversion          float64
	realVol           float64
	rank              int
}

func parse(args []string, stderr io.Writer) (settings, error) {
	s := settings{}
	fs := flag.NewFlagSet("quote", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintf(stderr, "quote goes from an option chain to two-sided quotes and the book's risk.\n\nFlags:\n")
		fs.PrintDefaults()
	}
	var columns, date, rate string
	fs.StringVar(&s.chain, "chain", "", "CSV `file` of option quotes, plain or gzip; without it a chain is made up")
	fs.StringVar(&columns, "columns", "", "where headers are not recognised: `field=header,...`, e.g. \"strike=K,bid=best bid\"")
	fs.StringVar(&s.read.Underlying, "underlying", "", "`name` of the underlying, where the file holds several (default: the first)")
	fs.StringVar(&date, "date", "", "`YYYY-MM-DD` of the snapshot, where the file holds several (default: the latest)")
	fs.Float64Var(&s.read.Scale, "scale", 0, "multiply strikes, e.g. 0.001 if they are in thousandths")
	fs.BoolVar(&s.read.Lenient, "lenient", false, "count rows with unreadable fields instead of stopping at the first")
	fs.BoolVar(&s.marks, "marks", false, "use the venue's mark prices instead of bids and asks")
	fs.StringVar(&rate, "rate", "", "flat interest `rate`, e.g. 0.05, instead of the one that put-call parity implies")
	fs.StringVar(&s.html, "html", "", "write a report with pictures to this `file`")
	fs.IntVar(&s.expiries, "expiries", 3, "how many expiries to print quotes for, the nearest from a week on")
	fs.IntVar(&s.strikes, "strikes", 9, "how many strikes to print per expiry")
	fs.Float64Var(&s.straddles, "straddles", 100, "inventory to quote with: at-the-money straddles of the second expiry printed")
	fs.Float64Var(&s.aversion, "aversion", 0, "aversion to vega inventory, per unit of money (default: such that the inventory moves its own straddle's quotes by a half-width)")
	fs.Float64Var(&s.realVol, "realvol", 0, "your forecast of realised volatility, e.g. 0.15 (default: no view, no edge)")
	fs.IntVar(&s.rank, "rank", 3, "number of volatility factors kept across expiries")
	if err := fs.Parse(args); err != nil {
		return s, err
	}
	if fs.NArg() > 0 {
		return s, fmt.Errorf("%q is not a flag; the chain goes behind -chain", fs.Arg(0))
	}
	var err error
	if s.read.Columns, err = parseColumns(columns); err != nil {
		return s, err
	}
	if date != "" {
		if s.read.Date, err = calendar.ParseDate(date); err != nil {
			return s, fmt.Errorf("-date: %w", err)
		}
	}
	if rate != "" {
		if _, err := fmt.Sscan(rate, &s.rate); err != nil {
			return s, fmt.Errorf("-rate is %q, want a number such as 0.05", rate)
		}
		s.hasRate = true
	}
	for name, v := range map[string]int{"expiries": s.expiries, "strikes": s.strikes, "rank": s.rank} {
		if v < 1 {
			return s, fmt.Errorf("-%s is %d, want at least 1", name, v)
		}
	}
	return s, nil
}

// parseColumns reads "strike=K,bid=best bid".
func parseColumns(text string) (surface.Columns, error) {
	if text == "" {
		return nil, nil
	}
	fields := make(map[string]surface.Field)
	var names []string
	for f := surface.FieldDate; f <= surface.FieldPutAsk; f++ {
		fields[f.String()] = f
		names = append(names, f.String())
	}
	columns := make(surface.Columns)
	for pair := range strings.SplitSeq(text, ",") {
		name, header, ok := strings.Cut(pair, "=")
		f, known := fields[strings.TrimSpace(name)]
		if !ok || !known {
			return nil, fmt.Errorf("-columns: %q, want field=header with a field of: %s", pair, strings.Join(names, ", "))
		}
		columns[f] = strings.TrimSpace(header)
	}
	return columns, nil
}

// discount is the curve that the flags ask for, nil for that of put-call parity.
func (s settings) discount() curve.Discount {
	if !s.hasRate {
		return nil
	}
	return curve.Flat(s.rate)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	d, err := walk(ctx, s, func(stage string) { fmt.Fprintf(stderr, "%s ...\n", stage) })
	if err != nil {
		return err
	}
	out := &printer{w: stdout}
	d.print(out)
	if out.err != nil {
		return out.err
	}
	if s.html == "" {
		return nil
	}
	fmt.Fprintln(stderr, "drawing ...")
	began := time.Now()
	page, err := d.page()
	if err != nil {
		return err
	}
	if err := page.WriteFile(s.html); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "\nReport written to %s in %v.\n", s.html, time.Since(began).Round(time.Millisecond))
	return err
}
