package surface

import (
	"errors"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// Conditions of a live surface that a caller can act on.
var (
	ErrNoSurface  = errors.New("there is no surface yet")
	ErrStale      = errors.New("the surface is stale")
	ErrPoorFit    = errors.New("the fit is too poor to be used")
	ErrSuperseded = errors.New("a later fit is in use")
)

// RefitError says that a fit was not taken over and why. The surface before it stays in use.
type RefitError struct {
	Time     float64 // of the quotes
	Failures int     // in a row, this one included
	Err      error   // what was wrong
}

// Error gives the time, the count and the cause.
func (e *RefitError) Error() string {
	return fmt.Sprintf("surface: re-fit at %.6g refused (%d in a row): %v", e.Time, e.Failures, e.Err)
}

// Unwrap returns the cause.
func (e *RefitError) Unwrap() error { return e.Err }

// StaleError says how old a surface is. It is an [ErrStale].
type StaleError struct {
	Age, Limit float64 // in the units of time of the Tracker
}

// Error gives the age and the limit.
func (e *StaleError) Error() string {
	return fmt.Sprintf("surface: the last good fit is %.6g old, want at most %.6g", e.Age, e.Limit)
}

// Unwrap makes errors.Is(err, ErrStale) true.
func (e *StaleError) Unwrap() error { return ErrStale }

// TrackerSettings are the settings of a [Tracker]. Times are in any unit, that of the clock that is passed in; seconds are
// meant by the defaults.
type TrackerSettings struct {
	Motion Motion // between fits; the zero value is sticky moneyness

	RefitEvery float64 // a fit is due so long after the last good one; 0 means 1
	RetryEvery float64 // and so long after a failed attempt; 0 means RefitEvery
	StaleAfter float64 // the age at which a surface is stale; 0 means 10·RefitEvery
	RefitMove  float64 // a fit is also due when ln(spot) has moved so far since the last good one; 0 means 0.005
	MaxRMS     float64 // a smile that misses its quotes by more half-spreads, root mean square, makes a fit poor; 0 means no limit

	Fit FitSettings // Start is ignored: every fit starts from the last good one
}

// Validate checks the settings.
func (s TrackerSettings) Validate() error {
	const fn = "surface.TrackerSettings"
	return fault.First(
		s.Motion.Validate(), s.Fit.validate(),
		fault.NonNegative(fn, "RefitEvery", s.RefitEvery), fault.NonNegative(fn, "RetryEvery", s.RetryEvery),
		fault.NonNegative(fn, "StaleAfter", s.StaleAfter), fault.NonNegative(fn, "RefitMove", s.RefitMove),
		fault.NonNegative(fn, "MaxRMS", s.MaxRMS),
	)
}

func (s TrackerSettings) refitEvery() float64 { return orDefault(s.RefitEvery, 1) }
func (s TrackerSettings) retryEvery() float64 { return orDefault(s.RetryEvery, s.refitEvery()) }
func (s TrackerSettings) staleAfter() float64 { return orDefault(s.StaleAfter, 10*s.refitEvery()) }

// TrackerState says what a surface that is tracked is worth.
type TrackerState uint8

// The states.
const (
	NoSurface TrackerState = iota // no fit has succeeded
	Fresh                         // the last fit is in use, moved with the spot
	Degraded                      // the last attempt failed; the surface is that of the last good fit
	Outdated                      // the last good fit is too old
)

// String names the state.
func (s TrackerState) String() string {
	names := [...]string{"no surface", "fresh", "degraded", "outdated"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("TrackerState(%d)", uint8(s))
}

// Fitted is the outcome of a fit to the quotes of one instant.
type Fitted struct {
	Time    float64 // of the quotes
	Spot    float64 // at that time
	Surface *ESSVI
	Report  FitReport
	Err     error // nil if the fit succeeded
}

// Tracker is a live surface: it moves with the spot on every tick and is fitted again on a slower beat. It is a value: every
// step returns a new one and leaves the old one as it was, so that readers may hold any of them without locks; an atomic
// pointer to the latest is enough to share it. It has no clock. The zero value has default settings and no surface.
//
// Between fits the surface is read by time to expiry as it was fitted; what passes of that time in one beat is neglected.
type Tracker struct {
	settings TrackerSettings

	time, spot float64 // of the last event; spot 0 before the first
	moved      *Moved  // nil before the first good fit
	base       *ESSVI
	fitTime    float64 // of the last good fit
	fitSpot    float64
	report     FitReport

	attempt  float64 // time of the last attempt
	tried    bool
	failures int
	err      error
}

// NewTracker returns a tracker without a surface.
func NewTracker(settings TrackerSettings) (Tracker, error) {
	if err := settings.Validate(); err != nil {
		return Tracker{}, err
	}
	settings.Fit.Start = nil
	return Tracker{settings: settings}, nil
}

// Tick moves the surface rigidly to a spot. Time may not run backwards. With an error the tracker is unchanged.
func (t Tracker) Tick(now, spot float64) (Tracker, error) {
	const fn = "surface.Tracker.Tick"
	if err := fault.First(fault.Finite(fn, "now", now), fault.Positive(fn, "spot", spot)); err != nil {
		return t, err
	}
	if t.spot > 0 && now < t.time {
		return t, fault.Arg(fn, "now", now, fmt.Sprintf("at least %g, the time of the last event", t.time))
	}
	next := t
	next.time, next.spot = now, spot
	if err := next.place(); err != nil {
		return t, err
	}
	return next, nil
}

// place moves the base to the spot.
func (t *Tracker) place() error {
	if t.base == nil {
		return nil
	}
	shift := math.Log(t.spot / t.fitSpot)
	if t.moved != nil && t.moved.base == Differentiable(t.base) && t.moved.shift == shift {
		return nil
	}
	m, err := t.settings.Motion.Move(t.base, shift)
	if err != nil {
		return err
	}
	t.moved = m
	return nil
}

// Due reports whether it is time for a fit.
func (t Tracker) Due(now float64) bool {
	switch {
	case !t.tried:
		return true
	case t.failures > 0:
		return now-t.attempt >= t.settings.retryEvery()
	}
	move := math.Abs(math.Log(t.spot / t.fitSpot))
	return now-t.fitTime >= t.settings.refitEvery() || move >= orDefault(t.settings.RefitMove, 0.005)
}

// Fit fits the smiles of an instant from the last good surface, without taking the result over: it may run beside ticks. The
// fitter may be nil; one that is given is used by one call at a time.
func (t Tracker) Fit(f *Fitter, now, spot float64, smiles []Smile) Fitted {
	if f == nil {
		f = new(Fitter)
	}
	cfg := t.settings.Fit
	cfg.Start = t.base
	e, report, err := f.Fit(smiles, cfg)
	report.Slices = append([]SliceFit(nil), report.Slices...)
	report.Active = append([]ActiveCondition(nil), report.Active...)
	return Fitted{now, spot, e, report, err}
}

// Accept takes a fit over, and moves it to the present spot if that is not the one of its quotes. If the fit failed, is
// poorer than MaxRMS allows, or is older than the one in use, the last good surface stays and the error is a [RefitError];
// the tracker that comes with it has counted the failure (but not that of an old fit, which changes nothing). For a fit whose
// time or spot make no sense the tracker is unchanged and the error a pricing.ArgError.
func (t Tracker) Accept(f Fitted) (Tracker, error) {
	const fn = "surface.Tracker.Accept"
	if err := fault.First(fault.Finite(fn, "Time", f.Time), fault.Positive(fn, "Spot", f.Spot)); err != nil {
		return t, err
	}
	if t.base != nil && f.Time < t.fitTime {
		return t, &RefitError{f.Time, t.failures, fmt.Errorf("surface: %w, of %.6g", ErrSuperseded, t.fitTime)}
	}
	next := t
	if next.spot == 0 || f.Time > next.time {
		next.time, next.spot = f.Time, f.Spot
	}
	if next.tried {
		next.attempt = math.Max(next.attempt, f.Time)
	} else {
		next.attempt, next.tried = f.Time, true
	}
	err := f.Err
	switch {
	case err != nil:
	case f.Surface == nil:
		err = fault.Arg(fn, "Surface", nil, "a surface if Err is nil")
	default:
		err = t.settings.poor(f.Report)
	}
	if err == nil {
		good := next
		good.base, good.fitTime, good.fitSpot, good.report = f.Surface, f.Time, f.Spot, f.Report
		good.failures, good.err, good.moved = 0, nil, nil
		if err = good.place(); err == nil {
			return good, nil
		}
	}
	next.failures++
	next.err = &RefitError{f.Time, next.failures, err}
	if place := next.place(); place != nil { // the spot of the failed fit is out of reach: it is not to be believed
		next.time, next.spot = t.time, t.spot
	}
	return next, next.err
}

func (s TrackerSettings) poor(r FitReport) error {
	if s.MaxRMS == 0 {
		return nil
	}
	for i, x := range r.Slices {
		if !(x.RMSSpread <= s.MaxRMS) {
			return fmt.Errorf("surface: %w: %s is off by %.2g half-spreads, rms, want at most %.2g", ErrPoorFit, name(x.Label, i), x.RMSSpread, s.MaxRMS)
		}
	}
	return nil
}

// Refit is Fit and Accept at once.
func (t Tracker) Refit(f *Fitter, now, spot float64, smiles []Smile) (Tracker, error) {
	return t.Accept(t.Fit(f, now, spot, smiles))
}

// State says what the surface is worth at a time.
func (t Tracker) State(now float64) TrackerState {
	switch {
	case t.base == nil:
		return NoSurface
	case !(now-t.fitTime <= t.settings.staleAfter()):
		return Outdated
	case t.failures > 0:
		return Degraded
	}
	return Fresh
}

// Surface returns the surface at the last spot: nil with an [ErrNoSurface] before the first good fit, and with a [StaleError]
// when it is too old to quote from.
func (t Tracker) Surface(now float64) (*Moved, error) {
	switch t.State(now) {
	case NoSurface:
		return nil, fmt.Errorf("surface: %w", ErrNoSurface)
	case Outdated:
		return t.moved, &StaleError{now - t.fitTime, t.settings.staleAfter()}
	}
	return t.moved, nil
}

// Base returns the surface of the last good fit, its time and spot; nil if there is none.
func (t Tracker) Base() (e *ESSVI, time, spot float64) { return t.base, t.fitTime, t.fitSpot }

// Spot returns the last spot and its time; 0 before the first event.
func (t Tracker) Spot() (spot, time float64) { return t.spot, t.time }

// Report returns that of the last good fit.
func (t Tracker) Report() FitReport { return t.report }

// Failures returns the number of failed fits since the last good one, and what was wrong with the latest.
func (t Tracker) Failures() (int, error) { return t.failures, t.err }
