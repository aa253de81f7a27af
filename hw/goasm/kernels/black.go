package kernels

import (
	"github.com/volgaquant/volga/hw/formula"
	"github.com/volgaquant/volga/hw/goasm"
)

// Black returns the kernels of pricing/black: for every model and set of Greeks one of general rows and one of the options
// of one expiry, and in Float32, under names that end in 32, those of the price and of the first Greeks.
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
	add := func(name, suffix, doc string, g *formula.Graph, expiry ...string) {
		var uniform []string
		for _, u := range expiry {
			if g.Input(u) >= 0 {
				uniform = append(uniform, u)
			}
		}
		p.Kernels = append(p.Kernels,
			goasm.Kernel{Name: name + "Rows" + suffix, Doc: "is the " + doc + " of general rows.", Graph: g},
			goasm.Kernel{Name: name + "Strip" + suffix, Doc: "is the " + doc + " of the options of one expiry.", Graph: g, Uniform: uniform})
	}
	// prices adds the kernels of a set of Greeks in one format.
	prices := func(set formula.Greeks, format formula.Format, name, suffix, doc string) {
		european := func(m formula.Market) *formula.Graph {
			return formula.European{Market: m, Greeks: set, Format: format}.Rows()
		}
		add("black"+name, suffix, "Black-76 "+doc, european(formula.GivenForward), "F", "T", "D", "r")
		add("bsm"+name, suffix, "Black-Scholes-Merton "+doc, european(formula.GivenSpotYield), "S", "T", "r", "q")
		p.Kernels = append(p.Kernels, goasm.Kernel{
			Name: "spot" + name + "Rows" + suffix, Doc: "is the Black-Scholes " + doc + " of general rows, without a yield.",
			Graph: european(formula.GivenSpot),
		})
		add("normal"+name, suffix, "Bachelier "+doc, formula.BachelierRows(set, format), "F", "T", "D", "r")
	}
	for _, s := range sets {
		prices(s.set, formula.Float64, s.name, "", s.doc)
	}
	for _, s := range sets[:2] { // twice the lanes where half the digits will do
		prices(s.set, formula.Float32, s.name, "32", s.doc)
	}
	add("impliedVol", "", "implied volatility", formula.ImpliedVolRows(), "F", "T", "D")
	add("normalVol", "", "implied normal volatility", formula.BachelierImpliedVolRows(), "F", "T", "D")
	// Measured; what the model chooses is up to a tenth slower.
	for i := range p.Kernels {
		switch p.Kernels[i].Name {
		case "spotPriceRows":
			p.Kernels[i].Wide, p.Kernels[i].Narrow = tune(3, 60), tune(2, 36)
		case "spotFirstRows":
			p.Kernels[i].Wide, p.Kernels[i].Narrow = tune(3, 36), tune(2, 36)
		}
	}
	// The inversions are long chains of divisions: four vectors at a time measure a tenth to a sixth faster than the two that
	// the model prefers.
	for i := len(p.Kernels) - 4; i < len(p.Kernels); i++ {
		p.Kernels[i].Wide.Unroll, p.Kernels[i].Narrow.Unroll = 4, 4
	}
	p.Kernels = append(p.Kernels,
		goasm.Kernel{Name: "rate", Doc: "is the rate r = -ln(D)/T.", Graph: rate()},
		goasm.Kernel{Name: "rate32", Doc: "is the rate r = -ln(D)/T.", Graph: formula.Narrow(rate())})
	return p
}

// rate is the continuously compounded rate of a discount factor.
func rate() *formula.Graph {
	b := formula.New("rate")
	discount, tau := b.Input("D"), b.Input("T")
	b.Output("r", discount.Log().Neg().Div(tau))
	return b.MustGraph()
}
