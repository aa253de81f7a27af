package mc

import (
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/internal/race"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// Rough Bergomi makes its own paths; its smiles are those of the references.
func TestGoldenRoughBergomi(t *testing.T) {
	statistical(t)
	golden.Run(t, "papers/rough_bergomi", func(t *testing.T, c golden.Case) {
		var strikes, want, slack []float64
		c.Input(t, "log_strikes", &strikes)
		c.Expected(t, "vol_n100", &want)
		c.Expected(t, "se_n200", &slack)
		expiry := c.Float(t, "T_years")
		m := model.RoughBergomi{Market: model.Market{Spot: 1}, H: c.Float(t, "H"), Eta: c.Float(t, "eta"), Rho: c.Float(t, "rho"),
			Xi: model.FlatVariance(c.Float(t, "xi"))}
		for i, k := range strikes {
			if i%2 == 1 && !slow {
				continue
			}
			in := pricing.Vanilla{Right: pricing.Call, Strike: math.Exp(k), Expiry: expiry}
			if k < 0 {
				in.Right = pricing.Put
			}
			asset, err := AssetControl(m, expiry)
			if err != nil {
				t.Fatal(err)
			}
			r := run(t, Engine{Paths: 1 << 13, MaxStep: expiry / 100, Source: Antithetic{}, Controls: []Control{asset}}, in, m)
			vol := func(price float64) float64 {
				v, _ := black.ImpliedVol(black.Quote{Right: in.Right, Price: price, Forward: 1, Strike: in.Strike, Tau: expiry, Discount: 1})
				return v
			}
			v := vol(r.Value)
			own := vol(r.Value+r.StdErr) - v
			// Schemes of as many steps differ by their first steps, by some 1e-4.
			if off := math.Abs(v - want[i]); !(off < 4*math.Hypot(own, slack[i])+1e-3) || own > 0.005 {
				t.Errorf("k = %g: %.5f ± %.5f, want %.5f", k, v, own, want[i])
			}
		}
	})
}

// reverting is a model from elsewhere: a price that reverts to a mean, dS = a(m − S) dt + σ dW, with random rates besides, which
// are integrals of another one.
type reverting struct {
	spot, speed, mean, sigma, rate float64
}

func (m reverting) Validate() error                  { return nil }
func (m reverting) DiscountFactor(t float64) float64 { return math.NaN() } // never asked for
func (m reverting) Simulate(times []float64, maxStep float64) (model.Simulation, error) {
	steps, at := model.StepGrid(times, nil, maxStep)
	return &revertingPaths{m, steps, at}, nil
}

type revertingPaths struct {
	reverting
	steps []float64
	at    []int
}

func (p *revertingPaths) Layout() model.Layout {
	return model.Layout{Assets: 1, Steps: p.steps, Factors: 1, Uniforms: 1, Scratch: 2, Rates: true}
}

func (p *revertingPaths) PathsTo(b *model.PathBlock) {
	s, d := b.Scratch[0], b.Scratch[1]
	fill(s, p.spot)
	fill(d, 1)
	from, k := 0.0, 0
	for i, n := range p.at {
		for ; k < n; k++ {
			dt := p.steps[k] - from
			keep := math.Exp(-p.speed * dt)
			dev := p.sigma * math.Sqrt(-math.Expm1(-2*p.speed*dt)/(2*p.speed))
			for j, z := range b.Normals[k] {
				s[j] = p.mean + (s[j]-p.mean)*keep + dev*z
				d[j] *= math.Exp(-2 * p.rate * b.Uniforms[k][j] * dt) // a rate that is uniform about its mean
			}
			from = p.steps[k]
		}
		copy(b.Spot[i], s)
		copy(b.Discount[i], d)
	}
}

func TestModelFromElsewhere(t *testing.T) {
	m := reverting{spot: 90, speed: 1.5, mean: 100, sigma: 20, rate: 0.05}
	in := power{1, []float64{0.25, 1}}
	// Price and rate are independent: the value is the product of the two means.
	step := func(dt float64) float64 { return -math.Expm1(-0.1*dt) / (0.1 * dt) }
	want := (100 - 10*math.Exp(-1.5)) * step(0.25) * step(0.75)
	for _, s := range []Source{nil, Sobol{}, Antithetic{}, MomentMatching{}, Stratified{}, Importance{}} {
		within(t, "", run(t, Engine{Paths: 1 << 14, Source: s}, in, m).Result, want, 3.5, 0.2)
	}
}

// At expiry, and without volatility, the value is certain.
func TestCertainty(t *testing.T) {
	market := model.Market{Spot: 100, Discount: curve.Flat(0.05)}
	now := pricing.Vanilla{Right: pricing.Call, Strike: 90, Expiry: 0}
	for _, m := range []pricing.Model{
		flatWorld(100, 0.05, 0, 0.2), heston(0.04, 1, 0.04, 0.5, -0.5), skewed(), model.CEV{Market: market, Sigma: 2, Beta: 0.5},
		model.Merton{Market: market, Sigma: 0.2, Jumps: model.Jumps{Lambda: 1, MuJ: -0.1, SigmaJ: 0.1}},
		model.VarianceGamma{Market: market, Sigma: 0.2, Nu: 0.2}, model.NIG{Market: market, Alpha: 10, Beta: -3, Delta: 0.4},
		model.RoughHeston{Market: market, H: 0.1, V0: 0.04, Theta: 0.04, Nu: 0.3, Rho: -0.5},
		model.StochasticLocalVol{Variance: heston(0.04, 1, 0.04, 0.5, -0.5), Leverage: skewed().Variance},
	} {
		for _, s := range []Source{nil, Sobol{}, Antithetic{}, Stratified{}, Importance{}} {
			r := run(t, Engine{Paths: 1 << 8, Source: s}, now, m)
			if math.Abs(r.Value-10) > 1e-9 || r.StdErr > 1e-9 {
				t.Errorf("%T, %T: %g ± %g, want 10", m, s, r.Value, r.StdErr)
			}
		}
	}
	later := pricing.Vanilla{Right: pricing.Call, Strike: 90, Expiry: 1}
	for _, m := range []pricing.Model{flatWorld(100, 0.05, 0, 0), model.Merton{Market: market}, heston(0, 1, 0, 0, 0)} {
		f := m.(interface{ Forward(t float64) float64 }).Forward(1)
		d := m.(interface{ DiscountFactor(t float64) float64 }).DiscountFactor(1)
		r := run(t, Engine{Paths: 1 << 8}, later, m)
		if math.Abs(r.Value-d*(f-90)) > 1e-9 || r.StdErr > 1e-9 {
			t.Errorf("%T: %g ± %g, want %g", m, r.Value, r.StdErr, d*(f-90))
		}
	}
}

// Making a block allocates nothing, whatever the model and the technique.
func TestBlocksAllocateNothing(t *testing.T) {
	market := model.Market{Spot: 100, Discount: curve.Flat(0.05)}
	asset := model.Asset{Spot: 100, Vol: model.FlatVol(0.2)}
	h := heston(0.04, 1, 0.04, 0.5, -0.5)
	for _, m := range []pricing.Model{
		flatWorld(100, 0.05, 0, 0.2), h, skewed(), model.CEV{Market: market, Sigma: 2, Beta: 0.5},
		model.Bates{Heston: h, Jumps: model.Jumps{Lambda: 5, MuJ: -0.1, SigmaJ: 0.1}},
		model.Kou{Market: market, Sigma: 0.15, Lambda: 3, P: 0.35, Eta1: 12, Eta2: 8},
		model.VarianceGamma{Market: market, Sigma: 0.2, Nu: 0.2}, model.NIG{Market: market, Alpha: 10, Beta: -3, Delta: 0.4},
		model.RoughHeston{Market: market, H: 0.1, V0: 0.04, Theta: 0.04, Nu: 0.3, Rho: -0.5},
		model.StochasticLocalVol{Variance: h, Leverage: skewed().Variance},
		model.Assets{Each: []model.Asset{asset, asset}, Correlation: [][]float64{{1, 0.5}, {0.5, 1}}},
	} {
		for _, s := range []Source{nil, Sobol{}, Antithetic{Of: Sobol{}}, MomentMatching{Of: Antithetic{}}, Stratified{}} {
			g, err := Engine{Paths: 1 << 12, Source: s}.Generator(m, weekly(3, 0.2), 0)
			if err != nil {
				t.Fatal(err)
			}
			b := g.NewBlock()
			for i := range g.Blocks() { // the first time, a worker takes the cursors that it needs
				g.Make(b, i)
			}
			if n := testing.AllocsPerRun(3, func() { g.Make(b, 0) }); n > 0 && !race.Enabled {
				t.Errorf("%T, %T: %g allocations", m, s, n)
			}
		}
	}
}
