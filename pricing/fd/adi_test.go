package fd

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// gridError is the largest difference, over the prices within a third of the strike and the variances up to four times the
// long run's, between the values of two time grids on one grid in space.
func gridError(a, b []float64, w *adiSpace, strike, theta float64) float64 {
	worst := 0.0
	for i, x := range w.x {
		if x < 2./3*strike || x > 4./3*strike {
			continue
		}
		for j, v := range w.y {
			if v <= 4*theta {
				worst = math.Max(worst, math.Abs(a[i*w.m+j]-b[i*w.m+j]))
			}
		}
	}
	return worst
}

// backwards returns the values today, on a grid of its own, after n steps.
func backwards(t *testing.T, w *adiSpace, c *claim2, s ADIScheme, n int) []float64 {
	t.Helper()
	if err := w.grid(c, 100, 50); err != nil {
		t.Fatal(err)
	}
	w.mature(c)
	weights := s.weights(false)
	dt := c.expiry / float64(n)
	for k := range n {
		wt, halves := &weights, 1
		if k < 2 {
			wt, halves = &damping, 2
		}
		for range halves {
			if err := w.prepare(c, 0, dt/float64(halves), dt/float64(halves), wt.theta); err != nil {
				t.Fatal(err)
			}
			w.step(wt, false, 0, 0)
		}
	}
	values := make([]float64, w.n*w.m)
	for i := range w.n {
		copy(values[i*w.m:], w.row(w.u, i, 0))
	}
	return values
}

// The error in time alone, on the grid of in 't Hout and Foulon's four cases with their correlations: of first order for
// Douglas, of second for the others.
func TestOrderInTime(t *testing.T) {
	for i, f := range foulon {
		put := pricing.Vanilla{Right: pricing.Put, Strike: 100, Expiry: f.expiry}
		c := &claim2{world: f.world, second: f.world.Second(), spot: 100, expiry: f.expiry, terminal: put}
		var w adiSpace
		exact := backwards(t, &w, c, ModifiedCraigSneyd, 2000)
		for s := HundsdorferVerwer; s <= Douglas; s++ {
			coarse := gridError(backwards(t, &w, c, s, 80), exact, &w, 100, f.world.Theta)
			fine := gridError(backwards(t, &w, c, s, 320), exact, &w, 100, f.world.Theta)
			order := math.Log2(coarse/fine) / 2
			t.Logf("case %d, %v: errors %.2g and %.2g, order %.2f", i+1, s, coarse, fine, order)
			low, high := 1.8, 2.4
			if s == Douglas && math.Abs(f.world.Rho*f.world.Sigma) > 0.1 {
				low, high = 0.9, 1.3
			} else if s == Douglas {
				low, high = 0.9, 2.4 // where the mixed derivative is small, its first order shows late
			}
			if !(order > low && order < high) {
				t.Errorf("case %d, %v: order %.2f, want from %g to %g", i+1, s, order, low, high)
			}
		}
	}
}

// Early exercise at any time costs some of the order in time, but not all.
func TestOrderInTimeOfEarlyExercise(t *testing.T) {
	for i, f := range foulon {
		put := pricing.American{Right: pricing.Put, Strike: 105, Expiry: f.expiry}
		at := func(n int) float64 {
			return priced2(t, ADI{TimeSteps: n, SpotSteps: 100, SecondSteps: 40, Single: true}, put, f.world).Value
		}
		exact := at(2000)
		coarse, fine := math.Abs(at(25)-exact), math.Abs(at(200)-exact)
		order := math.Log2(coarse/fine) / 3
		t.Logf("case %d: errors %.2g and %.2g, order %.2f", i+1, coarse, fine, order)
		if !(order > 0.9 && coarse < 1e-2) {
			t.Errorf("case %d: errors %.2g and %.2g, order %.2f", i+1, coarse, fine, order)
		}
	}
}

