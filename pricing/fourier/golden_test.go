package fourier

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

var ctx = context.Background()

// reference are the engines that the references are held against, at accuracies tighter than the references state.
var reference = []struct {
	name   string
	engine pricing.StripEngine
}{
	{"COS", COS{Tol: 1e-12}},
	{"Lewis", Lewis{}},
	{"CarrMadan", CarrMadan{Tol: 1e-13}},
	{"CONV", CONV{Tol: 1e-12}},
}

// market reads the part of a case that all models share, in the two spellings of the topics and the papers.
func goldenMarket(t *testing.T, c golden.Case) (model.Market, float64) {
	if c.Has("t") {
		return model.Market{
			Spot: c.Float(t, "spot"), Discount: curve.Flat(c.Float(t, "rate")), Carry: curve.Flat(c.Float(t, "dividend_yield")),
		}, c.Float(t, "t")
	}
	return model.Market{
		Spot: c.Float(t, "spot"), Discount: curve.Flat(c.Float(t, "rate_cc")), Carry: curve.Flat(c.FloatOr(t, "div_cc", 0)),
	}, c.Float(t, "T_years")
}

// checkGolden prices the options of a case by every engine. CarrMadan and CONV may refuse the accuracy, if the topic says
// so: where the characteristic function decays like a small power.
func checkGolden(t *testing.T, c golden.Case, m pricing.Model, expiry float64, mayRefuse bool) {
	t.Helper()
	for _, e := range reference {
		check := func(name string, right pricing.Right) {
			t.Helper()
			if !c.Wants(name) {
				return
			}
			opt := pricing.Vanilla{Right: right, Strike: c.Float(t, "strike"), Expiry: expiry}
			engine := e.engine
			if mayRefuse && e.name == "CONV" {
				engine = CONV{Tol: 1e-12, MaxPoints: 1 << 14}
			}
			r, err := engine.Price(ctx, opt, m)
			if mayRefuse && (e.name == "CarrMadan" || e.name == "CONV") && errors.Is(err, ErrAccuracy) {
				t.Logf("%s %s: refused: %v", e.name, name, err)
				return
			}
			if err != nil {
				t.Errorf("%s: %v", e.name, err)
				return
			}
			c.Check(t, name, r.Value)
		}
		check("call", pricing.Call)
		check("put", pricing.Put)
		if c.Has("type") {
			right, err := pricing.ParseRight(c.Text(t, "type"))
			if err != nil {
				t.Fatal(err)
			}
			check("price", right)
			check("value_exact", right)
		}
	}
}

func heston(t *testing.T, c golden.Case, mk model.Market) model.Heston {
	sigma := "sigma"
	if c.Has("vol_of_vol") {
		sigma = "vol_of_vol"
	}
	return model.Heston{
		Market: mk, V0: c.Float(t, "v0"), Kappa: c.Float(t, "kappa"), Theta: c.Float(t, "theta"),
		Sigma: c.Float(t, sigma), Rho: c.Float(t, "rho"),
	}
}

func jumps(t *testing.T, c golden.Case) model.Jumps {
	if c.Has("jump_intensity") {
		return model.Jumps{Lambda: c.Float(t, "jump_intensity"), MuJ: c.Float(t, "jump_mean"), SigmaJ: c.Float(t, "jump_std")}
	}
	return model.Jumps{Lambda: c.Float(t, "lambda"), MuJ: c.Float(t, "mu_j"), SigmaJ: c.Float(t, "sigma_j")}
}

func TestGoldenBlackScholes(t *testing.T) {
	golden.Run(t, "bsm", func(t *testing.T, c golden.Case) {
		mk, expiry := goldenMarket(t, c)
		checkGolden(t, c, model.BlackScholes{Spot: mk.Spot, Discount: mk.Discount, Carry: mk.Carry, Vol: model.FlatVol(c.Float(t, "vol"))}, expiry, false)
	})
}

func TestGoldenHeston(t *testing.T) {
	for _, topic := range []string{"heston", "papers/heston_european"} {
		t.Run(topic, func(t *testing.T) {
			golden.Run(t, topic, func(t *testing.T, c golden.Case) {
				mk, expiry := goldenMarket(t, c)
				checkGolden(t, c, heston(t, c, mk), expiry, false)
			})
		})
	}
}

