package vec

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// benchmark measures a kernel under each variant: the fastest under the plain name n=4096, the others under theirs.
func benchmark(b *testing.B, name string) {
	for _, k := range kernels {
		if k.name != name {
			continue
		}
		for _, v := range Available() {
			for _, n := range []int{4096, 1_000_000} {
				label := fmt.Sprintf("n=%d", n)
				if v != best() {
					label = fmt.Sprintf("%v/n=%d", v, n)
				}
				b.Run(label, func(b *testing.B) {
					defer Force(v)()
					rng := rand.New(rand.NewPCG(5, 6))
					dst, src := columns(k.outs, n), columns(k.ins, n)
					for _, c := range src {
						for i := range c {
							c[i] = k.low + (k.high-k.low)*rng.Float64()
						}
					}
					b.ReportAllocs()
					for b.Loop() {
						k.run(dst, src)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/value")
				})
			}
		}
	}
}

func BenchmarkExp(b *testing.B)        { benchmark(b, "Exp") }
func BenchmarkExpm1(b *testing.B)      { benchmark(b, "Expm1") }
func BenchmarkLog(b *testing.B)        { benchmark(b, "Log") }
func BenchmarkLog1p(b *testing.B)      { benchmark(b, "Log1p") }
func BenchmarkSqrt(b *testing.B)       { benchmark(b, "Sqrt") }
func BenchmarkNormCDF(b *testing.B)    { benchmark(b, "NormCDF") }
func BenchmarkInvNormCDF(b *testing.B) { benchmark(b, "InvNormCDF") }
func BenchmarkNormPDF(b *testing.B)    { benchmark(b, "NormPDF") }
func BenchmarkSincos(b *testing.B)     { benchmark(b, "Sincos") }
func BenchmarkCExp(b *testing.B)       { benchmark(b, "CExp") }
func BenchmarkMulAdd(b *testing.B)     { benchmark(b, "MulAdd") }
