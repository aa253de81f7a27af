package mc

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/internal/vec/rng"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// ssvi is the surface of the topic local_vol: total variance by log-moneyness and time.
type ssvi struct{ theta0, theta1, lambda, rho, eta, gamma float64 }

func (s ssvi) variance(k, t float64) float64 {
	theta := s.theta1*t + (s.theta0-s.theta1)*(-math.Expm1(-s.lambda*t))/s.lambda
	phi := s.eta / (math.Pow(theta, s.gamma) * math.Pow(1+theta, 1-s.gamma))
	z := phi*k + s.rho
	return 0.5 * theta * (1 + s.rho*phi*k + math.Sqrt(z*z+1-s.rho*s.rho))
}

// LocalVariance is Dupire's formula in log-moneyness (Gatheral 2006, eq. 1.10), its derivatives by central differences.
func (s ssvi) LocalVariance(k, t float64) float64 {
	const h = 1e-4
	dt := 1e-4 * t
	w := s.variance(k, t)
	wk := (s.variance(k+h, t) - s.variance(k-h, t)) / (2 * h)
	wkk := (s.variance(k+h, t) - 2*w + s.variance(k-h, t)) / (h * h)
	wt := (s.variance(k, t+dt) - s.variance(k, t-dt)) / (2 * dt)
	return wt / (1 - k*wk/w + 0.25*(-0.25-1/w+k*k/(w*w))*wk*wk + 0.5*wkk)
}

// A local volatility repriced returns the implied volatilities of its surface within 1e-3.
func TestGoldenLocalVolRepriced(t *testing.T) {
	statistical(t)
	worst, n := 0.0, 0
	golden.Run(t, "local_vol", func(t *testing.T, c golden.Case) {
		if !c.Has("ssvi") {
			return
		}
		var p struct {
			Theta0, Theta1, Lambda_, Rho, Eta, Gamma float64 //nolint // the file's names
		}
		c.Input(t, "ssvi", &p)
		s := ssvi{p.Theta0, p.Theta1, p.Lambda_, p.Rho, p.Eta, p.Gamma}
		m := model.LocalVol{Market: model.Market{Spot: c.Float(t, "spot"), Discount: curve.Flat(c.Float(t, "rate")),
			Carry: curve.Flat(c.Float(t, "dividend_yield"))}, Variance: s}
		var points []struct {
			T, Strike, Black_vol float64 //nolint // the file's names
		}
		c.Expected(t, "points", &points)
		for i, p := range points {
			if i%5 != 0 && !slow {
				continue
			}
			k := math.Log(p.Strike / m.Forward(p.T))
			in := pricing.Vanilla{Right: pricing.Call, Strike: p.Strike, Expiry: p.T}
			if k < 0 {
				in.Right = pricing.Put
			}
			r := run(t, Engine{Paths: 1 << 15, Source: Importance{Of: Sobol{}}}, in, m)
			quote := black.Quote{Right: in.Right, Price: r.Value, Forward: m.Forward(p.T), Strike: p.Strike, Tau: p.T, Discount: m.DiscountFactor(p.T)}
			vol, err := black.ImpliedVol(quote)
			off := math.Abs(vol - p.Black_vol)
			worst = math.Max(worst, off)
			n++
			if err != nil || off > 1e-3 {
				t.Errorf("strike %g, %g years: volatility %.6f, want %.6f, %v", p.Strike, p.T, vol, p.Black_vol, err)
			}
		}
	})
	t.Logf("worst error %.2g of volatility in %d options", worst, n)
}

// skewed is a smooth local volatility.
func skewed() model.LocalVol {
	return model.LocalVol{Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)}, Variance: model.LocalVarianceFunc(func(k, t float64) float64 {
		v := 0.3 - 0.15*math.Tanh(2*k) + 0.05*math.Sin(3*t)
		return v * v
	})}
}

// ends returns the prices at expiry of n paths of n equal steps, made of normals on a finer grid of so many steps.
func ends(t *testing.T, s Scheme, m pricing.Model, fine [][]float64, steps int) []float64 {
	t.Helper()
	times := weekly(steps, 1)
	sim, err := s.Simulate(m, times, 1)
	if err != nil {
		t.Fatal(err)
	}
	l := sim.Layout()
	if len(l.Steps) != steps {
		t.Fatalf("%d steps, want %d", len(l.Steps), steps)
	}
	n, each := len(fine[0]), len(fine)/steps
	columns := func(k int) [][]float64 {
		c := make([][]float64, k)
		for i := range c {
			c[i] = make([]float64, n)
		}
		return c
	}
	b := model.PathBlock{Normals: columns(steps), Spot: columns(steps), Scratch: columns(l.Scratch)}
	for k, z := range fine {
		for j, v := range z {
			b.Normals[k/each][j] += v / math.Sqrt(float64(each))
		}
	}
	sim.PathsTo(&b)
	return b.Spot[steps-1]
}

