package analytic

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/tree"
)

// slow reports that the long checks are wanted.
func slow() bool { return os.Getenv("VOLGA_SLOW") != "" }

// americanGrid are options over rates and yields from −5% to 10%, volatilities from 2% to 200%, expiries from a day to ten
// years and moneyness from a half to two, and within three standard deviations where that is less.
func americanGrid(visit func(c contract)) {
	rates := []float64{-0.05, -0.02, -0.001, 0, 0.001, 0.02, 0.05, 0.1}
	for _, right := range []pricing.Right{pricing.Put, pricing.Call} {
		for _, rate := range rates {
			for _, yield := range rates {
				for _, vol := range []float64{0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 2} {
					for _, expiry := range []float64{1.0 / 365, 7.0 / 365, 1.0 / 12, 0.5, 2, 10} {
						for _, spot := range []float64{50, 80, 95, 100, 105, 125, 200} {
							visit(contract{right: right, spot: spot, strike: 100, rate: rate, yield: yield, vol: vol, expiry: expiry})
						}
						near := 100 * vol * math.Sqrt(expiry)
						for _, x := range []float64{-3, -1.5, -0.5, 0.5, 1.5, 3} {
							if spot := 100 + x*near; spot > 50 {
								visit(contract{right: right, spot: spot, strike: 100, rate: rate, yield: yield, vol: vol, expiry: expiry})
							}
						}
					}
				}
			}
		}
	}
}

// No value below exercise or the European value, none above its bound, no NaN, by any engine that does not refuse; and none may
// refuse but the approximations, between two boundaries. An approximation may be off, but not above a rule that is optimal:
// Bjerksund and Stensland's is a lower bound. One engine lifts a value that its error leaves below the floors; the value before
// that is checked too, within twice the tolerance. With VOLGA_SLOW all of the grid, else a sample.
func TestAmericanGrid(t *testing.T) {
	const tolerance = 1e-6
	rng := rand.New(rand.NewPCG(11, 1))
	engines := map[string]pricing.Engine{"ALO": AndersenLake{Tolerance: tolerance}, "BAW": BaroneAdesiWhaley{}, "BjSt": BjerksundStensland{}}
	tried, refused, lifted, above := map[string]int{}, map[string]int{}, 0.0, 0.0
	americanGrid(func(c contract) {
		if !slow() && rng.IntN(10) > 0 {
			return
		}
		opt := pricing.American{Right: c.right, Strike: c.strike, Expiry: c.expiry}
		m := flatWorld(c.spot, c.rate, c.yield, c.vol)
		o, x, scale := c.put()
		// Discounting at a negative rate lifts what exercise later pays: the bound is that of the strike or spot at its dearest.
		european, bound := c.european().Price(), scale*math.Max(1, math.Exp(-o.r*c.expiry))
		floor := math.Max(c.intrinsic(), european)
		exact := 0.0
		for _, name := range []string{"ALO", "BAW", "BjSt"} {
			r, err := engines[name].Price(ctx, opt, m)
			if name != "ALO" && o.r < 0 && !o.held() {
				refused[name]++
				if !errors.Is(err, pricing.ErrUnsupported) {
					t.Errorf("%s, %+v: %v, want an UnsupportedError", name, c, err)
				}
				continue
			}
			tried[name]++
			if err != nil {
				t.Errorf("%s, %+v: %v", name, c, err)
				continue
			}
			if !(r.Value >= floor*(1-1e-14) && r.Value <= bound*(1+1e-14)) || math.IsNaN(r.Delta+r.Gamma+r.Theta+r.DualDelta+r.DualGamma) {
				t.Errorf("%s, %+v: %+v outside [%g, %g]", name, c, r, floor, bound)
			}
			switch name {
			case "ALO":
				exact = r.Value
			case "BjSt":
				above = math.Max(above, (r.Value-exact)/scale)
			}
		}
		if o.held() {
			return
		}
		premium, _, _, exercised, settled := o.early(aloLadder[max(0, aloRung(o, tolerance))].scheme(), x)
		if settled && !exercised {
			lifted = math.Max(lifted, (floor-european-scale*premium)/scale)
		}
	})
	t.Logf("options valued %v, refused between two boundaries %v; a value was lifted by at most %.2g of the strike; "+
		"Bjerksund-Stensland is above the exact value by at most %.2g", tried, refused, lifted, above)
	if lifted > 2*tolerance {
		t.Errorf("a value was lifted by %.3g of the strike", lifted)
	}
	if above > 2*tolerance {
		t.Errorf("Bjerksund-Stensland is above the exact value by %.3g of the strike", above)
	}
}

// A sample of the grid against a lattice, which knows of no boundaries: Leisen and Reimer's, extrapolated. Its own error is
// taken from half its steps.
func TestAmericanGridAgainstLattice(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	keep, tried, between, worst := 250, 0, 0, 0.0
	if slow() {
		keep = 20
	}
	americanGrid(func(c contract) {
		o, x, scale := c.put()
		s := c.vol * math.Sqrt(c.expiry)
		if rng.IntN(keep) > 0 || s > 3 || math.Abs(c.rate-c.yield)*c.expiry > 2*s || math.Abs(math.Log(x)) > 4*s {
			return // there the lattice has too few nodes in the money to be a reference, or none
		}
		opt := pricing.American{Right: c.right, Strike: c.strike, Expiry: c.expiry}
		m := flatWorld(c.spot, c.rate, c.yield, c.vol)
		fine := priced(t, tree.Lattice{Scheme: tree.LeisenReimer, Steps: 401, Richardson: true}, opt, m)
		coarse := priced(t, tree.Lattice{Scheme: tree.LeisenReimer, Steps: 201, Richardson: true}, opt, m)
		got := priced(t, AndersenLake{Tolerance: 1e-6}, opt, m)
		tried++
		if o.between() {
			between++
		}
		worst = math.Max(worst, math.Abs(got.Value-fine.Value)/scale)
		for _, g := range []struct {
			name              string
			got, fine, coarse float64
			allowed           float64
		}{
			{"value", got.Value, fine.Value, coarse.Value, 2e-4 * scale * math.Min(1, s)},
			{"delta", got.Delta, fine.Delta, coarse.Delta, 2e-3},
			{"gamma", got.Gamma, fine.Gamma, coarse.Gamma, 1e-2 / (c.spot * math.Min(1, s))},
		} {
			if g.name != "value" && got.Value-c.intrinsic() < 0.05*scale*math.Min(1, s) {
				continue // next to the boundary, where gamma jumps, the steps of the lattice straddle it
			}
			if math.Abs(g.got-g.fine) > 2*math.Abs(g.fine-g.coarse)+g.allowed {
				t.Errorf("%+v: %s %.9g, lattice %.9g, of half the steps %.9g", c, g.name, g.got, g.fine, g.coarse)
			}
		}
	})
	t.Logf("%d options, %d between two boundaries, worst difference %.2g of the strike", tried, between, worst)
	if tried < 50 || between < 3 {
		t.Errorf("%d options and %d between two boundaries are too few", tried, between)
	}
}
