package surface

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
)

// ErrTooFewObservations says that a regression has not seen enough to predict.
var ErrTooFewObservations = errors.New("too few observations")

// RegressionLoss is what a residual costs.
type RegressionLoss uint8

// The losses.
const (
	SquaredLoss RegressionLoss = iota // e²/2
	HuberLoss                         // e²/2 up to a threshold, then linear: a wild observation has a bounded pull
)

// RegressionSettings are the settings of a regression. The zero value is recommended for clean data.
type RegressionSettings struct {
	Loss RegressionLoss
	// Ridge is the penalty, relative to the variance of each predictor: with one predictor its coefficient is shrunk by
	// 1/(1 + Ridge). The intercept is not. 0 means 1e-8, which changes nothing but keeps collinear predictors from exploding:
	// they share the coefficient.
	Ridge float64
	// Threshold of HuberLoss in robust standard deviations of the residuals (median size over 0.6745); 0 means 1.345, 95 %
	// efficient for normal residuals.
	Threshold float64
	// NoIntercept leaves the constant out: where predictors are zero no shift is predicted.
	NoIntercept bool
}

// Validate checks the settings.
func (s RegressionSettings) Validate() error {
	const fn = "surface.RegressionSettings"
	if s.Loss > HuberLoss {
		return fault.Arg(fn, "Loss", uint8(s.Loss), "SquaredLoss or HuberLoss")
	}
	return fault.First(fault.NonNegative(fn, "Ridge", s.Ridge), fault.NonNegative(fn, "Threshold", s.Threshold))
}

// Coefficients is a fitted linear prediction of a shift of fair value: Intercept + Slope·x.
type Coefficients struct {
	Intercept float64
	Slope     []float64
	Scale     float64 // robust standard deviation of the residuals for HuberLoss, root mean square for SquaredLoss
	Clipped   int     // observations beyond the threshold of HuberLoss
}

// Predict returns the prediction for the predictors x, NaN if their number is another.
func (c Coefficients) Predict(x []float64) float64 {
	if len(x) != len(c.Slope) {
		return math.NaN()
	}
	y := c.Intercept
	for i, b := range c.Slope {
		y += b * x[i]
	}
	return y
}

// FitRegression returns the coefficients that predict y best from rows of predictors. It solves the least squares of centred
// and scaled predictors beside the rows of the penalty by QR, never forming normal equations, and Huber's loss by
// reweighting, with the scale by the median. A predictor that does not vary gets 0. Everything must be finite, and there must
// be more rows than predictors.
func FitRegression(x [][]float64, y []float64, cfg RegressionSettings) (Coefficients, error) {
	const fn = "surface.FitRegression"
	if err := cfg.Validate(); err != nil {
		return Coefficients{}, err
	}
	if len(x) != len(y) {
		return Coefficients{}, fault.Arg(fn, "y", len(y), fmt.Sprintf("%d entries, as many as rows of x", len(x)))
	}
	if len(x) == 0 {
		return Coefficients{}, fmt.Errorf("surface: %w: none", ErrTooFewObservations)
	}
	p := len(x[0])
	flat := make([]float64, 0, len(x)*p)
	for i, row := range x {
		if len(row) != p {
			return Coefficients{}, fault.Arg(fn, fmt.Sprintf("x[%d]", i), len(row), fmt.Sprintf("%d predictors", p))
		}
		if err := finiteRow(fn, row, y[i]); err != nil {
			return Coefficients{}, err
		}
		flat = append(flat, row...)
	}
	if len(x) <= p {
		return Coefficients{}, fmt.Errorf("surface: %w: %d for %d predictors", ErrTooFewObservations, len(x), p)
	}
	var w regressionWork
	return w.fit(flat, y, p, cfg)
}

func finiteRow(fn string, row []float64, y float64) error {
	for j, v := range row {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fault.Arg(fn, fmt.Sprintf("predictor %d", j), v, "finite")
		}
	}
	return fault.Finite(fn, "y", y)
}

// regressionWork is memory of fits.
type regressionWork struct {
	weight, residual, sizes, mean, unit []float64
	a                                   []float64
	rhs                                 []float64
	qr                                  mat.QR
	slope                               mat.VecDense
}

func sized(v []float64, n int) []float64 {
	if cap(v) < n {
		return make([]float64, n)
	}
	return v[:n]
}

