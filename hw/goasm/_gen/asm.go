package main

import (
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
	"github.com/mmcloughlin/avo/x86"
	"github.com/volgaquant/volga/hw/goasm"
)

// Registers with a fixed part in every function. The others hold the columns' pointers, as far as they go.
var (
	rowsLeft = reg.RCX // rows not yet done
	offset   = reg.RAX // of the present row in every column, in bytes
	scratch  = reg.RDX // pointers of columns that have no register, and the tail's mask
	frame    = reg.RBX // the aligned stack slots
)

// R15 is left alone: position-independent code keeps the address of a table there.
var pointers = []reg.Register{reg.RSI, reg.RDI, reg.R8, reg.R9, reg.R10, reg.R11, reg.R12, reg.R13}

// assembly prints the programs of one kernel as one file.
func assembly(pkg string, programs []*goasm.Program) ([]byte, error) {
	ctx := build.NewContext()
	ctx.ConstraintExpr("amd64,!purego")
	for _, p := range programs {
		e := &emitter{ctx: ctx, p: p}
		e.function()
		if e.err != nil {
			return nil, e.err
		}
	}
	return printed(ctx, pkg)
}

// printed checks what was built and returns it as a file.
func printed(ctx *build.Context, pkg string) ([]byte, error) {
	file, err := ctx.Result()
	if err != nil {
		return nil, err
	}
	// Registers are physical already, so the passes that allocate them are left out.
	passes := pass.Concat(
		pass.Verify,
		pass.FunctionPass(pass.PruneJumpToFollowingLabel),
		pass.FunctionPass(pass.PruneDanglingLabels),
		pass.FunctionPass(pass.LabelTarget),
		pass.FunctionPass(pass.CFG),
		pass.Func(pass.IncludeTextFlagHeader),
		pass.FunctionPass(pass.RequiredISAExtensions),
	)
	if err := passes.Execute(file); err != nil {
		return nil, err
	}
	out, err := printer.NewGoAsm(printer.Config{Name: "hw/goasm", Pkg: pkg}).Print(file)
	if err != nil {
		return nil, err
	}
	text := string(out)
	if first, rest, ok := strings.Cut(text, "\n"); ok && strings.HasPrefix(first, "// Code generated") {
		text = note + rest
	}
	return []byte(text), nil
}

// emitter writes one function.
type emitter struct {
	ctx    *build.Context
	p      *goasm.Program
	table  operand.Mem
	masks  operand.Mem
	column map[string]reg.Register
	err    error
}

func (e *emitter) function() {
	p := e.p
	name := p.Kernel.Name + p.Machine.String()
	e.tables(name)
	e.ctx.Function(name)
	e.ctx.SignatureExpr("func(" + p.Kernel.Signature() + ")")
	if p.Slots <= 4 {
		e.ctx.Attributes(attr.NOSPLIT)
	}
	if p.Slots > 0 { // vectors must not cross cache lines
		w := p.Machine.Width()
		local := e.ctx.AllocLocal((p.Slots + 1) * w)
		e.do("LEAQ", local.Offset(w-1), frame)
		e.do("ANDQ", operand.I32(-w), frame)
	}
	outs, ins := p.Outputs(), p.Inputs()
	e.ctx.Load(e.ctx.Param(outs[0]).Len(), rowsLeft)
	e.column = map[string]reg.Register{}
	for i, c := range append(append([]string(nil), outs...), ins...) {
		if i < len(pointers) {
			e.column[c] = pointers[i]
			e.ctx.Load(e.ctx.Param(c).Base(), pointers[i])
		}
	}
	e.instrs(p.Prologue)
	e.instrs(p.Hoist)
	e.do("XORL", reg.EAX, reg.EAX)

	step := p.Unroll * p.Lanes()
	e.do("SUBQ", operand.I32(step), rowsLeft)
	e.do("JLT", operand.LabelRef("rest"))
	e.ctx.Label("body")
	for _, in := range p.Body {
		e.prefetch(in)
		e.instr(in)
	}
	e.do("ADDQ", operand.I32(p.Size()*step), offset)
	e.do("SUBQ", operand.I32(step), rowsLeft)
	e.do("JGE", operand.LabelRef("body"))
	e.ctx.Label("rest")
	e.do("ADDQ", operand.I32(step), rowsLeft)
	e.do("JEQ", operand.LabelRef("done"))
	e.ctx.Label("tail")
	e.tailMask()
	e.instrs(p.Tail)
	e.do("ADDQ", operand.I32(goasm.TailVectors*p.Machine.Width()), offset)
	e.do("SUBQ", operand.I32(goasm.TailVectors*p.Lanes()), rowsLeft)
	e.do("JGT", operand.LabelRef("tail"))
	e.ctx.Label("done")
	e.do("VZEROUPPER")
	e.do("RET")
}

