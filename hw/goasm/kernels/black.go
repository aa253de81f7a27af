package kernels

import (
	"github.com/volgaquant/volga/hw/formula"
	"github.com/volgaquant/volga/hw/goasm"
)

// Black returns the kernels of pricing/black: for every model and set of Greeks one of general rows and one of the options
// of one expiry.
func Black() goasm.Package {
	p := goasm.Package{
		Dir: "pricing/black", Name: "black", Active: "vec.Active()", Import: "github.com/volgaquant/volga/internal/vec", Prefix: "vec.",
	}
	sets := []struct {
		set       formula.Greeks
		name, doc string
	}{
		{formula.PriceOnly, "Price", "price"},
		{formula.FirstOrder, "First", "price and first Greeks"},
		{formula.AllGreeks, "All", "price and Greeks"},
	}
	add := func(name, doc string, g *formula.Graph, expiry ...string) {
		var uniform []string
		for _, u := range expiry {
			if g.Input(u) >= 0 {
				uniform = append(uniform, u)
			}
		}
		p.Kernels = append(p.Kernels,
			goasm.Kernel{Name: name + "Rows", Doc: "is the " + doc + " of general rows.", Graph: g},
			goasm.Kernel{Name: name + "Strip", Doc: "is the " + doc + " of the options of one expiry.", Graph: g, Uniform: uniform})
	}
	for _, s := range sets {
		black := formula.European{Market: formula.GivenForward, Greeks: s.set}
		add("black"+s.name, "Black-76 "+s.doc, black.Rows(), "F", "T", "D", "r")
		bsm := formula.European{Market: formula.GivenSpotYield, Greeks: s.set}
		add("bsm"+s.name, "Black-Scholes-Merton "+s.doc, bsm.Rows(), "S", "T", "r", "q")
		spot := formula.European{Market: formula.GivenSpot, Greeks: s.set}
		p.Kernels = append(p.Kernels, goasm.Kernel{
			Name: "spot" + s.name + "Rows", Doc: "is the Black-Scholes " + s.doc + " of general rows, without a yield.", Graph: spot.Rows(),
		})
		add("normal"+s.name, "Bachelier "+s.doc, formula.BachelierRows(s.set), "F", "T", "D", "r")
	}
	add("impliedVol", "implied volatility", formula.ImpliedVolRows(), "F", "T", "D")
	add("normalVol", "implied normal volatility", formula.BachelierImpliedVolRows(), "F", "T", "D")
	// The inversions are long chains of divisions: four vectors at a time measure a tenth to a sixth faster than the two that
	// the model prefers.
	for i := len(p.Kernels) - 4; i < len(p.Kernels); i++ {
		p.Kernels[i].Wide.Unroll, p.Kernels[i].Narrow.Unroll = 4, 4
	}
	p.Kernels = append(p.Kernels, goasm.Kernel{Name: "rate", Doc: "is the rate r = -ln(D)/T.", Graph: rate()})
	return p
}

// rate is the continuously compounded rate of a discount factor.
func rate() *formula.Graph {
	b := formula.New("rate")
	discount, tau := b.Input("D"), b.Input("T")
	b.Output("r", discount.Log().Neg().Div(tau))
	return b.MustGraph()
}
