package ops

import (
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"

	"github.com/volgaquant/volga/hw/formula"
	"github.com/volgaquant/volga/hw/goasm/kernels"
	"github.com/volgaquant/volga/internal/vec"
)

// call runs a kernel: columns as slices, uniform inputs by their first row. Columns of a kernel in Float32 are copied there and
// back.
func call(f any, format formula.Format, dst, src [][]float64, names, uniform []string) {
	if format == formula.Float32 {
		d, s := narrow(dst), narrow(src)
		run(f, d, s, names, uniform)
		for j := range d {
			for i, v := range d[j] {
				dst[j][i] = float64(v)
			}
		}
		return
	}
	run(f, dst, src, names, uniform)
}

func narrow(columns [][]float64) [][]float32 {
	out := make([][]float32, len(columns))
	for j, c := range columns {
		out[j] = make([]float32, len(c))
		for i, v := range c {
			out[j][i] = float32(v)
		}
	}
	return out
}

func run[T any](f any, dst, src [][]T, names, uniform []string) {
	var args, last []reflect.Value
	for _, d := range dst {
		args = append(args, reflect.ValueOf(d))
	}
	for j, s := range src {
		isUniform := false
		for _, u := range uniform {
			isUniform = isUniform || u == names[j]
		}
		if isUniform {
			last = append(last, reflect.ValueOf(s[0]))
		} else {
			args = append(args, reflect.ValueOf(s))
		}
	}
	reflect.ValueOf(f).Call(append(args, last...))
}

var special = []float64{
	0, 1e-45, 0x1p-126, 0x1.fffffcp-127, 0x1p-100, 126, 127, 128, 149, 252, 254, 0x1p22, 0x1.8p23, 0x1p24, 1e38, math.MaxFloat32, 5e-324, 0x1p-1022, 0x1.fffffffffffffp-1023, 0x1p-1000, 1e-20, 0.5, 1, 1.5, 2.5, 3, 52, 1022, 1023, 1024, 1074, 2044, 2046, 0x1p51, 0x1.8p52, 0x1p53,
	1e300, math.MaxFloat64, math.Inf(1), math.NaN(),
}

func number(rng *rand.Rand) float64 {
	var v float64
	switch rng.IntN(4) {
	case 0:
		v = math.Float64frombits(rng.Uint64())
		if rng.IntN(2) == 0 {
			v = float64(math.Float32frombits(rng.Uint32()))
		}
	case 1:
		v = special[rng.IntN(len(special))]
	case 2:
		v = math.Trunc(2500 * rng.Float64())
	default:
		v = 4 * rng.Float64()
	}
	if rng.IntN(2) == 0 {
		v = -v
	}
	return v
}

// TestEveryOperation holds each operation on each machine to its meaning, at all lengths of column that end in a new way.
func TestEveryOperation(t *testing.T) {
	rounds := 290
	if os.Getenv("VOLGA_SLOW") != "" {
		rounds = 10_000
	}
	functions := map[string]any{
		"all": all, "allUniform": allUniform, "one": one, "all32": all32, "allUniform32": allUniform32, "one32": one32,
	}
	for _, k := range kernels.Ops().Kernels {
		rng := rand.New(rand.NewPCG(1, 2))
		eval := formula.NewEvaluator(k.Graph)
		names, outs := k.Graph.InputNames(), k.Graph.OutputNames()
		for round := range rounds {
			n := 1 + round%290
			src := make([][]float64, len(names))
			for j := range src {
				src[j] = make([]float64, n)
				for i := range src[j] {
					src[j][i] = number(rng)
					if names[j] == "w" {
						src[j][i] = 40 * rng.Float64()
					}
				}
			}
			for j := range src {
				for _, u := range k.Uniform {
					for i := range src[j] {
						if names[j] == u {
							src[j][i] = src[j][0]
						}
					}
				}
			}
			want, got := make([][]float64, len(outs)), make([][]float64, len(outs))
			for j := range want {
				want[j], got[j] = make([]float64, n), make([]float64, n)
			}
			eval.EvalTo(want, src)
			for _, v := range vec.Available() {
				restore := vec.Force(v)
				call(functions[k.Name], k.Graph.Format(), got, src, names, k.Uniform)
				restore()
				for j := range got {
					for i := range got[j] {
						if g, w := got[j][i], want[j][i]; math.Float64bits(g) != math.Float64bits(w) && (g == g || w == w) {
							t.Fatalf("%v: %s: output %s of row %d of %d is %v, want %v (%s)", v, k.Name, outs[j], i, n, g, w,
								k.Graph.Describe(k.Graph.Outputs()[j].ID))
						}
					}
				}
			}
		}
	}
}
