package surface

import (
	"math"
	"slices"
)

// Pairs is the calls and puts of one expiry that share a strike, by column, in rising order of strike: mid prices, and
// half of the spread at which the two together are bought and sold.
type Pairs struct {
	Strike, Call, Put, Half []float64
}

// Len returns the number of pairs.
func (p Pairs) Len() int { return len(p.Strike) }

func (p *Pairs) add(strike, call, put, half float64) {
	p.Strike = append(p.Strike, strike)
	p.Call = append(p.Call, call)
	p.Put = append(p.Put, put)
	p.Half = append(p.Half, half)
}

// Parity is what put-call parity C − P = D·(F − K) says of an expiry.
type Parity struct {
	Forward     float64
	ForwardErr  float64 // standard error
	Discount    float64
	DiscountErr float64 // standard error, with what a tilt of mid prices over the strikes would do; 0 if D was given
	Pairs       int     // near the forward, which the fit was made on
	Outliers    int     // of these, the pairs that got no weight
	RMS         float64 // root mean square of the residuals of C − P, weighted as the fit, in price units
	HalfSpread  float64 // median half-spread of a pair, to compare RMS with
}

const (
	tukey        = 4.685 // bisquare constant in scales: 95 % efficient on normal residuals
	huber        = 1.345 // the same of Huber's weight
	nearWidth    = 3.0   // pairs are near the forward within so many standard deviations of the log price
	forwardWidth = 1.0   // the same when the discount factor is given, whose error then counts for less
	nearLeast    = 0.02  // or within so much of the forward
	minNear      = 8     // the nearest so many pairs are taken in any case
	priorScale   = 0.25  // least scale of residuals in half-spreads: a few pairs may fit by chance better than quotes are
	midTilt      = 0.1   // half-spreads by which mids may all be wrong one way per standard deviation of the strike
	spreadFloor  = 0.1   // least half-spread of a pair over the median: a locked market is not infinitely certain
)

// FitParity estimates forward and discount factor of European options in money from the pairs near the forward: a linear
// regression of C − P on K with weights of one over the squared half-spread, made robust by Tukey's bisquare. The pairs
// must be finite. With fewer than two pairs it returns NaN for the discount factor, and with none for the forward; so it
// does for what comes out at or below zero.
func FitParity(p Pairs) Parity { return fitParity(p, math.NaN(), nearWidth) }

// FitForward estimates the forward of European options in money, given the discount factor: the robust weighted mean of
// K + (C − P)/D over the pairs near the forward.
func FitForward(p Pairs, discount float64) Parity { return fitParity(p, discount, forwardWidth) }

// FitInverse estimates the forward of coin-margined options, for which C − P = 1 − K/F: the robust weighted mean of
// K/(1 − (C − P)) over the pairs near the forward. The residual is in coins.
func FitInverse(p Pairs) Parity {
	out := Parity{Forward: math.NaN(), ForwardErr: math.NaN(), Discount: 1}
	forward := make([]float64, 0, p.Len())
	half := make([]float64, 0, p.Len())
	rough := roughForward(p, func(k, y float64) float64 { return k / (1 - y) })
	near := nearPairs(p, rough, straddleDeviation(p, rough, rough), nearWidth)
	for i := range near.Len() {
		y := near.Call[i] - near.Put[i]
		f := near.Strike[i] / (1 - y)
		if !(y < 1) || !finite(f) {
			continue
		}
		forward = append(forward, f)
		half = append(half, near.Half[i]*f*f/near.Strike[i])
	}
	if len(forward) == 0 {
		return out
	}
	x := make([]float64, len(forward)) // no slope
	line := robustLine(x, forward, half, false)
	out.Forward, out.ForwardErr = line.mean, line.meanErr
	out.Pairs, out.Outliers = len(forward), line.outliers
	out.RMS, out.HalfSpread = line.rms/out.Forward, medianOf(half)/out.Forward
	return out.sound()
}

func fitParity(p Pairs, discount, width float64) Parity {
	nan := math.NaN()
	out := Parity{Forward: nan, ForwardErr: nan, Discount: discount, DiscountErr: nan}
	if p.Len() == 0 {
		return out
	}
	d := discount
	if math.IsNaN(d) {
		d = 1
	}
	rough := roughForward(p, func(k, y float64) float64 { return k + y/d })
	near := nearPairs(p, rough, straddleDeviation(p, rough, 1), width)
	n := near.Len()
	y := make([]float64, n)
	out.Pairs, out.HalfSpread = n, medianOf(near.Half)
	if !math.IsNaN(discount) {
		for i := range y {
			y[i] = near.Strike[i] + (near.Call[i]-near.Put[i])/d
		}
		line := robustLine(make([]float64, n), y, near.Half, false)
		out.Forward, out.ForwardErr = line.mean, line.meanErr/d
		out.DiscountErr, out.RMS, out.Outliers = 0, line.rms*d, line.outliers
		return out.sound()
	}
	for i := range y {
		y[i] = near.Call[i] - near.Put[i]
	}
	if n < 2 {
		out.Forward = rough
		return out.sound()
	}
	line := robustLine(near.Strike, y, near.Half, true)
	out.Discount = -line.slope
	out.DiscountErr = math.Hypot(line.slopeErr, midTilt*out.HalfSpread/line.width)
	out.Forward = line.center + line.mean/out.Discount
	out.ForwardErr = math.Hypot(line.meanErr/out.Discount, line.mean/(out.Discount*out.Discount)*line.slopeErr)
	out.RMS, out.Outliers = line.rms, line.outliers
	if !(out.Discount > 0) || !finite(out.Discount) {
		out.Forward, out.Discount = nan, nan
	}
	return out.sound()
}

