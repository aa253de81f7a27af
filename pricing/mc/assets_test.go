package mc

import (
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// best pays a vanilla option on the best or worst of its assets at expiry.
type best struct {
	pricing.Vanilla
	assets int
	worst  bool
}

func (o best) Assets() int             { return o.assets }
func (o best) Observations() []float64 { return []float64{o.Expiry} }
func (o best) PresentValueTo(dst []float64, p *pricing.Paths) {
	copy(dst, p.At(0, 0))
	for a := 1; a < o.assets; a++ {
		for j, s := range p.At(0, a) {
			if s > dst[j] != o.worst {
				dst[j] = s
			}
		}
	}
	o.Right.PayoffTo(dst, dst, o.Strike)
	p.DiscountTo(dst, 0)
}

func TestBasketGolden(t *testing.T) {
	n := 0
	golden.Run(t, "multi_asset", func(t *testing.T, c golden.Case) {
		kind := c.Text(t, "kind")
		if kind != "basket_min" && kind != "basket_max" {
			return
		}
		right, err := pricing.ParseRight(c.Text(t, "type"))
		if err != nil {
			t.Fatal(err)
		}
		in := best{pricing.Vanilla{Right: right, Strike: c.Float(t, "strike"), Expiry: c.Float(t, "t")}, 2, kind == "basket_min"}
		asset := func(i string) model.Asset {
			return model.Asset{Spot: c.Float(t, "spot"+i), Carry: curve.Flat(c.Float(t, "dividend_yield"+i)), Vol: model.FlatVol(c.Float(t, "vol"+i))}
		}
		rho := c.Float(t, "correlation")
		m := model.Assets{Discount: curve.Flat(c.Float(t, "rate")), Each: []model.Asset{asset("1"), asset("2")},
			Correlation: [][]float64{{1, rho}, {rho, 1}}}
		var want float64
		c.Expected(t, "price", &want)
		within(t, c.ID, run(t, Engine{Paths: 1 << 15, Source: Sobol{}}, in, m).Result, want, 4, 2e-4*(m.Each[0].Spot+m.Each[1].Spot))
		n++
	})
	t.Logf("%d cases", n)
}

func TestBasketRefuses(t *testing.T) {
	asset := model.Asset{Spot: 100, Vol: model.FlatVol(0.2)}
	m := model.Assets{Each: []model.Asset{asset, asset, asset}, Correlation: [][]float64{{1, 0.9, -0.9}, {0.9, 1, 0.9}, {-0.9, 0.9, 1}}}
	in := best{pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}, 3, false}
	_, err := Engine{}.Price(ctx, in, m)
	var c *model.CorrelationError
	if !errors.As(err, &c) {
		t.Fatal(err)
	}
	m.Correlation = c.Nearest
	run(t, Engine{Paths: 1 << 10}, in, m)
	in.assets = 2
	if _, err := (Engine{}).Price(ctx, in, m); !errors.Is(err, pricing.ErrUnsupported) {
		t.Error(err)
	}
}

// Perfectly correlated assets that are equal are one asset.
func TestPerfectCorrelation(t *testing.T) {
	asset := model.Asset{Spot: 100, Carry: curve.Flat(0.02), Vol: model.FlatVol(0.2)}
	m := model.Assets{Discount: curve.Flat(0.05), Each: []model.Asset{asset, asset}, Correlation: [][]float64{{1, 1}, {1, 1}}}
	vanilla := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	two := run(t, Engine{Construction: Incremental}, best{vanilla, 2, true}, m)
	one := run(t, Engine{}, best{vanilla, 1, true}, model.Assets{Discount: m.Discount, Each: m.Each[:1]})
	if math.Abs(two.Value-one.Value) > 4*two.StdErr {
		t.Errorf("%g and %g", two.Value, one.Value)
	}
}
