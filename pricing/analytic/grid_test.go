package analytic

import (
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
)

// The whole grid of rates and yields from −5% to 10%, volatilities from 2% to 200% and expiries from a day to ten years: no value
// below exercise or the European value, none above its bound, no NaN. The engine lifts a value that its error leaves below
// these floors; the value before that is checked too, within twice the tolerance. Where exercise lies between two boundaries the engine
// must say so.
func TestAmericanGrid(t *testing.T) {
	const tolerance = 1e-6
	e := AndersenLake{Tolerance: tolerance}
	rates := []float64{-0.05, -0.02, -0.001, 0, 0.001, 0.02, 0.05, 0.1}
	vols := []float64{0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 2}
	expiries := []float64{1.0 / 365, 7.0 / 365, 1.0 / 12, 0.5, 2, 10}
	spots := []float64{50, 80, 95, 100, 105, 125, 200}
	if testing.Short() {
		vols, spots = []float64{0.02, 0.2, 2}, []float64{80, 100, 125}
	}
	tried, between, lifted := 0, 0, 0.0
	for _, right := range []pricing.Right{pricing.Put, pricing.Call} {
		for _, rate := range rates {
			for _, yield := range rates {
				for _, vol := range vols {
					for _, expiry := range expiries {
						for _, spot := range spots {
							c := contract{right: right, spot: spot, strike: 100, rate: rate, yield: yield, vol: vol, expiry: expiry}
							opt := pricing.American{Right: right, Strike: c.strike, Expiry: expiry}
							o, x, scale := c.put()
							r, err := e.Price(ctx, opt, flatWorld(spot, rate, yield, vol))
							if o.between() {
								between++
								if !errors.Is(err, pricing.ErrUnsupported) {
									t.Errorf("%+v: %v, want an UnsupportedError", c, err)
								}
								continue
							}
							tried++
							if err != nil {
								t.Errorf("%+v: %v", c, err)
								continue
							}
							// Discounting at a negative rate lifts what exercise later pays: the bound is that of the strike or spot at its dearest.
							european, bound := c.european().Price(), scale*math.Max(1, math.Exp(-o.r*expiry))
							floor := math.Max(c.intrinsic(), european)
							if !(r.Value >= floor && r.Value <= bound) || math.IsNaN(r.Delta+r.Gamma+r.Theta) {
								t.Errorf("%+v: %+v outside [%g, %g]", c, r, floor, bound)
							}
							if o.held() {
								continue
							}
							w := aloLadder[max(0, aloRung(o, tolerance))].scheme()
							mem := newALOWork(w.aloTable)
							if o.solve(w, mem) > 0 && x > o.top()*math.Exp(-mem.h[w.n-1]) {
								premium, _, _ := o.premium(w.aloTable, mem, x)
								if short := (floor - european - scale*premium) / scale; short > lifted {
									lifted = short
								}
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d options valued, %d refused with two boundaries; a value was lifted by at most %.2g of the strike", tried, between, lifted)
	if lifted > 2*tolerance {
		t.Errorf("a value was lifted by %.3g of the strike", lifted)
	}
}
