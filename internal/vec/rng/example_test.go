package rng_test

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/vec/rng"
)

// The first line is the known answer of the Random123 distribution for a zero key and counter.
func ExampleNewPhilox() {
	g := rng.NewPhilox(0, 0) // seed, stream
	words := make([]uint32, 4)
	g.Uint32s(words)
	fmt.Printf("%08x\n", words)

	u := make([]float64, 3)
	g.Uniforms(u)
	fmt.Printf("%.6f\n", u)
	// Output:
	// [6627e8d5 e169c58d bc57ac4c 9b00dbd8]
	// [0.362091 0.037094 0.319446]
}

// Blocks of paths keyed by their number give the same total whoever computes them, in whatever order.
func ExamplePhilox_Normals() {
	const blocks, size, vol = 64, 4096, 0.2
	part := make([]float64, blocks)
	z := make([]float64, size)
	for b := blocks - 1; b >= 0; b-- {
		g := rng.NewPhilox(2024, uint64(b))
		g.Normals(z)
		for _, x := range z {
			part[b] += math.Exp(vol*x - vol*vol/2)
		}
	}
	mean := 0.0
	for _, p := range part {
		mean += p / (blocks * size)
	}
	fmt.Printf("%.3f\n", mean) // the expectation is 1
	// Output: 1.000
}

// The points of Joe and Kuo's own program.
func ExampleNewSobol() {
	s, err := rng.NewSobol(3, rng.Unscrambled, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	s.Seek(1) // point 0 is the origin
	x := make([]float64, 4*s.Dims())
	s.Uniforms(x)
	for ; len(x) > 0; x = x[3:] {
		fmt.Println(x[:3])
	}
	// Output:
	// [0.5 0.5 0.5]
	// [0.75 0.25 0.25]
	// [0.25 0.75 0.75]
	// [0.375 0.375 0.625]
}

// A few scrambles give an unbiased estimate and its standard error: here of the mean of x·y·z, 1/8, from 16 × 4096
// points. Random numbers would have an error of 6e-4.
func ExampleMatrixScramble() {
	const dims, n, scrambles = 3, 4096, 16
	x := make([]float64, n*dims)
	var sum, squares float64
	for seed := range uint64(scrambles) {
		s, err := rng.NewSobol(dims, rng.MatrixScramble, seed)
		if err != nil {
			fmt.Println(err)
			return
		}
		s.UniformColumns(x) // one dimension after another
		mean := 0.0
		for i := range n {
			mean += x[i] * x[n+i] * x[2*n+i] / n
		}
		sum += mean / scrambles
		squares += mean * mean / scrambles
	}
	deviation := math.Sqrt(max(0, squares-sum*sum) / (scrambles - 1))
	fmt.Printf("%.4f, standard error %.1e\n", sum, deviation)
	// Output: 0.1250, standard error 2.1e-06
}

// Workers share the tables and go to their own points.
func ExampleSobol_Seek() {
	s, err := rng.NewSobol(2, rng.MatrixScramble, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	whole, half := make([]float64, 16), make([]float64, 8)
	s.Uniforms(whole) // points 0 to 7
	worker := s.Clone()
	worker.Seek(4)
	worker.Uniforms(half) // points 4 to 7
	fmt.Println(half[0] == whole[8], half[7] == whole[15], worker.Index())
	// Output: true true 8
}
