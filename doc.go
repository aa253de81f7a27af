// Package volga is the map of a library for options market making and derivatives pricing in pure Go. It holds no code;
// import what you need:
//
//   - [github.com/volgaquant/volga/pricing]: the contract: instruments, models, engines, results, errors.
//     Its subpackages are lazy (live values), black (formulas and implied volatility), model, and the engines in
//     analytic, tree, fourier, fd (finite differences) and mc (simulation).
//   - [github.com/volgaquant/volga/exotics]: contracts beyond the vanilla ones, which every engine that can prices.
//   - [github.com/volgaquant/volga/calibrate]: optimisers, and the parameters of models from quotes.
//   - [github.com/volgaquant/volga/rates/calendar] and [github.com/volgaquant/volga/rates/curve]: business days, day
//     counts, trading time, listed expiries; discount and forward curves.
//   - [github.com/volgaquant/volga/surface]: from raw option quotes to forwards, implied volatilities and a surface
//     without arbitrage.
//   - [github.com/volgaquant/volga/mm]: fair value and two-sided quotes.
//   - [github.com/volgaquant/volga/risk]: positions and the ladder of Greeks.
//   - [github.com/volgaquant/volga/hw/formula] and [github.com/volgaquant/volga/hw/goasm]: formulas written once as graphs,
//     and the array kernels compiled from them.
//
// The program examples/quote walks the whole path, from an option chain to quotes and the book's risk:
//
//	go run github.com/volgaquant/volga/examples/quote -html report.html
//
// and examples/engines shows which engine to choose, by error and time:
//
//	go run github.com/volgaquant/volga/examples/engines -html engines.html
//
// # Conventions
//
// Rates are continuously compounded, volatilities annualised decimals, times years. Greeks are raw partial derivatives.
// Total variance is w = σ²T and log-moneyness k = ln(K/F). Nothing reads the clock, nothing is global, and every value is
// safe for concurrent use unless its comment says otherwise.
package volga
