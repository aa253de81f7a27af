package calibrate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
)

// OptionQuotes are European options that a model shall agree with, by column. Expiry and Strike, and one of Price and Vol, have
// one entry for each option; a column that is nil is not there. Options may come in any order.
type OptionQuotes struct {
	Expiry []float64       // years, > 0
	Strike []float64       // > 0
	Price  []float64       // discounted, between the bounds of no arbitrage
	Vol    []float64       // Black volatilities of the forward, > 0
	Right  []pricing.Right // of a Price; nil means calls
	Spread []float64       // ask less bid, in the units of the target, for [BidAskWeights]; > 0
	Weight []float64       // multiplies the residual of each quote, > 0; nil means 1
}

// Target is what a fit compares.
type Target int8

// The targets.
const (
	Volatilities Target = iota // Black volatilities, as decimals
	Prices                     // discounted prices
)

// Weighting is what divides the residuals of a fit, besides the weights of the quotes.
type Weighting int8

// The weightings.
const (
	EqualWeights Weighting = iota
	// VegaWeights divides errors of prices by the vega of the quote, so that they become errors of volatilities to first order, and
	// multiplies errors of volatilities by it. A vega below a hundredth of that at the money counts as that.
	VegaWeights
	// BidAskWeights divides by the spread of the quote.
	BidAskWeights
)

var (
	targetNames    = [...]string{"Volatilities", "Prices"}
	weightingNames = [...]string{"EqualWeights", "VegaWeights", "BidAskWeights"}
)

// String returns the name of the constant.
func (t Target) String() string { return nameOf(targetNames[:], int(t), "Target") }

// String returns the name of the constant.
func (w Weighting) String() string { return nameOf(weightingNames[:], int(w), "Weighting") }

// MarshalText writes the name of the constant.
func (t Target) MarshalText() ([]byte, error) { return textOf(targetNames[:], int(t), "Target") }

// MarshalText writes the name of the constant.
func (w Weighting) MarshalText() ([]byte, error) {
	return textOf(weightingNames[:], int(w), "Weighting")
}

func textOf(names []string, i int, kind string) ([]byte, error) {
	if i < 0 || i >= len(names) {
		return nil, fault.Arg("calibrate."+kind, "value", i, "a constant of the package")
	}
	return []byte(names[i]), nil
}

func nameOf(names []string, i int, kind string) string {
	if i >= 0 && i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", kind, i)
}

// TransformSettings say how [Transform] fits. The zero value fits volatilities with equal weights.
type TransformSettings struct {
	Target    Target
	Weighting Weighting
	// Lower and Upper bound the parameters, in the order of the model's Parameters; nil means the model's own bounds. A
	// parameter whose bounds are equal is held.
	Lower, Upper []float64
	// Previous and Stiffness, unless nil, draw the fit toward an earlier one: they add a residual Stiffness[j]·(x_j − Previous[j])
	// for each parameter.
	Previous, Stiffness []float64
	Loss                Loss
	Solver              LevenbergMarquardt // a Tolerance of 0 means 1e-7
	// Tol is the largest error of an undiscounted price over the forward at the solution; 0 means 1e-10. Where volatilities are
	// fitted it is so much of that as the vega of a quote is of that at the money, but no less than a hundredth. It is held
	// against [fourier.Lewis], so that it may not be below 1e-12.
	Tol float64
}

