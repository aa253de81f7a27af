package fd

import (
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// onPair pays a function of two prices at expiry.
type onPair struct {
	expiry float64
	pays   func(a, b float64) float64
	first  []float64
	second []float64
}

func (o onPair) KinksPair() (first, second []float64) { return o.first, o.second }

func (o onPair) Validate() error   { return nil }
func (o onPair) Maturity() float64 { return o.expiry }
func (o onPair) PayoffPairTo(dst, a, b []float64) {
	for i := range dst {
		dst[i] = o.pays(a[i], b[i])
	}
}

// Stulz's options on the better and the worse of two assets, Margrabe's exchange, spreads by quadrature and Zhang's
// two-asset correlation options.
func TestGoldenTwoAssets(t *testing.T) {
	worst := 0.0
	golden.Run(t, "multi_asset", func(t *testing.T, c golden.Case) {
		kind := c.Text(t, "kind")
		rate := c.Float(t, "rate")
		m := model.Assets{Discount: curve.Flat(rate), Each: make([]model.Asset, 2)}
		o := onPair{expiry: c.Float(t, "t")}
		strike, phi := c.FloatOr(t, "strike", 0), 1.0
		if c.Has("type") && c.Text(t, "type") == "put" {
			phi = -1
		}
		switch kind {
		case "basket_max":
			o.pays = func(a, b float64) float64 { return math.Max(phi*(math.Max(a, b)-strike), 0) }
		case "basket_min":
			o.pays = func(a, b float64) float64 { return math.Max(phi*(math.Min(a, b)-strike), 0) }
		case "spread_exact":
			o.pays = func(a, b float64) float64 { return math.Max(phi*(a-b-strike), 0) }
		case "exchange_margrabe":
			p, q := c.Float(t, "quantity1"), c.Float(t, "quantity2")
			o.pays = func(a, b float64) float64 { return math.Max(p*a-q*b, 0) }
		case "two_asset_correlation":
			one, two := c.Float(t, "strike1"), c.Float(t, "strike2")
			o.first, o.second = []float64{one}, []float64{two}
			o.pays = func(a, b float64) float64 {
				if phi*(a-one) > 0 {
					return math.Max(phi*(b-two), 0)
				}
				return 0
			}
		default:
			t.Skip(kind)
		}
		for i, n := range []string{"1", "2"} {
			m.Each[i].Vol = model.FlatVol(c.Float(t, "vol"+n))
			if c.Has("forward" + n) {
				m.Each[i].Spot, m.Each[i].Carry = c.Float(t, "forward"+n), curve.Flat(rate)
			} else {
				m.Each[i].Spot, m.Each[i].Carry = c.Float(t, "spot"+n), curve.Flat(c.Float(t, "dividend_yield"+n))
			}
		}
		rho := c.Float(t, "correlation")
		m.Correlation = [][]float64{{1, rho}, {rho, 1}}
		r := priced2(t, ADI{SecondSteps: 200}, o, m)
		var want float64
		c.Expected(t, "price", &want)
		off := math.Abs(r.Value-want) / (m.Each[0].Spot + m.Each[1].Spot)
		t.Logf("%s %.6f %+.2e", kind, want, r.Value-want)
		worst = math.Max(worst, off)
		if off > 5e-5 {
			t.Errorf("%s: %.6f, want %.6f", kind, r.Value, want)
		}
		if c.Wants("delta1") {
			var delta float64
			c.Expected(t, "delta1", &delta)
			if math.Abs(r.Delta-delta) > 1e-3 {
				t.Errorf("delta %.5f, want %.5f", r.Delta, delta)
			}
		}
	})
	t.Logf("worst error %.2g of the spots", worst)
}
