package calibrate

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// recovers fits a family to its own prices from parameters that are off.
func recovers[M model.Parametric[M]](t *testing.T, name string, world M, start []float64, tol float64) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		q := syntheticQuotes(t, world)
		for _, target := range []Target{Prices, Volatilities} {
			got, _, err := Transform(context.Background(), q, world.WithParameters(start), TransformSettings{Target: target})
			if err != nil {
				t.Fatalf("%v: %v", target, err)
			}
			checkParameters(t, got, world, tol)
		}
	})
}

func TestTransformRecoversEveryFamily(t *testing.T) {
	market := model.Market{Spot: 100, Discount: curve.Flat(0.03), Carry: curve.Flat(0.01)}
	jumps := model.Jumps{Lambda: 0.5, MuJ: -0.15, SigmaJ: 0.12}
	recovers(t, "Merton", model.Merton{Market: market, Jumps: jumps, Sigma: 0.17}, []float64{0.25, 0.3, -0.05, 0.2}, 1e-6)
	recovers(t, "Kou", model.Kou{Market: market, Sigma: 0.16, Lambda: 1, P: 0.4, Eta1: 10, Eta2: 5}, []float64{0.2, 0.7, 0.5, 14, 7}, 1e-5)
	recovers(t, "VarianceGamma", model.VarianceGamma{Market: market, Sigma: 0.2, Nu: 0.05, Theta: -0.14}, []float64{0.3, 0.1, 0}, 1e-6)
	recovers(t, "NIG", model.NIG{Market: market, Alpha: 15, Beta: -5, Delta: 0.5}, []float64{10, -1, 0.4}, 1e-6)
	recovers(t, "CGMY", model.CGMY{Market: market, C: 0.5, G: 5, M: 9, Y: 0.8}, []float64{0.7, 6, 7, 0.6}, 1e-5)
	recovers(t, "Bates", model.Bates{Heston: hestonWorlds[0].WithSpot(100), Jumps: jumps},
		[]float64{0.05, 1, 0.05, 0.4, -0.5, 0.3, -0.1, 0.15}, 1e-5)
}

// Prices and their derivatives of the fit's quadrature against Lewis's engine and against differences.
func TestTransformNodes(t *testing.T) {
	for i, world := range hestonWorlds {
		q := syntheticQuotes(t, world)
		f := &transformFit{fn: "test", quotes: q, world: world, settings: TransformSettings{Target: Prices}}
		if err := f.prepare(); err != nil {
			t.Fatal(err)
		}
		r, jac := make([]float64, f.n), make([]float64, 5*f.n)
		x := world.ParameterValues()
		f.tol = 1e-10
		f.sharpen(world)
		f.evaluate(r, jac, x, world)
		for k, v := range r {
			if !(math.Abs(v) <= 1e-10*world.Spot) {
				t.Errorf("%d: %s: error %.3g", i, f.name(k), v)
			}
		}
		up, down := make([]float64, f.n), make([]float64, f.n)
		for j, p := range f.names {
			h := 1e-5 * math.Max(math.Abs(x[j]), 0.01)
			moved := append([]float64(nil), x...)
			moved[j] = x[j] + h
			f.evaluate(up, nil, moved, world.WithParameters(moved))
			moved[j] = x[j] - h
			f.evaluate(down, nil, moved, world.WithParameters(moved))
			for k := range r {
				want := (up[k] - down[k]) / (2 * h)
				if e := math.Abs(jac[5*k+j] - want); !(e <= 1e-6*(math.Abs(want)+0.1)) {
					t.Errorf("%d: %s: derivative by %s is %.10g, want %.10g", i, f.name(k), p, jac[5*k+j], want)
				}
			}
		}
	}
}

