package formula

import (
	"strings"
	"testing"
)

const sviText = `graph svi(k, a, b, rho, m, sigma)
%6 = sub k m
%7 = mul sigma sigma
%8 = fma %6 %6 %7
%9 = sqrt %8
%10 = fma rho %6 %9
%11 = fma b %10 a
return w = %11
`

const blackText = `graph black76(sign, F, K, T, sigma, r)
%6 = sqrt T
%7 = mul sigma %6  # s
%8 = div F K
%9 = log %8
%10 = div %9 %7
%12 = mul %7 0.5
%13 = add %10 %12  # d1
%14 = sub %13 %7  # d2
%15 = mul T r
%16 = neg %15
%17 = exp %16  # discount
%18 = mul sign %13
%19 = normcdf %18
%20 = mul F %19
%21 = mul sign %14
%22 = normcdf %21
%23 = mul K %22
%24 = sub %20 %23
%25 = mul sign %17
%26 = mul %24 %25
return price = %26
`

const expText = `graph exp(x)
%2 = min 710 x
%4 = max -746 %2
%6 = nearest %4 1.4426950408889634
%8 = fma %6 -0.6931471803691238 %4
%10 = fma %6 -1.9082149292705877e-10 %8
%13 = fma %10 2.502232256763534e-08 2.763090349011265e-07
%15 = fma %10 %13 2.7557514545825323e-06
%17 = fma %10 %15 2.480149103909504e-05
%19 = fma %10 %17 0.00019841269589115522
%21 = fma %10 %19 0.0013888888945916382
%23 = fma %10 %21 0.008333333333455043
%25 = fma %10 %23 0.041666666666519754
%27 = fma %10 %25 0.16666666666666477
%29 = fma %10 %27 0.5000000000000012
%31 = fma %10 %29 1
%32 = fma %10 %31 1
%33 = scale %32 %6
return y = %33
`

func TestPrintedForms(t *testing.T) {
	for want, g := range map[string]*Graph{sviText: SVI(), blackText: Black76(), expText: Expand(Function(OpExp))} {
		if got := g.String(); got != want {
			t.Errorf("printed form of %s:\n%s\nwant\n%s", g.Name(), got, want)
		}
	}
}

func TestParseRoundTrip(t *testing.T) {
	for _, g := range append(library(), Expand(BSM()), BSMGreeks(AllGreeks), European{Market: GivenSpotYield, Greeks: AllGreeks}.Rows()) {
		p, err := Parse(g.String())
		if err != nil {
			t.Errorf("%s: %v", g.Name(), err)
			continue
		}
		if p.String() != g.String() {
			t.Errorf("%s: read back as\n%s\nwant\n%s", g.Name(), p, g)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                        `line 1: want "graph name(inputs)"`,
		"# only a comment\n":                      `line 1: want "graph name(inputs)"`,
		"graph f":                                 `line 1: want "graph name(inputs)"`,
		"graph f(x) y":                            `line 1: want "graph name(inputs)"`,
		"graph 1(x)":                              `name "1": want an identifier`,
		"graph f(x, x)":                           "input x: the name is taken by %0",
		"graph f(x,)":                             `input "": want an identifier`,
		"graph f(x)\n%1 = exp y":                  `line 2: "y" is neither assigned above, nor an input, nor a number`,
		"graph f(x)\n\n%1 = tan x":                `line 3: no operation is called "tan"`,
		"graph f(x)\n%1 = add x":                  "%1 = add %0: 1 operands, want 2",
		"graph f(x)\n%1 = lt x 1\n%2 = exp %1":    "%3 = exp %2: operand 1 is %2 (lt) of type bool, want number",
		"graph f(x)\n%1 = exp x\n%1 = exp x":      "line 3: %1 is assigned twice",
		"graph f(x)\nx = exp x":                   `line 2: want "%name = operation operands" or "return name = value"`,
		"graph f(x)\nreturn y":                    `line 2: want "return name = value"`,
		"graph f(x)\nreturn y = z":                `line 2: "z" is neither`,
		"graph f(x)\n%1 = exp x":                  "outputs: there are none",
		"graph f(x)\nreturn y = x\nreturn y = x":  "output y: the name is taken by %0 (input x)",
		"graph f(x)\n%1 = input x\nreturn y = %1": `line 2: no operation is called "input"`,
		"graph f(x)\nreturn y = $e":               `line 2: "$e" is neither`,
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): error %v, want %s", text, err, want)
		}
	}
}

// Whatever is parsed prints in a form that is read back as the same graph, and evaluates without panic.
func FuzzParse(f *testing.F) {
	for _, g := range library() {
		f.Add(g.String())
	}
	f.Add("graph f(nan, inf)\n%a = add nan $nan  # label\n%b = select %c inf -inf\nreturn y = %a\nreturn z = -0\n")
	f.Add("graph f()\nreturn y = 0x1p-1074\n")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(g.String())
		if err != nil {
			t.Fatalf("%v\n%s", err, g)
		}
		if again.String() != g.String() {
			t.Fatalf("printed form changes:\n%s\n%s", g, again)
		}
		checkGraph(t, g)
		in := make([]float64, len(g.inputs))
		a, b := g.Eval(in...), Expand(again).Eval(in...)
		for i := range a {
			if !sameBits(a[i], b[i]) {
				t.Fatalf("output %d is %v and %v\n%s", i, a[i], b[i], g)
			}
		}
	})
}