// Transform fits the parameters of a model with a differentiable characteristic function to quotes of all expiries at once, from
// those of start, whose market gives forwards and discount factors. With the solution come the standard errors of the parameters:
// see [Solution.Diagnostics]. Residuals are in the order of the quotes, model less market; after them those of Stiffness.
//
// Each expiry is priced by Lewis's integral on the line Im u = −1/2 less that of a Black price of about the same width, which
// takes the poles away, by the trapezoidal rule in the variable y of u = c·sinh(y), which converges exponentially. The nodes
// follow from the widths of the smiles, and are chosen once more when the fit is near. So prices and their derivatives by all parameters are the same linear functions of the
// characteristic function and its gradient at every step; strikes of an expiry share its values. At
// the solution the prices are compared with those of [fourier.Lewis] at full accuracy, and where they differ by more than Tol
// nodes are added and the fit goes on; what cannot be made as accurate, such as variance gamma at expiries well below the
// variance of its clock, is a [fourier.AccuracyError], beside which the parameters stand.
//
// The model is the best that was found also where the error is not nil but stems from the solver; see
// [LevenbergMarquardt.Minimize]. Quotes and settings that make no sense are a [fault.ArgError] that names them.
func Transform[M model.Parametric[M]](ctx context.Context, quotes OptionQuotes, start M, s TransformSettings) (M, Solution, error) {
	const fn = "calibrate.Transform"
	f := &transformFit{fn: fn, quotes: quotes, settings: s, world: start}
	if err := f.prepare(); err != nil {
		return start, Solution{}, err
	}
	sol, err := fitTransform(ctx, f, start)
	if sol.X == nil {
		return start, sol, err
	}
	return start.WithParameters(sol.X), sol, err
}

// fitTransform minimises, and refines the quadrature until it is accurate at the solution.
func fitTransform[M model.Parametric[M]](ctx context.Context, f *transformFit, start M) (Solution, error) {
	x0 := start.ParameterValues()
	if err := f.checkSettings(x0); err != nil {
		return Solution{}, err
	}
	params := len(x0)
	problem := LeastSquares{Size: f.size(), Lower: f.lower, Upper: f.upper, Loss: f.settings.Loss, Params: f.names, Labels: f.labels()}
	// The solver moves the square roots of variances.
	var squared []int
	if v, ok := f.world.(model.VarianceParameters); ok {
		squared = v.VarianceParameters()
	}
	inner := problem
	inner.Lower, inner.Upper = slices.Clone(f.lower), slices.Clone(f.upper)
	for _, j := range squared {
		for _, v := range []*float64{&x0[j], &inner.Lower[j], &inner.Upper[j]} {
			*v = math.Sqrt(math.Max(*v, 0))
		}
	}
	x := make([]float64, params)
	at := func(y []float64) M {
		copy(x, y)
		for _, j := range squared {
			x[j] = y[j] * y[j]
		}
		return start.WithParameters(x)
	}
	inner.Residuals = func(r, jac, y []float64) error {
		m := at(y)
		if err := m.Validate(); err != nil {
			return err
		}
		if !f.evaluate(r, jac, x, m) {
			return errNoVolatility
		}
		if jac != nil {
			for _, j := range squared {
				for i := range r {
					jac[i*params+j] *= 2 * y[j]
				}
			}
		}
		return nil
	}
	solver := f.settings.Solver
	if solver.Tolerance == 0 {
		solver.Tolerance = 1e-7
	}
	var before Solution
	// approach moves the start by a rough fit of prices over vegas, which no start is too far for.
	approach := func() {
		f.linear = true
		rough := solver
		rough.Tolerance = math.Max(solver.Tolerance, 1e-6)
		sol, _ := rough.Minimize(ctx, inner, x0)
		if sol.X != nil {
			x0, before = sol.X, sol
		}
		f.linear = false
	}
	approached, sharp := f.settings.Target == Prices, false
	for {
		try := solver
		if !sharp {
			try.Tolerance = math.Max(try.Tolerance, roughTolerance)
		}
		if !approached && try.MaxEvaluations == 0 {
			try.MaxEvaluations = 20 * params // a second start is worth more than patience
		}
		sol, err := try.Minimize(ctx, inner, x0)
		if !approached && !sharp && (errors.Is(err, errNoVolatility) || errors.Is(err, ErrNotConverged)) {
			approached = true
			approach()
			continue
		}
		if !sharp && errors.Is(err, errNoVolatility) { // too few nodes for the wings
			sharp = true
			f.sharpen(at(x0))
			approach()
			continue
		}
		if !f.clamp && errors.Is(err, errNoVolatility) { // quotes that no parameters come near
			f.clamp = true
			continue
		}
		approached = true
		sol.Iterations += before.Iterations
		sol.Evaluations += before.Evaluations
		sol.Jacobians += before.Jacobians
		if sol.X == nil {
			if before.X != nil { // what came before is better than nothing
				sol.X, sol.Status = at(x0).ParameterValues(), Stalled
			}
			return sol, err
		}
		x0 = slices.Clone(sol.X)
		for _, j := range squared {
			y := sol.X[j]
			sol.X[j] = y * y
			for i := range sol.Residuals {
				sol.jacobian[i*params+j] /= 2 * y
			}
		}
		sol.problem = problem
		if err != nil && (sharp || solver.MaxEvaluations > 0 || !errors.Is(err, ErrNotConverged)) {
			return sol, err
		}
		before = sol
		m := start.WithParameters(sol.X)
		if !sharp {
			sharp = true
			f.sharpen(m)
			continue
		}
		accurate, err := f.refine(ctx, m)
		if err == nil && accurate && f.clamp {
			err = f.missing()
		}
		if accurate || err != nil {
			return sol, err
		}
	}
}