// The order of the quotes, the right in which they are quoted and whether they are prices or volatilities change nothing.
func TestTransformIsTheSameHoweverQuoted(t *testing.T) {
	q, market := daxQuotes()
	start := model.Heston{Market: market, V0: 0.1, Kappa: 1, Theta: 0.1, Sigma: 0.5, Rho: -0.5}
	ctx := context.Background()
	want, _, err := Heston(ctx, q, start, TransformSettings{})
	if err != nil {
		t.Fatal(err)
	}
	var shuffled OptionQuotes
	for n, i := range rand.New(rand.NewPCG(3, 4)).Perm(len(q.Strike)) {
		right := []pricing.Right{pricing.Call, pricing.Put}[n%2]
		f, d := market.Forward(q.Expiry[i]), market.DiscountFactor(q.Expiry[i])
		price := black76(right, f, q.Strike[i], q.Vol[i], q.Expiry[i], d)
		shuffled.Expiry, shuffled.Strike = append(shuffled.Expiry, q.Expiry[i]), append(shuffled.Strike, q.Strike[i])
		shuffled.Right, shuffled.Price = append(shuffled.Right, right), append(shuffled.Price, price)
	}
	got, sol, err := Heston(ctx, shuffled, start, TransformSettings{})
	if err != nil {
		t.Fatal(err)
	}
	checkParameters(t, got, want, 1e-6)
	for i, r := range sol.Residuals {
		vol := impliedOf(t, got, shuffled.Strike[i], shuffled.Expiry[i])
		quoted := impliedVolOf(shuffled, market, i)
		if e := math.Abs(vol - quoted - r); !(e <= 1e-8) {
			t.Errorf("quote %d: residual %.10g, want %.10g", i, r, vol-quoted)
		}
	}
}

// Weights are those of the quotes times the scheme.
func TestTransformWeights(t *testing.T) {
	q, market := daxQuotes()
	n := len(q.Strike)
	q.Weight, q.Spread = make([]float64, n), make([]float64, n)
	for i := range n {
		q.Weight[i], q.Spread[i] = 1+0.01*float64(i), 0.01+1e-4*float64(i)
	}
	start := model.Heston{Market: market, V0: 0.1, Kappa: 1, Theta: 0.1, Sigma: 0.5, Rho: -0.5}
	for _, target := range []Target{Volatilities, Prices} {
		for _, weighting := range []Weighting{EqualWeights, VegaWeights, BidAskWeights} {
			got, sol, err := Heston(context.Background(), q, start, TransformSettings{Target: target, Weighting: weighting})
			if err != nil {
				t.Fatalf("%v %v: %v", target, weighting, err)
			}
			for i, r := range sol.Residuals {
				f, d, years := market.Forward(q.Expiry[i]), market.DiscountFactor(q.Expiry[i]), q.Expiry[i]
				vol := impliedOf(t, got, q.Strike[i], years)
				want := vol - q.Vol[i]
				if target == Prices {
					want = black76(pricing.Call, f, q.Strike[i], vol, years, d) - black76(pricing.Call, f, q.Strike[i], q.Vol[i], years, d)
				}
				switch weighting {
				case BidAskWeights:
					want /= q.Spread[i]
				case VegaWeights:
					d1 := math.Log(f/q.Strike[i])/(q.Vol[i]*math.Sqrt(years)) + 0.5*q.Vol[i]*math.Sqrt(years)
					vega := d * f * math.Sqrt(years) / math.Sqrt(2*math.Pi) * math.Max(math.Exp(-0.5*d1*d1), 0.01)
					if target == Prices {
						want /= vega
					} else {
						want *= vega
					}
				}
				want *= q.Weight[i]
				if e := math.Abs(r - want); !(e <= 1e-6*(math.Abs(want)+1e-2)) {
					t.Fatalf("%v %v quote %d: residual %.10g, want %.10g", target, weighting, i, r, want)
				}
			}
		}
	}
}

// A robust loss gives wrong quotes no say.
func TestTransformRobust(t *testing.T) {
	world := hestonWorlds[2]
	q := syntheticQuotes(t, world)
	q.Vol = make([]float64, len(q.Price))
	for i := range q.Price {
		q.Vol[i] = impliedVolOf(q, world.Market, i)
	}
	q.Price = nil
	q.Vol[20], q.Vol[58] = 0.9, 0.15
	got, _, err := Heston(context.Background(), q, model.Heston{Market: world.Market}, TransformSettings{Loss: Loss{Kind: Cauchy, Scale: 1e-4}})
	if err != nil {
		t.Fatal(err)
	}
	checkParameters(t, got, world, 1e-4)
}

