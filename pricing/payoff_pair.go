package pricing

// TerminalPair is the capability of an instrument that pays, once, a function of the prices of two assets.
type TerminalPair interface {
	Instrument
	// Maturity returns when the payoff is due, in years from the valuation instant.
	Maturity() float64
	// PayoffPairTo writes what the instrument pays at each pair of prices to dst. The columns are as long as dst.
	PayoffPairTo(dst, first, second []float64)
}

// KinkedPair is the capability of a [TerminalPair] whose payoff jumps or bends at given prices of one asset, whatever that of
// the other is, so that a grid can be laid to them.
type KinkedPair interface {
	TerminalPair
	// KinksPair returns those prices of the first and of the second asset, in rising order.
	KinksPair() (first, second []float64)
}

// EarlyExercisePair is the capability of a [TerminalPair] whose holder may take the payoff before maturity, for the prices
// of the assets at that time.
type EarlyExercisePair interface {
	TerminalPair
	// ExerciseDates returns the times at which the holder may exercise, in strictly rising order, the last one the
	// maturity; nil means at any time.
	ExerciseDates() []float64
}