// missing returns an error that names a quote whose price has no volatility at the solution.
func (f *transformFit) missing() error {
	for at, p := range f.fitted {
		if most := math.Min(1, f.strike[at]); !(p > 2*leastPrice*most && p < (1-2*leastPrice)*most) {
			return fmt.Errorf("%s: %w: the price of %s has no volatility in the model", f.fn, ErrNotConverged, f.name(f.order[at]))
		}
	}
	return nil
}

// roughTolerance is how near a fit comes before its nodes are chosen.
const roughTolerance = 1e-3

// transformFit is a fit under way.
type transformFit struct {
	fn           string
	quotes       OptionQuotes
	settings     TransformSettings
	world        model.CharGradient
	names        []string
	lower, upper []float64
	tol          float64

	n      int  // quotes
	linear bool // compares prices over the vega of the market in the place of volatilities
	clamp  bool // takes prices without a volatility for the nearest that have one
	slices []*expirySlice
	order  []int // quotes by expiry

	// By quote, in order of expiry; prices are undiscounted, out of the money, and over the forward.
	right                          []pricing.Right
	k, strike, tau, unit, price    []float64
	vol, weight, marketVega, scale []float64 // scale is for work
	fitted, fittedVol, vega        []float64
	slopes                         []float64 // of fitted by parameter
}

// expirySlice is the options of one expiry and their quadrature.
type expirySlice struct {
	from, to          int // in order of expiry
	expiry            float64
	forward, discount float64
	width             float64 // total volatility at the money

	h, reach float64 // step in y, and the last u in units of 1/width
	u, phi   []complex128
	grad     [][]complex128
	matrix   []float64 // of the real and then the imaginary parts of φ and zeros up to stride, for each quote
	stride   int
	base     []float64
	column   []float64
}

func (f *transformFit) size() int {
	if f.settings.Stiffness != nil {
		return f.n + len(f.names)
	}
	return f.n
}

// name says which quote it is, for errors.
func (f *transformFit) name(i int) string {
	return fmt.Sprintf("quote %d (expiry %g, strike %g)", i, f.quotes.Expiry[i], f.quotes.Strike[i])
}

func (f *transformFit) labels() []string {
	labels := make([]string, f.size())
	var buf []byte
	for i := range f.n {
		buf = append(strconv.AppendFloat(append(buf[:0], "expiry "...), f.quotes.Expiry[i], 'g', 6, 64), " strike "...)
		labels[i] = string(strconv.AppendFloat(buf, f.quotes.Strike[i], 'g', 6, 64))
	}
	for j := f.n; j < len(labels); j++ {
		labels[j] = "previous " + f.names[j-f.n]
	}
	return labels
}

