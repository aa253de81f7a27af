package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
	"github.com/volgaquant/volga/hw/formula"
	"github.com/volgaquant/volga/hw/goasm"
)

// The sums of package vec run in lanes, as many as keep the adders busy and fit into registers: sumLanes for the plain
// ones, pairLanes for the compensated ones, which carry two numbers a lane.
const (
	sumLanes  = 32
	pairLanes = 16
)

// reductions prints the loops of package vec's sums over whole rounds of lanes.
func reductions() ([]byte, error) {
	ctx := build.NewContext()
	ctx.ConstraintExpr("amd64,!purego")
	for _, m := range []goasm.Machine{goasm.AVX512, goasm.AVX2} {
		for _, name := range []string{"sum", "dot", "sumPair", "dotPair"} {
			e := &emitter{ctx: ctx, p: &goasm.Program{Machine: m}}
			e.reduction(name)
			if e.err != nil {
				return nil, e.err
			}
		}
	}
	return printed(ctx, "vec")
}

func (e *emitter) reduction(name string) {
	m := e.p.Machine
	pair, product := name == "sumPair" || name == "dotPair", name == "dot" || name == "dotPair"
	lanes, signature := sumLanes, "func(acc *[32]float64, x []float64)"
	switch name {
	case "dot":
		signature = "func(acc *[32]float64, x, y []float64)"
	case "sumPair":
		signature = "func(acc, low *[16]float64, x []float64)"
	case "dotPair":
		signature = "func(acc, low *[16]float64, x, y []float64)"
	}
	if pair {
		lanes = pairLanes
	}
	r := zmm
	if m == goasm.AVX2 {
		r = ymm
	}
	count := lanes / m.Lanes(formula.Float64)
	acc, low, x, y := reg.RSI, reg.RDI, reg.R8, reg.R9
	ctx := e.ctx
	ctx.Function(name + m.String())
	ctx.SignatureExpr(signature)
	ctx.Attributes(attr.NOSPLIT)
	ctx.Load(ctx.Param("acc"), acc)
	if pair {
		ctx.Load(ctx.Param("low"), low)
	}
	ctx.Load(ctx.Param("x").Base(), x)
	ctx.Load(ctx.Param("x").Len(), rowsLeft)
	if product {
		ctx.Load(ctx.Param("y").Base(), y)
	}
	at := func(base reg.Register, v int) operand.Mem { return operand.Mem{Base: base, Disp: v * m.Width()} }
	row := func(base reg.Register, v int) operand.Mem {
		return operand.Mem{Base: base, Index: offset, Scale: 1, Disp: v * m.Width()}
	}
	s, c, t := r[:count], r[count:2*count], r[2*count:] // sums, their low parts, scratch
	for v := range count {
		e.do("VMOVUPD", at(acc, v), s[v])
		if pair {
			e.do("VMOVUPD", at(low, v), c[v])
		}
	}
	e.do("XORL", reg.EAX, reg.EAX)
	e.do("SUBQ", operand.I32(lanes), rowsLeft)
	e.do("JLT", operand.LabelRef("done"))
	ctx.Label("body")
	for v := range count {
		switch {
		case !pair && !product:
			e.do("VADDPD", row(x, v), s[v], s[v])
		case !pair:
			e.do("VMOVUPD", row(x, v), c[v])
			e.do("VFMADD231PD", row(y, v), c[v], s[v])
		default:
			p, rest, sum, b := t[0], t[1], t[2], t[3]
			e.do("VMOVUPD", row(x, v), p)
			if product { // p + rest = x·y
				e.do("VMOVAPD", p, rest)
				e.do("VMULPD", row(y, v), p, p)
				e.do("VFMSUB132PD", row(y, v), p, rest)
			}
			e.do("VADDPD", p, s[v], sum) // sum and its error: (s − (sum − b)) + (p − b), b = sum − s
			e.do("VSUBPD", s[v], sum, b)
			e.do("VSUBPD", b, p, p)
			e.do("VSUBPD", b, sum, b)
			e.do("VSUBPD", b, s[v], b)
			e.do("VADDPD", p, b, b)
			if product {
				e.do("VADDPD", rest, b, b)
			}
			e.do("VADDPD", b, c[v], c[v])
			e.do("VMOVAPD", sum, s[v])
		}
	}
	e.do("ADDQ", operand.I32(8*lanes), offset)
	e.do("SUBQ", operand.I32(lanes), rowsLeft)
	e.do("JGE", operand.LabelRef("body"))
	ctx.Label("done")
	for v := range count {
		e.do("VMOVUPD", s[v], at(acc, v))
		if pair {
			e.do("VMOVUPD", c[v], at(low, v))
		}
	}
	e.do("VZEROUPPER")
	e.do("RET")
}
