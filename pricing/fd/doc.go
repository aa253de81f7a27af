// Package fd prices by finite differences: one asset by theta schemes, two by alternating directions, with early exercise,
// barriers, dividends and jumps, backwards for values and forwards for densities.
//
// # Conventions
//
// Those of package pricing. A grid is a rising slice of prices; a column of values stands on its nodes.
package fd
