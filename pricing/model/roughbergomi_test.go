package model

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/internal/race"
	"github.com/volgaquant/volga/internal/vec/rng"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"gonum.org/v1/gonum/dsp/fourier"
)

func TestRoughBergomiCovariance(t *testing.T) {
	for _, h := range []float64{0.01, 0.07, 0.3, 0.49, 0.5} {
		m := RoughBergomi{H: h}
		if got := m.Covariance(2, 2); math.Abs(got/math.Pow(2, 2*h)-1) > 1e-15 {
			t.Errorf("H = %g: variance %g", h, got)
		}
		for _, s := range []float64{1e-4, 0.5, 0.99, 1 - 1e-9} {
			// 2H/(H+½)·s^(H+½)·2F1(1, ½−H; 3/2+H; s) for t = 1, by the transformed series s^(H+½)(1−s)^(2H)·2F1(½+H, 1+2H; 3/2+H; s)
			// near zero and by the difference of W̃ near one
			got := m.Covariance(s, 1)
			if got != m.Covariance(1, s) {
				t.Errorf("H = %g: not symmetric at %g", h, s)
			}
			if s <= 0.5 {
				sum, term := 0.0, 1.0
				for k := 0.0; k < 300; k++ {
					sum += term
					term *= (0.5 - h + k) / (1.5 + h + k) * s
				}
				want := 2 * h / (h + 0.5) * math.Pow(s, h+0.5) * sum
				if math.Abs(got/want-1) > 1e-12 {
					t.Errorf("H = %g: covariance at %g is %.15g, by the hypergeometric series %.15g", h, s, got, want)
				}
			}
			if square := math.Pow(s, 2*h); !(got > 0 && got*got <= square*(1+1e-12)) {
				t.Errorf("H = %g: covariance at %g is %g, variances 1 and %g", h, s, got, square)
			}
			if c := m.DriverCovariance(s, 1); !(c > 0 && c*c <= s) {
				t.Errorf("H = %g: covariance with the driver at %g is %g", h, s, c)
			}
		}
		// at one half W̃ is W
		if h == 0.5 && (math.Abs(m.Covariance(0.3, 1)-0.3) > 1e-13 || math.Abs(m.DriverCovariance(0.3, 1)-0.3) > 1e-15) {
			t.Errorf("at one half: %g and %g", m.Covariance(0.3, 1), m.DriverCovariance(0.3, 1))
		}
		if a, b := m.DriverCovariance(3, 1), m.DriverCovariance(1, 1); a != b {
			t.Errorf("the driver after the time: %g, %g", a, b)
		}
	}
}

// The covariances of the scheme are those of the process, up to the error of the steps before the last.
func TestVolterraCovariances(t *testing.T) {
	for _, h := range []float64{0.07, 0.3, 0.5} {
		m := RoughBergomi{H: h}
		for _, equal := range []bool{true, false} {
			ends := make([]float64, 40)
			for i := range ends {
				ends[i] = float64(i+1) / 40
				if !equal {
					ends[i] *= ends[i]
				}
			}
			v, err := NewVolterra(h, ends)
			if err != nil {
				t.Fatal(err)
			}
			// unit vectors in, so that the columns that come out are the coefficients
			n := len(ends)
			z, r, w := make([][]float64, n), make([][]float64, n), make([][]float64, n)
			for k := range n {
				z[k], r[k], w[k] = make([]float64, 2*n), make([]float64, 2*n), make([]float64, 2*n)
				z[k][k], r[k][n+k] = 1, 1
			}
			v.PathsTo(w, z, r)
			dot := func(a, b []float64) (s float64) {
				for i, x := range a {
					s += x * b[i]
				}
				return s
			}
			for i, ti := range ends {
				if got := dot(w[i], w[i]); math.Abs(got-v.Variance(i)) > 1e-13 || got > math.Pow(ti, 2*h)*(1+1e-12) || got < 0.97*math.Pow(ti, 2*h) {
					t.Errorf("H = %g: variance at %g is %g and %g, of the process %g", h, ti, got, v.Variance(i), math.Pow(ti, 2*h))
				}
				// W at the end of step k, against W̃: exact, for the mean of the kernel over a step is
				sum, from := 0.0, 0.0
				for k, e := range ends {
					sum += w[i][k] * math.Sqrt(e-from)
					from = e
					if want := m.DriverCovariance(e, ti); math.Abs(sum-want) > 1e-12 {
						t.Errorf("H = %g: covariance of W at %g and W̃ at %g is %g, want %g", h, e, ti, sum, want)
					}
				}
				for j := range i {
					if got, want := dot(w[i], w[j]), m.Covariance(ends[j], ti); math.Abs(got-want) > 0.05*math.Sqrt(math.Pow(ti*ends[j], 2*h)) {
						t.Errorf("H = %g: covariance at %g and %g is %g, want %g", h, ends[j], ti, got, want)
					}
				}
			}
		}
	}
}

