package surface

import (
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
)

func TestEventSurface(t *testing.T) {
	e := index(t)
	events := []Event{{"FOMC", 0.3, 0.0004}, {"earnings", 0.07, 0.0025}, {"nothing", 0.5, 0}, {"earnings", 0.32, 0.0025}}
	s, err := NewEventSurface(e, events)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range events {
		got := s.TotalVariance(0, x.Time) - s.TotalVariance(0, x.Time*(1-1e-12))
		if math.Abs(got-x.Variance) > 1e-11 {
			t.Errorf("%s adds %.10f, want %.10f", x.Label, got, x.Variance)
		}
	}
	if a := CheckArbitrage(s, Grid{}); !a.Free() {
		t.Errorf("arbitrage: %+v", a)
	}
	// Just after and just before each event, which the grid at the pillars does not separate.
	var times []float64
	for _, p := range s.Pillars() {
		times = append(times, p*(1-1e-9), p, p*(1+1e-9))
	}
	if a := CheckArbitrage(s, Grid{Times: times}); !a.Free() {
		t.Errorf("arbitrage about the events: %+v", a)
	}
	if got, want := s.TotalVariance(-0.1, 0.05), e.TotalVariance(-0.1, 0.05); got != want {
		t.Errorf("before the first event %g, want %g", got, want)
	}
	for _, at := range []float64{0.01, 0.07, 0.2, 0.31, 4} {
		if v := s.Vol(0.1, at); math.Abs(v*v*at-s.TotalVariance(0.1, at)) > 1e-14 {
			t.Errorf("Vol at %g is %g", at, v)
		}
		_, _, _, wt := s.Derivatives(0.05, at)
		const h = 1e-7
		if slope := (s.TotalVariance(0.05, at+h) - s.TotalVariance(0.05, at)) / h; math.Abs(slope-wt) > 1e-5 {
			t.Errorf("∂w/∂t at %g is %g, bumped %g", at, wt, slope)
		}
	}
	if s.Vol(0, 0) != e.Vol(0, 0) {
		t.Errorf("vol at 0: %g", s.Vol(0, 0))
	}
	k, dst := []float64{-0.1, 0.2}, make([]float64, 2)
	if s.VolTo(dst, k, 0.4); dst[1] != s.Vol(0.2, 0.4) {
		t.Error("VolTo is not Vol")
	}
}

// Quotes with an event: deflated by the clock they are fitted as if there were none.
func TestFitBetweenEvents(t *testing.T) {
	slices := []Slice{{0.08, 0.0032, -0.4, 0.05}, {0.2, 0.008, -0.4, 0.09}, {0.45, 0.018, -0.4, 0.14}, {1, 0.04, -0.4, 0.21}}
	truth, err := NewESSVI(slices)
	if err != nil {
		t.Fatal(err)
	}
	clock, err := NewEventClock(0.2, []Event{{"earnings", 0.1, 0.004}})
	if err != nil {
		t.Fatal(err)
	}
	if got := clock.Business(0.1) - 0.1; math.Abs(got-0.1) > 1e-15 {
		t.Errorf("the event takes %g years, want 0.004/0.2²", got)
	}
	live := clock.Surface(truth)
	var smiles []Smile
	for _, tau := range []float64{0.04, 0.09, 0.12, 0.3, 0.9} {
		s := Smile{Tau: tau, Forward: 100, Discount: 1}
		for j := range 21 {
			k := 0.3 * math.Sqrt(tau) * (float64(j)/10 - 1)
			v := live.Vol(k, tau)
			s.K, s.Mid, s.Bid, s.Ask = append(s.K, k), append(s.Mid, v), append(s.Bid, v-0.002), append(s.Ask, v+0.002)
		}
		smiles = append(smiles, s)
	}
	e, _, err := FitESSVI(clock.Smiles(smiles), FitSettings{Tolerance: 1e-14})
	if err != nil {
		t.Fatal(err)
	}
	fitted := clock.Surface(e)
	for i, s := range smiles {
		for j, k := range s.K {
			if d := fitted.Vol(k, s.Tau) - s.Mid[j]; math.Abs(d) > 1e-6 {
				t.Errorf("smile %d: off by %g at %g", i, d, k)
			}
		}
	}
	if smiles[0].Tau != 0.04 || smiles[2].Mid[10] != live.Vol(smiles[2].K[10], 0.12) {
		t.Error("the smiles given were changed")
	}
	// Between the expiries around it the event is where it belongs.
	jump := fitted.TotalVariance(0, 0.1) - fitted.TotalVariance(0, 0.1-1e-9)
	if math.Abs(jump-0.004) > 5e-5 {
		t.Errorf("the jump at the event is %g, want 0.004", jump)
	}
}

