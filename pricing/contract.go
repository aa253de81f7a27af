package pricing

import "context"

// Instrument is a contract: what is paid, when, on what. It holds no market data and no algorithm.
type Instrument interface {
	// Validate returns an [ArgError] naming the first term that makes no sense.
	Validate() error
}

// Model is a state of the world and a law of motion: spot, curves, volatility, parameters. A model never changes once
// made; a scenario is a copy with one thing replaced.
type Model interface {
	// Validate returns an [ArgError] naming the first parameter outside its domain.
	Validate() error
}

// Engine is a numerical method. Engines are plain structs whose zero value works, whose fields are numerical settings,
// and which are safe for concurrent use. An engine that cannot price the pair returns an [UnsupportedError] before it
// does any work.
type Engine interface {
	Price(ctx context.Context, in Instrument, m Model) (Result, error)
}

// StripEngine is an [Engine] that prices many instruments under one model at once for less than the sum of their costs.
type StripEngine interface {
	Engine
	// PriceStrip writes the result of each instrument to dst, which must be as long as in. An instrument that cannot
	// be priced leaves a Result whose mask is empty, and the joined errors name its index; the others are priced.
	PriceStrip(ctx context.Context, dst []Result, in []Instrument, m Model) error
}
