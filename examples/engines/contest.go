package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
	"text/tabwriter"
	"time"

	"github.com/volgaquant/volga/pricing"
)

// contest is one option under one model, to be priced by every engine that can.
type contest struct {
	title, text string
	option      pricing.Instrument
	world       pricing.Model
	unit        float64        // errors are told as fractions of this price: the strike, usually
	reference   pricing.Engine // whose value counts as exact, and why is said in text
	entries     []entry
}

// entry is one engine at one setting.
type entry struct {
	family  string // the line in the picture
	setting string
	engine  pricing.Engine
}

// result is what an entry achieved.
type result struct {
	entry
	value   float64
	err     float64       // |value − exact| / unit
	noise   float64       // standard error / unit, 0 for deterministic engines
	time    time.Duration // median of one valuation
	refused error         // why there is no value
}

// outcome is a contest after it was run.
type outcome struct {
	contest
	exact   float64
	results []result
}

func (c contest) run(ctx context.Context, budget time.Duration) (outcome, error) {
	exact, err := c.reference.Price(ctx, c.option, c.world)
	if err != nil {
		return outcome{}, fmt.Errorf("%s: the reference: %w", c.title, err)
	}
	o := outcome{contest: c, exact: exact.Value}
	for _, e := range c.entries {
		r := result{entry: e}
		first, err := e.engine.Price(ctx, c.option, c.world)
		if ctx.Err() != nil {
			return outcome{}, ctx.Err()
		}
		if err != nil {
			r.refused = err
			o.results = append(o.results, r)
			continue
		}
		r.value, r.err, r.noise = first.Value, math.Abs(first.Value-exact.Value)/c.unit, first.StdErr/c.unit
		if r.time, err = timed(budget, func() error { _, err := e.engine.Price(ctx, c.option, c.world); return err }); err != nil {
			return outcome{}, fmt.Errorf("%s: %s %s: %w", c.title, e.family, e.setting, err)
		}
		o.results = append(o.results, r)
	}
	return o, nil
}

// timed returns the median time of one call, over up to seven groups of calls that together take about the budget.
func timed(budget time.Duration, call func() error) (time.Duration, error) {
	const groups = 7
	var took []time.Duration
	calls := 1
	for start := time.Now(); len(took) < groups; {
		t := time.Now()
		for range calls {
			if err := call(); err != nil {
				return 0, err
			}
		}
		group := time.Since(t)
		took = append(took, group/time.Duration(calls))
		if time.Since(start) > budget {
			break
		}
		if group < budget/(2*groups) {
			calls *= 2
			took = took[:0]
		}
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	return took[len(took)/2], nil
}

// smallest is the least error told: below it the reference itself is in doubt.
const smallest = 1e-14

// choices are the accuracies for which the best engine is named, as fractions of the unit.
var choices = []float64{1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8, 1e-10, 1e-12}

// best returns the fastest result whose error and noise are within tol.
func (o outcome) best(tol float64) (result, bool) {
	var found result
	for _, r := range o.results {
		// Three standard errors: a simulation that came close by luck has not the accuracy.
		if r.refused == nil && r.err <= tol && 3*r.noise <= tol && (found.engine == nil || r.time < found.time) {
			found = r
		}
	}
	return found, found.engine != nil
}

func (o outcome) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n%s\nexact: %.10f\n\n", o.title, o.text, o.exact)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "engine\tsetting\tvalue\terror\ttime\t\n")
	for _, row := range o.rows() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t\n", row[0], row[1], row[2], row[3], row[4])
	}
	t.Flush()
	fmt.Fprint(w, "\nThe fastest for an error down to:\n")
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range o.winners() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\n", row[0], row[1], row[2], row[3])
	}
	t.Flush()
}

// rows are the table of all results.
func (o outcome) rows() [][]string {
	var rows [][]string
	for _, r := range o.results {
		if r.refused != nil {
			rows = append(rows, []string{r.family, r.setting, "refused", reason(r.refused), ""})
			continue
		}
		told := fmt.Sprintf("%.1e", math.Max(r.err, smallest))
		if r.err < smallest {
			told = "< " + fmt.Sprintf("%.0e", smallest)
		}
		if r.noise > 0 {
			told += fmt.Sprintf(" ± %.1e", r.noise)
		}
		rows = append(rows, []string{r.family, r.setting, fmt.Sprintf("%.10f", r.value), told, duration(r.time)})
	}
	return rows
}

func reason(err error) string {
	var no *pricing.UnsupportedError
	if errors.As(err, &no) && no.Reason != "" {
		return no.Reason
	}
	return err.Error()
}

// winners are the table of the fastest engine by accuracy. One that stays the fastest for several gets one row, that of the
// highest accuracy.
func (o outcome) winners() [][]string {
	var rows [][]string
	var last entry
	for _, tol := range choices {
		r, ok := o.best(tol)
		if !ok {
			break
		}
		if len(rows) > 0 && r.family == last.family && r.setting == last.setting {
			rows = rows[:len(rows)-1]
		}
		rows = append(rows, []string{fmt.Sprintf("%.0e", tol), r.family, r.setting, duration(r.time)})
		last = r.entry
	}
	return rows
}

// duration writes a time with three digits, in the unit that suits it.
func duration(d time.Duration) string {
	ns := float64(d.Nanoseconds())
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.3g ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.3g µs", ns/1e3)
	case ns < 1e9:
		return fmt.Sprintf("%.3g ms", ns/1e6)
	}
	return fmt.Sprintf("%.3g s", ns/1e9)
}
