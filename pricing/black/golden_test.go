package black

import (
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
)

func right(t *testing.T, c golden.Case) pricing.Right {
	t.Helper()
	r, err := pricing.ParseRight(c.Text(t, "type"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func checkGreeks(t *testing.T, c golden.Case, v float64, g pricing.Greeks, names map[string]float64) {
	t.Helper()
	c.Check(t, "price", v)
	for name, got := range names {
		if c.Wants(name) {
			c.Check(t, name, got)
		}
	}
}

func TestGoldenBSM(t *testing.T) {
	golden.Run(t, "bsm", func(t *testing.T, c golden.Case) {
		o := BSM{
			Right: right(t, c), Spot: c.Float(t, "spot"), Strike: c.Float(t, "strike"), Rate: c.Float(t, "rate"),
			Yield: c.Float(t, "dividend_yield"), Vol: c.Float(t, "vol"), Tau: c.Float(t, "t"),
		}
		c.Check(t, "price", o.Price())
		v, g := o.Greeks()
		checkGreeks(t, c, v, g, map[string]float64{
			"delta": g.Delta, "gamma": g.Gamma, "vega": g.Vega, "theta": g.Theta, "rho": g.Rho, "dividend_rho": g.YieldRho,
			"vanna": g.Vanna, "volga": g.Volga, "charm": g.Charm, "strike_sensitivity": g.DualDelta, "speed": g.Speed,
			"zomma": g.Zomma, "color": g.Color, "veta": g.Veta, "ultima": g.Ultima,
		})
	})
}

func TestGoldenBSMGreeks(t *testing.T) {
	golden.Run(t, "papers/bsm_greeks", func(t *testing.T, c golden.Case) {
		o := BSM{
			Right: right(t, c), Spot: c.Float(t, "spot"), Strike: c.Float(t, "strike"), Rate: c.Float(t, "rate_cc"),
			Yield: c.Float(t, "div_cc"), Vol: c.Float(t, "vol"), Tau: c.Float(t, "T_years"),
		}
		c.Check(t, "price", o.Price())
		v, g := o.Greeks()
		checkGreeks(t, c, v, g, map[string]float64{
			"delta": g.Delta, "gamma": g.Gamma, "vega": g.Vega, "theta": g.Theta, "rho": g.Rho, "vanna": g.Vanna, "volga": g.Volga,
			"charm": g.Charm, "speed": g.Speed, "zomma": g.Zomma, "color": g.Color, "ultima": g.Ultima, "dual_delta": g.DualDelta,
			"dual_gamma": g.DualGamma, "veta": g.Veta, "yield_rho": g.YieldRho,
		})
	})
}

func TestGoldenBlack76AndBachelier(t *testing.T) {
	golden.Run(t, "black76_bachelier", func(t *testing.T, c golden.Case) {
		f, k, vol, tau, df := c.Float(t, "forward"), c.Float(t, "strike"), c.Float(t, "vol"), c.Float(t, "t"), c.Float(t, "discount")
		if c.Text(t, "model") == "bachelier" {
			o := Bachelier{Right: right(t, c), Forward: f, Strike: k, Vol: vol, Tau: tau, Discount: df}
			c.Check(t, "price", o.Price())
			return
		}
		shift := c.FloatOr(t, "shift", 0)
		o := Black76{Right: right(t, c), Forward: f + shift, Strike: k + shift, Vol: vol, Tau: tau, Discount: df}
		c.Check(t, "price", o.Price())
	})
}

func TestGoldenBlackNormalised(t *testing.T) {
	golden.Run(t, "papers/black_normalised", func(t *testing.T, c golden.Case) {
		c.Check(t, "b", NormalisedPrice(c.Float(t, "x"), c.Float(t, "s")))
	})
}

func TestGoldenImpliedVol(t *testing.T) {
	golden.Run(t, "implied_vol", func(t *testing.T, c golden.Case) {
		q := Quote{
			Right: right(t, c), Price: c.Float(t, "price"), Forward: c.Float(t, "forward"), Strike: c.Float(t, "strike"),
			Tau: c.Float(t, "t"), Discount: c.Float(t, "discount"),
		}
		invert := ImpliedVol
		if c.Text(t, "model") == "bachelier" {
			invert = BachelierImpliedVol
		}
		vol, err := invert(q)
		if err != nil {
			t.Fatal(err)
		}
		c.Check(t, "vol", vol)
	})
}

func TestGoldenImpliedVolHard(t *testing.T) {
	golden.Run(t, "papers/implied_vol_hard", func(t *testing.T, c golden.Case) {
		c.Check(t, "total_vol", ImpliedTotalVol(right(t, c), c.Float(t, "price_undiscounted"), c.Float(t, "forward"), c.Float(t, "strike")))
	})
}

func TestGoldenImpliedVolBachelier(t *testing.T) {
	golden.Run(t, "papers/implied_vol_bachelier", func(t *testing.T, c golden.Case) {
		s, err := BachelierImpliedVol(Quote{
			Right: right(t, c), Price: c.Float(t, "price_undiscounted"), Forward: c.Float(t, "forward_minus_strike"), Tau: 1, Discount: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Check(t, "total_normal_vol", s)
	})
}