// Quotes that no model comes near give the best point or an error, and never NaN.
func TestTransformWildQuotes(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 12))
	for range 40 {
		base := math.Exp(0.7*rng.NormFloat64() - 1.5)
		var q OptionQuotes
		for _, years := range []float64{0.02, 0.3, 2} {
			for range 4 {
				v := base * math.Exp(0.5*rng.NormFloat64())
				q.Expiry, q.Vol = append(q.Expiry, years), append(q.Vol, v)
				q.Strike = append(q.Strike, 100*math.Exp(1.5*rng.NormFloat64()*base*math.Sqrt(years)))
			}
		}
		got, sol, err := Heston(context.Background(), q, model.Heston{Market: model.Market{Spot: 100}}, TransformSettings{Solver: LevenbergMarquardt{MaxEvaluations: 200}})
		for j, x := range got.ParameterValues() {
			if math.IsNaN(x) {
				t.Errorf("%s is NaN", got.Parameters()[j])
			}
		}
		switch {
		case errors.Is(err, fault.ErrDomain):
		case len(sol.X) != 5:
			t.Errorf("no solution: %v", err)
		case err == nil && math.IsNaN(sol.RMS()):
			t.Error("residuals that are NaN and no error")
		}
	}
}

// Short-dated variance gamma, whose characteristic function decays like a small power, is out of reach of nodes on a line: the
// fit says so, and goes through where less is asked for.
func TestTransformSaysWhereItIsNotAccurate(t *testing.T) {
	world := model.VarianceGamma{Market: model.Market{Spot: 100}, Sigma: 0.2, Nu: 0.2, Theta: -0.14}
	q := syntheticQuotes(t, world)
	start := world.WithParameters([]float64{0.3, 0.3, 0})
	got, _, err := Transform(context.Background(), q, start, TransformSettings{Target: Prices})
	var accuracy *fourier.AccuracyError
	if !errors.As(err, &accuracy) || accuracy.Expiry != 1.0/12 {
		t.Errorf("want an AccuracyError for the first expiry, got %v", err)
	}
	checkParameters(t, got, world, 1e-5)
	got, _, err = Transform(context.Background(), q, start, TransformSettings{Target: Prices, Tol: 1e-5})
	if err != nil {
		t.Error(err)
	}
	checkParameters(t, got, world, 1e-3)
}

// A fit that is drawn to an earlier one moves toward it, and without quotes that could tell stays there.
func TestTransformPrevious(t *testing.T) {
	world := hestonWorlds[0]
	q := syntheticQuotes(t, world)
	previous := perturbed(world).ParameterValues()
	distance := math.Inf(1)
	for _, stiff := range []float64{0, 0.01, 1, 1e6} {
		s := TransformSettings{Previous: previous, Stiffness: []float64{stiff, stiff, stiff, stiff, stiff}}
		got, sol, err := Heston(context.Background(), q, world, s)
		if err != nil {
			t.Fatal(err)
		}
		if len(sol.Residuals) != len(q.Strike)+5 {
			t.Fatalf("%d residuals", len(sol.Residuals))
		}
		d := math.Abs(got.Kappa - previous[1])
		if !(d < distance) {
			t.Errorf("stiffness %g: κ is %g away from the previous fit, before %g", stiff, d, distance)
		}
		distance = d
	}
	if !(distance < 1e-6) {
		t.Errorf("κ is %g away from the previous fit", distance)
	}
	one := OptionQuotes{Expiry: []float64{1}, Strike: []float64{100}, Vol: []float64{0.21}}
	got, _, err := Heston(context.Background(), one, world, TransformSettings{Previous: world.ParameterValues(), Stiffness: []float64{1, 1, 1, 1, 1}})
	if err != nil {
		t.Fatal(err)
	}
	checkParameters(t, got, world, 0.05)
}

// Bounds hold parameters, and what is held has no standard error.
func TestTransformBounds(t *testing.T) {
	q, market := daxQuotes()
	lower, upper := model.Heston{}.ParameterBounds()
	lower[1], upper[1] = 2, 2
	upper[3] = 0.7
	start := model.Heston{Market: market, V0: 0.1, Kappa: 2, Theta: 0.1, Sigma: 0.5, Rho: -0.5}
	got, sol, err := Heston(context.Background(), q, start, TransformSettings{Lower: lower, Upper: upper})
	if err != nil {
		t.Fatal(err)
	}
	if got.Kappa != 2 || !(got.Sigma <= 0.7) {
		t.Errorf("κ = %g, σ = %g", got.Kappa, got.Sigma)
	}
	d, err := sol.Diagnostics()
	if err != nil {
		t.Fatal(err)
	}
	if d.StdErr[1] != 0 || !(d.StdErr[0] > 0) {
		t.Errorf("standard errors %v", d.StdErr)
	}
}

