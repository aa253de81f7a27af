package mm

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
)

// ErrNoStationary is what [LucicTse.Stationary] returns if an edge lies in a direction that no running penalty holds back:
// the position would grow for ever, and only a finite horizon gives a quote.
var ErrNoStationary = errors.New("an edge that no running penalty holds back has no stationary quote")

// LucicTse is the model of a book of delta-hedged options of V. Lucic and A. Tse, "Optimal option market making and
// volatility arbitrage" (2024): option i is marked at its implied volatility and earns the running edge C_i per option held (see
// [Edge]), customers fill a quote at distance δ with intensity Lambda·exp(−Kappa·δ), and the maker maximises
// E[V_T − q_T'·Terminal·q_T − ∫ q'·Running·q dt + ∫ q'C dt].
//
// The value function is expanded to second order in the jumps of inventory, h = θ0 + θ1'q + q'Θ2·q, whose coefficients
// then have closed forms in the space of the penalties' factors: a book of thousands of options with tens of factors is
// solved at the cost of matrices of tens of rows. All columns are of one length; times are in years.
type LucicTse struct {
	LambdaBid, LambdaAsk []float64 // fills per year at distance 0, >= 0, and not both 0
	KappaBid, KappaAsk   []float64 // decay of the intensities per unit of price, > 0
	Terminal, Running    Penalty
}

// Validate returns an error that names the first parameter outside its domain.
func (m *LucicTse) Validate() error {
	const fn = "mm.LucicTse"
	n := len(m.LambdaBid)
	if n == 0 {
		return fault.Arg(fn, "LambdaBid", "empty", "one entry per option")
	}
	for _, c := range []struct {
		name string
		v    []float64
	}{{"LambdaAsk", m.LambdaAsk}, {"KappaBid", m.KappaBid}, {"KappaAsk", m.KappaAsk}} {
		if len(c.v) != n {
			return fault.Arg(fn, c.name, len(c.v), fmt.Sprintf("%d entries, as many as LambdaBid", n))
		}
	}
	for i := range n {
		if err := fault.First(
			fault.NonNegative(fn, fmt.Sprintf("LambdaBid[%d]", i), m.LambdaBid[i]),
			fault.NonNegative(fn, fmt.Sprintf("LambdaAsk[%d]", i), m.LambdaAsk[i]),
			fault.Positive(fn, fmt.Sprintf("KappaBid[%d]", i), m.KappaBid[i]),
			fault.Positive(fn, fmt.Sprintf("KappaAsk[%d]", i), m.KappaAsk[i]),
			fault.Positive(fn, fmt.Sprintf("LambdaBid[%d]+LambdaAsk[%d]", i, i), m.LambdaBid[i]+m.LambdaAsk[i]),
		); err != nil {
			return err
		}
	}
	return fault.First(m.Terminal.validate(fn+".Terminal", n), m.Running.validate(fn+".Running", n))
}

// Solve returns the quoting policy at the time horizon (years, >= 0) before the end, when the expected edges from now on
// are as given. With n options and r factors it costs about n·r for each of some hundred nodes and n·r³ once, or n·r² for
// each node if there are more than 48 factors; it stops when ctx is cancelled.
func (m *LucicTse) Solve(ctx context.Context, horizon float64, edges Edges) (*LucicTsePolicy, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	const fn = "mm.LucicTse.Solve"
	if err := fault.NonNegative(fn, "horizon", horizon); err != nil {
		return nil, err
	}
	if edges.Len() != len(m.LambdaBid) {
		return nil, fault.Arg(fn, "edges", edges.Len(), fmt.Sprintf("%d options", len(m.LambdaBid)))
	}
	if v, ok := edges.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			return nil, err
		}
	}
	s := newLTSolver(m, m.Terminal, m.Running)
	if err := s.march(ctx, horizon, edges); err != nil {
		return nil, err
	}
	return s.policy()
}

// Stationary returns the policy far from the end of an endless horizon with constant edges, one per option. Only Running
// matters. If an edge lies outside the directions that Running penalises the error is an [ErrNoStationary].
func (m *LucicTse) Stationary(edges []float64) (*LucicTsePolicy, error) {
	const fn = "mm.LucicTse.Stationary"
	if err := m.Validate(); err != nil {
		return nil, err
	}
	if len(edges) != len(m.LambdaBid) {
		return nil, fault.Arg(fn, "edges", len(edges), fmt.Sprintf("%d entries", len(m.LambdaBid)))
	}
	for i, c := range edges {
		if err := fault.Finite(fn, fmt.Sprintf("edges[%d]", i), c); err != nil {
			return nil, err
		}
	}
	s := newLTSolver(m, nil, m.Running)
	if err := s.settle(edges); err != nil {
		return nil, err
	}
	return s.policy()
}

