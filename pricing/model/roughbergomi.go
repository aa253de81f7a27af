package model

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
)

// RoughBergomi is stochastic volatility whose logarithm is a rough Gaussian process: Bayer, Friz and Gatheral, "Pricing under rough
// volatility", Quantitative Finance 16 (2016).
//
//	dS/S = (r − q) dt + √v (ρ dW + √(1−ρ²) dW⊥),   v_t = ξ0(t)·exp(η·W̃_t − ½η²t^(2H)),
//	W̃_t = √(2H)·∫(t−s)^(H−½) dW_s,  s from 0 to t.
//
// Its characteristic function is not known, so that it is no [Characteristic]; it is simulated, and makes its own paths: see
// [RoughBergomi.Simulate].
type RoughBergomi struct {
	Market
	H   float64         // Hurst exponent of the logarithm of the variance, in (0, ½]
	Eta float64         // η: volatility of the logarithm of the variance, per year to the power H, >= 0
	Rho float64         // ρ: correlation of asset and variance, in [−1, 1]; prices are martingales for ρ <= 0
	Xi  ForwardVariance // ξ0: forward variances; at least one period
}

var _ Simulable = RoughBergomi{}

// Validate returns an error that names the first parameter outside its domain.
func (m RoughBergomi) Validate() error {
	const fn = "model.RoughBergomi"
	if !(m.H > 0 && m.H <= 0.5) {
		return fault.Arg(fn, "H", m.H, "in (0, 0.5]")
	}
	if len(m.Xi.Level) == 0 && len(m.Xi.Until) == 0 {
		return fault.Arg(fn, "Xi", "empty", "at least one period")
	}
	return fault.First(
		m.Market.validate(fn),
		fault.NonNegative(fn, "Eta", m.Eta),
		fault.Between(fn, "Rho", m.Rho, -1, 1),
		m.Xi.validate(fn, "Xi"),
	)
}

// Covariance returns the covariance of W̃ at two times, 2H·∫((s−r)(t−r))^(H−½) dr for r from 0 to the earlier of them, and t^(2H) if
// they are equal. The relative error is below 1e-12.
func (m RoughBergomi) Covariance(s, t float64) float64 {
	if s > t {
		s, t = t, s
	}
	switch {
	case s <= 0:
		return 0
	case s == t:
		return math.Pow(t, 2*m.H)
	}
	sp := roughSpaces.Get().(*roughSpace)
	defer roughSpaces.Put(sp)
	// With r = s·y the integrand is singular at y = 1, and nearly so where the times are close.
	gap, sum := (t-s)/s, 0.0
	for _, d := range sp.de {
		sum += d.weight * math.Pow(d.rest*(gap+d.rest), m.H-0.5)
	}
	return 2 * m.H * math.Pow(s, 2*m.H) * sum
}

// DriverCovariance returns the covariance of W̃ at t and of the Brownian motion W at s that drives it.
func (m RoughBergomi) DriverCovariance(s, t float64) float64 {
	a := m.H + 0.5
	return math.Sqrt(2*m.H) / a * (math.Pow(t, a) - math.Pow(t-math.Min(s, t), a))
}

// WithSpot returns the model with another spot.
func (m RoughBergomi) WithSpot(spot float64) RoughBergomi { m.Spot = spot; return m }

// Volterra makes paths of the process W̃ of [RoughBergomi] on a grid by the hybrid scheme of Bennedsen, Lunde and Pakkanen,
// "Hybrid scheme for Brownian semistationary processes", Finance and Stochastics 21 (2017), with κ = 1: the integral over the
// last step, where the kernel is singular, is drawn jointly with the increment of W, and that over every other step is the
// increment times the mean of the kernel over the step, which is the discretisation with the least mean square error.
// The steps need not be equal.
//
// A path of n steps takes n²/2 multiplications, a column of paths at a time. That is faster than a fast Fourier transform up to about
// nine hundred steps. A Volterra never changes and is safe for concurrent use.
type Volterra struct {
	ends     []float64
	weight   []float64 // row after row the weights of the increments before the last
	own      []float64 // of the last increment
	residual []float64 // of what the last step has besides
	variance []float64
}

// NewVolterra prepares the process on a grid of times, the ends of steps that start at 0.
func NewVolterra(h float64, ends []float64) (*Volterra, error) {
	const fn = "model.NewVolterra"
	if !(h > 0 && h <= 0.5) {
		return nil, fault.Arg(fn, "h", h, "in (0, 0.5]")
	}
	if err := CheckTimes(fn, "ends", ends); err != nil {
		return nil, err
	}
	if !(ends[0] > 0) {
		return nil, fault.Arg(fn, "ends[0]", ends[0], "> 0")
	}
	n := len(ends)
	v := &Volterra{
		ends: append([]float64(nil), ends...), weight: make([]float64, 0, n*(n-1)/2),
		own: make([]float64, n), residual: make([]float64, n), variance: make([]float64, n),
	}
	a, scale := h+0.5, math.Sqrt(2*h)/(h+0.5)
	from := 0.0
	for i, end := range ends {
		step := end - from
		up := math.Pow(step, h)
		v.own[i] = scale * up
		v.residual[i] = up * math.Sqrt(math.Max(1-2*h/(a*a), 0))
		v.variance[i] = up * up
		last, begin := math.Pow(end, a), 0.0
		for _, e := range ends[:i] {
			next := math.Pow(end-e, a)
			w := scale * (last - next) / math.Sqrt(e-begin)
			v.weight = append(v.weight, w)
			v.variance[i] += w * w
			last, begin = next, e
		}
		from = end
	}
	return v, nil
}