// tables writes the constants: one number each for AVX-512, which broadcasts, and a whole vector for AVX2.
func (e *emitter) tables(name string) {
	if len(e.p.Consts) > 0 {
		e.table = e.ctx.StaticGlobal(name + "Consts")
		e.ctx.DataAttributes(attr.RODATA | attr.NOPTR)
		for i, b := range e.p.Consts {
			for j := range e.constWidth() / e.p.Size() {
				at := i*e.constWidth() + e.p.Size()*j
				if e.p.Size() == 4 {
					e.ctx.AddDatum(at, operand.U32(b))
				} else {
					e.ctx.AddDatum(at, operand.U64(b))
				}
			}
		}
	}
	if e.p.Machine == goasm.AVX2 {
		e.masks = e.ctx.StaticGlobal(name + "Masks")
		e.ctx.DataAttributes(attr.RODATA | attr.NOPTR)
		for i := range 2 * 4 * goasm.TailVectors {
			v := uint64(0)
			if i < 4*goasm.TailVectors {
				v = ^uint64(0)
			}
			e.ctx.AddDatum(8*i, operand.U64(v))
		}
	}
}

func (e *emitter) constWidth() int {
	if e.p.Machine == goasm.AVX2 {
		return 32
	}
	return e.p.Size()
}

// tailMask sets the mask registers to the rows that are left, at most TailVectors vectors.
func (e *emitter) tailMask() {
	rows := goasm.TailVectors * e.p.Lanes()
	if e.p.Machine == goasm.AVX2 {
		e.do("MOVQ", operand.I32(rows), scratch)
		e.do("CMPQ", rowsLeft, scratch)
		e.do("CMOVQLT", rowsLeft, scratch)
		e.do("NEGQ", scratch)
		// An index needs a base that is a register.
		e.do("LEAQ", e.masks.Offset(e.p.Size()*rows), pointerScratch)
		for v := range goasm.TailVectors {
			e.do("VMOVUPD", operand.Mem{Base: pointerScratch, Index: scratch, Scale: uint8(e.p.Size()), Disp: v * 32}, ymm[15-v])
		}
		return
	}
	e.do("MOVL", operand.U32(1<<rows-1), reg.EDX)
	e.do("CMPQ", rowsLeft, operand.Imm(uint64(rows)))
	e.do("JGE", operand.LabelRef("whole"))
	e.do("MOVL", operand.U32(1), reg.EDX)
	e.do("SHLL", reg.CL, reg.EDX)
	e.do("DECL", reg.EDX)
	e.ctx.Label("whole")
	for v := range goasm.TailVectors {
		if v > 0 {
			e.do("SHRL", operand.Imm(uint64(e.p.Lanes())), reg.EDX)
		}
		if e.p.Size() == 4 {
			e.do("KMOVW", reg.EDX, kreg[7-v])
		} else {
			e.do("KMOVB", reg.EDX, kreg[7-v])
		}
	}
}

// pointerScratch is free between two bodies: R14 is put back by the caller's wrapper.
var pointerScratch = reg.R14

func (e *emitter) instrs(list []goasm.Instr) {
	for _, in := range list {
		e.instr(in)
	}
}

func (e *emitter) instr(in goasm.Instr) {
	var ops []operand.Op
	for _, a := range in.Args {
		ops = append(ops, e.operand(a))
	}
	e.emit(in.Op, in.Suffix, ops)
}

