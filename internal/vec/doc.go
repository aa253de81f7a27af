// Package vec computes elementary functions of columns of numbers: the kernels that every batch of this library stands on.
//
//	vec.Log(k, moneyness)       // k[i] = ln(moneyness[i])
//	vec.NormCDF(delta, d1)      // delta[i] = Φ(d1[i])
//	vec.MulAdd(w, a, x, b)      // w[i] = a[i]·x[i] + b[i], rounded once
//	total := vec.Dot(w, payoff) // Σ w[i]·payoff[i]
//
// # Conventions
//
// The destination comes first and has the length of every other column, or the function panics and names the lengths.
// Nothing is allocated. A destination may be the same slice as an input; it must not overlap one otherwise, and two
// destinations must not overlap. Row i of the result depends on row i of the arguments only: a NaN stays in its row.
// Functions are safe for concurrent use.
//
// # One meaning, three variants
//
// Each kernel is compiled by hw/goasm from one formula into portable Go ([Generic], the definition), AVX2 with FMA
// ([AVX2]) and AVX-512 F, DQ and VL ([AVX512]). The fastest that the processor has is chosen when the program starts.
// All give the same bits, for every argument, length and alignment; which NaN is given is not defined. Build tag purego
// leaves the assembly out.
//
// Errors are stated in units in the last place (ulp) of the result, measured against arithmetic of 130 bits and more.
//
// The files that end in _generic.go and those of the assembly are generated from the list in hw/goasm/kernels.
package vec

//go:generate sh -c "cd ../../hw/goasm/_gen && go run . -only internal/vec"