// smile simulates the variance alone and takes the mean of Black's formula given its path (Romano and Touzi), with antithetic paths.
func smile(t *testing.T, m RoughBergomi, expiry float64, steps, blocks int, logStrikes []float64) (vols, errs []float64) {
	t.Helper()
	const paths = 512
	ends := make([]float64, steps)
	for i := range ends {
		ends[i] = expiry * float64(i+1) / float64(steps)
	}
	v, err := NewVolterra(m.H, ends)
	if err != nil {
		t.Fatal(err)
	}
	columns := func() [][]float64 {
		all, c := make([]float64, steps*paths), make([][]float64, steps)
		for i := range c {
			c[i], all = all[:paths:paths], all[paths:]
		}
		return c
	}
	z, r, w := columns(), columns(), columns()
	dt := expiry / float64(steps)
	sum, sum2 := make([]float64, len(logStrikes)), make([]float64, len(logStrikes))
	control := make([]float64, len(logStrikes))
	controlSquare, mean := 0.0, 0.0
	g := rng.NewPhilox(2024, 1)
	for range blocks {
		for i := range z {
			g.Normals(z[i])
			g.Normals(r[i])
		}
		v.PathsTo(w, z, r)
		for j := range paths {
			pair := make([]float64, len(logStrikes))
			f := 0.0
			for _, sign := range []float64{1, -1} {
				x, total := 0.0, 0.0
				variance := m.Xi.Level[0]
				for i := range steps {
					x += m.Rho * math.Sqrt(variance*dt) * sign * z[i][j]
					total += variance * dt
					variance = m.Xi.Level[0] * math.Exp(sign*m.Eta*w[i][j]-0.5*m.Eta*m.Eta*v.Variance(i))
				}
				fwd := math.Exp(x - 0.5*m.Rho*m.Rho*total)
				f += 0.5 * fwd
				for q, k := range logStrikes {
					right := pricing.Call
					if k < 0 {
						right = pricing.Put
					}
					o := black.Black76{Right: right, Forward: fwd, Strike: math.Exp(k), Vol: math.Sqrt((1 - m.Rho*m.Rho) * total), Tau: 1, Discount: 1}
					pair[q] += 0.5 * o.Price()
				}
			}
			f-- // a control variate with mean zero
			mean += f
			controlSquare += f * f
			for q, p := range pair {
				sum[q] += p
				sum2[q] += p * p
				control[q] += p * f
			}
		}
	}
	n := float64(blocks * paths)
	for q, k := range logStrikes {
		avg, fAvg := sum[q]/n, mean/n
		cov, varF := control[q]/n-avg*fAvg, controlSquare/n-fAvg*fAvg
		price := avg - cov/varF*fAvg
		se := math.Sqrt((sum2[q]/n - avg*avg - cov*cov/varF) / n)
		right := pricing.Call
		if k < 0 {
			right = pricing.Put
		}
		vol, err := black.ImpliedVol(black.Quote{Right: right, Price: price, Forward: 1, Strike: math.Exp(k), Tau: expiry, Discount: 1})
		if err != nil {
			t.Fatal(err)
		}
		vols = append(vols, vol)
		d1 := -k/(vol*math.Sqrt(expiry)) + 0.5*vol*math.Sqrt(expiry)
		vega := math.Sqrt(expiry/(2*math.Pi)) * math.Exp(-0.5*d1*d1) // of a forward of 1
		errs = append(errs, se/vega)
	}
	return vols, errs
}

