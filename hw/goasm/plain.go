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

// helpers holds the Go functions that some operations need, by the name of the operation.
var helpers = map[formula.Op]string{
	formula.OpMin: `// minOf is the MINPD instruction: y where either is NaN or both are zeros.
func minOf(x, y float64) float64 {
	if x < y {
		return x
	}
	return y
}
`,
	formula.OpMax: `// maxOf is the MAXPD instruction.
func maxOf(x, y float64) float64 {
	if x > y {
		return x
	}
	return y
}
`,
	formula.OpSelect: `// choose is y if c, else z.
func choose(c bool, y, z float64) float64 {
	if c {
		return y
	}
	return z
}
`,
	formula.OpScale: `// scale is x·2^n, rounded once, for integral n in [-2044, 2046].
func scale(x, n float64) float64 {
	h := maxOf(minOf(n, 1023), -1022)
	x *= math.Float64frombits(uint64(int64(n-h)+1023) << 52)
	return x * math.Float64frombits(uint64(int64(h)+1023)<<52)
}
`,
	formula.OpMantissa: `// mantissa is |x|·2^-⌊log2 |x|⌋: in [1, 2), and 1 for zeros and infinities.
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
`,
	formula.OpExponent: `// exponent is ⌊log2 |x|⌋: -Inf for zeros, +Inf for infinities.
func exponent(x float64) float64 { return math.Logb(x) }
`,
}

// Helpers writes the Go functions that the generic variants of the kernels call.
func Helpers(w io.Writer, kernels []Kernel) {
	need := map[formula.Op]bool{}
	for _, k := range kernels {
		for _, n := range k.expanded().Nodes() {
			need[n.Op] = true
		}
	}
	if need[formula.OpScale] {
		need[formula.OpMin], need[formula.OpMax] = true, true
	}
	for _, op := range []formula.Op{formula.OpMin, formula.OpMax, formula.OpSelect, formula.OpScale, formula.OpExponent, formula.OpMantissa} {
		if need[op] {
			fmt.Fprintf(w, "\n%s", helpers[op])
		}
	}
}

// Plain writes the generic variant of a kernel: a function of one row, and the loop over the columns. Every product that
// could be fused with a sum is fenced by a conversion, so that all machines round alike.
func Plain(w io.Writer, k Kernel) {
	g := k.expanded()
	row := k.Name + "Row"
	fmt.Fprintf(w, "\n// %s %s\nfunc %s(%s) (%s float64) {\n", row, firstSentence(k.Doc), row,
		strings.Join(k.Graph.InputNames(), ", ")+" float64", strings.Join(k.Graph.OutputNames(), ", "))
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
			name[id] = literal(n.Value)
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
	"mantissa": true, "exponent": true}

func firstSentence(doc string) string {
	if i := strings.Index(doc, ". "); i >= 0 {
		return doc[:i+1]
	}
	return doc
}

// literal prints a constant as a Go expression of type float64.
func literal(v float64) string {
	switch {
	case math.IsNaN(v):
		return "math.NaN()"
	case math.IsInf(v, 1):
		return "math.Inf(1)"
	case math.IsInf(v, -1):
		return "math.Inf(-1)"
	case v == 0 && math.Signbit(v):
		return "math.Copysign(0, -1)"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// expression prints one operation.
func expression(g *formula.Graph, n formula.Node, name []string) string {
	var a [3]string
	for i, id := range n.Args {
		a[i] = name[id]
	}
	call := func(f string) string { return f + "(" + strings.Join(a[:len(n.Args)], ", ") + ")" }
	infix := func(op string) string { return a[0] + " " + op + " " + a[1] }
	switch n.Op {
	case formula.OpAdd:
		return infix("+")
	case formula.OpSub:
		return a[0] + " - " + parenthesised(a[1])
	case formula.OpMul:
		return "float64(" + infix("*") + ")"
	case formula.OpFMA:
		return call("math.FMA")
	case formula.OpDiv:
		return infix("/")
	case formula.OpSqrt:
		return call("math.Sqrt")
	case formula.OpNeg:
		return "-" + a[0]
	case formula.OpAbs:
		return call("math.Abs")
	case formula.OpMin:
		return call("minOf")
	case formula.OpMax:
		return call("maxOf")
	case formula.OpCopySign:
		return call("math.Copysign")
	case formula.OpRound:
		return call("math.RoundToEven")
	case formula.OpFloor:
		return call("math.Floor")
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