// Variance returns the variance that the scheme gives W̃ at the i-th time: slightly less than t^(2H).
func (v *Volterra) Variance(i int) float64 { return v.variance[i] }

// PathsTo writes W̃ at the i-th time to the column dst[i]. normals[k] are the standard normals that drive W over step k, so that
// its increment is their product with the root of the step; residuals[k] are independent of them. All columns have one length.
// dst may not share memory with the others. It allocates nothing.
func (v *Volterra) PathsTo(dst, normals, residuals [][]float64) {
	if len(dst) != len(v.ends) || len(normals) != len(v.ends) || len(residuals) != len(v.ends) {
		panic("model: Volterra.PathsTo: dst, normals and residuals need one column for each time")
	}
	for i := range dst {
		v.columnTo(dst[i], i, normals, residuals[i], 1)
	}
}

// columnTo writes W̃ at the i-th time to dst; normals[k·stride] drive step k.
func (v *Volterra) columnTo(dst []float64, i int, normals [][]float64, residual []float64, stride int) {
	own, rest := v.own[i], v.residual[i]
	z := normals[i*stride][:len(dst)]
	for j, r := range residual[:len(dst)] {
		dst[j] = own*z[j] + rest*r
	}
	row := v.weight[i*(i-1)/2:][:i]
	for k, w := range row {
		vec.AddScaled(dst, w, normals[k*stride], dst)
	}
}

// Simulate prepares paths on the given times: the hybrid scheme for the variance, with the mean ξ0 whatever the steps, and
// Euler's step for the logarithm of the price, from the variance at the start of the step. The steps are those of [StepGrid];
// maxStep 0 means a 200th part of the last time. Implied volatilities at the money are then good to a few hundredths of a point
// for H = 0.07 and η = 1.9.
func (m RoughBergomi) Simulate(times []float64, maxStep float64) (Simulation, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	if err := CheckTimes("model.RoughBergomi", "times", times); err != nil {
		return nil, err
	}
	if !(maxStep > 0) {
		maxStep = times[len(times)-1] / 200
	}
	steps, at := StepGrid(times, nil, maxStep)
	s := &roughBergomiPaths{
		layout: Layout{Assets: 1, Steps: steps, Factors: 3, Scratch: 3, Variance: true},
		at:     at, forward: make([]float64, len(times)), xi: make([]float64, len(steps)), root: make([]float64, len(steps)),
		eta: m.Eta, rho: m.Rho, other: math.Sqrt((1 - m.Rho) * (1 + m.Rho)),
	}
	for i, t := range times {
		s.forward[i] = m.Forward(t)
	}
	from := 0.0
	for k, end := range steps {
		s.xi[k] = (m.Xi.Total(end) - m.Xi.Total(from)) / (end - from)
		s.root[k] = math.Sqrt(end - from)
		from = end
	}
	if len(steps) > 0 {
		v, err := NewVolterra(m.H, steps)
		if err != nil {
			return nil, err
		}
		s.volterra = v
	}
	return s, nil
}

// roughBergomiPaths makes the paths. Of the factors of a step, the first drives the variance, the second the rest of the asset,
// and the third is the residual of the hybrid scheme.
type roughBergomiPaths struct {
	layout            Layout
	volterra          *Volterra
	at                []int // steps until each time
	forward, xi, root []float64
	eta, rho, other   float64
}

func (s *roughBergomiPaths) Layout() Layout { return s.layout }

func (s *roughBergomiPaths) PathsTo(b *PathBlock) {
	n := len(b.Spot[0])
	x, w, root := b.Scratch[0][:n], b.Scratch[1][:n], b.Scratch[2][:n]
	clear(x)
	done := 0
	for i, until := range s.at {
		var total []float64
		if b.Variance != nil {
			total = b.Variance[i][:n]
			clear(total)
		}
		for ; done < until; done++ {
			// √(v·dt) at the start of the step
			vol := math.Sqrt(s.xi[done]) * s.root[done]
			if done == 0 {
				for j := range root {
					root[j] = vol
				}
			} else {
				s.volterra.columnTo(w, done-1, b.Normals, b.Normals[3*(done-1)+2], 3)
				drift := math.Log(vol) - 0.25*s.eta*s.eta*s.volterra.variance[done-1]
				for j, y := range w {
					root[j] = 0.5*s.eta*y + drift
				}
				vec.Exp(root, root)
			}
			z, other := b.Normals[3*done][:n], b.Normals[3*done+1][:n]
			for j, r := range root {
				x[j] += r * (s.rho*z[j] + s.other*other[j] - 0.5*r)
			}
			if total != nil {
				for j, r := range root {
					total[j] += r * r
				}
			}
		}
		spot := b.Spot[i][:n]
		vec.Exp(spot, x)
		f := s.forward[i]
		for j := range spot {
			spot[j] *= f
		}
	}
}
