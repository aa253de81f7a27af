package calibrate

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
)

// Diagnostics say how well a least squares problem determines its parameters. Parameters on a bound are taken as known: their
// standard errors, influences and correlations are zero.
type Diagnostics struct {
	// StdErr is the standard error of each parameter, if the residuals are independent with one variance, which is estimated
	// from them. It is NaN if there are no more residuals than free parameters.
	StdErr []float64
	// Correlation of the parameters' errors: Correlation[i*n+j].
	Correlation []float64
	// Condition is the ratio of the largest to the smallest singular value of the Jacobian, its columns scaled to length one: 1
	// if the parameters act apart from each other, above 1e8 if some combination of them can hardly be told.
	Condition float64
	// Weakest is the combination of the scaled parameters that the residuals determine least.
	Weakest []float64
	// Influence is how far parameter j moves if target i moves by one unit of its weighted residual: Influence[i*n+j].
	Influence []float64
	// Leverage is the share of residual i's own target in its fitted value: between 0, where the others decide it, and 1, where
	// the fit must pass through it. The sum is the number of free parameters.
	Leverage []float64

	params int
}

// Driver returns the index of the residual whose target moves parameter j most.
func (d Diagnostics) Driver(j int) int {
	best := 0
	for i := range d.Leverage {
		if math.Abs(d.Influence[i*d.params+j]) > math.Abs(d.Influence[best*d.params+j]) {
			best = i
		}
	}
	return best
}

// Diagnostics examines the linear problem at the solution. A solution whose Jacobian does not have full rank is a
// [fault.ArgError] that names the parameter that nothing depends on, or gives the condition.
func (s Solution) Diagnostics() (Diagnostics, error) {
	const fn = "calibrate.Diagnostics"
	n, m := len(s.X), len(s.Residuals)
	if n == 0 || len(s.jacobian) != n*m {
		return Diagnostics{}, fault.Arg(fn, "solution", "empty", "one that a solver returned")
	}
	d := Diagnostics{StdErr: make([]float64, n), Correlation: make([]float64, n*n), Weakest: make([]float64, n),
		Influence: make([]float64, m*n), Leverage: make([]float64, m), params: n}
	var free []int
	size := make([]float64, n)
	for j := range n {
		for i := range m {
			size[j] = math.Hypot(size[j], s.jacobian[i*n+j])
		}
		if s.AtBound[j] != 0 {
			continue
		}
		if size[j] == 0 {
			return Diagnostics{}, fault.Arg(fn, "derivatives by "+s.problem.param(j), 0.0, "not all zero")
		}
		free = append(free, j)
	}
	k := len(free)
	if k == 0 {
		d.Condition = 1
		return d, nil
	}
	if m < k {
		return Diagnostics{}, fault.Arg(fn, "residuals", m, "at least as many as free parameters")
	}
	a := mat.NewDense(m, k, nil)
	for c, j := range free {
		for i := range m {
			a.Set(i, c, s.jacobian[i*n+j]/size[j])
		}
	}
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDThin) {
		return Diagnostics{}, fault.Arg(fn, "Jacobian", "not factorised", "finite")
	}
	values := svd.Values(nil)
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	d.Condition = values[0] / values[k-1]
	if !(d.Condition < 1/epsilon) {
		return Diagnostics{}, fault.Arg(fn, "condition of the Jacobian", d.Condition, "below 4e15: some combination of parameters changes nothing")
	}
	for c, j := range free {
		d.Weakest[j] = v.At(c, k-1)
	}
	variance := math.NaN()
	if m > k {
		variance = 2 * s.Cost / float64(m-k)
	}
	covariance := func(b, c int) float64 { // of the scaled parameters, per unit of variance
		total := 0.0
		for q := range k {
			total += v.At(b, q) * v.At(c, q) / (values[q] * values[q])
		}
		return total
	}
	for b, i := range free {
		d.StdErr[i] = math.Sqrt(variance*covariance(b, b)) / size[i]
		for c, j := range free {
			d.Correlation[i*n+j] = covariance(b, c) / math.Sqrt(covariance(b, b)*covariance(c, c))
		}
	}
	for i := range m {
		for c, j := range free {
			total := 0.0
			for q := range k {
				total += v.At(c, q) / values[q] * u.At(i, q)
			}
			d.Influence[i*n+j] = -total / size[j]
		}
		for q := range k {
			d.Leverage[i] += u.At(i, q) * u.At(i, q)
		}
	}
	return d, nil
}
