package model

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/rates/curve"
)

// Assets is a basket of lognormal assets whose Brownian motions are correlated: the multi-asset world of Black and Scholes.
//
//	dS_i/S_i = (r − q_i) dt + σ_i(t) dW_i,   dW_i·dW_j = ρ_ij dt
type Assets struct {
	Discount    curve.Discount // nil means a rate of zero
	Each        []Asset        // at least one. The caller must not change them
	Correlation [][]float64    // ρ by rows, symmetric with ones on the diagonal; nil means that all are independent
}

// Asset is one of [Assets].
type Asset struct {
	Spot  float64        // > 0
	Carry curve.Discount // dividend yield, foreign rate or borrow cost, as a discount curve; nil means zero
	Vol   TermVol        // volatility by expiry, the same for all strikes
}

var _ pricing.Model = Assets{}

// Validate returns an error that names the first parameter outside its domain. A correlation matrix that no assets can have is
// a [CorrelationError], which offers the nearest one that they can.
func (m Assets) Validate() error {
	const fn = "model.Assets"
	if len(m.Each) == 0 {
		return fault.Arg(fn, "Each", "empty", "at least one asset")
	}
	for i, a := range m.Each {
		if err := fault.Positive(fn, fmt.Sprintf("Each[%d].Spot", i), a.Spot); err != nil {
			return err
		}
		if a.Vol == nil {
			return fault.Arg(fn, fmt.Sprintf("Each[%d].Vol", i), nil, "a volatility")
		}
	}
	if m.Correlation == nil {
		return nil
	}
	if len(m.Correlation) != len(m.Each) {
		return fault.Arg(fn, "Correlation", fmt.Sprintf("of %d rows", len(m.Correlation)),
			fmt.Sprintf("one for each of %d assets", len(m.Each)))
	}
	_, err := CorrelationRoot(m.Correlation)
	return err
}

// DiscountFactor returns today's value of 1 paid at t.
func (m Assets) DiscountFactor(t float64) float64 { return factor(m.Discount, t) }

// Forward returns the forward of asset i for delivery at t.
func (m Assets) Forward(i int, t float64) float64 {
	return m.Each[i].Spot * factor(m.Each[i].Carry, t) / factor(m.Discount, t)
}

// WithSpot returns the model with another spot of asset i.
func (m Assets) WithSpot(i int, spot float64) Assets {
	m.Each = append([]Asset(nil), m.Each...)
	m.Each[i].Spot = spot
	return m
}

// CorrelationError says that a matrix is no correlation matrix because it is not positive semidefinite, and offers the nearest
// one that is. It is a [pricing.ErrDomain].
type CorrelationError struct {
	Matrix     [][]float64 // what was given
	Eigenvalue float64     // its least one, below zero
	Nearest    [][]float64 // the nearest correlation matrix in Frobenius' norm
}

// Error gives the least eigenvalue.
func (e *CorrelationError) Error() string {
	return fmt.Sprintf("model: the correlation matrix of %d assets has an eigenvalue of %.3g, want none below zero; the error holds the nearest correlation matrix",
		len(e.Matrix), e.Eigenvalue)
}

// Unwrap makes errors.Is(err, pricing.ErrDomain) true.
func (e *CorrelationError) Unwrap() error { return pricing.ErrDomain }

// negligible is how far below zero an eigenvalue, for each row, is held to be rounding: correlations are given to few digits.
const negligibleEigenvalue = 1e-12

