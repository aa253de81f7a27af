package mm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
)

func near(t *testing.T, name string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s = %.12g, want %.12g within %.1g", name, got, want, tol)
	}
}

func oneOption() *LucicTse {
	return &LucicTse{
		LambdaBid: []float64{12600}, LambdaAsk: []float64{10080}, KappaBid: []float64{0.8}, KappaAsk: []float64{0.7},
		Terminal: Penalty{{0.02, []float64{1}}}, Running: Penalty{{0.5, []float64{1}}},
	}
}

// scalarPsi are the closed forms of one option: ψ2 in hyperbolic functions, ψ1 by Simpson's rule on its integral.
func scalarPsi(m *LucicTse, horizon, c float64) (psi1, psi2 float64) {
	lb, la, kb, ka := m.LambdaBid[0], m.LambdaAsk[0], m.KappaBid[0], m.KappaAsk[0]
	alpha, beta := m.Terminal[0].Weight, m.Running[0].Weight
	cd := ltc * (lb*kb + la*ka)
	eta, y0 := math.Sqrt(beta*cd), alpha*math.Sqrt(cd/beta)
	p2 := func(tau float64) float64 {
		th := math.Tanh(eta * tau)
		return -math.Sqrt(beta/cd) * (y0 + th) / (1 + y0*th)
	}
	q := func(tau float64) float64 { return math.Cosh(eta*tau) + y0*math.Sinh(eta*tau) }
	f := func(tau float64) float64 {
		p := p2(tau)
		return q(tau) / q(horizon) * (c + ltc*p*(lb-la) + ltc*p*p*(kb*lb-ka*la))
	}
	const n = 20000
	for i := range n + 1 {
		w := 2.0
		switch {
		case i == 0 || i == n:
			w = 1
		case i%2 == 1:
			w = 4
		}
		psi1 += w * f(horizon*float64(i)/n)
	}
	return psi1 * horizon / n / 3, p2(horizon)
}

func TestLucicTseScalar(t *testing.T) {
	m, horizon := oneOption(), 2.0/252
	p, err := m.Solve(context.Background(), horizon, ConstantEdges{3000})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "published psi2(0)", p.Theta2(0, 0), -0.008481089795, 5e-13)
	near(t, "published psi1(0)", p.Theta1(0), 14.87353399, 5e-9)
	psi1, psi2 := scalarPsi(m, horizon, 3000)
	near(t, "psi2", p.Theta2(0, 0), psi2, 1e-15)
	near(t, "psi1", p.Theta1(0), psi1, 1e-11)

	s, err := m.Stationary([]float64{3000})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "published stationary psi2", s.Theta2(0, 0), -0.006297417962, 5e-13)
	far, err := m.Solve(context.Background(), 1, ConstantEdges{3000}) // 79 relaxation times
	if err != nil {
		t.Fatal(err)
	}
	near(t, "psi2 far from the end", far.Theta2(0, 0), s.Theta2(0, 0), 1e-15)
	near(t, "psi1 far from the end", far.Theta1(0), s.Theta1(0), 1e-11)

	// At the end the position is worth its terminal penalty, and the edge has no time left.
	end, err := m.Solve(context.Background(), 0, ConstantEdges{3000})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "psi2(T)", end.Theta2(0, 0), -0.02, 1e-17)
	near(t, "psi1(T)", end.Theta1(0), 0, 0)

	// Without running penalty: −α/(1+α·cD·τ).
	m.Running = nil
	free, err := m.Solve(context.Background(), horizon, ConstantEdges{3000})
	if err != nil {
		t.Fatal(err)
	}
	cd := ltc * (12600*0.8 + 10080*0.7)
	near(t, "psi2 without running penalty", free.Theta2(0, 0), -0.02/(1+0.02*cd*horizon), 1e-16)
}

