package surface

import (
	"errors"
	"math"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
)

func TestTrackerLife(t *testing.T) {
	e := index(t)
	smiles := quoted(e.Slices(), 21, 3, 0.002)
	tr, err := NewTracker(TrackerSettings{Motion: Motion{Dynamics: StickyStrike}, RefitEvery: 2, RetryEvery: 0.5, StaleAfter: 5, MaxRMS: 3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Surface(0); !errors.Is(err, ErrNoSurface) || tr.State(0) != NoSurface || !tr.Due(0) {
		t.Errorf("at the start: %v, %v", err, tr.State(0))
	}
	first, err := tr.Refit(nil, 10, 100, smiles)
	if err != nil {
		t.Fatal(err)
	}
	if tr.State(10) != NoSurface || first.State(10) != Fresh || first.Due(11.9) || !first.Due(12) {
		t.Error("a fit must leave the value before it alone and be due after the beat")
	}
	ticked, err := first.Tick(11, 101)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ticked.Surface(11)
	if err != nil {
		t.Fatal(err)
	}
	x := math.Log(1.01)
	if got, want := s.Vol(-x, 0.5), e.Vol(0, 0.5); math.Abs(got-want) > 1e-4 {
		t.Errorf("the strike's volatility moved: %g, want %g", got, want)
	}
	if !ticked.Due(11) { // 1 % is more than RefitMove
		t.Error("a fit must be due after a large move")
	}
	// A fit that fails keeps the surface.
	failed, err := ticked.Refit(nil, 12, 101.5, nil)
	var refit *RefitError
	if !errors.As(err, &refit) || refit.Failures != 1 || !errors.Is(err, fault.ErrDomain) {
		t.Fatalf("%v", err)
	}
	kept, err := failed.Surface(12)
	if err != nil || kept.Base() != s.Base() || failed.State(12) != Degraded || kept.Shift() != math.Log(1.015) {
		t.Errorf("after a failure: %v, %v, shift %g", err, failed.State(12), kept.Shift())
	}
	if failed.Due(12.4) || !failed.Due(12.5) {
		t.Error("a retry is due after RetryEvery")
	}
	// Quotes that no such surface fits.
	odd := quoted(e.Slices(), 21, 3, 0.0001)
	for j := range odd[2].Mid {
		d := 0.05 * float64(j%2)
		odd[2].Mid[j] += d
		odd[2].Bid[j] += d
		odd[2].Ask[j] += d
	}
	poor, err := failed.Refit(nil, 13, 101.5, odd)
	if !errors.Is(err, ErrPoorFit) && !errors.Is(err, ErrNotConverged) {
		t.Errorf("a poor fit: %v", err)
	}
	if n, last := poor.Failures(); n != 2 || last != err {
		t.Errorf("%d failures, %v", n, last)
	}
	var stale *StaleError
	if got, err := poor.Surface(15.5); !errors.As(err, &stale) || !errors.Is(err, ErrStale) || got == nil || stale.Age != 5.5 {
		t.Errorf("stale: %v", err)
	}
	// A fit of quotes of a moment ago is moved to the spot of now; one older than that in use is not taken.
	behind, err := poor.Tick(14, 102)
	if err != nil {
		t.Fatal(err)
	}
	again, err := behind.Accept(behind.Fit(new(Fitter), 13.5, 101.8, smiles))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := again.Surface(14); got.Shift() != math.Log(102/101.8) || again.State(14) != Fresh {
		t.Errorf("shift %g, %v", got.Shift(), again.State(14))
	}
	if same, err := again.Accept(Fitted{Time: 12, Spot: 100, Surface: e}); !errors.Is(err, ErrSuperseded) || !reflect.DeepEqual(same, again) {
		t.Errorf("an old fit: %v", err)
	}
	if n := again.Report().Slices; len(n) != 5 {
		t.Errorf("%d slices in the report", len(n))
	}
	if base, at, spot := again.Base(); base == nil || at != 13.5 || spot != 101.8 {
		t.Errorf("base of %g, %g", at, spot)
	}
}

func TestTrackerStartsFromTheLastFit(t *testing.T) {
	smiles := market(20, 60, 3)
	var tr Tracker
	tr, err := tr.Refit(nil, 0, 100, smiles)
	if err != nil {
		t.Fatal(err)
	}
	cold := tr.Report().Iterations
	tr, err = tr.Refit(nil, 1, 100.02, moved(smiles, 4))
	if err != nil || tr.Report().Iterations*2 > cold {
		t.Errorf("%d iterations after %d, %v", tr.Report().Iterations, cold, err)
	}
}

func TestTrackerRefuses(t *testing.T) {
	for _, s := range []TrackerSettings{
		{RefitEvery: -1}, {RetryEvery: math.NaN()}, {StaleAfter: math.Inf(1)}, {RefitMove: -1}, {MaxRMS: -1},
		{Motion: Motion{Dynamics: 77}}, {Fit: FitSettings{Scale: -1}},
	} {
		if _, err := NewTracker(s); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	tr, _ := Tracker{}.Tick(5, 100)
	for _, c := range [][2]float64{{4, 100}, {math.NaN(), 100}, {6, 0}, {6, math.NaN()}, {6, -3}, {math.Inf(1), 100}} {
		if same, err := tr.Tick(c[0], c[1]); !errors.Is(err, fault.ErrDomain) || !reflect.DeepEqual(same, tr) {
			t.Errorf("tick %v: %v", c, err)
		}
	}
	if _, err := tr.Accept(Fitted{Time: 6, Spot: 100}); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("no surface: %v", err)
	}
	if same, err := tr.Accept(Fitted{Time: 6, Spot: math.NaN()}); !errors.Is(err, fault.ErrDomain) || !reflect.DeepEqual(same, tr) {
		t.Errorf("no spot: %v", err)
	}
}

// Readers hold what they have got while a writer goes on.
func TestTrackerIsSafeToShare(t *testing.T) {
	smiles := quoted(index(t).Slices(), 11, 3, 0.002)
	first, err := Tracker{}.Refit(nil, 0, 100, smiles)
	if err != nil {
		t.Fatal(err)
	}
	var live atomic.Pointer[Tracker]
	live.Store(&first)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				s, err := live.Load().Surface(0)
				if err != nil || !(s.Vol(-0.1, 0.3) > 0) {
					t.Errorf("%v", err)
					return
				}
			}
		})
	}
	at := first
	for i := range 300 {
		next, err := at.Tick(float64(i)*0.001, 100+0.01*float64(i))
		if err != nil {
			t.Fatal(err)
		}
		at = next
		live.Store(&next)
	}
	wg.Wait()
}

