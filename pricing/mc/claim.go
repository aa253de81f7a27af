package mc

import (
	"slices"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// claim is what an instrument pays, as the engine sees it.
type claim struct {
	assets   int
	times    []float64 // of the paths
	at       []int     // its own among them; nil if they are all its own
	variance bool      // it needs Block.Variance
	state    bool      // it needs Block.State, at its own times
	value    func(dst []float64, p *pricing.Paths, b *Block)
}

// lookAt makes the claim one on paths at the given times, which include its own.
func (c *claim) lookAt(times []float64) {
	if len(times) == len(c.times) {
		return
	}
	c.at = make([]int, len(c.times))
	for i, t := range c.times {
		c.at[i], _ = slices.BinarySearch(times, t)
	}
	c.times = times
}

// view is a worker's memory for what a claim sees of the paths.
func (c *claim) view() *pricing.Paths {
	if c.at == nil {
		return nil
	}
	p := &pricing.Paths{Assets: c.assets, Times: make([]float64, len(c.at)), Spot: make([][]float64, len(c.at)*c.assets)}
	for i, at := range c.at {
		p.Times[i] = c.times[at]
	}
	return p
}

// valueTo writes what the claim pays along each path of b to dst.
func (c *claim) valueTo(dst []float64, b *Block, view *pricing.Paths) {
	if view == nil {
		c.value(dst, &b.Paths, b)
		return
	}
	for i, at := range c.at {
		copy(view.Spot[i*c.assets:(i+1)*c.assets], b.Spot[at*c.assets:])
	}
	if b.Discount != nil {
		view.Discount = view.Discount[:0]
		for _, at := range c.at {
			view.Discount = append(view.Discount, b.Discount[at])
		}
	}
	if b.PathDiscount != nil {
		view.PathDiscount = view.PathDiscount[:0]
		for _, at := range c.at {
			view.PathDiscount = append(view.PathDiscount, b.PathDiscount[at])
		}
	}
	view.Scratch = b.Scratch
	c.value(dst, view, b)
}

// union returns the rising times that are in a or in b.
func union(a, b []float64) []float64 {
	u := slices.Concat(a, b)
	slices.Sort(u)
	u = slices.Compact(u)
	if len(u) == len(a) {
		return a
	}
	return u
}

// claimOf reads an instrument for an engine and a model. why says what is missing if it cannot.
func (e Engine) claimOf(in pricing.Instrument, m pricing.Model) (c claim, why string, err error) {
	switch o := in.(type) {
	case pricing.EarlyExercise:
		return c, "early exercise needs a method that finds the best exercise: LongstaffSchwartz", nil
	case pricing.PathExercise:
		return c, "early exercise needs a method that finds the best exercise: LongstaffSchwartz", nil
	case pricing.PathDependent:
		return pathClaim(o)
	case pricing.Barriered:
		spot, ok := m.(interface{ SpotPrice() float64 })
		if !ok {
			return c, "the model does not tell the price of the asset now, which barriers need", nil
		}
		_, lognormal := m.(model.BlackScholes)
		_, drawn := e.Scheme.(Exact)
		c, err = barrierClaim(o, spot.SpotPrice(), lognormal && (e.Scheme == nil || drawn), e.MaxStep)
		return c, "", err
	case pricing.Terminal:
		c, err = terminalClaim(o)
		return c, "", err
	}
	return c, "it states neither a terminal payoff nor a payoff along a path", nil
}

func pathClaim(o pricing.PathDependent) (claim, string, error) {
	const fn = "mc.Engine"
	times := o.Observations()
	if err := model.CheckTimes(fn, "Observations", times); err != nil {
		return claim{}, "", err
	}
	if n := o.Assets(); n < 1 {
		return claim{}, "", fault.Arg(fn, "Assets", n, ">= 1")
	}
	value := func(dst []float64, p *pricing.Paths, _ *Block) { o.PresentValueTo(dst, p) }
	return claim{assets: o.Assets(), times: times, value: value}, "", nil
}

func terminalClaim(o pricing.Terminal) (claim, error) {
	times := []float64{o.Maturity()}
	if err := model.CheckTimes("mc.Engine", "Maturity", times); err != nil {
		return claim{}, err
	}
	return claim{assets: 1, times: times, value: func(dst []float64, p *pricing.Paths, _ *Block) {
		o.PayoffTo(dst, p.At(0, 0))
		p.DiscountTo(dst, 0)
	}}, nil
}