// The error in space: of second order.
func TestOrderInSpace(t *testing.T) {
	for i, f := range foulon {
		put := pricing.Vanilla{Right: pricing.Put, Strike: 100, Expiry: f.expiry}
		want := priced2(t, fourier.Lewis{}, put, f.world).Value
		at := func(n int) float64 {
			r := priced2(t, ADI{TimeSteps: 400, SpotSteps: 2 * n, SecondSteps: n, Single: true}, put, f.world)
			return math.Abs(r.Value - want)
		}
		coarse, fine := at(25), at(100)
		order := math.Log2(coarse/fine) / 2
		t.Logf("case %d: errors %.2g and %.2g, order %.2f", i+1, coarse, fine, order)
		if !(order > 1.8 && order < 2.3) {
			t.Errorf("case %d: order %.2f, want 2", i+1, order)
		}
	}
}

// Two workers give the bits of one.
func TestWorkersGiveTheSameBits(t *testing.T) {
	f := foulon[0]
	for _, in := range []pricing.Instrument{
		pricing.Vanilla{Right: pricing.Call, Strike: 105, Expiry: f.expiry},
		pricing.American{Right: pricing.Put, Strike: 105, Expiry: f.expiry},
		ruledOut{pricing.Vanilla{Right: pricing.Call, Strike: 105, Expiry: f.expiry}, []pricing.Barrier{{Level: 80, Rebate: 2}}},
	} {
		for _, n := range []int{40, 41, 57} {
			e := ADI{TimeSteps: 10, SpotSteps: n, SecondSteps: n / 3}
			one := priced2(t, e, in, f.world)
			e.Workers = 2
			if two := priced2(t, e, in, f.world); one != two {
				t.Errorf("%T, %d intervals: one worker %+v, two %+v", in, n, one, two)
			}
		}
	}
}

// Every variant of the kernels gives the bits of the portable one, on rows of every length.
func TestVariantsGiveTheSameBits(t *testing.T) {
	f := foulon[2]
	for _, in := range []pricing.Instrument{
		pricing.Vanilla{Right: pricing.Call, Strike: 105, Expiry: f.expiry}, pricing.American{Right: pricing.Put, Strike: 105, Expiry: f.expiry},
	} {
		for s := HundsdorferVerwer; s <= Douglas; s++ {
			for m := 4; m < 24; m++ {
				e := ADI{Scheme: s, TimeSteps: 6, SpotSteps: 20, SecondSteps: m, Single: true}
				restore := vec.Force(vec.Generic)
				want := priced2(t, e, in, f.world)
				for _, v := range vec.Available() {
					vec.Force(v)
					if got := priced2(t, e, in, f.world); got != want {
						t.Errorf("%T, %v, %d columns, %v: %+v, want %+v", in, s, m, v, got, want)
					}
				}
				restore()
			}
		}
	}
}

// Small grids, small expiries and degenerate parameters give finite prices within their bounds.
func TestDegenerateWorlds(t *testing.T) {
	for _, m := range []model.Heston{
		hestonWorld(0.02, 0.01, 0, 1, 0.04, 0.5, -0.5),
		hestonWorld(0.02, 0.01, 0.04, 0, 0, 0.5, -0.5),
		hestonWorld(0.02, 0.01, 0.04, 0, 0.04, 0, 0),
		hestonWorld(0.02, 0.01, 0.04, 1, 0.09, 0, 0.3),
		hestonWorld(0, 0, 0.04, 1, 0.04, 0.3, 1),
		hestonWorld(0, 0, 0.04, 1, 0.04, 0.3, -1),
		hestonWorld(0.02, 0, 0.04, 5, 0.04, 3, -0.9),
		hestonWorld(-0.02, 0.05, 1e-6, 1, 0.04, 0.1, 0.9),
	} {
		for _, expiry := range []float64{1. / 365, 0.5, 10} {
			call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: expiry}
			want := priced2(t, fourier.Lewis{}, call, m).Value
			got := priced2(t, ADI{}, call, m).Value
			// The hardest of these, violent variances over long times, is met to some hundredths.
			if !(math.Abs(got-want) < 0.02) {
				t.Errorf("%+v, %g years: %.6f, want %.6f", m, expiry, got, want)
			}
			t.Logf("v0 %g kappa %g sigma %g rho %g, %g years: %.6f, off by %.1e", m.V0, m.Kappa, m.Sigma, m.Rho, expiry, want, got-want)
		}
	}
}

