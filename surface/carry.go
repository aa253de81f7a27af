package surface

import (
	"cmp"
	"math"
	"slices"
)

// What is believed of interest rates before any option is seen. It matters only where the parity of options is silent:
// a discount factor of a few weeks moves no forward.
const (
	ratePrior    = 0.02
	ratePriorErr = 0.05
	rateWander   = 0.003  // standard deviation of the change of the zero rate over a factor e in time to expiry,
	rateDrift    = 0.007  // and over a year more of it
	rateLeastErr = 2e-4   // no single expiry is believed better than this
	rateKernel   = 0.7    // width in ln τ of the neighbourhood whose median the fit starts from
	rateOutlier  = 0.0025 // an observation further from its neighbours than four times this, and four times its own
	rateCut      = 4.0    // error, is left out
)

// smoothRates returns the zero rate at each time to expiry, in rising order, given observed rates and their standard
// errors; an observation that is not finite is left out. The rate is a random walk in ln τ and τ seen through Gaussian noise,
// whose mode solves a tridiagonal system; the weights of the observations are Tukey's bisquare, starting from a running
// weighted median. So precise long expiries carry over flat to short ones whose regression is noise, every expiry counts
// by its precision, and one that is far from its neighbours counts for nothing.
func smoothRates(tau, rate, err []float64) []float64 {
	n := len(tau)
	precision, target := make([]float64, n), make([]float64, n)
	var seen []int
	for i := range tau {
		if finite(rate[i]) && err[i] >= 0 && finite(err[i]) {
			precision[i], target[i] = 1/(err[i]*err[i]+rateLeastErr*rateLeastErr), rate[i]
			seen = append(seen, i)
		}
	}
	link := make([]float64, n) // between i and i+1
	for i := 0; i+1 < n; i++ {
		step := math.Max(math.Log(tau[i+1]/tau[i]), 1e-9)
		link[i] = 1 / (rateWander*rateWander*step + rateDrift*rateDrift*(tau[i+1]-tau[i]))
	}
	out, weight := make([]float64, n), make([]float64, n)
	slices.SortFunc(seen, func(a, b int) int { return cmp.Compare(target[a], target[b]) })
	near := make([]float64, len(seen))
	for _, i := range seen {
		total := 0.0
		for j, s := range seen {
			near[j] = precision[s] * math.Exp(-math.Abs(math.Log(tau[s]/tau[i]))/rateKernel)
			total += near[j]
		}
		half := 0.5 * total
		for j, s := range seen {
			if half -= near[j]; half <= 0 {
				out[i] = target[s]
				break
			}
		}
	}
	for range 20 {
		for _, i := range seen {
			u := (out[i] - target[i]) / (rateCut * math.Sqrt(1/precision[i]+rateOutlier*rateOutlier))
			weight[i] = precision[i] * math.Pow(math.Max(1-u*u, 0), 2)
		}
		solveWalk(out, weight, target, link)
	}
	return out
}

// solveWalk minimises Σ w_i (x_i − y_i)² + Σ l_i (x_{i+1} − x_i)² + (x_0 − prior)²/e², by elimination from the front.
func solveWalk(x, w, y, l []float64) {
	n := len(x)
	diagonal, right := make([]float64, n), make([]float64, n)
	const p = 1 / (ratePriorErr * ratePriorErr)
	for i := range n {
		diagonal[i], right[i] = w[i], w[i]*y[i]
		if i == 0 {
			diagonal[i] += p
			right[i] += p * ratePrior
		}
		if i > 0 {
			diagonal[i] += l[i-1]
		}
		if i+1 < n {
			diagonal[i] += l[i]
		}
	}
	for i := 1; i < n; i++ {
		f := l[i-1] / diagonal[i-1]
		diagonal[i] -= f * l[i-1]
		right[i] += f * right[i-1]
	}
	for i := n - 1; i >= 0; i-- {
		x[i] = right[i]
		if i+1 < n {
			x[i] += l[i] * x[i+1]
		}
		x[i] /= diagonal[i]
	}
}

// forwardBetween interpolates the logarithm of the forward linearly in time between two expiries; spot stands for an
// expiry at time zero. It returns NaN where there is nothing on one of the sides.
func forwardBetween(tau []float64, forward []float64, spot float64, at int) float64 {
	loTau, lo := 0.0, spot
	for i := at - 1; i >= 0; i-- {
		if forward[i] > 0 && tau[i] < tau[at] {
			loTau, lo = tau[i], forward[i]
			break
		}
	}
	for i := at - 1; i >= 0; i-- { // another class of the same instant
		if forward[i] > 0 && tau[i] == tau[at] {
			return forward[i]
		}
	}
	for i := at + 1; i < len(tau); i++ {
		switch {
		case !(forward[i] > 0):
		case tau[i] == tau[at]:
			return forward[i]
		default:
			u := (tau[at] - loTau) / (tau[i] - loTau)
			return math.Exp((1-u)*math.Log(lo) + u*math.Log(forward[i]))
		}
	}
	return math.NaN()
}