// ltc is the constant 2/e of the expansion.
const ltc = 2 / math.E

// ltSolver works with the scaled coefficients Y = S·P·S and y = S·θ1, where P = −Θ2 and S = √(λ_b·κ_b + λ_a·κ_a) is
// diagonal, in which the Riccati equation is dY/dτ = S·B·S − c·Y². Y stays in the span of the scaled factors: with an
// orthonormal basis Q of that span Y = Q·ŷ·Q'. The basis is rotated so that c times the running penalty is diagonal, ω².
//
// Then over a step u from a time at which c·ŷ is g, c·ŷ = W'·W⁻¹ with W = cosh ωu + (sinh ωu/ω)·g; and the part z = Q'y
// obeys dz/dτ = Q'S·C − c·ŷ·z + c·ŷ·ρ, solved by z(u) = W⁻ᵀ(z + ∫ Wᵀ·Q'S·C + W'ᵀ·ρ du). Outside the span θ1 is ∫ C du.
type ltSolver struct {
	m     *LucicTse
	n, r  int
	s     []float64
	q     *mat.Dense // n×r, orthonormal columns
	load  *mat.Dense // S⁻¹Q: Θ2 = −load·ŷ·load'
	omega []float64
	g     *mat.Dense // c·ŷ at the present time to the end
	z     []float64
	x0    []float64 // ∫ C
	flow  []float64 // −load'(λ_b − λ_a)
	tilt  []float64 // κ_b·λ_b − κ_a·λ_a
	tilts bool
	cube  []float64 // see tiltCube
}

func newLTSolver(m *LucicTse, terminal, running Penalty) *ltSolver {
	n := len(m.LambdaBid)
	s := &ltSolver{m: m, n: n, s: make([]float64, n), tilt: make([]float64, n), x0: make([]float64, n)}
	for i := range n {
		b, a := m.LambdaBid[i]*m.KappaBid[i], m.LambdaAsk[i]*m.KappaAsk[i]
		s.s[i], s.tilt[i] = math.Sqrt(b+a), b-a
		s.tilts = s.tilts || b != a
	}
	s.basis(terminal, running)
	s.z, s.flow = make([]float64, s.r), make([]float64, s.r)
	for i := range n {
		for j := range s.r {
			s.flow[j] -= s.load.At(i, j) * (m.LambdaBid[i] - m.LambdaAsk[i])
		}
	}
	return s
}

// spanTolerance is the singular value, relative to the greatest, below which a combination of factors counts as absent.
const spanTolerance = 1e-13

// basis sets q, load, omega and g from the factors.
func (s *ltSolver) basis(terminal, running Penalty) {
	all := make(Penalty, 0, len(terminal)+len(running))
	all = append(append(all, terminal...), running...)
	f := mat.NewDense(s.n, max(len(all), 1), nil)
	for j, factor := range all {
		root := math.Sqrt(factor.Weight)
		for i, l := range factor.Loading {
			f.Set(i, j, root*l*s.s[i])
		}
	}
	var svd mat.SVD
	if !svd.Factorize(f, mat.SVDThinU) {
		panic("mm: the singular values of finite factors did not converge")
	}
	values := svd.Values(nil)
	s.r = 1
	for s.r < len(values) && values[s.r] > spanTolerance*values[0] {
		s.r++
	}
	var u, shares, rotated mat.Dense
	svd.UTo(&u)
	q := u.Slice(0, s.n, 0, s.r)
	shares.Mul(q.T(), f) // r × number of factors
	square := func(from, to int) *mat.SymDense {
		sum := mat.NewSymDense(s.r, nil)
		for j := from; j < to; j++ {
			sum.SymRankOne(sum, ltc, shares.ColView(j))
		}
		return sum
	}
	var eig mat.EigenSym
	if !eig.Factorize(square(len(terminal), len(all)), true) {
		panic("mm: the eigenvalues of a finite running penalty did not converge")
	}
	s.omega = eig.Values(nil)
	greatest := s.omega[s.r-1]
	for j, v := range s.omega {
		if v <= psdTolerance*float64(s.r)*greatest {
			v = 0
		}
		s.omega[j] = math.Sqrt(v)
	}
	eig.VectorsTo(&rotated)
	s.q, s.load, s.g = new(mat.Dense), new(mat.Dense), new(mat.Dense)
	s.q.Mul(q, &rotated)
	s.load.CloneFrom(s.q)
	for i := range s.n {
		for j := range s.r {
			s.load.Set(i, j, s.q.At(i, j)/s.s[i])
		}
	}
	var half mat.Dense
	half.Mul(square(0, len(terminal)), &rotated)
	s.g.Mul(rotated.T(), &half)
}