func TestLucicTseTwoOptionsPublished(t *testing.T) {
	terminal, err := NewDensePenalty(mat.NewSymDense(2, []float64{0.02, 0.008, 0.008, 0.01}))
	if err != nil {
		t.Fatal(err)
	}
	m := &LucicTse{
		LambdaBid: []float64{12600, 9000}, LambdaAsk: []float64{10080, 9500},
		KappaBid: []float64{0.8, 0.5}, KappaAsk: []float64{0.7, 0.45}, Terminal: terminal,
	}
	p, err := m.Solve(context.Background(), 2.0/252, ConstantEdges{3000, -1500})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Th2[0][0]", p.Theta2(0, 0), -0.00640437795, 5e-12)
	near(t, "Th2[0][1]", p.Theta2(0, 1), -0.00189979669, 5e-12)
	near(t, "Th2[1][0]", p.Theta2(1, 0), -0.00189979669, 5e-12)
	near(t, "Th2[1][1]", p.Theta2(1, 1), -0.00560644163, 5e-12)
	near(t, "th1[0]", p.Theta1(0), 16.67241962, 5e-9)
	near(t, "th1[1]", p.Theta1(1), -12.46905303, 5e-9)
	q, d := []float64{3, -2}, make([]Distances, 2)
	p.DistancesTo(d, q, make([]float64, p.Rank()))
	// The printed ask 18.07656836 differs from the printed θ1 and Θ2 by 1.4e-8: the distances are good to eight digits only.
	near(t, "bid[0]", d[0].Bid, -15.38518816, 2e-8)
	near(t, "bid[1]", d[1].Bid, 14.46363249, 2e-8)
	near(t, "ask[0]", d[0].Ask, 18.07656836, 2e-8)
	near(t, "ask[1]", d[1].Ask, -10.23019738, 2e-8)

	// The distances are 1/κ plus the fall of the value function by the fill.
	near(t, "bid by value", d[0].Bid, 1/0.8+p.Value(q)-p.Value([]float64{4, -2}), 1e-12)
	near(t, "ask by value", d[1].Ask, 1/0.45+p.Value(q)-p.Value([]float64{3, -3}), 1e-12)
}

// randomBook is a model of n options with factors on both penalties, and edges.
func randomBook(rng *rand.Rand, n, terminal, running int) (*LucicTse, ConstantEdges) {
	m := &LucicTse{}
	c := make(ConstantEdges, n)
	for i := range n {
		m.LambdaBid = append(m.LambdaBid, 8000+6000*rng.Float64())
		m.LambdaAsk = append(m.LambdaAsk, 8000+6000*rng.Float64())
		m.KappaBid = append(m.KappaBid, 0.4+rng.Float64())
		m.KappaAsk = append(m.KappaAsk, 0.4+rng.Float64())
		c[i] = 3000 * rng.NormFloat64()
	}
	factor := func() RiskFactor {
		l := make([]float64, n)
		for i := range l {
			l[i] = rng.NormFloat64()
		}
		return RiskFactor{Weight: rng.Float64(), Loading: l}
	}
	for range terminal {
		f := factor()
		f.Weight *= 0.02
		m.Terminal = append(m.Terminal, f)
	}
	for range running {
		m.Running = append(m.Running, factor())
	}
	return m, c
}