// prepare checks the quotes and brings them into order.
func (f *transformFit) prepare() error {
	q, fn := f.quotes, f.fn
	f.n = len(q.Strike)
	f.names = f.world.Parameters()
	if err := f.world.Validate(); err != nil {
		return fmt.Errorf("%s: start: %w", fn, err)
	}
	if t := f.settings.Target; t < 0 || int(t) >= len(targetNames) {
		return fault.Arg(fn, "Target", int8(t), "a target of the package")
	}
	if w := f.settings.Weighting; w < 0 || int(w) >= len(weightingNames) {
		return fault.Arg(fn, "Weighting", int8(w), "a weighting of the package")
	}
	if f.n == 0 {
		return fault.Arg(fn, "Strike", "empty", "a strike for each quote")
	}
	if (q.Price == nil) == (q.Vol == nil) {
		return fault.Arg(fn, "Price and Vol", "both or neither", "one of them")
	}
	for _, c := range []struct {
		name     string
		n        int
		required bool
	}{
		{"Expiry", len(q.Expiry), true}, {"Price", len(q.Price), q.Price != nil}, {"Vol", len(q.Vol), q.Vol != nil},
		{"Right", len(q.Right), q.Right != nil}, {"Weight", len(q.Weight), q.Weight != nil},
		{"Spread", len(q.Spread), q.Spread != nil || f.settings.Weighting == BidAskWeights},
	} {
		if c.required && c.n != f.n {
			return fault.Arg(fn, "length of "+c.name, c.n, fmt.Sprintf("%d, as many as strikes", f.n))
		}
	}
	f.order = make([]int, f.n)
	for i := range f.order {
		f.order[i] = i
		if err := f.checkQuote(i); err != nil {
			return err
		}
	}
	slices.SortStableFunc(f.order, func(a, b int) int {
		switch {
		case q.Expiry[a] < q.Expiry[b]:
			return -1
		case q.Expiry[a] > q.Expiry[b]:
			return 1
		}
		return 0
	})
	if f.settings.Stiffness == nil && f.n > 1 && slices.Min(q.Strike) == slices.Max(q.Strike) {
		return fault.Arg(fn, "Strike", q.Strike[0], "not the same for all quotes")
	}
	return f.transcribe()
}

func (f *transformFit) checkQuote(i int) error {
	q, fn := f.quotes, f.fn
	positive := func(name string, v float64) error {
		if v > 0 && !math.IsInf(v, 1) {
			return nil
		}
		return fault.Arg(fn, name+" of "+f.name(i), v, "finite and > 0")
	}
	if err := fault.First(positive("Expiry", q.Expiry[i]), positive("Strike", q.Strike[i])); err != nil {
		return err
	}
	if q.Vol != nil {
		if err := positive("Vol", q.Vol[i]); err != nil {
			return err
		}
	}
	if q.Weight != nil {
		if err := positive("Weight", q.Weight[i]); err != nil {
			return err
		}
	}
	if f.settings.Weighting == BidAskWeights {
		if err := positive("Spread", q.Spread[i]); err != nil {
			return err
		}
	}
	if q.Right != nil && q.Right[i] != pricing.Call && q.Right[i] != pricing.Put {
		return fault.Arg(fn, "Right of "+f.name(i), q.Right[i], "Call or Put")
	}
	return nil
}

