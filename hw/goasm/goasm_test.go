package goasm

import (
	"bytes"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/volgaquant/volga/hw/formula"
)

// wide is a graph in which all n sums are live at once.
func wide(n int) *formula.Graph {
	b := formula.New("wide")
	x, y := b.Input("x"), b.Input("y")
	var v []formula.Expr
	for i := range n {
		v = append(v, x.FMA(y, b.Const(float64(i)+0.5)))
	}
	sum := v[0].Mul(v[n-1])
	for i := 1; i < n; i++ {
		sum = v[i].FMA(v[n-1-i], sum)
	}
	b.Output("s", sum)
	b.Output("sign", x.Lt(y).And(y.Lt(b.Const(3))).Select(x.Exp(), y.Neg().FMA(x, sum)))
	return b.MustGraph()
}

// TestEveryOperandIsDefined follows the straight lines and looks for registers and slots that are read before they are
// written.
func TestEveryOperandIsDefined(t *testing.T) {
	for _, m := range []Machine{AVX512, AVX2} {
		for _, n := range []int{4, 20, 60} {
			p := Compile(Kernel{Name: "wide", Graph: wide(n)}, m)
			for name, part := range map[string][]Instr{"body": p.Body, "tail": p.Tail} {
				written := map[Operand]bool{}
				for _, in := range append(append([]Instr(nil), p.Hoist...), part...) {
					for i, a := range in.Args {
						dst := i == len(in.Args)-1
						switch a.Kind {
						case Vec, Mask, Slot:
							tail := a.Kind != Slot && a.N > m.tailMask(TailVectors) && (a.Kind == Mask) == (m == AVX512)
							if (!dst || in.readsDestination()) && !written[a] && !(name == "tail" && tail) {
								t.Fatalf("%v, %d sums, %s: %s %v reads %v before it is written", m, n, name, in.Op, in.Args, a)
							}
							if dst {
								written[a] = true
							}
						}
					}
				}
			}
			if n == 60 {
				if stores, loads := p.Spills(); stores == 0 || loads == 0 {
					t.Errorf("%v: 60 live values in %d registers give %d stores and %d loads", m, m.vectors(), stores, loads)
				}
			}
		}
	}
}

func TestCompileIsDeterministic(t *testing.T) {
	k := Kernel{Name: "wide", Graph: wide(30)}
	text := func(p *Program) string {
		var s strings.Builder
		for _, in := range p.Body {
			s.WriteString(in.Op)
			for _, a := range in.Args {
				s.WriteString(" " + string(rune('a'+a.Kind)) + string(rune('0'+a.N)))
			}
			s.WriteByte('\n')
		}
		return s.String()
	}
	first := text(Compile(k, AVX512))
	for range 3 {
		if again := text(Compile(k, AVX512)); again != first {
			t.Fatal("two compilations of one kernel differ")
		}
	}
}

func TestPlainIsGo(t *testing.T) {
	k := Kernel{Name: "wide", Doc: "is wide.", Graph: wide(5), Uniform: []string{"y"}}
	var s bytes.Buffer
	s.WriteString("package p\n\nimport \"math\"\n")
	Plain(&s, k)
	Helpers(&s, []Kernel{k})
	if _, err := parser.ParseFile(token.NewFileSet(), "p.go", s.Bytes(), 0); err != nil {
		t.Fatalf("%v in\n%s", err, s.Bytes())
	}
	if want := "func wideGeneric(s, sign, x []float64, y float64)"; !strings.Contains(s.String(), want) {
		t.Errorf("no %q in\n%s", want, s.Bytes())
	}
}

func TestInvariantsAreComputedOnce(t *testing.T) {
	b := formula.New("g")
	x, y := b.Input("x"), b.Input("y")
	b.Output("r", x.Mul(y.Exp()))
	p := Compile(Kernel{Name: "g", Graph: b.MustGraph(), Uniform: []string{"y"}}, AVX512)
	if len(p.Prologue) < 10 {
		t.Errorf("the prologue has %d instructions, want the exponential in it", len(p.Prologue))
	}
	if got := len(p.Body) / p.Unroll; got > 4 {
		t.Errorf("the body has %d instructions for each vector, want a load, a product and a store", got)
	}
}

func TestValidate(t *testing.T) {
	g := wide(3)
	column := func(name string) *formula.Graph {
		b := formula.New("g")
		b.Output("r", b.Input(name).Neg())
		return b.MustGraph()
	}
	for _, c := range []struct {
		want    string
		kernels []Kernel
	}{
		{"", []Kernel{{Name: "a", Graph: g}, {Name: "b", Graph: g}}},
		{"lacks a name or a graph", []Kernel{{Name: "a"}}},
		{"two kernels are called a", []Kernel{{Name: "a", Graph: g}, {Name: "a", Graph: g}}},
		{"no input z to be uniform", []Kernel{{Name: "a", Graph: g, Uniform: []string{"z"}}}},
		{"every input is uniform", []Kernel{{Name: "a", Graph: g, Uniform: []string{"x", "y"}}}},
		{"r is the name of two columns", []Kernel{{Name: "a", Graph: column("r")}}},
		{"a column must not be called math", []Kernel{{Name: "a", Graph: column("math")}}},
	} {
		err := Package{Name: "p", Kernels: c.kernels}.Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}