// integrate solves the two equations by the classical Runge-Kutta rule on dense matrices.
func integrate(m *LucicTse, horizon float64, c func(ahead float64) []float64, steps int) (*mat.Dense, []float64) {
	n := len(m.LambdaBid)
	form := func(p Penalty) *mat.Dense {
		out := mat.NewDense(n, n, nil)
		for _, f := range p {
			for i := range n {
				for j := range n {
					out.Set(i, j, out.At(i, j)+f.Weight*f.Loading[i]*f.Loading[j])
				}
			}
		}
		return out
	}
	b, dg := form(m.Running), mat.NewDense(n, n, nil)
	for i := range n {
		dg.Set(i, i, m.LambdaBid[i]*m.KappaBid[i]+m.LambdaAsk[i]*m.KappaAsk[i])
	}
	// The state is Θ2 followed by θ1 as a last column; time runs back from the end.
	slope := func(state *mat.Dense, tau float64) *mat.Dense {
		th2, out := state.Slice(0, n, 0, n), mat.NewDense(n, n+1, nil)
		var quad, tmp mat.Dense
		tmp.Mul(dg, th2)
		quad.Mul(th2, &tmp)
		v := make([]float64, n)
		for i := range n {
			v[i] = m.LambdaBid[i] - m.LambdaAsk[i] + th2.At(i, i)*(m.KappaBid[i]*m.LambdaBid[i]-m.KappaAsk[i]*m.LambdaAsk[i]) +
				dg.At(i, i)*state.At(i, n)
		}
		edge := c(horizon - tau)
		for i := range n {
			sum := edge[i]
			for j := range n {
				out.Set(i, j, -b.At(i, j)+ltc*quad.At(i, j))
				sum += ltc * th2.At(i, j) * v[j]
			}
			out.Set(i, n, sum)
		}
		return out
	}
	state := mat.NewDense(n, n+1, nil)
	last := form(m.Terminal)
	for i := range n {
		for j := range n {
			state.Set(i, j, -last.At(i, j))
		}
	}
	h := horizon / float64(steps)
	moved := func(k *mat.Dense, by float64) *mat.Dense {
		var out mat.Dense
		out.Scale(by, k)
		out.Add(&out, state)
		return &out
	}
	for s := range steps {
		tau := h * float64(s)
		k1 := slope(state, tau)
		k2 := slope(moved(k1, h/2), tau+h/2)
		k3 := slope(moved(k2, h/2), tau+h/2)
		k4 := slope(moved(k3, h), tau+h)
		for i := range n {
			for j := range n + 1 {
				state.Set(i, j, state.At(i, j)+h/6*(k1.At(i, j)+2*k2.At(i, j)+2*k3.At(i, j)+k4.At(i, j)))
			}
		}
	}
	return mat.DenseCopyOf(state.Slice(0, n, 0, n)), mat.Col(nil, n, state)
}

func TestLucicTseAgainstRungeKutta(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ n, terminal, running int }{
		{3, 2, 0}, {3, 0, 2}, {4, 2, 2}, {4, 4, 4}, {5, 1, 3}, {4, 0, 0},
	} {
		name := fmt.Sprintf("%d options, %d terminal and %d running factors", c.n, c.terminal, c.running)
		m, edges := randomBook(rng, c.n, c.terminal, c.running)
		gamma := GammaEdges{Spot: 100, RealVol: 0.25}
		for i := range c.n {
			gamma.Strike = append(gamma.Strike, 90+5*float64(i))
			gamma.Vol = append(gamma.Vol, 0.2+0.02*float64(i))
			gamma.Tau = append(gamma.Tau, 0.1)
		}
		for _, e := range []Edges{edges, gamma} {
			p, err := m.Solve(context.Background(), 0.01, e)
			if err != nil {
				t.Fatal(err)
			}
			dst := make([]float64, c.n)
			th2, th1 := integrate(m, 0.01, func(ahead float64) []float64 { e.EdgesTo(dst, ahead); return dst }, 4000)
			for i := range c.n {
				near(t, fmt.Sprintf("%s: %T: th1[%d]", name, e, i), p.Theta1(i), th1[i], 1e-9*(1+math.Abs(th1[i])))
				for j := range c.n {
					near(t, fmt.Sprintf("%s: th2[%d][%d]", name, i, j), p.Theta2(i, j), th2.At(i, j), 1e-11)
				}
			}
		}
	}
}

func TestLucicTseStationaryIsTheLimit(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	m, edges := randomBook(rng, 4, 2, 4)
	s, err := m.Stationary(edges)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Solve(context.Background(), 3, edges)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		near(t, "th1", p.Theta1(i), s.Theta1(i), 1e-8*(1+math.Abs(s.Theta1(i))))
		for j := range 4 {
			near(t, "th2", p.Theta2(i, j), s.Theta2(i, j), 1e-12)
		}
	}

	// With a single running factor an edge along S⁻²·loading has a stationary quote, any other has none.
	m, _ = randomBook(rng, 4, 0, 1)
	along := make([]float64, 4)
	copy(along, m.Running[0].Loading)
	if _, err := m.Stationary(along); err != nil {
		t.Errorf("an edge along the loading: %v", err)
	}
	along[2] += 5
	if _, err := m.Stationary(along); !errors.Is(err, ErrNoStationary) || !strings.Contains(err.Error(), "option") {
		t.Errorf("an edge off the loading: %v, want ErrNoStationary naming an option", err)
	}
}

