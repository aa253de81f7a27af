package fd

import (
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
)

// The law prices what the transform prices, keeps its mass, and forwards are forwards.
func TestForwardLawHeston(t *testing.T) {
	for i, f := range foulon {
		law, err := FokkerPlanck2{SpotSteps: 300, SecondSteps: 100}.Run(t.Context(), f.world, f.expiry, nil)
		if err != nil {
			t.Fatal(err)
		}
		if off := law.Total() - 1; math.Abs(off) > 1e-12 {
			t.Errorf("case %d: mass off by %g", i+1, off)
		}
		forward := f.world.Forward(f.expiry)
		if got := law.Expect(func(s, _ float64) float64 { return s }); math.Abs(got-forward) > 1e-5*forward {
			t.Errorf("case %d: mean price %.8g, want %.8g", i+1, got, forward)
		}
		k := f.world
		mean := k.Theta + (k.V0-k.Theta)*math.Exp(-k.Kappa*f.expiry)
		if got := law.Expect(func(_, v float64) float64 { return v }); math.Abs(got-mean) > 1e-4*mean {
			t.Errorf("case %d: mean variance %.8g, want %.8g", i+1, got, mean)
		}
		for _, strike := range []float64{80, 100, 120} {
			put := pricing.Vanilla{Right: pricing.Put, Strike: strike, Expiry: f.expiry}
			want := priced2(t, fourier.Lewis{}, put, f.world).Value
			got := f.world.DiscountFactor(f.expiry) * law.Expect(func(s, _ float64) float64 { return put.Payoff(s) })
			t.Logf("case %d, strike %g: %.6f, want %.6f (negative %.1e)", i+1, strike, got, want, law.Negative())
			if math.Abs(got-want) > 5e-3 {
				t.Errorf("case %d, strike %g: %.6f, want %.6f", i+1, strike, got, want)
			}
		}
	}
}

// Every step forward is the transpose of the step back: on one grid the two solvers give one price, to rounding.
func TestForwardIsTheTransposeOfBackward(t *testing.T) {
	world, expiry := foulon[0].world, foulon[0].expiry
	for s := HundsdorferVerwer; s <= Douglas; s++ {
		for _, sharp := range []bool{false, true} {
			e := FokkerPlanck2{Scheme: s, TimeSteps: 12, SpotSteps: 40, SecondSteps: 20, Sharp: sharp}
			law, err := e.Run(t.Context(), world, expiry, nil)
			if err != nil {
				t.Fatal(err)
			}
			w := new(adiSpace)
			c := &claim2{world: world, second: world.Second(), spot: world.Spot, expiry: expiry, law: true}
			if err := w.grid(c, 40, 20); err != nil {
				t.Fatal(err)
			}
			pay := func(i, j int) float64 { return math.Sin(w.x[i]/30) * (1 + w.y[j]) }
			forward := 0.0
			for i := range w.n {
				for j := range w.m {
					w.row(w.u, i, 0)[j] = pay(i, j)
					forward += law.Mass[i*w.m+j] * pay(i, j)
				}
			}
			weights := s.weights(false)
			for k := 11; k >= 0; k-- {
				wt, parts := &weights, 1
				if k < roughSteps && !sharp {
					wt, parts = &damping, roughParts
				}
				for range parts {
					dt := expiry / 12 / float64(parts)
					if err := w.prepare(c, 0, dt, dt, wt.theta); err != nil {
						t.Fatal(err)
					}
					w.step(wt, false, 0, 0)
				}
			}
			px, py := lagrange(w.x, c.spot/c.scale(0)), lagrange(w.y, c.second.Start)
			backward := w.at(&px, &py, &px.weight, &py.weight)
			if math.Abs(forward-backward) > 1e-12 {
				t.Errorf("%v, sharp %t: forward %.15g, backward %.15g", s, sharp, forward, backward)
			}
		}
	}
}
