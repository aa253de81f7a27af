// Package goasm compiles formulas into array kernels for the CPU: portable Go, AVX2 with FMA, and AVX-512.
//
//	k := goasm.Kernel{Name: "call", Doc: "is the Black price of a call.", Graph: g, Uniform: []string{"T"}}
//	goasm.Plain(w, k)                    // the generic variant, as Go source
//	p := goasm.Compile(k, goasm.AVX512)  // instructions with registers, ready to print
//
// A kernel is a map: its outputs and inputs are columns of one length, of any length, and row i of the outputs depends
// on row i of the inputs. Some inputs may be uniform, one number for all rows; what depends on them alone is computed
// once per call.
//
// # How to add kernels to a package
//
// List them in hw/goasm/kernels: a function that returns a [Package] with the folder, the package's name, the Go
// expression that says which variant to run, and the [Kernel] values; add it to kernels.Packages. Then in the package
//
//	//go:generate sh -c "cd ../../hw/goasm/_gen && go run . -only pricing/black"
//
// writes, for a kernel called price, price_generic.go and price_amd64.s, and for all kernels kernels_amd64.go (the
// declarations, and a function price that runs the active variant), kernels_other.go (the same where there is no
// assembly, and under build tag purego) and kernels_generic.go. The generated functions take the output columns, the
// input columns and the uniform inputs, in the graph's order; they trust that the columns have one length, so an exported
// function in front of them checks it. All this is committed; hw/goasm/_gen/check.sh regenerates it and fails if anything
// differs. The generator needs avo and is a module of its own, which users of the library never download.
//
// # Same bits
//
// Every variant gives the bits that [formula.Evaluator] gives for the graph. Nothing is reassociated or fused here: the
// graph says what is fused. AVX2 builds the operations on exponents that it lacks from integer ones, in fewer steps where bounds on
// the operands, found from the graph, allow it. A graph in [formula.Float32] becomes code with twice the lanes over columns of
// float32; there the portable Go has a fused multiply-add of its own, since float32(math.FMA(...)) would round twice.
//
// # How it compiles
//
// The graph becomes machine operations ([Machine]); negations are folded into fused operations and selections into
// masked ones. A list scheduler puts them in an order; the loop body is that order with several vectors interleaved step
// by step, which hides the latency of long polynomials. Registers are allocated over the straight line by Belady's rule,
// values that do not fit go to aligned stack slots and are read back as memory operands. Constants stand in a table and
// are memory operands too, with a broadcast on AVX-512; those that must be in a register are kept there if that is free.
// [Compile] tries several numbers of vectors and several orders and keeps what a small model of an out-of-order core
// finds fastest; where a kernel matters, go run . -tune in hw/goasm/_gen measures them, and the list states the [Tuning].
// The body asks for the lines of each column a kilobyte ahead. The last rows go through a body of two vectors under masks.
package goasm
