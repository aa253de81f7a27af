package kernels_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/hw/formula"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

// blackBatch is a layout of package black, with its formula and the inputs of it in the order of the columns.
type blackBatch struct {
	name   string
	graph  *formula.Graph
	inputs []string
	greeks func(dst [][]float64, right []pricing.Right, in map[string][]float64)
}

func wide(c [][]float64) black.Columns {
	return black.Columns{
		Price: c[0], Delta: c[1], Gamma: c[2], Vega: c[3], Theta: c[4], Rho: c[5], Vanna: c[6], Volga: c[7], Charm: c[8], Speed: c[9],
		Zomma: c[10], Color: c[11],
	}
}

// narrow32 copies a column to float32, of which its numbers are.
func narrow32(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// through32 lets f fill columns of float32, and copies them to dst.
func through32(dst [][]float64, f func(black.Columns32)) {
	var c [6][]float32
	for j := range c {
		c[j] = make([]float32, len(dst[0]))
	}
	f(black.Columns32{Price: c[0], Delta: c[1], Gamma: c[2], Vega: c[3], Theta: c[4], Rho: c[5]})
	for j := range c {
		for i, v := range c[j] {
			dst[j][i] = float64(v)
		}
	}
}

func blackBatches() []blackBatch {
	forward, spot := []string{"sign", "F", "K", "T", "sigma", "D", "r"}, []string{"sign", "S", "K", "T", "sigma", "r", "q"}
	european := func(m formula.Market, f formula.Format, set formula.Greeks) *formula.Graph {
		return formula.European{Market: m, Greeks: set, Format: f}.Rows()
	}
	return []blackBatch{
		{"Black76Rows", european(formula.GivenForward, formula.Float64, formula.AllGreeks), forward,
			func(dst [][]float64, right []pricing.Right, in map[string][]float64) {
				black.Black76Rows{Right: right, Forward: in["F"], Strike: in["K"], Vol: in["sigma"], Tau: in["T"], Discount: in["D"]}.GreeksTo(wide(dst))
			}},
		{"BSMRows", european(formula.GivenSpotYield, formula.Float64, formula.AllGreeks), spot,
			func(dst [][]float64, right []pricing.Right, in map[string][]float64) {
				black.BSMRows{Right: right, Spot: in["S"], Strike: in["K"], Rate: in["r"], Yield: in["q"], Vol: in["sigma"], Tau: in["T"]}.GreeksTo(wide(dst))
			}},
		{"BachelierRows", formula.BachelierRows(formula.AllGreeks, formula.Float64), forward,
			func(dst [][]float64, right []pricing.Right, in map[string][]float64) {
				black.BachelierRows{Right: right, Forward: in["F"], Strike: in["K"], Vol: in["sigma"], Tau: in["T"], Discount: in["D"]}.GreeksTo(wide(dst))
			}},
		{"Black76Rows32", european(formula.GivenForward, formula.Float32, formula.FirstOrder), forward,
			func(dst [][]float64, right []pricing.Right, in map[string][]float64) {
				through32(dst, func(c black.Columns32) {
					black.Black76Rows32{
						Right: right, Forward: narrow32(in["F"]), Strike: narrow32(in["K"]), Vol: narrow32(in["sigma"]), Tau: narrow32(in["T"]), Discount: narrow32(in["D"]),
					}.GreeksTo(c)
				})
			}},
		{"BSMRows32", european(formula.GivenSpotYield, formula.Float32, formula.FirstOrder), spot,
			func(dst [][]float64, right []pricing.Right, in map[string][]float64) {
				through32(dst, func(c black.Columns32) {
					black.BSMRows32{
						Right: right, Spot: narrow32(in["S"]), Strike: narrow32(in["K"]), Rate: narrow32(in["r"]), Yield: narrow32(in["q"]), Vol: narrow32(in["sigma"]),
						Tau: narrow32(in["T"]),
					}.GreeksTo(c)
				})
			}},
	}
}

// TestBatchesAreTheFormula holds the batches of package black to the evaluation of their formulas, bit for bit, in every variant,
// wherever the formula has a price. The rate of a forward's theta is that of its kernel.
func TestBatchesAreTheFormula(t *testing.T) {
	rate := func(f formula.Format) *formula.Evaluator {
		b := formula.NewFormat("rate", f)
		d, tau := b.Input("D"), b.Input("T")
		b.Output("r", d.Log().Neg().Div(tau))
		return formula.NewEvaluator(b.MustGraph())
	}
	for _, c := range blackBatches() {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(21, 22))
			eval, rates := formula.NewEvaluator(c.graph), rate(c.graph.Format())
			const chunk = 2000
			outs := len(c.graph.OutputNames())
			want, got := make([][]float64, outs), make([][]float64, 12)
			for j := range got {
				got[j] = make([]float64, chunk)
			}
			for j := range want {
				want[j] = make([]float64, chunk)
			}
			right := make([]pricing.Right, chunk)
			inside := 0
			for done := 0; done < points(); done += chunk {
				src, in := make([][]float64, len(c.inputs)), map[string][]float64{}
				for j, name := range c.inputs {
					src[j] = make([]float64, chunk)
					in[name] = src[j]
				}
				asset := in["F"]
				if asset == nil {
					asset = in["S"]
				}
				for i := range chunk {
					right[i] = pricing.Right(1 - 2*rng.IntN(2))
					tau, vol := math.Exp(rng.Float64()*8-6.5), math.Exp(rng.Float64()*4-4)
					asset[i] = 100 * math.Exp(rng.NormFloat64())
					in["sign"][i], in["T"][i], in["sigma"][i], in["r"][i] = float64(right[i]), tau, vol, 0.2*(rng.Float64()-0.5)
					in["K"][i] = asset[i] * math.Exp([]float64{0, 0.01, 1, 3, 8}[rng.IntN(5)]*vol*math.Sqrt(tau)*rng.NormFloat64())
					if d := in["D"]; d != nil {
						d[i] = math.Exp(-in["r"][i] * tau)
					} else {
						in["q"][i] = 0.2 * (rng.Float64() - 0.5)
					}
					if c.name == "BachelierRows" {
						in["sigma"][i] *= asset[i]
					}
					if rng.IntN(8) == 0 { // at the edges, and beyond
						src[1+rng.IntN(len(src)-1)][i] = corners[rng.IntN(len(corners))]
					}
				}
				for j := range src {
					for i, v := range src[j] {
						src[j][i] = c.graph.Format().Round(v)
					}
				}
				if d := in["D"]; d != nil {
					rates.EvalTo([][]float64{in["r"]}, [][]float64{d, in["T"]})
				}
				eval.EvalTo(want, src)
				for _, v := range vec.Available() {
					restore := vec.Force(v)
					c.greeks(got, right, in)
					restore()
					for i, price := range want[0] {
						if price != price {
							continue
						}
						inside++
						for j := range want {
							if !sameBits(got[j][i], want[j][i]) {
								t.Fatalf("%v: %s of row %d is %v, the formula gives %v", v, c.graph.OutputNames()[j], i, got[j][i], want[j][i])
							}
						}
					}
				}
			}
			if least := points() * len(vec.Available()) * 3 / 4; inside < least {
				t.Errorf("the formula has a price of %d rows, want %d at least", inside, least)
			}
		})
	}
}
