package calibrate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
)

// sixHump is the camel of Dixon and Szegö (1978): six minima, of which two, opposite each other, are global.
func sixHump(grad, x []float64) (float64, error) {
	a, b := x[0]*x[0], x[1]*x[1]
	if grad != nil {
		grad[0] = x[0]*(8-8.4*a+2*a*a) + x[1]
		grad[1] = x[0] + x[1]*(16*b-8)
	}
	return (4-2.1*a+a*a/3)*a + x[0]*x[1] + 4*(b-1)*b, nil
}

const sixHumpLeast = -1.0316284534898774

// From a box that says little of the parameters, each search finds NIST's certified ones, also of the problem whose far start
// leads a single fit astray.
func TestGlobalFits(t *testing.T) {
	for _, c := range []struct {
		name         string
		lower, upper []float64
	}{
		{"BoxBOD", []float64{1, 0.01}, []float64{1000, 10}},
		{"Eckerle4", []float64{0.1, 0.5, 400}, []float64{10, 20, 500}},
		{"MGH10", []float64{1e-4, 1000, 100}, []float64{1, 10000, 1000}},
		{"MGH17", []float64{-10, -10, -10, 0, 0}, []float64{10, 10, 10, 1, 1}},
		{"Rat43", []float64{100, 0, 0, 0.1}, []float64{2000, 20, 5, 10}},
		{"Lanczos3", []float64{0, 0, 0, 0, 0, 0}, []float64{10, 10, 10, 10, 10, 10}},
	} {
		d := readNIST(t, c.name)
		for s := range Search(numberOfSearches) {
			p := d.problem()
			p.Lower, p.Upper = c.lower, c.upper
			sol, starts, err := Global{Search: s, Seed: 1, Workers: 1}.Fit(context.Background(), p, nil)
			if got := digits(2*sol.Cost, d.squares); err != nil || got < 8 {
				t.Errorf("%s by %v: %.1f digits of the sum of squares, %v", c.name, s, got, err)
			}
			t.Logf("%-9s %-12v share %3.0f%% of %d starts, %6d evaluations", c.name, s, 100*starts.Share(), len(starts), starts.Evaluations())
			if starts.Share() == 0 || starts.Share() > 1 {
				t.Errorf("%s by %v: share %g", c.name, s, starts.Share())
			}
			if _, err := sol.Diagnostics(); err != nil {
				t.Errorf("%s by %v: %v", c.name, s, err)
			}
		}
	}
}

func TestGlobalMinima(t *testing.T) {
	o := Objective{Function: sixHump, Lower: []float64{-3, -2}, Upper: []float64{3, 2}}
	for s := range Search(numberOfSearches) {
		last, calls := math.Inf(1), 0
		m, starts, err := Global{Search: s, Seed: 5, Progress: func(p Progress) {
			if calls++; p.Iteration != calls || p.Cost > last {
				t.Errorf("%v: progress %+v after %g", s, p, last)
			}
			last = p.Cost
		}}.Minimize(context.Background(), o, nil)
		if err != nil || math.Abs(m.Value-sixHumpLeast) > 1e-12 || math.Abs(math.Abs(m.X[0])-0.0898420131) > 1e-6 {
			t.Errorf("%v: %+v, %v", s, m, err)
		}
		if calls != len(starts) {
			t.Errorf("%v: %d starts, %d calls of Progress", s, len(starts), calls)
		}
		// Whether a start counts is told by its value: both global minima do, no other.
		for _, v := range starts {
			if v.Best != (v.Value < sixHumpLeast+1e-6) {
				t.Errorf("%v: a start that led to %g counts: %v", s, v.Value, v.Best)
			}
		}
		if share := starts.Share(); s == MultiStart && (share < 0.3 || share == 1) {
			t.Errorf("%v: share %g", s, share)
		}
	}
	// The start given is one of them: it need not be in the box.
	m, starts, err := Global{Starts: 1}.Minimize(context.Background(), o, []float64{1.6, -9})
	if err != nil || len(starts) != 1 || starts[0].From[0] != 1.6 || starts[0].From[1] != -2 || m.Value < sixHumpLeast-1e-12 {
		t.Errorf("one start: %+v, %+v, %v", m, starts, err)
	}
}

