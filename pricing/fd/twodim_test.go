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
		r := priced2(t, ADI{}, o, m)
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

// callablePair is onPair with exercise dates.
type callablePair struct {
	onPair
	dates []float64
}

func (o callablePair) ExerciseDates() []float64 { return o.dates }

// Bermudan calls on the better of two assets, by quadrature; exercise at any time is worth more, and the assets may change
// places.
func TestGoldenBermudanMaxCall(t *testing.T) {
	golden.Run(t, "papers/bermudan_maxcall", func(t *testing.T, c golden.Case) {
		if c.Float(t, "assets") != 2 {
			t.Skip("more than two assets")
		}
		spot, strike, expiry := c.Float(t, "spot_each"), c.Float(t, "strike"), c.Float(t, "T_years")
		asset := model.Asset{Spot: spot, Carry: curve.Flat(c.Float(t, "div_cc")), Vol: model.FlatVol(c.Float(t, "vol"))}
		m := model.Assets{Discount: curve.Flat(c.Float(t, "rate_cc")), Each: []model.Asset{asset, asset}}
		o := callablePair{onPair: onPair{expiry: expiry, pays: func(a, b float64) float64 { return math.Max(math.Max(a, b)-strike, 0) }}}
		n := int(c.Float(t, "exercise_dates"))
		for k := range n {
			o.dates = append(o.dates, expiry*float64(k+1)/float64(n))
		}
		var want float64
		c.Expected(t, "price", &want)
		got := priced2(t, ADI{TimeSteps: 72, SpotSteps: 240, SecondSteps: 240}, o, m).Value
		t.Logf("%.5f, want %.5f", got, want)
		if math.Abs(got-want) > 1e-3 {
			t.Errorf("%.5f, want %.5f", got, want)
		}
		anytime := o
		anytime.dates = nil
		american := priced2(t, ADI{TimeSteps: 72, SpotSteps: 240, SecondSteps: 240}, anytime, m).Value
		if !(american > got && american < got*1.05) {
			t.Errorf("at any time %.5f, at dates %.5f", american, got)
		}
	})
}

// The two assets may change places, and the price with them, whatever their parameters.
func TestAssetsMayChangePlaces(t *testing.T) {
	one := model.Asset{Spot: 100, Carry: curve.Flat(0.03), Vol: model.FlatVol(0.15)}
	two := model.Asset{Spot: 90, Carry: curve.Flat(-0.01), Vol: model.FlatVol(0.4)}
	rho := [][]float64{{1, -0.5}, {-0.5, 1}}
	pays := func(a, b float64) float64 { return math.Max(2*a-b-95, 0) }
	x := priced2(t, ADI{}, onPair{expiry: 0.75, pays: pays}, model.Assets{Discount: curve.Flat(0.02), Each: []model.Asset{one, two}, Correlation: rho})
	y := priced2(t, ADI{}, onPair{expiry: 0.75, pays: func(a, b float64) float64 { return pays(b, a) }},
		model.Assets{Discount: curve.Flat(0.02), Each: []model.Asset{two, one}, Correlation: rho})
	if math.Abs(x.Value-y.Value) > 1e-3 || math.Abs(x.Theta-y.Theta) > 3e-2 {
		t.Errorf("%.6f and %.6f, theta %.5f and %.5f", x.Value, y.Value, x.Theta, y.Theta)
	}
}
