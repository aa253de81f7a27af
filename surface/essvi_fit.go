package surface

import (
	"errors"
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// Conditions of a fit that a caller can act on.
var (
	ErrTooFewQuotes = errors.New("too few quotes")
	ErrNotConverged = errors.New("the fit did not converge")
)

// Loss says how much a residual z, the distance of the fitted volatility from the quoted one in units of the scale of
// [FitSettings], costs.
type Loss uint8

const (
	// Robust grows like √|z| for a large residual: where three parameters cannot follow all quotes of an expiry it
	// follows most of them closely, so that most fitted volatilities lie between bid and ask.
	Robust Loss = iota
	// Convex is pseudo-Huber: it grows like |z|. It trades a smaller share inside bid and ask for smaller errors where
	// the fit is worst.
	Convex
	// LeastSquares is z²/2.
	LeastSquares
)

// Weighting says how much a quote counts besides its spread.
type Weighting uint8

const (
	// ByVega weights by Black's vega relative to that at the money, exp(−d²/2) with d = k/(σ√τ), but at least 0.01.
	ByVega Weighting = iota
	// Equal weights all quotes alike.
	Equal
)

// FitSettings are the settings of [FitESSVI]. The zero value is recommended.
type FitSettings struct {
	// Start is a surface to begin from, such as the one of a moment ago; nil means a start from the quotes alone. It need
	// not have the same expiries.
	Start *ESSVI

	Loss      Loss
	Weighting Weighting

	// Scale is the unit of residuals in half-spreads: errors much below it hardly matter. 0 means 0.5.
	Scale float64
	// MinHalfSpread is the least half-spread taken for a quote, in volatility. 0 means 0.0005.
	MinHalfSpread float64
	// MinQuotes is the least number of quotes of a smile. 0 means 3, the number of parameters.
	MinQuotes int
	// MaxIterations of the solver; 0 means 500. A usual fit takes 10 to 30, one from a near start 3 to 6.
	MaxIterations int
	// Tolerance ends the fit when a step promises a relative decrease of the objective below it. 0 means 1e-5.
	Tolerance float64
}

func (c FitSettings) validate() error {
	const fn = "surface.FitSettings"
	switch {
	case c.Loss > LeastSquares:
		return fault.Arg(fn, "Loss", uint8(c.Loss), "Robust, Convex or LeastSquares")
	case c.Weighting > Equal:
		return fault.Arg(fn, "Weighting", uint8(c.Weighting), "ByVega or Equal")
	case c.MinQuotes < 0:
		return fault.Arg(fn, "MinQuotes", c.MinQuotes, ">= 0")
	case c.MaxIterations < 0:
		return fault.Arg(fn, "MaxIterations", c.MaxIterations, ">= 0")
	}
	return fault.First(
		fault.NonNegative(fn, "Scale", c.Scale), fault.NonNegative(fn, "MinHalfSpread", c.MinHalfSpread),
		fault.NonNegative(fn, "Tolerance", c.Tolerance),
	)
}

func orDefault(v, d float64) float64 {
	if v == 0 {
		return d
	}
	return v
}

// FitReport says how a fit went.
type FitReport struct {
	Converged   bool
	Iterations  int
	Evaluations int     // passes over all quotes
	Objective   float64 // sum of weighted losses
	Slices      []SliceFit
	Active      []ActiveCondition // conditions that hold the fit back, in order of slices
}

// SliceFit says how well one smile is fitted. Errors are fitted minus quoted mid volatility.
type SliceFit struct {
	Label     string
	Tau       float64
	Quotes    int
	Inside    float64 // share of the quotes with the fitted volatility between bid and ask, in [0, 1]
	RMS       float64 // root mean square error in volatility: 0.01 is one point
	RMSSpread float64 // the same in half-spreads
	MaxError  float64 // the error of largest size, with its sign
	MaxK      float64 // where that is
}

// ActiveCondition is a condition that the unconstrained minimum would break.
type ActiveCondition struct {
	Condition  Condition
	Index      int     // the slice
	Multiplier float64 // decrease of the objective per unit by which the logarithm of the condition is relaxed
}

// Fitter fits surfaces one after another and keeps its working memory between fits. It is not safe for concurrent use.
// The zero value is ready.
type Fitter struct {
	solver
	fits   []SliceFit
	active []ActiveCondition
}

// FitESSVI fits one surface to all smiles at once. The smiles must be in rising order of Tau. The surface is free of
// butterfly and calendar arbitrage by construction, whatever the quotes, see [ESSVI]; a quote without bid (NaN) counts by
// its mid and ask.
//
// The fit minimises the sum over quotes of weight·loss((σ(k) − mid)/(scale·half-spread)) by an interior-point method that
// never leaves the set of surfaces without arbitrage. It takes time in proportion to the number of quotes: for 40
// expiries of 150 strikes about 3 to 7 ms, and 1 to 2 ms from a near start.
//
// A bad smile is a pricing.ArgError naming it, one with too few quotes an [ErrTooFewQuotes]. If the iterations run out
// the best surface comes with an [ErrNotConverged] that names the smile fitted worst.
func FitESSVI(smiles []Smile, cfg FitSettings) (*ESSVI, FitReport, error) {
	var f Fitter
	return f.Fit(smiles, cfg)
}

// Fit is [FitESSVI] in the memory of the fitter. The lists of the report are overwritten by the next fit; the surface is
// not.
func (f *Fitter) Fit(smiles []Smile, cfg FitSettings) (*ESSVI, FitReport, error) {
	r, err := f.fit(smiles, cfg)
	if err != nil && !errors.Is(err, ErrNotConverged) {
		return nil, r, err
	}
	return makeESSVI(append([]float64(nil), f.tau...), append([]wings(nil), f.x...)), r, err
}

// FitTo is [Fitter.Fit] that writes the fitted slices to dst, which must be as long as smiles, and allocates nothing once
// the fitter has fitted a chain of that size. [NewESSVI] makes them a surface.
func (f *Fitter) FitTo(dst []Slice, smiles []Smile, cfg FitSettings) (FitReport, error) {
	if len(dst) != len(smiles) {
		panic("surface: FitTo: dst and smiles differ in length")
	}
	r, err := f.fit(smiles, cfg)
	if err != nil && !errors.Is(err, ErrNotConverged) {
		return r, err
	}
	for i := range dst {
		dst[i] = f.x[i].slice(f.tau[i])
	}
	return r, err
}

func (f *Fitter) fit(smiles []Smile, cfg FitSettings) (FitReport, error) {
	if err := cfg.validate(); err != nil {
		return FitReport{}, err
	}
	if err := f.load(smiles, cfg); err != nil {
		return FitReport{}, err
	}
	limit := cfg.MaxIterations
	if limit == 0 {
		limit = 500
	}
	tol := orDefault(cfg.Tolerance, 1e-5)
	f.iterations, f.evaluations = 0, 0
	converged := false
	if cfg.Start != nil {
		for i, t := range f.tau {
			f.x[i] = cfg.Start.at(t)
		}
		f.inside(1e-8)
		copy(f.prior, f.x)
		converged = f.solve(true, tol, min(limit, nearLimit))
	}
	if !converged && f.iterations < limit { // no start, or one that is not near
		f.start()
		copy(f.prior, f.x)
		converged = f.solve(false, tol, limit-f.iterations)
	}
	r := f.report(smiles, cfg)
	r.Converged = converged
	if converged {
		return r, nil
	}
	worst := 0
	for i, s := range r.Slices {
		if s.RMSSpread > r.Slices[worst].RMSSpread {
			worst = i
		}
	}
	w := r.Slices[worst]
	return r, fmt.Errorf("surface: %w in %d iterations: %s is off by %.2g half-spreads, rms", ErrNotConverged,
		r.Iterations, name(w.Label, worst), w.RMSSpread)
}

// leastWeight is that of a quote far from the money.
const (
	leastWeight    = 0.01
	logLeastWeight = -4.605170185988091
)

// nearLimit is how many iterations a fit from a given start may take before it is begun again from the quotes.
const nearLimit = 20

// ridge holds wings that no quote determines near the start: this against a weight near 1 for each quote at the money.
const ridge = 1e-6

// load checks the smiles and lays their quotes out by column.
func (f *Fitter) load(smiles []Smile, cfg FitSettings) error {
	const fn = "surface.FitESSVI"
	if len(smiles) == 0 {
		return fault.Arg(fn, "smiles", "empty", "at least one smile")
	}
	least := cfg.MinQuotes
	if least == 0 {
		least = 3
	}
	f.resize(len(smiles))
	f.loss = cfg.Loss
	f.tau, f.first = f.tau[:0], append(f.first[:0], 0)
	f.k, f.mid = f.k[:0], f.mid[:0]
	scale, floor := orDefault(cfg.Scale, 0.5), orDefault(cfg.MinHalfSpread, 0.0005)
	for i := range smiles {
		s := &smiles[i]
		if err := check(s, i, least); err != nil {
			return err
		}
		if i > 0 && !(s.Tau > smiles[i-1].Tau) {
			return fault.Arg(fn, name(s.Label, i)+" Tau", s.Tau, fmt.Sprintf("above %g, the one before", smiles[i-1].Tau))
		}
		f.tau = append(f.tau, s.Tau)
		f.k = append(f.k, s.K...)
		f.mid = append(f.mid, s.Mid...)
		f.first = append(f.first, len(f.k))
	}
	f.inv, f.weight = grow(f.inv, len(f.k)), grow(f.weight, len(f.k))
	for i := range smiles {
		s := &smiles[i]
		inv, weight := f.inv[f.first[i]:f.first[i+1]], f.weight[f.first[i]:f.first[i+1]]
		c := -0.5 / s.Tau
		for j, k := range s.K {
			inv[j] = 1 / (scale * max(floor, halfSpread(s, j)))
			weight[j] = 1
			if cfg.Weighting == ByVega {
				d := k / s.Mid[j]
				weight[j] = leastWeight
				if e := c * d * d; e > logLeastWeight {
					weight[j] = math.Exp(e)
				}
			}
		}
	}
	return nil
}

func halfSpread(s *Smile, j int) float64 {
	if math.IsNaN(s.Bid[j]) {
		return s.Ask[j] - s.Mid[j]
	}
	return 0.5 * (s.Ask[j] - s.Bid[j])
}

func name(label string, i int) string {
	if label == "" {
		return fmt.Sprintf("smiles[%d]", i)
	}
	return label
}

// Bounds within which every intermediate result of a fit is a number. No market comes near them.
const (
	maxLogMoneyness  = 50
	leastTotal       = 1e-14 // total variance
	mostTotal        = 1e4
	mostVol, mostTau = 1e4, 1e4
)

func check(s *Smile, i, least int) error {
	const fn = "surface.FitESSVI"
	arg := func(field string, j int) string { return fmt.Sprintf("%s %s[%d]", name(s.Label, i), field, j) }
	if !(s.Tau > 0 && s.Tau <= mostTau) {
		return fault.Arg(fn, name(s.Label, i)+" Tau", s.Tau, fmt.Sprintf("in (0, %g]", float64(mostTau)))
	}
	n := len(s.K)
	for _, m := range [...]int{len(s.Bid), len(s.Ask), len(s.Mid)} {
		if m != n {
			return fault.Arg(fn, name(s.Label, i)+" columns K, Bid, Ask, Mid", [...]int{n, len(s.Bid), len(s.Ask), len(s.Mid)},
				"of one length")
		}
	}
	if n < least {
		return fmt.Errorf("surface: %s: %w: %d, want at least %d", name(s.Label, i), ErrTooFewQuotes, n, least)
	}
	distinct := 1
	for j, k := range s.K {
		mid, ask, bid := s.Mid[j], s.Ask[j], s.Bid[j]
		if j == 0 || k > s.K[j-1] {
			if total := mid * mid * s.Tau; math.Abs(k) <= maxLogMoneyness && mid > 0 && mid <= mostVol && ask > 0 &&
				ask <= mostVol && !(bid < 0 || bid > mostVol) && total >= leastTotal && total <= mostTotal {
				if j > 0 {
					distinct++
				}
				continue
			}
		}
		switch {
		case !(math.Abs(k) <= maxLogMoneyness):
			return fault.Arg(fn, arg("K", j), k, fmt.Sprintf("in [-%d, %d]", maxLogMoneyness, maxLogMoneyness))
		case j > 0 && !(k >= s.K[j-1]):
			return fault.Arg(fn, arg("K", j), k, fmt.Sprintf("at least %g, the one before", s.K[j-1]))
		case !(mid > 0 && mid <= mostVol):
			return fault.Arg(fn, arg("Mid", j), mid, fmt.Sprintf("in (0, %g]", float64(mostVol)))
		case !(ask > 0 && ask <= mostVol):
			return fault.Arg(fn, arg("Ask", j), ask, fmt.Sprintf("in (0, %g]", float64(mostVol)))
		case !math.IsNaN(bid) && !(bid >= 0 && bid <= mostVol):
			return fault.Arg(fn, arg("Bid", j), bid, fmt.Sprintf("in [0, %g], or NaN for none", float64(mostVol)))
		case !(mid*mid*s.Tau >= leastTotal && mid*mid*s.Tau <= mostTotal):
			return fault.Arg(fn, arg("Mid", j)+"²·Tau", mid*mid*s.Tau, fmt.Sprintf("in [%g, %g]", leastTotal, mostTotal))
		}
	}
	if distinct < least {
		return fmt.Errorf("surface: %s: %w: %d strikes, want at least %d", name(s.Label, i), ErrTooFewQuotes, distinct, least)
	}
	return nil
}

// report measures the fit against the quotes.
func (f *Fitter) report(smiles []Smile, cfg FitSettings) FitReport {
	scale := orDefault(cfg.Scale, 0.5)
	f.fits = f.fits[:0]
	f.active = f.active[:0]
	for i := range smiles {
		s, x := &smiles[i], f.x[i]
		r := SliceFit{Label: s.Label, Tau: s.Tau, Quotes: len(s.K)}
		var sum, sumSpread float64
		inside := 0
		inv := f.inv[f.first[i]:f.first[i+1]]
		for j, k := range s.K {
			vol := math.Sqrt(x.variance(k) / s.Tau)
			e := vol - s.Mid[j]
			z := e * inv[j]
			sum += e * e
			sumSpread += z * z
			if vol <= s.Ask[j] && !(vol < s.Bid[j]) {
				inside++
			}
			if math.Abs(e) > math.Abs(r.MaxError) || j == 0 {
				r.MaxError, r.MaxK = e, k
			}
		}
		n := float64(len(s.K))
		r.Inside, r.RMS, r.RMSSpread = float64(inside)/n, math.Sqrt(sum/n), scale*math.Sqrt(sumSpread/n)
		f.fits = append(f.fits, r)
		for j, l := range f.lambda[i] {
			// Complementary slackness: either the distance or the multiplier is of the order of the barrier.
			if l > 1e-4 && f.c[i][j] < 1e-3*l {
				f.active = append(f.active, ActiveCondition{Condition(j), i, l})
			}
		}
	}
	return FitReport{
		Iterations: f.iterations, Evaluations: f.evaluations, Objective: f.objective, Slices: f.fits, Active: f.active,
	}
}
