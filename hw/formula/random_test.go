package formula

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// program is a formula as a list of instructions, evaluated one by one with no graph, no sharing and no simplification:
// what a graph must agree with bit for bit.
type program struct {
	inputs int
	ins    []instruction
	typ    []Type // of inputs, then of instructions
}

type instruction struct {
	op    Op
	value float64
	args  []int
}

// corner values are where rules that hold for real numbers break.
var corners = []float64{
	0, math.Copysign(0, -1), 1, -1, 2, -2, 0.5, -0.5, 0.25, 3, math.Inf(1), math.Inf(-1), math.NaN(), 5e-324, -5e-324,
	0x1p-1022, 0x1p-1023, math.MaxFloat64, -math.MaxFloat64, 1 + 0x1p-52, 1e300, 1e-300, 710, -746, math.Pi, 1.5, 2.5, 1 << 41,
	0x1p1023, 0x1p-1074, 0x1p1022,
}

// randomProgram writes n instructions, each on what stands before it.
func randomProgram(rng *rand.Rand, inputs, n int, transcendental bool) program {
	p := program{inputs: inputs, typ: make([]Type, inputs)}
	pick := func(t Type) (int, bool) {
		for range 40 {
			// Late values more often, for depth.
			i := len(p.typ) - 1 - rng.IntN(min(len(p.typ), 1+rng.IntN(len(p.typ))))
			if p.typ[i] == t {
				return i, true
			}
		}
		return 0, false
	}
	for len(p.ins) < n {
		op := OpConst + Op(rng.IntN(int(numOps-OpConst)))
		in := instruction{op: op}
		if op == OpConst {
			if in.value = corners[rng.IntN(len(corners))]; rng.IntN(3) == 0 {
				in.value = rng.NormFloat64()
			}
		} else if op.Transcendental() && !transcendental {
			continue
		}
		ok := true
		for i := range op.Arity() {
			var a int
			if a, ok = pick(op.ArgType(i)); !ok {
				break
			}
			in.args = append(in.args, a)
		}
		if ok {
			p.ins = append(p.ins, in)
			p.typ = append(p.typ, op.Type())
		}
	}
	return p
}

// unaryEvaluators hold each transcendental operation alone.
var unaryEvaluators = func() map[Op]*Evaluator {
	m := make(map[Op]*Evaluator)
	for op := OpExp; op < numOps; op++ {
		m[op] = NewEvaluator(Function(op))
	}
	return m
}()

// run evaluates every instruction. defined is false if the sign of a NaN mattered.
func (p program) run(in []float64) (v []float64, defined bool) {
	v, defined = append(v, in...), true
	for _, i := range p.ins {
		var x [3]float64
		for k, a := range i.args {
			x[k] = v[a]
		}
		switch {
		case i.op == OpConst:
			v = append(v, i.value)
		case i.op.Transcendental():
			y := []float64{x[0]}
			unaryEvaluators[i.op].Eval(y, y)
			v = append(v, y[0])
		default:
			defined = defined && !(i.op == OpCopySign && math.IsNaN(x[1]))
			v = append(v, scalar(i.op, x[0], x[1], x[2]))
		}
	}
	return v, defined
}

// graph builds the program. Every fifth number is an output, and the last.
func (p program) graph() (*Graph, []int) {
	b := New("random")
	var at []Expr
	for i := range p.inputs {
		at = append(at, b.Input(fmt.Sprintf("x%d", i)))
	}
	var outputs []int
	last := 0
	for i, in := range p.ins {
		if in.op == OpConst {
			at = append(at, b.Const(in.value))
		} else {
			args := make([]Expr, len(in.args))
			for k, a := range in.args {
				args[k] = at[a]
			}
			at = append(at, b.Apply(in.op, args...))
		}
		if k := p.inputs + i; p.typ[k] == Number {
			if last = k; i%5 == 0 {
				outputs = append(outputs, k)
			}
		}
	}
	outputs = append(outputs, last)
	for i, k := range outputs {
		b.Output(fmt.Sprintf("y%d", i), at[k])
	}
	return b.MustGraph(), outputs
}