func TestGoldenBates(t *testing.T) {
	for _, topic := range []string{"bates", "papers/bates_european"} {
		t.Run(topic, func(t *testing.T) {
			golden.Run(t, topic, func(t *testing.T, c golden.Case) {
				mk, expiry := goldenMarket(t, c)
				checkGolden(t, c, model.Bates{Heston: heston(t, c, mk), Jumps: jumps(t, c)}, expiry, false)
			})
		})
	}
}

func TestGoldenMerton(t *testing.T) {
	for _, topic := range []string{"merton_jump", "papers/merton_jump"} {
		t.Run(topic, func(t *testing.T) {
			golden.Run(t, topic, func(t *testing.T, c golden.Case) {
				mk, expiry := goldenMarket(t, c)
				sigma := "sigma"
				if c.Has("vol") {
					sigma = "vol"
				}
				checkGolden(t, c, model.Merton{Market: mk, Jumps: jumps(t, c), Sigma: c.Float(t, sigma)}, expiry, false)
			})
		})
	}
}

func TestGoldenKou(t *testing.T) {
	golden.Run(t, "papers/kou_jump", func(t *testing.T, c golden.Case) {
		mk, expiry := goldenMarket(t, c)
		checkGolden(t, c, model.Kou{
			Market: mk, Sigma: c.Float(t, "sigma"), Lambda: c.Float(t, "lambda"),
			P: c.Float(t, "p"), Eta1: c.Float(t, "eta1"), Eta2: c.Float(t, "eta2"),
		}, expiry, false)
	})
}

func TestGoldenVarianceGamma(t *testing.T) {
	golden.Run(t, "papers/variance_gamma", func(t *testing.T, c golden.Case) {
		mk, expiry := goldenMarket(t, c)
		checkGolden(t, c, model.VarianceGamma{
			Market: mk, Sigma: c.Float(t, "sigma"), Nu: c.Float(t, "nu"), Theta: c.Float(t, "theta"),
		}, expiry, true)
	})
}

func TestGoldenNIG(t *testing.T) {
	golden.Run(t, "papers/nig", func(t *testing.T, c golden.Case) {
		mk, expiry := goldenMarket(t, c)
		checkGolden(t, c, model.NIG{
			Market: mk, Alpha: c.Float(t, "alpha"), Beta: c.Float(t, "beta"), Delta: c.Float(t, "delta"),
		}, expiry, false)
	})
}

func TestGoldenCGMY(t *testing.T) {
	golden.Run(t, "papers/cgmy", func(t *testing.T, c golden.Case) {
		mk, expiry := goldenMarket(t, c)
		checkGolden(t, c, model.CGMY{
			Market: mk, C: c.Float(t, "C"), G: c.Float(t, "G"), M: c.Float(t, "M"), Y: c.Float(t, "Y"),
		}, expiry, true)
	})
}

// The European cases that the literature on Fourier time stepping quotes. Their models are given as text.
func TestGoldenSurkov(t *testing.T) {
	golden.Run(t, "papers/surkov_reference", func(t *testing.T, c golden.Case) {
		if c.Has("exercise") {
			t.Skip("American")
		}
		mk, expiry := goldenMarket(t, c)
		words := strings.Fields(c.Text(t, "model"))
		par := map[string]float64{}
		for i := 1; i+1 < len(words); i += 2 {
			v, err := strconv.ParseFloat(words[i+1], 64)
			if err != nil {
				break // the remark in brackets
			}
			par[words[i]] = v
		}
		var m pricing.Model
		switch words[0] {
		case "Merton":
			m = model.Merton{Market: mk, Sigma: par["sigma"], Jumps: model.Jumps{Lambda: par["lambda"], MuJ: par["mu"], SigmaJ: par["gamma"]}}
		case "Kou":
			m = model.Kou{Market: mk, Sigma: par["sigma"], Lambda: par["lambda"], P: par["p"], Eta1: par["eta_up"], Eta2: par["eta_down"]}
		case "CGMY":
			m = model.CGMY{Market: mk, C: par["C"], G: par["G"], M: par["M"], Y: par["Y"]}
		case "VG":
			m = model.VarianceGamma{Market: mk, Sigma: par["sigma"], Nu: par["nu"], Theta: par["theta"]}
		default:
			t.Fatalf("model %q", words[0])
		}
		checkGolden(t, c, m, expiry, words[0] == "VG")
	})
}