// Nodes and weights of the Gauss-Legendre rule of eight points on [0, 1].
var (
	gauss8x = [8]float64{
		0.019855071751231884, 0.10166676129318664, 0.2372337950418355, 0.4082826787521751,
		0.5917173212478249, 0.7627662049581645, 0.8983332387068134, 0.9801449282487681,
	}
	gauss8w = [8]float64{
		0.05061426814518813, 0.11119051722668724, 0.15685332293894363, 0.18134189168918100,
		0.18134189168918100, 0.15685332293894363, 0.11119051722668724, 0.05061426814518813,
	}
)

// march carries ŷ and z from the end back over the horizon, in steps over which neither changes its scale: h·ω and h·|g|
// are at most one.
func (s *ltSolver) march(ctx context.Context, horizon float64, edges Edges) error {
	c, sc, rho, sum := make([]float64, s.n), make([]float64, s.r), make([]float64, s.r), make([]float64, s.r)
	for tau := 0.0; tau < horizon; {
		if err := ctx.Err(); err != nil {
			return err
		}
		h := horizon / 4
		if rate := math.Max(s.omega[s.r-1], mat.Norm(s.g, 2)); rate*h > 1 {
			h = 1 / rate
		}
		if h > (horizon-tau)*(1-1e-9) {
			h = horizon - tau
		}
		copy(sum, s.z)
		for k, x := range gauss8x {
			u, weight := x*h, gauss8w[k]*h
			edges.EdgesTo(c, horizon-tau-u)
			for i, v := range c {
				if !finite(v) {
					return fault.Arg("mm.LucicTse.Solve", fmt.Sprintf("edge %d at %g ahead", i, horizon-tau-u), v, "finite")
				}
				s.x0[i] += weight * v
			}
			s.project(sc, c)
			p := s.step(u)
			copy(rho, s.flow)
			if s.tilts {
				s.addTilt(rho, p.riccati())
			}
			p.addTransposed(sum, weight, sc, rho)
		}
		p := s.step(h)
		s.z = p.solveTransposed(sum)
		s.g = p.riccati()
		if h == horizon-tau {
			break
		}
		tau += h
	}
	return nil
}

// settle puts ŷ and z where they stay under constant edges.
func (s *ltSolver) settle(edges []float64) error {
	s.g.Zero()
	for j, w := range s.omega {
		s.g.Set(j, j, w)
	}
	copy(s.z, s.flow)
	if s.tilts {
		s.addTilt(s.z, s.g)
	}
	sc := make([]float64, s.r)
	s.project(sc, edges)
	rest, worst, size := 0.0, 0, 0.0
	for i, c := range edges {
		v := s.s[i] * c
		size = math.Max(size, math.Abs(v))
		for j := range s.r {
			if s.omega[j] > 0 {
				v -= s.q.At(i, j) * sc[j]
			}
		}
		if math.Abs(v) > rest {
			rest, worst = math.Abs(v), i
		}
	}
	// What is left of an edge within the span is rounding of sums over the options.
	const rounding = 1e-9
	if rest > rounding*size {
		return fmt.Errorf("mm: option %d keeps an edge of %.6g: %w", worst, rest/s.s[worst], ErrNoStationary)
	}
	for j, w := range s.omega {
		if w > 0 {
			s.z[j] += sc[j] / w
		} else {
			s.z[j] = 0
		}
	}
	return nil
}

// project writes Q'S·c to dst.
func (s *ltSolver) project(dst, c []float64) {
	clear(dst)
	for i, v := range c {
		v *= s.s[i]
		for j, q := range s.q.RawRowView(i) {
			dst[j] += q * v
		}
	}
}