func randomInput(rng *rand.Rand, n int) []float64 {
	in := make([]float64, n)
	for i := range in {
		switch rng.IntN(4) {
		case 0:
			in[i] = corners[rng.IntN(len(corners))]
		case 1:
			in[i] = math.Ldexp(rng.NormFloat64(), rng.IntN(2100)-1050)
		default:
			in[i] = 3 * rng.NormFloat64()
		}
	}
	return in
}

// Building, printing and reading, expanding, and evaluating by column leave every bit as it was.
func TestPassesPreserveBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 11))
	graphs := points(t, 1500)
	for n := range graphs {
		const inputs, rows = 4, 40
		p := randomProgram(rng, inputs, 10+rng.IntN(60), n%4 == 0)
		g, outputs := p.graph()
		checkGraph(t, g)

		parsed, err := Parse(g.String())
		if err != nil {
			t.Fatalf("graph %d: Parse: %v\n%s", n, err, g)
		}
		if parsed.String() != g.String() {
			t.Fatalf("graph %d: parsed form differs:\n%s\n%s", n, g, parsed)
		}
		expanded := Expand(g)
		if !expanded.Expanded() {
			t.Fatalf("graph %d: not expanded", n)
		}
		checkGraph(t, expanded)
		variants := map[string]*Evaluator{
			"built": NewEvaluator(g), "parsed": NewEvaluator(parsed), "expanded": NewEvaluator(expanded),
			"expanded twice": NewEvaluator(Expand(expanded)), "rebuilt": NewEvaluator(renumber(t, g)),
		}
		src, dst := make([][]float64, inputs), make([][]float64, len(outputs))
		for i := range dst {
			dst[i] = make([]float64, rows)
		}
		for range rows {
			for i, x := range randomInput(rng, inputs) {
				src[i] = append(src[i], x)
			}
		}
		variants["built"].EvalTo(dst, src)
		got := make([]float64, len(outputs))
		for row := range rows {
			in := []float64{src[0][row], src[1][row], src[2][row], src[3][row]}
			want, defined := p.run(in)
			if !defined {
				continue
			}
			for name, ev := range variants {
				ev.Eval(got, in)
				for i, k := range outputs {
					if !sameBits(got[i], want[k]) {
						t.Fatalf("graph %d, %s: y%d(%v) = %v, want %v\n%s", n, name, i, in, got[i], want[k], g)
					}
					if !sameBits(dst[i][row], want[k]) {
						t.Fatalf("graph %d, by column: y%d(%v) = %v, want %v\n%s", n, i, in, dst[i][row], want[k], g)
					}
				}
			}
		}
	}
}

// renumber rebuilds g; what the first building left to simplify or to number anew, this one does.
func renumber(t *testing.T, g *Graph) *Graph {
	t.Helper()
	r, err := Pick(g, g.OutputNames()...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// checkGraph checks what the comment of Graph promises.
func checkGraph(t *testing.T, g *Graph) {
	t.Helper()
	uses := g.Uses()
	seen := make(map[string]bool)
	for id, n := range g.Nodes() {
		constants := len(n.Args) > 0
		for i, a := range n.Args {
			if a >= id {
				t.Fatalf("%s: operand %d does not stand before it", g.Describe(id), i)
			}
			if got := g.Node(a).Type; got != n.Op.ArgType(i) {
				t.Fatalf("%s: operand %d is of type %v", g.Describe(id), i, got)
			}
			constants = constants && g.Node(a).Op == OpConst
		}
		_, text, _ := strings.Cut(g.Describe(id), "=")
		switch {
		case len(n.Args) != n.Op.Arity():
			t.Fatalf("%s: %d operands", g.Describe(id), len(n.Args))
		case n.Op != OpInput && uses[id] == 0:
			t.Fatalf("%s: dead", g.Describe(id))
		case constants:
			t.Fatalf("%s: not folded", g.Describe(id))
		case n.Op == OpConst && n.Type != Number:
			t.Fatalf("%s: a constant of type %v", g.Describe(id), n.Type)
		case seen[text]:
			t.Fatalf("%s: there are two of it", g.Describe(id))
		}
		seen[text] = true
	}
}
