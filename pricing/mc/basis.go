package mc

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
)

// Basis is the kind of functions of the state variables by which [LongstaffSchwartz] regresses. Of several variables, products are
// taken up to the total degree. Variables are brought to one scale at each date, by the paths of the regression.
type Basis int

const (
	Polynomial Basis = iota // powers of the variable less its mean, over its standard deviation
	Laguerre                // e^(−x/2)·L_n(x) with x the variable over its mean, beside a constant: Longstaff and Schwartz (2001), eq. (2)–(5)
	Hermite                 // He_n of the variable less its mean, over its standard deviation
	Chebyshev               // T_n on the range of the variable
)

var basisNames = [...]string{"polynomial", "Laguerre", "Hermite", "Chebyshev"}

// String returns the name of the basis, in words.
func (b Basis) String() string {
	if b < 0 || int(b) >= len(basisNames) {
		return fmt.Sprintf("Basis(%d)", int(b))
	}
	return basisNames[b]
}

// PayoffTerm says how what exercise pays enters the regression.
type PayoffTerm int

const (
	PayoffAdded   PayoffTerm = iota // as one function more
	PayoffCrossed                   // as one variable more, with its powers and products
	PayoffLeftOut                   // not at all
)

var payoffTermNames = [...]string{"added", "crossed", "left out"}

// String returns the name of the setting, in words.
func (p PayoffTerm) String() string {
	if p < 0 || int(p) >= len(payoffTermNames) {
		return fmt.Sprintf("PayoffTerm(%d)", int(p))
	}
	return payoffTermNames[p]
}

// mostFunctions bounds the functions of a regression: the products of all pairs are summed up over all paths.
const mostFunctions = 512

// basis is a set of functions of some variables, in rising order of degree.
type basis struct {
	kind    Basis
	degree  int
	vars    int // variables, the payoff among them if it is crossed, as the last one
	payoff  PayoffTerm
	terms   []basisTerm
	through []int // through[d] functions have a degree of at most d
}

// basisTerm is a product: of the term before it with the function of a degree of one variable.
type basisTerm struct{ of, variable, degree int }

// defaultDegree is the degree for a number of variables.
func defaultDegree(vars int) int {
	switch {
	case vars == 1:
		return 5
	case vars == 2:
		return 4
	case vars <= 6:
		return 3
	}
	return 2
}

func newBasis(kind Basis, degree, vars int, payoff PayoffTerm) (*basis, error) {
	const fn = "mc.LongstaffSchwartz"
	if kind < Polynomial || kind > Chebyshev {
		return nil, fault.Arg(fn, "Basis", int(kind), "one of the package")
	}
	if payoff < PayoffAdded || payoff > PayoffLeftOut {
		return nil, fault.Arg(fn, "Payoff", int(payoff), "one of the package")
	}
	if payoff == PayoffCrossed {
		vars++
	}
	asked := degree
	if degree == 0 {
		degree = defaultDegree(vars)
	}
	if degree < 1 || degree > 20 {
		return nil, fault.Arg(fn, "Degree", asked, "0 or from 1 to 20")
	}
	count := 1.0 // of products of so many variables up to the degree
	for i := 1; i <= degree; i++ {
		count *= float64(vars+i) / float64(i)
	}
	if count > mostFunctions {
		return nil, fault.Arg(fn, "Degree", degree,
			fmt.Sprintf("less: %d variables would have %.0f functions, at most %d are taken", vars, count, mostFunctions))
	}
	b := &basis{kind: kind, degree: degree, vars: vars, payoff: payoff}
	type open struct{ term, last, degree int } // terms that go on with variables after the last
	b.terms = append(b.terms, basisTerm{of: -1})
	if payoff == PayoffAdded {
		b.terms = append(b.terms, basisTerm{of: -1, variable: -1})
	}
	b.through = append(b.through, len(b.terms))
	known := []open{{term: 0, last: -1}}
	for total := 1; total <= degree; total++ {
		for _, o := range known {
			for v := o.last + 1; v < vars; v++ {
				b.terms = append(b.terms, basisTerm{of: o.term, variable: v, degree: total - o.degree})
				known = append(known, open{len(b.terms) - 1, v, total})
			}
		}
		b.through = append(b.through, len(b.terms))
	}
	return b, nil
}