// sound puts NaN for a forward that is none.
func (p Parity) sound() Parity {
	if !(p.Forward > 0) || !finite(p.Forward) {
		p.Forward, p.ForwardErr = math.NaN(), math.NaN()
	}
	return p
}

// roughForward is the median of the forwards that the pairs with call and put nearest to each other say: a start that a
// few wrong quotes cannot move.
func roughForward(p Pairs, forward func(k, y float64) float64) float64 {
	const nearest = 9
	order := make([]int, p.Len())
	for i := range order {
		order[i] = i
	}
	gap := func(i int) float64 { return math.Abs(p.Call[i] - p.Put[i]) }
	slices.SortStableFunc(order, func(a, b int) int {
		switch ga, gb := gap(a), gap(b); {
		case ga < gb:
			return -1
		case ga > gb:
			return 1
		}
		return 0
	})
	v := make([]float64, 0, nearest)
	for _, i := range order[:min(nearest, len(order))] {
		v = append(v, forward(p.Strike[i], p.Call[i]-p.Put[i]))
	}
	return medianOf(v)
}

// straddleDeviation is σ√T by the straddle nearest to the forward, which is worth about 0.8·F·σ√T. unit is the value in
// money of a unit of price.
func straddleDeviation(p Pairs, forward, unit float64) float64 {
	best, at := math.Inf(1), -1
	for i, k := range p.Strike {
		if d := math.Abs(k - forward); d < best {
			best, at = d, i
		}
	}
	if at < 0 {
		return math.NaN()
	}
	timeValue := p.Call[at] + p.Put[at] - math.Abs(p.Call[at]-p.Put[at])
	return math.Max(timeValue, 0) * unit / (0.8 * forward)
}

// nearPairs returns the pairs within so many deviations of the forward, and in any case the few nearest.
func nearPairs(p Pairs, forward, deviation, width float64) Pairs {
	limit := nearLeast
	if w := width * deviation; w > limit {
		limit = w
	}
	distance := make([]float64, p.Len())
	for i, k := range p.Strike {
		distance[i] = math.Abs(math.Log(k / forward))
	}
	if p.Len() > 0 {
		sorted := slices.Clone(distance)
		slices.Sort(sorted)
		limit = math.Max(limit, sorted[min(minNear, len(sorted))-1])
	}
	var near Pairs
	for i, d := range distance {
		if d <= limit {
			near.add(p.Strike[i], p.Call[i], p.Put[i], p.Half[i])
		}
	}
	return near
}

// lineFit is y ≈ mean + slope·(x − center).
type lineFit struct {
	center, width                       float64 // weighted mean and standard deviation of x
	mean, meanErr, slope, slopeErr, rms float64
	outliers                            int
}

// robustLine fits a line, or a constant if sloped is false, with weights 1/half² times Huber's weight to begin with and
// Tukey's bisquare to end with, whose scale is the median absolute residual in half-spreads.
func robustLine(x, y, half []float64, sloped bool) lineFit {
	n := len(y)
	floor := spreadFloor * medianOf(half)
	if !(floor > 0) {
		floor = 1 // all are locked: weigh them alike
	}
	base, robust := make([]float64, n), make([]float64, n)
	for i := range base {
		base[i] = 1 / math.Max(half[i], floor)
		robust[i] = 1
	}
	var f lineFit
	residual := make([]float64, n)
	if !sloped {
		f.mean = medianOf(y)
	} else {
		f = weightedLine(x, y, base, robust, sloped)
	}
	scale := 0.0
	const rounds, hubers = 40, 15
	for round := range rounds {
		for i := range residual {
			residual[i] = math.Abs(y[i]-f.mean-f.slope*(x[i]-f.center)) * base[i]
		}
		scale = math.Max(1.4826*medianOf(residual), priorScale)
		for i, r := range residual {
			u := r / scale
			switch {
			case round < hubers:
				robust[i] = math.Min(1, huber/math.Max(u, huber))
			case u < tukey:
				robust[i] = (1 - u*u/(tukey*tukey)) * (1 - u*u/(tukey*tukey))
			default:
				robust[i] = 0
			}
		}
		last := f
		f = weightedLine(x, y, base, robust, sloped)
		change := math.Abs(f.mean + f.slope*(last.center-f.center) - last.mean)
		if round > hubers && change <= 1e-12*math.Abs(f.mean) && math.Abs(f.slope-last.slope) <= 1e-13 {
			break
		}
	}
	sumW, sumR := 0.0, 0.0
	for i := range y {
		w := robust[i] * base[i] * base[i]
		r := y[i] - f.mean - f.slope*(x[i]-f.center)
		sumW += w
		sumR += w * r * r
		if robust[i] == 0 {
			f.outliers++
		}
	}
	f.rms = math.Sqrt(sumR / sumW)
	f.meanErr *= scale
	f.slopeErr *= scale
	return f
}

// weightedLine is the weighted least-squares line; its errors are for residuals of one half-spread.
func weightedLine(x, y, base, robust []float64, sloped bool) lineFit {
	var sw, sx, sy float64
	for i := range y {
		w := robust[i] * base[i] * base[i]
		sw += w
		sx += w * x[i]
		sy += w * y[i]
	}
	f := lineFit{center: sx / sw, mean: sy / sw, meanErr: 1 / math.Sqrt(sw)}
	if !sloped {
		return f
	}
	var sxx, sxy float64
	for i := range y {
		w := robust[i] * base[i] * base[i]
		dx := x[i] - f.center
		sxx += w * dx * dx
		sxy += w * dx * (y[i] - f.mean)
	}
	f.slope, f.slopeErr, f.width = sxy/sxx, 1/math.Sqrt(sxx), math.Sqrt(sxx/sw)
	return f
}
