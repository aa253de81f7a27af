// Package lazy is the one place in the library where something changes: variables that are set, values derived from them
// that are rebuilt only when they are read and only if an input changed, and snapshots that hold a consistent view.
//
//	m := lazy.NewMarket()
//	spot, vol := lazy.NewVar(m, 100.0), lazy.NewVar(m, 0.20)
//	call := lazy.Derive2(spot, vol, func(s, v float64) (float64, error) { return price(s, v) })
//
//	call.Value()                            // builds
//	call.Value()                            // reads the cache
//	m.Update(func(tx *lazy.Tx) error {      // both or neither, for every reader
//		spot.SetIn(tx, 101)
//		vol.SetIn(tx, 0.21)
//		return nil
//	})
//	pinned := m.Snapshot()
//	call.At(pinned)                         // the same number however often the market moves
//
// A [Var] is set; a [Derived] is a function of declared inputs; a [Handle] stands for another node and can be relinked to
// a different one under everything that hangs off it. [Market.Update] changes any number of variables and handles at
// once. [Market.Snapshot] pins a view. [Wait] sleeps until a node changes.
//
// # Conventions
//
// Every update of a market has a number, its epoch, which only rises. The version of a variable is the epoch at which it
// was last set, that of a derived value the largest version among its inputs: two reads that find the same version find
// the same value. Setting a variable is a change even if the new value equals the old.
//
// The build function of a derived value must depend on nothing but its arguments and must not modify them; it must not
// read a node. Values are shared between readers, so a T that holds pointers must be immutable. An error is a result like
// any other: it is cached, and passes unchanged to whatever is derived from it, without calling the functions in between.
//
// Everything is safe for concurrent use. Readers never wait for a writer, nor writers for a reader; two readers that need
// the same rebuild share one. Old values live exactly as long as a snapshot that can see them: a snapshot needs no closing, and a
// derived value, a variable or a handle that is dropped is collected. The package starts no goroutine and holds no
// global state.
package lazy
