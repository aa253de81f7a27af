package surface

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// Regime is the shape of the term structure of volatility.
type Regime uint8

// The regimes, in rising order of stress.
const (
	Contango      Regime = iota // short volatility well below long: calm
	Level                       // about the same
	Backwardation               // short above long: stress
	numRegimes
)

// String names the regime.
func (r Regime) String() string {
	names := [numRegimes]string{"contango", "level", "backwardation"}
	if r < numRegimes {
		return names[r]
	}
	return fmt.Sprintf("Regime(%d)", uint8(r))
}

// TermStructure is two points of volatility, as VIX and VIX3M or those at the money of a surface. The volatilities may be
// decimals or points, both the same.
type TermStructure struct {
	ShortTau, ShortVol float64 // years, > 0
	LongTau, LongVol   float64
}

// VIXTermStructure returns that of VIX (30 days) and VIX3M (93 days), as they are quoted.
func VIXTermStructure(vix, vix3m float64) TermStructure {
	return TermStructure{30. / 365, vix, 93. / 365, vix3m}
}

// TermStructureOf returns that of a surface at the money.
func TermStructureOf(v TotalVariance, shortTau, longTau float64) TermStructure {
	return TermStructure{shortTau, volOf(v, 0, shortTau), longTau, volOf(v, 0, longTau)}
}

// Validate checks that both points are positive and in order.
func (s TermStructure) Validate() error {
	const fn = "surface.TermStructure"
	err := fault.First(
		fault.Positive(fn, "ShortTau", s.ShortTau), fault.Positive(fn, "ShortVol", s.ShortVol),
		fault.Positive(fn, "LongTau", s.LongTau), fault.Positive(fn, "LongVol", s.LongVol),
	)
	if err == nil && !(s.LongTau > s.ShortTau) {
		err = fault.Arg(fn, "LongTau", s.LongTau, fmt.Sprintf("above ShortTau, %g", s.ShortTau))
	}
	return err
}

// Ratio returns short over long volatility: VIX/VIX3M, above 1 in backwardation.
func (s TermStructure) Ratio() float64 { return s.ShortVol / s.LongVol }

// Slope returns ∂ln σ/∂ln τ between the points: positive in contango, and free of the choice of the points where volatility
// follows a power of time.
func (s TermStructure) Slope() float64 {
	return math.Log(s.LongVol/s.ShortVol) / math.Log(s.LongTau/s.ShortTau)
}

// ForwardVol returns the volatility from the short to the long point, NaN if total variance falls.
func (s TermStructure) ForwardVol() float64 {
	w := s.LongVol*s.LongVol*s.LongTau - s.ShortVol*s.ShortVol*s.ShortTau
	return math.Sqrt(w / (s.LongTau - s.ShortTau))
}

// RegimeAdvice is what a desk does in a regime.
type RegimeAdvice struct {
	Spread float64 // factor on quoted spreads, > 0
	SSR    float64 // prior of the skew-stickiness ratio between fits
	Refit  float64 // factor on the time between fits, > 0
}

// RegimeSettings are the thresholds of a [RegimeFlag]. The zero value is recommended.
type RegimeSettings struct {
	LevelAt    float64 // ratio from which the term structure is level; 0 means 0.95
	BackwardAt float64 // ratio from which it is in backwardation; 0 means 1
	Band       float64 // half the hysteresis: up at a threshold plus Band, down at it less Band; 0 means 0.01
	MinDwell   float64 // least time in a regime before a calmer one is entered, in units of the clock that is passed in (days); stress is entered at once. 0 means none

	// Advice by regime; zero means {1, 1, 1}, {1.25, 1.25, 1}, {2, 1.5, 0.5}. These are places to start from, not estimates:
	// spreads twice as wide answer to daily moves three times as large after a close in backwardation as after one in contango
	// (S&P 500, 2009 to 2025). Estimate the SSR for the underlying by [EstimateSSR].
	Advice [3]RegimeAdvice
}

func (s RegimeSettings) withDefaults() RegimeSettings {
	s.LevelAt, s.BackwardAt, s.Band = orDefault(s.LevelAt, 0.95), orDefault(s.BackwardAt, 1), orDefault(s.Band, 0.01)
	if s.Advice == [3]RegimeAdvice{} {
		s.Advice = [3]RegimeAdvice{{1, 1, 1}, {1.25, 1.25, 1}, {2, 1.5, 0.5}}
	}
	return s
}

