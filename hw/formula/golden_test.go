package formula

import (
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
)

func signOf(t *testing.T, c golden.Case) float64 {
	t.Helper()
	if c.Text(t, "type") == "put" {
		return -1
	}
	return 1
}

func TestGoldenBSM(t *testing.T) {
	graphs := []*Graph{BSMGreeks(AllGreeks), European{Market: GivenSpotYield, Greeks: AllGreeks}.Rows()}
	check := func(t *testing.T, c golden.Case, in ...float64) {
		for _, g := range graphs {
			for i, v := range g.Eval(in...) {
				if c.Wants(greekNames[i]) {
					c.Check(t, greekNames[i], v)
				}
			}
		}
	}
	golden.Run(t, "papers/bsm_greeks", func(t *testing.T, c golden.Case) {
		check(t, c, signOf(t, c), c.Float(t, "spot"), c.Float(t, "strike"), c.Float(t, "T_years"), c.Float(t, "vol"),
			c.Float(t, "rate_cc"), c.Float(t, "div_cc"))
	})
	golden.Run(t, "bsm", func(t *testing.T, c golden.Case) {
		check(t, c, signOf(t, c), c.Float(t, "spot"), c.Float(t, "strike"), c.Float(t, "t"), c.Float(t, "vol"),
			c.Float(t, "rate"), c.Float(t, "dividend_yield"))
	})
}

func TestGoldenForwards(t *testing.T) {
	rows := European{Market: GivenForward}.Rows()
	golden.Run(t, "black76_bachelier", func(t *testing.T, c golden.Case) {
		f, k, d := c.Float(t, "forward"), c.Float(t, "strike"), c.Float(t, "discount")
		tau, vol, sign := c.Float(t, "t"), c.Float(t, "vol"), signOf(t, c)
		rate := -math.Log(d) / tau
		if c.Text(t, "model") == "bachelier" {
			c.Check(t, "price", Bachelier().Eval(sign, f, k, tau, vol, rate)[0])
			return
		}
		shift := c.FloatOr(t, "shift", 0)
		c.Check(t, "price", Black76().Eval(sign, f+shift, k+shift, tau, vol, rate)[0])
		c.Check(t, "price", rows.Eval(sign, f+shift, k+shift, tau, vol, d)[0])
	})
}

func TestGoldenNormCDF(t *testing.T) {
	g := Function(OpNormCDF)
	golden.Run(t, "papers/normal_cdf_tails", func(t *testing.T, c golden.Case) {
		if !c.Wants("cdf") {
			t.Skip("no distribution function")
		}
		x := c.Float(t, "x")
		c.Check(t, "sf", g.Eval(-x)[0])
		c.Check(t, "cdf", g.Eval(x)[0])
	})
}
