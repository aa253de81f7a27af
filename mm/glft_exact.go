package mm

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
)

// GLFTQuotes are the exact distances of a [GLFT] model for every inventory from −Lots to Lots fills. They never change
// once made.
type GLFTQuotes struct {
	size float64
	lots int
	at   []Distances // by inventory in fills, from −lots
}

// maxLots bounds the matrices of the exact solution.
const maxLots = 1000

// Stationary solves the model for a far horizon with inventory bounded by lots fills on either side: the distances follow
// from the ground state of the tridiagonal matrix M with αn² − βn on the diagonal and −η beside it, where n counts fills,
// α = K·D·γσ²/2, β = K·Drift and η = A·(1+ξD/K)^−(1+K/(ξD))·e^(−K·Jump/2).
func (m GLFT) Stationary(lots int) (*GLFTQuotes, error) {
	diag, eta, err := m.matrix("mm.GLFT.Stationary", lots)
	if err != nil {
		return nil, err
	}
	logs, err := groundState(diag, eta)
	if err != nil {
		return nil, err
	}
	return m.quotes(lots, logs), nil
}

// Finite solves the model at timeLeft before the horizon: the distances follow from v = exp(−M·timeLeft)·v(T), where v(T)
// makes the position worth its mark at the horizon. See [GLFT.Stationary] for M. The cost is that of about
// log2(timeLeft·|M|) + 20 products of matrices of 2·lots+1 rows.
func (m GLFT) Finite(lots int, timeLeft float64) (*GLFTQuotes, error) {
	const fn = "mm.GLFT.Finite"
	diag, eta, err := m.matrix(fn, lots)
	if err != nil {
		return nil, err
	}
	if err := fault.NonNegative(fn, "timeLeft", timeLeft); err != nil {
		return nil, err
	}
	last := make([]float64, len(diag))
	for i := range last {
		n := float64(i - lots)
		// In the coordinates that take the jumps into account the position is worth its mark less half a jump.
		last[i] = math.Exp(-m.K * m.Jump * n * n / 2)
	}
	v := tridiagonalExp(diag, eta, timeLeft, last)
	for i := range v {
		v[i] = math.Log(v[i])
		if !finite(v[i]) {
			return nil, fault.Arg(fn, "lots", lots, fmt.Sprintf("small enough for an inventory of %d to be reached", i-lots))
		}
	}
	return m.quotes(lots, v), nil
}

func (m GLFT) matrix(fn string, lots int) (diag []float64, eta float64, err error) {
	if err := m.Validate(); err != nil {
		return nil, 0, err
	}
	if lots < 1 || lots > maxLots {
		return nil, 0, fault.Arg(fn, "lots", lots, fmt.Sprintf("in [1, %d]", maxLots))
	}
	alpha := m.K * m.size() * m.Gamma * m.Sigma * m.Sigma / 2
	beta := m.K * m.Drift
	diag = make([]float64, 2*lots+1)
	for i := range diag {
		n := float64(i - lots)
		diag[i] = alpha*n*n - beta*n
	}
	return diag, m.A / m.power() * math.Exp(-m.K*m.Jump/2), nil
}

// quotes turns ln v into distances.
func (m GLFT) quotes(lots int, logs []float64) *GLFTQuotes {
	q := &GLFTQuotes{size: m.size(), lots: lots, at: make([]Distances, len(logs))}
	c1 := m.liquidity() + m.Jump/2
	for i := range q.at {
		q.at[i] = Distances{Bid: math.Inf(1), Ask: math.Inf(1)}
		if i+1 < len(logs) {
			q.at[i].Bid = (logs[i]-logs[i+1])/m.K + c1
		}
		if i > 0 {
			q.at[i].Ask = (logs[i]-logs[i-1])/m.K + c1
		}
	}
	return q
}