// Noise in the quotes moves the parameters by about their standard errors.
func TestTransformStandardErrors(t *testing.T) {
	world := hestonWorlds[2]
	clean := syntheticQuotes(t, world)
	clean.Vol = make([]float64, len(clean.Price))
	for i := range clean.Price {
		clean.Vol[i] = impliedVolOf(clean, world.Market, i)
	}
	clean.Price = nil
	rng := rand.New(rand.NewPCG(9, 9))
	const trials = 100
	sum := make([]float64, 5)
	for range trials {
		q := clean
		q.Vol = append([]float64(nil), clean.Vol...)
		for i := range q.Vol {
			q.Vol[i] += 2e-4 * rng.NormFloat64()
		}
		got, sol, err := Heston(context.Background(), q, world, TransformSettings{})
		if err != nil {
			t.Fatal(err)
		}
		d, err := sol.Diagnostics()
		if err != nil {
			t.Fatal(err)
		}
		for j, x := range got.ParameterValues() {
			z := (x - world.ParameterValues()[j]) / d.StdErr[j]
			sum[j] += z * z / trials
		}
	}
	for j, v := range sum {
		if !(v > 0.6 && v < 1.6) {
			t.Errorf("%s errs with %g times the variance stated", world.Parameters()[j], v)
		}
	}
}

