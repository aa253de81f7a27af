package surface

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
)

// linear returns rows with known coefficients 0.3; 1.5, −2, 0.04 on predictors of very different size.
func linear(n int, noise float64, seed uint64) (x [][]float64, y []float64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for range n {
		row := []float64{rng.NormFloat64(), 1e-4 * rng.NormFloat64(), 50 + 100*rng.Float64()}
		x = append(x, row)
		y = append(y, 0.3+1.5*row[0]-2e4*row[1]+0.04*row[2]+noise*rng.NormFloat64())
	}
	return x, y
}

var linearSlope = []float64{1.5, -2e4, 0.04}

func TestRegressionRecoversKnownCoefficients(t *testing.T) {
	x, y := linear(200, 0, 1)
	for _, loss := range []RegressionLoss{SquaredLoss, HuberLoss} {
		c, err := FitRegression(x, y, RegressionSettings{Loss: loss, Ridge: 1e-300})
		if err != nil {
			t.Fatal(err)
		}
		for j, want := range linearSlope {
			if math.Abs(c.Slope[j]/want-1) > 1e-11 {
				t.Errorf("loss %d: slope %d is %.15g, want %g", loss, j, c.Slope[j], want)
			}
		}
		if math.Abs(c.Intercept-0.3) > 1e-10 || c.Scale > 1e-10 {
			t.Errorf("loss %d: intercept %.15g, scale %g", loss, c.Intercept, c.Scale)
		}
	}
}

// Ridge against its normal equations, solved by Cholesky's method.
func TestRidgeAgainstNormalEquations(t *testing.T) {
	x, y := linear(80, 1, 2)
	const ridge = 0.3
	c, err := FitRegression(x, y, RegressionSettings{Ridge: ridge})
	if err != nil {
		t.Fatal(err)
	}
	p, n := 3, len(y)
	mean, my := make([]float64, p), 0.0
	for i := range x {
		my += y[i] / float64(n)
		for j := range p {
			mean[j] += x[i][j] / float64(n)
		}
	}
	a, b := mat.NewSymDense(p, nil), mat.NewVecDense(p, nil)
	for i := range x {
		for j := range p {
			b.SetVec(j, b.AtVec(j)+(x[i][j]-mean[j])*(y[i]-my))
			for k := j; k < p; k++ {
				a.SetSym(j, k, a.At(j, k)+(x[i][j]-mean[j])*(x[i][k]-mean[k]))
			}
		}
	}
	for j := range p {
		a.SetSym(j, j, a.At(j, j)*(1+ridge))
	}
	var chol mat.Cholesky
	var want mat.VecDense
	if !chol.Factorize(a) {
		t.Fatal("not positive definite")
	}
	if err := chol.SolveVecTo(&want, b); err != nil {
		t.Fatal(err)
	}
	for j := range p {
		if math.Abs(c.Slope[j]/want.AtVec(j)-1) > 1e-9 {
			t.Errorf("slope %d is %.12g, want %.12g", j, c.Slope[j], want.AtVec(j))
		}
	}
}

func TestHuberWithstandsOutliers(t *testing.T) {
	x, y := linear(400, 0.1, 3)
	for i := 0; i < len(y); i += 10 { // a tenth is wild, to one side
		y[i] += 50
	}
	robust, err := FitRegression(x, y, RegressionSettings{Loss: HuberLoss})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := FitRegression(x, y, RegressionSettings{})
	if err != nil {
		t.Fatal(err)
	}
	if e := math.Abs(robust.Slope[0] - 1.5); e > 0.03 || math.Abs(plain.Slope[0]-1.5) < 3*e {
		t.Errorf("slope %g, without robustness %g, want 1.5", robust.Slope[0], plain.Slope[0])
	}
	if robust.Clipped < 40 || robust.Scale > 0.2 || plain.Scale < 10 {
		t.Errorf("%d clipped, scale %g and %g", robust.Clipped, robust.Scale, plain.Scale)
	}
	// The conditions of the minimum: Σψ(e)x = 0 with ψ clipped, up to the ridge.
	limit := 1.345 * robust.Scale
	var sum, size float64
	for i := range x {
		e := y[i] - robust.Predict(x[i])
		e = math.Max(-limit, math.Min(limit, e))
		sum += e * x[i][0]
		size += math.Abs(e * x[i][0])
	}
	if math.Abs(sum) > 1e-6*size {
		t.Errorf("not stationary: %g of %g", sum, size)
	}
}

func TestRegressionOfCollinearPredictors(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var x [][]float64
	var y []float64
	for range 100 {
		v := rng.NormFloat64()
		x = append(x, []float64{v, v, 7}) // twice the same, and a constant
		y = append(y, 1+3*v)
	}
	for _, loss := range []RegressionLoss{SquaredLoss, HuberLoss} {
		c, err := FitRegression(x, y, RegressionSettings{Loss: loss})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(c.Slope[0]-1.5) > 1e-6 || math.Abs(c.Slope[1]-1.5) > 1e-6 || c.Slope[2] != 0 || math.Abs(c.Intercept-1) > 1e-6 {
			t.Errorf("%+v", c)
		}
	}
	none, err := FitRegression([][]float64{{}, {}, {}}, []float64{1, 2, 6}, RegressionSettings{})
	if err != nil || math.Abs(none.Intercept-3) > 1e-15 {
		t.Errorf("no predictors: %+v, %v", none, err)
	}
}