// The claim of the engine at random parameters, and that nothing else is claimed silently.
func TestADIAtRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	worst := 0.0
	for range 60 {
		m := hestonWorld(0.1*rnd.Float64()-0.02, 0.05*rnd.Float64(), 0.002+0.3*rnd.Float64()*rnd.Float64(), math.Exp(3*rnd.Float64()-1),
			0.01+0.2*rnd.Float64()*rnd.Float64(), 2*math.Exp(-5*rnd.Float64()), 1.96*rnd.Float64()-0.98)
		expiry := math.Exp(-6 + 8*rnd.Float64())
		strike := 100 * math.Exp(math.Sqrt(m.V0*expiry)*(3*rnd.Float64()-1.5))
		put := pricing.Vanilla{Right: pricing.Put, Strike: strike, Expiry: expiry}
		want, err := fourier.Lewis{}.Price(t.Context(), put, m)
		if err != nil {
			continue
		}
		got, err := ADI{}.Price(t.Context(), put, m)
		if errors.Is(err, ErrAccuracy) {
			t.Logf("refused: %v", err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		off, claim := math.Abs(got.Value-want.Value)/m.Spot, 1e-3
		if ratio, _ := m.Feller(); ratio > 0.3 && expiry < 10 {
			claim = 1e-5
			worst = math.Max(worst, off)
		}
		if !(off <= claim) {
			t.Errorf("%+v, strike %g, %g years: %.6f, want %.6f: off by %.1e of the spot, claimed %.0e", m, strike, expiry, got.Value, want.Value, off, claim)
		}
	}
	t.Logf("worst error where Feller's ratio is above 0.3: %.1e of the spot", worst)
}

// digital pays one above its strike.
type digital struct{ strike, expiry float64 }

func (d digital) Validate() error   { return nil }
func (d digital) Maturity() float64 { return d.expiry }
func (d digital) Kinks() []float64  { return []float64{d.strike} }
func (d digital) PayoffTo(dst, spot []float64) {
	for i, s := range spot {
		dst[i] = 0
		if s > d.strike {
			dst[i] = 1
		}
	}
}

// A payoff that jumps: a digital is minus the slope of calls by strike.
func TestADIDigital(t *testing.T) {
	for i, f := range foulon {
		const h = 0.01
		at := func(k float64) float64 {
			return priced2(t, fourier.Lewis{}, pricing.Vanilla{Right: pricing.Call, Strike: k, Expiry: f.expiry}, f.world).Value
		}
		want := (at(100-h) - at(100+h)) / (2 * h)
		for s := HundsdorferVerwer; s <= CraigSneyd; s++ {
			r := priced2(t, ADI{Scheme: s}, digital{100, f.expiry}, f.world)
			if math.Abs(r.Value-want) > 2e-4 {
				t.Errorf("case %d, %v: %.6f, want %.6f", i+1, s, r.Value, want)
			}
		}
	}
}

// FuzzADI looks for worlds and contracts that make the engine panic or return what is not a number.
func FuzzADI(f *testing.F) {
	f.Add(0.04, 1.5, 0.04, 0.3, -0.9, 1.0, 100.0, 80.0, uint8(0))
	f.Add(0.0, 0.0, 0.0, 0.0, 1.0, 1e-9, 1e-3, 1e9, uint8(1))
	f.Add(4.0, 100.0, 1e-9, 50.0, -1.0, 100.0, 1e7, 99.999, uint8(2))
	f.Add(1e-12, 1e-9, 2.0, 1e-9, 0.5, 0.5, 100.0, 101.0, uint8(3))
	f.Fuzz(func(t *testing.T, v0, kappa, theta, sigma, rho, expiry, strike, level float64, kind uint8) {
		m := hestonWorld(0.03, 0.01, v0, kappa, theta, sigma, rho)
		opt := pricing.Vanilla{Right: pricing.Put, Strike: strike, Expiry: expiry}
		var in pricing.Instrument
		switch kind % 4 {
		case 0:
			in = opt
		case 1:
			in = pricing.American(opt)
		case 2:
			in = ruledOut{opt, []pricing.Barrier{{Level: level, Up: level > 100, In: kind > 100, Rebate: 1}}}
		default:
			in = ruledOut{opt, []pricing.Barrier{{Level: level, Up: level > 100, Dates: []float64{expiry / 3, expiry}}}}
		}
		r, err := ADI{TimeSteps: 8, SpotSteps: 24, SecondSteps: 8}.Price(t.Context(), in, m)
		if err == nil && (math.IsNaN(r.Value) || math.IsInf(r.Value, 0) || math.IsNaN(r.Delta) || math.IsNaN(r.Gamma) || math.IsNaN(r.Theta)) {
			t.Errorf("%+v, %+v: %+v", m, in, r)
		}
	})
}

func TestADIRefuses(t *testing.T) {
	world := foulon[0].world
	put := pricing.Vanilla{Right: pricing.Put, Strike: 100, Expiry: 1}
	reached := ruledOut{put, []pricing.Barrier{{Level: 120}}}
	jumping := model.Bates{Heston: world, Jumps: model.Jumps{Lambda: 1, SigmaJ: 0.1}}
	broken := model.StochasticLocalVol{Variance: world, Leverage: model.LocalVarianceFunc(func(k, t float64) float64 { return math.NaN() })}
	for _, c := range []struct {
		e     ADI
		in    pricing.Instrument
		m     pricing.Model
		field string // empty means unsupported
	}{
		{ADI{SpotSteps: 3}, put, world, "SpotSteps"},
		{ADI{SecondSteps: -1}, put, world, "SecondSteps"},
		{ADI{TimeSteps: 1e6}, put, world, "TimeSteps"},
		{ADI{SpotSteps: 20000, SecondSteps: 20000}, put, world, "SpotSteps*SecondSteps"},
		{ADI{Scheme: 9}, put, world, "Scheme"},
		{ADI{Damping: 9}, put, world, "Damping"},
		{ADI{Workers: 3}, put, world, "Workers"},
		{ADI{}, reached, world, "Barriers[0].Level"},
		{ADI{}, put, model.Heston{}, "Spot"},
		{ADI{}, pricing.Vanilla{Right: pricing.Put, Strike: math.NaN(), Expiry: 1}, world, "Strike"},
		{ADI{}, put, broken, ""},
		{ADI{}, put, jumping, ""},
		{ADI{}, put, model.BlackScholes{Spot: 100, Vol: model.FlatVol(0.2)}, ""},
		{ADI{}, onPair{expiry: 1}, world, ""},
	} {
		_, err := c.e.Price(t.Context(), c.in, c.m)
		var bad *pricing.ArgError
		switch {
		case err == nil:
			t.Errorf("%+v, %+v: no error", c.e, c.in)
		case c.field == "" && !errors.Is(err, pricing.ErrUnsupported) && !errors.Is(err, pricing.ErrDomain):
			t.Errorf("%v: of no known kind", err)
		case c.field != "" && (!errors.As(err, &bad) || bad.Arg != c.field):
			t.Errorf("%v: want one that names %s", err, c.field)
		}
	}
}

// cancelled is a context that is cancelled when it is asked the n-th time.
type cancelled struct {
	context.Context
	left int
}

func (c *cancelled) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestADIStopsWhenCancelled(t *testing.T) {
	ctx := &cancelled{context.Background(), 20}
	put := pricing.American{Right: pricing.Put, Strike: 100, Expiry: 1}
	if _, err := (ADI{TimeSteps: 1000, Workers: 2}).Price(ctx, put, foulon[0].world); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want cancelled", err)
	}
	if ctx.left < -2 {
		t.Errorf("asked %d times after the cancellation", -ctx.left-1)
	}
	ctx = &cancelled{context.Background(), 20}
	if _, err := (FokkerPlanck2{TimeSteps: 1000}).Run(ctx, foulon[0].world, 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("forward: error %v, want cancelled", err)
	}
}