func TestTransformRefuses(t *testing.T) {
	world := hestonWorlds[0]
	good := func() OptionQuotes {
		q := OptionQuotes{}
		for _, k := range []float64{90, 100, 110} {
			for _, years := range []float64{0.5, 1} {
				q.Expiry, q.Strike, q.Vol = append(q.Expiry, years), append(q.Strike, k), append(q.Vol, 0.2)
			}
		}
		return q
	}
	for _, c := range []struct {
		name   string
		change func(*OptionQuotes, *TransformSettings)
		want   string
		is     error
	}{
		{"no quotes", func(q *OptionQuotes, _ *TransformSettings) { *q = OptionQuotes{} }, "Strike", fault.ErrDomain},
		{"too few", func(q *OptionQuotes, _ *TransformSettings) {
			q.Expiry, q.Strike, q.Vol = q.Expiry[:4], q.Strike[:4], q.Vol[:4]
		}, "at least 5", fault.ErrDomain},
		{"one strike", func(q *OptionQuotes, _ *TransformSettings) {
			for i := range q.Strike {
				q.Strike[i] = 100
			}
		}, "not the same for all", fault.ErrDomain},
		{"neither", func(q *OptionQuotes, _ *TransformSettings) { q.Vol = nil }, "Price and Vol", fault.ErrDomain},
		{"columns", func(q *OptionQuotes, _ *TransformSettings) { q.Expiry = q.Expiry[1:] }, "length of Expiry", fault.ErrDomain},
		{"expiry", func(q *OptionQuotes, _ *TransformSettings) { q.Expiry[3] = 0 }, "Expiry of quote 3", fault.ErrDomain},
		{"strike", func(q *OptionQuotes, _ *TransformSettings) { q.Strike[2] = math.NaN() }, "Strike of quote 2", fault.ErrDomain},
		{"volatility", func(q *OptionQuotes, _ *TransformSettings) { q.Vol[1] = -0.2 }, "Vol of quote 1 (expiry 1, strike 90)", fault.ErrDomain},
		{"no weight", func(q *OptionQuotes, _ *TransformSettings) { q.Weight = []float64{1, 1, 0, 1, 1, 1} }, "Weight of quote 2", fault.ErrDomain},
		{"endless weight", func(q *OptionQuotes, _ *TransformSettings) { q.Weight = []float64{1, 1, 1, 1, 1, math.Inf(1)} }, "Weight of quote 5", fault.ErrDomain},
		{"spread", func(q *OptionQuotes, s *TransformSettings) { s.Weighting = BidAskWeights }, "length of Spread", fault.ErrDomain},
		{"price too low", func(q *OptionQuotes, _ *TransformSettings) {
			q.Vol, q.Price = nil, []float64{15, 15, 5, 8, 0, 3}
		}, "quote 4 (expiry 0.5, strike 110)", nil},
		{"price below intrinsic", func(q *OptionQuotes, _ *TransformSettings) {
			q.Vol, q.Price = nil, []float64{5, 15, 5, 8, 2, 3}
		}, "quote 0 (expiry 0.5, strike 90)", pricing.ErrBelowIntrinsic},
		{"price above the spot", func(q *OptionQuotes, _ *TransformSettings) {
			q.Vol, q.Price = nil, []float64{15, 15, 5, 101, 2, 3}
		}, "quote 3 (expiry 1, strike 100)", pricing.ErrAboveMaximum},
		{"right", func(q *OptionQuotes, _ *TransformSettings) { q.Right = make([]pricing.Right, 6) }, "Right of quote 0", fault.ErrDomain},
		{"bounds", func(_ *OptionQuotes, s *TransformSettings) {
			s.Lower, s.Upper = []float64{0, 2, 0, 0, -1}, []float64{1, 1, 1, 1, 1}
		}, "bounds of Kappa", fault.ErrDomain},
		{"number of bounds", func(_ *OptionQuotes, s *TransformSettings) { s.Lower = []float64{0} }, "length of Lower", fault.ErrDomain},
		{"tolerance", func(_ *OptionQuotes, s *TransformSettings) { s.Tol = 1e-15 }, "Tol", fault.ErrDomain},
		{"stiffness", func(_ *OptionQuotes, s *TransformSettings) { s.Previous = make([]float64, 5) }, "Stiffness", fault.ErrDomain},
		{"target", func(_ *OptionQuotes, s *TransformSettings) { s.Target = 7 }, "Target", fault.ErrDomain},
		{"too far out", func(q *OptionQuotes, _ *TransformSettings) { q.Strike[5] = 1e4 }, "strike 10000", fault.ErrDomain},
	} {
		q, s := good(), TransformSettings{}
		c.change(&q, &s)
		_, _, err := Heston(context.Background(), q, world, s)
		if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: want an error with %q, got %v", c.name, c.want, err)
		}
	}
	bad := world
	bad.Rho = 2
	if _, _, err := Heston(context.Background(), good(), bad, TransformSettings{}); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("ρ = 2: %v", err)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Heston(cancelled, good(), world, TransformSettings{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	_, sol, err := Heston(context.Background(), syntheticQuotes(t, world), perturbed(world), TransformSettings{Solver: LevenbergMarquardt{MaxEvaluations: 3}})
	if !errors.Is(err, ErrNotConverged) || !strings.Contains(err.Error(), "expiry") || len(sol.X) != 5 {
		t.Errorf("three evaluations: %v", err)
	}
}

func black76(right pricing.Right, f, k, vol, years, d float64) float64 {
	return black.Black76{Right: right, Forward: f, Strike: k, Vol: vol, Tau: years, Discount: d}.Price()
}

func impliedVol(right pricing.Right, price, f, k, years, d float64) float64 {
	return black.ImpliedTotalVol(right, price/d, f, k) / math.Sqrt(years)
}

// impliedOf is the volatility of a model by Lewis's engine.
func impliedOf(t *testing.T, m model.Heston, strike, years float64) float64 {
	t.Helper()
	right := pricing.Put
	if strike > m.Forward(years) {
		right = pricing.Call
	}
	r, err := fourier.Lewis{ValueOnly: true}.Price(context.Background(), pricing.Vanilla{Right: right, Strike: strike, Expiry: years}, m)
	if err != nil {
		t.Fatal(err)
	}
	return impliedVol(right, r.Value, m.Forward(years), strike, years, m.DiscountFactor(years))
}

// impliedVolOf is the volatility of a quote that is a price.
func impliedVolOf(q OptionQuotes, m model.Market, i int) float64 {
	right := pricing.Call
	if q.Right != nil {
		right = q.Right[i]
	}
	return impliedVol(right, q.Price[i], m.Forward(q.Expiry[i]), q.Strike[i], q.Expiry[i], m.DiscountFactor(q.Expiry[i]))
}