// spread is what is known of a variable on the paths of a regression.
type spread struct{ n, sum, square, low, high float64 }

func newSpread() spread { return spread{low: math.Inf(1), high: math.Inf(-1)} }

// observe takes what the scaling of a kind of basis needs.
func (s *spread) observe(x []float64, kind Basis) {
	s.n += float64(len(x))
	s.sum += vec.Sum(x)
	switch kind {
	case Laguerre, Chebyshev:
		low, high := s.low, s.high
		for _, v := range x {
			if v < low {
				low = v
			}
			if v > high {
				high = v
			}
		}
		s.low, s.high = low, high
	default:
		s.square += vec.Dot(x, x)
	}
}

func (s *spread) merge(o spread) {
	s.n += o.n
	s.sum += o.sum
	s.square += o.square
	s.low, s.high = min(s.low, o.low), max(s.high, o.high)
}

// scaling returns shift and scale of a variable x, which becomes (x − shift)·scale.
func (b *basis) scaling(s spread) (shift, scale float64) {
	mean := s.sum / s.n
	width := 0.0
	switch b.kind {
	case Laguerre:
		shift = min(s.low, 0)
		width = mean - shift
	case Chebyshev:
		shift = 0.5 * (s.low + s.high)
		width = 0.5 * (s.high - s.low)
	default:
		shift = mean
		width = math.Sqrt(max(s.square/s.n-mean*mean, 0))
	}
	if !(width > 1e-12*math.Abs(mean)) {
		return shift, 0 // it does not vary
	}
	return shift, 1 / width
}

// basisColumns is a worker's memory for the functions at some paths.
type basisColumns struct {
	rows int
	data []float64
	one  [][]float64 // functions of one variable: one[v·(degree+1)+d]
	term [][]float64 // those that evaluate set last, some of them columns of others
	ones []float64
	zero []float64
}

func (b *basis) newColumns(rows int) *basisColumns {
	ones := b.vars * (b.degree + 1)
	c := &basisColumns{rows: rows, data: make([]float64, (ones+len(b.terms))*rows), one: make([][]float64, ones),
		term: make([][]float64, len(b.terms))}
	c.ones, c.zero = make([]float64, rows), make([]float64, rows)
	fill(c.ones, 1)
	return c
}

func (c *basisColumns) resize(n int) {
	for i := range c.one {
		c.one[i] = c.data[i*c.rows:][:n]
	}
	for i := range c.term {
		c.term[i] = c.data[(len(c.one)+i)*c.rows:][:n]
	}
}

// evaluate sets c to the functions up to a degree at the variables x, of which shift and scale are known. It may keep pay as one.
func (b *basis) evaluate(c *basisColumns, degree int, x [][]float64, pay []float64, shift, scale []float64) {
	c.resize(len(pay))
	for v := range b.vars {
		b.one(c.one[v*(b.degree+1):][:degree+1], x[v], c.zero[:len(pay)], shift[v], scale[v])
	}
	for i, t := range b.terms[:b.through[degree]] {
		dst := c.term[i]
		switch {
		case t.of < 0 && t.variable < 0:
			c.term[i] = pay
		case t.of < 0:
			c.term[i] = c.ones[:len(pay)]
		default:
			of, f := b.terms[t.of], c.one[t.variable*(b.degree+1)+t.degree]
			if of.of < 0 {
				c.term[i] = f
				break
			}
			vec.MulAdd(dst, c.term[t.of], f, c.zero[:len(pay)])
		}
	}
}