// ahead is how far before their use the lines of a column are asked for, in bytes. Bodies take columns in bursts, which
// the processor's own prefetchers follow badly: from the third-level cache this saves up to a quarter of the time, and
// in the first it costs nothing that can be measured.
const ahead = 1024

// prefetch asks for the line ahead of each column operand that starts a line's worth of bytes.
func (e *emitter) prefetch(in goasm.Instr) {
	for _, a := range in.Args {
		if a.Kind != goasm.In && a.Kind != goasm.Out || a.V*e.p.Machine.Width()%64 != 0 {
			continue
		}
		m, ok := e.operand(a).(operand.Mem)
		if !ok {
			return
		}
		e.do("PREFETCHT0", m.Offset(ahead))
	}
}

// operand turns an operand into avo's, loading the pointer of a column that has no register.
func (e *emitter) operand(a goasm.Operand) operand.Op {
	m := e.p.Machine
	switch a.Kind {
	case goasm.Vec:
		if m == goasm.AVX2 {
			return ymm[a.N]
		}
		return zmm[a.N]
	case goasm.Mask:
		return kreg[a.N]
	case goasm.Imm:
		return operand.U8(a.N)
	case goasm.Const:
		return e.table.Offset(a.N * e.constWidth())
	case goasm.Slot:
		return operand.Mem{Base: frame, Disp: a.N * m.Width()}
	case goasm.Param:
		c, err := e.ctx.Param(e.p.Uniforms()[a.N]).Resolve()
		if err != nil {
			e.fail(err)
			return nil
		}
		return c.Addr
	}
	names := e.p.Inputs()
	if a.Kind == goasm.Out {
		names = e.p.Outputs()
	}
	base, ok := e.column[names[a.N]]
	if !ok {
		base = scratch
		e.ctx.Load(e.ctx.Param(names[a.N]).Base(), scratch)
	}
	return operand.Mem{Base: base, Index: offset, Scale: 1, Disp: a.V * m.Width()}
}

func (e *emitter) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

func (e *emitter) do(op string, args ...operand.Op) { e.emit(op, "", args) }

func (e *emitter) emit(op, suffix string, args []operand.Op) {
	if suffix != "" {
		op += "_" + suffix
	}
	f, ok := instructions[op]
	if !ok {
		e.fail(fmt.Errorf("no instruction %s", op))
		return
	}
	in, err := f(args)
	if err != nil {
		e.fail(fmt.Errorf("%s %v: %w", op, args, err))
		return
	}
	e.ctx.Instruction(in)
}

var (
	zmm = []reg.Register{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31}
	ymm = []reg.Register{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}
	// K0 cannot be a write mask.
	kreg = []reg.Register{reg.K0, reg.K1, reg.K2, reg.K3, reg.K4, reg.K5, reg.K6, reg.K7}
)

type constructor func([]operand.Op) (*ir.Instruction, error)

func fixed0(f func() (*ir.Instruction, error)) constructor {
	return func([]operand.Op) (*ir.Instruction, error) { return f() }
}

func fixed1(f func(a operand.Op) (*ir.Instruction, error)) constructor {
	return func(o []operand.Op) (*ir.Instruction, error) { return f(o[0]) }
}

func fixed2(f func(a, b operand.Op) (*ir.Instruction, error)) constructor {
	return func(o []operand.Op) (*ir.Instruction, error) { return f(o[0], o[1]) }
}

func fixed3(f func(a, b, c operand.Op) (*ir.Instruction, error)) constructor {
	return func(o []operand.Op) (*ir.Instruction, error) { return f(o[0], o[1], o[2]) }
}

func fixed4(f func(a, b, c, d operand.Op) (*ir.Instruction, error)) constructor {
	return func(o []operand.Op) (*ir.Instruction, error) { return f(o[0], o[1], o[2], o[3]) }
}

func variadic(f func(...operand.Op) (*ir.Instruction, error)) constructor {
	return func(o []operand.Op) (*ir.Instruction, error) { return f(o...) }
}

