package risk

import (
	"context"
	"fmt"
	"time"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/calendar"
)

// ModelMarks marks the contracts of one underlying under one model: European options in closed form, futures at the
// model's forward, the underlying at its spot. As the model never changes, the marks are a pinned snapshot.
type ModelMarks struct {
	Underlying string
	Asof       time.Time          // the valuation instant, from which expiries are measured
	Clock      calendar.Clock     // nil means [calendar.Act365F]
	World      model.BlackScholes // with the surface as its Vol
}

var _ Marks = ModelMarks{}

// Instant returns the valuation instant.
func (m ModelMarks) Instant() time.Time { return m.Asof }

// Mark values a contract. Another underlying or a settled expiry is an [ErrUnknownContract].
func (m ModelMarks) Mark(c Contract) (Mark, error) {
	if c.Underlying != m.Underlying {
		return Mark{}, fmt.Errorf("%w: the marks are of %s", ErrUnknownContract, m.Underlying)
	}
	spot := m.World.Spot
	if !c.IsOption() && !c.IsFuture() {
		return Mark{Value: spot, Greeks: pricing.Greeks{Delta: 1}, Spot: spot, Forward: spot}, nil
	}
	var clock calendar.Clock = calendar.Act365F
	if m.Clock != nil {
		clock = m.Clock
	}
	t := clock.Years(m.Asof, c.Expiry)
	if t < 0 {
		return Mark{}, fmt.Errorf("%w: it settled at %s, the marks are of %s", ErrUnknownContract, c.Expiry, m.Asof)
	}
	f := m.World.ForwardAt(t)
	if c.IsFuture() {
		return Mark{
			Value:  f.Value,
			Greeks: pricing.Greeks{Delta: f.DSpot, Rho: f.DRate, YieldRho: f.DYield, Theta: f.DTime},
			Spot:   spot, Forward: f.Value,
		}, nil
	}
	r, err := analytic.European{}.Price(context.Background(), pricing.Vanilla{Right: c.Right, Strike: c.Strike, Expiry: t}, m.World)
	if err != nil {
		return Mark{}, err
	}
	return Mark{Value: r.Value, Greeks: r.Greeks, Spot: spot, Forward: f.Value}, nil
}
