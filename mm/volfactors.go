package mm

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
)

// VolFactors is the covariance of the implied volatilities of a set of expiries, Σ = U·U', by its factors: U has a row per
// expiry and a column per factor, the strongest factor first. It never changes once made.
type VolFactors struct {
	n, r int
	u    []float64 // row by row
}

// NewVolFactors returns the factors of a covariance matrix, one row per expiry. If it is not positive semidefinite the
// error names the most negative eigenvalue.
func NewVolFactors(covariance mat.Symmetric) (*VolFactors, error) {
	values, vectors, err := positiveFactors("mm.NewVolFactors", "covariance", covariance)
	if err != nil {
		return nil, err
	}
	f := &VolFactors{n: covariance.SymmetricDim(), r: len(values)}
	f.u = make([]float64, f.n*f.r)
	for i := range f.n {
		for j, v := range values {
			f.u[i*f.r+j] = math.Sqrt(v) * vectors.At(i, j)
		}
	}
	return f, nil
}

// NewIndependentVolFactors returns n expiries whose implied volatilities move independently of each other with standard
// deviation vol >= 0: the skew of an expiry then answers to its own inventory only.
func NewIndependentVolFactors(n int, vol float64) (*VolFactors, error) {
	const fn = "mm.NewIndependentVolFactors"
	if n < 1 {
		return nil, fault.Arg(fn, "n", n, ">= 1")
	}
	if err := fault.NonNegative(fn, "vol", vol); err != nil {
		return nil, err
	}
	f := &VolFactors{n: n, r: n, u: make([]float64, n*n)}
	for i := range n {
		f.u[i*n+i] = vol
	}
	return f, nil
}

// NewDecayVolFactors returns the covariance σ_i·σ_j·exp(−decay·|√T_i − √T_j|), which is positive semidefinite for every
// decay >= 0: expiries near each other move together. tau are the times to expiry in years, vol the volatilities of the
// implied volatilities; the two are of one length.
func NewDecayVolFactors(tau, vol []float64, decay float64) (*VolFactors, error) {
	const fn = "mm.NewDecayVolFactors"
	if len(tau) != len(vol) {
		return nil, fault.Arg(fn, "vol", len(vol), fmt.Sprintf("%d entries, as many as tau", len(tau)))
	}
	if err := fault.NonNegative(fn, "decay", decay); err != nil {
		return nil, err
	}
	for i := range tau {
		if err := fault.First(
			fault.NonNegative(fn, fmt.Sprintf("tau[%d]", i), tau[i]),
			fault.NonNegative(fn, fmt.Sprintf("vol[%d]", i), vol[i]),
		); err != nil {
			return nil, err
		}
	}
	if len(tau) == 0 {
		return nil, fault.Arg(fn, "tau", "empty", "at least one expiry")
	}
	cov := mat.NewSymDense(len(tau), nil)
	for i := range tau {
		for j := i; j < len(tau); j++ {
			cov.SetSym(i, j, vol[i]*vol[j]*math.Exp(-decay*math.Abs(math.Sqrt(tau[i])-math.Sqrt(tau[j]))))
		}
	}
	return NewVolFactors(cov)
}

// WithRank returns the covariance cut to its r strongest factors: the best approximation of that rank. If there are no
// more than r factors it is the same covariance.
func (f *VolFactors) WithRank(r int) (*VolFactors, error) {
	if r < 1 {
		return nil, fault.Arg("mm.VolFactors.WithRank", "r", r, ">= 1")
	}
	if r >= f.r {
		return f, nil
	}
	cut := &VolFactors{n: f.n, r: r, u: make([]float64, f.n*r)}
	for i := range f.n {
		copy(cut.u[i*r:(i+1)*r], f.u[i*f.r:])
	}
	return cut, nil
}

// Len is the number of expiries.
func (f *VolFactors) Len() int { return f.n }

// Rank is the number of factors.
func (f *VolFactors) Rank() int { return f.r }

// At returns the covariance of expiries i and j.
func (f *VolFactors) At(i, j int) float64 {
	return dot(f.u[i*f.r:(i+1)*f.r], f.u[j*f.r:(j+1)*f.r])
}

// ExposureTo writes U'x, the exposure to each factor of the exposures x to each expiry, to dst, which has [VolFactors.Rank]
// entries.
func (f *VolFactors) ExposureTo(dst, x []float64) {
	clear(dst[:f.r])
	for i, v := range x[:f.n] {
		f.add(dst, i, v)
	}
}

// add adds the factor exposures of x units of expiry i to dst.
func (f *VolFactors) add(dst []float64, i int, x float64) {
	for j, u := range f.u[i*f.r : (i+1)*f.r] {
		dst[j] += u * x
	}
}

// row returns (Σx)_i from the factor exposures U'x.
func (f *VolFactors) row(i int, exposure []float64) float64 {
	return dot(f.u[i*f.r:(i+1)*f.r], exposure)
}

// MulTo writes Σx to dst in n·r steps. scratch has at least [VolFactors.Rank] entries; dst may be x.
func (f *VolFactors) MulTo(dst, x, scratch []float64) {
	scratch = scratch[:f.r]
	f.ExposureTo(scratch, x)
	for i := range f.n {
		dst[i] = f.row(i, scratch)
	}
}

// Penalty returns (weight)·Σ_ij q_i·vega_i·Σ_{e(i)e(j)}·vega_j·q_j as a penalty on positions q: the variance of the
// portfolio's value under moves of implied volatility. expiry and vega have one entry per instrument.
func (f *VolFactors) Penalty(expiry []int, vega []float64, weight float64) (Penalty, error) {
	const fn = "mm.VolFactors.Penalty"
	if len(expiry) != len(vega) {
		return nil, fault.Arg(fn, "vega", len(vega), fmt.Sprintf("%d entries, as many as expiry", len(expiry)))
	}
	p := make(Penalty, f.r)
	for j := range p {
		p[j] = RiskFactor{Weight: weight, Loading: make([]float64, len(vega))}
	}
	for i, e := range expiry {
		if e < 0 || e >= f.n {
			return nil, fault.Arg(fn, fmt.Sprintf("expiry[%d]", i), e, fmt.Sprintf("in [0, %d)", f.n))
		}
		for j := range p {
			p[j].Loading[i] = vega[i] * f.u[e*f.r+j]
		}
	}
	return p, p.validate(fn, len(vega))
}