// one fills dst[d] with the function of degree d of one variable. zero is a column of zeros.
func (b *basis) one(dst [][]float64, x, zero []float64, shift, scale float64) {
	if len(dst) < 2 {
		return
	}
	first := dst[1][:len(x)]
	for j, v := range x {
		first[j] = (v - shift) * scale
	}
	switch b.kind {
	case Polynomial:
		for d := 2; d < len(dst); d++ {
			vec.MulAdd(dst[d], first, dst[d-1], zero)
		}
	case Hermite: // He_(n+1) = x·He_n − n·He_(n−1)
		for d := 2; d < len(dst); d++ {
			last, next, n := dst[d-1], dst[d], float64(d-1)
			for j, v := range first {
				before := 1.0
				if d > 2 {
					before = dst[d-2][j]
				}
				next[j] = v*last[j] - n*before
			}
		}
	case Chebyshev: // T_(n+1) = 2x·T_n − T_(n−1)
		for d := 2; d < len(dst); d++ {
			last, next := dst[d-1], dst[d]
			for j, v := range first {
				before := 1.0
				if d > 2 {
					before = dst[d-2][j]
				}
				next[j] = 2*v*last[j] - before
			}
		}
	case Laguerre: // (n+1)·L_(n+1) = (2n+1−x)·L_n − n·L_(n−1); the function of degree d is that of L_(d−1)
		y := dst[0]
		copy(y, first)
		for j, v := range y {
			first[j] = -0.5 * v
		}
		vec.Exp(first, first)
		for d := 2; d < len(dst); d++ {
			last, next, n := dst[d-1], dst[d], float64(d-2)
			for j, v := range y {
				before := 0.0
				if d > 2 {
					before = dst[d-2][j]
				}
				next[j] = ((2*n+1-v)*last[j] - n*before) / (n + 1)
			}
		}
	}
}

// sums are those of a regression: of the products of all pairs of functions, and of the functions with what is regressed.
type sums struct {
	gram []float64 // gram[i·n+j] for i <= j < n
	rhs  []float64
}

func newSums(n int) sums { return sums{gram: make([]float64, n*n), rhs: make([]float64, n)} }

// observe sets the sums to those of the first functions of c and y.
func (s *sums) observe(c *basisColumns, functions int, y []float64) {
	n := len(s.rhs)
	for i, f := range c.term[:functions] {
		for j := i; j < functions; j++ {
			s.gram[i*n+j] = vec.Dot(f, c.term[j])
		}
		s.rhs[i] = vec.Dot(f, y)
	}
}

func (s *sums) merge(o sums, functions int) {
	n := len(s.rhs)
	for i := range functions {
		for j := i; j < functions; j++ {
			s.gram[i*n+j] += o.gram[i*n+j]
		}
		s.rhs[i] += o.rhs[i]
	}
}

// solve returns the coefficients of least squares of the first functions, by Cholesky's decomposition of the normal equations scaled
// to a unit diagonal. A function that those before it explain but for rounding gets a coefficient of zero.
func (s *sums) solve(functions int) []float64 {
	const least = 1e-11 // of the square of a function that those before leave
	n, k := len(s.rhs), functions
	beta, l, scale := make([]float64, k), make([]float64, k*k), make([]float64, k)
	used := make([]bool, k)
	for i := range k {
		v := s.gram[i*n+i]
		if !(v > 0) || math.IsInf(v, 1) {
			continue
		}
		scale[i] = 1 / math.Sqrt(v)
		row := l[i*k : i*k+i+1]
		rest := 1.0
		for j := range i {
			if !used[j] {
				continue
			}
			d := s.gram[j*n+i] * scale[i] * scale[j]
			for q, w := range l[j*k : j*k+j] {
				d -= row[q] * w
			}
			row[j] = d / l[j*k+j]
			rest -= row[j] * row[j]
		}
		if !(rest > least) {
			clear(row)
			continue
		}
		used[i] = true
		row[i] = math.Sqrt(rest)
		d := s.rhs[i] * scale[i]
		for q := range i {
			d -= row[q] * beta[q]
		}
		beta[i] = d / row[i]
	}
	for i := k - 1; i >= 0; i-- {
		if !used[i] {
			beta[i] = 0
			continue
		}
		d := beta[i]
		for j := i + 1; j < k; j++ {
			d -= l[j*k+i] * beta[j]
		}
		beta[i] = d / l[i*k+i]
	}
	for i := range beta {
		beta[i] *= scale[i]
	}
	return beta
}