// order fits the exponent of errors that fall as the steps double.
func order(errs []float64) float64 {
	n := float64(len(errs))
	var sx, sy, sxx, sxy float64
	for i, e := range errs {
		x, y := float64(i), -math.Log2(e)
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

func fineNormals(steps, paths int) [][]float64 {
	z := make([][]float64, steps)
	for k := range z {
		z[k] = make([]float64, paths)
		g := rng.NewPhilox(99, uint64(k))
		g.Normals(z[k])
	}
	return z
}

// Strong orders: Euler 1/2, Milstein 1, on geometric Brownian motion in the price, where the exact path is known, and on a local
// volatility in the logarithm.
func TestStrongOrders(t *testing.T) {
	statistical(t)
	paths := 1 << 13
	steps := []int{4, 8, 16, 32, 64}
	for _, c := range []struct {
		name  string
		m     pricing.Model
		scale Scale
		exact Scheme
		fine  int
	}{
		{"geometric Brownian motion", flatWorld(100, 0.05, 0, 0.5), Price, Exact{}, 64},
		{"local volatility", skewed(), LogPrice, Diffuse{Order: Milstein}, 512},
		{"local volatility, asked directly", skewed(), LogPrice, Diffuse{Order: Milstein, Direct: true}, 512},
	} {
		fine := fineNormals(c.fine, paths)
		want := ends(t, c.exact, c.m, fine, c.fine)
		for _, o := range []Order{Milstein, Euler} {
			var strong []float64
			for _, n := range steps {
				direct := c.exact == Diffuse{Order: Milstein, Direct: true}
				got := ends(t, Diffuse{Order: o, Scale: c.scale, Direct: direct}, c.m, fine, n)
				square := 0.0
				for j, v := range got {
					square += (v - want[j]) * (v - want[j])
				}
				strong = append(strong, math.Sqrt(square/float64(paths)))
			}
			s := order(strong)
			t.Logf("%s, order %d: strong order %.2f", c.name, o, s)
			theory := map[Order]float64{Milstein: 1, Euler: 0.5}[o]
			if math.Abs(s-theory) > 0.12 {
				t.Errorf("%s, order %d: strong order %.2f of errors %.2g, want %g", c.name, o, s, strong, theory)
			}
		}
	}
}

// Weak orders by the second moment, which is g²·e^(σ²T): Euler's scheme has Π(g² + σ²dt), Milstein's Π(g² + σ²dt + (σ²dt)²/2), and
// Platen's Π(g²(1 + σ²dt) + (σ²dt)²/2), which is of order two.
func TestWeakOrders(t *testing.T) {
	const sigma, paths = 0.5, 1 << 18
	m := flatWorld(100, 0.05, 0, sigma)
	square := func(n int, o Order) (mean, err float64) {
		in := power{2, []float64{1}}
		r := run(t, Engine{Paths: paths, Source: Sobol{}, Scheme: Diffuse{Order: o, Scale: Price}, MaxStep: 1 / float64(n)}, in, m)
		return r.Value * math.Exp(0.05) / 1e4, r.StdErr * math.Exp(0.05) / 1e4
	}
	want := math.Exp(0.1 + sigma*sigma)
	var errs, milstein, platen []float64
	for _, n := range []int{2, 4, 8, 16} {
		dt := 1 / float64(n)
		g := math.Exp(0.05 * dt)
		closed := math.Pow(g*g+sigma*sigma*dt, float64(n))
		got, e := square(n, Euler)
		if !(math.Abs(got-closed) < 4*e) || e > 1e-3 {
			t.Errorf("%d steps: second moment %.6f ± %.6f, want %.6f", n, got, e, closed)
		}
		errs = append(errs, want-got)
		closed = math.Pow(g*g+sigma*sigma*dt+0.5*math.Pow(sigma*sigma*dt, 2), float64(n))
		if got, e = square(n, Milstein); !(math.Abs(got-closed) < 4*e) {
			t.Errorf("Milstein, %d steps: second moment %.6f ± %.6f, want %.6f", n, got, e, closed)
		}
		milstein = append(milstein, want-got)
		closed = math.Pow(g*g*(1+sigma*sigma*dt)+0.5*math.Pow(sigma*sigma*dt, 2), float64(n))
		if got, e = square(n, Platen); !(math.Abs(got-closed) < 4*e) {
			t.Errorf("Platen, %d steps: second moment %.6f ± %.6f, want %.6f", n, got, e, closed)
		}
		platen = append(platen, math.Abs(want-closed))
	}
	t.Logf("weak orders: Euler %.2f, Milstein %.2f, Platen %.2f of %.2g", order(errs), order(milstein), order(platen), platen)
	if o := order(platen); math.Abs(o-2) > 0.2 {
		t.Errorf("Platen: weak order %.2f of %.3g, want 2", o, platen)
	}
	if o := order(errs); math.Abs(o-1) > 0.15 {
		t.Errorf("Euler: weak order %.2f of %.3g, want 1", o, errs)
	}
	if o := order(milstein); math.Abs(o-1) > 0.2 {
		t.Errorf("Milstein: weak order %.2f of %.3g, want 1", o, milstein)
	}
}

// power pays a power of the last price.
type power struct {
	exponent float64
	dates    []float64
}

func (p power) Validate() error         { return nil }
func (p power) Assets() int             { return 1 }
func (p power) Observations() []float64 { return p.dates }
func (p power) PresentValueTo(dst []float64, q *pricing.Paths) {
	for j, s := range q.At(len(p.dates)-1, 0) {
		dst[j] = math.Pow(s, p.exponent)
	}
	q.DiscountTo(dst, len(p.dates)-1)
}

// Models that are diffusions against their closed forms; in logarithms schemes are exact for a lognormal price.
func TestDiffusionsAgainstClosedForms(t *testing.T) {
	market := model.Market{Spot: 100, Discount: curve.Flat(0.03), Carry: curve.Flat(0.01)}
	flat := flatWorld(100, 0.03, 0.01, 0.3)
	for _, c := range []struct {
		name string
		m    pricing.Model
		s    Scheme
	}{
		{"lognormal", flat, Diffuse{}},
		{"lognormal, Milstein", flat, Diffuse{Order: Milstein}},
		{"lognormal, price", flat, Diffuse{Scale: Price}},
		{"normal", model.Bachelier{Market: market, Vol: model.FlatVol(25)}, nil},
		{"displaced", model.Displaced{Market: market, Shift: 50, Vol: model.FlatVol(0.2)}, nil},
		{"CEV", model.CEV{Market: market, Sigma: 2.5, Beta: 0.5}, nil},
	} {
		for _, strike := range []float64{80, 100, 125} {
			in := pricing.Vanilla{Right: pricing.Call, Strike: strike, Expiry: 1}
			want := exact(t, analytic.European{}, in, c.m)
			within(t, fmt.Sprintf("%s %g", c.name, strike), run(t, Engine{Paths: 1 << 14, Source: Sobol{}, Scheme: c.s}, in, c.m).Result, want, 4.5, 0.02)
		}
	}
}

// Dividends of both models: escrowed ones have Black's price, those in the spot model that of a lattice's dividends in the limit.
func TestDividends(t *testing.T) {
	m := flatWorld(100, 0.05, 0, 0.25)
	m.Dividends = []model.Dividend{{Time: 0.3, Cash: 3}, {Time: 0.5, Proportion: 0.02}, {Time: 0.8, Cash: 2, Proportion: 0.01}, {Time: 1.5, Cash: 50}}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 95, Expiry: 1}
	want := exact(t, analytic.European{}, call, m)
	e := Engine{Paths: 1 << 15, Source: Sobol{}}
	within(t, "escrowed", run(t, e, onLast{call, []float64{0.1, 0.3, 0.9, 1}}, m).Result, want, 4, 0.01)

	m.DividendModel = model.PiecewiseLognormal
	forward := run(t, e, power{1, []float64{0.2, 1}}, m)
	within(t, "forward", forward.Result, m.Forward(1)*m.DiscountFactor(1), 4, 0.02)
	a := run(t, e, call, m)
	e.Scheme = Diffuse{}
	b := run(t, e, call, m)
	if d := math.Hypot(a.StdErr, b.StdErr); math.Abs(a.Value-b.Value) > 4*d || d > 0.03 {
		t.Errorf("exactly %g ± %g, step by step %g ± %g", a.Value, a.StdErr, b.Value, b.StdErr)
	}
	if math.Abs(a.Value-want) < 5*a.StdErr {
		t.Errorf("the two models of dividends give the same: %g and %g", a.Value, want)
	}
}

func TestDiffuseRefuses(t *testing.T) {
	call := pricing.Vanilla{Right: pricing.Call, Strike: 95, Expiry: 1}
	market := model.Market{Spot: 100}
	for i, c := range []struct {
		s    Scheme
		m    pricing.Model
		want error
	}{
		{Diffuse{Order: 7}, skewed(), pricing.ErrDomain},
		{Diffuse{Scale: 7}, skewed(), pricing.ErrDomain},
		{Diffuse{Scale: LogPrice}, model.Bachelier{Market: market, Vol: model.FlatVol(20)}, pricing.ErrUnsupported},
		{Diffuse{}, heston(0.04, 1, 0.04, 0.5, 0), pricing.ErrUnsupported},
		{Heston{}, skewed(), pricing.ErrUnsupported},
		{Exact{}, skewed(), pricing.ErrUnsupported},
		{Subordinated{}, skewed(), pricing.ErrUnsupported},
		{JumpDiffusion{}, skewed(), pricing.ErrUnsupported},
		{Heston{Step: 9}, heston(0.04, 1, 0.04, 0.5, 0), pricing.ErrDomain},
		{Heston{Step: BroadieKaya}, heston(0.04, 0, 0.04, 0.5, 0), pricing.ErrDomain},
		{Diffuse{}, model.LocalVol{Market: market, Variance: model.LocalVarianceFunc(func(k, t float64) float64 { return -1 })}, pricing.ErrDomain},
	} {
		if _, err := (Engine{Scheme: c.s, Paths: 64}).Price(ctx, call, c.m); !errors.Is(err, c.want) {
			t.Errorf("%d: %v", i, err)
		}
	}
}
