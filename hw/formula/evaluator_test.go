package formula

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// Block evaluation has the bits of point evaluation for every length around the block, writes nothing outside the
// columns, and may write over its inputs.
func TestEvalTo(t *testing.T) {
	ev := NewEvaluator(European{Market: GivenSpotYield, Greeks: AllGreeks}.Rows())
	rng := rand.New(rand.NewPCG(1, 2))
	const guard = 5
	want := make([]float64, len(greekNames))
	for n := range 2*lanes + 2 {
		for offset := range 3 {
			src, dst := make([][]float64, 7), make([][]float64, len(greekNames))
			backing := make([][]float64, len(dst))
			for i := range dst {
				backing[i] = make([]float64, n+2*guard+offset)
				for k := range backing[i] {
					backing[i][k] = math.NaN()
				}
				dst[i] = backing[i][guard+offset:][:n]
			}
			for range n {
				sign, s, k, tau, vol, r, q := randomOption(rng)
				for i, v := range []float64{sign, s, k, tau, vol, r, q} {
					src[i] = append(src[i], v)
				}
			}
			if n > 1 {
				src[4][n/2] = math.NaN() // a bad row touches no other
			}
			ev.EvalTo(dst, src)
			for row := range n {
				in := make([]float64, 7)
				for i := range in {
					in[i] = src[i][row]
				}
				ev.Eval(want, in)
				for i := range want {
					if !sameBits(dst[i][row], want[i]) {
						t.Fatalf("n = %d, row %d: %s is %v, want %v", n, row, greekNames[i], dst[i][row], want[i])
					}
				}
			}
			for i := range backing {
				for k, v := range backing[i] {
					if inside := k >= guard+offset && k < guard+offset+n; !inside && !math.IsNaN(v) {
						t.Fatalf("n = %d: column %d was written at %d, outside it", n, i, k)
					}
				}
			}
		}
	}
	b := New("swap")
	x, y := b.Input("x"), b.Input("y")
	b.Output("a", y)
	b.Output("c", x)
	b.Output("two", b.Const(2))
	cols := [][]float64{{1, 2, 3}, {4, 5, 6}, make([]float64, 3)}
	NewEvaluator(b.MustGraph()).EvalTo(cols, cols[:2])
	if fmt.Sprint(cols) != "[[4 5 6] [1 2 3] [2 2 2]]" {
		t.Errorf("in place: %v", cols)
	}
}

func TestEvaluatorDoesNotAllocate(t *testing.T) {
	ev := NewEvaluator(BSM())
	in, out := []float64{1, 100, 100, 1, 0.2, 0.05, 0}, make([]float64, 1)
	src, dst := make([][]float64, 7), [][]float64{make([]float64, 200)}
	for i := range src {
		for range 200 {
			src[i] = append(src[i], in[i])
		}
	}
	ev.Eval(out, in)
	if n := testing.AllocsPerRun(200, func() { ev.Eval(out, in) }); n >= 1 {
		t.Errorf("Eval: %v allocations", n)
	}
	if n := testing.AllocsPerRun(200, func() { ev.EvalTo(dst, src) }); n >= 1 {
		t.Errorf("EvalTo: %v allocations", n)
	}
}

func TestEvaluatorIsConcurrent(t *testing.T) {
	g := BSM()
	want := g.Eval(1, 100, 100, 1, 0.2, 0.05, 0)[0]
	ev, exact := NewEvaluator(g), NewBigEvaluator(g, 100)
	in := []float64{1, 100, 100, 1, 0.2, 0.05, 0}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			out := make([]float64, 1)
			for range 50 {
				if ev.Eval(out, in); out[0] != want {
					t.Errorf("%v, want %v", out[0], want)
				}
			}
			if v, _ := exact.Eval(asBig(in)...)[0].Float64(); math.Abs(v-want) > 1e-13 {
				t.Errorf("big.Float: %v, want %v", v, want)
			}
		})
	}
	wg.Wait()
}

func TestEvaluatorPanics(t *testing.T) {
	g := StraddlePayoff.Graph()
	ev := NewEvaluator(g)
	one := []float64{1}
	for want, f := range map[string]func(){
		"Eval of straddlePayoff: 1 inputs and 1 outputs, want 2 and 1":                 func() { g.Eval(1) },
		"EvalTo of straddlePayoff: 1 input and 1 output columns, want 2 and 1":         func() { ev.EvalTo([][]float64{one}, [][]float64{one}) },
		"EvalTo of straddlePayoff: input column 1 has length 0, output column 0 has 1": func() { ev.EvalTo([][]float64{one}, [][]float64{one, {}}) },
		"Eval of straddlePayoff: 0 inputs, want 2":                                     func() { g.EvalBig(53) },
	} {
		func() {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.Contains(r, want) {
					t.Errorf("panic %q, want %q", r, want)
				}
			}()
			f()
		}()
	}
}

func BenchmarkEval(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, f := range []struct {
		name string
		g    *Graph
	}{
		{"exp", Function(OpExp)}, {"normcdf", Function(OpNormCDF)}, {"price", European{Market: GivenSpot, Greeks: PriceOnly}.Rows()},
		{"greeks", European{Market: GivenSpot, Greeks: FirstOrder}.Rows()},
	} {
		for _, n := range []int{1, 4096} {
			b.Run(fmt.Sprintf("%s/n=%d", f.name, n), func(b *testing.B) {
				ev := NewEvaluator(f.g)
				src, dst := make([][]float64, ev.inputs), make([][]float64, len(f.g.outputs))
				for i := range dst {
					dst[i] = make([]float64, n)
				}
				for range n {
					sign, s, k, tau, vol, r, _ := randomOption(rng)
					row := []float64{sign, s, k, tau, vol, r}
					for i := range src {
						src[i] = append(src[i], row[i])
					}
				}
				b.ReportAllocs()
				for b.Loop() {
					ev.EvalTo(dst, src)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/value")
			})
		}
	}
}