// transcribe writes the quotes in order of expiry and in units of the forward.
func (f *transformFit) transcribe() error {
	q, fn, n := f.quotes, f.fn, f.n
	f.right = make([]pricing.Right, n)
	params := len(f.names)
	buf := make([]float64, (13+params)*n)
	cut := func(k int) []float64 { s := buf[:k:k]; buf = buf[k:]; return s }
	f.k, f.strike, f.tau, f.unit, f.price = cut(n), cut(n), cut(n), cut(n), cut(n)
	f.vol, f.marketVega, f.weight, f.scale = cut(n), cut(n), cut(n), cut(n)
	f.fitted, f.fittedVol, f.vega, f.slopes = cut(n), cut(n), cut(n), cut(params*n)
	for i := range f.unit {
		f.unit[i] = 1
	}
	for at := 0; at < n; {
		t := q.Expiry[f.order[at]]
		s := &expirySlice{from: at, expiry: t, forward: f.world.ForwardAt(t).Value, discount: f.world.DiscountFactor(t)}
		if err := fault.First(
			fault.Positive(fn, fmt.Sprintf("forward at %g years", t), s.forward),
			fault.Positive(fn, fmt.Sprintf("discount factor at %g years", t), s.discount),
		); err != nil {
			return err
		}
		nearest := math.Inf(1)
		for ; at < n && q.Expiry[f.order[at]] == t; at++ {
			i := f.order[at]
			strike := q.Strike[i] / s.forward
			f.k[at], f.strike[at], f.tau[at], f.right[at] = math.Log(strike), strike, t, pricing.Put
			if strike >= 1 {
				f.right[at] = pricing.Call
			}
			if q.Vol != nil {
				f.vol[at] = q.Vol[i]
			} else {
				right := pricing.Call
				if q.Right != nil {
					right = q.Right[i]
				}
				vol, err := black.ImpliedVol(black.Quote{Right: right, Price: q.Price[i], Forward: s.forward, Strike: q.Strike[i], Tau: t, Discount: s.discount})
				if err != nil {
					return fmt.Errorf("%s: %s: %w", fn, f.name(i), err)
				}
				f.vol[at] = vol
			}
			f.price[at] = black.Black76{Right: f.right[at], Forward: 1, Strike: strike, Vol: f.vol[at], Tau: t, Discount: 1}.Price()
			if d := math.Abs(f.k[at]); d < nearest && f.vol[at] > 0 {
				nearest, s.width = d, f.vol[at]*math.Sqrt(t)
			}
			if err := f.weigh(at, i, s); err != nil {
				return err
			}
		}
		if s.width == 0 {
			return fault.Arg(fn, fmt.Sprintf("prices at %g years", t), "all intrinsic", "one above its intrinsic value")
		}
		s.to = at
		f.slices = append(f.slices, s)
	}
	for _, s := range f.slices {
		s.h, s.reach = firstNodeStep, firstReach
		f.lay(s)
	}
	return nil
}

// weigh sets the factor of a residual.
func (f *transformFit) weigh(at, i int, s *expirySlice) error {
	w := 1.0
	if f.quotes.Weight != nil {
		w = f.quotes.Weight[i]
	}
	money, root := s.discount*s.forward, math.Sqrt(s.expiry)
	total := f.vol[at] * root
	d1 := -f.k[at]/total + 0.5*total
	f.marketVega[at] = root * atTheMoney * math.Max(math.Exp(-0.5*d1*d1), leastVega)
	if f.settings.Target == Prices {
		w *= money
	} else if most := math.Min(1, f.strike[at]); !(f.price[at] > 10*leastPrice*most && f.price[at] < (1-10*leastPrice)*most) {
		return fault.Arg(f.fn, "price of "+f.name(i)+" out of the money over the forward", f.price[at],
			"one further from its bounds, as rounding leaves it no volatility")
	}
	switch f.settings.Weighting {
	case BidAskWeights:
		w /= f.quotes.Spread[i]
	case VegaWeights:
		if vega := money * f.marketVega[at]; f.settings.Target == Prices {
			w /= vega
		} else {
			w *= vega
		}
	}
	f.weight[at] = w
	return nil
}

// leastVega is what the vega of a quote counts as at least, over that at the money.
const leastVega = 0.01

