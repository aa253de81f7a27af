package formula

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// opNamed finds an operation by its printed name.
var opNamed = func() map[string]Op {
	m := make(map[string]Op)
	for op := OpAdd; op < numOps; op++ {
		m[ops[op].name] = op
	}
	return m
}()

// Parse reads the printed form of a graph, see [Graph.String]. Node numbers are names only: each is any %word, assigned
// once, before its use. The graph is built by a [Builder], so it is simplified and checked; a [*NodeError] names the line
// or the node at fault. Blank lines and lines that begin with # are skipped.
func Parse(text string) (*Graph, error) {
	p := &parser{at: make(map[string]Expr)}
	for i, line := range strings.Split(text, "\n") {
		p.line = i + 1
		line, label, _ := strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if p.b == nil {
			p.header(line)
		} else {
			p.statement(strings.Fields(line), strings.TrimSpace(label))
		}
		if p.b != nil && p.b.err != nil {
			return nil, p.b.err
		}
	}
	if p.b == nil {
		return nil, &NodeError{Graph: "?", Node: "line 1", Problem: `want "graph name(inputs)"`}
	}
	return p.b.Graph()
}

type parser struct {
	b    *Builder
	at   map[string]Expr // by %word and input name
	line int
}

func (p *parser) fail(problem string) {
	p.b.fail(fmt.Sprintf("line %d", p.line), problem)
}

// header reads "graph name(a, b, c)", with f32 after it in that format.
func (p *parser) header(line string) {
	rest, isGraph := strings.CutPrefix(line, "graph ")
	name, rest, open := strings.Cut(rest, "(")
	params, rest, closed := strings.Cut(rest, ")")
	format := Float64
	if strings.TrimSpace(rest) == Float32.String() {
		format, rest = Float32, ""
	}
	if !isGraph || !open || !closed || rest != "" {
		p.b = New("unnamed")
		p.fail(`want "graph name(inputs)"`)
		return
	}
	p.b = NewFormat(strings.TrimSpace(name), format)
	if strings.TrimSpace(params) == "" {
		return
	}
	for _, in := range strings.Split(params, ",") {
		in = strings.TrimSpace(in)
		p.at[in] = p.b.Input(in)
	}
}

// statement reads "%3 = op x y" or "return name = x".
func (p *parser) statement(f []string, label string) {
	if f[0] == "return" {
		if len(f) != 4 || f[2] != "=" {
			p.fail(`want "return name = value"`)
			return
		}
		if x, ok := p.operand(f[3]); ok {
			p.b.Output(f[1], x)
		}
		return
	}
	if len(f) < 3 || f[1] != "=" || len(f[0]) < 2 || f[0][0] != '%' {
		p.fail(`want "%name = operation operands" or "return name = value"`)
		return
	}
	if _, taken := p.at[f[0]]; taken {
		p.fail(f[0] + " is assigned twice")
		return
	}
	op, known := opNamed[f[2]]
	if !known {
		p.fail(fmt.Sprintf("no operation is called %q", f[2]))
		return
	}
	args := make([]Expr, 0, 3)
	for _, w := range f[3:] {
		x, ok := p.operand(w)
		if !ok {
			return
		}
		args = append(args, x)
	}
	p.at[f[0]] = p.b.apply(op, args...).Named(label)
}

// operand reads %word, an input's name, $symbol or a number.
func (p *parser) operand(w string) (Expr, bool) {
	if x, ok := p.at[w]; ok {
		return x, true
	}
	for s := SymPi; s < numSymbols; s++ {
		if symbols[s].name == w {
			return p.b.Symbol(s), true
		}
	}
	if w == symbolNaN {
		return p.b.Const(math.NaN()), true
	}
	v, err := strconv.ParseFloat(w, 64)
	if err != nil {
		p.fail(fmt.Sprintf("%q is neither assigned above, nor an input, nor a number", w))
		return Expr{}, false
	}
	return p.b.Const(v), true
}