// addTilt adds load'(diag(P)·tilt) to rho, for P = load·(g/c)·load'.
func (s *ltSolver) addTilt(rho []float64, g *mat.Dense) {
	if s.r > cubeRank {
		var lg mat.Dense
		lg.Mul(s.load, g)
		for i, t := range s.tilt {
			l := s.load.RawRowView(i)
			p := dot(lg.RawRowView(i), l) / ltc * t
			for j := range rho {
				rho[j] += l[j] * p
			}
		}
		return
	}
	if s.cube == nil {
		s.cube = s.tiltCube()
	}
	rows := s.cube
	for k := range s.r {
		for l := k; l < s.r; l++ {
			v := 2 / ltc * g.At(k, l)
			if k == l {
				v /= 2
			}
			for j, x := range rows[:s.r] {
				rho[j] += v * x
			}
			rows = rows[s.r:]
		}
	}
}

// cubeRank is the greatest rank at which the sums over the options that addTilt needs are taken once for all nodes.
const cubeRank = 48

// tiltCube returns Σ_i tilt_i·load_ik·load_il·load_ij: for each k <= l a row over j.
func (s *ltSolver) tiltCube() []float64 {
	cube := make([]float64, s.r*(s.r+1)/2*s.r)
	for i, t := range s.tilt {
		load, rows := s.load.RawRowView(i), cube
		for k, lk := range load {
			for _, ll := range load[k:] {
				v := t * lk * ll
				for j, lj := range load {
					rows[j] += v * lj
				}
				rows = rows[s.r:]
			}
		}
	}
	return cube
}

// ltStep is the propagator over a step.
type ltStep struct {
	s              *ltSolver
	cosh, sinc, ws []float64 // cosh ωu, sinh(ωu)/ω, ω·sinh ωu
}

func (s *ltSolver) step(u float64) ltStep {
	p := ltStep{s: s, cosh: make([]float64, s.r), sinc: make([]float64, s.r), ws: make([]float64, s.r)}
	for j, w := range s.omega {
		sinh := math.Sinh(w * u)
		p.cosh[j], p.ws[j], p.sinc[j] = math.Cosh(w*u), w*sinh, u
		if w > 0 {
			p.sinc[j] = sinh / w
		}
	}
	return p
}

// addTransposed adds weight·(Wᵀa + W'ᵀb) to dst.
func (p ltStep) addTransposed(dst []float64, weight float64, a, b []float64) {
	for j := range dst {
		dst[j] += weight * (p.cosh[j]*a[j] + p.ws[j]*b[j])
		for k, g := range p.s.g.RawRowView(j) {
			dst[j] += weight * g * (p.sinc[k]*a[k] + p.cosh[k]*b[k])
		}
	}
}

// w returns W.
func (p ltStep) w() *mat.Dense {
	w := mat.NewDense(p.s.r, p.s.r, nil)
	for i := range p.s.r {
		for j, g := range p.s.g.RawRowView(i) {
			w.Set(i, j, p.sinc[i]*g)
		}
		w.Set(i, i, w.At(i, i)+p.cosh[i])
	}
	return w
}

// solveTransposed returns W⁻ᵀv. W is well conditioned: over a step it is within a small factor of the identity.
func (p ltStep) solveTransposed(v []float64) []float64 {
	var lu mat.LU
	lu.Factorize(p.w())
	out := mat.NewVecDense(len(v), nil)
	if err := lu.SolveVecTo(out, true, mat.NewVecDense(len(v), v)); err != nil {
		panic("mm: singular propagator over a short step: " + err.Error())
	}
	return out.RawVector().Data
}

// riccati returns c·ŷ at the end of the step: W'·W⁻¹, made symmetric.
func (p ltStep) riccati() *mat.Dense {
	r := p.s.r
	dwT := mat.NewDense(r, r, nil)
	for i := range r {
		for j, g := range p.s.g.RawRowView(i) {
			dwT.Set(j, i, p.cosh[i]*g)
		}
		dwT.Set(i, i, dwT.At(i, i)+p.ws[i])
	}
	var lu mat.LU
	lu.Factorize(p.w())
	x := mat.NewDense(r, r, nil)
	if err := lu.SolveTo(x, true, dwT); err != nil {
		panic("mm: singular propagator over a short step: " + err.Error())
	}
	for i := range r {
		for j := range i {
			v := (x.At(i, j) + x.At(j, i)) / 2
			x.Set(i, j, v)
			x.Set(j, i, v)
		}
	}
	return x
}

