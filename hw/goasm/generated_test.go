package goasm_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/volgaquant/volga/hw/formula"
	"github.com/volgaquant/volga/hw/goasm"
)

// TestGeneratedFilesAreCurrent writes all kernels anew and compares. It runs if VOLGA_GENERATE is set, for it needs avo.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	if os.Getenv("VOLGA_GENERATE") == "" {
		t.Skip("VOLGA_GENERATE is not set")
	}
	if out, err := exec.Command("sh", "_gen/check.sh").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func ExamplePlain() {
	b := formula.New("forward")
	spot, rate, tau := b.Input("S"), b.Input("r"), b.Input("T")
	b.Output("F", spot.Mul(rate.FMA(tau, b.Const(1))))
	k := goasm.Kernel{Name: "forward", Doc: "is the forward at simple interest.", Graph: b.MustGraph(), Uniform: []string{"r", "T"}}
	goasm.Plain(os.Stdout, k)
	// Output:
	// // forwardRow is the forward at simple interest.
	// func forwardRow(S, r, T float64) (F float64) {
	// 	v4 := math.FMA(r, T, 1)
	// 	v5 := float64(S * v4)
	// 	return v5
	// }
	//
	// // forwardGeneric is forwardRow row by row.
	// func forwardGeneric(F, S []float64, r, T float64) {
	// 	S = S[:len(F)]
	// 	for i := range F {
	// 		F[i] = forwardRow(S[i], r, T)
	// 	}
	// }
}

func ExampleCompile() {
	b := formula.New("axpy")
	x, y := b.Input("x"), b.Input("y")
	b.Output("r", b.Const(2.5).FMA(x, y))
	p := goasm.Compile(goasm.Kernel{Name: "axpy", Graph: b.MustGraph(), Wide: goasm.Tuning{Unroll: 2, Pressure: 8}}, goasm.AVX512)
	for _, in := range p.Body {
		fmt.Println(in.Op)
	}
	// Output:
	// VMOVUPD
	// VMOVUPD
	// VMOVUPD
	// VMOVUPD
	// VFMADD231PD
	// VFMADD231PD
	// VMOVUPD
	// VMOVUPD
}
