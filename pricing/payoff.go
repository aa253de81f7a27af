package pricing

import (
	"fmt"

	"github.com/volgaquant/volga/internal/fault"
)

// Terminal is the capability of an instrument that pays, once, a function of one asset's price. A contract with this
// capability is priced by lattices, finite differences and simulation; early exercise and barriers are further capabilities.
type Terminal interface {
	Instrument
	// Maturity returns when the payoff is due, in years from the valuation instant.
	Maturity() float64
	// PayoffTo writes what the instrument pays at each price of the asset to dst, which must be as long as spot and may be
	// spot itself.
	PayoffTo(dst, spot []float64)
	// Kinks returns the prices at which the payoff or its slope jumps, in rising order, so that a grid can be laid to them.
	Kinks() []float64
}

// EarlyExercise is the capability of a [Terminal] whose holder may take the payoff before maturity, for the price of the
// asset at that time.
type EarlyExercise interface {
	Terminal
	// ExerciseDates returns the times at which the holder may exercise, in strictly rising order, the last one the
	// maturity; nil means at any time.
	ExerciseDates() []float64
}

// Barriered is the capability of a [Terminal] that comes to life or dies as the asset's price crosses barriers.
type Barriered interface {
	Terminal
	// Barriers returns one barrier, or a lower and an upper one, in that order, both in or both out.
	Barriers() []Barrier
}

// Barrier is a level that knocks an instrument in or out when the asset's price reaches it.
type Barrier struct {
	Level  float64   // > 0
	Up     bool      // reached from below
	In     bool      // reaching it brings the payoff to life; otherwise it ends it
	Rebate float64   // paid when a knock-out is knocked out, or at maturity if a knock-in has not been knocked in; >= 0
	Late   bool      // the rebate of a knock-out is paid at maturity and not at the hit
	Dates  []float64 // when the price is looked at, in rising order; nil means at all times
}

// Validate checks the level, the rebate and the dates.
func (b Barrier) Validate() error {
	const fn = "pricing.Barrier"
	if err := fault.First(fault.Positive(fn, "Level", b.Level), fault.NonNegative(fn, "Rebate", b.Rebate)); err != nil {
		return err
	}
	return rising(fn, "Dates", b.Dates)
}

// rising checks that times are finite, not negative and strictly rising.
func rising(fn, field string, times []float64) error {
	for i, t := range times {
		if err := fault.NonNegative(fn, "", t); err != nil {
			return fault.Arg(fn, fmt.Sprintf("%s[%d]", field, i), t, "finite and >= 0")
		}
		if i > 0 && t <= times[i-1] {
			return fault.Arg(fn, fmt.Sprintf("%s[%d]", field, i), t, fmt.Sprintf("> %g, the date before it", times[i-1]))
		}
	}
	return nil
}

// PathDependent is the capability of an instrument that pays functions of the prices of one or more assets at given times.
// It is priced by simulation.
type PathDependent interface {
	Instrument
	// Assets returns how many assets it looks at.
	Assets() int
	// Observations returns when it looks at them, in years, strictly rising, the last one at or after its last payment.
	Observations() []float64
	// PresentValueTo writes to dst, for each path, what the instrument pays along it, discounted to the valuation instant.
	// It must be safe for concurrent use and allocate nothing. It may use the scratch columns of p.
	PresentValueTo(dst []float64, p *Paths)
}

// PathExercise is the capability of an instrument on the prices of one or more assets whose holder may end it at given times and
// take what is then to be had. Its value is that of the best exercise, which regression on simulated paths finds. An instrument
// that has it besides [PathDependent] is one that may be exercised early.
type PathExercise interface {
	Instrument
	// Assets returns how many assets it looks at.
	Assets() int
	// Observations returns when it looks at them, in years, strictly rising. The exercise dates are among them, the last one is
	// an exercise date.
	Observations() []float64
	// ExerciseDates returns the times at which the holder may exercise, in strictly rising order; nil means at any time up to the
	// last of the observations. Then the method chooses the times that it looks at, and exercise must pay by the prices at that
	// time alone.
	ExerciseDates() []float64
	// ExerciseTo writes to dst, for each path, what exercise at p.Times[i] pays then, at least 0. It looks at no later time. It must
	// be safe for concurrent use and allocate nothing. It may use the scratch columns of p.
	ExerciseTo(dst []float64, i int, p *Paths)
	// States returns the number of variables, at least 1, on which the value of not exercising depends.
	States() int
	// StatesTo writes these variables at p.Times[i] to the columns of dst: functions of the prices up to then. It must be safe for
	// concurrent use and allocate nothing. It may use the scratch columns of p.
	StatesTo(dst [][]float64, i int, p *Paths)
}

