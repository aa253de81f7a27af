// Engines prices the same options by every engine of the library, at every setting from rough to exact, and shows the error of
// each against the time it takes, so that a reader sees which engine to choose for which accuracy; then how the error of each falls as
// it works harder, beside the order that theory claims.
//
//	go run ./examples/engines                    tables
//	go run ./examples/engines -html engines.html and a page of pictures
//
// It doubles as a tutorial: contests.go shows how each engine is called, and that an engine is replaced by another without
// touching the option or the model.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "engines:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	html   string
	budget time.Duration
}

func parse(args []string, stderr io.Writer) (settings, error) {
	s := settings{}
	fs := flag.NewFlagSet("engines", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintf(stderr, "engines prices the same options by every engine and shows error against time.\n\nFlags:\n")
		fs.PrintDefaults()
	}
	fs.StringVar(&s.html, "html", "", "write a page with pictures to this `file`")
	fs.DurationVar(&s.budget, "budget", 20*time.Millisecond, "`time` spent on measuring each setting; 0 runs each once")
	if err := fs.Parse(args); err != nil {
		return s, err
	}
	if s.budget < 0 {
		return s, fmt.Errorf("-budget is %v, want 0 or more", s.budget)
	}
	if fs.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	return s, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	var done []outcome
	for _, c := range contests() {
		fmt.Fprintf(stderr, "%s ...\n", c.title)
		o, err := c.run(ctx, s.budget)
		if err != nil {
			return err
		}
		o.print(stdout)
		done = append(done, o)
	}
	fmt.Fprintln(stderr, "orders of convergence ...")
	orders, err := studies(ctx)
	if err != nil {
		return err
	}
	for _, o := range orders {
		o.print(stdout)
	}
	if s.html == "" {
		return nil
	}
	page, err := page(done, orders)
	if err != nil {
		return err
	}
	return page.WriteFile(s.html)
}