func TestGoldenRoughBergomi(t *testing.T) {
	golden.Run(t, "papers/rough_bergomi", func(t *testing.T, c golden.Case) {
		m := RoughBergomi{
			Market: Market{Spot: 1}, H: c.Float(t, "H"), Eta: c.Float(t, "eta"), Rho: c.Float(t, "rho"), Xi: FlatVariance(c.Float(t, "xi")),
		}
		if err := m.Validate(); err != nil {
			t.Fatal(err)
		}
		var k, want, theirs []float64
		c.Input(t, "log_strikes", &k)
		c.Expected(t, "vol_n100", &want)
		c.Expected(t, "se_n200", &theirs)
		got, own := smile(t, m, c.Float(t, "T_years"), 100, 50, k)
		for i := range k {
			if se := math.Hypot(own[i], theirs[i]); math.Abs(got[i]-want[i]) > 4*se {
				t.Errorf("k = %g: volatility %.6f ± %.6f, want %.6f ± %.6f", k[i], got[i], own[i], want[i], theirs[i])
			}
		}
	})
}

// A step grid of the payoff's own, the mean of the asset and of its variance, and the at-the-money volatility against the smile
// above.
func TestRoughBergomiPaths(t *testing.T) {
	m := RoughBergomi{Market: mkt, H: 0.12, Eta: 1.6, Rho: -0.7, Xi: ForwardVariance{[]float64{0.3, 2}, []float64{0.05, 0.03}}}
	times := []float64{0.25, 0.4, 1}
	sim, err := m.Simulate(times, 0.02)
	if err != nil {
		t.Fatal(err)
	}
	lay := sim.Layout()
	const paths, blocks = 512, 40
	b := PathBlock{}
	column := func() []float64 { return make([]float64, paths) }
	for range len(lay.Steps) * lay.Factors {
		b.Normals = append(b.Normals, column())
	}
	for range times {
		b.Spot, b.Variance = append(b.Spot, column()), append(b.Variance, column())
	}
	for range lay.Scratch {
		b.Scratch = append(b.Scratch, column())
	}
	g := rng.NewPhilox(5, 0)
	type sums struct{ s, s2, v, v2 float64 }
	acc := make([]sums, len(times))
	for range blocks {
		for _, z := range b.Normals {
			g.Normals(z)
		}
		sim.PathsTo(&b)
		for i := range times {
			for j, s := range b.Spot[i] {
				v := b.Variance[i][j]
				acc[i].s += s
				acc[i].s2 += s * s
				acc[i].v += v
				acc[i].v2 += v * v
			}
		}
	}
	n, last := float64(paths*blocks), 0.0
	for i, a := range acc {
		mean, v := a.s/n, a.v/n
		if se := math.Sqrt((a.s2/n - mean*mean) / n); math.Abs(mean-m.Forward(times[i])) > 4*se {
			t.Errorf("mean at %g is %g ± %g, forward %g", times[i], mean, se, m.Forward(times[i]))
		}
		want := m.Xi.Total(times[i]) - last
		last += want
		if se := math.Sqrt((a.v2/n - v*v) / n); math.Abs(v-want) > 4*se {
			t.Errorf("variance up to %g is %g ± %g, of the curve %g", times[i], v, se, want)
		}
	}
	if !race.Enabled {
		if k := testing.AllocsPerRun(5, func() { sim.PathsTo(&b) }); k != 0 {
			t.Errorf("%g allocations", k)
		}
	}
	// row j depends on its own random numbers alone
	want := b.Spot[2][7]
	for _, z := range b.Normals {
		for j := range z {
			if j != 7 {
				z[j] = 0.5
			}
		}
	}
	if sim.PathsTo(&b); b.Spot[2][7] != want {
		t.Errorf("path 7 is %g, with other neighbours %g", want, b.Spot[2][7])
	}
}

