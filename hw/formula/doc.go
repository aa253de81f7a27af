// Package formula is a small language for closed formulas: a formula is written once, as a graph of operations, and every
// machine's code comes from that graph.
//
//	b := formula.New("call")
//	S, K := b.Input("S"), b.Input("K")
//	b.Output("payoff", b.Const(0).Max(S.Sub(K)))
//	g, err := b.Graph()
//	fmt.Println(g.Eval(110, 100)) // [10]
//
// A [Builder] makes a [Graph]: straight-line, every node one operation on nodes before it, no loops, no memory, no
// branches but [OpSelect], which computes both sides. Building shares equal nodes, does operations on constants, and drops what
// no output needs. An ill-typed graph is refused with a [*NodeError] that names the node. [Parse] reads what [Graph.String]
// prints.
//
// A graph is evaluated at a point or over columns in float64 ([Evaluator]), and at any precision in big.Float
// ([BigEvaluator]). It is differentiated by [Derivative] and [Tangent] (forward) and by [Gradient] and [Adjoint]
// (reverse); the result is a graph again, which shares the values of the first. [Expand] turns transcendental functions into arithmetic;
// [Contract] fuses products into sums; [Bind], [Pick], [Rename] and [Builder.Call] put formulas together; [Hoist] takes out of a
// kernel what is the same in every row. [Graph.Stats] says what a formula costs.
//
// All numbers of a graph are of one [Format]: [Float64], or [Float32], which has half the digits and twice the lanes. A
// formula as it is written becomes one of the other by [Narrow]; a rows form is built in either.
//
// # The library
//
// [Black76], [BSM] and [Bachelier] are prices as the textbooks write them, and [Black76Greeks], [BSMGreeks] and
// [BachelierGreeks] their derivatives: the definitions, for every row that has a price. Their rows forms, [European.Rows] and
// [BachelierRows], are the same prices and Greeks rearranged for columns: with few divisions, and NaN for the rare row outside
// their range, which a caller does otherwise; tests hold them to the definitions at high precision, and kernels are
// compiled from them. [ImpliedVolRows] and [BachelierImpliedVolRows] are inversions of the same kind.
// [Function], [SinCos], [ComplexExp], [Expm1] and [Log1p] are elementary functions by themselves.
// [SVI], [SSVI], [SSVIPower] and [ESSVI] are smiles, with [SmileDerivatives] and [Durrleman]; [ImpliedVolStep] is a step of
// inversion; [GBMStep], [HestonStep], [BinomialStep] and [BinomialTree] are steps of paths and trees; [Payoff] is what is paid.
//
// # Same bits everywhere
//
// Each operation has one result, to the bit: see [Op]. Nothing is fused or reassociated that the graph does not fuse or
// reassociate, division and square root are correctly rounded, and transcendental functions are, by definition, the
// arithmetic that [Expand] puts in their place. So Go, AVX2, AVX-512, CUDA and OpenCL code of one expanded graph agree bit
// for bit, and the test of each is equality with [Evaluator]. Only which NaN a NaN is stays open. Every pass but [Contract]
// preserves bits.
//
// An emitter takes an expanded graph and walks [Graph.Nodes]: operands stand before their uses, inputs first. It meets only
// operations that are not [Op.Transcendental], Booleans only between comparisons and selections, and constants of type Number.
//
// # Conventions
//
// Rates are continuously compounded, volatilities annualised decimals, times years. Greeks are raw derivatives; those by
// time are by calendar time. The input sign is +1 for a call and −1 for a put. Total variance is w = σ²T and log-moneyness
// k = ln(K/F). The derivative of an output y by an input x is called y_x; the seeds and results of [Tangent] and
// [Adjoint] end in _dot and _bar.
//
// Operations that are not differentiable have the derivative of the branch that they take: |x| that of the sign bit of x,
// [OpMin] and [OpMax] that of the operand they return, [OpSelect] that of the operand it chooses. [OpRound], [OpNearest], [OpFloor],
// [OpExponent] and the comparisons have derivative zero.
//
// Graphs and evaluators are safe for concurrent use; builders are not. The package imports nothing beyond the standard library.
package formula