// Validate checks the thresholds and their order: the bands may not overlap.
func (s RegimeSettings) Validate() error {
	const fn = "surface.RegimeSettings"
	s = s.withDefaults()
	err := fault.First(
		fault.Positive(fn, "LevelAt", s.LevelAt), fault.Positive(fn, "BackwardAt", s.BackwardAt), fault.Positive(fn, "Band", s.Band),
		fault.NonNegative(fn, "MinDwell", s.MinDwell),
	)
	if err == nil && !(s.LevelAt+s.Band < s.BackwardAt-s.Band) {
		err = fault.Arg(fn, "BackwardAt", s.BackwardAt, "above LevelAt by more than two Bands")
	}
	for i, a := range s.Advice {
		if err == nil {
			err = fault.First(
				fault.Positive(fn, fmt.Sprintf("Advice[%d].Spread", i), a.Spread), fault.Finite(fn, fmt.Sprintf("Advice[%d].SSR", i), a.SSR),
				fault.Positive(fn, fmt.Sprintf("Advice[%d].Refit", i), a.Refit),
			)
		}
	}
	return err
}

// RegimeFlag follows the regime with hysteresis. It is a value: Step returns a new one. The zero value has default settings
// and has seen nothing.
type RegimeFlag struct {
	settings RegimeSettings
	regime   Regime
	last     TermStructure
	since    float64
	time     float64
	seen     bool
}

// NewRegimeFlag returns a flag that has seen nothing.
func NewRegimeFlag(settings RegimeSettings) (RegimeFlag, error) {
	if err := settings.Validate(); err != nil {
		return RegimeFlag{}, err
	}
	return RegimeFlag{settings: settings}, nil
}

// Step takes the term structure at a time, which may not run backwards. The first one sets the regime by the thresholds
// without the band. With an error the flag is unchanged.
func (f RegimeFlag) Step(now float64, s TermStructure) (RegimeFlag, error) {
	const fn = "surface.RegimeFlag.Step"
	if err := fault.First(fault.Finite(fn, "now", now), s.Validate()); err != nil {
		return f, err
	}
	if f.seen && now < f.time {
		return f, fault.Arg(fn, "now", now, fmt.Sprintf("at least %g, the time of the last step", f.time))
	}
	set := f.settings.withDefaults()
	next := f
	next.last, next.time = s, now
	ratio := s.Ratio()
	at := [2]float64{set.LevelAt, set.BackwardAt}
	if !f.seen {
		next.seen, next.since, next.regime = true, now, Contango
		for _, x := range at {
			if ratio >= x {
				next.regime++
			}
		}
		return next, nil
	}
	for next.regime < Backwardation && ratio >= at[next.regime]+set.Band {
		next.regime++
	}
	if now-f.since >= set.MinDwell {
		for next.regime > Contango && ratio < at[next.regime-1]-set.Band {
			next.regime--
		}
	}
	if next.regime != f.regime {
		next.since = now
	}
	return next, nil
}

// Regime returns the regime; seen is false before the first step.
func (f RegimeFlag) Regime() (r Regime, seen bool) { return f.regime, f.seen }

// Since returns the time at which the regime was entered.
func (f RegimeFlag) Since() float64 { return f.since }

// TermStructure returns the last one.
func (f RegimeFlag) TermStructure() TermStructure { return f.last }

// Advice returns that of the regime. Before the first step it is that of Level, the neutral one.
func (f RegimeFlag) Advice() RegimeAdvice {
	r := f.regime
	if !f.seen {
		r = Level
	}
	return f.settings.withDefaults().Advice[r]
}

// Apply returns the settings of a tracker with the motion and the beat of the regime: SSR by SkewStickiness, RefitEvery,
// RetryEvery and StaleAfter by the factor.
func (f RegimeFlag) Apply(s TrackerSettings) TrackerSettings {
	a := f.Advice()
	s.Motion = Motion{SkewStickiness, a.SSR}
	s.RefitEvery, s.RetryEvery, s.StaleAfter = a.Refit*s.refitEvery(), a.Refit*s.retryEvery(), a.Refit*s.staleAfter()
	return s
}