func TestImpliedEvent(t *testing.T) {
	const ambient, variance = 0.22, 0.0036
	vol := func(at float64, events float64) float64 { return math.Sqrt(ambient*ambient + events*variance/at) }
	base := EventQuotes{Before: 0.05, BeforeVol: ambient, After: 0.08, AfterVol: vol(0.08, 1)}
	three := base
	three.Later, three.LaterVol = 0.2, vol(0.2, 1)
	first := three
	first.Before, first.BeforeVol = 0, 0
	known := base
	known.BeforeVol, known.Ambient = 0.3, ambient
	known.AfterVol = math.Sqrt((0.3*0.3*0.05 + ambient*ambient*0.03 + variance) / 0.08)
	for name, q := range map[string]EventQuotes{"before": base, "later": three, "no expiry before": first, "ambient given": known} {
		r, err := q.Implied()
		if err != nil || math.Abs(r.Variance-variance) > 1e-14 || math.Abs(r.Move-0.06) > 1e-12 || math.Abs(r.Ambient-ambient) > 1e-12 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if math.Abs(r.MeanMove-0.06*0.7978845608028654) > 1e-12 { // E|Z|
			t.Errorf("%s: mean move %g", name, r.MeanMove)
		}
	}
	inverted := base
	inverted.Ambient = 0.9
	if r, err := inverted.Implied(); !errors.Is(err, ErrNoEvent) || !(r.Variance < 0) {
		t.Errorf("%+v, %v", r, err)
	}
	for i, spoil := range []func(*EventQuotes){
		func(q *EventQuotes) { q.After = 0.05 }, func(q *EventQuotes) { q.AfterVol = math.NaN() }, func(q *EventQuotes) { q.AfterVol = 0.01 },
		func(q *EventQuotes) { q.Later, q.LaterVol = 0.07, 0.3 }, func(q *EventQuotes) { q.Later, q.LaterVol = 0.2, 0.01 },
		func(q *EventQuotes) { q.Before, q.BeforeVol = 0, 0 }, func(q *EventQuotes) { q.Ambient = -1 },
	} {
		q := base
		spoil(&q)
		if _, err := q.Implied(); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestForwardVariance(t *testing.T) {
	e := index(t)
	if got, want := ForwardVariance(e, 0, 0.1, 0.5), (0.021-0.0036)/0.4; math.Abs(got-want) > 1e-15 {
		t.Errorf("%g, want %g", got, want)
	}
	if got, want := ForwardVariance(e, 0, 0, 0.02), 0.03; math.Abs(got-want) > 1e-15 {
		t.Errorf("from now: %g, want %g", got, want)
	}
	for _, c := range [][2]float64{{0.2, 0.2}, {0.3, 0.2}, {-1, 1}, {math.NaN(), 1}} {
		if v := ForwardVariance(e, 0, c[0], c[1]); !math.IsNaN(v) {
			t.Errorf("%v: %g", c, v)
		}
	}
}

// flatInTime has no variance to come.
type flatInTime struct{ *ESSVI }

func (f flatInTime) TotalVariance(k, t float64) float64 {
	return f.ESSVI.TotalVariance(k, math.Min(t, 1))
}

func TestEventsRefused(t *testing.T) {
	e := index(t)
	for _, events := range [][]Event{{{"a", 0, 0.1}}, {{"a", 0.1, -1}}, {{"a", math.NaN(), 0}}, {{"a", 1, math.Inf(1)}}, {{"ok", 1, 0.1}, {"a", 1, math.NaN()}}} {
		if _, err := NewEventSurface(e, events); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%v: %v", events, err)
		}
		if _, err := NewEventClock(0.2, events); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%v: %v", events, err)
		}
	}
	if _, err := NewEventSurface(nil, nil); !errors.Is(err, fault.ErrDomain) {
		t.Error(err)
	}
	if _, err := NewEventSurface(flatInTime{e}, []Event{{"too much", 0.5, 1}}); !errors.Is(err, fault.ErrDomain) {
		t.Error(err)
	}
	if _, err := NewEventClock(0, nil); !errors.Is(err, fault.ErrDomain) {
		t.Error(err)
	}
	if b := (EventClock{}).Business(0.7); b != 0.7 {
		t.Errorf("the zero clock: %g", b)
	}
}