// fit solves for rows x of p predictors each.
func (w *regressionWork) fit(x, y []float64, p int, cfg RegressionSettings) (Coefficients, error) {
	n := len(y)
	w.weight, w.residual, w.sizes = sized(w.weight, n), sized(w.residual, n), sized(w.sizes, n)
	for i := range w.weight {
		w.weight[i] = 1
	}
	c, err := w.solve(x, y, p, cfg)
	if err != nil {
		return c, err
	}
	rss := w.residuals(x, y, p, c)
	c.Scale = math.Sqrt(rss / float64(n))
	if cfg.Loss == SquaredLoss {
		return c, nil
	}
	threshold := orDefault(cfg.Threshold, 1.345)
	const rounds, settled = 100, 1e-10
	for range rounds {
		for i, e := range w.residual {
			w.sizes[i] = math.Abs(e)
		}
		slices.Sort(w.sizes)
		scale := 0.5 * (w.sizes[(n-1)/2] + w.sizes[n/2]) / 0.6744897501960817
		c.Scale, c.Clipped = scale, 0
		// Where most residuals vanish the rest are outliers, whatever their size; the floor keeps their weights defined.
		limit := threshold * math.Max(scale, 1e-9*w.sizes[n-1])
		if limit == 0 {
			return c, nil
		}
		for i, e := range w.residual {
			w.weight[i] = 1
			if a := math.Abs(e); a > limit {
				w.weight[i] = limit / a
				c.Clipped++
			}
		}
		next, err := w.solve(x, y, p, cfg)
		if err != nil {
			return c, err
		}
		next.Scale, next.Clipped = c.Scale, c.Clipped
		copy(w.sizes, w.residual)
		w.residuals(x, y, p, next)
		moved := 0.0
		for i, e := range w.residual {
			moved = math.Max(moved, math.Abs(e-w.sizes[i]))
		}
		c = next
		if moved <= settled*limit {
			break
		}
	}
	return c, nil
}

func (w *regressionWork) residuals(x, y []float64, p int, c Coefficients) (rss float64) {
	for i := range y {
		e := y[i] - c.Predict(x[i*p:(i+1)*p])
		w.residual[i] = e
		rss += e * e
	}
	return rss
}

// solve is one weighted least squares.
func (w *regressionWork) solve(x, y []float64, p int, cfg RegressionSettings) (Coefficients, error) {
	n := len(y)
	w.mean, w.unit = sized(w.mean, p), sized(w.unit, p)
	total, level := 0.0, 0.0
	for _, v := range w.weight {
		total += v
	}
	for j := range p {
		w.mean[j] = 0
	}
	if !cfg.NoIntercept {
		for i, v := range w.weight {
			level += v / total * y[i]
			for j := range p {
				w.mean[j] += v / total * x[i*p+j]
			}
		}
	}
	c := Coefficients{Intercept: level, Slope: make([]float64, p)}
	if p == 0 {
		return c, fault.Finite("surface.FitRegression", "the mean of y", level)
	}
	w.a, w.rhs = sized(w.a, (n+p)*p), sized(w.rhs, n+p)
	for j := range p {
		size, largest := 0.0, 0.0
		for i, v := range w.weight {
			d := math.Sqrt(v) * (x[i*p+j] - w.mean[j])
			w.a[i*p+j] = d
			size = math.Hypot(size, d)
			largest = math.Max(largest, math.Abs(x[i*p+j]))
		}
		w.unit[j] = size
		if !(size > 1e-13*largest*math.Sqrt(float64(n))) { // rounding of a constant
			w.unit[j] = 0
		}
		for i := range n {
			if w.unit[j] == 0 {
				w.a[i*p+j] = 0
			} else {
				w.a[i*p+j] /= size
			}
		}
	}
	penalty := math.Sqrt(orDefault(cfg.Ridge, 1e-8))
	for i, v := range w.weight {
		w.rhs[i] = math.Sqrt(v) * (y[i] - level)
	}
	for i := range p {
		for j := range p {
			w.a[(n+i)*p+j] = 0
		}
		w.a[(n+i)*p+i] = penalty
		if w.unit[i] == 0 {
			w.a[(n+i)*p+i] = 1
		}
		w.rhs[n+i] = 0
	}
	w.qr.Factorize(mat.NewDense(n+p, p, w.a))
	if err := w.qr.SolveVecTo(&w.slope, false, mat.NewVecDense(n+p, w.rhs)); err != nil {
		var bad mat.Condition
		if !errors.As(err, &bad) || math.IsInf(float64(bad), 1) {
			return c, fmt.Errorf("surface: regression: %w", err)
		}
	}
	for j := range p {
		if w.unit[j] > 0 {
			c.Slope[j] = w.slope.AtVec(j) / w.unit[j]
		}
		c.Intercept -= c.Slope[j] * w.mean[j]
		if err := fault.Finite("surface.FitRegression", fmt.Sprintf("coefficient %d", j), c.Slope[j]); err != nil {
			return c, err
		}
	}
	if cfg.NoIntercept {
		c.Intercept = 0
	}
	return c, fault.Finite("surface.FitRegression", "intercept", c.Intercept)
}

