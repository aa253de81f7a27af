package surface

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

// index is a surface with the skew of an equity index.
func index(t testing.TB) *ESSVI {
	t.Helper()
	e, err := NewESSVI([]Slice{
		{0.02, 0.0006, -0.6, 0.024}, {0.1, 0.0036, -0.65, 0.06}, {0.5, 0.021, -0.68, 0.15}, {1, 0.045, -0.66, 0.22}, {3, 0.15, -0.6, 0.42},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// gentle is the same with a fifth of the skew and curvature.
func gentle(t testing.TB) *ESSVI {
	t.Helper()
	s := index(t).Slices()
	for i := range s {
		s[i].Psi *= 0.2
	}
	e, err := NewESSVI(s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var motions = []Motion{{}, {Dynamics: StickyStrike}, {Dynamics: StickyLocalVol}, {SkewStickiness, 1.5}, {SkewStickiness, -0.4}}

func move(t testing.TB, m Motion, v Differentiable, shift float64) *Moved {
	t.Helper()
	moved, err := m.Move(v, shift)
	if err != nil {
		t.Fatal(err)
	}
	return moved
}

func TestMovedKeepsWhatItShould(t *testing.T) {
	e := index(t)
	for _, x := range []float64{-0.08, -0.01, 0, 0.003, 0.05} {
		money, strike := move(t, Motion{}, e, x), move(t, Motion{Dynamics: StickyStrike}, e, x)
		for _, tau := range []float64{0.01, 0.1, 0.3, 2, 5} {
			for _, k := range []float64{-0.5, -0.1, 0, 0.07} {
				if money.TotalVariance(k, tau) != e.TotalVariance(k, tau) || money.Vol(k, tau) != e.Vol(k, tau) {
					t.Errorf("sticky moneyness: the volatility at k = %g moved", k)
				}
				// The strike at k before is at k − x after.
				if a, b := strike.Vol(k-x, tau), e.Vol(k, tau); math.Abs(a-b) > 1e-15 {
					t.Errorf("sticky strike: %g, want %g", a, b)
				}
				if a, b := move(t, Motion{Dynamics: StickyLocalVol}, e, 0).TotalVariance(k, tau), e.TotalVariance(k, tau); a != b {
					t.Errorf("no move: %g, want %g", a, b)
				}
			}
		}
	}
}

// The definition of the SSR, by finite differences at the money.
func TestSSROfMotions(t *testing.T) {
	for _, m := range motions {
		e := index(t)
		if m.Dynamics == StickyLocalVol {
			e = gentle(t) // the formula is of first order in the skew
		}
		for _, tau := range []float64{0.01, 0.05, 0.4, 1.5} {
			const h = 1e-4
			slope := (move(t, m, e, h).Vol(0, tau) - move(t, m, e, -h).Vol(0, tau)) / (2 * h)
			got := slope / ATMSkew(e, tau)
			want, tol := m.ratio(), 2e-5
			if m.Dynamics == StickyLocalVol {
				want = LocalVolSSR(e, tau)
				tol = 0.02 * want
			}
			if math.Abs(got-want) > tol {
				t.Errorf("%v at %g: SSR %.5f, want %.5f", m.Dynamics, tau, got, want)
			}
		}
	}
}

// powerSkew has a constant volatility at the money and a skew that falls like t^−γ.
type powerSkew struct{ vol, skew, gamma float64 }

func (p powerSkew) TotalVariance(k, t float64) float64 { w, _, _, _ := p.Derivatives(k, t); return w }
func (p powerSkew) Derivatives(k, t float64) (w, wk, wkk, wt float64) {
	s := p.skew * math.Pow(t, -p.gamma)
	wk = 2 * p.vol * s * t
	return p.vol*p.vol*t + wk*k, wk, 0, p.vol*p.vol + wk*k*(1-p.gamma)/t
}

func TestLocalVolSSROfPowerLaw(t *testing.T) {
	for _, gamma := range []float64{0, 0.1, 0.3, 0.5, 0.7} {
		for _, tau := range []float64{0.003, 0.1, 2} {
			got, want := LocalVolSSR(powerSkew{0.2, -0.1, gamma}, tau), 1+1/(1-gamma)
			if math.Abs(got-want) > 2e-3*want {
				t.Errorf("γ = %g, T = %g: R = %.6f, want %.6f", gamma, tau, got, want)
			}
		}
	}
	if r := LocalVolSSR(index(t), 0.01); math.Abs(r-2) > 1e-6 { // before the first pillar the skew does not depend on expiry
		t.Errorf("short expiries: R = %.8f, want 2", r)
	}
	if r := LocalVolSSR(powerSkew{vol: 0.2}, 1); !math.IsNaN(r) {
		t.Errorf("no skew: R = %g, want NaN", r)
	}
}

// forwardPDE returns volatilities at log-moneyness ks and expiry t of the local variance of v with its spot at e^shift, by
// Dupire's forward equation c_T = ½v(c_kk − c_k) with fully implicit first and then Crank-Nicolson steps.
func forwardPDE(v Differentiable, shift, t float64, ks []float64, steps int) []float64 {
	dev := math.Sqrt(v.TotalVariance(0, t))
	n := 2*steps + 1
	h := 14 * dev / float64(n-1)
	k := func(i int) float64 { return (float64(i) - float64(n/2)) * h }
	c := make([]float64, n)
	for i := range c {
		c[i] = math.Max(0, 1-math.Exp(k(i)))
	}
	c[n/2] = h / 8 // the mean of the kink over its cell, to leading order
	a, b, d, r := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	dt := t / float64(steps)
	step := func(from, dt, implicit float64) {
		mid := from + 0.5*dt
		b[0], d[0], r[0] = 1, 0, c[0]
		b[n-1], a[n-1], r[n-1] = 1, 0, 0
		for i := 1; i < n-1; i++ {
			lv := 0.5 * LocalVariance(v, k(i)+shift, mid) * dt
			lo, up := lv*(1/(h*h)+0.5/h), lv*(1/(h*h)-0.5/h)
			a[i], b[i], d[i] = -implicit*lo, 1+implicit*(lo+up), -implicit*up
			r[i] = c[i] + (1-implicit)*(lo*c[i-1]-(lo+up)*c[i]+up*c[i+1])
		}
		for i := 1; i < n; i++ {
			m := a[i] / b[i-1]
			b[i] -= m * d[i-1]
			r[i] -= m * r[i-1]
		}
		c[n-1] = r[n-1] / b[n-1]
		for i := n - 2; i >= 0; i-- {
			c[i] = (r[i] - d[i]*c[i+1]) / b[i]
		}
	}
	for j := range steps {
		from := float64(j) * dt
		if j < 2 {
			step(from, 0.5*dt, 1)
			step(from+0.5*dt, 0.5*dt, 1)
			continue
		}
		step(from, dt, 0.5)
	}
	vols := make([]float64, len(ks))
	for j, at := range ks {
		i := int(math.Round(at/h)) + n/2
		right, price := pricing.Call, c[i]
		vols[j] = black.ImpliedTotalVol(right, price, 1, math.Exp(k(i))) / math.Sqrt(t)
		ks[j] = k(i)
	}
	return vols
}

// The motion against the forward equation with the local volatility held: differences of two solutions on one grid, in which
// the error of the grid cancels.
func TestStickyLocalVolAgainstForwardEquation(t *testing.T) {
	for _, c := range []struct {
		name            string
		e               *ESSVI
		accuracy, floor float64 // as the comment of Motion says
	}{{"steep", index(t), 0.14, 0.001}, {"gentle", gentle(t), 0.04, 2e-5}} {
		t.Run(c.name, func(t *testing.T) { againstForwardEquation(t, c.e, c.accuracy, c.floor) })
	}
}

func againstForwardEquation(t *testing.T, e *ESSVI, accuracy, floor float64) {
	const steps = 240
	for _, tau := range []float64{0.015, 0.08, 0.5, 1} {
		dev := math.Sqrt(e.TotalVariance(0, tau))
		ks := []float64{-dev, -0.5 * dev, 0, 0.5 * dev, dev}
		still := forwardPDE(e, 0, tau, ks, steps)
		for i, k := range ks {
			if math.Abs(still[i]-e.Vol(k, tau)) > 1e-3 {
				t.Errorf("the equation does not give the surface back at %g, k = %.3f: %.5f against %.5f", tau, k, still[i], e.Vol(k, tau))
			}
		}
		for _, x := range []float64{-0.02, 0.005, 0.02} {
			after := forwardPDE(e, x, tau, ks, steps)
			m := move(t, Motion{Dynamics: StickyLocalVol}, e, x)
			for i, k := range ks {
				got, want := m.Vol(k, tau)-e.Vol(k, tau), after[i]-still[i]
				if !(math.Abs(got-want) <= accuracy*math.Abs(want)+floor) {
					t.Errorf("T %g x %g k %.4f: change %.5f, by the equation %.5f", tau, x, k, got, want)
				}
			}
		}
	}
}

// Every Greek against bumps of the spot with the surface moved and the option repriced.
func TestSmileGreeksAgainstBumps(t *testing.T) {
	e := index(t)
	const spot, carry, discount = 4200., 1.01, 0.97
	for _, m := range motions {
		for _, tau := range []float64{0.05, 0.7} {
			for _, strike := range []float64{3900, 4242, 4500} {
				for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
					o := SmileOption{Right: right, Spot: spot, Forward: spot * carry, Strike: strike, Tau: tau, Discount: discount}
					g, err := m.Greeks(e, o)
					if err != nil {
						t.Fatal(err)
					}
					value := func(s, level float64) float64 {
						vol := move(t, m, e, math.Log(s/spot)).Vol(math.Log(strike/(s*carry)), tau) + level
						return black.Black76{Right: right, Forward: s * carry, Strike: strike, Vol: vol, Tau: tau, Discount: discount}.Price()
					}
					h, q := 1e-3*spot, 1e-4
					up, down, here := value(spot+h, 0), value(spot-h, 0), value(spot, 0)
					check := func(name string, got, want, tol float64) {
						if !(math.Abs(got-want) <= tol) {
							t.Errorf("%v %v K %g T %g: %s %.8g, bumped %.8g", m.Dynamics, right, strike, tau, name, got, want)
						}
					}
					check("value", g.Value, here, 1e-10*spot)
					check("delta", g.Delta, (up-down)/(2*h), 2e-4)
					check("gamma", g.Gamma*spot, (up-2*here+down)/(h*h)*spot, 2e-3*math.Abs(g.Black.Gamma*spot)+1e-4)
					check("vega", g.Vega/spot, (value(spot, q)-value(spot, -q))/(2*q)/spot, 1e-5)
					check("volga", g.Volga/spot, (value(spot, q)-2*here+value(spot, -q))/(q*q)/spot, 1e-4)
					vanna := (value(spot+h, q) - value(spot+h, -q) - value(spot-h, q) + value(spot-h, -q)) / (4 * h * q)
					check("vanna", g.Vanna, vanna, 2e-3*math.Abs(vanna)+2e-3)
				}
			}
		}
	}
}

// With a smile that moves as the motion supposes, its delta leaves less variance than those of other rules.
func TestDeltaOfTheRatioHedgesBest(t *testing.T) {
	e := index(t)
	rng := rand.New(rand.NewPCG(3, 4))
	const spot, truth = 100., 1.4
	o := SmileOption{Right: pricing.Put, Spot: spot, Forward: spot, Strike: 97, Tau: 0.25, Discount: 1}
	rules := []Motion{{}, {Dynamics: StickyStrike}, {SkewStickiness, truth}, {SkewStickiness, 2}}
	var variance [4]float64
	for range 2000 {
		x := 0.004 * rng.NormFloat64()
		s := spot * math.Exp(x)
		vol := move(t, Motion{SkewStickiness, truth}, e, x).Vol(math.Log(o.Strike/s), o.Tau) + 0.001*rng.NormFloat64()
		after := black.Black76{Right: o.Right, Forward: s, Strike: o.Strike, Vol: vol, Tau: o.Tau, Discount: 1}.Price()
		for i, m := range rules {
			g, _ := m.Greeks(e, o)
			pl := after - g.Value - g.Delta*(s-spot)
			variance[i] += pl * pl
		}
	}
	for i := range rules {
		if i != 2 && variance[i] <= variance[2] {
			t.Errorf("rule %v leaves variance %g, the true ratio %g", rules[i], variance[i], variance[2])
		}
	}
}

func TestEstimateSSR(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var x, dv, skew []float64
	for range 4000 {
		m, s := 0.01*rng.NormFloat64(), -0.3-0.1*rng.Float64()
		x, skew = append(x, m), append(skew, s)
		dv = append(dv, 1.3*s*m+0.002*rng.NormFloat64())
	}
	r, err := EstimateSSR(x, dv, skew)
	if err != nil || math.Abs(r.SSR-1.3) > 4*r.StdErr || !(r.StdErr > 0 && r.StdErr < 0.02) || r.Moves != 4000 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, c := range [][3][]float64{{{0.1}, {0.1, 0.2}, {1}}, {{0.1}, {0.1}, {}}, {{0}, {0.1}, {1}}, {{math.NaN()}, {1}, {1}}, {}} {
		if _, err := EstimateSSR(c[0], c[1], c[2]); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestMovedDerivatives(t *testing.T) {
	e := index(t)
	for _, m := range motions {
		v := move(t, m, e, 0.01)
		for _, tau := range []float64{0.01, 0.3, 4} {
			for _, k := range []float64{-0.2, 0.01} {
				w, wk, wkk, wt := v.Derivatives(k, tau)
				const h = 1e-4
				up, down, here := v.TotalVariance(k+h, tau), v.TotalVariance(k-h, tau), v.TotalVariance(k, tau)
				s := 1e-5 * tau
				slope := (v.TotalVariance(k, tau+s) - v.TotalVariance(k, tau-s)) / (2 * s)
				for name, d := range map[string][2]float64{
					"w": {w, here}, "wk": {wk, (up - down) / (2 * h)}, "wt": {wt, slope}, "wkk": {wkk, (up - 2*here + down) / (h * h)},
				} {
					if !(math.Abs(d[0]-d[1]) < 1e-4*math.Abs(d[1])+2e-5) {
						t.Errorf("%v t %g k %g: %s %g, bumped %g", m.Dynamics, tau, k, name, d[0], d[1])
					}
				}
			}
		}
		a := CheckArbitrage(v, Grid{Tolerance: 1e-6})
		if a.Calendar > 0 && m.Dynamics != StickyLocalVol {
			t.Errorf("%v: %+v", m.Dynamics, a)
		}
		k, dst := []float64{-0.3, 0, 0.2}, make([]float64, 3)
		v.VolTo(dst, k, 0.2)
		for i := range k {
			if dst[i] != v.Vol(k[i], 0.2) {
				t.Errorf("VolTo %g, Vol %g", dst[i], v.Vol(k[i], 0.2))
			}
		}
		if math.Abs(v.Vol(0.01, 0)-v.Vol(0.01, 1e-6)) > 1e-6 {
			t.Errorf("%v: vol at 0 is %g, just after %g", m.Dynamics, v.Vol(0.01, 0), v.Vol(0.01, 1e-6))
		}
	}
}

func TestMotionRefuses(t *testing.T) {
	e := index(t)
	for _, c := range []struct {
		m     Motion
		v     Differentiable
		shift float64
	}{
		{Motion{Dynamics: 9}, e, 0}, {Motion{SkewStickiness, math.NaN()}, e, 0}, {Motion{StickyStrike, 1}, e, 0},
		{Motion{}, nil, 0}, {Motion{}, e, math.NaN()}, {Motion{}, e, 3}, {Motion{}, e, math.Inf(-1)},
	} {
		if _, err := c.m.Move(c.v, c.shift); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%v, shift %g: %v", c.m, c.shift, err)
		}
	}
	good := SmileOption{Right: pricing.Call, Spot: 1, Forward: 1, Strike: 1, Tau: 1, Discount: 1}
	for i, spoil := range []func(*SmileOption){
		func(o *SmileOption) { o.Spot = 0 }, func(o *SmileOption) { o.Forward = math.NaN() }, func(o *SmileOption) { o.Strike = -1 },
		func(o *SmileOption) { o.Tau = 0 }, func(o *SmileOption) { o.Discount = math.Inf(1) },
	} {
		o := good
		spoil(&o)
		if _, err := (Motion{}).Greeks(e, o); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if _, err := (Motion{}).Greeks(nil, good); !errors.Is(err, fault.ErrDomain) {
		t.Error(err)
	}
}

func BenchmarkMoved(b *testing.B) {
	e := index(b)
	k, dst := make([]float64, 150), make([]float64, 150)
	for i := range k {
		k[i] = -0.3 + 0.003*float64(i)
	}
	for _, m := range motions[:4] {
		b.Run(m.Dynamics.String(), func(b *testing.B) {
			v := move(b, m, e, 0.001)
			b.ReportAllocs()
			for b.Loop() {
				v.VolTo(dst, k, 0.3)
			}
			b.ReportMetric(float64(b.N*len(k))/b.Elapsed().Seconds(), "vols/s")
		})
	}
}