// In and out make the option without barrier, with rebates their discounted certainty or less, and Bermudans stand between.
func TestADIIdentities(t *testing.T) {
	f := foulon[0]
	opt := pricing.Vanilla{Right: pricing.Put, Strike: 105, Expiry: f.expiry}
	plain := priced2(t, ADI{}, opt, f.world).Value
	american := priced2(t, ADI{}, pricing.American(opt), f.world).Value
	for _, level := range []float64{85, 115} {
		b := pricing.Barrier{Level: level, Up: level > 100}
		out := priced2(t, ADI{}, ruledOut{opt, []pricing.Barrier{b}}, f.world).Value
		b.In = true
		in := priced2(t, ADI{}, ruledOut{opt, []pricing.Barrier{b}}, f.world).Value
		if math.Abs(in+out-plain) > 1e-9 || !(out > 0 && out < plain) {
			t.Errorf("barrier at %g: in %.6f and out %.6f, want a sum of %.6f", level, in, out, plain)
		}
		// A rebate of one at maturity for both comes to a bond.
		b.Rebate, b.Late = 1, true
		rebateIn := priced2(t, ADI{}, ruledOut{opt, []pricing.Barrier{b}}, f.world).Value - in
		b.In = false
		rebateOut := priced2(t, ADI{}, ruledOut{opt, []pricing.Barrier{b}}, f.world).Value - out
		if bond := f.world.DiscountFactor(f.expiry); math.Abs(rebateIn+rebateOut-bond) > 2e-4 {
			t.Errorf("barrier at %g: rebates %.6f and %.6f, want a sum of %.6f", level, rebateIn, rebateOut, bond)
		}
		// Looked at ever more often, a barrier comes to be looked at all the time.
		b.Rebate, b.Late = 0, false
		before := math.Inf(1)
		for _, n := range []int{1, 4, 16, 64} {
			b.Dates = nil
			for k := range n {
				b.Dates = append(b.Dates, f.expiry*float64(k+1)/float64(n))
			}
			v := priced2(t, ADI{TimeSteps: 64}, ruledOut{opt, []pricing.Barrier{b}}, f.world).Value
			if !(v < before && v > out-1e-3) {
				t.Errorf("barrier at %g, %d looks: %.6f, want between %.6f and %.6f", level, n, v, out, before)
			}
			before = v
		}
	}
	before := plain
	for _, n := range []int{2, 4, 16} {
		b := pricing.Bermudan{Right: opt.Right, Strike: opt.Strike}
		for k := range n {
			b.Dates = append(b.Dates, f.expiry*float64(k+1)/float64(n))
		}
		v := priced2(t, ADI{TimeSteps: 64}, b, f.world).Value
		if !(v > before && v < american) {
			t.Errorf("Bermudan of %d dates: %.6f, want between %.6f and %.6f", n, v, before, american)
		}
		before = v
	}
	// A strike, a spot and a rebate in another unit.
	scaled := f.world.WithSpot(1)
	small := opt
	small.Strike /= 100
	if v := priced2(t, ADI{}, small, scaled).Value; math.Abs(100*v-plain) > 1e-9 {
		t.Errorf("in hundredths %.9f, want %.9f", 100*v, plain)
	}
}