func TestLucicTseSigns(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		m, _ := randomBook(rng, 6, 2, 3)
		copy(m.LambdaAsk, m.LambdaBid) // symmetric customers
		copy(m.KappaAsk, m.KappaBid)
		p, err := m.Solve(context.Background(), 0.01, make(ConstantEdges, 6))
		if err != nil {
			t.Fatal(err)
		}
		q, d, flat, scratch := make([]float64, 6), make([]Distances, 6), make([]Distances, 6), make([]float64, p.Rank())
		p.DistancesTo(flat, q, scratch)
		for i, f := range flat {
			near(t, "no inventory, no edge: bid and ask distance", f.Bid, f.Ask, 1e-12)
			if !(f.Half() >= 1/m.KappaBid[i]) {
				t.Errorf("half-width %g below that of a maker without risk %g", f.Half(), 1/m.KappaBid[i])
			}
			q[i] = 3
			p.DistancesTo(d, q, scratch)
			if !(d[i].Bid > f.Bid && d[i].Ask < f.Ask) {
				t.Errorf("long inventory does not lower the quotes: %v, flat %v", d[i], f)
			}
			q[i] = 0
		}
	}
	m := oneOption()
	p, err := m.Solve(context.Background(), 0.01, ConstantEdges{3000})
	if err != nil {
		t.Fatal(err)
	}
	if !(p.Theta1(0) > 0) {
		t.Errorf("a cheap option has θ1 = %g, want above 0", p.Theta1(0))
	}
}

func TestLucicTseThousandOptions(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	m, edges := randomBook(rng, 1000, 0, 12)
	p, err := m.Solve(context.Background(), 0.005, edges)
	if err != nil {
		t.Fatal(err)
	}
	if p.Rank() != 12 || p.Len() != 1000 {
		t.Errorf("rank %d of %d options", p.Rank(), p.Len())
	}
	d, q, scratch := make([]Distances, 1000), make([]float64, 1000), make([]float64, 12)
	for i := range q {
		q[i] = rng.NormFloat64()
	}
	if n := testing.AllocsPerRun(10, func() { p.DistancesTo(d, q, scratch) }); n != 0 {
		t.Errorf("DistancesTo allocates %g times", n)
	}
	before := p.Value(q)
	q[17]++
	near(t, "bid by value", d[17].Bid, 1/m.KappaBid[17]+before-p.Value(q), 1e-8*math.Abs(before))
}

