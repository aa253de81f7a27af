package goasm

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/volgaquant/volga/hw/formula"
)

// helpers holds the Go functions that some operations need, by the name of the operation, in Float64 and in Float32. The names
// of the latter end in 32.
var helpers = map[formula.Op][2]string{
	formula.OpMin: {`// minOf is the MINPD instruction: y where either is NaN or both are zeros.
func minOf(x, y float64) float64 {
	if x < y {
		return x
	}
	return y
}
`, `// minOf32 is the MINPS instruction: y where either is NaN or both are zeros.
func minOf32(x, y float32) float32 {
	if x < y {
		return x
	}
	return y
}
`},
	formula.OpMax: {`// maxOf is the MAXPD instruction.
func maxOf(x, y float64) float64 {
	if x > y {
		return x
	}
	return y
}
`, `// maxOf32 is the MAXPS instruction.
func maxOf32(x, y float32) float32 {
	if x > y {
		return x
	}
	return y
}
`},
	formula.OpSelect: {`// choose is y if c, else z.
func choose(c bool, y, z float64) float64 {
	if c {
		return y
	}
	return z
}
`, `// choose32 is y if c, else z.
func choose32(c bool, y, z float32) float32 {
	if c {
		return y
	}
	return z
}
`},
	formula.OpFMA: {"", `// fma32 is x·y + z, rounded once. The product is exact in float64; where the sum may be rounded to a number halfway between
// two of float32, onceMore looks at what it has lost.
func fma32(x, y, z float32) float32 {
	p := float64(x) * float64(y)
	s := p + float64(z)
	if math.Float64bits(s)&(1<<28-1) == 0 {
		s = onceMore(p, float64(z), s)
	}
	return float32(s)
}

// onceMore returns s, which is p + z rounded and even, or its neighbour on the side of the sum if they differ.
//
//go:noinline
func onceMore(p, z, s float64) float64 {
	b := s - p
	e := (p - (s - b)) + (z - b) // p + z = s + e
	switch {
	case e > 0 && s > 0, e < 0 && s < 0:
		return math.Float64frombits(math.Float64bits(s) + 1)
	case e > 0, e < 0:
		return math.Float64frombits(math.Float64bits(s) - 1)
	}
	return s
}
`},
	formula.OpSqrt: {"", `// sqrt32 is √x.
func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }
`},
	formula.OpAbs: {"", `// abs32 is |x|.
func abs32(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }
`},
	formula.OpCopySign: {"", `// copysign32 is |x| with the sign of y.
func copysign32(x, y float32) float32 {
	const sign = 1 << 31
	return math.Float32frombits(math.Float32bits(x)&^sign | math.Float32bits(y)&sign)
}
`},
	formula.OpRound: {"", `// round32 is the integer nearest to x, ties to even.
func round32(x float32) float32 { return float32(math.RoundToEven(float64(x))) }
`},
	formula.OpNearest: {`// nearest is the integer nearest to x·y: the sum has a last place of 1.
func nearest(x, y float64) float64 {
	const m = 3 << 51
	return math.FMA(x, y, m) - m
}
`, `// nearest32 is the integer nearest to x·y: the sum has a last place of 1.
func nearest32(x, y float32) float32 {
	const m = 3 << 22
	return fma32(x, y, m) - m
}
`},
	formula.OpFloor: {"", `// floor32 is ⌊x⌋.
func floor32(x float32) float32 { return float32(math.Floor(float64(x))) }
`},
	formula.OpScale: {`// scale is x·2^n, rounded once, for integral n in [-2044, 2046].
func scale(x, n float64) float64 {
	h := maxOf(minOf(n, 1023), -1022)
	x *= math.Float64frombits(uint64(int64(n-h)+1023) << 52)
	return x * math.Float64frombits(uint64(int64(h)+1023)<<52)
}
`, `// scale32 is x·2^n, rounded once, for integral n in [-252, 254].
func scale32(x, n float32) float32 {
	return float32(float64(x) * math.Float64frombits(uint64(int64(n)+1023)<<52))
}
`},
	formula.OpMantissa: {`// mantissa is |x|·2^-⌊log2 |x|⌋: in [1, 2), and 1 for zeros and infinities.
func mantissa(x float64) float64 {
	x = math.Abs(x)
	if x < 0x1p-1022 {
		x *= 0x1p54
	}
	if x != x {
		return x
	}
	return math.Float64frombits(math.Float64bits(x)&(1<<52-1) | 0x3ff<<52)
}
`, `// mantissa32 is |x|·2^-⌊log2 |x|⌋: in [1, 2), and 1 for zeros and infinities.
func mantissa32(x float32) float32 {
	if x != x {
		return x
	}
	return float32(math.Float64frombits(math.Float64bits(float64(x))&(1<<52-1) | 0x3ff<<52)) // a subnormal float32 is a normal float64
}
`},
	formula.OpExponent: {`// exponent is ⌊log2 |x|⌋: -Inf for zeros, +Inf for infinities.
func exponent(x float64) float64 { return math.Logb(x) }
`, `// exponent32 is ⌊log2 |x|⌋: -Inf for zeros, +Inf for infinities.
func exponent32(x float32) float32 { return float32(math.Logb(float64(x))) }
`},
}