// CorrelationRoot returns the lower triangle L with L·Lᵀ = ρ, by Cholesky's decomposition. Correlations of ±1 are no error: their
// pivots are zero. A matrix that is not positive semidefinite is a [CorrelationError].
func CorrelationRoot(rho [][]float64) ([][]float64, error) {
	const fn = "model.CorrelationRoot"
	n := len(rho)
	for i, row := range rho {
		if len(row) != n {
			return nil, fault.Arg(fn, fmt.Sprintf("row %d", i), fmt.Sprintf("of %d numbers", len(row)), fmt.Sprintf("%d", n))
		}
		for j, v := range row {
			name := fmt.Sprintf("ρ[%d][%d]", i, j)
			if err := fault.Between(fn, name, v, -1, 1); err != nil {
				return nil, err
			}
			if i == j && v != 1 {
				return nil, fault.Arg(fn, name, v, "1")
			}
			if j < i && math.Abs(v-rho[j][i]) > 1e-12 {
				return nil, fault.Arg(fn, name, v, fmt.Sprintf("%g as the other way round", rho[j][i]))
			}
		}
	}
	if n == 0 {
		return nil, nil
	}
	if least := leastEigenvalue(rho); least < -negligibleEigenvalue*float64(n) {
		return nil, &CorrelationError{Matrix: rho, Eigenvalue: least, Nearest: NearestCorrelation(rho)}
	}
	l := make([][]float64, n)
	for i := range n {
		l[i] = make([]float64, n)
		for j := 0; j <= i; j++ {
			s := rho[i][j]
			for k := range j {
				s -= l[i][k] * l[j][k]
			}
			switch {
			case i == j:
				l[i][i] = math.Sqrt(max(s, 0))
			case l[j][j] > 1e-7: // below it, the pivot is rounding of zero
				l[i][j] = s / l[j][j]
			}
		}
		if l[i][i] <= 1e-7 {
			l[i][i] = 0
		}
	}
	return l, nil
}

func leastEigenvalue(a [][]float64) float64 {
	n := len(a)
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, a[i][j])
		}
	}
	var e mat.EigenSym
	if !e.Factorize(s, false) {
		return math.NaN()
	}
	return e.Values(nil)[0]
}

// NearestCorrelation returns the correlation matrix that is nearest to a symmetric matrix in Frobenius' norm, by alternating
// projections onto the matrices without negative eigenvalues and those with a unit diagonal, with Dykstra's correction: Higham,
// "Computing the nearest correlation matrix — a problem from finance", IMA Journal of Numerical Analysis 22 (2002), algorithm
// 3.3. What is returned has eigenvalues above −1e-13 and correlations within about 1e-10 of the limit.
func NearestCorrelation(a [][]float64) [][]float64 {
	n := len(a)
	y, x, correction := mat.NewSymDense(n, nil), mat.NewSymDense(n, nil), mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			y.SetSym(i, j, 0.5*(a[i][j]+a[j][i]))
		}
	}
	var e mat.EigenSym
	var v mat.Dense
	project := func(dst, r *mat.SymDense) {
		e.Factorize(r, true)
		values := e.Values(nil)
		e.VectorsTo(&v)
		for i := range n {
			for j := i; j < n; j++ {
				s := 0.0
				for k, w := range values {
					if w > 0 {
						s += v.At(i, k) * w * v.At(j, k)
					}
				}
				dst.SetSym(i, j, s)
			}
		}
	}
	r := mat.NewSymDense(n, nil)
	const (
		sweeps    = 10_000
		converged = 1e-12
	)
	for range sweeps {
		for i := range n {
			for j := i; j < n; j++ {
				r.SetSym(i, j, y.At(i, j)-correction.At(i, j))
			}
		}
		project(x, r)
		moved := 0.0
		for i := range n {
			for j := i; j < n; j++ {
				correction.SetSym(i, j, x.At(i, j)-r.At(i, j))
				next := x.At(i, j)
				if i == j {
					next = 1
				}
				moved = math.Max(moved, math.Abs(next-y.At(i, j)))
				y.SetSym(i, j, next)
			}
		}
		if moved < converged {
			break
		}
	}
	// The last projection onto the unit diagonal may have left eigenvalues below zero: scale a positive matrix instead.
	project(x, y)
	out := make([][]float64, n)
	for i := range n {
		out[i] = make([]float64, n)
		for j := range n {
			out[i][j] = x.At(i, j) / math.Sqrt(x.At(i, i)*x.At(j, j))
			if i == j {
				out[i][j] = 1
			}
			out[i][j] = math.Min(math.Max(out[i][j], -1), 1)
		}
	}
	return out
}
