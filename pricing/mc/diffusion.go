package mc

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Diffuse steps through every model that is a [model.Diffusion]. The zero value is Platen's scheme of weak order two, for
// prices of claims; in the logarithm of the price every scheme here is exact for geometric Brownian motion. The first step is
// cut into eight that grow from small to large, for local volatilities are steepest at the start.
//
// In logarithms the volatility b(S,t)/S of each step is tabulated by ln(S/F), F being the forward, and interpolated by cubics,
// unless Direct is set; prices outside of the table ask the model. In the price itself the model is asked for each step.
type Diffuse struct {
	Order  Order
	Scale  Scale
	Direct bool // ask the model for the volatility of each path and step
}

// Order is the kind of a step of [Diffuse].
type Order int

const (
	Platen   Order = iota // weak order 2, strong order 1/2, without derivatives (Kloeden and Platen 1992, eq. 15.1.1)
	Milstein              // weak and strong order 1, without derivatives (eq. 11.1.3)
	Euler                 // Euler-Maruyama: weak order 1, strong order 1/2
)

// Scale is what [Diffuse] steps through.
type Scale int

const (
	// AutomaticScale is LogPrice if prices are positive and cannot reach zero as far as the model says ([model.LocalVol],
	// [model.BlackScholes]), otherwise Price.
	AutomaticScale Scale = iota
	LogPrice             // ln S; the price stays positive
	Price                // S; a price that falls to the floor of the model stays there
)

var _ Scheme = Diffuse{}

// Without another wish, steps are no longer than this and than a sixteenth of the last time.
const diffuseStep = 1.0 / 32

// startSteps is the number of steps that the first one is cut into.
const startSteps = 8

// cutStart cuts the first step into steps whose ends are at the squares of equal parts.
func cutStart(steps []float64, at []int) []float64 {
	if len(steps) == 0 {
		return steps
	}
	cut := make([]float64, 0, len(steps)+startSteps-1)
	for k := 1.0; k < startSteps; k++ {
		f := k / startSteps
		cut = append(cut, steps[0]*f*f)
	}
	for i, n := range at {
		if n > 0 {
			at[i] = n + startSteps - 1
		}
	}
	return append(cut, steps...)
}

