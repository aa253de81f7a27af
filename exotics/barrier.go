package exotics

import (
	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

// Barrier is a European option that comes to life or dies when the asset's price reaches a barrier.
type Barrier struct {
	pricing.Vanilla
	Barrier pricing.Barrier
}

// DoubleBarrier is a European option between two barriers: it dies, or comes to life, when the asset's price reaches either.
type DoubleBarrier struct {
	pricing.Vanilla
	Lower, Upper pricing.Barrier // both in or both out
}

var (
	_ pricing.Barriered = Barrier{}
	_ pricing.Barriered = DoubleBarrier{}
)

// Validate checks the option and the barrier.
func (b Barrier) Validate() error {
	return fault.First(b.Vanilla.Validate(), b.Barrier.Validate(), within("exotics.Barrier", "Barrier.Dates", b.Barrier.Dates, b.Expiry))
}

// Barriers returns the barrier.
func (b Barrier) Barriers() []pricing.Barrier { return []pricing.Barrier{b.Barrier} }

// Validate checks the option, the barriers and that they agree: the lower one is reached from above, the upper one from below,
// both knock in or both out, and are looked at at the same times.
func (b DoubleBarrier) Validate() error {
	const fn = "exotics.DoubleBarrier"
	err := fault.First(b.Vanilla.Validate(), b.Lower.Validate(), b.Upper.Validate(),
		within(fn, "Lower.Dates", b.Lower.Dates, b.Expiry), within(fn, "Upper.Dates", b.Upper.Dates, b.Expiry))
	switch {
	case err != nil:
		return err
	case b.Lower.Up:
		return fault.Arg(fn, "Lower.Up", true, "false: the lower barrier is reached from above")
	case !b.Upper.Up:
		return fault.Arg(fn, "Upper.Up", false, "true: the upper barrier is reached from below")
	case !(b.Upper.Level > b.Lower.Level):
		return fault.Arg(fn, "Upper.Level", b.Upper.Level, "above the lower barrier")
	case b.Upper.In != b.Lower.In:
		return fault.Arg(fn, "Upper.In", b.Upper.In, "as of the lower barrier")
	case b.Upper.In && b.Upper.Rebate != b.Lower.Rebate:
		return fault.Arg(fn, "Upper.Rebate", b.Upper.Rebate, "as of the lower barrier, for it is paid if neither was reached")
	}
	same := len(b.Lower.Dates) == len(b.Upper.Dates)
	for i := 0; same && i < len(b.Lower.Dates); i++ {
		same = b.Lower.Dates[i] == b.Upper.Dates[i]
	}
	if !same {
		return fault.Arg(fn, "Upper.Dates", b.Upper.Dates, "as of the lower barrier")
	}
	return nil
}

// Barriers returns the lower and the upper barrier.
func (b DoubleBarrier) Barriers() []pricing.Barrier { return []pricing.Barrier{b.Lower, b.Upper} }

// within checks that no date lies after expiry.
func within(fn, field string, dates []float64, expiry float64) error {
	if n := len(dates); n > 0 && dates[n-1] > expiry {
		return fault.Arg(fn, field, dates[n-1], "not after expiry")
	}
	return nil
}