// Distances returns the quote at an inventory in units of the underlying, which is taken to the nearest number of fills.
// At and beyond the bound the side that would add to the position is +Inf: no quote.
func (q *GLFTQuotes) Distances(inventory float64) Distances {
	if math.IsNaN(inventory) {
		return Distances{Bid: math.NaN(), Ask: math.NaN()}
	}
	n := math.Max(-float64(q.lots), math.Min(float64(q.lots), math.Round(inventory/q.size)))
	return q.at[int(n)+q.lots]
}

// Lots is the bound on inventory in fills.
func (q *GLFTQuotes) Lots() int { return q.lots }

// groundState returns the logarithms of the components of the positive eigenvector of the least eigenvalue of the
// symmetric tridiagonal matrix with the given diagonal and −eta beside it. The eigenvalue comes from the dense solver, the
// components from the continued fractions of both ends towards the middle: an eigenvector of the dense solver has errors
// of 1e-16 of its largest component, which would swamp those far out, whose ratios are the quotes.
func groundState(diag []float64, eta float64) ([]float64, error) {
	n := len(diag)
	a := mat.NewSymDense(n, nil)
	for i, d := range diag {
		a.SetSym(i, i, d)
		if i > 0 {
			a.SetSym(i-1, i, -eta)
		}
	}
	var eig mat.EigenSym
	if !eig.Factorize(a, true) {
		return nil, fmt.Errorf("mm: the eigenvalues of the inventory matrix did not converge")
	}
	lambda := eig.Values(nil)[0]
	var vectors mat.Dense
	eig.VectorsTo(&vectors)
	peak := 0
	for i := range n {
		if math.Abs(vectors.At(i, 0)) > math.Abs(vectors.At(peak, 0)) {
			peak = i
		}
	}
	logs := make([]float64, n)
	inward := func(from, step int) {
		ratio := 0.0 // v[i]/v[i+step toward the middle], from the outermost component in
		ratios := make([]float64, 0, n)
		for i := from; i != peak; i += step {
			ratio = eta / (diag[i] - lambda - eta*ratio)
			ratios = append(ratios, ratio)
		}
		log := 0.0
		for j := len(ratios) - 1; j >= 0; j-- {
			log += math.Log(ratios[j])
			logs[from+j*step] = log
		}
	}
	inward(0, 1)
	inward(n-1, -1)
	for _, l := range logs {
		if !finite(l) {
			return nil, fmt.Errorf("mm: the ground state of the inventory matrix is beyond double precision; fewer lots are needed")
		}
	}
	return logs, nil
}

// tridiagonalExp returns exp(−M·t)·v up to a positive factor, for the symmetric tridiagonal M with the given diagonal and
// −eta beside it and v >= 0. It shifts −M to a matrix without negative entries, scales it, sums the Taylor series and
// squares: every sum is of positive terms, so each component is accurate relative to itself.
func tridiagonalExp(diag []float64, eta, t float64, v []float64) []float64 {
	n := len(diag)
	top := diag[0]
	low := diag[0]
	for _, d := range diag {
		top, low = math.Max(top, d), math.Min(low, d)
	}
	norm := (top - low + 2*eta) * t
	squarings := 0
	for ; norm > 1; norm /= 2 {
		squarings++
	}
	h := math.Ldexp(t, -squarings)

	step := mat.NewDense(n, n, nil) // h·(top·I − M) >= 0
	e := mat.NewDense(n, n, nil)
	for i, d := range diag {
		step.Set(i, i, h*(top-d))
		e.Set(i, i, 1)
		if i > 0 {
			step.Set(i-1, i, h*eta)
			step.Set(i, i-1, h*eta)
		}
	}
	term, next := mat.DenseCopyOf(e), mat.NewDense(n, n, nil)
	const taylor = 20 // 1/20! is below 1e-18
	for k := 1; k <= taylor; k++ {
		next.Mul(term, step)
		next.Scale(1/float64(k), next)
		term, next = next, term
		e.Add(e, term)
	}
	for range squarings {
		next.Mul(e, e)
		next.Scale(1/mat.Max(next), next)
		e, next = next, e
	}
	out := mat.NewVecDense(n, nil)
	out.MulVec(e, mat.NewVecDense(n, v))
	return out.RawVector().Data
}