// Simulate prepares the prices at the given times.
func (e Diffuse) Simulate(m pricing.Model, times []float64, maxStep float64) (model.Simulation, error) {
	const fn = "mc.Diffuse"
	if e.Order < Platen || e.Order > Euler {
		return nil, fault.Arg(fn, "Order", int(e.Order), "Platen, Milstein or Euler")
	}
	if e.Scale < AutomaticScale || e.Scale > Price {
		return nil, fault.Arg(fn, "Scale", int(e.Scale), "one of the three")
	}
	last := times[len(times)-1]
	world, reason := model.DiffusionOf(m, last)
	if world == nil {
		return nil, schemeError(e, m, reason)
	}
	cut := maxStep == 0
	if cut {
		maxStep = min(diffuseStep, last/16)
	}
	var stops []float64
	dividends := world.DiscreteDividends()
	for _, d := range dividends {
		stops = append(stops, d.Time)
	}
	steps, at := model.StepGrid(times, stops, maxStep)
	if cut {
		steps = cutStart(steps, at)
	}
	d := diffusing{world: world, spot: world.SpotPrice(), at: at, steps: steps, order: e.Order}
	d.growth, d.floor = make([]float64, len(steps)), make([]float64, len(steps))
	d.cash, d.kept = make([]float64, len(steps)), make([]float64, len(steps))
	growth, next := 1.0, 0
	positive := true
	for k, t := range steps {
		g := world.Growth(t)
		if !(g > 0) || math.IsInf(g, 1) {
			return nil, fault.Arg(fn, fmt.Sprintf("growth to %g years", t), g, "finite and > 0")
		}
		d.growth[k], growth = g/growth, g
		d.floor[k] = world.PriceFloor(t)
		positive = positive && d.floor[k] == 0
		cash, kept := 0.0, 1.0
		for ; next < len(dividends) && dividends[next].Time <= t; next++ {
			cash += dividends[next].Cash / kept
			kept *= 1 - dividends[next].Proportion
			d.paying = true
		}
		d.cash[k], d.kept[k] = cash, kept
	}
	scale := e.Scale
	if scale == AutomaticScale {
		scale = Price
		switch m.(type) {
		case model.LocalVol, model.BlackScholes:
			if positive {
				scale = LogPrice
			}
		}
	}
	if scale == Price {
		return &pricePaths{d}, nil
	}
	if !positive || !(d.spot > 0) {
		return nil, schemeError(e, m, "the price may be negative or has a floor, and has no logarithm")
	}
	p := &logPaths{diffusing: d}
	if !e.Direct {
		if err := p.tabulate(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// diffusing is what both scales share.
type diffusing struct {
	world      model.Diffusion
	spot       float64
	steps      []float64
	at         []int
	growth     []float64 // of the forward in each step
	floor      []float64 // of the price at the end of each step
	cash, kept []float64 // dividends at the end of each step
	order      Order
	paying     bool
}

func (d *diffusing) Layout() model.Layout {
	return model.Layout{Assets: 1, Steps: d.steps, Factors: 1, Scratch: 7, Variance: !d.paying, Resumes: true}
}

// pricePaths step through the price.
type pricePaths struct{ diffusing }

func (p *pricePaths) PathsTo(b *model.PathBlock) {
	s, c, ahead, variance := b.Scratch[0], b.Scratch[1], b.Scratch[2], b.Scratch[3]
	fill(s, p.spot)
	k, from := 0, 0.0
	first, until := b.Range(len(p.at))
	if first > 0 {
		copy(s, b.Spot[first-1])
		if k = p.at[first-1]; k > 0 {
			from = p.steps[k-1]
		}
	}
	for i := first; i < until; i++ {
		steps := p.at[i]
		clear(variance)
		for ; k < steps; k++ {
			if b.Stopped() {
				return
			}
			to := p.steps[k]
			dt := to - from
			root, growth, z := math.Sqrt(dt), p.growth[k], b.Normals[k]
			p.world.DiffusionTo(c, s, from, to)
			if b.Variance != nil {
				for j, v := range c {
					if r := v / s[j]; r == r { // at zero the price stays
						variance[j] += r * r * dt
					}
				}
			}
			switch p.order {
			case Platen:
				up, down := b.Scratch[4], b.Scratch[5]
				for j, v := range c {
					mean := s[j] * growth
					up[j], down[j] = mean+v*root, mean-v*root
				}
				p.world.DiffusionTo(up, up, from, to)
				p.world.DiffusionTo(down, down, from, to)
				quarter := 0.25 * root
				for j, v := range c {
					w := z[j]
					s[j] = s[j]*growth + quarter*((up[j]+down[j]+2*v)*w+(up[j]-down[j])*(w*w-1)) + 0.5*(growth-1)*v*root*w
				}
			case Milstein:
				for j, v := range c {
					ahead[j] = s[j] + v*root
				}
				p.world.DiffusionTo(ahead, ahead, from, to)
				half := 0.5 * root
				for j, v := range c {
					s[j] = s[j]*growth + v*root*z[j] + (ahead[j]-v)*half*(z[j]*z[j]-1)
				}
			default:
				for j, v := range c {
					s[j] = s[j]*growth + v*root*z[j]
				}
			}
			floor := p.floor[k]
			if cash, kept := p.cash[k], p.kept[k]; cash > 0 || kept < 1 {
				for j, x := range s {
					s[j] = (max(x, floor) - cash) * kept
				}
			}
			if !math.IsInf(floor, -1) {
				for j, x := range s {
					if x < floor {
						s[j] = floor
					}
				}
			}
			from = to
		}
		copy(b.Spot[i], s)
		if b.Variance != nil {
			copy(b.Variance[i], variance)
		}
	}
}

// logPaths step through the logarithm of the price over its forward.
type logPaths struct {
	diffusing
	tables []volTable // of each step; nil to ask the model
}

// volTable is the volatility of a step by x = ln(S/F), on equal intervals.
type volTable struct {
	low, scale float64 // (x−low)·scale is the place in the table
	vol        []float64
}

const (
	tableNodes = 257
	tableWidth = 7.0 // standard deviations to each side
)

// tabulate makes the tables. Their width is that of a motion which has, in each step, the largest volatility that was met
// within two standard deviations.
func (p *logPaths) tabulate() error {
	const fn = "mc.Diffuse"
	p.tables = make([]volTable, len(p.steps))
	x, s := make([]float64, tableNodes), make([]float64, tableNodes)
	forward, from, variance, top := p.spot, 0.0, 0.0, 0.0
	for k, to := range p.steps {
		vol := make([]float64, tableNodes)
		if k == 0 {
			s[0] = p.spot
			p.world.DiffusionTo(vol[:1], s[:1], from, to)
			top = vol[0] / p.spot
		}
		width := max(tableWidth*math.Sqrt(variance+top*top*(to-from)), 1e-6)
		step := 2 * width / (tableNodes - 1)
		for i := range x {
			x[i] = -width + step*float64(i)
			s[i] = forward * math.Exp(x[i])
		}
		p.world.DiffusionTo(vol, s, from, to)
		top = 0
		for i := range vol {
			vol[i] /= s[i]
			if math.Abs(x[i]) <= width*2/tableWidth {
				if !(vol[i] >= 0) || math.IsInf(vol[i], 1) {
					return fault.Arg(fn, fmt.Sprintf("volatility at price %g, %g years", s[i], from), vol[i], "finite and >= 0")
				}
				top = max(top, vol[i])
			}
		}
		p.tables[k] = volTable{low: -width, scale: 1 / step, vol: vol}
		variance += top * top * (to - from)
		forward *= p.growth[k]
		from = to
	}
	return nil
}

// volTo writes the volatility of step k at the logarithms x over the forward to dst.
func (p *logPaths) volTo(dst, x, price []float64, forward float64, k int, from, to float64) {
	if p.tables == nil {
		vec.Exp(price, x)
		for j := range price {
			price[j] *= forward
		}
		p.world.DiffusionTo(dst, price, from, to)
		for j := range dst {
			if dst[j] /= price[j]; price[j] == 0 {
				dst[j] = 0
			}
		}
		return
	}
	t := &p.tables[k]
	vol := t.vol
	for j, v := range x {
		u := (v - t.low) * t.scale
		if !(u >= 1 && u < tableNodes-2) {
			price[j] = forward * math.Exp(v)
			p.world.DiffusionTo(dst[j:j+1], price[j:j+1], from, to)
			if dst[j] /= price[j]; price[j] == 0 {
				dst[j] = 0
			}
			continue
		}
		i := int(u)
		f := u - float64(i)
		// Lagrange's cubic through four nodes.
		y := vol[i-1 : i+3 : i+3]
		g, h := f-1, f-2
		dst[j] = h*(g*(-f*y[0]+3*(f+1)*y[1]))*(1.0/6) + f*(f+1)*(g*y[3]-3*h*y[2])*(1.0/6)
	}
}

func (p *logPaths) PathsTo(b *model.PathBlock) {
	x, vol, ahead, price, variance := b.Scratch[0], b.Scratch[1], b.Scratch[2], b.Scratch[3], b.Scratch[4]
	clear(x)
	forward, from, k := p.spot, 0.0, 0
	first, until := b.Range(len(p.at))
	if first > 0 {
		for ; k < p.at[first-1]; k++ {
			forward *= p.growth[k]
			from = p.steps[k]
		}
		for j, s := range b.Spot[first-1] {
			x[j] = s / forward
		}
		vec.Log(x, x)
	}
	for i := first; i < until; i++ {
		steps := p.at[i]
		clear(variance)
		for ; k < steps; k++ {
			if b.Stopped() {
				return
			}
			to := p.steps[k]
			dt := to - from
			root, z := math.Sqrt(dt), b.Normals[k]
			p.volTo(vol, x, price, forward, k, from, to)
			if b.Variance != nil {
				for j, v := range vol {
					variance[j] += v * v * dt
				}
			}
			switch p.order {
			case Platen:
				up, down := b.Scratch[5], b.Scratch[6]
				for j, v := range vol {
					drifted := x[j] - 0.5*dt*v*v
					w := v * root
					ahead[j], up[j], down[j] = drifted+w*z[j], drifted+w, drifted-w
				}
				p.volTo(ahead, ahead, price, forward, k, from, to)
				p.volTo(up, up, price, forward, k, from, to)
				p.volTo(down, down, price, forward, k, from, to)
				quarter := 0.25 * root
				for j, v := range vol {
					w, a := z[j], ahead[j]
					x[j] += quarter*((up[j]+down[j]+2*v)*w+(up[j]-down[j])*(w*w-1)) - 0.25*dt*(v*v+a*a)
				}
			case Milstein:
				for j, v := range vol {
					ahead[j] = x[j] + v*root
				}
				p.volTo(ahead, ahead, price, forward, k, from, to)
				half := 0.5 * root
				for j, v := range vol {
					x[j] += v*(root*z[j]-0.5*dt*v) + (ahead[j]-v)*half*(z[j]*z[j]-1)
				}
			default:
				for j, v := range vol {
					x[j] += v * (root*z[j] - 0.5*dt*v)
				}
			}
			forward *= p.growth[k]
			if cash, kept := p.cash[k], p.kept[k]; cash > 0 || kept < 1 {
				vec.Exp(price, x)
				for j := range price {
					price[j] = max(price[j]-cash/forward, 0) * kept
				}
				vec.Log(x, price)
			}
			from = to
		}
		dst := b.Spot[i]
		vec.Exp(dst, x)
		for j := range dst {
			dst[j] *= forward
		}
		if b.Variance != nil {
			copy(b.Variance[i], variance)
		}
	}
}