// Rolling: the coefficients are those of the window, a change of the world is followed, and the error is the noise.
func TestRollingRegression(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	r := Regression{Window: 150}
	var xs [][]float64
	var ys []float64
	for i := range 1200 {
		x := []float64{2*rng.Float64() - 1, rng.NormFloat64()} // imbalance of a book, move of a future
		beta := 0.4
		if i >= 600 {
			beta = -0.2
		}
		y := beta*x[0] + 0.9*x[1] + 0.1*rng.NormFloat64()
		xs, ys = append(xs, x), append(ys, y)
		want, werr := r.Predict(x)
		got, err := r.Observe(x, y)
		if err != nil || werr == nil && got != want || werr != nil && (!errors.Is(werr, ErrTooFewObservations) || !math.IsNaN(got)) {
			t.Fatalf("%d: %g, %v; predicted %g, %v", i, got, err, want, werr)
		}
	}
	c, ok := r.Coefficients()
	batch, err := FitRegression(xs[1050:], ys[1050:], RegressionSettings{})
	if err != nil || !ok {
		t.Fatal(err)
	}
	for j := range c.Slope {
		if math.Abs(c.Slope[j]-batch.Slope[j]) > 1e-12 {
			t.Errorf("slope %d: rolling %.14g, batch %.14g", j, c.Slope[j], batch.Slope[j])
		}
	}
	if math.Abs(c.Slope[0]+0.2) > 0.05 || math.Abs(c.Slope[1]-0.9) > 0.05 {
		t.Errorf("%v after the change", c.Slope)
	}
	rep := r.Report()
	if rep.Observations != 150 || rep.Predictions != 1200-15 || rep.RMS < 0.1 || rep.RMS > 0.18 || rep.R2 < 0.95 {
		t.Errorf("%+v", rep)
	}
	// Of noise nothing is predicted out of sample, though the fit in sample looks better than none.
	var idle Regression
	idle.Window = 100
	for range 2000 {
		if _, err := idle.Observe([]float64{rng.NormFloat64(), rng.NormFloat64()}, rng.NormFloat64()); err != nil {
			t.Fatal(err)
		}
	}
	if rep := idle.Report(); rep.R2 > 0.005 || rep.R2 < -0.1 {
		t.Errorf("noise: %+v", rep)
	}
}

func TestRegressionRefuses(t *testing.T) {
	x, y := linear(10, 0, 1)
	for i, c := range []struct {
		x    [][]float64
		y    []float64
		s    RegressionSettings
		want error
	}{
		{x, y[:9], RegressionSettings{}, fault.ErrDomain}, {nil, nil, RegressionSettings{}, ErrTooFewObservations},
		{x[:3], y[:3], RegressionSettings{}, ErrTooFewObservations}, {x, y, RegressionSettings{Ridge: -1}, fault.ErrDomain},
		{x, y, RegressionSettings{Loss: 5}, fault.ErrDomain}, {x, y, RegressionSettings{Threshold: math.NaN()}, fault.ErrDomain},
		{[][]float64{{1}, {1, 2}, {3}}, y[:3], RegressionSettings{}, fault.ErrDomain},
		{[][]float64{{1}, {math.NaN()}, {3}}, y[:3], RegressionSettings{}, fault.ErrDomain},
		{[][]float64{{1}, {2}, {3}}, []float64{1, math.Inf(1), 2}, RegressionSettings{}, fault.ErrDomain},
	} {
		if _, err := FitRegression(c.x, c.y, c.s); !errors.Is(err, c.want) {
			t.Errorf("%d: %v", i, err)
		}
	}
	var r Regression
	if _, err := r.Observe([]float64{1, 2}, 3); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]float64{{1}, {1, math.NaN()}, {1, 2, 3}} {
		if _, err := r.Observe(bad, 1); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if n := r.Report().Observations; n != 1 {
		t.Errorf("%d observations", n)
	}
	for _, bad := range []Regression{{Window: -1}, {Every: -1}, {MinFit: -1}, {MinFit: 501}, {Window: 1}} {
		if _, err := bad.Observe([]float64{1}, 1); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if math.IsNaN((Coefficients{Slope: []float64{1}}).Predict([]float64{1, 2})) == false {
		t.Error("a prediction from too many predictors")
	}
}

func FuzzRegression(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, uint8(0))
	f.Add([]byte{0, 0, 0, 0, 255, 255, 128, 1, 0, 0, 0, 9}, uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, kind uint8) {
		r := Regression{Window: 8, Settings: RegressionSettings{Loss: RegressionLoss(kind % 2), NoIntercept: kind&2 != 0}}
		size := math.Pow(10, float64(int8(kind)))
		for len(data) >= 3 {
			x := []float64{float64(data[0]) - 128, size * (float64(data[1]) - 128)}
			if _, err := r.Observe(x, float64(data[2])-128); err != nil && !errors.Is(err, fault.ErrDomain) {
				t.Fatalf("%v is of no type", err)
			}
			if c, ok := r.Coefficients(); ok && (math.IsNaN(c.Intercept+c.Slope[0]) || math.IsInf(c.Slope[1], 0) || math.IsNaN(c.Slope[1])) {
				t.Fatalf("%+v", c)
			}
			data = data[3:]
		}
	})
}

func BenchmarkRegression(b *testing.B) {
	for _, loss := range []RegressionLoss{SquaredLoss, HuberLoss} {
		b.Run([]string{"squared", "huber"}[loss], func(b *testing.B) {
			x, y := linear(1000, 0.1, 9)
			r := Regression{Settings: RegressionSettings{Loss: loss}}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				_, _ = r.Observe(x[i%1000], y[i%1000])
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "observations/s")
		})
	}
}