// policy reads the coefficients off the state of the solver.
func (s *ltSolver) policy() (*LucicTsePolicy, error) {
	y := mat.NewSymDense(s.r, nil)
	for i := range s.r {
		for j := i; j < s.r; j++ {
			y.SetSym(i, j, s.g.At(i, j)/ltc)
		}
	}
	var eig mat.EigenSym
	if !eig.Factorize(y, true) {
		return nil, errors.New("mm: the eigenvalues of the solution did not converge; the parameters are beyond double precision")
	}
	var root, vectors mat.Dense
	eig.VectorsTo(&vectors)
	root.Mul(s.load, &vectors)
	values := eig.Values(nil)
	p := &LucicTsePolicy{n: s.n, r: s.r, root: make([]float64, s.n*s.r), theta1: make([]float64, s.n), diag: make([]float64, s.n)}
	sx := make([]float64, s.r)
	s.project(sx, s.x0)
	for i := range s.n {
		row := p.root[i*s.r : (i+1)*s.r]
		for j := range row {
			row[j] = root.At(i, j) * math.Sqrt(math.Max(values[j], 0))
		}
		p.diag[i] = dot(row, row)
		p.theta1[i] = s.x0[i]
		for j, l := range s.load.RawRowView(i) {
			p.theta1[i] += l * (s.z[j] - sx[j])
		}
		p.base = append(p.base, Distances{Bid: 1 / s.m.KappaBid[i], Ask: 1 / s.m.KappaAsk[i]})
	}
	return p, nil
}

// LucicTsePolicy is the solution of a [LucicTse] model at one time: the coefficients of its value function, of which the
// quotes of any inventory follow. It never changes once made and is safe for concurrent use.
type LucicTsePolicy struct {
	n, r   int
	root   []float64 // n×r by rows: −Θ2 = root·root'
	theta1 []float64
	diag   []float64 // of −Θ2
	base   []Distances
}

// Len is the number of options.
func (p *LucicTsePolicy) Len() int { return p.n }

// Rank is the number of factors, and the length of the scratch of [LucicTsePolicy.DistancesTo].
func (p *LucicTsePolicy) Rank() int { return p.r }

// Theta1 returns θ1 of option i: how far the maker's view moves both its quotes up.
func (p *LucicTsePolicy) Theta1(i int) float64 { return p.theta1[i] }

// Theta2 returns the entry of Θ2, which is symmetric and negative semidefinite.
func (p *LucicTsePolicy) Theta2(i, j int) float64 {
	return -dot(p.root[i*p.r:(i+1)*p.r], p.root[j*p.r:(j+1)*p.r])
}

// Value returns θ1'q + q'Θ2·q: what the position is worth beyond its mark, up to a constant.
func (p *LucicTsePolicy) Value(q []float64) float64 {
	v := dot(p.theta1, q)
	for j := range p.r {
		exposure := 0.0
		for i, qi := range q {
			exposure += p.root[i*p.r+j] * qi
		}
		v -= exposure * exposure
	}
	return v
}

// DistancesTo writes the distances of every option at inventory q (one entry per option) to dst, in n·r steps and without
// allocation:
//
//	bid = 1/κ_b − θ1_i − 2(Θ2·q)_i − Θ2_ii,  ask = 1/κ_a + θ1_i + 2(Θ2·q)_i − Θ2_ii
//
// dst and q have [LucicTsePolicy.Len] entries, scratch at least [LucicTsePolicy.Rank].
func (p *LucicTsePolicy) DistancesTo(dst []Distances, q, scratch []float64) {
	exposure := scratch[:p.r]
	clear(exposure)
	for i, v := range q[:p.n] {
		if v == 0 {
			continue
		}
		for j, l := range p.root[i*p.r : (i+1)*p.r] {
			exposure[j] += l * v
		}
	}
	for i, b := range p.base {
		shift := p.theta1[i] - 2*dot(p.root[i*p.r:(i+1)*p.r], exposure)
		dst[i] = Distances{Bid: b.Bid - shift + p.diag[i], Ask: b.Ask + shift + p.diag[i]}
	}
}