// With curves that are not flat the grid follows the forward of each time.
func TestADIUnderCurves(t *testing.T) {
	zero, err := curve.NewZeroCurve([]float64{0.25, 0.5, 1}, []float64{0.01, 0.06, 0.03}, curve.LogLinearDiscount)
	if err != nil {
		t.Fatal(err)
	}
	world := foulon[0].world
	world.Discount, world.Carry = zero, curve.Flat(0.02)
	call := pricing.Vanilla{Right: pricing.Call, Strike: 95, Expiry: 1}
	want, got := priced2(t, fourier.Lewis{}, call, world), priced2(t, ADI{}, call, world)
	if math.Abs(got.Value-want.Value) > 2e-4 || math.Abs(got.Delta-want.Delta) > 1e-4 {
		t.Errorf("%.6f %.5f, want %.6f %.5f", got.Value, got.Delta, want.Value, want.Delta)
	}
	// A barrier out of reach stops the grid and changes nothing.
	still := priced2(t, ADI{}, ruledOut{call, []pricing.Barrier{{Level: 5}}}, world)
	if math.Abs(still.Value-want.Value) > 5e-4 || math.Abs(still.Theta-got.Theta) > 2e-2 {
		t.Errorf("standing still %.6f, theta %.5f, want %.6f, %.5f", still.Value, still.Theta, want.Value, got.Theta)
	}
}
