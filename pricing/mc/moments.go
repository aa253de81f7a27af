package mc

import (
	"math"

	"github.com/volgaquant/volga/internal/vec"
)

// moments are the number, the means and the sums of products of deviations of observations of several quantities.
type moments struct {
	n     float64
	mean  []float64
	cross []float64 // cross[i·k+j] = Σ(x_i − mean_i)(x_j − mean_j), for i <= j
}

func newMoments(k int) moments {
	return moments{mean: make([]float64, k), cross: make([]float64, k*k)}
}

// observe sets the moments to those of the columns, which it centres.
func (m *moments) observe(columns [][]float64) {
	k := len(columns)
	m.n = float64(len(columns[0]))
	for i, c := range columns {
		mean := vec.Sum(c) / m.n
		for j := range c {
			c[j] -= mean
		}
		m.mean[i] = mean
	}
	for i, c := range columns {
		for j := i; j < k; j++ {
			m.cross[i*k+j] = vec.Dot(c, columns[j])
		}
	}
}

// merge adds the observations of o: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
// variances" (1979).
func (m *moments) merge(o moments) {
	if o.n == 0 {
		return
	}
	k := len(m.mean)
	total := m.n + o.n
	weight := m.n * o.n / total
	for i := range k {
		di := o.mean[i] - m.mean[i]
		for j := i; j < k; j++ {
			m.cross[i*k+j] += o.cross[i*k+j] + weight*di*(o.mean[j]-m.mean[j])
		}
	}
	for i := range k {
		m.mean[i] += (o.mean[i] - m.mean[i]) * (o.n / total)
	}
	m.n = total
}

// covariance returns Σ of products of deviations of quantities i and j.
func (m *moments) covariance(i, j int) float64 {
	if i > j {
		i, j = j, i
	}
	return m.cross[i*len(m.mean)+j]
}

// residual returns Σ of squared deviations of a quantity less beta times the controls, which begin at quantity 1, the
// coefficients being those of any regression.
func (m *moments) residual(of int, beta []float64) float64 {
	r := m.covariance(of, of)
	for i, b := range beta {
		r -= 2 * b * m.covariance(of, 1+i)
		for j, c := range beta {
			r += b * c * m.covariance(1+i, 1+j)
		}
	}
	return max(r, 0)
}

// regress returns the coefficients of quantity of on k control quantities, which begin at first, and how many of these are
// used: one whose variance is explained by those before it, or that has none, gets a coefficient of zero.
func (m *moments) regress(of, first, k int) (beta []float64, rank int) {
	beta = make([]float64, k)
	if k == 0 {
		return beta, 0
	}
	// Cholesky's factor of the covariance of the controls, scaled to correlations, by rows.
	l := make([]float64, k*k)
	scale := make([]float64, k)
	used := make([]bool, k)
	rhs := make([]float64, k)
	const least = 1e-10 // of the variance that the controls before leave: below it, it is rounding
	for i := range k {
		v := m.covariance(first+i, first+i)
		if !(v > 0) {
			continue
		}
		scale[i] = 1 / math.Sqrt(v)
		rest := 1.0
		for j := range i {
			if !used[j] {
				continue
			}
			s := m.covariance(first+i, first+j) * scale[i] * scale[j]
			for q := range j {
				s -= l[i*k+q] * l[j*k+q]
			}
			l[i*k+j] = s / l[j*k+j]
			rest -= l[i*k+j] * l[i*k+j]
		}
		if rest < least {
			clear(l[i*k : i*k+i])
			continue
		}
		used[i] = true
		rank++
		l[i*k+i] = math.Sqrt(rest)
		s := m.covariance(of, first+i) * scale[i]
		for q := range i {
			s -= l[i*k+q] * rhs[q]
		}
		rhs[i] = s / l[i*k+i]
	}
	for i := k - 1; i >= 0; i-- {
		if !used[i] {
			continue
		}
		s := rhs[i]
		for j := i + 1; j < k; j++ {
			s -= l[j*k+i] * beta[j]
		}
		beta[i] = s / l[i*k+i]
	}
	for i := range beta {
		beta[i] *= scale[i]
	}
	return beta, rank
}