// Paths is a block of simulated paths by column: what a [PathDependent] sees.
type Paths struct {
	Times  []float64 // the instrument's observations
	Assets int
	// Spot holds the prices: Spot[i*Assets+a][j] is that of asset a at Times[i] on path j.
	Spot [][]float64
	// Discount holds the discount factor to each time, the same for all paths. It is nil if rates are random.
	Discount []float64
	// PathDiscount[i][j] is the discount factor from Times[i] along path j, if rates are random, otherwise nil.
	PathDiscount [][]float64
	// Scratch is at least [ScratchColumns] columns as long as a column of Spot, of undefined content, for the instrument's use.
	Scratch [][]float64
}

// ScratchColumns is the number of columns that an instrument may count on in [Paths].
const ScratchColumns = 8

// At returns the prices of an asset at the i-th time, one per path.
func (p *Paths) At(i, asset int) []float64 { return p.Spot[i*p.Assets+asset] }

// Len returns the number of paths.
func (p *Paths) Len() int {
	if len(p.Spot) == 0 {
		return 0
	}
	return len(p.Spot[0])
}

// DiscountTo multiplies each value of dst, paid at the i-th time, by the discount factor of its path.
func (p *Paths) DiscountTo(dst []float64, i int) {
	if p.PathDiscount != nil {
		for j, d := range p.PathDiscount[i] {
			dst[j] *= d
		}
		return
	}
	d := p.Discount[i]
	for j := range dst {
		dst[j] *= d
	}
}

// Averaging is the capability of an option on the average of one asset's prices at given dates, for methods that price it
// by its average's law.
type Averaging interface {
	Instrument
	Average() Average
}

// Average is an option on the average A of an asset's prices S at Dates. With a fixed strike it pays (φ(A−K))⁺ at the last
// date, with a floating one (φ(S−A))⁺ of the last price S.
type Average struct {
	Right     Right
	Geometric bool
	Floating  bool
	Strike    float64   // ignored if floating
	Dates     []float64 // years, strictly rising, >= 0, at least one
}

// Validate checks the right, the strike and the dates.
func (a Average) Validate() error {
	const fn = "pricing.Average"
	if a.Right != Call && a.Right != Put {
		return fault.Arg(fn, "Right", a.Right, "Call or Put")
	}
	if !a.Floating {
		if err := fault.Positive(fn, "Strike", a.Strike); err != nil {
			return err
		}
	}
	if len(a.Dates) == 0 {
		return fault.Arg(fn, "Dates", "empty", "at least one fixing date")
	}
	return rising(fn, "Dates", a.Dates)
}

var (
	_ Terminal      = Vanilla{}
	_ EarlyExercise = American{}
	_ EarlyExercise = Bermudan{}
)

// Maturity returns the expiry.
func (v Vanilla) Maturity() float64 { return v.Expiry }

// PayoffTo writes (φ(s−Strike))⁺ for each s of spot to dst.
func (v Vanilla) PayoffTo(dst, spot []float64) { v.Right.PayoffTo(dst, spot, v.Strike) }

// Kinks returns the strike.
func (v Vanilla) Kinks() []float64 { return []float64{v.Strike} }

// Maturity returns the expiry.
func (a American) Maturity() float64 { return a.Expiry }

// PayoffTo writes (φ(s−Strike))⁺ for each s of spot to dst.
func (a American) PayoffTo(dst, spot []float64) { a.Right.PayoffTo(dst, spot, a.Strike) }

// Kinks returns the strike.
func (a American) Kinks() []float64 { return []float64{a.Strike} }

// ExerciseDates returns nil: at any time.
func (a American) ExerciseDates() []float64 { return nil }

// Maturity returns the last exercise date.
func (b Bermudan) Maturity() float64 { return b.Expiry() }

// PayoffTo writes (φ(s−Strike))⁺ for each s of spot to dst.
func (b Bermudan) PayoffTo(dst, spot []float64) { b.Right.PayoffTo(dst, spot, b.Strike) }

// Kinks returns the strike.
func (b Bermudan) Kinks() []float64 { return []float64{b.Strike} }

// ExerciseDates returns the dates.
func (b Bermudan) ExerciseDates() []float64 { return b.Dates }

// PayoffTo writes (φ(s−k))⁺ for each s of spot to dst, which must be as long as spot and may be spot itself. A right that
// is neither call nor put, or a price that is NaN, gives NaN.
func (r Right) PayoffTo(dst, spot []float64, k float64) {
	if len(dst) != len(spot) {
		panic("pricing: Right.PayoffTo: dst and spot differ in length")
	}
	sign := r.Sign()
	for i, s := range spot {
		dst[i] = max(sign*(s-k), 0)
	}
}