// Helpers writes the Go functions that the generic variants of the kernels call.
func Helpers(w io.Writer, kernels []Kernel) {
	var need [2][formula.NumOps]bool
	for _, k := range kernels {
		for _, n := range k.expanded().Nodes() {
			need[k.Graph.Format()][n.Op] = true
		}
	}
	if n := &need[formula.Float64]; n[formula.OpScale] {
		n[formula.OpMin], n[formula.OpMax] = true, true
	}
	if n := &need[formula.Float32]; n[formula.OpNearest] {
		n[formula.OpFMA] = true
	}
	for f, ops := range need {
		for _, op := range []formula.Op{
			formula.OpMin, formula.OpMax, formula.OpSelect, formula.OpFMA, formula.OpSqrt, formula.OpAbs, formula.OpCopySign, formula.OpRound,
			formula.OpNearest, formula.OpFloor, formula.OpScale, formula.OpExponent, formula.OpMantissa,
		} {
			if text := helpers[op][f]; ops[op] && text != "" {
				fmt.Fprintf(w, "\n%s", text)
			}
		}
	}
}

// Plain writes the generic variant of a kernel: a function of one row, and the loop over the columns. Every product that
// could be fused with a sum is fenced by a conversion, so that all machines round alike.
func Plain(w io.Writer, k Kernel) {
	g := k.expanded()
	row := k.Name + "Row"
	fmt.Fprintf(w, "\n// %s %s\nfunc %s(%s) (%s %s) {\n", row, firstSentence(k.Doc), row,
		strings.Join(k.Graph.InputNames(), ", ")+" "+k.goType(), strings.Join(k.Graph.OutputNames(), ", "), k.goType())
	uses := g.Uses()
	name := make([]string, g.Len())
	taken := map[string]bool{}
	for _, n := range append(g.InputNames(), g.OutputNames()...) {
		taken[n] = true
	}
	for id, n := range g.Nodes() {
		switch n.Op {
		case formula.OpInput:
			name[id] = n.Name
		case formula.OpConst:
			name[id] = literal(n.Value, g.Format())
		default:
			e := expression(g, n, name)
			v := n.Name
			if v == "" || taken[v] || reserved[v] || keyword[v] {
				v = "v" + strconv.Itoa(int(id))
			}
			taken[v] = true
			name[id] = v
			if uses[id] > 0 {
				fmt.Fprintf(w, "\t%s := %s\n", v, e)
			}
		}
	}
	var out []string
	for _, o := range g.Outputs() {
		out = append(out, name[o.ID])
	}
	fmt.Fprintf(w, "\treturn %s\n}\n", strings.Join(out, ", "))

	outs, cols := g.OutputNames(), k.inputs()
	fmt.Fprintf(w, "\n// %sGeneric is %s row by row.\nfunc %sGeneric(%s) {\n", k.Name, row, k.Name, k.Signature())
	for _, c := range append(outs[1:len(outs):len(outs)], cols...) {
		fmt.Fprintf(w, "\t%s = %s[:len(%s)]\n", c, c, outs[0])
	}
	var dst, src []string
	for _, o := range outs {
		dst = append(dst, o+"[i]")
	}
	for _, n := range g.InputNames() {
		if slices.Contains(cols, n) {
			n += "[i]"
		}
		src = append(src, n)
	}
	fmt.Fprintf(w, "\tfor i := range %s {\n\t\t%s = %s(%s)\n\t}\n}\n", outs[0], strings.Join(dst, ", "), row, strings.Join(src, ", "))
}

