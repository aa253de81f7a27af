package mm

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
)

// RiskFactor is one direction of risk in a portfolio: Weight times the square of the exposure Σ Loading_i·q_i is a cost.
type RiskFactor struct {
	Weight  float64   // >= 0
	Loading []float64 // one per instrument: its vega, or any Greek, if it belongs to the bucket, else 0
}

// Penalty is a positive semidefinite form q'Pq = Σ_f Weight_f·(Loading_f·q)² of a position q, kept by its factors. The
// zero value is no penalty.
type Penalty []RiskFactor

// psdTolerance is how negative an eigenvalue may be, relative to the largest in size, to count as a zero that rounding
// has moved: a few hundred units in the last place.
const psdTolerance = 1e-13

// NewDensePenalty returns the penalty with matrix p, by its eigenvectors. If p is not positive semidefinite the error
// names the most negative eigenvalue.
func NewDensePenalty(p mat.Symmetric) (Penalty, error) {
	values, vectors, err := positiveFactors("mm.NewDensePenalty", "p", p)
	if err != nil {
		return nil, err
	}
	out := make(Penalty, len(values))
	for f, v := range values {
		out[f] = RiskFactor{Weight: v, Loading: mat.Col(nil, f, vectors)}
	}
	return out, nil
}

// NewBucketPenalty returns the penalty Σ_b weight[b]·(Σ greek_i·q_i over the instruments of bucket b)²: one factor per
// bucket. bucket and greek have one entry per instrument.
func NewBucketPenalty(bucket []int, greek, weight []float64) (Penalty, error) {
	const fn = "mm.NewBucketPenalty"
	if len(bucket) != len(greek) {
		return nil, fault.Arg(fn, "greek", len(greek), fmt.Sprintf("%d entries, as many as bucket", len(bucket)))
	}
	out := make(Penalty, len(weight))
	for b, w := range weight {
		out[b] = RiskFactor{Weight: w, Loading: make([]float64, len(greek))}
	}
	for i, b := range bucket {
		if b < 0 || b >= len(weight) {
			return nil, fault.Arg(fn, fmt.Sprintf("bucket[%d]", i), b, fmt.Sprintf("in [0, %d)", len(weight)))
		}
		out[b].Loading[i] = greek[i]
	}
	return out, out.validate(fn, len(greek))
}

// Cost returns q'Pq.
func (p Penalty) Cost(q []float64) float64 {
	sum := 0.0
	for _, f := range p {
		exposure := dot(f.Loading, q)
		sum += f.Weight * exposure * exposure
	}
	return sum
}

func (p Penalty) validate(fn string, n int) error {
	for j, f := range p {
		if err := fault.NonNegative(fn, fmt.Sprintf("factor %d: Weight", j), f.Weight); err != nil {
			return err
		}
		if len(f.Loading) != n {
			return fault.Arg(fn, fmt.Sprintf("factor %d: Loading", j), len(f.Loading), fmt.Sprintf("%d entries", n))
		}
		for i, l := range f.Loading {
			if err := fault.Finite(fn, fmt.Sprintf("factor %d: Loading[%d]", j, i), l); err != nil {
				return err
			}
		}
	}
	return nil
}

// positiveFactors returns the positive eigenvalues of a positive semidefinite matrix, largest first, and their
// eigenvectors as columns. Eigenvalues that are zero to rounding are left out.
func positiveFactors(fn, arg string, p mat.Symmetric) ([]float64, *mat.Dense, error) {
	n := p.SymmetricDim()
	if n == 0 {
		return nil, nil, fault.Arg(fn, arg, "empty", "at least one row")
	}
	for i := range n {
		for j := i; j < n; j++ {
			if err := fault.Finite(fn, fmt.Sprintf("%s[%d][%d]", arg, i, j), p.At(i, j)); err != nil {
				return nil, nil, err
			}
		}
	}
	var eig mat.EigenSym
	if !eig.Factorize(p, true) {
		return nil, nil, fmt.Errorf("%s: the eigenvalues of %s did not converge", fn, arg)
	}
	values := eig.Values(nil) // rising
	floor := psdTolerance * float64(n) * math.Max(math.Abs(values[0]), math.Abs(values[n-1]))
	if values[0] < -floor {
		return nil, nil, fault.Arg(fn, "least eigenvalue of "+arg, values[0], ">= 0")
	}
	var vectors mat.Dense
	eig.VectorsTo(&vectors)
	var kept []float64
	for j := n - 1; j >= 0 && values[j] > floor; j-- {
		kept = append(kept, values[j])
	}
	if len(kept) == 0 {
		return nil, &mat.Dense{}, nil
	}
	out := mat.NewDense(n, len(kept), nil)
	for j := range kept {
		for i := range n {
			out.Set(i, j, vectors.At(i, n-1-j))
		}
	}
	return kept, out, nil
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}
