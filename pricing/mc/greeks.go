package mc

import (
	"math"
	"reflect"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Bumps of Greeks: of the spot as a fraction of it, of the volatility in absolute terms.
const (
	spotBump = 0.005
	volBump  = 0.005
)

// bumps are the worlds beside the model in which a simulation values the claim on the same random numbers.
type bumps struct {
	asked      pricing.Mask
	worlds     []*Generator // spot up, spot down, volatility up, volatility down: those that are asked for
	spot, vol  int          // where they begin among worlds; −1 if they are not there
	spotSize   float64
	quantities []pricing.Mask // the Greeks, in the order of the quantities that blocks observe
}

// bumped prepares the worlds for the Greeks that are asked for, as far as the model can be bumped.
func (e Engine) bumped(g *Generator, c claim, m pricing.Model) (*bumps, error) {
	b := &bumps{asked: e.Greeks & (pricing.HasDelta | pricing.HasGamma | pricing.HasVega), spot: -1, vol: -1}
	if b.asked == 0 {
		return nil, nil
	}
	add := func(up, down pricing.Model) (bool, error) {
		for _, w := range []pricing.Model{up, down} {
			if err := w.Validate(); err != nil {
				return false, nil // a bump out of the domain
			}
			other, err := e.generator(w, c.times, 0, c.variance)
			if err != nil {
				return false, err
			}
			if len(other.layout.Steps) != len(g.layout.Steps) {
				return false, nil
			}
			other.state = c.state
			b.worlds = append(b.worlds, other)
		}
		return true, nil
	}
	if b.asked&(pricing.HasDelta|pricing.HasGamma) != 0 {
		if now, ok := m.(interface{ SpotPrice() float64 }); ok {
			spot := now.SpotPrice()
			b.spotSize = spotBump * math.Abs(spot)
			up, okUp := withSpot(m, spot+b.spotSize)
			down, okDown := withSpot(m, spot-b.spotSize)
			if okUp && okDown && b.spotSize > 0 {
				ok, err := add(up, down)
				if err != nil {
					return nil, err
				}
				if ok {
					b.spot = len(b.worlds) - 2
					b.quantities = append(b.quantities, pricing.HasDelta, pricing.HasGamma)
				}
			}
		}
	}
	if b.asked&pricing.HasVega != 0 {
		up, okUp := withVol(m, volBump)
		down, okDown := withVol(m, -volBump)
		if okUp && okDown {
			ok, err := add(up, down)
			if err != nil {
				return nil, err
			}
			if ok {
				b.vol = len(b.worlds) - 2
				b.quantities = append(b.quantities, pricing.HasVega)
			}
		}
	}
	return b, nil
}

// withSpot returns the model with another spot, by its method WithSpot, which returns its own type and so is no interface.
func withSpot(m pricing.Model, spot float64) (pricing.Model, bool) {
	method := reflect.ValueOf(m).MethodByName("WithSpot")
	if !method.IsValid() {
		return nil, false
	}
	t := method.Type()
	if t.NumIn() != 1 || t.In(0).Kind() != reflect.Float64 || t.NumOut() != 1 {
		return nil, false
	}
	w, ok := method.Call([]reflect.Value{reflect.ValueOf(spot)})[0].Interface().(pricing.Model)
	return w, ok
}

// withVol returns the model with today's volatility moved: σ, or √v0 where the variance is stochastic.
func withVol(m pricing.Model, by float64) (pricing.Model, bool) {
	root := func(v float64) (float64, bool) {
		s := math.Sqrt(v) + by
		return s * s, s > 0
	}
	ok := true
	switch w := m.(type) {
	case model.BlackScholes:
		vol, isTerm := w.Vol.(model.TermVol)
		if !isTerm {
			return nil, false
		}
		return w.WithVol(shiftedVol{vol, by}), true
	case model.Heston:
		w.V0, ok = root(w.V0)
		return w, ok
	case model.PiecewiseHeston:
		w.V0, ok = root(w.V0)
		return w, ok
	case model.Bates:
		w.V0, ok = root(w.V0)
		return w, ok
	case model.Merton:
		w.Sigma += by
		return w, w.Sigma > 0
	case model.Kou:
		w.Sigma += by
		return w, w.Sigma > 0
	case model.VarianceGamma:
		w.Sigma += by
		return w, w.Sigma > 0
	}
	return nil, false
}

// shiftedVol is a volatility moved in parallel.
type shiftedVol struct {
	of model.TermVol
	by float64
}

func (s shiftedVol) Vol(strike, t float64) float64 { return s.of.Vol(strike, t) + s.by }
func (s shiftedVol) TermVol(t float64) float64     { return s.of.TermVol(t) + s.by }

// advance fills o, a block of g, with the paths that g makes of the random numbers of b.
func (g *Generator) advance(o, b *Block) {
	n := len(b.Weight)
	o.memory.resize(n)
	o.Index, o.Replication, o.First, o.Weight = b.Index, b.Replication, b.First, b.Weight
	o.work.Normals, o.work.Uniforms, o.work.Key, o.work.Done = b.work.Normals, b.work.Uniforms, b.work.Key, b.work.Done
	g.sim.PathsTo(&o.work)
}

// observe writes the difference quotients of the Greeks of each path to columns, from the value of each path and scratch memory.
func (b *bumps) observe(c *claim, w *worker, value []float64, columns [][]float64) {
	pay := func(i int) []float64 {
		b.worlds[i].advance(w.others[i], w.block)
		dst := w.bumped[i][:len(value)]
		c.valueTo(dst, w.others[i], w.views[0])
		for j, weight := range w.block.Weight {
			dst[j] *= weight
		}
		return dst
	}
	at := 0
	if b.spot >= 0 {
		up, down := pay(b.spot), pay(b.spot+1)
		h := b.spotSize
		for j, v := range value {
			columns[0][j] = (up[j] - down[j]) / (2 * h)
			columns[1][j] = (up[j] - 2*v + down[j]) / (h * h)
		}
		at = 2
	}
	if b.vol >= 0 {
		up, down := pay(b.vol), pay(b.vol+1)
		for j := range value {
			columns[at][j] = (up[j] - down[j]) / (2 * volBump)
		}
	}
}