// keyword holds names that generated code must not shadow.
var keyword = map[string]bool{"break": true, "case": true, "chan": true, "const": true, "continue": true, "default": true,
	"defer": true, "else": true, "fallthrough": true, "for": true, "func": true, "go": true, "goto": true, "if": true,
	"import": true, "interface": true, "map": true, "package": true, "range": true, "return": true, "select": true,
	"struct": true, "switch": true, "type": true, "var": true, "minOf": true, "maxOf": true, "choose": true, "scale": true,
	"mantissa": true, "exponent": true, "nearest": true, "nearest32": true, "minOf32": true, "maxOf32": true, "choose32": true, "scale32": true, "mantissa32": true,
	"exponent32": true, "fma32": true, "sqrt32": true, "abs32": true, "copysign32": true, "round32": true, "floor32": true}

func firstSentence(doc string) string {
	if i := strings.Index(doc, ". "); i >= 0 {
		return doc[:i+1]
	}
	return doc
}

// literal prints a constant as a Go expression of the format's type.
func literal(v float64, f formula.Format) string {
	special := ""
	switch {
	case math.IsNaN(v):
		special = "math.NaN()"
	case math.IsInf(v, 1):
		special = "math.Inf(1)"
	case math.IsInf(v, -1):
		special = "math.Inf(-1)"
	case v == 0 && math.Signbit(v):
		special = "math.Copysign(0, -1)"
	case f == formula.Float32:
		return strconv.FormatFloat(v, 'g', -1, 32)
	default:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	if f == formula.Float32 {
		special = "float32(" + special + ")"
	}
	return special
}

// expression prints one operation.
func expression(g *formula.Graph, n formula.Node, name []string) string {
	var a [3]string
	for i, id := range n.Args {
		a[i] = name[id]
	}
	f := g.Format()
	call := func(name string) string {
		if f == formula.Float32 {
			name += "32"
		}
		return name + "(" + strings.Join(a[:len(n.Args)], ", ") + ")"
	}
	// library is a call of package math, or of a function of our own that stands for it in Float32.
	library := func(name, own string) string {
		if f == formula.Float32 {
			return call(own)
		}
		return call("math." + name)
	}
	infix := func(op string) string { return a[0] + " " + op + " " + a[1] }
	switch n.Op {
	case formula.OpAdd:
		return infix("+")
	case formula.OpSub:
		return a[0] + " - " + parenthesised(a[1])
	case formula.OpMul:
		if f == formula.Float32 {
			return "float32(" + infix("*") + ")"
		}
		return "float64(" + infix("*") + ")"
	case formula.OpFMA:
		return library("FMA", "fma")
	case formula.OpDiv:
		return infix("/")
	case formula.OpSqrt:
		return library("Sqrt", "sqrt")
	case formula.OpNeg:
		return "-" + a[0]
	case formula.OpAbs:
		return library("Abs", "abs")
	case formula.OpMin:
		return call("minOf")
	case formula.OpMax:
		return call("maxOf")
	case formula.OpCopySign:
		return library("Copysign", "copysign")
	case formula.OpRound:
		return library("RoundToEven", "round")
	case formula.OpNearest:
		return call("nearest")
	case formula.OpFloor:
		return library("Floor", "floor")
	case formula.OpScale:
		return call("scale")
	case formula.OpExponent:
		return call("exponent")
	case formula.OpMantissa:
		return call("mantissa")
	case formula.OpLt:
		return infix("<")
	case formula.OpLe:
		return infix("<=")
	case formula.OpEq:
		return infix("==")
	case formula.OpAnd:
		return infix("&&")
	case formula.OpOr:
		return infix("||")
	case formula.OpNot:
		return "!" + a[0]
	case formula.OpSelect:
		return call("choose")
	}
	panic("goasm: no Go expression for " + n.Op.String())
}

// parenthesised protects a negative literal after a minus sign.
func parenthesised(s string) string {
	if strings.HasPrefix(s, "-") {
		return "(" + s + ")"
	}
	return s
}