func TestGlobalSameBitsForAnyWorkers(t *testing.T) {
	d := readNIST(t, "Eckerle4")
	p := d.problem()
	p.Residuals = func(r, jac, x []float64) error { return d.problem().Residuals(r, jac, x) } // problem keeps a buffer
	p.Lower, p.Upper = []float64{0.1, 0.5, 400}, []float64{10, 20, 500}
	for s := range Search(numberOfSearches) {
		sol, starts, err := Global{Search: s, Workers: 1, Starts: 6}.Fit(context.Background(), p, nil)
		for _, w := range []int{2, 5} {
			again, more, err2 := Global{Search: s, Workers: w, Starts: 6}.Fit(context.Background(), p, nil)
			same := len(starts) == len(more)
			for k := range starts {
				a, b := starts[k], more[k]
				same = same && slices.Equal(a.From, b.From) && slices.Equal(a.To, b.To) && a.Value == b.Value && a.Best == b.Best && a.Evaluations == b.Evaluations
			}
			if !same || !slices.Equal(sol.X, again.X) || fmt.Sprint(err) != fmt.Sprint(err2) {
				t.Errorf("%v with %d workers: %g, %g", s, w, again.X, sol.X)
			}
		}
	}
}

func TestGlobalRefusesAndStops(t *testing.T) {
	ctx := context.Background()
	o := Objective{Function: sixHump, Lower: []float64{-3, -2}, Upper: []float64{3, 2}}
	var arg *fault.ArgError
	for name, call := range map[string]func() error{
		"no bounds": func() error { _, _, err := Global{}.Minimize(ctx, Objective{Function: sixHump}, nil); return err },
		"search":    func() error { _, _, err := Global{Search: 7}.Minimize(ctx, o, nil); return err },
		"starts":    func() error { _, _, err := Global{Starts: -1}.Minimize(ctx, o, nil); return err },
		"length":    func() error { _, _, err := Global{}.Minimize(ctx, o, []float64{1}); return err },
		"NaN":       func() error { _, _, err := Global{}.Minimize(ctx, o, []float64{1, math.NaN()}); return err },
		"fit unbounded": func() error {
			_, _, err := Global{}.Fit(ctx, readNIST(t, "BoxBOD").problem(), nil)
			return err
		},
		"fit of nothing": func() error {
			_, _, err := Global{}.Fit(ctx, LeastSquares{Lower: []float64{0}, Upper: []float64{1}}, nil)
			return err
		},
		"everywhere NaN": func() error {
			nan := Objective{Function: func(_, _ []float64) (float64, error) { return math.NaN(), nil }, Lower: o.Lower, Upper: o.Upper}
			_, starts, err := Global{Workers: 1}.Minimize(ctx, nan, nil)
			if starts.Share() != 0 {
				t.Errorf("share of a function that is finite nowhere: %g", starts.Share())
			}
			return err
		},
	} {
		if err := call(); !errors.As(err, &arg) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Half of the box is outside the domain: the other half serves.
	half := Objective{Lower: o.Lower, Upper: o.Upper, Function: func(grad, x []float64) (float64, error) {
		if x[0] > 0 {
			return math.NaN(), nil
		}
		return sixHump(grad, x)
	}}
	m, starts, err := Global{}.Minimize(ctx, half, nil)
	if err != nil || math.Abs(m.Value-sixHumpLeast) > 1e-10 || starts.Share() > 0.5 {
		t.Errorf("half of the box: %+v, share %g, %v", m, starts.Share(), err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	defer cancel()
	var calls atomic.Int64
	slow := Objective{Lower: o.Lower, Upper: o.Upper, Function: func(grad, x []float64) (float64, error) {
		if calls.Add(1) == 100 {
			cancel()
		}
		return sixHump(grad, x)
	}}
	m, starts, err = Global{Workers: 2}.Minimize(cancelled, slow, nil)
	if !errors.Is(err, context.Canceled) || m.X == nil || len(starts) != 32 || !errors.Is(starts[31].Err, context.Canceled) {
		t.Errorf("cancelled: %+v, %v", m, err)
	}
}
