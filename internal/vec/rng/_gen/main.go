// Command gen writes one file of the assembly of package rng. Run it through go generate in the package's folder.
package main

import (
	"flag"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	family := flag.String("family", "", "words, uniforms, middle, tails or sobol")
	avx512 := flag.Bool("avx512", false, "AVX-512 instead of AVX2")
	flag.Parse()
	m := &machine{name: "AVX2", lanes: 4}
	if *avx512 {
		m = &machine{name: "AVX512", lanes: 8}
	}
	m.constants(*family)
	ConstraintExpr("amd64,!purego")
	switch *family {
	case "words":
		m.philox("Words", false)
	case "uniforms":
		m.philox("Uniforms", true)
	case "middle":
		m.normalMiddle()
		m.normalScatter()
	case "tails":
		m.normalTails()
	case "sobol":
		m.sobolWide()
		m.sobolNarrow(false)
		m.sobolNarrow(true)
		m.sobolColumn(false)
		m.sobolColumn(true)
	default:
		panic("unknown family " + *family)
	}
	Generate()
}
