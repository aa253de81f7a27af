package rng

import (
	"fmt"
	"testing"
)

var benchSizes = []int{4096, 1000000}

// benchFill reports the time per number of fill, in every variant; the variants other than the one in use have a
// suffix.
func benchFill(b *testing.B, unit int, fill func(dst []float64)) {
	defer func(v variant) { active = v }(active)
	for v := best; v >= portable; v-- {
		active = v
		for _, n := range benchSizes {
			name := fmt.Sprintf("n=%d", n)
			if v != best {
				name += "/" + v.String()
			}
			b.Run(name, func(b *testing.B) {
				dst := make([]float64, n/unit*unit)
				b.ReportAllocs()
				for b.Loop() {
					fill(dst)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/(float64(b.N)*float64(len(dst))), "ns/value")
			})
		}
	}
}

func BenchmarkPhiloxUniforms(b *testing.B) {
	p := NewPhilox(1, 2)
	benchFill(b, 1, p.Uniforms)
}

func BenchmarkPhiloxNormals(b *testing.B) {
	p := NewPhilox(1, 2)
	benchFill(b, 1, p.Normals)
}

func BenchmarkSobolUniforms(b *testing.B) {
	benchFill(b, 64, mustSobol(b, 64, MatrixScramble, 1).Uniforms)
}

func BenchmarkSobolNormals(b *testing.B) {
	benchFill(b, 64, mustSobol(b, 64, MatrixScramble, 1).Normals)
}

func BenchmarkSobolColumns(b *testing.B) {
	benchFill(b, 64, mustSobol(b, 64, MatrixScramble, 1).UniformColumns)
}

func BenchmarkSobolNested(b *testing.B) {
	benchFill(b, 64, mustSobol(b, 64, NestedScramble, 1).Uniforms)
}

// Dimensions that do not fill vectors.
func BenchmarkSobolUniformsDims(b *testing.B) {
	for _, dims := range []int{1, 3, 12, 100, 1000} {
		s := mustSobol(b, dims, MatrixScramble, 1)
		b.Run(fmt.Sprintf("dims=%d", dims), func(b *testing.B) {
			benchFill(b, dims, s.Uniforms)
		})
	}
}

func BenchmarkNewSobol(b *testing.B) {
	for _, dims := range []int{1, 64, 1024, MaxSobolDims} {
		for _, kind := range []Scramble{Unscrambled, MatrixScramble} {
			b.Run(fmt.Sprintf("dims=%d/%v", dims, kind), func(b *testing.B) {
				for b.Loop() {
					mustSobol(b, dims, kind, 1)
				}
			})
		}
	}
}