func TestLucicTseRefuses(t *testing.T) {
	nan := math.NaN()
	for name, change := range map[string]func(*LucicTse){
		"LambdaBid[0]":                  func(m *LucicTse) { m.LambdaBid[0] = -1 },
		"LambdaAsk[0]":                  func(m *LucicTse) { m.LambdaAsk[0] = nan },
		"LambdaBid[0]+LambdaAsk[0]":     func(m *LucicTse) { m.LambdaBid[0], m.LambdaAsk[0] = 0, 0 },
		"KappaBid[0]":                   func(m *LucicTse) { m.KappaBid[0] = 0 },
		"KappaAsk":                      func(m *LucicTse) { m.KappaAsk = nil },
		"factor 0: Weight":              func(m *LucicTse) { m.Running[0].Weight = -0.5 },
		"factor 0: Loading":             func(m *LucicTse) { m.Terminal[0].Loading = nil },
		"factor 0: Loading[0]":          func(m *LucicTse) { m.Terminal[0].Loading[0] = nan },
		"edge 0 at 0.00980144928248769": nil,
		"horizon":                       nil,
		"edges":                         nil,
	} {
		m, horizon, edges := oneOption(), 0.01, ConstantEdges{1}
		switch {
		case change != nil:
			change(m)
		case name == "horizon":
			horizon = -1
		case name == "edges":
			edges = nil
		default:
			edges[0] = nan
		}
		_, err := m.Solve(context.Background(), horizon, edges)
		var arg *fault.ArgError
		if !errors.As(err, &arg) || !(arg.Arg == name || change == nil && strings.HasPrefix(arg.Arg, name[:5])) {
			t.Errorf("%s: %v", name, err)
		}
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := oneOption().Solve(done, 0.01, ConstantEdges{1}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := oneOption().Solve(context.Background(), 0.01, GammaEdges{Strike: []float64{1}, Vol: []float64{1}, Tau: []float64{1}}); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("edges without spot: %v", err)
	}
}

func TestExpectedDollarGamma(t *testing.T) {
	// At once: S·n(d1)/(σ√τ) of Black-Scholes at zero rates.
	d1 := (math.Log(100.0/105) + 0.2*0.2*0.5/2) / (0.2 * math.Sqrt(0.5))
	want := 100 * math.Exp(-d1*d1/2) / math.Sqrt(2*math.Pi) / (0.2 * math.Sqrt(0.5))
	near(t, "now", expectedDollarGamma(100, 105, 0.2, 0.3, 0.5, 0), want, 1e-12*want)

	// Ahead: the mean over S_u by the trapezoidal rule on the normal variable.
	const u, real = 0.2, 0.3
	sum := 0.0
	const h = 0.01
	for x := -9.0; x <= 9; x += h {
		s := 100 * math.Exp(real*math.Sqrt(u)*x-real*real*u/2)
		sum += h * math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) * expectedDollarGamma(s, 105, 0.2, real, 0.5-u, 0)
	}
	near(t, "ahead", expectedDollarGamma(100, 105, 0.2, real, 0.5, u), sum, 1e-11*sum)
	near(t, "expired", expectedDollarGamma(100, 105, 0.2, real, 0.5, 0.5), 0, 0)
	near(t, "edge", Edge(1000, 0.25, 0.2), 1000*(0.0625-0.04)/2, 1e-12)
}

// The model itself, not its expansion: the system of h(t, q) over bounded inventory with the full exponentials, solved by
// Runge-Kutta. Where the jumps of h are small against 1/κ the expansion must agree, and its error must fall with them.
func TestLucicTseAgainstFullEquation(t *testing.T) {
	const bound, horizon, steps = 40, 0.02, 4000
	full := func(m *LucicTse, c float64) []float64 {
		lb, la, kb, ka := m.LambdaBid[0], m.LambdaAsk[0], m.KappaBid[0], m.KappaAsk[0]
		n := 2*bound + 1
		h := make([]float64, n)
		for i := range h {
			q := float64(i - bound)
			h[i] = -m.Terminal[0].Weight * q * q
		}
		slope := func(h []float64) []float64 {
			out := make([]float64, n)
			for i := range out {
				q := float64(i - bound)
				out[i] = q*c - m.Running[0].Weight*q*q
				if i > 0 {
					out[i] += la / (math.E * ka) * math.Exp(ka*(h[i-1]-h[i]))
				}
				if i < n-1 {
					out[i] += lb / (math.E * kb) * math.Exp(kb*(h[i+1]-h[i]))
				}
			}
			return out
		}
		moved := func(k []float64, by float64) []float64 {
			out := make([]float64, n)
			for i := range out {
				out[i] = h[i] + by*k[i]
			}
			return out
		}
		dt := horizon / float64(steps)
		for range steps {
			k1 := slope(h)
			k2 := slope(moved(k1, dt/2))
			k3 := slope(moved(k2, dt/2))
			k4 := slope(moved(k3, dt))
			for i := range h {
				h[i] += dt / 6 * (k1[i] + 2*k2[i] + 2*k3[i] + k4[i])
			}
		}
		return h
	}
	last := math.Inf(1)
	for _, scale := range []float64{1, 0.25, 0.0625} {
		m := &LucicTse{
			LambdaBid: []float64{1100}, LambdaAsk: []float64{1000}, KappaBid: []float64{1}, KappaAsk: []float64{1.2},
			Terminal: Penalty{{0.004 * scale, []float64{1}}}, Running: Penalty{{0.5 * scale, []float64{1}}},
		}
		c := 4 * scale
		p, err := m.Solve(context.Background(), horizon, ConstantEdges{c})
		if err != nil {
			t.Fatal(err)
		}
		h, worst, d := full(m, c), 0.0, make([]Distances, 1)
		for _, q := range []int{-5, 0, 3} {
			p.DistancesTo(d, []float64{float64(q)}, make([]float64, 1))
			bid := 1 + h[q+bound] - h[q+1+bound]
			ask := 1/1.2 + h[q+bound] - h[q-1+bound]
			worst = math.Max(worst, math.Max(math.Abs(d[0].Bid-bid), math.Abs(d[0].Ask-ask))/scale)
		}
		t.Logf("scale %g: off by %.3g of the scale", scale, worst)
		if !(worst < last/2) {
			t.Errorf("scale %g: off by %g of the scale, before %g", scale, worst, last)
		}
		last = worst
	}
	near(t, "smallest jumps", last, 0, 1e-5)
}