// instructions holds avo's constructors of the instructions that programs use.
var instructions = map[string]constructor{
	"ADDQ":              fixed2(x86.ADDQ),
	"SUBQ":              fixed2(x86.SUBQ),
	"XORL":              fixed2(x86.XORL),
	"JLT":               fixed1(x86.JLT),
	"JGE":               fixed1(x86.JGE),
	"JEQ":               fixed1(x86.JEQ),
	"JGT":               fixed1(x86.JGT),
	"VZEROUPPER":        fixed0(x86.VZEROUPPER),
	"RET":               fixed0(x86.RET),
	"LEAQ":              fixed2(x86.LEAQ),
	"ANDQ":              fixed2(x86.ANDQ),
	"MOVQ":              fixed2(x86.MOVQ),
	"MOVL":              fixed2(x86.MOVL),
	"CMPQ":              fixed2(x86.CMPQ),
	"CMOVQLT":           fixed2(x86.CMOVQLT),
	"NEGQ":              fixed1(x86.NEGQ),
	"SHRL":              variadic(x86.SHRL),
	"SHLL":              variadic(x86.SHLL),
	"DECL":              fixed1(x86.DECL),
	"KMOVB":             fixed2(x86.KMOVB),
	"VMOVUPD":           variadic(x86.VMOVUPD),
	"VMOVUPD_Z":         fixed3(x86.VMOVUPD_Z),
	"VMOVAPD":           variadic(x86.VMOVAPD),
	"VBROADCASTSD":      variadic(x86.VBROADCASTSD),
	"VMASKMOVPD":        fixed3(x86.VMASKMOVPD),
	"VADDPD":            variadic(x86.VADDPD),
	"VADDPD_BCST":       variadic(x86.VADDPD_BCST),
	"VSUBPD":            variadic(x86.VSUBPD),
	"VSUBPD_BCST":       variadic(x86.VSUBPD_BCST),
	"VMULPD":            variadic(x86.VMULPD),
	"VMULPD_BCST":       variadic(x86.VMULPD_BCST),
	"VDIVPD":            variadic(x86.VDIVPD),
	"VDIVPD_BCST":       variadic(x86.VDIVPD_BCST),
	"VSQRTPD":           variadic(x86.VSQRTPD),
	"VSQRTPD_BCST":      variadic(x86.VSQRTPD_BCST),
	"VMINPD":            variadic(x86.VMINPD),
	"VMINPD_BCST":       variadic(x86.VMINPD_BCST),
	"VMAXPD":            variadic(x86.VMAXPD),
	"VMAXPD_BCST":       variadic(x86.VMAXPD_BCST),
	"VANDPD":            variadic(x86.VANDPD),
	"VANDPD_BCST":       variadic(x86.VANDPD_BCST),
	"VORPD":             variadic(x86.VORPD),
	"VORPD_BCST":        variadic(x86.VORPD_BCST),
	"VXORPD":            variadic(x86.VXORPD),
	"VXORPD_BCST":       variadic(x86.VXORPD_BCST),
	"VPTERNLOGQ":        variadic(x86.VPTERNLOGQ),
	"VPTERNLOGQ_BCST":   variadic(x86.VPTERNLOGQ_BCST),
	"VRNDSCALEPD":       variadic(x86.VRNDSCALEPD),
	"VRNDSCALEPD_BCST":  variadic(x86.VRNDSCALEPD_BCST),
	"VROUNDPD":          fixed3(x86.VROUNDPD),
	"VSCALEFPD":         variadic(x86.VSCALEFPD),
	"VSCALEFPD_BCST":    variadic(x86.VSCALEFPD_BCST),
	"VGETEXPPD":         variadic(x86.VGETEXPPD),
	"VGETEXPPD_BCST":    variadic(x86.VGETEXPPD_BCST),
	"VGETMANTPD":        variadic(x86.VGETMANTPD),
	"VGETMANTPD_BCST":   variadic(x86.VGETMANTPD_BCST),
	"VPADDQ":            variadic(x86.VPADDQ),
	"VPSUBQ":            variadic(x86.VPSUBQ),
	"VPADDD":            variadic(x86.VPADDD),
	"VPSUBD":            variadic(x86.VPSUBD),
	"VPSLLQ":            variadic(x86.VPSLLQ),
	"VPSRLQ":            variadic(x86.VPSRLQ),
	"VCMPPD":            variadic(x86.VCMPPD),
	"VCMPPD_BCST":       variadic(x86.VCMPPD_BCST),
	"VBLENDMPD":         variadic(x86.VBLENDMPD),
	"VBLENDMPD_BCST":    variadic(x86.VBLENDMPD_BCST),
	"VBLENDVPD":         fixed4(x86.VBLENDVPD),
	"KANDB":             fixed3(x86.KANDB),
	"KORB":              fixed3(x86.KORB),
	"PREFETCHT0":        fixed1(x86.PREFETCHT0),
	"KNOTB":             fixed2(x86.KNOTB),
	"VFMADD132PD":       variadic(x86.VFMADD132PD),
	"VFMADD132PD_BCST":  variadic(x86.VFMADD132PD_BCST),
	"VFMADD213PD":       variadic(x86.VFMADD213PD),
	"VFMADD213PD_BCST":  variadic(x86.VFMADD213PD_BCST),
	"VFMADD231PD":       variadic(x86.VFMADD231PD),
	"VFMADD231PD_BCST":  variadic(x86.VFMADD231PD_BCST),
	"VFMSUB132PD":       variadic(x86.VFMSUB132PD),
	"VFMSUB132PD_BCST":  variadic(x86.VFMSUB132PD_BCST),
	"VFMSUB213PD":       variadic(x86.VFMSUB213PD),
	"VFMSUB213PD_BCST":  variadic(x86.VFMSUB213PD_BCST),
	"VFMSUB231PD":       variadic(x86.VFMSUB231PD),
	"VFMSUB231PD_BCST":  variadic(x86.VFMSUB231PD_BCST),
	"VFNMADD132PD":      variadic(x86.VFNMADD132PD),
	"VFNMADD132PD_BCST": variadic(x86.VFNMADD132PD_BCST),
	"VFNMADD213PD":      variadic(x86.VFNMADD213PD),
	"VFNMADD213PD_BCST": variadic(x86.VFNMADD213PD_BCST),
	"VFNMADD231PD":      variadic(x86.VFNMADD231PD),
	"VFNMADD231PD_BCST": variadic(x86.VFNMADD231PD_BCST),
	"VFNMSUB132PD":      variadic(x86.VFNMSUB132PD),
	"VFNMSUB132PD_BCST": variadic(x86.VFNMSUB132PD_BCST),
	"VFNMSUB213PD":      variadic(x86.VFNMSUB213PD),
	"VFNMSUB213PD_BCST": variadic(x86.VFNMSUB213PD_BCST),
	"VFNMSUB231PD":      variadic(x86.VFNMSUB231PD),
	"VFNMSUB231PD_BCST": variadic(x86.VFNMSUB231PD_BCST),
	"KMOVW":             fixed2(x86.KMOVW),
	"VMOVUPS":           variadic(x86.VMOVUPS),
	"VMOVUPS_Z":         fixed3(x86.VMOVUPS_Z),
	"VMOVAPS":           variadic(x86.VMOVAPS),
	"VBROADCASTSS":      variadic(x86.VBROADCASTSS),
	"VMASKMOVPS":        fixed3(x86.VMASKMOVPS),
	"VADDPS":            variadic(x86.VADDPS),
	"VADDPS_BCST":       variadic(x86.VADDPS_BCST),
	"VSUBPS":            variadic(x86.VSUBPS),
	"VSUBPS_BCST":       variadic(x86.VSUBPS_BCST),
	"VMULPS":            variadic(x86.VMULPS),
	"VMULPS_BCST":       variadic(x86.VMULPS_BCST),
	"VDIVPS":            variadic(x86.VDIVPS),
	"VDIVPS_BCST":       variadic(x86.VDIVPS_BCST),
	"VSQRTPS":           variadic(x86.VSQRTPS),
	"VSQRTPS_BCST":      variadic(x86.VSQRTPS_BCST),
	"VMINPS":            variadic(x86.VMINPS),
	"VMINPS_BCST":       variadic(x86.VMINPS_BCST),
	"VMAXPS":            variadic(x86.VMAXPS),
	"VMAXPS_BCST":       variadic(x86.VMAXPS_BCST),
	"VANDPS":            variadic(x86.VANDPS),
	"VANDPS_BCST":       variadic(x86.VANDPS_BCST),
	"VORPS":             variadic(x86.VORPS),
	"VORPS_BCST":        variadic(x86.VORPS_BCST),
	"VXORPS":            variadic(x86.VXORPS),
	"VXORPS_BCST":       variadic(x86.VXORPS_BCST),
	"VPTERNLOGD":        variadic(x86.VPTERNLOGD),
	"VPTERNLOGD_BCST":   variadic(x86.VPTERNLOGD_BCST),
	"VRNDSCALEPS":       variadic(x86.VRNDSCALEPS),
	"VRNDSCALEPS_BCST":  variadic(x86.VRNDSCALEPS_BCST),
	"VROUNDPS":          fixed3(x86.VROUNDPS),
	"VSCALEFPS":         variadic(x86.VSCALEFPS),
	"VSCALEFPS_BCST":    variadic(x86.VSCALEFPS_BCST),
	"VGETEXPPS":         variadic(x86.VGETEXPPS),
	"VGETEXPPS_BCST":    variadic(x86.VGETEXPPS_BCST),
	"VGETMANTPS":        variadic(x86.VGETMANTPS),
	"VGETMANTPS_BCST":   variadic(x86.VGETMANTPS_BCST),
	"VPSLLD":            variadic(x86.VPSLLD),
	"VPSRLD":            variadic(x86.VPSRLD),
	"VCMPPS":            variadic(x86.VCMPPS),
	"VCMPPS_BCST":       variadic(x86.VCMPPS_BCST),
	"VBLENDMPS":         variadic(x86.VBLENDMPS),
	"VBLENDMPS_BCST":    variadic(x86.VBLENDMPS_BCST),
	"VBLENDVPS":         fixed4(x86.VBLENDVPS),
	"KANDW":             fixed3(x86.KANDW),
	"KORW":              fixed3(x86.KORW),
	"KNOTW":             fixed2(x86.KNOTW),
	"VFMADD132PS":       variadic(x86.VFMADD132PS),
	"VFMADD132PS_BCST":  variadic(x86.VFMADD132PS_BCST),
	"VFMADD213PS":       variadic(x86.VFMADD213PS),
	"VFMADD213PS_BCST":  variadic(x86.VFMADD213PS_BCST),
	"VFMADD231PS":       variadic(x86.VFMADD231PS),
	"VFMADD231PS_BCST":  variadic(x86.VFMADD231PS_BCST),
	"VFMSUB132PS":       variadic(x86.VFMSUB132PS),
	"VFMSUB132PS_BCST":  variadic(x86.VFMSUB132PS_BCST),
	"VFMSUB213PS":       variadic(x86.VFMSUB213PS),
	"VFMSUB213PS_BCST":  variadic(x86.VFMSUB213PS_BCST),
	"VFMSUB231PS":       variadic(x86.VFMSUB231PS),
	"VFMSUB231PS_BCST":  variadic(x86.VFMSUB231PS_BCST),
	"VFNMADD132PS":      variadic(x86.VFNMADD132PS),
	"VFNMADD132PS_BCST": variadic(x86.VFNMADD132PS_BCST),
	"VFNMADD213PS":      variadic(x86.VFNMADD213PS),
	"VFNMADD213PS_BCST": variadic(x86.VFNMADD213PS_BCST),
	"VFNMADD231PS":      variadic(x86.VFNMADD231PS),
	"VFNMADD231PS_BCST": variadic(x86.VFNMADD231PS_BCST),
	"VFNMSUB132PS":      variadic(x86.VFNMSUB132PS),
	"VFNMSUB132PS_BCST": variadic(x86.VFNMSUB132PS_BCST),
	"VFNMSUB213PS":      variadic(x86.VFNMSUB213PS),
	"VFNMSUB213PS_BCST": variadic(x86.VFNMSUB213PS_BCST),
	"VFNMSUB231PS":      variadic(x86.VFNMSUB231PS),
	"VFNMSUB231PS_BCST": variadic(x86.VFNMSUB231PS_BCST),
}