// Regression predicts shifts of a fair value from predictors known before them, as the imbalance of an order book or the move
// of a related asset, by a regression over a rolling window that is solved anew as observations come. Each prediction is made
// before its outcome is seen, so that the errors it reports are out of sample. The zero value is ready and takes the number of
// predictors from the first observation. It is not safe for concurrent use.
type Regression struct {
	Settings RegressionSettings
	Window   int // observations kept; 0 means 500
	Every    int // observations between two fits; 0 means 1
	MinFit   int // observations before the first fit; 0 means 5 for each coefficient

	p, n, at, since int
	x, y            []float64
	fitted          bool
	c               Coefficients
	work            regressionWork

	predictions        int
	sumSquare, sumBase float64
	sumY               float64
}

func (r *Regression) window() int {
	if r.Window == 0 {
		return 500
	}
	return r.Window
}

func (r *Regression) minFit() int {
	if r.MinFit == 0 {
		return min(5*(r.p+1), r.window())
	}
	return r.MinFit
}

// Observe takes what came of the predictors x: the shift y. It returns what was predicted for x before y was seen, NaN if
// nothing was. An observation that is not finite or has another number of predictors is a pricing.ArgError and is left out.
func (r *Regression) Observe(x []float64, y float64) (predicted float64, err error) {
	const fn = "surface.Regression"
	switch {
	case r.Window < 0:
		return math.NaN(), fault.Arg(fn, "Window", r.Window, ">= 0")
	case r.Every < 0:
		return math.NaN(), fault.Arg(fn, "Every", r.Every, ">= 0")
	case r.MinFit < 0 || r.MinFit > r.window():
		return math.NaN(), fault.Arg(fn, "MinFit", r.MinFit, "between 0 and Window")
	case r.x != nil && len(x) != r.p:
		return math.NaN(), fault.Arg(fn, "x", len(x), fmt.Sprintf("%d predictors, as before", r.p))
	case len(x) >= r.window():
		return math.NaN(), fault.Arg(fn, "x", len(x), "fewer predictors than Window")
	case r.x != nil && len(r.y) != r.window():
		return math.NaN(), fault.Arg(fn, "Window", r.Window, "what it was at the first observation")
	}
	if err := fault.First(r.Settings.Validate(), finiteRow(fn, x, y)); err != nil {
		return math.NaN(), err
	}
	if r.x == nil {
		r.p = len(x)
		r.x, r.y = make([]float64, r.p*r.window()), make([]float64, r.window())
	}
	predicted = math.NaN()
	if r.fitted {
		predicted = r.c.Predict(x)
		mean := 0.0
		if !r.Settings.NoIntercept {
			mean = r.sumY / float64(r.n)
		}
		r.predictions++
		r.sumSquare += (y - predicted) * (y - predicted)
		r.sumBase += (y - mean) * (y - mean)
	}
	copy(r.x[r.at*r.p:], x)
	r.y[r.at] = y
	r.at = (r.at + 1) % len(r.y)
	r.n = min(r.n+1, len(r.y))
	r.sumY = 0
	for _, v := range r.y[:r.n] {
		r.sumY += v
	}
	r.since++
	if r.n >= max(r.minFit(), r.p+1) && (!r.fitted || r.since >= max(1, r.Every)) {
		c, err := r.work.fit(r.x[:r.n*r.p], r.y[:r.n], r.p, r.Settings)
		r.since = 0
		if err != nil {
			return predicted, err // the coefficients before stay
		}
		r.c, r.fitted = c, true
	}
	return predicted, nil
}

// Predict returns the shift predicted from x: an [ErrTooFewObservations] before the first fit.
func (r *Regression) Predict(x []float64) (float64, error) {
	if !r.fitted {
		return math.NaN(), fmt.Errorf("surface: regression: %w: %d, want %d", ErrTooFewObservations, r.n, max(r.minFit(), r.p+1))
	}
	if len(x) != r.p {
		return math.NaN(), fault.Arg("surface.Regression", "x", len(x), fmt.Sprintf("%d predictors, as before", r.p))
	}
	if err := finiteRow("surface.Regression", x, 0); err != nil {
		return math.NaN(), err
	}
	return r.c.Predict(x), nil
}

// Coefficients returns those of the last fit, to be read only; fitted is false before the first.
func (r *Regression) Coefficients() (c Coefficients, fitted bool) { return r.c, r.fitted }

// RegressionReport says how well a regression has predicted.
type RegressionReport struct {
	Observations int     // in the window
	Predictions  int     // made before their outcome was seen
	RMS          float64 // of their errors, NaN without any
	R2           float64 // 1 − Σe²/Σ(y − mean)² over them, with the mean of the window before, or 0 with NoIntercept; at or below 0 it predicts nothing
}

// Report returns the errors out of sample since the start.
func (r *Regression) Report() RegressionReport {
	n := float64(r.predictions)
	return RegressionReport{r.n, r.predictions, math.Sqrt(r.sumSquare / n), 1 - r.sumSquare/r.sumBase}
}