// Any sequence of events: no panic, time does not run back, a surface once there stays, errors have types, and the values
// before are as they were.
func FuzzTracker(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40})
	f.Add([]byte{2, 0, 2, 1, 1, 3, 2, 9, 0, 0, 255, 254, 253, 252})
	f.Add([]byte{3, 3, 3, 2, 2, 2})
	e := index(f)
	smiles := quoted(e.Slices(), 7, 3, 0.002)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 60 {
			data = data[:60]
		}
		tr, err := NewTracker(TrackerSettings{Motion: motions[len(data)%len(motions)], RefitEvery: 3})
		if err != nil {
			t.Fatal(err)
		}
		now := 0.0
		for i, b := range data {
			now += float64(b>>4) - 1
			spot := 100 + float64(b%16) - 8
			if b%16 == 15 {
				spot = math.NaN()
			}
			if b == 254 {
				spot = 1e9
			}
			before, had := tr, tr.base
			copied := before
			switch b % 5 {
			case 0, 1:
				tr, err = tr.Tick(now, spot)
			case 2:
				tr, err = tr.Refit(nil, now, spot, smiles)
			case 3:
				tr, err = tr.Refit(nil, now, spot, smiles[:i%2])
			case 4:
				tr, err = tr.Accept(Fitted{Time: now, Spot: spot, Err: ErrNotConverged})
			}
			var refit *RefitError
			if err != nil && !errors.Is(err, fault.ErrDomain) && !errors.As(err, &refit) {
				t.Fatalf("%v is of no type", err)
			}
			if !reflect.DeepEqual(before, copied) {
				t.Fatal("the value before was changed")
			}
			if had != nil && tr.base == nil || tr.time < before.time && before.spot > 0 {
				t.Fatal("a surface was lost, or time ran back")
			}
			s, serr := tr.Surface(now)
			switch {
			case tr.base == nil:
				if s != nil || !errors.Is(serr, ErrNoSurface) {
					t.Fatal("no surface, and no error")
				}
			case serr != nil && !errors.Is(serr, ErrStale):
				t.Fatal(serr)
			case !(s.Vol(0.01, 0.3) > 0) || s.Base() != Differentiable(tr.base) || s.Shift() != math.Log(tr.spot/tr.fitSpot):
				t.Fatal("the surface is not the last good one at the spot")
			}
		}
	})
}

func BenchmarkTrackerTick(b *testing.B) {
	tr, err := Tracker{}.Refit(nil, 0, 100, quoted(index(b).Slices(), 11, 3, 0.002))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		tr, _ = tr.Tick(float64(i), 100+0.01*float64(i%100))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ticks/s")
}