func TestRoughBergomiHasNoCharacteristicFunction(t *testing.T) {
	if _, ok := any(RoughBergomi{}).(Characteristic); ok {
		t.Error("rough Bergomi claims a characteristic function")
	}
}

func TestRoughBergomiRefusals(t *testing.T) {
	good := RoughBergomi{Market: mkt, H: 0.1, Eta: 1.5, Rho: -0.7, Xi: FlatVariance(0.04)}
	edit := func(f func(*RoughBergomi)) RoughBergomi { m := good; f(&m); return m }
	for _, c := range []struct {
		m    RoughBergomi
		want string
	}{
		{edit(func(m *RoughBergomi) { m.H = 0.6 }), "H"}, {edit(func(m *RoughBergomi) { m.H = math.NaN() }), "H"},
		{edit(func(m *RoughBergomi) { m.Eta = -1 }), "Eta"}, {edit(func(m *RoughBergomi) { m.Rho = -1.1 }), "Rho"},
		{edit(func(m *RoughBergomi) { m.Xi = ForwardVariance{} }), "Xi"}, {edit(func(m *RoughBergomi) { m.Xi = FlatVariance(-1) }), "Xi.Level[0]"},
		{edit(func(m *RoughBergomi) { m.Spot = 0 }), "Spot"},
	} {
		var arg *pricing.ArgError
		if err := c.m.Validate(); !errors.As(err, &arg) || arg.Arg != c.want {
			t.Errorf("%v, want an error naming %s", err, c.want)
		}
		if _, err := c.m.Simulate([]float64{1}, 0); !errors.Is(err, pricing.ErrDomain) {
			t.Errorf("simulated: %v", err)
		}
	}
	if _, err := good.Simulate(nil, 0); !errors.Is(err, pricing.ErrDomain) {
		t.Error(err)
	}
	for _, ends := range [][]float64{nil, {0, 1}, {1, 1}, {math.NaN()}} {
		if _, err := NewVolterra(0.1, ends); !errors.Is(err, pricing.ErrDomain) {
			t.Errorf("%v: %v", ends, err)
		}
	}
	if _, err := NewVolterra(0, []float64{1}); !errors.Is(err, pricing.ErrDomain) {
		t.Error(err)
	}
}

func ExampleRoughBergomi() {
	world := RoughBergomi{Market: Market{Spot: 100}, H: 0.07, Eta: 1.9, Rho: -0.9, Xi: FlatVariance(0.235 * 0.235)}
	sim, err := world.Simulate([]float64{0.5, 1}, 1./100)
	fmt.Println(len(sim.Layout().Steps), "steps of", sim.Layout().Factors, "normals", err)
	fmt.Printf("correlation of W̃ a month apart: %.3f\n", world.Covariance(1-1./12, 1)/math.Sqrt(world.Covariance(1-1./12, 1-1./12)))
	// Output:
	// 100 steps of 3 normals <nil>
	// correlation of W̃ a month apart: 0.406
}

func BenchmarkVolterra(b *testing.B) {
	const paths = 128
	for _, steps := range []int{50, 100, 200, 400, 1000} {
		ends := make([]float64, steps)
		c := [3][][]float64{}
		for k := range c {
			for range steps {
				c[k] = append(c[k], make([]float64, paths))
			}
		}
		for i := range ends {
			ends[i] = float64(i+1) / float64(steps)
		}
		v, err := NewVolterra(0.1, ends)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("steps=%d", steps), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v.PathsTo(c[0], c[1], c[2])
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/paths, "ns/path")
		})
		// what a convolution by FFT would take for each path: two transforms of twice the length
		f := fourier.NewFFT(2 * steps)
		x, y := make([]float64, 2*steps), make([]complex128, steps+1)
		b.Run(fmt.Sprintf("steps=%d, by FFT", steps), func(b *testing.B) {
			for b.Loop() {
				f.Coefficients(y, x)
				for i := range y {
					y[i] *= 1i
				}
				f.Sequence(x, y)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/path")
		})
	}
}