// The sums over the options that the third term of θ1 needs, taken once or anew at each node, against their definition.
func TestLucicTseTiltBothWays(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	for _, c := range []struct{ n, factors int }{{7, 5}, {cubeRank + 5, cubeRank + 2}} {
		m, _ := randomBook(rng, c.n, 0, c.factors)
		s := newLTSolver(m, m.Terminal, m.Running)
		if s.r != c.factors {
			t.Fatalf("rank %d of %d factors", s.r, c.factors)
		}
		g := mat.NewDense(s.r, s.r, nil)
		for i := range s.r {
			for j := range i + 1 {
				v := rng.NormFloat64()
				g.Set(i, j, v)
				g.Set(j, i, v)
			}
		}
		got, want := make([]float64, s.r), make([]float64, s.r)
		s.addTilt(got, g)
		var p, lg mat.Dense
		lg.Mul(s.load, g)
		p.Mul(&lg, s.load.T())
		size := 0.0
		for i := range c.n {
			for j := range want {
				v := s.load.At(i, j) * p.At(i, i) / ltc * s.tilt[i]
				want[j] += v
				size = math.Max(size, math.Abs(v))
			}
		}
		for j := range want {
			near(t, fmt.Sprintf("rank %d: entry %d", s.r, j), got[j], want[j], 1e-11*size)
		}
	}
}

func TestLucicTsePolicyIsConcurrent(t *testing.T) {
	m, edges := randomBook(rand.New(rand.NewPCG(13, 14)), 30, 2, 4)
	p, err := m.Solve(context.Background(), 0.01, edges)
	if err != nil {
		t.Fatal(err)
	}
	q := make([]float64, 30)
	for i := range q {
		q[i] = float64(i%5 - 2)
	}
	want := make([]Distances, 30)
	p.DistancesTo(want, q, make([]float64, p.Rank()))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got := make([]Distances, 30)
			p.DistancesTo(got, q, make([]float64, p.Rank()))
			if !slices.Equal(got, want) {
				t.Error("a concurrent caller got other distances")
			}
		})
	}
	wg.Wait()
}

// The exact model at the size of a book: 6,000 options with 20 running factors.
func BenchmarkLucicTse(b *testing.B) {
	const n = 6000
	m, edges := randomBook(rand.New(rand.NewPCG(15, 16)), n, 0, 20)
	p, err := m.Solve(context.Background(), 2.0/252, edges)
	if err != nil {
		b.Fatal(err)
	}
	q, d, scratch := make([]float64, n), make([]Distances, n), make([]float64, p.Rank())
	for i := range q {
		q[i] = float64(i%7 - 3)
	}
	b.Run("quote", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.DistancesTo(d, q, scratch)
		}
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "options/s")
	})
	b.Run("solve", func(b *testing.B) {
		for b.Loop() {
			if _, err := m.Solve(context.Background(), 2.0/252, edges); err != nil {
				b.Fatal(err)
			}
		}
	})
}