// checkSettings checks what concerns the parameters.
func (f *transformFit) checkSettings(x0 []float64) error {
	fn, s, n := f.fn, f.settings, len(x0)
	f.lower, f.upper = f.world.ParameterBounds()
	if s.Lower != nil {
		f.lower = s.Lower
	}
	if s.Upper != nil {
		f.upper = s.Upper
	}
	f.tol = s.Tol
	if f.tol == 0 {
		f.tol = 1e-10
	}
	if !(f.tol >= 1e-12) || math.IsInf(f.tol, 1) {
		return fault.Arg(fn, "Tol", s.Tol, "0, or finite and >= 1e-12")
	}
	for name, c := range map[string][]float64{"Lower": f.lower, "Upper": f.upper} {
		if len(c) != n {
			return fault.Arg(fn, "length of "+name, len(c), fmt.Sprintf("%d, one for each parameter", n))
		}
	}
	free := 0
	for j := range n {
		if f.lower[j] != f.upper[j] {
			free++
		}
	}
	if s.Stiffness == nil {
		if s.Previous != nil {
			return fault.Arg(fn, "Stiffness", "nil", "one for each parameter, as Previous is given")
		}
		if f.n < free {
			return fault.Arg(fn, "quotes", f.n, fmt.Sprintf("at least %d, one for each free parameter", free))
		}
		return nil
	}
	if len(s.Previous) != n || len(s.Stiffness) != n {
		return fault.Arg(fn, "length of Previous and Stiffness", fmt.Sprintf("%d and %d", len(s.Previous), len(s.Stiffness)),
			fmt.Sprintf("%d, one for each parameter", n))
	}
	for j := range n {
		if err := fault.First(fault.Finite(fn, "Previous "+f.names[j], s.Previous[j]), fault.NonNegative(fn, "Stiffness of "+f.names[j], s.Stiffness[j])); err != nil {
			return err
		}
	}
	return nil
}

var errNoVolatility = errors.New("a price of the model lies outside the bounds of no arbitrage")

// evaluate writes the residuals, and their derivatives unless jac is nil. It reports false if volatilities are asked for and
// rounding, or a quadrature that a point far from the market is too much for, leaves a price without one.
func (f *transformFit) evaluate(r, jac, x []float64, m model.CharGradient) bool {
	params := len(f.names)
	for _, s := range f.slices {
		f.priceSlice(s, m, jac != nil)
	}
	vols := f.settings.Target == Volatilities && !f.linear
	if vols && !f.toVols(jac != nil) {
		return false
	}
	for at, i := range f.order {
		w := f.weight[at]
		switch {
		case vols:
			r[i] = w * (f.fittedVol[at] - f.vol[at])
			w /= f.vega[at]
		case f.linear:
			w /= f.marketVega[at]
			r[i] = w * (f.fitted[at] - f.price[at])
		default:
			r[i] = w * (f.fitted[at] - f.price[at])
		}
		if jac == nil {
			continue
		}
		row, slopes := jac[i*params:(i+1)*params], f.slopes[at*params:(at+1)*params]
		for j, v := range slopes {
			row[j] = w * v
		}
	}
	for j, stiff := range f.settings.Stiffness {
		r[f.n+j] = stiff * (x[j] - f.settings.Previous[j])
		if jac != nil {
			row := jac[(f.n+j)*params : (f.n+j+1)*params]
			clear(row)
			row[j] = stiff
		}
	}
	return true
}

const (
	atTheMoney = 0.3989422804014327 // 1/√(2π)
	// leastPrice is the price over the forward, and the distance from the largest price, that keeps some digits of a volatility.
	leastPrice = 1e-14
)

// toVols writes the volatilities of the fitted prices, and their vegas. It reports whether all have one.
func (f *transformFit) toVols(vegas bool) bool {
	for at, p := range f.fitted {
		if most := math.Min(1, f.strike[at]); !(p > leastPrice*most && p < (1-leastPrice)*most) {
			if !f.clamp || math.IsNaN(p) {
				return false
			}
			f.fitted[at] = math.Min(math.Max(p, 2*leastPrice*most), (1-2*leastPrice)*most)
		}
	}
	black.QuoteRows{Right: f.right, Price: f.fitted, Forward: f.unit, Strike: f.strike, Tau: f.tau, Discount: f.unit}.ImpliedVolTo(f.fittedVol)
	if !vegas {
		return true
	}
	for at, vol := range f.fittedVol {
		root := math.Sqrt(f.tau[at])
		total := vol * root
		d1 := -f.k[at]/total + 0.5*total
		f.vega[at] = -0.5 * d1 * d1
		f.scale[at] = root * atTheMoney
	}
	vec.Exp(f.vega, f.vega)
	for at := range f.vega {
		f.vega[at] = math.Max(f.vega[at]*f.scale[at], leastPrice)
	}
	return true
}
